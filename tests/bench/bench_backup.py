"""How fast a desk is copied: SQLite to a file, PostgreSQL to a file, and a file into either.

Run: uv run python tests/bench/bench_backup.py [posts]
Prints rows a second of each way, each table compared, and the most memory this process ever had.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import postgres
from bench_import import ours

from tui.store import backups
from tui.store.copying import Copied, fill
from tui.store.store import Store


def quietly(_rows: int) -> None:
    """Nobody watches."""


def restored(file: Path, store: Store) -> list[Copied]:
    """What `restore` copies."""
    store.prepare()
    with backups.opened(file) as source, store.transaction() as session:
        return fill(session, source, quietly)


def told(way: str, run: Callable[[], list[Copied]]) -> None:
    """Rows a second."""
    began = time.perf_counter()
    rows = sum(one.rows for one in run())
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{way:22} {rows:10,} rows {took:7.1f} s {rows / took:10,.0f} rows/s  peak {peak:,} MB", flush=True)


def main() -> None:
    """All four ways, one after the other."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    running: Any = postgres.Running("")  # as a server is set by itself, with its fsync
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder / "desk.db", count)
        first, second = Store(folder / "desk.db"), Store(folder / "again.db")
        server = Store(postgres.home_of(running.url(running.database())))
        told("SQLite -> file", lambda: backups.write(first.home, folder / "one.db", quietly))
        told("file -> PostgreSQL", lambda: restored(folder / "one.db", server))
        told("PostgreSQL -> file", lambda: backups.write(server.home, folder / "two.db", quietly))
        told("file -> SQLite", lambda: restored(folder / "two.db", second))
        size = (folder / "one.db").stat().st_size
        print(f"{count:,} posts, {size / 2**20:,.0f} MB")
        for store in (first, second, server):
            store.close()
    running.stop()


def furnish(path: Path, count: int) -> None:
    """In a process of its own, whose memory does not count."""
    import multiprocessing

    made = multiprocessing.get_context("spawn").Process(target=_take_in, args=(path, count))
    made.start()
    made.join()


def _take_in(path: Path, count: int) -> None:
    from bench_import import feed

    ours(path, feed(count))


if __name__ == "__main__":
    main()
