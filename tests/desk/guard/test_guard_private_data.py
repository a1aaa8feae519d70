"""Private data: what our text may not show, and what the customer should not have."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from guarding import AMANDA, NOW, SAFE, STOP_ASKING, STOP_HARD, STRANGER, case, finding, ours, post, reply, said
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import HOUR, MINUTE
from tui.desk.guard import Case, Finding, vet
from tui.desk.guard.checks.private_data import private_data

CARD, IN_ONE_PIECE, IBAN = "4111 1111 1111 1111", "4111111111111111", "DE89 3704 0044 0532 0130 00"
PHONE, EMAIL, BOOKING = "+49 1708733216", "Amanda.C@example.com", "booking ref MP79V2"
WARN, INFO = ("warn", ""), ("info", "")
HOSTILE_SECONDS = 0.5


def public(text: str, *posts: Any, **values: Any) -> Case:
    return case(*(posts or (post(10 * MINUTE),)), text=text, **values)


def private(text: str, said: str = "@northline still no heating") -> Case:
    return case(post(10 * MINUTE, kind="dm", text=said), text=text)


def hears(written: str, text: str = "We are on it.", **values: Any) -> Case:
    """The customer's public post, and a public reply."""
    return case(post(10 * MINUTE, text=written, **values), text=text)


def told(made: Case) -> Finding:
    one = finding("private-data", made)
    assert one is not None
    return one


# -- our own text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "in_public", "in_private"),
    [
        (f"Your card {CARD} was charged", STOP_HARD, STOP_HARD),
        (f"Ihre Karte {IN_ONE_PIECE} wurde belastet", STOP_HARD, STOP_HARD),
        (f"Votre carte {CARD.replace(' ', '-')}", STOP_HARD, STOP_HARD),
        ("Is it ４１１１ １１１１ １１１１ １１１１?", STOP_HARD, STOP_HARD),
        (f"We found {IN_ONE_PIECE}", STOP_ASKING, STOP_ASKING),
        (f"Please pay to {IBAN}, thanks", STOP_ASKING, None),
        (f"Bitte an {IBAN.replace(' ', '')} überweisen", STOP_ASKING, None),
        (f"We will call you on {PHONE}", WARN, None),
        ("Your colleague has 07911 123456", WARN, None),
        (f"We wrote to {EMAIL}", WARN, None),
        (f"We see your {BOOKING}", WARN, None),
        ("Ihr Buchungscode: QWE12R ist da", WARN, None),
        ("Votre réservation AB12CD est annulée", WARN, None),
        ("Write to help@northline.example or Customer.Relations@northline.example", None, None),
        ("Kundenservice@northline.example hilft", None, None),
        ("Call 0800 123 4567, 0344 556 5650 or 800-222-2377", None, None),
        ("Please contact our Lagos office on (+234) 70 94250 556", None, None),
        ("Your card •••• 1111 was charged", None, None),
        (f"Your tracking number is {IN_ONE_PIECE}", None, None),
        ("Ihre Sendungsnummer: 4111 1111 1111 1111", None, None),
        ("Your order 111-5014070-4118645, train 1711 at 10:30, 12/11/2026, £120.50", None, None),
        ("Your card 4111 1111 1111 1112 is no card", None, None),
        ("Your IBAN DE89 3704 0044 0532 0130 01 has a typo", None, None),
        ("Please send us a DM with your booking reference, e-mail and phone number", None, None),
        ("Bitte schicke uns deine Buchungsnummer per Direktnachricht", None, None),
        ("Pouvez-vous nous envoyer votre numéro de réservation en MP ?", None, None),
        ("@amandac @user@mastodon.example we are on it", None, None),
    ],
)
def test_what_our_text_shows(text: str, in_public: tuple[str, str] | None, in_private: tuple[str, str] | None) -> None:
    assert said("private-data", public(text)) == in_public
    assert said("private-data", private(text)) == in_private


def test_a_card_number_is_offered_masked() -> None:
    one = told(public(f"Your card {CARD} and {IBAN}"))
    assert [(offer.place, offer.text) for offer in one.offers] == [
        ("instead", "Your card •••• 1111 and DE•• •••• 3000")
    ]
    assert said("private-data", public(one.offers[0].text)) is None


def test_what_is_told_of_a_card_number() -> None:
    one = told(public(f"Your card {CARD} was charged"))
    assert one.evidence["arithmetic"] == "1 card number: Visa prefix, 16 digits, Luhn sum 0; 0 others"
    assert one.text == (
        "This reply holds a card number (•••• 1111); no message is safe for it, its last 4 digits are enough."
    )


