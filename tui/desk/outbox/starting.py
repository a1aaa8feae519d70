"""What is due leaves: one reply of a thread after the other, each `sending` before the network is called."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlmodel import Session

from tui.clock import LATEST, Millis
from tui.config import Config
from tui.desk.composition import composition
from tui.desk.outbox.returning import come_back, give_back
from tui.desk.outbox.second_look import stopped_now
from tui.desk.outbox.statements import change, event, is_braked, is_open, leaves_through, r, together
from tui.networks.records import Outgoing
from tui.store import tables as t


def send_now(session: Session, reply_id: int, *, agent: str, now: Millis) -> None:
    """End the undo window of a held reply early, and of its parts."""
    session.execute(update(t.replies).where(together(reply_id), r.state == "held", r.agent == agent).values(due_at=now))


def queue_due(session: Session, now: Millis, *, account: int | None = None) -> list[int]:
    """Held replies whose undo window is over are queued: those of one account, or (None) of all without a login."""
    rows = session.execute(
        update(t.replies)
        .where(is_open(), r.state == "held", r.due_at <= now, leaves_through(account))
        .values(state="queued")
        .returning(r.id, r.conversation_id, r.agent)
    ).all()
    for row in rows:
        event(session, "reply.queued", row.id, row.conversation_id, agent=row.agent, now=now)
    return [row.id for row in rows]


def start_sending(
    session: Session, now: Millis, config: Config, *, account: int | None = None
) -> tuple[int, Outgoing | None] | None:
    """The oldest queued reply, now `sending`; committed before the network is called. None where nothing may leave.

    It is one of this account, or (None) of an account without a login. None leaves whose handle is braked, before its
    time, or before an earlier one of its thread.

    The guard looks once more. What stops it now, and was not answered when it was held, keeps it here: it has failed
    or, a scheduled one, come back; its text is the draft again, and there is no Outgoing.
    """
    row = session.execute(
        select(t.replies)
        .where(
            is_open(), r.state == "queued", r.due_at <= now, leaves_through(account), ~is_braked(),
            _comes_next(), _may_leave(),
        )
        .order_by(r.id)
        .limit(1)
    ).first()  # fmt: skip
    if row is None:
        return None
    why = stopped_now(session, row, config, now)
    if why and row.scheduled:
        come_back(session, row.id, why, now=now)
        return row.id, None
    if why:
        change(session, row.id, ("queued",), state="failed", error=why)
        give_back(session, row, why, agent=row.agent, now=now, guard=True)
        return row.id, None
    change(session, row.id, ("queued",), state="sending", tried_at=now, attempts=r.attempts + 1, error=None)
    event(session, "reply.sending", row.id, row.conversation_id, agent=row.agent, now=now)
    return row.id, outgoing(session, row)


def put_back(session: Session, reply_id: int, *, tried_at: Millis, now: Millis) -> None:
    """Nothing was given to the network: it is queued again. Refused where another has taken it over since then."""
    row = change(
        session, reply_id, ("sending",), r.tried_at == tried_at, state="queued", attempts=r.attempts - 1
    )  # fmt: skip
    event(session, "reply.queued", row.id, row.conversation_id, agent=row.agent, now=now)


def _comes_next() -> ColumnElement[bool]:
    """None overtakes an earlier reply of its thread of which is not known that it is out, or that it is not."""
    earlier = t.replies.alias().c
    on_their_way = ("queued", "sending", "unknown")
    return ~exists().where(
        earlier.conversation_id == r.conversation_id, earlier.id < r.id, earlier.state.in_(on_their_way)
    )


def _may_leave() -> ColumnElement[bool]:
    """A part leaves only after the one before it has arrived."""
    before = t.replies.alias().c
    return or_(
        r.part == 1,
        exists().where(
            before.conversation_id == r.conversation_id,
            and_(before.first_id == r.first_id, before.part == r.part - 1, before.state == "sent"),
        ),
    )


def unsettled(
    session: Session,
    states: Sequence[str] = ("sending",),
    *,
    account: int | None = None,
    now: Millis = LATEST,
) -> list[tuple[int, Outgoing]]:
    """Replies that a sender left behind without a clear answer, of one account or (None) of all without a login.

    `now`: those that are to be looked up by then.
    """
    chosen = (
        select(t.replies)
        .where(is_open(), r.state.in_(states), r.due_at <= now, leaves_through(account))
        .order_by(r.id)
    )  # fmt: skip
    rows = session.execute(chosen).all()
    return [(row.id, outgoing(session, row)) for row in rows]


def outgoing(session: Session, row: Any) -> Outgoing:
    """A reply as its network is given it, the same in every try."""
    network, native_id, kind = session.execute(
        select(t.posts.c.network, t.posts.c.native_id, t.posts.c.kind).where(t.posts.c.id == row.post_id)
    ).one()
    handle = session.execute(select(t.accounts.c.handle).where(t.accounts.c.id == row.account_id)).scalar()
    recipient = session.execute(
        select(t.authors.c.native_id)
        .join(t.conversations, t.conversations.c.author_id == t.authors.c.id)
        .where(t.conversations.c.id == row.conversation_id)
    ).scalar_one()
    made_of = composition(row.composition)
    private = row.private or kind == "dm"  # whatever was decided when it was held
    return Outgoing(
        network, handle, native_id, row.text, row.key, private,
        media=made_of.media if row.part == 1 else (), warning=made_of.warning,
        visibility="" if private else made_of.visibility, recipient=recipient, created_at=row.created_at,
    )  # fmt: skip
