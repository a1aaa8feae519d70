"""The networks there is a client for. Each is loaded when an account on it is used."""

from typing import TYPE_CHECKING, NoReturn

from tui.errors import Misuse
from tui.networks.accounts import Account, Login, Tokens
from tui.networks.records import Client

if TYPE_CHECKING:
    import httpx

    from tui.networks.wire import Options

NETWORKS = ("x", "mastodon", "bluesky")


def client(
    account: Account, tokens: Tokens, options: "Options", transport: "httpx.AsyncBaseTransport | None" = None
) -> Client:
    """The client of one account with a login. Raises Misuse."""
    match account.network:
        case _:
            _no_client(account.network)


def login(
    network: str,
    handle: str,
    server: str,
    options: "Options",
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> Login:
    """Begin to log an account in; an empty `server` is where the handle says, or the network's own. Raises Misuse."""
    match network:
        case _:
            _no_client(network)


def _no_client(network: str) -> NoReturn:
    raise Misuse(f"There is no client for {network!r:.40}; use one of {', '.join(NETWORKS)}, or `import`.")
