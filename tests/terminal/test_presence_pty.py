"""Several desks in real ptys: a process that dies, a line that drops, a take-over, a terminal that stopped reading."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from making import copy_of, post, take
from pty_app import Terminal

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.desk import claims
from tui.store.reader import GONE, PresentRow
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
TEN_SECONDS = 10_000


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Store:
    """A desk with two customers; the first waits longest."""
    made, now = copy_of(template, tmp_path / "desk"), clock.now()
    texts = ("@northline my train is late", "@northline my bus is late")
    posts = [
        post(str(n), f"customer{n}", words, created_at=now - (20 - n) * MINUTE, account="@northline")
        for n, words in enumerate(texts)
    ]
    take(made, *posts, now=now)
    made.close()
    return made


def desk(store: Store, agent: str, cols: int = 120, rows: int = 40) -> Terminal:
    """A terminal in which an agent opens the desk."""
    command = [sys.executable, "-m", "tui", "--db", store.path, "--agent", agent]
    return Terminal(command, cols=cols, rows=rows, cwd=ROOT)


def opened(terminal: Terminal, shown: str = r"Feed \d") -> Terminal:
    """The desk is there and has settled."""
    terminal.wait(shown, timeout=30)
    terminal.wait("Help|Replies go to|Your line dropped")
    terminal.settle()
    return terminal


def write(terminal: Terminal, words: str) -> None:
    """Write to the conversation under the cursor."""
    terminal.press("r")
    terminal.wait("Reply to @")
    terminal.wait("Review & send")
    terminal.type(words)


def see_all(terminal: Terminal, count: int = 2) -> None:
    """Every conversation in the feed."""
    terminal.press("v")
    terminal.wait("Views")
    terminal.press("4")
    terminal.wait(f"Feed {count} .* all")


def told(store: Store, agent: str) -> PresentRow | None:
    reader = store.reader()
    try:
        return next((row for row in reader.present(clock.now()) if row.agent == agent), None)
    finally:
        reader.close()


def until(terminal: Terminal, reached: Callable[[], object], what: str) -> None:
    """Wait for what is not on the screen, and read the terminal meanwhile."""
    for _ in range(600):
        if reached():
            return
        terminal.settle(0.05)
    raise AssertionError(f"{what} did not come; screen:\n{terminal.screen()}")


@pytest.mark.parametrize(("cols", "rows"), [(120, 40), (80, 24)])
def test_who_dies_is_gone_within_ten_seconds_and_finds_text_and_cursor(store: Store, cols: int, rows: int) -> None:
    with desk(store, "ben", cols, rows) as ben:
        opened(ben)
        with desk(store, "ana", cols, rows) as ana:
            opened(ana)
            write(ana, "Dear customer")
            see_all(ben)
            ben.press("G")
            ben.wait("Conversation · ana is writing")
            ana.press("left", "left", "left")
            ana.type("X")
            until(ana, lambda: (draft := store.reader().draft(1)) and draft.text == "Dear custoXmer", "the draft")
            ana.signal(signal.SIGKILL)
            assert ana.exit_code() == -signal.SIGKILL
        died = clock.now()
        ben.wait("Conversation · ana's line dropped", timeout=60)
        row = told(store, "ana")
        assert row is not None
        assert row.since + GONE - died <= TEN_SECONDS
        with desk(store, "ana", cols, rows) as again:
            opened(again, "Your line dropped.*; this is what you were writing")
            again.type("Y")
            again.wait("Dear custoXYmer")
            ben.wait("Conversation · ana is writing")


def test_a_process_of_this_host_that_died_is_found_at_once(store: Store) -> None:
    with desk(store, "ana") as ana:
        opened(ana)
        write(ana, "Dear customer")
        until(ana, lambda: store.reader().draft(1), "the draft")
        until(ana, lambda: (row := told(store, "ana")) and row.doing == "writes", "that ana writes")
        ana.signal(signal.SIGKILL)
        ana.exit_code()
    with desk(store, "ana") as again:
        opened(again, "this is what you were writing")
        again.type("!")
        again.wait("Dear customer!")


def test_a_line_that_drops_is_told_at_once(store: Store) -> None:
    with desk(store, "ben") as ben:
        opened(ben)
        ben.press("j")
        with desk(store, "ana") as ana:
            opened(ana)
            write(ana, "Dear cust")
            ana.send(b"omer")
            ana.wait("Dear customer")
            ana.hang_up()
            ana.exit_code()
        row = told(store, "ana")
        assert row is not None
        assert (row.doing, row.did, row.conversation_id) == ("dropped", "writes", 1)
        draft = store.reader().draft(1)
        assert draft is not None
        assert draft.text == "Dear customer"
        see_all(ben)
        ben.wait("ana's line dropped")


def test_a_take_over_is_seen_on_both_desks_and_two_never_write_one_draft(store: Store) -> None:
    with desk(store, "ana") as ana, desk(store, "ben", 80, 24) as ben:
        opened(ana)
        write(ana, "Dear customer, we")
        until(ana, lambda: (draft := store.reader().draft(1)) and draft.text == "Dear customer, we", "the draft")
        opened(ben)
        see_all(ben)
        ben.press("G")
        ben.wait("ana is writing")
        ben.press("T")
        ben.wait("Take over")
        ben.type("ana is at lunch")
        ben.press("enter")
        ben.wait(r"It is yours now, draft included")
        ana.wait("ben took over conversation 1: ana is at lunch")
        ana.wait("Conversation · ben is writing")
        ana.type("eqn")  # neither written nor keys of the list
        ben.type(" look")
        until(ben, lambda: (draft := store.reader().draft(1)) and draft.text.endswith("we look"), "the draft")
        assert "Dear customer, weeqn" not in ana.screen()
        row = store.reader().conversation(1)
        assert row is not None
        assert (row.state, row.owner) == ("claimed", "ben")
        ana.press("escape")
        ana.wait("Claimed 0")


def test_the_pulse_goes_on_where_the_terminal_stopped_reading(store: Store) -> None:
    with desk(store, "ana") as ana:
        opened(ana)
        write(ana, "Dear customer")
        ana.freeze()
        for _ in range(200):
            ana.send(b"x")
        before = told(store, "ana")
        assert before is not None
        until(ana, lambda: (row := told(store, "ana")) and row.beat_at > before.beat_at, "a beat")


def test_who_was_stopped_past_the_lease_renews_nothing(store: Store) -> None:
    with desk(store, "ana") as ana:
        opened(ana)
        write(ana, "Dear customer")
        until(ana, lambda: (row := told(store, "ana")) and row.doing == "writes", "that ana writes")
        ana.type("!")
        ana.signal(signal.SIGSTOP)
        ana.wait_stopped()
        with store.transaction() as session:
            session.connection().exec_driver_sql("UPDATE conversation SET timer_at = 1 WHERE id = 1")
        stopped = told(store, "ana")
        ana.signal(signal.SIGCONT)
        until(ana, lambda: (row := told(store, "ana")) and row.beat_at != stopped.beat_at, "a beat")  # type: ignore[union-attr]
        row = store.reader().conversation(1)
        assert row is not None
        assert row.timer_at in (1, None)
        with store.transaction() as session:
            claims.wake(session, clock.now())
            claims.claim(session, 1, agent="ben", now=clock.now(), lease=HOUR)
        ana.type(" I")
        ana.wait(r"(is not claimed by ana|is claimed by ben|went back)")


def test_two_desks_of_one_agent_say_so(store: Store) -> None:
    with desk(store, "ana") as first:
        opened(first)
        write(first, "Dear customer")
        until(first, lambda: (row := told(store, "ana")) and row.doing == "writes", "that ana writes")
        with desk(store, "ana") as second:
            opened(second, "You have another desk open on .*, which writes to @customer0")
            second.press("tab")
            second.press("enter")
            second.wait("Conversation · you write at another desk")
