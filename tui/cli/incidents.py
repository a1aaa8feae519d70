"""`incident`: one cause behind many posts, and what is told about it."""

from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskGroup, Invocation, outgoing
from tui.errors import Misuse
from tui.text import line

if TYPE_CHECKING:
    from tui.store.reader import IncidentRow

_name = click.argument("name", type=WORDS)
_conversations = click.argument("conversations", metavar="ID...", type=ID, nargs=-1, required=True)


@click.group("incident", cls=DeskGroup)
def incident_command() -> None:
    """Incidents: add, update, close, list, link and unlink. NAME is a name or a number."""


@incident_command.command("add")
@_name
@click.option("--text", type=WORDS, required=True, help="What is known, the first update; - reads it from stdin.")
@click.pass_obj
def incident_add(call: Invocation, name: str, text: str) -> None:
    """Open one."""
    from tui.desk import incidents

    with call.change() as session:
        made = incidents.add(session, name, text=outgoing(text), agent=call.agent, now=clock.now())
    _answer(call, made, "is open")


@incident_command.command("update")
@_name
@click.option("--text", type=WORDS, required=True, help="What is new; - reads it from stdin.")
@click.pass_obj
def incident_update(call: Invocation, name: str, text: str) -> None:
    """Say what is new; one that was closed is open again."""
    from tui.desk import incidents

    with call.change() as session:
        changed = incidents.add_update(session, name, text=outgoing(text), agent=call.agent, now=clock.now())
    _answer(call, changed, "has the new text")


@incident_command.command("close")
@_name
@click.option("--text", type=WORDS, default="", help="A last update; - reads it from stdin.")
@click.pass_obj
def incident_close(call: Invocation, name: str, text: str) -> None:
    """It is over; its conversations stay linked."""
    from tui.desk import incidents

    with call.change() as session:
        closed = incidents.close(session, name, text=outgoing(text), agent=call.agent, now=clock.now())
    _answer(call, closed, "is closed")


@incident_command.command("link")
@_name
@_conversations
@click.pass_obj
def incident_link(call: Invocation, name: str, conversations: tuple[int, ...]) -> None:
    """These conversations are about it, and about no other."""
    from tui.desk import incidents

    with call.change() as session:
        found = incidents.find(session, name)
        linked = incidents.link(session, name, conversations, agent=call.agent, now=clock.now())
    _answer(call, found.id, f"has {len(linked):,} more", linked=linked)


@incident_command.command("unlink")
@_conversations
@click.pass_obj
def incident_unlink(call: Invocation, conversations: tuple[int, ...]) -> None:
    """These conversations are about no incident."""
    from tui.desk import incidents

    with call.change() as session:
        unlinked = incidents.unlink(session, conversations, agent=call.agent, now=clock.now())
    call.answer({"unlinked": unlinked}, lambda: f"{len(unlinked):,} unlinked.")


@incident_command.command("list")
@click.pass_obj
def incident_list(call: Invocation) -> None:
    """All of them, the open ones first, the newest update first."""
    known = call.reader.incidents()
    call.answer([_json(one) for one in known], lambda: _listing(known))


def _json(incident: "IncidentRow") -> dict[str, Any]:
    return {
        "id": incident.id,
        "name": incident.name,
        "state": incident.state,
        "text": incident.text,
        "opened_at": clock.iso(incident.opened_at),
        "updated_at": clock.iso(incident.updated_at),
        "closed_at": clock.iso(incident.closed_at),
        "conversations": incident.conversations,
    }


def _listing(known: "list[IncidentRow]") -> str:
    from tui.cli.table import table

    if not known:
        return "There is no incident; `shiftdesk incident add NAME --text TEXT` opens one."
    now = clock.now()
    head = ["id", "name", "state", "updated", "conversations", "text"]
    rows = [
        [str(one.id), one.name, one.state, clock.age(now - one.updated_at), f"{one.conversations:,}", one.text]
        for one in known
    ]
    return table([head, *rows])


def _answer(call: Invocation, incident_id: int, said: str, **more: Any) -> None:
    """The incident as it is now; for people a sentence."""
    found = call.reader.incident(incident_id)
    if found is None:
        raise Misuse(f"There is no incident {incident_id} any more; see `shiftdesk incident list`.")
    count = "1 conversation" if found.conversations == 1 else f"{found.conversations:,} conversations"
    call.answer(_json(found) | more, lambda: line(f'The incident "{found.name}" {said}: {count}.'))
