"""How shiftdesk opens SQLite: which library, which journal, which file mode. Loads no ORM."""

import fcntl
import os
import sqlite3 as stdlib_sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.errors import OutOfReach
from tui.store.dialect import SQLITE

if TYPE_CHECKING:
    from sqlalchemy import Engine

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this platform
    sqlite3 = stdlib_sqlite3

_HEADER = b"SQLite format 3\0"
BUSY_TIMEOUT_MS = 5_000
POLL_S = 0.25
"""How often a file is asked whether anything changed (s); the question costs microseconds."""
_SAFE_WAL = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""First versions without the WAL-reset corruption bug, newest branch first (sqlite.org/wal.html)."""

__all__ = [
    "Connection",
    "File",
    "alone_in",
    "check_header",
    "connect",
    "create_file",
    "journal_mode",
    "prepare",
    "sentence",
    "sqlite3",
]

Connection = Any
"""A DBAPI connection of whichever of the two libraries is in use."""


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """`wal` where this SQLite can be trusted with it, `delete` otherwise."""
    newest, *fixed = _SAFE_WAL
    safe = version >= newest or any(version[:2] == branch[:2] and version >= branch for branch in fixed)
    return "wal" if safe else "delete"


def create_file(path: Path) -> None:
    """Make the database file 0660 before SQLite would make it 0644; its folder is private to the user."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o660))
            path.chmod(0o660)
    except OSError as error:
        raise OutOfReach(
            f"The database {path} cannot be created: {error.strerror}; check the folder or give another with --db."
        ) from None


def check_header(path: Path) -> None:
    """Raise where a file with content is no database: SQLite takes one of a few bytes as empty and overwrites it."""
    with path.open("rb") as file:
        header = file.read(len(_HEADER))
    if header and header != _HEADER:
        raise sqlite3.DatabaseError("file is not a database")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One process at a time prepares a desk in a folder; SQLite does not wait while its journal mode changes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def connect(path: Path, *, read_only: bool = False) -> Connection:
    """Open an existing database. The caller begins its own transactions."""
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    prepare(connection)
    return connection


def prepare(connection: Connection) -> None:
    """Set what every connection of ours has."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def sentence(path: Path, error: Exception) -> str:
    """Say in one sentence what SQLite refused and what to do."""
    reason = str(error).lower()
    advice = "run `shiftdesk doctor` to see more."
    for words, text in (
        ("locked", "another process holds it; wait a moment and try again."),
        ("readonly", "it is read-only for this user; check its owner and mode."),
        ("not a database", "it is not a SQLite database; give another path with --db."),
        ("malformed", "it is damaged; restore the last backup beside it and run `shiftdesk doctor`."),
        ("full", "the disk is full; free some space, nothing acknowledged is lost."),
        ("unable to open", "it cannot be opened; check path and permissions, or give another with --db."),
    ):
        if words in reason:
            advice = text
            break
    return f"The database {path} refused ({error}): {advice}"


class File:
    """A desk in a SQLite file."""

    dialect = SQLITE

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[int, int] | None = None

    @property
    def location(self) -> str:
        """The path."""
        return str(self.path)

    def revision(self) -> str | None:
        """See `tui.store.home.Home`."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return None
        try:
            check_header(self.path)
            connection = connect(self.path, read_only=True)
            try:
                named = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
                if named is None:
                    self._refuse_foreign(connection)
                    return None
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return None if row is None else str(row[0])
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise OutOfReach(sentence(self.path, error)) from None

    def _refuse_foreign(self, connection: Connection) -> None:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise OutOfReach(f"{self.path} is a SQLite database of another program; give another path with --db.")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `tui.store.home.Home`; an empty file gets its mode and its journal."""
        create_file(self.path)
        with alone_in(self.path.parent):
            if self.revision() is None:
                connection = connect(self.path)
                connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
                connection.close()
            yield

    def engine(self) -> "Engine":
        """See `tui.store.home.Home`; every transaction begins IMMEDIATE, and looks at the clock of the host."""
        from sqlalchemy import URL, create_engine, event

        from tui.store.steps import step

        engine = create_engine(
            URL.create("sqlite", database=str(self.path.absolute())),
            module=sqlite3,
            connect_args={"check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            prepare(connection)

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                step(connection.connection.dbapi_connection)
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):  # the tables are made in this very change
                    raise

        return engine

    def connect(self) -> Connection:
        """See `tui.store.home.Home`."""
        return connect(self.path, read_only=True)

    def plain(self, connection: Any) -> Connection:
        """See `tui.store.home.Home`."""
        return connection

    def changes(self) -> "Polled":
        """See `tui.store.home.Home`."""
        return Polled(self)

    def check(self) -> None:
        """A connection writes on into a file that was removed or replaced, and what it acknowledges is lost."""
        found = _file_at(self.path)
        self._opened = self._opened or found
        if found is None or self._opened != found:
            raise OutOfReach(f"The database {self.path} is gone, or another stands in its place; open the desk again.")

    def sentence(self, error: Exception) -> str | None:
        """See `tui.store.home.Home`."""
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
            return sentence(self.path, error)
        return None


class Polled:
    """Changes of a file, by asking: `PRAGMA data_version` is another number when another connection has committed."""

    def __init__(self, file: File) -> None:
        self._connection = file.connect()
        self._version = self._newest()

    def wait(self, seconds: float) -> bool:
        """See `tui.store.home.Changes`."""
        until = time.monotonic() + seconds
        while (newest := self._newest()) == self._version:
            if (left := until - time.monotonic()) <= 0:
                return False
            time.sleep(min(POLL_S, left))
        self._version = newest
        return True

    def _newest(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """See `tui.store.home.Changes`."""
        self._connection.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file stands there, by device and inode."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
