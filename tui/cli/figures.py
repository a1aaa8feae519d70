"""`report`: response figures."""

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation
from tui.errors import Misuse


@click.command("report", cls=DeskCommand)
@click.option("--since", metavar="WHEN", default="7d", help="A span such as 7d (the default), or a time with its zone.")
@click.option("--guard", "of_guard", is_flag=True, help="What became of the guard's findings, by check.")
@click.pass_obj
def report_command(call: Invocation, since: str, of_guard: bool) -> None:
    """Response figures: how soon, how many, what waits."""
    from tui.desk import report

    now = clock.now()
    collect, tell = (report.guard_figures, report.guard_text) if of_guard else (report.figures, report.text)
    figures = collect(call.reader, since=moment_before(since, now), now=now, config=call.config)
    call.answer(figures, lambda: tell(figures).removesuffix("\n"))


def moment_before(given: str, now: clock.Millis) -> clock.Millis:
    """A span back from `now`, such as `7d`, or a time with its zone. Raises Misuse."""
    try:
        return max(now - clock.span(given), 0)
    except ValueError:
        pass
    try:
        return clock.parse(given)
    except (ValueError, OverflowError):
        raise Misuse(
            f"{given!r:.40} is neither a span such as 7d nor a time such as 2026-02-11T09:00Z; give one of them."
        ) from None
