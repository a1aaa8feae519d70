"""Find a canned response by what an agent types: typos, missing letters, swapped words, accents, initials.

A query is matched word by word. Each word is compared with the words of the library, not with its texts:
exact, as a beginning, with an edit or two (rapidfuzz, among the words that share enough letter pairs with it),
or as letters left out (`rfd` for `refund`). Sets of words and of responses are integers used as bit sets,
so counting how many words of the query a response meets costs a few machine instructions for each 64 of them.
Only the best few hundred are scored:

    score = 95 × match × fit + recent use          0..98
    100 an exact shortcut, 99 an exact name, whatever the fit

`match` weighs rare words more, a word in the name more than one in the tags, and that more than the body.
Nothing here changes with time unless `Fit.now` does.
"""

import math
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui.clock import DAY, Millis
from tui.desk.canned.response import Canned, validity

Bits = int

EXACT_SHORTCUT, EXACT_NAME, EXACT_FOLDED = 100.0, 99.5, 99.0
BEST_MATCH = 95.0
MOST_FOR_USE = 3.0
HALF_LIFE = 14 * DAY
"""After this long without use, recent use counts half."""

IN_SHORTCUT, IN_NAME, IN_TAGS, IN_BODY = 1.0, 1.0, 0.85, 0.7
"""What a word is worth by where it stands."""
OF_WORDS, OF_COVER, OF_ORDER = 0.72, 0.10, 0.18
"""Shares of the match: the query's words found, the name covered by them, their order and nearness."""

OTHER_LANGUAGE, OTHER_NETWORK, NO_COMMON_TAG, NO_LONGER_VALID = 0.6, 0.55, 0.93, 0.4
"""What an unfit response keeps of its match."""
ANY_LANGUAGE = ANY_NETWORK = 0.97
"""A little below one made for just this language or network."""

LONGEST_QUERY = 200
MOST_WORDS = 12
SCORED, REORDERED = 96, 32
"""How many candidates are scored, and how many of those compared as whole texts."""
INDEXED_BODY = 2_000
"""Characters of a body that are searched."""
COMPARED_TEXT = 400

_STRONG = 0.75
_CACHED_WORDS = 512
_NOT_ASCII_LETTERS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|[^\W_]+")
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
_WORD = re.compile(r"[a-z0-9]+")
_LIQUID = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}")
_INITIALS = "\x01"


@dataclass(frozen=True, slots=True)
class Fit:
    """The conversation a response is wanted for. What is None or empty has no say."""

    language: str | None = None
    network: str | None = None
    tags: tuple[str, ...] = ()
    now: Millis | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    canned: Canned
    score: float
    """0..100"""
    why: tuple[tuple[str, float], ...]
    """Rules and their points; the points add up to the score."""


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


def fitness(canned: Canned, fit: Fit | None) -> list[tuple[str, float]]:
    """What each fact of the conversation leaves of a match, as (rule, factor 0..1)."""
    if fit is None:
        return []
    factors: list[tuple[str, float]] = []
    if fit.language:
        same = _primary(canned.language) == _primary(fit.language)
        factors.append(("language", 1.0 if same else OTHER_LANGUAGE if canned.language else ANY_LANGUAGE))
    if fit.network:
        same = canned.network == fit.network
        factors.append(("network", 1.0 if same else OTHER_NETWORK if canned.network else ANY_NETWORK))
    if fit.tags:
        shared = not {fold(tag) for tag in fit.tags}.isdisjoint(map(fold, canned.tags))
        factors.append(("tags of the conversation", 1.0 if shared else NO_COMMON_TAG))
    if not canned.approved or (fit.now is not None and validity(canned, fit.now) != "valid"):
        factors.append(("shelf life", NO_LONGER_VALID))
    return [(rule, factor) for rule, factor in factors if factor != 1.0]


def use(canned: Canned, now: Millis | None) -> float:
    """0..1: half for how often (a thousand uses are all of it), half for how lately."""
    often = min(1.0, math.log10(1 + max(0, canned.uses)) / 3)
    if now is None or canned.last_used is None:
        return often / 2
    unused = max(0, now - canned.last_used) / HALF_LIFE
    return often / 2 + math.exp2(-1 - unused)


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


