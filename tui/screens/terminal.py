"""The one module that touches Textual's driver and internals (read against Textual 8.2.8).

`ChangedCells` paints, `DeskDriver` reads keys, `CrashLog` ends a crash with one sentence:

    class DeskApp(ChangedCells[int], CrashLog[int]):
        def __init__(self) -> None:
            super().__init__(driver_class=DeskDriver)

    app.run(mouse=False)
    sys.exit(app.return_code)

Run with `mouse=False`: otherwise every mouse move is reported and the terminal's own selection is lost.
`copy_to_clipboard` sends OSC 52 as it is; tmux needs `set-clipboard on` for it.
"""

import os
import re
import selectors
import signal
import socket
import sys
import termios
import threading
import time
import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from zlib import crc32

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message
from textual.worker import WorkerFailed

from tui import crash
from tui.screens import tty

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.style import Style
    from textual.screen import Screen
    from textual.strip import Strip

Result = TypeVar("Result")

PASTE_TAIL_SECONDS: Final = 0.25
"""Keys that follow a paste, or several keys in one read, this closely belong to it: pastes come in pieces."""
PASTE_KEYS: Final = 64
"""So many characters in a row in one read are a paste, also where the terminal does not say so."""


# --- painting -------------------------------------------------------------------------------------------


class Pen(NamedTuple):
    """How a cell is drawn: SGR parameters without `ESC[` and `m`, and the address it links to."""

    codes: str = ""
    link: str = ""


PLAIN: Final = Pen()

_OFF: Final = {
    **{"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28"},
    **{"9": "29", "21": "24", "51": "54", "52": "54", "53": "55"},
}
_SHOWS_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "51", "52", "53"})


@lru_cache(4096)
def _parts(codes: str) -> tuple[frozenset[str], str, str]:
    """SGR parameters as (attributes, foreground, background); colours keep all their numbers."""
    attributes, ground = set(), {"3": "", "4": ""}
    tokens = iter(codes.split(";") if codes else ())
    for token in tokens:
        if token in ("38", "48"):
            kind = next(tokens, "")
            numbers = [next(tokens, "") for _ in range(1 if kind == "5" else 3)]
            ground[token[0]] = ";".join((token, kind, *numbers))
        elif token in _OFF:
            attributes.add(token)
        elif len(token) == 2 and token[0] in "34":
            ground[token[0]] = "" if token[1] == "9" else token
        elif token[:1] == "9":
            ground["3"] = token
        elif token[:2] == "10":
            ground["4"] = token
    return frozenset(attributes), ground["3"], ground["4"]


@lru_cache(4096)
def _switch(old: str, new: str) -> str:
    """The shortest SGR sequence that turns `old` parameters into `new` ones."""
    (had, ink, paper), (has, new_ink, new_paper) = _parts(old), _parts(new)
    off = {_OFF[attribute] for attribute in had - has}
    on = {attribute for attribute in has if attribute not in had or _OFF[attribute] in off}
    steps = [*sorted(off), *sorted(on)]
    if ink != new_ink:
        steps.append(new_ink or "39")
    if paper != new_paper:
        steps.append(new_paper or "49")
    step, whole = ";".join(steps), f"0;{new}" if new else ""
    return f"\x1b[{min(step, whole, key=len)}m" if steps else ""


@lru_cache(4096)
def _blank(pen: Pen) -> Pen:
    """What of `pen` is seen on a space: its background, unless a line or reverse shows more."""
    attributes, _, paper = _parts(pen.codes)
    return pen if attributes & _SHOWS_ON_BLANKS or pen.link else Pen(paper)


@lru_cache(4096)
def _under_blank(pen: Pen, current: Pen) -> Pen:
    """The pen nearest to `current` that looks like `pen` on a space."""
    seen = _blank(pen)
    attributes, ink, _ = _parts(current.codes)
    if attributes & _SHOWS_ON_BLANKS or seen.link or current.link or _parts(seen.codes)[0]:
        return seen
    return Pen(";".join(filter(None, (*sorted(attributes), ink, seen.codes))))


