"""The sender of an account with a login: what waits, what is looked up, what is tried once more, and in which order."""

from collections.abc import Callable
from typing import Any

import pytest
from making import NOW, US, post, rows, take
from sqlalchemy import event, select, update

from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import brake, claims, outbox
from tui.errors import OutOfReach
from tui.networks.records import LoggedOut, Outgoing, RateLimited, Receipt, Unclear
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.lease import SPAN, Held
from tui.worker.run import Done
from tui.worker.sender import Outlet

CONFIG = Config()
SETTLES = 30 * SECOND
BELIEVED = SETTLES + CONFIG.network.deadline_seconds * SECOND
RETRY = CONFIG.network.retry_minutes * MINUTE


class Net:
    """A network in memory that does next what it is told: `publish` and `look_up` hold errors, the next one last."""

    settles = SETTLES

    def __init__(self) -> None:
        self.out: dict[str, str] = {}
        self.asked: list[str] = []
        self.publishing: list[tuple[Exception, bool]] = []
        """Errors of the next publishes, and whether the reply is out all the same."""
        self.looking: list[Exception] = []
        self.hidden = False
        """What is out is not to be seen."""

    def publish(self, reply: Outgoing) -> Receipt:
        self.asked.append(f"publish {reply.text}")
        error, delivers = self.publishing.pop() if self.publishing else (None, True)
        if delivers:
            assert reply.key not in self.out, "published twice"
            self.out[reply.key] = reply.text
        if error is not None:
            raise error
        return Receipt(f"n:{reply.key}")

    def look_up(self, reply: Outgoing) -> Receipt | None:
        self.asked.append(f"look up {reply.text}")
        if self.looking:
            raise self.looking.pop()
        return Receipt(f"n:{reply.key}") if reply.key in self.out and not self.hidden else None

    def close(self) -> None:
        pass


