"""What counts as a use, when it is taken back, what edited and reopened mean, and the facts before one more."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NOW, US, post, take
from sqlmodel import Session

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.config import Config, DeskSettings
from tui.desk import claims, customers, outbox
from tui.desk.canned import library
from tui.desk.canned.response import Canned, Usage, Variant
from tui.desk.canned.usage import Facts, edited, facts, usage
from tui.desk.composition import NOTHING, Composition, composition, made_of
from tui.networks.records import Receipt
from tui.store.reader import Reader
from tui.store.store import Store

LEASE = 30 * MINUTE
CONFIG = Config()
UNDO = CONFIG.desk.undo
BODY = "Late by 15 minutes: 25 % back."
PASSED = [outbox.Overridden(check, "second part", by_name=True) for check in ("answered", "same-customer", "same-text")]
ROOMY = Config(desk=DeskSettings(reopened_hours=2))


@pytest.fixture(autouse=True)
def _library(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)
    with store.transaction() as session:
        known = [Canned(0, "Refund", BODY), Canned(0, "Sorry", "We are sorry, {{ customer.name }}.")]
        library.store(session, known, agent="ana", now=NOW - DAY)


def hold(
    store: Store, text: str = BODY, made: Composition | None = None, now: Millis = NOW, *, of: int = 1, **values: Any
) -> int:
    """Hold a reply with the first response in it."""
    with store.transaction() as session:
        claim = claims.claim(session, of, agent=values.pop("agent", "ana"), now=now, lease=LEASE)
        made = NOTHING.with_inserted(1, BODY) if made is None else made
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=now, made_of=made, **values)
    return reply


def begin(store: Store, now: Millis = NOW + UNDO) -> int:
    with store.transaction() as session:
        outbox.queue_due(session, now)
        started = outbox.start_sending(session, now, CONFIG)
    assert started is not None
    assert started[1] is not None
    return started[0]


def begin_in(session: Session, now: Millis = NOW + UNDO + SECOND) -> int:
    """The next one is about to leave."""
    outbox.queue_due(session, now)
    started = outbox.start_sending(session, now, CONFIG)
    assert started is not None
    return started[0]


def send(store: Store, now: Millis = NOW + UNDO) -> int:
    """The oldest that is due is out."""
    reply = begin(store, now)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"n{reply}"), now)
    return reply


def used(reader: Reader, now: Millis = NOW + HOUR, config: Config = CONFIG, agent: str = "ana") -> dict[int, Usage]:
    return usage(reader, agent=agent, now=now, config=config)


def counter(reader: Reader, canned_id: int = 1) -> tuple[int, Millis | None]:
    (row,) = reader.canned_of([canned_id])
    return row["uses"], row["last_used"]


# -- counting ----------------------------------------------------------------------------------------


def test_a_use_is_of_the_team_and_of_its_agent(store: Store, reader: Reader) -> None:
    hold(store)
    assert used(reader) == {1: Usage(uses=1, last_used=NOW, mine=1, mine_last=NOW)}
    assert used(reader, agent="ben") == {1: Usage(uses=1, last_used=NOW)}
    assert counter(reader) == (1, NOW)


def test_every_response_in_a_reply_counts_once(store: Store, reader: Reader) -> None:
    hold(store, f"{BODY} {BODY} Sorry.", made_of(1, 2, 1))
    assert {one: found.uses for one, found in used(reader).items()} == {1: 1, 2: 1}


def test_a_recalled_reply_was_no_use_and_the_counter_goes_back(store: Store, reader: Reader) -> None:
    hold(store, now=NOW - HOUR)
    send(store, NOW - HOUR + UNDO)
    again = hold(store, BODY + " Again.", overrides=PASSED)
    assert counter(reader) == (2, NOW)
    with store.transaction() as session:
        outbox.recall(session, again, agent="ana", now=NOW + SECOND)
    assert counter(reader) == (1, NOW - HOUR)
    assert used(reader)[1].uses == 1


def test_the_only_use_recalled_leaves_nothing(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
    assert (counter(reader), used(reader)) == ((0, None), {})


def test_a_failed_reply_is_no_use_and_tried_again_one(store: Store, reader: Reader) -> None:
    hold(store)
    reply = begin(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
    assert (counter(reader)[0], used(reader)) == (0, {})
    for _ in range(2):
        with store.transaction() as session:
            outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)
        assert (counter(reader)[0], used(reader)[1].uses) == (1, 1)
        begin(store)
        with store.transaction() as session:
            outbox.failed(session, reply, "no line", NOW + UNDO)


def test_what_was_given_up_and_is_out_after_all_counts(store: Store, reader: Reader) -> None:
    hold(store)
    reply = begin(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no answer", NOW + UNDO)
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    assert (counter(reader)[0], used(reader)[1].uses) == (1, 1)


def test_a_text_in_parts_is_one_use_also_where_its_rest_is_tried_again(store: Store, reader: Reader) -> None:
    text = " ".join([BODY, *(f"Sentence number {number} is here." for number in range(20))])
    hold(store, text, split=True)
    send(store)
    rest = begin(store, NOW + UNDO + SECOND)
    with store.transaction() as session:
        outbox.failed(session, rest, "no line", NOW + UNDO + SECOND)
        outbox.retry(session, rest, agent="ana", config=CONFIG, now=NOW + UNDO + SECOND)
    send(store, NOW + UNDO + SECOND)
    found = used(reader)[1]
    assert (found.uses, found.edited, counter(reader)[0]) == (1, 0, 1)


def test_the_rest_of_a_text_that_is_written_anew_is_no_second_use(store: Store, reader: Reader) -> None:
    text = " ".join([BODY, *(f"Sentence number {number} is here." for number in range(20))])
    hold(store, text, split=True)
    first = send(store)
    with store.transaction() as session:
        outbox.failed(session, begin_in(session), "no line", NOW + UNDO + SECOND)
    draft = reader.draft(1)
    assert draft is not None
    assert BODY not in draft.text
    hold(store, draft.text, composition(draft.composition), NOW + MINUTE, split=True, overrides=PASSED)
    found = used(reader)[1]
    assert (first, found.uses, found.edited) == (1, 1, 0)


def test_only_the_last_ninety_days_count(store: Store, reader: Reader) -> None:
    hold(store)
    assert used(reader, NOW + 90 * DAY)[1].uses == 1
    assert used(reader, NOW + 90 * DAY + 1) == {}


# -- edited ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inserted", "sent"),
    [
        (BODY, BODY),
        (BODY, f"@amandac {BODY} ^AB"),
        (BODY, f"Good question! {BODY} Shall we look it up for you?"),
        (BODY, "LATE by  15 minutes - 25% back"),
        ("Réclamez ici.", "Reclamez ici !"),
        ("Hi Amanda, we are sorry.", "Good morning Ms C, we are sorry."),
        ("Hi there, we are sorry.", "We are sorry."),
        ("Hi ⟦customer.first_name⟧, we are sorry.", "Hi Amanda, we are sorry."),
        ("Coach ⟦coach⟧, seat ⟦seat⟧ is free.", "Coach 12, seat 4 at the window is free."),
        ("⟦name⟧", "Amanda"),
        ("ご不便をおかけします。", "アマンダ様 ご不便をおかけします ^AB"),
        ("🚆", "Hello"),
        ("", "Hello"),
    ],
)
def test_what_fills_and_surrounds_the_words_is_no_edit(inserted: str, sent: str) -> None:
    assert not edited(inserted, sent)


@pytest.mark.parametrize(
    ("inserted", "sent"),
    [
        (BODY, "Late by 15 minutes: 50 % back."),
        (BODY, "Late by 15 minutes: about 25 % back."),
        (BODY, "Late by 15 minutes?"),
        (BODY, ""),
        ("Hi Amanda, we are sorry.", "Hi Amanda, we are not sorry."),
        ("Coach ⟦coach⟧, seat ⟦seat⟧ is free.", "Seat 4 is free in coach 12."),
        ("Delayed by ten", "Delayed by tension"),
        ("ご不便をおかけします。", "ご迷惑をおかけします。"),
    ],
)
def test_other_words_are_an_edit(inserted: str, sent: str) -> None:
    assert edited(inserted, sent)


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_a_text_that_stands_by_itself_is_never_edited(text: str, before: str, after: str) -> None:
    assert not edited(text.replace("⟦", "").replace("⟧", ""), f"{before}\n{text}\n{after}")


def test_an_edited_use_is_counted_as_one(store: Store, reader: Reader) -> None:
    hold(store, "Late by 15 minutes: half of it back.")
    assert used(reader)[1].edited == 1


@pytest.mark.parametrize(
    ("canned", "text", "is_edited"),
    [
        (Canned(0, "a", "Sorry, {{ customer.name }}, it is late."), "Sorry, Amanda C, it is late. ^A", False),
        (Canned(0, "a", "Sorry, {{ customer.name }}, it is late."), "Sorry, Amanda C, it is gone.", True),
        (Canned(0, "a", "One way.", variants=(Variant("Another way."),)), "Another way.", False),
        (Canned(0, "a", "{% if hours.open %}Call us.{% else %}Write.{% endif %}"), "Anything", False),
        (Canned(0, "a", "Use {{ this }}", plain=True), "Use that", True),
    ],
)
def test_where_nobody_kept_the_words_its_texts_are_compared(
    store: Store, reader: Reader, canned: Canned, text: str, is_edited: bool
) -> None:
    with store.transaction() as session:
        made = library.change(session, canned, agent="ana", now=NOW)
    hold(store, text, made_of(made.id))
    assert used(reader)[made.id].edited == is_edited


# -- reopened ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "reopened"),
    [
        ({"created_at": NOW + UNDO + HOUR}, 1),
        ({"created_at": NOW + UNDO + 2 * HOUR}, 1),
        ({"created_at": NOW + UNDO + 2 * HOUR + 1}, 0),
        ({"created_at": NOW + UNDO}, 0),
        ({"created_at": NOW + UNDO + HOUR, "author": "somebody"}, 0),
        ({"created_at": NOW + UNDO + HOUR, "deleted": True}, 0),
    ],
)
def test_reopened_is_the_customers_next_word_in_time(
    store: Store, reader: Reader, values: dict[str, Any], reopened: int
) -> None:
    hold(store)
    send(store)
    take(store, post("again", in_reply_to="n1", kind="reply", **values), now=NOW + 3 * HOUR)
    assert used(reader, NOW + DAY, ROOMY)[1].reopened == reopened


def test_what_is_not_out_is_not_reopened(store: Store, reader: Reader) -> None:
    hold(store)
    take(store, post("again", in_reply_to="q", kind="reply", created_at=NOW + MINUTE), now=NOW + HOUR)
    assert used(reader, NOW + DAY, ROOMY)[1].reopened == 0


# -- facts -------------------------------------------------------------------------------------------


def told(reader: Reader, now: Millis, *, of: int = 1, account: str | None = None) -> Facts:
    row = reader.conversation(of)
    assert row is not None
    return facts(reader, [1, 2], conversation=row, account=account, now=now)[1]


def test_before_a_use_there_is_nothing_to_tell(reader: Reader) -> None:
    assert told(reader, NOW) == Facts(0, None)


def test_uses_of_this_hour_on_this_handle_and_the_last_on_this_person(store: Store, reader: Reader) -> None:
    hold(store)
    send(store)
    assert told(reader, NOW + HOUR) == Facts(1, NOW)
    assert told(reader, NOW + HOUR + 1) == Facts(0, NOW)
    assert told(reader, NOW + 1, account="@other") == Facts(0, NOW)


def test_others_do_not_have_it_and_joined_customers_are_one(store: Store, reader: Reader) -> None:
    take(store, post("b", "ben_c", f"{US} hello", ago=5 * MINUTE))
    hold(store)
    assert told(reader, NOW + 1, of=2) == Facts(1, None)
    with store.transaction() as session:
        customers.join(session, [1, 2], agent="ana", now=NOW)
    assert told(reader, NOW + 1, of=2) == Facts(1, NOW)


def test_a_recalled_use_is_no_fact(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
    assert told(reader, NOW + SECOND) == Facts(0, None)


def test_acceptance_follows_from_use() -> None:
    assert replace(Usage(), uses=8).accepted > Usage().accepted > Usage(uses=8, edited=8, reopened=8).accepted
