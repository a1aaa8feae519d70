"""Replies on their way: held (undo window), queued, sending, then sent, failed or unknown.

All transitions of a reply are here, each a guarded statement with its event. What is `sending` may be out
already, so nothing is sent twice without a look at the network first.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from tui.clock import MINUTE, Millis
from tui.config import Config
from tui.desk import claims, drafts, guard, priority
from tui.desk.canned import library
from tui.desk.canned.response import Canned
from tui.desk.claims import Claim
from tui.desk.guard import Case, Finding, Overridden, phrases
from tui.errors import Misuse, Refused
from tui.networks.records import Outgoing, Receipt
from tui.store import log
from tui.store import tables as t
from tui.store.reader import EventRow, PostRow, QueueRow, Reader, ReplyRow
from tui.store.store import reading

_r = t.replies.c
LEAVING = ("held", "queued", "sending", "unknown")
SIBLINGS_MOST = 10
"""Canned responses looked at for another way to say it."""


def case(
    reader: Reader,
    conversation_id: int,
    text: str,
    *,
    agent: str,
    config: Config,
    now: Millis,
    canned: Canned | None = None,
    sender: str | None = None,
    but: ReplyRow | None = None,
) -> Case:
    """Gather what the guard looks at. `but`: a reply that is looked at again, as of when it was let pass.

    `sender` is the handle it is to leave from, where that is not the conversation's own.
    """
    conversation = reader.conversation(conversation_id)
    if conversation is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    leaves_from = sender or conversation.account
    settings = config.account(conversation.network, leaves_from)
    posts = tuple(reader.posts(conversation_id))
    except_id = but.id if but else None
    seen = reader.seen(conversation_id, agent) if but is None else but.seen_event
    return Case(
        text=text,
        now=now,
        agent=agent,
        conversation=conversation,
        posts=posts,
        target=target(conversation, posts),
        settings=settings,
        sender=sender,
        accounts=tuple(handle for _, network, handle in reader.accounts() if network == conversation.network),
        sent=tuple(
            reader.sent_since(
                leaves_from, conversation.network, now - settings.same_text_minutes * MINUTE, but=except_id
            )
        ),
        sent_to=tuple(reader.sent_to(conversation.author_id)),
        leaving=tuple(r for r in reader.replies(conversation_id) if r.state in LEAVING and r.id != except_id),
        changes=() if seen is None else tuple(_changes(reader, conversation_id, agent, seen)),
        others=tuple(reader.others(conversation_id, conversation.author_id)),
        incident=reader.incident(conversation.incident_id) if conversation.incident_id else None,
        canned=canned,
        siblings=tuple(_siblings(reader, canned, conversation, now)) if canned else (),
        phrases=phrases.known(config),
    )


def _changes(reader: Reader, conversation_id: int, agent: str, seen: int) -> list[EventRow]:
    return [e for e in reader.events(after=seen, conversation_id=conversation_id) if e.agent != agent]


def _siblings(reader: Reader, canned: Canned, conversation: QueueRow, now: Millis) -> list[Canned]:
    """What could be said instead of a canned response: the same tag and language, valid now, least used first."""
    rows = reader.siblings(
        canned.tags, language=canned.language, network=conversation.network, but=canned.id, now=now, limit=SIBLINGS_MOST
    )
    return [library.response(row) for row in rows]


def target(conversation: QueueRow, posts: Sequence[PostRow]) -> PostRow | None:
    """The post a reply answers: the customer's newest word, else the newest post of the thread."""
    words = [p for p in posts if p.author_id == conversation.author_id and p.kind != "repost" and not p.ours]
    standing = (
        [p for p in words if not p.deleted] or words or [p for p in posts if not p.deleted and p.kind != "repost"]
    )
    return standing[-1] if standing else None


def hold(
    session: Session,
    claim: Claim,
    text: str,
    *,
    config: Config,
    now: Millis,
    overrides: Sequence[Overridden] = (),
    canned_id: int | None = None,
) -> tuple[int, list[Finding]]:
    """Through the guard into the outbox: the reply's id and the findings it passed.

    Refused (with the findings in its details) when the claim is gone or a stop was not answered.
    The undo window begins now.
    """
    claims.check_held(session, claim, now)
    canned = library.stored(session, canned_id) if canned_id else None
    looked_at = case(
        reading(session), claim.conversation_id, text, agent=claim.agent, config=config, now=now, canned=canned
    )
    findings = guard.examine(looked_at)
    typed = {o.check: o.typed for o in overrides}
    by_name = {o.check for o in overrides if o.by_name}
    unanswered = [f for f in findings if not guard.accepts(f, typed.get(f.check, ""), by_name=f.check in by_name)]
    if unanswered:
        raise GuardStop(unanswered, findings)
    answered = looked_at.target
    if answered is None:
        raise Refused("There is no post to answer in this conversation.")
    account_id = _account_id(session, looked_at.conversation)
    made = session.execute(
        insert(t.replies)
        .values(
            conversation_id=claim.conversation_id, post_id=answered.id, account_id=account_id, agent=claim.agent,
            epoch=claim.epoch, text=text, private=answered.kind == "dm", canned_id=canned_id, state="held",
            key=uuid.uuid4().hex, created_at=now, due_at=now + config.desk.undo,
        )
        .returning(_r.id)
    ).scalar_one()  # fmt: skip
    drafts.discard(session, claim.conversation_id)
    if canned_id:
        library.used(session, canned_id, now)
    for finding in findings:
        if finding.verdict in ("stop", "warn"):
            kind = "guard.overridden" if finding.verdict == "stop" else "guard.warned"
            log.append(
                session, kind, at=now, agent=claim.agent, conversation_id=claim.conversation_id,
                check=finding.check, reply=made, typed=typed.get(finding.check, ""), text=finding.text,
            )  # fmt: skip
    _event(session, "reply.held", made, claim.conversation_id, agent=claim.agent, now=now)
    return int(made), findings


