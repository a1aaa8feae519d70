"""The editor: one TextArea for the life of the process, for a reply, a note or a canned response."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

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
from tui.actions import MODES, Action, Mode
from tui.config import DRAFT_CHARACTERS

MARKED = Style(underline=True)
PASTED_AHEAD = 4
"""Of a paste, so many times what there is room for is cleaned at most: little of it goes in cleaning."""


class OwnKeys(NamedTuple):
    """What keys do in any text. A terminal or tmux may swallow one of them: the others do the same."""

    keys: tuple[str, ...]
    does: str
    """The action of TextArea, or one of the composer's own."""
    help: str


OWN_KEYS = (
    OwnKeys(("ctrl+z", "ctrl+underscore"), "undo", "take back"),
    OwnKeys(("ctrl+y", "alt+y"), "redo", "do again what was taken back"),
    OwnKeys(("ctrl+left", "alt+left", "alt+b"), "cursor_word_left", "a word back"),
    OwnKeys(("ctrl+right", "alt+right", "alt+f"), "cursor_word_right", "a word on"),
    OwnKeys(("ctrl+w", "alt+backspace", "ctrl+backspace"), "delete_word_left", "delete the word before"),
    OwnKeys(("alt+d", "alt+delete"), "delete_word_right", "delete the word after"),
    OwnKeys(("home", "ctrl+a"), "cursor_line_start", "start of the line"),
    OwnKeys(("end", "ctrl+e"), "cursor_line_end", "end of the line"),
    OwnKeys(("ctrl+home", "alt+home"), "cursor_text_start", "start of the text"),
    OwnKeys(("ctrl+end", "alt+end"), "cursor_text_end", "end of the text"),
    OwnKeys(("pageup",), "cursor_page_up", "a page back"),
    OwnKeys(("pagedown",), "cursor_page_down", "a page on"),
    OwnKeys(("ctrl+u",), "delete_to_start_of_line", "delete to the start of the line"),
    OwnKeys(("ctrl+k",), "delete_to_end_of_line_or_delete_line", "delete to the end of the line"),
    OwnKeys(("alt+a",), "select_all", "select everything; shift and arrows select some"),
    OwnKeys(("ctrl+x",), "cut", "cut, ctrl+c copies, ctrl+v puts in"),
)


