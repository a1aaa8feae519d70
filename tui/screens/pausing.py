"""When what is being typed is stored: in a pause, and in a text that knows no pause, often enough."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

LATEST_S = 1.2
"""Nothing that is typed waits longer than this for its first try to be stored (s)."""

Due = Callable[[bool], None]
"""Told whether it is a pause that has come."""


class Pausing:
    """Waits for the pause after a key, and does not wait for ever."""

    def __init__(self, app: "DeskApp") -> None:
        self._app = app
        self._timer: Timer | None = None
        self._quiet_at = 0.0
        """When the last key will have been a pause ago, by the clock of the loop (s)."""
        self._latest: float | None = None
        """When it is due although no pause came; None where nothing has been typed since."""

    def typed(self, pause: float, due: Due) -> None:
        """A key came: `due` is called when none has come for `pause` s, and LATEST_S after the first of them."""
        now = asyncio.get_running_loop().time()
        self._quiet_at = now + pause
        if self._latest is None:
            self._latest = now + LATEST_S
        self._wait(due)

    def _wait(self, due: Due) -> None:
        in_pause = self._latest is None or self._quiet_at <= self._latest
        at = self._quiet_at if in_pause or self._latest is None else self._latest
        self.forget()
        left = max(at - asyncio.get_running_loop().time(), 0.001)
        self._timer = self._app.set_timer(left, lambda: self._due(due, in_pause))

    def _due(self, due: Due, in_pause: bool) -> None:
        self._latest = None
        if not in_pause:
            self._wait(due)
        due(in_pause)

    def forget(self) -> None:
        """Nothing is due any more."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = None
