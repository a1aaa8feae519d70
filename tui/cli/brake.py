"""`brake`: nothing leaves from a handle until it is let go."""

from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import WORDS, DeskCommand, Invocation
from tui.errors import Misuse
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.brake import Handle
    from tui.store.reader import BrakeRow


@click.command("brake", cls=DeskCommand)
@click.argument("handle", metavar="[HANDLE]", type=WORDS, required=False)
@click.argument("switch", metavar="[on|off]", type=click.Choice(["on", "off"]), required=False)
@click.option("--reason", type=WORDS, default="", help="Why nothing is to leave; colleagues see it on every reply.")
@click.pass_obj
def brake_command(call: Invocation, handle: str | None, switch: str | None, reason: str) -> None:
    """Stop all sends of a handle everywhere at once, or let them go. Without on or off it says how things stand.

    HANDLE is `x:@northline`, or `@northline` where one network alone has it.
    """
    from tui.desk import brake

    if handle is None:
        known = call.reader.brakes()
        call.answer([_json(one) for one in known], lambda: "\n".join(map(_told, known)) or "No brake is on.")
        return
    ours = brake.meant(call.reader.accounts(), handle)
    match switch:
        case "on":
            if not reason.strip():
                raise Misuse("Say with --reason why nothing is to leave; colleagues see it on every reply.")
            with call.change() as session:
                brake.put_on(session, ours, agent=call.agent, reason=reason, now=clock.now())
        case "off":
            with call.change() as session:
                brake.release(session, ours, agent=call.agent, now=clock.now())
    _answer(call, ours, switch)


def _answer(call: Invocation, ours: "Handle", switch: str | None) -> None:
    """How the handle stands now; whose brake it is where it was on already."""
    found = next((one for one in call.reader.brakes() if one.account_id == ours.account_id), None)
    document: dict[str, Any] = {"account": ours.key, "on": False}
    if found is not None:
        call.answer(_json(found), lambda: _told(found))
        return
    again = "; what waits leaves now, after one more look of the guard" if switch == "off" else ""
    call.answer(document, lambda: f"The brake of {line(ours.key)} is off{again}.")


def _json(found: "BrakeRow") -> dict[str, Any]:
    return {
        "account": f"{found.network}:{found.handle}",
        "on": True,
        "since": clock.iso(found.at),
        "by": found.by,
        "reason": found.reason,
        "waiting": found.waiting,
    }


def _told(found: "BrakeRow") -> str:
    since = clock.age(clock.now() - found.at)
    waiting = "1 reply waits" if found.waiting == 1 else f"{found.waiting:,} replies wait"
    key = f"{found.network}:{found.handle}"
    return line(
        f"Nothing leaves from {key}: brake by {found.by} {since} ago, {found.reason}; {waiting}. "
        f"`shiftdesk brake {key} off` lets them go."
    )