class Index:
    """A library made searchable. Immutable; build it off the event loop and search from any thread."""

    def __init__(self, library: Iterable[Canned]) -> None:
        self._library = sorted(library, key=lambda one: (-one.uses, -(one.last_used or 0), one.name, one.id))
        self._all: Bits = (1 << len(self._library)) - 1
        self._entries: list[_Entry] = []
        self._exact: dict[tuple[float, str], list[int]] = defaultdict(list)
        self._groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        ids: defaultdict[str, int] = defaultdict(lambda: len(ids))
        anywhere: defaultdict[int, list[int]] = defaultdict(list)
        in_name: defaultdict[int, list[int]] = defaultdict(list)
        for at, canned in enumerate(self._library):
            self._note(at, canned)
            entry = _read(canned, ids)
            self._entries.append(entry)
            for word in entry.words:
                anywhere[word].append(at)
            for word in entry.words[: entry.ends[_NAME]]:
                in_name[word].append(at)
        self._words = _Words(list(ids))
        self._anywhere = _Postings(anywhere, len(self._library))
        self._in_name = _Postings(in_name, len(self._library))
        self._bits = {key: _bits(members, len(self._library)) for key, members in self._groups.items()}
        self._terms: dict[str, _Term] = {}

    def __len__(self) -> int:
        return len(self._library)

    def search(self, query: str, fit: Fit | None = None, limit: int = 20) -> list[Hit]:
        """The best responses for what is typed, best first, ties by name. An empty query suggests."""
        if not query.strip():
            return self.suggest(fit, limit)
        hits = {at: Hit(self._library[at], points, ((rule, points),)) for at, rule, points in self._typed(query)}
        folded = fold(query[:LONGEST_QUERY])
        terms = [self._term(word) for word in list(dict.fromkeys(words(folded)))[:MOST_WORDS]]
        if terms:
            chosen = [at for at in self._candidates(terms, fit) if at not in hits]
            for at, found in _matches(chosen, terms, self._entries, folded, max(REORDERED, limit)):
                hits[at] = rank(self._library[at], found, fit)
        return _best(hits.values(), limit)

    def forget(self) -> None:
        """Drop what was learned about words already typed."""
        self._terms = {}

    def suggest(self, fit: Fit | None = None, limit: int = 5) -> list[Hit]:
        """What is likely wanted before a key is typed: the best fit, then the most used."""
        counted = _counted(self._all, self._fitting(fit))
        chosen = _first(counted, max(REORDERED, limit))
        return _best((rank(self._library[at], (("fit", 2 / 3),), fit, use_points=30.0) for at in chosen), limit)

    def _note(self, at: int, canned: Canned) -> None:
        self._exact[EXACT_NAME, canned.name].append(at)
        self._exact[EXACT_FOLDED, _spaced(canned.name)].append(at)
        if canned.shortcut.strip():
            self._exact[EXACT_SHORTCUT, _spaced(canned.shortcut)].append(at)
        self._groups["language", _primary(canned.language)].append(at)
        self._groups["network", canned.network].append(at)
        if canned.approved:
            self._groups["approved", ""].append(at)
        for tag in canned.tags:
            self._groups["tag", fold(tag)].append(at)

    def _typed(self, query: str) -> Iterator[tuple[int, str, float]]:
        """What the query names exactly; a shortcut goes before a name, letter for letter before folded."""
        spaced = _spaced(query)
        seen: set[int] = set()
        for rule, points, key in (
            ("shortcut", EXACT_SHORTCUT, spaced),
            ("exact name", EXACT_NAME, query),
            ("exact name", EXACT_FOLDED, spaced),
        ):
            for at in self._exact.get((points, key), ()):
                if at not in seen:
                    seen.add(at)
                    yield at, rule, points

    def _term(self, word: str) -> "_Term":
        term = self._terms.get(word)
        if term is None:
            similar = self._words.like(word)
            strong = self._anywhere.union([at for at, likeness in similar.items() if likeness >= _STRONG])
            weak = self._anywhere.union([at for at, likeness in similar.items() if likeness < _STRONG])
            anywhere = strong | weak
            weight = 0.5 + math.log1p(len(self._library) / (1 + (strong or anywhere).bit_count()))
            term = _Term(similar, weight, anywhere, strong, self._in_name.union(similar))
            if len(self._terms) >= _CACHED_WORDS:
                self._terms = {}
            self._terms[word] = term
        return term

    def _candidates(self, terms: list["_Term"], fit: Fit | None) -> list[int]:
        """The responses that meet most of the query; among equals those that fit, then the most used."""
        found = 0
        counters = self._fitting(fit)
        for term in terms:
            found |= term.anywhere
            counters += [term.anywhere, term.anywhere, term.strong, term.in_name]
        return _first(_counted(found, counters), SCORED)

    def _fitting(self, fit: Fit | None) -> list[Bits]:
        groups = self._bits
        fitting = [groups.get(("approved", ""), 0)]
        if fit is not None:
            if fit.language:
                own = groups.get(("language", _primary(fit.language)), 0)
                fitting.append(own | groups.get(("language", ""), 0))
            if fit.network:
                fitting.append(groups.get(("network", fit.network), 0) | groups.get(("network", ""), 0))
            fitting += [groups.get(("tag", fold(tag)), 0) for tag in fit.tags[:MOST_WORDS]]
        return fitting


