"""From public to private while writing: one key, words that cannot be mistaken, both texts in the review."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from headless import Opened, opened
from making import US, post, take
from textual.widgets import Static

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.desk import claims
from tui.screens.review import Review
from tui.store.store import Store

POINTER = AccountSettings().private_pointer
IBAN = "Your refund goes to GB82 WEST 1234 5698 7654 32."
Story = Callable[[Opened], Awaitable[None]]


@pytest.fixture
def desk(store: Store) -> Store:
    take(store, post("q", text=f"{US} where is my refund?", created_at=clock.now() - MINUTE))
    return store


def on(desk: Store, story: Story, config: Config | None = None, size: tuple[int, int] = (120, 40)) -> None:
    async def run() -> None:
        async with opened(desk, config=config, size=size) as here:
            await story(here)

    asyncio.run(run())


def title(here: Opened) -> str:
    return str(here.desk.composer.border_title)


def border(here: Opened) -> str:
    return here.desk.composer.styles.border_top[0]


async def reviewed(here: Opened) -> str:
    """The review as it stands."""
    here.app.desk.composer.action_ask("send")
    await here.until(lambda: isinstance(here.app.screen, Review))
    await here.rest()
    return "\n".join([str(here.app.screen.query_one("#box").border_title),
                      *(str(one.render()) for one in here.app.screen.query(Static))])  # fmt: skip


@pytest.mark.parametrize("key", ["ctrl+t", "f12"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_one_key_makes_it_private_and_the_same_makes_it_public(desk: Store, key: str, size: tuple[int, int]) -> None:
    async def story(here: Opened) -> None:
        await here.write("Sorry")
        assert (title(here)[:8], border(here)) == ("Reply to", "heavy")
        await here.pilot.press(key)
        await here.rest()
        assert title(here).startswith("PRIVATE message to @amandac · 5/10000 PRIVATE")
        assert border(here) == "wide"
        assert here.status.startswith(f"It leaves as a PRIVATE message; behind it in public: {POINTER}")
        assert here.desk.composer.text == "Sorry"
        await here.pilot.press(key)
        await here.rest()
        assert (title(here), border(here)) == ("Reply to @amandac · 5/280", "heavy")
        assert here.status.startswith("It is a PUBLIC reply again.")

    on(desk, story, size=size)


def test_what_is_private_data_in_public_is_none_in_private(desk: Store) -> None:
    async def story(here: Opened) -> None:
        await here.write(IBAN)
        await here.do("go-private")
        assert "private-data" not in title(here)
        await here.do("go-private")
        assert "private-data" in title(here)

    on(desk, story)


def test_the_review_shows_both_texts_and_says_private(desk: Store) -> None:
    async def story(here: Opened) -> None:
        await here.write(IBAN)
        await here.do("go-private")
        shown = await reviewed(here)
        assert "Review: PRIVATE message" in shown
        assert "@northline privately to @amandac on x" in shown
        assert f"PUBLICLY behind it, once it is out · {len(POINTER)} of 280 characters\n{POINTER}" in shown
        assert "48 of 10,000 characters" in shown

    on(desk, story)


def test_both_are_held_and_undo_gives_one_private_draft(desk: Store) -> None:
    async def story(here: Opened) -> None:
        await here.write(IBAN)
        await here.do("go-private")
        await reviewed(here)
        await asyncio.sleep(0.35)  # the review takes no key before
        await here.pilot.press("y")
        await here.until(lambda: here.app.held)
        await here.rest()
        assert [(one.private, one.text) for one in here.app.held] == [(True, IBAN), (False, POINTER)]
        assert "-private" not in here.desk.composer.classes
        await here.do("undo")
        assert here.app.held == []
        await here.do("reply")
        assert (here.desk.composer.text, here.app.writing.made_of.way) == (IBAN, "private")
        assert title(here).startswith("PRIVATE message")

    on(desk, story)


def test_it_stays_private_when_the_editor_is_left_and_opened_again(desk: Store) -> None:
    async def story(here: Opened) -> None:
        await here.write("")
        await here.do("go-private", "leave")
        assert title(here) == "PRIVATE reply"
        await here.do("reply")
        assert title(here).startswith("PRIVATE message")

    on(desk, story)


def test_a_note_is_never_called_private(desk: Store) -> None:
    async def story(here: Opened) -> None:
        await here.write("Sorry")
        await here.do("go-private", "leave", "note")
        assert "-private" not in here.desk.composer.classes
        assert "PRIVATE" not in title(here)

    on(desk, story)


def test_in_a_private_conversation_there_is_nothing_to_move(store: Store) -> None:
    take(store, post("d", text="my booking is DR-1", kind="dm", account=US, created_at=clock.now() - MINUTE))

    async def story(here: Opened) -> None:
        await here.write("Found it.")
        assert title(here).startswith("PRIVATE message to @amandac")
        await here.do("go-private")
        assert "nothing is said in public" in here.status
        assert here.app.writing.made_of.way == ""
        shown = await reviewed(here)
        assert "privately" in shown
        assert POINTER not in shown

    on(store, story)


def test_the_pointer_is_configured_and_what_is_wrong_with_it_stops_the_review(desk: Store) -> None:
    config = Config(accounts={"default": AccountSettings(private_pointer="x" * 300, signature="^AN")})

    async def story(here: Opened) -> None:
        await here.write("Sorry")
        await here.do("go-private")
        shown = await reviewed(here)
        assert "The public pointer: " in shown
        assert "304 of 280 characters" in shown
        assert "y  send" not in shown

    on(desk, story, config)


def test_the_review_says_private_of_what_goes_on_below_a_private_message(store: Store) -> None:
    now = clock.now()
    take(store, post("d", text=f"{US} booking DR-1", kind="dm", created_at=now - 3 * MINUTE), now=now)
    for above, below in (("d", "d2"), ("d2", "d3")):
        said = post(below, text=f"and {below}", kind="reply", in_reply_to=above, created_at=now - MINUTE)
        take(store, said, now=now)

    with store.transaction() as session:
        claims.resolve(session, 1, agent="ana", reason="goes on below", now=now, lease=HOUR)

    async def story(here: Opened) -> None:
        await here.write("Found it.")
        assert title(here).startswith("PRIVATE message to @amandac")
        assert "privately" in await reviewed(here)

    on(store, story)
