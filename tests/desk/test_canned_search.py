"""Finding a canned response by what an agent types."""

import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import DAY
from tui.desk.canned.response import Canned, validity
from tui.desk.canned.search import Fit, Hit, Index, fitness, fold, rank, use, words

LIBRARY = [
    Canned(1, "Refund policy", "We pay back within 14 days of your request.", "rp1", ("money",)),
    Canned(2, "Delay apology", "We are sorry your train is late.", "sorry", ("delay",)),
    Canned(3, "Lost luggage", "Please send us the claim number of your suitcase.", "bag", ("luggage",)),
    Canned(4, "Café opening hours", "The buffet car is open from 7.", language="en"),
    Canned(5, "Línea cortada", "La línea 4 está cortada hasta las 18:00.", language="es"),
    Canned(6, "払い戻し", "14日以内に払い戻しいたします。", language="ja"),
    Canned(7, "Seat reservation", "Reserve a seat, no refund later than one day before.", tags=("booking",)),
    Canned(8, "Thanks for the praise", "Thank you {{ customer.name }}, we pass it on."),
    Canned(9, "Closed line", "Line 4 is closed. A replacement bus runs.", "line", ("incident",)),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(LIBRARY)


def best(index: Index, query: str, fit: Fit | None = None) -> str:
    hits = index.search(query, fit)
    return hits[0].canned.name if hits else ""


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("refund", "Refund policy"),
        ("ref", "Refund policy"),
        ("rfd pol", "Refund policy"),
        ("coh", "Café opening hours"),
        ("policy refund", "Refund policy"),
        ("refnud", "Refund policy"),
        ("refubd polcy", "Refund policy"),
        ("refundd", "Refund policy"),
        ("REFUND  POLICY!", "Refund policy"),
        ("lugage", "Lost luggage"),
        ("suitcase", "Lost luggage"),
        ("siutcase number", "Lost luggage"),
        ("cafe", "Café opening hours"),
        ("cafè hours", "Café opening hours"),
        ("linea", "Línea cortada"),
        ("払い", "払い戻し"),
        ("reservtn", "Seat reservation"),
        ("booking", "Seat reservation"),
        ("train late", "Delay apology"),
        ("prase", "Thanks for the praise"),
    ],
)
def test_it_is_found_as_people_type(index: Index, query: str, name: str) -> None:
    assert best(index, query) == name


def test_an_exact_shortcut_goes_first_whatever_the_fit(index: Index) -> None:
    hits = index.search("line", Fit(language="es", network="x"))
    assert hits[0].canned.name == "Closed line"
    assert hits[0].score == 100


def test_name_counts_more_than_tags_and_tags_more_than_body() -> None:
    index = Index([Canned(1, "a", "voucher x"), Canned(2, "b", "x", tags=("voucher",)), Canned(3, "c voucher", "x")])
    assert [hit.canned.id for hit in index.search("vouch")] == [3, 2, 1]


def test_variables_of_a_template_are_not_its_words(index: Index) -> None:
    assert all(hit.canned.id != 8 for hit in index.search("customer"))


def test_language_and_network_decide_between_equals() -> None:
    one = Canned(1, "Refund", "a")
    index = Index(
        [replace(one, id=1, language="es"), replace(one, id=2, language="en-GB"), replace(one, id=3, network="x")]
    )
    assert index.search("refun", Fit(language="es-MX"))[0].canned.id == 1
    assert index.search("refun", Fit(language="en", network="mastodon"))[0].canned.id == 2
    assert index.search("refun", Fit(language="de", network="x"))[0].canned.id == 3


def test_recent_use_breaks_a_tie_and_no_more() -> None:
    a, b = Canned(1, "Refund card", "x"), Canned(2, "Refund cash", "x", uses=50, last_used=10 * DAY)
    assert Index([a, b]).search("refund ca", Fit(now=11 * DAY))[0].canned.id == 2
    assert Index([a, b]).search("refund card", Fit(now=11 * DAY))[0].canned.id == 1


def test_expired_and_unapproved_go_last() -> None:
    a, b = Canned(1, "Refund a", "x", valid_until=5), Canned(2, "Refund b", "x")
    c = Canned(3, "Refund", "x", approved=False)
    assert [hit.canned.id for hit in Index([a, b, c]).search("refun", Fit(now=5))] == [2, 3, 1]


def test_an_empty_query_suggests_what_fits_and_is_used() -> None:
    index = Index(
        [
            Canned(1, "Never used", "x", language="en"),
            Canned(2, "Often used", "x", language="en", uses=400),
            Canned(3, "Often used, other language", "x", language="es", uses=500),
            Canned(4, "About delays", "x", language="en", tags=("Delay",), uses=400),
        ]
    )
    hits = index.search("  ", Fit(language="en", tags=("delay",)))
    assert [hit.canned.id for hit in hits] == [4, 2, 1, 3]
    assert index.suggest(Fit(language="en"), limit=2)[0].canned.id == 4


