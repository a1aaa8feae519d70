"""What the desk's threads do for the screen: each job is one transaction or one reading.

Loading this module loads SQLModel, Liquid and rapidfuzz; the app does so behind the first paint.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.config import Config
from tui.desk import (
    brake,
    claims,
    delivery,
    drafts,
    incidents,
    keeping,
    lookups,
    notes,
    outbox,
    people,
    presence,
    scratch,
    shift,
)
from tui.desk import repeated as repetition
from tui.desk import report as figures
from tui.desk import sources as reading
from tui.desk.canned import editing, library
from tui.desk.canned.capture import capture
from tui.desk.canned.formats import markdown
from tui.desk.canned.render import blanks_in
from tui.desk.canned.response import Canned
from tui.desk.canned.stats import stats
from tui.desk.canned.stock import Stock, read_stock
from tui.desk.canned.usage import facts
from tui.desk.claims import Claim
from tui.desk.composition import Composition
from tui.desk.guard import Case, Finding, Overridden, gather, phrases, set_otherwise
from tui.desk.outbox import GuardStop
from tui.desk.privately import examine as examine_all
from tui.desk.scratch import note_about
from tui.desk.sources import gap
from tui.errors import Refused
from tui.networks.limits import count, split
from tui.screens.offers import changes, offers, shelf
from tui.screens.thread import Thread
from tui.store import tables as t
from tui.store.home import Connection
from tui.store.reader import Doing, PostRow, PresentRow, Reader
from tui.store.store import reading as read_within

__all__ = [
    "Claim",
    "Glance",
    "GuardStop",
    "Stock",
    "approve",
    "arrive",
    "beat",
    "behind",
    "blanks_in",
    "captured",
    "changes",
    "claim",
    "claim_next",
    "come_back",
    "count",
    "drop",
    "end_shift",
    "examine",
    "facts",
    "gap",
    "give_up",
    "hold",
    "is_held",
    "is_kept",
    "is_private",
    "keep_canned",
    "leave",
    "link_incident",
    "live",
    "note",
    "note_about",
    "offers",
    "open_incident",
    "other_desks",
    "pass_on",
    "promise",
    "put_brake_on",
    "put_by",
    "read_notes",
    "read_stock",
    "recall",
    "record_look_up",
    "record_stop",
    "release",
    "release_brake",
    "remove_scratch",
    "repeated",
    "report",
    "resolve",
    "restore",
    "retire",
    "save_canned",
    "save_draft",
    "save_scratch",
    "see",
    "set_otherwise",
    "settle_held",
    "settle_promise",
    "shelf",
    "skip",
    "snooze",
    "split",
    "stats",
    "tag",
    "take",
    "take_draft_back",
    "take_scratch_back",
    "told",
    "unlink_incident",
    "warm",
]

# -- reading --------------------------------------------------------------------------------------


def report(reader: Reader, *, now: Millis, config: Config) -> str:
    """The figures of the last seven days as text."""
    return figures.text(figures.figures(reader, since=now - 7 * clock.DAY, now=now, config=config))


def examine(
    reader: Reader,
    *,
    conversation_id: int,
    words: str,
    agent: str,
    config: Config,
    made_of: Composition,
    sender: str | None,
    in_parts: bool = False,
) -> list[Finding]:
    """What the guard says of a text now, if it left from this handle, and in parts."""
    case = gather.case(
        reader, conversation_id, words,
        agent=agent, config=config, now=clock.now(), made_of=made_of, sender=sender, split=in_parts,
    )  # fmt: skip
    return examine_all(case, config)


class Glance:
    """The guard while a reply is being written: what it looks at is gathered once, then only text and time are new.

    A state change commits together with its event: until the next event the rest is as it was, and until the next
    of this conversation the thread. The review and the outbox gather anew.
    """

    def __init__(self) -> None:
        self._of: tuple[Any, ...] = ()
        self._newest = 0
        """The newest event when the case was gathered."""
        self._case: Case | None = None

    def examine(
        self,
        reader: Reader,
        *,
        conversation_id: int,
        words: str,
        agent: str,
        config: Config,
        made_of: Composition,
        sender: str | None,
    ) -> list[Finding]:
        """What the guard says of a text now, if it left from this handle."""
        of, newest = (conversation_id, sender, made_of, reader.seen(conversation_id, agent)), reader.last_event()
        now = clock.now()
        if self._case is None or (of, newest) != (self._of, self._newest):
            self._case = gather.case(
                reader, conversation_id, words,
                agent=agent, config=config, now=now, made_of=made_of, sender=sender,
                posts=self._thread(reader, conversation_id),
            )  # fmt: skip
            self._of, self._newest = of, newest
        return examine_all(replace(gather.dressed(self._case, words, config), now=now), config)

    def _thread(self, reader: Reader, conversation_id: int) -> Sequence[PostRow] | None:
        """The posts of a conversation as last gathered; None where they have to be read."""
        if self._case is None or self._case.conversation.id != conversation_id:
            return None
        happened = reader.events(after=self._newest, conversation_id=conversation_id, limit=1)
        return None if happened else self._case.posts


def warm(network: str, config: Config) -> None:
    """Load what counts a text with a link, 0.1 to 0.4 s once, and the word lists, so that no pause waits for it."""
    count("northline.example", network)
    phrases.known(config).holds("apology", "")


def is_private(thread: Thread) -> bool:
    """Whether the reply will be private, because what it answers is."""
    row, answered = thread.entry.row, gather.target(thread.entry.row, thread.posts)
    said = answered is not None and answered.kind == "dm"
    return row.private or said or gather.answers_private(answered, (*thread.above, *thread.posts))


def captured(reader: Reader, *, conversation_id: int, words: str, agent: str) -> str:
    """The document of a new canned response made of a text that was sent in a conversation. Raises Refused."""
    conversation = reader.conversation(conversation_id)
    if conversation is None:
        raise Refused("The conversation of this text is gone.")
    languages = [post.lang for post in reader.posts(conversation_id) if post.lang and not post.ours]
    canned = capture(words, conversation=conversation, agent=agent, language=(languages or [""])[-1])
    return markdown.document(canned)


def repeated(reader: Reader, *, conversation_id: int, agent: str, config: Config) -> repetition.Repeated | None:
    """The agent's newest reply in a conversation, where its text is worth keeping."""
    return repetition.repeated(reader, conversation_id, agent=agent, config=config, now=clock.now())


