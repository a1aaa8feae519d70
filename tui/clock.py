"""Time inside shiftdesk is an integer: milliseconds since 1970-01-01T00:00Z.

Rules take `now` in this unit; `now()` is called at the edge only. Zones exist only in
`parse` and `local`.
"""

import re
import time
from datetime import UTC, datetime, timedelta

Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR

_SPAN = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


_followed: tuple[Millis, int] | None = None
"""What another clock showed, and what `_elapsed` did at that moment."""


def now() -> Millis:
    """Milliseconds since the epoch: by the machine's clock, or by the one that is followed."""
    if _followed is None:
        return shown()
    was, then = _followed
    return was + (_elapsed() - then) // 1_000_000


def shown() -> Millis:
    """What the machine's own clock shows, whichever is followed."""
    return time.time_ns() // 1_000_000


def up() -> Millis:
    """How long the machine has been up, by its own clock: no setting of it moves this."""
    return _elapsed() // 1_000_000


def follow(moment: Millis | None) -> None:
    """From now on time goes by a clock that shows `moment` now, a database's; None: by the machine's own."""
    global _followed
    _followed = None if moment is None else (moment, _elapsed())


def _elapsed() -> int:
    """Nanoseconds that no setting of the machine's clock moves; where it can be told, they count its sleep as well."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def parse(text: str) -> Millis:
    """Read an ISO 8601 time. ValueError when it is none, or has no zone."""
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r:.40} is not an ISO 8601 time") from None
    if when.tzinfo is None:
        raise ValueError(f"{text!r:.40} has no time zone; write 2026-02-11T09:14:00Z or +01:00")
    return of(when)


def of(when: datetime) -> Millis:
    """An aware datetime in milliseconds, without float rounding."""
    span = when - datetime(1970, 1, 1, tzinfo=UTC)
    return span // timedelta(milliseconds=1)


def iso(at: Millis | None) -> str | None:
    """ISO 8601 in UTC; whole seconds without a fraction."""
    if at is None:
        return None
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    spec = "milliseconds" if at % SECOND else "seconds"
    return when.isoformat(timespec=spec).replace("+00:00", "Z")


def local(at: Millis, form: str = "%H:%M") -> str:
    """The time in the zone of the machine (`TZ`), for people."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone().strftime(form)


def utc(at: Millis, form: str = "%H:%M") -> str:
    """The time in UTC, for what people in several places read."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).strftime(form)


def age(span: Millis) -> str:
    """A span as agents say it: `45s`, `3m`, `5h`, `206d`. One unit, rounded down; below zero is `0s`."""
    span = max(span, 0)
    if span < MINUTE:
        return f"{span // SECOND}s"
    if span < HOUR:
        return f"{span // MINUTE}m"
    if span < 2 * DAY:
        return f"{span // HOUR}h"
    return f"{span // DAY}d"


def spoken(span: Millis) -> str:
    """A span inside a sentence: `45 s`, `2 min`, `5 h`, `206 days`; below zero is `0 s`."""
    short = age(span)
    units = {"s": "s", "m": "min", "h": "h", "d": "days"}
    return f"{short[:-1]} {units[short[-1]]}"


def span(text: str) -> Millis:
    """Read `90m`, `2h`, `7d`, `1h30m`. ValueError when it is none."""
    compact = text.replace(" ", "").lower()
    if not compact or _SPAN.sub("", compact):
        raise ValueError(f"{text!r:.40} is not a span; write 90m, 2h or 7d")
    return sum(int(number) * _UNITS[unit] for number, unit in _SPAN.findall(compact))


LATEST: Millis = parse("2100-01-01T00:00:00Z")
"""No time of ours lies beyond: what claims to is a mistake, and would not fit a calendar for long."""


def until(text: str, now: Millis) -> Millis:
    """Read a moment ahead: a span from `now` (`2h`) or an ISO 8601 time with a zone.

    ValueError, with a sentence, when it is neither or lies beyond LATEST.
    """
    try:
        at = now + span(text)
    except ValueError:
        try:
            at = parse(text)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{text!r:.40} is neither a span such as 2h nor a time such as 2026-02-11T09:00Z; give one of them."
            ) from None
    if at > LATEST:
        raise ValueError(f"{text!r:.40} lies beyond the year 2100; give an earlier time.")
    return at
