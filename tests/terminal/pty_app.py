"""A terminal for tests: runs a command in a real pty, as an agent's SSH session would, and reads its screen.

    with Terminal([sys.executable, "-m", "tui", "demo"], cols=120, rows=40) as terminal:
        terminal.wait("Feed")
        terminal.press("down", "enter")
        terminal.type("Sorry to hear that")
        terminal.wait(r"Sorry to hear")
        terminal.press("q")
        assert terminal.exit_code() == 0

Nothing here sleeps: every wait is a `select` on the terminal that ends with what it waits for, and fails
with the screen in its message. `press` and `type` write one key at a time and let the screen come to rest
after each, because the review dialog ignores keys that arrive together; `send` writes bytes as they are.
"""

import codecs
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte
from wcwidth import wcwidth

QUIET = 0.03
"""Seconds without output after which a repaint counts as finished."""
PATIENCE = 0.15
"""Seconds to wait for a key's first output. A lone escape is a key only after Textual's 0.1 s."""
ESCAPE_PATIENCE = 0.3

KEYS = {
    **{"enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "escape": "\x1b", "esc": "\x1b", "space": " "},
    **{"backspace": "\x7f", "delete": "\x1b[3~", "insert": "\x1b[2~"},
    **{"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F"},
    **{"pageup": "\x1b[5~", "pagedown": "\x1b[6~", "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR"},
    **{"f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~", "f7": "\x1b[18~", "f8": "\x1b[19~"},
    **{"f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~"},
}

# What pyte would draw as text or not understand; tried in this order at every escape.
_SEQUENCE = re.compile(
    r"\x1b\[\?(?P<modes>[\d;]+)(?P<switch>[hl])"
    r"|\x1b\[(?P<query>\?[\d;]+\$p|[>=]?\d*c|\??\d*n|>\d*q|\?u)"
    r"|\x1b\[[<>=][\d;]*[@-~]|\x1b\[\?u"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[P_^X][^\x1b]*\x1b\\"
)
_CUT_OFF = re.compile(r"\x1b(?:\[[<=>?]?[\d;:]*\$?|\][^\x07\x1b]*\x1b?|[P_^X][^\x1b]*\x1b?)?\Z")


def encode(key: str) -> bytes:
    """The bytes a terminal without the kitty protocol sends for `down`, `ctrl+s`, `alt+x`, `f9`, `y`."""
    if len(key) == 1 or key in KEYS:
        return KEYS.get(key, key).encode()
    modifier, _, rest = key.partition("+")
    if modifier == "ctrl" and len(rest) == 1:
        return bytes([ord(rest.upper()) & 0x1F])
    if modifier == "alt":
        return b"\x1b" + encode(rest)
    raise ValueError(f"{key!r} is not a key of this terminal")


UNDER_A_SHELL = (
    "bash", "-m", "-c",
    '"$@"; code=$?; while [ $code -ge 147 ] && [ $code -le 148 ]; do kill -STOP $$; fg >/dev/null; code=$?; done; '
    "exit $code",
    "shell",
)  # fmt: skip
"""Before a command: a shell with job control starts it, stops when it stops, and goes on with it (`fg`)."""


class _Screen(pyte.Screen):
    """pyte drops the rest of a text after a zero-width character that is no combining mark (Thai vowels,
    joiners); here it joins the character before it."""

    def draw(self, data: str) -> None:
        start = 0
        for at, character in enumerate(data):
            if wcwidth(character) == 0 and not unicodedata.combining(character):
                super().draw(data[start:at])
                start = at + 1
                self._join(character)
        super().draw(data[start:])

    def _join(self, character: str) -> None:
        line, x = self.buffer[self.cursor.y], self.cursor.x - 1
        if x > 0 and not line[x].data:
            x -= 1
        if x >= 0:
            line[x] = line[x]._replace(data=line[x].data + character)


class Terminal:
    """A command in a pseudo terminal; use it in a `with`, which kills what still runs.

    `env` is added to a clean environment (no TEXTUAL_*, NO_COLOR or multiplexer variables); a value of
    None removes a variable. `sync` says whether the terminal reports synchronised output.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cols: int = 100,
        rows: int = 30,
        env: Mapping[str, str | None] | None = None,
        cwd: str | Path | None = None,
        sync: bool = True,
    ) -> None:
        self.raw = b""
        """Every byte received so far."""
        self.modes: set[int] = set()
        """The private modes that are on: 1049 alternate screen, 2004 bracketed paste, 1000 and 1003 mouse."""
        self.osc: list[str] = []
        """The operating system commands received: `52;c;…` is the clipboard, `8;…` a link."""
        self._sync, self._gone = sync, False
        self._text, self._left_at = "", 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._cut_off = ""
        self._screen = _Screen(cols, rows)
        self._stream = pyte.Stream(self._screen, strict=False)
        self._master, slave = os.openpty()
        self._name = os.ttyname(slave)
        self._set_size(cols, rows)
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=_environment(env or {}),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.hang_up()

    @property
    def pid(self) -> int:
        return self._process.pid

    # --- keys in

    def press(self, *keys: str) -> None:
        """Press keys by name, each after the screen has come to rest from the one before."""
        for key in keys:
            self.send(encode(key))
            if key in ("escape", "esc"):
                self._until_it_is_lone()
            self.settle()

    def _until_it_is_lone(self) -> None:
        """An escape with a key soon behind it is another key, whatever is painted meanwhile."""
        end = time.monotonic() + ESCAPE_PATIENCE
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    def type(self, text: str) -> None:
        """Type `text`, a character at a time."""
        self.press(*("enter" if character == "\n" else character for character in text))

    def paste(self, text: str) -> None:
        """Paste as a terminal with bracketed paste does; line ends become carriage returns."""
        self.send(b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~")
        self.settle()

    def send(self, data: bytes) -> None:
        """Write bytes in one piece, and do not wait."""
        while data:
            _, writable, _ = select.select([], [self._master], [], 5)
            assert writable, "the program reads no keys"
            data = data[os.write(self._master, data) :]

    # --- screen out

    def screen(self) -> str:
        """What is on the screen now, a line a row, without trailing blanks."""
        self._read(0)
        return self._shown()

    def cells(self) -> list[list[tuple[object, ...]]]:
        """The screen as (character, foreground, background, attributes…) a cell, as the eye sees it:
        on a blank only the background counts, and what is drawn on blanks too."""
        self._read(0)
        return [
            [_seen(self._screen.buffer[y][x]) for x in range(self._screen.columns)] for y in range(self._screen.lines)
        ]

    def wait(self, pattern: str, timeout: float = 10) -> str:
        """Wait until the regular expression (multi-line) is on the screen; the screen then."""
        return self._until(lambda shown: bool(re.search(pattern, shown, re.M)), f"no {pattern!r}", timeout)

    def wait_gone(self, pattern: str, timeout: float = 10) -> str:
        """Wait until the regular expression is no longer on the screen; the screen then."""
        return self._until(lambda shown: not re.search(pattern, shown, re.M), f"still {pattern!r}", timeout)

    def settle(self, patience: float = PATIENCE, quiet: float = QUIET, timeout: float = 5) -> None:
        """Wait `patience` seconds for output, then until it pauses for `quiet` seconds."""
        end = time.monotonic() + timeout
        if self._read(patience):
            while time.monotonic() < end and self._read(quiet):
                pass

    # --- what happens to a terminal

    def resize(self, cols: int, rows: int) -> None:
        """Give the terminal another size; the program gets SIGWINCH."""
        self._screen.resize(rows, cols)
        self._set_size(cols, rows)

    def signal(self, number: int) -> None:
        """Send the program a signal, from outside."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does: SIGHUP, then SIGCONT."""
        if self._master >= 0:
            os.close(self._master)
            self._master, self._gone = -1, True

    def freeze(self) -> None:
        """Stop taking output, as ctrl+s does on the agent's side: every write of the program blocks."""
        slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY)
        termios.tcflow(slave, termios.TCOOFF)
        os.close(slave)

    def wait_stopped(self, timeout: float = 10) -> None:
        """Wait until the program has stopped (ctrl+z); `signal(SIGCONT)` continues it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            # Look without reaping: Popen wants the exit status for itself.
            if os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT):
                return
            self._read(0.01)
        raise AssertionError(f"the program did not stop; screen:\n{self._shown()}")

    # --- the end

    def exit_code(self, timeout: float = 10) -> int:
        """Wait for the end of the program; its exit code, or -n when signal n killed it."""
        end = time.monotonic() + timeout
        while self._process.poll() is None and time.monotonic() < end:
            self._read(0.02)
        code = self._process.poll()
        assert code is not None, f"still running after {timeout} s; screen:\n{self._shown()}"
        while self._read(0.05):
            pass
        return code

    def after_exit(self) -> str:
        """What was printed after the alternate screen was left, without escape sequences."""
        self._read(0)
        text = re.sub(r"\x1b\[[\d;?<>=]*[@-~]", "", self._text[self._left_at :])
        return text.replace("\r\n", "\n").strip()

    def cooked(self) -> bool:
        """Whether the shell would find its terminal usable: lines are edited and echoed, ctrl+c interrupts."""
        local = termios.tcgetattr(self._master)[3]
        wanted = termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
        return bool(local & wanted == wanted)

    def restored(self) -> bool:
        """Cooked, on the main screen, cursor shown, lines wrap, and neither mouse nor pastes are reported."""
        return self.cooked() and self.modes == {7, 25}

    # --- inside

    def _shown(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def _until(self, reached: Callable[[str], bool], complaint: str, timeout: float) -> str:
        end = time.monotonic() + timeout
        while not reached(shown := self._shown()):
            left = end - time.monotonic()
            ended = self._gone or self._process.poll() is not None
            if not self._read(max(0, min(left, 0.1))) and (ended or left <= 0):
                why = "the program ended" if ended else f"waited {timeout} s"
                raise AssertionError(f"{complaint}, {why}; screen:\n{shown}")
        return shown

    def _set_size(self, cols: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def _read(self, timeout: float) -> bool:
        """Take what comes within `timeout` seconds; whether anything came."""
        if self._gone:
            select.select([], [], [], timeout)
            return False
        got = False
        while select.select([self._master], [], [], 0 if got else timeout)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: nothing has the terminal open any more
                data = b""
            if not data:
                select.select([], [], [], 0 if got else min(timeout, 0.01))
                return got
            got = True
            self._feed(data)
        return got

    def _feed(self, data: bytes) -> None:
        self.raw += data
        text = self._decode(data)
        self._text += text
        text = self._cut_off + text
        cut = _CUT_OFF.search(text)
        self._cut_off = cut.group() if cut else ""
        text = text[: len(text) - len(self._cut_off)]
        at = 0
        for found in _SEQUENCE.finditer(text):
            self._stream.feed(text[at : found.start()])
            at = found.end()
            if found["modes"]:
                for mode in found["modes"].split(";"):
                    self._mode(int(mode), found["switch"] == "h")
            elif found["query"]:
                self._answer(found["query"])
            elif found["osc"]:
                self.osc.append(found["osc"])
        self._stream.feed(text[at:])

    def _mode(self, mode: int, on: bool) -> None:
        (self.modes.add if on else self.modes.discard)(mode)
        if mode == 1049:
            self._screen.reset()  # pyte has one screen; the main one of these tests is empty
            if not on:
                self._left_at = self._text.rfind("\x1b[?1049l") + len("\x1b[?1049l")
        if mode in (7, 25):
            (self._screen.set_mode if on else self._screen.reset_mode)(mode, private=True)

    def _answer(self, query: str) -> None:
        cursor = self._screen.cursor
        answers = {"c": "\x1b[?62;22c", "0c": "\x1b[?62;22c", ">c": "\x1b[>1;4000;0c", "5n": "\x1b[0n"}
        answers["6n"] = f"\x1b[{cursor.y + 1};{cursor.x + 1}R"
        answers["?2026$p"] = f"\x1b[?2026;{2 if self._sync else 0}$y"
        answer = answers.get(query) or (query.endswith("$p") and f"\x1b[{query[:-2]};0$y")
        if answer:
            self.send(answer.encode())


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    lines = (cell.underscore, cell.strikethrough, cell.reverse)
    if cell.data == " " and not any(lines):
        return (" ", cell.bg)
    return (*cell,)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    foreign = ("TEXTUAL", "NO_COLOR", "TMUX", "STY", "COLUMNS", "LINES", "TERM_PROGRAM", "SHIFTDESK")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    merged = {**env, **changes}
    return {name: value for name, value in merged.items() if value is not None}
