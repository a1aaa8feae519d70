"""A real desk in a pty is killed while somebody types: the words that stood on screen two seconds before are there.

Conversation, text and cursor are found again by whoever comes back.
"""

import re
import signal
import sys
import time
from pathlib import Path
from random import Random

import pytest
from making import US, post, take
from terminal.pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
OLD_S = 2
"""How old a draft may be (s)."""
AT_ONCE_S = 0.05
"""Between two keys: quicker than any pause of typing, so that it is the longest stretch of words that counts."""
WORDS = re.compile(r"w(\d+)x")


def opened(store: Store, home: Path) -> Terminal:
    """Ana's desk, with the cursor on her conversation."""
    terminal = Terminal(
        [sys.executable, "-m", "tui", "--db", store.location, "--agent", "ana"], cols=120, rows=40, cwd=ROOT,
        env={"HOME": str(home), "XDG_DATA_HOME": None, "XDG_CONFIG_HOME": None},
    )  # fmt: skip
    terminal.wait(r"Feed \d", timeout=60)
    terminal.settle()
    return terminal


def typed_until_killed(terminal: Terminal, number: int, seconds: float) -> str:
    """Type without a pause, then kill -9; the last word that was whole on screen OLD_S before."""
    shown: list[tuple[float, str]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key in f"w{number}x ":
            terminal.send(key.encode())
            terminal.settle(patience=AT_ONCE_S, quiet=AT_ONCE_S / 2, timeout=AT_ONCE_S * 2)
        number += 1
        found = WORDS.findall(terminal.screen())
        shown.append((time.monotonic(), found[-1] if found else ""))
    killed = time.monotonic()
    terminal.signal(signal.SIGKILL)
    assert terminal.exit_code() == -signal.SIGKILL
    return max((word for at, word in shown if at <= killed - OLD_S), key=lambda word: int(word or 0), default="")


def again_and_again(store: Store, home: Path, kills: int) -> None:
    """Every time the draft goes on where it was."""
    home.mkdir()
    now, random, number, stood = clock.now(), Random(1), 0, ""
    take(store, *(post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now - MINUTE) for n in range(2)), now=now)
    for _ in range(kills):
        with opened(store, home) as terminal:
            if stood:
                terminal.wait(re.escape(stood.split()[-1]))
            else:
                terminal.press("r")
            terminal.wait("Reply to @rider0", timeout=60)  # after a kill, the desk is back in the editor by itself
            terminal.settle()
            last = typed_until_killed(terminal, number, OLD_S + random.uniform(0.6, 2))
        reader = store.reader()
        (row,) = reader.page("mine", agent="ana", now=clock.now(), limit=9)
        draft = reader.draft(row.id)
        reader.close()
        assert draft is not None
        assert last
        stood = draft.text
        assert f"w{last}x" in stood, f"w{last}x was shown {OLD_S} s before; stored is {stood[-40:]!r}"
        assert draft.cursor == len(stood)
        number = int(WORDS.findall(stood)[-1]) + 1


def test_what_was_written_is_there_after_a_kill(store: Store, tmp_path: Path) -> None:
    again_and_again(store, tmp_path / "home", 2)


@pytest.mark.long
@pytest.mark.timeout(1_500)
@pytest.mark.sqlite
@pytest.mark.postgresql
def test_after_twenty_kills(store: Store, tmp_path: Path) -> None:
    again_and_again(store, tmp_path / "home", 20)
