"""The library: every change is vetted and kept as a version, stale ones are refused, nothing is lost."""

from dataclasses import replace
from typing import Any

import pytest
from making import NOW
from sqlalchemy import update

from tui.clock import DAY, HOUR, Millis
from tui.desk.canned import editing, library
from tui.desk.canned.library import NOBODY
from tui.desk.canned.response import LIBRARY_CHANGES, Action, Canned, Variant
from tui.errors import Misuse, Refused, ShiftdeskError
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

LATER: Millis = NOW + HOUR
FULL = Canned(
    0, "Refund", "25 % back.", "refund", ("money",), "en", "", "team", NOW, NOW + DAY, owner="ana", incident="Line 4",
    variants=(Variant("25 % zurück.", "de"), Variant("25 %!", network="x", plain=True)),
    actions=(Action("tag", "refund"), Action("promise", "we call back", DAY)),
)  # fmt: skip


def change(store: Store, canned: Canned, agent: str = "ana", now: Millis = NOW) -> Canned:
    with store.transaction() as session:
        return library.change(session, canned, agent=agent, now=now)


@pytest.fixture
def refund(store: Store) -> Canned:
    return change(store, FULL)


# -- changing ----------------------------------------------------------------------------------------


def test_a_team_response_that_includes_a_colleagues_own_is_not_stored(store: Store, reader: Reader) -> None:
    change(store, Canned(0, "Bye", "Bye.", scope="agent"), "ben")
    with pytest.raises(Misuse, match=r"^'Late' cannot be stored: 'Late' includes 'Bye', which is ben's own\.$"):
        change(store, Canned(0, "Late", "It is late. {% include 'Bye' %}"), "ben")
    change(store, Canned(0, "Late", "It is late. {% include 'Bye' %}", scope="agent"), "ben")
    assert [row["name"] for row in reader.canned()] == ["Bye", "Late"]


def test_every_event_that_changes_the_library_is_known_as_one(store: Store, reader: Reader, refund: Canned) -> None:
    with store.transaction() as session:
        library.change(session, replace(refund, body="50 %", approved=False), agent="ana", now=NOW)
        library.approve(session, refund.id, agent="ana", now=NOW)
        library.retire(session, refund.id, agent="ana", now=NOW + 1)
        library.restore(session, refund.id, 1, agent="ana", now=LATER)
    kinds = {event.kind for event in reader.events() if event.kind.startswith("canned.")}
    assert kinds == LIBRARY_CHANGES


def test_what_is_stored_comes_back_whole(reader: Reader, refund: Canned) -> None:
    assert replace(refund, id=0) == FULL
    assert [library.response(row) for row in reader.canned()] == [refund]


def test_the_same_again_is_no_version(store: Store, reader: Reader, refund: Canned) -> None:
    before = reader.last_event()
    assert change(store, refund, "ben", LATER) == change(store, FULL, "ben", LATER) == refund
    assert (reader.last_event(), len(library.history(reader, refund.id))) == (before, 1)


def test_by_its_name_one_is_changed_by_its_id_it_is_renamed(store: Store, reader: Reader, refund: Canned) -> None:
    assert change(store, replace(FULL, body="50 %")).id == refund.id
    renamed = change(store, replace(refund, name="Money back", version=2))
    assert (renamed.id, renamed.name, renamed.version) == (refund.id, "Money back", 3)
    assert len(reader.canned()) == 1


def test_use_and_counters_outlive_a_change(store: Store, refund: Canned) -> None:
    with store.transaction() as session:
        session.execute(update(t.canned_responses).values(uses=7, last_used=NOW))
    made = change(store, replace(refund, body="50 %"))
    assert (made.uses, made.last_used) == (7, NOW)


def test_every_change_is_an_event_with_its_agent(store: Store, reader: Reader, refund: Canned) -> None:
    change(store, replace(refund, body="50 %"), "ben", LATER)
    events = [event for event in reader.events() if event.kind.startswith("canned.")]
    assert [(event.kind, event.agent, event.at, event.data["version"]) for event in events] == [
        ("canned.added", "ana", NOW, 1),
        ("canned.changed", "ben", LATER, 2),
    ]


def test_a_stale_change_is_refused_with_who_and_when(store: Store, reader: Reader, refund: Canned) -> None:
    change(store, replace(refund, body="50 %"), "ben", LATER)
    with pytest.raises(Refused, match=r"changed by ben at .* version 2") as refused:
        change(store, replace(refund, body="75 %"))
    assert refused.value.details["version"] == 2
    assert reader.canned()[0]["body"] == "50 %"
    assert change(store, replace(refund, body="75 %", version=2)).version == 3


def test_what_is_gone_is_refused(store: Store, refund: Canned) -> None:
    with pytest.raises(Refused, match="no canned response 99"):
        change(store, replace(refund, id=99))


