"""What a reply has beside its words: in the title while writing, in the review, the preview and the thread."""

from pathlib import Path

from tui import text
from tui.clock import Millis
from tui.desk.also import told
from tui.desk.composition import Composition

VISIBLE: dict[str, str] = {
    "": "publicly",
    "public": "publicly",
    "unlisted": "publicly, unlisted,",
    "followers": "for followers only",
}
"""How a reply goes out, by who is to see it."""


def in_short(made_of: Composition) -> str:
    """In a few cells: `2 pics, cw, unlisted, also 3`; empty where there is nothing."""
    pictures, actions = len(made_of.media), len(made_of.actions)
    found = [
        f"{pictures} pic{'s' if pictures > 1 else ''}" if pictures else "",
        "cw" if made_of.warning else "",
        made_of.visibility,
        f"also {actions}" if actions else "",
    ]
    return ", ".join(filter(None, found))


def above(made_of: Composition) -> list[str]:
    """What stands above the text."""
    return [f"content warning: {text.line(made_of.warning)}"] if made_of.warning else []


def below(made_of: Composition) -> list[str]:
    """What stands below it: its pictures."""
    return [f"[picture {text.line(Path(one.path).name)}: {text.line(one.alt)}]" for one in made_of.media]


def whole(made_of: Composition, now: Millis) -> list[str]:
    """All of it, a line each."""
    seen_by = [f"visible: {made_of.visibility}"] if made_of.visibility else []
    also = told(made_of.actions, now)
    return [*above(made_of), *below(made_of), *seen_by, *([also] if also else [])]
