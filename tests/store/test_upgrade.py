"""A desk of an earlier version is brought up to date with everything in it."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from tui.desk.composition import composition
from tui.store import schema
from tui.store.sqlite import File
from tui.store.store import Store

REPLY = (
    "INSERT INTO reply (id, conversation_id, post_id, account_id, agent, epoch, text, private, canned_id, state, key, "
    "created_at, due_at, attempts) VALUES"
)


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
            "INSERT INTO canned (id, name, body, shortcut, language, network, scope, approved, plain, uses, "
            "updated_at) VALUES (5, 'soon', 'Soon', '', '', '', 'team', true, false, 3, 1)",
            f"{REPLY} (1, 1, 1, 1, 'ana', 1, 'Soon', false, 5, 'held', 'k', 7, 8, 0)",
            f"{REPLY} (2, 1, 1, 1, 'ana', 1, 'Oh', false, 5, 'recalled', 'l', 7, 8, 0)",
            "INSERT INTO draft (conversation_id, agent, text, cursor, canned_id, updated_at) "
            "VALUES (1, 'ana', 'And', 3, 5, 1)",
        ):
            connection.execute(text(statement))
    store.close()
    return tmp_path / "desk.db"


def test_what_was_there_is_there_and_reads_with_the_new_columns(first: Path) -> None:
    assert File(first).revision() == "0001"
    store = Store(first)
    store.prepare()
    reader = store.reader()
    reply, _ = reader.replies(1)
    conversation, draft = reader.conversation(1), reader.draft(1)
    assert File(first).revision() == schema.HEAD
    assert (reply.text, reply.part, reply.parts, reply.seen_event) == ("Soon", 1, 1, None)
    assert conversation is not None
    assert (conversation.preview, conversation.incident) == ("no train", None)
    assert draft is not None
    assert (draft.text, draft.account) == ("And", None)
    assert reader.search("train") == [1]
    reader.close()
    store.close()


def test_what_a_text_was_made_from_stays_known_and_its_use_counts_unless_it_was_recalled(first: Path) -> None:
    store = Store(first)
    store.prepare()
    reader = store.reader()
    draft = reader.draft(1)
    assert draft is not None
    of_replies = [composition(reply.composition).canned_ids for reply in reader.replies(1)]
    assert (composition(draft.composition).canned_ids, of_replies) == ((5,), [(5,), (5,)])
    with store.engine.connect() as connection:
        uses = connection.execute(
            text("SELECT canned_id, reply_id, author_id, agent, at, edited FROM canned_use")
        ).all()
        plan = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'reply_open'")).scalar_one()
    assert [tuple(use) for use in uses] == [(5, 1, 1, "ana", 7, 0)]
    assert [(row["uses"], row["last_used"]) for row in reader.canned()] == [(1, 7)]
    assert "WHERE state NOT IN" in plan, "the index of what is on its way holds only that"
    reader.close()
    store.close()
