"""`locked-text` and `expired-canned`: legal wording as it was approved, and a response whose incident is over."""

from dataclasses import replace

import pytest
from guarding import NOW, SAFE, STOP_ASKING, case, finding, said
from hypothesis import given
from hypothesis import strategies as st
from making import NOW as POSTED
from making import post, take

from tui.clock import HOUR
from tui.config import Config
from tui.desk import incidents
from tui.desk.canned import library
from tui.desk.canned.response import Canned
from tui.desk.composition import NOTHING, Composition, made_of
from tui.desk.guard import gather
from tui.desk.guard.checks.locked_text import locked_text
from tui.store.reader import IncidentRow, Reader
from tui.store.store import Store

POLICY = "Hi Ana, sorry about your bag. Refunds are paid within 14 days of your request. You may withdraw by law. ^AB"
REFUND = "Refunds are paid within 14 days of your request."
LAW = "You may withdraw by law."


def inserted(text: str = POLICY, *locked: str) -> Composition:
    return NOTHING.with_inserted(1, text, locked=locked or (REFUND, LAW))


def stops(text: str, composed: Composition | None = None) -> bool:
    return said("locked-text", case(text=text, made_of=composed or inserted())) == STOP_ASKING


# -- one response ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        POLICY,
        f"@amandac {POLICY.replace('Ana', 'Amanda')} Sent by DM too.",
        POLICY.replace(" ", "  ").replace(". ", ".\n\n"),
        POLICY.replace("sorry about your bag", "we hear you"),
        f"{LAW} {REFUND}",
        f"“{REFUND}” – {LAW}",
        POLICY.replace("Refunds", "Ref\u00adunds"),
        POLICY.replace("request.", "request.\u200b"),
    ],
)
def test_wording_that_stands_as_it_was_is_let_pass(text: str) -> None:
    assert not stops(text)


@pytest.mark.parametrize(
    "text",
    [
        POLICY.replace("14 days", "3 days"),
        POLICY.replace("14 days", "114 days"),
        POLICY.replace("You may", "You may not"),
        POLICY.replace("Refunds", "refunds"),
        POLICY.replace("request.", "request"),
        POLICY.replace(f" {LAW}", ""),
        POLICY.replace(REFUND, "Refunds take a while."),
        POLICY.replace(REFUND, "").replace(LAW, ""),
        REFUND,
        f"Sorry about your bag! {REFUND.removesuffix(' of your request.')}",
    ],
)
def test_wording_that_was_changed_or_left_out_stops(text: str) -> None:
    assert stops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Which coach are you in?",
        "Sorry about your ticket. We are looking into it.",
        "Hi Ana, we pay within days.",
        "Refunds: see our page.",
    ],
)
def test_who_takes_the_whole_response_out_changes_nothing(text: str) -> None:
    assert not stops(text)


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("We pay 14 days", "We pay 114 days", "14 days"),
        ("We pay after 14", "We pay after 14.5", "14"),
        ("We pay 5 € at most", "We pay 0.5 € at most", "5 €"),
        ("We pay 5 € at most", "We pay 0,5 € at most", "5 €"),
        ("We never pay you back", "We never repay you back", "pay you"),
        ("We never pay you back", "We never pay yous back", "pay you"),
    ],
)
def test_wording_is_no_part_of_another_word_or_number(before: str, after: str, whole: str) -> None:
    composed = inserted(f"{before} and so on and on", whole)
    assert not stops(f"{before} and so on and on", composed)
    assert stops(f"{after} and so on and on", composed)


def test_what_is_filled_into_a_blank_is_free_and_the_rest_is_not() -> None:
    composed = inserted("You get ⟦sum⟧ back by law, and no less.", "You get", "back by law, and no less.")
    assert not stops("You get 20 € back by law, and no less.", composed)
    assert stops("You get 20 € back by law, and more.", composed)


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("返金は14日以内に行います。ご不便をおかけしました。", False),
        ("返金は3日以内に行います。ご不便をおかけしました。", True),
        ("どの車両ですか", False),
    ],
)
def test_scripts_without_spaces(text: str, stopped: bool) -> None:
    composed = inserted("返金は14日以内に行います。ご不便をおかけしました。", "返金は", "14日以内に行います。")
    assert stops(text, composed) is stopped


def test_a_short_response_is_there_while_all_of_it_is() -> None:
    assert stops("no refunds!", inserted("No refunds.", "No refunds."))
    assert not stops("Some refunds.", inserted("No refunds.", "No refunds."))


# -- several, and what is said ---------------------------------------------------------------------


def test_of_two_responses_the_one_that_is_still_there_counts() -> None:
    composed = inserted(POLICY, REFUND, LAW).with_inserted(2, "Passengers have rights: read them here, please.",
        locked=["Passengers have rights:"])  # fmt: skip
    assert not stops(POLICY, composed)
    assert stops(f"{POLICY} Read them here, please.", composed)
    assert not stops("Passengers have rights: read them here, please.", composed)


