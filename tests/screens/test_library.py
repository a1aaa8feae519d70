"""The library screen: what it lists, its keys beside a field in which one types, changes and the history."""

import asyncio
from typing import Any

import pytest
from headless import Opened, opened
from making import US, post, take
from test_filling import put
from test_picker import EVIL, beside, listed
from textual.widgets import Static

from tui import clock
from tui.clock import DAY, HOUR, MINUTE
from tui.config import Config
from tui.desk import claims, outbox
from tui.desk.canned import library
from tui.desk.canned.response import Canned
from tui.desk.composition import made_of
from tui.screens.library import NEW, History, Library, Place
from tui.store.store import Store

SIZES = [(120, 40), (80, 24)]


@pytest.fixture
def desk(store: Store) -> Store:
    """A used one, one to approve, one that expires and one that is over."""
    now = clock.now()
    take(store, post("1", "c1", f"{US} late", created_at=now - MINUTE, account=US), now=now)
    put(
        store,
        {"name": "Sorry", "body": "We are sorry for the wait, and thank you for your patience today."},
        {"name": "Draft", "body": "later", "approved": False},
        {"name": "Ending", "body": "soon over", "valid_until": clock.iso(now + 3 * DAY)},
        {"name": "Gone", "body": "over", "valid_until": clock.iso(now - DAY)},
    )
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ben", now=now, lease=HOUR)
        outbox.hold(session, claim, "Sorry!", config=Config(), now=now, made_of=made_of(1))
    return store


def one(store: Store, name: str) -> Canned:
    return next(library.response(row) for row in store.reader().canned() if row["name"] == name)


async def opened_library(here: Opened, words: str = "") -> Any:
    """L, and what is found for the words."""
    here.app.work.watch(here.app._last_event, here.app._tell, here.app._lose)
    await here.do("library")
    await here.until(lambda: isinstance(here.app.screen, Library) and here.app.focused and here.app.screen.items)
    shown: Any = here.app.screen
    if words:
        shown.query_one("#query").value = words
    await here.until(lambda: shown._shown == (words, 0))
    await here.rest()
    return shown


def says(screen: Any) -> str:
    return str(screen.query_one("#says", Static).content)


@pytest.mark.parametrize("size", SIZES)
def test_it_lists_all_with_state_and_use_what_needs_somebody_first(desk: Store, size: tuple[int, int]) -> None:
    async def story() -> None:
        async with opened(desk, size=size) as here:
            shown = await opened_library(here)
            rows = [line.split() for line in listed(shown)]
            assert rows[0] == ["state", "uses", "edited", "reopened", "name"]
            assert rows[1:] == [
                ["▌to", "approve", "0", "Draft"],
                ["expiring", "0", "Ending"],
                ["1", "100", "%", "0", "%", "Sorry"],
                ["expired", "0", "Gone"],
            ]
            assert says(shown) == "4 responses, 1 to approve, 1 expiring, 1 unused in 90 days"
            await here.pilot.press("down", "down")
            await here.until(lambda: "1 use in 90 days, 100 % edited" in beside(shown))
            assert "We are sorry for the wait" in beside(shown)

    asyncio.run(story())


