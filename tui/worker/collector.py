"""The collector: what the networks have for one account comes in, each post once, wherever it runs.

Its place in each source is stored with the posts it brought, in one transaction that only the holder of the lease
can commit. So a crash, a slow network or a second collector cost a read, and never a post.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

from tui import clock as wall
from tui.clock import DAY, HOUR, LATEST, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import sources
from tui.errors import OutOfReach, Refused, ShiftdeskError
from tui.networks.records import Client, LoggedOut, Page, Rate, RateLimited, Source
from tui.store.reader import LoginRow, Reader, SourceRow
from tui.store.store import Store
from tui.worker import plan
from tui.worker.ear import Ear, Listen
from tui.worker.run import Done, Leads

READS = 40
ROUND: Millis = 5 * SECOND
"""So many reads, or so long, is one round: then the worker looks whether it is to end."""
LOOKS = 5
"""Most threads that are looked up at a time, for posts that answer one we do not have."""
LOOK_PAUSE: Millis = 30 * SECOND
AMONG = 500
"""So many of the newest posts of the desk are looked through for those."""
REFUSALS = 1_000
"""So many refused posts are remembered, so that each stands in the log once."""

GONE_EVERY: Millis = 15 * MINUTE
"""How often it is looked whether what waits is still there, on a network that does not say what was deleted."""
GONE_AT_ONCE = 100

_log = logging.getLogger(__name__)


@runtime_checkable
class Recalls(Protocol):
    """A client of a network that does not say by itself what was deleted."""

    def gone(self, post_ids: Sequence[str]) -> frozenset[str]:
        """Which of these posts are not there any more. Raises OutOfReach."""
        ...


class Collecting:
    """Reads one account with a login.

    `connect` makes its client; `login` says, by a digest, what it logs in with, so that a new login is noticed;
    `listen` hears its stream, where it has one, in a thread of its own.
    """

    def __init__(
        self,
        store: Store,
        config: Config,
        account: LoginRow,
        key: str,
        connect: Callable[[], Client],
        *,
        login: Callable[[], str] = lambda: "",
        listen: Listen | None = None,
        clock: Callable[[], Millis] = wall.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = f"collect {key}"
        self._store = store
        self._config = config
        self._account = account
        self._connect = connect
        self._login = login
        self._listen = listen
        self._clock = clock
        self._chance = chance
        self._client: Client | None = None
        self._ear: Ear | None = None
        self._rows: dict[str, SourceRow] = {}
        self._refused_login: str | None = None
        self._met: dict[str, None] = {}
        self._looked: set[str] = set()
        self._look_at: Millis = 0
        self._limits_at: Millis = 0
        self._gone_at: Millis = 0
        self._login_at: Millis = 0
        self._due_at: Millis = 0
        self._wake_at: Millis = LATEST
        """When what a stream told of is read."""
        self._problem = ""
        self._anew = False
        """A client was made later than the sources were asked for."""

    # -- one round --------------------------------------------------------------------------------

    def round(self, *, first: bool, leads: Leads) -> Done:
        """One round with the lease; what is not due costs a comparison. Raises Refused where the lease is gone."""
        done = Done()
        if first:
            self._rows, self._due_at = {}, 0  # another may have read on meanwhile
        self._hear("mentions")
        if self._clock() < min(self._due_at, self._wake_at):
            return done
        if not self._rows and not self._begin(leads):
            return done
        self._wake("mentions")
        self._notice_login(leads)
        done.read = self._read_due(leads)
        if self._client is not None:
            self._look_up_parents(self._client, leads)
            self._ask_for_limits(self._client, leads)
            self._look_for_deleted(self._client, leads)
        self._due_at = self._next()
        if self._anew:
            self._rows, self._due_at, self._anew = {}, 0, False
        return done

    def close(self) -> None:
        """Let go of connections."""
        if self._ear is not None:
            self._ear.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _next(self) -> Millis:
        """Until when there is nothing to do."""
        times = [row.next_at for row in self._rows.values()]
        if self._client is not None:
            times += [self._limits_at, *([self._look_at] if self._look_at else [])]
            times += [self._gone_at] if isinstance(self._client, Recalls) else []
        if self._refused_login is not None:
            times.append(self._login_at)
        return min(times, default=0)

    def _read_due(self, leads: Leads) -> int:
        """Reads what is due, each in its turn; how many new posts that brought."""
        turns: Counter[str] = Counter()
        read, until = 0, self._clock() + ROUND
        while turns.total() < READS and self._clock() < until and leads():
            row = plan.choose(self._rows.values(), self._clock(), turns)
            if row is None:
                break
            turns[row.name] += 1
            read += self._read(row, leads)
        if read:
            self._look_at = max(self._look_at, self._clock())
        return read

    # -- what there is to read --------------------------------------------------------------------

    def _begin(self, leads: Leads) -> bool:
        """Know the sources and how far each was read; False where there is no client to ask."""
        stored = {row.name: row for row in self._reader.sources(self._account.id)}
        names = [source.name for source in self._sources(stored)]
        if set(names) != set(stored):
            with self._store.transaction() as session:
                _only(leads(session))
                sources.ensure(session, self._account.id, names, self._clock(), stored)
        self._load(names)
        return bool(self._rows)

    def _load(self, names: list[str]) -> None:
        stored = {row.name: row for row in self._reader.sources(self._account.id)}
        self._rows = {name: stored[name] for name in names if name in stored}

    def _sources(self, stored: dict[str, SourceRow]) -> tuple[Source, ...]:
        """Those of the client; where there is none now, what was read before, so that it is said that it is not."""
        client = self._connected()
        if client is not None:
            return client.sources
        return tuple(Source(name, MINUTE) for name in stored or ("mentions",))

    def _connected(self) -> Client | None:
        """The client, made when it is needed; None where it cannot be, which every source says when it is due."""
        if self._client is None:
            try:
                self._client = self._connect()
            except ShiftdeskError as error:
                self._problem = str(error)
                return None
            self._anew = bool(self._rows)
            if self._ear is None and self._listen is not None:
                self._ear = Ear(self._listen, self.name)
        return self._client

    def _hear(self, name: str) -> None:
        """A stream says that there is something: when it is read, by what calls are left."""
        row = self._rows.get(name)
        if row is not None and self._ear is not None and self._ear.heard():
            self._wake_at = min(self._wake_at, plan.after_wake(row, self._clock()))

    def _wake(self, name: str) -> None:
        """What a stream told of is due, once its time has come."""
        now, row = self._clock(), self._rows.get(name)
        if self._wake_at <= now and row is not None:
            self._wake_at = LATEST
            self._rows[name] = row._replace(next_at=min(row.next_at, now))

    def _notice_login(self, leads: Leads) -> None:
        """A network that did not take our token is asked again once somebody has logged in again."""
        now = self._clock()
        if self._refused_login is None or now < self._login_at:
            return
        self._login_at = now + MINUTE
        if self._login() != self._refused_login:
            self._refused_login = None
            self._let_go()
            with self._store.transaction() as session:
                _only(leads(session))
                sources.wake(session, self._account.id, now)
            self._rows = {name: row._replace(next_at=now) for name, row in self._rows.items()}

    # -- one read ---------------------------------------------------------------------------------

    def _read(self, row: SourceRow, leads: Leads) -> int:
        began = self._clock()
        client = self._connected()
        try:
            if client is None:
                raise OutOfReach(self._problem)
            page = client.read(row.name, row.cursor, now=began)
        except RateLimited as error:
            self._limited(row, error, leads)
        except LoggedOut as error:
            self._logged_out(error, leads)
        except OutOfReach as error:
            self._failed(
                [row], str(error), plan.after_failure(row.failing_since or began, began, self._chance()), leads
            )
        except Exception as error:  # an answer that our client stumbles over stops this source, not the others
            _log.exception("reading %s of %s stumbled", row.name, self._account.handle)
            why = f"its answer is not understood ({type(error).__name__}); please report this."
            self._failed([row], why, plan.after_failure(row.failing_since or began, began, self._chance()), leads)
        else:
            return self._take(client, row, page, began, leads)
        return 0

    def _take(self, client: Client, row: SourceRow, page: Page, began: Millis, leads: Leads) -> int:
        source = next((one for one in client.sources if one.name == row.name), Source(row.name, MINUTE))
        next_at = plan.after_read(source, page.rate, more=page.more and page.cursor != row.cursor, now=self._clock())
        with self._store.transaction() as session:
            _only(leads(session))
            brought = sources.arrived(
                session, row, page, next_at=next_at, now=began, config=self._config, met=self._met
            )  # fmt: skip
        self._met |= dict.fromkeys(refused.key for refused in brought.refused)
        for where in list(self._met)[: max(len(self._met) - REFUSALS, 0)]:
            del self._met[where]
        self._load(list(self._rows))
        return brought.taken.added

    def _limited(self, row: SourceRow, error: RateLimited, leads: Leads) -> None:
        now = self._clock()
        next_at = plan.after_limit(error, now)
        if error.why != "rate":  # what is used up or not paid for is so for the whole account
            self._failed(list(self._rows.values()), str(error), next_at, leads)
            return
        with self._store.transaction() as session:
            _only(leads(session))
            sources.rests(session, row, Rate(row.rate_limit or 1, 0, next_at), next_at=next_at)
        self._load(list(self._rows))

    def _logged_out(self, error: LoggedOut, leads: Leads) -> None:
        now = self._clock()
        self._refused_login, self._login_at = self._login(), now + MINUTE
        why = f"logged out; `shiftdesk account add` logs it in again ({str(error).rstrip('. ')})."
        self._failed(list(self._rows.values()), why, now + plan.LOGGED_OUT, leads)

    def _failed(self, rows: list[SourceRow], why: str, next_at: Millis, leads: Leads) -> None:
        with self._store.transaction() as session:
            _only(leads(session))
            for row in rows:
                sources.failed(session, row, why, next_at=next_at, now=self._clock())
        self._load(list(self._rows))

    # -- what is asked for beside it --------------------------------------------------------------

    def _look_up_parents(self, client: Client, leads: Leads) -> None:
        """Threads of posts that answer one we do not have: few at a time, and only while many calls are left."""
        now = self._clock()
        if not self._look_at or now < self._look_at:
            return
        self._look_at = 0
        if not plan.may_look(self._rows.values(), now):
            self._look_at = now + LOOK_PAUSE
            return
        found = self._reader.unknown_parents(self._account.id, AMONG, AMONG)
        self._looked &= set(found)
        wanted = [native_id for native_id in found if native_id not in self._looked]
        for native_id in wanted[:LOOKS]:
            self._look_at = now + LOOK_PAUSE
            if not leads() or not self._look_up(client, native_id, leads):
                return

    def _look_up(self, client: Client, native_id: str, leads: Leads) -> bool:
        """The thread of one post; False where the network gives none now."""
        try:
            posts = client.thread(native_id)
        except OutOfReach:
            self._look_at = self._clock() + plan.LATEST
            return False
        except Exception:  # the thread is nice to have; the post itself is here
            _log.exception("the thread of %s was not understood", native_id)
            posts = ()
        self._looked.add(native_id)
        if posts:
            with self._store.transaction() as session:
                _only(leads(session))
                sources.around(session, posts, now=self._clock(), config=self._config)
        return True

    def _ask_for_limits(self, client: Client, leads: Leads) -> None:
        """Once a day, what the server takes."""
        now = self._clock()
        row = next(iter(self._rows.values()), None)
        if row is None or now < self._limits_at or row.error is not None:
            return
        self._limits_at = now + DAY
        try:
            found = client.limits()
        except Exception as error:  # replies are measured by what was known before
            _log.warning("the limits of %s are not known: %s", self._account.server, error)
            self._limits_at = now + HOUR
            return
        with self._store.transaction() as session:
            _only(leads(session))
            sources.limits(session, row, found, now)

    def _look_for_deleted(self, client: Client, leads: Leads) -> None:
        """What its author has taken back waits for nobody."""
        now = self._clock()
        if not isinstance(client, Recalls) or now < self._gone_at:
            return
        self._gone_at = now + GONE_EVERY
        waiting = self._reader.words_that_wait(self._account.id, GONE_AT_ONCE)
        if not waiting or not plan.may_look(self._rows.values(), now):
            return
        try:
            gone = client.gone(waiting)
        except OutOfReach:
            return
        except Exception:  # what waits goes on waiting
            _log.exception("whether posts are deleted was not understood")
            return
        if gone:
            with self._store.transaction() as session:
                _only(leads(session))
                sources.gone(session, self._account.network, gone, now=now, config=self._config)

    @cached_property
    def _reader(self) -> Reader:
        return self._store.reader()


def _only(leads: bool) -> None:
    """Undo the running change of a collector that has lost its lease."""
    if not leads:
        raise Refused("Another collector has taken over.")
