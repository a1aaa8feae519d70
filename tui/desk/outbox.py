"""Replies on their way: held (undo window), queued, sending, then sent, failed or unknown.

All transitions of a reply are here, each a guarded statement with its event. What is `sending` may be out
already, so nothing is sent twice without a look at the network first.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import afterwards, claims, drafts, guard, leaving, priority
from tui.desk.canned import usage
from tui.desk.claims import Claim
from tui.desk.composition import NOTHING, Composition, composition
from tui.desk.guard import Case, Finding, Overridden, gather
from tui.desk.guard.checks.length import parts
from tui.errors import Misuse, Refused
from tui.networks import limits, pictures
from tui.networks.records import Outgoing, Receipt
from tui.store import log
from tui.store import tables as t
from tui.store.store import reading

_r = t.replies.c


def hold(
    session: Session,
    claim: Claim,
    text: str,
    *,
    config: Config,
    now: Millis,
    overrides: Sequence[Overridden] = (),
    made_of: Composition = NOTHING,
    sender: str | None = None,
    split: bool = False,
) -> tuple[int, list[Finding]]:
    """Through the guard into the outbox, as it leaves: the (first) reply's id and the findings it passed.

    `made_of`: what the text is made of beside its words. `sender`: the handle it leaves from, where that is not the
    conversation's own. `split`: a text that is too long leaves in parts, each a reply of its own. Refused (with the
    findings in its details) when the claim is gone or a stop was not answered. The undo window begins now.
    """
    claims.check_held(session, claim, now)
    looked_at = gather.case(
        reading(session), claim.conversation_id, text, agent=claim.agent, config=config, now=now, made_of=made_of,
        sender=sender, split=split,
    )  # fmt: skip
    findings = guard.examine(looked_at)
    answers = {answer.check: answer for answer in overrides}
    unanswered = [finding for finding in findings if not guard.accepts(finding, answers.get(finding.check))]
    if unanswered:
        raise GuardStop(unanswered, findings)
    if missing := _missing_picture(looked_at.made_of, looked_at.conversation.network):
        raise Refused(missing)
    made = _store(session, claim, looked_at, now, due_at=now + config.desk.undo)
    drafts.discard(session, claim.conversation_id)
    usage.record(session, made[0], now=now)
    for finding in findings:
        answer = answers.get(finding.check, Overridden(finding.check, ""))
        about = {"conversation_id": claim.conversation_id, "reply": made[0], "typed": answer.typed}
        about |= {"reason": answer.reason} if answer.reason else {}
        _record(session, finding, _PASSED, at=now, agent=claim.agent, **about)
    in_parts = {"parts": len(made)} if len(made) > 1 else {}
    _event(session, "reply.held", made[0], claim.conversation_id, agent=claim.agent, now=now, **in_parts)
    _let_pass(session, made, passed=[finding.check for finding in findings if finding.verdict == "stop"])
    return made[0], findings


def _store(session: Session, claim: Claim, looked_at: Case, now: Millis, *, due_at: Millis) -> list[int]:
    """The held reply, or one for each part of it, a millisecond apart so that they stay in order; their ids."""
    answered, text = looked_at.target, looked_at.text
    if answered is None:
        raise Refused("There is no post to answer in this conversation.")
    own = drafts.own_account(session, claim.conversation_id)
    values = {
        "conversation_id": claim.conversation_id, "post_id": answered.id, "agent": claim.agent, "epoch": claim.epoch,
        "account_id": drafts.other_account(session, claim.conversation_id, looked_at.sender) or own,
        "private": answered.kind == "dm", "state": "held", "due_at": due_at,
        "composition": looked_at.made_of.as_json(),
    }  # fmt: skip
    texts = _parts(looked_at)
    ids: list[int] = []
    for part in texts:
        values |= {"text": part, "key": uuid.uuid4().hex, "created_at": now + len(ids)}
        values |= {"part": len(ids) + 1, "parts": len(texts), "whole": text if len(texts) > 1 and not ids else None}
        ids.append(session.execute(insert(t.replies).values(**values).returning(_r.id)).scalar_one())
    if len(ids) > 1:
        session.execute(update(t.replies).where(_r.id.in_(ids)).values(first_id=ids[0]))
    return ids


def _missing_picture(made_of: Composition, network: str) -> str:
    """What is wrong with a picture that was fine when it was attached, in a sentence; empty where nothing is."""
    try:
        for one in made_of.media:
            pictures.checked(one.path, network)
    except Misuse as error:
        return str(error)
    return ""


def _parts(looked_at: Case) -> list[str]:
    try:
        return parts(looked_at) if looked_at.split else [looked_at.text]
    except ValueError as error:  # where the account has the check of the length off
        raise Refused(str(error)) from None


def _let_pass(session: Session, replies: Sequence[int], **values: Any) -> None:
    """The guard has let these pass as things stand now, their own events included."""
    newest = select(func.max(t.events.c.id)).scalar_subquery()
    session.execute(update(t.replies).where(_r.id.in_(replies)).values(seen_event=newest, **values))


class GuardStop(Refused):
    """The guard stops this reply; `stops` are those of its `findings` that were not answered.

    `sentence` says it where a rule before the guard has already refused, with the `details` of that.
    """

    def __init__(
        self, stops: Sequence[Finding], findings: Sequence[Finding], sentence: str = "", **details: Any
    ) -> None:
        super().__init__(
            sentence or " ".join(f.text for f in stops),
            verdict="stop",
            findings=[f.as_json() for f in findings],
            **details,
        )
        self.stops = list(stops)
        self.findings = list(findings)


def record_stop(
    session: Session, findings: Sequence[Finding], conversation_id: int, *, agent: str, now: Millis
) -> None:
    """A reply that was stopped, or given up at its review, is a near miss: what stopped it and what warned goes into
    the log by itself."""
    for finding in findings:
        _record(session, finding, _NOT_PASSED, at=now, agent=agent, conversation_id=conversation_id)


_PASSED = {"stop": "guard.overridden", "warn": "guard.warned"}
_NOT_PASSED = {"stop": "guard.stopped", "warn": "guard.heeded"}
"""What becomes of a finding in the log, by its verdict; what only informs is not there."""


def _record(session: Session, finding: Finding, kinds: Mapping[str, str], **about: Any) -> None:
    if kind := kinds.get(finding.verdict):
        log.append(session, kind, check=finding.check, text=finding.text, **about)


def recall(session: Session, reply_id: int, *, agent: str, now: Millis) -> bool:
    """Take back a reply that is still held, with all its parts that are; whether its text is the draft again.

    Where some parts are out, the text is what has not gone. It is no draft where a newer one stands.
    """
    rows = session.execute(
        update(t.replies)
        .where(_together(reply_id), _r.state == "held", _r.agent == agent)
        .values(state="recalled")
        .returning(t.replies)
    ).all()
    if not rows:
        raise Refused("That reply is not held any more; it can no longer be recalled.")
    first = min(rows, key=lambda row: row.part)
    usage.take_back(session, first.id)
    _event(session, "reply.recalled", first.id, first.conversation_id, agent=agent, now=now)
    return _restore(session, first, agent=agent, now=now)


def _together(reply_id: int) -> ColumnElement[bool]:
    """This reply and the other parts of its text."""
    asked = t.replies.alias().c
    return or_(_r.id == reply_id, _r.first_id == select(asked.first_id).where(asked.id == reply_id).scalar_subquery())


def _still_to_go(session: Session, row: Any) -> str:
    """The text of a reply as it was typed, with that of the parts behind it."""
    around = composition(row.composition).around
    if row.parts == 1:
        return leaving.as_typed(row.text, around)
    rows = session.execute(select(t.replies).where(_r.first_id == row.first_id).order_by(_r.part)).all()
    gone = [one.text for one in rows if one.part < row.part]
    return leaving.as_typed(limits.left(rows[0].whole, gone, lead=_lead(session, row.conversation_id)), around)


def _lead(session: Session, conversation_id: int) -> str:
    c, w = t.conversations.c, t.authors.c
    found = select(c.network, w.handle).join(t.authors, w.id == c.author_id).where(c.id == conversation_id)
    network, handle = session.execute(found).one()
    return leaving.lead(network, handle)


def _restore(session: Session, row: Any, *, agent: str, now: Millis) -> bool:
    """What did not go out, from this part on, becomes the draft again, where none was begun meanwhile.

    Where a first part is out, the canned responses were used in that.
    """
    made_of = replace(composition(row.composition), around=NOTHING.around)
    return drafts.restore(
        session, row.conversation_id, _still_to_go(session, row),
        agent=agent, made_of=made_of if row.part == 1 else replace(made_of, inserted=()), now=now,
        account_id=row.account_id,
    )  # fmt: skip


def send_now(session: Session, reply_id: int, *, agent: str, now: Millis) -> None:
    """End the undo window of a held reply early, and of its parts."""
    session.execute(
        update(t.replies).where(_together(reply_id), _r.state == "held", _r.agent == agent).values(due_at=now)
    )


def queue_due(session: Session, now: Millis, *, account: int | None = None) -> list[int]:
    """Held replies whose undo window is over are queued: those of one account, or (None) of all without a login."""
    rows = session.execute(
        update(t.replies)
        .where(_r.state == "held", _r.due_at <= now, _leaves_through(account))
        .values(state="queued")
        .returning(_r.id, _r.conversation_id, _r.agent)
    ).all()
    for row in rows:
        _event(session, "reply.queued", row.id, row.conversation_id, agent=row.agent, now=now)
    return [row.id for row in rows]


def start_sending(
    session: Session, now: Millis, config: Config, *, account: int | None = None
) -> tuple[int, Outgoing | None] | None:
    """The oldest queued reply, now `sending`; committed before the network is called. None where nothing may leave.

    It is one of this account, or (None) of an account without a login.

    The guard looks once more. What stops it now, and was not answered when it was held, keeps it here: it has failed,
    its text is the draft again, and there is no Outgoing.
    """
    row = session.execute(
        select(t.replies).where(_r.state == "queued", _leaves_through(account), _may_leave()).order_by(_r.id).limit(1)
    ).first()  # fmt: skip
    if row is None:
        return None
    why = _stopped_now(session, row, config, now)
    if why:
        _settle(session, row.id, ("queued",), state="failed", error=why)
        _give_back(session, row, why, agent=row.agent, now=now, guard=True)
        return row.id, None
    _settle(session, row.id, ("queued",), state="sending", attempts=_r.attempts + 1)
    _event(session, "reply.sending", row.id, row.conversation_id, agent=row.agent, now=now)
    return row.id, _outgoing(session, row)


def _leaves_through(account: int | None) -> ColumnElement[bool]:
    """Replies of one account; None: of all that have no login."""
    if account is not None:
        return _r.account_id == account
    a = t.accounts.c
    return ~exists().where(a.id == _r.account_id, a.server.is_not(None))


def _may_leave() -> ColumnElement[bool]:
    """A part leaves only after the one before it has arrived."""
    before = t.replies.alias().c
    return or_(
        _r.part == 1,
        exists().where(
            before.conversation_id == _r.conversation_id,
            and_(before.first_id == _r.first_id, before.part == _r.part - 1, before.state == "sent"),
        ),
    )


def _stopped_now(session: Session, row: Any, config: Config, now: Millis) -> str:
    """What stops a reply now and did not when it was let pass, in words and on record; empty where nothing does.

    Whatever changed has changed since then. A check that stumbles keeps this reply here, not all those behind it.
    """
    looked_at = _case_again(session, row, agent=row.agent, config=config, now=now)
    if row.part == 1 and (missing := _missing_picture(looked_at.made_of, looked_at.conversation.network)):
        return missing
    try:
        findings = guard.examine(looked_at)
    except Exception as error:
        return f"The guard stumbled over this reply ({type(error).__name__}); read it once more before you send it."
    stops = [finding for finding in findings if finding.verdict == "stop"]
    stops = [stop for stop in stops if stop.check == "changed" or stop.check not in (row.passed or ())]
    for stop in stops:
        about = {"conversation_id": row.conversation_id, "reply": row.id}
        _record(session, stop, _NOT_PASSED, at=now, agent=row.agent, **about)
    return " ".join(stop.text for stop in stops)


def _case_again(session: Session, row: Any, *, agent: str, config: Config, now: Millis, anew: bool = False) -> Case:
    """What the guard looks at when it looks at a stored reply once more; `anew`: as if this agent sent it now."""
    reader = reading(session)
    reply = reader.reply(row.id)
    assert reply is not None, "its row was read in this transaction"
    return gather.case(
        reader, row.conversation_id, _whole(session, row), agent=agent, config=config, now=now,
        made_of=composition(row.composition),
        sender=reply.account, split=row.parts > 1, but=reply, anew=anew,
    )  # fmt: skip


def _whole(session: Session, row: Any) -> str:
    """The text the guard looked at: of a part, the whole."""
    if row.parts == 1:
        return str(row.text)
    return str(session.execute(select(_r.whole).where(_r.id == row.first_id)).scalar_one())


def unsettled(
    session: Session, states: Sequence[str] = ("sending",), *, account: int | None = None
) -> list[tuple[int, Outgoing]]:
    """Replies that a sender left behind without a clear answer, of one account or (None) of all without a login."""
    chosen = select(t.replies).where(_r.state.in_(states), _leaves_through(account)).order_by(_r.id)
    rows = session.execute(chosen).all()
    return [(row.id, _outgoing(session, row)) for row in rows]


def _outgoing(session: Session, row: Any) -> Outgoing:
    network, native_id = session.execute(
        select(t.posts.c.network, t.posts.c.native_id).where(t.posts.c.id == row.post_id)
    ).one()
    handle = session.execute(select(t.accounts.c.handle).where(t.accounts.c.id == row.account_id)).scalar()
    recipient = session.execute(
        select(t.authors.c.native_id)
        .join(t.conversations, t.conversations.c.author_id == t.authors.c.id)
        .where(t.conversations.c.id == row.conversation_id)
    ).scalar_one()
    made_of = composition(row.composition)
    return Outgoing(
        network, handle, native_id, row.text, row.key, row.private,
        media=made_of.media if row.part == 1 else (), warning=made_of.warning,
        visibility="" if row.private else made_of.visibility, recipient=recipient, created_at=row.created_at,
    )  # fmt: skip


def sent(session: Session, reply_id: int, receipt: Receipt, now: Millis) -> None:
    """The network has it: our post joins the thread, and the conversation waits on the customer.

    The post stands in the thread where the agent sent it: a word that came meanwhile is still unanswered. A reply
    that was given up while its sender was held up is sent all the same, and its text is no draft any more.
    """
    out = {"state": "sent", "sent_at": now, "native_id": receipt.native_id, "error": None}
    row = _settle(session, reply_id, ("sending", "unknown", "failed"), **out)
    _no_draft_any_more(session, row, now)
    usage.left(session, reply_id, now=now)
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
    if _has_parts_to_go(session, row):
        return  # the conversation stays with its agent until the last of them
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
    if row.part == row.parts:
        actions = composition(row.composition).actions
        afterwards.do(session, row, actions, wrote_since=wrote_since is not None, now=now)


def _no_draft_any_more(session: Session, row: Any, now: Millis) -> None:
    """What was given up while its sender was held up is out after all: of its text, only parts behind it are not."""
    if drafts.discard(session, row.conversation_id, text=_still_to_go(session, row)) and row.part < row.parts:
        behind = select(t.replies).where(_r.first_id == row.first_id, _r.part == row.part + 1)
        _restore(session, session.execute(behind).one(), agent=row.agent, now=now)


def _has_parts_to_go(session: Session, row: Any) -> bool:
    return session.execute(select(_r.id).where(_behind(row)).limit(1)).first() is not None


def _behind(row: Any) -> ColumnElement[bool]:
    """The parts behind this one that have not begun to leave."""
    return and_(_r.first_id == row.first_id, _r.part > row.part, _r.state.in_(("held", "queued")))


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
    row = _settle(session, reply_id, ("sending", "unknown"), state="failed", error=why)
    _give_back(session, row, why, agent=row.agent, now=now)


def _give_back(session: Session, row: Any, why: str, *, agent: str, now: Millis, **data: Any) -> None:
    """A reply has failed, and with it the parts behind it. What is not out is the draft of whoever has the
    conversation now, else of its writer."""
    rest = session.execute(
        update(t.replies).where(_behind(row)).values(state="failed", error=why).returning(_r.id)
    ).scalars()  # fmt: skip
    if ids := sorted(rest):
        data["rest"] = ids
    usage.take_back(session, row.id)
    owner = _owner(session, row.conversation_id) or row.agent
    if owner != row.agent:
        data["owner"] = owner
    _event(session, "reply.failed", row.id, row.conversation_id, agent=agent, now=now, why=why, **data)
    _restore(session, row, agent=owner, now=now)


def _owner(session: Session, conversation_id: int) -> str | None:
    """Who has a conversation."""
    c = t.conversations.c
    return session.execute(select(c.owner).where(c.id == conversation_id, c.state == "claimed")).scalar()


def unknown(session: Session, reply_id: int, why: str, now: Millis) -> None:
    """No clear answer: it may be out. It is looked up before anything else happens to it."""
    row = _settle(session, reply_id, ("sending", "unknown"), state="unknown", error=why)
    _event(session, "reply.unknown", reply_id, row.conversation_id, agent=row.agent, now=now, why=why)


def retry(session: Session, reply_id: int, *, agent: str, config: Config, now: Millis) -> None:
    """Queue a failed reply once more, with the parts behind it, through the guard and with a claim; its text is no
    draft any longer.

    What its writer answered before need not be answered again. Refused when a colleague has the conversation, or with
    the findings when the guard stops it now.
    """
    rows = session.execute(
        select(t.replies).where(_together(reply_id), _r.state == "failed").order_by(_r.part)
    ).all()  # fmt: skip
    if not any(row.id == reply_id for row in rows):
        raise _not_so(reply_id, ("failed",))
    first = rows[0]
    claim = claims.reach(session, first.conversation_id, agent=agent, now=now, lease=config.desk.lease)
    passed = _look_anew(session, first, agent=agent, config=config, now=now)
    drafts.discard(session, first.conversation_id, text=_still_to_go(session, first))
    for row in rows:
        _settle(session, row.id, ("failed",), state="queued", error=None, agent=agent, epoch=claim.epoch)
        usage.record(session, row.id, now=now)
        _event(session, "reply.queued", row.id, row.conversation_id, agent=agent, now=now, retry=True)
    _let_pass(session, [row.id for row in rows], passed=passed)


def _look_anew(session: Session, row: Any, *, agent: str, config: Config, now: Millis) -> list[str]:
    """What a reply passes that is to be tried again. Raises GuardStop."""
    findings = guard.examine(_case_again(session, row, agent=agent, config=config, now=now, anew=True))
    stops = [finding for finding in findings if finding.verdict == "stop"]
    answered = set(row.passed or ()) - {"changed"} if row.agent == agent else set()
    if any(stop.check not in answered for stop in stops):
        raise GuardStop([stop for stop in stops if stop.check not in answered], findings)
    return [stop.check for stop in stops]


def settle(session: Session, reply_id: int, *, is_out: bool, agent: str, now: Millis) -> None:
    """A person looked: an unknown reply is out after all, or it is not."""
    if is_out:
        key = session.execute(select(_r.key).where(_r.id == reply_id, _r.state == "unknown")).scalar()
        if key is None:
            raise Refused(f"Reply {reply_id} is not unknown; see `shiftdesk outbox`.")
        sent(session, reply_id, Receipt(f"settled:{key}"), now)
    else:
        why = f"{agent} saw that it is not out"
        row = _settle(session, reply_id, ("unknown",), state="failed", error=why)
        _give_back(session, row, why, agent=agent, now=now, settled=True)


def _settle(session: Session, reply_id: int, states: Sequence[str], **values: Any) -> Any:
    row = session.execute(
        update(t.replies).where(_r.id == reply_id, _r.state.in_(states)).values(**values).returning(t.replies)
    ).first()
    if row is None:
        raise _not_so(reply_id, states)
    return row


def _not_so(reply_id: int, states: Sequence[str]) -> Refused:
    return Refused(f"Reply {reply_id} is not {' or '.join(states)}; see `shiftdesk outbox`.")


def _event(
    session: Session, kind: str, reply: int, conversation_id: int, *, agent: str, now: Millis, **data: Any
) -> None:
    log.append(session, kind, at=now, agent=agent, conversation_id=conversation_id, reply=reply, **data)
