"""`canned`: reusable texts from the command line."""

import json

import pytest

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


def test_a_bad_entry_is_named_and_the_rest_goes_in(desk):
    done = desk.json("canned", "import", "-", stdin=b'[{"name":"No body"},{"name":"New","body":"{{ x | nope }}"}]')
    assert [one["line"] for one in done["refused"]] == [1]
    assert [one["line"] for one in done["warnings"]] == [2]
    assert done["added"] == ["New"]
    assert desk.json("canned", "show", "New")["plain"] is True


def test_an_import_in_which_all_is_refused_exits_1(desk):
    assert desk("canned", "import", "-", stdin=b'[{"name":"No body"}]').code == 1


def test_import_takes_csv_by_its_content(desk, tmp_path):
    file = tmp_path / "canned.txt"
    file.write_text("name,body,tags\nFrom CSV,Hello,a b\n")
    assert desk.json("canned", "import", str(file))["added"] == ["From CSV"]
    assert desk.json("canned", "show", "From CSV")["tags"] == ["a", "b"]


def test_an_unreadable_file_is_wrong_usage(desk):
    assert desk("canned", "import", "nowhere.json").code == 2


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
