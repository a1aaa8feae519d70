"""`queue` and `show`: what waits, and one conversation whole."""

import pytest

QUEUE_FIELDS = {
    "id", "network", "account", "author", "state", "preview", "addressed", "freshness", "posted_at", "surfaced_at",
    "waiting_since", "surfaced_by", "score", "reasons", "due_at", "claimed_by", "tags", "incident",
}  # fmt: skip
HOSTILE = "@northline \x1b]0;owned\x07 \x9b2J \x00 \u202egnirts [red]x[/] \x1b[?1049l"


def test_an_empty_queue_is_an_empty_list(desk):
    assert desk.json("queue") == []
    assert "shiftdesk import" in desk("queue").out


def test_every_conversation_has_the_fields_of_the_design(desk, post):
    desk.take_in(post("1"))
    (found,) = desk.json("queue")
    assert set(found) >= QUEUE_FIELDS
    assert found["author"]["handle"] == "amandac"
    assert found["state"] == "new"
    assert {"rule", "points", "text"} <= set(found["reasons"][0])
    assert found["score"] == sum(reason["points"] for reason in found["reasons"])


def test_the_queue_is_in_serving_order_and_limited(desk, post):
    desk.take_in(*(post(str(n), minutes=n, handle=f"h{n}") for n in range(1, 61)))
    found = desk.json("queue")
    assert len(found) == 50
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert len(desk.json("queue", "--limit", "3")) == 3
    assert desk.json("next")["id"] == found[0]["id"]


def test_views_hold_what_they_say(desk, post):
    desk.take_in(post("1"), post("2", handle="bert"))
    desk.json("claim", "1")
    assert [one["id"] for one in desk.json("queue")] == [2]
    assert [one["id"] for one in desk.json("queue", "--view", "mine")] == [1]
    assert [one["id"] for one in desk.json("queue", "--view", "mine", "--agent", "bob")] == []
    assert {one["id"] for one in desk.json("queue", "--view", "all")} == {1, 2}


def test_a_resurfaced_root_is_in_its_view_with_the_reposter(desk, post):
    root = post("1", minutes=60 * 24 * 200, text="northline, I am stuck in your lift", account=None)
    repost = post("2", minutes=3, handle="stranger", kind="repost", root=root, text="RT northline")
    desk.take_in(repost)
    (found,) = desk.json("queue", "--view", "resurfaced")
    assert (found["freshness"], found["surfaced_by"]) == ("resurfaced", "stranger")


def test_a_claim_whose_lease_is_over_waits_again(desk, post):
    desk.configure("[desk]\nlease_minutes = 0\n")
    desk.take_in(post("1"))
    desk.json("claim", "1")
    assert [one["id"] for one in desk.json("queue", "--agent", "bob")] == [1]


def test_show_adds_the_whole_conversation(desk, post):
    desk.take_in(post("1"))
    desk.json("note", "1", "--text", "they called already")
    shown = desk.json("show", "1")
    assert set(shown) >= QUEUE_FIELDS | {"posts", "notes", "drafts", "replies", "promises", "events"}
    assert shown["posts"][0]["text"].startswith("@northline the 8:14")
    assert shown["notes"][0]["text"] == "they called already"
    assert "note.added" in [event["kind"] for event in shown["events"]]
    assert "they called already" in desk("show", "1").out


def test_what_changed_is_news_only_to_who_has_looked(desk, post):
    desk.take_in(post("1"))
    desk.json("show", "1")
    desk.json("note", "1", "--text", "leave this to me", "--agent", "bob")
    checks = [one["check"] for one in desk.json("check", "1", "--text", "Which train?")["findings"]]
    assert "changed" in checks
    carl = [one["check"] for one in desk.json("check", "1", "--text", "Which train?", "--agent", "carl")["findings"]]
    assert "changed" not in carl


@pytest.mark.parametrize("command", [("show", "999"), ("claim", "999"), ("check", "999", "--text", "a")])
def test_a_conversation_that_is_not_there_is_wrong_usage(desk, command):
    answer = desk(*command, "--json")
    assert answer.code == 2
    assert "999" in answer.json["error"]


@pytest.mark.parametrize("command", [("queue",), ("show", "1"), ("next",), ("outbox",)])
def test_no_control_character_leaves(desk, post, command):
    desk.take_in(post("1", text=HOSTILE, author={"id": "9", "handle": "a\x07\x9bb", "name": HOSTILE}))
    for arguments in (command, (*command, "--json")):
        answer = desk(*arguments)
        assert answer.code == 0
        unsafe = {char for char in answer.out + answer.err if ord(char) < 32 or 0x7F <= ord(char) < 0xA0}
        assert unsafe <= {"\n"}
        assert "\u202e" not in answer.out
