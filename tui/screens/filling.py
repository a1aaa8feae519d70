"""Canned responses in the editor: finding one, putting it in, visiting its blanks."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tui import clock
from tui.clock import MINUTE, Millis
from tui.desk.canned.response import LIBRARY_CHANGES
from tui.screens.picker import Picker

if TYPE_CHECKING:
    from tui.desk.canned.search import Index
    from tui.desk.canned.stock import Stock
    from tui.screens.app import DeskApp
    from tui.screens.offers import Filled
    from tui.store.reader import EventRow, QueueRow

STALE: Millis = 10 * MINUTE
"""From this age on, how the responses are used is read again after they were looked through."""
LONGEST_VALUE = 200
"""Characters typed into a blank that are remembered for others of its name."""


class Visit(NamedTuple):
    """The blank the agent was taken to: what stands between `before` and `after` by now is what they typed."""

    of: int | None
    """The conversation."""
    name: str
    mark: str
    """The blank as it stood there."""
    before: str
    after: str

    def typed(self, words: str) -> str:
        """What stands in its place; empty where it still stands, or more was changed than the blank."""
        if not (words.startswith(self.before) and words[len(self.before) :].endswith(self.after)):
            return ""
        value = words[len(self.before) : len(words) - len(self.after)]
        is_value = value.strip() and value != self.mark and "\n" not in value and len(value) <= LONGEST_VALUE
        return value if is_value else ""


class Filling:
    """Reusable texts for the reply being written."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.stock: Stock | None = None
        """The canned responses as last read."""
        self._stocked: Millis = 0
        self._stocking = False
        self._changed = False
        """The library has changed since the stock was begun."""
        self._turns: Counter[int] = Counter()
        """How often each was inserted here since then: its alternates take turns."""
        self._visit: Visit | None = None

    @property
    def index(self) -> "Index | None":
        """The canned responses, searchable; None while they are being read."""
        return self.stock.index if self.stock else None

    # -- the library ------------------------------------------------------------------------------

    def heard(self, events: "Sequence[EventRow]") -> None:
        """Something happened at the desk: a changed library is read anew, whoever changed it."""
        if any(event.kind in LIBRARY_CHANGES for event in events):
            self.app.spawn(self.restock())

    async def restock(self) -> None:
        """Read the canned responses and make them searchable, off the loop; what changes meanwhile is read next."""
        self._changed = True
        if self._stocking:
            return
        self._stocking = True
        try:
            while self._changed:
                self._changed = False
                jobs, read = self.app.jobs, partial(self.app.jobs.read_stock, config=self.app.config, now=clock.now())
                parts = await self.app.work.read(partial(read, agent=self.app.agent))
                self.stock = await asyncio.to_thread(jobs.Stock, *parts)
                self._stocked = clock.now()
                self._turns.clear()
                self.app.shelving.restocked()
        finally:
            self._stocking = False

    # -- the picker -------------------------------------------------------------------------------

    async def canned(self) -> None:
        """The picker over the editor."""
        thread, stock, writing = self.app.thread, self.stock, self.app.writing
        if stock is None or thread is None:
            self.app.say("The canned responses are still being read; a moment.")
            return
        row = thread.entry.row
        if writing.draft_of != row.id:
            return
        self._remember()
        reply, settings, cursor = (
            writing.as_it_stands(row.id),
            writing.settings(row),
            self.app.desk.composer.cursor_index,
        )
        account = reply.sender or row.account
        picker = Picker(
            partial(self._learn, row, account), self.app.signs,
            handle=account or row.network, many=settings.same_text_count,
        )  # fmt: skip
        self.app.push_screen(picker, partial(self._chosen, row.id))
        offers = partial(
            self.app.jobs.offers, stock=stock, thread=thread, agent=self.app.agent, account=account,
            settings=settings, initials=self.app.config.initials, count=partial(writing.count, row),
            around=(reply.words[:cursor], reply.words[cursor:]),
            form=reply.made_of.form, turns=self._turns,
        )  # fmt: skip
        picker.offer(await self.app.work.read(offers))

    async def _learn(self, row: "QueueRow", account: str | None, canned_ids: Sequence[int]) -> Any:
        """How these were used in this hour on this handle, and for this person."""
        facts = partial(self.app.jobs.facts, canned_ids=canned_ids, conversation=row, account=account)
        return await self.app.work.read(partial(facts, now=clock.now()))

    def _chosen(self, conversation_id: int, filled: "Filled | None") -> None:
        """Put it in at the cursor."""
        writing, composer = self.app.writing, self.app.desk.composer
        if writing.draft_of != conversation_id:
            return  # the editor has another conversation by now
        composer.focus()
        if filled is not None:
            canned = filled.canned
            writing.made_of = writing.made_of.with_inserted(
                canned.id, filled.text, locked=filled.locked, actions=canned.actions
            )
            composer.put(filled.gap + filled.text)
            self._turns[canned.id] += 1
        if clock.now() - self._stocked > STALE:
            self.app.spawn(self.restock())

    # -- blanks -----------------------------------------------------------------------------------

    async def next_blank(self) -> None:
        """Select the next blank; leave the editor when none is left."""
        composer = self.app.desk.composer
        remembered = self._remember()
        words = composer.text
        blanks = self.app.jobs.blanks_in(words)
        if not blanks:
            await self.app.writing.leave()
            return
        after = [blank for blank in blanks if blank.start >= composer.cursor_index]
        found = (after or blanks)[0]
        before, mark, rest = words[: found.start], words[found.start : found.end], words[found.end :]
        self._visit = Visit(self.app.writing.draft_of, found.name, mark, before, rest)
        composer.select_between(found.start, found.end)
        if remembered:
            await self.app.writing.save()

    def _remember(self) -> bool:
        """Keep what was typed into the blank last visited, and fill the others of its name; whether there was any."""
        visit, self._visit, writing, composer = self._visit, None, self.app.writing, self.app.desk.composer
        if visit is None or composer.mode != "reply" or visit.of != writing.draft_of:
            return False
        value = visit.typed(composer.text)
        if not value or self.app.jobs.blanks_in(value):
            return False
        form = {**writing.made_of.form, visit.name: value}
        writing.made_of = replace(writing.made_of, form=form)
        self._fill(visit.mark, value)
        return True

    def _fill(self, mark: str, value: str) -> None:
        """Put a value in the place of every such blank, in one edit; the cursor stays where it was."""
        composer = self.app.desk.composer
        words, cursor = composer.text, composer.cursor_index
        start, end = words.find(mark), words.rfind(mark) + len(mark)
        if start < 0:
            return
        composer.select_between(start, end)
        composer.replace(words[start:end].replace(mark, value), *composer.selection)
        cursor += words[:cursor].count(mark) * (len(value) - len(mark))
        composer.select_between(cursor, cursor)
