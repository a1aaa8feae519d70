"""The spell check in the editor: what is underlined, when, and what f5 does."""

import asyncio
import stat
from pathlib import Path

import pytest
from headless import Opened, opened
from making import US, post, take
from rich.segment import Segment
from textual.widgets import Static

from tui import clock
from tui.clock import MINUTE
from tui.config import Config, DeskSettings, config_folder
from tui.desk import people
from tui.screens import spelling as room
from tui.screens.dialogs import Choice
from tui.spelling import NO_LIBRARY, Dictionary
from tui.store.store import Store

KNOWN = "dear sorry we will your message the train is late and thank you receive reach"


class Book:
    """An English dictionary of a few words that offers one."""

    def check(self, word: str) -> bool:
        return word.lower() in KNOWN.split()

    def suggest(self, word: str) -> list[str]:
        return ["receive", "[b]relieve[/b]"]


class Shelf:
    """One dictionary, whatever this machine has."""

    tags = ("en_GB",)
    problem = ""

    def open(self, tag: str) -> Dictionary:
        return Book()


@pytest.fixture(autouse=True)
def _one_dictionary_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAUSE_S", 0.01)
    monkeypatch.setattr(room, "System", Shelf)


@pytest.fixture
def desk(store: Store) -> Store:
    """A customer called Zbigniew."""
    now = clock.now()
    written = post("1", "zbigniew", f"{US} my train is late", created_at=now - MINUTE, account=US, lang="en")
    take(store, written, now=now)
    return store


def underlined(here: Opened) -> list[str]:
    """What is underlined on screen, in reading order."""
    composer = here.desk.composer
    lines = [composer.render_line(y) for y in range(composer.size.height)]
    marked = [one.text if one.style and one.style.underline else " " for line in lines for one in [*line, Segment(" ")]]
    return "".join(marked).split()


async def shows(here: Opened, *words: str) -> None:
    await here.until(lambda: underlined(here) == list(words))


async def asked(here: Opened) -> Choice:
    """f5; the choice it opens."""
    here.desk.composer.action_press("f5")
    await here.until(lambda: isinstance(here.app.screen, Choice) and here.app.screen.query(Static))
    assert isinstance(here.app.screen, Choice)
    return here.app.screen


