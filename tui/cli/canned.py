"""`canned`: reusable texts, found, shown, added, imported and exported."""

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import WORDS, DeskGroup, Invocation, outgoing, write
from tui.errors import Misuse
from tui.text import clean, line

if TYPE_CHECKING:
    from tui.desk.canned.formats import Remark
    from tui.desk.canned.response import Canned
    from tui.store.reader import Reader

NAMED = 20
"""Remarks that people are shown."""


@click.group("canned", cls=DeskGroup)
def canned_command() -> None:
    """Canned responses: list, search, show, add, import, export."""


def library(reader: "Reader") -> "list[Canned]":
    """Every canned response, by name."""
    from tui.desk.canned.library import response

    return [response(row) for row in reader.canned()]


def named(reader: "Reader", name: str) -> "Canned":
    """The one with this name, else with this shortcut, else this name in another case. Raises Misuse."""
    known = library(reader)
    folded = name.strip().casefold()
    for fits in (
        lambda one: one.name == name,
        lambda one: one.shortcut.casefold() == folded and folded,
        lambda one: one.name.casefold() == folded,
    ):
        found = next(filter(fits, known), None)
        if found is not None:
            return found
    near = difflib.get_close_matches(name, [one.name for one in known], 1, 0.4)
    advice = f"did you mean {near[0]!r}?" if near else "see `shiftdesk canned list`."
    raise Misuse(f"No canned response is called {name!r:.80}; {advice}")


@canned_command.command("list")
@click.pass_obj
def canned_list(call: Invocation) -> None:
    """All of them, by name."""
    known = library(call.reader)
    call.answer([_json(one) for one in known], lambda: _listing([(one, "") for one in known]))


@canned_command.command("search")
@click.argument("query", metavar="WORDS", type=WORDS)
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, help="At most so many (20).")
@click.pass_obj
def canned_search(call: Invocation, query: str, limit: int) -> None:
    """Best first, by shortcut, name, tags and body; typos are forgiven."""
    from tui.desk.canned.search import Fit, Index

    hits = Index(library(call.reader)).search(query, Fit(now=clock.now()), limit)
    call.answer(
        [_json(hit.canned) | {"score": round(hit.score, 1)} for hit in hits],
        lambda: _listing([(hit.canned, f"{hit.score:.0f}") for hit in hits]),
    )


@canned_command.command("show")
@click.argument("name", type=WORDS)
@click.pass_obj
def canned_show(call: Invocation, name: str) -> None:
    """One whole, by its name or shortcut."""
    found = named(call.reader, name)
    call.answer(_json(found), lambda: f"{line(found.name)} {line(' '.join(_marks(found)))}\n\n{clean(found.body)}")


@canned_command.command("add")
@click.argument("name", type=WORDS)
@click.option("--body", type=WORDS, required=True, help="The text; - reads it from stdin.")
@click.option("--shortcut", type=WORDS, help="What is typed to find it at once.")
@click.option("--tag", "tags", type=WORDS, multiple=True, help="May be given several times.")
@click.option("--language", type=WORDS, help="As in en or pt-BR.")
@click.option("--network", type=WORDS, help="Only for this network.")
@click.option("--valid-from", metavar="TIME", help="With its zone, as in 2026-02-11T09:00Z.")
@click.option("--valid-until", metavar="TIME", help="The first moment it is no longer valid.")
@click.option("--plain", is_flag=True, help="The body is text as it stands, not a template.")
@click.pass_obj
def canned_add(call: Invocation, /, body: str, tags: tuple[str, ...], **fields: Any) -> None:
    """Add one, or change the one of this name."""
    from tui.desk.canned import formats

    entry = {key: value for key, value in fields.items() if value} | {"body": outgoing(body), "tags": list(tags)}
    found, remarks = formats.read(json.dumps([entry]).encode(), "json")
    if not found:
        raise Misuse(f"The canned response cannot be added: {remarks[0].reason}.")
    _store(call, found, remarks, dry_run=False)


@canned_command.command("import")
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


@canned_command.command("export")
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
        "refused": [{"line": one.line, "reason": one.reason} for one in refused],
        "warnings": [{"line": one.line, "reason": one.reason} for one in warnings],
        "dry_run": dry_run,
    }
    told = (
        f"{len(stored.added):,} added, {len(stored.changed):,} changed, {len(stored.unchanged):,} unchanged, "
        f"{len(refused):,} refused{'; nothing was stored' if dry_run else ''}."
    )
    named_remarks = [line(f"entry {one.line}: {one.reason}") for one in [*refused, *warnings][:NAMED]]
    call.answer(document, lambda: "\n".join([told, *named_remarks]))


def _json(canned: "Canned") -> dict[str, Any]:
    return {
        "name": canned.name,
        "body": canned.body,
        "shortcut": canned.shortcut,
        "tags": list(canned.tags),
        "language": canned.language,
        "network": canned.network,
        "scope": canned.scope,
        "approved": canned.approved,
        "plain": canned.plain,
        "valid_from": clock.iso(canned.valid_from),
        "valid_until": clock.iso(canned.valid_until),
        "uses": canned.uses,
        "last_used": clock.iso(canned.last_used),
    }


def _listing(found: "list[tuple[Canned, str]]") -> str:
    from tui.cli.table import table

    if not found:
        return "No canned response was found; `shiftdesk canned import FILE` brings them in."
    return table([[score, one.name, one.shortcut, one.body] for one, score in found])


def _marks(canned: "Canned") -> list[str]:
    marks = [f"({canned.shortcut})"] if canned.shortcut else []
    marks += [f"#{tag}" for tag in canned.tags] + [word for word in (canned.language, canned.network) if word]
    if canned.valid_until is not None:
        marks.append(f"valid until {clock.local(canned.valid_until, '%Y-%m-%d %H:%M')}")
    return marks
