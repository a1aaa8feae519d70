"""`check`, `reply`, `outbox` and `worker --once`: towards the customer."""

import json

import pytest

from tui.store import tables as t
from tui.store.store import Store

TEXT = "Hi Amanda, which station did you wait at?"


@pytest.fixture(autouse=True)
def _post(desk, post):
    desk.take_in(post("1", minutes=50))


def answered(desk, post) -> None:
    """Our account has answered the one conversation there is."""
    ours = post("2", minutes=20, handle="northline", kind="reply", in_reply_to="1", text="@amandac 5 minutes")
    desk.take_in(ours)


def leaving(desk) -> list[dict]:
    return [json.loads(row) for row in (desk.data / "outbox-x.jsonl").read_text().splitlines()]


def test_check_says_ok_and_changes_nothing(desk):
    before = desk.json("show", "1")["events"]
    assert desk.json("check", "1", "--text", TEXT, "--agent", "bob") == {"verdict": "ok", "findings": []}
    after = desk.json("show", "1")
    assert after["events"] == before
    assert after["state"] == "new"


def test_check_of_an_answered_conversation_stops_with_evidence_and_exits_0(desk, post):
    answered(desk, post)
    answer = desk("check", "1", "--text", TEXT, "--json")
    assert answer.code == 0
    assert answer.json["verdict"] == "stop"
    (found,) = [one for one in answer.json["findings"] if one["check"] == "answered"]
    assert {"check", "verdict", "text", "evidence"} <= set(found)
    assert "answered" in desk("check", "1", "--text", TEXT).out


def test_a_reply_is_held_and_the_free_conversation_claimed_on_the_way(desk):
    held = desk.json("reply", "1", "--text", TEXT)
    assert (held["state"], held["text"], held["private"]) == ("held", TEXT, False)
    assert held["due_at"]
    assert held["findings"] == []
    shown = desk.json("show", "1")
    assert shown["claimed_by"] == "ana"
    assert shown["replies"][0]["id"] == held["id"]
    assert "reply.held" in [event["kind"] for event in shown["events"]]


def test_a_stopped_reply_prints_the_findings_and_leaves_only_a_near_miss(desk, post):
    answered(desk, post)
    answer = desk("reply", "1", "--text", TEXT, "--json")
    assert answer.code == 1
    assert set(answer.json) == {"verdict", "findings"}
    assert answer.json["verdict"] == "stop"
    assert "--override answered --reason WHY" in answer.err
    shown = desk.json("show", "1")
    assert shown["replies"] == []
    assert shown["claimed_by"] is None
    assert "guard.stopped" in [event["kind"] for event in shown["events"]]


def test_an_override_needs_what_the_stop_asks_for(desk, post):
    answered(desk, post)
    assert desk("reply", "1", "--text", TEXT, "--override", "answered", "--reason", "x").code == 1
    assert desk("reply", "1", "--text", TEXT, "--override", "late", "--reason", "other check").code == 1
    held = desk.json("reply", "1", "--text", TEXT, "--override", "answered", "--reason", "they asked twice")
    assert held["state"] == "held"
    (event,) = [e for e in desk.json("show", "1")["events"] if e["kind"] == "guard.overridden"]
    assert event["data"]["typed"] == "they asked twice"


def test_several_stops_take_a_reason_each_or_one_for_all(desk, post):
    answered(desk, post)
    desk.json("show", "1")
    desk.json("note", "1", "--text", "mine", "--agent", "bob")
    both = ("--override", "answered", "--override", "changed")
    assert desk("reply", "1", "--text", TEXT, *both).code == 2
    assert desk("reply", "1", "--text", TEXT, *both, "--reason", "a", "--reason", "b", "--reason", "c").code == 2
    assert desk("reply", "1", "--text", TEXT, "--reason", "without a check").code == 2
    assert desk.json("reply", "1", "--text", TEXT, *both, "--reason", "I know all of it")["state"] == "held"


def test_claiming_on_the_way_does_not_hide_what_has_changed(desk):
    desk.json("show", "1")
    desk.json("note", "1", "--text", "do not answer, legal has it", "--agent", "bob")
    answer = desk("reply", "1", "--text", TEXT, "--json")
    assert answer.code == 1
    assert [one["check"] for one in answer.json["findings"]] == ["changed"]


def test_what_a_colleague_has_is_not_answered(desk):
    desk.json("claim", "1", "--agent", "bob")
    answer = desk("reply", "1", "--text", TEXT, "--json")
    assert answer.code == 1
    assert answer.json["claimed_by"] == "bob"
    assert [one["check"] for one in answer.json["findings"]] == ["claimed-elsewhere"]
    stopped = [one for one in desk.json("show", "1")["events"] if one["kind"] == "guard.stopped"]
    assert [(one["agent"], one["data"]["check"]) for one in stopped] == [("ana", "claimed-elsewhere")]


