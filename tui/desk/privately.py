"""From public to private: a text leaves as a private message, and behind it a pointer says so in public.

The two are parts of one reply (see `tui.desk.outbox`): they are held, recalled and given back together, and the
pointer leaves only once the private message is out. It says that there is one, so it must not come first; where the
network refuses the message, nobody was told of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.config import Config
from tui.desk import guard
from tui.desk.composition import Composition, composition
from tui.desk.guard import Case, Finding, gather

NOT_OF_THE_POINTER = ("same-text", "bounce")
"""It is the same for everyone, and sends nobody away: what it points at is there already."""
_WORST_FIRST = ("stop", "warn", "info", "ok")


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the messages that a text leaves as."""

    text: str
    private: bool
    made_of: Composition


def moves(case: Case) -> bool:
    """Whether a pointer follows: the answer to something public goes private, and there are words for it."""
    wanted = case.made_of.way == "private" and not case.is_owed_privately
    return wanted and bool(case.settings.private_pointer.strip())


def pointer(case: Case, config: Config) -> Case:
    """The case of the pointer, as it leaves. What sending also does comes with it: it is the last to go."""
    made_of = Composition(way="pointer", visibility=case.made_of.visibility, actions=case.made_of.actions)
    bare = replace(case, made_of=made_of, split=False, canned=(), included=(), siblings=())
    return gather.dressed(bare, case.settings.private_pointer.strip(), config)


def examine(case: Case, config: Config) -> list[Finding]:
    """What the guard finds, the worst first: of the text, and where it moves, of the pointer as a public reply."""
    findings = guard.examine(case)
    if not moves(case):
        return findings
    said = {(finding.check, finding.text) for finding in findings}
    of_pointer = [
        replace(finding, text=f"The public pointer: {finding.text}", offers=())
        for finding in guard.examine(pointer(case, config))
        if finding.check not in NOT_OF_THE_POINTER and (finding.check, finding.text) not in said
    ]
    return sorted([*findings, *of_pointer], key=lambda finding: _WORST_FIRST.index(finding.verdict))


def pieces(case: Case, texts: Sequence[str], config: Config) -> list[Piece]:
    """What leaves, in this order: the text or its parts, then the pointer where there is one."""
    found = [Piece(text, case.private, case.made_of) for text in texts]
    if moves(case):
        last = pointer(case, config)
        found.append(Piece(last.text, last.private, last.made_of))
    return found


def is_pointer(row: Any) -> bool:
    """Whether a stored reply is a pointer: a text of its own, whatever else it left with."""
    return composition(row.composition).way == "pointer"


def of_their_own(rows: Sequence[Any]) -> list[Any]:
    """Of the parts of one reply, in order: those the guard looks at, the first and the pointer."""
    return [row for row in rows if row is rows[0] or is_pointer(row)]


def as_draft(made_of: Composition) -> Composition:
    """What it is made of when it is a draft again; a pointer that did not leave is a public reply like any other."""
    return replace(made_of, around=("", ""), way="private" if made_of.way == "private" else "")
