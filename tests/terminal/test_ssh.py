"""The desk of a team over a real sshd, made from the very files in docs/team: who comes in, and what they get."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from making import copy_of, employ, post, take
from pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.desk import people
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs/team"
SSHD = Path("/usr/sbin/sshd")
AGENTS = ("ana", "ben")
PATIENCE_S = 30
OF_THE_DESK = {
    "TERM", "LANG", "HOME", "PATH", "PWD", "OLDPWD", "SHIFTDESK_AGENT", "SHIFTDESK_RESTRICTED", "SHIFTDESK_DB",
    "SHIFTDESK_CONFIG", "TZ", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
}  # fmt: skip
"""All that is in the environment of a desk behind its login."""
HOSTILE = {
    "TEXTUAL_DRIVER": "evil:Driver", "TEXTUAL_LOG": "/tmp/written-by-textual", "PYTHONPATH": "/tmp/evil",
    "PYTHONSTARTUP": "/tmp/evil.py", "LD_PRELOAD": "/tmp/evil.so", "SHIFTDESK_AGENT": "boss",
    "SHIFTDESK_DB": "/tmp/other.db", "SHIFTDESK_CONFIG": "/tmp/other.toml", "SHIFTDESK_RESTRICTED": "0",
    "EDITOR": "sh", "VISUAL": "sh", "PAGER": "sh", "BASH_ENV": "/tmp/evil.sh", "ENV": "/tmp/evil.sh",
    "HTTPS_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/tmp/ca.pem", "SSLKEYLOGFILE": "/tmp/keys",
    "LC_ALL": "C.UTF-8",
}  # fmt: skip
NO_LOADER = {name: value for name, value in HOSTILE.items() if not name.startswith(("LD_", "BASH_ENV", "ENV"))}
"""Without what acts on the login's own shell before its first line: of that, sshd alone can keep it free."""


