"""Where a desk in a file comes to its limits: shares, removed files, full and read-only disks, readers that stay."""

import multiprocessing
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from disks import fill, remount, small_disk
from making import copy_of, kinds, post, rows, take
from sqlalchemy import text

from tui.errors import OutOfReach
from tui.store import sqlite
from tui.store.sqlite import File
from tui.store.store import Store

pytestmark = pytest.mark.sqlite

wal_only = pytest.mark.usefixtures("_in_wal_mode")


@pytest.fixture
def _in_wal_mode(store: Store) -> None:
    """Also on a machine whose SQLite is not trusted with it by default."""
    connection = sqlite.connect(store.path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.close()


# -- shares ----------------------------------------------------------------------------------------------

MOUNTS = """\
/dev/a / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/b /home/ana xfs rw 0 0
/dev/c /srv/two\\040words xfs rw 0 0
systemd-1 /mnt autofs rw 0 0
//server/share /mnt cifs rw 0 0
me@host: /media/far fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "share"),
    [
        ("/desk.db", "ext4", False),
        ("/home/ben/desk.db", "nfs4", True),
        ("/home/anab/desk.db", "nfs4", True),
        ("/home/ana/x/desk.db", "xfs", False),
        ("/srv/two words/desk.db", "xfs", False),
        ("/mnt/desk.db", "cifs", True),
        ("/media/far/desk.db", "fuse.sshfs", True),
        ("/media/farther/desk.db", "ext4", False),
    ],
)
def test_the_type_is_that_of_the_nearest_and_newest_mount(tmp_path: Path, path: str, kind: str, share: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    found = sqlite.file_system(Path(path), mounts)
    assert found == kind
    assert sqlite.is_on_network(kind) is share


def test_a_machine_that_does_not_tell_refuses_nothing(tmp_path: Path) -> None:
    assert sqlite.file_system(tmp_path, tmp_path / "none") is None


@pytest.fixture
def on_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the machine calls a share, reached through a link."""
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "mounts").write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {share} nfs4 rw 0 0\n")
    (tmp_path / "link").symlink_to(share)
    real = sqlite.file_system
    monkeypatch.setattr(sqlite, "file_system", lambda path: real(path, tmp_path / "mounts"))
    return tmp_path / "link"


def test_no_desk_is_made_on_a_share(on_a_share: Path) -> None:
    with pytest.raises(OutOfReach, match=r"network share \(nfs4\).*local disk.*PostgreSQL"):
        Store(on_a_share / "new" / "desk.db").prepare()
    assert list(on_a_share.iterdir()) == []


def test_no_desk_is_opened_on_a_share(on_a_share: Path, template: Path) -> None:
    store = copy_of(template, on_a_share)
    for attempt in (store.prepare, store.reader, store.changes, lambda: take(store, post("1"))):
        with pytest.raises(OutOfReach, match="network share"):
            attempt()
    assert sorted(path.name for path in on_a_share.iterdir()) == ["desk.db"]


# -- modes -----------------------------------------------------------------------------------------------


@wal_only
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_lies_beside_the_file_has_its_mode_and_the_group_of_its_folder(store: Store, umask: int) -> None:
    group = 4242
    folder = store.path.parent
    os.chown(folder, -1, group)
    folder.chmod(0o2770)
    os.chown(store.path, -1, group)
    store.path.chmod(0o660)
    before = os.umask(umask)
    try:
        take(store, post("1"))
        found = {path.name: path.stat() for path in folder.iterdir()}
    finally:
        os.umask(before)
    assert set(found) == {"desk.db", "desk.db-wal", "desk.db-shm"}
    assert {stat.S_IMODE(one.st_mode) for one in found.values()} == {0o660}
    assert {one.st_gid for one in found.values()} == {group}


# -- the file is gone ------------------------------------------------------------------------------------


def _gone(path: Path) -> None:
    path.unlink()


def _replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("other"))
    path.with_name("other").rename(path)


