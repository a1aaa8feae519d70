"""A small app on the terminal module, for the tests beside it.

Arguments: the file for its last words, then `plain` (Textual unchanged), `slow` (last words never end),
`silent` (no line with the last key) or `broken` (an internal of Textual is missing).
"""

import os
import sys
import threading
from pathlib import Path
from typing import ClassVar

from tui.errors import ShiftdeskError
from tui.screens.tty import check_terminal, clean_environment, install_signals, settle_output

if __name__ == "__main__":
    clean_environment(os.environ)
    try:
        check_terminal()
    except ShiftdeskError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from tui.screens import terminal
from tui.screens.terminal import ChangedCells, CrashLog, DeskDriver, typed_alone

POSTS = [
    "where is my train?",
    "電車はどこですか、もう三時間",
    "e\u0301cole ferme\u0301e  ñandú",
    "¿dónde está mi maleta?          no idea",
    "ไม่มีรถไฟ",
    "한국어 문장 하나",
    "",
    "قطار من کجاست",
]


class Question(ModalScreen[None]):
    CSS = "Question {align: center middle} Question > Static {width: 40; height: 5; border: round $error}"
    BINDINGS: ClassVar = [("escape", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        yield Static("Really? 本当に", markup=False)


class Probe(App[int]):
    CSS = """
    OptionList {width: 1fr} Vertical {width: 2fr} #detail {height: 1fr; border: round $primary}
    #keys {height: 1} TextArea {height: 6}
    """
    BINDINGS: ClassVar = [
        ("ctrl+q", "quit", "Quit"),
        ("ctrl+z", "suspend_process", "Suspend"),
        ("f2", "question", "Ask"),
        ("f3", "crash", "Crash"),
        ("f4", "hide", "Hide"),
        ("f5", "again", "Again"),
    ]

    def __init__(self, words: Path, flags: list[str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.words, self.flags = words, flags

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield OptionList(*(Option(Content(f"{n} {POSTS[n % len(POSTS)]}")) for n in range(60)))
            with Vertical():
                yield Static("Conversation", id="detail", markup=False)
                yield Static("keys:", id="keys", markup=False)
                editor = TextArea()
                editor.cursor_blink = False
                yield editor
        yield Footer()

    def on_mount(self) -> None:
        install_signals(self, self.last_words)

    def last_words(self) -> None:
        self.words.write_text("goodbye")
        if "slow" in self.flags:
            threading.Event().wait()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        index = event.option_index
        link = Content.from_markup(f"[link='https://example.org/{index % 3}']a link[/link] of $n", n=str(index))
        text = Content(f"post {index}\n" + POSTS[index % len(POSTS)] * (1 + index % 3) + "\n\n")
        self.query_one("#detail", Static).update(text + link)

    def on_event_key(self, event: events.Key) -> None:
        company = "alone" if typed_alone(event) else "pasted"
        self.query_one("#keys", Static).update(f"keys: {event.key} {company}")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and "silent" not in self.flags:
            self.on_event_key(event)
        await super().on_event(event)

    def action_question(self) -> None:
        self.push_screen(Question())

    def action_hide(self) -> None:
        detail = self.query_one("#detail")
        detail.display = not detail.display

    def action_again(self) -> None:
        self.screen.refresh()

    def action_crash(self) -> None:
        token = "sesame-token"
        raise RuntimeError(f"broken with {len(token)} letters")


class DeskProbe(ChangedCells[int], CrashLog[int], Probe):
    """The probe as the desk runs it; `Probe` alone is Textual unchanged."""


if __name__ == "__main__":
    words, flags = Path(sys.argv[1]), sys.argv[2:]
    if "plain" in flags:
        probe = Probe(words, flags)
    else:
        probe = DeskProbe(words, flags, driver_class=DeskDriver)
        if "broken" in flags:
            del terminal._pieces
        probe.crash_folder = words.parent / "state"
    probe.run(mouse=False)
    settle_output()
    sys.exit(probe.return_code)
