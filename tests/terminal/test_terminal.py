"""The terminal module in a real pty: painting, keys, signals, crash. The probe app stands for the desk."""

import os
import random
import signal
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pty_app import Terminal, encode
from textual import events

from tui.screens.terminal import PASTE_KEYS, PASTE_TAIL_SECONDS, Arrivals, SafeParser, typed_alone, with_pastes

PROBE = Path(__file__).parent / "probe_app.py"
READY = "post 0"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Where the probe writes its last words; its state folder is beside it."""
    return tmp_path / "words"


def probe(words: Path, *flags: str, **options: object) -> Terminal:
    root = PROBE.parents[2]
    return Terminal([sys.executable, PROBE, words, *flags], env={"PYTHONPATH": str(root)}, **options)  # type: ignore[arg-type]


def ready(terminal: Terminal) -> None:
    """Wait for the first whole screen; the footer comes last."""
    terminal.wait(READY)
    terminal.wait("palette")
    terminal.settle()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_signal_restores_the_terminal_and_says_which(words: Path, number: int, code: int) -> None:
    with probe(words) as terminal:
        ready(terminal)
        assert not terminal.cooked()
        terminal.signal(number)
        assert terminal.exit_code() == code
        assert terminal.restored(), terminal.modes
        assert terminal.after_exit() == ""
    assert words.read_text() == "goodbye"


def test_hang_up_ends_promptly_after_the_last_words(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.hang_up()
        assert terminal.exit_code() == 129
    assert words.read_text() == "goodbye"


def test_endless_last_words_do_not_hold_the_terminal(words: Path) -> None:
    with probe(words, "slow") as terminal:
        ready(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 143
        assert terminal.restored(), terminal.modes


def test_a_terminal_that_takes_no_output_cannot_keep_the_process(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.freeze()
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_code() == 143
        assert terminal.cooked()
    assert words.read_text() == "goodbye"


def test_bytes_no_keyboard_sends_change_nothing(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.press("tab")
        for sent in (b"caf\xe9 ", b"\xff\xfe", b"\x1b[1114112u", b"\x1b[55296u", b"\x1b[48;9;9;9;9t"):
            terminal.send(sent)
            terminal.settle()
        terminal.type("still")
        terminal.wait("caf\N{REPLACEMENT CHARACTER} .*still")
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
        assert terminal.restored()


def test_one_key_is_alone_and_keys_in_company_are_not(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.press("j")
        terminal.wait("keys: j alone")
        terminal.press("escape")
        terminal.wait("keys: escape alone")
        terminal.send(b"xy")
        terminal.wait("keys: y pasted")


def test_keys_inside_and_behind_a_paste_are_pasted(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.send(b"\x1b[200~harmless\x1b[201~y\x1b[201~")
        terminal.wait("keys: y pasted")
        terminal.settle(patience=0.5)
        terminal.press("n")
        terminal.wait("keys: n alone")


@given(
    st.lists(st.sampled_from(["ab", "\x1b", "[", "\x1b[20~", "\x1b[A", "\x1b[200", "~", "\r", "\x1b[31m"])), st.data()
)
def test_no_escape_sequence_in_a_paste_is_a_key(pasted: list[str], data: st.DataObject) -> None:
    words = "".join(pasted)
    came = f"j\x1b[200~{words}\x1b[201~k"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(came) - 1))))
    parser = SafeParser()
    pieces = [came[start:end] for start, end in pairwise([0, *cuts, len(came)])]
    came_in = [message for piece in pieces for message in parser.feed(piece)]
    assert [told(message) for message in [*came_in, *parser.feed("\x1b[A")]] == [
        "j",
        words.replace("\x1b", ""),
        "k",
        "up",
    ]


def told(message: object) -> str:
    """What was pasted, or the name of a key."""
    return message.text if isinstance(message, events.Paste) else getattr(message, "key", repr(message))


def test_a_paste_in_pieces_stays_a_paste_until_it_pauses() -> None:
    key, paste, arrivals = events.Key("y", "y"), events.Paste("harmless"), Arrivals()
    assert not arrivals.in_company([key], pending=False, now=100.0)
    assert arrivals.in_company([paste], pending=False, now=101.0)
    assert arrivals.in_company([key], pending=False, now=101.2)
    assert arrivals.in_company([key], pending=False, now=101.4)
    assert not arrivals.in_company([key], pending=False, now=101.4 + PASTE_TAIL_SECONDS)
    assert arrivals.in_company([key], pending=True, now=103.0)
    assert arrivals.in_company([key, key], pending=False, now=104.0)


def test_a_key_of_a_test_pilot_is_typed_alone() -> None:
    assert typed_alone(events.Key("y", "y"))


def test_painting_changed_cells_shows_what_textual_shows(words: Path) -> None:
    names = ["down", "up", "pagedown", "home", "tab", "f2", "escape", "f4", "x", "漢", "é", "enter", "backspace"]
    keys = random.Random(20).choices(names, k=20)
    with probe(words, "silent", "plain") as plain, probe(words, "silent") as desk:
        ready(plain)
        ready(desk)
        for step, key in enumerate(keys):
            for terminal in (plain, desk):
                terminal.send(encode(key))
                if step == 14:
                    terminal.resize(70, 24)
            for terminal in (plain, desk):
                terminal.settle(0.3 if key == "escape" else 0.06)
            assert same_cells(plain, desk), f"after {keys[: step + 1]}\n{plain.screen()}\n{desk.screen()}"
        assert len(desk.raw) * 4 < len(plain.raw)


def test_without_an_internal_of_textual_its_own_painting_goes_on(words: Path) -> None:
    with probe(words, "broken") as terminal:
        ready(terminal)
        terminal.press("down")
        terminal.wait("post 1")
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0


def comes_back(terminal: Terminal, shown: str) -> bool:
    """Whether the screen becomes again what it was."""
    for _ in range(30):
        terminal.settle(patience=0.3)
        if terminal.screen() == shown:
            return True
    return False


def same_cells(one: Terminal, other: Terminal) -> bool:
    for _ in range(20):
        if one.cells() == other.cells():
            return True
        one.settle()
        other.settle()
    return False


def test_links_have_one_id_for_each_address(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.press(*["down"] * 6)
        links = {osc for osc in terminal.osc if osc.startswith("8;id=")}
        assert {link.partition(";id=")[2].partition(";")[2] for link in links} == {
            f"https://example.org/{n}" for n in range(3)
        }
        assert len(links) == 3


def test_painting_again_what_is_there_sends_nothing(words: Path) -> None:
    with probe(words, "silent") as terminal:
        ready(terminal)
        terminal.settle(patience=0.5)
        before = len(terminal.raw)
        terminal.press("f5", "home")
        assert len(terminal.raw) == before


def test_updates_are_synchronised_only_where_that_is_supported(words: Path) -> None:
    with probe(words, sync=False) as terminal:
        ready(terminal)
        terminal.press("down")
        assert b"\x1b[?2026h" not in terminal.raw


@pytest.mark.parametrize("from_outside", [False, True])
def test_suspend_and_resume_paint_the_whole_screen_again(words: Path, from_outside: bool) -> None:
    with probe(words, "silent") as terminal:
        ready(terminal)
        terminal.press("down")
        terminal.wait("post 1")
        terminal.settle()
        before = terminal.screen()
        if from_outside:
            terminal.signal(signal.SIGTSTP)
        else:
            terminal.press("ctrl+z")
        terminal.wait_stopped()
        terminal.settle()
        assert terminal.restored(), terminal.modes
        terminal.signal(signal.SIGCONT)
        terminal.wait("post 1")
        assert comes_back(terminal, before), terminal.screen()
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
        assert terminal.restored()


def test_stopped_and_continued_from_outside_still_restores(words: Path) -> None:
    with probe(words, "silent") as terminal:
        ready(terminal)
        before = terminal.screen()
        terminal.signal(signal.SIGSTOP)
        terminal.wait_stopped()
        terminal.signal(signal.SIGCONT)
        terminal.settle(patience=1)
        terminal.wait(READY)
        assert comes_back(terminal, before), terminal.screen()
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
        assert terminal.restored()


def test_shrinking_and_growing_at_once_leaves_nothing_stale(words: Path) -> None:
    with probe(words, "silent") as terminal:
        ready(terminal)
        before = terminal.screen()
        terminal.resize(40, 10)
        terminal.resize(100, 30)
        assert comes_back(terminal, before), terminal.screen()


def test_crash_is_one_sentence_with_a_private_log(words: Path) -> None:
    with probe(words) as terminal:
        ready(terminal)
        terminal.press("f3")
        assert terminal.exit_code() == 1
        assert terminal.restored()
        said = terminal.after_exit().replace("\n", "")
        (log,) = (words.parent / "state").iterdir()
        assert said.startswith("shiftdesk stopped")
        assert log.name in said
        assert "Traceback" not in said
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    text = log.read_text()
    assert "RuntimeError: broken with 12 letters" in text
    assert "action_crash" in text


@pytest.mark.parametrize("term", ["dumb", None])
def test_a_terminal_that_cannot_paint_is_refused(words: Path, term: str | None) -> None:
    with Terminal([sys.executable, PROBE, words], env={"TERM": term, "PYTHONPATH": str(PROBE.parents[2])}) as terminal:
        assert terminal.exit_code() == 64
        assert "TERM" in terminal.after_exit()


def test_no_terminal_is_refused_before_textual_is_loaded(words: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(PROBE.parents[2]), "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, PROBE, words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env
    )
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1
    assert "shiftdesk queue" in done.stderr
    code = "import sys, tui.screens.tty; print([m for m in ('textual', 'asyncio') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert loaded.stdout == "[]\n"


def test_foreign_textual_variables_do_nothing(words: Path, tmp_path: Path) -> None:
    log = tmp_path / "foreign.log"
    env = {"TEXTUAL_DRIVER": "no.such:Driver", "TEXTUAL_LOG": str(log), "PYTHONPATH": str(PROBE.parents[2])}
    with Terminal([sys.executable, PROBE, words], env=env) as terminal:
        ready(terminal)
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
    assert not log.exists()


def test_key_names_are_those_of_a_terminal() -> None:
    assert encode("ctrl+s") == b"\x13"
    assert encode("down") == b"\x1b[B"
    assert encode("alt+x") == b"\x1bx"


def test_many_characters_in_one_read_are_a_paste_and_fewer_are_keys() -> None:
    send, enter = events.Key("ctrl+s", "\x13"), events.Key("enter", "\r")
    few = [events.Key("y", "y")] * (PASTE_KEYS - 1)
    assert list(with_pastes([*few, send, *few])) == [*few, send, *few]
    first, second, third = with_pastes([*few, enter, send, enter, *few])
    assert isinstance(first, events.Paste)
    assert isinstance(third, events.Paste)
    assert (first.text, second, third.text) == ("y" * len(few) + "\n", send, "\n" + "y" * len(few))
    down = [events.Key("down", None)] * (2 * PASTE_KEYS)
    assert list(with_pastes(down)) == down
