"""Bluesky in memory: the server of our account, the network's view of posts, messages, and the directory of accounts.

Stands behind `httpx.MockTransport`; behaves as the real servers were seen to.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx

from tui import clock
from tui.clock import MINUTE, SECOND, Millis
from tui.networks.bluesky import tid

SERVER = "https://pds.northline.example"
US, ME = "@northline.example", "did:plc:northline"
AMANDA, AMANDA_DID = "amandac.example", "did:plc:amandac"
PASSWORD = "abcd-efgh-ijkl-mnop"
POST = "app.bsky.feed.post"
LOGINS = 30
"""In five minutes."""
MOST_BLOB = 2_000_000

Json = dict[str, Any]


class No(Exception):
    """An answer that is none."""

    def __init__(self, status: int, name: str, message: str = "") -> None:
        super().__init__(name)
        self.status, self.name, self.message = status, name, message or name


class FakeBluesky:
    """Our account `@northline.example`, and whoever writes to it."""

    def __init__(self, clock: Callable[[], Millis] = clock.now) -> None:
        self.clock = clock
        self.published: list[str] = []
        """The texts of what we published and is out, in order, messages too."""
        self.posts: dict[str, Json] = {}
        """By address: `record`, `did`, `indexedAt`, `cid`, and what a test adds to its view."""
        self.notifications: list[Json] = []
        self.convos: dict[str, list[Json]] = {}
        self.logs: list[Json] = []
        self.people = {ME: US.removeprefix("@"), AMANDA_DID: AMANDA}
        self.blobs: dict[str, bytes] = {}
        self.called: list[httpx.Request] = []
        self.blocked: set[str] = set()
        """DIDs that block us."""
        self.hidden: set[str] = set()
        """Addresses that getPosts does not give."""
        self.refuses_messages_of: set[str] = set()
        self.scope = "com.atproto.appPassPrivileged"
        self.logins: list[Millis] = []
        self.own_record_gone = False
        self._numbers = count(1)
        self._limited_until: Millis = 0
        self._left = 3_000
        self._expired: set[str] = set()
        self._lock = threading.RLock()
        self.access, self.refresh = self._session()

    # -- what happens there -----------------------------------------------------------------------

    def tokens(self) -> dict[str, str]:
        """What our account logs in with at the moment."""
        return {"access": self.access, "refresh": self.refresh, "password": PASSWORD}

    def mention(self, text: str = f"{US} my train is late", author: str = AMANDA, **more: Any) -> str:
        """A customer writes to us; the address of the post."""
        with self._lock:
            uri = self.write(text, author, **more)
            self.notify("reply" if more.get("reply") else "mention", uri)
            return uri

    def write(self, text: str, author: str = AMANDA, *, at: Millis | None = None, **record: Any) -> str:
        """Somebody writes a post; its address."""
        with self._lock:
            did = self._did(author)
            at = self.clock() if at is None else at
            uri = f"at://{did}/{POST}/{tid.of_reply(at, str(next(self._numbers)))}"
            whole = {"$type": POST, "text": text, "createdAt": clock.iso(at), "langs": ["en"], **record}
            self._store(uri, did, whole, at)
            return uri

    def notify(self, reason: str, uri: str, *, at: Millis | None = None, **more: Any) -> None:
        """We are told of it."""
        with self._lock:
            post = self.posts.get(uri)
            at = at if at is not None else (clock.parse(post["indexedAt"]) if post else self.clock())
            did = uri.split("/")[2]
            self.notifications.append({
                "uri": uri, "cid": _cid(uri), "author": self._profile(did), "reason": reason,
                "record": post["record"] if post else {"$type": "app.bsky.feed.repost", "createdAt": clock.iso(at)},
                "isRead": False, "indexedAt": clock.iso(at), **more,
            })  # fmt: skip

    def answer(self, uri: str, text: str, author: str = AMANDA) -> str:
        """Somebody answers a post; we are told of it where it is ours."""
        with self._lock:
            above = {"uri": uri, "cid": self.posts[uri]["cid"]}
            root = self.posts[uri]["record"].get("reply", {}).get("root", above)
            made = self.write(text, author, reply={"root": root, "parent": above})
            if uri.startswith(f"at://{ME}/") and self._did(author) != ME:
                self.notify("reply", made)
            return made

    def repost(self, uri: str, author: str = "stranger.example") -> str:
        """Somebody reposts a post of ours; the address of the repost."""
        made = f"at://{self._did(author)}/app.bsky.feed.repost/3k{next(self._numbers):011d}"
        self.notify("repost", made, at=self.clock(), reasonSubject=uri)
        return made

    def delete(self, uri: str) -> None:
        """Its author deletes a post."""
        with self._lock:
            del self.posts[uri]
            self.notifications = [one for one in self.notifications if one["uri"] != uri]

    def message(self, text: str, author: str = AMANDA, **more: Any) -> str:
        """Somebody, or we from elsewhere, writes in the conversation with Amanda; the message's id here."""
        with self._lock:
            convo = self._convo_with(AMANDA_DID)
            return f"{convo}/{self._send(convo, self._did(author), {'text': text, **more})['id']}"

    def unsend(self, message_id: str) -> None:
        """The author of a message deletes it."""
        convo, _, own = message_id.partition("/")
        view = next(one for one in self.convos[convo] if one["id"] == own)
        left = {name: view[name] for name in ("id", "rev", "sender", "sentAt")}
        self.convos[convo].remove(view)
        self.logs.append({"$type": "chat.bsky.convo.defs#logDeleteMessage", "convoId": convo, "message": left})

    def token_expired(self) -> None:
        """Our token has run out."""
        self._expired.add(self.access)

    def refresh_refused(self) -> None:
        """So has what would renew it."""
        self._expired.add(self.refresh)

    def rate_limited(self, seconds: float) -> None:
        """No more calls for so long."""
        self._limited_until = self.clock() + round(seconds * 1_000)

    # -- the servers ------------------------------------------------------------------------------

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.called.append(request)
            try:
                status, body = 200, self._answered(request)
            except No as no:
                status, body = no.status, {"error": no.name, "message": no.message}
            return httpx.Response(status, headers=self._counted(), json=body)

    def methods(self) -> list[str]:
        """What was called, in order."""
        return [request.url.path.rpartition(".")[2] for request in self.called]

    def _counted(self) -> dict[str, str]:
        reset = max(self._limited_until, self.clock() + 5 * MINUTE if not self._limited else 0)
        left = 0 if self._limited else self._left
        return {
            "ratelimit-limit": "3000", "ratelimit-remaining": str(left),
            "ratelimit-reset": str(-(-reset // SECOND)), "ratelimit-policy": "3000;w=300",
        }  # fmt: skip

    @property
    def _limited(self) -> bool:
        return self.clock() < self._limited_until

    def _answered(self, request: httpx.Request) -> Json:
        if request.url.host == "plc.directory":
            return {"id": ME, "service": [{
                "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": SERVER
            }]}  # fmt: skip
        if self._limited:
            raise No(429, "RateLimitExceeded", "Rate Limit Exceeded")
        self._left = max(self._left - 1, 0)
        method = request.url.path.removeprefix("/xrpc/")
        if method == "com.atproto.identity.resolveHandle":
            return {"did": self._known_did(request.url.params["handle"])}
        if method.startswith("com.atproto.server.") and request.method == "POST":
            return self._log_in(method, request)
        self._authorize(request)
        if method.startswith("chat."):
            return self._chat(method, request)
        return self._asked(method, request)

    def _authorize(self, request: httpx.Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise No(401, "AuthMissing", "Authentication Required")
        if token in self._expired:
            raise No(400, "ExpiredToken", "Token has expired")
        if token != self.access:
            raise No(400, "InvalidToken", "Token could not be verified")

    def _log_in(self, method: str, request: httpx.Request) -> Json:
        if method.endswith("refreshSession"):
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token in self._expired:
                raise No(400, "ExpiredToken", "Token has expired")
            if token != self.refresh:
                raise No(400, "InvalidToken", "Token could not be verified")
        else:
            self.logins = [at for at in self.logins if at > self.clock() - 5 * MINUTE] + [self.clock()]
            if len(self.logins) > LOGINS:
                self._limited_until = self.clock() + 5 * MINUTE
                raise No(429, "RateLimitExceeded", "Rate Limit Exceeded")
            body = json.loads(request.content)
            if body["password"] != PASSWORD or body["identifier"].lower() not in (ME, US[1:]):
                raise No(401, "AuthenticationRequired", "Invalid identifier or password")
        self.access, self.refresh = self._session()
        return {"accessJwt": self.access, "refreshJwt": self.refresh, "did": ME, "handle": US[1:], "active": True}

    def _session(self) -> tuple[str, str]:
        number = next(self._numbers)
        return _jwt({"scope": self.scope, "jti": number}), _jwt({"scope": "com.atproto.refresh", "jti": number})

    def _asked(self, method: str, request: httpx.Request) -> Json:
        params = request.url.params
        match method:
            case "com.atproto.server.getSession":
                return {"did": ME, "handle": US[1:], "active": True}
            case "app.bsky.notification.listNotifications":
                reasons = params.get_list("reasons")
                found = [one for one in self.notifications if not reasons or one["reason"] in reasons]
                return self._page("notifications", found, params)
            case "app.bsky.feed.getPosts":
                wanted = params.get_list("uris")
                if len(wanted) > 25:
                    raise No(400, "InvalidRequest", "uris must not have more than 25 elements")
                seen = [uri for uri in wanted if uri in self.posts and uri not in self.hidden]
                return {"posts": [self.view(uri) for uri in seen if uri.split("/")[2] not in self.blocked]}
            case "app.bsky.feed.getAuthorFeed":
                own = [self.view(uri) for uri, post in self.posts.items() if post["did"] == params["actor"]]
                return self._page("feed", [{"post": view, "indexedAt": view["indexedAt"]} for view in own], params)
            case "app.bsky.feed.searchPosts":
                phrase = params["q"].lower()
                found = [self.view(u) for u, p in self.posts.items() if phrase in p["record"]["text"].lower()]
                return self._page("posts", found, params)
            case "app.bsky.feed.getPostThread":
                if params["uri"] not in self.posts:
                    raise No(400, "NotFound", f"Post not found: {params['uri']}")
                return {"thread": self._node(params["uri"], above=True)}
            case "app.bsky.actor.getProfile":
                return self._profile(params["actor"])
            case "app.bsky.actor.getProfiles":
                return {"profiles": [self._profile(did) for did in params.get_list("actors")]}
            case "com.atproto.repo.getRecord":
                return self._get_record(params)
            case "com.atproto.repo.putRecord":
                return self._put_record(json.loads(request.content))
            case "com.atproto.repo.uploadBlob":
                return self._upload(request)
        raise No(501, "MethodNotImplemented", "Method Not Implemented")

    def _page(self, name: str, found: list[Json], params: httpx.QueryParams) -> Json:
        """Newest first; the cursor is the time of the last one, and its place among those of that time."""
        places = [(clock.parse(one["indexedAt"]), place) for place, one in enumerate(found)]
        if "cursor" in params:
            at, _, place = params["cursor"].partition("::")
            places = [one for one in places if one < (int(at), int(place))]
        limit = min(int(params.get("limit", 50)), 100)
        places = sorted(places, reverse=True)[:limit]
        page: Json = {name: [found[place] for _, place in places]}
        return page | ({"cursor": "::".join(map(str, places[-1]))} if places else {})

    # -- posts ------------------------------------------------------------------------------------

    def view(self, uri: str) -> Json:
        """A post as it is shown."""
        post = self.posts[uri]
        more = {name: value for name, value in post.items() if name not in ("did", "record")}
        known = {"uri": uri, "author": self._profile(post["did"]), "record": post["record"], "viewer": {}}
        return known | {"repostCount": 0, "likeCount": 0, "labels": []} | more

    def _node(self, uri: str, *, above: bool = False, below: bool = True) -> Json:
        if uri not in self.posts:
            return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
        did = uri.split("/")[2]
        if did in self.blocked:
            author = {"did": did, "viewer": {"blockedBy": True}}
            return {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri, "blocked": True, "author": author}
        node: Json = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self.view(uri)}
        if below:
            here = [u for u, p in self.posts.items() if _parent(p) == uri]
            node["replies"] = [self._node(u) for u in here]
        if above and (parent := _parent(self.posts[uri])):
            node["parent"] = self._node(parent, above=True, below=False)
        return node

    def _store(self, uri: str, did: str, record: Json, at: Millis) -> None:
        self.posts[uri] = {"did": did, "record": record, "indexedAt": clock.iso(at), "cid": _cid(json.dumps(record))}

    def _get_record(self, params: httpx.QueryParams) -> Json:
        uri = f"at://{params['repo']}/{params['collection']}/{params['rkey']}"
        if uri not in self.posts:
            raise No(400, "RecordNotFound", f"Could not locate record: {uri}")
        return {"uri": uri, "cid": self.posts[uri]["cid"], "value": self.posts[uri]["record"]}

    def _put_record(self, body: Json) -> Json:
        record, uri = body["record"], f"at://{body['repo']}/{body['collection']}/{body['rkey']}"
        if body["repo"] != ME:
            raise No(401, "AuthMissing", "Authentication Required")
        if len(record["text"].encode()) > 3_000:
            raise No(400, "InvalidRequest", "Record/text must not be longer than 3000 bytes")
        for image in record.get("embed", {}).get("images", []):
            if image["image"]["ref"]["$link"] not in self.blobs:
                raise No(400, "BlobNotFound", "Could not find blob")
        known, new = self.posts.get(uri), _cid(json.dumps(record))
        if known is not None and known["cid"] != new and "swapRecord" in body:
            raise No(400, "InvalidSwap", f"Record was at {known['cid']}")
        if known is not None and known["cid"] == new:
            return {"uri": uri, "cid": new, "validationStatus": "valid"}
        self._store(uri, ME, record, min(clock.parse(record["createdAt"]), self.clock()))
        self.published.append(record["text"])
        return {"uri": uri, "cid": new, "commit": {"cid": new, "rev": "3k"}, "validationStatus": "valid"}

    def _upload(self, request: httpx.Request) -> Json:
        content = request.content
        if len(content) > MOST_BLOB:
            raise No(400, "BlobTooLarge", "This file is too large.")
        name = _cid(content.hex())
        self.blobs[name] = content
        mime = request.headers["content-type"]
        return {"blob": {"$type": "blob", "ref": {"$link": name}, "mimeType": mime, "size": len(content)}}

    # -- messages ---------------------------------------------------------------------------------

    def _chat(self, method: str, request: httpx.Request) -> Json:
        if request.headers.get("atproto-proxy") != "did:web:api.bsky.chat#bsky_chat":
            raise No(501, "MethodNotImplemented", "Method Not Implemented")
        if self.scope == "com.atproto.appPass":
            raise No(400, "InvalidToken", "Bad token method")
        params = request.url.params
        match method.rpartition(".")[2]:
            case "getLog":
                start = int(params.get("cursor", "0"))
                return {"logs": self.logs[start : start + 100], "cursor": str(min(start + 100, len(self.logs)))}
            case "listConvos":
                return {
                    "convos": [{"id": one, "lastMessage": views[-1]} for one, views in self.convos.items() if views]
                }
            case "getMessages":
                views = list(reversed(self.convos[params["convoId"]]))
                start = int(params.get("cursor", "0"))
                page: Json = {"messages": views[start : start + int(params["limit"])]}
                return page | ({"cursor": str(start + len(page["messages"]))} if page["messages"] else {})
            case "getConvoForMembers":
                if params["members"] in self.refuses_messages_of:
                    raise No(
                        400,
                        "NotFollowedBySender",
                        "recipient requires incoming messages to come from someone they follow",
                    )
                return {"convo": {"id": self._convo_with(params["members"])}}
            case "sendMessage":
                body = json.loads(request.content)
                self.published.append(body["message"]["text"])
                return self._send(body["convoId"], ME, body["message"])
        raise No(501, "MethodNotImplemented", "Method Not Implemented")

    def _convo_with(self, did: str) -> str:
        convo = f"convo-{did.rpartition(':')[2]}"
        self.convos.setdefault(convo, [])
        return convo

    def _send(self, convo: str, did: str, message: Json) -> Json:
        number = str(next(self._numbers))
        view = {"id": number, "rev": number, "sender": {"did": did}, "sentAt": clock.iso(self.clock()), **message}
        self.convos[convo].append(view)
        self.logs.append({"$type": "chat.bsky.convo.defs#logCreateMessage", "convoId": convo, "message": view})
        return view

    # -- people -----------------------------------------------------------------------------------

    def _did(self, handle: str) -> str:
        for did, known in self.people.items():
            if known == handle.removeprefix("@"):
                return did
        made = f"did:plc:{handle.partition('.')[0]}"
        self.people[made] = handle
        return made

    def _known_did(self, handle: str) -> str:
        for did, known in self.people.items():
            if known == handle.lower():
                return did
        raise No(400, "InvalidRequest", "Unable to resolve handle")

    def _profile(self, did: str) -> Json:
        if did not in self.people:
            raise No(400, "InvalidRequest", "Profile not found")
        return {
            "did": did, "handle": self.people[did], "displayName": self.people[did].partition(".")[0].title(),
            "viewer": {"muted": False, "blockedBy": did in self.blocked},
        }  # fmt: skip


def _parent(post: Json) -> str | None:
    return post["record"].get("reply", {}).get("parent", {}).get("uri")


def _cid(text: str) -> str:
    return "bafyrei" + hashlib.sha256(text.encode()).hexdigest()[:52]


def _jwt(payload: Json) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip('=')}.c2ln"
