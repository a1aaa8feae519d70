"""What the desk asks: the review before sending above all."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from headless import Opened, opened
from textual import events
from textual.widgets import Input, Static

from tui.desk.guard import Finding, Overridden
from tui.screens import dialogs
from tui.screens.dialogs import Choice, Ending, EndShift, Option, Prompt, Review
from tui.screens.glyphs import UNICODE
from tui.store.store import Store

AGE = Finding("resurfaced", "stop", "This post is 206 days old.", {"age": "206d"}, asks="206d")
REASON = Finding("answered", "stop", "It was answered the same day.", {}, asks="reason")
NEVER = Finding("length", "stop", "It is empty.", {})
WARNING = Finding("same-text", "warn", "The same words went out a minute ago.", {})
NOTHING = object()


class Asked:
    """A dialog on screen, and what came of it."""

    def __init__(self, here: Opened, dialog: Any) -> None:
        self.here, self.dialog, self.answer = here, dialog, NOTHING

    @property
    def asks(self) -> str:
        return str(self.dialog.query_one("#asks", Static).render())

    async def press(self, *keys: str, pasted: bool = False) -> None:
        """Keys in the dialog, as typed or as pasted."""
        for key in keys:
            event = events.Key(key, key if len(key) == 1 else None)
            event.in_company = pasted  # type: ignore[attr-defined]
            self.here.app.post_message(event)
            await self.here.pilot.pause()
            await self.here.pilot.pause()

    async def type(self, words: str) -> None:
        """Fill the field that has the focus, and confirm."""
        field = self.here.app.focused
        assert isinstance(field, Input)
        field.value = words
        await self.press("enter")


def in_dialog(store: Store, make: Callable[[], Any], story: Callable[[Asked], Any]) -> object:
    """Play a story in a dialog over an empty desk; what the dialog answered."""

    async def play() -> object:
        async with opened(store) as here:
            asked = Asked(here, make())
            here.app.push_screen(asked.dialog, lambda answer: setattr(asked, "answer", answer))
            await here.until(lambda: asked.dialog.is_mounted and here.app.screen is asked.dialog)
            await here.pilot.pause()
            await story(asked)
            await here.pilot.pause()
            return asked.answer

    return asyncio.run(play())


def review(*findings: Finding) -> Callable[[], Review]:
    def make() -> Review:
        return Review(
            "[/] Sorry \x1b[2J to hear that",
            sender="@northline",
            recipient="@amanda[/] on x",
            count="10 of 280 characters",
            private=False,
            findings=findings,
            glyphs=UNICODE,
        )

    return make


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A review that listens at once."""
    monkeypatch.setattr(dialogs, "SETTLE_S", 0)


def test_a_review_takes_no_key_at_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "SETTLE_S", 3600)

    async def story(asked: Asked) -> None:
        await asked.press("y", "e", "o")
        assert asked.answer is NOTHING
        monkeypatch.setattr(dialogs, "SETTLE_S", 0)
        await asked.press("y")

    assert in_dialog(store, review(), story) == []


def test_the_pause_is_what_the_design_says() -> None:
    assert dialogs.SETTLE_S == 0.3


@pytest.mark.usefixtures("listening")
def test_a_review_takes_no_pasted_key(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("y", "e", pasted=True)
        asked.dialog.post_message(events.Paste("y"))
        await asked.press("x")
        assert asked.answer is NOTHING
        await asked.press("y")

    assert in_dialog(store, review(WARNING), story) == []


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("key", ["e", "escape"])
def test_going_back_to_the_text(store: Store, key: str) -> None:
    assert in_dialog(store, review(), lambda asked: asked.press(key)) is None


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

    answers = [Overridden("resurfaced", "206d"), Overridden("answered", "they wrote again by mail")]
    assert in_dialog(store, review(AGE, REASON), story) == answers


@pytest.mark.usefixtures("listening")
def test_a_stop_that_asks_for_nothing_cannot_be_overridden(store: Store) -> None:
    async def story(asked: Asked) -> None:
        assert "cannot be sent as it is" in asked.asks
        await asked.press("y", "o", "enter", "y")
        assert asked.answer is NOTHING
        await asked.press("e")

    assert in_dialog(store, review(NEVER), story) is None


def test_a_prompt_gives_its_line_or_nothing(store: Store) -> None:
    assert in_dialog(store, lambda: Prompt("[/]", "[/]", "[/]"), lambda asked: asked.type("why")) == "why"
    assert in_dialog(store, lambda: Prompt("t", "h"), lambda asked: asked.press("escape")) is None


def test_a_choice_by_its_key(store: Store) -> None:
    options = [Option("one", "1", "[/]"), Option("two", "2", "second")]

    async def story(asked: Asked) -> None:
        await asked.press("3")
        assert asked.answer is NOTHING
        await asked.press("2")

    assert in_dialog(store, lambda: Choice("t", options), story) == "two"


def test_the_end_of_a_shift_decides_for_each_conversation(store: Store) -> None:
    def make() -> EndShift:
        return EndShift([(7, "@a: [/]"), (8, "@b: hm"), (9, "@c: ah")], ["to @d: Sorry"], UNICODE)

    async def story(asked: Asked) -> None:
        await asked.press("down", "k", "j", "e", "j", "U")
        await asked.press("y", pasted=True)
        assert asked.answer is NOTHING
        await asked.press("y")

    assert in_dialog(store, make, story) == Ending({7: "release", 8: "keep", 9: "resolve"}, recall=True)
    assert in_dialog(store, make, lambda asked: asked.press("escape")) is None
    assert in_dialog(store, lambda: EndShift([], [], UNICODE), lambda asked: asked.press("u", "y")) == Ending({}, False)
