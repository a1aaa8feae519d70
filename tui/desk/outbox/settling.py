"""What a person decides: a failed reply is tried again, an unknown one is out or it is not."""

from typing import Any

from sqlalchemy import case, select
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import claims, drafts, privately, roles
from tui.desk.canned import usage
from tui.desk.outbox.holding import let_pass
from tui.desk.outbox.outcome import sent
from tui.desk.outbox.returning import give_back, still_to_go
from tui.desk.outbox.second_look import look_anew
from tui.desk.outbox.statements import change, event, not_so, r, together
from tui.errors import Refused
from tui.networks.records import Receipt
from tui.store import tables as t


def retry(session: Session, reply_id: int, *, agent: str, config: Config, now: Millis) -> None:
    """Queue a failed reply once more, with the parts behind it, through the guard and with a claim; its text is no
    draft any longer.

    What its writer answered before need not be answered again. Refused when a colleague has the conversation, or with
    the findings when the guard stops it now.
    """
    rows = session.execute(
        select(t.replies).where(together(reply_id), r.state == "failed").order_by(r.part)
    ).all()  # fmt: skip
    if not any(row.id == reply_id for row in rows):
        raise not_so(reply_id, ("failed",))
    first = rows[0]
    desk = config.desk
    claim = claims.reach(
        session, first.conversation_id, agent=agent, now=now, lease=desk.lease, most=desk.most_held
    )  # fmt: skip
    looks = [look_anew(session, row, agent=agent, config=config, now=now) for row in privately.of_their_own(rows)]
    passed = [check for answered in looks for check in answered]
    drafts.discard(session, first.conversation_id, text=still_to_go(session, first))
    again: dict[str, Any] = {"state": "queued", "agent": agent, "epoch": claim.epoch, "scheduled": False}
    again |= {
        "error": None,
        "failing_since": None,
        "attempts": 0,
        "due_at": case((r.due_at > now, now), else_=r.due_at),
    }
    for row in rows:
        change(session, row.id, ("failed",), **again)
        usage.record(session, row.id, now=now)
        event(session, "reply.queued", row.id, row.conversation_id, agent=agent, now=now, retry=True)
    let_pass(session, [row.id for row in rows], passed=passed)


def settle(session: Session, reply_id: int, *, is_out: bool, agent: str, now: Millis) -> None:
    """A person looked: an unknown reply is out after all, or it is not. A colleague's needs a lead."""
    if session.execute(select(r.agent).where(r.id == reply_id)).scalar() not in (None, agent):
        roles.need(session, "settle-others", agent)
    if is_out:
        key = session.execute(select(r.key).where(r.id == reply_id, r.state == "unknown")).scalar()
        if key is None:
            raise Refused(f"Reply {reply_id} is not unknown; see `shiftdesk outbox`.")
        sent(session, reply_id, Receipt(f"settled:{key}"), now)
    else:
        why = f"{agent} saw that it is not out"
        row = change(session, reply_id, ("unknown",), state="failed", error=why)
        give_back(session, row, why, agent=agent, now=now, settled=True)
