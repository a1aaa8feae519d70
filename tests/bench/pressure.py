"""How busy the machine is with others, beside what is measured."""

import time
from pathlib import Path


class Noise:
    """`percent` of the time since it was made in which some task of this machine waited for a CPU.

    Linux tells (PSI); elsewhere it is 0. Above QUIET a figure says more about the machine than about the desk.
    """

    QUIET = 15

    def __init__(self) -> None:
        self._before, self._began = _waited(), time.perf_counter()

    @property
    def percent(self) -> float:
        return 100 * (_waited() - self._before) / (time.perf_counter() - self._began)

    def __str__(self) -> str:
        return f"noise_pct {self.percent:.0f}{'' if self.percent <= self.QUIET else ', no verdict'}"


def _waited() -> float:
    """Seconds so far in which some task waited for a CPU."""
    try:
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    except OSError:
        return 0.0
