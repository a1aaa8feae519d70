"""The guard: before a reply leaves, the facts that would make it wrong, one sentence each.

A check is a pure function of a `Case`, in a file of its own; `CHECKS` is the one list of them. A new check is its
file and its line there. The sentences carry nothing uncleaned: what was written outside passes `tui.text`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tui.config import AccountSettings
from tui.desk import hours, leaving
from tui.desk.guard.case import REASON, REASON_LETTERS, Case, Check, Finding, Offer, Overridden, Verdict
from tui.desk.guard.checks.answered import answered
from tui.desk.guard.checks.bounce import bounce
from tui.desk.guard.checks.changed import changed
from tui.desk.guard.checks.claimed_elsewhere import claimed_elsewhere
from tui.desk.guard.checks.expired_canned import expired_canned
from tui.desk.guard.checks.late import late
from tui.desk.guard.checks.length import length
from tui.desk.guard.checks.link_cost import link_cost
from tui.desk.guard.checks.locked_text import locked_text
from tui.desk.guard.checks.namedrop import namedrop
from tui.desk.guard.checks.not_allowed import not_allowed
from tui.desk.guard.checks.off_hours import off_hours
from tui.desk.guard.checks.placeholder import placeholder
from tui.desk.guard.checks.private_data import private_data, vet_booking_pattern
from tui.desk.guard.checks.resurfaced import resurfaced
from tui.desk.guard.checks.same_customer import same_customer
from tui.desk.guard.checks.same_text import same_text
from tui.desk.guard.checks.tone import tone
from tui.desk.guard.checks.wrong_account import wrong_account
from tui.errors import nearest

__all__ = [
    "CHECKS",
    "NAMES",
    "REASON",
    "Case",
    "Check",
    "Finding",
    "Offer",
    "Overridden",
    "Verdict",
    "accepts",
    "examine",
    "is_asked",
    "is_reason",
    "name_of",
    "set_otherwise",
    "verdict",
    "vet",
]

CHECKS: tuple[Check, ...] = (
    resurfaced,
    answered,
    changed,
    claimed_elsewhere,
    wrong_account,
    same_customer,
    not_allowed,
    private_data,
    same_text,
    placeholder,
    locked_text,
    length,
    expired_canned,
    bounce,
    tone,
    off_hours,
    link_cost,
    late,
    namedrop,
)
"""Within one verdict, findings stand in this order."""


def name_of(check: Check) -> str:
    """What a check is called in settings, findings and events."""
    return check.__name__.replace("_", "-")


NAMES: tuple[str, ...] = tuple(map(name_of, CHECKS))
_GRAVITY: dict[str, int] = {"ok": 0, "info": 1, "warn": 2, "stop": 3}


def examine(case: Case) -> list[Finding]:
    """What the checks found, the worst first.

    `settings.checks` changes the verdict of a check by its name. What it raises to `stop` asks for a reason;
    a check that is `off` is not asked, so whoever shows findings shows `set_otherwise` too.
    """
    asked = (check for check in CHECKS if case.settings.checks.get(name_of(check)) != "off")
    found = [_as_set(finding, case.settings) for check in asked if (finding := check(case))]
    return sorted(found, key=lambda finding: -_GRAVITY[finding.verdict])


def verdict(findings: Iterable[Finding]) -> Verdict:
    """The worst of them; `ok` when there are none."""
    return max((finding.verdict for finding in findings), key=_GRAVITY.__getitem__, default="ok")


def accepts(finding: Finding, answer: Overridden | None) -> bool:
    """Whether an agent's answer satisfies a finding: what it asks for, and a reason. What does not stop asks nothing.

    Where the check itself was written out (`--override CHECK`) the one or the other serves.
    """
    if finding.verdict != "stop":
        return True
    if answer is None or not finding.asks:
        return False
    if finding.asks == REASON:
        return is_reason(answer.typed)
    typed = is_asked(finding, answer.typed)
    if answer.by_name:
        return typed or is_reason(answer.typed)
    return typed and is_reason(answer.reason)


def is_asked(finding: Finding, typed: str) -> bool:
    """Whether this is the age, or the handle, that a stop asks for."""
    return typed.strip().casefold() == finding.asks.casefold()


def is_reason(typed: str) -> bool:
    """Whether this says why: at least REASON_LETTERS letters of any script."""
    return sum(map(str.isalpha, typed)) >= REASON_LETTERS


def set_otherwise(settings: AccountSettings) -> str:
    """Which checks this account has set to another verdict than their own, in words; empty where none."""
    return ", ".join(f"{name} {verdict}" for name, verdict in sorted(settings.checks.items()))


def vet(settings: AccountSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with an account's settings that only the guard can tell: the key, and what is wrong."""
    for name in settings.checks:
        if name not in NAMES:
            yield f"checks.{name}", f"is unknown; did you mean {nearest(name, NAMES)!r}?"
    yield from hours.vet(settings)
    yield from vet_booking_pattern(settings)
    yield from leaving.vet(settings)


def _as_set(finding: Finding, settings: AccountSettings) -> Finding:
    match settings.checks.get(finding.check):
        case "stop" if finding.verdict != "stop":
            return replace(finding, verdict="stop", asks=REASON)
        case "warn" | "info" as milder:
            return replace(finding, verdict=milder, asks="")
        case _:
            return finding