class Place:
    """A desk whose handle has a login, a clock, and its sender."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self.store, self.reader, self.net, self.now = store, reader, Net(), NOW
        take(store, post("p0", "guest0", text=f"{US} hello?", ago=MINUTE))
        with store.transaction() as session:
            session.execute(update(t.accounts).values(server="https://x.example"))
            self.account = session.execute(select(t.accounts.c.id)).scalar_one()
        self.outlet = Outlet(store, CONFIG, lambda: self.net, lambda: self.now, self.account)

    def ask(self, number: int) -> int:
        """A customer writes; the conversation."""
        take(self.store, post(f"p{number}", f"guest{number}", text=f"{US} hello?", ago=MINUTE))
        (found,) = [row.id for row in rows(self.reader) if row.handle == f"guest{number}"]
        return found

    def answer(self, number: int, text: str = "", **values: Any) -> int:
        """The reply to a guest, whose undo window is over."""
        conversation = self.ask(number)
        with self.store.transaction() as session:
            claim = claims.claim(session, conversation, agent="ana", now=self.now, lease=HOUR)
            words = text or f"Seat number {number} is at the desk."
            made, _ = outbox.hold(session, claim, words, config=CONFIG, now=self.now, **values)
        self.now += CONFIG.desk.undo
        return made

    def round(self, span: Millis = 0, *, first: bool = False) -> Done:
        self.now += span
        return self.outlet.round(first=first, leads=lambda session=None: True)

    def state(self, reply: int) -> str:
        row = self.reader.reply(reply)
        assert row is not None
        return row.state

    def row(self, reply: int) -> Any:
        with self.store.transaction() as session:
            return session.execute(select(t.replies).where(t.replies.c.id == reply)).one()


@pytest.fixture
def place(store: Store, reader: Reader) -> Place:
    return Place(store, reader)


# -- no clear answer -----------------------------------------------------------------------------------


def test_what_is_out_after_an_unclear_answer_is_sent(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(Unclear("the line broke"), True)]
    assert place.round().sent == 1
    assert (place.state(reply), len(place.net.asked)) == ("sent", 2)


def test_that_it_is_not_out_is_believed_only_when_the_network_must_show_it(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing, place.net.hidden = [(Unclear("the line broke"), True)], True
    assert place.round().unknown == 1
    for _ in range(3):
        place.round(BELIEVED // 4)
    assert (place.state(reply), place.row(reply).attempts) == ("unknown", 1)
    place.net.hidden = False
    assert place.round(BELIEVED // 4).sent == 1
    assert [asked.split()[0] for asked in place.net.asked].count("publish") == 1


def test_what_is_certainly_not_out_is_tried_once_more_with_its_key_and_then_is_a_persons(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(Unclear("the line broke"), False)] * 2
    place.round()
    place.round(BELIEVED)
    assert [asked.split()[0] for asked in place.net.asked] == ["publish", "look", "look", "publish", "look"]
    assert place.round(BELIEVED).failed == 1
    row, conversation = place.row(reply), place.reader.conversation(place.row(reply).conversation_id)
    assert (row.state, row.error) == ("failed", "it was tried twice and did not reach the network")
    assert conversation is not None
    assert conversation.has_draft


def test_before_the_second_try_the_guard_looks_again(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(Unclear("the line broke"), False)]
    place.round()
    take(
        place.store,
        post("w", "guest1", "It has come.", NOW - place.now, in_reply_to="p1", kind="reply"),
        now=place.now,
    )
    place.round(BELIEVED)
    assert (place.state(reply), place.net.out) == ("failed", {})


def test_where_no_look_up_can_tell_it_is_asked_after_pauses_that_grow_and_a_person_decides(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(Unclear("the line broke"), True)]
    place.net.looking = [Unclear("too many posts")] * 1_000
    place.round()
    began = place.now
    for _ in range(6 * 60):
        place.round(10 * SECOND)
    looks = sum(asked.startswith("look") for asked in place.net.asked)
    assert 6 < looks < 15
    assert place.row(reply).due_at - began <= 2 * HOUR
    assert [one.kind for one in place.reader.events() if one.kind == "reply.unknown"] == ["reply.unknown"]
    with place.store.transaction() as session:
        outbox.settle(session, reply, is_out=True, agent="ben", now=place.now)
    assert place.state(reply) == "sent"


def test_a_receipt_that_comes_late_counts_also_when_it_was_queued_again(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(Unclear("the line broke"), False)]
    place.round()
    with place.store.transaction() as session:
        assert outbox.not_found(session, reply, place.now + BELIEVED, settles=BELIEVED) == "queued"
        outbox.sent(session, reply, Receipt("late"), place.now + BELIEVED)
    assert place.round(BELIEVED) == Done()
    assert (place.state(reply), len(place.net.out)) == ("sent", 0)


# -- nothing was done ----------------------------------------------------------------------------------


def test_a_limit_keeps_it_queued_until_its_end_and_says_so(place: Place) -> None:
    reply = place.answer(1)
    until = place.now + 10 * MINUTE
    place.net.publishing = [(RateLimited("too many calls", until=until), False)]
    assert place.round() == Done()
    row = place.row(reply)
    assert (row.state, row.due_at, row.error, row.attempts) == ("queued", until, "too many calls", 0)
    assert place.reader.events()[-1].kind == "reply.waits"
    place.round(10 * MINUTE - 1)
    assert len(place.net.asked) == 1
    assert place.round(1).sent == 1


def test_one_thread_that_waits_keeps_no_other_and_two_in_a_row_all(place: Place) -> None:
    replies = [place.answer(number) for number in range(1, 6)]
    limit = (RateLimited("too many calls", until=place.now + HOUR), False)
    place.net.publishing = [limit]
    assert place.round().sent == 4
    assert place.state(replies[0]) == "queued"
    more = [place.answer(number) for number in range(6, 11)]
    place.net.publishing = [limit] * 5
    place.net.asked.clear()
    assert place.round().sent == 0
    assert len(place.net.asked) == 2
    assert {place.row(reply).due_at for reply in more} == {limit[0].until}
    place.net.publishing = []
    place.round(HOUR)
    assert {place.state(reply) for reply in (*replies, *more)} == {"sent"}


@pytest.mark.parametrize("error", [OutOfReach("no line"), LoggedOut("log in again")])
def test_out_of_reach_is_tried_again_after_pauses_that_grow_for_a_while(place: Place, error: OutOfReach) -> None:
    reply = place.answer(1)
    place.net.publishing = [(error, False)] * 1_000
    began, failed = place.now, 0
    while not failed:
        failed = place.round(5 * SECOND).failed
        assert place.now - began < RETRY + 10 * MINUTE
    assert place.now - began >= RETRY
    assert 8 < len(place.net.asked) < 20
    assert (place.state(reply), place.row(reply).error) == ("failed", str(error))


def test_a_network_that_is_back_gets_it(place: Place) -> None:
    reply = place.answer(1)
    place.net.publishing = [(OutOfReach("no line"), False)] * 3
    for _ in range(12):
        place.round(5 * SECOND)
    assert (place.state(reply), place.row(reply).failing_since) == ("sent", None)


# -- order and lease -----------------------------------------------------------------------------------


def test_none_overtakes_an_earlier_one_of_its_thread(place: Place) -> None:
    first, second, other = place.answer(1), place.answer(1, "And mind the gap."), place.answer(2)
    place.net.publishing = [(RateLimited("wait", until=place.now + HOUR), False)]
    assert place.round().sent == 1
    assert [place.state(reply) for reply in (first, second, other)] == ["queued", "queued", "sent"]
    place.round(MINUTE)
    assert place.state(second) == "queued"
    place.round(HOUR)
    assert [asked for asked in place.net.asked if "seat" in asked or "gap" in asked.lower()][-1].endswith("gap.")
    assert [place.state(reply) for reply in (first, second)] == ["sent", "sent"]


def test_an_unknown_one_keeps_the_later_of_its_thread(place: Place) -> None:
    first, second = place.answer(1), place.answer(1, "And mind the gap.")
    place.net.publishing, place.net.looking = [(Unclear("?"), True)], [Unclear("?")] * 2
    place.round()
    assert [place.state(reply) for reply in (first, second)] == ["unknown", "queued"]
    place.round(MINUTE)
    place.round(HOUR)
    assert [place.state(reply) for reply in (first, second)] == ["sent", "sent"]


def test_a_sender_whose_lease_is_gone_starts_nothing(place: Place) -> None:
    reply = place.answer(1)
    place.outlet.round(first=False, leads=lambda session=None: False)
    assert (place.state(reply), place.net.asked) == ("queued", [])


def stand_still(patch: pytest.MonkeyPatch, place: Place, meanwhile: Callable[[], None]) -> None:
    """The next sender stands still between `sending` and its call."""
    committed = outbox.start_sending

    def start(session: Any, *given: Any, **values: Any) -> Any:
        patch.undo()
        started = committed(session, *given, **values)
        event.listen(session, "after_commit", lambda _: meanwhile(), once=True)
        return started

    patch.setattr(outbox, "start_sending", start)


def test_a_sender_held_up_before_its_call_calls_nobody_and_puts_it_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = place.answer(1)

    def time_goes_on() -> None:
        place.now += SPAN

    stand_still(monkeypatch, place, time_goes_on)
    assert place.round() == Done()
    row = place.row(reply)
    assert (row.state, row.attempts, place.net.asked) == ("queued", 0, [])
    assert place.round().sent == 1


def test_a_sender_stopped_for_longer_than_its_lease_sends_nothing_when_it_wakes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another takes over, finds nothing and sends it, and its own lease is over, too, when the first one wakes."""
    reply = place.answer(1)
    mine, others = (Held(place.store, "send x:@northline", holder, lambda: place.now) for holder in ("me", "other"))
    other = Outlet(place.store, CONFIG, lambda: place.net, lambda: place.now, place.account)
    assert mine.keep()

    def another_takes_over() -> None:
        place.now += SPAN
        assert others.keep()
        other.round(first=True, leads=others.keep)
        place.now += BELIEVED
        other.round(first=False, leads=lambda session=None: True)

    stand_still(monkeypatch, place, another_takes_over)
    assert place.outlet.round(first=False, leads=mine.keep) == Done()
    assert [asked.split()[0] for asked in place.net.asked].count("publish") == 1
    assert place.state(reply) == "sent"


