"""A shift and the summary it leaves, on a real desk."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import brake, claims, drafts, handoff, intake, outbox, shift
from tui.errors import Refused
from tui.networks.records import Author, Post, Receipt
from tui.store.reader import EventRow
from tui.store.store import Store

T: Millis = clock.parse("2026-11-22T08:00:00Z")
CONFIG = Config()
LEASE = CONFIG.desk.lease
TEXT = "We are sorry about the cold coach, the crew has been told."


class Desk:
    """A store with what the tests do to it, each in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.reader = store.reader()

    def __getattr__(self, name: str) -> Any:
        """`desk.claim(...)`: the function of that name of the desk's rules, in a transaction."""
        function = next(getattr(module, name) for module in (shift, claims, outbox) if hasattr(module, name))

        def run(*values: Any, **named: Any) -> Any:
            with self.store.transaction() as session:
                return function(session, *values, **named)

        return run

    def arrive(self, native: str, at: Millis, text: str = "@northline no heating", **values: Any) -> int:
        """A post comes in; its conversation."""
        author = values.pop("author", native)
        values = {"network": "x", "account": "@northline"} | values
        made = Post(id=native, author=Author(author, author), text=text, created_at=at, **values)
        with self.store.transaction() as session:
            intake.take_in(session, [made], now=values.get("seen_at") or at, config=CONFIG)
        return int(self.reader._one("SELECT conversation_id FROM post WHERE native_id = :id", id=native)[0])

    def take(self, conversation: int, at: Millis, agent: str = "ana") -> claims.Claim:
        return self.claim(conversation, agent=agent, now=at, lease=LEASE)

    def write(self, conversation: int, at: Millis, text: str = TEXT, agent: str = "ana", **values: Any) -> int:
        """Claim and put a reply into the outbox."""
        claim = self.take(conversation, at, agent)
        return int(self.hold(claim, text, config=CONFIG, now=at, **values)[0])

    def send(self, reply: int, at: Millis) -> int:
        self.leave(at)
        self.sent(reply, Receipt(f"n{reply}"), at)
        return reply

    def leave(self, at: Millis) -> None:
        self.queue_due(at)
        self.start_sending(at, Config())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(tmp_path / "desk.db")
    store.prepare()
    found = Desk(store)
    yield found
    found.reader.close()
    store.close()


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    desk.start(agent="ana", now=T)
    return desk


def kinds(desk: Desk) -> list[str]:
    return [event.kind for event in desk.reader.events()]


def test_an_open_shift_is_continued(desk: Desk) -> None:
    first = desk.start(agent="ana", now=T)
    assert desk.start(agent="ana", now=T + HOUR) == first
    assert desk.start(agent="ben", now=T + HOUR) != first
    assert kinds(desk) == ["shift.started", "shift.started"]
    assert desk.reader.events()[0].data == {"shift": first}


def test_no_shift_no_status_and_nothing_to_stop(desk: Desk) -> None:
    assert shift.status(desk.reader, agent="ana", now=T) is None
    with pytest.raises(Refused, match="No shift is open"):
        desk.stop(agent="ana", now=T)


def test_status_counts_what_was_done_so_far(open_desk: Desk) -> None:
    open_desk.take(open_desk.arrive("1", T), T)
    found = shift.status(open_desk.reader, agent="ana", now=T + 7 * HOUR + 55 * MINUTE)
    assert found is not None
    assert (found["started_at"], found["length"]) == ("2026-11-22T08:00:00Z", "7h 55m")
    assert found["done"]["taken"] == 1


@pytest.mark.parametrize(
    ("span", "text"), [(-1, "0m"), (59 * SECOND, "0m"), (59 * MINUTE, "59m"), (HOUR, "1h 0m"), (2 * DAY, "48h 0m")]
)
def test_length(span: Millis, text: str) -> None:
    assert shift.length(span) == text


