"""Calls to X as one account: its token, renewed once where it has run out, and what X says when it will not."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from tui import clock
from tui.clock import HOUR, MINUTE, Millis
from tui.errors import OutOfReach
from tui.networks import rates
from tui.networks.accounts import Tokens
from tui.networks.records import LoggedOut, Rate, RateLimited, Unclear
from tui.networks.wire import Answer, Wire
from tui.networks.x.fields import NEW, OLD, Generation
from tui.networks.x.reading import listed, sentence

SERVER = "https://api.x.com"
TOKEN_PATH = "/2/oauth2/token"  # noqa: S105  an address
PAGE = 100
"""Posts of one page, the most there are."""
WINDOW: Millis = 15 * MINUTE
"""What X counts calls in."""
_DAILY = ("x-user-limit-24hour-", "x-app-limit-24hour-")
"""Beginnings of the headers of a limit that counts a day."""
_PREFIX = "x-rate-limit-"
_CREDITS = ("creditsdepleted", "/problems/credits")
_CAPPED = ("usagecapexceeded", "/usage-capped")


class BadRequest(OutOfReach):
    """X does not take a parameter. `names`: what it says of it, in lower case."""

    def __init__(self, words: str, names: str) -> None:
        super().__init__(words)
        self.names = names


@dataclass(frozen=True, slots=True)
class Problem:
    """What X says is wrong: its own sentence, cleaned and cut, and all of its answer in lower case to look in."""

    words: str
    raw: str
    is_its_own: bool
    """It is X's JSON, not a page of something on the way."""
    kind: str = ""
    """Its type and title, in lower case."""

    def is_a(self, *kinds: str) -> bool:
        """Whether it is one of these."""
        return any(kind in self.kind for kind in kinds)


def problem(answer: Answer) -> Problem:
    """What an answer says is wrong."""
    body = answer.object()
    if body is None:
        return Problem("", answer.text.casefold(), False)
    first = next((item for item in listed(body.get("errors")) if isinstance(item, dict)), {})
    kind = " ".join(value for one in (body, first) for name in _KIND if isinstance(value := one.get(name), str))
    words = sentence(body) or sentence(first)
    return Problem(words, answer.text.casefold(), bool(_ITS_OWN & body.keys()), kind.casefold())


_KIND = ("type", "title")
_ITS_OWN = {"title", "detail", "errors", "type", "status"}


