"""`import`: posts from files and from stdin."""

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation, mention
from tui.errors import Misuse, Refused, ShiftdeskError
from tui.networks.records import BadLine, Post
from tui.text import line

BATCH = 1_000
"""Posts in one transaction."""
NAMED = 20
"""Refused lines that people are shown."""
NAMED_IN_JSON = 10_000
LONGEST_REASON = 200
FOLLOW_S = 0.5
"""How often a file is looked at that is followed, and whether to stop (s)."""


@dataclass(slots=True)
class Imported:
    """What an import brought. `refused` names the first NAMED_IN_JSON, `refused_count` counts them all."""

    read: int = 0
    added: int = 0
    known: int = 0
    repaired: int = 0
    refused_count: int = 0
    refused: list[BadLine] = field(default_factory=list)

    def refuse(self, bad: BadLine) -> None:
        """Count a line that did not go in."""
        self.refused_count += 1
        if len(self.refused) < NAMED_IN_JSON:
            self.refused.append(bad)

    def as_json(self) -> dict[str, Any]:
        """As `import --json` prints it."""
        return {
            "read": self.read,
            "added": self.added,
            "known": self.known,
            "refused": [{"line": bad.line, "reason": bad.reason} for bad in self.refused],
            "refused_count": self.refused_count,
            "repaired": self.repaired,
        }


@click.command("import", cls=DeskCommand)
@click.argument("source", metavar="FILE|-")
@click.option("--format", type=click.Choice(("jsonl", "csv", "twcs")), help="Else by the file's suffix; jsonl for -.")
@click.option("--history", is_flag=True, help="Posts without seen_at reached us when they were written.")
@click.option("--follow", is_flag=True, help="Stay: JSONL from a file that grows, a folder, a named pipe or stdin.")
@click.pass_context
def import_command(context: click.Context, source: str, format: str | None, history: bool, follow: bool) -> None:
    """Posts in, from a file or stdin. Twice the same adds nothing; bad lines are named, the rest goes in."""
    from tui.networks.files import format_of

    call: Invocation = context.obj
    chosen = format or ("jsonl" if source == "-" else format_of(source))
    if follow:
        _stay(context, call, source, chosen, history)
        return
    with _opened(source) as stream:
        imported = _import(call, stream, chosen, history or chosen == "twcs")
    call.answer(imported.as_json(), lambda: _summary(imported))
    if imported.read and imported.refused_count == imported.read:
        context.exit(1)


def _stay(context: click.Context, call: Invocation, source: str, format: str, history: bool) -> None:
    """Take in what is written from now on until a signal, or the end of stdin."""
    from tui.cli.work import stop_on_signals

    if format != "jsonl" or history:
        raise Misuse("--follow reads JSONL as it is written; import CSV and archives without it.")
    stop = threading.Event()
    ended_by = stop_on_signals(stop)
    if source == "-":
        imported = _import(call, _Arriving(sys.stdin.fileno(), stop), format, history=False)
    else:
        imported = _follow(call, Path(source), stop)
    call.answer(imported.as_json(), lambda: _summary(imported))
    if ended_by:
        context.exit(128 + ended_by[0])


def _follow(call: Invocation, path: Path, stop: threading.Event) -> Imported:
    """A file, folder or named pipe. How far it was read is known to the desk: the next time goes on from there."""
    from tui.worker.watching import Watching

    imported = Imported()
    if not path.exists():
        mention(f"{path} is not there yet; it is read as soon as it is. ctrl+c ends this.")

    def refused(_file: Path, bad: BadLine) -> None:
        imported.refuse(bad)
        if imported.refused_count <= NAMED:
            mention(f"line {bad.line}: {bad.reason}")

    watching = Watching(call.store, call.config, [path], kept_in=call.folder, refused=refused)
    first = True
    while not stop.is_set():
        with suppress(Refused):  # another process reads it too, and was faster
            watching.round(first=first, leads=lambda _session=None: not stop.is_set() or _session is not None)
        first = False
        stop.wait(0 if watching.hurries else FOLLOW_S)
    watching.close()
    imported.read, imported.added, imported.known = (
        watching.taken.read, watching.taken.added, watching.taken.known,
    )  # fmt: skip
    return imported


