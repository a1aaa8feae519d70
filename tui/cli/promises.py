"""`promise`: what we told customers we would do by a time."""

from typing import TYPE_CHECKING

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskGroup, Invocation, conversation_of, typed
from tui.errors import Misuse
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.keeping import Outcome
    from tui.store.reader import PromiseRow

LIMIT = 50
_promise = click.argument("promise", metavar="PROMISE", type=ID)


@click.group("promise", cls=DeskGroup)
def promise_command() -> None:
    """What we told customers we would do by a time: list, add, keep, drop."""


@promise_command.command("list")
@click.argument("conversation", metavar="[ID]", type=ID, required=False)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=LIMIT, help=f"At most so many ({LIMIT}).")
@click.pass_obj
def promise_list(call: Invocation, conversation: int | None, limit: int) -> None:
    """Open promises, the first due first; of one conversation, all it has."""
    from tui.desk.promises import as_json

    reader, now = call.reader, clock.now()
    if conversation is None:
        found = reader.open_promises(limit)
    else:
        found = reader.promises(conversation_of(reader, conversation).id)[:limit]
    call.answer([as_json(one, now) for one in found], lambda: _listing(found, now))


def _listing(found: "list[PromiseRow]", now: clock.Millis) -> str:
    from tui.cli.table import table
    from tui.desk.promises import is_due, told

    if not found:
        return "No promise is open. `shiftdesk promise add ID` makes one."
    head = ["id", "conversation", "to", "by", "state", "promise"]
    rows = [
        [
            str(one.id), str(one.conversation_id), f"@{one.handle}", one.agent,
            "overdue" if is_due(one, now) else one.outcome or "open", told(one, now),
        ]
        for one in found
    ]  # fmt: skip
    return table([head, *rows])


@promise_command.command("add")
@click.argument("conversation", metavar="ID", type=ID)
@click.option("--text", type=WORDS, required=True, help="What is promised; - reads it from stdin.")
@click.option("--by", "due", type=WORDS, required=True, help="By when: 2h, or a time with its zone.")
@click.pass_obj
def promise_add(call: Invocation, conversation: int, text: str, due: str) -> None:
    """Note what you promised the customer of a conversation; needs no claim."""
    from tui.desk import keeping

    now = clock.now()
    try:
        due_at = clock.until(due, now)
    except ValueError as error:
        raise Misuse(str(error)) from None
    words = typed(text)
    with call.change() as session:
        made = keeping.make(session, conversation, agent=call.agent, text=words, due_at=due_at, now=now)
    _answer(call, made, now)


@promise_command.command("keep")
@_promise
@click.pass_obj
def promise_keep(call: Invocation, promise: int) -> None:
    """We did what we promised."""
    _settle(call, promise, "kept", "")


@promise_command.command("drop")
@_promise
@click.option("--reason", type=WORDS, required=True, help="Why nothing is owed any more.")
@click.pass_obj
def promise_drop(call: Invocation, promise: int, reason: str) -> None:
    """We shall not do it, or need not."""
    _settle(call, promise, "dropped", reason)


def _settle(call: Invocation, promise: int, outcome: "Outcome", reason: str) -> None:
    from tui.desk import keeping

    now = clock.now()
    with call.change() as session:
        keeping.settle(session, promise, outcome=outcome, agent=call.agent, reason=reason, now=now)
    _answer(call, promise, now)


def _answer(call: Invocation, promise_id: int, now: clock.Millis) -> None:
    from tui.desk.promises import as_json, told

    promise = call.reader.promise(promise_id)
    assert promise is not None, "it was just changed"
    call.answer(as_json(promise, now), lambda: line(f"Promise {promise_id}: {told(promise, now)}."))