@cache
def _erases_in_colour() -> bool:
    """Whether this terminal's erase fills with the current background (terminfo `bce`; GNU screen does not)."""
    try:
        import curses

        curses.setupterm(fd=2)  # stdout is Textual's while it runs
        return bool(curses.tigetflag("bce") > 0)
    except Exception:  # no curses, no terminfo entry: spaces do it too
        return False


_single = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2500-\u25fc\u2800-\u28ff]*").fullmatch
"""Texts of one cell a character, by far the most: Latin, lines and blocks, braille."""


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a terminal draws as one, with its width in cells. Controls are dropped: a cell is never a command."""
    from rich.cells import split_graphemes

    for start, end, width in split_graphemes(text)[0]:
        drawn = "".join(c for c in text[start:end] if unicodedata.category(c) not in ("Cc", "Cs"))
        yield drawn or "\N{REPLACEMENT CHARACTER}" * (width > 0), width


class Row:
    """One line of the screen: the text and the pen of each cell.

    A wide character stands in its first cell, the second holds "". None is a cell of unknown content.
    """

    __slots__ = ("pens", "text")

    def __init__(self, text: list[str | None], pens: list[Pen]) -> None:
        self.text, self.pens = text, pens

    @classmethod
    def unknown(cls, width: int) -> "Row":
        return cls([None] * width, [PLAIN] * width)

    def copy(self) -> "Row":
        return Row(self.text.copy(), self.pens.copy())

    def put(self, x: int, strip: "Strip", console: "Console") -> None:
        """Draw `strip` from column `x`."""
        if self.text[x] == "":
            self.text[x - 1 : x + 1] = "  "  # half a wide character does not stay
        for text, style, control in strip:
            if control:
                continue
            pen = _pen(style, console)
            if _single(text) and x + len(text) <= len(self.text):
                self.text[x : x + len(text)] = text
                self.pens[x : x + len(text)] = [pen] * len(text)
                x += len(text)
            else:
                for cluster, width in _clusters(text):
                    self._put_cluster(x, cluster, width, pen)
                    x += width
        if x < len(self.text) and self.text[x] == "":
            self.text[x] = " "

    def _put_cluster(self, x: int, cluster: str, width: int, pen: Pen) -> None:
        room = len(self.text) - x
        if width == 0 and x > 0 and room >= 0:
            lead = x - 2 if self.text[x - 1] == "" and x > 1 else x - 1
            self.text[lead] = (self.text[lead] or " ") + cluster
        elif width > room:
            self.text[x:] = " " * room
            self.pens[x:] = [pen] * room
        elif width:
            self.text[x : x + width] = [cluster, *[""] * (width - 1)]
            self.pens[x : x + width] = [pen] * width

    def changed(self, old: "Row") -> list[int]:
        """The columns where this row looks different from `old`."""
        if self.text == old.text and self.pens == old.pens:
            return []
        return [
            x
            for x, (new, was) in enumerate(zip(self.text, old.text, strict=True))
            if new != was
            or ((pen := self.pens[x]) != (before := old.pens[x]) and not (new == " " and _blank(pen) == _blank(before)))
        ]


def _pen(style: "Style | None", console: "Console") -> Pen:
    if style is None:
        return PLAIN
    codes = style._ansi
    if codes is None:
        from rich.color import ColorSystem
        from textual.strip import Strip

        codes = Strip.render_ansi(style, console._color_system or ColorSystem.TRUECOLOR)
    return Pen(codes, style._link or "") if codes or style._link else PLAIN


class Brush:
    """Collects the bytes that bring a terminal from one frame to the next."""

    ERASE_INSIDE: Final = 10
    """From this many blank cells on, erasing and moving on is shorter than spaces; at the end of a row, 5."""
    ERASE_AT_END: Final = 5
    GAP: Final = 4
    """Up to this many unchanged cells are drawn again rather than jumped over."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.at: tuple[int, int] | None = None  # None: only the terminal knows
        self.pen = PLAIN

    def move(self, x: int, y: int) -> None:
        if self.at == (x, y):
            return
        steps = [f"\x1b[{y + 1};{x + 1}H"]
        if self.at is not None and self.at[1] == y:
            ahead = x - self.at[0]
            steps.append(f"\x1b[{ahead if ahead > 1 else ''}C" if ahead > 0 else "\b" * -ahead)
        self.out.append(min(steps, key=len))
        self.at = (x, y)

    def use(self, pen: Pen) -> None:
        if pen == self.pen:
            return
        if pen.link != self.pen.link:
            # One id per address: cells of one link drawn at different times stay one link.
            address = "".join(c for c in pen.link if unicodedata.category(c) != "Cc")
            self.out.append(f"\x1b]8;id={crc32(address.encode()):x};{address}\x1b\\" if address else "\x1b]8;;\x1b\\")
        self.out.append(_switch(self.pen.codes, pen.codes))
        self.pen = pen

    def row(self, y: int, row: Row, changed: list[int]) -> None:
        """Draw the `changed` columns of `row`."""
        index, width = 0, len(row.text)
        while index < len(changed):
            x = changed[index]
            blanks = self._blanks(row, changed, index) if row.text[x] == " " else 0
            if blanks >= self.ERASE_INSIDE or (blanks >= self.ERASE_AT_END and index + blanks == len(changed)):
                self.approach(x, y, row)
                self.use(_under_blank(row.pens[x], self.pen))
                self.out.append("\x1b[K" if x + blanks == width else f"\x1b[{blanks}X")
                index += blanks
                continue
            if row.text[x] == "":
                x -= 1  # a wide character changes as a whole
            self.approach(x, y, row)
            self.cell(x, y, row)
            while index < len(changed) and changed[index] <= x + _is_wide(row, x):
                index += 1
            index = self._follow(y, row, changed, index)

    def _follow(self, y: int, row: Row, changed: list[int], index: int) -> int:
        """Draw the changed cells that need neither a move nor another pen; the index after them."""
        if self.at is None:
            return index
        start = x = self.at[0]
        text, pens, last = row.text, row.pens, len(row.text) - 1
        while (
            index < len(changed)
            and changed[index] == x < last
            and pens[x] == self.pen
            and (cell := text[x])
            and cell.isascii()
            and text[x + 1] != ("" if cell != " " else " ")
        ):
            x, index = x + 1, index + 1
        self.out.extend(cell or "" for cell in text[start:x])
        self.at = (x, y)
        return index

    def _blanks(self, row: Row, changed: list[int], index: int) -> int:
        """How many adjacent changed cells from `index` on can be erased instead of drawn."""
        ground = _blank(row.pens[changed[index]])
        if ground.link or _parts(ground.codes)[0] or (ground != PLAIN and not _erases_in_colour()):
            return 0
        end, x = index, changed[index]
        while (
            end < len(changed)
            and changed[end] == x
            and row.text[x] == " "
            and (row.pens[x] == ground or _blank(row.pens[x]) == ground)
        ):
            end, x = end + 1, x + 1
        return end - index

    def approach(self, x: int, y: int, row: Row) -> None:
        """Move to a cell; over a short stretch that the current pen has drawn, by drawing it again."""
        if self.at is not None and self.at[1] == y and 0 < x - self.at[0] <= self.GAP:
            gap = range(self.at[0], x)
            if all(
                (text := row.text[column]) is not None
                and text.isascii()
                and text
                and (row.pens[column] == self.pen or (text == " " and _blank(row.pens[column]) == _blank(self.pen)))
                for column in gap
            ):
                self.out.extend(row.text[column] or "" for column in gap)
                self.at = (x, y)
        self.move(x, y)

    def cell(self, x: int, y: int, row: Row) -> None:
        text = row.text[x] or " "
        pen, after = row.pens[x], x + 1 + _is_wide(row, x)
        if text == " " and not (after < len(row.text) and row.pens[after] == pen != self.pen):
            pen = _under_blank(pen, self.pen)
        self.use(pen)
        self.out.append(text)
        # Terminals disagree on the width of clusters and emoji, and stay in the last column.
        certain = len(text) == 1 and text < "\U0001f000" and after < len(row.text)
        self.at = (after, y) if certain else None

    def finish(self) -> None:
        self.use(PLAIN)


