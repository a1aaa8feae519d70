"""How far each account is read: posts and cursor in one transaction, what went wrong, and how far we are behind.

The collector alone writes here, with its lease; a read that is committed stands on the place it was begun from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exc, insert, select, update
from sqlmodel import Session

from tui.clock import DAY, MINUTE, SECOND, Millis, age, local
from tui.config import Config
from tui.desk import intake
from tui.errors import Refused
from tui.networks.records import Author, Page, Post, Rate, ServerLimits
from tui.store import log
from tui.store import tables as t
from tui.store.reader import EventRow, Reader, SourceRow
from tui.text import fit, line

REASON_CELLS = 160
"""Of what a network says when it refuses, or of what is wrong with a post."""
PATIENCE = 2
"""So many intervals late, it is worth saying."""
SELDOM = 5
"""What only names us is asked for so many times less often."""

_s = t.sources.c


def importance(source: str) -> int:
    """0 for what addresses us, 1 for our own timeline, 2 for everything else: the smaller, the sooner it is read."""
    return {"mentions": 0, "messages": 0, "own": 1}.get(source, 2)


# -- what is read ----------------------------------------------------------------------------------


def ensure(session: Session, account_id: int, names: Collection[str], now: Millis, known: Collection[str]) -> None:
    """The sources of an account are these; what is not read any more is forgotten, what is new is due at once."""
    gone = [name for name in known if name not in names]
    session.execute(delete(t.sources).where(_s.account_id == account_id, _s.name.in_(gone)))
    for name in names:
        if name not in known:
            session.execute(insert(t.sources).values(account_id=account_id, name=name, next_at=now))


@dataclass(frozen=True, slots=True)
class Unfit:
    """A post that could not be read or stored: why, its id where it has one, and what it is remembered by."""

    key: str
    reason: str
    native_id: str | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one read brought."""

    taken: intake.Taken
    refused: list[Unfit]


def arrived(
    session: Session, row: SourceRow, page: Page, *, next_at: Millis, now: Millis, config: Config, met: Collection[str]
) -> Arrived:
    """Posts in and the source on, both or neither. `now` is when the read began; `met`: refusals already on record.

    The first read of a source brings history: what is past the horizon stays out, what is not is no news.
    Raises Refused where another collector has read on from here meanwhile.
    """
    first = row.read_at is None
    posts = _newest(page.posts, row, config, now) if first else page.posts
    taken, refused = take_each(session, posts, now=now, config=config, history=first)
    refused += [Unfit(f"{row.name} {page.cursor} {bad.line}", bad.reason) for bad in page.bad]
    _advance(session, row, page, next_at=next_at, now=now)
    _tell(session, row, page, [one for one in refused if one.key not in met], now)
    return Arrived(taken, refused)


def around(session: Session, posts: Sequence[Post], *, now: Millis, config: Config) -> Arrived:
    """The context of a post we have: it opens no conversation of its own."""
    return Arrived(*take_each(session, posts, now=now, config=config, context=True))


def gone(session: Session, network: str, native_ids: Collection[str], *, now: Millis, config: Config) -> None:
    """Stored posts that are not on their network any more."""
    p, w = t.posts.c, t.authors.c
    stored = session.execute(
        select(p.native_id, p.created_at, p.kind, w.native_id, w.handle, w.name, w.followers, w.verified)
        .join(t.authors, w.id == p.author_id)
        .where(p.network == network, p.native_id.in_(native_ids))
    )
    posts = [Post(network, own, Author(*who), "", at, kind=kind, deleted=True) for own, at, kind, *who in stored]
    intake.take_in(session, posts, now=now, config=config)


def _newest(posts: Sequence[Post], row: SourceRow, config: Config, now: Millis) -> list[Post]:
    horizon = config.account(row.network, row.handle).horizon
    return [post for post in posts if row.name == "own" or now - post.created_at <= horizon]


