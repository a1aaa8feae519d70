"""Our own JSON and CSV: the fields of `entry.FIELDS`, one object or one row a response."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from tui.desk.canned.formats.entry import FIELDS, Unfit, entry_of
from tui.desk.canned.response import Canned
from tui.errors import Misuse

LONGEST_CELL = 131_072
"""Characters that are read from one cell of a CSV."""


def json_text(library: list[Canned]) -> str:
    """A list of objects; what says nothing is left out of them."""
    kept = [{key: value for key, value in entry_of(one).items() if value not in ("", [])} for one in library]
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"


def csv_text(library: list[Canned]) -> str:
    """A row a response under FIELDS; variants and actions stand in their cells as JSON."""
    file = io.StringIO()
    table = csv.DictWriter(file, FIELDS, lineterminator="\n")
    table.writeheader()
    table.writerows(map(_row, library))
    return file.getvalue()


def too_long(canned: Canned) -> list[str]:
    """The fields that no cell can hold."""
    return [field for field in ("variants", "actions") if len(_cell(entry_of(canned)[field])) > LONGEST_CELL]


def rows(text: str) -> tuple[list[str], Iterator[tuple[int, Any]]]:
    """The columns of a CSV, and its rows by their line; a row that can not be read is the reason why."""
    header_line = text.lstrip("\ufeff \r\n").partition("\n")[0]
    delimiter = max(",;\t", key=header_line.count)
    table = _lines(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False))
    line, first = next(table, (0, None))
    if first is None:
        raise Misuse("is empty; a CSV with the columns name and body, or JSON is expected")
    if isinstance(first, Unfit):
        raise Misuse(f"is a CSV that can not be read in line {line}: {first}")
    header = [cell.strip().lower() for cell in first]
    if not ({"name", "body"} <= set(header) or {"name", "text"} <= set(header)):
        raise Misuse(f"is a CSV, which needs the columns name and body; its first row is {', '.join(header)!r:.100}")
    return header, _under(header, table)


def _lines(table: Any) -> Iterator[tuple[int, Any]]:
    """Rows that are not empty by the line on which they begin."""
    while True:
        before = table.line_num + 1
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield before, Unfit(f"not readable as CSV: {error}")
            continue
        if any(cell.strip() for cell in row):
            yield before, row


def _under(header: list[str], table: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    for line, row in table:
        if isinstance(row, Unfit):
            yield line, row
        elif len(row) > len(header):
            yield line, Unfit(f"{len(row)} cells under {len(header)} columns; quote cells that hold a separator")
        else:
            yield line, dict(zip(header, row, strict=False))


def _row(canned: Canned) -> dict[str, str]:
    entry = entry_of(canned)
    unfit = too_long(canned)
    lists = {field: "" if field in unfit else _cell(entry[field]) for field in ("variants", "actions")}
    return {**entry, "tags": _tags(canned.tags), **lists}


def _tags(tags: tuple[str, ...]) -> str:
    return ", ".join(tags)


def _cell(entries: list[Any]) -> str:
    return json.dumps(entries, ensure_ascii=False) if entries else ""
