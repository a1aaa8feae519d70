"""Canned responses from files and back: our JSON and CSV, Zendesk macros, Chatwoot canned responses.

JSON is a list of objects, CSV has a header; the fields are those of FIELDS, `name` and `body` are required,
tags stand in one cell, separated by comma, semicolon or space. Times are ISO 8601 with a zone.
Zendesk: `{"macros": [{"title", "actions": [{"field": "comment_value", "value"}], "restriction", "active"}]}`.
Chatwoot: `[{"short_code", "content"}]` or `{"payload": [...]}`. Their variables become ours where ours exist.
A bad entry is named and left out; the rest is read.
"""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui import clock
from tui.desk.canned.render import LONGEST_TEXT, check_syntax
from tui.desk.canned.response import SCOPES, Canned
from tui.errors import Misuse
from tui.text import repair

FORMATS = ("json", "csv", "zendesk", "chatwoot")
FIELDS = (
    "name",
    "body",
    "shortcut",
    "tags",
    "language",
    "network",
    "scope",
    "valid_from",
    "valid_until",
    "approved",
    "plain",
)

LARGEST_FILE = 64_000_000
"""Bytes."""
LONGEST_NAME = 200
LONGEST_WORD = 100
"""Characters of a shortcut, a tag, a language or a network."""
MOST_TAGS = 50

Entry = dict[str, Any]

# Placeholders of other desks, by what they say about the same thing here.
ZENDESK_VARIABLES = {
    "ticket.requester.first_name": "customer.first_name",
    "ticket.requester.last_name": "customer.last_name",
    "ticket.requester.name": "customer.name",
    "ticket.assignee.first_name": "agent.first_name",
    "ticket.assignee.last_name": "agent.last_name",
    "ticket.assignee.name": "agent.name",
    "current_user.first_name": "agent.first_name",
    "current_user.last_name": "agent.last_name",
    "current_user.name": "agent.name",
    "ticket.id": "conversation.id",
    "ticket.account": "account.name",
}
CHATWOOT_VARIABLES = {
    "contact.first_name": "customer.first_name",
    "contact.last_name": "customer.last_name",
    "contact.name": "customer.name",
    "conversation.display_id": "conversation.id",
    "inbox.name": "account.handle",
}

_LIQUID = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_TAG_BREAK = re.compile(r"[,;\s]+")
_HTML_BREAK = re.compile(r"<\s*br\s*/?>|</\s*(?:p|div|li|h[1-6]|tr)\s*>", re.IGNORECASE)
_HTML_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")


@dataclass(frozen=True, slots=True)
class Remark:
    """What a file has that is not as it should be. `line` counts entries from 1; in CSV it is the line."""

    line: int
    reason: str
    kept: bool = False
    """The entry was read all the same; otherwise it is left out."""


class _Unfit(Exception):
    """One entry can not be read; the message says why."""


def read(source: Path | str | bytes, format: str | None = None) -> tuple[list[Canned], list[Remark]]:
    """The responses of a file (or of its bytes), and what was left out or changed, in file order.

    The format is told from the content where it is None. Texts that are not valid Liquid become plain;
    of two entries with one name the later is kept. Raises Misuse when the file as a whole can not be read.
    """
    text = _text(source)
    if format is not None and format not in FORMATS:
        raise Misuse(f"{format!r:.40} is not a format for canned responses; use {', '.join(FORMATS)}")
    entries: Iterator[tuple[int, Any]]
    if format == "csv" or (format is None and text.lstrip()[:1] not in ("{", "[")):
        format, entries = "csv", _rows(text)
    else:
        format, entries = _parsed(text, format)
    return _collect(entries, _READERS[format])


def write(library: Iterable[Canned], format: str) -> str:
    """The library as `json` or `csv`, readable by `read`; use and ids stay here. Misuse for other formats."""
    entries = [_entry(canned) for canned in library]
    if format == "json":
        kept = [{key: value for key, value in one.items() if value not in ("", [], None)} for one in entries]
        return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
    if format == "csv":
        file = io.StringIO()
        table = csv.DictWriter(file, FIELDS, lineterminator="\n")
        table.writeheader()
        table.writerows({**one, "tags": ", ".join(one["tags"])} for one in entries)
        return file.getvalue()
    raise Misuse(f"Canned responses can not be written as {format!r:.40}; use json or csv")


def _entry(canned: Canned) -> Entry:
    """An entry in the order of FIELDS; what says nothing is empty."""
    return {
        "name": canned.name,
        "body": canned.body,
        "shortcut": canned.shortcut,
        "tags": list(canned.tags),
        "language": canned.language,
        "network": canned.network,
        "scope": canned.scope if canned.scope != "team" else "",
        "valid_from": clock.iso(canned.valid_from) or "",
        "valid_until": clock.iso(canned.valid_until) or "",
        "approved": "" if canned.approved else "false",
        "plain": "true" if canned.plain else "",
    }


