"""What sending also does, and promises: made, in words, due, kept and dropped."""

from typing import Any

import pytest
from making import NOW, US, kinds, ours, post, repost, rows, take

from tui import clock
from tui.clock import DAY, HOUR, MINUTE
from tui.config import Config
from tui.desk import also, claims, keeping, outbox, priority, promises, shift
from tui.desk.canned.response import Action, Canned
from tui.desk.canned.vetting import misfit
from tui.desk.composition import Composition
from tui.desk.guard import Overridden
from tui.desk.queue import entry, show_json
from tui.errors import Misuse, Refused
from tui.networks.records import Receipt
from tui.store.reader import PromiseRow, QueueRow, Reader
from tui.store.store import Store

CONFIG = Config()
UNDO = CONFIG.desk.undo
OUT = NOW + UNDO
LEASE = 30 * MINUTE
ONE = 1
TEXT = "We are sorry. Which train was it?"
TAG, SNOOZE, RESOLVE = Action("tag", "Refund"), Action("snooze", span=2 * HOUR), Action("resolve", "answered for good")
CALL = Action("promise", "call back", span=HOUR)


@pytest.fixture(autouse=True)
def _a_question(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)


def hold(store: Store, *actions: Action, text: str = TEXT, agent: str = "ana", now: int = NOW, **values: Any) -> int:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent=agent, now=now, lease=LEASE)
        made_of = Composition(actions=actions)
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=now, made_of=made_of, **values)
    return reply


def start(store: Store, now: int = OUT) -> int:
    with store.transaction() as session:
        outbox.queue_due(session, now)
        started = outbox.start_sending(session, now, CONFIG)
    assert started is not None
    return started[0]


def sent(store: Store, reply: int, now: int = OUT) -> None:
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"n{reply}"), now)


def send(store: Store, *actions: Action, **values: Any) -> int:
    hold(store, *actions, **values)
    reply = start(store)
    sent(store, reply)
    return reply


def promise(store: Store, due_at: int = NOW + HOUR, text: str = "call back", now: int = NOW) -> int:
    with store.transaction() as session:
        return keeping.make(session, ONE, agent="ana", text=text, due_at=due_at, now=now)


def settle(store: Store, made: int, outcome: Any = "kept", now: int = NOW + 2 * HOUR, **values: Any) -> None:
    with store.transaction() as session:
        keeping.settle(session, made, outcome=outcome, agent="ben", now=now, **values)


def wake(store: Store, now: int) -> int:
    with store.transaction() as session:
        return claims.wake(session, now)


def one(reader: Reader) -> QueueRow:
    row = reader.conversation(ONE)
    assert row is not None
    return row


def data(reader: Reader, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in reader.events(conversation_id=ONE) if event.kind == kind]


# -- what sending also does --------------------------------------------------------------------------


def test_a_reply_that_is_out_does_what_goes_with_it(store: Store, reader: Reader) -> None:
    reply = send(store, TAG, SNOOZE, CALL)
    row = one(reader)
    assert (row.tags, row.state, row.timer_at) == (["refund"], "snoozed", OUT + 2 * HOUR)
    (made,) = reader.promises(ONE)
    assert (made.text, made.due_at, made.agent, made.reply_id) == ("call back", OUT + HOUR, "ana", reply)
    assert kinds(reader, ONE)[-4:] == ["reply.sent", "conversation.tagged", "conversation.snoozed", "promise.made"]
    assert data(reader, "conversation.snoozed") == [{"until": clock.iso(OUT + 2 * HOUR), "reply": reply}]


def test_nothing_of_it_happens_before_that(store: Store, reader: Reader) -> None:
    hold(store, TAG, RESOLVE, CALL)
    start(store)
    assert (one(reader).tags, one(reader).state, reader.promises(ONE)) == ([], "claimed", [])


@pytest.mark.parametrize("what", ["recalled", "failed", "unknown"])
def test_what_does_not_leave_does_nothing(store: Store, reader: Reader, what: str) -> None:
    reply = hold(store, TAG, RESOLVE, CALL)
    if what != "recalled":
        start(store)
    with store.transaction() as session:
        if what == "recalled":
            outbox.recall(session, reply, agent="ana", now=NOW)
        else:
            getattr(outbox, what)(session, reply, "no", OUT)
    assert (one(reader).tags, one(reader).state, reader.promises(ONE)) == ([], "claimed", [])


