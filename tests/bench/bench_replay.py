"""How often each check fires on real replies, and how long it takes to ask. Decides nothing.

    python tests/bench/bench_replay.py FILE [--show CHECK ...] [--limit N]

FILE is a Customer-Support-on-Twitter CSV (`import --format twcs`). It is taken into a throw-away desk, and every reply
of a brand in a thread is judged as if it were about to be sent. `--show` prints what the check says of each, newest
first, with the posts around it: three before, the reply, one after.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tui import clock
from tui.cli.program import run
from tui.config import Config
from tui.desk.guard.replay import replay
from tui.store.reader import Reader
from tui.store.store import Store
from tui.text import line

BEFORE, AFTER = 3, 1
EXAMPLES = 10_000


def judge(reader: Reader) -> tuple[dict[str, Any], float]:
    """What the guard would have said, and how long that took (s)."""
    start = time.perf_counter()
    found = replay(reader, since=0, now=clock.now(), config=Config(), limit=EXAMPLES)
    return found, time.perf_counter() - start


def show(reader: Reader, example: dict[str, Any]) -> None:
    """One case: what the check says, and the thread around the reply."""
    print(f"\n{example['check']} ({example['verdict']}): {line(example['text'])}")
    print(f"    {line(example['evidence']['arithmetic'])}")
    posts = reader.posts(example["conversation"])
    at = next(place for place, post in enumerate(posts) if post.id == example["post"])
    for place, post in enumerate(posts[max(at - BEFORE, 0) : at + AFTER + 1], max(at - BEFORE, 0)):
        mark = ">" if place == at else " "
        print(f"  {mark} {clock.iso(post.created_at)} @{line(post.handle)}: {line(post.text)}")


def main() -> None:
    """Print the table, then the cases asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("file", type=Path)
    options.add_argument("--show", nargs="*", default=[], metavar="CHECK")
    options.add_argument("--limit", type=int, default=EXAMPLES, help="most cases of each check")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        if run(["--db", str(path), "--agent", "bench", "import", "--format", "twcs", str(given.file)]):
            sys.exit(1)
        reader = Store(path).reader()
        found, took = judge(reader)
        print(f"{found['replies']:,} replies in {took:.2f} s\n\n   stop   warn   info   share  check")
        for row in found["checks"]:
            print(f"{row['stop']:7,}{row['warn']:7,}{row['info']:7,}{row['share'] or 0:8.2%}  {row['check']}")
        for check in given.show:
            for example in [one for one in found["examples"] if one["check"] == check][: given.limit]:
                show(reader, example)
        reader.close()


if __name__ == "__main__":
    main()
