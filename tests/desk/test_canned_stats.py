"""What the responses are worth: figures of use, time saved, and which of them need somebody."""

from dataclasses import replace
from typing import Any

import pytest
from making import NOW, US, post, take

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, incidents, outbox
from tui.desk.canned import library
from tui.desk.canned.response import Canned
from tui.desk.canned.stats import PICKED, SOON, TYPED_A_MINUTE, Stats, saved_by_one, state, stats
from tui.desk.composition import NOTHING
from tui.networks.records import Receipt
from tui.store.reader import Reader
from tui.store.store import Store

CONFIG = Config()
MINUTE_OF_TYPING = "x" * TYPED_A_MINUTE


def keep(store: Store, *known: Canned) -> None:
    with store.transaction() as session:
        library.store(session, known, agent="ana", now=NOW - DAY)


def use(store: Store, canned_id: int, text: str, sent: str, number: int) -> None:
    """A question of its own, answered with a response."""
    take(store, post(f"q{number}", f"author{number}", text=f"{US} {number}?", ago=MINUTE), now=NOW - MINUTE)
    with store.transaction() as session:
        claim = claims.claim(session, number, agent="ana", now=NOW, lease=HOUR)
        passed = [outbox.Overridden(check, "wanted", by_name=True) for check in ("same-text", "length")]
        made_of = NOTHING.with_inserted(canned_id, text)
        reply, _ = outbox.hold(
            session, claim, sent, config=CONFIG, now=NOW, made_of=made_of, overrides=passed, split=len(sent) > 250
        )
        outbox.send_now(session, reply, agent="ana", now=NOW)
        outbox.queue_due(session, NOW)
        while (started := outbox.start_sending(session, NOW, CONFIG)) is not None:
            outbox.sent(session, started[0], Receipt(f"n{started[0]}"), NOW)


def found(reader: Reader, now: Millis = NOW + 4 * DAY) -> Stats:
    return stats(reader, now=now, config=CONFIG)


@pytest.mark.parametrize(
    ("body", "plain", "saved"),
    [
        (MINUTE_OF_TYPING, False, MINUTE - PICKED),
        (MINUTE_OF_TYPING + "{{ customer.name }}{% if x %}{% endif %}", False, MINUTE - PICKED),
        ("{{" + "x" * (TYPED_A_MINUTE - 2), True, MINUTE - PICKED),
        ("Yes.", False, 0),
    ],
)
def test_time_saved_is_the_typing_of_its_words_less_the_picking(body: str, plain: bool, saved: Millis) -> None:
    assert saved_by_one(Canned(0, "a", body, plain=plain)) == saved


def test_the_figures_of_each_and_of_all(store: Store, reader: Reader) -> None:
    words = "Late by 15 minutes: 25 % back. " * 4
    keep(store, Canned(0, "Refund", words), Canned(0, "Bye", "Good bye."), Canned(0, "Never", "No."))
    use(store, 1, words, words, 1)
    use(store, 1, words, words.replace("25", "50"), 2)
    use(store, 2, "Good bye.", "Good bye.", 3)
    take(store, post("again", "author1", in_reply_to="n1", kind="reply", created_at=NOW + HOUR), now=NOW + HOUR)
    told = found(reader).as_json()
    assert [one["name"] for one in told["responses"]] == ["Refund", "Bye", "Never"]
    refund = told["responses"][0]
    expected: dict[str, Any] = {
        "uses": 2, "uses_ever": 2, "edited": 1, "edited_percent": 50.0, "reopened": 1, "reopened_percent": 50.0,
        "saved_seconds": saved_by_one(Canned(0, "a", words)) // SECOND, "never_used": False, "state": "valid",
    }  # fmt: skip
    assert {name: refund[name] for name in expected} == expected
    assert told["responses"][2]["edited_percent"] is None
    assert told["total"] == {
        "responses": 3, "uses": 3, "edited": 1, "edited_percent": 33.3, "reopened": 1, "reopened_percent": 33.3,
        "saved_seconds": refund["saved_seconds"], "never_used": 1,
    }  # fmt: skip
    assert told["never_used"] == ["Never"]


def test_after_ninety_days_it_is_never_used(store: Store, reader: Reader) -> None:
    keep(store, Canned(0, "Bye", "Good bye."))
    use(store, 1, "Good bye.", "Good bye.", 1)
    assert [one.canned.name for one in found(reader, NOW + 91 * DAY).never_used] == ["Bye"]
    (worth,) = found(reader, NOW + 91 * DAY).responses
    assert (worth.used.uses, worth.canned.uses) == (0, 1)


@pytest.mark.parametrize(
    ("values", "stands"),
    [
        ({}, "valid"),
        ({"approved": False}, "waiting"),
        ({"valid_until": NOW + SOON}, "expiring"),
        ({"valid_until": NOW + SOON + 1}, "valid"),
        ({"valid_until": NOW}, "expired"),
        ({"valid_until": NOW, "approved": False}, "expired"),
        ({"valid_from": NOW + 1}, "not yet"),
        ({"incident": "LINE 4"}, "valid"),
        ({"incident": "Line 5"}, "incident over"),
        ({"incident": "Line 5", "approved": False}, "waiting"),
    ],
)
def test_how_a_response_stands(values: dict[str, Any], stands: str) -> None:
    assert state(replace(Canned(1, "a", "b"), **values), NOW, {"line 4"}) == stands


def test_what_needs_somebody_is_named_the_soonest_first(store: Store, reader: Reader) -> None:
    keep(
        store,
        Canned(0, "Later", "b", valid_until=NOW + 9 * DAY),
        Canned(0, "Soon", "b", valid_until=NOW + DAY),
        Canned(0, "New", "b", approved=False),
        Canned(0, "Old", "b", valid_until=NOW - DAY),
        Canned(0, "Closed", "b", incident="Line 4"),
    )
    told = found(reader, NOW).as_json()
    assert told["expiring"] == ["Soon", "Later"]
    assert told["waiting"] == ["New"]
    assert told["expired"] == ["Closed", "Old"]
    assert told["never_used"] == ["Later", "Soon"]
    with store.transaction() as session:
        incidents.add(session, "Line 4", text="Buses run.", agent="ana", now=NOW)
    assert found(reader, NOW).as_json()["expired"] == ["Old"]


def test_an_empty_library_has_empty_figures(reader: Reader) -> None:
    told = found(reader).as_json()
    assert (told["responses"], told["total"]["uses"], told["total"]["edited_percent"]) == ([], 0, None)
