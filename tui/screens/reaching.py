"""While the storage is out of reach: a line says so, what is written is kept, and stored when the storage is back."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content

from tui import clock, text
from tui.clock import Millis
from tui.config import state_folder
from tui.desk.composition import composition
from tui.errors import Misuse, OutOfReach, Refused, Unclear
from tui.screens import aside
from tui.screens.aside import Aside, Piece
from tui.screens.dialogs import Choice, Option
from tui.screens.paint import palette
from tui.screens.work import AGAIN_S, Known

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

SHOWN_AFTER_S = 0.4
"""A storage that is back sooner is not worth a word (s)."""
REFUSED = "The storage is out of reach: nothing was changed. Do it again when it is back."
ASKING = frozenset({"skip", "snooze", "resolve", "tag", "take", "pass", "incident", "brake"})
"""Actions that ask for words first and change something then: nobody is asked for nothing."""


class Reaching:
    """Whether the storage can be reached, and what waits for it."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.since: Millis | None = None
        """Since when it is out of reach; None while it is not."""
        self.back = asyncio.Event()
        self.back.set()
        self.left_in: Path | None = None
        """Where the words are that were not stored when the desk was left."""
        self._why = ""
        self._lost_again = False
        self._refused: list[str] = []
        """What could not be stored as it was meant, in sentences."""
        self._kept = False
        """Whether anything was written meanwhile."""
        self._unclear: list[tuple[Any, Callable[[bool], Awaitable[None]]]] = []
        """What may have been stored: the job that looks, and what follows."""
        self._found: list[Aside] = []
        """Files of words that an earlier desk could not store."""

    @property
    def is_out(self) -> bool:
        """Whether the storage is out of reach, as far as is known."""
        return self.since is not None

    # -- how it comes and goes --------------------------------------------------------------------

    def lost(self, error: OutOfReach) -> None:
        """On the loop: it is out of reach."""
        self._why, self._lost_again = _in_short(error, self.app.store.location), True
        if self.since is None:
            self.since = clock.now()
            self.back.clear()
            self.app.say(f"Storage out of reach: {self._why}.", bad=True)
            self.app.set_timer(SHOWN_AFTER_S, self._begin)
            self.app.spawn(self._until_back(), waits=True)
        elif self._is_shown:
            self._show()

    def _begin(self) -> None:
        """It lasts."""
        if self.is_out:
            self._show()

    async def _until_back(self) -> None:
        await self.app.loaded()
        self._refused, self._kept = [], False
        while not await self._tried():
            await asyncio.sleep(AGAIN_S)
        was_shown = self._is_shown
        self.since = None
        self.back.set()
        self._show()
        if self._refused:
            self.app.say(" ".join(self._refused), bad=True)
        elif was_shown:
            self.app.say("The storage is back; what you wrote is stored." if self._kept else "The storage is back.")
        await self.app.catch_up()

    async def _tried(self) -> bool:
        """Store what waits; whether all of it is."""
        self._lost_again, self._kept = False, self._kept or bool(self.unstored())
        job = partial(self.app.jobs.come_back, agent=self.app.agent, lease=self.app.config.desk.lease)
        try:
            with suppress(Refused):  # it answers
                await self.app.work.try_again(job)
            await self._look()
            self._refused += await self.app.writing.store_kept()
            await self.app.editing.save()
        except OutOfReach as error:
            self._why = _in_short(error, self.app.store.location)
            if self._is_shown:
                self._show()
            return False
        self._forget_found()
        return not self._lost_again

    @property
    def is_unclear(self) -> bool:
        """Whether something may have been stored, and nobody has looked yet."""
        return bool(self._unclear)

    def ask(self, job: Any, then: Callable[[bool], Awaitable[None]]) -> None:
        """A change may have happened: when the storage is back, `job` looks and `then` is told, first of all."""
        self._unclear.append((job, then))

    async def _look(self) -> None:
        while self._unclear:
            job, then = self._unclear[0]
            happened = await self.app.work.change(job)
            del self._unclear[0]
            await then(happened)

    def refusal(self, error: OutOfReach) -> str:
        """What a key says that could not do its work: why, and once that stands in its line, only that."""
        known = isinstance(error, Known) or (self._is_shown and not isinstance(error, Unclear))
        return REFUSED if known else text.line(str(error))

    @property
    def _is_shown(self) -> bool:
        return bool(self.app.desk.reach.content)

    def _show(self) -> None:
        """The line, as long as it is out of reach."""
        if self.since is None:
            self.app.desk.warn(Content(""))
            return
        colors = palette(self.app)
        words = f"Storage out of reach since {clock.local(self.since)}: {self._why}. "
        self.app.desk.warn(
            Content.assemble(
                (words, colors.danger), ("What you write is kept here and stored when it is back.", colors.late)
            )
        )

    # -- what is not stored -----------------------------------------------------------------------

    def unstored(self, words: str | None = None) -> list[Piece]:
        """What is written and not stored yet; `words` instead of the editor's."""
        return [piece for job in self._waiting(words) if (piece := _piece(job.keywords)).words.strip()]

    def _waiting(self, words: str | None) -> list[Any]:
        """The jobs that would store it."""
        note = self.app.editing.unsaved(words)
        return self.app.writing.waiting(words) + ([] if note is None else [note])

    def find(self) -> None:
        """What an earlier desk of this agent could not store is stored as soon as may be."""
        self._found = list(aside.found(state_folder(), agent=self.app.agent, desk=self.app.store.location))

    async def take_back(self) -> None:
        """Store what an earlier desk could not. Raises OutOfReach."""
        for one in self._found:
            for piece in one.pieces:
                await self._take_back(piece, one.at)
        if self._found:
            self.app.say("What you wrote last time and could not be stored is stored now, as draft or note.")
        self._forget_found()

    async def _take_back(self, piece: Piece, at: Millis) -> None:
        here, jobs = piece.conversation_id, self.app.jobs
        subject = piece.subject if here is None else jobs.note_about(here)
        if here is not None:
            job = partial(
                jobs.take_draft_back, held=jobs.Claim(here, self.app.agent, piece.epoch), words=piece.words,
                cursor=piece.cursor, sender=piece.sender, made_of=composition(piece.made_of), at=at,
            )  # fmt: skip
            with suppress(Refused, Misuse):  # then it waits in a note
                await self.app.work.change(job)
                return
        words = {"words": piece.words, "cursor": piece.cursor, "at": at if here is None else 0}
        await self.app.work.change(partial(jobs.take_scratch_back, agent=self.app.agent, subject=subject, **words))

    def _forget_found(self) -> None:
        for one in self._found:
            with suppress(OSError):
                one.path.unlink()
        self._found = []

    def put_aside(self, pieces: list[Piece]) -> Path:
        """The words in a private file; its path. Raises OutOfReach."""
        for folder in (state_folder(), Path(tempfile.gettempdir())):
            try:
                return aside.put(pieces, folder, agent=self.app.agent, desk=self.app.store.location, at=clock.now())
            except OSError as error:
                why = error.strerror
        raise OutOfReach(f"What is not stored cannot be written to {state_folder()} either ({why}); copy it.")

    # -- leaving without it -----------------------------------------------------------------------

    async def leave(self) -> None:
        """The agent wants to leave: wait, or leave with what is not stored in a private file."""
        pieces = self.unstored()
        named = ", ".join(self._named(piece) for piece in pieces)
        why = f"Not stored yet: {named}." if pieces else "All you wrote is stored."
        if self._unclear:
            why += " Whether your last reply is held is not known yet."
        file = "; what is not stored goes into a private file, whose path you are told" if pieces else ""
        option = Option("leave", "y", f"leave without a handoff{file}")
        if await self.app.ask(Choice("The storage is out of reach; esc waits for it", [option], why)) is None:
            return
        if not self.is_out:
            await self.app.leave()
            return
        if pieces := self.unstored():
            self.left_in = await self.app.work.load(partial(self.put_aside, pieces))
        self.app.exit(return_code=OutOfReach.exit_code)

    def _named(self, piece: Piece) -> str:
        here = piece.conversation_id
        if here is None:
            return {"note": "a note", "canned": "a canned response"}[piece.subject.partition(":")[0]]
        thread = self.app.thread
        shown = thread is not None and thread.entry.row.id == here
        to = f"@{text.fit(text.line(thread.entry.row.handle), 26)}" if thread and shown else f"conversation {here}"
        return f"your reply to {to} ({len(piece.words.split())} words)"

    def last_words(self, words: str | None) -> None:
        """In a plain thread, when a signal ends the desk: into a file first, which takes no server, then stored."""
        pieces, jobs = self.unstored(words), self._waiting(words)
        path = self.put_aside(pieces) if pieces else None
        for job in jobs:
            with self.app.store.transaction() as session:
                job(session)
        if path is not None:
            path.unlink()


def _piece(values: dict[str, Any]) -> Piece:
    """What a job would store."""
    if (claim := values.get("held")) is None:
        return Piece(values["subject"], values["words"], values["cursor"])
    return Piece(
        f"reply:{claim.conversation_id}", values["words"], values["cursor"], claim.epoch, values["sender"],
        values["made_of"].as_json(),
    )  # fmt: skip


def _in_short(error: OutOfReach, location: str) -> str:
    """Why, in a few words: what the sentence advises, as far as its first half, or all it says of the database."""
    words = text.line(str(error)).rpartition("): ")[2].removeprefix(f"The database {text.line(location)} ")
    return text.fit(words.partition(";")[0].rstrip("."), 90)
