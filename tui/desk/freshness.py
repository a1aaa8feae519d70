"""What a thread means for us: addressed to whom, waiting since when, fresh, late or resurfaced.

Pure functions of records and `now`. Order and `answered` follow `created_at`, never arrival.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tui.clock import Millis

Addressed = Literal["direct", "mention", "namedrop"]
Freshness = Literal["fresh", "late", "old", "resurfaced"]

_HANDLE = re.compile(r"(?<![\w/])@([\w.\-]+(?:@[\w.\-]+\w)?)")
_OPENING = re.compile(r"(?:\s*\.?@[\w.\-]+(?:@[\w.\-]+\w)?[\s,:]*)+")


def account_name(handle: str) -> str:
    """A handle as it is compared: without `@` and case."""
    return handle.removeprefix("@").casefold()


def handles_in(text: str) -> list[str]:
    """The handles a text mentions, comparable."""
    return [_comparable(handle) for handle in _HANDLE.findall(text)]


def _comparable(handle: str) -> str:
    return account_name(handle.rstrip(".-"))


def _is_ours(handle: str, ours: Iterable[str]) -> bool:
    """On Mastodon only the username part of a remote mention counts."""
    return any(handle == name or ("@" in name and handle == name.partition("@")[0]) for name in ours)


def opening_handles(text: str) -> list[str]:
    """The handles a text opens with, comparable."""
    opening = _OPENING.match(text)
    return handles_in(opening.group()) if opening else []


def addressed(text: str, kind: str, ours: Iterable[str], *, answers_us: bool = False) -> Addressed:
    """`direct`: opens with our handle, replies to us or is private; `mention`: handle inside; else `namedrop`."""
    names = tuple(ours)
    if kind == "dm" or answers_us or any(_is_ours(handle, names) for handle in opening_handles(text)):
        return "direct"
    return "mention" if any(_is_ours(handle, names) for handle in handles_in(text)) else "namedrop"


class Word(NamedTuple):
    """A post of a conversation, as far as the rules of freshness look at it."""

    id: int
    native_id: str
    author_id: int
    handle: str
    kind: str
    text: str
    created_at: Millis
    seen_at: Millis
    ours: bool
    deleted: bool
    addressed: Addressed


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands, whatever the time is. Times in ms."""

    words: tuple[Word, ...]
    """What the customer said and we have neither answered nor settled, oldest first."""
    posted_at: Millis
    customer_at: Millis
    answered_at: Millis | None
    waiting_since: Millis | None
    surfaced_at: Millis
    surfaced_by: str | None
    resurfaces_at: Millis | None
    reposts: int
    addressed: Addressed
    text: str
    """The newest word of the customer, else the newest post."""


_STRENGTH = {"direct": 2, "mention": 1, "namedrop": 0}


def standing(posts: Sequence[Word], customer: int, horizon: Millis, settled_at: Millis | None = None) -> Standing:
    """Read a conversation of the author `customer` from its posts (at least one, any order).

    It came to us by resurfacing when a stranger's repost or quote brought it: either past the horizon, or as
    the way we first saw it; or when nobody addressed us and we first saw it past the horizon (search, late sync).
    """
    ordered = sorted(posts, key=lambda word: (word.created_at, word.native_id))
    folded = [w for w in ordered if _folds(w, customer)]
    own = [w for w in ordered if w.author_id == customer and not w.ours and not w.deleted and not _folds(w, customer)]
    ours = [w for w in ordered if w.ours and not w.deleted]
    last = own[-1] if own else ordered[-1]
    answered_at = ours[-1].created_at if ours else None
    open_words = tuple(
        word
        for word in own
        if (answered_at is None or word.created_at > answered_at) and (settled_at is None or word.seen_at > settled_at)
    )
    bringing = [w for w in folded if w.created_at > last.created_at and not w.deleted]
    brought = [w for w in bringing if w.created_at - last.created_at > horizon or last.seen_at >= w.seen_at]
    found_late = last.addressed == "namedrop" and last.seen_at - last.created_at > horizon
    surfaced_at = max([last.created_at, *(w.created_at for w in bringing)])
    if found_late and not brought:
        surfaced_at = last.seen_at
    back = bool(own) and (bool(brought) or found_late)
    waiting_since = None
    if open_words:
        waiting_since = surfaced_at if back else open_words[0].created_at
    return Standing(
        words=open_words,
        posted_at=ordered[0].created_at if not own else own[0].created_at,
        customer_at=last.created_at,
        answered_at=answered_at,
        waiting_since=waiting_since,
        surfaced_at=surfaced_at,
        surfaced_by=bringing[-1].handle if bringing else None,
        resurfaces_at=last.created_at + horizon if back else None,
        reposts=sum(w.kind == "repost" and not w.deleted for w in folded),
        addressed=max((w.addressed for w in own), key=_STRENGTH.__getitem__, default=last.addressed),
        text=last.text,
    )


def _folds(word: Word, customer: int) -> bool:
    """A repost, or a stranger's quote, stands in the root's conversation and is no word of the customer."""
    return word.kind == "repost" or (word.kind == "quote" and word.author_id != customer and not word.ours)


def resting(waiting_since: Millis | None, answered_at: Millis | None, settled_at: Millis | None) -> str:
    """The state of a conversation that nobody holds: `new`, `pending` on the customer, or `resolved`."""
    if waiting_since is not None:
        return "new"
    answered = answered_at is not None and (settled_at is None or answered_at > settled_at)
    return "pending" if answered else "resolved"


def freshness(
    now: Millis,
    *,
    waiting_since: Millis | None,
    customer_at: Millis,
    resurfaces_at: Millis | None,
    addressed: str,
    horizon: Millis,
    target: Millis,
) -> Freshness:
    """`resurfaced` wins; `late` is owed: addressed to us, unanswered, past the target; `old` was never for us."""
    if resurfaces_at is not None and now >= resurfaces_at:
        return "resurfaced"
    if waiting_since is not None and addressed != "namedrop" and now - waiting_since > target:
        return "late"
    if addressed == "namedrop" and now - customer_at > horizon:
        return "old"
    return "fresh"
