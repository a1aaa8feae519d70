"""Three real desks in ptys during an import: each comes right, and the row under the cursor stays where it is."""

import time
from pathlib import Path

import team
from making import copy_of


def test_every_screen_comes_right_during_an_import(template: Path, tmp_path: Path) -> None:
    store = copy_of(template, tmp_path / "desk")
    team.fill(store, 100)
    with team.seated(store, 3, tmp_path) as seats:
        before = [seat.chosen() for seat in seats]
        feed = team.Import(store, rate=50, seconds=5)
        assert team.listen(seats, feed.over, 60)
        assert feed.commits()
        end = time.monotonic() + 20
        while any(team.wrong(seat, store) for seat in seats) and time.monotonic() < end:
            team.listen(seats, lambda: False, 0.3)
        assert [team.wrong(seat, store) for seat in seats] == ["", "", ""]
        assert [seat.chosen() for seat in seats] == before
