"""One desk copied into another row by row, between SQLite and PostgreSQL in any direction, and compared.

A row is the same tuple of numbers, texts and None on both sides: JSON stays the text it is, true is 1. Tables are
compared by their count and a digest of their rows in the order of their keys, before anything is kept. What belongs to
running processes does not travel: who is present, which worker leads, what the clock of a host showed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.errors import OutOfReach, Refused
from tui.store.dialect import POSTGRES, Dialect
from tui.store.home import Connection, Home

if TYPE_CHECKING:
    from sqlalchemy import Column, Table
    from sqlmodel import Session

BATCH = 1_000
"""Rows that are held in memory at a time."""
RUNNING = ("presence", "lease", "host_clock")
"""Tables that belong to running processes."""
_CURSOR = "shiftdesk_rows"

Row = tuple[int | str | None, ...]
Told = Callable[[int], None]
"""Takes how many rows were handled since it was last called: each row counts twice, when copied and when checked."""


class Copied(NamedTuple):
    """A table that was copied and compared. `digest`: SHA-256 of its rows."""

    table: str
    rows: int
    digest: str


def travelling() -> "list[Table]":
    """The tables that are copied, none before one it refers to."""
    from sqlmodel import SQLModel

    import tui.store.tables  # noqa: F401  fills the metadata

    return [table for table in SQLModel.metadata.sorted_tables if table.name not in RUNNING]


class Snapshot:
    """The rows of a desk at one moment, on a connection in a transaction."""

    def __init__(self, connection: Connection, home: Home) -> None:
        self.connection = connection
        self._home = home

    def total(self) -> int:
        """How many rows there are to copy."""
        return sum(self.count(table) for table in travelling())

    def count(self, table: "Table") -> int:
        """How many rows a table has."""
        return int(self._one(f"SELECT count(*) FROM {table.name}"))  # noqa: S608  a name of our own

    def is_empty(self) -> bool:
        """Whether nothing was ever stored here; who is present does not count."""
        some = (f"EXISTS (SELECT 1 FROM {table.name})" for table in travelling())  # noqa: S608  names of our own
        return not self._one(f"SELECT {' OR '.join(some)}")

    def used(self, table: "Table") -> int:
        """The highest id a table with numbers of its own has given, though its row may be gone."""
        newest = self._one(f"SELECT coalesce(max(id), 0) FROM {table.name}")  # noqa: S608  a name of our own
        if self._home.dialect is POSTGRES:
            given = f"SELECT last_value - (NOT is_called)::int FROM {table.name}_id_seq"  # noqa: S608
        else:
            given = f"SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{table.name}'"  # noqa: S608
        return max(int(newest), int(self._one(given)))

    def batches(self, table: "Table") -> Iterator[list[Row]]:
        """All rows in the order of the primary key, a batch at a time. Raises OutOfReach."""
        statement = _select(table, self._home.dialect)
        with self.in_plain_words():
            if self._home.dialect is POSTGRES:
                yield from self._fetched(statement)
            else:
                cursor = self.connection.execute(statement)
                while rows := cursor.fetchmany(BATCH):
                    yield rows

    def digest(self, table: "Table", told: Told) -> Copied:
        """What a table has."""
        digest = Digest(table)
        for rows in self.batches(table):
            digest.add(rows)
            told(len(rows))
        return digest.seen

    def _fetched(self, statement: str) -> Iterator[list[Row]]:
        self.connection.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR FOR {statement}")
        while rows := self.connection.execute(f"FETCH {BATCH} FROM {_CURSOR}").fetchall():
            yield rows
        self.connection.execute(f"CLOSE {_CURSOR}")

    def _one(self, statement: str) -> Any:
        with self.in_plain_words():
            return self.connection.execute(statement).fetchone()[0]

    @contextmanager
    def in_plain_words(self) -> Iterator[None]:
        """What this desk's database refuses is said with its name, also in the middle of another's transaction."""
        try:
            yield
        except Exception as error:
            said = self._home.sentence(error)
            if said is None:
                raise
            raise OutOfReach(said) from error


@contextmanager
def snapshot(home: Home) -> Iterator[Snapshot]:
    """A desk as it is at this moment, while others go on changing it. Raises OutOfReach."""
    try:
        connection = home.connect()
    except Exception as error:
        raise OutOfReach(home.sentence(error) or str(error)) from error
    try:
        found = Snapshot(connection, home)
        with found.in_plain_words():
            postgres = home.dialect is POSTGRES
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgres else "BEGIN")
            connection.execute("SELECT version_num FROM alembic_version").fetchone()  # the moment is now
        yield found
    finally:
        connection.close()


def inside(session: "Session") -> Snapshot:
    """What the running transaction sees of its desk."""
    home: Home = session.info["home"]
    return Snapshot(home.plain(session.connection().connection.dbapi_connection), home)


class Digest:
    """Goes over the rows of a table; equal for the same rows in the same order, in whatever batches they come."""

    def __init__(self, table: "Table") -> None:
        self._name = table.name
        self._hash = hashlib.sha256()
        self._rows = 0

    def add(self, rows: Sequence[Row]) -> None:
        """The next rows, of which there is at least one. Raises OutOfReach for what is neither number nor text."""
        try:
            told = json.dumps(rows, separators=(",", ":"))
        except TypeError:  # SQLite stores anything anywhere
            raise OutOfReach(f"The table {self._name} holds bytes where a text should be; give a sound desk.") from None
        self._hash.update(told[1:-1].encode() + b",")
        self._rows += len(rows)

    @property
    def seen(self) -> Copied:
        """All rows so far."""
        return Copied(self._name, self._rows, self._hash.hexdigest())


def fill(session: "Session", source: Snapshot, told: Told) -> list[Copied]:
    """Copy a desk into this one, which must be empty, and compare what arrived; nothing is committed here.

    Ids go on behind the highest that was ever given. Raises Refused where the desk is not empty, OutOfReach where
    rows cannot be stored or do not arrive as they are.
    """
    target = inside(session)
    if not target.is_empty():
        raise Refused(
            f"{session.info['home'].location} is not empty; a desk is restored into a new one only: "
            "give another with --db."
        )
    copied = [_copy(session, source, table, told) for table in travelling()]
    for table in travelling():
        if "id" in table.c and table.c.id.autoincrement is True:
            _go_on_behind(session, table, source.used(table))
    compare(copied, [target.digest(table, told) for table in travelling()])
    if session.info["home"].dialect is POSTGRES:  # which else plans for tables that are empty
        target.connection.execute(f"ANALYZE {', '.join(table.name for table in travelling())}")
    return copied


def compare(wanted: Sequence[Copied], found: Sequence[Copied]) -> None:
    """Raise OutOfReach where a table did not arrive as it is."""
    for one, other in zip(wanted, found, strict=True):
        if one != other:
            what = f"{other.rows:,} rows of {one.rows:,}" if one.rows != other.rows else "other rows"
            raise OutOfReach(f"The copy is not what was copied: its table {one.table} has {what}; nothing was kept.")


def _copy(session: "Session", source: Snapshot, table: "Table", told: Told) -> Copied:
    digest = Digest(table)

    def arriving() -> Iterator[list[Row]]:
        for rows in source.batches(table):
            digest.add(rows)
            told(len(rows))
            yield rows

    cursor: Any = session.connection().connection.cursor()
    names = ", ".join(table.c.keys())
    if session.info["home"].dialect is POSTGRES:
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in chain.from_iterable(arriving()):
                copy.write_row(row)
    else:
        marks = ", ".join("?" for _ in table.c)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  names of our own
        cursor.executemany(statement, chain.from_iterable(arriving()))
    return digest.seen


def _go_on_behind(session: "Session", table: "Table", used: int) -> None:
    """No id is given twice, though its row was deleted before the desk was copied."""
    execute = session.connection().exec_driver_sql
    if session.info["home"].dialect is POSTGRES:
        if used:
            execute(f"SELECT setval('{table.name}_id_seq', %s)", (used,))
    elif table.dialect_options["sqlite"]["autoincrement"]:
        execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
        execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, used))


def _select(table: "Table", dialect: Dialect) -> str:
    """All rows of a table as both databases give them alike."""
    columns = ", ".join(_canonical(column, dialect) for column in table.c)
    order = ", ".join(_ordered(column, dialect) for column in table.primary_key)
    return f"SELECT {columns} FROM {table.name} ORDER BY {order}"  # noqa: S608  names of our own


def _canonical(column: "Column[Any]", dialect: Dialect) -> str:
    from sqlalchemy import JSON, Boolean

    if isinstance(column.type, JSON):
        return f"CAST({column.name} AS text)"
    if isinstance(column.type, Boolean) and dialect is POSTGRES:
        return f"CAST({column.name} AS int)"
    return str(column.name)


def _ordered(column: "Column[Any]", dialect: Dialect) -> str:
    """Keys are numbers or texts; those by their bytes, as SQLite has them, whatever language a server sorts for."""
    from sqlalchemy import Integer

    is_text = not isinstance(column.type, Integer)
    return f'{column.name} COLLATE "C"' if is_text and dialect is POSTGRES else column.name
