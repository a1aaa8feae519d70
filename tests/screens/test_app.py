"""The desk as a whole: what a key does and to which conversation, the draft, the footer, the start and the end."""

import asyncio
from typing import Any

import pytest
from headless import Opened, lines, opened, title
from making import US, post, rows, take
from textual import events

from tui import clock
from tui.actions import ACTIONS, WHY_NOT, remapped
from tui.clock import HOUR, MINUTE
from tui.config import Config, DeskSettings
from tui.desk import claims
from tui.errors import OutOfReach
from tui.screens import writing
from tui.screens.dialogs import EndShift, Prompt, Sheet
from tui.screens.picker import Picker
from tui.screens.review import Decision, Review
from tui.store.store import Store


def fill(store: Store, count: int = 4) -> None:
    """Conversations 1, 2, 3 … in serving order."""
    now = clock.now()
    posts = [
        post(f"{n}", f"c{n}", f"{US} my train {n} is late", created_at=now - (60 - n) * MINUTE, account=US)
        for n in range(1, count + 1)
    ]
    take(store, *posts, now=now)


def draft(store: Store, conversation_id: int) -> str | None:
    reader = store.reader()
    found = reader.draft(conversation_id)
    reader.close()
    return found.text if found else None


def owner(store: Store, conversation_id: int) -> str | None:
    reader = store.reader()
    row = reader.conversation(conversation_id)
    reader.close()
    return row.owner if row else None


def by_ben(store: Store, name: str, conversation_id: int, **values: Any) -> None:
    """What a colleague does at another desk."""
    with store.transaction() as session:
        getattr(claims, name)(session, conversation_id, agent="ben", now=clock.now(), **values)


# -- the table of actions -------------------------------------------------------------------------


def state(here: Opened) -> tuple[Any, ...]:
    """What an action could change on screen."""
    composer = here.desk.composer
    return (
        here.app.screen, here.app.focused, here.status, here.desk.feed.cursor, composer.selection, here.app.clipboard,
    )  # fmt: skip