def test_an_unknown_word_is_underlined_where_it_stands_once_it_is_typed(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("Dear Zbigniew, we recieve")
            await here.until(lambda: "recieve" in here.app.spelling.marked.words)
            assert underlined(here) == []  # still at work
            before = here.desk.composer.render_line(0).text
            here.desk.composer.insert(" ")
            await shows(here, "recieve")
            assert here.desk.composer.render_line(0).text == before
            here.desk.composer.insert("the train\nand recieve teh ")
            await shows(here, "recieve", "recieve", "teh")
            here.desk.composer.undo()
            await shows(here, "recieve")

    asyncio.run(play())


def test_the_names_of_customer_handle_colleagues_and_groups_are_right(desk: Store) -> None:
    with desk.transaction() as session:
        people.arrive(session, "theresia", clock.now())

    async def play() -> None:
        config = Config(groups={"nachtdienst": ("yusuf",)})
        async with opened(desk, agent="bozena", config=config) as here:
            await here.write("Dear Zbigniew, Northline and Bozena and Theresia and Yusuf and Nachtdienst and teh ")
            await shows(here, "teh")

    asyncio.run(play())


def test_a_draft_that_is_opened_is_judged_too(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("we recieve teh")
            here.desk.composer.action_ask("leave")
            await here.rest()
        async with opened(desk) as here:
            here.desk.claimed.focus()
            await here.rest()
            await here.do("reply")
            await shows(here, "recieve", "teh")

    asyncio.run(play())


def test_a_marked_word_stays_marked_while_the_cursor_moves_over_it(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("we recieve the ")
            await shows(here, "recieve")
            here.desk.composer.move_cursor((0, 5))
            await here.rest()
            assert underlined(here) == ["recieve"]

    asyncio.run(play())


def test_f5_goes_from_word_to_word_and_a_number_takes_what_it_may_be(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("we recieve the recieve trian")
            composer = here.desk.composer
            composer.move_cursor((0, 0))
            choice = await asked(here)
            assert composer.selected_text == "recieve"
            assert [option.label for option in choice.options[:2]] == ["receive", "[b]relieve[/b]"]
            assert "we [recieve] the" in choice.why
            await here.pilot.press("1")
            await here.rest()
            assert composer.text == "we receive the recieve trian"
            assert composer.cursor_location == (0, len("we receive"))
            assert composer.has_focus
            await asked(here)
            await here.pilot.press("0")
            await here.rest()
            assert composer.text == "we receive the recieve trian"
            await asked(here)
            assert composer.selected_text == "trian"
            await here.pilot.press("escape")
            await here.rest()
            await asked(here)  # and from the end to the first again
            assert composer.selected_text == "recieve"
            await here.pilot.press("escape")
            await here.rest()
            composer.undo()
            assert composer.text == "we recieve the recieve trian"

    asyncio.run(play())


def test_an_added_word_is_right_from_then_on_and_in_the_agents_own_file(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("the railcrd is late ")
            await shows(here, "railcrd")
            await asked(here)
            await here.pilot.press("a")
            await here.rest()
            assert "railcrd is one of your words" in here.status
            await shows(here)
        path = config_folder() / "spelling.txt"
        assert path.read_text() == "railcrd\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with opened(desk) as here:
            here.desk.claimed.focus()
            await here.rest()
            await here.write("")
            here.desk.composer.take("the railcrd and teh ", instead=True)
            await shows(here, "teh")

    asyncio.run(play())


def test_the_teams_words_lie_beside_the_configuration(desk: Store, tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "spelling.txt").write_text("Railcard\n")

    async def play() -> None:
        async with opened(desk, config=Config(path=tmp_path / "config.toml")) as here:
            await here.write("the railcard and teh ")
            await shows(here, "teh")

    asyncio.run(play())


def test_a_list_that_cannot_be_written_is_said_and_nothing_is_lost(desk: Store) -> None:
    config_folder().parent.mkdir(parents=True, exist_ok=True)
    config_folder().write_text("a file where the folder should be")

    async def play() -> None:
        async with opened(desk) as here:
            await here.write("the railcrd is late ")
            await asked(here)
            await here.pilot.press("a")
            await here.rest()
            assert "cannot be written" in here.status
            assert here.desk.composer.text == "the railcrd is late "

    asyncio.run(play())


def test_where_nothing_can_be_marked_f5_says_why(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(Shelf):
        tags = ()  # type: ignore[assignment]
        problem = NO_LIBRARY

    monkeypatch.setattr(room, "System", Nothing)

    async def play() -> None:
        async with opened(desk) as here:
            await here.write("we recieve teh ")
            here.desk.composer.action_press("f5")
            await here.until(lambda: NO_LIBRARY in here.status)
            assert underlined(here) == []
            assert here.app.screen is here.desk

    asyncio.run(play())


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        ("the train is late", DeskSettings(), "Every word"),
        ("el tren llega muy tarde", DeskSettings(), "No dictionary of this machine"),
        ("we recieve teh", DeskSettings(spelling=False), "is off"),
    ],
)
def test_f5_without_a_marked_word_says_so(desk: Store, words: str, settings: DeskSettings, said: str) -> None:
    async def play() -> None:
        async with opened(desk, config=Config(desk=settings)) as here:
            await here.write(words)
            here.desk.composer.action_press("f5")
            await here.until(lambda: said in here.status)
            assert underlined(here) == []

    asyncio.run(play())


def test_the_head_and_the_tags_of_a_canned_response_are_not_judged(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.write("")
            here.desk.composer.mode = "canned"
            here.desk.composer.insert("---\nname: recieve\n---\nDear {{ custmer }}, we recieve the message\nsorry ")
            await shows(here, "recieve")
            await asked(here)
            assert here.desk.composer.selection.start[0] == 3
            await here.pilot.press("escape")

    asyncio.run(play())
