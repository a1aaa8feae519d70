"""What X answers becomes posts. One that cannot be read never costs the others."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.networks.records import Author, BadLine, Kind, Post
from tui.networks.x.fields import HISTORY, INCLUDED, NOTE, REFERENCED, REPOSTS, said
from tui.text import fit, line, repair

NETWORK = "x"
MOST_TEXT = 100_000
"""Characters of a text; the longest post on X has 25,000."""
MOST_ID = 19
"""Digits of an id."""
_SHOWN = 160
"""Cells of a sentence of X's that is passed on."""
_EPOCH: Millis = 1_288_834_974_657
"""The moment the clock in X's ids counts from (4 November 2010)."""
_FIRST = 29_700_859_247
"""Smaller ids were counted and hold no time."""

_ID = re.compile(rf"[0-9]{{1,{MOST_ID}}}")
_ESCAPED = re.compile("&(amp|lt|gt);")
_MEANT = {"amp": "&", "lt": "<", "gt": ">"}
_SHORT_LINK = re.compile(r"https?://t\.co/\w+", re.ASCII)
_NAMES = re.compile(r"(?:@\w{1,50}\s+)+", re.ASCII)
_TYPES = {"photo": "image", "animated_gif": "gif"}


@dataclass(frozen=True, slots=True)
class Us:
    """Our account, whose eyes it is read with."""

    id: str
    handle: str
    """With `@`."""
    to_anyone: bool = False
    """Our plan lets us reply to who neither named nor quoted us."""

    @property
    def name(self) -> str:
        """The handle as it is compared."""
        return self.handle.removeprefix("@").casefold()


@dataclass(frozen=True, slots=True)
class Read:
    """One answer, read: `posts` oldest first, what could not be read, and every id of the answer."""

    posts: tuple[Post, ...]
    bad: tuple[BadLine, ...]
    ids: tuple[int, ...]


class Unreadable(ValueError):
    """A post that cannot be read; the message says why."""


@dataclass(slots=True)
class _Around:
    """What an answer carries beside its posts: their authors, media, and the posts they point at."""

    users: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    media: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    newest: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By the id of its first version: the newest one of a post, whether asked for or pointed at."""
    first: dict[str, str] = field(default_factory=dict)
    """By the id of a version: that of the first, which names the post."""


# -- posts -------------------------------------------------------------------------------------------


def posts(body: Mapping[str, Any], us: Us) -> Read:
    """The posts of an answer, edited ones once and under the id of their first version, with their newest text."""
    items = listed(body.get("data"))
    around = _around(body, items)
    found: dict[str, Post] = {}
    bad = list(problems(body))
    ids: list[int] = []
    for number, item in enumerate(items, 1):
        try:
            own_id = _id(_object(item).get("id"), "id")
            ids.append(int(own_id))
            post = _post(around.newest[around.first.get(own_id, own_id)], around, us)
        except Unreadable as error:
            bad.append(BadLine(number, str(error)))
        else:
            found[post.id] = post
    return Read(tuple(_in_order(found.values())), tuple(bad), tuple(ids))


def all_posts(body: Mapping[str, Any], us: Us) -> tuple[Post, ...]:
    """Every post of an answer that can be read, those that others point at too."""
    around = _around(body, listed(body.get("data")))
    return tuple(_readable(around.newest.values(), around, us))


def _readable(items: Iterable[Any], around: "_Around", us: Us) -> Iterator[Post]:
    for item in items:
        with suppress(Unreadable):
            yield _post(item, around, us)


def conversation(body: Mapping[str, Any]) -> str:
    """The id of the conversation that the first post of an answer is in; empty where it does not say."""
    first = next(iter(_objects(listed(body.get("data")))), {})
    found = _str(first.get("conversation_id"))
    return found if _ID.fullmatch(found) else ""


def listed(data: Any) -> list[Any]:
    """What an answer lists: one object counts as a list of it, nothing as an empty one."""
    if isinstance(data, list):
        return data
    return [data] if isinstance(data, dict) else []


def problems(body: Mapping[str, Any]) -> Iterator[BadLine]:
    """What an answer says it could not give. That a post pointed at is gone or private is no problem of ours."""
    for item in listed(body.get("errors")):
        if isinstance(item, dict) and not _str(item.get("type")).endswith(_MISSING):
            yield BadLine(0, sentence(item) or "X could not give one of the posts")


_MISSING = ("/resource-not-found", "/not-authorized-for-resource", "/resource-unavailable", "/disallowed-resource")


def gone(body: Mapping[str, Any]) -> frozenset[str]:
    """The ids that were asked for and are not there any more."""
    missing = (item for item in listed(body.get("errors")) if isinstance(item, dict))
    return frozenset(
        _str(item.get("resource_id")) or _str(item.get("value"))
        for item in missing
        if _str(item.get("type")).endswith("/resource-not-found")
    )


def sentence(problem: Mapping[str, Any]) -> str:
    """X's own words for what is wrong, fit for a sentence of ours."""
    words = next((problem[key] for key in ("detail", "message", "title") if isinstance(problem.get(key), str)), "")
    return fit(line(words[:MOST_TEXT]), _SHOWN).rstrip(". ")


