"""Logging in at Bluesky: where an account is, and an app password that is its own."""

import httpx
import pytest
from servers.bluesky_server import ME, PASSWORD, SERVER, US, FakeBluesky

from tui.errors import Misuse, OutOfReach
from tui.networks.accounts import Account, Login
from tui.networks.bluesky.login import NAMED
from tui.networks.known import client, login
from tui.networks.records import RateLimited
from tui.networks.wire import Options


@pytest.fixture
def fake() -> FakeBluesky:
    return FakeBluesky()


def begun(fake: FakeBluesky, handle: str = US, server: str = "") -> Login:
    return login("bluesky", handle, server, Options(deadline_s=5), httpx.MockTransport(fake))


def test_the_server_of_a_handle_is_found_and_asked(fake: FakeBluesky) -> None:
    made = begun(fake)
    asked = made.begin()
    assert asked.hidden
    assert asked.url == "https://bsky.app/settings/app-passwords"
    granted = made.finish(f" {PASSWORD}\n")
    assert (granted.handle, granted.native_id, granted.server) == (US, ME, SERVER)
    assert granted.tokens == {"access": fake.access, "refresh": fake.refresh, "password": PASSWORD, NAMED: ""}
    assert [request.url.host for request in fake.called] == ["bsky.social", "plc.directory", "pds.northline.example"]
    assert PASSWORD not in repr(granted)


def test_a_server_that_is_named_is_not_looked_up(fake: FakeBluesky) -> None:
    made = begun(fake, server="pds.northline.example")
    made.begin()
    granted = made.finish(PASSWORD)
    assert (granted.server, granted.tokens[NAMED]) == (SERVER, "yes")
    assert fake.methods() == ["createSession"]


def test_what_a_login_gives_is_what_a_client_takes(fake: FakeBluesky) -> None:
    made = begun(fake)
    made.begin()
    granted = made.finish(PASSWORD)

    class Pocket:
        def get(self, name: str, default: str = "") -> str:
            return granted.tokens.get(name, default)

        def renew(self, old: str, new: object) -> None:
            raise AssertionError("fresh tokens are good")

    account = Account("bluesky", granted.handle, granted.server, granted.native_id)
    reader = client(account, Pocket(), Options(), httpx.MockTransport(fake))
    assert reader.test(now=0)[0].ok
    reader.close()


@pytest.mark.parametrize(
    "handle", ["@", "no handle", "a@b", "-x.example", "x." + "y" * 300 + ".com", "x.1", "http://x.y"]
)
def test_what_is_no_handle_is_said(fake: FakeBluesky, handle: str) -> None:
    with pytest.raises(Misuse, match="no handle"):
        begun(fake, handle)


def test_a_short_handle_is_one_of_the_networks_own(fake: FakeBluesky) -> None:
    assert "@northline.bsky.social" in begun(fake, "northline", SERVER).begin().sentence


def test_a_handle_of_nobody_is_said(fake: FakeBluesky) -> None:
    with pytest.raises(Misuse, match=r"no account @nobody\.example"):
        begun(fake, "@nobody.example").begin()


@pytest.mark.parametrize("given", ["", "wrong-wrong"])
def test_a_wrong_password_is_said_and_not_shown(fake: FakeBluesky, given: str) -> None:
    made = begun(fake, server=SERVER)
    made.begin()
    with pytest.raises(Misuse, match="app password") as raised:
        made.finish(given)
    assert "wrong-wrong" not in str(raised.value)


def test_the_accounts_own_password_is_not_kept(fake: FakeBluesky) -> None:
    fake.scope = "com.atproto.access"
    made = begun(fake, server=SERVER)
    made.begin()
    with pytest.raises(Misuse, match="own password"):
        made.finish(PASSWORD)


def test_a_password_with_a_second_factor_is_the_accounts_own() -> None:
    def asks(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": "AuthFactorTokenRequired", "message": "A sign in code has been sent"})

    made = login("bluesky", US, SERVER, Options(), httpx.MockTransport(asks))
    with pytest.raises(Misuse, match="own password"):
        made.finish(PASSWORD)


def test_too_many_logins_say_until_when(fake: FakeBluesky) -> None:
    fake.rate_limited(90)
    made = begun(fake, server=SERVER)
    with pytest.raises(RateLimited, match="too many logins"):
        made.finish(PASSWORD)


@pytest.mark.parametrize(
    "service",
    [
        [],
        None,
        [{"id": "#atproto_pds", "serviceEndpoint": 7}],
        [{"id": "#atproto_pds", "serviceEndpoint": "http://pds.example"}],
        [{"id": "#other", "serviceEndpoint": "https://pds.example"}],
    ],
)
def test_a_document_without_a_server_is_said(fake: FakeBluesky, service: object) -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        if request.url.host == "plc.directory":
            return httpx.Response(200, json={"id": ME, "service": service})
        return fake(request)

    with pytest.raises(Misuse, match="names no server"):
        login("bluesky", US, "", Options(), httpx.MockTransport(answering)).begin()


@pytest.mark.parametrize("did", ["did:plc:../../x", "did:web:host/path", "did:key:zabc", "nothing", 7, None])
def test_a_did_that_leads_elsewhere_is_not_followed(did: object) -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "bsky.social"
        return httpx.Response(200, json={"did": did})

    with pytest.raises(Misuse):
        login("bluesky", US, "", Options(), httpx.MockTransport(answering)).begin()


@pytest.mark.parametrize(
    "where", ["https://127.0.0.1:1", "https://10.0.0.1", "https://[::1]", "https://169.254.169.254"]
)
def test_a_server_that_a_document_names_must_be_public(fake: FakeBluesky, where: str) -> None:
    """The addresses themselves: no mock stands between, and nothing is connected to."""

    def answering(request: httpx.Request) -> httpx.Response:
        if request.url.host == "plc.directory":
            return httpx.Response(200, json={"service": [{"id": "#atproto_pds", "serviceEndpoint": where}]})
        return fake(request)

    found = login("bluesky", US, "", Options(deadline_s=5), httpx.MockTransport(answering))
    found.begin()
    found._transport = None  # type: ignore[attr-defined]
    with pytest.raises(OutOfReach, match="not a public address"):
        found.finish(PASSWORD)
