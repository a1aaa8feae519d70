"""How far a reply has got, in words for a person."""

from tui import clock
from tui.clock import DAY, Millis
from tui.store.reader import ReplyRow
from tui.text import line

WAITING = ("held", "queued", "sending")
"""States in which a reply may still leave by itself."""


def told(reply: ReplyRow, now: Millis) -> str:
    """One phrase, such as `held until 14:00:08`, `waits: brake by ana, wrong fare` or `failed: they blocked us`."""
    why = line(reply.error or "")
    match reply.state:
        case "held":
            brake = f"; {_brake(reply)}" if reply.braked_at is not None else ""
            when = f"scheduled {at(reply.due_at, now)}" if reply.scheduled else _held(reply.due_at)
            return when + brake
        case "queued" if reply.braked_at is not None:
            return f"waits: {_brake(reply)}"
        case "queued" if reply.due_at > now:
            return f"waits until {at(reply.due_at, now)}" + (f": {why}" if why else "")
        case "unknown":
            looked_up = "now" if reply.due_at <= now else at(reply.due_at, now)
            return f"unknown: {why}; being looked up, next {looked_up}"
        case "failed" | "recalled" if why:
            return f"{reply.state}: {why}"
        case state:
            return state


def at(when: Millis, now: Millis) -> str:
    """A time of today as `14:00`, of another day with it."""
    far = clock.local(when, "%d") != clock.local(now, "%d") or abs(when - now) > DAY
    return clock.local(when, "%a %d %b %H:%M" if far else "%H:%M")


def _held(due_at: Millis) -> str:
    return f"held until {clock.local(due_at, '%H:%M:%S')}"


def _brake(reply: ReplyRow) -> str:
    return f"brake by {line(reply.braked_by or '')}, {line(reply.brake_reason or '')}"


def may_leave_soon(reply: ReplyRow, now: Millis) -> bool:
    """Whether it is on its way and nothing keeps it: neither its time, nor a brake, nor its network."""
    kept = reply.braked_at is not None or reply.scheduled or (reply.state == "queued" and reply.due_at > now)
    return reply.state in WAITING and not kept