def _is_wide(row: Row, x: int) -> bool:
    """Whether the character in column `x` reaches into the next one."""
    return x + 1 < len(row.text) and row.text[x + 1] == "" and row.text[x] not in ("", " ", None)


class ChangedCells(App[Result]):
    """An app that sends the terminal only the cells that changed.

    Textual sends every region that may have changed, each segment with all its SGR codes. Here the last
    frame is kept, and an update costs 6 to 14 times fewer bytes. Where an internal of Textual is missing,
    Textual's own painting goes on.
    """

    _rows: list[Row] | None = None
    _painted_by: object = None
    _paints_itself = True

    def repaint(self) -> None:
        """Send the whole screen again, whatever the terminal shows now."""
        self._rows = None
        if self._running:
            self.screen.refresh(layout=True)

    async def _on_resize(self, event: events.Resize) -> None:
        # Textual paints what its layout changed, nothing for the size it had. But a terminal that was
        # smaller for a moment has lost cells, and one that is attached again asks for a repaint this way.
        if self._painted_by is not None:
            self.repaint()

    def _display(self, screen: "Screen[Any]", renderable: "RenderableType | None") -> None:
        driver = self._driver
        if isinstance(driver, DeskDriver) and driver.is_lent:
            return None
        if renderable is None or self._batch_count or driver is None or self.is_headless:
            return super()._display(screen, renderable)
        painted = self._paint(renderable) if self._paints_itself and self._running and not self._closed else None
        if painted is None:
            self._rows = None
            return super()._display(screen, renderable)
        if painted:
            from textual._ansi_sequences import SYNC_END, SYNC_START

            driver.write(f"{SYNC_START}{painted}{SYNC_END}" if self._sync_available else painted)
            driver.flush()
        self.post_display_hook()

    def _paint(self, renderable: "RenderableType") -> str | None:
        """What to send for an update ("" when nothing changed), or None to let Textual paint it."""
        try:
            pieces = _pieces(renderable)
            if pieces is None or (self._driver is not None and self._driver.is_inline):
                return None
            return self._difference(pieces)
        except Exception as error:
            self._paints_itself = False
            self.log.error(f"painting is left to Textual: {error!r}")
            return None

    def _difference(self, pieces: "Iterable[tuple[int, int, Strip]]") -> str:
        width, height = self.size
        # Each start of the screen, also after a suspend, has its own writer.
        writer = getattr(self._driver, "_writer_thread", None)
        rows = self._rows
        if rows is None or writer is not self._painted_by or len(rows) != height or len(rows[0].text) != width:
            rows = [Row.unknown(width) for _ in range(height)]
        new: dict[int, Row] = {}
        for x, y, strip in pieces:
            if y < height and x < width:
                if y not in new:
                    new[y] = rows[y].copy()
                new[y].put(x, strip, self.console)
        brush = Brush()
        for y, row in new.items():
            if changed := row.changed(rows[y]):
                brush.row(y, row, changed)
        brush.finish()
        # The cursor is hidden, but input methods open where it stands.
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        if brush.out or cursor != self._previous_cursor_position:
            brush.move(*cursor)
        self._previous_cursor_position = cursor
        for y, row in new.items():
            rows[y] = row
        self._rows, self._painted_by = rows, writer
        return "".join(brush.out)


