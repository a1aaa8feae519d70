"""Sending a reply: the last look, its parts, the undo window."""

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from tui import clock, text
from tui.clock import Millis
from tui.desk import delivery, leaving
from tui.errors import OutOfReach, Refused, Unclear
from tui.screens.review import Decision, Review

if TYPE_CHECKING:
    from tui.desk.guard import Finding
    from tui.screens.app import DeskApp
    from tui.screens.writing import Reply
    from tui.store.reader import QueueRow

UNCLEAR = "Whether the reply is held is not known; the desk looks as soon as the storage is back."


class Sending:
    """From the draft into the outbox, and back."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    async def send(self) -> None:
        """The last look; not before it is known what became of the one before."""
        if self.app.reaching.is_unclear:
            self.app.say(UNCLEAR, bad=True)
            return
        await self.app.writing.save()
        if self.app.writing.draft_of is not None:
            await self._review(self.app.writing.as_it_stands(self.app.writing.draft_of))

    async def _review(self, reply: "Reply", *, in_parts: bool = False) -> None:
        """Show a reply as it would leave; in parts where that was asked for."""
        thread = self.app.thread
        if thread is None or not reply.conversation_id == self.app.writing.draft_of == thread.entry.row.id:
            return
        row = thread.entry.row
        findings = await self.app.writing.examined(reply, partial(self.app.jobs.examine, in_parts=in_parts))
        final = self.app.writing.as_it_leaves(row, reply.words.rstrip())
        parts = self.split(row, final) if in_parts else [final]
        review = Review(
            [(part, self.app.writing.measured(row, part)) for part in parts],
            sender=reply.sender or row.account or "no account", recipient=f"@{row.handle} on {row.network}",
            private=self.app.jobs.is_private(thread) or reply.made_of.way == "private",
            pointer=self._pointer(row, reply), made_of=reply.made_of, findings=findings,
            set_otherwise=self.app.jobs.set_otherwise(self.app.writing.settings(row)), glyphs=self.app.signs,
        )  # fmt: skip
        self.app.push_screen(review, partial(self._reviewed, reply, findings, in_parts))

    def _pointer(self, row: "QueueRow", reply: "Reply") -> tuple[str, str] | None:
        """What is said in public behind a private message, with its count."""
        words = self.app.moving.pointer(row, reply.made_of)
        return (words, self.app.writing.measured(row, words, pointer=True)) if words else None

    def split(self, row: "QueueRow", final: str) -> list[str]:
        """The parts of a text that is as it leaves, as the outbox makes them; itself where it cannot be split."""
        room, lead = self.app.writing.room(row), leaving.lead(row.network, row.handle)
        try:
            parts: list[str] = self.app.jobs.split(final, row.network, lead=lead, **room)
        except ValueError:
            return [final]
        return parts

    def _reviewed(self, reply: "Reply", findings: "list[Finding]", in_parts: bool, decision: Decision | None) -> None:
        """What the agent decided about a reply."""
        match decision:
            case Decision(does="send"):
                self.app.spawn(self._hold(reply, decision, in_parts))
                return
            case Decision(does="split"):
                self.app.spawn(self._review_parts(reply, findings))
                return
            case Decision(does="take", offer=offer) if offer is not None:
                self.app.desk.composer.take(offer.text, instead=offer.place == "instead")
        self.app.desk.composer.focus()
        self.app.spawn(self._give_up(reply.conversation_id, findings))

    async def _review_parts(self, reply: "Reply", findings: "list[Finding]") -> None:
        """That it was too long is heeded; the last look at its parts."""
        too_long = [finding for finding in findings if finding.check == "length"]
        await self._record(reply.conversation_id, self.app.jobs.record_stop, too_long)
        await self._review(reply, in_parts=True)

    async def _give_up(self, conversation_id: int, findings: "list[Finding]") -> None:
        """Back from the review: what it found was heeded, and what it showed is no news any more."""
        await self._record(conversation_id, self.app.jobs.give_up, findings)

    async def _record(self, conversation_id: int, job: Any, findings: "list[Finding]") -> None:
        done = partial(job, findings=findings, conversation_id=conversation_id, agent=self.app.agent)
        await self.app.work.change(done)

    async def _hold(self, reply: "Reply", decision: Decision, in_parts: bool) -> None:
        """Into the outbox. What the guard stops at the last moment is shown in another review."""
        here, key, composer = reply.conversation_id, uuid.uuid4().hex, self.app.desk.composer
        job = partial(
            self.app.jobs.hold, held=self.app.writing.claim(here), words=reply.words.rstrip(), config=self.app.config,
            overrides=decision.overridden, made_of=reply.made_of, sender=reply.sender, in_parts=in_parts,
            at=decision.at, key=key,
        )  # fmt: skip
        composer.read_only = True  # what would be typed now is no part of it
        try:
            await self.app.work.change(job)
        except self.app.jobs.GuardStop as stop:
            composer.read_only = not composer.has_focus
            await self._record(here, self.app.jobs.record_stop, stop.findings)
            await self._review(reply, in_parts=in_parts)
        except Unclear:
            self.app.reaching.ask(partial(self.app.jobs.is_held, key=key), partial(self._came_of, reply, decision))
            self.app.say(UNCLEAR, bad=True)
        except (Refused, OutOfReach) as error:
            self._not_held()
            if isinstance(error, Refused):
                raise
            self.app.say(self.app.reaching.refusal(error), bad=True)
        else:
            await self._is_held(reply, decision)

    async def _came_of(self, reply: "Reply", decision: Decision, is_held: bool) -> None:
        """The storage went out of reach while it stored a reply, and is back."""
        if is_held:
            await self._is_held(reply, decision)
            self.app.say(f"The reply in conversation {reply.conversation_id} was held before the storage went.")
        else:
            if self.app.writing.draft_of == reply.conversation_id:
                self._not_held()
            self.app.say(f"The reply in conversation {reply.conversation_id} was not held; it is the draft.", bad=True)

    def _not_held(self) -> None:
        """It stands in the editor as before."""
        self.app.desk.composer.read_only = False
        self.app.desk.composer.focus()

    async def _is_held(self, reply: "Reply", decision: Decision) -> None:
        """It is on its way. What was written since, where that was not known yet, is another draft."""
        here, writing = reply.conversation_id, self.app.writing
        if writing.draft_of == here and writing.as_it_stands(here).words == reply.words:
            writing.emptied()
            await writing.leave()
        else:
            writing.left(here)
        # That one before was recalled, for example, is not said of this one.
        self.app.say("" if decision.at is None else _leaves_later(decision.at))
        await self.app.refresh_all()
        self.app.spawn(self.app.capturing.offer(here))

    async def undo(self) -> None:
        """Recall the newest held reply, else the scheduled one on screen; its text becomes the draft again."""
        newest = self.app.held[-1] if self.app.held else self.app.braking.here
        if newest is None:
            return  # it has just left
        job = partial(self.app.jobs.recall, reply_id=newest.id, agent=self.app.agent)
        is_draft = await self.app.work.change(job)
        kept = "its text is the draft again" if is_draft else "the newer draft stands"
        self.app.say(f"The reply to @{text.line(newest.handle)} is recalled; {kept}.")
        await self.app.refresh_all()


def _leaves_later(at: Millis) -> str:
    return f"It leaves at {delivery.at(at, clock.now())}, unless the thread changes before; until then it rests."
