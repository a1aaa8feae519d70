"""A real desk in a pty is stopped past its lease; a colleague takes the conversation; then its agent sends."""

import signal
import sys
import time
from pathlib import Path

from making import US, copy_of, post, take
from sqlalchemy import update
from terminal.pty_app import Terminal

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.desk import claims
from tui.store import tables as t
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
WORDS = "We look into it"


def lease_over(store: Store) -> None:
    """Nobody hears from ana, and her lease ends."""
    with store.transaction() as session:
        session.execute(update(t.conversations).values(timer_at=clock.now() - 1))
        session.execute(update(t.presences).values(beat_at=clock.now() - HOUR))


def taken_by_bela(store: Store) -> None:
    """What bela's `next` does."""
    with store.transaction() as session:
        claims.wake(session, clock.now())
        assert claims.claim_next(session, agent="bela", now=clock.now(), lease=HOUR)


def stored(store: Store, terminal: Terminal) -> None:
    """Wait until the draft is in the database."""
    reader, end = store.reader(), time.monotonic() + 20
    while (draft := reader.draft(1)) is None or draft.text != WORDS:
        assert time.monotonic() < end
        terminal.settle()
    reader.close()


def test_a_desk_that_was_stopped_does_not_send_and_says_why(template: Path, tmp_path: Path) -> None:
    store = copy_of(template, tmp_path / "desk")
    take(store, post("p", "rider", f"{US} hello?", created_at=clock.now() - MINUTE), now=clock.now())
    command = [sys.executable, "-m", "tui", "--db", str(store.path), "--agent", "ana"]
    with Terminal(command, cols=120, rows=40, cwd=ROOT, env={"HOME": str(tmp_path)}) as terminal:
        terminal.wait(r"Feed 1", timeout=60)
        terminal.press("n")
        terminal.wait("Claimed 1", timeout=60)
        terminal.press("r")
        terminal.wait("Reply to @rider")
        terminal.type(WORDS)
        stored(store, terminal)
        terminal.signal(signal.SIGSTOP)
        terminal.wait_stopped()
        lease_over(store)
        taken_by_bela(store)
        terminal.signal(signal.SIGCONT)
        terminal.press("ctrl+s")
        # Either the review comes first and stops it, or the news that the conversation went back.
        terminal.wait("bela has (had )?this|Conversation 1 went back|went back to the queue", timeout=20)
        terminal.press("y", "y")
    reader = store.reader()
    assert reader.outbox() == []
    row = reader.conversation(1)
    assert row is not None
    assert row.owner == "bela"
    reader.close()
