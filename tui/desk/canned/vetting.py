"""What keeps a canned response from being stored: each function finds the first reason and says it in a sentence."""

from collections.abc import Iterable
from typing import Any

from tui.clock import DAY, Millis
from tui.desk.canned.fill import Library, check, nothing, ways_of
from tui.desk.canned.response import ACTION_KINDS, SCOPES, Action, Canned
from tui.text import line

LONGEST_SPAN: Millis = 366 * DAY
"""Of a snooze or a promise."""
LONGEST_ACTION = 200
"""Characters of a tag, a reason or a promise."""


def fault(canned: Canned, library: Library = nothing) -> str | None:
    """What is wrong with a response, without a full stop; None where nothing is. `library` finds what it includes."""
    return _words(canned) or check(canned, library) or misfit(canned)


def misfit(canned: Canned) -> str | None:
    """What of its times and actions can not be."""
    return _times(canned) or _actions(canned)


def _words(canned: Canned) -> str | None:
    if not canned.name.strip():
        return "it has no name"
    if canned.scope not in SCOPES:
        return f"scope is {canned.scope!r:.40}, it can be {', '.join(SCOPES)}"
    if canned.scope == "account" and not all(canned.owner.partition(":")):
        return "of scope account, owner has to be the handle it is for, such as x:@northline"
    if not all(way.body.strip() for way in ways_of(canned)):
        return "it has no body" if not canned.body.strip() else "one of its variants has no body"
    return None


def _times(canned: Canned) -> str | None:
    if canned.valid_from is not None and canned.valid_until is not None and canned.valid_from >= canned.valid_until:
        return "valid_from is not before valid_until"
    return None


def _actions(canned: Canned) -> str | None:
    faults = ((number, _action(action)) for number, action in enumerate(canned.actions, 1))
    return next((f"its action {number} {wrong}" for number, wrong in faults if wrong), None)


def _action(action: Action) -> str | None:
    if action.do not in ACTION_KINDS:
        return f"is {action.do!r:.40}, it can be {', '.join(ACTION_KINDS)}"
    if action.do != "snooze" and not line(action.text).strip():
        return f"({action.do}) does not say which" if action.do == "tag" else f"({action.do}) has no text"
    if len(action.text) > LONGEST_ACTION:
        return f"({action.do}) is longer than {LONGEST_ACTION} characters"
    if action.do in ("snooze", "promise") and not 0 < action.span <= LONGEST_SPAN:
        return f"({action.do}) needs a span of at most a year, such as 2h"
    return None


# -- beside others ---------------------------------------------------------------------------------


def clash(new: Canned, old: Canned | None, others: Iterable[Any]) -> str | None:
    """What a response can not have because another has it, as a sentence; None where there is nothing.

    `others` have `id`, `name`, `shortcut`, `scope` and `owner`. Names are compared without case. A shortcut may be
    used once among what one agent can see on one handle; one it had before it keeps.
    """
    name, shortcut = folded(new.name), folded(new.shortcut)
    asks = bool(shortcut) and (old is None or shortcut != folded(old.shortcut))
    for other in others:
        if other.id == new.id:
            continue
        if folded(other.name) == name:
            return f"There is {other.name!r:.80} already; give this one another name."
        if asks and folded(other.shortcut) == shortcut and _seen_together(new, other):
            return f"The shortcut {new.shortcut!r:.40} is that of {other.name!r:.80}; give this one another."
    return None


def _seen_together(one: Any, other: Any) -> bool:
    return one.scope != other.scope or one.scope == "team" or folded(one.owner) == folded(other.owner)


def folded(text: str) -> str:
    """A name or shortcut as it is compared."""
    return " ".join(text.casefold().split())
