"""What makes a worker single: a named lease in the database."""

from sqlalchemy import delete, insert, or_, update
from sqlmodel import Session

from tui.clock import Millis
from tui.store import tables as t

_l = t.leases.c


def take(session: Session, name: str, *, holder: str, now: Millis, span: Millis) -> bool:
    """Hold or renew the lease until `now + span`; False where another holds it."""
    free = or_(_l.holder == holder, _l.until <= now)
    taken = session.execute(
        update(t.leases).where(_l.name == name, free).values(holder=holder, until=now + span).returning(_l.name)
    ).first()
    if taken is not None:
        return True
    if session.get(t.Lease, name) is not None:
        return False
    session.execute(insert(t.leases).values(name=name, holder=holder, until=now + span))
    return True


def give_back(session: Session, name: str, *, holder: str) -> None:
    """End one's own lease."""
    session.execute(delete(t.leases).where(_l.name == name, _l.holder == holder))
