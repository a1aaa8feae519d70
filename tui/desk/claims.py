"""Every change of a conversation's state by a person, each one guarded statement with its event.

A claim is exclusive and carries an epoch: whoever writes with an older one is refused, and whoever writes after their
lease has run out. It is on the whole customer: nobody else may claim another conversation of theirs meanwhile. Each
function runs in the caller's transaction and raises Refused with one sentence when a rule says no.

`now` is the time by the database's clock once the transaction has begun. `most`: so many conversations may one agent
hold; 0: any number. `epoch`: of the claim that the caller has seen as theirs; None: whatever stands is meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, and_, delete, select, text, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import lapsing, refusing, roles, serving
from tui.desk.freshness import resting
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t

_c = t.conversations.c
TAGS_MOST = 20
wake = lapsing.wake


@dataclass(frozen=True, slots=True)
class Claim:
    """An agent's hold on a conversation."""

    conversation_id: int
    agent: str
    epoch: int


# -- taking -----------------------------------------------------------------------------------------


def claim(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis, most: int = 0) -> Claim:
    """Take a conversation; one's own claim is renewed and keeps its epoch."""
    taken = _take(session, conversation_id, agent=agent, now=now, lease=lease, most=most)
    if taken is not None:
        _see(session, conversation_id, agent)
        return taken
    renew(session, agent=agent, now=now, lease=lease)
    _see(session, conversation_id, agent)
    return held(session, conversation_id, agent=agent, now=now)


def claim_next(session: Session, *, agent: str, now: Millis, lease: Millis, most: int = 0) -> Claim | None:
    """Take the first waiting conversation that this agent has not skipped and whose customer no colleague has.

    Where a colleague looks at it, another that is as urgent is served instead, if there is one. None when nothing
    waits.
    """
    values = _values(agent, now, lease, most)
    row = session.execute(serving.TAKE_FIRST, values).first()
    if row is None:
        chosen = serving.choose(session, values)
        if chosen is None:
            return None
        row = session.execute(serving.TAKE, values | {"wanted": chosen}).first()
    if row is None:
        raise _no_more(session, agent, now)
    taken = _taken(session, row, agent=agent, now=now)
    _see(session, taken.conversation_id, agent)
    return taken


def reach(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis, most: int = 0) -> Claim:
    """The claim to write with: one's own as it stands, else a free conversation taken unseen.

    Unseen: what changed since the agent last looked is still news to them, and the guard says so.
    """
    taken = _take(session, conversation_id, agent=agent, now=now, lease=lease, most=most)
    return taken or held(session, conversation_id, agent=agent, now=now)


def _take(session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis, most: int) -> Claim | None:
    """Take it where it is free, its customer too, and the agent has room; None where it is theirs already."""
    values = _values(agent, now, lease, most) | {"wanted": conversation_id}
    taken = session.execute(serving.TAKE, values).first()
    if taken is None:
        row = _row(session, conversation_id)
        if lapsing.is_lapsed(row, now):
            lapsing.lapse(session, row, now, lease)
            taken = session.execute(serving.TAKE, values).first()
        elif row.state == "claimed" and row.owner == agent:
            return None
        if taken is None:
            raise _why_not(session, _row(session, conversation_id), agent, now)
    return _taken(session, taken, agent=agent, now=now)


def _values(agent: str, now: Millis, lease: Millis, most: int) -> dict[str, Any]:
    """A lease of nothing lets a claim live for the moment it is made in."""
    return {"agent": agent, "now": now, "until": now + max(lease, 1), "most": most}


def _taken(session: Session, row: Any, *, agent: str, now: Millis) -> Claim:
    log.append(session, "claim.taken", at=now, agent=agent, conversation_id=row.id, epoch=row.epoch)
    return Claim(row.id, agent, row.epoch)


def _why_not(session: Session, row: Any, agent: str, now: Millis) -> Refused:
    """Why a conversation cannot be taken: it is held, or its customer is, or the agent has no room."""
    if row.state == "claimed":
        return refusing.held(session, row, agent, now)
    other = reserved(session, row.id, agent=agent, now=now)
    return _no_more(session, agent, now) if other is None else refusing.reserved(row, other, now)


def _no_more(session: Session, agent: str, now: Millis) -> Refused:
    """Why an agent can take nothing: they have no room, or work here no more."""
    roles.need(session, "answer", agent)
    return refusing.full(_count(session, agent, now))


def reserved(session: Session, conversation_id: int, *, agent: str, now: Millis) -> Any | None:
    """The row of another conversation of the same person that a colleague of this agent holds; None where none does."""
    others = (row for row in serving.claimed_of_person(session, conversation_id) if row.id != conversation_id)
    return next((row for row in others if row.owner != agent and not lapsing.is_lapsed(row, now)), None)


def _count(session: Session, agent: str, now: Millis) -> int:
    return int(session.execute(serving.HOLDS, {"agent": agent, "now": now}).scalar_one())


