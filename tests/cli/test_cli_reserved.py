"""A customer is with one colleague, and nobody with more than the desk allows: from the command line."""

import pytest


@pytest.fixture(autouse=True)
def _posts(desk, post):
    """1 and 2 are of one customer, 3 of another."""
    desk.take_in(
        post("1", minutes=9), post("2", minutes=6, text="@northline and my luggage?"), post("3", handle="bert")
    )
    desk.json("claim", "1")
    desk.json("queue", "--agent", "bob")


def test_queue_and_show_say_which_colleague_has_the_customer(desk):
    def reserved(who):
        return {one["id"]: one["reserved_by"] for one in desk.json("queue", "--view", "all", "--agent", who)}

    assert reserved("bob") == {1: None, 2: "ana", 3: None}
    assert reserved("ana") == {1: None, 2: None, 3: None}
    assert desk.json("show", "2", "--agent", "bob")["reserved_by"] == "ana"
    assert "ana has this customer" in desk("show", "2", "--agent", "bob").out
    assert "ana has this customer" in desk("queue", "--agent", "bob").out
    assert "has this customer" not in desk("queue").out


@pytest.mark.parametrize(
    "verb", [("claim", "2"), ("resolve", "2", "--reason", "done"), ("reply", "2", "--text", "It is on its way.")]
)
def test_what_is_reserved_is_refused_in_one_sentence(desk, verb):
    answer = desk(*verb, "--agent", "bob", "--json")
    assert answer.code == 1
    assert "ana has this customer: conversation 1, for 0s" in answer.err
    assert (answer.json["reserved_by"], answer.json["conversation"]) == ("ana", 2)
    assert answer.err.count("\n") == 1


def test_next_leaves_a_colleagues_customer_alone(desk):
    assert desk.json("next", "--agent", "bob")["id"] == 3
    assert desk("next", "--agent", "bob").out == "Nothing waits.\n"


def test_take_takes_the_customer_whole_and_the_colleague_is_told(desk):
    taken = desk.json("take", "2", "--reason", "ana is at lunch", "--agent", "bob")
    assert (taken["id"], taken["claimed_by"]) == (2, "bob")
    assert desk.json("show", "1")["claimed_by"] == "bob"
    for verb in (("release", "1"), ("claim", "1"), ("reply", "1", "--text", "It is on its way.")):
        answer = desk(*verb)
        assert answer.code == 1
        assert "taken over by bob 0 s ago: ana is at lunch" in answer.err


def test_pass_hands_the_customer_over_whole(desk):
    desk.json("claim", "2")
    desk.json("pass", "1", "--to", "bob")
    assert [desk.json("show", id)["claimed_by"] for id in "123"] == ["bob", "bob", None]


def test_the_most_one_agent_holds_is_configured(desk):
    desk.configure("[desk]\nmost_held = 1\n")
    for verb in (
        ("next",),
        ("claim", "2"),
        ("take", "2", "--reason", "why"),
        ("reply", "3", "--text", "It is coming."),
    ):
        answer = desk(*verb)
        assert answer.code == 1
        assert "You hold 1 conversation, as many as one may" in answer.err
    desk.json("claim", "3", "--agent", "bob")
    answer = desk("pass", "1", "--to", "bob")
    assert (answer.code, "bob holds 1 conversation" in answer.err) == (1, True)
    desk.configure("[desk]\nmost_held = 0\n")
    assert desk.json("claim", "2")["claimed_by"] == "ana"


def test_what_lapses_is_in_the_queue_again_with_a_note(desk):
    desk.configure("[desk]\nlease_minutes = 0\n")
    desk.json("claim", "3", "--agent", "bob")
    assert {one["id"] for one in desk.json("queue")} >= {3}
    (note,) = desk.json("show", "3")["notes"]
    assert (note["agent"], note["text"].startswith("bob had this conversation since ")) == ("desk", True)
