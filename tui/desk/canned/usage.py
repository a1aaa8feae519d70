"""How canned responses are used: each use is a row of its own, written with the reply it is in."""

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk.composition import composition
from tui.store import tables as t

_c = t.canned_responses.c


def record(session: Session, reply_id: int, *, now: Millis) -> None:
    """Count what a reply was made from, once each."""
    r, c = t.replies.c, t.conversations.c
    row = session.execute(
        select(t.replies, c.author_id).join(t.conversations, c.id == r.conversation_id).where(r.id == reply_id)
    ).one()
    words = row.text if row.whole is None else row.whole
    made_of = composition(row.composition)
    for canned_id in made_of.canned_ids:
        inserted = [one.text for one in made_of.inserted if one.canned == canned_id]
        session.execute(
            insert(t.canned_uses).values(
                canned_id=canned_id, reply_id=reply_id, conversation_id=row.conversation_id, author_id=row.author_id,
                account_id=row.account_id, agent=row.agent, at=now,
                edited=not all(text in words for text in inserted),
            )
        )  # fmt: skip
        session.execute(update(t.canned_responses).where(_c.id == canned_id).values(uses=_c.uses + 1, last_used=now))
