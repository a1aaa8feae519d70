"""Posts that name our brand, where the server searches posts at all: many have no index for that."""

import json
import re
from typing import Any

from tui.clock import HOUR, Millis
from tui.networks.mastodon import statuses
from tui.networks.mastodon.calls import Calls, rate
from tui.networks.mastodon.statuses import Standpoint, Unreadable, in_order, status_id
from tui.networks.records import BadLine, Page, Post, Rate

PATH = "/api/v2/search"
AT_ONCE = 40
PAGES = 3
"""So far back one read goes when everything is new."""
INDEXED: Millis = HOUR
"""A post that old can be found, if posts can be found at all."""
_WORD = re.compile(r"(?<!\S)\w{4,30}(?!\S)")


class Search:
    """Searches one server for a few words."""

    def __init__(self, calls: Calls, here: Standpoint, words: tuple[str, ...], own: str) -> None:
        self.works: bool | None = None
        """Whether the server searches posts; None: nobody has tried."""
        self._calls = calls
        self._here = here
        self._words = words
        self._own = own

    def read(self, cursor: str | None, now: Millis) -> Page:
        """What has been found newly. The cursor has by the word the newest found.

        What a server finds late is older than that: all of a page is given, known or not. Where nothing is found for
        any word, it may be that the server cannot search: that is found out once.
        """
        newest = _newest(cursor)
        posts: dict[str, Post] = {}
        bad: list[BadLine] = []
        left: Rate | None = None
        gap = False
        for word in self._words:
            found, missing, left = self._found(word, newest.get(word), now)
            good, poor = statuses.posts(found, self._here)
            posts |= {post.id: post for post in good}
            bad += poor
            gap = gap or missing
            newest |= {word: max((post.id for post in good), key=in_order, default=newest.get(word, ""))}
        if posts:
            self.works = True
        elif self.works is None:
            self.probe()
        ordered = tuple(sorted(posts.values(), key=lambda post: (post.created_at, in_order(post.id))))
        return Page(ordered, json.dumps(newest), gap=gap, bad=tuple(bad), rate=left)

    def probe(self) -> bool:
        """Whether the server finds a word of our own newest post that it has had the time to index.

        Where we have written none, it is believed to. Raises OutOfReach.
        """
        found = self._calls.list_of(self._calls.get(self._own, {"limit": AT_ONCE, "exclude_reblogs": "true"}))
        indexed = self._calls.now() - INDEXED
        own = (post.text for post in statuses.posts(found, self._here)[0] if post.created_at <= indexed)
        words = _WORD.findall(next(own, ""))
        self.works = not words or bool(self._page(max(words, key=len), 0)[0])
        return self.works

    def _found(self, word: str, known: str | None, now: Millis) -> tuple[list[Any], bool, Rate | None]:
        """What is found for a word, back to the newest known; whether that was not reached; what is left of calls."""
        found: list[Any] = []
        for _ in range(PAGES if known else 1):
            some, left = self._page(word, len(found), now)
            found += some
            reached = len(some) < AT_ONCE or any(in_order(_id(one)) <= in_order(known or "") for one in some)
            if reached or not known:
                return found, False, left
        return found, True, left

    def _page(self, word: str, offset: int, now: Millis = 0) -> tuple[list[Any], Rate | None]:
        params = {"q": word, "type": "statuses", "limit": AT_ONCE, "offset": offset or None}
        answer = self._calls.get(PATH, params, missing=True)
        found = self._calls.understood(answer) if answer.ok else {}
        some = found.get("statuses") if isinstance(found, dict) else None
        return some if isinstance(some, list) else [], rate(answer, now)


def _id(status: Any) -> str:
    try:
        return status_id(status.get("id") if isinstance(status, dict) else None)
    except Unreadable:
        return ""


def _newest(cursor: str | None) -> dict[str, str]:
    try:
        found = json.loads(cursor or "{}")
        return {word: newest for word, newest in found.items() if type(newest) is str}
    except (ValueError, AttributeError, RecursionError):
        return {}
