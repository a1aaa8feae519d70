"""THE table: what the keys do, and what a remapping may change."""

from collections import Counter
from typing import get_args

import pytest

from tui import actions
from tui.actions import ACTIONS, Action

DESIGN = """
? help · ctrl+p palette · tab next-pane · shift+tab previous-pane · / filter · v views · q end-shift · ctrl+q end-shift
ctrl+z suspend · j down · ↓ down · k up · ↑ up · g top · G bottom · ctrl+d half-down · ctrl+u half-up · enter open
n next · c claim · u release · s skip · r reply · m note · z snooze · e resolve · t tag · T take · p pass · i incident
w why · o show-link · y copy-link · U undo · N inbox · S figures · L library · l look-up · P promises · C capture
"""
EDITOR = """
ctrl+r canned · ctrl+s send · f9 send · f6 sender · f2 explain · tab next-blank · esc leave · ctrl+o edit-outside
f4 edit-outside · f3 look-up-writing · f5 spelling · f7 preview · f8 extras · ctrl+s keep-note · ctrl+s save-canned
"""


def documented(table: str) -> set[tuple[str, str]]:
    return {
        (pair.split()[0], pair.split()[1]) for line in table.split("\n") for pair in line.split("·") if pair.strip()
    }


def bound(*groups: str) -> set[tuple[str, str]]:
    return {(actions.shown(key), action.id) for action in ACTIONS if action.group in groups for key in action.keys}


def test_the_documented_keys_do_what_is_documented() -> None:
    assert documented(DESIGN) <= bound("desk", "list")
    assert documented(EDITOR) <= bound("editor")


def test_ids_are_unique_and_every_action_says_what_it_does() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert all(action.keys and action.label and action.help for action in ACTIONS)
    assert {action.need for action in ACTIONS} <= set(actions.WHY_NOT) == set(get_args(actions.Need))


@pytest.mark.parametrize("mode", [None, *actions.MODES])
def test_no_key_does_two_things_in_one_place(mode: str | None) -> None:
    here = [action for action in ACTIONS if (mode in action.modes if action.group == "editor" else mode is None)]
    keys = Counter(key for action in here for key in action.keys)
    assert [key for key, times in keys.items() if times > 1] == []


def test_no_plain_character_is_taken_in_the_editor() -> None:
    assert [key for action in ACTIONS if action.group == "editor" for key in action.keys if len(key) == 1] == []


def test_nothing_but_the_end_of_the_shift_ends_the_app() -> None:
    ends = {key for action in ACTIONS if action.id == "end-shift" for key in action.keys}
    assert ends == {"q", "ctrl+q"}
    assert "ctrl+c" not in {key for action in ACTIONS for key in action.keys}


def remapped(**keys: str) -> tuple[dict[str, Action], list[str]]:
    table, problems = actions.remapped({name.replace("_", "-"): (key,) for name, key in keys.items()})
    assert [action.id for action in table] == [action.id for action in ACTIONS]
    return actions.by_id(table), problems


def test_a_remapped_key_replaces_the_old_ones() -> None:
    table, problems = remapped(next="f5", canned="f10")
    assert (table["next"].keys, table["canned"].keys, problems) == (("f5",), ("f10",), [])
    assert table["skip"] == actions.by_id()["skip"]


def test_two_actions_may_change_places() -> None:
    table, problems = remapped(next="s", skip="n")
    assert (table["next"].keys, table["skip"].keys, problems) == (("s",), ("n",), [])


def test_one_key_may_serve_the_list_and_the_editor() -> None:
    table, problems = remapped(canned="ctrl+d")
    assert (table["canned"].keys, problems) == (("ctrl+d",), [])


def test_a_clash_keeps_the_defaults_and_says_so() -> None:
    table, problems = remapped(next="s")
    assert tuple(table.values()) == ACTIONS
    (problem,) = problems
    assert "'s'" in problem
    assert "default keys" in problem


def test_an_unknown_action_is_named_with_the_nearest() -> None:
    table, problems = remapped(skp="f5")
    assert (tuple(table.values()), problems) == (ACTIONS, ["keys.skp: no action is called that; did you mean 'skip'?"])


def test_a_letter_in_the_editor_would_be_typed() -> None:
    table, problems = remapped(send="x")
    assert tuple(table.values()) == ACTIONS
    assert "typed into the reply" in problems[0]


def test_the_documented_list_has_every_action() -> None:
    rows = actions.documented()
    assert [row[2] for row in rows] == [action.label for action in ACTIONS]
    assert ("desk", "? ", "Help") not in rows
    assert rows[0][:3] == ("desk", "?", "Help")
