"""Which schema a database has, and how it gets the one this program needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import OutOfReach
from tui.store import sqlite

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEAD = "0005"
"""The newest migration of this program; a test holds it to the files in `migrations/versions`."""


def current(path: Path) -> str | None:
    """The schema of the database at `path`; None where it has none yet. Raises OutOfReach."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        sqlite.check_header(path)
        connection = sqlite.connect(path, read_only=True)
        try:
            named = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            if named is None:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise OutOfReach(f"{path} is a SQLite database of another program; give another path with --db.")
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return None if row is None else str(row[0])
        finally:
            connection.close()
    except (sqlite.sqlite3.Error, OSError) as error:
        raise OutOfReach(sqlite.sentence(path, error)) from None


def refuse_newer(path: Path, revision: str | None) -> None:
    """Raise OutOfReach where a newer shiftdesk has written the database."""
    if revision is not None and revision > HEAD:
        raise OutOfReach(
            f"{path} was written by a newer shiftdesk (schema {revision}, this one knows {HEAD}): "
            "update shiftdesk, or give another database with --db."
        )


def upgrade(engine: "Engine") -> None:
    """Bring the database to HEAD in one transaction; two processes at once do it one after the other."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
