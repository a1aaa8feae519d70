"""The last look before a reply leaves: final text, handle, count and findings, and what may be done about them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui import clock, text
from tui.clock import Millis
from tui.desk.also import told
from tui.desk.composition import NOTHING, Composition
from tui.screens.beside import VISIBLE, above, below
from tui.screens.dialogs import Choice, Dialog, Option, Prompt, Sheet
from tui.screens.findings import explained, findings_content, set_otherwise_content
from tui.screens.glyphs import Glyphs
from tui.screens.paint import palette
from tui.screens.terminal import typed_alone

if TYPE_CHECKING:
    from tui.desk.guard import Finding, Offer, Overridden

SETTLE_S = 0.3
"""How long after opening the review takes no key (s): DESIGN, «Keys»."""
AROUND_ROWS = 12
"""Rows of the review beside the text and the findings: frame, route, settings, what it asks, the field."""
MOST_OFFERS = 9


@dataclass(frozen=True, slots=True)
class Decision:
    """What the agent decided in a review; in its place None: back to the text."""

    does: Literal["send", "split", "take"]
    """Let it leave; look again at its parts; put an offered text into the draft."""
    overridden: "tuple[Overridden, ...]" = ()
    offer: "Offer | None" = None
    at: Millis | None = None
    """When it is to leave; None: after the undo window."""


class Calm:
    """Which keys were meant. Not those that come pasted, with others in one read, or within SETTLE_S of opening.

    A key that is not taken begins the pause anew: the last key of a stream counts no more than the others, in
    however many reads it comes.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()

    def begin(self) -> None:
        """The pause begins now."""
        self._since = time.monotonic()

    def takes(self, event: events.Key) -> bool:
        """Whether this key counts."""
        if typed_alone(event) and event.time - self._since >= SETTLE_S:
            return True
        self._since = max(self._since, event.time)
        return False


