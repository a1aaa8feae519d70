"""Reading the desk, in plain SQL on a DBAPI connection: first paint and every pane use it, no ORM is loaded.

Pages are windows by key (never OFFSET), so that row one million costs what row one costs.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tui.clock import Millis
from tui.store.dialect import Dialect
from tui.store.home import Connection

ViewName = Literal["waiting", "mine", "resurfaced", "all"]
COUNT_LIMIT = 10_000
"""Counts stop here: an agent needs no more, and the query stays under a millisecond."""
SEARCH_LIMIT = 500
TYPED_LIMIT = 20_000
"""How many replies are looked through for a text that is typed again and again."""
EVER: Millis = 2**62
"""Beyond every time there is."""
Doing = Literal["looks", "writes", "away"]
"""What an agent does at a desk."""
GONE: Millis = 8_000
"""An open desk that has not told for so long that it is alive is taken as gone (ms)."""


class QueueRow(NamedTuple):
    """One conversation as the queue shows it."""

    id: int
    network: str
    account: str | None
    author_id: int
    author_native_id: str
    handle: str
    name: str
    followers: int
    verified: bool
    private: bool
    state: str
    owner: str | None
    epoch: int
    claimed_at: Millis | None
    timer_at: Millis | None
    rank: Millis
    reasons: list[dict[str, Any]]
    addressed: str
    posted_at: Millis
    customer_at: Millis
    answered_at: Millis | None
    waiting_since: Millis | None
    surfaced_at: Millis
    surfaced_by: str | None
    resurfaces_at: Millis | None
    settled_at: Millis | None
    reposts: int
    preview: str
    tags: list[str]
    has_draft: bool
    incident_id: int | None = None
    incident: str | None = None
    """Its name."""
    reserved_by: str | None = None
    """The colleague who has its customer: they hold another conversation of the same person, and nobody holds this."""


class PostRow(NamedTuple):
    """One post of a thread."""

    id: int
    network: str
    native_id: str
    author_id: int
    handle: str
    name: str
    kind: str
    text: str
    created_at: Millis
    seen_at: Millis
    in_reply_to: str | None
    root_id: str | None
    url: str | None
    reposts: int
    likes: int
    media: list[dict[str, Any]]
    lang: str | None
    deleted: bool
    ours: bool
    addressed: str
    reply_allowed: bool
    versions: int
    conversation_id: int | None
    reply_denied: str | None = None


class ReplyRow(NamedTuple):
    """One reply of ours and how far it got."""

    id: int
    conversation_id: int
    post_id: int
    agent: str
    text: str
    private: bool
    state: str
    created_at: Millis
    due_at: Millis
    sent_at: Millis | None
    native_id: str | None
    error: str | None
    key: str
    network: str
    account: str | None
    handle: str
    part: int = 1
    parts: int = 1
    first_id: int | None = None
    seen_event: int | None = None
    composition: dict[str, Any] | None = None
    """What it is made of beside its words, see `tui.desk.composition`."""
    scheduled: bool = False
    """It is to leave at its time, not after an undo window."""
    braked_at: Millis | None = None
    """Since when nothing leaves from its handle; by whom, and why."""
    braked_by: str | None = None
    brake_reason: str | None = None
    led_until: Millis | None = None
    """Until when a worker has the lease that it leaves under; None: nobody has it."""


class AgentRow(NamedTuple):
    """Somebody who works here. `role` is agent, lead or admin, or removed."""

    name: str
    role: str
    since: Millis
    on_shift_since: Millis | None
    holds: int
    """How many conversations they have claimed."""


class BrakeRow(NamedTuple):
    """A handle of ours from which nothing leaves."""

    account_id: int
    network: str
    handle: str
    at: Millis
    by: str
    reason: str
    waiting: int
    """How many replies it keeps from leaving."""


class DraftRow(NamedTuple):
    """The text being written for a conversation."""

    conversation_id: int
    agent: str
    text: str
    cursor: int
    updated_at: Millis
    account: str | None = None
    """The handle it is to leave from, where that is not the conversation's own."""
    composition: dict[str, Any] | None = None
    """What it is made of beside its words, see `tui.desk.composition`."""


class NoteRow(NamedTuple):
    """A word between colleagues."""

    id: int
    agent: str
    text: str
    created_at: Millis


class InboxRow(NamedTuple):
    """A note that names somebody."""

    id: int
    conversation_id: int
    network: str
    handle: str
    """The customer it is about."""
    agent: str
    """Who wrote it."""
    text: str
    created_at: Millis
    read_at: Millis | None


class ScratchRow(NamedTuple):
    """A text somebody is still writing that is no reply."""

    text: str
    cursor: int
    updated_at: Millis


class PromiseRow(NamedTuple):
    """Something we told a customer we would do by a time."""

    id: int
    conversation_id: int
    reply_id: int | None
    agent: str
    text: str
    made_at: Millis
    due_at: Millis
    settled_at: Millis | None
    settled_by: str | None
    outcome: str | None
    """`kept` or `dropped`; None while it is open."""
    network: str
    handle: str


class PresentRow(NamedTuple):
    """An open desk, or one that is gone before it was closed."""

    agent: str
    doing: Doing | Literal["dropped"]
    conversation_id: int | None
    since: Millis
    """Since when it does that there; `dropped`: when it was last alive."""
    did: Doing
    """What it did, before its line dropped too."""
    id: str
    host: str
    pid: int
    beat_at: Millis


class EventRow(NamedTuple):
    """One entry of the event log."""

    id: int
    at: Millis
    agent: str
    kind: str
    conversation_id: int | None
    data: dict[str, Any]


class ShiftRow(NamedTuple):
    """A stretch of work; what follows `last_event` is empty until it ends, and the last three until it is acked."""

    id: int
    agent: str
    started_at: Millis
    ended_at: Millis | None
    first_event: int
    last_event: int | None
    summary: dict[str, Any]
    digest: str | None
    acked_by: str | None
    acked_at: Millis | None
    read_back: str | None


class WaitingRow(NamedTuple):
    """What waits for one account; `late` of it past the target. `oldest` is a `waiting_since`."""

    account_id: int | None
    waiting: int
    late: int
    oldest: Millis | None


class ResponseRow(NamedTuple):
    """A conversation in which the customer spoke: how often, when first of all, and our first post after that.

    `answered_at` is only looked up for conversations that opened in the window.
    """

    account_id: int | None
    words: int
    opened_at: Millis
    answered_at: Millis | None


class SentText(NamedTuple):
    """A text one of our handles published."""

    text: str
    at: Millis
    handle: str
    """Whom it was for; empty where unknown."""
    incident_id: int | None = None
    """The incident it was about."""


class PastPost(NamedTuple):
    """A post of ours as it went out, and what left with it where this desk sent it."""

    id: int
    at: Millis
    text: str
    kind: str
    deleted: bool
    network: str
    account: str | None
    """The handle it left from."""
    conversation_id: int | None
    handle: str
    """Whom it was for; empty where unknown."""
    incident_id: int | None
    agent: str | None
    """Who wrote it; None when it came from the network."""
    composition: dict[str, Any] | None
    """What it was made of beside its words, see `tui.desk.composition`."""


class UseRow(NamedTuple):
    """How often a canned response was used, and by one agent (`mine`)."""

    canned_id: int
    uses: int
    last: Millis
    mine: int
    mine_last: Millis | None
    edited: int


class CannedVersionRow(NamedTuple):
    """What a canned response was like from `at` on, and who made it so."""

    version: int
    at: Millis
    agent: str
    fields: dict[str, Any]


class TypedRow(NamedTuple):
    """A reply that was typed by hand."""

    id: int
    conversation_id: int
    agent: str
    text: str
    """Whole, where it left in parts."""
    handle: str
    """Whom it was for."""
    name: str


