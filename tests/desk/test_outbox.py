"""A reply's way out: held, queued, sending, and what the network says."""

from typing import Any

import pytest
from making import NOW, US, kinds, ours, post, repost, rows, take

from tui.clock import DAY, MINUTE, SECOND
from tui.config import Config
from tui.desk import claims, drafts, outbox
from tui.desk.guard import Overridden
from tui.errors import Refused
from tui.networks.records import Outgoing, Receipt
from tui.store.reader import Reader
from tui.store.store import Store

LEASE = 30 * MINUTE
CONFIG = Config()
UNDO = CONFIG.desk.undo
ONE = 1
TEXT = "We are sorry. Which train was it?"


def hold(store: Store, text: str = TEXT, now: int = NOW, agent: str = "ana", **values: Any) -> int:
    """Claim the first conversation and hold a reply to it."""
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent=agent, now=now, lease=LEASE)
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=now, **values)
    return reply


def start(store: Store, now: int = NOW + UNDO) -> tuple[int, Outgoing]:
    """Queue what is due and begin to send the oldest."""
    with store.transaction() as session:
        outbox.queue_due(session, now)
        started = outbox.start_sending(session, now, CONFIG)
    assert started is not None
    reply, outgoing = started
    assert outgoing is not None
    return reply, outgoing


def send(store: Store, now: int = NOW + UNDO) -> int:
    """The whole way; the network takes it."""
    reply, _ = start(store, now)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"native-{reply}", "https://x.example/1"), now)
    return reply


def state(reader: Reader, reply: int) -> str:
    row = reader.reply(reply)
    assert row is not None
    return row.state


def one(reader: Reader) -> Any:
    row = reader.conversation(ONE)
    assert row is not None
    return row


@pytest.fixture(autouse=True)
def _a_question(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)


# -- the undo window ---------------------------------------------------------------------------------


def test_a_held_reply_takes_the_draft_and_waits_out_its_window(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        drafts.save(session, claim, TEXT, cursor=3, now=NOW)
    reply = hold(store)
    assert reader.draft(ONE) is None
    assert (state(reader, reply), reader.reply(reply).due_at) == ("held", NOW + UNDO)  # type: ignore[union-attr]
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + UNDO - 1) == []
        assert outbox.start_sending(session, NOW + UNDO - 1, CONFIG) is None
        assert outbox.queue_due(session, NOW + UNDO) == [reply]
    assert one(reader).state == "claimed"


def test_a_recalled_reply_is_the_draft_again(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        assert outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
    assert (state(reader, reply), reader.draft(ONE).text) == ("recalled", TEXT)  # type: ignore[union-attr]
    assert reader.outbox() == []
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + DAY) == []
    assert kinds(reader, ONE)[-2:] == ["reply.held", "reply.recalled"]


@pytest.mark.parametrize("moved_on", ["queued", "sending", "sent", "recalled"])
def test_what_moved_on_cannot_be_recalled(store: Store, reader: Reader, moved_on: str) -> None:
    reply = hold(store)
    with store.transaction() as session:
        if moved_on == "queued":
            outbox.queue_due(session, NOW + UNDO)
        if moved_on == "recalled":
            outbox.recall(session, reply, agent="ana", now=NOW)
    if moved_on == "sending":
        start(store)
    if moved_on == "sent":
        send(store)
    with pytest.raises(Refused, match="no longer be recalled"), store.transaction() as session:
        outbox.recall(session, reply, agent="ana", now=NOW + UNDO)
    assert state(reader, reply) == moved_on


def test_nobody_recalls_a_colleagues_reply(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with pytest.raises(Refused), store.transaction() as session:
        outbox.recall(session, reply, agent="ben", now=NOW)
    assert state(reader, reply) == "held"


def test_send_now_ends_the_window(store: Store) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.send_now(session, reply, agent="ana", now=NOW + SECOND)
        assert outbox.queue_due(session, NOW + SECOND) == [reply]


# -- sending -----------------------------------------------------------------------------------------


def test_one_is_sent_at_a_time_oldest_first(store: Store, reader: Reader) -> None:
    first, second = hold(store, TEXT + " (1/2)"), hold(store, "And which coach were you in? (2/2)")
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + UNDO) == [first, second]
        started = outbox.start_sending(session, NOW + UNDO, CONFIG)
    assert started is not None
    reply, outgoing = started
    assert (reply, state(reader, first), state(reader, second)) == (first, "sending", "queued")
    row = reader.reply(first)
    assert row is not None
    assert outgoing == Outgoing("x", US, "q", TEXT + " (1/2)", row.key, False)


def test_two_held_replies_both_leave(store: Store, reader: Reader) -> None:
    replies = [hold(store, TEXT + " (1/2)"), hold(store, "And which coach were you in? (2/2)")]
    assert [send(store), send(store)] == replies
    assert [reply.state for reply in reader.replies(ONE)] == ["sent", "sent"]
    assert [p.text for p in reader.posts(ONE) if p.ours] == [TEXT + " (1/2)", "And which coach were you in? (2/2)"]
    assert (one(reader).state, reader.outbox()) == ("pending", [])


