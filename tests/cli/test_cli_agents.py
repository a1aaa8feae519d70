"""`agent`: who works here, from the command line; what is refused, to whom, and with which exit code."""

import pytest


@pytest.fixture
def team(desk):
    """ana made the desk; ben is a lead, cem an agent."""
    desk.json("agent", "add", "ben", "--role", "lead")
    desk.json("agent", "add", "cem")
    return desk


def test_the_list_says_role_shift_and_what_each_holds(team, post):
    team.take_in(post("1"))
    team.json("claim", "1", "--agent", "cem")
    team.json("shift", "start", "--agent", "cem")
    team.json("agent", "remove", "ben")
    listed = team.json("agent", "list")
    assert [(one["name"], one["role"], one["holds"]) for one in listed] == [
        ("ana", "admin", 0), ("cem", "agent", 1), ("ben", "removed", 0),
    ]  # fmt: skip
    assert [one["on_shift_since"] is not None for one in listed] == [False, True, False]
    table = team("agent", "list").out.splitlines()
    assert table[0].split() == ["name", "role", "since", "on", "shift", "holds"]
    assert table[2].split()[:2] == ["cem", "agent"]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("cem", ["brake", "x:@northline", "off"]),
        ("cem", ["canned", "add", "Sorry", "--body", "We are sorry."]),
        ("cem", ["incident", "close", "Line 4"]),
        ("ben", ["agent", "role", "cem", "admin"]),
        ("ben", ["agent", "add", "eva"]),
        ("ben", ["account", "add", "x", "@northline"]),
        ("ben", ["backup", "copy.backup"]),
    ],
)
def test_a_refusal_exits_1_and_says_who_one_is_and_whom_to_ask(team, post, who, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    team.take_in(post("1"))
    team.json("incident", "add", "Line 4", "--text", "closed")
    answer = team(*words, "--agent", who, "--json")
    assert answer.code == 1
    assert answer.json["role"] == {"ben": "lead", "cem": "agent"}[who]
    assert answer.json["error"] == answer.err.rstrip("\n")
    assert "you are a" in answer.err
    assert "Ask ana" in answer.err


def test_everybody_may_put_the_brake_on_and_propose(team, post):
    team.take_in(post("1"))
    assert team.json("brake", "x:@northline", "on", "--reason", "wrong fare", "--agent", "cem")["on"]
    assert team.json("canned", "add", "Sorry", "--body", "Sorry.", "--unapproved", "--agent", "cem")["added"]
    assert team("canned", "approve", "Sorry", "--agent", "cem").code == 1
    assert team("canned", "approve", "Sorry", "--agent", "ben").code == 0
    assert team("brake", "x:@northline", "off", "--agent", "ben").code == 0


def test_a_role_holds_from_its_change_on(team):
    assert team.json("agent", "role", "cem", "lead") == {"name": "cem", "role": "lead", "changed": True}
    assert team.json("agent", "role", "cem", "lead")["changed"] is False
    assert team("canned", "add", "Sorry", "--body", "Sorry.", "--agent", "cem").code == 0
    answer = team("agent", "role", "ana", "agent")
    assert (answer.code, "the only admin" in answer.err) == (1, True)
    assert team("agent", "role", "nobody", "lead").code == 2
    assert team("agent", "role", "cem", "boss").code == 2
    assert team("agent", "add", "desk").code == 2


def test_who_is_removed_neither_changes_nor_reads(team, post):
    team.take_in(post("1"))
    team.json("claim", "1", "--agent", "cem")
    assert team.json("agent", "remove", "cem") == {"name": "cem", "released": [1]}
    for words in (["queue"], ["show", "1"], ["note", "1", "--text", "x"], ["next"]):
        answer = team(*words, "--agent", "cem")
        assert (answer.code, answer.out) == (1, "")
        assert "may no longer work at this desk. Ask ana." in answer.err
    assert team.json("agent", "add", "cem") == {"name": "cem", "role": "agent"}
    assert team("queue", "--agent", "cem").code == 0


def test_a_strict_team_knows_only_whom_an_admin_added(desk):
    desk.configure("[desk]\nonly_known_agents = true\n")
    desk.json("agent", "list")
    desk.json("agent", "add", "ben")
    assert desk("queue", "--agent", "ben").code == 0
    for words in (["queue"], ["shift", "start"]):
        answer = desk(*words, "--agent", "eva")
        assert (answer.code, answer.out) == (1, "")
        assert "Nobody called 'eva' works here" in answer.err
    assert [one["name"] for one in desk.json("agent", "list")] == ["ana", "ben"]
