"""What a server tells as posts. Servers differ: what is missing or strange is left out, where a post is left without.

A person's id is their `name@host`, which is the same on every server; an account's own id is not.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.networks.files import EARLIEST, LATEST, MAX_COUNT, MAX_ID, MAX_TEXT
from tui.networks.mastodon.markup import words_of
from tui.networks.records import Author, BadLine, Kind, Post
from tui.text import line, repair

NETWORK = "mastodon"
OPENNESS = ("direct", "private", "unlisted", "public")
"""Who sees a status, from the fewest on."""
MOST_MEDIA = 32
MOST_MENTIONS = 500

_OPENING = re.compile(r"(?:@[\w.@-]+\s+)*")
_BROKEN = re.compile(r"\s")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class Unreadable(ValueError):
    """Why something is no status; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From where statuses are looked at."""

    account: str
    """Our handle, with `@`."""
    domain: str
    """What stands behind the second `@` of those who are on our server."""


def post(status: Any, here: Standpoint) -> Post:
    """A status as a post. Raises Unreadable."""
    return _post(_object(status, "the status"), here, outer=True)


def posts(found: Iterable[Any], here: Standpoint) -> tuple[list[Post], list[BadLine]]:
    """Statuses as posts, and which of them are none, counted from 1."""
    return read_each(found, lambda status: post(status, here))


def read_each(found: Iterable[Any], read: Callable[[Any], Post]) -> tuple[list[Post], list[BadLine]]:
    """Each by itself, so that one that cannot be read costs no other."""
    good: list[Post] = []
    bad: list[BadLine] = []
    for number, one in enumerate(found, 1):
        try:
            good.append(read(one))
        except Unreadable as error:
            bad.append(BadLine(number, line(str(error))))
    return good, bad


def status_id(value: Any, name: str = "id") -> str:
    """An id, which is an opaque string. Raises Unreadable."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str or not value:
        raise Unreadable(f"{name} is missing")
    if len(value) > MAX_ID or repair(value)[1]:
        raise Unreadable(f"{name} is no id")
    return value


def in_order(native_id: str) -> tuple[int, str]:
    """Ids are opaque, but on one server the longer is the newer, and of the same length the later in the alphabet."""
    return len(native_id), native_id


def acct_of(account: Any, domain: str) -> str:
    """Who an account is, as `name@host`. Raises Unreadable."""
    acct = _object(account, "account").get("acct")
    if type(acct) is not str or not acct or len(acct) + len(domain) > MAX_ID or _BROKEN.search(acct):
        raise Unreadable("account.acct is missing")
    acct = repair(acct)[0].removeprefix("@")
    return acct if "@" in acct else f"{acct}@{domain}"


def words(status: dict[str, Any], domain: str) -> str:
    """The text of a status without its content warning. Raises Unreadable."""
    content = status.get("content")
    if content is None:
        return ""
    if type(content) is not str:
        raise Unreadable("content is no text")
    if len(content) > MAX_TEXT:
        raise Unreadable(f"content is longer than {MAX_TEXT:,} characters")
    found = repair(words_of(content, mentions_of(status, domain)))[0]
    if len(found) > MAX_TEXT:
        raise Unreadable(f"content is longer than {MAX_TEXT:,} characters")
    return found


def warning(status: dict[str, Any]) -> str:
    """The content warning of a status, in one row."""
    given = status.get("spoiler_text")
    return line(given[:MAX_ID]) if type(given) is str else ""


def openness(visibility: Any) -> int:
    """How open a status is, as a place in OPENNESS; a word we do not know may mean anything, so: not at all."""
    return OPENNESS.index(visibility) if visibility in OPENNESS else 0


def mentions_of(status: dict[str, Any], domain: str) -> dict[str, str]:
    """Who a status mentions: `name@host` by the profile's address, and by their name with and without the host."""
    found: dict[str, str] = {}
    for one in items(status.get("mentions"))[:MOST_MENTIONS]:
        try:
            who = acct_of(one, domain)
        except Unreadable:
            continue
        for key in (one.get("url"), who.casefold(), who.partition("@")[0].casefold()):
            if type(key) is str and key:
                found.setdefault(key, who)
    return found


