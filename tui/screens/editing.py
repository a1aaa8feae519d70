"""What else than a reply stands in the editor, a note or a canned response, and any of them in $EDITOR.

A reply stands there only while `Writing.draft_of` names its conversation, a note or canned response only while
`Editing.subject` does; never both. The one leaves before the other comes.
"""

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.content import Content

from tui import actions, text
from tui.actions import Mode
from tui.config import DRAFT_CHARACTERS
from tui.errors import Misuse, Refused, Unclear
from tui.screens import outside
from tui.screens.dialogs import Choice, Option
from tui.screens.pausing import Pausing

if TYPE_CHECKING:
    from tui.desk.notes import Noted
    from tui.screens.app import DeskApp
    from tui.screens.library import Place

SCRATCH_PAUSE_S = 0.6
"""What is written is stored this long after the last key (s), as a draft is."""
NAMES = {"note": "The note", "canned": "The canned response"}
SUFFIX = {"reply": "txt", "note": "txt", "canned": "md"}


class Subject(NamedTuple):
    """What stands in the editor instead of a reply."""

    mode: Mode
    id: str
    """Under which it is kept while it is unfinished: `note:7`, `canned:7`, `canned:new`."""
    given: str
    """The text it began with."""
    title: str
    about: int | None = None
    """The conversation that a note is about."""
    place: "Place | None" = None
    """Where in the library it was opened, if there."""

    @property
    def number(self) -> int | None:
        """The conversation or canned response it is about; None for a new one."""
        after = self.id.partition(":")[2]
        return int(after) if after.isdecimal() else None


