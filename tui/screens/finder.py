"""Finding by typing: a field, a list, and beside it what the chosen one is. The search runs off the loop."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import zip_longest
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.screens.desk import NARROW_COLUMNS
from tui.screens.dialogs import Dialog, Field, Result
from tui.screens.glyphs import Glyphs
from tui.screens.paint import palette, strip, wrapped

Item = TypeVar("Item")
Look = TypeVar("Look")
Search = Callable[[str], Sequence[Item]]


class Query(Field):
    """The field; what stands in it is told before the paint."""

    virtual_size = Reactive(Size(0, 0))
    """Longer by each letter; unlike Textual's own it lays nothing out anew while there is room."""

    def __init__(self, words: str, hint: str, typed: Callable[[str], None]) -> None:
        super().__init__(placeholder=hint, id="query")
        self.set_reactive(Input.value, words)  # nobody typed them
        self.typed = typed
        self.cursor_blink = False

    def watch_value(self, value: str) -> None:
        self.typed(value)
        if self.virtual_size.width >= self.size.width:
            self.refresh(layout=True)


class Lines(Widget):
    """Lines of text in a room that does not change; only those that became others are painted."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.lines: Sequence[Content] = ()

    def show(self, lines: Sequence[Content]) -> None:
        """Show these lines instead."""
        pairs = enumerate(zip_longest(self.lines, lines))
        changed = [y for y, (old, new) in pairs if old is None or new is None or not new.is_same(old)]
        self.lines = lines
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """One of them, cut to the width."""
        line = self.lines[y] if y < len(self.lines) else Content("")
        return strip(line, self.size.width, self.visual_style)


class Finder(Dialog[Result], Generic[Result, Item, Look]):
    """Type to search, up and down to choose, enter to take. A key costs the lines that change, and no layout.

    One search runs at a time and the next is for what stands in the field by then, so that an older answer never
    comes after a newer one. Enter waits for the answer to what was typed before it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("down", "move(1)", "Down"),
        ("up", "move(-1)", "Up"),
        ("escape", "leave", "Back"),
    ]
    NOTHING = "Nothing is like that; try fewer letters."

    def __init__(self, title: str, hint: str, keys: str, glyphs: Glyphs) -> None:
        super().__init__(title)
        self.hint = hint
        self.keys = keys
        self.glyphs = glyphs
        self.hits, self.aside = Lines("hits"), Lines("beside")
        self._source: tuple[Search[Item], Callable[[Item], Look]] | None = None
        self.items: Sequence[Item] = ()
        self.cursor = 0
        self.seen: Look | None = None
        """What is shown of the chosen one."""
        self.top = 0
        """The first line of it on screen."""
        self._wanted = "", 0
        """What was asked for last: the words, and which of the found ones."""
        self._shown: tuple[str, int] | None = None
        self._kept: object = None
        """The name of the one that is to be chosen as soon as it is found, unless a key says otherwise."""
        self._paint = ExitStack()
        """Held back while it searches: what was typed and what is found for it come in one paint."""
        self._at_work = self._taking = False

    def inside(self) -> ComposeResult:
        yield Query(self.words, self.hint, self._typed)
        with Container(id="found"):
            yield self.hits
            yield self.aside
        yield Static(Content(self.keys), id="finder-keys", classes="quiet")

    # -- asking -----------------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """What is searched for."""
        return self._wanted[0]

    def come_back(self, words: str, chosen: object) -> None:
        """Begin with these words, and the one of this name chosen."""
        self._wanted, self._kept = (words, 0), chosen

    def begin(self, search: "Search[Item]", look: Callable[[Item], Look]) -> None:
        """Search here from now on; what was asked for before is found in it. Both are called in a thread.

        `search` gives what is like the words, best first, `look` what is shown of one of them. The one that was
        chosen stays chosen, wherever it stands now.
        """
        if self._kept is None and self.items:
            self._kept = self.name_of(self.items[self.cursor])
        self._source = search, look
        self._shown = None
        self._ask(*self._wanted)

    def _typed(self, query: str) -> None:
        self._kept = None
        self._ask(query, 0)

    def action_move(self, by: int) -> None:
        """Choose another one."""
        self._kept = None
        query, at = self._wanted
        self._ask(query, min(max(at + by, 0), max(len(self.items) - 1, 0)))

    def _ask(self, query: str, at: int) -> None:
        self._wanted = query, at
        if self._source is not None and not self._at_work:
            self._at_work = True
            self._paint.enter_context(self.app.batch_update())
            self.app.spawn(self._answer())  # type: ignore[attr-defined]

    async def _answer(self) -> None:
        try:
            while self._shown != self._wanted and self._source is not None:
                (search, look), (query, at) = source, wanted = self._source, self._wanted
                known = self.items if self._shown and self._shown[0] == query else None
                items, at, seen = await asyncio.to_thread(partial(self._work_out, search, look, query, at, known))
                if (source, wanted) == (self._source, self._wanted):
                    self._show(query, items, at, seen)
        finally:
            self._at_work = False
            self._paint.close()
            self.check_idle()  # where only what was typed is new, nothing else would paint it

    def _work_out(
        self, search: "Search[Item]", look: Callable[[Item], Look], query: str, at: int, known: Sequence[Item] | None
    ) -> tuple[Sequence[Item], int, Look | None]:
        """What is found, which of it is chosen, and what is shown of that; in a thread."""
        items, kept = search(query) if known is None else known, self._kept
        if kept is not None:
            at = next((place for place, item in enumerate(items) if self.name_of(item) == kept), at)
        at = min(at, max(len(items) - 1, 0))
        return items, at, look(items[at]) if items else None

    def _show(self, query: str, items: Sequence[Item], at: int, seen: Look | None) -> None:
        self.items, self.cursor, self.seen, self.top = items, at, seen, 0
        if items and self.name_of(items[at]) == self._kept:
            self._kept = None
        self._shown = self._wanted = query, at
        if self.is_attached:
            self.draw()
            if self._taking:
                self._take()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._taking = True
        if self._shown == self._wanted:
            self._take()

    def _take(self) -> None:
        self._taking = False
        if self.seen is not None:
            self.take(self.seen)

    # -- drawing ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._lay_out(self.app.size.width)

    def on_resize(self, event: events.Resize) -> None:
        """What stands beside the list stands below it where there is no room."""
        self._lay_out(event.size.width)
        self.call_after_refresh(self.draw)

    def _lay_out(self, columns: int) -> None:
        self.set_class(columns < NARROW_COLUMNS, "-narrow")

    def draw(self) -> None:
        """List and what stands beside it, from what is known."""
        if self._shown is None:
            return
        head = self.head()
        rows = max(self.hits.size.height - bool(head), 1)
        first = max(0, self.cursor - rows + 1)
        lines = [self.row(item, at == self.cursor) for at, item in enumerate(self.items[first : first + rows], first)]
        nothing = Content(self.NOTHING).stylize(palette(self.app).quiet)
        self.hits.show([*([head] if head else []), *(lines or [nothing])])
        self.draw_beside()

    def draw_beside(self) -> None:
        """Only what stands beside the list."""
        room = self.aside.size
        parts = [] if self.seen is None else self.beside(self.seen)
        lines = [line for part in parts for line in wrapped(part, room.width)]
        self.top = max(0, min(self.top, len(lines) - room.height))
        self.aside.show(lines[self.top : self.top + room.height])

    def scroll_beside(self, pages: int) -> None:
        """Show what comes before or after in a text that is longer than its room."""
        self.top += pages * max(self.aside.size.height - 1, 1)
        self.draw_beside()

    # -- what is found ----------------------------------------------------------------------------

    def head(self) -> Content:
        """What stands over the list, if anything."""
        return Content("")

    def name_of(self, item: Item) -> object:
        """What an item is known by where it may come again; None: by its place."""
        return None

    @abstractmethod
    def row(self, item: Item, here: bool) -> Content:
        """One line of the list; `here`: the chosen one."""

    @abstractmethod
    def beside(self, seen: Look) -> Sequence[Content]:
        """What stands beside the list, paragraph by paragraph."""

    @abstractmethod
    def take(self, seen: Look) -> None:
        """Enter on the chosen one."""
