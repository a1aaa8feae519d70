"""The desk in a real pty while its storage goes away and comes back: a server, a file, a disk."""

import re
import resource
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import postgres
import pytest
from making import copy_of, post, take
from pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.config import state_folder
from tui.desk import claims
from tui.store.sqlite import sqlite3
from tui.store.store import Store, home_of

ROOT = Path(__file__).parents[2]
US = "@northline"
BANNER = r"Storage out of reach since \d\d:\d\d"
IS_BACK = 20
"""Patience for a storage that is back, on a machine that is busy (s); the desk tries each second."""


def opened(location: str, agent: str = "ana", **options: Any) -> Terminal:
    """A terminal in which the desk of an agent starts."""
    options = {"cols": 120, "rows": 40, "cwd": ROOT} | options
    return Terminal([sys.executable, "-m", "tui", "--agent", agent, "--db", location], **options)


@contextmanager
def writing(location: str, words: str = "We are sorry", **options: Any) -> Iterator[Terminal]:
    """A desk in which Ana is writing to the first customer, stored so far."""
    with opened(location, **options) as terminal:
        terminal.wait(r"Feed \d", timeout=30)
        terminal.settle()
        terminal.press("n")
        terminal.wait("Claimed 1")
        terminal.press("r")
        terminal.wait("Reply to @")
        terminal.type(words)
        until(lambda: draft(location) == words)
        yield terminal


def until(reached: Callable[[], Any], patience: float = IS_BACK) -> None:
    """Wait for something that is not on the screen."""
    end = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < end, "it did not come"


def draft(location: str, conversation_id: int = 1) -> str:
    with closing(Store(home_of(location)).reader()) as reader:
        found = reader.draft(conversation_id)
        return found.text if found else ""


def filled(store: Store, customers: int = 3) -> Store:
    now = clock.now()
    take(
        store,
        *(
            post(str(n), f"customer{n}", f"My train {n} is late", created_at=now - (90 - n) * MINUTE, account=US)
            for n in range(customers)
        ),
        now=now,
    )
    return store


@pytest.fixture
def file(template: Path, tmp_path: Path) -> str:
    """The place of a desk in a file."""
    store = filled(copy_of(template, tmp_path / "desk"))
    store.close()
    return store.location


