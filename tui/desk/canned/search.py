"""Find a canned response by what an agent types: typos, missing letters, swapped words, accents, initials.

A query is matched word by word, see `vocabulary`. Sets of words and of responses are integers, see `bits`, so that
the responses that meet most of a query are known before one of them is looked at. Only those are scored, the best
of them with their whole text (rapidfuzz), see `matching`. How a match becomes a score, see `ranking`.

    100 an exact shortcut, 99 an exact name, whatever the fit
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from tui.clock import Millis
from tui.desk.canned import bits
from tui.desk.canned.bits import Bits, Postings
from tui.desk.canned.matching import BODY, Asked, Term, Texts, matches, met
from tui.desk.canned.ranking import SUGGESTED, Fit, Hit, fitness, primary, rank, texts, use
from tui.desk.canned.response import UNUSED, Canned, Usage, audience, barred
from tui.desk.canned.vocabulary import ADDRESS, Vocabulary, fold, words

__all__ = ["Fit", "Hit", "Index", "fitness", "fold", "rank", "use", "words"]

EXACT_SHORTCUT, EXACT_NAME, EXACT_FOLDED = 100.0, 99.5, 99.0

LONGEST_QUERY = 200
MOST_WORDS = 12
SCORED, REORDERED = 96, 32
"""How many candidates are scored, and how many of those compared as whole texts."""
OWN = 32
"""How many of an agent's own most used responses are thought of before a key is typed."""
LONGEST_POST, LOOKED_UP = 2_000, 100
"""Characters and words of a post that are looked for in the library."""
COMMON, FEW = 4, 12
"""A word that one response in so many has tells nothing of a post, but where there are only a few."""

_STRONG = 0.75
_CACHED_WORDS = 512

Group = tuple[str, str]
"""A fact that many responses share, as its kind and value."""