# -- the brake -----------------------------------------------------------------------------------------


def brake_is(place: Place, switch: str) -> None:
    with place.store.transaction() as session:
        handle = brake.meant(place.reader.accounts(), US)
        if switch == "on":
            assert brake.put_on(session, handle, agent="ben", reason="wrong fare", now=place.now)
        else:
            assert brake.release(session, handle, agent="ben", now=place.now)


def test_the_brake_stops_what_is_queued_and_release_lets_it_go(place: Place) -> None:
    queued = place.answer(1)
    brake_is(place, "on")
    held = place.answer(2)
    place.round(HOUR)
    assert (place.net.asked, place.state(queued), place.state(held)) == ([], "queued", "queued")
    (found,) = place.reader.brakes()
    assert (found.by, found.reason, found.waiting) == ("ben", "wrong fare", 2)
    brake_is(place, "off")
    assert place.round().sent == 2
    assert place.reader.brakes() == []


def test_after_the_brake_the_guard_looks_at_each_again(place: Place) -> None:
    reply, other = place.answer(1), place.answer(2)
    brake_is(place, "on")
    place.round()
    word = post("w", "guest1", "It has come.", NOW - place.now, in_reply_to="p1", kind="reply")
    take(place.store, word, now=place.now)
    brake_is(place, "off")
    place.round(MINUTE)
    assert (place.state(reply), place.state(other)) == ("failed", "sent")


