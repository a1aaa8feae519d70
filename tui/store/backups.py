"""Backups: a desk as one SQLite file, whole or not there at all.

It is written in a folder beside its name, compared with the desk, and gets its name at the end. It is a desk like any
other to those who read it, and marked, so that nothing leaves from it: the desk it was copied from goes on, and may
have sent by now what is on its way in here.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tui.errors import Misuse, OutOfReach, Refused
from tui.store import schema, sqlite
from tui.store.copying import RUNNING, Copied, Snapshot, Told, compare, fill, snapshot, travelling
from tui.store.home import Home
from tui.store.sqlite import File
from tui.store.store import Store

MARK = int.from_bytes(b"SdBk", "big")
"""In the header of the file, as its `application_id` (sqlite.org/fileformat.html)."""
_MARK_AT = 68
_PART = ".shiftdesk-part"
"""How the folder ends in which a backup is written."""


def refuse_backup(home: Home) -> None:
    """Raise Refused where a desk is a backup, or the copy of one: nobody sends from it."""
    if not isinstance(home, File):
        return
    try:
        with home.path.open("rb") as file:
            file.seek(_MARK_AT)
            marked = file.read(4) == MARK.to_bytes(4, "big")
    except OSError:  # said by whoever opens it
        return
    if marked:
        raise Refused(
            f"{home.path} is a backup, and nothing leaves from it; make a desk of it with "
            f"`shiftdesk --db NEW restore {home.path}`."
        )


def refuse_existing(file: Path) -> None:
    """Raise where a backup cannot get this name. Nothing is ever overwritten."""
    if os.path.lexists(file):
        raise Refused(f"{file} is there already, and no backup takes its place; give another name.")
    if not file.parent.is_dir():
        raise Misuse(f"The folder {file.parent} is not there; make it first, or give another.")
    _refuse_network(file)


def _refuse_network(file: Path) -> None:
    kind = sqlite.file_system(Path(os.path.realpath(file.parent)))
    if kind is not None and sqlite.is_on_network(kind):
        raise OutOfReach(
            f"{file} lies on a network share ({kind}), where SQLite may be damaged: "
            "use a local disk, and copy the file there or back."
        )


def write(home: Home, file: Path, told: Told) -> list[Copied]:
    """Copy a desk at one moment into a new file, while others work; what was copied and compared.

    Nothing is left where that fails. Raises Refused, Misuse or OutOfReach.
    """
    refuse_existing(file)
    with _beside(file) as part:
        with snapshot(home) as source:
            copied = _pages(source, home, part, told) if isinstance(home, File) else _rows(source, part, told)
        _finish(part)
        refuse_existing(file)
        part.rename(file)
        _settle(file.parent)
    return copied


@contextmanager
def opened(file: Path) -> Iterator[Snapshot]:
    """The desk in a file, of this schema: an older one is copied and upgraded first. Raises Misuse or OutOfReach."""
    revision = _revision(file)
    schema.refuse_newer(str(file), revision)
    if revision == schema.HEAD:
        with snapshot(File(file)) as found:
            yield found
        return
    with TemporaryDirectory(prefix="shiftdesk-restore-") as folder:
        upgraded = File(Path(folder) / "desk.db")
        with snapshot(File(file)) as old, old.in_plain_words():
            _copy_pages(old, upgraded.path)
        store = Store(upgraded)
        store.prepare()
        store.close()
        with snapshot(upgraded) as found:
            yield found


# -- how a backup is written -----------------------------------------------------------------------


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A place for a new file in the same file system. What killed processes left in the folder is taken away."""
    folder = file.parent / f".{file.name}{_PART}"
    for left in file.parent.glob(f".*{_PART}"):
        _take_away(left)
    with _in_plain_words(file, folder):
        folder.mkdir(mode=0o700)
        handle = _alone_in(folder)
        try:
            # A folder of its own: SQLite's is locked while a desk is prepared in it.
            (folder / "new").mkdir(mode=0o700)
            yield folder / "new" / "desk.db"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _take_away(folder: Path) -> None:
    with suppress(OSError):  # it is gone, or somebody is at it
        handle = _alone_in(folder)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _alone_in(folder: Path) -> int:
    """Lock a folder until its handle is closed, or the process ends. Raises BlockingIOError where another has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


@contextmanager
def _in_plain_words(file: Path, folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise Refused(f"Another process is writing {file}; wait for it, or give another name.") from None
    except sqlite.sqlite3.OperationalError as error:
        raise OutOfReach(_unwritten(file, str(error))) from error
    except sqlite.sqlite3.Error as error:  # what is read is at fault
        raise OutOfReach(f"The desk cannot be copied ({error}); run `shiftdesk doctor` to see more.") from error
    except OSError as error:
        raise OutOfReach(_unwritten(file, error.strerror)) from error
    except OutOfReach as error:
        if "disk is full" not in str(error) or str(folder) not in str(error):
            raise
        raise OutOfReach(_unwritten(file, os.strerror(errno.ENOSPC))) from error


def _unwritten(file: Path, why: str | None) -> str:
    return f"The backup {file} cannot be written ({why}); make room or give another place. Nothing is left of it."


def _pages(source: Snapshot, home: File, part: Path, told: Told) -> list[Copied]:
    """A file is copied page by page, so that its search index need not be made again."""
    _copy_pages(source, part)
    counts: list[int] = []
    wanted: list[Copied] = []
    if source.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        wanted = [source.digest(table, told) for table in travelling()]
    else:  # who writes waits for those who read: the rows are counted, which is quick
        counts = [source.count(table) for table in travelling()]
        source.connection.execute("ROLLBACK")
        told(sum(counts))
    _without_what_runs(part)
    with snapshot(File(part)) as copy:
        found = [copy.digest(table, told) for table in travelling()]
    wanted = wanted or [one._replace(rows=rows) for one, rows in zip(found, counts, strict=True)]
    compare(wanted, found)
    return found


def _copy_pages(source: Snapshot, to: Path) -> None:
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    copy = sqlite.sqlite3.connect(to, isolation_level=None)
    try:
        copy.execute("PRAGMA synchronous = OFF")  # it is brought to the disk before it gets its name
        source.connection.backup(copy)  # type: ignore[attr-defined]
    finally:
        copy.close()


def _without_what_runs(part: Path) -> None:
    copy = sqlite.connect(part)
    try:
        copy.execute("PRAGMA journal_mode = DELETE")
        for name in RUNNING:
            copy.execute(f"DELETE FROM {name}")  # noqa: S608  a name of our own
    finally:
        copy.close()


def _rows(source: Snapshot, part: Path, told: Told) -> list[Copied]:
    store = Store(File(part))
    try:
        store.prepare()
        with store.transaction() as session:
            copied = fill(session, source, told)
    finally:
        store.close()
    _without_what_runs(part)
    return copied


def _finish(part: Path) -> None:
    """It is sound, marked, for its owner alone, one file, and on the disk."""
    copy = sqlite.connect(part)
    try:
        copy.execute(f"PRAGMA application_id = {MARK}")
        problem = _problem(copy)
    finally:
        copy.close()
    if problem:
        raise OutOfReach(f"The desk is damaged ({problem}), and no backup was made; run `shiftdesk doctor`.")
    part.chmod(0o600)
    _settle(part)


def _settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- how one is opened -----------------------------------------------------------------------------


def _revision(file: Path) -> str:
    """The schema of the desk in a file that is sound. Raises Misuse or OutOfReach, with a sentence about the file."""
    if not file.is_file():
        raise Misuse(f"There is no file {file}; give one that `shiftdesk backup` wrote.")
    _refuse_network(file)
    try:
        sqlite.check_header(file)
        connection = sqlite.connect(file, read_only=True)
        try:
            desk = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if desk else None
            problem = _problem(connection) if row else ""
        finally:
            connection.close()
    except (sqlite.sqlite3.Error, OSError) as error:
        raise OutOfReach(f"{file} cannot be read as a desk ({error}); give another backup.") from None
    if row is None:
        raise OutOfReach(f"{file} is no desk; give a file that `shiftdesk backup` wrote.")
    if problem:
        raise OutOfReach(f"{file} is damaged ({problem}); give another backup.")
    return str(row[0])


def _problem(connection: sqlite.Connection) -> str:
    """What is wrong with a database, in a few words; empty where nothing is."""
    for (said,) in connection.execute("PRAGMA quick_check(1)"):
        if said != "ok":
            return str(said)
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        return f"a row of {table} has lost its {parent}"
    return ""