class Index:
    """A library made searchable. Immutable; build it off the event loop and search from any thread.

    `usage` is by id, as the agent who will search sees it; without any, the counters of the responses stand for it.
    """

    def __init__(self, library: Iterable[Canned], usage: Mapping[int, Usage] | None = None) -> None:
        self._usage = usage or {}
        self._library = sorted(library, key=self._most_used)
        self._at = {canned.id: at for at, canned in enumerate(self._library)}
        self._exact = _exactly(self._library)
        self._texts = Texts()
        groups: dict[Group, list[int]] = defaultdict(list)
        audiences: dict[tuple[object, ...], list[int]] = defaultdict(list)
        ids: defaultdict[str, int] = defaultdict(lambda: len(ids))
        anywhere: defaultdict[int, list[int]] = defaultdict(list)
        in_name: defaultdict[int, list[int]] = defaultdict(list)
        for at, canned in enumerate(self._library):
            for group in _groups(canned):
                groups[group].append(at)
            audiences[audience(canned)].append(at)
            self._texts.add(canned, ids)
            name, shortcut, *others = self._texts.fields(at)
            for word in chain(name, shortcut):
                in_name[word].append(at)
            for word in chain(name, shortcut, *others):
                anywhere[word].append(at)
        self._vocabulary = Vocabulary(list(ids))
        self._anywhere = Postings(anywhere, len(self._library))
        self._in_name = Postings(in_name, len(self._library))
        self._groups = Postings(groups, len(self._library))
        self._audiences = Postings(audiences, len(self._library))
        self._one_of = {key: self._library[some[0]] for key, some in audiences.items()}
        """Of each audience, one response that stands for all."""
        self._opened: tuple[tuple[str | None, str | None], Bits] = (None, None), self._open(None, None)
        self._incidents = [group for group in groups if group[0] == "incident"]
        self._own = self._numbers(sorted(self._usage, key=lambda id: -self._usage[id].mine)[:OWN])
        ending = sorted((one.valid_until, at) for at, one in enumerate(self._library) if one.valid_until is not None)
        self._ends = [end for end, _ in ending]
        self._by_end = [at for _, at in ending]
        self._ended: tuple[int, Bits] = 0, 0
        self._letters = {letter: self._meant_by(letter) for letter in self._vocabulary.common_letters()}
        self._terms: dict[str, Term] = {}
        self._posted = "", Asked([])
        """The post last asked about, as the picker asks again with every key."""

    def __len__(self) -> int:
        return len(self._library)

    def search(self, query: str, fit: Fit | None = None, limit: int = 20) -> list[Hit]:
        """The best responses for what is typed, best first, ties by name. An empty query suggests."""
        if not query.strip():
            return self.suggest(fit, limit)
        open_to = self._open_to(fit)
        hits = {
            at: Hit(self._library[at], points, ((rule, points),))
            for at, rule, points in self._typed(query)
            if open_to >> at & 1
        }
        folded = fold(query[:LONGEST_QUERY])
        terms = [self._term(word) for word in list(dict.fromkeys(words(folded)))[:MOST_WORDS]]
        if terms:
            chosen = [at for at in self._candidates(terms, open_to, fit) if at not in hits]
            post = self._post(fit)
            for at, found in matches(chosen, Asked(terms), self._texts, folded, max(REORDERED, limit)):
                hits[at] = rank(self._library[at], found, fit, shared=self._shared(at, post), usage=self._used(at))
        return _best(hits.values(), limit)

    def suggest(self, fit: Fit | None = None, limit: int = 5) -> list[Hit]:
        """What is likely wanted before a key is typed: what fits, answered similar posts, is used and accepted."""
        post = self._post(fit)
        counters = [
            *self._fitting(fit),
            self._own,
            *(term.anywhere for term in post.terms),
            *(term.in_name for term in post.terms),
        ]
        chosen = bits.first(bits.counted(self._open_to(fit), counters), max(SCORED, limit))
        nothing = (("nothing typed", 1.0),)
        return _best(
            (
                rank(
                    self._library[at], nothing, fit,
                    shared=self._shared(at, post), usage=self._used(at), weights=SUGGESTED,
                )
                for at in chosen
            ),
            limit,
        )  # fmt: skip

    def forget(self) -> None:
        """Drop what was learned about words already typed."""
        self._terms = {}

    def _most_used(self, canned: Canned) -> tuple[int, int, str, int]:
        """The order of the library: among equals the most used come first."""
        used = self._usage.get(canned.id, UNUSED)
        uses, last = (used.uses + used.mine, used.last_used) if self._usage else (canned.uses, canned.last_used)
        return -uses, -(last or 0), canned.name, canned.id

    def _used(self, at: int) -> Usage | None:
        return self._usage.get(self._library[at].id, UNUSED) if self._usage else None

    def _numbers(self, ids: Iterable[int]) -> Bits:
        return bits.bits([self._at[id] for id in ids if id in self._at], len(self._library))

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

    def _term(self, word: str) -> Term:
        term = self._letters.get(word) or self._terms.get(word)
        if term is None:
            if len(self._terms) >= _CACHED_WORDS:
                self._terms = {}
            term = self._terms[word] = self._meant_by(word)
        return term

    def _meant_by(self, word: str) -> Term:
        return self._standing(self._vocabulary.like(word))

    def _standing(self, similar: dict[int, float]) -> Term:
        strong = self._anywhere.union([at for at, likeness in similar.items() if likeness >= _STRONG])
        weak = self._anywhere.union([at for at, likeness in similar.items() if likeness < _STRONG])
        anywhere = strong | weak
        weight = 0.5 + math.log1p(len(self._library) / (1 + (strong or anywhere).bit_count()))
        return Term(similar, weight, anywhere, strong, self._in_name.union(similar))

    def _post(self, fit: Fit | None) -> Asked:
        """The words of the post that tell most: rare ones that stand in some response, in any of their forms."""
        post = fit.post[:LONGEST_POST] if fit else ""
        last, asked = self._posted
        if post != last:
            said = islice(dict.fromkeys(words(fold(ADDRESS.sub(" ", post)))), LOOKED_UP)
            terms = [self._standing(forms) for word in said if (forms := self._vocabulary.forms(word))]
            telling = [term for term in terms if COMMON * term.anywhere.bit_count() <= len(self._library) + FEW]
            asked = Asked(sorted(telling, key=lambda term: -term.weight)[:MOST_WORDS])
            self._posted = post, asked
        return asked

    def _shared(self, at: int, post: Asked) -> float:
        """0..1: what a response has of the words of a post; a body says less of what it is about than a name."""
        if not post.terms:
            return 0.0
        points, _ = met(self._texts.fields(at), post)
        points[BODY] /= 2
        return sum(points) / sum(post.weights)

    def _candidates(self, terms: list[Term], open_to: Bits, fit: Fit | None) -> list[int]:
        """The responses that meet most of the query; among equals those that fit, then the most used."""
        found = 0
        counters = self._fitting(fit)
        for term in terms:
            found |= term.anywhere
            counters += [term.anywhere, term.anywhere, term.strong, term.in_name]
        return bits.first(bits.counted(found & open_to, counters), SCORED)

    def _open_to(self, fit: Fit | None) -> Bits:
        """What this agent may use in this conversation; the picker asks again with every key."""
        asked = (fit.agent, fit.account and _account(fit.account, fit.network)) if fit else (None, None)
        last, found = self._opened
        if last != asked:
            found = self._open(*asked)
            self._opened = asked, found
        return found

    def _open(self, agent: str | None, account: str | None) -> Bits:
        return self._audiences.union(
            key for key, canned in self._one_of.items() if barred(canned, agent=agent, account=account) is None
        )

    def _fitting(self, fit: Fit | None) -> list[Bits]:
        """Sets of responses; the more of them hold one, the better it fits."""
        group = self._groups.union
        fitting = [group([("approved", "")]) & ~self._gone(fit)]
        if fit is None:
            return fitting
        if fit.language:
            fitting.append(group([("language", primary(fit.language)), ("language", "")]))
        if fit.network:
            fitting.append(group([("network", fit.network), ("network", "")]))
        if fit.incident:
            fitting += [group([("incident", fold(fit.incident))])] * 2
        if fit.similar:
            fitting += [self._numbers(fit.similar)] * 2
        return fitting + [group([("tag", fold(tag))]) for tag in fit.tags[:MOST_WORDS]]

    def _gone(self, fit: Fit | None) -> Bits:
        """What is past its shelf life, or about an incident that is not open."""
        gone = 0
        if fit is not None and fit.now is not None:
            gone = self._past(fit.now)
        if fit is not None and fit.incidents is not None and self._incidents:
            still = set(map(fold, fit.incidents))
            gone |= self._groups.union([group for group in self._incidents if group[1] not in still])
        return gone

    def _past(self, now: Millis) -> Bits:
        count = bisect_right(self._ends, now)
        last, past = self._ended
        if last != count:
            past = bits.bits(self._by_end[:count], len(self._library))
            self._ended = count, past
        return past


