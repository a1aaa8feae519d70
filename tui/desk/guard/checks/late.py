"""`late`."""

from tui.clock import age, iso
from tui.desk.guard.case import Case, Finding, Offer
from tui.desk.guard.telling import at
from tui.desk.guard.thread import fresh, words_of

_OFFERED = 3


def late(case: Case) -> Finding | None:
    """They addressed us and nobody answered within the target. It is owed, so this never stops.

    Offers apologies in the language of their last word, unless the draft has one.
    """
    since = case.conversation.waiting_since
    if since is None or fresh(case) != "late":
        return None
    waited, target = age(case.now - since), age(case.settings.target)
    evidence = {
        "waiting_since": iso(since),
        "target_minutes": case.settings.target_minutes,
        "arithmetic": f"waited {waited}, target {target}",
    }
    words = f"{at(case.conversation.handle)} has waited {waited} for an answer; the target is {target}."
    return Finding("late", "info", words, evidence, offers=_apologies(case))


def _apologies(case: Case) -> tuple[Offer, ...]:
    """Each conversation has another one first, so that not everybody gets the same."""
    if case.phrases.holds("apology", case.text):
        return ()
    words = words_of(case)
    known = case.phrases.apologies(words[-1].lang if words else None)
    first = case.conversation.id % len(known) if known else 0
    return tuple(Offer("before", text) for text in (known[first:] + known[:first])[:_OFFERED])
