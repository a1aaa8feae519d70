"""kill -9 at random moments over shifts: what was acknowledged is there, and what was held is free again in time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import ledger
import pytest
from killed_shift import LEASE

from tui.store.sqlite import connect
from tui.store.store import Store

HERE = Path(__file__).parent
pytestmark = [pytest.mark.sqlite, pytest.mark.postgresql]


def killed(store: Store, kills: int) -> dict[str, Any]:
    """Shifts are worked and killed; what was found meanwhile."""
    paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
    done = subprocess.run(
        [sys.executable, HERE / "killed_shift.py", store.location, str(kills), "1"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"\n{store.location.partition(':')[0]}: {found}")
    return found


def check(store: Store, found: dict[str, Any], kills: int) -> None:
    """Nothing lost, nothing stuck, and the log is whole: every state, claim and reply has its event."""
    assert (found["kills"], found["lost"], found["stuck"]) == (kills, [], [])
    assert found["acknowledged"] > kills
    on_file, reader = "://" not in store.location, store.reader()
    assert list(ledger.problems(reader, lease=LEASE, gapless=on_file)) == []
    told = {event.data["reply"] for event in reader.events() if event.kind == "reply.held"}
    assert told == {reply.id for reply in reader.outbox()}
    reader.close()
    if on_file:
        connection = connect(store.path, read_only=True)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


def test_killed_again_and_again(store: Store) -> None:
    check(store, killed(store, 25), 25)


@pytest.mark.long
@pytest.mark.timeout(1_500)
def test_killed_a_thousand_times(store: Store) -> None:
    check(store, killed(store, 1_000), 1_000)
