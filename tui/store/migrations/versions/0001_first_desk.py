"""The first desk: posts, conversations, replies, shifts and their events"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE = (
    """CREATE VIRTUAL TABLE post_search USING fts5(
        text, content='post', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER post_search_insert AFTER INSERT ON post BEGIN
        INSERT INTO post_search (rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER post_search_update AFTER UPDATE OF text ON post BEGIN
        INSERT INTO post_search (post_search, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO post_search (rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER post_search_delete AFTER DELETE ON post BEGIN
        INSERT INTO post_search (post_search, rowid, text) VALUES ('delete', old.id, old.text); END""",
)

# The same words as SQLite's tokenizer finds: no marks on letters, parted by all that is neither letter nor digit.
POSTGRES = (
    r"""CREATE FUNCTION shiftdesk_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
        $$ SELECT translate(lower(regexp_replace(regexp_replace(normalize(words, NFKD),
            '[\u0300-\u036f\ufe00-\ufe0f]', '', 'g'),
            '[\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u2bff\U0001F000-\U0001FAFF]',
            ' ', 'g')),
            'ς!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~、。！？「」', 'σ' || repeat(' ', 100)) $$""",
    r"""CREATE FUNCTION shiftdesk_words(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
        $$ SELECT to_tsvector('simple', shiftdesk_fold(left(words, 20000))) $$""",
    "ALTER TABLE post ADD COLUMN search tsvector GENERATED ALWAYS AS (shiftdesk_words(text)) STORED",
    "CREATE INDEX post_search ON post USING gin (search)",
    """CREATE FUNCTION shiftdesk_tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('shiftdesk', ''); RETURN NULL; END $$""",
    "CREATE TRIGGER event_told AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION shiftdesk_tell()",
)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("network", "name"),
    )
    op.create_table(
        "agent",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "author",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("native_id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("followers", BigInt, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("network", "native_id"),
    )
    op.create_table(
        "canned",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("shortcut", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("valid_from", BigInt, nullable=True),
        sa.Column("valid_until", BigInt, nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used", BigInt, nullable=True),
        sa.Column("updated_at", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "shift",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("started_at", BigInt, nullable=False),
        sa.Column("ended_at", BigInt, nullable=True),
        sa.Column("first_event", BigInt, nullable=False),
        sa.Column("last_event", BigInt, nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("acked_by", sa.String(), nullable=True),
        sa.Column("acked_at", BigInt, nullable=True),
        sa.Column("read_back", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("shift_agent", ["agent", "ended_at"], unique=False)

    op.create_table(
        "conversation",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("account_id", BigInt, nullable=True),
        sa.Column("author_id", BigInt, nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("claimed_at", BigInt, nullable=True),
        sa.Column("timer_at", BigInt, nullable=True),
        sa.Column("rank", BigInt, nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("addressed", sa.String(), nullable=False),
        sa.Column("posted_at", BigInt, nullable=False),
        sa.Column("customer_at", BigInt, nullable=False),
        sa.Column("answered_at", BigInt, nullable=True),
        sa.Column("waiting_since", BigInt, nullable=True),
        sa.Column("surfaced_at", BigInt, nullable=False),
        sa.Column("surfaced_by", sa.String(), nullable=True),
        sa.Column("resurfaces_at", BigInt, nullable=True),
        sa.Column("settled_at", BigInt, nullable=True),
        sa.Column("reposts", BigInt, nullable=False),
        sa.Column("preview", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["author.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index("conversation_author", ["author_id", "thread"], unique=False)
        batch_op.create_index("conversation_owner", ["owner", "state"], unique=False)
        batch_op.create_index(
            "conversation_resurfaced",
            ["surfaced_at", "id"],
            unique=False,
            sqlite_where=sa.text("resurfaces_at IS NOT NULL"),
            postgresql_where=sa.text("resurfaces_at IS NOT NULL"),
        )
        batch_op.create_index("conversation_surfaced", ["surfaced_at", "id"], unique=False)
        batch_op.create_index("conversation_thread", ["network", "thread"], unique=False)
        batch_op.create_index(
            "conversation_timers",
            ["timer_at"],
            unique=False,
            sqlite_where=sa.text("timer_at IS NOT NULL"),
            postgresql_where=sa.text("timer_at IS NOT NULL"),
        )
        batch_op.create_index("conversation_waiting", ["state", "rank", "id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("conversation_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("canned_id", BigInt, nullable=True),
        sa.Column("updated_at", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["canned_id"],
            ["canned.id"],
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "event",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("at", BigInt, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("conversation_id", BigInt, nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_agent", ["agent", "id"], unique=False)
        batch_op.create_index("event_at", ["at"], unique=False)
        batch_op.create_index("event_conversation", ["conversation_id", "id"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("conversation_id", BigInt, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "post",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("native_id", sa.String(), nullable=False),
        sa.Column("account_id", BigInt, nullable=True),
        sa.Column("author_id", BigInt, nullable=False),
        sa.Column("conversation_id", BigInt, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", BigInt, nullable=False),
        sa.Column("seen_at", BigInt, nullable=False),
        sa.Column("in_reply_to", sa.String(), nullable=True),
        sa.Column("root_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("reposts", BigInt, nullable=False),
        sa.Column("likes", BigInt, nullable=False),
        sa.Column("media", sa.JSON(), nullable=True),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("addressed", sa.String(), nullable=False),
        sa.Column("reply_allowed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["author.id"],
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("network", "native_id"),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index("post_author", ["author_id", "created_at"], unique=False)
        batch_op.create_index("post_conversation", ["conversation_id", "created_at"], unique=False)
        batch_op.create_index("post_in_reply_to", ["network", "in_reply_to"], unique=False)
        batch_op.create_index(
            "post_ours",
            ["account_id", "created_at"],
            unique=False,
            sqlite_where=sa.text("ours"),
            postgresql_where=sa.text("ours"),
        )
        batch_op.create_index("post_root", ["network", "root_id"], unique=False)

    op.create_table(
        "seen",
        sa.Column("conversation_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("event_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("conversation_id", "agent"),
    )
    op.create_table(
        "skip",
        sa.Column("conversation_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("until", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("conversation_id", "agent"),
    )
    op.create_table(
        "post_version",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("post_id", BigInt, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("replaced_at", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("post_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_version_post_id"), ["post_id"], unique=False)

    op.create_table(
        "reply",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("conversation_id", BigInt, nullable=False),
        sa.Column("post_id", BigInt, nullable=False),
        sa.Column("account_id", BigInt, nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("canned_id", BigInt, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("created_at", BigInt, nullable=False),
        sa.Column("due_at", BigInt, nullable=False),
        sa.Column("sent_at", BigInt, nullable=True),
        sa.Column("native_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["canned_id"],
            ["canned.id"],
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.create_index("reply_account", ["account_id", "sent_at"], unique=False)
        batch_op.create_index("reply_conversation", ["conversation_id"], unique=False)
        batch_op.create_index(
            "reply_open",
            ["state", "due_at"],
            unique=False,
            sqlite_where=sa.text("state NOT IN ('sent', 'recalled')"),
            postgresql_where=sa.text("state NOT IN ('sent', 'recalled')"),
        )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE post_search")
    else:
        op.execute("DROP TRIGGER event_told ON event")
        op.execute("ALTER TABLE post DROP COLUMN search")
        op.execute("DROP FUNCTION shiftdesk_words, shiftdesk_fold, shiftdesk_tell")
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_index(
            "reply_open",
            sqlite_where=sa.text("state NOT IN ('sent', 'recalled')"),
            postgresql_where=sa.text("state NOT IN ('sent', 'recalled')"),
        )
        batch_op.drop_index("reply_conversation")
        batch_op.drop_index("reply_account")

    op.drop_table("reply")
    with op.batch_alter_table("post_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_version_post_id"))

    op.drop_table("post_version")
    op.drop_table("skip")
    op.drop_table("seen")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index("post_root")
        batch_op.drop_index("post_ours", sqlite_where=sa.text("ours"), postgresql_where=sa.text("ours"))
        batch_op.drop_index("post_in_reply_to")
        batch_op.drop_index("post_conversation")
        batch_op.drop_index("post_author")

    op.drop_table("post")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_conversation_id"))

    op.drop_table("note")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("event_conversation")
        batch_op.drop_index("event_at")
        batch_op.drop_index("event_agent")

    op.drop_table("event")
    op.drop_table("draft")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_index("conversation_waiting")
        batch_op.drop_index(
            "conversation_timers",
            sqlite_where=sa.text("timer_at IS NOT NULL"),
            postgresql_where=sa.text("timer_at IS NOT NULL"),
        )
        batch_op.drop_index("conversation_thread")
        batch_op.drop_index("conversation_surfaced")
        batch_op.drop_index(
            "conversation_resurfaced",
            sqlite_where=sa.text("resurfaces_at IS NOT NULL"),
            postgresql_where=sa.text("resurfaces_at IS NOT NULL"),
        )
        batch_op.drop_index("conversation_owner")
        batch_op.drop_index("conversation_author")

    op.drop_table("conversation")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.drop_index("shift_agent")

    op.drop_table("shift")
    op.drop_table("lease")
    op.drop_table("canned")
    op.drop_table("author")
    op.drop_table("agent")
    op.drop_table("account")
