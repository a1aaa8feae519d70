"""How far our accounts are read, in words: only where it is worth one."""

from typing import Any

import pytest
from making import NOW, US, take
from sqlalchemy import insert, update

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.config import AccountSettings, Config
from tui.desk import sources
from tui.store import log
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store


def source(store: Store, name: str = "mentions", **values: Any) -> None:
    take(store)
    values = {"account_id": 1, "name": name, "next_at": NOW} | values
    with store.transaction() as session:
        session.execute(insert(t.sources).values(values))


def said(reader: Reader, config: Config | None = None) -> list[str]:
    return [one.sentence for one in sources.standings(reader, NOW, config)]


def test_what_is_read_as_it_should_be_is_not_worth_a_word(store: Store, reader: Reader) -> None:
    source(store, reached_at=NOW - 2 * MINUTE)
    source(store, "search", reached_at=NOW - 10 * MINUTE)
    assert said(reader) == ["", ""]
    assert sources.headline(sources.standings(reader, NOW), NOW) == ""


def test_more_than_two_intervals_behind_is(store: Store, reader: Reader) -> None:
    source(store, reached_at=NOW - 2 * MINUTE - 1)
    source(store, "search", reached_at=NOW - 3 * HOUR)
    assert said(reader) == ["@northline mentions 2m behind.", "@northline search 3h behind."]
    assert sources.headline(sources.standings(reader, NOW), NOW) == "@northline mentions 2m behind."
    slow = Config(accounts={"default": AccountSettings(poll_seconds=600)})
    assert said(reader, slow) == ["", "@northline search 3h behind."]


def test_no_calls_left_is_said_as_such(store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    source(store, reached_at=NOW - 5 * MINUTE, rate_limit=300, rate_left=0, rate_resets_at=NOW + 10 * MINUTE)
    (sentence,) = said(reader)
    assert sentence.startswith("@northline mentions: no calls are left until ")


def test_a_failure_is_worth_a_word_once_it_has_lasted(store: Store, reader: Reader) -> None:
    source(store, "own", error="x.example does not answer.", failing_since=NOW - 30 * SECOND, reached_at=NOW - MINUTE)
    assert said(reader) == ["@northline own not read: x.example does not answer."]
    assert sources.headline(sources.standings(reader, NOW), NOW) == ""
    with store.transaction() as session:
        session.execute(update(t.sources).values(failing_since=NOW - 5 * MINUTE))
    words = "@northline own not read for 5m: x.example does not answer."
    assert (said(reader), sources.headline(sources.standings(reader, NOW), NOW)) == ([words], words)


def test_what_was_never_read_is_said_and_what_addresses_us_comes_first(store: Store, reader: Reader) -> None:
    source(store, "search", reached_at=NOW - 9 * HOUR)
    source(store, "messages", reached_at=NOW)
    source(store, "mentions")
    standings = sources.standings(reader, NOW)
    assert [one.source for one in standings] == ["mentions", "messages", "search"]
    assert standings[0].as_json() == {
        "network": "x", "account": US, "source": "mentions", "behind_ms": None, "failing_since": None,
        "text": "@northline mentions not read yet.",
    }  # fmt: skip
    assert sources.headline(standings, NOW) == "@northline mentions not read yet."


def test_a_gap_is_said_for_a_day_and_cleaned(store: Store, reader: Reader) -> None:
    about = {"network": "x", "handle": f"{US}\x1b[2J", "source": "mentions", "since": NOW - HOUR}
    with store.transaction() as session:
        log.append(session, "source.gap", at=NOW, agent="intake", **about)
    (sentence,) = sources.gaps(reader, NOW + HOUR)
    assert "\x1b" not in sentence
    assert "some mentions published after" in sentence
    assert sources.gaps(reader, NOW + DAY + 1) == []
