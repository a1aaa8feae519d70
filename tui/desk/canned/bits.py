"""Sets of small numbers as integers: counting how many of several sets hold each member costs a few machine
instructions for every 64 of them.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

Bits = int

DENSE = 48
"""Where one number in so many is a member, writing digits costs less than setting bits."""
_ONE = ord("1")

Key = TypeVar("Key", bound=Hashable)


def bits(members: Collection[int], size: int) -> Bits:
    """The set of some numbers below `size`."""
    if DENSE * len(members) > size:
        digits = bytearray(b"0") * size
        for at in members:
            digits[at] = _ONE
        return int(digits[::-1] or b"0", 2)
    packed = bytearray(size // 8 + 1)
    for at in members:
        packed[at >> 3] |= 1 << (at & 7)
    return int.from_bytes(packed, "little")


def members(found: Bits) -> Iterator[int]:
    """The numbers in a set, ascending."""
    digits = f"{found:b}"[::-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def counted(found: Bits, sets: list[Bits]) -> Iterator[Bits]:
    """The members of `found` by how many of the sets hold them, most first."""
    planes = _planes(sets)
    for count in range(len(sets), -1, -1):
        level = found
        for at in range(max(len(planes), count.bit_length())):
            plane = planes[at] if at < len(planes) else 0
            level &= plane if count >> at & 1 else ~plane
        yield level


def at_least(needed: int, sets: list[Bits]) -> Bits:
    """What at least so many of the sets hold; `needed` is 1 or more."""
    everywhere = 0
    for some in sets:
        everywhere |= some
    found = 0
    for count, level in zip(range(len(sets), -1, -1), counted(everywhere, sets), strict=True):
        if count >= needed:
            found |= level
    return found


def first(levels: Iterable[Bits], most: int) -> list[int]:
    """The first members of several sets, at most so many."""
    chosen: list[int] = []
    for level in levels:
        if level:
            for at in members(level):
                chosen.append(at)
                if len(chosen) == most:
                    return chosen
    return chosen


def _planes(sets: Iterable[Bits]) -> list[Bits]:
    """In how many of the sets each member stands, as binary digits, lowest first."""
    planes: list[Bits] = []
    for some in sets:
        carry = some
        for at, plane in enumerate(planes):
            planes[at], carry = plane ^ carry, plane & carry
            if not carry:
                break
        if carry:
            planes.append(carry)
    return planes


class Postings(Generic[Key]):
    """For each key, the members it stands for: of rare ones as numbers, of common ones as a set."""

    def __init__(self, standing: Mapping[Key, list[int]], size: int) -> None:
        self._size = size
        common = max(8, size // 1_000)  # from here on, uniting sets costs less than setting bits
        self._rare = {key: tuple(some) for key, some in standing.items() if len(some) < common}
        self._common = {key: bits(some, size) for key, some in standing.items() if len(some) >= common}

    def union(self, chosen: Iterable[Key]) -> Bits:
        """The members of any of these keys."""
        found = 0
        rare: list[int] = []
        for key in chosen:
            if key in self._common:
                found |= self._common[key]
            elif key in self._rare:
                rare += self._rare[key]
        return found | bits(rare, self._size) if rare else found
