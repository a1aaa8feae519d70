"""What every desk has: accounts without a login, whose replies go into a file, and the timers."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Protocol

from tui import clock as wall
from tui.clock import Millis
from tui.config import Config
from tui.desk import claims, intake
from tui.networks.records import Network, Post
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.run import Done, Leads
from tui.worker.sender import Outlet


class Feed(Protocol):
    """Posts that come by themselves and whose place nobody has to remember."""

    def read(self, since: str | None) -> tuple[Iterable[Post], str | None]:
        """Posts after the cursor `since`, oldest first, and the next cursor."""
        ...


class Local:
    """Takes in what the feeds bring, sends for accounts without a login, wakes what is due."""

    name = "worker"

    def __init__(
        self,
        store: Store,
        config: Config,
        network: Network,
        *,
        feeds: Sequence[Feed] = (),
        clock: Callable[[], Millis] = wall.now,
    ) -> None:
        self._store = store
        self._config = config
        self._outlet = Outlet(store, config, lambda: network, clock)
        self._feeds = feeds
        self._cursors: dict[int, str | None] = dict.fromkeys(range(len(feeds)))
        self._clock = clock

    def round(self, *, first: bool, leads: Leads) -> Done:
        """One round with the lease."""
        read = self._collect()
        done = self._outlet.round(first=first, leads=leads)
        if self._reader.due_timer(self._clock()):
            with self._store.transaction() as session:
                claims.wake(session, self._clock(), self._config.desk.lease)
        done.read = read
        return done

    def close(self) -> None:
        """Nothing is held open."""

    @cached_property
    def _reader(self) -> Reader:
        return self._store.reader()

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
