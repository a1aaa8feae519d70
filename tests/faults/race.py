"""Two senders race on one account, one of them is killed, again and again: run as a program of its own, which forks.

`race.py DATABASE OUT KILLS SEED` prints one JSON object: `kills`, of all replies that were held how many are `sent`,
how many were killed in both of their tries and are back with their writer (`returned`), what was published more than
once (`doubled`), and what is neither out nor back, or both, or still on its way (`lost`).
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from making import US, post, take
from sqlalchemy import select, update

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, outbox
from tui.networks.records import Outgoing, Receipt
from tui.store import tables as t
from tui.store.store import Store
from tui.worker.sender import send_due

CONFIG = Config()
ACCOUNT = 1
AT_A_TIME = 3
"""Replies a sender starts before it leaves by itself."""
LONGEST_S = 0.15
"""How long the one that is killed may live."""
SERVER_S = 0.01


class File:
    """A network without any memory for keys: what is published is a line more, whoever asks."""

    settles = 10 * SECOND

    def __init__(self, path: Path) -> None:
        self.path = path

    def publish(self, reply: Outgoing) -> Receipt:
        time.sleep(SERVER_S)
        out = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(out, f"{reply.key}\n".encode())
        os.close(out)
        time.sleep(SERVER_S)
        return Receipt(f"file:{reply.key}")

    def look_up(self, reply: Outgoing) -> Receipt | None:
        return Receipt(f"file:{reply.key}") if reply.key in published(self.path) else None

    def close(self) -> None:
        """Nothing is held open."""


def published(path: Path) -> list[str]:
    """The keys of what is out."""
    return path.read_text().split() if path.exists() else []


def answer(path: Path, numbers: range, now: Millis) -> None:
    """So many customers write and are answered; their undo windows are over."""
    store = Store(path)
    take(store, *(post(f"p{n}", f"guest{n}", f"{US} hello?", created_at=now - MINUTE) for n in numbers), now=now)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(server="https://network.example"))
        c = t.conversations.c
        waiting = session.execute(select(c.id).where(c.state == "new").order_by(c.id)).scalars().all()
        for conversation in waiting:
            claim = claims.claim(session, conversation, agent="ana", now=now, lease=HOUR)
            text = f"Seat {conversation} of coach {conversation * 7} is at the desk."
            outbox.hold(session, claim, text, config=CONFIG, now=now)
    store.close()


def sender(path: Path, out: Path, now: Millis, *, orphans: bool, most: int) -> None:
    """One round of a sender with a desk of its own, for so many replies at most."""
    store, left = Store(path), iter(range(most))
    send_due(
        store, File(out), lambda: now, config=CONFIG, account=ACCOUNT, orphans=orphans,
        leads=lambda session=None: next(left, None) is not None,
    )  # fmt: skip
    store.close()


def forked(path: Path, out: Path, now: Millis) -> int:
    """A sender in a process of its own."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        sender(path, out, now, orphans=False, most=AT_A_TIME)
        code = 0
    finally:
        os._exit(code)


def race(path: Path, out: Path, kills: int, random: Random) -> int:
    """The race; how many were killed in the middle of it. Whoever takes over does so only when all are dead."""
    now, killed, number = clock.parse("2026-11-24T09:00:00Z"), 0, 0
    while killed < kills:
        answer(path, range(number, number + AT_A_TIME), now)
        number, now = number + AT_A_TIME, now + MINUTE
        children = [forked(path, out, now) for _ in range(2)]
        time.sleep(random.uniform(0, LONGEST_S))
        os.kill(children[0], signal.SIGKILL)
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert ends[1] == 0, "a sender stumbled"
        killed += ends[0] == -signal.SIGKILL
        now += MINUTE
        sender(path, out, now, orphans=True, most=1)
    for _ in range(4):
        now += HOUR
        sender(path, out, now, orphans=True, most=10_000)
    return killed


def verdict(path: Path, out: Path) -> dict[str, object]:
    """What became of every reply."""
    store, times = Store(path), Counter(published(out))
    with store.transaction() as session:
        rows = session.execute(select(t.replies)).all()
        drafts = set(session.execute(select(t.drafts.c.conversation_id)).scalars())
    store.close()
    sent = [row.key for row in rows if row.state == "sent" and row.key in times]
    returned = [
        row.key
        for row in rows
        if row.state == "failed" and row.attempts == 2 and row.conversation_id in drafts and row.key not in times
    ]
    return {
        "sent": len(sent),
        "returned": len(returned),
        "doubled": [key for key, count in times.items() if count > 1],
        "lost": sorted({row.key for row in rows} - {*sent, *returned}),
    }


if __name__ == "__main__":
    desk, net = Path(sys.argv[1]), Path(sys.argv[2])
    done = race(desk, net, int(sys.argv[3]), Random(sys.argv[4]))
    print(json.dumps({"kills": done, **verdict(desk, net)}))
