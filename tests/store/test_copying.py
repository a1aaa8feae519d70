"""A desk copied to another database and back is the same desk; a backup is whole, true, or not there."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import copy_of, kinds, post, take
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, Table, UniqueConstraint, text

from tui.errors import Misuse, OutOfReach, Refused
from tui.store import backups, copying, schema, sqlite
from tui.store.copying import Copied, Digest, Snapshot, fill, inside, snapshot, travelling
from tui.store.dialect import POSTGRES, SQLITE
from tui.store.home import Home
from tui.store.sqlite import File
from tui.store.store import Store

HERE = Path(__file__).parent
Rows = dict[str, list[tuple[Any, ...]]]


def quietly(_rows: int) -> None:
    """Nobody watches."""


def back_up(store: Store, file: Path) -> list[Copied]:
    return backups.write(store.home, file, quietly)


def restore(file: Path, store: Store) -> list[Copied]:
    with backups.opened(file) as source, store.transaction() as session:
        return fill(session, source, quietly)


def contents(home: Home) -> list[Copied]:
    with snapshot(home) as found:
        return [found.digest(table, quietly) for table in travelling()]


def rows_in(path: Path) -> Rows:
    """Every row of a file as SQLite has it, read without anything of ours."""
    connection = sqlite3.connect(path)
    names = [table.name for table in travelling()]
    found = {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}
    connection.close()
    return found


# -- any desk ------------------------------------------------------------------------------------------

WORDS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12),
    st.sampled_from(
        ["", "🚆👩‍👩‍👧", "یک\u200cدو", "हिन्दी", "\ufeff\u202e\x1b]52;c;x\x07", "a\tb\\N\r\nc", "\\.", "'\"%s:x"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def value(draw: st.DrawFn, column: "Column[Any]", row: int, unique: bool, made: Rows) -> Any:
    """What may stand in a column; `made` has the rows of the tables before."""
    if column.foreign_keys:
        (key,) = column.foreign_keys
        target = key.column.table
        known = [one[list(target.c.keys()).index(key.column.name)] for one in made[target.name]]
        if unique:
            return known[row]
        return draw(st.sampled_from([*known, *([None] if column.nullable else [])]))
    if column.nullable and draw(st.booleans()):
        return None
    match column.type:
        case JSON():
            return json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans()))
        case Boolean():
            return draw(st.integers(0, 1))
        case Integer() if unique:
            return row + 1
        case BigInteger():
            return draw(st.integers(-(2**63), 2**63 - 1))
        case Integer():
            return draw(st.integers(-(2**31), 2**31 - 1))
        case _:
            return draw(WORDS) + (f"-{row}" if unique else "")


def single(table: Table) -> set[str]:
    """Columns of which each row has a value of its own here."""
    keys = set(table.primary_key.columns.keys())
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            keys |= set(constraint.columns.keys())
    return keys | {column.name for column in table.c if column.unique}


@st.composite
def desks(draw: st.DrawFn) -> Rows:
    """Rows for all tables, none that refers to what is not there."""
    made: Rows = {}
    for table in travelling():
        own, most = single(table), 3
        for column in table.c:
            for key in column.foreign_keys:
                known = len(made[key.column.table.name])
                most = min(most, known if column.name in own else most if known or column.nullable else 0)
        made[table.name] = []
        for row in range(draw(st.integers(0, most))):
            made[table.name].append(tuple(value(draw, column, row, column.name in own, made) for column in table.c))
    return made


def furnish(path: Path, desk: Rows) -> None:
    connection = sqlite.connect(path)
    for table in travelling():
        marks = ", ".join("?" for _ in table.c)
        connection.executemany(
            f"INSERT INTO {table.name} ({', '.join(table.c.keys())}) VALUES ({marks})", desk[table.name]
        )
    connection.close()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(desk=desks())
def test_any_desk_comes_back_from_the_other_database_as_it_was(
    desk: Rows, database: str, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    first, last = copy_of(template, folder / "first"), copy_of(template, folder / "last")
    furnish(first.path, desk)
    with ExitStack() as stack:
        middle = another(database, template, folder / "middle", stack)
        copied = back_up(first, folder / "one.db")
        assert restore(folder / "one.db", middle) == copied
        assert back_up(middle, folder / "two.db") == copied
        assert restore(folder / "two.db", last) == copied
    assert rows_in(last.path) == rows_in(first.path) == rows_in(folder / "one.db") == rows_in(folder / "two.db")
    assert {name: len(rows) for name, rows in rows_in(last.path).items()} == {
        name: len(rows) for name, rows in desk.items()
    }
    first.close()
    last.close()


def another(database: str, template: Path, folder: Path, stack: ExitStack) -> Store:
    if database == "sqlite":
        return copy_of(template, folder)
    import postgres

    made = postgres.Desk()
    stack.callback(made.drop)
    return made.store


def test_the_digest_is_the_same_in_whatever_batches_and_another_for_other_rows() -> None:
    table = travelling()[0]

    def over(*batches: list[Any]) -> Copied:
        digest = Digest(table)
        for batch in batches:
            digest.add(batch)
        return digest.seen

    assert over([(1, "a"), (2, None)]) == over([(1, "a")], [(2, None)])
    others = [[(2, None), (1, "a")], [(1, "a"), (2, "")], [(1, "a"), (2, "null")], [(1, "a,2"), (2, None)], [(1, "a")]]
    assert len({over(rows).digest for rows in others} | {over([(1, "a"), (2, None)]).digest}) == len(others) + 1


# -- what a restored desk can do -----------------------------------------------------------------------


@pytest.fixture
def worked_in(store: Store) -> Store:
    """A desk with posts, the newest of whose events and conversations are gone."""
    take(store, post("1", text="My träin is late 🚆"), post("2", author="bo", text="Where is the lift?"))
    with store.transaction() as session:
        session.execute(text("INSERT INTO lease (name, holder, until) VALUES ('worker', 'h', 1)"))
        session.execute(text("INSERT INTO presence VALUES ('p', 'ana', 'host', 1, 'looks', NULL, 1, 1, NULL)"))
        session.execute(text("INSERT INTO event (at, agent, kind) VALUES (1, 'ana', 'gone')"))
        session.execute(text("DELETE FROM event WHERE kind = 'gone'"))
    return store


def test_search_ids_and_the_feed_go_on_where_they_were(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path
) -> None:
    back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    restore(tmp_path / "b.db", desk)
    with snapshot(worked_in.home) as source:
        used = {name: source.used(tables()[name]) for name in ("event", "conversation", "post", "author")}
    old, new = worked_in.reader(), desk.reader()
    assert new.search("train") == old.search("train") != []
    assert kinds(new) == kinds(old)
    assert new.last_event() == old.last_event() < used["event"]
    take(desk, post("3", author="cy", text="Is the train there?"))
    assert new.search("train") == [3, *old.search("train")]
    assert min(event.id for event in new.events() if event.id > old.last_event()) > used["event"]
    assert contents(desk.home) != contents(worked_in.home)
    old.close()
    new.close()


def tables() -> dict[str, Table]:
    return {table.name: table for table in travelling()}


def test_a_few_rows_at_a_time_are_the_same_rows(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(worked_in, *(post(f"p{number}", author=f"a{number}") for number in range(5)))
    whole = contents(worked_in.home)
    monkeypatch.setattr(copying, "BATCH", 2)
    back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    assert restore(tmp_path / "b.db", desk) == whole == contents(desk.home)


def test_who_is_there_and_who_leads_stays_behind(worked_in: Store, fresh: Callable[[], Store], tmp_path: Path) -> None:
    back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    restore(tmp_path / "b.db", desk)
    for home in (File(tmp_path / "b.db"), desk.home):
        connection = home.connect()
        for name in ("presence", "lease"):
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] == 0
        connection.close()


def test_a_desk_that_has_anything_takes_no_other_in(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path
) -> None:
    back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    take(desk, post("9"))
    before = contents(desk.home)
    with pytest.raises(Refused, match="is not empty"):
        restore(tmp_path / "b.db", desk)
    assert contents(desk.home) == before


def test_what_does_not_arrive_as_it_is_is_not_kept(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    seen = Snapshot.digest

    def lying(self: Snapshot, table: Table, told: Any) -> Copied:
        found = seen(self, table, told)
        return found._replace(digest="other") if table.name == "post" else found

    monkeypatch.setattr(Snapshot, "digest", lying)
    with pytest.raises(OutOfReach, match="its table post has other rows; nothing was kept"):
        restore(tmp_path / "b.db", desk)
    monkeypatch.undo()
    with desk.transaction() as session:
        assert inside(session).is_empty()


# -- the file ------------------------------------------------------------------------------------------


def test_a_backup_is_a_desk_for_its_owner_alone_and_marked(worked_in: Store, tmp_path: Path) -> None:
    file = tmp_path / "b.db"
    back_up(worked_in, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert File(file).revision() == schema.HEAD
    assert [path.name for path in tmp_path.iterdir()] == ["b.db"]
    reader = Store(file).reader()
    assert len(reader.search("train")) == 1
    reader.close()
    assert [path.name for path in tmp_path.iterdir()] == ["b.db"]
    with pytest.raises(Refused, match="nothing leaves from it"):
        backups.refuse_backup(File(file))
    backups.refuse_backup(worked_in.home)
    backups.refuse_backup(File(tmp_path / "none.db"))


def test_nothing_is_overwritten(worked_in: Store, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("mine")
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere")
    for name in ("b.db", "link.db"):
        with pytest.raises(Refused, match="is there already"):
            back_up(worked_in, tmp_path / name)
    with pytest.raises(Misuse, match="make it first"):
        back_up(worked_in, tmp_path / "no" / "b.db")
    assert (tmp_path / "b.db").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.db", "link.db"]


def test_what_appears_meanwhile_is_not_overwritten(worked_in: Store, tmp_path: Path) -> None:
    file = tmp_path / "b.db"
    with pytest.raises(Refused, match="is there already"):
        backups.write(worked_in.home, file, lambda _rows: file.write_text("mine") and None)
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["b.db"]


def test_a_full_disk_leaves_nothing(worked_in: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_part: Path) -> None:
        raise sqlite.sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backups, "_finish", full)
    with pytest.raises(OutOfReach, match=r"b.db cannot be written \(database or disk is full\); make room"):
        back_up(worked_in, tmp_path / "b.db")
    assert list(tmp_path.iterdir()) == []


def test_a_network_share_takes_no_backup_and_gives_none(
    worked_in: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(worked_in, tmp_path / "b.db")
    monkeypatch.setattr(sqlite, "file_system", lambda _path: "nfs4")
    with pytest.raises(OutOfReach, match=r"c.db lies on a network share \(nfs4\)"):
        back_up(worked_in, tmp_path / "c.db")
    with pytest.raises(OutOfReach, match=r"b.db lies on a network share \(nfs4\)"), backups.opened(tmp_path / "b.db"):
        pass


def test_rows_are_read_by_the_bytes_of_their_keys_whatever_language_a_server_sorts_for() -> None:
    """Of these servers none sorts for a language, so nothing else here would show it."""
    seen = copying._select(tables()["seen"], POSTGRES)
    assert seen.endswith('ORDER BY conversation_id, agent COLLATE "C"')
    assert copying._select(tables()["seen"], SQLITE).endswith("ORDER BY conversation_id, agent")


def test_two_do_not_write_one_file(worked_in: Store, tmp_path: Path) -> None:
    with backups._beside(tmp_path / "b.db"):
        back_up(worked_in, tmp_path / "c.db")
        with pytest.raises(Refused, match="Another process is writing"):
            back_up(worked_in, tmp_path / "b.db")
    back_up(worked_in, tmp_path / "b.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.db", "c.db"]


@pytest.mark.sqlite
def test_with_the_other_journal_rows_are_counted_and_who_writes_does_not_wait(worked_in: Store, tmp_path: Path) -> None:
    worked_in.close()
    connection = sqlite.connect(worked_in.path)
    connection.execute("PRAGMA journal_mode = DELETE")

    def meanwhile(_rows: int) -> None:
        connection.execute("UPDATE post SET likes = likes + 1")

    copied = backups.write(worked_in.home, tmp_path / "b.db", meanwhile)
    assert {one.table: one.rows for one in copied}["post"] == 2
    assert connection.execute("SELECT max(likes) FROM post").fetchone()[0] > 1
    connection.close()


@pytest.mark.parametrize("value", ["x'00ff'", "CAST(x'ffc3' AS text)"])
def test_what_is_no_text_is_said_and_nothing_is_kept(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path, value: str
) -> None:
    back_up(worked_in, tmp_path / "b.db")
    connection = sqlite3.connect(tmp_path / "b.db")
    connection.execute(f"UPDATE author SET name = {value}")
    connection.commit()
    connection.close()
    desk = fresh()
    with pytest.raises(OutOfReach, match=r"The table author holds bytes|b\.db refused \(Could not decode"):
        restore(tmp_path / "b.db", desk)
    with desk.transaction() as session:
        assert inside(session).is_empty()


@pytest.mark.sqlite
def test_a_damaged_desk_is_not_called_a_backup(worked_in: Store, tmp_path: Path) -> None:
    connection = sqlite3.connect(worked_in.path)
    connection.execute("UPDATE post SET author_id = 77")
    connection.commit()
    connection.close()
    with pytest.raises(OutOfReach, match="a row of post has lost its author"):
        back_up(worked_in, tmp_path / "b.db")
    assert list(tmp_path.iterdir()) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scratch(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x55" * (len(data) - 4096)
    path.write_bytes(data)


def other_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE a (b)")
    connection.commit()
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (cut, "malformed"),
        (scratch, "give another backup"),
        (other_program, "is no desk"),
        (newer, "written by a newer shiftdesk"),
        (lambda path: path.write_text("hello, this is text"), "not a database"),
        (lambda path: path.write_bytes(b""), "is no desk"),
        (lambda path: path.unlink(), "There is no file"),
    ],
)
def test_what_is_no_sound_desk_is_said_in_one_sentence(
    worked_in: Store, tmp_path: Path, spoil: Callable[[Path], Any], said: str
) -> None:
    file = tmp_path / "b.db"
    back_up(worked_in, file)
    spoil(file)
    with pytest.raises((OutOfReach, Misuse), match=said) as caught, backups.opened(file):
        pass
    assert str(caught.value).count("\n") == 0
    assert "b.db" in str(caught.value)


def test_an_older_backup_is_upgraded_and_stays_as_it_is(store: Store, tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    old = Store(tmp_path / "old.db")
    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text("INSERT INTO account (network, handle, name, created_at) VALUES ('x', '@u', 'u', 1)"))
    old.close()
    before = (tmp_path / "old.db").read_bytes()
    restore(tmp_path / "old.db", store)
    reader = store.reader()
    assert reader.accounts() == [(1, "x", "@u")]
    reader.close()
    assert File(tmp_path / "old.db").revision() == "0004"
    assert (tmp_path / "old.db").read_bytes() == before


# -- others work, others die ---------------------------------------------------------------------------


@pytest.fixture
def at_work(store: Store) -> Iterator[Store]:
    """Another process takes posts in, each with its conversation and events in one change."""
    busy = subprocess.Popen([sys.executable, HERE / "busy_desk.py", store.location], stdout=subprocess.PIPE)
    assert busy.stdout is not None
    busy.stdout.readline()
    yield store
    assert busy.poll() is None, "it worked all the time"
    busy.kill()
    busy.wait()
    busy.stdout.close()


def test_a_backup_is_one_moment_while_others_write(at_work: Store, tmp_path: Path) -> None:
    posts = []
    for number in range(4):
        file = tmp_path / f"{number}.db"
        back_up(at_work, file)
        desk = rows_in(file)
        posts.append(len(desk["post"]))
        assert len(desk["conversation"]) == len(desk["post"]) == len(desk["note"])
        events = [row[3] for row in desk["event"]]
        assert events.count("note.added") == len(desk["note"])
    assert posts == sorted(posts)
    assert posts[0] < posts[-1]


def test_what_changes_while_a_backup_is_written_is_not_in_it_and_does_not_wait(
    worked_in: Store, tmp_path: Path
) -> None:
    before, number = contents(worked_in.home), 0

    def meanwhile(_rows: int) -> None:
        nonlocal number
        number += 1
        take(worked_in, post(f"new-{number}", author=f"a{number}"))

    assert backups.write(worked_in.home, tmp_path / "b.db", meanwhile) == before
    assert contents(File(tmp_path / "b.db")) == before
    assert number > 5


@pytest.mark.parametrize("rows", [1, 3, 6])
def test_a_killed_backup_leaves_no_file_and_the_next_cleans_up(worked_in: Store, tmp_path: Path, rows: int) -> None:
    killed("backup", worked_in, tmp_path / "b.db", rows)
    assert not (tmp_path / "b.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".b.db.shiftdesk-part"]
    copied = back_up(worked_in, tmp_path / "c.db")
    assert [path.name for path in tmp_path.iterdir()] == ["c.db"]
    assert contents(File(tmp_path / "c.db")) == copied


@pytest.mark.parametrize("rows", [1, 3, 6])
def test_a_killed_restore_leaves_an_empty_desk(
    worked_in: Store, fresh: Callable[[], Store], tmp_path: Path, rows: int
) -> None:
    copied = back_up(worked_in, tmp_path / "b.db")
    desk = fresh()
    killed("restore", desk, tmp_path / "b.db", rows)
    with desk.transaction() as session:
        assert inside(session).is_empty()
    assert restore(tmp_path / "b.db", desk) == copied == contents(desk.home)


def killed(what: str, store: Store, file: Path, rows: int) -> None:
    """One of both in another process, which is killed when so many batches are copied or checked."""
    done = subprocess.run(
        [sys.executable, HERE / "killed_copying.py", what, store.location, file, str(rows)],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
