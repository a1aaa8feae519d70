"""Logging in as an admin does over SSH: a real terminal, a real connection, a server on this machine."""

import json
import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from servers.mastodon_server import FakeMastodon

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30


class Served:
    """A server in memory, behind a real socket."""

    def __init__(self, server: FakeMastodon) -> None:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                url = f"http://northline.example{self.path}"
                found = server(httpx.Request(self.command, url, headers=dict(self.headers), content=body))
                self.send_response(found.status_code)
                for name, value in found.headers.items():
                    if name not in ("content-length", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(found.content)))
                self.end_headers()
                self.wfile.write(found.content)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def mastodon() -> Iterator[tuple[FakeMastodon, str]]:
    server = FakeMastodon()
    served = Served(server)
    yield server, served.url
    served.http.shutdown()
    served.http.server_close()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tui", "--db", str(Path.home() / "desk.db"), "--agent", "ana", *words]


def in_a_terminal(words: list[str], waits_for: bytes, types: bytes) -> tuple[int, str]:
    """Run it with a terminal of its own; what it shows, and how it ends."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(words[0], words)
    shown, typed, until = b"", False, time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        if not typed and waits_for in shown:
            typed = True
            os.write(terminal, types)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_an_account_is_logged_in_over_a_terminal_and_what_is_pasted_is_not_shown(
    mastodon: tuple[FakeMastodon, str],
) -> None:
    server, url = mastodon
    words = command("account", "add", "mastodon", "@care@northline.example", "--server", url)
    code, shown = in_a_terminal(words, b"Paste it here", b"the-code\n")
    assert code == 0, shown
    assert f"{url}/oauth/authorize?" in shown
    assert "is logged in at" in shown
    assert "the-code" not in shown
    assert server.access not in shown
    tested = subprocess.run(command("account", "test", "--json"), cwd=ROOT, capture_output=True, text=True, timeout=60)
    (one,) = json.loads(tested.stdout)
    assert (tested.returncode, one["ok"], tested.stderr) == (0, True, "")


def test_who_gives_up_at_the_prompt_has_changed_nothing(mastodon: tuple[FakeMastodon, str]) -> None:
    _, url = mastodon
    words = command("account", "add", "mastodon", "@care@northline.example", "--server", url)
    code, shown = in_a_terminal(words, b"Paste it here", b"\x03")
    assert code == 130, shown
    listed = subprocess.run(command("account", "list", "--json"), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert json.loads(listed.stdout) == []
    assert not list(Path.home().rglob("tokens.toml"))


def test_a_worker_reads_and_answers_with_that_login_and_logs_each_call(mastodon: tuple[FakeMastodon, str]) -> None:
    server, url = mastodon
    add = command("account", "add", "mastodon", "@care@northline.example", "--server", url)
    done = subprocess.run(add, cwd=ROOT, input="the-code", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    server.mention("@care the 8:14 did not come")

    def worker() -> list[dict[str, object]]:
        run = subprocess.run(
            command("worker", "--once", "--json"), cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert run.returncode == 0, run.stderr
        assert server.access not in run.stdout + run.stderr
        return [json.loads(row) for row in run.stderr.splitlines()]

    read = worker()
    assert {"called"} <= {one["event"] for one in read}
    assert {one["account"] for one in read} == {"mastodon:@care@northline.example"}
    config = Path.home() / "config.toml"
    config.write_text("[desk]\nundo_seconds = 0\n")
    reply = command("--config", str(config), "reply", "1", "--text", "@amandac@mastodon.example Which one was it?")
    sent = subprocess.run(reply, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    said = worker()
    assert [text for text in server.published if "Which one was it?" in text] == server.published
    assert len(server.published) == 1
    assert any(one.get("method") == "POST" and one.get("status") == 200 for one in said)
    for path in Path.home().glob("desk.db*"):
        assert server.access.encode() not in path.read_bytes()
