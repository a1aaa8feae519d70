"""`canned`: reusable texts from the command line."""

import json

import pytest

from tui.cli.canned_files import FORMATS
from tui.desk.canned import formats

LIBRARY = [
    {"name": "Refund policy", "body": "Late by 15 minutes: 25 % back.", "shortcut": "refund", "tags": ["money"]},
    {"name": "Lost property", "body": "Hi {{ customer.name | default: 'there' }}, report it.", "language": "en"},
]


@pytest.fixture(autouse=True)
def _library(desk):
    desk.json("canned", "import", "-", stdin=json.dumps(LIBRARY).encode())


def test_import_says_what_it_did_and_twice_changes_nothing(desk):
    done = desk.json("canned", "import", "-", stdin=json.dumps([*LIBRARY, {"name": "New", "body": "b"}]).encode())
    assert done == {
        "added": ["New"], "changed": [], "unchanged": 2, "refused": [], "warnings": [], "dry_run": False,
    }  # fmt: skip


def test_a_dry_run_changes_nothing(desk):
    done = desk.json("canned", "import", "-", "--dry-run", stdin=b'[{"name":"New","body":"b"}]')
    assert (done["added"], done["dry_run"]) == (["New"], True)
    assert len(desk.json("canned", "list")) == 2


def test_a_dry_run_says_field_by_field_what_would_change(desk):
    changed = [
        LIBRARY[0] | {"body": "Late by 20 minutes: 25 % back.", "tags": ["money", "late"]},
        {"name": "New", "body": "b"},
    ]
    stdin = json.dumps([*changed, {"name": "No body"}]).encode()
    done = desk.json("canned", "import", "-", "--dry-run", stdin=stdin)
    assert done["differences"] == [
        {
            "name": "Refund policy",
            "change": "changed",
            "fields": {
                "body": {"old": LIBRARY[0]["body"], "new": changed[0]["body"]},
                "tags": {"old": ["money"], "new": ["money", "late"]},
            },
            "diff": [
                "--- here", "+++ file", "@@ -1 +1 @@",
                "-Late by 15 minutes: 25 % back.", "+Late by 20 minutes: 25 % back.",
            ],
        },
        {
            "name": "New", "change": "added", "diff": [],
            "fields": {"name": {"old": None, "new": "New"}, "body": {"old": None, "new": "b"}},
        },
    ]  # fmt: skip
    assert done["absent"] == ["Lost property"]
    assert desk("canned", "import", "-", "--dry-run", stdin=stdin).out.splitlines() == [
        "1 added, 1 changed, 0 unchanged, 1 refused; nothing was stored.",
        "~ Refund policy",
        "    tags: money -> money, late",
        "    --- here",
        "    +++ file",
        "    @@ -1 +1 @@",
        "    -Late by 15 minutes: 25 % back.",
        "    +Late by 20 minutes: 25 % back.",
        "+ New: b",
        "! entry 3: the body is missing",
        "? Lost property: not in the file; it stays as it is",
    ]
    assert "differences" not in desk.json("canned", "import", "-", stdin=stdin)


def test_a_dry_run_shows_nothing_that_acts_on_a_terminal(desk):
    stdin = json.dumps([{"name": "Refund policy", "body": "a\x1b]0;x\x07\n\u202eb", "tags": ["\x9b2J"]}]).encode()
    answer = desk("canned", "import", "-", "--dry-run", stdin=stdin)
    assert not set("\x1b\x07\x9b\u202e") & set(answer.out)
    assert desk("canned", "import", "-", "--dry-run", "--json", stdin=stdin).out.isascii()


def test_an_import_from_another_desk_keeps_what_that_can_not_hold(desk):
    chatwoot = b'[{"short_code":"refund","content":"Late by 20 minutes: 25 % back, {{contact.name}}."}]'
    assert desk.json("canned", "import", "-", stdin=chatwoot)["changed"] == ["Refund policy"]
    found = desk.json("canned", "show", "Refund policy")
    assert (found["body"], found["tags"]) == ("Late by 20 minutes: 25 % back, {{customer.name}}.", ["money"])
    assert desk.json("canned", "import", "-", stdin=chatwoot)["unchanged"] == 1


def test_two_entries_for_one_response_are_told(desk):
    chatwoot = b'[{"short_code":"refund","content":"one"},{"short_code":"Refund policy","content":"two"}]'
    done = desk.json("canned", "import", "-", stdin=chatwoot)
    assert [one["name"] for one in done["warnings"]] == ["Refund policy"]
    assert desk.json("canned", "show", "Refund policy")["body"] == "two"


