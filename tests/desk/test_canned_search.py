"""Finding a canned response by what an agent types."""

import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import DAY
from tui.desk.canned.response import Canned, Usage, Variant, validity
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


def names(hits: list[Hit]) -> list[str]:
    return [hit.canned.name for hit in hits]


def points(hit: Hit) -> dict[str, float]:
    return dict(hit.why)


WHOSE = Index(
    [
        Canned(1, "Refund all", "x"),
        Canned(2, "Refund ana", "x", "ra", scope="agent", owner="ana"),
        Canned(3, "Refund bo", "x", "rb", scope="agent", owner="bo"),
        Canned(4, "Refund line", "x", scope="account", owner="x:@Northline"),
        Canned(5, "Refund shop", "x", scope="account", owner="x:@shop"),
        Canned(6, "Refund draft", "x", "rd", approved=False),
        Canned(7, "Refund nobody", "x", scope="agent"),
    ]
)


@pytest.mark.parametrize("typed", ["", "refun"])
def test_an_agent_finds_what_they_may_use_here(typed: str) -> None:
    fit = Fit(agent="ana", account="x:@northline", network="x")
    assert set(names(WHOSE.search(typed, fit))) == {"Refund all", "Refund ana", "Refund line", "Refund nobody"}
    assert WHOSE.search(typed, replace(fit, account="@northline")) == WHOSE.search(typed, fit)
    other = WHOSE.search(typed, Fit(agent="cem", account="bluesky:@northline"))
    assert set(names(other)) == {"Refund all", "Refund nobody"}
    anywhere = {"Refund all", "Refund bo", "Refund line", "Refund shop", "Refund nobody"}
    assert set(names(WHOSE.search(typed, Fit(agent="bo")))) == anywhere
    assert len(WHOSE.search(typed)) == 7


@pytest.mark.parametrize("typed", ["rb", "rd", "Refund bo", "refund draft", "REFUND BO"])
def test_naming_it_exactly_opens_nothing_that_is_closed(typed: str) -> None:
    assert not {"Refund bo", "Refund draft"} & set(names(WHOSE.search(typed, Fit(agent="ana"))))
    assert {"Refund bo", "Refund draft"} & set(names(WHOSE.search(typed)[:1]))


def test_a_response_about_an_incident_is_valid_while_it_is_open() -> None:
    index = Index([Canned(1, "Line closed a", "x", incident="Line 4"), Canned(2, "Line closed b", "x")])
    assert [hit.canned.id for hit in index.search("closed", Fit(incidents=["LINE 4"]))] == [1, 2]
    assert [hit.canned.id for hit in index.search("closed", Fit(incidents=["Line 5"]))] == [2, 1]
    assert [hit.canned.id for hit in index.suggest(Fit(incidents=[]))] == [2, 1]
    assert [hit.canned.id for hit in index.search("closed", Fit())] == [1, 2]


def test_what_is_about_the_conversations_own_incident_goes_first() -> None:
    index = Index(
        [Canned(1, "Closed line", "x"), Canned(2, "Line is closed today", "x", incident="Line 4"), Canned(3, "a", "b")]
    )
    fit = Fit(incident="line 4", incidents=["Line 4"])
    assert [hit.canned.id for hit in index.search("line clos", fit)] == [2, 1]
    assert index.suggest(fit)[0].canned.id == 2
    assert points(index.suggest(fit)[0])["its incident"] > 0


def test_thousands_that_are_past_do_not_hide_what_is_valid() -> None:
    library = [Canned(n, f"Refund {n:05}", "x", uses=9, valid_until=5) for n in range(1, 3_000)]
    library += [Canned(n, f"Refund {n:05}", "x", uses=9, incident="over") for n in range(3_000, 4_000)]
    index = Index([*library, Canned(9_999, "Refund zz", "x")])
    fit = Fit(now=5, incidents=["open"])
    assert index.search("refun", fit)[0].canned.id == index.suggest(fit)[0].canned.id == 9_999


def test_the_words_of_a_variant_are_found_and_its_language_fits() -> None:
    spanish = Variant("La línea está cortada", language="es")
    index = Index([Canned(1, "b", "The line is closed", language="en", variants=(spanish,)), Canned(2, "c", "Linea")])
    assert index.search("cortada")[0].canned.id == 1
    assert index.suggest(Fit(language="es"))[0].canned.id == 1
    assert fitness(index.search("cortada")[0].canned, Fit(language="es-MX")) == []
    there = Canned(3, "d", "x", language="en", variants=(Variant("y", "es", "x"), Variant("z", "", "mastodon")))
    assert dict(fitness(there, Fit(language="es", network="mastodon"))) == {"language": 0.97}


def test_among_thousands_the_one_with_a_variant_in_the_language_is_offered() -> None:
    library = [Canned(n, f"Refund {n:05}", "x", language="en", uses=1) for n in range(1, 3_000)]
    index = Index([*library, Canned(9_999, "Refund zz", "x", language="en", variants=(Variant("y", "es", "x"),))])
    assert index.suggest(Fit(language="es", network="x"))[0].canned.id == 9_999


