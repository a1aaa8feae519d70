"""Writing a reply: the guard while typing, the handle it leaves from, its parts, offers, and who brought it back."""

import asyncio
import threading
from typing import Any

import pytest
from headless import Opened, opened
from making import US, copy_of, ours, post, quote, repost, take
from textual.widgets import Static

from tui import clock
from tui.clock import DAY, HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.desk import claims, guard, intake
from tui.desk.composition import NOTHING
from tui.desk.guard import Finding, Offer, gather
from tui.screens import jobs, review, writing
from tui.screens.dialogs import Choice, Sheet
from tui.screens.review import Decision, Review
from tui.store.reader import Reader
from tui.store.store import Store

HELP = "@northlinehelp"
LONG = " ".join(f"Sentence number {n} of many." for n in range(20))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard looks at once after a key, and a review listens at once."""
    monkeypatch.setattr(writing, "DRAFT_PAUSE_S", 0.01)
    monkeypatch.setattr(review, "SETTLE_S", 0)


@pytest.fixture
def desk(store: Store) -> Store:
    """Two customers, and two handles of ours."""
    now = clock.now()
    posts = [
        post(f"{n}", f"c{n}", f"{US} my train {n} is late", created_at=now - (30 - n) * MINUTE, account=US)
        for n in (1, 2)
    ]
    take(store, *posts, now=now)
    with store.transaction() as session:
        intake.ensure_account(session, "x", HELP, now)
    return store


def title(here: Opened) -> str:
    return str(here.desk.composer.border_title)


async def reviewed(here: Opened) -> Review:
    """ctrl+s; the review."""
    here.desk.composer.action_ask("send")
    await here.until(lambda: isinstance(here.app.screen, Review) and here.app.screen.query("#asks"))
    await here.rest()
    assert isinstance(here.app.screen, Review)
    return here.app.screen


async def choose(here: Opened, action: str, key: str) -> None:
    """An action of the editor that opens a choice, and the key in it."""
    here.desk.composer.action_ask(action)
    await here.until(lambda: isinstance(here.app.screen, Choice))
    await here.pilot.press(key)
    await here.rest()


def events_of(store: Store, conversation_id: int = 1) -> list[tuple[str, Any]]:
    return [
        (event.kind, event.data.get("check"))
        for event in store.reader().events(conversation_id=conversation_id)
        if event.kind.startswith("guard.")
    ]


def finding(check: str, verdict: Any = "warn", **values: Any) -> Finding:
    return Finding(check, verdict, f"{check} says so.", {"arithmetic": "1 + 1"}, **values)


def finds(monkeypatch: pytest.MonkeyPatch, *found: Finding) -> None:
    """The guard finds these, whatever is written."""
    monkeypatch.setattr(guard, "examine", lambda case: list(found))


# -- the handle -----------------------------------------------------------------------------------


def test_a_reply_leaves_from_the_handle_that_was_chosen_and_its_draft_keeps_it(desk: Store) -> None:
    async def first() -> None:
        async with opened(desk) as here:
            await here.write("Hello from help")
            assert " as " not in title(here)
            await choose(here, "sender", "2")
            assert f"Reply to @c1 as {HELP} " in title(here)
            assert here.desk.composer.has_focus
            assert desk.reader().draft(1).account == HELP  # type: ignore[union-attr]

    async def second() -> None:
        async with opened(desk) as here:
            here.desk.claimed.focus()
            await here.rest()
            await here.write("")
            assert f" as {HELP} " in title(here)
            screen = await reviewed(here)
            assert screen.route == f"{HELP} publicly to @c1 on x"
            wrong = next(stop for stop in screen.open_stops if stop.check == "wrong-account")
            assert wrong.asks == HELP
            screen.dismiss(Decision("send", (guard.Overridden("wrong-account", HELP, "they have the case"),)))
            await here.until(lambda: here.app.screen is here.desk)
            await here.rest()
            assert [reply.account for reply in desk.reader().replies(1)] == [HELP]
            await here.do("next")
            await here.write("Another")
            assert " as " not in title(here)

    asyncio.run(first())
    asyncio.run(second())


def test_the_conversations_own_handle_is_chosen_back(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello")
            await choose(here, "sender", "2")
            await choose(here, "sender", "1")
            assert " as " not in title(here)
            assert desk.reader().draft(1).account is None  # type: ignore[union-attr]

    asyncio.run(story())


def test_with_one_handle_there_is_none_to_choose(store: Store) -> None:
    take(store, post("1", text=f"{US} late", created_at=clock.now() - MINUTE, account=US), now=clock.now())

    async def story() -> None:
        async with opened(store) as here:
            await here.write("Hello")
            here.desk.composer.action_ask("sender")
            await here.until(lambda: "no other handle on x" in here.status)

    asyncio.run(story())


def test_count_and_checks_are_those_of_the_handle_it_leaves_from(desk: Store) -> None:
    config = Config(accounts={f"x:{HELP}": AccountSettings(length_limit=900, checks={"wrong-account": "off"})})

    async def story() -> None:
        async with opened(desk, config=config) as here:
            await here.write("Hello")
            assert "5/280" in title(here)
            await choose(here, "sender", "2")
            assert "5/900" in title(here)
            screen = await reviewed(here)
            assert screen.set_otherwise == "wrong-account off"
            assert screen.parts == [("Hello", "5 of 900 characters")]

    asyncio.run(story())


# -- the guard while typing -----------------------------------------------------------------------


def test_what_the_guard_finds_stands_in_the_title_while_typing(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello {{ name }}")
            await here.until(lambda: "■ placeholder" in title(here))
            assert here.desk.composer.has_focus
            here.desk.composer.load_text("Hello Amanda")
            here.app.writing.typed()
            assert title(here).endswith("placeholder …")
            await here.until(lambda: "placeholder" not in title(here))
            assert "…" not in title(here)

    asyncio.run(story())


def test_a_draft_that_is_opened_again_has_its_findings_before_a_key(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello {{ name }}")
            await here.do("leave")
            here.app.action_do("reply")
            await here.until(lambda: "■ placeholder" in title(here))
            assert here.desk.composer.text == "Hello {{ name }}"

    asyncio.run(story())


@pytest.mark.parametrize("meanwhile", ["typed", "gone"])
def test_what_was_found_for_another_text_is_not_shown(
    desk: Store, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    async def story() -> None:
        looked, go_on, looks, enough = threading.Event(), threading.Event(), [], threading.Event()

        def slow(self: Any, reader: Any, **values: Any) -> list[Finding]:
            looks.append(values["words"])
            looked.set()
            (go_on if values["words"] == "Old" else enough).wait(10)
            return [finding("tone")] if values["words"] == "Old" else []

        async with opened(desk) as here:
            await here.write("")
            monkeypatch.setattr(jobs.Glance, "examine", slow)
            here.desk.composer.insert("Old")
            await here.until(looked.is_set)
            if meanwhile == "typed":
                here.desk.composer.insert(" and new")
            else:
                here.app.action_do("leave")
                await here.until(lambda: not here.desk.composer.has_focus)
                here.app.writing.show(None)
            go_on.set()
            if meanwhile == "typed":
                await here.until(lambda: len(looks) == 2)
                await here.pilot.pause(0.05)
            else:
                await here.rest()
            enough.set()
            assert here.app.writing._findings == []
            assert "tone" not in title(here)

    asyncio.run(story())


def test_a_pause_gathers_nothing_until_something_happens(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered, threads = [], []
    case, posts = gather.case, Reader.posts

    def counted(*arguments: Any, **values: Any) -> guard.Case:
        gathered.append(arguments[2])
        return case(*arguments, **values)

    def read(self: Reader, conversation_id: int) -> Any:
        threads.append(conversation_id)
        return posts(self, conversation_id)

    monkeypatch.setattr(gather, "case", counted)
    monkeypatch.setattr(Reader, "posts", read)
    reader = desk.reader()
    with desk.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=clock.now(), lease=HOUR)
    glance = jobs.Glance()

    def look(words: str, conversation_id: int = 1, sender: str | None = None) -> list[str]:
        found = glance.examine(
            reader, conversation_id=conversation_id, words=words, agent="ana", config=Config(), made_of=NOTHING,
            sender=sender,
        )  # fmt: skip
        return [finding.check for finding in found]

    def save(words: str) -> None:
        with desk.transaction() as session:
            jobs.save_draft(session, held=claim, words=words, cursor=0, made_of=NOTHING, sender=None)

    assert "placeholder" in look("Hello {{ name }}")
    save("Hello {{ name }}")
    assert "placeholder" not in look("Hello Amanda")
    assert gathered == ["Hello {{ name }}"]
    with desk.transaction() as session:
        claims.note(session, 2, agent="ben", text="another", now=clock.now())
    assert "changed" not in look("Hello Amanda")
    assert (len(gathered), threads) == (2, [1])
    with desk.transaction() as session:
        claims.note(session, 1, agent="ben", text="she called", now=clock.now())
    assert "changed" in look("Hello Amanda")
    assert (len(gathered), threads) == (3, [1, 1])
    with desk.transaction() as session:
        claims.see(session, 1, agent="ana")
    assert "changed" not in look("Hello Amanda")
    look("Hello Amanda", 2)
    look("Hello Amanda", 2, HELP)
    assert len(gathered) == 6


# -- the last look --------------------------------------------------------------------------------


def test_a_long_text_leaves_in_the_parts_that_were_shown(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write(LONG)
            await reviewed(here)
            await here.pilot.press("p")
            await here.until(lambda: isinstance(here.app.screen, Review) and len(here.app.screen.parts) > 1)
            screen = here.app.screen
            assert isinstance(screen, Review)
            await here.rest()
            shown = [words for words, _ in screen.parts]
            assert all(count.endswith("of 280 characters") for _, count in screen.parts)
            await here.pilot.press("y")
            await here.until(lambda: here.app.screen is here.desk and not here.desk.composer.text)
            await here.rest()
            assert [reply.text for reply in desk.reader().replies(1)] == shown
            assert ("guard.stopped", "length") in events_of(desk)
            await here.do("undo")
            assert here.desk.composer.text == LONG

    asyncio.run(story())


@pytest.mark.parametrize(
    ("offer", "draft"),
    [(Offer("before", "Sorry for the wait."), "Sorry for the wait. Hello"), (Offer("instead", "Another"), "Another")],
)
def test_an_offer_becomes_the_draft_and_one_undo_takes_it_back(
    desk: Store, monkeypatch: pytest.MonkeyPatch, offer: Offer, draft: str
) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello")
            finds(monkeypatch, finding("late", offers=(offer,)))
            await reviewed(here)
            await here.pilot.press("v", "1")
            await here.until(lambda: here.app.screen is here.desk and here.desk.composer.has_focus)
            assert here.desk.composer.text == draft
            await here.until(lambda: events_of(desk) == [("guard.heeded", "late")])
            here.desk.composer.undo()
            assert here.desk.composer.text == "Hello"

    asyncio.run(story())


def test_a_review_that_is_given_up_is_on_record_with_all_it_found(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello")
            finds(monkeypatch, finding("answered", "stop", asks="reason"), finding("tone"), finding("late", "info"))
            await reviewed(here)
            await here.pilot.press("e")
            await here.until(lambda: events_of(desk) == [("guard.stopped", "answered"), ("guard.heeded", "tone")])

    asyncio.run(story())


def test_what_stops_at_the_last_moment_is_on_record_and_shown(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.write("Hello")
            finds(monkeypatch)
            screen = await reviewed(here)
            finds(monkeypatch, finding("changed", "stop", asks="reason"), finding("tone"))
            await here.pilot.press("y")
            await here.until(lambda: isinstance(here.app.screen, Review) and here.app.screen is not screen)
            assert [stop.check for stop in here.app.screen.open_stops] == ["changed"]  # type: ignore[attr-defined]
            assert events_of(desk) == [("guard.stopped", "changed"), ("guard.heeded", "tone")]
            assert desk.reader().replies(1) == []
            assert here.desk.composer.text == "Hello"

    asyncio.run(story())


# -- why ------------------------------------------------------------------------------------------


def sheet(here: Opened) -> Sheet:
    assert isinstance(here.app.screen, Sheet)
    return here.app.screen


def test_why_in_the_editor_is_about_the_text_as_it_stands(desk: Store) -> None:
    config = Config(accounts={"default": AccountSettings(checks={"namedrop": "warn"})})

    async def story() -> None:
        async with opened(desk, config=config) as here:
            await here.write("Hello {{ name }}")
            here.desk.composer.action_ask("explain")
            await here.until(lambda: isinstance(here.app.screen, Sheet))
            said = sheet(here).body.plain
            assert "stop placeholder" in said
            assert "certain" in said
            assert "set otherwise here: namedrop warn" in said
            await here.until(lambda: here.app.screen.query(Static))
            await here.pilot.press("escape")
            await here.until(lambda: here.app.screen is here.desk)
            assert here.desk.composer.has_focus

    asyncio.run(story())


def test_why_lists_who_reposted_on_request(template: Any, tmp_path: Any) -> None:
    store, now = copy_of(template, tmp_path / "reposted"), clock.now()
    root = post("1", text=f"{US} the lift at Harrowmere is out", created_at=now - 9 * DAY, account=US)
    answer = ours("2", "1", created_at=now - 9 * DAY + HOUR)
    again = repost("5", root, "amandac", created_at=now - 2 * HOUR)
    bare = repost("3", root, "mo[/]", created_at=now - 3 * HOUR, url="https://x.example/3")
    own = quote("4", root, f"{US} stuck there \x1b[2Jtoo, help", "sam", created_at=now - HOUR, account=US)
    take(store, root, answer, bare, again, own, now=now)

    async def story() -> None:
        async with opened(store) as here:
            here.desk.feed.view = "all"
            await here.app.reload(here.desk.feed)
            number = store.reader().search("Harrowmere")[0]
            await here.app.look_at(number)
            here.app.spawn(here.app.looking.why())
            await here.until(lambda: isinstance(here.app.screen, Sheet) and here.app.screen.query("#sheet"))
            first = sheet(here)
            assert "@mo" not in first.body.plain.partition("Guard")[2]
            await here.pilot.press("r")
            await here.until(lambda: here.app.screen is not first)
            rows = sheet(here).body.plain.splitlines()
            assert rows[0].startswith("@sam 1h ago · quote")
            assert "conversation" in rows[0]
            assert "stuck there" in rows[1]
            assert "\x1b" not in rows[1]
            assert rows[2:] == ["@mo[/] 3h ago · repost", "  https://x.example/3"]

    asyncio.run(story())
    store.close()


def test_why_has_no_reposters_where_there_are_none(desk: Store) -> None:
    async def story() -> None:
        async with opened(desk) as here:
            await here.do("why")
            assert sheet(here).more is None

    asyncio.run(story())


def test_words_typed_after_a_colleague_took_over_wait_in_a_note(desk: Store) -> None:
    async def play() -> None:
        async with opened(desk) as here:
            here.desk.feed.go_to(1)
            await here.until(lambda: here.shown == 1)
            await here.write("We are looking")
            await here.until(lambda: desk.reader().draft(1) is not None)
            with desk.transaction() as session:
                claims.take_over(session, 1, agent="ben", reason="on the phone", now=clock.now(), lease=HOUR)
            here.desk.composer.insert(" for your bag at York")
            await waiting("We are looking for your bag at York")
            here.desk.composer.insert(" station")
            await here.until(lambda: "Your words wait in your note about it (view all, m)." in here.status)
            assert "taken over by ben" in here.status
            await waiting(kept)
            draft = desk.reader().draft(1)
            assert draft is not None
            assert draft.text == "We are looking"
            await here.app.looking._show(here.desk.feed, "all", "")
            here.desk.feed.go_to(1)
            await here.until(lambda: here.shown == 1)
            await here.do("note")
            assert here.desk.composer.mode == "note"
            assert here.desk.composer.text == kept

    async def waiting(words: str) -> None:
        for _ in range(1000):
            if (found := desk.reader().scratch("ana", "note:1")) and found.text == words:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{words!r} does not wait in a note")

    kept = "We are looking for your bag at York station"
    asyncio.run(play())
