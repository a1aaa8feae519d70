"""`canned`: reusable texts, found and shown, how they are used and what they were; changes are in `canned_changes`."""

from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli import canned_changes, canned_files
from tui.cli.invocation import ID, WORDS, DeskGroup, Invocation, conversation_of
from tui.cli.responses import NONE_LIKE_IT, TIME, documents, library, listing, named, page
from tui.errors import Misuse
from tui.text import clean, fit, line

if TYPE_CHECKING:
    from tui.desk.canned.library import Version
    from tui.desk.canned.search import Hit
    from tui.desk.canned.stats import Stats, Worth
    from tui.store.reader import QueueRow, Reader

__all__ = ["canned_command", "library", "named"]

NAMED = 10
"""Responses that people are shown under a heading."""
COLUMNS = 78


@click.group("canned", cls=DeskGroup)
def canned_command() -> None:
    """Canned responses: found, written, approved, and how they are used."""


for one in (*canned_changes.COMMANDS, *canned_files.COMMANDS):
    canned_command.add_command(one)


# -- finding ---------------------------------------------------------------------------------------


@canned_command.command("list")
@click.pass_obj
def canned_list(call: Invocation) -> None:
    """All of them, by name, and how each stands."""
    known = library(call.reader)
    call.answer(documents(call.reader, known), lambda: listing(call.reader, [(one, "") for one in known]))


@canned_command.command("search")
@click.argument("query", metavar="[WORDS]", type=WORDS, default="")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, help="At most so many (20).")
@click.option(
    "--for", "conversation", metavar="ID", type=ID, help="As the desk offers them there; without WORDS the best five."
)
@click.pass_obj
def canned_search(call: Invocation, query: str, limit: int, conversation: int | None) -> None:
    """What you may send, best first, by shortcut, name, tags and body; typos are forgiven."""
    from tui.desk.canned.search import Fit, Index

    if conversation is None and not query.strip():
        raise Misuse("Give the WORDS to search for, or a conversation with --for ID.")
    reader, now = call.reader, clock.now()
    if conversation is None:
        hits = Index(library(reader)).search(query, Fit(agent=call.agent, now=now), limit)
        found = documents(reader, [hit.canned for hit in hits])
    else:
        row = conversation_of(reader, conversation)
        hits = _offered(call, row, query, limit, now)
        found = _with_facts(reader, hits, row, now)
    found = [document | {"score": round(hit.score, 1)} for document, hit in zip(found, hits, strict=True)]
    call.answer(found, lambda: listing(reader, [(hit.canned, f"{hit.score:.0f}") for hit in hits], NONE_LIKE_IT))


def _offered(call: Invocation, row: "QueueRow", query: str, limit: int, now: clock.Millis) -> "list[Hit]":
    """As in the desk: what may be used there, by what it is about and how each was used so far."""
    from tui.desk.canned.stats import open_incidents
    from tui.desk.canned.stock import Stock, read_stock

    reader = call.reader
    stock = Stock(*read_stock(reader, agent=call.agent, config=call.config, now=now))
    about = stock.fit(
        row, reader.posts(row.id), agent=call.agent, account=row.account, incidents=open_incidents(reader), now=now
    )
    return stock.index.search(query, about, limit)


def _with_facts(reader: "Reader", hits: "list[Hit]", row: "QueueRow", now: clock.Millis) -> list[dict[str, Any]]:
    from tui.desk.canned.usage import facts

    known = facts(reader, [hit.canned.id for hit in hits], conversation=row, account=None, now=now)
    return [
        document
        | {"this_hour": known[hit.canned.id].this_hour, "to_person": clock.iso(known[hit.canned.id].to_person)}
        | {"why": [{"rule": rule, "points": round(points, 1)} for rule, points in hit.why]}
        for document, hit in zip(documents(reader, [hit.canned for hit in hits]), hits, strict=True)
    ]


@canned_command.command("show")
@click.argument("name", type=WORDS)
@click.pass_obj
def canned_show(call: Invocation, name: str) -> None:
    """One whole, by its name or shortcut."""
    found = named(call.reader, name)
    call.answer(documents(call.reader, [found])[0], lambda: page(call.reader, found))


