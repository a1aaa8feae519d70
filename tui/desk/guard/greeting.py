"""Whom a reply greets, and whether that can be the customer."""

import re
import unicodedata
from collections.abc import Iterable

from tui.desk.guard.phrases import Phrases

_OPENING_CHARACTERS = 120
_NAME = r"[^\W\d_][\w'’\-]{0,40}"
_GREETED = re.compile(rf"[,\s]{{1,3}}({_NAME}(?: {_NAME}){{0,3}})\s*(?:[,.!:;)–—…\-]|$)")
_SHORTEST, _LONGEST = 2, 4
"""Letters of a name from which on it is one, and words of a profile's name up to which it is a person's."""
_PARTICLE = 2
"""Letters of what stands in names in lower case: de, la."""
_KIN_LETTERS = 3
"""So many first letters of one name inside another: Mandy and Amanda."""
_ALIKE = 80
"""Of 100, how alike two spellings of a name are."""


def greeted(text: str, phrases: Phrases) -> list[str]:
    """The names a reply opens with, as written; none in `Hi there` or `Hallo zusammen`."""
    opening = text.lstrip()[:_OPENING_CHARACTERS]
    hits = phrases.find("greeting", opening)
    if not hits or re.search(r"\w", opening[: hits[0].start]):
        return []
    found = _GREETED.match(opening, hits[0].end)
    words = found[1].split() if found else []
    nobody = [phrases.holds("anyone", word) for word in words]
    if not all(no_one or word[0].isupper() for word, no_one in zip(words, nobody, strict=True)):
        return []
    return [word for word, no_one in zip(words, nobody, strict=True) if not no_one]


def person(name: str, phrases: Phrases) -> list[str]:
    """The words of a profile's name, comparable, where it is a person's that we can read; else none."""
    words = [word for word in _words(name) if len(word) >= _SHORTEST]
    weighty = (word for word in name.split() if len(word) > _PARTICLE or not word.islower())
    nobody = any(len(word) >= _SHORTEST and phrases.holds("anyone", word) for word in weighty)
    return [] if nobody or len(words) > _LONGEST else words


def fits(name: str, others: Iterable[str]) -> bool:
    """Whether a name may be one of these: the same, the beginning of it, a short form or another spelling.

    A handle may hold it: `amandac` is Amanda.
    """
    mine = "".join(_words(name))
    theirs = {word for other in others for word in _words(other) if len(word) >= _SHORTEST}
    return not mine or any(_is_kin(mine, word) for word in theirs)


def _is_kin(one: str, other: str) -> bool:
    from rapidfuzz.fuzz import ratio

    if min(len(one), len(other)) < _KIN_LETTERS:
        return one.startswith(other) or other.startswith(one)
    return one[:_KIN_LETTERS] in other or other[:_KIN_LETTERS] in one or ratio(one, other) >= _ALIKE


def _words(name: str) -> list[str]:
    """The words of Latin letters in a name, without case and accents; one with anything else in it is left out."""
    plain = unicodedata.normalize("NFKD", name[:_OPENING_CHARACTERS])
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    return [word for word in re.split(r"[\W\d_]+", plain.replace("'", "").replace("’", "")) if _is_latin(word)]


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()
