"""`expired-canned`."""

from typing import Any

from tui.clock import Millis, age, iso
from tui.desk.canned.response import Canned, validity
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import excerpt, named
from tui.store.reader import IncidentRow


def expired_canned(case: Case) -> Finding | None:
    """A canned response in it, or in one of those, is past its shelf life, or before it, or its incident is over."""
    used = (*case.canned, *case.included)
    return next(filter(None, (_by_time(one, case.now) or _by_incident(one, case) for one in used)), None)


def _by_time(canned: Canned, now: Millis) -> Finding | None:
    evidence = {
        "canned": named(canned.name),
        "from": iso(canned.valid_from),
        "until": iso(canned.valid_until),
        "arithmetic": f"valid from {iso(canned.valid_from) or 'ever'} until {iso(canned.valid_until) or 'ever'}",
    }
    match validity(canned, now):
        case "expired":
            return _finding(canned, f"expired {age(now - (canned.valid_until or 0))} ago", evidence)
        case "not yet":
            return _finding(canned, f"is valid only in {age((canned.valid_from or 0) - now)}", evidence)
        case _:
            return None


def _by_incident(canned: Canned, case: Case) -> Finding | None:
    if not canned.incident:
        return None
    about = next((one for one in case.incidents if one.name.casefold() == canned.incident.casefold()), None)
    if about is not None and _is_open(about, case.now):
        return None
    closed_at = about.closed_at if about else None
    evidence = {
        "canned": named(canned.name),
        "incident": named(canned.incident),
        "until": iso(closed_at),
        "arithmetic": f"valid while its incident is open, which {'ended' if closed_at else 'there is none of'}",
    }
    over = f"which was closed {age(case.now - closed_at)} ago" if closed_at else "and no such incident is open"
    return _finding(canned, f"is about {excerpt(canned.incident)}, {over}", evidence)


def _is_open(incident: IncidentRow, now: Millis) -> bool:
    return incident.opened_at <= now and (incident.closed_at is None or now < incident.closed_at)


def _finding(canned: Canned, why: str, evidence: dict[str, Any]) -> Finding:
    words = f"The canned response {excerpt(canned.name)} {why}."
    return Finding("expired-canned", "stop", words, evidence, asks=REASON)
