"""`canned add`, `edit`, `approve`, `retire`, `restore`, `capture`: the library changed from the command line."""

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

BODY = "Late by 15 minutes: 25 % back."


@pytest.fixture(autouse=True)
def _library(desk, tmp_path, monkeypatch):
    desk.json("canned", "add", "Refund policy", "--body", BODY, "--shortcut", "refund", "--tag", "money")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that runs these lines of Python with the file's `path` and what it holds as `text`."""

    def made(lines: str, name: str = "EDITOR") -> None:
        script = tmp_path / f"{name} of ours.py"
        script.write_text(
            "import os, sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\ntext = path.read_text()\n" + lines
        )
        monkeypatch.setenv(name, shlex.join([sys.executable, str(script)]))

    monkeypatch.delenv("VISUAL", raising=False)
    return made


def left(answer) -> Path:
    """The file that an error names."""
    found = re.search(r"(?:your text is in|is in) (\S+?)\.?$", answer.err.strip())
    assert found, answer
    return Path(found[1])


def folders(tmp_path) -> list[str]:
    return [name for name in os.listdir(tmp_path) if name.startswith("shiftdesk-")]


# -- add ---------------------------------------------------------------------------------------------


def test_add_leaves_what_is_not_given_as_it_is(desk):
    done = desk.json("canned", "add", "Refund policy", "--body", "50 % back.", "--language", "en")
    assert (done["added"], done["changed"], done["unchanged"]) == ([], ["Refund policy"], 0)
    told = desk.json("canned", "show", "refund")
    assert (told["body"], told["tags"], told["language"], told["version"]) == ("50 % back.", ["money"], "en", 2)
    assert desk.json("canned", "add", "Refund policy", "--body", "50 % back.")["unchanged"] == 1


def test_add_takes_scope_owner_incident_and_waiting(desk):
    desk.json("canned", "add", "Mine", "--body", "b", "--scope", "agent", "--unapproved")
    told = desk.json("canned", "show", "Mine")
    assert (told["scope"], told["owner"], told["approved"], told["state"]) == ("agent", "ana", False, "waiting")
    desk.json("canned", "add", "Ours", "--body", "b", "--scope", "account", "--owner", "x:@a", "--incident", "Line 4")
    assert desk.json("canned", "show", "Ours")["incident"] == "Line 4"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["New", "--body", "{{ customer.name | upcas }}"], 2, "line 1: unknown filter 'upcas'"),
        (["New", "--body", "b", "--scope", "account"], 2, "x:@northline"),
        (["New", "--body", "b", "--valid-until", "tomorrow"], 2, "valid_until is not a time"),
        (["New", "--body", "b", "--shortcut", "REFUND"], 1, "is that of 'Refund policy'"),
        (["REFUND POLICY", "--body", "b"], 1, "There is 'Refund policy' already"),
    ],
)
def test_what_cannot_be_added_is_one_sentence(desk, words, code, why):
    answer = desk("canned", "add", *words)
    assert (answer.code, answer.out) == (code, "")
    assert why in answer.err
    assert answer.err.count("\n") == 1
    assert len(desk.json("canned", "list")) == 1


def test_add_without_a_body_opens_the_editor(desk, editor):
    editor("path.write_text(text + 'We are sorry, {{ customer.name }}.\\n')")
    made = desk.json("canned", "add", "Sorry", "--tag", "tone")
    assert (made["name"], made["body"], made["tags"]) == ("Sorry", "We are sorry, {{ customer.name }}.", ["tone"])
    editor("pass")
    answer = desk("canned", "add", "Nothing")
    assert (answer.code, "nothing was added" in answer.err) == (1, True)


# -- edit --------------------------------------------------------------------------------------------


def test_edit_is_a_document_in_a_private_file_that_is_gone_afterwards(desk, editor, tmp_path):
    editor(
        "import stat\n"
        "Path(os.environ['TMPDIR'], 'seen').write_text(\n"
        "    f'{path.stat().st_mode & 0o777:o} {path.parent.stat().st_mode & 0o777:o} {path.suffix}\\n' + text)\n"
        "path.write_text(text.replace('25 %', '50 %'))"
    )
    made = desk.json("canned", "edit", "refund")
    assert (made["body"], made["version"], made["tags"]) == ("Late by 15 minutes: 50 % back.", 2, ["money"])
    rights, _, document = (tmp_path / "seen").read_text().partition("\n")
    assert rights == "600 700 .md"
    assert document.startswith("---\n# version 1\nname: Refund policy\n")
    assert folders(tmp_path) == []


def test_visual_goes_before_editor(desk, editor):
    editor("path.write_text(text.replace('25 %', '1 %'))")
    editor("path.write_text(text.replace('25 %', '2 %'))", "VISUAL")
    assert desk.json("canned", "edit", "refund")["body"] == "Late by 15 minutes: 2 % back."


