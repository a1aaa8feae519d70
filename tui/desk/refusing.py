"""Why somebody cannot have a conversation, or has it no more: one sentence each, as the error that says so."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.errors import Refused
from tui.store import tables as t

_e = t.events.c
_MOVES = ("claim.taken", "claim.taken-over", "claim.passed", "claim.lapsed", "claim.released")
_LOOKED_BACK = 100
"""So many changes of hands are looked through for the one that ended a claim."""


def held(session: Session, row: Any, agent: str, now: Millis) -> Refused:
    """A colleague has this conversation (its row); who had it until then is told how it went."""
    last = next(iter(_moves(session, row.id, 1)), None)
    if last is not None and last.kind == "claim.taken-over" and last.data["taken_from"] == agent:
        stands = f"Conversation {row.id} was {_taken_over(last, now)}"
    else:
        stands = f"{row.owner} has had conversation {row.id} for {clock.age(now - (row.claimed_at or now))}"
    return Refused(f"{stands}; ask them, or take it over with a reason.", conversation=row.id, claimed_by=row.owner)


def _taken_over(event: Any, now: Millis) -> str:
    return f"taken over by {event.agent} {clock.spoken(now - event.at)} ago: {event.data['reason']}"


def reserved(row: Any, other: Any, now: Millis) -> Refused:
    """A colleague has the customer of this conversation, by another one of theirs (its row)."""
    since = clock.age(now - (other.claimed_at or now))
    return Refused(
        f"{other.owner} has this customer: conversation {other.id}, for {since}; ask them, or take the customer over "
        "with a reason.",
        conversation=row.id, claimed_by=row.owner, reserved_by=other.owner, reserved_with=other.id,
    )  # fmt: skip


def full(holds: int, *, more: int = 1, whom: str | None = None) -> Refused:
    """An agent holds as many as one may; `whom`: it is a colleague's desk that is full."""
    many = f"{holds} conversation{'s' * (holds != 1)}, as many as one may"
    many += "" if more == 1 else f", and these are {more} more"
    if whom is not None:
        return Refused(f"{whom} holds {many}; pass it to somebody else.")
    return Refused(f"You hold {many}; answer, release or pass on some first.", held=holds)


def gone(session: Session, row: Any, *, agent: str, epoch: int, now: Millis) -> Refused:
    """The claim of this epoch on a conversation (its row as it is now) is good no more, or never was."""
    return Refused(_gone(session, row, agent, epoch, now), conversation=row.id, claimed_by=row.owner)


def _gone(session: Session, row: Any, agent: str, epoch: int, now: Millis) -> str:
    if row.state == "claimed" and (row.owner, row.epoch) == (agent, epoch):
        return f"Conversation {row.id} went back to the queue {_silence(now - (row.timer_at or now), None)}."
    end = _end(session, row, agent, epoch)
    match end and end.kind:
        case "claim.taken-over":
            return f"Conversation {row.id} was {_taken_over(end, now)}"
        case "claim.passed":
            ago = clock.spoken(now - end.at)
            return f"Conversation {row.id} was passed to {end.data['to']} by {end.agent} {ago} ago."
        case "claim.lapsed":
            silence = _silence(now - end.at, end.data.get("silent_ms"))
            since = f", and {row.owner} has it now" if row.state == "claimed" and row.owner != agent else ""
            return f"Conversation {row.id} went back to the queue {silence}{since}."
    if row.state != "claimed":
        return f"Conversation {row.id} is not claimed by {agent} (it is {row.state}); claim it first."
    if row.owner == agent:
        return f"Conversation {row.id} has changed hands since you saw it; look at it again."
    return f"Conversation {row.id} is claimed by {row.owner}; take it over with a reason, or leave it to them."


def _silence(ago: Millis, lease: Millis | None) -> str:
    heard = "when nothing was heard from you" + ("" if lease is None else f" for {clock.spoken(lease)}")
    return f"{clock.spoken(ago)} ago, {heard}"


def _end(session: Session, row: Any, agent: str, epoch: int) -> Any:
    """What ended the claim of an epoch: the first change of hands after it. Where none is known of that epoch, the
    last one as far as it tells why the agent does not have it, or None."""
    moves = _moves(session, row.id, _LOOKED_BACK)
    for after, move in pairwise(moves):
        if move.kind != "claim.lapsed" and move.data.get("epoch") == epoch:
            return after
    last = moves[0] if moves else None
    if last is not None and last.kind == "claim.lapsed":
        return last if last.data.get("owner") == agent else None
    return last if row.state == "claimed" else None


def _moves(session: Session, conversation_id: int, limit: int) -> Sequence[Any]:
    """The events of its changes of hands, the newest first."""
    chosen = select(t.events).where(_e.conversation_id == conversation_id, _e.kind.in_(_MOVES))
    return session.execute(chosen.order_by(_e.id.desc()).limit(limit)).all()
