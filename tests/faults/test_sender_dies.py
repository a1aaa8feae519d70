"""The sender dies at one line after the other between outbox and network: the reply is out, once."""

from pathlib import Path

import pytest
from making import copy_of
from worlds import NETWORKS, Dies, World

from tui.networks import wire

STRIDE = 29
"""In the short form so many lines lie between two deaths; another network dies at other lines."""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PAUSE_S", 0)


def dies_at(world: World, line: int) -> bool:
    """Whether the sender came as far as this line before its reply was out and everything recorded."""
    (reply,) = world.reply()
    with Dies(line) as dying:
        world.sender().round(first=True, leads=lambda session=None: True)
    world.settled(rounds=6)
    assert list(world.problems()) == [], f"died at line {line}"
    assert world.states()[reply] == "sent", f"died at line {line}"
    return dying.died


def every(world: World, first: int, stride: int) -> int:
    """How many lines of a sending were tried."""
    line, deaths = first, 0
    while dies_at(world, line):
        line, deaths = line + stride, deaths + 1
    return deaths


@pytest.mark.parametrize("kind", NETWORKS)
def test_whatever_line_it_dies_at_the_reply_is_out_once(template: Path, tmp_path: Path, kind: str) -> None:
    world = World(copy_of(template, tmp_path / kind), kind)
    assert every(world, 1 + NETWORKS.index(kind), STRIDE) > 10


@pytest.mark.long
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("kind", NETWORKS)
def test_at_every_line(template: Path, tmp_path: Path, kind: str) -> None:
    world = World(copy_of(template, tmp_path / kind), kind)
    assert every(world, 1, 1) > 300