class Calls:
    """Calls as one account, from one thread at a time."""

    def __init__(self, wire: Wire, tokens: Tokens, handle: str, now: Callable[[], Millis] = clock.now) -> None:
        self.tokens = tokens
        self._wire = wire
        self._handle = handle
        self._now = now
        self._generation = NEW

    def get(
        self,
        path: str,
        params: Mapping[str, Any],
        asked: Callable[[Generation], Mapping[str, str]] = lambda _generation: {},
        *,
        token: str = "",
    ) -> tuple[dict[str, Any], Rate | None]:
        """Read an object; `asked` names the fields in the names of a generation. `token` replaces the account's own.

        Raises OutOfReach and its kin, BadRequest among them.
        """
        try:
            return self._get(path, {**params, **asked(self._generation)}, token)
        except BadRequest as error:
            other = OLD if self._generation is NEW else NEW
            if not any(name in error.names for name in _only_in(self._generation)) or not asked(other):
                raise
        read = self._get(path, {**params, **asked(other)}, token)
        self._generation = other
        return read

    def send(self, path: str, **content: Any) -> Answer:
        """Change something, in one try, and one more where X says it did nothing as the token has run out.

        Raises OutOfReach, LoggedOut, or Unclear; any other answer is given back.
        """
        return self._with_token(lambda headers: self._wire.send("POST", path, headers=headers, **content))

    def refuse(self, answer: Answer, doing: str) -> NoReturn:
        """Raise what an answer means that did nothing, for a read or before a reply is published."""
        said = problem(answer)
        why = f": {said.words}" if said.words else f" (it answered with {answer.status})"
        if answer.status == 402 or said.is_a(*_CREDITS):
            words = f"X has no credits left to let us {doing}; buy some in its console."
            raise RateLimited(words, until=self._now() + WINDOW, why="credits")
        if answer.status == 429 and said.is_a(*_CAPPED):
            words = f"What our plan at X allows is used up, so it does not let us {doing}; raise it in its console."
            raise RateLimited(words, until=self._now() + HOUR, why="cap")
        if answer.status == 429:
            raise RateLimited(f"X takes no more calls to {doing} just now.", until=self._until(answer))
        if answer.status == 401 and said.is_its_own:
            raise self.logged_out()
        if answer.status == 400:
            raise BadRequest(f"X does not let us {doing}{why}.", said.raw)
        raise OutOfReach(f"X does not let us {doing}{why}.")

    def logged_out(self) -> LoggedOut:
        """That our login is not taken."""
        return LoggedOut(f"X does not take the login of {self._handle} any more; log it in again (account add).")

    def object(self, answer: Answer) -> dict[str, Any]:
        """The object an answer holds. Raises OutOfReach."""
        body = answer.object()
        if body is None:
            raise OutOfReach("X answered with something that is no JSON object; it is tried again.")
        return body

    def _get(self, path: str, params: Mapping[str, Any], token: str) -> tuple[dict[str, Any], Rate | None]:
        def call(headers: Mapping[str, str]) -> Answer:
            return self._wire.get(path, params=params, headers=headers)

        answer = call(_bearer(token)) if token else self._with_token(call)
        if not answer.ok:
            self.refuse(answer, f"read {path.removeprefix('/2/')}")
        return self.object(answer), rates.rate(answer, (_PREFIX,), self._resets_at(answer, _PREFIX))

    def _with_token(self, call: Callable[[Mapping[str, str]], Answer]) -> Answer:
        access = self.tokens.get("access")
        answer = call(_bearer(access))
        if answer.status != 401 or not problem(answer).is_its_own:
            return answer
        self.tokens.renew(access, self._fresh)
        answer = call(_bearer(self.tokens.get("access")))
        if answer.status == 401 and problem(answer).is_its_own:
            raise self.logged_out()
        return answer

    def _fresh(self) -> dict[str, str]:
        """New tokens for the one-time refresh token."""
        refresh = self.tokens.get("refresh")
        if not refresh:
            raise self.logged_out()
        app = {name: self.tokens.get(name) for name in ("client_id", "client_secret")}
        try:
            answer = ask_for_tokens(self._wire, app, {"grant_type": "refresh_token", "refresh_token": refresh})
        except Unclear as error:
            raise OutOfReach(str(error)) from None
        if answer.status in (400, 401, 403):
            raise self.logged_out()
        if not answer.ok:
            self.refuse(answer, "renew our login")
        return granted(self.object(answer)) or self._no_tokens()

    def _no_tokens(self) -> NoReturn:
        raise OutOfReach("X answered without a token; it is tried again.")

    def _until(self, answer: Answer) -> Millis:
        """When a limit that is used up begins anew: that of the day where it is that one."""
        for limit in _DAILY:
            if rates.number(answer, f"{limit}remaining") == 0 and (until := self._resets_at(answer, limit)):
                return until
        return self._resets_at(answer, _PREFIX) or self._now() + WINDOW

    def _resets_at(self, answer: Answer, prefix: str) -> Millis | None:
        return rates.at(answer, f"{prefix}reset", self._now())


def searching(query: str) -> tuple[str, dict[str, Any]]:
    """Recent search: where it is, and with what it is asked."""
    return "/2/tweets/search/recent", {"query": query, "max_results": PAGE, "sort_order": "recency"}


def listing(body: Mapping[str, Any]) -> None:
    """Nothing where an answer lists something, were it nothing at all. Raises OutOfReach where it does not.

    X says with `meta` that an empty list is one; an answer without it must not pass for the end of what there is.
    """
    data, meta = body.get("data"), body.get("meta")
    if not isinstance(data, list) and not (data is None and isinstance(meta, dict)):
        first = next((item for item in listed(body.get("errors")) if isinstance(item, dict)), {})
        raise OutOfReach(f"X gave no list: {sentence(first) or 'it did not say why'}.")


def next_page(body: Mapping[str, Any]) -> str:
    """X's name of the next page; empty where there is none."""
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) else ""


def ask_for_tokens(wire: Wire, app: Mapping[str, str], form: Mapping[str, str]) -> Answer:
    """Ask for tokens: a public client names itself, one with a secret proves it. Raises OutOfReach or Unclear."""
    if not app.get("client_secret"):
        return wire.send("POST", TOKEN_PATH, data={**form, "client_id": app.get("client_id", "")})
    proof = base64.b64encode(f"{app['client_id']}:{app['client_secret']}".encode()).decode()
    return wire.send("POST", TOKEN_PATH, data=dict(form), headers={"authorization": f"Basic {proof}"})


def granted(body: Mapping[str, Any]) -> dict[str, str]:
    """The tokens of an answer, as they are kept; empty where it holds none."""
    names = {"access": "access_token", "refresh": "refresh_token", "scope": "scope"}
    found = {ours: body[theirs] for ours, theirs in names.items() if isinstance(body.get(theirs), str)}
    return found if found.get("access") else {}


def _only_in(generation: Generation) -> tuple[str, ...]:
    """Names that only this generation has."""
    other = OLD if generation is NEW else NEW
    names = {generation.fields, *generation.post, *generation.expansions, *generation.message}
    return tuple(names - {other.fields, *other.post, *other.expansions, *other.message})


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