def test_left_as_it_was_nothing_changes(desk, editor, tmp_path):
    editor("pass")
    assert "Nothing was changed" in desk("canned", "edit", "refund").out
    assert desk.json("canned", "edit", "refund")["version"] == 1
    assert folders(tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("path.write_text(text.replace('25 %', '{{ a | upcas }}'))", r"Line 7: unknown filter 'upcas'"),
        ("path.write_text(text.replace('tags', 'tgas'))", r"Line 5: .*tags"),
        ("path.write_text('')", r"Line 1: "),
        ("path.write_text('x' * 200_000)", r"longer than 100,000 characters"),
    ],
)
def test_what_cannot_be_stored_is_said_with_its_line_and_the_text_is_kept(desk, editor, lines, why):
    editor(lines)
    answer = desk("canned", "edit", "refund")
    assert (answer.code, answer.out) == (2, "")
    assert re.search(why, answer.err), answer.err
    assert stat.S_IMODE(left(answer).stat().st_mode) == 0o600
    assert desk.json("canned", "show", "refund")["version"] == 1


@pytest.mark.parametrize("command", ["false", "/nowhere/editor", "'unclosed"])
def test_an_editor_that_fails_changes_nothing(desk, monkeypatch, tmp_path, command):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", command)
    answer = desk("canned", "edit", "refund")
    assert answer.code == 2
    assert "editor" in answer.err.lower()
    assert desk.json("canned", "show", "refund")["body"] == BODY
    assert folders(tmp_path) == []


def test_what_a_failing_editor_had_written_is_kept_in_its_file(desk, editor):
    editor("path.write_text(text.replace('25 %', '50 %'))\nsys.exit(3)")
    answer = desk("canned", "edit", "refund")
    assert (answer.code, "with code 3" in answer.err) == (2, True)
    assert "50 %" in left(answer).read_text()
    assert desk.json("canned", "show", "refund")["body"] == BODY


def test_of_two_at_once_the_second_is_refused_and_keeps_the_text(desk, editor):
    desk.json("agent", "add", "ben", "--role", "lead")
    other = shlex.join(
        [sys.executable, "-m", "tui", "canned", "add", "Refund policy", "--body", "50 %", "--agent", "ben"]
    )
    editor(f"os.system({other!r})\npath.write_text(text.replace('25 %', '75 %'))")
    answer = desk("canned", "edit", "refund")
    assert answer.code == 1
    assert re.search(r"changed by ben at .* version 2 now", answer.err)
    mine = left(answer)
    assert "75 %" in mine.read_text()
    assert desk.json("canned", "show", "refund")["body"] == "50 %"
    editor(f"path.write_text(Path({str(mine)!r}).read_text().replace('# version 1', '# version 2'))")
    assert desk.json("canned", "edit", "refund")["body"] == "Late by 15 minutes: 75 % back."


def test_the_answer_is_one_document_whatever_the_editor_prints(editor):
    editor("print('Welcome to the editor', flush=True)\npath.write_text(text.replace('25 %', '50 %'))")
    command = [sys.executable, "-m", "tui", "canned", "edit", "refund", "--json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, timeout=60)
    assert json.loads(done.stdout)["version"] == 2


# -- approval, shelf life, history -------------------------------------------------------------------


def test_approve_retire_restore(desk):
    desk.json("canned", "add", "New", "--body", "b", "--unapproved")
    assert desk.json("canned", "approve", "New")["state"] == "valid"
    assert desk.json("canned", "retire", "New")["state"] == "expired"
    answer = desk("canned", "approve", "New")
    assert (answer.code, "is over since" in answer.err) == (1, True)
    told = desk.json("canned", "restore", "New", "--version", "2")
    assert (told["state"], told["version"]) == ("valid", 4)
    assert desk("canned", "restore", "New", "--version", "9").code == 2
    assert [one["agent"] for one in desk.json("canned", "history", "New")] == ["ana"] * 4


# -- capture -----------------------------------------------------------------------------------------


def test_a_sent_reply_becomes_a_response_of_ones_own(desk, post):
    desk.configure("[desk]\nundo_seconds = 0\n")
    desk.take_in(post("1", lang="en"))
    held = desk.json("reply", "1", "--text", "Hi Amanda, the 8:14 runs again from 10:00.")
    answer = desk("canned", "capture", str(held["id"]))
    assert (answer.code, "is held" in answer.err) == (1, True)
    desk.json("worker", "--once")
    made = desk.json("canned", "capture", str(held["id"]), "--name", "Runs again")
    assert made["body"] == "Hi {{ customer.first_name }}, the 8:14 runs again from 10:00."
    assert (made["name"], made["scope"], made["owner"], made["state"]) == ("Runs again", "agent", "ana", "waiting")
    assert desk("canned", "capture", str(held["id"]), "--name", "Runs again").code == 1
    assert desk("canned", "capture", "99").code == 2
