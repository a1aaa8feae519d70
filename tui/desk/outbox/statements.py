"""What the transitions of a reply share: the guarded statement, its event, and which replies belong together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, exists, or_, select, text, update
from sqlmodel import Session

from tui.clock import Millis
from tui.errors import Refused
from tui.store import log
from tui.store import tables as t

r = t.replies.c


def is_open() -> TextClause:
    """Replies that are not dealt with, in the words of the index that finds them among a million."""
    return text("reply.state NOT IN ('sent', 'recalled')")


def change(session: Session, reply_id: int, states: Sequence[str], *also: ColumnElement[bool], **values: Any) -> Any:
    """Change a reply that is in one of these states; its row as it is now. Raises Refused where it is not."""
    row = session.execute(
        update(t.replies).where(r.id == reply_id, r.state.in_(states), *also).values(**values).returning(t.replies)
    ).first()
    if row is None:
        raise not_so(reply_id, states)
    return row


def not_so(reply_id: int, states: Sequence[str]) -> Refused:
    """The sentence for a step out of turn."""
    return Refused(f"Reply {reply_id} is not {' or '.join(states)}; see `shiftdesk outbox`.")


def event(
    session: Session, kind: str, reply: int, conversation_id: int, *, agent: str, now: Millis, **data: Any
) -> None:
    """The event of a transition."""
    log.append(session, kind, at=now, agent=agent, conversation_id=conversation_id, reply=reply, **data)


def together(reply_id: int) -> ColumnElement[bool]:
    """This reply and the other parts of its text."""
    asked = t.replies.alias().c
    return or_(r.id == reply_id, r.first_id == select(asked.first_id).where(asked.id == reply_id).scalar_subquery())


def behind(row: Any) -> ColumnElement[bool]:
    """The parts behind this one that have not begun to leave."""
    return and_(r.first_id == row.first_id, r.part > row.part, r.state.in_(("held", "queued")))


def leaves_through(account: int | None) -> ColumnElement[bool]:
    """Replies of one account; None: of all that have no login."""
    if account is not None:
        return r.account_id == account
    a = t.accounts.c
    return ~exists().where(a.id == r.account_id, a.server.is_not(None))


def is_braked() -> ColumnElement[bool]:
    """Replies of a handle whose brake is on."""
    a = t.accounts.c
    return exists().where(a.id == r.account_id, a.braked_at.is_not(None))