def test_a_reply_that_turns_out_to_be_out_does_it_then(store: Store, reader: Reader) -> None:
    reply = hold(store, RESOLVE)
    start(store)
    with store.transaction() as session:
        outbox.unknown(session, reply, "no answer", OUT)
        outbox.settle(session, reply, is_out=True, agent="ben", now=OUT + MINUTE)
    assert one(reader).state == "resolved"
    assert data(reader, "conversation.resolved") == [{"reason": "answered for good", "reply": reply}]


def test_it_happens_once_with_the_last_part(store: Store, reader: Reader) -> None:
    hold(store, TAG, CALL, RESOLVE, text="A sentence of some length stands here. " * 10, split=True)
    for row in reader.replies(ONE):
        assert (one(reader).tags, reader.promises(ONE)) == ([], [])
        start(store)
        sent(store, row.id)
    assert (one(reader).tags, one(reader).state, len(reader.promises(ONE))) == (["refund"], "resolved", 1)


def test_tags_that_are_there_stay(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claims.tag(session, ONE, agent="ben", tags=["heat"], now=NOW)
    send(store, TAG, TAG)
    assert one(reader).tags == ["heat", "refund"]


@pytest.mark.parametrize("action", [SNOOZE, RESOLVE], ids=lambda action: action.do)
def test_who_has_written_since_is_neither_snoozed_nor_resolved(store: Store, reader: Reader, action: Action) -> None:
    reply = hold(store, action, TAG, CALL)
    start(store)
    take(store, post("more", text=f"{US} and the heating?", in_reply_to="q", created_at=NOW + MINUTE), now=NOW + MINUTE)
    sent(store, reply, NOW + MINUTE)
    assert (one(reader).state, one(reader).tags, len(reader.promises(ONE))) == ("new", ["refund"], 1)
    why = "the customer has written since"
    assert data(reader, "action.left-out") == [{"do": action.do, "why": why, "reply": reply}]
    assert rows(reader, "waiting")[0].id == ONE


def test_what_a_colleague_has_taken_meanwhile_stays_theirs(store: Store, reader: Reader) -> None:
    reply = hold(store, RESOLVE)
    start(store)
    with store.transaction() as session:
        claims.take_over(session, ONE, agent="ben", reason="mine", now=NOW, lease=LEASE)
    sent(store, reply)
    assert (one(reader).state, one(reader).owner) == ("claimed", "ben")
    assert data(reader, "action.left-out") == [{"do": "resolve", "why": "ben has it", "reply": reply}]


def test_what_it_does_is_said_before() -> None:
    now = clock.parse("2026-02-11T09:14:00Z")
    said = also.told((TAG, SNOOZE, Action("snooze", span=90 * MINUTE), RESOLVE, CALL), now)
    when = clock.local(now + HOUR)
    assert said == (
        f"Also: tag Refund, snooze 2 h, snooze 1 h 30 min, resolve: answered for good, promise call back by {when}."
    )
    assert also.told((), now) == ""
    assert also.words(Action("tag", "a\x1b[2J\nb"), now) == "tag a␛[2J b"


# -- made and settled --------------------------------------------------------------------------------


def test_a_promise_is_open_until_it_is_kept(store: Store, reader: Reader) -> None:
    made = promise(store)
    assert [found.id for found in reader.open_promises(10)] == [made]
    settle(store, made)
    (found,) = reader.promises(ONE)
    assert (found.outcome, found.settled_by, found.settled_at) == ("kept", "ben", NOW + 2 * HOUR)
    assert reader.open_promises(10) == []
    assert kinds(reader, ONE)[-2:] == ["promise.made", "promise.kept"]


def test_who_drops_one_says_why(store: Store, reader: Reader) -> None:
    made = promise(store)
    with pytest.raises(Refused, match="Say why it is dropped"):
        settle(store, made, "dropped", reason=" ")
    settle(store, made, "dropped", reason="they called us")
    assert data(reader, "promise.dropped") == [{"promise": made, "reason": "they called us"}]


def test_it_is_settled_once(store: Store) -> None:
    made = promise(store)
    settle(store, made)
    with pytest.raises(Refused, match=f"Promise {made} was kept by ben"):
        settle(store, made, "dropped", reason="no")
    with pytest.raises(Misuse, match="There is no promise 99; see `shiftdesk promise list`"):
        settle(store, 99)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"text": " \n"}, "Say what is promised"),
        ({"text": "a" * 501}, "at most 500"),
        ({"due_at": NOW}, "That time is over"),
        ({"conversation_id": 9}, "There is no conversation 9"),
    ],
)
def test_what_is_no_promise_is_refused(store: Store, values: dict[str, Any], why: str) -> None:
    given: dict[str, Any] = {"conversation_id": ONE, "text": "call back", "due_at": NOW + HOUR} | values
    with pytest.raises((Refused, Misuse), match=why), store.transaction() as session:
        keeping.make(session, given.pop("conversation_id"), agent="ana", now=NOW, **given)


