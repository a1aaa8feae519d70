"""Figures for canned search: speed, size, and how often the right text is found. Decides nothing.

    python tests/bench/bench_canned.py [--size N ...] [--seeds N] [--each N] [--replies FILE]

Speed, of one search. A made-up library of N responses with their use; queries are what stands in the field after each
key of a word typed, a third of the words misspelt. `cold` forgets between queries what it learned about words.
`suggest` is before a key is typed, for another post each time. Times are CPU and wall; beside them stands WRatio over
all, in the same run. `similar` compares a post with 2,000 answered before. What a key costs on screen: `bench_picker`.
Accuracy. FILE (`brand,uses,body`) is the library and its own bodies are asked for, see `tests/desk/questions.py`:
300 questions for each of some seeds, the worst of them counting, then --each from every body. Two other ways to
search are asked the same.
"""

import argparse
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from rapidfuzz import fuzz, process

sys.path.insert(0, str(Path(__file__).parents[1] / "desk"))

import questions
from questions import places, share, typo

from tui.clock import DAY
from tui.desk.canned.response import Canned, Usage
from tui.desk.canned.search import Fit, Index, fold
from tui.desk.canned.similar import Similar

NOW = 100 * DAY
FIT = Fit(language="en", network="x", tags=("delay",), now=NOW, account="x:@northline", agent="ana", incidents=())
EVERYTHING = 10**9


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
            valid_until=rng.choice([None, None, None, NOW - DAY, NOW + DAY]),
            uses=int(rng.paretovariate(1)),
        )
        for at in range(size)
    ]


def used(library: Iterable[Canned], seed: int = 6) -> dict[int, Usage]:
    """A third of them used in the last 90 days, some by the agent who searches."""
    rng = random.Random(seed)
    return {
        one.id: Usage(one.uses, NOW - rng.randrange(90) * DAY, one.uses // 5, NOW - DAY, one.uses // 4, one.uses // 9)
        for one in library
        if rng.random() < 0.34
    }


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


class Took:
    """CPU and wall time of calls, in milliseconds."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def of(self, call: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        self.cpu.append((time.process_time() - cpu) * 1e3)
        self.wall.append((time.perf_counter() - wall) * 1e3)

    def row(self, name: str, yardstick: float | None = None) -> str:
        shares = "" if yardstick is None else f"   p95 {p95(self.cpu) / yardstick:.4f} × WRatio over all"
        return (
            f"    {name:8} CPU p50 {statistics.median(self.cpu):7.2f}  p95 {p95(self.cpu):7.2f} ms"
            f"   wall p50 {statistics.median(self.wall):7.2f}  p95 {p95(self.wall):7.2f} ms{shares}"
        )


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def resident() -> float:
    """Megabytes of this process in memory (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def speed(size: int) -> None:
    library = made_up(size)
    usage = used(library)
    before, built = resident(), Took()
    index = Index(library, usage)
    print(f"{size:,} responses: the index takes {resident() - before:.0f} MB")
    built.of(lambda: Index(library, usage))
    print(f"    built in {built.cpu[0] / 1e3:.2f} s of CPU, {built.wall[0] / 1e3:.2f} s")
    fit = replace(FIT, post=made_up(1, seed=9)[0].body)
    index.search("warm up", fit)
    plain = Took()
    texts = [fold(f"{one.name} {one.body}") for one in library]
    for query in keystrokes(library, 8, seed=5):
        plain.of(lambda q=query: process.extract(q, texts, scorer=fuzz.WRatio, limit=20))
    yardstick = statistics.median(plain.cpu)
    typed, cold, suggest = Took(), Took(), Took()
    for query in keystrokes(library, 1_000):
        typed.of(lambda q=query: index.search(q, fit))
    for query in keystrokes(library, 500, seed=4):
        index.forget()
        cold.of(lambda q=query: index.search(q, fit))
    for post in (one.body for one in made_up(200, seed=8)):
        suggest.of(lambda p=post: index.suggest(replace(FIT, post=p)))
    for name, took in (("typed", typed), ("cold", cold), ("suggest", suggest)):
        print(took.row(name, yardstick))
    print(f"    WRatio over all {yardstick:.1f} ms")


def similar() -> None:
    posts = [one.body for one in made_up(2_500, seed=7)]
    known = Similar((post, at % 300) for at, post in enumerate(posts[:2_000]))
    took = Took()
    for post in posts[2_000:]:
        took.of(lambda p=post: known.like(p))
    print("2,000 answered posts")
    print(took.row("similar"))


def accuracy(bodies: list[str], seeds: int, each: int) -> None:
    rankers = {
        "shiftdesk": questions.shiftdesk(bodies),
        "WRatio": questions.wratio(bodies),
        "prefix search": questions.prefixes(bodies),
    }
    asked = [questions.questions(bodies, seed, most=300, rounds=100) for seed in range(1, seeds + 1)]
    print(f"{len(bodies)} bodies; 300 questions for each of {seeds} seeds, the worst of them;", end=" ")
    print(f"left out as ambiguous {min(out for _, out in asked)} to {max(out for _, out in asked)}")
    for name, ranker in rankers.items():
        at = [places(ranker, some) for some, _ in asked]
        print(f"{name:14} first 3 {min(share(one, 3) for one in at):7.2%}", end="   ")
        print(f"first 10 {min(share(one, 10) for one in at):7.2%}")
    if each:
        many, out = questions.questions(bodies, 99, most=EVERYTHING, rounds=each)
        print(f"{each} from each body: {len(many):,} questions, {out:,} left out as ambiguous")
        for name, ranker in rankers.items():
            every = places(ranker, many)
            print(f"{name:14} first 3 {share(every, 3):7.2%}   first 10 {share(every, 10):7.2%}")
            if name == "shiftdesk":
                by_rule(many, every)


def by_rule(asked: list[questions.Question], at: list[int]) -> None:
    for rule in questions.RULES:
        some = [place for question, place in zip(asked, at, strict=True) if question.rule == rule]
        print(f"    {rule:10} first 3 {share(some, 3):7.2%}   first 10 {share(some, 10):7.2%}   of {len(some):,}")


def main() -> int:
    options = argparse.ArgumentParser(description="Figures for canned search")
    options.add_argument("--size", type=int, nargs="*", default=[10_000, 100_000])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--each", type=int, default=30, help="300 takes five minutes")
    options.add_argument("--replies", type=Path, default=questions.REPLIES)
    given = options.parse_args()
    for size in given.size:
        speed(size)
    similar()
    accuracy(questions.real(given.replies) if given.replies.exists() else questions.made(), given.seeds, given.each)
    return 0


if __name__ == "__main__":
    sys.exit(main())
