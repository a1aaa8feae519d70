"""`length`."""

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import named
from tui.networks.limits import Length, count
from tui.text import line

FAR_TOO_LONG = 10
"""From so many times the limit on, characters are counted plainly: the network's own way is slow, for nothing."""


def length(case: Case) -> Finding | None:
    """By the network's own count."""
    if not line(case.text):
        evidence = {"used": 0, "arithmetic": "0 characters that can be seen"}
        return Finding("length", "stop", "There is nothing to send.", evidence)
    network = case.conversation.network
    taken = count("", network)
    if len(case.text) > FAR_TOO_LONG * taken.limit:
        taken = Length(len(case.text), taken.limit, "characters")
    else:
        taken = count(case.text, network)
    if taken.over <= 0:
        return None
    unit = taken.unit.removesuffix("s") if taken.over == 1 else taken.unit
    words = f"{taken.over:,} {unit} too many for {named(network)} ({taken.used:,} of {taken.limit:,})."
    evidence = {
        "used": taken.used,
        "limit": taken.limit,
        "unit": taken.unit,
        "over": taken.over,
        "arithmetic": f"{taken.used:,} {taken.unit} of {taken.limit:,}: {taken.over:,} over",
    }
    return Finding("length", "stop", words, evidence)
