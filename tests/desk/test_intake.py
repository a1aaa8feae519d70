"""Posts in: whatever the order and however often, the same conversations."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import NOW, US, copy_of, kinds, ours, post, quote, repost, rows, take, take_into

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.desk import claims
from tui.networks.records import Author, Post
from tui.store.reader import Reader
from tui.store.store import Store, reading

LEASE = 30 * MINUTE


def picture(reader: Reader) -> dict[frozenset[str], tuple[Any, ...]]:
    """What a desk says about its posts, without ids that depend on the order of arrival."""
    found: dict[frozenset[str], tuple[Any, ...]] = {}
    for row in rows(reader):
        members = frozenset(f"{p.network}:{p.native_id}" for p in reader.posts(row.id))
        assert members not in found
        found[members] = (
            row.state, row.handle, row.private, row.waiting_since, row.answered_at, row.surfaced_by, row.surfaced_at,
            row.resurfaces_at, row.reposts, row.addressed, row.preview, row.posted_at, row.customer_at,
        )  # fmt: skip
    return found


def threads(reader: Reader) -> set[frozenset[str]]:
    return {frozenset(p.native_id for p in reader.posts(row.id)) for row in rows(reader)}


def only(reader: Reader) -> Any:
    (row,) = rows(reader)
    return row


# -- any order ---------------------------------------------------------------------------------------


@st.composite
def forests(draw: st.DrawFn) -> list[Post]:
    """A few posts of few people, each pointing at any other, itself or an unknown one."""
    size = draw(st.integers(2, 9))
    ids = [str(n) for n in range(size)]
    made = []
    for n, id in enumerate(ids):
        author = draw(st.sampled_from(["amanda", "bob", "northline"]))
        kind = draw(st.sampled_from(["post", "reply", "reply", "reply", "repost", "quote", "dm"]))
        earlier = st.sampled_from([*ids[:n], "unknown"]) if n else st.just("unknown")
        text = draw(st.sampled_from(["@northline help", "help me with this please", "so this", "Northline is late"]))
        values: dict[str, Any] = {"kind": kind, "seen_at": NOW + draw(st.integers(0, 3)) * DAY}
        if kind in ("repost", "quote"):
            values["root_id"] = draw(earlier)
        if kind in ("reply", "dm"):
            values["in_reply_to"] = draw(st.one_of(earlier, st.sampled_from(ids)) if kind == "reply" else earlier)
        ago = draw(st.sampled_from([0, SECOND, HOUR, DAY, 3 * DAY, 206 * DAY]))
        made.append(post(id, author, text, ago, deleted=draw(st.integers(0, 9)) == 0, **values))
    return made


@settings(max_examples=200, deadline=None)
@given(posts=forests(), data=st.data())
def test_any_order_of_arrival_gives_the_same_desk(shared: Store, posts: list[Post], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(posts))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(posts)), max_size=len(posts))))
    batches = [shuffled[a:b] for a, b in itertools.pairwise([0, *cuts, len(posts)])]
    assert arrived(shared, batches) == arrived(shared, [posts])


def arrived(shared: Store, batches: Sequence[Sequence[Post]]) -> dict[frozenset[str], tuple[Any, ...]]:
    """The picture after these batches; then all of it comes once more. Nothing is left behind."""
    with shared.transaction() as session:
        for batch in batches:
            take_into(session, *batch)
        reader = reading(session)
        found, before = picture(reader), reader.last_event()
        again = take_into(session, *itertools.chain(*batches))
        assert (again.added, again.changed, reader.last_event()) == (0, 0, before)
        session.rollback()
    return found


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A desk whose changes are undone by whoever makes them."""
    made = copy_of(template, tmp_path_factory.mktemp("shared"))
    yield made
    made.close()
