"""Accounts with a login of their own, how far each of their sources was read, replies that wait for their network"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACCOUNT = ("server", "native_id", "brake_reason", "braked_by")


def upgrade() -> None:
    for name in ACCOUNT:
        op.add_column("account", sa.Column(name, sa.String(), nullable=True))
    op.add_column("account", sa.Column("braked_at", BigInt, nullable=True))
    op.add_column("account", sa.Column("limits", sa.JSON(), nullable=True))
    op.add_column("post", sa.Column("uri", sa.String(), nullable=True))
    known = sa.text("uri IS NOT NULL")
    op.create_index("post_uri", "post", ["network", "uri"], sqlite_where=known, postgresql_where=known)
    op.add_column("reply", sa.Column("tried_at", BigInt, nullable=True))
    op.add_column("reply", sa.Column("failing_since", BigInt, nullable=True))
    op.add_column("reply", sa.Column("scheduled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "source",
        sa.Column("account_id", BigInt, sa.ForeignKey("account.id"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("reached_at", BigInt, nullable=True),
        sa.Column("read_at", BigInt, nullable=True),
        sa.Column("next_at", BigInt, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("failing_since", BigInt, nullable=True),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("rate_left", sa.Integer(), nullable=True),
        sa.Column("rate_resets_at", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "name"),
    )
    op.create_table(
        "watched",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("read_at", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )


def downgrade() -> None:
    op.drop_table("watched")
    op.drop_table("source")
    for name in ("scheduled", "failing_since", "tried_at"):
        op.drop_column("reply", name)
    op.drop_index("post_uri", "post")
    op.drop_column("post", "uri")
    for name in ("limits", "braked_at", *reversed(ACCOUNT)):
        op.drop_column("account", name)
