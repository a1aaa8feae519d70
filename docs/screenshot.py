"""Take the pictures of the README from the real desk: `uv run python docs/screenshot.py`.

The demo's posts, a clock that stands still, and keys as an agent would press them. Nothing is drawn by hand.
"""

import asyncio
import json
import os
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from tui import clock
from tui.config import Config
from tui.desk import intake
from tui.desk.canned import formats, library
from tui.networks import scripted
from tui.screens.app import DeskApp
from tui.screens.picker import Picker
from tui.screens.review import SETTLE_S, Review
from tui.store.store import Store

FOLDER = Path(__file__).resolve().parent
AGENT = "ana"
AT = clock.parse("2026-11-20T09:41:00Z")
INTO_THE_DEMO = 62 * clock.SECOND
"""The lift post has come back by then."""
REPLY = "Hello Wren, thank you for asking. Both passengers were out after 40 minutes and are well."
SHIFT = ("v", "3", "c", "v", "1", "tab", "r")
"""The resurfaced posts, claim the first, back to what waits, to the claimed one, write."""
PICKING = ("n", "r", "ctrl+r", *"opn", "space", *"dr")
"""Claim what is served first, and look for a canned response with letters left out."""
_FROM_OUTSIDE = re.compile(r"\s*(?:@font-face \{.*?\}|<!--.*?-->)", re.DOTALL)


def furnished(path: Path) -> Store:
    """The demo's desk a minute after its start."""
    store = Store(path)
    store.prepare()
    network = scripted.Scripted(started=AT - INTO_THE_DEMO, clock=clock.now)
    with store.transaction() as session:
        arrived, _ = network.read(None)
        intake.take_in(session, [*network.backlog(), *arrived], now=clock.now(), config=Config())
        responses = [*scripted.canned(), *scripted.library(AT - INTO_THE_DEMO)]
        found, _ = formats.read(json.dumps(responses).encode(), "json")
        library.store(session, found, agent=AGENT, now=clock.now())
    return store


async def keys(pilot: Pilot[int], *pressed: str) -> None:
    """Press keys, each after the desk has done what the one before asked."""
    for key in pressed:
        await pilot.press(key)
        await pilot.pause(0.3)


def save(app: DeskApp, name: str) -> None:
    """The screen as SVG, without the web fonts that everyone who looks at it would fetch."""
    picture = _FROM_OUTSIDE.sub("", app.export_screenshot(title="shiftdesk"))
    (FOLDER / name).write_text(picture, encoding="utf-8")


async def take(store: Store) -> None:
    """A reply to the lift post is being written; then its review, which stops it."""
    app = DeskApp(store, Config(), AGENT, outlet="Demo: a scripted feed; nothing leaves this machine")
    app.prepare(None)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1)
        await keys(pilot, *SHIFT)
        app.desk.composer.put(REPLY)
        await pilot.pause(1)
        save(app, "screenshot.svg")
        await keys(pilot, "ctrl+s")
        assert isinstance(app.screen, Review)
        await pilot.pause(2 * SETTLE_S)
        save(app, "review.svg")
        await keys(pilot, "e", "escape", *PICKING)
        assert isinstance(app.screen, Picker)
        await pilot.pause(1)
        save(app, "picker.svg")


def main() -> None:
    """Write screenshot.svg, review.svg and picker.svg beside this file."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    clock.now = lambda: AT
    with TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        store = furnished(Path(folder) / "desk.db")
        asyncio.run(take(store))
        store.close()


if __name__ == "__main__":
    main()