def test_the_gravest_decides_and_the_others_are_counted() -> None:
    one = told(public(f"{PHONE}, {EMAIL}, 07911 123456, card {CARD}, {IBAN}"))
    assert (one.verdict, one.asks) == STOP_HARD
    assert one.evidence["arithmetic"] == (
        "1 card number: Visa prefix, 16 digits, Luhn sum 0; 4 others: 1 IBAN, 2 phone numbers, 1 e-mail address"
    )
    assert said("private-data", public(f"{IN_ONE_PIECE} and card {CARD}")) == STOP_HARD


@pytest.mark.parametrize("contact", [PHONE, "01708733216", EMAIL, IBAN, "@northline"])
@pytest.mark.parametrize("text", [f"Call {PHONE}", f"Write to {EMAIL.lower()}", f"Pay to {IBAN}"])
def test_our_own_contacts_are_no_private_data(contact: str, text: str) -> None:
    settings = replace(SAFE, contacts=(contact,), holidays="DE-BY")
    same = {"Call": (PHONE, "01708733216"), "Write": (EMAIL,), "Pay": (IBAN,)}[text.split()[0]]
    assert (said("private-data", public(text, settings=settings)) is None) == (contact in same)


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        (ours(30 * MINUTE, f"Ring us on {PHONE}"), None),
        (ours(30 * MINUTE, f"Ring us on {PHONE}", deleted=True), WARN),
        (ours(30 * MINUTE, f"Ring us on {PHONE}", kind="dm"), WARN),
        (ours(30 * MINUTE, "Ring us on +49 1708733217"), WARN),
        (post(30 * MINUTE, text=f"My number is {PHONE}"), WARN),
    ],
)
def test_what_we_gave_in_public_before_may_be_given_again(before: Any, verdict: tuple[str, str] | None) -> None:
    assert said("private-data", public(f"As we said, {PHONE}", before, post(10 * MINUTE))) == verdict


@pytest.mark.parametrize(("number", "verdict"), [(CARD, STOP_HARD), (IBAN, STOP_ASKING)])
def test_an_account_number_we_gave_before_is_still_one(number: str, verdict: tuple[str, str]) -> None:
    made = public(f"As we said, {number}", ours(30 * MINUTE, number), post(10 * MINUTE))
    assert said("private-data", made) == verdict


def test_an_account_has_booking_codes_of_its_own() -> None:
    settings = replace(SAFE, booking_pattern=r"NL-\d{6}")
    assert said("private-data", public("We see NL-123456", settings=settings)) == WARN
    assert said("private-data", public(f"We see {BOOKING}", settings=settings)) is None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", None),
        (r"NL-\d{6}", None),
        ("[A-Z", "regular expression"),
        ("x*", "empty"),
        ("(a|aa|a?)+(?=b)$", "too long"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_by_its_key(pattern: str, problem: str | None) -> None:
    wrong = list(vet(replace(SAFE, booking_pattern=pattern)))
    assert [key for key, _ in wrong] == (["booking_pattern"] if problem else [])
    assert not problem or problem in wrong[0][1]


# -- what the customer showed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("@northline my card •••• 1111 was charged twice", WARN),
        (f"@northline my card {CARD} was charged twice", WARN),
        (f"@northline refund to {IBAN}", WARN),
        (f"@northline ruft mich an: {PHONE}", INFO),
        (f"@northline mon adresse est {EMAIL}", INFO),
        (f"@northline my {BOOKING} is gone", INFO),
        ("@northline your hotline 0800 123 4567 is busy", None),
        ("@northline help@northline.example does not answer", None),
        ("@northline parcel 4111111111111111", None),
        ("@northline I paid •••• for this", None),
        ("@northline still no heating", None),
    ],
)
def test_what_the_customer_showed_is_a_hint(written: str, verdict: tuple[str, str] | None) -> None:
    assert said("private-data", hears(written)) == verdict
    assert said("private-data", private("We are on it.", written)) is None, "a private reply is where it belongs"
    assert said("private-data", hears(written, author_id=STRANGER)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Please send us a DM", "Bitte schreib uns eine private Nachricht", "Envoyez-nous un MP",
        "Escríbenos por privado", "Follow us and PM your details",
    ],
)  # fmt: skip
def test_a_reply_that_goes_private_has_heard_the_hint_but_a_card_number_should_be_deleted(text: str) -> None:
    assert said("private-data", hears(f"@northline {PHONE}", text)) is None
    assert said("private-data", hears(f"@northline {CARD}", text)) == WARN


def test_five_in_the_afternoon_is_no_private_message() -> None:
    assert said("private-data", hears(f"@northline {PHONE}", "We are here until 5 pm and 5pm")) == INFO


