"""One canned response, as the desk holds it. A plain record: no store, no templates."""

from dataclasses import dataclass
from typing import Literal

from tui.clock import Millis

Scope = Literal["team", "account", "agent"]
SCOPES: tuple[Scope, ...] = ("team", "account", "agent")

Validity = Literal["valid", "expired", "not yet"]


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


def validity(canned: Canned, now: Millis) -> Validity:
    """Where `now` lies in its shelf life, `valid_from` included and `valid_until` not."""
    if canned.valid_until is not None and now >= canned.valid_until:
        return "expired"
    if canned.valid_from is not None and now < canned.valid_from:
        return "not yet"
    return "valid"
