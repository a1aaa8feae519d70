"""The links of a conversation: of the newest post of theirs, of pictures and in words. Nothing is opened or fetched."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui import text
from tui.store.reader import PostRow

MOST = 9
"""So many can be chosen, by a digit each."""
TEXT_CHARACTERS = 4_000
"""Of a post, so much is looked through."""
LINK_CHARACTERS = 2_048
KIND_CELLS = 20
_IN_WORDS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BEHIND = ".,;:!?…)]}'’”»"


class Link(NamedTuple):
    """A link, cleaned, and what it leads to, in words."""

    what: str
    address: str


def links(posts: Sequence[PostRow]) -> list[Link]:
    """Each once, the newest first, the post itself before what is in it; earlier posts have only what is in them."""
    found: dict[str, Link] = {}
    theirs = [post for post in reversed(posts) if not post.ours and post.kind != "repost"] or [*reversed(posts)]
    for link in (*_newest(theirs), *(one for post in theirs for one in _within(post))):
        found.setdefault(link.address, link)
    return list(found.values())[:MOST]


def _newest(posts: Sequence[PostRow]) -> Iterator[Link]:
    for post in posts:
        if post.url and (address := text.line(post.url[:LINK_CHARACTERS]).strip()):
            yield Link(f"the post by @{text.line(post.handle)}", address)
            return


def _within(post: PostRow) -> Iterator[Link]:
    for medium in post.media:
        if address := media_link(medium.get("url")):
            yield Link(medium_in_words(medium.get("type"), medium.get("alt")), address)
    for written in _IN_WORDS.findall(text.clean(post.text[:TEXT_CHARACTERS])):
        yield Link("in the text", text.line(written[:LINK_CHARACTERS]).rstrip(_BEHIND))


def media_link(address: object) -> str:
    """The link of a picture; empty where it has none that a browser opens."""
    cleaned = text.line(str(address or "")[:LINK_CHARACTERS]).strip()
    return cleaned if _IN_WORDS.fullmatch(cleaned) else ""


def medium_in_words(kind: object, alt: object) -> str:
    """`[image] an empty platform`, or that nobody described it."""
    said = text.fit(text.line(str(kind or "file")), KIND_CELLS).rstrip()
    return f"[{said}] {text.line(str(alt or '')).strip() or 'no description'}"
