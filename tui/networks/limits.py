"""How long a reply may be on each network, counted the way the network counts."""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tui.text import fit, line, repair

X_LIMIT = 280
"""Weighted characters: twitter-text configuration version 3, which is frozen."""
MASTODON_LIMIT = 500
"""Characters on an instance that has not raised its `max_characters`."""
MASTODON_URL = 23
"""Characters any link costs on Mastodon (`characters_reserved_per_url`)."""
BLUESKY_GRAPHEMES = 300
BLUESKY_BYTES = 3_000
"""`app.bsky.feed.post` sets both: `maxGraphemes` and `maxLength`."""
X_MESSAGE = 10_000
"""Characters of a direct message on X, links and all."""
BLUESKY_MESSAGE_GRAPHEMES = 1_000
BLUESKY_MESSAGE_BYTES = 10_000
"""`chat.bsky.convo` sets both for a message. On Mastodon a private message is a post to one person."""
OTHER_LIMIT = 10_000
"""Characters anywhere else: what the longest direct message of the networks we know may hold."""

MAX_LINK = 2_048
"""Characters of a word that is still looked through for links."""
MAX_DOTS = 32
"""Dots in such a word."""
FAR_TOO_LONG = 10
"""From so many times the limit on, characters are counted plainly: the network's own way is slow, for nothing."""
_SHOWN = 40
"""Characters and terminal cells of a word that a message quotes."""
MOST_PARTS = 9
"""Into so many parts a text may be split."""


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


def count(
    text: str, network: str, *, limit: int = 0, link_length: int = 0, private: bool = False, warning: str = ""
) -> Length:
    """The length of `text` as `network` would count it; a NUL or lone surrogate counts as its repair.

    `limit` is what this server takes in a public post (characters, on Bluesky graphemes), `link_length` what a link
    costs on this Mastodon server; 0 is the network's default. `private`: as a direct message. `warning`: the content
    warning above it, which Mastodon counts too, links and names whole (its StatusLengthValidator).
    """
    text = repair(text)[0]
    if private and network == "x":
        return Length(len(text), X_MESSAGE, "characters")
    if private and network == "bluesky":
        return _on_bluesky(text, BLUESKY_MESSAGE_GRAPHEMES, BLUESKY_MESSAGE_BYTES)
    if network == "x":
        return Length(_on_x(text), limit or X_LIMIT, "characters")
    if network == "mastodon":
        used = _on_mastodon(text, link_length or MASTODON_URL) + _graphemes(repair(warning)[0])
        return Length(used, limit or MASTODON_LIMIT, "characters")
    if network == "bluesky":
        return _on_bluesky(text, limit or BLUESKY_GRAPHEMES, BLUESKY_BYTES)
    return Length(len(text), limit or OTHER_LIMIT, "characters")


def links_on_x(text: str) -> list[str]:
    """What X takes for links, so that each costs 23 characters and the post more."""
    words = [word for word in _words(repair(text)[0]) if may_hold_link(word)]
    return [link for word in words for link in twitter_text().extract_urls(unicodedata.normalize("NFC", word))]


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
    if not may_hold_link(word):
        if _X_PLAIN.fullmatch(word):
            return len(word)
        word = word.replace(".", "·")  # weighs the same and ends the search for links at once
    return int(twitter_text().parse_tweet(word).weightedLength)


def may_hold_link(word: str) -> bool:
    """A link has a dot with something behind it. Words far beyond any real address count as plain text:
    they would keep the patterns of twitter-text busy for seconds."""
    return "." in word.rstrip(".") and len(word) <= MAX_LINK and word.count(".") <= MAX_DOTS


@cache
def twitter_text() -> Any:
    """The twitter_text package, which finds links as X does: 100 to 400 ms to load, so not first at a keystroke.

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


def _on_mastodon(text: str, link_length: int) -> int:
    if "://" in text:
        text = "".join(_with_short_links(word, link_length) for word in _words(text))
    return _graphemes(_REMOTE_MENTION.sub(r"\1", text))


@lru_cache(maxsize=1024)
def _with_short_links(word: str, link_length: int) -> str:
    """Each link as a placeholder of that many characters. Mastodon finds links as X does, but wants `https://`."""
    if "://" not in word or not may_hold_link(word):
        return word
    pieces, end = [], 0
    for link in twitter_text().extract_urls_with_indices(word, extract_urls_without_protocol=False):
        start, stop = link["indices"]
        pieces += [word[end:start], "x" * link_length]
        end = stop
    return "".join(pieces) + word[end:]


def _on_bluesky(text: str, limit: int, most_bytes: int) -> Length:
    """Graphemes or bytes, whichever is nearer its limit."""
    graphemes, size = _graphemes(text), len(text.encode())
    if size * limit > graphemes * most_bytes:
        return Length(size, most_bytes, "bytes")
    return Length(graphemes, limit, "graphemes")


def _graphemes(text: str) -> int:
    if text.isascii() and "\r" not in text:
        return len(text)
    import regex  # type: ignore[import-untyped]

    return len(regex.findall(r"\X", text))


# -- parts -----------------------------------------------------------------------------------------

_MARK = " {}/{}"
_WIDEST_MARK = _MARK.format(MOST_PARTS, MOST_PARTS)
"""As wide as every other: both numbers have one digit."""

# A part may end at white space that is no no-break space, or behind the punctuation of scripts without spaces;
# never inside a link.
_PLACE = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|(?P<cut>[^\S\xa0\u2007\u202f]+|(?<=[。！？｡、，；])(?![\s。！？｡、，；」』）】”’]))"
)
_SENTENCE = re.compile(r"[.!?…。！？｡][\"'”’»)\]」』）]*\Z")
_NEW_LINE = re.compile(r"\s*?[\r\n]")
_SIGNED = re.compile(r"\s[\^*~\-–—/] ?\w{1,20}[\s.!]*\Z")
"""The agent's mark at the end, which stays with the word before it."""
_LONGEST_SIGNED, _LONGEST_CLOSING = 60, 5