def _groups(canned: Canned) -> set[Group]:
    """What it has in common with others."""
    found = {("tag", fold(tag)) for tag in canned.tags}
    for language, network in texts(canned):
        found |= {("language", primary(language)), ("network", network)}
    if canned.approved:
        found.add(("approved", ""))
    if canned.incident:
        found.add(("incident", fold(canned.incident)))
    return found


def _account(account: str, network: str | None) -> str:
    return account if ":" in account else f"{network}:{account}"


def _exactly(library: Sequence[Canned]) -> dict[tuple[float, str], tuple[int, ...]]:
    """Where the responses stand that are named by a text, by the points it is worth."""
    found: dict[tuple[float, str], list[int]] = defaultdict(list)
    for at, canned in enumerate(library):
        found[EXACT_NAME, canned.name].append(at)
        found[EXACT_FOLDED, _spaced(canned.name)].append(at)
        if canned.shortcut.strip():
            found[EXACT_SHORTCUT, _spaced(canned.shortcut)].append(at)
    return {key: tuple(some) for key, some in found.items()}


def _best(hits: Iterable[Hit], limit: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-round(hit.score, 6), hit.canned.name, hit.canned.id))[: max(0, limit)]


def _spaced(text: str) -> str:
    return " ".join(fold(text).split())