def test_the_summary_is_stored_sealed_and_logged(open_desk: Desk) -> None:
    open_desk.arrive("1", T)
    found = open_desk.stop(agent="ana", now=T + HOUR)
    row = open_desk.reader.shift()
    assert row is not None
    assert json.loads(json.dumps(found)) == row.summary == found
    assert row.digest == shift.digest(found)
    assert (row.ended_at, row.last_event) == (T + HOUR, found["last_event"])
    last = open_desk.reader.events()[-1]
    assert (last.kind, last.data) == ("shift.ended", {"shift": row.id, "digest": row.digest})
    assert shift.status(open_desk.reader, agent="ana", now=T + HOUR) is None


def test_the_next_shift_starts_from_nothing(open_desk: Desk) -> None:
    open_desk.take(open_desk.arrive("1", T), T)
    open_desk.stop(agent="ana", now=T + HOUR)
    open_desk.start(agent="ana", now=T + 2 * HOUR)
    assert open_desk.stop(agent="ana", now=T + 3 * HOUR)["done"]["taken"] == 0


def test_what_is_claimed_is_named_and_stays_claimed(open_desk: Desk) -> None:
    one, two = open_desk.arrive("1", T - HOUR), open_desk.arrive("2", T)
    claim = open_desk.take(one, T)
    with open_desk.store.transaction() as session:
        drafts.save(session, claim, "We are", cursor=6, now=T)
    open_desk.take(two, T, agent="ben")
    found = open_desk.stop(agent="ana", now=T + 20 * MINUTE)
    assert [(c["id"], c["handle"], c["preview"], c["age"], c["draft"]) for c in found["claimed"]] == [
        (one, "1", "@northline no heating", "20m", True)
    ]
    assert found["claimed"][0]["freshness"] == "late"
    assert found["read-back"]["open"] == 1
    row = open_desk.reader.conversation(one)
    assert row is not None
    assert (row.state, row.owner, row.epoch) == ("claimed", "ana", claim.epoch)


def test_what_waits_stands_in_serving_order_danger_first(open_desk: Desk) -> None:
    waiting = [open_desk.arrive(str(n), T - (n + 50) * MINUTE) for n in range(20)]
    hurt = open_desk.arrive("hurt", T, "@northline a man has collapsed in coach 3")
    found = open_desk.stop(agent="ana", now=T + MINUTE)["waiting"]
    assert (found["count"], found["danger"]) == (21, 1)
    assert found["late"] == 10, "the ten that have waited 61 minutes and more"
    assert found["oldest"] == {"since": clock.iso(T - 69 * MINUTE), "age": "1h"}
    assert [c["id"] for c in found["top"]] == [hurt, *waiting[:-5:-1]]
    assert [c["danger"] for c in found["top"]] == [True, False, False, False, False]


def test_waiting_for_years_is_no_danger(open_desk: Desk) -> None:
    open_desk.arrive("1", T - 9 * 365 * DAY, seen_at=T)
    assert open_desk.stop(agent="ana", now=T)["waiting"]["danger"] == 0


def test_danger_that_one_has_claimed_is_read_back(open_desk: Desk) -> None:
    open_desk.take(open_desk.arrive("1", T, "@northline he is not breathing"), T)
    found = open_desk.stop(agent="ana", now=T)
    assert found["read-back"] == {"waiting": 0, "danger": 1, "open": 1}


def test_replies_that_are_not_out(open_desk: Desk) -> None:
    desk = open_desk
    one, two, three, four = (desk.arrive(str(n), T) for n in range(4))
    failed = desk.write(one, T)
    desk.leave(T + MINUTE)
    desk.failed(failed, "too long", T + MINUTE)
    unknown = desk.write(two, T + MINUTE)
    desk.leave(T + 2 * MINUTE)
    desk.unknown(unknown, "timed out", T + 2 * MINUTE)
    queued = desk.write(three, T + 2 * MINUTE)
    desk.queue_due(T + 3 * MINUTE)
    held = desk.write(four, T + 3 * MINUTE)
    desk.write(desk.arrive("9", T), T + 3 * MINUTE, agent="ben")
    found = desk.stop(agent="ana", now=T + 3 * MINUTE)
    assert [(r["id"], r["conversation"], r["state"], r["error"]) for r in found["replies"]] == [
        (failed, one, "failed", "too long"),
        (unknown, two, "unknown", "timed out"),
        (queued, three, "queued", None),
        (held, four, "held", None),
    ]
    assert found["read-back"]["open"] == 4
    assert (found["done"]["failed"], found["done"]["unknown"], found["done"]["sent"]) == (1, 1, 0)


