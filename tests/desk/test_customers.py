"""Customers: authors joined to one person and taken apart, and what the guard then sees."""

from collections.abc import Callable
from typing import Any

import pytest
from making import NOW, US, ours, post, take
from sqlalchemy import insert

from tui.clock import HOUR, MINUTE
from tui.config import Config
from tui.desk import claims, customers, guard, incidents, outbox
from tui.desk.guard import Finding, gather
from tui.errors import Misuse, Refused
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

ANSWER = "We have told the crew of the 8:14 about the cold coach, sorry."


def do(store: Store, change: Callable[..., Any], *words: Any, now: int = NOW) -> Any:
    with store.transaction() as session:
        return change(session, *words, agent="ana", now=now)


def groups(reader: Reader, *conversations: int) -> list[list[str]]:
    """The handles that are one person with the author of each conversation."""
    found = []
    for one in conversations:
        row = reader.conversation(one)
        assert row is not None
        found.append([author.handle for author in reader.authors(row.author_id)])
    return found


def shared(reader: Reader, conversation_id: int) -> int | None:
    row = reader.conversation(conversation_id)
    assert row is not None
    return next(a.customer_id for a in reader.authors(row.author_id) if a.id == row.author_id)


@pytest.fixture
def five(store: Store) -> Store:
    """Conversations 1 to 5 of five authors, and 6 of the first again, on three networks."""
    network = ("x", "mastodon", "bluesky", "x", "x", "x")
    for number, where in enumerate(network, 1):
        handle = f"a{number if number < 6 else 1}"
        take(store, post(str(number), handle, ago=(9 - number) * HOUR, network=where, account=US))
    return store


def test_authors_are_joined_to_one_person(five: Store, reader: Reader) -> None:
    assert groups(reader, 1, 2) == [["a1"], ["a2"]]
    person = do(five, customers.join, [2, 3])
    assert groups(reader, 1, 2, 3) == [["a1"], ["a2", "a3"], ["a2", "a3"]]
    assert person == shared(reader, 2) == shared(reader, 3)
    told = [(e.kind, e.conversation_id, e.data["customer"]) for e in reader.events() if e.kind.startswith("customer.")]
    assert told == [("customer.joined", 2, person), ("customer.joined", 3, person)]


def test_joining_groups_merges_them_under_the_smallest(five: Store, reader: Reader) -> None:
    high = do(five, customers.join, [4, 5])
    low = do(five, customers.join, [3, 2])
    assert low < high
    assert do(five, customers.join, [5, 3]) == low
    assert groups(reader, 1, 4) == [["a1"], ["a2", "a3", "a4", "a5"]]
    lowest = do(five, customers.join, [4, 1])
    assert groups(reader, 2, 6) == [["a1", "a2", "a3", "a4", "a5"]] * 2
    row = reader.conversation(1)
    assert row is not None
    assert lowest == min(author.id for author in reader.authors(row.author_id)) == shared(reader, 5)
    assert len({shared(reader, n) for n in range(1, 7)}) == 1


def test_joining_what_is_joined_changes_nothing(five: Store, reader: Reader) -> None:
    do(five, customers.join, [1, 2])
    before = reader.last_event()
    do(five, customers.join, [2, 1, 2])
    assert reader.last_event() == before


@pytest.mark.parametrize("ids", [[1], [1, 1], [1, 6]])
def test_one_author_cannot_be_joined(five: Store, ids: list[int]) -> None:
    with pytest.raises(Refused, match="at least two"):
        do(five, customers.join, ids)


def test_our_own_authors_are_nobodys_customer(five: Store, reader: Reader) -> None:
    with five.transaction() as session:
        session.execute(insert(t.accounts).values(network="mastodon", handle="@A2", name="a2", created_at=NOW))
    with pytest.raises(Refused, match="@a2 on mastodon is one of our own"):
        do(five, customers.join, [1, 2])
    assert groups(reader, 1) == [["a1"]]


def test_our_handle_on_another_network_is_somebody_else(five: Store, reader: Reader) -> None:
    with five.transaction() as session:
        session.execute(insert(t.accounts).values(network="mastodon", handle="@a4", name="a4", created_at=NOW))
    do(five, customers.join, [1, 4])
    assert groups(reader, 1) == [["a1", "a4"]]


def test_who_is_split_is_alone_and_the_rest_stay(five: Store, reader: Reader) -> None:
    do(five, customers.join, [1, 2, 3])
    do(five, customers.split, 6)
    assert groups(reader, 1, 2) == [["a1"], ["a2", "a3"]]
    assert shared(reader, 1) is None
    assert shared(reader, 2) == shared(reader, 3) is not None
    assert [(e.kind, e.conversation_id) for e in reader.events()][-1] == ("customer.split", 6)
    do(five, customers.split, 2)
    assert (groups(reader, 2, 3), shared(reader, 3)) == ([["a2"], ["a3"]], None)
    with pytest.raises(Refused, match="@a3 on bluesky is joined with nobody"):
        do(five, customers.split, 3)