class _Arriving:
    """A stream whose lines are given as they come; before it waits for more, what was read so far is stored."""

    def __init__(self, file: int, stop: threading.Event) -> None:
        self._file = file
        self._stop = stop
        self._buffer = b""
        self.before_waiting: Callable[[], None] = lambda: None

    def fileno(self) -> int:
        """Of what is read."""
        return self._file

    def readline(self, most: int) -> bytes:
        """The next line, or `most` bytes of it; nothing at the end."""
        while b"\n" not in self._buffer and len(self._buffer) < most:
            chunk = self._more()
            if chunk is None:
                return b""
            if not chunk:
                break
            self._buffer += chunk
        end = min(self._buffer.find(b"\n") + 1 or len(self._buffer), most)
        given, self._buffer = self._buffer[:end], self._buffer[end:]
        return given

    def _more(self) -> bytes | None:
        """What has come; empty at the end of the stream, None where we are to stop."""
        if not select.select([self._file], [], [], 0)[0]:
            self.before_waiting()
        while not self._stop.is_set():
            if select.select([self._file], [], [], FOLLOW_S)[0]:
                return os.read(self._file, 1 << 16)
        return None


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = open(source, "rb")  # noqa: SIM115  (only opening may be answered with this sentence)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise Misuse(f"{source} cannot be read ({why}); give a file, or - for stdin.") from None
    with stream:
        yield stream


def _import(call: Invocation, stream: "BinaryIO | _Arriving", format: str, history: bool) -> Imported:
    from tui.networks.files import Lines, reader
    from tui.networks.records import Tally

    imported, tally, lines = Imported(), Tally(), Lines(stream)
    batch: list[tuple[int, Post]] = []

    def store() -> None:
        _take_in(call, batch, imported, history)
        batch.clear()

    if isinstance(stream, _Arriving):
        stream.before_waiting = store
    with _progress(call, stream) as advance:
        for reading in reader(format)(lines, tally):
            imported.read += 1
            if isinstance(reading, BadLine):
                imported.refuse(reading)
            else:
                batch.append((lines.number, reading))
            if len(batch) >= BATCH:
                store()
                advance(lines.bytes_read)
        store()
        advance(lines.bytes_read)
    imported.repaired = tally.repaired
    return imported


def _take_in(call: Invocation, batch: list[tuple[int, Post]], imported: Imported, history: bool) -> None:
    """One transaction. A batch that cannot be stored is halved until the post that is to blame stands alone."""
    from tui.desk import intake

    if not batch:
        return
    try:
        with call.change() as session:
            posts = [post for _, post in batch]
            taken = intake.take_in(session, posts, now=clock.now(), config=call.config, history=history)
    except ShiftdeskError:
        raise
    except Exception as error:
        if len(batch) > 1:
            half = len(batch) // 2
            _take_in(call, batch[:half], imported, history)
            _take_in(call, batch[half:], imported, history)
        else:
            imported.refuse(BadLine(batch[0][0], _why(error)))
    else:
        imported.added += taken.added
        imported.known += taken.known


def _why(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return f"cannot be stored: {type(cause).__name__}: {line(str(cause))[:LONGEST_REASON]}"


@contextmanager
def _progress(call: Invocation, stream: "BinaryIO | _Arriving") -> Iterator[Callable[[int], None]]:
    """A bar on stderr where somebody watches; the function takes the bytes read so far."""
    size = _size(stream)
    if call.json or not size or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
        yield lambda read: bar.update(read - bar.pos)


def _size(stream: "BinaryIO | _Arriving") -> int:
    try:
        return os.fstat(stream.fileno()).st_size
    except OSError:
        return 0


def _summary(imported: Imported) -> str:
    told = [
        f"{imported.read:,} read: {imported.added:,} added, {imported.known:,} known already, "
        f"{imported.refused_count:,} refused."
    ]
    if imported.repaired:
        told.append(f"{imported.repaired:,} repaired: a NUL or half a character was replaced.")
    told += [f"line {bad.line}: {line(bad.reason)}" for bad in imported.refused[:NAMED]]
    if imported.refused_count > NAMED:
        told.append(f"and {imported.refused_count - NAMED:,} more; --json names up to {NAMED_IN_JSON:,}.")
    return "\n".join(told)