@pytest.mark.parametrize("happens", [_gone, _replaced])
def test_a_file_that_is_removed_or_replaced_is_said_by_all_that_use_it(store: Store, happens) -> None:
    take(store, post("1"))
    reader, changes = store.reader(), store.changes()
    assert not changes.wait(0)
    happens(store.path)
    for attempt in (
        reader.last_event, lambda: changes.wait(1), lambda: take(store, post("2")),
        store.reader, store.changes,
    ):  # fmt: skip
        with pytest.raises(OutOfReach, match="gone, or another stands in its place"):
            attempt()
    reader.close(), changes.close()


def _begin_lease(store: Store, meanwhile: Callable[[], object]) -> None:
    with store.transaction() as session:
        session.execute(text("INSERT INTO lease VALUES ('x', 'y', 1)"))
        meanwhile()


def _leases(store: Store) -> int:
    with store.transaction() as session:
        return int(session.execute(text("SELECT COUNT(*) FROM lease")).scalar_one())


def test_nothing_is_acknowledged_into_a_file_that_is_removed_meanwhile(store: Store) -> None:
    away = store.path.with_name("away")
    with pytest.raises(OutOfReach, match="gone"):
        _begin_lease(store, lambda: store.path.rename(away))
    away.rename(store.path)
    assert _leases(store) == 0


def test_a_commit_that_is_refused_is_undone_and_holds_nobody_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rollback journal a reader keeps a change from being committed, not from being begun."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 1)
    connection = sqlite.connect(store.path)
    connection.execute("PRAGMA journal_mode = delete")
    connection.close()
    reading = sqlite.connect(store.path, read_only=True)
    reading.execute("BEGIN")
    reading.execute("SELECT COUNT(*) FROM lease").fetchone()
    with pytest.raises(OutOfReach, match="another process holds it"):
        _begin_lease(store, lambda: None)
    reading.close()
    assert _leases(Store(store.path)) == 0
    assert _leases(store) == 0


def test_a_file_that_comes_back_is_the_desk_again(store: Store) -> None:
    reader, away = store.reader(), store.path.with_name("away")
    store.path.rename(away)
    with pytest.raises(OutOfReach):
        rows(reader)
    away.rename(store.path)
    assert rows(reader) == []
    assert take(store, post("1")).added == 1
    reader.close()


# -- the write-ahead log ---------------------------------------------------------------------------------


def _write(store: Store, megabytes: int) -> None:
    """So much, in changes of one megabyte."""
    for number in range(megabytes):
        with store.transaction() as session:
            session.execute(
                text("INSERT INTO scratch (agent, subject, text, cursor, updated_at) VALUES ('a', :s, :t, 0, 0)"),
                {"s": str(number), "t": "x" * 2**20},
            )
    with store.transaction() as session:
        session.execute(text("DELETE FROM scratch"))


def _wal(store: Store) -> int:
    return sqlite._size(f"{store.path}-wal")


def _reads_all_the_time(path: Path, ready, stop) -> None:
    """A colleague whose reads follow one another without a pause."""
    reader = Store(path).reader()
    while not stop.is_set():
        reader.count("all", agent="ben", now=0)
        ready.set()


@wal_only
def test_readers_that_stay_open_do_not_make_the_log_grow(store: Store) -> None:
    reader = store.reader()
    assert rows(reader) == []
    context = multiprocessing.get_context("fork")
    ready, stop = context.Event(), context.Event()
    busy = [context.Process(target=_reads_all_the_time, args=(store.path, ready, stop)) for _ in range(2)]
    for one in busy:
        one.start()
    ready.wait(30)
    _write(store, 40)
    stop.set()
    for one in busy:
        one.join()
    assert _wal(store) <= 2 * sqlite.LONG_WAL
    reader.close()


@wal_only
def test_a_reader_that_hangs_makes_it_grow_only_for_as_long_as_it_hangs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_CUT_EVERY_S", 0)
    hanging = sqlite.connect(store.path, read_only=True)
    hanging.execute("BEGIN")
    hanging.execute("SELECT COUNT(*) FROM scratch").fetchone()
    _write(store, 24)
    assert _wal(store) > sqlite.LONG_WAL
    hanging.execute("COMMIT")
    take(store, post("1"))
    assert _wal(store) < 2**20
    hanging.close()


def test_no_reader_holds_the_file_between_two_questions(store: Store) -> None:
    take(store, post("1"))
    reader = store.reader()
    rows(reader), reader.events(), reader.conversation(1)
    assert not reader._connection.in_transaction
    alone = sqlite.connect(store.path)
    alone.execute("PRAGMA busy_timeout = 0")
    assert alone.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    alone.close(), reader.close()


