"""The text being written: it belongs to the conversation and survives everything."""

from sqlalchemy import delete, insert, update
from sqlmodel import Session

from tui.clock import Millis
from tui.config import DRAFT_CHARACTERS
from tui.desk.claims import Claim, check_held
from tui.store import tables as t


def save(session: Session, claim: Claim, text: str, *, cursor: int, now: Millis, canned_id: int | None = None) -> None:
    """Keep the draft; an empty text removes it. Raises Refused where the claim is gone."""
    check_held(session, claim, now)
    mine = t.drafts.c.conversation_id == claim.conversation_id
    if not text.strip():
        session.execute(delete(t.drafts).where(mine))
        return
    values = {
        "agent": claim.agent, "text": text[:DRAFT_CHARACTERS], "cursor": cursor,
        "canned_id": canned_id, "updated_at": now,
    }  # fmt: skip
    if session.execute(update(t.drafts).where(mine).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(t.drafts).values(conversation_id=claim.conversation_id, **values))


def discard(session: Session, conversation_id: int, *, text: str | None = None) -> None:
    """Remove the draft, because it is on its way out; with `text`, only where it is still that text."""
    gone = delete(t.drafts).where(t.drafts.c.conversation_id == conversation_id)
    session.execute(gone if text is None else gone.where(t.drafts.c.text == text))


def restore(
    session: Session, conversation_id: int, text: str, *, agent: str, canned_id: int | None, now: Millis
) -> bool:
    """A text comes back from its way out; False where a draft was begun meanwhile, which is not overwritten."""
    if session.get(t.Draft, conversation_id) is not None:
        return False
    session.execute(
        insert(t.drafts).values(
            conversation_id=conversation_id, agent=agent, text=text, cursor=len(text),
            canned_id=canned_id, updated_at=now,
        )
    )  # fmt: skip
    return True