def test_every_letter_is_typed_into_the_field(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            shown = await opened_library(here)
            await here.pilot.press(*"queryahn", "N", "L", "q", "y")
            assert shown.query_one("#query").value == "queryahnNLqy"
            assert here.app.screen is shown

    asyncio.run(story())


def test_each_function_key_has_a_twin_and_the_last_lines_name_both() -> None:
    pairs = [keys.split(",") for keys, *_ in Library.BINDINGS if "," in keys]  # type: ignore[misc]
    for function, twin in pairs:
        assert function.startswith("f")
        assert twin.startswith("ctrl+")
        assert function in Library.KEYS
    assert all(len(line) <= 76 for line in Library.KEYS.splitlines())


@pytest.mark.parametrize(("key", "twin"), [("f5", "ctrl+g"), ("f6", "ctrl+r")])
def test_approve_and_retire_and_the_list_follows(desk: Store, key: str, twin: str) -> None:
    async def story(pressed: str, name: str) -> None:
        async with opened(desk) as here:
            shown = await opened_library(here, name)
            before = here.app.filling.stock
            await here.pilot.press(pressed)
            await here.until(lambda: here.app.filling.stock is not before)
            await here.rest()
            if key == "f5":
                assert one(desk, "Draft").approved
                assert says(shown) == "Draft is approved."
                assert "to approve" not in listed(shown)[1]
            else:
                assert "expired" in listed(shown)[1]
                assert says(shown) == f"{name} is retired; its history brings it back."

    asyncio.run(story(key, "Draft" if key == "f5" else "Sorry"))
    if key == "f6":
        asyncio.run(story(twin, "Ending"))


def test_what_is_refused_is_said_there(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            shown = await opened_library(here, "Gone")
            await here.pilot.press("f6")
            await here.until(lambda: "is over already" in says(shown))
            assert here.app.screen is shown

    asyncio.run(story())


def test_the_chosen_one_stays_chosen_when_the_list_changes_its_order(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            shown = await opened_library(here)
            before = here.app.filling.stock
            await here.pilot.press("f6")  # what was to approve is over now, and last
            await here.until(lambda: here.app.filling.stock is not before)
            await here.rest()
            assert shown.items[shown.cursor].canned.name == "Draft"
            assert shown.cursor > 0

    asyncio.run(story())


def test_the_history_shows_who_changed_what_and_restores(desk: Store) -> None:
    with desk.transaction() as session:
        old = one(desk, "Sorry")
        changed = Canned(id=old.id, name="Sorry", body="All other words.", version=old.version)
        library.change(session, changed, agent="ben", now=clock.now())

    async def story() -> None:
        async with opened(desk) as here:
            await opened_library(here, "Sorry")
            await here.pilot.press("f8")
            await here.until(lambda: isinstance(here.app.screen, History) and here.app.screen.items)
            past: Any = here.app.screen
            await here.rest()
            assert "ben  body" in listed(past)[0]
            assert "lead  as it was first" in listed(past)[1]
            assert "-We are sorry for the wait" in beside(past)
            assert "+All other words." in beside(past)
            await here.pilot.press("down", "enter")
            await here.until(lambda: one(desk, "Sorry").body.startswith("We are sorry"))
            await here.until(lambda: isinstance(here.app.screen, Library))
            await here.until(lambda: "is again as in version 1" in says(here.app.screen))
            assert one(desk, "Sorry").version == 3

    asyncio.run(story())


@pytest.mark.parametrize(
    ("key", "begun", "subject"), [("enter", "# version 1\nname: Sorry", "canned:1"), ("f3", NEW, "canned:new")]
)
def test_it_is_edited_in_the_one_editor(desk: Store, key: str, begun: str, subject: str) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await opened_library(here, "Sorry")
            await here.pilot.press(key)
            await here.until(lambda: here.app.editing.subject is not None)
            await here.rest()
            assert here.app.editing.subject.id == subject  # type: ignore[union-attr]
            assert begun in here.desk.composer.text
            assert here.desk.composer.mode == "canned"

    asyncio.run(story())


@pytest.mark.parametrize("key", ["f4", "ctrl+o"])
def test_it_is_edited_in_another_editor(desk: Store, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    async def outside(document: str, subject: str, place: Place) -> None:
        asked.append((document, subject))

    async def story() -> None:
        async with opened(desk) as here:
            monkeypatch.setattr(here.app.editing, "edit_canned_outside", outside)
            await opened_library(here, "Sorry")
            await here.pilot.press(key)
            await here.until(lambda: asked)
            assert asked[0][1] == "canned:1"
            assert "We are sorry for the wait" in asked[0][0]

    asyncio.run(story())


@pytest.mark.parametrize("size", SIZES)
def test_what_is_hostile_stays_words(desk: Store, size: tuple[int, int]) -> None:
    put(desk, {"name": f"Evil {EVIL}", "body": f"body {EVIL}", "plain": True, "incident": "[/] \x1b[2J"})

    async def story() -> None:
        async with opened(desk, size=size) as here:
            shown = await opened_library(here, "evil")
            seen = [*listed(shown), beside(shown)]
            await here.pilot.press("f2", "f2", "f8")
            await here.until(lambda: isinstance(here.app.screen, History) and here.app.screen.items)
            await here.rest()
            seen += [*listed(here.app.screen), beside(here.app.screen)]
            for shown in seen:
                assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e" for c in shown)

    asyncio.run(story())


async def in_the_editor(here: Opened, key: str) -> None:
    await here.pilot.press(key)
    await here.until(lambda: here.app.editing.subject is not None and here.desk.composer.has_focus)
    await here.rest()


async def back_in_the_library(here: Opened, words: str, chosen: str) -> Any:
    def there() -> Any:
        screen: Any = here.app.screen
        return isinstance(screen, Library) and screen.seen and screen.seen.worth.canned.name == chosen

    await here.until(there)
    await here.rest()
    assert here.app.screen.query_one("#query").value == words  # type: ignore[attr-defined]
    return here.app.screen


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("save-canned", "Sorry is saved."),
        ("leave", "The canned response is kept unfinished; open it again to go on."),
        ("discard", "What was written is thrown away; the canned response is as it was."),
    ],
)
def test_whoever_came_from_the_library_is_back_where_they_were(desk: Store, action: str, said: str) -> None:
    put(desk, {"name": "Sorry again", "body": "sorry"})

    async def story() -> None:
        async with opened(desk) as here:
            shown = await opened_library(here, "sor")
            await here.until(lambda: shown.seen)
            if shown.seen.worth.canned.name != "Sorry":
                await here.pilot.press("down")
                await here.until(lambda: shown.seen.worth.canned.name == "Sorry")
            await in_the_editor(here, "enter")
            here.desk.composer.insert(" Yours.", here.desk.composer.document.end)
            here.app.action_do(action)
            if action == "discard":
                await here.until(lambda: here.app.screen is not here.desk)
                await here.pilot.press("y")
            shown = await back_in_the_library(here, "sor", "Sorry")
            assert says(shown) == said
            await here.pilot.press("down", "up")  # the keys are free again
            await here.pilot.press("escape")
            await here.until(lambda: here.app.screen is here.desk)
            assert (here.app.editing.subject, here.desk.composer.mode) == (None, "reply")

    asyncio.run(story())


def test_a_new_one_is_chosen_when_it_is_saved(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await opened_library(here, "sorry")
            await in_the_editor(here, "f3")
            here.desk.composer.become("---\nname: Zebra\n---\nStripes.\n")
            await here.do("save-canned")
            shown = await back_in_the_library(here, "", "Zebra")
            assert says(shown) == "Zebra is saved."

    asyncio.run(story())


def test_who_goes_to_another_pane_meanwhile_is_not_called_back(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await opened_library(here, "sorry")
            await in_the_editor(here, "enter")
            here.desk.working_list.focus()
            await here.until(lambda: here.app.editing.subject is None)
            await here.rest()
            assert here.app.screen is here.desk

    asyncio.run(story())


def test_an_existing_one_is_begun_at_its_text(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await opened_library(here, "sorry")
            await in_the_editor(here, "enter")
            here.desk.composer.insert("Hello. ")
            await here.do("save-canned")
            await back_in_the_library(here, "sorry", "Sorry")
            assert one(desk, "Sorry").body.startswith("Hello. We are sorry")

    asyncio.run(story())
