"""Work off the event loop: one thread reads, one changes, one watches for what others changed.

State lives on the loop; what a thread made comes back to it as a result or a message.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui.errors import OutOfReach, ShiftdeskError, Unclear
from tui.store.home import Changes
from tui.store.reader import EventRow, Reader
from tui.store.store import Store

if TYPE_CHECKING:
    from sqlmodel import Session

WATCH_S = 0.25
"""How long the end of the desk may wait for the thread that watches (s)."""
AGAIN_S = 1
"""How soon a database that is out of reach is tried again (s)."""
BROKEN_S = 1
"""A connection that fails sooner is broken; what takes longer was waited for, as the next one would be (s)."""
SILENT_S = 7
"""A storage that has not answered by then is out of reach (s): it says itself within 5 s that somebody holds it."""
RESTART_S = 5
"""How long a companion that stumbled rests before it starts anew (s)."""
Result = TypeVar("Result")


class Companion(Protocol):
    """Something that runs beside the desk until it is told to stop: the worker."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        ...


class _Lane:
    """One thread of jobs. When one waited in vain for the storage, the others do not wait for it as well."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._closed: OutOfReach | None = None
        """Why no job is tried until one that is `trying` has reached the storage."""

    async def do(self, body: Callable[[], Result], *, trying: bool = False) -> Result:
        """Run it, after those before it. Raises OutOfReach, at once where it is closed."""
        if not trying:
            self._check()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, body, trying)

    def _do(self, body: Callable[[], Result], trying: bool) -> Result:
        if not trying:
            self._check()
        began = time.monotonic()
        try:
            done = body()
        except OutOfReach as error:
            if isinstance(error, Unclear) or time.monotonic() - began > BROKEN_S:
                self._closed = error
            raise
        self._closed = None
        return done

    def shut(self, error: OutOfReach) -> None:
        """No job is tried until the one in hand, or one that is `trying`, has reached the storage."""
        self._closed = error

    def _check(self) -> None:
        if self._closed is not None:
            raise Known(str(self._closed))

    def close(self, *, wait: bool) -> None:
        """End the thread, with what it has in hand or without."""
        self._thread.shutdown(wait=wait, cancel_futures=not wait)


class Known(OutOfReach):
    """Not even tried: the storage is out of reach, as was told before."""


class Work:
    """The threads of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads, self._changes = _Lane("reads"), _Lane("changes")
        self._loads = ThreadPoolExecutor(1, "loads")
        self.lost: Callable[[OutOfReach], None] = lambda _: None
        """Called on the loop when the storage turns out to be out of reach."""
        self.beside: Callable[[Reader, bool], None] = lambda _reader, _changed: None
        """Called in the watching thread whenever it has listened, and whether something changed."""
        self._reader: Reader | None = None
        self._stop = threading.Event()
        self._last = 0
        """The last event that the watching thread told."""
        self._threads: list[threading.Thread] = []

    async def read(self, job: Callable[[Reader], Result]) -> Result:
        """Run a reading job. Raises OutOfReach."""
        return await self._told(self._reads, partial(self._read, job))

    def _read(self, job: Callable[[Reader], Result]) -> Result:
        began, known = time.monotonic(), self._reader is not None
        try:
            return self._read_once(job)
        except OutOfReach:
            # A server that was started anew since is no reason to complain: only its old connection was broken.
            if not known or time.monotonic() - began > BROKEN_S:
                raise
            return self._read_once(job)

    def _read_once(self, job: Callable[[Reader], Result]) -> Result:
        if self._reader is None:
            self._reader = self._store.reader()
        try:
            return job(self._reader)
        except ShiftdeskError:
            raise
        except Exception as error:
            _close(self._reader)
            self._reader = None
            raise self._store.in_plain_words(error) from error

    async def change(self, job: "Callable[[Session], Result]") -> Result:
        """Run one transaction. Raises Refused, OutOfReach, or Unclear where it may have happened."""
        return await self._told(self._changes, partial(self._change, job))

    def _change(self, job: "Callable[[Session], Result]") -> Result:
        with self._store.transaction() as session:
            return job(session)

    async def _told(self, lane: _Lane, body: Callable[[], Result]) -> Result:
        silence = asyncio.get_running_loop().call_later(SILENT_S, self._silent, lane)
        try:
            return await lane.do(body)
        except Known:
            raise
        except OutOfReach as error:
            self.lost(error)
            raise
        finally:
            silence.cancel()

    def _silent(self, lane: _Lane) -> None:
        """A job waits for an answer: nothing else waits behind it."""
        error = OutOfReach(f"The database {self._store.location} does not answer; what waits is done when it does.")
        lane.shut(error)
        self.lost(error)

    async def try_again(self, job: "Callable[[Session], object]") -> None:
        """Whether the storage is back: read, and run a job that changes something. Raises OutOfReach."""
        await self._changes.do(partial(self._change, job), trying=True)
        await self._reads.do(partial(self._read, Reader.last_event), trying=True)

    async def load(self, job: Callable[[], Result]) -> Result:
        """Run something slow that needs no storage: loading SQLModel, counting a first text."""
        return await asyncio.get_running_loop().run_in_executor(self._loads, job)

    def watch(self, after: int, tell: Callable[[Sequence[EventRow]], None], lost: Callable[[OutOfReach], None]) -> None:
        """Call `tell` in a thread with the events that follow `after`, soon after they are committed.

        `lost` is called there when nothing can be heard; what was missed meanwhile is told afterwards.
        """
        self._last = after
        self._start("watch", lambda: self._watch(tell, lost))

    def _watch(self, tell: Callable[[Sequence[EventRow]], None], lost: Callable[[OutOfReach], None]) -> None:
        while not self._stop.is_set():
            try:
                with closing(self._store.changes()) as changes, closing(self._store.reader()) as reader:
                    self._follow(changes, reader, tell)
            except Exception as error:
                if self._stop.is_set():
                    return
                plain = self._store.in_plain_words(error)
                if isinstance(plain, OutOfReach):
                    lost(plain)
                self._stop.wait(AGAIN_S)

    def _follow(self, changes: Changes, reader: Reader, tell: Callable[[Sequence[EventRow]], None]) -> None:
        """Tell what is new until the desk closes, first what came while nobody listened."""
        while not self._stop.is_set():
            events = reader.events(after=self._last)
            if events:
                self._last = events[-1].id
                tell(events)
            self.beside(reader, True)
            while not self._stop.is_set() and not changes.wait(WATCH_S):
                self.beside(reader, False)

    def accompany(self, build: Callable[[], Companion], stumbled: Callable[[Exception], None]) -> None:
        """Build a companion in its own thread and run it there until the desk closes; one that stumbles starts anew."""

        def run() -> None:
            while not self._stop.is_set():
                try:
                    build().run(self._stop)
                except Exception as error:
                    stumbled(error)
                    self._stop.wait(RESTART_S)

        self._start("worker", run)

    def _start(self, name: str, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=body, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self, *, wait: bool = True) -> None:
        """Stop the threads, and wait for what they have in hand unless the storage does not answer."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5 if wait else 0)
        self._loads.shutdown(wait=wait)
        for lane in (self._changes, self._reads):
            lane.close(wait=wait)


def _close(reader: Reader) -> None:
    with suppress(Exception):  # whatever a broken connection says at its end
        reader.close()
