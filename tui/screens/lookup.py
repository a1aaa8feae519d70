"""Look-ups beside the thread: which code, the command off the loop, and what it found in the conversation pane."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from tui import text
from tui.screens.dialogs import Choice, Option

if TYPE_CHECKING:
    from tui.desk.lookups import Code
    from tui.screens.app import DeskApp
    from tui.store.reader import QueueRow


class LookingUp:
    """Runs the configured look-ups, one at a time: a second one takes the place of the first."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self._thread = ThreadPoolExecutor(1, "look-up")
        self._stopped = threading.Event()
        """Set when the command that runs is not wanted any more."""

    async def look_up(self) -> None:
        """Run a look-up with a code from what the customer wrote; where there are several, the agent chooses."""
        thread, look_ups = self.app.thread, self.app.config.lookups
        if thread is None:
            return
        if not look_ups:
            self.app.say("No look-up is configured; a section [lookup.NAME] in the configuration makes one.")
            return
        from tui.desk.lookups import codes

        row = thread.entry.row
        theirs = [post for post in thread.posts if post.author_id == row.author_id]
        found = await asyncio.to_thread(codes, theirs, look_ups)
        if not found:
            handle, names = text.line(row.handle), text.line(", ".join(look_ups))
            self.app.say(f"Nothing that @{handle} wrote here has a code for a look-up ({text.fit(names, 40)}).")
        elif (code := await self._chosen(found)) is not None:
            self.app.spawn(self._run(code, row))

    async def _chosen(self, found: "list[Code]") -> "Code | None":
        """The code to look up; asked where there are several."""
        if len(found) == 1:
            return found[0]
        from tui.private import mask

        options = [
            Option(str(place), str(place + 1), text.line(f"{one.name}  {mask(one.code)}"))
            for place, one in enumerate(found)
        ]
        chosen = await self.app.ask(Choice("Look up", options, "Which code? The newest comes first."))
        return None if chosen is None else found[int(chosen)]

    async def _run(self, code: "Code", row: "QueueRow") -> None:
        """Run it, and show what it found where its conversation still stands on screen."""
        from tui.desk.lookups import run
        from tui.private import mask

        self._stopped.set()
        stopped = self._stopped = threading.Event()
        self.app.say(f"Looking up {text.line(code.name)} {text.line(mask(code.code))} …")
        look_up = self.app.config.lookups[code.name]
        job = partial(run, code.name, look_up, code.code, is_wanted=lambda: not stopped.is_set())
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, job)
        finally:
            stopped.set()  # also where the desk closes meanwhile: the command ends with it
        pane = self.app.desk.conversation
        if self._stopped is stopped and pane.thread is not None and pane.thread.entry.row.id == row.id:
            pane.tell(found)
            self.app.say(found.problem or f"Looked up {text.line(found.name)}.", bad=bool(found.problem))
        record = self.app.jobs.record_look_up
        await self.app.work.change(partial(record, found=found, conversation_id=row.id, agent=self.app.agent))