def test_what_a_colleague_has_is_not_answered_where_the_check_is_off_either(desk):
    desk.json("claim", "1", "--agent", "bob")
    desk.configure('[account.default]\nchecks = { claimed-elsewhere = "off" }')
    answer = desk("reply", "1", "--text", TEXT)
    assert answer.code == 1
    assert answer.err.startswith("bob has had conversation 1 for")
    assert "If it must be sent" not in answer.err


def test_the_text_may_come_from_stdin(desk):
    assert desk.json("reply", "1", "--text", "-", stdin=f"{TEXT}\n".encode())["text"] == TEXT
    assert desk("check", "1", "--text", "-", stdin=b"\xff").code == 2
    assert desk("check", "1", "--text", "-", stdin=b"a" * 500_000).code == 2


def test_what_nobody_can_see_does_not_go_out(desk):
    assert (
        desk.json("reply", "1", "--text", "Hi\x1b[2J\u202e there, which train?")["text"] == "Hi[2J there, which train?"
    )


def test_without_a_text_there_is_nothing_to_look_at(desk):
    assert desk("reply", "1").code == 2
    assert desk("check", "1").code == 2


def test_a_canned_response_is_filled_in_for_the_customer(desk):
    body = "@{{ customer.handle }} hello {{ customer.first_name }}, write to {{ account.handle }}. {{ agent.name }}"
    desk.json("canned", "add", "Hello", "--body", body, "--shortcut", "hi")
    held = desk.json("reply", "1", "--canned", "hi")
    assert held["text"] == "@amandac hello Amanda, write to @northline. ana"
    assert desk.json("canned", "show", "Hello")["uses"] == 1


def test_what_nobody_can_see_in_a_name_does_not_go_out(desk, post):
    author = {"id": "9", "handle": "carl", "name": "Carl\u202e\x1b \n\x9b\u200b Öz"}
    desk.take_in(post("5", minutes=10, author=author))
    desk.json("canned", "add", "Hello", "--body", "Hi {{ customer.name }}, {{ customer.last_name }}?")
    (carl,) = [str(one["id"]) for one in desk.json("queue") if one["author"]["handle"] == "carl"]
    assert desk.json("reply", carl, "--canned", "Hello")["text"] == "Hi Carl Öz, Öz?"


def test_a_blank_in_a_canned_response_stops(desk):
    desk.json("canned", "add", "Order", "--body", "Your order {{ order.number }} is late.")
    checked = desk.json("check", "1", "--canned", "Order")
    assert [one["check"] for one in checked["findings"]] == ["placeholder"]


def test_an_expired_canned_response_stops_with_a_text_of_its_own_too(desk):
    desk.json("canned", "add", "Old", "--body", "Line 4 is closed.", "--valid-until", "2026-01-01T00:00Z")
    checked = desk.json("check", "1", "--canned", "Old", "--text", "Line 4 is still closed today.")
    assert [one["check"] for one in checked["findings"]] == ["expired-canned"]


def test_a_canned_response_includes_another_and_keeps_its_locked_wording(desk):
    law = "Refunds are paid within {{ days | default: 14 }} days of your request."
    desk.json("canned", "add", "Law", "--body", f"{{% locked %}}{law}{{% endlocked %}}", "--shortcut", "law")
    desk.json("canned", "add", "Bag", "--body", "Sorry about your bag. {% include 'law' %}")
    held = desk.json("reply", "1", "--canned", "Bag")
    assert held["text"] == "Sorry about your bag. Refunds are paid within 14 days of your request."
    checked = desk.json("check", "1", "--canned", "Bag", "--text", held["text"].replace("14", "3"))
    (found,) = (one for one in checked["findings"] if one["check"] == "locked-text")
    assert found["asks"] == "reason"
    assert found["text"].startswith("The locked wording “Refunds are paid within 14 days of your request.” of “Bag”")


def test_what_is_not_approved_is_included_nowhere(desk, tmp_path):
    entries = [{"name": "Sig", "body": "Yours", "approved": False}, {"name": "Bag", "body": "Hi. {% include 'Sig' %}"}]
    (tmp_path / "library.json").write_text(json.dumps(entries))
    desk.json("canned", "import", str(tmp_path / "library.json"))
    answer = desk("check", "1", "--canned", "Bag")
    assert answer.code == 1
    assert "no canned response is called 'Sig'" in answer.err


