"""Who is served first, and why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import MINUTE
from tui.desk import priority
from tui.desk.freshness import Standing, Word, standing

T = 1_770_000_000_000
PLAIN: dict[str, Any] = {"followers": 100, "private": False, "resurfaced": False, "reopened": False}


def stands(*texts: str, addressed: str = "namedrop") -> Standing:
    words = [
        Word(n, str(n), 1, "amandac", "post", text, T + n, T + n, False, False, addressed)  # type: ignore[arg-type]
        for n, text in enumerate(texts)
    ]
    return standing(words, 1, 48 * 60 * MINUTE)


def rules(*texts: str, addressed: str = "namedrop", **values: Any) -> dict[str, int]:
    found = priority.reasons(stands(*texts, addressed=addressed), **(PLAIN | values))
    assert all(reason["text"] for reason in found)
    return {reason["rule"]: reason["points"] for reason in found}


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (rules("the train", addressed="direct"), "direct"),
        (rules("the train", addressed="mention"), "mention"),
        (rules("the train", private=True), "private"),
        (rules("where is it"), "question"),
        (rules("電車はどこですか？"), "question"),
        (rules("the train", reopened=True), "reopened"),
        (rules("the train", "the train again"), "again"),
        (rules("the train", followers=10_000), "reach"),
        (rules("the train", resurfaced=True), "resurfaced"),
        (rules("lovely crew today, thank you"), "praise"),
        (rules("there is a child on the tracks"), "danger"),
        (rules("Es brennt im Wagen"), "danger"),
    ],
)
def test_each_rule_has_its_reason(found: dict[str, int], rule: str) -> None:
    assert list(found) == [rule]


@pytest.mark.parametrize(
    "text",
    ["thank you for nothing, still no train", "thanks, but where is it?", "brilliant, delayed again"],
)
def test_praise_with_a_complaint_is_none(text: str) -> None:
    assert "praise" not in rules(text)


@pytest.mark.parametrize("text", ["on the right track", "a fire sale at the shop", "my heart is broken"])
def test_words_near_danger_are_none(text: str) -> None:
    assert "danger" not in rules(text)


def test_nothing_waits_without_a_word() -> None:
    answered = stands("help")
    assert priority.reasons(Standing(**{**asdict(answered), "words": ()}), **PLAIN) == []


def asdict(made: Standing) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Standing.__dataclass_fields__}


def test_danger_comes_before_the_longest_wait() -> None:
    danger = priority.reasons(stands("a man is on the tracks"), **PLAIN)
    assert priority.rank(T, danger) < T - 10 * 365 * 24 * 60 * MINUTE


def test_who_waits_longer_comes_first() -> None:
    assert priority.rank(T - MINUTE, []) < priority.rank(T, [])


@given(st.integers(0, 10_000), st.lists(st.integers(-300, 300), max_size=5))
def test_reasons_add_up_to_the_score(waited: int, points: list[int]) -> None:
    found = [{"rule": str(n), "points": some, "text": "why"} for n, some in enumerate(points)]
    rank = priority.rank(T, found)
    now = T + waited * MINUTE
    told = priority.with_waiting(found, rank, now)
    assert sum(reason["points"] for reason in told) == priority.score(rank, now) == waited + sum(points)
    assert told[-1]["points"] == waited


@given(st.text(max_size=200))
def test_no_text_breaks_the_rules(text: str) -> None:
    rules(text or " ")
