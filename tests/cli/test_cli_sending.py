"""`brake`, `reply --at`, and what the outbox says of how far each reply is."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Desk

from tui.clock import HOUR, MINUTE, iso, now, parse

Post = Callable[..., dict[str, Any]]
TEXT = "We are sorry. Which train was it?"


@pytest.fixture(autouse=True)
def _no_window(desk: Desk, post: Post) -> None:
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.take_in(post())


def test_a_brake_keeps_all_replies_of_a_handle_here_until_it_is_off(desk: Desk) -> None:
    held = desk.json("brake", "x:@northline", "on", "--reason", "wrong fare")
    assert (held["account"], held["on"], held["by"], held["reason"]) == ("x:@northline", True, "ana", "wrong fare")
    desk.json("reply", "1", "--text", TEXT)
    assert desk.json("worker", "--once")["sent"] == 0
    (waiting,) = desk.json("outbox")
    assert (waiting["state"], waiting["braked"]) in (("queued", True), ("held", True))
    assert "brake by ana, wrong fare" in desk("outbox").out
    assert "1 reply waits" in desk("brake", "@northline").out
    assert "nothing leaves, by ana: wrong fare" in desk("doctor").out
    assert desk.json("brake", "@northline", "off") == {"account": "x:@northline", "on": False}
    assert desk.json("worker", "--once")["sent"] == 1
    assert (desk.json("brake"), desk("brake").out) == ([], "No brake is on.\n")


def test_a_second_brake_leaves_the_first_as_it_is(desk: Desk) -> None:
    desk.json("brake", "@northline", "on", "--reason", "wrong fare")
    again = desk.json("brake", "@northline", "on", "--reason", "another", "--agent", "ben")
    assert (again["by"], again["reason"]) == ("ana", "wrong fare")
    assert desk.json("brake", "@northline", "off")["on"] is False
    assert desk.json("brake", "@northline", "off")["on"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["@nobody", "on", "--reason", "x"], "is no handle of ours; ours are: x:@northline"),
        (["\x1b[2J", "off"], "is no handle of ours"),
        (["@northline", "on"], "Say with --reason why"),
        (["mastodon:@northline", "off"], "is no handle of ours"),
        (["@northline", "maybe"], "maybe"),
    ],
)
def test_what_is_no_brake_is_wrong_usage(desk: Desk, arguments: list[str], said: str) -> None:
    answer = desk("brake", *arguments)
    assert (answer.code, said in answer.err, "\x1b" in answer.err) == (2, True, False)
    assert desk.json("brake") == []


def test_a_handle_on_two_networks_has_to_be_named_with_its_network(desk: Desk, post: Post) -> None:
    desk.take_in(post("2", network="mastodon"))
    answer = desk("brake", "@northline", "on", "--reason", "x")
    assert (answer.code, "give one of x:@northline, mastodon:@northline" in answer.err) == (2, True)
    assert desk.json("brake", "mastodon:@Northline", "on", "--reason", "x")["account"] == "mastodon:@northline"


@pytest.mark.parametrize("words", ["2h", "ISO"])
def test_a_reply_for_later_waits_and_can_be_taken_back(desk: Desk, words: str) -> None:
    at = iso((now() + 2 * HOUR) // MINUTE * MINUTE) if words == "ISO" else "2h"
    made = desk.json("reply", "1", "--text", TEXT, "--at", str(at))
    assert (made["state"], made["scheduled"]) == ("held", True)
    assert abs(parse(made["due_at"]) - now() - 2 * HOUR) < 2 * MINUTE
    assert desk.json("worker", "--once")["sent"] == 0
    assert desk.json("show", "1")["state"] == "snoozed"
    assert "scheduled" in desk("outbox").out
    assert desk.json("outbox", "recall", "1")["state"] == "recalled"
    found = desk.json("show", "1")
    assert (found["state"], found["claimed_by"], found["drafts"][0]["text"]) == ("claimed", "ana", TEXT)


def test_it_comes_back_when_the_thread_changes(desk: Desk, post: Post) -> None:
    desk.json("reply", "1", "--text", TEXT, "--at", "2h")
    desk.take_in(post("2", minutes=0, in_reply_to="1", kind="reply", text="It has come."))
    desk.json("worker", "--once")
    found = desk.json("show", "1")
    assert [reply["state"] for reply in found["replies"]] == ["recalled"]
    assert (found["state"], found["drafts"][0]["text"]) == ("new", TEXT)
    assert "came back" in found["reasons"][-2]["text"]
    assert desk.json("queue")[0]["id"] == 1


@pytest.mark.parametrize("words", ["yesterday", "2020-01-01T00:00:00Z", "", "2026-01-01", "999999999999d"])
def test_a_time_that_is_none_or_over_is_refused_with_a_sentence(desk: Desk, words: str) -> None:
    answer = desk("reply", "1", "--text", TEXT, "--at", words)
    assert answer.code in (1, 2)
    assert len(answer.err.splitlines()) == 1
    assert desk.json("outbox") == []


def test_the_end_of_a_shift_names_what_leaves_later(desk: Desk) -> None:
    desk.json("shift", "start")
    desk.json("reply", "1", "--text", TEXT, "--at", "2h")
    assert "leaves " in desk("shift", "stop").out
    assert desk.json("outbox")[0]["state"] == "held"


def test_a_reply_that_nobody_sends_says_so_and_doctor_says_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.json("reply", "1", "--text", TEXT)
    assert "nobody sends" not in desk("outbox").out
    later = now() + MINUTE
    monkeypatch.setattr("tui.clock.now", lambda: later)
    assert "waits: nobody sends for @northline now, see `shiftdesk doctor`" in desk("outbox").out
    assert "x @northline: nobody sends, 1 reply waits; open the desk or run `shiftdesk worker`" in desk("doctor").out
    desk.run("UPDATE account SET server = 'https://x.example'")
    desk.run("INSERT INTO lease (name, holder, until) VALUES ('worker', 'ana', :until)", until=later + MINUTE)
    assert "nobody sends, 1 reply waits; run `shiftdesk worker` where its tokens are" in desk("doctor").out
    desk.run("UPDATE lease SET name = 'send x:@northline'")
    assert "nobody sends" not in desk("outbox").out + desk("doctor").out
