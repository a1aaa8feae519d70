"""Canned responses in the draft: what an insertion leaves behind, blanks and what is remembered of them."""

import asyncio
import json
from typing import Any

import pytest
from headless import Opened, opened
from making import US, employ, post, take

from tui import clock
from tui.clock import MINUTE
from tui.desk.canned import formats, library
from tui.desk.composition import composition
from tui.screens import writing
from tui.screens.filling import Visit
from tui.screens.picker import Picker
from tui.store import log
from tui.store import tables as t
from tui.store.store import Store

RESPONSES: list[dict[str, Any]] = [
    {"name": "Delay", "body": "Hi {{ customer.handle }}, train {{ order.train }} runs late."},
    {"name": "Refund", "body": "Claim train {{ order.train }} online, code {{ order.code }}.",
     "actions": [{"tag": "refund"}]},
    {"name": "Sorry", "body": "We are sorry.", "variants": [{"body": "Our apologies."}]},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)


@pytest.fixture
def desk(store: Store) -> Store:
    """Two customers and three responses."""
    now = clock.now()
    posts = [
        post(f"{n}", f"c{n}", f"{US} my train {n} is late", created_at=now - (30 - n) * MINUTE, account=US)
        for n in (1, 2)
    ]
    take(store, *posts, now=now)
    put(store, *RESPONSES)
    return store


def put(store: Store, *entries: dict[str, Any]) -> None:
    """Responses into the library, as an import brings them."""
    with store.transaction() as session:
        found, remarks = formats.read(json.dumps(entries).encode(), "json")
        assert not remarks
        if session.execute(t.agents.select()).first():  # whoever opened the desk is its admin
            employ(session, lead="lead")
        library.store(session, found, agent="lead", now=clock.now())


async def insert(here: Opened, words: str) -> None:
    """ctrl+r, the words, enter."""
    here.desk.composer.action_ask("canned")
    await here.until(lambda: isinstance(here.app.screen, Picker) and here.app.focused)
    await here.pilot.press(*words.replace(" ", "_").replace("_", "space"), "enter")
    await here.until(lambda: here.app.screen is here.desk)
    await here.rest()


def stored(store: Store) -> Any:
    found = store.reader().draft(1)
    assert found is not None
    return composition(found.composition)


