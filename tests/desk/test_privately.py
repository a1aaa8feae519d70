"""Private is answered privately or not at all, and an answer that moves there leaves a pointer behind."""

from typing import Any

import pytest
from making import NOW, US, kinds, ours, post, rows, take

from tui.clock import HOUR, MINUTE, SECOND
from tui.config import AccountSettings, Config
from tui.desk import claims, drafts, outbox
from tui.desk.composition import NOTHING, Composition, composition
from tui.desk.guard import Overridden
from tui.errors import Refused
from tui.networks.records import Outgoing, Receipt
from tui.store.reader import Reader
from tui.store.store import Store

LEASE = 30 * MINUTE
CONFIG = Config()
UNDO = CONFIG.desk.undo
POINTER = CONFIG.default_account.private_pointer
TEXT = "We have found your booking. Which day would suit you?"
PRIVATE = Composition(way="private")
CARD_IBAN = "Your refund goes to GB82 WEST 1234 5698 7654 32."


def hold(
    store: Store, text: str = TEXT, *, one: int = 1, now: int = NOW, config: Config = CONFIG, **values: Any
) -> int:
    values.setdefault("made_of", PRIVATE)
    with store.transaction() as session:
        claim = claims.reach(session, one, agent="ana", now=now, lease=LEASE)
        reply, _ = outbox.hold(session, claim, text, config=config, now=now, **values)
    return reply


def start(store: Store, now: int = NOW + UNDO, config: Config = CONFIG) -> tuple[int, Outgoing | None] | None:
    with store.transaction() as session:
        outbox.queue_due(session, now)
        return outbox.start_sending(session, now, config)


def leaves(store: Store, now: int = NOW + UNDO) -> list[Outgoing]:
    """Everything that leaves; the network takes all of it."""
    left: list[Outgoing] = []
    while (started := start(store, now)) is not None:
        reply, outgoing = started
        assert outgoing is not None
        left.append(outgoing)
        with store.transaction() as session:
            outbox.sent(session, reply, Receipt(f"native-{reply}"), now)
    return left


def refused(store: Store, why: str, now: int = NOW + UNDO) -> None:
    started = start(store, now)
    assert started is not None
    with store.transaction() as session:
        outbox.failed(session, started[0], why, now)


def draft(reader: Reader, one: int = 1) -> tuple[str, str]:
    found = reader.draft(one)
    assert found is not None
    return found.text, composition(found.composition).way


def states(reader: Reader, one: int = 1) -> list[tuple[str, bool]]:
    return [(reply.state, reply.private) for reply in reader.replies(one)]


@pytest.fixture
def question(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my refund?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)


# -- private stays private -------------------------------------------------------------------------


def the_private_one(reader: Reader) -> int:
    (row,) = (row for row in rows(reader) if row.private)
    return row.id


@pytest.fixture
def message(store: Store, reader: Reader) -> int:
    take(store, post("d", "bob", "my booking is DR-1", kind="dm", ago=MINUTE), now=NOW - MINUTE)
    return the_private_one(reader)


def test_each_part_of_a_long_answer_to_a_message_is_private(store: Store, message: int) -> None:
    hold(store, "We are looking. " * 800, one=message, made_of=NOTHING, split=True)
    left = leaves(store)
    assert len(left) > 1
    assert {one.private for one in left} == {True}


@pytest.mark.parametrize("way", ["scheduled", "recalled", "retried", "from another handle", "asked to move"])
def test_an_answer_to_a_message_is_private_whatever_its_way(
    store: Store, reader: Reader, message: int, way: str
) -> None:
    values: dict[str, Any] = {"made_of": NOTHING}
    if way == "scheduled":
        values["at"] = NOW + HOUR
    if way == "from another handle":
        take(store, post("z", "zoe", "@trains hello", account="@trains"))
        values |= {"sender": "@trains", "overrides": [Overridden("wrong-account", "trains knows more", by_name=True)]}
    if way == "asked to move":
        values["made_of"] = PRIVATE
    reply = hold(store, one=message, **values)
    if way == "recalled":
        with store.transaction() as session:
            outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
        hold(store, one=message, made_of=NOTHING, now=NOW + 2 * SECOND)
    if way == "retried":
        refused(store, "it would not")
        with store.transaction() as session:
            outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)
    assert [(one.private, one.in_reply_to) for one in leaves(store, NOW + 2 * HOUR)] == [(True, "d")]


def test_a_public_word_in_a_thread_with_a_message_is_answered_where_it_stands(store: Store, reader: Reader) -> None:
    """Our private message stands among public posts; what they write next decides."""
    take(store, post("q", text=f"{US} help", ago=HOUR), now=NOW - HOUR)
    hold(store, now=NOW - HOUR + SECOND)
    sent = leaves(store, NOW - HOUR + MINUTE)
    assert [one.private for one in sent] == [True, False]
    assert {found.kind for found in reader.posts(1)} == {"post", "dm", "reply"}
    take(store, post("again", text=f"{US} thanks, and in public?", in_reply_to="native-2", kind="reply"), now=NOW)
    hold(store, "Gladly.", made_of=NOTHING)
    assert [one.private for one in leaves(store)] == [False]


