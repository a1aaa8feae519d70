"""The demo's responses show what a response can be, and every one of them can be used."""

import json

import pytest
from making import NOW

from tui import clock
from tui.clock import DAY
from tui.desk.canned import formats
from tui.desk.canned.fill import by_name, fill
from tui.desk.canned.response import Canned
from tui.desk.canned.stats import state
from tui.desk.canned.vetting import fault
from tui.networks.limits import count
from tui.networks.scripted import INCIDENT, canned, library

FOUND, REMARKS = formats.read(json.dumps([*canned(), *library(NOW)]).encode(), "json")
SHOWN = FOUND[len(canned()) :]
EVERY = by_name(FOUND)
VALUES = {
    "customer": {"handle": "lotte", "name": "Lotte Varga", "first_name": "Lotte"},
    "agent": {"name": "Ines"},
    "account": {"handle": "@northline"},
    "incident": {"name": INCIDENT[0], "text": INCIDENT[1]},
    "hours": {"next_opening": None},
}


def test_they_are_read_without_a_remark_and_no_two_hinder_each_other() -> None:
    assert REMARKS == []
    assert len({one.name.casefold() for one in FOUND}) == len({one.shortcut for one in FOUND}) == len(FOUND)


def test_they_show_everything_a_response_can_have() -> None:
    assert 0 < len(SHOWN) <= 10
    assert {action.do for one in SHOWN for action in one.actions} == {"tag", "promise", "snooze"}
    assert {variant.language for one in SHOWN for variant in one.variants} >= {"de", "fr"}
    assert {variant.network for one in SHOWN for variant in one.variants} >= {"x"}
    stands = {state(one, NOW, {INCIDENT[0].casefold()}) for one in SHOWN}
    assert stands == {"valid", "waiting", "expiring", "expired"}
    assert any(one.scope == "agent" for one in SHOWN)
    assert any(one.incident == INCIDENT[0] for one in SHOWN)
    bodies = " ".join(one.body for one in SHOWN)
    assert all(part in bodies for part in ("{% locked %}", "{% include", "⟦", "default:"))


@pytest.mark.parametrize("one", SHOWN, ids=lambda one: one.shortcut)
def test_each_can_be_stored_and_fits_whatever_it_is_used_for(one: Canned) -> None:
    assert fault(one, EVERY) is None
    for language in ("en", "de", "fr"):
        for network in ("x", "bluesky", "mastodon"):
            for turn in range(3):
                said = fill(one, VALUES, language=language, network=network, turn=turn, library=EVERY)
                assert "{" not in said.text
                assert count(said.text, network).used <= 280


def test_shelf_lives_follow_the_start_of_the_demo() -> None:
    (strike,) = (one for one in library(NOW + DAY) if one["shortcut"] == "strike")
    assert clock.parse(strike["valid_until"]) == NOW + 4 * DAY
