"""The storage goes out of reach and comes back: nothing that was typed is lost, and the screen says how it stands."""

import asyncio
import json
import stat
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from headless import Opened, opened
from making import US, copy_of, post, take

from tui import clock
from tui.clock import MINUTE
from tui.config import state_folder
from tui.desk import claims
from tui.errors import OutOfReach, Unclear
from tui.screens import pausing, reaching, review, writing
from tui.screens.dialogs import Choice
from tui.screens.review import Decision, Review
from tui.store.sqlite import File, sqlite3
from tui.store.store import Store

if TYPE_CHECKING:
    from sqlmodel import Session

LEASE = 30 * MINUTE


class Shaky(File):
    """A file that cannot be reached whenever a test says so."""

    reads = True
    changes = True

    def check(self) -> None:
        if not self.reads:
            raise OutOfReach(f"The database {self.path} refused (gone): it is away; wait.")
        super().check()

    def connect(self) -> Any:
        self._look()
        return Watched(self, super().connect())

    def _look(self) -> None:
        if not self.reads:
            raise sqlite3.OperationalError("unable to open database file")


class Watched:
    """A connection that breaks with its file."""

    def __init__(self, file: Shaky, connection: Any) -> None:
        self._file, self._connection = file, connection

    def execute(self, *values: Any) -> Any:
        self._file._look()
        return self._connection.execute(*values)

    def close(self) -> None:
        self._connection.close()


