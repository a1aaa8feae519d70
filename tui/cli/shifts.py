"""`shift` and `handoff`: an agent's stretch of work, and what is passed on."""

from typing import Any

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskGroup, Invocation
from tui.errors import Misuse
from tui.text import line

_shift = click.argument("shift_id", metavar="[SHIFT]", type=ID, required=False)


@click.group("shift", cls=DeskGroup)
def shift_command() -> None:
    """Your shift: start, status, stop."""


@shift_command.command("start")
@click.pass_obj
def shift_start(call: Invocation) -> None:
    """Begin a shift. Commands work without one; the handoff is made from it."""
    from tui.desk import shift
    from tui.store.store import reading

    now = clock.now()
    with call.change() as session:
        begun = shift.start(session, agent=call.agent, now=now)
        status = shift.status(reading(session), agent=call.agent, now=now)
    call.answer(status, lambda: f"Shift {begun} has begun.")


@shift_command.command("status")
@click.pass_obj
def shift_status(call: Invocation) -> None:
    """Your running shift; `null` where there is none."""
    from tui.desk import shift

    call.arrive()
    status = shift.status(call.reader, agent=call.agent, now=clock.now())
    call.answer(status, lambda: _running(status) if status else "No shift is open; `shiftdesk shift start` begins one.")


def _running(status: dict[str, Any]) -> str:
    done = status["done"]
    since = clock.local(clock.parse(status["started_at"]), "%a %H:%M")
    return (
        f"Shift {status['id']} since {since} ({status['length']}): "
        f"{done['sent']} sent, {sum(done['resolved'].values())} resolved, {sum(done['skipped'].values())} skipped."
    )


@shift_command.command("stop")
@click.pass_obj
def shift_stop(call: Invocation) -> None:
    """End your shift, store its summary and print it."""
    from tui.desk import handoff, shift

    with call.change() as session:
        summary = shift.stop(session, agent=call.agent, now=clock.now(), config=call.config)
    call.answer(summary, lambda: handoff.text(summary).removesuffix("\n"))


@click.group("handoff", cls=DeskGroup)
def handoff_command() -> None:
    """What a shift passed on: show, ack, verify. The newest, unless a shift is named."""


@handoff_command.command("show")
@_shift
@click.pass_obj
def handoff_show(call: Invocation, shift_id: int | None) -> None:
    """The summary; `null` where no shift has ended yet."""
    from tui.desk import handoff

    summary = handoff.latest(call.reader, shift_id)
    if summary is None and shift_id is not None:
        raise Misuse(f"Shift {shift_id} has left no handoff; leave the number out for the newest.")
    call.answer(summary, lambda: handoff.text(summary).removesuffix("\n") if summary else "No shift has ended yet.")


@handoff_command.command("ack")
@_shift
@click.option("--read-back", type=WORDS, required=True, help="What you take over, in your own words.")
@click.pass_obj
def handoff_ack(call: Invocation, shift_id: int | None, read_back: str) -> None:
    """Take it over by reading it back."""
    from tui.desk import handoff

    with call.change() as session:
        done = handoff.ack(session, shift_id, agent=call.agent, read_back=read_back, now=clock.now())
    call.answer(done, lambda: "The handoff is yours; your read-back stands beside it.")


@handoff_command.command("verify")
@_shift
@click.pass_context
def handoff_verify(context: click.Context, shift_id: int | None) -> None:
    """Whether the summary is what was stored and the event log agrees. Exits 1 when not."""
    from tui.desk import handoff

    call: Invocation = context.obj
    found = handoff.verify(call.reader, shift_id)
    call.answer(found, lambda: "\n".join(map(line, found["problems"])) or "The handoff is as it was stored.")
    if not found["ok"]:
        context.exit(1)
