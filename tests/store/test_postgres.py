"""A desk in PostgreSQL when its server goes away, when another holds it, and what it tells."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import postgres
import psycopg
import pytest
from making import post, take, take_into
from sqlalchemy import text

from tui import clock
from tui.errors import OutOfReach
from tui.screens.work import Work
from tui.store import postgres as home
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