# -- full, read-only, damaged ----------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, template: Path) -> Iterator[Store]:
    """A desk on a disk of its own, which is small."""
    with small_disk(tmp_path / "disk", 4) as disk:
        store = copy_of(template, disk)
        yield store
        store.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_full_disk_loses_nothing_and_the_desk_goes_on_when_there_is_space(small: Store, journal: str) -> None:
    connection = sqlite.connect(small.path)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    take(small, post("before", "before"))
    filler = fill(small.path.parent)
    acknowledged, refused = 0, set()
    for number in range(300):
        try:
            take(small, post(str(number), f"author{number}", text="x" * 3000))
            acknowledged += 1
        except OutOfReach as error:
            refused.add(str(error).partition("): ")[2])
    assert refused == {"the disk is full; free some space, nothing acknowledged is lost."}
    reader = small.reader()
    assert len(rows(reader)) == acknowledged + 1
    assert kinds(reader).count("conversation.new") in (0, acknowledged + 1)
    filler.unlink()
    take(small, post("after", "after"))
    assert len(rows(reader)) == acknowledged + 2
    assert reader._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    reader.close()


def test_a_full_disk_takes_no_new_desk_and_says_so(small: Store) -> None:
    fill(small.path.parent)
    with pytest.raises(OutOfReach, match=r"full|space"):
        Store(small.path.with_name("new.db")).prepare()


def test_a_disk_that_is_read_only_is_said_plainly(small: Store) -> None:
    take(small, post("1"))
    small.close()
    disk = small.path.parent
    remount(disk, "ro")
    store = Store(small.path)
    with pytest.raises(OutOfReach, match=r"read-only|cannot be opened"):
        take(store, post("2"))
    with pytest.raises(OutOfReach, match=r"cannot be created|Read-only"):
        Store(disk / "new.db").prepare()
    store.close()
    remount(disk, "rw")
    assert take(Store(small.path), post("2")).added == 1


def test_a_header_that_is_damaged_is_said_plainly_and_left_alone(store: Store) -> None:
    store.close()
    with store.path.open("r+b") as file:
        file.write(b"\xff" * 16)
    damaged = store.path.read_bytes()
    for attempt in (lambda: Store(store.path).prepare(), lambda: take(Store(store.path), post("1"))):
        with pytest.raises(OutOfReach, match="not a SQLite database"):
            attempt()
    assert store.path.read_bytes() == damaged


def test_pages_that_are_damaged_are_said_plainly(store: Store) -> None:
    take(store, *(post(str(number), f"author{number}") for number in range(50)))
    store.close()
    size = store.path.stat().st_size
    with store.path.open("r+b") as file:
        for page in range(4096, size, 4096):
            file.seek(page)
            file.write(b"\xff" * 64)
    with pytest.raises(OutOfReach, match=r"damaged.*restore the last backup"):
        take(Store(store.path), post("new"))


def _as_nobody(work: Callable[[], object]) -> str:
    """What somebody is told who has no rights here."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65_534)
            said = repr(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_desk_of_another_user_is_refused_in_one_sentence(store: Store) -> None:
    """Here the folder of all tests is closed to others; for who runs them without being root, the file is."""
    store.path.chmod(0)
    assert _as_nobody(Store(store.path).prepare) == (
        f"OutOfReach: The database {store.path} refused (Permission denied): it is another user's; "
        "check owner and mode of it and its folder, or give another with --db."
    )
    assert _as_nobody(Store(store.path).reader).startswith("OutOfReach: ")


def test_what_sqlite_says_by_code_has_a_sentence_that_says_what_to_do() -> None:
    for said, wanted in (
        ("disk I/O error", "the disk fails"), ("database is locked", "wait a moment"),
        ("locking protocol", "another process"),
        ("attempt to write a readonly database", "owner and mode"), ("database or disk is full", "free some space"),
    ):  # fmt: skip
        assert wanted in sqlite.sentence(Path("desk.db"), sqlite.sqlite3.OperationalError(said))
    assert File(Path("desk.db")).sentence(ValueError("mine")) is None
