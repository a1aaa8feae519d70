"""Untrusted text -> display text; the only door.

Whatever was written outside (posts, names, pasted text, error bodies) passes `clean`, `line` or `content`
before a terminal or a widget sees it. What a reader cannot see must not act, and must not hide anything:

| found | becomes |
|---|---|
| CR LF, CR, VT, FF, NEL, U+2028, U+2029 | a newline |
| tab | four spaces |
| C0, DEL | its control picture (U+2400 block) |
| C1 | what Windows-1252 has in its place, as it is nearly always mojibake; U+FFFD where that has nothing |
| `DROPPED`: bidi controls, invisible hints, joiners and selectors where nothing needs them | nothing |
| combining marks after the fourth on one character | nothing |
| any other invisible, private, unassigned or noncharacter, lone surrogate | U+FFFD |

Joiners stay after letters of the scripts that shape with them, joiners, selectors and tags stay inside emoji
sequences (UTS #51), ideographic and Mongolian selectors after their letters. Arabic and Hebrew are kept in
logical order, bidi controls or not: the order on screen is the terminal's business.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.content import Content

LOST = "\ufffd"
"""Stands where something was that cannot be shown."""

TAB = " " * 4

MARKS = 4
"""Combining marks, joiners included, that one character may carry. No living language writes more."""

EMOJI_JOINED = 4
"""Emoji in one ZWJ sequence, the longest in Unicode's list; longer chains upset every width table."""


def _range(first: int, last: int) -> frozenset[str]:
    return frozenset(map(chr, range(first, last + 1)))


BIDI = frozenset("\u061c\u200e\u200f") | _range(0x202A, 0x202E) | _range(0x2066, 0x2069)
"""All of Bidi_Control."""

DROPPED = (
    BIDI
    | frozenset("\u00ad\u034f\u17b4\u17b5\u200b\ufeff")  # soft hyphen, CGJ, Khmer inherent vowels, ZWSP, BOM
    | _range(0x2060, 0x2064)  # word joiner, invisible operators
    | _range(0x206A, 0x206F)  # deprecated shaping controls
    | frozenset("\u200c\u200d")  # joiners, these and the following only where nothing needs them
    | _range(0x180B, 0x180F)  # Mongolian selectors and vowel separator
    | _range(0xFE00, 0xFE0F)  # variation selectors
    | _range(0xE0100, 0xE01EF)  # ideographic variation selectors
)
"""Invisible characters that leave without a trace. Every other Default_Ignorable code point shows as `LOST`."""

_SPACING = dict.fromkeys(("\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"), "\n") | {"\t": TAB}
_PICTURES = (
    {chr(code): chr(0x2400 + code) for code in range(0x20)}
    | {"\x7f": "\u2421"}
    | {chr(code): bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
)

# Text that needs no work is told apart by stdlib regexes over the common scripts, without loading `regex`.
# Everything it lets through `_settle` must leave as it is; what it does not know is only slower.
_LETTERS = (
    "\n -~\xa0-\xac\xae-\u02ff\u1e00-\u1eff"  # Latin
    "\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"  # Greek, Cyrillic
    "\u05be\u05d0-\u05ea"  # Hebrew
    "\u0606-\u060f\u061b\u061d-\u064a\u0660-\u066f\u0671-\u06d5\u06ee-\u06ff"  # Arabic
    "\u0904-\u0939\u093d\u0950\u0958-\u0961\u0964-\u097f"  # Devanagari
    "\u0e01-\u0e30\u0e32\u0e33\u0e3f-\u0e46\u0e4f-\u0e5b"  # Thai
    "\u2000-\u200a\u2010-\u2027\u202f-\u205f\u20a0-\u20bf\u2100-\u218b"  # punctuation, currency
    "\u2190-\u2426\u2460-\u2b73"  # arrows, control pictures, symbols
    "\u3000-\u3029\u3030-\u303f\u3041-\u3096\u309b-\u30ff\u3400-\u9fff"  # Kana, Han
    "\u3131-\u3163\u3165-\u318e\uac00-\ud7a3\uff01-\uff9f\ufffd"  # Hangul, full and half width forms
    "\U0001f1e6-\U0001f1ff\U0001f300-\U0001f6d7\U0001f900-\U0001f9ff\U00020000-\U0002a6df"  # emoji, rare Han
)
_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a"
)


