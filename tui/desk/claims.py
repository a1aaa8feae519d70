"""Every change of a conversation's state by a person, each one guarded statement with its event.

A claim is exclusive and carries an epoch: whoever writes with an older one is refused. Each function runs in
the caller's transaction and raises Refused with one sentence when a rule says no.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import keeping
from tui.desk.freshness import resting
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t

_c = t.conversations.c
TAGS_MOST = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """An agent's hold on a conversation."""

    conversation_id: int
    agent: str
    epoch: int


def claim(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis) -> Claim:
    """Take a conversation; one's own claim is renewed and keeps its epoch."""
    row = _row(session, conversation_id)
    if row.state == "claimed" and row.owner == agent and not _lapsed(row, now):
        renew(session, agent=agent, now=now, lease=lease)
        _see(session, conversation_id, agent)
        return Claim(conversation_id, agent, row.epoch)
    taken = _take(session, _c.id == conversation_id, agent=agent, now=now, lease=lease)
    if taken is None:
        _refuse_held(_row(session, conversation_id), now)
    return taken


def claim_next(session: Session, *, agent: str, now: Millis, lease: Millis) -> Claim | None:
    """Take the first waiting conversation that this agent has not skipped; None when nothing waits."""
    skipped = exists().where(t.skips.c.conversation_id == _c.id, t.skips.c.agent == agent, t.skips.c.until > now)
    first = select(_c.id).where(_c.state == "new", ~skipped).order_by(_c.rank, _c.id).limit(1).scalar_subquery()
    return _take(session, _c.id == first, agent=agent, now=now, lease=lease)


def reach(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis) -> Claim:
    """The claim to write with: one's own as it stands, else a free conversation taken unseen.

    Unseen: what changed since the agent last looked is still news to them, and the guard says so.
    """
    row = _row(session, conversation_id)
    if row.state == "claimed" and row.owner == agent:
        return Claim(conversation_id, agent, row.epoch)
    taken = _take(session, _c.id == conversation_id, agent=agent, now=now, lease=lease, looking=False)
    if taken is None:
        _refuse_held(row, now)
    return taken


def _take(
    session: Session, which: ColumnElement[bool], *, agent: str, now: Millis, lease: Millis, looking: bool = True
) -> Claim | None:
    free = or_(_c.state != "claimed", _c.timer_at <= now)
    row = session.execute(
        update(t.conversations)
        .where(which, free)
        .values(state="claimed", owner=agent, epoch=_c.epoch + 1, claimed_at=now, timer_at=now + lease)
        .returning(_c.id, _c.epoch)
    ).first()
    if row is None:
        return None
    log.append(session, "claim.taken", at=now, agent=agent, conversation_id=row.id, epoch=row.epoch)
    if looking:
        _see(session, row.id, agent)
    return Claim(row.id, agent, row.epoch)


def take_over(session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, lease: Millis) -> Claim:
    """Take a conversation from a colleague; the draft goes along."""
    _need(reason, "Say why you take it over")
    row = _row(session, conversation_id)
    if row.state != "claimed" or row.owner == agent:
        return claim(session, conversation_id, agent=agent, now=now, lease=lease)
    epoch = session.execute(
        update(t.conversations)
        .where(_c.id == conversation_id, _c.epoch == row.epoch)
        .values(owner=agent, epoch=_c.epoch + 1, claimed_at=now, timer_at=now + lease)
        .returning(_c.epoch)
    ).scalar_one()
    session.execute(update(t.drafts).where(t.drafts.c.conversation_id == conversation_id).values(agent=agent))
    log.append(
        session, "claim.taken-over", at=now, agent=agent, conversation_id=conversation_id,
        epoch=epoch, taken_from=row.owner, reason=reason,
    )  # fmt: skip
    _see(session, conversation_id, agent)
    return Claim(conversation_id, agent, epoch)


def pass_on(session: Session, conversation_id: int, *, agent: str, to: str, now: Millis, lease: Millis) -> None:
    """Hand one's own conversation to a colleague who is known here."""
    known = session.execute(select(t.agents.c.name).where(func.lower(t.agents.c.name) == to.lower())).scalar()
    if known is None:
        raise Refused(f"Nobody called {to!r} has worked here yet; see `shiftdesk agent list`.")
    epoch = _change(
        session, conversation_id, agent=agent, now=now,
        owner=known, epoch=_c.epoch + 1, claimed_at=now, timer_at=now + lease,
    )  # fmt: skip
    session.execute(update(t.drafts).where(t.drafts.c.conversation_id == conversation_id).values(agent=known))
    log.append(session, "claim.passed", at=now, agent=agent, conversation_id=conversation_id, to=known, epoch=epoch)