# -- due ---------------------------------------------------------------------------------------------


def rest(store: Store, how: str) -> None:
    """The conversation rests: answered, snoozed, or resolved."""
    send(store)
    with store.transaction() as session:
        if how == "snoozed":
            claims.snooze(session, ONE, agent="ana", until=NOW + DAY, now=OUT, lease=LEASE)
        if how == "resolved":
            claims.resolve(session, ONE, agent="ana", reason="done", now=OUT, lease=LEASE)


@pytest.mark.parametrize("how", ["pending", "snoozed", "resolved"])
def test_what_rests_waits_again_when_its_promise_is_due(store: Store, reader: Reader, how: str) -> None:
    rest(store, how)
    promise(store)
    assert (one(reader).state, reader.due_timer(NOW + HOUR - 1), wake(store, NOW + HOUR - 1)) == (how, False, 0)
    assert (reader.due_timer(NOW + HOUR), wake(store, NOW + HOUR)) == (True, 1)
    assert (reader.due_timer(NOW + HOUR), wake(store, NOW + HOUR + 1)) == (False, 0)
    row = one(reader)
    assert (row.state, row.waiting_since, row.timer_at, row.owner) == ("new", NOW + HOUR, None, None)
    said = f"promised: call back by {clock.local(NOW + HOUR)}"
    found = entry(row, CONFIG, NOW + HOUR + 5 * MINUTE)
    assert found.reasons[0] == {"rule": "promise", "points": keeping.POINTS, "text": said}
    assert (found.score, sum(reason["points"] for reason in found.reasons)) == (keeping.POINTS + 5,) * 2
    assert data(reader, "promise.due") == [{"promises": [1], "from": how}]
    assert [row.id for row in rows(reader, "waiting", now=NOW + HOUR)] == [ONE]


def test_it_moves_up_where_the_customer_waits_anyway(store: Store, reader: Reader) -> None:
    before = one(reader)
    promise(store)
    wake(store, NOW + HOUR)
    after = one(reader)
    assert (after.state, after.waiting_since) == ("new", before.waiting_since)
    assert before.rank - after.rank == keeping.POINTS * MINUTE
    settle(store, 1)
    assert (one(reader).rank, one(reader).reasons, one(reader).state) == (before.rank, before.reasons, "new")


def test_who_holds_it_keeps_it_and_it_waits_when_they_release_it(store: Store, reader: Reader) -> None:
    rest(store, "pending")
    promise(store)
    with store.transaction() as session:
        held = claims.claim(session, ONE, agent="ben", now=NOW + 50 * MINUTE, lease=LEASE)
    wake(store, NOW + HOUR)
    with store.transaction() as session:
        claims.check_held(session, held, NOW + HOUR)
        claims.release(session, ONE, agent="ben", now=NOW + HOUR)
    assert (one(reader).state, one(reader).waiting_since) == ("new", NOW + HOUR)


@pytest.mark.parametrize("how", ["pending", "snoozed", "resolved"])
@pytest.mark.parametrize("outcome", ["kept", "dropped"])
def test_what_waited_for_it_alone_rests_when_it_is_settled(
    store: Store, reader: Reader, how: str, outcome: str
) -> None:
    rest(store, how)
    made = promise(store)
    wake(store, NOW + HOUR)
    settle(store, made, outcome, reason="said so")
    row = one(reader)
    assert (row.state, row.waiting_since, row.reasons) == ("resolved" if how == "resolved" else "pending", None, [])