def test_on_a_new_desk_the_words_of_the_post_say_what_it_is_about(index: Index) -> None:
    posts = {
        "@northline I left my luggage on the 9:14 to Leeds, a red suitcase": "Lost luggage",
        "your TRAINS are always LATE https://t.example/seat-reservation": "Delay apology",
        "why is this line closed again?": "Closed line",
        "can I have my seat reservations changed": "Seat reservation",
    }
    for post, name in posts.items():
        hit = index.suggest(Fit(post=post))[0]
        assert hit.canned.name == name
        assert points(hit)["words of the post"] > 0
    nothing = index.suggest(Fit(post="@refund https://refund.example/luggage 🎉"))
    assert [hit.score for hit in nothing] == [hit.score for hit in index.suggest(Fit())]


def test_the_words_of_the_post_decide_between_equals_when_words_are_typed() -> None:
    index = Index([Canned(1, "Lost a", "Your umbrella"), Canned(2, "Lost b", "Your suitcase"), Canned(3, "c", "d")])
    assert index.search("lost", Fit(post="my suitcase!"))[0].canned.id == 2
    assert index.search("lost", Fit(post="my umbrellas!"))[0].canned.id == 1


def test_what_thousands_say_tells_nothing_of_a_post() -> None:
    library = [Canned(n, f"Reply {n:05}", f"Thanks for the words of word{n}") for n in range(1, 3_000)]
    index = Index([*library, Canned(9_999, "Zebra crossing", "Mind the gap")])
    assert index.suggest(Fit(post="thanks for the zebra at the station"))[0].canned.id == 9_999


def test_what_answered_similar_posts_before_goes_up() -> None:
    index = Index([Canned(1, "Refund a", "x", uses=90), Canned(2, "Refund b", "x"), Canned(3, "Refund c", "x")])
    fit = Fit(similar={3: 0.8, 2: 0.2, 77: 1.0})
    assert [hit.canned.id for hit in index.suggest(fit)] == [3, 2, 1]
    assert index.search("refun", fit)[0].canned.id == 3
    told = [points(hit).get("similar posts", 0) for hit in index.suggest(fit)]
    assert told[0] > told[1] > told[2] == 0


def test_a_rare_one_that_answered_such_posts_is_thought_of_among_thousands() -> None:
    library = [Canned(n, f"Often used {n:05}", "x", language="en", uses=500) for n in range(1, 5_000)]
    index = Index([*library, Canned(9_999, "Rarely used", "x", language="en")])
    assert index.suggest(Fit(language="en", similar={9_999: 0.9}))[0].canned.id == 9_999


def test_use_by_this_agent_and_by_the_team_and_acceptance_have_a_say() -> None:
    now = 100 * DAY
    library = [Canned(n, f"Refund {n}", "x") for n in range(1, 6)]
    usage = {
        2: Usage(uses=40, last_used=now - DAY),
        3: Usage(uses=40, last_used=now - DAY, mine=20, mine_last=now - DAY),
        4: Usage(uses=40, last_used=now - DAY, mine=20, mine_last=now - DAY, edited=40, reopened=20),
        5: Usage(uses=40, last_used=now - 80 * DAY),
    }
    index = Index(library, usage)
    for hits in (index.suggest(Fit(now=now)), index.search("refun", Fit(now=now))):
        assert [hit.canned.id for hit in hits][:2] == [3, 2]
        found = {hit.canned.id: points(hit) for hit in hits}
        assert found[2]["recent use"] > found[5]["recent use"] > 0
        assert found[3]["your recent use"] > 0
        assert "your recent use" not in found[2]
        assert found[3]["accepted"] > 0 > found[4]["accepted"]
        assert not {"recent use", "accepted"} & found[1].keys()
        for hit in hits:
            assert sum(share for _, share in hit.why) == pytest.approx(hit.score)


def test_what_only_this_agent_uses_is_thought_of_among_thousands() -> None:
    usage = {n: Usage(uses=50, last_used=0) for n in range(1, 5_000)}
    library = [Canned(n, f"Refund {n}", "x") for n in [*usage, 9_999]]
    index = Index(library, usage | {9_999: Usage(uses=20, last_used=0, mine=20, mine_last=0)})
    assert index.suggest(Fit(now=0))[0].canned.id == 9_999


@given(st.floats(0, 1), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_score_is_beyond_a_hundred_or_below_nothing(likeness: float, uses: int, edited: int, reopened: int) -> None:
    usage = Usage(uses, 0, uses, 0, edited, reopened)
    canned = Canned(1, "Refund", "x", tags=("a",), incident="Line 4")
    fit = Fit(tags=("a",), now=0, incident="Line 4", incidents=["Line 4"], similar={1: likeness}, post="Refund!")
    index = Index([canned], {1: usage})
    for hit in (
        *index.search("refun", fit),
        *index.suggest(fit),
        rank(canned, [("name", 1.0)], fit, shared=1.0, usage=usage),
    ):
        assert 0 < hit.score < 99


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
