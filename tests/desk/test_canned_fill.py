"""A response for one conversation: in its language, in turn, with what it includes, within bounds."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_canned_capture import talk

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings
from tui.desk.canned.context import context, language_of
from tui.desk.canned.fill import by_name, check, choose, fill
from tui.desk.canned.render import DEEPEST_INCLUDE, LONGEST_TEXT, MOST_LOCKED, Rendered, blanks_in, render
from tui.desk.canned.response import Canned, Variant
from tui.errors import Refused
from tui.store.reader import IncidentRow, PostRow

NOW = clock.parse("2026-02-11T18:00:00Z")
VALUES = {"customer": {"name": "Ana", "handle": "ana"}, "agent": {"name": "Bo"}}
PAGE = Path(__file__).parents[2] / "docs" / "canned.md"


def canned(body: str, name: str = "Top", **values: Any) -> Canned:
    return Canned(1, name, body, **values)


def said(body: str, *library: Canned, **values: Any) -> Rendered:
    return fill(canned(body), VALUES, library=by_name(library), **values)


# -- in which way it is said -----------------------------------------------------------------------

DELAY = canned(
    "Sorry for the delay.", language="en",
    variants=(
        Variant("We are sorry it is late.", "en"),
        Variant("Sorry, late. More by DM.", "en", "x"),
        Variant("Entschuldigung.", "de"),
        Variant("Tut uns leid, kurz.", "de", "x"),
        Variant("Verzeihung, heast.", "de-AT"),
        Variant("Désolé.", "fr", "mastodon"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "network", "bodies"),
    [
        ("en", "mastodon", ["Sorry for the delay.", "We are sorry it is late."]),
        ("en-GB", "mastodon", ["Sorry for the delay.", "We are sorry it is late."]),
        ("EN_us", "x", ["Sorry, late. More by DM."]),
        ("de", "x", ["Tut uns leid, kurz."]),
        ("de", "bluesky", ["Entschuldigung."]),
        ("de-CH", "bluesky", ["Entschuldigung."]),
        ("de-at", "x", ["Verzeihung, heast."]),
        ("fr", "x", ["Désolé."]),
        ("pl", "mastodon", ["Sorry for the delay.", "We are sorry it is late."]),
        ("", "mastodon", ["Sorry for the delay.", "We are sorry it is late."]),
        ("", "", ["Sorry for the delay.", "We are sorry it is late."]),
    ],
)
def test_the_language_counts_first_then_the_network(language: str, network: str, bodies: list[str]) -> None:
    assert [way.body for way in choose(DELAY, language=language, network=network)] == bodies


def test_a_text_in_no_language_fits_every_one_better_than_a_foreign_one() -> None:
    made = canned("Allgemein", language="de", variants=(Variant("✓"), Variant("Fine", "en")))
    assert choose(made, language="pl")[0].body == "✓"
    assert choose(made, language="en")[0].body == "Fine"
    assert choose(made, language="de")[0].body == "Allgemein"


def test_alternates_take_turns() -> None:
    made = canned("one", variants=(Variant("two"), Variant("three"), Variant("vier", "de")))
    assert [fill(made, VALUES, turn=turn).text for turn in range(5)] == ["one", "two", "three", "one", "two"]
    assert [fill(made, VALUES, language="de", turn=turn).text for turn in range(2)] == ["vier", "vier"]


def test_what_was_said_of_late_is_not_said_again_where_there_is_another_way() -> None:
    made = canned(
        "Hi {{ customer.name }}, the heating is being looked at.",
        variants=(
            Variant("The crew has been told about the cold coach."),
            Variant("Somebody is on the way to fix it."),
        ),
    )
    lately = ["Hi Bob, the heating is being looked at. ^AB", "@bob the crew has been told about the cold coach!"]
    assert fill(made, VALUES, but=lately[:1]).text == made.variants[0].body
    assert fill(made, VALUES, but=lately).text == made.variants[1].body
    assert fill(made, VALUES, turn=2, but=lately).text == made.variants[1].body
    everything = [*lately, made.variants[1].body]
    assert fill(made, VALUES, but=everything).text == "Hi Ana, the heating is being looked at."


# -- what was filled in ----------------------------------------------------------------------------


def test_a_form_fills_blanks_of_its_name() -> None:
    rendered = said(
        "{{ order.number }} and ⟦code⟧, {{ order.number }}, ⟦date⟧", form={"order.number": "77", "code": ""}
    )
    assert rendered.text == "77 and ⟦code⟧, 77, ⟦date⟧"
    assert [(hole.name, rendered.text[hole.start : hole.end]) for hole in rendered.blanks] == [
        ("code", "⟦code⟧"),
        ("date", "⟦date⟧"),
    ]


def test_a_plain_body_has_blanks_too() -> None:
    assert fill(canned("{{ x }} ⟦code⟧", plain=True), VALUES, form={"code": "7"}).text == "{{ x }} 7"


def test_a_form_makes_no_text_of_any_length() -> None:
    with pytest.raises(Refused, match="beyond"):
        said("⟦a⟧⟦a⟧", form={"a": "x" * (LONGEST_TEXT // 2 + 1)})


# -- includes --------------------------------------------------------------------------------------

SIGNATURE = canned("Yours, {{ agent.name }} ⟦phone⟧", "Signature", shortcut="sig")


@pytest.mark.parametrize("tag", ["include 'Signature'", 'render "Signature"', "include 'SIG'", "include 'signature'"])
def test_another_response_is_put_in_its_place_with_its_blanks(tag: str) -> None:
    rendered = said(f"Thanks. {{% {tag} %}}!", SIGNATURE)
    assert rendered.text == "Thanks. Yours, Bo ⟦phone⟧!"
    assert [hole.name for hole in rendered.blanks] == ["phone"]


def test_an_include_inside_a_render_and_the_other_way_round() -> None:
    one = canned("1{% include 'Two' %}", "One")
    two = canned("2{% render 'Signature' %}", "Two")
    assert said("{% render 'One' %}{% include 'One' %}", one, two, SIGNATURE).text == "12Yours, Bo ⟦phone⟧" * 2


def test_an_include_is_said_in_the_same_language() -> None:
    greeting = canned("Hello", "Greeting", language="en", variants=(Variant("Hallo", "de"),))
    assert said("{% include 'Greeting' %}!", greeting, language="de").text == "Hallo!"


BENS = canned("Bye, Ben", "Bens", scope="agent", owner="ben")
OURS = canned("Northline", "Ours", scope="account", owner="x:@Northline")


@pytest.mark.parametrize(
    ("fields", "included", "why"),
    [
        ({}, BENS, "is ben's own"),
        ({"scope": "agent", "owner": "ana"}, BENS, "is ben's own"),
        ({"scope": "agent", "owner": "ben"}, BENS, None),
        ({"scope": "account", "owner": "x:@southline"}, OURS, "is for x:@Northline only"),
        ({"scope": "account", "owner": "x:@northline"}, OURS, None),
        ({}, OURS, None),
        ({}, replace(SIGNATURE, approved=False), None),
    ],
)
def test_whoever_may_send_a_response_may_send_what_it_includes(
    fields: dict[str, Any], included: Canned, why: str | None
) -> None:
    top = canned(f"{{% include {included.name!r} %}}", **fields)
    between = canned(f"{{% render {included.name!r} %}}", "Between")
    deep = canned("{% include 'Between' %}", **fields)
    wrong = f"includes {included.name!r}, which {why}"
    assert check(top, by_name([included])) == (why and f"'Top' {wrong}")
    assert check(deep, by_name([included, between])) == (why and f"'Between' {wrong}")


@pytest.mark.parametrize(
    ("fields", "included", "why"),
    [
        ({}, BENS, "is ben's own"),
        ({"scope": "agent", "owner": "ben"}, BENS, None),
        ({}, OURS, "is for x:@Northline only"),
        ({}, replace(OURS, owner="x:@SOUTHLINE"), None),
        ({}, replace(SIGNATURE, approved=False), "waits for approval"),
    ],
)
def test_what_may_not_be_sent_from_there_is_not_said_by_an_include_either(
    fields: dict[str, Any], included: Canned, why: str | None
) -> None:
    values = VALUES | {"account": {"handle": "@southline", "network": "x"}}
    for tag in ("include", "render"):
        top = canned(f"{{% {tag} {included.name!r} %}}", **fields)
        if why is None:
            assert fill(top, values, library=by_name([included])).text
            continue
        with pytest.raises(Refused, match=f"line 1: it includes {included.name!r}, which {why}$"):
            fill(top, values, library=by_name([included]))


def test_a_plain_response_is_included_as_it_stands() -> None:
    assert said("> {% include 'Plain' %}", canned("{{ x }} {% if", "Plain", plain=True)).text == "> {{ x }} {% if"


def test_a_ring_is_named() -> None:
    policy = canned("{% include 'Signature' %}", "Refund policy")
    ring = replace(SIGNATURE, body="{% render 'refund policy' %}")
    sentence = "it includes itself: Refund policy -> Signature -> Refund policy"
    with pytest.raises(Refused, match=f"{sentence}$"):
        fill(policy, VALUES, library=by_name([policy, ring]))
    assert check(policy, by_name([policy, ring])) == sentence
    assert check(policy, by_name([ring])) == sentence, "also where it is not stored yet"


def test_a_ring_that_the_response_only_leads_to_is_named() -> None:
    one, two = canned("{% include 'Two' %}", "One"), canned("{% include 'One' %}", "Two")
    assert check(canned("{% include 'One' %}"), by_name([one, two])) == "it includes itself: One -> Two -> One"


def test_one_that_is_twice_in_it_is_no_ring() -> None:
    both = "{% include 'Signature' %} {% include 'Signature' %}"
    assert said(both, SIGNATURE).text == "Yours, Bo ⟦phone⟧ Yours, Bo ⟦phone⟧"
    assert check(canned(both), by_name([SIGNATURE])) is None


def test_what_leaves_a_loop_leaves_no_trace() -> None:
    stops = canned("x{% break %}", "Stops")
    assert said("{% for n in (1..3) %}{% include 'Stops' %}{% endfor %}{% include 'Stops2' %}",
                stops, replace(stops, name="Stops2", body="y")).text == "xy"  # fmt: skip


@pytest.mark.parametrize(
    ("body", "included", "sentence"),
    [
        ("a\n{% include 'None' %}", "", "line 2: no canned response is called 'None'"),
        ("{% include 'Bad' %}", "a\n{{ x | upcas }}", "'Bad' is not a valid template: line 2: unknown filter 'upcas'"),
        ("{% include 'Bad' %}", "a\n\n{% render 'None' %}", "in 'Bad', line 3: no canned response is called 'None'"),
        ("{% include 'Bad' %}", "\n{{ 1 | divided_by: 0 }}", "in 'Bad', line 2: divided_by"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: str, included: str, sentence: str) -> None:
    with pytest.raises(Refused, match=re.escape(sentence)):
        said(body, canned(included, "Bad"))


def test_every_way_is_checked() -> None:
    assert check(canned("fine", variants=(Variant("{{ x"),))) == "variant 1, line 1: '{{' is never closed"
    assert check(canned("fine", variants=(Variant("{{ x", plain=True),))) is None
    assert check(canned("{% include 'None' %}")) == "no canned response is called 'None', which 'Top' includes"


def chain(length: int) -> list[Canned]:
    links = [canned(f"{{% include '{number + 1}' %}}", str(number)) for number in range(1, length)]
    return [*links, canned("end", str(length))]


def test_each_response_is_checked_once() -> None:
    width = range(40)
    grid = [
        canned("".join(f"{{% include '{layer + 1}.{column}' %}}" for column in width), f"{layer}.{row}")
        for layer in range(6)
        for row in width
    ]
    ends = [canned("end", f"6.{row}") for row in width]
    assert check(canned("{% include '0.0' %}"), by_name([*grid, *ends])) is None


def test_so_many_stand_in_one_another() -> None:
    assert said("{% include '1' %}", *chain(DEEPEST_INCLUDE)).text == "end"
    with pytest.raises(Refused, match=f"more than {DEEPEST_INCLUDE} stand in one another"):
        said("{% include '1' %}", *chain(DEEPEST_INCLUDE + 1))
    sentence = check(canned("{% include '1' %}"), by_name(chain(5_000)))
    assert sentence is not None
    assert sentence.startswith(f"more than {DEEPEST_INCLUDE} stand in one another: Top -> 1 -> 2")


@pytest.mark.parametrize(
    "body",
    [
        "{% for n in (1..1000) %}{% include 'Long' %}{% endfor %}",
        "{% for n in (1..1000) %}{% capture c %}{% include 'Long' %}{% endcapture %}{% endfor %}",
        "{% for n in (1..1000) %}{% include 'Busy' %}{% endfor %}",
        "".join(f"{{% include 'Hostile {number}' %}}" for number in range(500)),
        "{% include 'Long' %}" + "x" * (LONGEST_TEXT - 1_000),
        "{% include 'Tree 9' %}",
        "{% for n in (1..500) %}{% locked %}w{{ n }}{% endlocked %} {% endfor %}",
    ],
)
def test_the_bounds_hold_for_all_that_is_included_together(body: str) -> None:
    asked: list[str] = []
    tree = [canned(f"{{% include 'Tree {number - 1}' %}}" * 9, f"Tree {number}") for number in range(1, 10)]
    library = by_name([
        canned("long " * 300, "Long"),
        canned("{% for n in (1..100) %}{{ n }}{% endfor %}", "Busy"),
        *(canned("{% if a %}" * 1_900, f"Hostile {number}") for number in range(500)),
        *tree, canned("leaf", "Tree 0"),
    ])  # fmt: skip

    def counted(name: str) -> Canned | None:
        asked.append(name)
        return library(name)

    with pytest.raises(Refused):
        fill(canned(body), VALUES, library=counted)
    assert len(asked) < 1_000


# -- locked wording --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text", "locked"),
    [
        ("Hi. {% locked %}By law.{% endlocked %}", "Hi. By law.", ["By law."]),
        ("{% locked %}\n By law. {% endlocked %}!", "\n By law. !", ["By law."]),
        ("{%- locked -%} By law. {%- endlocked -%} !", "By law.!", ["By law."]),
        ("{% locked %}Dear {{ customer.name }}{% endlocked %}", "Dear Ana", ["Dear Ana"]),
        ("{% locked %}Pays {{ sum }} by law.{% endlocked %}", "Pays ⟦sum⟧ by law.", ["Pays", "by law."]),
        ("{% locked %}⟦a⟧ … ⟦b⟧{% endlocked %}", "⟦a⟧ … ⟦b⟧", []),
        ("{% locked %}A{% endlocked %} {% locked %}A{% endlocked %}", "A A", ["A"]),
        ("{% for n in (1..3) %}{% locked %}A{{ n }}{% break %}B{% endlocked %}{% endfor %}", "A1", ["A1"]),
        ("{% if nobody %}{% locked %}A{% endlocked %}{% endif %}B", "B", []),
        ("{% capture c %}{% locked %}legal{% endlocked %}{% endcapture %}{{ c }}", "legal", ["legal"]),
        ("{% capture c %}{% locked %}legal{% endlocked %}{% endcapture %}{{ c | upcase }}", "LEGAL", []),
        ("{% include 'Law' %}", "By law 5.", ["By law 5."]),
        ("{% locked %}§ 5 {% include 'Law' %}{% endlocked %}", "§ 5 By law 5.", ["By law 5.", "§ 5 By law 5."]),
    ],
)
def test_locked_wordings_are_those_in_the_text(body: str, text: str, locked: list[str]) -> None:
    rendered = said(body, canned("{% locked %}By law {{ 2 | plus: 3 }}.{% endlocked %}", "Law"))
    assert rendered.text == text
    assert list(rendered.locked) == locked


def test_what_is_filled_into_locked_wording_is_not_locked() -> None:
    rendered = said("{% locked %}Pays {{ sum }} by law.{% endlocked %}", form={"sum": "5 €"})
    assert rendered.text == "Pays 5 € by law."
    assert rendered.locked == ("Pays", "by law.")


@pytest.mark.parametrize("body", ["a\n{% locked %}", "a\n{% endlocked %}", "a\n{% locked x %}{% endlocked %}"])
def test_a_wrong_lock_is_named_with_its_line(body: str) -> None:
    sentence = check(canned(body))
    assert sentence is not None
    assert sentence.startswith("line 2: ")
    assert "locked" in sentence


def test_so_many_wordings_may_be_locked() -> None:
    loop = "{%% for n in (1..%d) %%}{%% locked %%}w{{ n }}{%% endlocked %%} {%% endfor %%}"
    assert len(said(loop % MOST_LOCKED).locked) == MOST_LOCKED
    with pytest.raises(Refused, match="locks more than"):
        said(loop % (MOST_LOCKED + 1))


# -- hostile templates -----------------------------------------------------------------------------

PIECES = [
    "{% include 'A' %}", "{% render 'B' %}", "{% include", "'A'", "{% locked %}", "{% endlocked %}", "{{ x }}", "{{",
    "}}",
    "{% for n in (1..9) %}", "{% endfor %}", "{% capture c %}", "{% endcapture %}", "{{ c | upcase }}", "{% break %}",
    "{% raw %}", "{% endraw %}", "⟦a⟧", "words ", "\n", " with x", " for x as y", ", a: 1",
]  # fmt: skip
BODIES = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=10).map("".join)


@given(BODIES, BODIES, BODIES, st.booleans(), st.dictionaries(st.sampled_from(["a", "x"]), st.text(max_size=5)))
def test_anything_is_filled_or_refused(top: str, a: str, b: str, plain: bool, form: dict[str, str]) -> None:
    library = by_name([canned(a, "A", plain=plain), canned(b, "B"), canned(top)])
    check(canned(top), library)
    try:
        rendered = fill(canned(top), VALUES, library=library, form=form)
    except Refused:
        return
    assert list(rendered.blanks) == blanks_in(rendered.text)
    if not form:
        assert all(wording in rendered.text for wording in rendered.locked)


@given(st.text())
def test_a_name_in_an_include_is_anything(name: str) -> None:
    assert by_name([SIGNATURE])(name) in (None, SIGNATURE)


# -- what a text can say ---------------------------------------------------------------------------

OFFICE = AccountSettings(hours="mo-fr 09:00-17:00", timezone="Europe/London")
INCIDENT = IncidentRow(7, "Line 4 closed", "open", "Buses run.", NOW - HOUR, NOW - 5 * MINUTE, None, 3)


def word(lang: str | None, author: int = 2) -> PostRow:
    return PostRow(
        id=1, network="x", native_id="1", author_id=author, handle="amandac", name="", kind="post", text="", lang=lang,
        created_at=NOW, seen_at=NOW, in_reply_to=None, root_id=None, url=None, reposts=0, likes=0, media=[],
        deleted=False, ours=author == 1, addressed="direct", reply_allowed=True, versions=0, conversation_id=1,
    )  # fmt: skip


def everything(settings: AccountSettings = OFFICE) -> dict[str, dict[str, Any]]:
    return context(
        talk(waiting_since=NOW - 3 * MINUTE), "Bo Lind", NOW,
        incident=INCIDENT, shift_started=NOW - 2 * HOUR, settings=settings,
        posts=[word("de"), word(None), word("en", 1)],
    )  # fmt: skip


def test_the_table_of_the_page_has_every_variable_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| Variable |")[2].partition("\n\n")[0]
    written = re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)
    assert written == [f"{group}.{name}" for group, names in everything().items() for name in names]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ customer.language }} {{ customer.followers }}", "de 0"),
        ("{{ agent.initials }}", "BL"),
        ("{{ conversation.tags | join: ', ' }} {{ conversation.posts }} {{ conversation.age }}", "delay 3 3m"),
        ("{{ incident.name }}: {{ incident.text }} ({{ incident.age }})", "Line 4 closed: Buses run. (5m)"),
        ("{{ shift.started }}, {{ shift.age }} ago", "16:00, 2h ago"),
        ("{{ hours.next_opening }}", "Thursday 12 February, 09:00"),
        ("{{ hours.next_opening | date: '%d.%m. %H:%M' }}", "12.02. 09:00"),
        ("{% if hours.open %}now{% else %}{{ hours.text }}{% endif %}", "mo-fr 09:00-17:00"),
    ],
)
def test_what_is_known_is_said(body: str, text: str) -> None:
    assert render(body, everything()).text == text


def test_hours_stand_in_their_own_zone_and_today_without_its_day() -> None:
    early = clock.parse("2026-07-06T06:30:00Z")
    values = context(talk(), "Bo", early, settings=replace(OFFICE, timezone="Europe/Berlin"))
    assert render("{{ hours.next_opening }}", values).text == "09:00"


@pytest.mark.parametrize(
    ("settings", "at", "text"),
    [
        (OFFICE, "2026-02-11T12:00:00Z", "true ⟦hours.next_opening⟧"),
        (AccountSettings(), "2026-02-11T12:00:00Z", "true ⟦hours.next_opening⟧"),
        (OFFICE, "2026-02-14T12:00:00Z", "false Monday 16 February, 09:00"),
        (None, "2026-02-11T12:00:00Z", "⟦hours.open⟧ ⟦hours.next_opening⟧"),
    ],
)
def test_whether_we_are_open(settings: AccountSettings | None, at: str, text: str) -> None:
    values = context(talk(), "Bo", clock.parse(at), settings=settings)
    assert render("{{ hours.open }} {{ hours.next_opening }}", values).text == text


def test_what_is_not_known_is_blank() -> None:
    values = context(talk(name="", handle="", account=None), "", NOW)
    names = [f"{group}.{name}" for group in ("incident", "shift", "agent", "hours") for name in values[group]]
    body = " ".join(f"{{{{ {name} }}}}" for name in [*names, "customer.name", "account.handle", "conversation.posts"])
    assert len(render(body, values).blanks) == len(names) + 3


def test_the_incident_is_named_where_only_its_name_is_known() -> None:
    values = context(talk(incident_id=7, incident="Line 4 closed"), "Bo", NOW)
    assert render("{{ incident.name }} {{ incident.text | default: '-' }}", values).text == "Line 4 closed -"


def test_the_language_is_that_of_their_newest_word_that_has_one() -> None:
    assert language_of(talk(), [word("de"), word("fr"), word(None), word("en", 1)]) == "fr"
    assert language_of(talk(), [word(None), word("en", 1)]) == ""


@given(st.text(), st.text(), st.text())
def test_any_name_makes_a_context(name: str, agent: str, incident: str) -> None:
    values = context(talk(name=name, handle=name, tags=[name]), agent, NOW, incident=INCIDENT._replace(text=incident))
    assert blanks_in(render("{{ conversation.id }}", values).text) == []
