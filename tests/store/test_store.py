"""One desk's database file: made privately, opened safely, refused in one sentence."""

import multiprocessing
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from making import copy_of, post, rows, take

from tui.errors import Misuse, OutOfReach
from tui.store import schema, sqlite
from tui.store.sqlite import File
from tui.store.store import Store, home_of

pytestmark = pytest.mark.sqlite


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_for_user_and_group_and_its_folder_for_the_user(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "desk.db"
    before = os.umask(umask)
    try:
        assert Store(path).prepare()
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o660, 0o700)


def test_preparing_twice_creates_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk.db")
    assert store.prepare()
    take(store, post("1"))
    assert not store.prepare()
    assert len(rows(store.reader())) == 1


def test_an_empty_file_is_taken_as_new(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.touch()
    assert Store(path).prepare()
    assert File(path).revision() == schema.HEAD


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 40, 1), "delete"),
        ((3, 44, 5), "delete"),
        ((3, 44, 6), "wal"),
        ((3, 44, 9), "wal"),
        ((3, 45, 0), "delete"),
        ((3, 50, 6), "delete"),
        ((3, 50, 7), "wal"),
        ((3, 51, 0), "delete"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 53, 4), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_wal_only_where_it_does_not_corrupt(version: tuple[int, ...], expected: str) -> None:
    assert sqlite.journal_mode(version) == expected


def test_the_file_is_in_the_mode_of_this_version(store: Store) -> None:
    connection = sqlite.connect(store.path, read_only=True)
    assert connection.execute("PRAGMA journal_mode").fetchone() == (sqlite.journal_mode(),)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


@pytest.mark.parametrize("name", ["a b", "100%25", "was?", "no#1", "ä", "a'b", "C:\\desk"])
def test_any_path_will_do(template: Path, tmp_path: Path, name: str) -> None:
    store = copy_of(template, tmp_path / name)
    take(store, post("1"))
    assert len(rows(store.reader())) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_a_relative_path_stays_where_it_was(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_of(template, tmp_path / "here")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    store = Store(Path("here/desk.db"))
    take(store, post("1"))
    assert len(rows(store.reader())) == 1
    assert list((tmp_path / "there").iterdir()) == []


# -- what is refused -------------------------------------------------------------------------------------


def database(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def test_a_newer_schema_is_refused_and_left_alone(store: Store) -> None:
    database(store.path, "UPDATE alembic_version SET version_num = '9999'")
    before = store.path.read_bytes()
    with pytest.raises(OutOfReach, match=rf"newer shiftdesk \(schema 9999.*{schema.HEAD}.*update"):
        Store(store.path).prepare()
    assert store.path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "photos.db", "CREATE TABLE photo (id INTEGER)")
    with pytest.raises(OutOfReach, match="another program"):
        Store(path).prepare()


@pytest.mark.parametrize("content", [b"not a database, and long enough to be read as one" * 90, b"x", b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "desk.db"
    path.write_bytes(content)
    with pytest.raises(OutOfReach, match=r"desk\.db"):
        Store(path).prepare()
    assert path.read_bytes() == content


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(OutOfReach, match=str(tmp_path)):
        Store(tmp_path).prepare()


@pytest.mark.parametrize("place", ["/proc/desk/desk.db", "/proc/desk.db", "/dev/null/desk.db"])
def test_a_folder_nobody_can_write_to(place: str) -> None:
    with pytest.raises(OutOfReach, match=r"--db\.?$"):
        Store(Path(place)).prepare()


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutOfReach, match=r"Not a directory|exists"):
        Store(tmp_path / "file" / "desk.db").prepare()


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutOfReach, match="cannot be opened"):
        Store(tmp_path / "desk.db").reader()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_not_given_up_is_said_plainly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 1)
    holder = sqlite.connect(store.path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutOfReach, match="another process holds it"):
        take(store, post("1"))
    holder.close()
    assert take(store, post("1")).added == 1


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    from sqlalchemy import text

    def interrupted() -> None:
        with store.transaction() as session:
            session.execute(text("INSERT INTO lease VALUES ('x', 'y', 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    with store.transaction() as session:
        assert session.execute(text("SELECT COUNT(*) FROM lease")).scalar() == 0


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("desk.db", Path("desk.db")),
        ("/srv/desk.db", Path("/srv/desk.db")),
        ("~/desk.db", Path("~/desk.db").expanduser()),
        ("sqlite:///desk.db", Path("desk.db")),
        ("sqlite:////srv/my%20desk.db", Path("/srv/my desk.db")),
        ("sqlite+pysqlite:////srv/desk.db", Path("/srv/desk.db")),
    ],
)
def test_what_db_names(location: str, expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if location.startswith("~"):
        expected = Path(os.environ["HOME"]) / "desk.db"
    home = home_of(location)
    assert isinstance(home, File)
    assert home.path == expected


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://host",
        "postgresql+asyncpg://host/desk",
        "mysql://host/desk",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://host/x",
    ],
)
def test_what_db_does_not_take(location: str) -> None:
    with pytest.raises(Misuse, match="--db"):
        home_of(location)


# -- several at once ---------------------------------------------------------------------------------------


def prepare(path: Path, start: Any, told: Any) -> None:
    """A process that prepares a desk at the same moment as others."""
    start.wait()
    try:
        told.put(str(Store(path).prepare()))
    except Exception as error:
        told.put(repr(error))


def test_processes_that_prepare_the_same_fresh_desk(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tui.store.tables", "alembic.command", "tui.desk.claims"])
    start, told = context.Barrier(4), context.Queue()
    path = tmp_path / "desk.db"
    processes = [context.Process(target=prepare, args=(path, start, told)) for _ in range(4)]
    for process in processes:
        process.start()
    answers = {told.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert answers <= {"True", "False"}
    assert "True" in answers
    assert File(path).revision() == schema.HEAD
    assert take(Store(path), post("1")).added == 1
