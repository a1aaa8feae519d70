"""`backup` and `restore`: the whole desk as one file, and a desk made of it, in SQLite or in PostgreSQL."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation
from tui.errors import Misuse
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.restored import Quiet
    from tui.store.copying import Copied


@click.command("backup", cls=DeskCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup_command(call: Invocation, file: Path) -> None:
    """The whole desk into a new file, checked, while others work. No token is in it."""
    from tui.desk import restored
    from tui.store import backups
    from tui.store.copying import snapshot

    file = file.absolute()
    backups.refuse_existing(file)
    if call.home.revision() is None:
        raise Misuse(f"There is no desk at {call.home.location}; give another with --db.")
    with call.change() as session:
        restored.backed_up(session, agent=call.agent, file=file.name, now=clock.now())
    with snapshot(call.home) as source:
        rows = source.total()
    with _progress(call, "Copying", rows) as told:
        copied = backups.write(call.home, file, told)
    size = file.stat().st_size
    document = {"file": str(file), "bytes": size, "from": call.home.location, **_tables(copied)}
    call.answer(document, lambda: f"{_listed(copied)}\n{line(str(file))}: {_said(copied)}, {size:,} bytes.")


@click.command("restore", cls=DeskCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def restore_command(call: Invocation, file: Path) -> None:
    """A backup into a new desk, the one --db names; checked, or nothing is kept. Nothing leaves from it by itself."""
    from tui.desk import restored
    from tui.store import backups
    from tui.store.copying import fill
    from tui.store.store import Store

    _, agent = call.config, call.agent
    with backups.opened(file.absolute()) as source, closing(Store(call.home)) as store:
        store.prepare()
        with _progress(call, "Restoring", source.total()) as told, store.transaction() as session:
            copied = fill(session, source, told)
            quiet = restored.arrive(session, agent=agent, file=file.name, now=clock.now())
    document = {
        "file": str(file), "to": call.home.location, **_tables(copied),
        "returned": quiet.returned, "unknown": quiet.unknown, "braked": quiet.braked,
    }  # fmt: skip
    call.answer(document, lambda: "\n".join((_listed(copied), *_told(call, copied, quiet, agent))))


@contextmanager
def _progress(call: Invocation, label: str, rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where somebody watches; each row counts when it is copied, and when it is checked."""
    if call.json or not rows or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=2 * rows, label=label, file=sys.stderr) as bar:
        yield bar.update


def _tables(copied: "Sequence[Copied]") -> dict[str, Any]:
    return {
        "rows": sum(one.rows for one in copied),
        "checked": True,
        "tables": [one._asdict() for one in copied],
    }


def _listed(copied: "Sequence[Copied]") -> str:
    from tui.cli.table import table

    return table([[one.table, f"{one.rows:,}", "checked"] for one in copied if one.rows])


def _said(copied: "Sequence[Copied]") -> str:
    return f"{sum(one.rows for one in copied):,} rows in {len(copied)} tables, all of them compared"


def _told(call: Invocation, copied: "Sequence[Copied]", quiet: "Quiet", agent: str) -> Iterator[str]:
    yield line(f"{call.home.location}: {_said(copied)}. {agent} is its admin.")
    if quiet.returned:
        yield f"Not sent, and drafts again: {len(quiet.returned):,} that waited to leave; they may be out already."
    if quiet.unknown:
        yield f"Unknown, and looked up by the worker: {len(quiet.unknown):,} that were being sent."
    if quiet.braked:
        yield line(
            f"Nothing leaves from {', '.join(quiet.braked)}: when the other desk is stopped for good and "
            "`shiftdesk doctor` says that they are read up to date, `shiftdesk brake HANDLE off` lets each go."
        )
