"""Calls on behalf of one account: XRPC over the wire, and a session that is refreshed when it has run out.

A login (createSession) is 30 in 5 minutes for an account: it is made when a refresh is refused, and not a second
time with a password that was.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from tui import clock
from tui.clock import MINUTE, Millis
from tui.errors import OutOfReach
from tui.networks import rates
from tui.networks.accounts import Tokens
from tui.networks.records import LoggedOut, Rate, RateLimited, Unclear
from tui.networks.wire import Answer, Wire
from tui.text import fit, line

CHAT = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
"""Where messages are: our server asks there in our name."""
PUBLIC_ONLY = "com.atproto.appPass"
"""The scope of an app password that may not use messages."""
FULL = "com.atproto.access"
"""The scope of the account's own password."""

_STALE = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
_NOT_ALLOWED = "Bad token"
"""So a refusal begins that no new token changes: `Bad token method`, `Bad token scope`."""
_PREFIX = "ratelimit-"
_SHOWN = 160


class Refusal(OutOfReach):
    """The server will not do this, whenever it is asked: `name` is its own word for why. Nothing was done."""

    def __init__(self, sentence: str, *, name: str, status: int) -> None:
        super().__init__(sentence)
        self.name = name
        self.status = status


class Session:
    """One account at its server."""

    def __init__(self, wire: Wire, tokens: Tokens, did: str) -> None:
        self.rate: Rate | None = None
        """What is left, as the last answer said."""
        self._wire = wire
        self._tokens = tokens
        self._did = did
        self._refused = ""

    @property
    def scope(self) -> str:
        """What our token allows, in the server's words; empty where that cannot be seen."""
        return scope(self._tokens.get("access"))

    def query(self, method: str, params: Mapping[str, Any], *, chat: bool = False) -> dict[str, Any]:
        """Read. Raises Refusal, RateLimited, LoggedOut, OutOfReach."""
        answer = self._with_token(lambda headers: self._wire.get(_path(method), params=params, headers=headers), chat)
        return self._read(answer)

    def change(self, method: str, body: Mapping[str, Any], *, chat: bool = False) -> dict[str, Any]:
        """Change something. Raises Unclear where it may be done, else what `query` raises."""

        def send(headers: Mapping[str, str]) -> Answer:
            return self._wire.send("POST", _path(method), json=dict(body), headers=headers)

        return self._done(self._with_token(send, chat))

    def upload(self, content: bytes, mime: str) -> dict[str, Any]:
        """Give the server a file for a record to come. Raises what `query` raises."""

        def send(headers: Mapping[str, str]) -> Answer:
            path = _path("com.atproto.repo.uploadBlob")
            return self._wire.send("POST", path, content=content, headers={**headers, "content-type": mime})

        try:
            return self._done(self._with_token(send, chat=False))
        except Unclear as error:
            raise OutOfReach(str(error)) from error  # a file that no record names is nothing

    # -- one call ---------------------------------------------------------------------------------

    def _with_token(self, call: Callable[[Mapping[str, str]], Answer], chat: bool) -> Answer:
        """The answer to a call, with a new token where the old one has run out. Raises LoggedOut and its kin."""
        headers = dict(CHAT) if chat else {}
        used = self._tokens.get("access")
        if not used:
            self._tokens.renew(used, self._new_tokens)
            used = self._tokens.get("access")
        answer = call({**headers, "authorization": f"Bearer {used}"})
        if _stale(answer):
            self._tokens.renew(used, self._new_tokens)
            answer = call({**headers, "authorization": f"Bearer {self._tokens.get('access')}"})
            if _stale(answer) and not chat:
                raise LoggedOut(_LOGGED_OUT)
        until = rates.at(answer, f"{_PREFIX}reset", clock.now())
        self.rate = rates.rate(answer, (_PREFIX,), until) or self.rate
        return answer

    def _read(self, answer: Answer) -> dict[str, Any]:
        if not answer.ok:
            raise self._why_not(answer)
        body = answer.object()
        if body is None:
            raise OutOfReach(f"{self._wire.server.host} answered with something that is no JSON object.")
        return body

    def _done(self, answer: Answer) -> dict[str, Any]:
        if 400 <= answer.status < 500 and answer.status != 408:
            raise self._why_not(answer)
        try:
            return self._read(answer)
        except OutOfReach as error:
            raise Unclear(str(error)) from None

    def _why_not(self, answer: Answer) -> OutOfReach:
        if answer.status == 429:
            until = when_again(answer, clock.now())
            return RateLimited(f"{self._wire.server.host} takes no more calls for now.", until=until)
        sentence = f"{self._wire.server.host} says: {said(answer)}"
        if 400 <= answer.status < 500 and answer.status != 408:
            return Refusal(sentence, name=error_name(answer), status=answer.status)
        return OutOfReach(sentence)

    # -- new tokens -------------------------------------------------------------------------------

    def _new_tokens(self) -> Mapping[str, str]:
        """Refreshed, or by a new login. Raises LoggedOut, RateLimited, OutOfReach."""
        if refresh := self._tokens.get("refresh"):
            headers = {"authorization": f"Bearer {refresh}"}
            answer = self._renewal("com.atproto.server.refreshSession", None, headers)
            if answer.ok:
                return self._granted(answer)
            if not 400 <= answer.status < 500 or answer.status in (404, 408, 429):
                raise self._why_not(answer)
        return self._logged_in()

    def _logged_in(self) -> Mapping[str, str]:
        password = self._tokens.get("password")
        if not password or password == self._refused:
            raise LoggedOut(_LOGGED_OUT)
        body = {"identifier": self._did, "password": password}
        answer = self._renewal("com.atproto.server.createSession", body, {})
        if answer.ok:
            return {**self._granted(answer), "password": password}
        if answer.status in (400, 401, 403):
            self._refused = password
            raise LoggedOut(_LOGGED_OUT)
        raise self._why_not(answer)

    def _renewal(self, method: str, body: Any, headers: Mapping[str, str]) -> Answer:
        try:
            return self._wire.send("POST", _path(method), json=body, headers=headers)
        except Unclear as error:
            raise OutOfReach(str(error)) from error  # the old token stays good for a while after a refresh

    def _granted(self, answer: Answer) -> dict[str, str]:
        found = self._read(answer)
        access, refresh = found.get("accessJwt"), found.get("refreshJwt")
        if not (isinstance(access, str) and isinstance(refresh, str) and access and refresh):
            raise OutOfReach(f"{self._wire.server.host} gave no session; it is tried again.")
        return {"access": access, "refresh": refresh}


