"""Canned responses as Markdown documents, and folders of them."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libraries import CANNED, LIBRARY

from tui import clock
from tui.desk.canned.formats import Remark, folder, load, read
from tui.desk.canned.formats.markdown import document, parse
from tui.desk.canned.response import Action, Canned, Variant
from tui.errors import Misuse

BY_HAND = """---
name: Refund policy
shortcut: rp
tags:
  - money
  - delay
language: no
valid_until: 2026-03-01T01:00:00+01:00
approved: no
actions:
  - tag: refund
  - promise: we call back
    within: 1d
---

Late by 15 minutes: 25 % back.

## not a heading of ours
--
----

--- de
Ab 15 Minuten.

--- for x
15 min.
---
Another wording.

--- any for mastodon plain
{{ not a template
"""


def test_a_document_as_a_lead_writes_it() -> None:
    assert parse(BY_HAND) == Canned(
        0,
        "Refund policy",
        "Late by 15 minutes: 25 % back.\n\n## not a heading of ours\n--\n----",
        shortcut="rp",
        tags=("money", "delay"),
        language="no",
        valid_until=clock.parse("2026-03-01T00:00Z"),
        approved=False,
        variants=(
            Variant("Ab 15 Minuten.", "de"),
            Variant("15 min.", "no", "x"),
            Variant("Another wording.", "no"),
            Variant("{{ not a template", "", "mastodon", plain=True),
        ),
        actions=(Action("tag", "refund"), Action("promise", "we call back", clock.DAY)),
    )


def test_the_document_of_the_docs_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "canned.md").read_text(encoding="utf-8")
    example = page.partition("```markdown\n")[2].partition("```")[0]
    found = parse(example)
    assert [(one.language, one.network) for one in found.variants] == [("de", ""), ("en", "x"), ("en", "")]
    assert parse(document(found)) == found


def test_a_document_says_only_what_is_not_as_usual() -> None:
    canned = Canned(
        0, "Hi: there", "Hi\n", tags=("a", "no"), language="en",
        variants=(Variant("Hallo", "de"), Variant("Hey", "en")), valid_from=0, approved=False,
        actions=(Action("snooze", span=90 * clock.MINUTE),),
    )  # fmt: skip
    assert document(canned) == (
        '---\nname: "Hi: there"\ntags: [a, "no"]\nlanguage: en\nvalid_from: 1970-01-01T00:00:00Z\napproved: false\n'
        "actions: [{snooze: 1h30m}]\n---\nHi\n\\\n\n--- de\nHallo\n\n---\nHey\n"
    )


def test_one_that_has_no_text_yet_can_be_written_on() -> None:
    begun = document(Canned(0, "New", ""))
    assert begun == "---\nname: New\n---\n\n"
    assert parse(begun + "Hello") == Canned(0, "New", "Hello")


@given(CANNED)
def test_a_document_holds_everything(canned: Canned) -> None:
    written = document(canned)
    if not canned.plain and all(not one.plain for one in canned.variants):
        assert parse(written) == canned
    assert read(written.encode(), "markdown") == ([canned], [])
    assert read(written.replace("\n", "\r\n").encode()) == ([canned], [])


def test_a_name_that_is_not_in_the_document_can_be_given() -> None:
    assert parse("---\ntags: a\n---\nHi", "Greeting").name == "Greeting"
    assert parse("---\nname: Own\n---\nHi", "Greeting").name == "Own"


FAULTS = [
    ("", 1, "a response begins with a line ---"),
    ("Hi", 1, "a response begins with a line ---"),
    ("---\nname: x\nHi", 1, "a second line --- is missing"),
    ("---\ntags: x\n---\nHi", 1, "the name is missing"),
    ("---\nname: x\n---\n \n\n", 4, "the body is missing"),
    ("---\nname: x\nbody: Hi\n---\nHi", 3, "the body stands below"),
    ("---\nname: x\nvalid_untl: y\n---\nHi", 3, "no field is called 'valid_untl'; valid_until is"),
    ("---\nname: x\n\nvalid_until: 2026-03-01\n---\nHi", 4, "valid_until is not a time with a zone"),
    ("---\nname: x\nvalid_until: 2026-03-01T10:00:00\n---\nHi", 3, "valid_until is not a time with a zone"),
    ("---\nname: x\nscope: [team]\n---\nHi", 3, "scope is not text"),
    ("---\nname: x\nactions: [{tag: a}, {snooze: later}]\n---\nHi", 3, "action 2: snooze is not a span"),
    ("---\nname: x\nname: y\n---\nHi", 3, "the field 'name' stands twice"),
    ("---\nname: x\n  - y: [\n---\nHi", 3, "not valid YAML"),
    ("---\n- name\n---\nHi", 2, "fields are expected here"),
    ("---\nname: x\n...\nscope: y\n---\nHi", 4, "not valid YAML"),
    ("---\nname: \x07\n---\nHi", 2, "a character in it can not be printed"),
    ("---\nname: x\n---\n\nHi\n\n{{ a | nope }}\n", 7, "unknown filter 'nope'"),
    ("---\nname: x\n---\nHi\n--- de\n\n{{ a\n", 7, "'{{' is never closed"),
    ("---\nname: x\n---\nHi\n--- de\n--- fr\nSalut", 6, "variant 1: the body is missing"),
    ("---\nname: x\n---\nHi\n--- see you ---\n", 5, "begins another text; write --- de"),
    ("---\nname: x\n---\nHi\n--- x_y\nHo", 6, "variant 1: language is 'x_y'"),
    ("---\nname: x\nvariants: [{body: a}]\n---\nHi\n--- de\nHo", 3, "not both"),
    ('---\nname: x\nvariants: [{body: a}, {body: "{{ b"}]\n---\nHi', 3, "'{{' is never closed"),
    ("---\nname: x\nvariants: [{body: a}]\n---\n{{ b", 5, "'{{' is never closed"),
    ("---\nname: x\n---\nHi" + "\n--- de\nHo" * 41, 85, "more than 40 further texts"),
]


@pytest.mark.parametrize(("text", "line", "cause"), FAULTS)
def test_what_is_wrong_is_said_with_line_and_cause(text: str, line: int, cause: str) -> None:
    with pytest.raises(Misuse) as raised:
        parse(text)
    assert str(raised.value).startswith(f"Line {line}: ")
    assert cause in str(raised.value)
    assert raised.value.details["line"] == line
    assert "\n" not in str(raised.value)


HOSTILE = [
    "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "tags: &t [a]",
    "name: *t",
    "name: !!python/object/apply:os.system [id]",
    "name: !!binary aGk=",
    "tags: !x [a]",
    "tags: " + "[" * 40_000,
    "tags: " + "{a: " * 5_000,
    "- " * 20_000,
    "? " * 20_000,
    "\n".join(f"f{number}: x" for number in range(3_000)),
    "shortcut: " + "9" * 40_000,
    "name: '" + "x" * 60_000,
    "<<: {name: y}",
    "valid_until: 2026-03-01T10:00:00+99:00",
    "valid_until: 0001-01-01T00:00:00+14:00",
    "%YAML 9.9",
]


@pytest.mark.parametrize("front", HOSTILE)
def test_a_hostile_front_matter_is_refused_and_nothing_is_made_of_it(front: str) -> None:
    with pytest.raises(Misuse, match=r"^Line "):
        parse(f"---\nname: x\n{front}\n---\nHi")
    found, remarks = read(f"---\nname: x\n{front}\n---\nHi".encode(), "markdown")
    assert found == [] or remarks  # an unknown field is told, in a file
    assert all(remark.line == 1 for remark in remarks)


def test_a_front_matter_has_an_end_before_it_is_looked_at() -> None:
    with pytest.raises(Misuse, match="Line 2: the fields are longer than 50,000 characters"):
        parse("---\nname: x\n#" + "x" * 50_000 + "\n---\nHi")


def test_values_are_text_whatever_they_look_like() -> None:
    found = parse("---\nname: 0x1F\nshortcut: 1e5\nowner: null\nincident: 2026-03-01\ntags: [yes, 12, ~]\n---\nHi")
    assert (found.name, found.shortcut, found.owner, found.incident) == ("0x1F", "1e5", "null", "2026-03-01")
    assert found.tags == ("yes", "12", "~")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_read_or_refused(front: str, text: str) -> None:
    for given_text in (front + text, f"---\n{front}\n---\n{text}", f"---\nname: x\n---\n{front}\n--- {text}\n{front}"):
        with contextlib.suppress(Misuse):
            assert parse(given_text).name
        read(given_text.encode("utf-8", "replace"), "markdown")


# -- folders ---------------------------------------------------------------------------------------


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


@given(LIBRARY.filter(bool))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_a_folder_holds_a_library(tmp_path_factory: pytest.TempPathFactory, library: list[Canned]) -> None:
    place = tmp_path_factory.mktemp("folder")
    assert len(folder.write(library, place / "new").changed) == len(library)
    found = load(place / "new")
    assert (found.format, found.remarks) == ("markdown", [])
    assert sorted(found.responses, key=lambda one: one.name) == sorted(library, key=lambda one: one.name)
    assert folder.write(library, place / "new") == folder.Written((), len(library), (), ())


def test_files_are_named_after_their_responses_and_stay_in_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "library"
    called = [
        "Refund policy",
        "Refund / policy!",
        "../../etc/passwd",
        "Ünïcode 東京",
        "...",
        "README",
        "a" * 150,
        ".git",
    ]
    library = [Canned(0, name, "b") for name in called]
    folder.write(library, place)
    assert names(tmp_path) == sorted(
        f"library/{name}.md"
        for name in [
            "refund-policy", "refund-policy-2", "etc-passwd", "unicode-東京", "response", "readme-2", "a" * 60, "git",
        ]
    )  # fmt: skip
    assert {one.name for one in read(place)[0]} == set(called)


def test_a_file_keeps_its_name_and_foreign_ones_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "mine.md").write_text("---\nname: Refund\n---\nold\n")
    (tmp_path / "lost.md").write_text("my own notes\n")
    (tmp_path / "README.md").write_text("about\n")
    (tmp_path / "gone.md").write_text("---\nname: Gone\n---\nx\n")
    outside = tmp_path.with_name("outside.md")
    outside.write_text("secret")
    (tmp_path / "found.md").symlink_to(outside)
    written = folder.write([Canned(0, "Refund", "new"), Canned(0, "Lost", "b"), Canned(0, "Found", "c")], tmp_path)
    assert written.changed == ("de/mine.md", "lost-2.md", "found-2.md")
    assert written.foreign == ("lost.md",)
    assert written.gone == (("gone.md", "Gone"),)
    assert (tmp_path / "de" / "mine.md").read_text() == "---\nname: Refund\n---\nnew\n"
    assert (tmp_path / "lost.md").read_text() == "my own notes\n"
    assert outside.read_text() == "secret"
    assert not [name for name in names(tmp_path) if ".new" in name]


def test_a_file_is_replaced_whole_and_never_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    place = tmp_path / "library"
    folder.write([Canned(0, "A", "one")], place)
    (place / "a.md").chmod(0o640)
    (place / ".a.md.new").symlink_to(outside)
    folder.write([Canned(0, "A", "two")], place)
    assert (place / "a.md").read_text().endswith("two\n")
    assert (place / "a.md").stat().st_mode & 0o777 == 0o640
    assert outside.read_text() == "secret"
    assert names(place) == ["a.md"]


def test_bad_files_are_named_with_their_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nname: A\n---\nHi\n")
    (tmp_path / "b.md").write_text("---\nname: B\ntags: {x: y}\n---\nHi\n")
    (tmp_path / "c.md").write_bytes(b"---\nname: caf\xe9\n---\nHi\n")
    (tmp_path / "d.md").write_text("---\ncolour: red\n---\n{{ x\n")
    with (tmp_path / "e.md").open("wb") as file:
        file.truncate(folder.LARGEST_DOCUMENT + 1)
    (tmp_path / "f.md").write_text("notes")
    (tmp_path / ".hidden.md").write_text("---\nname: H\n---\nHi\n")
    (tmp_path / "x.txt").write_text("---\nname: X\n---\nHi\n")
    (tmp_path / "README.md").write_text("---\nname: R\n---\nHi\n")
    found, remarks = read(tmp_path)
    assert found == [Canned(0, "A", "Hi"), Canned(0, "d", "{{ x", plain=True)]
    assert remarks == [
        Remark(2, "b.md, line 3: tags are neither text nor a list of texts"),
        Remark(3, "c.md: it is not UTF-8 (byte 13)"),
        Remark(4, "d.md: kept as plain text, its Liquid is not valid: line 1: '{{' is never closed", kept=True),
        Remark(4, "the field 'colour' is not known", kept=True),
        Remark(5, "e.md: it is larger than 2 MB"),
        Remark(6, "f.md, line 1: a response begins with a line ---, its name: and other fields, and a second line ---"),
    ]


def test_a_folder_that_can_not_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Misuse, match="is no folder"):
        folder.write([Canned(0, "a", "b")], tmp_path / "file")
    with pytest.raises(Misuse, match="a folder is read as markdown"):
        read(tmp_path, "json")
    with pytest.raises(Misuse, match="no file in it ends in"):
        read(tmp_path)
