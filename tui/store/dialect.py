"""Where the SQL of SQLite and of PostgreSQL differs for the same question."""

import json
from collections.abc import Sequence
from typing import Any, Protocol


class Dialect(Protocol):
    """How one database says what the other says otherwise."""

    def among(self, column: str, name: str) -> str:
        """`column` is one of the values bound as `name`, which `several` has made ready."""
        ...

    def several(self, values: Sequence[Any]) -> Any:
        """Values as one bound parameter."""
        ...

    def holds(self, text: str, name: str) -> str:
        """The text, or stored JSON, has what is bound as `name` in it, letter by letter."""
        ...

    def field(self, column: str, name: str) -> str:
        """A field of a JSON object, as text or number."""
        ...

    def found(self, words: Sequence[str]) -> tuple[str, Any]:
        """SQL for the conversations with a post that holds all words or their beginnings, and its `:words`."""
        ...


class Sqlite:
    """SQLite's own."""

    def among(self, column: str, name: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(:{name}))"  # noqa: S608  names of our own

    def several(self, values: Sequence[Any]) -> str:
        return json.dumps(list(values))

    def holds(self, text: str, name: str) -> str:
        return f"instr({text}, :{name}) > 0"

    def field(self, column: str, name: str) -> str:
        return f"json_extract({column}, '$.{name}')"

    def found(self, words: Sequence[str]) -> tuple[str, str]:
        sql = (
            "SELECT p.conversation_id FROM post_search s JOIN post p ON p.id = s.rowid "
            "WHERE post_search MATCH :words AND p.conversation_id IS NOT NULL ORDER BY s.rowid DESC LIMIT :limit"
        )
        return sql, " ".join('"' + word.replace('"', '""') + '"*' for word in words)


class Postgres:
    """PostgreSQL's own."""

    def among(self, column: str, name: str) -> str:
        return f"{column} = ANY(:{name})"

    def several(self, values: Sequence[Any]) -> list[Any]:
        return list(values)

    def holds(self, text: str, name: str) -> str:
        return f"strpos(CAST({text} AS text), :{name}) > 0"

    def field(self, column: str, name: str) -> str:
        return f"({column} ->> '{name}')"

    def found(self, words: Sequence[str]) -> tuple[str, Any]:
        # Each word is parted as the posts were, by the same function and parser: don't is don, then t.
        sql = (
            "SELECT p.conversation_id FROM post p WHERE p.search @@ (SELECT string_agg(parted::text || ':*', ' & ') "
            "FROM unnest(CAST(:words AS text[])) word, phraseto_tsquery('simple', shiftdesk_fold(word)) parted "
            "WHERE numnode(parted) > 0)::tsquery AND p.conversation_id IS NOT NULL ORDER BY p.id DESC LIMIT :limit"
        )
        return sql, list(words)


SQLITE: Dialect = Sqlite()
POSTGRES: Dialect = Postgres()
