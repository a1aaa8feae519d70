"""The one TextArea: its own keys, undo, pastes, wide characters, wordings that are not to be changed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from headless import Opened, opened
from making import US, post, take
from textual import events
from textual.widgets import TextArea

from tui import clock
from tui.actions import ACTIONS
from tui.clock import MINUTE
from tui.config import DRAFT_CHARACTERS
from tui.screens import writing
from tui.screens.composer import OWN_KEYS, Composer
from tui.screens.dialogs import Sheet
from tui.store.store import Store

LEGAL = "We will refund you under section 12 of the terms."


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """One customer."""
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)
    take(store, post("1", "c1", f"{US} late", created_at=clock.now() - MINUTE, account=US), now=clock.now())
    return store


def story(desk: Store, words: str, told: Callable[[Opened, Composer], Awaitable[None]]) -> None:
    """The desk with these words in a reply, the cursor behind them."""

    async def run() -> None:
        async with opened(desk) as here:
            await here.write(words)
            await told(here, here.desk.composer)

    asyncio.run(run())


def lock(here: Opened, *wordings: str) -> None:
    here.app.writing.made_of = replace(here.app.writing.made_of, locked=wordings)


# -- its own keys ---------------------------------------------------------------------------------


def test_every_own_key_is_bound_to_what_the_editor_can_do_and_to_nothing_of_the_table(desk: Store) -> None:
    async def told(_: Opened, composer: Composer) -> None:
        table = {key for action in ACTIONS if action.group == "editor" for key in action.keys}
        for own in OWN_KEYS:
            assert hasattr(Composer, f"action_{own.does}")
            for key in own.keys:
                assert key not in table
                assert [binding.action for binding in composer._bindings.key_to_bindings[key]] == [own.does]

    story(desk, "", told)


def test_every_key_of_textarea_that_the_table_takes_has_another(desk: Store) -> None:
    async def told(_: Opened, composer: Composer) -> None:
        still = {binding.action for rows in composer._bindings.key_to_bindings.values() for binding in rows}
        taken = {
            binding.action
            for key, rows in TextArea._merge_bindings().key_to_bindings.items()
            for binding in rows
            if not any(found.action == binding.action for found in composer._bindings.key_to_bindings[key])
        }
        assert taken - still == {"select_line"}

    story(desk, "", told)


@pytest.mark.parametrize(
    ("keys", "text"), [(("ctrl+home", "alt+home"), ">a\nb\nc"), (("ctrl+end", "alt+end"), "a\nb\nc>")]
)
def test_a_key_goes_to_either_end_of_the_text(desk: Store, keys: tuple[str, ...], text: str) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        for key in keys:
            composer.load_text("a\nb\nc")
            composer.move_cursor((1, 1))
            await here.pilot.press(key, ">")
            assert composer.text == text

    story(desk, "", told)


@pytest.mark.parametrize(
    ("keys", "text", "column"),
    [
        (("alt+b",), "one two three", 8),
        (("alt+b", "alt+b", "alt+f"), "one two three", 7),
        (("ctrl+left", "ctrl+left"), "one two three", 4),
        (("ctrl+w",), "one two ", 8),
        (("alt+backspace",), "one two ", 8),
        (("home", "alt+d"), " two three", 0),
        (("ctrl+a", "ctrl+k"), "", 0),
        (("alt+b", "ctrl+u"), "three", 0),
        (("ctrl+w", "ctrl+z"), "one two three", 13),
        (("ctrl+w", "ctrl+underscore", "ctrl+y"), "one two ", 8),
        (("alt+a", "x"), "x", 1),
        (("ctrl+d",), "one two three", 13),
    ],
)
def test_words_are_moved_over_and_deleted_by_keys_no_terminal_swallows(
    desk: Store, keys: tuple[str, ...], text: str, column: int
) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        await here.pilot.press(*keys)
        assert (composer.text, composer.cursor_location) == (text, (0, column))

    story(desk, "one two three", told)


def test_no_more_is_written_than_is_stored(desk: Store) -> None:
    full = "x" * DRAFT_CHARACTERS

    async def told(here: Opened, composer: Composer) -> None:
        composer.load(full, DRAFT_CHARACTERS)
        await here.pilot.press("y")
        composer.put("more of it")
        await here.rest()
        assert composer.text == full
        assert "at most 100,000 characters" in here.status
        await here.pilot.press("backspace", "y", "z", "shift+left", "w")
        assert composer.text == full[:-1] + "w"

    story(desk, "", told)


def test_f1_shows_what_works_in_what_is_being_written(desk: Store) -> None:
    async def told(here: Opened, _: Composer) -> None:
        await here.pilot.press("f1")
        await here.until(lambda: isinstance(here.app.screen, Sheet))
        assert isinstance(here.app.screen, Sheet)
        words = here.app.screen.body.plain
        assert words.startswith("writing a reply\n")
        assert "alt+b" in words
        assert "Review & send" in words
        assert "Keep note" not in words

    story(desk, "Hello", told)


def test_undo_does_not_reach_into_another_text(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        await here.do("leave")
        here.app.action_do("note")
        await here.until(lambda: composer.mode == "note")
        for _ in range(3):
            composer.action_undo()
            composer.action_redo()
        assert composer.text == ""

    story(desk, "the reply", told)


# -- pastes ---------------------------------------------------------------------------------------


def test_a_paste_is_cleaned_and_one_undo_takes_it_back(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        await composer._on_paste(events.Paste(" caf\u00e9\x1b[31m\u202e\u200b\r\nnext\ttab"))
        assert composer.text == "Hello caf\u00e9[31m\nnext    tab"
        composer.action_undo()
        assert composer.text == "Hello"
        assert "cut" not in here.status

    story(desk, "Hello", told)


@pytest.mark.parametrize(
    "piece", ["word ", "\u0e01\u0e49\u0e33 ", "\u202e\u200b\x1b", "e\u0301\u0301\u0301\u0301\u0301", "\r\n"]
)
def test_a_megabyte_is_cut_with_a_message(desk: Store, piece: str) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        paste = events.Paste((piece * (1_000_000 // len(piece) + 1))[:1_000_000])
        await composer._on_paste(paste)
        await here.until(lambda: "it was cut at its end" in here.status)
        assert len(composer.text) <= DRAFT_CHARACTERS

    story(desk, "Hello ", told)


def test_wide_characters_are_moved_over_and_deleted_whole(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        await here.pilot.press("left", "backspace")
        assert composer.text == "\u65e5\u8a9e"
        await here.pilot.press("end", "a")
        assert composer.text == "\u65e5\u8a9ea"
        assert composer.cursor_location == (0, 3)

    story(desk, "\u65e5\u672c\u8a9e", told)


# -- wordings that are not to be changed ----------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        ("left", "x"),
        ("left", "backspace"),
        ("backspace",),
        ("ctrl+w",),
        ("ctrl+a", "right", "enter"),
        ("ctrl+a", "delete"),
    ],
)
def test_no_key_changes_part_of_a_locked_wording(desk: Store, keys: tuple[str, ...]) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        lock(here, LEGAL)
        await here.pilot.press(*keys)
        assert composer.text == LEGAL
        await here.until(lambda: "is to be sent as it is" in here.status)

    story(desk, LEGAL, told)


def test_a_paste_into_a_locked_wording_is_refused_and_the_cursor_stays(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        lock(here, LEGAL)
        composer.move_cursor((0, 5))
        await composer._on_paste(events.Paste("no "))
        assert (composer.text, composer.cursor_location) == (LEGAL, (0, 5))
        composer.select_between(3, len(LEGAL))
        await composer._on_paste(events.Paste("no "))
        assert composer.text == LEGAL

    story(desk, LEGAL, told)


def test_around_a_locked_wording_all_is_free_and_it_can_be_replaced_whole(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        lock(here, LEGAL, "")
        await here.pilot.press("end", ".", "home", "H", "i", "enter")
        assert composer.text == f"Hi\n{LEGAL}."
        composer.select_between(3, 3 + len(LEGAL))
        await composer._on_paste(events.Paste("instead"))
        assert composer.text == "Hi\ninstead."
        composer.action_undo()
        assert composer.text == f"Hi\n{LEGAL}."
        await here.pilot.press("alt+a", "delete")
        assert composer.text == ""

    story(desk, LEGAL, told)


def test_every_place_of_a_wording_is_locked_over_lines_too(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        lock(here, "a\nb")
        composer.delete((2, 0), (2, 1))
        composer.delete((0, 1), (1, 0))
        assert composer.text == "a\nb a\nb"
        composer.delete((1, 1), (1, 2))
        assert composer.text == "a\nba\nb"

    story(desk, "a\nb a\nb", told)


def test_undo_and_redo_are_free(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        composer.insert("We", (0, 0))
        lock(here, "We will")
        composer.action_undo()
        assert composer.text == " will"
        composer.action_redo()
        assert composer.text == "We will"

    story(desk, " will", told)


def test_a_note_has_no_locked_wording(desk: Store) -> None:
    async def told(here: Opened, composer: Composer) -> None:
        lock(here, "abc")
        await here.do("leave")
        here.app.action_do("note")
        await here.until(lambda: composer.mode == "note" and composer.has_focus)
        composer.insert("abc")
        await here.pilot.press("left", "x")
        assert composer.text == "abxc"

    story(desk, "abc", told)


# -- a text in place of another -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "at", "new", "then"),
    [
        ("one two", 3, "one two three", 3),
        ("one two", 7, "one two three", 13),
        ("one two", 7, "zero one two", 12),
        ("one two", 0, "zero one two", 0),
        ("one two three", 5, "one three", 5),
        ("one two three", 11, "one three", 7),
        ("one", 2, "", 0),
        ("aaa", 2, "aaaa", 2),
    ],
)
def test_another_text_leaves_the_cursor_where_it_was_and_is_one_edit(
    desk: Store, old: str, at: int, new: str, then: int
) -> None:
    async def told(_: Opened, composer: Composer) -> None:
        composer.move_cursor((0, at))
        composer.become(new)
        assert (composer.text, composer.cursor_index) == (new, then)
        composer.action_undo()
        assert (composer.text, composer.cursor_index) == (old, at)
        composer.action_redo()
        assert composer.text == new

    story(desk, old, told)
