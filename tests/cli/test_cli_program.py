"""The program as a whole: global options, exit codes, what it loads, how it ends."""

import json
import os
import signal
import stat
import subprocess
import sys

import pytest

from tui import __version__
from tui.cli import claims, crash
from tui.cli.program import COMMANDS
from tui.desk import claims as rules
from tui.screens import tty
from tui.store import sqlite
from tui.store.reader import Reader
from tui.store.store import Store

HEAVY = ("textual", "sqlmodel", "sqlalchemy", "httpx", "rapidfuzz", "liquid", "alembic")


def loaded_by(*arguments: str) -> str:
    """The names of heavy packages a command line loads, in a process of its own."""
    code = (
        "import sys; from tui.cli.program import run; code = run(sys.argv[1:]);"
        f"print('LOADED', *sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr.partition("LOADED")[2].strip()


@pytest.mark.parametrize("line", ["--version", "--help", "queue --help", "canned import --help"])
def test_what_only_informs_loads_nothing_heavy(folders, line):
    assert loaded_by(*line.split()) == ""


def test_the_queue_loads_no_orm(desk, post):
    desk.take_in(post("1"))
    assert loaded_by("queue") == ""


def test_version_and_help(desk):
    assert desk("--version").out == f"shiftdesk {__version__}\n"
    shown = desk("--help").out
    assert all(f"\n  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_takes_the_global_options(desk, name):
    answer = desk(name, "--help")
    assert answer.code == 0
    for option in ("--db", "--config", "--agent", "--json"):
        assert option in answer.out


def test_global_options_stand_before_or_after(desk, post, monkeypatch):
    desk.take_in(post("1"))
    monkeypatch.delenv("SHIFTDESK_DB")
    db = desk.store.location
    before = desk("--db", db, "--agent", "bob", "--json", "claim", "1")
    after = desk("claim", "1", "--db", db, "--agent", "bob", "--json")
    assert before.json["claimed_by"] == after.json["claimed_by"] == "bob"
    assert (
        desk("--db", "/nowhere/at/all", "queue", "--db", db if "://" in db else f"sqlite:///{db}", "--json").code == 0
    )
    assert desk("--json", "canned", "list", "--db", db).json == []
    assert desk("canned", "--db", db, "--json", "list").json == []


def test_the_environment_says_where_and_who(desk, post, monkeypatch):
    desk.take_in(post("1"))
    monkeypatch.setenv("SHIFTDESK_AGENT", "carl")
    assert desk.json("claim", "1")["claimed_by"] == "carl"
    monkeypatch.setenv("SHIFTDESK_CONFIG", "/no/such/config.toml")
    answer = desk("queue", "--json")
    assert answer.code == 2
    assert "config.toml" in answer.json["error"]


def test_a_database_is_made_where_there_is_none_and_its_maker_is_admin(folders, desk, monkeypatch):
    monkeypatch.delenv("SHIFTDESK_DB")
    assert desk.json("canned", "list") == []
    made = folders / "data/shiftdesk/desk.db"
    assert stat.S_IMODE(made.stat().st_mode) == 0o660
    desk.json("queue", "--agent", "bob")
    reader = Store(made).reader()
    added = {event.agent: event.data["role"] for event in reader.events() if event.kind == "agent.added"}
    reader.close()
    assert added == {"ana": "admin", "bob": "agent"}


@pytest.mark.parametrize(
    "line",
    ["quue", "queue --limit none", "queue --view mien", "queue extra", "claim", "canned lsit", "reply 1 --x"],
)
def test_wrong_usage_is_one_sentence_and_2(desk, line):
    answer = desk(*line.split(), "--json")
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert set(answer.json) == {"error"}


def test_the_nearest_command_is_named(desk):
    assert "'queue'" in desk("quue").err


def test_a_database_of_something_else_is_out_of_reach(desk, tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear Sir or Madam, this is not a database at all. " * 20)
    answer = desk("queue", "--db", str(other), "--json")
    assert answer.code == 3
    assert str(other) in answer.json["error"]
    assert desk("queue", "--db", "/proc/none/desk.db").code == 3


@pytest.mark.sqlite
def test_a_damaged_database_is_out_of_reach_in_one_sentence(desk, post):
    desk.take_in(post("1"))
    data = bytearray(desk.path.read_bytes())
    data[4096 * 3 : 4096 * 40] = b"\xff" * (4096 * 37)
    desk.path.write_bytes(data)
    answer = desk("queue")
    assert answer.code == 3
    assert answer.err.count("\n") == 1


@pytest.mark.sqlite
def test_what_the_database_refuses_in_the_middle_is_out_of_reach(desk, monkeypatch):
    def locked(*args, **named):
        raise sqlite.sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Reader, "page", locked)
    answer = desk("queue")
    assert answer.code == 3
    assert "try again" in answer.err


def test_an_unexpected_error_is_one_sentence_and_a_log_without_values(desk, post, folders, monkeypatch):
    desk.take_in(post("1"))

    def broken(*args, **named):
        secret_of_customer = "4111 1111"
        raise KeyError(len(secret_of_customer))

    monkeypatch.setattr(rules, "claim", broken)
    answer = desk("claim", "1", "--json")
    assert answer.code == 1
    assert "KeyError" in answer.json["error"]
    (log,) = (folders / "state/shiftdesk").iterdir()
    assert str(log) in answer.err
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "KeyError" in log.read_text()
    assert "secret_of_customer = '" not in log.read_text()


def test_a_crash_without_a_place_for_its_log_says_so(folders):
    (folders / "state").write_text("in the way")
    assert "could not log" in crash.sentence(ValueError("a"))


def test_an_interrupt_is_130(desk, post, monkeypatch):
    def interrupted(*args, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "claim", interrupted)
    assert desk("claim", "1").code == 130
    assert claims.claim_command.name == "claim"


def test_half_a_character_on_the_command_line_is_repaired(desk, post):
    desk.take_in(post("1"))
    noted = desk.json("note", "1", "--text", "caf\udce9")
    assert noted["note"] == 1
    assert desk.json("show", "1")["notes"][0]["text"] == "caf\ufffd"


def test_the_desk_is_no_json_document_on_a_terminal_either(desk, monkeypatch):
    monkeypatch.setattr(tty, "check_terminal", lambda: None)
    for line in (("--json",), ("demo", "--json")):
        answer = desk(*line)
        assert answer.code == 64
        assert set(answer.json) == {"error"}


def test_without_a_terminal_the_desk_does_not_open(desk):
    for line in ((), ("demo",), ("demo", "--json"), ("--json",)):
        answer = desk(*line)
        assert answer.code == 64
        assert answer.err.count("\n") == 1


# -- processes: pipes and signals ------------------------------------------------------------------


def start(*arguments: str, **named) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments], stderr=subprocess.PIPE, preexec_fn=heed_signals, **named
    )


