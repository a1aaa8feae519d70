"""A look-up from the desk: its code, its place below the thread, what replaces it, and what is kept of it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from headless import Opened, lines, opened
from making import US, ours, post, take

from tui import clock
from tui.clock import MINUTE
from tui.config import Config, LookUp
from tui.screens.dialogs import Choice
from tui.store.store import Store

ORDER, TRAIN = r"\b[A-Z]{2}\d{6}\b", r"train (\d+)"
Script = Callable[[str], tuple[str, ...]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A command that is this Python program."""

    def written(program: str) -> tuple[str, ...]:
        path = tmp_path / f"program{len(list(tmp_path.iterdir()))}.py"
        path.write_text(program, encoding="utf-8")
        return sys.executable, str(path)

    return written


@pytest.fixture
def desk(store: Store) -> Store:
    """A customer with an order, another with two orders and a train, a third with nothing."""
    now = clock.now()
    take(
        store,
        post("1", "amandac", f"{US} where is AB123456?", created_at=now - 9 * MINUTE, account=US),
        post("2", "ben", f"{US} CD111111 or CD222222, on train 4711", created_at=now - 8 * MINUTE, account=US),
        post("3", "cy", f"{US} hello", created_at=now - 7 * MINUTE, account=US),
        now=now,
    )
    return store


def configured(**look_ups: tuple[tuple[str, ...], str]) -> Config:
    return Config(lookups={name: LookUp(command, pattern, 20) for name, (command, pattern) in look_ups.items()})


def shown(here: Opened) -> str:
    return "\n".join(lines(here.desk.conversation))


async def go_to(here: Opened, conversation_id: int) -> None:
    here.desk.feed.go_to(conversation_id)
    await here.until(lambda: here.shown == conversation_id)


def test_what_was_found_stands_below_the_thread_with_name_code_and_time(desk: Store, script: Script) -> None:
    command = script("import sys; print('Order', sys.argv[1], 'shipped'); print('[b]card[/b] 4111 1111 1111 1111')")

    async def play() -> None:
        async with opened(desk, config=configured(order=(command, ORDER))) as here:
            await go_to(here, 1)
            await here.pilot.press("l")
            await here.until(lambda: "Order AB123456 shipped" in shown(here))
            await here.rest()
            assert "look-up order AB123456" in shown(here)
            assert clock.local(clock.now(), "%H:") in shown(here)
            assert "[b]card[/b] •••• 1111" in shown(here)
            assert here.app.screen is here.desk
            await here.app.refresh_all()
            await here.rest()
            assert "shipped" in shown(here)
            await go_to(here, 3)
            assert "shipped" not in shown(here)
            await go_to(here, 1)
            assert "shipped" not in shown(here)

    asyncio.run(play())
    ran = [event for event in desk.reader().events() if event.kind == "lookup.ran"]
    assert [(event.conversation_id, event.data["name"]) for event in ran] == [(1, "order")]
    assert "AB123456" not in str(ran)


def test_while_writing_f3_shows_it_beside_the_editor(desk: Store, script: Script) -> None:
    async def play() -> None:
        command = script("print('shipped')")
        async with opened(desk, config=configured(order=(command, ORDER)), size=(80, 24)) as here:
            await go_to(here, 1)
            await here.write("Hello")
            await here.pilot.press("f3")
            await here.until(lambda: "shipped" in shown(here))
            await here.rest()
            assert here.desk.composer.has_focus
            assert here.desk.composer.text == "Hello"

    asyncio.run(play())


