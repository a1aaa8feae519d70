"""Look-ups: which codes a thread has, and real commands that are slow, never stop, fork, fail or say odd things."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NOW, ours, post, take

from tui.clock import MINUTE, SECOND
from tui.config import LookUp
from tui.desk import lookups
from tui.desk.lookups import Code, LookedUp, codes, run
from tui.errors import Refused
from tui.store.reader import PostRow, Reader
from tui.store.store import Store

ORDER = r"\b[A-Z]{2}\d{6}\b"
Write = Callable[..., LookUp]


@pytest.fixture
def script(tmp_path: Path) -> Write:
    """A look-up whose command is this Python program."""

    def written(program: str, *arguments: str, seconds: int = 20) -> LookUp:
        path = tmp_path / "program.py"
        path.write_text(dedent(program), encoding="utf-8")
        return LookUp((sys.executable, str(path), *arguments), ORDER, seconds)

    return written


def found_in(store: Store, **look_ups: str) -> list[Code]:
    return codes(thread(store), {name: LookUp(("true",), pattern) for name, pattern in look_ups.items()})


def thread(store: Store) -> list[PostRow]:
    return store.reader().posts(1)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that its new parent has not noticed yet has."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


# -- codes ----------------------------------------------------------------------------------------


def test_the_codes_of_the_newest_post_come_first_and_each_once(store: Store) -> None:
    take(
        store,
        post("1", text="@northline AB123456 and CD123456?", ago=9 * MINUTE),
        ours("2", "1", ago=8 * MINUTE, text="Do you mean XX999999?"),
        post("3", text="No, EF123456, not AB123456", in_reply_to="2", kind="reply"),
    )
    assert [code for _, code in found_in(store, order=ORDER)] == ["EF123456", "AB123456", "CD123456"]


def test_each_look_up_finds_its_own_codes_and_a_group_is_the_code(store: Store) -> None:
    take(store, post("1", text="train 4711 of order AB123456"))
    assert found_in(store, order=ORDER, train=r"train (\d+)") == [Code("order", "AB123456"), Code("train", "4711")]


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"x*", r"(y)?", "("])
def test_a_pattern_that_is_slow_or_finds_nothing_finds_no_code(store: Store, pattern: str) -> None:
    take(store, post("1", text="a" * 4000 + "!"))
    assert found_in(store, odd=pattern) == []


def test_at_most_nine_codes_are_offered(store: Store) -> None:
    take(store, post("1", text=" ".join(f"AB{n:06}" for n in range(50))))
    assert len(found_in(store, order=ORDER)) == lookups.CODES


# -- what a command gets --------------------------------------------------------------------------


def test_the_code_is_one_argument_and_no_shell_reads_it(script: Write) -> None:
    program = "import sys; print(sys.argv[1:])"
    assert run("order", script(program, "show"), "$(id); `id` > x").text == "['show', '$(id); `id` > x']"
    assert run("order", script(program, "--code={code}", "-v"), "A B").text == "['--code=A B', '-v']"


@pytest.mark.parametrize("code", ["-rf", "--help", "", " ", "A\n1", "A\0", "x" * 101, "\u202eAB"])
def test_a_code_that_could_be_something_else_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="is not handed to a command"):
        run("order", LookUp(("true",), ORDER), code)


def test_it_knows_little_of_our_environment_and_nothing_is_typed_into_it(
    script: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SHIFTDESK_DB", "TEXTUAL_LOG", "PYTHONPATH", "LD_PRELOAD", "API_TOKEN"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    program = "import os, sys; print(*sorted(os.environ), os.getpgrp() == os.getpid(), repr(sys.stdin.read()))"
    said = run("order", script(program), "AB123456").text.split()
    assert set(said[:-2]) - {"LC_CTYPE"} == {"PATH", "HOME", "LANG"}
    assert said[-2:] == ["True", "''"]


# -- what comes back ------------------------------------------------------------------------------


def test_what_it_says_is_shown_with_name_code_and_time(script: Write) -> None:
    found = run("order", script("print('Shipped\\n  2026-02-10')"), "AB123456")
    assert (found.name, found.code, found.text, found.problem) == ("order", "AB123456", "Shipped\n  2026-02-10", "")
    assert 0 <= found.took < 20 * SECOND


def test_what_it_complains_is_told_in_one_sentence_beside_what_it_said(script: Write) -> None:
    found = run("order", script("import sys; print('partly'); sys.exit('no such\\norder.')"), "AB123456")
    assert found.text == "partly"
    assert found.problem == "The look-up order ended with 1: no such order."
    assert run("order", script("raise SystemExit(3)"), "AB123456").problem == "The look-up order ended with 3."
    ended = run("order", script("import os; os.kill(os.getpid(), 9)"), "AB123456")
    assert ended.problem == "The look-up order was ended by signal 9."


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be run: no-such-program-here" in run("order", LookUp(("no-such-program-here",), ORDER), "A1").problem
    (tmp_path / "plain").write_text("not a program")
    assert "cannot be run" in run("order", LookUp((str(tmp_path / "plain"),), ORDER), "A1").problem


def test_bytes_escapes_and_card_numbers_reach_nobody(script: Write) -> None:
    program = r"""
    import sys
    sys.stdout.buffer.write(b"\x1b]52;c;aGk=\x07 \x1b[2J \xff\xfe\x00 \xe2\x80\xae card 4111 1111 1111 1111\n")
    sys.stderr.buffer.write(b"\x1b[31m 4111111111111111 is bad")
    sys.exit(1)
    """
    found = run("order", script(program), "AB123456")
    for said in (found.text, found.problem):
        assert not set(said) & {"\x1b", "\x07", "\x00", "\u202e"}
        assert "•••• 1111" in said
        assert "4111" not in said


def test_a_command_that_never_ends_is_stopped_with_what_it_said(script: Write) -> None:
    program = "import time; print('first', flush=True); time.sleep(600)"
    found = run("order", script(program, seconds=3), "AB123456")
    assert (found.text, found.problem) == ("first", "The look-up order took too long and was stopped.")


def test_a_command_that_closes_its_streams_and_lingers_is_stopped(script: Write) -> None:
    program = "import os, time; os.close(1); os.close(2); time.sleep(600)"
    assert (
        run("order", script(program, seconds=1), "AB123456").problem
        == "The look-up order took too long and was stopped."
    )


def test_a_command_that_never_stops_talking_is_stopped_and_capped(script: Write) -> None:
    found = run("order", script("while True: print('x' * 1000)"), "AB123456")
    assert "said more than 64,000 bytes and was stopped" in found.problem
    assert len(found.text) <= lookups.OUTPUT_BYTES


def test_a_flood_of_complaints_is_read_and_dropped(script: Write) -> None:
    program = "import sys\nfor _ in range(5000): sys.stderr.write('y' * 1000)\nprint('done')\nsys.exit(1)"
    found = run("order", script(program), "AB123456")
    assert found.text == "done"
    assert len(found.problem) < 2 * lookups.COMPLAINT_CELLS


def test_its_children_end_with_it(script: Write) -> None:
    program = """
    import subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid, flush=True)
    time.sleep(float(sys.argv[1]))
    """
    slow = run("order", script(program, "600", "{code}", seconds=4), "AB123456")
    assert "too long" in slow.problem
    assert gone(int(slow.text))
    quick = run("order", script(program, "0", "{code}"), "AB123456")
    assert quick.problem == ""
    assert gone(int(quick.text))


def test_one_that_is_not_wanted_any_more_is_stopped(script: Write, tmp_path: Path) -> None:
    sign = tmp_path / "begun"
    program = f"import pathlib, time; pathlib.Path({str(sign)!r}).write_text('1'); time.sleep(600)"
    found = run("order", script(program), "AB123456", is_wanted=lambda: not sign.exists())
    assert found.problem == "The look-up order was stopped."


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_code_is_refused_or_one_argument(code: str) -> None:
    look_up = LookUp(("echo", "--order"), ORDER)
    try:
        argv = lookups.arguments(look_up, code)
    except Refused:
        return
    assert argv == ["echo", "--order", code]
    assert not code.startswith("-")
    os.fsencode(code)


def test_the_log_knows_that_it_ran_and_no_code(store: Store, reader: Reader) -> None:
    take(store, post("1", text="AB123456"))
    with store.transaction() as session:
        lookups.record(session, LookedUp("order", "AB123456", "shipped", "", NOW, 40), 1, agent="ana")
    event = reader.events(conversation_id=1)[-1]
    assert (event.kind, event.agent, event.data) == ("lookup.ran", "ana", {"name": "order", "took": 40, "worked": True})