def _text(source: Path | str | bytes) -> str:
    if isinstance(source, bytes):
        name, data = "The file", source
    else:
        name = str(source)
        try:
            with Path(source).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            raise Misuse(f"{name!r:.200} can not be read: {reason}") from None
    if len(data) > LARGEST_FILE:
        raise Misuse(f"{name:.200} is larger than {LARGEST_FILE // 1_000_000} MB; split it")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Misuse(f"{name:.200} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _parsed(text: str, format: str | None) -> tuple[str, Iterator[tuple[int, Any]]]:
    """Entries of a JSON document and the format it is in."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise Misuse(f"The file is not valid JSON: {error.msg} in line {error.lineno}") from None
    except (RecursionError, ValueError):
        raise Misuse("The file is not valid JSON: it is nested too deeply or holds too long a number") from None
    if isinstance(document, Mapping):
        key = next((key for key in ("macros", "payload", "canned_responses", "macro") if key in document), None)
        if key is None:
            raise Misuse("The JSON holds no canned responses: a list, or one under 'macros' or 'payload' is expected")
        found = [document[key]] if key == "macro" else document[key]
        format = format or ("zendesk" if key.startswith("macro") else "chatwoot")
    else:
        found = document
        first = next((one for one in found if isinstance(one, Mapping)), {}) if isinstance(found, list) else {}
        looks = "chatwoot" if "short_code" in first else "zendesk" if "actions" in first else "json"
        format = format or looks
    if not isinstance(found, list):
        raise Misuse("The JSON holds no list of canned responses")
    return format, iter(list(enumerate(found, 1)))


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    """Rows of a CSV by their line; a row that can not be read is the reason why."""
    header_line = text.lstrip("\ufeff \r\n").partition("\n")[0]
    delimiter = max(",;\t", key=header_line.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    header: list[str] | None = None
    while True:
        before = table.line_num + 1
        try:
            row = next(table)
        except StopIteration:
            break
        except csv.Error as error:
            yield before, _Unfit(f"not readable as CSV: {error}")
            continue
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in row]
            if not {"name", "body"} <= set(header):
                raise Misuse(f"The CSV needs the columns name and body; its first row is {', '.join(header)!r:.100}")
        elif len(row) > len(header):
            yield before, _Unfit(f"{len(row)} cells under {len(header)} columns; quote cells that hold a separator")
        else:
            yield before, dict(zip(header, row, strict=False))
    if header is None:
        raise Misuse("The file is empty; a CSV with the columns name and body, or JSON is expected")


def _collect(entries: Iterator[tuple[int, Any]], reader: Callable[[Any], Entry]) -> tuple[list[Canned], list[Remark]]:
    found: dict[str, tuple[int, Canned]] = {}
    remarks: list[Remark] = []
    unknown: dict[str, int] = {}
    for line, given in entries:
        try:
            if isinstance(given, _Unfit):
                raise given
            if not isinstance(given, Mapping):
                raise _Unfit(f"an object is expected, not {type(given).__name__}")
            entry = reader(given)
            canned, repaired = _canned(entry)
        except _Unfit as error:
            remarks.append(Remark(line, str(error)))
            continue
        for name in sorted(entry.keys() - set(FIELDS)):
            unknown.setdefault(name, line)
        if repaired:
            remarks.append(Remark(line, "a NUL or half a character was replaced", kept=True))
        if not canned.plain and (wrong := check_syntax(canned.body)):
            canned = replace(canned, plain=True)
            remarks.append(Remark(line, f"kept as plain text, its Liquid is not valid: {wrong}", kept=True))
        if canned.name in found:
            earlier, _ = found[canned.name]
            remarks.append(Remark(earlier, f"replaced by the later {canned.name!r:.80} in line {line}"))
        found[canned.name] = line, canned
    remarks += [Remark(line, f"the field {name!r:.40} is not known", kept=True) for name, line in unknown.items()]
    remarks.sort(key=lambda remark: remark.line)
    return [canned for _, canned in sorted(found.values(), key=lambda one: one[0])], remarks


def _canned(entry: Entry) -> tuple[Canned, bool]:
    """A response from the fields of an entry. Raises _Unfit with the first that is wrong."""
    repairs: list[bool] = []

    def text(field: str, longest: int) -> str:
        value = entry.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _Unfit(f"{field} is not text")
        value, repaired = repair(value)
        repairs.append(repaired)
        if len(value) > longest:
            raise _Unfit(f"{field} is longer than {longest:,} characters")
        return value if field == "body" else " ".join(value.split())

    name = text("name", LONGEST_NAME)
    body = text("body", LONGEST_TEXT).replace("\r\n", "\n").replace("\r", "\n")
    if not name or not body.strip():
        raise _Unfit("the name is missing" if not name else "the body is missing")
    scope = text("scope", LONGEST_WORD).lower() or "team"
    if scope not in SCOPES:
        raise _Unfit(f"scope is {scope!r:.40}; it can be {', '.join(SCOPES)}")
    tags, repaired = _tags(entry.get("tags"))
    canned = Canned(
        id=0,
        name=name,
        body=body,
        shortcut=text("shortcut", LONGEST_WORD),
        tags=tags,
        language=text("language", LONGEST_WORD),
        network=text("network", LONGEST_WORD).lower(),
        scope=scope,
        valid_from=_time(entry, "valid_from"),
        valid_until=_time(entry, "valid_until"),
        approved=_truth(entry, "approved", True),
        plain=_truth(entry, "plain", False),
    )
    return canned, repaired or any(repairs)


def _tags(given: Any) -> tuple[tuple[str, ...], bool]:
    if isinstance(given, str):
        given = _TAG_BREAK.split(given)
    if not isinstance(given, list | None) or not all(isinstance(tag, str) for tag in given or ()):
        raise _Unfit("tags are neither text nor a list of texts")
    mended = [repair(tag) for tag in given or ()]
    tags = tuple(dict.fromkeys(tag for tag in (" ".join(text.split()) for text, _ in mended) if tag))
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_WORD for tag in tags):
        raise _Unfit(f"more than {MOST_TAGS} tags, or one longer than {LONGEST_WORD} characters")
    return tags, any(repaired for _, repaired in mended)


def _time(entry: Entry, field: str) -> clock.Millis | None:
    value = entry.get(field)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        at = clock.parse(value)
        clock.iso(at)  # a time in a zone may lie beyond the calendar in UTC
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise _Unfit(f"{field} is not a time with a zone, as in 2026-02-11T09:14:00Z") from None
    return at


def _truth(entry: Entry, field: str, absent: bool) -> bool:
    value = entry.get(field)
    if value is None or isinstance(value, bool):
        return absent if value is None else value
    word = value.strip().lower() if isinstance(value, str) else None
    if word == "":
        return absent
    if word not in _TRUTH:
        raise _Unfit(f"{field} is neither true nor false")
    return _TRUTH[word]


def _zendesk(macro: Mapping[str, Any]) -> Entry:
    actions = macro.get("actions")
    by_field: dict[Any, Any] = {}
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, Mapping) and isinstance(action.get("field"), str):
            by_field.setdefault(action["field"], action.get("value"))
    body = _last_text(by_field.get("comment_value"))
    if not body:
        body = _without_html(_last_text(by_field.get("comment_value_html")))
    if not body:
        raise _Unfit("the macro writes no comment")
    restriction = macro.get("restriction")
    own = isinstance(restriction, Mapping) and restriction.get("type") == "User"
    return {
        "name": macro.get("title"),
        "body": _renamed(body, ZENDESK_VARIABLES),
        "tags": by_field.get("current_tags") or by_field.get("set_tags"),
        "scope": "agent" if own else "team",
        "approved": macro.get("active"),
    }


def _chatwoot(response: Mapping[str, Any]) -> Entry:
    body = response.get("content")
    code = response.get("short_code")
    return {
        "name": code,
        "shortcut": code,
        "body": _renamed(body, CHATWOOT_VARIABLES) if isinstance(body, str) else body,
    }


def _last_text(value: Any) -> str:
    """A comment stands alone, or after its channel: `["channel:all", "text"]`."""
    if isinstance(value, list) and value:
        value = value[-1]
    return value if isinstance(value, str) else ""


def _renamed(body: str, names: Mapping[str, str]) -> str:
    """The body with foreign variables renamed, inside Liquid only."""
    known = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w.])")
    return _LIQUID.sub(lambda tag: known.sub(lambda name: names[name[0]], tag[0]), body)


def _without_html(text: str) -> str:
    text = _HTML_TAG.sub("", _HTML_BREAK.sub("\n", text))
    return re.sub(r"[^\S\n]*\n[^\S\n]*", "\n", html.unescape(text).replace("\xa0", " ")).strip()


_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_READERS: dict[str, Callable[[Any], Entry]] = {"json": dict, "csv": dict, "zendesk": _zendesk, "chatwoot": _chatwoot}
