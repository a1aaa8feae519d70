"""Time is milliseconds since the epoch; zones exist at the edge only."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND

T = 1_770_801_240_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-11T09:14:00Z",
        "2026-02-11T09:14:00+00:00",
        "2026-02-11T10:14:00+01:00",
        "2026-02-11T03:44-05:30",
        " 2026-02-11 09:14:00Z ",
        "20260211T091400Z",
        "2026-02-11T09:14:00.000999Z",
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert clock.parse(text) == T


@pytest.mark.parametrize("text", ["2026-02-11T09:14:00", "2026-02-11", "20260211"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time zone; write"):
        clock.parse(text)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1770801240", "9" * 999]
)
def test_what_is_no_time_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 time") as refused:
        clock.parse(text)
    assert len(str(refused.value)) < 80


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_no_zone_changes_the_moment(when: datetime) -> None:
    expected = (when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert clock.of(when) == expected


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_what_is_written_is_read_back(at: int) -> None:
    written = clock.iso(at)
    assert written is not None
    assert written.endswith("Z")
    assert clock.parse(written) == at


def test_iso_is_short() -> None:
    assert (clock.iso(T), clock.iso(T + 7), clock.iso(None)) == (
        "2026-02-11T09:14:00Z", "2026-02-11T09:14:00.007Z", None,
    )  # fmt: skip


def test_no_float_rounding_of_milliseconds() -> None:
    when = datetime(2026, 2, 11, 9, 14, 0, 1_000, tzinfo=timezone(timedelta(hours=1)))
    assert clock.of(when) == T - HOUR + 1


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (-5 * DAY, "0s"), (0, "0s"), (SECOND - 1, "0s"), (MINUTE - 1, "59s"), (MINUTE, "1m"), (HOUR - 1, "59m"),
        (HOUR, "1h"), (2 * DAY - 1, "47h"), (2 * DAY, "2d"), (206 * DAY + 23 * HOUR, "206d"),
    ],
)  # fmt: skip
def test_an_age_is_one_unit_rounded_down(span: int, shown: str) -> None:
    assert clock.age(span) == shown


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90m", 90 * MINUTE), ("2h", 2 * HOUR), ("7d", 7 * DAY), ("1w", 7 * DAY), ("45s", 45 * SECOND),
        ("1h30m", 90 * MINUTE), (" 1H 30 m ", 90 * MINUTE),
    ],
)  # fmt: skip
def test_a_span_is_read(text: str, span: int) -> None:
    assert clock.span(text) == span


@pytest.mark.parametrize("text", ["", " ", "2", "h", "-2h", "1.5h", "2 hours", "٣h", "2h!"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a span; write"):
        clock.span(text)


def test_people_see_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        assert clock.local(T) == "14:44"
        assert clock.local(T, "%Y-%m-%d") == "2026-02-11"
    time.tzset()


def test_now_is_in_milliseconds() -> None:
    assert abs(clock.now() - datetime.now(UTC).timestamp() * 1_000) < HOUR


@pytest.mark.parametrize(
    ("given", "problem"),
    [("soon", "neither a span"), ("99999999999d", "beyond the year 2100"), ("2200-01-01T00:00Z", "beyond the year")],
)
def test_a_moment_that_cannot_be_is_refused_in_words(given: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        clock.until(given, 0)


@pytest.mark.parametrize(
    ("span", "said"),
    [(-1, "0 s"), (45 * SECOND, "45 s"), (2 * MINUTE, "2 min"), (5 * HOUR, "5 h"), (9 * DAY, "9 days")],
)
def test_a_span_inside_a_sentence(span: int, said: str) -> None:
    assert clock.spoken(span) == said


def test_what_people_in_several_places_read_is_in_utc() -> None:
    assert clock.utc(T, "%Y-%m-%d %H:%M") == "2026-02-11 09:14"
