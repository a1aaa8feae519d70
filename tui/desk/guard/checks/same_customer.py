"""`same-customer`."""

from typing import Any, NamedTuple

from tui.clock import MINUTE, Millis, age, iso
from tui.desk.guard.alike import signature
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at, excerpt, named, us, whole
from tui.desk.guard.thread import is_held_by_another, words_of
from tui.store.reader import OtherRow


class _Collision(NamedTuple):
    """Somebody who is with this person elsewhere."""

    how: str
    by: str
    since: Millis | None
    other: OtherRow


def same_customer(case: Case) -> Finding | None:
    """Someone else holds another conversation of this person, or answered them there just now.

    A chatty customer has several threads, and an answer in one of them is no reason to say nothing in another. It
    collides only when it came after the newest word here: until then this word stood unanswered, and whoever
    answered there may have answered it too. What they wrote here after that answer is a new word, and owed its own.
    One's own answers are no collision, those with the signature of this draft among them; neither are answers about
    the incident that both conversations are linked to. Private or public makes no difference.
    """
    held = [
        _Collision("held", named(o.owner or ""), o.claimed_at, o) for o in case.others if is_held_by_another(o, case)
    ]
    here = max((word.created_at for word in words_of(case)), default=None)
    answered = [
        _Collision("answered", named(o.answered_by) if o.answered_by else us(o.account), o.answered_at, o)
        for o in case.others
        if here is not None and _collides(o, here, case)
    ]
    found = held + sorted(answered, key=lambda one: -(one.since or 0))
    if not found:
        return None
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    evidence = {
        "collisions": [_evidence(one) for one in found],
        "arithmetic": f"of {len(case.others)} other conversations of this person others hold {len(held)}, and answered "
        f"{len(answered)} after the newest word here, within {case.settings.same_customer_minutes} min",
    }
    return Finding("same-customer", "warn", _sentence(found[0], case) + more, evidence)


def _collides(other: OtherRow, here: Millis, case: Case) -> bool:
    """Whether somebody else's answer there may have been the answer to the newest word here."""
    answered_at, incident = other.answered_at, case.conversation.incident_id
    if answered_at is None or not here <= answered_at or not other.answer:
        return False
    if case.now - answered_at > case.settings.same_customer_minutes * MINUTE:
        return False
    if incident is not None and incident == other.incident_id:
        return False
    if other.answered_by is None:
        mark = signature(other.answer)
        return not mark or mark != signature(case.text)
    return other.answered_by != case.agent


def _sentence(one: _Collision, case: Case) -> str:
    other = one.other
    ago = "" if one.since is None else age(case.now - one.since)
    if one.how == "held":
        since = f" for {ago}" if ago else ""
        return f"{one.by} has held conversation {other.id} with the same person on {named(other.network)}{since}."
    where = f"on {named(other.network)} in conversation {other.id}"
    return f"{one.by} answered the same person, {at(other.handle)}, {ago} ago {where}: {excerpt(other.answer)}."


def _evidence(one: _Collision) -> dict[str, Any]:
    other = one.other
    told = {
        "conversation": other.id,
        "network": named(other.network),
        "account": other.account and at(other.account),
        "handle": at(other.handle),
        "how": one.how,
        "by": one.by,
        "at": iso(one.since),
    }
    return told | ({"text": whole(other.answer)} if one.how == "answered" else {})
