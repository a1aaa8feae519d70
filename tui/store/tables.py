"""The tables, as SQLModel classes. Loading this module costs a quarter of a second: keep it off the start path.

Times are milliseconds since the epoch. Texts are kept as they came (repaired, not cleaned).
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

BigInt = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigInt, primary_key=True, autoincrement=True))


def _number() -> Any:
    """A count that a network tells, however large."""
    return Field(default=0, sa_column=Column(BigInt, nullable=False))


def _time(*, optional: bool = True) -> Any:
    return Field(default=None, sa_column=Column(BigInt, nullable=optional))


def _ref(target: str, *, optional: bool = False) -> Any:
    return Field(default=None, sa_column=Column(BigInt, ForeignKey(target), nullable=optional))


def _json() -> Any:
    return Field(default=None, sa_column=Column(JSON, nullable=True))


class Agent(SQLModel, table=True):
    """A person at the desk. `role` is agent, lead or admin."""

    id: int | None = _id()
    name: str = Field(unique=True)
    role: str
    created_at: int = _time(optional=False)


class Account(SQLModel, table=True):
    """One of our handles on a network. `handle` keeps its `@`; `name` is the same without `@` and case.

    With a login it has a `server`, and its replies leave through that alone; without one they go into a file. No
    token is ever stored here.
    """

    __table_args__ = (UniqueConstraint("network", "name"),)
    id: int | None = _id()
    network: str
    handle: str
    name: str
    created_at: int = _time(optional=False)
    server: str | None = None
    """Where it is logged in, as `https://mastodon.example`."""
    native_id: str | None = None
    """Its own id there."""
    limits: dict[str, Any] | None = _json()
    """What the server says it takes, see `tui.networks.records.ServerLimits`."""
    braked_at: int | None = _time()
    """Since when none of its replies leaves."""
    braked_by: str | None = None
    brake_reason: str | None = None


class Source(SQLModel, table=True):
    """One of the streams an account is read from, and how far: posts and `cursor` are committed together."""

    account_id: int = Field(
        default=None, sa_column=Column(BigInt, ForeignKey("account.id"), primary_key=True, autoincrement=False)
    )
    name: str = Field(primary_key=True)
    cursor: str | None = None
    reached_at: int | None = _time()
    """Everything published before this has been read."""
    read_at: int | None = _time()
    """The last time a read succeeded."""
    next_at: int = _time(optional=False)
    """Not to be read before."""
    error: str | None = None
    failing_since: int | None = _time()
    rate_limit: int | None = None
    rate_left: int | None = None
    rate_resets_at: int | None = _time()


class Author(SQLModel, table=True):
    """Who wrote a post, on one network.

    `customer_id` joins the authors of one person: the id of one of them; empty where nobody joined them.
    """

    __table_args__ = (UniqueConstraint("network", "native_id"), Index("author_customer", "customer_id"))
    id: int | None = _id()
    network: str
    native_id: str
    handle: str
    name: str
    followers: int = _number()
    verified: bool
    customer_id: int | None = _time()


class Incident(SQLModel, table=True):
    """One cause behind many posts. `text` is its newest update; `state` is open or closed."""

    id: int | None = _id()
    name: str = Field(unique=True)
    state: str
    text: str
    opened_at: int = _time(optional=False)
    updated_at: int = _time(optional=False)
    closed_at: int | None = _time()


class Conversation(SQLModel, table=True):
    """One customer's thread with us, the unit that is claimed.

    `rank` is `waiting_since` less a minute for each point of `reasons`: the smaller, the sooner it is served,
    and the score at any time is the whole minutes since `rank`.
    `resurfaces_at` is set when it came to us by a repost, quote, search or late sync: from then on it counts
    as resurfaced. `settled_at`: what we had seen by then is dealt with.
    """

    __table_args__ = (
        Index("conversation_waiting", "state", "rank", "id"),
        Index("conversation_surfaced", "surfaced_at", "id"),
        Index("conversation_owner", "owner", "state"),
        Index("conversation_author", "author_id", "thread"),
        Index("conversation_thread", "network", "thread"),
        Index("conversation_incident", "incident_id"),
        Index(
            "conversation_held",
            "author_id",
            sqlite_where=text("state = 'claimed'"),
            postgresql_where=text("state = 'claimed'"),
        ),
        Index(
            "conversation_resurfaced",
            "surfaced_at",
            "id",
            sqlite_where=text("resurfaces_at IS NOT NULL"),
            postgresql_where=text("resurfaces_at IS NOT NULL"),
        ),
        Index(
            "conversation_timers",
            "timer_at",
            sqlite_where=text("timer_at IS NOT NULL"),
            postgresql_where=text("timer_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    network: str
    account_id: int | None = _ref("account.id", optional=True)
    author_id: int = _ref("author.id")
    thread: str
    private: bool
    state: str
    owner: str | None = None
    epoch: int = 0
    claimed_at: int | None = _time()
    timer_at: int | None = _time()
    """Claimed: end of the lease. Snoozed: when it wakes. Otherwise empty."""
    rank: int = _time(optional=False)
    reasons: list[dict[str, Any]] | None = _json()
    addressed: str
    posted_at: int = _time(optional=False)
    customer_at: int = _time(optional=False)
    answered_at: int | None = _time()
    waiting_since: int | None = _time()
    surfaced_at: int = _time(optional=False)
    surfaced_by: str | None = None
    resurfaces_at: int | None = _time()
    settled_at: int | None = _time()
    reposts: int = _number()
    preview: str
    tags: list[str] | None = _json()
    incident_id: int | None = _ref("incident.id", optional=True)


class Post(SQLModel, table=True):
    """Anything published on a network, ours or not. `text` is the newest version."""

    __table_args__ = (
        UniqueConstraint("network", "native_id"),
        Index("post_conversation", "conversation_id", "created_at"),
        Index("post_in_reply_to", "network", "in_reply_to"),
        Index("post_root", "network", "root_id"),
        Index(
            "post_uri",
            "network",
            "uri",
            sqlite_where=text("uri IS NOT NULL"),
            postgresql_where=text("uri IS NOT NULL"),
        ),
        Index("post_author", "author_id", "created_at"),
        Index("post_ours", "account_id", "created_at", sqlite_where=text("ours"), postgresql_where=text("ours")),
    )
    id: int | None = _id()
    network: str
    native_id: str
    account_id: int | None = _ref("account.id", optional=True)
    author_id: int = _ref("author.id")
    conversation_id: int | None = _ref("conversation.id", optional=True)
    kind: str
    text: str
    created_at: int = _time(optional=False)
    seen_at: int = _time(optional=False)
    in_reply_to: str | None = None
    root_id: str | None = None
    url: str | None = None
    reposts: int = _number()
    likes: int = _number()
    media: list[dict[str, Any]] | None = _json()
    lang: str | None = None
    deleted: bool = False
    ours: bool = False
    addressed: str
    reply_allowed: bool = True
    reply_denied: str | None = None
    """Why the network takes no reply of ours, where it says so: `summons`, `blocked`, `locked`, or its own word."""
    uri: str | None = None
    """What stays the same where a server gives an edited post another `native_id`."""


class PostVersion(SQLModel, table=True):
    """An earlier text of a post that was edited on its network."""

    __tablename__ = "post_version"
    id: int | None = _id()
    post_id: int = Field(default=None, sa_column=Column(BigInt, ForeignKey("post.id"), nullable=False, index=True))
    text: str
    replaced_at: int = _time(optional=False)


class Draft(SQLModel, table=True):
    """The text being written; belongs to the conversation, one each."""

    conversation_id: int = Field(
        default=None,
        sa_column=Column(BigInt, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    )
    agent: str
    text: str
    cursor: int = 0
    account_id: int | None = _ref("account.id", optional=True)
    """The handle it is to leave from; empty: the conversation's own."""
    composition: dict[str, Any] | None = _json()
    """What it is made of beside its words, see `tui.desk.composition`."""
    updated_at: int = _time(optional=False)


