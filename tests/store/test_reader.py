"""Reading the desk: pages by key, search, and what each query costs."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NOW, copy_of, post, rows, take
from sqlalchemy import insert, text, update
from sqlmodel import Session

from tui.clock import DAY, MINUTE
from tui.store import sqlite
from tui.store import tables as t
from tui.store.dialect import SQLITE
from tui.store.reader import COUNT_LIMIT, VIEWS, Key, QueueRow, Reader
from tui.store.store import Store, reading

AGENT = "ana"


def conversation(id: int, **values: Any) -> dict[str, Any]:
    return {
        "id": id, "network": "x", "author_id": 1, "thread": str(id), "private": False, "state": "new", "epoch": 0,
        "rank": id, "addressed": "direct", "posted_at": id, "customer_at": id, "surfaced_at": id, "reposts": 0,
        "preview": "hello", "owner": None, "claimed_at": None, "timer_at": None, "waiting_since": None,
        "resurfaces_at": None,
    } | values  # fmt: skip


def author(session: Session, id: int = 1) -> None:
    session.execute(
        insert(t.authors).values(
            id=id, network="x", native_id=str(id), handle="amandac", name="A C", followers=0, verified=False
        )
    )


@pytest.fixture(scope="module")
def shared(template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A desk whose changes are undone by whoever makes them."""
    made = copy_of(template, tmp_path_factory.mktemp("shared"))
    yield made
    made.close()


# -- pages ------------------------------------------------------------------------------------------

conversations = st.builds(
    dict,
    state=st.sampled_from(["new", "claimed", "pending", "resolved"]),
    owner=st.sampled_from([AGENT, "ben"]),
    rank=st.integers(0, 3),
    surfaced_at=st.integers(0, 3),
    claimed_at=st.integers(0, 3),
    resurfaces_at=st.sampled_from([None, NOW - 1, NOW, NOW + 1]),
)


def page(reader: Reader, view: str, limit: int, **values: Any) -> list[QueueRow]:
    return reader.page(view, agent=AGENT, now=NOW, limit=limit, **values)


def key(row: QueueRow, view: str) -> Key:
    return Key(getattr(row, VIEWS[view].column), row.id)


@settings(max_examples=80, deadline=None)
@given(
    made=st.lists(conversations, min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(1, 14), conversations), max_size=4),
    view=st.sampled_from(list(VIEWS)),
    limit=st.integers(1, 5),
    backwards=st.booleans(),
)
def test_pages_lose_and_repeat_nothing_while_rows_change(
    shared: Store, made: list[Any], changes: list[Any], view: str, limit: int, backwards: bool
) -> None:
    with shared.transaction() as session:
        author(session)
        session.execute(insert(t.conversations), [conversation(n, **row) for n, row in enumerate(made, 1)])
        reader = reading(session)
        stays = {row.id for row in page(reader, view, 99)} - {id for id, _ in changes}
        order = [row.id for row in page(reader, view, 99) if row.id in stays]
        met: list[int] = []
        start = Key(9**18 if not VIEWS[view].descending else -1, 0) if backwards else None
        for found in walk(reader, view, limit, start, backwards):
            met += [row.id for row in (reversed(found) if backwards else found)]
            if changes:
                change(session, *changes.pop())
        session.rollback()
    assert [id for id in met if id in stays] == (order[::-1] if backwards else order)


def walk(reader: Reader, view: str, limit: int, start: Key | None, backwards: bool) -> Iterator[list[QueueRow]]:
    """Pages one after the other, each from where the last one ended."""
    while found := page(reader, view, limit, start=start, backwards=backwards):
        yield found
        last = key(found[0] if backwards else found[-1], view)
        step = 0 if backwards else (-1 if VIEWS[view].descending else 1)
        start = Key(last.order, last.id + step)


def change(session: Session, id: int, row: dict[str, Any]) -> None:
    """Somebody works on it, or it has just come in."""
    changed = session.execute(update(t.conversations).where(t.conversations.c.id == id).values(**row))
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(t.conversations).values(conversation(id, **row)))


