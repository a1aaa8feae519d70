"""The collector: each post once and the place with it, whatever the network, a second collector or a kill does."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from feeds import MENTIONS, OWN, Feed, names
from making import NOW, US, kinds, ours, post, quote, repost, rows, take
from sqlalchemy import select, update

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, outbox, sources
from tui.errors import Misuse, OutOfReach, Refused
from tui.networks.records import BadLine, LoggedOut, Post, Rate, RateLimited, Receipt
from tui.store import tables as t
from tui.store.reader import LoginRow, Reader, SourceRow
from tui.store.store import Store, home_of
from tui.worker import collector
from tui.worker.collector import Collecting
from tui.worker.lease import SPAN, Held
from tui.worker.run import Done, round_of


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self, now: Millis = NOW) -> None:
        self.now = now

    def __call__(self) -> Millis:
        return self.now


class Reading:
    """One collector of one account, as a worker runs it."""

    def __init__(self, store: Store, feed: Feed, watch: Watch, holder: str = "first", **values: Any) -> None:
        self.account = LoginRow(1, "x", US, "https://x.example", "1")
        values.setdefault("connect", lambda: feed)
        connect = values.pop("connect")
        self.lane = Collecting(
            store, Config(), self.account, f"x:{US}", connect, clock=watch, chance=lambda: 1.0, **values
        )
        self.held = Held(store, self.lane.name, holder, watch)

    def round(self) -> Done | None:
        """One round; None where another has the lease, and where it was lost meanwhile."""
        try:
            return round_of(self.lane, self.held)
        except Refused:
            return None


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(store: Store) -> Store:
    """`@northline` has a login."""
    take(store)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(server="https://x.example", native_id="1"))
    return store


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def reading(store: Store, feed: Feed, watch: Watch) -> Reading:
    return Reading(store, feed, watch)


def source(reader: Reader, name: str = "mentions") -> SourceRow:
    return {row.name: row for row in reader.sources()}[name]


def stored(store: Store) -> list[str]:
    """The ids of all posts, as they came in."""
    with store.transaction() as session:
        return list(session.execute(select(t.posts.c.native_id).order_by(t.posts.c.id)).scalars())


def events(reader: Reader, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in reader.events() if event.kind == kind]


def asks(n: int, ago: Millis = 0) -> list[Post]:
    """Mentions of different people."""
    return [post(f"m{i}", f"c{i}", f"{US} where is my train {i}?", ago=ago - i * SECOND) for i in range(n)]


# -- posts and place ---------------------------------------------------------------------------------


def test_posts_come_in_with_the_place_and_are_not_read_again(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.bring(*asks(2, ago=MINUTE))
    done = reading.round()
    assert done is not None
    assert (done.read, stored(store), source(reader).cursor) == (2, ["m0", "m1"], "2")
    assert reading.round() == Done()
    assert feed.reads == ["mentions", "own", "search"]
    watch.now += MINUTE
    feed.bring(post("m2", text=f"{US} hello?", ago=-MINUTE))
    reading.round()
    assert (stored(store)[-1], source(reader).reached_at) == ("m2", watch.now)


def test_the_first_read_brings_the_newest_only_and_is_no_news(
    reader: Reader, store: Store, feed: Feed, reading: Reading
) -> None:
    old = post("old", text=f"{US} are you still in the lift?", ago=206 * DAY)
    feed.bring(old, *asks(1, ago=3 * HOUR), repost("r", old, ago=HOUR))
    feed.bring(post("name", "bob", "Northline is late again", ago=47 * HOUR), source="search")
    reading.round()
    assert "m0" in stored(store)
    found = {row.handle: row for row in rows(reader)}
    assert found["c0"].waiting_since == NOW - 3 * HOUR
    assert reader.posts(found["c0"].id)[0].seen_at == NOW - 3 * HOUR
    assert found["bob"].resurfaces_at is None
    assert found["amandac"].surfaced_by == "stranger", "a repost of today brings its root, as ever"


def test_old_mentions_of_a_first_read_do_not_wait(reader: Reader, feed: Feed, reading: Reading) -> None:
    feed.bring(post("old", text=f"{US} are you still in the lift?", ago=206 * DAY))
    reading.round()
    assert rows(reader) == []


def test_overlap_and_duplicates_add_nothing(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.overlap = 5
    for n in range(6):
        feed.bring(*[replace(one, id=f"{one.id}.{n}") for one in asks(3)])
        reading.round()
        watch.now += MINUTE
    assert sorted(stored(store)) == sorted(f"m{i}.{n}" for i in range(3) for n in range(6))
    assert kinds(reader).count("conversation.opened") == len(rows(reader))


def test_the_same_post_from_search_and_mentions_is_one(
    reader: Reader, store: Store, feed: Feed, reading: Reading
) -> None:
    (one,) = asks(1, ago=MINUTE)
    feed.bring(one)
    feed.bring(one, quote("q", one, "this happens to me every single day", ago=SECOND), source="search")
    reading.round()
    assert stored(store) == ["m0", "q"]


def test_after_an_outage_everything_comes_at_once_and_the_others_keep_their_turn(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    reading.round()
    watch.now += 6 * HOUR
    late = asks(200, ago=-HOUR)
    feed.bring(*late)
    feed.bring(post("name", "bob", "Northline is late again", ago=-HOUR), source="search")
    feed.asked.clear()
    reading.round()
    assert feed.reads[:4] == ["mentions", "own", "search", "mentions"]
    assert feed.reads.count("mentions") == 10
    assert [id for id in stored(store) if id.startswith("m")] == names(late)
    assert source(reader).reached_at == watch.now


def test_a_backlog_longer_than_a_round_says_how_far_it_is(
    reader: Reader, feed: Feed, watch: Watch, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "READS", 4)
    reading.round()
    watch.now += HOUR
    feed.bring(*asks(100, ago=0))
    reading.round()
    row = source(reader)
    assert row.reached_at == NOW
    assert row.next_at <= watch.now
    (said,) = [one.sentence for one in sources.standings(reader, watch.now) if one.source == "mentions"]
    assert said == "@northline mentions 1h behind."
    while source(reader).next_at <= watch.now:
        reading.round()
    assert not any(one.sentence for one in sources.standings(reader, watch.now))


def test_a_gap_is_on_record(reader: Reader, feed: Feed, watch: Watch, reading: Reading) -> None:
    reading.round()
    watch.now += HOUR
    feed.gap = True
    reading.round()
    assert events(reader, "source.gap")[0] == {
        "network": "x", "handle": US, "source": "mentions", "since": NOW,
    }  # fmt: skip
    assert sources.gaps(reader, watch.now)[0].startswith("@northline: some mentions published after ")


# -- one poison post ---------------------------------------------------------------------------------


def test_a_post_that_cannot_be_stored_is_on_record_and_the_others_come_in(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    first, second = asks(2, ago=MINUTE)
    feed.bring(first, replace(first, id="\x1b[31mhuge", created_at=2**80), second)
    feed.bring(replace(first, id="lone", text="\ud800"), source="search")
    feed.bad = (BadLine(7, "has no author\x1b[2J"),)
    reading.round()
    assert stored(store) == ["m0", "m1"]
    refused = events(reader, "post.refused")
    by_id = {one["id"]: one for one in refused if one["source"] in ("mentions", "search") and one["id"]}
    assert len(by_id) == 2
    assert "\x1b" not in str(refused)
    assert by_id["lone"]["reason"].startswith("it cannot be stored")
    assert {(one["network"], one["handle"]) for one in refused} == {("x", US)}
    assert next(one["reason"] for one in refused if one["id"] is None).startswith("has no author")
    before = len(refused)
    watch.now += 5 * MINUTE
    reading.round()
    assert len(events(reader, "post.refused")) == before, "each of them once"


def test_a_locked_database_is_no_fault_of_a_post(
    reader: Reader, store: Store, feed: Feed, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from sqlalchemy.exc import OperationalError

    def locked(*_: Any, **__: Any) -> Any:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    feed.bring(*asks(1))
    with monkeypatch.context() as broken:
        broken.setattr("tui.desk.intake.take_in", locked)
        with pytest.raises(Exception, match="disk is full"):
            reading.round()
    assert (stored(store), events(reader, "post.refused")) == ([], [])
    reading.held.forget()
    reading.round()
    assert stored(store) == ["m0"]


def test_an_answer_that_a_client_stumbles_over_stops_that_source_alone(
    reader: Reader, store: Store, feed: Feed, reading: Reading
) -> None:
    feed.bring(*asks(1), source="search")
    feed.breaks["mentions"] = KeyError("data")
    reading.round()
    assert stored(store) == ["m0"]
    assert "KeyError" in str(source(reader).error)


# -- what the network does ---------------------------------------------------------------------------


def test_out_of_reach_is_said_with_since_when_and_tried_less_and_less(
    reader: Reader, feed: Feed, watch: Watch, reading: Reading
) -> None:
    reading.round()
    watch.now += MINUTE
    feed.breaks["mentions"] = OutOfReach("x.example does not answer \x1b]0;boo\x07.")
    began, tries = watch.now, []
    while watch.now < began + HOUR:
        feed.asked.clear()
        reading.round()
        tries += [watch.now] if "mentions" in feed.asked else []
        watch.now += SECOND
    assert 12 <= len(tries) <= 25
    assert tries[-1] - tries[-2] == 5 * MINUTE
    row = source(reader)
    assert (row.failing_since, row.cursor) == (began, "0")
    assert "\x1b" not in (row.error or "")
    said = sources.headline(sources.standings(reader, watch.now), watch.now)
    assert said.startswith("@northline mentions not read for 1h: x.example does not answer")
    assert len(events(reader, "source.failing")) == 1
    feed.breaks.clear()
    watch.now += 5 * MINUTE
    reading.round()
    assert (source(reader).error, source(reader).failing_since) == (None, None)
    assert events(reader, "source.recovered")[0]["since"] == began


def test_a_rate_limit_is_waited_for_and_is_no_failure(
    reader: Reader, feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.breaks["mentions"] = RateLimited("Too many.", until=NOW + 10 * MINUTE)
    for _ in range(10 * 60):
        reading.round()
        watch.now += SECOND
    assert feed.reads.count("mentions") == 1
    assert (source(reader).error, source(reader).next_at) == (None, NOW + 10 * MINUTE)
    feed.breaks.clear()
    reading.round()
    assert source(reader).read_at == watch.now


def test_a_plan_that_is_used_up_holds_the_whole_account_and_is_said(
    reader: Reader, feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.breaks["mentions"] = RateLimited("The plan's posts for this month are read.", until=NOW + 9 * DAY, why="cap")
    for _ in range(2 * 60):
        reading.round()
        watch.now += MINUTE
    assert feed.reads == ["mentions"] * 2, "asked again hourly, the others not at all"
    assert {row.error for row in reader.sources()} == {"The plan's posts for this month are read."}


def test_calls_are_left_for_what_matters_more(reader: Reader, feed: Feed, watch: Watch, reading: Reading) -> None:
    calls = {"left": 100}

    def rate(_: str, now: Millis) -> Rate:
        calls["left"] -= 1
        return Rate(100, calls["left"], NOW + 15 * MINUTE)

    feed.rate = rate
    feed.sources = (MENTIONS, replace(MENTIONS, name="messages"), OWN, replace(MENTIONS, name="search"))
    feed.sources = tuple(replace(one, every=SECOND) for one in feed.sources)
    for _ in range(15 * 60 - 1):
        reading.round()
        watch.now += SECOND
    assert 10 <= calls["left"] <= 15
    assert feed.reads.count("mentions") > feed.reads.count("own") > feed.reads.count("search") > 0


def test_who_is_logged_out_is_not_hammered_and_is_told_what_to_do(
    reader: Reader, feed: Feed, watch: Watch, store: Store
) -> None:
    login = ["old"]
    feed.breaks["mentions"] = LoggedOut("X does not take the token of @northline any more")
    reading = Reading(store, feed, watch, login=lambda: login[0])
    for _ in range(30 * 60):
        reading.round()
        watch.now += SECOND
    assert feed.reads == ["mentions"]
    said = sources.headline(sources.standings(reader, watch.now), watch.now)
    assert "logged out; `shiftdesk account add`" in said
    feed.breaks.clear()
    login[0] = "new"
    for _ in range(61):
        reading.round()
        watch.now += SECOND
    assert feed.closed == 1, "the new login has a client of its own"
    assert not any(one.sentence for one in sources.standings(reader, watch.now))


def test_a_client_that_cannot_be_made_is_said_and_made_later(
    reader: Reader, feed: Feed, watch: Watch, store: Store
) -> None:
    ready = [False]

    def connect() -> Feed:
        if not ready[0]:
            raise Misuse("tokens.toml is open to others; chmod 600 it.")
        return feed

    feed.bring(*asks(1))
    reading = Reading(store, feed, watch, connect=connect)
    reading.round()
    assert source(reader).error == "tokens.toml is open to others; chmod 600 it."
    ready[0] = True
    for _ in range(8):
        watch.now += SECOND
        reading.round()
    assert stored(store) == ["m0"]
    assert {row.name for row in reader.sources()} == {"mentions", "own", "search"}


def test_sources_follow_the_configuration(reader: Reader, feed: Feed, watch: Watch, store: Store) -> None:
    Reading(store, feed, watch).round()
    feed.sources = (MENTIONS, replace(MENTIONS, name="tag:delays"))
    watch.now += SPAN + SECOND
    Reading(store, feed, watch, "second").round()
    assert {row.name for row in reader.sources()} == {"mentions", "tag:delays"}


# -- one at a time -----------------------------------------------------------------------------------


def test_a_read_that_comes_after_the_lease_was_lost_commits_nothing(
    reader: Reader, store: Store, feed: Feed, watch: Watch
) -> None:
    feed.bring(*asks(3))
    other = Feed(sources=feed.sources)
    second = Reading(store, other, watch, "second")

    def meanwhile(_: str) -> None:
        feed.after = lambda _: None
        watch.now += SPAN + SECOND
        second.round()

    feed.after = meanwhile
    assert Reading(store, feed, watch).round() is None
    assert (stored(store), source(reader).cursor) == ([], "0")


def test_a_lease_that_another_has_only_just_taken_commits_nothing(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    reading.round()
    watch.now += MINUTE
    feed.bring(*asks(3))

    def meanwhile(_: str) -> None:
        feed.after = lambda _: None
        watch.now += SPAN + SECOND
        assert Held(store, reading.lane.name, "second", watch).keep()

    feed.after = meanwhile
    assert reading.round() is None
    assert (stored(store), source(reader).cursor) == ([], "0")


def test_a_lease_that_was_lost_and_is_free_again_commits_nothing_either(
    reader: Reader, store: Store, feed: Feed, watch: Watch
) -> None:
    feed.bring(*asks(3))
    second = Reading(store, Feed(sources=feed.sources), watch, "second")

    def meanwhile(_: str) -> None:
        feed.after = lambda _: None
        watch.now += SPAN + SECOND
        second.round()
        second.held.give_back()

    feed.after = meanwhile
    first = Reading(store, feed, watch)
    assert first.round() is None
    assert stored(store) == []
    watch.now += MINUTE
    first.round()
    assert (stored(store), source(reader).cursor) == (names(asks(3)), "3"), "it goes on from where the other one was"


def test_even_with_the_lease_a_place_that_moved_is_not_moved_back(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    reading.round()
    watch.now += MINUTE
    feed.bring(*asks(1))

    def meanwhile(_: str) -> None:
        with store.transaction() as session:
            session.execute(update(t.sources).values(cursor="9"))

    feed.after = meanwhile
    assert reading.round() is None
    assert (stored(store), source(reader).cursor) == ([], "9")


def _collect(location: str, holder: str, rounds: int, gate: Any) -> None:
    """A process of its own that collects; the feed is the same in each."""
    store, watch = Store(home_of(location)), Watch(NOW + MINUTE)
    feed = Feed(size=2, sources=(MENTIONS,))
    feed.bring(*asks(60))
    reading = Reading(store, feed, watch, holder)
    gate.wait()
    for _ in range(rounds):
        with pytest.MonkeyPatch.context() as few:
            few.setattr(collector, "READS", 1)
            reading.round()
        reading.held.give_back()
        watch.now += MINUTE
    store.close()


def test_processes_that_take_the_lease_from_each_other_add_each_post_once(
    store: Store, reader: Reader, watch: Watch
) -> None:
    Reading(store, Feed(sources=(MENTIONS,)), watch).round()
    watch.now += MINUTE
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(3)
    running = [context.Process(target=_collect, args=(store.location, f"p{n}", 40, gate)) for n in range(3)]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    assert [one.exitcode for one in running] == [0, 0, 0]
    there = stored(store)
    assert len(there) == len(set(there))
    assert there == names(asks(int(source(reader).cursor or 0))), "the place is never ahead of the posts"


def _collect_and_die(location: str, at: str) -> None:
    store, watch = Store(home_of(location)), Watch()
    feed = Feed()
    feed.bring(*asks(5, ago=MINUTE))

    def die(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    if at == "read":
        feed.after = die
    elif at == "taken":
        sources._advance = die  # type: ignore[assignment]
    elif at == "advanced":
        sources._tell = die  # type: ignore[assignment]
    Reading(store, feed, watch, "dying").round()


@pytest.mark.parametrize("at", ["read", "taken", "advanced"])
def test_a_collector_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(
    store: Store, reader: Reader, feed: Feed, watch: Watch, at: str
) -> None:
    dying = multiprocessing.get_context("spawn").Process(target=_collect_and_die, args=(store.location, at))
    dying.start()
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    assert (stored(store), source(reader).cursor) == ([], None)
    watch.now += SPAN + SECOND
    feed.bring(*asks(5, ago=MINUTE))
    Reading(store, feed, watch, "next").round()
    assert stored(store) == names(asks(5))


def test_an_idle_collector_costs_a_comparison(
    store: Store, reader: Reader, watch: Watch, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.round()
    changes = store.changes()

    def nothing(*_: Any, **__: Any) -> Any:
        raise AssertionError("an idle round opens nothing")

    monkeypatch.setattr(Store, "transaction", nothing)
    monkeypatch.setattr(Reader, "_all", nothing)
    watch.now += 5 * SECOND
    assert reading.round() == Done()
    assert not changes.wait(0)


# -- our own timeline --------------------------------------------------------------------------------


def test_a_reply_made_elsewhere_answers_the_conversation_within_one_poll(
    reader: Reader, feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.bring(*asks(1, ago=MINUTE))
    reading.round()
    assert [row.state for row in rows(reader)] == ["new"]
    feed.bring(ours("o", "m0", ago=-SECOND), source="own")
    watch.now += MINUTE
    reading.round()
    assert [row.state for row in rows(reader)] == ["pending"]
    assert rows(reader)[0].answered_at == NOW + SECOND
    assert rows(reader, "waiting") == []


LINKED = "We are sorry. See https://northline.example/help for what to do."


@pytest.fixture
def leaving(store: Store, feed: Feed, reading: Reading, watch: Watch) -> int:
    """A reply that is `sending`."""
    feed.bring(*asks(1, ago=MINUTE))
    reading.round()
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        reply, _ = outbox.hold(session, claim, LINKED, config=Config(), now=NOW)
    watch.now = NOW + Config().desk.undo
    with store.transaction() as session:
        outbox.queue_due(session, watch.now, account=1)
        assert outbox.start_sending(session, watch.now, Config(), account=1) is not None
    return reply


def seen_again() -> Post:
    """What we send, as the network shows it."""
    return ours("out", "m0", ago=-10 * SECOND, text="We are sorry. See https://t.example/a1b2 for what to do.")


def test_what_we_are_just_sending_and_is_seen_before_its_receipt_is_one_post_and_one_answer(
    store: Store, reader: Reader, feed: Feed, watch: Watch, reading: Reading, leaving: int
) -> None:
    feed.bring(seen_again(), source="own")
    watch.now += MINUTE
    reading.round()
    reply = reader.reply(leaving)
    assert reply is not None
    assert reply.state == "sending", "only its sender says what became of it"
    with store.transaction() as session:
        outbox.sent(session, leaving, Receipt("out"), watch.now)
    assert [(one.native_id, one.ours) for one in reader.posts(1)] == [("m0", False), ("out", True)]
    assert [row.state for row in rows(reader)] == ["pending"]


def test_what_has_left_here_and_comes_back_with_its_links_shortened_is_no_edit(
    store: Store, reader: Reader, feed: Feed, watch: Watch, reading: Reading, leaving: int
) -> None:
    with store.transaction() as session:
        outbox.sent(session, leaving, Receipt("out"), watch.now)
    before = reader.last_event()
    feed.bring(replace(seen_again(), uri="u"), source="own")
    watch.now += MINUTE
    reading.round()
    assert [event.kind for event in reader.events(after=before, conversation_id=1)] == []
    assert [one.versions for one in reader.posts(1)] == [0, 0]
    feed.bring(replace(seen_again(), uri="u", text="We are very sorry."), source="own")
    watch.now += MINUTE
    reading.round()
    assert kinds(reader, 1)[-1] == "post.edited", "a colleague edited it elsewhere"


def test_what_is_unknown_stays_so_until_it_is_looked_up(
    store: Store, reader: Reader, feed: Feed, watch: Watch, reading: Reading, leaving: int
) -> None:
    with store.transaction() as session:
        outbox.unknown(session, leaving, "the line broke", watch.now)
    feed.bring(seen_again(), source="own")
    watch.now += MINUTE
    reading.round()
    assert reader.reply(leaving).state == "unknown"  # type: ignore[union-attr]
    with store.transaction() as session:
        outbox.sent(session, leaving, Receipt("out"), watch.now)
    assert [one.native_id for one in reader.posts(1)] == ["m0", "out"]


# -- context -----------------------------------------------------------------------------------------


def test_unknown_parents_are_brought_and_open_no_conversation_of_their_own(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    root = post("root", "stranger", "The 8:14 did not come", ago=3 * HOUR)
    mine = post("mine", "amandac", "Nor did the 8:44", ago=2 * HOUR, kind="reply", in_reply_to="root")
    asked = post("asked", "amandac", f"{US} well?", ago=MINUTE, kind="reply", in_reply_to="mine")
    below = post("below", "another", "Same here", ago=SECOND, kind="reply", in_reply_to="asked")
    feed.threads["asked"] = (root, mine, asked, below)
    feed.bring(asked)
    reading.round()
    (row,) = rows(reader)
    assert [one.native_id for one in reader.posts(row.id)] == ["mine", "asked"]
    assert [one.native_id for one in reader.ancestors(reader.posts(row.id)[0])] == ["root"]
    assert row.waiting_since == NOW - 2 * HOUR
    feed.bring(replace(below, text=f"Same here, {US}"), root)
    watch.now += MINUTE
    reading.round()
    assert {one.handle for one in rows(reader)} == {"amandac", "another", "stranger"}, "each has come by itself now"


def test_a_parent_that_nobody_has_is_asked_for_once(feed: Feed, watch: Watch, reading: Reading) -> None:
    feed.bring(post("asked", text=f"{US} well?", ago=MINUTE, kind="reply", in_reply_to="gone"))
    for n in range(5):
        reading.round()
        watch.now += MINUTE
        feed.bring(post(f"more{n}", text=f"{US} hello", ago=-n * MINUTE))
    assert feed.asked.count("thread asked") == 1


def test_threads_are_looked_up_a_few_at_a_time_and_only_while_many_calls_are_left(
    feed: Feed, watch: Watch, reading: Reading
) -> None:
    feed.bring(*[replace(one, kind="reply", in_reply_to=f"gone{one.id}") for one in asks(12, ago=MINUTE)])
    left = [10]
    feed.rate = lambda source, now: Rate(100, left[0], NOW + HOUR)
    for _ in range(120):
        reading.round()
        watch.now += SECOND
    assert not [one for one in feed.asked if one.startswith("thread")]
    left[0] = 90
    watch.now = NOW + HOUR
    reading.round()
    assert len([one for one in feed.asked if one.startswith("thread")]) == collector.LOOKS
    for _ in range(120):
        reading.round()
        watch.now += SECOND
    assert len([one for one in feed.asked if one.startswith("thread")]) == 12


def test_the_limits_of_the_server_are_stored_once_a_day(
    reader: Reader, store: Store, feed: Feed, watch: Watch, reading: Reading
) -> None:
    for _ in range(24):
        reading.round()
        watch.now += HOUR
    assert feed.asked.count("limits") == 1
    with store.transaction() as session:
        assert session.execute(select(t.accounts.c.limits)).scalar_one() == feed.found_limits.as_json()
    feed.found_limits = replace(feed.found_limits, characters=1_000)
    reading.round()
    assert [one["limits"]["characters"] for one in events(reader, "account.limits")] == [500, 1_000]


class Silent(Feed):
    """A network that does not say what was deleted."""

    deleted: frozenset[str] = frozenset()

    def gone(self, post_ids: list[str]) -> frozenset[str]:
        self.asked.append(f"gone {' '.join(post_ids)}")
        return self.deleted & frozenset(post_ids)


def test_what_its_author_took_back_waits_no_longer(store: Store, reader: Reader, watch: Watch) -> None:
    feed = Silent()
    reading = Reading(store, feed, watch)
    feed.bring(*asks(2, ago=MINUTE))
    reading.round()
    assert [one for one in feed.asked if one.startswith("gone")] == ["gone m0 m1"]
    feed.deleted = frozenset({"m1", "never"})
    watch.now += collector.GONE_EVERY
    reading.round()
    assert {row.handle: row.state for row in rows(reader)} == {"c0": "new", "c1": "resolved"}
    assert [event.kind for event in reader.events() if event.kind == "post.deleted"] == ["post.deleted"]
    watch.now += collector.GONE_EVERY
    reading.round()
    assert feed.asked[-1] == "gone m0"


# -- the stream --------------------------------------------------------------------------------------


def test_a_stream_makes_mentions_due_at_once(store: Store, feed: Feed, watch: Watch) -> None:
    said, heard, ended = threading.Event(), threading.Event(), threading.Event()

    def listen(woken: Callable[[], None], stop: Callable[[], bool]) -> None:
        said.wait(30)
        woken()
        heard.set()
        ended.wait(30)

    reading = Reading(store, feed, watch, listen=listen)
    reading.round()
    watch.now += 10 * SECOND
    feed.bring(*asks(1))
    reading.round()
    assert stored(store) == []
    said.set()
    assert heard.wait(30)
    reading.round()
    assert stored(store) == ["m0"]
    assert feed.reads.count("own") == 1, "the others are not due"
    ended.set()
    reading.lane.close()


def test_a_stream_that_never_rests_leaves_calls_for_the_rest(store: Store, feed: Feed, watch: Watch) -> None:
    told, woken_by = threading.Event(), list[Callable[[], None]]()

    def listen(woken: Callable[[], None], stop: Callable[[], bool]) -> None:
        woken_by.append(woken)
        told.set()

    reading = Reading(store, feed, watch, listen=listen)
    reading.round()
    assert told.wait(30)
    feed.asked.clear()
    for _ in range(30):
        watch.now += SECOND
        woken_by[0]()
        reading.round()
    assert 5 <= feed.reads.count("mentions") <= 7
    reading.lane.close()
