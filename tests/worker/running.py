"""A real `shiftdesk worker`, as a service runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tui.store.store import Store

PATIENCE_S = 60
"""Longer than anything takes that does not hang."""


@contextmanager
def worker(
    store: Store, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """One on that desk; whatever becomes of the test, it ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "worker", "--db", store.location, *options],
        env={**os.environ, "SHIFTDESK_AGENT": "desk-worker", **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def terminated(process: "subprocess.Popen[str]") -> int:
    """Its exit code after it was asked to end, as `systemctl stop` does it."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    return process.returncode
