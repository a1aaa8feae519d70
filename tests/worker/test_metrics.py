"""Figures for Prometheus: of a real process, read as Prometheus reads them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import ProxyHandler, build_opener

import pytest
from making import US, post, take
from prometheus_client.parser import text_string_to_metric_families
from running import PATIENCE_S, terminated, worker
from sqlalchemy import insert, select, update

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND
from tui.config import Config
from tui.desk import claims, outbox, sources
from tui.errors import Misuse, OutOfReach
from tui.networks.records import Receipt
from tui.store import log
from tui.store import tables as t
from tui.store.store import Store
from tui.worker.metrics import Figures, serve

THERE = "@northline@rail.example"
LABELS = ("network", "account", "source", "state", "lane", "version")
Values = dict[tuple[str, ...], float]


def asked(url: str) -> Values:
    """Each figure by its name and the values of its labels."""
    with build_opener(ProxyHandler({})).open(url, timeout=PATIENCE_S) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *(sample.labels[label] for label in LABELS if label in sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def desk(store: Store) -> Store:
    """One account with a login that is an hour behind, and a reply of another on its way."""
    take(store, post("q", text=f"{US} where is my train?", ago=MINUTE))
    now = clock.now()
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=now, lease=2 * HOUR)
        outbox.hold(session, claim, "We are sorry. Which one?", config=Config(), now=now + HOUR)
        logged_in = {"network": "mastodon", "handle": THERE, "name": THERE[1:], "created_at": now}
        session.execute(insert(t.accounts).values(id=7, server="https://rail.example", braked_at=now, **logged_in))
        sources.ensure(session, 7, ["mentions", "own", "search"], now, ())
        place = t.sources.c.name
        session.execute(
            update(t.sources)
            .where(place == "mentions")
            .values(reached_at=now - HOUR, rate_limit=300, rate_left=12, rate_resets_at=now + HOUR)
        )
        session.execute(
            update(t.sources)
            .where(place == "own")
            .values(
                reached_at=now, failing_since=now - MINUTE, error="…", rate_limit=300, rate_left=0, rate_resets_at=1
            )
        )
    return store


def happen(store: Store) -> None:
    """A reply arrives, another source fails, a post cannot be read."""
    now = clock.now()
    with store.transaction() as session:
        session.execute(update(t.replies).values(state="sending"))
        outbox.sent(session, 1, Receipt("r"), now)
        for kind in ("source.failing", "post.refused", "post.refused"):
            log.append(session, kind, at=now, agent="intake", network="mastodon", handle=THERE, source="own")


def test_a_real_worker_tells_how_the_desk_stands_and_what_has_happened(desk: Store) -> None:
    with worker(desk, "--metrics", "127.0.0.1:0") as process:
        assert process.stderr
        url = process.stderr.readline().rpartition(" ")[2].strip().rstrip(".")
        before = asked(url)
        while not before["shiftdesk_lease_held", "worker"]:
            before = asked(url)
        mastodon = ("mastodon", THERE)
        assert HOUR / SECOND <= before["shiftdesk_source_behind_seconds", *mastodon, "mentions"] < 2 * HOUR / SECOND
        assert ("shiftdesk_source_behind_seconds", *mastodon, "search") not in before  # it was never read
        assert before["shiftdesk_source_failing_seconds", *mastodon, "mentions"] == 0
        assert before["shiftdesk_source_failing_seconds", *mastodon, "own"] >= MINUTE / SECOND
        assert before["shiftdesk_rate_left_calls", *mastodon, "mentions"] == 12
        assert before["shiftdesk_rate_left_calls", *mastodon, "own"] == 300  # its limit has begun anew
        assert before["shiftdesk_rate_limit_calls", *mastodon, "own"] == 300
        assert before["shiftdesk_replies", "x", US, "held"] == 1
        assert before["shiftdesk_replies", "x", US, "failed"] == 0
        assert before["shiftdesk_replies_sent_total", "x", US] == 0
        assert (before["shiftdesk_account_braked", "x", US], before["shiftdesk_account_braked", *mastodon]) == (0, 1)
        assert before["shiftdesk_database_up",] == 1
        happen(desk)
        after = asked(url)
        assert after["shiftdesk_replies_sent_total", "x", US] == 1
        assert after["shiftdesk_replies_unknown_total", "x", US] == 0
        assert after["shiftdesk_source_failures_total", *mastodon] == 1
        assert after["shiftdesk_posts_refused_total", *mastodon] == 2
        assert after["shiftdesk_replies", "x", US, "held"] == 0
        assert asked(url)["shiftdesk_replies_sent_total", "x", US] == 1  # counted once
        assert terminated(process) == 128 + signal.SIGTERM


def test_what_others_do_before_it_begins_is_not_counted(desk: Store) -> None:
    happen(desk)
    found = {metric.name: metric for metric in Figures(desk, dict).collect()}
    assert {sample.value for sample in found["shiftdesk_replies_sent"].samples} == {0}


@pytest.mark.sqlite
def test_a_database_out_of_reach_is_a_figure(desk: Store) -> None:
    figures = Figures(desk, lambda: {"worker": False})
    desk.close()
    desk.path.unlink()
    found = {metric.name: [sample.value for sample in metric.samples] for metric in figures.collect()}
    assert found == {
        "shiftdesk_database_up": [0],
        "shiftdesk_build_info": [1],
        "shiftdesk_lease_held": [0],
    }


# -- where it listens ------------------------------------------------------------------------------


@pytest.fixture
def figures(store: Store) -> Figures:
    return Figures(store, dict)


@pytest.mark.parametrize("place", ["0.0.0.0:0", "[::]:0", "192.0.2.1:9100", "desk.example:9100"])
def test_other_machines_may_ask_only_where_that_is_said(figures: Figures, place: str) -> None:
    with pytest.raises(Misuse, match="--metrics-anywhere"):
        serve(place, figures)


@pytest.mark.parametrize("place", ["9100", ":9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1", "[::1]"])
def test_what_is_no_place_is_refused(figures: Figures, place: str) -> None:
    with pytest.raises(Misuse, match=r"write 127\.0\.0\.1:9100"):
        serve(place, figures)


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


def test_a_place_that_is_taken_is_one_sentence(store: Store, figures: Figures, taken: str) -> None:
    with pytest.raises(OutOfReach, match="give another place"):
        serve(taken, figures)
    with worker(store, "--metrics", taken) as process:
        said = process.communicate(timeout=PATIENCE_S)[1]
        assert (process.returncode, said.count("\n")) == (3, 1)
        assert taken in said
    with store.transaction() as session:
        assert session.execute(select(t.leases)).all() == []


def test_once_has_no_figures(store: Store) -> None:
    with worker(store, "--once", "--metrics", "127.0.0.1:0") as process:
        assert "--metrics" in process.communicate(timeout=PATIENCE_S)[1]
        assert process.returncode == 2


def test_the_library_is_loaded_only_where_figures_are_wanted() -> None:
    program = (
        "import sys, tui.cli.work, tui.worker.lanes, tui.worker.systemd\nprint('prometheus_client' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S, env=dict(os.environ)
    )
    assert done.stdout == "False\n", done.stderr


def test_a_server_that_is_shut_down_lets_its_place_go(figures: Figures) -> None:
    url, server = serve("127.0.0.1:0", figures)
    assert asked(url)["shiftdesk_database_up",] == 1
    place = url.removeprefix("http://").removesuffix("/metrics")
    server.shutdown()
    server.server_close()
    again, second = serve(place, figures)
    assert again == url
    second.shutdown()
    second.server_close()