class ByHand(Input):
    """A line that is typed: nothing can be pasted into it."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()


class Review(Dialog[Decision | None]):
    """The last look. `y` sends, `e` edits, `t` sends it at a time, `o` overrides: a stop needs what it asks for typed.

    `parts` are the final texts with the network's own count of each: one, or as many as the text was split into.
    `pointer` is what leaves in public behind a private message, with its count.
    """

    AUTO_FOCUS = ""

    def __init__(
        self, parts: Sequence[tuple[str, str]], *, sender: str, recipient: str, private: bool,
        findings: "Sequence[Finding]", set_otherwise: str, glyphs: Glyphs, made_of: Composition = NOTHING,
        pointer: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__("Review: PRIVATE message" if private else "Review")
        self.set_class(private, "-private")
        self.parts = parts
        self.pointer = pointer
        """What is said in public behind a private message, with its count."""
        how = "privately" if private else VISIBLE[made_of.visibility]
        self.route = f"{text.line(sender)} {how} to {text.line(recipient)}"
        self.made_of = made_of
        self.also = told(made_of.actions, clock.now())
        """What sending also does, in words."""
        self.findings = findings
        self.set_otherwise = set_otherwise
        self.glyphs = glyphs
        stops = [finding for finding in findings if finding.verdict == "stop"]
        self.open_stops = sorted(stops, key=lambda stop: bool(stop.asks))
        """Not answered yet; those that cannot be come first."""
        self.offers = [offer for finding in findings for offer in finding.offers][:MOST_OFFERS]
        self.could_be = sum(finding.evidence.get("parts", 0) for finding in findings if finding.check == "length")
        """The number of parts that a text that is too long could be split into."""
        self.overridden: list[Overridden] = []
        self._typed = ""
        """What the first stop asks for, once it has been typed; its reason comes next."""
        self.calm = Calm()

    # -- what it shows ----------------------------------------------------------------------------

    def inside(self) -> ComposeResult:
        colors = palette(self.app)
        yield Static(Content(f"{self.route} · {self._count()}").stylize(colors.quiet))
        with VerticalScroll(id="final", can_focus=False):
            yield Static(self._whole(), id="final-text")
        if self.also:
            yield Static(Content(self.also).stylize(colors.strong), id="also")
        with VerticalScroll(id="findings", can_focus=False):
            yield Static(findings_content(self.findings, colors, self.glyphs))
        if self.set_otherwise:
            yield Static(set_otherwise_content(self.set_otherwise, colors))
        yield Static(Content(""), id="asks")
        typed = ByHand(placeholder="type it here, then enter", id="typed")
        typed.cursor_blink = False
        typed.display = False
        yield typed

    def _count(self) -> str:
        return self.parts[0][1] if len(self.parts) == 1 else f"{len(self.parts)} parts"

    def _whole(self) -> Content:
        """The text with the warning above it and its pictures below."""
        quiet = palette(self.app).quiet
        around = ([Content(one).stylize(quiet) for one in of(self.made_of)] for of in (above, below))
        before, after = around
        return Content("\n").join([*before, self._final(), *after, *self._behind()])

    def _behind(self) -> list[Content]:
        if self.pointer is None:
            return []
        said, count = self.pointer
        head = f"\nand PUBLICLY behind it, once it is out · {count}"
        return [Content(head).stylize(palette(self.app).quiet), Content(text.clean(said))]

    def _final(self) -> Content:
        if len(self.parts) == 1:
            return Content(text.clean(self.parts[0][0]))
        quiet = palette(self.app).quiet
        numbered = enumerate(self.parts, 1)
        return Content("\n\n").join(
            Content.assemble((f"part {number} · {count}\n", quiet), text.clean(part))
            for number, (part, count) in numbered
        )

    def on_mount(self) -> None:
        self._ask()

    def on_resize(self, event: events.Resize) -> None:
        """The text has a third of the room and the findings the rest; what they ask always stays in sight."""
        room = max(event.size.height - AROUND_ROWS - (3 if self.also else 0), 6)
        self.query_one("#final").styles.max_height = room // 3
        self.query_one("#findings").styles.max_height = room - room // 3
        self.call_after_refresh(self._ask)

    def on_screen_resume(self) -> None:
        """It opens, or what stood over it has closed."""
        self.calm.begin()

    def _ask(self, refused: str = "") -> None:
        """Say what is possible now: what the next stop asks for, and the keys."""
        from tui.desk.guard import REASON

        stop = self.open_stops[0] if self.open_stops else None
        if refused or stop is None:
            says = refused
        elif stop.asks:
            what = "your reason" if stop.asks == REASON else f"{stop.asks}, then your reason"
            says = f"{stop.check} stops this. To send it all the same, press o and type {what}."
        else:
            says = f"{stop.check} stops this: it cannot be sent as it is."
        keys = "   ".join(f"{key}  {label}" for key, label in self._possible().items())
        strong = palette(self.app).strong
        self.query_one("#asks", Static).update(Content("\n".join(filter(None, (says, keys)))).stylize(strong))

    def _possible(self) -> dict[str, str]:
        """The keys that do something now, with what they do."""
        keys: dict[str, str] = {}
        if not self.open_stops:
            keys["y"] = "send"
            keys["t"] = "at a time"
        elif self.open_stops[0].asks:
            keys["o"] = "override"
        if self.could_be:
            keys["p"] = f"split into {self.could_be}"
        if self.offers:
            keys["v"] = "take an offer"
        if self.findings:
            keys["w"] = "why"
        if self.query_one("#findings").max_scroll_y:
            keys["up down"] = "findings"
        if self.query_one("#final").max_scroll_y:
            keys["pgup pgdn"] = "text"
        return keys | {"e": "edit", "esc": "back"}

    # -- keys -------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        meant = self.calm.takes(event)
        if self.query_one("#typed").has_focus and (meant or event.key != "enter"):
            return
        event.stop()
        event.prevent_default()
        key = "esc" if event.key == "escape" else event.character or event.key
        if not meant or self._scrolled(event.key):
            return
        if key in self._possible():
            self._do(key)

    def _do(self, key: str) -> None:
        match key:
            case "y":
                self.dismiss(Decision("send", tuple(self.overridden)))
            case "t":
                self.app.push_screen(Prompt("Send later", "When? 2h, or 2026-02-11T09:00Z"), self._timed)
            case "e" | "esc":
                self.dismiss(None)
            case "o":
                typed = self.query_one("#typed", Input)
                typed.value = ""
                typed.display = True
                typed.focus()
            case "p":
                self.dismiss(Decision("split"))
            case "v":
                options = [Option(str(at), str(at + 1), text.line(offer.text)) for at, offer in enumerate(self.offers)]
                self.app.push_screen(Choice("Offers", options), self._chosen)
            case "w":
                self.app.push_screen(Sheet("Why", explained(self.findings, palette(self.app), self.glyphs)))

    def _timed(self, words: str | None) -> None:
        """It leaves at the time that was typed; what is none is said, and the review stands."""
        if words is None:
            return
        now = clock.now()
        try:
            at = clock.until(words, now)
        except ValueError as error:
            self._ask(f"Refused: {text.line(str(error))}")
            return
        if at <= now:
            self._ask("Refused: that time is over; give one that lies ahead.")
            return
        self.call_later(self._send_at, at)  # the prompt still stands over this

    def _send_at(self, at: Millis) -> None:
        self.dismiss(Decision("send", tuple(self.overridden), at=at))

    def _chosen(self, place: str | None) -> None:
        if place is not None:
            self.call_later(self._take, self.offers[int(place)])  # the choice still stands over this

    def _take(self, offer: "Offer") -> None:
        self.dismiss(Decision("take", offer=offer))

    def _scrolled(self, key: str) -> bool:
        """Whether it was a key that scrolls."""
        final, findings = self.query_one("#final"), self.query_one("#findings")
        match key:
            case "down" | "j":
                findings.scroll_relative(y=1, animate=False)
            case "up" | "k":
                findings.scroll_relative(y=-1, animate=False)
            case "pagedown":
                final.scroll_relative(y=final.size.height, animate=False)
            case "pageup":
                final.scroll_relative(y=-final.size.height, animate=False)
            case _:
                return False
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.open_stops:
            return
        stop, words = self.open_stops[0], event.value.strip()
        from tui.desk.guard import REASON, Overridden, is_asked, is_reason

        if stop.asks != REASON and not self._typed:
            if not is_asked(stop, words):
                self._ask(f"Refused: {stop.check} asks for exactly {stop.asks}.")
                return
            self._typed, event.input.value = words, ""
            self._ask(f"{stop.asks} it is. Now type your reason, then enter.")
            return
        if not is_reason(words):
            self._ask(f"Refused: {stop.check} asks for a reason of at least three letters.")
            return
        self.overridden.append(Overridden(stop.check, self._typed or words, words if self._typed else ""))
        self.open_stops.pop(0)
        self._typed = ""
        self.calm.begin()
        self.query_one("#typed", Input).display = False
        self.set_focus(None)
        self._ask()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