def split(
    text: str,
    network: str,
    *,
    limit: int = 0,
    link_length: int = 0,
    private: bool = False,
    warning: str = "",
    lead: str = "",
) -> list[str]:
    """The parts a text leaves in: each fits with its ` 1/3` at the end, by the network's own count.

    A part ends with a sentence where that leaves it at least half full, else with a word; nothing is lost but the
    white space at its ends. `warning` stands above each of them, `lead` in front of each that does not begin with it.
    A text that fits is its only part. ValueError, with a sentence, when a word is too long for a part or the text for
    `MOST_PARTS` of them.
    """

    def fits(piece: str) -> bool:
        return count(piece, network, limit=limit, link_length=link_length, private=private, warning=warning).over == 0

    room = count("", network, limit=limit, private=private).limit
    if len(text) <= FAR_TOO_LONG * room and fits(text):
        return [text]
    pieces = list(_pieces(text, lambda piece: fits(_led(piece, lead) + _WIDEST_MARK)))
    if len(pieces) == 1:
        return pieces
    return [_led(piece, lead) + _MARK.format(number, len(pieces)) for number, piece in enumerate(pieces, 1)]


def _led(piece: str, lead: str) -> str:
    return piece if piece.startswith(lead) else lead + piece


def left(whole: str, gone: Sequence[str], *, lead: str = "") -> str:
    """What of a text is still to go out when its first parts, as `split` made them with this `lead`, are gone."""
    at = 0
    for part in gone:
        body = part[: -len(_WIDEST_MARK)]
        if not whole.startswith(body, at + _blank(whole, at)):
            body = body.removeprefix(lead)
        at = whole.index(body, at) + len(body)
    return whole[at:].lstrip() if gone else whole


def _blank(whole: str, at: int) -> int:
    """How much white space stands at this place."""
    return len(whole) - at - len(whole[at:].lstrip())


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    ends = _ends(text)
    start = first = made = 0

    def fits_up_to(place: int) -> bool:
        return fits(text[start : ends[place]].strip())

    while first < len(ends):
        last = _last_fitting(fits_up_to, first, len(ends))
        if last < first:
            word = fit(line(text[start : ends[first]][:_SHOWN]), _SHOWN)
            raise ValueError(f"“{word}” is too long for one part and has no place to cut it; shorten it.")
        if made == MOST_PARTS:
            raise ValueError(f"It needs more than {MOST_PARTS} parts; shorten it.")
        if last < len(ends) - 1:
            last = _sentence_end(text, start, ends, first, last)
        yield text[start : ends[last]].strip()
        start, first, made = ends[last], last + 1, made + 1


def _ends(text: str) -> list[int]:
    """Where a part may end, the end of the text included."""
    end = len(text.rstrip())
    signed = _SIGNED.search(text, max(end - _LONGEST_SIGNED, 0))
    most = signed.start() if signed else end
    places = (found for found in _PLACE.finditer(text) if found["cut"] is not None and 0 < found.start() < most)
    return [found.start() for found in places if not _joins(text[found.end()])] + [end]


def _joins(char: str) -> bool:
    """Whether it belongs to what stands before it, white space or not."""
    return char == "\u200d" or unicodedata.category(char).startswith("M")


def _last_fitting(fits: Callable[[int], bool], first: int, end: int) -> int:
    """The last of the places `first` to `end` (excluded) that fits; `first - 1` where none does."""
    low, step = first - 1, 1
    while low + step < end and fits(low + step):
        low, step = low + step, step * 2
    high = min(low + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _sentence_end(text: str, start: int, ends: list[int], first: int, last: int) -> int:
    """The last end of a sentence or paragraph that leaves a part at least half full, else the last place."""
    half = (start + ends[last]) // 2
    for i in range(last, first - 1, -1):
        at = ends[i]
        if at < half:
            break
        if _NEW_LINE.match(text, at) or _SENTENCE.search(text, max(at - _LONGEST_CLOSING, 0), at):
            return i
    return last
