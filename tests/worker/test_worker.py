"""The worker: single by its lease, and exactly once whatever breaks."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import NOW, US, kinds, post, repost, rows, take

from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, outbox
from tui.errors import OutOfReach
from tui.networks.files import Files
from tui.networks.records import Network, Outgoing, Post, Receipt, RefusedByNetwork, Unclear
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.run import LEASE_SPAN, Worker, routed

UNDO = Config().desk.undo
TEXT = "We are sorry. Which train was it?"


class Wire:
    """A network in memory: what it published by key, what it is asked, and how it misbehaves."""

    def __init__(self, *batches: list[Post], breaks: Exception | None = None, delivers: bool = True) -> None:
        self.batches = batches
        self.out: dict[str, Outgoing] = {}
        self.asked: list[str] = []
        self.breaks = breaks
        self.delivers = delivers

    def read(self, since: str | None) -> tuple[list[Post], str | None]:
        n = int(since or 0)
        self.asked.append(f"read {n}")
        return (self.batches[n], str(n + 1)) if n < len(self.batches) else ([], since)

    def publish(self, reply: Outgoing) -> Receipt:
        self.asked.append("publish")
        assert reply.key not in self.out, "published twice"
        if self.breaks is None or self.delivers:
            self.out[reply.key] = reply
        if self.breaks is not None:
            raise self.breaks
        return Receipt(f"wire:{reply.key}")

    def look_up(self, reply: Outgoing) -> Receipt | None:
        self.asked.append("look up")
        return Receipt(f"wire:{reply.key}") if reply.key in self.out else None


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Millis = NOW + UNDO

    def __call__(self) -> Millis:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def worker(store: Store, watch: Watch) -> Callable[..., Worker]:
    def made(network: Network, holder: str = "first", **values: Any) -> Worker:
        return Worker(store, Config(), routed({}, network), clock=watch, holder=holder, **values)

    return made


@pytest.fixture
def reply(store: Store) -> int:
    """A reply whose undo window is over at NOW + UNDO."""
    take(store, post("q", text=f"{US} where is my train?", ago=MINUTE))
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        return outbox.hold(session, claim, TEXT, config=Config(), now=NOW)[0]


def left_in_sending(store: Store) -> None:
    """What a sender leaves that is killed between `sending` and the receipt."""
    with store.transaction() as session:
        outbox.queue_due(session, NOW + UNDO)
        assert outbox.start_sending(session, NOW + UNDO, Config()) is not None


def state(reader: Reader, reply: int) -> str:
    row = reader.reply(reply)
    assert row is not None
    return row.state


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "outbox-x.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def leases(store: Store) -> list[Any]:
    from sqlalchemy import select

    from tui.store import tables as t

    with store.transaction() as session:
        return list(session.execute(select(t.leases)).all())


def test_once_sends_what_is_due_and_gives_the_lease_back(
    store: Store, reader: Reader, tmp_path: Path, worker: Callable[..., Worker], reply: int
) -> None:
    done = worker(Files(tmp_path)).once()
    assert done == {"busy": False, "read": 0, "sent": 1, "failed": 0, "unknown": 0}
    (line,) = lines(tmp_path)
    assert (line["account"], line["in_reply_to"], line["text"]) == (US, "q", TEXT)
    assert (state(reader, reply), leases(store)) == ("sent", [])
    assert worker(Files(tmp_path)).once()["sent"] == 0
    assert len(lines(tmp_path)) == 1


def test_nothing_leaves_within_the_undo_window(
    reader: Reader, worker: Callable[..., Worker], watch: Watch, reply: int
) -> None:
    wire = Wire()
    watch.now -= 1
    assert worker(wire).once()["sent"] == 0
    assert (wire.out, state(reader, reply)) == ({}, "held")


def test_a_second_worker_is_busy_and_touches_nothing(
    store: Store, reader: Reader, worker: Callable[..., Worker], reply: int
) -> None:
    from tui.worker import lease

    with store.transaction() as session:
        assert lease.take(session, "worker", holder="another", now=NOW + UNDO, span=LEASE_SPAN)
    wire = Wire([post("new")])
    assert worker(wire, feeds=(wire,)).once() == {"busy": True, "read": 0, "sent": 0, "failed": 0, "unknown": 0}
    assert (wire.asked, state(reader, reply)) == ([], "held")
    assert [row.holder for row in leases(store)] == ["another"]


def test_the_lease_of_a_dead_worker_runs_out(
    store: Store, worker: Callable[..., Worker], watch: Watch, reply: int
) -> None:
    from tui.worker import lease

    with store.transaction() as session:
        lease.take(session, "worker", holder="dead", now=NOW + UNDO, span=LEASE_SPAN)
    watch.now += LEASE_SPAN - 1
    assert worker(Wire()).once()["busy"]
    watch.now += 1
    assert worker(Wire()).once()["sent"] == 1


def test_an_orphan_that_is_out_there_is_not_sent_again(
    store: Store, reader: Reader, tmp_path: Path, worker: Callable[..., Worker], reply: int
) -> None:
    with store.transaction() as session:
        outbox.queue_due(session, NOW + UNDO)
        started = outbox.start_sending(session, NOW + UNDO, Config())
    assert started is not None
    Files(tmp_path).publish(started[1])
    assert worker(Files(tmp_path), "second").once()["sent"] == 1
    assert (state(reader, reply), len(lines(tmp_path))) == ("sent", 1)


def test_an_orphan_that_is_not_out_there_failed_and_is_a_draft_again(
    store: Store, reader: Reader, tmp_path: Path, worker: Callable[..., Worker], reply: int
) -> None:
    left_in_sending(store)
    assert worker(Files(tmp_path), "second").once() == {"busy": False, "read": 0, "sent": 0, "failed": 1, "unknown": 0}
    assert (state(reader, reply), reader.draft(1).text, lines(tmp_path)) == ("failed", TEXT, [])  # type: ignore[union-attr]


def test_an_orphan_is_looked_up_before_anything_is_published(
    store: Store, reader: Reader, worker: Callable[..., Worker], reply: int
) -> None:
    left_in_sending(store)
    with store.transaction() as session:
        claim = claims.held(session, 1, agent="ana", now=NOW)
        outbox.hold(session, claim, "And which coach were you in? (2/2)", config=Config(), now=NOW)
    wire = Wire()
    assert worker(wire, "second").once() == {"busy": False, "read": 0, "sent": 1, "failed": 1, "unknown": 0}
    assert wire.asked == ["look up", "publish"]


@pytest.mark.parametrize(
    ("breaks", "delivers", "expected", "asked"),
    [
        (RefusedByNetwork("they blocked us"), False, "failed", ["publish"]),
        (OutOfReach("no line"), False, "failed", ["publish"]),
        (Unclear("the line broke"), True, "sent", ["publish", "look up"]),
        (Unclear("the line broke"), False, "failed", ["publish", "look up"]),
    ],
)
def test_what_a_network_may_answer(
    reader: Reader,
    worker: Callable[..., Worker],
    reply: int,
    breaks: Exception,
    delivers: bool,
    expected: str,
    asked: list[str],
) -> None:
    wire = Wire(breaks=breaks, delivers=delivers)
    assert worker(wire).once()[expected] == 1
    assert (state(reader, reply), wire.asked) == (expected, asked)


def test_no_answer_at_all_stays_unknown_and_is_looked_up_next_time(
    reader: Reader, worker: Callable[..., Worker], reply: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(breaks=Unclear("the line broke"))

    def silent(_: Outgoing) -> Receipt:
        raise Unclear("still no line")

    with monkeypatch.context() as broken:
        broken.setattr(wire, "look_up", silent)
        assert worker(wire).once()["unknown"] == 1
    assert state(reader, reply) == "unknown"
    assert worker(wire, "second").once()["sent"] == 1
    assert (state(reader, reply), len(wire.out)) == ("sent", 1)


def test_feeds_are_read_by_cursor_and_no_post_comes_twice(reader: Reader, worker: Callable[..., Worker]) -> None:
    wire = Wire([post("1", "a"), post("2", "b")], [post("2", "b"), repost("3", "1")])
    reading = worker(wire, feeds=(wire,))
    assert [reading.once()["read"] for _ in range(3)] == [2, 2, 0]
    assert wire.asked == ["read 0", "read 1", "read 2"]
    assert sorted(p.native_id for row in rows(reader) for p in reader.posts(row.id)) == ["1", "2", "3"]


def test_each_reply_leaves_through_its_own_network(store: Store, worker: Callable[..., Worker], watch: Watch) -> None:
    take(store, post("1"), post("1", network="mastodon", account="@north@rail.social"))
    with store.transaction() as session:
        for n in (1, 2):
            claim = claims.claim(session, n, agent="ana", now=NOW, lease=HOUR)
            outbox.hold(session, claim, f"{TEXT} {n}", config=Config(), now=NOW)
    mastodon, other = Wire(), Wire()
    made = Worker(store, Config(), routed({"mastodon": mastodon}, other), clock=watch)
    assert made.once()["sent"] == 2
    assert [[sent.network for sent in wire.out.values()] for wire in (mastodon, other)] == [["mastodon"], ["x"]]


def test_it_wakes_what_is_due(store: Store, reader: Reader, worker: Callable[..., Worker], watch: Watch) -> None:
    take(store, post("1"))
    with store.transaction() as session:
        claims.claim(session, 1, agent="ana", now=NOW, lease=MINUTE)
    watch.now = NOW + MINUTE
    worker(Wire()).once()
    assert [row.id for row in rows(reader, "waiting")] == [1]
    assert kinds(reader, 1)[-1] == "claim.lapsed"


def test_running_ends_when_told_and_leaves_no_lease(
    store: Store, reader: Reader, worker: Callable[..., Worker], reply: int
) -> None:
    stop, wire = threading.Event(), Wire()
    running = worker(wire)
    thread = threading.Thread(target=running.run, args=(stop,))
    original = wire.publish

    def publish_and_stop(outgoing: Outgoing) -> Receipt:
        stop.set()
        return original(outgoing)

    wire.publish = publish_and_stop  # type: ignore[method-assign]
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert (state(reader, reply), leases(store)) == ("sent", [])


def test_a_storage_out_of_reach_is_tried_again(
    reader: Reader, store: Store, worker: Callable[..., Worker], reply: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, wire, refusals = threading.Event(), Wire(), []
    running = worker(wire)
    original = running._lead

    def lead() -> bool:
        if not refusals:
            refusals.append("locked")
            raise OutOfReach("another process holds it")
        stop.set()
        return original()

    monkeypatch.setattr(running, "_lead", lead)
    monkeypatch.setattr("tui.worker.run.PAUSE_S", 0)
    running.run(stop)
    assert (state(reader, reply), refusals) == ("sent", ["locked"])


def test_an_idle_worker_writes_only_to_keep_its_lease(
    store: Store, reader: Reader, worker: Callable[..., Worker], watch: Watch
) -> None:
    running = worker(Wire())
    running._round()
    before = reader.data_version()
    watch.now += LEASE_SPAN // 2
    running._round()
    assert reader.data_version() == before
    watch.now += SECOND
    running._round()
    assert reader.data_version() != before
    running.leave()


class Slow(Wire):
    """A network so slow that the sender's lease runs out while it publishes, and another worker takes over."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def publish(self, reply: Outgoing) -> Receipt:
        self.meanwhile()
        return super().publish(reply)


