"""Canned responses with variants, history and use; what a draft is made of; promises; notes that name colleagues"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

REPLY_OPEN = "state NOT IN ('sent', 'recalled')"


def upgrade() -> None:
    used = _from_canned_id_to_composition()
    _without_canned_id()  # before anything refers to a reply
    _canned()
    _others()
    _keep_what_was_used(used)


def _canned() -> None:
    for name in ("owner", "incident"):
        op.add_column("canned", sa.Column(name, sa.String(), server_default="", nullable=False))
    for name in ("variants", "actions"):
        op.add_column("canned", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("canned", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "canned_version",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("canned_id", BigInt, sa.ForeignKey("canned.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", BigInt, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("canned_id", "version"),
    )
    op.create_table(
        "canned_use",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("canned_id", BigInt, sa.ForeignKey("canned.id"), nullable=False),
        sa.Column("reply_id", BigInt, sa.ForeignKey("reply.id"), nullable=False),
        sa.Column("conversation_id", BigInt, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("author_id", BigInt, sa.ForeignKey("author.id"), nullable=False),
        sa.Column("account_id", BigInt, sa.ForeignKey("account.id"), nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("at", BigInt, nullable=False),
        sa.Column("sent_at", BigInt, nullable=True),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("canned_use_canned", "canned_use", ["canned_id", "at", "agent", "edited"])
    op.create_index("canned_use_reply", "canned_use", ["reply_id"])
    of_conversation = ["conversation_id", "sent_at", "at", "author_id", "canned_id"]
    op.create_index("canned_use_conversation", "canned_use", of_conversation)


def _others() -> None:
    op.create_table(
        "note_mention",
        sa.Column("note_id", BigInt, sa.ForeignKey("note.id"), autoincrement=False, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("read_at", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("note_id", "agent"),
    )
    op.create_index("note_mention_agent", "note_mention", ["agent", "note_id"])
    op.create_table(
        "scratch",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("updated_at", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("agent", "subject"),
    )
    op.create_table(
        "promise",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("conversation_id", BigInt, sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("reply_id", BigInt, sa.ForeignKey("reply.id"), nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", BigInt, nullable=False),
        sa.Column("due_at", BigInt, nullable=False),
        sa.Column("settled_at", BigInt, nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("promise_conversation", "promise", ["conversation_id"])
    still_open = sa.text("settled_at IS NULL")
    op.create_index("promise_open", "promise", ["due_at"], sqlite_where=still_open, postgresql_where=still_open)


def _from_canned_id_to_composition() -> list[dict[str, int]]:
    """Which canned response a draft or reply was made from is part of its composition; who used it when."""
    connection = op.get_bind()
    for name, key in (("draft", "conversation_id"), ("reply", "id")):
        op.add_column(name, sa.Column("composition", sa.JSON(), nullable=True))
        table = sa.table(name, sa.column(key), sa.column("canned_id"), sa.column("composition", sa.JSON()))
        made = sa.select(table.c[key], table.c.canned_id).where(table.c.canned_id.is_not(None))
        for row_key, canned_id in connection.execute(made).all():
            composition = {"inserted": [{"canned": canned_id, "text": ""}]}
            connection.execute(sa.update(table).where(table.c[key] == row_key).values(composition=composition))
    found = connection.execute(
        sa.text(
            "SELECT r.canned_id, r.id AS reply_id, r.conversation_id, c.author_id, r.account_id, r.agent, "
            "r.created_at AS at, r.sent_at FROM reply r JOIN conversation c ON c.id = r.conversation_id "
            "WHERE r.canned_id IS NOT NULL AND r.part = 1 AND r.state NOT IN ('recalled', 'failed')"
        )
    )
    return [dict(row) for row in found.mappings()]


def _keep_what_was_used(used: list[dict[str, int]]) -> None:
    """Counters follow the uses: they had counted what was recalled, or failed, too."""
    table = sa.table("canned_use", *map(sa.column, (*used[0], "edited"))) if used else None
    if table is not None:
        op.bulk_insert(table, [row | {"edited": False} for row in used])
    op.execute(
        "UPDATE canned SET uses = (SELECT count(*) FROM canned_use u WHERE u.canned_id = canned.id), "
        "last_used = (SELECT max(u.at) FROM canned_use u WHERE u.canned_id = canned.id)"
    )


def _without_canned_id() -> None:
    """SQLite makes the tables anew for it; of the index with a condition, Alembic would forget that."""
    op.drop_index("reply_open", "reply")
    for table in ("draft", "reply"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("canned_id")
    some = sa.text(REPLY_OPEN)
    op.create_index("reply_open", "reply", ["state", "due_at"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("reply_open", "reply")
    for table in ("draft", "reply"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("canned_id", BigInt, nullable=True))
            batch_op.create_foreign_key(f"{table}_canned", "canned", ["canned_id"], ["id"])
            batch_op.drop_column("composition")
    some = sa.text(REPLY_OPEN)
    op.create_index("reply_open", "reply", ["state", "due_at"], sqlite_where=some, postgresql_where=some)
    for table in ("promise", "scratch", "note_mention", "canned_use", "canned_version"):
        op.drop_table(table)
    with op.batch_alter_table("canned") as batch_op:
        for name in ("version", "actions", "variants", "incident", "owner"):
            batch_op.drop_column(name)
