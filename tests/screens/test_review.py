"""The last look before a reply leaves: which keys count, what each does, and what is in sight."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from asking import NOTHING, Asked, in_dialog
from textual import events
from textual.content import Content
from textual.widgets import Static

from tui.desk.guard import Finding, Offer, Overridden
from tui.screens import review as reviews
from tui.screens.dialogs import Choice, Sheet
from tui.screens.findings import explained
from tui.screens.glyphs import UNICODE
from tui.screens.paint import palette
from tui.screens.review import Calm, Decision, Review
from tui.store.store import Store

BEFORE, INSTEAD = Offer("before", "Sorry for the [/] wait."), Offer("instead", "The other words.")
AGE = Finding(
    "resurfaced", "stop", "This post is 206 days old.", {"arithmetic": "206d > 48h", "age": "206d"}, asks="206d"
)
REASON = Finding("answered", "stop", "It was answered the same day.", {}, asks="reason")
NEVER = Finding("not-allowed", "stop", "It was deleted.", {})
LONG = Finding("length", "stop", "240 characters too many.", {"parts": 2})
WARNING = Finding("same-text", "warn", "The same words went out a minute ago.", {}, offers=(INSTEAD,))
LATE = Finding("late", "info", "They have waited 2d.", {"arithmetic": "2d > 60 min"}, offers=(BEFORE,))
SENT = Decision("send")


def review(*findings: Finding, **values: Any) -> Callable[[], Review]:
    given: dict[str, Any] = {
        "parts": [("[/] Sorry \x1b[2J to hear that", "10 of 280 characters")],
        "sender": "@northline",
        "recipient": "@amanda[/] on x",
        "private": False,
        "findings": findings,
        "set_otherwise": "",
        "glyphs": UNICODE,
    }
    return lambda: Review(**given | values)


def shown(asked: Asked) -> str:
    """Everything on screen."""
    return "\n".join(str(static.render()) for static in asked.dialog.query(Static))


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A review that listens at once."""
    monkeypatch.setattr(reviews, "SETTLE_S", 0)


# -- which keys count -----------------------------------------------------------------------------


def test_a_review_takes_no_key_at_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "SETTLE_S", 3600)

    async def story(asked: Asked) -> None:
        await asked.press("y", "e", "o", "w", "v", "p", "escape")
        assert (asked.answer, asked.top) == (NOTHING, asked.dialog)
        monkeypatch.setattr(reviews, "SETTLE_S", 0)
        await asked.press("y")

    assert in_dialog(store, review(LATE), story) == SENT


def test_the_pause_is_what_the_design_says() -> None:
    assert reviews.SETTLE_S == 0.3


def key(at: float, *, pasted: bool = False) -> events.Key:
    event = events.Key("y", "y")
    event.time, event.in_company = at, pasted  # type: ignore[attr-defined]
    return event


@pytest.mark.parametrize("pasted", [True, False])
def test_the_last_key_of_a_stream_counts_no_more_than_the_others(pasted: bool) -> None:
    calm, start = Calm(), time.monotonic()
    for at in range(200):  # one read each, far longer than the pause as a whole
        assert not calm.takes(key(start + at * 0.29, pasted=pasted))
    end = start + 199 * 0.29
    assert not calm.takes(key(end + 0.29))
    assert calm.takes(key(end + 0.29 + 0.31))


def test_a_key_from_before_the_opening_never_counts() -> None:
    calm = Calm()
    assert not calm.takes(key(time.monotonic() - 60))
    assert not calm.takes(key(time.monotonic()))


