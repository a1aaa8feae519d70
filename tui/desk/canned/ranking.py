"""How a canned response that matches is ranked: for whom it is wanted, and why one goes before another.

    score = best × match × fit × recent use × acceptance

Each factor but the match is near 1 and says in `Hit.why` what it gave or took, in points; the points add up to the
score. Nothing here changes with time unless `Fit.now` does.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui.clock import DAY, Millis
from tui.desk.canned.response import Canned, Usage, validity
from tui.desk.canned.vocabulary import fold

HALF_LIFE = 14 * DAY
"""After this long without use, recent use counts half."""
OTHER_LANGUAGE, OTHER_NETWORK, NO_LONGER_VALID = 0.6, 0.55, 0.4
"""What an unfit response keeps of its score."""
ANY_LANGUAGE = ANY_NETWORK = 0.97
"""A little below one made for just this language or network."""


class Weights(NamedTuple):
    """The points of a perfect match, and the share that each other rule adds to them at most.

    `accepted` takes as much where a response is never sent as it is.
    """

    best: float
    words: float
    tags: float
    incident: float
    similar: float
    team_use: float
    own_use: float
    accepted: float


TYPED = Weights(56.0, words=0.08, tags=0.06, incident=0.12, similar=0.12, team_use=0.07, own_use=0.07, accepted=0.05)
"""Words were typed: what they match decides, the rest decides between matches that are nearly as good."""
SUGGESTED = Weights(7.5, words=0.9, tags=0.25, incident=0.5, similar=0.9, team_use=0.2, own_use=0.2, accepted=0.3)
"""Nothing was typed: the match is the same for all."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The conversation a response is wanted for, and who wants it. What is None or empty has no say."""

    language: str | None = None
    network: str | None = None
    tags: tuple[str, ...] = ()
    now: Millis | None = None
    account: str | None = None
    """As in `x:@northline`: responses of scope account are found for theirs only."""
    agent: str | None = None
    """Who looks: what is not approved, or is another agent's own, is not found."""
    incident: str | None = None
    """The name of the incident the conversation is linked to."""
    incidents: Collection[str] | None = None
    """The names of all open incidents: a response for another one is no longer valid."""
    similar: Mapping[int, float] = field(default_factory=dict)
    """By id of a response, 0..1: how like this post are those it answered before, see `similar.Similar`."""
    post: str = ""
    """What the customer wrote: a response with words of it is more likely meant."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A response that was found."""

    canned: Canned
    score: float
    """0..100"""
    why: tuple[tuple[str, float], ...]
    """Rules and their points; the points add up to the score."""


def rank(
    canned: Canned,
    found: Sequence[tuple[str, float]],
    fit: Fit | None,
    *,
    shared: float = 0.0,
    usage: Usage | None = None,
    weights: Weights = TYPED,
) -> Hit:
    """The score of one match: its parts (rule, share 0..1 of the best), times what each other rule says.

    `shared` is 0..1, what it has of the words of the post. Without `usage` the counters of the response stand for the
    team's, and acceptance has no say.
    """
    why = [(rule, weights.best * share) for rule, share in found]
    score = sum(points for _, points in why)
    said = "words of the post", 1 + weights.words * math.sqrt(shared)
    for rule, factor in (said, *fitness(canned, fit, weights), *_proven(canned, fit, usage, weights)):
        if factor != 1.0:
            why.append((rule, score * (factor - 1)))
            score *= factor
    return Hit(canned, score, tuple(why))


def fitness(canned: Canned, fit: Fit | None, weights: Weights = TYPED) -> list[tuple[str, float]]:
    """What each fact of the conversation makes of a match, as (rule, factor); a factor of 1 is left out."""
    if fit is None:
        return []
    language, network = max((_spoken(*text, fit) for text in texts(canned)), key=math.prod)
    shared = not {fold(tag) for tag in fit.tags}.isdisjoint(map(fold, canned.tags))
    own = bool(fit.incident) and fold(fit.incident or "") == fold(canned.incident)
    factors = [
        ("language", language),
        ("network", network),
        ("tags of the conversation", 1 + weights.tags * shared),
        ("its incident", 1 + weights.incident * own),
        ("similar posts", 1 + weights.similar * min(1.0, max(0.0, fit.similar.get(canned.id, 0.0)))),
        ("shelf life", 1.0 if _stands(canned, fit) else NO_LONGER_VALID),
    ]
    return [(rule, factor) for rule, factor in factors if factor != 1.0]


def texts(canned: Canned) -> list[tuple[str, str]]:
    """Language and network of each of its texts, its body first."""
    return [(canned.language, canned.network), *((one.language, one.network) for one in canned.variants)]


def primary(language: str) -> str:
    """The language of a tag, without its region."""
    return language.replace("_", "-").partition("-")[0].lower()


def use(canned: Canned, now: Millis | None) -> float:
    """0..1: how often and how lately it was used, by its own counters."""
    return _recent(canned.uses, canned.last_used, now)


def _spoken(language: str, network: str, fit: Fit) -> tuple[float, float]:
    """What the language and the network of one of its texts leave of a match."""
    said = heard = 1.0
    if fit.language and primary(language) != primary(fit.language):
        said = OTHER_LANGUAGE if language else ANY_LANGUAGE
    if fit.network and network != fit.network:
        heard = OTHER_NETWORK if network else ANY_NETWORK
    return said, heard


def _stands(canned: Canned, fit: Fit) -> bool:
    if not canned.approved or (fit.now is not None and validity(canned, fit.now) != "valid"):
        return False
    return not canned.incident or fit.incidents is None or fold(canned.incident) in map(fold, fit.incidents)


def _proven(canned: Canned, fit: Fit | None, usage: Usage | None, weights: Weights) -> Iterator[tuple[str, float]]:
    """What its use so far makes of a match, as (rule, factor)."""
    now = fit.now if fit else None
    if usage is None:
        yield "recent use", 1 + weights.team_use * use(canned, now)
        return
    yield "recent use", 1 + weights.team_use * _recent(usage.uses, usage.last_used, now)
    yield "your recent use", 1 + weights.own_use * _recent(usage.mine, usage.mine_last, now)
    yield "accepted", 1 + weights.accepted * (2 * min(1.0, max(0.0, usage.accepted)) - 1)


def _recent(uses: int, last: Millis | None, now: Millis | None) -> float:
    """0..1: half for how often (a thousand uses are all of it), half for how lately."""
    often = min(1.0, math.log10(1 + max(0, uses)) / 3)
    if now is None or last is None:
        return often / 2
    return often / 2 + math.exp2(-1 - max(0, now - last) / HALF_LIFE)
