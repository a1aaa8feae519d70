"""Saved replies as the table `saved_replies` of FreeScout has them; its API does not give them out.

    [{"id", "name", "text", "parent_saved_reply_id", "mailbox_id", "global", "attachments", …}]

as a database tool exports its rows, in JSON (also under `saved_replies`, and as phpMyAdmin writes it) or in CSV. `text`
is HTML. A row without text is a category; what is under it has its name in front, as in `Billing::Refund`, and
goes back under it. Variables are written `{%customer.firstName%}` or `{%customer.firstName,fallback=there%}`.

https://freescout.net/module/saved-replies/
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tui.desk.canned.formats.entry import Reading, understood
from tui.desk.canned.formats.hypertext import html_of, text_of
from tui.desk.canned.formats.variables import strange, turned, unlocked
from tui.desk.canned.response import Canned

TITLE = "FreeScout"
BETWEEN = "::"
DEEPEST = 10
LONGEST_NAME = 75
"""Characters that the table has for a name."""

VARIABLES = {
    "customer.fullName": "customer.name",
    "customer.firstName": "customer.first_name",
    "customer.lastName": "customer.last_name",
    "user.fullName": "agent.name",
    "user.firstName": "agent.first_name",
    "user.lastName": "agent.last_name",
    "mailbox.name": "account.name",
    "conversation.number": "conversation.id",
}

_THEIRS = re.compile(r"\{%\s?((?:[a-zA-Z]+(?:\.[a-zA-Z]+)+)|subject)(?:,fallback=([^{}%]*))?\s?%\}")
_OURS = re.compile(
    r"""\{\{\s{0,9}([a-zA-Z]\w*(?:\.\w+)*)\s{0,9}(?:\|\s{0,9}default:\s{0,9}(?:'([^'{}%]*)'|"([^"{}%]*)")\s{0,9})?\}\}"""
)
_LOGIC = re.compile(r"\{\{|\{%(?!\s?(?:[a-zA-Z]+(?:\.[a-zA-Z]+)+|subject)(?:,fallback=[^{}%]*)?\s?%\})")
_NOTHING = (None, "", "NULL", 0, "0")


def rows(document: Iterable[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """The replies among the rows by their line, each under its whole name; categories are not among them."""
    known = list(document)
    names = {
        str(row["id"]): (row.get("name"), row.get("parent_saved_reply_id"))
        for _, row in known
        if isinstance(row, Mapping) and row.get("id") not in _NOTHING
    }
    parents = {str(parent) for _, parent in names.values()}
    return [
        (line, {**row, "name": _whole(row, names)} if isinstance(row, Mapping) else row)
        for line, row in known
        if not (isinstance(row, Mapping) and row.get("text") in _NOTHING and str(row.get("id")) in parents)
    ]


def reading(row: Mapping[str, Any]) -> Reading:
    """A saved reply as a response."""
    text = row.get("text")
    body = _THEIRS.sub(_ours, text_of(text)) if isinstance(text, str) else text
    told = []
    files = row.get("attachments")
    if files not in (*_NOTHING, "[]", []):
        told.append(f"left out, as a response has no files: attachments {files!s:.80}")
    return understood({"name": row.get("name"), "body": body}, told)


def entries(library: list[Canned]) -> list[dict[str, Any]]:
    """A saved reply for each response, under its whole name."""
    return [{"name": canned.name, "text": _html(canned)} for canned in library]


def document(library: list[Canned]) -> dict[str, Any]:
    """Rows of the table, a category before what is under it."""
    table: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for canned, entry in zip(library, entries(library), strict=True):
        *above, name = _path(canned.name)
        parent = None
        for depth in range(1, len(above) + 1):
            path = BETWEEN.join(above[:depth])
            if path not in places:
                places[path] = _add(table, above[depth - 1], None, parent)
            parent = places[path]
        if canned.name in places:
            table[places[canned.name] - 1]["text"] = entry["text"]
        else:
            places[canned.name] = _add(table, name, entry["text"], parent)
    return {"saved_replies": table}


def unknown(canned: Canned) -> list[str]:
    """What stands in the text and says nothing in FreeScout."""
    told = strange(canned.body, VARIABLES.values())
    if not canned.plain and _LOGIC.search(_theirs(canned)):
        told.append("templates beyond single variables")
    if any(len(part) > LONGEST_NAME for part in _path(canned.name)):
        told.append(f"a name beyond {LONGEST_NAME} characters")
    return told


def _add(table: list[dict[str, Any]], name: str, text: str | None, parent: int | None) -> int:
    table.append(
        {
            "id": len(table) + 1,
            "name": name,
            "text": text,
            "sort_order": len(table) + 1,
            "parent_saved_reply_id": parent,
            "attachments": None,
            "global": True,
        }
    )
    return len(table)


def _path(name: str) -> list[str]:
    """A name by its categories; one that would not come back the same is one name."""
    parts = name.split(BETWEEN)
    return parts if len(parts) <= DEEPEST and all(part and part == part.strip() for part in parts) else [name]


def _whole(row: Mapping[str, Any], names: Mapping[str, tuple[Any, Any]]) -> Any:
    """The name of a row with those above it in front."""
    name, above = row.get("name"), row.get("parent_saved_reply_id")
    path = [name]
    while above not in _NOTHING and str(above) in names and len(path) <= DEEPEST:
        upper, above = names[str(above)]
        path.insert(0, upper)
    parts = [" ".join(part.split()) for part in path if isinstance(part, str)]
    return BETWEEN.join(parts) if len(parts) == len(path) else name


def _html(canned: Canned) -> str:
    return html_of(canned.body if canned.plain else _theirs(canned))


def _theirs(canned: Canned) -> str:
    return _OURS.sub(_their, unlocked(canned.body))


def _their(found: "re.Match[str]") -> str:
    name = turned(VARIABLES).get(found[1], found[1])
    fallback = found[2] if found[2] is not None else found[3]
    written = f"{{%{name}{'' if fallback is None else ',fallback=' + fallback}%}}"
    return written if _THEIRS.fullmatch(written) else found[0]


def _ours(found: "re.Match[str]") -> str:
    name, fallback = VARIABLES.get(found[1], found[1]), found[2]
    if fallback is None:
        return f"{{{{ {name} }}}}"
    quote = '"' if "'" in fallback else "'"
    return f"{{{{ {name} | default: {quote}{fallback.replace(quote, '’')}{quote} }}}}"
