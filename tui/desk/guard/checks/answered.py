"""`answered`."""

from tui.clock import age, iso
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import at, excerpt, named, us, whole
from tui.desk.guard.thread import Answer, answers, is_part, words_of

_ON_ITS_WAY = {"held": "still held", "queued": "on its way", "sending": "on its way", "unknown": "perhaps out"}


def answered(case: Case) -> Finding | None:
    """One of our handles replied after the customer's last word, and this is no part of that reply.

    Order follows `created_at`; private and public posts are one thread.
    """
    asked_at = max((word.created_at for word in words_of(case)), default=None)
    if asked_at is None:
        return None
    ours = [answer for answer in answers(case) if answer.at >= asked_at]
    if not ours or is_part(ours[-1], case) or _updates(ours[-1], case):
        return None
    last, customer = ours[-1], at(case.conversation.handle)
    ago = age(case.now - last.at)
    if last.agent is None:
        words = f"{us(last.handle)} answered {ago} ago"
    else:
        whose = "You" if last.agent == case.agent else named(last.agent)
        words = f"{whose} answered {ago} ago and that reply is {_ON_ITS_WAY.get(last.state, last.state)}"
    evidence = {
        "customer_at": iso(asked_at),
        "answered_at": iso(last.at),
        "answered_by": named(last.agent or last.handle or ""),
        "state": last.state,
        "id": last.id,
        "text": whole(last.text),
        "answers_since": len(ours),
        "arithmetic": f"their last word {age(case.now - asked_at)} ago, our last answer {ago} ago, "
        f"{len(ours)} since their word; within {case.settings.part_minutes} min it would be a part",
    }
    words = f"{words}: {excerpt(last.text)}; {customer} has not written since."
    return Finding("answered", "stop", words, evidence, asks=REASON)


def _updates(last: Answer, case: Case) -> bool:
    """What is new about the incident behind this conversation is owed to those who were answered before it."""
    incident = case.incident
    return incident is not None and incident.updated_at > last.at and last.agent in (None, case.agent)
