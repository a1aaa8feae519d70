"""Canned responses from files and back: our JSON, CSV and Markdown, and the exports of Zendesk, Chatwoot, FreeScout.

A module a format: `ours` (JSON, CSV), `markdown` (a document) and `folder` (of them), `zendesk`, `chatwoot`,
`freescout`. A bad entry is named and left out; the rest is read. What a format can not hold is named when it is
written, and is kept when it is read again (`held`, `tui.desk.canned.difference`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tui.desk.canned.formats import chatwoot, folder, freescout, ours, zendesk
from tui.desk.canned.formats.entry import (
    FIELDS,
    Reading,
    Remark,
    Unfit,
    entry_of,
    understood,
)
from tui.desk.canned.formats.variables import unlocked
from tui.desk.canned.response import Canned
from tui.errors import Misuse

__all__ = ["FIELDS", "FORMATS", "LARGEST_FILE", "Left", "Loaded", "Remark", "held", "left_out", "load", "read", "write"]

FORMATS = ("json", "csv", "zendesk", "chatwoot", "freescout", "markdown")

LARGEST_FILE = 64_000_000
"""Bytes."""

_DESKS: dict[str, ModuleType] = {"zendesk": zendesk, "chatwoot": chatwoot, "freescout": freescout}
_KEYS = {
    "macros": "zendesk",
    "macro": "zendesk",
    "saved_replies": "freescout",
    "payload": "chatwoot",
    "canned_responses": "chatwoot",
}
_BLANK = Canned(0, "", "")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds, in its order."""

    format: str
    responses: list[Canned]
    remarks: list[Remark]
    columns: tuple[str, ...] = FIELDS
    """The fields a CSV speaks of."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a format could not hold of a response."""

    name: str
    reason: str


def load(source: Path | str | bytes, format: str | None = None) -> Loaded:
    """The responses of a file, of its bytes, or of a folder of Markdown files, and what was left out or changed.

    The format is told from the content where it is None. Texts that are not valid Liquid become plain;
    of two entries with one name the later is kept. Raises Misuse when the file as a whole can not be read.
    """
    if format is not None and format not in FORMATS:
        raise Misuse(f"{format!r:.40} is not a format for canned responses; use {', '.join(FORMATS)}")
    if isinstance(source, Path | str) and _is_folder(source):
        if format not in (None, "markdown"):
            raise Misuse(f"{str(source)!r:.200} can not be read as {format}; a folder is read as markdown.")
        return Loaded("markdown", *_collect(folder.readings(Path(source))))
    try:
        return _of_file(source, format)
    except Misuse as error:
        called = "The input" if isinstance(source, bytes) else f"{str(source)!r:.200}"
        raise Misuse(f"{called} {error}.") from None


def _of_file(source: Path | str | bytes, format: str | None) -> Loaded:
    """As `load`; what is wrong with it is said without its name."""
    text = _text(source)
    if format == "markdown" or (format is None and text.lstrip("\ufeff").startswith("---")):
        return Loaded("markdown", *_collect(_document(text, source)))
    if format == "csv" or (format is None and text.lstrip()[:1] not in ("{", "[")):
        header, table = ours.rows(text)
        if "body" not in header:
            return Loaded("freescout", *_collect(_readings(freescout.rows(table), freescout.reading)))
        columns = tuple(field for field in FIELDS if field in header)
        return Loaded("csv", *_collect(_readings(table, _own)), columns)
    format, entries = _parsed(text, format)
    if format == "freescout":
        entries = freescout.rows(entries)
    return Loaded(format, *_collect(_readings(entries, _reader(format))))


def read(source: Path | str | bytes, format: str | None = None) -> tuple[list[Canned], list[Remark]]:
    """The responses of a file and the remarks on it, as `load` gives them."""
    found = load(source, format)
    return found.responses, found.remarks


def write(library: Iterable[Canned], format: str) -> str:
    """The library in a format that is one file, readable by `read`; use and ids stay here. Misuse for other formats."""
    known = list(library)
    if format == "json":
        return ours.json_text(known)
    if format == "csv":
        return ours.csv_text(known)
    if format in _DESKS:
        return json.dumps(_DESKS[format].document(known), ensure_ascii=False, indent=2) + "\n"
    raise Misuse(
        f"Canned responses can not be written as {format!r:.40} to a file; use json or csv, "
        "zendesk, chatwoot, freescout, or markdown with a folder"
    )


def held(library: list[Canned], format: str, columns: tuple[str, ...] = FIELDS) -> list[Canned | None]:
    """Each response as it would come back from a file of this format; None where it would not come back at all."""
    if format in _DESKS:
        return [_back(entry, _reader(format)) for entry in _DESKS[format].entries(library)]
    if set(columns) >= set(FIELDS):
        return list(library)
    return [_some(canned, columns) for canned in library]


def left_out(library: list[Canned], format: str) -> list[Left]:
    """What a file of this format does not hold of the library, a sentence a response."""
    if format == "csv":
        return [
            Left(one.name, f"a cell of a CSV can not hold its {' and '.join(unfit)}; use json")
            for one in library
            if (unfit := ours.too_long(one))
        ]
    if format not in _DESKS:
        return []
    desk = _DESKS[format]
    found = []
    for canned, back in zip(library, held(library, format), strict=True):
        if lost := _lost(canned, back):
            found.append(Left(canned.name, f"{desk.TITLE} can not hold {', '.join(lost)}"))
        if strange := desk.unknown(canned):
            found.append(Left(canned.name, f"{desk.TITLE} can not fill in {', '.join(strange)}"))
    return found


