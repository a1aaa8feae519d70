"""The worker: single by its lease, and exactly once whatever breaks."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import NOW, US, kinds, post, repost, rows, take
from sqlalchemy import select, update

from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, intake, outbox
from tui.errors import OutOfReach
from tui.networks.accounts import Account
from tui.networks.files import Files
from tui.networks.records import Network, Outgoing, Post, Receipt, RefusedByNetwork, Unclear
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.lease import SPAN, Held
from tui.worker.local import Local
from tui.worker.run import Worker, round_of
from tui.worker.sender import Sending

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
        self.settles = 0

    def close(self) -> None:
        self.asked.append("close")

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
        return Worker(store, [Local(store, Config(), network, clock=watch, **values)], clock=watch, holder=holder)

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
        assert lease.take(session, "worker", holder="another", now=NOW + UNDO, span=SPAN)
    wire = Wire([post("new")])
    assert worker(wire, feeds=(wire,)).once() == {"busy": True, "read": 0, "sent": 0, "failed": 0, "unknown": 0}
    assert (wire.asked, state(reader, reply)) == ([], "held")
    assert [row.holder for row in leases(store)] == ["another"]


def test_the_lease_of_a_dead_worker_runs_out(
    store: Store, worker: Callable[..., Worker], watch: Watch, reply: int
) -> None:
    from tui.worker import lease

    with store.transaction() as session:
        lease.take(session, "worker", holder="dead", now=NOW + UNDO, span=SPAN)
    watch.now += SPAN - 1
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


def test_a_reply_of_an_account_with_a_login_leaves_through_that_alone(
    store: Store, worker: Callable[..., Worker], watch: Watch
) -> None:
    take(store, post("1"), post("1", network="mastodon", account="@north@rail.social"))
    with store.transaction() as session:
        for n in (1, 2):
            claim = claims.claim(session, n, agent="ana", now=NOW, lease=HOUR)
            outbox.hold(session, claim, f"{TEXT} {n}", config=Config(), now=NOW)
        session.execute(
            update(t.accounts).where(t.accounts.c.network == "mastodon").values(server="https://rail.social")
        )
        logged_in = session.execute(select(t.accounts.c.id).where(t.accounts.c.network == "mastodon")).scalar_one()
    mastodon, other = Wire(), Wire()
    assert worker(other).once()["sent"] == 1
    assert [sent.network for sent in other.out.values()] == ["x"]
    account = Account("mastodon", "@north@rail.social", "https://rail.social", "1")
    lane = Sending(store, Config(), logged_in, account.key, lambda: mastodon, clock=watch)
    assert Worker(store, [lane], clock=watch).once()["sent"] == 1
    assert [sent.network for sent in mastodon.out.values()] == ["mastodon"]


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
    original = Held.keep

    def keep(held: Held, *inside: Any) -> bool:
        if not refusals:
            refusals.append("locked")
            raise OutOfReach("another process holds it")
        stop.set()
        return original(held, *inside)

    monkeypatch.setattr(Held, "keep", keep)
    monkeypatch.setattr("tui.worker.run.PAUSE_S", 0)
    running.run(stop)
    assert (state(reader, reply), refusals) == ("sent", ["locked"])


def test_an_idle_worker_writes_only_to_keep_its_lease(store: Store, reader: Reader, watch: Watch) -> None:
    lane, held = Local(store, Config(), Wire(), clock=watch), Held(store, "worker", "first", watch)
    round_of(lane, held)
    changes, before = store.changes(), leases(store)
    watch.now += SPAN // 2
    round_of(lane, held)
    assert not changes.wait(0)
    assert leases(store) == before
    watch.now += SECOND
    round_of(lane, held)
    assert leases(store) != before


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
        watch.now += SPAN + SECOND
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

    def another_takes_over() -> None:
        watch.now += SPAN + SECOND
        assert Held(store, "worker", "second", watch).keep()

    slow = Slow(another_takes_over)
    worker(slow).once()
    assert slow.asked.count("publish") == 1
    assert state(reader, later) == "queued"


# -- the second look -----------------------------------------------------------------------------------

LONG = "We are very sorry about the cold coach on your way home to York. " * 10


def a_word_comes(store: Store) -> None:
    take(store, post("w", text="It has just come.", ago=-SECOND, in_reply_to="q", kind="reply"), now=NOW + SECOND)


@pytest.fixture
def other(store: Store, reply: int) -> int:
    """A later reply, to somebody else."""
    take(store, post("other", "bob", text=f"{US} and my bag?", ago=MINUTE))
    with store.transaction() as session:
        claim = claims.claim(session, 2, agent="ana", now=NOW, lease=HOUR)
        return outbox.hold(session, claim, "We found it, Bob.", config=Config(), now=NOW)[0]


@pytest.fixture
def parts(store: Store) -> list[int]:
    """A reply in three parts."""
    take(store, post("q", text=f"{US} where is my train?", ago=MINUTE))
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        first, _ = outbox.hold(session, claim, LONG, config=Config(), now=NOW, split=True)
    return [first, first + 1, first + 2]


def test_a_word_in_the_undo_window_keeps_the_reply_here_and_the_next_leaves(
    store: Store, reader: Reader, tmp_path: Path, worker: Callable[..., Worker], reply: int, other: int
) -> None:
    a_word_comes(store)
    assert worker(Files(tmp_path)).once() == {"busy": False, "read": 0, "sent": 1, "failed": 1, "unknown": 0}
    assert [line["text"] for line in lines(tmp_path)] == ["We found it, Bob."]
    assert (state(reader, reply), state(reader, other)) == ("failed", "sent")
    assert reader.draft(1).text == TEXT  # type: ignore[union-attr]
    assert kinds(reader, 1)[-2:] == ["guard.stopped", "reply.failed"]
    assert worker(Files(tmp_path)).once()["failed"] == 0


def test_what_the_feed_brings_in_the_same_round_counts(
    reader: Reader, worker: Callable[..., Worker], reply: int
) -> None:
    wire = Wire([post("w", text="It has just come.", ago=-SECOND, in_reply_to="q", kind="reply")])
    assert worker(wire, feeds=(wire,)).once()["failed"] == 1
    assert (wire.out, state(reader, reply)) == ({}, "failed")


def test_a_worker_killed_at_its_second_look_leaves_it_to_the_next(
    store: Store,
    reader: Reader,
    worker: Callable[..., Worker],
    reply: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_word_comes(store)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    wire, before = Wire(), reader.last_event()
    with monkeypatch.context() as broken:
        broken.setattr("tui.desk.drafts.restore", killed)
        with pytest.raises(KeyboardInterrupt):
            worker(wire).once()
    assert (state(reader, reply), reader.draft(1)) == ("queued", None)
    assert [event.kind for event in reader.events(after=before)] == ["reply.queued"]
    assert worker(wire, "second").once()["failed"] == 1
    assert (wire.asked, reader.draft(1).text) == ([], TEXT)  # type: ignore[union-attr]
    assert kinds(reader, 1).count("reply.failed") == 1


def test_parts_leave_in_order_and_answer_the_same_post(
    reader: Reader, tmp_path: Path, worker: Callable[..., Worker], parts: list[int]
) -> None:
    assert worker(Files(tmp_path)).once()["sent"] == 3
    written = lines(tmp_path)
    assert [line["text"][-4:] for line in written] == [" 1/3", " 2/3", " 3/3"]
    assert {line["in_reply_to"] for line in written} == {"q"}
    assert " ".join(line["text"][:-4] for line in written).split() == LONG.split()
    assert [row.state for row in rows(reader)] == ["pending"]


def test_a_worker_killed_between_parts_leaves_the_rest_to_the_next(
    reader: Reader, worker: Callable[..., Worker], parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire()
    dying = worker(wire)
    publish = wire.publish

    def publish_and_die(reply: Outgoing) -> Receipt:
        if wire.out:
            raise KeyboardInterrupt
        return publish(reply)

    monkeypatch.setattr(wire, "publish", publish_and_die)
    with pytest.raises(KeyboardInterrupt):
        dying.once()
    assert [state(reader, part) for part in parts] == ["sent", "sending", "queued"]
    monkeypatch.undo()
    assert worker(wire, "second").once() == {"busy": False, "read": 0, "sent": 0, "failed": 1, "unknown": 0}
    assert [state(reader, part) for part in parts] == ["sent", "failed", "failed"]
    assert len(wire.out) == 1
    gone = next(iter(wire.out.values())).text.removesuffix(" 1/3")
    assert reader.draft(1).text == LONG.removeprefix(gone).lstrip()  # type: ignore[union-attr]


def test_a_part_that_got_out_before_the_worker_died_is_followed_by_the_rest(
    reader: Reader, worker: Callable[..., Worker], parts: list[int]
) -> None:
    wire = Wire(breaks=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        worker(wire).once()
    assert [state(reader, part) for part in parts] == ["sending", "queued", "queued"]
    wire.breaks = None
    assert worker(wire, "second").once()["sent"] == 3
    assert [reply.text[-4:] for reply in wire.out.values()] == [" 1/3", " 2/3", " 3/3"]


def test_an_unclear_part_is_looked_up_before_the_next_leaves(
    reader: Reader, worker: Callable[..., Worker], parts: list[int]
) -> None:
    wire = Wire(breaks=Unclear("the line broke"))
    assert worker(wire).once() == {"busy": False, "read": 0, "sent": 3, "failed": 0, "unknown": 0}
    assert wire.asked == ["publish", "look up"] * 3


def test_no_answer_about_a_part_holds_the_rest_up(
    reader: Reader, worker: Callable[..., Worker], parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(breaks=Unclear("the line broke"))

    def silent(_: Outgoing) -> Receipt:
        raise Unclear("still no line")

    with monkeypatch.context() as broken:
        broken.setattr(wire, "look_up", silent)
        assert worker(wire).once()["unknown"] == 1
        assert worker(wire, "second").once()["unknown"] == 1
    assert [state(reader, part) for part in parts] == ["unknown", "queued", "queued"]
    assert len(wire.out) == 1
    wire.breaks = None
    assert worker(wire, "third").once()["sent"] == 3


def test_a_part_given_up_while_its_sender_was_held_up_leaves_the_rest_to_a_person(
    store: Store, reader: Reader, worker: Callable[..., Worker], watch: Watch, parts: list[int]
) -> None:
    def another_takes_over() -> None:
        watch.now += SPAN + SECOND
        worker(Wire(), "second").once()

    slow = Slow(another_takes_over)
    worker(slow).once()
    assert [state(reader, part) for part in parts] == ["sent", "failed", "failed"]
    assert reader.draft(1).text == LONG.removeprefix(slow.out.popitem()[1].text.removesuffix(" 1/3")).lstrip()  # type: ignore[union-attr]


def test_two_senders_at_once_send_everything_once_and_in_order(
    store: Store, reader: Reader, parts: list[int], watch: Watch
) -> None:
    """Even without the lease that makes a sender single."""
    from tui.worker.sender import send_due

    take(store, *(post(f"p{n}", f"c{n}", text=f"{US} and my bag?", ago=MINUTE) for n in range(8)))
    others = [row.id for row in rows(reader) if row.handle.startswith("c")]
    with store.transaction() as session:
        for n in others:
            claim = claims.claim(session, n, agent="ana", now=NOW, lease=HOUR)
            outbox.hold(session, claim, f"We have found bag number {n}.", config=Config(), now=NOW)
        claims.note(session, others[0], agent="ben", text="wait", now=NOW)
    wire, stores = Wire(), [Store(store.home), Store(store.home)]
    done: list[Any] = []

    def work(own: Store) -> None:
        done.append(send_due(own, wire, watch, config=Config()))

    threads = [threading.Thread(target=work, args=(own,)) for own in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    work(store)  # a part that one sender waited for the other to send
    for own in stores:
        own.close()
    assert (sum(one.sent for one in done), sum(one.failed for one in done)) == (3 + 7, 1)
    assert wire.asked.count("publish") == 10
    assert [reply.text[-4:] for reply in wire.out.values() if reply.in_reply_to == "q"] == [" 1/3", " 2/3", " 3/3"]


def test_one_lane_that_is_out_of_reach_keeps_no_other_from_its_round(
    store: Store, reader: Reader, tmp_path: Path, watch: Watch, reply: int
) -> None:
    def away() -> Network:
        raise OutOfReach("There are no tokens here.")

    with store.transaction() as session:
        made = intake.ensure_account(session, "x", "@other", NOW)
        session.execute(update(t.accounts).where(t.accounts.c.id == made).values(server="https://x.example"))
        due = {"state": "queued", "due_at": NOW, "account_id": made, "key": "k"}
        stored = session.execute(select(t.replies).where(t.replies.c.id == reply)).one()._asdict()
        session.execute(t.replies.insert().values(stored | due | {"id": reply + 1}))
    lanes = [
        Sending(store, Config(), made, "x:@other", away, clock=watch),
        Local(store, Config(), Files(tmp_path), clock=watch),
    ]
    with pytest.raises(OutOfReach, match="no tokens"):
        Worker(store, lanes, clock=watch).once()
    assert (state(reader, reply), leases(store)) == ("sent", [])
