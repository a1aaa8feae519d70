"""The disk below an open desk, in a real terminal: what happens to it is said, and the desk goes on after it."""

import sys
from pathlib import Path

import pytest
from disks import fill, small_disk
from making import copy_of, post, take
from pty_app import Terminal

from tui import clock


def opened(desk: Path) -> Terminal:
    return Terminal([sys.executable, "-m", "tui", "--db", str(desk), "--agent", "ana"], cols=110, rows=30)


@pytest.fixture
def disk(tmp_path: Path, template: Path):
    """A small disk with a desk on which two customers wait."""
    with small_disk(tmp_path / "disk", 6) as folder:
        store = copy_of(template, folder)
        take(store, *(post(name, name, created_at=clock.now()) for name in ("amy", "bob")), now=clock.now())
        store.close()
        yield folder


def test_a_disk_that_is_full_is_said_and_the_desk_goes_on_when_there_is_space(disk: Path) -> None:
    with opened(disk / "desk.db") as terminal:
        terminal.wait("@amy")
        terminal.press("n")
        terminal.wait("Claimed 1", 20)
        filler = fill(disk)
        terminal.press("n")
        terminal.wait("the disk is full", 20)
        filler.unlink()
        terminal.wait_gone("the disk is full", 20)
        terminal.press("n")
        terminal.wait("Claimed 2", 20)


def test_a_file_that_is_moved_away_is_said_and_the_desk_goes_on_when_it_is_back(disk: Path) -> None:
    with opened(disk / "desk.db") as terminal:
        terminal.wait("@amy")
        terminal.press("n")
        terminal.wait("Claimed 1", 20)
        (disk / "desk.db").rename(disk / "away.db")
        terminal.wait("gone, or another", 20)
        (disk / "away.db").rename(disk / "desk.db")
        terminal.wait_gone("gone, or another", 20)
        terminal.press("n")
        terminal.wait("Claimed 2", 20)
    assert not (disk / "away.db").exists()
