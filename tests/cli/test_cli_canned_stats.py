"""`canned stats`, `history`, `list` and `search --for`: what is told of the responses."""

import json

import pytest

from tui.clock import DAY, iso, now

LIBRARY = [
    {"name": "Refund policy", "body": "Late by 15 minutes: 25 % back.", "shortcut": "refund", "tags": ["money"]},
    {"name": "Sorry", "body": "We are sorry.", "language": "en"},
    {"name": "Tut uns leid", "body": "Das tut uns leid.", "language": "de"},
    {"name": "New", "body": "Not read yet.", "approved": False},
    {"name": "Soon over", "body": "Until next week.", "valid_until": iso(now() + 7 * DAY)},
    {"name": "Over", "body": "It was.", "valid_until": iso(now() - DAY)},
]


@pytest.fixture(autouse=True)
def _library(desk, post):
    desk.json("canned", "import", "-", stdin=json.dumps(LIBRARY).encode())
    desk.take_in(post("1", lang="en"))


def test_a_reply_counts_and_its_words_tell_whether_it_was_edited(desk, post):
    desk.take_in(post("2", handle="ben"), post("3", handle="cem"))
    desk.json("reply", "1", "--canned", "refund")
    desk.json("reply", "2", "--canned", "refund", "--text", "Hi Ben, late by 15 minutes: 25% back! Anything else?")
    desk.json("reply", "3", "--canned", "refund", "--text", "We give half of it back.")
    told = desk.json("canned", "stats")
    first = told["responses"][0]
    assert (first["name"], first["uses"], first["edited"], first["edited_percent"]) == ("Refund policy", 3, 1, 33.3)
    assert told["total"]["uses"] == 3
    desk.json("outbox", "recall", "3")
    first = desk.json("canned", "stats")["responses"][0]
    assert (first["uses"], first["uses_ever"], first["edited"]) == (2, 2, 0)
    assert desk.json("canned", "show", "refund")["uses"] == 2


def test_what_needs_somebody_is_named(desk):
    told = desk.json("canned", "stats")
    assert (told["waiting"], told["expiring"], told["expired"]) == (["New"], ["Soon over"], ["Over"])
    assert told["never_used"] == ["Refund policy", "Soon over", "Sorry", "Tut uns leid"]
    assert told["estimate"] == {"typed_a_minute": 250, "picked_seconds": 5}


def test_the_page_for_people_says_the_same(desk):
    desk.json("canned", "add", "Name\x1b[2J", "--body", "b")
    desk.json("reply", "1", "--canned", "refund")
    page = desk("canned", "stats").out
    assert "\x1b" not in page
    assert [row.split() for row in page.splitlines()[2:5]] == [
        ["uses", "edited", "reopened", "saved", "response"],
        ["1", "0", "%", "0", "%", "2s", "all"],
        ["1", "0", "%", "0", "%", "2s", "Refund", "policy"],
    ]
    for heading in ("Waiting for approval: 1", "Expiring within 14 days: 1", "Expired, or their incident is over: 1"):
        assert heading in page
    assert max(map(len, page.splitlines())) <= 80


def test_lists_say_how_each_stands(desk):
    states = {one["name"]: one["state"] for one in desk.json("canned", "list")}
    assert states == {
        "Refund policy": "valid", "Sorry": "valid", "Tut uns leid": "valid", "New": "waiting",
        "Soon over": "expiring", "Over": "expired",
    }  # fmt: skip
    assert "waiting" in desk("canned", "list").out


def test_show_has_every_field(desk):
    entry = {
        "name": "Whole", "body": "b", "shortcut": "w", "tags": ["t"], "language": "en", "network": "x",
        "scope": "account", "owner": "x:@northline", "incident": "Line 4", "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2099-01-01T00:00:00Z", "variants": [{"body": "c", "language": "de"}],
        "actions": [{"tag": "refund"}, {"promise": "we call", "within": "1d"}],
    }  # fmt: skip
    desk.json("canned", "import", "-", stdin=json.dumps([entry]).encode())
    told = desk.json("canned", "show", "w")
    variants = [{"body": "c", "language": "de", "network": "", "plain": False}]
    assert {name: told[name] for name in entry} == entry | {"variants": variants}
    assert (told["version"], told["state"], told["uses"]) == (1, "incident over", 0)
    assert "promise: we call" in desk("canned", "show", "w").out


def test_history_is_a_diff_with_names_and_times(desk):
    desk.json("agent", "add", "ben", "--role", "lead")
    desk.json("canned", "add", "Sorry", "--body", "We are very sorry.", "--agent", "ben")
    newest, first = desk.json("canned", "history", "sorry")
    assert (newest["version"], newest["agent"], newest["changed"]) == (2, "ben", ["body"])
    assert [row for row in newest["diff"] if row[0] in "+-"] == ["-We are sorry.", "+We are very sorry."]
    assert (first["agent"], first["response"]["body"], first["diff"]) == ("ana", "We are sorry.", [])
    page = desk("canned", "history", "Sorry").out
    assert page.startswith("version 2, ")
    assert "-We are sorry.\n+We are very sorry." in page
    assert desk("canned", "history", "Sorri").code == 2


def test_search_for_a_conversation_offers_what_may_be_used_there(desk):
    hits = desk.json("canned", "search", "--for", "1")
    names = [hit["name"] for hit in hits]
    assert names.index("Sorry") < names.index("Tut uns leid")
    assert "New" not in names
    assert {"why", "this_hour", "to_person", "score"} <= set(hits[0])
    desk.json("reply", "1", "--canned", "Sorry")
    sorry = next(hit for hit in desk.json("canned", "search", "sorry", "--for", "1") if hit["name"] == "Sorry")
    assert sorry["this_hour"] == 1
    assert sorry["to_person"] is not None
    assert desk("canned", "search").code == 2
    assert desk("canned", "search", "--for", "9").code == 2


def test_search_finds_and_reply_takes_only_what_this_agent_may_send_there(desk):
    library = [
        {"name": "Bens", "body": "Bens words.", "scope": "agent", "owner": "ben"},
        {"name": "South", "body": "South words.", "scope": "account", "owner": "x:@southline"},
    ]
    desk.json("canned", "import", "-", stdin=json.dumps(library).encode())
    assert [hit["name"] for hit in desk.json("canned", "search", "words")] == ["South"]
    assert [hit["name"] for hit in desk.json("canned", "search", "bens", "--agent", "ben")] == ["Bens"]
    assert not [hit for hit in desk.json("canned", "search", "not read") if hit["name"] == "New"]
    for name, why in (("Bens", "is ben's own"), ("South", "is for x:@southline only"), ("New", "waits for approval")):
        for command in (("reply", "1"), ("check", "1"), ("reply", "1", "--text", "Our words.")):
            answer = desk(*command, "--canned", name)
            assert (answer.code, answer.err.count("\n"), why in answer.err) == (1, 1, True), answer
    assert desk.json("outbox") == []
    assert desk("reply", "1", "--canned", "Bens", "--agent", "ben").code == 0