def test_a_personal_one_is_its_agents_where_nobody_is_named(store: Store) -> None:
    assert change(store, Canned(0, "Mine", "b", scope="agent"), "ben").owner == "ben"
    assert change(store, Canned(0, "Hers", "b", scope="agent", owner="ana"), "ben").owner == "ana"


# -- what can not be stored --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": " "}, "no name"),
        ({"body": " \n"}, "no body"),
        ({"body": "Fine\n{{ customer.name | upcas }}"}, "line 2: unknown filter 'upcas'"),
        ({"variants": (Variant("ok"), Variant("{{ x"))}, "variant 2, line 1: '{{' is never closed"),
        ({"variants": (Variant(""),)}, "variants has no body"),
        ({"body": "{% include 'Nowhere' %}"}, "called 'Nowhere'"),
        ({"body": "{% include 'Refund' %}"}, "includes itself"),
        ({"scope": "account"}, "x:@northline"),
        ({"scope": "all"}, "it can be team"),
        ({"valid_from": NOW, "valid_until": NOW}, "not before"),
        ({"actions": (Action("tag"),)}, "action 1"),
        ({"actions": (Action("tag", "a"), Action("snooze"))}, "action 2 .* span"),
        ({"actions": (Action("promise", "call", 999 * DAY),)}, "at most a year"),
        ({"actions": (Action("resolve"),)}, "no text"),
        ({"actions": (Action("resolve", "x" * 999),)}, "longer than 200"),
        ({"actions": (Action("explode", "x"),)}, "it can be tag"),
    ],
)
def test_a_wrong_field_is_one_sentence_and_nothing_is_stored(
    store: Store, reader: Reader, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(Misuse, match=why) as raised:
        change(store, replace(FULL, **wrong))
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)
    assert (reader.canned(), reader.last_event()) == ([], 0)


def test_a_ring_of_includes_is_named(store: Store, refund: Canned) -> None:
    change(store, Canned(0, "Outer", "See {% include 'refund' %}"))
    with pytest.raises(Misuse, match="Refund -> Outer -> Refund"):
        change(store, replace(refund, body="{% include 'Outer' %}"))


def test_a_name_in_another_case_is_taken(store: Store, refund: Canned) -> None:
    for name in ("REFUND", "refund "):
        with pytest.raises(Refused, match="There is 'Refund' already"):
            change(store, Canned(0, name, "b"))
    with pytest.raises(Refused, match="already"), store.transaction() as session:
        library.add(session, Canned(0, "Refund", "b"), agent="ana", now=NOW)
    assert change(store, replace(refund, name="REFUND")).name == "REFUND"


TEAM, ANA, BEN = {"scope": "team"}, {"scope": "agent", "owner": "ana"}, {"scope": "agent", "owner": "ben"}
HERE, THERE = {"scope": "account", "owner": "x:@a"}, {"scope": "account", "owner": "x:@b"}


@pytest.mark.parametrize(
    ("one", "other", "is_taken"),
    [
        (TEAM, TEAM, True),
        (TEAM, ANA, True),
        (ANA, HERE, True),
        (ANA, ANA, True),
        (ANA, BEN, False),
        (HERE, HERE, True),
        (HERE, THERE, False),
    ],
)
def test_a_shortcut_is_there_once_for_everyone_who_sees_it(
    store: Store, one: dict[str, Any], other: dict[str, Any], is_taken: bool
) -> None:
    change(store, Canned(0, "One", "b", "hi", **one))
    if is_taken:
        with pytest.raises(Refused, match="shortcut 'HI' is that of 'One'"):
            change(store, Canned(0, "Other", "b", "HI", **other))
    else:
        change(store, Canned(0, "Other", "b", "HI", **other))


def test_a_shortcut_that_came_twice_does_not_hinder_other_changes(store: Store) -> None:
    with store.transaction() as session:
        library.store(session, [Canned(0, name, "b", "hi") for name in ("One", "Two")], agent="ana", now=NOW)
    assert change(store, Canned(0, "Two", "other", "hi")).body == "other"


def test_an_import_names_what_it_cannot_store_and_the_rest_goes_in(store: Store, reader: Reader) -> None:
    given = [Canned(0, "One", "b"), Canned(0, "ONE", "c"), Canned(0, "Bad", "b", actions=(Action("snooze"),))]
    with store.transaction() as session:
        stored = library.store(session, given, agent="ana", now=NOW)
    assert (stored.added, [name for name, _ in stored.refused]) == (("One",), ["ONE", "Bad"])
    assert [row["name"] for row in reader.canned()] == ["One"]


# -- approval and shelf life -------------------------------------------------------------------------


def test_one_is_approved_once(store: Store, reader: Reader) -> None:
    waiting = change(store, Canned(0, "New", "b", approved=False))
    for _ in range(2):
        with store.transaction() as session:
            made = library.approve(session, waiting.id, agent="lea", now=LATER)
        assert (made.approved, made.version) == (True, 2)
    (event,) = (event for event in reader.events() if event.kind == "canned.approved")
    assert (event.agent, event.data["name"]) == ("lea", "New")


