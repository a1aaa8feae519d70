"""What we told customers we would do by a time, in words and as JSON. `tui.desk.keeping` makes and settles it."""

from typing import Any

from tui import clock
from tui.clock import DAY, Millis
from tui.store.reader import PromiseRow
from tui.text import line


def by(due_at: Millis, now: Millis) -> str:
    """When it is due, for people: `by 14:00`, `by Wed 14:00`, `by 24 Nov 14:00`."""
    form = "%d %b %H:%M"
    if clock.local(due_at, "%x") == clock.local(now, "%x"):
        form = "%H:%M"
    elif 0 <= due_at - now < 6 * DAY:
        form = "%a %H:%M"
    return f"by {clock.local(due_at, form)}"


def told(promise: PromiseRow, now: Millis) -> str:
    """A promise in words: `promised: call back by 14:00, in 2h`; `…, 5m ago` when that is over."""
    if promise.outcome:
        return f"promised: {line(promise.text)}, {promise.outcome} by {line(promise.settled_by or '')}"
    ahead = promise.due_at - now
    when = f"in {clock.age(ahead)}" if ahead > 0 else f"{clock.age(-ahead)} ago"
    return f"promised: {line(promise.text)} {by(promise.due_at, now)}, {when}"


def as_json(promise: PromiseRow, now: Millis) -> dict[str, Any]:
    """A promise for scripts. `state`: `open`, `kept` or `dropped`; `overdue`: it is open and its time is over."""
    return {
        "id": promise.id,
        "conversation": promise.conversation_id,
        "network": promise.network,
        "to": promise.handle,
        "agent": promise.agent,
        "text": promise.text,
        "state": promise.outcome or "open",
        "overdue": is_due(promise, now),
        "made_at": clock.iso(promise.made_at),
        "due_at": clock.iso(promise.due_at),
        "settled_at": clock.iso(promise.settled_at),
        "settled_by": promise.settled_by,
        "reply": promise.reply_id,
    }


def is_due(promise: PromiseRow, now: Millis) -> bool:
    """Whether it is open and its time has come."""
    return promise.settled_at is None and promise.due_at <= now
