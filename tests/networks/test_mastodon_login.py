"""Logging in: a link, a code, and never the wrong account."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from servers.mastodon_server import ME, FakeMastodon

from tui.errors import Misuse, OutOfReach
from tui.networks import known
from tui.networks.accounts import Login
from tui.networks.mastodon.login import SCOPES, server_of
from tui.networks.wire import Options

Answering = Callable[[httpx.Request], httpx.Response]


def login_at(fake: Answering, handle: str = "@care@northline.example", server: str = "") -> Login:
    return known.login("mastodon", handle, server, Options(), httpx.MockTransport(fake))


@pytest.mark.parametrize("kind", ["mastodon", "gotosocial", "pleroma", "misskey"])
def test_a_code_becomes_a_login(kind: str) -> None:
    login = login_at(FakeMastodon(kind))
    asked = login.begin()
    address = urlsplit(asked.url)
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.scheme, address.hostname, address.path) == ("https", "northline.example", "/oauth/authorize")
    assert query["redirect_uri"] == "urn:ietf:wg:oauth:2.0:oob"
    assert query["scope"] == SCOPES[1 if kind == "misskey" else 0]
    assert ("code_challenge" in query) == (kind == "mastodon")
    granted = login.finish("  the-code\n")
    assert (granted.handle, granted.native_id, granted.server) == (
        "@care@northline.example",
        ME,
        "https://northline.example",
    )
    assert granted.tokens["access"] == "access-1"
    assert "named" not in granted.tokens
    assert "access-1" not in repr(granted)
    login.close()


def test_a_server_that_an_admin_named_is_remembered_as_such() -> None:
    login = login_at(FakeMastodon(), "@care", "northline.example")
    login.begin()
    granted = login.finish("the-code")
    assert (granted.handle, granted.tokens["named"]) == ("@care@northline.example", "yes")


def test_another_account_than_meant_is_refused() -> None:
    login = login_at(FakeMastodon(), "@help@northline.example")
    login.begin()
    with pytest.raises(Misuse, match="there, not as @help@northline"):
        login.finish("the-code")


@pytest.mark.parametrize("code", ["wrong", "", "   "])
def test_a_wrong_code_is_a_sentence(code: str) -> None:
    login = login_at(FakeMastodon())
    login.begin()
    with pytest.raises(Misuse, match="begin again"):
        login.finish(code)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx.Response(404, text="<html>nothing</html>"), Misuse, "lets no program log in: 404"),
        (httpx.Response(200, text="<html>a blog</html>"), Misuse, "is no Mastodon server"),
        (httpx.Response(200, json={"client_id": 7}), Misuse, "is no Mastodon server"),
        (httpx.Response(503), OutOfReach, "try again in a few minutes"),
        (httpx.Response(429), OutOfReach, "try again in a few minutes"),
    ],
)  # fmt: skip
def test_what_is_no_such_server_is_a_sentence(answer: httpx.Response, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        login_at(lambda request: answer).begin()


@pytest.mark.parametrize(
    ("handle", "named", "server"),
    [
        ("@care@Northline.example", "", "https://northline.example"),
        ("care@northline.example", "", "https://northline.example"),
        ("@care@northline.example:8443", "", "https://northline.example:8443"),
        ("@care", "social.northline.example", "https://social.northline.example"),
        ("@care@northline.example", "https://social.northline.example/", "https://social.northline.example"),
    ],
)  # fmt: skip
def test_where_to_log_in(handle: str, named: str, server: str) -> None:
    assert server_of(handle, named) == server


@pytest.mark.parametrize("handle", ["@care", "care", "@care@", "@care@a/b", "@care@a b", "", "@care@user:pw@host"])
def test_a_handle_without_a_server_says_what_to_give(handle: str) -> None:
    with pytest.raises(Misuse, match="--server"):
        server_of(handle, "")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "localhost"])
def test_a_handle_leads_to_no_private_address(host: str) -> None:
    login = known.login("mastodon", f"@care@{host}", "", Options())
    with pytest.raises(OutOfReach, match="is not a public address"):
        login.begin()
    login.close()
