"""A thread that listens to a network's stream, where it has one: what it hears makes a source due at once."""

import contextvars
import logging
import threading
from collections.abc import Callable

AGAIN_S = 15.0
"""Before a stream that broke off is opened again (s)."""
LONGER_S = 300.0
"""Before one is that brought nothing, or that is not there at all (s)."""

_log = logging.getLogger(__name__)

Listen = Callable[[Callable[[], None], Callable[[], bool]], None]
"""Calls the first function whenever there is something to be read, until the second says to stop."""


class Ear:
    """Listens from now on until it is closed. What it misses, the next poll brings."""

    def __init__(self, listen: Listen, name: str) -> None:
        self._listen = listen
        self._heard = threading.Event()
        self._brought = False
        self._stop = threading.Event()
        # The log names the account whose lane this belongs to.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=f"listen {name}", daemon=True)
        self._thread.start()

    def heard(self) -> bool:
        """Whether something came since the last time this was asked."""
        if self._heard.is_set():
            self._heard.clear()
            return True
        return False

    def close(self) -> None:
        """Stop, as soon as the stream says something or nothing for long enough."""
        self._stop.set()

    def _wake(self) -> None:
        self._brought = True
        self._heard.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._brought = False
            try:
                self._listen(self._wake, self._stop.is_set)
            except Exception as error:  # it is a convenience: the polls go on
                _log.info("the stream ended: %s", error)
            self._stop.wait(AGAIN_S if self._brought else LONGER_S)
