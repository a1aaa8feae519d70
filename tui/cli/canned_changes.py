"""Canned responses changed from the command line: each change is a version, with its agent."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.editor import edit
from tui.cli.invocation import ID, WORDS, DeskCommand, Invocation, outgoing
from tui.cli.responses import documents, library, named
from tui.errors import Misuse, Refused
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.canned.response import Canned

_name = click.argument("name", type=WORDS)


@click.command("add", cls=DeskCommand)
@_name
@click.option("--body", type=WORDS, help="The text; - reads it from stdin. Without it your editor opens.")
@click.option("--shortcut", type=WORDS, help="What is typed to find it at once.")
@click.option("--tag", "tags", type=WORDS, multiple=True, help="May be given several times.")
@click.option("--language", type=WORDS, help="As in en or pt-BR.")
@click.option("--network", type=WORDS, help="Only for this network.")
@click.option("--scope", type=click.Choice(("team", "account", "agent")), help="Who finds it (team).")
@click.option("--owner", type=WORDS, help="Whose it is; of scope account the handle, as in x:@northline.")
@click.option("--incident", type=WORDS, help="It is valid only while this one is open.")
@click.option("--valid-from", metavar="TIME", help="With its zone, as in 2026-02-11T09:00Z.")
@click.option("--valid-until", metavar="TIME", help="The first moment it is no longer valid.")
@click.option("--plain", is_flag=True, help="The body is text as it stands, not a template.")
@click.option("--unapproved", is_flag=True, help="It waits until somebody approves it.")
@click.pass_obj
def canned_add(call: Invocation, /, name: str, body: str | None, unapproved: bool, **given: Any) -> None:
    """Add one, or change the one of this name: what is not given stays as it is."""
    fields = {key: value for key, value in given.items() if value} | ({"approved": False} if unapproved else {})
    old = next((one for one in library(call.reader) if one.name == name), None)
    if body is None:
        _write(call, _with(old, name, "", fields), old)
        return
    from tui.desk.canned import library as shelf

    text = outgoing(body)
    if not text.strip():
        raise Misuse("The text is empty; give one with --body, or leave that out and write it in your editor.")
    wanted = _with(old, name, text, fields)
    with call.change() as session:
        made = shelf.change(session, wanted, agent=call.agent, now=clock.now())
    done = "added" if old is None else "changed" if made.version != old.version else "unchanged"
    document = {
        "added": [made.name] * (done == "added"), "changed": [made.name] * (done == "changed"),
        "unchanged": int(done == "unchanged"), "refused": [], "warnings": [], "dry_run": False,
    }  # fmt: skip
    call.answer(document, lambda: line(f"{made.name} is {done}."))


def _with(old: "Canned | None", name: str, body: str, fields: dict[str, Any]) -> "Canned":
    """What is asked for, over what is there. Raises Misuse with the first field that can not be so."""
    from tui.desk.canned.formats.entry import Unfit, canned_of, entry_of

    entry: dict[str, Any] = entry_of(old) if old else {"name": name, "body": body or "-"}
    entry |= {key: list(value) if key == "tags" else value for key, value in fields.items()}
    try:
        found, _ = canned_of(entry | ({"body": body} if body else {}))
    except Unfit as error:
        raise Misuse(f"The canned response cannot be added: {error}.") from None
    if old is not None:
        return replace(found, id=old.id, version=old.version)
    return found if body else replace(found, body="")


@click.command("edit", cls=DeskCommand)
@_name
@click.pass_obj
def canned_edit(call: Invocation, name: str) -> None:
    """Change one in $VISUAL or $EDITOR, as a Markdown document; what is wrong is said before it is stored."""
    found = named(call.reader, name)
    _write(call, found, found)


def _write(call: Invocation, begun: "Canned", old: "Canned | None") -> None:
    """Into the editor, and store what comes back."""
    from tui.desk.canned import editing

    def save(text: str) -> "Canned":
        with call.change() as session:
            return editing.save(session, text, canned_id=old.id if old else None, agent=call.agent, now=clock.now())

    made = edit(editing.document(begun), "canned.md", save, call.config.desk.editor)
    if made is None:
        if old is None:
            raise Refused("Nothing was written, and nothing was added.")
        call.answer(documents(call.reader, [old])[0], lambda: "Nothing was changed.")
        return
    done = "added" if old is None else f"now in version {made.version}"
    _answer(call, made, f"{made.name} is {done}.")


@click.command("approve", cls=DeskCommand)
@_name
@click.pass_obj
def canned_approve(call: Invocation, name: str) -> None:
    """From now on it may be used."""
    from tui.desk.canned.library import approve

    made, _ = _changed(call, name, approve)
    _answer(call, made, f"{made.name} is approved.")


@click.command("retire", cls=DeskCommand)
@_name
@click.pass_obj
def canned_retire(call: Invocation, name: str) -> None:
    """Its shelf life ends now; `restore` brings a version back."""
    from tui.desk.canned.library import retire

    made, was = _changed(call, name, retire)
    _answer(call, made, f"{made.name} is over; version {was.version} is how it was.")


@click.command("restore", cls=DeskCommand)
@_name
@click.option("--version", type=click.IntRange(1, 10**9), required=True, help="As `canned history` numbers them.")
@click.pass_obj
def canned_restore(call: Invocation, name: str, version: int) -> None:
    """It is again as it was in one of its versions, in a new version."""
    from tui.desk.canned.library import restore

    made, _ = _changed(call, name, partial(restore, version=version))
    _answer(call, made, f"{made.name} is again as in version {version}.")


def _changed(call: Invocation, name: str, change: "Callable[..., Canned]") -> "tuple[Canned, Canned]":
    """One response as it is by this change, and as it was."""
    was = named(call.reader, name)
    with call.change() as session:
        return change(session, was.id, agent=call.agent, now=clock.now()), was


@click.command("capture", cls=DeskCommand)
@click.argument("reply_id", metavar="ID", type=ID)
@click.option("--name", type=WORDS, default="", help="What it is called; else after its first words.")
@click.pass_obj
def canned_capture(call: Invocation, reply_id: int, name: str) -> None:
    """Make one of a reply that was sent, names made variables; yours alone, and not approved."""
    from tui.desk.canned import capture, library
    from tui.desk.canned.context import language_of

    reader = call.reader
    reply = reader.reply(reply_id)
    row = reader.conversation(reply.conversation_id) if reply else None
    if reply is None or row is None:
        raise Misuse(f"There is no reply {reply_id}; `shiftdesk show ID` numbers them.")
    if reply.state != "sent":
        raise Refused(f"Reply {reply_id} is {reply.state}; one is made of a reply that was sent.")
    made = capture.capture(
        reader.whole_text(reply_id), conversation=row, agent=call.agent, name=name,
        language=language_of(row, reader.posts(row.id)),
    )  # fmt: skip
    with call.change() as session:
        made = library.add(session, made, agent=call.agent, now=clock.now())
    _answer(call, made, f"{made.name} is yours, and waits for approval; `shiftdesk canned edit` changes it.")


def _answer(call: Invocation, made: "Canned", sentence: str) -> None:
    call.answer(documents(call.reader, [made])[0], lambda: line(sentence))


COMMANDS = (canned_add, canned_edit, canned_approve, canned_retire, canned_restore, canned_capture)
