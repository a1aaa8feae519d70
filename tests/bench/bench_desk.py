"""The desk in a real pty: start, a cursor key, a typed character, idle. Prints figures, decides nothing.

    python tests/bench/bench_desk.py [--posts N] [--runs N]

Beside the start stands that of a bare Textual app with a list, a text and an editor, measured in turns with it.
A time ends with the last byte before the output pauses for QUIET seconds; the pause is not counted.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tui.clock import MINUTE, iso, now

QUIET = 0.1
IDLE_S = 10
SIZE = 40, 120
BARE = """
from textual.app import App
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, OptionList, Static, TextArea
class Bare(App):
    CSS = "OptionList, Vertical { width: 1fr; } Static, TextArea { height: 1fr; }"
    def compose(self):
        with Horizontal():
            yield OptionList(*(f"row {number}" for number in range(100)))
            with Vertical():
                yield Static("Conversation")
                yield TextArea()
        yield Footer()
Bare().run()
"""
DESK = (sys.executable, "-m", "tui")


class Program:
    """A command in a pty that nobody draws."""

    def __init__(self, *command: str, env: dict[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            os.execvpe(command[0], command, env)

    def until_quiet(self, awaited: bytes = b"", patience: float = 30) -> tuple[float, int]:
        """When the last byte came, and how many there were since the call."""
        seen, last = b"", time.perf_counter()
        while select.select([self.master], [], [], QUIET if awaited in seen and seen else patience)[0]:
            seen += os.read(self.master, 1 << 16)
            last = time.perf_counter()
        return last, len(seen)

    def key(self, key: bytes) -> tuple[float, int]:
        """Milliseconds and bytes of one key."""
        began = time.perf_counter()
        os.write(self.master, key)
        last, size = self.until_quiet(patience=1)
        return (last - began) * 1e3, size

    def cpu(self) -> float:
        """CPU seconds so far, of every thread (Linux)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def posts(count: int) -> bytes:
    """Conversations of one post each, a second apart, the newest an hour old."""
    first = now() - 60 * MINUTE - count * 1_000
    lines = (
        json.dumps({
            "network": "x", "id": str(n), "account": "@northline", "author": {"id": str(n), "handle": f"rider{n}"},
            "text": f"@northline the {n % 24}:14 did not come again, what now?", "created_at": iso(first + n * 1_000),
        })
        for n in range(count)
    )  # fmt: skip
    return "\n".join(lines).encode()


def spread(name: str, values: list[float], unit: str) -> None:
    """One line of the table."""
    p95 = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    print(f"{name:<28}p50 {statistics.median(values):9.1f} {unit:<6}p95 {p95:9.1f} {unit}")


def starts(env: dict[str, str], runs: int) -> None:
    """The desk and the bare app, in turns."""
    ours, bare = [], []
    pair = (bare, (sys.executable, "-c", BARE), b"Conversation"), (ours, DESK, b"did not come")
    for _ in range(runs):
        for took, command, awaited in pair:
            program = Program(*command, env=env)
            last, _ = program.until_quiet(awaited)
            took.append((last - program.started) * 1e3)
            program.end()
    spread("start", ours, "ms")
    spread("  bare three-pane app", bare, "ms")
    print(f"{'  ratio':<28}    {statistics.median(ours) / statistics.median(bare):9.2f}")


def keys(env: dict[str, str], runs: int) -> None:
    """Keys in the list and in the editor, then nothing."""
    program = Program(*DESK, env=env)
    program.until_quiet(b"did not come")
    program.until_quiet(patience=2)
    for name, key in (("cursor key", b"j"), ("typed character", b"e")):
        if key == b"e":
            program.key(b"r")
            program.until_quiet(patience=1)
        found = [program.key(key) for _ in range(10 * runs)]
        spread(name, [took for took, _ in found], "ms")
        spread("  written", [size for _, size in found], "bytes")
    program.until_quiet(patience=2)
    before, until, written = program.cpu(), time.monotonic() + IDLE_S, 0
    while (left := until - time.monotonic()) > 0:
        if select.select([program.master], [], [], left)[0]:
            written += len(os.read(program.master, 1 << 16))
    print(f"{'idle':<28}{written} bytes and {(program.cpu() - before) * 1e3 / IDLE_S:.1f} ms CPU a second")
    program.end()


def main() -> None:
    """Print one line a figure."""
    options = argparse.ArgumentParser(description="Figures of the desk in a pty")
    options.add_argument("--posts", type=int, default=2_000)
    options.add_argument("--runs", type=int, default=10)
    given = options.parse_args()
    with TemporaryDirectory() as folder:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "SHIFTDESK", "XDG"))
        }
        env |= {"HOME": folder, "SHIFTDESK_AGENT": "ana", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        subprocess.run([*DESK, "import", "-"], input=posts(given.posts), env=env, check=True)
        starts(env, given.runs)
        keys(env, given.runs)


if __name__ == "__main__":
    main()
