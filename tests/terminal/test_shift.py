"""The desk in a real pty: whole shifts by keys, signals, two agents, pastes, sizes, hostile posts."""

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import copy_of, post, take
from pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.config import DRAFT_CHARACTERS
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
EVIL = (
    "help \x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x07\x1b[2J\x1bPq\x9b31m[/] [@click=app.quit]gone[/] "
    "\u202e\x1b]8;;https://evil.example\x07here\x1b]8;;\x07 hidden"
)


def desk(*arguments: str | Path, **options: Any) -> Terminal:
    """A terminal in which shiftdesk starts."""
    options = {"cols": 120, "rows": 40, "cwd": ROOT} | options
    return Terminal([sys.executable, "-m", "tui", *arguments], **options)


def opened(terminal: Terminal, shown: str = r"Feed \d") -> Terminal:
    """The desk is there and has settled."""
    terminal.wait(shown, timeout=30)
    terminal.wait("Help")
    terminal.settle()
    return terminal


def after(terminal: Terminal, key: str, shown: str, gone: str = "") -> str:
    """The screen that a key leads to. A review takes no key at first, so the key is pressed until it is taken."""
    for _ in range(20):
        terminal.press(key)
        try:
            return terminal.wait_gone(gone, timeout=1) if gone else terminal.wait(shown, timeout=1)
        except AssertionError:
            continue
    return terminal.wait_gone(gone) if gone else terminal.wait(shown)


def agree(terminal: Terminal) -> None:
    """Say y to the dialog on screen, once it listens."""
    after(terminal, "y", "", gone=r"esc  (back|stay)")


def write(terminal: Terminal, words: str) -> None:
    """Open the editor on the conversation under the cursor, and write."""
    terminal.press("r")
    terminal.wait("Reply to @")
    terminal.wait("Review & send")
    terminal.type(words)
    terminal.wait(re.escape(words[-12:]))


def ended(terminal: Terminal) -> str:
    """End the shift by its keys; what stands on stdout then."""
    terminal.press("q")
    terminal.wait("End the shift")
    agree(terminal)
    assert terminal.exit_code(30) == 0
    assert terminal.restored(), terminal.modes
    return terminal.after_exit()


@pytest.fixture
def imported(template: Path, tmp_path: Path) -> Callable[..., Store]:
    """Makes a desk with posts of these texts, or of two customers."""

    def made(*texts: str) -> Store:
        store, now = copy_of(template, tmp_path / "desk"), clock.now()
        texts = texts or ("My train is late", "Where is platform 9?")
        posts = [
            post(str(n), f"customer{n}", text, created_at=now - (20 - n) * MINUTE, account="@northline")
            for n, text in enumerate(texts)
        ]
        take(store, *posts, now=now)
        store.close()
        return store

    return made


# -- whole shifts ---------------------------------------------------------------------------------


def test_a_whole_shift_by_keys() -> None:
    with desk("--agent", "ana", "demo") as terminal:
        opened(terminal)
        terminal.press("n")
        terminal.wait("Claimed 1")
        terminal.press("r")
        terminal.wait("Reply to @")
        terminal.press("ctrl+r")
        terminal.wait("Canned responses")
        terminal.type("guard")
        terminal.wait("│ guard")
        terminal.press("enter")
        terminal.wait_gone("Canned responses")
        terminal.wait(r" [1-9]\d*/\d+")
        terminal.press("ctrl+s")
        terminal.wait("y  send")
        agree(terminal)
        terminal.wait(r"reply to @\S+ leaves in \d+ s")
        terminal.press("U")
        terminal.wait("is recalled")
        terminal.press("r")
        terminal.wait(r"Reply to @.* [1-9]\d*/\d+")
        terminal.press("ctrl+s")
        terminal.wait("y  send")
        agree(terminal)
        terminal.wait(r"reply to @\S+ leaves in")

        resurfaced(terminal, r"resurfaced: posted 90d")
        stopped(terminal, wrong="yes")
        terminal.press("escape")
        terminal.wait("Claimed [12]")

        terminal.press("s")
        terminal.wait("Skip")
        terminal.type("old news")
        terminal.press("enter")
        terminal.wait("Skipped; others still see it")
        terminal.wait("Claimed 0", timeout=30)
        summary = ended(terminal)
    assert "ana" in summary
    assert re.search(r"1 reply sent", summary), summary
    assert re.search(r"skipped +@\S+: old news", summary), summary


def resurfaced(terminal: Terminal, shown: str) -> None:
    """Look at the view of resurfaced posts, newest first."""
    terminal.press("v")
    terminal.wait("Views")
    terminal.press("3")
    terminal.wait("Feed .* resurfaced")
    terminal.wait(shown)


