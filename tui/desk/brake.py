"""The brake: one command stops all sends of a handle, in every desk and worker at once.

Drafts, the guard and the undo window go on; what is queued stays so until the brake is off, and then the guard looks
at each reply as at any that is about to leave. What was given to the network just before is out.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk import roles
from tui.desk.freshness import account_name
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t
from tui.text import fit, line

REASON_CHARACTERS = 200
_SHOWN_CELLS = 40
_a = t.accounts.c


class Handle(NamedTuple):
    """One of ours."""

    account_id: int
    network: str
    handle: str

    @property
    def key(self) -> str:
        """As `x:@northline`."""
        return f"{self.network}:{self.handle}"


def meant(accounts: Iterable[tuple[int, str, str]], words: str) -> Handle:
    """Which of our handles is meant by `x:@northline`, or by `@northline` where only one network has it.

    `accounts` as `Reader.accounts` has them. Raises Misuse, which names those it can be.
    """
    ours = [Handle(*account) for account in accounts]
    network, colon, name = words.strip().rpartition(":")
    found = [
        one
        for one in ours
        if account_name(one.handle) == account_name(name) and (not colon or one.network == network.casefold())
    ]
    if len(found) == 1:
        return found[0]
    shown = fit(line(words), _SHOWN_CELLS).rstrip()
    if found:
        raise Misuse(f"{shown} is on several networks; give one of {_listed(found)}.")
    raise Misuse(f"{shown} is no handle of ours; ours are: {_listed(ours) or 'none'}.")


def _listed(handles: Iterable[Handle]) -> str:
    return ", ".join(line(one.key) for one in handles)


def put_on(session: Session, handle: Handle, *, agent: str, reason: str, now: Millis) -> bool:
    """From now on nothing leaves from this handle; False where its brake is on already, which stays as it is."""
    said = line(reason).strip()[:REASON_CHARACTERS]
    if not said:
        raise Refused("Say why nothing is to leave, in a few words (--reason).")
    here = update(t.accounts).where(_a.id == handle.account_id, _a.braked_at.is_(None))
    return _changed(
        session, here.values(braked_at=now, braked_by=agent, brake_reason=said).returning(_a.id), "brake.on",
        handle, agent=agent, now=now, reason=said,
    )  # fmt: skip


def release(session: Session, handle: Handle, *, agent: str, now: Millis) -> bool:
    """What waits may leave again, through the guard; False where the brake is off. Refused to who is no lead."""
    roles.need(session, "brake-off", agent)
    here = update(t.accounts).where(_a.id == handle.account_id, _a.braked_at.is_not(None))
    return _changed(
        session, here.values(braked_at=None, braked_by=None, brake_reason=None).returning(_a.id), "brake.off",
        handle, agent=agent, now=now,
    )  # fmt: skip


def _changed(
    session: Session, statement: Any, kind: str, handle: Handle, *, agent: str, now: Millis, **data: Any
) -> bool:
    if session.execute(statement).first() is None:
        return False
    log.append(session, kind, at=now, agent=agent, account=handle.key, **data)
    return True
