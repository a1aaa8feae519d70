"""What crosses the boundary to a network: posts in, replies out. Plain records, no store, no HTTP.

Times are milliseconds since the epoch (see `tui.clock`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tui.clock import Millis
from tui.errors import OutOfReach

Kind = Literal["post", "reply", "repost", "quote", "dm"]
KINDS: tuple[Kind, ...] = ("post", "reply", "repost", "quote", "dm")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as the network names them. `handle` stands without a leading `@`."""

    id: str
    handle: str
    name: str = ""
    followers: int = 0
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Anything published on a network, ours or not."""

    network: str
    id: str
    author: Author
    text: str
    created_at: Millis
    account: str | None = None
    """Our handle it reached, with its `@`; None when the network does not say."""
    kind: Kind = "post"
    in_reply_to: str | None = None
    root: "Post | None" = None
    """The embedded original of a repost or quote."""
    root_id: str | None = None
    """Its id; set whenever `root` is."""
    url: str | None = None
    reposts: int = 0
    likes: int = 0
    media: tuple[dict[str, Any], ...] = ()
    lang: str | None = None
    deleted: bool = False
    seen_at: Millis | None = None
    """When it reached us; None means at intake."""
    reply_allowed: bool = True
    reply_denied: str | None = None
    """Why the network takes no reply of ours to it: `summons`, `blocked`, `locked`, or its own word."""
    by_us: bool = False
    """The source says it is ours (an outbound row of `twcs`)."""
    uri: str | None = None
    """What stays the same where a server gives an edited post another id."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line or row that could not be read: its 1-based number and one reason."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture that goes with a reply: a file on this machine, and what it shows, in words."""

    path: str
    alt: str

    def as_json(self) -> dict[str, str]:
        """As it is stored."""
        return {"path": self.path, "alt": self.alt}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply on its way to a network. `key` is the same in every try."""

    network: str
    account: str | None
    in_reply_to: str
    text: str
    key: str
    private: bool = False
    media: tuple[Attachment, ...] = ()
    warning: str = ""
    """A content warning; empty: none."""
    visibility: str = ""
    """`public`, `unlisted` or `followers`; empty: as the network has it by itself."""
    recipient: str = ""
    """The id of the person it is for, as the network names them."""
    created_at: Millis = 0
    """When the agent sent it; the same in every try."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the network says after a publish."""

    native_id: str
    url: str | None = None
    note: str = ""
    """What somebody has to know of how it is out, such as that it is no reply there; empty: nothing."""


class RefusedByNetwork(Exception):
    """The network will not publish this reply, and trying again cannot help. The message says why."""


class Unclear(Exception):
    """No clear answer: the reply may or may not be out. It must be looked up before a second try."""


class RateLimited(OutOfReach):
    """The network takes no such call before `until`. Nothing was done.

    `why`: `rate` (too many calls just now), `cap` (what the plan allows is used up), `credits` (nothing is paid for
    any more).
    """

    def __init__(self, sentence: str, *, until: Millis, why: Literal["rate", "cap", "credits"] = "rate") -> None:
        super().__init__(sentence)
        self.until = until
        self.why = why


class LoggedOut(OutOfReach):
    """The network does not take our token any more: somebody has to log the account in again. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Source:
    """One stream an account can be read from: `mentions`, `messages`, `own`, `search`, `tag:NAME`, `list:ID`."""

    name: str
    every: Millis
    """How often it should be read at most."""
    calls: int = 1
    """How many calls of its limit one read costs at least."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of the calls a network allows for one source until `resets_at`."""

    limit: int
    left: int
    resets_at: Millis


@dataclass(frozen=True, slots=True)
class Page:
    """What one read of a source brought: `posts`, oldest first, which belong to the store before `cursor` does."""

    posts: tuple[Post, ...]
    cursor: str | None
    more: bool = False
    """There is more to be had at once."""
    gap: bool = False
    """Between the last cursor and these, posts are missing that the network does not give any more."""
    bad: tuple[BadLine, ...] = ()
    """What could not be read, by its place in the answer, and why."""
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What a server takes, where it says so; 0: as its network has it."""

    characters: int = 0
    link_length: int = 0
    pictures: int = 0

    def as_json(self) -> dict[str, int]:
        """As it is stored with the account."""
        return {"characters": self.characters, "link_length": self.link_length, "pictures": self.pictures}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `account test`: what was tried, whether it works, and in words what was found."""

    what: str
    ok: bool
    text: str


class Network(Protocol):
    """Where replies leave: publish, and look one up by its key."""

    settles: Millis
    """How long after a try a look-up that finds nothing is not yet to be believed."""

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply, private where it is.

        Raises RefusedByNetwork; RateLimited, LoggedOut or OutOfReach when certainly nothing was published; Unclear.
        """
        ...

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """Find a reply that may be out; None when it is not out there. Raises OutOfReach or Unclear."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Client(Network, Protocol):
    """One account of ours on one network. It is used by one thread at a time."""

    network: str
    account: str
    """Its handle, with `@`."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """What can be read, the most important first."""
        ...

    def read(self, source: str, cursor: str | None, *, now: Millis) -> Page:
        """What came after `cursor`; None: a first read, which brings the newest only. Raises OutOfReach and its kin."""
        ...

    def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post and what it answers, up to its root, and what answers it, where the network gives that."""
        ...

    def limits(self) -> ServerLimits:
        """What the server takes."""
        ...

    def test(self, *, now: Millis) -> tuple[Finding, ...]:
        """What can be read and written, and how many calls are left. Publishes nothing, raises nothing of its own."""
        ...


@dataclass(slots=True)
class Tally:
    """What a reader repaired on its way."""

    repaired: int = 0
    """Texts in which a NUL or lone surrogate was replaced."""


Readings = Iterator[Post | BadLine]

__all__ = [
    "KINDS",
    "Attachment",
    "Author",
    "BadLine",
    "Client",
    "Finding",
    "Kind",
    "LoggedOut",
    "Network",
    "Outgoing",
    "Page",
    "Post",
    "Rate",
    "RateLimited",
    "Readings",
    "Receipt",
    "RefusedByNetwork",
    "ServerLimits",
    "Source",
    "Tally",
    "Unclear",
]
