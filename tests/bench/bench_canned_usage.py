"""How long the figures of use take, over a million uses of 10,000 responses in 90 days.

    uv run python tests/bench/bench_canned_usage.py [USES]

It prints milliseconds, also those of the processor, and decides nothing. The making of the desk takes a minute or two.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tui.clock import DAY, HOUR, MINUTE
from tui.config import Config
from tui.desk.canned.stats import stats
from tui.desk.canned.usage import facts, usage
from tui.store.store import Store

NOW = 1_800_000_000_000
RESPONSES = 10_000
TO_ONE_PERSON = 4
"""Uses a conversation."""


def main() -> None:
    uses = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "desk.db")
        store.prepare()
        began = time.perf_counter()
        fill(store, uses)
        print(f"{uses:,} uses made in {time.perf_counter() - began:.0f} s")
        measure(store)
        store.close()


def fill(store: Store, uses: int) -> None:
    """Uses by popularity as it is: few responses are used most."""
    chance = random.Random(5)
    conversations = uses // TO_ONE_PERSON
    with store.transaction() as session:
        connection: Any = session.connection().connection.dbapi_connection
        connection.executemany("INSERT INTO account VALUES (?, 'x', ?, ?, 1)", [(1, "@a", "a"), (2, "@b", "b")])
        connection.executemany(
            "INSERT INTO author (id, network, native_id, handle, name, followers, verified) "
            "VALUES (?, 'x', ?, ?, '', 0, 0)",
            ((number, str(number), f"c{number}") for number in range(1, conversations + 1)),
        )
        connection.executemany(
            "INSERT INTO conversation (id, network, account_id, author_id, thread, private, state, epoch, rank, "
            "addressed, posted_at, customer_at, surfaced_at, reposts, preview) "
            "VALUES (?, 'x', ?, ?, ?, 0, 'pending', 0, 1, 'direct', 1, 1, 1, 0, 'late again')",
            ((number, number % 2 + 1, number, str(number)) for number in range(1, conversations + 1)),
        )
        connection.executemany(
            "INSERT INTO canned (id, name, body, shortcut, language, network, scope, approved, plain, uses, "
            "updated_at) VALUES (?, ?, 'Late by 15 minutes: 25 % back, by 30: 50 %.', '', '', '', 'team', 1, 0, 0, 1)",
            ((number, f"Response {number}") for number in range(1, RESPONSES + 1)),
        )
        replies = list(_replies(chance, uses, conversations))
        connection.executemany(
            "INSERT INTO post (network, native_id, author_id, conversation_id, kind, text, created_at, seen_at, "
            "reposts, likes, deleted, ours, addressed, reply_allowed) "
            "VALUES ('x', ?, ?, ?, 'post', 'where is my train', ?, 1, 0, 0, 0, 0, 'direct', 1)",
            ((f"q{number}", number, number, NOW - 91 * DAY) for number in range(1, conversations + 1)),
        )
        connection.executemany(
            "INSERT INTO post (network, native_id, author_id, conversation_id, kind, text, created_at, seen_at, "
            "reposts, likes, deleted, ours, addressed, reply_allowed) "
            "VALUES ('x', ?, ?, ?, 'reply', 'thanks', ?, 1, 0, 0, 0, 0, 'direct', 1)",
            ((f"a{one[0]}", one[1], one[1], one[3] + HOUR) for one in replies if chance.random() < 0.3),
        )
        connection.executemany(
            "INSERT INTO reply (id, conversation_id, post_id, account_id, agent, epoch, text, private, state, key, "
            "created_at, due_at, sent_at, attempts, part, parts) VALUES (?, ?, 1, ?, ?, 1, "
            "'Late by 15 minutes: 25 % back, by 30: 50 %.', 0, 'sent', ?, ?, 1, ?, 1, 1, 1)",
            ((one[0], one[1], one[1] % 2 + 1, one[4], str(one[0]), one[3], one[3] + MINUTE) for one in replies),
        )
        connection.executemany(
            "INSERT INTO canned_use (canned_id, reply_id, conversation_id, author_id, account_id, agent, at, sent_at, "
            "edited) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (one[2], one[0], one[1], one[1], one[1] % 2 + 1, one[4], one[3], one[3] + MINUTE, one[0] % 4 == 0)
                for one in replies
            ),
        )


def _replies(chance: random.Random, uses: int, conversations: int) -> Iterator[tuple[int, int, int, int, str]]:
    """Reply, conversation, response, time, agent, oldest first."""
    for number in range(1, uses + 1):
        at = NOW - 90 * DAY + number * 90 * DAY // (uses + 1)
        canned = min(int(chance.paretovariate(0.6)), RESPONSES)
        yield number, chance.randint(1, conversations), canned, at, f"agent{chance.randint(1, 40)}"


def measure(store: Store) -> None:
    reader, config = store.reader(), Config()
    row = reader.conversation(7)
    assert row is not None
    told("usage", 3, lambda: usage(reader, agent="agent3", now=NOW, config=config))
    told("  uses alone", 3, lambda: reader.uses(NOW - 90 * DAY, "agent3"))
    told("stats", 3, lambda: stats(reader, now=NOW, config=config))
    told("facts of the 20 most used", 200, lambda: facts(reader, range(1, 21), conversation=row, account=None, now=NOW))
    told("facts of one", 200, lambda: facts(reader, [1], conversation=row, account=None, now=NOW))
    reader.close()


def told(what: str, times: int, work: Callable[[], Any]) -> None:
    taken, busy = [], time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1_000)
    busy = (time.process_time() - busy) * 1_000 / times
    print(f"{what:<28} median {statistics.median(taken):8.2f} ms   most {max(taken):8.2f}   processor {busy:8.2f}")


if __name__ == "__main__":
    main()
