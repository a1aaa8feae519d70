"""What we promised in a conversation: the list, one more by hand, and whether it was kept."""

from functools import partial
from typing import TYPE_CHECKING

from tui import clock, text
from tui.desk.promises import told
from tui.screens.dialogs import Choice, Option, Prompt

if TYPE_CHECKING:
    from tui.screens.app import DeskApp
    from tui.store.reader import PromiseRow

MOST = 9
"""Open promises that have a key of their own."""
SETTLED_MOST = 3
"""Of those that were kept or dropped, the newest are named."""


class Promising:
    """Promises of the conversation on screen."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    async def promises(self) -> None:
        """What was promised here; one is added, kept or dropped."""
        if self.app.thread is None:
            return
        here = self.app.thread.entry.row.id
        found = await self.app.work.read(lambda reader: reader.promises(here))
        still_open = [one for one in found if not one.outcome][:MOST]
        now = clock.now()
        options = [Option(str(one.id), str(n), told(one, now)) for n, one in enumerate(still_open, 1)]
        options.append(Option("add", "a", "promise something"))
        chosen = await self.app.ask(Choice("Promises", options, _settled(found, now) or "What did we promise here?"))
        if chosen == "add":
            await self._add(here)
        elif chosen is not None:
            await self._settle(next(one for one in still_open if str(one.id) == chosen), now)

    async def _add(self, here: int) -> None:
        what = await self.app.ask(Prompt("Promise", "What did we promise? Such as: call back"))
        if what is None:
            return
        hint = "By when? 30m, 2h, 1d, 2026-02-11T09:00Z"
        value = "2h"
        while (by := await self.app.ask(Prompt("Promise", hint, value))) is not None:
            try:
                due_at = clock.until(by, clock.now())
            except ValueError as error:
                hint, value = text.line(str(error)), by
                continue
            job = partial(self.app.jobs.promise, conversation_id=here, agent=self.app.agent, words=what, due_at=due_at)
            await self.app.work.change(job)
            self.app.say("Promised; it comes back when it is due.")
            await self.app.refresh_all()
            return

    async def _settle(self, promise: "PromiseRow", now: clock.Millis) -> None:
        options = [Option("kept", "k", "kept: we did it"), Option("dropped", "d", "dropped, with a reason")]
        outcome, why = await self.app.ask(Choice("Promise", options, told(promise, now))), ""
        if outcome == "dropped":
            answer = await self.app.ask(Prompt("Drop the promise", "Why? (enter drops it, esc leaves it open)"))
            if answer is None:
                return
            why = answer
        if outcome is not None:
            job = partial(self.app.jobs.settle_promise, promise_id=promise.id, agent=self.app.agent)
            await self.app.work.change(partial(job, outcome=outcome, reason=why))
            self.app.say(f"{outcome.capitalize()}.")
            await self.app.refresh_all()


def _settled(found: "list[PromiseRow]", now: clock.Millis) -> str:
    newest = sorted((one for one in found if one.outcome), key=lambda one: -(one.settled_at or 0))
    return "; ".join(told(one, now) for one in newest[:SETTLED_MOST])
