"""Towards the customer: `check`, `reply` and `outbox`."""

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from tui import clock
from tui.cli.invocation import ID, WORDS, DeskCommand, DeskGroup, Invocation, conversation_of, outgoing
from tui.errors import Misuse, Refused
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.canned.render import Rendered
    from tui.desk.canned.response import Canned
    from tui.desk.composition import Composition
    from tui.desk.guard import Finding, Overridden
    from tui.desk.outbox import GuardStop
    from tui.store.reader import QueueRow, Reader, ReplyRow

_conversation = click.argument("conversation", metavar="ID", type=ID)
_reply = click.argument("reply_id", metavar="ID", type=ID)
_text = click.option("--text", type=WORDS, help="The reply; - reads it from stdin.")
_canned = click.option("--canned", "name", metavar="NAME", type=WORDS, help="The canned response it is made from.")
_sender = click.option(
    "--from", "sender", metavar="HANDLE", type=WORDS, help="The handle of ours it leaves from, where not the thread's."
)
_private = click.option(
    "--private", "moves", is_flag=True, help="As a private message; where it answers in public, a pointer says so."
)


@click.command("check", cls=DeskCommand)
@_conversation
@_text
@_canned
@_sender
@_private
@click.pass_obj
def check_command(
    call: Invocation, conversation: int, text: str | None, name: str | None, sender: str | None, moves: bool
) -> None:
    """What the guard says about a reply. Sends nothing, changes nothing, needs no claim, exits 0 on a stop too."""
    from tui.desk import guard, privately
    from tui.desk.guard import gather

    now = clock.now()
    wanted, made_of = _wanted(call, call.reader, conversation, text, name, sender, now)
    made_of = _moved(made_of, moves)
    case = gather.case(
        call.reader, conversation, wanted,
        agent=call.agent, config=call.config, now=now, made_of=made_of, sender=sender,
    )  # fmt: skip
    findings = privately.examine(case, call.config)
    call.answer(
        {"verdict": guard.verdict(findings), "findings": [one.as_json() for one in findings]},
        lambda: "\n".join(_told(findings) or ["ok: the guard has nothing to say."]),
    )


@click.command("reply", cls=DeskCommand)
@_conversation
@_text
@_canned
@_sender
@_private
@click.option("--split", is_flag=True, help="A text that is too long leaves in parts, marked 1/3.")
@click.option(
    "--at", metavar="TIME", type=WORDS, help="When it is to leave: 2h, or 2026-02-11T09:00Z; until then it can change."
)
@click.option("--without-actions", is_flag=True, help="The canned response is only said: no tag, promise, snooze.")
@click.option("--override", "checks", metavar="CHECK", type=WORDS, multiple=True, help="A stop you decide to pass.")
@click.option(
    "--reason", "reasons", type=WORDS, multiple=True, help="What the stop asks for; one for all, or one each."
)
@click.pass_obj
def reply_command(
    call: Invocation,
    conversation: int,
    text: str | None,
    name: str | None,
    sender: str | None,
    moves: bool,
    split: bool,
    at: str | None,
    without_actions: bool,
    checks: tuple[str, ...],
    reasons: tuple[str, ...],
) -> None:
    """Through the guard into the outbox. A free conversation is claimed on the way."""
    from tui.desk import also, claims, outbox
    from tui.desk.queue import reply_json
    from tui.store.store import reading

    now = clock.now()
    overrides, leaves_at = _overrides(checks, reasons), _moment(at, now)
    try:
        with call.change() as session:
            now = clock.now()
            reader = reading(session)
            wanted, made_of = _wanted(call, reader, conversation, text, name, sender, now)
            made_of = _moved(made_of, moves)
            if without_actions:
                made_of = replace(made_of, actions=())
            try:
                claim = claims.reach(
                    session, conversation, agent=call.agent, now=now, lease=call.config.desk.lease,
                    most=call.config.desk.most_held,
                )  # fmt: skip
            except Refused as refused:
                raise _held_elsewhere(call, reader, conversation, wanted, made_of, sender, now, refused) from None
            made, findings = outbox.hold(
                session, claim, wanted, config=call.config, now=now, overrides=overrides,
                made_of=made_of, sender=sender, split=split, at=leaves_at,
            )  # fmt: skip
            held, pointer = reader.reply(made), _pointer(reader, conversation, made)
    except outbox.GuardStop as stop:
        with call.change() as session:
            outbox.record_stop(session, stop.findings, conversation, agent=call.agent, now=now)
        raise Refused(_how_to_pass(stop), **stop.details) from None
    if held is None:
        raise Misuse(f"Reply {made} is gone.")
    document = reply_json(held) | {
        "findings": [one.as_json() for one in findings], "also": [one.as_json() for one in made_of.actions],
        "pointer": pointer,
    }  # fmt: skip
    said = [*_told(findings), _until(held, pointer, now)]
    said += filter(None, [also.told(made_of.actions, held.due_at)])
    call.answer(document, lambda: "\n".join(said))


