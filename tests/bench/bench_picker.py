"""The picker in a real pty: a key typed in it until its last byte is out. Prints figures, decides nothing.

    python tests/bench/bench_picker.py [--size N] [--keys N]

A made-up library of N responses; words of their names and bodies are typed one key at a time, a third of them with a
typo, see `bench_canned`. What was typed, the list and the preview come in one write; what the preview says of uses
may follow in another, which is read off the loop.
"""

import argparse
import json
import os
import select
import subprocess
import time
from tempfile import TemporaryDirectory

from bench_canned import keystrokes, made_up
from bench_desk import DESK, Program, posts, spread

OPENED = 1_000
"""Bytes that only a dialog over the desk writes."""


def first_write(program: Program, key: str) -> tuple[float, int]:
    """Milliseconds until the first output of a key was read, and its bytes; the rest is awaited."""
    began = time.perf_counter()
    os.write(program.master, key.encode())
    select.select([program.master], [], [], 5)
    size = len(os.read(program.master, 1 << 16))
    took = (time.perf_counter() - began) * 1e3
    program.until_quiet(patience=0.3)
    return took, size


def main() -> None:
    """Print one line a figure."""
    options = argparse.ArgumentParser(description="Figures of the picker in a pty")
    options.add_argument("--size", type=int, default=10_000)
    options.add_argument("--keys", type=int, default=300)
    given = options.parse_args()
    library = made_up(given.size)
    entries = [
        {"name": f"{one.name} {one.id}", "body": f"Hi {{{{ customer.name }}}}, {one.body}", "tags": list(one.tags)}
        for one in library
    ]
    with TemporaryDirectory() as folder:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "SHIFTDESK", "XDG"))
        }
        env |= {"HOME": folder, "SHIFTDESK_AGENT": "ana", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        subprocess.run([*DESK, "import", "-"], input=posts(200), env=env, check=True)
        subprocess.run([*DESK, "canned", "import", "-"], input=json.dumps(entries).encode(), env=env, check=True)
        program = Program(*DESK, env=env)
        program.until_quiet(b"did not come")
        while program.until_quiet(patience=2)[1]:
            pass
        program.key(b"r")
        program.until_quiet(patience=2)
        tries = 0
        while program.key(b"\x12")[1] < OPENED and tries < 30:  # until the library is read
            program.until_quiet(patience=1)
            tries += 1
        took, before, cpu = [], "", program.cpu()
        for query in keystrokes(library, given.keys):
            if not query.startswith(before):
                program.key(b"\x15")
                before = ""
            took += [first_write(program, letter) for letter in query[len(before) :]]
            before = query
        spread(f"key at {given.size:,}", [ms for ms, _ in took], "ms")
        spread("  written", [float(size) for _, size in took], "bytes")
        print(f"{'  CPU, all threads':<28}    {(program.cpu() - cpu) * 1e3 / len(took):9.1f} ms a key")
        moves = [first_write(program, "\x1b[B" if at % 8 < 4 else "\x1b[A") for at in range(60)]
        spread("up or down", [ms for ms, _ in moves], "ms")
        program.end()


if __name__ == "__main__":
    main()
