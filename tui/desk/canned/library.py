"""Canned responses in the store: changed one at a time or imported, every version kept with who made it so.

Of a response that is older than its history, the first change keeps what it was before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlmodel import Session

from tui import clock
from tui.clock import Millis
from tui.desk import roles
from tui.desk.canned.fill import Library, by_name
from tui.desk.canned.response import (
    ADDED,
    APPROVED,
    CHANGED,
    RESTORED,
    RETIRED,
    Action,
    Canned,
    Variant,
    validity,
)
from tui.desk.canned.vetting import clash, fault, folded, misfit
from tui.errors import Misuse, Refused
from tui.store import log
from tui.store import tables as t
from tui.store.reader import CannedVersionRow, Reader

NOBODY = "desk"
"""Whose a version is that nobody's name was kept for."""

_c = t.canned_responses.c


class Version(NamedTuple):
    """What a canned response was like from `at` on, and who made it so."""

    version: int
    at: Millis
    agent: str
    canned: Canned
    before: Canned | None
    """The version before it; None of the oldest that is kept."""

    @property
    def changed(self) -> list[str]:
        """The fields that are other than before."""
        old, new = _values(self.before or self.canned), _values(self.canned)
        return [name for name in new if old[name] != new[name]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What an import did, by name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()
    """Name and reason of what could not be stored beside what is there."""


def response(row: Mapping[str, Any]) -> Canned:
    """A canned response from the columns of its row, as a Reader or SQLAlchemy gives them."""
    return Canned(
        id=row["id"], name=row["name"], body=row["body"], shortcut=row["shortcut"], tags=tuple(row["tags"] or ()),
        language=row["language"], network=row["network"], scope=row["scope"], approved=bool(row["approved"]),
        plain=bool(row["plain"]), valid_from=row["valid_from"], valid_until=row["valid_until"],
        uses=row["uses"], last_used=row["last_used"], owner=row["owner"], incident=row["incident"],
        variants=tuple(Variant(**one) for one in row["variants"] or ()),
        actions=tuple(Action(**one) for one in row["actions"] or ()), version=row["version"],
    )  # fmt: skip


# -- changing --------------------------------------------------------------------------------------


def store(session: Session, responses: Iterable[Canned], *, agent: str, now: Millis, dry_run: bool = False) -> Stored:
    """Add or change responses by name; use counts stay. The same again changes nothing.

    Of scope agent, what has no owner is the agent's. A name that differs from another's only in its case, times and
    actions that can not be, are refused; the rest goes in. A shortcut may come twice: both are found by it.
    """
    rows = session.execute(select(t.canned_responses)).mappings()
    known = {row["name"]: response(dict(row)) for row in rows}
    called = {folded(name): name for name in known}
    added: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    refused: list[tuple[str, str]] = []
    for given in responses:
        new = _owned(given, agent)
        old, other = known.get(new.name), called.setdefault(folded(new.name), new.name)
        if old is None and other != new.name:
            refused.append((new.name, f"there is {other!r:.80} already, the same name in another case"))
        elif wrong := misfit(new):
            refused.append((new.name, wrong))
        elif old is not None and _values(old) == _values(new):
            unchanged.append(new.name)
        else:
            (added if old is None else changed).append(new.name)
            if not dry_run:
                _write(session, new, old, agent=agent, now=now)
    return Stored(tuple(added), tuple(changed), tuple(unchanged), tuple(refused))


def change(session: Session, canned: Canned, *, agent: str, now: Millis) -> Canned:
    """Store one response and return it as it is stored: by its id where it has one, else by its name.

    By id it carries the version that was read: Refused where somebody changed it since, with who and when. Refused
    where name or shortcut belong to another, Misuse where a field can not be as it is; each in one sentence.
    Nothing is written where nothing is other than before.
    """
    return _change(session, canned, _meant(session, canned), agent=agent, now=now)


def add(session: Session, canned: Canned, *, agent: str, now: Millis) -> Canned:
    """Store a new one, as `change` does; Refused where there is one of its name."""
    return _change(session, canned, None, agent=agent, now=now)


def _change(session: Session, canned: Canned, old: Canned | None, *, agent: str, now: Millis) -> Canned:
    new = _owned(replace(canned, id=old.id if old else 0), agent)
    if old is not None and _values(old) == _values(new):
        return old
    others = _others(session)
    if wrong := fault(new, _found_among(session, others)):
        raise Misuse(f"{new.name!r:.80} cannot be stored: {wrong}.")
    if taken := clash(new, old, others):
        raise Refused(taken)
    return by_id(session, _write(session, new, old, agent=agent, now=now))


def approve(session: Session, canned_id: int, *, agent: str, now: Millis) -> Canned:
    """From now on it may be used. Refused where its shelf life is over."""
    old = by_id(session, canned_id)
    if validity(old, now) == "expired":
        over = clock.local(old.valid_until or 0, "%Y-%m-%d %H:%M")
        raise Refused(f"{old.name!r:.80} is over since {over}; give it a later valid_until, or restore a version.")
    return _become(session, old, replace(old, approved=True), APPROVED, agent=agent, now=now)


def retire(session: Session, canned_id: int, *, agent: str, now: Millis) -> Canned:
    """Its shelf life ends now; `restore` brings it back. Refused where it is over already."""
    old = by_id(session, canned_id)
    if validity(old, now) == "expired":
        raise Refused(f"{old.name!r:.80} is over already; a version from its history brings it back.")
    begun = old.valid_from if old.valid_from is None or old.valid_from < now else None
    return _become(session, old, replace(old, valid_from=begun, valid_until=now), RETIRED, agent=agent, now=now)


def restore(session: Session, canned_id: int, version: int, *, agent: str, now: Millis) -> Canned:
    """It is again as it was in one of its versions, in a new version. Refused where a name is taken since."""
    old = by_id(session, canned_id)
    kept = session.execute(
        select(t.canned_versions.c.fields).where(
            t.canned_versions.c.canned_id == canned_id, t.canned_versions.c.version == version
        )
    ).scalar()
    if kept is None and version != old.version:
        raise Misuse(f"{old.name!r:.80} has no version {version}; see `shiftdesk canned history`.")
    new = old if kept is None else _as_kept(old, kept)
    if taken := clash(new, old, _others(session)):
        raise Refused(taken)
    return _become(session, old, new, RESTORED, agent=agent, now=now, restored=version)


def _become(session: Session, old: Canned, new: Canned, kind: str, *, agent: str, now: Millis, **data: Any) -> Canned:
    if _values(old) == _values(new):
        return old
    return by_id(session, _write(session, new, old, agent=agent, now=now, kind=kind, **data))


def _meant(session: Session, canned: Canned) -> Canned | None:
    """The stored response that a given one is to become; None where it is new."""
    if not canned.id:
        row = session.execute(select(t.canned_responses).where(_c.name == canned.name)).mappings().first()
        return None if row is None else response(dict(row))
    old = by_id(session, canned.id)
    if old.version != canned.version:
        raise _stale(session, old)
    return old


def _others(session: Session) -> Sequence[Any]:
    """What every response has to itself: name and shortcut, among whom."""
    return session.execute(select(_c.id, _c.name, _c.shortcut, _c.scope, _c.owner)).all()


def _found_among(session: Session, others: Sequence[Any]) -> Library:
    """What includes are found in, read one by one."""

    def found(name: str) -> Canned | None:
        other = by_name(others)(name)
        return None if other is None else by_id(session, other.id)

    return found


def _stale(session: Session, standing: Canned) -> Refused:
    """Somebody changed it since it was read: who, and when."""
    v = t.canned_versions.c
    last = session.execute(
        select(v.agent, v.at).where(v.canned_id == standing.id).order_by(v.version.desc()).limit(1)
    ).first()
    who, at = last or (NOBODY, 0)
    return Refused(
        f"{standing.name!r:.80} was changed by {who:.40} at {clock.local(at, '%H:%M:%S on %Y-%m-%d')} and is version "
        f"{standing.version} now; take over what you need of it, write {standing.version} for the version in your "
        "text and save it again.",
        canned=standing.name, version=standing.version, agent=who, at=clock.iso(at),
    )  # fmt: skip


def _write(
    session: Session, new: Canned, old: Canned | None, *, agent: str, now: Millis, kind: str = "", **data: Any
) -> int:
    """One version more, with its event; the response's id. Refused where it needs a lead, see `_is_theirs`."""
    if not all(_is_theirs(one, agent) for one in (old, new) if one is not None):
        roles.need(session, "team-canned", agent)
    values = _values(new)
    if old is None:
        made: Any = insert(t.canned_responses).values(**values, uses=0, updated_at=now).returning(_c.id, _c.version)
    else:
        _keep_first(session, old)
        made = (
            update(t.canned_responses).where(_c.id == old.id, _c.version == old.version)
            .values(**values, updated_at=now, version=_c.version + 1).returning(_c.id, _c.version)
        )  # fmt: skip
    canned_id, version = session.execute(made).one()
    _keep(session, canned_id, version, values, agent=agent, at=now)
    kind = kind or (ADDED if old is None else CHANGED)
    log.append(session, kind, at=now, agent=agent, canned=canned_id, name=new.name, version=version, **data)
    return int(canned_id)


def _keep_first(session: Session, old: Canned) -> None:
    """What a response was that is older than its history."""
    v = t.canned_versions.c
    if session.execute(select(v.id).where(v.canned_id == old.id, v.version == old.version)).first() is None:
        at = session.execute(select(_c.updated_at).where(_c.id == old.id)).scalar_one()
        _keep(session, old.id, old.version, _values(old), agent=NOBODY, at=at)


def _keep(session: Session, canned_id: int, version: int, values: dict[str, Any], *, agent: str, at: Millis) -> None:
    session.execute(
        insert(t.canned_versions).values(canned_id=canned_id, version=version, at=at, agent=agent, fields=values)
    )


def _is_theirs(canned: Canned, agent: str) -> bool:
    """Whether an agent needs nobody to change it: it is their own, or a proposal that is not approved."""
    return canned.owner == agent if canned.scope == "agent" else not canned.approved


def _owned(canned: Canned, agent: str) -> Canned:
    return replace(canned, owner=agent) if canned.scope == "agent" and not canned.owner else canned


def _values(canned: Canned) -> dict[str, Any]:
    return {
        "name": canned.name, "body": canned.body, "shortcut": canned.shortcut, "tags": list(canned.tags),
        "language": canned.language, "network": canned.network, "scope": canned.scope,
        "approved": canned.approved, "plain": canned.plain,
        "valid_from": canned.valid_from, "valid_until": canned.valid_until,
        "owner": canned.owner, "incident": canned.incident,
        "variants": [asdict(one) for one in canned.variants], "actions": [one.as_json() for one in canned.actions],
    }  # fmt: skip


def _as_kept(old: Canned, fields: Mapping[str, Any]) -> Canned:
    """What a kept version says, of the response as it is now; a field that it does not know stays."""
    now = _values(old) | {name: value for name, value in fields.items() if name in _values(old)}
    return response(now | {"id": old.id, "uses": old.uses, "last_used": old.last_used, "version": old.version})


# -- reading ---------------------------------------------------------------------------------------


def by_id(session: Session, canned_id: int) -> Canned:
    """One response. Refused where it is gone."""
    row = session.execute(select(t.canned_responses).where(_c.id == canned_id)).mappings().first()
    if row is None:
        raise Refused(f"There is no canned response {canned_id} any more.")
    return response(dict(row))


def history(reader: Reader, canned_id: int) -> list[Version]:
    """Every version that is kept, newest first; the one that stands is always there."""
    versions: list[Version] = []
    for standing in reader.canned_of([canned_id]):
        now, rows = response(standing), reader.canned_versions(canned_id)
        if not rows or rows[-1].version != now.version:
            rows.append(CannedVersionRow(now.version, standing["updated_at"], NOBODY, {}))
        for row in rows:
            was = replace(_as_kept(now, row.fields), version=row.version)
            versions.append(Version(row.version, row.at, row.agent, was, versions[-1].canned if versions else None))
    return versions[::-1]
