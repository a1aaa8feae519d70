"""The picker over the editor: what it shows beside its list, what its keys do, and that no older answer stays."""

import asyncio
import threading
from typing import Any

import pytest
from headless import Opened, opened
from making import US, ours, post, take
from test_filling import put

from tui import clock
from tui.clock import DAY, HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.desk import claims, incidents, outbox
from tui.desk.composition import made_of
from tui.screens import jobs
from tui.screens.finder import Lines
from tui.screens.offers import Offers
from tui.screens.picker import Picker
from tui.store.store import Store

EVIL = "\x1b]52;c;ZXZpbA==\x07 [/] [@click=app.quit]x[/] \u202e"
SIZES = [(120, 40), (80, 24)]


@pytest.fixture
def desk(store: Store) -> Store:
    """One customer whom nobody answered yet."""
    take(
        store,
        post("1", "c1", f"{US} my train is late", created_at=clock.now() - MINUTE, account=US),
        post("2", "c2", f"{US} hello", created_at=clock.now() - MINUTE, account=US),
        now=clock.now(),
    )
    return store


async def picking(here: Opened, words: str = "") -> Any:
    """The picker over a draft, with what is found for the words."""
    if not here.desk.composer.has_focus:
        await here.write("")
    here.desk.composer.action_ask("canned")
    await here.until(lambda: isinstance(here.app.screen, Picker) and here.app.focused)
    picker: Any = here.app.screen
    picker.query_one("#query").value = words
    await here.until(lambda: picker._shown == (words, 0))
    await here.rest()
    return picker


def listed(picker: Any) -> list[str]:
    return [line.plain for line in picker.query_one("#hits", Lines).lines]


def beside(picker: Any) -> str:
    return "\n".join(line.plain for line in picker.query_one("#beside", Lines).lines)


# -- what stands beside the list ------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_preview_is_filled_in_and_counted_by_the_network(desk: Store, size: tuple[int, int]) -> None:
    put(desk, {"name": "Greeting", "body": "Hi {{ customer.handle }}, see https://example.com/a/long/way/to/go"})

    async def story() -> None:
        async with opened(desk, size=size) as here:
            await here.write("Well. ")
            picker = await picking(here, "greeting")
            shown = beside(picker).splitlines()
            assert shown[0].startswith("34 of 280 characters, 40 with the draft")  # X counts any link as 23
            assert "Hi c1, see https://example.com" in beside(picker)

    asyncio.run(story())


def test_it_says_how_often_it_was_used_here_and_whether_this_person_had_it(desk: Store) -> None:
    put(desk, {"name": "Sorry", "body": "We are sorry."})
    now = clock.now()
    with desk.transaction() as session:
        claim = claims.claim(session, 1, agent="ben", now=now - 3 * MINUTE, lease=HOUR)
        outbox.hold(session, claim, "We are sorry.", config=Config(), now=now - 3 * MINUTE, made_of=made_of(1))
        claims.release(session, 1, agent="ben", now=now)
    config = Config(accounts={f"x:{US}": AccountSettings(same_text_count=2)})

    async def story() -> None:
        async with opened(desk, config=config) as here:
            picker = await picking(here)
            await here.until(lambda: "had it" in beside(picker))
            assert f"they had it 3m ago · once in this hour on {US}" in beside(picker)

    asyncio.run(story())


def test_shelf_life_scope_and_what_sending_also_does_are_said(desk: Store) -> None:
    now = clock.now()
    put(
        desk,
        {"name": "Old", "body": "old", "valid_until": clock.iso(now - 3 * DAY)},
        {"name": "Soon", "body": "soon", "valid_until": clock.iso(now + DAY + HOUR)},
        {"name": "Later", "body": "later", "valid_from": clock.iso(now + 3 * DAY + HOUR)},
        {"name": "Closed", "body": "closed", "incident": "Line 4"},
        {"name": "Own", "body": "own", "scope": "agent", "owner": "ana", "actions": [{"tag": "refund"}]},
    )
    with desk.transaction() as session:
        incidents.add(session, "Line 5", text="x", agent="ana", now=now)

    async def story() -> None:
        async with opened(desk) as here:
            said = {}
            for name in ("old", "soon", "later", "closed", "own"):
                picker = await picking(here, name)
                said[name] = listed(picker)[0] + "\n" + beside(picker)
                picker.dismiss(None)
                await here.rest()
            assert "expired Old" in said["old"]
            assert "expired 3d ago" in said["old"]
            assert "valid until" in said["soon"]
            assert "24h more" in said["soon"]
            assert "not yet Later" in said["later"]
            assert "valid only in 3d" in said["later"]
            assert "incident over Closed" in said["closed"]
            assert "its incident Line 4 is over" in said["closed"]
            assert "yours alone" in said["own"]
            assert "tag refund" in said["own"]

    asyncio.run(story())


