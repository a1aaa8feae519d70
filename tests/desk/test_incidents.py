"""Incidents: opened, updated, closed and linked, each change with its event, and what the guard makes of them."""

from collections.abc import Callable
from typing import Any

import pytest
from making import NOW, ours, post, rows, take
from sqlmodel import Session

from tui.clock import HOUR, MINUTE
from tui.config import Config
from tui.desk import claims, guard, incidents, outbox
from tui.desk.guard import gather
from tui.errors import Misuse, Refused
from tui.store.reader import IncidentRow, Reader
from tui.store.store import Store

LINE_4 = "Line 4 closed"
ASKED = "@northline when does line 4 run again?"
TEXT = "Line 4 is closed between Harbour and Mill, buses run."
UPDATE = "Line 4 runs again from 10:00, please allow ten minutes more."


def do(store: Store, change: Callable[..., Any], *words: Any, now: int = NOW, **named: Any) -> Any:
    with store.transaction() as session:
        return change(session, *words, agent="ana", now=now, **named)


def opened(store: Store, name: str = LINE_4, now: int = NOW) -> int:
    made = do(store, incidents.add, name, text=TEXT, now=now)
    assert isinstance(made, int)
    return made


def told(reader: Reader) -> list[tuple[str, int | None, dict[str, Any]]]:
    return [(e.kind, e.conversation_id, e.data) for e in reader.events() if e.kind.startswith("incident.")]


def incident_of(reader: Reader, conversation_id: int) -> str | None:
    row = reader.conversation(conversation_id)
    assert row is not None
    return row.incident


@pytest.fixture
def three(store: Store) -> Store:
    """Conversations 1, 2 and 3."""
    take(store, *(post(str(n), f"person{n}", ago=n * MINUTE) for n in (3, 2, 1)))
    return store


def test_an_incident_opens_with_its_first_update(store: Store, reader: Reader) -> None:
    made = opened(store, "  Line 4\n closed ")
    assert reader.incidents() == [IncidentRow(made, LINE_4, "open", TEXT, NOW, NOW, None, 0)]
    assert told(reader) == [("incident.added", None, {"incident": made, "name": LINE_4, "text": TEXT})]


@pytest.mark.parametrize("name", ["", "  ", "404", "4 / 5", "x" * 81])
def test_a_name_has_letters_and_is_short(store: Store, reader: Reader, name: str) -> None:
    with pytest.raises(Refused, match="name of up to 80"):
        opened(store, name)
    assert reader.incidents() == []
    opened(store, "x" * 80)


@pytest.mark.parametrize("name", [LINE_4, "LINE 4 CLOSED", " line 4  closed"])
def test_a_name_stands_for_one_incident(store: Store, reader: Reader, name: str) -> None:
    opened(store)
    with pytest.raises(Refused, match="already; update it"):
        opened(store, name)
    assert len(reader.incidents()) == 1


def test_an_incident_says_something(store: Store, reader: Reader) -> None:
    with pytest.raises(Refused, match="Say what is known"):
        do(store, incidents.add, LINE_4, text=" \n")
    opened(store)
    with pytest.raises(Refused, match="Say what is known"):
        do(store, incidents.add_update, LINE_4, text="")
    assert [one.text for one in reader.incidents()] == [TEXT]


def test_an_update_is_the_newest_word(store: Store, reader: Reader) -> None:
    made = opened(store)
    assert do(store, incidents.add_update, str(made), text=f" {UPDATE} ", now=NOW + HOUR) == made
    assert reader.incidents() == [IncidentRow(made, LINE_4, "open", UPDATE, NOW, NOW + HOUR, None, 0)]
    data = {"incident": made, "name": LINE_4, "text": UPDATE, "reopened": False}
    assert told(reader)[-1] == ("incident.updated", None, data)


