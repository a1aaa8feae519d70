"""The worker: what goes on without a person, each part of it single by a lease, in its own threads or process."""

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tui import clock as wall
from tui.clock import Millis
from tui.errors import OutOfReach, Refused, ShiftdeskError
from tui.store.store import Store
from tui.worker import log
from tui.worker.lease import Held

if TYPE_CHECKING:
    from sqlmodel import Session

_log = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Between two rounds (s): how late an undo window may end, and how late a post is seen."""
GRACE_S = 5.0
"""How long after it was told to end a round goes on with what is due (s)."""
LOOK_S = 30.0
"""How often a running worker looks whether accounts were added (s)."""


@dataclass(slots=True)
class Done:
    """What came of a round; what the guard stopped at the last moment has failed."""

    read: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0

    def add(self, other: "Done") -> None:
        """Count another one in."""
        self.read += other.read
        self.sent += other.sent
        self.failed += other.failed
        self.unknown += other.unknown


class Leads(Protocol):
    """Says whether a lease is still ours, and renews it; with a running transaction, whether that may be committed."""

    def __call__(self, session: "Session | None" = None) -> bool:
        """Whether it is."""
        ...


class Lane(Protocol):
    """One thing a worker does over and over, wherever it runs, but never in two places at once."""

    @property
    def name(self) -> str:
        """Of its lease."""
        ...

    def round(self, *, first: bool, leads: Leads) -> Done:
        """Do what is due. `first`: the lease was not ours before. `leads` says whether it still is, and renews it.

        Raises OutOfReach, or Refused where somebody else was faster; the next round sees how things stand.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class Worker:
    """Runs lanes, each in a thread of its own. `more` makes those that are not among the names given and should be."""

    def __init__(
        self,
        store: Store,
        lanes: Sequence[Lane],
        *,
        more: Callable[[Collection[str]], Sequence[Lane]] = lambda _: (),
        clock: Callable[[], Millis] = wall.now,
        holder: str | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self._lanes = self._with_leases(lanes)
        self._more = more
        self._mistake: BaseException | None = None
        self._no_more_at = math.inf
        """From then on, by the monotonic clock (s), no call is begun."""
        self._signs: dict[str, float] = {}
        """When each running lane last went on, by the monotonic clock (s)."""

    def once(self) -> dict[str, Any]:
        """One round of every lane that is free, whose lease is given back: what was done, and whether all were busy.

        Raises OutOfReach for the first that something was out of reach of, when all have had their turn.
        """
        done, busy = Done(), True
        problem: OutOfReach | None = None
        try:
            for lane, held in self._lanes:
                try:
                    found = round_of(lane, held)
                except Refused:
                    continue  # somebody else was faster
                except OutOfReach as error:
                    problem = problem or error
                    continue
                if found is not None:
                    busy = False
                    done.add(found)
        finally:
            self.leave()
        if problem is not None:
            raise problem
        return {"busy": busy, **asdict(done)}

    @property
    def silence_s(self) -> float:
        """How long ago the quietest of the running lanes went on (s): one that hangs gives no sign any more."""
        return time.monotonic() - min(list(self._signs.values()), default=time.monotonic())

    @property
    def leading(self) -> dict[str, bool]:
        """Of each lane, whether it is led from here: else another worker has it, or nobody can."""
        return {lane.name: held.now for lane, held in list(self._lanes)}

    def run(self, stop: threading.Event, tick: Callable[[], None] = lambda: None) -> None:
        """Rounds until `stop`; what is out of reach is tried again, a mistake of ours ends all lanes and is raised.

        `tick` is called about once a second from the beginning until the last lane has ended.
        """
        ended = threading.Event()
        threads = self._start(self._lanes, stop, ended)
        looked = time.monotonic()
        while not (stop.is_set() or ended.is_set()):
            tick()
            stop.wait(PAUSE_S)
            if time.monotonic() - looked >= LOOK_S:
                looked = time.monotonic()
                threads += self._start(self._new_lanes(), stop, ended)
        self._no_more_at = time.monotonic() + GRACE_S
        tick()  # that it ends is heard of even where all lanes end at once
        for thread in threads:
            while thread.is_alive():
                tick()
                thread.join(PAUSE_S)
        self.leave()
        if self._mistake is not None:
            raise self._mistake

    def _with_leases(self, lanes: Sequence[Lane]) -> list[tuple[Lane, Held]]:
        return [(lane, Held(self._store, lane.name, self._holder, self._clock)) for lane in lanes]

    def _new_lanes(self) -> list[tuple[Lane, Held]]:
        """Lanes of accounts that were added meanwhile; what cannot be read now is looked at again."""
        try:
            added = self._with_leases(self._more({lane.name for lane, _ in self._lanes}))
        except ShiftdeskError:
            return []
        self._lanes += added
        return added

    def _start(
        self, lanes: Sequence[tuple[Lane, Held]], stop: threading.Event, ended: threading.Event
    ) -> list[threading.Thread]:
        self._signs |= {lane.name: time.monotonic() for lane, _ in lanes}
        threads = [
            threading.Thread(target=self._guarded, args=(lane, held, stop, ended), name=lane.name, daemon=True)
            for lane, held in lanes
        ]
        for thread in threads:
            thread.start()
        return threads

    def leave(self) -> None:
        """Give the leases back."""
        for lane, held in self._lanes:
            held.give_back()
            lane.close()

    def _guarded(self, lane: Lane, held: Held, stop: threading.Event, ended: threading.Event) -> None:
        def leads(session: "Session | None" = None) -> bool:
            """As the lease says; but what would be begun too late, waits for the next worker."""
            self._signs[lane.name] = time.monotonic()
            return (session is not None or time.monotonic() < self._no_more_at) and held.keep(session)

        told = ""
        try:
            while not (stop.is_set() or ended.is_set()):
                try:
                    round_of(lane, held, leads)
                    told = ""
                except OutOfReach as error:
                    told = _told(error, told)
                    held.forget()
                except Refused:
                    pass  # a reply was settled by somebody else meanwhile; the next round sees how it stands
                except Exception as error:
                    problem = self._store.in_plain_words(error)
                    if not isinstance(problem, OutOfReach):
                        raise
                    told = _told(problem, told)
                    held.forget()
                stop.wait(PAUSE_S)
        except BaseException as error:
            _log.error("a mistake of ours", exc_info=error)
            self._mistake = self._mistake or error
            ended.set()
        finally:
            self._signs.pop(lane.name, None)


def _told(error: OutOfReach, before: str) -> str:
    """What was logged of it: once for as long as it stays the same."""
    if str(error) != before:
        _log.warning("out of reach", extra={"error": str(error)})
    return str(error)


def round_of(lane: Lane, held: Held, leads: Leads | None = None) -> Done | None:
    """What one lane did; None where another worker has it. `leads`: how its lease is asked for, where not directly."""
    leads = leads or held.keep
    log.lane.set(lane.name)
    before = held.now
    return lane.round(first=not before, leads=leads) if leads() else None