def test_why_stands_in_place_of_the_text_and_goes_again(desk: Store) -> None:
    put(desk, {"name": "Refund policy", "body": "Money back."})

    async def story() -> None:
        async with opened(desk) as here:
            picker = await picking(here, "refund")
            await here.pilot.press("f2")
            lines = beside(picker).splitlines()
            points = [float(line.split()[0]) for line in lines[1:]]
            assert "Money back." not in beside(picker)
            assert sum(points[:-1]) == pytest.approx(points[-1], abs=0.3)
            await here.pilot.press("f2")
            assert "Money back." in beside(picker)

    asyncio.run(story())


# -- finding --------------------------------------------------------------------------------------


def test_five_are_offered_before_a_key_is_typed_what_answered_such_a_post_first(desk: Store) -> None:
    put(desk, *({"name": f"Text {n}", "body": f"body {n}"} for n in range(30)))
    now = clock.now()
    take(desk, post("9", "c9", f"{US} the lift is broken and I sit in a wheelchair", created_at=now - 2 * MINUTE,
                    account=US), now=now)  # fmt: skip
    with desk.transaction() as session:
        claim = claims.claim(session, 3, agent="ben", now=now, lease=HOUR)
        outbox.hold(session, claim, "body 7", config=Config(), now=now - MINUTE, made_of=made_of(8))
    with desk.transaction() as session:
        session.connection().exec_driver_sql("UPDATE reply SET state = 'sent', sent_at = created_at")
    take(desk, ours("10", "9", text="body 7", created_at=now - MINUTE, account=US), now=now)
    take(desk, post("11", "c5", f"{US} wheelchair here, lift broken", created_at=now, account=US), now=now)

    async def story() -> None:
        async with opened(desk) as here:
            here.desk.feed.move(99)
            await here.rest()
            assert here.app.thread.posts[-1].text.endswith("lift broken")  # type: ignore[union-attr]
            picker = await picking(here)
            assert len(picker.items) == 5
            assert "Text 7" in listed(picker)[0]

    asyncio.run(story())


def test_an_older_answer_never_follows_a_newer_one(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk, {"name": "Alpha", "body": "a"}, {"name": "Beta", "body": "b"})
    began, go_on, search, asked = threading.Event(), threading.Event(), Offers.search, []

    def slow(self: Offers, query: str) -> Any:
        asked.append(query)
        if query == "alpha":
            began.set()
            go_on.wait(10)
        return search(self, query)

    async def story() -> None:
        async with opened(desk) as here:
            picker = await picking(here)
            monkeypatch.setattr(Offers, "search", slow)
            picker.offer(picker.offers)
            picker.query_one("#query").value = "alpha"
            await here.until(began.is_set)
            for value in ("b", "be", "beta"):
                picker.query_one("#query").value = value
            await here.pilot.press("enter")  # meant for what stands there now
            go_on.set()
            await here.until(lambda: here.app.screen is here.desk)
            await here.rest()
            assert here.desk.composer.text == "b"
            assert asked[-2:] == ["alpha", "beta"]  # what was typed between was not searched for

    asyncio.run(story())


