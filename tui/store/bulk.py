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
    if "id" in names and table.c.id.autoincrement is True:
        _keep_sequence(connection, table, max(row["id"] for row in rows))


def next_id(connection: Connection, table: Table) -> int:
    """The first id never used. Safe inside a change, which has the desk alone."""
    newest = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    if connection.dialect.name == "postgresql":
        past = f"SELECT last_value - (NOT is_called)::int FROM {_sequence(table)}"  # noqa: S608  our own name
        used = connection.exec_driver_sql(past).scalar()
    elif table.dialect_options["sqlite"]["autoincrement"]:
        used = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
    else:
        used = 0
    return max(int(newest), int(used or 0)) + 1


def _sequence(table: Table) -> str:
    """What PostgreSQL called the sequence of a table's ids."""
    return f"{table.name}_id_seq"


def _keep_sequence(connection: Connection, table: Table, newest: int) -> None:
    """Rows came with ids of their own: PostgreSQL goes on behind them. SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT setval('{_sequence(table)}', %s)", (newest,))


def _encode(row: tuple[Any, ...], positions: Sequence[int]) -> tuple[Any, ...]:
    changed = list(row)
    for at in positions:
        if changed[at] is not None:
            changed[at] = json.dumps(changed[at])
    return tuple(changed)
