"""`same-customer`, by tables of made cases: when two of us are with one person, and when that is only a chatty one."""

from dataclasses import replace
from typing import Any

import pytest
from guarding import NOW, REPLY, SAFE, STOP_ASKING, STRANGER, case, finding, ours, post, said
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis, iso
from tui.store.reader import OtherRow
from tui.text import clean, line

WARN = ("warn", "")
ANSWER = "Which coach are you in?"


def other(id: int = 12, network: str = "mastodon", **values: Any) -> OtherRow:
    """Another conversation of the same person, where nobody is and nobody answered."""
    row = OtherRow(id, network, "@northline", "amandac", "pending", None, None, None, None, None, "")
    return row._replace(**values)


def held(owner: str = "Ben", ago: Millis = 4 * MINUTE, **values: Any) -> OtherRow:
    return other(**{"state": "claimed", "owner": owner, "claimed_at": NOW - ago, "timer_at": NOW + HOUR, **values})


def answered(ago: Millis, by: str | None = "Ben", text: str = ANSWER, **values: Any) -> OtherRow:
    return other(**{"answered_at": NOW - ago, "answered_by": by, "answer": text, **values})


# -- held ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elsewhere", "told"),
    [
        (held(), True),
        (held(network="x"), True),
        (held(timer_at=None), True),
        (held(timer_at=NOW + 1), True),
        (held(timer_at=NOW), False),
        (held("Ana"), False),
        (held("ana"), True),
        (held(state="pending"), False),
        (held(state="snoozed"), False),
        (other(), False),
        (other(state="new"), False),
    ],
)
def test_a_colleague_with_the_same_person_warns(elsewhere: OtherRow, told: bool) -> None:
    assert said("same-customer", case(others=(elsewhere,))) == (WARN if told else None)


def test_nobody_else_is_nothing_to_tell() -> None:
    assert said("same-customer", case()) is None


# -- answered --------------------------------------------------------------------------------------

ASKED = 30 * MINUTE


@pytest.mark.parametrize(
    ("elsewhere", "told"),
    [
        (answered(MINUTE), True),
        (answered(ASKED), True),
        (answered(ASKED + 1), False),
        (answered(MINUTE, by=None), True),
        (answered(MINUTE, by="Ana"), False),
        (answered(MINUTE, by="ana"), True),
        (answered(MINUTE, network="x"), True),
        (answered(MINUTE, text=""), False),
        (answered(-SECOND), True),
        (answered(MINUTE, state="claimed", owner="Ana", timer_at=NOW + HOUR), True),
    ],
)
def test_an_answer_elsewhere_after_their_word_here_warns(elsewhere: OtherRow, told: bool) -> None:
    assert said("same-customer", case(post(ASKED), others=(elsewhere,))) == (WARN if told else None)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (post(5 * MINUTE), True),
        (post(MINUTE - SECOND), False),
        (post(MINUTE - SECOND, deleted=True), True),
        (post(MINUTE - SECOND, kind="repost"), True),
        (post(MINUTE - SECOND, STRANGER), True),
        (post(MINUTE - SECOND, kind="dm"), False),
        (post(MINUTE - SECOND, kind="quote"), False),
        (ours(MINUTE - SECOND), True),
    ],
)
def test_what_they_wrote_here_after_it_is_a_new_word(word: Any, told: bool) -> None:
    made = case(post(ASKED), word, others=(answered(MINUTE),))
    assert said("same-customer", made) == (WARN if told else None)


@pytest.mark.parametrize(("ago", "told"), [(HOUR, True), (HOUR + 1, False)])
def test_an_answer_elsewhere_is_news_for_an_hour(ago: Millis, told: bool) -> None:
    assert said("same-customer", case(post(2 * DAY), others=(answered(ago),))) == (WARN if told else None)


@pytest.mark.parametrize(("minutes", "told"), [(5, True), (4, False), (0, False)])
def test_how_long_it_is_news_is_a_setting(minutes: int, told: bool) -> None:
    made = case(post(ASKED), others=(answered(5 * MINUTE),), settings=replace(SAFE, same_customer_minutes=minutes))
    assert said("same-customer", made) == (WARN if told else None)


