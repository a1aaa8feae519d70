"""Writing a reply: the draft, canned responses, the last look, sending and undoing."""

import string
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.content import Content
from textual.timer import Timer

from tui import clock, text
from tui.errors import Refused
from tui.screens.dialogs import Choice, Option, Picker
from tui.screens.review import Decision, Review
from tui.screens.thread import Thread

if TYPE_CHECKING:
    from tui.config import AccountSettings
    from tui.desk.canned.response import Canned
    from tui.desk.canned.search import Index
    from tui.desk.claims import Claim
    from tui.desk.guard import Finding
    from tui.networks.limits import Length
    from tui.screens.app import DeskApp
    from tui.screens.jobs import Glance
    from tui.store.reader import QueueRow

HANDLE_CELLS = 26
"""Most of a handle that the title shows; the review shows it whole."""
KEYS_TO_CHOOSE = string.digits[1:] + string.ascii_letters
DRAFT_PAUSE_S = 0.6
"""A draft is stored, and the guard asked, this long after the last key (s)."""


class Reply(NamedTuple):
    """A reply as it stands in the editor."""

    conversation_id: int
    words: str
    sender: str | None
    """The handle it is to leave from, where that is not the conversation's own."""
    canned_id: int | None


class Writing:
    """What is in the editor, and whose it is."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.index: Index | None = None
        self.epochs: dict[int, int] = {}
        """The fencing token of each claim this screen has seen as its own."""
        self._library: dict[int, Canned] = {}
        self._draft_of: int | None = None
        self._sender: str | None = None
        """The handle it is to leave from, where that is not the conversation's own."""
        self._saved: tuple[str, str | None] = "", None
        """The draft and its handle as they are stored."""
        self._canned_id: int | None = None
        self._findings: list[Finding] = []
        self._found_for: Reply | None = None
        self._counted = ""
        """The text as `typed` last saw it: an edit comes first by itself, then as a message."""
        self._pause: Timer | None = None

    def stock(self, library: "dict[int, Canned]", index: "Index") -> None:
        """Take the canned responses, as read and indexed off the loop."""
        self._library, self.index = library, index

    # -- the draft --------------------------------------------------------------------------------

    @property
    def at_work(self) -> int | None:
        """The conversation whose reply is being written now; it stays on screen."""
        return self._draft_of if self.app.desk.composer.has_focus else None

    def show(self, thread: Thread | None) -> None:
        """The conversation on screen changed: its draft stands in the editor, unless one is being written."""
        composer = self.app.desk.composer
        row = thread.entry.row if thread else None
        if row and row.state == "claimed" and row.owner == self.app.agent:
            self.epochs[row.id] = row.epoch
        if not composer.has_focus:
            job = self.unsaved()
            if job is not None:
                self.app.spawn(self._store(job))
                if row and row.id == self._draft_of and row.owner == self.app.agent:
                    return  # what was read is older than what was written
            draft = thread.draft if thread else None
            self._draft_of = row.id if row else None
            self._sender = draft.account if draft else None
            self._saved = draft.text if draft else "", self._sender
            self._canned_id = draft.canned_id if draft else None
            self._findings, self._found_for = [], None
            composer.load(draft.text if draft else "", draft.cursor if draft else 0)
        self.title()

    def title(self) -> None:
        """While writing: to whom, the network's own count, and what the guard would say; from whom if it is not
        the conversation's own handle. What the guard said of an older text ends in an ellipsis."""
        composer, thread = self.app.desk.composer, self.app.thread
        words = "Reply"
        if composer.has_focus and thread is not None:
            row, signs = thread.entry.row, self.app.signs
            words = f"Reply to {_fitted('@' + row.handle)}" + (f" as {_fitted(self._sender)}" if self._sender else "")
            if self.app.jobs is not None:
                length = self._count(row, composer.text)
                words += f" {signs.separator} {length.used}/{length.limit}"
            words += "".join(f" {getattr(signs, f.verdict)} {f.check}" for f in self._findings)
            if self._findings and self._found_for != self._as_it_stands(row.id):
                words += f" {signs.ellipsis}"
        if str(composer.border_title) != words:
            composer.border_title = Content(words)

    def settings(self, row: "QueueRow") -> "AccountSettings":
        """What is set for the handle that a reply to this conversation would leave from."""
        sender = self._sender if self._draft_of == row.id else None
        return self.app.config.account(row.network, sender or row.account)

    def _count(self, row: "QueueRow", words: str) -> "Length":
        """How long a text is by the network's own count."""
        length: Length = self.app.jobs.count(words, row.network, **self._room(row))
        return length

    def _room(self, row: "QueueRow") -> dict[str, Any]:
        """What the server takes in a reply to this conversation."""
        settings = self.settings(row)
        return {"limit": settings.length_limit, "link_length": settings.link_length, "private": row.private}

    def _measured(self, row: "QueueRow", words: str) -> str:
        length = self._count(row, words)
        return f"{length.used:,} of {length.limit:,} {length.unit}"

    def draft_for(self, conversation_id: int) -> str:
        """What is written for a conversation."""
        return self.app.desk.composer.text if self._draft_of == conversation_id else ""

    def _as_it_stands(self, conversation_id: int) -> Reply:
        """The reply to a conversation as it is now."""
        if self._draft_of != conversation_id:
            return Reply(conversation_id, "", None, None)
        return Reply(conversation_id, self.app.desk.composer.text, self._sender, self._canned_id)

    def typed(self) -> None:
        """The text changed: count at once, store and examine after a pause."""
        words = self.app.desk.composer.text
        if words == self._counted or not self.app.desk.composer.has_focus:
            return
        self._counted = words
        self.title()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.app.set_timer(DRAFT_PAUSE_S, lambda: self.app.spawn(self._paused()))

    async def _paused(self) -> None:
        await self.save()
        await self._glanced()

    async def _glanced(self) -> None:
        """What the guard says of the reply as it stands, unless that has changed by then."""
        if self._draft_of is None:
            return
        reply = self._as_it_stands(self._draft_of)
        found = await self._examined(reply, self._glance.examine) if reply.words.strip() else []
        if self._draft_of == reply.conversation_id and reply == self._as_it_stands(reply.conversation_id):
            self._findings, self._found_for = found, reply
            self.title()

    @cached_property
    def _glance(self) -> "Glance":
        glance: Glance = self.app.jobs.Glance()
        return glance

    async def save(self) -> None:
        """Store the draft where it changed."""
        if (job := self.unsaved()) is not None:
            await self._store(job)

    async def _store(self, job: Any) -> None:
        draft_of, draft = job.keywords["held"].conversation_id, (job.keywords["words"], job.keywords["sender"])
        appears = bool(self._saved[0]) != bool(draft[0])
        self.app.forget_ahead()
        try:
            await self.app.work.change(job)
        except Refused:
            self._stored(draft_of, draft)  # it cannot be stored any more
            raise
        self._stored(draft_of, draft)
        if appears:  # or goes: its row says so
            await self.app.reload(self.app.desk.claimed)

    def _stored(self, draft_of: int, draft: tuple[str, str | None]) -> None:
        if self._draft_of == draft_of:
            self._saved = draft

    def unsaved(self) -> Any:
        """The job that stores the draft; None where nothing changed or the conversation is not ours."""
        draft_of, composer = self._draft_of, self.app.desk.composer
        if draft_of is None or (composer.text, self._sender) == self._saved or draft_of not in self.epochs:
            return None
        return partial(
            self.app.jobs.save_draft, held=self._claim(draft_of), words=composer.text,
            cursor=composer.cursor_index, canned_id=self._canned_id, sender=self._sender,
        )  # fmt: skip

    def _claim(self, conversation_id: int) -> "Claim":
        claim: Claim = self.app.jobs.Claim(conversation_id, self.app.agent, self.epochs.get(conversation_id, -1))
        return claim

    # -- actions ----------------------------------------------------------------------------------

    async def reply(self) -> None:
        """Open the editor; a conversation that nobody holds is claimed on the way."""
        thread = self.app.thread
        if thread is None:
            return
        row = thread.entry.row
        if row.state != "claimed" or row.owner != self.app.agent:
            await self.app.handling.claim_row(row.id)
            self.app.say("Claimed for you while you write.")
        await self.app.work.change(partial(self.app.jobs.see, conversation_id=row.id, agent=self.app.agent))
        await self.app.look_at(row.id)
        if self._draft_of != row.id:
            return  # the agent has gone on to another conversation meanwhile
        self.app.desk.composer.read_only = False
        self.app.desk.composer.focus()
        self.title()
        self.app.spawn(self.app.work.load(partial(self.app.jobs.warm, row.network, self.app.config)))

    async def leave(self) -> None:
        """Back to the list; leaving the editor stores the draft."""
        self.app.desk.working_list.focus()

    async def next_blank(self) -> None:
        """Select the next blank; leave the editor when none is left."""
        composer = self.app.desk.composer
        blanks = self.app.jobs.blanks_in(composer.text)
        if not blanks:
            await self.leave()
            return
        after = [blank for blank in blanks if blank.start >= composer.cursor_index]
        found = (after or blanks)[0]
        composer.select_between(found.start, found.end)

    async def canned(self) -> None:
        """The picker over the editor."""
        thread, index = self.app.thread, self.index
        if index is None or thread is None:
            self.app.say("The canned responses are still being read; a moment.")
            return
        row, jobs, now = thread.entry.row, self.app.jobs, clock.now()
        values = jobs.context(row, self.app.agent, now)
        languages = [post.lang for post in thread.posts if post.lang and not post.ours]
        fit = jobs.Fit(
            language=languages[-1] if languages else None, network=row.network, tags=tuple(row.tags), now=now
        )

        def filled(canned: "Canned") -> str:
            try:
                words: str = jobs.render(canned.body, values, plain=canned.plain).text
            except Refused as error:
                return str(error)
            return words

        def chosen(canned: "Canned | None") -> None:
            if self._draft_of != row.id:
                return  # the editor has another conversation by now
            self.app.desk.composer.focus()
            if canned is not None:
                self._canned_id = canned.id
                self.app.desk.composer.put(filled(canned))

        self.app.push_screen(
            Picker(lambda query: index.search(query, fit), lambda c: Content(text.clean(filled(c))), self.app.signs),
            chosen,
        )

    async def sender(self) -> None:
        """Choose the handle of ours that the reply leaves from."""
        thread = self.app.thread
        if thread is None or self._draft_of != thread.entry.row.id:
            return
        row = thread.entry.row
        accounts = await self.app.work.read(lambda reader: reader.accounts())
        handles = [handle for _, network, handle in accounts if network == row.network]
        if len(handles) < 2:
            self.app.say(f"We have no other handle on {text.line(row.network)}.")
            return
        own = row.account
        options = [
            Option(handle, key, text.line(handle) + ("  the conversation's own" if handle == own else ""))
            for key, handle in zip(KEYS_TO_CHOOSE, handles, strict=False)
        ]
        chosen = await self.app.ask(Choice("From", options, "Which handle does this reply leave from?"))
        if chosen is not None and self._draft_of == row.id:
            self._sender = None if chosen == own else chosen
            self.title()
            await self._paused()

    # -- the last look ----------------------------------------------------------------------------

    async def examine(self, conversation_id: int) -> "list[Finding]":
        """What the guard says now of the reply as it stands."""
        return await self._examined(self._as_it_stands(conversation_id), self.app.jobs.examine)

    async def _examined(self, reply: Reply, examine: Any) -> "list[Finding]":
        found: list[Finding] = await self.app.work.read(
            partial(
                examine, conversation_id=reply.conversation_id, words=reply.words.rstrip(), agent=self.app.agent,
                config=self.app.config, canned=self._library.get(reply.canned_id or 0), sender=reply.sender,
            )
        )  # fmt: skip
        return found

    async def send(self) -> None:
        """The last look."""
        await self.save()
        if self._draft_of is not None:
            await self._review(self._as_it_stands(self._draft_of))

    async def _review(self, reply: Reply, *, in_parts: bool = False) -> None:
        """Show a reply as it would leave; in parts where that was asked for."""
        thread = self.app.thread
        if thread is None or not reply.conversation_id == self._draft_of == thread.entry.row.id:
            return
        row = thread.entry.row
        findings = await self._examined(reply, partial(self.app.jobs.examine, in_parts=in_parts))
        parts = self._split(row, reply.words.rstrip()) if in_parts else [reply.words.rstrip()]
        review = Review(
            [(part, self._measured(row, part)) for part in parts],
            sender=reply.sender or row.account or "no account", recipient=f"@{row.handle} on {row.network}",
            private=self.app.jobs.is_private(thread), findings=findings,
            set_otherwise=self.app.jobs.set_otherwise(self.settings(row)), glyphs=self.app.signs,
        )  # fmt: skip
        self.app.push_screen(review, partial(self._reviewed, reply, findings, in_parts))

    def _split(self, row: "QueueRow", words: str) -> list[str]:
        """The parts of a text, as the outbox makes them; itself where it cannot be split."""
        try:
            parts: list[str] = self.app.jobs.split(words, row.network, **self._room(row))
        except ValueError:
            return [words]
        return parts

    def _reviewed(self, reply: Reply, findings: "list[Finding]", in_parts: bool, decision: Decision | None) -> None:
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

    async def _review_parts(self, reply: Reply, findings: "list[Finding]") -> None:
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

    async def _hold(self, reply: Reply, decision: Decision, in_parts: bool) -> None:
        """Into the outbox. What the guard stops at the last moment is shown in another review."""
        here = reply.conversation_id
        job = partial(
            self.app.jobs.hold, held=self._claim(here), words=reply.words.rstrip(), config=self.app.config,
            overrides=decision.overridden, canned_id=reply.canned_id, sender=reply.sender, in_parts=in_parts,
        )  # fmt: skip
        try:
            await self.app.work.change(job)
        except self.app.jobs.GuardStop as stop:
            await self._record(here, self.app.jobs.record_stop, stop.findings)
            await self._review(reply, in_parts=in_parts)
            return
        except Refused:
            self.app.desk.composer.focus()
            raise
        if self._draft_of == here:
            self._saved, self._sender, self._canned_id, self._draft_of = ("", None), None, None, None
            self._findings, self._found_for = [], None
            self.app.desk.composer.load_text("")
            await self.leave()
        await self.app.refresh_all()

    async def undo(self) -> None:
        """Recall the newest held reply; its text becomes the draft again."""
        if not self.app.held:
            return  # it has just left
        newest = self.app.held[-1]
        job = partial(self.app.jobs.recall, reply_id=newest.id, agent=self.app.agent)
        is_draft = await self.app.work.change(job)
        kept = "its text is the draft again" if is_draft else "the newer draft stands"
        self.app.say(f"The reply to @{text.line(newest.handle)} is recalled; {kept}.")
        await self.app.refresh_all()


def _fitted(handle: str) -> str:
    return text.fit(text.line(handle), HANDLE_CELLS)
