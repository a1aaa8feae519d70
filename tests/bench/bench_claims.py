"""Claims at a pace: 20 a second in each of 8 and of 32 processes, on a SQLite file and on a PostgreSQL server.

Run: uv run python tests/bench/bench_claims.py [--seconds N] [--processes N ...] [--on wal delete postgresql]
Prints how long one claim took (the goal on WAL is a p99 of at most 5 ms), how far behind its pace the slowest process
ended, and what one claim costs: statements, and CPU time of the process that claims.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from pressure import Noise

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "faults")]

from crew import together  # noqa: E402
from making import US, post, take  # noqa: E402

from tui import clock  # noqa: E402
from tui.clock import MINUTE  # noqa: E402
from tui.desk import claims  # noqa: E402
from tui.store.sqlite import sqlite3  # noqa: E402
from tui.store.store import Store, home_of  # noqa: E402

PACE_S = 1 / 20
GIVE_BACK_S = 0.5
LEASE = 30 * MINUTE


def filled(location: str, conversations: int) -> str:
    """A desk with a queue of so many, each with a customer of its own."""
    store, now = Store(home_of(location)), clock.now()
    store.prepare()
    take(store, *(post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now) for n in range(conversations)), now=now)
    store.close()
    return location


def claim(store: Store, agent: str) -> claims.Claim:
    """What `next` changes."""
    with store.transaction() as session:
        taken = claims.claim_next(session, agent=agent, now=clock.now(), lease=LEASE)
    assert taken is not None, "the queue was too short"
    return taken


def give_back(location: str, seconds: float) -> None:
    """What was claimed a second ago is done with, so that no agent holds more than one may; costs little."""
    connection = home_of(location).engine().connect()
    done = "UPDATE conversation SET state = 'resolved', owner = NULL, timer_at = NULL WHERE state = 'claimed' AND id < "
    seen, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        with connection.begin():
            newest = connection.exec_driver_sql("SELECT max(id) FROM conversation WHERE state = 'claimed'").scalar()
            connection.exec_driver_sql(f"{done} {seen}")
        seen = newest or 0
        time.sleep(GIVE_BACK_S)
    connection.close()


def at_pace(location: str, number: int, seconds: int) -> dict[str, Any]:
    """One process: milliseconds of each claim, CPU milliseconds of one, and milliseconds behind at the end."""
    store, random = Store(home_of(location)), Random(number)
    store.reader().close()
    claim(store, f"agent{number}")  # connects
    time.sleep(random.uniform(0, PACE_S))
    took, due, used = [], time.perf_counter(), time.process_time()
    for _ in range(round(seconds / PACE_S)):
        time.sleep(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        claim(store, f"agent{number}")
        took.append((time.perf_counter() - began) * 1e3)
        due += PACE_S
    used = time.process_time() - used
    store.close()
    return {"took": took, "cpu": used * 1e3 / len(took), "behind": (time.perf_counter() - due + PACE_S) * 1e3}


def one_of_them(location: str, number: int, processes: int, seconds: int) -> dict[str, Any]:
    """The last process gives back for all."""
    if number == processes:
        give_back(location, seconds)
        return {}
    return at_pace(location, number, seconds)


def statements(location: str) -> int:
    """How many statements one claim takes, the begin and the end of its transaction not counted."""
    from sqlalchemy import event

    store, seen = Store(home_of(location)), []
    claim(store, "agent")
    event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    claim(store, "agent")
    store.close()
    return sum(not statement.startswith(("BEGIN", "SELECT (extract")) for statement in seen)


def bench(name: str, location: str, processes: int, seconds: int) -> None:
    """One line of the table."""
    filled(location, processes * (round(seconds / PACE_S) + 1) + 2)
    count, noise = statements(location), Noise()
    done = together(processes + 1, lambda number: one_of_them(location, number, processes, seconds))[:processes]
    said = str(noise)
    took = [one for each in done for one in each["took"]]
    parts = statistics.quantiles(took, n=100)
    print(
        f"{name:<12}{processes:>3} processes  p50 {parts[49]:7.2f}  p95 {parts[94]:7.2f}  p99 {parts[98]:7.2f}  "
        f"longest {max(took):8.2f} ms   behind {max(each['behind'] for each in done):8.1f} ms   "
        f"{count} statements, {statistics.median(each['cpu'] for each in done):.2f} ms CPU   {said}",
        flush=True,
    )


@contextmanager
def homes() -> Iterator[Any]:
    """Makes new desks of the kinds."""
    with tempfile.TemporaryDirectory() as folder:
        server: Any = None

        def made(kind: str, number: int) -> str:
            nonlocal server
            if kind == "postgresql":
                from postgres import Running

                server = server or Running(settings="\nmax_connections = 200\n")
                return str(server.url(server.database()))
            path = Path(folder) / f"{kind}{number}.db"
            store = Store(path)
            store.prepare()
            store.close()
            alone = sqlite3.connect(path)
            alone.execute(f"PRAGMA journal_mode = {kind}")
            alone.close()
            return str(path)

        yield made
        if server is not None:
            server.stop()


def main() -> None:
    options = argparse.ArgumentParser(description="Claims at a pace")
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--processes", type=int, nargs="+", default=[8, 32])
    options.add_argument("--on", nargs="+", default=["wal", "delete", "postgresql"])
    given = options.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}; a claim each {PACE_S * 1e3:.0f} ms in each process, {given.seconds} s")
    with homes() as made:
        for kind in given.on:
            for number in given.processes:
                bench(kind, made(kind, number), number, given.seconds)


if __name__ == "__main__":
    main()
