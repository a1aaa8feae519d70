"""The sender: what is due in the outbox goes out, exactly once.

A reply is `sending` in the database before the network is called. After an unclear answer it is `unknown` and
looked up before anything else; what a dead sender left in `sending` is looked up the same way. What a look-up that
finds nothing means, `tui.desk.outbox.outcome` decides.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session

from tui import clock as wall
from tui.clock import MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import outbox
from tui.errors import OutOfReach, Refused
from tui.networks.records import Network, Outgoing, RateLimited, RefusedByNetwork, Unclear
from tui.store.reader import Reader
from tui.store.store import Store
from tui.text import line
from tui.worker.lease import SPAN
from tui.worker.run import Done, Leads

_log = logging.getLogger(__name__)

SAID_CHARACTERS = 300
"""Most of what a network says that is kept with a reply."""
IN_A_ROW = 2
"""So many replies held up one after the other, each of another thread, and the whole account is."""


def _alone(session: Session | None = None) -> bool:
    """There is nobody else."""
    return True


def send_due(
    store: Store,
    network: Network,
    clock: Callable[[], Millis],
    *,
    config: Config,
    account: int | None = None,
    orphans: bool = False,
    leads: Leads = _alone,
) -> Done:
    """Send what is due for one account, or (None) for all that have no login.

    `orphans`: first settle what another sender left in `sending` (only with the lease).
    `leads` says whether the lease is still ours, and renews it, in the transaction that starts each reply: a sender
    that was held up must not go on.
    """
    return _Round(store, network, clock, config, account, leads).run(orphans=orphans)


@dataclass
class _Round:
    """One round of sending."""

    store: Store
    network: Network
    clock: Callable[[], Millis]
    config: Config
    account: int | None
    leads: Leads
    done: Done = field(default_factory=Done)
    held_up: int = 0
    """So many replies in a row could not be tried."""

    def run(self, *, orphans: bool) -> Done:
        """Look up what is unclear, then send what is due."""
        self._settle(orphans)
        with self.store.transaction() as session:
            outbox.queue_due(session, self.clock(), account=self.account)
        while self.held_up < IN_A_ROW and self._send_next():
            pass
        return self.done

    def _settle(self, orphans: bool) -> None:
        """With a lease that is new, all that is unclear; else what is to be looked up by now."""
        with self.store.transaction() as session:
            if orphans:
                left = outbox.unsettled(session, ("sending", "unknown"), account=self.account)
            else:
                left = outbox.unsettled(session, ("unknown",), account=self.account, now=self.clock())
        in_a_row = 0
        for number, (reply_id, reply) in enumerate(left):
            if not self.leads():
                return
            problem: OutOfReach | None = None
            with suppress(Refused):  # somebody settled it meanwhile
                problem = self._look_up(reply_id, reply)
            in_a_row = 0 if problem is None else in_a_row + 1
            if problem is not None and in_a_row >= IN_A_ROW:
                self._put_off([other for other, _ in left[number + 1 :]], problem)
                return

    def _put_off(self, replies: list[int], problem: OutOfReach) -> None:
        """Their network answers no look-up now: they are unknown, and not even asked for."""
        until = problem.until if isinstance(problem, RateLimited) else 0
        with self.store.transaction() as session:
            for reply_id in replies:
                with suppress(Refused):
                    outbox.unknown(session, reply_id, _said(problem), self.clock(), until=until)
        self.done.unknown += len(replies)

    def _send_next(self) -> bool:
        """One reply; whether another may follow."""
        if not self.leads():
            return False
        with self.store.transaction() as session:
            at = self.clock()
            if not self.leads(session):
                return False
            started = outbox.start_sending(session, at, self.config, account=self.account)
        if started is None:
            return False
        reply_id, reply = started
        if reply is None:
            self.done.failed += 1
            return True
        # The lease was renewed together with `sending`, so for its span nobody else can have touched the reply. That
        # it lasts still is all that is asked here: nothing may stand between this look at the clock and the call. A
        # clock that was set back meanwhile tells nothing.
        if 0 <= self.clock() - at < SPAN:
            self._publish(reply_id, reply)
            return True
        with suppress(Refused), self.store.transaction() as session:
            outbox.put_back(session, reply_id, tried_at=at, now=self.clock())
        return False

    def _publish(self, reply_id: int, reply: Outgoing) -> None:
        try:
            receipt = self.network.publish(reply)
        except RefusedByNetwork as error:
            with self.store.transaction() as session:
                outbox.failed(session, reply_id, _said(error), self.clock())
            self.done.failed += 1
        except OutOfReach as error:
            self._hold_up(reply_id, error)
            return
        except Exception as error:  # whatever it is, the reply may be out
            with self.store.transaction() as session:
                outbox.unknown(session, reply_id, _why_unclear(error), self.clock())
            self._look_up(reply_id, reply)
        else:
            with self.store.transaction() as session:
                outbox.sent(session, reply_id, receipt, self.clock())
            self.done.sent += 1
        self.held_up = 0

    def _hold_up(self, reply_id: int, error: OutOfReach) -> None:
        """Nothing was done: the reply waits, and all of the account where it is not the first in a row."""
        self.held_up += 1
        why, now = _said(error), self.clock()
        patience = self.config.network.retry_minutes * MINUTE if self.account is not None else 0
        with self.store.transaction() as session:
            until: Millis | None
            if isinstance(error, RateLimited):
                until = max(error.until, now + SECOND)
                outbox.waits(session, reply_id, why, until=until, now=now)
            else:
                until = outbox.out_of_reach(session, reply_id, why, now, patience=patience)
            if until is not None and self.held_up >= IN_A_ROW:
                outbox.all_wait(session, self.account, why, until=until, now=now)
        if until is None:
            self.done.failed += 1

    def _look_up(self, reply_id: int, reply: Outgoing) -> OutOfReach | None:
        """Out there: sent. Not to be seen there: `outbox.not_found` decides. No answer: it stays unknown.

        What kept its network from being asked; None where it was.
        """
        try:
            receipt = self.network.look_up(reply)
        except Exception as error:
            until = error.until if isinstance(error, RateLimited) else 0
            with self.store.transaction() as session:
                outbox.unknown(session, reply_id, _why_unclear(error), self.clock(), until=until)
            self.done.unknown += 1
            return error if isinstance(error, OutOfReach) else None
        with self.store.transaction() as session:
            if receipt is not None:
                outbox.sent(session, reply_id, receipt, self.clock())
                self.done.sent += 1
                return None
            became = outbox.not_found(session, reply_id, self.clock(), settles=self._settles)
        self.done.failed += became == "failed"
        self.done.unknown += became == "unknown"
        return None

    @property
    def _settles(self) -> Millis | None:
        """How long after a try nothing of it can appear any more; None without a login: what is not there is not out.

        A sender that was held up gives up its own call at its deadline.
        """
        if self.account is None:
            return None
        return self.network.settles + self.config.network.deadline_seconds * SECOND


def _why_unclear(error: Exception) -> str:
    """What a network said; an answer that our client stumbles over keeps one reply here, not those behind it."""
    if isinstance(error, (Unclear, OutOfReach, RefusedByNetwork)):
        return _said(error)
    _log.error("an answer was not understood", exc_info=error)
    return f"its answer is not understood ({type(error).__name__}); please report this"


def _said(error: Exception) -> str:
    """What a network said, as one line that can be kept and shown."""
    return line(str(error))[:SAID_CHARACTERS]


class Outlet:
    """Where the replies of one account, or (None) of all without a login, leave; asks little while nothing is due."""

    def __init__(
        self,
        store: Store,
        config: Config,
        connect: Callable[[], Network],
        clock: Callable[[], Millis],
        account: int | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._connect = connect
        self._clock = clock
        self._account = account
        self._heard = 0
        """The newest event when the threads of scheduled replies were last looked at."""

    def round(self, *, first: bool, leads: Leads) -> Done:
        """One round with the lease."""
        self._return_changed()
        if not (first or self._reader.reply_due(self._clock(), self._account)):
            return Done()
        return send_due(
            self._store, self._network, self._clock,
            config=self._config, account=self._account, orphans=first, leads=leads,
        )  # fmt: skip

    def _return_changed(self) -> None:
        """Scheduled replies whose thread has changed go back to their drafts."""
        newest = self._reader.last_event()
        if news := self._reader.scheduled_news(self._heard, self._account):
            with self._store.transaction() as session:
                outbox.return_changed(session, news, config=self._config, now=self._clock())
        self._heard = newest

    def close(self) -> None:
        """Let go of connections."""
        if "_network" in self.__dict__:
            self._network.close()

    @cached_property
    def _network(self) -> Network:
        return self._connect()

    @cached_property
    def _reader(self) -> Reader:
        return self._store.reader()


class Sending:
    """The lane that sends for one account with a login."""

    def __init__(
        self,
        store: Store,
        config: Config,
        account_id: int,
        key: str,
        connect: Callable[[], Network],
        *,
        clock: Callable[[], Millis] = wall.now,
    ) -> None:
        self.name = f"send {key}"
        self._outlet = Outlet(store, config, connect, clock, account_id)

    def round(self, *, first: bool, leads: Leads) -> Done:
        """One round with the lease."""
        return self._outlet.round(first=first, leads=leads)

    def close(self) -> None:
        """Let go of connections."""
        self._outlet.close()