def heed_signals() -> None:
    """A shell that started the tests in the background made them ignore interrupts, and children inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("posts", [1, 300])
def test_a_reader_that_goes_away_is_no_error(desk, post, posts):
    desk.take_in(*(post(str(n), handle=f"h{n}") for n in range(posts)))
    read, write = os.pipe()
    os.close(read)
    # As for everyone, what is written waits in a buffer that is flushed at exit.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = start("queue", "--limit", "300", "--json", stdout=write, env=environment)
    os.close(write)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_worker_with_its_number_and_its_lease_free(desk, number):
    process = start("worker", stdout=subprocess.PIPE)
    assert process.stderr
    process.stderr.readline()  # it says that it runs when its handlers stand
    while not desk.run("SELECT 1 FROM lease"):
        assert process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert desk.json("worker", "--once")["busy"] is False


def test_sigterm_ends_a_command_that_waits_for_input(desk, post):
    process = start("import", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    wait_until_reading(process.pid)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


def wait_until_reading(pid: int) -> None:
    """Until the process sleeps in a read of its standard input."""
    while True:
        with open(f"/proc/{pid}/syscall") as file:
            if file.read().startswith("0 0x0 "):
                return


def test_python_m_tui_answers_in_utf_8_whatever_the_locale(desk, post):
    desk.take_in(post("1", text="@northline café ☕ 電車"))
    process = start("show", "1", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "café".encode("latin-1") in out
    assert json.loads(subprocess.check_output([sys.executable, "-m", "tui", "show", "1", "--json"]))["id"] == 1
