"""Files that grow: what was appended since a place, whole lines only, and what became of the file meanwhile.

A place is told apart by device and inode, not by name, and by what stands in front of it: so a file that was moved
away, cut short or written anew is noticed, also where its name, size or inode is the same again.
"""

import errno
import fcntl
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from tui.errors import OutOfReach
from tui.networks.files import MAX_LINE, Lines, read_jsonl
from tui.networks.records import BadLine, Post, Tally

CHUNK = MAX_LINE + 1
"""Bytes looked at in one piece: the longest line fits."""
MOST_LINES = 500
"""Lines of one piece, which is one transaction."""
MARK_BYTES = 256
SUFFIXES = (".jsonl", ".ndjson")
"""Of the files of a folder that are read."""

Met = Literal["", "moved on", "lost", "cut"]
"""What became of the file: another has its name, and the old one is read to its end, or could not be found any more;
it was cut short or written anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file has been read."""

    device: int
    inode: int
    offset: int = 0
    """Bytes."""
    lines: int = 0
    mark: str = ""
    """A digest of what stands in front of it."""
    within: bool = False
    """In the middle of a line that is longer than any may be, and is passed over."""

    def as_text(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self))


def place(stored: str | None) -> Place | None:
    """A place from what is stored; None: at the beginning."""
    return None if stored is None else Place(**json.loads(stored))


@dataclass(frozen=True, slots=True)
class Piece:
    """What was appended: posts and what could not be read, each post with the number of its line."""

    posts: tuple[tuple[int, Post], ...]
    bad: tuple[BadLine, ...]
    place: Place
    more: bool
    """There may be more to be had at once."""
    met: Met = ""


