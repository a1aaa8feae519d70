"""Who works here. The agent who creates a database is its admin; a name not seen before becomes an agent.

Where the team wants it so (`only_known_agents`), a name that no admin has added is refused. What a role may do is
said in `roles`. Nobody is deleted: what they did stays theirs.
"""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk import lapsing, roles
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t
from tui.store.store import reading
from tui.text import line

_a = t.agents.c
_c = t.conversations.c


def arrive(session: Session, name: str, now: Millis, *, only_known: bool = False) -> str:
    """The role of an agent, who is known from now on.

    Raises Refused for who was removed; with `only_known` also for who is not known, but not for the first of all.
    """
    role = session.execute(select(_a.role).where(_a.name == name)).scalar()
    if role == roles.REMOVED:
        raise roles.no_more(session, name)
    if role is not None:
        return str(role)
    role = roles.role_of(session, name)
    if only_known and role != "admin":
        raise Refused(f"Nobody called {name!r} works here; an admin adds them with `shiftdesk agent add`.")
    _insert(session, name, role, agent=name, now=now)
    return role


def add(session: Session, name: str, *, role: str, agent: str, now: Millis) -> None:
    """From now on they may work here; who was removed comes back. Refused where they are here already."""
    roles.need(session, "people", agent)
    row = session.execute(select(_a.name, _a.role).where(roles.is_called(name))).first()
    if row is None:
        _insert(session, name, role, agent=agent, now=now, name=name)
    elif row.name == name and row.role == roles.REMOVED:
        _become(session, name, role, "agent.added", agent=agent, now=now)
    else:
        raise Refused(f"{row.name!r} is here already, as {row.role}; `shiftdesk agent role` changes that.")


def set_role(session: Session, name: str, role: str, *, agent: str, now: Millis) -> bool:
    """What they may do from now on; whether that is new. Refused for the last admin, and for who was removed."""
    roles.need(session, "people", agent)
    before = _standing(session, name)
    if before == role:
        return False
    _keep_an_admin(session, name, before)
    _become(session, name, role, "agent.role", agent=agent, now=now, before=before)
    return True


def remove(session: Session, name: str, *, agent: str, now: Millis) -> list[int]:
    """They may work here no more; the conversations that they held, which are back in the queue with their drafts.

    What they sent, wrote and decided stays in the event log under their name, and their shift ends. Refused for the
    last admin.
    """
    from tui.desk import shift  # reads a whole desk, which those who arrive need not wait for

    roles.need(session, "people", agent)
    before = _standing(session, name)
    _keep_an_admin(session, name, before)
    _become(session, name, roles.REMOVED, "agent.removed", agent=agent, now=now, before=before)
    theirs = select(t.conversations).where(_c.state == "claimed", _c.owner == name).order_by(_c.id)
    held = session.execute(theirs).all()
    for row in held:
        lapsing.lapse(session, row, now, None, why="works here no more")
    if reading(session).open_shift(name) is not None:
        shift.stop(session, agent=name, now=now)
    return [int(row.id) for row in held]


def _insert(session: Session, who: str, role: str, *, agent: str, now: Millis, **data: Any) -> None:
    session.execute(insert(t.agents).values(name=who, role=role, created_at=now))
    log.append(session, "agent.added", at=now, agent=agent, role=role, **data)


def _become(session: Session, name: str, role: str, kind: str, *, agent: str, now: Millis, **data: Any) -> None:
    session.execute(update(t.agents).where(_a.name == name).values(role=role))
    log.append(session, kind, at=now, agent=agent, name=name, role=role, **data)


def _standing(session: Session, name: str) -> str:
    """The role of somebody who works here. Raises Misuse where nobody is called that, Refused where they left."""
    role = session.execute(select(_a.role).where(_a.name == name)).scalar()
    if role is None:
        raise Misuse(f"Nobody is called {line(name)!r:.80} here; see `shiftdesk agent list`.")
    if role == roles.REMOVED:
        raise Refused(f"{name!r} was removed; `shiftdesk agent add` brings them back.")
    return str(role)


def _keep_an_admin(session: Session, name: str, role: str) -> None:
    others = select(func.count()).select_from(t.agents).where(_a.role == "admin", _a.name != name)
    if role == "admin" and not session.execute(others).scalar_one():
        raise Refused(f"{name!r} is the only admin; make somebody else one first with `shiftdesk agent role`.")
