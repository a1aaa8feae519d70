"""`expired-canned`."""

from tui.clock import Millis, age, iso
from tui.desk.canned.response import Canned, validity
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import excerpt, named


def expired_canned(case: Case) -> Finding | None:
    """A canned response in it is past its shelf life, or before it."""
    return next(filter(None, (_look(canned, case.now) for canned in case.canned)), None)


def _look(canned: Canned, now: Millis) -> Finding | None:
    evidence = {
        "canned": named(canned.name),
        "from": iso(canned.valid_from),
        "until": iso(canned.valid_until),
        "arithmetic": f"valid from {iso(canned.valid_from) or 'ever'} until {iso(canned.valid_until) or 'ever'}",
    }
    name = excerpt(canned.name)
    match validity(canned, now):
        case "expired":
            words = f"The canned response {name} expired {age(now - (canned.valid_until or 0))} ago."
        case "not yet":
            words = f"The canned response {name} is valid only in {age((canned.valid_from or 0) - now)}."
        case _:
            return None
    return Finding("expired-canned", "stop", words, evidence, asks=REASON)
