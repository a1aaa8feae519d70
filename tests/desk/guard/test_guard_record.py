"""What became of findings: episodes of several agents, from event logs as the desk writes them."""

from typing import Any

import pytest
from guarding import NOW

from tui.clock import HOUR, SECOND, Millis
from tui.config import AccountSettings, Config
from tui.desk.guard import phrases, record
from tui.store.reader import AftermathRow, EventRow

COMPLAINT, THANKS = "I already told you twice", "great, thanks"


def log(*entries: str) -> list[EventRow]:
    """Events from `ana 1 stopped answered`: agent, conversation, what, and a check, a reply, or check@reply."""
    made = []
    for number, entry in enumerate(entries, 1):
        agent, conversation, what, *rest = entry.split()
        data: dict[str, Any] = {}
        for word in rest:
            check, _, reply = word.partition("@")
            if check in ("guard", "settled"):
                data[check] = True
            elif check:
                data["check"] = check
            if reply:
                data["reply"] = int(reply)
        kind = f"reply.{what}" if what in ("held", "recalled", "failed") else f"guard.{what}"
        made.append(EventRow(number, NOW + number, agent, kind, int(conversation), data))
    return made


def counted(*entries: str, proven: frozenset[int] = frozenset()) -> dict[str, tuple[int, int, int, int]]:
    found = record.figures(record.episodes(log(*entries)), proven)
    return {one.check: tuple(one[1:]) for one in found}  # type: ignore[misc]


STORIES = {
    "given up": (["ana 1 stopped answered"], {"answered": (1, 1, 0, 0)}),
    "shown three times is one episode": (["ana 1 stopped answered"] * 3, {"answered": (1, 1, 0, 0)}),
    "heeded, then another text is held": (["ana 1 stopped length", "ana 1 held @7"], {"length": (1, 1, 0, 0)}),
    "stopped, then overridden": (
        ["ana 1 stopped answered", "ana 1 overridden answered@7", "ana 1 held @7"],
        {"answered": (1, 0, 1, 0)},
    ),
    "a warning that was passed": (["ana 1 warned tone@7", "ana 1 held @7"], {"tone": (1, 0, 1, 0)}),
    "a warning heeded, the stop beside it overridden": (
        ["ana 1 stopped answered", "ana 1 heeded tone", "ana 1 overridden answered@7", "ana 1 held @7"],
        {"answered": (1, 0, 1, 0), "tone": (1, 1, 0, 0)},
    ),
    "two replies are two episodes": (
        ["ana 1 stopped late", "ana 1 overridden late@7", "ana 1 held @7", "ana 1 stopped late", "ana 1 held @8"],
        {"late": (2, 1, 1, 0)},
    ),
    "two agents are two episodes": (
        ["ana 1 stopped late", "ben 1 stopped late", "ben 1 overridden late@7", "ben 1 held @7"],
        {"late": (2, 1, 1, 0)},
    ),
    "two conversations are two episodes": (
        ["ana 1 stopped late", "ana 2 stopped late", "ana 2 overridden late@7", "ana 2 held @7"],
        {"late": (2, 1, 1, 0)},
    ),
    "a reply nobody minded": (["ana 1 held @7"], {}),
    "recalled and given up": (
        ["ana 1 stopped late", "ana 1 overridden late@7", "ana 1 held @7", "ana 1 recalled @7"],
        {"late": (1, 1, 0, 0)},
    ),
    "recalled and held once more": (
        ["ana 1 warned late@7", "ana 1 held @7", "ana 1 recalled @7", "ana 1 warned late@8", "ana 1 held @8"],
        {"late": (1, 0, 1, 0)},
    ),
    "stopped just before it left": (
        ["ana 1 warned tone@7", "ana 1 held @7", "ana 1 stopped changed@7", "ana 1 failed guard@7"],
        {"tone": (1, 1, 0, 0), "changed": (1, 1, 0, 0)},
    ),
    "refused by the network, it had left all the same": (
        ["ana 1 warned tone@7", "ana 1 held @7", "ana 1 failed @7"],
        {"tone": (1, 0, 1, 0)},
    ),
}


@pytest.mark.parametrize(("entries", "expected"), STORIES.values(), ids=STORIES.keys())
def test_episodes(entries: list[str], expected: dict[str, tuple[int, int, int, int]]) -> None:
    assert counted(*entries) == expected


def test_only_the_reply_that_passed_a_check_proves_it_right() -> None:
    entries = [
        "ana 1 stopped answered", "ana 1 overridden answered@7", "ana 1 held @7",
        "ana 2 stopped answered", "ana 2 held @8",
        "ben 3 overridden answered@9", "ben 3 warned tone@9", "ben 3 held @9",
    ]  # fmt: skip
    assert counted(*entries) == {"answered": (3, 1, 2, 0), "tone": (1, 0, 1, 0)}
    assert counted(*entries, proven=frozenset({7})) == {"answered": (3, 1, 2, 1), "tone": (1, 0, 1, 0)}
    assert counted(*entries, proven=frozenset({8})) == {"answered": (3, 1, 2, 0), "tone": (1, 0, 1, 0)}
    assert counted(*entries, proven=frozenset({9})) == {"answered": (3, 1, 2, 1), "tone": (1, 0, 1, 1)}


def after(
    wait: Millis | None = None, text: str = "", *, deleted: bool = False, sent_at: Millis | None = NOW
) -> AftermathRow:
    return AftermathRow(7, "x", "@northline", sent_at, deleted, None if wait is None else NOW + wait, text)


AFTERMATHS = {
    "nothing": (after(), False),
    "thanks": (after(HOUR, THANKS), False),
    "a complaint": (after(HOUR, COMPLAINT), True),
    "a complaint at the last moment": (after(24 * HOUR, COMPLAINT), True),
    "a complaint a second later": (after(24 * HOUR + SECOND, COMPLAINT), False),
    "our post deleted": (after(deleted=True), True),
    "never sent": (after(HOUR, COMPLAINT, sent_at=None), False),
}


@pytest.mark.parametrize(("row", "right"), AFTERMATHS.values(), ids=AFTERMATHS.keys())
def test_proven_right_by_what_followed(row: AftermathRow, right: bool) -> None:
    assert record.proven_right([], [row], phrases.shipped(), Config()) == ({7} if right else set())


def test_each_account_has_its_own_time_for_complaints() -> None:
    config = Config(accounts={"x:@northline": AccountSettings(complaint_hours=1)})
    found = [record.proven_right([], [after(wait, COMPLAINT)], phrases.shipped(), config) for wait in (HOUR, 2 * HOUR)]
    assert found == [{7}, set()]


@pytest.mark.parametrize(
    ("entry", "right"), [("failed @7", {7}), ("failed guard@7", set()), ("failed settled@7", set()), ("held @7", set())]
)
def test_proven_right_by_the_network(entry: str, right: set[int]) -> None:
    assert record.proven_right(log(f"ana 1 {entry}"), [], phrases.shipped(), Config()) == right