def _account_id(session: Session, conversation: QueueRow) -> int | None:
    row = session.execute(select(t.conversations.c.account_id).where(t.conversations.c.id == conversation.id)).scalar()
    return None if row is None else int(row)


class GuardStop(Refused):
    """The guard stops this reply; `stops` are the findings that were not answered."""

    def __init__(self, stops: Sequence[Finding], findings: Sequence[Finding]) -> None:
        super().__init__(
            " ".join(f.text for f in stops),
            verdict="stop",
            findings=[f.as_json() for f in findings],
        )
        self.stops = list(stops)


def record_stop(
    session: Session, findings: Sequence[Finding], conversation_id: int, *, agent: str, now: Millis
) -> None:
    """A reply that was stopped, or given up at its review, is a near miss: what stopped it and what warned goes into
    the log by itself."""
    for finding in findings:
        if finding.verdict in ("stop", "warn"):
            log.append(
                session, "guard.stopped" if finding.verdict == "stop" else "guard.heeded",
                at=now, agent=agent, conversation_id=conversation_id, check=finding.check, text=finding.text,
            )  # fmt: skip


def recall(session: Session, reply_id: int, *, agent: str, now: Millis) -> bool:
    """Take back a reply that is still held; whether its text is the draft again (not where a newer one stands)."""
    row = session.execute(
        update(t.replies)
        .where(_r.id == reply_id, _r.state == "held", _r.agent == agent)
        .values(state="recalled")
        .returning(_r.conversation_id, _r.text, _r.canned_id)
    ).first()
    if row is None:
        raise Refused("That reply is not held any more; it can no longer be recalled.")
    _event(session, "reply.recalled", reply_id, row.conversation_id, agent=agent, now=now)
    return drafts.restore(session, row.conversation_id, row.text, agent=agent, canned_id=row.canned_id, now=now)


def send_now(session: Session, reply_id: int, *, agent: str, now: Millis) -> None:
    """End the undo window of a held reply early."""
    session.execute(
        update(t.replies).where(_r.id == reply_id, _r.state == "held", _r.agent == agent).values(due_at=now)
    )


def queue_due(session: Session, now: Millis) -> list[int]:
    """Held replies whose undo window is over are queued."""
    rows = session.execute(
        update(t.replies)
        .where(_r.state == "held", _r.due_at <= now)
        .values(state="queued")
        .returning(_r.id, _r.conversation_id, _r.agent)
    ).all()
    for row in rows:
        _event(session, "reply.queued", row.id, row.conversation_id, agent=row.agent, now=now)
    return [row.id for row in rows]


def start_sending(session: Session, now: Millis) -> tuple[int, Outgoing] | None:
    """The oldest queued reply, now `sending`; committed before the network is called."""
    oldest = select(_r.id).where(_r.state == "queued").order_by(_r.id).limit(1).scalar_subquery()
    row = session.execute(
        update(t.replies)
        .where(_r.id == oldest, _r.state == "queued")
        .values(state="sending", attempts=_r.attempts + 1)
        .returning(t.replies)
    ).first()
    if row is None:
        return None
    _event(session, "reply.sending", row.id, row.conversation_id, agent=row.agent, now=now)
    return row.id, _outgoing(session, row)


def unsettled(session: Session, states: Sequence[str] = ("sending",)) -> list[tuple[int, Outgoing]]:
    """Replies that a sender left behind without a clear answer."""
    rows = session.execute(select(t.replies).where(_r.state.in_(states)).order_by(_r.id)).all()
    return [(row.id, _outgoing(session, row)) for row in rows]


def _outgoing(session: Session, row: Any) -> Outgoing:
    network, native_id = session.execute(
        select(t.posts.c.network, t.posts.c.native_id).where(t.posts.c.id == row.post_id)
    ).one()
    handle = session.execute(select(t.accounts.c.handle).where(t.accounts.c.id == row.account_id)).scalar()
    return Outgoing(network, handle, native_id, row.text, row.key, row.private)