class Composer(TextArea):
    """Where a text is written. Pasted text is cleaned; `::` at a word start asks for canned responses."""

    class Asked(Message):
        """The agent asked for something by a key of the editor: an action id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    class Cut(Message):
        """A paste was longer than a draft may be."""

    class Shut(Message):
        """A key or a paste was refused: nothing is typed into this text any more."""

    class Full(Message):
        """An edit was refused: the text would have become longer than what is stored of a draft."""

    class Locked(Message):
        """An edit was refused: it would have changed part of a wording that is not to be changed."""

        def __init__(self, wording: str) -> None:
            super().__init__()
            self.wording = wording

    def __init__(self, edited: Callable[[], None]) -> None:
        super().__init__(id="reply", soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        self.edited = edited
        """Called with every edit, before the paint; what it changes on screen comes in the same one."""
        self.cursor_blink = False
        self.border_title = Content("Reply")
        self.mode: Mode = "reply"
        """What it is open for."""
        self.locked: Callable[[], tuple[str, ...]] = tuple
        """The wordings that are not to be changed, asked before each edit."""
        self.marks: Callable[[int, str], Iterable[tuple[int, int]]] = lambda _row, _line: ()
        """The columns of a line that are marked; asked whenever it is drawn."""
        self._shut = False
        """Its text was taken from whoever writes it."""
        self._asks: dict[tuple[Mode, str], str] = {}
        """The action of each key."""

    def bind_keys(self, actions: tuple[Action, ...]) -> None:
        """Take the editor's keys from the table of actions; what that has no use for are its own."""
        for own in OWN_KEYS:
            for key in own.keys:
                # first of all: a terminal tells of alt+a with its letter, which would be written
                self._bindings.key_to_bindings[key] = [Binding(key, own.does, own.help, show=False, priority=True)]
        for action in actions:
            if action.group == "editor":
                for key in action.keys:
                    self._asks |= {(mode, key): action.id for mode in action.modes}
                    self._bindings.key_to_bindings[key] = [
                        Binding(key, f"press('{key}')", action.label, show=False, priority=True)
                    ]

    def edit(self, edit: Edit) -> EditResult:
        """Every change of the text but undo and redo goes through here."""
        if (wording := self._hurt(edit)) is not None:
            self.post_message(self.Locked(wording))
            return EditResult(self.selection.end, "")
        if self._has_no_room(edit):
            self.post_message(self.Full())
            return EditResult(self.selection.end, "")
        result = super().edit(edit)
        self.edited()
        return result

    def _has_no_room(self, edit: Edit) -> bool:
        """Whether an edit would make the text longer than a draft may be."""
        more = len(self.text) + len(edit.text) - DRAFT_CHARACTERS
        at = self._plain.get_index_from_location
        return bool(edit.text) and more > 0 and more > at(edit.bottom) - at(edit.top)

    def _hurt(self, edit: Edit) -> str | None:
        """The wording that an edit would change in part; replacing all of it is no part."""
        wordings = self.locked() if self.mode == "reply" else ()
        if not wordings:
            return None
        at = self._plain.get_index_from_location
        start, end, words = at(edit.top), at(edit.bottom), self.text
        for wording in filter(None, wordings):
            for first in _places(wording, words):
                last = first + len(wording)
                within = first < start < last if start == end else start < last and end > first
                if within and not start <= first < last <= end:
                    return wording
        return None

    def open_for(self, mode: Mode) -> None:
        """It is open for a reply, a note or a canned response from now on, and looks it."""
        self.mode = mode
        for one in MODES:
            self.set_class(one == mode, f"-{one}")

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

    def action_cursor_text_start(self) -> None:
        """To the start of the text."""
        self.move_cursor((0, 0))

    def action_cursor_text_end(self) -> None:
        """To the end of the text."""
        self.move_cursor(self._plain.end)

    def action_ask(self, action: str) -> None:
        """Pass an action of the editor on to the desk."""
        self.post_message(self.Asked(action))

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if self.read_only:
            if self._shut:
                self.post_message(self.Shut())
            return
        room = max(DRAFT_CHARACTERS - len(self.text), 0)
        pasted, cut = text.paste(event.text[: PASTED_AHEAD * room], room)
        if cut or len(event.text) > PASTED_AHEAD * room:
            self.post_message(self.Cut())
        if result := self._replace_via_keyboard(pasted, *self.selection):
            self.move_cursor(result.end_location)

    def shut(self) -> None:
        """Nothing is typed into it any more; and what its writer goes on typing must not be keys of the list."""
        self.read_only = self._shut = True

    async def _on_key(self, event: events.Key) -> None:
        swallowed = self._shut and self.read_only and (event.is_printable or event.key == "enter")
        if swallowed or event.key.startswith("alt+"):  # a letter that nobody meant to write
            event.prevent_default()
            event.stop()
            if swallowed:
                self.post_message(self.Shut())
            return
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
        writing = self.mode == "reply" and not self.read_only
        return writing and line.endswith(":") and (len(line) == 1 or line[-2].isspace())

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
        self._shut = False
        if draft == self.text:
            return
        self.load_text(draft)
        self.go_to(min(cursor, len(draft)))

    def go_to(self, index: int) -> None:
        """The cursor to a position in the text."""
        self.move_cursor(self._plain.get_location_from_index(index))

    def put(self, words: str) -> None:
        """Insert at the cursor, never replacing what is there."""
        self.insert(words, self.cursor_location, maintain_selection_offset=False)

    def take(self, words: str, *, instead: bool) -> None:
        """Put an offered text before the draft, or in its place; one undo takes it back."""
        self.history.checkpoint()
        end = self._plain.end if instead else (0, 0)
        self.replace(words if instead else f"{words.rstrip()} ", (0, 0), end, maintain_selection_offset=not instead)

    def change(self, start: int, end: int, words: str) -> None:
        """Put words in the place of a part of the text, by positions; one undo takes it back."""
        at = self._plain.get_location_from_index
        self.history.checkpoint()
        self.replace(words, at(start), at(end), maintain_selection_offset=False)

    def become(self, words: str) -> None:
        """Another text in place of this one, which one undo brings back; the cursor stays at the words it stood at."""
        old, at = self.text, self.cursor_index
        same = _same(old, words)
        rest = _same(old[same:][::-1], words[same:][::-1])
        if at == len(old) or at > len(old) - rest:
            at += len(words) - len(old)
        elif at > same:
            at = len(words) - rest
        self.history.checkpoint()
        self.replace(words, (0, 0), self._plain.end, maintain_selection_offset=False)
        self.history.checkpoint()
        self.go_to(at)

    def select_between(self, start: int, end: int) -> None:
        """Select part of the text by positions."""
        at = self._plain.get_location_from_index
        self.selection = Selection(at(start), at(end))


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _places(wording: str, words: str) -> Iterator[int]:
    """Where a wording stands in a text."""
    at = words.find(wording)
    while at >= 0:
        yield at
        at = words.find(wording, at + len(wording))
