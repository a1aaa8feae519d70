"""Spell check by the system's dictionaries, through libenchant; where there are none, no word is marked.

libenchant knows no locks: a `Speller` is used by one thread.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

CHECKED_CHARACTERS = 40_000
"""How much of a text is looked at; no reply is nearly as long."""
CHECKED_WORDS = 4_000
LONGEST_WORD = 40
"""Letters above which a run of letters is taken for no word: suggesting takes a dictionary too long."""
LONGEST_ABBREVIATION = 5
"""Letters up to which a word in capitals is taken for an abbreviation."""
SUGGESTIONS = 9
DICTIONARIES = 2
"""Most dictionaries of one language that are used unless the settings name others; one takes up to 9 MB."""
FEW_WORDS = 4
"""Words below which it cannot be told that a text is in another language."""
REMEMBERED = 20_000
"""Words whose verdict is remembered."""
OWN_LIST = "spelling.txt"
"""The agent's own words lie in a file of this name beside their configuration, the team's in the folder `words`."""
LIST_BYTES = 1_000_000
"""How much of a word list is read."""

NO_LIBRARY = "libenchant-2 is not on this machine, so no word is marked; install it, and hunspell dictionaries"
NO_DICTIONARY = "no dictionary is on this machine, so no word is marked; install hunspell or aspell dictionaries"


class Dictionary(Protocol):
    """One dictionary, as libenchant opens it."""

    def check(self, word: str) -> bool:
        """Whether the word is right."""
        ...

    def suggest(self, word: str) -> list[str]:
        """What it may be, the likeliest first."""
        ...


class Shelf(Protocol):
    """The dictionaries there are."""

    tags: Sequence[str]
    """What they are called: `en_GB`, `de`."""

    def open(self, tag: str) -> Dictionary:
        """One of them."""
        ...


class System:
    """The dictionaries of this machine. A machine without the library, or with a broken one, has none."""

    def __init__(self) -> None:
        self.tags: Sequence[str] = ()
        self.version = ""
        """Of libenchant; empty where it is missing."""
        try:
            import enchant

            self._broker: Any = enchant.Broker()
            self.tags = tuple(self._broker.list_languages())
            self.version = str(enchant.get_enchant_version())
        except Exception:  # ImportError without the library, OSError for another machine's, its own errors
            self.tags = ()

    @property
    def problem(self) -> str:
        """Why nothing can be marked; empty where something can."""
        if not self.version:
            return NO_LIBRARY
        return "" if self.tags else NO_DICTIONARY

    def open(self, tag: str) -> Dictionary:
        """One dictionary."""
        found: Dictionary = self._broker.request_dict(tag)
        return found


# -- the words of a text ------------------------------------------------------------------------------


class Word(NamedTuple):
    """A word of a text and where it stands, in characters."""

    start: int
    end: int
    text: str


_BLANK = r"⟦[^⟧\n]*⟧?"
_TAG = r"\{\{[^{}\n]*\}{0,2}|\{%[^%\n]*(?:%\}?)?"
_CHUNK = re.compile(rf"{_BLANK}|[^\s⟦]+")
_TEMPLATE_CHUNK = re.compile(rf"{_TAG}|{_BLANK}|[^\s⟦{{]+|\{{")
"""What stands between spaces; blanks and template tags have spaces inside."""
_NO_WORDS = re.compile(
    r"[@\d_\\⟦\ufffd]|://|\w\.\w|^\{[{%]|^[^\w\s]?[#^$/]"  # handles, codes, links, tags, signatures
    r"|[\u0300-\u036f\u0900-\u1cff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
"""A chunk with one of these is not looked at; the last are marks, and scripts with marks inside or without spaces."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:.*\n){0,100}?---[ \t]*(?:\n|\Z)")
_LANGUAGE = re.compile(r"^language:[ \t]*[\"']?([A-Za-z]{2,3})\b", re.MULTILINE)


def words(text: str, *, template: bool = False) -> Iterator[Word]:
    """The words of a text that a dictionary can judge: no handles, links, hashtags, codes, blanks, abbreviations,
    signatures and, in a template, none of its tags."""
    for chunk in (_TEMPLATE_CHUNK if template else _CHUNK).finditer(text):
        if not _NO_WORDS.search(chunk[0]):
            for found in _WORD.finditer(chunk[0]):
                if _is_judged(found[0]):
                    yield Word(chunk.start() + found.start(), chunk.start() + found.end(), found[0])


def _is_judged(word: str) -> bool:
    """Whether it is a word as dictionaries have them, not an abbreviation and not a name such as `iPhone`."""
    if not 1 < len(word) <= LONGEST_WORD:
        return False
    if word.isupper():
        return len(word) > LONGEST_ABBREVIATION
    return not any(map(str.isupper, word[1:]))


def front_matter(text: str) -> str:
    """The settings at the head of a canned response in Markdown; empty where there are none."""
    found = _FRONT_MATTER.match(text[:CHECKED_CHARACTERS])
    return found[0] if found else ""