def sent(session: Session, reply_id: int, receipt: Receipt, now: Millis) -> None:
    """The network has it: our post joins the thread, and the conversation waits on the customer.

    The post stands in the thread where the agent sent it: a word that came meanwhile is still unanswered. A reply
    that was given up while its sender was held up is sent all the same, and its text is no draft any more.
    """
    out = {"state": "sent", "sent_at": now, "native_id": receipt.native_id, "error": None}
    row = _settle(session, reply_id, ("sending", "unknown", "failed"), **out)
    drafts.discard(session, row.conversation_id, text=row.text)
    _event(session, "reply.sent", reply_id, row.conversation_id, agent=row.agent, now=now, native_id=receipt.native_id)
    _join_thread(session, row, receipt, now)
    c = t.conversations.c
    here = update(t.conversations).where(c.id == row.conversation_id)
    stood = session.execute(select(c.answered_at, c.reasons).where(c.id == row.conversation_id)).one()
    answered_at = max(row.created_at, stood.answered_at or 0)
    wrote_since = _first_word_after(session, row.conversation_id, answered_at)
    if wrote_since is not None:
        rank = priority.rank(wrote_since, stood.reasons or [])
        session.execute(here.values(answered_at=answered_at, waiting_since=wrote_since, rank=rank))
    else:
        session.execute(here.values(answered_at=answered_at, waiting_since=None, reasons=[]))
    freed = session.execute(
        here.where((c.epoch == row.epoch) | (c.state == "new"), c.state.in_(("claimed", "new")))
        .values(
            state="pending" if wrote_since is None else "new",
            owner=None, claimed_at=None, timer_at=None, epoch=c.epoch + 1,
        )
        .returning(c.id)
    ).first()  # fmt: skip
    if wrote_since is not None and freed:
        log.append(session, "conversation.reopened", at=now, agent="desk", conversation_id=row.conversation_id)


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
            addressed="direct", reply_allowed=True,
        )
    )  # fmt: skip


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
    row = _settle(session, reply_id, ("sending", "unknown"), state="failed", error=why)
    _event(session, "reply.failed", reply_id, row.conversation_id, agent=row.agent, now=now, why=why)
    drafts.restore(session, row.conversation_id, row.text, agent=row.agent, canned_id=row.canned_id, now=now)


def unknown(session: Session, reply_id: int, why: str, now: Millis) -> None:
    """No clear answer: it may be out. It is looked up before anything else happens to it."""
    row = _settle(session, reply_id, ("sending", "unknown"), state="unknown", error=why)
    _event(session, "reply.unknown", reply_id, row.conversation_id, agent=row.agent, now=now, why=why)


def retry(session: Session, reply_id: int, *, agent: str, config: Config, now: Millis) -> None:
    """Queue a failed reply once more, through the guard and with a claim; its text is no draft any longer.

    Refused when a colleague has the conversation, or with the findings when the guard stops it now.
    """
    old = session.execute(select(t.replies).where(_r.id == reply_id, _r.state == "failed")).first()
    if old is not None:
        claim = claims.reach(session, old.conversation_id, agent=agent, now=now, lease=config.desk.lease)
        looked_at = case(reading(session), old.conversation_id, old.text, agent=agent, config=config, now=now)
        findings = guard.examine(looked_at)
        stops = [finding for finding in findings if finding.verdict == "stop"]
        if stops:
            raise GuardStop(stops, findings)
        session.execute(update(t.replies).where(_r.id == reply_id).values(agent=agent, epoch=claim.epoch))
    row = _settle(session, reply_id, ("failed",), state="queued", error=None)
    drafts.discard(session, row.conversation_id, text=row.text)
    _event(session, "reply.queued", reply_id, row.conversation_id, agent=agent, now=now, retry=True)


def settle(session: Session, reply_id: int, *, is_out: bool, agent: str, now: Millis) -> None:
    """A person looked: an unknown reply is out after all, or it is not."""
    if is_out:
        key = session.execute(select(_r.key).where(_r.id == reply_id, _r.state == "unknown")).scalar()
        if key is None:
            raise Refused(f"Reply {reply_id} is not unknown; see `shiftdesk outbox`.")
        sent(session, reply_id, Receipt(f"settled:{key}"), now)
    else:
        row = _settle(session, reply_id, ("unknown",), state="failed", error=f"{agent} saw that it is not out")
        _event(session, "reply.failed", reply_id, row.conversation_id, agent=agent, now=now, settled=True)
        drafts.restore(session, row.conversation_id, row.text, agent=row.agent, canned_id=row.canned_id, now=now)


def _settle(session: Session, reply_id: int, states: Sequence[str], **values: Any) -> Any:
    row = session.execute(
        update(t.replies).where(_r.id == reply_id, _r.state.in_(states)).values(**values).returning(t.replies)
    ).first()
    if row is None:
        raise Refused(f"Reply {reply_id} is not {' or '.join(states)}; see `shiftdesk outbox`.")
    return row


def _event(
    session: Session, kind: str, reply: int, conversation_id: int, *, agent: str, now: Millis, **data: Any
) -> None:
    log.append(session, kind, at=now, agent=agent, conversation_id=conversation_id, reply=reply, **data)
