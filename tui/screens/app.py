"""The desk: panes, actions and what flows between them.

One way: key -> action -> desk (in a thread) -> event -> message -> pane. The app holds the state, on the loop.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui import actions, clock, text
from tui.clock import SECOND, Millis
from tui.config import Config, config_folder, state_folder
from tui.desk.queue import Entry, entry
from tui.errors import OutOfReach, Refused, ShiftdeskError
from tui.screens import themes
from tui.screens.composer import Composer
from tui.screens.dialogs import Choice, Ending, EndShift, Option, Picker, Prompt, Review, Sheet, findings_content
from tui.screens.glyphs import Glyphs, glyphs
from tui.screens.paint import palette, strip
from tui.screens.rows import PAGE_ROWS, Page, RowList
from tui.screens.terminal import ChangedCells, CrashLog, DeskDriver
from tui.screens.thread import Thread, ThreadPane
from tui.screens.tty import install_signals
from tui.screens.work import Companion, Work
from tui.store.reader import EventRow, Key, Reader, ReplyRow
from tui.store.store import Store

if TYPE_CHECKING:
    from types import ModuleType

    from sqlmodel import Session

    from tui.desk.canned.response import Canned
    from tui.desk.canned.search import Index
    from tui.desk.claims import Claim
    from tui.desk.guard import Finding

NARROW_COLUMNS = 100
"""Below this width the panes stand one above the other."""
DRAFT_PAUSE_S = 0.6
"""A draft is stored this long after the last key (s)."""
RELOAD_PAUSE_S = 0.15
"""Changes by others that come closer together than this are shown together (s)."""
RENEW_S = 60
MESSAGE_S = 8

EMPTY_DESK = (
    "The desk is empty. Three ways to get posts:",
    "",
    "  shiftdesk import FILE        a JSONL or CSV file of posts",
    "  … | shiftdesk import -       JSONL from any script or bridge",
    "  shiftdesk demo               look around with a made-up feed",
)


class Changed(Message):
    """Others, or we ourselves, changed the desk: the events since the last look."""

    def __init__(self, events: Sequence[EventRow]) -> None:
        super().__init__()
        self.events = events


class StatusLine(Widget):
    """What just happened, or what is about to."""

    def __init__(self) -> None:
        super().__init__(id="status")
        self.content = Content("")

    def show(self, content: Content) -> None:
        """Replace the line."""
        if content != self.content:
            self.content = content
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        return strip(self.content, self.size.width, self.visual_style)


class KeyBar(StatusLine):
    """The keys that work here and now."""

    def __init__(self) -> None:
        super().__init__()
        self.id = "keys"


class Desk(Screen[None]):
    """The panes."""

    AUTO_FOCUS = "#feed"

    def __init__(self, signs: Glyphs, empty: Callable[[], list[str]]) -> None:
        super().__init__()
        self.feed = RowList("feed", "Feed", "waiting", signs, empty)
        self.claimed = RowList(
            "claimed", "Claimed", "mine", signs, lambda: ["  Nothing is claimed. n takes the next one."]
        )
        self.conversation = ThreadPane(signs)
        self.composer = Composer()
        self.status = StatusLine()
        self.keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lists on one side, the conversation and its reply on the other."""
        with Horizontal(id="panes"):
            with Vertical(id="lists"):
                yield self.feed
                yield self.claimed
            with Vertical(id="work"):
                yield self.conversation
                yield self.composer
        yield self.status
        yield self.keys


