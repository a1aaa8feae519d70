"""The spell check of the editor: words are judged in a pause of typing, off the loop, and underlined."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from locale import getlocale
from typing import TYPE_CHECKING, TypeVar

from textual.timer import Timer

from tui import spelling, text
from tui.config import config_folder
from tui.errors import Refused
from tui.screens.dialogs import Choice, Option
from tui.spelling import NOTHING, OWN_LIST, Marked, Speller, System, Word

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

PAUSE_S = 0.5
"""Words are judged this long after the last key (s)."""
LINE_CHARACTERS = 4_000
"""How much of one line is marked."""
AROUND_CHARACTERS = 30
"""How much of the text is shown on both sides of a word."""

Result = TypeVar("Result")


class Spelling:
    """Marks words that no dictionary has, and says what they may be."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self.marked = NOTHING
        """The words that are marked wherever they stand in the text."""
        self._thread = ThreadPoolExecutor(1, "spelling")
        """libenchant knows no locks: all of it happens here."""
        self._system: System | None = None
        self._speller: Speller | None = None
        self._pause: Timer | None = None
        self._typed_at = -1, -1
        self._head_rows = 0
        self._agents: list[str] | None = None
        """Everybody who has worked here, once it has been read."""

    # -- marking ----------------------------------------------------------------------------------

    def typed(self) -> None:
        """The text changed: the word at the cursor is at work, and the rest is judged in a pause."""
        self._typed_at = self.app.desk.composer.cursor_location
        self.judge_soon()

    def judge_soon(self) -> None:
        """Judge what is in the editor, where it is open, unless something is typed meanwhile."""
        if not (self.app.config.desk.spelling and self.app.desk.composer.has_focus):
            return
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.app.set_timer(PAUSE_S, lambda: self.app.spawn(self._judge()))

    def columns(self, row: int, line: str) -> Iterator[tuple[int, int]]:
        """Where in a line of the editor a marked word stands; not where one is still being typed."""
        composer = self.app.desk.composer
        template = composer.mode == "canned"
        if not self.marked.words or (template and row < self._head_rows):
            return
        cursor = composer.cursor_location
        at_work = cursor[1] if cursor[0] == row and cursor == self._typed_at else -1
        for word in _words_of(line[:LINE_CHARACTERS], template):
            if word.text in self.marked.words and not word.start <= at_work <= word.end:
                yield word.start, word.end

    async def _judge(self) -> None:
        """Mark what no dictionary has in the text as it is now."""
        if self._agents is None:
            self._agents = await self.app.work.read(lambda reader: reader.agents())
        composer = self.app.desk.composer
        words, template = composer.text, composer.mode == "canned"
        head = spelling.front_matter(words) if template else ""
        marked = await self._off_the_loop(
            partial(
                self._unknown, words[len(head) :], self._languages(spelling.language_of(head)), self._names(),
                template=template,
            )
        )  # fmt: skip
        if marked != self.marked or self._head_rows != head.count("\n"):
            self.marked, self._head_rows = marked, head.count("\n")
            composer.mark_anew()

    async def _off_the_loop(self, job: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)

    def _unknown(self, words: str, languages: Sequence[str], known: frozenset[str], *, template: bool) -> Marked:
        return self._opened().unknown(words, languages, known, template=template)

    def _opened(self) -> Speller:
        """The speller, with the word lists as they are when it is first wanted."""
        if self._speller is None:
            self._system = self._system or System()
            own: set[str] = set()
            for path in (config_folder() / OWN_LIST, self.app.config.words_folder / OWN_LIST):
                try:
                    own |= spelling.read_list(path)
                except OSError:
                    continue  # `doctor` names a list that cannot be read
            self._speller = Speller(self._system, self.app.config.desk.dictionaries, own)
        return self._speller

    def _languages(self, named: str) -> list[str]:
        """In which languages the text may be: the one it names, the customer's where it is for them, and the desk's."""
        thread, preferred = self.app.thread, self.app.config.desk.dictionaries
        theirs = [post.lang for post in thread.posts if post.lang and not post.ours][-1:] if thread else []
        ours = [tag.partition("_")[0] for tag in preferred] or [(getlocale()[0] or "en").partition("_")[0]]
        if self.app.desk.composer.mode == "reply":
            found = [*theirs, *ours, "en"]
        else:
            found = [*([named] if named else []), *ours, *theirs, "en"]
        return list(dict.fromkeys(found))

    def _names(self) -> frozenset[str]:
        """The names of the customer, of our handle, of colleagues and of their groups."""
        config, thread = self.app.config, self.app.thread
        found = [*(self._agents or ()), *config.initials, *config.groups, *sum(config.groups.values(), ())]
        if thread is not None:
            row = thread.entry.row
            found += [row.handle, row.name, row.account or "", row.owner or "", row.incident or ""]
            found += [name for post in (*thread.above, *thread.posts) for name in (post.handle, post.name)][:100]
        return spelling.names(*found)

    # -- the next word ----------------------------------------------------------------------------

    async def spelling(self) -> None:
        """Go to the next marked word, and show what it may be."""
        composer = self.app.desk.composer
        if not self.app.config.desk.spelling:
            self.app.say("The spell check is off; spelling = true under [desk] switches it on.")
            return
        await self._judge()
        if self._system is not None and self._system.problem:
            self.app.say(f"No word is marked: {self._system.problem}.", bad=True)
            return
        words, at = composer.text, composer.cursor_index
        found = await self._off_the_loop(
            partial(next_marked, words, self.marked, at, template=composer.mode == "canned", head=self._head_rows)
        )
        if found is None:
            self.app.say("Every word is in a dictionary." if self.marked.language else NO_LANGUAGE)
        elif composer.text == words:
            await self._offer(found)

    async def _offer(self, word: Word) -> None:
        """What a word may be, to be chosen by number."""
        composer, words = self.app.desk.composer, self.app.desk.composer.text
        composer.select_between(word.start, word.end)
        job = partial(self._suggested, word.text, self.marked.language)
        offered = [text.line(one) for one in await self._off_the_loop(job)]
        options = [Option(one, str(number), one) for number, one in enumerate(offered, 1)]
        options += [Option(ADD, "a", "it is right; add it to my words"), Option(LEAVE, "0", "leave it as it is")]
        chosen = await self.app.ask(Choice("Spelling", options, _around(words, word)))
        if composer.text != words:
            return  # another conversation came into the editor
        if chosen == ADD:
            await self._add(word.text)
        if chosen in offered:
            composer.change(word.start, word.end, chosen)
        else:
            composer.select_between(word.end, word.end)

    def _suggested(self, word: str, language: str) -> list[str]:
        return self._opened().suggestions(word, language)

    async def _add(self, word: str) -> None:
        """A word is right from now on."""
        await self._off_the_loop(partial(self._added, word))
        self.app.say(f"{text.line(word)} is one of your words from now on.")
        await self._judge()

    def _added(self, word: str) -> None:
        path = config_folder() / OWN_LIST
        try:
            spelling.add_to_list(path, word)
        except OSError as error:
            raise Refused(f"The word list {path} cannot be written: {error.strerror}.") from None
        self._opened().own.add(word.casefold())


ADD, LEAVE = "\nadd", "\nleave"
"""Options that are no words."""
NO_LANGUAGE = "No dictionary of this machine is for the language of this text."


def next_marked(words: str, marked: Marked, after: int, *, template: bool, head: int) -> Word | None:
    """The next marked word of a text from a place on, and from its beginning where none follows; `head` rows are
    passed over."""
    begin = sum(len(line) + 1 for line in words.split("\n", head)[:head])
    found = [
        Word(begin + word.start, begin + word.end, word.text)
        for word in spelling.words(words[begin : begin + spelling.CHECKED_CHARACTERS], template=template)
        if word.text in marked.words
    ]
    return next((word for word in found if word.start >= after), found[0] if found else None)


def _around(words: str, word: Word) -> str:
    """A word with what stands around it, on one row."""
    before = words[max(word.start - AROUND_CHARACTERS, 0) : word.start]
    after = words[word.end : word.end + AROUND_CHARACTERS]
    return text.line(f"{'…' if word.start > len(before) else ''}{before}[{word.text}]{after}")


@lru_cache(maxsize=64)
def _words_of(line: str, template: bool) -> tuple[Word, ...]:
    return tuple(spelling.words(line, template=template))
