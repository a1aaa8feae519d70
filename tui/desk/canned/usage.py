"""How canned responses are used: each use is a row of its own, written with the reply it is in.

A use counts while its reply is out or on its way: one that is recalled or fails takes its uses back, one that is
tried again brings them again.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from tui.clock import DAY, HOUR, Millis
from tui.config import Config
from tui.desk.canned.library import response
from tui.desk.canned.render import blank, blanks_in
from tui.desk.canned.response import Canned, Usage, Variant
from tui.desk.canned.search import fold, words
from tui.desk.composition import composition
from tui.desk.guard import phrases
from tui.desk.guard.greeting import greeted
from tui.store import tables as t
from tui.store.reader import QueueRow, Reader, UseRow

WINDOW = 90 * DAY
"""How far back use is counted."""

_GREETED_WORDS = 5
"""Words behind a greeting that may belong to it: `Hi there, Anna Maria`."""

_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")

_c = t.canned_responses.c
_u = t.canned_uses.c


class Facts(NamedTuple):
    """What there is to know before a response is used once more."""

    this_hour: int = 0
    """Uses in the last sixty minutes from this handle, by anybody for anybody."""
    to_person: Millis | None = None
    """When this customer last got it, from whichever handle of ours; None: never."""


# -- counting --------------------------------------------------------------------------------------


def record(session: Session, reply_id: int, *, now: Millis) -> None:
    """Count what a reply was made from, once each; of a text in parts with the first, and nothing twice."""
    r, c = t.replies.c, t.conversations.c
    row = session.execute(
        select(t.replies, c.author_id).join(t.conversations, c.id == r.conversation_id).where(r.id == reply_id)
    ).one()
    if row.part > 1 or session.execute(select(_u.id).where(_u.reply_id == reply_id).limit(1)).first() is not None:
        return
    sent = row.text if row.whole is None else row.whole
    made_of = composition(row.composition)
    for canned_id in made_of.canned_ids:
        kept = [one.text for one in made_of.inserted if one.canned == canned_id and one.text]
        session.execute(
            insert(t.canned_uses).values(
                canned_id=canned_id, reply_id=reply_id, conversation_id=row.conversation_id, author_id=row.author_id,
                account_id=row.account_id, agent=row.agent, at=now,
                edited=any(edited(one, sent) for one in kept) if kept else _differs(session, canned_id, sent),
            )
        )  # fmt: skip
        session.execute(update(t.canned_responses).where(_c.id == canned_id).values(uses=_c.uses + 1, last_used=now))


def left(session: Session, reply_id: int, *, now: Millis) -> None:
    """A reply is out: it counts also where it had been given up."""
    record(session, reply_id, now=now)
    session.execute(update(t.canned_uses).where(_u.reply_id == reply_id).values(sent_at=now))


def take_back(session: Session, reply_id: int) -> None:
    """A reply is not going out: what it was made from was not used."""
    gone = session.execute(delete(t.canned_uses).where(_u.reply_id == reply_id).returning(_u.canned_id)).scalars().all()
    last = select(_u.at).where(_u.canned_id == _c.id).order_by(_u.at.desc()).limit(1).scalar_subquery()
    session.execute(update(t.canned_responses).where(_c.id.in_(gone)).values(uses=_c.uses - 1, last_used=last))


def _differs(session: Session, canned_id: int, sent: str) -> bool:
    """Where nobody kept the words that were inserted: whether none of the response's texts stands there.

    Its variables count as blanks; what has conditions or loops can not be told.
    """
    row = session.execute(select(t.canned_responses).where(_c.id == canned_id)).mappings().one()
    canned = response(dict(row))
    said: list[Canned | Variant] = [canned, *canned.variants]
    texts = [one.body if one.plain else _VARIABLE.sub(blank(""), one.body) for one in said]
    return not any("{%" in text or not edited(text, sent) for text in texts)


def edited(inserted: str, sent: str) -> bool:
    """Whether words of an inserted text were changed before it was sent.

    Its words have to stand in the sent text as they were, in one piece; what was filled into a blank, the greeting,
    case, accents, signs and spaces do not count, nor does what was written before or behind it.
    """
    written = _joined(sent)
    at = 0
    for piece in _pieces(_without_greeting(inserted)):
        found = written.find(piece, at)
        if found < 0:
            return True
        at = found + len(piece) - 1
    return False


def _joined(text: str) -> str:
    """The words of a text with a space on both sides of each."""
    return " ".join(["", *words(fold(text)), ""]) or " "


def _pieces(text: str) -> Iterable[str]:
    """The words of a text between its blanks, joined."""
    at = 0
    for hole in blanks_in(text):
        yield _joined(text[at : hole.start])
        at = hole.end
    yield _joined(text[at:])


def _without_greeting(text: str) -> str:
    known = phrases.shipped()
    opening = text.lstrip()
    hits = known.find("greeting", opening)
    if not hits or words(fold(opening[: hits[0].start])):
        return text
    names = {word for name in greeted(opening, known) for word in words(fold(name))}
    rest = opening[hits[0].end :]
    for word in rest.split(maxsplit=_GREETED_WORDS)[:_GREETED_WORDS]:
        if not (names.issuperset(words(fold(word))) or known.holds("anyone", word)):
            break
        rest = rest.lstrip()[len(word) :]
    return rest


# -- reading ---------------------------------------------------------------------------------------


def usage(reader: Reader, *, agent: str, now: Millis, config: Config) -> dict[int, Usage]:
    """How each response was used in the last 90 days, by its id; one that was not is left out.

    Reopened: the customer wrote again within `desk.reopened_hours` after the reply was out.
    """
    since = now - WINDOW
    reopened = reader.reopened_uses(since, within=config.desk.reopened_hours * HOUR)
    return {row.canned_id: _usage(row, reopened) for row in reader.uses(since, agent)}


def _usage(row: UseRow, reopened: Mapping[int, int]) -> Usage:
    return Usage(
        uses=row.uses, last_used=row.last, mine=row.mine, mine_last=row.mine_last, edited=row.edited,
        reopened=reopened.get(row.canned_id, 0),
    )  # fmt: skip


def facts(
    reader: Reader, canned_ids: Iterable[int], *, conversation: QueueRow, account: str | None, now: Millis
) -> dict[int, Facts]:
    """What there is to know about each of these before it is used in a conversation, by its id.

    `account`: the handle the reply leaves from; None: the conversation's own. Joined customers count as one.
    """
    ids = list(canned_ids)
    handle = account or conversation.account
    hour = reader.uses_from(ids, conversation.network, handle, since=now - HOUR)
    person = reader.uses_for(ids, conversation.author_id)
    return {one: Facts(hour.get(one, 0), person.get(one)) for one in ids}
