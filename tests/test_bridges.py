"""The bridge of the documents, run as it stands, killed anywhere, in both directions."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui.clock import iso, now

PAGE = (Path(__file__).parents[1] / "docs/bridges.md").read_text(encoding="utf-8")
TRIED_EACH = 7
"""Every so many lines of the bridge, one run of it is killed."""
WRITES = 5
"""Tickets that a customer writes while runs are killed."""
KILLER = """
import os, signal, sys
ran = 0
def trace(frame, event, argument):
    global ran
    if frame.f_code.co_filename != "bridge.py":
        return None
    ran += event == "line"
    if ran == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return trace
code = compile(open("bridge.py").read(), "bridge.py", "exec")
sys.settrace(trace)
exec(code, {"__name__": "__main__"})
"""


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


class Place:
    """A folder with the bridge, its system, and a desk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bridge.py").write_text(block("python"))
        (folder / "config.toml").write_text("[desk]\nundo_seconds = 0\n\n" + block("toml"))
        for name in ("tickets", "inbox"):
            (folder / name).mkdir()
        given = {"SHIFTDESK_DB": str(folder / "desk.db"), "SHIFTDESK_CONFIG": str(folder / "config.toml")}
        self.environment = os.environ | given | {"SHIFTDESK_AGENT": "ana"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60
        )

    def bridge(self) -> None:
        done = self.run("bridge.py")
        assert done.returncode == 0, done.stderr

    def desk(self, *words: str) -> Any:
        done = self.run("-m", "tui", *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ticket(self, id: str, **values: Any) -> None:
        ticket = {"id": id, "by": "amandac", "text": "no train", "at": iso(now()), "answers": None}
        (self.folder / "tickets" / f"{id}.json").write_text(json.dumps(ticket | {"private": False} | values))

    def answers(self) -> list[dict[str, Any]]:
        found = [json.loads(file.read_text()) for file in (self.folder / "tickets").glob("*.json")]
        return [one for one in found if one["by"] == "@help"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_commands_of_the_page_carry_a_private_ticket_and_its_private_answer(place: Place) -> None:
    first = re.search(r"^echo '(.*)' > tickets/t1.json$", PAGE, re.MULTILINE)
    assert first
    (place.folder / "tickets/t1.json").write_text(first[1])
    place.bridge()
    assert place.desk("worker", "--once")["read"] == 1
    place.desk("reply", "1", "--text", "Which one was it?")
    assert place.desk("worker", "--once")["sent"] == 1
    place.bridge()
    place.bridge()
    (answer,) = place.answers()
    assert (answer["answers"], answer["text"], answer["private"]) == ("t1", "Which one was it?", True)
    place.ticket("t2", text="the 8:14", answers=answer["id"], private=True, at="2099-01-01T00:00:00Z")
    place.bridge()
    place.desk("worker", "--once")
    texts = [post["text"] for post in place.desk("show", "1")["posts"]]
    assert texts == ["no train", "Which one was it?", "the 8:14"]


def test_killed_anywhere_every_ticket_comes_once_and_every_answer_goes_once(place: Place) -> None:
    for number in range(3):
        place.ticket(f"t{number}", by=f"c{number}", text=f"@help {number} is late")
    place.bridge()
    place.desk("worker", "--once")
    for number in range(3):
        place.desk("reply", str(number + 1), "--text", f"Which one, {number}?", "--private")
    place.desk("worker", "--once")
    for file in (place.folder / "inbox").glob("*"):
        file.unlink()
    step = killed = 0
    while place.run("-c", KILLER, str(step := step + TRIED_EACH)).returncode != 0:
        killed += 1
        if killed <= WRITES:
            place.ticket(f"m{killed}", by="mona")
    assert killed > 10
    place.bridge()
    assert place.desk("worker", "--once")["read"] == WRITES
    said = sorted((one["text"], one["private"]) for one in place.answers())
    pointer = ("We have sent you a private message.", False)
    assert said == sorted([*((f"Which one, {number}?", True) for number in range(3)), *[pointer] * 3])
