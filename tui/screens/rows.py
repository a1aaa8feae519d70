"""The lists: a window of rows by key, drawn by the line API; row one million costs what row one costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui import text
from tui.clock import MINUTE, Millis, age
from tui.desk.around import Around
from tui.desk.queue import Entry
from tui.screens.glyphs import Glyphs
from tui.screens.paint import palette, strip
from tui.store.reader import COUNT_LIMIT, VIEWS, Key

ROW_LINES = 2
WINDOW_ROWS = 400
"""Most rows kept around the cursor."""
PAGE_ROWS = 100
MOST_TOLD = 2
"""How many of those who are at a conversation a row names."""
INCIDENT_CELLS = 16
"""Of an incident's name in a row."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a list shows: rows from a key on, and how many stand before and in all."""

    entries: tuple[Entry, ...]
    before: int
    total: int
    more: bool


def key_of(entry: Entry, view: str) -> Key:
    """The row's place in a view."""
    return Key(getattr(entry.row, VIEWS[view].column) or 0, entry.row.id)


class RowList(Widget, can_focus=True):
    """Conversations, two lines each. Moving redraws the two rows that changed."""

    class Wanted(Message):
        """Rows beyond the window are needed; `backwards`: before it."""

        def __init__(self, rows: "RowList", backwards: bool) -> None:
            super().__init__()
            self.rows = rows
            self.backwards = backwards

    def __init__(
        self,
        name: str,
        title: str,
        view: str,
        glyphs: Glyphs,
        *,
        empty: Callable[[], list[str]],
        chosen: Callable[["RowList"], None],
    ) -> None:
        super().__init__(id=name)
        self.chosen = chosen
        """Called when the cursor stands on another conversation; a message would come after the paint, and
        cost a second one."""
        self.title_word = title
        self.view = view
        self.glyphs = glyphs
        self.empty_lines = empty
        self.entries: list[Entry] = []
        self.cursor = 0
        self.top = 0
        self.before = 0
        self.arrived = 0
        self.total = 0
        self.more_below = False
        self.search = ""
        self.around = Around()
        """Who is at the conversations."""
        self._asked = False

    # -- what is shown ----------------------------------------------------------------------------

    @property
    def selected(self) -> Entry | None:
        """The row under the cursor."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    @property
    def visible_rows(self) -> int:
        """How many rows fit."""
        return max(self.size.height // ROW_LINES, 1)

    @property
    def first_key(self) -> Key | None:
        """The first row on screen, which stays there; None in an empty list."""
        return key_of(self.entries[self.top], self.view) if self.top < len(self.entries) else None

    @property
    def place(self) -> tuple[Key | None, str, str]:
        """From where on which rows are shown: first row, view, search."""
        return self.first_key, self.view, self.search

    def edge(self, first: bool) -> Key | None:
        """The first or the last row of the window."""
        return key_of(self.entries[0 if first else -1], self.view) if self.entries else None

    def show(self, page: Page) -> None:
        """Replace the window by a page that begins at `first_key`; the cursor stays on its conversation."""
        kept = self.selected.row.id if self.selected else None
        old = [e.row for e in self.entries[self.top : self.top + self.visible_rows]]
        place = self.cursor - self.top
        above = self.before + self.top if self.entries else None
        self.before = page.before
        self.entries = list(page.entries)
        self.more_below = page.more
        self.total = page.total
        self._asked = False
        found = [i for i, e in enumerate(self.entries) if e.row.id == kept]
        self.cursor = found[0] if found else min(max(place, 0), max(len(self.entries) - 1, 0))
        self.top = max(self.cursor - place, 0)
        self._scroll()
        if above is not None:
            self.arrived += max(self.before + self.top - above, 0)
        if old != [e.row for e in self.entries[self.top : self.top + self.visible_rows]]:
            self.refresh()
        self._title()
        if (self.selected.row.id if self.selected else None) != kept:
            self.chosen(self)

    def extend(self, entries: Sequence[Entry], backwards: bool, more: bool) -> None:
        """Add rows beyond the window, and let go of as many at its other end."""
        self._asked = False
        if backwards:
            self.entries[:0] = entries
            self.before = max(self.before - len(entries), 0) if more else 0
            self.cursor += len(entries)
            self.top += len(entries)
            if len(self.entries) > WINDOW_ROWS:
                del self.entries[WINDOW_ROWS:]
                self.more_below = True
        else:
            self.entries += entries
            self.more_below = more
            surplus = len(self.entries) - WINDOW_ROWS
            if surplus > 0 and self.top > surplus:
                del self.entries[:surplus]
                self.before += surplus
                self.cursor -= surplus
                self.top -= surplus
        self._scroll()
        self.refresh()

    def reset(self) -> None:
        """Forget the place: the next page begins at the top."""
        self.entries, self.cursor, self.top, self.before, self.arrived = [], 0, 0, 0, 0
        self.refresh()

    def tick(self, now: Millis, again: Callable[[Entry, Millis], Entry]) -> None:
        """A minute has passed: ages and freshness are read again."""
        before = [(_ages(e), e.freshness, self._there(e)) for e in self.entries]
        self.entries = [again(entry, now) for entry in self.entries]
        if before != [(_ages(e), e.freshness, self._there(e)) for e in self.entries]:
            self.refresh()

    def stand(self, around: Around) -> None:
        """Others came, went, or do something else: only the rows that say so are drawn again."""
        seen = self.entries[self.top : self.top + self.visible_rows]
        before = [self._there(entry) for entry in seen]
        self.around = around
        for place, entry in enumerate(seen):
            if self._there(entry) != before[place]:
                self.refresh(Region(0, place * ROW_LINES, self.size.width, 1))

    # -- moving -----------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self.cursor + by)

    def go_to(self, conversation_id: int) -> None:
        """Move to a conversation, where it is in the window."""
        for index, found in enumerate(self.entries):
            if found.row.id == conversation_id:
                self._go(index)
                return

    def half_page(self, sign: int) -> None:
        """Move by half of what is visible."""
        self._go(self.cursor + sign * max(self.visible_rows // 2, 1))

    def _go(self, cursor: int) -> None:
        old, old_top = self.cursor, self.top
        self.cursor = min(max(cursor, 0), max(len(self.entries) - 1, 0))
        self._scroll()
        if self.top != old_top:
            self.refresh()
            if self.arrived:
                self._title()
        elif self.cursor != old:
            for row in (old, self.cursor):
                self.refresh(Region(0, (row - self.top) * ROW_LINES, self.size.width, ROW_LINES))
        if self.cursor != old:
            self.chosen(self)
        self._want()

    def _want(self) -> None:
        if self._asked:
            return
        if self.more_below and self.cursor >= len(self.entries) - self.visible_rows:
            self._asked = True
            self.post_message(self.Wanted(self, backwards=False))
        elif self.before and self.cursor < self.visible_rows:
            self._asked = True
            self.post_message(self.Wanted(self, backwards=True))

    def _scroll(self) -> None:
        rows = self.visible_rows
        self.top = min(max(self.top, self.cursor - rows + 1), self.cursor)
        self.top = max(min(self.top, len(self.entries) - rows), 0) if not self.more_below else max(self.top, 0)

    def on_resize(self) -> None:
        self._scroll()
        self._title()

    def on_focus(self) -> None:
        self._repaint_cursor()

    def on_blur(self) -> None:
        self._repaint_cursor()

    def _repaint_cursor(self) -> None:
        self.refresh(Region(0, (self.cursor - self.top) * ROW_LINES, self.size.width, ROW_LINES))

    # -- drawing ----------------------------------------------------------------------------------

    def _title(self) -> None:
        self.arrived = min(self.arrived, self.before + self.top)
        count = f"{self.total:,}" + ("+" if self.total >= COUNT_LIMIT else "")
        words = f"{self.title_word} {count}"
        if self.view not in ("waiting", "mine"):
            words += f" {self.glyphs.separator} {self.view}"
        if self.search:
            words += f" {self.glyphs.separator} /{text.line(self.search)}"
        if self.arrived:
            words += f" {self.glyphs.separator} {self.glyphs.up} {self.arrived} new"
        if str(self.border_title) != words:
            self.border_title = Content(words)

    def render_line(self, y: int) -> Strip:
        """One screen line of the list."""
        width = self.size.width
        base = self.visual_style
        row, part = divmod(y, ROW_LINES)
        index = self.top + row
        if index >= len(self.entries):
            if not self.entries and y < len(lines := self.empty_lines()):
                return strip(Content(lines[y]).stylize(palette(self.app).quiet), width, base)
            return Strip([Segment(" " * width, base.rich_style)], width)
        entry = self.entries[index]
        here = index == self.cursor
        if here and self.has_focus:
            base += Style(background=palette(self.app).selected)
        content = self._heading(entry, here) if part == 0 else self._preview(entry, here)
        return strip(content, width, base)

    def _bar(self, here: bool) -> tuple[str, Style]:
        colors = palette(self.app)
        return (self.glyphs.cursor if here else " ", colors.reply if here and self.has_focus else colors.quiet)

    def _heading(self, entry: Entry, here: bool) -> Content:
        colors, row = palette(self.app), entry.row
        sign, style = _sign(entry, self.glyphs, colors)
        parts: list[Any] = [self._bar(here), (f"{sign} ", style), (_ages(entry), style)]
        if there := self._there(entry):
            parts.append((f" {there}", colors.note))
        if row.has_draft:
            parts.append((f" {self.glyphs.reply} draft", colors.reply))
        if row.private:
            parts.append((" private", colors.note))
        if row.reposts and entry.freshness != "resurfaced":
            parts.append((f" {self.glyphs.repost}{row.reposts}", colors.quiet))
        if row.incident:
            parts.append((f" {text.fit(text.line(row.incident), INCIDENT_CELLS)}", colors.note))
        parts.append((f" {text.line(row.network)} ", colors.quiet))
        parts.append(("@" + text.line(row.handle), colors.strong))
        return Content.assemble(*parts)

    def _there(self, entry: Entry) -> str:
        """Who has it, and who is at it."""
        row, told = entry.row, self.around.told(entry.row, entry.now)
        words = [one.words for one in told[:MOST_TOLD]]
        if len(told) > MOST_TOLD:
            words[-1] += f" +{len(told) - MOST_TOLD}"
        elsewhere = row.state == "claimed" and self.view != "mine"
        if elsewhere and row.owner not in [one.agent for one in told[:MOST_TOLD]]:
            words.insert(0, text.line(row.owner or ""))
        elif row.reserved_by and row.reserved_by not in [one.agent for one in told[:MOST_TOLD]]:
            words.insert(0, f"{text.line(row.reserved_by)} has this customer")
        sign = f"{self.glyphs.claimed_elsewhere} " if elsewhere or row.reserved_by else ""
        return sign + ", ".join(words)

    def _preview(self, entry: Entry, here: bool) -> Content:
        colors = palette(self.app)
        return Content.assemble(self._bar(here), "  ", (text.line(entry.row.preview), colors.plain))


def _ages(entry: Entry) -> str:
    if entry.freshness == "resurfaced":
        return entry.standing
    row = entry.row
    waited = entry.now - (row.waiting_since or row.customer_at)
    words = "now" if waited < MINUTE else age(waited)
    if row.addressed == "namedrop":
        words += " · name-drop"
    return words + (" · answered" if entry.answered else "")


def _sign(entry: Entry, glyphs: Glyphs, colors: Any) -> tuple[str, Style]:
    if any(reason["rule"] == "danger" for reason in entry.reasons):
        return f"{glyphs.stop} danger", colors.danger
    match entry.freshness:
        case "resurfaced":
            return glyphs.resurfaced, colors.resurfaced
        case "late":
            return f"{glyphs.late} late", colors.late
    if entry.row.state in ("pending", "resolved", "snoozed"):
        return getattr(glyphs, entry.row.state), colors.quiet
    return glyphs.new, colors.fresh
