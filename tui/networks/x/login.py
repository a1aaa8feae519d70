"""Logging an account of X in: OAuth 2 with PKCE. A browser anywhere says yes, its address bar has the code."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from tui.errors import Misuse, OutOfReach
from tui.networks.accounts import Asked, Granted
from tui.networks.records import Unclear
from tui.networks.wire import Wire
from tui.networks.x.calls import SERVER, ask_for_tokens, granted, problem

AUTHORIZE = "https://x.com/i/oauth2/authorize"
SCOPES = (
    "tweet.read", "tweet.write", "users.read", "dm.read", "dm.write", "media.write", "offline.access",
)  # fmt: skip
REDIRECT = "http://127.0.0.1:8000/shiftdesk"
"""Where X sends the browser back to. Nothing answers there; the address alone is wanted."""
NAMED = "named"
"""Kept beside the tokens: an admin named another server than X's, which may then stand in a private network."""
MOST_GIVEN = 4_000


@dataclass(frozen=True, slots=True)
class App:
    """What X knows the team's app by, from its developer console."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    """Only of a confidential client."""
    redirect: str = REDIRECT


def app_from(environment: Mapping[str, str] = os.environ) -> App:
    """The team's app as the environment names it. Misuse where it does not."""
    client_id = environment.get("SHIFTDESK_X_CLIENT_ID", "").strip()
    if not client_id:
        raise Misuse("Set SHIFTDESK_X_CLIENT_ID to the client ID of your app in X's developer console first.")
    secret = environment.get("SHIFTDESK_X_CLIENT_SECRET", "").strip()
    return App(client_id, secret, environment.get("SHIFTDESK_X_REDIRECT", "").strip() or REDIRECT)


class XLogin:
    """One login, from its address to its tokens."""

    def __init__(self, handle: str, app: App, wire: Wire) -> None:
        self._handle = handle
        self._app = app
        self._wire = wire
        self._server = str(wire.server).rstrip("/")
        self._state = secrets.token_urlsafe(24)
        self._verifier = secrets.token_urlsafe(48)

    def begin(self) -> Asked:
        """The address at which the person says yes."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": self._app.redirect,
            "scope": " ".join(SCOPES),
            "state": self._state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Asked(
            f"Open this address in a browser that is logged in as {self._handle or 'the account'}, allow it, and paste "
            "the address it ends at within 30 seconds; the page itself need not load.",
            url=f"{AUTHORIZE}?{urlencode(asked)}",
            hidden=True,
        )

    def finish(self, given: str) -> Granted:
        """The address the browser ended at, or the code in it, becomes a login."""
        form = {
            "grant_type": "authorization_code",
            "code": self._code(given.strip()),
            "redirect_uri": self._app.redirect,
            "code_verifier": self._verifier,
        }
        app = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        try:
            answer = ask_for_tokens(self._wire, app, form)
        except Unclear as error:
            raise OutOfReach(str(error)) from None
        if answer.status >= 500 or answer.status == 429:
            raise OutOfReach(f"X cannot log anybody in just now (it answered with {answer.status}); begin again later.")
        tokens = granted(answer.object() or {}) if answer.ok else {}
        if not tokens:
            why = problem(answer).words
            raise Misuse(
                f"X does not take this code{f' ({why})' if why else ''}; begin again, it is good for 30 seconds."
            )
        kept = {name: value for name, value in app.items() if value}
        handle, native_id = self._who(tokens["access"])
        named = {} if self._server == SERVER else {NAMED: "yes"}
        return Granted(handle, native_id, self._server, {**tokens, **kept, **named})

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _code(self, given: str) -> str:
        if len(given) > MOST_GIVEN or not given.isprintable():
            raise Misuse("That is no address of X's; paste the whole address the browser ended at.")
        if "://" not in given and "?" not in given:
            if not given or any(char.isspace() for char in given):
                raise Misuse("That is no code; paste the whole address the browser ended at.")
            return given
        try:
            found = parse_qs(urlsplit(given).query)
        except ValueError:
            found = {}
        if "error" in found:
            raise Misuse("X was not allowed to let us in; begin again and say yes.")
        code, state = (found.get(name, [""])[0] for name in ("code", "state"))
        if not code:
            raise Misuse("There is no code in that address; paste the whole one the browser ended at.")
        if not hmac.compare_digest(state.encode(), self._state.encode()):
            raise Misuse("That address belongs to another login; open the address of this one.")
        return code

    def _who(self, access: str) -> tuple[str, str]:
        """Whose tokens these are."""
        answer = self._wire.get("/2/users/me", headers={"authorization": f"Bearer {access}"})
        data = (answer.object() or {}).get("data")
        name, native_id = (data.get("username"), data.get("id")) if isinstance(data, dict) else (None, None)
        if not answer.ok or not isinstance(name, str) or not isinstance(native_id, str) or not native_id.isdigit():
            raise OutOfReach("X does not say whose login this is; begin again later.")
        wanted = self._handle.removeprefix("@")
        if wanted and wanted.casefold() != name.casefold():
            raise Misuse(f"You are logged in as @{name:.50} there, not as @{wanted}; change that and begin again.")
        return f"@{name}", native_id