def stopped(terminal: Terminal, wrong: str) -> None:
    """The review stops a reply with the age of the post, and takes no other word for it."""
    write(terminal, "We are on our way to you")
    terminal.press("ctrl+s")
    shown = terminal.wait("resurfaced stops this")
    demanded = re.search(r"press o and type (\d+\w+)", shown)
    assert demanded, shown
    terminal.press("y")
    terminal.wait("resurfaced stops this")
    after(terminal, "o", "type it here, then enter")
    terminal.type(wrong)
    terminal.press("enter")
    terminal.wait(f"Refused: resurfaced asks for exactly {demanded[1]}")
    terminal.press("escape")
    terminal.wait_gone("Refused")
    terminal.wait("on our way to you")


def test_a_short_shift_on_a_small_terminal() -> None:
    with desk("--agent", "ana", "demo", cols=80, rows=24) as terminal:
        opened(terminal)
        terminal.press("n")
        terminal.wait("Claimed 1")
        write(terminal, "Our duty manager is on the way")
        shown = terminal.screen()
        assert shown.count("duty manager") == 1, shown
        terminal.press("ctrl+s")
        terminal.wait("y  send")
        terminal.wait(r"publicly to @")
        after(terminal, "e", "", gone="y  send")
        terminal.type(" now")
        terminal.wait("on the way now")
        terminal.press("escape")
        terminal.wait("↳ draft")
        terminal.press("u")
        terminal.wait("Back in the queue")
        assert "1 reply" not in ended(terminal)


# -- how it ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_in_the_middle_of_a_draft_keeps_it(imported: Callable[..., Store], number: int, code: int) -> None:
    store = imported("My train is late")
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal)
        write(terminal, "Half a sen")
        terminal.send(b"tence")
        terminal.wait("Half a sentence")
        terminal.signal(number)
        assert terminal.exit_code() == code
        assert terminal.restored(), terminal.modes
    draft = store.reader().draft(1)
    assert draft is not None
    assert draft.text == "Half a sentence"
    if number == signal.SIGTERM:
        with desk("--db", store.path, "--agent", "ana") as terminal:
            opened(terminal, "Claimed 1")
            terminal.press("tab")
            terminal.wait("^.*│ Half a sentence")


def test_a_database_that_goes_away_is_a_sentence_and_a_way_out(imported: Callable[..., Store]) -> None:
    store = imported()
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal)
        terminal.press("c")
        terminal.wait("Claimed 1")
        for path in store.path.parent.glob("desk.db*"):
            path.unlink()
        store.path.write_bytes(b"garbage" * 1000)
        terminal.press("n")
        terminal.wait("out of reach since .* (refused|is gone)")
        terminal.press("q")
        terminal.wait("leave without a handoff")
        terminal.press("y")
        assert terminal.exit_code(30) == 3
        assert terminal.restored(), terminal.modes


# -- two agents -----------------------------------------------------------------------------------


def test_what_one_agent_does_shows_on_the_desk_of_the_other(imported: Callable[..., Store]) -> None:
    store = imported()
    with desk("--db", store.path, "--agent", "ana") as ana, desk("--db", store.path, "--agent", "ben") as ben:
        opened(ana, "Feed 2")
        opened(ben, "Feed 2")
        ana.press("c")
        ana.wait("Claimed 1")
        ben.wait("Feed 1")
        ben.press("v")
        ben.wait("Views")
        ben.press("4")
        ben.wait("Feed 2 .* all")
        ben.wait("claimed by ana")
        ben.press("T")
        ben.wait("Take over")
        ben.type("ana went home")
        ben.press("enter")
        ben.wait("Claimed 1")
        ana.wait("ben took over conversation 2: ana went home")
        ana.wait("Claimed 0")


# -- what comes from outside ----------------------------------------------------------------------


def test_a_paste_neither_sends_nor_floods(imported: Callable[..., Store]) -> None:
    store = imported("My train is late")
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal)
        write(terminal, "Dear customer")
        terminal.send(b"\x1b[200~ harmless \x1b[201~\x13y\x1b[201~")
        terminal.wait("y  send")
        terminal.settle()
        terminal.send(b"\x1b[200~y\x1b[201~y\x1b[201~")
        terminal.settle()
        terminal.wait("y  send")
        after(terminal, "e", "", gone="y  send")
        terminal.wait("Dear customer harmless")
        terminal.paste("lorem ipsum\n" * 87_000)
        terminal.wait("The paste was longer than a draft may be", timeout=60)
        terminal.press("escape")
        terminal.wait("End shift")
        ended(terminal)
    reader = store.reader()
    draft = reader.draft(1)
    assert reader.replies(1) == []
    assert draft is not None
    assert len(draft.text) == DRAFT_CHARACTERS
    assert draft.text.startswith("Dear customer harmless")