def test_ways_to_say_it_take_turns(desk, post, tmp_path):
    desk.take_in(*(post(str(id), minutes=10, author={"id": str(id), "handle": f"carl{id}"}) for id in (5, 6)))
    entry = {"name": "Cold", "body": "We look into the heating.", "variants": [{"body": "The crew has been told."}]}
    (tmp_path / "library.json").write_text(json.dumps([entry]))
    desk.json("canned", "import", str(tmp_path / "library.json"))
    waiting = [str(one["id"]) for one in desk.json("queue") if one["author"]["handle"].startswith("carl")]
    said = [desk.json("reply", id, "--canned", "Cold")["text"] for id in (*waiting, "1")]
    assert said == ["We look into the heating.", "The crew has been told.", "We look into the heating."]


def test_an_unknown_canned_response_is_wrong_usage(desk):
    assert desk("reply", "1", "--canned", "nope").code == 2


# -- the outbox and the worker ---------------------------------------------------------------------


def test_the_outbox_lists_what_is_held_until_it_is_recalled(desk):
    held = desk.json("reply", "1", "--text", TEXT)
    assert [(one["id"], one["state"]) for one in desk.json("outbox")] == [(held["id"], "held")]
    assert TEXT[:20] in desk("outbox").out
    assert desk.json("outbox", "recall", str(held["id"]))["state"] == "recalled"
    assert desk.json("outbox") == []
    assert desk.json("show", "1")["drafts"][0]["text"] == TEXT
    assert desk("outbox", "recall", str(held["id"])).code == 1


def test_the_worker_leaves_a_reply_in_its_undo_window_alone(desk):
    desk.json("reply", "1", "--text", TEXT)
    assert desk.json("worker", "--once")["sent"] == 0
    assert not (desk.data / "outbox-x.jsonl").exists()


def test_the_worker_sends_what_is_due_into_the_outbox_file_once(desk):
    desk.configure("[desk]\nundo_seconds = 0\n")
    held = desk.json("reply", "1", "--text", TEXT)
    assert desk.json("worker", "--once")["sent"] == 1
    assert desk.json("worker", "--once")["sent"] == 0
    (row,) = leaving(desk)
    assert row == {
        "network": "x", "account": "@northline", "in_reply_to": "1", "text": TEXT, "key": held["key"], "private": False,
    }  # fmt: skip
    shown = desk.json("show", "1")
    assert shown["state"] == "pending"
    (reply,) = shown["replies"]
    assert reply["state"] == "sent"
    assert reply["sent_at"]
    assert reply["native_id"]


def test_a_reply_to_a_private_message_leaves_private(desk, post):
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.take_in(post("7", kind="dm", handle="carl", text="my booking is DR-1"))
    (private,) = [one["id"] for one in desk.json("queue") if one["author"]["handle"] == "carl"]
    assert desk.json("reply", str(private), "--text", TEXT)["private"] is True
    desk.json("worker", "--once")
    assert [(row["in_reply_to"], row["private"]) for row in leaving(desk)] == [("7", True)]


def test_a_worker_that_finds_another_at_it_does_nothing(desk):
    store = Store(desk.store.home)
    with store.transaction() as session:
        session.execute(t.leases.insert().values(name="worker", holder="another", until=2**50))
    store.close()
    assert desk.json("worker", "--once")["busy"] is True


def test_a_retry_that_the_guard_stops_is_a_near_miss(desk, post):
    held = str(desk.json("reply", "1", "--text", TEXT)["id"])
    set_state(desk, "failed")
    desk.json("show", "1")
    desk.take_in(post("2", 0, in_reply_to="1", text="@northline it has just come"))
    assert desk("outbox", "retry", held).code == 1
    events = desk.json("show", "1")["events"]
    assert [one["data"]["check"] for one in events if one["kind"] == "guard.stopped"] == ["changed"]


def test_a_failed_reply_is_queued_again_and_an_unknown_one_is_settled(desk):
    held = str(desk.json("reply", "1", "--text", TEXT)["id"])
    set_state(desk, "failed")
    assert desk.json("outbox", "retry", held)["state"] == "queued"
    assert desk("outbox", "retry", held).code == 1
    set_state(desk, "unknown")
    assert desk("outbox", "settle", held).code == 2
    assert desk.json("outbox", "settle", held, "--not-sent")["state"] == "failed"
    set_state(desk, "unknown")
    assert desk.json("outbox", "settle", held, "--sent")["state"] == "sent"


def set_state(desk, state: str) -> None:
    store = Store(desk.store.home)
    with store.transaction() as session:
        session.execute(t.replies.update().values(state=state))
    store.close()


