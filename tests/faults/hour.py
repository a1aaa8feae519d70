"""A simulated stretch of collection: three networks that write all the time, and collectors that are killed."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from making import NOW
from networks.servers import bluesky_server, mastodon_server, x_server
from networks.servers.bluesky_server import FakeBluesky
from networks.servers.mastodon_server import FakeMastodon
from networks.servers.x_server import FakeX
from sqlalchemy import insert, select

from tui import clock
from tui.clock import MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import sources
from tui.errors import Refused
from tui.networks.accounts import Account, Wanted
from tui.networks.known import client
from tui.networks.wire import Options
from tui.store import tables as t
from tui.store.reader import LoginRow
from tui.store.store import Store
from tui.worker.collector import Collecting
from tui.worker.lease import SPAN, Held
from tui.worker.run import round_of

POLL = 20 * SECOND
PEOPLE = 400
WINDOW: Millis = 5 * MINUTE
CALLS = {"mastodon": 300, "bluesky": 3_000}
"""What these servers allow in each window; X counts by itself."""


class Killed(BaseException):
    """The process is gone: nothing is cleaned up, nothing that was not committed is there."""


class Pocket:
    """Tokens in memory."""

    def __init__(self, **tokens: str) -> None:
        self._tokens = tokens

    def get(self, name: str, default: str = "") -> str:
        return self._tokens.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        if self._tokens.get("access") == old:
            self._tokens |= new()


@dataclass
class Side:
    """One network: its server, our account there, and who writes how much to it."""

    account: Account
    server: Any
    write: Callable[[int], str]
    rate: int
    """Posts a second."""
    pocket: Pocket
    written: list[str] = field(default_factory=list)
    lane: Collecting | None = None
    held: Held | None = None
    lives: int = 0
    kills: int = 0


class Hour:
    """Everything moves by its clock, second by second, and by its dice."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.now: Millis = NOW
        self.dice = random.Random(seed)
        self.dies_at = ""
        self.sides = [self._x(), self._mastodon(), self._bluesky()]
        with store.transaction() as session:
            for number, side in enumerate(self.sides, 1):
                one = side.account
                session.execute(
                    insert(t.accounts).values(
                        id=number, network=one.network, handle=one.handle, name=one.handle[1:], created_at=NOW,
                        server=one.server, native_id=one.native_id,
                    )
                )  # fmt: skip

    # -- the networks -----------------------------------------------------------------------------

    def _clock(self) -> Millis:
        return self.now

    def _x(self) -> Side:
        server = FakeX(self._clock)
        account = Account("x", f"@{x_server.US}", "https://api.x.com", x_server.ME, Wanted(every=POLL))
        pocket = Pocket(access=server.access, refresh=server.refresh)
        return Side(account, server, lambda n: server.mention(f"@northline late {n}", f"c{n % PEOPLE}"), 10, pocket)

    def _mastodon(self) -> Side:
        server = FakeMastodon("mastodon", self._clock)
        home = "https://northline.example"
        account = Account("mastodon", "@care@northline.example", home, mastodon_server.ME, Wanted(every=POLL))

        def write(number: int) -> str:
            written = server.mention(f"@care late {number}", f"c{number % PEOPLE}@mastodon.example")
            if number % 10 == 0:
                server.notify("mention", server.statuses[written])  # some servers tell twice
            return written

        return Side(account, server, write, 20, Pocket(access=server.access))

    def _bluesky(self) -> Side:
        server = FakeBluesky(self._clock)
        account = Account(
            "bluesky", bluesky_server.US, bluesky_server.SERVER, bluesky_server.ME, Wanted(every=POLL)
        )  # fmt: skip
        us = bluesky_server.US
        return Side(
            account, server, lambda n: server.mention(f"{us} late {n}", f"c{n % PEOPLE}.example"), 20,
            Pocket(**server.tokens()),
        )  # fmt: skip

    # -- the collectors ---------------------------------------------------------------------------

    def _start(self, number: int, side: Side) -> None:
        side.lives += 1
        account = side.account
        row = LoginRow(number, account.network, account.handle, account.server, account.native_id)
        transport = httpx.MockTransport(side.server)
        side.lane = Collecting(
            self.store, Config(), row, account.key,
            lambda: client(account, side.pocket, Options(), transport),
            clock=self._clock, chance=self.dice.random,
        )  # fmt: skip
        side.held = Held(self.store, side.lane.name, f"{account.key} {side.lives}", self._clock)

    def _round(self, number: int, side: Side) -> None:
        if side.lane is None or side.held is None:
            self._start(number, side)
        assert side.lane is not None
        assert side.held is not None
        try:
            round_of(side.lane, side.held)
        except Refused:
            pass
        except Killed:
            side.kills += 1
            side.lane.close()  # of this process, not of the one that is gone: it has nothing else open
            side.lane = side.held = None

    def second(self, faults: bool = True) -> None:
        """A second passes: people write, something breaks, the collectors do what is due."""
        self.now += SECOND
        for side in self.sides:
            if self.now % WINDOW == 0 and hasattr(side.server, "_left"):
                side.server._left = CALLS[side.account.network]
            if faults:
                self._break(side)
                for _ in range(side.rate):
                    side.written.append(side.write(len(side.written)))
        for number, side in enumerate(self.sides, 1):
            self._round(number, side)

    def _break(self, side: Side) -> None:
        """About every minute and a half each: no more calls for a while, a kill, a restart in good order."""
        match self.dice.randrange(90):
            case 0:
                side.server.rate_limited(self.dice.randrange(5, 25))
            case 1:
                self.dies_at = self.dice.choice(["taken", "advanced", "told"])
            case 2 if side.lane is not None and side.held is not None:
                side.held.give_back()
                side.lane.close()
                side.lane = side.held = None

    def die(self, where: str) -> None:
        """Called at each such place."""
        if self.dies_at == where:
            self.dies_at = ""
            raise Killed

    def catch_up(self) -> None:
        """Nothing breaks any more and nobody writes; until all that is there has been read."""
        self.dies_at = ""
        for _ in range(int((SPAN + 20 * POLL) // SECOND)):
            self.second(faults=False)

    def stored(self, side: Side) -> list[str]:
        """The ids of its posts in the store."""
        wanted = select(t.posts.c.native_id).where(t.posts.c.network == side.account.network)
        with self.store.transaction() as session:
            return list(session.execute(wanted).scalars())

    def close(self) -> None:
        """Let go of everything."""
        for side in self.sides:
            if side.lane is not None:
                side.lane.close()


def arm(hour: Hour, patch: Callable[[Any, str, Any], None]) -> None:
    """Collectors die where the dice say so: with the posts in, with the place moved, with all but the commit done.

    The clock is that of all clients, too.
    """
    patch(clock, "now", lambda: hour.now)
    for name, where in (("_advance", "taken"), ("_tell", "advanced")):
        original = getattr(sources, name)

        def call(*args: Any, original: Any = original, where: str = where, **kwargs: Any) -> Any:
            hour.die(where)
            found = original(*args, **kwargs)
            if where == "advanced":
                hour.die("told")
            return found

        patch(sources, name, call)
