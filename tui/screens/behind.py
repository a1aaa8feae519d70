"""How far behind our accounts are read, in the status line: only where it is worth a word."""

from typing import TYPE_CHECKING

from tui import clock, text
from tui.store.reader import EventRow

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

EVENTS = ("source.failing", "source.recovered", "source.gap")


class Behind:
    """What the status line says of the collector."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.sign = ""

    async def look(self) -> None:
        """Read how it stands; what is shown changes at most once a minute, and when something breaks or works again."""
        jobs, config, now = self.app.jobs, self.app.config, clock.now()
        self.sign = await self.app.work.read(lambda reader: jobs.behind(reader, config=config, now=now))

    def heard(self, event: EventRow) -> bool:
        """Whether an event is about the collector; a gap is said at once."""
        if event.kind == "source.gap":
            self.app.say(text.line(self.app.jobs.gap(event)), bad=True)
        return event.kind in EVENTS

    def fitting(self, cells: int) -> str:
        """The sign in the room there is; nothing where that says nothing."""
        return text.fit(self.sign, cells) if cells > len("@handle mentions 5m behind") else ""
