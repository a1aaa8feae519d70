"""Import with search index beside a raw sqlite3 loop that parses, cleans and writes the same rows.

Run: uv run python tests/bench/bench_import.py [posts]
Prints posts a second of both and their ratio (goal: at least 0.6).
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tui.clock import iso
from tui.config import Config
from tui.desk import intake
from tui.networks import files
from tui.networks.records import BadLine, Post, Tally
from tui.store import sqlite
from tui.store.store import Store
from tui.text import repair

BATCH = 2_000
WORDS = "train late ticket refund where is my the platform crew lift line four cancelled again please lost app seat"


def feed(count: int) -> bytes:
    """Posts as JSONL: a third of as many authors, two in three posts with our handle."""
    chance, words = random.Random(1), WORDS.split()
    lines = []
    for number in range(count):
        author = chance.randrange(count // 3 + 1)
        lines.append(
            json.dumps(
                {
                    "network": chance.choice(["x", "mastodon", "bluesky"]), "id": str(number), "account": "@northline",
                    "author": {"id": str(author), "handle": f"user{author}", "followers": author % 5_000},
                    "text": ("@northline " if number % 3 else "") + " ".join(chance.choices(words, k=14)),
                    "created_at": iso(1_795_000_000_000 + number * 1_000), "kind": "post",
                }
            )
        )  # fmt: skip
    return "\n".join(lines).encode()


def raw(path: Path, data: bytes) -> float:
    """Seconds for the yardstick: the same tables and index, written row by row in batches."""
    store = Store(path)
    store.prepare()
    connection = sqlite.connect(path)
    began = time.perf_counter()
    authors: dict[tuple[str, str], int] = {}
    connection.execute("BEGIN IMMEDIATE")
    for number, line in enumerate(data.split(b"\n"), 1):
        post = json.loads(line)
        text, _ = repair(post["text"])
        key = (post["network"], post["author"]["id"])
        if key not in authors:
            authors[key] = len(authors) + 1
            connection.execute(
                "INSERT INTO author (id, network, native_id, handle, name, followers, verified) VALUES (?,?,?,?,?,?,0)",
                (authors[key], *key, post["author"]["handle"], "", post["author"]["followers"]),
            )
        connection.execute(
            "INSERT INTO conversation (id, network, author_id, thread, private, state, epoch, rank, addressed, "
            "posted_at, customer_at, surfaced_at, reposts, preview) VALUES (?,?,?,?,0,'new',0,?,'mention',0,0,0,0,?)",
            (number, post["network"], authors[key], post["id"], number, text),
        )
        connection.execute(
            "INSERT INTO post (id, network, native_id, author_id, conversation_id, kind, text, created_at, seen_at, "
            "reposts, likes, deleted, ours, addressed, reply_allowed) VALUES (?,?,?,?,?,?,?,?,0,0,0,0,0,'mention',1)",
            (number, post["network"], post["id"], authors[key], number, post["kind"], text, number),
        )
        connection.execute(
            "INSERT INTO event (at, agent, kind, conversation_id) VALUES (0, 'intake', 'conversation.opened', ?)",
            (number,),
        )
        if number % BATCH == 0:
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    return time.perf_counter() - began


def ours(path: Path, data: bytes) -> float:
    """Seconds for the real way in."""
    import io

    store = Store(path)
    store.prepare()
    config = Config()
    began = time.perf_counter()
    batch: list[Post] = []

    def flush() -> None:
        with store.transaction() as session:
            intake.take_in(session, batch, now=1_795_900_000_000, config=config, history=True)
        batch.clear()

    for reading in files.reader("jsonl")(files.Lines(io.BytesIO(data)), Tally()):
        assert not isinstance(reading, BadLine)
        batch.append(reading)
        if len(batch) == BATCH:
            flush()
    flush()
    return time.perf_counter() - began


def main() -> None:
    """Both in turn, three times; the medians and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    data = feed(count)
    times: dict[str, list[float]] = {"raw": [], "ours": []}
    for turn in range(3):
        for name, run in (("raw", raw), ("ours", ours)):
            with tempfile.TemporaryDirectory() as folder:
                times[name].append(run(Path(folder) / f"{turn}.db", data))
    raw_s, ours_s = (sorted(times[name])[1] for name in ("raw", "ours"))
    print(f"raw  {count / raw_s:10,.0f} posts/s\nours {count / ours_s:10,.0f} posts/s\nratio {raw_s / ours_s:.2f}")


if __name__ == "__main__":
    main()