def time_of(post_id: int) -> Millis:
    """When an id was given out; 0 for those that do not say."""
    return (post_id >> 22) + _EPOCH if post_id >= _FIRST else 0


def _post(item: Any, around: _Around, us: Us, *, whole: bool = True) -> Post:
    """A post; `whole`: with the post it quotes or repeats."""
    data = _object(item)
    own_id = _id(data.get("id"), "id")
    post_id = around.first.get(own_id, own_id)
    author = _author(data.get("author_id"), around)
    pointed = _pointed(data, around)
    in_reply_to, root_id = pointed.get("replied_to"), pointed.get("quoted")
    reposted = pointed.get("retweeted") or pointed.get("reposted")
    quotes_us = _writer(root_id, around) == us.id
    kind: Kind = "reply" if in_reply_to else "post"
    if reposted:
        kind, root_id, in_reply_to = "repost", reposted, None
    elif root_id and (quotes_us or not in_reply_to):
        kind = "quote"
    else:
        root_id = None
    reposts, likes = _metrics(data.get("public_metrics"))
    denied = None if author.id == us.id else _denied(data, around, us, quotes_us=quotes_us, parent=in_reply_to)
    return Post(
        network=NETWORK,
        id=post_id,
        author=author,
        text="" if reposted else _text(data, around, ours=author.id == us.id, quoted=pointed.get("quoted")),
        created_at=_first_time(_time(data.get("created_at")), post_id, own_id),
        account=us.handle if author.id == us.id or _names_us(data, us) else None,
        kind=kind,
        in_reply_to=in_reply_to,
        root=_root(root_id, around, us) if whole and root_id != post_id else None,
        root_id=root_id if root_id != post_id else None,
        url=f"https://x.com/{author.handle}/status/{own_id}",
        reposts=reposts,
        likes=likes,
        media=_media(data, around),
        lang=_lang(data.get("lang")),
        reply_allowed=denied is None,
        reply_denied=denied,
    )


def _around(body: Mapping[str, Any], items: Sequence[Any]) -> _Around:
    includes = body.get("includes")
    held = includes if isinstance(includes, dict) else {}
    around = _Around()
    for user in _objects(held.get("users")):
        around.users[_str(user.get("id"))] = user
    for media in _objects(held.get("media")):
        around.media[_str(media.get("media_key"))] = media
    held_posts = [post for name in INCLUDED for post in _objects(held.get(name))]
    for post in (both := [*_objects(items), *held_posts]):
        history = _history(post)
        around.first.update(dict.fromkeys(history, history[0]) if history else {})
    for post in both:
        # An older version may come as a post of its own; what points at it means the newest.
        own = _str(post.get("id"))
        first = around.first.get(own, own)
        if _ID.fullmatch(own) and _age(post) >= _age(around.newest.get(first, {})):
            around.newest[first] = post
    return around


def _history(post: Mapping[str, Any]) -> list[str]:
    """The ids of all versions, the first one first; empty where it was never edited, or says nothing."""
    ids = said(post, HISTORY)
    whole = [one for one in ids if isinstance(one, str) and _ID.fullmatch(one)] if isinstance(ids, list) else []
    return whole if len(whole) > 1 and post.get("id") in whole else []


def _pointed(data: Mapping[str, Any], around: _Around) -> dict[str, str]:
    """By kind, the id of the post it points at: `replied_to`, `quoted`, `retweeted`."""
    found: dict[str, str] = {}
    for one in _objects(said(data, REFERENCED)):
        target = _str(one.get("id"))
        if _ID.fullmatch(target):
            found.setdefault(_str(one.get("type")), around.first.get(target, target))
    return found


def _root(root_id: str | None, around: _Around, us: Us) -> Post | None:
    """The post that is quoted or repeated, where the answer holds it and it can be read."""
    with suppress(Unreadable):
        if root_id in around.newest:
            return _post(around.newest[root_id], around, us, whole=False)
    return None


def _age(post: Mapping[str, Any]) -> int:
    own = _str(post.get("id"))
    return int(own) if _ID.fullmatch(own) else 0


