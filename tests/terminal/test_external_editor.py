"""The agent's own editor in a real pty: the terminal goes there and comes back, whatever the editor does to it."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from making import copy_of, post, take
from pty_app import UNDER_A_SHELL, Terminal

from tui import clock
from tui.clock import MINUTE
from tui.desk import notes, people
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
WAITS = 'stty -a > "$HOME/stty"; echo "outside: $1"; IFS= read -r line; printf "%s" "$line" >> "$1"'
"""An editor that takes one line and puts it behind the text."""


class Outside:
    """A desk whose agent has an editor of their own."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.home = store, home
        self.temporary = home / "tmp"
        self.temporary.mkdir()

    def desk(self, script: str, *, under: Sequence[str] = ()) -> Terminal:
        """The desk in a terminal, with this shell script for an editor, maybe under a shell."""
        editor = self.home / "my editor"
        editor.write_text(f"#!/bin/bash\n{script}\n")
        editor.chmod(0o755)
        environment = {
            "VISUAL": f"'{editor}'", "HOME": str(self.home), "TMPDIR": str(self.temporary), "XDG_STATE_HOME": None,
            "XDG_CONFIG_HOME": None, "XDG_DATA_HOME": None,
        }  # fmt: skip
        command = [*under, sys.executable, "-m", "tui", "--agent", "ana", "--db", str(self.store.path)]
        terminal = Terminal(command, cols=120, rows=40, cwd=ROOT, env=environment)
        terminal.wait(r"Feed \d", timeout=30)
        terminal.wait("Help")
        terminal.settle()
        return terminal

    def draft(self) -> str:
        reader = self.store.reader()
        found = reader.draft(1)
        reader.close()
        return found.text if found else ""

    def note(self) -> str:
        reader = self.store.reader()
        found = reader.scratch("ana", "note:1")
        reader.close()
        return found.text if found else ""

    def left_over(self) -> list[str]:
        return sorted(path.name for path in self.temporary.glob("shiftdesk-*"))

    def until(self, terminal: Terminal, reached: Callable[[], object]) -> None:
        for _ in range(500):
            if reached():
                return
            terminal.settle(0.02)
        raise AssertionError(terminal.screen())


@pytest.fixture
def out(template: Path, tmp_path: Path) -> Iterator[Outside]:
    store, now = copy_of(template, tmp_path / "desk"), clock.now()
    take(store, post("1", "c1", "My train is late", created_at=now - MINUTE, account="@northline"), now=now)
    with store.transaction() as session:
        for name in ("ana", "ben"):
            people.arrive(session, name, now)
    yield Outside(store, tmp_path)
    store.close()


def write(terminal: Terminal, words: str = "Hello") -> None:
    """Write a reply."""
    terminal.press("r")
    terminal.wait("Reply to @c1")
    terminal.wait("Review & send")
    terminal.type(words)
    terminal.wait(words)


def go_outside(terminal: Terminal) -> None:
    terminal.press("ctrl+o")
    terminal.wait("outside: ")


def end(terminal: Terminal) -> None:
    """End the shift; the terminal is as the shell had it."""
    terminal.press("esc", "q")
    terminal.wait("End the shift")
    for _ in range(20):
        terminal.press("y")
        if "End the shift" not in terminal.screen():
            break
    assert terminal.exit_code(30) == 0
    assert terminal.restored(), terminal.modes


def test_the_text_goes_out_and_comes_back_and_the_keys_work_on(out: Outside) -> None:
    with out.desk(WAITS, under=UNDER_A_SHELL) as terminal:
        write(terminal)
        go_outside(terminal)
        assert 1049 not in terminal.modes
        assert terminal.cooked()
        assert out.draft() == "Hello"
        terminal.type(" from outside\n")
        terminal.wait("Hello from outside")
        terminal.wait("18/280")
        assert out.left_over() == []
        terminal.press("ctrl+z")
        terminal.wait(" 5/280")
        terminal.press("ctrl+y", "!")
        terminal.wait("Hello from outside!")
        terminal.press("esc")
        terminal.wait("Claim")
        terminal.press("ctrl+z")
        terminal.wait_stopped()
        terminal.signal(signal.SIGCONT)
        terminal.wait("Hello from outside!")
        end(terminal)


