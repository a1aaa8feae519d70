"""What the canned responses are worth: how each is used, what it saves, and which of them need somebody.

**Time saved is an estimate**: for each use that was sent as it was, the time to type the words of its body at
`TYPED_A_MINUTE`, less `PICKED` to find and insert it; never below nothing. Variables count for nothing, and so does
a use whose words were changed. It says nothing of how long the customer waited: whether a response is used depends on
what was asked, so answers with one and without can not be compared.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tui import clock
from tui.clock import DAY, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk.canned.library import response
from tui.desk.canned.response import UNUSED, Canned, Usage, validity
from tui.desk.canned.usage import WINDOW, usage
from tui.store.reader import Reader

State = Literal["waiting", "valid", "expiring", "expired", "not yet", "incident over"]
"""Waiting: for approval. Expiring: valid, and not for long. Incident over: it is about one that is not open."""

TYPED_A_MINUTE = 250
"""Characters, fifty words: the mean of 168,000 people who copied sentences (Dhakal and others, 2018)."""
PICKED: Millis = 5 * SECOND
SOON: Millis = 14 * DAY
"""What expires within this is named."""

_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")


@dataclass(frozen=True, slots=True)
class Worth:
    """One response, how it was used in the last 90 days, and how it stands."""

    canned: Canned
    used: Usage
    state: State
    saved: Millis
    """See the head of this module."""

    def as_json(self) -> dict[str, Any]:
        """As `canned stats` prints it."""
        return {
            "name": self.canned.name, "scope": self.canned.scope, "owner": self.canned.owner, "state": self.state,
            "uses": self.used.uses, "uses_ever": self.canned.uses, "last_used": clock.iso(self.canned.last_used),
            "edited": self.used.edited, "edited_percent": percent(self.used.edited, self.used.uses),
            "reopened": self.used.reopened, "reopened_percent": percent(self.used.reopened, self.used.uses),
            "saved_seconds": self.saved // SECOND, "never_used": not self.used.uses,
            "valid_until": clock.iso(self.canned.valid_until),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stats:
    """The whole library, the most used first."""

    now: Millis
    responses: tuple[Worth, ...]

    def of(self, *states: State) -> list[Worth]:
        """Those in one of these states, what expires first in front."""
        found = [one for one in self.responses if one.state in states]
        return sorted(found, key=lambda one: (one.canned.valid_until or 0, one.canned.name))

    @property
    def never_used(self) -> list[Worth]:
        """Those that could be used and were not in 90 days, by name."""
        usable = [one for one in self.responses if not one.used.uses and one.state in ("valid", "expiring")]
        return sorted(usable, key=lambda one: one.canned.name)

    def total(self) -> dict[str, Any]:
        """The same figures over all of them."""
        uses, edited, reopened = (
            sum(getattr(one.used, name) for one in self.responses) for name in ("uses", "edited", "reopened")
        )
        return {
            "responses": len(self.responses), "uses": uses, "edited": edited, "edited_percent": percent(edited, uses),
            "reopened": reopened, "reopened_percent": percent(reopened, uses),
            "saved_seconds": sum(one.saved for one in self.responses) // SECOND,
            "never_used": len(self.never_used),
        }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """As `canned stats` prints it."""
        return {
            "since": clock.iso(self.now - WINDOW), "until": clock.iso(self.now),
            "responses": [one.as_json() for one in self.responses],
            "never_used": _names(self.never_used), "expiring": _names(self.of("expiring")),
            "expired": _names(self.of("expired", "incident over")), "waiting": _names(self.of("waiting")),
            "total": self.total(),
            "estimate": {"typed_a_minute": TYPED_A_MINUTE, "picked_seconds": PICKED // SECOND},
        }  # fmt: skip


def stats(reader: Reader, *, now: Millis, config: Config) -> Stats:
    """How every canned response stands, the most used first; one read of the uses of 90 days."""
    used = usage(reader, agent="", now=now, config=config)
    still_open = open_incidents(reader)
    known = (response(row) for row in reader.canned())
    found = [_worth(one, used, still_open, now) for one in known]
    return Stats(now, tuple(sorted(found, key=lambda one: (-one.used.uses, one.canned.name))))


def _worth(canned: Canned, used: Mapping[int, Usage], still_open: Collection[str], now: Millis) -> Worth:
    mine = used.get(canned.id, UNUSED)
    return Worth(canned, mine, state(canned, now, still_open), saved_by_one(canned) * (mine.uses - mine.edited))


def saved_by_one(canned: Canned) -> Millis:
    """What one use of a response saves where it is sent as it is, by the estimate above."""
    typed = len(canned.body if canned.plain else _TEMPLATE.sub("", canned.body))
    return max(typed * MINUTE // TYPED_A_MINUTE - PICKED, 0)


def state(canned: Canned, now: Millis, still_open: Collection[str]) -> State:
    """How a response stands now; `still_open`: the open incidents, as `open_incidents` has them."""
    shelf_life = validity(canned, now)
    if shelf_life == "expired":
        return "expired"
    if not canned.approved:
        return "waiting"
    if canned.incident and canned.incident.casefold() not in still_open:
        return "incident over"
    if shelf_life == "not yet":
        return "not yet"
    return "expiring" if canned.valid_until is not None and canned.valid_until <= now + SOON else "valid"


def open_incidents(reader: Reader) -> frozenset[str]:
    """The names of all open incidents, without case."""
    return frozenset(one.name.casefold() for one in reader.incidents(only_open=True))


def percent(part: int, whole: int) -> float | None:
    """To one place; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def _names(found: Iterable[Worth]) -> list[str]:
    return [one.canned.name for one in found]
