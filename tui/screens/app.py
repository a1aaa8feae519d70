"""The desk as an app: it holds the state, on the loop, and passes keys on.

One way: key -> action -> desk (in a thread) -> event -> message -> pane.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.text import Text
from textual import events, on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer

from tui import actions, clock, text
from tui.clock import SECOND, Millis
from tui.config import DRAFT_CHARACTERS, Config, config_folder, state_folder
from tui.desk import delivery
from tui.desk.queue import Entry, entry
from tui.errors import OutOfReach, ShiftdeskError
from tui.screens import themes
from tui.screens.behind import Behind
from tui.screens.braking import Braking
from tui.screens.capturing import Capturing
from tui.screens.company import Company, Present
from tui.screens.composer import Composer
from tui.screens.desk import Desk
from tui.screens.dialogs import Choice, EndShift, Option
from tui.screens.editing import Editing
from tui.screens.extras import Extras
from tui.screens.filling import Filling
from tui.screens.glyphs import glyphs
from tui.screens.handling import Handling
from tui.screens.inbox import Inbox
from tui.screens.library import Shelving
from tui.screens.looking import Looking
from tui.screens.lookup import LookingUp
from tui.screens.moving import Moving
from tui.screens.paint import palette
from tui.screens.promising import Promising
from tui.screens.reaching import ASKING, REFUSED, Reaching
from tui.screens.rows import PAGE_ROWS, Page, RowList
from tui.screens.sending import Sending
from tui.screens.spelling import Spelling
from tui.screens.terminal import CrashLog, DeskDriver, LendsTerminal
from tui.screens.thread import Thread
from tui.screens.tty import end_soon, install_signals, why_no_suspend
from tui.screens.work import Companion, Work
from tui.screens.writing import Writing
from tui.store.reader import SEARCH_LIMIT, VIEWS, EventRow, Key, QueueRow, Reader, ReplyRow
from tui.store.store import Store

if TYPE_CHECKING:
    from types import ModuleType

AHEAD_ROWS = 4
"""How far around the cursor conversations are read ahead."""
AHEAD_PAUSE_S = 0.02
RELOAD_PAUSE_S = 0.15
"""Changes that come closer together than this are shown together (s)."""
MINUTE_S = 60
MESSAGE_S = 8
"""How long a sentence stands in the status line (s)."""
LEAVING_S = 8
"""How long the end of a shift waits for the last replies to leave (s)."""

FROM_THE_EDITOR = {"explain": "why", "look-up-writing": "look-up", "help-writing": "help", "leave-note": "leave"}
"""Actions that have a key of their own in the editor, and the one they are."""

EMPTY_DESK = [
    "  The desk is empty. Four ways to get posts:",
    "  shiftdesk account add NETWORK HANDLE",
    "      those that reach you on X, Mastodon, Bluesky",
    "  shiftdesk import FILE",
    "      a JSONL or CSV file of posts",
    "  your-script | shiftdesk import -",
    "      JSONL from any script or bridge",
    "  shiftdesk demo",
    "      look around, with a made-up feed",
]

Answer = TypeVar("Answer")


class Changed(Message):
    """The desk changed, by others or by us: the events since the last look."""

    def __init__(self, events: Sequence[EventRow]) -> None:
        super().__init__()
        self.events = events


class Lost(Message):
    """The storage is out of reach, as the thread that watches found."""

    def __init__(self, error: OutOfReach) -> None:
        super().__init__()
        self.error = error


class DeskApp(LendsTerminal[int], CrashLog[int]):
    """shiftdesk on the screen."""

    TITLE = "shiftdesk"
    CSS_PATH = "desk.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "app.do('end-shift')", show=False, priority=True),
        Binding("ctrl+c", "app.copy_selection", show=False, priority=True),
    ]

    def __init__(self, store: Store, config: Config, agent: str, *, outlet: str = "") -> None:
        super().__init__(driver_class=DeskDriver, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.store = store
        self.config = config
        self.agent = agent
        self.outlet = outlet
        """Where replies go, in words."""
        self.crash_folder = state_folder()
        self.signs = glyphs(getattr(sys.__stdout__, "encoding", None))
        self.actions, self.problems = actions.remapped(config.keys)
        self.by_id = actions.by_id(self.actions)
        self.work, self.reaching = Work(store), Reaching(self)
        self.work.lost = self.reaching.lost
        self.jobs: Any = None
        """The module `tui.screens.jobs`, once it is loaded behind the first paint."""
        self.looking, self.handling, self.writing = Looking(self), Handling(self), Writing(self)
        self.filling, self.sending, self.editing = Filling(self), Sending(self), Editing(self)
        self.spelling, self.inbox, self.shelving = Spelling(self), Inbox(self), Shelving(self)
        self.looking_up, self.capturing, self.behind = LookingUp(self), Capturing(self), Behind(self)
        self.extras, self.promising, self.braking = Extras(self), Promising(self), Braking(self)
        self.moving, self.company = Moving(self), Company(self)
        self.rooms: tuple[object, ...] = (
            self.looking_up,
            self.capturing,
            self.spelling,
            self.looking,
            self.handling,
            self.writing,
            self.editing,
            self.shelving,
            self.inbox,
            self.filling,
            self.sending,
            self.extras,
            self.promising,
            self.braking,
            self.moving,
            self.company,
        )
        """Where the actions of the table are, by their names."""
        self.held: list[ReplyRow] = []
        self.is_off = False
        """Whether an admin took this agent off the desk."""
        self.summary: dict[str, Any] | None = None
        self.shown_at = clock.now()
        """What ages on screen are counted to: it moves once a minute, so that nothing flickers."""
        self._painted = False
        self._loaded = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._message: tuple[float, Content] | None = None
        self._countdown: Timer | None = None
        self._wanted: int | None = None
        self._reading_thread = asyncio.Lock()
        self._acting = asyncio.Lock()
        self._asked_count = 0
        self._reload_due = False
        self._ahead: dict[int, Thread] = {}
        self._ahead_timer: Timer | None = None
        self._generation = 0
        self._load_themes()

    # -- start ------------------------------------------------------------------------------------

    def prepare(self, companion: Callable[[], Companion] | None) -> None:
        """Read what the first paint shows, before the terminal is touched."""
        reader = self.store.reader()
        now = clock.now()
        feed = self._page(reader, "waiting", None, "", now)
        mine = self._page(reader, "mine", None, "", now)
        thread = self._thread(reader, feed.entries[0].row.id) if feed.entries else None
        self._first = feed, mine, thread
        self._last_event = reader.last_event()
        self._knows_posts = bool(reader.count("all", agent=self.agent, now=now))
        self._logins = [text.line(f"      {row.network}:{row.handle}") for row in reader.logins()]
        self._companion = companion
        self.reaching.find()
        reader.close()

    def _load_themes(self) -> None:
        records, problems = themes.load([themes.shipped_folder(), config_folder() / "themes"])
        for record in records:
            self.register_theme(themes.textual_theme(record))
        wanted = themes.choose(self.config.desk.theme, os.environ)
        self.theme, problem = themes.find(wanted, self.available_themes)
        self.problems += problems + ([problem] if problem else [])

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return themes.semantic_colors(self.current_theme)

    def get_default_screen(self) -> Screen[None]:
        """The panes are the first screen."""
        self.desk = Desk(self.signs, self.actions, nothing=self._nothing, chosen=self._chosen, edited=self._edited)
        self.desk.composer.marks = self.spelling.columns
        self.desk.composer.locked = lambda: self.writing.made_of.locked
        return self.desk

    def _nothing(self) -> list[str]:
        """What an empty feed says: how posts get in, or that all is done."""
        if self.desk.feed.search:
            return ["  Nothing has these words. / and enter shows everything again."]
        if self._knows_posts:
            return ["  Nothing waits here."]
        return ["  No post has come in yet.", "  Read by a worker:", *self._logins] if self._logins else EMPTY_DESK

    def on_mount(self) -> None:
        """Paint what was read, then load the rest off the loop."""
        install_signals(self, self._last_words)
        feed, mine, thread = self._first
        self.desk.composer.read_only = True
        self.desk.lay_out(self.size.width)
        self.desk.feed.show(feed)
        self.desk.claimed.show(mine)
        self._show_thread(thread)
        for sentence in self.problems:
            self.say(sentence, bad=True)
        self._show_status()

    def post_display_hook(self) -> None:
        """The first paint is out: load the rest behind it."""
        if not self._painted:
            self._painted = True
            self.call_later(lambda: self.spawn(self._load()))

    async def _load(self) -> None:
        """SQLModel, Liquid and rapidfuzz, the shift, and the threads beside the loop."""
        self.jobs = await self.work.load(_jobs)
        self._loaded.set()
        await self._arrive()
        self.work.beside = self.company.ear.look
        self.work.watch(self._last_event, self._tell, self._lose)
        if self._companion:
            self.work.accompany(self._companion, self._stumbled)
        self.set_interval(MINUTE_S, self._minute)
        await self.filling.restock()
        await self._load_held()
        await self._count_notes()
        await self._look_behind()
        await self.company.go_on()

    async def _arrive(self) -> None:
        """The agent is on shift; a storage that is out of reach is tried again."""
        lease = self.config.desk.lease
        while True:
            try:
                await self.work.change(
                    lambda session: self.jobs.arrive(session, agent=self.agent, now=clock.now(), lease=lease)
                )
                await self.company.arrive()
                await self.reaching.take_back()
            except OutOfReach as error:
                self.say(text.line(str(error)), bad=True)
                await self.reaching.back.wait()
            else:
                return

    async def loaded(self) -> None:
        """Wait until the rest is loaded behind the first paint."""
        await self._loaded.wait()

    async def catch_up(self) -> None:
        """Read everything that may have changed while nothing could be read. Raises OutOfReach."""
        await self.refresh_all()
        await self._count_notes()
        await self._look_behind()
        if self.filling.index is None:
            await self.filling.restock()

    async def on_event(self, event: events.Event) -> None:
        """A key or the mouse: the agent is there."""
        if isinstance(event, events.InputEvent):
            self.company.pulse.stir()
        await super().on_event(event)

    def spawn(self, coroutine: Coroutine[Any, Any, None], *, waits: bool = False) -> None:
        """Run beside the message loop; what it refuses is said in the status line. `waits`: for the storage."""
        task = asyncio.create_task(self._guarded(coroutine))
        tasks = self._waiting if waits else self._tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except OutOfReach as error:
            if not self.reaching.is_out:  # otherwise its line says so
                self.say(text.line(str(error)), bad=True)
        except ShiftdeskError as error:
            self.say(text.line(str(error)), bad=True)
        except Exception as error:
            self._handle_exception(error)

    async def ask(self, dialog: ModalScreen[Answer]) -> Answer | None:
        """Open a dialog and wait for its answer."""
        self._asked_count += 1
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.push_screen(dialog, answer.set_result)
        return await answer

    # -- reading ----------------------------------------------------------------------------------

    @property
    def thread(self) -> Thread | None:
        """The conversation on screen."""
        return self.desk.conversation.thread

    def _page(self, reader: Reader, view: str, start: Key | None, search: str, now: Millis) -> Page:
        read = partial(reader.page, view, agent=self.agent, now=now, limit=PAGE_ROWS + 1, search=search)
        if search:  # what is found is little, and read whole
            rows = read(limit=SEARCH_LIMIT)
            return Page(self._entries(rows), 0, len(rows), more=False)
        rows = read(start=start)
        if start is not None and not rows:
            start, rows = None, read()
        before = reader.count(view, agent=self.agent, now=now, before=start) if start else 0
        total = reader.count(view, agent=self.agent, now=now)
        return Page(self._entries(rows[:PAGE_ROWS]), before, total, len(rows) > PAGE_ROWS)

    async def page(self, view: str, start: Key) -> Page:
        """A page of a view from a place in it."""
        return await self.work.read(partial(self._page, view=view, start=start, search="", now=clock.now()))

    def _entries(self, rows: Iterable[QueueRow]) -> tuple[Entry, ...]:
        return tuple(entry(row, self.config, self.shown_at) for row in rows)

    def last_page(self, reader: Reader, view: str) -> Page:
        """The last rows of a view; what a filter found is all in the window already."""
        now, far = clock.now(), -(2**62) if VIEWS[view].descending else 2**62
        rows = reader.page(view, agent=self.agent, now=now, limit=PAGE_ROWS, start=Key(far, far), backwards=True)
        total = reader.count(view, agent=self.agent, now=now)
        return Page(self._entries(rows), max(total - len(rows), 0), total, more=False)

    def _thread(self, reader: Reader, conversation_id: int) -> Thread | None:
        row = reader.conversation(conversation_id, agent=self.agent, now=clock.now())
        if row is None:
            return None
        posts = reader.posts(conversation_id)
        return Thread(
            entry=entry(row, self.config, self.shown_at),
            above=tuple(reader.ancestors(posts[0])) if posts else (),
            posts=tuple(posts),
            notes=tuple(reader.notes(conversation_id)),
            replies=tuple(reader.replies(conversation_id)),
            draft=reader.draft(conversation_id),
            incident=reader.incident(row.incident_id) if row.incident_id else None,
            promises=tuple(reader.promises(conversation_id)),
            limits=reader.server_limits(row.network),
        )

    async def reload(self, rows: RowList) -> None:
        """Read a list again from its first visible row on; once more where it has moved on meanwhile."""
        page = place = None
        while page is None or place != rows.place:
            start, view, search = place = rows.place
            page = await self.work.read(partial(self._page, view=view, start=start, search=search, now=clock.now()))
        rows.show(page)

    @on(RowList.Wanted)
    def _extend(self, message: RowList.Wanted) -> None:
        self.spawn(self._extended(message.rows, message.backwards))

    async def _extended(self, rows: RowList, backwards: bool) -> None:
        view, search, now, edge = rows.view, rows.search, clock.now(), rows.edge(backwards)
        if edge is None:
            return
        found = await self.work.read(
            lambda reader: reader.page(
                view, agent=self.agent, now=now, limit=PAGE_ROWS + 1, start=edge, backwards=backwards, search=search
            )
        )
        more = len(found) > PAGE_ROWS
        # Going down, the edge itself comes first, unless it has left the view meanwhile.
        beyond = found[-PAGE_ROWS:] if backwards else [row for row in found if row.id != edge.id]
        if (rows.view, rows.search) == (view, search) and rows.edge(backwards) == edge:
            rows.extend(self._entries(beyond), backwards, more)

    def _chosen(self, rows: RowList) -> None:
        """The cursor stands on another conversation: it is shown in the same paint where it was read ahead."""
        if rows is not self.desk.working_list or not self.desk.is_running or self.writing.at_work:
            return
        wanted = rows.selected.row.id if rows.selected else None
        if wanted in self._ahead:
            self._wanted = wanted
            self._show_thread(self._ahead[wanted])
        else:
            self.spawn(self.look_at(wanted))
        if self._ahead_timer is not None:
            self._ahead_timer.stop()
        self._ahead_timer = self.set_timer(AHEAD_PAUSE_S, lambda: self.spawn(self._read_ahead(rows)))

    async def look_at(self, conversation_id: int | None) -> None:
        """Show a conversation; looking never claims. Only the last one asked for is read.

        While a reply is being written, its own conversation stays.
        """
        wanted = self._wanted = self.writing.at_work or conversation_id
        async with self._reading_thread:
            if wanted != self._wanted:
                return
            found = await self._read_threads([] if wanted is None else [wanted])
            if wanted == self._wanted:
                self._show_thread(found.get(wanted or 0))

    async def _read_threads(self, wanted: Sequence[int]) -> dict[int, Thread]:
        found = await self.work.read(lambda reader: [self._thread(reader, one) for one in wanted])
        return {thread.entry.row.id: thread for thread in found if thread is not None}

    async def _read_ahead(self, rows: RowList) -> None:
        """The neighbours of the cursor are read before it gets there, so that it never waits for them."""
        near = rows.entries[max(rows.cursor - AHEAD_ROWS, 0) : rows.cursor + AHEAD_ROWS + 1]
        missing = [found.row.id for found in near if found.row.id not in self._ahead]
        generation = self._generation
        found = await self._read_threads(missing)
        if generation == self._generation:
            kept = {found.row.id for found in near}
            self._ahead = {one: thread for one, thread in self._ahead.items() if one in kept} | found

    def forget_ahead(self) -> None:
        """What was read ahead may have changed."""
        self._generation += 1
        self._ahead.clear()

    def _show_thread(self, thread: Thread | None) -> None:
        self.desk.conversation.show(thread, self.shown_at)
        self.writing.show(thread)
        self.company.tell()
        self._show_keys()

    # -- what changes -----------------------------------------------------------------------------

    def _stumbled(self, error: Exception) -> None:
        """From the worker's thread: sending and reading pause, and nothing in the outbox is lost."""
        if isinstance(error, OutOfReach) and self.reaching.is_out:
            return  # its line says so
        why = text.line(str(error))
        if not isinstance(error, OutOfReach):  # its sentence says what to do
            why = f"The worker stumbled ({why[:120]}) and starts again; the outbox is safe."
        self.call_from_thread(self.say, why, bad=True)

    @on(Present)
    def _present(self, message: Present) -> None:
        self.company.heard(message.rows)

    def _lose(self, error: OutOfReach) -> None:
        self.post_message(Lost(error))

    @on(Lost)
    def _lost(self, message: Lost) -> None:
        self.reaching.lost(message.error)

    def _tell(self, found: Sequence[EventRow]) -> None:
        self.post_message(Changed(found))

    @on(Changed)
    def _changed(self, message: Changed) -> None:
        self.forget_ahead()
        for event in message.events:
            self._notice(event)
        if any(map(self.inbox.concerns, message.events)):
            self.spawn(self._count_notes())
        if True in [self.behind.heard(event) for event in message.events]:
            self.spawn(self._look_behind())
        self.filling.heard(message.events)
        if not self._reload_due:
            self._reload_due = True
            self.set_timer(RELOAD_PAUSE_S, lambda: self.spawn(self.refresh_all()))

    def _notice(self, event: EventRow) -> None:
        """Say what concerns this agent at once."""
        data, who = event.data, text.line(event.agent)
        if event.kind == "conversation.opened":
            self._knows_posts = True
        elif event.kind == "claim.taken-over" and data.get("taken_from") == self.agent:
            why = text.line(str(data.get("reason", "")))
            self.handling.lost(event, f"{who} took over conversation {event.conversation_id}: {why}")
        elif event.kind == "claim.lapsed" and data.get("owner") == self.agent:
            silence = clock.age(self.config.desk.lease)
            self.handling.lost(event, f"Conversation {event.conversation_id} went back: no key for {silence}")
        elif event.kind == "action.left-out" and event.agent == self.agent:
            what = {"snooze": "snoozed", "resolve": "resolved"}.get(str(data.get("do")), "changed")
            self.say(f"Conversation {event.conversation_id} was not {what}: {text.line(str(data.get('why', '')))}.")
        elif event.kind == "claim.passed" and data.get("to") == self.agent:
            self.say(f"{who} passed conversation {event.conversation_id} on to you.")
        elif event.kind == "agent.removed" and data.get("name") == self.agent:
            self.is_off = True
            self.exit(return_code=1, message=Text(f"{who} took you off this desk; what you held is back in the queue."))
        elif event.kind == "agent.role" and data.get("name") == self.agent:
            self.say(f"{who} changed your role: you are {text.line(str(data.get('role', '')))} now.")
        elif event.kind in ("brake.on", "brake.off") and event.agent != self.agent:
            handle, why = text.line(str(data.get("account", ""))), text.line(str(data.get("reason", "")))
            stopped = event.kind == "brake.on"
            self.say(f"{who} {f'stopped all sends of {handle}: {why}' if stopped else f'let {handle} go'}", bad=stopped)
        elif event.kind == "reply.returned" and self.agent in (event.agent, data.get("owner")):
            self.say(f"A scheduled reply came back: {text.line(str(data.get('why', '')))}", bad=True)
        elif event.kind == "reply.waits" and event.agent == self.agent:
            self.say(f"A reply of yours waits: {text.line(str(data.get('why', '')))}")
        elif event.kind == "reply.sent" and event.agent == self.agent and data.get("note"):
            self.say(f"Your reply is out: {text.line(str(data['note']))}")
        elif event.kind in ("reply.failed", "reply.unknown") and self.agent in (event.agent, data.get("owner")):
            whose = "A reply of yours" if event.agent == self.agent else f"A reply by {who}"
            became = "came back" if data.get("guard") else {"reply.failed": "has failed"}.get(event.kind, "is unknown")
            self.say(f"{whose} {became}: {text.line(str(data.get('why', '')))}", bad=True)

    async def refresh_all(self) -> None:
        """Read everything on screen again."""
        self._reload_due = False
        self.forget_ahead()
        await self.reload(self.desk.feed)
        await self.reload(self.desk.claimed)
        await self._load_held()
        selected = self.desk.working_list.selected
        await self.look_at(selected.row.id if selected else None)

    async def _load_held(self) -> None:
        outbox, brakes = await self.work.read(lambda reader: (reader.outbox(agent=self.agent), reader.brakes()))
        self.held = [reply for reply in outbox if reply.state == "held" and not reply.scheduled]
        self.braking.show(brakes, outbox)
        self._show_status()
        self._show_keys()

    async def _count_notes(self) -> None:
        await self.inbox.count()
        self._show_status()

    async def _look_behind(self) -> None:
        await self.behind.look()
        self._show_status()

    def _minute(self) -> None:
        """Ages and freshness move on."""
        now = self.shown_at = clock.now()
        self.spawn(self._look_behind())
        self.forget_ahead()
        for rows in (self.desk.feed, self.desk.claimed):
            rows.tick(now, lambda found, at: entry(found.row, self.config, at))
        if self.thread is not None:
            self.spawn(self.look_at(self.thread.entry.row.id))

    # -- status and keys --------------------------------------------------------------------------

    def pass_over_keys(self) -> None:
        """The editor is open: keys that came before meant the list, and the footer is the editor's."""
        self._asked_count += 1
        self._show_keys()

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Show one sentence for a while, an empty one: none; it is cleaned by who puts customers' words into it."""
        colors = palette(self)
        until = asyncio.get_running_loop().time() + MESSAGE_S
        said = Content(sentence).stylize(colors.danger if bad else colors.plain)
        self._message = (until, said) if sentence else None
        self.set_timer(MESSAGE_S + 0.1, self._show_status)
        self._show_status()

    def _show_status(self) -> None:
        now, colors = clock.now(), palette(self)
        self.held = [reply for reply in self.held if reply.due_at > now]
        parts: list[Any] = []
        if self.held:
            newest = self.held[-1]
            seconds = -((now - newest.due_at) // SECOND)
            undo = actions.shown(self.by_id["undo"].keys[0])
            words = f"reply to @{text.line(newest.handle)} leaves in {seconds} s · {undo} undoes"
            parts.append((words, colors.late))
            if self._countdown is None:
                self._countdown = self.set_interval(1, self._show_status)
        elif self._countdown is not None:
            self._countdown.stop()
            self._countdown = None
            self._show_keys()
        if self.company.sign:
            parts += [" · " if parts else "", (self.company.sign, colors.late)]
        if self.braking.sign:
            parts += [" · " if parts else "", (self.braking.sign, colors.danger)]
        if self.braking.later:
            parts += [" · " if parts else "", (self.braking.later, colors.quiet)]
        if self.inbox.sign:
            parts += [" · " if parts else "", (self.inbox.sign, colors.note)]
        if self._message and self._message[0] > asyncio.get_running_loop().time():
            parts += [" · " if parts else "", self._message[1]]
        elif sign := self.behind.fitting(
            self.size.width - Content.assemble(*parts, " · " if parts else "").cell_length
        ):
            parts += [" · " if parts else "", (sign, colors.late)]
        elif not parts:
            parts.append((self.outlet, colors.quiet))
        self.desk.tell(Content.assemble(*parts))

    def _show_keys(self) -> None:
        colors = palette(self)
        places = ("editor",) if self.desk.composer.has_focus else ("list", "desk")
        parts: list[Any] = []
        for action in self.actions:
            fits = action.group in places and (action.group != "editor" or self.desk.composer.mode in action.modes)
            if action.footer and fits and not self.why_not(action):
                parts += [
                    (f" {actions.shown(action.keys[0])} ", colors.reply + colors.strong),
                    (f"{action.label} ", colors.quiet),
                ]
        self.desk.keys.show(Content.assemble(*parts))

    def on_resize(self, event: events.Resize) -> None:
        """Another layout where the width asks for it."""
        self.desk.lay_out(event.size.width)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Another pane has the keys."""
        self.desk.went_to(event.widget)
        if isinstance(event.widget, RowList):
            selected = event.widget.selected
            self.spawn(self.look_at(selected.row.id if selected else None))
        self.writing.title()
        self.spelling.judge_soon()
        if self.screen is self.desk:
            self.company.tell()
        self._show_keys()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Leaving the editor stores the draft."""
        if event.widget is self.desk.composer and self.screen is self.desk:
            self.desk.composer.read_only = True
            self.spawn(self.writing.save())
            self.spawn(self.editing.left())

    # -- actions ----------------------------------------------------------------------------------

    def why_not(self, action: actions.Action) -> str:
        """One sentence when an action is not possible now; empty when it is."""
        row = self.thread.entry.row if self.thread else None
        met = {
            "nothing": True,
            "row": row is not None,
            "mine": row is not None and row.state == "claimed" and row.owner == self.agent,
            "held": bool(self.held) or self.braking.here is not None,
        }
        return "" if met[action.need] else actions.WHY_NOT[action.need]

    def action_do(self, name: str) -> None:
        """Every key and palette entry comes through here; under a dialog nothing does."""
        if isinstance(self.screen, ModalScreen):
            return
        if problem := self.why_not(self.by_id[name]):
            self.say(problem)
        elif name == "suspend":
            if problem := why_no_suspend(os.environ):
                self.say(problem)
            else:
                self.action_suspend_process()
        elif not self.looking.move(name):
            self.spawn(self._do(name, self._asked_count))

    async def _do(self, name: str, asked: int) -> None:
        """One action after the other, each on what the one before left on screen.

        None reaches past a dialog: `asked` is how many had been opened when the key came.
        """
        await self._loaded.wait()
        async with self._acting:
            if asked == self._asked_count and not isinstance(self.screen, ModalScreen):
                try:
                    await self._catch_up(name)
                    await self._act(name)
                except OutOfReach as error:
                    self.say(self.reaching.refusal(error), bad=True)

    async def _catch_up(self, name: str) -> None:
        """Keys can be faster than reading: the conversation under the cursor is the one that is meant."""
        rows = self.screen.focused
        if isinstance(rows, RowList) and rows.selected is not None:
            meant = rows.selected.row.id
            if self.thread is None or self.thread.entry.row.id != meant:
                try:
                    await self.look_at(meant)
                except OutOfReach:
                    if self.by_id[name].need != "nothing":
                        raise

    async def _act(self, name: str) -> None:
        if problem := self.why_not(self.by_id[name]):
            self.say(problem)
            return
        if problem := self._misplaced(name):
            self.say(problem)
            return
        if name in ASKING and self.reaching.is_out:
            self.say(REFUSED, bad=True)
            return
        self.company.worked(name)
        if name == "end-shift":
            await self.leave()
            return
        method = {"pass": "pass_"}.get(name, name.replace("-", "_"))
        for room in self.rooms:
            if (action := getattr(room, method, None)) is not None:
                await action()
                return

    @on(Composer.Asked)
    def _asked(self, message: Composer.Asked) -> None:
        if problem := self._misplaced(message.action):
            self.say(problem)
        else:
            self.spawn(self._do(FROM_THE_EDITOR.get(message.action, message.action), self._asked_count))

    def _misplaced(self, name: str) -> str:
        """One sentence where an action is for something else than what stands in the editor."""
        action, mode = self.by_id[name], self.desk.composer.mode
        if action.group != "editor" or mode in action.modes:
            return ""
        stands, meant = actions.WRITTEN[mode], actions.WRITTEN[action.modes[0]]
        return f"{action.label} is for a {meant}; a {stands} stands in the editor."

    def _edited(self) -> None:
        """An edit, before its paint; what is loaded into the editor comes as a message only."""
        self.spelling.typed()
        self._typed()

    @on(Composer.Changed)
    def _typed(self) -> None:
        (self.writing if self.desk.composer.mode == "reply" else self.editing).typed()
        self.spelling.judge_soon()

    @on(Composer.Locked)
    def _was_locked(self, message: Composer.Locked) -> None:
        words = text.fit(text.line(message.wording), 60)
        self.say(f"“{words}” is to be sent as it is; select all of it to replace it, or leave it.", bad=True)

    @on(Composer.Cut)
    def _was_cut(self) -> None:
        self.say("The paste was longer than a draft may be; it was cut at its end.", bad=True)

    @on(Composer.Shut)
    def _was_shut(self) -> None:
        self.say(self.handling.why_lost, bad=True)

    @on(Composer.Full)
    def _was_full(self) -> None:
        self.say(f"A text has at most {DRAFT_CHARACTERS:,} characters; nothing more was written.", bad=True)

    def action_copy_selection(self) -> None:
        """ctrl+c copies what is selected in the editor, and otherwise does nothing."""
        if self.desk.composer.has_focus and self.desk.composer.selected_text:
            self.copy_to_clipboard(self.desk.composer.selected_text)
            self.say("Copied.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under a dialog the key of the palette is the dialog's."""
        return not (action == "command_palette" and isinstance(self.screen, ModalScreen))

    async def _on_app_blur(self, event: events.AppBlur) -> None:
        """Another window is in front: the pane that had the keys keeps them, and a draft stays open."""
        event.prevent_default()

    async def action_quit(self) -> None:
        """Nothing but the end of the shift ends the app."""
        self.action_do("end-shift")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette has what the table has and is possible now, and our themes."""
        for action in self.actions:
            if action.group != "editor" and not self.why_not(action):
                keys = " ".join(map(actions.shown, action.keys))
                yield SystemCommand(action.label, f"{action.help} ({keys})", partial(self.action_do, action.id))
        for name in sorted(self.available_themes):
            if not name.startswith(("textual-", "ansi-")):
                help_text = "change the colours for this shift"
                yield SystemCommand(f"Theme {name}", help_text, partial(setattr, self, "theme", name))

    # -- the end ----------------------------------------------------------------------------------

    async def leave(self) -> None:
        """End the shift; where that cannot be done, there is still a way out."""
        try:
            await self._end_shift()
        except OutOfReach:
            await self.reaching.leave()
        except ShiftdeskError as error:
            option = Option("leave", "y", "leave without a handoff; what was stored is kept")
            if await self.ask(Choice("The shift cannot be ended", [option], text.line(str(error)))):
                self.exit(return_code=error.exit_code)

    async def _end_shift(self) -> None:
        await self.writing.save()
        await self.editing.save()
        await self.refresh_all()
        mine = await self.work.read(lambda reader: self._page(reader, "mine", None, "", clock.now()))
        claimed = [(e.row.id, f"@{text.line(e.row.handle)}: {text.line(e.row.preview)}") for e in mine.entries]
        now = clock.now()
        named = [
            (delivery.kept(reply, now), f"to @{text.line(reply.handle)}: {text.line(reply.text)}")
            for reply in self.held
        ]
        kept = [(why, words) for why, words in named if why]
        leaving = [words for why, words in named if not why]
        ending = await self.ask(EndShift(claimed, leaving, self.signs, kept))
        if ending is None:
            return
        ids = [reply.id for reply in self.held]
        await self.work.change(partial(self.jobs.settle_held, agent=self.agent, held=ids, recall=ending.recall))
        await self._until_sent()
        lease = self.config.desk.lease
        self.summary = await self.work.change(
            partial(self.jobs.end_shift, agent=self.agent, fates=ending.fates, lease=lease)
        )
        self.exit(0)

    async def _until_sent(self) -> None:
        """The last replies leave while the desk still stands; what takes longer is named in the handoff."""
        for _ in range(LEAVING_S * 10):
            outbox = await self.work.read(lambda reader: reader.outbox(agent=self.agent))
            if self._companion is None or not any(delivery.may_leave_soon(reply, clock.now()) for reply in outbox):
                return
            self.say("The last replies are leaving …")
            await asyncio.sleep(0.1)

    def _last_words(self) -> None:
        """A signal ends the desk: what is written is stored in a plain thread, by a connection of its own."""
        if not self._loaded.is_set():
            return
        try:
            self.reaching.last_words(self.editing.words_outside())
        finally:
            self.company.pulse.drop()


def _jobs() -> "ModuleType":
    from tui.screens import jobs

    return jobs


def run_desk(
    *,
    store: Store,
    config: Config,
    agent: str,
    worker: Callable[[], Companion] | None = None,
    outlet: str = "",
) -> int:
    """Open the desk, and print the handoff when the shift has ended; the exit code. Raises OutOfReach."""
    app = DeskApp(store, config, agent, outlet=outlet)
    app.prepare(worker)
    app.run(mouse=config.desk.mouse)
    code = app.return_code or 0
    if app.reaching.left_in is not None:
        said = "the desk stores it when you open it again"
        sys.stderr.write(f"What could not be stored is in {app.reaching.left_in}; {said}.\n")
    if app.reaching.is_out:
        end_soon(code)
    app.company.pulse.close(orderly=code == 0 or app.is_off)
    if code < 128:
        app.work.close(wait=not app.reaching.is_out)
    if app.summary is not None:
        from tui.desk import handoff

        with suppress(BrokenPipeError):
            sys.stdout.write(handoff.text(app.summary))
            sys.stdout.flush()
    store.close()
    return code
