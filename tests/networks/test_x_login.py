"""Logging in to X, over a terminal without a browser."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from servers.x_server import ME, SCOPES, FakeX
from test_x_client import NOW, Pocket, client_of

from tui.errors import Misuse, OutOfReach
from tui.networks import known
from tui.networks.accounts import Account
from tui.networks.known import login as known_login
from tui.networks.wire import Options, Wire
from tui.networks.x.calls import SERVER
from tui.networks.x.login import REDIRECT, App, XLogin, app_from


@pytest.fixture
def x() -> FakeX:
    fake = FakeX(lambda: NOW)
    fake.codes = {"good-code": ""}
    return fake


def login_at(fake: object, handle: str = "@northline", secret: str = "") -> XLogin:
    return XLogin(handle, App("team", secret), Wire(SERVER, transport=httpx.MockTransport(fake)))  # type: ignore[arg-type]


def asked_of(login: XLogin) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(login.begin().url).query).items()}


def test_the_address_asks_for_all_that_is_needed() -> None:
    login = login_at(FakeX())
    begun, asked = login.begin(), asked_of(login)
    assert begun.url.startswith("https://x.com/i/oauth2/authorize?")
    assert "@northline" in begun.sentence
    assert "30 seconds" in begun.sentence
    assert begun.hidden
    assert asked["scope"].split() == SCOPES.split()
    assert (asked["client_id"], asked["redirect_uri"], asked["code_challenge_method"]) == ("team", REDIRECT, "S256")
    assert asked["state"] != asked_of(login_at(FakeX()))["state"]


@pytest.mark.parametrize("bare", [True, False])
def test_the_address_it_ends_at_or_its_code_logs_in(x: FakeX, bare: bool) -> None:
    login = login_at(x)
    asked = asked_of(login)
    granted = login.finish("good-code" if bare else f" {REDIRECT}?state={asked['state']}&code=good-code\n")
    assert (granted.handle, granted.native_id, granted.server) == ("@northline", ME, SERVER)
    assert dict(granted.tokens) == {
        "access": "access-1", "refresh": "refresh-1", "scope": SCOPES, "client_id": "team",
    }  # fmt: skip
    assert "access-1" not in repr(granted)
    form = {name: values[0] for name, values in parse_qs(x.called[0].content.decode()).items()}
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert (form["client_id"], form["redirect_uri"]) == ("team", REDIRECT)


def test_another_server_that_was_named_is_the_one_that_is_used_from_then_on(x: FakeX) -> None:
    there = "http://127.0.0.1:8503"
    wire = Wire(there, Options(private=True), transport=httpx.MockTransport(x))
    granted = XLogin("@northline", App("team"), wire).finish("good-code")
    assert (granted.server, granted.tokens["named"]) == (there, "yes")
    account = Account("x", granted.handle, granted.server, granted.native_id)
    x.mention()
    client = known.client(account, Pocket(**granted.tokens), Options(), httpx.MockTransport(x))
    assert len(client.read("mentions", None, now=NOW).posts) == 1


def test_what_it_grants_is_what_the_client_needs(x: FakeX) -> None:
    tokens = login_at(x).finish("good-code").tokens
    x.token_expired()
    client = client_of(x, lambda: NOW, **tokens)
    assert client.read("mentions", None, now=NOW).posts == ()


def test_a_confidential_client_proves_its_secret(x: FakeX) -> None:
    granted = login_at(x, secret="hush").finish("good-code")
    assert granted.tokens["client_secret"] == "hush"
    assert x.called[0].headers["authorization"] == "Basic " + base64.b64encode(b"team:hush").decode()
    assert "hush" not in repr(App("team", "hush"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "no code"),
        ("two words", "no code"),
        ("bad-code", "does not take this code"),
        (f"{REDIRECT}?state=STATE", "no code in that address"),
        (f"{REDIRECT}?state=other&code=good-code", "another login"),
        (f"{REDIRECT}?code=good-code", "another login"),
        (f"{REDIRECT}?state=STATE&error=access_denied", "was not allowed"),
        ("http://[::1", "no code in that address"),
        ("x" * 5_000, "no address of X's"),
        ("a\0b", "no address of X's"),
    ],
)
def test_what_is_no_address_of_this_login_is_refused_in_a_sentence(x: FakeX, given: str, words: str) -> None:
    login = login_at(x)
    with pytest.raises(Misuse, match=words) as caught:
        login.finish(given.replace("STATE", asked_of(login)["state"]))
    assert "good-code" not in str(caught.value)


def test_another_account_than_the_one_asked_for_is_refused(x: FakeX) -> None:
    with pytest.raises(Misuse, match="@northline there, not as @northlinehelp"):
        login_at(x, "@northlinehelp").finish("good-code")
    x.codes = {"good-code": ""}
    assert login_at(x, "@NorthLine").finish("good-code").handle == "@northline"
    x.codes = {"good-code": ""}
    assert login_at(x, "").finish("good-code").handle == "@northline"


@pytest.mark.parametrize("fault", ["before", "lost", "gateway"])
def test_a_server_that_does_not_answer_says_to_begin_again(x: FakeX, fault: str) -> None:
    x.fail(fault)
    with pytest.raises(OutOfReach):
        login_at(x).finish("good-code")


@pytest.mark.parametrize("fault", ["html", "truncated"])
def test_an_answer_that_is_none_shows_no_token(x: FakeX, fault: str) -> None:
    x.fail(fault)
    with pytest.raises(Misuse) as caught:
        login_at(x).finish("good-code")
    assert "access-1" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_the_app_comes_from_the_environment() -> None:
    with pytest.raises(Misuse, match="SHIFTDESK_X_CLIENT_ID"):
        app_from({})
    assert app_from({"SHIFTDESK_X_CLIENT_ID": " team "}) == App("team", "", REDIRECT)
    more = {"SHIFTDESK_X_CLIENT_SECRET": "hush", "SHIFTDESK_X_REDIRECT": "https://northline.com/x"}
    assert app_from({"SHIFTDESK_X_CLIENT_ID": "team"} | more) == App("team", "hush", "https://northline.com/x")


def test_the_login_is_found_by_its_network(x: FakeX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIFTDESK_X_CLIENT_ID", "team")
    login = known_login("x", "@northline", "", Options(), httpx.MockTransport(x))
    assert login.finish("good-code").native_id == ME
    login.close()
