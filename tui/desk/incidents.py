"""Incidents: one cause behind many posts, and the newest word about it.

Each change is one short transaction with its event, in the caller's session; Refused when a rule says no, Misuse
when something is not there. Closing links nothing off: who asked about it is still told how it ended.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk import roles
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t

_i = t.incidents.c
_c = t.conversations.c
LONGEST_NAME = 80


def add(session: Session, name: str, *, text: str, agent: str, now: Millis) -> int:
    """Open an incident; `text` is its first update. Its id. Names differ by more than case."""
    name = " ".join(name.split())
    if not any(map(str.isalpha, name)) or len(name) > LONGEST_NAME:
        raise Refused(f"Give the incident a name of up to {LONGEST_NAME} characters, with a letter in it.")
    told = _told(text)
    known = _named(session, name)
    if known is not None:
        raise Refused(f"An incident is called {known.name!r} already; update it, or take another name.")
    values = {"name": name, "state": "open", "text": told, "opened_at": now, "updated_at": now}
    made = session.execute(insert(t.incidents).values(values).returning(_i.id)).scalar_one()
    log.append(session, "incident.added", at=now, agent=agent, incident=made, name=name, text=told)
    return int(made)


def add_update(session: Session, name: str, *, text: str, agent: str, now: Millis) -> int:
    """The newest word about an incident; one that was closed is open again. Its id."""
    found = find(session, name)
    told = _told(text)
    values = {"text": told, "updated_at": now, "state": "open", "closed_at": None}
    session.execute(update(t.incidents).where(_i.id == found.id).values(values))
    log.append(
        session, "incident.updated", at=now, agent=agent,
        incident=found.id, name=found.name, text=told, reopened=found.state == "closed",
    )  # fmt: skip
    return int(found.id)


def close(session: Session, name: str, *, text: str = "", agent: str, now: Millis) -> int:
    """It is over; `text` is a last update, where there is something to tell. Its id. Refused to who is no lead."""
    roles.need(session, "close-incident", agent)
    found = find(session, name)
    values: dict[str, Any] = {"state": "closed", "closed_at": now}
    if text.strip():
        values |= {"text": text.strip(), "updated_at": now}
    here = update(t.incidents).where(_i.id == found.id, _i.state == "open").values(values)
    if session.execute(here.returning(_i.id)).first() is None:
        raise Refused(f"The incident {found.name!r} is closed already.")
    log.append(session, "incident.closed", at=now, agent=agent, incident=found.id, name=found.name, text=text.strip())
    return int(found.id)


def link(session: Session, name: str, conversations: Iterable[int], *, agent: str, now: Millis) -> list[int]:
    """These conversations are about this incident, and no longer about another. Those for which that is new."""
    found = find(session, name)
    return [one for one in dict.fromkeys(conversations) if _set(session, one, found, agent=agent, now=now)]


def unlink(session: Session, conversations: Iterable[int], *, agent: str, now: Millis) -> list[int]:
    """These conversations are about no incident. Those that were about one."""
    return [one for one in dict.fromkeys(conversations) if _set(session, one, None, agent=agent, now=now)]


def find(session: Session, name: str) -> Any:
    """The incident with this name in any case, else with this id. Raises Misuse where there is none."""
    found = _named(session, name)
    if found is None and name.strip().isdecimal() and len(name) < 18:
        found = session.execute(select(t.incidents).where(_i.id == int(name))).first()
    if found is None:
        raise Misuse(f"No incident is called {name!r:.100}; see `shiftdesk incident list`.")
    return found


def _named(session: Session, name: str) -> Any:
    wanted = " ".join(name.split()).casefold()
    known = session.execute(select(_i.id, _i.name)).all()
    found = next((row.id for row in known if row.name.casefold() == wanted), None)
    return session.execute(select(t.incidents).where(_i.id == found)).first()


def _told(text: str) -> str:
    if not text.strip():
        raise Refused("Say what is known about it in a few words (--text).")
    return text.strip()


def _set(session: Session, conversation_id: int, incident: Any, *, agent: str, now: Millis) -> bool:
    """Whether the conversation was about something else before."""
    row = session.execute(
        select(_i.id, _i.name)
        .select_from(t.conversations.outerjoin(t.incidents, _i.id == _c.incident_id))
        .where(_c.id == conversation_id)
    ).first()
    if row is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    new = None if incident is None else incident.id
    if row.id == new:
        return False
    session.execute(update(t.conversations).where(_c.id == conversation_id).values(incident_id=new))
    kind, about = ("incident.unlinked", row) if incident is None else ("incident.linked", incident)
    before = {} if incident is None or row.id is None else {"instead_of": row.name}
    log.append(
        session, kind, at=now, agent=agent, conversation_id=conversation_id,
        incident=about.id, name=about.name, **before,
    )  # fmt: skip
    return True