def test_a_bad_entry_is_named_and_the_rest_goes_in(desk):
    done = desk.json("canned", "import", "-", stdin=b'[{"name":"No body"},{"name":"New","body":"{{ x | nope }}"}]')
    assert [one["line"] for one in done["refused"]] == [1]
    assert [one["line"] for one in done["warnings"]] == [2]
    assert done["added"] == ["New"]
    assert desk.json("canned", "show", "New")["plain"] is True


@pytest.mark.parametrize("flags", [(), ("--json",), ("--dry-run",)])
@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (
            b'[{"name":"No body"}]',
            "The one entry on stdin is refused, nothing was stored; entry 1: the body is missing; "
            "correct that and import again.\n",
        ),
        (
            b'[{"name":"REFUND POLICY","body":"b"},{"name":"lost property","body":"b"}]',
            "Each of the 2 entries on stdin is refused, nothing was stored; REFUND POLICY: there is 'Refund policy' "
            "already, the same name in another case; correct that and import again.\n",
        ),
    ],
)
def test_an_import_in_which_all_is_refused_says_so_in_one_sentence(desk, entries, told, flags):
    answer = desk("canned", "import", "-", *flags, stdin=entries)
    assert (answer.code, answer.err) == (1, told)
    assert len(desk.json("canned", "list")) == 2
    if "--json" in flags:
        assert answer.json["refused"]


def test_import_takes_csv_by_its_content(desk, tmp_path):
    file = tmp_path / "canned.txt"
    file.write_text("name,body,tags\nFrom CSV,Hello,a b\n")
    assert desk.json("canned", "import", str(file))["added"] == ["From CSV"]
    assert desk.json("canned", "show", "From CSV")["tags"] == ["a", "b"]


def test_an_unreadable_file_is_wrong_usage(desk):
    assert desk("canned", "import", "nowhere.json").code == 2


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("no", None, "'no' can not be read: No such file or directory; give a file, a folder, or - for stdin."),
        ("a.csv", b"", "'a.csv' is empty; a CSV with the columns name and body, or JSON is expected."),
        ("a.csv", b"caf\xe9", "'a.csv' is not UTF-8 (byte 3); save it as UTF-8."),
        ("a.csv", b"hello", "'a.csv' is a CSV, which needs the columns name and body; its first row is 'hello'."),
        ("a.json", b"{", "'a.json' is not valid JSON: Expecting property name enclosed in double quotes in line 1; "
                         "correct that line."),
        ("-", b"[1", "The input is not valid JSON: Expecting ',' delimiter in line 1; correct that line."),
        ("-", b"", "The input is empty; a CSV with the columns name and body, or JSON is expected."),
        ("folder/", None, "'folder' can not be read: no file in it ends in .md; name another folder, or a file."),
        ("", None, "Invalid value for 'FILE|FOLDER|-': it is empty; name a file, a folder, or -; "
                   "see `shiftdesk canned import --help`."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_with_its_name(desk, tmp_path, monkeypatch, name, data, sentence):
    monkeypatch.chdir(tmp_path)
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    elif data is not None and name != "-":
        (tmp_path / name).write_bytes(data)
    answer = desk("canned", "import", name, stdin=data or b"")
    assert (answer.code, answer.out, answer.err) == (2, "", sentence + "\n")
    assert desk("canned", "import", name, "--json", stdin=data or b"").json == {"error": sentence}


def test_an_export_without_a_name_is_wrong_usage(desk):
    answer = desk("canned", "export", "")
    assert (answer.code, "it is empty" in answer.err) == (2, True)


def test_who_finds_nothing_is_not_told_that_there_is_nothing(desk):
    assert desk("canned", "search", "qqqzzz").out == (
        "No canned response that you may send is like that; `shiftdesk canned list` names all there are.\n"
    )


def test_an_empty_text_is_no_change(desk):
    for body, stdin in (("", b""), (" ", b""), ("-", b""), ("-", b"\n")):
        answer = desk("canned", "add", "Refund policy", "--body", body, stdin=stdin)
        assert (answer.code, answer.err.count("\n"), "The text is empty" in answer.err) == (2, 1, True), body


def test_search_forgives_a_typo_and_gives_the_best_first(desk):
    hits = desk.json("canned", "search", "refnud policy")
    assert hits[0]["name"] == "Refund policy"
    assert {"name", "body", "score"} <= set(hits[0])
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert desk.json("canned", "search", "refund")[0]["score"] == 100


def test_show_takes_name_or_shortcut_and_suggests_the_nearest(desk):
    assert desk.json("canned", "show", "Refund policy") == desk.json("canned", "show", "refund")
    assert desk.json("canned", "show", "lost PROPERTY")["name"] == "Lost property"
    answer = desk("canned", "show", "Refund polcy")
    assert answer.code == 2
    assert "'Refund policy'" in answer.err


def test_add_changes_the_one_of_that_name(desk):
    added = desk.json("canned", "add", "Bye", "--body", "Bye!", "--tag", "end", "--tag", "short", "--language", "en")
    assert added["added"] == ["Bye"]
    assert desk.json("canned", "show", "Bye")["tags"] == ["end", "short"]
    assert desk.json("canned", "add", "Bye", "--body", "-", stdin=b"Good bye!\n")["changed"] == ["Bye"]
    assert desk.json("canned", "show", "Bye")["body"] == "Good bye!"
    assert desk("canned", "add", "Bye", "--body", "b", "--valid-until", "tomorrow").code == 2


@pytest.mark.parametrize("name", ["out.json", "out.csv"])
def test_what_is_exported_can_be_imported(desk, tmp_path, name):
    file = tmp_path / name
    assert desk.json("canned", "export", str(file))["written"] == 2
    again = desk.json("canned", "import", str(file))
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], 2)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_exported_in_any_format_changes_nothing_when_imported(desk, tmp_path, format):
    everything = {
        "name": "Everything", "body": "{% locked %}25 %{% endlocked %} <b>", "shortcut": "all", "tags": ["a", "b"],
        "language": "en", "valid_until": "2031-01-01T00:00:00Z", "approved": False, "scope": "agent",
        "variants": [{"body": "x", "language": "de"}],
        "actions": [{"tag": "refund"}, {"resolve": "paid"}, {"promise": "we call", "within": "1d"}],
    }  # fmt: skip
    desk.json("canned", "import", "-", stdin=json.dumps([everything]).encode())
    before = desk.json("canned", "list")
    target = tmp_path / "out"
    done = desk.json("canned", "export", str(target), "--format", format)
    assert done["written"] == 3
    assert bool(done["left_out"]) == (format not in ("json", "csv", "markdown"))
    again = desk.json("canned", "import", str(target))
    assert (again["added"], again["changed"], again["unchanged"], again["refused"]) == ([], [], 3, [])
    assert desk.json("canned", "list") == before


