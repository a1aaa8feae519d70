"""`promise`, and what `reply --canned` also does."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tui import clock
from tui.clock import HOUR


@pytest.fixture
def asked(desk: Any, post: Callable[..., dict[str, Any]]) -> Any:
    desk.take_in(post())
    return desk


def add(desk: Any, text: str = "call back", by: str = "2h") -> Any:
    return desk.json("promise", "add", "1", "--text", text, "--by", by)


def test_a_promise_is_made_listed_kept_and_shown(asked: Any) -> None:
    made = add(asked)
    assert (made["id"], made["conversation"], made["to"], made["agent"]) == (1, 1, "amandac", "ana")
    assert (made["text"], made["state"], made["overdue"]) == ("call back", "open", False)
    assert abs(clock.parse(made["due_at"]) - clock.now() - 2 * HOUR) < HOUR
    assert asked.json("promise", "list") == [made]
    kept = asked.json("promise", "keep", "1")
    assert (kept["state"], kept["settled_by"]) == ("kept", "ana")
    assert asked.json("promise", "list") == []
    assert asked.json("promise", "list", "1") == [kept] == asked.json("show", "1")["promises"]


def test_who_drops_one_says_why(asked: Any) -> None:
    add(asked)
    assert asked("promise", "drop", "1").code == 2
    refused = asked("promise", "drop", "1", "--reason", " ")
    assert (refused.code, refused.err) == (1, "Say why it is dropped, in a few words (--reason).\n")
    assert asked.json("promise", "drop", "1", "--reason", "they called us")["state"] == "dropped"
    assert asked("promise", "keep", "1").err == "Promise 1 was dropped by ana.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("add", "1", "--text", "call", "--by", "soon"), 2, "neither a span such as 2h"),
        (("add", "1", "--text", "call", "--by", "2020-01-01T00:00Z"), 1, "That time is over"),
        (("add", "1", "--text", " ", "--by", "2h"), 1, "Say what is promised"),
        (("add", "7", "--text", "call", "--by", "2h"), 2, "There is no conversation 7"),
        (("list", "7"), 2, "There is no conversation 7"),
        (("keep", "7"), 2, "There is no promise 7"),
    ],
)
def test_what_cannot_be_done_is_said(asked: Any, arguments: tuple[str, ...], code: int, says: str) -> None:
    answer = asked("promise", *arguments)
    assert (answer.code, says in answer.err) == (code, True), answer


def test_a_text_of_a_dash_is_read_from_stdin(asked: Any) -> None:
    made = asked.json("promise", "add", "1", "--text", "-", "--by", "2h", stdin="we call back, caf\u00e9\n".encode())
    assert made["text"] == "we call back, caf\u00e9"
    for stdin, code, says in (
        (b"", 1, "Say what is promised"),
        (b"caf\xe9", 2, "The text on stdin is not UTF-8 (byte 4)"),
        (b"a" * 100_001, 2, "The text is longer than 100,000 characters"),
        ("\u20ac".encode() * 133_334, 2, "The text is longer than 100,000 characters"),
    ):
        answer = asked("promise", "add", "1", "--text", "-", "--by", "2h", stdin=stdin)
        assert (answer.code, answer.err.count("\n"), says in answer.err) == (code, 1, True), answer


def test_for_people_it_is_a_line(asked: Any) -> None:
    assert "No promise is open" in asked("promise", "list").out
    assert asked("promise", "add", "1", "--text", "call\x1b back", "--by", "2h").out.startswith(
        "Promise 1: promised: call␛ back by "
    )
    (head, listed) = asked("promise", "list").out.splitlines()
    assert head.split()[:3] == ["id", "conversation", "to"]
    assert listed.split()[:5] == ["1", "1", "@amandac", "ana", "open"]
    assert "promised: call␛ back by " in asked("show", "1").out


ACTIONS: list[dict[str, Any]] = [
    {"do": "tag", "text": "refund"}, {"do": "promise", "text": "call back", "span": 2 * HOUR}, {"do": "resolve"},
]  # fmt: skip


@pytest.fixture
def stocked(asked: Any) -> Any:
    """With a canned response that does more than say something."""
    asked.configure("[desk]\nundo_seconds = 0\n")
    asked.json("canned", "add", "Refund", "--body", "We shall call you.")
    from tui.store import tables as t
    from tui.store.store import Store

    store = Store(asked.store.home)
    with store.transaction() as session:
        session.execute(t.canned_responses.update().values(actions=ACTIONS))
    store.close()
    return asked


def test_a_canned_reply_does_what_goes_with_it_once_it_is_out(stocked: Any) -> None:
    assert "Also: tag refund, promise call back by " in stocked("reply", "1", "--canned", "Refund").out
    shown = stocked.json("show", "1")
    assert (shown["tags"], shown["promises"], shown["state"]) == ([], [], "claimed")
    stocked.json("worker", "--once")
    shown = stocked.json("show", "1")
    assert (shown["tags"], shown["state"], [one["text"] for one in shown["promises"]]) == (
        ["refund"], "resolved", ["call back"],
    )  # fmt: skip


def test_without_actions_it_only_says_it(stocked: Any) -> None:
    said = stocked.json("reply", "1", "--canned", "Refund", "--without-actions")
    assert said["also"] == []
    stocked.json("worker", "--once")
    shown = stocked.json("show", "1")
    assert (shown["tags"], shown["promises"], shown["state"]) == ([], [], "pending")


def test_the_document_names_the_actions(stocked: Any) -> None:
    assert stocked.json("reply", "1", "--canned", "Refund")["also"] == ACTIONS


def test_a_signed_reply_leaves_signed(asked: Any) -> None:
    asked.configure('[desk]\nundo_seconds = 0\n[account.default]\nsignature = "^{initials}"\n[initials]\nana = "AX"\n')
    assert asked.json("reply", "1", "--text", "Which train?")["text"] == "Which train? ^AX"
    asked.json("worker", "--once")
    (line,) = (asked.data / "outbox-x.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "Which train? ^AX"


def test_a_signature_with_an_unknown_placeholder_stops_the_program(asked: Any) -> None:
    asked.configure('[account.default]\nsignature = "^{name}"\n')
    answer = asked("queue")
    assert (answer.code, "account.default.signature has an unknown {name}" in answer.err) == (2, True), answer
