"""`expired-canned`."""

from tui.clock import age, iso
from tui.desk.canned.response import validity
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import excerpt, named


def expired_canned(case: Case) -> Finding | None:
    """The canned response is past its shelf life, or before it."""
    canned = case.canned
    if canned is None:
        return None
    evidence = {
        "canned": named(canned.name),
        "from": iso(canned.valid_from),
        "until": iso(canned.valid_until),
        "arithmetic": f"valid from {iso(canned.valid_from) or 'ever'} until {iso(canned.valid_until) or 'ever'}",
    }
    name = excerpt(canned.name)
    match validity(canned, case.now):
        case "expired":
            words = f"The canned response {name} expired {age(case.now - (canned.valid_until or 0))} ago."
        case "not yet":
            words = f"The canned response {name} is valid only in {age((canned.valid_from or 0) - case.now)}."
        case _:
            return None
    return Finding("expired-canned", "stop", words, evidence, asks=REASON)
