"""What the desk asks, the review before sending apart."""

from typing import Any

import pytest
from asking import NOTHING, Asked, in_dialog
from textual import events
from textual.content import Content
from textual.widgets import Static

from tui.screens.dialogs import FIELD_CHARACTERS, Choice, Ending, EndShift, Field, Option, Prompt, Sheet
from tui.screens.glyphs import UNICODE
from tui.store.store import Store


def test_a_prompt_gives_its_line_or_nothing(store: Store) -> None:
    assert in_dialog(store, lambda: Prompt("[/]", "[/]", "[/]"), lambda asked: asked.type("why")) == "why"
    assert in_dialog(store, lambda: Prompt("t", "h"), lambda asked: asked.press("escape")) is None


def test_a_paste_into_a_line_is_its_first_line_cleaned_and_no_megabyte(store: Store) -> None:
    async def story(asked: Asked) -> None:
        field = asked.top.query_one(Field)
        for pasted in ("\r\nwhy \u202e[/]\x1b[31m\rnot this", "", "\n", "x" * 1_000_000, "y"):
            field.post_message(events.Paste(pasted))
        await asked.press("enter")

    said = in_dialog(store, lambda: Prompt("t", "h"), story)
    assert said == ("why [/][31m" + "x" * FIELD_CHARACTERS)[:FIELD_CHARACTERS]


def test_a_choice_by_its_key(store: Store) -> None:
    options = [Option("one", "1", "[/]"), Option("two", "2", "second")]

    async def story(asked: Asked) -> None:
        await asked.press("3")
        assert asked.answer is NOTHING
        await asked.press("2")

    assert in_dialog(store, lambda: Choice("t", options), story) == "two"


def test_a_sheet_has_more_on_request(store: Store) -> None:
    async def story(asked: Asked) -> None:
        await asked.press("x")
        assert asked.top is asked.dialog
        for _ in range(2):
            await asked.press("r")
            assert isinstance(asked.top, Sheet)
            assert (asked.top.heading, asked.top.body.plain) == ("who [/]", "@a [/]")
            await asked.press("r")
            await asked.press("escape")
            assert asked.top is asked.dialog
        await asked.press("escape")

    sheet = Sheet("t", Content("[/]"), (Option("who", "r", "who [/]"), Content("@a [/]")))
    assert in_dialog(store, lambda: sheet, story) is None


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


def test_what_a_brake_keeps_is_not_said_to_be_sent_at_the_end_of_a_shift(store: Store) -> None:
    def make() -> EndShift:
        return EndShift([], ["to @d: Sorry"], UNICODE, [("waits: brake", "to @e: Hm")])

    async def story(asked: Asked) -> None:
        said = str(asked.dialog.query_one("#fates", Static).render())
        assert [row.split() for row in said.splitlines()[1:]] == [
            ["sent", "now", "held", "reply", "to", "@d:", "Sorry"],
            ["waits:", "brake", "held", "reply", "to", "@e:", "Hm"],
        ]
        await asked.press("U")
        said = str(asked.dialog.query_one("#fates", Static).render())
        assert said.count("recalled") == 2
        await asked.press("y")

    assert in_dialog(store, make, story) == Ending({}, recall=True)


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda: Choice("t", [Option("one", "1", "first"), Option("two", "2", "second")]), ("1", "2", "1")),
        (lambda: Prompt("t", "h", "one"), ("enter", "enter", "escape")),
        (lambda: Choice("t", [Option("one", "1", "first")]), ("1", "escape", "escape")),
        (lambda: Sheet("t", Content("s")), ("escape", "escape", "escape")),
    ],
)
def test_of_keys_that_come_together_the_first_closes_it_and_nothing_else(
    store: Store, make: Any, keys: tuple[str, ...]
) -> None:
    async def story(asked: Asked) -> None:
        for key in keys:
            asked.here.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await asked.here.until(lambda: asked.answer is not NOTHING)
        await asked.here.rest()
        assert asked.top is asked.here.desk

    assert in_dialog(store, make, story) in ("one", None)
