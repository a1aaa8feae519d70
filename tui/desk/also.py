"""What sending a reply also does, in words. `tui.desk.afterwards` does it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

from tui.clock import DAY, HOUR, MINUTE, Millis
from tui.desk.promises import by
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.canned.response import Action


def words(action: "Action", now: Millis) -> str:
    """What one action does, if its reply leaves now: `tag refund`, `snooze 2 h`, `promise call back by 14:00`."""
    match action.do:
        case "tag":
            return f"tag {line(action.text)}"
        case "snooze":
            return f"snooze {_span(action.span)}"
        case "resolve":
            return "resolve" + (f": {line(action.text)}" if action.text else "")
        case "promise":
            return f"promise {line(action.text)} {by(now + action.span, now)}"
        case _ as never:
            assert_never(never)


def told(actions: "Iterable[Action]", now: Millis) -> str:
    """All of them in one sentence; empty where there are none."""
    said = ", ".join(words(action, now) for action in actions)
    return f"Also: {said}." if said else ""


def _span(span: Millis) -> str:
    """A span in whole units: `2 h`, `1 h 30 min`, `3 d`."""
    parts = ((span // DAY, "d"), (span % DAY // HOUR, "h"), (span % HOUR // MINUTE, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
