"""Customers: one person behind several authors, on one network or on several.

Each change is one short transaction with its event, in the caller's session. What the guard says of one person
(`same-text`, `same-customer`) it says of all their authors together.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk.freshness import account_name
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t

_a = t.authors.c
_c = t.conversations.c


def join(session: Session, conversations: Iterable[int], *, agent: str, now: Millis) -> int:
    """The authors of these conversations are one person, with everybody joined to them before. The person's id.

    Joining again what is joined changes nothing. Our own authors are nobody's customer.
    """
    wanted = list(dict.fromkeys(conversations))
    authors = [_author_of(session, one) for one in wanted]
    for author in authors:
        _refuse_own(session, author)
    if len({author.id for author in authors}) < 2:
        raise Refused("That is one author; name conversations of at least two.")
    group = _group(session, authors)
    person = min(author.id for author in group)
    moved = session.execute(
        update(t.authors)
        .where(_a.id.in_([author.id for author in group]), or_(_a.customer_id.is_(None), _a.customer_id != person))
        .values(customer_id=person)
        .returning(_a.id)
    ).all()
    if moved:
        for one in wanted:
            log.append(
                session, "customer.joined", at=now, agent=agent, conversation_id=one,
                customer=person, authors=[author.id for author in group],
            )  # fmt: skip
    return int(person)


def split(session: Session, conversation_id: int, *, agent: str, now: Millis) -> None:
    """The author of this conversation is a person by themselves; the others stay together."""
    author = _author_of(session, conversation_id)
    if author.customer_id is None:
        raise Refused(f"@{author.handle} on {author.network} is joined with nobody.")
    rest = [one.id for one in _group(session, [author]) if one.id != author.id]
    person = min(rest) if len(rest) > 1 else None
    session.execute(update(t.authors).where(_a.id == author.id).values(customer_id=None))
    session.execute(update(t.authors).where(_a.id.in_(rest)).values(customer_id=person))
    log.append(
        session, "customer.split", at=now, agent=agent, conversation_id=conversation_id,
        customer=author.customer_id, author=author.id,
    )  # fmt: skip


def _author_of(session: Session, conversation_id: int) -> Any:
    author = session.execute(
        select(t.authors).join(t.conversations, _c.author_id == _a.id).where(_c.id == conversation_id)
    ).first()
    if author is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    return author


def _refuse_own(session: Session, author: Any) -> None:
    ours = t.accounts.c
    names = session.execute(select(ours.name).where(ours.network == author.network)).scalars()
    if account_name(author.handle) in set(names):
        raise Refused(f"@{author.handle} on {author.network} is one of our own accounts; it is nobody's customer.")


def _group(session: Session, authors: Sequence[Any]) -> list[Any]:
    """These authors and all who are joined with one of them, by id."""
    people = {author.customer_id for author in authors} - {None}
    ids = [author.id for author in authors]
    which = or_(_a.id.in_(ids), _a.customer_id.in_(people))
    return list(session.execute(select(t.authors).where(which).order_by(_a.id)).all())