def _held_elsewhere(
    call: Invocation,
    reader: "Reader",
    conversation: int,
    text: str,
    made_of: "Composition",
    sender: str | None,
    now: clock.Millis,
    refused: Refused,
) -> "GuardStop":
    """The refusal with the guard's findings, `claimed-elsewhere` among them."""
    from tui.desk import outbox, privately
    from tui.desk.guard import gather

    case = gather.case(
        reader, conversation, text, agent=call.agent, config=call.config, now=now, made_of=made_of, sender=sender
    )
    findings = privately.examine(case, call.config)
    stops = [one for one in findings if one.verdict == "stop"]
    return outbox.GuardStop(stops, findings, str(refused), **refused.details)


def _moved(made_of: "Composition", moves: bool) -> "Composition":
    """The same, as a private message where that was asked for."""
    return replace(made_of, way="private") if moves else made_of


def _pointer(reader: "Reader", conversation: int, first: int) -> str | None:
    """What is said in public behind a private message; None where nothing is."""
    behind = (one for one in reader.replies(conversation) if one.first_id == first and one.id != first)
    return next((one.text for one in behind if (one.composition or {}).get("way") == "pointer"), None)


def _wanted(
    call: Invocation,
    reader: "Reader",
    conversation: int,
    text: str | None,
    name: str | None,
    sender: str | None,
    now: clock.Millis,
) -> "tuple[str, Composition]":
    """The text to send and what it is made of; without a text, the canned response filled in.

    Refused where this agent may not use the response there.
    """
    from tui.desk.composition import NOTHING, made_of

    if name is None:
        if text is None:
            raise Misuse("There is no text; give it with --text, or name a canned response with --canned.")
        return outgoing(text), NOTHING
    from tui.cli.canned import named
    from tui.desk.canned.response import barred

    canned, row = named(reader, name), conversation_of(reader, conversation)
    if why := barred(canned, agent=call.agent, account=_handle(reader, row, sender)):
        raise Refused(f"{canned.name!r:.80} {why}; choose another with `shiftdesk canned search --for {conversation}`.")
    try:
        filled = _filled(call, reader, row, canned, now)
    except Refused as error:
        if text is None:
            raise Refused(f"{error}; change it with `shiftdesk canned edit`, or give your own text.") from None
        return outgoing(text), replace(made_of(canned.id), actions=canned.actions)
    composed = NOTHING.with_inserted(canned.id, filled.text, locked=filled.locked, actions=canned.actions)
    return filled.text if text is None else outgoing(text), composed


def _handle(reader: "Reader", row: "QueueRow", sender: str | None) -> str | None:
    """The handle a reply leaves from, as `x:@northline`; None where the conversation has none."""
    from tui.desk.drafts import meant

    handle = row.account if sender is None else meant(reader.accounts(), row.network, sender)[1]
    return f"{row.network}:{handle}" if handle else None


def _filled(call: Invocation, reader: "Reader", row: "QueueRow", canned: "Canned", now: clock.Millis) -> "Rendered":
    """The response as it would be said in this conversation."""
    from tui.cli.canned import library
    from tui.desk.canned.context import context, language_of
    from tui.desk.canned.fill import by_name, fill

    posts, shift = reader.posts(row.id), reader.open_shift(call.agent)
    approved = [one for one in library(reader) if one.approved]
    values = context(
        row, call.agent, now,
        incident=reader.incident(row.incident_id) if row.incident_id else None,
        shift_started=shift[1] if shift else None, settings=call.config.account(row.network, row.account),
        posts=posts, initials=call.config.initials,
    )  # fmt: skip
    return fill(
        canned, values,
        language=language_of(row, posts), network=row.network, turn=canned.uses, library=by_name(approved),
    )  # fmt: skip


def _overrides(checks: tuple[str, ...], reasons: tuple[str, ...]) -> "list[Overridden]":
    from tui.desk.guard import Overridden

    if not checks and not reasons:
        return []
    if not checks or len(reasons) not in (1, len(checks)):
        raise Misuse("Give --reason once for all, or once for each --override.")
    typed = reasons if len(reasons) == len(checks) else reasons * len(checks)
    return [Overridden(check, reason, by_name=True) for check, reason in zip(checks, typed, strict=True)]


def _told(findings: "list[Finding]") -> list[str]:
    return [line(f"{one.verdict}: {one.check}: {one.text}") for one in findings]


