"""The guard looks once more at a reply: just before it leaves, and when it is tried again."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk import guard, privately
from tui.desk.composition import composition
from tui.desk.guard import Case, gather
from tui.desk.outbox.holding import NOT_PASSED, GuardStop, missing_picture, record
from tui.desk.outbox.statements import r
from tui.store.store import reading


def stopped_now(session: Session, row: Any, config: Config, now: Millis) -> str:
    """What stops a reply now and did not when it was let pass, in words and on record; empty where nothing does.

    Whatever changed has changed since then. A check that stumbles keeps this reply here, not all those behind it.
    """
    looked_at = case_again(session, row, agent=row.agent, config=config, now=now)
    if row.part == 1 and (missing := missing_picture(looked_at.made_of, looked_at.conversation.network)):
        return missing
    try:
        findings = guard.examine(looked_at)
    except Exception as error:
        return f"The guard stumbled over this reply ({type(error).__name__}); read it once more before you send it."
    stops = [finding for finding in findings if finding.verdict == "stop"]
    stops = [stop for stop in stops if stop.check == "changed" or stop.check not in (row.passed or ())]
    for stop in stops:
        about = {"conversation_id": row.conversation_id, "reply": row.id}
        record(session, stop, NOT_PASSED, at=now, agent=row.agent, **about)
    return " ".join(stop.text for stop in stops)


def case_again(session: Session, row: Any, *, agent: str, config: Config, now: Millis, anew: bool = False) -> Case:
    """What the guard looks at when it looks at a stored reply once more; `anew`: as if this agent sent it now."""
    reader = reading(session)
    reply = reader.reply(row.id)
    assert reply is not None, "its row was read in this transaction"
    return gather.case(
        reader, row.conversation_id, _whole(session, row), agent=agent, config=config, now=now,
        made_of=composition(row.composition),
        sender=reply.account, split=row.parts > 1 and not privately.is_pointer(row), but=reply, anew=anew,
    )  # fmt: skip


def _whole(session: Session, row: Any) -> str:
    """The text the guard looked at: of a part, the whole."""
    if row.parts == 1 or privately.is_pointer(row):
        return str(row.text)
    return str(session.execute(select(r.whole).where(r.id == row.first_id)).scalar_one())


def look_anew(session: Session, row: Any, *, agent: str, config: Config, now: Millis) -> list[str]:
    """What a reply passes that is to be tried again. Raises GuardStop."""
    findings = guard.examine(case_again(session, row, agent=agent, config=config, now=now, anew=True))
    stops = [finding for finding in findings if finding.verdict == "stop"]
    answered = set(row.passed or ()) - {"changed"} if row.agent == agent else set()
    if any(stop.check not in answered for stop in stops):
        raise GuardStop([stop for stop in stops if stop.check not in answered], findings)
    return [stop.check for stop in stops]
