"""What the desk asks: a line of text, a choice, what becomes of claims. Opened by a key, never unasked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui import text
from tui.screens.glyphs import Glyphs
from tui.screens.paint import palette
from tui.screens.terminal import typed_alone

Result = TypeVar("Result")
FIELD_CHARACTERS = 4_096
"""Most of what is pasted into a line: as long as a path may be. Each paint measures all of it."""


class Dialog(ModalScreen[Result]):
    """A framed box over the desk; esc leaves it with nothing done."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Back")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self.heading = title

    def compose(self) -> ComposeResult:
        """The box, its title and what the dialog puts inside."""
        with Vertical(id="box") as box:
            box.border_title = Content(text.line(self.heading))
            yield from self.inside()

    def inside(self) -> ComposeResult:
        """The widgets of this dialog."""
        yield from ()

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it, once: of keys that came together the first has closed it, and what is below is not theirs."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)


class Field(Input):
    """A line that is typed. Of a paste it takes the first line, cleaned, as far as anybody reads."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        first = event.text.lstrip("\r\n")[:FIELD_CHARACTERS].splitlines()[:1]
        pasted, _ = text.paste("".join(first), max(FIELD_CHARACTERS - len(self.value), 0))
        self.replace(pasted, *self.selection)


class Prompt(Dialog[str | None]):
    """One line of text; enter takes it."""

    def __init__(self, title: str, hint: str, value: str = "") -> None:
        super().__init__(title)
        self.hint = hint
        self.value = value

    def inside(self) -> ComposeResult:
        yield Static(Content(self.hint), classes="quiet")
        yield Field(self.value, id="answer")

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose, by its key or with enter."""

    id: str
    key: str
    label: str


class Choice(Dialog[str | None]):
    """A few options, each with its key."""

    def __init__(self, title: str, options: Sequence[Option], why: str = "") -> None:
        super().__init__(title)
        self.options = options
        self.why = why

    def inside(self) -> ComposeResult:
        if self.why:
            yield Static(Content(self.why), classes="quiet")
        for option in self.options:
            yield Static(Content(f"{option.key}  {option.label}"))
        yield Static(Content("esc  back"), classes="quiet")

    def on_key(self, event: events.Key) -> None:
        for option in self.options:
            if event.character == option.key or event.key == option.key:
                event.stop()
                self.dismiss(option.id)


class Sheet(Dialog[None]):
    """Something to read; arrows scroll, any other key of ours closes it. `more` is read on request, by its key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,question_mark,w,S", "leave", "Back"),
        ("j", "scroll(1)", "Down"),
        ("k", "scroll(-1)", "Up"),
    ]

    def __init__(self, title: str, body: Content, more: tuple[Option, Content] | None = None) -> None:
        super().__init__(title)
        self.body = body
        self.more = more

    def inside(self) -> ComposeResult:
        with VerticalScroll(id="sheet"):
            yield Static(self.body)
        further = f"{self.more[0].key}  {self.more[0].label}     " if self.more else ""
        yield Static(Content(f"{further}esc  back"), classes="quiet")

    def on_mount(self) -> None:
        self.query_one("#sheet").focus()

    def on_key(self, event: events.Key) -> None:
        if self.more is not None and event.character == self.more[0].key:
            event.stop()
            option, body = self.more
            self.app.push_screen(Sheet(option.label, body))

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one("#sheet").scroll_relative(y=by, animate=False)


FATES = {"release": "back to the queue", "keep": "stays mine", "resolve": "resolved"}
"""What can become of a claimed conversation at the end of a shift, by action."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the agent decided at the end of a shift."""

    fates: dict[int, str]
    """By conversation: a key of FATES."""
    recall: bool
    """Held replies are recalled instead of sent."""


class EndShift(Dialog[Ending | None]):
    """What becomes of each claimed conversation, and of replies still held."""

    def __init__(
        self,
        claimed: Sequence[tuple[int, str]],
        held: Sequence[str],
        glyphs: Glyphs,
        kept: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`held` leaves now; `kept` does not: each is why, in a word or two, and which."""
        super().__init__("End the shift")
        self.claimed = claimed
        self.held = [("sent now", words) for words in held] + list(kept)
        self.glyphs = glyphs
        self.fates = dict.fromkeys((identity for identity, _ in claimed), "release")
        self.recall = False
        self.cursor = 0

    def inside(self) -> ComposeResult:
        with VerticalScroll(id="sheet"):
            yield Static(Content(""), id="fates")
        yield Static(self._keys(), classes="quiet")

    def _keys(self) -> Content:
        lines = ["y  end the shift     esc  stay"]
        if self.claimed:
            lines.insert(0, "u  back to the queue     k  keep     e  resolve     up down  choose")
        if self.held:
            lines.insert(0, "U  recall or send what is held")
        return Content("\n".join(lines))

    def on_mount(self) -> None:
        self.set_focus(None)
        self._draw()

    def _draw(self) -> None:
        colors = palette(self.app)
        lines: list[Content] = []
        if not self.claimed:
            lines.append(Content("You hold no conversation."))
        for index, (identity, words) in enumerate(self.claimed):
            lines.append(
                Content.assemble(
                    (self.glyphs.cursor if index == self.cursor else " ", colors.reply),
                    (f"{FATES[self.fates[identity]]:<18}", colors.strong),
                    text.fit(words, 60),
                )
            )
        for fate, words in self.held:
            becomes = "recalled" if self.recall else fate
            lines.append(Content.assemble(" ", (f"{becomes:<18}", colors.late), text.fit(f"held reply {words}", 60)))
        self.query_one("#fates", Static).update(Content("\n").join(lines))

    def on_key(self, event: events.Key) -> None:
        chosen = {"u": "release", "k": "keep", "e": "resolve"}.get(event.character or "")
        if chosen and self.claimed:
            self.fates[self.claimed[self.cursor][0]] = chosen
        elif event.key in ("down", "j", "up"):
            step = -1 if event.key == "up" else 1
            self.cursor = min(max(self.cursor + step, 0), max(len(self.claimed) - 1, 0))
        elif event.character == "U" and self.held:
            self.recall = not self.recall
        elif event.character == "y":
            event.stop()
            if typed_alone(event):
                self.dismiss(Ending(self.fates, self.recall))
            return
        else:
            return
        event.stop()
        self._draw()