def test_a_retired_one_is_over_and_can_be_restored(store: Store, reader: Reader) -> None:
    made = change(store, Canned(0, "Old", "b", valid_from=LATER + DAY))
    with store.transaction() as session:
        over = library.retire(session, made.id, agent="lea", now=LATER)
    assert (over.valid_from, over.valid_until, over.version) == (None, LATER, 2)
    for again in (library.retire, library.approve):
        with pytest.raises(Refused, match="is over"), store.transaction() as session:
            again(session, made.id, agent="lea", now=LATER)
    with store.transaction() as session:
        back = library.restore(session, made.id, 1, agent="lea", now=LATER)
    assert replace(back, version=1) == made
    kinds = [event.kind for event in reader.events() if event.kind.startswith("canned.")]
    assert kinds == ["canned.added", "canned.retired", "canned.restored"]


def test_restoring_takes_no_name_from_another(store: Store) -> None:
    made = change(store, Canned(0, "One", "b"))
    change(store, replace(made, name="Two"))
    change(store, Canned(0, "One", "c"))
    with pytest.raises(Refused, match="There is 'One' already"), store.transaction() as session:
        library.restore(session, made.id, 1, agent="ana", now=NOW)
    with pytest.raises(Misuse, match="no version 9"), store.transaction() as session:
        library.restore(session, made.id, 9, agent="ana", now=NOW)


# -- history -----------------------------------------------------------------------------------------


def test_history_says_who_changed_what_when(store: Store, reader: Reader, refund: Canned) -> None:
    change(store, replace(refund, body="50 % back.", tags=("money", "late")), "ben", LATER)
    newest, first = library.history(reader, refund.id)
    assert (newest.version, newest.agent, newest.at, newest.changed) == (2, "ben", LATER, ["body", "tags"])
    assert (first.version, first.agent, first.changed, first.before) == (1, "ana", [], None)
    assert first.canned == refund
    assert newest.before is not None
    lines = editing.diff(newest.before, newest.canned)
    assert [line for line in lines if line[0] in "+-"] == [
        "-tags: [money]", "+tags: [money, late]", "-25 % back.", "+50 % back.",
    ]  # fmt: skip


def test_one_from_before_there_was_history_keeps_what_it_was(store: Store, reader: Reader, refund: Canned) -> None:
    with store.transaction() as session:
        session.execute(t.canned_versions.delete())
    (only,) = library.history(reader, refund.id)
    assert (only.version, only.agent, only.at, only.canned) == (1, NOBODY, NOW, refund)
    change(store, replace(refund, body="50 %"), "ben", LATER)
    newest, first = library.history(reader, refund.id)
    assert (first.agent, first.at, first.canned) == (NOBODY, NOW, refund)
    assert (newest.agent, newest.changed) == ("ben", ["body"])


def test_of_what_is_not_there_there_is_no_history(reader: Reader) -> None:
    assert library.history(reader, 99) == []


# -- as a document -----------------------------------------------------------------------------------


def save(store: Store, text: str, canned_id: int | None, agent: str = "ana") -> Canned:
    with store.transaction() as session:
        return editing.save(session, text, canned_id=canned_id, agent=agent, now=LATER)


def test_a_document_is_saved_over_the_version_it_began_as(store: Store, refund: Canned) -> None:
    document = editing.document(refund)
    assert save(store, document, refund.id) == refund
    assert save(store, document.replace("25 % back.", "50 % back."), refund.id, "ben").body == "50 % back."
    mine = document.replace("25 % back.", "75 % back.")
    with pytest.raises(Refused, match="changed by ben"):
        save(store, mine, refund.id)
    assert save(store, mine.replace("# version 1", "# version 2"), refund.id).body == "75 % back."


def test_a_document_that_does_not_say_its_version_is_saved(store: Store, refund: Canned) -> None:
    document = editing.document(refund).replace("# version 1\n", "")
    assert save(store, document.replace("25 %", "50 %"), refund.id).version == 2


def test_a_version_in_the_text_is_text(store: Store) -> None:
    made = change(store, Canned(0, "Steps", "# version 9"))
    document = editing.document(made).replace("# version 1\n", "")
    assert save(store, document + "More", made.id).body == "# version 9\nMore"


def test_a_new_document_takes_no_name_that_is_there(store: Store, refund: Canned) -> None:
    new = editing.document(Canned(0, "Refund", "b"))
    assert "version" not in new
    with pytest.raises(Refused, match="already"):
        save(store, new, None)
    assert save(store, new.replace("Refund", "Other"), None).name == "Other"


def test_what_is_wrong_in_a_document_is_said_with_its_line(store: Store, refund: Canned) -> None:
    with pytest.raises(ShiftdeskError, match=r"Line 1\d: .*upcas"):
        save(store, editing.document(refund).replace("25 % back.", "{{ customer.name | upcas }}"), refund.id)