# -- changing -------------------------------------------------------------------------------------


def arrive(session: Session, *, agent: str, now: Millis, lease: Millis) -> None:
    """The agent is at the desk: known, on shift, their claims alive."""
    people.arrive(session, agent, now)
    shift.start(session, agent=agent, now=now)
    claims.renew(session, agent=agent, now=now, lease=lease)
    claims.wake(session, now, lease)


def beat(
    session: Session,
    *,
    desk: str,
    agent: str,
    host: str,
    pid: int,
    doing: Doing,
    conversation_id: int | None,
    lease: Millis | None,
) -> None:
    """The desk is alive; with a lease its agent is, too, and none of their claims that still stand lapses."""
    now = clock.now()
    presence.beat(
        session, desk, agent=agent, host=host, pid=pid, doing=doing, conversation_id=conversation_id, now=now
    )  # fmt: skip
    if lease is not None:
        claims.renew(session, agent=agent, now=now, lease=lease)


def live(connection: Connection, *, desk: str, doing: Doing, conversation_id: int | None) -> bool:
    """The desk is alive, and all is as it was; False where that is not so."""
    return presence.live(connection, desk, doing=doing, conversation_id=conversation_id, now=clock.now())


def leave(session: Session, *, desk: str) -> None:
    """The desk was closed."""
    presence.leave(session, desk)


def drop(session: Session, *, desk: str) -> None:
    """The desk's line is gone."""
    presence.drop(session, desk, clock.now())


