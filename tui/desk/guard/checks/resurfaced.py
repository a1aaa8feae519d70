"""`resurfaced`."""

from tui.clock import age, iso
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at, named
from tui.desk.guard.thread import fresh

_HOW_ADDRESSED = {"direct": "it was written to us", "mention": "it mentions us", "namedrop": "it only names us"}


def resurfaced(case: Case) -> Finding | None:
    """An old post that came back through somebody else. The agent types its age."""
    if fresh(case) != "resurfaced":
        return None
    conversation, settings = case.conversation, case.settings
    posted = age(case.now - conversation.posted_at)
    surfaced = age(case.now - conversation.surfaced_at)
    if conversation.surfaced_by:
        how = f"came back through {_bringer(case)} by {at(conversation.surfaced_by)}"
    else:
        how = f"reached us only {surfaced} ago, by a search or a late sync"
    evidence = {
        "posted_at": iso(conversation.posted_at),
        "last_word_at": iso(conversation.customer_at),
        "surfaced_at": iso(conversation.surfaced_at),
        "surfaced_by": conversation.surfaced_by and named(conversation.surfaced_by),
        "addressed": conversation.addressed,
        "arithmetic": f"posted {posted} ago, surfaced {surfaced} ago, "
        f"last word {age(case.now - conversation.customer_at)} ago, horizon {settings.horizon_hours}h",
    }
    addressed = _HOW_ADDRESSED.get(conversation.addressed, "it only names us")
    return Finding("resurfaced", "stop", f"This was posted {posted} ago and {how}; {addressed}.", evidence, asks=posted)


def _bringer(case: Case) -> str:
    """What brought it back; a quote that is a conversation of its own is not among the posts."""
    for post in reversed(case.posts):
        if post.handle == case.conversation.surfaced_by and post.kind in ("repost", "quote"):
            return f"a {post.kind}"
    return "a repost or quote"