def test_a_sent_reply_joins_the_thread_and_waits_on_the_customer(store: Store, reader: Reader) -> None:
    reply = hold(store)
    assert send(store) == reply
    row, mine = one(reader), reader.posts(ONE)[-1]
    assert (row.state, row.owner, row.waiting_since, row.answered_at) == ("pending", None, None, NOW)
    assert (mine.native_id, mine.text, mine.ours, mine.in_reply_to) == (f"native-{reply}", TEXT, True, "q")
    assert kinds(reader, ONE)[-4:] == ["reply.held", "reply.queued", "reply.sending", "reply.sent"]


def test_our_reply_seen_again_on_our_timeline_is_the_same_post(store: Store, reader: Reader) -> None:
    reply = hold(store)
    send(store)
    before = reader.last_event()
    assert take(store, ours(f"native-{reply}", "q", -UNDO, text=TEXT), now=NOW + MINUTE).added == 0
    assert (reader.last_event(), len(reader.posts(ONE))) == (before, 2)


def test_our_reply_may_be_seen_before_the_receipt(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    take(store, ours(f"native-{reply}", "q", -UNDO, text=TEXT), now=NOW + UNDO)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"native-{reply}"), NOW + UNDO)
    assert (state(reader, reply), len(reader.posts(ONE)), one(reader).state) == ("sent", 2, "pending")


def start_after_hold(store: Store) -> tuple[int, Outgoing]:
    hold(store)
    return start(store)


