"""The words of a library, and which of them a typed word may mean.

A typed word is compared with the library's words, not with its texts: exact, as a beginning, with an edit or two
(rapidfuzz, among the words that share enough letter pairs with it), or as letters left out (`rfd` for `refund`).
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator

from tui.desk.canned.bits import Bits, at_least, bits, members

INITIALS = "\x01"
"""Stands before a word of the vocabulary that is made of the initials of a name."""

ADDRESS = re.compile(r"https?://[^\s]+|@[^\s]+")
"""Links and handles: what they say is not said in words."""
MANY = 100
"""Words that a letter of its own begins, so that looking them up is worth preparing."""

_NOT_ASCII_LETTERS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|[^\W_]+")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
_WORD = re.compile(r"[a-z0-9]+")
_START = "\x02"


def fold(text: str) -> str:
    """Lower case without accents, for comparing only."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c))).casefold()


def words(folded: str) -> list[str]:
    """The words of a folded text; in scripts written without spaces, each character is one."""
    if not folded:
        return []
    if folded.isascii():
        return _WORD.findall(folded)
    return [
        part
        for word in _NOT_ASCII_LETTERS.findall(folded)
        for part in (_SPACELESS.sub(r" \g<0> ", word).split() if len(word) > 1 else (word,))
    ]


class Vocabulary:
    """Every distinct word of a library, and which of them a typed word may mean."""

    def __init__(self, known: list[str]) -> None:
        self._known = known
        self._sorted = sorted((word, at) for at, word in enumerate(known))
        pairs: dict[str, list[int]] = defaultdict(list)
        letters: dict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(known):
            if not word.startswith(INITIALS):
                for pair in _pairs(word):
                    pairs[pair].append(at)
                for letter in set(word):
                    letters[letter].append(at)
        self._pairs = {pair: bits(some, len(known)) for pair, some in pairs.items()}
        self._short = bits([at for at, word in enumerate(known) if len(word) <= 4], len(known))
        self._letters = {letter: bits(some, len(known)) for letter, some in letters.items()}

    def common_letters(self) -> list[str]:
        """Those that many words begin with: typed alone, they mean all of these."""
        begun = Counter(word[0] for word in self._known)
        return [letter for letter, many in begun.items() if many >= MANY]

    def like(self, typed: str) -> dict[int, float]:
        """Words by number, with a likeness 0..1."""
        found: dict[int, float] = {}
        if len(typed) >= 3:
            found.update(self._shortened(typed))
            for at, likeness in self._mistyped(typed):
                found[at] = max(likeness, found.get(at, 0.0))
        if len(typed) >= 2:
            for at, length in self._beginning(INITIALS + typed):
                found[at] = 0.9 if length == len(typed) + 1 else 0.6
        for at, length in self._beginning(typed):
            found[at] = 1.0 if length == len(typed) else 0.78 + 0.2 * len(typed) / length
        return found

    def forms(self, word: str) -> dict[int, float]:
        """The same word with other endings, by number, with a likeness 0..1: `trains` for `train`, no typos."""
        stem = word[:-2] if len(word) >= 6 else word
        return {
            at: 1.0 if length == len(word) else 0.9
            for at, length in self._beginning(stem)
            if length == len(word) or (len(word) >= 4 and length <= len(word) + 2)
        }

    def _beginning(self, typed: str) -> Iterator[tuple[int, int]]:
        at = bisect_left(self._sorted, (typed, -1))
        while at < len(self._sorted) and self._sorted[at][0].startswith(typed):
            yield self._sorted[at][1], len(self._sorted[at][0])
            at += 1

    def _mistyped(self, typed: str) -> Iterator[tuple[int, float]]:
        """One edit, from six letters on two, in the word or in its beginning. A swap is one edit."""
        from rapidfuzz.distance import OSA

        length = len(typed)
        edits = 1 if length < 6 else 2
        for at in members(self._near(typed, edits)):
            word = self._known[at]
            away = OSA.distance(typed, word, score_cutoff=edits)
            if away <= edits:
                yield at, 0.97 - 0.8 * away / length
            elif length >= 4 and len(word) > length:
                away = min(
                    OSA.distance(typed, word[:length], score_cutoff=edits),
                    OSA.distance(typed, word[: length + 1], score_cutoff=edits),
                    OSA.distance(typed, word[: length - 1], score_cutoff=edits),
                )
                if away <= edits:
                    yield at, (0.97 - 0.8 * away / length) * (0.82 + 0.15 * length / len(word))

    def _near(self, typed: str, edits: int) -> Bits:
        """An edit changes at most two pairs of letters, a swap three and no letter."""
        pairs = _pairs(typed)
        sets = [self._pairs.get(pair, 0) for pair in pairs]
        kept = max(1, len(pairs) - 2 * edits)
        near = at_least(kept, sets)
        if kept > 1:
            near |= at_least(kept - 1, sets) & self._with_letters(typed)
        return near & self._short if len(typed) < 4 else near

    def _with_letters(self, typed: str) -> Bits:
        found = -1
        for letter in typed:
            found &= self._letters.get(letter, 0)
        return found

    def _shortened(self, typed: str) -> Iterator[tuple[int, float]]:
        """Letters left out after the first: `rfd` for `refund`, `bkng` for `booking`."""
        for at in members(self._pairs.get(_START + typed[0], 0) & self._with_letters(typed)):
            word = self._known[at]
            if len(word) <= 3 * len(typed) and _holds(word, typed):
                yield at, 0.45 + 0.45 * len(typed) / len(word)


def _pairs(word: str) -> set[str]:
    return {_START + word[0], *(word[at : at + 2] for at in range(len(word) - 1))}


def _holds(word: str, letters: str) -> bool:
    """The letters stand in the word in this order."""
    rest = iter(word)
    return all(letter in rest for letter in letters)
