"""kill -9 at any moment of a backup or a restore: the file is whole or not there, the desk full or empty."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from making import post, take

from tui.store import backups
from tui.store.copying import Copied, fill, inside, snapshot, travelling
from tui.store.home import Home
from tui.store.sqlite import File
from tui.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.sqlite, pytest.mark.postgresql, pytest.mark.timeout(1_800)]
ROOT = Path(__file__).parents[2]
KILLS = 30
POSTS = 3_000


def quietly(_rows: int) -> None:
    """Nobody watches."""


def contents(home: Home) -> list[Copied]:
    with snapshot(home) as found:
        return [found.digest(table, quietly) for table in travelling()]


def begin(what: str, store: Store, file: Path) -> "subprocess.Popen[bytes]":
    script = ROOT / "tests" / "store" / "killed_copying.py"
    return subprocess.Popen(
        [sys.executable, script, what, store.location, file, "0"], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )  # fmt: skip


def lasts(what: str, store: Store, file: Path) -> float:
    """Seconds, when nobody kills it."""
    began = time.monotonic()
    assert begin(what, store, file).wait() == 0
    return time.monotonic() - began


def kill_in(seconds: float, what: str, store: Store, file: Path) -> None:
    running = begin(what, store, file)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


@pytest.fixture
def furnished(store: Store) -> Store:
    take(store, *(post(str(number), author=f"a{number}") for number in range(POSTS)))
    return store


def test_a_backup_killed_at_any_moment_is_whole_or_not_there(furnished: Store, tmp_path: Path) -> None:
    wanted, whole = contents(furnished.home), 0
    span = lasts("backup", furnished, tmp_path / "first.db")
    for turn in range(KILLS):
        file = tmp_path / f"{turn}.db"
        kill_in(random.uniform(span / 3, span * 1.05), "backup", furnished, file)
        if file.exists():
            whole += 1
            assert contents(File(file)) == wanted
        else:
            backups.write(furnished.home, file, quietly)
    backups.write(furnished.home, tmp_path / "last.db", quietly)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".db"] == []
    print(f"{KILLS} kills: {whole} were whole, {KILLS - whole} not there")


def test_a_restore_killed_at_any_moment_leaves_a_full_desk_or_an_empty_one(
    furnished: Store, fresh: Callable[[], Store], tmp_path: Path
) -> None:
    wanted, full = backups.write(furnished.home, tmp_path / "b.db", quietly), 0
    span = lasts("restore", fresh(), tmp_path / "b.db")
    for _ in range(KILLS):
        desk = fresh()
        kill_in(random.uniform(span / 3, span * 1.05), "restore", desk, tmp_path / "b.db")
        with desk.transaction() as session:
            empty = inside(session).is_empty()
            if empty:
                with backups.opened(tmp_path / "b.db") as source:
                    fill(session, source, quietly)
        full += not empty
        assert contents(desk.home) == wanted
        desk.close()
        if isinstance(desk.home, File):
            shutil.rmtree(desk.path.parent)
    print(f"{KILLS} kills: {full} were full, {KILLS - full} empty")