# -- parts, and another handle of ours -------------------------------------------------------------

LONG = "We are very sorry about the cold coach on your way home to York. " * 6


def test_a_text_too_long_says_how_it_can_go_and_goes_in_parts(desk):
    desk.configure("[desk]\nundo_seconds = 0\n")
    answer = desk("reply", "1", "--text", LONG, "--json")
    assert answer.code == 1
    (found,) = answer.json["findings"]
    assert (found["check"], found["evidence"]["parts"]) == ("length", 2)
    assert "it can go in 2 parts. If it must be sent: --split" in answer.err
    held = desk.json("reply", "1", "--text", LONG, "--split")
    assert (held["part"], held["parts"]) == (1, 2)
    assert held["text"].endswith(" 1/2")
    assert desk.json("worker", "--once")["sent"] == 2
    assert [row["text"][-4:] for row in leaving(desk)] == [" 1/2", " 2/2"]
    assert [row["in_reply_to"] for row in leaving(desk)] == ["1", "1"]


def test_a_text_in_parts_is_recalled_as_a_whole(desk):
    held = desk.json("reply", "1", "--text", LONG, "--split")
    assert "in 2 parts is held" in desk("reply", "1", "--text", LONG, "--split", "--override", "same-text",
                                        "--reason", "once more").out  # fmt: skip
    assert len(desk.json("outbox")) == 4
    desk.json("outbox", "recall", str(held["id"] + 1))
    assert desk.json("show", "1")["drafts"][0]["text"] == LONG


def test_what_can_go_in_parts_and_must_be_passed_says_both(desk, post):
    answered(desk, post)
    said = desk("reply", "1", "--text", LONG).err
    assert "If it must be sent: --split --override answered --reason WHY" in said
    assert (
        desk.json("reply", "1", "--text", LONG, "--split", "--override", "answered", "--reason", "more")["parts"] == 2
    )


def test_another_handle_of_ours_must_be_named(desk, post):
    desk.take_in(post("9", account="@northlinehelp", handle="carl"))
    assert desk.json("check", "1", "--text", TEXT, "--from", "@northline")["verdict"] == "ok"
    (found,) = desk.json("check", "1", "--text", TEXT, "--from", "northlinehelp")["findings"]
    assert (found["check"], found["asks"]) == ("wrong-account", "@northlinehelp")
    answer = desk("reply", "1", "--text", TEXT, "--from", "@NorthlineHelp")
    assert answer.code == 1
    assert "--override wrong-account --reason @northlinehelp" in answer.err
    held = desk.json(
        "reply", "1", "--text", TEXT, "--from", "@NorthlineHelp", "--override", "wrong-account",
        "--reason", "@northlinehelp",
    )  # fmt: skip
    assert held["account"] == "@northlinehelp"


def test_what_a_stop_asks_for_is_quoted_for_the_shell(desk, post):
    desk.take_in(post("9", account="@help;reboot", handle="carl"))
    answer = desk("reply", "1", "--text", TEXT, "--from", "@help;reboot")
    assert answer.err.rstrip().endswith("--override wrong-account --reason '@help;reboot'")


@pytest.mark.parametrize("command", ["check", "reply"])
def test_a_handle_that_is_none_of_ours_is_wrong_usage(desk, command):
    answer = desk(command, "1", "--text", TEXT, "--from", "@somebody\x1b[2J")
    assert answer.code == 2
    assert "is no handle of ours there; ours are: @northline." in answer.err
    assert "\x1b" not in answer.err


def test_what_the_guard_stops_at_the_last_moment_is_a_draft_again(desk):
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.json("reply", "1", "--text", TEXT)
    desk.json("note", "1", "--text", "legal has it", "--agent", "bob")
    assert desk.json("worker", "--once")["failed"] == 1
    shown = desk.json("show", "1")
    assert (shown["drafts"][0]["text"], shown["replies"][0]["state"]) == (TEXT, "failed")
    assert "bob left a note" in shown["replies"][0]["error"]
    assert not (desk.data / "outbox-x.jsonl").exists()


def test_a_post_that_takes_no_reply_says_what_is_possible(desk, post):
    desk.take_in(post("8", handle="carl", reply_denied="blocked"))
    (carl,) = [str(one["id"]) for one in desk.json("queue") if one["author"]["handle"] == "carl"]
    assert desk.json("show", carl)["posts"][0]["reply_denied"] == "blocked"
    (found,) = desk.json("check", carl, "--text", TEXT)["findings"]
    assert found["check"] == "not-allowed"
    assert found["evidence"]["possible"] == ["resolve it with a reason (e)", "leave a note (m)"]
