"""Logging an account in: its handle, its server, and an app password that is typed hidden."""

import re
from typing import Any
from urllib.parse import quote

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.networks.accounts import Asked, Granted
from tui.networks.bluesky.session import FULL, error_name, said, scope, when_again
from tui.networks.records import RateLimited, Unclear
from tui.networks.wire import Answer, Options, Transport, Wire

HOME = "https://bsky.social"
"""Where most accounts are, and where any handle is looked up."""
DIRECTORY = "https://plc.directory"
"""Where the document of a `did:plc` is."""
NAMED = "named"
"""Kept beside the tokens: an admin named the server, which may then stand in a private network."""
SETTINGS = "https://bsky.app/settings/app-passwords"
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MOST = 253
_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]{1,200}")
_DOMAIN = re.compile(r"[a-zA-Z0-9.-]{1,253}")


class BlueskyLogin:
    """One login; `server` is empty where the handle says where it is."""

    def __init__(self, handle: str, server: str, options: Options, transport: Transport | None = None) -> None:
        """Raises Misuse where the handle or the server is none."""
        name = handle.strip().removeprefix("@")
        if "." not in name and _HANDLE.fullmatch(f"{name}.bsky.social"):
            name = f"{name}.bsky.social"
        if len(name) > _MOST or not _HANDLE.fullmatch(name):
            raise Misuse(f"{handle!r:.60} is no handle on Bluesky; write it as @northline.bsky.social.")
        self._name = name.lower()
        self._options, self._transport = options, transport
        self._server = (server if not server or "://" in server else f"https://{server}").rstrip("/")
        self._named = bool(server)
        if self._server:
            self._wire(self._server).close()

    def begin(self) -> Asked:
        """Find the account's server, and ask for an app password. Raises OutOfReach, Misuse."""
        if not self._server:
            self._server = self._server_of(self._name)
            self._wire(self._server).close()
        return Asked(
            f"Make an app password for @{self._name} in the settings of Bluesky, with access to direct messages where "
            "they are to be answered here, and paste it.",
            url=SETTINGS,
            hidden=True,
        )

    def finish(self, given: str) -> Granted:
        """A session by an app password. Raises Misuse where it is not taken, OutOfReach."""
        password = given.strip()
        if not password:
            raise Misuse("Nothing was pasted; make an app password and paste it.")
        found = self._session(password)
        access, refresh, did, handle = (found.get(name) for name in ("accessJwt", "refreshJwt", "did", "handle"))
        if not (isinstance(access, str) and isinstance(refresh, str) and access and refresh and _is_did(did)):
            raise OutOfReach(f"{self._server} gave no session; try once more.")
        if scope(access) == FULL:
            raise Misuse("That is the account's own password; make an app password and paste that instead.")
        name = handle if isinstance(handle, str) and _HANDLE.fullmatch(handle) else self._name
        tokens = {"access": access, "refresh": refresh, "password": password, NAMED: "yes" if self._named else ""}
        return Granted(f"@{name}", str(did), self._server, tokens)

    def close(self) -> None:
        """Nothing is held open between the steps."""

    def _session(self, password: str) -> dict[str, Any]:
        body = {"identifier": self._name, "password": password}
        wire = self._wire(self._server)
        try:
            answer = wire.send("POST", "/xrpc/com.atproto.server.createSession", json=body)
        except Unclear as error:
            raise OutOfReach(str(error)) from error
        finally:
            wire.close()
        if answer.status == 429:
            until = when_again(answer, clock.now())
            when = clock.local(until)
            raise RateLimited(f"{wire.server.host} saw too many logins; try again after {when}.", until=until)
        if error_name(answer) == "AuthFactorTokenRequired":
            raise Misuse("That is the account's own password; make an app password and paste that instead.")
        if answer.status in (400, 401, 403):
            raise Misuse(f"{wire.server.host} does not take it ({said(answer)}); make an app password and paste it.")
        if not answer.ok:
            raise OutOfReach(f"{wire.server.host} says: {said(answer)}; try once more.")
        return _object(answer)

    # -- where an account is ----------------------------------------------------------------------

    def _server_of(self, name: str) -> str:
        """Handle -> DID -> its document -> the account's server."""
        asked = f"/xrpc/com.atproto.identity.resolveHandle?handle={quote(name)}"
        did = self._asked(HOME, asked, f"there is no account @{name}").get("did")
        if not _is_did(did):
            raise Misuse(f"There is no account @{name}; check the handle, or name its server with --server.")
        kind, _, rest = str(did).removeprefix("did:").partition(":")
        match kind:
            case "plc":
                document = self._asked(DIRECTORY, f"/{did}", f"@{name} is in no directory")
            case "web" if _DOMAIN.fullmatch(rest):
                document = self._asked(f"https://{rest}", "/.well-known/did.json", f"@{name} has no document")
            case _:
                raise Misuse(f"@{name} is kept in a way we do not know; name its server with --server.")
        return _server_in(document, name)

    def _asked(self, server: str, path: str, otherwise: str) -> dict[str, Any]:
        wire = self._wire(server)
        try:
            answer = wire.get(path)
        finally:
            wire.close()
        if 400 <= answer.status < 500 and answer.status != 429:
            raise Misuse(f"{wire.server.host} says {otherwise}; check the handle, or name its server with --server.")
        if not answer.ok:
            raise OutOfReach(f"{wire.server.host} says: {said(answer)}; try once more.")
        return _object(answer)

    def _wire(self, server: str) -> Wire:
        """Raises Misuse where it is no server."""
        return Wire(server, self._options, transport=self._transport)


def _object(answer: Answer) -> dict[str, Any]:
    found = answer.object()
    if found is None:
        raise OutOfReach("The server answered with something that is no JSON object; try once more.")
    return found


def _is_did(value: Any) -> bool:
    return isinstance(value, str) and _DID.fullmatch(value) is not None


def _server_in(document: dict[str, Any], name: str) -> str:
    """The account's server by its DID document. Raises Misuse."""
    services = document.get("service")
    for service in services if isinstance(services, list) else ():
        if isinstance(service, dict) and str(service.get("id")).endswith("#atproto_pds"):
            endpoint = service.get("serviceEndpoint")
            if isinstance(endpoint, str) and endpoint.startswith("https://") and len(endpoint) <= _MOST:
                return endpoint.rstrip("/")
    raise Misuse(f"The document of @{name} names no server; name it with --server.")