def _post(status: dict[str, Any], here: Standpoint, *, outer: bool) -> Post:
    boosted = status.get("reblog")
    root = _post(_object(boosted, "reblog"), here, outer=False) if outer and boosted else None
    quoted, quoted_id = (None, None) if root or not outer else _quoted(status, here)
    said = "" if root else words(status, here.domain)
    in_reply_to = None if root else _optional_id(status.get("in_reply_to_id"))
    allowed = _may_answer(status)
    made = Post(
        network=NETWORK,
        id=status_id(status.get("id")),
        author=_author(status.get("account"), here.domain),
        text=root.text if root else _with_warning(said, warning(status)),
        created_at=_time(status.get("created_at")),
        account=here.account,
        kind=_kind(status, reposts=root is not None, quotes=bool(quoted or quoted_id)),
        in_reply_to=in_reply_to,
        url=address(status.get("url")) or address(status.get("uri")),
        reposts=_count(status.get("reblogs_count")),
        likes=_count(status.get("favourites_count")),
        media=_media(status.get("media_attachments")),
        lang=language(status.get("language")),
        reply_allowed=allowed,
        reply_denied=None if allowed else "locked",
        uri=_uri(status, here.domain),
    )
    root_id = root.id if root else quoted.id if quoted else quoted_id
    if root_id in (None, made.id) or made.kind not in ("repost", "quote"):
        return made
    return replace(made, root=root or quoted, root_id=root_id)


def _kind(status: dict[str, Any], *, reposts: bool, quotes: bool) -> Kind:
    """A private word stays private whatever else it is; an answer that quotes stands in its thread."""
    if reposts:
        return "repost"
    if status.get("visibility") == "direct":
        return "dm"
    if status.get("in_reply_to_id"):
        return "reply"
    return "quote" if quotes else "post"


def _quoted(status: dict[str, Any], here: Standpoint) -> tuple[Post | None, str | None]:
    """What it quotes, or only its id: `quote.quoted_status` on Mastodon, `quote` itself or `quote_id` elsewhere."""
    given = status.get("quote")
    named = status.get("quote_id")
    if isinstance(given, dict):
        inner = given.get("quoted_status", given if "account" in given else None)
        named = given.get("quoted_status_id") or named
        try:
            return _post(_object(inner, "quote"), here, outer=False), None
        except Unreadable:
            pass  # the quote is worth having without it
    try:
        return None, _optional_id(named)
    except Unreadable:
        return None, None


def _with_warning(said: str, warned: str) -> str:
    """The warning stands in front of the text, behind the names it opens with: who is addressed is read from those."""
    if not warned:
        return said
    opening = _OPENING.match(said)
    front = opening.group() if opening else ""
    return f"{front}[{warned}] {said[len(front) :]}".rstrip()


def _may_answer(status: dict[str, Any]) -> bool:
    """Where an author has said who may answer (GoToSocial), whether we are among them; else anybody may."""
    policy = status.get("interaction_policy")
    rules = policy.get("can_reply") if isinstance(policy, dict) else None
    if not isinstance(rules, dict):
        return True
    named = [who for names in rules.values() if isinstance(names, list) for who in names if isinstance(who, str)]
    return not named or not {"public", "me", "mentioned"}.isdisjoint(named)


def _author(account: Any, domain: str) -> Author:
    acct = acct_of(account, domain)
    name = account.get("display_name")
    return Author(
        id=acct.casefold(),
        handle=acct,
        name=repair(name[:MAX_ID])[0] if type(name) is str else "",
        followers=_count(account.get("followers_count")),
    )


def _uri(status: dict[str, Any], domain: str) -> str:
    for name in ("uri", "url"):
        given = status.get(name)
        if type(given) is str and 0 < len(given) <= MAX_ID and not repair(given)[1]:
            return given
    return f"{domain}/{status_id(status.get('id'))}"


def _time(value: Any) -> Millis:
    try:
        at = clock.parse(value if type(value) is str else "")
    except (ValueError, OverflowError):
        raise Unreadable("created_at is no time") from None
    if not EARLIEST <= at < LATEST:
        raise Unreadable("created_at lies outside the years 1990 to 2099")
    return at


def _media(found: Any) -> tuple[dict[str, Any], ...]:
    return tuple(_medium(one) for one in items(found)[:MOST_MEDIA] if isinstance(one, dict))


def _medium(one: dict[str, Any]) -> dict[str, Any]:
    kind, alt = one.get("type"), one.get("description")
    where = address(one.get("url")) or address(one.get("remote_url"))
    made = {"type": line(kind[:MAX_ID]) if type(kind) is str else "unknown"}
    if type(alt) is str and alt:
        made["alt"] = repair(alt[:MAX_TEXT])[0]
    return made | ({"url": where} if where else {})


def address(value: Any) -> str | None:
    """A link to the web, where it is one."""
    usable = type(value) is str and len(value) <= MAX_TEXT and value.startswith(("https://", "http://"))
    return repair(value)[0] if usable else None


def language(value: Any) -> str | None:
    """A language's code, where it is one."""
    return value if type(value) is str and len(value) <= MAX_ID and _LANGUAGE.fullmatch(value) else None


def _count(value: Any) -> int:
    return min(value, MAX_COUNT) if type(value) is int and value > 0 else 0


def _optional_id(value: Any) -> str | None:
    return status_id(value) if value else None


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is no object")
    return value


def items(value: Any) -> Sequence[Any]:
    """A list; where something else stands, an empty one."""
    return value if isinstance(value, list) else ()