def _writer(post_id: str | None, around: _Around) -> str | None:
    """The id of who wrote a post that the answer holds."""
    post = around.newest.get(post_id or "")
    return _str(post.get("author_id")) if post else None


# -- who may be answered ---------------------------------------------------------------------------


def _denied(data: Mapping[str, Any], around: _Around, us: Us, *, quotes_us: bool, parent: str | None) -> str | None:
    """Why X takes no reply of ours through its API; None: it takes one.

    Since 23 February 2026 it does only where the author named or quoted us, except on Enterprise plans (X's
    changelog). Who answers us does so too: X puts our handle in front. Under `mentionedUsers` only who is named may
    answer at all.
    """
    answers_us = _str(data.get("in_reply_to_user_id")) == us.id or _writer(parent, around) == us.id
    named = _names_us(data, us) or answers_us
    if not (named or quotes_us or us.to_anyone):
        return "summons"
    if not named and data.get("reply_settings") == "mentionedUsers":
        return "only people they mention may reply"
    return None


def _names_us(data: Mapping[str, Any], us: Us) -> bool:
    note = said(data, NOTE)
    for holder in (data, note if isinstance(note, dict) else {}):
        for name in _objects(_part(holder, "entities").get("mentions")):
            if _str(name.get("id")) == us.id or _str(name.get("username")).casefold() == us.name:
                return True
    text = data.get("text")
    return isinstance(text, str) and f"@{us.name}" in _handles(text)


def _handles(text: str) -> set[str]:
    return {found.casefold() for found in re.findall(r"(?<!\w)@\w{1,50}", text[:MOST_TEXT], re.ASCII)}


# -- what a post says ------------------------------------------------------------------------------


def _text(data: Mapping[str, Any], around: _Around, *, ours: bool, quoted: str | None) -> str:
    """The whole text as its author typed it: links in full, without those to its own media and the quoted post."""
    note = said(data, NOTE)
    long = note.get("text") if isinstance(note, dict) else None
    text = long if isinstance(long, str) else data.get("text")
    if not isinstance(text, str):
        raise Unreadable("text is missing")
    if len(text) > MOST_TEXT:
        raise Unreadable(f"text is longer than {MOST_TEXT:,} characters")
    if ours and not isinstance(long, str):
        text = _without_front(text, data)
    links = [*_links(data), *(_links(note) if isinstance(note, dict) else ())]
    return plain(text, links, quoted=quoted)


def plain(text: str, links: Iterable[Mapping[str, Any]], quoted: str | None = None) -> str:
    """A text of X's as it was typed: without its escapes, and with the links that stand behind its short ones."""
    behind: dict[str, str] = {}
    for link in links:
        short = link.get("url")
        if isinstance(short, str) and _SHORT_LINK.fullmatch(short):
            behind[short] = _link(link, quoted)
    text = _SHORT_LINK.sub(lambda found: behind.get(found[0], found[0]), text)
    text = _ESCAPED.sub(lambda found: _MEANT[found[1]], text)
    return repair(text.rstrip())[0]


def _link(link: Mapping[str, Any], quoted: str | None) -> str:
    """The whole address; as it was typed, where that was without `http://`; nothing where it only leads to a part."""
    whole, shown = link.get("expanded_url"), link.get("display_url")
    if not isinstance(whole, str) or not whole:
        return _str(link.get("url"))
    if link.get("media_key") or (isinstance(shown, str) and shown.startswith(("pic.x.com/", "pic.twitter.com/"))):
        return ""
    if quoted and re.search(rf"/status/{quoted}(?![0-9])", whole):
        return ""
    return shown if isinstance(shown, str) and whole == f"http://{shown}" else whole


