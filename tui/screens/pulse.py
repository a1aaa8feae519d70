"""The desk's pulse: a plain thread with a connection of its own tells that the desk is alive and what its agent does.

It needs neither the event loop nor the threads of `tui.screens.work`: a terminal that stopped reading, or a change
that waits, takes nobody's claim. While the agent types or moves it renews the leases of their claims.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.clock import Millis
from tui.store.home import Home
from tui.store.reader import GONE, Doing, PresentRow, Reader
from tui.store.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

BEAT_S = 2.5
"""How often the desk tells that it is alive (s); a desk is gone after GONE without."""
SETTLE_S = 0.3
"""How long one looks at a conversation before that is told (s): moving through a list tells nothing."""
CLOSE_S = 2
"""How long the end of the desk waits for its last word (s)."""


class Pulse:
    """What one open desk tells of itself."""

    def __init__(self, home: Home, agent: str, lease: Millis) -> None:
        self.desk = secrets.token_hex(8)
        self.agent, self.host, self.pid = agent, socket.gethostname(), os.getpid()
        self.lent: Callable[[], bool] = lambda: False
        """Whether another program has the terminal, and its keys."""
        self._store, self._lease = Store(home), lease
        self._jobs: Any = None
        self._thread: threading.Thread | None = None
        self._ended = False
        self._doing: tuple[Doing, int | None] = "looks", None
        self._due: float | None = None
        """When what has changed is told; None: nothing has."""
        self._changed = threading.Condition()
        self._telling = threading.Lock()
        """One of the threads that tell has the database."""
        self._stirred: float | None = None
        """When the agent last touched a key; None: not yet."""
        self._renewed = time.monotonic()
        self._used = _last_used()

    # -- from the loop ----------------------------------------------------------------------------

    @property
    def stirred(self) -> bool:
        """Whether the agent has touched a key yet."""
        return self._stirred is not None

    def stir(self) -> None:
        """The agent has touched a key: their claims stay alive."""
        self._stirred = time.monotonic()

    def tell(self, doing: Doing, conversation_id: int | None) -> None:
        """What the agent does now, and where; told at once, only what they look at after a moment."""
        with self._changed:
            if (doing, conversation_id) == self._doing:
                return
            only_looks = doing == self._doing[0] == "looks"
            waits = self._due is not None
            self._doing = doing, conversation_id
            self._due = time.monotonic() + (SETTLE_S if only_looks else 0)
            if not (only_looks and waits):  # who moves through a list wakes nobody with each row
                self._changed.notify()

    def start(self, jobs: Any) -> None:
        """Begin, once `tui.screens.jobs` is loaded; a second time it goes on as it is."""
        if self._thread is None:
            self._jobs = jobs
            self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
            self._thread.start()

    # -- the end ----------------------------------------------------------------------------------

    def drop(self) -> None:
        """The line is gone, and the desk ends: what its agent did stays to be found. Raises OutOfReach."""
        self._say_last("drop")

    def close(self, *, orderly: bool) -> None:
        """The desk ends: in an orderly way it leaves nothing, else what its agent did stays to be found."""
        if self._thread is None or self._ended:
            return
        last = threading.Thread(target=self._close, args=("leave" if orderly else "drop",), daemon=True)
        last.start()
        last.join(CLOSE_S)

    def _close(self, word: str) -> None:
        with suppress(Exception):  # out of reach: the silence says it, too
            self._say_last(word)
            self._store.close()

    def _say_last(self, word: str) -> None:
        if self._thread is None:
            return
        with self._changed:
            self._ended = True
            self._changed.notify()
        with self._telling, self._store.transaction() as session:
            getattr(self._jobs, word)(session, desk=self.desk)

    # -- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        _hurry(self._store.engine)
        while not self._ended:
            with suppress(Exception):  # out of reach for now: it goes on trying, and the desk itself says so
                self._beat()
            self._rest()

    def _beat(self) -> None:
        with self._changed:
            (doing, conversation_id), self._due = self._doing, None
        at, used = time.monotonic(), _last_used() if self.lent() else self._used
        moved = used != self._used or (self._stirred or 0) > self._renewed
        with self._telling:
            if self._ended or (not moved and self._lives(doing, conversation_id)):
                return
            with self._store.transaction() as session:
                self._jobs.beat(
                    session, desk=self.desk, agent=self.agent, host=self.host, pid=self.pid,
                    doing=doing, conversation_id=conversation_id, lease=self._lease if moved else None,
                )  # fmt: skip
        if moved:
            self._renewed, self._used = at, used

    def _lives(self, doing: Doing, conversation_id: int | None) -> bool:
        """Tell that all is as it was, without the desk for oneself: no rule reads it; False where it is not so."""
        self._store.home.check()
        with closing(self._store.engine.raw_connection()) as connection:
            plain = self._store.home.plain(connection.dbapi_connection)
            lives: bool = self._jobs.live(plain, desk=self.desk, doing=doing, conversation_id=conversation_id)
            connection.commit()
        return lives

    def _rest(self) -> None:
        """Until the next beat, or until what has changed is to be told."""
        until = time.monotonic() + BEAT_S
        with self._changed:
            while not self._ended:
                left = min(until, self._due or until) - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def died(self, row: PresentRow) -> bool:
        """Whether a desk of this host ended without a word, which its silence does not tell yet."""
        if row.host != self.host or row.pid == self.pid:
            return False
        try:
            os.kill(row.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # somebody else's: it lives
        return False


class Ear:
    """Hears in the thread that watches who is at the desk, and tells only what differs."""

    def __init__(self, now: Callable[[], Millis], tell: Callable[[tuple[PresentRow, ...]], None]) -> None:
        self._now, self._tell = now, tell
        self._told: tuple[tuple[Any, ...], ...] = ()
        self._silent_at: Millis = 0
        """When the next of them has been silent for too long, unless they beat meanwhile."""

    def look(self, reader: Reader, changed: bool) -> None:
        """Read who is there where the desk changed, or where time may have changed it."""
        now = self._now()
        if not changed and now <= self._silent_at:
            return
        rows = tuple(reader.present(now))
        alive = [row.beat_at for row in rows if row.doing != "dropped"]
        self._silent_at = min(alive, default=now) + GONE
        if (new := tuple(row[:-1] for row in rows)) != self._told:
            self._told = new
            self._tell(rows)


def _hurry(engine: "Engine") -> None:
    """A beat need not outlive a power cut: where that is safe its commit does not wait for the disk."""
    from sqlalchemy import event

    event.listen(engine, "connect", partial(_unhurried, engine.dialect.name))


def _unhurried(kind: str, connection: Any, _record: Any) -> None:
    if kind == "postgresql":
        connection.execute("SET synchronous_commit = off")
        connection.commit()
    elif connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":  # safe only there
        connection.execute("PRAGMA synchronous = NORMAL")


def _last_used() -> float:
    """When a key of the terminal was last read, to eight seconds; the system keeps it for `w`."""
    with suppress(OSError):
        return os.fstat(0).st_atime
    return 0.0
