"""A host whose clock is set: what runs by spans goes on by its span, what was agreed by the clock stays."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import kinds, post, rows, take
from sqlalchemy import select

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.desk import claims, presence
from tui.store import sqlite, steps
from tui.store import tables as t
from tui.store.store import Store
from tui.worker import lease
from tui.worker.lease import Held

pytestmark = pytest.mark.sqlite

LEASE = 5 * MINUTE
BOTH_WAYS = pytest.mark.parametrize("by", [HOUR, -HOUR, 3 * SECOND, -40 * 24 * HOUR], ids=str)


class Host:
    """A host with a clock that can be set, and that can be started again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set_by: Millis = 0
        self.passed: Millis = 0
        self.boot = "first"
        began = clock.shown()
        monkeypatch.setattr(clock, "shown", lambda: began + self.passed + self.set_by)
        monkeypatch.setattr(clock, "up", lambda: HOUR + self.passed)
        monkeypatch.setattr(steps, "boot", lambda: self.boot)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def claimed(store: Store, agent: str = "ana") -> int:
    """A conversation that the agent holds."""
    take(store, post("1", created_at=clock.now()), now=clock.now())
    with store.transaction() as session:
        found = claims.claim_next(session, agent=agent, now=clock.now(), lease=LEASE)
    assert found is not None
    return found.conversation_id


def woken(store: Store) -> int:
    with store.transaction() as session:
        return claims.wake(session, clock.now())


@BOTH_WAYS
def test_a_claim_outlasts_a_clock_that_is_set_and_ends_in_its_time(store: Store, host: Host, by: Millis) -> None:
    one = claimed(store)
    host.set_by = by
    assert woken(store) == 0
    host.passed += LEASE - SECOND
    assert woken(store) == 0
    host.passed += 2 * SECOND
    assert woken(store) == 1
    found = store.reader().conversation(one)
    assert found is not None
    assert found.owner is None


def test_the_event_log_says_that_the_clock_was_set_and_by_how_much(store: Store, host: Host) -> None:
    claimed(store)
    host.set_by = -HOUR
    woken(store), woken(store)
    found = [event for event in store.reader().events() if event.kind == "clock.set"]
    assert [(event.agent, event.data) for event in found] == [("desk", {"by": -HOUR})]


def test_a_claim_is_as_old_as_before(store: Store, host: Host) -> None:
    one = claimed(store)
    host.passed += MINUTE
    host.set_by = HOUR
    woken(store)
    found = store.reader().conversation(one)
    assert found is not None
    assert found.claimed_at is not None
    assert clock.now() - found.claimed_at == MINUTE


@BOTH_WAYS
def test_a_lease_of_a_worker_goes_on_and_nobody_else_gets_it(store: Store, host: Host, by: Millis) -> None:
    held, other = Held(store, "send", "a", clock.now), Held(store, "send", "b", clock.now)
    assert held.keep()
    host.set_by = by
    assert not other.keep()
    assert held.keep()
    host.passed += lease.SPAN + SECOND
    assert other.keep()
    assert not held.keep()
    assert not held.now


def test_a_worker_whose_clock_was_set_back_knows_that_its_lease_is_gone(store: Store, host: Host) -> None:
    held, other = Held(store, "send", "a", clock.now), Held(store, "send", "b", clock.now)
    assert held.keep()
    host.passed += lease.SPAN + SECOND
    host.set_by = -HOUR
    assert other.keep()
    assert not held.now
    assert not held.keep()


@BOTH_WAYS
def test_who_is_at_the_desk_is_there_still(store: Store, host: Host, by: Millis) -> None:
    with store.transaction() as session:
        presence.beat(session, "p", agent="ana", host="h", pid=1, doing="looks", conversation_id=None, now=clock.now())
    host.set_by = by
    woken(store)
    beaten = store.reader()._one("SELECT beat_at FROM presence")[0]
    assert clock.now() - beaten == 0


def _reply(session: Any, conversation: int, key: str, **values: Any) -> None:
    now = clock.now()
    session.execute(
        t.replies.insert().values(
            conversation_id=conversation, post_id=1, agent="ana", epoch=1, text="x", private=False, key=key,
            created_at=now, attempts=0, part=1, parts=1, due_at=now + 10 * SECOND, **values,
        )
    )  # fmt: skip


@BOTH_WAYS
def test_pauses_of_the_outbox_move_and_times_of_people_stay(store: Store, host: Host, by: Millis) -> None:
    """What was tried a moment ago must not look as if its network had had an hour to show it."""
    one, began = claimed(store), clock.now()
    with store.transaction() as session:
        _reply(session, one, "window", state="held", scheduled=False)
        _reply(session, one, "at a time", state="held", scheduled=True)
        _reply(session, one, "unclear", state="unknown", scheduled=True, tried_at=began, failing_since=began)
        _reply(session, one, "out", state="sent", scheduled=False, tried_at=began)
        session.execute(t.skips.insert().values(conversation_id=one, agent="ben", until=began + HOUR))
    host.set_by = by
    woken(store)
    with store.transaction() as session:
        found = {row.key: row for row in session.execute(select(t.replies)).all()}
        skip = session.execute(select(t.skips)).one()
    due = began + 10 * SECOND
    assert {key: row.due_at for key, row in found.items()} == {
        "window": due + by, "at a time": due, "unclear": due + by, "out": due,
    }  # fmt: skip
    assert (found["unclear"].tried_at, found["unclear"].failing_since) == (began + by, began + by)
    assert found["out"].tried_at == began
    assert skip.until == began + HOUR + by


