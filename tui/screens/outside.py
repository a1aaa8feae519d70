"""A text in the agent's own editor: which that is, and the private file the text is in meanwhile."""

import asyncio
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tui import text
from tui.config import DRAFT_CHARACTERS
from tui.errors import Misuse, OutOfReach
from tui.hidden import for_others
from tui.screens.tty import is_restricted

NAMED = ("VISUAL", "EDITOR")
"""The variables that name an editor, the first that says something counts."""
ELSE = ("nano", "vi")
"""Where neither does: the first of these that is there."""
READ_BYTES = 4 * DRAFT_CHARACTERS + 4
"""So much of the file is read: more than a draft may have."""
NAME_CELLS = 30
ENDING_S = 0.5
"""How long an editor that is told to end may take (s)."""


def command(environ: Mapping[str, str], teams: str = "") -> list[str]:
    """The words of the editor's command, split as a shell would, which none is started for. Raises Misuse.

    The team's choice (`[desk] editor`) comes first. Where the account is restricted there is no other: most editors
    start a shell.
    """
    if words := _words("[desk] editor", teams):
        return words
    if is_restricted(environ):
        raise Misuse("No other editor is allowed here; the team can choose one in its configuration ([desk] editor).")
    for name in NAMED:
        if words := _words(f"${name}", environ.get(name, "")):
            return words
    for name in ELSE:
        if found := shutil.which(name):
            return [found]
    raise Misuse("No editor is known; set VISUAL or EDITOR to its command, such as: vim, or code --wait.")


def _words(name: str, given: str) -> list[str]:
    try:
        return shlex.split(given)
    except ValueError as error:
        raise Misuse(f"{name} is no command ({error}); set it to one, such as: vim, or code --wait.") from None


def shown(words: list[str]) -> str:
    """An editor's name, for a sentence."""
    return text.fit(text.line(Path(words[0]).name), NAME_CELLS)


class Copy:
    """A text in a file of mode 0600, in a folder of mode 0700 of its own."""

    def __init__(self, words: str, name: str) -> None:
        """Write it. Raises OutOfReach."""
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="shiftdesk-"))
            self.path = self.folder / name
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(words)
        except OSError as error:
            raise OutOfReach(f"The text cannot be given to an editor ({error.strerror}); the draft is kept.") from None
        self.given = words

    def read(self) -> tuple[str, bool] | None:
        """The text now, cleaned as a paste is, and whether it was cut; None where it is as it was, or no text.

        Editors end a file with a newline: one that was not there before is none of the text.
        """
        data = self._bytes()
        if data is None or data == self.given.encode():
            return None
        words, cut = text.paste(data.decode("utf-8", "replace"), DRAFT_CHARACTERS)
        if not self.given.endswith("\n"):
            words = words.removesuffix("\n")
        return None if words == self.given else (words, cut)

    def _bytes(self) -> bytes | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            with open(descriptor, "rb") as file:
                return file.read(READ_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except OSError:
            return None

    def remove(self) -> None:
        """Remove it, and what the editor left beside it."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def run(words: list[str], path: Path) -> int:
    """Run an editor on a file in this terminal until it ends; its exit code, or -n when signal n ended it.

    It gets no tokens of ours. Where that is cancelled the editor ends too. Raises Misuse where it cannot be started.
    """
    try:
        editor = await asyncio.create_subprocess_exec(*words, str(path), env=for_others(os.environ))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Misuse(f"The editor {shown(words)!r} cannot be started ({why}); "
                     "set VISUAL or EDITOR to another command.") from None  # fmt: skip
    try:
        return await editor.wait()
    finally:
        if editor.returncode is None:
            await _end(editor)


async def _end(editor: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        editor.terminate()
        try:
            await asyncio.wait_for(editor.wait(), ENDING_S)
        except TimeoutError:
            editor.kill()
