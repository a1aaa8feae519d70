"""A desk in PostgreSQL when its server goes away, when another holds it, and what it tells."""

import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import postgres
import psycopg
import pytest
from making import NOW, post, rows, take, take_into
from sqlalchemy import text

from tui import clock
from tui.cli.program import run
from tui.errors import OutOfReach
from tui.screens.work import Work
from tui.store import postgres as home
from tui.store.reader import VIEWS, Key, Reader
from tui.store.store import Store, home_of

pytestmark = pytest.mark.postgresql
PROMPT_S = 20


@pytest.fixture
def desk() -> Iterator[postgres.Desk]:
    made = postgres.Desk()
    yield made
    made.drop()
    clock.follow(None)


def connected(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


# -- a server that is stopped and started again ----------------------------------------------------


class Restarting(postgres.Running):
    """A server of its own that may be stopped without losing its data."""

    def pause(self) -> None:
        self._server.stop()

    def resume(self) -> None:
        self._server.ensure_postgres_running()


def test_a_server_that_comes_back_is_used_again() -> None:
    server = Restarting()
    try:
        store = Store(home_of(server.url(server.database())))
        store.prepare()
        take(store, post("1", "a"))
        reader, changes = store.reader(), store.changes()
        work, told, lost, again = Work(store), [0], threading.Event(), threading.Event()

        def tell(events: Any) -> None:
            told.append(len(events))
            again.set()

        work.watch(reader.last_event(), tell, lambda _: lost.set())
        server.pause()
        with pytest.raises(OutOfReach, match=r"check that the server runs|was stopped"), store.transaction():
            pass
        with pytest.raises(psycopg.Error) as broken:
            reader.last_event()
        assert isinstance(store.in_plain_words(broken.value), OutOfReach)
        with pytest.raises(psycopg.Error):
            changes.wait(PROMPT_S)
        assert lost.wait(PROMPT_S)
        server.resume()
        take(store, post("2", "b"))
        assert again.wait(PROMPT_S)
        server.pause()
        server.resume()  # nobody asked meanwhile
        with closing(store.reader()) as new, closing(store.changes()) as hearing:
            assert new.totals() == {"new": 2}
            take(store, post("3", "c"))
            assert hearing.wait(PROMPT_S)
        work.close()
        store.close()
    finally:
        clock.follow(None)
        server.stop()


# -- refusals ----------------------------------------------------------------------------------------


def test_a_desk_that_another_holds_says_so(desk: postgres.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_LIMITS", "SELECT set_config('lock_timeout', '50ms', false)")
    with connected(desk.url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (home._LOCK,))
        with pytest.raises(OutOfReach, match="another process holds it"), desk.store.transaction():
            pass
    with desk.store.transaction():
        pass


def test_a_change_that_stops_in_the_middle_is_ended(desk: postgres.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_LIMITS", "SELECT set_config('idle_in_transaction_session_timeout', '50ms', false)")
    with pytest.raises(OutOfReach, match=r"do it again"):
        stop_inside(desk)
    with desk.store.transaction():
        pass


def stop_inside(desk: postgres.Desk) -> None:
    """A change that goes on only when the server has ended it."""
    with desk.store.transaction() as session, connected(desk.url) as other:
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (backend,)).fetchone():
            pass
        session.execute(text("SELECT 1"))


def test_a_desk_that_only_reads_says_so(desk: postgres.Desk) -> None:
    with connected(desk.url) as other:
        name = other.info.dbname
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(OutOfReach, match="read-only"):
        take(desk.store, post("1"))
    with closing(desk.store.reader()) as reader:
        assert reader.totals() == {}


def test_each_schema_of_a_database_may_hold_a_desk(desk: postgres.Desk) -> None:
    with connected(desk.url) as other:
        other.execute("CREATE SCHEMA other")
    second = Store(home_of(f"{desk.url}&options=-csearch_path%3Dother"))
    assert second.prepare()
    take(second, post("1", "a", "only here"))
    with closing(second.reader()) as there, closing(desk.store.reader()) as here:
        assert len(there.search("only")) == 1
        assert here.totals() == {}
    second.close()


def test_a_database_in_another_encoding_is_refused() -> None:
    postgres.server().run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(OutOfReach, match=r"LATIN1.*UTF8"):
        Store(home_of(postgres.server().url("latin"))).prepare()
    postgres.server().drop("latin")


def test_tables_of_another_program_are_left_alone() -> None:
    name = postgres.server().database()
    url = postgres.server().url(name)
    with connected(url) as other:
        other.execute("CREATE TABLE conversation (theirs int)")
    with pytest.raises(OutOfReach, match="another program"):
        Store(home_of(url)).prepare()
    postgres.server().drop(name)


# -- what it tells -------------------------------------------------------------------------------------


def test_nothing_is_lost_between_two_waits(desk: postgres.Desk) -> None:
    with closing(desk.store.changes()) as changes:
        for n in range(5):
            take(desk.store, post(str(n), f"a{n}"))
            assert changes.wait(PROMPT_S)
        assert not changes.wait(0.1)


def test_a_burst_wakes_few_times_and_what_is_undone_wakes_nobody(desk: postgres.Desk) -> None:
    with closing(desk.store.changes()) as changes:
        with desk.store.transaction() as session:
            take_into(session, post("undone"))
            session.rollback()
        assert not changes.wait(0.1)
        take(desk.store, *(post(str(n), f"a{n}") for n in range(50)))
        assert changes.wait(PROMPT_S)
        woken = 1
        while changes.wait(0.1):
            woken += 1
        assert woken <= 3


# -- hostile values --------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_hostile_values_are_refused_or_repaired_and_the_rest_goes_in(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: list[dict[str, Any]] = [{"likes": 2**63 - 1, "reposts": 2**63 - 1}, {"likes": 10**30}, {"reposts": 2**63}]
    lines = [incoming(n, "plain", metrics=values) for n, values in enumerate(counts)]
    lines += [incoming(3, "a\0b"), incoming(4, "a\ud800b"), incoming(5, "good")]
    lines += [incoming(6, "many", followers=10**30), incoming(7, "most", followers=2**63 - 1)]
    given = "".join(json.dumps(one) + "\n" for one in lines).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    run(["import", "-", "--db", store.location])
    said = capsys.readouterr()
    with closing(store.reader()) as reader:
        texts = sorted(one.text for row in rows(reader) for one in reader.posts(row.id))
    assert texts == ["a\ufffdb", "a\ufffdb", "good", "most", "plain"]
    assert all(name in said.out + said.err for name in ("metrics.likes", "metrics.reposts", "author.followers"))


def incoming(n: int, words: str, followers: int = 1, **values: Any) -> dict[str, Any]:
    author = {"id": f"a{n}", "handle": f"a{n}", "followers": followers}
    return {
        "network": "x", "id": str(n), "account": "@northline", "author": author,
        "text": words, "created_at": "2026-02-11T09:14:00Z", **values,
    }  # fmt: skip


# -- cost --------------------------------------------------------------------------------------------------


class Explaining:
    """A connection that notes how the server goes about each statement."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.plans: list[str] = []

    def execute(self, sql: str, values: Any = None) -> Any:
        self.plans += [row[0] for row in self.connection.execute(f"EXPLAIN {sql}", values).fetchall()]
        return self.connection.execute(sql, values)


@pytest.fixture(scope="module")
def full() -> Iterator[postgres.Desk]:
    """Three thousand conversations with a post each, as the server's statistics know them."""
    made = postgres.Desk()
    take(made.store, *(post(str(n), f"a{n % 500}", f"train {n} is late") for n in range(3_000)))
    with connected(made.url) as connection:
        states = "(ARRAY['new', 'pending', 'resolved', 'resolved', 'claimed', 'snoozed'])[1 + id % 6]"
        connection.execute(f"UPDATE conversation SET state = {states}, surfaced_at = id")
        connection.execute("UPDATE conversation SET owner = 'a' || id % 40, claimed_at = id WHERE state = 'claimed'")
        connection.execute("VACUUM ANALYZE")
    yield made
    made.drop()
    clock.follow(None)


@pytest.fixture
def explaining(full: postgres.Desk) -> Iterator[Explaining]:
    with closing(full.store.home.connect()) as connection:
        connection.execute("SET enable_seqscan = off")
        yield Explaining(connection)


def scans(made: Explaining) -> list[str]:
    """Tables of the desk's that are read from end to end all the same: no index would do."""
    big = ("conversation", "post", "event", "author")
    return [step for step in made.plans if "Seq Scan on" in step and step.split(" on ")[1].split()[0] in big]


@pytest.mark.parametrize("view", VIEWS)
def test_pages_and_counts_have_their_indexes(explaining: Explaining, view: str) -> None:
    reader = Reader(explaining, home.POSTGRES)
    for start in (None, Key(1_000, 1_000)):
        reader.page(view, agent="a1", now=NOW, limit=50, start=start)
        reader.page(view, agent="a1", now=NOW, limit=50, start=start, backwards=True)
        reader.count(view, agent="a1", now=NOW, before=start)
    assert not scans(explaining)


def test_what_every_round_asks_has_its_index(explaining: Explaining) -> None:
    reader = Reader(explaining, home.POSTGRES)
    reader.due_timer(NOW)
    reader.events(after=3, limit=50)
    reader.posts(7)
    assert len(reader.search("train 77")) > 0
    assert not scans(explaining)
    assert any("Bitmap Index Scan on post_search" in step for step in explaining.plans)
