"""Canned responses in the store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk.canned.response import Canned
from tui.errors import Misuse
from tui.store import log
from tui.store import tables as t

_c = t.canned_responses.c


@dataclass(frozen=True, slots=True)
class Stored:
    """What an import did, by name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def response(row: dict[str, Any]) -> Canned:
    """A canned response from the columns of its row."""
    return Canned(
        id=row["id"], name=row["name"], body=row["body"], shortcut=row["shortcut"], tags=tuple(row["tags"] or ()),
        language=row["language"], network=row["network"], scope=row["scope"], approved=bool(row["approved"]),
        plain=bool(row["plain"]), valid_from=row["valid_from"], valid_until=row["valid_until"],
        uses=row["uses"], last_used=row["last_used"],
    )  # fmt: skip


def stored(session: Session, canned_id: int) -> Canned:
    """One by its id. Raises Misuse where there is none."""
    row = session.execute(select(t.canned_responses).where(_c.id == canned_id)).mappings().first()
    if row is None:
        raise Misuse(f"There is no canned response {canned_id}; see `shiftdesk canned list`.")
    return response(dict(row))


def store(session: Session, responses: Iterable[Canned], *, agent: str, now: Millis, dry_run: bool = False) -> Stored:
    """Add or change responses by name; use counts stay. The same again changes nothing."""
    known = {row["name"]: response(dict(row)) for row in session.execute(select(t.canned_responses)).mappings()}
    added: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    for new in responses:
        old = known.get(new.name)
        values = _values(new)
        if old is not None and _values(old) == values:
            unchanged.append(new.name)
            continue
        (added if old is None else changed).append(new.name)
        if dry_run:
            continue
        if old is None:
            session.execute(insert(t.canned_responses).values(**values, uses=0, updated_at=now))
        else:
            session.execute(update(t.canned_responses).where(_c.id == old.id).values(**values, updated_at=now))
        kind = "canned.added" if old is None else "canned.changed"
        log.append(session, kind, at=now, agent=agent, name=new.name, body=new.body)
    return Stored(tuple(added), tuple(changed), tuple(unchanged))


def used(session: Session, canned_id: int, now: Millis) -> None:
    """Count one use."""
    session.execute(update(t.canned_responses).where(_c.id == canned_id).values(uses=_c.uses + 1, last_used=now))


def _values(canned: Canned) -> dict[str, Any]:
    return {
        "name": canned.name, "body": canned.body, "shortcut": canned.shortcut, "tags": list(canned.tags),
        "language": canned.language, "network": canned.network, "scope": canned.scope,
        "approved": canned.approved, "plain": canned.plain,
        "valid_from": canned.valid_from, "valid_until": canned.valid_until,
    }  # fmt: skip
