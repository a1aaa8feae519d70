"""Canned responses in the store."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui.clock import Millis
from tui.desk.canned.response import Action, Canned, Variant
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
        uses=row["uses"], last_used=row["last_used"], owner=row["owner"], incident=row["incident"],
        variants=tuple(Variant(**one) for one in row["variants"] or ()),
        actions=tuple(Action(**one) for one in row["actions"] or ()), version=row["version"],
    )  # fmt: skip


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
            made: Any = insert(t.canned_responses).values(**values, uses=0, updated_at=now).returning(_c.id, _c.version)
        else:
            made = (
                update(t.canned_responses).where(_c.id == old.id)
                .values(**values, updated_at=now, version=_c.version + 1).returning(_c.id, _c.version)
            )  # fmt: skip
        canned_id, version = session.execute(made).one()
        _keep_version(session, canned_id, version, values, agent=agent, now=now)
        kind = "canned.added" if old is None else "canned.changed"
        log.append(session, kind, at=now, agent=agent, name=new.name, version=version)
    return Stored(tuple(added), tuple(changed), tuple(unchanged))


def _keep_version(
    session: Session, canned_id: int, version: int, values: dict[str, Any], *, agent: str, now: Millis
) -> None:
    session.execute(
        insert(t.canned_versions).values(canned_id=canned_id, version=version, at=now, agent=agent, fields=values)
    )


def _values(canned: Canned) -> dict[str, Any]:
    return {
        "name": canned.name, "body": canned.body, "shortcut": canned.shortcut, "tags": list(canned.tags),
        "language": canned.language, "network": canned.network, "scope": canned.scope,
        "approved": canned.approved, "plain": canned.plain,
        "valid_from": canned.valid_from, "valid_until": canned.valid_until,
        "owner": canned.owner, "incident": canned.incident,
        "variants": [asdict(one) for one in canned.variants], "actions": [one.as_json() for one in canned.actions],
    }  # fmt: skip