# -- what they were --------------------------------------------------------------------------------


@canned_command.command("history")
@click.argument("name", type=WORDS)
@click.pass_obj
def canned_history(call: Invocation, name: str) -> None:
    """Its versions, the newest first: who changed what when."""
    from tui.desk.canned.library import history

    versions = history(call.reader, named(call.reader, name).id)
    call.answer([_version_json(call.reader, one) for one in versions], lambda: "\n".join(map(_version, versions)))


def _version_json(reader: "Reader", version: "Version") -> dict[str, Any]:
    from tui.desk.canned.editing import diff

    return {
        "version": version.version, "at": clock.iso(version.at), "agent": version.agent, "changed": version.changed,
        "diff": diff(version.before, version.canned) if version.before else [],
        "response": _as_it_was(documents(reader, [version.canned])[0]),
    }  # fmt: skip


def _as_it_was(document: dict[str, Any]) -> dict[str, Any]:
    """Without what is told of now only."""
    return {name: value for name, value in document.items() if name not in ("state", "uses", "last_used", "version")}


def _version(version: "Version") -> str:
    from tui.desk.canned.editing import diff

    head = f"version {version.version}, {clock.local(version.at, TIME)}, {line(version.agent)}"
    rows = diff(version.before, version.canned) if version.before else ["  the oldest that is kept"]
    return "\n".join([head, *(clean(row) for row in rows if not row.startswith("@@")), ""])


# -- how they are used -----------------------------------------------------------------------------


@canned_command.command("stats")
@click.pass_obj
def canned_stats(call: Invocation) -> None:
    """How they were used in the last 90 days, what they save, and which of them need somebody."""
    from tui.desk.canned.stats import stats

    found = stats(call.reader, now=clock.now(), config=call.config)
    call.answer(found.as_json(), lambda: "\n".join(_figures(found)))


def _figures(found: "Stats") -> list[str]:
    """A table of those that were used, then what needs somebody."""
    used = [one for one in found.responses if one.used.uses]
    rows = ["Canned responses, the last 90 days", ""]
    rows.append(f"{'uses':>7} {'edited':>7} {'reopened':>8} {'saved':>7}  response")
    rows += [_row(found.total(), "all"), *(_row(one.as_json(), one.canned.name) for one in used)]
    rows += _section("Waiting for approval", found.of("waiting"))
    rows += _section("Expiring within 14 days", found.of("expiring"), dated=True)
    rows += _section("Expired, or their incident is over", found.of("expired", "incident over"), dated=True)
    rows += _section("Never used in 90 days", found.never_used)
    return [*rows, "", *_WORDS]


_SHARES = ("edited", "reopened")
_WORDS = (
    "Edited: words of it were changed before it was sent. Reopened: the customer",
    "wrote again soon after. Saved is an estimate: the time to type its words at",
    "250 characters a minute, less 5 s to find it, for uses that were not edited.",
)


def _row(told: dict[str, Any], name: str) -> str:
    shares = ["-" if told[f"{one}_percent"] is None else f"{told[f'{one}_percent']:.0f} %" for one in _SHARES]
    saved = clock.age(told["saved_seconds"] * clock.SECOND)
    cells = f"{told['uses']:>7,} {shares[0]:>7} {shares[1]:>8} {saved:>7}  "
    return cells + fit(line(name), COLUMNS - len(cells))


def _section(title: str, found: "list[Worth]", *, dated: bool = False) -> list[str]:
    if not found:
        return []
    rows = [fit(f"  {_until(one) if dated else ''}{line(one.canned.name)}", COLUMNS) for one in found[:NAMED]]
    more = [f"  and {len(found) - NAMED:,} more"] if len(found) > NAMED else []
    return ["", f"{title}: {len(found):,}", *rows, *more]


def _until(one: "Worth") -> str:
    until = one.canned.valid_until
    return f"{clock.local(until, TIME) if until is not None else 'its incident':<16}  "
