"""What the desk's threads do for the screen: each job is one transaction or one reading.

Loading this module loads SQLModel, Liquid and rapidfuzz; the app does so behind the first paint.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.config import Config
from tui.desk import claims, drafts, guard, outbox, people, shift
from tui.desk import report as figures
from tui.desk.canned.library import response
from tui.desk.canned.response import Canned
from tui.desk.canned.search import Index
from tui.desk.claims import Claim
from tui.desk.guard import Finding, Overridden
from tui.desk.queue import Entry
from tui.errors import Refused
from tui.screens.dialogs import Ending
from tui.screens.rows import PAGE_ROWS, key_of
from tui.store.reader import VIEWS, Key, QueueRow, Reader

# -- reading --------------------------------------------------------------------------------------


def beyond(
    reader: Reader, *, view: str, agent: str, now: Millis, edge: Entry, backwards: bool, search: str
) -> list[QueueRow]:
    """The rows after (or before) one at the edge of a window; one more than a page when there are more."""
    start = key_of(edge, view)
    found = reader.page(
        view, agent=agent, now=now, limit=PAGE_ROWS + 1, start=start, backwards=backwards, search=search
    )
    return found if backwards else found[1:]


def last_page(reader: Reader, *, view: str, agent: str, now: Millis, search: str) -> tuple[list[QueueRow], int]:
    """The last rows of a view, and how many stand before them."""
    beyond_all = -(2**62) if VIEWS[view].descending else 2**62
    end = Key(beyond_all, beyond_all)
    found = reader.page(view, agent=agent, now=now, limit=PAGE_ROWS, start=end, backwards=True, search=search)
    return found, max(reader.count(view, agent=agent, now=now) - len(found), 0)


def report(reader: Reader, *, now: Millis) -> str:
    """The figures of the last seven days as text."""
    return figures.text(figures.figures(reader, since=now - 7 * clock.DAY, now=now))


def examine(
    reader: Reader, *, conversation_id: int, words: str, agent: str, config: Config, canned: Canned | None
) -> list[Finding]:
    """What the guard says of a text now."""
    case = outbox.case(reader, conversation_id, words, agent=agent, config=config, now=clock.now(), canned=canned)
    return guard.examine(case)


def index(rows: Sequence[dict[str, Any]]) -> Index:
    """The approved canned responses, ready to be searched."""
    made = Index([response(row) for row in rows if row["approved"]])
    made.search("a")
    return made


# -- changing -------------------------------------------------------------------------------------


def arrive(session: Session, *, agent: str, now: Millis, lease: Millis) -> None:
    """The agent is at the desk: known, on shift, their claims alive."""
    people.arrive(session, agent, now)
    shift.start(session, agent=agent, now=now)
    claims.renew(session, agent=agent, now=now, lease=lease)
    claims.wake(session, now)


def claim_next(session: Session, *, agent: str, lease: Millis) -> Claim | None:
    """Claim what is served first."""
    return claims.claim_next(session, agent=agent, now=clock.now(), lease=lease)


def claim(session: Session, *, conversation_id: int, agent: str, lease: Millis) -> Claim:
    """Claim one conversation."""
    return claims.claim(session, conversation_id, agent=agent, now=clock.now(), lease=lease)


def release(session: Session, *, conversation_id: int, agent: str) -> None:
    """Put it back."""
    claims.release(session, conversation_id, agent=agent, now=clock.now())


def skip(session: Session, *, conversation_id: int, agent: str, reason: str, span: Millis) -> None:
    """Pass over it."""
    claims.skip(session, conversation_id, agent=agent, reason=reason, now=clock.now(), span=span)


def resolve(session: Session, *, conversation_id: int, agent: str, reason: str, lease: Millis) -> None:
    """Close it."""
    claims.resolve(session, conversation_id, agent=agent, reason=reason, now=clock.now(), lease=lease)


def note(session: Session, *, conversation_id: int, agent: str, words: str) -> None:
    """Leave a word for colleagues."""
    claims.note(session, conversation_id, agent=agent, text=words, now=clock.now())


def tag(session: Session, *, conversation_id: int, agent: str, tags: list[str]) -> None:
    """Set its tags."""
    claims.tag(session, conversation_id, agent=agent, tags=tags, now=clock.now())


def snooze(session: Session, *, conversation_id: int, agent: str, until: Millis, lease: Millis) -> None:
    """Let it rest."""
    claims.snooze(session, conversation_id, agent=agent, until=until, now=clock.now(), lease=lease)


def take(session: Session, *, conversation_id: int, agent: str, reason: str, lease: Millis) -> None:
    """Take it over."""
    claims.take_over(session, conversation_id, agent=agent, reason=reason, now=clock.now(), lease=lease)


def pass_on(session: Session, *, conversation_id: int, agent: str, to: str, lease: Millis) -> None:
    """Hand it on."""
    claims.pass_on(session, conversation_id, agent=agent, to=to, now=clock.now(), lease=lease)


def see(session: Session, *, conversation_id: int, agent: str) -> None:
    """The agent has read it as it is now."""
    claims.see(session, conversation_id, agent=agent)


def renew(session: Session, *, agent: str, lease: Millis) -> None:
    """The agent is still there."""
    claims.renew(session, agent=agent, now=clock.now(), lease=lease)


def save_draft(session: Session, *, held: Claim, words: str, cursor: int, canned_id: int | None) -> None:
    """Keep what is being written."""
    drafts.save(session, held, words, cursor=cursor, now=clock.now(), canned_id=canned_id)


def hold(
    session: Session,
    *,
    held: Claim,
    words: str,
    config: Config,
    overrides: Sequence[Overridden],
    canned_id: int | None,
) -> None:
    """Through the guard into the outbox."""
    outbox.hold(session, held, words, config=config, now=clock.now(), overrides=overrides, canned_id=canned_id)


def record_stop(session: Session, *, error: Refused, conversation_id: int, agent: str) -> None:
    """A reply the guard stopped is a near miss."""
    if isinstance(error, outbox.GuardStop):
        outbox.record_stop(session, error, conversation_id, agent=agent, now=clock.now())


def recall(session: Session, *, reply_id: int, agent: str) -> None:
    """Take back a held reply."""
    outbox.recall(session, reply_id, agent=agent, now=clock.now())


def end_shift(session: Session, *, agent: str, ending: Ending, held: Sequence[int], lease: Millis) -> dict[str, Any]:
    """What was decided for each claim and held reply, then the summary; what colleagues have by now is theirs."""
    now = clock.now()
    for reply_id in held:
        try:
            settle = outbox.recall if ending.recall else outbox.send_now
            settle(session, reply_id, agent=agent, now=now)
        except Refused:
            continue
    for conversation_id, fate in ending.fates.items():
        try:
            if fate == "release":
                claims.release(session, conversation_id, agent=agent, now=now)
            elif fate == "resolve":
                reason = "resolved at the end of the shift"
                claims.resolve(session, conversation_id, agent=agent, reason=reason, now=now, lease=lease)
        except Refused:
            continue
    return shift.stop(session, agent=agent, now=now)
