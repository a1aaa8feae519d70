"""The HTML of other desks, of which there may be too much."""

from tui import hypertext
from tui.desk.canned.formats.entry import Unfit
from tui.hypertext import html_of

LONGEST_HTML = 400_000
"""Characters."""

__all__ = ["html_of", "text_of"]


def text_of(source: str) -> str:
    """What a reader sees of HTML. Raises Unfit when it is too long."""
    if len(source) > LONGEST_HTML:
        raise Unfit(f"its HTML is longer than {LONGEST_HTML:,} characters", "body")
    return hypertext.text_of(source)