def release(session: Session, conversation_id: int, *, agent: str, now: Millis) -> str:
    """Put one's own conversation back, draft included; the state it is in now."""
    state = _resting(_row(session, conversation_id))
    _change(session, conversation_id, agent=agent, now=now, **_free(state))
    log.append(session, "claim.released", at=now, agent=agent, conversation_id=conversation_id, state=state)
    return state


def skip(session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, span: Millis) -> None:
    """Pass over a conversation: it stays for others, and one's own claim on it ends."""
    _need(reason, "Say why you skip it")
    row = _row(session, conversation_id)
    if row.state == "claimed" and row.owner == agent:
        release(session, conversation_id, agent=agent, now=now)
    elif row.state == "claimed" and not _lapsed(row, now):
        _refuse_held(row, now)
    session.execute(delete(t.skips).where(t.skips.c.conversation_id == conversation_id, t.skips.c.agent == agent))
    session.execute(t.skips.insert().values(conversation_id=conversation_id, agent=agent, until=now + span))
    log.append(session, "conversation.skipped", at=now, agent=agent, conversation_id=conversation_id, reason=reason)


def snooze(session: Session, conversation_id: int, *, agent: str, until: Millis, now: Millis, lease: Millis) -> None:
    """Let a conversation rest until a time; a new word of the customer wakes it earlier."""
    if until <= now:
        raise Refused("That time is over; give one that lies ahead, such as 2h or 2026-02-11T09:00Z.")
    _hold(session, conversation_id, agent=agent, now=now, lease=lease)
    _change(session, conversation_id, agent=agent, now=now, **_free("snoozed") | {"timer_at": until})
    log.append(
        session, "conversation.snoozed", at=now, agent=agent, conversation_id=conversation_id, until=clock.iso(until)
    )


def resolve(session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, lease: Millis) -> None:
    """Close a conversation: what we have seen of it by now is dealt with."""
    _need(reason, "Say why it is resolved")
    _hold(session, conversation_id, agent=agent, now=now, lease=lease)
    _change(
        session, conversation_id, agent=agent, now=now,
        **_free("resolved") | {"settled_at": now, "waiting_since": None, "reasons": []},
    )  # fmt: skip
    log.append(session, "conversation.resolved", at=now, agent=agent, conversation_id=conversation_id, reason=reason)


def note(
    session: Session, conversation_id: int, *, agent: str, text: str, now: Millis, names: Sequence[str] = ()
) -> int:
    """Leave a word for colleagues; needs no claim. Whoever it `names` has it in their inbox."""
    _need(text, "Write the note")
    _row(session, conversation_id)
    made = session.execute(
        t.notes.insert()
        .values(conversation_id=conversation_id, agent=agent, text=text.strip(), created_at=now)
        .returning(t.notes.c.id)
    ).scalar_one()
    for name in names:
        session.execute(t.note_mentions.insert().values(note_id=made, agent=name))
    told = {"names": list(names)} if names else {}
    log.append(session, "note.added", at=now, agent=agent, conversation_id=conversation_id, note=made, **told)
    return int(made)


def tag(session: Session, conversation_id: int, *, agent: str, tags: list[str], now: Millis) -> list[str]:
    """Set the tags of a conversation; needs no claim. Tags are compared without case."""
    row = _row(session, conversation_id)
    wanted = list(dict.fromkeys(tag.strip().casefold() for tag in tags if tag.strip()))[:TAGS_MOST]
    if wanted != (row.tags or []):
        session.execute(update(t.conversations).where(_c.id == conversation_id).values(tags=wanted))
        log.append(session, "conversation.tagged", at=now, agent=agent, conversation_id=conversation_id, tags=wanted)
    return wanted


