"""Claims from the command line: the same rules and events as in the app."""

import pytest


@pytest.fixture(autouse=True)
def _posts(desk, post):
    desk.take_in(post("1", minutes=9), post("2", minutes=3, handle="bert"))


def test_next_claims_the_first_with_its_epoch_until_nothing_waits(desk):
    first = desk.json("next")
    assert (first["id"], first["state"], first["claimed_by"], first["epoch"]) == (1, "claimed", "ana", 1)
    assert desk.json("next")["id"] == 2
    nothing = desk("next", "--json")
    assert (nothing.code, nothing.json) == (0, None)
    assert desk("next").out == "Nothing waits.\n"


def test_next_serves_a_claim_whose_lease_is_over(desk):
    desk.configure("[desk]\nlease_minutes = 0\n")
    desk.json("claim", "1")
    assert desk.json("next", "--agent", "bob")["id"] == 1


def test_next_shows_the_thread(desk):
    assert "the 8:14 did not come" in desk("next").out


def test_what_a_colleague_has_is_refused_with_a_name(desk):
    desk.json("claim", "1")
    answer = desk("claim", "1", "--agent", "bob", "--json")
    assert answer.code == 1
    assert answer.json["claimed_by"] == "ana"
    assert "ana" in answer.json["error"]
    assert answer.err.count("\n") == 1


def test_release_puts_it_back(desk):
    desk.json("claim", "1")
    released = desk.json("release", "1")
    assert (released["id"], released["state"], released["claimed_by"]) == (1, "new", None)
    assert desk("release", "1").code == 1


def test_take_over_needs_a_reason_and_moves_the_claim(desk):
    before = desk.json("claim", "1")["epoch"]
    assert desk("take", "1", "--agent", "bob").code == 2
    taken = desk.json("take", "1", "--reason", "ana is at lunch", "--agent", "bob")
    assert taken["claimed_by"] == "bob"
    assert taken["epoch"] == before + 1
    assert "bob" in desk("release", "1").err


def test_pass_hands_it_to_somebody_known(desk):
    desk.json("claim", "1")
    assert desk("pass", "1", "--to", "bob").code == 1
    desk.json("queue", "--agent", "bob")
    assert desk.json("pass", "1", "--to", "bob")["claimed_by"] == "bob"


def test_resolve_closes_a_free_conversation(desk):
    resolved = desk.json("resolve", "1", "--reason", "praise")
    assert (resolved["state"], resolved["claimed_by"]) == ("resolved", None)
    assert [one["id"] for one in desk.json("queue")] == [2]
    assert desk("resolve", "2", "--reason", "  ").code == 1


@pytest.mark.parametrize("until", ["2h", "1d", "2099-11-25T17:41Z"])
def test_snooze_takes_a_span_or_a_time(desk, until):
    assert desk.json("snooze", "1", "--until", until)["state"] == "snoozed"


@pytest.mark.parametrize(
    ("until", "code"), [("soon", 2), ("2031-01-01T09:00", 2), ("99999999w", 2), ("0s", 1), ("2001-01-01T00:00Z", 1)]
)
def test_snooze_says_what_it_cannot_take(desk, until, code):
    answer = desk("snooze", "1", "--until", until)
    assert answer.code == code
    assert answer.err.count("\n") == 1


def test_skip_leaves_it_to_others(desk):
    desk.json("skip", "1", "--reason", "I know them")
    assert desk.json("next")["id"] == 2
    assert desk.json("next", "--agent", "bob")["id"] == 1


def test_tags_are_set_and_taken_away(desk):
    assert desk.json("tag", "1", "Delay", "refund", "delay")["tags"] == ["delay", "refund"]
    assert desk.json("tag", "1")["tags"] == []


def test_every_change_leaves_its_event(desk):
    desk.json("claim", "1")
    desk.json("note", "1", "--text", "on it")
    desk.json("release", "1")
    desk.json("skip", "1", "--reason", "why")
    desk.json("resolve", "1", "--reason", "done")
    kinds = [event["kind"] for event in desk.json("show", "1")["events"]]
    for kind in ("claim.taken", "note.added", "claim.released", "conversation.skipped", "conversation.resolved"):
        assert kind in kinds


@pytest.mark.parametrize("bad", ["0", "-1", "one", str(2**63)])
def test_what_is_no_id_is_wrong_usage(desk, bad):
    assert desk("claim", "--", bad).code == 2


def test_a_reply_to_what_a_colleague_has_is_refused_with_the_findings(desk):
    desk.json("claim", "1", "--agent", "ana")
    answer = desk("reply", "1", "--text", "On its way.", "--agent", "bob", "--json")
    assert answer.code == 1
    assert answer.json["verdict"] == "stop"
    assert "claimed-elsewhere" in [finding["check"] for finding in answer.json["findings"]]
    assert answer.json["claimed_by"] == "ana"
