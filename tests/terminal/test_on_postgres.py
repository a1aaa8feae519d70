"""The desk in a real pty, on a PostgreSQL server."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from making import post, take
from pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.config import data_folder
from tui.store.store import Store

pytestmark = pytest.mark.postgresql
ROOT = Path(__file__).parents[2]


@pytest.fixture
def manned(store: Store) -> Store:
    """A desk with two customers."""
    now = clock.now()
    posts = [
        post(str(n), f"customer{n}", words, created_at=now - (20 - n) * MINUTE, account="@northline")
        for n, words in enumerate(("My train is late", "Where is platform 9?"))
    ]
    take(store, *posts, now=now)
    store.close()
    return store


def desk(store: Store, agent: str, *options: str) -> Terminal:
    """A terminal in which an agent opens the desk."""
    command = [sys.executable, "-m", "tui", "--db", store.location, "--agent", agent, *options]
    return Terminal(command, cols=120, rows=40, cwd=ROOT)


def opened(terminal: Terminal, shown: str) -> None:
    """The desk is there and has settled."""
    terminal.wait(shown, timeout=30)
    terminal.wait("Help")
    terminal.settle()


def agree(terminal: Terminal) -> None:
    """Say y to the dialog on screen; it takes no key at first, so the key is pressed until it is taken."""
    for _ in range(20):
        terminal.press("y")
        try:
            terminal.wait_gone(r"esc  (back|stay)", timeout=1)
        except AssertionError:
            continue
        return
    terminal.wait_gone(r"esc  (back|stay)")


def delivered(terminal: Terminal) -> list[Any]:
    """What is in the outbox file, once something is; the terminal is read meanwhile."""
    file = data_folder() / "outbox-x.jsonl"
    for _ in range(600):
        if file.exists() and (lines := file.read_text().splitlines()):
            return [json.loads(line) for line in lines]
        terminal.settle(0.05)
    raise AssertionError(f"nothing was sent; screen:\n{terminal.screen()}")


def test_a_small_shift(manned: Store) -> None:
    with desk(manned, "ana") as terminal:
        opened(terminal, "Feed 2")
        terminal.press("n")
        terminal.wait("Claimed 1")
        terminal.press("r")
        terminal.wait(r"Reply to @customer\d")
        terminal.wait("Review & send")
        terminal.type("Sorry, it leaves at 9.")
        terminal.wait("leaves at 9")
        terminal.press("ctrl+s")
        terminal.wait("y  send")
        agree(terminal)
        terminal.wait(r"reply to @\S+ leaves in \d+ s")
        sent = delivered(terminal)
        terminal.wait("Claimed 0", timeout=30)
        terminal.press("q")
        terminal.wait("End the shift")
        agree(terminal)
        assert terminal.exit_code(30) == 0
        assert terminal.restored(), terminal.modes
        handoff = terminal.after_exit()
    assert "ana" in handoff
    assert re.search(r"1 reply sent", handoff), handoff
    assert [one["text"] for one in sent] == ["Sorry, it leaves at 9."]


def test_what_one_agent_does_shows_on_the_desk_of_the_other(manned: Store) -> None:
    with desk(manned, "ana") as ana, desk(manned, "ben") as ben:
        opened(ana, "Feed 2")
        opened(ben, "Feed 2")
        ana.press("c")
        ana.wait("Claimed 1")
        ben.wait("Feed 1")
        ben.press("v")
        ben.wait("Views")
        ben.press("4")
        ben.wait("claimed by ana")
        ben.press("T")
        ben.wait("Take over")
        ben.type("ana went home")
        ben.press("enter")
        ben.wait("Claimed 1")
        ana.wait("ben took over conversation \\d: ana went home")
        ana.wait("Claimed 0")
