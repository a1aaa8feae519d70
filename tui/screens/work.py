"""Work off the event loop: one thread reads, one changes, one watches for what others changed.

State lives on the loop; what a thread made comes back to it as a result or a message.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui.errors import ShiftdeskError
from tui.store.home import Changes
from tui.store.reader import EventRow, Reader
from tui.store.store import Store

if TYPE_CHECKING:
    from sqlmodel import Session

WATCH_S = 0.25
"""How long the end of the desk may wait for the thread that watches (s)."""
AGAIN_S = 1
"""How soon a database that is out of reach is tried again (s)."""
RESTART_S = 5
"""How long a companion that stumbled rests before it starts anew (s)."""
Result = TypeVar("Result")


class Companion(Protocol):
    """Something that runs beside the desk until it is told to stop: the worker."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        ...


class Work:
    """The threads of one desk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads = ThreadPoolExecutor(1, "reads")
        self._changes = ThreadPoolExecutor(1, "changes")
        self.beside: Callable[[Reader, bool], None] = lambda _reader, _changed: None
        """Called in the watching thread whenever it has listened, and whether something changed."""
        self._reader: Reader | None = None
        self._stop = threading.Event()
        self._told = 0
        """The last event that the watching thread told."""
        self._threads: list[threading.Thread] = []

    async def read(self, job: Callable[[Reader], Result]) -> Result:
        """Run a reading job. Raises OutOfReach."""
        return await asyncio.get_running_loop().run_in_executor(self._reads, self._read, job)

    def _read(self, job: Callable[[Reader], Result]) -> Result:
        try:
            if self._reader is None:
                self._reader = self._store.reader()
            return job(self._reader)
        except ShiftdeskError:
            raise
        except Exception as error:
            self._reader = None
            raise self._store.in_plain_words(error) from error

    async def change(self, job: "Callable[[Session], Result]") -> Result:
        """Run one transaction. Raises Refused or OutOfReach."""
        return await asyncio.get_running_loop().run_in_executor(self._changes, self._change, job)

    def _change(self, job: "Callable[[Session], Result]") -> Result:
        with self._store.transaction() as session:
            return job(session)

    async def load(self, job: Callable[[], Result]) -> Result:
        """Run something slow before any change: loading SQLModel, the index of canned responses."""
        return await asyncio.get_running_loop().run_in_executor(self._changes, job)

    def watch(self, after: int, tell: Callable[[Sequence[EventRow]], None]) -> None:
        """Call `tell` in a thread with the events that follow `after`, soon after they are committed."""
        self._told = after
        self._start("watch", lambda: self._watch(tell))

    def _watch(self, tell: Callable[[Sequence[EventRow]], None]) -> None:
        while not self._stop.is_set():
            try:
                with closing(self._store.changes()) as changes, closing(self._store.reader()) as reader:
                    self._follow(changes, reader, tell)
            except Exception:
                self._stop.wait(AGAIN_S)  # out of reach for now: the panes say so at their next read

    def _follow(self, changes: Changes, reader: Reader, tell: Callable[[Sequence[EventRow]], None]) -> None:
        """Tell what is new until the desk closes, first what came while nobody listened."""
        while not self._stop.is_set():
            events = reader.events(after=self._told)
            if events:
                self._told = events[-1].id
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

    def close(self) -> None:
        """Stop the threads and wait for what they have in hand."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5)
        self._changes.shutdown()
        self._reads.shutdown()
