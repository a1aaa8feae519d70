"""The conversation pane: one thread with the time of each post, drawn by the line API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui import clock, text
from tui.clock import Millis
from tui.desk import delivery
from tui.desk.around import Around
from tui.desk.composition import composition
from tui.desk.promises import is_due, told
from tui.desk.queue import Entry
from tui.screens.beside import whole
from tui.screens.glyphs import Glyphs
from tui.screens.links import media_link, medium_in_words
from tui.screens.paint import Palette, palette, strip, wrapped
from tui.store.reader import DraftRow, IncidentRow, NoteRow, PostRow, PromiseRow, ReplyRow

if TYPE_CHECKING:
    from tui.desk.lookups import LookedUp

POST_CHARACTERS = 4_000
"""Most of one post that is laid out; no network has longer public posts, and a wall of text stays a wall."""
POSTS_SHOWN = 200
"""Most posts of a thread that are laid out, the newest."""
INCIDENT_CELLS = 300
"""Of an incident's newest update; `shiftdesk incident list` has all of it."""
INDENT = 2


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation whole, as read at a moment."""

    entry: Entry
    above: tuple[PostRow, ...]
    posts: tuple[PostRow, ...]
    notes: tuple[NoteRow, ...]
    replies: tuple[ReplyRow, ...]
    draft: DraftRow | None
    incident: IncidentRow | None = None
    promises: tuple[PromiseRow, ...] = ()
    """What we promised in it, the open ones first."""
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What the servers of our handles on its network say they take, by handle."""