def test_a_word_that_came_meanwhile_keeps_it_waiting(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    for n in (5, 7):
        word = post(f"w{n}", ago=-n * SECOND, text="and now?", in_reply_to="q", kind="reply")
        take(store, word, now=NOW + n * SECOND)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    row = one(reader)
    assert (row.state, row.owner, row.waiting_since, row.answered_at) == ("new", None, NOW + 5 * SECOND, NOW)
    assert [found.id for found in rows(reader, "waiting")] == [ONE]
    assert kinds(reader, ONE)[-1] == "conversation.reopened"


def test_reasons_still_add_up_after_a_word_that_came_meanwhile(store: Store, reader: Reader) -> None:
    from tui.desk.queue import entry

    reply, _ = start_after_hold(store)
    take(store, post("w", ago=-5 * SECOND, text="and now?", in_reply_to="q", kind="reply"), now=NOW + 5 * SECOND)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    found = entry(one(reader), CONFIG, NOW + 5 * SECOND + 3 * MINUTE)
    assert found.reasons[-1] == {"rule": "waiting", "points": 3, "text": "waiting for 3 minutes"}


def test_a_later_answer_of_a_colleague_counts(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    take(store, ours("other", "q", -UNDO, text="On it"), now=NOW + UNDO)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert one(reader).answered_at == NOW + UNDO


def test_who_took_it_over_keeps_it(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        claims.take_over(session, ONE, agent="ben", reason="knows them", now=NOW + UNDO, lease=LEASE)
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert (one(reader).state, one(reader).owner) == ("claimed", "ben")


def test_a_private_question_is_answered_in_private(store: Store, reader: Reader) -> None:
    take(store, post("d", "bob", "my booking is gone", kind="dm"))
    (row,) = (row for row in rows(reader) if row.private)
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
        outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW)
    reply, outgoing = start(store)
    assert outgoing.private
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert [p.kind for p in reader.posts(row.id)] == ["dm", "dm"]


def test_the_newest_word_is_answered(store: Store) -> None:
    take(store, post("q2", ago=MINUTE, in_reply_to="q", kind="reply"), repost("s", "q", "bob"))
    _, outgoing = start_after_hold(store)
    assert outgoing.in_reply_to == "q2"


# -- what may go wrong ---------------------------------------------------------------------------------


def test_a_refused_reply_returns_its_text(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "they blocked us", NOW + UNDO)
    row = reader.reply(reply)
    assert row is not None
    assert (row.state, row.error, reader.draft(ONE).text) == ("failed", "they blocked us", TEXT)  # type: ignore[union-attr]
    assert one(reader).state == "claimed"
    assert [r.id for r in reader.outbox()] == [reply]


def test_a_draft_begun_meanwhile_is_not_overwritten(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        claim = claims.held(session, ONE, agent="ana", now=NOW)
        drafts.save(session, claim, "Something else", cursor=0, now=NOW)
        outbox.failed(session, reply, "they blocked us", NOW + UNDO)
    assert reader.draft(ONE).text == "Something else"  # type: ignore[union-attr]


def test_a_failed_reply_is_sent_again_without_a_second_draft(store: Store, reader: Reader) -> None:
    reply, before = start_after_hold(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
        outbox.retry(session, reply, agent="ana", config=Config(), now=NOW + UNDO)
    assert reader.draft(ONE) is None
    _, again = start(store)
    assert again == before


def test_an_unclear_answer_is_settled_by_a_person(store: Store, reader: Reader) -> None:
    for is_out, expected in ((True, "sent"), (False, "failed")):
        reply = hold(store, f"{TEXT} {expected}", overrides=[Overridden("answered", "second part")])
        with store.transaction() as session:
            outbox.queue_due(session, NOW + UNDO)
            outbox.start_sending(session, NOW + UNDO, CONFIG)
            outbox.unknown(session, reply, "the line broke", NOW + UNDO)
        assert [found for found, _ in unsettled(store)] == [reply]
        with store.transaction() as session:
            outbox.settle(session, reply, is_out=is_out, agent="ana", now=NOW + UNDO)
        assert state(reader, reply) == expected
    assert reader.draft(ONE).text == f"{TEXT} failed"  # type: ignore[union-attr]


def unsettled(store: Store) -> list[tuple[int, Outgoing]]:
    with store.transaction() as session:
        return outbox.unsettled(session, ("sending", "unknown"))


@pytest.mark.parametrize("step", ["sent", "failed", "unknown", "retry", "settle"])
def test_steps_out_of_turn_are_refused(store: Store, reader: Reader, step: str) -> None:
    reply = hold(store)
    steps: dict[str, Any] = {
        "sent": lambda s: outbox.sent(s, reply, Receipt("n"), NOW),
        "failed": lambda s: outbox.failed(s, reply, "why", NOW),
        "unknown": lambda s: outbox.unknown(s, reply, "why", NOW),
        "retry": lambda s: outbox.retry(s, reply, agent="ana", config=Config(), now=NOW),
        "settle": lambda s: outbox.settle(s, reply, is_out=True, agent="ana", now=NOW),
    }
    before = reader.last_event()
    with pytest.raises(Refused, match="outbox"), store.transaction() as session:
        steps[step](session)
    assert (state(reader, reply), reader.last_event()) == ("held", before)


# -- the guard at the door -----------------------------------------------------------------------------


def test_a_stop_leaves_no_reply_and_is_a_near_miss_in_the_log(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
    before = reader.last_event()
    with pytest.raises(outbox.GuardStop) as stopped, store.transaction() as session:
        outbox.hold(session, claim, "x" * 300, config=CONFIG, now=NOW)
    assert [finding.check for finding in stopped.value.stops] == ["length"]
    assert stopped.value.details["verdict"] == "stop"
    assert (reader.replies(ONE), reader.last_event()) == ([], before)
    with store.transaction() as session:
        outbox.record_stop(session, stopped.value.stops, ONE, agent="ana", now=NOW)
    (event,) = reader.events(after=before)
    assert (event.kind, event.agent, event.data["check"]) == ("guard.stopped", "ana", "length")


def test_an_override_is_in_the_log_with_what_was_typed(store: Store, reader: Reader) -> None:
    take(store, ours("a", "q", 8 * MINUTE))
    with pytest.raises(outbox.GuardStop):
        hold(store)
    reply = hold(store, overrides=[Overridden("answered", "they asked twice")])
    (event,) = (event for event in reader.events(conversation_id=ONE) if event.kind == "guard.overridden")
    assert (event.data["check"], event.data["typed"], event.data["reply"]) == ("answered", "they asked twice", reply)


def test_without_a_claim_nothing_is_held(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        claims.take_over(session, ONE, agent="ben", reason="knows them", now=NOW, lease=LEASE)
    with pytest.raises(Refused, match="taken over by ben"), store.transaction() as session:
        outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW)
    assert reader.replies(ONE) == []


def test_a_retry_goes_through_the_guard(store: Store, reader: Reader) -> None:
    first = hold(store)
    start(store)
    with store.transaction() as session:
        outbox.failed(session, first, "the disk is full", NOW + UNDO)
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW + UNDO, lease=LEASE)
        outbox.hold(session, claim, "It comes at ten past.", config=Config(), now=NOW + UNDO)
    later = NOW + UNDO + 10 * MINUTE
    with pytest.raises(outbox.GuardStop, match="still held"), store.transaction() as session:
        outbox.retry(session, first, agent="ana", config=Config(), now=later)
    with pytest.raises(Refused, match="ana"), store.transaction() as session:
        outbox.retry(session, first, agent="zed", config=Config(), now=NOW + UNDO)
    assert state(reader, first) == "failed"


def test_a_check_named_by_hand_takes_a_reason(store: Store) -> None:
    from tui.desk.guard import Finding, accepts

    old = Finding("resurfaced", "stop", "Posted 206d ago.", {}, asks="206d")
    assert accepts(old, "206d", by_name=True)
    assert accepts(old, "they asked again", by_name=True)
    assert not accepts(old, "??", by_name=True)
    assert not accepts(old, "they asked again")


def test_a_repost_without_its_original_is_no_post_to_answer(store: Store, reader: Reader) -> None:
    take(store, repost("r", "unknown", "stranger"))
    (row,) = [row for row in rows(reader, "all") if row.handle == "stranger"]
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
    with pytest.raises(outbox.GuardStop, match="no post to answer"), store.transaction() as session:
        outbox.hold(session, claim, "Hello there.", config=Config(), now=NOW)
