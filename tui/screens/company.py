"""Who else is at the desk, what this desk tells of its own agent, and where they go on after a crash."""

from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from tui import actions, clock, text
from tui.clock import MINUTE
from tui.desk.around import Around
from tui.screens.pulse import Ear, Pulse
from tui.store.reader import Doing, PresentRow, QueueRow

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

WORK = frozenset(
    (
        *("next", "claim", "release", "skip", "reply", "note", "snooze", "resolve", "tag", "take", "pass", "incident"),
        *("look-up", "promises", "capture", "undo", "send"),
    )
)
"""Actions that nobody who is away does."""


class Present(Message):
    """Others came, went, or do something else."""

    def __init__(self, rows: tuple[PresentRow, ...]) -> None:
        super().__init__()
        self.rows = rows


class Company:
    """The agents at one desk, as seen from one of its screens."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.pulse = Pulse(app.store.home, app.agent, app.config.desk.lease)
        self.pulse.lent = app.is_terminal_lent  # who writes in $EDITOR is not silent
        self.ear = Ear(clock.now, self._hear)
        self.is_away = False
        self._own: dict[str, PresentRow] = {}
        """Other desks of the same agent."""
        self._left: PresentRow | None = None
        """Where the agent was when their last desk went without a word, until they have gone on there."""

    def _hear(self, rows: tuple[PresentRow, ...]) -> None:
        """From the thread that watches."""
        self.app.post_message(Present(rows))

    # -- what this desk tells ---------------------------------------------------------------------

    def tell(self) -> None:
        """Another conversation is on screen, or another pane has the keys."""
        thread, composer = self.app.thread, self.app.desk.composer
        at = thread.entry.row.id if thread else None
        doing: Doing = "looks"
        if self.is_away:
            doing, at = "away", None
        elif composer.has_focus and not composer.read_only and self.app.editing.subject is None:
            doing, at = "writes", self.app.writing.draft_of
        self.pulse.tell(doing, at)

    async def away(self) -> None:
        """Away, or back."""
        if self.is_away:
            self.back()
            self.app.say("You are back.")
        else:
            self.is_away = True
            self.tell()
            self.app.say("Colleagues see that you are away; what you have stays yours while its lease runs.")

    def back(self) -> None:
        """The agent works: they are not away."""
        self.is_away = False
        self.tell()

    def worked(self, name: str) -> None:
        """An action begins; work ends being away."""
        if self.is_away and name in WORK:
            self.back()
            self.app.say("You are back.")

    @property
    def sign(self) -> str:
        """What the status line says for as long as the agent is away."""
        return f"away · {actions.shown(self.app.by_id['away'].keys[0])} when you are back" if self.is_away else ""

    # -- what others tell -------------------------------------------------------------------------

    def heard(self, rows: tuple[PresentRow, ...]) -> None:
        """Show who is where; only what reads otherwise is painted."""
        around = Around(rows, own=self.pulse.desk, agent=self.app.agent)
        for pane in (self.app.desk.feed, self.app.desk.claimed, self.app.desk.conversation):
            pane.stand(around)
        mine = {row.id: row for row in rows if row.agent == self.app.agent and row.id != self.pulse.desk}
        for desk, row in mine.items():
            before = self._own.get(desk)
            if row.doing == "dropped" and before is not None and before.doing != "dropped":
                self._left = row
                self.app.spawn(self.go_on())
        self._own = mine

    # -- coming back ------------------------------------------------------------------------------

    async def arrive(self) -> None:
        """The desk opens: where the agent was, and what else they have open. Raises OutOfReach."""
        job = partial(self.app.jobs.other_desks, agent=self.app.agent, died=self.pulse.died)
        rows: list[PresentRow] = await self.app.work.change(job)
        if rows:
            self._left = max(rows, key=lambda row: (row.doing == "dropped", row.did == "writes", row.beat_at))
        self._own = {row.id: row for row in rows if row.doing != "dropped"}
        self.pulse.start(self.app.jobs)

    async def go_on(self) -> None:
        """Open the conversation in which the agent's last desk went, in the editor where they were writing.

        Who has touched a key by then is only told of it.
        """
        left, self._left = self._left, None
        if left is None:
            return
        at = left.conversation_id
        row = None if at is None else await self.app.work.read(lambda reader: reader.conversation(at))
        if left.doing != "dropped":
            self.app.say(_open_elsewhere(left, row))
        elif row is None or self.app.writing.at_work is not None:
            return
        elif left.did == "writes" and not self._is_ours(row):
            self.app.say(self._lost(row), bad=True)
        elif left.did == "writes":
            await self._write_on(left, row)
        elif not self.pulse.stirred and await self._turn_to(row):
            self.app.say(f"Your line dropped{_ago(left)}; this is where you were.")

    async def _write_on(self, left: PresentRow, row: QueueRow) -> None:
        if self.pulse.stirred:
            key = actions.shown(self.app.by_id["reply"].keys[0])
            self.app.say(f"Your line dropped{_ago(left)}; you were writing to {_customer(row)}: {key} goes on there.")
        elif await self._turn_to(row):
            await self.app.writing.reply()
            self.app.say(f"Your line dropped{_ago(left)}; this is what you were writing.")

    async def _turn_to(self, row: QueueRow) -> bool:
        """Put the cursor on a conversation and show it; False where its list does not have it."""
        desk = self.app.desk
        rows = desk.claimed if self._is_ours(row) else desk.feed
        await self.app.reload(rows)
        rows.go_to(row.id)
        if rows.selected is None or rows.selected.row.id != row.id:
            return False
        desk.working_list = rows
        rows.focus()
        await self.app.look_at(row.id)
        return True

    def _is_ours(self, row: QueueRow) -> bool:
        return row.state == "claimed" and row.owner == self.app.agent

    def _lost(self, row: QueueRow) -> str:
        if row.state == "claimed":
            take = actions.shown(self.app.by_id["take"].keys[0])
            return (
                f"{text.line(row.owner or '')} has {_customer(row)} now, to whom you were writing; {take} takes over."
            )
        draft = "with your draft" if row.has_draft else "and nothing is written"
        return f"The conversation with {_customer(row)}, to whom you were writing, is {row.state} now, {draft}."


def _ago(left: PresentRow) -> str:
    span = clock.now() - left.since
    return f" {clock.age(span)} ago" if span >= MINUTE else ""


def _customer(row: QueueRow) -> str:
    return f"@{text.fit(text.line(row.handle), 26).rstrip()} (#{row.id})"


def _open_elsewhere(left: PresentRow, row: QueueRow | None) -> str:
    where = f"You have another desk open on {text.line(left.host)}"
    if row is None or left.doing != "writes":
        return f"{where}."
    return f"{where}, which writes to {_customer(row)}; leave the editor there before you go on here."
