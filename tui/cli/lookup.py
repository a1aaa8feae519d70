"""`lookup`: a configured, read-only command that is run with a code of a conversation, as `l` does in the desk."""

from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskCommand, Invocation, conversation_of, mention
from tui.errors import Misuse, OutOfReach, Refused, nearest
from tui.private import mask
from tui.text import line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.config import LookUp
    from tui.desk.lookups import Code, LookedUp


@click.command("lookup", cls=DeskCommand)
@click.argument("conversation", metavar="ID", type=ID)
@click.argument("name", metavar="[NAME]", type=WORDS, required=False)
@click.option("--code", type=WORDS, help="Which one, where the customer wrote several.")
@click.pass_context
def lookup_command(context: click.Context, conversation: int, name: str | None, code: str | None) -> None:
    """Run a configured look-up with a code that the customer wrote there. Only that it ran is kept."""
    from tui.desk import lookups

    call: Invocation = context.obj
    look_ups = _configured(call, name)
    chosen = _chosen(_found(call, conversation, look_ups), code)
    found = lookups.run(chosen.name, look_ups[chosen.name], chosen.code)
    with call.change() as session:
        lookups.record(session, found, conversation, agent=call.agent)
    call.answer(_document(found), lambda: _told(found))
    if found.problem:
        mention(found.problem)
        context.exit(OutOfReach.exit_code)


def _configured(call: Invocation, name: str | None) -> "Mapping[str, LookUp]":
    """The look-up of this name, or all. Raises Misuse."""
    look_ups = call.config.lookups
    if not look_ups:
        raise Misuse("No look-up is configured; a section [lookup.NAME] in the configuration makes one.")
    if name is None:
        return look_ups
    if name not in look_ups:
        raise Misuse(f"No look-up is called {name!r:.80}; did you mean {nearest(name, list(look_ups))!r:.80}?")
    return {name: look_ups[name]}


def _found(call: Invocation, conversation: int, look_ups: "Mapping[str, LookUp]") -> "list[Code]":
    """The codes that the customer wrote, the newest first. Refused where there is none."""
    from tui.desk.lookups import codes

    row = conversation_of(call.reader, conversation)
    theirs = [post for post in call.reader.posts(conversation) if post.author_id == row.author_id]
    found = codes(theirs, look_ups)
    if not found:
        names = ", ".join(look_ups)
        raise Refused(
            f"Nothing that @{row.handle:.40} wrote there has a code for a look-up ({names:.80}); ask them for it, or "
            "change the pattern in the configuration."
        )
    return found


def _chosen(found: "list[Code]", code: str | None) -> "Code":
    """The one that is asked for; the only one there is, where none is named. Raises Misuse."""
    wanted = [one for one in found if code in (None, one.code)]
    if len(wanted) == 1:
        return wanted[0]
    written = [{"name": one.name, "code": mask(one.code)} for one in found]
    listed = ", ".join(f"{one['name']} {one['code']}" for one in written)
    if len(wanted) > 1:
        asked = "give its NAME" if code else "choose one with --code, and the NAME where that leaves several"
        raise Misuse(f"The customer wrote several codes ({listed:.300}); {asked}.", codes=written)
    raise Misuse(f"The customer did not write {mask(code or '')!r:.80} there; they wrote {listed:.300}.", codes=written)


def _document(found: "LookedUp") -> dict[str, Any]:
    return {
        "name": found.name, "code": mask(found.code), "text": found.text, "problem": found.problem or None,
        "at": clock.iso(found.at), "took_ms": found.took,
    }  # fmt: skip


def _told(found: "LookedUp") -> str:
    """What it said, below what was looked up; its words are clean already."""
    return f"{line(found.name)} {line(mask(found.code))}\n{found.text or 'It said nothing.'}"
