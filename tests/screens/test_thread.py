"""The conversation pane, and hostile words in every pane and dialog."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from headless import lines, opened
from hypothesis import given
from hypothesis import strategies as st
from making import US, ours, post, repost, rows, take
from sqlalchemy import insert
from textual.content import Content
from textual.style import Style

from tui import clock, text
from tui.clock import DAY, HOUR, MINUTE
from tui.desk import claims, drafts
from tui.desk.canned import formats, library
from tui.networks.records import Author, Post
from tui.screens.paint import strip, wrapped
from tui.store import tables as t
from tui.store.store import Store

HOSTILE = (
    "[/]",
    "[bold",
    "[@click=app.quit]x[/]",
    "$foo [$accent] {{ x }} {% raw %}",
    "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1bP",
    "\x9b31m\x00\x07\x7f",
    "\u202eevil\u2066\u200b\ufeff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 3,
    "a" + "\u0301" * 60,
    "漢字" * 60,
    "x" * 5_000,
    "one\ntwo\r\nthree\u2028four\tfive",
    "\u00ad\u034f\u115f\u3164",
)


def hostile_posts(words: str, number: int, now: int) -> list[Post]:
    """A thread in which every field that others fill holds these words."""
    author = Author(f"id{number}{words}"[:60], words, words, followers=3, verified=True)
    media = ({"type": words, "alt": words, "url": words},)
    root = post(
        f"{number}", by=author, text=words, created_at=now - HOUR, account=US, url=words, lang="en", media=media
    )
    stranger = Author(f"s{number}", words, words)
    return [root, repost(f"r{number}", root, created_at=now - MINUTE, by=stranger)]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_hostile_words_anywhere_raise_nothing_and_stay_words(store: Store, size: tuple[int, int]) -> None:
    now = clock.now()
    take(store, *(p for n, words in enumerate(HOSTILE) for p in hostile_posts(words, n, now)), now=now)
    with store.transaction() as session:
        found, _ = formats.read(
            json.dumps([{"name": w or "n", "body": w, "tags": [w]} for w in HOSTILE]).encode(), "json"
        )
        library.store(session, found, agent=HOSTILE[2], now=now)
        for row in rows(store.reader()):
            words = HOSTILE[row.id % len(HOSTILE)]
            claims.note(session, row.id, agent=words, text=f"note {words}", now=now)
            claims.tag(session, row.id, agent=words, tags=[words], now=now)
            claim = claims.claim(session, row.id, agent="ana", now=now, lease=HOUR)
            drafts.save(session, claim, f"draft {words}", cursor=0, now=now)
            made = {
                "conversation_id": row.id, "post_id": 1, "agent": words, "epoch": 1, "text": words, "private": False,
                "state": "failed", "error": words, "key": f"k{row.id}", "created_at": now, "due_at": now, "attempts": 1,
            }  # fmt: skip
            session.execute(insert(t.replies).values(**made))

    async def story() -> None:
        async with opened(store, size=size) as here:
            for _ in range(2):
                pane = here.desk.claimed
                pane.focus()
                await here.rest()
                for _ in HOSTILE:
                    for shown in (*lines(here.desk.feed), *lines(pane), *lines(here.desk.conversation)):
                        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066" for c in shown), shown
                    await here.do("down")
            for name in ("why", "show-link", "figures", "help", "tag", "end-shift"):
                here.app.action_do(name)
                await here.until(lambda: here.app.screen is not here.desk)
                await here.pilot.pause()
                here.app.screen.dismiss(None)
                await here.rest()
            await here.write("")
            await here.app.filling.canned()
            await here.until(lambda: here.app.screen is not here.desk)
            picker: Any = here.app.screen
            for _ in HOSTILE:
                await here.pilot.pause()
                picker.action_move(1)
            picker.dismiss(None)
            await here.app.sending.send()
            await here.until(lambda: here.app.screen is not here.desk)
            await here.pilot.pause()
            here.app.screen.dismiss(None)
            await here.rest()

    asyncio.run(story())


@given(st.text(), st.integers(1, 60))
def test_a_line_is_as_wide_as_asked(words: str, width: int) -> None:
    made = strip(Content(text.line(words)), width, Style())
    assert sum(segment.cell_length for segment in made) == width


@given(st.text(), st.integers(10, 60), st.sampled_from([0, 2]))
def test_wrapping_loses_no_word_and_stays_inside(words: str, width: int, indent: int) -> None:
    cleaned = text.clean(words)
    made = wrapped(Content(cleaned), width, indent)
    assert all(line.cell_length <= width for line in made)
    assert "".join("".join(line.plain for line in made).split()) == "".join(cleaned.split())


def test_a_thread_says_the_time_of_each_post_and_whose_it_is(store: Store) -> None:
    now = clock.now()
    root = post("1", text="stuck in the lift", created_at=now - 200 * DAY, account=US)
    stranger = repost("3", root, created_at=now - 3 * MINUTE, account=US)
    take(
        store, root, ours("2", "1", text="You are out.", created_at=now - 200 * DAY + HOUR, account=US), now=now - HOUR
    )
    take(store, stranger, now=now)

    async def story() -> None:
        async with opened(store) as here:
            here.desk.feed.view = "resurfaced"
            await here.do("top")
            shown = "\n".join(lines(here.desk.conversation))
            assert "resurfaced: posted 200d · surfaced" in shown
            assert f"{clock.local(root.created_at, '%d %b %Y %H:%M')} (200d) @amandac" in shown
            assert "(199d) ↳ @northline" in shown
            assert "reposted once: @stranger 3m" in shown

    asyncio.run(story())


def test_a_thread_that_grows_stays_where_it_was_read(store: Store) -> None:
    now = clock.now()
    first = [post(f"{n}", text=f"word {n} of many", created_at=now - (90 - n) * MINUTE, account=US) for n in range(40)]
    thread = [first[0]] + [_answering(p, first[0]) for p in first[1:]]
    take(store, *thread, now=now)

    async def story() -> None:
        async with opened(store) as here:
            pane = here.desk.conversation
            assert "word 39" in "\n".join(lines(pane))
            pane.focus()
            await here.do("top", "half-down")
            before = lines(pane)
            take(store, _answering(post("new", text="word 40", created_at=now, account=US), first[0]), now=now)
            await here.until(lambda: here.app.thread and len(here.app.thread.posts) == 41)
            assert lines(pane)[3:] == before[3:]
            await here.do("bottom")
            assert "word 40" in "\n".join(lines(pane))

    asyncio.run(story())


def _answering(one: Post, root: Post) -> Post:
    return replace(one, kind="reply", in_reply_to=root.id)
