"""`customer`: one person behind several authors."""

from typing import Any

import click

from tui import clock
from tui.cli.invocation import ID, DeskGroup, Invocation, conversation_of

LIMIT = 50
"""Conversations of a person that are listed, the newest."""


@click.group("customer", cls=DeskGroup)
def customer_command() -> None:
    """Who is the same person: join, split, show. Each is named by the ID of a conversation of theirs."""


@customer_command.command("join")
@click.argument("conversations", metavar="ID...", type=ID, nargs=-1, required=True)
@click.pass_obj
def customer_join(call: Invocation, conversations: tuple[int, ...]) -> None:
    """The authors of these conversations are one person, with whoever was joined to them before."""
    from tui.desk import customers

    with call.change() as session:
        customers.join(session, conversations, agent=call.agent, now=clock.now())
    _answer(call, conversations[0])


@customer_command.command("split")
@click.argument("conversation", metavar="ID", type=ID)
@click.pass_obj
def customer_split(call: Invocation, conversation: int) -> None:
    """The author of this conversation is a person by themselves again."""
    from tui.desk import customers

    with call.change() as session:
        customers.split(session, conversation, agent=call.agent, now=clock.now())
    _answer(call, conversation)


@customer_command.command("show")
@click.argument("conversation", metavar="ID", type=ID)
@click.pass_obj
def customer_show(call: Invocation, conversation: int) -> None:
    """The authors and the conversations of a person."""
    _answer(call, conversation)


def _answer(call: Invocation, conversation_id: int) -> None:
    from tui.desk.queue import entry, queue_json

    row = conversation_of(call.reader, conversation_id)
    now = clock.now()
    authors = call.reader.authors(row.author_id)
    rows = call.reader.conversations_of(row.author_id, LIMIT, agent=call.agent, now=now)
    found = [entry(one, call.config, now) for one in rows]
    document = {
        "customer": authors[0].customer_id,
        "authors": [
            {"network": one.network, "id": one.native_id, "handle": one.handle, "name": one.name} for one in authors
        ],
        "conversations": [queue_json(one) for one in found],
    }
    call.answer(document, lambda: _text(authors, found))


def _text(authors: list[Any], found: list[Any]) -> str:
    from tui.cli.table import table

    who = table([[one.network, f"@{one.handle}", one.name] for one in authors])
    rows = [
        [str(one.row.id), one.row.network, clock.age(one.now - one.row.customer_at), one.row.state, one.row.preview]
        for one in found
    ]
    return f"{who}\n\n{table([['id', 'network', 'age', 'state', 'text'], *rows])}"
