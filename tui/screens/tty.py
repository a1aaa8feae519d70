"""The terminal before and beside Textual: is there one, is its environment clean, how do signals end the desk.

Nothing here imports Textual, so that `__main__` can call it before Textual reads its variables.
"""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from types import FrameType
from typing import Any, Protocol

from tui.errors import NoTerminal

LAST_WORDS_SECONDS = 1.5
"""How long `last_words` may take before the desk closes without waiting for it."""

BACKSTOP_SECONDS = 2.0
"""After this long the process ends whatever it is doing: a terminal that stopped reading blocks Textual."""

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""The signals that end the desk. ctrl+c is a key while the desk runs: an interrupt comes from outside."""

FOREIGN = ("TEXTUAL_", "PYTHON", "LD_", "SSL", "OPENSSL_")
"""How the names of variables begin that the desk does without."""

RESTRICTED = "SHIFTDESK_RESTRICTED"
"""Set by the login of a team: see docs/team.md."""

_LEAVE = b"\x1b[m\x1b[?2026l\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


class Closable(Protocol):
    """The one thing a signal asks of an app."""

    def exit(self, result: Any = None, return_code: int = 0) -> None: ...


def check_terminal() -> None:
    """Raise NoTerminal unless keys can be read and the desk painted here.

    Textual reads stdin and paints on stderr; stdin at its end would make it spin.
    """
    instead = "or use a subcommand such as `shiftdesk queue`"
    if not all(os.isatty(number) for number in (0, 1, 2)):
        raise NoTerminal(f"shiftdesk needs a terminal on stdin, stdout and stderr; run it in one, {instead}.")
    kind = os.environ.get("TERM", "")
    if kind in ("", "dumb", "unknown"):
        raise NoTerminal(
            f"The terminal says it is {kind or 'nothing'!r} and cannot show the desk; "
            f"set TERM, for example to xterm-256color, {instead}."
        )


def clean_environment(environ: MutableMapping[str, str]) -> None:
    """Remove from `environ`, in place, what lets others in; call it before anything imports Textual.

    Textual reads `TEXTUAL_*` at import: a driver variable runs foreign code, a log variable writes anywhere. The rest
    acts on what the desk starts, an editor: foreign code in it (`LD_*`, `PYTHON*`), foreign ways out (proxies, SSL).
    What acted on this process before it ran can be kept away by a forced command only (docs/team.md).
    """
    for name in [name for name in environ if name.startswith(FOREIGN) or name.upper().endswith("_PROXY")]:
        del environ[name]


def is_restricted(environ: Mapping[str, str]) -> bool:
    """Whether this account is to open the desk and nothing else: no shell, no program of the agent's choice."""
    return environ.get(RESTRICTED, "") not in ("", "0")


def why_no_suspend(environ: Mapping[str, str]) -> str:
    """Why the desk cannot be stopped for a shell; empty where it can.

    Where no shell started it, as under a forced command or `ssh HOST shiftdesk`, it would hang, stopped, for ever:
    then whoever did belongs to another session, or to none that we see.
    """
    parent = os.getppid()
    try:
        has_shell = parent > 0 and os.getsid(parent) == os.getsid(0)
    except OSError:
        has_shell = False
    return "" if has_shell and not is_restricted(environ) else "There is no shell to go back to here."


def install_signals(app: Closable, last_words: Callable[[], None] | None = None) -> None:
    """Make SIGHUP, SIGINT and SIGTERM close `app` with return code 128 + n; call it inside the running loop.

    `last_words` runs in a plain thread before the app closes, with `LAST_WORDS_SECONDS` at most; it must
    not touch the screen, and needs a database connection of its own. The caller passes `app.return_code`
    to `sys.exit`. If closing takes longer than `BACKSTOP_SECONDS`, the process ends with the same code.
    """
    import asyncio  # 20 ms that subcommands do not owe

    loop = asyncio.get_running_loop()

    def end(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        # A hang-up is SIGHUP, then SIGCONT, and Textual would start its screen again on that. SIG_IGN
        # would make Python report a race if SIGCONT is already pending.
        for late in (signal.SIGCONT, *ENDING):
            signal.signal(late, lambda *_: None)
        end_soon(code, restored=False)
        threading.Thread(target=close, args=(code,), daemon=True, name="last-words").start()

    def close(code: int) -> None:
        if last_words is not None:
            words = threading.Thread(target=last_words, daemon=True, name="last-words-body")
            words.start()
            words.join(LAST_WORDS_SECONDS)
        with suppress(RuntimeError):  # the loop is closed: the app has ended by itself
            # No message: it would go to a terminal that may be gone.
            loop.call_soon_threadsafe(lambda: app.exit(return_code=code))

    for number in ENDING:
        signal.signal(number, end)


def end_soon(code: int, *, restored: bool = True) -> None:
    """End the process after BACKSTOP_SECONDS where it has not by itself: a thread may wait for a storage for ever.

    `restored`: the shell has its terminal back already.
    """
    threading.Thread(target=_backstop, args=(code, restored), daemon=True, name="backstop").start()


def _backstop(code: int, restored: bool) -> None:
    time.sleep(BACKSTOP_SECONDS)
    if not restored:
        restore()
    os._exit(code)


def restore() -> None:
    """Give the shell back a usable terminal, without waiting for one that is gone or does not read."""
    with suppress(OSError, termios.error):
        attributes = termios.tcgetattr(0)
        attributes[0] |= termios.ICRNL | termios.IXON
        attributes[3] |= termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
        termios.tcsetattr(0, termios.TCSANOW, attributes)
    with suppress(OSError):
        os.set_blocking(2, False)
        try:
            os.write(2, _LEAVE)
        finally:
            os.set_blocking(2, True)  # the setting is shared with the shell


def settle_output() -> bool:
    """Flush stdout and stderr before the end; False where nobody reads them any more.

    What cannot be delivered goes nowhere, so that Python does not complain and change the exit code to 120.
    """
    delivered = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            delivered = False
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
    return delivered
