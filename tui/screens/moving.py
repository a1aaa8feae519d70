"""From public to private and back, while a reply is written."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tui import text

if TYPE_CHECKING:
    from tui.desk.composition import Composition
    from tui.screens.app import DeskApp
    from tui.store.reader import QueueRow

POINTER_CELLS = 60
"""Of the public pointer in the status line; the review shows it whole."""


class Moving:
    """How the reply that stands in the editor leaves."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    async def go_private(self) -> None:
        """It leaves as a private message, or again in public."""
        thread, writing = self.app.thread, self.app.writing
        if thread is None or writing.draft_of != thread.entry.row.id:
            return
        if self.app.jobs.is_private(thread):
            self.app.say("What this answers is private: the reply is a private message, and nothing is said in public.")
            return
        private = writing.made_of.way != "private"
        await writing.make_otherwise(replace(writing.made_of, way="private" if private else ""))
        self.app.say(self._told(thread.entry.row) if private else "It is a PUBLIC reply again.")

    def _told(self, row: "QueueRow") -> str:
        words = text.line(self.pointer(row, self.app.writing.made_of))
        behind = f"; behind it in public: {text.fit(words, POINTER_CELLS).rstrip()}" if words else ""
        return f"It leaves as a PRIVATE message{behind}"

    def pointer(self, row: "QueueRow", made_of: "Composition") -> str:
        """What is said in public behind a reply, as it leaves; empty where nothing is."""
        thread, writing = self.app.thread, self.app.writing
        if thread is None or made_of.way != "private" or self.app.jobs.is_private(thread):
            return ""
        return writing.as_it_leaves(row, writing.settings(row).private_pointer.strip())
