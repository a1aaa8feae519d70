"""`check --private`, `reply --private`: the whole way to the files in which both leave."""

import json

import pytest

TEXT = "Your refund goes to GB82 WEST 1234 5698 7654 32."
POINTER = "We have sent you a private message."


@pytest.fixture(autouse=True)
def _post(desk, post):
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.take_in(post("1", minutes=50))


def leaving(desk) -> list[tuple[str, bool]]:
    file = desk.data / "outbox-x.jsonl"
    lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return [(one["text"], one["private"]) for one in lines]


def test_what_may_not_be_said_in_public_leaves_in_private_and_a_pointer_behind_it(desk):
    assert desk.json("check", "1", "--text", TEXT)["verdict"] == "stop"
    assert desk.json("check", "1", "--text", TEXT, "--private")["verdict"] == "ok"
    held = desk.json("reply", "1", "--text", TEXT, "--private")
    assert (held["private"], held["parts"], held["pointer"]) == (True, 2, POINTER)
    assert desk.json("worker", "--once")["sent"] == 2
    assert leaving(desk) == [(TEXT, True), (POINTER, False)]
    assert [post["kind"] for post in desk.json("show", "1")["posts"]] == ["post", "dm", "reply"]
    assert desk.json("show", "1")["state"] == "pending"


def test_people_read_that_both_are_on_their_way(desk):
    assert (
        f"private message with “{POINTER}” in public behind it" in desk("reply", "1", "--text", TEXT, "--private").out
    )


def test_recalling_it_takes_both_back(desk):
    desk.configure("[desk]\nundo_seconds = 60\n")
    held = desk.json("reply", "1", "--text", TEXT, "--private")
    desk.json("outbox", "recall", str(held["id"]))
    assert {reply["state"] for reply in desk.json("show", "1")["replies"]} == {"recalled"}
    desk.json("worker", "--once")
    assert leaving(desk) == []


def test_the_pointer_is_what_is_configured_and_guarded(desk):
    desk.configure('[account.default]\nprivate_pointer = "Write to ana at GB82 WEST 1234 5698 7654 32"\n')
    answer = desk("reply", "1", "--text", "Hello there", "--private", "--json")
    assert answer.code == 1
    (stop,) = [one for one in answer.json["findings"] if one["verdict"] == "stop"]
    assert (stop["check"], stop["text"][:20]) == ("private-data", "The public pointer: ")


def test_a_reply_that_stays_public_has_no_pointer(desk):
    assert desk.json("reply", "1", "--text", "Which station was it?")["pointer"] is None
