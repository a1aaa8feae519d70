"""Canned responses in the editor: finding one, putting it in, visiting its blanks."""

from typing import TYPE_CHECKING

from textual.content import Content

from tui import clock, text
from tui.errors import Refused
from tui.screens.dialogs import Picker

if TYPE_CHECKING:
    from tui.desk.canned.response import Canned
    from tui.desk.canned.search import Index
    from tui.screens.app import DeskApp


class Filling:
    """Reusable texts for the reply being written."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.index: Index | None = None
        self.library: dict[int, Canned] = {}

    def stock(self, library: "dict[int, Canned]", index: "Index") -> None:
        """Take the canned responses, as read and indexed off the loop."""
        self.library, self.index = library, index

    async def next_blank(self) -> None:
        """Select the next blank; leave the editor when none is left."""
        composer = self.app.desk.composer
        blanks = self.app.jobs.blanks_in(composer.text)
        if not blanks:
            await self.app.writing.leave()
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
            writing = self.app.writing
            if writing.draft_of != row.id:
                return  # the editor has another conversation by now
            self.app.desk.composer.focus()
            if canned is not None:
                words = filled(canned)
                writing.made_of = writing.made_of.with_inserted(canned.id, words)
                self.app.desk.composer.put(words)

        self.app.push_screen(
            Picker(lambda query: index.search(query, fit), lambda c: Content(text.clean(filled(c))), self.app.signs),
            chosen,
        )
