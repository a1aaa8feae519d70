"""Through the guard into the outbox, as it leaves."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import MINUTE, Millis
from tui.config import Config
from tui.desk import claims, drafts, privately, roles
from tui.desk.canned import usage
from tui.desk.claims import Claim
from tui.desk.composition import NOTHING, Composition
from tui.desk.guard import Case, Finding, Overridden, accepts, gather
from tui.desk.guard.checks.length import parts
from tui.desk.outbox.statements import event, r
from tui.desk.privately import Piece
from tui.errors import Misuse, Refused
from tui.networks import pictures
from tui.store import log
from tui.store import tables as t
from tui.store.store import reading

AFTER_ITS_TIME: Millis = 15 * MINUTE
"""How long after the time of a scheduled reply its conversation waits again, where that has not left."""


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
    at: Millis | None = None,
    key: str | None = None,
) -> tuple[int, list[Finding]]:
    """Through the guard into the outbox, as it leaves: the (first) reply's id and the findings it passed.

    `made_of`: what the text is made of beside its words. `sender`: the handle it leaves from, where that is not the
    conversation's own. `split`: a text that is too long leaves in parts, each a reply of its own. Refused (with the
    findings in its details) when the claim is gone or a stop was not answered. The undo window begins now. `at`: it is
    to leave then; until that its conversation rests. `key`: the (first) reply's, new and unique, where its maker
    wants to ask `is_held` afterwards.
    """
    roles.need(session, "answer", claim.agent)
    claims.keep(session, claim, now=now, lease=config.desk.lease)
    if at is not None and at <= now:
        raise Refused("That time is over; give one that lies ahead, such as 2h or 2026-02-11T09:00Z.")
    looked_at = gather.case(
        reading(session), claim.conversation_id, text, agent=claim.agent, config=config, now=now, made_of=made_of,
        sender=sender, split=split,
    )  # fmt: skip
    findings = privately.examine(looked_at, config)
    answers = {answer.check: answer for answer in overrides}
    unanswered = [finding for finding in findings if not accepts(finding, answers.get(finding.check))]
    if unanswered:
        raise GuardStop(unanswered, findings)
    if missing := missing_picture(looked_at.made_of, looked_at.conversation.network):
        raise Refused(missing)
    leaves_at = max(now + config.desk.undo, at or 0)
    pieces = privately.pieces(looked_at, _parts(looked_at), config)
    made = _store(session, claim, looked_at, pieces, now, due_at=leaves_at, scheduled=at is not None, key=key)
    drafts.discard(session, claim.conversation_id)
    usage.record(session, made[0], now=now)
    for finding in findings:
        answer = answers.get(finding.check, Overridden(finding.check, ""))
        about = {"conversation_id": claim.conversation_id, "reply": made[0], "typed": answer.typed}
        about |= {"reason": answer.reason} if answer.reason else {}
        record(session, finding, _PASSED, at=now, agent=claim.agent, **about)
    about_it: dict[str, Any] = {"parts": len(made)} if len(made) > 1 else {}
    about_it |= {"moved": True} if pieces[-1].made_of.way == "pointer" else {}
    about_it |= {"until": clock.iso(leaves_at)} if at is not None else {}
    event(session, "reply.held", made[0], claim.conversation_id, agent=claim.agent, now=now, **about_it)
    if at is not None:
        rests_until = leaves_at + AFTER_ITS_TIME
        claims.snooze(
            session, claim.conversation_id, agent=claim.agent, until=rests_until, now=now, lease=config.desk.lease,
            epoch=claim.epoch,
        )  # fmt: skip
    let_pass(session, made, passed=[finding.check for finding in findings if finding.verdict == "stop"])
    return made[0], findings


def _store(
    session: Session, claim: Claim, looked_at: Case, pieces: Sequence[Piece], now: Millis, *, due_at: Millis,
    scheduled: bool, key: str | None,
) -> list[int]:  # fmt: skip
    """The held reply, or one for each piece of it, a millisecond apart so that they stay in order; their ids."""
    answered, text = looked_at.target, looked_at.text
    if answered is None:
        raise Refused("There is no post to answer in this conversation.")
    own = drafts.own_account(session, claim.conversation_id)
    values = {
        "conversation_id": claim.conversation_id, "post_id": answered.id, "agent": claim.agent, "epoch": claim.epoch,
        "account_id": drafts.other_account(session, claim.conversation_id, looked_at.sender) or own,
        "state": "held", "due_at": due_at, "scheduled": scheduled,
    }  # fmt: skip
    # What leaves later is dated then: a word that came before it is older than our answer.
    written_at = due_at if scheduled else now
    ids: list[int] = []
    for piece in pieces:
        values |= {"text": piece.text, "private": piece.private, "composition": piece.made_of.as_json()}
        values |= {"key": key if key and not ids else uuid.uuid4().hex, "created_at": written_at + len(ids)}
        values |= {"part": len(ids) + 1, "parts": len(pieces), "whole": text if len(pieces) > 1 and not ids else None}
        ids.append(session.execute(insert(t.replies).values(**values).returning(r.id)).scalar_one())
    if len(ids) > 1:
        session.execute(update(t.replies).where(r.id.in_(ids)).values(first_id=ids[0]))
    return ids


def is_held(session: Session, key: str) -> bool:
    """Whether a reply with this key was stored, whatever has become of it since.

    In a transaction, which waits for one that may still be storing it: a mere look could come too early.
    """
    return session.execute(select(r.id).where(r.key == key)).first() is not None


def missing_picture(made_of: Composition, network: str) -> str:
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


def let_pass(session: Session, replies: Sequence[int], **values: Any) -> None:
    """The guard has let these pass as things stand now, their own events included."""
    newest = select(func.max(t.events.c.id)).scalar_subquery()
    session.execute(update(t.replies).where(r.id.in_(replies)).values(seen_event=newest, **values))


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
        record(session, finding, NOT_PASSED, at=now, agent=agent, conversation_id=conversation_id)


_PASSED = {"stop": "guard.overridden", "warn": "guard.warned"}
NOT_PASSED = {"stop": "guard.stopped", "warn": "guard.heeded"}
"""What becomes of a finding in the log, by its verdict; what only informs is not there."""


def record(session: Session, finding: Finding, kinds: Mapping[str, str], **about: Any) -> None:
    if kind := kinds.get(finding.verdict):
        log.append(session, kind, check=finding.check, text=finding.text, **about)
