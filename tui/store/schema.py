"""Which schema this program needs, and how a database gets it."""

from typing import TYPE_CHECKING

from tui.errors import OutOfReach

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEAD = "0006"
"""The newest migration of this program; a test holds it to the files in `migrations/versions`."""


def refuse_newer(location: str, revision: str | None) -> None:
    """Raise OutOfReach where a newer shiftdesk has written the database."""
    if revision is not None and revision > HEAD:
        raise OutOfReach(
            f"{location} was written by a newer shiftdesk (schema {revision}, this one knows {HEAD}): "
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
