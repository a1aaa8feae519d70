"""`length`."""

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import named
from tui.networks.limits import FAR_TOO_LONG, Length, count, split
from tui.text import line


def length(case: Case) -> Finding | None:
    """By the network's own count; what leaves in parts is counted by the part."""
    if not line(case.text):
        evidence = {"used": 0, "arithmetic": "0 characters that can be seen"}
        return Finding("length", "stop", "There is nothing to send.", evidence)
    taken = _count(case)
    if taken.over <= 0:
        return None
    needed, why_not = _how_many(case, taken)
    if needed and case.split:
        return None
    unit = taken.unit.removesuffix("s") if taken.over == 1 else taken.unit
    words = f"{taken.over:,} {unit} too many for {named(case.conversation.network)} ({taken.used:,} of {taken.limit:,})"
    if needed:
        words += f"; it can go in {needed} parts"
    words = f"{words}; in parts: {why_not}" if case.split else f"{words}."
    evidence = {
        "used": taken.used,
        "limit": taken.limit,
        "unit": taken.unit,
        "over": taken.over,
        "arithmetic": f"{taken.used:,} {taken.unit} of {taken.limit:,}: {taken.over:,} over",
    }
    return Finding("length", "stop", words, evidence | ({"parts": needed} if needed else {}))


def parts(case: Case) -> list[str]:
    """The parts a text leaves in, as this server counts. ValueError, with a sentence, where it cannot be split."""
    settings = case.settings
    return split(
        case.text,
        case.conversation.network,
        limit=settings.length_limit,
        link_length=settings.link_length,
        private=case.private,
        warning=case.made_of.warning,
        lead=case.lead,
    )


def _count(case: Case) -> Length:
    """The length as this server counts; far beyond its limit, plainly."""
    network, settings, private = case.conversation.network, case.settings, case.private
    warning = case.made_of.warning
    taken = count("", network, limit=settings.length_limit, private=private)
    if len(case.text) > FAR_TOO_LONG * taken.limit:
        return Length(len(case.text), taken.limit, "characters")
    return count(
        case.text, network,
        limit=settings.length_limit, link_length=settings.link_length, private=private, warning=warning,
    )  # fmt: skip


def _how_many(case: Case, taken: Length) -> tuple[int, str]:
    """In how many parts it can go; else 0, and why not."""
    if len(case.text) > FAR_TOO_LONG * taken.limit:
        return 0, "it is far too long; shorten it."
    try:
        return len(parts(case)), ""
    except ValueError as error:
        return 0, str(error)