def _how_to_pass(stop: "GuardStop") -> str:
    """The sentences of the stops; where something can be done about each, what."""
    from tui.desk.guard import REASON

    too_long = [one for one in stop.stops if "parts" in one.evidence]
    others = [one for one in stop.stops if one not in too_long]
    if not stop.stops or not all(one.asks for one in others):
        return str(stop)
    ways = ["--split"] if too_long else []
    ways += [
        f"--override {one.check} --reason {'WHY' if one.asks == REASON else shlex.quote(one.asks)}" for one in others
    ]
    return f"{stop} If it must be sent: {' '.join(ways)}"


def _until(held: "ReplyRow", pointer: str | None, now: clock.Millis) -> str:
    from tui.desk import delivery

    parts = held.parts - (pointer is not None)
    in_parts = f" in {parts} parts" if parts > 1 else ""
    if pointer is not None:
        in_parts += f", a private message with “{line(pointer)}” in public behind it,"
    if held.scheduled:
        return (
            f"Reply {held.id}{in_parts} leaves at {delivery.at(held.due_at, now)}, unless the thread changes before: "
            f"then it is the draft again. `shiftdesk outbox recall {held.id}` takes it back."
        )
    return (
        f"Reply {held.id}{in_parts} is held until {clock.local(held.due_at, '%H:%M:%S')}; then an open desk or "
        f"`shiftdesk worker` sends it. `shiftdesk outbox recall {held.id}` takes it back."
    )


def _moment(words: str | None, now: clock.Millis) -> clock.Millis | None:
    try:
        return None if words is None else clock.until(words, now)
    except ValueError as error:
        raise Misuse(f"--at: {error}") from None


# -- the outbox ------------------------------------------------------------------------------------


@click.group("outbox", cls=DeskGroup, invoke_without_command=True)
@click.pass_context
def outbox_command(context: click.Context) -> None:
    """What is held, scheduled, waits, failed or is unknown; `recall`, `retry` and `settle` deal with it."""
    if context.invoked_subcommand is not None:
        return
    from tui.desk.queue import reply_json

    call: Invocation = context.obj
    waiting = call.reader.outbox()
    call.answer([reply_json(one) for one in waiting], lambda: _listing(waiting))


def _listing(waiting: "list[ReplyRow]") -> str:
    from tui.cli.table import table
    from tui.desk import delivery

    if not waiting:
        return "The outbox is empty."
    now = clock.now()
    head = ["id", "agent", "from", "to", "conversation", "text", "how far"]
    rows = [
        [
            str(one.id), one.agent, one.account or "", f"@{one.handle}", str(one.conversation_id), one.text,
            delivery.told(one, now),
        ]
        for one in waiting
    ]  # fmt: skip
    return table([head, *rows])


@outbox_command.command("retry")
@_reply
@click.pass_obj
def outbox_retry(call: Invocation, reply_id: int) -> None:
    """Queue a failed reply once more, through the guard."""
    from tui.desk import outbox

    try:
        with call.change() as session:
            now = clock.now()
            outbox.retry(session, reply_id, agent=call.agent, config=call.config, now=now)
    except outbox.GuardStop as stop:
        if reply := call.reader.reply(reply_id):
            with call.change() as session:
                outbox.record_stop(session, stop.findings, reply.conversation_id, agent=call.agent, now=now)
        raise
    _answer(call, reply_id, f"Reply {reply_id} is queued again.")


@outbox_command.command("settle")
@_reply
@click.option("--sent/--not-sent", "is_out", default=None, help="What you saw on the network.")
@click.pass_obj
def outbox_settle(call: Invocation, reply_id: int, is_out: bool | None) -> None:
    """Say what became of an unknown reply: you looked on the network."""
    from tui.desk import outbox

    if is_out is None:
        raise Misuse("Look on the network whether the reply is there, then give --sent or --not-sent.")
    with call.change() as session:
        outbox.settle(session, reply_id, is_out=is_out, agent=call.agent, now=clock.now())
    _answer(call, reply_id, f"Reply {reply_id} is {'sent' if is_out else 'not sent; its text is the draft again'}.")


@outbox_command.command("recall")
@_reply
@click.pass_obj
def outbox_recall(call: Invocation, reply_id: int) -> None:
    """Take back your reply while it is held, scheduled or waits; its text becomes the draft."""
    from tui.desk import outbox

    with call.change() as session:
        is_draft = outbox.recall(session, reply_id, agent=call.agent, now=clock.now())
    kept = "its text is the draft again" if is_draft else "a newer draft stands, and `show` still has its text"
    _answer(call, reply_id, f"Reply {reply_id} is recalled; {kept}.")


def _answer(call: Invocation, reply_id: int, sentence: str) -> None:
    from tui.desk.queue import reply_json

    reply = call.reader.reply(reply_id)
    call.answer(reply_json(reply) if reply else None, lambda: sentence)
