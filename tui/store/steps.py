"""The clock of the host is set: what runs by spans on a desk in a file is moved along, and nothing lapses by it.

The database remembers what the clock showed and how long the host had been up. Each change compares both before it
does anything else: where more time went by on one than on the other, somebody has set the clock. Claims, leases,
presence, undo windows and pauses are spans and move by the difference, in that same change and with an event; what
was agreed with people by the clock stays: snoozes, promises, replies that are to leave at a time.

Only differences from LEAST on count, also where they came about little by little: Linux slews both clocks alike, so
there only a set clock makes them, and elsewhere a span that moves by two seconds harms nobody. After a restart of the
host, nothing is known of the time between, and nothing is moved. Zones play no part: a change to summer time sets
no clock.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from tui import clock
from tui.clock import SECOND, Millis

LEAST: Millis = 2 * SECOND
_PROC = Path("/proc")
_SPANS = (
    "UPDATE conversation SET timer_at = timer_at + :by, claimed_at = claimed_at + :by WHERE state = 'claimed'",
    "UPDATE lease SET until = until + :by",
    "UPDATE presence SET since = since + :by, beat_at = beat_at + :by, dropped_at = dropped_at + :by",
    "UPDATE reply SET tried_at = tried_at + :by, failing_since = failing_since + :by, "
    "due_at = CASE WHEN scheduled AND tried_at IS NULL THEN due_at ELSE due_at + :by END "
    "WHERE state NOT IN ('sent', 'recalled')",
    "UPDATE source SET next_at = next_at + :by, failing_since = failing_since + :by",
    "UPDATE skip SET until = until + :by",
)


@cache
def boot() -> str:
    """Which start of the host this is, and by which of its clocks this process goes: a container may have its own.

    Empty where the system does not tell: then it is a new start when the host has been up for less than before.
    """
    try:
        started = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    try:
        return f"{started} {(_PROC / 'self/ns/time').readlink()}"
    except OSError:  # a kernel that has one clock for all
        return started


def step(connection: Any) -> None:
    """At the begin of a change, on its DBAPI connection: move what runs by spans where the clock was set.

    The caller asks for `now` after this, never before.
    """
    up, shown = _look()
    by = _set_by(connection, up, shown)
    if by is not None:
        if abs(by) < LEAST:
            return
        _move(connection, by, shown)
    connection.execute("DELETE FROM host_clock")
    connection.execute("INSERT INTO host_clock (boot, up_ms, shown) VALUES (?, ?, ?)", (boot(), up, shown))


def set_by(connection: Any) -> Millis | None:
    """By how much the clock was set since the last change; None where the host was started since, or nobody knows."""
    return _set_by(connection, *_look())


def _set_by(connection: Any, up: Millis, shown: Millis) -> Millis | None:
    row = connection.execute("SELECT boot, up_ms, shown FROM host_clock").fetchone()
    if row is None or row[0] != boot() or row[1] > up:
        return None
    return int((shown - row[2]) - (up - row[1]))


def _look() -> tuple[Millis, Millis]:
    """Both clocks at one moment, even where the process is stopped between the two looks."""
    while True:
        up, shown = clock.up(), clock.shown()
        if clock.up() - up < SECOND:
            return up, shown


def _move(connection: Any, by: Millis, shown: Millis) -> None:
    for statement in _SPANS:
        connection.execute(statement, {"by": by})
    connection.execute(
        "INSERT INTO event (at, agent, kind, data) VALUES (?, 'desk', 'clock.set', ?)", (shown, json.dumps({"by": by}))
    )
