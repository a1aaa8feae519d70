"""A desk was restored: nothing leaves from it by itself that the desk it was copied from may have sent meanwhile.

How old the copy is, and whether the other desk still runs, nobody can tell from here. So:

- what was held or queued is the draft again, of whoever has the conversation, and that waits before all that is not
  dangerous: a person looks whether it is out, and the guard with them
- what was being sent, or unknown, is unknown: it is looked up, and where it is not found it has failed; it is not
  sent a second time, since the other desk may have done so
- the brake is on for every account with a login, until somebody saw that the other desk is stopped and that what it
  sent has been read
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import brake, roles
from tui.desk.brake import Handle
from tui.desk.canned import usage
from tui.desk.outbox.returning import on_top, restore
from tui.desk.outbox.statements import behind, change, event, is_open, r
from tui.store import log
from tui.store import tables as t

KIND = "desk.restored"
BACKED_UP = "desk.backed-up"
_a = t.accounts.c
_MAY_BE_OUT = "the desk was restored, and the one before may have sent it"


@dataclass(frozen=True, slots=True)
class Quiet:
    """What was done so that nothing leaves by itself: ids of replies, handles as `x:@northline`."""

    returned: list[int]
    unknown: list[int]
    braked: list[str]


def backed_up(session: Session, *, agent: str, file: str, now: Millis) -> None:
    """Somebody begins to copy the whole desk into a file: it stands in the log, and in the copy. Raises Refused."""
    roles.need(session, "copies", agent)
    log.append(session, BACKED_UP, at=now, agent=agent, file=file)


def arrive(session: Session, *, agent: str, file: str, now: Millis) -> Quiet:
    """All that follows from a restored desk. Who restores it has made this database, and is its admin."""
    taken_at = session.execute(select(func.max(t.events.c.at)).where(t.events.c.kind == BACKED_UP)).scalar()
    _be_admin(session, agent, now)
    quiet = Quiet(
        returned=_return_waiting(session, now),
        unknown=_leave_unknown(session, now),
        braked=_brake(session, agent, taken_at, now),
    )
    log.append(session, KIND, at=now, agent=agent, file=file, taken_at=clock.iso(taken_at), **asdict(quiet))
    return quiet


def _be_admin(session: Session, name: str, now: Millis) -> None:
    role = session.execute(select(t.agents.c.role).where(t.agents.c.name == name)).scalar()
    if role == "admin":
        return
    if role is None:
        session.execute(insert(t.agents).values(name=name, role="admin", created_at=now))
        log.append(session, "agent.added", at=now, agent=name, role="admin")
    else:
        session.execute(update(t.agents).where(t.agents.c.name == name).values(role="admin"))
        log.append(session, "agent.role", at=now, agent=name, name=name, role="admin", before=role)


def _return_waiting(session: Session, now: Millis) -> list[int]:
    """Each held or queued reply, with the parts behind it, is the draft again where none was begun meanwhile."""
    waiting = select(t.replies).where(is_open(), r.state.in_(("held", "queued"))).order_by(r.id)
    returned: list[int] = []
    for row in session.execute(waiting).all():
        if session.execute(select(r.state).where(r.id == row.id)).scalar() != "recalled":  # with a part before it
            _return(session, row, now)
            returned.append(row.id)
    return returned


def _return(session: Session, row: Any, now: Millis) -> None:
    change(session, row.id, ("held", "queued"), state="recalled", error=_MAY_BE_OUT)
    session.execute(update(t.replies).where(is_open(), behind(row)).values(state="recalled", error=_MAY_BE_OUT))
    usage.take_back(session, row.id)
    c = t.conversations.c
    held = select(c.owner).where(c.id == row.conversation_id, c.state == "claimed")
    owner = session.execute(held).scalar() or row.agent
    to = {"owner": owner} if owner != row.agent else {}
    event(session, "reply.returned", row.id, row.conversation_id, agent=row.agent, now=now, why=_MAY_BE_OUT, **to)
    restore(session, row, agent=owner, now=now)
    on_top(session, row.conversation_id, f"our reply came back: {_MAY_BE_OUT}", now)


def _leave_unknown(session: Session, now: Millis) -> list[int]:
    """Tried twice, as far as is known here: what a look-up does not find is not sent once more, see `not_found`."""
    may_be_out = select(r.id).where(is_open(), r.state.in_(("sending", "unknown"))).order_by(r.id)
    ids = [int(reply_id) for reply_id in session.execute(may_be_out).scalars()]
    for reply_id in ids:
        row = change(
            session, reply_id, ("sending", "unknown"),
            state="unknown", error=_MAY_BE_OUT, attempts=2, tried_at=now, due_at=now,
        )  # fmt: skip
        event(session, "reply.unknown", reply_id, row.conversation_id, agent=row.agent, now=now, why=_MAY_BE_OUT)
    return ids


def _brake(session: Session, agent: str, taken_at: Millis | None, now: Millis) -> list[str]:
    """Accounts without a login write into a file on this machine, where a look finds what is there."""
    reason = "restored from a backup" + (f" of {clock.local(taken_at, '%d %b %H:%M')}" if taken_at else "")
    logins = select(_a.id, _a.network, _a.handle).where(_a.server.is_not(None)).order_by(_a.id)
    ours = [Handle(*row) for row in session.execute(logins).all()]
    return [one.key for one in ours if brake.put_on(session, one, agent=agent, reason=reason, now=now)]
