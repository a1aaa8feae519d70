"""What the desk asks: a line of text, a choice, a last look before sending. Opened by a key, never unasked."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui import text
from tui.screens.glyphs import Glyphs
from tui.screens.paint import Palette, palette
from tui.screens.terminal import typed_alone

if TYPE_CHECKING:
    from tui.desk.guard import Finding, Overridden

Result = TypeVar("Result")

SETTLE_S = 0.3
"""How long after opening the review takes no key (s): DESIGN, «Keys»."""


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

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)


class Prompt(Dialog[str | None]):
    """One line of text; enter takes it."""

    def __init__(self, title: str, hint: str, value: str = "") -> None:
        super().__init__(title)
        self.hint = hint
        self.value = value

    def inside(self) -> ComposeResult:
        yield Static(Content(self.hint), classes="quiet")
        yield Input(self.value, id="answer")

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
    """Something to read; arrows scroll, any other key of ours closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter,question_mark,w,S", "leave", "Back"),
        ("j", "scroll(1)", "Down"),
        ("k", "scroll(-1)", "Up"),
    ]

    def __init__(self, title: str, body: Content) -> None:
        super().__init__(title)
        self.body = body

    def inside(self) -> ComposeResult:
        with VerticalScroll(id="sheet"):
            yield Static(self.body)
        yield Static(Content("esc  back"), classes="quiet")

    def on_mount(self) -> None:
        self.query_one("#sheet").focus()

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one("#sheet").scroll_relative(y=by, animate=False)


def findings_content(findings: "Sequence[Finding]", colors: Palette, glyphs: Glyphs) -> Content:
    """Findings, one sentence each, the worst first."""
    if not findings:
        return Content(f"{glyphs.ok} The guard has nothing to say.").stylize(colors.fresh)
    parts: list[Any] = []
    for finding in findings:
        sign = getattr(glyphs, finding.verdict)
        parts += [(f"{sign} {finding.verdict} {finding.check}: ", colors.verdict(finding.verdict)), finding.text, "\n"]
    return Content.assemble(*parts[:-1])


class Review(Dialog["list[Overridden] | None"]):
    """The last look: final text, handle, count, findings. `y` sends, `e` edits, a stop needs what it asks for.

    Keys that come pasted, with others in one read, or within SETTLE_S of opening do nothing.
    """

    def __init__(
        self, body: str, *, sender: str, recipient: str, count: str, private: bool,
        findings: "Sequence[Finding]", glyphs: Glyphs,
    ) -> None:  # fmt: skip
        super().__init__("Review")
        self.body = body
        self.route = (sender, recipient)
        self.count = count
        self.private = private
        self.findings = findings
        self.glyphs = glyphs
        self.open_stops = [f for f in findings if f.verdict == "stop"]
        self.overridden: list[Overridden] = []
        self._opened = time.monotonic()

    def inside(self) -> ComposeResult:
        colors = palette(self.app)
        sender, recipient = (text.line(side) for side in self.route)
        how = "privately" if self.private else "publicly"
        with VerticalScroll(id="final"):
            yield Static(Content(text.clean(self.body)), id="final-text")
        yield Static(Content(f"{sender} {how} to {recipient} · {self.count}").stylize(colors.quiet))
        yield Static(findings_content(self.findings, colors, self.glyphs), id="findings")
        yield Static(Content(""), id="asks")
        typed = Input(placeholder="type it here, then enter", id="typed")
        typed.cursor_blink = False
        typed.display = False
        yield typed

    def on_mount(self) -> None:
        self._opened = time.monotonic()
        self.set_focus(None)
        self._ask()

    def _ask(self) -> None:
        """Say what is possible now: the next stop's demand, or y and e."""
        asks, typed = self.query_one("#asks", Static), self.query_one("#typed", Input)
        colors = palette(self.app)
        if not self.open_stops:
            asks.update(Content("y  send     e  edit     esc  back").stylize(colors.strong))
            typed.display = False
            self.set_focus(None)
            return
        stop = self.open_stops[0]
        if not stop.asks:
            asks.update(Content("This cannot be sent as it is.  e  edit     esc  back").stylize(colors.strong))
            return
        what = "your reason" if stop.asks == "reason" else stop.asks
        asks.update(
            Content(f"{stop.check} stops this. To send it all the same, press o and type {what}.\n"
                    "o  override     e  edit     esc  back").stylize(colors.strong)
        )  # fmt: skip

    def on_key(self, event: events.Key) -> None:
        if self.query_one("#typed").has_focus:
            return
        event.stop()
        event.prevent_default()
        if event.time - self._opened < SETTLE_S or not typed_alone(event):
            return
        match event.character or event.key:
            case "y" if not self.open_stops:
                self.dismiss(self.overridden)
            case "e":
                self.dismiss(None)
            case "o" if self.open_stops and self.open_stops[0].asks:
                typed = self.query_one("#typed", Input)
                typed.value = ""
                typed.display = True
                typed.focus()
            case _ if event.key == "escape":
                self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.open_stops:
            return
        stop = self.open_stops[0]
        from tui.desk.guard import Overridden, accepts

        if accepts(stop, event.value):
            self.overridden.append(Overridden(stop.check, event.value.strip()))
            self.open_stops.pop(0)
            self._opened = time.monotonic()
            self.query_one("#typed", Input).display = False
            self.set_focus(None)
            self._ask()
        else:
            what = "a reason of at least three letters" if stop.asks == "reason" else f"exactly {stop.asks}"
            self.query_one("#asks", Static).update(Content(f"Refused: {stop.check} asks for {what}."))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()


