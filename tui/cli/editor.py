"""A text in the agent's own editor, until what is to become of it takes it; no text is lost on the way."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from tui.cli.invocation import mention
from tui.errors import Misuse, ShiftdeskError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.screens.outside import Copy

T = TypeVar("T")


def edit(text: str, name: str, save: Callable[[str], T], teams: str = "") -> T | None:
    """What `save` made of the text once it was edited; None where it was left as it was.

    `teams`: the editor of `[desk] editor`, instead of the agent's own.

    What `save` refuses is said, and the agent goes on editing if they want to. Who gives up, or whose editor fails
    behind a change, is told which file the text is in; nothing else is changed then.
    """
    from tui.screens import outside

    command = outside.command(os.environ, teams)
    copy = outside.Copy(text, name)
    try:
        while True:
            _run(command, copy)
            found = copy.read()
            if found is None:
                copy.remove()
                return None
            try:
                done = save(_whole(*found))
            except ShiftdeskError as error:
                if not _goes_on(error):
                    why = str(error).rstrip(".")
                    raise type(error)(f"{why}; your text is in {copy.path}.", **error.details) from None
            else:
                copy.remove()
                return done
    except (KeyboardInterrupt, click.Abort):
        mention(f"Nothing was changed; your text is in {copy.path}.")
        raise


def _whole(text: str, cut: bool) -> str:
    if cut:
        raise Misuse(f"The text is longer than {len(text):,} characters; shorten it.")
    return text


def _run(command: list[str], copy: "Copy") -> None:
    """The editor, until it ends. Raises Misuse where it fails."""
    from tui.screens import outside

    with _interrupts_are_the_editors(), _stdout_is_a_terminal():
        try:
            code = asyncio.run(outside.run(command, copy.path))
        except Misuse:
            copy.remove()
            raise
    if code == 0:
        return
    ended = f"by signal {-code}" if code < 0 else f"with code {code}"
    if copy.read() is None:
        copy.remove()
        raise Misuse(f"The editor ended {ended}; nothing was changed.")
    raise Misuse(f"The editor ended {ended}; nothing was changed, and your text is in {copy.path}.")


def _goes_on(error: ShiftdeskError) -> bool:
    """Say what is wrong and ask; without a terminal nobody is there to answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    mention(str(error))
    return click.confirm("Edit it again?", default=True, err=True)


@contextmanager
def _interrupts_are_the_editors() -> "Iterator[None]":
    """ctrl+c reaches whoever runs in the terminal: it is the editor's key, and does not end it with us."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _stdout_is_a_terminal() -> "Iterator[None]":
    """Where our answer is read by a program, the editor paints on the terminal itself."""
    if os.isatty(1) or not Path("/dev/tty").exists():
        yield
        return
    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:  # no terminal at all: nobody sees what it paints, and it may not need to
        terminal = os.open(os.devnull, os.O_WRONLY)
    ours = os.dup(1)
    try:
        sys.stdout.flush()
        os.dup2(terminal, 1)
        yield
    finally:
        os.dup2(ours, 1)
        os.close(ours)
        os.close(terminal)
