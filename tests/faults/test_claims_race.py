"""Many processes take from one queue, on both kinds of database: nobody ever holds what another holds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ledger
import pytest
from making import US, copy_of, post, take

from tui import clock
from tui.store.sqlite import journal_mode, sqlite3
from tui.store.store import Store

HERE = Path(__file__).parent
pytestmark = [pytest.mark.sqlite, pytest.mark.postgresql]


def filled(store: Store, conversations: int) -> Store:
    """A queue of so many, each with a customer of its own."""
    now = clock.now()
    take(store, *(post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now) for n in range(conversations)), now=now)
    return store


def race(store: Store, tmp_path: Path, processes: int) -> dict[str, Any]:
    """The queue is emptied; what was found, by the processes themselves."""
    paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
    done = subprocess.run(
        [sys.executable, HERE / "claims_race.py", store.location, str(processes), tmp_path],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"\n{store.location.partition(':')[0]}, {processes} processes: {found}")
    return found


def check(store: Store, found: dict[str, Any], conversations: int) -> None:
    """Nothing doubled, nothing stumbled, nothing left, and the log says each of it once."""
    assert (found["doubled"], found["errors"]) == ([], [])
    reader = store.reader()
    assert list(ledger.problems(reader, gapless="://" not in store.location)) == []
    kinds = [event.kind for event in reader.events()]
    reader.close()
    assert kinds.count("claim.taken") == found["taken"]
    assert kinds.count("conversation.resolved") == conversations


def test_twelve_processes_never_hold_the_same(store: Store, tmp_path: Path) -> None:
    check(filled(store, 60), race(store, tmp_path, 12), 60)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(("processes", "conversations"), [(12, 300), (32, 1_000)])
def test_at_full_length(store: Store, tmp_path: Path, processes: int, conversations: int) -> None:
    check(filled(store, conversations), race(store, tmp_path, processes), conversations)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(("processes", "conversations"), [(12, 300), (32, 1_000)])
def test_in_the_other_journal(template: Path, tmp_path: Path, processes: int, conversations: int) -> None:
    store, other = copy_of(template, tmp_path / "desk"), "delete" if journal_mode() == "wal" else "wal"
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA journal_mode = {other}")
    connection.close()
    print(f"\n{other} journal:", end="")
    check(filled(store, conversations), race(store, tmp_path, processes), conversations)
