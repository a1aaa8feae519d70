"""The migrations make exactly what the models say."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import tui.store.tables
from tui.store import schema
from tui.store.store import Store


@pytest.fixture
def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    return ScriptDirectory.from_config(config)


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Each database searches in its own way, made by hand."""
    return not str(name).startswith("post_search") and (kind, name) != ("column", "search")


def test_migrations_match_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": is_ours, "compare_type": True, "render_as_batch": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


PARTIAL = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql LIKE '% WHERE %'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% WHERE %'",
}


def test_partial_indexes_match_the_models(store: Store) -> None:
    kind = store.engine.dialect.name
    with store.engine.connect() as connection:
        made = dict(connection.execute(text(PARTIAL[kind])).all())
    wanted = {
        str(index.name): str(index.dialect_options[kind]["where"])
        for table in SQLModel.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[kind]["where"] is not None
    }
    if kind == "postgresql":  # which writes conditions in its own way
        assert set(made) == set(wanted)
    else:
        assert {name: sql.split(" WHERE ")[1] for name, sql in made.items()} == wanted


def test_this_program_knows_the_newest_migration(script: ScriptDirectory) -> None:
    assert script.get_heads() == [schema.HEAD]


def test_migrations_stand_in_the_order_of_their_names(script: ScriptDirectory) -> None:
    names = [revision.revision for revision in script.walk_revisions()]
    assert names == sorted(names, reverse=True), "refuse_newer compares them as text"


def test_a_desk_can_be_taken_down_again(store: Store, script: ScriptDirectory) -> None:
    from alembic import command

    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with store.engine.connect() as connection:
        left = set(inspect(connection).get_table_names())
    assert left <= {"alembic_version", "sqlite_sequence", "sqlite_stat1"}


def test_every_table_is_known_by_name() -> None:
    named = {getattr(tui.store.tables, name).name for name in dir(tui.store.tables) if is_table(name)}
    assert named == set(SQLModel.metadata.tables)


def is_table(name: str) -> bool:
    from sqlalchemy import Table

    return isinstance(getattr(tui.store.tables, name), Table)