class Reply(SQLModel, table=True):
    """A draft on its way out: held, queued, sending, then sent, failed or unknown; or recalled.

    `due_at` is when something happens to it next: its undo window or its network's limit ends, it is looked up.

    A long text leaves as several parts, each a reply of its own: `part` of `parts`, all with the `first_id` of
    part 1, which keeps the `whole` text.
    """

    __table_args__ = (
        UniqueConstraint("key"),
        Index("reply_conversation", "conversation_id"),
        Index("reply_account", "account_id", "sent_at"),
        Index(
            "reply_open",
            "state",
            "due_at",
            sqlite_where=text("state NOT IN ('sent', 'recalled')"),
            postgresql_where=text("state NOT IN ('sent', 'recalled')"),
        ),
    )
    id: int | None = _id()
    conversation_id: int = _ref("conversation.id")
    post_id: int = _ref("post.id")
    account_id: int | None = _ref("account.id", optional=True)
    agent: str
    epoch: int
    text: str
    private: bool
    state: str
    key: str
    created_at: int = _time(optional=False)
    due_at: int = _time(optional=False)
    sent_at: int | None = _time()
    native_id: str | None = None
    error: str | None = None
    attempts: int = 0
    seen_event: int | None = _time()
    """The newest event when the guard let it pass: what came later is news when it is about to leave."""
    passed: list[str] | None = _json()
    """The checks whose stop the agent answered: they do not stop it again."""
    part: int = 1
    parts: int = 1
    first_id: int | None = _time()
    whole: str | None = None
    tried_at: int | None = _time()
    """When it was last given to its network."""
    failing_since: int | None = _time()
    """Since when its network is out of reach."""
    scheduled: bool = False
    """It was to leave at a later time: it goes back to its draft when the thread changes before."""
    composition: dict[str, Any] | None = _json()
    """What it is made of beside its words; of a text in parts, all of them have it."""


