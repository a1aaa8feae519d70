"""Filling canned responses: values as they are, every hole seen, nothing that runs away."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.desk.canned.render import LONGEST_TEXT, Blank, Included, blank, blanks_in, check_syntax, render
from tui.errors import Refused

CUSTOMER = {"name": "Ana <Ñ> & Co", "handle": "ana", "city": "", "visits": 3, "tags": ["late", None, "refund"]}
CONTEXT = {"customer": CUSTOMER, "agent": {"name": "Bo"}}


def text(body: str) -> str:
    return render(body, CONTEXT).text


def names(body: str) -> list[str]:
    return [hole.name for hole in render(body, CONTEXT).blanks]


def test_values_go_in_as_they_are() -> None:
    rendered = render("Hi {{ customer.name }}, visit {{ customer.visits | plus: 1 }}.", CONTEXT)
    assert rendered.text == "Hi Ana <Ñ> & Co, visit 4."
    assert rendered.blanks == ()


def test_an_unknown_variable_is_a_blank_with_its_place() -> None:
    rendered = render("Hi {{ customer.nickname }}!", CONTEXT)
    assert rendered.text == "Hi ⟦customer.nickname⟧!"
    assert rendered.blanks == (Blank("customer.nickname", 3, 22),)
    assert rendered.text[3:22] == blank("customer.nickname")


@pytest.mark.parametrize(
    "body", ["{{ customer.city }}", "{{ customer }}", "{{ nobody.at.all }}", "{{ customer.tags[7] }}"]
)
def test_what_has_no_text_is_a_blank(body: str) -> None:
    assert len(names(body)) == 1


def test_default_covers_a_missing_and_an_empty_value() -> None:
    assert text("{{ customer.nickname | default: 'there' }} {{ customer.city | default: agent.name }}") == "there Bo"
    assert names("{{ customer.nickname | default: customer.city }}") == ["customer.city"]


@pytest.mark.parametrize(
    "body",
    [
        "{{ a.b | upcase }}",
        "{{ a.b | truncate: 2, '' }}",
        "{{ a.b | url_encode }}",
        "{{ a.b | split: '.' | first }}",
        "{{ a.b | size }}",
        "{{ 'Hi ' | append: a.b | slice: 0, 4 }}",
        "{{ 'x' | replace: seq: 'x', sub: a.b | upcase }}",
        "{% capture c %}Hi {{ a.b }}{% endcapture %}{{ c | remove: '⟦' | url_encode }}",
    ],
)
def test_no_filter_hides_a_hole(body: str) -> None:
    assert names(body) == ["a.b"]


def test_a_value_cannot_plant_a_blank() -> None:
    rendered = render("{{ customer.name }}", {"customer": {"name": "⟦order number⟧ ⟧⟦"}})
    assert rendered.text == "order number "
    assert rendered.blanks == ()


def test_a_value_is_repaired() -> None:
    assert render("{{ a.b }}", {"a": {"b": "x\0\ud800"}}).text == "x\ufffd\ufffd"


def test_a_written_blank_is_kept_with_or_without_liquid() -> None:
    assert render("Your code ⟦code⟧", {}).blanks == (Blank("code", 10, 16),)
    assert names("{{ customer.handle }}: ⟦code⟧") == ["code"]


def test_half_a_blank_is_still_a_hole() -> None:
    assert [(hole.start, hole.end) for hole in blanks_in("a ⟦b c\nd⟧")] == [(2, 6), (8, 9)]


def test_plain_bodies_stay_as_they_are() -> None:
    assert render("{{ not liquid", {}, plain=True).text == "{{ not liquid"
    assert render("{ 100 % }", {}).text == "{ 100 % }"


def test_conditions_loops_and_assignments_work() -> None:
    assert text("{% if customer.city %}in {{ customer.city }}{% else %}-{% endif %}") == "-"
    assert text("{% for tag in customer.tags %}#{{ tag }} {% endfor %}") == "#late #refund "
    assert text("{% for n in (1..3) %}{{ n }}{% endfor %}") == "123"
    assert text("{% assign who = agent.name | upcase %}{{ who }}") == "BO"


@pytest.mark.parametrize(
    ("body", "line", "cause"),
    [
        ("Hi\n{{ customer.name", 2, "never closed"),
        ("{% if a %}\n\n{% if b %}{% endif %}", 1, "endif"),
        ("\n{{ }}\n{{ b }}", 2, "expression"),
        ("\n\n{{ a | upcas }}", 3, "unknown filter 'upcas'"),
        ("{% include secret %}", 1, "include"),
        ("{% liquid\n\nrender secret %}", 3, "render"),
        ("{% for n in (1..999999999999) reversed %}{% endfor %}", 1, "range"),
        ("{% if (1..999999999999) contains 'a' %}{% endif %}", 1, "range"),
        ("{% for n in (1..customer.visits) %}{% endfor %}", 1, "range"),
        ("{% raw %}{% raw %}", 1, "raw"),
        ("a\n{{ \ud800 }}", 2, "half a character"),
    ],
)
def test_a_syntax_error_is_named_with_its_line(body: str, line: int, cause: str) -> None:
    sentence = check_syntax(body)
    assert sentence is not None
    assert sentence.startswith(f"line {line}: ")
    assert cause in sentence
    assert "\n" not in sentence
    with pytest.raises(Refused, match="not a valid template"):
        render(body, {})


def test_valid_bodies_have_no_complaint() -> None:
    assert check_syntax("Hi {{ customer.name | default: 'there' }}") is None
    assert check_syntax("100 %} and {") is None
    assert check_syntax("{% raw %}{{ shown {% endraw %}") is None


LOOP = "{% for i in (1..1000) %}{% for j in (1..9) %}", "{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    "body",
    [
        "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 100,
        "{{ 'a' " + "| replace: 'a', 'aaaaaaaaaa' " * 30 + "}}",
        "{% for i in (1..1000) %}{% for j in (1..1000) %}{{ j }}{% endfor %}{% endfor %}",
        "{% for i in (1..1000) %}" + "{% if a %}{% endif %}" * 12 + "{% endfor %}",
        *(
            LOOP[0] + piece * (19_000 // len(piece)) + LOOP[1]
            for piece in (
                "{% assign a = 1 %}",
                "{{ '' }}",
                "{% if true %}{% endif %}",
                "{% capture c %}{% endcapture %}",
                "{% cycle '' %}",
                "{% for n in (1..0) %}{% endfor %}",
                "{% locked %}{% endlocked %}",
                "{% include 'E' %}",
            )
        ),
        "{% assign x = 99999999999999 %}" + "{% assign x = x | times: x %}" * 100,
        "{% capture c %}" + "x" * 9_000 + "{% endcapture %}" + "{{ c }}" * 1_000,
        "{% assign r = (1..999) %}{{ r | join: '" + "y" * 500 + "' }}",
        "{{ '" + "1" * 900 + "' | date: '%Y' }}",
        "{{ '1e400' | times: 2 | round }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ 'x' | append: '" + "x" * 900 + "' }}" + "x" * LONGEST_TEXT,
        "{{" * 9_000,
        "{{" + " " * 900 + "}}",
        "{{ " + "(" * 900 + " }}",
        "{% if a %}" * 1_900,
    ],
)
def test_what_would_run_away_is_refused(body: str) -> None:
    with pytest.raises(Refused):
        render(body, CONTEXT, include=lambda name: Included(name, ""))


PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    " a.b ",
    "|",
    " upcase",
    " default: ",
    "'x'",
    " for i in ",
    " if ",
    " endif ",
    "(1..9)",
    "⟦",
    "\n",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map("".join))
def test_any_body_renders_or_is_refused(body: str) -> None:
    try:
        rendered = render(body, CONTEXT)
    except Refused:
        return
    assert list(rendered.blanks) == blanks_in(rendered.text)


@given(st.text(), st.sampled_from(["{{ v }}", "{{ v | upcase }}", "{% for x in v %}{{ x }}{% endfor %}"]))
def test_no_value_makes_a_blank_of_its_own(value: str, body: str) -> None:
    holes = render(body, {"v": value}).blanks
    if value.replace("⟦", "").replace("⟧", "").strip():
        assert holes == ()


def test_liquid_is_imported_only_for_templates() -> None:
    program = (
        "import sys; from tui.desk.canned.render import render, blanks_in, check_syntax;"
        "render('Thanks!', {}); blanks_in('⟦x⟧'); check_syntax('Thanks!'); assert 'liquid' not in sys.modules;"
        "render('{{ a }}', {}); assert 'liquid' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
