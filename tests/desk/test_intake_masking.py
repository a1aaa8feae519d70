"""Card numbers are masked before anything is stored, and a masked post is still the same post."""

from dataclasses import replace
from typing import Any

import pytest
from making import NOW, US, kinds, ours, post, quote, repost, rows, take
from sqlalchemy import inspect, text

from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.store.reader import Reader
from tui.store.store import Store

CARD, OTHER = "4111 1111 1111 1111", "5555555555554444"
KEPT = Config(accounts={"x:@northline": AccountSettings(mask_cards=False)})
TOLD = post("q", text=f"{US} my card {CARD} was charged twice")


def stored(store: Store) -> str:
    """Everything that the database holds, as one text."""
    with store.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        found = [str(row) for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
    return "\n".join(found)


def texts(reader: Reader) -> dict[str, str]:
    return {one.native_id: one.text for row in rows(reader) for one in reader.posts(row.id)}


def test_a_card_number_is_stored_nowhere(store: Store, reader: Reader) -> None:
    take(store, TOLD)
    assert texts(reader) == {"q": f"{US} my card •••• 1111 was charged twice"}
    (row,) = rows(reader)
    assert row.preview == f"{US} my card •••• 1111 was charged twice"
    assert reader.search("4111") == []
    assert reader.search("charged") == [row.id]
    assert "4111" not in stored(store)


@pytest.mark.parametrize(
    "posts",
    [
        (repost("s", TOLD),),
        (quote("s", TOLD, "this happened to my sister as well"),),
        (post("a", text=f"{US} help me"), ours("o", "a", text=f"Is it {CARD}?")),
        (post("d", text=f"card {CARD}", kind="dm", account=US),),
        (post("n", text=f"Northline charged {CARD}", network="mastodon"),),
        (post("l", text="x" * 290 + f" {CARD}", account=US),),
        (post("f", text="４１１１１１１１１１１１１１１１", account=US),),
    ],
    ids=["root of a repost", "root of a quote", "ours", "private", "of no account", "end of a preview", "full width"],
)  # fmt: skip
def test_wherever_it_stands(store: Store, posts: tuple[Any, ...]) -> None:
    take(store, *posts)
    assert "1111" in stored(store).replace("•••• 1111", "1111")
    assert "4111" not in stored(store)
    assert "４１１１" not in stored(store)


@pytest.mark.parametrize("config", [Config(), KEPT], ids=["masked", "kept"])
def test_the_same_post_again_adds_nothing_and_is_no_edit(store: Store, reader: Reader, config: Config) -> None:
    take(store, repost("s", TOLD), config=config)
    before = reader.last_event()
    again = take(store, repost("s", TOLD), TOLD, now=NOW + HOUR, config=config)
    assert (again.added, again.changed, reader.last_event()) == (0, 0, before)


def test_an_account_may_keep_them(store: Store, reader: Reader) -> None:
    elsewhere = post("m", text=f"@southline {CARD}", account="@southline")
    take(store, TOLD, elsewhere, ours("o", "q", text=CARD), config=KEPT)
    assert texts(reader) == {"q": TOLD.text, "o": CARD, "m": "@southline •••• 1111"}


def test_another_setting_makes_no_edit_of_what_is_stored(store: Store, reader: Reader) -> None:
    take(store, TOLD, config=KEPT)
    assert take(store, TOLD).changed == 0
    other = post("r", text=f"{US} {OTHER}")
    take(store, other)
    assert take(store, other, config=KEPT).changed == 0
    assert texts(reader)["r"] == f"{US} •••• 4444"


def test_an_edit_is_masked_before_it_is_compared_and_kept(store: Store, reader: Reader) -> None:
    take(store, TOLD)
    edited = replace(TOLD, text=f"{US} my card {CARD} and {OTHER}")
    assert take(store, edited, now=NOW + MINUTE).changed == 1
    assert texts(reader) == {"q": f"{US} my card •••• 1111 and •••• 4444"}
    assert kinds(reader).count("post.edited") == 1
    assert take(store, edited, now=NOW + HOUR).changed == 0
    assert "5555" not in stored(store)
    assert "4111" not in stored(store)


def test_the_earlier_version_is_masked_even_if_it_was_kept(store: Store) -> None:
    take(store, TOLD, config=KEPT)
    assert "4111" in stored(store)
    take(store, replace(TOLD, text=f"{US} never mind"))
    with store.engine.connect() as connection:
        versions = connection.execute(text("SELECT text FROM post_version")).scalars().all()
    assert versions == [f"{US} my card •••• 1111 was charged twice"]


def test_a_tracking_number_stays(store: Store, reader: Reader) -> None:
    take(store, post("t", text=f"{US} where is my parcel 4111111111111111?"))
    assert texts(reader)["t"].endswith("parcel 4111111111111111?")
