"""The reply editor: one TextArea for the life of the process, and the line under it."""

from collections.abc import Callable, Iterable

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.document._document import Document, EditResult
from textual.document._edit import Edit
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from tui import text
from tui.actions import Action, Mode
from tui.config import DRAFT_CHARACTERS

MARKED = Style(underline=True)


class Composer(TextArea):
    """Where a reply is written. Pasted text is cleaned; `::` at a word start asks for canned responses."""

    class Asked(Message):
        """The agent asked for something by a key of the editor: an action id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    class Cut(Message):
        """A paste was longer than a draft may be."""

    def __init__(self, edited: Callable[[], None]) -> None:
        super().__init__(id="reply", soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        self.edited = edited
        """Called with every edit, before the paint; what it changes on screen comes in the same one."""
        self.cursor_blink = False
        self.border_title = Content("Reply")
        self.mode: Mode = "reply"
        """What it is open for."""
        self.marks: Callable[[int, str], Iterable[tuple[int, int]]] = lambda _row, _line: ()
        """The columns of a line that are marked; asked whenever it is drawn."""
        self._asks: dict[tuple[Mode, str], str] = {}
        """The action of each key."""

    def bind_keys(self, actions: tuple[Action, ...]) -> None:
        """Take the editor's keys from the table of actions."""
        for action in actions:
            if action.group == "editor":
                for key in action.keys:
                    self._asks |= {(mode, key): action.id for mode in action.modes}
                    self._bindings.key_to_bindings[key] = [
                        Binding(key, f"press('{key}')", action.label, show=False, priority=True)
                    ]

    def edit(self, edit: Edit) -> EditResult:
        """Every change of the text goes through here."""
        result = super().edit(edit)
        self.edited()
        return result

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: what is marked in it is underlined, and no text moves."""
        line = super().get_line(line_index)
        for start, end in self.marks(line_index, line.plain):
            line.stylize(MARKED, start, end)
        return line

    def mark_anew(self) -> None:
        """Other words are marked than before."""
        self._line_cache.clear()
        self.refresh()

    def action_press(self, key: str) -> None:
        """What a key means in what the editor is open for, if anything."""
        if action := self._asks.get((self.mode, key)):
            self.action_ask(action)

    def action_ask(self, action: str) -> None:
        """Pass an action of the editor on to the desk."""
        self.post_message(self.Asked(action))

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if self.read_only:
            return
        room = max(DRAFT_CHARACTERS - len(self.text), 0)
        pasted, cut = text.paste(event.text, room)
        if cut:
            self.post_message(self.Cut())
        if result := self._replace_via_keyboard(pasted, *self.selection):
            self.move_cursor(result.end_location)

    async def _on_key(self, event: events.Key) -> None:
        if event.character == ":" and self._opens_canned():
            event.prevent_default()
            event.stop()
            row, column = self.cursor_location
            self.delete((row, column - 1), (row, column))
            self.post_message(self.Asked("canned"))
            return
        await super()._on_key(event)

    def _opens_canned(self) -> bool:
        """A second colon at the start of a word."""
        row, column = self.cursor_location
        line = self.document.get_line(row)[:column]
        return not self.read_only and line.endswith(":") and (len(line) == 1 or line[-2].isspace())

    @property
    def _plain(self) -> Document:
        assert isinstance(self.document, Document)
        return self.document

    @property
    def cursor_index(self) -> int:
        """The cursor as a position in the text."""
        return self._plain.get_index_from_location(self.cursor_location)

    def load(self, draft: str, cursor: int) -> None:
        """Show a stored draft with its cursor; the same text is left alone."""
        if draft == self.text:
            return
        self.load_text(draft)
        self.move_cursor(self._plain.get_location_from_index(min(cursor, len(draft))))

    def put(self, words: str) -> None:
        """Insert at the cursor, never replacing what is there."""
        self.insert(words, self.cursor_location, maintain_selection_offset=False)

    def take(self, words: str, *, instead: bool) -> None:
        """Put an offered text before the draft, or in its place; one undo takes it back."""
        self.history.checkpoint()
        end = self._plain.end if instead else (0, 0)
        self.replace(words if instead else f"{words.rstrip()} ", (0, 0), end, maintain_selection_offset=not instead)

    def select_between(self, start: int, end: int) -> None:
        """Select part of the text by positions."""
        at = self._plain.get_location_from_index
        self.selection = Selection(at(start), at(end))
