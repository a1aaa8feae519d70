"""Keeping a typed text: C, and the sentence after a text has been typed often enough."""

import asyncio
from typing import Any

import pytest
from headless import Opened, opened
from making import US, ours, post, take

from tui import clock
from tui.actions import WHY_NOT
from tui.clock import MINUTE
from tui.config import Config, DeskSettings
from tui.desk import outbox
from tui.desk.composition import made_of
from tui.networks.records import Receipt
from tui.screens import capturing, review
from tui.screens.dialogs import Choice
from tui.screens.review import Decision, Review
from tui.store import tables as t
from tui.store.store import Store

LATE = "Hello Amanda, we are sorry about the delay of order AB123456; your refund is on its way and arrives this week."


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A review listens at once, and an offer does not wait."""
    monkeypatch.setattr(review, "SETTLE_S", 0)
    monkeypatch.setattr(capturing, "WAIT_S", 0.01)


@pytest.fixture
def desk(store: Store) -> Store:
    """Three customers who wait; the first was answered before."""
    now = clock.now()
    posts = [
        post(str(n), f"c{n}", f"{US} where is it?", created_at=now - (30 - n) * MINUTE, account=US, lang="en")
        for n in (1, 2, 3)
    ]
    take(store, *posts, now=now)
    return store


def replied(store: Store, conversation_id: int, text: str = LATE, *, ago: int = 5, **values: Any) -> None:
    """A reply that left this desk."""
    at = clock.now() - ago * MINUTE
    with store.transaction() as session:
        row = {
            "conversation_id": conversation_id, "post_id": conversation_id, "account_id": 1, "agent": "ben", "epoch": 1,
            "text": text, "private": False, "state": "sent", "key": f"{conversation_id}-{ago}", "created_at": at,
            "due_at": at,
        }  # fmt: skip
        session.add(t.Reply(**row | values))


async def go_to(here: Opened, conversation_id: int) -> None:
    here.desk.feed.go_to(conversation_id)
    await here.until(lambda: here.shown == conversation_id)


async def send(here: Opened, words: str, *, rest: bool = True) -> None:
    """Write a reply and let it leave, whatever the guard says."""
    await here.write(words)
    here.desk.composer.action_ask("send")
    await here.until(lambda: isinstance(here.app.screen, Review) and here.app.screen.query("#asks"))
    screen = here.app.screen
    assert isinstance(screen, Review)
    screen.dismiss(Decision("send"))
    await here.until(lambda: here.app.screen is here.desk)
    if rest:
        await here.rest()


def test_our_newest_reply_becomes_a_document_with_names_made_variables(desk: Store) -> None:
    replied(desk, 1, "An older one", ago=9)
    replied(desk, 1)
    replied(desk, 1, "Taken back", ago=1, state="recalled")

    async def play() -> None:
        async with opened(desk) as here:
            await go_to(here, 1)
            await here.pilot.press("C")
            await here.until(lambda: here.desk.composer.mode == "canned" and here.desk.composer.has_focus)
            document = here.desk.composer.text
            assert document.startswith("---\n")
            assert "refund is on its way" in document
            assert "AB123456" not in document
            assert "language: en" in document

    asyncio.run(play())


def test_what_another_tool_wrote_is_kept_as_well_where_it_is_the_newest(desk: Store) -> None:
    replied(desk, 1, ago=9)
    now = clock.now()
    take(desk, ours("9", "1", created_at=now - MINUTE, text="Your suitcase has been found."), now=now)

    async def play() -> None:
        async with opened(desk) as here:
            await here.app.look_at(1)
            await here.app.capturing.capture()
            await here.until(lambda: "Your suitcase has been found." in here.desk.composer.text)

    asyncio.run(play())


def test_where_we_have_not_replied_it_says_so(desk: Store) -> None:
    replied(desk, 2)

    async def play() -> None:
        async with opened(desk) as here:
            await go_to(here, 1)
            await here.do("capture")
            assert "no text to keep" in here.status
            assert here.desk.composer.mode == "reply"

    asyncio.run(play())


def test_a_text_typed_often_is_offered_once_and_the_key_keeps_it_wherever_the_cursor_stands(desk: Store) -> None:
    for conversation_id in (2, 3):
        replied(desk, conversation_id)

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=3, undo_seconds=0))) as here:
            await go_to(here, 1)
            await send(here, LATE)
            await here.until(lambda: "3 times; C keeps it as a canned response." in here.status)
            assert here.status.startswith("The desk typed “Hello Amanda, we ar…” 3 times")
            assert len(here.status) <= 80
            here.desk.feed.focus()
            await go_to(here, 2)
            await here.do("capture")
            assert "refund is on its way" in here.desk.composer.text
            here.desk.composer.action_ask("leave")
            await here.rest()
            assert here.app.capturing._offered is None

    asyncio.run(play())
    told = [event for event in desk.reader().events() if event.kind == "canned.offered"]
    assert [(event.conversation_id, event.agent) for event in told] == [(1, "ana")]


def test_the_key_keeps_an_offered_text_in_an_empty_list_too(desk: Store) -> None:
    for conversation_id in (2, 3):
        replied(desk, conversation_id)

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=3, undo_seconds=0))) as here:
            here.desk.claimed.focus()
            await here.until(lambda: here.app.thread is None)
            await here.do("capture")
            assert here.status == WHY_NOT["row"]
            here.desk.feed.focus()
            await here.until(lambda: here.shown == 1)
            await send(here, LATE)
            await here.until(lambda: "C keeps it" in here.status)
            with desk.transaction() as session:
                outbox.queue_due(session, clock.now())
                started = outbox.start_sending(session, clock.now(), Config())
                assert started is not None
                outbox.sent(session, started[0], Receipt("n1"), clock.now())
            await here.until(lambda: not here.desk.claimed.entries)
            here.desk.claimed.focus()
            await here.until(lambda: here.app.thread is None)
            await here.do("capture")
            assert "refund is on its way" in here.desk.composer.text

    asyncio.run(play())


def test_what_was_offered_before_or_is_canned_is_not_offered(desk: Store) -> None:
    for conversation_id in (2, 3):
        replied(desk, conversation_id, composition=made_of(1).as_json())

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=2))) as here:
            await go_to(here, 1)
            await send(here, LATE)
            assert "keeps it" not in here.status

    asyncio.run(play())
    assert not [event for event in desk.reader().events() if event.kind == "canned.offered"]


def test_a_reply_that_is_recalled_is_no_reason_to_offer_it(desk: Store) -> None:
    for conversation_id in (2, 3):
        replied(desk, conversation_id)

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=3))) as here:
            await go_to(here, 1)
            await send(here, LATE, rest=False)
            await here.until(lambda: here.app.held)
            assert "keeps it" not in here.status  # the line is the undo window's
            here.app.action_do("undo")
            await here.until(lambda: not here.app.held)
            await here.rest()
            assert "keeps it" not in here.status

    asyncio.run(play())
    assert not [event for event in desk.reader().events() if event.kind == "canned.offered"]


def test_a_sentence_that_was_missed_is_made_good_where_we_have_not_replied(
    desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capturing, "OFFER_S", 0)
    replied(desk, 2)

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=2, undo_seconds=0))) as here:
            await go_to(here, 1)
            await send(here, LATE)
            await here.until(lambda: "keeps it" in here.status)
            here.desk.feed.focus()
            await go_to(here, 3)
            await here.do("capture")
            assert "refund is on its way" in here.desk.composer.text

    asyncio.run(play())


def test_what_was_begun_before_comes_first_and_the_offered_text_is_not_lost(desk: Store) -> None:
    replied(desk, 2)

    async def play() -> None:
        async with opened(desk, config=Config(desk=DeskSettings(offer_after=2, undo_seconds=0))) as here:
            await here.app.editing.edit_canned("---\nname: Begun\n---\nbefore\n", "canned:new")
            here.desk.composer.insert("x")
            here.desk.composer.action_ask("leave")
            await here.rest()
            here.desk.feed.focus()
            await go_to(here, 1)
            await send(here, LATE)
            await here.until(lambda: "keeps it" in here.status)
            here.app.action_do("capture")
            await here.until(lambda: isinstance(here.app.screen, Choice))
            await here.pilot.press("g")
            await here.rest()
            assert "Begun" in here.desk.composer.text
            assert here.app.capturing._offered is not None

    asyncio.run(play())
