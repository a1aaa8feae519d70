"""Looking around: moving, views, filter, figures, why, links, help. Nothing here changes the desk."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from tui import actions, clock, text
from tui.screens.composer import OWN_KEYS
from tui.screens.dialogs import Choice, Option, Prompt, Sheet
from tui.screens.findings import explained, set_otherwise_content
from tui.screens.links import links
from tui.screens.paint import Palette, palette
from tui.screens.rows import RowList
from tui.screens.thread import ThreadPane
from tui.store.reader import PostRow

if TYPE_CHECKING:
    from tui.screens.app import DeskApp

FAR = 1_000_000
"""Lines or rows beyond any end."""
WHAT_CELLS = 40
"""Most of what a link leads to, in words, where one is chosen."""
VIEWS = (
    Option("waiting", "1", "waiting      new and reopened, in serving order"),
    Option("mine", "2", "mine         what I have claimed"),
    Option("resurfaced", "3", "resurfaced   old posts that were brought back"),
    Option("all", "4", "all          every conversation, newest first"),
)


class Looking:
    """Actions that only show."""

    def __init__(self, app: "DeskApp") -> None:
        self.app = app

    # -- moving: no coroutine, since a held key must not pile up --------------------------------------

    def move(self, name: str) -> bool:
        """Do one of the moving actions at once; False where it is none of them or needs a reading."""
        where = self.app.desk.scrolling
        match name:
            case "down":
                where.move(1)
            case "up":
                where.move(-1)
            case "half-down":
                where.half_page(1)
            case "half-up":
                where.half_page(-1)
            case "next-pane":
                self.app.screen.focus_next()
            case "previous-pane":
                self.app.screen.focus_previous()
            case "open":
                self.app.desk.conversation.focus()
            case "top" if isinstance(where, ThreadPane):
                where.move(-FAR)
            case "bottom" if isinstance(where, ThreadPane) or not where.more_below:
                where.move(FAR)
            case _:
                return False
        return True

    async def top(self) -> None:
        """The first row, with what has arrived meanwhile."""
        await self._begin(self.app.desk.working_list)

    async def _begin(self, rows: RowList) -> None:
        rows.reset()
        await self.app.reload(rows)
        await self.app.look_at(rows.selected.row.id if rows.selected else None)

    async def bottom(self) -> None:
        """The last row of a list that is longer than its window."""
        rows = self.app.desk.working_list
        page = await self.app.work.read(partial(self.app.last_page, view=rows.view))
        rows.reset()
        rows.before = page.before
        rows.show(page)
        rows.move(FAR)

    # -- choosing ---------------------------------------------------------------------------------

    async def filter(self) -> None:
        """Only conversations with these words."""
        feed = self.app.desk.feed
        hint = "Words in the thread; empty shows everything again"
        words = await self.app.ask(Prompt("Filter", hint, feed.search))
        if words is not None:
            await self._show(feed, "all" if words.strip() else "waiting", words.strip())

    async def views(self) -> None:
        """What the feed shows."""
        view = await self.app.ask(Choice("Views", VIEWS))
        if view is not None:
            await self._show(self.app.desk.feed, view, "")

    async def _show(self, feed: RowList, view: str, search: str) -> None:
        feed.view, feed.search = view, search
        feed.focus()
        await self._begin(feed)

    # -- sheets -----------------------------------------------------------------------------------

    async def help(self) -> None:
        """The keys, those of this pane first: in the editor, what works in what it is open for."""
        composer = self.app.desk.composer
        everywhere = {"any text": [(own.keys, own.help) for own in OWN_KEYS]}
        here = [action for action in self.app.actions if action.group == "editor" and composer.mode in action.modes]
        if composer.has_focus:
            rest = [action for action in self.app.actions if action.group != "editor"]
            groups = {f"writing a {actions.WRITTEN[composer.mode]}": _rows(here)} | everywhere
        else:
            rest, groups = list(self.app.actions), {}
        for place in ("list", "desk", "editor", "note", "canned"):
            groups[place] = _rows(action for action in rest if action.place == place)
        groups |= everywhere
        self.app.push_screen(Sheet("Keys", _keys(groups, palette(self.app))))

    async def palette(self) -> None:
        """Find an action by name."""
        self.app.action_command_palette()

    async def figures(self) -> None:
        """Response figures."""
        words = await self.app.work.read(partial(self.app.jobs.report, now=clock.now(), config=self.app.config))
        self.app.push_screen(Sheet("Response figures, last 7 days", Content(text.clean(words))))

    async def why(self) -> None:
        """Score, freshness and the guard, by their arithmetic."""
        thread = self.app.thread
        if thread is None:
            return
        found, colors, writing = thread.entry, palette(self.app), self.app.writing
        findings = await writing.examine(found.row.id)
        if not writing.draft_for(found.row.id).strip():
            findings = [finding for finding in findings if finding.check != "length"]
        settings = writing.settings(found.row)
        brought = await self.app.work.read(lambda reader: reader.reposters(found.row.id))
        lines: list[Any] = [(f"Score {found.score}\n", colors.strong)]
        lines += [f"  {reason['points']:+,}  {text.line(reason['text'])}\n" for reason in found.reasons]
        lines += [
            (f"\n{found.freshness}: ", colors.strong), f"{text.line(found.standing)}\n",
            f"  old from {settings.horizon_hours} h on, answer due within {settings.target_minutes} min\n",
            ("\nGuard\n", colors.strong), explained(findings, colors, self.app.signs),
        ]  # fmt: skip
        if otherwise := self.app.jobs.set_otherwise(settings):
            lines += ["\n\n", set_otherwise_content(otherwise, colors)]
        self.app.push_screen(Sheet("Why", Content.assemble(*lines), self._reposters(brought, found.row.id, colors)))

    def _reposters(self, brought: Sequence[PostRow], here: int, colors: Palette) -> tuple[Option, Content] | None:
        """Who reposted or quoted it, the newest first: some of them have the same trouble."""
        if not brought:
            return None
        lines: list[Content] = []
        for post in brought:
            kind = post.kind + (f" · conversation {post.conversation_id}" if post.conversation_id != here else "")
            when = clock.age(self.app.shown_at - post.created_at)
            lines.append(Content.assemble((f"@{text.line(post.handle)}", colors.strong), f" {when} ago · {kind}"))
            if post.kind == "quote":
                lines.append(Content(f"  {text.line(post.text)}"))
            if post.url:
                lines.append(Content(f"  {text.line(post.url)}").stylize(colors.quiet))
        return Option("reposters", "r", f"who reposted it ({len(brought)})"), Content("\n").join(lines)

    async def show_link(self) -> None:
        """The link of the newest post of the customer, or one of several."""
        if link := await self._link("Show"):
            self.app.push_screen(Sheet("Link", Content(link)))

    async def copy_link(self) -> None:
        """The same, to the clipboard of the agent's terminal (OSC 52), and to be read where that does not take it."""
        if link := await self._link("Copy"):
            self.app.copy_to_clipboard(link)
            self.app.say(f"Copied, where your terminal allows it: {link}")

    async def _link(self, does: str) -> str:
        """The link there is, or the one that was chosen; empty where there is none, which is said."""
        found = links(self.app.thread.posts if self.app.thread else ())
        if not found:
            self.app.say("This post has no link.")
        if len(found) < 2:
            return found[0].address if found else ""
        options = [
            Option(str(at), str(at + 1), f"{text.fit(one.what, WHAT_CELLS).rstrip()}: {one.address}")
            for at, one in enumerate(found)
        ]
        chosen = await self.app.ask(Choice("Links", options, f"{does} which link?"))
        return "" if chosen is None else found[int(chosen)].address


_Rows = list[tuple[tuple[str, ...], str]]
"""Keys, and what they do."""


def _rows(some: Iterable[actions.Action]) -> _Rows:
    return [(action.keys, f"{action.label}: {action.help}") for action in some]


def _keys(groups: dict[str, _Rows], colors: Palette) -> Content:
    """Groups of keys and what they do, a line each."""
    lines: list[Any] = []
    for group, rows in ((group, rows) for group, rows in groups.items() if rows):
        lines.append((f"{group}\n", colors.strong))
        for keys, words in rows:
            lines += [(f"  {' '.join(map(actions.shown, keys)):<16} ", colors.reply), f"{words}\n"]
    return Content.assemble(*lines)
