"""An agent's stretch of work, and the summary it leaves behind.

What was done is counted from the agent's events between the shift's first and last one, so that anybody can
count it again (`handoff.verify`); what is open is read from the desk as it stands when the shift ends.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING, Any

from tui import clock
from tui.clock import HOUR, MINUTE, Millis
from tui.config import Config
from tui.desk import delivery, priority, promises, queue, report
from tui.errors import Refused
from tui.store import log
from tui.store.reader import COUNT_LIMIT, EventRow, Key, QueueRow, Reader, ReplyRow
from tui.store.store import reading

if TYPE_CHECKING:
    from sqlmodel import Session

STANDARD = Config()
TOP = 5
"""So many waiting conversations are named, in serving order."""
CLAIMED_MOST = 1_000
PROMISES_MOST = 100
"""So many open promises are named, the first due first."""
_PENALTY_POINTS = 1_000
"""More than all negative points of `priority` together."""

_COUNTED = {
    "claim.taken": "taken",
    "claim.taken-over": "taken_over",
    "claim.released": "released",
    "claim.passed": "passed_on",
    "conversation.snoozed": "snoozed",
    "note.added": "notes",
}
_REPLIES = {
    "reply.sent": "sent",
    "reply.failed": "failed",
    "reply.unknown": "unknown",
    "reply.recalled": "recalled",
}
_GROUPED = {
    "conversation.resolved": ("resolved", "reason"),
    "conversation.skipped": ("skipped", "reason"),
    "guard.stopped": ("stops", "check"),
    "guard.overridden": ("overrides", "check"),
}


def start(session: "Session", *, agent: str, now: Millis) -> int:
    """Begin a shift, or continue the one that is open; its id."""
    from sqlalchemy import insert

    from tui.store import tables as t

    reader = reading(session)
    running = reader.open_shift(agent)
    if running is not None:
        return running[0]
    made = session.execute(
        insert(t.shifts)
        .values(agent=agent, started_at=now, first_event=reader.last_event() + 1)
        .returning(t.shifts.c.id)
    ).scalar_one()
    log.append(session, "shift.started", at=now, agent=agent, shift=made)
    return int(made)


def status(reader: Reader, *, agent: str, now: Millis) -> dict[str, Any] | None:
    """The running shift: `id`, `agent`, `started_at`, `length`, and what was `done` so far. None where none is open."""
    running = reader.open_shift(agent)
    if running is None:
        return None
    shift_id, started_at, first_event = running
    events = reader.events_between(agent, first_event, reader.last_event())
    return {
        "id": shift_id,
        "agent": agent,
        "started_at": clock.iso(started_at),
        "length": length(now - started_at),
        "done": done(events),
    }


def stop(session: "Session", *, agent: str, now: Millis, config: Config = STANDARD) -> dict[str, Any]:
    """End the open shift: store its summary with the digest, and return it. Raises Refused where none is open.

    Claims stay as they are; the summary names them.
    """
    from sqlalchemy import update

    from tui.store import tables as t

    reader = reading(session)
    running = reader.open_shift(agent)
    if running is None:
        raise Refused(f"No shift is open for {agent}; begin one with `shiftdesk shift start`.")
    shift_id, started_at, first_event = running
    last_event = reader.last_event()
    found = {
        "shift": shift_id,
        "agent": agent,
        "started_at": clock.iso(started_at),
        "ended_at": clock.iso(now),
        "length": length(now - started_at),
        "first_event": first_event,
        "last_event": last_event,
        **summary(reader, agent=agent, events=reader.events_between(agent, first_event, last_event),
                  config=config, now=now),
    }  # fmt: skip
    sealed = digest(found)
    c = t.shifts.c
    session.execute(
        update(t.shifts)
        .where(c.id == shift_id, c.ended_at.is_(None))
        .values(ended_at=now, last_event=last_event, summary=found, digest=sealed)
    )
    log.append(session, "shift.ended", at=now, agent=agent, shift=shift_id, digest=sealed)
    return found


def digest(found: dict[str, Any]) -> str:
    """SHA-256 of a summary in canonical JSON: sorted keys, no spaces, ASCII."""
    canonical = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def length(span: Millis) -> str:
    """A shift's length in hours and minutes: `7h 55m`."""
    span = max(span, 0)
    return f"{span // HOUR}h {span % HOUR // MINUTE}m" if span >= HOUR else f"{span // MINUTE}m"


