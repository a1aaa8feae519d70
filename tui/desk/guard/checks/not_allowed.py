"""`not-allowed`."""

from typing import Any

from tui.desk.guard.case import Case, Finding
from tui.desk.guard.telling import at, excerpt, named
from tui.store.reader import PostRow

RESOLVE = "resolve it with a reason (e)"
NOTE = "leave a note (m)"


def not_allowed(case: Case) -> Finding | None:
    """The network will not take a reply to this post; what can be done instead."""
    target = case.target
    if target is None:
        evidence: dict[str, Any] = {"post": None, "possible": [RESOLVE, NOTE], "arithmetic": "0 posts to answer"}
        words = f"There is no post to answer; {RESOLVE}, or {NOTE}."
        return Finding("not-allowed", "stop", words, evidence)
    if target.reply_allowed and not target.deleted:
        return None
    words, possible = _denied(case, target)
    evidence = {
        "post": target.id,
        "native_id": named(target.native_id),
        "arithmetic": "deleted on the network" if target.deleted else "the network said so when the post came",
        "deleted": target.deleted,
        "reply_allowed": target.reply_allowed,
        "denied": named(target.reply_denied) if target.reply_denied else None,
        "possible": possible,
    }
    return Finding("not-allowed", "stop", f"{words}. Possible: {', or '.join(possible)}.", evidence)


def _denied(case: Case, target: PostRow) -> tuple[str, list[str]]:
    """Why the network takes no reply, and what is possible."""
    network, author = named(target.network), at(target.handle)
    private = [f"answer {author} by private message"] if _writes_privately(case) else []
    refusal = f"{network[:1].upper()}{network[1:]} does not let us reply to this post by {author}"
    if target.deleted:
        return f"The post by {author} was deleted on {network}", [*private, RESOLVE, NOTE]
    match target.reply_denied or ("summons" if target.network == "x" else None):
        case "summons":
            words = f"{refusal}; it takes replies only to people who mentioned or quoted us"
            return words, [f"wait until {author} mentions or quotes us", *private, "quote the post", RESOLVE, NOTE]
        case "blocked":
            return f"{author} has blocked us on {network}, and no answer reaches them", [RESOLVE, NOTE]
        case "locked":
            return f"{refusal}: the thread is locked", [*private, "quote the post", RESOLVE, NOTE]
        case None:
            return refusal, [*private, RESOLVE, NOTE]
        case word:
            return f"{refusal}: {excerpt(word)}", [*private, RESOLVE, NOTE]


def _writes_privately(case: Case) -> bool:
    """Whether the customer has written to us privately here, so that we may."""
    customer = case.conversation.author_id
    return any(post.kind == "dm" and post.author_id == customer and not post.deleted for post in case.posts)
