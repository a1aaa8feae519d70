"""Opening hours: how they are written, and when we are open, over midnight, on holidays and when clocks change."""

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import DAY, HOUR, MINUTE, iso, parse
from tui.config import AccountSettings, load
from tui.desk import guard, hours
from tui.errors import Misuse

OFFICE = "mo-fr 09:00-17:00, sa 10:00-14:00"


def settings(written: str = OFFICE, timezone: str = "UTC", holidays: str = "") -> AccountSettings:
    return AccountSettings(hours=written, timezone=timezone, holidays=holidays)


def is_open(at: str, made: AccountSettings) -> bool:
    return hours.is_open_within(made, parse(at), parse(at) + 1)


def opens(at: str, made: AccountSettings) -> str | None:
    return iso(hours.next_opening(made, parse(at)))


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-09-21T08:59:59Z", False),
        ("2026-09-21T09:00:00Z", True),
        ("2026-09-21T16:59:59Z", True),
        ("2026-09-21T17:00:00Z", False),
        ("2026-09-26T09:30:00Z", False),
        ("2026-09-26T10:00:00Z", True),
        ("2026-09-26T14:00:00Z", False),
        ("2026-09-27T12:00:00Z", False),
    ],
)
def test_open_from_the_first_minute_until_before_the_last(at: str, open_: bool) -> None:
    assert is_open(at, settings()) is open_


@pytest.mark.parametrize(
    ("written", "at", "open_"),
    [
        ("fr 22:00-02:00", "2026-09-26T01:59:00Z", True),
        ("fr 22:00-02:00", "2026-09-26T02:00:00Z", False),
        ("fr 22:00-02:00", "2026-09-25T01:00:00Z", False),
        ("sa-mo 10:00-11:00", "2026-09-27T10:30:00Z", True),
        ("sa-mo 10:00-11:00", "2026-09-28T10:30:00Z", True),
        ("sa-mo 10:00-11:00", "2026-09-29T10:30:00Z", False),
        ("24/7", "2026-09-27T03:00:00Z", True),
        ("mo-su 00:00-24:00", "2026-09-27T23:59:59Z", True),
        ("MO 9:00 - 10:00,", "2026-09-21T09:30:00Z", True),
        ("mo 09:00-12:00, mo 13:00-17:00", "2026-09-21T12:30:00Z", False),
        ("mo 09:00-12:00, mo 13:00-17:00", "2026-09-21T13:30:00Z", True),
        ("", "2026-09-21T09:30:00Z", False),
    ],
)
def test_hours_are_read_as_written(written: str, at: str, open_: bool) -> None:
    assert is_open(at, settings(written)) is open_


@pytest.mark.parametrize(
    ("at", "timezone", "opening"),
    [
        # The last Sunday of March and of October, where London's clocks change.
        ("2026-03-27T18:00:00Z", "Europe/London", "2026-03-28T10:00:00Z"),
        ("2026-03-29T00:00:00Z", "Europe/London", "2026-03-30T08:00:00Z"),
        ("2026-10-25T00:00:00Z", "Europe/London", "2026-10-26T09:00:00Z"),
        ("2026-09-21T12:00:00Z", "Asia/Kolkata", "2026-09-22T03:30:00Z"),
        ("2026-09-21T12:00:00Z", "America/New_York", "2026-09-21T13:00:00Z"),
    ],
)
def test_hours_are_wall_times_of_their_zone(at: str, timezone: str, opening: str) -> None:
    assert opens(at, settings(timezone=timezone)) == opening


@pytest.mark.parametrize(
    ("day", "lasts"), [("2026-03-28", 7 * HOUR), ("2026-10-24", 9 * HOUR), ("2026-09-19", 8 * HOUR)]
)
def test_a_night_lasts_an_hour_less_or_more_when_the_clocks_change(day: str, lasts: int) -> None:
    made = settings("sa 22:00-06:00", "Europe/London")
    (night,) = hours.openings(made, parse(f"{day}T12:00:00Z"), parse(f"{day}T12:00:00Z") + DAY)
    assert night[1] - night[0] == lasts


def test_a_time_that_occurs_twice_is_the_first_and_one_that_is_skipped_comes_right_after() -> None:
    made = settings(timezone="Europe/London")
    assert iso(hours.moment(made, date(2026, 10, 25), 90)) == "2026-10-25T00:30:00Z"
    assert iso(hours.moment(made, date(2026, 3, 29), 90)) == "2026-03-29T01:30:00Z"


