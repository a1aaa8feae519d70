"""Notes of colleagues that name this agent: how many are unread, the list, and the conversation each is about."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import actions, clock, text
from tui.clock import Millis
from tui.screens.dialogs import Dialog
from tui.screens.glyphs import Glyphs
from tui.screens.paint import palette
from tui.store.reader import EventRow, InboxRow, Key

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

WORDS_CELLS = 240
"""Of a note in the list; its conversation has all of it."""


class NotesForMe(Dialog[InboxRow | None]):
    """The notes, the unread ones first; enter opens the conversation of one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("down,j", "move(1)", "Down"),
        ("up,k", "move(-1)", "Up"),
        ("enter", "choose", "Open"),
        ("escape,q,N", "leave", "Back"),
    ]

    def __init__(self, notes: Sequence[InboxRow], now: Millis, glyphs: Glyphs) -> None:
        super().__init__("Notes for me")
        self.notes = notes
        self.now = now
        self.glyphs = glyphs
        self.cursor = 0

    def inside(self) -> ComposeResult:
        with VerticalScroll(id="sheet", can_focus=False):
            for _ in self.notes:
                yield Static(Content(""))
        yield Static(Content("enter  open its conversation     up down  choose     esc  back"), classes="quiet")

    def on_mount(self) -> None:
        self._draw()

    def action_move(self, by: int) -> None:
        """Move the choice."""
        self.cursor = min(max(self.cursor + by, 0), len(self.notes) - 1)
        self._draw()

    def action_choose(self) -> None:
        """Open this one."""
        self.dismiss(self.notes[self.cursor])

    def _draw(self) -> None:
        rows = list(self.query_one("#sheet").query(Static))
        for index, (row, note) in enumerate(zip(rows, self.notes, strict=True)):
            row.update(self._row(note, here=index == self.cursor))
        rows[self.cursor].scroll_visible(animate=False)

    def _row(self, note: InboxRow, *, here: bool) -> Content:
        colors, glyphs = palette(self.app), self.glyphs
        fresh = note.read_at is None
        who = f"{glyphs.note} {text.line(note.agent)} {clock.age(self.now - note.created_at)} ago"
        about = f" {glyphs.separator} #{note.conversation_id} @{text.line(note.handle)} on {text.line(note.network)}"
        return Content.assemble(
            (glyphs.cursor if here else " ", colors.reply),
            ("unread " if fresh else "read   ", colors.late if fresh else colors.quiet),
            (who, colors.note + colors.strong if fresh else colors.note),
            (f"{about}\n", colors.quiet),
            (f"   {text.fit(text.line(note.text), WORDS_CELLS)}", colors.strong if here else colors.plain),
        )


class Inbox:
    """The agent's notes."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.unread = 0

    @property
    def sign(self) -> str:
        """What the status line says of unread notes; empty where there are none."""
        if not self.unread:
            return ""
        key = actions.shown(self.app.by_id["inbox"].keys[0])
        return f"{self.unread} note{'s' if self.unread > 1 else ''} for you ({key})"

    def concerns(self, event: EventRow) -> bool:
        """Whether an event may have changed how many are unread."""
        names = event.data.get("names", ())
        return self.app.agent in names if event.kind == "note.added" else event.kind == "note.read"

    async def count(self) -> None:
        """Count what is unread."""
        self.unread = await self.app.work.read(lambda reader: reader.unread_notes(self.app.agent))

    async def inbox(self) -> None:
        """The list; enter opens a conversation, and its note is read."""
        notes = await self.app.work.read(lambda reader: reader.inbox(self.app.agent))
        if not notes:
            self.app.say(f"No note names you. Colleagues name you with @{text.line(self.app.agent)}.")
            return
        note = await self.app.ask(NotesForMe(notes, clock.now(), self.app.signs))
        if note is None:
            return
        await self.app.work.change(partial(self.app.jobs.read_notes, note_ids=[note.id], agent=self.app.agent))
        await self._open(note.conversation_id)

    async def _open(self, conversation_id: int) -> None:
        """Show a conversation in a list that has it: mine, the feed as it is, else the feed of all."""
        desk = self.app.desk
        row = await self.app.work.read(lambda reader: reader.conversation(conversation_id))
        if row is None:
            return
        mine = row.state == "claimed" and row.owner == self.app.agent
        rows = desk.claimed if mine else desk.feed
        await self.app.reload(rows)
        if not any(entry.row.id == row.id for entry in rows.entries):
            page = await self.app.page("all", Key(row.surfaced_at, row.id))
            rows = desk.feed
            rows.reset()
            rows.view, rows.search = "all", ""
            rows.show(page)
        desk.working_list = rows
        rows.go_to(row.id)
        rows.focus()
        await self.app.look_at(row.id)