def test_another_promise_that_is_due_keeps_it_waiting(store: Store, reader: Reader) -> None:
    rest(store, "pending")
    first, second = promise(store), promise(store, NOW + HOUR + MINUTE, "refund")
    wake(store, NOW + HOUR)
    assert wake(store, NOW + 2 * HOUR) == 1
    assert [reason["text"].partition(" by")[0] for reason in priority.promised(one(reader).reasons)] == [
        "promised: call back", "promised: refund",
    ]  # fmt: skip
    settle(store, first)
    assert (one(reader).state, len(one(reader).reasons)) == ("new", 1)
    settle(store, second)
    assert one(reader).state == "pending"


def test_an_answer_ends_the_waiting_and_the_promise_stays_open(store: Store, reader: Reader) -> None:
    rest(store, "pending")
    promise(store)
    wake(store, NOW + HOUR)
    answered = Overridden("answered", "as promised")
    hold(store, now=NOW + HOUR, text="We are calling you now.", overrides=[answered])
    sent(store, start(store, NOW + HOUR + UNDO), NOW + HOUR + UNDO)
    assert (one(reader).state, one(reader).waiting_since) == ("pending", None)
    assert wake(store, NOW + 3 * HOUR) == 0
    assert len(reader.open_promises(9)) == 1
    settle(store, 1, now=NOW + 3 * HOUR)
    assert one(reader).state == "pending"


def test_what_arrives_meanwhile_leaves_the_promise_in_place(store: Store, reader: Reader) -> None:
    rest(store, "pending")
    promise(store)
    wake(store, NOW + HOUR)
    take(store, repost("r", "q", ago=-2 * HOUR), now=NOW + 2 * HOUR)
    row = one(reader)
    assert (row.state, row.waiting_since, len(priority.promised(row.reasons))) == ("new", NOW + HOUR, 1)
    take(store, post("w", text=f"{US} hello?", in_reply_to="q", created_at=NOW + 2 * HOUR), now=NOW + 2 * HOUR)
    row = one(reader)
    assert (row.state, row.waiting_since, len(priority.promised(row.reasons))) == ("new", NOW + 2 * HOUR, 1)
    settle(store, 1)
    assert (one(reader).state, priority.promised(one(reader).reasons)) == ("new", [])
    assert one(reader).waiting_since == NOW + 2 * HOUR, "the customer's word still waits"


def test_an_answer_seen_on_the_network_ends_the_waiting_too(store: Store, reader: Reader) -> None:
    rest(store, "pending")
    promise(store)
    wake(store, NOW + HOUR)
    take(store, ours("elsewhere", "q", created_at=NOW + 2 * HOUR), now=NOW + 2 * HOUR)
    assert (one(reader).state, one(reader).reasons, len(reader.open_promises(9))) == ("pending", [], 1)


# -- in words ----------------------------------------------------------------------------------------


def row(due_at: int, **values: Any) -> PromiseRow:
    made = PromiseRow(1, ONE, None, "ana", "call\x1b back", NOW, due_at, None, None, None, "x", "amandac")
    return made._replace(**values)


@pytest.mark.parametrize(
    ("ahead", "form", "ends"),
    [
        (2 * HOUR, "%H:%M", "in 2h"), (3 * DAY, "%a %H:%M", "in 3d"), (30 * DAY, "%d %b %H:%M", "in 30d"),
        (-5 * MINUTE, "%H:%M", "5m ago"), (-DAY, "%d %b %H:%M", "24h ago"),
    ],
)  # fmt: skip
def test_a_promise_says_by_when(ahead: int, form: str, ends: str) -> None:
    when = clock.local(NOW + ahead, form)
    assert promises.told(row(NOW + ahead), NOW) == f"promised: call␛ back by {when}, {ends}"


def test_a_settled_one_says_what_became_of_it(store: Store, reader: Reader) -> None:
    settled = row(NOW, outcome="dropped", settled_by="ben", settled_at=NOW)
    assert promises.told(settled, NOW) == "promised: call␛ back, dropped by ben"


