"""Figures for Prometheus: what stands in the database when they are asked for, and what this worker leads.

Loaded only where they are wanted.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from tui import __version__, clock
from tui.clock import SECOND, Millis
from tui.errors import Misuse, OutOfReach
from tui.networks.places import is_loopback
from tui.store.reader import Reader, SourceRow
from tui.store.store import Store

COUNTED = {
    "reply.sent": ("shiftdesk_replies_sent", "Replies that their networks have taken."),
    "reply.failed": ("shiftdesk_replies_failed", "Replies that were refused, stopped or given up."),
    "reply.unknown": ("shiftdesk_replies_unknown", "Times that it was not clear whether a reply is out."),
    "source.failing": ("shiftdesk_source_failures", "Times that a source could not be read any more."),
    "post.refused": ("shiftdesk_posts_refused", "Posts that could not be read or stored."),
}
"""Events that are counted, and what their counters are called."""
OPEN = ("held", "queued", "sending", "unknown", "failed")
ACCOUNT = ("network", "account")
SOURCE = (*ACCOUNT, "source")
LAST_PORT = 65_535
_PLACE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})")
Accounts = Mapping[int, list[str]]
"""The network and handle of each, by its number."""


class Figures:
    """Reads the desk when it is asked, by a connection that lives as long as the answer."""

    def __init__(
        self, store: Store, leading: Callable[[], Mapping[str, bool]], now: Callable[[], Millis] = clock.now
    ) -> None:
        """`leading`: of each lane of the worker, whether it leads it. Counts begin now."""
        self._store = store
        self._leading = leading
        self._now = now
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, str], int] = {}
        reader = store.reader()
        try:
            self._heard = reader.last_event()
        finally:
            reader.close()

    def describe(self) -> list[Metric]:
        """Nothing is read when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All figures; of a database that is out of reach, only that it is."""
        try:
            found = self._read()
        except Exception as error:
            if not isinstance(self._store.in_plain_words(error), OutOfReach):
                raise
            found = []
        up = GaugeMetricFamily("shiftdesk_database_up", "Whether the database can be read.", value=bool(found))
        build = GaugeMetricFamily("shiftdesk_build_info", "The version that runs.", labels=["version"])
        build.add_metric([__version__], 1)
        held = GaugeMetricFamily("shiftdesk_lease_held", "Whether this worker leads the lane.", labels=["lane"])
        for lane, leads in self._leading().items():
            held.add_metric([lane], leads)
        yield from [up, build, held, *found]

    def _read(self) -> list[Metric]:
        reader = self._store.reader()
        try:
            accounts = {number: [network, handle] for number, network, handle in reader.accounts()}
            return [*self._sources(reader), *_replies(reader, accounts), *self._counters(reader, accounts)]
        finally:
            reader.close()

    def _sources(self, reader: Reader) -> Iterator[Metric]:
        now = self._now()
        rows = reader.sources()
        behind = _gauge("shiftdesk_source_behind_seconds", "Since when something published may not be here.")
        failing = _gauge("shiftdesk_source_failing_seconds", "Since when it cannot be read; 0: it can.")
        left = _gauge("shiftdesk_rate_left_calls", "Calls that its network still takes until its limit begins anew.")
        limit = _gauge("shiftdesk_rate_limit_calls", "Calls that its network takes at most in that time.")
        for row in rows:
            labels = [row.network, row.handle, row.name]
            if row.reached_at is not None:
                behind.add_metric(labels, max(now - row.reached_at, 0) / SECOND)
            failing.add_metric(labels, 0 if row.failing_since is None else max(now - row.failing_since, 0) / SECOND)
            if row.rate_limit is not None:
                left.add_metric(labels, _left(row, now))
                limit.add_metric(labels, row.rate_limit)
        yield from (behind, failing, left, limit)

    def _counters(self, reader: Reader, accounts: Accounts) -> Iterator[Metric]:
        """What has happened on the desk since this worker began, whoever did it."""
        with self._lock:
            newest = reader.last_event()
            for kind, network, account, count in reader.counted(tuple(COUNTED), self._heard, newest):
                place = (kind, network, account)
                self._counts[place] = self._counts.get(place, 0) + count
            self._heard = newest
            counts = dict(self._counts)
        for kind, (name, help_text) in COUNTED.items():
            family = CounterMetricFamily(name, help_text, labels=ACCOUNT)
            for network, account in accounts.values():
                family.add_metric([network, account], counts.get((kind, network, account), 0))
            yield family


def _gauge(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=SOURCE)


def _left(row: SourceRow, now: Millis) -> int:
    """What is left of its calls: all of them, where the limit has begun anew since it was last read."""
    return (row.rate_left if (row.rate_resets_at or 0) > now else row.rate_limit) or 0


def _replies(reader: Reader, accounts: Accounts) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "shiftdesk_replies", "Replies that are not dealt with, by their state.", labels=[*ACCOUNT, "state"]
    )
    found = {(account, state): count for account, state, count in reader.open_replies()}
    for number, labels in accounts.items():
        for state in OPEN:
            states.add_metric([*labels, state], found.get((number, state), 0))
    braked = GaugeMetricFamily("shiftdesk_account_braked", "Whether none of its replies leaves.", labels=ACCOUNT)
    held = {row.account_id for row in reader.brakes()}
    for number, labels in accounts.items():
        braked.add_metric(labels, number in held)
    yield from (states, braked)


# -- where they are asked for ----------------------------------------------------------------------


def serve(place: str, figures: Figures, *, anywhere: bool = False) -> tuple[str, WSGIServer]:
    """Answer at `place`, as `127.0.0.1:9100`, in threads of its own: the URL, and the server, to be shut down.

    Raises Misuse where other machines could ask, unless `anywhere`; OutOfReach where it is taken.
    """
    host, port = _place(place)
    if not (anywhere or is_loopback(host)):
        raise Misuse(
            f"--metrics {place!r:.60} is open to other machines, and nothing there asks who they are; give 127.0.0.1, "
            "or say --metrics-anywhere."
        )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise OutOfReach(
            f"Figures cannot be served at {place!r:.60} ({error.strerror}); give another place with --metrics."
        ) from None
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{server.server_port}/metrics", server


def _place(place: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(place)
    if found is None or int(found["port"]) > LAST_PORT:
        raise Misuse(f"--metrics {place!r:.60} is no place to listen at; write 127.0.0.1:9100.")
    return found["v6"] or found["host"], int(found["port"])
