"""One canned response, as the desk holds it. Plain records: no store, no templates."""

from dataclasses import dataclass
from typing import Literal

from tui.clock import Millis

Scope = Literal["team", "account", "agent"]
SCOPES: tuple[Scope, ...] = ("team", "account", "agent")

Validity = Literal["valid", "expired", "not yet"]

ActionKind = Literal["tag", "snooze", "resolve", "promise"]
ACTION_KINDS: tuple[ActionKind, ...] = ("tag", "snooze", "resolve", "promise")

ADDED, CHANGED, APPROVED = "canned.added", "canned.changed", "canned.approved"
RETIRED, RESTORED = "canned.retired", "canned.restored"
LIBRARY_CHANGES = frozenset((ADDED, CHANGED, APPROVED, RETIRED, RESTORED))
"""The kinds of events after which the library is another."""


@dataclass(frozen=True, slots=True)
class Action:
    """What sending a response also does, once it is out.

    `tag`: `text` is a tag that the conversation gets. `snooze`: for `span`. `resolve`: `text` is the reason.
    `promise`: `text` is what we promised, due after `span`.
    """

    do: ActionKind
    text: str = ""
    span: Millis = 0

    def as_json(self) -> dict[str, str | int]:
        """As it is stored; what says nothing is left out."""
        found: dict[str, str | int] = {"do": self.do}
        return found | ({"text": self.text} if self.text else {}) | ({"span": self.span} if self.span else {})


@dataclass(frozen=True, slots=True)
class Variant:
    """Another text of a response: in another language, for another network, or said in another way.

    Several of the same language and network, the body of the response among them, are alternates, offered in turn.
    """

    body: str
    language: str = ""
    network: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Canned:
    """Reusable text with variables, scope and shelf life."""

    id: int
    """0 while it is not stored."""
    name: str
    body: str
    shortcut: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    """BCP 47, as in `en` or `pt-BR`; empty fits every conversation."""
    network: str = ""
    """Empty fits every network."""
    scope: Scope = "team"
    valid_from: Millis | None = None
    valid_until: Millis | None = None
    """The first moment it is no longer valid."""
    approved: bool = True
    plain: bool = False
    """The body is text as it stands, not a template."""
    uses: int = 0
    last_used: Millis | None = None
    owner: str = ""
    """Of scope agent: whose it is; of scope account: the handle it is for, as `x:@northline`; of scope team: who
    looks after it, or empty."""
    incident: str = ""
    """The name of the incident it is about; it is valid only while that is open."""
    variants: tuple[Variant, ...] = ()
    actions: tuple[Action, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """How a response was used, by the team and by one agent. All counts are of the last 90 days."""

    uses: int = 0
    last_used: Millis | None = None
    mine: int = 0
    mine_last: Millis | None = None
    edited: int = 0
    """Uses whose words were changed beyond their blanks."""
    reopened: int = 0
    """Uses after which the customer wrote again."""

    @property
    def accepted(self) -> float:
        """0..1: the share of uses sent as it was, and not reopened; one half before it was ever used."""
        return (self.uses - self.edited / 2 - self.reopened / 2 + 1) / (self.uses + 2)


UNUSED = Usage()


def validity(canned: Canned, now: Millis) -> Validity:
    """Where `now` lies in its shelf life, `valid_from` included and `valid_until` not."""
    if canned.valid_until is not None and now >= canned.valid_until:
        return "expired"
    if canned.valid_from is not None and now < canned.valid_from:
        return "not yet"
    return "valid"


def barred(canned: Canned, *, agent: str | None, account: str | None) -> str | None:
    """Why this agent may not send it from this handle (as `x:@northline`), in words; None where nothing is against it.

    No agent: it is looked at, not sent. No handle: from whichever it may leave. The whole of it hangs on `audience`.
    """
    if agent is not None and not canned.approved:
        return "waits for approval"
    return apart(canned, agent=agent, account=account)


def apart(canned: Canned, *, agent: str | None, account: str | None) -> str | None:
    """As `barred`, whether it is approved or not."""
    if canned.scope == "agent" and agent is not None and canned.owner not in ("", agent):
        return f"is {canned.owner:.40}'s own"
    if canned.scope == "account" and account and canned.owner.casefold() not in ("", account.casefold()):
        return f"is for {canned.owner:.60} only"
    return None


def audience(canned: Canned) -> tuple[bool, Scope, str]:
    """All that `barred` asks of a response: two with the same are open to the same."""
    return canned.approved, canned.scope, "" if canned.scope == "team" else canned.owner
