"""What a thread says: how fresh it is, what the customer wrote, what we answered, who holds it."""

from typing import NamedTuple

from tui.clock import MINUTE, Millis
from tui.desk.freshness import Freshness, account_name, freshness
from tui.desk.guard.alike import part_mark, signature
from tui.desk.guard.case import Case
from tui.store.reader import OtherRow, PostRow, QueueRow


class Answer(NamedTuple):
    """A reply of ours, published or on its way."""

    at: Millis
    handle: str | None
    agent: str | None
    """Who wrote it; None when it came from the network."""
    text: str
    state: str
    id: int


def fresh(case: Case) -> Freshness:
    """Fresh, late, old or resurfaced, by the account's horizon and target."""
    conversation = case.conversation
    return freshness(
        case.now,
        waiting_since=conversation.waiting_since,
        customer_at=conversation.customer_at,
        resurfaces_at=conversation.resurfaces_at,
        addressed=conversation.addressed,
        horizon=case.settings.horizon,
        target=case.settings.target,
    )


def words_of(case: Case) -> list[PostRow]:
    """What the customer wrote and did not take back."""
    customer = case.conversation.author_id
    return [
        post
        for post in case.posts
        if post.author_id == customer and not (post.ours or post.deleted or post.kind == "repost")
    ]


def answers(case: Case) -> list[Answer]:
    """What we wrote here, in any tool, oldest first."""
    published = [
        Answer(post.created_at, post.handle, None, post.text, "sent", post.id)
        for post in case.posts
        if post.ours and not post.deleted and post.kind != "repost"
    ]
    leaving = [Answer(r.created_at, r.account, r.agent, r.text, r.state, r.id) for r in case.leaving]
    return sorted(published + leaving, key=lambda answer: answer.at)


def is_held_by_another(conversation: QueueRow | OtherRow, case: Case) -> bool:
    """Whether a colleague of this agent holds a conversation, and the lease has not run out."""
    lapsed = conversation.timer_at is not None and conversation.timer_at <= case.now
    return conversation.state == "claimed" and conversation.owner not in (None, case.agent) and not lapsed


def is_part(answer: Answer, case: Case) -> bool:
    """Whether this reply is a deliberate part of that answer, by the same handle and not by a colleague.

    Either its number follows (`1/2`, then `2/2`, however long that took), or it comes moments after and is not
    signed by someone else.
    """
    if account_name(answer.handle or "") != account_name(case.leaves_from or ""):
        return False
    if answer.agent not in (None, case.agent) or (answer.state == "sent" and answer.id in case.by_others):
        return False
    before, now = part_mark(answer.text), part_mark(case.text)
    if before and now and (before[0] + 1, before[1]) == now:
        return True
    signatures = {signature(answer.text), signature(case.text)} - {""}
    written_at = case.now if case.held_at is None else case.held_at
    return abs(written_at - answer.at) <= case.settings.part_minutes * MINUTE and len(signatures) < 2
