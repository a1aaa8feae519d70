"""From records to lines: the palette of the theme, and Content cut to one strip."""

from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from tui.screens.themes import semantic_colors


@dataclass(frozen=True)
class Palette:
    """The styles of our own words, for one theme."""

    plain: Style
    quiet: Style
    strong: Style
    fresh: Style
    late: Style
    resurfaced: Style
    danger: Style
    note: Style
    reply: Style
    selected: Color

    def verdict(self, verdict: str) -> Style:
        """The style of a guard verdict."""
        return {"stop": self.danger, "warn": self.late, "info": self.quiet}.get(verdict, self.fresh)


_palettes: dict[str, Palette] = {}


def palette(app: App[Any]) -> Palette:
    """The palette of the theme in use."""
    known = _palettes.get(app.theme)
    if known is None:
        colors = {name: Color.parse(value) for name, value in semantic_colors(app.current_theme).items()}
        styles = {name: Style(foreground=color) for name, color in colors.items() if name != "selected"}
        strong = Style(bold=True)
        for name in ("danger", "late", "resurfaced"):
            styles[name] += strong
        known = Palette(plain=Style(), strong=strong, selected=colors["selected"], **styles)
        _palettes[app.theme] = known
    return known


def strip(content: Content, width: int, base: Style) -> Strip:
    """One line, cut or filled to `width` cells."""
    line = content.truncate(width, ellipsis=True, pad=True)
    return Strip(line.render_segments(base), width)


def wrapped(content: Content, width: int, indent: int = 0) -> list[Content]:
    """Lines of at most `width` cells, the continuation indented like the first."""
    lines = content.wrap(max(width - indent, 8))
    return [line.pad_left(indent) for line in lines] if indent else lines
