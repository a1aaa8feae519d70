"""What an account on X is estimated to cost a day."""

from pathlib import Path

import pytest
from making import post

from tui import config
from tui.clock import DAY, HOUR
from tui.networks.x import costs
from tui.store.reader import LoginRow
from tui.worker.lanes import account_of

NOW = 100 * DAY


def test_what_has_a_price_can_be_configured() -> None:
    assert tuple(costs.PRICES) == config.PRICED


def test_what_is_agreed_with_x_reaches_the_client(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[account."x:@northline"]\nprices = { post = 0.004, own = 0 }\nsearch_reposts = true\nreply_to_anyone = true\n',
        encoding="utf-8",
    )
    row = LoginRow(*(None for _ in LoginRow._fields))._replace(network="x", handle="@northline")
    account = account_of(row, config.load(path))
    assert account.prices == {"post": 0.004, "own": 0}
    assert account.wanted.reposts
    assert account.to_anyone
    other = account_of(row._replace(handle="@other"), config.load(path))
    assert (other.wanted.reposts, other.to_anyone) == (False, False)


@pytest.mark.parametrize(
    ("ages", "a_day"), [((), 0), ((0,), 24), ((DAY, 0), 2), ((DAY, HOUR, 0), 3), ((2 * DAY, 0), 1)]
)
def test_the_volume_of_a_day_is_judged_by_the_newest(ages: tuple[int, ...], a_day: float) -> None:
    posts = [post(str(age), created_at=NOW - age) for age in ages]
    assert costs.volume(posts, NOW) == a_day


def test_least_and_most_of_a_day() -> None:
    nothing = costs.per_day({})
    assert nothing == (0, 0)
    least, most = costs.per_day({"mentions": 1_000, "own": 200, "messages": 30, "search": 100})
    assert least == pytest.approx(1_000 * 0.001 + 200 * (0.001 + 0.015) + (30 + 20) * 0.010 + 100 * 0.005)
    assert most == pytest.approx(200 * 0.016 + 50 * 0.010 + 1_100 * (0.005 + 0.005 + 0.010))
    assert costs.per_day({"own": 1}, {**costs.PRICES, "reply": 1.0})[0] == pytest.approx(1.001)