class AftermathRow(NamedTuple):
    """What became of a reply once it was out."""

    reply_id: int
    network: str
    account: str | None
    sent_at: Millis | None
    deleted: bool
    """Whether our post is gone from the network."""
    next_at: Millis | None
    next_text: str
    """The customer's next word after it; empty where there was none."""


class OtherRow(NamedTuple):
    """Another conversation of the same person, as far as two answers can collide."""

    id: int
    network: str
    account: str | None
    handle: str
    state: str
    owner: str | None
    claimed_at: Millis | None
    timer_at: Millis | None
    answered_at: Millis | None
    """Our newest answer there, published or on its way."""
    answered_by: str | None
    """The agent who wrote it; None when it came from the network."""
    answer: str
    """Its text; empty where there is none."""
    incident_id: int | None = None
    """The incident that conversation is linked to."""


class AuthorRow(NamedTuple):
    """Somebody who wrote on one network; `customer_id` is shared by the authors of one person."""

    id: int
    network: str
    native_id: str
    handle: str
    name: str
    customer_id: int | None


class SourceRow(NamedTuple):
    """One of the streams an account with a login is read from, and how far."""

    account_id: int
    network: str
    handle: str
    name: str
    cursor: str | None
    reached_at: Millis | None
    """Everything published before this has been read."""
    read_at: Millis | None
    next_at: Millis
    error: str | None
    failing_since: Millis | None
    rate_limit: int | None
    rate_left: int | None
    rate_resets_at: Millis | None


class LoginRow(NamedTuple):
    """An account of ours that has a login."""

    id: int
    network: str
    handle: str
    server: str
    native_id: str


class AccountRow(NamedTuple):
    """An account of ours, with a login or without."""

    id: int
    network: str
    handle: str
    server: str | None
    native_id: str | None
    braked: bool
    waiting: int
    """Conversations that nobody has claimed."""
    held: int
    """Replies that are to leave."""


class IncidentRow(NamedTuple):
    """One cause behind many posts."""

    id: int
    name: str
    state: str
    text: str
    opened_at: Millis
    updated_at: Millis
    closed_at: Millis | None
    conversations: int
    """How many are linked to it, at most COUNT_LIMIT."""


class Key(NamedTuple):
    """A place in a view: its order column, then the conversation."""

    order: int
    id: int


@dataclass(frozen=True, slots=True)
class View:
    """What a view holds and how it is ordered."""

    where: str
    column: str
    descending: bool = False


VIEWS: dict[str, View] = {
    "waiting": View("c.state = 'new'", "rank"),
    "mine": View("c.state = 'claimed' AND c.owner = :agent", "claimed_at"),
    "resurfaced": View("c.resurfaces_at IS NOT NULL AND c.resurfaces_at <= :now", "surfaced_at", descending=True),
    "all": View("1 = 1", "surfaced_at", descending=True),
}

_HELD_BY_COLLEAGUE = "o.state = 'claimed' AND o.timer_at > :now AND o.owner <> :agent AND o.id <> c.id"
_RESERVED_BY = f"""CASE WHEN c.state = 'claimed' AND c.timer_at > :now THEN NULL ELSE COALESCE(
    (SELECT o.owner FROM conversation o WHERE o.author_id = c.author_id AND {_HELD_BY_COLLEAGUE} LIMIT 1),
    (SELECT o.owner FROM author s CROSS JOIN conversation o
     WHERE o.author_id = s.id AND s.customer_id = w.customer_id AND {_HELD_BY_COLLEAGUE} LIMIT 1)) END"""
"""Who has the customer of a conversation `c` by `w`. Of all conversations only those that are claimed are looked at:
an index has these by author, and finds them by these very words. SQLite takes what is crossed in this order."""

_QUEUE = f"""
SELECT c.id, c.network, a.handle, c.author_id, w.native_id, w.handle, w.name, w.followers, w.verified, c.private,
       c.state, c.owner, c.epoch, c.claimed_at, c.timer_at, c.rank, c.reasons, c.addressed, c.posted_at,
       c.customer_at, c.answered_at, c.waiting_since, c.surfaced_at, c.surfaced_by, c.resurfaces_at, c.settled_at,
       c.reposts, c.preview, c.tags, d.conversation_id IS NOT NULL, c.incident_id, i.name,
       {_RESERVED_BY}
FROM conversation c
JOIN author w ON w.id = c.author_id
LEFT JOIN account a ON a.id = c.account_id
LEFT JOIN draft d ON d.conversation_id = c.id
LEFT JOIN incident i ON i.id = c.incident_id
"""

_POST = """
SELECT p.id, p.network, p.native_id, p.author_id, w.handle, w.name, p.kind, p.text, p.created_at, p.seen_at,
       p.in_reply_to, p.root_id, p.url, p.reposts, p.likes, p.media, p.lang, p.deleted, p.ours, p.addressed,
       p.reply_allowed, (SELECT COUNT(*) FROM post_version v WHERE v.post_id = p.id), p.conversation_id,
       p.reply_denied
FROM post p JOIN author w ON w.id = p.author_id
"""

_LEASE = "CASE WHEN a.server IS NULL THEN 'worker' ELSE 'send ' || a.network || ':@' || a.name END"
"""The lane that an account's replies leave by, see `tui.worker`."""

_REPLY = (
    """
SELECT r.id, r.conversation_id, r.post_id, r.agent, r.text, r.private, r.state, r.created_at, r.due_at, r.sent_at,
       r.native_id, r.error, r.key, c.network, a.handle, w.handle, r.part, r.parts, r.first_id, r.seen_event,
       r.composition, r.scheduled, a.braked_at, a.braked_by, a.brake_reason,
       (SELECT l.until FROM lease l WHERE l.name = """
    + _LEASE
    + """)
FROM reply r
JOIN conversation c ON c.id = r.conversation_id
JOIN author w ON w.id = c.author_id
LEFT JOIN account a ON a.id = r.account_id
"""
)

_SOURCE = """
SELECT s.account_id, a.network, a.handle, s.name, s.cursor, s.reached_at, s.read_at, s.next_at, s.error,
       s.failing_since, s.rate_limit, s.rate_left, s.rate_resets_at
FROM source s JOIN account a ON a.id = s.account_id
"""

_PROMISE = """
SELECT m.id, m.conversation_id, m.reply_id, m.agent, m.text, m.made_at, m.due_at, m.settled_at, m.settled_by,
       m.outcome, c.network, w.handle
FROM promise m JOIN conversation c ON c.id = m.conversation_id JOIN author w ON w.id = c.author_id
"""
_PROMISE_DUE = """
FROM promise m WHERE m.settled_at IS NULL AND m.due_at <= :now AND NOT EXISTS (
    SELECT 1 FROM event e WHERE e.conversation_id = m.conversation_id AND e.kind = 'promise.due' AND e.at >= m.due_at)
"""
"""Promises whose time has come and that have not brought their conversation back yet; the event says that they did."""

_PERSON = """
SELECT s.id FROM author s WHERE s.id = :author
UNION SELECT s.id FROM author w JOIN author s ON s.customer_id = w.customer_id WHERE w.id = :author
"""
"""The authors who are the same person as one of them."""

_INCIDENT = f"""
SELECT i.id, i.name, i.state, i.text, i.opened_at, i.updated_at, i.closed_at,
       (SELECT COUNT(*) FROM (SELECT 1 FROM conversation c WHERE c.incident_id = i.id LIMIT {COUNT_LIMIT}) them)
FROM incident i
"""


_CALLED = ("name", "lower(name)", "shortcut", "lower(shortcut)")