class Note(SQLModel, table=True):
    """A word between colleagues about a conversation."""

    id: int | None = _id()
    conversation_id: int = Field(
        default=None, sa_column=Column(BigInt, ForeignKey("conversation.id"), nullable=False, index=True)
    )
    agent: str
    text: str
    created_at: int = _time(optional=False)


class NoteMention(SQLModel, table=True):
    """A note names a colleague: it is in their inbox, unread until `read_at`."""

    __tablename__ = "note_mention"
    __table_args__ = (Index("note_mention_agent", "agent", "note_id"),)
    note_id: int = Field(
        default=None, sa_column=Column(BigInt, ForeignKey("note.id"), primary_key=True, autoincrement=False)
    )
    agent: str = Field(primary_key=True)
    read_at: int | None = _time()


class Scratch(SQLModel, table=True):
    """A text somebody is still writing that is no reply: a note, a canned response. `subject` says which."""

    agent: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    text: str
    cursor: int = 0
    updated_at: int = _time(optional=False)


class Promise(SQLModel, table=True):
    """Something we told a customer we would do by a time. `outcome`: `kept` or `dropped`; empty while it is open."""

    __table_args__ = (
        Index("promise_conversation", "conversation_id"),
        Index(
            "promise_open",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )
    id: int | None = _id()
    conversation_id: int = _ref("conversation.id")
    reply_id: int | None = _ref("reply.id", optional=True)
    agent: str
    text: str
    made_at: int = _time(optional=False)
    due_at: int = _time(optional=False)
    settled_at: int | None = _time()
    settled_by: str | None = None
    outcome: str | None = None


class Canned(SQLModel, table=True):
    """Reusable text. `plain`: the body is no template.

    `owner`: of scope agent, whose it is; of scope account, the handle it is for, as `x:@northline`; of scope team,
    who looks after it, or empty. `version` counts its changes from 1.
    """

    id: int | None = _id()
    name: str = Field(unique=True)
    body: str
    shortcut: str = ""
    tags: list[str] | None = _json()
    language: str = ""
    network: str = ""
    scope: str = "team"
    approved: bool = True
    plain: bool = False
    valid_from: int | None = _time()
    valid_until: int | None = _time()
    owner: str = ""
    incident: str = ""
    variants: list[dict[str, Any]] | None = _json()
    """Other texts of it: `body`, `language`, `network`, `plain`."""
    actions: list[dict[str, Any]] | None = _json()
    """What sending it also does, see `tui.desk.canned.response.Action`."""
    uses: int = 0
    last_used: int | None = _time()
    updated_at: int = _time(optional=False)
    version: int = 1


class CannedVersion(SQLModel, table=True):
    """What a canned response was like from `at` on, and who made it so."""

    __tablename__ = "canned_version"
    __table_args__ = (UniqueConstraint("canned_id", "version"),)
    id: int | None = _id()
    canned_id: int = _ref("canned.id")
    version: int
    at: int = _time(optional=False)
    agent: str
    fields: dict[str, Any] | None = _json()


class CannedUse(SQLModel, table=True):
    """A canned response went into a reply, which left at `sent_at`. `edited`: words of it were changed, see `usage`."""

    __tablename__ = "canned_use"
    __table_args__ = (
        # The first and the last hold all that figures are made of: a million uses are read without their rows.
        Index("canned_use_canned", "canned_id", "at", "agent", "edited"),
        Index("canned_use_reply", "reply_id"),
        Index("canned_use_conversation", "conversation_id", "sent_at", "at", "author_id", "canned_id"),
    )
    id: int | None = _id()
    canned_id: int = _ref("canned.id")
    reply_id: int = _ref("reply.id")
    conversation_id: int = _ref("conversation.id")
    author_id: int = _ref("author.id")
    account_id: int | None = _ref("account.id", optional=True)
    agent: str
    at: int = _time(optional=False)
    sent_at: int | None = _time()
    edited: bool


class Skip(SQLModel, table=True):
    """An agent passed over a conversation: `next` does not serve it to them again before `until`."""

    conversation_id: int = Field(
        default=None,
        sa_column=Column(BigInt, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    )
    agent: str = Field(primary_key=True)
    until: int = _time(optional=False)


class Seen(SQLModel, table=True):
    """Up to which event an agent last saw a conversation, through show, claim or next."""

    conversation_id: int = Field(
        default=None,
        sa_column=Column(BigInt, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    )
    agent: str = Field(primary_key=True)
    event_id: int = _time(optional=False)


class Shift(SQLModel, table=True):
    """An agent's stretch of work. `first_event` and `last_event` bound what its handoff is read from."""

    __table_args__ = (Index("shift_agent", "agent", "ended_at"),)
    id: int | None = _id()
    agent: str
    started_at: int = _time(optional=False)
    ended_at: int | None = _time()
    first_event: int = _time(optional=False)
    last_event: int | None = _time()
    summary: dict[str, Any] | None = _json()
    digest: str | None = None
    acked_by: str | None = None
    acked_at: int | None = _time()
    read_back: str | None = None


class Lease(SQLModel, table=True):
    """What only one process may do at a time, by name."""

    name: str = Field(primary_key=True)
    holder: str
    until: int = _time(optional=False)


class Presence(SQLModel, table=True):
    """One open desk of an agent, as it told last: what its agent does, and where. Its row goes when the shift ends.

    A row that stays and no longer beats is a desk whose line dropped, or whose process died.
    """

    __table_args__ = (Index("presence_conversation", "conversation_id"), Index("presence_agent", "agent"))
    id: str = Field(primary_key=True)
    """Drawn by the process."""
    agent: str
    host: str
    pid: int
    doing: str
    """`looks`, `writes` or `away`."""
    conversation_id: int | None = _ref("conversation.id", optional=True)
    since: int = _time(optional=False)
    """Since when it does that there."""
    beat_at: int = _time(optional=False)
    dropped_at: int | None = _time()
    """When the process was told that its line is gone."""


class HostClock(SQLModel, table=True):
    """What the clock of the host showed, and how long the host had been up: a clock that is set is told from time."""

    __tablename__ = "host_clock"
    boot: str = Field(primary_key=True)
    """Which start of the host."""
    up_ms: int = _time(optional=False)
    shown: int = _time(optional=False)


class Watched(SQLModel, table=True):
    """A file that posts are read from as it grows, and how far: posts and `place` are committed together."""

    path: str = Field(primary_key=True)
    place: str
    read_at: int = _time(optional=False)


class Event(SQLModel, table=True):
    """Append-only record of everything that changed a state."""

    __table_args__ = (
        Index("event_conversation", "conversation_id", "id"),
        Index("event_agent", "agent", "id"),
        Index("event_at", "at"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    at: int = _time(optional=False)
    agent: str
    kind: str
    conversation_id: int | None = _ref("conversation.id", optional=True)
    data: dict[str, Any] | None = _json()


def _core(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


accounts = _core(Account)
agents = _core(Agent)
authors = _core(Author)
canned_responses = _core(Canned)
canned_uses = _core(CannedUse)
canned_versions = _core(CannedVersion)
conversations = _core(Conversation)
drafts = _core(Draft)
events = _core(Event)
host_clocks = _core(HostClock)
incidents = _core(Incident)
leases = _core(Lease)
note_mentions = _core(NoteMention)
notes = _core(Note)
post_versions = _core(PostVersion)
posts = _core(Post)
presences = _core(Presence)
promises = _core(Promise)
replies = _core(Reply)
scratches = _core(Scratch)
seen = _core(Seen)
shifts = _core(Shift)
skips = _core(Skip)
sources = _core(Source)
watched = _core(Watched)
