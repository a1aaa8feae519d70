"""What the worker says of its doings: one JSON object a line on stderr, cleaned, and without tokens."""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tui import clock
from tui.hidden import without_tokens
from tui.text import line

LEVELS = ("debug", "info", "warning", "error")
LONGEST = 500
"""Characters of one value."""
FRAMES = 8
"""How many steps of a mistake are named, the innermost last."""

lane: ContextVar[str] = ContextVar("lane", default="")
"""Whose round it is: the name of a lane, which ends with that of its account."""

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def lines(level: str) -> Iterator[None]:
    """Meanwhile what this program logs from `level` on goes to stderr. What libraries log does not: it holds URLs."""
    ours = logging.getLogger("tui")
    before = ours.level, ours.propagate
    handler = _Stderr(sys.stderr)
    handler.setFormatter(Lines())
    ours.addHandler(handler)
    ours.setLevel(level.upper())
    ours.propagate = False
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.level, ours.propagate = before


class Lines(logging.Formatter):
    """A record as JSON: `time`, `level`, `event`, `account`, and what it has of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said = {"time": clock.iso(round(record.created * 1e3)), "level": record.levelname.lower()}
        said |= {"event": _plain(_event(record))}
        if account := lane.get().partition(" ")[2]:
            said["account"] = _plain(account)
        own = {name: value for name, value in vars(record).items() if name not in _USUAL and value != ""}
        said |= {_plain(name): _plain(value) for name, value in own.items()}
        if record.exc_info and record.exc_info[1] is not None:
            said |= _mistake(record.exc_info[1])
        return json.dumps(said)


class _Stderr(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """A stderr that is gone ends no worker, and nothing is quoted there."""


def _event(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)


def _mistake(error: BaseException) -> dict[str, Any]:
    """What it was and where, in our own words: the values of variables are not in it."""
    steps = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    at = [f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in steps]
    return {"error": _plain(f"{type(error).__name__}: {error}"), "at": at}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and value - value == 0):
        return value
    return line(without_tokens(str(value)))[:LONGEST]
