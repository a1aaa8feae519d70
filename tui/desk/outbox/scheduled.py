"""Replies that leave at a later time: each goes back to its draft as soon as its thread changes."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session

from tui.clock import Millis
from tui.config import Config
from tui.desk.guard.checks.changed import changed
from tui.desk.outbox.returning import come_back
from tui.desk.outbox.second_look import case_again
from tui.desk.outbox.statements import r
from tui.store import tables as t


def return_changed(session: Session, reply_ids: Iterable[int], *, config: Config, now: Millis) -> list[int]:
    """Take back those of these scheduled replies whose thread is not as it was when they were let pass; which.

    It is the guard's `changed` that says so, whatever verdict is configured for it.
    """
    rows = session.execute(select(t.replies).where(r.id.in_(list(reply_ids)), r.state == "held", r.scheduled)).all()
    found = [(row, changed(case_again(session, row, agent=row.agent, config=config, now=now))) for row in rows]
    returned = [(row.id, finding.text) for row, finding in found if finding is not None]
    for reply_id, why in returned:
        come_back(session, reply_id, why, now=now)
    return [reply_id for reply_id, _ in returned]
