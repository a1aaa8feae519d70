"""`report`: response figures."""

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation
from tui.errors import Misuse


@click.command("report", cls=DeskCommand)
@click.option("--since", metavar="WHEN", default="7d", help="A span such as 7d (the default), or a time with its zone.")
@click.pass_obj
def report_command(call: Invocation, since: str) -> None:
    """Response figures: how soon, how many, what waits."""
    from tui.desk import report

    now = clock.now()
    figures = report.figures(call.reader, since=_since(since, now), now=now, config=call.config)
    call.answer(figures, lambda: report.text(figures).removesuffix("\n"))


def _since(given: str, now: clock.Millis) -> clock.Millis:
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
