"""`note` and `notes`: whom a note names, and one's own inbox."""

import pytest

POST = {
    "network": "x", "id": "1", "account": "@northline", "author": {"id": "9", "handle": "amandac"},
    "text": "@northline late", "created_at": "2026-02-11T09:14:00Z",
}  # fmt: skip


@pytest.fixture
def noted(desk):
    """Ana and ben work here, and are a group."""
    desk.configure('[groups]\nshift-b = ["ana", "ben"]\n')
    desk.take_in(POST)
    for name in ("ana", "ben"):
        desk.json("tag", "1", "--agent", name)
    return desk


def test_a_note_says_whom_it_names_and_they_have_it(noted):
    made = noted.json("note", "1", "--text", "@shift-b look at @amandac", "--agent", "ana")
    assert made["named"] == ["ben"]
    (note,) = noted.json("notes", "--agent", "ben")
    assert note | {"at": None} == {
        "note": made["note"], "conversation": 1, "network": "x", "handle": "amandac", "agent": "ana",
        "text": "@shift-b look at @amandac", "at": None, "read_at": None,
    }  # fmt: skip
    assert noted.json("notes", "--agent", "ana") == []
    assert noted("note", "1", "--text", "@ben", "--agent", "ana").out == (
        "The note is with conversation 1 and with ben.\n"
    )


def test_an_unknown_name_is_said_and_kept(noted):
    answer = noted("note", "1", "--text", "@bne look, \x1b[31m@\u202eevil", "--json", "--agent", "ana")
    assert (answer.code, answer.json["named"]) == (0, [])
    assert "Nobody here is called bne; did you mean @ben?" in answer.err
    assert "\x1b" not in answer.err
    assert noted.json("show", "1")["notes"][0]["text"].startswith("@bne look")


def test_the_inbox_shows_what_is_unread_until_it_is_read(noted):
    for words in ("@ben one", "@ben two"):
        noted.json("note", "1", "--text", words, "--agent", "ana")
    assert [note["text"] for note in noted.json("notes", "--agent", "ben")] == ["@ben two", "@ben one"]
    shown = noted("notes", "--read", "--agent", "ben").out
    assert "@ben two" in shown
    assert "unread" in shown
    assert noted.json("notes", "--agent", "ben") == []
    assert noted("notes", "--agent", "ben").out == "No unread note names you.\n"
    read = noted.json("notes", "--all", "--agent", "ben")
    assert [note["text"] for note in read] == ["@ben two", "@ben one"]
    assert all(note["read_at"] for note in read)
    assert noted("notes", "--all", "--agent", "ana").out == "No note names you.\n"


def test_a_note_of_a_dash_is_read_from_stdin(noted):
    noted.json("note", "1", "--text", "-", "--agent", "ana", stdin=b"@ben look\n")
    assert [note["text"] for note in noted.json("notes", "--agent", "ben")] == ["@ben look"]
    assert noted("note", "1", "--text", "-", stdin=b"").code == 1
