"""The guard over what was sent already: what it would have said of each reply just before it was written.

A thread is taken as it was then: what was written before the reply, an edit or a deletion of later not yet made.
Who held what, and what an agent had seen, is not kept, so `changed` and `claimed-elsewhere` have nothing to say.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tui import clock
from tui.clock import MINUTE, Millis
from tui.config import AccountSettings, Config
from tui.desk import guard
from tui.desk.canned import library
from tui.desk.canned.fill import by_name, included_in
from tui.desk.composition import composition
from tui.desk.freshness import Word, standing
from tui.desk.guard import phrases
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.gather import target
from tui.desk.guard.telling import named, whole
from tui.store.reader import EVER, IncidentRow, Key, PastPost, PostRow, QueueRow, Reader, SentText

EXAMPLES = 3
"""Examples of each check, unless asked for more."""
_PAGE = 500
_THREADS = 64
"""Threads kept at hand: replies of one thread often follow each other."""
_WINDOW = 500
"""Texts a handle sent, as many as the desk compares with (`Reader.sent_since`)."""
_VERDICTS = ("stop", "warn", "info")


def replay(
    reader: Reader,
    *,
    since: Millis,
    now: Millis,
    config: Config,
    otherwise: Config | None = None,
    checks: Sequence[str] = guard.NAMES,
    limit: int = EXAMPLES,
) -> dict[str, Any]:
    """What the guard would have said of every reply of ours written from `since` to `now`, as plain JSON.

    `otherwise`: a configuration to compare with. Then the counts are those under it, `before` those under `config`,
    and the examples only what one of them says and the other does not.

    `replies`: posts of ours in a conversation, neither deleted nor reposts, with something of the thread before them.
    `checks`: each of `checks` with `stop`, `warn`, `info` and `fired` (their sum), `share` (of the replies, 0-1).
    `examples`: the newest `limit` of each check, the newest first.
    """
    past = _Past(reader, config)
    tallies = {name: _Tally(deque(maxlen=limit)) for name in checks}
    replies = 0
    for reply, sent in _written(reader, since, now, [config, *([otherwise] if otherwise else [])]):
        found = past.findings(reply, sent, config)
        if found is None:
            continue
        replies += 1
        after = past.findings(reply, sent, otherwise) if otherwise else found
        for name, tally in tallies.items():
            tally.count(reply, found.get(name), (after or {}).get(name), compared=otherwise is not None)
    examples = [one for tally in tallies.values() for one in reversed(tally.examples)]
    return {
        "since": clock.iso(since),
        "until": clock.iso(now),
        "replies": replies,
        "checks": [{"check": name, **tally.as_json(replies, otherwise)} for name, tally in tallies.items()],
        "examples": examples,
    }


@dataclass(slots=True)
class _Tally:
    """What one check said, how often."""

    examples: deque[dict[str, Any]]
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    def count(self, reply: PastPost, before: Finding | None, after: Finding | None, *, compared: bool) -> None:
        said = [one.verdict if one else "ok" for one in (before, after)]
        self.before[said[0]] += 1
        self.after[said[1]] += 1
        shown = after or before
        if shown is not None and (not compared or said[0] != said[1]):
            was = {"before": said[0]} if compared else {}
            self.examples.append({"check": shown.check, "verdict": said[1], **was, **_example(reply, shown)})

    def as_json(self, replies: int, otherwise: Config | None) -> dict[str, Any]:
        found = _counts(self.after, replies)
        return found | {"before": _counts(self.before, replies)} if otherwise else found


def _counts(said: Counter[str], replies: int) -> dict[str, Any]:
    fired = sum(said[verdict] for verdict in _VERDICTS)
    share = round(fired / replies, 4) if replies else None
    return {verdict: said[verdict] for verdict in _VERDICTS} | {"fired": fired, "share": share}


def _example(reply: PastPost, finding: Finding) -> dict[str, Any]:
    return {
        "conversation": reply.conversation_id,
        "post": reply.id,
        "at": clock.iso(reply.at),
        "network": reply.network,
        "account": reply.account,
        "to": named(reply.handle),
        "text": finding.text,
        "reply": whole(reply.text),
        "evidence": finding.evidence,
    }


def _written(
    reader: Reader, since: Millis, now: Millis, configs: Sequence[Config]
) -> Iterator[tuple[PastPost, list[SentText]]]:
    """Our replies in the order of writing, each with what its handle had said publicly in the stretch before it."""
    stretches: dict[int, Millis] = {}
    for account_id, network, handle in reader.accounts():
        settings = [config.account(network, handle) for config in configs]
        stretches[account_id] = max(one.same_text_minutes for one in settings) * MINUTE
    handles = [_of_handle(reader, account_id, since, now, stretch) for account_id, stretch in stretches.items()]
    yield from heapq.merge(*handles, key=lambda pair: (pair[0].at, pair[0].id))


def _of_handle(
    reader: Reader, account_id: int, since: Millis, now: Millis, stretch: Millis
) -> Iterator[tuple[PastPost, list[SentText]]]:
    window: deque[SentText] = deque(maxlen=_WINDOW)
    for post in _posts(reader, account_id, since - stretch, now):
        while window and window[0].at < post.at - stretch:
            window.popleft()
        if post.at >= since and post.conversation_id is not None and not (post.deleted or post.kind == "repost"):
            yield post, list(reversed(window))
        if post.kind != "dm":
            window.append(SentText(post.text, post.at, post.handle, post.incident_id))


def _posts(reader: Reader, account_id: int, since: Millis, now: Millis) -> Iterator[PastPost]:
    start = Key(since, 0)
    while page := reader.past_posts(account_id, start, _PAGE):
        for post in page:
            if post.at > now:
                return
            yield post
        start = Key(page[-1].at, page[-1].id)


# -- a thread as it was ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Thread:
    """A conversation with all that was ever said in it."""

    conversation: QueueRow
    posts: list[PostRow]
    quotes: list[PostRow]
    texts: dict[int, list[tuple[str, Millis]]]
    """Earlier texts by post, and when each was replaced."""
    deleted: dict[int, Millis]
    """When posts were deleted, where that was seen."""

    def then(self, reply: PastPost) -> list[PostRow]:
        """The posts before a reply, as they stood."""
        before = [post for post in self.posts if (post.created_at, post.id) < (reply.at, reply.id)]
        return [self._as_of(post, reply.at) for post in before]

    def text_of(self, reply: PastPost) -> str:
        """What it said when it went out."""
        return self._text(reply.id, reply.text, reply.at)

    def _as_of(self, post: PostRow, at: Millis) -> PostRow:
        """What came deleted, nobody saw otherwise."""
        if not (post.deleted or post.versions):
            return post
        deleted = post.deleted and self.deleted.get(post.id, 0) <= at
        return post._replace(text=self._text(post.id, post.text, at), deleted=deleted)

    def _text(self, post_id: int, text: str, at: Millis) -> str:
        return next((earlier for earlier, until in self.texts.get(post_id, ()) if until > at), text)


class _Past:
    """Makes the cases of the past."""

    def __init__(self, reader: Reader, config: Config) -> None:
        self._reader = reader
        self._phrases = phrases.known(config)
        self._thread = lru_cache(_THREADS)(self._read_thread)
        self._canned = {row["id"]: library.response(row) for row in reader.canned()}
        self._incident = lru_cache(_THREADS)(reader.incident)
        self._named = by_name(self._canned.values())
        self._incidents = tuple(reader.incidents())
        self._updates = reader.incident_updates()

    def findings(self, reply: PastPost, sent: Sequence[SentText], config: Config) -> dict[str, Finding] | None:
        """What the guard would have said, by check; None where nothing of the thread is known before it."""
        made = self._case(reply, sent, config.account(reply.network, reply.account))
        return None if made is None else {finding.check: finding for finding in guard.examine(made)}

    def _case(self, reply: PastPost, sent: Sequence[SentText], settings: AccountSettings) -> Case | None:
        thread = self._thread(reply.conversation_id or 0)
        posts = tuple(thread.then(reply))
        if not posts:
            return None
        agent, made_of = reply.agent or "", composition(reply.composition)
        canned = tuple(self._canned[one] for one in made_of.canned_ids if one in self._canned)
        conversation = _stood(thread, posts, reply, settings, agent)
        author = conversation.author_id
        return Case(
            text=thread.text_of(reply),
            now=reply.at,
            agent=agent,
            conversation=conversation,
            posts=posts,
            target=target(conversation, posts),
            settings=settings,
            sender=reply.account,
            sent=tuple(sent),
            sent_to=tuple(self._reader.sent_to(author, before=Key(reply.at, reply.id))),
            others=tuple(self._reader.others_then(conversation.id, author, reply.at)),
            incident=self._incident_then(reply),
            made_of=made_of,
            canned=canned,
            included=included_in(canned, lambda names: filter(None, map(self._named, names))),
            incidents=self._incidents,
            phrases=self._phrases,
        )

    def _read_thread(self, conversation_id: int) -> _Thread:
        reader = self._reader
        conversation = reader.conversation(conversation_id)
        assert conversation is not None, "a post stands in a conversation that is there"
        posts = reader.posts(conversation_id)
        texts: dict[int, list[tuple[str, Millis]]] = {}
        if any(post.versions for post in posts):
            for post_id, text, until in reader.earlier_texts(conversation_id):
                texts.setdefault(post_id, []).append((text, until))
        deleted: dict[int, Millis] = {}
        if any(post.deleted for post in posts):
            for event in reader.events(conversation_id=conversation_id):
                if event.kind == "post.deleted":
                    deleted[event.data["post"]] = event.at
        return _Thread(conversation, posts, reader.quotes(conversation_id), texts, deleted)

    def _incident_then(self, reply: PastPost) -> IncidentRow | None:
        """The incident with the update that was its newest."""
        found = self._incident(reply.incident_id) if reply.incident_id else None
        told = [at for incident, at in self._updates if found and incident == found.id and at <= reply.at]
        return found._replace(updated_at=told[-1]) if found and told else None


def _stood(
    thread: _Thread, posts: Sequence[PostRow], reply: PastPost, settings: AccountSettings, agent: str
) -> QueueRow:
    """The conversation as the rules of freshness had it, held by whoever answered."""
    conversation = thread.conversation
    brought = [quote for quote in thread.quotes if quote.created_at < reply.at]
    words = [Word(*(getattr(post, name) for name in Word._fields)) for post in (*posts, *brought)]
    settled_at = conversation.settled_at if (conversation.settled_at or EVER) < reply.at else None
    stood = standing(words, conversation.author_id, settings.horizon, settled_at)
    return conversation._replace(
        state="claimed", owner=agent, claimed_at=None, timer_at=None, settled_at=settled_at,
        addressed=stood.addressed, posted_at=stood.posted_at, customer_at=stood.customer_at,
        answered_at=stood.answered_at, waiting_since=stood.waiting_since, surfaced_at=stood.surfaced_at,
        surfaced_by=stood.surfaced_by, resurfaces_at=stood.resurfaces_at, reposts=stood.reposts,
    )  # fmt: skip
