"""`worker`: collector and sender in a process of their own."""

import signal
import threading

import click

from tui.cli.invocation import DeskCommand, Invocation, mention

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("worker", cls=DeskCommand)
@click.option("--once", is_flag=True, help="One round: send what is due, then end.")
@click.pass_context
def worker_command(context: click.Context, once: bool) -> None:
    """Collect and send. One worker leads, the others wait for its lease."""
    from tui.worker import lanes

    call: Invocation = context.obj
    worker = lanes.worker(call.store, call.config, call.folder)
    if once:
        done = worker.once()
        busy = "Another worker is at it; nothing was done here."
        told = "{sent} sent, {failed} failed, {unknown} unknown, {read} read.".format(**done)
        call.answer(done, lambda: busy if done["busy"] else told)
        return
    stop = threading.Event()
    ended_by = _stop_on_signals(stop)
    if not call.json:
        mention(f"Sending what is due from {call.path}; ctrl+c ends it.")
    worker.run(stop)
    call.answer({"ended_by": ended_by[0]}, lambda: "The worker has ended; its lease is free.")
    context.exit(128 + ended_by[0])


def _stop_on_signals(stop: threading.Event) -> list[int]:
    """A signal ends the worker between two rounds, never in the middle of a sending; the list gets its number."""
    ended_by: list[int] = []

    def end(number: int, _frame: object) -> None:
        ended_by.append(number)
        stop.set()

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    return ended_by
