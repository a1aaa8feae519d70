"""Pictures in words and links to choose from: nothing is fetched, what is copied is what is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from headless import Opened, lines, opened
from hypothesis import given
from hypothesis import strategies as st
from making import US, post, take

from tui import clock
from tui.clock import MINUTE
from tui.screens.dialogs import Choice, Sheet
from tui.screens.links import MOST, links
from tui.store.reader import PostRow
from tui.store.store import Store

PLATFORM = {"type": "image", "alt": "an empty platform", "url": "https://img.example/1.jpg"}
BARE = {"type": "image", "url": "https://img.example/2.jpg"}
Story = Callable[[Opened], Awaitable[None]]


def on(store: Store, story: Story, **values: Any) -> None:
    take(store, post("q", created_at=clock.now() - MINUTE, account=US, **values))

    async def run() -> None:
        async with opened(store) as here:
            await story(here)

    asyncio.run(run())


def copied(here: Opened) -> str:
    return here.app.clipboard


def row(number: int = 1, **values: Any) -> PostRow:
    given = dict.fromkeys(PostRow._fields) | {
        "id": number,
        "handle": "amandac",
        "kind": "post",
        "text": "",
        "media": [],
    }
    return PostRow(**given | {"ours": False} | values)


def test_a_picture_is_told_in_words_with_its_link(store: Store) -> None:
    async def story(here: Opened) -> None:
        shown = [line.strip() for line in lines(here.desk.conversation)]
        at = shown.index("[image] an empty platform")
        assert shown[at + 1 : at + 4] == [PLATFORM["url"], "[image] no description", BARE["url"]]

    on(store, story, media=(PLATFORM, BARE))


def test_the_one_link_is_shown_at_once(store: Store) -> None:
    async def story(here: Opened) -> None:
        await here.do("show-link")
        assert isinstance(here.app.screen, Sheet)
        await here.pilot.press("escape")
        await here.do("copy-link")
        assert copied(here) == "https://x.example/1"
        assert here.status.startswith("Copied, where your terminal allows it: https://x.example/1")

    on(store, story, url="https://x.example/1")


@pytest.mark.parametrize(
    ("key", "link"), [("1", "https://x.example/1"), ("2", PLATFORM["url"]), ("3", "https://t.co/a")]
)
def test_of_several_one_is_chosen_by_its_number(store: Store, key: str, link: str) -> None:
    async def story(here: Opened) -> None:
        here.app.action_do("copy-link")
        await here.until(lambda: isinstance(here.app.screen, Choice))
        await here.pilot.press(key)
        await here.rest()
        assert (copied(here), link in here.status) == (link, True)

    on(store, story, url="https://x.example/1", media=(PLATFORM,), text="look (https://t.co/a).")


def test_without_a_link_that_is_said_and_nothing_copied(store: Store) -> None:
    async def story(here: Opened) -> None:
        await here.do("copy-link")
        assert (copied(here), here.status.startswith("This post has no link.")) == ("", True)

    on(store, story)


def test_of_earlier_posts_what_is_in_them_can_be_had_too() -> None:
    first = row(1, url="https://x.example/1", text="see https://a.example", media=[PLATFORM])
    own = row(2, url="https://x.example/2", ours=True, text="https://ours.example")
    newest = row(3, url="https://x.example/3", text="and https://a.example, https://b.example!")
    found = [link.address for link in links([first, own, newest])]
    assert found == ["https://x.example/3", "https://a.example", "https://b.example", PLATFORM["url"]]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "/relative", "", None, 7])
def test_of_a_picture_only_what_a_browser_opens_is_a_link(address: Any) -> None:
    assert links([row(media=[{"type": "image", "url": address}])]) == []


@given(st.text(), st.text(), st.lists(st.dictionaries(st.sampled_from(("type", "alt", "url")), st.text()), max_size=3))
def test_hostile_posts_give_clean_links(url: str, words: str, media: list[dict[str, str]]) -> None:
    found = links([row(url=url, text=f"https://\x1b{words}", media=media)])
    assert len(found) <= MOST
    assert not any("\x1b" in part or "\n" in part or "\x9b" in part for link in found for part in link)


def test_what_we_said_has_its_link_where_there_is_nothing_else() -> None:
    assert [link.address for link in links([row(ours=True, url="https://x.example/2")])] == ["https://x.example/2"]
