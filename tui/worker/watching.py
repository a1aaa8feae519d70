"""Posts from files that grow, folders and named pipes: each line once, whatever ends this process and when.

How far a file is read is stored with the posts of it, in one transaction, and only from where it was read on: a
second process that reads the same file costs a read, and nothing twice.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from tui import clock as wall
from tui.clock import Millis
from tui.config import Config, data_folder
from tui.desk import sources
from tui.errors import OutOfReach, Refused
from tui.networks import tail
from tui.networks.records import BadLine
from tui.networks.tail import Piece, Place
from tui.store import log
from tui.store import tables as t
from tui.store.store import Store
from tui.text import fit, line
from tui.worker.run import Done, Leads

AGENT = "intake"
NAMED = 20
"""Of the refused lines of one piece, so many are named in the event log."""
REASON_CELLS = 160
PIECES = 40
"""Most pieces of one round: after so many, the worker looks whether it is to end."""

_log = logging.getLogger(__name__)
_w = t.watched.c
_TOLD = {
    "moved on": "another file has its name; the old one was read to its end",
    "lost": "another file has its name and the old one is not beside it: what was written to that last may be missing",
    "cut": "it was cut short or written anew; it is read from its beginning",
}


@dataclass(slots=True)
class Taken:
    """What was read: lines, new posts, posts known already, refused lines."""

    read: int = 0
    added: int = 0
    known: int = 0
    refused: int = 0


def paths(config: Config) -> list[Path]:
    """What is configured to be watched; what is not absolute lies beside the configuration."""
    beside = config.path.parent if config.path else Path.cwd()
    return [(beside / Path(one).expanduser()).absolute() for one in config.network.watch]


class Watching:
    """A lane that reads what is appended to files. `kept_in`: where what comes out of a named pipe is kept."""

    name = "watch"

    def __init__(
        self,
        store: Store,
        config: Config,
        watched: Sequence[Path],
        *,
        kept_in: Path | None = None,
        clock: Callable[[], Millis] = wall.now,
        refused: Callable[[Path, BadLine], None] = lambda _path, _bad: None,
    ) -> None:
        self._store = store
        self._config = config
        self._watched = [Path(os.path.abspath(path)) for path in watched]
        self._kept_in = kept_in or data_folder()
        self._clock = clock
        self._refused = refused
        self._pipes: dict[Path, tail.Pipe] = {}
        self._places: dict[Path, Place | None] = {}
        self._at_rest: dict[Path, tuple[int, int, int]] = {}
        """Files of folders that were read to their end: inode, size and time as they were then."""
        self._known: dict[Path, set[Path]] = {}
        """The files of each folder when it was last looked at."""
        self._problems: dict[Path, str] = {}
        self.taken = Taken()
        self.hurries = False
        """The last round ended before all was read."""

    def round(self, *, first: bool, leads: Leads) -> Done:
        """Everything that was appended, in pieces."""
        if first:
            self._places, self._known = {}, {}
        before, pieces = self.taken.added, 0
        for path in self._watched:
            for file in self._files(path):
                while pieces < PIECES and leads() and self._read(path, file, leads):
                    pieces += 1
        self.hurries = pieces == PIECES
        return Done(read=self.taken.added - before)

    def close(self) -> None:
        """Let go of the pipes."""
        for pipe in self._pipes.values():
            pipe.close()

    # -- which files ------------------------------------------------------------------------------

    def _files(self, path: Path) -> list[Path]:
        """The files behind a path that may have something new; what is wrong with it is said once."""
        try:
            if tail.is_pipe(path):
                found = [self._drained(path)]
            elif path.is_dir():
                files = tail.files(path)
                self._forget_gone(path, files)
                found = [file for file in files if _state(file) != self._at_rest.get(file)]
            else:
                found = [path]
        except OutOfReach as error:
            self._complain(path, str(error))
            return []
        return found

    def _drained(self, path: Path) -> Path:
        if path not in self._pipes:
            name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
            self._pipes[path] = tail.Pipe(path, self._kept_in / f"pipe-{name}.jsonl")
        pipe = self._pipes[path]
        pipe.drain()
        return pipe.kept_in

    def _forget_gone(self, folder: Path, files: list[Path]) -> None:
        """How far files were read that are in their folder no more."""
        known = self._known.get(folder)
        if known is None:
            with self._store.transaction() as session:
                stored = map(Path, session.execute(select(_w.path)).scalars())
                known = {file for file in stored if file.parent == folder}
        if gone := known - set(files):
            with self._store.transaction() as session:
                for file in gone:
                    session.execute(delete(t.watched).where(_w.path == str(file)))
            for file in gone:
                self._at_rest.pop(file, None)
                self._places.pop(file, None)
        self._known[folder] = set(files)

    def _complain(self, path: Path, problem: str) -> None:
        if self._problems.get(path) != problem:
            self._problems[path] = problem
            _log.warning("%s", line(problem))

    # -- one piece --------------------------------------------------------------------------------

    def _read(self, path: Path, file: Path, leads: Leads) -> bool:
        """One piece of one file; whether there may be more at once."""
        state, named = _state(file), path if path in self._pipes else file
        try:
            at = self._place(file)
            piece = tail.read(file, at)
        except OutOfReach as error:
            self._complain(file, str(error))
            return False
        if piece is None:
            self._rest(path, file, at, state)
            return False
        self._places.pop(file, None)  # until it is committed, only the database knows
        with self._store.transaction() as session:
            if not leads(session):
                raise Refused("Another worker has taken over.")
            _move(session, file, at, piece.place, self._clock())
            taken = self._take(session, named, piece)
        self._places[file] = piece.place
        self._count(named, piece, taken)
        return True

    def _place(self, file: Path) -> Place | None:
        if file not in self._places:
            with self._store.transaction() as session:
                stored = session.execute(select(_w.place).where(_w.path == str(file))).scalar()
            self._places[file] = tail.place(stored)
        return self._places[file]

    def _rest(self, path: Path, file: Path, at: Place | None, state: tuple[int, int, int] | None) -> None:
        """All of a file is read."""
        if path in self._pipes and at is not None:
            self._pipes[path].begin_anew(at)
        elif file != path and state is not None:
            self._at_rest[file] = state

    def _take(self, session: Session, path: Path, piece: Piece) -> tuple[Taken, list[BadLine]]:
        """Posts in, and on record what was not; how much of both."""
        posts = [post for _, post in piece.posts]
        taken, unfit = sources.take_each(session, posts, now=self._clock(), config=self._config)
        numbers = {post.id: number for number, post in piece.posts}
        bad = [*piece.bad, *(BadLine(numbers.get(one.native_id or "", 0), one.reason) for one in unfit)]
        bad.sort(key=lambda one: one.line)
        if bad:
            self._event(session, "file.refused", path, count=len(bad), lines=[_as_json(one) for one in bad[:NAMED]])
        if piece.met and path not in self._pipes:
            self._event(session, "file.changed", path, why=_TOLD[piece.met])
        return Taken(len(posts) + len(piece.bad), taken.added, taken.known, len(bad)), bad

    def _event(self, session: Session, kind: str, path: Path, **data: Any) -> None:
        log.append(session, kind, at=self._clock(), agent=AGENT, file=line(str(path)), **data)

    def _count(self, path: Path, piece: Piece, found: tuple[Taken, list[BadLine]]) -> None:
        """What is committed is counted and told."""
        taken, bad = found
        self._problems.pop(path, None)
        self.taken = Taken(
            self.taken.read + taken.read, self.taken.added + taken.added,
            self.taken.known + taken.known, self.taken.refused + taken.refused,
        )  # fmt: skip
        for one in bad:
            self._refused(path, one)
        if bad:
            first = bad[0]
            said = "%s: %d lines refused, first line %d: %s"
            _log.warning(said, line(str(path)), len(bad), first.line, line(first.reason))
        if piece.met and path not in self._pipes:
            _log.warning("%s: %s", line(str(path)), _TOLD[piece.met])


def _move(session: Session, file: Path, at: Place | None, to: Place, now: Millis) -> None:
    """The place moves on. Raises Refused where another process has read on from here meanwhile."""
    if at is None:
        here = session.execute(select(_w.path).where(_w.path == str(file))).first()
        if here is None:
            session.execute(insert(t.watched).values(path=str(file), place=to.as_text(), read_at=now))
            return
        moved = None
    else:
        moved = session.execute(
            update(t.watched)
            .where(_w.path == str(file), _w.place == at.as_text())
            .values(place=to.as_text(), read_at=now)
            .returning(_w.path)
        ).first()
    if moved is None:
        raise Refused(f"{file} was read on by another process meanwhile.")


def _as_json(bad: BadLine) -> dict[str, Any]:
    return {"line": bad.line, "reason": fit(line(bad.reason), REASON_CELLS).rstrip()}


def _state(file: Path) -> tuple[int, int, int] | None:
    """What changes when something is written to it."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