class DeskApp(ChangedCells[int], CrashLog[int]):
    """shiftdesk on the screen."""

    TITLE = "shiftdesk"
    CSS_PATH = "desk.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "do('end-shift')", show=False, priority=True),
        Binding("ctrl+c", "copy_selection", show=False, priority=True),
    ]

    def __init__(self, store: Store, config: Config, agent: str, *, notice: str = "", outlet: str = "") -> None:
        super().__init__(driver_class=DeskDriver, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.store = store
        self.config = config
        self.agent = agent
        self.outlet = outlet
        """Where replies go, in words."""
        self.crash_folder = state_folder()
        self.work = Work(store)
        self.signs = glyphs(getattr(sys.__stdout__, "encoding", None))
        self.actions, self.problems = actions.remapped(config.keys)
        self.by_id = actions.by_id(self.actions)
        self.held: list[ReplyRow] = []
        self.index: Index | None = None
        self.canned_used: int | None = None
        self.summary: dict[str, Any] | None = None
        self._notice = notice
        self._message: tuple[float, Content] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._wanted: int | None = None
        self._loading = False
        self._pending_reload = False
        self._epochs: dict[int, int] = {}
        self._draft_of: int | None = None
        self._saved = ""
        self._loaded = asyncio.Event()
        self._first: Callable[[], None] | None = None
        self._companion: Callable[[], Companion] | None = None
        self._last_event = 0
        self._knows_posts = False
        self._canned_rows: list[dict[str, Any]] = []
        self.jobs: Any = None
        self._findings: list[Finding] = []
        self._load_themes()

    # -- start ------------------------------------------------------------------------------------

    def _load_themes(self) -> None:
        records, problems = themes.load([themes.shipped_folder(), config_folder() / "themes"])
        for record in records:
            self.register_theme(themes.textual_theme(record))
        wanted = themes.choose(self.config.desk.theme, os.environ)
        found, problem = themes.find(wanted, self.available_themes)
        self.theme = found
        self.problems += problems + ([problem] if problem else [])

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return themes.semantic_colors(self.current_theme)

    def get_default_screen(self) -> Screen[None]:
        """The panes are the first screen."""
        self.desk = Desk(self.signs, self._empty)
        self.desk.composer.bind_keys(self.actions)
        for action in self.actions:
            if action.group != "editor":
                for key in action.keys:
                    self.desk._bindings.key_to_bindings.setdefault(key, []).append(
                        Binding(key, f"do('{action.id}')", action.label, show=False)
                    )
        return self.desk

    def prepare(self, companion: Callable[[], Companion] | None) -> None:
        """Read what the first paint shows, before the terminal is touched."""
        reader = self.store.reader()
        now = clock.now()
        feed = self._page(reader, "waiting", None, "", now)
        mine = self._page(reader, "mine", None, "", now)
        self._last_event = reader.last_event()
        self._knows_posts = bool(reader.count("all", agent=self.agent, now=now))
        thread = self._thread(reader, feed.entries[0].row.id, now) if feed.entries else None
        reader.close()
        self._companion = companion
        self._first = partial(self._show_first, feed, mine, thread)

    def _show_first(self, feed: Page, mine: Page, thread: Thread | None) -> None:
        self.desk.feed.show(feed)
        self.desk.claimed.show(mine)
        self._show_thread(thread)

    def on_mount(self) -> None:
        """Paint what was read, then load the rest off the loop."""
        install_signals(self, self._last_words)
        if self._first:
            self._first()
        self.desk.composer.read_only = True
        self._lay_out(self.size.width)
        self._show_keys()
        for sentence in (*self.problems, self._notice):
            if sentence:
                self.say(sentence)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.spawn(self._load())
        self.set_interval(60, self._minute)
        self.set_interval(RENEW_S, self._renew)

    async def _load(self) -> None:
        self.jobs = await self.work.load(_load_jobs)
        self._canned_rows = await self.work.read(lambda reader: reader.canned())
        self.index = await self.work.load(partial(self.jobs.index, self._canned_rows))
        now = clock.now()
        await self.change(partial(self.jobs.arrive, agent=self.agent, now=now, lease=self.config.desk.lease))
        self.work.watch(self._last_event, self._tell)
        if self._companion:
            self.work.accompany(self._companion)
        await self._load_held()
        self._loaded.set()

    def _tell(self, found: Sequence[EventRow]) -> None:
        self.post_message(Changed(found))

    def _empty(self) -> list[str]:
        """What an empty feed says: how posts get in, or that all is done."""
        feed = self.desk.feed
        if feed.search:
            return ["  Nothing has these words. / and enter shows everything again."]
        if feed.view != "waiting" or self._knows_posts:
            return ["  Nothing waits here."]
        return [*EMPTY_DESK]

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the message loop; what it refuses is said in the status line."""
        task = asyncio.create_task(self._guarded(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except ShiftdeskError as error:
            self.say(str(error), bad=True)
        except Exception as error:
            self._handle_exception(error)

    async def change(self, job: "Callable[[Session], Any]") -> Any:
        """One transaction in the thread that changes things."""
        return await self.work.change(job)

    # -- reading ----------------------------------------------------------------------------------

    def _page(self, reader: Reader, view: str, start: Key | None, search: str, now: Millis) -> Page:
        rows = reader.page(view, agent=self.agent, now=now, limit=PAGE_ROWS + 1, start=start, search=search)
        if start is not None and not rows:
            start = None
            rows = reader.page(view, agent=self.agent, now=now, limit=PAGE_ROWS + 1, search=search)
        before = reader.count(view, agent=self.agent, now=now, before=start) if start and not search else 0
        total = len(rows) if search else reader.count(view, agent=self.agent, now=now)
        found = tuple(entry(row, self.config, now) for row in rows[:PAGE_ROWS])
        return Page(found, before, total, len(rows) > PAGE_ROWS)

    def _thread(self, reader: Reader, conversation_id: int, now: Millis) -> Thread | None:
        row = reader.conversation(conversation_id)
        if row is None:
            return None
        posts = reader.posts(conversation_id)
        return Thread(
            entry=entry(row, self.config, now),
            above=tuple(reader.ancestors(posts[0])) if posts else (),
            posts=tuple(posts),
            notes=tuple(reader.notes(conversation_id)),
            replies=tuple(reader.replies(conversation_id)),
            draft=reader.draft(conversation_id),
        )

    async def _reload(self, rows: RowList) -> None:
        start, view, search = rows.first_key, rows.view, rows.search
        page = await self.work.read(lambda reader: self._page(reader, view, start, search, clock.now()))
        if (rows.view, rows.search) == (view, search):
            rows.show(page)

    @on(RowList.Wanted)
    def _extend(self, message: RowList.Wanted) -> None:
        self.spawn(self._extended(message.rows, message.backwards))

    async def _extended(self, rows: RowList, backwards: bool) -> None:
        if not rows.entries:
            return
        edge = rows.entries[0 if backwards else -1]
        view, now = rows.view, clock.now()
        job = partial(
            self.jobs.beyond, view=view, agent=self.agent, now=now, edge=edge, backwards=backwards, search=rows.search
        )
        found = await self.work.read(job)
        entries = [entry(row, self.config, now) for row in found[:PAGE_ROWS]]
        if rows.view == view:
            rows.extend(entries, backwards, len(found) >= PAGE_ROWS)

    @on(RowList.Highlighted)
    def _highlighted(self, message: RowList.Highlighted) -> None:
        if message.rows.has_focus or message.rows is self._list:
            self.look_at(message.entry.row.id if message.entry else None)

    def look_at(self, conversation_id: int | None) -> None:
        """Show a conversation; looking never claims and tells nobody."""
        self._wanted = conversation_id
        if not self._loading:
            self._loading = True
            self.spawn(self._look())

    async def _look(self) -> None:
        try:
            while True:
                wanted = self._wanted
                thread = None
                if wanted is not None:
                    thread = await self.work.read(partial(self._thread, conversation_id=wanted, now=clock.now()))
                if wanted == self._wanted:
                    self._show_thread(thread)
                    return
        finally:
            self._loading = False

    def _show_thread(self, thread: Thread | None) -> None:
        self.desk.conversation.show(thread, clock.now())
        composer = self.desk.composer
        writing = composer.has_focus
        row = thread.entry.row if thread else None
        if row and row.state == "claimed" and row.owner == self.agent:
            self._epochs[row.id] = row.epoch
        if not writing:
            draft = thread.draft if thread else None
            self._draft_of = row.id if row else None
            self._saved = draft.text if draft else ""
            self.canned_used = draft.canned_id if draft else None
            composer.load(self._saved, draft.cursor if draft else 0)
        self._title_reply(thread)
        self._show_keys()

    def _title_reply(self, thread: Thread | None) -> None:
        composer = self.desk.composer
        row = thread.entry.row if thread else None
        if composer.has_focus and row is not None:
            title = f"Reply to @{text.line(row.handle)} from {text.line(row.account or 'no account')}"
        else:
            title = "Reply"
        if str(composer.border_title) != title:
            composer.border_title = Content(title)

    @property
    def thread(self) -> Thread | None:
        """The conversation on screen."""
        return self.desk.conversation.thread

    @property
    def _list(self) -> RowList:
        """The list the agent last worked in."""
        return self.desk.claimed if self._in_claimed else self.desk.feed

    _in_claimed = False

    # -- what others change -----------------------------------------------------------------------

    @on(Changed)
    def _changed(self, message: Changed) -> None:
        for event in message.events:
            self._notice_event(event)
            self._knows_posts = self._knows_posts or event.kind == "conversation.opened"
        if not self._pending_reload:
            self._pending_reload = True
            self.set_timer(RELOAD_PAUSE_S, lambda: self.spawn(self._refresh_all()))

    def _notice_event(self, event: EventRow) -> None:
        """Say what concerns this agent at once."""
        data = event.data
        if event.kind == "claim.taken-over" and data.get("taken_from") == self.agent:
            who, why = text.line(event.agent), text.line(str(data.get("reason", "")))
            self.say(f"{who} took over conversation {event.conversation_id}: {why}", bad=True)
        elif event.kind == "claim.passed" and data.get("to") == self.agent:
            self.say(f"{text.line(event.agent)} passed conversation {event.conversation_id} on to you.")
        elif event.kind in ("reply.failed", "reply.unknown") and event.agent == self.agent:
            self.say(f"A reply of yours is {event.kind[6:]}: {text.line(str(data.get('why', '')))}", bad=True)

    async def _refresh_all(self) -> None:
        self._pending_reload = False
        await self._reload(self.desk.feed)
        await self._reload(self.desk.claimed)
        await self._load_held()
        if self.thread is not None:
            self.look_at(self.thread.entry.row.id)

    async def _load_held(self) -> None:
        now = clock.now()
        found = await self.work.read(lambda reader: reader.outbox(agent=self.agent))
        self.held = [reply for reply in found if reply.state == "held" and reply.due_at > now]
        self._show_status()

    # -- status, keys, time -----------------------------------------------------------------------

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Show one sentence for a while."""
        colors = palette(self)
        content = Content(sentence).stylize(colors.danger if bad else colors.plain)
        self._message = (asyncio.get_running_loop().time() + MESSAGE_S, content)
        self.set_timer(MESSAGE_S + 0.1, self._show_status)
        self._show_status()

    def _show_status(self) -> None:
        now, colors = clock.now(), palette(self)
        parts: list[Any] = []
        self.held = [reply for reply in self.held if reply.due_at > now]
        if self.held:
            newest = self.held[-1]
            left = (newest.due_at - now + SECOND - 1) // SECOND
            undo = actions.shown(self.by_id["undo"].keys[0])
            parts.append((f"reply to @{text.line(newest.handle)} leaves in {left} s · {undo} undoes", colors.late))
            self.set_timer(1, self._show_status, name="countdown") if not self._counting() else None
        if self._message and self._message[0] > asyncio.get_running_loop().time():
            parts += [" · " if parts else "", self._message[1]]
        elif not parts and self.outlet:
            parts.append((self.outlet, colors.quiet))
        self.desk.status.show(Content.assemble(*parts))

    def _counting(self) -> bool:
        return any(timer.name == "countdown" and timer._task and not timer._task.done() for timer in self._timers)

    def _show_keys(self) -> None:
        colors = palette(self)
        place = "editor" if self.desk.composer.has_focus else "list"
        parts: list[Any] = []
        for action in self.actions:
            if action.footer and action.group in (place, "desk") and not self.why_not(action):
                if place == "editor" and action.group == "desk":
                    continue
                shown = actions.shown(action.keys[0])
                parts += [(f" {shown} ", colors.reply + colors.strong), (f"{action.label} ", colors.quiet)]
        self.desk.keys.show(Content.assemble(*parts))

    def _minute(self) -> None:
        now = clock.now()
        again = partial(_again, config=self.config)
        self.desk.feed.tick(now, again)
        self.desk.claimed.tick(now, again)
        if self.thread is not None:
            self.look_at(self.thread.entry.row.id)

    def _renew(self) -> None:
        if self.desk.claimed.entries:
            self.spawn(self.change(partial(self.jobs.renew, agent=self.agent, lease=self.config.desk.lease)))

    def on_resize(self, event: events.Resize) -> None:
        """Another layout below NARROW_COLUMNS."""
        self._lay_out(event.size.width)

    def _lay_out(self, columns: int) -> None:
        self.desk.set_class(columns < NARROW_COLUMNS, "-narrow")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane that has the keys."""
        if isinstance(event.widget, RowList):
            self._in_claimed = event.widget is self.desk.claimed
            if event.widget.selected:
                self.look_at(event.widget.selected.row.id)
        for pane in ("feed", "claimed", "conversation", "reply"):
            self.desk.set_class(event.widget.id == pane, f"-in-{pane}")
        self._title_reply(self.thread)
        self._show_keys()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Leaving the editor stores the draft."""
        if event.widget is self.desk.composer:
            self.desk.composer.read_only = True
            self.spawn(self._save_draft())

    # -- actions ----------------------------------------------------------------------------------

    def why_not(self, action: actions.Action) -> str:
        """One sentence when an action is not possible now; empty when it is."""
        row = self.thread.entry.row if self.thread else None
        met = {
            "nothing": True,
            "row": row is not None,
            "mine": row is not None and row.state == "claimed" and row.owner == self.agent,
            "held": bool(self.held),
            "shift": True,
        }
        return "" if met[action.need] else actions.WHY_NOT[action.need]

    def action_do(self, name: str) -> None:
        """Every key and palette entry comes through here."""
        action = self.by_id[name]
        if isinstance(self.screen, (Prompt, Choice, Sheet, Review, Picker, EndShift)):
            return
        if problem := self.why_not(action):
            self.say(problem)
            return
        getattr(self, "do_" + name.replace("-", "_"))()

    def action_copy_selection(self) -> None:
        """ctrl+c copies what is selected in the editor, and otherwise does nothing."""
        if self.desk.composer.has_focus and self.desk.composer.selected_text:
            self.copy_to_clipboard(self.desk.composer.selected_text)
            self.say("Copied.")

    async def action_quit(self) -> None:
        """Nothing but the end of the shift ends the app."""
        self.action_do("end-shift")

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """The palette has what the table has, and the themes."""
        for action in self.actions:
            if action.group != "editor" and not self.why_not(action):
                keys = " ".join(actions.shown(key) for key in action.keys)
                yield SystemCommand(action.label, f"{action.help} ({keys})", partial(self.action_do, action.id))
        for name in sorted(self.available_themes):
            if not name.startswith(("textual-", "ansi-")):
                yield SystemCommand(
                    f"Theme {name}", "change the colours for this shift", partial(self._set_theme, name)
                )

    def _set_theme(self, name: str) -> None:
        self.theme = name

    @on(Composer.Asked)
    def _asked(self, message: Composer.Asked) -> None:
        getattr(self, "do_" + message.action.replace("-", "_"))()

    @on(Composer.Cut)
    def _was_cut(self) -> None:
        self.say("The paste was longer than a draft may be; it was cut at its end.", bad=True)

    def do_help(self) -> None:
        place = "editor" if self.desk.composer.has_focus else "list"
        colors = palette(self)
        lines: list[Any] = []
        for group in dict.fromkeys((place, "list", "desk", "editor")):
            lines += [(f"{group}\n", colors.strong)]
            for action in self.actions:
                if action.group == group:
                    keys = " ".join(actions.shown(key) for key in action.keys)
                    lines += [(f"  {keys:<16}", colors.reply), f"{action.label}: {action.help}\n"]
        self.push_screen(Sheet("Keys", Content.assemble(*lines)))

    def do_palette(self) -> None:
        self.action_command_palette()

    def do_next_pane(self) -> None:
        self.screen.focus_next()

    def do_previous_pane(self) -> None:
        self.screen.focus_previous()

    def do_suspend(self) -> None:
        self.action_suspend_process()

    # moving

    def _mover(self) -> RowList | ThreadPane:
        return self.desk.conversation if self.desk.conversation.has_focus else self._list

    def do_down(self) -> None:
        self._mover().move(1)

    def do_up(self) -> None:
        self._mover().move(-1)

    def do_half_down(self) -> None:
        self._mover().half_page(1)

    def do_half_up(self) -> None:
        self._mover().half_page(-1)

    def do_top(self) -> None:
        mover = self._mover()
        if isinstance(mover, ThreadPane):
            mover.move(-1_000_000)
        else:
            self.spawn(self._to_top(mover))

    async def _to_top(self, rows: RowList) -> None:
        rows.reset()
        await self._reload(rows)
        self.look_at(rows.selected.row.id if rows.selected else None)

    def do_bottom(self) -> None:
        mover = self._mover()
        if isinstance(mover, ThreadPane):
            mover.move(1_000_000)
        else:
            self.spawn(self._to_bottom(mover))

    async def _to_bottom(self, rows: RowList) -> None:
        if rows.more_below:
            view, now = rows.view, clock.now()
            job = partial(self.jobs.last_page, view=view, agent=self.agent, now=now, search=rows.search)
            found, before = await self.work.read(job)
            rows.reset()
            rows.before = before
            rows.show(Page(tuple(entry(row, self.config, now) for row in found), before, rows.total, False))
        rows.move(1_000_000)

    def do_open(self) -> None:
        self.desk.conversation.focus()

    # claiming

    def do_next(self) -> None:
        self.spawn(self._next())

    async def _next(self) -> None:
        await self._loaded.wait()
        claim = await self.change(partial(self.jobs.claim_next, agent=self.agent, lease=self.config.desk.lease))
        if claim is None:
            self.say("Nothing waits. Well done.")
            return
        await self._after_claim(claim)

    def do_claim(self) -> None:
        self.spawn(self._claim())

    async def _claim(self) -> None:
        await self._loaded.wait()
        if self.thread is not None:
            job = partial(
                self.jobs.claim,
                conversation_id=self.thread.entry.row.id,
                agent=self.agent,
                lease=self.config.desk.lease,
            )
            await self._after_claim(await self.change(job))

    async def _after_claim(self, claim: Any) -> None:
        """Show what was claimed, in the list of claims."""
        self._epochs[claim.conversation_id] = claim.epoch
        await self._reload(self.desk.feed)
        await self._reload(self.desk.claimed)
        for index, found in enumerate(self.desk.claimed.entries):
            if found.row.id == claim.conversation_id:
                self.desk.claimed._go(index)
        self._in_claimed = True
        self.desk.claimed.focus()
        self.look_at(claim.conversation_id)

    def _change_row(self, job: Callable[..., Any], said: str, **values: Any) -> None:
        """One change of the conversation on screen, said in the status line."""
        if self.thread is not None:
            self.spawn(self._changed_row(self.thread.entry.row.id, job, said, values))

    async def _changed_row(
        self, conversation_id: int, job: Callable[..., Any], said: str, values: dict[str, Any]
    ) -> None:
        await self._loaded.wait()
        await self.change(partial(job, conversation_id=conversation_id, agent=self.agent, **values))
        self.say(said)
        await self._refresh_all()

    def _ask(self, title: str, hint: str, then: Callable[[str], None], value: str = "") -> None:
        def answered(answer: str | None) -> None:
            if answer is not None:
                then(answer)

        self.push_screen(Prompt(title, hint, value), answered)

    def do_release(self) -> None:
        self._change_row(self.jobs.release, "Back in the queue, draft included.")

    def do_skip(self) -> None:
        span = self.config.desk.skip
        self._ask(
            "Skip", "Why do you pass over it? (enter skips, esc stays)",
            lambda why: self._change_row(self.jobs.skip, "Skipped; others still see it.", reason=why, span=span),
        )  # fmt: skip

    def do_resolve(self) -> None:
        lease = self.config.desk.lease
        self._ask(
            "Resolve", "Why is it resolved? (enter resolves, esc stays)",
            lambda why: self._change_row(self.jobs.resolve, "Resolved.", reason=why, lease=lease),
        )  # fmt: skip

    def do_note(self) -> None:
        self._ask(
            "Note for colleagues (never sent)", "What should they know?",
            lambda words: self._change_row(self.jobs.note, "Note kept.", words=words),
        )  # fmt: skip

    def do_tag(self) -> None:
        tags = ", ".join(self.thread.entry.row.tags) if self.thread else ""
        self._ask(
            "Tags", "Words, separated by commas",
            lambda words: self._change_row(self.jobs.tag, "Tagged.", tags=words.split(",")), tags,
        )  # fmt: skip

    def do_snooze(self) -> None:
        def until(words: str) -> None:
            now = clock.now()
            try:
                at = now + clock.span(words) if words[:1].isdigit() and "-" not in words else clock.parse(words)
            except ValueError as error:
                self.say(str(error), bad=True)
                return
            said = f"Snoozed until {clock.local(at, '%d %b %H:%M')}."
            self._change_row(self.jobs.snooze, said, until=at, lease=self.config.desk.lease)

        self._ask("Snooze", "How long, or until when? 30m, 2h, 1d, 2026-02-11T09:00Z", until, "2h")

    def do_take(self) -> None:
        lease = self.config.desk.lease
        self._ask(
            "Take over", "Why? The colleague sees your words at once.",
            lambda why: self._change_row(self.jobs.take, "It is yours now, draft included.", reason=why, lease=lease),
        )  # fmt: skip

    def do_pass(self) -> None:
        lease = self.config.desk.lease
        self._ask(
            "Pass on", "To whom? (their name as an agent)",
            lambda name: self._change_row(self.jobs.pass_on, "Passed on, draft included.", to=name.strip(), lease=lease),
        )  # fmt: skip

    # looking

    def do_filter(self) -> None:
        def chosen(words: str) -> None:
            feed = self.desk.feed
            feed.search = words.strip()
            feed.view = "all" if feed.search else "waiting"
            feed.reset()
            self.spawn(self._to_top(feed))

        self._ask("Filter", "Words in the thread; empty shows everything again", chosen, self.desk.feed.search)

    def do_views(self) -> None:
        options = [
            Option("waiting", "1", "waiting      new and reopened, in serving order"),
            Option("mine", "2", "mine         what I have claimed"),
            Option("resurfaced", "3", "resurfaced   old posts that were brought back"),
            Option("all", "4", "all          every conversation, newest first"),
        ]

        def chosen(view: str | None) -> None:
            if view is not None:
                self.desk.feed.view, self.desk.feed.search = view, ""
                self.desk.feed.reset()
                self.desk.feed.focus()
                self.spawn(self._to_top(self.desk.feed))

        self.push_screen(Choice("Views", options), chosen)

    def do_figures(self) -> None:
        self.spawn(self._figures())

    async def _figures(self) -> None:
        now = clock.now()
        words = await self.work.read(partial(self.jobs.report, now=now))
        self.push_screen(Sheet("Response figures, last 7 days", Content(text.clean(words))))

    def do_why(self) -> None:
        self.spawn(self._why())

    async def _why(self) -> None:
        await self._loaded.wait()
        if self.thread is None:
            return
        found, colors = self.thread.entry, palette(self)
        draft = self.desk.composer.text if self._draft_of == found.row.id else ""
        findings = [f for f in await self._examine(found.row.id, draft) if draft.strip() or f.check != "length"]
        lines: list[Any] = [(f"Score {found.score}\n", colors.strong)]
        lines += [f"  {reason['points']:+,}  {text.line(reason['text'])}\n" for reason in found.reasons]
        lines += [(f"\n{found.freshness}: ", colors.strong), f"{found.standing}\n"]
        settings = self.config.account(found.row.network, found.row.account)
        lines.append(f"  old from {settings.horizon_hours} h on, answer due within {settings.target_minutes} min\n")
        lines += [("\nGuard\n", colors.strong), findings_content(findings, colors, self.signs)]
        for finding in findings:
            for name, value in finding.evidence.items():
                lines.append((f"\n  {finding.check} · {name}: {text.line(str(value))}", colors.quiet))
        self.push_screen(Sheet("Why", Content.assemble(*lines)))

    def do_show_link(self) -> None:
        link = self._link()
        self.push_screen(Sheet("Link", Content(text.line(link)))) if link else self.say("This post has no link.")

    def do_copy_link(self) -> None:
        link = self._link()
        if link:
            self.copy_to_clipboard(text.line(link))
        self.say("Link copied." if link else "This post has no link.")

    def _link(self) -> str:
        links = [post.url for post in self.thread.posts if post.url and not post.ours] if self.thread else []
        return links[-1] if links else ""

    # writing

    def do_reply(self) -> None:
        self.spawn(self._write())

    async def _write(self) -> None:
        await self._loaded.wait()
        if self.thread is None:
            return
        row = self.thread.entry.row
        if row.state != "claimed" or row.owner != self.agent:
            claim = partial(self.jobs.claim, conversation_id=row.id, agent=self.agent, lease=self.config.desk.lease)
            await self._after_claim(await self.change(claim))
            self.say("Claimed for you while you write.")
        now = clock.now()
        self._show_thread(await self.work.read(lambda reader: self._thread(reader, row.id, now)))
        self.desk.composer.read_only = False
        self.desk.composer.focus()
        self._count()

    def do_leave(self) -> None:
        self._list.focus()

    def do_next_blank(self) -> None:
        from tui.desk.canned.render import blanks_in

        composer = self.desk.composer
        blanks = blanks_in(composer.text)
        if not blanks:
            self.do_leave()
            return
        at = composer.cursor_index
        found = next((blank for blank in blanks if blank.start >= at), blanks[0])
        composer.select_between(found.start, found.end)

    @on(Composer.Changed)
    def _typed(self, event: Composer.Changed) -> None:
        if self.desk.composer.has_focus:
            self._count()
            for timer in [t for t in self._timers if t.name == "draft"]:
                timer.stop()
            self.set_timer(DRAFT_PAUSE_S, lambda: self.spawn(self._paused()), name="draft")

    async def _paused(self) -> None:
        await self._save_draft()
        if self._draft_of is not None and self.desk.composer.text.strip():
            self._findings = await self._examine(self._draft_of, self.desk.composer.text)
        else:
            self._findings = []
        self._count()

    def _count(self) -> None:
        """The line under the editor: the network's own count, and what the guard would say."""
        from tui.networks.limits import count

        if self.thread is None:
            return
        length = count(self.desk.composer.text, self.thread.entry.row.network)
        words = f"{length.used}/{length.limit}"
        words += "".join(f" {getattr(self.signs, f.verdict)} {f.check}" for f in self._findings if f.verdict != "ok")
        if str(self.desk.composer.border_subtitle or "") != words:
            self.desk.composer.border_subtitle = Content(words)

    async def _save_draft(self) -> None:
        draft_of, words = self._draft_of, self.desk.composer.text
        if draft_of is None or words == self._saved or draft_of not in self._epochs:
            return
        self._saved = words
        cursor = self.desk.composer.cursor_index
        await self.change(
            partial(
                self.jobs.save_draft, held=self._claim_of(draft_of),
                words=words, cursor=cursor, canned_id=self.canned_used,
            )
        )  # fmt: skip

    def _claim_of(self, conversation_id: int) -> "Claim":
        from tui.desk.claims import Claim

        return Claim(conversation_id, self.agent, self._epochs.get(conversation_id, -1))

    async def _examine(self, conversation_id: int, words: str) -> "list[Finding]":
        job = partial(
            self.jobs.examine, conversation_id=conversation_id, words=words, agent=self.agent, config=self.config,
            canned=self._canned(self.canned_used),
        )  # fmt: skip
        return await self.work.read(job)

    def _canned(self, canned_id: int | None) -> "Canned | None":
        from tui.desk.canned.library import response

        return next((response(row) for row in self._canned_rows if row["id"] == canned_id), None)

    def do_canned(self) -> None:
        from tui.desk.canned.context import context
        from tui.desk.canned.render import render
        from tui.desk.canned.search import Fit

        if self.index is None or self.thread is None:
            self.say("The canned responses are still being read; a moment.")
            return
        index, row, now = self.index, self.thread.entry.row, clock.now()
        values = context(row, self.agent, now)
        lang = next((post.lang for post in reversed(self.thread.posts) if post.lang and not post.ours), None)
        fit = Fit(language=lang, network=row.network, tags=tuple(row.tags), now=now)

        def filled(canned: "Canned") -> str:
            try:
                return render(canned.body, values, plain=canned.plain).text
            except Refused as error:
                return str(error)

        def chosen(canned: "Canned | None") -> None:
            self.desk.composer.focus()
            if canned is not None:
                self.canned_used = canned.id
                self.desk.composer.put(filled(canned))

        self.push_screen(
            Picker(lambda query: index.search(query, fit), lambda c: Content(text.clean(filled(c))), self.signs), chosen
        )

    def do_explain(self) -> None:
        self.do_why()

    def do_send(self) -> None:
        self.spawn(self._review())

    async def _review(self) -> None:
        from tui.networks.limits import count

        thread, words = self.thread, self.desk.composer.text.rstrip()
        if thread is None or self._draft_of != thread.entry.row.id:
            return
        await self._save_draft()
        row = thread.entry.row
        findings = await self._examine(row.id, words)
        length = count(words, row.network)
        review = Review(
            words, sender=row.account or "no account", recipient=f"@{row.handle} on {row.network}",
            count=f"{length.used} of {length.limit} {length.unit}", private=row.private,
            findings=findings, glyphs=self.signs,
        )  # fmt: skip
        self.push_screen(review, partial(self._reviewed, row.id, words))

    def _reviewed(self, conversation_id: int, words: str, overrides: Any) -> None:
        if overrides is None:
            self.desk.composer.focus()
        else:
            self.spawn(self._send(conversation_id, words, overrides))

    async def _send(self, conversation_id: int, words: str, overrides: Any) -> None:
        job = partial(
            self.jobs.hold, held=self._claim_of(conversation_id),
            words=words, config=self.config, overrides=overrides, canned_id=self.canned_used,
        )  # fmt: skip
        try:
            await self.change(job)
        except Refused as error:
            await self.change(
                partial(self.jobs.record_stop, error=error, conversation_id=conversation_id, agent=self.agent)
            )
            self.desk.composer.focus()
            raise
        self._saved = ""
        self.canned_used = None
        self._draft_of = None
        self.desk.composer.load_text("")
        self.desk.composer.border_subtitle = Content("")
        self.do_leave()
        await self._load_held()
        await self._refresh_all()

    def do_undo(self) -> None:
        self.spawn(self._undo())

    async def _undo(self) -> None:
        newest = self.held[-1]
        await self.change(partial(self.jobs.recall, reply_id=newest.id, agent=self.agent))
        self.say(f"The reply to @{text.line(newest.handle)} is recalled; its text is the draft again.")
        await self._refresh_all()

    # -- the end ----------------------------------------------------------------------------------

    def do_end_shift(self) -> None:
        self.spawn(self._ask_the_end())

    async def _ask_the_end(self) -> None:
        await self._loaded.wait()
        await self._save_draft()
        await self._reload(self.desk.claimed)
        await self._load_held()
        claimed = [
            (e.row.id, f"@{text.line(e.row.handle)}: {text.line(e.row.preview)[:60]}")
            for e in self.desk.claimed.entries
        ]
        held = [f"to @{text.line(reply.handle)}: {text.line(reply.text)[:50]}" for reply in self.held]
        self.push_screen(EndShift(claimed, held, self.signs), self._ended)

    def _ended(self, ending: Ending | None) -> None:
        if ending is not None:
            self.spawn(self._end(ending))

    async def _end(self, ending: Ending) -> None:
        held = [reply.id for reply in self.held]
        self.summary = await self.change(
            partial(self.jobs.end_shift, agent=self.agent, ending=ending, held=held, lease=self.config.desk.lease)
        )
        self.exit(0)

    def _last_words(self) -> None:
        """A signal ends the desk: the draft is stored by a connection of its own, in a plain thread."""
        draft_of = self._draft_of
        if draft_of is None or draft_of not in self._epochs or self.desk.composer.text == self._saved:
            return
        with self.store.transaction() as session:
            self.jobs.save_draft(
                session, held=self._claim_of(draft_of),
                words=self.desk.composer.text, cursor=0, canned_id=self.canned_used,
            )  # fmt: skip


def _load_jobs() -> "ModuleType":
    """SQLModel, Liquid and rapidfuzz, behind the first paint."""
    from tui.screens import jobs

    return jobs


def _again(found: Entry, now: Millis, config: Config) -> Entry:
    return entry(found.row, config, now)


def run_desk(
    *,
    store: Store,
    config: Config,
    agent: str,
    worker: Callable[[], Companion] | None = None,
    notice: str = "",
    outlet: str = "",
) -> int:
    """Open the desk, and print the handoff when the shift has ended; the exit code."""
    app = DeskApp(store, config, agent, notice=notice, outlet=outlet)
    app.prepare(worker)
    app.run(mouse=config.desk.mouse)
    code = app.return_code or 0
    if code < 128:
        app.work.close()
        if worker is not None:
            _flush(worker)
    if app.summary is not None:
        from tui.desk import handoff

        sys.stdout.write(handoff.text(app.summary))
        sys.stdout.flush()
    store.close()
    return code


def _flush(worker: Callable[[], Companion]) -> None:
    """Replies sent at the last moment do not stay without a sender."""
    last = worker()
    once = getattr(last, "once", None)
    if once is not None:
        try:
            once()
        except OutOfReach as error:
            sys.stderr.write(f"{error}\n")