def _need_room(session: Session, agent: str, more: int, *, now: Millis, most: int, you: bool = True) -> None:
    if most and more and (holds := _count(session, agent, now)) + more > most:
        raise refusing.full(holds, more=more, whom=None if you else agent)


# -- handing over -----------------------------------------------------------------------------------


def take_over(
    session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, lease: Millis, most: int = 0
) -> Claim:
    """Take a customer over from a colleague: all they hold of them, and this conversation; the drafts go along."""
    roles.need(session, "answer", agent)
    _need(reason, "Say why you take it over")
    row = _row(session, conversation_id)
    theirs = [one for one in _standing(session, conversation_id, now, lease) if one.owner != agent]
    is_free = row.state != "claimed" or lapsing.is_lapsed(row, now)
    _need_room(session, agent, len(theirs) + is_free, now=now, most=most)
    for one in theirs:
        epoch = _hand_over(session, one, agent, now=now, lease=lease)
        log.append(
            session, "claim.taken-over", at=now, agent=agent, conversation_id=one.id,
            epoch=epoch, taken_from=one.owner, reason=reason,
        )  # fmt: skip
    return claim(session, conversation_id, agent=agent, now=now, lease=lease, most=most)


def pass_on(
    session: Session, conversation_id: int, *, agent: str, to: str, now: Millis, lease: Millis, most: int = 0,
    epoch: int | None = None,
) -> None:  # fmt: skip
    """Hand one's own customer to a colleague who works here: all one holds of them; the drafts go along."""
    a = t.agents.c
    works_here = a.role != roles.REMOVED
    known = session.execute(select(a.name).where(roles.is_called(to), works_here)).scalar()
    if known is None:
        raise Refused(f"Nobody called {to!r} has worked here yet; see `shiftdesk agent list`.")
    check_held(session, _meant(session, conversation_id, agent, epoch), now)
    if known == agent:
        raise Refused(f"Conversation {conversation_id} is yours already; name a colleague.")
    mine = [one for one in _standing(session, conversation_id, now, lease) if one.owner == agent]
    _need_room(session, known, len(mine), now=now, most=most, you=False)
    for one in mine:
        passed = _hand_over(session, one, known, now=now, lease=lease)
        log.append(session, "claim.passed", at=now, agent=agent, conversation_id=one.id, to=known, epoch=passed)


def _standing(session: Session, conversation_id: int, now: Millis, lease: Millis) -> list[Any]:
    """The claims on the customer of a conversation; those that have run out go back to the queue."""
    rows = serving.claimed_of_person(session, conversation_id)
    for row in rows:
        if lapsing.is_lapsed(row, now):
            lapsing.lapse(session, row, now, lease)
    return [row for row in rows if not lapsing.is_lapsed(row, now)]


def _hand_over(session: Session, row: Any, to: str, *, now: Millis, lease: Millis) -> int:
    """One claim goes to another agent, with its draft; its new epoch."""
    epoch = session.execute(
        update(t.conversations)
        .where(is_good(Claim(row.id, row.owner, row.epoch), now))
        .values(owner=to, epoch=_c.epoch + 1, claimed_at=now, timer_at=now + max(lease, 1))
        .returning(_c.epoch)
    ).scalar_one()
    session.execute(update(t.drafts).where(t.drafts.c.conversation_id == row.id).values(agent=to))
    return int(epoch)


# -- letting go -------------------------------------------------------------------------------------


def release(session: Session, conversation_id: int, *, agent: str, now: Millis, epoch: int | None = None) -> str:
    """Put one's own conversation back, draft included; the state it is in now."""
    row = _row(session, conversation_id)
    state = resting(row.waiting_since, row.answered_at, row.settled_at)
    _change(session, Claim(conversation_id, agent, row.epoch if epoch is None else epoch), now, **_free(state))
    log.append(session, "claim.released", at=now, agent=agent, conversation_id=conversation_id, state=state)
    return state


def skip(session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, span: Millis) -> None:
    """Pass over a conversation: it stays for others, and one's own claim on it ends."""
    _need(reason, "Say why you skip it")
    row = _row(session, conversation_id)
    if row.state == "claimed" and row.owner == agent:
        release(session, conversation_id, agent=agent, now=now)
    elif row.state == "claimed" and not lapsing.is_lapsed(row, now):
        raise refusing.held(session, row, agent, now)
    session.execute(delete(t.skips).where(t.skips.c.conversation_id == conversation_id, t.skips.c.agent == agent))
    session.execute(t.skips.insert().values(conversation_id=conversation_id, agent=agent, until=now + span))
    log.append(session, "conversation.skipped", at=now, agent=agent, conversation_id=conversation_id, reason=reason)


def snooze(
    session: Session, conversation_id: int, *, agent: str, until: Millis, now: Millis, lease: Millis,
    epoch: int | None = None,
) -> None:  # fmt: skip
    """Let a conversation rest until a time; a new word of the customer wakes it earlier."""
    if until <= now:
        raise Refused("That time is over; give one that lies ahead, such as 2h or 2026-02-11T09:00Z.")
    mine = _hold(session, conversation_id, agent=agent, now=now, lease=lease, epoch=epoch)
    _change(session, mine, now, **_free("snoozed") | {"timer_at": until})
    log.append(
        session, "conversation.snoozed", at=now, agent=agent, conversation_id=conversation_id, until=clock.iso(until)
    )


