"""Card numbers that older versions stored as they came are masked

Which accounts keep them is configuration, which no earlier version read: what is stored is masked everywhere.
Drafts, replies and notes stay as their agents wrote them: nobody's text changes behind their back, and the guard stops
a card number before it leaves.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from tui.private import mask

revision = "0003"
down_revision = "0002"

PREVIEW_CHARACTERS = 300
"""As intake cut previews when this was written."""

_LIKELY = {
    "sqlite": f"text GLOB '*{'[0-9]*' * 13}' OR length(text) < length(CAST(text AS BLOB))",
    "postgresql": "text ~ '([0-9][^0-9]*){13}' OR char_length(text) < octet_length(text)",
}
"""Enough ASCII digits, or characters that may be digits of other scripts: the few rows that are looked at here."""

# A preview may be cut inside a number, where nothing shows any more that it is one: it follows its post.
_PREVIEWS = sa.text(
    "UPDATE conversation SET preview = :new WHERE preview = :old AND id IN ("
    "SELECT conversation_id FROM post WHERE id = :id "
    "UNION SELECT root.conversation_id FROM post JOIN post AS root "
    "ON root.network = post.network AND root.native_id = post.root_id WHERE post.id = :id)"
)


def upgrade() -> None:
    for post in _mask("post"):
        preview = {name: post[name][:PREVIEW_CHARACTERS] for name in ("old", "new")}
        op.get_bind().execute(_PREVIEWS, post | preview)
    _mask("post_version")


def _mask(name: str) -> list[dict[str, Any]]:
    """Mask the texts of a table; those that changed, before and after. The search index follows by its triggers."""
    table = sa.table(name, sa.column("id"), sa.column("text"))
    connection = op.get_bind()
    likely = connection.execute(sa.select(table).where(sa.text(f"({_LIKELY[connection.dialect.name]})")))
    changed = [{"id": row.id, "old": row.text, "new": new} for row in likely if (new := mask(row.text)) != row.text]
    if changed:
        masks = sa.update(table).where(table.c.id == sa.bindparam("row")).values(text=sa.bindparam("new"))
        connection.execute(masks, [{"row": one["id"], "new": one["new"]} for one in changed])
    return changed


def downgrade() -> None:
    """What is masked stays so: the numbers are gone, and the tables are those of 0002."""
