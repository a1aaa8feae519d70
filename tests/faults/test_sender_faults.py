"""Half of all calls go wrong and the sender dies again and again: nothing is out twice, and nothing is lost."""

from pathlib import Path
from random import Random

import pytest
from making import copy_of
from networks.servers.faults import FAULTS, Faulty
from worlds import NETWORKS, Dies, World

from tui.clock import SECOND
from tui.networks import wire

SHORT, LONG = 25, 1_000
BATCH = 25
"""So many replies are under way at a time."""
MOST_LINES = 12_000
ROUNDS = 15
"""So many senders are started for them, one after the other has died."""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second try of a GET does not wait."""
    monkeypatch.setattr(wire, "PAUSE_S", 0)


def world_of(template: Path, tmp_path: Path, kind: str) -> World:
    return World(copy_of(template, tmp_path / kind), kind)


def under_faults(world: World, random: Random, count: int) -> Faulty:
    """Send so many replies while half of the calls go wrong and the sender dies at any line; then all is well again."""
    faulty = Faulty(world.server, random, world.moment)
    world.answering = faulty
    for _ in range(0, count, BATCH):
        world.reply(BATCH)
        for _ in range(ROUNDS):
            sender = world.sender()
            with Dies(random.randint(1, MOST_LINES)):
                for number in range(3):
                    sender.round(first=number == 0, leads=lambda session=None: True)
                    world.moment.on(random.randint(1, 60) * SECOND)
            world.moment.on(random.randint(1, 60) * SECOND)
    world.answering = world.server
    world.settled()
    return faulty


@pytest.mark.parametrize("kind", NETWORKS)
def test_nothing_is_doubled_and_nothing_lost(template: Path, tmp_path: Path, kind: str) -> None:
    world = world_of(template, tmp_path, kind)
    faulty = under_faults(world, Random(kind), SHORT)
    assert list(world.problems()) == []
    assert set(faulty.met) == {"none", *FAULTS}
    assert "sent" in world.states().values()


@pytest.mark.long
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("kind", NETWORKS)
def test_nothing_is_doubled_and_nothing_lost_in_a_thousand(template: Path, tmp_path: Path, kind: str) -> None:
    world = world_of(template, tmp_path, kind)
    under_faults(world, Random(kind), LONG)
    assert list(world.problems()) == []
