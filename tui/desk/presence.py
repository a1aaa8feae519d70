"""Which desks are open, and what their agents do there: a row a desk, and a beat as its sign of life.

A row whose beat is older than `tui.store.reader.GONE` is a desk whose process died or whose machine is out of reach;
its agent finds in it where they were. Each function runs in the caller's transaction.
"""

from collections.abc import Iterable

from sqlalchemy import and_, delete, insert, or_, update
from sqlmodel import Session

from tui.clock import DAY, Millis
from tui.store import tables as t
from tui.store.home import Connection
from tui.store.reader import Doing

KEPT: Millis = DAY
"""How long the row of a desk that is gone waits for its agent (ms)."""

_p = t.presences.c


def beat(
    session: Session,
    desk: str,
    *,
    agent: str,
    host: str,
    pid: int,
    doing: Doing,
    conversation_id: int | None,
    now: Millis,
) -> None:
    """The desk is alive, and this is what its agent does; a mere sign of life touches nothing else.

    A desk that was taken as gone is back with it.
    """
    as_before = and_(
        _p.id == desk, _p.doing == doing, _p.conversation_id.is_not_distinct_from(conversation_id),
        _p.dropped_at.is_(None),
    )  # fmt: skip
    if session.execute(update(t.presences).where(as_before).values(beat_at=now)).rowcount:  # type: ignore[attr-defined]
        return
    told = {"doing": doing, "conversation_id": conversation_id, "since": now, "beat_at": now, "dropped_at": None}
    if session.execute(update(t.presences).where(_p.id == desk).values(**told)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(t.presences).values(id=desk, agent=agent, host=host, pid=pid, **told))


def live(connection: Connection, desk: str, *, doing: Doing, conversation_id: int | None, now: Millis) -> bool:
    """A mere sign of life by plain SQL; False where the desk has more to tell, or is not known.

    It is told all shift long by desks at which nothing happens: a beat by the ORM costs them seven times as much.
    """
    told = connection.execute(_LIVE, {"desk": desk, "doing": doing, "at": conversation_id, "now": now})
    return bool(told.rowcount)


_LIVE = (
    "UPDATE presence SET beat_at = :now WHERE id = :desk AND doing = :doing "
    "AND COALESCE(conversation_id, 0) = COALESCE(:at, 0) AND dropped_at IS NULL"
)


def leave(session: Session, desk: str) -> None:
    """The desk was closed in an orderly way: nobody looks for anything there."""
    session.execute(delete(t.presences).where(_p.id == desk))


def drop(session: Session, desk: str, now: Millis) -> None:
    """The desk was told that its line is gone; where its agent was stays known."""
    session.execute(update(t.presences).where(_p.id == desk, _p.dropped_at.is_(None)).values(dropped_at=now))


def sweep(session: Session, now: Millis, *, seen: Iterable[str] = ()) -> None:
    """Forget desks that have been gone for long, and those in which their agent has `seen` where they were."""
    session.execute(delete(t.presences).where(or_(_p.beat_at < now - KEPT, _p.id.in_(list(seen)))))
