"""`canned import` and `canned export`: canned responses from files and back."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation, write
from tui.cli.responses import library
from tui.errors import Misuse
from tui.text import clean, line

if TYPE_CHECKING:
    from tui.desk.canned.formats import Remark
    from tui.desk.canned.response import Canned

NAMED = 20
"""Remarks that people are shown."""


@click.command("import", cls=DeskCommand)
@click.argument("source", metavar="FILE|-")
@click.option("--format", type=click.Choice(("json", "csv", "zendesk", "chatwoot")), help="Else told from the content.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, change nothing.")
@click.pass_context
def canned_import(context: click.Context, source: str, format: str | None, dry_run: bool) -> None:
    """From JSON, CSV, Zendesk macros or Chatwoot; the same name again changes it."""
    from tui.desk.canned import formats

    data = sys.stdin.buffer.read(formats.LARGEST_FILE + 1) if source == "-" else Path(source)
    found, remarks = formats.read(data, format)
    _store(context.obj, found, remarks, dry_run=dry_run)
    if remarks and not found:
        context.exit(1)


@click.command("export", cls=DeskCommand)
@click.argument("target", metavar="[FILE]", required=False)
@click.option("--format", type=click.Choice(("json", "csv")), help="Else by the file's suffix; json on stdout.")
@click.pass_obj
def canned_export(call: Invocation, target: str | None, format: str | None) -> None:
    """All of them to a file or stdout, in a form `canned import` takes."""
    from tui.desk.canned import formats

    chosen = format or ("csv" if target and target.lower().endswith(".csv") else "json")
    known = library(call.reader)
    text = formats.write(known, chosen)
    if target is None or target == "-":
        if chosen == "csv" and call.json:
            raise Misuse("CSV is no JSON document; name a FILE for it, or leave out --json.")
        write(json.dumps(json.loads(text), indent=1) if chosen == "json" else clean(text.removesuffix("\n")))
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise Misuse(f"{target} cannot be written ({why}); give another file.") from None
    call.answer({"file": target, "written": len(known)}, lambda: line(f"{len(known):,} written to {target}."))


def _store(call: Invocation, found: "list[Canned]", remarks: "list[Remark]", *, dry_run: bool) -> None:
    from tui.desk.canned.library import store

    with call.change() as session:
        stored = store(session, found, agent=call.agent, now=clock.now(), dry_run=dry_run)
    refused = [one for one in remarks if not one.kept]
    warnings = [one for one in remarks if one.kept]
    document = {
        "added": list(stored.added),
        "changed": list(stored.changed),
        "unchanged": len(stored.unchanged),
        "refused": [{"line": one.line, "reason": one.reason} for one in refused]
        + [{"line": None, "name": name, "reason": reason} for name, reason in stored.refused],
        "warnings": [{"line": one.line, "reason": one.reason} for one in warnings],
        "dry_run": dry_run,
    }
    told = (
        f"{len(stored.added):,} added, {len(stored.changed):,} changed, {len(stored.unchanged):,} unchanged, "
        f"{len(refused) + len(stored.refused):,} refused{'; nothing was stored' if dry_run else ''}."
    )
    named_remarks = [line(f"entry {one.line}: {one.reason}") for one in [*refused, *warnings][:NAMED]]
    named_remarks += [line(f"{name}: {reason}") for name, reason in stored.refused[:NAMED]]
    call.answer(document, lambda: "\n".join([told, *named_remarks]))


COMMANDS = (canned_import, canned_export)
