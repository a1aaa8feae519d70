"""A disk that fills up while eight agents work: what was acknowledged is there, and work goes on with the space."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import full_disk
import pytest
from disks import small_disk
from making import copy_of

from tui import clock
from tui.networks.files import Files
from tui.store import sqlite
from tui.store.store import Store
from tui.worker.local import Local
from tui.worker.run import Worker

HERE = Path(__file__).parent
pytestmark = pytest.mark.sqlite


@pytest.fixture
def small(tmp_path: Path, template: Path) -> Iterator[Store]:
    """A desk on a disk of its own, of 16 MB."""
    with small_disk(tmp_path / "disk", 16) as disk:
        store = copy_of(template, disk)
        yield store
        store.close()


def run(store: Store, folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """What came of it, by the processes themselves."""
    folder.mkdir()
    paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
    done = subprocess.run(
        [sys.executable, HERE / "full_disk.py", store.path, folder, str(rounds), str(seconds)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"\n{_journal(store)}: {found}")
    return found


def _journal(store: Store) -> str:
    connection = sqlite.connect(store.path, read_only=True)
    try:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    finally:
        connection.close()


def check(store: Store, folder: Path) -> None:
    """Everything that was acknowledged is there, and nothing is half there."""
    reader = store.reader()
    assert reader._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert reader._connection.execute("PRAGMA foreign_key_check").fetchall() == []
    events = {event.id: event for event in reader.events()}
    assert list(events) == list(range(1, len(events) + 1)), "the log has a gap"
    came = {row[0] for row in reader._connection.execute("SELECT native_id FROM post").fetchall()}
    taken = {
        (event.conversation_id, event.data["epoch"]): event.agent
        for event in events.values()
        if event.kind == "claim.taken"
    }
    for number in range(full_disk.AGENTS):
        agent = f"agent{number}"
        told = [json.loads(line) for line in (folder / f"{agent}.jsonl").read_text().splitlines()]
        for said in told:
            assert said["event"] in events, f"{agent}: {said}"
            if "post" in said:
                assert said["post"] in came
            if "claim" in said:
                assert taken[said["claim"], said["epoch"]] == agent
            if "reply" in said:
                reply = reader.reply(said["reply"])
                assert reply is not None
                assert (reply.agent, reply.text) == (agent, said["text"])
            if "resolved" in said:
                row = reader.conversation(said["resolved"])
                assert row is not None
                assert row.state == "resolved"
        if told and "draft" in told[-1]:
            kept = reader.draft(told[-1]["draft"])
            assert kept is not None
            assert kept.text == told[-1]["text"]
    reader.close()


def check_outbox(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reply leaves, each once, also those that were on their way when the disk was full."""
    shown, up = clock.shown, clock.up
    for later in (0, clock.HOUR):
        monkeypatch.setattr(clock, "shown", lambda: shown() + later)  # noqa: B023  within this turn
        monkeypatch.setattr(clock, "up", lambda: up() + later)  # noqa: B023
        Worker(store, [Local(store, full_disk.CONFIG, Files(folder))]).once()
    reader = store.reader()
    states = [row[0] for row in reader._connection.execute("SELECT state FROM reply").fetchall()]
    keys = [json.loads(line)["key"] for line in (folder / "outbox-x.jsonl").read_text().splitlines()]
    reader.close()
    assert set(states) == {"sent"}
    assert len(keys) == len(set(keys)) == len(states)


def test_what_was_acknowledged_before_and_on_a_full_disk_is_there(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(small, tmp_path / "elsewhere", rounds=2, seconds=0.3)
    assert len(found["took"]) == 2
    check(small, tmp_path / "elsewhere")
    check_outbox(small, tmp_path / "elsewhere", monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_at_full_length(small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str) -> None:
    connection = sqlite.connect(small.path)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    found = run(small, tmp_path / "elsewhere", rounds=20, seconds=2)
    check(small, tmp_path / "elsewhere")
    check_outbox(small, tmp_path / "elsewhere", monkeypatch)
    assert max(found["took"]) <= 5