def test_what_was_answered_is_no_news() -> None:
    asked = post(30 * MINUTE, text=f"@northline {CARD}")
    answer = ours(20 * MINUTE, "We are on it")
    later = post(10 * MINUTE, text=f"@northline {PHONE}")
    assert said("private-data", public("Soon.", asked)) == WARN
    assert said("private-data", public("Soon.", asked, answer)) is None
    assert said("private-data", public("Soon.", asked, answer, later)) == INFO
    assert said("private-data", public("Soon.", asked, leaving=(reply(MINUTE),))) is None


def test_what_was_taken_back_or_written_privately_is_not_in_public() -> None:
    asked = post(10 * MINUTE)
    for hidden in ({"deleted": True}, {"kind": "dm"}, {"kind": "repost"}):
        made = public("Soon.", post(20 * MINUTE, text=f"@northline {CARD}", **hidden), asked)
        assert said("private-data", made) is None


def test_one_sentence_for_ours_and_one_for_theirs() -> None:
    one = told(hears(f"@northline it is •••• 4444 and {EMAIL}", f"We called {PHONE}"))
    assert (one.verdict, one.asks, one.offers) == ("warn", "", ())
    assert one.text == (
        "This public reply gives a phone number (•••• 216); if it is nobody's own, `contacts` can name it. "
        "@amandac shows a card number (•••• 4444) in public: go on in private messages, ask them to delete it. "
        "@amandac shows an e-mail address (A•••@example.com) in public: go on in private messages."
    )


def test_the_same_number_shown_twice_is_told_once() -> None:
    made = public("Soon.", *(post(n * MINUTE, text=f"@northline {PHONE}") for n in (12, 11, 10)))
    assert told(made).evidence["arithmetic"] == "1 phone number: mobile, valid in DE; 0 others"


def test_a_number_without_a_country_belongs_where_we_are_or_where_they_speak() -> None:
    australian = "@northline 03 9652 5000"
    assert said("private-data", hears(australian, lang="en-AU")) == INFO
    assert said("private-data", hears("@northline 612 345 678 es mi tel. 612 345 678", lang="es")) == INFO
    home = replace(SAFE, holidays="CH")
    assert said("private-data", public("Ruf 044 668 18 00 an", settings=home)) == WARN


# -- never the number itself -------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["ours", "theirs"])
def test_neither_the_sentence_nor_the_evidence_repeats_a_number(where: str) -> None:
    everything = f"card {CARD}, {IBAN}, {PHONE}, {EMAIL}, {BOOKING}, {IN_ONE_PIECE}"
    one = told(public(everything) if where == "ours" else hears(everything))
    shown = json.dumps(one.as_json(), ensure_ascii=False)
    for secret in (CARD, IN_ONE_PIECE, IBAN, IBAN.replace(" ", ""), PHONE, "1708733216", EMAIL, "MP79V2", "3704"):
        assert secret not in shown
    assert len(one.evidence["found"]) == (6 if where == "ours" else 5)


def test_a_long_address_is_cut_to_size() -> None:
    one = told(public(f"write to a@{'x' * 60}.{'y' * 60}.example"))
    assert f"(a•••@{'x' * 34}…)" in one.text


@given(
    text=st.text() | st.sampled_from([CARD, IBAN, PHONE, EMAIL, BOOKING]),
    written=st.text(),
    kind=st.sampled_from(["post", "dm"]),
)
def test_no_text_makes_it_fail_or_changes_the_draft(text: str, written: str, kind: str) -> None:
    made = case(post(HOUR, text=written, kind=kind), text=text)
    one = private_data(made)
    assert made.text == text
    assert one is None or (one.evidence["arithmetic"] and json.dumps(one.as_json()))


@pytest.mark.parametrize(
    "unit", ["1", "4 ", "4111 1111 1111 1112 ", "+49 ", "a@a.", "AA00 ", "ref ", "private", "0 ", "é"]
)
def test_long_hostile_texts_take_little_time(unit: str) -> None:
    text = (unit * 40_000)[:40_000]
    private_data(public(f"{CARD} {IBAN} {PHONE}"))
    began = time.perf_counter()
    private_data(hears(text, text))
    assert time.perf_counter() - began < HOSTILE_SECONDS


def test_thousands_of_words_cost_little() -> None:
    posts = [
        replace_id(post(n * MINUTE, text=f"@northline {PHONE} {n} is still {EMAIL}"), n) for n in range(5_000, 0, -1)
    ]
    made = case(*posts, text="Soon.")
    began = time.perf_counter()
    assert private_data(made) is not None
    assert time.perf_counter() - began < HOSTILE_SECONDS
    assert posts[-1].created_at < NOW
    assert posts[-1].author_id == AMANDA


def replace_id(row: Any, id: int) -> Any:
    return row._replace(id=id, native_id=str(id))
