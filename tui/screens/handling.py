"""Taking and settling conversations: claim, release, skip, resolve, and what else changes their state."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tui import clock, text
from tui.screens.dialogs import Choice, Option, Prompt

if TYPE_CHECKING:
    from tui.desk.claims import Claim
    from tui.screens.app import DeskApp
    from tui.store.reader import EventRow

NUMBERED = 9
"""Incidents that have a key of their own."""


def _choices(names: Sequence[str], *, linked: bool) -> list[Option]:
    """The newest open incidents by number, then what else can be done; an option's id is its place or a word."""
    options = [Option(str(n), str(n + 1), text.line(name)) for n, name in enumerate(names[:NUMBERED])]
    if len(names) > NUMBERED:
        options.append(Option("named", "m", f"one of {len(names) - NUMBERED} more, by its name"))
    options.append(Option("new", "n", "new incident"))
    return [*options, Option("none", "0", "no incident")] if linked else options


class Handling:
    """Actions on the conversation on screen."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.why_lost = ""
        """Why nothing is typed any more into the text in the editor."""

    async def next(self) -> None:
        """Claim and open what is served first."""
        desk = self.app.config.desk
        job = partial(self.app.jobs.claim_next, agent=self.app.agent, lease=desk.lease, most=desk.most_held)
        claim: Claim | None = await self.app.work.change(job)
        if claim is None:
            self.app.say("Nothing waits. Well done.")
        else:
            await self._open_claimed(claim)

    async def claim(self) -> None:
        """Claim the conversation on screen."""
        if self.app.thread is not None:
            await self.claim_row(self.app.thread.entry.row.id)

    async def claim_row(self, conversation_id: int) -> None:
        """Claim one conversation and show it among the claims."""
        desk = self.app.config.desk
        job = partial(
            self.app.jobs.claim, conversation_id=conversation_id, agent=self.app.agent,
            lease=desk.lease, most=desk.most_held,
        )  # fmt: skip
        await self._open_claimed(await self.app.work.change(job))

    async def _open_claimed(self, claim: "Claim") -> None:
        desk = self.app.desk
        self.app.writing.epochs[claim.conversation_id] = claim.epoch
        await self.app.reload(desk.feed)
        await self.app.reload(desk.claimed)
        desk.working_list = desk.claimed
        desk.claimed.go_to(claim.conversation_id)
        desk.claimed.focus()
        await self.app.look_at(claim.conversation_id)

    async def release(self) -> None:
        """Back to the queue."""
        said = "Back in the queue, draft included."
        await self._change(self._here(), self.app.jobs.release, said, epoch=self._epoch())

    async def skip(self) -> None:
        """Pass over it, with a reason."""
        hint = "Why do you pass over it? (enter skips, esc stays)"
        on = self._here()
        if (why := await self._asked("Skip", hint)) is not None:
            span = self.app.config.desk.skip
            await self._change(on, self.app.jobs.skip, "Skipped; others still see it.", reason=why, span=span)

    async def resolve(self) -> None:
        """Close it, with a reason."""
        on, epoch = self._here(), self._epoch()
        hint = "Why is it resolved? (enter resolves, esc stays)"
        if (why := await self._asked("Resolve", hint)) is not None:
            await self._leased(on, self.app.jobs.resolve, "Resolved.", reason=why, epoch=epoch)

    async def tag(self) -> None:
        """Set the tags."""
        on = self._here()
        now = ", ".join(self.app.thread.entry.row.tags) if self.app.thread else ""
        if (words := await self._asked("Tags", "Words, separated by commas", now)) is not None:
            await self._change(on, self.app.jobs.tag, "Tagged.", tags=words.split(","))

    async def incident(self) -> None:
        """Link it to one of the open incidents, to a new one, or to none."""
        on = self._here()
        linked = self.app.thread is not None and self.app.thread.incident is not None
        known = await self.app.work.read(lambda reader: reader.incidents(only_open=True))
        match await self.app.ask(Choice("Incident", _choices([one.name for one in known], linked=linked))):
            case "none":
                await self._change(on, self.app.jobs.unlink_incident, "Linked to no incident.")
            case "new":
                await self._new_incident(on)
            case "named":
                if (name := await self._asked("Incident", "Its name, or its number")) is not None:
                    await self._link(on, name)
            case str(place):
                await self._link(on, known[int(place)].name)

    async def _new_incident(self, on: int) -> None:
        name = await self._asked("New incident", "What is it called? Such as: line 4 closed")
        if name is None:
            return
        if (words := await self._asked("New incident", "What is known about it? Colleagues see it.")) is not None:
            job, said = self.app.jobs.open_incident, f"Linked to the new incident {text.line(name)}."
            await self._change(on, job, said, name=name, words=words)

    async def _link(self, on: int, name: str) -> None:
        await self._change(on, self.app.jobs.link_incident, f"Linked to {text.line(name)}.", name=name)

    async def snooze(self) -> None:
        """Let it rest until a time."""
        on, epoch = self._here(), self._epoch()
        hint = "How long, or until when? 30m, 2h, 1d, 2026-02-11T09:00Z"
        words = await self._asked("Snooze", hint, "2h")
        if words is None:
            return
        try:
            until = clock.until(words, clock.now())
        except ValueError as error:
            self.app.say(str(error), bad=True)
            return
        said = f"Snoozed until {clock.local(until, '%d %b %H:%M')}."
        await self._leased(on, self.app.jobs.snooze, said, until=until, epoch=epoch)

    async def take(self) -> None:
        """Take it over from a colleague, with a reason."""
        on = self._here()
        if (why := await self._asked("Take over", "Why? The colleague sees your words at once.")) is not None:
            await self._take(on, why)

    async def _take(self, on: int, why: str) -> None:
        """It is ours; where something is written, the editor is open on it."""
        desk = self.app.config.desk
        job = partial(
            self.app.jobs.take, conversation_id=on, agent=self.app.agent, reason=why,
            lease=desk.lease, most=desk.most_held,
        )  # fmt: skip
        await self._open_claimed(await self.app.work.change(job))
        if self.app.thread is not None and self.app.thread.entry.row.id == on and self.app.thread.draft is not None:
            await self.app.writing.reply()
        self.app.say("It is yours now, draft included.")

    def lost(self, event: "EventRow", why: str) -> None:
        """A conversation is ours no more: what is written stays to be read, and nothing is typed into it any more."""
        self.app.say(text.line(why), bad=True)
        writing, composer = self.app.writing, self.app.desk.composer
        if composer.mode == "reply" and writing.draft_of is not None and writing.draft_of == event.conversation_id:
            composer.shut()
            self.why_lost = text.line(why)
            self.app.company.tell()
            self.app.spawn(writing.save())  # what was not stored yet is refused, and kept in a note

    async def pass_(self) -> None:
        """Hand it to a colleague."""
        on, epoch = self._here(), self._epoch()
        if (name := await self._asked("Pass on", "To whom? (their name as an agent)")) is not None:
            told = {"to": name.strip(), "most": self.app.config.desk.most_held, "epoch": epoch}
            await self._leased(on, self.app.jobs.pass_on, "Passed on, draft included.", **told)

    # -- how --------------------------------------------------------------------------------------

    def _here(self) -> int:
        """The conversation on screen now. What is asked next concerns this one, whatever comes on screen meanwhile."""
        return self.app.thread.entry.row.id if self.app.thread else 0

    def _epoch(self) -> int | None:
        """The epoch of our claim on the conversation on screen, as it is shown; None where it is not ours."""
        row = self.app.thread.entry.row if self.app.thread else None
        return row.epoch if row is not None and row.state == "claimed" and row.owner == self.app.agent else None

    async def _asked(self, title: str, hint: str, value: str = "") -> str | None:
        """One line from the agent; None when they went back."""
        return await self.app.ask(Prompt(title, hint, value))

    async def _leased(self, on: int, job: Callable[..., Any], said: str, **values: Any) -> None:
        await self._change(on, job, said, lease=self.app.config.desk.lease, **values)

    async def _change(self, on: int, job: Callable[..., Any], said: str, **values: Any) -> None:
        """One change of a conversation, said in the status line."""
        await self.app.work.change(partial(job, conversation_id=on, agent=self.app.agent, **values))
        self.app.say(said)
        await self.app.refresh_all()
