"""How a finding puts things to people: nothing uncleaned, names and quotes cut to size."""

from collections.abc import Sequence

from tui.text import clean, fit, line

EVIDENCE_CHARACTERS = 500
"""Of a text that a finding quotes as evidence."""
EXAMPLES = 3
"""Most examples a finding gives."""
NOBODY = "someone"
"""Whose name has nothing that can be shown."""
_NAME_CELLS, _EXCERPT_CELLS = 40, 80
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def named(name: str) -> str:
    """A name on one row; what has nothing to show is `NOBODY`."""
    return fit(line(name[:EVIDENCE_CHARACTERS]), _NAME_CELLS) or NOBODY


def at(handle: str) -> str:
    """A handle with its `@`."""
    name = named(handle).removeprefix("@")
    return NOBODY if name in ("", NOBODY) else f"@{name}"


def us(account: str | None) -> str:
    """Our handle, or `We`."""
    return at(account) if account else "We"


def excerpt(text: str) -> str:
    """The beginning of a text, quoted, on one row."""
    return f"“{fit(line(text[:EVIDENCE_CHARACTERS]), _EXCERPT_CELLS)}”"


def whole(text: str) -> str:
    """A text as evidence shows it."""
    return clean(text[:EVIDENCE_CHARACTERS])


def listed(things: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(things) - EXAMPLES
    return ", ".join(things[:EXAMPLES]) + (f" and {more} more" if more > 0 else "")


def ordinal(count: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th`."""
    teens = 10 < count % 100 < 14
    return f"{count}{'th' if teens else _ENDINGS.get(count % 10, 'th')}"
