"""`off-hours`: what promises something for a time when we are closed, and what is only a fact."""

from dataclasses import replace

import pytest
from guarding import SAFE, case, finding, said

from tui.clock import parse
from tui.desk.guard import Case

OFFICE = replace(SAFE, hours="mo-fr 09:00-17:00, sa 10:00-14:00")
MONDAY_NOON, MONDAY_NIGHT, MONDAY_LATE = "2026-09-21T12:00:00Z", "2026-09-21T22:00:00Z", "2026-09-21T16:30:00Z"
FRIDAY_NIGHT, SATURDAY_NIGHT = "2026-09-25T22:00:00Z", "2026-09-26T22:00:00Z"
SUNDAY_NOON, SUNDAY_MORNING = "2026-09-27T12:00:00Z", "2026-09-27T08:00:00Z"
WARN = ("warn", "")


def at(moment: str, text: str, **settings: str) -> Case:
    return case(text=text, now=parse(moment), settings=replace(OFFICE, **settings))


@pytest.mark.parametrize(
    ("moment", "text", "warns"),
    [
        (SUNDAY_NOON, "We'll get back to you shortly.", True),
        (MONDAY_NOON, "We'll get back to you shortly.", False),
        ("2026-09-21T08:00:00Z", "We'll get back to you shortly.", True),
        ("2026-09-21T08:00:01Z", "We'll get back to you shortly.", False),
        (SUNDAY_NOON, "Someone will be in touch today.", True),
        (SUNDAY_NOON, "Someone will be in touch tomorrow.", False),
        (SATURDAY_NIGHT, "Someone will be in touch tomorrow.", True),
        (FRIDAY_NIGHT, "Someone will be in touch tomorrow.", False),
        (SATURDAY_NIGHT, "I'll let you know today or tomorrow.", True),
        (SUNDAY_NOON, "I'll let you know today or tomorrow.", False),
        (MONDAY_NOON, "I'll call you tonight.", True),
        (MONDAY_NOON, "We will update you within 2 hours.", False),
        (MONDAY_NIGHT, "We will update you within 11 hours.", True),
        (MONDAY_NIGHT, "We will update you within 12 hours.", False),
        (SUNDAY_NOON, "We will update you in 30 minutes.", True),
        (MONDAY_LATE, "We will update you in 30 minutes.", False),
        (MONDAY_NOON, "We'll follow up on Sunday.", True),
        (MONDAY_NOON, "We'll follow up on Saturday.", False),
        (MONDAY_NIGHT, "We'll follow up on Monday.", False),
        (SUNDAY_NOON, "We'll follow up on Sunday.", True),
        (MONDAY_NOON, "We'll call you at 8 pm.", True),
        (MONDAY_NOON, "We'll call you at 3 pm.", False),
        (MONDAY_NOON, "We'll call you at 11 am.", False),
        (FRIDAY_NIGHT, "We'll call you at 9:15.", True),
        (FRIDAY_NIGHT, "We'll call you at 9:45.", True),
        (FRIDAY_NIGHT, "We'll call you at 9:46.", False),
        (FRIDAY_NIGHT, "We'll call you tomorrow at 8 am.", True),
        (FRIDAY_NIGHT, "We'll call you tomorrow by 8 am.", False),
        (MONDAY_NOON, "We'll call you at 8 pm or at 3 pm.", False),
        (MONDAY_NOON, "We'll call you at 8.", False),
        (MONDAY_NOON, "We'll call you today between 9:00 and 11:00.", False),
        (SUNDAY_NOON, "Wir melden uns heute noch.", True),
        (SUNDAY_NOON, "Wir melden uns morgen.", False),
        (MONDAY_NOON, "Wir melden uns heute Abend.", True),
        (MONDAY_NOON, "Wir rufen Sie um 20 Uhr zurück.", True),
        (MONDAY_NOON, "Wir rufen Sie um 15 Uhr zurück.", False),
        (SATURDAY_NIGHT, "Guten Morgen, wir melden uns Montag.", False),
        (SATURDAY_NIGHT, "Guten Morgen, wir melden uns.", False),
        (SUNDAY_NOON, "On vous rappelle aujourd’hui.", True),
        (SUNDAY_NOON, "On vous rappelle demain.", False),
        (MONDAY_NOON, "On vous rappelle à 20h30.", True),
        (SUNDAY_NOON, "Le llamamos hoy.", True),
        (SUNDAY_NOON, "Le llamamos mañana.", False),
        (MONDAY_NOON, "Le llamaremos a las 20:30.", True),
    ],
)
def test_a_promise_warns_when_all_of_its_time_is_closed(moment: str, text: str, warns: bool) -> None:
    assert said("off-hours", at(moment, text)) == (WARN if warns else None)


