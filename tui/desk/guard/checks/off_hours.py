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
_WEEK = timedelta(days=7)
_NUMBER = re.compile(r"\d{1,4}")


def off_hours(case: Case) -> Finding | None:
    """The reply promises something for a time when nobody is here. Where no hours are set, somebody always is.

    A promise is a sentence, no question, in which we say that we get back to them and by when. It is kept if we are
    open at any time until then.
    """
    settings = case.settings
    if not settings.hours:
        return None
    for sentence, moments in _promises(case.text, case.phrases):
        windows = [window for name, hit in moments for window in _windows(name, hit, settings, case.now)]
        if not any(hours.is_open_within(settings, *window) for window in windows):
            return _finding(sentence, moments[0][1], windows, case)
    return None


def _finding(sentence: str, moment: Hit, windows: list[_Window], case: Case) -> Finding:
    settings = case.settings
    opens = hours.next_opening(settings, case.now)
    said = "has no opening in the next weeks"
    if opens is not None:
        said = f"opens next on {hours.at(settings, opens):%A %d %B at %H:%M}"
    since, until = windows[0][0], max(until for _, until in windows)
    evidence = {
        "promise": whole(sentence.strip()),
        "moment": named(moment.text),
        "since": iso(since),
        "until": iso(until),
        "opens_at": iso(opens),
        "arithmetic": f"{named(moment.text)} is {hours.at(settings, since):%a %H:%M} to "
        f"{hours.at(settings, until):%a %H:%M} in {named(settings.timezone)}, closed by {named(settings.hours)}",
    }
    words = f"This promises {excerpt(sentence.strip())} for a time when we are closed; the desk {said}."
    return Finding("off-hours", "warn", words, evidence)


def _promises(text: str, phrases: Phrases) -> Iterator[tuple[str, list[tuple[str, Hit]]]]:
    """Sentences that promise something, with the times they name."""
    for sentence in sentences(text):
        if not sentence.rstrip().endswith("?") and phrases.holds("promise", sentence):
            moments = _moments(sentence, phrases)
            if moments:
                yield sentence, moments


def _moments(sentence: str, phrases: Phrases) -> list[tuple[str, Hit]]:
    """The times a sentence names: `heute abend` is not also `heute`, and `guten Morgen` is none."""
    found = [(name, hit) for name in MOMENTS for hit in phrases.find(name, sentence)]
    taken = [hit for _, hit in found] + phrases.find("greeting", sentence)
    return [(name, hit) for name, hit in found if not any(_is_within(hit, other) for other in taken)]


def _is_within(hit: Hit, other: Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and hit != other


def _windows(name: str, hit: Hit, settings: AccountSettings, now: Millis) -> list[_Window]:
    """When a promise for such a time would have to be kept. A weekday's name on that day may mean the next one."""
    today = hours.at(settings, now).date()
    number = _NUMBER.search(hit.text)
    match name:
        case "now":
            return [(now, now + HOUR)]
        case "minutes" | "hours":
            return [(now, now + (int(number[0]) if number else 1) * (HOUR if name == "hours" else MINUTE))]
        case "today":
            return [(now, hours.moment(settings, today, _MIDNIGHT))]
        case "tonight":
            evening = hours.moment(settings, today, _EVENING)
            return [(max(now, evening), hours.moment(settings, today, _MIDNIGHT))]
        case "tomorrow":
            return [_day(settings, today + timedelta(days=1))]
    ahead = timedelta(days=(WEEKDAYS.index(name) - today.weekday()) % 7)
    if ahead:
        return [_day(settings, today + ahead)]
    return [(now, hours.moment(settings, today, _MIDNIGHT)), _day(settings, today + _WEEK)]


def _day(settings: AccountSettings, day: date) -> _Window:
    return hours.moment(settings, day, 0), hours.moment(settings, day, _MIDNIGHT)
