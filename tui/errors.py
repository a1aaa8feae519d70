"""Errors an agent may meet. `str(error)` is one sentence: what, where and what to do."""

from collections.abc import Sequence
from typing import Any


class ShiftdeskError(Exception):
    """The program stops with `exit_code` after printing the sentence to stderr."""

    exit_code = 1

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.details = details


class Refused(ShiftdeskError):
    """A rule of the desk said no; `details` is what `--json` prints beside the sentence."""

    exit_code = 1


class Misuse(ShiftdeskError):
    """Wrong usage or configuration."""

    exit_code = 2


class OutOfReach(ShiftdeskError):
    """Storage or network cannot be used at the moment."""

    exit_code = 3


class Unclear(OutOfReach):
    """The storage went out of reach while it stored a change: that may have happened, and has to be looked at."""


class NoTerminal(ShiftdeskError):
    """The desk needs a terminal on stdin and stdout."""

    exit_code = 64


def nearest(name: str, known: Sequence[str]) -> str:
    """The one of `known`, of which there is at least one, that was most likely meant."""
    import difflib

    return (difflib.get_close_matches(name, known, 1, 0.5) or known)[0]
