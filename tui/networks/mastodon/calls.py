"""Calls with our token, and what an answer that is none of what was asked for means."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from tui import clock
from tui.clock import MINUTE, Millis
from tui.errors import OutOfReach
from tui.networks import rates
from tui.networks.accounts import Tokens
from tui.networks.records import LoggedOut, Rate, RateLimited, Unclear
from tui.networks.wire import Answer, NotJson, Wire
from tui.text import fit, line

PAUSE: Millis = 5 * MINUTE
"""The stretch a Mastodon server counts calls in: how long we wait where it does not say until when."""
_PREFIXES = ("x-ratelimit-", "ratelimit-")
_SAID = 120
"""Cells of what a server says that a sentence of ours quotes."""


class Calls:
    """One account's calls to its server."""

    def __init__(self, wire: Wire, tokens: Tokens, *, now: Callable[[], Millis] = clock.now) -> None:
        self.wire = wire
        self.host = wire.server.host
        self._tokens = tokens
        self.now = now

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, missing: bool = False) -> Answer:
        """Read; with `missing`, an answer that says that there is no such thing is one too.

        Raises OutOfReach, RateLimited, LoggedOut.
        """
        answer = self._with_token(lambda headers: self.wire.get(path, params=params, headers=headers))
        if answer.ok or (missing and answer.status in (404, 410)):
            return answer
        self.refuse_if_limited(answer)
        raise OutOfReach(f"{self.host} answered with {told(answer)}; it is tried again.")

    def json(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What an address holds. Raises as `get`."""
        return self.understood(self.get(path, params))

    def send(self, method: str, path: str, **given: Any) -> Answer:
        """Change something. Raises OutOfReach, RateLimited and LoggedOut where nothing was done, or Unclear."""
        more = given.pop("headers", {})
        answer = self._with_token(lambda headers: self.wire.send(method, path, headers=headers | more, **given))
        self.refuse_if_limited(answer)
        return answer

    def understood(self, answer: Answer) -> Any:
        """The JSON of an answer. Raises OutOfReach."""
        try:
            return answer.json()
        except NotJson:
            raise OutOfReach(f"{self.host} answered with something that is no JSON; it is tried again.") from None

    def list_of(self, answer: Answer) -> list[Any]:
        """The JSON list of an answer. Raises OutOfReach."""
        found = self.understood(answer)
        if not isinstance(found, list):
            raise OutOfReach(f"{self.host} answered with something that is no list; it is tried again.")
        return found

    def headers(self) -> dict[str, str]:
        """What says who we are."""
        return {"authorization": f"Bearer {self._tokens.get('access')}"}

    def scopes(self) -> list[str]:
        """What the token allows, as it was granted; nothing where the server did not say."""
        return self._tokens.get("scope").split()

    def refuse_if_limited(self, answer: Answer) -> None:
        """Raises RateLimited where the server wants no more calls just now."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            until = resets_at(answer, self.now()) or self.now() + PAUSE
            raise RateLimited(f"{self.host} takes no more calls until {clock.local(until)}.", until=until)

    def _with_token(self, call: Callable[[dict[str, str]], Answer]) -> Answer:
        """Once more with a new token where ours has run out: what was refused for it was not done."""
        old = self._tokens.get("access")
        answer = call(self.headers())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.renew(old, self._renewed)
            answer = call(self.headers())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise self._logged_out()
        return answer

    def _renewed(self) -> Mapping[str, str]:
        """New tokens, where the server has given us something to renew them with; most tokens never run out."""
        refresh = self._tokens.get("refresh")
        if not refresh:
            raise self._logged_out()
        names = ("client_id", "client_secret")
        form = {"grant_type": "refresh_token", "refresh_token": refresh, **{n: self._tokens.get(n) for n in names}}
        try:
            answer = self.wire.send("POST", "/oauth/token", data=form)
        except Unclear as error:
            raise OutOfReach(str(error)) from None  # what the token was wanted for was not done
        self.refuse_if_limited(answer)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OutOfReach(f"{self.host} answered with {told(answer)}; it is tried again.")
        found = self.understood(answer) if answer.ok else None
        granted = found if isinstance(found, dict) else {}
        access = granted.get("access_token")
        if type(access) is not str or not access:
            raise self._logged_out()
        again = granted.get("refresh_token")
        return {"access": access, "refresh": again if type(again) is str and again else refresh}

    def _logged_out(self) -> LoggedOut:
        return LoggedOut(f"{self.host} does not take our token any more; log in again with `shiftdesk account add`.")


def told(answer: Answer) -> str:
    """The status of an answer, and what the server says to it; of a page for people nothing."""
    try:
        word = HTTPStatus(answer.status).phrase
    except ValueError:
        word = ""
    given = answer.object() or {}
    said = given.get("error_description") or given.get("error")
    if type(said) is str and said.strip():
        word = fit(line(said[: 4 * _SAID]), _SAID).rstrip(".")
    return f"{answer.status} ({word})" if word else str(answer.status)


def resets_at(answer: Answer, now: Millis) -> Millis | None:
    """When calls are counted anew: an ISO 8601 time on Mastodon, seconds since the epoch or from now elsewhere."""
    return rates.resets_at(answer, ("retry-after", *(f"{prefix}reset" for prefix in _PREFIXES)), now)


def rate(answer: Answer, now: Millis) -> Rate | None:
    """What is left of the calls, where the server says so."""
    return rates.rate(answer, _PREFIXES, resets_at(answer, now))
