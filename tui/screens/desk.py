"""The first screen: the panes, the status line and the keys."""

from collections.abc import Callable, Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.actions import Action
from tui.screens.composer import Composer
from tui.screens.glyphs import Glyphs
from tui.screens.paint import strip, wrapped
from tui.screens.rows import RowList
from tui.screens.thread import ThreadPane

NARROW_COLUMNS = 100
"""Below this width the panes stand one above the other."""
PANES = ("feed", "claimed", "conversation", "reply")


class Line(Widget):
    """One line of text: what just happened or is about to, or the keys that work here and now.

    What is longer than the screen is wide has as many rows as there is room for.
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.content = Content("")

    def show(self, content: Content) -> None:
        """Replace the line; the same again costs nothing."""
        if not content.is_same(self.content):
            self.content = content
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row of it; the last one is cut to the width."""
        return strip(self._row(y, *self.size), self.size.width, self.visual_style)

    def _row(self, y: int, width: int, height: int) -> Content:
        rows = wrapped(self.content, width) if height > 1 else [self.content]
        return rows[y] if y + 1 < height and y < len(rows) else Content(" ").join(rows[y:])


class Desk(Screen[None]):
    """Lists on one side, the conversation and its reply on the other; below NARROW_COLUMNS one above the other."""

    AUTO_FOCUS = "#feed"

    def __init__(
        self,
        signs: Glyphs,
        actions: Iterable[Action],
        *,
        nothing: Callable[[], list[str]],
        chosen: Callable[[RowList], None],
        edited: Callable[[], None],
    ) -> None:
        super().__init__()
        self.feed = RowList("feed", "Feed", "waiting", signs, empty=nothing, chosen=chosen)
        self.claimed = RowList("claimed", "Claimed", "mine", signs, empty=_unclaimed, chosen=chosen)
        self.conversation = ThreadPane(signs)
        self.composer = Composer(edited)
        self.reach = Line("reach")
        """That the storage is out of reach; no row where it is not."""
        self.status = Line("status")
        self.keys = Line("keys")
        self.working_list = self.feed
        """The list the agent last worked in."""
        self._bind(actions)

    def _bind(self, actions: Iterable[Action]) -> None:
        actions = tuple(actions)
        self.composer.bind_keys(actions)
        for action in actions:
            if action.group != "editor":
                for key in action.keys:
                    self._bindings.key_to_bindings[key] = [
                        Binding(key, f"app.do('{action.id}')", action.label, show=False)
                    ]

    def compose(self) -> ComposeResult:
        """The panes and the two lines."""
        with Horizontal(id="panes"):
            with Vertical(id="lists"):
                yield self.feed
                yield self.claimed
            with Vertical(id="work"):
                yield self.conversation
                yield self.composer
        yield self.reach
        yield self.status
        yield self.keys

    def lay_out(self, columns: int) -> None:
        """Choose the layout for a width."""
        self.set_class(columns < NARROW_COLUMNS, "-narrow")
        self._make_room(columns)

    def tell(self, content: Content) -> None:
        """What just happened or is about to. Where it needs two rows it has that of the keys, and no pane moves."""
        self.status.show(content)
        self._make_room(self.app.size.width)

    def warn(self, content: Content) -> None:
        """What stands above the status line as long as it holds; empty: nothing does."""
        self.reach.show(content)
        self._make_room(self.app.size.width)

    def _make_room(self, columns: int) -> None:
        cells = self.reach.content.cell_length
        self.reach.styles.height = -(-cells // columns) if columns else 0
        self.set_class(self.status.content.cell_length > columns, "-long")

    def went_to(self, pane: Widget) -> None:
        """Remember which pane has the keys; a dialog over them changes nothing."""
        if pane.id not in PANES:
            return
        if isinstance(pane, RowList):
            self.working_list = pane
        for name in PANES:
            self.set_class(pane.id == name, f"-in-{name}")

    @property
    def scrolling(self) -> RowList | ThreadPane:
        """What the list keys move."""
        return self.conversation if self.conversation.has_focus else self.working_list


def _unclaimed() -> list[str]:
    return ["  Nothing is claimed. n takes the next one."]
