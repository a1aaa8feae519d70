"""The story behind this program: one post, four broken rules, told as a script would live it."""

from collections.abc import Callable
from typing import Any

import pytest

DAY = 24 * 60
AGE = 206 * DAY
TEXT = "Are you still in the lift? Which station is it?"
Post = Callable[..., dict[str, Any]]


@pytest.fixture
def lift(post: Post) -> dict[str, Any]:
    """It only names the brand."""
    return post("lift", AGE, text="Stuck in a lift at a Northline station, brilliant", account=None)


@pytest.fixture
def answer(post: Post) -> dict[str, Any]:
    """We answered the same day."""
    return post("answer", AGE - 60, "northline", text="On our way. Which lift is it?", in_reply_to="lift", kind="reply")


@pytest.fixture
def repost(post: Post, lift: dict[str, Any]) -> dict[str, Any]:
    """A stranger brings it back."""
    return post("again", 3, "oldnews", text="", kind="repost", root=lift)


def verdicts(desk: Any, conversation: str, text: str = TEXT) -> dict[str, str]:
    """What each check says."""
    return {one["check"]: one["verdict"] for one in desk.json("check", conversation, "--text", text)["findings"]}


@pytest.fixture
def told(desk: Any, post: Post, lift: dict[str, Any], answer: dict[str, Any], repost: dict[str, Any]) -> str:
    """The whole story in the queue; the conversation's id."""
    desk.take_in(post("other", 200 * DAY), lift, answer)
    desk.take_in(repost)
    (found,) = desk.json("queue", "--view", "resurfaced")
    return str(found["id"])


def test_all_four_are_named(desk: Any, told: str) -> None:
    found = desk.json("check", told, "--text", TEXT)
    assert found["verdict"] == "stop"
    texts = {one["check"]: one["text"] for one in found["findings"]}
    assert {"resurfaced", "answered", "namedrop"} <= set(texts)
    assert "206d" in texts["resurfaced"]
    assert "came back through a repost by @oldnews" in texts["resurfaced"]
    assert "On our way" in texts["answered"]
    assert verdicts(desk, told)["namedrop"] == "info"


def test_it_is_reachable_but_not_served(desk: Any, told: str) -> None:
    assert told not in {str(one["id"]) for one in desk.json("queue")}
    assert told in {str(one["id"]) for one in desk.json("queue", "--view", "all")}
    served = desk.json("next")
    assert served is None or str(served["id"]) != told


def test_a_reply_needs_the_age_and_a_reason_and_is_on_record(desk: Any, told: str) -> None:
    assert desk("reply", told, "--text", TEXT, "--json").code == 1
    words = ("reply", told, "--text", TEXT, "--override", "resurfaced", "--reason", "206d")
    assert desk(*words, "--json").code == 1
    desk.json(*words, "--override", "answered", "--reason", "she asked us to follow up")
    events = desk.json("show", told)["events"]
    passed = {event["data"]["check"]: event["data"]["typed"] for event in events if event["kind"] == "guard.overridden"}
    assert passed == {"resurfaced": "206d", "answered": "she asked us to follow up"}
    assert [event["data"]["check"] for event in events if event["kind"] == "guard.stopped"].count("answered") == 2


def test_the_same_post_on_its_first_day_is_answered_in_peace(desk: Any, post: Post) -> None:
    desk.take_in(post("other", 200 * DAY), post("lift", 9, text="Stuck in a lift at a Northline station", account=None))
    (found,) = [one for one in desk.json("queue") if "lift" in one["preview"]]
    assert verdicts(desk, str(found["id"]), "Help is on its way. Which station is it?") == {"namedrop": "info"}


def test_a_quote_with_a_complaint_of_its_own_is_new_work(desk: Any, post: Post, lift: dict[str, Any]) -> None:
    desk.take_in(post("other", 200 * DAY), lift)
    desk.take_in(
        post("quote", 2, "tom", text="@northline and now I am stuck in the same lift", kind="quote", root=lift)
    )
    (found,) = [one for one in desk.json("queue") if one["author"]["handle"] == "tom"]
    assert "resurfaced" not in verdicts(desk, str(found["id"]), "Help is on its way, Tom. Which station is it?")