class Host:
    """A machine with one service user, whoever runs the tests, and a key for each agent."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.home, self.log = folder / "home", folder / "sshd.log"
        self.editor = folder / "team editor"
        for name in ("host", *AGENTS):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
            subprocess.run(key, check=True)
        self._keys()
        self.configure("only_known_agents = true")
        self._server: subprocess.Popen[bytes] | None = None

    # -- the files of docs/team, with the paths of this test ------------------------------------------

    def _shipped(self, name: str, **otherwise: str | Path) -> str:
        """A file as it is shipped; each thing that is replaced has to be in it."""
        found = (FILES / name).read_text()
        for old, new in otherwise.items():
            assert PLACES[old] in found, (name, old)
            found = found.replace(PLACES[old], str(new))
        return found

    def _keys(self) -> None:
        line = self._shipped("authorized_keys", login=self.folder / "shiftdesk-login")
        for name in AGENTS:
            words = (self.folder / f"{name}.pub").read_text().split()
            line = line.replace(f"AAAA-THE-PUBLIC-KEY-OF-{name.upper()}", words[1])
        (self.folder / "keys").write_text(line)
        login = self._shipped(
            "shiftdesk-login", env=self.folder / "team.env", home=self.home, python=sys.executable
        )  # fmt: skip
        (self.folder / "shiftdesk-login").write_text(login)
        (self.folder / "shiftdesk-login").chmod(0o755)
        (self.folder / "team.env").write_text(
            self._shipped("team.env", db=self.store.path, config=self.folder / "config.toml")
        )

    def configure(self, desk: str) -> None:
        """What the team has in its configuration."""
        (self.folder / "config.toml").write_text(f"[desk]\n{desk}\n")

    def start(self, *more: str) -> None:
        """A server on a free port, with lines of its own before those of the team."""
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd of Debian locks itself up
        for _ in range(5):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
            own = [
                f"ListenAddress 127.0.0.1:{self.port}", f"HostKey {self.folder / 'host'}", "UsePAM no", "PidFile none",
                # The folders of a test lie in /tmp, where everybody may write.
                "StrictModes no", "Subsystem sftp /usr/lib/openssh/sftp-server", *more,
            ]  # fmt: skip
            team = self._shipped(
                "sshd_config.d-shiftdesk.conf", user=f"Match User {self.user}", keys=self.folder / "keys"
            )
            (self.folder / "sshd_config").write_text("\n".join((*own, team)))
            with self.log.open("wb") as log:
                self._server = subprocess.Popen(
                    [SSHD, "-D", "-e", "-f", self.folder / "sshd_config"], stderr=log, stdin=subprocess.DEVNULL
                )
            if until(lambda: "Server listening" in self.said() or self._server_ended()) and not self._server_ended():
                return
        raise AssertionError(self.said())

    def _server_ended(self) -> bool:
        return self._server is not None and self._server.poll() is not None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def close(self) -> None:
        for pid in self.desks():
            os.kill(pid, signal.SIGKILL)
        if self._server is not None:
            self._server.kill()
            self._server.wait()

    # -- agents -----------------------------------------------------------------------------------

    def ssh(self, agent: str, *words: str) -> list[str | Path]:
        """The command line of an agent's client; they see nothing of the person who runs the tests."""
        options = {
            "IdentitiesOnly": "yes", "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null",
            "BatchMode": "yes", "LogLevel": "ERROR", "Port": str(self.port),
        }  # fmt: skip
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        command = ["ssh", "-F", "/dev/null", "-i", self.folder / agent, *given]
        return [*command, *words[:-1], f"{self.user}@127.0.0.1", *filter(None, words[-1:])]

    def terminal(self, agent: str, *options: str, env: dict[str, str | None] | None = None) -> Terminal:
        """An agent who logs in, and sees their desk."""
        made = Terminal(self.ssh(agent, "-tt", *options, ""), cols=120, rows=40, env=env or {})
        made.wait(r"Feed \d", timeout=PATIENCE_S)
        made.wait("Help")
        made.settle()
        return made

    def run(self, agent: str, *words: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
        """A client without a terminal, until it ends."""
        return subprocess.run(
            self.ssh(agent, *words), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, **options
        )

    def desks(self) -> list[int]:
        """The processes of the desks that are open."""
        here = str(self.store.path).encode()
        return [pid for pid in pids() if b"-m\0tui\0" in of(pid, "cmdline") and here in of(pid, "environ")]

    def environment(self) -> dict[str, str]:
        """That of the one desk which is open."""
        (pid,) = self.desks()
        found = of(pid, "environ").decode().rstrip("\0").split("\0")
        return dict(one.split("=", 1) for one in found)

    def draft(self) -> str:
        reader = self.store.reader()
        found = reader.draft(1)
        reader.close()
        return found.text if found else ""


PLACES = {
    "login": "/usr/local/bin/shiftdesk-login",
    "env": "/etc/shiftdesk/team.env",
    "home": "/var/lib/shiftdesk",
    "python": "/opt/shiftdesk/bin/python",
    "db": "/srv/shiftdesk/desk.db",
    "config": "/etc/shiftdesk/config.toml",
    "user": "Match User shiftdesk",
    "keys": "/etc/ssh/shiftdesk_keys",
}
"""What the shipped files name, that is elsewhere here."""


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def of(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def until(reached: Callable[[], Any]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > end:
            return False
        select_nothing()
    return True


def select_nothing() -> None:
    """Wait a little for processes that tell nobody of what they do."""
    import select

    select.select([], [], [], 0.05)


@pytest.fixture
def host(template: Path, tmp_path: Path) -> Iterator[Host]:
    for program in (SSHD, "ssh", "sftp", "ssh-keygen"):
        assert shutil.which(program), f"{program} is missing: apt-get install openssh-server openssh-client"
    store, now = copy_of(template, tmp_path / "desk"), clock.now()
    take(store, post("1", "c1", "My train is late", created_at=now - MINUTE, account="@northline"), now=now)
    with store.transaction() as session:
        employ(session, ana="admin", ben="agent")
    made = Host(tmp_path, store)
    yield made
    made.close()
    store.close()


def write(terminal: Terminal, words: str) -> None:
    terminal.press("r")
    terminal.wait("Reply to @c1")
    terminal.wait("Review & send")
    terminal.type(words)
    terminal.wait(words)


def test_the_key_says_who_one_is_on_the_one_desk(host: Host) -> None:
    host.start()
    with host.terminal("ana") as ana, host.terminal("ben") as ben:
        ana.press("c")
        ana.wait("claimed by ana|Claimed 1|yours")
        ben.wait("ana")
        reader = host.store.reader()
        row = reader.conversation(1)
        shifts = {event.agent for event in reader.events() if event.kind == "shift.started"}
        reader.close()
        assert row is not None
        assert row.owner == "ana"
        assert shifts == {"ana", "ben"}


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [((), HOSTILE), (("AcceptEnv *",), NO_LOADER)],
    ids=["as it is configured", "by a server that takes every variable"],
)
def test_what_the_client_sends_of_its_environment_changes_nothing(
    host: Host, accepted: tuple[str, ...], sent: dict[str, str]
) -> None:
    host.start(*accepted)
    names = " ".join(name for name in sent if not name.startswith("LD_"))
    given = ["-o", f"SendEnv={names}"]
    if "LD_PRELOAD" in sent:  # in the environment of the client itself it would act on the client
        given += ["-o", f"SetEnv=LD_PRELOAD={sent['LD_PRELOAD']}"]
    own: dict[str, str | None] = {name: value for name, value in sent.items() if not name.startswith("LD_")}
    with host.terminal("ben", *given, env=own):
        found = host.environment()
        assert set(found) <= OF_THE_DESK
        assert (found["SHIFTDESK_AGENT"], found["SHIFTDESK_RESTRICTED"]) == ("ben", "1")
        assert found["SHIFTDESK_DB"] == str(host.store.path)
        assert (found["LANG"], found["PATH"]) == ("C.UTF-8", "/usr/local/bin:/usr/bin:/bin")


def test_a_terminal_of_a_name_that_is_none_is_an_ordinary_one(host: Host) -> None:
    host.start()
    with host.terminal("ben", env={"TERM": "x$(touch /tmp/owned);y"}):
        assert host.environment()["TERM"] == "xterm-256color"


@pytest.mark.parametrize("words", [("sh",), ("-tt", "sh"), ("-tt", "queue --agent boss; sh")])
def test_no_other_command_runs(host: Host, words: tuple[str, ...]) -> None:
    host.start()
    ended = host.run("ben", *words)
    assert ended.returncode == 2
    assert b"opens the desk and runs no other command" in ended.stderr + ended.stdout
    assert host.desks() == []


def test_without_a_terminal_there_is_a_sentence(host: Host) -> None:
    host.start()
    ended = host.run("ben", "-T", "")
    assert ended.returncode == 64
    assert b"needs a terminal" in ended.stderr


def test_files_ports_and_agents_go_nowhere(host: Host, tmp_path: Path) -> None:
    host.start()
    copying = subprocess.run(
        ["sftp", *host.ssh("ben", "")[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S
    )
    assert copying.returncode != 0  # what a subsystem says on stderr, sshd keeps to itself
    assert b"Connection closed" in copying.stderr
    assert host.run("ben", "-s", "sftp").returncode == 2
    assert host.desks() == []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        there = f"127.0.0.1:{listener.getsockname()[1]}"
        ended = host.run("ben", "-W", there, "")
        assert ended.returncode != 0
        assert b"stdio forwarding failed" in ended.stderr
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    back = host.run("ben", "-N", "-o", "ExitOnForwardFailure=yes", "-R", f"0:{there}", "")
    assert back.returncode != 0
    assert b"remote port forwarding failed" in back.stderr
    keys = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.DEVNULL)
    try:
        assert until((tmp_path / "agent").exists)
        with host.terminal("ben", "-A", env={"SSH_AUTH_SOCK": str(tmp_path / "agent")}):
            assert "SSH_AUTH_SOCK" not in host.environment()
    finally:
        keys.kill()
        keys.wait()


def test_a_line_that_drops_ends_the_desk_and_keeps_the_draft(host: Host) -> None:
    host.start()
    with host.terminal("ben") as ben:
        write(ben, "We are sorry for")
        (desk,) = host.desks()
        ben.type(" the wait")
        ben.signal(signal.SIGKILL)
        assert until(lambda: not of(desk, "cmdline"))
    assert host.draft() == "We are sorry for the wait"


def test_no_key_leads_to_a_shell(host: Host) -> None:
    host.start()
    with host.terminal("ben") as ben:
        ben.press("ctrl+z")
        ben.wait("There is no shell to go back to here")
        write(ben, "Hello")
        ben.press("ctrl+o")
        ben.wait("No other editor is allowed here")
        (desk,) = host.desks()
        state = re.search(rb"^State:\s+(\w)", of(desk, "status"), re.M)
        assert state is not None
        assert state[1] != b"T"
        assert children(desk) == []
        ben.type(" there")
        ben.wait("Hello there")


def test_the_editor_of_the_team_opens_and_no_shell_stops_it(host: Host) -> None:
    host.editor.write_text('#!/bin/sh\necho "outside: $1"; IFS= read -r line; printf "%s" "$line" >> "$1"\n')
    host.editor.chmod(0o755)
    host.configure(f"editor = \"'{host.editor}'\"")
    host.start()
    with host.terminal("ben") as ben:
        write(ben, "Hello")
        ben.press("ctrl+o")
        ben.wait("outside: ")
        ben.press("ctrl+z")  # no shell: the system lets nobody stop here
        ben.type(" from outside\n")
        ben.wait("Hello from outside")


def test_a_key_whose_name_nobody_added_is_refused(host: Host) -> None:
    keys = host.folder / "keys"
    keys.write_text(keys.read_text().replace("shiftdesk-login ben", "shiftdesk-login cem"))
    host.start()
    with Terminal(host.ssh("ben", "-tt", ""), cols=120, rows=40) as cem:
        cem.wait("Nobody called 'cem' works here")
        assert cem.exit_code() == 1


def test_an_admin_takes_somebody_off_the_desk_and_it_closes(host: Host) -> None:
    host.start()
    with host.terminal("ben") as ben:
        ben.press("c")
        ben.wait("Claimed 1")
        with host.store.transaction() as session:
            people.set_role(session, "ben", "lead", agent="ana", now=clock.now())
        ben.wait("ana changed your role: you are lead now")
        with host.store.transaction() as session:
            assert people.remove(session, "ben", agent="ana", now=clock.now()) == [1]
        assert ben.exit_code(PATIENCE_S) == 1
        assert "ana took you off this desk; what you held is back in the queue." in ben.after_exit()
    assert [row.doing for row in host.store.reader().present(clock.now()) if row.agent == "ben"] == []
    with Terminal(host.ssh("ben", "-tt", ""), cols=120, rows=40) as again:
        again.wait("ben may no longer work at this desk")
        assert again.exit_code() == 1


def children(pid: int) -> list[int]:
    return [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
