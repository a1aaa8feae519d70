"""From a restored desk nothing leaves by itself that the desk it was copied from may have sent meanwhile."""

from typing import Any

import pytest
from making import NOW, US, kinds, post, take
from sqlalchemy import func, insert, select, update

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.config import Config
from tui.desk import claims, outbox, restored
from tui.errors import Refused
from tui.networks.records import Receipt
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

CONFIG = Config()
ONE = 1
LEASE = 30 * MINUTE
UNDO = CONFIG.desk.undo
TEXT = "We are sorry. Which train was it?"
LONG = "We are very sorry about the cold coach on your way home to York. " * 10
LATER = NOW + DAY


@pytest.fixture(autouse=True)
def _a_question(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)


def hold(store: Store, text: str = TEXT, **values: Any) -> int:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=NOW, **values)
    return reply


def begin(store: Store) -> None:
    """What is due is queued, and the first of it is being sent."""
    with store.transaction() as session:
        outbox.queue_due(session, NOW + UNDO)
        assert outbox.start_sending(session, NOW + UNDO, CONFIG) is not None


def arrive(store: Store, agent: str = "ops", now: int = LATER) -> restored.Quiet:
    with store.transaction() as session:
        return restored.arrive(session, agent=agent, file="b.db", now=now)


def all_that_leaves(store: Store, now: int = LATER + DAY) -> list[int]:
    """What a sender gives to a network by itself."""
    with store.transaction() as session:
        outbox.queue_due(session, now)
        begun = []
        while started := outbox.start_sending(session, now, CONFIG):
            begun.append(started[0])
        return begun


def states(reader: Reader) -> list[str]:
    return [row.state for row in reader.replies(ONE)]


@pytest.mark.parametrize("stands", ["held", "queued", "scheduled"])
def test_what_waited_to_leave_is_the_draft_again_and_a_person_looks(store: Store, reader: Reader, stands: str) -> None:
    reply = hold(store, at=NOW + HOUR if stands == "scheduled" else None)
    if stands == "queued":
        with store.transaction() as session:
            outbox.queue_due(session, NOW + UNDO)
    assert arrive(store).returned == [reply]
    assert all_that_leaves(store) == []
    draft, row = reader.draft(ONE), reader.conversation(ONE)
    assert states(reader) == ["recalled"]
    assert draft is not None
    assert row is not None
    assert (draft.text, draft.agent) == (TEXT, "ana")
    assert any("may have sent it" in reason["text"] for reason in row.reasons)
    assert row.state == ("new" if stands == "scheduled" else "claimed")
    assert "reply.returned" in kinds(reader, ONE)


def test_a_text_in_parts_comes_back_from_the_first_that_had_not_begun_to_leave(store: Store, reader: Reader) -> None:
    hold(store, LONG, split=True)
    begin(store)
    quiet = arrive(store)
    assert (quiet.unknown, quiet.returned) == ([1], [2])
    assert states(reader)[:2] == ["unknown", "recalled"]
    assert set(states(reader)[1:]) == {"recalled"}
    draft = reader.draft(ONE)
    assert draft is not None
    assert LONG.strip().endswith(draft.text.strip())
    assert len(draft.text) < len(LONG)
    with store.transaction() as session:  # the first part is seen on the network
        outbox.sent(session, 1, Receipt("native"), LATER + MINUTE)
    assert all_that_leaves(store) == []
    assert reader.draft(ONE) == draft


def test_what_was_being_sent_is_looked_up_and_not_sent_a_second_time(store: Store, reader: Reader) -> None:
    reply = hold(store)
    begin(store)
    assert arrive(store).unknown == [reply]
    assert states(reader) == ["unknown"]
    with store.transaction() as session:
        assert [found for found, _ in outbox.unsettled(session, ("unknown",), now=LATER)] == [reply]
        assert outbox.not_found(session, reply, LATER + SECOND, settles=MINUTE) == "unknown"
        assert outbox.not_found(session, reply, LATER + HOUR, settles=MINUTE) == "failed"
    assert all_that_leaves(store) == []
    draft = reader.draft(ONE)
    assert draft is not None
    assert draft.text == TEXT


def test_what_the_other_desk_sent_is_found(store: Store, reader: Reader) -> None:
    reply = hold(store)
    begin(store)
    arrive(store)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("native"), LATER)
    assert states(reader) == ["sent"]
    assert reader.draft(ONE) is None


def test_what_is_done_stays_as_it_is(store: Store, reader: Reader) -> None:
    reply = hold(store)
    begin(store)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("native"), NOW + UNDO)
    other = hold(store, "One more word.")
    with store.transaction() as session:
        outbox.recall(session, other, agent="ana", now=NOW)
    before = reader.replies(ONE)
    quiet = arrive(store)
    assert (quiet.returned, quiet.unknown) == ([], [])
    assert reader.replies(ONE) == before


def test_the_brake_is_on_for_accounts_with_a_login_until_a_person_lets_them_go(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        session.execute(update(t.accounts).values(server="https://x.example"))
        session.execute(insert(t.accounts).values(network="x", handle="@file", name="file", created_at=1))
        restored.backed_up(session, agent="ana", file="b.db", now=NOW)
    assert arrive(store).braked == [f"x:{US}"]
    assert arrive(store).braked == [], "once is enough"
    (brake,) = reader.brakes()
    assert (brake.handle, brake.by) == (US, "ops")
    assert brake.reason.startswith("restored from a backup of 11 Feb")


def test_claims_stay_and_lapse_as_they_do(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
    arrive(store, now=NOW + MINUTE)
    row = reader.conversation(ONE)
    assert row is not None
    assert (row.state, row.owner) == ("claimed", "ana")
    with store.transaction() as session:
        claims.wake(session, NOW + LEASE + SECOND)
    row = reader.conversation(ONE)
    assert row is not None
    assert row.state == "new"


@pytest.mark.parametrize("was", [None, "agent", "removed", "admin"])
def test_who_restores_a_desk_has_made_it_and_is_its_admin(store: Store, was: str | None) -> None:
    with store.transaction() as session:
        session.execute(insert(t.agents).values(name="boss", role="admin", created_at=1))
        if was:
            session.execute(insert(t.agents).values(name="ops", role=was, created_at=1))
    arrive(store)
    with store.transaction() as session:
        roles = dict(session.execute(select(t.agents.c.name, t.agents.c.role)).all())
        changes = session.execute(
            select(func.count()).where(t.events.c.kind.in_(("agent.added", "agent.role")))
        ).scalar_one()  # fmt: skip
    assert roles == {"boss": "admin", "ops": "admin"}
    assert changes == (0 if was == "admin" else 1)


def test_only_an_admin_copies_the_whole_desk(store: Store) -> None:
    with store.transaction() as session:
        for name, role in (("boss", "admin"), ("ana", "lead")):
            session.execute(insert(t.agents).values(name=name, role=role, created_at=1))
    with pytest.raises(Refused, match=r"needs an admin; you are a lead\. Ask boss"), store.transaction() as session:
        restored.backed_up(session, agent="ana", file="b.db", now=NOW)


def test_the_log_says_what_was_restored_and_what_followed(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        restored.backed_up(session, agent="ops", file="b.db", now=NOW)
    arrive(store)
    event = reader.events()[-1]
    assert (event.kind, event.agent) == ("desk.restored", "ops")
    assert event.data == {
        "file": "b.db", "taken_at": "2026-02-11T09:14:00Z", "returned": [reply], "unknown": [], "braked": [],
    }  # fmt: skip
