"""Who is at the desk; who has which customer; what the host's clock showed"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("conversation_id", BigInt, sa.ForeignKey("conversation.id"), nullable=True),
        sa.Column("since", BigInt, nullable=False),
        sa.Column("beat_at", BigInt, nullable=False),
        sa.Column("dropped_at", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("presence_agent", "presence", ["agent"])
    op.create_index("presence_conversation", "presence", ["conversation_id"])
    claimed = sa.text("state = 'claimed'")
    op.create_index("conversation_held", "conversation", ["author_id"], sqlite_where=claimed, postgresql_where=claimed)
    op.create_table(
        "host_clock",
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("up_ms", BigInt, nullable=False),
        sa.Column("shown", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("boot"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for what in ("INSERT", "UPDATE OF doing, conversation_id, dropped_at", "DELETE"):
            name = f"presence_{what.split()[0].lower()}"
            op.execute(
                f"CREATE TRIGGER {name} AFTER {what} ON presence FOR EACH STATEMENT EXECUTE FUNCTION shiftdesk_tell()"
            )


def downgrade() -> None:
    op.drop_index("conversation_held", "conversation")
    op.drop_table("host_clock")
    op.drop_table("presence")
