"""When a text is offered to be kept: typed often enough, by hand, lately, and not said before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NOW, US, post, take

from tui.clock import DAY, Millis
from tui.config import AccountSettings, Config, DeskSettings
from tui.desk import repeated
from tui.desk.composition import Composition, made_of
from tui.desk.repeated import alike, telling_words
from tui.store import tables as t
from tui.store.reader import TypedRow
from tui.store.store import Store

LATE = "We are sorry about the delay; your refund of £12 is on its way and arrives within 5 days."
PEOPLE = ("Amanda", "Ben", "Cyrus", "Dora", "Emil", "Fay", "Gus", "Hal")
Type = Callable[..., int]


@pytest.fixture
def types(store: Store) -> Type:
    """Somebody answers another customer; the conversation's id."""
    count = 0

    def typed(
        text: str, agent: str = "ana", *, at: Millis = NOW, made_of: Composition | None = None, **values: Any
    ) -> int:
        nonlocal count
        name = PEOPLE[count % len(PEOPLE)]
        count += 1
        take(store, post(f"{count}", name.lower() + str(count), f"{US} where is it?", account=US))
        with store.transaction() as session:
            row = {
                "conversation_id": count, "post_id": count, "account_id": 1, "agent": agent, "epoch": 1, "text": text,
                "private": False, "state": "sent", "key": f"key{count}", "created_at": at, "due_at": at,
                "composition": made_of.as_json() if made_of else None, **values,
            }  # fmt: skip
            session.add(t.Reply(**row))
        return count

    return typed


def offered(store: Store, conversation_id: int, agent: str = "ana", after: int = 5, now: Millis = NOW) -> Any:
    config = Config(desk=DeskSettings(offer_after=after))
    return repeated.repeated(store.reader(), conversation_id, agent=agent, config=config, now=now)


def test_the_fifth_time_is_offered_and_says_how_often_by_whom(store: Store, types: Type) -> None:
    for _ in range(3):
        here = types(LATE)
    assert offered(store, here) is None
    types(LATE, "ben")
    here = types(f"@emil5 {LATE}")
    found = offered(store, here)
    assert (found.conversation_id, found.text, found.times, found.own) == (here, LATE, 5, 4)
    assert found.replies == (5, 4, 3, 2, 1)


def test_greeting_name_number_handle_and_signature_make_no_other_text(store: Store, types: Type) -> None:
    for n, name in enumerate(("Amanda", "Ben", "Cyrus", "Dora", "Emil")):
        case = f"Your refund of £{n}41.50 for case {n * 98765432} arrives on {n + 1} May"
        here = types(f"Hi {name}, {case} @{name.lower()}{n + 1} ^A{name[0]}")
    assert offered(store, here).times == 5


def test_another_text_in_between_does_not_count(store: Store, types: Type) -> None:
    for _ in range(4):
        types(LATE)
    here = types("Your refund for the lost suitcase needs a form, which you find on our page.")
    assert offered(store, here) is None


def test_what_was_made_from_a_canned_response_does_not_count(store: Store, types: Type) -> None:
    for _ in range(4):
        types(LATE, made_of=made_of(1))
    assert offered(store, types(LATE)) is None
    assert offered(store, types(LATE, made_of=made_of(1)), after=1) is None
    odd = Composition(warning='a text about "inserted" things')
    here = [types(LATE, made_of=odd) for _ in range(4)][-1]
    assert offered(store, here).times == 5


def test_what_is_older_than_a_month_or_was_recalled_does_not_count(store: Store, types: Type) -> None:
    for _ in range(4):
        types(LATE, at=NOW - 31 * DAY)
    for _ in range(3):
        types(LATE, state="recalled")
    here = types(LATE)
    assert offered(store, here) is None
    assert offered(store, here, now=NOW - 5 * DAY).times == 5


def test_a_text_in_parts_counts_once_and_whole(store: Store, types: Type) -> None:
    for n in range(1, 5):
        types(LATE[:40], part=1, parts=2, first_id=2 * n - 1, whole=LATE)
        types(LATE[40:], part=2, parts=2, first_id=2 * n - 1)
    assert offered(store, types(LATE)).times == 5
    end = "Your lost suitcase is at the office in the station now, where they keep it for you."
    for n in range(10, 14):
        types(LATE, part=1, parts=2, first_id=2 * n, whole=f"{LATE} {end}")
        types(end, part=2, parts=2, first_id=2 * n)
    assert offered(store, types(end)) is None


def test_a_few_letters_are_not_worth_keeping_and_zero_is_never(store: Store, types: Type) -> None:
    for _ in range(6):
        here = types("Thank you!")
    assert offered(store, here) is None
    for _ in range(6):
        here = types(LATE)
    assert offered(store, here, after=0) is None


def test_it_is_said_once_to_each_agent(store: Store, types: Type) -> None:
    for _ in range(5):
        here = types(LATE)
    with store.transaction() as session:
        repeated.told(session, offered(store, here), agent="ana", now=NOW)
    assert offered(store, here) is None
    assert offered(store, types(LATE)) is None
    assert offered(store, types(LATE, "ben"), "ben").times == 7
    other = [types(LATE.replace("refund", "replacement ticket").replace("arrives", "is sent")) for _ in range(5)]
    assert offered(store, other[-1]).times == 5


def test_only_the_agents_own_newest_reply_is_looked_at(store: Store, types: Type) -> None:
    for _ in range(5):
        here = types(LATE, "ben")
    assert offered(store, here, "ana") is None
    assert offered(store, 999) is None


def test_telling_words_are_long_and_nobodys_name() -> None:
    assert telling_words("Hi Amanda, @northlinehelp refunds arrive at https://x.example/suitcases", "Amanda C") == [
        "refunds",
        "arrive",
    ]
    assert telling_words("AB123456 is ok", "") == []


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=40), st.lists(st.text(max_size=300), max_size=3))
def test_whatever_was_written_is_compared(text: str, name: str, others: list[str]) -> None:
    typed = [TypedRow(n, n, "ana", other, name, name) for n, other in enumerate([text, *others])]
    found = alike(text, (name, name), typed, AccountSettings())
    assert not found or found[0].id == 0
    telling_words(text, name)


def test_settings_say_how_alike(store: Store) -> None:
    typed = [TypedRow(1, 1, "ana", LATE.replace("sorry", "very sorry indeed"), "ben", "Ben")]
    strict = replace(AccountSettings(), same_text_ratio=100, same_text_shortest=99)
    assert alike(LATE, ("x",), typed, AccountSettings())
    assert not alike(LATE, ("x",), typed, strict)