def test_what_answers_a_message_is_private_though_nobody_says_so(store: Store, reader: Reader, message: int) -> None:
    take(store, post("d2", "bob", "and DR-2", kind="reply", in_reply_to="d"), now=NOW)
    (other,) = (row.id for row in rows(reader) if row.id != message)
    hold(store, one=other, made_of=NOTHING)
    assert [one.private for one in leaves(store)] == [True]


def test_so_is_what_goes_on_below_it(store: Store, reader: Reader, message: int) -> None:
    take(store, post("d2", "bob", "and DR-2", kind="reply", in_reply_to="d"), now=NOW)
    take(store, post("d3", "bob", "and DR-3", kind="reply", in_reply_to="d2"), now=NOW)
    (other,) = (row.id for row in rows(reader) if row.id != message)
    hold(store, one=other, made_of=NOTHING)
    assert [one.private for one in leaves(store)] == [True]


def test_what_turns_out_to_be_private_before_it_leaves_is_private(store: Store, question: None) -> None:
    from sqlalchemy import update

    from tui.store import tables as t

    hold(store, made_of=NOTHING)
    with store.transaction() as session:
        session.execute(update(t.posts).values(kind="dm"))
    assert [one.private for one in leaves(store)] == [True]


# -- from public to private --------------------------------------------------------------------------


def test_the_message_leaves_first_and_the_pointer_behind_it(store: Store, reader: Reader, question: None) -> None:
    hold(store)
    first, second = leaves(store)
    assert (first.text, first.private, first.in_reply_to, first.recipient) == (TEXT, True, "q", "amandac")
    assert (second.text, second.private, second.in_reply_to) == (POINTER, False, "q")
    assert rows(reader)[0].state == "pending"


def test_the_pointer_waits_for_the_message(store: Store, question: None) -> None:
    hold(store)
    assert start(store) is not None
    assert start(store) is None


def test_undo_takes_both_back_and_the_draft_is_private_again(store: Store, reader: Reader, question: None) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
    assert states(reader) == [("recalled", True), ("recalled", False)]
    assert draft(reader) == (TEXT, "private")
    assert leaves(store) == []


def test_a_refusal_gives_the_draft_back_and_the_pointer_never_leaves(
    store: Store, reader: Reader, question: None
) -> None:
    hold(store)
    refused(store, "amandac takes no messages")
    assert states(reader) == [("failed", True), ("failed", False)]
    assert {reply.error for reply in reader.replies(1)} == {"amandac takes no messages"}
    assert draft(reader) == (TEXT, "private")
    assert leaves(store, NOW + HOUR) == []


def test_a_second_try_sends_both(store: Store, reader: Reader, question: None) -> None:
    reply = hold(store)
    refused(store, "amandac takes no messages")
    with store.transaction() as session:
        outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + HOUR)
    assert [one.private for one in leaves(store, NOW + HOUR)] == [True, False]
    assert reader.draft(1) is None


def test_a_pointer_that_fails_alone_is_a_public_draft(store: Store, reader: Reader, question: None) -> None:
    hold(store)
    reply, _ = start(store) or (0, None)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n1"), NOW + UNDO)
    refused(store, "too many posts")
    assert states(reader) == [("sent", True), ("failed", False)]
    assert draft(reader) == (POINTER, "")
    with store.transaction() as session:
        outbox.retry(session, reply + 1, agent="ana", config=CONFIG, now=NOW + HOUR)
    assert [(one.text, one.private) for one in leaves(store, NOW + HOUR)] == [(POINTER, False)]


def test_a_customer_who_writes_meanwhile_gets_no_second_message(store: Store, reader: Reader, question: None) -> None:
    hold(store)
    reply, _ = start(store) or (0, None)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n1"), NOW + UNDO)
    take(store, post("q2", text=f"{US} hello?", in_reply_to="q", kind="reply", created_at=NOW + UNDO), now=NOW + UNDO)
    assert (start(store) or (0, 0))[1] is None
    assert states(reader) == [("sent", True), ("failed", False)]
    assert draft(reader) == (POINTER, "")


def test_a_long_message_leaves_in_parts_and_one_pointer(store: Store, reader: Reader, question: None) -> None:
    text = "We have looked at each of your bookings. " * 400
    reply = hold(store, text, split=True)
    left = leaves(store)
    assert [one.private for one in left] == [True] * (len(left) - 1) + [False]
    assert left[0].text.endswith(f" 1/{len(left) - 1}")
    assert reply


def test_of_a_long_message_the_rest_comes_back_private(store: Store, reader: Reader, question: None) -> None:
    text = ("We have looked at each of your bookings. " * 400).strip()
    reply = hold(store, text, split=True)
    start(store)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n1"), NOW + UNDO)
    refused(store, "no more")
    words, way = draft(reader)
    assert (text.endswith(words), way) == (True, "private")
    assert 0 < len(words) < len(text)


