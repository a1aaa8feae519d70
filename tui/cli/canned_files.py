"""`canned import` and `canned export`: canned responses from files and back."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation, mention, write
from tui.cli.responses import library
from tui.errors import Misuse
from tui.text import clean, line

if TYPE_CHECKING:
    from tui.desk.canned.difference import Change, Difference
    from tui.desk.canned.formats import Loaded
    from tui.desk.canned.library import Stored
    from tui.desk.canned.response import Canned

FORMATS = ("json", "csv", "zendesk", "chatwoot", "freescout", "markdown")
NAMED = 20
"""Remarks that people are shown; `--json` has them all."""
LONGEST_VALUE = 60
"""Characters of an old or new value, or of a new body, as people are shown it."""


def _is_named(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """An empty name is none: for the system it would be this folder."""
    if given == "":
        raise click.BadParameter("it is empty; name a file, a folder, or -")
    return given


# -- import ----------------------------------------------------------------------------------------


@click.command("import", cls=DeskCommand)
@click.argument("source", metavar="FILE|FOLDER|-", callback=_is_named)
@click.option("--format", type=click.Choice(FORMATS), help="Else told from the content; a folder is markdown.")
@click.option("--dry-run", is_flag=True, help="Say what would change, field by field, and change nothing.")
@click.pass_context
def canned_import(context: click.Context, source: str, format: str | None, dry_run: bool) -> None:
    """From JSON, CSV, Zendesk, Chatwoot, FreeScout or a folder of Markdown; the same name again changes it."""
    from tui.desk.canned import formats
    from tui.desk.canned.difference import difference
    from tui.desk.canned.library import store

    call: Invocation = context.obj
    loaded = formats.load(sys.stdin.buffer.read(formats.LARGEST_FILE + 1) if source == "-" else Path(source), format)
    with call.change() as session:
        found = difference(
            library(call.reader),
            loaded.responses,
            lambda known: formats.held(known, loaded.format, loaded.columns),
            agent=call.agent,
        )
        stored = store(session, found.responses, agent=call.agent, now=clock.now(), dry_run=dry_run)
    document = _document(loaded, found, stored, dry_run=dry_run)
    call.answer(document, lambda: "\n".join(_told(document, found if dry_run else None)))
    if document["refused"] and not (stored.added or stored.changed or stored.unchanged):
        mention(_nothing_taken(source, document["refused"]))
        context.exit(1)


def _nothing_taken(source: str, refused: list[dict[str, Any]]) -> str:
    """Where everything was refused: how many entries, what is wrong with the first, and what to do."""
    whole = "on stdin" if source == "-" else f"in {source}"
    entries = "The one entry" if len(refused) == 1 else f"Each of the {len(refused):,} entries"
    where, reason = _told_of(refused[0])
    why = f"{where}: {reason.rstrip('.')}"
    return f"{entries} {whole} is refused, nothing was stored; {why}; correct that and import again."


def _document(loaded: "Loaded", found: "Difference", stored: "Stored", *, dry_run: bool) -> dict[str, Any]:
    remarks = [(one.kept, {"line": one.line, "reason": one.reason}) for one in loaded.remarks]
    doubled = [
        {"line": None, "name": name, "reason": "several entries are this one response; the last was taken"}
        for name in found.doubled
    ]
    document = {
        "added": list(stored.added),
        "changed": list(stored.changed),
        "unchanged": len(stored.unchanged),
        "refused": [remark for kept, remark in remarks if not kept]
        + [{"line": None, "name": name, "reason": reason} for name, reason in stored.refused],
        "warnings": [remark for kept, remark in remarks if kept] + doubled,
        "dry_run": dry_run,
    }
    if not dry_run:
        return document
    new = {*stored.added, *stored.changed}
    differences = [_change(change) for change in found.changes if change.new.name in new]
    return document | {"differences": differences, "absent": list(found.absent)}


def _change(change: "Change") -> dict[str, Any]:
    """What would become of one response; `diff` has the lines of its body that differ."""
    fields = {name: {"old": old, "new": new} for name, (old, new) in change.fields.items()}
    return {"name": change.new.name, "change": change.kind, "fields": fields, "diff": change.body}


def _told(document: dict[str, Any], found: "Difference | None") -> list[str]:
    """An answer for people: the counts, then what they should look at, in a dry run all of it."""
    ending = "; nothing was stored" if document["dry_run"] else ""
    told = [
        f"{len(document['added']):,} added, {len(document['changed']):,} changed, {document['unchanged']:,} unchanged, "
        f"{len(document['refused']):,} refused{ending}."
    ]
    remarks = [_remark("!", one) for one in document["refused"]] + [_remark(".", one) for one in document["warnings"]]
    if found is None:
        return told + remarks[:NAMED] + _more(len(remarks))
    rows = [row for one in document["differences"] for row in _rows(one)]
    absent = [f"? {line(name)}: not in the file; it stays as it is" for name in document["absent"]]
    return told + rows + remarks + absent


def _remark(sign: str, remark: dict[str, Any]) -> str:
    where, reason = _told_of(remark)
    return f"{sign} {where}: {reason}"


def _told_of(remark: dict[str, Any]) -> tuple[str, str]:
    """Which entry a remark is about, and what it says of it."""
    where = f"entry {remark['line']}" if remark["line"] is not None else remark["name"]
    return line(where), line(remark["reason"])


def _rows(change: dict[str, Any]) -> list[str]:
    """One response of a dry run: its sign and name, its fields old -> new, the lines of its body."""
    if change["change"] == "added":
        return [f"+ {line(change['name'])}: {_shown(change['fields']['body']['new'])}"]
    fields = change["fields"].items()
    rows = [f"    {name}: {_shown(one['old'])} -> {_shown(one['new'])}" for name, one in fields if name != "body"]
    return [f"~ {line(change['name'])}", *rows, *(f"    {line_of}" for line_of in map(_row, change["diff"]))]


def _row(row: str) -> str:
    return clean(row).replace("\n", " ")


def _shown(value: Any) -> str:
    """A value on one row; what says nothing is `nothing`."""
    words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    text = ", ".join(value) if words else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = line(text)
    return (shown if len(shown) <= LONGEST_VALUE else f"{shown[:LONGEST_VALUE]}…") or "nothing"


def _more(remarks: int) -> list[str]:
    return [f"and {remarks - NAMED:,} more; --json names them all"] if remarks > NAMED else []


# -- export ----------------------------------------------------------------------------------------


@click.command("export", cls=DeskCommand)
@click.argument("target", metavar="[FILE|FOLDER]", required=False, callback=_is_named)
@click.option("--format", type=click.Choice(FORMATS), help="Else by the target: .csv, a folder, json for the rest.")
@click.pass_obj
def canned_export(call: Invocation, target: str | None, format: str | None) -> None:
    """All of them to a file, a folder or stdout, in a form `canned import` takes."""
    from tui.desk.canned import formats

    stdout = target is None or target == "-"
    chosen = format or ("json" if stdout else _by_name(str(target)))
    known = library(call.reader)
    if chosen == "markdown":
        _to_folder(call, known, target)
        return
    if stdout and chosen == "csv" and call.json:
        raise Misuse("CSV is no JSON document; name a FILE for it, or leave out --json.")
    text = formats.write(known, chosen)
    left = [{"name": one.name, "reason": one.reason} for one in formats.left_out(known, chosen)]
    if stdout:
        write(clean(text.removesuffix("\n")) if chosen == "csv" else json.dumps(json.loads(text), indent=1))
        for row in _left(left):
            mention(row)
        return
    try:
        Path(str(target)).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise Misuse(f"{target} cannot be written ({why}); give another file.") from None
    call.answer(
        {"file": target, "written": len(known), "left_out": left},
        lambda: "\n".join([line(f"{len(known):,} written to {target}."), *_left(left)]),
    )


def _by_name(target: str) -> str:
    if target.endswith(os.sep) or os.path.isdir(target):
        return "markdown"
    return "csv" if target.lower().endswith(".csv") else "json"


def _to_folder(call: Invocation, known: "list[Canned]", target: str | None) -> None:
    from tui.desk.canned.formats import folder

    if target is None or target == "-":
        raise Misuse("Markdown is a folder of files; name the FOLDER.")
    written = folder.write(known, Path(target))
    told = [
        f"{len(known):,} written to {target}: {len(written.changed):,} files are new or changed, "
        f"{written.unchanged:,} as they were."
    ]
    told += [
        f"? {file} holds {name!r}, which is not on the desk; delete the file, or import it."
        for file, name in written.gone
    ]
    told += [f". {file} holds no response of its own; it was left alone." for file in written.foreign]
    document = {
        "file": target,
        "written": len(known),
        "changed": list(written.changed),
        "gone": [{"file": file, "name": name} for file, name in written.gone],
        "foreign": list(written.foreign),
        "left_out": [],
    }
    call.answer(
        document,
        lambda: "\n".join(line(row) for row in told[: NAMED + 1]) + "".join(f"\n{row}" for row in _more(len(told) - 1)),
    )


def _left(left: list[dict[str, str]]) -> list[str]:
    rows = [line(f". {one['name']}: {one['reason']}") for one in left[:NAMED]]
    return rows + _more(len(left))


COMMANDS = (canned_import, canned_export)