def test_show_has_them_all(store: Store, reader: Reader) -> None:
    promise(store)
    settle(store, promise(store, NOW + 5 * MINUTE, "refund"))
    shown = show_json(reader, entry(one(reader), CONFIG, NOW + HOUR))["promises"]
    assert [(p["text"], p["state"], p["overdue"], p["settled_by"]) for p in shown] == [
        ("call back", "open", True, None), ("refund", "kept", False, "ben"),
    ]  # fmt: skip
    assert shown[0]["due_at"] == clock.iso(NOW + HOUR)


def test_the_handoff_names_what_is_open_whoever_promised_it(store: Store) -> None:
    with store.transaction() as session:
        shift.start(session, agent="ben", now=NOW)
    late, later = promise(store, NOW + HOUR), promise(store, NOW + 3 * HOUR, "refund")
    settle(store, promise(store, NOW + MINUTE, "kept one"), now=NOW)
    with store.transaction() as session:
        found = shift.stop(session, agent="ben", now=NOW + 2 * HOUR)
    assert found["promises"] == [
        {
            "id": number, "conversation": ONE, "handle": "amandac", "agent": "ana", "text": text,
            "due_at": clock.iso(due_at), "overdue": overdue,
        }
        for number, text, due_at, overdue in (
            (late, "call back", NOW + HOUR, True), (later, "refund", NOW + 3 * HOUR, False),
        )
    ]  # fmt: skip


def test_a_conversation_with_a_promise_is_not_folded_into_another(store: Store, reader: Reader) -> None:
    """Like one with a note, it stays where people find what they left there."""
    take(store, post("late", "amandac", "and my ticket?", in_reply_to="above", created_at=NOW), now=NOW)
    two = next(row.id for row in rows(reader) if row.id != ONE)
    with store.transaction() as session:
        keeping.make(session, two, agent="ana", text="look it up", due_at=NOW + HOUR, now=NOW)
    take(store, post("above", "amandac", "well", in_reply_to="q", created_at=NOW - MINUTE), now=NOW)
    assert reader.promises(two)[0].conversation_id == two


def test_what_is_out_only_in_part_does_nothing(store: Store, reader: Reader) -> None:
    """The first part was given up while its sender was held up, and is out after all; the others are not."""
    first = hold(store, TAG, RESOLVE, CALL, text="A sentence of some length stands here. " * 10, split=True)
    start(store)
    with store.transaction() as session:
        outbox.failed(session, first, "no answer", OUT)
    sent(store, first)
    assert [row.state for row in reader.replies(ONE)][:2] == ["sent", "failed"]
    assert (one(reader).tags, reader.promises(ONE), one(reader).state) == ([], [], "pending")


def test_a_colleague_s_snooze_on_a_newer_word_is_not_ended(store: Store, reader: Reader) -> None:
    reply = hold(store, RESOLVE)
    start(store)
    with store.transaction() as session:
        outbox.unknown(session, reply, "no answer", OUT)
        claims.release(session, ONE, agent="ana", now=OUT)
    take(store, post("more", text=f"{US} and the heating?", in_reply_to="q", created_at=NOW + MINUTE), now=NOW + MINUTE)
    with store.transaction() as session:
        claims.snooze(session, ONE, agent="ben", until=NOW + DAY, now=NOW + MINUTE, lease=LEASE)
        outbox.settle(session, reply, is_out=True, agent="ben", now=NOW + 2 * MINUTE)
    assert (one(reader).state, one(reader).timer_at) == ("snoozed", NOW + DAY)
    assert [event["why"] for event in data(reader, "action.left-out")] == ["the customer has written since"]


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u202e", "\u200d" * 200, "x" * 1_000])
@pytest.mark.parametrize("span", [HOUR, 0, -HOUR])
def test_what_is_out_is_recorded_whatever_it_promises(store: Store, reader: Reader, text: str, span: int) -> None:
    send(store, Action("promise", text, span=span))
    assert [reply.state for reply in reader.replies(ONE)] == ["sent"]
    assert len(reader.promises(ONE)) == 1


@pytest.mark.parametrize("do", ["tag", "promise", "resolve"])
def test_an_action_whose_text_nobody_sees_is_refused_where_it_is_stored(do: Any) -> None:
    assert misfit(Canned(0, "n", "b", actions=(Action(do, "\u200b\u2060", span=HOUR),))) is not None
