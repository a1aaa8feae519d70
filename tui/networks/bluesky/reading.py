"""What Bluesky's servers say of posts, people and messages -> our records. Nothing of it is trusted to be there.

`Unreadable` says why one thing cannot become a post; whoever reads a page goes on with the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.networks.bluesky import tid
from tui.networks.records import Author, Kind, Post
from tui.text import repair

NETWORK = "bluesky"
POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"

MAX_TEXT = 10_000
"""Characters of a text: `chat.bsky.convo` allows as many bytes, a post fewer."""
MAX_ID = 500
MAX_LINK = 8_000
MAX_NAME = 1_000
MAX_LANG = 40
MAX_COUNT = 2**63 - 1
MAX_MEDIA = 30
EARLIEST = clock.parse("1990-01-01T00:00:00Z")

_NO_HANDLE = "handle.invalid"


class Unreadable(Exception):
    """Why something cannot become a post."""


def item(value: Any, name: str) -> Mapping[str, Any]:
    """An object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is no object")
    return value


def items(value: Any) -> Sequence[Any]:
    """A list; what is none has nothing in it."""
    return value if isinstance(value, list) else ()


def word(value: Any, name: str, most: int = MAX_ID) -> str:
    """A string that says something. Raises Unreadable."""
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    if len(value) > most:
        raise Unreadable(f"{name} is longer than {most:,} characters")
    return repair(value)[0]


def moment(value: Any, name: str) -> Millis:
    """A time. Raises Unreadable."""
    at = _moment(value)
    if at is None:
        raise Unreadable(f"{name} is no time between 1990 and 2099")
    return at


def _moment(value: Any) -> Millis | None:
    if not isinstance(value, str) or len(value) > MAX_ID:
        return None
    try:
        at = clock.parse(value)
    except (ValueError, OverflowError):
        return None
    return at if EARLIEST <= at < clock.LATEST else None


def _optional(value: Any, most: int) -> str:
    """A string, or nothing where there is none that fits."""
    return repair(value)[0] if isinstance(value, str) and len(value) <= most else ""


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= MAX_COUNT else 0


