"""The library screen: every canned response with its state and use; edited, approved and retired from here."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from tui import clock, text
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.errors import ShiftdeskError
from tui.screens.finder import Finder
from tui.screens.glyphs import Glyphs
from tui.screens.paint import Palette, palette
from tui.screens.picker import belonging, shelf

if TYPE_CHECKING:
    from tui.desk.canned.library import Version
    from tui.desk.canned.stats import Worth
    from tui.screens.app import DeskApp
    from tui.screens.offers import Changes, Sheet, Shelf

STATES = {
    "waiting": "to approve", "valid": "", "expiring": "expiring", "expired": "expired", "not yet": "not yet",
    "incident over": "over",
}  # fmt: skip
"""What a row says of a state."""
STATE_CELLS = max(map(len, STATES.values())) + 1
NEW = "---\nname: \nshortcut: \ntags: []\nlanguage: \n---\n\n"
"""What a new response begins as."""


class Decision(NamedTuple):
    """What the agent wants of the library: a response opened in the editor, here or outside; None: a new one."""

    does: Literal["edit", "outside", "new"]
    sheet: "Sheet | None" = None


class Place(NamedTuple):
    """Where the agent was in the library: what was searched for, and the id of the chosen response."""

    words: str
    chosen: int | None


class Library(Finder[Decision | None, "Worth", "Sheet"]):
    """Every canned response: type to search, enter edits. Its keys are none that could be typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("pagedown", "move_page(1)", "Page down"),
        ("pageup", "move_page(-1)", "Page up"),
        ("f2,ctrl+y", "page(1)", "More of the text"),
        ("f3,ctrl+n", "new", "New"),
        ("f4,ctrl+o", "outside", "$EDITOR"),
        ("f5,ctrl+g", "change('approve')", "Approve"),
        ("f6,ctrl+r", "change('retire')", "Retire"),
        ("f8,ctrl+l", "history", "History"),
    ]
    KEYS = (
        "enter  edit     f3 ctrl+n  new     f4 ctrl+o  $EDITOR     f8 ctrl+l  history\n"
        "f5 ctrl+g  approve     f6 ctrl+r  retire     f2  more of it     esc  back"
    )

    def __init__(self, glyphs: Glyphs, change: "Callable[[str, Sheet], None]", past: "Callable[[Sheet], None]") -> None:
        super().__init__("Library", "part of the name, of the text, or initials", self.KEYS, glyphs)
        self.change = change
        self.past = past
        self.says = Static(id="says")

    def inside(self) -> ComposeResult:
        yield from super().inside()
        yield self.says

    def show(self, shelf: "Shelf") -> None:
        """What stands on the shelf now."""
        self.shelf = shelf
        if not self.says.content:
            self.say(shelf.told)
        self.begin(shelf.search, shelf.look)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """One sentence below the list."""
        colors = palette(self.app)
        self.says.update(Content(text.line(sentence)).stylize(colors.danger if bad else colors.quiet), layout=False)

    # -- keys -------------------------------------------------------------------------------------

    def action_move_page(self, pages: int) -> None:
        """A page of the list up or down."""
        self.action_move(pages * max(self.hits.size.height - 2, 1))

    def action_page(self, pages: int) -> None:
        """More of a long text; after its end again its beginning."""
        before = self.top
        self.scroll_beside(pages)
        if self.top == before:
            self.top = 0
            self.draw_beside()

    def action_new(self) -> None:
        """A new one."""
        self.dismiss(Decision("new"))

    def action_outside(self) -> None:
        """Edit it in $EDITOR."""
        if self.seen is not None:
            self.dismiss(Decision("outside", self.seen))

    def action_change(self, how: str) -> None:
        """Approve or retire it."""
        if self.seen is not None:
            self.change(how, self.seen)

    def action_history(self) -> None:
        """Who changed what."""
        if self.seen is not None:
            self.past(self.seen)

    def take(self, seen: "Sheet") -> None:
        self.dismiss(Decision("edit", seen))

    # -- what is shown ----------------------------------------------------------------------------

    def name_of(self, item: "Worth") -> object:
        return item.canned.id

    def head(self) -> Content:
        words = f" {'state':<{STATE_CELLS}}{'uses':>5}{'edited':>8}{'reopened':>10}  name"
        return Content(words).stylize(palette(self.app).quiet)

    def row(self, item: "Worth", here: bool) -> Content:
        colors, used = palette(self.app), item.used
        state = STATES[item.state] or ("" if used.uses else "unused")
        figures = f"{used.uses:>5}{_share(used.edited, used.uses):>8}{_share(used.reopened, used.uses):>10}  "
        return Content.assemble(
            (self.glyphs.cursor if here else " ", colors.reply),
            (f"{state:<{STATE_CELLS}}", colors.quiet if state == "unused" else colors.late),
            (figures, colors.quiet),
            (text.line(item.canned.name), colors.strong if here else colors.plain),
        ).truncate(self.hits.size.width - 1, ellipsis=True)

    def beside(self, seen: "Sheet") -> list[Content]:
        colors, canned, now = palette(self.app), seen.worth.canned, self.shelf.now
        terms = [words for words, _ in shelf(canned, now, self.shelf.open_incidents)]
        facts = filter(None, [_used(seen.worth, now), *terms, belonging(canned, self.shelf.agent)])
        front, _, texts = seen.document.removeprefix("---\n").partition("\n---\n")
        fields = Content(text.clean(front)).stylize(colors.quiet)
        head = [Content(words).stylize(colors.quiet) for words in facts]
        return [*head, Content(""), Content(text.clean(texts)), Content(""), fields]


