"""`import --follow`: it stays, takes in what is written as it is written, and goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tui.store.store import Store, home_of

PATIENCE_S = 60


def line(id: Any) -> str:
    post = {"network": "board", "id": str(id), "author": {"id": f"a{id}"}, "text": "hello", "account": "@help"}
    return json.dumps(post | {"created_at": "2026-02-11T09:14:00Z"}) + "\n"


class Following:
    """`shiftdesk import --follow` in a process of its own."""

    def __init__(self, db: str, source: str) -> None:
        words = [sys.executable, "-m", "tui", "--db", db, "import", "--follow", source, "--json"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )  # fmt: skip
        self.reader = Store(home_of(db)).reader()

    def has(self, count: int) -> None:
        """Wait until so many posts are stored."""
        ends = time.monotonic() + PATIENCE_S
        while len(self.reader.page("all", agent="ana", now=2**62, limit=99)) < count:
            assert time.monotonic() < ends, "they did not come"
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            time.sleep(0.02)

    def write(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(words.encode())
        self.process.stdin.flush()

    def end(self, number: int) -> tuple[int, dict[str, Any]]:
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, json.loads(out) if out else {}


@pytest.fixture
def follow(desk) -> Iterator[Callable[[str], Following]]:
    desk("queue")  # the database is there
    begun: list[Following] = []

    def begin(source: str) -> Following:
        begun.append(Following(desk.store.location, source))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.communicate()
        one.reader.close()


def test_a_file_is_followed_and_after_a_kill_read_on(follow, tmp_path):
    file = tmp_path / "posts.jsonl"
    file.write_text(line(1))
    first = follow(str(file))
    first.has(1)
    with file.open("a") as out:
        out.write(line(2) + "no post\n")
    first.has(2)
    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    with file.open("a") as out:
        out.write(line(3))
    second = follow(str(file))
    second.has(3)
    code, told = second.end(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert (told["added"], told["known"]) == (1, 0)


def test_stdin_is_stored_as_it_comes_and_bad_lines_are_named(follow):
    here = follow("-")
    here.write(line(1) + line(2)[:20])
    here.has(1)
    here.write(line(2)[20:] + "no post\n" + line(3)[:-1])
    here.has(2)
    assert here.process.stdin
    here.process.stdin.close()
    here.process.stdin = None
    out, _ = here.process.communicate(timeout=PATIENCE_S)
    told = json.loads(out)
    assert (here.process.returncode, told["added"]) == (0, 3)
    assert [bad["line"] for bad in told["refused"]] == [3]


def test_stdin_is_left_at_a_signal(follow):
    here = follow("-")
    here.write(line(1))
    here.has(1)
    code, told = here.end(signal.SIGINT)
    assert (code, told["added"]) == (128 + signal.SIGINT, 1)


def test_a_named_pipe_is_followed(follow, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    here = follow(str(pipe))
    for number in (1, 2):
        pipe.write_text(line(number))
        here.has(number)
    assert here.end(signal.SIGTERM)[1]["added"] == 2


@pytest.mark.parametrize("words", [("--history",), ("--format", "csv")])
def test_only_jsonl_of_now_is_followed(desk, words):
    answer = desk("import", "--follow", "-", *words)
    assert (answer.code, "without it" in answer.err) == (2, True)