def _inside(value: Any, *names: str) -> Any:
    """What stands there, however deep; None where it does not."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


# -- people ----------------------------------------------------------------------------------------


def author(value: Any) -> Author:
    """A `profileView` of any kind. Raises Unreadable."""
    found = item(value, "author")
    did = word(found.get("did"), "author.did")
    handle = _optional(found.get("handle"), MAX_ID).lstrip("@")
    return Author(
        id=did,
        handle=handle if handle and handle != _NO_HANDLE else did,
        name=_optional(found.get("displayName"), MAX_NAME),
        followers=_count(found.get("followersCount")),
        verified=_inside(found, "verification", "verifiedStatus") == "valid",
    )


def is_blocked(profile: Any) -> bool:
    """One of us blocks the other."""
    viewer = _inside(profile, "viewer")
    return isinstance(viewer, dict) and any(viewer.get(name) for name in ("blockedBy", "blocking", "blockingByList"))


# -- posts -----------------------------------------------------------------------------------------


def post(view: Any, account: str | None) -> Post:
    """A `postView`, with the post it quotes. Raises Unreadable."""
    found = item(view, "post")
    read = _post(found, found.get("record"), account)
    root_id, root = _quoted(found.get("embed"), account)
    if root_id is not None and root_id != read.id:
        kind: Kind = read.kind if read.in_reply_to else "quote"
        read = replace(read, kind=kind, root=root, root_id=root_id)
    return read


def listed(notification: Any, account: str | None) -> Post:
    """A post as a notification has it, without what it shows and who may answer. Raises Unreadable."""
    found = item(notification, "notification")
    return _post(found, found.get("record"), account)


def repost(notification: Any, account: str | None) -> Post:
    """A notification that somebody reposted a post of ours. Raises Unreadable."""
    found = item(notification, "notification")
    root = word(found.get("reasonSubject"), "reasonSubject")
    return Post(
        NETWORK, word(found.get("uri"), "uri"), author(found.get("author")), "",
        created_at(found, found.get("record")), account=account, kind="repost", root_id=root,
    )  # fmt: skip


def gone(uri: str, by: Author, account: str | None) -> Post:
    """A post that is deleted, of which its address alone is left."""
    made = tid.time(uri.rpartition("/")[2])
    at = made if made is not None and EARLIEST <= made < clock.LATEST else clock.now()
    return Post(NETWORK, uri, by, "", at, account=account, deleted=True)


def behind_block(uri: str, record: Any, by: Author, account: str | None) -> Post:
    """A post of somebody with whom there is a block, from its public record. Raises Unreadable."""
    read = _post({"uri": uri, "author": {"did": by.id}}, record, account)
    return replace(read, author=by, reply_allowed=False, reply_denied="blocked")


def created_at(view: Mapping[str, Any], record: Any) -> Millis:
    """When something was written: what its writer says, but not later than the network saw it. Raises Unreadable."""
    told = _moment(_inside(record, "createdAt"))
    seen = _moment(view.get("indexedAt"))
    known = [at for at in (told, seen) if at is not None]
    if not known:
        raise Unreadable("indexedAt is no time between 1990 and 2099")
    return min(known)


def _post(view: Mapping[str, Any], record: Any, account: str | None) -> Post:
    uri = word(view.get("uri"), "uri")
    if not uri.startswith("at://"):
        raise Unreadable("uri does not begin with at://")
    written = item(record, "record")
    by = author(view.get("author"))
    text = written.get("text")
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise Unreadable(f"text is no string of at most {MAX_TEXT:,} characters")
    above = _optional(_inside(written, "reply", "parent", "uri"), MAX_ID) or None
    denied = _denied(view)
    return Post(
        NETWORK, uri, by, repair(text)[0], created_at(view, record),
        account=account,
        kind="reply" if above else "post",
        in_reply_to=above if above != uri else None,
        url=web_address(uri),
        reposts=_count(view.get("repostCount")),
        likes=_count(view.get("likeCount")),
        media=tuple(_media(view.get("embed"), written, text)),
        lang=_lang(written.get("langs")),
        reply_allowed=denied is None,
        reply_denied=denied,
    )  # fmt: skip


def web_address(uri: str) -> str | None:
    """Where a post is in a browser."""
    parts = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{parts[0]}/post/{parts[2]}" if len(parts) == 3 and parts[1] == POST else None


def _denied(view: Mapping[str, Any]) -> str | None:
    if is_blocked(view.get("author")):
        return "blocked"
    return "locked" if _inside(view, "viewer", "replyDisabled") is True else None


def _lang(langs: Any) -> str | None:
    return next((_optional(one, MAX_LANG) or None for one in items(langs)), None)


# -- what is beside the text -----------------------------------------------------------------------


def _media(embed: Any, record: Mapping[str, Any], text: str) -> Iterator[dict[str, Any]]:
    found = [*_shown(embed), *links(record.get("facets"), text)]
    yield from found[:MAX_MEDIA]


def _shown(embed: Any) -> Iterator[dict[str, Any]]:
    """Pictures, a video, a card of a link."""
    for one in items(_inside(embed, "images")):
        yield _medium("image", _inside(one, "alt"), _inside(one, "fullsize"))
    if _inside(embed, "playlist") is not None:
        yield _medium("video", _inside(embed, "alt"), _inside(embed, "playlist"))
    if card := _inside(embed, "external"):
        title, target = _optional(_inside(card, "title"), MAX_NAME), _optional(_inside(card, "uri"), MAX_LINK)
        if target:
            yield _medium("link", f"{target} ({title})" if title else target, target)
    if (inner := _inside(embed, "media")) is not None and _inside(inner, "media") is None:
        yield from _shown(inner)


def links(facets: Any, text: str) -> Iterator[dict[str, Any]]:
    """The links of a text whose words do not show where they lead."""
    whole = text.encode(errors="replace")
    for facet in items(facets):
        first, last = _inside(facet, "index", "byteStart"), _inside(facet, "index", "byteEnd")
        if not (type(first) is int and type(last) is int and 0 <= first < last <= len(whole)):
            continue
        words = whole[first:last].decode(errors="replace")
        for feature in items(_inside(facet, "features")):
            target = _optional(_inside(feature, "uri"), MAX_LINK)
            if target and target not in (words, f"https://{words}", f"http://{words}"):
                yield _medium("link", target, target)


def _medium(kind: str, alt: Any, url: Any) -> dict[str, Any]:
    values = {"type": kind, "alt": _optional(alt, MAX_TEXT), "url": _optional(url, MAX_LINK)}
    return {name: value for name, value in values.items() if value}


def _quoted(embed: Any, account: str | None) -> tuple[str | None, Post | None]:
    """The post that another one quotes: its address, and itself where it is shown."""
    record = _inside(embed, "record")
    if _inside(record, "record") is not None:
        record = _inside(record, "record")
    uri = _optional(_inside(record, "uri"), MAX_ID)
    if not uri.startswith("at://") or f"/{POST}/" not in uri:
        return None, None
    try:
        found = item(record, "quote")
        shown = {**found, "embed": next(iter(items(found.get("embeds"))), None)}
        return uri, _post(shown, found.get("value"), account=None)
    except Unreadable:
        return uri, None


# -- messages --------------------------------------------------------------------------------------


def message_id(convo: str, message: str) -> str:
    """What a message is called here: its own id is unique only in its conversation."""
    return f"{convo}/{message}"


def message(view: Any, convo: str, by: Author, account: str | None, in_reply_to: str | None) -> Post:
    """A `messageView`, or what is left of a deleted one. Raises Unreadable."""
    found = item(view, "message")
    text = found.get("text")
    deleted = not isinstance(text, str)
    text = text if isinstance(text, str) else ""
    if len(text) > MAX_TEXT:
        raise Unreadable(f"text is longer than {MAX_TEXT:,} characters")
    root = _optional(_inside(found, "embed", "record", "uri"), MAX_ID)
    shown = [*links(found.get("facets"), text)]
    if address := web_address(root):
        shown.append(_medium("link", address, address))
    return Post(
        NETWORK, message_id(convo, word(found.get("id"), "id")), by, repair(text)[0],
        moment(found.get("sentAt"), "sentAt"), account=account, kind="dm", in_reply_to=in_reply_to,
        media=tuple(shown[:MAX_MEDIA]), deleted=deleted,
    )  # fmt: skip


def sender(view: Any) -> str:
    """The DID of who wrote a message. Raises Unreadable."""
    return word(_inside(view, "sender", "did"), "sender.did")
