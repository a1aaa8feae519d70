"""A desk of an earlier version is brought up to date with everything in it."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from tui.store import schema
from tui.store.store import Store


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A desk as version 0.1.0 left it: a conversation with a reply that is held, and its draft."""
    store = Store(tmp_path / "desk.db")
    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO account (id, network, handle, name, created_at) VALUES (1, 'x', '@us', 'us', 1)",
            "INSERT INTO author (id, network, native_id, handle, name, followers, verified) "
            "VALUES (1, 'x', '9', 'amandac', 'A C', 0, false)",
            "INSERT INTO conversation (id, network, account_id, author_id, thread, private, state, epoch, rank, "
            "addressed, posted_at, customer_at, surfaced_at, reposts, preview) "
            "VALUES (1, 'x', 1, 1, 'p', false, 'new', 0, 1, 'direct', 1, 1, 1, 0, 'no train')",
            "INSERT INTO post (id, network, native_id, author_id, conversation_id, kind, text, created_at, seen_at, "
            "reposts, likes, deleted, ours, addressed, reply_allowed) "
            "VALUES (1, 'x', 'p', 1, 1, 'post', 'no train', 1, 1, 0, 0, false, false, 'direct', true)",
            "INSERT INTO reply (id, conversation_id, post_id, account_id, agent, epoch, text, private, state, key, "
            "created_at, due_at, attempts) VALUES (1, 1, 1, 1, 'ana', 1, 'Soon', false, 'held', 'k', 1, 2, 0)",
            "INSERT INTO draft (conversation_id, agent, text, cursor, updated_at) VALUES (1, 'ana', 'And', 3, 1)",
        ):
            connection.execute(text(statement))
    store.close()
    return tmp_path / "desk.db"


def test_what_was_there_is_there_and_reads_with_the_new_columns(first: Path) -> None:
    assert schema.current(first) == "0001"
    store = Store(first)
    store.prepare()
    reader = store.reader()
    (reply,) = reader.replies(1)
    conversation, draft = reader.conversation(1), reader.draft(1)
    assert schema.current(first) == schema.HEAD
    assert (reply.text, reply.part, reply.parts, reply.seen_event) == ("Soon", 1, 1, None)
    assert conversation is not None
    assert (conversation.preview, conversation.incident) == ("no train", None)
    assert draft is not None
    assert (draft.text, draft.account) == ("And", None)
    assert reader.search("train") == [1]
    reader.close()
    store.close()