class Editing:
    """Notes and canned responses in the one editor, and the editor outside."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.subject: Subject | None = None
        """What stands in the editor; None while that is a reply."""
        self._stored = ""
        """Its text as it is stored."""
        self._settling = False
        """It is being kept for good: what is unfinished is not stored any more."""
        self._pausing = Pausing(app)
        self._copy: outside.Copy | None = None
        """The file in which the text is in an editor outside."""

    # -- what is unfinished -----------------------------------------------------------------------

    def typed(self) -> None:
        """The text changed: it is stored after a pause."""
        self._pausing.typed(SCRATCH_PAUSE_S, lambda _: self.app.spawn(self.save()))

    def unsaved(self, words: str | None = None) -> Any:
        """The job that stores what is unfinished; None where nothing changed. `words` instead of the editor's."""
        composer = self.app.desk.composer
        now = composer.text if words is None else words
        if self.subject is None or self._settling or now == self._stored:
            return None
        return partial(
            self.app.jobs.save_scratch, agent=self.app.agent, subject=self.subject.id,
            words="" if now == self.subject.given else now, cursor=composer.cursor_index,
        )  # fmt: skip

    async def save(self) -> None:
        """Store what is unfinished, until there is nothing newer."""
        while (job := self.unsaved()) is not None:
            subject, words = self.subject, self.app.desk.composer.text
            await self.app.work.change(job)
            if self.subject is subject:
                self._stored = words

    async def put_away(self) -> None:
        """What is no reply leaves the editor, unfinished and stored."""
        await self.save()
        self._close()

    def _close(self) -> None:
        """The editor is the reply's again. The focus goes first: no key of a note may reach a reply."""
        if self.subject is None:
            return
        desk, composer = self.app.desk, self.app.desk.composer
        composer.read_only = True
        if desk.focused is composer:
            desk.set_focus(desk.working_list)
        self._pausing.forget()
        self.subject = None
        composer.open_for("reply")
        composer.load_text("")
        self.app.writing.title()

    # -- opening and leaving ----------------------------------------------------------------------

    def title(self) -> None:
        """What stands in the editor, in words."""
        if self.subject is not None:
            self.app.desk.composer.border_title = Content(self.subject.title)

    async def note(self) -> None:
        """A word for colleagues; an unfinished one goes on."""
        thread = self.app.thread
        if thread is None:
            return
        row = thread.entry.row
        who = text.fit(text.line(f"@{row.handle}"), 26)
        title = f"Note for colleagues about {who} {self.app.signs.separator} never sent"
        await self._open(Subject("note", self.app.jobs.note_about(row.id), "", title, row.id))

    async def edit_canned(self, document: str, subject: str, place: "Place | None" = None) -> None:
        """Open the editor on a canned response as a Markdown document; `subject` is `canned:ID` or `canned:new`.

        Who comes from a `place` in the library goes back there afterwards.
        """
        if len(document) > DRAFT_CHARACTERS:  # what is unfinished could not be kept whole
            raise Refused(
                f"It has more than {DRAFT_CHARACTERS:,} characters; change it with canned export and canned import."
            )
        what = "New canned response" if subject == "canned:new" else "Canned response"
        title = f"{what} {self.app.signs.separator} checked when saved"
        await self._open(Subject("canned", subject, document, title, place=place))

    async def edit_canned_outside(self, document: str, subject: str, place: "Place | None" = None) -> None:
        """The same, and at once on into $EDITOR."""
        await self.edit_canned(document, subject, place)
        if self.subject is not None and self.subject.id == subject:
            await self.edit_outside()

    async def _open(self, subject: Subject) -> None:
        """Put it into the editor, with what was begun of it before."""
        if self.subject is not None and self.subject.id == subject.id:  # left where it could not be stored
            self._go_on()
            return
        begun = await self._begun(subject)
        await self._clear()
        composer = self.app.desk.composer
        self.app.writing.emptied()
        self.subject, self._settling = subject, False
        composer.open_for(subject.mode)
        composer.load_text(subject.given)
        composer.load(*(begun or (subject.given, 0)))
        if begun is None and subject.mode == "canned":
            composer.go_to((_name_ends if subject.number is None else _body_begins)(subject.given))
        self._stored = composer.text
        self._go_on()
        if begun and subject.mode == "canned":
            key = actions.shown(self.app.by_id["discard"].keys[0])
            self.app.say(f"This is what you had begun; {key} throws it away.")

    def _go_on(self) -> None:
        self.app.desk.composer.read_only = False
        self.app.desk.set_focus(self.app.desk.composer)
        self.app.pass_over_keys()
        self.title()

    async def _begun(self, subject: Subject) -> tuple[str, int] | None:
        """What is unfinished of it, text and cursor; the agent chooses where another text was meant to be written."""
        await self.save()
        kept = await self.app.work.read(lambda reader: reader.scratch(self.app.agent, subject.id))
        if kept is None or kept.text == subject.given:
            return None
        if subject.id == "canned:new":
            options = [Option("on", "g", "go on with it"), Option("new", "n", "begin anew; it is thrown away")]
            match await self.app.ask(Choice("A new canned response is unfinished", options)):
                case "new":
                    await self.app.work.change(
                        partial(self.app.jobs.remove_scratch, agent=self.app.agent, subject=subject.id)
                    )
                    return None
                case None:
                    raise Refused("It is kept unfinished.")
        return kept.text, kept.cursor

    async def _clear(self) -> None:
        """What stands in the editor is stored; afterwards there is nothing that is not."""
        while self.unsaved() is not None or self.app.writing.unsaved() is not None:
            await self.save()
            try:
                await self.app.writing.save()
            except Refused as error:  # the conversation is a colleague's by now, and its draft with it
                self.app.say(text.line(str(error)), bad=True)

    async def leave(self) -> None:
        """Back to where it was opened; what is unfinished is kept."""
        if (subject := self.subject) is not None:
            await self._back(await self._keep_unfinished(), subject.place)

    async def left(self) -> None:
        """Another pane has the keys."""
        if self.subject is not None and not self.app.desk.composer.has_focus:
            await self._back(await self._keep_unfinished(), None)

    async def _keep_unfinished(self) -> str:
        """Put it away; what to say of that, empty where nothing is unfinished."""
        subject, words = self.subject, self.app.desk.composer.text
        await self.put_away()
        if subject is None or not words.strip() or words == subject.given:
            return ""
        again = actions.shown(self.app.by_id["note"].keys[0])
        how = f"{again} goes on with it" if subject.mode == "note" else "open it again to go on"
        return f"{NAMES[subject.mode]} is kept unfinished; {how}."

    async def _back(self, said: str, place: "Place | None") -> None:
        """What came of it is said over the conversation and its draft, or in the library where that was left."""
        if said:
            self.app.say(said)
        if self.app.thread is not None:
            await self.app.look_at(self.app.thread.entry.row.id)
        if place is not None:
            await self.app.shelving.back(place, said)

    # -- keeping it -------------------------------------------------------------------------------

    async def keep_note(self) -> None:
        """The note is for colleagues from now on."""
        subject, words = self.subject, self.app.desk.composer.text
        if subject is None or subject.mode != "note":
            return
        if not words.strip():
            self.app.say("Nothing is written; esc goes back.")
            return
        job = partial(
            self.app.jobs.note, conversation_id=subject.about, agent=self.app.agent, words=words,
            groups=self.app.config.groups, subject=subject.id,
        )  # fmt: skip
        noted: Noted = await self._settle(job)
        names = ", ".join(text.line(name) for name in noted.named.agents[:5])
        more = len(noted.named.agents) - 5
        whom = f"; {names}{f' and {more} more' if more > 0 else ''} will find it" if names else ""
        self.app.say(f"Note kept{whom}. {noted.named.warning}".rstrip(), bad=bool(noted.named.unknown))
        await self.app.refresh_all()

    async def save_canned(self) -> None:
        """Check and store the canned response; what is wrong is said, and the cursor goes there."""
        subject, document = self.subject, self.app.desk.composer.text
        if subject is None or subject.mode != "canned":
            return
        job = partial(
            self.app.jobs.keep_canned, document=document, canned_id=subject.number, agent=self.app.agent,
            subject=subject.id,
        )  # fmt: skip
        try:
            made = await self._settle(job)
        except Misuse as error:
            if isinstance(line := error.details.get("line"), int):
                self.app.desk.composer.move_cursor((line - 1, 0))
            raise
        place = subject.place
        if place is not None and subject.number is None:
            place = place._replace(words="", chosen=made.id)  # it need not be like what was searched for
        await self._back(f"{text.line(made.name)} is saved.", place)

    async def _settle(self, job: Any) -> Any:
        """Do the last change of what stands in the editor, then close; where that is refused it stays open."""
        composer = self.app.desk.composer
        await self.save()
        composer.read_only = self._settling = True
        try:
            done = await self.app.work.change(job)
        except Unclear:
            look = partial(self.app.jobs.is_kept, agent=self.app.agent, subject=self.subject.id if self.subject else "")
            self.app.reaching.ask(look, partial(self._came_of, self.subject))
            raise
        except BaseException:
            composer.read_only = False
            raise
        finally:
            self._settling = False
        self._stored = composer.text
        self._close()
        return done

    async def _came_of(self, subject: Subject | None, unfinished: bool) -> None:
        """The storage went out of reach while it stored this for good, and is back."""
        if subject is None or self.subject is not subject:
            return
        if unfinished:
            self.app.desk.composer.read_only = not self.app.desk.composer.has_focus
            self.app.say(f"{NAMES[subject.mode]} was not stored; it stands in the editor.", bad=True)
        else:
            self._stored = self.app.desk.composer.text
            self._close()
            self.app.say(f"{NAMES[subject.mode]} was stored before the storage went.")

    async def discard(self) -> None:
        """Throw away what is written, after a question."""
        subject = self.subject
        if subject is None:
            return
        if self.app.desk.composer.text not in ("", subject.given):
            options = [Option("yes", "y", "throw away what is written here")]
            if await self.app.ask(Choice(f"{NAMES[subject.mode]} is not kept yet", options)) is None:
                return
        if self.subject is subject:
            await self._settle(partial(self.app.jobs.remove_scratch, agent=self.app.agent, subject=subject.id))
            said = f"{NAMES[subject.mode]} is thrown away."
            if subject.mode == "canned" and subject.number is not None:
                said = "What was written is thrown away; the canned response is as it was."
            await self._back(said, subject.place)

    # -- the editor outside -----------------------------------------------------------------------

    async def edit_outside(self) -> None:
        """Go on in $VISUAL or $EDITOR; what comes back is one edit. The desk goes on unseen meanwhile."""
        composer = self.app.desk.composer
        if composer.read_only:
            return
        if not self.app.has_terminal:
            self.app.say("There is no terminal here for another editor.")
            return
        words = outside.command(os.environ, self.app.config.desk.editor)
        await self.save()
        await self.app.writing.save()
        before, kept = self._what, False
        copy = await self.app.work.load(
            partial(outside.Copy, composer.text, f"{composer.mode}.{SUFFIX[composer.mode]}")
        )
        try:
            self._copy = copy
            with self.app.lent():
                code = await outside.run(words, copy.path)
            self._copy = None
            found = await self.app.work.load(copy.read)
            if kept := found is not None and before != self._what:
                self.app.say(f"Its reply has left meanwhile; what was written outside is in {copy.path}.", bad=True)
            else:
                self._come_back(outside.shown(words), code, found, gone=not copy.path.exists())
        finally:
            self._copy = None
            if not kept:
                copy.remove()

    @property
    def _what(self) -> tuple[int | None, Subject | None]:
        """What stands in the editor."""
        return self.app.writing.draft_of, self.subject

    def _come_back(self, editor: str, code: int, found: tuple[str, bool] | None, *, gone: bool) -> None:
        """Take the text as one edit, also where the editor failed: it had been written, and undo takes it back."""
        composer = self.app.desk.composer
        ended = f"by signal {-code}" if code < 0 else f"with code {code}"
        if found is None:
            happened = (
                f"{editor} ended {ended}" if code else "Its file is gone" if gone else "Nothing was changed outside"
            )
            self.app.say(f"{happened}; the text is as it was.")
            return
        words, cut = found
        locked = [one for one in composer.locked() if one in composer.text and one not in words]
        composer.become(words)
        if cut:
            self.app.say("The text was longer than a draft may be; it was cut at its end.", bad=True)
        elif locked:
            self.app.say("A wording that is not to be changed was changed outside; undo brings it back.", bad=True)
        elif code:
            self.app.say(f"{editor} ended {ended}; what it had written by then is here, and undo takes it back.")

    def words_outside(self) -> str | None:
        """The text as it is in the editor outside, where there is one and it has changed it."""
        found = self._copy.read() if self._copy is not None else None
        return found[0] if found else None


def _body_begins(document: str) -> int:
    """Where the text of a response begins; the beginning where it has no fields before it."""
    fields = re.match(r"---\n(?:.*\n)*?---\n", document)
    return fields.end() if fields else 0


def _name_ends(document: str) -> int:
    """Where the name of a new response is written on; the beginning where it has no such line."""
    at = document.find("\nname:")
    return max(document.find("\n", at + 1), 0) if at >= 0 else 0
