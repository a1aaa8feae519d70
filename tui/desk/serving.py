"""Which conversations may be taken, as conditions and statements of the database.

A claim is on the whole customer: who holds one conversation of a person has the others with it. That follows from
what is claimed and is stored nowhere; an index has the claimed conversations by author.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import Session

from tui.clock import MINUTE, Millis
from tui.desk import roles
from tui.store import tables as t
from tui.store.reader import GONE

LOOKS: Millis = 2 * MINUTE
"""Whose cursor rests on a conversation for longer does not keep it from being served (ms)."""
LOOKED_THROUGH = 100
"""So many that wait are looked through for one that nobody looks at."""

WANTED, NOW, UNTIL = (bindparam(name, type_=BigInteger) for name in ("wanted", "now", "until"))
AGENT, MOST = bindparam("agent", type_=String), bindparam("most", type_=Integer)
_c = t.conversations.c


def held(c: Any) -> ColumnElement[bool]:
    """Somebody has it, and their lease runs. The state stands in the very words of the index `conversation_held`."""
    return and_(c.state == literal_column("'claimed'"), c.timer_at > NOW)


def _reserved(c: Any) -> ColumnElement[bool]:
    """A colleague holds another conversation of its customer."""
    w, s = t.authors.alias("w"), t.authors.alias("s")
    o, p = t.conversations.alias("o"), t.conversations.alias("p")
    # One in the other, from the person to their claims: as a join, SQLite would go through all that is claimed.
    held_by_others = exists().where(p.c.author_id == s.c.id, _a_colleagues(p.c, c)).correlate_except(p)
    same_person = exists().where(s.c.customer_id == w.c.customer_id, held_by_others).correlate_except(s)
    return or_(
        exists().where(o.c.author_id == c.author_id, _a_colleagues(o.c, c)),
        exists().where(w.c.id == c.author_id, same_person),
    )


def _a_colleagues(other: Any, c: Any) -> ColumnElement[bool]:
    return and_(held(other), other.owner != AGENT, other.id != c.id)


def _looked_at(c: Any) -> ColumnElement[bool]:
    """A colleague has come to it a moment ago, and is there."""
    p = t.presences.c
    return exists().where(
        p.conversation_id == c.id, p.doing != "away", p.agent != AGENT, p.dropped_at.is_(None),
        p.beat_at.between(NOW - GONE, NOW + GONE), p.since > NOW - LOOKS,
    )  # fmt: skip


_mine = t.conversations.alias("m")
HOLDS = select(func.count()).select_from(_mine).where(_mine.c.owner == AGENT, held(_mine.c))
"""How many conversations an agent has."""
_who = t.agents.c
_may = and_(
    or_(MOST == 0, HOLDS.scalar_subquery() < MOST), ~exists().where(_who.name == AGENT, _who.role == roles.REMOVED)
)
"""The agent has room, and was not removed while their desk was open."""

_TAKEN = {"state": "claimed", "owner": AGENT, "epoch": _c.epoch + 1, "claimed_at": NOW, "timer_at": UNTIL}
TAKE = (
    update(t.conversations)
    .where(_c.id == WANTED, _c.state != "claimed", ~_reserved(_c), _may)
    .values(_TAKEN)
    .returning(_c.id, _c.epoch)
)
"""Take one that nobody has; `agent`, `now`, `until` the end of the lease, `most` as an agent may hold (0: any)."""

_n = t.conversations.alias("n")
_k = t.skips.c
_skipped = exists().where(_k.conversation_id == _n.c.id, _k.agent == AGENT, _k.until > NOW)
_served = (
    select(_n.c.id)
    .where(_n.c.state == "new", ~_skipped, ~_reserved(_n.c))
    .order_by(_n.c.rank, _n.c.id)
)  # fmt: skip
TAKE_FIRST = (
    update(t.conversations)
    .where(
        _c.id == _served.limit(1).with_for_update(of=_n, skip_locked=True).scalar_subquery(), ~_looked_at(_c), _may
    )
    .values(_TAKEN)
    .returning(_c.id, _c.epoch)
)  # fmt: skip
"""Take what is served first, where no colleague looks at it; values as for TAKE."""
_FIRST_ONES = _served.add_columns(
    (_n.c.rank - func.coalesce(_n.c.waiting_since, _n.c.rank)).label("ahead"), _looked_at(_n.c).label("looked_at")
).limit(LOOKED_THROUGH)
"""`ahead`: by how much its points put it before its time in the queue (ms, below zero)."""


def choose(session: Session, values: dict[str, Any]) -> int | None:
    """What is served to somebody, where a colleague looks at the first; None where nothing waits for them.

    Another that nobody looks at and that is as urgent by its points; where there is none, the first all the same.
    """
    waiting: Sequence[Any] = session.execute(_FIRST_ONES, values).all()
    if not waiting:
        return None
    as_urgent = (one.id for one in waiting if not one.looked_at and one.ahead <= waiting[0].ahead)
    return int(next(as_urgent, waiting[0].id))


_wrote = select(_c.author_id).where(_c.id == WANTED).scalar_subquery()
_w, _s = t.authors.alias("w"), t.authors.alias("s")
_joined = select(_s.c.id).join_from(_w, _s, _s.c.customer_id == _w.c.customer_id).where(_w.c.id == _wrote)
_OF_PERSON = (
    select(_n)
    .where(_n.c.state == literal_column("'claimed'"), or_(_n.c.author_id == _wrote, _n.c.author_id.in_(_joined)))
    .order_by(_n.c.id)
)


def claimed_of_person(session: Session, conversation_id: int) -> Sequence[Any]:
    """The claimed conversations, lapsed ones too, of whoever wrote this one, joined authors being one person."""
    return session.execute(_OF_PERSON, {"wanted": conversation_id}).all()
