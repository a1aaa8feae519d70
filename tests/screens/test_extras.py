"""What goes with a reply, how it will look, and promises: asked, shown in title, review and thread, kept."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from headless import Opened, lines, opened
from making import US, post, take
from textual.widgets import Input, Static

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.desk import keeping, outbox
from tui.desk.canned import library
from tui.desk.canned.response import Action, Canned
from tui.desk.composition import composition, made_of
from tui.networks.marks import marks
from tui.networks.records import Attachment, Receipt
from tui.screens import extras, writing
from tui.screens.dialogs import Choice, Prompt, Sheet
from tui.screens.review import Review
from tui.store.store import Store

ON_MASTODON, ON_X = 1, 2
ACCT = "amanda@social.example"
CONFIG = Config(accounts={"default": AccountSettings(signature="^{initials}")})
LONG = " ".join(f"Sentence number {n} of many." for n in range(40))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
ACTIONS = (Action("tag", "refund"), Action("promise", "call back", span=2 * HOUR))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)


@pytest.fixture
def desk(store: Store) -> Store:
    """A customer on Mastodon who waits longest, one on X, and a canned response that does more than say something."""
    now = clock.now()
    first = post("1", ACCT, "@northline my train is late", network="mastodon", account=US, created_at=now - HOUR)
    take(store, first, post("2", "ben", f"{US} mine too", account=US, created_at=now - MINUTE), now=now)
    with store.transaction() as session:
        library.change(session, Canned(0, "Refund", "We shall call you.", actions=ACTIONS), agent="lea", now=now)
    return store


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "map.png"
    path.write_bytes(PNG)
    return path


def run(desk: Store, body: Callable[[Opened], Awaitable[None]], **values: Any) -> None:
    async def inside() -> None:
        async with opened(desk, **({"config": CONFIG, "agent": "ana bauer"} | values)) as here:
            await body(here)

    asyncio.run(inside())


def title(here: Opened) -> str:
    return str(here.desk.composer.border_title)


def on_screen(here: Opened) -> str:
    """Everything a dialog shows."""
    return "\n".join(str(static.render()) for static in here.app.screen.query(Static))


async def write_to(here: Opened, conversation_id: int, words: str) -> None:
    here.desk.feed.focus()
    here.desk.feed.go_to(conversation_id)
    await here.rest()
    assert here.shown == conversation_id
    await here.write(words)


async def ask_editor(here: Opened, action: str, dialog: type[Any]) -> None:
    here.desk.composer.action_ask(action)
    await here.until(lambda: isinstance(here.app.screen, dialog))
    await here.pilot.pause()


async def choose(here: Opened, key: str, then: type[Any] = Choice) -> None:
    """A key in the dialog, and the dialog after it."""
    was = here.app.screen
    await here.pilot.press(key)
    await here.until(lambda: here.app.screen is not was and isinstance(here.app.screen, then))
    await here.pilot.pause()


async def answer(here: Opened, words: str, then: type[Any] = Choice) -> None:
    here.app.screen.query_one(Input).value = words
    await choose(here, "enter", then)


async def back(here: Opened) -> None:
    while here.app.screen is not here.desk:
        await here.pilot.press("escape")
        await here.pilot.pause()
    await here.rest()


# -- how it will look --------------------------------------------------------------------------------


def test_the_count_in_the_title_is_that_of_what_leaves(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Sorry.")
        assert f" {len('Sorry. ^AB')}/280" in title(here)
        here.desk.feed.focus()
        await here.rest()
        await write_to(here, ON_MASTODON, "Sorry.")
        assert f" {len('@amanda Sorry. ^AB')}/500" in title(here)

    run(desk, body)


def test_the_guard_looks_at_what_leaves_with_every_pause(desk: Store) -> None:
    async def body(here: Opened) -> None:
        fits = 280 - len(" ^AB")
        await write_to(here, ON_X, "a" * fits)
        await here.until(lambda: here.app.writing._found_for is not None)
        assert "length" not in title(here)
        here.desk.composer.insert("a")
        await here.until(lambda: " length" in title(here))

    run(desk, body)


def test_the_preview_shows_parts_marks_and_counts(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_MASTODON, f"See https://northline.example.com/x and #delay. {LONG}")
        await ask_editor(here, "preview", Sheet)
        said = on_screen(here)
        assert here.app.screen.query_one("#box").border_title == "As it leaves, in 3 parts"
        for number in (1, 2, 3):
            assert f"part {number} · " in said
            assert f" {number}/3" in said
        assert said.count(f"@{ACCT} ") == 3
        assert "names: @amanda@social.example" in said
        assert "links: https://northline.example.com/x" in said
        assert "hashtags: #delay" in said
        assert " ^AB 3/3" in said
        await back(here)
        assert here.desk.composer.has_focus

    run(desk, body)


def test_an_empty_reply_has_a_preview_too(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "")
        await ask_editor(here, "preview", Sheet)
        assert "Nothing is written yet." in on_screen(here)

    run(desk, body)


def test_marks_are_underlined_where_they_stand_and_hostile_text_is_cleaned() -> None:
    part = "a\x1b[2J [/] @amandac b"
    style = extras._UNDERLINED
    shown = extras.marked(part, marks(part, "x"), style)
    assert shown.plain == "a␛[2J [/] @amandac b"
    assert [(span.start, span.end) for span in shown.spans] == [(10, 18)]


# -- pictures ----------------------------------------------------------------------------------------


async def attach(here: Opened, path: str, alt: str) -> None:
    await choose(here, "a", Prompt)
    await answer(here, path, Prompt)
    await answer(here, alt)


def test_a_picture_is_attached_with_words_and_goes_all_the_way(desk: Store, picture: Path) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Here is the map.")
        await ask_editor(here, "extras", Choice)
        await attach(here, str(picture), "a map of line 4")
        assert "map.png goes with the reply." in on_screen(here)
        assert "1  map.png: a map of line 4" in on_screen(here)
        await back(here)
        assert title(here).endswith(" 1 pic")
        draft = desk.reader().draft(ON_X)
        assert draft is not None
        assert composition(draft.composition).media == (Attachment(str(picture), "a map of line 4"),)
        await ask_editor(here, "send", Review)
        assert "[picture map.png: a map of line 4]" in on_screen(here)
        here.app.screen.dismiss(review_sent())
        await here.until(lambda: desk.reader().replies(ON_X))
        await here.rest()
        await here.until(lambda: "[picture map.png: a map of line 4]" in "\n".join(lines(here.desk.conversation)))

    run(desk, body)


def review_sent() -> Any:
    from tui.screens.review import Decision

    return Decision("send")


def test_what_is_no_picture_is_asked_again_with_why(desk: Store, picture: Path, tmp_path: Path) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Here is the map.")
        await ask_editor(here, "extras", Choice)
        await choose(here, "a", Prompt)
        await answer(here, str(tmp_path / "nothing.png"), Prompt)
        assert "There is no file nothing.png; check the path." in on_screen(here)
        assert here.app.screen.query_one(Input).value == str(tmp_path / "nothing.png")
        await answer(here, str(picture), Prompt)
        await answer(here, "  ", Prompt)
        assert "Say what the picture shows" in on_screen(here)
        await choose(here, "escape")
        assert "A picture needs a description; it is not attached." in on_screen(here)
        assert here.app.writing.made_of.media == ()

    run(desk, body)


def test_a_picture_is_described_anew_left_out_and_not_attached_twice(desk: Store, picture: Path) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Here is the map.")
        await ask_editor(here, "extras", Choice)
        await attach(here, str(picture), "a map")
        await choose(here, "a", Prompt)
        await answer(here, str(picture), Prompt)
        assert "That picture is attached already." in on_screen(here)
        await choose(here, "escape")
        await choose(here, "1")
        await choose(here, "d", Prompt)
        assert here.app.screen.query_one(Input).value == "a map"
        await answer(here, "a map of line 4")
        assert [one.alt for one in here.app.writing.made_of.media] == ["a map of line 4"]
        await choose(here, "1")
        await choose(here, "x")
        assert here.app.writing.made_of.media == ()

    run(desk, body)


def test_four_pictures_are_enough(desk: Store, tmp_path: Path) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Here.")
        media = tuple(Attachment(f"/{n}.png", "a map") for n in range(4))
        await here.app.writing.make_otherwise(replace(here.app.writing.made_of, media=media))
        await ask_editor(here, "extras", Choice)
        assert "attach a picture" not in on_screen(here)

    run(desk, body)


def test_a_picture_waits_for_its_words_in_a_draft_of_its_own(desk: Store, picture: Path) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "")
        await ask_editor(here, "extras", Choice)
        await attach(here, str(picture), "a map")
        await back(here)
        here.desk.feed.focus()
        await here.rest()
        await write_to(here, ON_MASTODON, "Hello")
        assert "pic" not in title(here)
        here.desk.claimed.focus()
        here.desk.claimed.go_to(ON_X)
        await here.rest()
        await here.write("")
        assert title(here).endswith(" 1 pic")

    run(desk, body)


# -- Mastodon's own ----------------------------------------------------------------------------------


def test_on_mastodon_a_warning_counts_and_who_sees_it_is_chosen(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_MASTODON, "Sorry.")
        await ask_editor(here, "extras", Choice)
        await choose(here, "w", Prompt)
        await answer(here, "heat")
        await choose(here, "v")
        await choose(here, "4")
        assert "for our followers" in on_screen(here)
        await back(here)
        assert f" {len('@amanda Sorry. ^AB' + 'heat')}/500" in title(here)
        assert title(here).endswith(" cw, followers")
        await ask_editor(here, "send", Review)
        assert "content warning: heat" in on_screen(here)
        assert "@northline for followers only to @amanda@social.example on mastodon" in on_screen(here)

    run(desk, body)


def test_elsewhere_a_sentence_says_that_there_is_none(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "Sorry.")
        await ask_editor(here, "extras", Choice)
        assert "Content warnings and a choice of who sees it are Mastodon's; x has neither." in on_screen(here)
        assert "content warning:" not in on_screen(here)

    run(desk, body)


def test_a_private_message_has_no_choice_of_who_sees_it(desk: Store) -> None:
    take(desk, post("dm", ACCT, "privately", network="mastodon", account=US, kind="dm", created_at=clock.now()))

    async def body(here: Opened) -> None:
        await write_to(here, 3, "Sorry.")
        await ask_editor(here, "extras", Choice)
        assert "A private message is seen by whom it names." in on_screen(here)
        assert "goes out" not in on_screen(here)

    run(desk, body)


# -- what sending also does --------------------------------------------------------------------------


def test_what_sending_also_does_is_shown_taken_out_and_put_back(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "We shall call you.")
        await here.app.writing.make_otherwise(replace(made_of(1), actions=ACTIONS))
        assert title(here).endswith(" also 2")
        await ask_editor(here, "send", Review)
        assert "Also: tag refund, promise call back by " in on_screen(here)
        here.app.screen.dismiss(None)
        await here.until(lambda: here.app.screen is here.desk)
        await here.rest()
        await ask_editor(here, "extras", Choice)
        assert "b  also tag refund: yes" in on_screen(here)
        await choose(here, "b")
        assert "b  also tag refund: no" in on_screen(here)
        assert here.app.writing.made_of.actions == ACTIONS[1:]
        await choose(here, "b")
        assert here.app.writing.made_of.actions == ACTIONS
        await choose(here, "c")
        await back(here)
        assert title(here).endswith(" also 1")
        draft = desk.reader().draft(ON_X)
        assert draft is not None
        assert composition(draft.composition).actions == ACTIONS[:1]

    run(desk, body)


def test_what_was_left_out_is_said(desk: Store) -> None:
    async def body(here: Opened) -> None:
        await write_to(here, ON_X, "We shall call you.")
        now = clock.now()
        with desk.transaction() as session:
            claim = here.app.writing.claim(ON_X)
            held = replace(made_of(1), actions=(Action("resolve", "done"),))
            outbox.hold(session, claim, "Sorry.", config=CONFIG, now=now, made_of=held)
            outbox.queue_due(session, now + HOUR)
            started = outbox.start_sending(session, now + HOUR, CONFIG)
        assert started is not None
        take(desk, post("3", "ben", f"{US} and?", in_reply_to="2", created_at=now + MINUTE), now=now + MINUTE)
        with desk.transaction() as session:
            outbox.sent(session, started[0], Receipt("n1"), now + HOUR)
        await here.until(lambda: "was not resolved: the customer has written since." in here.status)

    run(desk, body)


# -- promises ----------------------------------------------------------------------------------------


async def promises(here: Opened) -> None:
    here.app.action_do("promises")
    await here.until(lambda: isinstance(here.app.screen, Choice))
    await here.pilot.pause()


def test_a_promise_is_made_shown_and_kept(desk: Store) -> None:
    async def body(here: Opened) -> None:
        here.desk.feed.focus()
        await here.rest()
        await promises(here)
        await choose(here, "a", Prompt)
        await answer(here, "call back", Prompt)
        await answer(here, "soon", Prompt)
        assert "neither a span" in on_screen(here)
        here.app.screen.query_one(Input).value = "2h"
        await here.pilot.press("enter")
        await here.rest()
        (made,) = desk.reader().open_promises(9)
        assert made.conversation_id == here.shown
        due = clock.local(made.due_at)  # with its day, where that is another one by then
        told = partial(re.match, rf"promised: call back by (\S+ )*{due}")
        await here.until(lambda: any(map(told, lines(here.desk.conversation))))
        await promises(here)
        await choose(here, "1")
        await here.pilot.press("k")
        await here.rest()
        assert desk.reader().open_promises(9) == []
        await here.until(lambda: not any("promised" in line for line in lines(here.desk.conversation)))
        await promises(here)
        assert "promised: call back, kept by ana bauer" in on_screen(here)

    run(desk, body)


def test_who_drops_a_promise_says_why(desk: Store) -> None:
    with desk.transaction() as session:
        keeping.make(session, ON_MASTODON, agent="ben", text="refund", due_at=clock.now() + HOUR, now=clock.now())

    async def body(here: Opened) -> None:
        here.desk.feed.focus()
        here.desk.feed.go_to(ON_MASTODON)
        await here.rest()
        await promises(here)
        await choose(here, "1")
        await choose(here, "d", Prompt)
        here.app.screen.query_one(Input).value = "they called us"
        await here.pilot.press("enter")
        await here.rest()
        (dropped,) = desk.reader().promises(ON_MASTODON)
        assert (dropped.outcome, dropped.settled_by) == ("dropped", "ana bauer")

    run(desk, body)