def other_desks(session: Session, *, agent: str, died: Callable[[PresentRow], bool]) -> list[PresentRow]:
    """The other desks of an agent who opens one, those that are gone last; they are told of them once.

    `died` knows of a desk that is gone before its silence tells.
    """
    now = clock.now()
    rows = [row for row in read_within(session).present(now) if row.agent == agent]
    rows = [row._replace(doing="dropped", since=row.beat_at) if died(row) else row for row in rows]
    presence.sweep(session, now, seen=[row.id for row in rows if row.doing == "dropped"])
    return sorted(rows, key=lambda row: (row.doing == "dropped", row.since))


def come_back(session: Session, *, agent: str, lease: Millis) -> None:
    """The storage is back: the agent is on shift as before. The statement before it shows that something is written."""
    session.execute(update(t.agents).where(t.agents.c.name == agent).values(name=agent))
    arrive(session, agent=agent, now=clock.now(), lease=lease)


def claim_next(session: Session, *, agent: str, lease: Millis, most: int) -> Claim | None:
    """Claim what is served first."""
    return claims.claim_next(session, agent=agent, now=clock.now(), lease=lease, most=most)


def claim(session: Session, *, conversation_id: int, agent: str, lease: Millis, most: int) -> Claim:
    """Claim one conversation."""
    return claims.claim(session, conversation_id, agent=agent, now=clock.now(), lease=lease, most=most)


def release(session: Session, *, conversation_id: int, agent: str, epoch: int | None = None) -> None:
    """Put it back."""
    claims.release(session, conversation_id, agent=agent, now=clock.now(), epoch=epoch)


def skip(session: Session, *, conversation_id: int, agent: str, reason: str, span: Millis) -> None:
    """Pass over it."""
    claims.skip(session, conversation_id, agent=agent, reason=reason, now=clock.now(), span=span)


def resolve(
    session: Session, *, conversation_id: int, agent: str, reason: str, lease: Millis, epoch: int | None
) -> None:
    """Close it."""
    claims.resolve(session, conversation_id, agent=agent, reason=reason, now=clock.now(), lease=lease, epoch=epoch)


def note(
    session: Session,
    *,
    conversation_id: int,
    agent: str,
    words: str,
    groups: Mapping[str, Sequence[str]],
    subject: str,
) -> notes.Noted:
    """Leave a word for colleagues, which is unfinished no more."""
    scratch.remove(session, agent=agent, subject=subject)
    return notes.add(session, conversation_id, agent=agent, words=words, now=clock.now(), groups=groups)


def read_notes(session: Session, *, note_ids: Sequence[int], agent: str) -> None:
    """The agent has read them."""
    notes.read(session, note_ids, agent=agent, now=clock.now())


def save_scratch(session: Session, *, agent: str, subject: str, words: str, cursor: int) -> None:
    """Keep what is being written that is no reply."""
    scratch.save(session, agent=agent, subject=subject, text=words, cursor=cursor, now=clock.now())


def is_kept(session: Session, *, agent: str, subject: str) -> bool:
    """Whether what is no reply is still unfinished."""
    return scratch.is_kept(session, agent=agent, subject=subject)


def put_by(session: Session, *, conversation_id: int, words: str, before: str, agent: str) -> None:
    """Words of a reply that is not ours any more wait in our note about its conversation."""
    scratch.put_by(
        session, agent=agent, subject=note_about(conversation_id), text=words, before=before, now=clock.now()
    )  # fmt: skip


def remove_scratch(session: Session, *, agent: str, subject: str) -> None:
    """It is thrown away."""
    scratch.remove(session, agent=agent, subject=subject)


def keep_canned(session: Session, *, document: str, canned_id: int | None, agent: str, subject: str) -> Canned:
    """Store a canned response, which is unfinished no more."""
    scratch.remove(session, agent=agent, subject=subject)
    return save_canned(session, document=document, canned_id=canned_id, agent=agent)


