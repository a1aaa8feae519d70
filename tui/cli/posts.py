"""`import`: posts from files and from stdin."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation
from tui.errors import Misuse, ShiftdeskError
from tui.networks.records import BadLine, Post
from tui.text import line

BATCH = 1_000
"""Posts in one transaction."""
NAMED = 20
"""Refused lines that people are shown."""
NAMED_IN_JSON = 10_000
LONGEST_REASON = 200


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
@click.pass_context
def import_command(context: click.Context, source: str, format: str | None, history: bool) -> None:
    """Posts in, from a file or stdin. Twice the same adds nothing; bad lines are named, the rest goes in."""
    from tui.networks.files import format_of

    call: Invocation = context.obj
    chosen = format or ("jsonl" if source == "-" else format_of(source))
    with _opened(source) as stream:
        imported = _import(call, stream, chosen, history or chosen == "twcs")
    call.answer(imported.as_json(), lambda: _summary(imported))
    if imported.read and imported.refused_count == imported.read:
        context.exit(1)


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


def _import(call: Invocation, stream: BinaryIO, format: str, history: bool) -> Imported:
    from tui.networks.files import Lines, reader
    from tui.networks.records import Tally

    imported, tally, lines = Imported(), Tally(), Lines(stream)
    batch: list[tuple[int, Post]] = []
    with _progress(call, stream) as advance:
        for reading in reader(format)(lines, tally):
            imported.read += 1
            if isinstance(reading, BadLine):
                imported.refuse(reading)
            else:
                batch.append((lines.number, reading))
            if len(batch) >= BATCH:
                _take_in(call, batch, imported, history)
                batch = []
                advance(lines.bytes_read)
        _take_in(call, batch, imported, history)
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
def _progress(call: Invocation, stream: BinaryIO) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where somebody watches; the function takes the bytes read so far."""
    size = _size(stream)
    if call.json or not size or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
        yield lambda read: bar.update(read - bar.pos)


def _size(stream: BinaryIO) -> int:
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
