"""What the network said of a reply, and what follows from no answer."""

from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.desk import afterwards, drafts, priority
from tui.desk.canned import usage
from tui.desk.composition import composition
from tui.desk.outbox.returning import give_back, restore, still_to_go
from tui.desk.outbox.statements import behind, change, event, is_open, leaves_through, r
from tui.networks.records import Receipt
from tui.store import log
from tui.store import tables as t

SHORTEST: Millis = 5 * SECOND
"""The first pause before a network is asked again."""
LONGEST_WAIT: Millis = 5 * MINUTE
LONGEST_UNKNOWN: Millis = HOUR
State = Literal["failed", "unknown", "queued"]


def sent(session: Session, reply_id: int, receipt: Receipt, now: Millis) -> None:
    """The network has it: our post joins the thread, and the conversation waits on the customer.

    The post stands in the thread where the agent sent it: a word that came meanwhile is still unanswered. A reply
    that was given up or queued again while its sender was held up is sent all the same, and its text is no draft any
    more.
    """
    out = {"state": "sent", "sent_at": now, "native_id": receipt.native_id, "error": None, "failing_since": None}
    row = change(session, reply_id, ("queued", "sending", "unknown", "failed"), **out)
    _no_draft_any_more(session, row, now)
    usage.left(session, reply_id, now=now)
    said = {"native_id": receipt.native_id} | ({"note": receipt.note} if receipt.note else {})
    event(session, "reply.sent", reply_id, row.conversation_id, agent=row.agent, now=now, **said)
    _join_thread(session, row, receipt, now)
    c = t.conversations.c
    here = update(t.conversations).where(c.id == row.conversation_id)
    stood = session.execute(select(c.answered_at, c.reasons).where(c.id == row.conversation_id)).one()
    answered_at = max(row.created_at, stood.answered_at or 0)
    wrote_since = _first_word_after(session, row.conversation_id, answered_at)
    if wrote_since is not None:
        reasons = priority.without_unsent(stood.reasons)
        rank = priority.rank(wrote_since, reasons)
        session.execute(here.values(answered_at=answered_at, waiting_since=wrote_since, reasons=reasons, rank=rank))
    else:
        session.execute(here.values(answered_at=answered_at, waiting_since=None, reasons=[]))
    if _has_parts_to_go(session, row):
        return  # the conversation stays with its agent until the last of them
    left_for_it = ("claimed", "new", "snoozed") if row.scheduled else ("claimed", "new")
    freed = session.execute(
        here.where((c.epoch == row.epoch) | (c.state != "claimed"), c.state.in_(left_for_it))
        .values(
            state="pending" if wrote_since is None else "new",
            owner=None, claimed_at=None, timer_at=None, epoch=c.epoch + 1,
        )
        .returning(c.id)
    ).first()  # fmt: skip
    if wrote_since is not None and freed:
        log.append(session, "conversation.reopened", at=now, agent="desk", conversation_id=row.conversation_id)
    if row.part == row.parts:
        actions = composition(row.composition).actions
        afterwards.do(session, row, actions, wrote_since=wrote_since is not None, now=now)


def _no_draft_any_more(session: Session, row: Any, now: Millis) -> None:
    """What was given up while its sender was held up is out after all: of its text, only parts behind it are not."""
    if drafts.discard(session, row.conversation_id, text=still_to_go(session, row)) and row.part < row.parts:
        behind = select(t.replies).where(r.first_id == row.first_id, r.part == row.part + 1)
        restore(session, session.execute(behind).one(), agent=row.agent, now=now)


def _has_parts_to_go(session: Session, row: Any) -> bool:
    return session.execute(select(r.id).where(behind(row)).limit(1)).first() is not None


def _first_word_after(session: Session, conversation_id: int, answered_at: Millis) -> Millis | None:
    """When the customer first wrote after our answer."""
    p, c = t.posts.c, t.conversations.c
    found = session.execute(
        select(func.min(p.created_at))
        .join(t.conversations, (c.id == p.conversation_id) & (c.author_id == p.author_id))
        .where(c.id == conversation_id, p.created_at > answered_at, p.kind != "repost", ~p.ours, ~p.deleted)
    ).scalar()
    return None if found is None else int(found)


def _join_thread(session: Session, row: Any, receipt: Receipt, now: Millis) -> None:
    answered = session.execute(select(t.posts).where(t.posts.c.id == row.post_id)).one()
    known = select(t.posts.c.id).where(t.posts.c.network == answered.network, t.posts.c.native_id == receipt.native_id)
    if session.execute(known).first() is not None:
        return
    handle = session.execute(select(t.accounts.c.handle).where(t.accounts.c.id == row.account_id)).scalar() or "@us"
    session.execute(
        insert(t.posts).values(
            network=answered.network, native_id=receipt.native_id, account_id=row.account_id,
            author_id=_own_author(session, answered.network, handle), conversation_id=row.conversation_id,
            kind="dm" if row.private else "reply", text=row.text, created_at=row.created_at, seen_at=now,
            in_reply_to=answered.native_id, url=receipt.url, reposts=0, likes=0, deleted=False, ours=True,
            addressed="direct", reply_allowed=True, media=_media(row),
        )
    )  # fmt: skip


