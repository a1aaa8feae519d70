"""`i`: linking what is on screen to an incident, and what the panes show of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from headless import Opened, lines, opened
from making import employ, post, take

from tui import clock
from tui.clock import MINUTE
from tui.desk import incidents
from tui.store.reader import Reader
from tui.store.store import Store

TEXT = "Buses run between Harbour and Mill."


@pytest.fixture
def stored(store: Store) -> Store:
    """Two conversations, the first of them served first."""
    now = clock.now()
    take(store, post("1", created_at=now - 9 * MINUTE), post("2", "bert", created_at=now - MINUTE), now=now)
    return store


def add(store: Store, *names: str, ago: int = 5 * MINUTE) -> None:
    now = clock.now() - ago
    with store.transaction() as session:
        for number, name in enumerate(names):
            incidents.add(session, name, text=TEXT, agent="ben", now=now - number)


def show(store: Store, body: Callable[[Opened], Awaitable[None]], size: tuple[int, int] = (160, 40)) -> None:
    async def run() -> None:
        async with opened(store, size=size) as here:
            await body(here)

    asyncio.run(run())


async def choose(here: Opened, key: str, *answers: str) -> list[str]:
    """Press `i` and a key of the choice, and answer what is asked; the options that stood there."""
    from textual.widgets import Input, Static

    here.app.action_do("incident")
    await here.until(lambda: here.app.screen is not here.desk and here.app.screen.query("#box Static"))
    options = [str(one.content) for one in here.app.screen.query("#box Static").results(Static)]
    await here.pilot.press(key)
    for answer in answers:
        await here.until(lambda: here.app.screen is not here.desk and here.app.screen.query(Input))
        asked = here.app.screen
        asked.query_one(Input).value = answer
        await here.pilot.press("enter")
        await here.until(lambda asked=asked: here.app.screen is not asked)
    await here.rest()
    return options


def incident_of(reader: Reader, conversation_id: int) -> str | None:
    row = reader.conversation(conversation_id)
    assert row is not None
    return row.incident


def test_an_open_incident_is_linked_by_its_number(stored: Store, reader: Reader) -> None:
    add(stored, "Line 4 closed", "Lifts out of order")
    with stored.transaction() as session:
        incidents.add(session, "Old", text=TEXT, agent="ben", now=clock.now())
        incidents.close(session, "Old", agent="ben", now=clock.now())

    async def body(here: Opened) -> None:
        options = await choose(here, "2")
        assert options == ["1  Line 4 closed", "2  Lifts out of order", "n  new incident", "esc  back"]
        assert "Linked to Lifts out of order." in here.status
        head = " ".join(lines(here.desk.conversation))
        assert f"incident: Lifts out of order (open, updated 5m ago): {TEXT}" in head
        assert "Lifts out of or…" in lines(here.desk.feed)[0]

    show(stored, body)
    assert (incident_of(reader, 1), incident_of(reader, 2)) == ("Lifts out of order", None)


def test_another_replaces_it_and_none_takes_it_away(stored: Store, reader: Reader) -> None:
    add(stored, "Line 4 closed", "Lifts out of order")

    async def body(here: Opened) -> None:
        await choose(here, "1")
        assert incident_of(reader, 1) == "Line 4 closed"
        assert "0  no incident" in await choose(here, "2")
        assert incident_of(reader, 1) == "Lifts out of order"
        await choose(here, "0")
        assert incident_of(reader, 1) is None
        assert "Linked to no incident." in here.status
        assert "incident" not in " ".join(lines(here.desk.conversation))

    show(stored, body)


def test_a_new_incident_asks_for_name_and_text(stored: Store, reader: Reader) -> None:
    async def body(here: Opened) -> None:
        assert await choose(here, "n", "Line 4 closed", TEXT) == ["n  new incident", "esc  back"]
        assert "Linked to the new incident Line 4 closed." in here.status

    show(stored, body)
    (made,) = reader.incidents()
    assert (made.name, made.text, made.conversations) == ("Line 4 closed", TEXT, 1)


def test_a_name_that_is_taken_is_refused_and_nothing_changes(stored: Store, reader: Reader) -> None:
    add(stored, "Line 4 closed")

    async def body(here: Opened) -> None:
        await choose(here, "n", "line 4 closed", "Again.")
        assert "is called 'Line 4 closed' already" in here.status

    show(stored, body)
    assert [one.conversations for one in reader.incidents()] == [0]


def test_more_than_nine_are_found_by_name(stored: Store, reader: Reader) -> None:
    add(stored, *(f"Line {number} closed" for number in range(1, 12)))

    async def body(here: Opened) -> None:
        options = await choose(here, "m", "line 11 closed")
        assert options[8:] == ["9  Line 9 closed", "m  one of 2 more, by its name", "n  new incident", "esc  back"]
        assert "Linked to line 11 closed." in here.status

    show(stored, body)
    assert incident_of(reader, 1) == "Line 11 closed"


def test_going_back_changes_nothing(stored: Store, reader: Reader) -> None:
    add(stored, "Line 4 closed")
    before = reader.last_event()

    async def body(here: Opened) -> None:
        await choose(here, "escape")

    show(stored, body)
    assert incident_of(reader, 1) is None
    assert [e.kind for e in reader.events(after=before) if e.kind.startswith("incident")] == []


def test_news_of_an_incident_from_elsewhere_come_on_screen(stored: Store) -> None:
    add(stored, "Line 4 closed")

    async def body(here: Opened) -> None:
        await choose(here, "1")
        with stored.transaction() as session:
            employ(session, ben="lead")
            incidents.close(session, "Line 4 closed", text="It is over.", agent="ben", now=clock.now())
        head = "incident: Line 4 closed (closed, updated 0s ago): It is over."
        await here.until(lambda: head in " ".join(lines(here.desk.conversation)))

    show(stored, body)


def test_hostile_names_and_texts_stay_words(stored: Store) -> None:
    hostile = "[/]\x1b]52;c;QQ==\x07\u202e[@click=app.quit]x[/]"
    with stored.transaction() as session:
        incidents.add(session, f"a{hostile}", text=hostile * 90, agent="ben", now=clock.now())

    async def body(here: Opened) -> None:
        await choose(here, "1")
        shown = "".join([*lines(here.desk.conversation), *lines(here.desk.feed), here.status])
        assert "[/]" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)

    show(stored, body, size=(80, 24))