def read(path: Path, at: Place | None) -> Piece | None:
    """What follows a place, in whole lines; a last line without its end waits. None where there is nothing new.

    Raises OutOfReach where the file is there and cannot be read.
    """
    with _opened(path) as file:
        if file is None:
            return None
        here = _identity(file)
        if at is None:
            return _piece(file, here)
        if (at.device, at.inode) != (here.device, here.inode):
            return _rest(path, at, file, here)
        if not _stands(file, at):
            return _or_empty(_piece(file, here), here, "cut")
        return _piece(file, at)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """The open file; None where it is not there."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _unreadable(path, OSError(errno.EINVAL, "it is no file that keeps what is written to it"))
        yield file
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(file)


def _unreadable(path: Path, error: OSError) -> OutOfReach:
    return OutOfReach(f"{path} cannot be read ({error.strerror}); check the file.")


def _identity(file: int) -> Place:
    found = os.fstat(file)
    return Place(found.st_dev, found.st_ino)


def _stands(file: int, at: Place) -> bool:
    """Whether what stood in front of the place still does."""
    return os.fstat(file).st_size >= at.offset and _mark(file, at.offset) == at.mark


def _mark(file: int, offset: int) -> str:
    if offset == 0:
        return ""
    start = max(offset - MARK_BYTES, 0)
    return hashlib.sha256(os.pread(file, offset - start, start)).hexdigest()[:32]


def _piece(file: int, at: Place, *, ends: bool = False) -> Piece | None:
    """Whole lines from a place on. `ends`: nothing comes behind a last line without its end."""
    chunk = os.pread(file, CHUNK, at.offset)
    if not chunk:
        return None
    end = chunk.rfind(b"\n") + 1
    if at.within or (end == 0 and len(chunk) == CHUNK):
        return _passed_over(file, at, chunk)
    if end == 0 and not ends:
        return None
    whole = _first_lines(chunk[: end or len(chunk)])
    return _parsed(file, at, whole, more=len(whole) < len(chunk))


def _first_lines(whole: bytes) -> bytes:
    """At most MOST_LINES of them."""
    end = -1
    for _ in range(MOST_LINES):
        end = whole.find(b"\n", end + 1)
        if end < 0:
            return whole
    return whole[: end + 1]


def _passed_over(file: int, at: Place, chunk: bytes) -> Piece:
    """A line that is too long: it is named once, and passed over to its end."""
    end = chunk.find(b"\n") + 1
    bad = () if at.within else (BadLine(at.lines + 1, f"longer than {MAX_LINE >> 20} MB"),)
    offset = at.offset + (end or len(chunk))
    on = replace(at, offset=offset, lines=at.lines + bool(end), mark=_mark(file, offset), within=not end)
    return Piece((), bad, on, more=True)


def _parsed(file: int, at: Place, whole: bytes, *, more: bool) -> Piece:
    lines, posts, bad = Lines(io.BytesIO(whole)), list[tuple[int, Post]](), list[BadLine]()
    for reading in read_jsonl(lines, Tally()):
        number = at.lines + lines.number
        if isinstance(reading, BadLine):
            bad.append(BadLine(number, reading.reason))
        else:
            posts.append((number, reading))
    offset = at.offset + len(whole)
    on = replace(at, offset=offset, lines=at.lines + lines.number, mark=_mark(file, offset))
    return Piece(tuple(posts), tuple(bad), on, more)


def _rest(path: Path, at: Place, file: int, here: Place) -> Piece | None:
    """Another file has the name: first the rest of the old one, where it lies beside it under another, then this."""
    moved = _beside(path, at)
    if moved is None:
        return _or_empty(_piece(file, here), here, "lost")
    with _opened(moved) as old:
        if old is not None and _identity(old).inode == at.inode and _stands(old, at):
            ends = os.fstat(file).st_size > 0  # who writes here writes there no more
            rest = _piece(old, at, ends=ends)
            if rest is not None:
                return replace(rest, more=ends)
            if not ends:
                return None
            return _or_empty(_piece(file, here), here, "moved on")
    return _or_empty(_piece(file, here), here, "lost")


def _beside(path: Path, at: Place) -> Path | None:
    """The file of a place under another name, in the same folder."""
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if entry.inode() == at.inode and entry.stat(follow_symlinks=False).st_dev == at.device:
                    return Path(entry.path)
    except OSError:
        pass
    return None


def _or_empty(piece: Piece | None, here: Place, met: Met) -> Piece:
    return Piece((), (), here, more=False, met=met) if piece is None else replace(piece, met=met)


def files(path: Path) -> list[Path]:
    """The files of a watched folder, by name; those that begin with a dot are not finished. Raises OutOfReach."""
    try:
        with os.scandir(path) as entries:
            names = [one.name for one in entries if one.name.endswith(SUFFIXES) and one.is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(path, error) from None
    return [path / name for name in sorted(names) if not name.startswith(".")]


class Pipe:
    """A named pipe, which keeps nothing: what comes out of it goes into a file at once, and is read there.

    The kernel moves it there in one call, so that nothing lies only in our memory. Held open for writing too, the
    pipe never makes a writer wait for us to open it.
    """

    ROOM = 1 << 20
    """A file this large (bytes) that has been read to its end is begun anew."""

    def __init__(self, path: Path, kept_in: Path) -> None:
        self._path = path
        self.kept_in = kept_in
        self._pipe = self._file = -1

    def drain(self) -> None:
        """What lies in the pipe goes behind what is in the file. Raises OutOfReach."""
        try:
            self._open()
            while self._move():
                pass
        except BlockingIOError:
            if self._pipe < 0:
                self.close()
                raise OutOfReach(f"{self._path} is read by another process already.") from None
        except OSError as error:
            self.close()
            raise _unreadable(self._path, error) from None

    def _open(self) -> None:
        if self._pipe < 0:
            self.kept_in.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.kept_in, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o660)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two would write over each other
            self._pipe = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def _move(self) -> int:
        end = os.fstat(self._file).st_size
        return os.splice(self._pipe, self._file, CHUNK, offset_dst=end)

    def begin_anew(self, at: Place) -> None:
        """Empty the file where it is large and all of it is read and committed."""
        if self._file >= 0 and at.offset >= self.ROOM and os.fstat(self._file).st_size == at.offset:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Let go of both."""
        for one in (self._pipe, self._file):
            if one >= 0:
                os.close(one)
        self._pipe = self._file = -1


def is_pipe(path: Path) -> bool:
    """Whether a named pipe stands there."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
