"""How long a reply may be on each network, counted the way the network counts."""

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tui.text import repair

X_LIMIT = 280
"""Weighted characters: twitter-text configuration version 3, which is frozen."""
MASTODON_LIMIT = 500
"""Characters on an instance that has not raised its `max_characters`."""
MASTODON_URL = 23
"""Characters any link costs on Mastodon (`characters_reserved_per_url`)."""
BLUESKY_GRAPHEMES = 300
BLUESKY_BYTES = 3_000
"""`app.bsky.feed.post` sets both: `maxGraphemes` and `maxLength`."""
OTHER_LIMIT = 10_000
"""Characters anywhere else: what the longest direct message of the networks we know may hold."""

MAX_LINK = 2_048
"""Characters of a word that is still looked through for links."""
MAX_DOTS = 32
"""Dots in such a word."""


@dataclass(frozen=True, slots=True)
class Length:
    """What a text takes of the room it has, in `unit`: `characters`, `graphemes` or `bytes`."""

    used: int
    limit: int
    unit: str

    @property
    def over(self) -> int:
        """How much is too much; 0 when the text fits."""
        return max(self.used - self.limit, 0)


def count(text: str, network: str) -> Length:
    """The length of `text` as `network` would count it; a NUL or lone surrogate counts as its repair."""
    text = repair(text)[0]
    if network == "x":
        return Length(_on_x(text), X_LIMIT, "characters")
    if network == "mastodon":
        return Length(_on_mastodon(text), MASTODON_LIMIT, "characters")
    if network == "bluesky":
        return _on_bluesky(text)
    return Length(len(text), OTHER_LIMIT, "characters")


# Everything that twitter-text weighs one, but the two emoji © and ®.
_X_PLAIN = re.compile("[\0-\xa8\xaa-\xad\xaf-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]*")
_LINE_END = re.compile(r"\r\n|[\r\n]")
_WORD_START = re.compile("(?= )")


def _words(text: str) -> list[str]:
    """The words of a text, each with the space in front of it, which matters to what may be a link.

    A line end counts as a space. No link, name or emoji reaches across one.
    """
    return _WORD_START.split(_LINE_END.sub(" ", text))


def _on_x(text: str) -> int:
    return sum(map(_word_on_x, _words(text)))


@lru_cache(maxsize=1024)
def _word_on_x(word: str) -> int:
    word = unicodedata.normalize("NFC", word)
    if not _may_hold_link(word):
        if _X_PLAIN.fullmatch(word):
            return len(word)
        word = word.replace(".", "·")  # weighs the same and ends the search for links at once
    return int(_twitter_text().parse_tweet(word).weightedLength)


def _may_hold_link(word: str) -> bool:
    """A link has a dot with something behind it. Words far beyond any real address count as plain text:
    they would keep the patterns of twitter-text busy for seconds."""
    return "." in word.rstrip(".") and len(word) <= MAX_LINK and word.count(".") <= MAX_DOTS


@cache
def _twitter_text() -> Any:
    """The twitter_text package: 100 to 400 ms to load, so not first at a keystroke.

    Version 3.0 reads its list of emoji through pkg_resources, which setuptools gave up in version 82 and
    which the package never declared: a stand-in with the one function it calls serves while it loads.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_string = _resource_string  # type: ignore[attr-defined]
    ours = sys.modules.setdefault("pkg_resources", stand_in) is stand_in
    try:
        import twitter_text
    finally:
        if ours:
            sys.modules.pop("pkg_resources", None)
    return twitter_text


def _resource_string(module: str, name: str) -> bytes:
    return Path(str(sys.modules[module].__file__)).with_name(name).read_bytes()


# Mastodon's Account::MENTION_RE: only the name of @name@domain counts.
_REMOTE_MENTION = re.compile(r"(?<![=/\w])(@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@(?:[^\W_]|[.-])+(?<=[^\W_])", re.IGNORECASE)


def _on_mastodon(text: str) -> int:
    if "://" in text:
        text = "".join(map(_with_short_links, _words(text)))
    return _graphemes(_REMOTE_MENTION.sub(r"\1", text))


@lru_cache(maxsize=1024)
def _with_short_links(word: str) -> str:
    """Each link as a placeholder of 23 characters. Mastodon finds links as X does, but wants `https://`."""
    if "://" not in word or not _may_hold_link(word):
        return word
    pieces, end = [], 0
    for link in _twitter_text().extract_urls_with_indices(word, extract_urls_without_protocol=False):
        start, stop = link["indices"]
        pieces += [word[end:start], "x" * MASTODON_URL]
        end = stop
    return "".join(pieces) + word[end:]


def _on_bluesky(text: str) -> Length:
    """Graphemes or bytes, whichever is nearer its limit."""
    graphemes, size = _graphemes(text), len(text.encode())
    if size * BLUESKY_GRAPHEMES > graphemes * BLUESKY_BYTES:
        return Length(size, BLUESKY_BYTES, "bytes")
    return Length(graphemes, BLUESKY_GRAPHEMES, "graphemes")


def _graphemes(text: str) -> int:
    if text.isascii() and "\r" not in text:
        return len(text)
    import regex  # type: ignore[import-untyped]

    return len(regex.findall(r"\X", text))
