"""The sender: what is due in the outbox goes out, exactly once.

A reply is `sending` in the database before the network is called. After an unclear answer it is `unknown` and
looked up before anything else; what a dead sender left in `sending` is looked up the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tui.clock import Millis
from tui.config import Config
from tui.desk import outbox
from tui.errors import OutOfReach
from tui.networks.records import Network, Outgoing, RefusedByNetwork, Unclear
from tui.store.store import Store

Route = Callable[[str], Network]
"""From a network's name to its client."""


@dataclass(slots=True)
class Sent:
    """What became of the replies that were due; what the guard stopped at the last moment has failed."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0


def send_due(
    store: Store,
    route: Route,
    clock: Callable[[], Millis],
    *,
    config: Config,
    orphans: bool = False,
    leads: Callable[[], bool] = lambda: True,
) -> Sent:
    """Send what is due. `orphans`: first settle what another sender left in `sending` (only with the lease).

    `leads` says before each reply whether the lease is still ours: a sender that was held up must not go on.
    """
    done = Sent()
    if orphans:
        with store.transaction() as session:
            left = outbox.unsettled(session, ("sending", "unknown"))
        for reply_id, reply in left:
            _look_up(store, route, clock, reply_id, reply, done)
    with store.transaction() as session:
        outbox.queue_due(session, clock())
    while leads():
        with store.transaction() as session:
            started = outbox.start_sending(session, clock(), config)
        if started is None:
            return done
        reply_id, outgoing = started
        if outgoing is None:
            done.failed += 1
        else:
            _publish(store, route, clock, reply_id, outgoing, done)
    return done


def _publish(
    store: Store, route: Route, clock: Callable[[], Millis], reply_id: int, reply: Outgoing, done: Sent
) -> None:
    try:
        receipt = route(reply.network).publish(reply)
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
        _look_up(store, route, clock, reply_id, reply, done)
    else:
        with store.transaction() as session:
            outbox.sent(session, reply_id, receipt, clock())
        done.sent += 1


def _look_up(
    store: Store, route: Route, clock: Callable[[], Millis], reply_id: int, reply: Outgoing, done: Sent
) -> None:
    """Out there: sent. Certainly not: failed, for a person to send again. No answer: it stays unknown."""
    try:
        receipt = route(reply.network).look_up(reply)
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
