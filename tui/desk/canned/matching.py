"""How well a response meets words: those of a query, or those of a post.

    match = 0.72 × words found, rare ones weigh more + 0.10 × share of the name + 0.18 × order and nearness

A word in the name counts more than one in the tags, and that more than one in a text; every variant is searched.
"""

import re
from array import array
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from tui.desk.canned.bits import Bits
from tui.desk.canned.response import Canned
from tui.desk.canned.vocabulary import INITIALS, fold, words

IN_SHORTCUT, IN_NAME, IN_TAGS, IN_BODY = 1.0, 1.0, 0.85, 0.7
"""What a word is worth by where it stands."""
OF_WORDS, OF_COVER, OF_ORDER = 0.72, 0.10, 0.18
"""Shares of the match: the query's words found, the name covered by them, their order and nearness."""

INDEXED_TEXT = 2_000
"""Characters of each text of a response that are searched."""
COMPARED_TEXT = 400

_LIQUID = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}")

NAME, SHORTCUT, TAGS, BODY = range(4)
_FIELDS = (("name", IN_NAME), ("shortcut", IN_SHORTCUT), ("tags", IN_TAGS), ("body", IN_BODY))


class Texts:
    """The responses as numbers of words: each once, where it counts most. Flat, so that they cost a garbage
    collection nothing, however many there are.
    """

    def __init__(self) -> None:
        self._words = array("I")
        self._ends = array("I", [0])
        """Where the words of name, shortcut, tags and texts end, response by response."""
        self.compared: list[str] = []
        """What the whole query is compared with."""

    def add(self, canned: Canned, ids: defaultdict[str, int]) -> None:
        """One more; `ids` numbers the words."""
        name, tags = fold(canned.name), fold(" ".join(canned.tags))
        body = _wording(canned.body, canned.plain)
        named = words(name)
        if len(named) > 1:
            named.append(INITIALS + "".join([word[0] for word in named]))
        spoken = words(body)
        for one in canned.variants:
            spoken += words(_wording(one.body, one.plain))
        distinct: dict[str, None] = {}
        start = len(self._words)
        for field in (named, words(fold(canned.shortcut)), words(tags), spoken):
            distinct.update(dict.fromkeys(field))
            self._ends.append(start + len(distinct))
        self._words.extend([ids[word] for word in distinct])
        self.compared.append(f"{name} {tags} {body[:COMPARED_TEXT]}")

    def fields(self, at: int) -> list["array[int]"]:
        """Its words in name, shortcut, tags and texts."""
        start = len(_FIELDS) * at
        ends = self._ends[start : start + len(_FIELDS) + 1]
        return [self._words[start:end] for start, end in pairwise(ends)]


def _wording(body: str, plain: bool) -> str:
    """What is searched of a text: variables of a template are not its words."""
    body = body[:INDEXED_TEXT]
    return fold(body if plain or "{" not in body else _LIQUID.sub(" ", body))


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query: the library's words it may mean, and where they stand."""

    similar: dict[int, float]
    weight: float
    anywhere: Bits
    strong: Bits
    in_name: Bits


class Asked:
    """The words of a query or of a post together."""

    def __init__(self, terms: list[Term]) -> None:
        self.terms = terms
        self.weights = [term.weight for term in terms]
        self.meant: dict[int, list[tuple[int, float]]] = {}
        """By word of the library: which of the terms mean it, and how much."""
        for at, term in enumerate(terms):
            for word, likeness in term.similar.items():
                self.meant.setdefault(word, []).append((at, likeness))


def matches(
    chosen: list[int], asked: Asked, texts: Texts, query: str, most: int
) -> list[tuple[int, tuple[tuple[str, float], ...]]]:
    """The parts of each match, as (rule, share); the shares of a perfect one add up to 1."""
    from rapidfuzz.fuzz import partial_ratio

    scored = [(at, _by_field(texts.fields(at), asked)) for at in chosen]
    scored.sort(key=lambda one: -sum([share for _, share in one[1]]))
    return [
        (at, (*parts, ("order", OF_ORDER * partial_ratio(query, texts.compared[at]) / 100)))
        for at, parts in scored[:most]
    ]


def _by_field(fields: list["array[int]"], asked: Asked) -> list[tuple[str, float]]:
    points, covered = met(fields, asked)
    share = OF_WORDS / sum(asked.weights)
    parts = [(_FIELDS[field][0], share * got) for field, got in enumerate(points) if got]
    if covered:
        parts.append(("whole name", OF_COVER * covered / len(fields[NAME])))
    return parts


def met(fields: list["array[int]"], asked: Asked) -> tuple[list[float], int]:
    """What the terms are worth in each field, each where it is worth most; and how many words of the name they mean."""
    best = [0.0] * len(asked.terms)
    where = [BODY] * len(asked.terms)
    meant, covered = asked.meant, 0
    for field, spoken in enumerate(fields):
        worth = _FIELDS[field][1]
        for word in filter(meant.__contains__, spoken):
            covered += field == NAME
            for term, likeness in meant[word]:
                if likeness * worth > best[term]:
                    best[term] = likeness * worth
                    where[term] = field
    points = [0.0] * len(_FIELDS)
    for term, weight in enumerate(asked.weights):
        points[where[term]] += weight * best[term]
    return points, covered
