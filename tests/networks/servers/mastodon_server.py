"""A Mastodon server in memory, and those that are only like one. Stands behind `httpx.MockTransport`."""

import html
import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx

from tui import clock
from tui.clock import MINUTE, Millis

DOMAIN = "northline.example"
US, ME = "care", "900"
MENTION = re.compile(r"(?<![\w/])@([\w-]+(?:\.[\w-]+)*)(?:@([\w.-]+\w))?")
LINK = re.compile(r"https?://[^\s<]+")
KINDS = ("mastodon", "gotosocial", "pleroma", "misskey")


class FakeMastodon:
    """Our account `@care@northline.example` on a server that behaves as `kind` does:

    `gotosocial` ignores idempotency keys, counts in Unix seconds and has private posts of ours only in their thread;
    `pleroma` has only the old description of itself, ignores unknown parameters such as `types[]`, and keys; `misskey`
    ignores `min_id` and a reply target it does not know, gives an edited status another id, and answers errors with a
    page for people.
    """

    def __init__(self, kind: str = "mastodon", clock: Callable[[], Millis] = clock.now) -> None:
        self.kind = kind
        self.clock = clock
        self.published: list[str] = []
        """The texts of what we published and is out, in order."""
        self.statuses: dict[str, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.lists: dict[str, set[str]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.searches = True
        self.called: list[httpx.Request] = []
        self.access = "access-1"
        self.busy_media = 0
        """So many looks at a picture find it unfinished."""
        self.takes_targets = True
        self.takes_visibility = True
        self._answers: dict[str, dict[str, Any]] = {}
        self._limited_until: Millis = 0
        self._left = 300
        self._next = 0
        self._lock = threading.RLock()

    # -- what happens there -----------------------------------------------------------------------

    def mention(
        self, text: str = "@care my train is late", author: str = "amandac@mastodon.example", **more: Any
    ) -> str:
        """A customer writes to us; the id of the status."""
        with self._lock:
            return str(self.write(text, author, notify="mention", **more)["id"])

    def write(self, text: str, author: str, *, notify: str = "", **more: Any) -> dict[str, Any]:
        """Somebody writes a status; `notify`: we hear of it by a notification of this type."""
        with self._lock:
            own_id = self._id()
            name, _, host = author.partition("@")
            home = host or DOMAIN
            made = {
                "id": own_id, "uri": f"https://{home}/users/{name}/statuses/{own_id}",
                "url": f"https://{home}/@{name}/{own_id}", "created_at": clock.iso(self.clock()), "edited_at": None,
                "account": self._account(author), "content": self._html(text), "text": text, "spoiler_text": "",
                "visibility": "public", "sensitive": False, "in_reply_to_id": None, "language": "en",
                "mentions": self._mentions(text), "media_attachments": [], "reblog": None, "poll": None,
                "reblogs_count": 0, "favourites_count": 0, "tags": [], "emojis": [],
            } | more  # fmt: skip
            self.statuses[own_id] = made
            if notify:
                self.notify(notify, made)
            return made

    def notify(self, kind: str, status: dict[str, Any] | None) -> None:
        """We are told."""
        with self._lock:
            self.notifications.append(
                {"id": self._id(), "type": kind, "created_at": clock.iso(self.clock()), "status": status}
            )

    def boost(self, status_id: str, author: str = "stranger@mastodon.example") -> dict[str, Any]:
        """Somebody reposts a status."""
        return self.write("", author, reblog=self.statuses[status_id], mentions=[])

    def edit(self, status_id: str, text: str) -> str:
        """Its author changes a status; its id from now on."""
        with self._lock:
            status = self.statuses[status_id]
            status |= {"content": self._html(text), "text": text, "edited_at": clock.iso(self.clock())}
            if self.kind == "misskey":
                status["id"] = self._id()
                self.statuses[status["id"]] = self.statuses.pop(status_id)
            return str(status["id"])

    def delete(self, status_id: str) -> None:
        """Its author deletes a status; its notification goes with it."""
        with self._lock:
            del self.statuses[status_id]
            self.notifications = [
                one for one in self.notifications if not one["status"] or one["status"]["id"] != status_id
            ]

    def token_expired(self) -> None:
        """Our token is not taken any more; `renewed` is what a refresh gives."""
        self.access = "access-2"

    def rate_limited(self, seconds: float) -> None:
        """No more calls for so long."""
        self._limited_until = self.clock() + round(seconds * 1000)

    # -- the API ----------------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.called.append(request)
            try:
                answer = self._answered(request)
            except _No as no:
                answer = self._refusal(no)
            return httpx.Response(
                answer.status_code, headers=self._counted() | dict(answer.headers), content=answer.content
            )

    def _answered(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if path in ("/api/v2/instance", "/api/v1/instance"):
            return self._instance(path)
        if path.startswith(("/oauth", "/api/v1/apps", "/.well-known")):
            return self._login(path, request)
        if self.clock() < self._limited_until:
            raise _No(429, "Too many requests")
        if request.headers.get("authorization") != f"Bearer {self.access}":
            raise _No(401, "The access token is invalid")
        self._left = max(self._left - 1, 0)
        match request.method, path.strip("/").split("/")[1:]:
            case "GET", ["v1", "accounts", "verify_credentials"]:
                return _ok(self._account(US) | {"id": ME, "source": {"privacy": "public"}})
            case "GET", ["v1", "notifications"]:
                return _ok(self._page(self._wanted_notifications(params), params))
            case "GET", ["v1", "accounts", account, "statuses"] if account == ME:
                return _ok(self._page(self._written_by(US), params))
            case "GET", ["v1", "timelines", "tag", tag]:
                return _ok(self._page([s for s in self.statuses.values() if f"#{tag}" in s["text"].lower()], params))
            case "GET", ["v1", "timelines", "list", one]:
                members = self.lists.get(one, set())
                return _ok(self._page([s for s in self.statuses.values() if s["account"]["acct"] in members], params))
            case "GET", ["v2", "search"]:
                return _ok({"accounts": [], "hashtags": [], "statuses": self._searched(params)})
            case "GET", ["v1", "statuses", own_id]:
                return _ok(self._status(own_id))
            case "GET", ["v1", "statuses", own_id, "context"]:
                return _ok(self._context(own_id))
            case "GET", ["v1", "statuses", own_id, "source"]:
                return _ok({"id": own_id, "text": self._status(own_id)["text"], "spoiler_text": ""})
            case "POST", ["v1", "statuses"]:
                return self._publish(request)
            case "DELETE", ["v1", "statuses", own_id]:
                self.published.remove(self._status(own_id)["text"])
                del self.statuses[own_id]
                return _ok({"id": own_id})
            case "POST", [version, "media"] if version == "v1" or self.kind != "pleroma":
                return self._upload(request)
            case "GET", ["v1", "media", own_id]:
                return self._medium(own_id)
        raise _No(404, "Record not found")

    def _page(self, found: list[dict[str, Any]], params: httpx.QueryParams) -> list[dict[str, Any]]:
        """Newest first; `min_id`: those right after it."""
        found = sorted(found, key=lambda one: _order(one["id"]))
        limit = min(int(params.get("limit", 20)), 40)
        if "max_id" in params:
            found = [one for one in found if _order(one["id"]) < _order(params["max_id"])]
        if "min_id" in params and self.kind != "misskey":
            found = [one for one in found if _order(one["id"]) > _order(params["min_id"])][:limit]
        return found[-limit:][::-1]

    def _wanted_notifications(self, params: httpx.QueryParams) -> list[dict[str, Any]]:
        types, aside = params.get_list("types[]"), params.get("include_filtered") == "true"
        found = [one for one in self.notifications if aside or not one.get("filtered")]
        return [one for one in found if self.kind == "pleroma" or not types or one["type"] in types]

    def _written_by(self, acct: str) -> list[dict[str, Any]]:
        """GoToSocial leaves private ones out."""
        found = [status for status in self.statuses.values() if status["account"]["acct"] == acct]
        return [one for one in found if self.kind != "gotosocial" or one["visibility"] != "direct"]

    def _searched(self, params: httpx.QueryParams) -> list[dict[str, Any]]:
        words = params["q"].lower()
        found = [s for s in self.statuses.values() if words in s["text"].lower()] if self.searches else []
        found = sorted(found, key=lambda one: _order(one["id"]), reverse=True)
        start = int(params.get("offset", 0))
        return found[start : start + int(params["limit"])]

    def _status(self, own_id: str) -> dict[str, Any]:
        if own_id not in self.statuses:
            raise _No(404, "Record not found")
        return self.statuses[own_id]

    def _context(self, own_id: str) -> dict[str, Any]:
        above, at = [], self._status(own_id)["in_reply_to_id"]
        while at in self.statuses:
            above.append(self.statuses[at])
            at = self.statuses[at]["in_reply_to_id"]
        below = [s for s in self.statuses.values() if s["in_reply_to_id"] == own_id]
        return {"ancestors": above[::-1], "descendants": below}

    def _publish(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        key = request.headers.get("idempotency-key", "")
        if self.kind == "mastodon" and key in self._answers:
            return _ok(self._answers[key])
        target = body.get("in_reply_to_id")
        if target is not None and (target not in self.statuses or not self.takes_targets):
            if self.kind != "misskey" and self.takes_targets:
                raise _No(404, "Record not found")
            target = None
        if len(body["status"]) > 500:
            raise _No(422, "Validierung fehlgeschlagen: Text ist zu lang")
        made = self.write(
            body["status"], US, in_reply_to_id=target, language=body.get("language"),
            visibility=body.get("visibility", "public") if self.takes_visibility else "public",
            spoiler_text=body.get("spoiler_text", ""), sensitive=body.get("sensitive", False),
            media_attachments=[self.media[one] for one in body.get("media_ids", [])],
        )  # fmt: skip
        self.published.append(body["status"])
        self._answers[key] = made
        return _ok(made)

    def _upload(self, request: httpx.Request) -> httpx.Response:
        own_id = self._id()
        said = re.search(rb'name="description"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]*)', request.content)
        alt = said[1].decode() if said else None
        self.media[own_id] = {
            "id": own_id,
            "type": "image",
            "url": f"https://{DOMAIN}/m/{own_id}.png",
            "description": alt,
        }
        return httpx.Response(202 if self.busy_media else 200, json=self.media[own_id] | {"url": None})

    def _medium(self, own_id: str) -> httpx.Response:
        self.busy_media -= 1
        return httpx.Response(206 if self.busy_media > 0 else 200, json=self.media[own_id])

    def _instance(self, path: str) -> httpx.Response:
        if self.kind == "pleroma":
            if "v2" in path:
                raise _No(404, "Not implemented")
            return _ok(
                {"uri": f"https://{DOMAIN}", "max_toot_chars": 5000, "urls": {"streaming_api": f"wss://{DOMAIN}"}}
            )
        statuses = {"max_characters": 500, "characters_reserved_per_url": 23, "max_media_attachments": 4}
        urls = {"streaming": f"wss://streaming.{DOMAIN}"}
        return _ok({"domain": DOMAIN, "configuration": {"statuses": statuses, "urls": urls}})

    def _login(self, path: str, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if path == "/.well-known/oauth-authorization-server":
            if self.kind != "mastodon":
                raise _No(404, "Not found")
            return _ok({"code_challenge_methods_supported": ["S256"]})
        if path == "/api/v1/apps":
            if self.kind == "misskey" and ":" in form["scopes"]:
                raise _No(422, "unknown scope")
            return _ok({"client_id": "client", "client_secret": "client-secret"})
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != "refresh-1":
                raise _No(400, "invalid_grant")
            return _ok({"access_token": self.access, "token_type": "Bearer"})
        if form.get("code") != "the-code" or (self.kind == "mastodon" and not form.get("code_verifier")):
            raise _No(400, "invalid_grant")
        return _ok({"access_token": self.access, "token_type": "Bearer", "scope": form["scope"]})

    def _refusal(self, no: "_No") -> httpx.Response:
        if self.kind == "misskey":
            page = f"<!DOCTYPE html><html><head><title>Erreur {no.status}</title></head><body>Désolé…</body></html>"
            return httpx.Response(no.status, headers={"content-type": "text/html"}, content=page.encode())
        return httpx.Response(no.status, json={"error": no.said})

    def _counted(self) -> dict[str, str]:
        until = max(self._limited_until, self.clock() + 5 * MINUTE if not self._limited_until else 0)
        reset = str(-(-until // 1000)) if self.kind == "gotosocial" else str(clock.iso(until))
        return {"x-ratelimit-limit": "300", "x-ratelimit-remaining": str(self._left), "x-ratelimit-reset": reset}

    # -- how it writes ----------------------------------------------------------------------------

    def _id(self) -> str:
        self._next += 1
        number = 10_000 + self._next
        match self.kind:
            case "gotosocial":
                return f"01HZZZZZZZZZZZZZZZZZZ{number}"
            case "pleroma":
                return f"AbCdEfGhIjKl{number}"
            case "misskey":
                return f"9x{number:x}"
        return str(110_000_000_000_000_000 + number)

    def _account(self, acct: str) -> dict[str, Any]:
        name, _, host = acct.partition("@")
        own_id = ME if acct == US else f"a-{acct}"
        return {
            "id": own_id, "username": name, "acct": acct, "display_name": name.title(), "followers_count": 12,
            "url": f"https://{host or DOMAIN}/@{name}",
        }  # fmt: skip

    def _mentions(self, text: str) -> list[dict[str, Any]]:
        found = [name if host in (None, DOMAIN) else f"{name}@{host}" for name, host in MENTION.findall(text)]
        found = [one.removesuffix("@") for one in found]
        return [{name: self._account(one)[name] for name in ("id", "username", "acct", "url")} for one in found]

    def _html(self, text: str) -> str:
        """As Mastodon writes it: links cut for the eye, names without their host, paragraphs."""

        def named(found: re.Match[str]) -> str:
            host = found[2] or DOMAIN
            address = f"https://{host}/@{found[1]}"
            return f'<span class="h-card"><a href="{address}" class="u-url mention">@<span>{found[1]}</span></a></span>'

        def linked(found: re.Match[str]) -> str:
            whole = found.group()
            front, rest = whole.split("://")
            return (
                f'<a href="{whole}" rel="nofollow"><span class="invisible">{front}://</span>'
                f'<span class="ellipsis">{rest[:30]}</span><span class="invisible">{rest[30:]}</span></a>'
            )

        pieces, at = [], 0
        for link in LINK.finditer(text):
            pieces += [MENTION.sub(named, html.escape(text[at : link.start()], quote=False)), linked(link)]
            at = link.end()
        pieces.append(MENTION.sub(named, html.escape(text[at:], quote=False)))
        flat = "".join(pieces).replace("\n\n", "</p><p>").replace("\n", "<br>")
        return f"<p>{flat}</p>"


class _No(Exception):
    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


def _ok(found: Any) -> httpx.Response:
    return httpx.Response(200, json=found)


def _order(native_id: str) -> tuple[int, str]:
    return len(native_id), native_id
