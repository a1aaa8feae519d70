"""A canned response on the command line: found by its name, as JSON, as rows for people."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tui import clock
from tui.errors import Misuse
from tui.text import clean, line

if TYPE_CHECKING:
    from tui.desk.canned.response import Canned
    from tui.store.reader import Reader

TIME = "%Y-%m-%d %H:%M"


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


def documents(reader: "Reader", found: "Iterable[Canned]") -> list[dict[str, Any]]:
    """Each as JSON, with every field and its state now."""
    from tui.desk.canned.formats.entry import action_entry
    from tui.desk.canned.stats import open_incidents, state

    now, still_open = clock.now(), open_incidents(reader)
    return [
        {
            "name": one.name, "body": one.body, "shortcut": one.shortcut, "tags": list(one.tags),
            "language": one.language, "network": one.network, "scope": one.scope, "owner": one.owner,
            "incident": one.incident, "state": state(one, now, still_open), "approved": one.approved,
            "plain": one.plain, "valid_from": clock.iso(one.valid_from), "valid_until": clock.iso(one.valid_until),
            "variants": [asdict(variant) for variant in one.variants],
            "actions": [action_entry(action) for action in one.actions],
            "uses": one.uses, "last_used": clock.iso(one.last_used), "version": one.version,
        }
        for one in found
    ]  # fmt: skip


NONE_AT_ALL = "There is no canned response yet; `shiftdesk canned import FILE` brings them in."
NONE_LIKE_IT = "No canned response that you may send is like that; `shiftdesk canned list` names all there are."


def listing(reader: "Reader", found: "Iterable[tuple[Canned, str]]", nothing: str = NONE_AT_ALL) -> str:
    """Rows for people, each with what is given to go before it; `nothing` is said where there is no row."""
    from tui.cli.table import table
    from tui.desk.canned.stats import open_incidents, state

    now, still_open = clock.now(), open_incidents(reader)
    rows = [[before, state(one, now, still_open), one.name, one.shortcut, one.body] for one, before in found]
    return table(rows) if rows else nothing


def page(reader: "Reader", canned: "Canned") -> str:
    """One for people: how it stands, then the document it is edited as."""
    from tui.desk.canned.formats import markdown
    from tui.desk.canned.stats import open_incidents, state

    stands = state(canned, clock.now(), open_incidents(reader))
    last = f", last {clock.local(canned.last_used, TIME)}" if canned.last_used is not None else ""
    return (
        f"{line(canned.name)}: {stands}, version {canned.version}, used {canned.uses:,} times{last}\n\n"
        f"{clean(markdown.document(canned)).rstrip()}"
    )
