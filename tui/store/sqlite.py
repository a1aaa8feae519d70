"""How shiftdesk opens SQLite: which library, which journal, which file mode. Loads no ORM."""

import fcntl
import os
import sqlite3 as stdlib_sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.errors import OutOfReach

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this platform
    sqlite3 = stdlib_sqlite3

_HEADER = b"SQLite format 3\0"
BUSY_TIMEOUT_MS = 5_000
_SAFE_WAL = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""First versions without the WAL-reset corruption bug, newest branch first (sqlite.org/wal.html)."""

__all__ = [
    "Connection",
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