def test_insertions_are_stacked_at_the_cursor_and_the_draft_knows_them(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello! Bye.")
            here.desk.composer.move_cursor((0, 6))
            await insert(here, "Sorry")
            await insert(here, "Refund")
            ours = "Claim train ⟦order.train⟧ online, code ⟦order.code⟧."
            assert here.desk.composer.text == f"Hello! We are sorry. {ours} Bye."
            await here.rest()
            made_of = stored(desk)
            assert [one.text for one in made_of.inserted] == ["We are sorry.", ours]
            assert [action.text for action in made_of.actions] == ["refund"]

    asyncio.run(story())


def test_alternates_take_turns(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("")
            for _ in range(3):
                await insert(here, "Sorry")
            assert here.desk.composer.text == "We are sorry. Our apologies. We are sorry."

    asyncio.run(story())


def test_what_is_typed_into_a_blank_fills_its_namesakes_and_those_to_come(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("")
            await insert(here, "Delay")
            await insert(here, "Delay")
            composer = here.desk.composer
            composer.move_cursor((0, 0))
            composer.action_press("tab")
            await here.rest()
            assert composer.selected_text == "⟦order.train⟧"
            await here.pilot.press("4", "0", "7")
            composer.action_press("tab")
            await here.until(lambda: not composer.has_focus)  # no blank is left
            await here.rest()
            assert composer.text == "Hi c1, train 407 runs late. Hi c1, train 407 runs late."
            assert stored(desk).form == {"order.train": "407"}

    async def after_a_restart() -> None:
        async with opened(desk) as here:
            here.desk.claimed.focus()
            await here.rest()
            await here.write("")
            await insert(here, "Refund")
            assert here.desk.composer.text.count("Claim train 407 online, code ⟦order.code⟧.") == 1
            here.desk.composer.action_press("tab")
            await here.rest()
            assert here.desk.composer.selected_text == "⟦order.code⟧"

    asyncio.run(story())
    asyncio.run(after_a_restart())


def test_one_undo_takes_the_filled_namesakes_back(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("")
            await insert(here, "Delay")
            await insert(here, "Delay")
            await insert(here, "Delay")
            composer = here.desk.composer
            composer.move_cursor((0, 0))
            composer.action_press("tab")
            await here.rest()
            await here.pilot.press("7")
            await insert(here, "Sorry")  # whoever goes on to another response has filled it too
            assert composer.text.startswith("Hi c1, train 7 We are sorry. runs late. Hi c1, train 7 runs late. Hi")
            assert "⟦" not in composer.text
            composer.undo()
            composer.undo()
            assert composer.text.count("⟦order.train⟧") == 2

    asyncio.run(story())


def test_a_blank_that_was_left_or_a_text_that_was_rewritten_is_not_remembered(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("")
            await insert(here, "Refund")
            composer = here.desk.composer
            for _ in range(2):
                composer.action_press("tab")
                await here.rest()
            assert here.app.writing.made_of.form == {}
            composer.load_text("All other words ⟦order.code⟧")
            composer.action_press("tab")
            await here.rest()
            assert here.app.writing.made_of.form == {}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("now", "typed"),
    [
        ("ab", ""),
        ("a⟦x⟧b", ""),
        ("a7b", "7"),
        ("a7 8b", "7 8"),
        ("a7\n8b", ""),
        ("c7b", ""),
        ("a7c", ""),
        ("a" + "7" * 500 + "b", ""),
        ("", ""),
    ],
)
def test_what_was_typed_into_a_blank(now: str, typed: str) -> None:
    assert Visit(1, "x", "⟦x⟧", "a", "b").typed(now) == typed


def test_a_changed_library_is_read_anew(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            here.app.work.watch(here.app._last_event, here.app._tell, here.app._lose)
            before = here.app.filling.stock
            put(desk, {"name": "New one", "body": "Brand new."})
            await here.until(lambda: here.app.filling.stock is not before)
            await here.write("")
            await insert(here, "new")
            assert here.desk.composer.text == "Brand new."

    asyncio.run(story())


def test_what_is_a_colleagues_own_or_for_another_handle_is_not_offered(desk: Store) -> None:
    put(
        desk,
        {"name": "Mine", "body": "b", "scope": "agent", "owner": "ana"},
        {"name": "Bens", "body": "b", "scope": "agent", "owner": "ben"},
        {"name": "Here", "body": "b", "scope": "account", "owner": f"x:{US}"},
        {"name": "There", "body": "b", "scope": "account", "owner": "x:@elsewhere"},
        {"name": "Waiting", "body": "b", "approved": False},
    )

    async def story() -> None:
        async with opened(desk) as here:
            await here.write("")
            here.desk.composer.action_ask("canned")
            await here.until(lambda: isinstance(here.app.screen, Picker) and here.app.screen.items)
            picker: Any = here.app.screen
            found = {hit.canned.name for name in ("Mine", "Bens", "Here", "There", "Waiting")
                     for hit in picker.offers.search(name)}  # fmt: skip
            assert {"Mine", "Here"} <= found
            assert not found & {"Bens", "There", "Waiting"}

    asyncio.run(story())


def test_only_a_change_of_the_library_has_it_read_anew(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            stock = here.app.filling.stock
            with desk.transaction() as session:
                log.append(session, "canned.offered", at=clock.now(), agent="ben", conversation_id=1)
            here.app.filling.heard(desk.reader().events(agent="ben"))
            await here.rest()
            assert here.app.filling.stock is stock, "an offer changes no response"
            put(desk, {"name": "New", "body": "b"})
            await here.until(lambda: len(here.app.filling.stock.library) == len(RESPONSES) + 1)

    asyncio.run(play())