def test_a_scheduled_pair_comes_back_whole_when_the_thread_changes(
    store: Store, reader: Reader, question: None
) -> None:
    reply = hold(store, at=NOW + HOUR)
    take(
        store, post("q2", text=f"{US} hello?", in_reply_to="q", kind="reply", created_at=NOW + MINUTE), now=NOW + MINUTE
    )
    with store.transaction() as session:
        assert outbox.return_changed(session, [reply], config=CONFIG, now=NOW + MINUTE) == [reply]
    assert {state for state, _ in states(reader)} == {"recalled"}
    assert draft(reader) == (TEXT, "private")


# -- the guard -------------------------------------------------------------------------------------


def stops(store: Store, text: str = TEXT, **values: Any) -> list[str]:
    with pytest.raises(outbox.GuardStop) as caught:
        hold(store, text, **values)
    return [f"{stop.check}: {stop.text}" for stop in caught.value.stops]


def test_private_data_stops_the_public_text_and_not_the_private_one(store: Store, question: None) -> None:
    assert "private-data" in stops(store, CARD_IBAN, made_of=NOTHING)[0]
    assert hold(store, CARD_IBAN)


def test_the_length_is_that_of_a_private_message(store: Store, question: None) -> None:
    long = "Sorry about that. " * 60
    assert "length" in stops(store, long, made_of=NOTHING)[0]
    assert hold(store, long)


@pytest.mark.parametrize(
    ("pointer", "check"), [("x" * 281, "length"), ("Call ana on GB82 WEST 1234 5698 7654 32.", "private-data")]
)
def test_the_pointer_is_looked_at_as_a_public_reply(
    store: Store, reader: Reader, question: None, pointer: str, check: str
) -> None:
    config = Config(accounts={"default": AccountSettings(private_pointer=pointer)})
    (stop,) = stops(store, config=config)
    assert stop.startswith(f"{check}: The public pointer: ")
    assert reader.replies(1) == []


def test_what_concerns_the_whole_answer_is_said_once(store: Store) -> None:
    take(store, post("q", text=f"{US} help", ago=HOUR), ours("a", "q", ago=HOUR // 2))
    assert len(stops(store)) == 1
    assert hold(store, overrides=[Overridden("answered", "she asked again by phone")])


def test_the_same_pointer_may_go_to_many(store: Store) -> None:
    for number in range(5):
        take(store, post(f"q{number}", f"c{number}", f"{US} help {number}", ago=MINUTE), now=NOW - MINUTE)
        with store.transaction() as session:
            claim = claims.reach(session, number + 1, agent="ana", now=NOW, lease=LEASE)
            _, findings = outbox.hold(session, claim, f"About your case {number} and nothing else", config=CONFIG,
                                      now=NOW, made_of=PRIVATE)  # fmt: skip
        assert [finding for finding in findings if "pointer" in finding.text] == []


def test_both_are_signed(store: Store, question: None) -> None:
    config = Config(accounts={"default": AccountSettings(signature="^{initials}")})
    hold(store, config=config)
    assert [one.text[-4:] for one in leaves(store)] == [" ^AN", " ^AN"]


def test_without_pointer_text_the_message_goes_alone(store: Store, question: None) -> None:
    hold(store, config=Config(accounts={"default": AccountSettings(private_pointer=" ")}))
    assert [one.private for one in leaves(store)] == [True]


def test_on_mastodon_both_name_the_customer(store: Store) -> None:
    take(store, post("q", text="help", network="mastodon", account="@northline"))
    hold(store)
    assert [one.text for one in leaves(store)] == [f"@amandac {TEXT}", f"@amandac {POINTER}"]


# -- what goes with it, and the draft ----------------------------------------------------------------


def test_warning_stays_with_the_message_and_visibility_goes_with_the_pointer(store: Store, question: None) -> None:
    hold(store, made_of=Composition(way="private", warning="refunds", visibility="unlisted"))
    first, second = leaves(store)
    assert (first.warning, first.visibility) == ("refunds", "")
    assert (second.warning, second.visibility) == ("", "unlisted")


def test_what_sending_also_does_is_done_when_both_are_out(store: Store, reader: Reader, question: None) -> None:
    from tui.desk.canned.response import Action

    hold(store, made_of=Composition(way="private", actions=(Action("tag", "refund"),)))
    reply, _ = start(store) or (0, None)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n1"), NOW + UNDO)
    assert rows(reader)[0].tags == []
    leaves(store)
    assert rows(reader)[0].tags == ["refund"]


def test_that_a_draft_is_private_is_stored_with_it_though_nothing_is_written(
    store: Store, reader: Reader, question: None
) -> None:
    with store.transaction() as session:
        claim = claims.reach(session, 1, agent="ana", now=NOW, lease=LEASE)
        drafts.save(session, claim, "", cursor=0, now=NOW, made_of=PRIVATE)
    assert draft(reader) == ("", "private")


def test_the_log_says_that_it_moved(store: Store, reader: Reader, question: None) -> None:
    hold(store)
    (held,) = [event for event in reader.events(conversation_id=1) if event.kind == "reply.held"]
    assert (held.data["moved"], held.data["parts"]) == (True, 2)
    assert kinds(reader, 1)[-1] == "reply.held"
    with pytest.raises(Refused), store.transaction() as session:
        outbox.recall(session, 2, agent="ben", now=NOW)
