"""Who may do what: agents answer customers, leads decide for the team, admins for the desk.

THE table is `DEEDS`: what changes the desk, and the least role for it. A rule that asks for more than an agent calls
`need` inside its transaction, so that command line, screen and whoever comes next are held to it alike.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session

from tui.errors import Refused
from tui.store import tables as t
from tui.text import fit, line

ROLES = ("agent", "lead", "admin")
"""From the least to the most; each may do all that those before it may."""
REMOVED = "removed"
"""Instead of a role: they worked here once and may no more. Their name stays in the event log."""
NAMED = 3
"""So many colleagues are named who may do what somebody may not."""
NAME_CELLS = 24

_a = t.agents.c


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that changes the desk. `commands` are those that do it; keys of the desk do the same deeds."""

    id: str
    least: str
    does: str
    """For the table of the documents."""
    commands: tuple[str, ...]
    refused: str = ""
    """How a refusal begins; empty where every agent may."""
    instead: str = ""
    """What else they can do, as the end of the sentence."""


DEEDS = (
    Deed(
        "answer", "agent", "take conversations, answer them, take over with a reason, pass on one's own",
        ("next", "claim", "release", "take", "pass", "snooze", "resolve", "skip", "reply"),
    ),
    Deed(
        "tell", "agent", "notes, tags, promises, look-ups, who is one person",
        (
            "show", "note", "notes", "tag", "lookup", "promise add", "promise keep", "promise drop",
            "customer join", "customer split",
        ),
    ),
    Deed("outbox", "agent", "recall, try again and settle one's own replies",
         ("outbox recall", "outbox retry", "outbox settle")),
    Deed("own-canned", "agent", "canned responses of one's own, and new ones for the team that wait for approval",
         ("canned add", "canned edit", "canned capture")),
    Deed("brake-on", "agent", "stop all sends of a handle", ("brake on",)),
    Deed("incident", "agent", "open and update incidents, link conversations to them",
         ("incident add", "incident update", "incident link", "incident unlink")),
    Deed("shift", "agent", "one's own shift, and taking over a handoff", ("shift start", "shift stop", "handoff ack")),
    Deed("posts", "agent", "bring posts in, run the worker", ("import", "worker")),
    Deed("brake-off", "lead", "let a handle go again", ("brake off",), "Releasing the brake"),
    Deed(
        "team-canned", "lead", "what the whole team may say: change, import, approve, retire, restore",
        ("canned approve", "canned retire", "canned restore", "canned import"),
        "Changing what the whole team may say", ", or keep it as your own (scope agent) or unapproved",
    ),
    Deed("close-incident", "lead", "close an incident", ("incident close",), "Closing an incident"),
    Deed("settle-others", "lead", "say what became of a colleague's unknown reply", (),
         "Settling a colleague's reply"),
    Deed("accounts", "admin", "log our accounts in and out", ("account add", "account remove-login"),
         "Changing the logins of our accounts"),
    Deed("people", "admin", "who works here, and in which role", ("agent add", "agent role", "agent remove"),
         "Changing who works here"),
    Deed("copies", "admin", "the whole desk in a file", ("backup",), "Copying the whole desk"),
)  # fmt: skip
_BY_ID = {deed.id: deed for deed in DEEDS}


def role_of(session: Session, agent: str) -> str:
    """The role of an agent, or `removed`. Whoever comes to a desk where nobody is known yet is its admin."""
    role = session.execute(select(_a.role).where(_a.name == agent)).scalar()
    if role is not None:
        return str(role)
    return "agent" if session.execute(select(func.count()).select_from(t.agents)).scalar_one() else "admin"


def is_called(name: str) -> ColumnElement[bool]:
    """An agent has this name, in whatever case; SQLite knows the case of ASCII letters only."""
    return or_(_a.name == name, func.lower(_a.name) == name.lower())


def need(session: Session, deed_id: str, agent: str) -> None:
    """Raise Refused unless the agent may do this; the sentence says who may."""
    deed, role = _BY_ID[deed_id], role_of(session, agent)
    if role == REMOVED:
        raise no_more(session, agent)
    if ROLES.index(role) < ROLES.index(deed.least):
        raise Refused(
            f"{deed.refused} needs {_either(deed.least)}; you are {_one(role)}. "
            f"Ask {_colleagues(session, deed.least)}{deed.instead}.",
            deed=deed.id, needs=deed.least, role=role,
        )  # fmt: skip


def no_more(session: Session, agent: str) -> Refused:
    """Why somebody who was removed is refused whatever they do."""
    who = fit(line(agent), NAME_CELLS).rstrip()
    return Refused(f"{who} may no longer work at this desk. Ask {_colleagues(session, 'admin')}.", role=REMOVED)


def _one(role: str) -> str:
    return f"a {role}" if role == "lead" else f"an {role}"


def _either(least: str) -> str:
    """This role or a higher one."""
    return _one(least) if least == ROLES[-1] else " or ".join((_one(least), *ROLES[ROLES.index(least) + 1 :]))


def _colleagues(session: Session, least: str) -> str:
    """Whom to ask: those of at least this role who have been here longest."""
    enough = ROLES[ROLES.index(least) :]
    found = session.execute(
        select(_a.name).where(_a.role.in_(enough)).order_by(_a.created_at, _a.id).limit(NAMED)
    ).scalars()  # fmt: skip
    names = [fit(line(name), NAME_CELLS).rstrip() for name in found]
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
