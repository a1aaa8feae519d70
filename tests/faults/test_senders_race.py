"""Two senders on one account and kill -9: what both could send goes out once, whoever dies when."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from making import copy_of

HERE = Path(__file__).parent


def race(template: Path, tmp_path: Path, kills: int) -> dict[str, Any]:
    store = copy_of(template, tmp_path / "desk")
    paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
    done = subprocess.run(
        [sys.executable, HERE / "race.py", store.path, tmp_path / "out", str(kills), "1"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["kills"] == kills
    return found


def check(found: dict[str, Any]) -> None:
    assert (found["doubled"], found["lost"]) == ([], [])
    assert found["sent"] >= found["kills"] > found["returned"]


def test_two_senders_and_kill_never_twice_and_never_none(template: Path, tmp_path: Path) -> None:
    check(race(template, tmp_path, 12))


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_two_senders_and_two_hundred_kills(template: Path, tmp_path: Path) -> None:
    check(race(template, tmp_path, 200))
