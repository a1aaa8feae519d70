"""How far behind our accounts are read, on screen: where it is worth a word, and without repainting for it."""

import asyncio
from typing import Any

import pytest
from headless import lines, opened
from making import US, post, take
from sqlalchemy import insert, update

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.desk import accounts
from tui.store import log
from tui.store import tables as t
from tui.store.store import Store


def stands(store: Store, **values: Any) -> None:
    """The mentions of `@northline` as they are read."""
    now = clock.now()
    take(store, post("1", text=f"{US} where is my train?", created_at=now), now=now)
    row = {"account_id": 1, "name": "mentions", "next_at": now, "cursor": None, "reached_at": now, "read_at": now}
    with store.transaction() as session:
        session.execute(insert(t.sources).values(row | values))


def test_an_account_that_is_read_as_it_should_be_says_nothing(store: Store) -> None:
    stands(store)

    async def story() -> None:
        async with opened(store) as here:
            assert "behind" not in here.status

    asyncio.run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_what_is_behind_is_said_in_one_row(store: Store, size: tuple[int, int]) -> None:
    stands(store, reached_at=clock.now() - 3 * HOUR - MINUTE)

    async def story() -> None:
        async with opened(store, size=size) as here:
            await here.until(lambda: here.status == "@northline mentions 3h behind.")
            assert not here.desk.has_class("-long")

    asyncio.run(story())


def test_who_is_logged_out_is_told_what_to_do_in_eighty_columns(store: Store) -> None:
    why = "logged out; `shiftdesk account add` logs it in again (X does not take the token of @northline any more)."
    stands(store, error=why, failing_since=clock.now() - 5 * MINUTE)

    async def story() -> None:
        async with opened(store, size=(80, 24)) as here:
            await here.until(lambda: "`shiftdesk account add`" in here.status)
            assert here.desk.status.content.cell_length <= 80
            assert not here.desk.has_class("-long")

    asyncio.run(story())


def test_what_breaks_and_works_again_is_seen_at_once(store: Store) -> None:
    stands(store)

    async def story() -> None:
        async with opened(store) as here:
            about = {"network": "x", "handle": US, "source": "mentions"}
            with store.transaction() as session:
                since = clock.now() - 2 * MINUTE
                session.execute(update(t.sources).values(error="x.example does not answer.", failing_since=since))
                log.append(session, "source.failing", at=clock.now(), agent="intake", **about)
            await here.until(lambda: here.status == "@northline mentions not read for 2m: x.example does not answer.")
            with store.transaction() as session:
                session.execute(update(t.sources).values(error=None, failing_since=None))
                log.append(session, "source.recovered", at=clock.now(), agent="intake", **about)
            await here.until(lambda: "not read" not in here.status)

    asyncio.run(story())


def test_a_gap_is_said(store: Store) -> None:
    stands(store)

    async def story() -> None:
        async with opened(store) as here:
            with store.transaction() as session:
                about = {"network": "x", "handle": f"{US}\x1b[2J", "source": "mentions", "since": clock.now() - HOUR}
                log.append(session, "source.gap", at=clock.now(), agent="intake", **about)
            await here.until(lambda: "some mentions published after" in here.status)
            assert "\x1b" not in here.status

    asyncio.run(story())


def test_an_empty_desk_names_the_accounts_that_are_read(store: Store) -> None:
    with store.transaction() as session:
        accounts.logged_in(session, "x", US, server="https://api.x.com", native_id="1", agent="ana", now=clock.now())

    async def story() -> None:
        async with opened(store, size=(80, 24)) as here:
            shown = " ".join(lines(here.desk.feed))
            assert "No post has come in yet" in shown
            assert f"x:{US}" in shown
            assert "import FILE" not in shown

    asyncio.run(story())


def test_an_empty_desk_says_all_ways_to_get_posts_in_eighty_columns(store: Store) -> None:
    async def story() -> None:
        async with opened(store, size=(80, 24)) as here:
            shown = " ".join(lines(here.desk.feed))
            assert all(way in shown for way in ("account add", "import FILE", "import -", "shiftdesk demo", "made-up"))

    asyncio.run(story())
