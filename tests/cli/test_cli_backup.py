"""`backup` and `restore` as people call them, from each database into the other."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Desk

from tui.store.sqlite import File

Post = Callable[..., dict[str, Any]]
TEXT = "We are sorry. Which train was it?"


@pytest.fixture
def elsewhere(database: str, tmp_path: Path) -> Iterator[str]:
    """Where no desk is yet: in the database of the other kind."""
    if database == "postgresql":
        yield str(tmp_path / "elsewhere" / "desk.db")
        return
    import postgres

    name = postgres.server().database()
    yield postgres.server().url(name)
    postgres.server().drop(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "desk.db"


def test_a_desk_moves_to_the_other_database_and_back(
    desk: Desk, post: Post, file: Path, elsewhere: str, tmp_path: Path
) -> None:
    desk.take_in(post("1", text="Där Zug 🚆 fährt nicht"), post("2", handle="bo", text="Where is the lift?"))
    desk.json("claim", "1")
    desk.json("note", "1", "--text", "ring the depot")
    made = desk.json("backup", str(file))
    assert (made["checked"], made["file"], made["bytes"]) == (True, str(file), file.stat().st_size)
    counts = {one["table"]: one["rows"] for one in made["tables"]}
    assert (counts["post"], counts["conversation"], counts["note"]) == (2, 2, 1)
    assert made["rows"] == sum(counts.values())

    moved = desk.json("--db", elsewhere, "restore", str(file))
    assert (moved["tables"], moved["checked"], moved["rows"]) == (made["tables"], True, made["rows"])
    assert (moved["returned"], moved["unknown"], moved["braked"]) == ([], [], [])
    back = str(tmp_path / "back" / "desk.db")
    desk.json("--db", elsewhere, "backup", str(file.with_name("second.db")))
    desk.json("--db", back, "restore", str(file.with_name("second.db")))
    for place in (elsewhere, back):
        assert desk.json("--db", place, "queue", "--view", "all") == desk.json("queue", "--view", "all")
        for number in ("1", "2"):
            assert desk.json("--db", place, "show", number) == desk.json("show", number)
    assert desk.json("--db", elsewhere, "agent", "list") == desk.json("agent", "list")


def test_what_was_held_leaves_from_no_restored_desk(desk: Desk, post: Post, file: Path, elsewhere: str) -> None:
    desk.take_in(post())
    desk.json("reply", "1", "--text", TEXT)
    desk.json("backup", str(file))
    answer = desk("--db", elsewhere, "restore", str(file))
    assert "drafts again: 1 that waited to leave; they may be out already" in answer.out
    assert desk.json("--db", elsewhere, "outbox") == []
    assert desk.json("--db", elsewhere, "worker", "--once")["sent"] == 0
    (draft,) = desk.json("--db", elsewhere, "show", "1")["drafts"]
    assert draft["text"] == TEXT
    (held,) = desk.json("outbox")
    assert held["state"] == "held", "the desk that was copied goes on"


def test_nothing_leaves_from_a_backup_or_a_copy_of_one(desk: Desk, post: Post, file: Path, tmp_path: Path) -> None:
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.take_in(post())
    desk.json("reply", "1", "--text", TEXT)
    desk.json("backup", str(file))
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    for place in (file, copy):
        answer = desk("--db", str(place), "worker", "--once")
        assert (answer.code, "is a backup, and nothing leaves from it" in answer.err) == (1, True)
        assert len(desk.json("--db", str(place), "queue", "--view", "all")) == 1
        assert desk.json("--db", str(place), "doctor")["ok"]


def test_a_restored_desk_is_no_backup(desk: Desk, post: Post, file: Path, tmp_path: Path) -> None:
    desk.take_in(post())
    desk.json("backup", str(file))
    new = str(tmp_path / "new.db")
    desk.json("--db", new, "restore", str(file))
    assert desk.json("--db", new, "worker", "--once")["busy"] is False


def test_no_file_is_overwritten_and_no_desk(desk: Desk, post: Post, file: Path) -> None:
    desk.take_in(post())
    desk.json("backup", str(file))
    before = file.read_bytes()
    again = desk("backup", str(file), "--json")
    assert (again.code, "is there already" in again.json["error"]) == (1, True)
    assert file.read_bytes() == before
    into = desk("restore", str(file), "--json")
    assert (into.code, "is not empty" in into.json["error"]) == (1, True)
    assert len(desk.json("queue", "--view", "all")) == 1


def test_where_no_desk_is_none_is_made(desk: Desk, file: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.db"
    answer = desk("--db", str(nowhere), "backup", str(file))
    assert (answer.code, "There is no desk at" in answer.err) == (2, True)
    text = tmp_path / "text.db"
    text.write_text("no database, but text of some length")
    refused = desk("--db", str(nowhere), "restore", str(text))
    assert (refused.code, refused.err.count("\n"), "text.db" in refused.err) == (3, 1, True)
    assert not nowhere.exists()
    assert not file.exists()


def test_an_agent_copies_no_desk(desk: Desk, post: Post, file: Path) -> None:
    desk.take_in(post())
    answer = desk("--agent", "bo", "backup", str(file))
    assert (answer.code, "Copying the whole desk needs an admin" in answer.err) == (1, True)
    assert not file.exists()


def test_who_restores_is_admin_beside_those_of_the_backup(desk: Desk, post: Post, file: Path, elsewhere: str) -> None:
    desk.take_in(post())
    desk.json("--agent", "bo", "queue")
    desk.json("backup", str(file))
    answer = desk("--db", elsewhere, "--agent", "ops", "restore", str(file))
    assert "ops is its admin" in answer.out
    with closing(File(file).connect()) as connection:
        assert dict(connection.execute("SELECT name, role FROM agent").fetchall()) == {"ana": "admin", "bo": "agent"}
    roles = {one["name"]: one["role"] for one in desk.json("--db", elsewhere, "agent", "list")}
    assert roles == {"ana": "admin", "bo": "agent", "ops": "admin"}


def test_no_token_and_no_configuration_is_in_it(
    desk: Desk, post: Post, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure('[account."x:@northline"]\nsignature = "^SECRETSIGN"\n')
    monkeypatch.setenv("SHIFTDESK_TOKENS_X_NORTHLINE", "SECRETTOKEN")
    desk.take_in(post())
    desk.json("backup", str(file))
    data = file.read_bytes()
    assert b"SECRETTOKEN" not in data
    assert b"SECRETSIGN" not in data


def test_a_bar_stands_on_a_terminal_only(desk: Desk, post: Post, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take_in(post())
    assert desk("backup", str(file)).err == ""
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        assert desk("backup", str(file.with_name("b.db")), "--json").err == ""