def tag(session: Session, *, conversation_id: int, agent: str, tags: list[str]) -> None:
    """Set its tags."""
    claims.tag(session, conversation_id, agent=agent, tags=tags, now=clock.now())


def snooze(
    session: Session, *, conversation_id: int, agent: str, until: Millis, lease: Millis, epoch: int | None
) -> None:
    """Let it rest."""
    claims.snooze(session, conversation_id, agent=agent, until=until, now=clock.now(), lease=lease, epoch=epoch)


def link_incident(session: Session, *, conversation_id: int, agent: str, name: str) -> None:
    """It is about this incident."""
    incidents.link(session, name, [conversation_id], agent=agent, now=clock.now())


def unlink_incident(session: Session, *, conversation_id: int, agent: str) -> None:
    """It is about no incident."""
    incidents.unlink(session, [conversation_id], agent=agent, now=clock.now())


def open_incident(session: Session, *, conversation_id: int, agent: str, name: str, words: str) -> None:
    """A new incident, and it is about it."""
    now = clock.now()
    incidents.add(session, name, text=words, agent=agent, now=now)
    incidents.link(session, name, [conversation_id], agent=agent, now=now)


def take(session: Session, *, conversation_id: int, agent: str, reason: str, lease: Millis, most: int) -> Claim:
    """Take it over, with all of the same customer that a colleague holds."""
    now = clock.now()
    return claims.take_over(session, conversation_id, agent=agent, reason=reason, now=now, lease=lease, most=most)


def pass_on(
    session: Session, *, conversation_id: int, agent: str, to: str, lease: Millis, most: int, epoch: int | None
) -> None:
    """Hand it on, with all of the same customer that the agent holds."""
    claims.pass_on(session, conversation_id, agent=agent, to=to, now=clock.now(), lease=lease, most=most, epoch=epoch)


def see(session: Session, *, conversation_id: int, agent: str) -> None:
    """The agent has read it as it is now."""
    claims.see(session, conversation_id, agent=agent)


def save_draft(
    session: Session, *, held: Claim, words: str, cursor: int, made_of: Composition, sender: str | None
) -> None:
    """Keep what is being written, and the handle it is to leave from."""
    drafts.save(session, held, words, cursor=cursor, now=clock.now(), made_of=made_of, sender=sender)


def take_draft_back(
    session: Session, *, held: Claim, words: str, cursor: int, made_of: Composition, sender: str | None, at: Millis
) -> None:
    """Keep what could not be stored when it was written, at `at`. Refused where a newer draft stands."""
    drafts.check_newest(session, held.conversation_id, at)
    save_draft(session, held=held, words=words, cursor=cursor, made_of=made_of, sender=sender)


def take_scratch_back(session: Session, *, agent: str, subject: str, words: str, cursor: int, at: Millis) -> None:
    """Keep what could not be stored when it was written, at `at`: below what is newer, over what is older."""
    scratch.take_back(session, agent=agent, subject=subject, text=words, cursor=cursor, at=at, now=clock.now())


def save_canned(session: Session, *, document: str, canned_id: int | None, agent: str) -> Canned:
    """Store what the document says, as a new canned response or over the one with this id."""
    return editing.save(session, document, canned_id=canned_id, agent=agent, now=clock.now())


def approve(session: Session, *, canned_id: int, agent: str) -> Canned:
    """A canned response may be used."""
    return library.approve(session, canned_id, agent=agent, now=clock.now())


def retire(session: Session, *, canned_id: int, agent: str) -> Canned:
    """A canned response is over."""
    return library.retire(session, canned_id, agent=agent, now=clock.now())


def restore(session: Session, *, canned_id: int, version: int, agent: str) -> Canned:
    """A canned response is again as it was."""
    return library.restore(session, canned_id, version, agent=agent, now=clock.now())


