"""`queue` and `show`: what waits, and one conversation whole."""

from typing import Any

import click

from tui import clock
from tui.cli.invocation import ID, DeskCommand, Invocation, conversation_of

LIMIT = 50


@click.command("queue", cls=DeskCommand)
@click.option(
    "--view",
    type=click.Choice(("waiting", "mine", "resurfaced", "all")),
    default="waiting",
    help="What to list: waiting (the default), mine, resurfaced or all.",
)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, help=f"At most so many ({LIMIT}).")
@click.pass_obj
def queue_command(call: Invocation, view: str, limit: int) -> None:
    """What waits, in serving order, with score and reasons."""
    from tui.desk.queue import entry, queue_json

    call.arrive()
    if call.reader.due_timer(clock.now()):
        from tui.desk import claims

        with call.change() as session:
            claims.wake(session, clock.now(), call.config.desk.lease)
    now = clock.now()
    rows = call.reader.page(view, agent=call.agent, now=now, limit=limit)
    found = [entry(row, call.config, now) for row in rows]
    call.answer([queue_json(one) for one in found], lambda: _listing(found))


def _listing(found: list[Any]) -> str:
    from tui.cli.table import table

    if not found:
        return "Nothing is here. Posts come in with `shiftdesk import FILE`."
    head = ["id", "network", "age", "score", "state", "freshness", "from", "with", "text"]
    return table([head, *(_cells(one) for one in found)])


def _cells(found: Any) -> list[str]:
    row = found.row
    since = row.waiting_since if row.waiting_since is not None else row.customer_at
    marks = [found.freshness] + ["name-drop"] * (row.addressed == "namedrop") + ["answered"] * found.answered
    return [
        str(row.id),
        row.network,
        clock.age(found.now - since),
        str(found.score),
        row.state,
        " ".join(marks),
        f"@{row.handle}",
        found.reserved or (row.owner or ""),
        row.preview,
    ]


@click.command("show", cls=DeskCommand)
@click.argument("conversation", metavar="ID", type=ID)
@click.pass_obj
def show_command(call: Invocation, conversation: int) -> None:
    """One conversation whole. From now on what changes in it is news to you."""
    from tui.cli.conversation import whole
    from tui.desk import claims
    from tui.desk.queue import entry, show_json
    from tui.store.store import reading

    with call.change() as session:
        reader = reading(session)
        now = clock.now()
        row = conversation_of(reader, conversation, agent=call.agent, now=now)
        found = entry(row, call.config, now)
        document = show_json(reader, found)
        text = whole(reader, found)
        claims.see(session, conversation, agent=call.agent)
    call.answer(document, lambda: text)
