"""The sender: what is due in the outbox goes out, exactly once.

A reply is `sending` in the database before the network is called. After an unclear answer it is `unknown` and
looked up before anything else; what a dead sender left in `sending` is looked up the same way.
"""

from collections.abc import Callable
from functools import cached_property

from tui import clock as wall
from tui.clock import Millis
from tui.config import Config
from tui.desk import outbox
from tui.errors import OutOfReach
from tui.networks.records import Network, Outgoing, RefusedByNetwork, Unclear
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.run import Done


def send_due(
    store: Store,
    network: Network,
    clock: Callable[[], Millis],
    *,
    config: Config,
    account: int | None = None,
    orphans: bool = False,
    leads: Callable[[], bool] = lambda: True,
) -> Done:
    """Send what is due for one account, or (None) for all that have no login.

    `orphans`: first settle what another sender left in `sending` (only with the lease).
    `leads` says before each reply whether the lease is still ours: a sender that was held up must not go on.
    """
    done = Done()
    if orphans:
        with store.transaction() as session:
            left = outbox.unsettled(session, ("sending", "unknown"), account=account)
        for reply_id, reply in left:
            _look_up(store, network, clock, reply_id, reply, done)
    with store.transaction() as session:
        outbox.queue_due(session, clock(), account=account)
    while leads():
        with store.transaction() as session:
            started = outbox.start_sending(session, clock(), config, account=account)
        if started is None:
            return done
        reply_id, outgoing = started
        if outgoing is None:
            done.failed += 1
        else:
            _publish(store, network, clock, reply_id, outgoing, done)
    return done


def _publish(
    store: Store, network: Network, clock: Callable[[], Millis], reply_id: int, reply: Outgoing, done: Done
) -> None:
    try:
        receipt = network.publish(reply)
    except RefusedByNetwork as error:
        with store.transaction() as session:
            outbox.failed(session, reply_id, str(error), clock())
        done.failed += 1
    except OutOfReach as error:
        with store.transaction() as session:
            outbox.failed(session, reply_id, str(error), clock())
        done.failed += 1
    except Unclear as error:
        with store.transaction() as session:
            outbox.unknown(session, reply_id, str(error), clock())
        _look_up(store, network, clock, reply_id, reply, done)
    else:
        with store.transaction() as session:
            outbox.sent(session, reply_id, receipt, clock())
        done.sent += 1


def _look_up(
    store: Store, network: Network, clock: Callable[[], Millis], reply_id: int, reply: Outgoing, done: Done
) -> None:
    """Out there: sent. Certainly not: failed, for a person to send again. No answer: it stays unknown."""
    try:
        receipt = network.look_up(reply)
    except (Unclear, OutOfReach, RefusedByNetwork) as error:
        with store.transaction() as session:
            outbox.unknown(session, reply_id, str(error), clock())
        done.unknown += 1
        return
    with store.transaction() as session:
        if receipt is not None:
            outbox.sent(session, reply_id, receipt, clock())
            done.sent += 1
        else:
            outbox.failed(session, reply_id, "it was interrupted and did not reach the network", clock())
            done.failed += 1


class Sending:
    """Sends what is due for one account with a login."""

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
        self._store = store
        self._config = config
        self._account_id = account_id
        self._connect = connect
        self._clock = clock

    def round(self, *, first: bool, leads: Callable[[], bool]) -> Done:
        """One round with the lease."""
        if not (first or self._reader.reply_due(self._clock())):
            return Done()
        return send_due(
            self._store, self._network, self._clock,
            config=self._config, account=self._account_id, orphans=first, leads=leads,
        )  # fmt: skip

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