def hold(
    session: Session,
    *,
    held: Claim,
    words: str,
    config: Config,
    overrides: Sequence[Overridden],
    made_of: Composition,
    sender: str | None,
    in_parts: bool,
    at: Millis | None = None,
    key: str | None = None,
) -> None:
    """Through the guard into the outbox, to leave after the undo window or at a time."""
    outbox.hold(
        session, held, words, config=config, now=clock.now(), overrides=overrides, made_of=made_of, sender=sender,
        split=in_parts, at=at, key=key,
    )  # fmt: skip


def is_held(session: Session, *, key: str) -> bool:
    """Whether a reply with this key was stored."""
    return outbox.is_held(session, key)


def record_look_up(session: Session, *, found: lookups.LookedUp, conversation_id: int, agent: str) -> None:
    """That a look-up ran."""
    lookups.record(session, found, conversation_id, agent=agent)


def told(session: Session, *, offer: repetition.Repeated, agent: str) -> None:
    """The agent was told that a text is worth keeping."""
    repetition.told(session, offer, agent=agent, now=clock.now())


def record_stop(session: Session, *, findings: Sequence[Finding], conversation_id: int, agent: str) -> None:
    """A reply the guard stopped is a near miss."""
    outbox.record_stop(session, findings, conversation_id, agent=agent, now=clock.now())


def give_up(session: Session, *, findings: Sequence[Finding], conversation_id: int, agent: str) -> None:
    """The agent went back from a review: what it found was heeded, and what it showed is no news any more."""
    record_stop(session, findings=findings, conversation_id=conversation_id, agent=agent)
    claims.see(session, conversation_id, agent=agent)


def recall(session: Session, *, reply_id: int, agent: str) -> bool:
    """Take back a held reply; whether its text is the draft again."""
    return outbox.recall(session, reply_id, agent=agent, now=clock.now())


def settle_held(session: Session, *, agent: str, held: Sequence[int], recall: bool) -> None:
    """Replies in their undo window leave now, or come back; one that left meanwhile is out."""
    for reply_id in held:
        with suppress(Refused):
            (outbox.recall if recall else outbox.send_now)(session, reply_id, agent=agent, now=clock.now())


def put_brake_on(session: Session, *, account: tuple[int, str, str], agent: str, reason: str) -> None:
    """Nothing leaves from a handle of ours any more."""
    brake.put_on(session, brake.Handle(*account), agent=agent, reason=reason, now=clock.now())


def release_brake(session: Session, *, account: tuple[int, str, str], agent: str) -> None:
    """What waits for the brake may leave."""
    brake.release(session, brake.Handle(*account), agent=agent, now=clock.now())


def promise(session: Session, *, conversation_id: int, agent: str, words: str, due_at: Millis) -> None:
    """Something was promised to its customer."""
    keeping.make(session, conversation_id, agent=agent, text=words, due_at=due_at, now=clock.now())


def settle_promise(session: Session, *, promise_id: int, agent: str, outcome: keeping.Outcome, reason: str) -> None:
    """It was kept, or is dropped."""
    keeping.settle(session, promise_id, outcome=outcome, agent=agent, reason=reason, now=clock.now())


def behind(reader: Reader, *, config: Config, now: Millis) -> str:
    """What is worth a word of what does not leave, and of how far our accounts are read; empty where all is well."""
    if waiting := delivery.unled(reader, now):
        return waiting[0]
    return reading.headline(reading.standings(reader, now, config), now)


def end_shift(session: Session, *, agent: str, fates: Mapping[int, str], lease: Millis) -> dict[str, Any]:
    """What was decided for each claim, then the summary; what a colleague has by now stays theirs."""
    now = clock.now()
    for conversation_id, fate in fates.items():
        with suppress(Refused):
            if fate == "release":
                claims.release(session, conversation_id, agent=agent, now=now)
            elif fate == "resolve":
                claims.held(session, conversation_id, agent=agent, now=now)
                reason = "resolved at the end of the shift"
                claims.resolve(session, conversation_id, agent=agent, reason=reason, now=now, lease=lease)
    return shift.stop(session, agent=agent, now=now)