def language_of(front_matter: str) -> str:
    """The language that a head names; empty where it names none."""
    found = _LANGUAGE.search(front_matter)
    return found[1] if found else ""


def names(*texts: str | None) -> frozenset[str]:
    """The words of names and handles, which are right however they are written."""
    return frozenset(word[0].casefold() for text in texts for word in _WORD.finditer((text or "")[:200]))


# -- which of them no dictionary has ------------------------------------------------------------------


class Marked(NamedTuple):
    """The words of a text that no dictionary of its language has."""

    words: frozenset[str] = frozenset()
    language: str = ""
    """The language that it was taken for."""


NOTHING = Marked()


class Speller:
    """Judges the words of texts. `own` are words that are right whatever a dictionary says, in lower case."""

    def __init__(self, shelf: Shelf, preferred: Sequence[str] = (), own: Collection[str] = ()) -> None:
        self._shelf = shelf
        self._preferred = preferred
        self.own = set(own)
        self._opened: dict[str, Dictionary] = {}
        self._verdicts: dict[tuple[str, str], bool] = {}

    def unknown(
        self, text: str, languages: Sequence[str], known: Collection[str] = (), *, template: bool = False
    ) -> Marked:
        """The words of a text that no dictionary of its language has, `known` names (in lower case) apart.

        It is in the first of these languages in which most of its words are right; in none, nothing is marked.
        """
        looked_at = text[:CHECKED_CHARACTERS]
        found = dict.fromkeys(word.text for word in islice(words(looked_at, template=template), CHECKED_WORDS))
        asked = [word for word in found if not self._is_known(word, known)]
        first: Marked | None = None
        for language in languages:
            if tags := self.tags(language):
                wrong = frozenset(word for word in asked if not self._is_right(word, language, tags))
                if 2 * len(wrong) <= len(found):
                    return Marked(wrong, language)
                if language == languages[0]:
                    first = Marked(wrong, language)
        return first if first is not None and len(found) < FEW_WORDS else NOTHING

    def suggestions(self, word: str, language: str) -> list[str]:
        """At most SUGGESTIONS words that it may be, the likeliest first; of two dictionaries the best of each."""
        offered = [self._suggested(word, tag) for tag in self.tags(language)]
        best_first = [one for rank in range(SUGGESTIONS) for found in offered for one in found[rank : rank + 1]]
        return list(dict.fromkeys(best_first))[:SUGGESTIONS]

    def tags(self, language: str) -> list[str]:
        """The dictionaries of a language such as `de` or `en-GB` that are used: those the settings prefer, else
        those of its own region and the most common ones."""
        asked = language.replace("-", "_")
        base = asked.partition("_")[0].lower()
        there = [tag for tag in self._shelf.tags if tag.partition("_")[0].lower() == base]
        if preferred := [tag for tag in self._preferred if tag in there]:
            return preferred
        common = (asked, f"{base}_{base.upper()}", "en_GB", "en_US")
        return sorted(there, key=lambda tag: (common.index(tag) if tag in common else len(common), tag))[:DICTIONARIES]

    def _is_known(self, word: str, known: Collection[str]) -> bool:
        plain = word.casefold()
        return any(one in self.own or one in known for one in (plain, plain.removesuffix("'s").removesuffix("’s")))

    def _is_right(self, word: str, language: str, tags: Iterable[str]) -> bool:
        if (verdict := self._verdicts.get((language, word))) is None:
            plain = unicodedata.normalize("NFC", word).replace("’", "'")
            verdict = any(self._has(tag, plain) for tag in tags)
            if len(self._verdicts) >= REMEMBERED:
                self._verdicts.clear()
            self._verdicts[language, word] = verdict
        return verdict

    def _has(self, tag: str, word: str) -> bool:
        """Whether a dictionary has a word; one that fails on it, or cannot be opened, marks nothing."""
        try:
            return bool(self._open(tag).check(word))
        except Exception:  # libenchant's own errors, which cannot be named without loading it
            return True

    def _suggested(self, word: str, tag: str) -> list[str]:
        try:
            return self._open(tag).suggest(word.replace("’", "'"))
        except Exception:  # as above
            return []

    def _open(self, tag: str) -> Dictionary:
        if tag not in self._opened:
            self._opened[tag] = self._shelf.open(tag)
        return self._opened[tag]


# -- word lists of people ------------------------------------------------------------------------------


def read_list(path: Path) -> frozenset[str]:
    """The words of a list, one a line, in lower case; a list that is not there is empty. Raises OSError."""
    try:
        with path.open("rb") as file:
            lines = file.read(LIST_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(line.strip().casefold() for line in lines if line.strip())


def add_to_list(path: Path, word: str) -> None:
    """One more word in a list, which only its user can read. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    with open(handle, "a", encoding="utf-8") as file:
        file.write(f"{word}\n")