@pytest.mark.parametrize(
    "text",
    [
        "The train runs today.",
        "The shop is closed today and opens again tomorrow.",
        "Line 4 reopens shortly.",
        "We'll get back to you.",
        "We'll get back to you soon.",
        "Did they get back to you today?",
        "Could you call us today?",
        "Which coach are you in today? We'll look into it.",
        "We're sorry about the wait today. We'll let you know.",
        "Heute fährt der Zug nicht.",
        "Le train circule aujourd'hui.",
        "Hoy no circula el tren.",
        "",
    ],
)
def test_what_is_no_promise_for_a_time_is_silent(text: str) -> None:
    assert said("off-hours", at(SUNDAY_NOON, text)) is None


def test_where_no_hours_are_set_there_are_none_to_keep() -> None:
    assert said("off-hours", at(SUNDAY_NOON, "We'll get back to you today.", hours="")) is None
    assert said("off-hours", at(SUNDAY_NOON, "We'll get back to you today.", hours="24/7")) is None


def test_the_zone_and_the_holidays_of_the_account_count() -> None:
    text = "We'll get back to you within 10 minutes."
    assert said("off-hours", at(MONDAY_LATE, text)) is None
    assert said("off-hours", at(MONDAY_LATE, text, timezone="Europe/London")) == WARN
    assert said("off-hours", at("2026-12-24T12:00:00Z", "We'll call you tomorrow.")) is None
    assert said("off-hours", at("2026-12-24T12:00:00Z", "We'll call you tomorrow.", holidays="GB")) == WARN


def test_it_says_what_is_promised_and_when_we_are_open_next() -> None:
    found = finding("off-hours", at(SUNDAY_NOON, "Sorry! We'll get back to you today."))
    assert found is not None
    assert found.text == (
        "This promises “We'll get back to you today.” for a time when we are closed; "
        "the desk opens next on Monday 28 September at 09:00."
    )
    assert found.evidence["opens_at"] == "2026-09-28T09:00:00Z"
    assert found.evidence["until"] == "2026-09-28T00:00:00Z"
    assert found.evidence["arithmetic"] == (
        "to be kept Sun 12:00 to Mon 00:00 UTC, hours mo-fr 09:00-17:00, sa 10:00-14:00"
    )


@pytest.mark.parametrize(
    ("moment", "text", "opens"),
    [
        (MONDAY_NOON, "We'll call you tonight.", "Tuesday 22 September at 09:00"),
        (MONDAY_NOON, "We'll call you on Sunday.", "Monday 28 September at 09:00"),
        (SATURDAY_NIGHT, "We'll call you tomorrow.", "Monday 28 September at 09:00"),
        (FRIDAY_NIGHT, "We'll call you shortly.", "Saturday 26 September at 10:00"),
    ],
)
def test_open_next_is_after_what_was_promised(moment: str, text: str, opens: str) -> None:
    found = finding("off-hours", at(moment, text))
    assert found is not None
    assert found.text.endswith(f"the desk opens next on {opens}.")


def test_the_day_the_clocks_change_is_an_hour_shorter() -> None:
    """At 23:00 UTC on the 28th it is 23:00 in London; nine o'clock summer time is 9 hours off, not 10."""
    text, early = "We'll call you within # hours.", "2026-03-28T23:00:00Z"
    hours = {"hours": "su 09:00-10:00", "timezone": "Europe/London"}
    assert said("off-hours", at(early, text.replace("#", "9"), **hours)) == WARN
    assert said("off-hours", at("2026-03-28T23:00:01Z", text.replace("#", "9"), **hours)) is None
