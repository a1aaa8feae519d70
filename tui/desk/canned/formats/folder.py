"""A folder of Markdown files, one response each, as a team keeps it under version control.

Files whose names end in `.md` are read, in folders below as well; README.md, hidden ones and links are not. A response
that is written goes to the file that holds its name already, else to a new one named after it. Nothing else is touched.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.desk.canned.formats.entry import Reading, Unfit, understood
from tui.desk.canned.formats.markdown import Document, Unreadable, document, read_document
from tui.desk.canned.response import Canned
from tui.errors import Misuse

LARGEST_DOCUMENT = 2_000_000
"""Bytes of one file."""
MOST_FILES = 50_000
LONGEST_FILE_NAME = 60
"""Characters, without number and suffix."""
README = "readme.md"

_NO_WORD = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a folder. Names of files are relative to it."""

    changed: tuple[str, ...]
    """Files that were written."""
    unchanged: int
    foreign: tuple[str, ...]
    """Files that hold no response, or one that another file holds as well."""
    gone: tuple[tuple[str, str], ...]
    """File and name of responses that the folder has and the library has not."""


def readings(folder: Path) -> Iterator[tuple[int, Reading | Unfit]]:
    """What each file of the folder says, in the order of their names. Raises Misuse for the folder as a whole."""
    files = _files(folder)
    if not files:
        raise Misuse(
            f"{str(folder)!r:.200} can not be read: no file in it ends in .md; name another folder, or a file."
        )
    for number, path in enumerate(files, 1):
        try:
            yield number, _reading(folder, path)
        except Unfit as error:
            yield number, error


def reading(text: str, place: str, name: str) -> Reading:
    """The response of one document, with where it is wrong. Raises Unfit."""
    try:
        found = read_document(text, name)
    except Unreadable as error:
        raise Unfit(f"{place}line {error.line}: {error}") from None
    return _understood(found, place)


def write(library: list[Canned], folder: Path) -> Written:
    """Write every response into the folder, which is made where it is not there. Raises Misuse."""
    known, foreign = _known(folder) if folder.exists() else ({}, [])
    taken = {README, *(str(path.relative_to(folder)).casefold() for path in (*known.values(), *foreign))}
    changed = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for canned in library:
            path = known.pop(canned.name, None) or folder / _file_name(canned.name, folder, taken)
            if _put(path, document(canned)):
                changed.append(str(path.relative_to(folder)))
    except OSError as error:
        raise Misuse(
            f"{str(folder)!r:.200} can not be written: {error.strerror or error}; give another folder."
        ) from None
    gone = [(str(path.relative_to(folder)), name) for name, path in known.items()]
    return Written(
        tuple(changed),
        len(library) - len(changed),
        tuple(str(path.relative_to(folder)) for path in foreign),
        tuple(sorted(gone)),
    )


def _reading(folder: Path, path: Path) -> Reading:
    place = str(path.relative_to(folder))
    try:
        text = _text(path)
    except Unfit as error:
        raise Unfit(f"{place}: {error}") from None
    return reading(text, f"{place}, ", path.stem)


def _understood(found: Document, place: str) -> Reading:
    try:
        read = understood(found.entry)
    except Unfit as error:
        raise Unfit(f"{place}line {found.line(error)}: {error}") from None
    return Reading(
        read.canned, tuple(f"{place.rstrip(', ') or 'the file'}: {said}" for said in read.told), read.strange
    )


def _known(folder: Path) -> tuple[dict[str, Path], list[Path]]:
    """The files that hold a response, by its name, and those that hold none."""
    known: dict[str, Path] = {}
    foreign: list[Path] = []
    for path in _files(folder):
        try:
            name = _reading(folder, path).canned.name
        except Unfit:
            name = ""
        if not name or name in known:
            foreign.append(path)
        else:
            known[name] = path
    return known, foreign


def _files(folder: Path) -> list[Path]:
    """The Markdown files of a folder and of those below it, by name."""
    if not folder.is_dir():
        raise Misuse(f"{str(folder)!r:.200} is no folder; name the one with the Markdown files.")
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if _counts(name) and path.is_file() and not path.is_symlink():
                found.append(path)
        if len(found) > MOST_FILES:
            raise Misuse(f"{str(folder)!r:.200} holds more than {MOST_FILES:,} Markdown files; name a smaller folder.")
    return found


def _counts(file_name: str) -> bool:
    lower = file_name.lower()
    return lower.endswith(".md") and not lower.startswith(".") and lower != README


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_DOCUMENT + 1)
    except OSError as error:
        raise Unfit(f"it can not be read: {error.strerror}") from None
    if len(data) > LARGEST_DOCUMENT:
        raise Unfit(f"it is larger than {LARGEST_DOCUMENT // 1_000_000} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unfit(f"it is not UTF-8 (byte {error.start})") from None


def _file_name(name: str, folder: Path, taken: set[str]) -> str:
    """A new name in the folder, made of letters, digits and hyphens alone; it is taken from now on."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    stem = _NO_WORD.sub("-", plain.casefold()).strip("-")[:LONGEST_FILE_NAME].strip("-") or "response"
    number = 1
    while True:
        file_name = f"{stem}{'' if number == 1 else f'-{number}'}.md"
        if file_name.casefold() not in taken and not os.path.lexists(folder / file_name):
            taken.add(file_name.casefold())
            return file_name
        number += 1


def _put(path: Path, text: str) -> bool:
    """Write a file whole or not at all; False where it says so already."""
    data = text.encode()
    if path.exists():
        if path.read_bytes() == data:
            return False
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        _create(new, data)
        shutil.copymode(path, new)
        new.replace(path)
    else:
        _create(path, data)
    return True


def _create(path: Path, data: bytes) -> None:
    """Never through a link, never over what is there."""
    with path.open("xb") as file:
        file.write(data)