@pytest.mark.parametrize(
    ("holidays", "at", "open_"),
    [
        ("GB", "2026-12-25T12:00:00Z", False),
        ("GB", "2026-12-24T12:00:00Z", True),
        ("", "2026-12-25T12:00:00Z", True),
        ("DE-BY", "2027-11-01T12:00:00Z", False),
        ("DE-BE", "2027-11-01T12:00:00Z", True),
    ],
)
def test_holidays_are_closed(holidays: str, at: str, open_: bool) -> None:
    assert is_open(at, settings("mo-su 09:00-17:00", holidays=holidays)) is open_


def test_a_night_belongs_to_the_day_it_begins() -> None:
    made = settings("mo-su 22:00-02:00", holidays="GB")
    assert is_open("2026-12-25T01:00:00Z", made)
    assert not is_open("2026-12-26T01:00:00Z", made)


def test_the_next_opening_is_now_when_we_are_open_and_none_when_far() -> None:
    assert opens("2026-09-21T12:00:00Z", settings()) == "2026-09-21T12:00:00Z"
    assert opens("2026-09-26T14:00:00Z", settings()) == "2026-09-28T09:00:00Z"
    assert opens("2026-09-26T14:00:00Z", settings("")) is None


def test_within_means_any_part_of_it() -> None:
    evening = parse("2026-09-21T17:00:00Z")
    assert not hours.is_open_within(settings(), evening, evening + 16 * HOUR)
    assert hours.is_open_within(settings(), evening, evening + 16 * HOUR + 1)
    assert hours.is_open_within(settings(), evening - MINUTE, evening + MINUTE)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("mo-fr 9-17", "'mo-fr 9-17' is not understood; write days and times such as 'mo-fr 09:00-17:00"),
        ("monday 09:00-17:00", "'monday 09:00-17:00' is not understood"),
        ("mx 09:00-17:00", "'mx' is no day; the days are mo tu we th fr sa su"),
        ("mo 09:60-17:00", "'09:60' is no time of day; the last is 24:00"),
        ("mo 09:00-24:01", "'24:01' is no time of day"),
        ("mo 09:00-09:00", "'mo 09:00-09:00' opens and closes at once"),
        ("mo 09:00-17:00; tu 09:00-17:00", "is not understood"),
    ],
)
def test_bad_hours_say_what_to_write(written: str, says: str) -> None:
    ((key, problem),) = hours.vet(settings(written))
    assert key == "hours"
    assert says in problem


@pytest.mark.parametrize(
    ("made", "key", "says"),
    [
        (settings(timezone="Europe/Londn"), "timezone", "did you mean 'Europe/London'?"),
        (settings(timezone="../../etc/passwd"), "timezone", "is no known zone"),
        (settings(timezone=""), "timezone", "is no known zone"),
        (settings(holidays="XX"), "holidays", "write its two letters, or with a region: 'GB', 'DE-BY'"),
        (settings(holidays="DE-XX"), "holidays", "is no country"),
        (settings(holidays="Nowhere"), "holidays", "is no country"),
        *((settings(holidays=name), "holidays", "is no country") for name in ("utils", "HolidaySum", "NYSE", "UK")),
        (settings(" , "), "hours", "hold no day and time"),
    ],
)
def test_a_bad_zone_or_country_says_what_to_write(made: AccountSettings, key: str, says: str) -> None:
    ((found, problem),) = hours.vet(made)
    assert found == key
    assert says in problem


@pytest.mark.parametrize(
    "made", [AccountSettings(), settings("24/7", "Europe/Berlin", "DE-BY"), settings(holidays="GB")]
)
def test_good_settings_pass(made: AccountSettings) -> None:
    assert list(hours.vet(made)) == []


def test_the_configuration_is_refused_with_the_key(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[account."x:@northline"]\nhours = "always"\n')
    with pytest.raises(Misuse, match=r"account\.x:@northline\.hours cannot be read: 'always' is not understood"):
        load(path, vet=guard.vet)


@given(st.text())
def test_any_text_is_hours_or_a_sentence(written: str) -> None:
    with contextlib.suppress(ValueError):
        for span in hours.spans(written):
            assert 0 <= span.weekday < 7
            assert span.opens < span.closes <= 2 * 24 * 60
