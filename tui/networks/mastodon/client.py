"""One account of ours on Mastodon, or on a server that speaks its API.

A private message is a status that only those see whom it names; who mentions us reaches us as a notification, private
or not, so messages need no source of their own.
"""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote as escaped

from tui import clock
from tui.clock import MINUTE, SECOND, Millis
from tui.errors import OutOfReach, ShiftdeskError
from tui.networks.accounts import Account, Tokens
from tui.networks.mastodon import server, statuses
from tui.networks.mastodon.calls import Calls, rate
from tui.networks.mastodon.publishing import Publishing
from tui.networks.mastodon.search import Search
from tui.networks.mastodon.statuses import Standpoint, Unreadable, acct_of, in_order, status_id
from tui.networks.records import (
    Author,
    BadLine,
    Finding,
    Outgoing,
    Page,
    Post,
    Receipt,
    ServerLimits,
    Source,
    Unclear,
)
from tui.networks.wire import Wire

AT_ONCE = 40
"""Statuses or notifications asked for in one call; servers that give fewer are read on."""
MENTIONS = ("mention", "quote", "update", "quoted_update")
"""Notifications that bring a status to be looked at."""
_ASKED_FOR = {"types[]": list(MENTIONS), "include_filtered": "true"}
"""Also those that the account, as people have set it up, puts aside because it does not know who wrote."""
ON_WATCH = 40
"""So many of the newest statuses that mention us are looked at again, for edits and deletions."""