def _lost(canned: Canned, back: Canned | None) -> list[str]:
    """The fields that would not come back, of those that say something."""
    if back is None:
        return ["it"]
    told = [
        field
        for field in FIELDS
        if field not in ("body", "plain", "actions", "tags")
        and getattr(canned, field) not in (getattr(back, field), getattr(_BLANK, field))
    ]
    if not set(canned.tags) <= set(back.tags):
        told.append("tags")
    done = {one.do for one in back.actions}  # the words of an action may differ, as those of a reason do
    if kinds := dict.fromkeys(one.do for one in canned.actions if one.do not in done):
        told.append(f"actions ({', '.join(kinds)})")
    if unlocked(canned.body) != canned.body:
        told.append("locked spans")
    if canned.plain and not back.plain and ("{{" in canned.body or "{%" in canned.body):
        told.append("plain")
    return told


def _some(canned: Canned, columns: tuple[str, ...]) -> Canned | None:
    entry = {key: value for key, value in entry_of(canned).items() if key in columns}
    return _back({**entry, "name": canned.name, "body": canned.body}, _own)


def _back(entry: Mapping[str, Any], reader: Callable[[Any], Reading]) -> Canned | None:
    try:
        return reader(entry).canned
    except Unfit:
        return None


def _own(entry: Mapping[str, Any]) -> Reading:
    return understood(dict(entry))


def _reader(format: str) -> Callable[[Mapping[str, Any]], Reading]:
    reader: Callable[[Mapping[str, Any]], Reading] = _DESKS[format].reading if format in _DESKS else _own
    return reader


# -- reading ---------------------------------------------------------------------------------------


def _is_folder(source: Path | str) -> bool:
    try:
        return Path(source).is_dir()
    except (OSError, ValueError):
        return False


def _text(source: Path | str | bytes) -> str:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with Path(source).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            raise Misuse(f"can not be read: {reason}; give a file, a folder, or - for stdin") from None
    if len(data) > LARGEST_FILE:
        raise Misuse(f"is larger than {LARGEST_FILE // 1_000_000} MB; split it")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Misuse(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _document(text: str, source: Path | str | bytes) -> Iterator[tuple[int, Reading | Unfit]]:
    """The one response of a Markdown file."""
    if len(text) > folder.LARGEST_DOCUMENT:
        raise Misuse(f"is larger than {folder.LARGEST_DOCUMENT // 1_000_000} MB; it can hold one response")
    try:
        yield 1, folder.reading(text, "", "" if isinstance(source, bytes) else Path(source).stem)
    except Unfit as error:
        yield 1, error


def _parsed(text: str, format: str | None) -> tuple[str, list[tuple[int, Any]]]:
    """Entries of a JSON document by their number, and the format it is in."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise Misuse(f"is not valid JSON: {error.msg} in line {error.lineno}; correct that line") from None
    except (RecursionError, ValueError):
        raise Misuse("is not valid JSON: it is nested too deeply or holds too long a number; export it again") from None
    if isinstance(document, Mapping):
        key = next((key for key in _KEYS if key in document), None)
        if key is None:
            raise Misuse("holds no canned responses: a list, or one under 'macros' or 'payload' is expected")
        found = [document[key]] if key == "macro" else document[key]
        format = format or _KEYS[key]
    else:
        found = _table(document)
        format = format or _looks(found)
    if not isinstance(found, list):
        raise Misuse("holds no list of canned responses; export it again")
    return format, list(enumerate(found, 1))


def _table(document: Any) -> Any:
    """The rows of `saved_replies` where phpMyAdmin wrote them between its own; else the document."""
    for part in document if isinstance(document, list) else ():
        if isinstance(part, Mapping) and part.get("type") == "table" and part.get("name") == "saved_replies":
            return part.get("data")
    return document


def _looks(found: Any) -> str:
    """The format by the fields of the first object."""
    first = next((one for one in found if isinstance(one, Mapping)), {}) if isinstance(found, list) else {}
    if "short_code" in first:
        return "chatwoot"
    if "body" in first:
        return "json"
    return "zendesk" if "actions" in first else "freescout" if "text" in first else "json"


def _readings(
    found: Iterable[tuple[int, Any]], reader: Callable[[Mapping[str, Any]], Reading]
) -> Iterator[tuple[int, Reading | Unfit]]:
    for line, given in found:
        try:
            if isinstance(given, Unfit):
                raise given
            if not isinstance(given, Mapping):
                raise Unfit(f"an object is expected, not {type(given).__name__}")
            yield line, reader(given)
        except Unfit as error:
            yield line, error


def _collect(readings: Iterator[tuple[int, Reading | Unfit]]) -> tuple[list[Canned], list[Remark]]:
    """The last response of each name in the order of the file, and all remarks."""
    found: dict[str, tuple[int, Canned]] = {}
    remarks: list[Remark] = []
    unknown: dict[str, int] = {}
    for line, reading in readings:
        if isinstance(reading, Unfit):
            remarks.append(Remark(line, str(reading)))
            continue
        for field in reading.strange:
            unknown.setdefault(field, line)
        remarks += [Remark(line, said, kept=True) for said in reading.told]
        name = reading.canned.name
        if name in found:
            earlier, _ = found[name]
            remarks.append(Remark(earlier, f"replaced by the later {name!r:.80} in line {line}"))
        found[name] = line, reading.canned
    remarks += [Remark(line, f"the field {name!r:.40} is not known", kept=True) for name, line in unknown.items()]
    remarks.sort(key=lambda remark: remark.line)
    return [canned for _, canned in sorted(found.values(), key=lambda one: one[0])], remarks