def test_a_reply_given_up_while_its_sender_was_held_up_is_sent_all_the_same(
    store: Store, reader: Reader, worker: Callable[..., Worker], watch: Watch, reply: int
) -> None:
    def another_takes_over() -> None:
        watch.now += LEASE_SPAN + SECOND
        worker(Wire(), "second").once()

    worker(Slow(another_takes_over)).once()
    assert state(reader, reply) == "sent"
    assert reader.draft(1) is None
    assert reader.outbox() == []


def test_a_sender_whose_lease_is_gone_starts_no_other_reply(
    store: Store, reader: Reader, worker: Callable[..., Worker], watch: Watch, reply: int
) -> None:
    take(store, post("other", "bob", text=f"{US} and my bag?", ago=MINUTE))
    with store.transaction() as session:
        claim = claims.claim(session, 2, agent="ana", now=NOW, lease=HOUR)
        later, _ = outbox.hold(session, claim, "We found it, Bob.", config=Config(), now=NOW)
    standing: list[Worker] = []

    def another_takes_over() -> None:
        watch.now += LEASE_SPAN + SECOND
        standing.append(worker(Wire(), "second"))
        assert standing[0]._lead()

    slow = Slow(another_takes_over)
    worker(slow).once()
    assert slow.asked.count("publish") == 1
    assert state(reader, later) == "queued"