@pytest.mark.usefixtures("listening")
def test_a_review_takes_no_pasted_key(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("y", "e", "w", "v", "escape", pasted=True)
        asked.dialog.post_message(events.Paste("y"))
        await asked.press("x")
        assert (asked.answer, asked.top) == (NOTHING, asked.dialog)
        await asked.press("y")

    assert in_dialog(store, review(WARNING), story) == SENT


@pytest.mark.usefixtures("listening")
def test_what_a_stop_asks_for_is_typed_not_pasted(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("o")
        field = asked.here.app.focused
        asked.here.app.post_message(events.Paste("206d"))
        await asked.here.pilot.pause()
        assert field is not None
        assert field.value == ""  # type: ignore[attr-defined]
        field.value = "206d"  # type: ignore[attr-defined]
        await asked.press("enter", pasted=True)
        assert "resurfaced stops this" in asked.asks
        await asked.press("enter")
        assert "Now type your reason" in asked.asks
        asked.here.app.post_message(events.Paste("she asked again"))
        await asked.here.pilot.pause()
        assert field.value == ""  # type: ignore[attr-defined]
        await asked.type("she asked again")
        assert "y  send" in asked.asks

    in_dialog(store, review(AGE), story)


def test_after_what_was_typed_the_pause_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "SETTLE_S", 0)

    async def story(asked: Asked) -> None:
        await asked.press("o")
        await asked.type("206d")
        await asked.type("she asked again")
        monkeypatch.setattr(reviews, "SETTLE_S", 3600)
        await asked.press("y")
        assert asked.answer is NOTHING

    assert in_dialog(store, review(AGE), story) is NOTHING


def test_after_a_sheet_the_pause_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "SETTLE_S", 0)

    async def story(asked: Asked) -> None:
        await asked.press("w")
        before = asked.dialog.calm._since
        await asked.press("escape")
        await asked.here.until(lambda: asked.dialog.calm._since > before)

    assert in_dialog(store, review(LATE), story) is NOTHING


# -- what each key does ---------------------------------------------------------------------------


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("name", ["e", "escape"])
def test_going_back_to_the_text(store: Store, name: str) -> None:
    assert in_dialog(store, review(), lambda asked: asked.press(name)) is None


