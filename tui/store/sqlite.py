"""How shiftdesk opens SQLite: which library, which journal, which file mode, on which disks. Loads no ORM."""

import fcntl
import os
import re
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
LONG_WAL = 16 * 2**20
"""A write-ahead log above this size (bytes) is written back whole and cut. By itself SQLite writes it back from 4 MB
on, but starts it anew only in a moment in which nobody reads."""
_LITTLE = 128 * 2**10
"""Free bytes below which a disk is full."""
_CUT_EVERY_S = 10
_CUT_WAIT_MS = 50
"""How long all changes wait for readers to end, so that it can be cut; while one stays, it is tried again later."""
NETWORK_FILE_SYSTEMS = (
    "nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gluster", "beegfs", "gpfs", "pvfs", "ocfs", "gfs", "davfs",
    "fuse.sshfs", "fuse.rclone", "fuse.gluster", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs", "fuse.juicefs",
    "fuse.goofys", "fuse.blobfuse", "fuse.curlftpfs", "fuse.nfs", "fuse.smb", "fuse.cifs",
)  # fmt: skip
"""Beginnings of the types whose locks SQLite cannot rely on (sqlite.org/lockingv3.html, NFS)."""
_MOUNTS = Path("/proc/self/mounts")

__all__ = [
    "Connection",
    "File",
    "alone_in",
    "check_header",
    "connect",
    "create_file",
    "file_system",
    "is_on_network",
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


def file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of file system that a path without links lies on, as `ext4`; None where the system does not tell."""
    try:
        known = [row.split()[1:3] for row in mounts.read_bytes().splitlines()]
    except OSError:
        return None
    places = [(Path(_mounted_at(place)), kind.decode()) for place, kind in known]
    around = [(place, kind) for place, kind in places if path.is_relative_to(place)]
    # Of two at one place the later one hides the other.
    return max(reversed(around), key=lambda one: len(one[0].parts), default=(path, None))[1]


def _mounted_at(place: bytes) -> str:
    """Blanks in a place stand there as octal numbers (fstab(5))."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8) % 256]), place))


def is_on_network(kind: str) -> bool:
    """Whether a type of file system is that of a network share."""
    return kind.startswith(NETWORK_FILE_SYSTEMS)


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


class _Watching(sqlite3.Connection):  # type: ignore[misc]  # of whichever library
    """Neither reads nor acknowledges anything in a file that was removed or replaced."""

    file: "File | None" = None

    def execute(self, *what: Any) -> Any:
        self._check()
        return super().execute(*what)

    def commit(self) -> None:
        try:
            self._check()
            super().commit()
        except BaseException:
            self.rollback()  # a COMMIT that is refused, as where others read, leaves the change open
            raise
        self._check()

    def _check(self) -> None:
        if self.file is not None:
            self.file.check()


def connect(path: Path, *, read_only: bool = False, mode: str = "rw") -> Connection:
    """Open an existing database, or with mode `rwc` also a new one. The caller begins its own transactions."""
    mode = "ro" if read_only else mode
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True, isolation_level=None, check_same_thread=False, factory=_Watching,
    )  # fmt: skip
    prepare(connection)
    return connection


def prepare(connection: Connection) -> None:
    """Set what every connection of ours has."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {LONG_WAL}")


def sentence(path: Path, error: Exception) -> str:
    """Say in one sentence what SQLite refused and what to do."""
    reason = str(error).lower()
    if ("i/o error" in reason or "unable to open" in reason) and _is_full(path.absolute().parent):
        reason = "full"  # of what it could not make beside the file
    advice = "run `shiftdesk doctor` to see more."
    for words, text in (
        ("lock", "another process holds it; wait a moment and try again."),
        (
            "readonly",
            "it is read-only for this user; check owner and mode of it and its folder, and how it is mounted.",
        ),
        ("not a database", "it is not a SQLite database; give another path with --db."),
        ("malformed", "it is damaged; restore the last backup beside it and run `shiftdesk doctor`."),
        ("full", "the disk is full; free some space, nothing acknowledged is lost."),
        ("i/o error", "the disk fails; look at the system's log, nothing acknowledged is lost."),
        ("permission", "it is another user's; check owner and mode of it and its folder, or give another with --db."),
        ("unable to open", "it cannot be opened; check path and permissions, or give another with --db."),
    ):
        if words in reason:
            advice = text
            break
    said = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"The database {path} refused ({said}): {advice}"


def _is_full(folder: Path) -> bool:
    """Whether not even the index of a write-ahead log finds space there."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LITTLE


class File:
    """A desk in a SQLite file."""

    dialect = SQLITE

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[int, int] | None = None
        self._is_local = False
        self._cut_at = 0.0
        """When a long write-ahead log was last to be cut, by the monotonic clock (s)."""

    @property
    def location(self) -> str:
        """The path."""
        return str(self.path)

    def revision(self) -> str | None:
        """See `tui.store.home.Home`."""
        self._refuse_network()
        try:
            if not self.path.exists() or self.path.stat().st_size == 0:
                return None
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

    def _refuse_network(self) -> None:
        """Said once a process: what lies on a share is damaged sooner or later."""
        if not self._is_local:
            kind = file_system(Path(os.path.realpath(self.path)))
            if kind is not None and is_on_network(kind):
                raise OutOfReach(
                    f"{self.path} lies on a network share ({kind}), where SQLite may be damaged: "
                    "put it on a local disk, or give a PostgreSQL database with --db."
                )
            self._is_local = True

    def _refuse_foreign(self, connection: Connection) -> None:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise OutOfReach(f"{self.path} is a SQLite database of another program; give another path with --db.")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `tui.store.home.Home`; an empty file gets its mode and its journal."""
        self._refuse_network()
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
        from tui.store.turns import begin

        url = URL.create("sqlite", database=str(self.path.absolute()))
        engine = create_engine(url, module=sqlite3, creator=lambda: self._open(read_only=False))

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            changing = connection.connection.dbapi_connection
            self._cut(changing)
            begin(changing, BUSY_TIMEOUT_MS)
            try:
                step(changing)
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):  # the tables are made in this very change
                    raise

        return engine

    def connect(self) -> Connection:
        """See `tui.store.home.Home`."""
        return self._open(read_only=True)

    def _open(self, *, read_only: bool) -> Connection:
        self._refuse_network()
        if self._opened is not None:
            self.check()
        connection = connect(self.path, read_only=read_only, mode="rwc")
        connection.file = self
        try:
            self.check()
        except OutOfReach:
            connection.close()
            raise
        return connection

    def _cut(self, connection: Connection) -> None:
        """Write a long write-ahead log back and start it anew, unless a reader that stays keeps it from that."""
        now = time.monotonic()
        if now - self._cut_at < _CUT_EVERY_S or _size(f"{self.path}-wal") <= LONG_WAL:
            return
        self._cut_at = now
        connection.execute(f"PRAGMA busy_timeout = {_CUT_WAIT_MS}")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            pass  # what keeps it long does not keep the change from being made
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

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
        """Raises OutOfReach where the file is gone: the number stays as it is there."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """See `tui.store.home.Changes`."""
        self._connection.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file stands there, by device and inode."""
    try:
        found = os.stat(path)  # asked for with each statement, and twice as quick as path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: str) -> int:
    """Of a file, in bytes; 0 where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
