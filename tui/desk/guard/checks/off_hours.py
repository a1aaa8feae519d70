"""`off-hours`."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from tui.clock import HOUR, MINUTE, Millis, iso
from tui.config import AccountSettings
from tui.desk import hours
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.phrases import MOMENTS, WEEKDAYS, Hit, Phrases, sentences
from tui.desk.guard.telling import excerpt, named, whole

_Window = tuple[Millis, Millis]
_EVENING, _MIDNIGHT = 18 * 60, 24 * 60
_SPANS: dict[str, Millis] = {"now": HOUR, "minutes": MINUTE, "hours": HOUR}
_NUMBER = re.compile(r"\d{1,4}")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?!\d)(?:[:.h](?P<minute>\d\d)(?!\d))?\s?(?:(?P<half>[ap])\.?m\b|(?P<unit>uhr\b|h\b))?",
    re.IGNORECASE,
)
_LEEWAY = 15 * MINUTE
"""How late a promise for a time of day is still kept."""
_MOST = 20
"""Most times of a kind that are looked at in one sentence."""


def off_hours(case: Case) -> Finding | None:
    """The reply promises something for a time when nobody is here. Where no hours are set, somebody always is.

    A promise is a sentence, no question, in which we say that we get back to them and by when. It is kept if we are
    open at any time until then.
    """
    settings = case.settings
    if not settings.hours:
        return None
    for sentence in _promises(case.text, case.phrases):
        windows = _windows(sentence, case)
        if windows and not any(hours.is_open_within(settings, *window) for window in windows):
            return _finding(sentence, windows, case)
    return None


def _finding(sentence: str, windows: list[_Window], case: Case) -> Finding:
    settings = case.settings
    since, until = min(windows)[0], max(until for _, until in windows)
    opens = hours.next_opening(settings, since)
    said = "has no opening in the weeks after"
    if opens is not None:
        said = f"opens next on {hours.at(settings, opens):%A %d %B at %H:%M}"
    evidence = {
        "promise": whole(sentence),
        "since": iso(since),
        "until": iso(until),
        "opens_at": iso(opens),
        "arithmetic": f"to be kept {hours.at(settings, since):%a %H:%M} to {hours.at(settings, until):%a %H:%M} "
        f"{named(settings.timezone)}, hours {named(settings.hours)}",
    }
    words = f"This promises {excerpt(sentence)} for a time when we are closed; the desk {said}."
    return Finding("off-hours", "warn", words, evidence)


def _promises(text: str, phrases: Phrases) -> Iterator[str]:
    for sentence in map(str.strip, sentences(text)):
        if not sentence.endswith("?") and phrases.holds("promise", sentence):
            yield sentence


def _windows(sentence: str, case: Case) -> list[_Window]:
    """When a promise would have to be kept, by each time the sentence names; none where it names no time."""
    settings, now = case.settings, case.now
    today = hours.at(settings, now).date()
    moments, minute = _moments(sentence, case.phrases), _time_of_day(sentence, case.phrases)
    spans = [(now, now + _span(name, hit)) for name, hit in moments if name in _SPANS]
    days = [(name, day) for name, _ in moments for day in _days(name, today)]
    if minute is None:
        return spans + [_of_day(name, day, settings, now) for name, day in days]
    if not moments:
        passed = hours.moment(settings, today, minute) < now
        days = [("", today + timedelta(days=int(passed)))]
    starts = [hours.moment(settings, day, minute) for _, day in days]
    return spans + [(start, start + _LEEWAY) for start in starts]


def _moments(sentence: str, phrases: Phrases) -> list[tuple[str, Hit]]:
    """The times a sentence names: `heute abend` is not also `heute`, and `guten Morgen` is none."""
    found = [(name, hit) for name in MOMENTS for hit in phrases.find(name, sentence)[:_MOST]]
    taken = [hit for _, hit in found] + phrases.find("greeting", sentence)[:_MOST]
    return [(name, hit) for name, hit in found if not any(_is_within(hit, other) for other in taken)]


def _is_within(hit: Hit, other: Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and hit != other


def _time_of_day(sentence: str, phrases: Phrases) -> int | None:
    """Minutes since midnight of the one time a sentence gives, as `at 8 pm` or `um 20 Uhr`; `at 8` may be anything."""
    numbers = [(hit.end, hit.text.split()[-1]) for hit in phrases.find("clock", sentence)]
    found = [_TIME.match(sentence, end - len(number)) for end, number in numbers]
    given = [time for time in found if time and (time["minute"] or time["half"] or time["unit"])]
    if len(given) != 1:
        return None
    hour, minute = int(given[0]["hour"]), int(given[0]["minute"] or 0)
    if given[0]["half"]:
        hour = hour % 12 + (12 if given[0]["half"] in "pP" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _span(name: str, hit: Hit) -> Millis:
    number = _NUMBER.search(hit.text)
    return (int(number[0]) if number else 1) * _SPANS[name]


def _days(name: str, today: date) -> list[date]:
    """The days such a word means. A weekday's name on that day may mean the next one."""
    if name in ("today", "tonight"):
        return [today]
    if name == "tomorrow":
        return [today + timedelta(days=1)]
    if name not in WEEKDAYS:
        return []
    ahead = today + timedelta(days=(WEEKDAYS.index(name) - today.weekday()) % 7)
    return [ahead] if ahead > today else [today, today + timedelta(days=7)]


def _of_day(name: str, day: date, settings: AccountSettings, now: Millis) -> _Window:
    """What is left of a day, or of its evening."""
    since = hours.moment(settings, day, _EVENING if name == "tonight" else 0)
    return max(now, since), hours.moment(settings, day, _MIDNIGHT)
