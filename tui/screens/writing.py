"""Writing a reply: the draft, whose it is, from whom it leaves, and what the guard would say of it."""

import string
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.content import Content

from tui import actions, text
from tui.desk import leaving
from tui.desk.composition import NOTHING, Composition, composition
from tui.errors import Refused
from tui.screens.beside import in_short
from tui.screens.dialogs import Choice, Option
from tui.screens.pausing import Pausing
from tui.screens.thread import Thread

if TYPE_CHECKING:
    from tui.config import AccountSettings
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
    made_of: Composition
    """What it is made of beside its words."""


class Writing:
    """What is in the editor, and whose it is."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.epochs: dict[int, int] = {}
        """The fencing token of each claim this screen has seen as its own."""
        self.draft_of: int | None = None
        """The conversation whose reply stands in the editor."""
        self.made_of: Composition = NOTHING
        """What it is made of beside its words."""
        self._sender: str | None = None
        """The handle it is to leave from, where that is not the conversation's own."""
        self._saved: _Draft = _NO_DRAFT
        """The draft, its handle and what it is made of, as they are stored."""
        self._findings: list[Finding] = []
        self._found_for: Reply | None = None
        self._counted = ""
        """The text as `typed` last saw it: an edit comes first by itself, then as a message."""
        self._pausing = Pausing(app)
        self._kept: dict[int, Any] = {}
        """By conversation, the job that stores what was written there, is not in the editor any more and not stored."""
        self._waiting: dict[int, str] = {}
        """By conversation, our words that wait in a note, since it is a colleague's now."""

    # -- the draft --------------------------------------------------------------------------------

    @property
    def at_work(self) -> int | None:
        """The conversation whose reply, or a note about it, is being written now; it stays on screen."""
        if not self.app.desk.composer.has_focus:
            return None
        return self.draft_of if self.app.editing.subject is None else self.app.editing.subject.about

    def show(self, thread: Thread | None) -> None:
        """The conversation on screen changed: its draft stands in the editor, unless one is being written."""
        composer = self.app.desk.composer
        row = thread.entry.row if thread else None
        if row and row.state == "claimed" and row.owner == self.app.agent:
            self.epochs[row.id] = row.epoch
        if not composer.has_focus and composer.mode == "reply":
            job = self.unsaved()
            if job is not None:
                self.app.spawn(self._store(job))
                if row and row.id == self.draft_of and row.owner == self.app.agent:
                    return  # what was read is older than what was written
                self._kept[job.keywords["held"].conversation_id] = job
            self._load(thread)
        self.title()

    def _load(self, thread: Thread | None) -> None:
        """The draft of a conversation into the editor, as it is stored, or as it waits for that."""
        composer, draft = self.app.desk.composer, thread.draft if thread else None
        self.draft_of = thread.entry.row.id if thread else None
        self._saved = _NO_DRAFT if draft is None else (draft.text, draft.account, composition(draft.composition))
        words, self._sender, self.made_of = self._saved
        cursor = draft.cursor if draft else 0
        if (waits := self._kept_of(thread)) is not None:
            words, self._sender, self.made_of = _as_stored(waits)
            cursor = waits.keywords["cursor"]
        self._findings, self._found_for = [], None
        composer.load(words, cursor)
        self._counted = composer.text

    def _kept_of(self, thread: Thread | None) -> Any:
        """The job with what was written here and is not stored; none where it was written with another claim."""
        row = thread.entry.row if thread else None
        job = self._kept.get(row.id) if row is not None and row.owner == self.app.agent else None
        if row is None or job is None or job.keywords["held"].epoch != row.epoch:
            return None
        return self._kept.pop(row.id)

    def title(self) -> None:
        """While writing: to whom, the network's own count, and what the guard would say; from whom if it is not
        the conversation's own handle. What the guard said of an older text ends in an ellipsis."""
        composer, thread = self.app.desk.composer, self.app.thread
        if composer.mode != "reply":
            composer.set_class(False, "-private")
            self.app.editing.title()
            return
        private = thread is not None and self.is_private(thread.entry.row)
        words = "PRIVATE reply" if private else "Reply"
        composer.set_class(private, "-private")
        if composer.has_focus and thread is not None:
            row, signs = thread.entry.row, self.app.signs
            words = "PRIVATE message" if private else "Reply"
            words += f" to {_fitted('@' + row.handle)}" + (f" as {_fitted(self._sender)}" if self._sender else "")
            if self.app.jobs is not None:
                length = self.count(row, composer.text)
                words += f" {signs.separator} {length.used}/{length.limit}{' PRIVATE' if private else ''}"
            words += "".join(f" {getattr(signs, f.verdict)} {f.check}" for f in self._findings)
            if self._findings and self._found_for != self.as_it_stands(row.id):
                words += f" {signs.ellipsis}"
            if beside := in_short(self.made_of):
                words += f" {signs.separator} {beside}"
        if str(composer.border_title) != words:
            composer.border_title = Content(words)

    def settings(self, row: "QueueRow") -> "AccountSettings":
        """What is set for the handle that a reply to this conversation would leave from."""
        sender = self._sender if self.draft_of == row.id else None
        leaves_from, thread = sender or row.account, self.app.thread
        taken = thread.limits.get(leaves_from or "") if thread and thread.entry.row.network == row.network else None
        return self.app.config.account(row.network, leaves_from).at_server(taken)

    def count(self, row: "QueueRow", words: str) -> "Length":
        """How long a text is as it leaves, by the network's own count."""
        length: Length = self.app.jobs.count(self.as_it_leaves(row, words), row.network, **self.room(row))
        return length

    def as_it_leaves(self, row: "QueueRow", words: str) -> str:
        """A text with what is put around it on its way out."""
        return leaving.as_it_leaves(
            words, network=row.network, recipient=row.handle, settings=self.settings(row),
            agent=self.app.agent, initials=self.app.config.initials,
        )  # fmt: skip

    def is_private(self, row: "QueueRow") -> bool:
        """Whether the reply to this conversation leaves as a private message."""
        if row.private or (self.draft_of == row.id and self.made_of.way == "private"):
            return True
        thread, jobs = self.app.thread, self.app.jobs
        return bool(jobs and thread and thread.entry.row.id == row.id and jobs.is_private(thread))

    def room(self, row: "QueueRow", *, pointer: bool = False) -> dict[str, Any]:
        """What the server takes in a reply to this conversation, or in the public pointer behind it."""
        settings = self.settings(row)
        private = self.is_private(row) and not pointer
        room = {"limit": settings.length_limit, "link_length": settings.link_length, "private": private}
        return room | {"warning": self.made_of.warning if self.draft_of == row.id and not pointer else ""}

    def measured(self, row: "QueueRow", final: str, *, pointer: bool = False) -> str:
        """How long a text, or a part of it, is that is as it leaves, and how long it may be, in words."""
        length = self.app.jobs.count(final, row.network, **self.room(row, pointer=pointer))
        return f"{length.used:,} of {length.limit:,} {length.unit}"

    def draft_for(self, conversation_id: int) -> str:
        """What is written for a conversation."""
        return self.app.desk.composer.text if self.draft_of == conversation_id else ""

    def as_it_stands(self, conversation_id: int) -> Reply:
        """The reply to a conversation as it is now."""
        if self.draft_of != conversation_id:
            return Reply(conversation_id, "", None, NOTHING)
        return Reply(conversation_id, self.app.desk.composer.text, self._sender, self.made_of)

    def typed(self) -> None:
        """The text changed: count at once, store and examine after a pause."""
        words = self.app.desk.composer.text
        if words == self._counted or not self.app.desk.composer.has_focus:
            return
        self._counted = words
        self.title()
        self._pausing.typed(DRAFT_PAUSE_S, lambda pause: self.app.spawn(self._paused() if pause else self.save()))

    async def make_otherwise(self, made_of: Composition) -> None:
        """What the reply is made of beside its words has changed: it is stored, and looked at anew."""
        self.made_of = made_of
        self.title()
        await self._paused()

    async def _paused(self) -> None:
        await self.save()
        await self._glanced()

    async def _glanced(self) -> None:
        """What the guard says of the reply as it stands, unless that has changed by then."""
        if self.draft_of is None:
            return
        reply = self.as_it_stands(self.draft_of)
        found = await self.examined(reply, self._glance.examine) if reply.words.strip() else []
        if self.draft_of == reply.conversation_id and reply == self.as_it_stands(reply.conversation_id):
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
        """Store a draft. Raises OutOfReach, and Refused where its words wait in a note now."""
        draft_of, draft = job.keywords["held"].conversation_id, _as_stored(job)
        stood = self._saved[0] if draft_of == self.draft_of else ""
        appears = bool(stood) != bool(draft[0])
        self.app.forget_ahead()
        try:
            await self.app.work.change(job)
        except Refused as error:
            if draft[0].strip() and draft[0] != stood:
                self._kept[draft_of] = job  # until it is in the note
                self._stored(draft_of, draft)  # as a draft it cannot be stored any more
                await self._put_by(draft_of, draft[0])
                self._let_go(job)
                key = actions.shown(self.app.by_id["note"].keys[0])
                sentence = f"{str(error).rstrip('.')}. Your words wait in your note about it (view all, {key})."
                raise Refused(sentence, **error.details) from error
            self._stored(draft_of, draft)
            self._let_go(job)
            raise
        self._let_go(job)
        self._stored(draft_of, draft)
        if appears:  # or goes: its row says so
            await self.app.reload(self.app.desk.claimed)

    def _let_go(self, job: Any) -> None:
        """It does not wait to be stored any more."""
        here = job.keywords["held"].conversation_id
        if self._kept.get(here) is job:
            del self._kept[here]

    def waiting(self, words: str | None = None) -> list[Any]:
        """The jobs that store what is written and not stored; `words` instead of the editor's."""
        job = self.unsaved(words)
        return [*self._kept.values()] + ([] if job is None else [job])

    async def store_kept(self) -> list[str]:
        """Store all that waits; what became of it otherwise, in sentences. Raises OutOfReach."""
        refused: list[str] = []
        for job in self.waiting():
            try:
                await self._store(job)
            except Refused as error:
                refused.append(text.line(str(error)))
        return refused

    async def _put_by(self, conversation_id: int, words: str) -> None:
        """What was typed after the conversation was taken over is not lost."""
        before = self._waiting.get(conversation_id, "")
        job = self.app.jobs.put_by
        await self.app.work.change(
            partial(job, conversation_id=conversation_id, words=words, before=before, agent=self.app.agent)
        )
        self._waiting[conversation_id] = words

    def _stored(self, draft_of: int, draft: "_Draft") -> None:
        if self.draft_of == draft_of:
            self._saved = draft

    def unsaved(self, words: str | None = None) -> Any:
        """The job that stores the draft; None where nothing changed or the conversation is not ours.

        `words` instead of the editor's.
        """
        draft_of, composer = self.draft_of, self.app.desk.composer
        words = composer.text if words is None else words
        if draft_of is None or (words, self._sender, self.made_of) == self._saved or draft_of not in self.epochs:
            return None
        return partial(
            self.app.jobs.save_draft, held=self.claim(draft_of), words=words,
            cursor=composer.cursor_index, made_of=self.made_of, sender=self._sender,
        )  # fmt: skip

    def claim(self, conversation_id: int) -> "Claim":
        """Our claim on a conversation, as this screen knows it."""
        claim: Claim = self.app.jobs.Claim(conversation_id, self.app.agent, self.epochs.get(conversation_id, -1))
        return claim

    # -- actions ----------------------------------------------------------------------------------

    async def reply(self) -> None:
        """Open the editor; a conversation that nobody holds is claimed on the way."""
        thread = self.app.thread
        if thread is None:
            return
        await self.app.editing.put_away()
        row = thread.entry.row
        mine = row.state == "claimed" and row.owner == self.app.agent
        if not (mine and self.app.reaching.is_out):  # then one's own text can be written on all the same
            await self._open(row, mine)
        if self.draft_of != row.id:
            return  # the agent has gone on to another conversation meanwhile
        self.app.desk.composer.read_only = False
        self.app.desk.composer.focus()
        self.app.pass_over_keys()
        self.title()
        self.app.spawn(self._glanced())  # a draft that was begun before has findings, too
        self.app.spawn(self.app.work.load(partial(self.app.jobs.warm, row.network, self.app.config)))

    async def _open(self, row: "QueueRow", mine: bool) -> None:
        if not mine:
            await self.app.handling.claim_row(row.id)
            self.app.say("Claimed for you while you write.")
        await self.app.work.change(partial(self.app.jobs.see, conversation_id=row.id, agent=self.app.agent))
        await self.app.look_at(row.id)

    def emptied(self) -> None:
        """The editor has nothing more of the reply: that is on its way, or stored while something else is written."""
        self._saved, self._sender, self.made_of, self.draft_of = _NO_DRAFT, None, NOTHING, None
        self._findings, self._found_for = [], None
        self.app.desk.composer.load_text("")

    def left(self, conversation_id: int) -> None:
        """A reply has left from its conversation, and took the stored draft along."""
        if self.draft_of == conversation_id:
            self._saved = _NO_DRAFT

    async def leave(self) -> None:
        """Back to the list; leaving the editor stores what is in it."""
        await self.app.editing.leave()
        self.app.desk.working_list.focus()

    async def examine(self, conversation_id: int) -> "list[Finding]":
        """What the guard says now of the reply as it stands."""
        return await self.examined(self.as_it_stands(conversation_id), self.app.jobs.examine)

    async def examined(self, reply: Reply, examine: Any) -> "list[Finding]":
        """What the guard says of a reply, by one of its looks."""
        found: list[Finding] = await self.app.work.read(
            partial(
                examine, conversation_id=reply.conversation_id, words=reply.words.rstrip(), agent=self.app.agent,
                config=self.app.config, made_of=reply.made_of, sender=reply.sender,
            )
        )  # fmt: skip
        return found

    async def sender(self) -> None:
        """Choose the handle of ours that the reply leaves from."""
        thread = self.app.thread
        if thread is None or self.draft_of != thread.entry.row.id:
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
        if chosen is not None and self.draft_of == row.id:
            self._sender = None if chosen == own else chosen
            self.title()
            await self._paused()


_Draft = tuple[str, str | None, Composition]
"""A draft's text, its handle, and what it is made of."""
_NO_DRAFT: _Draft = ("", None, NOTHING)


def _as_stored(job: Any) -> _Draft:
    values = job.keywords
    return values["words"], values["sender"], values["made_of"]


def _fitted(handle: str) -> str:
    return text.fit(text.line(handle), HANDLE_CELLS)