def test_a_conversation_that_is_not_there_joins_none(five: Store, reader: Reader) -> None:
    with pytest.raises(Misuse, match="no conversation 99"):
        do(five, customers.join, [1, 2, 99])
    with pytest.raises(Misuse, match="no conversation 99"):
        do(five, customers.split, 99)
    assert groups(reader, 1) == [["a1"]]


def test_the_conversations_of_a_person_are_found(five: Store, reader: Reader) -> None:
    do(five, customers.join, [1, 3])
    row = reader.conversation(3)
    assert row is not None
    assert [one.id for one in reader.conversations_of(row.author_id, 9)] == [6, 3, 1]
    assert [one.id for one in reader.conversations_of(row.author_id, 2)] == [6, 3]


# -- what the guard makes of it --------------------------------------------------------------------


def found(reader: Reader, check: str, conversation_id: int, text: str = ANSWER, agent: str = "ana") -> Finding | None:
    case = gather.case(reader, conversation_id, text, agent=agent, config=Config(), now=NOW)
    return next((one for one in guard.examine(case) if one.check == check), None)


def test_what_a_person_got_elsewhere_is_not_said_again(five: Store, reader: Reader) -> None:
    take(five, ours("90", "2", 3 * HOUR, text=f"@a2 {ANSWER}", network="mastodon", account=US))
    assert found(reader, "same-text", 3) is None
    do(five, customers.join, [2, 3])
    said = found(reader, "same-text", 3)
    assert said is not None
    assert said.verdict == "stop"
    assert said.text.startswith("@a3 got nearly this text 3h ago: ")


def test_what_is_on_its_way_to_a_person_elsewhere_is_not_said_again(five: Store, reader: Reader) -> None:
    with five.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        outbox.hold(session, claim, ANSWER, config=Config(), now=NOW)
    said = found(reader, "same-text", 6)
    assert said is not None
    assert (said.verdict, said.evidence["count"]) == ("stop", 1)
    assert found(reader, "same-text", 2) is None


def test_a_colleague_who_holds_the_same_person_elsewhere_is_named(five: Store, reader: Reader) -> None:
    with five.transaction() as session:
        claims.claim(session, 2, agent="Ben", now=NOW - 4 * MINUTE, lease=HOUR)
    assert found(reader, "same-customer", 3) is None
    do(five, customers.join, [2, 3])
    said = found(reader, "same-customer", 3)
    assert said is not None
    assert said.text == "Ben has held conversation 2 with the same person on mastodon for 4m."
    assert found(reader, "same-customer", 3, agent="Ben") is None


def test_a_colleague_who_answered_the_same_person_elsewhere_is_named(five: Store, reader: Reader) -> None:
    with five.transaction() as session:
        claim = claims.claim(session, 1, agent="Ben", now=NOW - 4 * MINUTE, lease=HOUR)
        reply, _ = outbox.hold(session, claim, ANSWER, config=Config(), now=NOW - 4 * MINUTE)
        outbox.send_now(session, reply, agent="Ben", now=NOW)
        claims.release(session, 1, agent="Ben", now=NOW)
    said = found(reader, "same-customer", 6, text="Which coach was it?")
    assert said is not None
    assert said.verdict == "warn"
    assert said.text == f"Ben answered the same person, @a1, 4m ago on x in conversation 1: “{ANSWER}”."
    assert found(reader, "same-customer", 6, text="Which coach was it?", agent="Ben") is None
    do(five, lambda session, agent, now: incidents.add(session, "Cold coach", text="Cold", agent=agent, now=now))
    do(five, incidents.link, "Cold coach", [1, 6])
    assert found(reader, "same-customer", 6, text="Which coach was it?") is None


def test_of_a_chatty_person_the_held_and_newest_fifty_are_looked_at(five: Store, reader: Reader) -> None:
    many = [post(f"m{n}", "chatty", ago=n * MINUTE) for n in range(300)]
    take(five, *many, *(ours(f"r{n}", f"m{n}", n * MINUTE - MINUTE, text=f"Answer {n}") for n in range(1, 300)))
    with five.transaction() as session:
        claims.claim(session, 250, agent="Ben", now=NOW, lease=HOUR)
    row = reader.conversation(300)
    assert row is not None
    others = reader.others(row.id, row.author_id)
    assert len(others) == 50
    assert others[0].owner == "Ben"
    answers = [one.answered_at or 0 for one in others[1:]]
    assert answers == sorted(answers, reverse=True)
    assert answers[0] > NOW - 5 * MINUTE