def test_keys_with_alt_do_what_the_help_says_and_write_no_letter(imported: Callable[..., Store]) -> None:
    store = imported("My train is late")
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal)
        write(terminal, "one two three")
        terminal.press("home", "alt+d", "alt+x", "alt+m", "alt+f", "alt+b")
        terminal.type("and ")
        terminal.wait("^.* and two three *$")
        terminal.press("alt+a")
        terminal.type("four")
        terminal.wait("(^|│) *four *$")
        terminal.press("escape")
        terminal.wait("End shift")
        ended(terminal)
    draft = store.reader().draft(1)
    assert draft is not None
    assert draft.text == "four"


MARK, END, SEND = b"\x1b[200~", b"\x1b[201~", b"\x13"
PASTES = {
    "in one read": [MARK + b" pasted" + END + SEND + b"y"],
    "over several reads": [MARK + b" pas", b"ted" + END, SEND, b"y"],
    "a piece a byte": [bytes([byte]) for byte in MARK + b" pasted" + END + SEND + b"yyyy"],
    "with an override": [MARK + b" pasted" + END + SEND + b"o206d\ry", b"\r", b"y"],
    "1 MB of y": [MARK + b" pasted" + END + SEND + b"y" * 1_000_000, b"y"],
    "not bracketed": [b" pasted" + SEND + b"y", b"y"],
    "not bracketed, long": [b" pasted" * 10_000 + SEND + b"y" * 10_000, b"y"],
}


@pytest.mark.parametrize("pieces", PASTES.values(), ids=PASTES)
def test_a_paste_that_ends_itself_and_sends_sends_nothing(imported: Callable[..., Store], pieces: list[bytes]) -> None:
    store = imported("My train is late")
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal)
        write(terminal, "Dear customer")
        for piece in pieces:
            terminal.send(piece)
        terminal.wait("esc  back", timeout=60)
        terminal.settle(1)
        terminal.wait("esc  back")
        after(terminal, "e", "", gone="esc  back")
        reader = store.reader()
        assert reader.replies(1) == []
        assert reader.outbox() == []


def test_no_size_is_too_small(imported: Callable[..., Store]) -> None:
    with desk("--db", imported().path, "--agent", "ana") as terminal:
        opened(terminal)
        write(terminal, "Dear customer")
        for cols, rows in ((80, 24), (40, 10), (20, 3), (200, 60)):
            terminal.resize(cols, rows)
            terminal.settle(0.5)
        terminal.wait("Dear customer")
        terminal.wait("Conversation")
        terminal.press("escape")
        for cols, rows in ((40, 10), (1, 1), (120, 40)):
            terminal.resize(cols, rows)
            terminal.settle(0.5)
        terminal.wait("Feed 1")
        ended(terminal)


def test_nothing_a_customer_writes_reaches_the_terminal_raw(imported: Callable[..., Store]) -> None:
    store = imported(EVIL)
    with desk("--db", store.path, "--agent", "ana") as terminal:
        opened(terminal, "Feed 1")
        terminal.wait(r"\[@click=app.quit\]gone")
        terminal.press("enter")
        terminal.press("w")
        terminal.wait("Score")
        terminal.press("escape")
        terminal.wait_gone("Score")
        write(terminal, "Dear customer")
        terminal.press("ctrl+s")
        terminal.wait("y  send")
        after(terminal, "e", "", gone="y  send")
        terminal.press("escape")
        terminal.wait("↳ draft")
        ended(terminal)
        assert not [osc for osc in terminal.osc if osc != "22;default"], terminal.osc
        for raw in (b"\x1b]52", b"\x1b]0;", b"\x1bP", b"\xc2\x9b", "\u202e".encode()):
            assert raw not in terminal.raw


def test_no_colour_where_none_is_wanted(imported: Callable[..., Store]) -> None:
    store = imported()
    with desk("--db", store.path, "--agent", "ana", env={"NO_COLOR": "1"}) as terminal:
        opened(terminal)
        terminal.press("j")
        terminal.press("w")
        terminal.wait("Score")
        terminal.press("escape")
        terminal.wait_gone("Score")
        ended(terminal)
        used = {code for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.raw) for code in codes.split(b";")}
        assert used <= {b"", *(b"%d" % plain for plain in range(30)), b"39", b"49"}, used