def _links(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _objects(_part(holder, "entities").get("urls"))


def message_links(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The links of a message, where either generation has them."""
    return _links(event) or _objects(event.get("urls"))


def _without_front(text: str, data: Mapping[str, Any]) -> str:
    """A reply of ours without the handles that X puts in front of it by itself."""
    shown = data.get("display_text_range")
    start = shown[0] if isinstance(shown, list) and shown and type(shown[0]) is int else 0
    return text[start:] if 0 < start <= len(text) and _NAMES.fullmatch(text[:start]) else text


def _media(data: Mapping[str, Any], around: _Around) -> tuple[dict[str, Any], ...]:
    keys = _part(data, "attachments").get("media_keys")
    named = [_str(key) for key in keys] if isinstance(keys, list) else []
    return tuple(_picture(around.media[key]) for key in named if key in around.media)


def _picture(media: Mapping[str, Any]) -> dict[str, Any]:
    kind = _word(media.get("type")) or "image"
    given = {
        "type": _TYPES.get(kind, kind),
        "alt": media.get("alt_text"),
        "url": media.get("url") or media.get("preview_image_url"),
    }
    return {name: repair(value[:MOST_TEXT])[0] for name, value in given.items() if isinstance(value, str) and value}


def _metrics(data: Any) -> tuple[int, int]:
    held = data if isinstance(data, dict) else {}
    return _count(said(held, REPOSTS)), _count(held.get("like_count"))


def _author(author_id: Any, around: _Around) -> Author:
    known_id = _id(author_id, "author_id")
    user = around.users.get(known_id, {})
    return author(known_id, user)


def author(user_id: str, user: Mapping[str, Any]) -> Author:
    """Who that is; where X did not say, the id stands for the handle."""
    return Author(
        id=user_id,
        handle=_word(user.get("username")).lstrip("@") or user_id,
        name=_word(user.get("name")),
        followers=_count(_part(user, "public_metrics").get("followers_count")),
        verified=user.get("verified") is True,
    )


# -- messages --------------------------------------------------------------------------------------


def messages(body: Mapping[str, Any], us: Us, heard: dict[str, str]) -> Read:
    """The direct messages of an answer. Each of ours hangs on one of the other side, which `heard` remembers.

    `heard` is by conversation the newest message of the other side, and is brought up to date.
    """
    items = listed(body.get("data"))
    around = _around(body, ())
    found: list[tuple[str, Post]] = []
    bad, ids = list(problems(body)), []
    for number, item in enumerate(items, 1):
        try:
            ids.append(int(_id(_object(item).get("id"), "id")))
            if item.get("event_type") in (None, "MessageCreate"):
                found.append(_message(item, around, us))
        except Unreadable as error:
            bad.append(BadLine(number, str(error)))
    found.sort(key=lambda one: (one[1].created_at, int(one[1].id)))
    return Read(tuple(_hung(found, us, heard)), tuple(bad), tuple(ids))


def _message(item: Any, around: _Around, us: Us) -> tuple[str, Post]:
    """A message, with the conversation it belongs to."""
    data = _object(item)
    text = data.get("text", "")
    if not isinstance(text, str) or len(text) > MOST_TEXT:
        raise Unreadable("text is none")
    post = Post(
        network=NETWORK,
        id=_id(data.get("id"), "id"),
        author=_author(data.get("sender_id"), around),
        text=plain(text, message_links(data)),
        created_at=_time(data.get("created_at")),
        account=us.handle,
        kind="dm",
        media=_media(data, around),
    )
    return _str(data.get("dm_conversation_id")), post


def _hung(found: Sequence[tuple[str, Post]], us: Us, heard: dict[str, str]) -> Iterator[Post]:
    later = {conversation: post.id for conversation, post in reversed(found) if post.author.id != us.id}
    for conversation, post in found:
        if post.author.id == us.id:
            above = heard.get(conversation) or later.get(conversation)
            yield replace(post, in_reply_to=above)
        else:
            heard[conversation] = post.id
            yield post


# -- single values ---------------------------------------------------------------------------------


def _in_order(found: Iterable[Post]) -> list[Post]:
    return sorted(found, key=lambda post: (post.created_at, int(post.id)))


def _object(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise Unreadable("it is no object")
    return item


def _objects(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = item.get(name)
    return part if isinstance(part, dict) else {}


def _id(value: Any, name: str) -> str:
    if type(value) is int:
        value = str(value) if 0 <= value < 10**MOST_ID else ""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unreadable(f"{name} is no id")
    return value


def _str(value: Any) -> str:
    """A string, or the digits of a number; nothing for whatever else came."""
    if type(value) is int:
        return str(value) if abs(value) < 10**MOST_ID else ""
    return value if isinstance(value, str) else ""


def _word(value: Any) -> str:
    return repair(value[:500])[0] if isinstance(value, str) else ""


def _lang(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isascii() and 2 <= len(value) <= 12 and value != "und" else None


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 1 << 53 else 0


def _time(value: Any) -> Millis:
    if not isinstance(value, str):
        raise Unreadable("created_at is missing")
    try:
        at = clock.parse(value)
    except (ValueError, OverflowError):
        raise Unreadable("created_at is no time") from None
    if not 0 <= at <= clock.LATEST:
        raise Unreadable("created_at is no time of ours")
    return at


def _first_time(at: Millis, post_id: str, own_id: str) -> Millis:
    """When an edited post was first written, which its id tells."""
    return min(at, time_of(int(post_id)) or at) if post_id != own_id else at