class Server:
    """A PostgreSQL server that is stopped and started again, with a desk on it."""

    def __init__(self) -> None:
        self._running = postgres.Running()
        self.location = self._running.url(self._running.database())
        store = Store(home_of(self.location))
        store.prepare()
        filled(store).close()
        clock.follow(None)

    def stop(self) -> None:
        self._running._server.stop()

    def start(self) -> None:
        self._running._server.ensure_postgres_running()

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes."""
        postmaster = self._running._server.get_postmaster_info().process
        for process in [postmaster, *postmaster.children(recursive=True)]:
            process.send_signal(number)

    def run(self, statement: str) -> None:
        self._running.run(statement)

    def end(self) -> None:
        self._running.stop()


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


@pytest.fixture
def server(one_server: Server) -> Iterator[Server]:
    """It runs, whatever the test before did, and nothing is claimed or drafted."""
    one_server.start()
    store = Store(home_of(one_server.location))
    with store.transaction() as session:
        connection = session.connection()
        connection.exec_driver_sql("DELETE FROM draft")
        connection.exec_driver_sql("DELETE FROM reply")
        connection.exec_driver_sql("DELETE FROM presence")
        connection.exec_driver_sql(
            "UPDATE conversation SET state = 'new', owner = NULL, claimed_at = NULL, timer_at = NULL"
        )
    store.close()
    clock.follow(None)
    yield one_server
    one_server.start()


# -- a server -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_writing_goes_on_while_the_server_is_stopped(server: Server, size: tuple[int, int]) -> None:
    with writing(server.location, cols=size[0], rows=size[1]) as terminal:
        server.stop()
        terminal.wait(BANNER)
        assert "stored when it is back." in " ".join(terminal.screen().split())
        terminal.type(", and look into it")
        terminal.press("escape")
        terminal.press("u")
        terminal.wait("nothing was changed")
        assert "customer0" in terminal.screen()
        server.start()
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: draft(server.location) == "We are sorry, and look into it")
        terminal.press("u")
        terminal.wait("Back in the queue, draft included")
        assert draft(server.location) == "We are sorry, and look into it"


def test_who_leaves_without_the_server_is_told_where_the_words_are(server: Server) -> None:
    with writing(server.location) as terminal:
        server.stop()
        terminal.wait(BANNER)
        terminal.type(", and wait")
        terminal.press("escape", "q")
        terminal.wait("Not stored yet: your reply to @customer0")
        terminal.press("y")
        assert terminal.exit_code(30) == 3
        assert terminal.restored()
        said = " ".join(terminal.after_exit().split())
    (path,) = state_folder().glob("unstored-*")
    assert f"What could not be stored is in {path}" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "We are sorry, and wait" in path.read_text()
    assert not list(state_folder().glob("crash-*"))
    server.start()
    with opened(server.location) as terminal:
        until(lambda: draft(server.location) == "We are sorry, and wait", 30)
        until(lambda: not path.exists())


def test_a_server_that_does_not_answer_is_no_longer_waited_for(server: Server) -> None:
    with writing(server.location) as terminal:
        server.signal(signal.SIGSTOP)
        try:
            terminal.type(", and wait")
            terminal.wait(BANNER + ": does not answer", timeout=IS_BACK)
            terminal.type(" on")
            terminal.wait("and wait on")
        finally:
            server.signal(signal.SIGCONT)
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: draft(server.location) == "We are sorry, and wait on")
        server.signal(signal.SIGSTOP)
        try:
            terminal.type("!")
            terminal.wait(BANNER, timeout=IS_BACK)
            terminal.press("escape", "q")
            terminal.wait("Not stored yet", timeout=IS_BACK)
            terminal.press("y")
            assert terminal.exit_code() == 3
            assert "What could not be stored is in" in " ".join(terminal.after_exit().split())
        finally:
            server.signal(signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_without_the_server_leaves_the_words_in_the_file(server: Server, number: signal.Signals) -> None:
    with writing(server.location) as terminal:
        server.stop()
        terminal.wait(BANNER)
        terminal.type(", and so on")
        terminal.wait("and so on")
        terminal.signal(number)
        assert terminal.exit_code(10) == 128 + number
    (path,) = state_folder().glob("unstored-*")
    assert "We are sorry, and so on" in path.read_text()


def test_a_desk_that_cannot_start_says_why_in_one_sentence(server: Server) -> None:
    server.stop()
    with opened(server.location) as terminal:
        assert terminal.exit_code(30) == 3
        said = terminal.screen() + terminal.after_exit()
        assert "check that the server runs" in " ".join(said.split())
        assert "Traceback" not in said


def test_a_server_that_is_only_read_is_out_of_reach_for_changes(server: Server) -> None:
    with writing(server.location) as terminal:
        server.run("ALTER SYSTEM SET default_transaction_read_only = on")
        server.run("SELECT pg_reload_conf()")
        try:
            until(lambda: terminal.type(".") or re.search(BANNER, terminal.screen()))
            assert "it is read-only" in " ".join(terminal.screen().split())
        finally:
            server.run("ALTER SYSTEM RESET default_transaction_read_only")
            server.run("SELECT pg_reload_conf()")
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: re.fullmatch(r"We are sorry\.+", draft(server.location)))


# -- a file ---------------------------------------------------------------------------------------


def test_a_file_that_another_process_locks_is_waited_for(file: str) -> None:
    with writing(file) as terminal, closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        terminal.type(", and wait")
        terminal.wait(BANNER, timeout=IS_BACK)
        terminal.type(" for it")
        terminal.wait("and wait for it")
        other.execute("ROLLBACK")
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: draft(file) == "We are sorry, and wait for it")


def test_a_file_that_is_replaced_is_left_alone_until_it_is_back(file: str, tmp_path: Path) -> None:
    with writing(file) as terminal:
        aside = tmp_path / "aside.db"
        Path(file).rename(aside)
        Path(file).write_bytes(aside.read_bytes())
        terminal.wait(BANNER)
        terminal.type(", and wait")
        terminal.wait("and wait")
        assert draft(file) == "We are sorry"
        aside.replace(file)
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: draft(file) == "We are sorry, and wait")


def test_a_disk_without_space_is_waited_for(file: str) -> None:
    with writing(file) as terminal:
        before = resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        terminal.type(", and wait")
        terminal.wait(BANNER, timeout=IS_BACK)
        terminal.press("escape", "down", "c")
        terminal.wait("nothing was changed")
        resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, before)
        terminal.wait_gone(BANNER, timeout=IS_BACK)
        until(lambda: draft(file) == "We are sorry, and wait")
    assert not list(state_folder().glob("crash-*"))


# -- what others do -------------------------------------------------------------------------------


@pytest.fixture(params=["file", "server"])
def many(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Store]:
    """A desk of either kind with more customers than the screen has rows."""
    if request.param == "file":
        made = filled(copy_of(template, tmp_path / "desk"), 60)
        yield made
        made.close()
    else:
        desk = postgres.Desk()
        yield filled(desk.store, 60)
        desk.drop()
        clock.follow(None)


def test_what_others_do_shows_and_the_row_under_the_cursor_stays(many: Store) -> None:
    with opened(many.location) as terminal:
        terminal.wait(r"Feed 60", timeout=30)
        terminal.wait("Help")
        terminal.press(*["down"] * 3)
        line = next(row for row in terminal.screen().splitlines() if "▌" in row)
        with many.transaction() as session:
            claims.claim(session, 6, agent="bob", now=clock.now(), lease=MINUTE)
        terminal.wait("Feed 59")
        terminal.settle(0.5, 0.3)
        assert line in terminal.screen().splitlines()
        # What is not on screen costs no more than the number in the title.
        before = len(terminal.raw)
        with many.transaction() as session:
            claims.claim(session, 55, agent="bob", now=clock.now(), lease=MINUTE)
        terminal.wait("Feed 58")
        terminal.settle(0.5, 0.3)
        assert len(terminal.raw) - before < 120, terminal.raw[before:]
        assert line in terminal.screen().splitlines()
