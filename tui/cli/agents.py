"""`agent`: who works here, and what they may do."""

from typing import Any

import click

from tui import clock
from tui.cli.invocation import WORDS, DeskGroup, Invocation
from tui.config import agent_name
from tui.text import line

ROLES = ("agent", "lead", "admin")
"""As in `tui.desk.roles`, which is not loaded for the help."""

_name = click.argument("name", type=WORDS)


@click.group("agent", cls=DeskGroup)
def agent_command() -> None:
    """Agents: add, list, role, remove. Changing them needs an admin; who created the desk is one."""


@agent_command.command("add")
@_name
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True, help="What they may do.")
@click.pass_obj
def agent_add(call: Invocation, name: str, role: str) -> None:
    """From now on they may work here; somebody who was removed comes back."""
    from tui.desk import people

    name = agent_name(name)
    with call.change() as session:
        people.add(session, name, role=role, agent=call.agent, now=clock.now())
    call.answer({"name": name, "role": role}, lambda: line(f"{name} may work here, as {role}."))


@agent_command.command("role")
@_name
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def agent_role(call: Invocation, name: str, role: str) -> None:
    """What they may do from now on, in an open desk too. The last admin stays one."""
    from tui.desk import people

    with call.change() as session:
        changed = people.set_role(session, name, role, agent=call.agent, now=clock.now())
    said = "is from now on" if changed else "is already"
    call.answer({"name": name, "role": role, "changed": changed}, lambda: line(f"{name} {said} {role}."))


@agent_command.command("remove")
@_name
@click.pass_obj
def agent_remove(call: Invocation, name: str) -> None:
    """They may work here no more; what they hold goes back to the queue. What they did stays under their name."""
    from tui.desk import people

    with call.change() as session:
        back = people.remove(session, name, agent=call.agent, now=clock.now())
    count = "1 conversation is" if len(back) == 1 else f"{len(back):,} conversations are"
    call.answer(
        {"name": name, "released": back}, lambda: line(f"{name} may work here no more; {count} back in the queue.")
    )


@agent_command.command("list")
@click.pass_obj
def agent_list(call: Invocation) -> None:
    """All of them: role, since when, whether they are on shift, what they hold."""
    from tui.cli.table import table

    known = call.reader.people()
    document: list[dict[str, Any]] = [
        {
            "name": one.name,
            "role": one.role,
            "since": clock.iso(one.since),
            "on_shift_since": clock.iso(one.on_shift_since),
            "holds": one.holds,
        }
        for one in known
    ]
    now = clock.now()
    head = ["name", "role", "since", "on shift", "holds"]
    rows = [
        [
            one.name,
            one.role,
            clock.local(one.since, "%Y-%m-%d"),
            clock.age(now - one.on_shift_since) if one.on_shift_since is not None else "",
            f"{one.holds:,}",
        ]
        for one in known
    ]
    call.answer(document, lambda: table([head, *rows]) if rows else "Nobody has worked here yet.")
