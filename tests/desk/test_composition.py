"""What a text is made of beside its words, and how it is stored."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tui.desk.canned.response import ACTION_KINDS, Action
from tui.desk.composition import NOTHING, VISIBILITIES, Composition, Inserted, composition, made_of
from tui.networks.records import Attachment

words = st.text(max_size=20)
compositions = st.builds(
    Composition,
    inserted=st.lists(st.builds(Inserted, st.integers(1, 9), words), max_size=3).map(tuple),
    form=st.dictionaries(words, words, max_size=3),
    locked=st.lists(words, max_size=2).map(tuple),
    media=st.lists(st.builds(Attachment, words, words), max_size=2).map(tuple),
    warning=words,
    visibility=st.sampled_from(VISIBILITIES),
    actions=st.lists(st.builds(Action, st.sampled_from(ACTION_KINDS), words, st.integers(0, 10**12)), max_size=3).map(
        tuple
    ),
)


@given(compositions)
def test_what_is_stored_is_read_again(made: Composition) -> None:
    stored = made.as_json()
    assert composition(None if stored is None else json.loads(json.dumps(stored))) == made


def test_nothing_takes_no_room() -> None:
    assert NOTHING.as_json() is None
    assert composition(None) == NOTHING


def test_stacked_texts_are_kept_in_order_and_each_response_counts_once() -> None:
    made = NOTHING.with_inserted(7, "Sorry.", locked=["Sorry."]).with_inserted(2, "Form: …").with_inserted(7, "Sorry!")
    assert [one.text for one in made.inserted] == ["Sorry.", "Form: …", "Sorry!"]
    assert (made.canned_ids, made.locked) == ((7, 2), ("Sorry.",))
    assert made_of(7, 2, 7).canned_ids == (7, 2)


def test_what_sending_also_does_is_done_once() -> None:
    refund = Action("tag", "refund")
    made = NOTHING.with_inserted(1, "", actions=[refund]).with_inserted(
        2, "", actions=[refund, Action("resolve", "ok")]
    )
    assert made.actions == (refund, Action("resolve", "ok"))