def _media(row: Any) -> list[dict[str, str]] | None:
    """The pictures a reply went out with, as a post has them."""
    went = composition(row.composition).media if row.part == 1 else ()
    return [{"type": "image", "alt": one.alt} for one in went] or None


def _own_author(session: Session, network: str, handle: str) -> int:
    """Our own author on a network: the one seen there under this handle, or made for it."""
    name = handle.removeprefix("@")
    c = t.authors.c
    found = session.execute(select(c.id).where(c.network == network, c.handle == name).order_by(c.id)).scalar()
    if found is None:
        found = session.execute(
            insert(t.authors)
            .values(network=network, native_id=f"own:{name}", handle=name, name="", followers=0, verified=False)
            .returning(c.id)
        ).scalar_one()
    return int(found)


def failed(session: Session, reply_id: int, why: str, now: Millis) -> None:
    """The network refused: the reply stays in the outbox with the reason, the text becomes the draft again."""
    row = change(session, reply_id, ("sending", "unknown"), state="failed", error=why)
    give_back(session, row, why, agent=row.agent, now=now)


def waits(session: Session, reply_id: int, why: str, *, until: Millis, now: Millis, failing: bool = False) -> None:
    """Nothing was done: it is queued again, and not tried before `until`. `failing`: its network is out of reach."""
    since = func.coalesce(r.failing_since, now) if failing else None
    values = {"state": "queued", "due_at": until, "error": why, "attempts": r.attempts - 1, "failing_since": since}
    row = change(session, reply_id, ("sending",), **values)
    _event_of_waiting(session, row, why, until, now)


def all_wait(session: Session, account: int | None, why: str, *, until: Millis, now: Millis) -> None:
    """What holds two replies of an account up holds up all that are queued: they are not even tried before `until`."""
    rows = session.execute(
        update(t.replies)
        .where(is_open(), r.state == "queued", r.due_at < until, leaves_through(account))
        .values(due_at=until, error=why)
        .returning(t.replies)
    ).all()
    for row in rows:
        _event_of_waiting(session, row, why, until, now)


def _event_of_waiting(session: Session, row: Any, why: str, until: Millis, now: Millis) -> None:
    at = clock.iso(until)
    event(session, "reply.waits", row.id, row.conversation_id, agent=row.agent, now=now, why=why, until=at)


def out_of_reach(session: Session, reply_id: int, why: str, now: Millis, *, patience: Millis) -> Millis | None:
    """Its network could not be reached, and nothing was done: when it is tried again, after pauses that grow.

    None: that goes on for as long as `patience`, and it has failed.
    """
    since = session.execute(select(func.coalesce(r.failing_since, now)).where(r.id == reply_id)).scalar_one()
    if now - since >= patience:
        failed(session, reply_id, why, now)
        return None
    until = now + _pause(now - since, LONGEST_WAIT)
    waits(session, reply_id, why, until=until, now=now, failing=True)
    return until


def unknown(session: Session, reply_id: int, why: str, now: Millis, *, until: Millis = 0) -> None:
    """No clear answer: it may be out. It is looked up before anything else happens to it, after pauses that grow, and
    not before `until`."""
    before = session.execute(select(r.state, r.tried_at).where(r.id == reply_id)).first()
    tried_at = before.tried_at if before is not None and before.tried_at is not None else now
    due_at = max(now + _pause(now - tried_at, LONGEST_UNKNOWN), until)
    row = change(session, reply_id, ("sending", "unknown"), state="unknown", error=why, due_at=due_at)
    if before is not None and before.state != "unknown":
        event(session, "reply.unknown", reply_id, row.conversation_id, agent=row.agent, now=now, why=why)


def not_found(session: Session, reply_id: int, now: Millis, *, settles: Millis | None) -> State:
    """A look-up found nothing; the state it is in now.

    A network without a login says so for certain (`settles` is None): it has failed. Elsewhere it stays `unknown`
    until `settles` after it was tried, when nothing is certain any more to come; then it is queued once more, with the
    same key, and the guard looks again. What is not found after a second try has failed.
    """
    row = session.execute(select(t.replies).where(r.id == reply_id)).one()
    believed_at = (row.due_at if row.tried_at is None else row.tried_at) + (settles or 0)
    if settles is None or (now >= believed_at and row.attempts > 1):
        twice = "it was interrupted" if settles is None else "it was tried twice"
        failed(session, reply_id, f"{twice} and did not reach the network", now)
        return "failed"
    if now < believed_at:
        unknown(session, reply_id, "its network does not show it yet", now, until=believed_at)
        return "unknown"
    row = change(session, reply_id, ("sending", "unknown"), state="queued", due_at=now, error=None)
    event(session, "reply.queued", reply_id, row.conversation_id, agent=row.agent, now=now, again=True)
    return "queued"


def _pause(gone: Millis, longest: Millis) -> Millis:
    """As long as it has lasted already: each pause is twice the one before."""
    return min(max(gone, SHORTEST), longest)
