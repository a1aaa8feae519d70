"""THE table of actions: id, keys, label, group, when it is possible and why not.

Bindings, footer, help, palette and the documented key list are all made from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Group = Literal["desk", "list", "editor"]
"""Where the keys work: outside an editor, in a list (or the conversation), or in the editor."""
Need = Literal["nothing", "row", "mine", "held"]
Mode = Literal["reply", "note", "canned"]
"""What the editor is open for: a reply to the customer, a note for colleagues, a canned response."""
WRITTEN: dict[Mode, str] = {"reply": "reply", "note": "note", "canned": "canned response"}
"""Each of them in words."""
MODES: tuple[Mode, ...] = ("reply", "note", "canned")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an agent can do. `keys` are Textual key names; the first is shown."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: Group
    need: Need = "nothing"
    footer: bool = False
    modes: tuple[Mode, ...] = ("reply",)
    """In the editor: what it has to be open for."""

    @property
    def place(self) -> str:
        """Where its keys work, in a word: its group, or what else than a reply has to stand in the editor."""
        return self.group if self.group != "editor" or "reply" in self.modes else self.modes[0]


WHY_NOT: dict[Need, str] = {
    "nothing": "",
    "row": "Nothing is selected; the list is empty.",
    "mine": "This conversation is not yours; press c to claim it first.",
    "held": "No reply is held back; there is nothing to undo.",
}
"""One sentence for an action whose need is not met."""

ACTIONS: tuple[Action, ...] = (
    Action("help", ("question_mark",), "Help", "show the keys of this pane", "desk", footer=True),
    Action("palette", ("ctrl+p",), "Palette", "find an action by name", "desk"),
    Action("next-pane", ("tab",), "Next pane", "go to the next pane", "desk"),
    Action("previous-pane", ("shift+tab",), "Previous pane", "go to the previous pane", "desk"),
    Action("filter", ("slash",), "Filter", "show only conversations with these words", "desk"),
    Action("views", ("v",), "Views", "choose what the feed shows", "desk"),
    Action("inbox", ("N",), "Notes for me", "notes of colleagues that name you", "desk"),
    Action("figures", ("S",), "Figures", "response figures of the last seven days", "desk"),
    Action("library", ("L",), "Library", "canned responses: find, edit, approve, how they are used", "desk"),
    Action("away", ("A",), "Away", "tell colleagues that you are away, or back", "desk"),
    Action("brake", ("B",), "Brake", "stop all sends of a handle, or let them go", "desk"),
    Action("end-shift", ("q", "ctrl+q"), "End shift", "end the shift and print the handoff", "desk", footer=True),
    Action("suspend", ("ctrl+z",), "Suspend", "back to the shell for a moment (fg returns)", "desk"),
    Action("down", ("j", "down"), "Down", "next row", "list"),
    Action("up", ("k", "up"), "Up", "row before", "list"),
    Action("top", ("g", "home"), "Top", "first row, with what has arrived", "list"),
    Action("bottom", ("G", "end"), "Bottom", "last row", "list"),
    Action("half-down", ("ctrl+d", "pagedown"), "Half page down", "half a page down", "list"),
    Action("half-up", ("ctrl+u", "pageup"), "Half page up", "half a page up", "list"),
    Action("open", ("enter",), "Open", "read it whole; looking never claims", "list", "row", footer=True),
    Action("next", ("n",), "Next", "claim and open what is served first", "list", footer=True),
    Action("claim", ("c",), "Claim", "claim the selected conversation", "list", "row", footer=True),
    Action("release", ("u",), "Release", "put it back, draft included", "list", "mine"),
    Action("skip", ("s",), "Skip", "pass over it with a reason", "list", "row", footer=True),
    Action("reply", ("r",), "Reply", "write a reply", "list", "row", footer=True),
    Action("note", ("m",), "Note", "leave a note for colleagues", "list", "row"),
    Action("snooze", ("z",), "Snooze", "let it rest until a time", "list", "row"),
    Action("resolve", ("e",), "Resolve", "close it with a reason", "list", "row", footer=True),
    Action("tag", ("t",), "Tag", "set its tags", "list", "row"),
    Action("take", ("T",), "Take over", "take it from a colleague with a reason", "list", "row"),
    Action("pass", ("p",), "Pass on", "hand it to a colleague", "list", "mine"),
    Action("incident", ("i",), "Incident", "link it to an incident, or to none", "list", "row"),
    Action("look-up", ("l",), "Look up", "run a configured look-up with a code from the thread", "list", "row"),
    Action("promises", ("P",), "Promises", "what we promised here, and whether it was kept", "list", "row"),
    Action("capture", ("C",), "Capture", "make a canned response of our newest reply here", "list"),
    Action("why", ("w",), "Why", "score, freshness and what the guard would say", "list", "row", footer=True),
    Action("show-link", ("o",), "Link", "show the link of the post", "list", "row"),
    Action("copy-link", ("y",), "Copy link", "copy the link of the post", "list", "row"),
    Action(
        "undo", ("U",), "Undo", "recall the newest held reply, or the scheduled one here", "list", "held", footer=True
    ),
    Action("canned", ("ctrl+r",), "Canned", "find a canned response", "editor", footer=True),
    Action("keep-note", ("ctrl+s", "f9"), "Keep note", "for colleagues only", "editor", footer=True, modes=("note",)),
    Action("save-canned", ("ctrl+s", "f9"), "Save", "check and save it", "editor", footer=True, modes=("canned",)),
    Action("send", ("ctrl+s", "f9"), "Review & send", "look at the final text, then y sends", "editor", footer=True),
    Action("sender", ("f6",), "From", "choose which of our handles it leaves from", "editor"),
    Action("go-private", ("ctrl+t", "f12"), "Private", "to a private message, or back to public", "editor"),
    Action("look-up-writing", ("f3",), "Look up", "run a configured look-up with a code from the thread", "editor"),
    Action("edit-outside", ("ctrl+o", "f4"), "$EDITOR", "go on in your own editor", "editor", modes=MODES),
    Action("spelling", ("f5",), "Spelling", "go to the next marked word, and what it may be", "editor", modes=MODES),
    Action("preview", ("f7",), "As it leaves", "its parts, mentions and links", "editor"),
    Action("extras", ("f8",), "With it", "pictures, content warning, who sees it, what sending also does", "editor"),
    Action("explain", ("f2",), "Why", "what the guard says and why", "editor", footer=True),
    Action("discard", ("ctrl+g", "f10"), "Throw away", "it is not kept", "editor", modes=("note", "canned")),
    Action(
        "next-blank",
        ("tab",),
        "Next blank",
        "go to the next blank, or leave the editor",
        "editor",
        footer=True,
        modes=("reply", "canned"),
    ),
    Action("leave-note", ("tab",), "Leave", "back to the list; the note is kept", "editor", modes=("note",)),
    Action("leave", ("escape",), "Back", "back to the list; the draft is kept", "editor", footer=True, modes=MODES),
    Action("help-writing", ("f1",), "Help", "show the keys of the editor", "editor", footer=True, modes=MODES),
)

_SHOWN = {
    "question_mark": "?", "slash": "/", "escape": "esc", "up": "↑", "down": "↓", "space": "space",
    "ctrl+underscore": "ctrl+_", "pagedown": "pgdn", "pageup": "pgup", "shift+tab": "shift+tab", "enter": "enter",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as people write it."""
    return _SHOWN.get(key, key)