def test_facts_that_come_late_do_not_disturb_another_choice(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk, {"name": "Alpha", "body": "first text"}, {"name": "Beta", "body": "second text"})
    began, go_on, read = threading.Event(), threading.Event(), jobs.facts

    def slow(*arguments: Any, **values: Any) -> Any:
        began.set()
        go_on.wait(10)
        return read(*arguments, **values)

    async def story() -> None:
        monkeypatch.setattr(jobs, "facts", slow)
        async with opened(desk) as here:
            await here.write("")
            here.desk.composer.action_ask("canned")
            await here.until(lambda: isinstance(here.app.screen, Picker) and began.is_set())
            picker: Any = here.app.screen
            await here.pilot.press("down")
            await here.until(lambda: "second text" in beside(picker))
            go_on.set()
            await here.until(lambda: "new to this person" in beside(picker))
            assert "second text" in beside(picker)
            assert listed(picker)[1].startswith("▌Beta")

    asyncio.run(story())


def test_nothing_found_inserts_nothing(desk: Store) -> None:
    put(desk, {"name": "Alpha", "body": "a"})

    async def story() -> None:
        async with opened(desk) as here:
            picker = await picking(here, "zzzzzz")
            assert "Nothing is like that" in listed(picker)[0]
            await here.pilot.press("enter", "down", "f2", "pagedown")
            await here.rest()
            assert here.app.screen is picker
            await here.pilot.press("escape")
            await here.rest()
            assert here.desk.composer.has_focus
            assert not here.desk.composer.text

    asyncio.run(story())


def test_one_that_cannot_be_filled_in_says_why_and_is_not_inserted(desk: Store) -> None:
    put(desk, {"name": "Loop", "body": "{% include 'Loop' %}"})

    async def story() -> None:
        async with opened(desk) as here:
            picker = await picking(here, "loop")
            assert "includes" in beside(picker) or "include" in beside(picker)
            await here.pilot.press("enter")
            await here.rest()
            assert here.app.screen is picker

    asyncio.run(story())


# -- on the screen --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_what_is_hostile_stays_words(desk: Store, size: tuple[int, int]) -> None:
    put(desk, {"name": f"Evil {EVIL}", "body": f"body {EVIL} {{{{ customer.name }}}}", "shortcut": "[/]",
               "scope": "agent", "owner": "ana", "actions": [{"resolve": "[/] \x1b[2J"}]})  # fmt: skip

    async def story() -> None:
        async with opened(desk, size=size) as here:
            picker = await picking(here, "evil")
            await here.pilot.press("f2", "f2")
            for shown in (*listed(picker), beside(picker)):
                assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e" for c in shown)
            assert "[@click=app.quit]x[/]" in beside(picker)
            await here.pilot.press("enter")
            await here.rest()
            assert here.desk.composer.has_focus

    asyncio.run(story())


@pytest.mark.parametrize("size", SIZES)
def test_a_long_text_can_be_read_to_its_end(desk: Store, size: tuple[int, int]) -> None:
    put(desk, {"name": "Long", "body": "\n".join(f"line {n}" for n in range(60)), "plain": True})

    async def story() -> None:
        async with opened(desk, size=size) as here:
            picker = await picking(here, "long")
            assert "line 59" not in beside(picker)
            pages = 0
            while beside(picker).splitlines()[-1] != "line 59" and pages < 60:
                await here.pilot.press("pagedown")
                pages += 1
            await here.pilot.press("pagedown")  # the end stays the end
            assert beside(picker).splitlines()[-1] == "line 59"
            for _ in range(pages + 1):
                await here.pilot.press("pageup")
            assert "of 280" in beside(picker).splitlines()[0]

    asyncio.run(story())


@pytest.mark.parametrize("size", SIZES)
def test_a_key_lays_nothing_out_anew(desk: Store, size: tuple[int, int]) -> None:
    put(desk, *({"name": f"Text {n}", "body": f"body {n} " * (n + 1)} for n in range(30)))

    async def story() -> None:
        async with opened(desk, size=size) as here:
            picker = await picking(here, "text")
            laid_out: list[int] = []
            refresh = picker._refresh_layout

            def counted(*arguments: Any, **values: Any) -> None:
                laid_out.append(1)
                refresh(*arguments, **values)

            picker._refresh_layout = counted
            await here.pilot.press("space", "1", "down", "down", "f2")
            await here.rest()
            assert not laid_out

    asyncio.run(story())
