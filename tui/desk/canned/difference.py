"""What an import would change: the library that is there, against the responses of a file.

A file can only say what its format holds. So a response of the file is compared with what its namesake here would be
after a way through that format (`held`): a field that is the same there is no news, and stays as it is here. A Chatwoot
import changes words, and leaves tags, variants and shelf life alone, and locked wording locked where it is still there.
The same import again changes nothing.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tui.desk.canned.formats.entry import FIELDS, entry_of
from tui.desk.canned.formats.variables import relocked, unlocked
from tui.desk.canned.response import Canned

Held = Callable[[list[Canned]], Sequence[Canned | None]]
"""Each response as it would come back from the format; None where it would not."""

MOST_LINES = 2_000
"""Of a text, that are compared one by one."""
_LISTS = ("tags", "actions")


@dataclass(frozen=True, slots=True)
class Change:
    """One response of the file: what it is here, and what it would be."""

    old: Canned | None
    new: Canned

    @property
    def kind(self) -> Literal["added", "changed", "unchanged"]:
        if self.old is None:
            return "added"
        return "changed" if self.fields else "unchanged"

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Old and new value of each field that differs, as a file has them; old is None where there is none."""
        new = entry_of(self.new)
        if self.old is None:
            return {key: (None, value) for key, value in new.items() if value not in ("", [])}
        old = entry_of(self.old)
        return {key: (old[key], new[key]) for key in FIELDS if old[key] != new[key]}

    @property
    def body(self) -> list[str]:
        """The unified difference of the body; nothing for one that is new or the same."""
        if self.old is None or self.old.body == self.new.body:
            return []
        old, new = self.old.body.split("\n"), self.new.body.split("\n")
        if len(old) + len(new) > MOST_LINES:
            return [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
        return list(difflib.unified_diff(old, new, "here", "file", lineterm=""))


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    """One for each response, in the order of the file."""
    absent: tuple[str, ...]
    """Names of responses that are here and not in the file; an import leaves them as they are."""
    doubled: tuple[str, ...]
    """Names in the file whose response another entry further down changes as well, which is the one taken."""

    @property
    def responses(self) -> list[Canned]:
        """What is to be stored."""
        return [change.new for change in self.changes]

    def of(self, kind: str) -> list[Change]:
        return [change for change in self.changes if change.kind == kind]


def difference(library: Iterable[Canned], found: Iterable[Canned], held: Held, *, agent: str) -> Difference:
    """The changes that the responses `found` in a file mean for the library.

    They are the same where they have the same name, here or in that format. A new one of scope agent that names no
    owner is of `agent`, who imports it.
    """
    known = list(library)
    backs = dict(zip([one.name for one in known], held(known), strict=True))
    here = {one.name: one for one in known}
    there = {back.name: here[name] for name, back in backs.items() if back is not None}
    changes: dict[str, Change] = {}
    doubled: list[str] = []
    for new in found:
        old = here.get(new.name) or there.get(new.name)
        became = new if old is None else merged(old, backs[old.name], new)
        if became.scope == "agent" and not became.owner:
            became = replace(
                became, owner=old.owner if old is not None and old.scope == "agent" and old.owner else agent
            )
        if became.name in changes:
            doubled.append(became.name)
        changes[became.name] = Change(old, became)
    return Difference(
        tuple(changes.values()), tuple(one.name for one in known if one.name not in changes), tuple(doubled)
    )


def merged(old: Canned, back: Canned | None, new: Canned) -> Canned:
    """`new` over `old`, without what the format of `new` can not say; `back` is `old` as that format has it."""
    if back is None:
        return replace(new, id=old.id, name=old.name, uses=old.uses, last_used=old.last_used, version=old.version)
    news: dict[str, Any] = {
        field: getattr(new, field) for field in FIELDS if getattr(new, field) != getattr(back, field)
    }
    if "body" in news or "plain" in news:
        lockless = unlocked(back.body) == back.body and unlocked(new.body) == new.body
        news |= {"body": relocked(new.body, old.body) if lockless else new.body, "plain": new.plain}
    if back.name == back.shortcut and new.name == new.shortcut:  # a format with one code for both
        news.pop("shortcut", None)
    for field in _LISTS:
        if field in news:
            unsaid = [one for one in getattr(old, field) if one not in getattr(back, field)]
            news[field] = (*news[field], *(one for one in unsaid if one not in news[field]))
    return replace(old, **news | {"name": old.name})