def by_id(actions: Iterable[Action] = ACTIONS) -> dict[str, Action]:
    """Actions by id."""
    return {action.id: action for action in actions}


def remapped(keys: dict[str, tuple[str, ...]]) -> tuple[tuple[Action, ...], list[str]]:
    """The table with configured keys, and one sentence for each entry that could not be used."""
    import difflib

    problems: list[str] = []
    table = by_id()
    for name, wanted in keys.items():
        if name not in table:
            near = difflib.get_close_matches(name, table, 1, 0.4) or ["next"]
            problems.append(f"keys.{name}: no action is called that; did you mean {near[0]!r}?")
            continue
        if table[name].group == "editor" and any(len(key) == 1 for key in wanted):
            problems.append(f"keys.{name}: {wanted[0]!r} would be typed into the reply; take a ctrl or function key.")
            continue
        table[name] = replace(table[name], keys=wanted)
    return _without_clashes(tuple(table.values()), problems), problems


def _without_clashes(actions: tuple[Action, ...], problems: list[str]) -> tuple[Action, ...]:
    """Two actions on one key in one place: the configured change is refused and both keep their defaults."""
    taken: dict[tuple[str, str], str] = {}
    for action in actions:
        for key in action.keys:
            for place in action.modes if action.group == "editor" else ("desk",):
                if (place, key) in taken:
                    other = taken[place, key]
                    problems.append(f"keys.{action.id}: {key!r} is also {other!r}; the default keys are used.")
                    return ACTIONS
                taken[place, key] = action.id
    return actions


def documented(actions: Iterable[Action] = ACTIONS) -> list[tuple[str, str, str, str]]:
    """Place, keys, label and help of every action, for `shiftdesk keys` and the README."""
    return [(a.place, " ".join(shown(key) for key in a.keys), a.label, a.help) for a in actions]
