"""What is left of an error nobody expected: one sentence, and a log without the values of variables."""

import os
import traceback
from pathlib import Path

from tui import clock
from tui.config import state_folder


def sentence(error: BaseException) -> str:
    """Keep the traceback in the state folder and say where, without what the error says: it may quote a customer."""
    name = type(error).__name__
    try:
        path = record(error)
    except OSError as problem:
        return f"shiftdesk made a mistake ({name}) and could not log it in {state_folder()} ({problem.strerror})."
    return f"shiftdesk made a mistake ({name}); what happened is in {path}, please report it."


def record(error: BaseException) -> Path:
    """Write the traceback to a file only its owner can read. Raises OSError."""
    folder = state_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = (clock.iso(clock.now()) or "").replace(":", "")
    path = folder / f"crash-{stamp}-{os.getpid()}.log"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(traceback.format_exception(error))
    return path
