"""What networks say of the calls that are left, however wrong it is."""

import pytest

from tui import clock
from tui.clock import HOUR, SECOND, Millis
from tui.networks import rates
from tui.networks.records import Rate
from tui.networks.wire import Answer

NOW = clock.parse("2026-02-11T09:14:00Z")
MOST: Millis = NOW + rates.LONGEST_WAIT


def answer(**headers: str) -> Answer:
    return Answer(429, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("2026-02-11T10:14:00.000Z", NOW + HOUR),
        (str((NOW + HOUR) // SECOND), NOW + HOUR),
        ("30", NOW + 30 * SECOND),
        ("99999999999", MOST),
        ("2099-01-01T00:00:00Z", MOST),
        ("9" * 5_000, None),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_nobody_waits_longer_than_a_day(given: str, at: Millis | None) -> None:
    assert rates.resets_at(answer(reset=given), ("reset",), NOW) == at


def test_a_moment_since_the_epoch_is_that_moment() -> None:
    assert rates.at(answer(reset="30"), "reset", NOW) == 30 * SECOND
    assert rates.at(answer(reset="99999999999"), "reset", NOW) == MOST
    assert rates.at(answer(), "reset", NOW) is None


@pytest.mark.parametrize("left", ["9" * 30, "-1", "many", ""])
def test_a_number_that_is_none_is_no_rate(left: str) -> None:
    assert rates.rate(answer(a_limit="300", a_remaining=left), ("a-",), NOW) is None


def test_what_is_left_is_read_under_the_first_name_that_has_it() -> None:
    given = answer(b_limit="300", b_remaining="7")
    assert rates.rate(given, ("a-", "b-"), NOW) == Rate(300, 7, NOW)
    assert rates.rate(given, ("a-", "b-"), None) is None
