"""What time brings back: claims nobody was heard from, snoozed conversations, promises that are due."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import keeping
from tui.desk.freshness import resting
from tui.store import log
from tui.store import tables as t

_c = t.conversations.c
BY = "desk"
"""Who does it, for the event log and under the note."""
_WHEN = "%Y-%m-%d %H:%M"


def wake(session: Session, now: Millis, lease: Millis | None = None) -> int:
    """Bring back what is due: lapsed claims, snoozed conversations, promises. How many came back.

    `lease`: how long nobody has been heard from whose claim lapses, for the note; None: that is not told.
    """
    due = session.execute(select(t.conversations).where(_c.timer_at.is_not(None), _c.timer_at <= now)).all()
    for row in due:
        if row.state == "claimed":
            lapse(session, row, now, lease)
        else:
            _come_back(session, row, "new", now)
            log.append(
                session, "conversation.woken", at=now, agent=BY, conversation_id=row.id, owner=row.owner, state="new"
            )
    return len(due) + keeping.wake(session, now)


def is_lapsed(row: Any, now: Millis) -> bool:
    """Whether a conversation is claimed, and the lease has run out."""
    return bool(row.state == "claimed" and row.timer_at is not None and row.timer_at <= now)


def lapse(session: Session, row: Any, now: Millis, lease: Millis | None, *, why: str = "") -> None:
    """A lapsed conversation goes back to the queue, with its draft and a note of who had it.

    `why`: what ends the claim, where it is not that its agent was not heard from.
    """
    state = resting(row.waiting_since, row.answered_at, row.settled_at)
    _come_back(session, row, state, now)
    note = session.execute(
        insert(t.notes)
        .values(conversation_id=row.id, agent=BY, text=_told(row, why or _silence(lease)), created_at=now)
        .returning(t.notes.c.id)
    ).scalar_one()
    log.append(
        session, "claim.lapsed", at=now, agent=BY, conversation_id=row.id, owner=row.owner, state=state,
        epoch=row.epoch, silent_ms=lease, note=note,
    )  # fmt: skip


def _come_back(session: Session, row: Any, state: str, now: Millis) -> None:
    """The row is as it was read: a claim that was renewed, or a snooze that was moved, since then stays."""
    session.execute(
        update(t.conversations)
        .where(_c.id == row.id, _c.epoch == row.epoch, _c.timer_at == row.timer_at)
        .values(
            state=state, owner=None, claimed_at=None, timer_at=None, epoch=_c.epoch + 1,
            rank=row.rank if row.waiting_since is not None else now,
        )
    )  # fmt: skip


def _told(row: Any, why: str) -> str:
    since = clock.utc(row.claimed_at if row.claimed_at is not None else row.timer_at, _WHEN)
    return f"{row.owner} had this conversation since {since} UTC and {why}; it is back in the queue, draft included."


def _silence(lease: Millis | None) -> str:
    return "was not heard from" + ("" if lease is None else f" for {clock.spoken(lease)}")