def test_a_folder_is_written_and_read_whole(desk, tmp_path):
    target = tmp_path / "library"
    target.mkdir()
    (target / "old.md").write_text("---\nname: Old\n---\nx\n")
    done = desk.json("canned", "export", str(target))
    assert sorted(done["changed"]) == ["lost-property.md", "refund-policy.md"]
    assert done["gone"] == [{"file": "old.md", "name": "Old"}]
    file = target / "refund-policy.md"
    file.write_text(file.read_text().replace("15 minutes", "20 minutes"))
    assert desk("canned", "import", str(target)).out == "1 added, 1 changed, 1 unchanged, 0 refused.\n"
    assert (
        "old.md holds" in desk("canned", "export", str(target)).out or desk.json("canned", "show", "Old")["body"] == "x"
    )
    assert desk("canned", "export", "--format", "markdown").code == 2


def test_what_another_desk_can_not_hold_is_told(desk, tmp_path):
    told = desk("canned", "export", str(tmp_path / "macros.json"), "--format", "zendesk")
    assert ". Refund policy: Zendesk can not hold shortcut, tags" in told.out
    answer = desk("canned", "export", "--format", "zendesk", "--json")
    assert answer.json["macros"][0]["title"] == "Lost property"
    assert "Zendesk can not hold" in answer.err


def test_the_formats_are_those_of_the_desk():
    assert FORMATS == formats.FORMATS


def test_export_to_stdout_is_one_document_in_ascii(desk):
    desk.json("canned", "add", "Café", "--body", "déjà \x9b vu")
    answer = desk("canned", "export", "--json")
    assert [one["name"] for one in answer.json] == ["Café", "Lost property", "Refund policy"]
    assert answer.out.isascii()
    assert desk("canned", "export", "--format", "csv", "--json").code == 2
    assert desk("canned", "export", "--format", "csv").out.startswith("name,body,")


def test_lists_are_for_people_too(desk):
    assert "Refund policy" in desk("canned", "list").out
    assert "Refund policy" in desk("canned", "search", "refund").out
    assert "25 % back" in desk("canned", "show", "refund").out
