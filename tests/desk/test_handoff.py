"""The handoff: what is printed, who may acknowledge it, and that a changed one is found out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from tui import clock
from tui.clock import HOUR, MINUTE, Millis
from tui.config import Config
from tui.desk import claims, handoff, intake, shift
from tui.errors import Refused
from tui.networks.records import Author, Post
from tui.store import tables as t
from tui.store.store import Store
from tui.text import clean, width

T: Millis = clock.parse("2026-11-22T08:00:00Z")
CONFIG = Config()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "desk.db")
    found.prepare()
    yield found
    found.close()


def work(store: Store, agent: str = "ana", at: Millis = T, posts: int = 3) -> dict[str, Any]:
    """A shift of an hour: one conversation resolved, one noted, the rest waits."""
    with store.transaction() as session:
        shift.start(session, agent=agent, now=at)
        made = [
            Post("x", f"{agent}{n}", Author(f"{agent}{n}", f"c{n}"), "@northline no heat", at, account="@northline")
            for n in range(posts)
        ]
        intake.take_in(session, made, now=at, config=CONFIG)
        taken = claims.claim_next(session, agent=agent, now=at, lease=HOUR)
        assert taken is not None
        claims.note(session, taken.conversation_id, agent=agent, text="phoned her", now=at)
        claims.resolve(session, taken.conversation_id, agent=agent, reason="phoned", now=at, lease=HOUR)
        return shift.stop(session, agent=agent, now=at + HOUR)


def ack(store: Store, shift_id: int | None = None, agent: str = "ben", said: str = "two wait", at: Millis = T) -> Any:
    with store.transaction() as session:
        return handoff.ack(session, shift_id, agent=agent, read_back=said, now=at)


def latest(store: Store, shift_id: int | None = None) -> dict[str, Any] | None:
    return handoff.latest(store.reader(), shift_id)


def problems(store: Store, shift_id: int | None = None) -> list[str]:
    found = handoff.verify(store.reader(), shift_id)
    assert found["ok"] == (not found["problems"])
    return list(found["problems"])


def change(store: Store, statement: Any) -> None:
    with store.transaction() as session:
        session.execute(statement)


# -- stored and found again -----------------------------------------------------------------------


def test_the_newest_or_the_one_asked_for(store: Store) -> None:
    assert latest(store) is None
    first, second = work(store), work(store, "cleo", T + HOUR)
    assert latest(store) == latest(store, second["shift"])
    found = latest(store, first["shift"])
    assert found is not None
    assert found | first == found, "the summary is in it whole"
    assert (found["agent"], found["digest"], found["intact"]) == ("ana", shift.digest(first), True)
    assert (found["acked_by"], found["acked_at"], found["read_back"]) == (None, None, None)


def test_a_running_shift_has_no_handoff(store: Store) -> None:
    with store.transaction() as session:
        running = shift.start(session, agent="ana", now=T)
    assert latest(store) is None
    assert latest(store, running) is None
    with pytest.raises(Refused, match="still running"):
        handoff.verify(store.reader(), running)


# -- acknowledging --------------------------------------------------------------------------------


def test_acked_once_with_its_event(store: Store) -> None:
    done = work(store)
    found = ack(store, said="  two wait, nobody is hurt ", at=T + 2 * HOUR)
    assert (found["acked_by"], found["read_back"]) == ("ben", "two wait, nobody is hurt")
    assert found["acked_at"] == "2026-11-22T10:00:00Z"
    assert ack(store, done["shift"], said="once more", at=T + 3 * HOUR) == found == latest(store)
    [event] = [e for e in store.reader().events() if e.kind == "handoff.acked"]
    assert (event.agent, event.data["shift"], event.data["digest"]) == ("ben", done["shift"], shift.digest(done))


@pytest.mark.parametrize(
    ("agent", "said", "why"),
    [("ana", "two wait", "your own"), ("ANA", "two wait", "your own"), ("ben", " 2, 3!! ok ", "your own words")],
)
def test_no_ack_of_ones_own_or_without_words(store: Store, agent: str, said: str, why: str) -> None:
    work(store)
    with pytest.raises(Refused, match=why):
        ack(store, agent=agent, said=said)
    found = latest(store)
    assert found is not None
    assert found["acked_by"] is None


def test_three_letters_of_any_script_say_something(store: Store) -> None:
    work(store)
    assert ack(store, said="二人待ち")["acked_by"] == "ben"


def test_who_acked_it_is_named_to_the_next(store: Store) -> None:
    work(store)
    ack(store, at=T + HOUR)
    with pytest.raises(Refused, match="ben acknowledged shift 1 5m ago") as refused:
        ack(store, agent="cleo", at=T + HOUR + 5 * MINUTE)
    assert refused.value.details["acked_by"] == "ben"


def test_nothing_to_ack(store: Store) -> None:
    with pytest.raises(Refused, match="no handoff yet"):
        ack(store)
    with pytest.raises(Refused, match="no shift 7"):
        ack(store, 7)


# -- verifying ------------------------------------------------------------------------------------


def test_an_untouched_handoff_verifies(store: Store) -> None:
    done = work(store)
    work(store, at=T + 2 * HOUR)
    ack(store)
    found = handoff.verify(store.reader(), done["shift"])
    assert found == {"ok": True, "shift": done["shift"], "digest": shift.digest(done), "problems": []}
    assert problems(store) == []


def test_a_changed_summary_is_found_out(store: Store) -> None:
    done = work(store)
    change(store, update(t.shifts).values(summary=done | {"notes": []}))
    assert ["does not match its digest" in problem for problem in problems(store)] == [True]
    found = latest(store)
    assert found is not None
    assert not found["intact"]
    assert "was changed after it was written" in handoff.text(found)


def test_a_summary_changed_together_with_its_digest_is_found_out(store: Store) -> None:
    done = work(store)
    forged = done | {"done": done["done"] | {"sent": 40, "resolved": {}}}
    change(store, update(t.shifts).values(summary=forged, digest=shift.digest(forged)))
    said = problems(store)
    assert "The digest is not the one that the event log has for this shift." in said
    assert "sent: the summary says 40, the event log 0." in said
    assert len(said) == 3


def test_a_summary_moved_to_another_shift_is_found_out(store: Store) -> None:
    work(store)
    other = work(store, "cleo", T + HOUR)
    change(store, update(t.shifts).where(t.shifts.c.id == 1).values(summary=other, digest=shift.digest(other)))
    assert any("another shift" in problem for problem in problems(store, 1))


def test_a_shortened_event_log_is_found_out(store: Store) -> None:
    work(store)
    change(store, delete(t.events).where(t.events.c.kind == "note.added"))
    assert problems(store) == ["notes: the summary says 1, the event log 0."]
    change(store, delete(t.events).where(t.events.c.kind == "shift.ended"))
    assert "The event log does not say that this shift ended." in problems(store)


@pytest.mark.parametrize("broken", ["{", "[]", "7", "null", '{"done": 3}'])
def test_a_summary_that_is_none_is_found_out(store: Store, broken: str) -> None:
    work(store)
    with store.transaction() as session:
        session.connection().exec_driver_sql("UPDATE shift SET summary = ?", (broken,))
    assert problems(store)
    assert handoff.text(latest(store) or {})


# -- on paper -------------------------------------------------------------------------------------


def test_a_calm_shift_reads_top_down(store: Store) -> None:
    page = handoff.text(work(store))
    lines = page.splitlines()
    assert page.endswith("waiting, 0 in danger, 0 open.\n")
    assert [lines.index(word) for word in ("URGENT", "OPEN", "DONE")] == [2, 7, 10]
    assert "shift 1" in lines[0]
    assert lines[0].endswith("(1h 0m), by ana")
    assert lines[3] == "  2 waiting, the oldest for 1h; 0 late. Next in turn:"
    assert lines[4].split() == ["2", "1h", "@c1:", "@northline", "no", "heat"]
    assert lines[8].split() == ["1", "note:", "phoned", "her"]
    assert "  1 resolved: phoned 1" in lines


def test_a_desk_left_empty_says_so(store: Store) -> None:
    with store.transaction() as session:
        shift.start(session, agent="ana", now=T)
        page = handoff.text(shift.stop(session, agent="ana", now=T))
    assert "Nothing waits." in page
    assert "Nothing is left open." in page


def test_who_acknowledged_stands_at_the_end(store: Store) -> None:
    work(store)
    assert handoff.text(ack(store, said="two wait")).splitlines()[-1].endswith("by ben: two wait")


hostile = st.one_of(
    st.text(st.characters(codec=None), max_size=200),
    st.sampled_from(
        ["\x1b]52;c;aGk=\x07", "[/]", "a\nb\r\nc", "\u202etxt", "👨‍👩‍👧‍👦" * 60, "ｗ" * 300, "x" * 5000, ""]
    ),
)
ids = st.integers(1, 10**7)
moments = st.integers(T - 400 * 24 * HOUR, T).map(clock.iso)


def several(of: st.SearchStrategy[dict[str, Any]], most: int = 12) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(of, max_size=most)


def conversation(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    freshness = st.sampled_from(["fresh", "late", "old", "resurfaced"])
    return st.fixed_dictionaries(
        {"id": ids, "handle": hostile, "preview": hostile, "freshness": freshness, "danger": st.booleans(),
         "waiting_since": st.none() | moments, **more}
    )  # fmt: skip


tallies = st.dictionaries(hostile, ids, max_size=5)
replies = st.fixed_dictionaries(
    {"id": ids, "conversation": ids, "handle": hostile, "text": hostile, "error": st.none() | hostile,
     "state": st.sampled_from(["held", "queued", "sending", "failed", "unknown"])}
)  # fmt: skip
summaries = st.fixed_dictionaries(
    {
        "shift": ids,
        "agent": hostile,
        "started_at": moments,
        "ended_at": st.just(clock.iso(T)),
        "length": st.just("9600h 59m"),
        "waiting": st.fixed_dictionaries(
            {"count": st.integers(0, 10_000), "danger": ids, "late": ids, "top": several(conversation(), 5),
             "oldest": st.none() | st.just({"since": clock.iso(T), "age": "3650d"})}
        ),
        "claimed": several(conversation(age=st.just("206d"), draft=st.booleans())),
        "replies": several(replies),
        "snoozed": several(conversation(until=moments)),
        "skipped": several(conversation(reason=hostile)),
        "resurfaced": several(conversation(state=st.just("recalled"))),
        "notes": several(st.fixed_dictionaries({"conversation": ids, "text": hostile})),
        "promises": several(
            st.fixed_dictionaries(
                {"id": ids, "conversation": ids, "handle": hostile, "text": hostile, "due_at": moments,
                 "overdue": st.booleans()}
            )
        ),
        "done": st.fixed_dictionaries(
            dict.fromkeys(("sent", "failed", "unknown", "recalled"), ids)
            | dict.fromkeys(("resolved", "stops", "overrides"), tallies)
        ),
        "time_to_answer": st.just({"count": 1, "median": {"seconds": 1, "text": "206d"}}),
        "read-back": st.fixed_dictionaries(dict.fromkeys(("waiting", "danger", "open"), ids)),
        "acked_by": st.none() | hostile,
        "acked_at": moments,
        "read_back": hostile,
    }
)  # fmt: skip


def check_page(page: str) -> list[str]:
    lines = page.removesuffix("\n").split("\n")
    assert page.endswith("\n")
    assert clean(page) == page
    assert all(width(text) <= handoff.COLUMNS for text in lines)
    assert len(lines) <= handoff.LINES
    return lines


@given(summaries)
def test_whatever_was_written_the_page_holds(summary: dict[str, Any]) -> None:
    check_page(handoff.text(summary))


def test_the_fullest_shift_fills_one_screen(store: Store) -> None:
    about = {"id": 1, "handle": "a", "preview": "b", "freshness": "late", "waiting_since": clock.iso(T)}
    claimed = [about | {"age": "1h", "draft": True, "danger": n < 20} for n in range(40)]
    reply = {"id": 1, "conversation": 1, "handle": "a", "text": "b", "error": None}
    full = work(store) | {
        "claimed": claimed,
        "replies": [reply | {"state": state} for state in ("held", "failed", "unknown", "held", "held")],
        "snoozed": [about | {"danger": False, "until": clock.iso(T)}] * 9,
        "skipped": [about | {"danger": False, "reason": "why"}] * 9,
        "resurfaced": [about | {"danger": False, "state": "sent"}] * 9,
        "notes": [{"conversation": 1, "text": "b"}] * 9,
        "read-back": {"waiting": 10_000, "danger": 20, "open": 40},
        "acked_by": "ben",
        "acked_at": clock.iso(T),
        "read_back": "much",
    }
    full["waiting"] = full["waiting"] | {"count": 10_000, "top": [about | {"danger": False}] * 5}
    lines = check_page(handoff.text(json.loads(json.dumps(full))))
    assert len(lines) == handoff.LINES
    states = [text.split()[2] for text in lines if text.split()[1:2] == ["reply"]]
    assert states == ["unknown", "failed", "held"], "the gravest first"
    assert sum(text.strip().startswith("and ") for text in lines) == 7
    assert "10000+ waiting" in lines[-2]


def test_promises_stand_first_of_what_is_open_and_the_page_stays_whole(store: Store) -> None:
    about = {"id": 1, "handle": "a", "preview": "b", "freshness": "late", "waiting_since": clock.iso(T)}
    promise = {"id": 1, "conversation": 1, "handle": "a", "text": "call back"}
    due = [clock.iso(T - HOUR), clock.iso(T + HOUR), clock.iso(T + 2 * HOUR), clock.iso(T + 3 * HOUR)]
    full = work(store) | {
        "claimed": [about | {"age": "1h", "draft": True, "danger": n < 20} for n in range(40)],
        "promises": [promise | {"due_at": at, "overdue": n == 0} for n, at in enumerate(due)],
        "ended_at": clock.iso(T),
    }
    full["waiting"] = full["waiting"] | {"count": 9, "top": [about | {"danger": False}] * 5}
    lines = check_page(handoff.text(full))
    first = lines.index("OPEN") + 1
    assert lines[first : first + 3] == [
        f"       1  OVERDUE, promised by {clock.local(T - HOUR)}  @a: call back",
        f"       1  promised by {clock.local(T + HOUR)}  @a: call back",
        "          and 2 more",
    ]


def test_a_summary_from_before_there_were_promises_is_still_read(store: Store) -> None:
    done = work(store)
    del done["promises"]
    assert "Nothing is left open." not in handoff.text(done)