def resolve(
    session: Session, conversation_id: int, *, agent: str, reason: str, now: Millis, lease: Millis,
    epoch: int | None = None,
) -> None:  # fmt: skip
    """Close a conversation: what we have seen of it by now is dealt with."""
    _need(reason, "Say why it is resolved")
    mine = _hold(session, conversation_id, agent=agent, now=now, lease=lease, epoch=epoch)
    _change(session, mine, now, **_free("resolved") | {"settled_at": now, "waiting_since": None, "reasons": []})
    log.append(session, "conversation.resolved", at=now, agent=agent, conversation_id=conversation_id, reason=reason)


# -- without a claim --------------------------------------------------------------------------------


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


def see(session: Session, conversation_id: int, *, agent: str) -> None:
    """The agent has seen the conversation as it is now; what others change later is news to them."""
    _row(session, conversation_id)
    _see(session, conversation_id, agent)


_SEE = text(
    "INSERT INTO seen (conversation_id, agent, event_id) "
    "VALUES (:conversation, :agent, (SELECT COALESCE(MAX(id), 0) FROM event)) "
    "ON CONFLICT (conversation_id, agent) DO UPDATE SET event_id = excluded.event_id"
)


def _see(session: Session, conversation_id: int, agent: str) -> None:
    session.execute(_SEE, {"conversation": conversation_id, "agent": agent})


# -- holding ----------------------------------------------------------------------------------------


def renew(session: Session, *, agent: str, now: Millis, lease: Millis) -> int:
    """The agent is there: none of their claims lapses before `now + lease`. How many they hold.

    A claim whose lease has run out is not theirs any more, and is not renewed.
    """
    result = session.execute(
        update(t.conversations)
        .where(_c.state == "claimed", _c.owner == agent, _c.timer_at > now)
        .values(timer_at=now + max(lease, 1))
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def keep(session: Session, mine: Claim, *, now: Millis, lease: Millis) -> None:
    """Renew one claim, which nobody can have taken then before this transaction ends. Raises Refused."""
    _change(session, mine, now, timer_at=now + max(lease, 1))


def check_held(session: Session, mine: Claim, now: Millis) -> None:
    """Raise Refused unless the claim is still good."""
    if session.execute(select(_c.id).where(is_good(mine, now))).first() is None:
        refuse_gone(session, mine, now)


def held(session: Session, conversation_id: int, *, agent: str, now: Millis) -> Claim:
    """The agent's claim on a conversation as it stands. Raises Refused where they have none."""
    mine = _meant(session, conversation_id, agent, None)
    check_held(session, mine, now)
    return mine


def is_good(mine: Claim, now: Millis) -> ColumnElement[bool]:
    """The claim is good: owner, epoch, and its lease runs. A condition on the row of its conversation."""
    return and_(
        _c.id == mine.conversation_id, _c.state == "claimed", _c.owner == mine.agent, _c.epoch == mine.epoch,
        _c.timer_at > now,
    )  # fmt: skip


def refuse_gone(session: Session, mine: Claim, now: Millis) -> NoReturn:
    """Say what became of a claim that is good no more."""
    raise refusing.gone(session, _row(session, mine.conversation_id), agent=mine.agent, epoch=mine.epoch, now=now)


def _meant(session: Session, conversation_id: int, agent: str, epoch: int | None) -> Claim:
    """The agent's claim of this epoch, or (None) the one that stands if any does."""
    stands = _row(session, conversation_id)
    return Claim(conversation_id, agent, stands.epoch if epoch is None else epoch)


def _hold(
    session: Session, conversation_id: int, *, agent: str, now: Millis, lease: Millis, epoch: int | None
) -> Claim:
    """Snoozing and resolving take a free conversation on the way, however many the agent holds."""
    if epoch is not None:
        return Claim(conversation_id, agent, epoch)
    taken = _take(session, conversation_id, agent=agent, now=now, lease=lease, most=0)
    if taken is None:
        return _meant(session, conversation_id, agent, None)
    _see(session, conversation_id, agent)
    return taken


def _change(session: Session, mine: Claim, now: Millis, **values: Any) -> None:
    """One guarded statement on owner, epoch and lease."""
    changed = session.execute(update(t.conversations).where(is_good(mine, now)).values(**values))
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        refuse_gone(session, mine, now)


def _free(state: str) -> dict[str, Any]:
    """The columns of a conversation that nobody holds any more."""
    return {"state": state, "owner": None, "claimed_at": None, "timer_at": None, "epoch": _c.epoch + 1}


def _row(session: Session, conversation_id: int) -> Any:
    row = session.execute(select(t.conversations).where(_c.id == conversation_id)).first()
    if row is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    return row


def _need(text: str, demand: str) -> None:
    if not text.strip():
        raise Refused(f"{demand} in a few words (--reason or --text).")
