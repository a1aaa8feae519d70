"""The event log: every state change writes here in its own transaction."""

from typing import TYPE_CHECKING, Any

from tui.clock import Millis

if TYPE_CHECKING:
    from sqlmodel import Session


def append(
    session: "Session", kind: str, *, at: Millis, agent: str, conversation_id: int | None = None, **data: Any
) -> None:
    """Add one event to the running transaction."""
    append_all(session, [row(kind, at=at, agent=agent, conversation_id=conversation_id, **data)])


def append_all(session: "Session", rows: list[dict[str, Any]]) -> None:
    """Add many events, made by `row`."""
    from tui.store.bulk import insert_rows
    from tui.store.tables import events

    insert_rows(session.connection(), events, rows)


def row(kind: str, *, at: Millis, agent: str, conversation_id: int | None = None, **data: Any) -> dict[str, Any]:
    """One event as the values of its row."""
    return {"at": at, "agent": agent, "kind": kind, "conversation_id": conversation_id, "data": data or None}
