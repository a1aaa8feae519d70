"""`late`."""

from tui.clock import age, iso
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at
from tui.desk.guard.thread import fresh


def late(case: Case) -> Finding | None:
    """They addressed us and nobody answered within the target. It is owed, so this never stops."""
    since = case.conversation.waiting_since
    if since is None or fresh(case) != "late":
        return None
    waited, target = age(case.now - since), age(case.settings.target)
    evidence = {
        "waiting_since": iso(since),
        "target_minutes": case.settings.target_minutes,
        "arithmetic": f"waited {waited}, target {target}",
    }
    customer = at(case.conversation.handle)
    return Finding("late", "info", f"{customer} has waited {waited} for an answer; the target is {target}.", evidence)
