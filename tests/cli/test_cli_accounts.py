"""`account`: a login step by step, over SSH and in scripts; what it leaves behind and what it never shows."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import Answer, Desk

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.errors import Misuse, OutOfReach
from tui.networks import known
from tui.networks.accounts import Account, Asked, Granted, Tokens
from tui.networks.records import Finding, RateLimited
from tui.secrets import variable
from tui.store.sqlite import File

URL = "https://rail.example/oauth/authorize?client_id=7&state=abc"
CODE = "planted-code-11f3"
TOKENS = {"access": "planted-access-90ab", "refresh": "planted-refresh-cd12"}


@dataclass
class FakeLogin:
    """One that takes CODE."""

    handle: str
    asked: Asked = field(default_factory=lambda: Asked("Open this address and paste the code.", URL, hidden=True))
    fails: Exception | None = None
    closed: bool = False
    given: list[str] = field(default_factory=list)

    def begin(self) -> Asked:
        if self.fails:
            raise self.fails
        return self.asked

    def finish(self, given: str) -> Granted:
        self.given.append(given)
        if given != CODE:
            raise Misuse("The network does not take this code; begin again.")
        return Granted("@Help@rail.example", "42", "https://rail.example", TOKENS)

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeClient:
    """One that shows what it was made with."""

    account: Account
    tokens: Tokens
    says: Callable[[], tuple[Finding, ...]]
    closed: bool = False

    def test(self, *, now: int) -> tuple[Finding, ...]:
        assert self.tokens.get("access") == TOKENS["access"]
        return self.says()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> FakeLogin:
    made = FakeLogin("")

    def begun(network: str, handle: str, server: str, options: Any, transport: Any = None) -> FakeLogin:
        made.handle = handle
        return made

    monkeypatch.setattr(known, "login", begun)
    return made


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[FakeClient]:
    made: list[FakeClient] = []
    findings = (
        Finding("login", True, "works"),
        Finding("read mentions", True, "300 of 300 calls left\x1b]0;x\x07"),
        Finding("search", False, "not here"),
    )

    def client(account: Account, tokens: Tokens, options: Any, transport: Any = None) -> FakeClient:
        made.append(FakeClient(account, tokens, lambda: findings))
        return made[-1]

    monkeypatch.setattr(known, "client", client)
    return made


def add(desk: Desk, *more: str, code: str = CODE) -> Answer:
    return desk("account", "add", "mastodon", "@help@rail.example", *more, stdin=code.encode())


def events(desk: Desk, kind: str) -> list[Any]:
    found = desk.run("SELECT CAST(data AS text) FROM event WHERE kind = :kind ORDER BY id", kind=kind)
    return [json.loads(row[0]) for row in found]


@pytest.fixture
def file(desk: Desk) -> Path:
    return desk.folder / "config" / "shiftdesk" / "tokens.toml"


def test_a_login_shows_sentence_and_url_and_keeps_tokens_outside_the_database(
    desk: Desk, login: FakeLogin, file: Path
) -> None:
    answer = add(desk)
    assert answer.code == 0, answer
    assert answer.err.splitlines()[:2] == [login.asked.sentence, URL]
    assert "mastodon:@help@rail.example is logged in at rail.example" in answer.out
    assert login.closed
    assert TOKENS["access"] in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    if isinstance(desk.store.home, File):
        for path in desk.path.parent.glob("*.db*"):
            assert not any(token.encode() in path.read_bytes() for token in (*TOKENS.values(), CODE))
    (event,) = events(desk, "account.login")
    assert event == {"account": "mastodon:@Help@rail.example", "server": "https://rail.example", "native_id": "42"}
    assert not any(secret in answer.out + answer.err for secret in (*TOKENS.values(), CODE))


def test_its_document_says_where_the_tokens_are(desk: Desk, login: FakeLogin, file: Path) -> None:
    assert add(desk, "--json").json == {
        "account": "mastodon:@help@rail.example",
        "server": "https://rail.example",
        "native_id": "42",
        "tokens": f"the file {file}",
    }
    (one,) = desk.json("account", "list")
    assert one == {
        "account": "mastodon:@Help@rail.example", "network": "mastodon", "handle": "@Help@rail.example",
        "server": "https://rail.example", "native_id": "42", "tokens": f"the file {file}", "problem": "",
        "braked": False, "waiting": 0, "held": 0, "read": [], "behind": "not read yet",
    }  # fmt: skip


@pytest.mark.parametrize("way", ["file", "stdin", "dash"])
def test_a_script_gives_the_code_in_a_file_or_on_stdin(desk: Desk, login: FakeLogin, way: str, tmp_path: Path) -> None:
    path = tmp_path / "code"
    path.write_text(f"  {CODE}\n")
    more = {"file": ("--code-file", str(path)), "stdin": (), "dash": ("--code-file", "-")}[way]
    assert add(desk, *more, code="" if way == "file" else f"{CODE}\r\n").code == 0
    assert login.given == [CODE]


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("hidden", [True, False])
def test_on_a_terminal_it_is_asked_for_and_hidden_where_the_network_says_so(
    desk: Desk, login: FakeLogin, monkeypatch: pytest.MonkeyPatch, hidden: bool
) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(text: str, **named: Any) -> str:
        asked.append(named)
        return CODE

    login.asked = Asked("Paste it.", hidden=hidden)
    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(io, "TextIOWrapper", Terminal)
    assert add(desk).code == 0
    assert [one["hide_input"] for one in asked] == [hidden]
    assert asked[0]["err"]


def unchanged(desk: Desk, file: Path) -> bool:
    return desk.json("account", "list") == [] and not file.exists() and not events(desk, "account.login")


@pytest.mark.parametrize("code", ["wrong", "", "   \n", "x" * 9_000])
def test_a_code_that_is_not_taken_changes_nothing(desk: Desk, login: FakeLogin, file: Path, code: str) -> None:
    answer = add(desk, "--json", code=code)
    assert answer.code == 2
    assert "code" in answer.json["error"]
    assert login.closed
    assert unchanged(desk, file)


@pytest.mark.parametrize(
    ("error", "code"), [(OutOfReach("rail.example cannot be reached."), 3), (Misuse("That is no server."), 2),
                        (RateLimited("Too many logins; wait 5 min.", until=1), 3)],
)  # fmt: skip
def test_a_server_that_cannot_be_used_changes_nothing(
    desk: Desk, login: FakeLogin, file: Path, error: Exception, code: int
) -> None:
    login.fails = error
    answer = add(desk)
    assert (answer.code, answer.err) == (code, f"{error}\n")
    assert login.closed
    assert unchanged(desk, file)


def test_a_code_file_that_is_not_there_is_named(desk: Desk, login: FakeLogin, file: Path) -> None:
    answer = add(desk, "--code-file", "/nowhere/at/all")
    assert answer.code == 2
    assert "/nowhere/at/all" in answer.err
    assert unchanged(desk, file)


def test_the_code_is_no_argument(desk: Desk, login: FakeLogin) -> None:
    assert add(desk, CODE).code == 2
    assert add(desk, "--code", CODE).code == 2
    assert not login.given


def test_tokens_from_the_environment_are_not_shadowed(
    desk: Desk, login: FakeLogin, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable("mastodon:@help@rail.example"), json.dumps(TOKENS))
    answer = add(desk)
    assert answer.code == 2
    assert "SHIFTDESK_TOKENS_MASTODON_HELP_RAIL_EXAMPLE" in answer.err
    assert not login.given
    assert unchanged(desk, file)


def test_tokens_that_cannot_be_kept_leave_the_account_as_it_was(desk: Desk, login: FakeLogin, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("")
    file.chmod(0o644)
    answer = add(desk)
    assert answer.code == 2
    assert "chmod 600" in answer.err
    assert desk.json("account", "list") == []


def test_an_account_known_by_its_posts_gets_its_login(
    desk: Desk, login: FakeLogin, post: Callable[..., dict[str, Any]]
) -> None:
    desk.take_in(post(network="mastodon", account="@help@rail.example"))
    (before,) = desk.json("account", "list")
    assert (before["server"], before["tokens"], before["waiting"]) == (None, "", 1)
    assert "file" in desk("account", "list").out
    assert add(desk).code == 0
    (after,) = desk.json("account", "list")
    assert (after["server"], after["waiting"]) == ("https://rail.example", 1)


def test_the_list_says_how_far_each_account_is_read(desk: Desk, login: FakeLogin) -> None:
    handle = "@somebody-with-a-long-name@rail.example"
    assert add(desk).code == 0
    now = clock.now()
    desk.run("UPDATE account SET handle = :handle", handle=handle)
    source = "INSERT INTO source (account_id, name, next_at, reached_at, read_at) VALUES (1, :name, 0, :reached, :now)"
    desk.run(source, name="mentions", reached=now, now=now)
    assert desk.json("account", "list")[0]["behind"] == "up to date"
    desk.run(source, name="own", reached=now - 2 * HOUR, now=now)
    (one,) = desk.json("account", "list")
    assert one["behind"] == "2h behind"
    assert [source["source"] for source in one["read"]] == ["mentions", "own"]
    shown = desk("account", "list").out
    assert f"mastodon:{handle}" in shown
    assert "2h behind" in shown
    desk.run("UPDATE source SET error = 'no', failing_since = :at WHERE name = 'own'", at=now - 5 * MINUTE)
    assert desk.json("account", "list")[0]["behind"] == "failing for 5m"


def test_a_login_has_everything_of_its_account_read_at_once(desk: Desk, login: FakeLogin) -> None:
    assert add(desk).code == 0
    later = clock.now() + HOUR
    desk.run("INSERT INTO source (account_id, name, next_at) VALUES (1, 'own', :later)", later=later)
    assert add(desk).code == 0
    ((due,),) = desk.run("SELECT next_at FROM source")
    assert due < later


def test_what_is_wrong_with_the_tokens_is_listed(desk: Desk, login: FakeLogin, file: Path) -> None:
    add(desk)
    file.chmod(0o644)
    (one,) = desk.json("account", "list")
    assert one["tokens"] == ""
    assert "chmod 600" in one["problem"]
    file.unlink()
    (one,) = desk.json("account", "list")
    assert "account add" in one["problem"]
    assert "account add" in desk("account", "list").out


def test_a_login_is_tested_in_one_line_each(desk: Desk, login: FakeLogin, clients: list[FakeClient]) -> None:
    add(desk)
    answer = desk("account", "test", "@help@rail.example")
    assert answer.code == 0
    _, first, second = answer.out.splitlines()
    assert "ok" in first
    assert "read mentions" in first
    assert "\x1b" not in answer.out
    assert "not here" in second
    assert [found["what"] for found in desk.json("account", "test")[0]["findings"]] == [
        "login",
        "read mentions",
        "search",
    ]
    assert all(client.closed for client in clients)
    assert clients[0].account.native_id == "42"


def test_an_account_that_cannot_be_used_is_said_and_is_an_error(
    desk: Desk, login: FakeLogin, clients: list[FakeClient], file: Path
) -> None:
    add(desk)
    file.unlink()
    answer = desk("account", "test", "--json")
    assert answer.code == 3
    (one,) = answer.json
    assert not one["ok"]
    assert "log it in again" in one["findings"][0]["text"]
    assert not clients


def test_what_has_no_login_is_not_tested(desk: Desk, post: Callable[..., dict[str, Any]]) -> None:
    assert desk("account", "test").out.startswith("No account has a login")
    assert desk.json("account", "test") == []
    assert "account add" in desk("account", "list").out
    desk.take_in(post())
    answer = desk("account", "test", "@northline")
    assert answer.code == 2
    assert "account add x @northline" in answer.err
    assert desk("account", "test", "@nobody").code == 2


def test_a_login_is_removed_with_its_tokens(desk: Desk, login: FakeLogin, file: Path) -> None:
    add(desk)
    assert desk.json("account", "remove-login", "@help@rail.example") == {
        "account": "mastodon:@Help@rail.example", "removed": True,
    }  # fmt: skip
    assert "planted" not in file.read_text()
    (one,) = desk.json("account", "list")
    assert (one["server"], one["native_id"]) == (None, None)
    assert events(desk, "account.logout") == [{"account": "mastodon:@Help@rail.example"}]
    assert not desk.json("account", "remove-login", "@help@rail.example")["removed"]
    assert len(events(desk, "account.logout")) == 1


def test_a_login_stays_while_a_reply_is_on_its_way(
    desk: Desk, login: FakeLogin, post: Callable[..., dict[str, Any]], file: Path
) -> None:
    add(desk)
    desk.take_in(post(network="mastodon", account="@help@rail.example", text="@help no train"))
    (waiting,) = desk.json("queue")
    desk.json("reply", str(waiting["id"]), "--text", "Which one was it?")
    answer = desk("account", "remove-login", "@help@rail.example")
    assert answer.code == 1
    assert "on their way" in answer.err
    assert "planted" in file.read_text()
    assert desk.json("account", "list")[0]["held"] == 1


def test_the_keyring_is_asked_for(desk: Desk, login: FakeLogin, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    answer = add(desk, "--keyring")
    assert answer.code == 2
    assert "shiftdesk[keyring]" in answer.err
    assert desk.json("account", "list") == []


@pytest.mark.parametrize("network", ["facebook", "", "X "])
def test_a_network_we_do_not_know_is_refused(desk: Desk, network: str) -> None:
    answer = desk("account", "add", network, "@northline")
    assert answer.code == 2
    assert "mastodon" in answer.err


def test_the_doctor_says_whether_tokens_are_at_hand(desk: Desk, login: FakeLogin, file: Path) -> None:
    def tokens() -> list[tuple[str, str]]:
        checks = desk.json("doctor")["checks"]
        return [(check["verdict"], check["text"]) for check in checks if check["name"] == "tokens"]

    assert tokens() == []
    add(desk)
    assert tokens() == [("ok", f"mastodon:@help@rail.example: from the file {file}")]
    file.chmod(0o640)
    ((verdict, text),) = tokens()
    assert verdict == "warn"
    assert "chmod 600" in text
    file.unlink()
    ((verdict, text),) = tokens()
    assert verdict == "info"
    assert "none at hand" in text