@pytest.mark.usefixtures("listening")
def test_each_stop_wants_its_own_answer_and_then_y(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("y")
        assert asked.answer is NOTHING
        await asked.press("o")
        for wrong in ("", "yes", "y", "207d", "206 days"):
            await asked.type(wrong)
            assert "Refused: resurfaced asks for exactly 206d" in asked.asks
        await asked.type(" 206d ")
        for wrong in ("", "206d", "ok"):
            await asked.type(wrong)
            assert "Refused: resurfaced asks for a reason" in asked.asks
        await asked.type("she asked again")
        assert "answered stops this" in asked.asks
        await asked.press("y")
        assert asked.answer is NOTHING
        await asked.press("o")
        await asked.type("ok")
        assert "at least three letters" in asked.asks
        await asked.type("they wrote again by mail")
        assert "y  send" in asked.asks
        assert asked.answer is NOTHING
        await asked.press("y")

    answers = (Overridden("resurfaced", "206d", "she asked again"), Overridden("answered", "they wrote again by mail"))
    assert in_dialog(store, review(AGE, REASON), story) == Decision("send", answers)


@pytest.mark.usefixtures("listening")
def test_a_stop_that_asks_for_nothing_cannot_be_overridden_and_comes_first(store: Store) -> None:
    async def story(asked: Asked) -> None:
        assert "not-allowed stops this: it cannot be sent as it is" in asked.asks
        assert "override" not in asked.asks
        await asked.press("y", "o", "enter", "y")
        assert asked.answer is NOTHING
        await asked.press("e")

    assert in_dialog(store, review(AGE, NEVER), story) is None


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize(
    ("findings", "keys"),
    [
        ((), "y  send   t  at a time   e  edit   esc  back"),
        ((LATE,), "y  send   t  at a time   v  take an offer   w  why   e  edit   esc  back"),
        ((AGE,), "o  override   w  why   e  edit   esc  back"),
        ((LONG,), "p  split into 2   w  why   e  edit   esc  back"),
        ((NEVER,), "w  why   e  edit   esc  back"),
    ],
)
def test_only_what_is_possible_is_shown_and_does_anything(
    store: Store, findings: tuple[Finding, ...], keys: str
) -> None:
    async def story(asked: Asked) -> None:
        assert asked.asks.splitlines()[-1] == keys
        for name in set("yopvw") - {word.split()[0] for word in keys.split("   ")}:
            await asked.press(name)
            assert (asked.answer, asked.top) == (NOTHING, asked.dialog)

    in_dialog(store, review(*findings), story)


@pytest.mark.usefixtures("listening")
def test_why_explains_each_finding_and_comes_back(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("w")
        assert isinstance(asked.top, Sheet)
        assert "206d > 48h" in asked.top.body.plain
        await asked.press("y", "escape")
        assert asked.top is asked.dialog
        await asked.press("e")

    assert in_dialog(store, review(AGE), story) is None


@pytest.mark.usefixtures("listening")
def test_an_offer_is_chosen_and_taken(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("v")
        assert isinstance(asked.top, Choice)
        await asked.press("escape")
        assert (asked.answer, asked.top) == (NOTHING, asked.dialog)
        await asked.press("v", "2")
        await asked.here.until(lambda: asked.answer is not NOTHING)

    assert in_dialog(store, review(WARNING, LATE), story) == Decision("take", offer=BEFORE)


@pytest.mark.usefixtures("listening")
def test_a_text_that_is_too_long_is_looked_at_again_in_parts(store: Store) -> None:
    assert in_dialog(store, review(LONG), lambda asked: asked.press("p")) == Decision("split")

    async def story(asked: Asked) -> None:
        for part in ("part 1 · 7 of 280\none 1/2", "part 2 · 9 of 280\ntwo 2/2", "to @amanda[/] on x · 2 parts"):
            assert part in shown(asked)
        assert "split" not in asked.asks
        await asked.press("p", "y")

    parts = [("one 1/2", "7 of 280"), ("two 2/2", "9 of 280")]
    assert in_dialog(store, review(parts=parts), story) == SENT


# -- what is in sight -----------------------------------------------------------------------------


def test_it_shows_text_handles_count_findings_and_what_is_set_otherwise(store: Store) -> None:
    async def story(asked: Asked) -> None:
        said = shown(asked)
        assert "@northline publicly to @amanda[/] on x · 10 of 280 characters" in said
        assert "[/] Sorry" in said
        assert "\x1b" not in said
        assert "set otherwise here: tone off, namedrop warn" in said
        assert "late: They have waited 2d." in said

    in_dialog(store, review(LATE, set_otherwise="tone off, namedrop warn"), story)


@pytest.mark.usefixtures("listening")
def test_on_a_small_terminal_the_end_of_the_findings_is_reached_and_the_keys_stay(store: Store) -> None:
    many = [Finding("tone", "warn", f"Finding {n} " + "goes on and on " * 12, {}) for n in range(12)]

    async def story(asked: Asked) -> None:
        await asked.here.until(lambda: "up down  findings" in asked.asks)
        dialog = asked.dialog
        asks, findings = dialog.query_one("#asks"), dialog.query_one("#findings")
        assert "pgup pgdn  text" in asked.asks
        assert asks.region.height >= 2
        assert asks.region.bottom < 24
        await asked.press("o")
        assert dialog.query_one("#typed").region.bottom < 24
        await asked.press("down")
        dialog.set_focus(None)
        for _ in range(findings.max_scroll_y):
            await asked.press("down")
        assert findings.scroll_y == findings.max_scroll_y > 0
        await asked.press("pagedown", "pagedown", "pagedown")
        assert dialog.query_one("#final").scroll_y > 0
        await asked.press("e")

    long = [("word " * 200, "1,000 of 280 characters")]
    assert in_dialog(store, review(AGE, *many, parts=long), story, size=(80, 24)) is None


def test_evidence_is_read_a_line_each_and_clean(store: Store) -> None:
    finding = Finding(
        "same-text",
        "warn",
        "Thrice.",
        {
            "count": 3,
            "arithmetic": "3 texts",
            "certain": False,
            "surfaced_by": None,
            "at": "2026-02-11T09:14:00.250Z",
            "said": "2099-19-39T99:99:99Z",
            "examples": [
                {"at": "10:00", "to": "b\x1b[2Job", "text": "so\nrry"},
                {"at": "11:00", "to": "", "text": "[/]"},
            ],
            "\x1b]0;": "\x07[/]",
        },
        offers=(BEFORE,),
    )

    async def story(asked: Asked) -> None:
        said = explained([finding], palette(asked.here.app), UNICODE)
        assert isinstance(said, Content)
        rows = said.plain.splitlines()
        assert rows[0] == "▲ warn same-text: Thrice."
        assert rows[1] == "  3 texts"
        assert rows[2:4] == ["  count: 3", "  certain: no"]
        assert rows[4].startswith("  at: 11 Feb 2026 ")
        assert rows[5:7] == ["  said: 2099-19-39T99:99:99Z", "  examples:"]
        assert rows[7].startswith("    • at 10:00, to b")
        assert "so rry" in rows[7]
        assert rows[8] == "    • at 11:00, text [/]"
        assert rows[-1] == "  offers: Sorry for the [/] wait."
        assert not any(ord(char) < 32 and char != "\n" for char in said.plain)

    in_dialog(store, review(), story)
