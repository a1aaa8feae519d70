"""`link-cost`."""

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import EXAMPLES, whole
from tui.networks.limits import FAR_TOO_LONG, X_LIMIT, links_on_x


def link_cost(case: Case) -> Finding | None:
    """A post with a link costs many times one without, on X. A text far too long goes nowhere, links or not."""
    settings = case.settings
    factor, room = settings.link_cost_factor, FAR_TOO_LONG * (settings.length_limit or X_LIMIT)
    if case.conversation.network != "x" or case.private or factor == 0 or len(case.text) > room:
        return None
    links = links_on_x(case.text)
    if not links:
        return None
    words = f"A post with a link costs about {factor} times one without on x; leave it out where words will do."
    evidence = {
        "factor": factor,
        "links": [whole(link) for link in links[:EXAMPLES]],
        "arithmetic": f"{len(links)} link{'s' if len(links) > 1 else ''} as x finds them, 0 cost no more; "
        f"link_cost_factor {factor}",
    }
    return Finding("link-cost", "warn", words, evidence)
