"""What a network will make of a text: mentions, links and hashtags, each where it finds them.

X and Mastodon find links as twitter-text does, which Mastodon only takes with `https://`; Bluesky has facets, which
whoever publishes must name by bytes. Another network makes nothing of a text that we know of.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from tui.networks import limits

MarkKind = Literal["mention", "link", "tag"]

BLUESKY_TAG = 64
"""Characters of a hashtag that Bluesky takes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text that the network makes something of: `value` is `text[start:end]`."""

    kind: MarkKind
    start: int
    end: int
    value: str


def marks(text: str, network: str) -> list[Mark]:
    """The mentions, links and hashtags of a text as its network would make them, in order, none inside another.

    Words beyond any real address (`limits.MAX_LINK` characters) are not looked through.
    """
    found = _FINDERS.get(network, _nothing)
    return _apart(mark for start, word in _words(text) for mark in found(start, word))


def facets(text: str) -> list[dict[str, Any]]:
    """The marks of a Bluesky post for who publishes it: `kind`, `start` and `end` in bytes of its UTF-8, `value`.

    The value of a mention is the handle, whose DID must still be asked for; of a link its address, whole; of a tag
    the word without `#`.
    """
    made: list[dict[str, Any]] = []
    at = size = 0
    for mark in marks(text, "bluesky"):
        start = size + _bytes(text[at : mark.start])
        at, size = mark.end, start + _bytes(mark.value)
        made.append({"kind": mark.kind, "start": start, "end": size, "value": _facet_value(mark)})
    return made


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _facet_value(mark: Mark) -> str:
    match mark.kind:
        case "link":
            return mark.value if _PROTOCOL.match(mark.value) else f"https://{mark.value}"
        case _:
            return mark.value[1:]


_PROTOCOL = re.compile(r"https?://", re.IGNORECASE)
_WORD = re.compile(r"\S+")


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Where each word starts, and the word. No link, name or hashtag reaches across white space."""
    for word in _WORD.finditer(text):
        if word.end() - word.start() <= limits.MAX_LINK:
            yield word.start(), word.group()


def _apart(found: Iterable[Mark]) -> list[Mark]:
    """Without those that overlap a link or a longer one: a handle or `#` inside a link is a part of it."""
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda mark: (mark.kind != "link", mark.start - mark.end)):
        place = bisect_right(kept, mark.start, key=lambda other: other.start)
        before, after = kept[place - 1] if place else None, kept[place] if place < len(kept) else None
        if (before is None or before.end <= mark.start) and (after is None or mark.end <= after.start):
            kept.insert(place, mark)
    return kept


def _found(kind: MarkKind, pattern: Any, start: int, word: str) -> Iterator[Mark]:
    """What a pattern, or its group `mark`, finds in a word."""
    for found in pattern.finditer(word):
        if value := found["mark"]:
            yield Mark(kind, start + found.start("mark"), start + found.end("mark"), value)


def _links(start: int, word: str, *, bare: bool) -> Iterator[Mark]:
    """Links by twitter-text; `bare`: a domain alone is one too."""
    if limits.may_hold_link(word) and (bare or "://" in word):
        # In front of a link, white space is not the start of the text.
        for link in limits.twitter_text().extract_urls_with_indices(f" {word}", extract_urls_without_protocol=bare):
            first, last = (start + place - 1 for place in link["indices"])
            yield Mark("link", first, last, word[first - start : last - start])


def _nothing(start: int, word: str) -> Iterator[Mark]:
    return iter(())


# -- X -------------------------------------------------------------------------------------------

# twitter-text: validMentionPrecedingChars, atSigns and up to 20 letters; what may not follow is looked at apart.
_X_MENTION = re.compile(r"(?:(?<![a-zA-Z0-9_!#$%&*@＠])|(?<=^RT))(?P<mark>[@＠][a-zA-Z0-9_]{1,20})")
_X_NO_MENTION = re.compile(r"[@＠À-ÖØ-öø-ÿ]|://")
_X_NO_TAG = re.compile(r"[#＃]|://")


def _on_x(start: int, word: str) -> Iterator[Mark]:
    yield from _links(start, word, bare=True)
    for mark in _found("mention", _X_MENTION, start, word):
        if not _X_NO_MENTION.match(word, mark.end - start):
            yield mark
    for mark in _found("tag", _of_any_script().x, start, word):
        if not _X_NO_TAG.match(word, mark.end - start):
            yield mark


# -- Mastodon ------------------------------------------------------------------------------------