class Mastodon:
    """One account of ours. It is used by one thread at a time."""

    network = statuses.NETWORK
    settles: Millis = 15 * SECOND

    def __init__(
        self,
        account: Account,
        tokens: Tokens,
        wire: Wire,
        *,
        now: Callable[[], Millis] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account.handle
        self._account = account
        self._wire = wire
        self._calls = Calls(wire, tokens, now=now)
        self._here = Standpoint(account.handle, account.handle.removeprefix("@").partition("@")[2] or wire.server.host)
        self._own = f"/api/v1/accounts/{escaped(account.native_id, safe='')}/statuses"
        self._search = Search(self._calls, self._here, account.wanted.search, self._own)
        self._publishing = Publishing(self._calls, self._here, self._own, self.limits, sleep)
        self._limits: ServerLimits | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    # -- reading ----------------------------------------------------------------------------------

    @property
    def sources(self) -> tuple[Source, ...]:
        """What mentions us and what we wrote, what has changed since, then tags, lists and words of the brand.

        The search is left out once the server has shown that it has none.
        """
        every = self._account.wanted.every
        now_and_then = max(3 * every, 3 * MINUTE)
        found = [Source("mentions", every), Source("own", every), Source("changes", max(2 * every, 2 * MINUTE))]
        found += [Source(f"tag:{tag}", now_and_then) for tag in self._account.wanted.tags]
        found += [Source(f"list:{one}", now_and_then) for one in self._account.wanted.lists]
        words = self._account.wanted.search
        if words and self._search.works is not False:
            found.append(Source("search", now_and_then, calls=len(words)))
        return tuple(found)

    def read(self, source: str, cursor: str | None, *, now: Millis) -> Page:
        """What came after `cursor`; None: the newest only. Raises OutOfReach and its kin."""
        kind, _, name = source.partition(":")
        match kind:
            case "mentions":
                return self._walk("/api/v1/notifications", cursor, now, self._mentioned, _ASKED_FOR)
            case "own":
                return self._walk(self._own, cursor, now, self._post, {"exclude_reblogs": "true"})
            case "changes":
                return self._changes(cursor, now)
            case "tag":
                return self._walk(f"/api/v1/timelines/tag/{escaped(name, safe='')}", cursor, now, self._post)
            case "list":
                return self._walk(f"/api/v1/timelines/list/{escaped(name, safe='')}", cursor, now, self._post)
            case "search":
                return self._search.read(cursor, now)
        raise OutOfReach(f"Mastodon has nothing called {source!r:.40} to be read.")

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post, what it answers and what answers it, as far as our server has that; nothing where it is gone."""
        path = f"/api/v1/statuses/{escaped(post_id, safe='')}"
        answer = self._calls.get(path, missing=True)
        if not answer.ok:
            return ()
        around = self._calls.json(f"{path}/context")
        around = around if isinstance(around, dict) else {}
        above, below = (around.get(name) for name in ("ancestors", "descendants"))
        found = [*statuses.items(above), self._calls.understood(answer), *statuses.items(below)]
        return tuple(statuses.posts(found, self._here)[0])

    def _walk(
        self,
        path: str,
        cursor: str | None,
        now: Millis,
        read: Callable[[Any], Post | None],
        params: dict[str, Any] | None = None,
    ) -> Page:
        """One step forward: `min_id` brings what comes right after the cursor, where `since_id` would jump.

        A cursor that the server knows nothing of any more brings the newest, and says that some may be missing.
        """
        asked = {"limit": AT_ONCE, "min_id": cursor, **(params or {})}
        answer = self._calls.get(path, asked, missing=cursor is not None)
        lost = not answer.ok
        if lost:
            answer, cursor = self._calls.get(path, asked | {"min_id": None}), None
        posts, bad, ids = self._read(self._calls.list_of(answer), cursor, read)
        newest = max(ids, key=in_order, default=cursor)
        more = cursor is not None and bool(ids)
        return Page(tuple(posts), newest, more=more, gap=lost, bad=tuple(bad), rate=rate(answer, now))

    def _read(
        self, found: list[Any], cursor: str | None, read: Callable[[Any], Post | None]
    ) -> tuple[list[Post], list[BadLine], list[str]]:
        """What is newer than the cursor, oldest first, which of it cannot be read, and all its ids.

        A server that pays no heed to `min_id` gives what is known already; that is no news.
        """
        posts: dict[str, Post] = {}
        bad: list[BadLine] = []
        ids: list[str] = []
        for number, one in reversed(list(enumerate(found, 1))):
            try:
                own_id = status_id(one.get("id") if isinstance(one, dict) else None)
                if cursor is not None and in_order(own_id) <= in_order(cursor):
                    continue
                ids.append(own_id)
                post = read(one)
                if post is not None:
                    posts[post.id] = post
            except Unreadable as error:
                bad.append(BadLine(number, str(error)))
        return sorted(posts.values(), key=lambda post: post.created_at), bad, ids

    def _post(self, status: Any) -> Post:
        return statuses.post(status, self._here)

    def _mentioned(self, notification: dict[str, Any]) -> Post | None:
        """The status of a notification; None for one of another kind, which a server may give all the same."""
        wanted = notification.get("type") in MENTIONS and notification.get("status") is not None
        return statuses.post(notification["status"], self._here) if wanted else None

    # -- what has changed -------------------------------------------------------------------------

    def _changes(self, cursor: str | None, now: Millis) -> Page:
        """The newest statuses that mention us once more, as an edit is no notification; and which of them are gone.

        A deleted status takes its notification with it; one that has another id since it was edited is still there.
        The cursor is what was there the last time.
        """
        answer = self._calls.get("/api/v1/notifications", {"limit": ON_WATCH, **_ASKED_FOR})
        posts, bad, _ = self._read(self._calls.list_of(answer), None, self._mentioned)
        uris = {post.uri for post in posts}
        oldest = min(post.created_at for post in posts) if len(posts) >= ON_WATCH else 0
        missing = [one for one in _watched(cursor) if one.uri not in uris and one.created_at >= oldest]
        gone = [self._gone(one) for one in missing if self._is_gone(one.id)]
        watched = [_Watched(post.id, post.author.handle, post.created_at, post.uri or "") for post in posts]
        return Page((*posts, *gone), json.dumps(watched), bad=tuple(bad), rate=rate(answer, now))

    def _is_gone(self, post_id: str) -> bool:
        return not self._calls.get(f"/api/v1/statuses/{escaped(post_id, safe='')}", missing=True).ok

    def _gone(self, one: "_Watched") -> Post:
        author = Author(one.handle.casefold(), one.handle)
        return Post(
            self.network, one.id, author, "", one.created_at, account=self.account, deleted=True, uri=one.uri
        )  # fmt: skip

    # -- writing ----------------------------------------------------------------------------------

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply, no more public than what it answers. Raises as `Network.publish`."""
        return self._publishing.publish(reply)

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """The reply among our own statuses. Raises OutOfReach, or Unclear where there are too many to look through."""
        return self._publishing.look_up(reply)

    # -- the server -------------------------------------------------------------------------------

    def limits(self) -> ServerLimits:
        """What the server takes. Raises OutOfReach."""
        if self._limits is None:
            self._limits = server.limits(server.instance(self._wire))
        return self._limits

    def streaming(self) -> str:
        """Where its stream is, as `https://HOST`; empty where it names none that belongs to it. Raises OutOfReach."""
        return server.streaming(server.instance(self._wire), self._wire.server.host)

    def test(self, *, now: Millis) -> tuple[Finding, ...]:
        """What can be read and written, and how many calls are left."""
        tried = (
            ("login", self._test_login),
            ("mentions", lambda: self._test_mentions(now)),
            ("server", self._test_server),
            ("search", self._test_search),
            ("stream", self._test_stream),
        )
        return tuple(_found(what, attempt) for what, attempt in tried)

    def _test_login(self) -> Finding:
        me = self._calls.json("/api/v1/accounts/verify_credentials")
        who = acct_of(me, self._here.domain)
        scopes = self._calls.scopes()
        writes = not scopes or {"write", "write:statuses"} & set(scopes)
        if not writes:
            return Finding("login", False, f"as @{who}, but our token may not write; log in again.")
        return Finding("login", True, f"as @{who}, which may read and write.")

    def _test_mentions(self, now: Millis) -> Finding:
        answer = self._calls.get("/api/v1/notifications", {"limit": 1, **_ASKED_FOR})
        left = rate(answer, now)
        calls = f"{left.left} of {left.limit} calls left until {clock.local(left.resets_at)}" if left else ""
        return Finding("mentions", True, f"can be read; {calls or 'the server does not say how many calls are left'}.")

    def _test_server(self) -> Finding:
        taken = self.limits()
        characters = f"{taken.characters:,} characters" if taken.characters else "500 characters, as it says nothing"
        return Finding("server", True, f"takes {characters}, a link costs {taken.link_length or 23} of them.")

    def _test_search(self) -> Finding:
        if not self._account.wanted.search:
            return Finding("search", True, "no words are configured, so nothing is searched for.")
        if self._search.probe():
            return Finding("search", True, "posts can be searched for.")
        return Finding("search", False, "the server does not search posts; use tags instead. It is left out.")

    def _test_stream(self) -> Finding:
        where = self.streaming()
        return Finding("stream", True, f"news at once, from {where}." if where else "none; it is asked for news.")


def _found(what: str, attempt: Callable[[], Finding]) -> Finding:
    try:
        return attempt()
    except (ShiftdeskError, Unclear, Unreadable) as error:
        return Finding(what, False, str(error))


class _Watched(NamedTuple):
    """A status that mentions us, as far as its deletion has to be told."""

    id: str
    handle: str
    created_at: Millis
    uri: str


def _watched(cursor: str | None) -> list[_Watched]:
    """What the cursor of `changes` holds; nothing where it is none."""
    try:
        return [_Watched(str(a), str(b), int(c), str(d)) for a, b, c, d in json.loads(cursor or "[]")]
    except (ValueError, TypeError, RecursionError):
        return []
