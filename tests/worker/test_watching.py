"""Posts from files that grow: place and posts together, one bad line never the rest, and kill -9 anywhere."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import NOW, rows
from sqlalchemy import select

from tui.config import Config, NetworkSettings
from tui.desk import intake
from tui.errors import Refused
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker import lanes, watching
from tui.worker.run import Worker
from tui.worker.watching import Watching

KILLED = Path(__file__).with_name("killed_watching.py")


def line(id: Any, text: str = "hello") -> str:
    post = {"network": "board", "id": str(id), "author": {"id": f"a{id}"}, "text": text, "account": "@help"}
    return json.dumps(post | {"created_at": "2026-02-11T09:14:00Z"}) + "\n"


def append(file: Path, words: str) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(words)


def always(_session: Any = None) -> bool:
    return True


Look = Callable[..., int]


@pytest.fixture
def look(store: Store, tmp_path: Path) -> Look:
    """One round of a lane of its own, as after a restart; how many posts were new."""

    def round(*paths: Path, lane: Watching | None = None) -> int:
        made = lane or Watching(store, Config(), paths, kept_in=tmp_path, clock=lambda: NOW)
        read = made.round(first=lane is None, leads=always).read
        if lane is None:
            made.close()
        return read

    return round


def texts(reader: Reader) -> list[str]:
    return sorted(row.preview for row in rows(reader))


def told(reader: Reader, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in reader.events() if event.kind == kind]


def places(store: Store) -> dict[str, int]:
    """How many lines of each file are read."""
    with store.transaction() as session:
        found = session.execute(select(t.watched.c.path, t.watched.c.place)).all()
    return {Path(path).name: json.loads(place)["lines"] for path, place in found}


def test_what_was_read_before_a_restart_is_not_read_again(
    store: Store, reader: Reader, tmp_path: Path, look: Look
) -> None:
    file = tmp_path / "posts.jsonl"
    append(file, line(1) + line(2) + line(3)[:9])
    assert (look(file), look(file)) == (2, 0)
    append(file, line(3)[9:])
    assert (look(file), places(store)) == (1, {"posts.jsonl": 3})
    assert len(texts(reader)) == 3


def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path, look: Look) -> None:
    assert look(tmp_path / "later.jsonl") == 0
    append(tmp_path / "later.jsonl", line(1))
    assert look(tmp_path / "later.jsonl") == 1


def test_bad_lines_stand_in_the_log_by_number_and_the_rest_goes_in(
    reader: Reader, tmp_path: Path, look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "posts.jsonl"
    append(file, line(1) + "{\n" + line(2) + '{"id": "\x1b[2J"}\n')
    with caplog.at_level(logging.WARNING, watching.__name__):
        assert look(file) == 2
    (data,) = told(reader, "file.refused")
    assert (data["file"], data["count"], [one["line"] for one in data["lines"]]) == (str(file), 2, [2, 4])
    assert "\x1b" not in json.dumps(data) + caplog.text
    assert "2 lines refused, first line 2" in caplog.text


def test_many_bad_lines_are_counted_and_some_are_named(reader: Reader, tmp_path: Path, look: Look) -> None:
    append(tmp_path / "posts.jsonl", "no\n" * 400 + line(1))
    assert look(tmp_path / "posts.jsonl") == 1
    (data,) = told(reader, "file.refused")
    assert (data["count"], len(data["lines"])) == (400, watching.NAMED)


def test_one_poison_post_never_stops_the_rest(
    reader: Reader, tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.take_in

    def poisoned(session: Any, posts: Any, **values: Any) -> Any:
        if any(post.id == "2" for post in posts):
            raise ValueError("poison")
        return real(session, posts, **values)

    monkeypatch.setattr(intake, "take_in", poisoned)
    append(tmp_path / "posts.jsonl", line(1) + line(2) + line(3))
    assert look(tmp_path / "posts.jsonl") == 2
    (data,) = told(reader, "file.refused")
    assert data["lines"] == [{"line": 2, "reason": "it cannot be stored (ValueError)"}]


def test_a_rotated_file_is_read_to_its_end_and_that_is_told(reader: Reader, tmp_path: Path, look: Look) -> None:
    file = tmp_path / "posts.jsonl"
    append(file, line(1))
    look(file)
    append(file, line(2))
    file.rename(tmp_path / "posts.jsonl.1")
    append(file, line(3))
    assert look(file) == 2
    (data,) = told(reader, "file.changed")
    assert "read to its end" in data["why"]


def test_a_file_cut_short_is_told(reader: Reader, tmp_path: Path, look: Look) -> None:
    file = tmp_path / "posts.jsonl"
    append(file, line(1))
    look(file)
    file.write_text(line(2))
    assert look(file) == 1
    assert "cut short" in told(reader, "file.changed")[0]["why"]


def test_of_a_folder_each_file_is_read_once_and_none_is_moved(store: Store, tmp_path: Path, look: Look) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    lane = Watching(store, Config(), [folder], kept_in=tmp_path, clock=lambda: NOW)
    append(folder / "1.jsonl", line(1))
    assert (look(lane=lane), look(lane=lane)) == (1, 0)
    append(folder / "2.jsonl", line(2))
    append(folder / "1.jsonl", line(3))
    assert (look(lane=lane), look(folder)) == (2, 0)
    assert sorted(file.name for file in folder.iterdir()) == ["1.jsonl", "2.jsonl"]


@pytest.mark.parametrize("restarted", [False, True])
def test_files_that_were_removed_from_a_folder_are_forgotten(
    store: Store, tmp_path: Path, look: Look, restarted: bool
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    lane = None if restarted else Watching(store, Config(), [folder], kept_in=tmp_path, clock=lambda: NOW)
    for name in ("1.jsonl", "2.jsonl"):
        append(folder / name, line(name))
    look(folder, lane=lane)
    (folder / "1.jsonl").unlink()
    look(folder, lane=lane)
    assert places(store) == {"2.jsonl": 1}


def test_a_named_pipe_is_read_and_its_writers_do_not_wait(reader: Reader, tmp_path: Path, store: Store) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lane = Watching(store, Config(), [pipe], kept_in=tmp_path, clock=lambda: NOW)
    read = lane.round(first=True, leads=always).read
    for words in (line(1) + line(2)[:20], line(2)[20:]):
        pipe.write_text(words)
        read += lane.round(first=False, leads=always).read
    lane.close()
    assert (read, len(texts(reader))) == (2, 2)


def test_of_two_processes_that_read_the_same_file_one_is_too_late(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    append(file, line(1))
    one, other = (Watching(store, Config(), [file], clock=lambda: NOW) for _ in range(2))
    assert [lane.round(first=True, leads=always).read for lane in (one, other)] == [1, 0]
    append(file, line(2) + "no\n")
    assert one.round(first=False, leads=always).read == 1
    with pytest.raises(Refused, match="by another process"):
        other.round(first=False, leads=always)
    append(file, line(3))
    assert other.round(first=False, leads=always).read == 1


def test_nothing_is_stored_once_the_lease_is_gone(reader: Reader, store: Store, tmp_path: Path) -> None:
    append(tmp_path / "posts.jsonl", line(1))
    lane = Watching(store, Config(), [tmp_path / "posts.jsonl"], clock=lambda: NOW)
    with pytest.raises(Refused):
        lane.round(first=True, leads=lambda session=None: session is None)
    assert (rows(reader), places(store)) == ([], {})


def test_a_worker_watches_what_is_configured_beside_its_configuration(store: Store, tmp_path: Path) -> None:
    append(tmp_path / "posts.jsonl", line(1))
    config = Config(path=tmp_path / "config.toml", network=NetworkSettings(watch=("posts.jsonl",)))
    done = Worker(store, lanes.lanes(store, config, tmp_path)).once()
    assert done["read"] == 1
    assert places(store) == {"posts.jsonl": 1}


def test_what_cannot_be_read_is_said_once(tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "posts.jsonl").symlink_to(tmp_path / "posts.jsonl")
    lane = Watching(store, Config(), [tmp_path / "posts.jsonl"], clock=lambda: NOW)
    for first in (True, False, False):
        assert lane.round(first=first, leads=always).read == 0
    assert [record.message.endswith("check the file.") for record in caplog.records] == [True]


@pytest.mark.parametrize("kind", ["file", "folder", "pipe"])
def test_killed_anywhere_each_line_is_read_once(store: Store, reader: Reader, tmp_path: Path, kind: str) -> None:
    """Real processes, each killed a few lines of ours later than the one before, on the same growing file."""
    path = tmp_path / "posts"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    words = [sys.executable, str(KILLED), store.location, str(path), kind]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    killed, written = map(int, done.stdout.split())
    assert killed > 10
    bad = [number for number in range(written) if number % 10 == 9]
    with store.transaction() as session:
        ids = session.execute(select(t.posts.c.native_id)).scalars().all()
    assert sorted(map(int, ids)) == [number for number in range(written) if number not in bad]
    refused = [(data["file"], one["line"]) for data in told(reader, "file.refused") for one in data["lines"]]
    assert len(set(refused)) == len(refused) == len(bad)
    if kind != "folder":
        assert [number for _, number in refused] == [number + 1 for number in bad]
