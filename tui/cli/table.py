"""Rows for people: columns that line up, whatever was written outside."""

import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest

from tui.text import fit, line, width

GAP = "  "
LONGEST_CELL = 24
"""Terminal cells of any column but the last."""
LONGEST_NAME = 48
"""The same of a first column of names that are told apart by their ends."""


def table(rows: Sequence[Sequence[str]], *, first: int = LONGEST_CELL) -> str:
    """The rows in columns, each cell cleaned; on a terminal the last is cut at its edge.

    `first`: cells of the first column.
    """
    cleaned = [[fit(line(cell), LONGEST_CELL if at else first) for at, cell in enumerate(row[:-1])] for row in rows]
    cleaned = [[*cells, line(row[-1])] for cells, row in zip(cleaned, rows, strict=True)]
    sizes = [max(map(width, column)) for column in zip_longest(*(row[:-1] for row in cleaned), fillvalue="")]
    return "\n".join(_row(row, sizes) for row in cleaned)


def _row(cells: Sequence[str], sizes: Sequence[int]) -> str:
    start = "".join(cell + " " * (size - width(cell)) + GAP for cell, size in zip(cells[:-1], sizes, strict=True))
    room = terminal_width()
    last = cells[-1] if room is None else fit(cells[-1], room - width(start))
    return (start + last).rstrip()


def terminal_width() -> int | None:
    """Cells of a row on stdout; None where no terminal reads."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
