"""What crosses the boundary to a network: posts in, replies out. Plain records, no store, no HTTP.

Times are milliseconds since the epoch (see `tui.clock`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tui.clock import Millis

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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the network says after a publish."""

    native_id: str
    url: str | None = None


class RefusedByNetwork(Exception):
    """The network will not publish this reply, and trying again cannot help. The message says why."""


class Unclear(Exception):
    """No clear answer: the reply may or may not be out. It must be looked up before a second try."""


class Network(Protocol):
    """One side of the desk to one network."""

    def read(self, since: str | None) -> tuple[Iterable[Post], str | None]:
        """Posts after the cursor `since`, oldest first, and the next cursor."""
        ...

    def publish(self, reply: Outgoing) -> Receipt:
        """Send one reply. Raises RefusedByNetwork or Unclear."""
        ...

    def look_up(self, reply: Outgoing) -> Receipt | None:
        """Find a reply by its key; None when it is not out there."""
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
    "Kind",
    "Network",
    "Outgoing",
    "Post",
    "Readings",
    "Receipt",
    "RefusedByNetwork",
    "Tally",
    "Unclear",
]
