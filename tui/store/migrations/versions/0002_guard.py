"""What the guard looks at: incidents, joined customers, parts of a reply, why a reply is denied"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("opened_at", BigInt, nullable=False),
        sa.Column("updated_at", BigInt, nullable=False),
        sa.Column("closed_at", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.add_column("author", sa.Column("customer_id", BigInt, nullable=True))
    op.create_index("author_customer", "author", ["customer_id"])
    _add_reference("conversation", "incident_id", "incident")
    op.create_index("conversation_incident", "conversation", ["incident_id"])
    op.add_column("post", sa.Column("reply_denied", sa.String(), nullable=True))
    _add_reference("draft", "account_id", "account")
    op.add_column("reply", sa.Column("seen_event", BigInt, nullable=True))
    op.add_column("reply", sa.Column("passed", sa.JSON(), nullable=True))
    op.add_column("reply", sa.Column("part", sa.Integer(), server_default="1", nullable=False))
    op.add_column("reply", sa.Column("parts", sa.Integer(), server_default="1", nullable=False))
    op.add_column("reply", sa.Column("first_id", BigInt, nullable=True))
    op.add_column("reply", sa.Column("whole", sa.String(), nullable=True))


def _add_reference(table: str, column: str, to: str) -> None:
    """SQLite can add a column that refers to a table, which Alembic does not know."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER REFERENCES {to} (id)")
    else:
        op.add_column(table, sa.Column(column, BigInt, sa.ForeignKey(f"{to}.id"), nullable=True))


def downgrade() -> None:
    for name in ("whole", "first_id", "parts", "part", "passed", "seen_event"):
        op.drop_column("reply", name)
    with op.batch_alter_table("draft") as batch_op:
        batch_op.drop_column("account_id")
    op.drop_column("post", "reply_denied")
    op.drop_index("conversation_incident", "conversation")
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("incident_id")
    op.drop_index("author_customer", "author")
    op.drop_column("author", "customer_id")
    op.drop_table("incident")
