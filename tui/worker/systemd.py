"""What systemd is told of the worker it runs, see sd_notify(3): that it is ready, how it stands, that it goes on."""

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress

from tui import clock
from tui.config import Config
from tui.desk import sources
from tui.errors import OutOfReach
from tui.store.store import Store
from tui.text import line
from tui.worker.run import PAUSE_S, Worker

STATUS_S = 10.0
"""Between two looks at how things stand (s)."""
SEND_S = 1.0
"""How long a full socket of systemd is waited for (s)."""


class Notices:
    """Datagrams to the socket of systemd. What cannot be delivered is left out: the worker goes on without it."""

    def __init__(self, address: str, watchdog_s: float = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """`address`: a path, or the name of an abstract socket behind `@`. `watchdog_s`: 0 where there is none."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._clock = clock
        self._ready = self._stopping = False
        self._status = ""
        self._status_at = self._sign_at = float("-inf")

    def tick(self, *, silence_s: float, stopping: bool, status: Callable[[], str]) -> None:
        """Tell what has changed; to be called more often than the watchdog bites.

        `silence_s`: how long ago the slowest part of the worker went on. Where that is longer than the watchdog's
        span, no sign of life is given, and systemd ends what hangs. `status`: how things stand, in one line, asked
        for when the lanes have had their first turn.
        """
        now, words = self._clock(), []
        if not self._ready:
            words.append("READY=1")
        if stopping and not self._stopping:
            words += ["STOPPING=1", "STATUS=It ends after the calls under way."]
        elif self._ready and not stopping and now - self._status_at >= STATUS_S:
            self._status_at = now
            said = status()
            words += [f"STATUS={said}"] if said != self._status else []
            self._status = said
        if self.watchdog_s and silence_s < self.watchdog_s and now - self._sign_at >= self.watchdog_s / 2 - PAUSE_S:
            self._sign_at = now
            words.append("WATCHDOG=1")
        self._ready, self._stopping = True, stopping
        if words:
            self._send("\n".join(words))

    def _send(self, words: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(SEND_S)
            out.sendto(words.encode(), self._address)


def notices(environment: MutableMapping[str, str] = os.environ) -> Notices | None:
    """Where systemd is to be told; None where it did not start this process, or does not want to know.

    The variables are taken out, so that no child of ours speaks in our name.
    """
    address = environment.pop("NOTIFY_SOCKET", "")
    span, whose = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
    if not address.startswith(("/", "@")):
        return None
    ours = span.isascii() and span.isdigit() and whose in ("", str(os.getpid()))
    return Notices(address, int(span) / 1e6 if ours else 0)


def standing(worker: Worker, store: Store, config: Config) -> str:
    """How the worker stands, in one line: what it leads, and the first of what is wrong."""
    leading = list(worker.leading.values())
    led = f"{sum(leading)} of {len(leading)} lanes led from here."
    try:
        reader = store.reader()
        try:
            now = clock.now()
            wrong = sources.headline(sources.standings(reader, now, config), now)
        finally:
            reader.close()
    except Exception as error:
        plain = store.in_plain_words(error)
        if not isinstance(plain, OutOfReach):
            raise
        return line(str(plain))
    return line(f"{led} {wrong}".rstrip())
