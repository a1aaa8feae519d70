"""`changed`."""

from collections.abc import Iterator

from tui.clock import Millis, age, iso
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import EXAMPLES, at, excerpt, listed, named, whole
from tui.desk.guard.thread import answers, is_part, words_of
from tui.store.reader import EventRow

_CHANGES = {
    "conversation.reopened": "{customer} wrote again",
    "post.arrived": "{customer} wrote again",
    "post.edited": "a post was edited",
    "post.deleted": "a post was deleted",
    "conversation.answered": "an answer of ours was seen",
    "note.added": "{agent} left a note",
    "reply.held": "{agent} wrote a reply",
    "reply.sent": "{agent} sent a reply",
    "claim.taken": "{agent} took it",
    "claim.taken-over": "{agent} took it over",
}
"""The events that make a draft wrong, by kind."""


def changed(case: Case) -> Finding | None:
    """The thread moved since the agent last saw it."""
    events = list(_moves(case))
    if not events:
        return None
    first = min(event.at for event in events)
    new_words = [post for post in words_of(case) if post.seen_at >= first]
    evidence = {
        "arithmetic": f"{len(events)} events since this agent last saw it, the newest "
        f"{age(case.now - events[-1].at)} ago",
        "count": len(events),
        "events": [{"id": e.id, "kind": e.kind, "agent": named(e.agent), "at": iso(e.at)} for e in events[-10:]],
        "new_posts": [
            {"id": post.id, "at": iso(post.created_at), "text": whole(post.text)} for post in new_words[-EXAMPLES:]
        ],
    }
    words = _what_happened(events, case)
    if new_words and any(event.kind in ("conversation.reopened", "post.arrived") for event in events):
        words += f"; the newest word is {excerpt(new_words[-1].text)}"
    return Finding("changed", "stop", f"Since you last looked, {words}.", evidence, asks=REASON)


def _what_happened(events: list[EventRow], case: Case) -> str:
    """The newest first, like ones counted together."""
    alike: dict[str, list[Millis]] = {}
    for event in sorted(events, key=lambda event: -event.at):
        phrase = _CHANGES[event.kind].format(customer=at(case.conversation.handle), agent=named(event.agent))
        alike.setdefault(phrase, []).append(event.at)
    phrases = [
        f"{phrase}{f' {len(times)} times, last' if len(times) > 1 else ''} {age(case.now - times[0])} ago"
        for phrase, times in alike.items()
    ]
    return listed(phrases)


def _moves(case: Case) -> Iterator[EventRow]:
    """Changes that matter: not the agent's own, not our own reply seen again, not what strangers' reposts do."""
    events = [event for event in case.changes if event.kind in _CHANGES and event.agent != case.agent]
    if not events:
        return
    ours = answers(case)
    going_on = bool(ours) and is_part(ours[-1], case)
    customer = case.conversation.author_id
    others = {p.id for p in case.posts if not p.ours and (p.author_id != customer or p.kind == "repost")}
    for event in events:
        seen_again = event.kind == "conversation.answered" and going_on
        of_others = event.kind in ("post.edited", "post.deleted") and event.data.get("post") in others
        if not (seen_again or of_others):
            yield event
