"""When we keep our promises: opening hours in their own zone, holidays closed. Pure functions of settings and times.

Hours are wall times, so an opening is worked out day by day: it lasts an hour less or more when the clocks change.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tui.clock import Millis, of
from tui.config import AccountSettings

if TYPE_CHECKING:
    from holidays import HolidayBase

HOW_TO_WRITE = "write days and times such as 'mo-fr 09:00-17:00, sa 10:00-14:00', or '24/7'"
AHEAD_DAYS = 30
"""How far an opening is looked for."""

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_ENTRY = re.compile(
    r"(?P<first>[a-z]{2})(?: ?[-–] ?(?P<last>[a-z]{2}))? +"
    r"(?P<from>\d{1,2}:\d\d) ?[-–] ?(?P<until>\d{1,2}:\d\d)",
    re.ASCII | re.IGNORECASE,
)
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """One opening of the week: the day it begins (0: Monday), and minutes since that day's midnight."""

    weekday: int
    opens: int
    closes: int
    """Past 1,440 where it lasts over midnight."""


def spans(hours: str) -> tuple[Span, ...]:
    """Read `mo-fr 09:00-17:00, sa 10:00-14:00`, `fr 22:00-02:00`, `24/7`; empty is none. ValueError with a sentence."""
    if hours.strip() == "24/7":
        hours = "mo-su 00:00-24:00"
    return tuple(span for entry in hours.split(",") if entry.strip() for span in _entry(entry.strip()))


def _entry(entry: str) -> Iterator[Span]:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise ValueError(f"{entry!r:.60} is not understood; {HOW_TO_WRITE}")
    first, last = (_weekday(name) for name in (found["first"], found["last"] or found["first"]))
    opens, closes = _minute(found["from"]), _minute(found["until"])
    if opens == closes:
        raise ValueError(f"{entry!r:.60} opens and closes at once; {HOW_TO_WRITE}")
    if closes < opens:
        closes += _MINUTES_A_DAY
    for step in range((last - first) % 7 + 1):
        yield Span((first + step) % 7, opens, closes)


def _weekday(name: str) -> int:
    if name.lower() not in _DAYS:
        raise ValueError(f"{name!r} is no day; the days are {' '.join(_DAYS)}")
    return _DAYS.index(name.lower())


def _minute(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > _MINUTES_A_DAY:
        raise ValueError(f"{clock!r} is no time of day; the last is 24:00")
    return hour * 60 + minute


def vet(settings: AccountSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with hours, timezone and holidays: the key, and what to write instead."""
    try:
        if settings.hours and not spans(settings.hours):
            yield "hours", f"hold no day and time; {HOW_TO_WRITE}"
    except ValueError as error:
        yield "hours", f"cannot be read: {error}"
    try:
        zone(settings)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(settings.timezone, available_timezones(), 1, 0.5) or ["Europe/London"]
        yield "timezone", f"is no known zone; did you mean {near[0]!r}?"
    if settings.holidays and not _known_holidays(settings.holidays):
        yield "holidays", "is no country we know holidays of; write its two letters, or with a region: 'GB', 'DE-BY'"


def _known_holidays(code: str) -> bool:
    from holidays import list_supported_countries

    country = code.partition("-")[0]
    if country not in list_supported_countries(include_aliases=False):
        return False  # the package takes its own names too, such as utils
    try:
        _holidays(code)
    except (NotImplementedError, KeyError, ValueError):
        return False
    return True


@lru_cache(maxsize=16)
def _holidays(code: str) -> "HolidayBase":
    """The holidays of `GB` or `DE-BY`, worked out year by year as they are asked for."""
    from holidays import country_holidays

    country, _, region = code.partition("-")
    return country_holidays(country, subdiv=region or None)


def zone(settings: AccountSettings) -> tzinfo:
    """The zone of the hours; UTC is known without a zone database. ZoneInfoNotFoundError, ValueError or OSError."""
    return UTC if settings.timezone == "UTC" else ZoneInfo(settings.timezone)


def at(settings: AccountSettings, now: Millis) -> datetime:
    """A moment as the clock of our hours shows it."""
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(zone(settings))


def moment(settings: AccountSettings, day: date, minute: int) -> Millis:
    """A wall time of our zone, in minutes since a day's midnight. In the hour that occurs twice: the first one."""
    wall = datetime.combine(
        day + timedelta(days=minute // _MINUTES_A_DAY), time(minute % _MINUTES_A_DAY // 60, minute % 60)
    )
    return of(wall.replace(tzinfo=zone(settings)))


def openings(settings: AccountSettings, since: Millis, until: Millis) -> Iterator[tuple[Millis, Millis]]:
    """Every opening that is not over before `since` and begins before `until`, day by day."""
    week = spans(settings.hours)
    closed = _holidays(settings.holidays) if settings.holidays else ()
    day, last = at(settings, since).date() - timedelta(days=1), at(settings, until).date()
    while day <= last:
        for span in sorted((one for one in week if one.weekday == day.weekday()), key=lambda one: one.opens):
            opens, closes = moment(settings, day, span.opens), moment(settings, day, span.closes)
            if closes > since and opens < until and day not in closed:
                yield opens, closes
        day += timedelta(days=1)


def is_open_within(settings: AccountSettings, since: Millis, until: Millis) -> bool:
    """Whether we are open at some time from `since` to before `until`."""
    return next(openings(settings, since, until), None) is not None


def next_opening(settings: AccountSettings, now: Millis) -> Millis | None:
    """When we open next; `now` where we are open; None where not within `AHEAD_DAYS`."""
    ahead = now + AHEAD_DAYS * _MINUTES_A_DAY * 60_000
    found = next(openings(settings, now, ahead), None)
    return None if found is None else max(found[0], now)
