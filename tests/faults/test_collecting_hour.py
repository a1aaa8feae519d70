"""Collection from three networks at 50 posts a second, with restarts, kills, limits and duplicates.

Each post is there exactly once: nothing was lost where a collector died between its posts and its place, so that the
place was never ahead of them.
"""

import pytest
from hour import Hour, arm

from tui.store.reader import Reader
from tui.store.store import Store


def collect(store: Store, seconds: int, seed: int, patch: pytest.MonkeyPatch) -> Hour:
    hour = Hour(store, seed)
    arm(hour, patch.setattr)
    for _ in range(seconds):
        hour.second()
    hour.catch_up()
    hour.close()
    return hour


def check(hour: Hour, reader: Reader, *, kills: int) -> None:
    for side in hour.sides:
        there = hour.stored(side)
        network = side.account.network
        assert len(there) == len(set(there)), network
        # The first read of an account brings the newest alone: what was written before that is history.
        first = side.written.index(next(one for one in side.written if one in set(there)))
        assert first <= side.rate * 60
        assert set(side.written[first:]) == set(there), network
    assert sum(side.kills for side in hour.sides) >= kills
    assert not [event for event in reader.events() if event.kind in ("source.gap", "post.refused")]
    assert not [row.error for row in reader.sources() if row.error]


def test_minutes_of_collection_with_everything_breaking(
    store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = collect(store, seconds=150, seed=1, patch=monkeypatch)
    check(hour, reader, kills=4)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_an_hour_of_collection_with_everything_breaking(
    store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = collect(store, seconds=3600, seed=11, patch=monkeypatch)
    check(hour, reader, kills=40)