class LendsTerminal(ChangedCells[Result]):
    """An app that lends its terminal to another program and goes on meanwhile, unseen.

    Textual's `suspend` does not come back when its body raises, and its loop waits for a writer that is gone
    (issue 6692); while its body waits, any paint would do the same.
    """

    @property
    def has_terminal(self) -> bool:
        """Whether there is one to lend."""
        return isinstance(self._driver, DeskDriver)

    def is_terminal_lent(self) -> bool:
        """Whether another program has the terminal at the moment."""
        return bool(getattr(self._driver, "is_lent", False))

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Inside, the terminal is as the shell had it; afterwards it is ours again, however the other has left it."""
        driver = self._driver
        assert isinstance(driver, DeskDriver)
        driver.lend()
        try:
            yield
        finally:
            if self._exit:  # a signal has ended the desk meanwhile: nothing is to be shown any more
                tty.restore()
            else:
                driver.take_back()
                self.repaint()


def _pieces(renderable: "RenderableType") -> "Iterator[tuple[int, int, Strip]] | None":
    """An update of Textual's compositor as (column, line, strip); None for anything else it may paint."""
    from textual._compositor import ChopsUpdate, LayoutUpdate

    if isinstance(renderable, LayoutUpdate):
        return _layout_pieces(renderable)
    if isinstance(renderable, ChopsUpdate):
        return _chops_pieces(renderable)
    return None