def test_the_sentence_names_wording_and_response() -> None:
    made = case(
        text=POLICY.replace("14 days", "3 days").replace(f" {LAW}", ""),
        made_of=inserted(),
        canned=(Canned(1, "Refund policy", ""),),
    )
    found = finding("locked-text", made)
    assert found is not None
    assert found.text == (
        f"The locked wording “{REFUND}” of “Refund policy” is not there as it was; nor is “{LAW}”."
    )  # fmt: skip
    assert found.evidence["locked"] == [REFUND, LAW]
    assert found.evidence["arithmetic"].startswith("2 of 2 locked wordings are not in the text")
    alone = finding("locked-text", replace(made, text=POLICY.replace(f" {LAW}", ""), canned=()))
    assert alone is not None
    assert alone.text == f"The locked wording “{LAW}” is not there as it was."


def test_without_locked_wording_or_the_words_it_came_with() -> None:
    assert not stops("Anything", made_of(1))
    assert not stops("Anything", NOTHING)
    unknown = replace(made_of(1), locked=(REFUND,))
    assert stops("Refunds are paid within 3 days of your request.", unknown)
    assert not stops("Anything", unknown)


def test_an_account_can_have_it_otherwise() -> None:
    settings = replace(SAFE, checks={"locked-text": "warn"})
    assert said("locked-text", case(text=REFUND, made_of=inserted(), settings=settings)) == ("warn", "")


WORDING = st.one_of(
    st.sampled_from([REFUND, LAW, "", " ", "14", "a", "返金は", "[", "\\", "e\u0301"]), st.text(max_size=30)
)
TEXTS = st.one_of(st.sampled_from([POLICY, REFUND, ""]), st.text(max_size=80))


@given(TEXTS, TEXTS, st.lists(WORDING, max_size=4), st.booleans())
def test_nothing_raises_and_what_stands_there_passes(text: str, came: str, wordings: list[str], whole: bool) -> None:
    composed = NOTHING.with_inserted(1, came, locked=wordings)
    found = locked_text(case(text=text, made_of=composed))
    assert found is None or (found.verdict, found.asks) == STOP_ASKING
    if whole:
        surrounded = " ".join([*wordings, came])
        assert locked_text(case(text=surrounded, made_of=NOTHING.with_inserted(1, came, locked=wordings))) is None


def test_a_text_that_repeats_a_wording_takes_no_time() -> None:
    composed = NOTHING.with_inserted(1, "a " * 10_000, locked=["a" * number + "!" for number in range(1, 100)])
    assert locked_text(case(text="a" * 100_000, made_of=composed)) is None


# -- a response whose incident is over -------------------------------------------------------------

LINE_4 = Canned(1, "line 4", "Buses run.", incident="Line 4 closed")


REFUNDS = Canned(0, "Refunds", "14 days. {% render 'Rights' %}", shortcut="ref")
RIGHTS = Canned(0, "Rights", "By law.", valid_until=POSTED)


def incident(closed_at: int | None = None, name: str = "line 4 CLOSED", opened_at: int = NOW - 9 * HOUR) -> IncidentRow:
    return IncidentRow(7, name, "open" if closed_at is None else "closed", "", opened_at, opened_at, closed_at, 1)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ([incident()], None),
        ([incident(NOW + 1)], None),
        ([incident(NOW)], "is about “Line 4 closed”, which was closed 0s ago"),
        ([incident(NOW - 3 * HOUR)], "is about “Line 4 closed”, which was closed 3h ago"),
        ([incident(name="another")], "is about “Line 4 closed”, and no such incident is open"),
        ([incident(opened_at=NOW + 1)], "is about “Line 4 closed”, and no such incident is open"),
        ([], "is about “Line 4 closed”, and no such incident is open"),
    ],
)
def test_a_response_is_valid_while_its_incident_is_open(known: list[IncidentRow], why: str | None) -> None:
    found = finding("expired-canned", case(canned=(LINE_4,), incidents=tuple(known)))
    assert (found and found.text) == (why and f"The canned response “line 4” {why}.")
    assert found is None or (found.verdict, found.asks) == STOP_ASKING


def test_its_shelf_life_is_told_first() -> None:
    found = finding("expired-canned", case(canned=(replace(LINE_4, valid_until=NOW - HOUR),)))
    assert found is not None
    assert found.text == "The canned response “line 4” expired 1h ago."


def test_the_incident_is_looked_up_when_the_reply_is(store: Store, reader: Reader) -> None:
    take(store, post("1"))
    with store.transaction() as session:
        incidents.add(session, "Line 4 closed", text="Buses run.", agent="ana", now=POSTED)
        library.store(session, [LINE_4], agent="ana", now=POSTED)
    (row,) = reader.canned()

    def checked() -> str | None:
        made = gather.case(
            reader, 1, "Buses run.", agent="ana", config=Config(), now=POSTED + HOUR, made_of=made_of(row["id"])
        )  # fmt: skip
        found = finding("expired-canned", made)
        return found and found.text

    assert checked() is None
    with store.transaction() as session:
        library.store(
            session, [replace(LINE_4, body="Buses run. {% include 'REF' %}"), REFUNDS, RIGHTS], agent="ana", now=POSTED
        )
    assert checked() == "The canned response “Rights” expired 1h ago."
    with store.transaction() as session:
        library.store(session, [replace(RIGHTS, valid_until=None)], agent="ana", now=POSTED)
    assert checked() is None
    with store.transaction() as session:
        incidents.close(session, "Line 4 closed", agent="ana", now=POSTED + HOUR)
    assert checked() == "The canned response “line 4” is about “Line 4 closed”, which was closed 0s ago."