@pytest.mark.parametrize(
    ("theirs", "mine", "told"),
    [
        (f"{ANSWER} ^AB", f"{REPLY} ^AB", False),
        (f"{ANSWER} ^AB", f"{REPLY} ^CD", True),
        (f"{ANSWER} ^AB https://t.example/a", f"{REPLY} -AB", False),
        (f"{ANSWER} ^AB", REPLY, True),
        (ANSWER, f"{REPLY} ^AB", True),
        (ANSWER, REPLY, True),
    ],
)
def test_what_came_from_another_tool_is_known_by_its_signature(theirs: str, mine: str, told: bool) -> None:
    made = case(post(ASKED), text=mine, others=(answered(MINUTE, by=None, text=theirs),))
    assert said("same-customer", made) == (WARN if told else None)


def test_a_colleague_with_our_signature_is_a_colleague() -> None:
    made = case(post(ASKED), text=f"{REPLY} ^AB", others=(answered(MINUTE, text=f"{ANSWER} ^AB"),))
    assert said("same-customer", made) == WARN


@pytest.mark.parametrize(
    ("here", "there", "told"), [(7, 7, False), (7, 8, True), (7, None, True), (None, 7, True), (None, None, True)]
)
def test_answers_about_one_incident_do_not_collide(here: int | None, there: int | None, told: bool) -> None:
    made = case(post(ASKED), incident_id=here, others=(answered(MINUTE, incident_id=there),))
    assert said("same-customer", made) == (WARN if told else None)


def test_a_colleague_at_work_on_one_incident_is_named_all_the_same() -> None:
    assert said("same-customer", case(incident_id=7, others=(held(incident_id=7),))) == WARN


def test_without_a_word_of_theirs_no_answer_collides() -> None:
    assert said("same-customer", case(ours(HOUR), others=(answered(MINUTE),))) is None


# -- what it says ----------------------------------------------------------------------------------


def test_who_holds_it_where_and_since_when() -> None:
    found = finding("same-customer", case(others=(held(),)))
    assert found is not None
    assert found.text == "Ben has held conversation 12 with the same person on mastodon for 4m."
    assert found.evidence["collisions"] == [
        {
            "conversation": 12, "network": "mastodon", "account": "@northline", "handle": "@amandac", "how": "held",
            "by": "Ben", "at": iso(NOW - 4 * MINUTE),
        }
    ]  # fmt: skip
    since_ever = finding("same-customer", case(others=(held(claimed_at=None),)))
    assert since_ever is not None
    assert since_ever.text == "Ben has held conversation 12 with the same person on mastodon."


def test_who_answered_what_where_and_when() -> None:
    found = finding("same-customer", case(post(ASKED), others=(answered(9 * MINUTE, handle="amanda"),)))
    assert found is not None
    assert found.text == (
        "Ben answered the same person, @amanda, 9m ago on mastodon in conversation 12: “Which coach are you in?”."
    )
    assert found.evidence["collisions"][0]["text"] == ANSWER
    assert "others hold 0, and answered 1 after the newest word here, within 60 min" in found.evidence["arithmetic"]
    unknown = finding("same-customer", case(post(ASKED), others=(answered(9 * MINUTE, by=None),)))
    assert unknown is not None
    assert unknown.text.startswith("@northline answered the same person, @amandac, 9m ago")
    nowhere = finding("same-customer", case(post(ASKED), others=(answered(9 * MINUTE, by=None, account=None),)))
    assert nowhere is not None
    assert nowhere.text.startswith("We answered the same person")


def test_one_finding_names_the_first_and_lists_all() -> None:
    elsewhere = (answered(9 * MINUTE, id=3), answered(2 * MINUTE, id=4), answered(DAY, id=5), held(id=6), held(id=7))
    found = finding("same-customer", case(post(ASKED), others=elsewhere))
    assert found is not None
    assert found.text == "Ben has held conversation 6 with the same person on mastodon for 4m. And 3 more."
    assert [one["conversation"] for one in found.evidence["collisions"]] == [6, 7, 4, 3]


def test_a_team_can_make_it_a_stop() -> None:
    raised = replace(SAFE, checks={"same-customer": "stop"})
    assert said("same-customer", case(others=(held(),), settings=raised)) == STOP_ASKING


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_no_words_from_outside_reach_the_screen_raw(words: str) -> None:
    elsewhere = (
        answered(MINUTE, by=words, text=f"a{words}", handle=words, network=words, account=words),
        held(f"b{words}", network=words, handle=words, account=words),
    )
    for order in (elsewhere, elsewhere[:1]):
        found = finding("same-customer", case(post(ASKED), others=order))
        assert found is not None
        assert found.text == line(found.text)
        assert all(shown == clean(shown) for one in found.evidence["collisions"] for shown in map(str, one.values()))
