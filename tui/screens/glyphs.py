"""The signs our own chrome draws, each one cell wide, with a twin for terminals without Unicode.

No emoji: terminals disagree on their width. A sign never stands alone; a word beside it says the same.
"""

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One table of signs. The states of a conversation differ from each other within a table."""

    # States of a conversation.
    new: str
    claimed: str
    claimed_elsewhere: str
    pending: str
    snoozed: str
    resolved: str
    # What a post is.
    repost: str
    resurfaced: str
    reply: str
    note: str
    late: str
    # Verdicts of the guard.
    ok: str
    info: str
    warn: str
    stop: str
    # Rows and text.
    cursor: str
    marked: str
    bullet: str
    separator: str
    ellipsis: str
    prompt: str
    check: str
    cross: str
    clock: str
    up: str
    down: str
    left: str
    right: str
    # Lines and bars.
    vertical: str
    horizontal: str
    bar_full: str
    bar_empty: str
    # Border types of Textual. The focused one differs in shape too, for a screen without colour.
    border: str
    border_focus: str


UNICODE = Glyphs(
    new="●",
    claimed="◆",
    claimed_elsewhere="◇",
    pending="○",
    snoozed="◌",
    resolved="✓",
    repost="↻",
    resurfaced="⇑",
    reply="↳",
    note="¶",
    late="!",
    ok="✓",
    info="·",
    warn="▲",
    stop="■",
    cursor="▌",
    marked="★",
    bullet="•",
    separator="·",
    ellipsis="…",
    prompt="›",
    check="✓",
    cross="×",
    clock="◷",
    up="↑",
    down="↓",
    left="←",
    right="→",
    vertical="│",
    horizontal="─",
    bar_full="█",
    bar_empty="░",
    border="round",
    border_focus="heavy",
)

ASCII = Glyphs(
    new="*",
    claimed="@",
    claimed_elsewhere="&",
    pending="o",
    snoozed="z",
    resolved="+",
    repost="%",
    resurfaced="^",
    reply=">",
    note="=",
    late="!",
    ok="+",
    info="-",
    warn="!",
    stop="#",
    cursor=">",
    marked="x",
    bullet="-",
    separator="|",
    ellipsis="~",
    prompt=">",
    check="+",
    cross="x",
    clock="@",
    up="^",
    down="v",
    left="<",
    right=">",
    vertical="|",
    horizontal="-",
    bar_full="#",
    bar_empty=".",
    border="ascii",
    border_focus="ascii",
)


def glyphs(encoding: str | None) -> Glyphs:
    """The table for a stream's encoding: Unicode for any UTF, ASCII for the rest, unknown and None included."""
    try:
        name = codecs.lookup(encoding or "ascii").name
    except (LookupError, ValueError):
        return ASCII
    return UNICODE if name.startswith("utf") else ASCII
