"""How far a reply has got, in words for a person."""

from tui import clock
from tui.clock import DAY, SECOND, Millis
from tui.store.reader import Reader, ReplyRow
from tui.text import line

WAITING = ("held", "queued", "sending")
"""States in which a reply may still leave by itself."""
PATIENCE: Millis = 15 * SECOND
"""So long after its time, and after the last sign of a worker, it is worth saying that nobody sends a reply."""


def told(reply: ReplyRow, now: Millis) -> str:
    """One phrase, such as `held until 14:00:08`, `waits: brake by ana, wrong fare` or `failed: they blocked us`."""
    why = line(reply.error or "")
    if reply.state != "failed" and reply.due_at + PATIENCE <= now and nobody_sends(reply, now):
        stands = {"unknown": f"unknown: {why}; ", "sending": "sending; "}.get(reply.state, "waits: ")
        return f"{stands}nobody sends for {line(reply.account or 'no account')} now, see `shiftdesk doctor`"
    match reply.state:
        case "held":
            stopped = f"; {brake(reply)}" if reply.braked_at is not None else ""
            when = f"scheduled {at(reply.due_at, now)}" if reply.scheduled else _held(reply.due_at)
            return when + stopped
        case "queued" if reply.braked_at is not None:
            return f"waits: {brake(reply)}"
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


def nobody_sends(reply: ReplyRow, now: Millis) -> bool:
    """Whether no desk and no worker is there that could send it, or look it up; a brake is another reason."""
    is_open = reply.state not in ("sent", "recalled") and reply.braked_at is None
    return is_open and (reply.led_until or 0) + PATIENCE <= now


def kept(reply: ReplyRow, now: Millis) -> str:
    """What keeps a reply here whose undo window is ended now, in two words; empty where it leaves."""
    if reply.braked_at is not None:
        return "waits: brake"
    return "waits: no sender" if nobody_sends(reply, now) else ""


def unled(reader: Reader, now: Millis) -> list[str]:
    """A sentence for each account whose replies wait because nobody sends for it."""
    return [_unled(*found) for found in reader.unled(now - PATIENCE)]


def _unled(network: str, handle: str, has_login: bool, count: int) -> str:
    replies = f"{count} repl{'ies wait' if count > 1 else 'y waits'}"
    where = "run `shiftdesk worker` where its tokens are" if has_login else "open the desk or run `shiftdesk worker`"
    return f"{line(network)} {line(handle)}: nobody sends, {replies}; {where}"


def _held(due_at: Millis) -> str:
    return f"held until {clock.local(due_at, '%H:%M:%S')}"


def brake(reply: ReplyRow) -> str:
    """Whose brake keeps it here, and why."""
    return f"brake by {line(reply.braked_by or '')}, {line(reply.brake_reason or '')}"


def may_leave_soon(reply: ReplyRow, now: Millis) -> bool:
    """Whether it is on its way and nothing keeps it: neither its time, nor a brake, nor its network."""
    waits = reply.braked_at is not None or reply.scheduled or (reply.state == "queued" and reply.due_at > now)
    return reply.state in WAITING and not waits
