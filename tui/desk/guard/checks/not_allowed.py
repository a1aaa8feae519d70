"""`not-allowed`."""

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at, named


def not_allowed(case: Case) -> Finding | None:
    """The network will not take a reply to this post."""
    target = case.target
    if target is None:
        return Finding(
            "not-allowed", "stop", "There is no post to answer.", {"post": None, "arithmetic": "0 posts to answer"}
        )
    if target.reply_allowed and not target.deleted:
        return None
    network, author = named(target.network), at(target.handle)
    if target.deleted:
        words = f"The post by {author} was deleted on {network}."
    else:
        words = f"{network[:1].upper()}{network[1:]} does not let us reply to this post by {author}"
        words += "; it takes replies only to people who mentioned or quoted us." if network == "x" else "."
    evidence = {
        "post": target.id,
        "native_id": named(target.native_id),
        "arithmetic": "deleted on the network" if target.deleted else "the network said so when the post came",
        "deleted": target.deleted,
        "reply_allowed": target.reply_allowed,
    }
    return Finding("not-allowed", "stop", words, evidence)
