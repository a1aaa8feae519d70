"""Many rows at once: their ids, and plain tuples for the driver."""

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, Table, func, select


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; what they leave out is NULL, no default of the model applies.

    SQLAlchemy's own path spends several times as long on parameters as SQLite does on writing them.
    """
    if not rows:
        return
    names = tuple(rows[0])
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = (
        f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608  the names of our own columns
        f"VALUES ({', '.join(mark for _ in names)})"
    )
    values = list(map(itemgetter(*names), rows))
    encoded = [at for at, name in enumerate(names) if isinstance(table.c[name].type, JSON)]
    if encoded:
        values = [_encode(row, encoded) for row in values]
    connection.exec_driver_sql(statement, values)


def next_id(connection: Connection, table: Table) -> int:
    """The first id never used. Safe inside a transaction that holds the only write lock, as SQLite's does."""
    newest = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    if table.dialect_options["sqlite"]["autoincrement"]:
        used = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
        newest = max(newest, used or 0)
    return int(newest) + 1


def _encode(row: tuple[Any, ...], positions: Sequence[int]) -> tuple[Any, ...]:
    changed = list(row)
    for at in positions:
        if changed[at] is not None:
            changed[at] = json.dumps(changed[at])
    return tuple(changed)