class Desk(Store):
    """A desk whose storage goes and comes, also in the middle of a commit."""

    home: Shaky
    cut = ""
    """`before` or `after`: the next commit is cut there, and the storage is gone."""

    def goes(self, *, reads: bool = False) -> None:
        self.home.changes, self.home.reads = False, reads

    def comes(self) -> None:
        self.home.changes = self.home.reads = True

    @contextmanager
    def transaction(self) -> Iterator["Session"]:
        if not self.home.changes:
            raise OutOfReach(f"The database {self.path} refused (full): it is away; wait.")
        with super().transaction() as session:
            yield session
            self._break("before")
        self._break("after")

    def _break(self, where: str) -> None:
        if self.cut == where:
            self.cut = ""
            self.goes(reads=True)
            raise Unclear("It may have been stored: look before you do it again.")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses, tries and the line come at once."""
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)
    monkeypatch.setattr(reaching, "AGAIN_S", 0.02)
    monkeypatch.setattr(reaching, "SHOWN_AFTER_S", 0.001)
    monkeypatch.setattr(review, "SETTLE_S", 0)


@pytest.fixture
def desk(template: Path, tmp_path: Path) -> Iterator[Desk]:
    """Two customers, both served by Ana."""
    now = clock.now()
    made = Desk(Shaky(copy_of(template, tmp_path / "desk").path))
    posts = [
        post(f"{n}", f"c{n}", f"{US} my train {n} is late", created_at=now - (30 - n) * MINUTE, account=US)
        for n in (1, 2)
    ]
    take(made, *posts, now=now)
    with made.transaction() as session:
        for n in (1, 2):
            claims.claim(session, n, agent="ana", now=now, lease=LEASE)
    yield made
    made.close()


def banner(here: Opened) -> str:
    return here.desk.reach.content.plain


def draft(desk: Store, conversation_id: int = 1) -> str:
    reader = desk.reader()
    try:
        found = reader.draft(conversation_id)
        return found.text if found else ""
    finally:
        reader.close()


def note(desk: Store, conversation_id: int = 1, agent: str = "ana") -> str:
    found = desk.reader().scratch(agent, f"note:{conversation_id}")
    return found.text if found else ""


def held(desk: Store) -> list[str]:
    return [reply.text for reply in desk.reader().replies(1)]


def story(desk: Store, told: Callable[[Opened], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with opened(desk) as here:
            here.desk.claimed.focus()
            await here.rest()
            await told(here)

    asyncio.run(run())


async def types(here: Opened, words: str) -> None:
    here.desk.composer.insert(words)
    await here.pilot.pause()


async def back(here: Opened, desk: Desk) -> None:
    desk.comes()
    await here.until(lambda: not here.app.reaching.is_out)
    await here.rest()


# -- writing on -----------------------------------------------------------------------------------


def test_what_is_typed_while_the_storage_is_gone_is_stored_when_it_is_back(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        await here.until(lambda: draft(desk) == "Hello")
        desk.goes()
        await types(here, ", dear customer")
        await here.until(lambda: banner(here))
        assert banner(here).startswith("Storage out of reach since ")
        assert "it is away. What you write is kept here" in banner(here)
        assert here.desk.composer.text == "Hello, dear customer"
        await types(here, "!")
        await here.do("leave", "reply")
        assert here.desk.composer.has_focus
        assert not here.desk.composer.read_only
        await types(here, "!")
        await back(here, desk)
        assert draft(desk) == "Hello, dear customer!!"
        assert banner(here) == ""
        assert here.status == "The storage is back; what you wrote is stored."
        assert here.desk.composer.has_focus

    story(desk, told)


def test_a_key_that_needs_a_change_says_so_and_what_is_shown_stays(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        shown = [entry.row.id for entry in here.desk.claimed.entries]
        desk.goes()
        await here.do("release")
        assert "it is away" in here.status
        await here.until(lambda: banner(here))
        for name in ("release", "resolve", "next", "tag", "note", "snooze"):
            await here.do(name)
            assert here.app.screen is here.desk, name
            assert here.status == reaching.REFUSED, name
        assert [entry.row.id for entry in here.desk.claimed.entries] == shown
        assert here.shown == 1
        await back(here, desk)
        await here.do("release")
        assert "Back in the queue" in here.status

    story(desk, told)


def test_texts_of_several_conversations_wait_where_only_changes_fail(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        await here.write("To the first")
        desk.goes(reads=True)
        await types(here, ", and on")
        await here.until(lambda: banner(here))
        await here.do("leave")
        here.desk.claimed.go_to(2)
        await here.rest()
        assert here.desk.composer.text == ""
        await here.do("reply")
        await types(here, "To the second")
        await here.do("leave")
        here.desk.claimed.go_to(1)
        await here.rest()
        assert here.desk.composer.text == "To the first, and on"
        assert [piece.subject for piece in here.app.reaching.unstored()] == ["reply:2", "reply:1"]
        await back(here, desk)
        assert draft(desk, 1) == "To the first, and on"
        assert draft(desk, 2) == "To the second"
        assert here.app.reaching.unstored() == []

    story(desk, told)


def test_words_for_a_conversation_that_went_to_a_colleague_meanwhile_wait_in_a_note(desk: Desk) -> None:
    other = Store(desk.path)

    async def told(here: Opened) -> None:
        await here.write("Mine")
        await here.until(lambda: draft(desk) == "Mine")
        desk.goes()
        await types(here, " and more")
        await here.until(lambda: banner(here))
        with other.transaction() as session:
            claims.take_over(session, 1, agent="bob", reason="she is away", now=clock.now(), lease=LEASE)
        await back(here, desk)
        assert draft(desk) == "Mine"
        assert "Mine and more" in note(desk)
        assert "Your words wait in your note about it" in here.status

    story(desk, told)
    other.close()


def test_a_note_that_cannot_be_stored_stays_and_is_written_on(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        await here.do("note")
        await types(here, "she is angry")
        desk.goes()
        await types(here, ", very")
        await here.until(lambda: banner(here))
        here.desk.claimed.focus()
        await here.rest()
        await here.do("note")
        assert here.desk.composer.has_focus
        assert here.desk.composer.text == "she is angry, very"
        await types(here, "!")
        await back(here, desk)
        assert note(desk) == "she is angry, very!"

    story(desk, told)


def test_a_moment_out_of_reach_is_not_worth_a_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "SHOWN_AFTER_S", 60)

    async def told(here: Opened) -> None:
        desk.goes()
        await here.do("release")
        await back(here, desk)
        assert banner(here) == ""
        assert "it is away" in here.status

    story(desk, told)


def test_a_text_without_a_pause_is_stored_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 60)
    monkeypatch.setattr(pausing, "LATEST_S", 0.01)

    async def told(here: Opened) -> None:
        await here.write("On and on")
        await here.until(lambda: draft(desk) == "On and on")
        await types(here, " and on")
        await here.until(lambda: draft(desk) == "On and on and on")

    story(desk, told)


# -- a commit whose answer was lost ---------------------------------------------------------------


async def agrees(here: Opened) -> None:
    """Review, and send."""
    await here.write("We are looking into it.")
    await here.rest()
    here.desk.composer.action_ask("send")
    await here.until(lambda: isinstance(here.app.screen, Review) and here.app.screen.query("#asks"))
    await here.rest()


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_reply_whose_commit_was_cut_is_looked_for_before_anything_is_said(desk: Desk, where: str) -> None:
    async def told(here: Opened) -> None:
        await agrees(here)
        desk.cut = where
        here.app.screen.dismiss(Decision("send", ()))
        await here.until(lambda: here.app.reaching.is_unclear)
        assert "is not known" in here.status
        await here.rest()
        assert here.desk.composer.text == "We are looking into it."
        here.desk.composer.action_ask("send")
        await here.rest()
        assert here.app.screen is here.desk
        assert "is not known" in here.status
        await back(here, desk)
        if where == "after":
            assert len(held(desk)) == 1
            assert draft(desk) == ""
            assert here.desk.composer.text == ""
        else:
            assert held(desk) == []
            assert draft(desk) == here.desk.composer.text == "We are looking into it."

    story(desk, told)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_note_whose_commit_was_cut_is_there_once(desk: Desk, where: str) -> None:
    async def told(here: Opened) -> None:
        await here.do("note")
        await types(here, "she is angry")
        await here.until(lambda: note(desk) == "she is angry")
        desk.cut = where
        here.desk.composer.action_ask("keep-note")
        await here.until(lambda: here.app.reaching.is_unclear)
        await back(here, desk)
        kept = [one.text for one in desk.reader().notes(1)]
        assert kept == (["she is angry"] if where == "after" else [])
        assert here.desk.composer.text == ("" if where == "after" else "she is angry")

    story(desk, told)


# -- leaving --------------------------------------------------------------------------------------


def files() -> list[Path]:
    return sorted(state_folder().glob("unstored-*"))


async def leaves(here: Opened) -> str:
    """q; what the dialog says."""
    here.app.action_do("end-shift")
    await here.until(lambda: isinstance(here.app.screen, Choice))
    screen = here.app.screen
    assert isinstance(screen, Choice)
    return screen.why


def test_who_leaves_takes_the_words_along_in_a_private_file_and_the_next_desk_stores_them(desk: Desk) -> None:
    async def first(here: Opened) -> None:
        await here.write("Hello")
        desk.goes()
        await types(here, ", dear customer")
        await here.until(lambda: banner(here))
        await here.do("leave")
        assert await leaves(here) == "Not stored yet: your reply to @c1 (3 words)."
        await here.pilot.press("escape")
        await here.rest()
        assert here.app.return_code is None
        assert files() == []
        await leaves(here)
        await here.pilot.press("y")
        await here.until(lambda: here.app.reaching.left_in)
        assert here.app.return_code == 3

    async def second(here: Opened) -> None:
        await here.rest()
        assert draft(desk) == "Hello, dear customer"
        assert files() == []

    story(desk, first)
    (path,) = files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["texts"][0]["words"] == "Hello, dear customer"
    desk.comes()
    story(desk, second)


def test_a_storage_that_is_back_while_the_question_stands_ends_the_shift_as_ever(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        desk.goes()
        await types(here, " you")
        await here.do("leave")
        await leaves(here)
        desk.comes()
        await here.until(lambda: not here.app.reaching.is_out)
        await here.pilot.press("y")
        await here.until(lambda: type(here.app.screen).__name__ == "EndShift")
        assert files() == []
        assert draft(desk) == "Hello you"

    story(desk, told)


def test_last_words_go_into_the_file_where_they_cannot_be_stored(desk: Desk) -> None:
    async def told(here: Opened) -> None:
        await here.write("Hello")
        desk.goes()
        await types(here, " you")
        with pytest.raises(OutOfReach):
            here.app.reaching.last_words(None)
        assert len(files()) == 1
        desk.comes()
        here.app.reaching.last_words(None)
        assert len(files()) == 1, "one that is stored leaves no file"

    story(desk, told)


def test_words_that_were_left_in_a_file_do_not_replace_what_was_written_since(desk: Desk) -> None:
    async def first(here: Opened) -> None:
        await here.write("Old")
        desk.goes()
        await types(here, " words")
        with pytest.raises(OutOfReach):
            here.app.reaching.last_words(None)
        here.app.reaching.put_aside([reaching.Piece("note:2", "an old note", 0)])

    async def second(here: Opened) -> None:
        await here.write("")
        here.desk.composer.load_text("New words")
        await here.until(lambda: draft(desk) == "New words")

    async def third(here: Opened) -> None:
        await here.rest()
        assert draft(desk) == "New words"
        assert note(desk) == "Old words"
        assert note(desk, 2) == "an old note"
        assert files() == []

    story(desk, first)
    desk.comes()
    kept = {path: path.read_bytes() for path in files()}
    for path in kept:
        path.unlink()
    story(desk, second)
    for path, data in kept.items():
        path.write_bytes(data)
    story(desk, third)


def test_a_file_that_is_none_of_ours_is_left_alone(desk: Desk) -> None:
    state_folder().mkdir(parents=True)
    foreign = [
        ("unstored-ana-1-1.json", "{}"),
        ("unstored-ana-2-1.json", "\x00"),
        ("unstored-ana-3-1.json", json.dumps({"agent": "ana", "desk": "elsewhere", "at": 1, "texts": []})),
        ("unstored-ana-4-1.json", json.dumps({"agent": "a.na", "desk": desk.location, "at": 1, "texts": []})),
        ("unstored-ana-5-1.json", json.dumps({"agent": "ana", "desk": desk.location, "at": 1, "texts": [{"x": 1}]})),
    ]
    for name, text in foreign:
        (state_folder() / name).write_text(text)

    async def told(here: Opened) -> None:
        assert [path.name for path in files()] == [name for name, _ in foreign]

    story(desk, told)
