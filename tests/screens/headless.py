"""The desk without a terminal: an app to look into, on posts of one's own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from tui.config import Config
from tui.screens.app import DeskApp
from tui.screens.rows import RowList
from tui.store.store import Store


class Opened:
    """An open desk."""

    def __init__(self, app: DeskApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot, self.desk = app, pilot, app.desk

    async def until(self, reached: Callable[[], Any]) -> None:
        """Wait for what must come."""
        for _ in range(1000):
            if reached():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"it did not come; status: {self.status}")

    async def rest(self) -> None:
        """Wait until nothing is under way."""
        await self.pilot.pause()
        await self.until(lambda: not self.app._tasks and not self.app._acting.locked())
        await self.pilot.pause()

    async def do(self, *names: str) -> None:
        """Actions by id, one after the other."""
        for name in names:
            self.app.action_do(name)
            await self.rest()

    async def ask(self, name: str, answer: str) -> None:
        """An action that asks for a line of text, and the answer."""
        from textual.widgets import Input

        self.app.action_do(name)
        await self.until(lambda: self.app.screen is not self.desk and self.app.screen.query(Input))
        self.app.screen.query_one(Input).value = answer
        await self.pilot.press("enter")
        await self.rest()

    async def write(self, words: str) -> None:
        """Open the editor and write."""
        self.app.action_do("reply")
        await self.until(lambda: self.desk.composer.has_focus and not self.desk.composer.read_only)
        await self.rest()
        self.desk.composer.insert(words)
        await self.pilot.pause()

    @property
    def status(self) -> str:
        return self.desk.status.content.plain

    @property
    def keys(self) -> str:
        return self.desk.keys.content.plain

    @property
    def shown(self) -> int | None:
        """The conversation on screen."""
        return self.app.thread.entry.row.id if self.app.thread else None


def lines(widget: Any) -> list[str]:
    """What a list or a pane shows."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def title(rows: RowList) -> str:
    return str(rows.border_title)


@asynccontextmanager
async def opened(
    store: Store, *, agent: str = "ana", size: tuple[int, int] = (120, 40), config: Config | None = None
) -> AsyncIterator[Opened]:
    """The desk of an agent, loaded and at rest."""
    app = DeskApp(store, config or Config(), agent)
    app.prepare(None)
    try:
        async with app.run_test(size=size) as pilot:
            here = Opened(app, pilot)
            await here.until(lambda: app.filling.index is not None)
            await here.rest()
            yield here
    finally:
        app.company.pulse.close(orderly=True)
        app.work.close()