@settings(max_examples=50, deadline=None)
@given(made=st.lists(conversations, min_size=1, max_size=12), view=st.sampled_from(list(VIEWS)))
def test_counts_agree_with_pages(shared: Store, made: list[Any], view: str) -> None:
    with shared.transaction() as session:
        author(session)
        session.execute(insert(t.conversations), [conversation(n, **row) for n, row in enumerate(made, 1)])
        reader = reading(session)
        whole = page(reader, view, 99)
        assert reader.count(view, agent=AGENT, now=NOW) == len(whole)
        for n, row in enumerate(whole):
            assert reader.count(view, agent=AGENT, now=NOW, before=key(row, view)) == n
        session.rollback()


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_starts_with_its_key_and_backwards_ends_before_it(store: Store, reader: Reader, view: str) -> None:
    with store.transaction() as session:
        author(session)
        values = {"state": "claimed" if view == "mine" else "new", "owner": AGENT, "resurfaces_at": NOW}
        session.execute(insert(t.conversations), [conversation(n, claimed_at=n, **values) for n in range(1, 8)])
    whole = page(reader, view, 99)
    middle = key(whole[3], view)
    assert page(reader, view, 2, start=middle) == whole[3:5]
    assert page(reader, view, 2, start=middle, backwards=True) == whole[1:3]


# -- cost ----------------------------------------------------------------------------------------------


class Recording:
    """A connection that remembers what was asked."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.asked: list[tuple[str, Any]] = []

    def execute(self, sql: str, values: Any = ()) -> Any:
        self.asked.append((sql, values))
        return self.connection.execute(sql, values)

    def plans(self) -> list[str]:
        """How SQLite goes about each of them."""
        told = [self.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall() for sql, values in self.asked]
        return [step[-1] for steps in told for step in steps]


@pytest.fixture(scope="module")
def full(template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two thousand conversations, as SQLite's statistics know them."""
    made = copy_of(template, tmp_path_factory.mktemp("full"))
    states = ["new", "pending", "resolved", "resolved", "claimed", "snoozed"]
    with made.transaction() as session:
        for n in range(1, 501):
            author(session, n)
        session.execute(
            insert(t.conversations),
            [
                conversation(
                    n, author_id=1 + n % 500, state=states[n % 6], claimed_at=n,
                    owner=f"agent{n % 40}" if n % 6 == 4 else None,
                    resurfaces_at=NOW - n if n % 50 == 0 else None, timer_at=NOW + n if n % 6 > 3 else None,
                )
                for n in range(1, 2_001)
            ],
        )  # fmt: skip
        session.execute(text("ANALYZE"))
    yield made
    made.close()


@pytest.fixture
def recording(full: Store) -> Iterator[Recording]:
    connection = sqlite.connect(full.path, read_only=True)
    yield Recording(connection)
    connection.close()


def is_scan(step: str) -> bool:
    """It reads the table from end to end, without an index that gives order or choice."""
    return step.startswith("SCAN") and "INDEX" not in step


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("start", [None, Key(1_000, 1_000)], ids=["first", "from a key"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
def test_a_page_costs_what_it_shows(recording: Recording, view: str, start: Key | None, backwards: bool) -> None:
    page(Reader(recording, SQLITE), view, 50, start=start, backwards=backwards)
    steps = recording.plans()
    assert not [step for step in steps if is_scan(step)]
    if view != "mine":
        assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("view", VIEWS)
def test_who_has_a_customer_is_looked_up_by_author_among_what_is_claimed(recording: Recording, view: str) -> None:
    page(Reader(recording, SQLITE), view, 50)
    looked_up = [step for step in recording.plans() if step.startswith(("SEARCH o ", "SCAN o "))]
    assert looked_up == ["SEARCH o USING INDEX conversation_held (author_id=?)"] * 2


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("before", [None, Key(1_000, 1_000)], ids=["all", "before a key"])
def test_a_count_reads_no_table(recording: Recording, view: str, before: Key | None) -> None:
    Reader(recording, SQLITE).count(view, agent=AGENT, now=NOW, before=before)
    assert not [step for step in recording.plans() if is_scan(step) and step != "SCAN them"]


def test_what_every_round_asks_is_an_index_away(recording: Recording) -> None:
    reader = Reader(recording, SQLITE)
    reader.due_timer(NOW)
    reader.reply_due(NOW)
    reader.conversation(7)
    reader.posts(7)
    reader.notes(7)
    reader.replies(7)
    reader.events(after=3, limit=50)
    reader.events(after=3, conversation_id=7)
    reader.events(after=3, agent=AGENT)
    reader.sent_to(1)
    assert not [step for step in recording.plans() if is_scan(step)]


def test_a_count_stops_at_its_limit() -> None:
    assert COUNT_LIMIT == 10_000


# -- search ---------------------------------------------------------------------------------------------


@pytest.fixture
def told(store: Store, reader: Reader) -> Reader:
    take(
        store,
        post("1", "a", "My train to Leeds is delayed", 5 * MINUTE),
        post("2", "b", "Delays again? Refund my ticket!", 4 * MINUTE),
        post("3", "c", "電車のドアが開いたままです", 3 * MINUTE),
        post("4", "d", "Der Zug fällt aus", 2 * MINUTE),
        post("5", "e", "50% off, isn't it", MINUTE),
    )
    return reader


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("train", ["1"]),
        ("TRAIN leeds", ["1"]),
        ("leeds my", ["1"]),
        ("dela", ["2", "1"]),
        ("my", ["2", "1"]),
        ("train refund", []),
        ("ドア", ["3"]),
        ("電車", ["3"]),
        ("fallt", ["4"]),
        ("fällt", ["4"]),
        ('"leeds', ["1"]),
        ("leeds*", ["1"]),
        ("isn't", ["5"]),
        ("50%", ["5"]),
        ("NOT train", []),
        ("leeds OR refund", []),
        ("text:leeds", []),
        ("(leeds", ["1"]),
        ("", []),
        ('" ) *', []),
        ("^", []),
    ],
)
def test_words_find_conversations_newest_first(told: Reader, words: str, found: list[str]) -> None:
    native = {p.conversation_id: p.native_id for row in rows(told) for p in told.posts(row.id)}
    assert [native[id] for id in told.search(words)] == found


