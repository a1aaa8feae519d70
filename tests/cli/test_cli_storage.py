"""Storage that cannot be used: one sentence that says what to do, exit 3, and the desk goes on afterwards."""

import shutil

import pytest
from disks import fill, remount, small_disk

from tui.store import sqlite

pytestmark = pytest.mark.sqlite


@pytest.fixture
def on_disk(desk, post, tmp_path, monkeypatch):
    """A desk with a post, on a disk of its own."""
    desk.take_in(post())
    with small_disk(tmp_path / "disk", 4) as disk:
        monkeypatch.setenv("SHIFTDESK_DB", str(disk / "desk.db"))
        desk.store.close()
        shutil.copy(desk.path, disk / "desk.db")
        yield disk


def _refused(desk, *line: str) -> str:
    """What a command that cannot be carried out says."""
    answer = desk(*line, "--json")
    assert answer.code == 3, answer
    assert set(answer.json) == {"error"}
    assert answer.json["error"] == answer.err.rstrip("\n")
    assert answer.err.count("\n") == 1
    return str(answer.json["error"])


def test_a_full_disk(desk, on_disk):
    filler = fill(on_disk)
    taken = []
    while (answer := desk("note", "1", "--text", f"{len(taken)} {'x' * 3000}", "--json")).code == 0:
        taken.append(len(taken))  # into space that the desk had already
    assert answer.code == 3
    assert answer.json["error"].endswith(": the disk is full; free some space, nothing acknowledged is lost.")
    filler.unlink()
    desk.json("note", "1", "--text", "space")
    found = [note["text"].split()[0] for note in desk.json("show", "1")["notes"]]
    assert found == [*map(str, taken), "space"]


def test_a_disk_that_is_mounted_read_only(desk, on_disk):
    remount(on_disk, "ro")
    assert "mounted" in _refused(desk, "claim", "1") or "cannot be opened" in _refused(desk, "claim", "1")
    remount(on_disk, "rw")
    assert desk.json("claim", "1")["claimed_by"] == "ana"


def test_a_desk_that_somebody_holds(desk, post, monkeypatch):
    desk.take_in(post())
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 1)
    holder = sqlite.connect(desk.path)
    holder.execute("BEGIN IMMEDIATE")
    assert _refused(desk, "claim", "1").endswith(": another process holds it; wait a moment and try again.")
    holder.close()
    assert desk.json("claim", "1")["claimed_by"] == "ana"


def test_a_header_that_is_damaged(desk, post):
    desk.take_in(post())
    desk.store.close()
    with desk.path.open("r+b") as file:
        file.write(b"\xff" * 16)
    assert "it is not a SQLite database" in _refused(desk, "claim", "1")
    assert "it is not a SQLite database" in _refused(desk, "queue")


def test_a_network_share(desk, monkeypatch):
    monkeypatch.setattr(sqlite, "file_system", lambda *_: "cifs")
    assert "network share (cifs)" in _refused(desk, "queue")