@pytest.mark.parametrize(("text", "kept", "updated_at"), [("", TEXT, NOW), (UPDATE, UPDATE, NOW + HOUR)])
def test_closing_may_have_a_last_word_and_unlinks_nothing(
    three: Store, reader: Reader, text: str, kept: str, updated_at: int
) -> None:
    made = opened(three)
    do(three, incidents.link, LINE_4, [1])
    do(three, incidents.close, LINE_4, text=text, now=NOW + HOUR)
    assert reader.incidents() == [IncidentRow(made, LINE_4, "closed", kept, NOW, updated_at, NOW + HOUR, 1)]
    assert told(reader)[-1] == ("incident.closed", None, {"incident": made, "name": LINE_4, "text": text})
    assert reader.incidents(only_open=True) == []
    with pytest.raises(Refused, match="closed already"):
        do(three, incidents.close, LINE_4)


def test_an_update_opens_a_closed_one_again(store: Store, reader: Reader) -> None:
    opened(store)
    do(store, incidents.close, LINE_4, now=NOW + MINUTE)
    do(store, incidents.add_update, LINE_4, text=UPDATE, now=NOW + HOUR)
    (again,) = reader.incidents()
    assert (again.state, again.closed_at, again.updated_at) == ("open", None, NOW + HOUR)
    assert told(reader)[-1][2]["reopened"] is True


def test_several_are_linked_at_once_and_each_says_so(three: Store, reader: Reader) -> None:
    made = opened(three)
    assert do(three, incidents.link, "line 4 closed", [3, 1, 3]) == [3, 1]
    assert [incident_of(reader, n) for n in (1, 2, 3)] == [LINE_4, None, LINE_4]
    data = {"incident": made, "name": LINE_4}
    assert told(reader)[1:] == [("incident.linked", 3, data), ("incident.linked", 1, data)]
    assert do(three, incidents.link, LINE_4, [1, 2]) == [2]
    assert [one.conversations for one in reader.incidents()] == [3]


def test_another_incident_replaces_the_one_before(three: Store, reader: Reader) -> None:
    opened(three)
    other = opened(three, "Lifts out of order")
    do(three, incidents.link, LINE_4, [1])
    assert do(three, incidents.link, str(other), [1]) == [1]
    assert incident_of(reader, 1) == "Lifts out of order"
    assert told(reader)[-1][2] == {"incident": other, "name": "Lifts out of order", "instead_of": LINE_4}


def test_what_is_unlinked_is_about_nothing(three: Store, reader: Reader) -> None:
    made = opened(three)
    do(three, incidents.link, LINE_4, [1, 2])
    assert do(three, incidents.unlink, [1, 3]) == [1]
    assert [incident_of(reader, n) for n in (1, 2, 3)] == [None, LINE_4, None]
    assert told(reader)[-1] == ("incident.unlinked", 1, {"incident": made, "name": LINE_4})


def test_a_conversation_that_is_not_there_links_none(three: Store, reader: Reader) -> None:
    opened(three)
    with pytest.raises(Misuse, match="no conversation 99"):
        do(three, incidents.link, LINE_4, [1, 99])
    assert incident_of(reader, 1) is None


@pytest.mark.parametrize(("linked", "kept"), [((1,), LINE_4), ((2,), LINE_4), ((1, 2), LINE_4), ((), None)])
def test_conversations_that_become_one_keep_their_incident(
    store: Store, reader: Reader, linked: tuple[int, ...], kept: str | None
) -> None:
    take(store, post("1", ago=HOUR), post("3", ago=MINUTE, in_reply_to="2", kind="reply"))
    opened(store)
    do(store, incidents.link, LINE_4, linked)
    take(store, post("2", ago=2 * MINUTE, in_reply_to="1", kind="reply"))
    (row,) = rows(reader)
    assert (len(reader.posts(row.id)), row.incident) == (3, kept)


@pytest.mark.parametrize("name", ["line 5", "2", "0", "-1", "", "9" * 40, "²"])
def test_an_incident_that_is_not_there_is_named(three: Store, name: str) -> None:
    opened(three)
    for change in (incidents.add_update, incidents.close):
        with pytest.raises(Misuse, match="No incident is called"):
            do(three, change, name, text=UPDATE)
    with pytest.raises(Misuse, match="No incident is called"):
        do(three, incidents.link, name, [1])


# -- what the guard makes of it --------------------------------------------------------------------


def checked(reader: Reader, conversation_id: int, text: str, now: int = NOW) -> list[str]:
    case = gather.case(reader, conversation_id, text, agent="ana", config=Config(), now=now)
    return [found.check for found in guard.examine(case)]


