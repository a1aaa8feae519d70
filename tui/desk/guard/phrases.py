"""Lists of phrases by language, which checks look for and offer; a team may replace each.

`words/LANG.toml` beside this file are the shipped lists. A file of the same kind in the `words` folder beside the
configuration takes the place of the lists it names. In a phrase `#` stands for a number and `…` for up to
`GAP_WORDS` words; there is no other syntax, so that a lead can write one. All languages are looked for at once, as
nobody says in which one a reply is.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tui.config import Config
from tui.errors import Misuse, nearest

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOMENTS = ("now", "minutes", "hours", "today", "tonight", "tomorrow", *WEEKDAYS)
"""Lists that say by when something is promised."""
LISTS = (
    *("blame", "negation", "sarcasm", "everyday", "apology", "sympathy", "apologies", "action", "greeting", "anyone"),
    *("bounce", "contact", "page", "private", "promise", *MOMENTS, "clock", "complaint"),
)
"""Every list a file may hold; the head of `words/en.toml` says what each is for."""
LOOKED_AT_CHARACTERS = 5_000
"""How much of a text is looked through; ten times what most networks take."""
SENTENCES = 100
"""How many of its sentences are looked at."""
GAP_WORDS = 5
GAPS_MOST, WORDS_MOST = 3, 40
"""Gaps and words of one phrase: with more it would be slow to look for."""
FILE_LIMIT_BYTES = 1_000_000
SHIPPED = Path(__file__).parent / "words"

_WORD = re.compile(
    r"(?:https?://|www\.)\S+|@[\w.\-]+|\d+|[^\W\d]{1,2}['’](?=\w)|[^\W\d]+(?:['’][^\W\d]+)*|…|[^\w\s…]+", re.IGNORECASE
)
"""Links, handles, numbers, words and signs. What is shortened before an apostrophe is a word: `d'écrire`, `I'll`."""
_NUMBER, _GAP = "#", "…"
_END = None
_Trie = dict[str | None, Any]


class Hit(NamedTuple):
    """Where a phrase stands in a text, and how it is written there."""

    start: int
    end: int
    text: str


class _Word(NamedTuple):
    folded: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Phrases:
    """What is looked for and offered, by language and list."""

    lists: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict, repr=False)
    own: tuple[str, ...] = ()
    """The lists a team wrote itself, such as `en.blame`."""

    def find(self, name: str, text: str) -> list[Hit]:
        """Where phrases of the list `name` stand in a text, in any language: the longest at each place, none twice."""
        return list(self._hits(name, text))

    def holds(self, name: str, text: str) -> bool:
        """Whether a text holds a phrase of the list `name`, in any language."""
        return next(self._hits(name, text), None) is not None

    def complains(self, text: str) -> bool:
        """Whether a customer says that a reply of ours was wrong."""
        return self.holds("complaint", text)

    def apologies(self, language: str | None) -> tuple[str, ...]:
        """Sentences to offer for a late answer, in this language (`de`, `de-AT`), else in English."""
        short = (language or "").partition("-")[0].casefold()
        return self.lists.get(short, {}).get("apologies") or self.lists.get("en", {}).get("apologies", ())

    def _hits(self, name: str, text: str) -> Iterator[Hit]:
        words, places = _words(text)
        trie, free = self._tries.get(name, {}), 0
        for at in sorted(at for first in trie.keys() & places.keys() for at in places[first]):
            end = _match(words, at, trie) if at >= free else None
            if end is not None:
                free = end
                yield Hit(words[at].start, words[end - 1].end, text[words[at].start : words[end - 1].end])

    @cached_property
    def _tries(self) -> dict[str, _Trie]:
        return {name: _trie(one for lists in self.lists.values() for one in lists.get(name, ())) for name in LISTS}


def known(config: Config) -> Phrases:
    """The shipped lists, with those of the `words` folder beside the configuration in their place. Raises Misuse.

    A folder is read once in the life of a program.
    """
    return _read(config.words_folder)


def shipped() -> Phrases:
    """The shipped lists alone."""
    return _read(SHIPPED)


def sentences(text: str) -> list[str]:
    """The sentences of a text, as far as it is looked at. A link behind a full stop belongs to what stands before."""
    return [one for one in _SENTENCE_END.split(text[:LOOKED_AT_CHARACTERS]) if one.strip()][:SENTENCES]


_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+(?!https?://)|\n+(?!https?://)")


# -- looking ---------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[tuple[_Word, ...], dict[str | None, list[int]]]:
    """The words of a text, and where each of them stands among them."""
    found = _WORD.finditer(text[:LOOKED_AT_CHARACTERS])
    words = tuple(_Word(_folded(one[0]), one.start(), one.end()) for one in found)
    places: dict[str | None, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word.folded, []).append(at)
    return words, places


def _folded(word: str) -> str:
    return word.casefold().replace("’", "'")


def _trie(phrases: Iterable[str]) -> _Trie:
    root: _Trie = {}
    for phrase in phrases:
        node = root
        for word in _words(phrase)[0]:
            node = node.setdefault(word.folded, {})
        node[_END] = True
    return root


def _match(words: tuple[_Word, ...], at: int, node: _Trie) -> int | None:
    """Where the longest phrase that starts at a word ends; None where none does."""
    best = at if _END in node else None
    if at < len(words):
        here = words[at].folded
        steps = [node.get(here), node.get(_NUMBER) if here.isdecimal() else None]
        ends = [_match(words, at + 1, step) for step in steps if step is not None]
        if _GAP in node:
            ends += [_match(words, after, node[_GAP]) for after in _after_gap(words, at)]
        best = max((end for end in (best, *ends) if end is not None), default=None)
    return best


def _after_gap(words: tuple[_Word, ...], at: int) -> Iterator[int]:
    """Where a phrase may go on behind its gap: a sentence's end closes it."""
    for skipped in range(GAP_WORDS + 1):
        if at + skipped >= len(words):
            return
        yield at + skipped
        if words[at + skipped].folded[0] in ".!?":
            return


