"""The networks there is a client for. Each is loaded when an account on it is used."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from tui.errors import Misuse
from tui.networks.accounts import Account, Login, Tokens
from tui.networks.records import Client

if TYPE_CHECKING:
    from tui.networks.wire import Options, Transport, Wire

NETWORKS = ("x", "mastodon", "bluesky")
STREAMS = ("mastodon",)
"""Those whose stream says at once that there is something to be read."""


def client(account: Account, tokens: Tokens, options: "Options", transport: "Transport | None" = None) -> Client:
    """The client of one account with a login. Raises Misuse."""
    match account.network:
        case "mastodon":
            from tui.networks.mastodon.client import Mastodon

            named = tokens.get("named") == "yes"
            return Mastodon(account, tokens, _wire(account.server, options, transport, named=named))
        case "x":
            from tui.networks.x.client import XClient

            named = tokens.get("named") == "yes"
            return XClient(account, tokens, _wire(account.server, options, transport, named=named))
        case "bluesky":
            from tui.networks.bluesky.client import Bluesky

            named = tokens.get("named") == "yes"
            return Bluesky(account, tokens, _wire(account.server, options, transport, named=named))
        case _:
            _no_client(account.network)


def listen(
    account: Account, tokens: Tokens, options: "Options", woken: Callable[[], None], stop: Callable[[], bool]
) -> None:
    """Call `woken` whenever there is something to be read, until `stop`; at once where there is no stream.

    For a network of STREAMS, in a thread of its own. Raises OutOfReach or Misuse.
    """
    from tui.networks.mastodon import stream
    from tui.networks.mastodon.client import Mastodon

    named = tokens.get("named") == "yes"
    server = Mastodon(account, tokens, _wire(account.server, options, None, named=named))
    try:
        where = server.streaming()
    finally:
        server.close()
    if where:
        wire = _wire(where, options, None, named=named)
        try:
            stream.listen(wire, tokens, woken, stop)
        finally:
            wire.close()


def login(
    network: str,
    handle: str,
    server: str,
    options: "Options",
    transport: "Transport | None" = None,
) -> Login:
    """Begin to log an account in; an empty `server` is where the handle says, or the network's own. Raises Misuse."""
    match network:
        case "mastodon":
            from tui.networks.mastodon.login import MastodonLogin, server_of

            wire = _wire(server_of(handle, server), options, transport, named=bool(server))
            return MastodonLogin(handle, wire, named=bool(server))
        case "x":
            from tui.networks.x.calls import SERVER
            from tui.networks.x.login import XLogin, app_from

            return XLogin(handle, app_from(), _wire(server or SERVER, options, transport, named=bool(server)))
        case "bluesky":
            from tui.networks.bluesky.login import BlueskyLogin

            return BlueskyLogin(handle, server, replace(options, private=options.private or bool(server)), transport)
        case _:
            _no_client(network)


def _wire(server: str, options: "Options", transport: "Transport | None", *, named: bool) -> "Wire":
    """The way to a server that may have a private address only where an admin named it."""
    from tui.networks.wire import Wire

    return Wire(server, replace(options, private=options.private or named), transport=transport)


def _no_client(network: str) -> NoReturn:
    raise Misuse(f"There is no client for {network!r:.40}; use one of {', '.join(NETWORKS)}, or `import`.")
