"""Who works on what: `next`, `claim`, `release`, `take`, `pass`, `snooze`, `resolve`, `note(s)`, `skip`, `tag`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskCommand, Invocation, mention, typed
from tui.errors import Misuse

if TYPE_CHECKING:
    from tui.store.reader import InboxRow

_conversation = click.argument("conversation", metavar="ID", type=ID)


def _reason(text: str) -> Callable[[Any], Any]:
    return click.option("--reason", type=WORDS, required=True, help=text)


@click.command("next", cls=DeskCommand)
@click.pass_obj
def next_command(call: Invocation) -> None:
    """Claim what is served first and show it; `null` where nothing waits."""
    from tui.desk import claims

    desk = call.config.desk
    with call.change() as session:
        now = clock.now()
        claims.wake(session, now, desk.lease)
        claim = claims.claim_next(session, agent=call.agent, now=now, lease=desk.lease, most=desk.most_held)
    if claim is None:
        call.answer(None, lambda: "Nothing waits.")
    else:
        _answer(call, claim.conversation_id, None)


@click.command("claim", cls=DeskCommand)
@_conversation
@click.pass_obj
def claim_command(call: Invocation, conversation: int) -> None:
    """Take a conversation; your own claim is renewed."""
    from tui.desk import claims

    desk = call.config.desk
    with call.change() as session:
        claims.claim(
            session, conversation, agent=call.agent, now=clock.now(), lease=desk.lease, most=desk.most_held
        )  # fmt: skip
    _answer(call, conversation, f"Conversation {conversation} is yours.")


@click.command("release", cls=DeskCommand)
@_conversation
@click.pass_obj
def release_command(call: Invocation, conversation: int) -> None:
    """Put your conversation back, draft included."""
    from tui.desk import claims

    with call.change() as session:
        state = claims.release(session, conversation, agent=call.agent, now=clock.now())
    _answer(call, conversation, f"Conversation {conversation} is back: {state}.")


@click.command("take", cls=DeskCommand)
@_conversation
@_reason("Why you take it over.")
@click.pass_obj
def take_command(call: Invocation, conversation: int, reason: str) -> None:
    """Take a customer over from a colleague: this conversation and all of theirs that the colleague holds."""
    from tui.desk import claims

    desk = call.config.desk
    with call.change() as session:
        claims.take_over(
            session, conversation, agent=call.agent, reason=reason, now=clock.now(), lease=desk.lease,
            most=desk.most_held,
        )  # fmt: skip
    _answer(call, conversation, f"Conversation {conversation} is yours.")


@click.command("pass", cls=DeskCommand)
@_conversation
@click.option("--to", "colleague", metavar="NAME", type=WORDS, required=True, help="Who gets it.")
@click.pass_obj
def pass_command(call: Invocation, conversation: int, colleague: str) -> None:
    """Hand your customer to a colleague: this conversation and all of theirs that you hold."""
    from tui.desk import claims

    desk = call.config.desk
    with call.change() as session:
        claims.pass_on(
            session, conversation, agent=call.agent, to=colleague, now=clock.now(), lease=desk.lease,
            most=desk.most_held,
        )  # fmt: skip
    _answer(call, conversation, f"Conversation {conversation} is with {colleague}.")


@click.command("snooze", cls=DeskCommand)
@_conversation
@click.option("--until", metavar="WHEN", required=True, help="2h, 1d or a time with its zone.")
@click.pass_obj
def snooze_command(call: Invocation, conversation: int, until: str) -> None:
    """Let a conversation rest; a new word of the customer wakes it earlier."""
    from tui.desk import claims

    at = moment(until, clock.now())
    with call.change() as session:
        claims.snooze(session, conversation, agent=call.agent, until=at, now=clock.now(), lease=call.config.desk.lease)
    _answer(call, conversation, f"Conversation {conversation} rests until {clock.local(at, '%Y-%m-%d %H:%M')}.")


@click.command("resolve", cls=DeskCommand)
@_conversation
@_reason("Why nothing is left to do.")
@click.pass_obj
def resolve_command(call: Invocation, conversation: int, reason: str) -> None:
    """Close a conversation."""
    from tui.desk import claims

    with call.change() as session:
        claims.resolve(
            session, conversation, agent=call.agent, reason=reason, now=clock.now(), lease=call.config.desk.lease
        )
    _answer(call, conversation, f"Conversation {conversation} is resolved.")


@click.command("note", cls=DeskCommand)
@_conversation
@click.option("--text", type=WORDS, required=True, help="What colleagues should know; - reads it from stdin.")
@click.pass_obj
def note_command(call: Invocation, conversation: int, text: str) -> None:
    """Leave a word for colleagues; needs no claim."""
    from tui.desk import notes

    words = typed(text)
    with call.change() as session:
        kept = notes.add(
            session, conversation, agent=call.agent, words=words, now=clock.now(), groups=call.config.groups
        )
    if kept.named.unknown:
        mention(kept.named.warning)
    whom = f" and with {', '.join(kept.named.agents)}" if kept.named.agents else ""
    said = f"The note is with conversation {conversation}{whom}."
    _answer(call, conversation, said, note=kept.id, named=list(kept.named.agents))


@click.command("notes", cls=DeskCommand)
@click.option("--all", "every", is_flag=True, help="Also those that are read.")
@click.option("--read", "reading", is_flag=True, help="They are read from now on.")
@click.pass_obj
def notes_command(call: Invocation, every: bool, reading: bool) -> None:
    """Notes of colleagues that name you, the unread ones first."""
    found = call.reader.inbox(call.agent, only_unread=not every)
    if reading:
        from tui.desk import notes

        with call.change() as session:
            notes.read(session, [note.id for note in found], agent=call.agent, now=clock.now())
    call.answer([_inbox_json(note) for note in found], lambda: _inbox(found, every))


def _inbox_json(note: "InboxRow") -> dict[str, Any]:
    return {
        "note": note.id, "conversation": note.conversation_id, "network": note.network, "handle": note.handle,
        "agent": note.agent, "text": note.text, "at": clock.iso(note.created_at),
        "read_at": clock.iso(note.read_at) if note.read_at is not None else None,
    }  # fmt: skip


def _inbox(found: "list[InboxRow]", every: bool) -> str:
    from tui.cli.table import table

    if not found:
        return "No note names you." if every else "No unread note names you."
    head = ["note", "", "by", "when", "conversation", "about", "text"]
    now = clock.now()
    rows = [
        [str(note.id), "unread" if note.read_at is None else "", note.agent, f"{clock.age(now - note.created_at)} ago",
         str(note.conversation_id), f"@{note.handle}", note.text]
        for note in found
    ]  # fmt: skip
    return table([head, *rows])


@click.command("skip", cls=DeskCommand)
@_conversation
@_reason("Why it is not for you now.")
@click.pass_obj
def skip_command(call: Invocation, conversation: int, reason: str) -> None:
    """Pass over a conversation: `next` leaves it to others for a while."""
    from tui.desk import claims

    with call.change() as session:
        claims.skip(session, conversation, agent=call.agent, reason=reason, now=clock.now(), span=call.config.desk.skip)
    _answer(call, conversation, f"Conversation {conversation} is left to others.")


@click.command("tag", cls=DeskCommand)
@_conversation
@click.argument("tags", metavar="TAG...", type=WORDS, nargs=-1)
@click.pass_obj
def tag_command(call: Invocation, conversation: int, tags: tuple[str, ...]) -> None:
    """Set the tags of a conversation; without any it has none."""
    from tui.desk import claims

    with call.change() as session:
        kept = claims.tag(session, conversation, agent=call.agent, tags=list(tags), now=clock.now())
    _answer(call, conversation, f"Conversation {conversation} has the tags: {', '.join(kept) or 'none'}.")


def moment(given: str, now: clock.Millis) -> clock.Millis:
    """A span from now (`2h`) or a time with its zone. Raises Misuse."""
    try:
        return clock.until(given, now)
    except ValueError as error:
        raise Misuse(str(error)) from None


def _answer(call: Invocation, conversation_id: int, sentence: str | None, **more: Any) -> None:
    """The conversation as it is now, with its epoch; for people the sentence, or all of it."""
    from tui.cli.conversation import whole
    from tui.desk.queue import entry, queue_json
    from tui.text import line

    now = clock.now()
    row = call.reader.conversation(conversation_id, agent=call.agent, now=now)
    if row is None:
        raise Misuse(f"There is no conversation {conversation_id} any more; it was joined with another.")
    found = entry(row, call.config, now)
    document = queue_json(found) | {"epoch": row.epoch} | more
    call.answer(document, lambda: line(sentence) if sentence else whole(call.reader, found))