_LOGGED_OUT = "The app password is not taken any more; run `shiftdesk account add` once more."


def _path(method: str) -> str:
    return f"/xrpc/{method}"


def scope(token: str) -> str:
    """What a token says of itself that it allows."""
    try:
        body = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return ""
    allowed = found.get("scope") if isinstance(found, dict) else None
    return allowed if isinstance(allowed, str) else ""


def when_again(answer: Answer, now: Millis) -> Millis:
    """When a server that had enough may be asked again: `ratelimit-reset` in Unix seconds, else in a minute."""
    known = (rates.at(answer, f"{_PREFIX}reset", now), rates.resets_at(answer, ("retry-after",), now))
    return next((until for until in known if until is not None and until >= now), now + MINUTE)


def error_name(answer: Answer) -> str:
    """The server's word for what is wrong; empty where its answer has none."""
    return _field(answer, "error")


def said(answer: Answer) -> str:
    """What a server says is wrong, fit for a sentence."""
    found = _field(answer, "message") or _field(answer, "error")
    return fit(line(found[:_SHOWN]), _SHOWN) if found else f"status {answer.status}"


def _field(answer: Answer, name: str) -> str:
    found = (answer.object() or {}).get(name)
    return found if isinstance(found, str) else ""


def _stale(answer: Answer) -> bool:
    """The token has run out or is none, which a new one mends."""
    if answer.status not in (400, 401):
        return False
    if _field(answer, "message").startswith(_NOT_ALLOWED):
        return False
    return answer.status == 401 or error_name(answer) in _STALE
