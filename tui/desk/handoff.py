"""The desk changes hands: the summary in a screenful, its acknowledgement, and the proof that nobody edited it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tui import clock
from tui.clock import Millis
from tui.desk import promises, shift
from tui.errors import Refused
from tui.store import log
from tui.store.reader import COUNT_LIMIT, Reader, ShiftRow
from tui.store.store import reading
from tui.text import fit, line

if TYPE_CHECKING:
    from sqlmodel import Session

COLUMNS = 78
"""Of the printed summary (terminal cells)."""
LINES = 40
READ_BACK_LETTERS = 3
"""Letters, of any script, from which on a read-back says something."""

_NAME_CELLS = 20
_GRAVEST = ("unknown", "failed", "sending", "held", "queued")
_NO_HANDOFF = "There is no handoff yet; a shift leaves one when it ends (`shiftdesk shift stop`)."


def latest(reader: Reader, shift_id: int | None = None) -> dict[str, Any] | None:
    """The summary of that shift, else of the one that ended last; None where there is none.

    It is `shift.stop`'s with `digest`, `acked_by`, `acked_at`, `read_back` (the words of whoever acked it), and
    `intact`: whether the digest still fits.
    """
    row = reader.shift(shift_id)
    if row is None or row.ended_at is None:
        return None
    return row.summary | {
        "shift": row.id,
        "agent": row.agent,
        "digest": row.digest,
        "intact": shift.digest(row.summary) == row.digest,
        "acked_by": row.acked_by,
        "acked_at": clock.iso(row.acked_at),
        "read_back": row.read_back,
    }


def ack(session: "Session", shift_id: int | None, *, agent: str, read_back: str, now: Millis) -> dict[str, Any]:
    """Take the desk over by repeating what matters in one's own words; the handoff, as `latest` gives it.

    Raises Refused for one's own shift, for too few words, and when a colleague has acked it already.
    """
    from sqlalchemy import update

    from tui.store import tables as t

    reader = reading(session)
    row = _ended(reader, shift_id)
    said = read_back.strip()
    if row.agent.casefold() == agent.casefold():
        raise Refused(f"Shift {row.id} is your own; the agent who takes over acknowledges it.", shift=row.id)
    if row.acked_by is not None and row.acked_by != agent:
        ago = clock.age(now - (row.acked_at or now))
        raise Refused(f"{row.acked_by} acknowledged shift {row.id} {ago} ago.", shift=row.id, acked_by=row.acked_by)
    if sum(map(str.isalpha, said)) < READ_BACK_LETTERS:
        raise Refused("Repeat in your own words what is urgent and what is open.", shift=row.id)
    if row.acked_by is None:
        c = t.shifts.c
        session.execute(
            update(t.shifts)
            .where(c.id == row.id, c.acked_by.is_(None))
            .values(acked_by=agent, acked_at=now, read_back=said)
        )
        log.append(session, "handoff.acked", at=now, agent=agent, shift=row.id, digest=row.digest, read_back=said)
    found = latest(reader, row.id)
    assert found is not None
    return found


def verify(reader: Reader, shift_id: int | None = None) -> dict[str, Any]:
    """Whether a summary is what was stored, and its figures what the event log says.

    `ok`, `shift`, `digest` (as stored) and `problems`, one sentence each. Raises Refused where there is none.
    """
    row = _ended(reader, shift_id)
    problems = [*_seal_problems(reader, row), *_figure_problems(reader, row)]
    return {"ok": not problems, "shift": row.id, "digest": row.digest, "problems": problems}


def _ended(reader: Reader, shift_id: int | None) -> ShiftRow:
    row = reader.shift(shift_id)
    if row is None:
        raise Refused(_NO_HANDOFF if shift_id is None else f"There is no shift {shift_id}.")
    if row.ended_at is None:
        raise Refused(f"Shift {row.id} of {row.agent} is still running; it is handed over when it ends.", shift=row.id)
    return row


def _seal_problems(reader: Reader, row: ShiftRow) -> Iterable[str]:
    """The digest stands in the shift and in the log: who changes a summary must change all three."""
    if shift.digest(row.summary) != row.digest:
        yield "The summary does not match its digest: it was changed after the shift ended."
    bounds = {"shift": row.id, "agent": row.agent, "first_event": row.first_event, "last_event": row.last_event}
    if any(row.summary.get(key) != value for key, value in bounds.items()):
        yield "The summary belongs to another shift, agent or stretch of the event log."
    after = reader.events(after=row.last_event or 0, agent=row.agent, limit=1)
    ended = [event for event in after if event.kind == "shift.ended" and event.data.get("shift") == row.id]
    if not ended:
        yield "The event log does not say that this shift ended."
    elif ended[0].data.get("digest") != row.digest:
        yield "The digest is not the one that the event log has for this shift."


def _figure_problems(reader: Reader, row: ShiftRow) -> Iterable[str]:
    counted = shift.done(reader.events_between(row.agent, row.first_event, row.last_event or 0))
    stored = row.summary.get("done")
    if not isinstance(stored, dict):
        stored = {}
    for name in dict.fromkeys((*counted, *stored)):
        if stored.get(name) != counted.get(name):
            yield f"{name}: the summary says {stored.get(name)}, the event log {counted.get(name)}."


# -- on paper -------------------------------------------------------------------------------------


def text(summary: dict[str, Any]) -> str:
    """What is printed at logout: first what is urgent, then what is open, then what was done.

    At most COLUMNS cells by LINES lines. Takes what `shift.stop` or `latest` gave.
    """
    if not summary.get("intact", True):
        return f"The summary of shift {summary['shift']} was changed after it was written;\n" + (
            "`shiftdesk handoff verify` says what does not fit.\n"
        )
    begun, ended = (clock.parse(summary[key]) for key in ("started_at", "ended_at"))
    when = f"{clock.local(begun, '%a %d %b %H:%M')} to {clock.local(ended)} ({summary['length']})"
    parts = (
        [_row(f"Handoff of shift {summary['shift']}, {when}, by ", summary["agent"])],
        _urgent(summary, ended),
        _open(summary, ended),
        _done(summary),
        _closing(summary),
    )
    return "\n\n".join("\n".join(rows) for rows in parts) + "\n"


def _row(ours: str, theirs: str = "") -> str:
    """One line; what was written outside stands last in it and is cleaned."""
    return fit(ours + line(theirs), COLUMNS).rstrip()


def _about(found: dict[str, Any], ours: str, theirs: str) -> str:
    """One line about a customer: the number of the conversation, our words, then whose."""
    number = found.get("conversation", found["id"])
    name = fit(line(found["handle"]).removeprefix("@"), _NAME_CELLS)
    return _row(f"  {number:>6}  {ours}  ", f"@{name}: {theirs}")


def _some(rows: Sequence[str], lines: int) -> list[str]:
    """All of them where the lines suffice; else the first, and how many there are besides."""
    if len(rows) <= lines:
        return list(rows)
    return [*rows[: lines - 1], f"          and {len(rows) - lines + 1} more"]


def _urgent(summary: dict[str, Any], ended: Millis) -> list[str]:
    waiting, danger = summary["waiting"], summary["read-back"]["danger"]
    rows = ["URGENT"]
    if danger:
        rows.append(f"  Someone may be in danger: {_count(danger, 'conversation')}.")
    room = _room_for_promises(summary)
    rows += _some([_claimed(found) for found in summary["claimed"] if found["danger"]], 3 - room)
    if not waiting["count"]:
        return [*rows, "  Nothing waits."]
    oldest = f", the oldest for {waiting['oldest']['age']}" if waiting["oldest"] else ""
    rows.append(f"  {_most(waiting['count'])} waiting{oldest}; {_most(waiting['late'])} late. Next in turn:")
    return rows + [_next(found, ended) for found in waiting["top"][: shift.TOP - room]]


def _room_for_promises(summary: dict[str, Any]) -> int:
    """So many lines each of three lists gives up where there are promises, which take three: the page stays whole."""
    return 1 if summary.get("promises") else 0


def _next(found: dict[str, Any], ended: Millis) -> str:
    since = found["waiting_since"]
    waits = "-" if since is None else clock.age(ended - clock.parse(since))
    mark = "DANGER" if found["danger"] else "" if found["freshness"] == "fresh" else found["freshness"]
    return _about(found, f"{waits:>5} {mark:<10}", found["preview"])


def _claimed(found: dict[str, Any]) -> str:
    mark, draft = "DANGER, " if found["danger"] else "", ", with a draft" if found["draft"] else ""
    return _about(found, f"{mark}claimed {found['age']}{draft}", found["preview"])


def _open(summary: dict[str, Any], ended: Millis) -> list[str]:
    replies = sorted(summary["replies"], key=lambda reply: _GRAVEST.index(reply["state"]))
    rows = [
        *_some([_promised(found, ended) for found in summary.get("promises", ())], 3),
        *_some(
            [_claimed(found) for found in summary["claimed"] if not found["danger"]], 4 - _room_for_promises(summary)
        ),
        *_some([_reply(found) for found in replies], 4),
        *_some([_snoozed(found) for found in summary["snoozed"]], 2),
        *_some([_about(found, "skipped", found["reason"]) for found in summary["skipped"]], 2),
        *_some([_row(f"  {note['conversation']:>6}  note: ", note["text"]) for note in summary["notes"]], 2),
    ]
    return ["OPEN", *(rows or ["  Nothing is left open."])]


def _reply(found: dict[str, Any]) -> str:
    """How far a reply is; a scheduled one stays and leaves without its agent."""
    how_far = f"reply {found['state']}"
    if found["state"] == "held" and found.get("scheduled"):
        how_far = f"leaves {clock.local(clock.parse(found['due_at']), '%a %H:%M')}"
    stopped = found.get("brake") if found["state"] in ("held", "queued") else None
    if stopped:
        how_far = "reply waits"
    return _about(found, how_far, stopped or found["error"] or found["text"])


def _promised(found: dict[str, Any], ended: Millis) -> str:
    overdue = "OVERDUE, " if found["overdue"] else ""
    return _about(found, f"{overdue}promised {promises.by(clock.parse(found['due_at']), ended)}", found["text"])


def _snoozed(found: dict[str, Any]) -> str:
    until = clock.local(clock.parse(found["until"]), "%a %H:%M")
    return _about(found, f"snoozed until {until}", found["preview"])


def _done(summary: dict[str, Any]) -> list[str]:
    done, answers = summary["done"], summary["time_to_answer"]
    told = f", {answers['median']['text']} to answer (median)" if answers["count"] else ""
    unsent = "".join(f", {done[state]} {state}" for state in ("failed", "unknown", "recalled") if done[state])
    resurfaced = [_about(f, f"resurfaced, reply {f['state']}", f["preview"]) for f in summary["resurfaced"]]
    return [
        "DONE",
        _row(f"  {_count(done['sent'], 'reply', 'replies')} sent{told}{unsent}."),
        _row(f"  {sum(done['resolved'].values())} resolved", _by(done["resolved"])),
        _row(f"  {sum(done['stops'].values())} stopped by the guard", _by(done["stops"])),
        _row(f"  {sum(done['overrides'].values())} overridden", _by(done["overrides"])),
        *_some(resurfaced, 2),
    ]


def _closing(summary: dict[str, Any]) -> list[str]:
    figures = summary["read-back"]
    said = f"Read back: {_most(figures['waiting'])} waiting, {figures['danger']} in danger, {figures['open']} open."
    if not summary.get("acked_by"):
        return [said]
    when = clock.local(clock.parse(summary["acked_at"]), "%a %H:%M")
    return [said, _row(f"Acknowledged {when} by ", f"{summary['acked_by']}: {summary['read_back']}")]


def _by(counts: dict[str, int]) -> str:
    """What a sum is made of, the most first: `: duplicate 3, spam 1`."""
    parts = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ": " + ", ".join(f"{name} {count}" for name, count in parts) if parts else ""


def _most(count: int) -> str:
    return f"{count}+" if count >= COUNT_LIMIT else str(count)


def _count(count: int, one: str, many: str = "") -> str:
    return f"{_most(count)} {one if count == 1 else many or one + 's'}"
