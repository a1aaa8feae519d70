"""Figures for canned search: speed against 10,000 responses, accuracy on real replies. Decides nothing.

    python tests/bench/bench_canned.py [--size N] [--replies FILE]

Speed, in CPU time. A made-up library of N responses; queries are what stands
in the field after each key of a word typed, a third of the words misspelt. `cold` forgets between queries.
Accuracy. FILE (`brand,uses,body`) is the library, named by brand and number so that only bodies can match.
From each body three to five words in a row, of three letters or more, with one corruption:
    prefix   each word cut to its first 60 %, three letters at least
    dropped  two words lose one letter each, never the first
    swapped  two words change places
    typo     one word of four letters or more gets one typo: a letter lost, doubled, replaced or two exchanged
    typos    the same twice, in two words
A query counts only where at most three bodies hold all the words it was made from.
Compared with plain WRatio over the bodies, and with prefix search: every typed word begins a word of the body.
"""

import argparse
import csv
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rapidfuzz import fuzz, process

from tui.desk.canned.response import Canned
from tui.desk.canned.search import Fit, Index, fold, words

DATA = Path(__file__).resolve().parents[2] / "../shared/data/reused-replies.csv"
WORD = re.compile(r"[^\W\d_]{3,}")
QUERIES = 300
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Ranker = Callable[[str], list[str]]


def typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return {
        "lost": word[:at] + word[at + 1 :],
        "doubled": word[: at + 1] + word[at:],
        "replaced": word[:at] + rng.choice(LETTERS) + word[at + 1 :],
        "exchanged": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[rng.choice(["lost", "doubled", "replaced", "exchanged"])]


def corrupt(rule: str, chosen: list[str], rng: random.Random) -> list[str]:
    changed = list(chosen)
    long = [at for at, word in enumerate(changed) if len(word) >= 4]
    if rule == "prefix":
        return [word[: max(3, round(len(word) * 0.6))] for word in changed]
    if rule == "swapped":
        a, b = rng.sample(range(len(changed)), 2)
        changed[a], changed[b] = changed[b], changed[a]
        return changed
    for at in rng.sample(long, min(len(long), 1 if rule == "typo" else 2)):
        if rule == "dropped":
            cut = rng.randrange(1, len(changed[at]))
            changed[at] = changed[at][:cut] + changed[at][cut + 1 :]
        else:
            changed[at] = typo(changed[at], rng)
    return changed


def questions(bodies: list[str], seed: int = 1) -> tuple[list[tuple[str, str, str]], int]:
    """(rule, query, body) for QUERIES queries, and how many were left out as ambiguous."""
    rng = random.Random(seed)
    sets = [set(words(fold(body))) for body in bodies]
    asked: list[tuple[str, str, str]] = []
    left_out = 0
    rules = ["prefix", "dropped", "swapped", "typo", "typos"]
    for turn in range(50):
        for body in rng.sample(bodies, len(bodies)):
            spoken = [word for word in words(fold(body)) if WORD.fullmatch(word)]
            if len(asked) == QUERIES or len(spoken) < 3:
                continue
            size = min(len(spoken), rng.randint(3, 5))
            start = rng.randrange(len(spoken) - size + 1)
            chosen = spoken[start : start + size]
            rule = rules[(len(asked) + turn) % len(rules)]
            if sum(set(chosen) <= one for one in sets) > 3:
                left_out += 1
                continue
            asked.append((rule, " ".join(corrupt(rule, chosen, rng)), body))
    return asked, left_out


def accuracy(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list({fold(row["body"]): row for row in csv.DictReader(file)}.values())
    bodies = [row["body"] for row in rows]
    index = Index(Canned(id=n, name=f"{row['brand']} {n}", body=row["body"]) for n, row in enumerate(rows, 1))
    folded = {body: fold(body) for body in bodies}
    split = {body: words(text) for body, text in folded.items()}

    def ours(query: str) -> list[str]:
        return [hit.canned.body for hit in index.search(query, limit=10)]

    def wratio(query: str) -> list[str]:
        return [body for _, _, body in process.extract(query, folded, scorer=fuzz.WRatio, limit=10)]

    def prefix(query: str) -> list[str]:
        typed = query.split()
        return [b for b in bodies if all(any(w.startswith(t) for w in split[b]) for t in typed)][:10]

    asked, left_out = questions(bodies)
    print(f"{len(bodies)} bodies, {len(asked)} queries, {left_out} left out as ambiguous")
    rankers: dict[str, Ranker] = {"shiftdesk": ours, "WRatio": wratio, "prefix search": prefix}
    for name, ranker in rankers.items():
        found = [(rule, query, body, ranker(query)) for rule, query, body in asked]
        first3 = [body in hits[:3] for _, _, body, hits in found]
        first10 = [body in hits for _, _, body, hits in found]
        print(f"{name:14} first 3 {statistics.mean(first3):6.1%}   first 10 {statistics.mean(first10):6.1%}")
        if name == "shiftdesk":
            for (rule, query, body, _), good in zip(found, first3, strict=True):
                if not good:
                    print(f"    missed ({rule}): {query!r} for {body[:70]!r}")


def made_up(size: int, seed: int = 2) -> list[Canned]:
    """Responses over a vocabulary that grows as a real one does, names of three words, bodies of thirty."""
    rng = random.Random(seed)
    syllables = [a + b for a in "bcdfghlmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "or", "st")]
    known = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(2_000 + size // 2)]
    weights = [1 / (rank + 3) for rank in range(len(known))]
    spoken = rng.choices(known, weights, k=33 * size)
    return [
        Canned(
            id=at + 1,
            name=" ".join(spoken[33 * at : 33 * at + 3]).capitalize(),
            body=" ".join(spoken[33 * at + 3 : 33 * at + 33]),
            tags=(known[at % 40],),
            language=rng.choice(["", "en", "es", "de"]),
            network=rng.choice(["", "", "x", "mastodon"]),
            uses=int(rng.paretovariate(1)),
        )
        for at in range(size)
    ]


def keystrokes(library: list[Canned], count: int, seed: int = 3) -> list[str]:
    """Every state of the query while names and bodies are typed, a third of the words with a typo."""
    rng = random.Random(seed)
    typed: list[str] = []
    while len(typed) < count:
        canned = rng.choice(library)
        source = canned.name if rng.random() < 0.6 else canned.body
        chosen = [
            typo(word, rng) if len(word) > 3 and rng.random() < 0.34 else word
            for word in rng.sample(source.lower().split(), rng.randint(1, 3))
        ]
        whole = " ".join(chosen)
        typed += [whole[: end + 1] for end in range(len(whole))]
    return typed[:count]


def speed(size: int) -> None:
    library = made_up(size)
    start = time.process_time()
    index = Index(library)
    built = time.process_time() - start
    fit = Fit(language="en", network="x", tags=("delay",), now=0)
    index.search("warm up", fit)
    took: dict[str, list[float]] = {"typed": [], "cold": [], "suggest": []}
    for query in keystrokes(library, 1_000):
        start = time.process_time()
        index.search(query, fit)
        took["typed"].append(time.process_time() - start)
    for query in keystrokes(library, 300, seed=4):
        index.forget()
        start = time.process_time()
        index.search(query, fit)
        took["cold"].append(time.process_time() - start)
    for _ in range(50):
        start = time.process_time()
        index.suggest(fit)
        took["suggest"].append(time.process_time() - start)
    names = [fold(f"{one.name} {one.body}") for one in library]
    plain = []
    for query in keystrokes(library, 10, seed=5):
        start = time.process_time()
        process.extract(query, names, scorer=fuzz.WRatio, limit=20)
        plain.append(time.process_time() - start)
    print(f"{size:,} responses: index built in {built:.2f} s")
    for name, times in took.items():
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        share = p95 / statistics.median(plain)
        print(f"    {name:8} p50 {p50 * 1e3:6.2f} ms   p95 {p95 * 1e3:6.2f} ms   p95 {share:.4f} × WRatio over all")


def main() -> int:
    options = argparse.ArgumentParser(description="Figures for canned search")
    options.add_argument("--size", type=int, default=10_000)
    options.add_argument("--replies", type=Path, default=DATA)
    given = options.parse_args()
    speed(given.size)
    if given.replies.exists():
        accuracy(given.replies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