def test_every_action_does_something_or_says_why_not(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            for action in ACTIONS:
                if action.group == "editor" or action.id == "suspend":
                    continue
                here.desk.feed.focus()
                await here.do("top", "down")
                here.app._message = None
                here.app._show_status()
                before = state(here)
                here.app.action_do(action.id)
                await here.until(lambda before=before: state(here) != before)
                if here.app.screen is here.desk and action.need in ("mine", "held"):
                    assert WHY_NOT[action.need] in here.status
                elif here.app.screen is not here.desk:
                    await here.pilot.pause()
                    here.app.screen.dismiss(None)
                await here.rest()

    asyncio.run(story())


def test_every_action_of_the_editor_does_something(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            for action in ACTIONS:
                if action.group == "editor":
                    await here.write("" if here.desk.composer.text else "Sorry about {{ nothing }}")
                    here.desk.composer.move_cursor((0, 0))
                    before = state(here)
                    here.desk.composer.action_ask(action.id)
                    await here.until(lambda before=before: state(here) != before)
                    if here.app.screen is not here.desk:
                        await here.pilot.pause()
                        here.app.screen.dismiss(None)
                    await here.rest()

    asyncio.run(story())


def test_on_an_empty_desk_each_action_says_why_not(store: Store) -> None:
    async def story() -> None:
        async with opened(store) as here:
            for action in ACTIONS:
                if action.need != "nothing":
                    await here.do(action.id)
                    assert WHY_NOT[action.need] in here.status
            await here.do("next")
            assert "Nothing waits" in here.status

    asyncio.run(story())


def test_the_footer_has_what_is_possible_here(store: Store) -> None:
    async def story() -> None:
        async with opened(store) as here:
            assert "Claim" not in here.keys
            assert "Undo" not in here.keys
            fill(store, 1)
            await here.until(lambda: "Claim" in here.keys)
            assert "Review" not in here.keys
            await here.write("Hello, which coach?")
            assert "Review & send" in here.keys
            assert "Claim" not in here.keys
            await send(here)
            assert "Undo" in here.keys
            assert "Review" not in here.keys
            await here.do("undo")
            assert "Undo" not in here.keys

    asyncio.run(story())


def test_a_remapped_key_works_and_is_shown(store: Store) -> None:
    fill(store, 1)
    config = Config(keys={"claim": ("f8",)})
    assert remapped(config.keys)[1] == []

    async def story() -> None:
        async with opened(store, config=config) as here:
            assert " f8 Claim" in here.keys
            await here.pilot.press("c")
            await here.rest()
            assert owner(store, 1) is None
            await here.pilot.press("f8")
            await here.rest()
            assert owner(store, 1) == "ana"

    asyncio.run(story())


def test_an_unknown_theme_falls_back_with_a_sentence(store: Store) -> None:
    async def story() -> None:
        async with opened(store, config=Config(desk=DeskSettings(theme="nortline-dark"))) as here:
            assert "nortline-dark" in here.status
            assert "northline-dark" in here.status
            assert here.app.theme in here.app.available_themes

    asyncio.run(story())


# -- to which conversation ------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ["jc", "jjkc", "cjc"])
def test_keys_faster_than_reading_mean_the_row_under_the_cursor(store: Store, keys: str) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            here.app.forget_ahead()
            for key in keys:
                here.app.action_do({"j": "down", "k": "up", "c": "claim"}[key])
            await here.rest()
            assert owner(store, 2) == "ana"
            assert here.shown == 2

    asyncio.run(story())


def test_next_and_reply_in_one_go_write_to_the_one_just_taken(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            here.desk.feed.move(2)
            await here.rest()
            here.app.action_do("next")
            here.app.action_do("reply")
            await here.until(lambda: here.desk.composer.has_focus)
            await here.rest()
            assert [row.id for row in rows(store.reader(), "mine")] == [1]
            assert "Reply to @c1 " in title(here.desk.composer)  # type: ignore[arg-type]

    asyncio.run(story())


def test_a_key_pressed_twice_opens_one_dialog(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            here.app.action_do("skip")
            here.app.action_do("skip")
            await here.until(lambda: isinstance(here.app.screen, Prompt))
            await here.pilot.press("escape")
            await here.rest()
            assert here.app.screen is here.desk
            await here.write("Hello, which coach?")
            here.desk.composer.action_ask("send")
            here.desk.composer.action_ask("send")
            await here.until(lambda: reviewing(here))
            await here.rest()
            here.app.screen.dismiss(Decision("send"))
            await here.rest()
            assert here.app.screen is here.desk
            assert len(store.reader().replies(1)) == 1

    asyncio.run(story())


def test_a_reason_goes_to_the_conversation_it_was_asked_for(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            here.app.action_do("skip")
            await here.until(lambda: isinstance(here.app.screen, Prompt))
            by_ben(store, "claim", 1, lease=HOUR)
            await here.until(lambda: here.shown == 2)
            here.app.screen.query_one("Input").value = "not mine"  # type: ignore[attr-defined]
            await here.pilot.press("enter")
            await here.rest()
            assert "ben has had conversation 1" in here.status
            skipped = [e for e in store.reader().events() if e.kind == "conversation.skipped"]
            assert skipped == []

    asyncio.run(story())


# -- the draft ------------------------------------------------------------------------------------


def reviewing(here: Opened) -> bool:
    return isinstance(here.app.screen, Review) and bool(here.app.screen.query("#asks"))


async def send(here: Opened) -> None:
    """ctrl+s, and y in the review."""
    here.desk.composer.action_ask("send")
    await here.until(lambda: reviewing(here))
    here.app.screen.dismiss(Decision("send"))
    await here.until(lambda: here.app.screen is here.desk and not here.desk.composer.has_focus)
    await here.rest()


def test_a_draft_is_stored_after_a_pause_and_comes_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Half a sentence")
            await here.until(lambda: draft(store, 1) == "Half a sentence")
        async with opened(store) as here:
            assert here.desk.composer.text == ""
            here.desk.claimed.focus()
            await here.until(lambda: here.desk.composer.text == "Half a sentence")
            await here.write(" more")
            assert here.desk.composer.text == "Half a sentence more"

    asyncio.run(story())


def test_each_conversation_has_its_own_draft(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            for number in (1, 2, 3):
                here.desk.feed.focus()
                await here.rest()
                await here.do("top")
                await here.write(f"Words for {number}")
                await here.do("leave")
            assert [draft(store, number) for number in (1, 2, 3)] == ["Words for 1", "Words for 2", "Words for 3"]
            for number, name in ((2, "up"), (1, "up"), (2, "down"), (3, "down")):
                await here.do(name)
                assert here.shown == number
                assert here.desk.composer.text == f"Words for {number}"
            await here.do("up")
            await here.write("!")
            assert "Reply to @c2 " in title(here.desk.composer)  # type: ignore[arg-type]
            await send(here)
            assert [reply.text for reply in store.reader().replies(2)] == ["Words for 2!"]
            assert draft(store, 1) == "Words for 1"

    asyncio.run(story())


def test_leaving_at_once_for_another_conversation_mixes_nothing_up(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Words for 1")
            here.app.action_do("leave")
            here.app.action_do("next")
            await here.rest()
            await here.until(lambda: here.shown == 2)
            assert draft(store, 1) == "Words for 1"
            assert here.desk.composer.text == ""
            await here.write("Words for 2")
            await here.do("leave")
            assert (draft(store, 1), draft(store, 2)) == ("Words for 1", "Words for 2")

    asyncio.run(story())


@pytest.mark.parametrize("change", ["taken", "released", "claims"])
def test_while_a_reply_is_written_its_conversation_stays(store: Store, change: str) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.do("claim")
            here.desk.feed.focus()
            await here.rest()
            await here.do("top")
            await here.write("Words for 2")
            if change == "taken":
                by_ben(store, "take_over", 2, reason="mine", lease=HOUR)
            elif change == "released":
                with store.transaction() as session:
                    claims.release(session, 2, agent="ana", now=clock.now())
            else:
                by_ben(store, "claim", 3, lease=HOUR)
            await here.until(lambda: here.app._reload_due)
            await here.until(lambda: not here.app._reload_due)
            await here.rest()
            assert here.shown == 2
            assert "Reply to @c2 " in title(here.desk.composer)  # type: ignore[arg-type]
            assert here.desk.composer.text == "Words for 2"
            here.desk.composer.action_ask("send")
            await here.until(lambda: reviewing(here) or "onversation 2" in here.status)
            if reviewing(here):
                here.app.screen.dismiss(Decision("send"))
                await here.rest()
            sent = [reply.conversation_id for reply in store.reader().outbox()]
            assert sent == ([2] if change == "claims" else [])
            assert draft(store, 1) is None

    asyncio.run(story())


def test_a_conversation_taken_over_says_by_whom_and_why(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.do("claim")
            by_ben(store, "take_over", 1, reason="you went [/] home", lease=HOUR)
            await here.until(lambda: "ben took over conversation 1: you went [/] home" in here.status)
            await here.until(lambda: title(here.desk.claimed) == "Claimed 0")

    asyncio.run(story())


def test_a_recalled_reply_is_the_draft_again(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Too early")
            await send(here)
            assert "leaves in" in here.status
            assert here.desk.composer.text == ""
            await here.do("undo")
            assert "is recalled" in here.status
            assert here.desk.composer.text == "Too early"
            assert [reply.state for reply in store.reader().replies(1)] == ["recalled"]
            await here.write(", and again")
            await send(here)
            assert "leaves in" in here.status
            assert "is recalled" not in here.status

    asyncio.run(story())


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
def test_a_long_sentence_takes_the_row_of_the_keys_and_moves_nothing(store: Store, size: tuple[int, int]) -> None:
    async def story() -> None:
        async with opened(store, size=size) as here:
            before = lines(here.desk.feed)
            words = "Line 16 [/] has no end; " + "what to do is said behind that, " * 2 + "at the end"
            here.app.say(words)
            await here.rest()
            shown = lines(here.desk.status)
            assert len(shown) == 2
            assert words.startswith(" ".join(shown).rstrip("…"))
            assert size[0] == 40 or shown[1].endswith("at the end")
            assert lines(here.desk.feed) == before
            assert not here.desk.keys.display
            await here.pilot.resize_terminal(160, 40)
            assert lines(here.desk.status) == [words]
            await here.pilot.resize_terminal(*size)
            here.app.say("Done.")
            await here.rest()
            assert lines(here.desk.status) == ["Done."]
            assert here.desk.keys.display

    asyncio.run(story())


def test_a_canned_response_is_found_and_filled(store: Store) -> None:
    fill(store, 1)
    with store.transaction() as session:
        from tui.desk.canned import formats, library

        body = b'[{"name": "Late [/]", "body": "Hi @{{ customer.handle }}, sorry."}, {"name": "Other", "body": "No"}]'
        library.store(session, formats.read(body, "json")[0], agent="ana", now=clock.now())

    async def story() -> None:
        async with opened(store) as here:
            await here.write("")
            await here.pilot.press("colon", "colon")
            await here.until(lambda: isinstance(here.app.screen, Picker))
            await here.pilot.press("l", "a", "enter")
            await here.rest()
            assert here.desk.composer.text == "Hi @c1, sorry."
            assert here.desk.composer.has_focus

    asyncio.run(story())


def test_the_key_of_the_palette_moves_up_in_the_picker(store: Store) -> None:
    fill(store, 1)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("")
            await here.app.filling.canned()
            await here.until(lambda: isinstance(here.app.screen, Picker) and here.app.focused)
            await here.pilot.press("ctrl+p")
            await here.rest()
            assert isinstance(here.app.screen, Picker)

    asyncio.run(story())


# -- start and end --------------------------------------------------------------------------------


def test_a_desk_out_of_reach_at_the_start_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 1)
    from tui.screens import jobs, reaching

    arrive, calls = jobs.arrive, []

    def refusing(session: Any, **values: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OutOfReach("The database is locked; wait a moment.")
        arrive(session, **values)

    monkeypatch.setattr(jobs, "arrive", refusing)
    monkeypatch.setattr(reaching, "AGAIN_S", 0.05)

    async def story() -> None:
        async with opened(store) as here:
            assert "The database is locked" in here.status
            assert store.reader().open_shift("ana")
            await here.do("claim")
            assert owner(store, 1) == "ana"

    asyncio.run(story())


def test_what_storage_refuses_is_a_sentence_and_nothing_is_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Kept")
            transaction = Store.transaction

            def locked(self: Store) -> Any:
                raise OutOfReach("The database is locked; wait a moment.")

            monkeypatch.setattr(Store, "transaction", locked)
            await here.do("leave")
            assert "The database is locked" in here.status
            monkeypatch.setattr(Store, "transaction", transaction)
            await here.app.refresh_all()
            await here.rest()
            assert here.desk.composer.text == "Kept"
            assert draft(store, 1) == "Kept"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OutOfReach("The database is gone; open the desk again."), "The database is gone; open the desk again."),
        (ValueError("no such thing"), "The worker stumbled (no such thing) and starts again; the outbox is safe."),
    ],
)
def test_what_stops_the_worker_is_said_and_what_is_out_of_reach_in_its_own_words(
    store: Store, error: Exception, said: str
) -> None:
    async def play() -> None:
        async with opened(store) as here:
            await asyncio.to_thread(here.app._stumbled, error)
            assert here.status == said

    asyncio.run(play())


def test_the_end_asks_for_every_claim_also_those_scrolled_away(store: Store) -> None:
    fill(store, 30)

    async def story() -> None:
        async with opened(store) as here:
            for number in range(1, 31):
                with store.transaction() as session:
                    claims.claim(session, number, agent="ana", now=clock.now(), lease=HOUR)
            await here.until(lambda: title(here.desk.claimed) == "Claimed 30")
            here.desk.claimed.focus()
            await here.rest()
            await here.do("bottom")
            await here.app.refresh_all()
            here.app.action_do("end-shift")
            await here.until(lambda: isinstance(here.app.screen, EndShift))
            assert len(here.app.screen.fates) == 30  # type: ignore[attr-defined]
            await here.pilot.press("e", "y")
            await here.until(lambda: here.app.summary is not None)
        found = {row.id: row.state for row in rows(store.reader())}
        assert found == {1: "resolved"} | dict.fromkeys(range(2, 31), "new")
        assert here.app.return_code == 0

    asyncio.run(story())


def test_held_replies_are_settled_at_the_end(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Hello, which coach?")
            await send(here)
            here.app.action_do("end-shift")
            await here.until(lambda: isinstance(here.app.screen, EndShift))
            assert len(here.app.screen.held) == 1  # type: ignore[attr-defined]
            await here.pilot.press("U", "y")
            await here.until(lambda: here.app.summary is not None)
        assert [reply.state for reply in store.reader().replies(1)] == ["recalled"]

    asyncio.run(story())


def test_a_small_terminal_keeps_the_editor_open_behind_a_dialog(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store, size=(80, 24)) as here:
            await here.write("Hello, which coach?")
            height = here.desk.composer.size.height
            assert height > 3
            here.app.push_screen(Prompt("t", "h"))
            await here.until(lambda: isinstance(here.app.screen, Prompt))
            await here.pilot.press("escape")
            await here.rest()
            assert here.desk.composer.has_focus
            assert here.desk.composer.size.height == height

    asyncio.run(story())


def test_a_theme_of_the_palette_keeps_everything_in_place(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            before = lines(here.desk.feed), lines(here.desk.conversation)
            for command in here.app.get_system_commands(here.desk):
                if command.title.startswith("Theme "):
                    command.callback()
                    await here.pilot.pause()
                    assert (lines(here.desk.feed), lines(here.desk.conversation)) == before
            await here.do("help")
            assert isinstance(here.app.screen, Sheet)

    asyncio.run(story())


def test_another_window_in_front_leaves_the_editor_open(store: Store) -> None:
    fill(store)

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Hello")
            here.app.post_message(events.AppBlur())
            here.app.post_message(events.AppFocus())
            await here.rest()
            assert here.desk.composer.has_focus
            assert not here.desk.composer.read_only

    asyncio.run(story())