def test_a_reply_on_its_way_is_open_without_a_claim(open_desk: Desk) -> None:
    one = open_desk.arrive("1", T)
    open_desk.write(one, T)
    open_desk.release(one, agent="ana", now=T)
    assert open_desk.stop(agent="ana", now=T)["read-back"] == {"waiting": 1, "danger": 0, "open": 1}


@pytest.mark.parametrize("how", ["answered", "resolved"])
def test_a_failed_reply_that_was_dealt_with_is_not_open(open_desk: Desk, how: str) -> None:
    one = open_desk.arrive("1", T)
    reply = open_desk.write(one, T)
    open_desk.leave(T + MINUTE)
    open_desk.failed(reply, "too long", T + MINUTE)
    if how == "answered":
        open_desk.send(open_desk.write(one, T + 2 * MINUTE, "The crew knows."), T + 3 * MINUTE)
    else:
        open_desk.resolve(one, agent="ana", reason="phoned", now=T + 2 * MINUTE, lease=LEASE)
    found = open_desk.stop(agent="ana", now=T + HOUR)
    assert (found["replies"], found["read-back"]["open"]) == ([], 0)


def test_what_one_snoozed_and_still_sleeps(open_desk: Desk) -> None:
    one, two = open_desk.arrive("1", T), open_desk.arrive("2", T)
    for conversation, until in ((one, T + DAY), (two, T + HOUR)):
        open_desk.snooze(conversation, agent="ana", until=until, now=T, lease=LEASE)
    open_desk.wake(T + HOUR)
    found = open_desk.stop(agent="ana", now=T + HOUR)
    assert [(c["id"], c["until"]) for c in found["snoozed"]] == [(one, "2026-11-23T08:00:00Z")]
    assert (found["done"]["snoozed"], found["read-back"]) == (2, {"waiting": 1, "danger": 0, "open": 1})


def test_skips_keep_their_reason_while_they_wait(open_desk: Desk) -> None:
    one, two = open_desk.arrive("1", T), open_desk.arrive("2", T)
    for conversation in (one, two):
        open_desk.skip(conversation, agent="ana", reason="needs Welsh ", now=T, span=HOUR)
    open_desk.take(two, T, agent="ben")
    found = open_desk.stop(agent="ana", now=T)
    assert [(c["id"], c["reason"]) for c in found["skipped"]] == [(one, "needs Welsh")]
    assert found["done"]["skipped"] == {"needs Welsh": 2}


def test_notes_and_reasons(open_desk: Desk) -> None:
    one, two = open_desk.arrive("1", T), open_desk.arrive("2", T)
    open_desk.note(one, agent="ana", text="refund promised by phone", now=T)
    open_desk.note(one, agent="ben", text="not ours", now=T)
    for conversation in (one, two):
        open_desk.resolve(conversation, agent="ana", reason="phoned", now=T, lease=LEASE)
    found = open_desk.stop(agent="ana", now=T)
    assert found["notes"] == [{"conversation": one, "text": "refund promised by phone", "at": clock.iso(T)}]
    assert (found["done"]["notes"], found["done"]["resolved"]) == (1, {"phoned": 2})


