"""The worker: collector and sender in one loop, single by a lease, in its own thread or process."""

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from tui import clock as wall
from tui.clock import SECOND, Millis
from tui.config import Config
from tui.desk import claims, intake
from tui.errors import OutOfReach, Refused
from tui.networks.records import Network
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker import lease
from tui.worker.sender import Route, Sent, send_due

LEASE = "worker"
LEASE_SPAN: Millis = 15 * SECOND
PAUSE_S = 1.0
"""Between two rounds (s): how late an undo window may end, and how late a post is seen."""


class Worker:
    """Reads the networks given by name and sends through `route`; one round at a time."""

    def __init__(
        self,
        store: Store,
        config: Config,
        route: Route,
        *,
        feeds: Sequence[Network] = (),
        clock: Callable[[], Millis] = wall.now,
        holder: str | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._route = route
        self._cursors: dict[int, str | None] = dict.fromkeys(range(len(feeds)))
        self._feeds = feeds
        self._clock = clock
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self._held_until: Millis = 0

    def once(self) -> dict[str, Any]:
        """One round with the lease, which is given back: what was sent and read, or `busy`."""
        try:
            return self._round()
        finally:
            self.leave()

    def run(self, stop: threading.Event) -> None:
        """Rounds until `stop`; a storage that is out of reach is tried again."""
        while not stop.is_set():
            try:
                self._round()
            except OutOfReach:
                self._held_until = 0
            except Refused:
                pass  # a reply was settled by somebody else meanwhile; the next round sees how it stands
            stop.wait(PAUSE_S)
        self.leave()

    def leave(self) -> None:
        """Give the lease back."""
        if self._held_until:
            with self._store.transaction() as session:
                lease.give_back(session, LEASE, holder=self._holder)
            self._held_until = 0

    def _round(self) -> dict[str, Any]:
        held_before = self._held_until > self._clock()
        if not self._lead():
            return {"busy": True, "read": 0, "sent": 0, "failed": 0, "unknown": 0}
        read = self._collect()
        done = Sent()
        reader = self._reader
        if not held_before or reader.reply_due(self._clock()):
            done = send_due(
                self._store, self._route, self._clock,
                config=self._config, orphans=not held_before, leads=self._lead,
            )  # fmt: skip
        if reader.due_timer(self._clock()):
            with self._store.transaction() as session:
                claims.wake(session, self._clock())
        return {"busy": False, "read": read, "sent": done.sent, "failed": done.failed, "unknown": done.unknown}

    @cached_property
    def _reader(self) -> Reader:
        return self._store.reader()

    def _lead(self) -> bool:
        """Hold the lease; it is renewed only when half of it is over, so that an idle desk writes little."""
        now = self._clock()
        if self._held_until - now < LEASE_SPAN // 2:
            with self._store.transaction() as session:
                held = lease.take(session, LEASE, holder=self._holder, now=now, span=LEASE_SPAN)
            self._held_until = now + LEASE_SPAN if held else 0
        return self._held_until > now

    def _collect(self) -> int:
        read = 0
        for index, feed in enumerate(self._feeds):
            found, cursor = feed.read(self._cursors[index])
            posts = list(found)
            if posts:
                with self._store.transaction() as session:
                    intake.take_in(session, posts, now=self._clock(), config=self._config)
            self._cursors[index] = cursor
            read += len(posts)
        return read


def routed(networks: Mapping[str, Network], fallback: Network) -> Route:
    """Replies leave through the client of their network, or through the fallback (the local file network)."""
    return lambda name: networks.get(name, fallback)
