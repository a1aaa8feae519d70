"""One account on Bluesky: what it reads, what it publishes, and whether that is out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.errors import OutOfReach
from tui.networks import limits as counted
from tui.networks import pictures
from tui.networks.accounts import Account, Tokens
from tui.networks.bluesky import publishing, reading, streams
from tui.networks.bluesky.messages import SETTLES, Messages
from tui.networks.bluesky.reading import Unreadable
from tui.networks.bluesky.session import FULL, PUBLIC_ONLY, Refusal, Session
from tui.networks.bluesky.streams import Entry, Reader, Stream
from tui.networks.records import (
    Author,
    Finding,
    Outgoing,
    Page,
    Post,
    RateLimited,
    Receipt,
    ServerLimits,
    Source,
)
from tui.networks.wire import Wire

PER_PAGE = 100
"""The most that listNotifications, getAuthorFeed and searchPosts give at once."""
PER_LOOK = 25
"""Posts that getPosts shows at once."""
REASONS = ("mention", "reply", "quote", "repost")
DEPTH, HEIGHT = 10, 80
"""How much of a thread is read below a post, and above it."""
MOST_OF_THREAD = 500
SEARCH_EVERY = 5
"""So many times more rarely than what addresses us is what only names us looked for."""


class Bluesky:
    """The client of one account."""

    network = reading.NETWORK
    settles: Millis = SETTLES
    """Because of messages; a post is found by its key as soon as it is out."""

    def __init__(self, account: Account, tokens: Tokens, wire: Wire) -> None:
        self.account = account.handle
        self._did = account.native_id
        self._wanted = account.wanted
        self._wire = wire
        self._session = Session(self._wire, tokens, account.native_id)
        self._messages = Messages(self._session, account.native_id, account.handle)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Mentions, messages where they are allowed, our own posts, and the words of our brand."""
        every = self._wanted.every
        found = [Source("mentions", every, calls=2)]
        if self._messages.allowed:
            found.append(Source("messages", every))
        found.append(Source("own", every))
        if self._wanted.search:
            found.append(Source("search", every * SEARCH_EVERY, calls=len(self._wanted.search)))
        return tuple(found)

    # -- reading ----------------------------------------------------------------------------------

    def read(self, source: str, cursor: str | None, *, now: Millis) -> Page:
        """What came since `cursor`. Raises RateLimited, LoggedOut, OutOfReach."""
        if source == "messages":
            return self._messages.read(cursor)
        if source not in self._streams:
            raise OutOfReach(f"Bluesky has no source {source!r:.40}.")
        return streams.read(self._streams[source], cursor, now=now, rate=lambda: self._session.rate)

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post, what it answers up to its root, and what answers it; of a message, its conversation."""
        if not post_id.startswith("at://"):
            return self._messages.conversation(post_id)
        node = self._node(post_id, depth=DEPTH, height=HEIGHT)
        found = {post.id: post for post in _nodes(node, self.account)}
        if post_id not in found:
            found[post_id] = self._hidden(post_id, node)
        return tuple(sorted(found.values(), key=lambda post: post.created_at))

    def gone(self, post_ids: Sequence[str]) -> frozenset[str]:
        """Which of these posts are not there any more; one that a block hides is. Raises OutOfReach and its kin."""
        public = [one for one in post_ids if one.startswith("at://")]
        shown = self._shown(public)
        return frozenset(one for one in public if one not in shown and _is_gone(self._node(one, depth=0, height=0)))

    def limits(self) -> ServerLimits:
        """What every Bluesky server takes."""
        return ServerLimits(characters=counted.BLUESKY_GRAPHEMES, pictures=pictures.MOST)

    def _node(self, uri: str, *, depth: int, height: int) -> Any:
        """A post in its thread, which may say instead that it is not found, or blocked."""
        asked = {"uri": uri, "depth": depth, "parentHeight": height}
        try:
            return self._session.query("app.bsky.feed.getPostThread", asked).get("thread")
        except Refusal as refusal:
            if refusal.name != "NotFound":
                raise
            return {"notFound": True}

    def _notifications(self, cursor: str | None, many: int = PER_PAGE) -> Mapping[str, Any]:
        asked = {"limit": many, "cursor": cursor, "reasons": list(REASONS)}
        return self._session.query("app.bsky.notification.listNotifications", asked)

    def _feed(self, cursor: str | None, many: int = PER_PAGE) -> Mapping[str, Any]:
        asked = {"actor": self._did, "filter": "posts_with_replies", "limit": many, "cursor": cursor}
        return self._session.query("app.bsky.feed.getAuthorFeed", asked)

    def _search(self, phrase: str, cursor: str | None, many: int = PER_PAGE) -> Mapping[str, Any]:
        asked = {"q": phrase, "sort": "latest", "limit": many, "cursor": cursor}
        return self._session.query("app.bsky.feed.searchPosts", asked)

    @cached_property
    def _streams(self) -> dict[str, dict[str, Stream]]:
        """What is read backwards: of each source its streams, by name."""
        mentions = Stream(self._notifications, "notifications", _indexed, self._addressed)
        own = Stream(self._feed, "feed", lambda entry: _indexed(entry.get("post") or {}), self._written)
        search = {
            phrase: Stream(partial(self._search, phrase), "posts", _indexed, self._viewed)
            for phrase in self._wanted.search
        }
        return {"mentions": {"mentions": mentions}, "own": {"own": own}, "search": search}

    def _addressed(self, entries: Sequence[Entry]) -> Iterator[Reader]:
        """Of notifications: reposts as they are, posts as they are shown now, else as they were listed."""
        posts = [entry.get("uri") for _, entry in entries if entry.get("reason") != "repost"]
        shown = self._shown([uri for uri in posts if isinstance(uri, str)])
        for place, entry in entries:
            if entry.get("reason") == "repost":
                yield place, partial(reading.repost, entry, self.account)
            elif entry.get("reason") in REASONS:
                view = shown.get(str(entry.get("uri")))
                yield place, partial(reading.post if view else reading.listed, view or entry, self.account)

    def _written(self, entries: Sequence[Entry]) -> Iterator[Reader]:
        """Of a feed: what its owner wrote; what they reposted has a reason to be there."""
        for place, entry in entries:
            if "reason" not in entry:
                yield place, partial(reading.post, entry.get("post"), self.account)

    def _viewed(self, entries: Sequence[Entry]) -> Iterator[Reader]:
        for place, entry in entries:
            yield place, partial(reading.post, entry, self.account)

    def _shown(self, uris: Sequence[str]) -> dict[str, Any]:
        """Posts as they are now, by address; one that is gone or hidden from us is not among them."""
        found: dict[str, Any] = {}
        for start in range(0, len(uris), PER_LOOK):
            some = uris[start : start + PER_LOOK]
            answer = self._session.query("app.bsky.feed.getPosts", {"uris": list(some)})
            shown = (view for view in reading.items(answer.get("posts")) if isinstance(view, dict))
            found |= {view["uri"]: view for view in shown if view.get("uri") in some}
        return found

    def _hidden(self, uri: str, node: Any) -> Post:
        """A post that a thread does not show: it is deleted, or there is a block between its author and us."""
        did, collection, rkey = [*uri.removeprefix("at://").split("/"), "", ""][:3]
        by = self._profile(did)
        if isinstance(node, dict) and node.get("blocked") is True:
            asked = {"repo": did, "collection": collection, "rkey": rkey}
            try:
                record = self._session.query("com.atproto.repo.getRecord", asked).get("value")
                return reading.behind_block(uri, record, by, self.account)
            except Refusal:
                pass
            except Unreadable as error:
                raise OutOfReach(f"A post cannot be read ({error}).") from None
        return reading.gone(uri, by, self.account)

    def _profile(self, did: str) -> Author:
        try:
            return reading.author(self._session.query("app.bsky.actor.getProfile", {"actor": did}))
        except (Refusal, Unreadable):
            return Author(did, did)

    # -- publishing -------------------------------------------------------------------------------

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply. Raises RefusedByNetwork, RateLimited, LoggedOut, OutOfReach, Unclear."""
        if reply.private:
            return self._messages.send(reply)
        return publishing.publish(self._session, self._did, reply)

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """Whether it is out. Raises OutOfReach."""
        if reply.private:
            return self._messages.look_up(reply)
        return publishing.look_up(self._session, self._did, reply)

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    # -- testing ----------------------------------------------------------------------------------

    def test(self, *, now: Millis) -> tuple[Finding, ...]:
        """What can be read and written, and how many calls are left."""
        found = [self._tried("login", self._login)]
        if not found[0].ok:
            return tuple(found)
        found += [
            self._tried("mentions", partial(_read, self._notifications, "can be read")),
            self._tried("messages", self._messages.test),
            self._tried("own", partial(_read, self._feed, "our own posts can be read")),
        ]
        for phrase in self._wanted.search[:1]:
            found.append(self._tried("search", partial(_read, partial(self._search, phrase), "can be searched")))
        found.append(Finding("replies", True, f"can be published as {self.account}; {_ROOM}"))
        if (rate := self._session.rate) is not None:
            when = clock.local(rate.resets_at)
            found.append(Finding("calls", rate.left > 0, f"{rate.left:,} of {rate.limit:,} are left until {when}"))
        return tuple(found)

    def _login(self) -> str:
        answer = self._session.query("com.atproto.server.getSession", {})
        if answer.get("did") != self._did:
            raise OutOfReach("The tokens are those of another account; run `shiftdesk account add` once more.")
        if answer.get("active") is False:
            raise OutOfReach("The account is not active on its server.")
        kind = {FULL: "by the account's own password", PUBLIC_ONLY: "by an app password without messages"}
        return f"works at {self._wire.server.host} {kind.get(self._session.scope, 'by an app password')}"

    def _tried(self, what: str, trial: Callable[[], str]) -> Finding:
        try:
            return Finding(what, True, trial())
        except RateLimited as error:
            return Finding(what, False, f"{error} Calls are taken again from {clock.local(error.until)}.")
        except OutOfReach as error:
            return Finding(what, False, str(error))


_ROOM = (
    f"{counted.BLUESKY_GRAPHEMES} characters, {pictures.MOST} pictures of up to "
    f"{pictures.MOST_BYTES['bluesky'] / 1e6:g} MB"
)


def _read(fetch: Callable[..., Any], sentence: str) -> str:
    fetch(None, 1)
    return sentence


def _indexed(entry: Mapping[str, Any]) -> Any:
    return entry.get("indexedAt") if isinstance(entry, dict) else None


def _is_gone(node: Any) -> bool:
    return isinstance(node, dict) and node.get("notFound") is True


def _nodes(node: Any, account: str) -> Iterator[Post]:
    """The posts of a thread that can be read."""
    waiting, met = [node], 0
    while waiting and met < MOST_OF_THREAD:
        here = waiting.pop()
        if not isinstance(here, dict):
            continue
        met += 1
        waiting += [*reading.items(here.get("replies")), here.get("parent")]
        try:
            yield reading.post(here.get("post"), account)
        except Unreadable:
            continue
