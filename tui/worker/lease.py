"""What makes a worker single: named leases in the database."""

from collections.abc import Callable

from sqlalchemy import delete, insert, or_, update
from sqlmodel import Session

from tui.clock import SECOND, Millis
from tui.store import tables as t
from tui.store.store import Store

SPAN: Millis = 15 * SECOND
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


def confirm(session: Session, name: str, *, holder: str, until: Millis) -> bool:
    """Inside a change: whether the lease is still ours, which it stays until the change is committed."""
    mine = update(t.leases).where(_l.name == name, _l.holder == holder).values(until=until).returning(_l.name)
    return session.execute(mine).first() is not None


def give_back(session: Session, name: str, *, holder: str) -> None:
    """End one's own lease."""
    session.execute(delete(t.leases).where(_l.name == name, _l.holder == holder))


class Held:
    """One lease, as one holder has it or not."""

    def __init__(self, store: Store, name: str, holder: str, clock: Callable[[], Millis]) -> None:
        self._store = store
        self._name = name
        self._holder = holder
        self._clock = clock
        self._until: Millis = 0

    @property
    def now(self) -> bool:
        """Whether it is held at this moment, by what is known here.

        One that would last longer than it can was taken before the clock was set back: it is asked for anew.
        """
        return 0 < self._until - self._clock() <= SPAN

    def keep(self, session: Session | None = None) -> bool:
        """Hold it; it is renewed only when half of it is over, so that an idle desk writes little.

        With a running transaction: whether what this writes may be committed, because nobody else has it.
        """
        if session is not None:
            return confirm(session, self._name, holder=self._holder, until=self._clock() + SPAN)
        if not SPAN // 2 <= self._until - self._clock() <= SPAN:
            with self._store.transaction() as session:
                now = self._clock()
                held = take(session, self._name, holder=self._holder, now=now, span=SPAN)
            self._until = now + SPAN if held else 0
        return self.now

    def forget(self) -> None:
        """It may be gone: the storage was out of reach."""
        self._until = 0

    def give_back(self) -> None:
        """End it, where it is held."""
        if self._until:
            with self._store.transaction() as session:
                give_back(session, self._name, holder=self._holder)
            self._until = 0