def test_the_desk_goes_on_unseen_meanwhile(out: Outside) -> None:
    with out.desk(WAITS) as terminal:
        write(terminal)
        go_outside(terminal)
        before = len(terminal.raw)
        with out.store.transaction() as session:
            notes.add(session, 1, agent="ben", words="@ana look", now=clock.now(), groups={})
        terminal.settle(1)
        assert len(terminal.raw) == before
        terminal.resize(90, 30)
        terminal.type("!\n")
        terminal.wait("1 note for you")
        screen = terminal.wait("note by ben").split("\n")
        assert len(screen) == 30
        assert "Review & send" in screen[-1]


def test_ctrl_c_ends_the_editor_and_not_the_desk(out: Outside) -> None:
    with out.desk('echo " more" >> "$1"; echo "outside: $1"; exec sleep 100') as terminal:
        write(terminal)
        go_outside(terminal)
        terminal.press("ctrl+c")
        terminal.wait("ended by signal 2; what it had written by then is here")
        terminal.wait("Hello more")
        end(terminal)


def test_an_editor_that_is_killed_and_leaves_the_terminal_in_ruins(out: Outside) -> None:
    ruins = "stty raw -echo; printf '\\e[?1049h\\e[?1000h\\e[?1003h\\e[?1006h\\e[?1h\\e=\\e[?25l\\e[?7l'; kill -9 $$"
    with out.desk(ruins) as terminal:
        write(terminal)
        terminal.press("ctrl+o")
        terminal.wait("ended by signal 9; the text is as it was")
        assert not {1000, 1003, 1006} & terminal.modes
        terminal.press("left", "x")
        terminal.wait("Hellxo")
        end(terminal)


def test_an_editor_that_is_not_there(out: Outside) -> None:
    with out.desk("") as terminal:
        (out.home / "my editor").unlink()
        write(terminal)
        terminal.press("f4")
        terminal.wait("my editor' cannot be started")
        terminal.type("!")
        terminal.wait("Hello!")
        end(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_meanwhile_stores_what_the_file_has_and_ends_the_editor(out: Outside, number: int) -> None:
    script = 'echo $$ > "$HOME/pid"; echo " from outside" >> "$1"; echo "outside: $1"; exec sleep 100'
    with out.desk(script) as terminal:
        write(terminal)
        go_outside(terminal)
        terminal.signal(number)
        assert terminal.exit_code(15) == 128 + number
        assert out.draft() == "Hello from outside"
        assert out.left_over() == []
        editor = int((out.home / "pid").read_text())
        out.until(terminal, lambda: not _runs(editor))
        assert terminal.cooked()


def test_a_hang_up_meanwhile_stores_the_draft(out: Outside) -> None:
    with out.desk('echo " from outside" >> "$1"; echo "outside: $1"; sleep 100') as terminal:
        write(terminal)
        go_outside(terminal)
        terminal.hang_up()
        assert terminal.exit_code(15) == 128 + signal.SIGHUP
        assert out.draft() == "Hello from outside"
        assert out.left_over() == []


def test_killed_meanwhile_the_draft_is_there(out: Outside) -> None:
    with out.desk('echo $$ > "$HOME/pid"; echo "outside: $1"; exec sleep 100') as terminal:
        write(terminal)
        go_outside(terminal)
        terminal.signal(signal.SIGKILL)
        terminal.exit_code()
        assert out.draft() == "Hello"
        os.kill(int((out.home / "pid").read_text()), signal.SIGKILL)


def test_a_note_survives_kill_9_and_goes_outside_too(out: Outside) -> None:
    with out.desk(WAITS) as terminal:
        terminal.press("m")
        terminal.wait("Note for colleagues about @c1 · never sent")
        terminal.type("she is angry")
        out.until(terminal, lambda: out.note() == "she is angry")
        terminal.signal(signal.SIGKILL)
        terminal.exit_code()
    with out.desk(WAITS) as terminal:
        terminal.press("m")
        terminal.wait("she is angry")
        go_outside(terminal)
        terminal.type(" and right\n")
        terminal.wait("she is angry and right")
        terminal.press("ctrl+s")
        terminal.wait("Note kept")
        terminal.wait("note by ana")
        assert out.note() == ""
        end(terminal)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
