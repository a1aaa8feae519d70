"""What is left of an error nobody expected: a log without the values of variables and tokens, for its owner only."""

import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tui import __version__
from tui.hidden import without_tokens


def record(error: BaseException | None, folder: Path) -> Path:
    """Write the traceback to a new file of mode 0600 in the folder. Raises OSError."""
    at = datetime.now(UTC)
    path = folder / f"crash-{at:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    lines = traceback.format_exception(error) if error is not None else ["no exception was given\n"]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"shiftdesk {__version__}, Python {sys.version.split()[0]}, {at:%Y-%m-%dT%H:%M:%SZ}\n")
        log.write(without_tokens("".join(lines)))
    return path