def test_what_waits_for_a_brake_can_be_taken_back_and_what_may_be_out_cannot(place: Place) -> None:
    reply, unknown = place.answer(1), place.answer(2)
    brake_is(place, "on")
    place.round()
    with place.store.transaction() as session:
        assert outbox.recall(session, reply, agent="ana", now=place.now)
        session.execute(update(t.replies).where(t.replies.c.id == unknown).values(attempts=1))
    from tui.errors import Refused

    with pytest.raises(Refused), place.store.transaction() as session:
        outbox.recall(session, unknown, agent="ana", now=place.now)


def test_a_brake_writes_nothing_while_it_is_on(place: Place) -> None:
    place.answer(1)
    place.round()
    place.answer(2)
    brake_is(place, "on")
    place.round()
    changes = place.store.changes()
    place.round(HOUR)
    assert not changes.wait(0)


# -- scheduled -----------------------------------------------------------------------------------------


def test_a_scheduled_reply_leaves_at_its_time_and_its_conversation_rests(place: Place) -> None:
    at = place.now + 2 * HOUR
    reply = place.answer(1, at=at)
    conversation = place.row(reply).conversation_id
    assert place.round(HOUR) == Done()
    shown = place.reader.reply(reply)
    assert shown is not None
    assert (shown.state, shown.scheduled, shown.due_at) == ("held", True, at)
    found = place.reader.conversation(conversation)
    assert found is not None
    assert (found.state, found.owner) == ("snoozed", None)
    assert place.round(at - place.now).sent == 1
    found = place.reader.conversation(conversation)
    assert found is not None
    assert (found.state, found.waiting_since, found.timer_at) == ("pending", None, None)


@pytest.mark.parametrize("on_shift", [False, True])
def test_it_comes_back_when_the_customer_writes(place: Place, on_shift: bool) -> None:
    from tui.desk import shift

    if on_shift:
        with place.store.transaction() as session:
            shift.start(session, agent="ana", now=place.now)
    reply = place.answer(1, at=place.now + 2 * HOUR)
    conversation = place.row(reply).conversation_id
    word = post("w", "guest1", "It has come.", NOW - place.now, in_reply_to="p1", kind="reply")
    take(place.store, word, now=place.now)
    place.round(SECOND)
    row, found, draft = place.row(reply), place.reader.conversation(conversation), place.reader.draft(conversation)
    assert row.state == "recalled"
    assert "wrote again" in row.error
    assert draft is not None
    assert draft.text == "Seat number 1 is at the desk."
    assert found is not None
    assert (found.state, found.owner) == (("claimed", "ana") if on_shift else ("new", None))
    assert [reason["rule"] for reason in found.reasons][-1] == "unsent"
    assert [one.data["why"] for one in place.reader.events() if one.kind == "reply.returned"] == [row.error]
    assert place.round(3 * HOUR) == Done()


def test_what_is_no_change_of_the_thread_lets_it_stand(place: Place) -> None:
    reply = place.answer(1, at=place.now + 2 * HOUR)
    conversation = place.row(reply).conversation_id
    with place.store.transaction() as session:
        claims.tag(session, conversation, agent="ben", tags=["seat"], now=place.now)
    place.round(SECOND)
    assert place.state(reply) == "held"


