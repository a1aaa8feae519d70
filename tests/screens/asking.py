"""A dialog over an empty desk, keys into it, and what came of it."""

import asyncio
from collections.abc import Callable
from typing import Any

from headless import Opened, opened
from textual import events
from textual.widgets import Input, Static

from tui.store.store import Store

NOTHING = object()


class Asked:
    """A dialog on screen, and what came of it."""

    def __init__(self, here: Opened, dialog: Any) -> None:
        self.here, self.dialog, self.answer = here, dialog, NOTHING

    @property
    def asks(self) -> str:
        return str(self.dialog.query_one("#asks", Static).render())

    @property
    def top(self) -> Any:
        """What stands over everything else."""
        return self.here.app.screen

    async def press(self, *keys: str, pasted: bool = False, at: float | None = None) -> None:
        """Keys in the dialog, as typed or as pasted, now or at a time of the monotonic clock."""
        for key in keys:
            event = events.Key(key, key if len(key) == 1 else None)
            event.in_company = pasted  # type: ignore[attr-defined]
            if at is not None:
                event.time = at
            self.here.app.post_message(event)
            await self.here.pilot.pause()
            await self.here.pilot.pause()

    async def type(self, words: str) -> None:
        """Fill the field that has the focus, and confirm."""
        field = self.here.app.focused
        assert isinstance(field, Input)
        field.value = words
        await self.press("enter")


def in_dialog(
    store: Store, make: Callable[[], Any], story: Callable[[Asked], Any], size: tuple[int, int] = (120, 40)
) -> object:
    """Play a story in a dialog over an empty desk; what the dialog answered."""

    async def play() -> object:
        async with opened(store, size=size) as here:
            asked = Asked(here, make())
            here.app.push_screen(asked.dialog, lambda answer: setattr(asked, "answer", answer))
            await here.until(lambda: asked.dialog.is_mounted and here.app.screen is asked.dialog)
            await here.pilot.pause()
            await story(asked)
            await here.pilot.pause()
            return asked.answer

    return asyncio.run(play())
