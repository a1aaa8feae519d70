"""What is being written that is no reply: kept, by agent and subject, until it is kept for good."""

from tui.config import DRAFT_CHARACTERS
from tui.desk import scratch
from tui.desk.scratch import note_about
from tui.store.store import Store


def save(store: Store, words: str, agent: str = "ana", subject: str = "note:1", now: int = 1) -> None:
    with store.transaction() as session:
        scratch.save(session, agent=agent, subject=subject, text=words, cursor=2, now=now)


def test_each_agent_has_one_text_a_subject(store: Store) -> None:
    save(store, "first")
    save(store, "second", now=2)
    save(store, "another", subject="note:2")
    save(store, "bens", agent="ben")
    reader = store.reader()
    assert reader.scratch("ana", note_about(1)) == ("second", 2, 2)
    assert reader.scratch("ana", "note:2") == ("another", 2, 1)
    assert reader.scratch("ben", "note:1") == ("bens", 2, 1)
    assert reader.scratch("ben", "note:2") is None


def test_an_empty_text_and_one_that_is_thrown_away_are_gone(store: Store) -> None:
    save(store, "first")
    save(store, " \n ")
    assert store.reader().scratch("ana", "note:1") is None
    save(store, "first")
    save(store, "other", agent="ben")
    with store.transaction() as session:
        scratch.remove(session, agent="ana", subject="note:1")
    assert store.reader().scratch("ana", "note:1") is None
    assert store.reader().scratch("ben", "note:1") is not None


def test_no_more_is_kept_than_the_editor_takes(store: Store) -> None:
    save(store, "x" * (DRAFT_CHARACTERS + 5))
    kept = store.reader().scratch("ana", "note:1")
    assert kept is not None
    assert len(kept.text) == DRAFT_CHARACTERS


def test_words_put_by_stand_below_what_is_there_and_grow_in_their_place(store: Store) -> None:
    def put_by(words: str, before: str = "") -> str:
        with store.transaction() as session:
            scratch.put_by(session, agent="ana", subject=note_about(1), text=words, before=before, now=3)
        found = store.reader().scratch("ana", note_about(1))
        assert found is not None
        return found.text

    assert put_by("We found it") == "We found it"
    assert put_by("We found it, Bob", "We found it") == "We found it, Bob"
    save(store, "Ask the depot")
    assert put_by("We found") == "Ask the depot\n\nWe found"
    assert put_by("We found it", "We found") == "Ask the depot\n\nWe found it"
