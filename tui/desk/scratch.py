"""What somebody is still writing that is no reply: a note, a canned response. It survives everything a draft does."""

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import DRAFT_CHARACTERS
from tui.store import tables as t


def note_about(conversation_id: int) -> str:
    """The subject of an agent's note about a conversation."""
    return f"note:{conversation_id}"


def save(session: Session, *, agent: str, subject: str, text: str, cursor: int, now: Millis) -> None:
    """Keep it; an empty text removes it."""
    if not text.strip():
        remove(session, agent=agent, subject=subject)
        return
    s = t.scratches.c
    values = {"text": text[:DRAFT_CHARACTERS], "cursor": cursor, "updated_at": now}
    mine = update(t.scratches).where(s.agent == agent, s.subject == subject).values(**values)
    if session.execute(mine).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(t.scratches).values(agent=agent, subject=subject, **values))


def put_by(session: Session, *, agent: str, subject: str, text: str, before: str, now: Millis) -> None:
    """Keep words that cannot stand where they were written, below what is there; `before`: what of them is already."""
    s = t.scratches.c
    kept = session.execute(select(s.text).where(s.agent == agent, s.subject == subject)).scalar() or ""
    above = kept.removesuffix(before).rstrip()
    save(
        session, agent=agent, subject=subject, text=f"{above}\n\n{text}" if above else text, cursor=0, now=now
    )  # fmt: skip


def take_back(session: Session, *, agent: str, subject: str, text: str, cursor: int, at: Millis, now: Millis) -> None:
    """Keep what was written at `at` and stored nowhere: in place of what is older, below what is newer."""
    s = t.scratches.c
    newer = select(s.agent).where(s.agent == agent, s.subject == subject, s.updated_at > at)
    if session.execute(newer).first():
        put_by(session, agent=agent, subject=subject, text=text, before=text, now=now)
    else:
        save(session, agent=agent, subject=subject, text=text, cursor=cursor, now=now)


def is_kept(session: Session, *, agent: str, subject: str) -> bool:
    """Whether it is still being written."""
    s = t.scratches.c
    return session.execute(select(s.agent).where(s.agent == agent, s.subject == subject)).first() is not None


def remove(session: Session, *, agent: str, subject: str) -> None:
    """It is kept for good, or thrown away."""
    s = t.scratches.c
    session.execute(delete(t.scratches).where(s.agent == agent, s.subject == subject))
