"""Canned responses from files of this and other desks, and back."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import clock
from tui.desk.canned.formats import FORMATS, LARGEST_FILE, Remark, read, write
from tui.desk.canned.render import LONGEST_TEXT, check_syntax
from tui.desk.canned.response import SCOPES, Action, Canned
from tui.errors import Misuse


def dump(document: Any) -> bytes:
    return json.dumps(document).encode()


def only(data: bytes, format: str | None = None) -> Canned:
    found, remarks = read(data, format)
    assert remarks == []
    assert len(found) == 1
    return found[0]


def test_json_with_every_field() -> None:
    entry = {
        "name": "  Refund \n policy ",
        "body": "Hi {{ customer.name }},\r\nwe pay back.\n",
        "shortcut": "rp",
        "tags": ["money", "delay", "money"],
        "language": "en",
        "network": "X",
        "scope": "agent",
        "valid_from": "2026-02-11T09:14:00Z",
        "valid_until": "2026-03-01T00:00:00+01:00",
        "approved": False,
        "plain": True,
    }
    assert only(dump([entry])) == Canned(
        id=0,
        name="Refund policy",
        body="Hi {{ customer.name }},\nwe pay back.\n",
        shortcut="rp",
        tags=("money", "delay"),
        language="en",
        network="x",
        scope="agent",
        valid_from=clock.parse("2026-02-11T09:14:00Z"),
        valid_until=clock.parse("2026-02-28T23:00:00Z"),
        approved=False,
        plain=True,
    )


def test_what_a_file_does_not_say_is_approved_and_valid() -> None:
    assert only(dump([{"name": "a", "body": "b"}])) == Canned(0, "a", "b")


@pytest.mark.parametrize("tags", ["money,delay", "money; delay", "money delay", " money ,, delay "])
def test_csv_with_tags_in_one_cell(tags: str) -> None:
    data = f'name,body,tags,approved\nRefund,"two, ""lines""\r\nhere","{tags}",\n'.encode()
    assert only(data) == Canned(0, "Refund", 'two, "lines"\nhere', tags=("money", "delay"))


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffName;Body\r\nÜber;x, y\r\n".encode(),
        "name\tbody\nÜber\tx, y\n".encode(),
        '\ufeff[{"name": "Über", "body": "x, y"}]'.encode(),
        "name;body\nÜber;x, y".encode("utf-16"),
    ],
)
def test_files_as_spreadsheets_save_them(data: bytes) -> None:
    assert only(data) == Canned(0, "Über", "x, y")


def test_zendesk_macros() -> None:
    macros = [
        {
            "title": "Billing::Refund",
            "active": True,
            "actions": [
                {"field": "status", "value": "solved"},
                {"field": "current_tags", "value": "money refund"},
                {
                    "field": "comment_value",
                    "value": ["channel:all", "Hi {{ticket.requester.first_name}}, {{ ticket.id }} {{dc.x}} ticket.id"],
                },
            ],
            "restriction": None,
        },
        {
            "title": "Mine",
            "active": False,
            "actions": [
                {"field": "comment_value_html", "value": "<p>A&nbsp;&amp; B</p><p>{{current_user.name}} 1 < 2<br>x</p>"}
            ],
            "restriction": {"type": "User", "id": 4},
        },
        {"title": "Close", "actions": [{"field": "status", "value": "closed"}]},
    ]
    found, remarks = read(dump({"macros": macros, "count": 3}))
    assert found == [
        Canned(
            0,
            "Billing::Refund",
            "Hi {{customer.first_name}}, {{ conversation.id }} {{dc.x}} ticket.id",
            tags=("money", "refund"),
            actions=(Action("tag", "money"), Action("tag", "refund"), Action("resolve", "solved")),
        ),
        Canned(0, "Mine", "A & B\n{{agent.name}} 1 < 2\nx", scope="agent", approved=False),
    ]
    assert remarks == [Remark(3, "the macro writes no comment")]
    assert read(dump(macros))[0] == found == read(dump(macros), "zendesk")[0]


def test_chatwoot_responses() -> None:
    responses = [{"id": 1, "account_id": 2, "short_code": "hi", "content": "Hi {{contact.name}}, {{contact.name_x}}"}]
    expected = Canned(0, "hi", "Hi {{customer.name}}, {{contact.name_x}}", shortcut="hi")
    assert only(dump(responses)) == only(dump({"payload": responses})) == expected


BAD_ENTRIES = [
    ("text", "an object is expected, not str"),
    ({"body": "b"}, "the name is missing"),
    ({"name": "a", "body": "  "}, "the body is missing"),
    ({"name": 7, "body": "b"}, "name is not text"),
    ({"name": "a", "body": "b" * (LONGEST_TEXT + 1)}, "body is longer than 20,000 characters"),
    ({"name": "a", "body": "b", "scope": "planet"}, "scope is 'planet'; it can be team, account, agent"),
    ({"name": "a", "body": "b", "tags": [1]}, "tags are neither text nor a list of texts"),
    ({"name": "a", "body": "b", "approved": "maybe"}, "approved is neither true nor false"),
    ({"name": "a", "body": "b", "valid_until": "tomorrow"}, "valid_until is not a time with a zone"),
    ({"name": "a", "body": "b", "valid_from": "2026-01-01T00:00:00"}, "valid_from is not a time with a zone"),
    ({"name": "a", "body": "b", "valid_from": "0001-01-01T00:00:00+14:00"}, "valid_from is not a time with a zone"),
    ({"name": "a", "body": "b", "valid_from": 5}, "valid_from is not a time with a zone"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_ENTRIES)
def test_a_bad_entry_is_named_and_the_rest_is_read(bad: object, reason: str) -> None:
    found, remarks = read(dump([{"name": "first", "body": "1"}, bad, {"name": "last", "body": "2"}]))
    assert [one.name for one in found] == ["first", "last"]
    assert len(remarks) == 1
    assert (remarks[0].line, remarks[0].kept) == (2, False)
    assert remarks[0].reason.startswith(reason)


def test_a_bad_row_of_a_csv_is_named_by_its_line() -> None:
    data = b'name,body\na,"two\nlines"\nb,too,many\n\n,no name\nc,3\n'
    found, remarks = read(data)
    assert [one.name for one in found] == ["a", "c"]
    assert [remark.line for remark in remarks] == [4, 6]


def test_a_cell_too_large_for_csv_is_named() -> None:
    found, remarks = read(b'name,body\na,"' + b"x" * 200_000 + b'"\nb,2\n')
    assert [one.name for one in found] == ["b"]
    assert [remark.line for remark in remarks] == [2]


def test_of_one_name_the_later_is_kept() -> None:
    found, remarks = read(dump([{"name": "a", "body": "1"}, {"name": "b", "body": "2"}, {"name": "a ", "body": "3"}]))
    assert [(one.name, one.body) for one in found] == [("b", "2"), ("a", "3")]
    assert remarks == [Remark(1, "replaced by the later 'a' in line 3")]


def test_invalid_liquid_is_kept_as_plain_text() -> None:
    found, remarks = read(dump([{"name": "a", "body": "x\n{{ y"}]))
    assert found == [Canned(0, "a", "x\n{{ y", plain=True)]
    assert [(remark.line, remark.kept) for remark in remarks] == [(1, True)]
    assert "line 2: '{{' is never closed" in remarks[0].reason


def test_broken_characters_are_repaired_and_told() -> None:
    found, remarks = read(b'[{"name": "a\\ud800", "body": "b\\u0000", "tags": ["c\\u0000"]}]')
    assert found == [Canned(0, "a\ufffd", "b\ufffd", tags=("c\ufffd",))]
    assert [(remark.line, remark.kept) for remark in remarks] == [(1, True)]
    assert read(b"name,body\na,b\0\n")[0] == [Canned(0, "a", "b\ufffd")]


def test_a_field_not_known_is_told_once() -> None:
    found, remarks = read(dump([{"name": "a", "body": "b", "colour": "red"}, {"name": "c", "body": "d", "colour": 1}]))
    assert len(found) == 2
    assert remarks == [Remark(1, "the field 'colour' is not known", kept=True)]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"title,text\na,b\n", "columns name and body"),
        (b'[{"name": ', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[" + b"9" * 10_000 + b"]", "not valid JSON"),
        (b'{"users": []}', "no canned responses"),
        (b'{"macros": 5}', "no list"),
        (b"caf\xe9,body\n", "not UTF-8"),
        (b"\xff\xfea", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence) as raised:
        read(data)
    assert "\n" not in str(raised.value)


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "canned.json"
    path.write_bytes(dump([{"name": "a", "body": "b"}]))
    assert read(path)[0] == read(str(path))[0] == [Canned(0, "a", "b")]
    for wrong in (tmp_path / "none.json", tmp_path, "nul\0"):
        with pytest.raises(Misuse, match="can not be read"):
            read(wrong)
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(Misuse, match="larger than 64 MB"):
        read(path)


def test_a_format_not_known_is_refused() -> None:
    with pytest.raises(Misuse, match="json, csv, zendesk, chatwoot"):
        read(b"[]", "xml")
    with pytest.raises(Misuse, match="use json or csv"):
        write([], "xml")


HEADS = [
    b"",
    b"[",
    b"{",
    b"name,body\n",
    b'[{"name":"a","body":',
    b'{"macros":[',
    b'{"payload":[{"short_code":',
    b"\xff\xfe",
]


@given(st.sampled_from(HEADS), st.binary(max_size=60), st.sampled_from([None, *FORMATS]))
def test_hostile_bytes_are_read_or_refused(head: bytes, data: bytes, format: str | None) -> None:
    with contextlib.suppress(Misuse):
        read(head + data, format)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "body", "tags", "scope", "title", "actions", "field", "value", "content"]), inner
        ),
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([None, "macros", "payload", "macro"]), st.lists(JSON, max_size=3), st.sampled_from([None, *FORMATS])
)
def test_any_json_is_read_or_refused(key: str | None, entries: list[Any], format: str | None) -> None:
    try:
        found, _ = read(dump({key: entries} if key else entries), format)
    except Misuse:
        return
    assert all(one.name and one.body for one in found)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)
WORD = TEXT.map(lambda text: " ".join(text.split()))
TIME = st.none() | st.integers(-(10**13), 10**14)
CANNED = st.builds(
    Canned,
    id=st.just(0),
    name=WORD.filter(bool),
    body=TEXT.filter(lambda body: bool(body.strip()) and check_syntax(body) is None),
    shortcut=WORD,
    tags=st.lists(st.from_regex(r"[a-zé-]{1,8}", fullmatch=True), max_size=3, unique=True).map(tuple),
    language=st.sampled_from(["", "en", "pt-BR"]),
    network=st.sampled_from(["", "x"]),
    scope=st.sampled_from(SCOPES),
    valid_from=TIME,
    valid_until=TIME,
    approved=st.booleans(),
    plain=st.booleans(),
)


@given(st.lists(CANNED, max_size=4, unique_by=lambda one: one.name), st.sampled_from(["json", "csv"]))
def test_what_is_written_is_read_back(library: list[Canned], format: str) -> None:
    written = write(library, format)
    assert read(written.encode(), format) == (library, [])
    assert write(library, format) == written
