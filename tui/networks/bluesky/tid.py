"""Keys of our records: TIDs, https://atproto.com/specs/tid.

A reply has the same key in every try, so that it can be out once only.
"""

import hashlib

from tui.clock import Millis

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_LENGTH = 13
_CLOCK_BITS = 10
_MOST = (1 << 63) - 1


def of_reply(created_at: Millis, key: str) -> str:
    """The TID of the reply with this key that was sent at this time.

    The key stands in place of the microseconds and of the clock's number: two replies of one millisecond meet once in
    a million, and then the server says so.
    """
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    micros = created_at * 1_000 + digest % 1_000
    return _written((micros << _CLOCK_BITS | digest >> 54) & _MOST)


def time(tid: str) -> Millis | None:
    """When a TID was made; None where it is none."""
    if len(tid) != _LENGTH or not set(tid) <= set(_LETTERS):
        return None
    number = 0
    for letter in tid:
        number = number << 5 | _LETTERS.index(letter)
    return (number >> _CLOCK_BITS) // 1_000


def _written(number: int) -> str:
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
