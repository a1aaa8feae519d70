"""What the tests of the guard are made of: a thread, and the case that the rules of freshness make of it."""

from dataclasses import replace
from typing import Any

from tui.clock import MINUTE, Millis
from tui.config import AccountSettings
from tui.desk.freshness import Word, standing
from tui.desk.guard import Case, Finding, examine
from tui.desk.guard.phrases import shipped
from tui.store.reader import EventRow, PostRow, QueueRow, ReplyRow, SentText

NOW: Millis = 1_790_000_000_000
AMANDA, US, STRANGER = 2, 1, 3
WORDS = {
    "direct": "@northline still no heating",
    "mention": "No heating, @northline",
    "namedrop": "Northline, heating?",
}
REPLY = "We are sorry about the cold coach, the crew has been told."
SAFE = AccountSettings()


def post(ago: Millis, author: int = AMANDA, **values: Any) -> PostRow:
    """A post written `ago` before now, and seen at once."""
    handle = {AMANDA: "amandac", US: "northline", STRANGER: "oldnews"}[author]
    row = PostRow(
        id=int(NOW - ago), network="x", native_id=str(ago), author_id=author, handle=handle, name="", kind="post",
        text=WORDS["direct"], created_at=NOW - ago, seen_at=NOW - ago, in_reply_to=None, root_id=None, url=None,
        reposts=0, likes=0, media=[], lang=None, deleted=False, ours=author == US, addressed="direct",
        reply_allowed=True, versions=0, conversation_id=1,
    )  # fmt: skip
    return row._replace(**values)


def ours(ago: Millis, text: str = "Which coach are you in?", **values: Any) -> PostRow:
    return post(ago, US, text=text, **values)


def repost(ago: Millis, **values: Any) -> PostRow:
    return post(ago, STRANGER, kind="repost", **values)


def case(*posts: PostRow, text: str = REPLY, settings: AccountSettings = SAFE, **values: Any) -> Case:
    """What the guard is given for a thread: the conversation stands as the rules of freshness say."""
    thread = posts or (post(10 * MINUTE),)
    stands = standing([Word(*(getattr(p, name) for name in Word._fields)) for p in thread], AMANDA, settings.horizon)
    conversation = QueueRow(
        id=1, network=thread[0].network, account="@northline", author_id=AMANDA, author_native_id="9",
        handle="amandac", name="Amanda C", followers=0, verified=False, private=False, state="claimed", owner="Ana",
        epoch=1, claimed_at=NOW - 2 * MINUTE, timer_at=None, rank=0, reasons=[], addressed=stands.addressed,
        posted_at=stands.posted_at, customer_at=stands.customer_at, answered_at=stands.answered_at,
        waiting_since=stands.waiting_since, surfaced_at=stands.surfaced_at, surfaced_by=stands.surfaced_by,
        resurfaces_at=stands.resurfaces_at, settled_at=None, reposts=stands.reposts, preview="", tags=[],
        has_draft=False,
    )  # fmt: skip
    target = next((p for p in reversed(thread) if p.author_id == AMANDA), None)
    made = Case(text, NOW, "Ana", conversation, thread, target, settings, phrases=shipped())
    of_row = {name: values.pop(name) for name in list(values) if name in QueueRow._fields}
    return replace(made, conversation=conversation._replace(**of_row), **values)


def reply(ago: Millis, text: str = "Which coach are you in?", agent: str = "Ana", state: str = "held") -> ReplyRow:
    at = NOW - ago
    return ReplyRow(
        5, 1, 1, agent, text, False, state, at, at, None, None, None, "key", "x", "@northline", "amandac"
    )  # fmt: skip


def event(kind: str, ago: Millis = MINUTE, agent: str = "intake", **data: Any) -> EventRow:
    return EventRow(int(NOW - ago), NOW - ago, agent, kind, 1, data)


def finding(check: str, made: Case) -> Finding | None:
    """What one check found, through the whole list."""
    return next((found for found in examine(made) if found.check == check), None)


def said(check: str, made: Case) -> tuple[str, str] | None:
    """Verdict and what it asks for."""
    found = finding(check, made)
    return None if found is None else (found.verdict, found.asks)


def sent(text: str, ago: Millis = MINUTE, to: str = "bob") -> SentText:
    """A text of ours, published so long ago."""
    return SentText(text, NOW - ago, to)


STOP_ASKING = ("stop", "reason")
STOP_HARD = ("stop", "")
