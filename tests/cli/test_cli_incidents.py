"""`incident` and `customer`: one cause behind many posts, one person behind several authors."""

import pytest

FIELDS = {"id", "name", "state", "text", "opened_at", "updated_at", "closed_at", "conversations"}


@pytest.fixture(autouse=True)
def _posts(desk, post):
    desk.take_in(
        post("1", minutes=9),
        post("2", minutes=5, handle="bert"),
        post("3", minutes=3, handle="amanda_m", network="mastodon"),
    )


def kinds(desk, conversation):
    return [event["kind"] for event in desk.json("show", conversation)["events"]]


def test_an_incident_from_its_first_word_to_its_last(desk):
    added = desk.json("incident", "add", "Line 4 closed", "--text", "Buses run.")
    assert (set(added), added["state"], added["text"], added["closed_at"]) == (FIELDS, "open", "Buses run.", None)
    updated = desk.json("incident", "update", "line 4 CLOSED", "--text", "-", stdin=b"Trains run again.\n")
    assert (updated["id"], updated["text"]) == (added["id"], "Trains run again.")
    closed = desk.json("incident", "close", str(added["id"]), "--text", "It is over.")
    assert (closed["state"], closed["text"]) == ("closed", "It is over.")
    assert closed["closed_at"]
    assert desk.json("incident", "list") == [closed]
    assert desk("incident", "close", "Line 4 closed").code == 1


def test_conversations_are_linked_and_unlinked(desk):
    desk.json("incident", "add", "Line 4 closed", "--text", "Buses run.")
    linked = desk.json("incident", "link", "Line 4 closed", "1", "2")
    assert (set(linked), linked["linked"], linked["conversations"]) == (FIELDS | {"linked"}, [1, 2], 2)
    assert desk.json("incident", "link", "1", "2", "3")["linked"] == [3]
    assert {one["id"]: one["incident"] for one in desk.json("queue")} == dict.fromkeys((1, 2, 3), "Line 4 closed")
    assert "incident: Line 4 closed" in desk("show", "1").out.splitlines()
    assert desk.json("incident", "unlink", "1", "2", "1") == {"unlinked": [1, 2]}
    assert desk.json("show", "1")["incident"] is None
    assert kinds(desk, "1")[-2:] == ["incident.linked", "incident.unlinked"]


def test_people_get_a_sentence_and_a_list(desk):
    assert desk("incident", "list").out.startswith("There is no incident; ")
    assert desk("incident", "add", "Line 4\x1b[2J", "--text", "Buses.").out == (
        'The incident "Line 4␛[2J" is open: 0 conversations.\n'
    )
    assert desk("incident", "link", "1", "2").out.endswith(" has 1 more: 1 conversation.\n")
    assert desk("incident", "unlink", "2").out == "1 unlinked.\n"
    rows = [row.split() for row in desk("incident", "list").out.splitlines()]
    assert rows[0] == ["id", "name", "state", "updated", "conversations", "text"]
    assert rows[1][-2:] == ["0", "Buses."]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("incident", "add", "404", "--text", "Buses."), 1),
        (("incident", "add", "Line 4", "--text", " "), 1),
        (("incident", "add", "Line 4"), 2),
        (("incident", "update", "Line 5", "--text", "Buses."), 2),
        (("incident", "link", "Line 4", "99"), 2),
        (("incident", "link", "Line 4"), 2),
        (("incident", "unlink"), 2),
        (("incident", "unlink", "99"), 2),
        (("customer", "join", "1"), 1),
        (("customer", "join", "1", "99"), 2),
        (("customer", "split", "1"), 1),
        (("customer", "show", "99"), 2),
    ],
)
def test_what_cannot_be_done_is_one_sentence(desk, words, code):
    desk.json("incident", "add", "Line 4 is slow", "--text", "Buses run.")
    answer = desk(*words, "--json")
    assert (answer.code, answer.err.count("\n")) == (code, 1)
    assert answer.json["error"] == answer.err.strip()


def test_a_person_is_joined_shown_and_split(desk):
    alone = desk.json("customer", "show", "1")
    assert alone["customer"] is None
    assert alone["authors"] == [{"network": "x", "id": "of-amandac", "handle": "amandac", "name": "Amanda C"}]
    assert [one["id"] for one in alone["conversations"]] == [1]
    joined = desk.json("customer", "join", "1", "3")
    assert [one["handle"] for one in joined["authors"]] == ["amandac", "amanda_m"]
    assert [one["id"] for one in joined["conversations"]] == [3, 1]
    assert joined == desk.json("customer", "show", "3") | {"conversations": joined["conversations"]}
    assert isinstance(joined["customer"], int)
    assert kinds(desk, "3")[-1] == "customer.joined"
    split = desk.json("customer", "split", "3")
    assert (split["customer"], [one["handle"] for one in split["authors"]]) == (None, ["amanda_m"])
    assert desk.json("customer", "show", "1")["customer"] is None
    assert kinds(desk, "3")[-1] == "customer.split"


def test_a_person_is_shown_to_people(desk):
    desk.json("customer", "join", "1", "3")
    shown = desk("customer", "show", "1").out.splitlines()
    assert shown[0].split() == ["x", "@amandac", "Amanda", "C"]
    assert shown[1].split()[:2] == ["mastodon", "@amanda_m"]
    assert [row.split()[0] for row in shown[3:]] == ["id", "3", "1"]


def test_a_joined_person_with_a_colleague_is_a_finding(desk):
    desk.json("customer", "join", "1", "3")
    desk.json("claim", "3", "--agent", "bob")
    (found,) = desk.json("check", "1", "--text", "Which coach was it?")["findings"]
    assert (found["check"], found["verdict"]) == ("same-customer", "warn")
    assert found["text"].startswith("bob has held conversation 3 with the same person on mastodon for ")
