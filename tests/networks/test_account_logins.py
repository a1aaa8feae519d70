"""`account add` and `account test` with the real logins and clients, against servers that behave as the real ones."""

import io
import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.bluesky_server import PASSWORD, FakeBluesky
from servers.mastodon_server import FakeMastodon
from servers.x_server import FakeX

from tui.cli.program import run
from tui.errors import OutOfReach
from tui.networks import known
from tui.secrets import variable


@dataclass(frozen=True)
class Case:
    """One account on one network."""

    network: str
    handle: str
    server: Callable[[], Any]
    given: str
    """What is pasted."""
    key: str

    def __str__(self) -> str:
        return self.network


def x() -> FakeX:
    made = FakeX()
    made.codes = {"planted-code": ""}
    made.mention()
    return made


def mastodon() -> FakeMastodon:
    made = FakeMastodon()
    made.mention()
    return made


CASES = [
    Case("x", "@northline", x, "planted-code", "x:@northline"),
    Case("mastodon", "@care@northline.example", mastodon, "the-code", "mastodon:@care@northline.example"),
    Case("bluesky", "@northline.example", FakeBluesky, PASSWORD, "bluesky:@northline.example"),
]
each = pytest.mark.parametrize("case", CASES, ids=str)


class Desk:
    """A desk whose networks are servers in memory."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        code = run(words)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: str, stdin: str = "") -> Any:
        code, out, err = self(*words, "--json", stdin=stdin)
        assert code == 0, err
        return json.loads(out)

    def at(self, server: Any) -> None:
        """From now on every network is this one."""
        login, client = _REAL
        to = {"transport": httpx.MockTransport(server)}
        self._monkeypatch.setattr(known, "login", lambda *given: login(*given, **to))
        self._monkeypatch.setattr(known, "client", lambda *given: client(*given, **to))


_REAL = (known.login, known.client)


@pytest.fixture
def desk(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    path = tmp_path / "desk.db"
    shutil.copy(template, path)
    monkeypatch.setenv("SHIFTDESK_DB", str(path))
    monkeypatch.setenv("SHIFTDESK_AGENT", "ana")
    monkeypatch.setenv("SHIFTDESK_X_CLIENT_ID", "team")
    return Desk(path, capsys, monkeypatch)


def add(desk: Desk, case: Case, given: str | None = None) -> tuple[int, str, str]:
    return desk("account", "add", case.network, case.handle, stdin=case.given if given is None else given)


@each
def test_an_account_is_logged_in_tried_and_listed(desk: Desk, case: Case) -> None:
    server = case.server()
    desk.at(server)
    code, out, err = add(desk, case)
    assert code == 0, err
    _, url = err.splitlines()
    assert url.startswith("https://")
    assert out.startswith(f"{case.key} is logged in at ")
    (one,) = desk.json("account", "list")
    assert (one["account"], one["problem"]) == (case.key, "")
    (tested,) = desk.json("account", "test")
    assert tested["ok"], tested
    assert len(tested["findings"]) >= 3
    assert all(found["text"] for found in tested["findings"])
    shown = out + err + json.dumps([one, tested]) + "".join(desk("account", "test", case.handle)[1:])
    for secret in (case.given, server.access, getattr(server, "refresh", case.given)):
        assert secret not in shown
        assert secret.encode() not in desk.path.read_bytes()
    assert not server.published


@each
def test_a_login_that_is_refused_leaves_no_trace(desk: Desk, case: Case) -> None:
    desk.at(case.server())
    code, out, err = add(desk, case, given="planted-wrong")
    assert (code, out) == (2, "")
    assert "planted-wrong" not in err
    assert desk.json("account", "list") == []
    assert b"planted" not in desk.path.read_bytes()


@each
def test_a_server_that_is_away_is_said_and_leaves_no_trace(desk: Desk, case: Case) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    desk.at(away)
    code, _, err = add(desk, case)
    assert code == OutOfReach.exit_code
    assert err.splitlines()[-1].endswith(".")
    assert desk.json("account", "list") == []


@each
def test_an_account_whose_network_is_away_is_tested_in_sentences(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.networks.wire.PAUSE_S", 0)
    desk.at(case.server())
    add(desk, case)

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    desk.at(away)
    code, out, _ = desk("account", "test")
    assert code == OutOfReach.exit_code
    assert "cannot be reached" in out


@each
def test_tokens_of_the_environment_are_renewed_beside_it(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = case.server()
    desk.at(server)
    add(desk, case)
    (file,) = Path.home().glob(".config/shiftdesk/tokens.toml")
    tokens = tomllib.loads(file.read_text())[case.key]
    file.unlink()
    monkeypatch.setenv(variable(case.key), json.dumps(tokens))
    if case.network == "mastodon":
        return  # its tokens do not run out
    server.token_expired()
    (tested,) = desk.json("account", "test")
    assert tested["ok"], tested
    (one,) = desk.json("account", "list")
    assert one["tokens"] == f"the environment, {variable(case.key)}, renewed"
    assert not file.exists()
