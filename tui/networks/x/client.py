"""X: one account of ours, read and written through its API v2."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.errors import OutOfReach
from tui.networks import pictures
from tui.networks.accounts import Account, Tokens
from tui.networks.records import Finding, Outgoing, Page, Post, Receipt, ServerLimits, Source
from tui.networks.wire import Wire
from tui.networks.x import costs, reading, trial
from tui.networks.x.calls import PAGE, BadRequest, Calls, listing, next_page, searching
from tui.networks.x.fields import Generation
from tui.networks.x.publishing import Publishing
from tui.networks.x.reading import Us, time_of
from tui.networks.x.walk import Walk, walk_of

REACH = {"mentions": 800, "own": 3_200}
"""How many of the newest X gives at all."""
NEARLY = 0.9
"""From so much of that reach on, what lies behind it may be missing: deleted posts count, but are not given."""
SEARCHED: Millis = 7 * DAY
MESSAGES_KEPT: Millis = 30 * DAY
"""How far back recent search and messages go."""
QUERY = 512
"""Characters of a search."""
CLIMB = 10
"""Posts above one that are looked up one by one."""
REMEMBERED = 2_000
"""Conversations of which the newest message is remembered."""
_MOST_WORD = 100
_PLAIN_WORD = re.compile(r"[#$]?\w+")


class XClient:
    """One account on X."""

    network = reading.NETWORK
    settles: Millis = 30 * SECOND

    def __init__(self, account: Account, tokens: Tokens, wire: Wire, *, now: Callable[[], Millis] = clock.now) -> None:
        self.account = account.handle
        self._account = account
        self._us = Us(account.native_id, account.handle, account.to_anyone)
        self._wire = wire
        self._calls = Calls(wire, tokens, account.handle, now)
        self._publishing = Publishing(self._calls, self._us)
        self._heard: dict[str, str] = {}
        """By conversation: the newest message of the other side."""

    # -- reading ----------------------------------------------------------------------------------

    @property
    def sources(self) -> tuple[Source, ...]:
        """Mentions first. Messages are left out where the login does not let us read them; a minute is their least:
        X allows 15 such calls in 15 minutes."""
        every = self._account.wanted.every
        messages = [Source("messages", max(every, MINUTE))] if self._may("dm.read") else []
        searches = [Source(name, 5 * every) for name in self._searches()]
        return (Source("mentions", every), *messages, Source("own", every), *searches)

    def read(self, source: str, cursor: str | None, *, now: Millis) -> Page:
        """What came after `cursor`, one page of it. Raises OutOfReach and its kin."""
        walk = walk_of(cursor)
        match source:
            case "mentions":
                return self._list(f"/2/users/{self._us.id}/mentions", {}, walk, now, reach=REACH["mentions"])
            case "own":
                return self._list(f"/2/users/{self._us.id}/tweets", {}, walk, now, reach=REACH["own"])
            case "messages":
                return self._messages(walk, now)
            case name if name in self._searches():
                return self._search(self._searches()[name], walk, now)
            case name:
                raise OutOfReach(f"X has no {name!r:.40} to read.")

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post, what it answers up to its root, and what was said in that conversation within seven days."""
        found: dict[str, Post] = {}
        conversation = self._look_at([post_id], found)
        if post_id not in found:
            return ()
        above = found[post_id].in_reply_to
        for _ in range(CLIMB):
            if above is None or (above in found and found[above].in_reply_to is None):
                break
            if above not in found:
                self._look_at([above], found)
            above = found[above].in_reply_to if above in found else None
        if conversation:
            if conversation not in found:
                self._look_at([conversation], found)
            body, _ = self._calls.get(*searching(f"conversation_id:{conversation}"), Generation.posts)
            found |= {post.id: post for post in reading.posts(body, self._us).posts}
        return tuple(sorted(found.values(), key=lambda post: (post.created_at, int(post.id))))

    def gone(self, post_ids: Sequence[str]) -> frozenset[str]:
        """Which of these posts, 100 at most, X says are not there any more: deleted, with all their versions."""
        if not post_ids:
            return frozenset()
        body, _ = self._calls.get("/2/tweets", {"ids": ",".join(post_ids[:PAGE])})
        return reading.gone(body) & frozenset(post_ids)

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply, in public or as a direct message; see `Network.publish`."""
        return self._publishing.publish(reply)

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """Find a reply that may be out. That it is not is believed only after everything since was read."""
        return self._publishing.look_up(reply)

    def test(self, *, now: Millis) -> tuple[Finding, ...]:
        """What can be read and written, how many calls are left, and what it may cost."""
        return trial.findings(self._calls, self._us, tuple(self._searches().values()), self._account, now)

    def limits(self) -> ServerLimits:
        """What X takes: its length is its own, pictures as everywhere."""
        return ServerLimits(pictures=pictures.MOST)

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _may(self, scope: str) -> bool:
        """Whether our login allows that; one that does not say what it allows is tried."""
        given = self._calls.tokens.get("scope")
        return not given or scope in given.split()

    def _searches(self) -> dict[str, str]:
        """By source, the search for words of our brand in what neither is ours nor names us.

        Reposts only where they are wanted: they are paid like posts, and what they repeat is found by itself while new.
        """
        name = self._us.name
        rest = f" -from:{name} -@{name}"
        rest += "" if self._account.wanted.reposts else " -is:retweet"
        queries: list[list[str]] = []
        for word in filter(None, map(_searched, self._account.wanted.search)):
            if queries and len(" OR ".join([*queries[-1], word])) + len(rest) + 2 <= QUERY:
                queries[-1].append(word)
            else:
                queries.append([word])
        return {
            "search" if number == 1 else f"search:{number}": f"({' OR '.join(words)}){rest}"
            for number, words in enumerate(queries, 1)
        }

    def _list(
        self,
        path: str,
        params: Mapping[str, Any],
        walk: Walk | None,
        now: Millis,
        *,
        reach: int = 0,
        lost: bool = False,
    ) -> Page:
        """A page of a list that is walked down by ids. `lost`: what came first after it is not given any more."""
        asked = {"max_results": PAGE, **params}
        if walk is not None:
            since = None if lost else walk.since or None
            asked |= {"since_id": since, "until_id": walk.lowest or None, "pagination_token": walk.token or None}
        try:
            body, rate = self._calls.get(path, asked, Generation.posts)
        except BadRequest as error:
            if walk is None or lost or "since_id" not in error.names:
                raise
            return self._list(path, params, walk, now, reach=reach, lost=True)
        listing(body)
        read, token = reading.posts(body, self._us), next_page(body)
        ids = _ids(read.ids, walk, now)
        newest = max(ids, default=0)
        if walk is None:
            return Page(read.posts, str(newest) if newest else None, bad=read.bad, rate=rate)
        seen, ended = walk.seen + len(read.ids), not token
        # X may give an empty page before the next full one; only its token leads on then.
        lowest, token = (min(ids), "") if ids else (walk.lowest, token)
        on = Walk(walk.since, max(newest, walk.newest), lowest, seen, token)
        gap = ended and (lost or (reach > 0 and seen >= NEARLY * reach))
        return Page(read.posts, str(on.done if ended else on), not ended, gap, read.bad, rate)

    def _search(self, query: str, walk: Walk | None, now: Millis) -> Page:
        """A page of what is found; what is older than recent search goes back counts as lost."""
        since = time_of(walk.since) if walk else 0
        lost = walk is not None and 0 < since < now - SEARCHED + HOUR
        path, params = searching(query)
        return self._list(path, params, walk, now, lost=lost)

    def _messages(self, walk: Walk | None, now: Millis) -> Page:
        """A page of direct messages, which X pages by its own token alone.

        A steady read asks for few: each is paid, those again that are known.
        """
        asked = {
            "event_types": "MessageCreate",
            "max_results": PAGE if walk is None or walk.token else costs.READ_AGAIN,
            "pagination_token": walk.token or None if walk else None,
        }
        try:
            body, rate = self._calls.get("/2/dm_events", asked, Generation.messages)
        except BadRequest as error:
            if walk is None or not walk.token or "pagination_token" not in error.names:
                raise
            return self._messages(Walk(walk.since), now)
        listing(body)
        read = reading.messages(body, self._us, self._heard)
        self._heard = dict(list(self._heard.items())[-REMEMBERED:])
        newest = max(_ids(read.ids, walk, now), default=0)
        if walk is None:
            return Page(read.posts, str(newest) if newest else None, bad=read.bad, rate=rate)
        posts = tuple(post for post in read.posts if int(post.id) > walk.since)
        token = next_page(body)
        reached = bool(read.ids) and read.ids[-1] <= walk.since
        ended = reached or not token
        gap = ended and not reached and 0 < time_of(walk.since) < now - MESSAGES_KEPT
        lowest = min(read.ids, default=walk.lowest or walk.since + 1)
        on = Walk(walk.since, max(newest, walk.newest), lowest, walk.seen + len(read.ids), token)
        return Page(posts, str(on.done if ended else on), not ended, gap, read.bad, rate)

    def _look_at(self, ids: Sequence[str], found: dict[str, Post]) -> str:
        """Add these posts and what they point at to `found`; the conversation the first of them is in."""
        body, _ = self._calls.get("/2/tweets", {"ids": ",".join(ids)}, Generation.posts)
        for post in reading.all_posts(body, self._us):
            found.setdefault(post.id, post)
        return reading.conversation(body)


def _ids(ids: Sequence[int], walk: Walk | None, now: Millis) -> list[int]:
    """Those that may lead on: a broken one of next year would leave out all that comes until then, and one from
    before the walk would end it."""
    since = walk.since if walk else 0
    return [one for one in ids if since < one and time_of(one) <= now + DAY]


def _searched(word: str) -> str:
    """A word of our brand as X searches it: as it stands, without the meaning that its own operators have."""
    word = " ".join(word.replace('"', " ").split())[:_MOST_WORD]
    return word if _PLAIN_WORD.fullmatch(word) and word.upper() not in ("OR", "AND") else f'"{word}"' if word else ""
