"""The lists: what stays where it is, what is read, what is drawn."""

import asyncio
from pathlib import Path

import pytest
from headless import Opened, lines, opened, title
from making import copy_of, post, rows, take

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND
from tui.desk import claims
from tui.screens.rows import PAGE_ROWS, WINDOW_ROWS, Page
from tui.store.store import Store

MANY = 1_000


def fill(store: Store, count: int, *, older: int = 0, prefix: str = "p") -> None:
    """Conversations, each waiting a minute less than the one before; `older`: minutes added to each."""
    now = clock.now()
    texts = [f"{prefix}{n} is late" for n in range(count)]
    posts = [
        post(f"{prefix}{n}", f"{prefix}{n}", text, created_at=now - (older + count - n) * MINUTE, account="@northline")
        for n, text in enumerate(texts)
    ]
    take(store, *posts, now=now)


@pytest.fixture(scope="module")
def thousand(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with many conversations."""
    store = copy_of(template, tmp_path_factory.mktemp("thousand"))
    fill(store, MANY)
    store.close()
    return store.path


def names(here: Opened) -> list[str]:
    """The handles on screen."""
    return [line.split("@")[1] for line in lines(here.desk.feed)[::2] if "@" in line]


@pytest.mark.parametrize("cursor", [0, 3, 25])
def test_arrivals_above_leave_the_row_under_the_cursor_where_it_is(store: Store, cursor: int) -> None:
    fill(store, 30)

    async def story() -> None:
        async with opened(store) as here:
            here.desk.feed.move(cursor)
            await here.rest()
            before, at = names(here), here.desk.feed.cursor - here.desk.feed.top
            fill(store, 2, older=60, prefix="new")
            await here.until(lambda: "2 new" in title(here.desk.feed))
            assert names(here) == before
            assert here.desk.feed.cursor - here.desk.feed.top == at
            assert here.desk.feed.selected
            assert here.desk.feed.selected.row.handle == f"p{cursor}"
            await here.do("top")
            assert names(here)[:3] == ["new0", "new1", "p0"]
            assert "new" not in title(here.desk.feed)

    asyncio.run(story())


def test_going_up_to_what_has_arrived_makes_it_seen(store: Store) -> None:
    fill(store, 30)

    async def story() -> None:
        async with opened(store) as here:
            fill(store, 2, older=60, prefix="new")
            await here.until(lambda: "2 new" in title(here.desk.feed))
            for _ in range(4):
                await here.do("up")
            assert names(here)[:3] == ["new0", "new1", "p0"]
            assert "new" not in title(here.desk.feed)

    asyncio.run(story())


def test_one_row_at_a_time_through_a_thousand_and_back_misses_none(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            expected = [row.id for row in rows(here.app.store.reader(), "waiting")]
            assert len(expected) == MANY

            async def walk(by: int) -> list[int]:
                passed = [feed.selected.row.id] if feed.selected else []
                stuck = 0
                while stuck < 200:
                    feed.move(by)
                    selected = feed.selected
                    assert selected is not None
                    if selected.row.id != passed[-1]:
                        passed.append(selected.row.id)
                        stuck = 0
                        if len(passed) % 97 == 0:
                            here.app.spawn(here.app.reload(feed))  # while the window is being extended
                    elif len(passed) == MANY:
                        break
                    else:
                        stuck += 1
                        await here.pilot.pause(0.01)
                assert len(feed.entries) <= WINDOW_ROWS + PAGE_ROWS
                return passed

            assert await walk(1) == expected
            assert await walk(-1) == expected[::-1]

    asyncio.run(story())


def test_moving_on_while_the_list_is_read_again_stays_with_the_row(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            for _ in range(2):
                feed.move(MANY)
                await here.rest()
            reading = asyncio.create_task(here.app.reload(feed))
            await asyncio.sleep(0)
            feed.move(-120)
            meant = feed.selected
            assert meant
            await reading
            assert feed.selected
            assert feed.selected.row.id == meant.row.id

    asyncio.run(story())


def test_rows_read_for_a_window_that_was_replaced_are_left_out(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            await here.app._extended(feed, backwards=False)
            reading = asyncio.create_task(here.app._extended(feed, backwards=False))
            await asyncio.sleep(0)
            feed.show(Page(tuple(feed.entries[:PAGE_ROWS]), 0, MANY, more=True))
            await reading
            waiting = [row.id for row in rows(here.app.store.reader(), "waiting")]
            assert [entry.row.id for entry in feed.entries] == waiting[: len(feed.entries)]

    asyncio.run(story())


def test_an_edge_that_leaves_the_view_loses_no_row(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            edge = feed.entries[-1].row.id
            with store.transaction() as session:
                claims.claim(session, edge, agent="ben", now=clock.now(), lease=HOUR)
            await here.app._extended(feed, backwards=False)
            ids = [entry.row.id for entry in feed.entries]
            waiting = [row.id for row in rows(here.app.store.reader(), "waiting")]
            assert [one for one in ids if one != edge] == waiting[: len(ids) - 1]
            assert len(ids) > PAGE_ROWS

    asyncio.run(story())


def test_the_ends_and_half_pages(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            await here.pilot.press("G")
            await here.rest()
            assert feed.selected
            assert feed.selected.row.handle == f"p{MANY - 1}"
            assert here.shown == feed.selected.row.id
            assert names(here)[-1] == f"p{MANY - 1}"
            await here.pilot.press("ctrl+u")
            await here.rest()
            assert feed.selected.row.handle == f"p{MANY - 1 - feed.visible_rows // 2}"
            await here.app.refresh_all()
            assert feed.selected.row.handle == f"p{MANY - 1 - feed.visible_rows // 2}"
            await here.pilot.press("g")
            await here.rest()
            assert feed.selected.row.handle == "p0"
            await here.pilot.press("ctrl+d")
            await here.rest()
            assert feed.selected.row.handle == f"p{feed.visible_rows // 2}"

    asyncio.run(story())


def test_a_filter_finds_and_keeps_all_of_it(thousand: Path, tmp_path: Path) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            feed = here.desk.feed
            await here.ask("filter", "p1")
            assert title(feed) == "Feed 111 · all · /p1"
            feed.move(60)
            feed.move(-5)
            before = names(here)
            await here.app.reload(feed)
            assert (len(feed.entries), feed.cursor, names(here)) == (111, 55, before)
            await here.ask("filter", "")
            assert title(feed).startswith("Feed 1,000")

    asyncio.run(story())


def test_an_empty_desk_says_the_three_ways_and_an_idle_one_that_nothing_waits(store: Store) -> None:
    async def story() -> None:
        async with opened(store) as here:
            shown = "\n".join(lines(here.desk.feed))
            for way in ("shiftdesk import FILE", "shiftdesk import -", "shiftdesk demo"):
                assert way in shown
            for name in ("down", "up", "top", "bottom", "half-down", "half-up"):
                await here.do(name)
            fill(store, 1)
            await here.until(lambda: names(here) == ["p0"])
            with store.transaction() as session:
                claims.claim(session, 1, agent="ben", now=clock.now(), lease=HOUR)
            await here.until(lambda: "Nothing waits here." in lines(here.desk.feed)[0])

    asyncio.run(story())


def test_a_row_off_screen_that_changes_draws_nothing(
    thousand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = copy_of(thousand, tmp_path)

    async def story() -> None:
        async with opened(store) as here:
            drawn: list[object] = []
            for pane in (here.desk.feed, here.desk.claimed, here.desk.conversation, here.desk.composer):
                monkeypatch.setattr(pane, "refresh", lambda *regions, **_: drawn.append(regions))
            far = here.desk.feed.entries[80].row.id
            with store.transaction() as session:
                claims.tag(session, far, agent="ben", tags=["lift"], now=clock.now())
            await here.until(lambda: here.desk.feed.entries[80].row.tags == ["lift"])
            await here.rest()
            assert drawn == []
            near = here.desk.feed.entries[1].row.id
            with store.transaction() as session:
                claims.tag(session, near, agent="ben", tags=["lift"], now=clock.now())
            await here.until(lambda: drawn)

    asyncio.run(story())


def test_ages_move_once_a_minute(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 3)

    async def story() -> None:
        async with opened(store) as here:
            before, thread = lines(here.desk.feed), lines(here.desk.conversation)
            later = clock.now() + 61 * SECOND
            monkeypatch.setattr(clock, "now", lambda: later)
            await here.app.refresh_all()
            assert (lines(here.desk.feed), lines(here.desk.conversation)) == (before, thread)
            here.app._minute()
            await here.rest()
            assert lines(here.desk.feed) != before
            assert lines(here.desk.conversation) != thread

    asyncio.run(story())
