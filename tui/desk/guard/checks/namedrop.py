"""`namedrop`."""

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at, us


def namedrop(case: Case) -> Finding | None:
    """They did not ask us."""
    if case.conversation.addressed != "namedrop":
        return None
    words = f"{at(case.conversation.handle)} spoke about us, not to us."
    evidence = {
        "addressed": "namedrop",
        "account": us(case.conversation.account),
        "arithmetic": "no post of theirs holds a handle of ours, and none answers us",
    }
    return Finding("namedrop", "info", words, evidence)