class Reader:
    """Reads through one connection, in one thread at a time."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _all(self, sql: str, **values: Any) -> list[Any]:
        return list(self._connection.execute(sql, values).fetchall())

    def _one(self, sql: str, **values: Any) -> Any:
        return self._connection.execute(sql, values).fetchone()

    # -- the queue ---------------------------------------------------------------------------------

    def page(
        self,
        view: str,
        *,
        agent: str,
        now: Millis,
        limit: int,
        start: Key | None = None,
        backwards: bool = False,
        search: str = "",
    ) -> list[QueueRow]:
        """Up to `limit` rows in the order of the view, from `start` (included) on; backwards: those before it."""
        chosen = VIEWS[view]
        down = chosen.descending != backwards
        where = [chosen.where]
        if start is not None:
            sign = {(False, False): ">=", (True, False): "<=", (False, True): "<", (True, True): ">"}
            where.append(f"(c.{chosen.column}, c.id) {sign[chosen.descending, backwards]} (:order, :id)")
        if search:
            where.append(self._dialect.among("c.id", "found"))
        direction = "DESC" if down else "ASC"
        sql = (
            f"{_QUEUE} WHERE {' AND '.join(where)} "
            f"ORDER BY c.{chosen.column} {direction}, c.id {direction} LIMIT :limit"
        )
        order, key_id = start or (None, None)
        found = self._dialect.several(self.search(search)) if search else None
        rows = self._all(sql, agent=agent, now=now, limit=limit, order=order, id=key_id, found=found)
        page = [_queue_row(row) for row in rows]
        return page[::-1] if backwards else page

    def count(self, view: str, *, agent: str, now: Millis, before: Key | None = None) -> int:
        """How many the view holds (or holds before a key), at most COUNT_LIMIT."""
        chosen = VIEWS[view]
        where = chosen.where
        if before is not None:
            sign = ">" if chosen.descending else "<"
            where += f" AND (c.{chosen.column}, c.id) {sign} (:order, :id)"
        order, key_id = before or (None, None)
        sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM conversation c WHERE {where} LIMIT :limit) them"
        return int(self._one(sql, agent=agent, now=now, order=order, id=key_id, limit=COUNT_LIMIT)[0])

    def search(self, words: str) -> list[int]:
        """Conversations with a post that holds every word (the last may be a beginning), newest post first."""
        words = words.encode("utf-8", "replace").decode().replace("\0", " ")
        terms = [word for word in words.split() if any(map(str.isalnum, word))]
        if not terms:
            return []
        if any(map(_unspaced, words)):
            bound = words.strip()
            sql = (
                f"SELECT p.conversation_id FROM post p WHERE {self._dialect.holds('p.text', 'words')} "
                "AND p.conversation_id IS NOT NULL ORDER BY p.id DESC LIMIT :limit"
            )
        else:
            sql, bound = self._dialect.found(terms)
        return list(dict.fromkeys(row[0] for row in self._all(sql, words=bound, limit=SEARCH_LIMIT)))

    def conversation(self, conversation_id: int, *, agent: str = "", now: Millis = EVER) -> QueueRow | None:
        """One conversation, whatever its state; whether it is `reserved_by` a colleague of an agent, as of `now`."""
        row = self._one(f"{_QUEUE} WHERE c.id = :id", id=conversation_id, agent=agent, now=now)
        return None if row is None else _queue_row(row)

    def due_timer(self, now: Millis) -> bool:
        """Whether a lease has run out, a snoozed conversation must wake, or a promise is due."""
        sql = "SELECT 1 FROM conversation WHERE timer_at IS NOT NULL AND timer_at <= :now LIMIT 1"
        due = f"SELECT 1 {_PROMISE_DUE} LIMIT 1"
        return self._one(sql, now=now) is not None or self._one(due, now=now) is not None

    # -- one conversation --------------------------------------------------------------------------

    def posts(self, conversation_id: int) -> list[PostRow]:
        """Its posts, oldest first, folded reposts among them."""
        rows = self._all(f"{_POST} WHERE p.conversation_id = :id ORDER BY p.created_at, p.id", id=conversation_id)
        return [_post_row(row) for row in rows]

    def ancestors(self, post: PostRow, limit: int = 5) -> list[PostRow]:
        """What a thread's first post answers, outside the conversation, oldest first."""
        above: list[PostRow] = []
        wanted = post.in_reply_to or (post.root_id if post.kind == "quote" else None)
        while wanted is not None and len(above) < limit:
            row = self._one(
                f"{_POST} WHERE p.network = :network AND p.native_id = :id", network=post.network, id=wanted
            )
            if row is None:
                break
            above.insert(0, _post_row(row))
            wanted = above[0].in_reply_to
        return above

    def reposters(self, conversation_id: int, limit: int = 200) -> list[PostRow]:
        """Reposts and quotes of its posts by others, also those that are conversations of their own, newest first."""
        rows = self._all(
            f"{_POST} JOIN post q ON q.network = p.network AND q.native_id = p.root_id "
            "WHERE q.conversation_id = :id AND p.kind IN ('repost', 'quote') AND p.author_id <> q.author_id "
            "AND NOT p.ours AND NOT p.deleted ORDER BY p.created_at DESC, p.id DESC LIMIT :limit",
            id=conversation_id,
            limit=limit,
        )
        return [_post_row(row) for row in rows]

    def notes(self, conversation_id: int) -> list[NoteRow]:
        """Its notes, oldest first."""
        sql = "SELECT id, agent, text, created_at FROM note WHERE conversation_id = :id ORDER BY id"
        return [NoteRow(*row) for row in self._all(sql, id=conversation_id)]

    def inbox(self, agent: str, *, only_unread: bool = False, limit: int = 500) -> list[InboxRow]:
        """Notes that name an agent, the unread ones first, the newest first."""
        unread = "AND m.read_at IS NULL " if only_unread else ""
        rows = self._all(
            "SELECT n.id, n.conversation_id, c.network, w.handle, n.agent, n.text, n.created_at, m.read_at "
            "FROM note_mention m JOIN note n ON n.id = m.note_id JOIN conversation c ON c.id = n.conversation_id "
            f"JOIN author w ON w.id = c.author_id WHERE m.agent = :agent {unread}"
            "ORDER BY m.read_at IS NOT NULL, n.id DESC LIMIT :limit",
            agent=agent,
            limit=limit,
        )
        return [InboxRow(*row) for row in rows]

    def unread_notes(self, agent: str) -> int:
        """How many notes name an agent who has not read them."""
        sql = "SELECT COUNT(*) FROM note_mention WHERE agent = :agent AND read_at IS NULL"
        return int(self._one(sql, agent=agent)[0])

    def scratch(self, agent: str, subject: str) -> ScratchRow | None:
        """What an agent is still writing under a subject."""
        sql = "SELECT text, cursor, updated_at FROM scratch WHERE agent = :agent AND subject = :subject"
        row = self._one(sql, agent=agent, subject=subject)
        return None if row is None else ScratchRow(*row)

    def handles_in(self, conversation_id: int) -> list[str]:
        """The handles of whoever wrote in a conversation, and our own on its network."""
        rows = self._all(
            "SELECT w.handle FROM post p JOIN author w ON w.id = p.author_id WHERE p.conversation_id = :id "
            "UNION SELECT a.handle FROM account a JOIN conversation c ON c.network = a.network WHERE c.id = :id "
            "UNION SELECT w.handle FROM conversation c JOIN author w ON w.id = c.author_id WHERE c.id = :id",
            id=conversation_id,
        )
        return [row[0] for row in rows]

    def promises(self, conversation_id: int) -> list[PromiseRow]:
        """What we promised in it, open ones first, then by when they are due."""
        order = "ORDER BY m.settled_at IS NOT NULL, m.due_at, m.id"
        return [
            PromiseRow(*row)
            for row in self._all(f"{_PROMISE} WHERE m.conversation_id = :id {order}", id=conversation_id)
        ]

    def promise(self, promise_id: int) -> PromiseRow | None:
        """One promise."""
        row = self._one(f"{_PROMISE} WHERE m.id = :id", id=promise_id)
        return None if row is None else PromiseRow(*row)

    def open_promises(self, limit: int) -> list[PromiseRow]:
        """What is neither kept nor dropped, the first due first."""
        sql = f"{_PROMISE} WHERE m.settled_at IS NULL ORDER BY m.due_at, m.id LIMIT :limit"
        return [PromiseRow(*row) for row in self._all(sql, limit=limit)]

    def promises_due(self, now: Millis) -> list[int]:
        """The conversations that promises bring back now."""
        return [row[0] for row in self._all(f"SELECT DISTINCT m.conversation_id {_PROMISE_DUE} ORDER BY 1", now=now)]

    def draft(self, conversation_id: int) -> DraftRow | None:
        """Its draft."""
        sql = (
            "SELECT d.conversation_id, d.agent, d.text, d.cursor, d.updated_at, a.handle, d.composition "
            "FROM draft d LEFT JOIN account a ON a.id = d.account_id WHERE d.conversation_id = :id"
        )
        row = self._one(sql, id=conversation_id)
        return None if row is None else DraftRow(*row)._replace(composition=_json(row[6], None))

    def replies(self, conversation_id: int) -> list[ReplyRow]:
        """Its replies, oldest first."""
        return [
            _reply_row(row)
            for row in self._all(f"{_REPLY} WHERE r.conversation_id = :id ORDER BY r.id", id=conversation_id)
        ]

    def events(
        self,
        *,
        after: int = 0,
        conversation_id: int | None = None,
        agent: str | None = None,
        limit: int = 1_000_000,
    ) -> list[EventRow]:
        """Events after the id `after`, oldest first; of one conversation or agent when given."""
        where = ["e.id > :after"]
        if conversation_id is not None:
            where.append("e.conversation_id = :conversation")
        if agent is not None:
            where.append("e.agent = :agent")
        sql = (
            "SELECT e.id, e.at, e.agent, e.kind, e.conversation_id, e.data FROM event e "
            f"WHERE {' AND '.join(where)} ORDER BY e.id LIMIT :limit"
        )
        rows = self._all(sql, after=after, conversation=conversation_id, agent=agent, limit=limit)
        return [EventRow(*row)._replace(data=_json(row[5], {})) for row in rows]

    def present(self, now: Millis) -> list[PresentRow]:
        """Who is where, by agent; `dropped` is who has not been heard of for GONE, or was told that their line is gone.

        A beat that lies ahead was written before the clock was set back, and is none.
        """
        sql = (
            "SELECT agent, doing, conversation_id, since, doing, id, host, pid, beat_at, dropped_at FROM presence "
            "ORDER BY agent, since, id"
        )
        return [_present_row(row, now) for row in self._all(sql)]

    def last_event(self) -> int:
        """The newest event's id; 0 in an empty log."""
        return int(self._one("SELECT COALESCE(MAX(id), 0) FROM event")[0])

    def seen(self, conversation_id: int, agent: str) -> int | None:
        """Up to which event the agent last saw it; None where never."""
        sql = "SELECT event_id FROM seen WHERE conversation_id = :id AND agent = :agent"
        row = self._one(sql, id=conversation_id, agent=agent)
        return None if row is None else int(row[0])

    # -- what the guard compares with --------------------------------------------------------------

    def sent_since(self, account: str | None, network: str, since: Millis, *, but: int | None = None) -> list[SentText]:
        """What a handle of ours said publicly or is about to since a time, newest first; `but` one reply."""
        published = self._all(
            "SELECT p.text, p.created_at, COALESCE(w.handle, ''), c.incident_id FROM post p "
            "JOIN account a ON a.id = p.account_id "
            "LEFT JOIN conversation c ON c.id = p.conversation_id LEFT JOIN author w ON w.id = c.author_id "
            "WHERE p.ours AND p.kind <> 'dm' AND a.handle = :account AND a.network = :network "
            "AND p.created_at >= :since "
            "ORDER BY p.created_at DESC LIMIT 500",
            account=account,
            network=network,
            since=since,
        )
        leaving = self._all(
            "SELECT r.text, r.created_at, w.handle, c.incident_id FROM reply r "
            "JOIN conversation c ON c.id = r.conversation_id JOIN author w ON w.id = c.author_id "
            "JOIN account a ON a.id = r.account_id "
            "WHERE r.state IN ('held', 'queued', 'sending', 'unknown') AND NOT r.private AND r.created_at >= :since "
            "AND a.handle = :account AND a.network = :network AND (:but IS NULL OR r.id <> :but)",
            account=account,
            network=network,
            since=since,
            but=but,
        )
        return sorted((SentText(*row) for row in (*published, *leaving)), key=lambda sent: -sent.at)

    def sent_to(self, author_id: int, *, before: Key | None = None) -> list[SentText]:
        """What this person got from us, on any account of any network where they are joined, newest first.

        `before`: a post of ours by its time and id; what was written before it.
        """
        at, post_id = before or (EVER, 0)
        rows = self._all(
            "SELECT p.text, p.created_at, w.handle, c.incident_id FROM conversation c "
            "JOIN post p ON p.conversation_id = c.id JOIN author w ON w.id = c.author_id "
            f"WHERE c.author_id IN ({_PERSON}) AND p.ours AND NOT p.deleted AND (p.created_at, p.id) < (:at, :post) "
            "ORDER BY p.created_at DESC LIMIT 200",
            author=author_id,
            at=at,
            post=post_id,
        )
        return [SentText(*row) for row in rows]

    def others(self, conversation_id: int, author_id: int) -> list[OtherRow]:
        """The same person's other conversations that are held, or were answered last: at most 50."""
        rows = self._all(
            "SELECT c.id, c.network, a.handle, w.handle, c.state, c.owner, c.claimed_at, c.timer_at, "
            "c.answered_at, NULL, '', c.incident_id FROM conversation c JOIN author w ON w.id = c.author_id "
            "LEFT JOIN account a ON a.id = c.account_id "
            f"WHERE c.author_id IN ({_PERSON}) AND c.id <> :id "
            "ORDER BY c.state = 'claimed' DESC, c.answered_at DESC NULLS LAST LIMIT 50",
            author=author_id,
            id=conversation_id,
        )
        return [self._with_answer(OtherRow(*row)) for row in rows]

    def _with_answer(self, other: OtherRow) -> OtherRow:
        """Our newest answer there: what is on its way counts, and who wrote it is known for what left this desk."""
        row = self._one(
            "SELECT p.created_at, (SELECT r.agent FROM reply r WHERE r.conversation_id = :id "
            "AND r.native_id = p.native_id), p.text FROM post p WHERE p.conversation_id = :id AND p.ours "
            "AND NOT p.deleted AND p.kind <> 'repost' UNION ALL "
            "SELECT r.created_at, r.agent, r.text FROM reply r WHERE r.conversation_id = :id "
            "AND r.state IN ('held', 'queued', 'sending', 'unknown') ORDER BY 1 DESC LIMIT 1",
            id=other.id,
        )
        return other if row is None else other._replace(answered_at=row[0], answered_by=row[1], answer=row[2])

    def incident(self, incident_id: int) -> IncidentRow | None:
        """One incident."""
        row = self._one(f"{_INCIDENT} WHERE i.id = :id", id=incident_id)
        return None if row is None else IncidentRow(*row)

    def incidents(self, *, only_open: bool = False) -> list[IncidentRow]:
        """Every incident, the open ones first, the newest update first."""
        where = "WHERE i.state = 'open' " if only_open else ""
        rows = self._all(f"{_INCIDENT} {where}ORDER BY i.state DESC, i.updated_at DESC, i.id")
        return [IncidentRow(*row) for row in rows]

    # -- people ------------------------------------------------------------------------------------

    def authors(self, author_id: int) -> list[AuthorRow]:
        """Who is the same person as this author, themselves included."""
        rows = self._all(
            "SELECT w.id, w.network, w.native_id, w.handle, w.name, w.customer_id FROM author w "
            f"WHERE w.id IN ({_PERSON}) ORDER BY w.id",
            author=author_id,
        )
        return [AuthorRow(*row) for row in rows]

    def conversations_of(self, author_id: int, limit: int, *, agent: str = "", now: Millis = EVER) -> list[QueueRow]:
        """The conversations of the same person, the one that moved last first; see `conversation`."""
        sql = f"{_QUEUE} WHERE c.author_id IN ({_PERSON}) ORDER BY c.surfaced_at DESC, c.id DESC LIMIT :limit"
        return [_queue_row(row) for row in self._all(sql, author=author_id, limit=limit, agent=agent, now=now)]

    # -- what a replay compares with ---------------------------------------------------------------

    def past_posts(self, account_id: int, start: Key, limit: int) -> list[PastPost]:
        """What a handle of ours published after a time and id, oldest first."""
        rows = self._all(
            "SELECT p.id, p.created_at, p.text, p.kind, p.deleted, p.network, a.handle, p.conversation_id, "
            "COALESCE(w.handle, ''), c.incident_id, r.agent, r.composition FROM post p "
            "JOIN account a ON a.id = p.account_id "
            "LEFT JOIN conversation c ON c.id = p.conversation_id LEFT JOIN author w ON w.id = c.author_id "
            "LEFT JOIN reply r ON r.conversation_id = p.conversation_id AND r.native_id = p.native_id "
            "WHERE p.ours AND p.account_id = :account AND (p.created_at, p.id) > (:at, :id) "
            "ORDER BY p.created_at, p.id LIMIT :limit",
            account=account_id,
            at=start.order,
            id=start.id,
            limit=limit,
        )
        return [PastPost(*row)._replace(deleted=bool(row[4]), composition=_json(row[11], None)) for row in rows]

    def quotes(self, conversation_id: int) -> list[PostRow]:
        """Quotes of its posts that stand in other conversations, oldest first."""
        rows = self._all(
            f"{_POST} JOIN post q ON q.network = p.network AND q.native_id = p.root_id "
            "WHERE q.conversation_id = :id AND p.kind = 'quote' AND p.conversation_id <> q.conversation_id "
            "ORDER BY p.created_at, p.id",
            id=conversation_id,
        )
        return [_post_row(row) for row in rows]

    def earlier_texts(self, conversation_id: int) -> list[tuple[int, str, Millis]]:
        """Post, text and when it was replaced, of its posts that were edited, the earliest edit first."""
        rows = self._all(
            "SELECT v.post_id, v.text, v.replaced_at FROM post p JOIN post_version v ON v.post_id = p.id "
            "WHERE p.conversation_id = :id ORDER BY v.id",
            id=conversation_id,
        )
        return [tuple(row) for row in rows]

    def others_then(self, conversation_id: int, author_id: int, before: Millis) -> list[OtherRow]:
        """The same person's other conversations that were answered before a time, as of then: at most 50.

        Who held them then is not kept.
        """
        rows = self._all(
            "SELECT c.id, c.network, a.handle, w.handle, 'pending', NULL, NULL, NULL, p.created_at, "
            "(SELECT r.agent FROM reply r WHERE r.conversation_id = c.id AND r.native_id = p.native_id), p.text, "
            "c.incident_id FROM conversation c JOIN author w ON w.id = c.author_id "
            "LEFT JOIN account a ON a.id = c.account_id JOIN post p ON p.id = "
            "(SELECT o.id FROM post o WHERE o.conversation_id = c.id AND o.ours AND NOT o.deleted "
            "AND o.kind <> 'repost' AND o.created_at < :before ORDER BY o.created_at DESC LIMIT 1) "
            f"WHERE c.author_id IN ({_PERSON}) AND c.id <> :id ORDER BY p.created_at DESC LIMIT 50",
            author=author_id,
            id=conversation_id,
            before=before,
        )
        return [OtherRow(*row) for row in rows]

    def incident_updates(self) -> list[tuple[int, Millis]]:
        """Incident and time of everything that was ever told about one, oldest first."""
        rows = self._all(
            "SELECT e.data, e.at FROM agent a JOIN event e ON e.agent = a.name "
            "WHERE e.kind IN ('incident.added', 'incident.updated', 'incident.closed') ORDER BY e.id"
        )
        told = [(_json(row[0], {}), row[1]) for row in rows]
        return [(data["incident"], at) for data, at in told if data.get("text")]

    # -- what is typed again and again ------------------------------------------------------------

    def typed_by_hand(self, words: Sequence[str], *, since: Millis) -> list[TypedRow]:
        """Of the newest TYPED_LIMIT replies those since a time that hold one of these words and nothing canned, newest
        first, at most SEARCH_LIMIT."""
        marks = {f"word{number}": word for number, word in enumerate(words)}
        if not marks:
            return []
        holds = " OR ".join(self._dialect.holds("COALESCE(r.whole, r.text)", name) for name in marks)
        canned = self._dialect.holds("r.composition", "canned")
        rows = self._all(
            "SELECT r.id, r.conversation_id, r.agent, COALESCE(r.whole, r.text), w.handle, w.name "
            "FROM (SELECT * FROM reply ORDER BY id DESC LIMIT :within) r "
            "JOIN conversation c ON c.id = r.conversation_id JOIN author w ON w.id = c.author_id "
            "WHERE r.created_at >= :since AND r.part = 1 AND r.state <> 'recalled' "
            # In stored JSON a quote inside a text has a backslash before it: this is the name of a field.
            f"AND (r.composition IS NULL OR NOT {canned}) AND ({holds}) ORDER BY r.id DESC LIMIT :limit",
            canned='"inserted"',
            within=TYPED_LIMIT,
            since=since,
            limit=SEARCH_LIMIT,
            **marks,
        )
        return [TypedRow(*row) for row in rows]

    def told_in(self, conversations: Iterable[int], kind: str, *, agent: str) -> list[EventRow]:
        """The events of one kind by one agent in these conversations, oldest first."""
        rows = self._all(
            "SELECT e.id, e.at, e.agent, e.kind, e.conversation_id, e.data FROM event e WHERE "
            f"{self._dialect.among('e.conversation_id', 'conversations')} AND e.kind = :kind AND e.agent = :agent "
            "ORDER BY e.id",
            conversations=self._dialect.several(sorted(conversations)),
            kind=kind,
            agent=agent,
        )
        return [EventRow(*row)._replace(data=_json(row[5], {})) for row in rows]

    # -- outbox, people, accounts ------------------------------------------------------------------

    def outbox(self, *, agent: str | None = None) -> list[ReplyRow]:
        """Replies that are not out yet or failed, oldest first; one agent's when given."""
        where = "r.state NOT IN ('sent', 'recalled')" + (" AND r.agent = :agent" if agent else "")
        return [_reply_row(row) for row in self._all(f"{_REPLY} WHERE {where} ORDER BY r.id", agent=agent)]

    def reply_due(self, now: Millis, account: int | None = None) -> bool:
        """Whether a reply of one account, or (None) of those without a login, must leave or be looked up now."""
        sql = (
            "SELECT 1 FROM reply r LEFT JOIN account a ON a.id = r.account_id "
            "WHERE r.state NOT IN ('sent', 'recalled') AND r.due_at <= :now "
            "AND (r.account_id = :account OR (:account IS NULL AND a.server IS NULL)) "
            "AND (r.state IN ('held', 'unknown') OR (r.state = 'queued' AND a.braked_at IS NULL AND NOT EXISTS ("
            "SELECT 1 FROM reply e WHERE e.conversation_id = r.conversation_id AND e.id < r.id "
            "AND e.state IN ('queued', 'sending', 'unknown')))) LIMIT 1"
        )
        return self._one(sql, now=now, account=account) is not None

    def scheduled_news(self, after: int, account: int | None = None) -> list[int]:
        """Scheduled replies of one account, or (None) of those without a login, in whose thread something happened
        after an event, and since they were let pass."""
        rows = self._all(
            "SELECT DISTINCT r.id FROM reply r LEFT JOIN account a ON a.id = r.account_id "
            "JOIN event e ON e.conversation_id = r.conversation_id AND e.id > :after AND e.id > r.seen_event "
            "WHERE r.state NOT IN ('sent', 'recalled') AND r.state = 'held' AND r.scheduled AND r.part = 1 "
            "AND (r.account_id = :account OR (:account IS NULL AND a.server IS NULL)) ORDER BY r.id",
            after=after,
            account=account,
        )
        return [row[0] for row in rows]

    def open_replies(self) -> list[tuple[int | None, str, int]]:
        """How many replies each account has in each state before `sent` and `recalled`."""
        rows = self._all(
            "SELECT r.account_id, r.state, COUNT(*) FROM reply r WHERE r.state NOT IN ('sent', 'recalled') "
            "GROUP BY r.account_id, r.state"
        )
        return [tuple(row) for row in rows]

    def counted(self, kinds: Sequence[str], after: int, until: int) -> list[tuple[str, str, str, int]]:
        """How often something of these kinds happened to an account after one event and until another.

        Kind, network, handle and number; the event names a reply, or network and handle.
        """
        field = self._dialect.field
        rows = self._all(
            f"SELECT e.kind, COALESCE(a.network, {field('e.data', 'network')}, ''), "
            f"COALESCE(a.handle, {field('e.data', 'handle')}, ''), COUNT(*) FROM event e "
            f"LEFT JOIN reply r ON r.id = CAST({field('e.data', 'reply')} AS BIGINT) "
            "LEFT JOIN account a ON a.id = r.account_id "
            f"WHERE e.id > :after AND e.id <= :until AND {self._dialect.among('e.kind', 'kinds')} GROUP BY 1, 2, 3",
            after=after, until=until, kinds=self._dialect.several(kinds),
        )  # fmt: skip
        return [tuple(row) for row in rows]

    def brakes(self) -> list[BrakeRow]:
        """The handles whose brake is on, the first first."""
        rows = self._all(
            "SELECT a.id, a.network, a.handle, a.braked_at, a.braked_by, a.brake_reason, "
            "(SELECT COUNT(*) FROM reply r WHERE r.account_id = a.id AND r.state NOT IN ('sent', 'recalled') "
            "AND r.state IN ('held', 'queued')) FROM account a WHERE a.braked_at IS NOT NULL ORDER BY a.braked_at"
        )
        return [BrakeRow(*row) for row in rows]

    def unled(self, since: Millis) -> list[tuple[str, str, bool, int]]:
        """Accounts whose replies should have left by then, or been looked up, and that nobody has sent for since:
        network, handle, whether it has a login, and how many replies. A brake is another reason."""
        rows = self._all(
            "SELECT c.network, a.handle, a.server IS NOT NULL, COUNT(*) FROM reply r "
            "JOIN conversation c ON c.id = r.conversation_id LEFT JOIN account a ON a.id = r.account_id "
            "WHERE r.state NOT IN ('sent', 'recalled') AND r.state <> 'failed' AND r.due_at <= :since "
            "AND a.braked_at IS NULL "
            f"AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.name = {_LEASE} AND l.until > :since) "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2",
            since=since,
        )
        return [(network, handle or "no account", bool(login), count) for network, handle, login, count in rows]

    def reply(self, reply_id: int) -> ReplyRow | None:
        """One reply."""
        row = self._one(f"{_REPLY} WHERE r.id = :id", id=reply_id)
        return None if row is None else _reply_row(row)

    def agents(self) -> list[str]:
        """The names of everybody who may work here."""
        return [row[0] for row in self._all("SELECT name FROM agent WHERE role <> 'removed' ORDER BY name")]

    def role(self, agent: str) -> str | None:
        """The role of somebody, `removed` where they may work here no more; None where nobody is called that."""
        row = self._one("SELECT role FROM agent WHERE name = :agent", agent=agent)
        return None if row is None else str(row[0])

    def people(self) -> list[AgentRow]:
        """Everybody who has worked here, by name, those who were removed last."""
        rows = self._all(
            "SELECT a.name, a.role, a.created_at, "
            "(SELECT MAX(s.started_at) FROM shift s WHERE s.agent = a.name AND s.ended_at IS NULL), "
            "(SELECT COUNT(*) FROM conversation c WHERE c.owner = a.name AND c.state = 'claimed') "
            "FROM agent a ORDER BY CASE a.role WHEN 'removed' THEN 1 ELSE 0 END, a.name"
        )
        return [AgentRow(*row) for row in rows]

    def whole_text(self, reply_id: int) -> str:
        """What a reply says, with the other parts of its text; empty where there is none."""
        row = self._one(
            "SELECT COALESCE(f.whole, r.text) FROM reply r LEFT JOIN reply f ON f.id = r.first_id WHERE r.id = :id",
            id=reply_id,
        )
        return "" if row is None else str(row[0])

    def accounts(self) -> list[tuple[int, str, str]]:
        """Id, network and handle of our accounts."""
        return [tuple(row) for row in self._all("SELECT id, network, handle FROM account ORDER BY id")]

    def server_limits(self, network: str) -> dict[str, dict[str, int]]:
        """What the servers of our accounts on a network say they take, by handle; see `ServerLimits`."""
        sql = "SELECT handle, limits FROM account WHERE network = :network AND limits IS NOT NULL"
        return {str(handle): _json(limits, {}) for handle, limits in self._all(sql, network=network)}

    def our_accounts(self) -> list[AccountRow]:
        """All of our accounts, and what waits for each."""
        rows = self._all(
            "SELECT a.id, a.network, a.handle, a.server, a.native_id, a.braked_at IS NOT NULL, COALESCE(w.many, 0), "
            "COALESCE(h.many, 0) FROM account a LEFT JOIN (SELECT account_id, COUNT(*) AS many FROM conversation "
            "WHERE state = 'new' GROUP BY account_id) w ON w.account_id = a.id LEFT JOIN (SELECT account_id, "
            "COUNT(*) AS many FROM reply WHERE state NOT IN ('sent', 'recalled') AND state IN ('held', 'queued') "
            "GROUP BY account_id) h ON h.account_id = a.id ORDER BY a.network, a.handle"
        )
        return [AccountRow(*row)._replace(braked=bool(row[5])) for row in rows]

    def logins(self) -> list[LoginRow]:
        """Our accounts that have a login."""
        sql = (
            "SELECT id, network, handle, server, COALESCE(native_id, '') FROM account "
            "WHERE server IS NOT NULL ORDER BY id"
        )
        return [LoginRow(*row) for row in self._all(sql)]

    def sources(self, account_id: int | None = None) -> list[SourceRow]:
        """What our accounts are read from, or one of them, and how far."""
        where = "" if account_id is None else "WHERE s.account_id = :account"
        rows = self._all(f"{_SOURCE} {where} ORDER BY s.account_id, s.name", account=account_id)
        return [SourceRow(*row) for row in rows]

    def unknown_parents(self, account_id: int, among: int, limit: int) -> list[str]:
        """Posts to this account, of the `among` newest of the desk, that answer one the desk does not have."""
        rows = self._all(
            "SELECT p.native_id FROM post p WHERE p.id > (SELECT MAX(id) FROM post) - :among "
            "AND p.account_id = :account AND NOT p.ours AND NOT p.deleted AND p.kind = 'reply' "
            "AND p.in_reply_to IS NOT NULL AND p.conversation_id IS NOT NULL AND NOT EXISTS ("
            "SELECT 1 FROM post q WHERE q.network = p.network AND q.native_id = p.in_reply_to) "
            "ORDER BY p.id DESC LIMIT :limit",
            account=account_id, among=among, limit=limit,
        )  # fmt: skip
        return [str(row[0]) for row in rows]

    def words_that_wait(self, account_id: int, limit: int) -> list[str]:
        """The newest public word of each conversation that is claimed or waits for this account, in serving order."""
        rows = self._all(
            "SELECT w.native_id FROM (SELECT (SELECT p.native_id FROM post p WHERE p.conversation_id = c.id "
            "AND p.author_id = c.author_id AND NOT p.ours AND NOT p.deleted AND p.kind != 'repost' "
            "ORDER BY p.created_at DESC, p.id DESC LIMIT 1) AS native_id FROM conversation c "
            "WHERE c.state IN ('claimed', 'new') AND c.account_id = :account AND NOT c.private "
            "ORDER BY c.state, c.rank, c.id LIMIT :limit) w WHERE w.native_id IS NOT NULL",
            account=account_id, limit=limit,
        )  # fmt: skip
        return [str(row[0]) for row in rows]

    def events_since(self, at: Millis, kinds: Sequence[str], limit: int) -> list[EventRow]:
        """The newest events of these kinds since a moment, oldest first."""
        rows = self._all(
            "SELECT e.id, e.at, e.agent, e.kind, e.conversation_id, e.data FROM event e WHERE e.at >= :at "
            f"AND {self._dialect.among('e.kind', 'kinds')} ORDER BY e.at DESC, e.id DESC LIMIT :limit",
            at=at, kinds=self._dialect.several(kinds), limit=limit,
        )  # fmt: skip
        return [EventRow(*row)._replace(data=_json(row[5], {})) for row in reversed(rows)]

    def open_shift(self, agent: str) -> tuple[int, Millis, int] | None:
        """The agent's running shift: id, start, first event."""
        sql = "SELECT id, started_at, first_event FROM shift WHERE agent = :agent AND ended_at IS NULL ORDER BY id DESC"
        row = self._one(sql, agent=agent)
        return None if row is None else tuple(row)

    def canned(self) -> list[dict[str, Any]]:
        """Every canned response, by name."""
        return self._canned("ORDER BY name")

    def canned_of(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """The canned responses with these ids, in the order of the ids."""
        rows = self._canned(f"WHERE {self._dialect.among('id', 'ids')}", ids=self._dialect.several(ids))
        return sorted(rows, key=lambda row: ids.index(row["id"]))

    def answered_with(self, limit: int) -> list[tuple[str, int]]:
        """Text of a post and id of a canned response in its answer that went out, the newest answers first."""
        rows = self._all(
            "SELECT p.text, u.canned_id FROM canned_use u JOIN reply r ON r.id = u.reply_id "
            "JOIN post p ON p.id = r.post_id WHERE r.state = 'sent' AND NOT p.deleted AND p.text <> '' "
            "ORDER BY u.id DESC LIMIT :limit",
            limit=limit,
        )
        return [tuple(row) for row in rows]

    def canned_called(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """The canned responses with one of these names or shortcuts; ASCII letters in any case."""
        spelt = {one for name in names for one in (name, name.strip().lower())}
        wanted = " OR ".join(self._dialect.among(column, "names") for column in _CALLED)
        return self._canned(f"WHERE {wanted}", names=self._dialect.several(sorted(spelt)))

    def siblings(
        self, tags: Iterable[str], *, language: str, network: str, but: int, now: Millis, limit: int
    ) -> list[dict[str, Any]]:
        """Canned responses with one of these tags, approved and valid now, the least used first; `but` one."""
        # In stored JSON a tag stands as it does by itself: a quote inside one has a backslash before it.
        wanted = {f"tag{number}": json.dumps(tag) for number, tag in enumerate(tags)}
        if not wanted:
            return []
        shared = " OR ".join(self._dialect.holds("tags", name) for name in wanted)
        return self._canned(
            f"WHERE ({shared}) AND language = :language AND network IN ('', :network) AND id <> :but AND approved "
            "AND COALESCE(valid_from, :now) <= :now AND COALESCE(valid_until, :now + 1) > :now "
            "ORDER BY uses, name LIMIT :limit",
            language=language, network=network, but=but, now=now, limit=limit, **wanted,
        )  # fmt: skip

    def _canned(self, which: str, **values: Any) -> list[dict[str, Any]]:
        cursor = self._connection.execute(f"SELECT * FROM canned {which}", values)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in rows:
            row |= {name: _json(row[name], []) for name in ("tags", "variants", "actions")}
        return rows

    def canned_versions(self, canned_id: int) -> list[CannedVersionRow]:
        """Every version of a canned response that is kept, oldest first."""
        rows = self._all(
            "SELECT version, at, agent, fields FROM canned_version WHERE canned_id = :id ORDER BY version", id=canned_id
        )
        return [CannedVersionRow(*row)._replace(fields=_json(row[3], {})) for row in rows]

    def uses(self, since: Millis, agent: str) -> list[UseRow]:
        """How canned responses were used since a time, by the team and by one agent."""
        rows = self._all(
            "SELECT canned_id, COUNT(*), MAX(at), COUNT(CASE WHEN agent = :agent THEN 1 END), "
            "MAX(CASE WHEN agent = :agent THEN at END), COUNT(CASE WHEN edited THEN 1 END) "
            "FROM canned_use WHERE at >= :since GROUP BY canned_id",
            since=since,
            agent=agent,
        )
        return [UseRow(*row) for row in rows]

    def reopened_uses(self, since: Millis, *, within: Millis) -> dict[int, int]:
        """By canned response, after how many of its uses since a time the customer wrote again within a span."""
        # In the order of conversations, so that their posts are found side by side; the signs see to that.
        rows = self._all(
            "SELECT +u.canned_id, COUNT(*) FROM canned_use u WHERE u.conversation_id > 0 AND +u.at >= :since "
            "AND EXISTS (SELECT 1 FROM post p WHERE p.conversation_id = u.conversation_id AND p.created_at > u.sent_at "
            "AND p.created_at <= u.sent_at + :within AND p.author_id = u.author_id AND NOT p.ours AND NOT p.deleted "
            "AND p.kind <> 'repost') GROUP BY +u.canned_id",
            since=since,
            within=within,
        )
        return dict(rows)

    def uses_from(
        self, canned_ids: Sequence[int], network: str, handle: str | None, *, since: Millis
    ) -> dict[int, int]:
        """How often each of these canned responses was used from a handle of ours since a time."""
        rows = self._all(
            "SELECT u.canned_id, COUNT(*) FROM canned_use u JOIN account a ON a.id = u.account_id "
            f"WHERE {self._dialect.among('u.canned_id', 'ids')} AND u.at >= :since "
            "AND a.network = :network AND a.handle = :handle GROUP BY u.canned_id",
            ids=self._dialect.several(canned_ids),
            since=since,
            network=network,
            handle=handle,
        )
        return dict(rows)

    def uses_for(self, canned_ids: Sequence[int], author_id: int) -> dict[int, Millis]:
        """When this person last got each of these canned responses, joined customers counting as one."""
        # By their conversations, not by all uses of the responses: the sign sees to that.
        rows = self._all(
            "SELECT u.canned_id, MAX(u.at) FROM conversation c JOIN canned_use u ON u.conversation_id = c.id "
            f"WHERE c.author_id IN ({_PERSON}) AND {self._dialect.among('+u.canned_id', 'ids')} "
            "GROUP BY u.canned_id",
            ids=self._dialect.several(canned_ids),
            author=author_id,
        )
        return dict(rows)

    def totals(self) -> dict[str, int]:
        """Conversations by state, exactly."""
        return dict(self._all("SELECT state, COUNT(*) FROM conversation GROUP BY state"))

    # -- shifts and figures ------------------------------------------------------------------------

    def shift(self, shift_id: int | None = None) -> ShiftRow | None:
        """One shift, running or ended; without an id the one that ended last."""
        where = "ended_at IS NOT NULL" if shift_id is None else "id = :id"
        row = self._one(
            "SELECT id, agent, started_at, ended_at, first_event, last_event, summary, digest, acked_by, acked_at, "
            f"read_back FROM shift WHERE {where} ORDER BY ended_at DESC, id DESC LIMIT 1",
            id=shift_id,
        )
        return None if row is None else ShiftRow(*row)._replace(summary=_document(row[6]))

    def events_between(self, agent: str, first: int, last: int) -> list[EventRow]:
        """What an agent did from one event to another, both included, oldest first."""
        rows = self._all(
            "SELECT e.id, e.at, e.agent, e.kind, e.conversation_id, e.data FROM event e "
            "WHERE e.agent = :agent AND e.id BETWEEN :first AND :last ORDER BY e.id",
            agent=agent,
            first=first,
            last=last,
        )
        return [EventRow(*row)._replace(data=_json(row[5], {})) for row in rows]

    def time_to_answer(self, reply_id: int) -> Millis | None:
        """From the first word of the customer that a reply answered until it was sent; None for a further part."""
        row = self._one(
            "SELECT r.sent_at - MIN(p.created_at) FROM reply r "
            "JOIN conversation c ON c.id = r.conversation_id "
            "JOIN post p ON p.conversation_id = c.id AND p.author_id = c.author_id "
            "WHERE r.id = :id AND NOT p.ours AND p.kind <> 'repost' AND p.created_at <= r.created_at "
            "AND p.created_at > COALESCE((SELECT MAX(o.created_at) FROM post o "
            "WHERE o.conversation_id = c.id AND o.ours AND o.created_at < r.created_at), 0) GROUP BY r.sent_at",
            id=reply_id,
        )
        return None if row is None or row[0] is None else int(row[0])

    def waiting_by_account(self, now: Millis, late_before: Millis, limit: int) -> list[WaitingRow]:
        """What waits, of the first `limit` in serving order; late since `late_before` (see desk.freshness)."""
        rows = self._all(
            "SELECT w.account_id, COUNT(*), SUM(CASE WHEN w.waiting_since < :late_before "
            "AND w.addressed <> 'namedrop' AND (w.resurfaces_at IS NULL OR w.resurfaces_at > :now) "
            "THEN 1 ELSE 0 END), MIN(w.waiting_since) FROM (SELECT account_id, waiting_since, addressed, "
            "resurfaces_at FROM conversation WHERE state = 'new' ORDER BY rank, id LIMIT :limit) w "
            "GROUP BY w.account_id",
            now=now,
            late_before=late_before,
            limit=limit,
        )
        return [WaitingRow(*row) for row in rows]

    def responses(self, since: Millis) -> list[ResponseRow]:
        """Every conversation in which the customer spoke since a time (none of them surfaced before it)."""
        rows = self._all(
            "SELECT c.account_id, COUNT(*), c.posted_at, CASE WHEN c.posted_at >= :since THEN ("
            "SELECT MIN(o.created_at) FROM post o WHERE o.conversation_id = c.id AND o.created_at >= c.posted_at "
            "AND o.ours AND NOT o.deleted) END "
            "FROM conversation c JOIN post p ON p.conversation_id = c.id "
            "WHERE c.surfaced_at >= :since AND p.created_at >= :since AND p.author_id = c.author_id "
            "AND p.kind <> 'repost' AND NOT p.ours AND NOT p.deleted GROUP BY c.id, c.account_id, c.posted_at",
            since=since,
        )
        return [ResponseRow(*row) for row in rows]

    def sent_by_agent(self, since: Millis) -> list[tuple[int | None, str, int]]:
        """Account, agent and how many replies of theirs went out since a time."""
        rows = self._all(
            "SELECT r.account_id, r.agent, COUNT(*) FROM account a JOIN reply r ON r.account_id = a.id "
            "WHERE r.sent_at >= :since GROUP BY r.account_id, r.agent "
            "UNION ALL SELECT NULL, r.agent, COUNT(*) FROM reply r "
            "WHERE r.account_id IS NULL AND r.sent_at >= :since GROUP BY r.agent",
            since=since,
        )
        return [tuple(row) for row in rows]

    def resolved_unanswered(self, since: Millis) -> list[tuple[int | None, int]]:
        """Account and how many conversations an agent closed since a time with the last word unanswered."""
        rows = self._all(
            "SELECT account_id, COUNT(*) FROM conversation WHERE state = 'resolved' AND settled_at >= :since "
            "AND (answered_at IS NULL OR answered_at < customer_at) GROUP BY account_id",
            since=since,
        )
        return [tuple(row) for row in rows]

    def guard_events(self, since: Millis) -> list[EventRow]:
        """What the guard showed since a time and what became of the replies, oldest first."""
        # By agent, whose events are few beside those of intake; the sign keeps SQLite off the index on time.
        rows = self._all(
            "SELECT e.id, e.at, e.agent, e.kind, e.conversation_id, e.data FROM agent a JOIN event e "
            "ON e.agent = a.name WHERE +e.at >= :since AND e.kind IN ('guard.stopped', 'guard.heeded', "
            "'guard.overridden', 'guard.warned', 'reply.held', 'reply.recalled', 'reply.failed') ORDER BY e.id",
            since=since,
        )
        return [EventRow(*row)._replace(data=_json(row[5], {})) for row in rows]

    def aftermath(self, reply_ids: Iterable[int]) -> list[AftermathRow]:
        """What became of replies: the customer's next word after each, and whether our post was deleted."""
        rows = self._all(
            "SELECT r.id, c.network, a.handle, r.sent_at, COALESCE(o.deleted, FALSE), n.created_at, "
            "COALESCE(n.text, '') FROM reply r JOIN conversation c ON c.id = r.conversation_id "
            "LEFT JOIN account a ON a.id = r.account_id "
            "LEFT JOIN post o ON o.network = c.network AND o.native_id = r.native_id "
            "LEFT JOIN post n ON n.id = (SELECT p.id FROM post p WHERE p.conversation_id = c.id "
            "AND p.author_id = c.author_id AND NOT p.ours AND NOT p.deleted AND p.kind <> 'repost' "
            "AND p.created_at > r.sent_at ORDER BY p.created_at, p.id LIMIT 1) "
            f"WHERE {self._dialect.among('r.id', 'replies')}",
            replies=self._dialect.several(sorted(reply_ids)),
        )
        return [AftermathRow(*row)._replace(deleted=bool(row[4])) for row in rows]


def _json(value: Any, empty: Any) -> Any:
    if value is None:
        return empty
    return (json.loads(value) if isinstance(value, str | bytes) else value) or empty


def _document(value: Any) -> dict[str, Any]:
    """A stored summary; what is not the JSON we wrote reads as empty, and its digest says so."""
    try:
        found = _json(value, {})
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _present_row(row: Sequence[Any], now: Millis) -> PresentRow:
    *told, dropped_at = row
    found = PresentRow(*told)
    if dropped_at is None and abs(now - found.beat_at) <= GONE:
        return found
    return found._replace(doing="dropped", since=dropped_at or found.beat_at)


def _queue_row(row: Iterable[Any]) -> QueueRow:
    plain = QueueRow(*row)
    return plain._replace(
        verified=bool(plain.verified),
        private=bool(plain.private),
        reasons=_json(plain.reasons, []),
        tags=_json(plain.tags, []),
        has_draft=bool(plain.has_draft),
    )


_MEDIA, _DELETED, _OURS, _ALLOWED = map(PostRow._fields.index, ("media", "deleted", "ours", "reply_allowed"))


def _post_row(row: Iterable[Any]) -> PostRow:
    """By place: a thread can have thousands, and `_replace` takes three times as long."""
    values = [*row]
    values[_MEDIA] = _json(values[_MEDIA], [])
    for place in (_DELETED, _OURS, _ALLOWED):
        values[place] = bool(values[place])
    return PostRow._make(values)


def _reply_row(row: Iterable[Any]) -> ReplyRow:
    plain = ReplyRow(*row)
    is_private, is_scheduled = bool(plain.private), bool(plain.scheduled)
    return plain._replace(private=is_private, scheduled=is_scheduled, composition=_json(plain.composition, None))


def _unspaced(char: str) -> bool:
    """Scripts written without spaces, which the word index cannot split: Thai to Khmer, kana, CJK."""
    return "\u0e00" <= char <= "\u0eff" or "\u1000" <= char <= "\u109f" or "\u3040" <= char <= "\u9fff"
