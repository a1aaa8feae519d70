"""Where `shiftdesk` and `python -m tui` begin: signals, the command line, the exit code."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def main() -> int:
    """Run the command line of this process; its exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A parent that ignores hang-ups (nohup) has its way.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    for stream in (sys.stdout, sys.stderr):
        # What a narrow terminal encoding cannot show must not end the answer.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    from tui.cli.program import run

    return run(sys.argv[1:])


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwind, so that a running transaction is undone and temporary folders go."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