def renew(session: Session, *, agent: str, now: Millis, lease: Millis) -> int:
    """The agent is there: none of their claims lapses before `now + lease`. How many they hold."""
    result = session.execute(
        update(t.conversations)
        .where(_c.state == "claimed", _c.owner == agent, _c.timer_at > now)
        .values(timer_at=now + lease)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def wake(session: Session, now: Millis) -> int:
    """Bring back what is due: lapsed claims, snoozed conversations, promises. How many came back."""
    due = session.execute(select(t.conversations).where(_c.timer_at.is_not(None), _c.timer_at <= now)).all()
    for row in due:
        lapsed = row.state == "claimed"
        state = _resting(row) if lapsed else "new"
        rank = row.rank if row.waiting_since is not None else now
        session.execute(update(t.conversations).where(_c.id == row.id).values(**_free(state), rank=rank))
        log.append(
            session, "claim.lapsed" if lapsed else "conversation.woken",
            at=now, agent="desk", conversation_id=row.id, owner=row.owner, state=state,
        )  # fmt: skip
    return len(due) + keeping.wake(session, now)


def see(session: Session, conversation_id: int, *, agent: str) -> None:
    """The agent has seen the conversation as it is now; what others change later is news to them."""
    _row(session, conversation_id)
    _see(session, conversation_id, agent)


def check_held(session: Session, claim: Claim, now: Millis) -> None:
    """Raise Refused unless the claim is still good."""
    row = _row(session, claim.conversation_id)
    if row.state != "claimed" or row.owner != claim.agent or row.epoch != claim.epoch:
        _refuse_gone(session, row, claim.agent, now)


def held(session: Session, conversation_id: int, *, agent: str, now: Millis) -> Claim:
    """The agent's claim on a conversation as it stands. Raises Refused where they have none."""
    row = _row(session, conversation_id)
    if row.state != "claimed" or row.owner != agent:
        _refuse_gone(session, row, agent, now)
    return Claim(conversation_id, agent, row.epoch)


# -- the guards -----------------------------------------------------------------------------------


def _row(session: Session, conversation_id: int) -> Any:
    row = session.execute(select(t.conversations).where(_c.id == conversation_id)).first()
    if row is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    return row


def _hold(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis) -> None:
    """Snoozing and resolving take a free conversation on the way."""
    row = _row(session, conversation_id)
    if row.state != "claimed" or _lapsed(row, now):
        claim(session, conversation_id, agent=agent, now=now, lease=lease)


def _change(session: Session, conversation_id: int, *, agent: str, now: Millis, **values: Any) -> int:
    """One guarded statement on the owner; the new epoch."""
    epoch = session.execute(
        update(t.conversations)
        .where(_c.id == conversation_id, _c.state == "claimed", _c.owner == agent)
        .values(**values)
        .returning(_c.epoch)
    ).scalar()
    if epoch is None:
        _refuse_gone(session, _row(session, conversation_id), agent, now)
    return int(epoch)


def _free(state: str) -> dict[str, Any]:
    return {"state": state, "owner": None, "claimed_at": None, "timer_at": None, "epoch": _c.epoch + 1}


def _resting(row: Any) -> str:
    return resting(row.waiting_since, row.answered_at, row.settled_at)


def _lapsed(row: Any, now: Millis) -> bool:
    return bool(row.state == "claimed" and row.timer_at is not None and row.timer_at <= now)


def _refuse_held(row: Any, now: Millis) -> NoReturn:
    since = clock.age(now - (row.claimed_at or now))
    raise Refused(
        f"{row.owner} has had conversation {row.id} for {since}; ask them, or take it over with a reason.",
        conversation=row.id, claimed_by=row.owner,
    )  # fmt: skip


def _refuse_gone(session: Session, row: Any, agent: str, now: Millis) -> NoReturn:
    last = session.execute(
        select(t.events)
        .where(t.events.c.conversation_id == row.id, t.events.c.kind.in_(("claim.taken-over", "claim.passed")))
        .order_by(t.events.c.id.desc())
        .limit(1)
    ).first()
    if row.state == "claimed" and last is not None and last.kind == "claim.taken-over":
        reason = (last.data or {}).get("reason", "")
        sentence = f"Conversation {row.id} was taken over by {last.agent} {clock.age(now - last.at)} ago: {reason}"
    elif row.state == "claimed":
        sentence = f"Conversation {row.id} is claimed by {row.owner}; take it over with a reason, or leave it to them."
    else:
        sentence = f"Conversation {row.id} is not claimed by {agent} (it is {row.state}); claim it first."
    raise Refused(sentence, conversation=row.id, claimed_by=row.owner)


def _need(text: str, demand: str) -> None:
    if not text.strip():
        raise Refused(f"{demand} in a few words (--reason or --text).")


def _see(session: Session, conversation_id: int, agent: str) -> None:
    newest = select(func.coalesce(func.max(t.events.c.id), 0)).scalar_subquery()
    updated = session.execute(
        update(t.seen)
        .where(t.seen.c.conversation_id == conversation_id, t.seen.c.agent == agent)
        .values(event_id=newest)
    )
    if updated.rowcount == 0:  # type: ignore[attr-defined]
        session.execute(t.seen.insert().values(conversation_id=conversation_id, agent=agent, event_id=newest))