def _layout_pieces(update: Any) -> "Iterator[tuple[int, int, Strip]]":
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield x, y, strip
            x += strip.cell_length


def _chops_pieces(update: Any) -> "Iterator[tuple[int, int, Strip]]":
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < stop and end > start:
                yield x, y, strip if end <= stop else strip.crop(0, stop - x)


# --- keys -----------------------------------------------------------------------------------------------


def typed_alone(event: events.Key) -> bool:
    """Whether a person pressed this key by itself: not pasted, not in one read with anything else.

    A key counts as pasted when its read held more than this key (a bracketed paste, other keys, half an
    escape sequence), or when such a read came less than `PASTE_TAIL_SECONDS` before. Keys of tests
    (`pilot.press`) count as typed alone. `event.time` is when the key arrived, in seconds of
    `time.monotonic()`: compare it with the time a dialog opened. A binding's action does not see the
    event; a dialog that cares reads keys in `on_key`.
    """
    return not getattr(event, "in_company", False)


class Arrivals:
    """Tells keys that were typed alone from keys in company, by what each read held and when."""

    def __init__(self) -> None:
        self._until = float("-inf")

    def in_company(self, messages: Sequence[Message], pending: bool, now: float) -> bool:
        """Whether the keys among `messages`, those of one read at `now` (seconds of a monotonic clock), count
        as pasted; `pending` when the read ends inside an escape sequence."""
        crowd = len(messages) + pending > 1 or any(isinstance(message, events.Paste) for message in messages)
        company = crowd or now < self._until
        if company:
            self._until = now + PASTE_TAIL_SECONDS
        return company


