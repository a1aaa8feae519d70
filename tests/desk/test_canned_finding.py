"""How often the right text is found, by badly typed words of it, beside what other desks find."""

import random

import pytest
import questions
from questions import AMBIGUOUS, REPLIES, places, share

from tui.clock import DAY
from tui.desk.canned.response import Canned, Usage
from tui.desk.canned.search import Fit, Index, fold, words

SEEDS = (1, 2, 3, 4, 5)
LIBRARIES = {"made": questions.made} | ({"real": questions.real} if REPLIES.exists() else {})


@pytest.fixture(scope="module", params=LIBRARIES)
def bodies(request: pytest.FixtureRequest) -> list[str]:
    """A library; the real replies too where they are at hand."""
    return LIBRARIES[request.param]()


@pytest.mark.parametrize("seed", SEEDS)
def test_300_questions_are_answered(bodies: list[str], seed: int) -> None:
    asked, _ = questions.questions(bodies, seed, most=300, rounds=100)
    assert len(asked) == 300
    answered_well(places(questions.shiftdesk(bodies), asked))


def test_other_ways_to_search_find_far_less(bodies: list[str]) -> None:
    asked, _ = questions.questions(bodies, seed=1, most=300, rounds=100)
    ours = places(questions.shiftdesk(bodies), asked)
    for other in (questions.wratio(bodies), questions.prefixes(bodies)):
        theirs = places(other, asked)
        assert share(theirs, 3) < share(ours, 3) - 0.3
        assert share(theirs, 10) < share(ours, 10) - 0.3


def test_many_questions_from_each_text_are_answered(bodies: list[str]) -> None:
    asked, _ = questions.questions(bodies, seed=6, most=5_000, rounds=30)
    assert len({question.body for question in asked}) > 0.8 * len(bodies)
    at = places(questions.shiftdesk(bodies), asked)
    for rule in questions.RULES:
        answered_well([place for question, place in zip(asked, at, strict=True) if question.rule == rule])


def test_much_used_texts_do_not_crowd_out_the_one_that_was_meant(bodies: list[str]) -> None:
    rng = random.Random(7)
    usage = {number: _usage(rng) for number in range(1, len(bodies) + 1)}
    index = Index(
        (Canned(number, f"Reply {number}", body, tags=(rng.choice("abcd"),)) for number, body in enumerate(bodies, 1)),
        usage,
    )
    fit = Fit(language="en", network="x", tags=("a",), now=100 * DAY, similar={rng.choice([*usage]): 0.9})
    asked, _ = questions.questions(bodies, seed=8, most=1_000, rounds=100)

    def ranker(typed: str) -> list[str]:
        return [hit.canned.body for hit in index.search(typed, fit, 10)]

    answered_well(places(ranker, asked))


def test_a_question_has_hardly_more_than_one_answer(bodies: list[str]) -> None:
    sets = [set(words(fold(body))) for body in bodies]
    swapped = [one for one in questions.questions(bodies, 9, most=300, rounds=100)[0] if one.rule == "swapped"]
    assert swapped
    for question in swapped:
        assert 1 <= sum(set(question.typed.split()) <= one for one in sets) <= AMBIGUOUS
    alike = [f"We are here for you and glad to help {name}" for name in ("Ana", "Bo", "Cem", "Dee", "Eli")]
    _, left_out = questions.questions(alike, 1, most=300, rounds=20)
    assert left_out > 0


def answered_well(at: list[int]) -> None:
    """The right text is in the first 3 and in the first 10 as often as it must be."""
    assert share(at, 3) >= 0.95
    assert share(at, 10) >= 0.99


def _usage(rng: random.Random) -> Usage:
    """A few texts are used all day, most hardly ever."""
    uses = min(3_000, int(rng.paretovariate(0.5))) if rng.random() < 0.7 else 0
    last = (100 - rng.randrange(90)) * DAY if uses else None
    return Usage(uses, last, uses // 5, last if uses > 4 else None, int(uses * rng.random()), int(uses * 0.2))