def rank(
    canned: Canned,
    found: Sequence[tuple[str, float]],
    fit: Fit | None,
    *,
    use_points: float = MOST_FOR_USE,
) -> Hit:
    """The score of one match: its parts (rule, share 0..1), what the fit takes away, a little for use."""
    why = [(rule, BEST_MATCH * share) for rule, share in found]
    score = sum(points for _, points in why)
    for rule, factor in fitness(canned, fit):
        why.append((rule, score * (factor - 1)))
        score *= factor
    used = use_points * use(canned, fit.now if fit else None)
    if used:
        why.append(("recent use", used))
    return Hit(canned, score + used, tuple(why))


_SHORTCUT, _NAME, _TAGS, _BODY = range(4)
_FIELDS = (("shortcut", IN_SHORTCUT), ("name", IN_NAME), ("tags", IN_TAGS), ("body", IN_BODY))


class _Entry(NamedTuple):
    """A response as numbers of words: each once, where it counts most."""

    words: "array[int]"
    ends: tuple[int, ...]
    """Where the words of shortcut, name, tags and body end."""
    text: str


def _read(canned: Canned, ids: defaultdict[str, int]) -> _Entry:
    name, tags = fold(canned.name), fold(" ".join(canned.tags))
    body = canned.body[:INDEXED_BODY]
    body = fold(body if canned.plain or "{" not in body else _LIQUID.sub(" ", body))
    named = words(name)
    if len(named) > 1:
        named.append(_INITIALS + "".join([word[0] for word in named]))
    distinct: dict[str, None] = {}
    ends = []
    for field in (words(fold(canned.shortcut)), named, words(tags), words(body)):
        distinct.update(dict.fromkeys(field))
        ends.append(len(distinct))
    return _Entry(array("I", [ids[word] for word in distinct]), tuple(ends), f"{name} {tags} {body[:COMPARED_TEXT]}")


@dataclass(frozen=True, slots=True)
class _Term:
    """One word of a query: the library's words it may mean, and where they stand."""

    similar: dict[int, float]
    weight: float
    anywhere: Bits
    strong: Bits
    in_name: Bits


def _matches(
    chosen: list[int],
    terms: list[_Term],
    entries: list[_Entry],
    query: str,
    most: int,
) -> list[tuple[int, tuple[tuple[str, float], ...]]]:
    """The parts of each match, as (rule, share); the shares of a perfect one add up to 1."""
    from rapidfuzz.fuzz import partial_ratio

    meant: dict[int, list[tuple[int, float]]] = {}
    for at, term in enumerate(terms):
        for word, likeness in term.similar.items():
            meant.setdefault(word, []).append((at, likeness))
    weights = [term.weight for term in terms]
    scored = [(at, _by_field(entries[at], meant, weights)) for at in chosen]
    scored.sort(key=lambda one: -sum([share for _, share in one[1]]))
    return [
        (at, (*parts, ("order", OF_ORDER * partial_ratio(query, entries[at].text) / 100)))
        for at, parts in scored[:most]
    ]


def _by_field(
    entry: _Entry, meant: dict[int, list[tuple[int, float]]], weights: list[float]
) -> list[tuple[str, float]]:
    best = [0.0] * len(weights)
    where = [_BODY] * len(weights)
    covered = start = 0
    for field, end in enumerate(entry.ends):
        worth = _FIELDS[field][1]
        for word in filter(meant.__contains__, entry.words[start:end]):
            covered += field == _NAME
            for term, likeness in meant[word]:
                if likeness * worth > best[term]:
                    best[term] = likeness * worth
                    where[term] = field
        start = end
    points = [0.0] * len(_FIELDS)
    for term, weight in enumerate(weights):
        points[where[term]] += weight * best[term]
    share = OF_WORDS / sum(weights)
    parts = [(_FIELDS[field][0], share * got) for field, got in enumerate(points) if got]
    if covered:
        parts.append(("whole name", OF_COVER * covered / (entry.ends[_NAME] - entry.ends[_SHORTCUT])))
    return parts


def _best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-round(hit.score, 6), hit.canned.name, hit.canned.id))[: max(0, limit)]


def _spaced(text: str) -> str:
    return " ".join(fold(text).split())