class ThreadPane(Widget, can_focus=True):
    """Shows one Thread; scrolls by lines."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="conversation")
        self.glyphs = glyphs
        self.thread: Thread | None = None
        self.looked_up: LookedUp | None = None
        """What a look-up found, below the thread it was for."""
        self.around = Around()
        """Who is at the conversations."""
        self.now: Millis = 0
        self._lines: list[Content] = []
        self._top = 0
        self.border_title = Content("Conversation")

    def show(self, thread: Thread | None, now: Millis) -> None:
        """Show a thread: another one from its unanswered words on, the same one where it was."""
        same = thread and self.thread and thread.entry.row.id == self.thread.entry.row.id
        before = self._visible()
        self.thread, self.now = thread, now
        self.looked_up = self.looked_up if same else None
        self._title()
        self._lay_out()
        self._top = min(self._top, self._last_page()) if same else self._last_page()
        self._repaint(before)

    def stand(self, around: Around) -> None:
        """Others came, went, or do something else. The title says it, so that no line moves."""
        self.around = around
        self._title()

    def _title(self) -> None:
        there = self.around.sentence(self.thread.entry.row, self.now) if self.thread else ""
        words = f"Conversation {self.glyphs.separator} {there}" if there else "Conversation"
        if str(self.border_title) != words:
            self.border_title = Content(words)

    def tell(self, looked_up: "LookedUp") -> None:
        """Show what a look-up found, until another does or another thread is shown."""
        before = self._visible()
        self.looked_up = None
        self._lay_out()
        begins, self.looked_up = len(self._lines) + 1, looked_up
        self._lay_out()
        self._top = min(begins, self._last_page())
        self._repaint(before)

    def _visible(self) -> list[Content]:
        return self._lines[self._top : self._top + self.size.height]

    def _repaint(self, before: list[Content]) -> None:
        """Draw again only from the first line that differs to the last."""
        pairs = enumerate(zip_longest(before, self._visible()))
        changed = [y for y, (old, new) in pairs if old is None or new is None or not old.is_same(new)]
        if changed:
            self.refresh(Region(0, changed[0], self.size.width, changed[-1] - changed[0] + 1))

    def move(self, by: int) -> None:
        """Scroll by lines."""
        top = min(max(self._top + by, 0), self._last_page())
        if top != self._top:
            before = self._visible()
            self._top = top
            self._repaint(before)

    def half_page(self, sign: int) -> None:
        """Scroll by half of what is visible."""
        self.move(sign * max(self.size.height // 2, 1))

    def on_resize(self) -> None:
        self._lay_out()
        self._top = self._last_page()
        self.refresh()

    def _last_page(self) -> int:
        return max(len(self._lines) - self.size.height, 0)

    def render_line(self, y: int) -> Strip:
        """One screen line of the thread."""
        base = self.visual_style
        index = self._top + y
        if index >= len(self._lines):
            return Strip([Segment(" " * self.size.width, base.rich_style)], self.size.width)
        return strip(self._lines[index], self.size.width, base)

    # -- laying out -------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        width = max(self.size.width, 10)
        colors = palette(self.app)
        if self.thread is None:
            self._lines = [Content("Nothing is selected.").stylize(colors.quiet)]
            return
        lines = self._head(self.thread, colors, width)
        folded = [p for p in self.thread.posts if p.kind == "repost"]
        for post in (*self.thread.above, *self.thread.posts[-POSTS_SHOWN:]):
            if post.kind != "repost" or len(self.thread.posts) == 1:
                lines += [Content(""), *self._post(post, colors, width)]
        if folded and len(self.thread.posts) > 1:
            lines += [Content(""), *self._reposts(folded, colors, width)]
        for note in self.thread.notes:
            lines += [Content(""), *self._note(note, colors, width)]
        for reply in self.thread.replies:
            if reply.state not in ("sent", "recalled"):
                lines += [Content(""), *self._reply(reply, colors, width)]
        if self.looked_up:
            lines += [Content(""), *self._found(self.looked_up, colors, width)]
        self._lines = lines

    def _head(self, thread: Thread, colors: Palette, width: int) -> list[Content]:
        row = thread.entry.row
        who = [("@" + text.line(row.handle), colors.strong)]
        if row.name:
            who.append((" " + text.line(row.name), colors.quiet))
        facts = [f"{row.followers:,} followers"] if row.followers else []
        facts += ["verified"] if row.verified else []
        facts.append(f"to {text.line(row.account)}" if row.account else "to no account of ours")
        facts += ["private"] if row.private else []
        facts += [row.state + (f" by {text.line(row.owner)}" if row.owner else "")]
        facts += [f"{text.line(row.reserved_by)} has this customer"] if row.reserved_by else []
        facts += ["#" + text.line(tag) for tag in row.tags]
        style = {"resurfaced": colors.resurfaced, "late": colors.late}.get(thread.entry.freshness, colors.quiet)
        return [
            *wrapped(Content.assemble(*who), width),
            *wrapped(
                Content(f"#{row.id} {text.line(row.network)} · " + " · ".join(facts)).stylize(colors.quiet), width
            ),
            *wrapped(Content(f"{thread.entry.freshness}: {thread.entry.standing}").stylize(style), width),
            *(self._incident(thread.incident, colors, width) if thread.incident else []),
            *(line for one in thread.promises if not one.outcome for line in self._promise(one, colors, width)),
        ]

    def _incident(self, incident: IncidentRow, colors: Palette, width: int) -> list[Content]:
        updated = clock.age(self.now - incident.updated_at)
        words = text.fit(text.line(incident.text), INCIDENT_CELLS)
        told = f"incident: {text.line(incident.name)} ({incident.state}, updated {updated} ago): {words}"
        return wrapped(Content(told).stylize(colors.note), width)

    def _promise(self, promise: PromiseRow, colors: Palette, width: int) -> list[Content]:
        style = colors.late if is_due(promise, self.now) else colors.note
        return wrapped(Content(told(promise, self.now)).stylize(style), width)

    def _when(self, at: Millis) -> str:
        far = abs(self.now - at) > clock.DAY
        return f"{clock.local(at, '%d %b %Y %H:%M' if far else '%H:%M')} ({clock.age(self.now - at)})"

    def _post(self, post: PostRow, colors: Palette, width: int) -> list[Content]:
        whose = colors.reply if post.ours else colors.strong
        marks = [post.kind] if post.kind in ("quote", "dm", "repost") else []
        marks += ["edited"] if post.versions else []
        marks += ["deleted on the network"] if post.deleted else []
        marks += [] if post.reply_allowed else ["replies not allowed"]
        sign = f"{self.glyphs.reply} " if post.ours else ""
        head = Content.assemble(
            (f"{self._when(post.created_at)} ", colors.quiet),
            (sign + "@" + text.line(post.handle), whose),
            ("".join(f" · {mark}" for mark in marks), colors.late),
        )
        body = text.clean(post.text[:POST_CHARACTERS]) + ("…" if len(post.text) > POST_CHARACTERS else "")
        lines = [head, *wrapped(Content(body).stylize(colors.quiet if post.deleted else Style()), width, INDENT)]
        for medium in post.media:
            said = Content(medium_in_words(medium.get("type"), medium.get("alt"))).stylize(colors.quiet)
            lines += wrapped(said, width, INDENT)
            if link := media_link(medium.get("url")):
                lines += wrapped(Content(text.fit(link, width - INDENT).rstrip()).stylize(colors.quiet), width, INDENT)
        return lines

    def _reposts(self, folded: list[PostRow], colors: Palette, width: int) -> list[Content]:
        names = ", ".join(f"@{text.line(p.handle)} {clock.age(self.now - p.created_at)}" for p in folded[-5:])
        times = "once" if len(folded) == 1 else f"{len(folded)} times"
        return wrapped(Content(f"{self.glyphs.repost} reposted {times}: {names}").stylize(colors.resurfaced), width)

    def _note(self, note: NoteRow, colors: Palette, width: int) -> list[Content]:
        head = Content(f"{self._when(note.created_at)} {self.glyphs.note} note by {text.line(note.agent)}").stylize(
            colors.note
        )
        return [head, *wrapped(Content(text.clean(note.text)).stylize(colors.note), width, INDENT)]

    def _reply(self, reply: ReplyRow, colors: Palette, width: int) -> list[Content]:
        stuck = reply.state in ("failed", "unknown") or reply.braked_at is not None
        kind = "private reply" if reply.private else "reply"
        part = f" {reply.part}/{reply.parts}" if reply.parts > 1 else ""
        head = Content(
            f"{self.glyphs.reply} {kind}{part} by {text.line(reply.agent)} {self.glyphs.separator} "
            f"{delivery.told(reply, clock.now())}"
        ).stylize(colors.danger if stuck else colors.reply)
        made_of = composition(reply.composition)
        beside = [Content(one).stylize(colors.quiet) for one in whole(made_of, self.now)] if reply.part == 1 else []
        body = (Content(text.clean(reply.text)), *beside)
        return [*wrapped(head, width), *(line for one in body for line in wrapped(one, width, INDENT))]

    def _found(self, found: "LookedUp", colors: Palette, width: int) -> list[Content]:
        """A look-up, when it was and how long it took, and what it said."""
        from tui import private

        code = text.line(private.mask(found.code))
        took = f"{found.took / clock.SECOND:.1f} s"
        head = Content.assemble(
            (f"{self._when(found.at)} ", colors.quiet),
            (f"look-up {text.line(found.name)} {code}", colors.strong),
            (f" {self.glyphs.separator} {took}", colors.quiet),
        )
        said = text.clean(found.text[:POST_CHARACTERS]) + ("…" if len(found.text) > POST_CHARACTERS else "")
        lines = [*wrapped(head, width), *(wrapped(Content(said), width, INDENT) if said else [])]
        if found.problem:
            lines += wrapped(Content(text.line(found.problem)).stylize(colors.danger), width, INDENT)
        elif not said:
            lines += wrapped(Content("It said nothing.").stylize(colors.quiet), width, INDENT)
        return lines
