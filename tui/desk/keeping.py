"""Promises to customers: made, kept or dropped, and brought back when they are due.

A promise is open until somebody says that it was kept, or drops it with a reason. When it is due, its conversation
waits again, and the promise is one of its reasons.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import priority
from tui.desk.freshness import resting
from tui.desk.promises import by, is_due
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t
from tui.store.reader import PromiseRow, Reader
from tui.store.store import reading
from tui.text import line

Outcome = Literal["kept", "dropped"]

POINTS = 60
"""What a promise that is due is worth in the queue: an hour of waiting."""
TEXT_CHARACTERS = 500
DUE = "promise.due"
"""The event that says that the promises of a conversation which were due then brought it back."""

_c, _p = t.conversations.c, t.promises.c
_RESTS = ("pending", "snoozed", "resolved")


def make(
    session: Session,
    conversation_id: int,
    *,
    agent: str,
    text: str,
    due_at: Millis,
    now: Millis,
    reply_id: int | None = None,
) -> int:
    """A promise to the customer of a conversation; its id. Refused where it says nothing, or its time is over."""
    said = line(text).strip()
    if not said:
        raise Refused("Say what is promised, in a few words.")
    if len(said) > TEXT_CHARACTERS:
        raise Refused(f"A promise has at most {TEXT_CHARACTERS} characters; say it in fewer.")
    if due_at < now or (due_at == now and reply_id is None):
        raise Refused("That time is over; give one that lies ahead, such as 2h or 2026-02-11T09:00Z.")
    if session.execute(select(_c.id).where(_c.id == conversation_id)).first() is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    made: int = session.execute(
        insert(t.promises)
        .values(
            conversation_id=conversation_id, reply_id=reply_id, agent=agent, text=said, made_at=now, due_at=due_at
        )
        .returning(_p.id)
    ).scalar_one()  # fmt: skip
    log.append(
        session, "promise.made", at=now, agent=agent, conversation_id=conversation_id,
        promise=made, text=said, due_at=clock.iso(due_at),
    )  # fmt: skip
    return made


def settle(session: Session, promise_id: int, *, outcome: Outcome, agent: str, reason: str = "", now: Millis) -> None:
    """It was kept, or is dropped for a reason. Its conversation waits no longer where only this made it wait."""
    if outcome == "dropped" and not reason.strip():
        raise Refused("Say why it is dropped, in a few words (--reason).")
    row = session.execute(
        update(t.promises)
        .where(_p.id == promise_id, _p.settled_at.is_(None))
        .values(settled_at=now, settled_by=agent, outcome=outcome)
        .returning(_p.conversation_id)
    ).first()
    if row is None:
        raise _not_open(reading(session), promise_id)
    log.append(
        session, f"promise.{outcome}", at=now, agent=agent, conversation_id=row.conversation_id, promise=promise_id,
        **({"reason": reason.strip()} if reason.strip() else {}),
    )  # fmt: skip
    _lift(session, row.conversation_id, now)


def _not_open(reader: Reader, promise_id: int) -> Refused | Misuse:
    promise = reader.promise(promise_id)
    if promise is None:
        return Misuse(f"There is no promise {promise_id}; see `shiftdesk promise list`.")
    return Refused(f"Promise {promise_id} was {promise.outcome} by {promise.settled_by}.", promise=promise_id)


def wake(session: Session, now: Millis) -> int:
    """Bring back the conversations whose promises have become due. How many."""
    due = reading(session).promises_due(now)
    for conversation_id in due:
        _bring_back(session, conversation_id, now)
    return len(due)


def _bring_back(session: Session, conversation_id: int, now: Millis) -> None:
    """It waits since the first of them was due; whoever holds it keeps it."""
    due = _due(session, conversation_id, now)
    row = session.execute(select(t.conversations).where(_c.id == conversation_id)).one()
    waiting_since = row.waiting_since if row.waiting_since is not None else due[0].due_at
    reasons = _with_promises(row.reasons, due, now)
    values = {"waiting_since": waiting_since, "reasons": reasons, "rank": priority.rank(waiting_since, reasons)}
    if row.state in _RESTS:
        values |= {"state": "new", "timer_at": None, "epoch": _c.epoch + 1}
    here = update(t.conversations).where(_c.id == conversation_id, _c.epoch == row.epoch)
    session.execute(here.values(**values))
    log.append(
        session, DUE, at=now, agent="desk", conversation_id=conversation_id,
        promises=[promise.id for promise in due], **{"from": row.state},
    )  # fmt: skip


def _lift(session: Session, conversation_id: int, now: Millis) -> None:
    """What is left to wait for when a promise is settled: the customer's word, another promise, or nothing."""
    row = session.execute(select(t.conversations).where(_c.id == conversation_id)).one()
    if not priority.promised(row.reasons):
        return
    left = _due(session, conversation_id, now)
    reasons = _with_promises(row.reasons, left, now)
    values: dict[str, Any] = {"reasons": reasons}
    if row.waiting_since is not None and (left or _has_word(session, row)):
        values["rank"] = priority.rank(row.waiting_since, reasons)
    else:
        values["waiting_since"] = None
        if row.state == "new":
            values |= {"state": resting(None, row.answered_at, row.settled_at), "epoch": _c.epoch + 1}
    session.execute(update(t.conversations).where(_c.id == conversation_id, _c.epoch == row.epoch).values(**values))


def _with_promises(
    reasons: Iterable[dict[str, Any]] | None, due: Iterable[PromiseRow], now: Millis
) -> list[dict[str, Any]]:
    """The reasons of a conversation with these promises in place of those that stand there."""
    others = [reason for reason in reasons or () if reason["rule"] != priority.PROMISE]
    return others + [
        {"rule": priority.PROMISE, "points": POINTS, "text": f"promised: {line(one.text)} {by(one.due_at, now)}"}
        for one in due
    ]


def _due(session: Session, conversation_id: int, now: Millis) -> Sequence[PromiseRow]:
    """The open promises of a conversation whose time has come, the first one first."""
    return [one for one in reading(session).promises(conversation_id) if is_due(one, now)]


def _has_word(session: Session, row: Any) -> bool:
    """Whether the customer has said something that we have neither answered nor settled."""
    p = t.posts.c
    found = (
        select(p.id)
        .where(
            p.conversation_id == row.id, p.author_id == row.author_id, ~p.ours, ~p.deleted, p.kind != "repost",
            p.created_at > (row.answered_at or 0), p.seen_at > (row.settled_at or 0),
        )
        .limit(1)
    )  # fmt: skip
    return session.execute(found).first() is not None
