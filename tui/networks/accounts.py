"""One of our accounts as a client needs it: where it is, what is to be read of it, and how it logs in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tui.clock import MINUTE, Millis


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of a network."""

    search: tuple[str, ...] = ()
    """Words of our brand."""
    reposts: bool = False
    """Whether the search on X brings reposts, each paid like a post."""
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    every: Millis = MINUTE
    """How often what addresses us is asked for."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of ours that has a login."""

    network: str
    handle: str
    """With `@`."""
    server: str
    """As `https://mastodon.example`."""
    native_id: str
    """Its own id there."""
    wanted: Wanted = Wanted()
    to_anyone: bool = False
    """Whether X lets us reply to who neither named nor quoted us."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """What we pay where it is not what the network publishes; see `tui.networks.x.costs`."""

    @property
    def key(self) -> str:
        """How it is written in the configuration: `x:@northline`, without case."""
        return f"{self.network}:{self.handle}".casefold()


class Tokens(Protocol):
    """What one account logs in with; it shows none of it."""

    def get(self, name: str, default: str = "") -> str:
        """One of them."""
        ...

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        """Replace tokens that have run out, once, whoever else uses them here or in another process.

        `old` is the `access` token that was refused. Where another has renewed it meanwhile, that is taken; else
        `new` asks the network, and what it gives is safe on the disk before this returns. Raises OutOfReach where it
        cannot be written, and what `new` raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person has to do next for a login, and to give back."""

    sentence: str
    url: str = ""
    """To be opened in any browser, on any machine."""
    hidden: bool = False
    """What is given back must not be shown while it is typed."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A login that worked."""

    handle: str
    """With `@`, as the network writes it."""
    native_id: str
    server: str
    tokens: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Granted({self.handle} at {self.server})"


class Login(Protocol):
    """Logging one account in, in two steps that work over SSH."""

    def begin(self) -> Asked:
        """What to do. Raises OutOfReach, or Misuse where the server is none."""
        ...

    def finish(self, given: str) -> Granted:
        """What the person gave back becomes a login. Raises Misuse with a sentence where it is not taken."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
