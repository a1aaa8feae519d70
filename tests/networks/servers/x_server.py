"""X in memory, as its public description and experience have it. Stands behind `httpx.MockTransport`."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

from tui import clock
from tui.clock import DAY, MINUTE, SECOND, Millis

NAMES: dict[str, Any] = json.loads(Path(__file__).with_name("x_names.json").read_text())
"""Names of parameters and fields, by generation; where they come from stands in the file."""
EPOCH: Millis = 1_288_834_974_657
US, ME = "northline", "1000"
WINDOW: Millis = 15 * MINUTE
LIMITS = {"/2/dm_events": 15, "/2/users/me": 75, "/2/usage/tweets": 50}
LINK = re.compile(r"https?://\S+|\b[\w-]+\.(?:com|org|example)\b(?:/\S*)?")
RENAMED = {
    "referenced_posts": "referenced_tweets",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "note_post": "note_tweet",
}
SCOPES = "tweet.read tweet.write users.read dm.read dm.write media.write offline.access"
REFUSED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


class FakeX:
    """Our account `@northline` on X. `generation`: whose names it takes and gives, `new` or `old`."""

    def __init__(self, clock: Callable[[], Millis] = clock.now, generation: str = "new") -> None:
        self.clock = clock
        self.generation = generation
        self.published: list[str] = []
        """The texts of what we published and is out, in order, messages too."""
        self.posts: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.uploaded: list[bytes] = []
        self.called: list[httpx.Request] = []
        self.access, self.refresh = "access-1", "refresh-1"
        self.scope = SCOPES
        self.codes: dict[str, str] = {}
        """By code: the PKCE challenge it was given out for; empty: any."""
        self.empty_pages = 0
        """So many pages come empty, each with the name of the next, which alone leads on."""
        self.blocked: set[str] = set()
        """Ids of people who take no message of ours."""
        self._faults: deque[str] = deque()
        self._limited: dict[str, Millis] = {}
        self._counted: dict[str, tuple[Millis, int]] = {}
        self._out_of = ""
        self._last = 0
        self._lock = threading.RLock()
        self._user(US, ME)

    # -- what happens there -----------------------------------------------------------------------

    def mention(self, text: str = "@northline my train is late", author: str = "amandac", **more: Any) -> str:
        """A customer writes to us; the id of the post."""
        return self.write(text, author, **more)

    def write(
        self, text: str, author: str, *, reply_to: str = "", quotes: str = "", reposts: str = "", **more: Any
    ) -> str:
        """Somebody writes a post; its id. `more` goes into it as it is."""
        with self._lock:
            own = self._id()
            parent = self.posts.get(reply_to)
            kinds = (("replied_to", reply_to), ("quoted", quotes), ("retweeted", reposts))
            refs = [{"type": kind, "id": target} for kind, target in kinds if target]
            if reposts:
                text = f"RT @{self._author(self.posts[reposts])}: {self.posts[reposts]['text']}"
            front = f"@{self._author(parent)} " if parent and self._author(parent) != author else ""
            front = "" if text.casefold().startswith(front.strip().casefold()) else front
            shown, urls = self._shown(text)
            self.posts[own] = {
                "id": own, "author_id": self._user(author), "text": front + shown, "created_at": self._now(),
                "conversation_id": parent["conversation_id"] if parent else own, "lang": "en",
                "edit_history_post_ids": [own], "reply_settings": "everyone",
                "entities": {"mentions": self._mentions(front + shown), "urls": urls},
                "display_text_range": [len(front), len(front + shown)],
                "public_metrics": {"repost_count": 0, "like_count": 0, "reply_count": 0, "quote_count": 0},
                **({"referenced_posts": refs} if refs else {}),
                **({"in_reply_to_user_id": parent["author_id"]} if parent else {}),
            } | more  # fmt: skip
            return own

    def message(self, text: str = "It is private", author: str = "amandac", **more: Any) -> str:
        """A direct message to us; its id."""
        with self._lock:
            return self._message(text, self._user(author), self._user(author), **more)

    def message_of_ours(self, text: str, to: str = "amandac") -> str:
        """A direct message that a colleague sent elsewhere."""
        with self._lock:
            return self._message(text, ME, self._user(to))

    def edit(self, post_id: str, text: str) -> str:
        """Its author changes a post, which gives it a new id."""
        with self._lock:
            old = self.posts[post_id]
            own = self._id()
            history = [*old["edit_history_post_ids"], own]
            self.posts[own] = old | {"id": own, "text": text, "created_at": self._now()}
            for version in history:
                self.posts[version]["edit_history_post_ids"] = history
            return own

    def delete(self, post_id: str) -> None:
        """Its author deletes a post, with all its versions."""
        with self._lock:
            for version in self.posts[post_id]["edit_history_post_ids"]:
                self.posts.pop(version, None)

    def token_expired(self) -> None:
        """Our token is not taken any more; a refresh gives the next."""
        with self._lock:
            self.access = f"access-{int(self.access.partition('-')[2]) + 1}"

    def rate_limited(self, seconds: float, path: str = "") -> None:
        """No more calls for so long, to this path or to any."""
        self._limited[path] = self.clock() + round(seconds * 1000)

    def out_of(self, what: str) -> None:
        """`cap` or `credits` is used up; empty: nothing is."""
        self._out_of = what

    def fail(self, *faults: str) -> None:
        """What the next calls meet: `before` (503, nothing done), `after` (503, done), `lost` (no answer, done),
        `truncated`, `html` (200), `gateway` (HTML 502, nothing done), `partial` (an error beside the data)."""
        self._faults.extend(faults)

    # -- the API ----------------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.called.append(request)
            fault = self._faults.popleft() if self._faults else ""
            if fault == "before":
                return httpx.Response(503, json={"title": "Service Unavailable", "status": 503})
            if fault == "gateway":
                return httpx.Response(502, html="<html><h1>Bad gateway</h1></html>")
            try:
                answer = self._answered(request)
            except _No as no:
                answer = httpx.Response(no.status, json=no.problem)
            return self._faulty(fault, answer, request)

    def _faulty(self, fault: str, answer: httpx.Response, request: httpx.Request) -> httpx.Response:
        match fault:
            case "after":
                return httpx.Response(503, json={"title": "Service Unavailable", "status": 503})
            case "lost":
                raise httpx.ReadTimeout("no answer", request=request)
            case "truncated":
                return httpx.Response(answer.status_code, content=answer.content[: len(answer.content) // 2])
            case "html":
                return httpx.Response(200, html="<html>Please wait</html>")
            case "partial":
                wrong = {"title": "Internal Error", "detail": "One post is lost.", "type": f"{_TYPES}/internal-error"}
                return httpx.Response(answer.status_code, json=answer.json() | {"errors": [wrong]})
        answer.headers.update(self._count(request.url.path))
        return answer

    def _answered(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, dict(request.url.params)
        if path == "/2/oauth2/token":
            return self._token(request)
        until = max(self._limited.get(path, 0), self._limited.get("", 0))
        if self.clock() < until:
            raise _No(429, title="Too Many Requests", detail="Too Many Requests", type="about:blank")
        if self._out_of == "credits":
            raise _No(402, title="CreditsDepleted", detail="You have no credits.", type=f"{_TYPES}/credits")
        if self._out_of == "cap":
            raise _No(429, title="UsageCapExceeded", detail="Usage cap exceeded", type=f"{_TYPES}/usage-capped")
        bearer = "app-token" if path == "/2/usage/tweets" else self.access
        if request.headers.get("authorization") != f"Bearer {bearer}":
            raise _No(401, title="Unauthorized", detail="Unauthorized", type="about:blank")
        if request.method == "GET":
            self._check(path, params)
            return httpx.Response(200, json=self._given(self._got(path, params)))
        return self._posted(path, request)

    def _got(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        match path.split("/")[2:]:
            case ["users", "me"]:
                return {"data": {"id": ME, "username": US, "name": "Northline"}}
            case ["users", _, "mentions"]:
                named = [one for one in self._newest() if self._names_us(one)]
                return self._list(named[:800], params)
            case ["users", _, "tweets"]:
                return self._list([one for one in self._newest() if one["author_id"] == ME][:3200], params)
            case ["tweets"]:
                return self._looked_up(params["ids"].split(","), params)
            case ["tweets", "search", "recent"]:
                return self._list(self._found(params), params)
            case ["dm_events"]:
                return self._list_messages(list(self.messages.values()), params)
            case ["dm_conversations", "with", who, "dm_events"]:
                return self._list_messages([one for one in self.messages.values() if one["with"] == who], params)
            case ["usage", "tweets"]:
                return {"data": {"project_usage": "1200", "project_cap": "3000000", "cap_reset_day": 7}}
        raise _No(404, title="Not Found", type="about:blank")

    def _posted(self, path: str, request: httpx.Request) -> httpx.Response:
        if path == "/2/media/upload":
            own = self._id()
            self.media[own] = {"media_key": f"3_{own}", "type": "photo", "url": f"https://pbs.example/{own}.png"}
            self.uploaded.append(request.content)
            return httpx.Response(200, json={"data": {"id": own, "media_key": f"3_{own}"}})
        body = json.loads(request.content)
        match path.split("/")[2:]:
            case ["media", "metadata"]:
                self.media[body["id"]]["alt_text"] = body["metadata"]["alt_text"]["text"]
                return httpx.Response(200, json={"data": {"id": body["id"]}})
            case ["tweets"]:
                return self._reply(body)
            case ["dm_conversations", "with", who, "messages"]:
                return self._send(who, body)
        raise _No(404, title="Not Found", type="about:blank")

    # -- writing ----------------------------------------------------------------------------------

    def _reply(self, body: dict[str, Any]) -> httpx.Response:
        parent = self.posts.get(body["reply"]["in_reply_to_tweet_id"])
        if parent is None:
            raise _No(
                403, title="Forbidden", type="about:blank",
                detail="You attempted to reply to a Tweet that is deleted or not visible to you.",
            )  # fmt: skip
        if not (parent["author_id"] == ME or self._names_us(parent) or self._quotes_us(parent)):
            raise _No(403, title="Forbidden", detail=REFUSED, type="about:blank")
        own = self.write(body["text"], US, reply_to=parent["id"])
        post = self.posts[own]
        if any(self._bare(one) == self._bare(post) for one in self._ours() if one["id"] != own):
            del self.posts[own]
            raise _No(403, title="Forbidden", detail=DUPLICATE, type="about:blank")
        self._attach(post, body.get("media", {}).get("media_ids", []))
        self.published.append(body["text"])
        answer = {"id": own, "text": post["text"], "edit_history_post_ids": [own]}
        return httpx.Response(201, json=self._given({"data": answer}))

    def _attach(self, post: dict[str, Any], media_ids: Iterable[str]) -> None:
        """X puts a link to its own pictures behind the text."""
        for number, media_id in enumerate(media_ids, 1):
            short = f"https://t.co/pic{number}"
            post["text"] += f" {short}"
            url = {"url": short, "display_url": f"pic.x.com/pic{number}", "media_key": f"3_{media_id}"}
            post["entities"]["urls"].append(url | {"expanded_url": f"https://x.com/{US}/status/1/photo/{number}"})
            post.setdefault("attachments", {"media_keys": []})["media_keys"].append(f"3_{media_id}")

    def _send(self, who: str, body: dict[str, Any]) -> httpx.Response:
        if who in self.blocked:
            detail = "You do not have permission to DM one or more participants."
            raise _No(403, title="Forbidden", detail=detail, type="about:blank")
        own = self._message(body["text"], ME, who)
        self.published.append(body["text"])
        return httpx.Response(201, json={"data": {"dm_conversation_id": f"{who}-{ME}", "dm_event_id": own}})

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form.get("grant_type") == "authorization_code":
            taken = self.codes.pop(form["code"], None)
        else:
            taken = self.refresh if form.get("refresh_token") == self.refresh else None
            if taken is not None:
                self.refresh = f"refresh-{int(self.refresh.partition('-')[2]) + 1}"
        if taken is None:
            return httpx.Response(
                400, json={"error": "invalid_request", "error_description": "Value passed was invalid."}
            )
        granted = {"access_token": self.access, "refresh_token": self.refresh, "scope": self.scope, "expires_in": 7200}
        return httpx.Response(200, json={"token_type": "bearer", **granted})

    # -- reading ----------------------------------------------------------------------------------

    def _check(self, path: str, params: Mapping[str, str]) -> None:
        """X refuses what it does not know by name."""
        names = NAMES[self.generation]
        shape = re.sub(r"/users/\d+/", "/users/{id}/", path)
        shape = re.sub(r"/with/[^/]+/", "/with/{participant_id}/", shape)
        kind = "messages" if "dm_" in path else "users" if path.endswith("/me") else "posts"
        for name, value in params.items():
            known = names["values"].get(f"expansions of {kind}" if name == "expansions" else name)
            asked = set(value.split(","))
            if name not in names["asked"][shape] or (known and not asked <= set(known)):
                raise _invalid(name, value, f"The query parameter [{name}] is not one of those it may be.")

    def _list(self, found: list[dict[str, Any]], params: Mapping[str, str]) -> dict[str, Any]:
        passed = len(params.get("pagination_token", "")) if params.get("pagination_token", "e").startswith("e") else 99
        if passed < self.empty_pages:
            return {"meta": {"result_count": 0, "next_token": "e" * (passed + 1)}}
        since, until = int(params.get("since_id", 0)), int(params.get("until_id", 1 << 63))
        found = [one for one in found if since < int(one["id"]) < until]
        if "start_time" in params:
            start = clock.parse(params["start_time"])
            found = [one for one in found if clock.parse(one["created_at"]) >= start]
        return self._page(found, params, {})

    def _page(self, found: list[dict[str, Any]], params: Mapping[str, str], more: dict[str, Any]) -> dict[str, Any]:
        start = int(params.get("pagination_token", "").lstrip("ep") or 0)
        size = int(params.get("max_results", 10))
        shown = found[start : start + size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if len(found) > start + size:
            meta["next_token"] = f"p{start + size}"
        return ({"data": shown, "includes": self._includes(shown)} if shown else {}) | {"meta": meta} | more

    def _list_messages(self, found: list[dict[str, Any]], params: Mapping[str, str]) -> dict[str, Any]:
        newest = sorted(found, key=lambda one: -int(one["id"]))
        return self._page(newest, params, {})

    def _looked_up(self, ids: list[str], params: Mapping[str, str]) -> dict[str, Any]:
        found = [self.posts[one] for one in ids if one in self.posts]
        missing = [
            {
                "resource_id": one, "value": one, "resource_type": "tweet", "parameter": "ids",
                "title": "Not Found Error", "detail": f"Could not find tweet with ids: [{one}].",
                "type": f"{_TYPES}/resource-not-found",
            }
            for one in ids
            if one not in self.posts
        ]  # fmt: skip
        data = {"data": found, "includes": self._includes(found)} if found else {}
        return data | ({"errors": missing} if missing else {})

    def _found(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        since = int(params.get("since_id", 0))
        if since and (since >> 22) + EPOCH < self.clock() - 7 * DAY:
            raise _invalid("since_id", str(since), "'since_id' must be a tweet id created after seven days ago.")
        wanted = _query(params["query"])
        recent = [one for one in self._newest() if (int(one["id"]) >> 22) + EPOCH > self.clock() - 7 * DAY]
        return [one for one in recent if wanted(one, self._author(one), self._kinds(one))]

    def _includes(self, shown: list[dict[str, Any]]) -> dict[str, Any]:
        """What the posts shown point at, with everybody's authors and media."""
        targets = [ref["id"] for one in shown for ref in one.get("referenced_posts", [])]
        versions = [own for one in shown for own in one.get("edit_history_post_ids", []) if own != one["id"]]
        pointed = [self.posts[one] for one in dict.fromkeys([*targets, *versions]) if one in self.posts]
        writers = {one.get("author_id") or one.get("sender_id") for one in [*shown, *pointed]}
        keys = {key for one in [*shown, *pointed] for key in one.get("attachments", {}).get("media_keys", [])}
        given = {
            "users": [one for one in self.users.values() if one["id"] in writers],
            "posts": pointed,
            "media": [one for one in self.media.values() if one["media_key"] in keys],
        }
        return {name: value for name, value in given.items() if value}

    def _given(self, body: dict[str, Any]) -> dict[str, Any]:
        """An answer in the names of the generation, without what only this server knows."""
        text = json.dumps(body, default=str)
        if self.generation == "old":
            for new, old in RENAMED.items():
                text = text.replace(f'"{new}"', f'"{old}"')
            text = text.replace('"repost_count"', '"retweet_count"').replace('"posts": [', '"tweets": [')
        return json.loads(text)  # type: ignore[no-any-return]

    # -- single things ----------------------------------------------------------------------------

    def _newest(self) -> list[dict[str, Any]]:
        """Every post once, in its newest version, the newest first."""
        latest = [one for one in self.posts.values() if one["edit_history_post_ids"][-1] == one["id"]]
        return sorted(latest, key=lambda one: -int(one["id"]))

    def _ours(self) -> list[dict[str, Any]]:
        return [one for one in self.posts.values() if one["author_id"] == ME]

    def _bare(self, post: dict[str, Any]) -> str:
        """What counts as the same text."""
        text = str(post["text"])
        for url in post["entities"]["urls"]:
            text = text.replace(url["url"], "" if url.get("media_key") else url["expanded_url"])
        return " ".join(text.split()).casefold()

    def _names_us(self, post: dict[str, Any]) -> bool:
        return any(one["username"].casefold() == US for one in post["entities"]["mentions"])

    def _quotes_us(self, post: dict[str, Any]) -> bool:
        quoted = [one["id"] for one in post.get("referenced_posts", []) if one["type"] == "quoted"]
        return any(self.posts.get(one, {}).get("author_id") == ME for one in quoted)

    def _kinds(self, post: dict[str, Any]) -> set[str]:
        return {one["type"] for one in post.get("referenced_posts", [])}

    def _author(self, post: Mapping[str, Any]) -> str:
        return next(one["username"] for one in self.users.values() if one["id"] == post["author_id"])

    def _user(self, name: str, own: str = "") -> str:
        if name not in self.users:
            self.users[name] = {
                "id": own or str(5_000 + len(self.users)), "username": name, "name": name.title(), "verified": False,
                "public_metrics": {"followers_count": 48_000, "following_count": 1},
            }  # fmt: skip
        return str(self.users[name]["id"])

    def _message(self, text: str, sender: str, with_whom: str, **more: Any) -> str:
        own = self._id()
        shown, urls = self._shown(text)
        self.messages[own] = {
            "id": own, "event_type": "MessageCreate", "sender_id": sender, "with": with_whom, "text": shown,
            "dm_conversation_id": f"{with_whom}-{ME}", "created_at": self._now(), "entities": {"urls": urls},
        } | more  # fmt: skip
        return own

    def _mentions(self, text: str) -> list[dict[str, Any]]:
        names = re.findall(r"(?<!\w)@(\w{1,15})", text)
        return [{"username": name, "id": self._user(name.casefold())} for name in dict.fromkeys(names)]

    def _shown(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        """A text as X stores it: its links short, its signs escaped."""
        urls: list[dict[str, Any]] = []

        def short(found: re.Match[str]) -> str:
            whole = found[0] if "://" in found[0] else f"http://{found[0]}"
            bare = whole.partition("://")[2]
            name = f"https://t.co/L{len(urls) + 1}"
            urls.append(
                {"url": name, "expanded_url": whole, "display_url": bare if len(bare) < 27 else bare[:26] + "…"}
            )
            return name

        cut = LINK.sub(short, text)
        return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip(), urls

    def _now(self) -> str:
        iso = clock.iso(self.clock() // SECOND * SECOND + self.clock() % SECOND)
        return str(iso) if "." in str(iso) else str(iso).replace("Z", ".000Z")

    def _id(self) -> str:
        self._last = max(self._last + 1, (self.clock() - EPOCH) << 22)
        return str(self._last)

    def _count(self, path: str) -> dict[str, str]:
        """The headers of the limit of these calls."""
        limit = LIMITS.get(path, 300)
        until, used = self._counted.get(path, (0, 0))
        now = self.clock()
        until, used = (until, used + 1) if now < until else (now + WINDOW, 1)
        self._counted[path] = until, used
        blocked = max(self._limited.get(path, 0), self._limited.get("", 0))
        left, reset = (0, blocked) if now < blocked else (max(limit - used, 0), until)
        values = {"limit": limit, "remaining": left, "reset": -(-reset // SECOND)}
        return {f"x-rate-limit-{name}": str(value) for name, value in values.items()}


_TYPES = "https://api.x.com/2/problems"


class _No(Exception):
    """An answer that is none."""

    def __init__(self, status: int, **problem: Any) -> None:
        super().__init__(status)
        self.status = status
        self.problem = {"status": status, **problem}


def _invalid(name: str, value: str, words: str) -> _No:
    errors = [{"parameters": {name: [value]}, "message": words}]
    detail = "One or more parameters to your request was invalid."
    return _No(400, title="Invalid Request", detail=detail, type=f"{_TYPES}/invalid-request", errors=errors)


def _query(text: str) -> Callable[[Mapping[str, Any], str, set[str]], bool]:
    """What a search means, of the little that ours ask for."""
    inside = re.match(r"\((.*)\)", text)
    words = [word.strip('"').casefold() for word in inside[1].split(" OR ")] if inside else []
    rest = text[inside.end() :].split() if inside else text.split()

    def fits(post: Mapping[str, Any], author: str, kinds: set[str]) -> bool:
        said = post["text"].casefold()
        names = {one["username"].casefold() for one in post["entities"]["mentions"]}
        tests = {
            "conversation_id": lambda value: post["conversation_id"] == value,
            "from": lambda value: author.casefold() == value.casefold(),
            "is": lambda value: "retweeted" in kinds,
        }
        for term in rest:
            name, _, value = term.removeprefix("-").partition(":")
            met = tests[name](value) if value else name.removeprefix("@").casefold() in names
            if met == term.startswith("-"):
                return False
        return not words or any(word in said for word in words)

    return fits
