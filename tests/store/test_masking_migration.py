"""Card numbers that older versions stored are masked when a desk is brought up to date."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from tui.store import schema
from tui.store.sqlite import File
from tui.store.store import Store

CARD, KEPT = "4111 1111 1111 1111", "9400100000000000000000"
LONG = "x" * 280 + f" {CARD}"
POSTS = {
    1: (1, None, f"my card {CARD} was charged"),
    2: (2, None, f"parcel {KEPT}, order 111-5014070-4118645"),
    3: (3, None, "Karte ４１１１１１１１１１１１１１１１ bitte"),
    4: (4, None, LONG),
    5: (5, "n1", f"quoting: {LONG}"),
    6: (None, None, "5555-5555-5555-4444"),
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A desk of the version before, with card numbers in posts, an earlier version and previews."""
    store = Store(tmp_path / "desk.db")
    with store.engine.begin() as connection:
        command.upgrade(alembic(connection), "0002")
        connection.execute(text("INSERT INTO author VALUES (1, 'x', '9', 'amandac', 'A C', 0, 0, NULL)"))
        for id, (conversation, root, words) in POSTS.items():
            if conversation:
                preview = POSTS[5][2][:300] if id == 1 else "the newest word is another" if id == 5 else words[:300]
                connection.execute(
                    text(
                        "INSERT INTO conversation (id, network, author_id, thread, private, state, epoch, rank, "
                        "addressed, posted_at, customer_at, surfaced_at, reposts, preview) "
                        "VALUES (:id, 'x', 1, :id, 0, 'new', 0, 1, 'direct', 1, 1, 1, 0, :preview)"
                    ),
                    {"id": id, "preview": preview},
                )
            connection.execute(
                text(
                    "INSERT INTO post (id, network, native_id, author_id, conversation_id, kind, text, created_at, "
                    "seen_at, root_id, reposts, likes, deleted, ours, addressed, reply_allowed) VALUES "
                    "(:id, 'x', :native, 1, :conversation, 'post', :words, 1, 1, :root, 0, 0, 0, 0, 'direct', 1)"
                ),
                {"id": id, "native": f"n{id}", "conversation": conversation, "words": words, "root": root},
            )
        connection.execute(text("INSERT INTO post_version VALUES (1, 2, :words, 1)"), {"words": CARD})
    store.close()
    return tmp_path / "desk.db"


def alembic(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", "tui.store:migrations")
    config.attributes["connection"] = connection
    return config


def test_what_is_stored_is_masked_in_posts_versions_previews_and_the_search(old: Path) -> None:
    store = Store(old)
    store.prepare()
    assert File(old).revision() == schema.HEAD
    with store.engine.connect() as connection:
        posts = dict(connection.execute(text("SELECT id, text FROM post")).all())
        previews = dict(connection.execute(text("SELECT id, preview FROM conversation")).all())
        versions = connection.execute(text("SELECT text FROM post_version")).scalars().all()
    masked = {
        1: "my card •••• 1111 was charged",
        2: POSTS[2][2],
        3: "Karte •••• 1111 bitte",
        4: "x" * 280 + " •••• 1111",
        5: "quoting: " + "x" * 280 + " •••• 1111",
        6: "•••• 4444",
    }
    assert posts == masked
    assert previews == {
        1: masked[5][:300],  # of a quote of it
        2: masked[2],
        3: masked[3],
        4: masked[4],
        5: "the newest word is another",
    }
    assert versions == ["•••• 1111"]
    reader = store.reader()
    assert reader.search("4111") == []
    assert reader.search(KEPT) == [2]
    assert reader.search("charged") == [1]
    reader.close()
    store.close()


def test_taking_it_back_leaves_what_is_masked(old: Path) -> None:
    store = Store(old)
    store.prepare()
    with store.engine.begin() as connection:
        command.downgrade(alembic(connection), "0002")
        assert (
            connection.execute(text("SELECT text FROM post WHERE id = 1")).scalar() == "my card •••• 1111 was charged"
        )
    assert File(old).revision() == "0002"
    store.close()
