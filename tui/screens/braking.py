"""The brake of a handle, from the desk: put on, let go, and always in sight while it is on."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui import clock, text
from tui.desk import delivery
from tui.screens.dialogs import Choice, Option, Prompt
from tui.screens.writing import KEYS_TO_CHOOSE
from tui.store.reader import BrakeRow, Reader, ReplyRow

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

REASON_CELLS = 30
"""Of a brake's reason in the status line; each reply that waits has all of it."""


class Braking:
    """Which handles nothing leaves from, and this agent's replies that leave later."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.brakes: list[BrakeRow] = []
        self.scheduled: list[ReplyRow] = []
        """Replies of this agent that leave at their time, the first first."""

    def show(self, brakes: Sequence[BrakeRow], outbox: Sequence[ReplyRow]) -> None:
        """What was read."""
        self.brakes = list(brakes)
        waiting = [reply for reply in outbox if reply.state == "held" and reply.scheduled and reply.part == 1]
        self.scheduled = sorted(waiting, key=lambda reply: reply.due_at)

    @property
    def sign(self) -> str:
        """Of the brakes that are on, for the status line; empty where none is."""
        if not self.brakes:
            return ""
        first, more = self.brakes[0], len(self.brakes) - 1
        why = text.fit(text.line(first.reason), REASON_CELLS).rstrip()
        others = f" and {more} more" if more else ""
        return f"BRAKE {text.line(first.handle)} by {text.line(first.by)}: {why}{others}"

    @property
    def later(self) -> str:
        """How many replies of this agent leave later, and when the first does; empty where none does."""
        if not self.scheduled:
            return ""
        return f"{len(self.scheduled)} scheduled, {delivery.at(self.scheduled[0].due_at, clock.now())}"

    @property
    def here(self) -> ReplyRow | None:
        """The scheduled reply of the conversation on screen; None where it has none."""
        shown = self.app.thread.entry.row.id if self.app.thread else None
        return next((reply for reply in self.scheduled if reply.conversation_id == shown), None)

    async def brake(self) -> None:
        """Stop all sends of a handle, or let them go."""
        accounts = await self.app.work.read(Reader.accounts)
        if not accounts:
            self.app.say("There is no handle of ours yet; a post or `shiftdesk account add` brings one.")
            return
        on = {one.account_id: one for one in self.brakes}
        options = [
            Option(
                str(account_id),
                key,
                f"{'let go' if account_id in on else 'stop'}  {text.line(network)}:{text.line(handle)}",
            )
            for key, (account_id, network, handle) in zip(KEYS_TO_CHOOSE, accounts, strict=False)
        ]
        chosen = await self.app.ask(Choice("Brake", options, "Nothing leaves from a handle that is stopped."))
        if chosen is not None:
            await self._switch(next(one for one in accounts if one[0] == int(chosen)), is_on=int(chosen) in on)

    async def _switch(self, account: tuple[int, str, str], *, is_on: bool) -> None:
        name = text.line(f"{account[1]}:{account[2]}")
        if is_on:
            await self.app.work.change(partial(self.app.jobs.release_brake, account=account, agent=self.app.agent))
            self.app.say(f"The brake of {name} is off; what waits leaves now, after one more look of the guard.")
        else:
            why = await self.app.ask(Prompt("Brake", f"Why is nothing to leave from {name}? Colleagues see it."))
            if why is None:
                return
            job = partial(self.app.jobs.put_brake_on, account=account, agent=self.app.agent, reason=why)
            await self.app.work.change(job)
            self.app.say(f"Nothing leaves from {name} any more.")
        await self.app.refresh_all()
