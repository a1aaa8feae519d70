"""Writing a reply: the draft, canned responses, the last look, sending and undoing."""

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.timer import Timer

from tui import clock, text
from tui.errors import Refused
from tui.screens.dialogs import Picker, Review
from tui.screens.thread import Thread

if TYPE_CHECKING:
    from tui.desk.canned.response import Canned
    from tui.desk.canned.search import Index
    from tui.desk.claims import Claim
    from tui.desk.guard import Finding, Overridden
    from tui.screens.app import DeskApp

RECIPIENT_CELLS = 26
"""Most of the recipient that the title shows; the review shows it whole."""
DRAFT_PAUSE_S = 0.6
"""A draft is stored, and the guard asked, this long after the last key (s)."""


class Writing:
    """What is in the editor, and whose it is."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.index: Index | None = None
        self.epochs: dict[int, int] = {}
        """The fencing token of each claim this screen has seen as its own."""
        self._library: dict[int, Canned] = {}
        self._draft_of: int | None = None
        self._saved = ""
        """The draft as it is stored."""
        self._canned_id: int | None = None
        self._findings: list[Finding] = []
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
            self._saved = draft.text if draft else ""
            self._canned_id = draft.canned_id if draft else None
            self._findings = []
            composer.load(draft.text if draft else "", draft.cursor if draft else 0)
        self.title()

    def title(self) -> None:
        """While writing: to whom, from whom, the network's own count, and what the guard would say."""
        composer, thread = self.app.desk.composer, self.app.thread
        words = "Reply"
        if composer.has_focus and thread is not None:
            row = thread.entry.row
            words = f"Reply to {text.fit('@' + text.line(row.handle), RECIPIENT_CELLS)}"
            if self.app.jobs is not None:
                length = self.app.jobs.count(composer.text, row.network)
                words += f" {self.app.signs.separator} {length.used}/{length.limit}"
            words += "".join(f" {getattr(self.app.signs, f.verdict)} {f.check}" for f in self._findings)
        if str(composer.border_title) != words:
            composer.border_title = Content(words)

    def draft_for(self, conversation_id: int) -> str:
        """What is written for a conversation."""
        return self.app.desk.composer.text if self._draft_of == conversation_id else ""

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
        words = self.app.desk.composer.text
        self._findings = await self.examine(self._draft_of, words) if self._draft_of and words.strip() else []
        self.title()

    async def save(self) -> None:
        """Store the draft where it changed."""
        if (job := self.unsaved()) is not None:
            await self._store(job)

    async def _store(self, job: Any) -> None:
        draft_of, words = job.keywords["held"].conversation_id, job.keywords["words"]
        appears = bool(self._saved) != bool(words)
        self.app.forget_ahead()
        try:
            await self.app.work.change(job)
        except Refused:
            self._stored(draft_of, words)  # it cannot be stored any more
            raise
        self._stored(draft_of, words)
        if appears:  # or goes: its row says so
            await self.app.reload(self.app.desk.claimed)

    def _stored(self, draft_of: int, words: str) -> None:
        if self._draft_of == draft_of:
            self._saved = words

    def unsaved(self) -> Any:
        """The job that stores the draft; None where nothing changed or the conversation is not ours."""
        draft_of, composer = self._draft_of, self.app.desk.composer
        if draft_of is None or composer.text == self._saved or draft_of not in self.epochs:
            return None
        return partial(
            self.app.jobs.save_draft, held=self._claim(draft_of), words=composer.text,
            cursor=composer.cursor_index, canned_id=self._canned_id,
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

    async def examine(self, conversation_id: int, words: str) -> "list[Finding]":
        """What the guard says of a text now."""
        found: list[Finding] = await self.app.work.read(
            partial(
                self.app.jobs.examine, conversation_id=conversation_id, words=words, agent=self.app.agent,
                config=self.app.config, canned=self._library.get(self._canned_id or 0),
            )
        )  # fmt: skip
        return found

    async def send(self) -> None:
        """The last look."""
        thread, words = self.app.thread, self.app.desk.composer.text.rstrip()
        if thread is None or self._draft_of != thread.entry.row.id:
            return
        await self.save()
        row = thread.entry.row
        findings = await self.examine(row.id, words)
        length = self.app.jobs.count(words, row.network)
        review = Review(
            words, sender=row.account or "no account", recipient=f"@{row.handle} on {row.network}",
            count=f"{length.used} of {length.limit} {length.unit}", private=self.app.jobs.is_private(thread),
            findings=findings, glyphs=self.app.signs,
        )  # fmt: skip

        def reviewed(overrides: "list[Overridden] | None") -> None:
            if overrides is None:
                self.app.desk.composer.focus()
                self.app.spawn(self._give_up(row.id, findings))
            else:
                self.app.spawn(self._hold(row.id, words, overrides))

        self.app.push_screen(review, reviewed)

    async def _give_up(self, conversation_id: int, findings: "list[Finding]") -> None:
        """Back from the review: its stops are near misses, and what it showed is no news any more."""
        stops = [finding for finding in findings if finding.verdict == "stop"]
        await self.app.work.change(
            partial(self.app.jobs.give_up, stops=stops, conversation_id=conversation_id, agent=self.app.agent)
        )

    async def _hold(self, conversation_id: int, words: str, overrides: "list[Overridden]") -> None:
        """Into the outbox. What the guard stops at the last moment is shown in another review."""
        job = partial(
            self.app.jobs.hold, held=self._claim(conversation_id), words=words, config=self.app.config,
            overrides=overrides, canned_id=self._canned_id,
        )  # fmt: skip
        try:
            await self.app.work.change(job)
        except self.app.jobs.GuardStop as stop:
            agent = self.app.agent
            await self.app.work.change(
                partial(self.app.jobs.record_stop, stops=stop.stops, conversation_id=conversation_id, agent=agent)
            )
            if self._draft_of == conversation_id:
                await self.send()
            return
        except Refused:
            self.app.desk.composer.focus()
            raise
        if self._draft_of == conversation_id:
            self._saved, self._canned_id, self._draft_of, self._findings = "", None, None, []
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
