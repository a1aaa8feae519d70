"""Who is at the desk, who is not any more, and how that is said."""

from typing import Any

import pytest
from making import NOW, post, rows, take

from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.desk import claims, presence
from tui.desk.around import Around
from tui.store.reader import GONE, PresentRow, QueueRow, Reader
from tui.store.store import Store


@pytest.fixture(autouse=True)
def two(store: Store) -> None:
    take(store, post("1", "amandac"), post("2", "bill"))


def beat(store: Store, desk: str, agent: str, at: Millis, doing: Any = "looks", conversation: int | None = 1) -> None:
    with store.transaction() as session:
        presence.beat(
            session, desk, agent=agent, host="here", pid=7, doing=doing, conversation_id=conversation, now=at
        )  # fmt: skip


def seen(reader: Reader, at: Millis) -> list[tuple[str, str, int | None, Millis]]:
    return [row[:4] for row in reader.present(at)]


def conversation(reader: Reader, number: int = 1) -> QueueRow:
    return next(row for row in rows(reader) if row.id == number)


# -- rows -----------------------------------------------------------------------------------------


def test_since_tells_when_it_began_and_not_when_it_was_last_told(store: Store, reader: Reader) -> None:
    beat(store, "d", "ana", NOW)
    beat(store, "d", "ana", NOW + 5 * SECOND)
    assert seen(reader, NOW + 6 * SECOND) == [("ana", "looks", 1, NOW)]
    beat(store, "d", "ana", NOW + 7 * SECOND, "writes")
    assert seen(reader, NOW + 7 * SECOND) == [("ana", "writes", 1, NOW + 7 * SECOND)]
    beat(store, "d", "ana", NOW + 8 * SECOND, "away", None)
    beat(store, "d", "ana", NOW + 9 * SECOND, "away", None)
    assert seen(reader, NOW + 9 * SECOND) == [("ana", "away", None, NOW + 8 * SECOND)]


def test_a_mere_sign_of_life_changes_nothing_and_says_where_more_is_to_be_told(store: Store, reader: Reader) -> None:
    def live(desk: str, at: Millis, conversation: int | None = 1, doing: Any = "looks") -> bool:
        with store.transaction() as session:
            plain = store.home.plain(session.connection().connection.dbapi_connection)
            return presence.live(plain, desk, doing=doing, conversation_id=conversation, now=at)

    assert not live("d", NOW)
    beat(store, "d", "ana", NOW)
    assert live("d", NOW + SECOND)
    assert [(row.since, row.beat_at) for row in reader.present(NOW)] == [(NOW, NOW + SECOND)]
    assert not live("d", NOW, conversation=2)
    assert not live("d", NOW, conversation=None)
    assert not live("d", NOW, doing="writes")
    beat(store, "d", "ana", NOW, "away", None)
    assert live("d", NOW + 2 * SECOND, None, "away")
    with store.transaction() as session:
        presence.drop(session, "d", NOW)
    assert not live("d", NOW, None, "away")


def test_a_desk_that_is_silent_is_gone_and_back_with_its_next_beat(store: Store, reader: Reader) -> None:
    beat(store, "d", "ana", NOW, "writes")
    assert seen(reader, NOW + GONE) == [("ana", "writes", 1, NOW)]
    (row,) = reader.present(NOW + GONE + 1)
    assert (row.doing, row.did, row.conversation_id, row.since) == ("dropped", "writes", 1, NOW)
    beat(store, "d", "ana", NOW + MINUTE, "writes")
    assert seen(reader, NOW + MINUTE) == [("ana", "writes", 1, NOW)]


def test_a_clock_that_was_set_back_keeps_no_dead_desk_alive(store: Store, reader: Reader) -> None:
    beat(store, "d", "ana", NOW)
    assert seen(reader, NOW - HOUR)[0][1] == "dropped"
    beat(store, "d", "ana", NOW - HOUR)
    assert seen(reader, NOW - HOUR)[0][1] == "looks"


def test_who_is_told_that_the_line_is_gone_is_gone_at_once_and_the_first_time_counts(
    store: Store, reader: Reader
) -> None:
    beat(store, "d", "ana", NOW, "writes")
    for later in (1, 2):
        with store.transaction() as session:
            presence.drop(session, "d", NOW + later)
    assert seen(reader, NOW + 2) == [("ana", "dropped", 1, NOW + 1)]
    beat(store, "d", "ana", NOW + 3, "writes")
    assert seen(reader, NOW + 3)[0][1] == "writes"


def test_an_orderly_end_leaves_nothing(store: Store, reader: Reader) -> None:
    beat(store, "d", "ana", NOW)
    beat(store, "e", "ben", NOW)
    with store.transaction() as session:
        presence.leave(session, "d")
    assert [row.agent for row in reader.present(NOW)] == ["ben"]


def test_rows_of_the_dead_go_after_a_day_or_when_their_agent_has_seen_them(store: Store, reader: Reader) -> None:
    beat(store, "old", "ana", NOW - presence.KEPT - 1)
    beat(store, "read", "ben", NOW - HOUR)
    beat(store, "unread", "cara", NOW - HOUR)
    with store.transaction() as session:
        presence.sweep(session, NOW, seen=["read"])
    assert [row.id for row in reader.present(NOW)] == ["unread"]


# -- words ----------------------------------------------------------------------------------------


def present(agent: str, doing: Any, at: int | None = 1, since: Millis = NOW, did: Any = "looks") -> PresentRow:
    return PresentRow(agent, doing, at, since, did, f"desk of {agent} {doing}", "here", 7, since)


def words(reader: Reader, *present_rows: PresentRow, now: Millis = NOW, number: int = 1, agent: str = "me") -> str:
    return Around(present_rows, own="mine", agent=agent).sentence(conversation(reader, number), now)


def test_everybody_there_is_told_once_writers_first(reader: Reader) -> None:
    told = words(reader, present("cara", "looks"), present("ben", "writes"), present("ben", "looks"))
    assert told == "ben is writing, cara looks"
    assert words(reader, present("cara", "looks"), number=2) == ""


def test_who_has_a_conversation_and_is_not_there_is_told(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
    assert words(reader, present("ana", "away", None)) == "ana is away"
    assert words(reader, present("ana", "away", None), number=2) == ""
    assert words(reader, present("ana", "dropped", 2)) == "ana's line dropped"
    assert words(reader, present("ana", "dropped", 1), now=NOW + 2 * MINUTE) == "ana's line dropped 2m ago"


def test_a_line_that_dropped_is_told_for_long_only_where_it_matters(reader: Reader) -> None:
    assert words(reader, present("ana", "dropped"), now=NOW + 9 * MINUTE) == "ana's line dropped 9m ago"
    assert words(reader, present("ana", "dropped"), now=NOW + 10 * MINUTE) == ""
    writer = present("ana", "dropped", did="writes")
    assert words(reader, writer, now=NOW + 3 * HOUR) == "ana's line dropped 3h ago"


def test_who_is_back_at_another_desk_has_dropped_nowhere(reader: Reader) -> None:
    assert words(reader, present("ana", "dropped"), present("ana", "looks", 2)) == ""


def test_ones_own_desk_is_told_to_nobody_and_another_of_ones_own_is(reader: Reader) -> None:
    mine = present("me", "writes")._replace(id="mine")
    assert words(reader, mine) == ""
    assert words(reader, mine, present("me", "writes")) == "you write at another desk"
    assert words(reader, mine, present("me", "dropped")) == ""


def test_a_name_is_cleaned(reader: Reader) -> None:
    assert "\x1b" not in words(reader, present("an\x1b[2Ja", "looks"))