@cache
def _ordinary() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What is no letter, what is unknown, and marks astray or in a pile; compiled when first wanted.

    No possessive quantifiers: CPython 3.11 up to 3.11.4 gets them wrong inside a repeat (gh-101955).
    """
    return (
        re.compile(f"[^{_LETTERS}]"),
        re.compile(f"[^{_LETTERS}{_MARKS}\u200c\ufe0f]"),
        re.compile(rf"[{_MARKS}\u200c\ufe0f]{{{MARKS + 1}}}|(?<![\u0620-\u06ff])\u200c|(?<![☀☎☝☹☺♀♂♥⚠✈✌✔❤])\ufe0f"),
    )


_BROKEN = re.compile("[\0\ud800-\udfff]")

# Blocks of the scripts that shape with joiners: Arabic to Myanmar, Khmer, Mongolian, Indonesia, Vedic, Indic,
# presentation forms, and their kin outside the first plane.
_SHAPING = (
    r"\u0600-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1c4f\u1cd0-\u1cff\ua800-\uaadf\uabc0-\uabff"
    r"\ufb50-\ufdff\ufe70-\ufefe\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
_IN_CONTEXT = (
    r"\u200c\u200d\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # dropped when astray
    r"\U000e0020-\U000e007f"  # tags, which can spell a hidden text: shown when astray
)
_NEEDS_CONTEXT = re.compile(f"[{_IN_CONTEXT}]")


@cache
def _patterns() -> tuple[Any, Any, Any]:
    """What never stays, what stays only in its context, and combining marks in a pile."""
    import regex  # type: ignore[import-untyped]

    # Code points reserved for emoji stay: a phone may know them before we do.
    never = regex.compile(
        r"(?V1)\r\n|[[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]"
        rf"--[\n{_IN_CONTEXT}\p{{Extended_Pictographic}}\p{{Prepended_Concatenation_Mark}}]]"
    )
    emoji = r"\p{Extended_Pictographic}[\ufe0e\ufe0f]?(?:\p{Emoji_Modifier}\ufe0f?)?"
    at_home = (
        r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f",  # flag of a region
        rf"{emoji}(?:\u200d{emoji}){{0,{EMOJI_JOINED - 1}}}",
        r"[0-9#*][\ufe0e\ufe0f]\u20e3",  # keycap
        rf"[[{_SHAPING}]--[{_IN_CONTEXT}]][\u200c\u200d]",
        r"\p{Ideographic}[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        r"[\u1820-\u18aa][\u180b-\u180f]\u200d?",
    )
    astray = regex.compile(rf"(?V1)(?:{'|'.join(at_home)})(*SKIP)(*FAIL)|[{_IN_CONTEXT}]")
    pile = regex.compile(rf"([\p{{M}}\u200c\u200d]{{{MARKS}}})[\p{{M}}\u200c\u200d]+")
    return never, astray, pile


def _is_ordinary(text: str) -> bool:
    """Whether every character is known to stay as it is where it stands."""
    if text.isascii() and text.isprintable():
        return True
    no_letter, unknown, astray = _ordinary()
    return not no_letter.search(text) or not (unknown.search(text) or astray.search(text))


def _joined(text: str, errors: str) -> str:
    """Surrogate pairs as the characters they mean; a lone one is left to the codec's `errors`."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors)


def _settle(text: str, *, shown: bool) -> str:
    """Apply the table of this module; with `shown` false, what it would make visible is dropped instead."""

    def replace(match: "re.Match[str]") -> str:
        found = match[0]
        if found in _SPACING:
            return _SPACING[found]
        if found in DROPPED or not shown:
            return ""
        return _PICTURES.get(found, LOST)

    # In this order: each pass only brings together what the later ones still look at.
    never, astray, pile = _patterns()
    text = _joined(text, "replace" if shown else "ignore")
    text = never.sub(replace, text)
    if _NEEDS_CONTEXT.search(text):
        text = astray.sub(replace, text)
    settled: str = pile.sub(r"\1", text)
    return settled


def _clusters(text: str) -> Iterator[str]:
    """What a reader takes for one character each: extended grapheme clusters (UAX #29)."""
    if text.isascii():
        return iter(text)
    import regex

    return (match[0] for match in regex.finditer(r"\X", text))


def repair(text: str) -> tuple[str, bool]:
    """Text fit for storage, otherwise as it was written: NUL and lone surrogates become U+FFFD.

    True when one was replaced. A surrogate pair in two code points is joined, which loses nothing.
    """
    if not _BROKEN.search(text):
        return text, False
    repaired = _joined(text, "replace").replace("\0", LOST)
    return repaired, repaired.count(LOST) > text.count(LOST)


def repaired(data: Any) -> Any:
    """A JSON value, all of whose texts and names are fit for storage, see `repair`."""
    if isinstance(data, str):
        return repair(data)[0]
    if isinstance(data, list):
        return [repaired(item) for item in data]
    if isinstance(data, dict):
        return {repair(name)[0]: repaired(value) for name, value in data.items()}
    return data


def clean(text: str) -> str:
    """Display text: no control character but the newline, nothing invisible that acts. Idempotent."""
    if _is_ordinary(text):
        return text
    return _settle(text, shown=True)


def line(text: str) -> str:
    """`clean` on one row: every run of white space, newlines too, is one space; none at the ends."""
    return " ".join(clean(text).split())


def width(text: str) -> int:
    """Terminal cells of cleaned text, by the table Textual lays out with."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """Cleaned text of one row in at most `cells` terminal cells, cut between grapheme clusters.

    The ellipsis stands only where something was cut, and only if it fits itself.
    """
    if width(text) <= cells:
        return text
    room = cells - width(ellipsis)
    if room < 0:
        room, ellipsis = max(cells, 0), ""
    sizes = (len(cluster) for cluster in islice(_clusters(text), room))
    ends = [0, *accumulate(sizes)]
    fitting = bisect_right(ends, room, key=lambda end: width(text[:end]))
    return text[: ends[fitting - 1]] + ellipsis


def content(text: str, style: str = "") -> "Content":
    """Cleaned text for a widget, in one style; brackets in it are brackets, never markup."""
    from textual.content import Content

    return Content.styled(clean(text), style)


def paste(text: str, limit: int) -> tuple[str, bool]:
    """Pasted text for the editor, at most `limit` characters; True when some had to be cut.

    As `clean`, but nothing is put in the place of what cannot be shown: a draft goes out to a customer.
    """
    if not _is_ordinary(text):
        text = _settle(text, shown=False)
    if len(text) <= limit:
        return text, False
    end = 0
    for cluster in _clusters(text[: limit + 1]):
        if end + len(cluster) > limit:
            break
        end += len(cluster)
    return text[:end], True