def test_of_several_codes_one_is_chosen(desk: Store, script: Script) -> None:
    command = script("import sys; print('found', sys.argv[1])")

    async def play() -> None:
        async with opened(desk, config=configured(order=(command, ORDER), train=(command, TRAIN))) as here:
            await go_to(here, 2)
            here.app.action_do("look-up")
            await here.until(lambda: isinstance(here.app.screen, Choice))
            assert isinstance(here.app.screen, Choice)
            labels = [option.label for option in here.app.screen.options]
            assert labels == ["order CD111111", "order CD222222", "train 4711"]
            await here.pilot.press("3")
            await here.until(lambda: "found 4711" in shown(here))
            here.app.action_do("look-up")
            await here.until(lambda: isinstance(here.app.screen, Choice))
            await here.pilot.press("escape")
            await here.rest()
            assert "found 4711" in shown(here)

    asyncio.run(play())


def test_a_second_look_up_takes_the_place_of_one_that_still_runs(desk: Store, script: Script) -> None:
    program = "import sys, time\nif sys.argv[1] == 'CD111111': time.sleep(600)\nprint('found', sys.argv[1])"

    async def play() -> None:
        async with opened(desk, config=configured(order=(script(program), ORDER))) as here:
            await go_to(here, 2)
            for key in "12":
                here.app.action_do("look-up")
                await here.until(lambda: isinstance(here.app.screen, Choice))
                await here.pilot.press(key)
                await here.until(lambda: here.app.screen is here.desk)
            await here.until(lambda: "found CD222222" in shown(here))
            await here.rest()
            assert "CD111111" not in shown(here).rpartition("look-up")[2]

    asyncio.run(play())


def test_what_comes_for_a_conversation_that_is_left_is_not_shown(desk: Store, script: Script, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    program = f"import pathlib, time\nwhile not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)\nprint('late')"

    async def play() -> None:
        async with opened(desk, config=configured(order=(script(program), ORDER))) as here:
            await go_to(here, 1)
            here.app.action_do("look-up")
            await here.until(lambda: "Looking up order AB123456" in here.status)
            await go_to(here, 3)
            go_on.write_text("")
            await here.rest()
            assert "late" not in shown(here)

    asyncio.run(play())


def test_what_went_wrong_is_one_sentence_in_the_status_line_and_below_the_thread(desk: Store, script: Script) -> None:
    command = script("import sys; print('partly'); sys.exit('no such order')")

    async def play() -> None:
        async with opened(desk, config=configured(order=(command, ORDER))) as here:
            await go_to(here, 1)
            await here.do("look-up")
            assert "The look-up order ended with 1: no such order." in here.status
            assert "partly" in shown(here)
            assert "The look-up order ended with 1: no such order." in shown(here)

    asyncio.run(play())


def test_without_a_look_up_or_a_code_it_says_so(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            await here.do("look-up")
            assert "[lookup.NAME]" in here.status
        async with opened(desk, config=configured(order=(("true",), ORDER))) as here:
            await go_to(here, 3)
            await here.do("look-up")
            assert "@cy wrote" in here.status
            assert "order" in here.status

    asyncio.run(play())


def test_our_own_codes_are_not_the_customers(store: Store) -> None:
    now = clock.now()
    take(
        store,
        post("1", "amandac", f"{US} where is it?", created_at=now - 9 * MINUTE, account=US),
        ours("2", "1", created_at=now - 8 * MINUTE, text="Do you mean AB123456?"),
        now=now,
    )

    async def play() -> None:
        async with opened(store, config=configured(order=(("true",), ORDER))) as here:
            here.app.desk.feed.focus()
            await here.app.look_at(1)
            await here.app.looking_up.look_up()
            assert "Nothing that @amandac wrote" in here.status

    asyncio.run(play())


def test_the_desk_closes_while_a_look_up_runs(desk: Store, script: Script, tmp_path: Path) -> None:
    sign = tmp_path / "begun"
    program = f"import pathlib, time; pathlib.Path({str(sign)!r}).write_text('x'); time.sleep(600)"

    async def play() -> None:
        async with opened(desk, config=configured(order=(script(program), ORDER))) as here:
            await go_to(here, 1)
            here.app.action_do("look-up")
            await here.until(sign.exists)

    asyncio.run(play())  # and comes back at once
