"""Questions that have one right answer: what an agent might type who has a canned response in mind, badly.

The library is real replies by number, so that only their bodies can match. A question is made from one body: three
to five of its words in a row, leaving out words of less than three letters, with one corruption:

    prefix   each word cut to its first 60 %, three letters at least
    dropped  two words lose one letter each, never the first
    swapped  two words change places
    typo     one word of four letters or more gets one typo: a letter lost, doubled or replaced, or two exchanged;
             the first letter stays
    typos    the same in two words

It counts only where at most three bodies hold all the words it was made from.
"""

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from pathlib import Path

from tui.desk.canned.response import Canned
from tui.desk.canned.search import Index, fold, words

REPLIES = Path(__file__).resolve().parents[3] / "shared/data/reused-replies.csv"
"""`brand,uses,body`: replies that brands really reused. Not part of this repository."""
RULES = ("prefix", "dropped", "swapped", "typo", "typos")
NOWHERE = 1_000
AMBIGUOUS = 3
"""A question that more bodies answer has no right answer."""

Ranker = Callable[[str], list[str]]
"""The ten best bodies for what is typed."""

_SPOKEN = re.compile(r"[^\W\d_]{3,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, how it was made, and the body it was made from."""

    rule: str
    typed: str
    body: str


def real(path: Path = REPLIES) -> list[str]:
    """The bodies of a file, the most used first."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: -int(row["uses"]))
    return list({fold(row["body"]): row["body"] for row in rows}.values())


def made() -> list[str]:
    """Some 300 bodies like those that desks reuse, for where REPLIES is not."""
    openers = ["Hi there", "Hello", "Thanks for letting us know", "We are sorry to hear this", "Good morning"]
    things = [
        "suitcase", "refund", "ticket", "seat reservation", "wheelchair assistance", "voucher", "timetable",
        "connection", "season card", "lost umbrella", "bicycle space", "sleeping car", "breakfast",
        "student discount", "platform change", "invoice", "receipt", "password", "loyalty points", "delivery",
        "parcel", "replacement bus", "night train", "group booking", "insurance claim", "dog ticket",
        "luggage label", "travel certificate", "payment", "complaint",
    ]  # fmt: skip
    says = [
        "could you send us the number of your {} by direct message so that we can check it",
        "your {} has been confirmed and an email is on its way to you",
        "we have passed your words about the {} on to the station manager",
        "please show your {} to the crew before departure",
        "the {} cannot be changed online but our colleagues at the counter will gladly do it",
        "unfortunately there is no {} on this line until the works are finished",
        "a technical fault delays every {} today and we expect it to be repaired by noon",
        "you may ask for a new {} within fourteen days of your journey",
        "we looked into your {} and found nothing wrong; which error do you see exactly",
        "for a {} abroad the rules of the partner company apply, they are on our website",
    ]
    return [
        f"{openers[at % len(openers)]}, {say.format(thing)}. ^{thing[0].upper()}{at}"
        for at, (thing, say) in enumerate(product(things, says))
    ]


def questions(bodies: Sequence[str], seed: int, *, most: int, rounds: int) -> tuple[list[Question], int]:
    """At most `most` questions, at most `rounds` from each body; and how many were left out as ambiguous."""
    rng = random.Random(seed)
    spoken = {body: [word for word in words(fold(body)) if _SPOKEN.fullmatch(word)] for body in bodies}
    holding: defaultdict[str, set[str]] = defaultdict(set)
    for body in bodies:
        for word in words(fold(body)):
            holding[word].add(body)
    long_enough = [body for body in bodies if len(spoken[body]) >= 3]
    asked: list[Question] = []
    left_out = tried = 0
    for _ in range(rounds):
        for body in rng.sample(long_enough, len(long_enough)):
            if len(asked) == most:
                break
            chosen = _in_a_row(spoken[body], rng)
            rule = RULES[tried % len(RULES)]
            tried += 1
            if len(reduce(set.intersection, (holding[word] for word in chosen))) > AMBIGUOUS:
                left_out += 1
            else:
                asked.append(Question(rule, " ".join(corrupt(rule, chosen, rng)), body))
    return asked, left_out


def corrupt(rule: str, chosen: list[str], rng: random.Random) -> list[str]:
    """The words as the rule leaves them."""
    if rule == "prefix":
        return [word[: max(3, round(len(word) * 0.6))] for word in chosen]
    changed = list(chosen)
    if rule == "swapped":
        a, b = rng.sample(range(len(changed)), 2)
        changed[a], changed[b] = changed[b], changed[a]
        return changed
    long = [at for at, word in enumerate(changed) if len(word) >= 4]
    for at in rng.sample(long, min(len(long), 1 if rule == "typo" else 2)):
        changed[at] = dropped(changed[at], rng) if rule == "dropped" else typo(changed[at], rng)
    return changed


def dropped(word: str, rng: random.Random) -> str:
    """A letter less."""
    cut = rng.randrange(1, len(word))
    return word[:cut] + word[cut + 1 :]


def typo(word: str, rng: random.Random) -> str:
    """One slip of the finger."""
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[: at + 1] + word[at:],
            word[:at] + rng.choice(_LETTERS) + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )


def _in_a_row(spoken: list[str], rng: random.Random) -> list[str]:
    size = min(len(spoken), rng.randint(3, 5))
    start = rng.randrange(len(spoken) - size + 1)
    return spoken[start : start + size]


def places(ranker: Ranker, asked: Sequence[Question]) -> list[int]:
    """Of each question: the place of its body among the answers, from 0; NOWHERE where it is none of them."""
    answers = [(question.body, ranker(question.typed)) for question in asked]
    return [hits.index(body) if body in hits else NOWHERE for body, hits in answers]


def share(at: Sequence[int], first: int) -> float:
    """How much of it is among the first so many."""
    return sum(place < first for place in at) / len(at)


def shiftdesk(bodies: Sequence[str]) -> Ranker:
    """Our search. The names say nothing, and no response is used more than another."""
    index = Index(Canned(id=number, name=f"Reply {number}", body=body) for number, body in enumerate(bodies, 1))
    return lambda typed: [hit.canned.body for hit in index.search(typed, limit=10)]


def wratio(bodies: Sequence[str]) -> Ranker:
    """rapidfuzz's WRatio of what is typed and each body."""
    from rapidfuzz import fuzz, process

    folded = {body: fold(body) for body in bodies}
    return lambda typed: [body for _, _, body in process.extract(typed, folded, scorer=fuzz.WRatio, limit=10)]


def prefixes(bodies: Sequence[str]) -> Ranker:
    """As other desks do it: every typed word begins a word of the body; the most used come first."""
    split = {body: words(fold(body)) for body in bodies}

    def ranker(typed: str) -> list[str]:
        begun = typed.split()
        return [body for body in bodies if all(any(w.startswith(t) for w in split[body]) for t in begun)][:10]

    return ranker
