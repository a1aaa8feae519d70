"""How far a stream has been read whose cursors only go backwards: from the newest, until what was seen is reached.

What lies between is never skipped: where it is more than one read takes, the cursor says how far down it has come,
and the next read goes on there. What is new by then is found by the walk after that.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.clock import MINUTE, Millis

OVERLAP: Millis = 10 * MINUTE
"""So far behind what was seen, posts are taken again where they are on a page that was read anyway: the network sorts
by a time that its writers may set, and some posts reach it late."""
MOST_PAGES = 200
"""After so many pages a walk is given up: what it did not reach is a gap."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a stream stands."""

    seen: Millis | None = None
    """All up to here is known; None: nothing was read yet."""
    top: Millis | None = None
    """The newest that the walk under way has met, which is where it began."""
    at: str | None = None
    """The network's own cursor for its next page; None: no walk is under way."""
    pages: int = 0

    @property
    def under_way(self) -> bool:
        """There is more to be read at once."""
        return self.at is not None

    @classmethod
    def of(cls, stored: Any) -> "Walk":
        """As it was stored; a new one where that is not readable."""
        if not isinstance(stored, dict):
            return cls()
        seen, top, at, pages = (stored.get(name) for name in ("seen", "top", "at", "pages"))
        if type(seen) is not int:
            return cls()
        if isinstance(at, str) and (top is None or type(top) is int) and type(pages) is int:
            return cls(seen, top, at, pages)
        return cls(seen)

    def as_json(self) -> dict[str, Any]:
        """To be stored."""
        if self.at is None:
            return {"seen": self.seen}
        return {"seen": self.seen, "top": self.top, "at": self.at, "pages": self.pages}

    def wants(self, at: Millis) -> bool:
        """Whether what stands at this time is taken."""
        return self.seen is None or at >= self.seen - OVERLAP

    def down(self, times: Sequence[Millis], cursor: str | None, *, now: Millis) -> tuple["Walk", bool]:
        """The walk after a page with these times, and whether it was given up before it reached what was seen."""
        top = self.top if self.top is not None or not times else min(max(times), now)
        pages = self.pages + 1
        reached = self.seen is None or cursor is None or (bool(times) and min(times) < self.seen)
        if cursor is None or reached or cursor == self.at or pages >= MOST_PAGES:
            known = [at for at in (top, self.seen) if at is not None]
            return Walk(max(known, default=now)), not reached
        return replace(self, top=top, at=cursor, pages=pages), False


def read_cursor(text: str | None) -> dict[str, Any]:
    """What a cursor says, by the name of each of its streams; nothing where it is none."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def written_cursor(walks: dict[str, Walk]) -> str:
    """The cursor of these streams."""
    return json.dumps({name: walk.as_json() for name, walk in walks.items()}, separators=(",", ":"))