def take_each(
    session: Session, posts: Sequence[Post], *, now: Millis, config: Config, **how: bool
) -> tuple[intake.Taken, list[Unfit]]:
    """All posts at once; where one of them cannot be taken in, each by itself, and those that cannot are left out."""
    try:
        with session.begin_nested():
            return intake.take_in(session, posts, now=now, config=config, **how), []
    except Exception as error:
        if _of_the_storage(error) or not posts:
            raise
    taken, refused = intake.Taken(), list[Unfit]()
    for post in posts:
        try:
            with session.begin_nested():
                one = intake.take_in(session, [post], now=now, config=config, **how)
        except Exception as error:
            if _of_the_storage(error):
                raise
            refused.append(Unfit(post.id, f"it cannot be stored ({type(error).__name__})", post.id))
        else:
            taken.added, taken.known = taken.added + one.added, taken.known + one.known
            taken.changed += one.changed
    return taken, refused


def _of_the_storage(error: Exception) -> bool:
    """The database is locked, full or damaged: nothing is wrong with the post."""
    return isinstance(error, exc.OperationalError) or type(error) is exc.DatabaseError


def _advance(session: Session, row: SourceRow, page: Page, *, next_at: Millis, now: Millis) -> None:
    """The source goes on. While there is more to be had, some networks give the newest first: we are as far behind
    as before."""
    values: dict[str, Any] = {
        "cursor": page.cursor, "reached_at": row.reached_at if page.more else now, "read_at": now,
        "next_at": next_at, "error": None, "failing_since": None, **_rate(page.rate),
    }  # fmt: skip
    moved = session.execute(
        update(t.sources)
        .where(
            _s.account_id == row.account_id, _s.name == row.name,
            _s.cursor.is_not_distinct_from(row.cursor), _s.read_at.is_not_distinct_from(row.read_at),
        )
        .values(values)
        .returning(_s.name)
    ).first()  # fmt: skip
    if moved is None:
        raise Refused(f"{row.name} of {row.handle} was read by another collector meanwhile.")


def _rate(rate: Rate | None) -> dict[str, Any]:
    if rate is None:
        return {}
    return {"rate_limit": rate.limit, "rate_left": rate.left, "rate_resets_at": rate.resets_at}


def _tell(session: Session, row: SourceRow, page: Page, refused: Sequence[Unfit], now: Millis) -> None:
    if row.error is not None:
        _event(session, "source.recovered", row, now, since=row.failing_since)
    if page.gap:
        _event(session, "source.gap", row, now, since=row.reached_at)
    for one in refused:
        native_id = None if one.native_id is None else _said(one.native_id)
        _event(session, "post.refused", row, now, id=native_id, reason=_said(one.reason))


def failed(
    session: Session, row: SourceRow, why: str, *, next_at: Millis, now: Millis, left: Rate | None = None
) -> None:
    """A read did not succeed: why, and when it is tried again. The first of a row of failures stands in the log."""
    why = _said(why)
    values = {"error": why, "failing_since": row.failing_since or now, "next_at": next_at, **_rate(left)}
    session.execute(update(t.sources).where(_s.account_id == row.account_id, _s.name == row.name).values(values))
    if row.error is None:
        _event(session, "source.failing", row, now, why=why)


def rests(session: Session, row: SourceRow, rate: Rate, *, next_at: Millis) -> None:
    """No calls are left for now: that is no failure."""
    values = {"next_at": next_at, **_rate(rate)}
    session.execute(update(t.sources).where(_s.account_id == row.account_id, _s.name == row.name).values(values))


def wake(session: Session, account_id: int, now: Millis) -> None:
    """Everything of an account is due: somebody has logged it in again."""
    session.execute(update(t.sources).where(_s.account_id == account_id).values(next_at=now))


