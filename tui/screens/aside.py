"""What could not be stored when the desk was left: in a private file, until the desk is opened again."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui.clock import Millis

READ_BYTES = 20_000_000
"""No file of ours is longer; one that is, is none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One text that is not stored."""

    subject: str
    """`reply:7`, `note:7`, `canned:7`, `canned:new`."""
    words: str
    cursor: int
    epoch: int = 0
    """Of a reply: that of the claim it was written with."""
    sender: str | None = None
    made_of: dict[str, Any] | None = None

    @property
    def conversation_id(self) -> int | None:
        """The conversation of a reply; None for anything else."""
        kind, _, number = self.subject.partition(":")
        return int(number) if kind == "reply" and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Aside:
    """A file of such texts."""

    path: Path
    at: Millis
    """When it was written."""
    pieces: tuple[Piece, ...]


def put(pieces: Sequence[Piece], folder: Path, *, agent: str, desk: str, at: Millis) -> Path:
    """Write a new file of mode 0600 in the folder; its path. Raises OSError."""
    path = folder / f"unstored-{_name(agent)}-{at}-{os.getpid()}.json"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        document = {"agent": agent, "desk": desk, "at": at, "texts": [asdict(piece) for piece in pieces]}
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return path


def found(folder: Path, *, agent: str, desk: str) -> Iterator[Aside]:
    """What this agent left unstored on this desk, oldest first. What is no such file is passed over."""
    for path in sorted(folder.glob(f"unstored-{_name(agent)}-*.json")):
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as file:
                stored = json.loads(file.read(READ_BYTES))
            if stored["agent"] == agent and stored["desk"] == desk:
                yield Aside(path, int(stored["at"]), tuple(Piece(**piece) for piece in stored["texts"]))
        except (OSError, ValueError, TypeError, KeyError):
            continue


def _name(agent: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", agent)