def test_resurfaced_answered_against_the_guard(open_desk: Desk) -> None:
    old = Post(network="x", id="1", author=Author("a", "amandac"), text="@northline stuck", created_at=T - 206 * DAY)
    one = open_desk.arrive("2", T, "RT", kind="repost", root=old, root_id="1")
    claim = open_desk.take(one, T)
    with pytest.raises(outbox.GuardStop) as stop:
        open_desk.hold(claim, TEXT, config=CONFIG, now=T)
    open_desk.record_stop(stop.value.stops, one, agent="ana", now=T)
    answers = [outbox.Overridden(f.check, f.asks, "she asked again") for f in stop.value.stops]
    reply = open_desk.write(one, T, overrides=answers)
    open_desk.send(reply, T + MINUTE)
    found = open_desk.stop(agent="ana", now=T + HOUR)
    assert [(c["id"], c["handle"], c["typed"], c["state"]) for c in found["resurfaced"]] == [
        (one, "amandac", "206d", "sent")
    ]
    assert found["done"]["stops"] == found["done"]["overrides"] == {"resurfaced": 1}


def test_time_to_answer_runs_from_the_first_word_that_waited(open_desk: Desk) -> None:
    desk = open_desk
    one = desk.arrive("1", T, author="a")
    desk.arrive("2", T + 20 * MINUTE, author="a", in_reply_to="1", kind="reply")
    desk.send(desk.write(one, T + 30 * MINUTE), T + 31 * MINUTE)
    part = [outbox.Overridden("answered", "second part")]
    desk.send(desk.write(one, T + 32 * MINUTE, "2/2 And it is warm again.", overrides=part), T + 33 * MINUTE)
    two = desk.arrive("3", T + HOUR, author="b")
    desk.send(desk.write(two, T + HOUR + MINUTE, "Which coach is it?"), T + HOUR + 2 * MINUTE)
    found = desk.stop(agent="ana", now=T + 2 * HOUR)
    assert found["done"]["sent"] == 3
    median = (31 * MINUTE + 2 * MINUTE) // 2 // SECOND
    assert found["time_to_answer"] == {"count": 2, "median": {"seconds": median, "text": "16m"}}


def test_done_counts_a_reply_once_and_nothing_it_does_not_know() -> None:
    def event(number: int, kind: str, **data: Any) -> EventRow:
        return EventRow(number, T, "ana", kind, 1, data)

    found = shift.done(
        [
            event(1, "reply.unknown", reply=7),
            event(2, "reply.unknown", reply=7),
            event(3, "reply.sent", reply=7, native_id="n"),
            event(4, "conversation.tagged", tags=["a"]),
            event(5, "claim.taken-over", taken_from="ben", reason="asleep"),
        ]
    )
    assert (found["unknown"], found["sent"], found["taken_over"], found["taken"]) == (1, 1, 1, 0)


def test_the_digest_sees_every_value_and_no_order() -> None:
    assert shift.digest({"a": 1, "b": "é"}) == shift.digest({"b": "é", "a": 1})
    assert shift.digest({"a": 1}) != shift.digest({"a": 2})


def test_reading_a_handoff_loads_no_orm() -> None:
    program = (
        "import sys; from tui.desk import handoff, report, shift; "
        "print({'sqlmodel', 'sqlalchemy', 'httpx', 'textual'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"


def test_a_reply_that_a_brake_keeps_is_not_said_to_leave(desk: Desk) -> None:
    desk.start(agent="ana", now=T)
    first, second = (desk.arrive(name, T) for name in ("one", "two"))
    desk.write(first, T + MINUTE)
    desk.hold(desk.take(second, T + MINUTE), "Seat 4 is free.", config=CONFIG, now=T + MINUTE, at=T + HOUR)
    with desk.store.transaction() as session:
        handle = brake.meant(desk.reader.accounts(), "@northline")
        brake.put_on(session, handle, agent="ben", reason="wrong fare", now=T + 2 * MINUTE)
    found = desk.stop(agent="ana", now=T + 3 * MINUTE)
    assert {reply["brake"] for reply in found["replies"]} == {"brake by ben, wrong fare"}
    assert {reply["scheduled"] for reply in found["replies"]} == {True, False}
    told = handoff.text(found)
    assert told.count("reply waits") == 2
    assert "leaves" not in told