def test_a_conversation_that_rests_wakes_by_the_clock(store: Store, host: Host) -> None:
    one, until = claimed(store), clock.now() + 2 * HOUR
    with store.transaction() as session:
        claims.snooze(session, one, agent="ana", until=until, now=clock.now(), lease=LEASE)
    host.set_by = HOUR
    assert woken(store) == 0
    host.passed = HOUR + SECOND
    assert woken(store) == 1


def test_a_restart_of_the_host_sets_no_clock(store: Store, host: Host) -> None:
    one = claimed(store)
    host.boot, host.passed, host.set_by = "second", -30 * MINUTE, HOUR
    assert woken(store) == 1, "the claim had run out while the host was down"
    host.boot, host.passed = "", 0
    woken(store)
    host.passed, host.set_by = -MINUTE, 3 * HOUR
    woken(store)
    assert "clock.set" not in kinds(store.reader())
    assert store.reader()._one("SELECT COUNT(*) FROM host_clock")[0] == 1
    assert one


def test_a_change_that_is_undone_moves_nothing_and_the_next_one_does(store: Store, host: Host) -> None:
    claimed(store)
    host.set_by = HOUR

    def interrupted() -> None:
        with store.transaction():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert "clock.set" not in kinds(store.reader())
    assert woken(store) == 0
    assert "clock.set" in kinds(store.reader())


def test_a_clock_that_runs_as_it_should_is_written_down_once(store: Store, host: Host) -> None:
    claimed(store)
    changes = sqlite.connect(store.path, read_only=True)
    before = changes.execute("SELECT * FROM host_clock").fetchall()
    for _ in range(20):
        host.passed += 3 * HOUR
        host.set_by += 50  # ms that it was set by, or drifted
        woken(store)
    assert changes.execute("SELECT * FROM host_clock").fetchall() == before
    changes.close()


def test_a_process_that_is_stopped_between_two_looks_at_the_clocks_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ups = iter([0, 50 * MINUTE, 50 * MINUTE, 50 * MINUTE])
    monkeypatch.setattr(clock, "up", lambda: next(ups))
    monkeypatch.setattr(clock, "shown", lambda: 7)
    assert steps._look() == (50 * MINUTE, 7)


# -- several processes ---------------------------------------------------------------------------------

AGENT = """
import os, sys, time
from pathlib import Path
from tui import clock
folder, agent = Path(sys.argv[1]), sys.argv[2]
clock.shown = lambda: time.time_ns() // 1_000_000 + int((folder / "set-by").read_text())
from tui.desk import claims
from tui.store.store import Store, reading
store, mine, lapsed = Store(folder / "desk.db"), {}, 0
while not (folder / "stop").exists():
    with store.transaction() as session:
        now = clock.now()
        if reading(session).due_timer(now):
            lapsed += claims.wake(session, now)
        if len(mine) < 5:
            claim = claims.claim_next(session, agent=agent, now=now, lease=60_000)
            mine |= {claim.conversation_id: [agent, claim.epoch]} if claim else {}
        claims.renew(session, agent=agent, now=now, lease=60_000)
    time.sleep(0.01)
import json
print(json.dumps([lapsed, mine]), flush=True)
"""
"""One agent at work by a clock that a file sets."""

SWITCH = clock.parse("2026-10-25T01:00:00Z")
"""When London goes back by an hour."""


def _agents(folder: Path, zones: dict[str, str]) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen(
            [sys.executable, "-c", AGENT, str(folder), agent],
            env=os.environ | {"TZ": zone}, stdout=subprocess.PIPE, text=True,
        )
        for agent, zone in zones.items()
    ]  # fmt: skip


def _set(folder: Path, by: Millis) -> None:
    """Never half written."""
    (folder / "new").write_text(str(by))
    (folder / "new").rename(folder / "set-by")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_claim_of_several_processes_lapses_while_the_clock_is_set_and_summer_time_ends(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four processes in zones of their own, one of them started after the clock was set, claim and renew while summer
    time ends and while the clock is set by an hour forward, back, and back again."""
    folder, reader = store.path.parent, store.reader()
    at_the_switch = SWITCH - SECOND - time.time_ns() // 1_000_000
    _set(folder, at_the_switch)
    monkeypatch.setattr(clock, "shown", lambda: time.time_ns() // 1_000_000 + int((folder / "set-by").read_text()))
    take(store, *(post(str(number), f"author{number}", created_at=clock.now()) for number in range(30)))

    def all_hold(agents: int) -> bool:
        return sum(row.owner is not None for row in rows(reader)) == 5 * agents

    crew = _agents(folder, {"ana": "Europe/London", "ben": "America/New_York", "cy": "UTC"})
    _until(lambda: all_hold(3) and clock.now() > SWITCH)
    for count, by in enumerate((HOUR, 0, -HOUR, HOUR), 1):
        _set(folder, at_the_switch + by)
        _until(lambda: kinds(reader).count("clock.set") == count)  # noqa: B023  called at once
    crew += _agents(folder, {"dee": "Australia/Lord_Howe"})
    _until(lambda: all_hold(4))
    (folder / "stop").touch()
    said = [json.loads(one.communicate(timeout=60)[0]) for one in crew]
    assert [lapsed for lapsed, _ in said] == [0, 0, 0, 0]
    assert "claim.lapsed" not in kinds(reader)
    assert kinds(reader).count("clock.set") == 4, "once each, whoever noticed it"
    held = {str(row.id): [row.owner, row.epoch] for row in rows(reader) if row.owner}
    assert held == {number: claim for _, mine in said for number, claim in mine.items()}
    reader.close()


def test_a_real_expiry_happens_after_all_this(store: Store, host: Host) -> None:
    claimed(store)
    for by in (HOUR, -HOUR, 0, HOUR):
        host.set_by = by
        host.passed += 10 * SECOND
        assert woken(store) == 0
    host.passed += LEASE - 39 * SECOND
    assert woken(store) == 1