# -- reading ---------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _read(folder: Path) -> Phrases:
    lists = {path.stem: _lists(path) for path in sorted(SHIPPED.glob("*.toml"))}
    own: list[str] = []
    for path in _files(folder) if folder != SHIPPED else ():
        language, theirs = path.stem.casefold(), _lists(path)
        lists[language] = lists.get(language, {}) | theirs
        own += [f"{language}.{name}" for name in theirs]
    return Phrases(lists, tuple(own))


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError as error:
        raise Misuse(f"The word lists in {folder} cannot be read: {error.strerror}.") from None


def _lists(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            _fail(path, f"is larger than {FILE_LIMIT_BYTES:,} bytes; shorten its lists")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        _fail(path, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        _fail(path, "is not UTF-8 text; save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        _fail(path, f"is not valid TOML: {error}")
    for name, phrases in document.items():
        _check(path, name, phrases)
    return {name: tuple(phrases) for name, phrases in document.items()}


def _check(path: Path, name: str, phrases: Any) -> None:
    if name not in LISTS:
        _fail(path, f"has an unknown list {name!r}; did you mean {nearest(name, LISTS)!r}?")
    if not isinstance(phrases, list) or not all(isinstance(one, str) for one in phrases):
        _fail(path, f'has no list of phrases in {name!r}; write {name} = ["one phrase", "another"]')
    for phrase in phrases:
        words = [word.folded for word in _words(phrase)[0]]
        if not words or words[0] in (_GAP, _NUMBER) or words[-1] == _GAP:
            _fail(path, f"has a phrase in {name!r} that does not begin and end with a word: {phrase!r:.60}; write one")
        if name != "apologies" and (words.count(_GAP) > GAPS_MOST or len(words) > WORDS_MOST):
            most = f"{GAPS_MOST} gaps or {WORDS_MOST} words"
            _fail(path, f"has a phrase in {name!r} with more than {most}: {phrase!r:.60}; write two shorter ones")


def _fail(path: Path, problem: str) -> NoReturn:
    raise Misuse(f"The word list {path} {problem}{'' if problem.endswith('?') else '.'}")