class History(Finder["Version | None", "Version", "tuple[Version, Sequence[str]]"]):
    """Every version of one response, and what each changed; enter restores it."""

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        keys = "enter  make it so again     pgdn  more of it     esc  back"
        super().__init__(f"History of {text.fit(text.line(name), 60)}", "who, or what was changed", keys, glyphs)

    BINDINGS: ClassVar[list[BindingType]] = [
        ("pagedown", "page(1)", "More of the text"),
        ("pageup", "page(-1)", "Less of the text"),
    ]

    def show(self, changes: "Changes") -> None:
        """Its versions have been read."""
        self.begin(changes.search, changes.look)

    def action_page(self, pages: int) -> None:
        """More or less of a long diff."""
        self.scroll_beside(pages)

    def take(self, seen: "tuple[Version, Sequence[str]]") -> None:
        self.dismiss(seen[0])

    def row(self, item: "Version", here: bool) -> Content:
        colors = palette(self.app)
        what = ", ".join(item.changed) if item.before else "as it was first"
        return Content.assemble(
            (self.glyphs.cursor if here else " ", colors.reply),
            (f"{item.version:>3}  {clock.local(item.at, '%d %b %Y %H:%M')}  ", colors.quiet),
            (f"{text.line(item.agent)}  ", colors.strong if here else colors.plain),
            (what, colors.quiet),
        ).truncate(self.hits.size.width - 1, ellipsis=True)

    def beside(self, seen: "tuple[Version, Sequence[str]]") -> list[Content]:
        colors = palette(self.app)
        return [_changed(text.clean(line), colors) for line in seen[1]]


def _changed(line: str, colors: Palette) -> Content:
    """One line of a diff."""
    style = {"+": colors.fresh, "-": colors.danger, "@": colors.quiet}.get(line[:1], colors.plain)
    return Content(line).stylize(style)


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else ""


def _used(worth: "Worth", now: Millis) -> str:
    """How it is used, in a sentence."""
    used = worth.used
    if not used.uses:
        return "never used in 90 days"
    shares = f"{_share(used.edited, used.uses)} edited, {_share(used.reopened, used.uses)} written again"
    last = f"; last {clock.age(now - used.last_used)} ago" if used.last_used else ""
    times = "1 use" if used.uses == 1 else f"{used.uses:,} uses"
    return f"{times} in 90 days, {shares}, about {lasting(worth.saved)} saved{last}"


def lasting(span: Millis) -> str:
    """A stretch of work: `40 s`, `12 min`, `3 h`."""
    if span < MINUTE:
        return f"{span // SECOND} s"
    return f"{span // MINUTE} min" if span < 2 * HOUR else f"{span // HOUR} h"


class Shelving:
    """The library as a room of the desk."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app
        self._open: Library | None = None

    async def library(self) -> None:
        """Find, edit, approve; how the responses are used."""
        await self.back(Place("", None))

    async def back(self, place: Place, said: str = "") -> None:
        """The library as it was left, and what came of that."""
        if self.app.filling.stock is None:
            self.app.say("The canned responses are still being read; a moment.")
            return
        self._open = Library(self.app.signs, self._asked_to_change, self._asked_for_history)
        self._open.come_back(*place)
        self.app.push_screen(self._open, self._left)
        await self._read()
        if said and self._open is not None:
            self._open.say(said)

    def restocked(self) -> None:
        """The library has been read anew."""
        if self._open is not None:
            self.app.spawn(self._read())

    async def _read(self) -> None:
        """Show what stands on the shelf now."""
        read = partial(self.app.jobs.shelf, stock=self.app.filling.stock, agent=self.app.agent, config=self.app.config)
        shelf = await self.app.work.read(read)
        if self._open is not None:
            self._open.show(shelf)

    def _left(self, decision: Decision | None) -> None:
        words, self._open = self._open.words if self._open else "", None
        editing = self.app.editing
        match decision:
            case Decision(does="new"):
                self.app.spawn(editing.edit_canned(NEW, "canned:new", Place(words, None)))
            case Decision(does=how, sheet=sheet) if sheet is not None:
                edit = editing.edit_canned_outside if how == "outside" else editing.edit_canned
                canned_id = sheet.worth.canned.id
                self.app.spawn(edit(sheet.document, f"canned:{canned_id}", Place(words, canned_id)))

    # -- changing ---------------------------------------------------------------------------------

    def _asked_to_change(self, how: str, sheet: "Sheet") -> None:
        done = {"approve": "is approved.", "retire": "is retired; its history brings it back."}[how]
        job = getattr(self.app.jobs, how)
        self.app.spawn(self._change(partial(job, canned_id=sheet.worth.canned.id), f"{sheet.worth.canned.name} {done}"))

    def _asked_for_history(self, sheet: "Sheet") -> None:
        history = History(sheet.worth.canned.name, self.app.signs)
        self.app.push_screen(history, partial(self._restore, sheet))
        self.app.spawn(self._read_history(history, sheet.worth.canned.id))

    async def _read_history(self, screen: History, canned_id: int) -> None:
        screen.show(await self.app.work.read(partial(self.app.jobs.changes, canned_id=canned_id)))

    def _restore(self, sheet: "Sheet", version: "Version | None") -> None:
        if version is not None:
            job = partial(self.app.jobs.restore, canned_id=sheet.worth.canned.id, version=version.version)
            self.app.spawn(self._change(job, f"{version.canned.name} is again as in version {version.version}."))

    async def _change(self, job: Callable[..., Any], said: str) -> None:
        """One change of a response, and what came of it; the list is read anew when its event comes."""
        try:
            await self.app.work.change(partial(job, agent=self.app.agent))
        except ShiftdeskError as error:
            said, bad = str(error), True
        else:
            bad = False
        if self._open is not None:
            self._open.say(said, bad=bad)