def done(events: Iterable[EventRow]) -> dict[str, Any]:
    """What an agent did, from their events alone.

    Counts: `taken`, `taken_over`, `released`, `passed_on`, `snoozed`, `notes`; of replies, each counted once:
    `sent`, `failed`, `unknown`, `recalled`; by reason: `resolved`, `skipped`; by check: `stops`, `overrides`.
    """
    counts: Counter[str] = Counter()
    replies: dict[str, set[int]] = {name: set() for name in _REPLIES.values()}
    groups: dict[str, Counter[str]] = {name: Counter() for name, _ in _GROUPED.values()}
    for event in events:
        if event.kind in _COUNTED:
            counts[_COUNTED[event.kind]] += 1
        elif event.kind in _REPLIES:
            replies[_REPLIES[event.kind]].add(event.data["reply"])
        elif event.kind in _GROUPED:
            group, key = _GROUPED[event.kind]
            groups[group][event.data[key].strip()] += 1
    return {
        **{name: counts[name] for name in _COUNTED.values()},
        **{name: len(ids) for name, ids in replies.items()},
        **{name: dict(sorted(group.items())) for name, group in groups.items()},
    }


def summary(reader: Reader, *, agent: str, events: list[EventRow], config: Config, now: Millis) -> dict[str, Any]:
    """What an agent leaves behind, as plain JSON.

    - `waiting`: `count` (at most COUNT_LIMIT), `danger`, `late`, `oldest` (`since`, `age`), and `top`, the first
      conversations in serving order: whoever may be in danger stands first
    - `claimed`: conversations still claimed by the agent, with `claimed_at`, `age` and whether there is a `draft`
    - `replies`: theirs that are held (or `scheduled`), queued, sending or unknown, and failed ones that nobody dealt
      with since; `brake`: whose keeps them here, and why
    - `snoozed`: what they snoozed and still sleeps, with `until`
    - `skipped`: what they skipped and still waits, with their `reason`
    - `resurfaced`: resurfaced posts they answered against the guard, with what they `typed`, their `reason` and the
      reply's `state`
    - `notes`: what they noted, where
    - `promises`: what the desk has promised customers and has neither kept nor dropped, whoever promised it, the first
      due first: `id`, `conversation`, `handle`, `agent`, `text`, `due_at`, `overdue`
    - `done`: see `done`; `time_to_answer`: `count` and `median` (`seconds`, `text`) of their sent replies
    - `read-back`: `waiting`, `danger`, `open`: what the next agent must be able to repeat

    A conversation is `id`, `network`, `account`, `handle`, `preview`, `freshness`, `danger`, `waiting_since`.
    Texts of customers are as stored: clean them before they are shown.
    """
    claimed = _claimed(reader, agent, config, now)
    replies = _unfinished(reader, agent)
    snoozed = _snoozed(reader, events, config, now)
    waiting = _waiting(reader, agent, config, now)
    still_open = {c["id"] for c in (*claimed, *snoozed)} | {r["conversation"] for r in replies}
    return {
        "waiting": waiting,
        "claimed": claimed,
        "replies": replies,
        "snoozed": snoozed,
        "skipped": _skipped(reader, events, config, now),
        "resurfaced": _resurfaced(reader, events, config, now),
        "notes": _notes(reader, events),
        "promises": _promises(reader, now),
        "done": done(events),
        "time_to_answer": _time_to_answer(reader, events),
        "read-back": {
            "waiting": waiting["count"],
            "danger": waiting["danger"] + sum(c["danger"] for c in claimed),
            "open": len(still_open),
        },
    }


# -- what is open ---------------------------------------------------------------------------------


def _conversation(row: QueueRow, config: Config, now: Millis) -> dict[str, Any]:
    return {
        "id": row.id,
        "network": row.network,
        "account": row.account,
        "handle": row.handle,
        "preview": row.preview,
        "freshness": queue.entry(row, config, now).freshness,
        "danger": any(reason["rule"] == "danger" for reason in row.reasons),
        "waiting_since": clock.iso(row.waiting_since),
    }


def _waiting(reader: Reader, agent: str, config: Config, now: Millis) -> dict[str, Any]:
    accounts = report.waiting(reader, config=config, now=now, limit=COUNT_LIMIT).values()
    oldest = min((row.oldest for row in accounts if row.oldest is not None), default=None)
    in_danger = Key(now - (priority.DANGER_POINTS - _PENALTY_POINTS) * MINUTE, 0)
    top = reader.page("waiting", agent=agent, now=now, limit=TOP)
    return {
        "count": sum(row.waiting for row in accounts),
        "danger": reader.count("waiting", agent=agent, now=now, before=in_danger),
        "late": sum(row.late for row in accounts),
        "oldest": None if oldest is None else {"since": clock.iso(oldest), "age": clock.age(now - oldest)},
        "top": [_conversation(row, config, now) for row in top],
    }


