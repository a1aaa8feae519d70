"""Who works here. The agent who creates a database is its admin; a name not seen before becomes an agent."""

from sqlalchemy import func, insert, select
from sqlmodel import Session

from tui.clock import Millis
from tui.store import log
from tui.store import tables as t


def arrive(session: Session, name: str, now: Millis) -> str:
    """The role of an agent, who is known from now on."""
    role = session.execute(select(t.agents.c.role).where(t.agents.c.name == name)).scalar()
    if role is not None:
        return str(role)
    first = session.execute(select(func.count()).select_from(t.agents)).scalar_one() == 0
    role = "admin" if first else "agent"
    session.execute(insert(t.agents).values(name=name, role=role, created_at=now))
    log.append(session, "agent.added", at=now, agent=name, role=role)
    return role
