"""What an import would change."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import LIBRARY

from tui import clock
from tui.desk.canned.difference import Change, Difference, difference
from tui.desk.canned.formats import held, load, write
from tui.desk.canned.response import Action, Canned, Variant

RICH = Canned(
    7,
    "Refund policy",
    "Hi {{ customer.first_name }},\n{% locked %}25 % back{% endlocked %} after an hour.",
    shortcut="rp",
    tags=("money", "late"),
    language="en",
    network="x",
    valid_until=clock.parse("2027-01-01T00:00Z"),
    approved=False,
    owner="ana",
    incident="Line 4 closed",
    variants=(Variant("Ab 15 Minuten", "de"),),
    actions=(Action("tag", "refund"), Action("snooze", span=clock.HOUR)),
    uses=12,
    version=3,
)


def of(library: list[Canned], data: bytes | str, format: str | None = None, agent: str = "ben") -> Difference:
    loaded = load(data.encode() if isinstance(data, str) else data, format)
    return difference(library, loaded.responses, lambda known: held(known, loaded.format, loaded.columns), agent=agent)


def only(library: list[Canned], data: bytes | str, format: str | None = None) -> Change:
    found = of(library, data, format)
    assert len(found.changes) == 1
    return found.changes[0]


def test_what_is_added_changed_unchanged_and_absent() -> None:
    here = [Canned(1, "same", "a"), Canned(2, "other", "b"), Canned(3, "only here", "c")]
    found = of(here, '[{"name":"other","body":"B","tags":["x"]},{"name":"new","body":"d"},{"name":"same","body":"a"}]')
    assert [(change.new.name, change.kind) for change in found.changes] == [
        ("other", "changed"), ("new", "added"), ("same", "unchanged"),
    ]  # fmt: skip
    assert found.changes[0].fields == {"body": ("b", "B"), "tags": ([], ["x"])}
    assert found.changes[1].fields == {"name": (None, "new"), "body": (None, "d")}
    assert found.absent == ("only here",)
    assert [change.new.name for change in found.of("added")] == ["new"]


def test_the_body_is_compared_line_by_line() -> None:
    change = only([Canned(1, "a", "one\ntwo\nthree")], '[{"name":"a","body":"one\\n2\\nthree"}]')
    assert change.body == ["--- here", "+++ file", "@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]
    many = only([Canned(1, "a", "x\n" * 5_000)], '[{"name":"a","body":"y"}]')
    assert (many.body[0], many.body[-1]) == ("-x", "+y")


ZENDESK = '{"macros":[{"title":"Refund policy","active":false,"actions":%s}]}'
COMMENT = '{"field":"comment_value","value":"Hi {{ticket.requester.first_name}},\\n%s"}'


@pytest.mark.parametrize(
    "data",
    [
        '[{"short_code":"rp","content":"Hi {{ contact.first_name }},\\n25 % back after an hour."}]',
        '{"saved_replies":[{"name":"Refund policy",'
        '"text":"<p>Hi {%customer.firstName%},</p><p>25&nbsp;% back after an hour.</p>"}]}',
        'name,body\nRefund policy,"Hi {{ customer.first_name }},\n'
        '{% locked %}25 % back{% endlocked %} after an hour."\n',
        '{"macros":[{"title":"Refund policy","active":false,"actions":[{"field":"current_tags","value":"refund"},'
        '{"field":"comment_value","value":"Hi {{ ticket.requester.first_name }},\\n25 % back after an hour."}]}]}',
    ],
)
def test_a_file_that_says_nothing_new_changes_nothing(data: str) -> None:
    change = only([RICH], data)
    assert (change.kind, change.new) == ("unchanged", RICH)


def test_a_format_changes_only_what_it_can_hold() -> None:
    change = only([RICH], '[{"short_code":"rp","content":"Hello, 25 % back."}]')
    assert change.new == replace(RICH, body="Hello, {% locked %}25 % back{% endlocked %}.")
    assert only([RICH], '[{"short_code":"rp","content":"Hello."}]').new == replace(RICH, body="Hello.")
    assert only([RICH], "name,body,tags\nRefund policy,Hello,\n").new == replace(RICH, body="Hello", tags=())
    assert only([RICH], "name,text\nRefund policy,<p>Hello</p>\n").new == replace(RICH, body="Hello")


def test_locked_wording_is_locked_again_span_by_span() -> None:
    here = Canned(
        1, "a", "{% locked %}x{% endlocked %} or {%- locked -%}x{% endlocked %}, {% locked %}z{% endlocked %}"
    )
    new = only([here], '[{"short_code":"a","content":"so x and x, no more"}]').new
    assert new.body == "so {% locked %}x{% endlocked %} and {%- locked -%}x{% endlocked %}, no more"
    assert only([here], '[{"name":"a","body":"x"}]').new.body == "x"


def test_actions_that_a_format_does_not_know_stay_beside_its_own() -> None:
    data: Any = ZENDESK % (
        '[{"field":"status","value":"solved"},{"field":"current_tags","value":"paid"},' + COMMENT % "x" + "]"
    )
    new = only([RICH], data).new
    assert new.actions == (Action("tag", "paid"), Action("resolve", "solved"), Action("snooze", span=clock.HOUR))
    assert set(new.tags) == {"paid", "money", "late"}
    assert (new.variants, new.valid_until, new.approved) == (RICH.variants, RICH.valid_until, False)


def test_a_format_that_holds_everything_is_taken_at_its_word() -> None:
    for data in ('[{"name":"Refund policy","body":"Hi"}]', "---\nname: Refund policy\n---\nHi"):
        assert only([RICH], data).new == replace(Canned(7, "Refund policy", "Hi"), uses=12, version=3)


def test_a_short_code_is_the_shortcut_else_the_name() -> None:
    library = [RICH, Canned(2, "hello", "Hello", shortcut="h")]
    found = of(library, '[{"short_code":"rp","content":"one"},{"short_code":"hello","content":"two"}]')
    assert [(one.name, one.shortcut, one.body) for one in found.responses] == [
        ("Refund policy", "rp", "one"), ("hello", "h", "two"),
    ]  # fmt: skip
    assert found.absent == ()


def test_two_entries_for_one_response_are_told_and_the_last_is_taken() -> None:
    found = of([RICH], '[{"short_code":"rp","content":"one"},{"short_code":"Refund policy","content":"two"}]')
    assert found.doubled == ("Refund policy",)
    assert [(one.id, one.name, one.body) for one in found.responses] == [(7, "Refund policy", "two")]


def test_a_personal_response_is_of_who_imports_it_unless_it_is_of_somebody() -> None:
    data = '[{"name":"mine","body":"b","scope":"agent"}]'
    assert only([], data).new.owner == "ben"
    assert only([Canned(1, "mine", "b", scope="agent", owner="ana")], data).kind == "unchanged"
    assert only([Canned(1, "mine", "b", owner="ana")], data).new.owner == "ben"
    assert only([], '[{"name":"ours","body":"b"}]').new.owner == ""


def after(library: list[Canned], found: Difference) -> list[Canned]:
    """The library once the import is in."""
    return list(({one.name: one for one in library} | {one.name: one for one in found.responses}).values())


FORMATS = st.sampled_from(["json", "csv", "zendesk", "chatwoot", "freescout"])


@given(LIBRARY, LIBRARY, FORMATS)
def test_the_same_import_again_changes_nothing(library: list[Canned], file: list[Canned], format: str) -> None:
    data = write(file, format)
    first = of(library, data, format)
    again = of(after(library, first), data, format)
    assert [change.kind for change in again.changes] == ["unchanged"] * len(first.changes)


@given(LIBRARY, FORMATS)
def test_a_library_that_comes_back_from_any_format_is_as_it_was(library: list[Canned], format: str) -> None:
    owned = [replace(one, owner=one.owner or "ana") for one in library]
    found = of(owned, write(owned, format), format)
    assert [change.kind for change in found.changes] == ["unchanged"] * len(library)
    assert found.absent == ()
