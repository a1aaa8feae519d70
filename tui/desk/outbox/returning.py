"""Back from its way out: recalled by its agent or by the desk, or failed. What did not go out is the draft again."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import claims, drafts, leaving, priority, privately
from tui.desk.canned import usage
from tui.desk.composition import composition
from tui.desk.outbox.statements import behind, change, event, is_braked, is_open, r, together
from tui.errors import Refused
from tui.networks import limits
from tui.store import tables as t
from tui.store.store import reading
from tui.text import line

LEASE: Millis = Config().desk.lease
"""Of a claim that comes with a reply that is back; an open desk renews it as it is configured."""


def recall(session: Session, reply_id: int, *, agent: str, now: Millis) -> bool:
    """Take back a reply that is still held, with all its parts that are; whether its text is the draft again.

    So can one that waits for a brake, a limit or its network, and of which nothing was ever tried. Where some parts
    are out, the text is what has not gone. It is no draft where a newer one stands. The conversation of a scheduled
    reply is its agent's again, where no colleague has it.
    """
    rows = session.execute(
        update(t.replies)
        .where(is_open(), together(reply_id), or_(r.state == "held", _waits(now)), r.agent == agent)
        .values(state="recalled")
        .returning(t.replies)
    ).all()
    if not rows:
        raise Refused("That reply is not held any more; it can no longer be recalled.")
    first = min(rows, key=lambda row: row.part)
    usage.take_back(session, first.id)
    event(session, "reply.recalled", first.id, first.conversation_id, agent=agent, now=now)
    if first.scheduled and _owner(session, first.conversation_id) is None and not _with_its_agent(session, first, now):
        on_top(session, first.conversation_id, "its scheduled reply was recalled", now)
    return restore(session, first, agent=agent, now=now)


def _waits(now: Millis) -> ColumnElement[bool]:
    """Queued, and not to leave for now."""
    return and_(r.state == "queued", r.attempts == 0, or_(r.due_at > now, is_braked()))


def come_back(session: Session, reply_id: int, why: str, *, now: Millis) -> None:
    """The desk takes a scheduled reply back: its thread has changed, or its guard stops it.

    With the parts behind it it is the draft again, of whoever has the conversation. Nobody does: its writer has it
    where their shift is open, and else it waits in the queue, before all that is not dangerous.
    """
    row = change(session, reply_id, ("held", "queued"), r.scheduled, state="recalled", error=why)
    session.execute(update(t.replies).where(is_open(), behind(row)).values(state="recalled", error=why))
    usage.take_back(session, row.id)
    owner = _owner(session, row.conversation_id)
    on_shift = owner is None and reading(session).open_shift(row.agent) is not None
    if on_shift and _with_its_agent(session, row, now):
        owner = row.agent
    to = {"owner": owner} if owner not in (None, row.agent) else {}
    event(session, "reply.returned", row.id, row.conversation_id, agent=row.agent, now=now, why=why, **to)
    restore(session, row, agent=owner or row.agent, now=now)
    on_top(session, row.conversation_id, f"its scheduled reply came back: {why}", now)


def _with_its_agent(session: Session, row: Any, now: Millis) -> bool:
    """Whoever wrote it has the conversation again, however many they hold, unless a colleague has its customer;
    whether they have."""
    with suppress(Refused):
        claims.reach(session, row.conversation_id, agent=row.agent, now=now, lease=LEASE)
        return True
    return False


def still_to_go(session: Session, row: Any) -> str:
    """The text of a reply as it was typed, with that of the parts behind it."""
    around = composition(row.composition).around
    if row.parts == 1 or privately.is_pointer(row):
        return leaving.as_typed(row.text, around)
    rows = session.execute(select(t.replies).where(r.first_id == row.first_id).order_by(r.part)).all()
    gone = [one.text for one in rows if one.part < row.part]
    return leaving.as_typed(limits.left(rows[0].whole, gone, lead=_lead(session, row.conversation_id)), around)


def _lead(session: Session, conversation_id: int) -> str:
    c, w = t.conversations.c, t.authors.c
    found = select(c.network, w.handle).join(t.authors, w.id == c.author_id).where(c.id == conversation_id)
    network, handle = session.execute(found).one()
    return leaving.lead(network, handle)


def restore(session: Session, row: Any, *, agent: str, now: Millis) -> bool:
    """What did not go out, from this part on, becomes the draft again, where none was begun meanwhile.

    Where a first part is out, the canned responses were used in that.
    """
    made_of = privately.as_draft(composition(row.composition))
    return drafts.restore(
        session, row.conversation_id, still_to_go(session, row),
        agent=agent, made_of=made_of if row.part == 1 else replace(made_of, inserted=()), now=now,
        account_id=row.account_id,
    )  # fmt: skip


def give_back(session: Session, row: Any, why: str, *, agent: str, now: Millis, **data: Any) -> None:
    """A reply has failed, and with it the parts behind it. What is not out is the draft of whoever has the
    conversation now, else of its writer."""
    rest = session.execute(
        update(t.replies).where(behind(row)).values(state="failed", error=why).returning(r.id)
    ).scalars()  # fmt: skip
    if ids := sorted(rest):
        data["rest"] = ids
    usage.take_back(session, row.id)
    owner = _owner(session, row.conversation_id) or row.agent
    if owner != row.agent:
        data["owner"] = owner
    event(session, "reply.failed", row.id, row.conversation_id, agent=agent, now=now, why=why, **data)
    restore(session, row, agent=owner, now=now)
    on_top(session, row.conversation_id, f"our reply has failed: {why}", now)


def on_top(session: Session, conversation_id: int, why: str, now: Millis) -> None:
    """A conversation whose reply did not leave waits before all that is not dangerous; whoever holds it keeps it."""
    c = t.conversations.c
    row = session.execute(select(t.conversations).where(c.id == conversation_id)).one()
    waiting_since = now if row.waiting_since is None else row.waiting_since
    reasons = [*priority.without_unsent(row.reasons), priority.unsent(line(why))]
    values = {"waiting_since": waiting_since, "reasons": reasons, "rank": priority.rank(waiting_since, reasons)}
    if row.state not in ("new", "claimed"):
        values |= {"state": "new", "timer_at": None, "epoch": c.epoch + 1}
    session.execute(update(t.conversations).where(c.id == conversation_id).values(**values))


def _owner(session: Session, conversation_id: int) -> str | None:
    """Who has a conversation."""
    c = t.conversations.c
    return session.execute(select(c.owner).where(c.id == conversation_id, c.state == "claimed")).scalar()
