"""Several real desks in ptys on one database, and what each of them shows when."""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from making import US, post, take
from terminal.pty_app import Terminal

from tui import clock
from tui.clock import MINUTE
from tui.store.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CURSOR = "▌"
_TITLE = re.compile(r"Feed (\d[\d,]*)")
_ROW = re.compile(r" x @(\w+)")


class Seat(Terminal):
    """One agent's desk; `seen` has when its counter changed, by the monotonic clock, and to what."""

    def __init__(self, store: Store, agent: str, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(
            [sys.executable, "-m", "tui", "--db", store.location, "--agent", agent],
            cols=120, rows=40, cwd=ROOT, env={"HOME": str(home)} | {f"XDG_{n}_HOME": None for n in ("CONFIG", "DATA")},
        )  # fmt: skip
        self.seen: list[tuple[float, int]] = []

    @property
    def master(self) -> int:
        """Our end of the terminal."""
        return self._master

    def listen(self) -> None:
        """Take what has come."""
        self._read(0)
        at, found = time.monotonic(), _TITLE.search(self._line(0))
        if found and (not self.seen or self.seen[-1][1] != int(found[1].replace(",", ""))):
            self.seen.append((at, int(found[1].replace(",", ""))))

    def _line(self, y: int) -> str:
        row = self._screen.buffer[y]
        return "".join(row[x].data for x in range(self._screen.columns))

    def rows(self) -> list[str]:
        """The handles in the feed, as far as it shows them."""
        lines = [self._line(y).partition("│")[0] for y in range(self._screen.lines)]
        ends = next(y for y, line in enumerate(lines) if "Claimed" in line)
        return [found[1] for line in lines[1:ends] if (found := _ROW.search(line))]

    def chosen(self) -> tuple[str, int]:
        """The handle under the cursor, and the line it stands in; empty while that is being painted."""
        for y in range(1, self._screen.lines):
            line = self._line(y).partition("│")[0]
            if line.startswith(CURSOR) and (found := _ROW.search(line)):
                return found[1], y
        return "", 0

    def opened(self) -> str:
        """The handle of the conversation beside the list."""
        found = re.search(r"│ @(\w+)", self._line(1))
        return found[1] if found else ""


def listen(seats: Sequence[Seat], until: Callable[[], bool], patience: float) -> bool:
    """Take what the desks paint until something is so; whether it came to that."""
    end = time.monotonic() + patience
    by_master = {seat.master: seat for seat in seats}
    while not until():
        if (left := end - time.monotonic()) <= 0:
            return False
        for master in select.select(list(by_master), [], [], min(left, 0.05))[0]:
            by_master[master].listen()
    return True


def move(seats: Sequence[Seat], seat: Seat, key: bytes) -> float:
    """Milliseconds from a cursor key to the next row with its conversation beside it, by the last byte of them."""
    before, began = seat.chosen()[0], time.monotonic()
    seat.send(key)
    assert listen(seats, lambda: seat.chosen()[0] not in ("", before) and seat.opened() == seat.chosen()[0], 10)
    return (time.monotonic() - began) * 1e3


def fill(store: Store, conversations: int) -> None:
    """So many customers wait."""
    now = clock.now()
    posts = (
        post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now - MINUTE - n * 100) for n in range(conversations)
    )
    take(store, *posts, now=now)


@contextmanager
def seated(store: Store, count: int, home: Path) -> Iterator[list[Seat]]:
    """So many desks, each with its cursor on another row."""
    with ExitStack() as stack:
        seats = [stack.enter_context(Seat(store, f"agent{n}", home / str(n))) for n in range(count)]
        for number, seat in enumerate(seats):
            seat.wait(r"Feed \d", timeout=60)
            seat.wait("Help", timeout=60)
            for _ in range(number % 8):
                move(seats, seat, b"j")
        yield seats


class Import:
    """Posts that come in meanwhile; `commits` has when so many were waiting."""

    def __init__(self, store: Store, rate: int, seconds: int) -> None:
        paths = os.pathsep.join(map(str, (ROOT, HERE.parent)))
        self.process = subprocess.Popen(
            [sys.executable, HERE / "importing.py", store.location, str(rate), str(seconds)],
            stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths},
        )  # fmt: skip

    def over(self) -> bool:
        """Whether it has come to its end."""
        return self.process.poll() is not None

    def commits(self) -> list[tuple[float, int]]:
        """After the end: the moments, by the monotonic clock, and how many were waiting from then on."""
        out, _ = self.process.communicate()
        assert self.process.returncode == 0
        told: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
        return [(one["at"], one["waiting"]) for one in told]


def delays(seat: Seat, commits: Sequence[tuple[float, int]]) -> list[float]:
    """Milliseconds from each commit until the desk showed as much; what never was shown lasts for ever."""
    found, seen = [], iter(seat.seen)
    at, shown = next(seen)
    for committed, waiting in commits:
        while shown < waiting and at != float("inf"):
            at, shown = next(seen, (float("inf"), shown))
        found.append(max(0.0, (at - committed) * 1e3))
    return found


def wrong(seat: Seat, store: Store) -> str:
    """What a desk shows otherwise than it is; empty where all is right."""
    reader, now = store.reader(), clock.now()
    order = [row.handle for row in reader.page("waiting", agent="", now=now, limit=1_000_000)]
    reader.close()
    rows = seat.rows()
    if not rows or rows[0] not in order:
        return f"the first row is {rows[:1]}"
    first = order.index(rows[0])
    if rows != order[first : first + len(rows)]:
        return f"rows {rows}, stored {order[first : first + len(rows)]}"
    return "" if seat.seen[-1][1] == len(order) else f"counts {seat.seen[-1][1]} of {len(order)}"
