"""Which source is read next and when: mentions first, everybody gets a turn, calls last until the reset."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NOW, US

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.networks.records import Rate, RateLimited, Source
from tui.store.reader import SourceRow
from tui.worker import plan

NAMES = ("search", "own", "messages", "mentions", "tag:delays")


def row(name: str, next_at: Millis = NOW, **values: Any) -> SourceRow:
    blank = SourceRow(1, "x", US, name, None, None, None, next_at, None, None, None, None, None)
    return blank._replace(**values)


def order(rows: list[SourceRow], reads: int) -> list[str]:
    turns: dict[str, int] = {}
    for _ in range(reads):
        chosen = plan.choose(rows, NOW, turns)
        assert chosen is not None
        turns[chosen.name] = turns.get(chosen.name, 0) + 1
    return [name for name, count in turns.items() for _ in range(count)]


def test_what_addresses_us_is_read_before_our_own_timeline_before_the_rest() -> None:
    assert order([row(name) for name in NAMES], 5) == ["messages", "mentions", "own", "search", "tag:delays"]


def test_what_has_much_to_catch_up_with_leaves_the_others_their_turn() -> None:
    rows = [row("mentions"), row("search")]
    assert plan.choose(rows, NOW, {"mentions": 1}).name == "search"  # type: ignore[union-attr]
    assert plan.choose(rows, NOW, {"mentions": 1, "search": 1}).name == "mentions"  # type: ignore[union-attr]


def test_what_is_not_due_is_not_read() -> None:
    assert plan.choose([row("mentions", NOW + 1)], NOW, {}) is None


def next_in(source: str, rate: Rate | None, *, more: bool = False, calls: int = 1) -> Millis:
    return plan.after_read(Source(source, MINUTE, calls), rate, more=more, now=NOW) - NOW


def test_without_a_limit_it_is_the_interval_or_at_once() -> None:
    assert next_in("mentions", None) == MINUTE
    assert next_in("mentions", None, more=True) == 0


def test_the_interval_stretches_so_that_what_is_left_lasts_until_the_reset() -> None:
    rate = Rate(100, left=20, resets_at=NOW + 15 * MINUTE)
    assert next_in("mentions", rate) == 90 * SECOND  # 10 calls over the reserve of 10, in 15 minutes
    assert next_in("mentions", rate, calls=2) == 3 * MINUTE
    assert next_in("mentions", rate, more=True) == 0


def test_what_matters_less_leaves_more_to_the_rest() -> None:
    rate = Rate(100, left=30, resets_at=NOW + 15 * MINUTE)
    assert next_in("mentions", rate) == MINUTE
    assert next_in("own", rate) == 90 * SECOND
    assert next_in("search", rate) == 15 * MINUTE
    assert next_in("search", rate, more=True) == 15 * MINUTE


def test_limits_that_are_over_or_absurd_hold_nothing_up_for_long() -> None:
    assert next_in("mentions", Rate(100, 0, NOW - 1)) == MINUTE
    assert next_in("mentions", Rate(100, 0, NOW + 100 * DAY)) == DAY


@given(
    name=st.sampled_from(NAMES),
    limit=st.integers(-5, 10_000),
    left=st.integers(-5, 10_000),
    ahead=st.integers(-DAY, 10 * DAY),
    more=st.booleans(),
)
def test_never_before_now_and_never_far_past_the_reset(
    name: str, limit: int, left: int, ahead: Millis, more: bool
) -> None:
    wait = next_in(name, Rate(limit, left, NOW + ahead), more=more)
    assert 0 <= wait <= max(MINUTE, min(ahead, DAY))


@given(left=st.integers(0, 300), seconds=st.integers(1, 900), name=st.sampled_from(NAMES))
def test_polling_by_plan_never_spends_the_reserve(left: int, seconds: int, name: str) -> None:
    resets_at, now = NOW + seconds * SECOND, NOW
    reserve = 300 * plan.RESERVES[plan.importance(name)]
    before = left
    while left > 0:
        now = plan.after_read(Source(name, SECOND), Rate(300, left, resets_at), more=False, now=now)
        if now >= resets_at:
            break
        left -= 1
    assert left >= min(before, reserve)


def test_a_limit_is_waited_for_at_its_word_and_a_plan_used_up_is_asked_hourly() -> None:
    def after(why: Any, ahead: Millis) -> Millis:
        return plan.after_limit(RateLimited("No.", until=NOW + ahead, why=why), NOW) - NOW

    assert after("rate", 7 * MINUTE) == 7 * MINUTE
    assert after("rate", -MINUTE) == plan.SOONEST
    assert after("cap", 20 * DAY) == HOUR
    assert after("cap", 5 * MINUTE) == 5 * MINUTE
    assert after("credits", 0) == HOUR


@pytest.mark.parametrize(("failing", "least", "most"), [(0, 2.5, 5), (20, 10, 20), (3_600, 150, 300)])
def test_what_is_out_of_reach_is_tried_less_and_less_often(failing: int, least: float, most: float) -> None:
    since = NOW - failing * SECOND
    waits = [plan.after_failure(since, NOW, chance) - NOW for chance in (0.0, 0.5, 1.0)]
    assert (waits[0], waits[-1]) == (least * SECOND, most * SECOND)
    assert waits == sorted(waits)


def test_a_stream_wakes_a_source_that_works_and_not_more_often_than_every_few_seconds() -> None:
    later = NOW + MINUTE
    assert plan.after_wake(row("mentions", later, read_at=NOW - MINUTE), NOW) == NOW
    assert plan.after_wake(row("mentions", later, read_at=NOW - SECOND), NOW) == NOW + plan.SOONEST - SECOND
    assert plan.after_wake(row("mentions", later, error="out of reach"), NOW) == later
    spent = {"rate_limit": 100, "rate_left": 10, "rate_resets_at": later}
    assert plan.after_wake(row("mentions", later, **spent), NOW) == later


def test_what_is_only_nice_to_know_is_asked_for_while_many_calls_are_left() -> None:
    ahead = NOW + MINUTE
    assert plan.may_look([row("mentions"), row("own", rate_limit=100, rate_left=51, rate_resets_at=ahead)], NOW)
    assert not plan.may_look([row("own", rate_limit=100, rate_left=50, rate_resets_at=ahead)], NOW)
    assert plan.may_look([row("own", rate_limit=100, rate_left=0, rate_resets_at=NOW)], NOW)