# Account::MENTION_RE; a separator at its end is none of it.
_MASTODON_MENTION = re.compile(
    r"(?<![=/\w])(?P<mark>@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*(?:@[\w.-]*\w)?)", re.IGNORECASE
)  # fmt: skip


def _on_mastodon(start: int, word: str) -> Iterator[Mark]:
    yield from _links(start, word, bare=False)
    yield from _found("mention", _MASTODON_MENTION, start, word)
    yield from _found("tag", _of_any_script().mastodon, start, word)


class _OfAnyScript(NamedTuple):
    """Hashtags: a letter or combining mark in them, and what else a script needs between its letters."""

    x: Any
    """twitter-text: hashtagBoundary, hashSigns, no keycap, hashtagAlphaNumeric."""
    mastodon: Any
    """Tag::HASHTAG_RE; a separator at its end is none of it."""


@cache
def _of_any_script() -> _OfAnyScript:
    import regex  # type: ignore[import-untyped]

    joins = r"_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
    letter, other = r"[\p{L}\p{M}]", rf"[\p{{Nd}}{joins}]"
    either = rf"[\p{{L}}\p{{M}}\p{{Nd}}{joins}]"
    x = rf"(?<!{either}|&)(?P<mark>[#＃](?!\ufe0f|\u20e3){other}*{letter}{either}*)"
    joins = r"[\u00b7\u30fb\u200c]*"
    mastodon = rf"(?<![=/)\p{{L}}\p{{Nd}}])(?P<mark>#(?:{joins}[_\p{{Nd}}])*{joins}{letter}(?:{joins}\w)*)"
    return _OfAnyScript(regex.compile(x), regex.compile(mastodon))


# -- Bluesky -------------------------------------------------------------------------------------

# MENTION_REGEX, URL_REGEX and TAG_REGEX of @atproto/api: at the start of a word or, but for tags, behind `(`.
_BLUESKY_MENTION = re.compile(r"(?:^|(?<=\())(?P<mark>@[a-zA-Z0-9.-]*[a-zA-Z0-9])")
_BLUESKY_LINK = re.compile(r"(?:^|(?<=\())(?P<mark>https?://\S+|[a-z][a-z0-9]*(?:\.[a-z0-9]+)+\S*)", re.IGNORECASE)
_BLUESKY_TAG = re.compile(r"^(?P<mark>[#＃](?!\ufe0f)[^\u00ad\u2060\u200a\u200b\u200c\u200d\u20e2]+)")
_DOMAIN = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)+", re.IGNORECASE)
_TRAILING = re.compile(r"[.,;:!?]\Z")


def _on_bluesky(start: int, word: str) -> Iterator[Mark]:
    for mark in _found("mention", _BLUESKY_MENTION, start, word):
        if "." in mark.value and (_ends_in_domain(mark.value) or mark.value.endswith(".test")):
            yield mark
    for mark in _found("link", _BLUESKY_LINK, start, word):
        if link := _bluesky_link(mark.value):
            yield Mark("link", mark.start, mark.start + len(link), link)
    for mark in _found("tag", _BLUESKY_TAG, start, word):
        tag = _without_punctuation(mark.value)
        if len(tag) <= BLUESKY_TAG + 1 and not all(char in _DIGITS or _is_punctuation(char) for char in tag):
            yield Mark("tag", mark.start, mark.start + len(tag), tag)


_DIGITS = frozenset("0123456789")


def _bluesky_link(found: str) -> str:
    """A link without the punctuation behind it; empty where its domain is none."""
    if not _PROTOCOL.match(found):
        domain = _DOMAIN.match(found)
        if domain is None or not _ends_in_domain(domain.group()):
            return ""
    found = _TRAILING.sub("", found)
    return found[:-1] if found.endswith(")") and "(" not in found else found


def _ends_in_domain(name: str) -> bool:
    """Whether its last part is a top-level domain, by the list that twitter-text has."""
    last = name.rpartition(".")[2]
    return bool(last) and any(pattern.fullmatch(last) for pattern in _top_level())


@cache
def _top_level() -> tuple[re.Pattern[str], ...]:
    limits.twitter_text()
    from twitter_text.regexp.valid_cctld import valid_cctld
    from twitter_text.regexp.valid_gtld import valid_gtld

    return valid_cctld, valid_gtld


def _without_punctuation(word: str) -> str:
    end = len(word)
    while end and _is_punctuation(word[end - 1]):
        end -= 1
    return word[:end]


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char).startswith("P")


_FINDERS = {"x": _on_x, "mastodon": _on_mastodon, "bluesky": _on_bluesky}
