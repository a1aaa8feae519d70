"""Logging in at a Mastodon server: it shows a code in a browser on any machine, and the code is typed here."""

import base64
import hashlib
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from tui.errors import Misuse, OutOfReach
from tui.networks.accounts import Asked, Granted
from tui.networks.mastodon import server
from tui.networks.mastodon.calls import told
from tui.networks.mastodon.statuses import Unreadable, acct_of, status_id
from tui.networks.records import Unclear
from tui.networks.wire import Answer, Wire
from tui.text import fit, line

SHOWN = "urn:ietf:wg:oauth:2.0:oob"
"""Instead of going to an address of ours, the server shows the code."""
SCOPES = (
    "read:accounts read:lists read:notifications read:search read:statuses write:media write:statuses",
    "read write",
)
"""The least that is needed; servers that know no such parts are asked for the whole."""
NAMED = "named"
"""Kept beside the tokens: an admin named the server, which may then stand in a private network."""
_HANDLE = re.compile(r"@?(?P<name>[\w.-]+)(?:@(?P<host>[A-Za-z0-9.-]+(?::\d+)?))?", re.ASCII)


def server_of(handle: str, named: str) -> str:
    """Where to log in: the server that was named, else that of the handle. Raises Misuse."""
    if named:
        return (named if "://" in named else f"https://{named}").rstrip("/")
    found = _HANDLE.fullmatch(handle)
    if found is None or not found["host"]:
        raise Misuse(f"{fit(line(handle), 60)} does not say its server; write @NAME@SERVER, or give --server.")
    return f"https://{found['host'].lower()}"


class MastodonLogin:
    """One login. `named`: an admin gave the server, which may then stand in a private network."""

    def __init__(self, handle: str, wire: Wire, *, named: bool = False) -> None:
        self._handle = handle
        self._wire = wire
        self._named = named
        self._app: dict[str, str] = {}
        self._scope = SCOPES[0]
        self._verifier = ""

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def begin(self) -> Asked:
        """Make ourselves known to the server. Raises OutOfReach, or Misuse where it is no such server."""
        self._app = self._registered()
        asked = {
            "response_type": "code", "client_id": self._app["client_id"], "redirect_uri": SHOWN,
            "scope": self._scope, "force_login": "true",
        }  # fmt: skip
        if self._takes_proof():
            self._verifier = secrets.token_urlsafe(48)
            digest = hashlib.sha256(self._verifier.encode()).digest()
            proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked |= {"code_challenge": proof, "code_challenge_method": "S256"}
        sentence = f"Open this address in any browser, log in as {self._who()}, allow it, and paste the code it shows."
        return Asked(sentence, f"{self._where}/oauth/authorize?{urlencode(asked)}", hidden=True)

    def finish(self, given: str) -> Granted:
        """The code becomes a token, if it is that of the account that was meant. Raises Misuse, OutOfReach."""
        code = given.strip()
        if not code or not self._app:
            raise Misuse("No code was given; begin again and paste the one the server shows.")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": SHOWN, "scope": self._scope}
        form |= {"code_verifier": self._verifier} if self._verifier else {}
        granted = self._object(self._sent("/oauth/token", form | self._app), "does not take this code")
        access = _word(granted, "access_token")
        if not access:
            raise Misuse(f"{self._host} gave no token for this code; begin again.")
        handle, native_id = self._whose(access)
        tokens = {"access": access, "refresh": _word(granted, "refresh_token"), **self._app}
        tokens |= {"scope": _word(granted, "scope") or self._scope, NAMED: "yes" if self._named else ""}
        return Granted(handle, native_id, self._where, {name: value for name, value in tokens.items() if value})

    # -- steps ------------------------------------------------------------------------------------

    @property
    def _host(self) -> str:
        return str(self._wire.server.host)

    @property
    def _where(self) -> str:
        return str(self._wire.server).rstrip("/")

    def _who(self) -> str:
        return fit(line(self._handle), 60)

    def _registered(self) -> dict[str, str]:
        """Id and secret of this program on the server, for as much as it lets us ask."""
        answer = None
        for self._scope in SCOPES:
            form = {"client_name": "shiftdesk", "redirect_uris": SHOWN, "scopes": self._scope}
            answer = self._sent("/api/v1/apps", form)
            if answer.ok or answer.status not in (400, 422):
                break
        assert answer is not None, "there is at least one scope"
        found = self._object(answer, "lets no program log in")
        app = {name: _word(found, name) for name in ("client_id", "client_secret")}
        if not all(app.values()):
            raise Misuse(f"{self._host} is no Mastodon server; check the name, or give --server.")
        return app

    def _takes_proof(self) -> bool:
        """Whether it knows PKCE, and says so (since Mastodon 4.3)."""
        try:
            found = self._wire.get("/.well-known/oauth-authorization-server").object() or {}
        except OutOfReach:
            return False
        known = found.get("code_challenge_methods_supported")
        return isinstance(known, list) and "S256" in known

    def _whose(self, access: str) -> tuple[str, str]:
        """The handle and id of the account that was logged in, which must be the one that was meant."""
        headers = {"authorization": f"Bearer {access}"}
        answer = self._wire.get("/api/v1/accounts/verify_credentials", headers=headers)
        me = self._object(answer, "does not take the token it has just given")
        try:
            native_id = status_id(me.get("id"))
            who = acct_of(me, server.domain(server.instance(self._wire), self._host))
        except Unreadable:
            raise OutOfReach(f"{self._host} does not say who was logged in; try again.") from None
        meant = _HANDLE.fullmatch(self._handle)
        if meant and meant["name"].casefold() != who.partition("@")[0].casefold():
            shown = fit(line(who), 60)
            raise Misuse(f"You are logged in as @{shown} there, not as {self._who()}; log out of it and begin again.")
        return f"@{who}", native_id

    def _sent(self, path: str, form: dict[str, str]) -> Answer:
        try:
            return self._wire.send("POST", path, data=form)
        except Unclear as error:
            raise OutOfReach(f"{error} Nothing was kept; begin again.") from None

    def _object(self, answer: Answer, refuses: str) -> dict[str, Any]:
        """The JSON object of an answer. Raises OutOfReach, or Misuse with what the server says."""
        if answer.status == 429 or answer.status >= 500:
            raise OutOfReach(f"{self._host} answered with {told(answer)}; try again in a few minutes.")
        if not answer.ok:
            raise Misuse(f"{self._host} {refuses}: {told(answer)}; begin again.")
        found = answer.object()
        if found is None:
            raise Misuse(f"{self._host} is no Mastodon server; check the name, or give --server.")
        return found


def _word(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if type(value) is str and len(value) < 10_000 else ""
