"""`canned edit` in a real terminal: an error is said, the agent goes on editing, and nothing is lost."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest
from pty_app import Terminal

from tui.cli.program import run

TURNS = """
import sys
from pathlib import Path
path, turn = Path(sys.argv[1]), Path(__file__).with_suffix(".turn")
turn.write_text(turn.read_text() + "x" if turn.exists() else "x")
text = path.read_text()
if turn.read_text() == "x":
    path.write_text(text.replace("25 %", "{{ 25 %"))
else:
    path.write_text(text.replace("{{ 25 %", "50 %"))
"""


@pytest.fixture
def edited(template: Path, tmp_path: Path) -> Terminal:
    shutil.copy(template, tmp_path / "desk.db")
    assert (
        run(["--db", str(tmp_path / "desk.db"), "--agent", "ana", "canned", "add", "Refund", "--body", "25 % back."])
        == 0
    )
    (tmp_path / "turns.py").write_text(TURNS)
    environment = {
        "EDITOR": shlex.join([sys.executable, str(tmp_path / "turns.py")]), "VISUAL": None, "TMPDIR": str(tmp_path),
        "SHIFTDESK_DB": str(tmp_path / "desk.db"), "SHIFTDESK_AGENT": "ana", "HOME": str(tmp_path),
    }  # fmt: skip
    return Terminal([sys.executable, "-m", "tui", "canned", "edit", "Refund"], env=environment)


def test_an_error_is_said_and_the_agent_goes_on(edited: Terminal, tmp_path: Path) -> None:
    with edited as terminal:
        terminal.wait(r"Line 5: '\{\{' is never closed")
        terminal.wait("Edit it again")
        terminal.send(b"\r")
        terminal.wait("Refund is now in version 2")
        assert terminal.exit_code() == 0
    assert list(tmp_path.glob("shiftdesk-*")) == []


# An interrupt that comes just before the answer is read is noticed with the next key.
@pytest.mark.parametrize(("key", "code"), [(b"n\r", 2), (b"\x03\r", 130)], ids=["no", "interrupt"])
def test_who_gives_up_is_told_where_the_text_is(edited: Terminal, tmp_path: Path, key: bytes, code: int) -> None:
    with edited as terminal:
        terminal.wait("Edit it again")
        terminal.send(key)
        terminal.wait("your text is in")
        assert terminal.exit_code() == code
    (kept,) = tmp_path.glob("shiftdesk-*/canned.md")
    assert "{{ 25 %" in kept.read_text()
