"""A real disk below an open desk, in a real terminal: that it is full is said, and the desk goes on with the space."""

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
