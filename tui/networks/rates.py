"""What an answer says of the calls that are left, and of when they are counted anew.

Whatever stands there, nobody waits longer than a day for it, and every number fits a database.
"""

from collections.abc import Sequence

from tui import clock
from tui.clock import HOUR, SECOND, Millis
from tui.networks.records import Rate
from tui.networks.wire import Answer

LONGEST_WAIT: Millis = 25 * HOUR
"""The longest limit of any network is one of a day."""
_MOST_DIGITS = 11


def number(answer: Answer, name: str) -> int | None:
    """A whole number in a header; None where there is none."""
    given = answer.headers.get(name, "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS else None


def at(answer: Answer, name: str, now: Millis) -> Millis | None:
    """The moment in a header that has seconds since the epoch; None where there is none."""
    seconds = number(answer, name)
    return None if seconds is None else min(seconds * SECOND, now + LONGEST_WAIT)


def resets_at(answer: Answer, names: Sequence[str], now: Millis) -> Millis | None:
    """When calls are counted anew by the first of these headers that says so.

    They have seconds since the epoch, seconds from now, or a time by ISO 8601.
    """
    for name in names:
        seconds = number(answer, name)
        if seconds is not None:
            since = 0 if seconds * SECOND > now // 2 else now
            return min(since + seconds * SECOND, now + LONGEST_WAIT)
        try:
            return min(clock.parse(answer.headers.get(name, "").strip()), now + LONGEST_WAIT)
        except (ValueError, OverflowError):
            continue
    return None


def rate(answer: Answer, prefixes: Sequence[str], until: Millis | None) -> Rate | None:
    """What is left of the calls until then, where it says so under the first of these beginnings of names."""
    for prefix in prefixes:
        limit, left = (number(answer, f"{prefix}{name}") for name in ("limit", "remaining"))
        if limit is not None and left is not None and until is not None:
            return Rate(limit, left, until)
    return None