def test_what_its_guard_stops_at_its_time_comes_back(place: Place) -> None:
    reply = place.answer(1, at=place.now + 2 * HOUR)
    gone = post("p1", "guest1", "", MINUTE, deleted=True)
    place.round(2 * HOUR - MINUTE)
    take(place.store, gone, now=place.now)
    place.outlet._heard = place.reader.last_event()  # as where no sender ran meanwhile
    place.round(2 * MINUTE)
    assert (place.state(reply), place.net.out) == ("recalled", {})


def test_a_time_that_is_over_is_refused(place: Place) -> None:
    from tui.errors import Refused

    with pytest.raises(Refused, match="That time is over"):
        place.answer(1, at=place.now)


def test_recalling_it_gives_its_agent_the_conversation(place: Place) -> None:
    reply = place.answer(1, at=place.now + 2 * HOUR)
    with place.store.transaction() as session:
        assert outbox.recall(session, reply, agent="ana", now=place.now)
    found = place.reader.conversation(place.row(reply).conversation_id)
    assert found is not None
    assert (found.state, found.owner) == ("claimed", "ana")


# -- failed: back on top -------------------------------------------------------------------------------


def test_a_failed_reply_brings_its_conversation_back_on_top_until_it_is_answered(place: Place) -> None:
    from tui.networks.records import RefusedByNetwork

    reply = place.answer(1)
    conversation = place.row(reply).conversation_id
    with place.store.transaction() as session:
        claims.release(session, conversation, agent="ana", now=place.now)
    place.ask(2)
    place.net.publishing = [(RefusedByNetwork("they blocked us"), False)]
    assert place.round().failed == 1
    first = rows(place.reader, "waiting")[0]
    assert (first.id, first.state, first.has_draft) == (conversation, "new", True)
    assert first.reasons[-1] == {
        "rule": "unsent", "points": 100_000, "text": "our reply has failed: they blocked us"
    }  # fmt: skip
    take(place.store, post("w", "guest1", "Hello??", NOW - place.now, in_reply_to="p1", kind="reply"), now=place.now)
    assert rows(place.reader, "waiting")[0].reasons[-1]["rule"] == "unsent"
    place.answer(1, "Here is another word.")
    place.round()
    found = place.reader.conversation(conversation)
    assert found is not None
    assert (found.state, found.reasons) == ("pending", [])


# -- what keeps a round short --------------------------------------------------------------------------


def test_an_answer_that_our_client_stumbles_over_is_no_clear_answer_and_stops_nothing_else(place: Place) -> None:
    first, second = place.answer(1), place.answer(2)
    place.net.publishing, place.net.looking = [(KeyError("data"), True)], [ValueError("no id")]
    assert place.round().sent == 1
    assert (place.state(first), place.state(second)) == ("unknown", "sent")
    assert "ValueError" in place.row(first).error
    assert place.round(HOUR).sent == 1
    assert len(place.net.out) == 2


def published(asked: list[str]) -> list[tuple[int, str]]:
    """The texts that were published, each with its place among what was asked."""
    return [(at, one.removeprefix("publish ")) for at, one in enumerate(asked) if one.startswith("publish ")]


def test_look_ups_that_are_not_answered_hold_up_those_behind_them(place: Place) -> None:
    replies = [place.answer(number) for number in range(1, 7)]
    with place.store.transaction() as session:
        outbox.queue_due(session, place.now, account=place.account)
        for _ in replies:
            assert outbox.start_sending(session, place.now, CONFIG, account=place.account) is not None
    limited = RateLimited("too many calls", until=place.now + 10 * MINUTE)
    place.net.looking = [limited] * len(replies)
    assert place.round(first=True).unknown == len(replies)
    assert len(place.net.asked) == 2
    assert {place.state(reply) for reply in replies} == {"unknown"}
    assert {place.row(reply).due_at for reply in replies} == {limited.until}
    place.net.looking = []
    place.round(10 * MINUTE)
    assert {place.state(reply) for reply in replies} == {"sent"}
    assert all(place.net.asked.index(f"look up {text}") < at for at, text in published(place.net.asked))


def test_no_call_is_begun_when_the_worker_is_to_end(place: Place) -> None:
    first, second = place.answer(1), place.answer(2)
    goes_on = iter([True, False])
    place.outlet.round(first=False, leads=lambda session=None: True if session is not None else next(goes_on))
    assert (place.state(first), place.state(second)) == ("sent", "queued")
