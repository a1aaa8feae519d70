"""The draft belongs to the conversation and survives what happens to it."""

import pytest
from making import NOW, post, take

from tui.clock import MINUTE
from tui.desk import claims, drafts
from tui.desk.claims import Claim
from tui.desk.composition import NOTHING
from tui.errors import Refused
from tui.store.reader import Reader
from tui.store.store import Store

LEASE = 30 * MINUTE


@pytest.fixture
def mine(store: Store) -> Claim:
    take(store, post("1"))
    with store.transaction() as session:
        return claims.claim(session, 1, agent="ana", now=NOW, lease=LEASE)


def save(store: Store, claim: Claim, text: str, cursor: int = 0) -> None:
    with store.transaction() as session:
        drafts.save(session, claim, text, cursor=cursor, now=NOW)


def text_of(reader: Reader) -> str | None:
    draft = reader.draft(1)
    return None if draft is None else draft.text


def test_the_newest_text_and_cursor_are_kept(store: Store, reader: Reader, mine: Claim) -> None:
    save(store, mine, "We are", 6)
    save(store, mine, "We are sorry 🚆", 3)
    draft = reader.draft(1)
    assert draft is not None
    assert (draft.text, draft.cursor, draft.agent, draft.updated_at) == ("We are sorry 🚆", 3, "ana", NOW)
    assert reader.conversation(1).has_draft  # type: ignore[union-attr]


def test_an_empty_text_is_no_draft(store: Store, reader: Reader, mine: Claim) -> None:
    save(store, mine, "We are")
    save(store, mine, " \n")
    assert text_of(reader) is None


def test_a_draft_far_too_long_is_cut(store: Store, reader: Reader, mine: Claim) -> None:
    save(store, mine, "x" * 1_000_000)
    assert len(text_of(reader) or "") == drafts.DRAFT_CHARACTERS


def test_a_released_conversation_keeps_it(store: Store, reader: Reader, mine: Claim) -> None:
    save(store, mine, "We are")
    with store.transaction() as session:
        claims.release(session, 1, agent="ana", now=NOW)
    assert text_of(reader) == "We are"
    with pytest.raises(Refused, match="claim it first"):
        save(store, mine, "We are late")
    assert text_of(reader) == "We are"


def test_what_comes_back_does_not_overwrite(store: Store, reader: Reader, mine: Claim) -> None:
    for text in ("came back", "comes back later"):
        with store.transaction() as session:
            drafts.restore(session, 1, text, agent="ana", made_of=NOTHING, now=NOW)
    assert text_of(reader) == "came back"
    with store.transaction() as session:
        drafts.discard(session, 1)
    assert text_of(reader) is None
