"""What sending a reply also does: a tag, a snooze, the end of the conversation, a promise.

It happens in the transaction that marks the reply, or the last of its parts, sent. Where the reply does not leave,
nothing of it does.
"""

from collections.abc import Iterable
from typing import Any, assert_never

from sqlalchemy import select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import claims, keeping
from tui.desk.canned.response import Action
from tui.store import log
from tui.store import tables as t
from tui.text import line

_c = t.conversations.c


def do(session: Session, reply: Any, actions: Iterable[Action], *, wrote_since: bool, now: Millis) -> None:
    """Apply the actions of a reply (its row) that is out.

    Where the customer has written since, or a colleague has the conversation, it neither rests nor ends: an event says
    so. A tag and a promise stand all the same. The reply is out, so nothing here refuses.
    """
    for action in actions:
        match action.do:
            case "tag":
                _tag(session, reply, action.text, now)
            case "promise":
                said = line(action.text).strip()[: keeping.TEXT_CHARACTERS] or "what it says"
                keeping.make(
                    session, reply.conversation_id, agent=reply.agent, text=said,
                    due_at=now + max(action.span, 0), reply_id=reply.id, now=now,
                )  # fmt: skip
            case "snooze" | "resolve":
                _rest(session, reply, action, wrote_since=wrote_since, now=now)
            case _ as never:
                assert_never(never)


def _tag(session: Session, reply: Any, tag: str, now: Millis) -> None:
    stood = session.execute(select(_c.tags).where(_c.id == reply.conversation_id)).scalar() or []
    claims.tag(session, reply.conversation_id, agent=reply.agent, tags=[*stood, tag], now=now)


def _rest(session: Session, reply: Any, action: Action, *, wrote_since: bool, now: Millis) -> None:
    about = {"at": now, "agent": reply.agent, "conversation_id": reply.conversation_id, "reply": reply.id}
    if not wrote_since:
        values = _snoozed(action, now) if action.do == "snooze" else _resolved(now)
        rests = _c.state.in_(("pending",) if action.do == "snooze" else ("pending", "snoozed"))
        here = update(t.conversations).where(_c.id == reply.conversation_id, rests)
        if session.execute(here.values(**values).returning(_c.id)).first() is not None:
            if action.do == "snooze":
                log.append(session, "conversation.snoozed", until=clock.iso(now + action.span), **about)
            else:
                log.append(session, "conversation.resolved", reason=action.text or "answered", **about)
            return
    why = "the customer has written since" if wrote_since else _why_not(session, reply.conversation_id)
    log.append(session, "action.left-out", do=action.do, why=why, **about)


def _snoozed(action: Action, now: Millis) -> dict[str, Any]:
    return {"state": "snoozed", "timer_at": now + action.span}


def _resolved(now: Millis) -> dict[str, Any]:
    return {"state": "resolved", "timer_at": None, "settled_at": now, "waiting_since": None, "reasons": []}


def _why_not(session: Session, conversation_id: int) -> str:
    row = session.execute(select(_c.state, _c.owner).where(_c.id == conversation_id)).one()
    return f"{row.owner} has it" if row.state == "claimed" else f"it is {row.state}"