def limits(session: Session, row: SourceRow, found: ServerLimits, now: Millis) -> None:
    """What the server takes, where it is something else than before."""
    a = t.accounts.c
    stored = session.get_one(t.Account, row.account_id)
    if stored.limits != found.as_json():
        session.execute(update(t.accounts).where(a.id == row.account_id).values(limits=found.as_json()))
        _event(session, "account.limits", row, now, limits=found.as_json())


def _event(session: Session, kind: str, row: SourceRow, now: Millis, **data: Any) -> None:
    data |= {"network": row.network, "handle": row.handle, "source": row.name}
    log.append(session, kind, at=now, agent=intake.AGENT, **data)


def _said(words: str) -> str:
    return fit(line(words), REASON_CELLS)


# -- how far behind --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How one source of an account stands: `sentence` says it where it is worth saying, else it is empty."""

    network: str
    account: str
    source: str
    behind: Millis | None
    """Since when something published may not be here; None: never read."""
    failing_since: Millis | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "network": self.network, "account": self.account, "source": self.source, "behind_ms": self.behind,
            "failing_since": self.failing_since, "text": self.sentence,
        }  # fmt: skip


def standings(reader: Reader, now: Millis, config: Config | None = None) -> list[Standing]:
    """How far each account is read, source by source, in the order of their importance."""
    rows = sorted(reader.sources(), key=lambda row: (row.account_id, importance(row.name)))
    return [_standing(row, now, config or Config()) for row in rows]


def _standing(row: SourceRow, now: Millis, config: Config) -> Standing:
    behind = None if row.reached_at is None else max(now - row.reached_at, 0)
    every = max(config.account(row.network, row.handle).poll_seconds * SECOND, MINUTE)
    late = behind is None or behind > PATIENCE * every * (SELDOM if importance(row.name) == 2 else 1)
    return Standing(
        row.network, row.handle, row.name, behind, row.failing_since, _sentence(row, behind, now, late=late)
    )


def _sentence(row: SourceRow, behind: Millis | None, now: Millis, *, late: bool) -> str:
    what = f"{line(row.handle)} {line(row.name)}"
    if row.error is not None:
        failing = now - (row.failing_since or now)
        return f"{what} not read{f' for {age(failing)}' if failing >= MINUTE else ''}: {line(row.error)}"
    if not late:
        return ""
    if row.rate_left == 0 and (row.rate_resets_at or 0) > now:
        return f"{what}: no calls are left until {local(row.rate_resets_at or 0)}."
    return f"{what} not read yet." if behind is None else f"{what} {age(behind)} behind."


def headline(found: Sequence[Standing], now: Millis) -> str:
    """The one thing to say where there is room for one: what addresses us before the rest, then the longest behind.

    Empty where all is well. A failure is worth a word once it has lasted.
    """
    said = [one for one in found if one.sentence and (one.failing_since is None or now - one.failing_since >= MINUTE)]
    order = sorted(said, key=lambda one: (importance(one.source), -(one.behind or DAY)))
    return order[0].sentence if order else ""


def gaps(reader: Reader, now: Millis, within: Millis = DAY) -> list[str]:
    """A sentence for each gap that a network left lately."""
    return [gap(event) for event in reader.events_since(now - within, ("source.gap",), 20)]


def gap(event: EventRow) -> str:
    """What an event `source.gap` says."""
    data = {name: line(str(value)) for name, value in event.data.items()}
    since = event.data.get("since")
    begins = f"after {local(since, '%d %b %H:%M')} " if isinstance(since, int) else ""
    return (
        f"{data.get('handle', '')}: some {data.get('source', '')} published {begins}"
        f"before {local(event.at, '%d %b %H:%M')} are missing; {data.get('network', '')} gives them no more."
    )


__all__ = [
    "Arrived",
    "Standing",
    "around",
    "arrived",
    "ensure",
    "failed",
    "gap",
    "gaps",
    "gone",
    "headline",
    "importance",
    "limits",
    "rests",
    "standings",
    "take_each",
    "wake",
]
