"""`late`: never blocks, and offers an apology that can be sent as it stands."""

from dataclasses import replace

import pytest
from guarding import REPLY, SAFE, case, finding, ours, post, said

from tui.clock import DAY, HOUR, MINUTE
from tui.desk.guard import Case
from tui.desk.guard.phrases import Phrases, shipped

TEXT = "The crew has been told."


def offered(made: Case) -> list[str]:
    found = finding("late", made)
    assert found is not None
    assert all(offer.place == "before" for offer in found.offers)
    return [offer.text for offer in found.offers]


@pytest.mark.parametrize(
    ("lang", "language"),
    [("en", "en"), ("de", "de"), ("fr-CA", "fr"), ("ES", "es"), (None, "en"), ("und", "en"), ("ja", "en")],
)
def test_three_apologies_in_the_language_of_the_last_word(lang: str | None, language: str) -> None:
    made = case(post(5 * HOUR, lang="it"), post(3 * HOUR, lang=lang), text=TEXT, id=3)
    assert offered(made) == list(shipped().apologies(language))


def test_not_everybody_is_offered_the_same_first() -> None:
    firsts = [offered(case(post(5 * HOUR), text=TEXT, id=number))[0] for number in range(1, 7)]
    assert len(set(firsts)) == 3
    assert firsts[:3] == firsts[3:]
    assert all(sorted(offered(case(post(5 * HOUR), text=TEXT, id=n))) == sorted(firsts[:3]) for n in range(1, 4))


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        (TEXT, 3),
        ("", 3),
        (REPLY, 0),
        ("My apologies, the crew has been told.", 0),
        ("Entschuldigung, das Zugteam weiß Bescheid.", 0),
        *((f"{apology} {TEXT}", 0) for lang in ("en", "de", "fr", "es") for apology in shipped().apologies(lang)),
    ],
)
def test_a_draft_that_apologises_is_offered_none(text: str, offers: int) -> None:
    assert len(offered(case(post(5 * HOUR), text=text))) == offers


def test_late_without_lists_still_counts_the_age() -> None:
    made = case(post(5 * HOUR), text=TEXT, phrases=Phrases())
    assert offered(made) == []
    assert said("late", made) == ("info", "")


@pytest.mark.parametrize("ago", [HOUR + 1, 5 * HOUR, 300 * DAY])
def test_late_never_stops(ago: int) -> None:
    assert said("late", case(post(ago), text=TEXT)) == ("info", "")


@pytest.mark.parametrize("made", [case(post(HOUR), text=TEXT), case(post(5 * HOUR), ours(4 * HOUR), text=TEXT)])
def test_what_is_in_time_or_answered_is_silent(made: Case) -> None:
    assert said("late", made) is None


def test_the_arithmetic_keeps_the_age() -> None:
    found = finding("late", case(post(90 * MINUTE), text=TEXT, settings=replace(SAFE, target_minutes=30)))
    assert found is not None
    assert found.evidence["arithmetic"] == "waited 1h, target 30m"
    assert found.as_json()["evidence"]["offers"] == [offer.text for offer in found.offers]