@settings(max_examples=100, deadline=None)
@given(words=st.text(st.characters(), max_size=30) | st.just("\udc80 0\0"))
def test_no_words_break_the_search(shared: Store, words: str) -> None:
    reader = shared.reader()
    reader.search(words)
    reader.close()


def test_a_view_may_be_filtered(told: Reader) -> None:
    assert [row.handle for row in page(told, "waiting", 9, search="delay")] == ["b", "a"]
    assert page(told, "mine", 9, search="delay") == []


def test_a_conversation_is_found_once(store: Store, reader: Reader) -> None:
    take(store, post("1", text="lift"), post("2", text="lift again", in_reply_to="1", kind="reply"))
    assert reader.search("lift") == [1]


# -- the rest -------------------------------------------------------------------------------------------


def test_rows_come_with_plain_values(store: Store, reader: Reader) -> None:
    take(store, post("1", media=({"type": "image", "alt": "a lift"},), reply_allowed=False, ago=DAY))
    (row,) = rows(reader)
    (word,) = reader.posts(row.id)
    assert (row.verified, row.private, row.has_draft, row.tags) == (False, False, False, [])
    assert isinstance(row.reasons, list)
    assert (word.media, word.reply_allowed, word.ours) == ([{"type": "image", "alt": "a lift"}], False, False)
    assert reader.totals() == {"new": 1}
    assert [account[1:] for account in reader.accounts()] == [("x", "@northline")]


def test_a_reader_cannot_write(store: Store) -> None:
    with closing(store.home.connect()) as connection, pytest.raises(Exception, match=r"read-?only"):
        connection.execute("DELETE FROM event")


def test_ancestors_end_where_a_thread_goes_round(store: Store, reader: Reader) -> None:
    take(store, post("1", "a", in_reply_to="2"), post("2", "b", in_reply_to="1"))
    for row in rows(reader):
        (word,) = reader.posts(row.id)
        assert len(reader.ancestors(word, limit=5)) <= 5


def test_changes_tell_of_other_connections(store: Store) -> None:
    with closing(store.changes()) as changes:
        assert not changes.wait(0)
        take(store, post("1"))
        assert changes.wait(5)
        assert not changes.wait(0)


def test_events_are_read_from_where_one_stopped(store: Store, reader: Reader) -> None:
    take(store, post("1", "a"), post("2", "b"))
    whole = reader.events()
    assert reader.events(after=whole[0].id) == whole[1:]
    assert reader.events(limit=1) == whole[:1]
    assert reader.last_event() == whole[-1].id
    assert {event.conversation_id for event in reader.events(conversation_id=2)} == {2}
    assert reader.events(agent="nobody") == []
