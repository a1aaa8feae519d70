"""`worker`: collector and sender in a process of their own."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tui.cli.invocation import DeskCommand, Invocation, mention
from tui.errors import Misuse

if TYPE_CHECKING:
    from tui.worker.run import Worker

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("worker", cls=DeskCommand)
@click.option("--once", is_flag=True, help="One round: send what is due, then end.")
@click.option("--metrics", metavar="HOST:PORT", help="Figures for Prometheus, such as 127.0.0.1:9100.")
@click.option("--metrics-anywhere", is_flag=True, help="Let other machines ask for them, too.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="info",
    help="What is logged on stderr, one JSON object a line.",
)
@click.pass_context
def worker_command(
    context: click.Context, once: bool, metrics: str | None, metrics_anywhere: bool, log_level: str
) -> None:
    """Collect and send. One worker leads, the others wait for its lease."""
    from tui.store.backups import refuse_backup
    from tui.worker import lanes, log

    call: Invocation = context.obj
    refuse_backup(call.home)
    if once and metrics:
        raise Misuse("`--once` ends before anybody asks for figures; leave out --metrics.")
    worker = lanes.worker(call.store, call.config, call.folder)
    if once:
        with log.lines(log_level):
            done = worker.once()
        busy = "Another worker is at it; nothing was done here."
        told = "{sent} sent, {failed} failed, {unknown} unknown, {read} read.".format(**done)
        call.answer(done, lambda: busy if done["busy"] else told)
        return
    stop = threading.Event()
    ended_by = stop_on_signals(stop)
    tick = _systemd(call, worker, stop)
    with _figures(call, worker, metrics, anywhere=metrics_anywhere):
        if not call.json:
            mention(f"Sending what is due from {call.home.location}; ctrl+c ends it.")
        with log.lines(log_level):
            worker.run(stop, tick)
    call.answer({"ended_by": ended_by[0]}, lambda: "The worker has ended; its lease is free.")
    context.exit(128 + ended_by[0])


def _systemd(call: Invocation, worker: "Worker", stop: threading.Event) -> Callable[[], None]:
    """What is to be done about once a second, so that systemd knows how the worker is."""
    from tui.worker import systemd

    notices = systemd.notices()
    if notices is None:
        return lambda: None
    if notices.watchdog_s:
        import faulthandler

        faulthandler.enable()  # where the watchdog bites, the journal gets to know what hung; no values are shown

    def tick() -> None:
        notices.tick(
            silence_s=worker.silence_s,
            stopping=stop.is_set(),
            status=lambda: systemd.standing(worker, call.store, call.config),
        )

    return tick


@contextmanager
def _figures(call: Invocation, worker: "Worker", place: str | None, *, anywhere: bool) -> Iterator[None]:
    """Serve figures meanwhile, where that is wanted."""
    if place is None:
        yield
        return
    from tui.worker import metrics

    url, server = metrics.serve(place, metrics.Figures(call.store, lambda: worker.leading), anywhere=anywhere)
    if not call.json:
        mention(f"Figures at {url}.")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def stop_on_signals(stop: threading.Event) -> list[int]:
    """A signal ends the worker between two rounds, never in the middle of a sending; the list gets its number."""
    ended_by: list[int] = []

    def end(number: int, _frame: object) -> None:
        ended_by.append(number)
        stop.set()

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    return ended_by
