"""`shift`, `handoff` and `report`."""

import pytest

from tui.store import tables as t
from tui.store.store import Store


def test_a_shift_begins_lasts_and_ends_with_its_summary(desk, post):
    desk.take_in(post("1"))
    assert desk.json("shift", "status") is None
    begun = desk.json("shift", "start")
    assert begun["agent"] == "ana"
    desk.json("resolve", "1", "--reason", "praise")
    status = desk.json("shift", "status")
    assert status["id"] == begun["id"]
    assert status["done"]["resolved"] == {"praise": 1}
    assert "1 resolved" in desk("shift", "status").out
    summary = desk.json("shift", "stop")
    assert summary["shift"] == begun["id"]
    assert summary["done"]["resolved"] == {"praise": 1}
    assert desk("shift", "stop", "--json").code == 1


def test_people_get_the_summary_when_a_shift_ends(desk, post):
    desk.take_in(post("1"))
    desk("shift", "start")
    assert "Read back: 1 waiting" in desk("shift", "stop").out
    assert "Read back: 1 waiting" in desk("handoff", "show", "--agent", "bob").out


def test_without_a_handoff_there_is_nothing_to_show(desk):
    assert desk.json("handoff", "show") is None
    assert desk("handoff", "show", "7").code == 2
    assert desk("handoff", "verify", "--json").code == 1


def test_a_handoff_is_taken_over_by_reading_it_back(desk):
    begun = str(desk.json("shift", "start")["id"])
    desk.json("shift", "stop")
    assert desk("handoff", "ack", "--agent", "bob").code == 2
    assert desk("handoff", "ack", "--read-back", "mine is mine").code == 1
    taken = desk.json("handoff", "ack", begun, "--read-back", "nothing is open", "--agent", "bob")
    assert (taken["acked_by"], taken["read_back"]) == ("bob", "nothing is open")
    assert desk.json("handoff", "show")["acked_by"] == "bob"


def test_a_summary_that_was_changed_does_not_verify(desk):
    desk.json("shift", "start")
    summary = desk.json("shift", "stop")
    assert desk.json("handoff", "verify")["ok"] is True
    store = Store(desk.store.home)
    with store.transaction() as session:
        session.execute(t.shifts.update().values(summary=summary | {"agent": "carl"}))
    store.close()
    answer = desk("handoff", "verify", "--json")
    assert answer.code == 1
    assert answer.json["ok"] is False
    assert desk("handoff", "verify").out.strip()


def test_the_report_counts_what_came_in_since(desk, post):
    desk.take_in(post("1", minutes=60 * 24 * 3), post("2", handle="bert"))
    assert desk.json("report")["total"]["posts"] == 2
    assert desk.json("report", "--since", "1d")["total"]["posts"] == 1
    assert "@northline" in desk("report").out


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00", "7"])
def test_a_report_since_no_time_is_wrong_usage(desk, since):
    assert desk("report", "--since", since).code == 2