def test_ties_go_by_name_and_the_order_of_the_library_does_not_matter() -> None:
    library = [Canned(n, f"Refund {letter}", "same body") for n, letter in enumerate("dbac", 1)]
    expected = ["Refund a", "Refund b", "Refund c", "Refund d"]
    for seed in range(3):
        random.Random(seed).shuffle(library)
        assert [hit.canned.name for hit in Index(library).search("refund")] == expected


def test_the_points_add_up_to_the_score(index: Index) -> None:
    fit = Fit(language="es", network="x", tags=("money",), now=0)
    for query in ("", "refund", "rfd pol", "rp1", "line closed"):
        for hit in index.search(query, fit):
            assert sum(points for _, points in hit.why) == pytest.approx(hit.score)
            assert 0 <= hit.score <= 100


def test_limits_are_kept(index: Index) -> None:
    assert len(index.search("e", limit=2)) <= 2
    assert index.search("refund", limit=0) == []
    assert Index([]).search("x") == [] == Index([]).search("")


def test_the_ranking_is_a_pure_function_of_its_parts() -> None:
    canned = Canned(1, "a", "b", language="es", uses=9)
    hit = rank(canned, [("name", 0.5)], Fit(language="en"))
    assert hit == rank(canned, [("name", 0.5)], Fit(language="en"))
    assert isinstance(hit, Hit)
    assert [rule for rule, _ in hit.why] == ["name", "language", "recent use"]
    assert hit.score < rank(replace(canned, language="en"), [("name", 0.5)], Fit(language="en")).score
    assert fitness(canned, None) == []


def test_use_grows_with_number_and_fades_with_time() -> None:
    def used(uses: int, last: int) -> float:
        return use(Canned(1, "a", "b", uses=uses, last_used=last), 100 * DAY)

    assert used(1, 100 * DAY) > used(1, 90 * DAY) > used(1, 10 * DAY)
    assert used(500, 10 * DAY) > used(5, 10 * DAY)
    assert 0 <= used(10**9, 200 * DAY) <= 1


def test_folding_and_words() -> None:
    assert fold("ÉTÉ Straße ﬁn") == "ete strasse fin"
    assert words(fold("Línea 4: 払戻 ok_now")) == ["linea", "4", "払", "戻", "ok", "now"]


def test_shelf_life_has_a_first_moment_and_no_last() -> None:
    canned = Canned(1, "a", "b", valid_from=10, valid_until=20)
    assert [validity(canned, now) for now in (9, 10, 19, 20)] == ["not yet", "valid", "valid", "expired"]
    assert validity(Canned(1, "a", "b"), 0) == "valid"


def test_among_thousands_a_misspelt_word_is_enough() -> None:
    rng = random.Random(1)
    known = ["".join(rng.choices("abcdefghiklmnoprstu", k=rng.randint(3, 9))) for _ in range(900)]
    library = [Canned(n, " ".join(rng.sample(known, 3)), " ".join(rng.sample(known, 12))) for n in range(2_000)]
    library.append(Canned(9_999, "Wheelchair assistance", "Ask for the ramp"))
    index = Index(library)
    for query in ("wheelchair", "weelchair", "whelchair asist", "assistance wheelchiar", "whlchr"):
        assert index.search(query)[0].canned.id == 9_999


NAMES = st.text(min_size=1, max_size=30).filter(lambda name: name.strip() != "")


@given(st.lists(st.tuples(NAMES, st.text(max_size=40)), min_size=1, max_size=8), st.data())
def test_a_name_typed_exactly_is_first(entries: list[tuple[str, str]], data: st.DataObject) -> None:
    library = [Canned(n, name, body, language="es") for n, (name, body) in enumerate(entries, 1)]
    name = data.draw(st.sampled_from([one.name for one in library]))
    assert Index(library).search(name, Fit(language="en"))[0].canned.name == name


@given(st.text(), st.integers(-1, 30))
def test_any_query_gives_an_answer(query: str, limit: int) -> None:
    hits = ANY.search(query, Fit(language="ja", network="x", tags=("", "é"), now=-1), limit)
    assert len(hits) <= max(0, limit)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits == ANY.search(query, Fit(language="ja", network="x", tags=("", "é"), now=-1), limit)


ANY = Index([*LIBRARY, Canned(10, "\0\ud800", "{{ x }} {{", "\u0301", ("", "é"), uses=-3, last_used=2**63)])


def test_rapidfuzz_is_imported_with_the_first_search_only() -> None:
    program = (
        "import sys; from tui.desk.canned.search import Index; from tui.desk.canned.response import Canned;"
        "index = Index([Canned(1, 'Refund', 'x')]); index.suggest();"
        "assert not {'rapidfuzz', 'liquid', 'sqlmodel', 'httpx', 'textual'} & set(sys.modules);"
        "assert index.search('refnd')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
