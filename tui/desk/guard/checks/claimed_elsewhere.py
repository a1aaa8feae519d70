"""`claimed-elsewhere`."""

from tui.clock import age, iso
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import named
from tui.desk.guard.thread import is_held_by_another


def claimed_elsewhere(case: Case) -> Finding | None:
    """Somebody else holds this conversation, and the lease has not run out."""
    conversation = case.conversation
    if not is_held_by_another(conversation, case):
        return None
    owner, since = named(conversation.owner or ""), conversation.claimed_at
    words = f"{owner} has had this conversation" + ("." if since is None else f" for {age(case.now - since)}.")
    until = conversation.timer_at
    left = "without an end" if until is None else f"for {age(until - case.now)} more"
    evidence = {"owner": owner, "claimed_at": iso(since), "arithmetic": f"the claim holds {left}"}
    return Finding("claimed-elsewhere", "stop", words, evidence)
