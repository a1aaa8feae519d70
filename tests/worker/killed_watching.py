"""Reads a growing file in one short-lived process after the other, each killed one step later than the one before.

Run as a script: DATABASE FILE KIND; prints how many were killed. KIND: `file`, `pipe`, `folder`.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tui.config import Config
from tui.networks import tail
from tui.store.store import Store, home_of
from tui.worker import watching
from tui.worker.watching import Watching

STEP = 11
"""Every so many lines of ours that a process runs, one is killed."""
OURS = {str(tail.__file__), str(watching.__file__)}


def line(number: int) -> str:
    if number % 10 == 9:
        return f"no post {number}\n"
    return (
        f'{{"network": "board", "id": "{number}", "author": {{"id": "a{number}"}}, "text": "hello {number}", '
        f'"created_at": "2026-02-11T09:14:00Z", "account": "@help"}}\n'
    )


def kill_at(step: int) -> Any:
    """A trace function that ends this process before the given line of ours is run."""
    ran = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal ran
        if frame.f_code.co_filename not in OURS:
            return None
        ran += event == "line"
        if ran == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def read(database: str, path: Path, step: int) -> None:
    store = Store(home_of(database))
    sys.settrace(kill_at(step))
    lane = Watching(store, Config(), [path], kept_in=path.parent)
    lane.round(first=True, leads=lambda _session=None: True)
    lane.close()
    sys.settrace(None)


def in_a_process(database: str, path: Path, step: int) -> bool:
    """Whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            read(database, path, step)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the reader stumbled"
    return os.WIFSIGNALED(status)


def main(database: str, path: Path, kind: str) -> None:
    number = killed = 0
    step = 1
    held = os.open(path, os.O_RDWR | os.O_NONBLOCK) if kind == "pipe" else -1  # a writer that lives on
    while True:
        target = path / f"{killed // 20}.jsonl" if kind == "folder" else path
        with target.open("a") as out:
            out.write(line(number))
        number += 1
        if not in_a_process(database, path, step):
            break
        killed += 1
        step += STEP
    in_a_process(database, path, 0)
    if held >= 0:
        os.close(held)
    print(killed, number)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
