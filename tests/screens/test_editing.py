"""Notes and canned responses in the one editor: never taken for a reply, never lost; the inbox; $EDITOR."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from headless import Opened, opened
from making import US, post, take

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.config import Config
from tui.desk import claims, notes, people
from tui.errors import Misuse, OutOfReach, Refused
from tui.screens import editing, jobs, outside, review, terminal, writing
from tui.screens.dialogs import Choice
from tui.screens.inbox import NotesForMe
from tui.screens.review import Review
from tui.store.store import Store

CONFIG = Config(groups={"shift-b": ("ana", "ben")})
DOCUMENT = "---\nname: Late train\n---\nWe are sorry."


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Four customers and three agents; what is written is stored at once."""
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)
    monkeypatch.setattr(editing, "SCRATCH_PAUSE_S", 0.01)
    monkeypatch.setattr(review, "SETTLE_S", 0)
    now = clock.now()
    posts = [
        post(f"{n}", f"c{n}", f"{US} late {n}", created_at=now - (60 - n) * MINUTE, account=US) for n in range(1, 5)
    ]
    take(store, *posts, now=now)
    with store.transaction() as session:
        for name in ("ana", "ben", "cleo"):
            people.arrive(session, name, now)
    return store


def story(desk: Store, told: Callable[[Opened], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with opened(desk, config=CONFIG, **options) as here:
            await told(here)

    asyncio.run(run())


def title(here: Opened) -> str:
    return str(here.desk.composer.border_title)


async def noting(here: Opened, words: str = "") -> None:
    """Open a note on the conversation on screen, and write."""
    here.app.action_do("note")
    await here.until(lambda: here.desk.composer.mode == "note" and here.desk.composer.has_focus)
    await here.rest()
    here.desk.composer.insert(words)
    await here.pilot.pause()


async def asked(here: Opened, action: str) -> None:
    """An action of the editor."""
    here.desk.composer.action_ask(action)
    await here.pilot.pause()
    await here.rest()


def note_texts(desk: Store, conversation_id: int = 1) -> list[str]:
    return [note.text for note in desk.reader().notes(conversation_id)]


def draft(desk: Store, conversation_id: int = 1) -> str | None:
    found = desk.reader().draft(conversation_id)
    return found.text if found else None


def scratch(desk: Store, subject: str = "note:1", agent: str = "ana") -> str | None:
    found = desk.reader().scratch(agent, subject)
    return found.text if found else None


# -- a note is no reply ---------------------------------------------------------------------------


def test_a_note_looks_otherwise_and_has_neither_count_nor_guard_nor_sending(desk: Store) -> None:
    async def told(here: Opened) -> None:
        plain = here.desk.composer.styles.border_top
        await noting(here, "call her {{ name }}" + "x" * 300)
        await here.rest()
        assert title(here) == "Note for colleagues about @c1 · never sent"
        assert here.desk.composer.styles.border_top != plain
        assert "Keep note" in here.keys
        assert "Review & send" not in here.keys
        assert "Next blank" not in here.keys
        assert desk.reader().conversation(1).state == "new"  # type: ignore[union-attr]
        for action in ("send", "canned", "sender", "preview", "extras", "explain"):
            await asked(here, action)
            assert here.app.screen is here.desk
            assert "is for a reply; a note stands in the editor" in here.status
        await here.pilot.press("colon", "colon", "ctrl+s")
        await here.rest()
        assert here.app.screen is here.desk
        (kept,) = note_texts(desk)
        assert kept.endswith("::")
        assert (desk.reader().replies(1), draft(desk)) == ([], None)
        assert title(here) == "Reply"
        assert "Note kept." in here.status

    story(desk, told)


def test_the_draft_of_the_same_conversation_is_untouched_by_its_note(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        here.desk.composer.insert(", half a sentence")
        await here.do("leave")
        await noting(here, "she is angry")
        await here.until(lambda: scratch(desk) == "she is angry")
        assert draft(desk) == "Dear customer, half a sentence"
        await asked(here, "leave")
        assert here.desk.composer.text == "Dear customer, half a sentence"
        assert "unfinished; m goes on" in here.status
        await noting(here)
        assert here.desk.composer.text == "she is angry"
        await asked(here, "keep-note")
        assert here.desk.composer.text == "Dear customer, half a sentence"
        assert (draft(desk), note_texts(desk), scratch(desk)) == (
            "Dear customer, half a sentence", ["she is angry"], None,
        )  # fmt: skip
        await here.write("!")
        assert title(here).startswith("Reply to @c1 ")

    story(desk, told)


def test_from_reply_to_note_and_back_without_the_list_in_between(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("the reply")
        for _ in range(3):
            here.app.action_do("note")
            await here.until(lambda: here.desk.composer.mode == "note" and here.desk.composer.has_focus)
            here.desk.composer.insert("n")
            here.app.action_do("reply")
            await here.until(lambda: here.desk.composer.mode == "reply" and here.desk.composer.has_focus)
            await here.rest()
            here.desk.composer.insert("r")
            await here.pilot.pause()
        await here.do("leave")
        assert (draft(desk), scratch(desk)) == ("the replyrrr", "nnn")

    story(desk, told)


@pytest.mark.parametrize("typed", ["reply", "eresolve", "next", "u", "s"])
def test_keys_that_come_before_the_note_is_open_do_nothing_afterwards(desk: Store, typed: str) -> None:
    async def told(here: Opened) -> None:
        await here.do("claim")
        here.app.action_do("note")
        by_key = {action.keys[0]: action.id for action in here.app.actions if action.group in ("list", "desk")}
        for key in typed:
            if by_key.get(key):
                here.app.action_do(by_key[key])
        await here.until(lambda: here.desk.composer.mode == "note" and here.desk.composer.has_focus)
        await here.rest()
        assert here.app.screen is here.desk
        assert here.desk.composer.mode == "note"
        assert here.shown == 1
        assert desk.reader().conversation(1).owner == "ana"  # type: ignore[union-attr]

    story(desk, told)


def test_the_key_that_keeps_a_note_pressed_twice_sends_nothing(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        await here.do("leave")
        await noting(here, "she is angry")
        here.desk.composer.action_press("ctrl+s")
        here.desk.composer.action_press("ctrl+s")
        await here.pilot.press("ctrl+s", "y", "x")
        await here.rest()
        assert not isinstance(here.app.screen, Review)
        assert (note_texts(desk), draft(desk), desk.reader().replies(1)) == (["she is angry"], "Dear customer", [])

    story(desk, told)


def test_what_is_typed_while_a_note_is_being_kept_goes_nowhere(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        await here.do("leave")
        await noting(here, "she is angry")
        here.desk.composer.action_ask("keep-note")
        for _ in range(40):
            await here.desk.composer._on_key(_key("x"))
            await asyncio.sleep(0)
        await here.rest()
        assert draft(desk) == "Dear customer"
        assert here.desk.composer.text == "Dear customer"
        assert [text.rstrip("x") for text in note_texts(desk)] == ["she is angry"]

    story(desk, told)


def _key(character: str) -> Any:
    from textual.events import Key

    return Key(character, character)


@pytest.mark.parametrize("change", ["taken", "answered", "claimed"])
def test_a_note_goes_to_the_conversation_it_was_begun_for(desk: Store, change: str) -> None:
    async def told(here: Opened) -> None:
        await here.do("claim")
        await noting(here, "she is angry")
        with desk.transaction() as session:
            if change == "taken":
                claims.take_over(session, 1, agent="ben", reason="mine", now=clock.now(), lease=HOUR)
            elif change == "claimed":
                claims.claim(session, 2, agent="ben", now=clock.now(), lease=HOUR)
            else:
                claims.resolve(session, 1, agent="ana", reason="done", now=clock.now(), lease=HOUR)
        await here.until(lambda: here.app._reload_due)
        await here.until(lambda: not here.app._reload_due)
        await here.rest()
        assert here.shown == 1
        assert here.desk.composer.text == "she is angry"
        await asked(here, "keep-note")
        assert (note_texts(desk), note_texts(desk, 2), draft(desk)) == (["she is angry"], [], None)

    story(desk, told)


def test_a_draft_that_went_to_a_colleague_does_not_stop_a_note(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        with desk.transaction() as session:
            claims.take_over(session, 1, agent="ben", reason="mine", now=clock.now(), lease=HOUR)
        here.desk.composer.insert(" more")
        await noting(here, "ben has it")
        await asked(here, "keep-note")
        assert note_texts(desk) == ["ben has it"]
        assert "more" not in (draft(desk) or "")

    story(desk, told)


def test_under_a_review_no_note_opens(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        here.desk.composer.action_ask("send")
        await here.until(lambda: isinstance(here.app.screen, Review))
        here.app.action_do("note")
        await here.rest()
        assert here.desk.composer.mode == "reply"
        await here.pilot.press("escape")
        await here.rest()
        assert (here.desk.composer.mode, here.desk.composer.text) == ("reply", "Dear customer")

    story(desk, told)


def test_a_recalled_reply_does_not_come_into_a_note(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        here.desk.composer.action_ask("send")
        await here.until(lambda: isinstance(here.app.screen, Review) and here.app.screen.query("#asks"))
        here.app.screen.dismiss(review.Decision("send"))
        await here.until(lambda: bool(here.app.held))
        await here.rest()
        await noting(here, "too early")
        await here.app.sending.undo()
        await here.rest()
        assert here.desk.composer.text == "too early"
        await asked(here, "keep-note")
        assert (note_texts(desk), draft(desk)) == (["too early"], "Dear customer")

    story(desk, told)


# -- it survives ----------------------------------------------------------------------------------


def test_each_conversation_has_its_own_note_and_another_pane_leaves_it(desk: Store) -> None:
    async def told(here: Opened) -> None:
        for number in (1, 2):
            await here.do("top", *["down"] * (number - 1))
            await noting(here, f"note {number}")
            here.desk.feed.focus()
            await here.rest()
            assert here.desk.composer.mode == "reply"
        assert (scratch(desk), scratch(desk, "note:2")) == ("note 1", "note 2")
        await noting(here)
        assert here.desk.composer.text == "note 2"

    story(desk, told)


def test_a_note_is_there_again_at_the_next_desk_with_its_cursor(desk: Store) -> None:
    async def first(here: Opened) -> None:
        await noting(here, "half a note")
        here.desk.composer.move_cursor((0, 4))
        here.desk.composer.insert("!")
        await here.until(lambda: scratch(desk) == "half! a note")

    async def second(here: Opened) -> None:
        await noting(here, "?")
        assert here.desk.composer.text == "half!? a note"

    async def bens(here: Opened) -> None:
        await noting(here)
        assert here.desk.composer.text == ""

    story(desk, first)
    story(desk, second)
    story(desk, bens, agent="ben")


def test_a_note_is_thrown_away_after_a_question(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await noting(here, "nonsense")
        for key, kept in (("escape", "nonsense"), ("y", None)):
            here.desk.composer.action_ask("discard")
            await here.until(lambda: isinstance(here.app.screen, Choice))
            await here.pilot.press(key)
            await here.rest()
            assert (here.desk.composer.text or None) == kept
        assert (scratch(desk), note_texts(desk), here.desk.composer.mode) == (None, [], "reply")
        await noting(here)
        assert here.desk.composer.text == ""
        await asked(here, "discard")
        assert here.desk.composer.mode == "reply"

    story(desk, told)


def test_an_empty_note_is_not_kept_and_leaves_nothing(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await noting(here, "  ")
        await asked(here, "keep-note")
        assert "Nothing is written" in here.status
        await asked(here, "leave")
        assert (scratch(desk), note_texts(desk)) == (None, [])
        assert "unfinished" not in here.status

    story(desk, told)


def test_where_the_storage_is_out_of_reach_the_note_stays_in_the_editor(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(here: Opened) -> None:
        await noting(here, "she is angry")
        await here.until(lambda: scratch(desk) == "she is angry")

        def broken(*_: Any, **__: Any) -> None:
            raise OutOfReach("The disk is full; make room.")

        with monkeypatch.context() as patch:
            patch.setattr(jobs, "note", broken)
            patch.setattr(jobs, "save_scratch", broken)
            await asked(here, "keep-note")
            assert "The disk is full" in here.status
            here.desk.composer.insert(", very")
            await asked(here, "leave")
            assert here.desk.composer.text == "she is angry, very"
            assert here.desk.composer.mode == "note"
        await asked(here, "keep-note")
        assert note_texts(desk) == ["she is angry, very"]

    story(desk, told)


def test_the_end_of_the_shift_and_a_signal_store_a_note(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "SCRATCH_PAUSE_S", 60)

    async def told(here: Opened) -> None:
        await noting(here, "she is angry")
        assert scratch(desk) is None
        here.app._last_words()
        assert scratch(desk) == "she is angry"
        here.desk.composer.insert("!")
        here.app.action_do("end-shift")
        await here.until(lambda: here.app.screen is not here.desk)
        assert scratch(desk) == "she is angry!"
        await here.pilot.press("escape")
        await here.rest()
        assert here.desk.composer.text == "she is angry!"

    story(desk, told)


# -- colleagues -----------------------------------------------------------------------------------


def test_a_note_reaches_whom_it_names_and_says_who_is_unknown(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await noting(here, "@shift-b and @cloe, look at @c1")
        await asked(here, "keep-note")
        assert "Note kept; ben will find it. Nobody here is called cloe; did you mean @cleo?" in here.status

    async def bens(here: Opened) -> None:
        assert "1 note for you (N)" in here.status
        await here.do("bottom")
        here.app.action_do("inbox")
        await here.until(lambda: isinstance(here.app.screen, NotesForMe))
        await here.pilot.press("enter")
        await here.until(lambda: here.app.screen is here.desk and "for you" not in here.status)
        await here.rest()
        assert here.shown == 1
        assert here.desk.feed.selected.row.id == 1  # type: ignore[union-attr]

    story(desk, told)
    story(desk, bens, agent="ben")
    assert (desk.reader().unread_notes("ben"), desk.reader().unread_notes("ana")) == (0, 0)


def test_a_note_that_arrives_is_told_at_once_and_opens_also_what_no_list_shows(desk: Store) -> None:
    async def told(here: Opened) -> None:
        assert "for you" not in here.status
        with desk.transaction() as session:
            claims.resolve(session, 4, agent="cleo", reason="done", now=clock.now(), lease=HOUR)
            notes.add(session, 4, agent="cleo", words="@ana [/] look", now=clock.now(), groups={})
            notes.add(session, 2, agent="cleo", words="@ana and this", now=clock.now(), groups={})
            notes.add(session, 3, agent="cleo", words="@ben not yours", now=clock.now(), groups={})
        await here.until(lambda: "2 notes for you (N)" in here.status)
        here.app.action_do("inbox")
        await here.until(lambda: isinstance(here.app.screen, NotesForMe))
        assert isinstance(here.app.screen, NotesForMe)
        assert [note.conversation_id for note in here.app.screen.notes] == [2, 4]
        await here.pilot.press("down", "enter")
        await here.until(lambda: "1 note for you (N)" in here.status)
        await here.rest()
        assert here.shown == 4
        await here.app.refresh_all()
        assert here.shown == 4

    story(desk, told)


def test_an_empty_inbox_says_how_notes_get_there(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.do("inbox")
        assert "Colleagues name you with @ana" in here.status

    story(desk, told)


# -- canned responses -----------------------------------------------------------------------------


def test_a_canned_response_is_saved_and_a_mistake_in_it_keeps_it_open(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []

    def save(session: Any, *, document: str, canned_id: int | None, agent: str) -> Any:
        if "{{" in document:
            raise Misuse("Line 4: a tag is not closed; close it.", line=4)
        saved.append((document, canned_id, agent))
        return type("Made", (), {"name": "Late [/] train"})

    monkeypatch.setattr(jobs, "save_canned", save)

    async def told(here: Opened) -> None:
        await here.write("Dear customer")
        await here.app.editing.edit_canned(DOCUMENT, "canned:7")
        await here.rest()
        assert title(here) == "Canned response · checked when saved"
        assert "Save" in here.keys
        here.desk.composer.insert("{{ x", here.desk.composer.document.end)
        await asked(here, "save-canned")
        assert "Line 4: a tag is not closed" in here.status
        assert here.desk.composer.cursor_location == (3, 0)
        assert here.desk.composer.mode == "canned"
        for action in ("send", "keep-note"):
            await asked(here, action)
        assert (saved, note_texts(desk), here.app.screen) == ([], [], here.desk)
        here.desk.composer.action_undo()
        await asked(here, "save-canned")
        assert saved == [(DOCUMENT, 7, "ana")]
        assert "Late [/] train is saved." in here.status
        assert (scratch(desk, "canned:7"), here.desk.composer.text) == (None, "Dear customer")

    story(desk, told)


def test_a_canned_response_survives_leaving_and_is_not_stored_untouched(desk: Store) -> None:
    async def told(here: Opened) -> None:
        edit = here.app.editing.edit_canned
        await edit(DOCUMENT, "canned:7")
        await asked(here, "leave")
        assert scratch(desk, "canned:7") is None
        await edit(DOCUMENT, "canned:7")
        here.desk.composer.insert("# ", (0, 0))
        await here.do("leave")
        assert "open it again to go on" in here.status
        await here.do("down")
        await edit(DOCUMENT, "canned:7")
        assert here.desk.composer.text == f"# {DOCUMENT}"
        assert "ctrl+g throws it away" in here.status
        await here.do("leave")
        await edit(DOCUMENT, "canned:8")
        assert here.desk.composer.text == DOCUMENT

    story(desk, told)


def test_a_canned_response_that_could_not_be_kept_whole_is_not_opened(desk: Store) -> None:
    async def told(here: Opened) -> None:
        with pytest.raises(Refused, match="canned export"):
            await here.app.editing.edit_canned("x" * 100_001, "canned:7")
        assert here.app.editing.subject is None

    story(desk, told)


@pytest.mark.parametrize(
    ("document", "at"), [("---\nname: \ntags: []\n---\n", 10), ("---\nname:", 0), ("", 0), ("name: a\n", 0)]
)
def test_a_new_canned_response_is_begun_with_its_name(desk: Store, document: str, at: int) -> None:
    async def told(here: Opened) -> None:
        await here.app.editing.edit_canned(document, "canned:new")
        assert here.desk.composer.cursor_index == at

    story(desk, told)


@pytest.mark.parametrize(
    ("key", "shown", "kept"), [("g", "first", "first"), ("n", "second", None), ("escape", "", "first")]
)
def test_a_new_canned_response_never_replaces_an_unfinished_one_unasked(
    desk: Store, key: str, shown: str, kept: str | None
) -> None:
    async def told(here: Opened) -> None:
        await here.app.editing.edit_canned("", "canned:new")
        here.desk.composer.insert("first")
        await here.do("leave")
        here.app.spawn(here.app.editing.edit_canned("second", "canned:new"))
        await here.until(lambda: isinstance(here.app.screen, Choice))
        await here.pilot.press(key)
        await here.rest()
        assert (here.desk.composer.text, scratch(desk, "canned:new")) == (shown, kept)

    story(desk, told)


# -- the editor outside ---------------------------------------------------------------------------


@pytest.fixture
def outsider(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], int]], None]:
    """An editor outside that does this to the file, where there is a terminal."""

    def is_(does: Callable[[Path], int]) -> None:
        async def run(words: list[str], path: Path) -> int:
            assert words == ["my editor", "-n"]
            await asyncio.sleep(0)
            return does(path)

        monkeypatch.setenv("VISUAL", "'my editor' -n")
        monkeypatch.setattr(terminal.LendsTerminal, "has_terminal", True)
        monkeypatch.setattr(terminal.LendsTerminal, "lent", lambda self: nullcontext())
        monkeypatch.setattr(outside, "run", run)

    return is_


def writes(words: str, code: int = 0) -> Callable[[Path], int]:
    def does(path: Path) -> int:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        path.write_text(words, encoding="utf-8")
        return code

    return does


@pytest.mark.parametrize("mode", ["reply", "note", "canned"])
def test_what_was_written_outside_is_one_edit_of_what_stands_here(desk: Store, outsider: Any, mode: str) -> None:
    paths = []

    async def told(here: Opened) -> None:
        if mode == "canned":
            await here.app.editing.edit_canned("Hello", "canned:7")
        else:
            await (here.write if mode == "reply" else lambda words: noting(here, words))("Hello")

        def does(path: Path) -> int:
            paths.append(path)
            assert path.read_text() == "Hello"
            return writes("Hello\u202e you\r\nthere\n")(path)

        outsider(does)
        await asked(here, "edit-outside")
        composer = here.desk.composer
        assert (composer.mode, composer.text) == (mode, "Hello you\nthere")
        assert composer.cursor_index == (0 if mode == "canned" else 15)
        composer.action_undo()
        assert composer.text == "Hello"
        composer.action_redo()
        await here.do("leave")
        subjects = {"reply": draft(desk), "note": scratch(desk), "canned": scratch(desk, "canned:7")}
        assert {name: words for name, words in subjects.items() if words} == {mode: "Hello you\nthere"}
        assert not paths[0].parent.exists()

    story(desk, told)


def removes(path: Path) -> int:
    path.unlink()
    return 0


def puts_a_folder(path: Path) -> int:
    path.unlink()
    path.mkdir()
    return 0


def links_elsewhere(path: Path) -> int:
    path.unlink()
    path.symlink_to("/etc/hostname")
    return 0


@pytest.mark.parametrize(
    ("does", "text", "said"),
    [
        (lambda path: 0, "Hello", "Nothing was changed outside"),
        (lambda path: 3, "Hello", "my editor ended with code 3; the text is as it was"),
        (lambda path: -9, "Hello", "my editor ended by signal 9; the text is as it was"),
        (removes, "Hello", "Its file is gone; the text is as it was"),
        (puts_a_folder, "Hello", "as it was"),
        (links_elsewhere, "Hello", "as it was"),
        (writes("Hello\n"), "Hello", "Nothing was changed outside"),
        (writes("Hi", 1), "Hi", "ended with code 1; what it had written by then is here"),
        (writes("Hi", -15), "Hi", "ended by signal 15; what it had written by then is here"),
        (writes(""), "", ""),
        (writes("x" * 2_000_000), "x" * 100_000, "it was cut at its end"),
    ],
)
def test_an_editor_that_fails_costs_no_text(desk: Store, outsider: Any, does: Any, text: str, said: str) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        outsider(does)
        await asked(here, "edit-outside")
        assert here.desk.composer.text == text
        assert said in here.status
        assert here.desk.composer.has_focus

    story(desk, told)


def test_bytes_that_are_no_text_are_seen(desk: Store, outsider: Any) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        outsider(lambda path: path.write_bytes(b"caf\xe9\x00\x1b[31m") and 0)
        await asked(here, "edit-outside")
        assert here.desk.composer.text == "caf\ufffd[31m"

    story(desk, told)


def test_the_draft_is_stored_before_it_goes_outside_and_a_signal_stores_what_is_there(
    desk: Store, outsider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 60)
    seen = []

    async def told(here: Opened) -> None:
        await here.write("Hello")

        def does(path: Path) -> int:
            seen.append(draft(desk))
            path.write_text("Hello from outside")
            here.app._last_words()
            seen.append(draft(desk))
            return 0

        outsider(does)
        await asked(here, "edit-outside")

    story(desk, told)
    assert seen == ["Hello", "Hello from outside"]


def test_a_locked_wording_changed_outside_is_told_and_undo_brings_it_back(desk: Store, outsider: Any) -> None:
    async def told(here: Opened) -> None:
        await here.write("By section 12.")
        here.app.writing.made_of = here.app.writing.made_of.with_inserted(1, "", locked=["section 12"])
        outsider(writes("By section 13."))
        await asked(here, "edit-outside")
        assert "undo brings it back" in here.status
        here.desk.composer.action_undo()
        assert here.desk.composer.text == "By section 12."

    story(desk, told)


def test_a_reply_that_left_meanwhile_takes_no_words_and_loses_none(desk: Store, outsider: Any) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")

        def does(path: Path) -> int:
            here.app.writing.emptied()
            return writes("Hello again")(path)

        outsider(does)
        await asked(here, "edit-outside")
        assert here.desk.composer.text == ""
        assert "what was written outside is in" in here.status
        kept = Path(here.status.rsplit("is in ", 1)[1].rstrip("."))
        assert kept.read_text() == "Hello again"
        kept.unlink()
        kept.parent.rmdir()

    story(desk, told)


def test_without_a_terminal_no_editor_is_started(desk: Store) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        await asked(here, "edit-outside")
        assert "no terminal" in here.status

    story(desk, told)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"VISUAL": "vim -n", "EDITOR": "nano"}, ["vim", "-n"]),
        ({"VISUAL": "  ", "EDITOR": "'my editor' \"a b\""}, ["my editor", "a b"]),
        ({"EDITOR": "ed; rm -rf / $(x)"}, ["ed;", "rm", "-rf", "/", "$(x)"]),
    ],
)
def test_the_command_is_split_and_no_shell_reads_it(environ: dict[str, str], words: list[str]) -> None:
    assert outside.command(environ) == words


def test_what_is_no_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misuse, match=r"\$EDITOR is no command .*No closing quotation"):
        outside.command({"EDITOR": "vim 'x"})
    monkeypatch.setattr(outside.shutil, "which", lambda name: f"/bin/{name}" if name == "vi" else None)
    assert outside.command({}) == ["/bin/vi"]
    monkeypatch.setattr(outside.shutil, "which", lambda name: None)
    with pytest.raises(Misuse, match="set VISUAL or EDITOR"):
        outside.command({})


def test_an_editor_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="cannot be started"):
        asyncio.run(outside.run([str(tmp_path / "none")], tmp_path))
    (tmp_path / "text").write_text("no program")
    with pytest.raises(Misuse, match="Permission denied"):
        asyncio.run(outside.run([str(tmp_path / "text")], tmp_path))


def test_where_no_file_can_be_made_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(outside.tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OutOfReach, match="the draft is kept"):
        outside.Copy("Hello", "reply.txt")
