"""Which source is read next, and when again: what is left of the calls a network allows is spent by plan. Pure."""

from collections.abc import Iterable, Mapping

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.desk.sources import importance
from tui.networks.records import Rate, RateLimited, Source
from tui.store.reader import SourceRow

LOGGED_OUT: Millis = HOUR
"""How long a network that does not take our token is left alone, unless somebody logs in again."""
SOONEST: Millis = 5 * SECOND
LATEST: Millis = 5 * MINUTE
"""Between two tries of a source that is out of reach."""
RESERVES = (0.1, 0.2, 0.4)
"""The share of the calls that a source leaves to what is more important than it, and to sending, by its importance."""
LOOKS = 0.5
"""Above this share of calls that are left, what is only nice to know may be asked for."""


def choose(rows: Iterable[SourceRow], now: Millis, turns: Mapping[str, int]) -> SourceRow | None:
    """The source to read now; None where none is due.

    `turns` counts the reads of this round: what has much to catch up with does not keep the others waiting.
    """
    due = [row for row in rows if row.next_at <= now]
    return min(due, key=lambda row: (turns.get(row.name, 0), importance(row.name)), default=None)


def after_read(source: Source, rate: Rate | None, *, more: bool, now: Millis) -> Millis:
    """When to read it again: at once where there is `more`, else at its interval.

    The interval stretches so that the calls that are left, less the reserve, last until they are given anew; it
    never stretches beyond that moment.
    """
    usual = now if more else now + source.every
    if rate is None or rate.resets_at <= now:
        return usual
    resets_at = min(rate.resets_at, now + DAY)
    spare = rate.left - _reserve(rate.limit, source.name)
    if spare < source.calls:
        return max(usual, resets_at)
    if more:
        return now
    return max(usual, now + (resets_at - now) * source.calls // spare)


def after_wake(row: SourceRow, now: Millis) -> Millis:
    """When to read a source whose stream says that there is something: now, where it works and calls are left."""
    spent = row.rate_limit is not None and (row.rate_left or 0) <= _reserve(row.rate_limit, row.name)
    if row.error is not None or (spent and (row.rate_resets_at or 0) > now):
        return row.next_at
    return min(row.next_at, max(now, (row.read_at or 0) + SOONEST))


def _reserve(limit: int, source: str) -> int:
    return -int(-limit * RESERVES[importance(source)] // 1)


def after_limit(error: RateLimited, now: Millis) -> Millis:
    """When to try again what the network took no call for: at its word; a plan that is used up may grow meanwhile."""
    until = min(error.until, now + (DAY if error.why == "rate" else HOUR))
    return max(until, now + SOONEST) if error.why == "rate" or error.until > now else now + HOUR


def after_failure(failing_since: Millis, now: Millis, chance: float) -> Millis:
    """When to try again what is out of reach: the longer it has been, the later. `chance` is from 0 to 1."""
    pause = min(max(now - failing_since, SOONEST), LATEST)
    return now + int(pause * (0.5 + chance / 2))


def may_look(rows: Iterable[SourceRow], now: Millis) -> bool:
    """Whether so many calls are left that some may be spent on what is only nice to know."""
    known = [row for row in rows if row.rate_limit and (row.rate_resets_at or 0) > now]
    return all((row.rate_left or 0) > (row.rate_limit or 0) * LOOKS for row in known)