def with_pastes(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages of one read; PASTE_KEYS or more characters in a row become one paste.

    As keys, each would be an edit and a paint of its own (10,000 took 17 s), or a command to whatever has the focus.
    """
    run: list[Message] = []
    for message in messages:
        if _typed(message):
            run.append(message)
        else:
            yield from _as_paste(run)
            run = []
            yield message
    yield from _as_paste(run)


def _as_paste(run: list[Message]) -> list[Message]:
    return run if len(run) < PASTE_KEYS else [events.Paste("".join(map(_typed, run)))]


def _typed(message: Message) -> str:
    """The text that a key types; empty for any other message."""
    if not isinstance(message, events.Key):
        return ""
    return "\n" if message.key == "enter" else (message.character or "") if message.is_printable else ""


_PASTE_BEGINS: Final = "\x1b[200~"
_PASTE_ENDS: Final = "\x1b[201~"
_NO_TEXT: Final = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {*b"\t\n\r"})
"""Control characters: left out of a paste, since a field would write them to the terminal."""


class SafeParser(XTermParser):
    """Textual's parser, for which no key sequence is fatal (`ESC[1114112u` names no character), nor is any pasted."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: list[str] | None = None
        """What has come of a paste that has not ended; None outside of one."""
        self._tail = ""
        """The last that came, where a mark of a paste may have begun."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        try:
            keys = list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            keys = [events.Key(Keys.Ignore, sequence)]
        for key in keys:
            lone = any("\ud800" <= character <= "\udfff" for character in key.character or "")
            yield events.Key(Keys.Ignore, sequence) if lone else key

    def feed(self, data: str) -> Iterable[Message]:
        """The messages of one read. What is pasted, in however many reads, is kept from Textual's parser: that would
        press the keys whose sequences stand in it, and type the others."""
        if not data:
            yield from super().feed(data)
        while data:
            data = yield from self._outside(data) if self._pasted is None else self._inside(data)

    def _outside(self, data: str) -> Generator[Message, None, str]:
        """Keys up to the beginning of a paste; what is behind it."""
        seen = self._tail + data
        _, begins, behind = seen.partition(_PASTE_BEGINS)
        yield from super().feed(data[: len(data) - len(behind)])
        self._pasted, self._tail = ([], "") if begins else (None, seen[1 - len(_PASTE_BEGINS) :])
        return behind

    def _inside(self, data: str) -> Generator[Message, None, str]:
        """The paste where it ends here; what is behind it."""
        words, ends, behind = (self._tail + data).partition(_PASTE_ENDS)
        assert self._pasted is not None
        self._pasted.append(words if ends else words[: 1 - len(_PASTE_ENDS)])
        self._tail = "" if ends else words[1 - len(_PASTE_ENDS) :]
        if ends:
            pasted, self._pasted = "".join(self._pasted).translate(_NO_TEXT), None
            for message in super().feed(_PASTE_ENDS):
                yield events.Paste(pasted) if isinstance(message, events.Paste) else message
        return behind

    @property
    def pending_until(self) -> float | None:
        """When an escape that may begin a sequence becomes a key, in `time.monotonic()` seconds."""
        return self._timeout_time


class Output:
    """The terminal as a file that does not mind when the terminal has gone away."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


class DeskDriver(LinuxDriver):
    """Textual's driver, made to last a shift.

    Bytes that are not UTF-8 become U+FFFD (Textual issue 6456), impossible key codes are dropped, a
    terminal that is gone is a hang-up instead of a busy loop, keys know their company (`typed_alone`),
    no thread wakes up while nothing happens, and everything is painted again after a suspend.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = Output(self._file)
        self._in_company = False
        self.is_lent = False
        """Another program has the terminal: nothing is written to it."""
        self._lent: list[tuple[int, Any, Any]] = []
        """Signals meanwhile: number, handler before, handler now."""
        self._wake: socket.socket | None = None
        self._woken: socket.socket | None = None

    # Sizes come from SIGWINCH only: a size report is text that a paste can contain.
    def _query_in_band_window_resize(self) -> None:
        return

    def start_application_mode(self) -> None:
        self._wake, self._woken = socket.socketpair()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def disable_input(self) -> None:
        if self._wake is not None:
            self._wake.close()  # the thread sees the end of the pair and returns at once
        super().disable_input()

    def write(self, data: str) -> None:
        if not self.is_lent:  # nobody would take it from the writer's queue
            super().write(data)

    def lend(self) -> None:
        """Leave the terminal to another program, as the shell had it.

        ctrl+c is for the other program alone. ctrl+z stops both until the shell continues them, and neither where
        no shell could: the system knows, and its own rule holds.
        """
        self.suspend_application_mode()
        self.is_lent, self._auto_restart = True, False
        meanwhile: dict[int, Any] = {
            signal.SIGINT: _do_nothing, signal.SIGQUIT: _do_nothing, signal.SIGTSTP: signal.SIG_DFL,
        }  # fmt: skip
        for number, handler in meanwhile.items():  # SIG_IGN would be the other program's too
            self._lent.append((number, signal.signal(number, handler), handler))

    def take_back(self) -> None:
        """Have the terminal again: a program that was killed leaves its modes behind, and its job in front."""
        for number, before, now in self._lent:
            if signal.getsignal(number) is now:
                signal.signal(number, before)
        self._lent.clear()
        background = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError, termios.error):
            os.tcsetpgrp(self.fileno, os.getpgrp())
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        signal.signal(signal.SIGTTOU, background)
        self.is_lent, self._auto_restart = False, True
        self.resume_application_mode()
        self.write(_OTHERS_MODES)
        if self._mouse:
            self._enable_mouse_support()
        self.flush()

    def _sigtstp_application(self, *_: object) -> None:
        # Between two messages: here, in the middle of a write, the writer's lock may be taken.
        stop = super()._sigtstp_application
        if self._auto_restart:
            self._loop.call_soon_threadsafe(stop)
        else:
            stop()

    def _sigcont_application(self, *_: object) -> None:
        if not self._auto_restart:
            return
        if self._key_thread is not None and self._key_thread.is_alive():
            # Stopped from outside with SIGSTOP: the shell may have changed the terminal meanwhile.
            self._loop.call_soon_threadsafe(self._start_again)
        else:
            self.resume_application_mode()

    def _start_again(self) -> None:
        self.suspend_application_mode()
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Read keys until the driver stops or the terminal is gone."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        parser, arrivals = SafeParser(self._debug), Arrivals()
        assert self._woken is not None
        with self._woken as woken, selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                until = parser.pending_until
                ready = {key.fd for key, _ in selector.select(until and max(0.0, until - time.monotonic()))}
                if woken.fileno() in ready:
                    return
                if self.fileno in ready:
                    data = _read(self.fileno)
                    if not data:
                        # The process ends as it does on a hang-up, also where SIGHUP did not come.
                        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)
                        return
                    if text := decode(data):
                        messages = list(parser.feed(text))
                        # The escape key is the start of a sequence too, but one that came by itself.
                        pending = parser.pending_until is not None and text != "\x1b"
                        self._in_company = arrivals.in_company(messages, pending, time.monotonic())
                        for message in with_pastes(messages):
                            self._send(message)
                for message in parser.tick():
                    self._send(message)

    def _send(self, message: Message) -> None:
        if isinstance(message, events.Resize):
            return
        if isinstance(message, events.Key):
            message.in_company = self._in_company  # type: ignore[attr-defined]
        self.process_message(message)


_OTHERS_MODES: Final = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1l\x1b>\x1b[?25l\x1b[m"
"""Ends what an editor that was killed leaves on: mouse reports, other codes for arrows and digits, its cursor."""


def _do_nothing(*_: object) -> None:
    return None


def _read(fileno: int) -> bytes:
    try:
        return os.read(fileno, 4096)
    except OSError:  # EIO: the other side of the terminal is closed
        return b""


# --- the end --------------------------------------------------------------------------------------------


class CrashLog(App[Result]):
    """An app whose crash is one sentence on stderr and a log, and never exit code 0.

    Textual's own report prints local variables: customers' texts and tokens. The log has the traceback
    without them. The exit code is 1, as Textual has it; DESIGN.md gives a crash no number of its own.
    """

    crash_folder: Path | None = None
    """Where crash logs go, an XDG state folder; None keeps no log."""

    _sentence: str | None = None

    @property
    def return_code(self) -> int | None:
        return 1 if self._sentence else super().return_code

    def _handle_exception(self, error: Exception) -> None:
        if self._sentence is None:
            self._sentence = _crash_sentence(error, self.crash_folder)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *renderables: "RenderableType") -> None:
        if self._sentence is None:
            self._sentence = _crash_sentence(sys.exception(), self.crash_folder)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        if self._sentence is None:
            return super()._print_error_renderables()
        self._exit_renderables.clear()
        with suppress(OSError, ValueError):
            print(self._sentence, file=sys.__stderr__, flush=True)


def _crash_sentence(error: BaseException | None, folder: Path | None) -> str:
    """Write the log (mode 0600, traceback without local variables); the sentence that names it."""
    start = "shiftdesk stopped because of a mistake in itself"
    if folder is None:
        return f"{start}; start it again."
    # A failed worker hides what happened in an attribute.
    cause = error.error if isinstance(error, WorkerFailed) else error
    try:
        path = crash.record(cause, folder)
    except OSError as reason:
        return f"{start}, and no log could be written in {folder} ({reason.strerror}); start it again."
    return f"{start}; start it again and pass on {path}, which says what happened."
