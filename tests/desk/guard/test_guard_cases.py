"""The table of made cases, one test each; and that the table is broad enough to judge by."""

from collections import Counter

import pytest
from cases import CHECKS, KNOWN_MISSES, NETWORKS, Made, table

from tui.desk.guard import NAMES, examine

TABLE = table()
MISSES_ALLOWED = 5


@pytest.mark.parametrize("made", [pytest.param(made, id=made.id) for made in TABLE])
def test_the_guard_says_what_it_should_and_nothing_else(made: Made) -> None:
    found = {finding.check: finding.verdict for finding in examine(made.case)}
    if made.id in KNOWN_MISSES:
        assert found != made.says, f"{made.id} is no miss any more: {made.story}"
    else:
        assert found == made.says, made.story


def test_the_table_has_every_check_speak_and_stay_silent() -> None:
    speaks = Counter(check for made in TABLE for check in made.says)
    assert set(speaks) == set(CHECKS)
    assert all(3 <= speaks[check] < len(TABLE) - 100 for check in CHECKS), speaks


def test_the_table_knows_the_checks_of_the_guard() -> None:
    assert set(NAMES) == set(CHECKS)


def test_the_table_is_broad() -> None:
    assert len(TABLE) >= 240
    assert len({made.id for made in TABLE}) == len(TABLE)
    assert sum(not made.says for made in TABLE) >= 80
    by_network = Counter(made.network for made in TABLE)
    assert all(by_network[network] >= 30 for network in NETWORKS)
    assert set(by_network) - set(NETWORKS), "a network of one's own"
    by_language = Counter(made.lang for made in TABLE)
    assert all(by_language[lang] >= 20 for lang in ("en", "de", "fr", "es")), by_language
    assert len(by_language) > 10


def test_what_the_guard_is_known_to_miss_is_a_handful() -> None:
    assert len(KNOWN_MISSES) <= MISSES_ALLOWED
    assert set(KNOWN_MISSES) <= {made.id for made in TABLE}