@pytest.fixture
def answered(store: Store) -> Store:
    """Conversation 1, asked two hours ago and answered one hour ago."""
    take(store, post("1", text=ASKED, ago=2 * HOUR), ours("2", "1", HOUR, text=TEXT))
    return store


def test_news_of_the_incident_is_owed_to_those_answered_before_it(answered: Store, reader: Reader) -> None:
    opened(answered, now=NOW - 90 * MINUTE)
    do(answered, incidents.link, LINE_4, [1])
    assert checked(reader, 1, UPDATE) == ["answered"]
    do(answered, incidents.add_update, LINE_4, text=UPDATE, now=NOW - MINUTE)
    assert checked(reader, 1, UPDATE) == []
    assert checked(reader, 1, TEXT) == ["same-text"]


def test_news_of_another_incident_are_not(answered: Store, reader: Reader) -> None:
    opened(answered, now=NOW - 90 * MINUTE)
    do(answered, incidents.add_update, LINE_4, text=UPDATE, now=NOW - MINUTE)
    assert checked(reader, 1, UPDATE) == ["answered"]


@pytest.mark.parametrize(("text", "findings"), [("", ["answered"]), (UPDATE, [])])
def test_how_it_ended_is_news_where_it_was_said(
    answered: Store, reader: Reader, text: str, findings: list[str]
) -> None:
    opened(answered, now=NOW - 90 * MINUTE)
    do(answered, incidents.link, LINE_4, [1])
    do(answered, incidents.close, LINE_4, text=text, now=NOW - MINUTE)
    assert checked(reader, 1, UPDATE) == findings


def test_an_update_is_told_once(answered: Store, reader: Reader) -> None:
    opened(answered, now=NOW - 90 * MINUTE)
    do(answered, incidents.link, LINE_4, [1])
    do(answered, incidents.add_update, LINE_4, text=UPDATE, now=NOW - 10 * MINUTE)

    def send(session: Session) -> None:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        outbox.hold(session, claim, UPDATE, config=Config(), now=NOW)

    with answered.transaction() as session:
        send(session)
    later = NOW + 6 * MINUTE
    assert checked(reader, 1, "Line 4 is all right now, thank you for waiting.", later) == ["answered"]
    do(answered, incidents.add_update, LINE_4, text="All is well.", now=later - MINUTE)
    assert checked(reader, 1, "Line 4 is all right now, thank you for waiting.", later) == []


def test_replies_about_an_incident_are_counted_apart(store: Store, reader: Reader) -> None:
    people = range(1, 24)
    take(store, *(post(str(n), f"person{n}", ASKED, HOUR) for n in people))
    take(store, *(ours(f"o{n}", str(n), n * MINUTE, text=TEXT) for n in people if n > 3))
    assert checked(reader, 1, TEXT) == ["same-text"]
    opened(store)
    do(store, incidents.link, LINE_4, [1])
    assert checked(reader, 1, TEXT) == []
    do(store, incidents.link, LINE_4, range(4, 23))
    assert checked(reader, 1, TEXT) == []
    assert checked(reader, 2, TEXT) == []
    do(store, incidents.link, LINE_4, [23])
    assert checked(reader, 1, TEXT) == ["same-text"]
    do(store, incidents.unlink, [21, 22, 23])
    assert checked(reader, 1, TEXT) == []
    assert checked(reader, 2, TEXT) == ["same-text"]


def test_private_replies_are_not_counted(store: Store, reader: Reader) -> None:
    take(store, *(post(str(n), f"person{n}", ago=HOUR, kind="dm") for n in range(1, 6)))
    take(store, post("9", "person9", ASKED, HOUR))
    take(store, *(ours(f"o{n}", str(n), n * MINUTE, text=TEXT, kind="dm") for n in range(1, 4)))
    with store.transaction() as session:
        claim = claims.claim(session, 5, agent="ana", now=NOW, lease=HOUR)
        outbox.hold(session, claim, TEXT, config=Config(), now=NOW)
    assert checked(reader, 6, TEXT) == []
    assert reader.sent_since("@northline", "x", 0) == []