def _claimed(reader: Reader, agent: str, config: Config, now: Millis) -> list[dict[str, Any]]:
    return [
        _conversation(row, config, now)
        | {
            "claimed_at": clock.iso(row.claimed_at),
            "age": clock.age(now - (row.claimed_at or now)),
            "draft": row.has_draft,
        }
        for row in reader.page("mine", agent=agent, now=now, limit=CLAIMED_MOST)
    ]


def _unfinished(reader: Reader, agent: str) -> list[dict[str, Any]]:
    return [
        {
            "id": reply.id,
            "conversation": reply.conversation_id,
            "handle": reply.handle,
            "state": reply.state,
            "scheduled": reply.scheduled,
            "text": reply.text,
            "due_at": clock.iso(reply.due_at),
            "error": reply.error,
            "brake": delivery.brake(reply) if reply.braked_at is not None else None,
        }
        for reply in reader.outbox(agent=agent)
        if not (reply.state == "failed" and _dealt_with(reader, reply))
    ]


def _dealt_with(reader: Reader, failed: ReplyRow) -> bool:
    """A failed reply stays in the outbox for ever; nobody need look at it once the customer was answered."""
    row = reader.conversation(failed.conversation_id)
    return row is None or row.state == "resolved" or (row.answered_at or 0) >= failed.created_at


def _snoozed(reader: Reader, events: Iterable[EventRow], config: Config, now: Millis) -> list[dict[str, Any]]:
    return [
        _conversation(row, config, now) | {"until": clock.iso(row.timer_at)}
        for row, _ in _touched(reader, events, "conversation.snoozed")
        if row.state == "snoozed"
    ]


def _skipped(reader: Reader, events: Iterable[EventRow], config: Config, now: Millis) -> list[dict[str, Any]]:
    return [
        _conversation(row, config, now) | {"reason": event.data["reason"].strip()}
        for row, event in _touched(reader, events, "conversation.skipped")
        if row.state == "new"
    ]


def _touched(reader: Reader, events: Iterable[EventRow], kind: str) -> list[tuple[QueueRow, EventRow]]:
    """The conversations of one kind of event, each with the newest of them."""
    newest = {event.conversation_id: event for event in events if event.kind == kind and event.conversation_id}
    found = ((reader.conversation(conversation_id), event) for conversation_id, event in newest.items())
    return [(row, event) for row, event in found if row is not None]


# -- what was done --------------------------------------------------------------------------------


def _resurfaced(reader: Reader, events: Iterable[EventRow], config: Config, now: Millis) -> list[dict[str, Any]]:
    passed = [e for e in events if e.kind == "guard.overridden" and e.data["check"] == "resurfaced"]
    found = []
    for row, event in _touched(reader, passed, "guard.overridden"):
        reply = reader.reply(event.data["reply"])
        found.append(
            _conversation(row, config, now)
            | {
                "typed": event.data["typed"],
                "reason": event.data.get("reason", ""),
                "state": reply.state if reply else "recalled",
                "at": clock.iso(event.at),
            }
        )
    return found


def _notes(reader: Reader, events: Iterable[EventRow]) -> list[dict[str, Any]]:
    left = {event.data["note"]: event.conversation_id for event in events if event.kind == "note.added"}
    conversations = [found for found in dict.fromkeys(left.values()) if found is not None]
    return [
        {"conversation": conversation, "text": note.text, "at": clock.iso(note.created_at)}
        for conversation in conversations
        for note in reader.notes(conversation)
        if note.id in left
    ]


def _promises(reader: Reader, now: Millis) -> list[dict[str, Any]]:
    return [
        {
            "id": promise.id,
            "conversation": promise.conversation_id,
            "handle": promise.handle,
            "agent": promise.agent,
            "text": promise.text,
            "due_at": clock.iso(promise.due_at),
            "overdue": promises.is_due(promise, now),
        }
        for promise in reader.open_promises(PROMISES_MOST)
    ]


def _time_to_answer(reader: Reader, events: Iterable[EventRow]) -> dict[str, Any]:
    sent = dict.fromkeys(event.data["reply"] for event in events if event.kind == "reply.sent")
    waits = [wait for reply in sent if (wait := reader.time_to_answer(reply)) is not None]
    return {"count": len(waits), "median": report.span(round(median(waits)) if waits else None)}