class _Words:
    """Every distinct word of a library, and which of them a typed word may mean."""

    def __init__(self, known: list[str]) -> None:
        self._known = known
        self._sorted = sorted((word, at) for at, word in enumerate(known))
        pairs: dict[str, list[int]] = defaultdict(list)
        letters: dict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(known):
            if not word.startswith(_INITIALS):
                for pair in _pairs(word):
                    pairs[pair].append(at)
                for letter in set(word):
                    letters[letter].append(at)
        self._pairs = {pair: _bits(members, len(known)) for pair, members in pairs.items()}
        self._short = _bits((at for at, word in enumerate(known) if len(word) <= 4), len(known))
        self._letters = {letter: _bits(members, len(known)) for letter, members in letters.items()}

    def like(self, typed: str) -> dict[int, float]:
        """Words by number, with a likeness 0..1."""
        found: dict[int, float] = {}
        if len(typed) >= 3:
            found.update(self._shortened(typed))
            for at, likeness in self._mistyped(typed):
                found[at] = max(likeness, found.get(at, 0.0))
        if len(typed) >= 2:
            for at, length in self._beginning(_INITIALS + typed):
                found[at] = 0.9 if length == len(typed) + 1 else 0.6
        for at, length in self._beginning(typed):
            found[at] = 1.0 if length == len(typed) else 0.78 + 0.2 * len(typed) / length
        return found

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
        for at in _members(self._near(typed, edits)):
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
        near = _at_least(kept, sets)
        if kept > 1:
            near |= _at_least(kept - 1, sets) & self._with_letters(typed)
        return near & self._short if len(typed) < 4 else near

    def _with_letters(self, typed: str) -> Bits:
        found = -1
        for letter in typed:
            found &= self._letters.get(letter, 0)
        return found

    def _shortened(self, typed: str) -> Iterator[tuple[int, float]]:
        """Letters left out after the first: `rfd` for `refund`, `bkng` for `booking`."""
        for at in _members(self._pairs.get(_START + typed[0], 0) & self._with_letters(typed)):
            word = self._known[at]
            if len(word) <= 3 * len(typed) and _holds(word, typed):
                yield at, 0.35 + 0.45 * len(typed) / len(word)


_START = "\x02"


def _pairs(word: str) -> set[str]:
    return {_START + word[0], *(word[at : at + 2] for at in range(len(word) - 1))}


def _holds(word: str, letters: str) -> bool:
    """The letters stand in the word in this order."""
    rest = iter(word)
    return all(letter in rest for letter in letters)


class _Postings:
    """For each word, the responses it stands in: rare ones as numbers, common ones as a bit set."""

    def __init__(self, members: dict[int, list[int]], size: int) -> None:
        self._size = size
        common = max(8, size // 1_000)  # from here on, uniting bit sets costs less than setting bits
        self._rare = {at: some for at, some in members.items() if len(some) < common}
        self._common = {at: _bits(some, size) for at, some in members.items() if len(some) >= common}

    def union(self, chosen: Iterable[int]) -> Bits:
        found = 0
        rare: list[int] = []
        for at in chosen:
            if at in self._common:
                found |= self._common[at]
            elif at in self._rare:
                rare += self._rare[at]
        return found | _bits(rare, self._size)


def _bits(members: Iterable[int], size: int) -> Bits:
    packed = bytearray(size // 8 + 1)
    for at in members:
        packed[at >> 3] |= 1 << (at & 7)
    return int.from_bytes(packed, "little")


def _members(found: Bits) -> Iterator[int]:
    """The numbers in a bit set, ascending."""
    digits = f"{found:b}"[::-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def _planes(sets: Iterable[Bits]) -> list[Bits]:
    """In how many of the sets each member stands, as binary digits, lowest first."""
    planes: list[Bits] = []
    for some in sets:
        carry = some
        for at, plane in enumerate(planes):
            planes[at], carry = plane ^ carry, plane & carry
            if not carry:
                break
        if carry:
            planes.append(carry)
    return planes


def _counted(found: Bits, sets: list[Bits]) -> Iterator[Bits]:
    """The members of `found` by how many of the sets hold them, most first."""
    planes = _planes(sets)
    for count in range(len(sets), -1, -1):
        level = found
        for at in range(max(len(planes), count.bit_length())):
            plane = planes[at] if at < len(planes) else 0
            level &= plane if count >> at & 1 else ~plane
        yield level


def _at_least(needed: int, sets: list[Bits]) -> Bits:
    found = 0
    everywhere = 0
    for some in sets:
        everywhere |= some
    for count, level in zip(range(len(sets), -1, -1), _counted(everywhere, sets), strict=True):
        if count >= needed:
            found |= level
    return found


def _first(levels: Iterator[Bits], most: int) -> list[int]:
    chosen: list[int] = []
    for level in levels:
        if level:
            for at in _members(level):
                chosen.append(at)
                if len(chosen) == most:
                    return chosen
    return chosen