class Picker(Dialog[Any]):
    """Canned responses: type to filter, enter inserts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("down,ctrl+n", "move(1)", "Down"),
        ("up,ctrl+p", "move(-1)", "Up"),
        ("escape", "leave", "Back"),
    ]
    ROWS = 8

    def __init__(
        self, search: Callable[[str], Sequence[Any]], preview: Callable[[Any], Content], glyphs: Glyphs
    ) -> None:
        super().__init__("Canned responses")
        self.search = search
        self.preview = preview
        self.glyphs = glyphs
        self.hits: Sequence[Any] = ()
        self.cursor = 0

    def inside(self) -> ComposeResult:
        query = Input(placeholder="part of the name, of the text, or initials", id="query")
        query.cursor_blink = False
        yield query
        yield Static(Content(""), id="hits")
        yield Static(Content(""), id="preview")
        yield Static(Content("enter  insert     up down  choose     esc  back"), classes="quiet")

    def on_mount(self) -> None:
        self._find("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def _find(self, query: str) -> None:
        self.hits = self.search(query)
        self.cursor = 0
        self._draw()

    def action_move(self, by: int) -> None:
        """Move the choice."""
        self.cursor = min(max(self.cursor + by, 0), max(len(self.hits) - 1, 0))
        self._draw()

    def _draw(self) -> None:
        colors = palette(self.app)
        first = max(0, self.cursor - self.ROWS + 1)
        lines: list[Content] = []
        for index, hit in enumerate(self.hits[first : first + self.ROWS], first):
            here = index == self.cursor
            shortcut = f"  {text.line(hit.canned.shortcut)}" if hit.canned.shortcut else ""
            lines.append(
                Content.assemble(
                    (self.glyphs.cursor if here else " ", colors.reply),
                    (text.line(hit.canned.name), colors.strong if here else colors.plain),
                    (shortcut, colors.quiet),
                )
            )
        lines = lines or [Content("Nothing is like that; try fewer letters.").stylize(colors.quiet)]
        self.query_one("#hits", Static).update(Content("\n").join(lines))
        chosen = self.hits[self.cursor].canned if self.hits else None
        self.query_one("#preview", Static).update(self.preview(chosen) if chosen else Content(""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(self.hits[self.cursor].canned if self.hits else None)


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

    def __init__(self, claimed: Sequence[tuple[int, str]], held: Sequence[str], glyphs: Glyphs) -> None:
        super().__init__("End the shift")
        self.claimed = claimed
        self.held = held
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
        for words in self.held:
            fate = "recalled" if self.recall else "sent now"
            lines.append(Content.assemble(" ", (f"{fate:<18}", colors.late), text.fit(f"held reply {words}", 60)))
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
