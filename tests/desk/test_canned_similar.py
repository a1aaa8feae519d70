"""What answered similar posts before."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NOW, post, take
from sqlalchemy import insert, update

from tui.desk.canned.similar import NEIGHBOURS, Similar
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

LATE, LUGGAGE, PRAISE = 1, 2, 3
PAST = [
    ("@northline the 9:14 to Leeds is late again, third time this week", LATE),
    ("my train to Leeds is an hour late, do I get my money back?", LATE),
    ("Train late. Again. @northline https://t.example/late", LATE),
    ("left my suitcase on the 9:14, a red one", LUGGAGE),
    ("I lost my red suitcase between York and Leeds", LUGGAGE),
    ("thank you to the kind conductor who helped my mother", PRAISE),
    ("what a kind conductor on the night train, thank you!", PRAISE),
]


@pytest.fixture(scope="module")
def similar() -> Similar:
    return Similar(PAST)


def best(found: dict[int, float]) -> int:
    return max(found, key=lambda canned: found[canned])


@pytest.mark.parametrize(
    ("text", "canned"),
    [
        ("train late once more", LATE),
        ("Somebody took my SUITCASE in Leeds", LUGGAGE),
        ("@northline thank you, the conductor was so kind", PRAISE),
    ],
)
def test_what_answered_posts_like_it_is_told(similar: Similar, text: str, canned: int) -> None:
    found = similar.like(text)
    assert best(found) == canned
    assert all(0 < likeness <= 1 for likeness in found.values())


def test_accents_and_case_do_not_matter() -> None:
    similar = Similar([("La línea está cortada", 1), ("Gracias por todo", 2)])
    assert best(similar.like("LINEA cortada?")) == 1


def test_links_and_handles_tell_nothing(similar: Similar) -> None:
    assert similar.like("@northline @leeds https://t.example/late-train-suitcase") == {}
    assert similar.like("") == {}
    assert similar.like("🎉") == {}
    assert Similar([]).like("train") == {}


def test_the_same_text_again_is_certain_and_several_signs_are_more_than_one() -> None:
    similar = Similar([("lost suitcase", 1), ("lost ticket", 2), ("lost umbrella", 2), ("late", 3)])
    assert similar.like("lost suitcase")[1] == pytest.approx(1)
    found = similar.like("lost it")
    assert found[2] > found[1]


def test_one_past_answer_is_enough() -> None:
    assert Similar([("where is my parcel", 7)]).like("my parcel?") == {7: pytest.approx(0.7, abs=0.3)}


def test_only_the_nearest_have_a_say() -> None:
    text = "late train from leeds to york at nine"
    others = [*[("late train", 1)] * 100, *((f"something{n} else{n}", 3) for n in range(400))]
    assert Similar([*others, (text, 2)]).like(text).keys() == {1, 2}
    assert Similar([*others, *[(text, 2)] * NEIGHBOURS]).like(text).keys() == {2}


@given(st.lists(st.tuples(st.text(), st.integers(1, 5))), st.text())
def test_any_text_is_compared(pairs: list[tuple[str, int]], text: str) -> None:
    found = Similar(pairs).like(text)
    assert found.keys() <= {canned for _, canned in pairs}
    assert all(0 < likeness <= 1 for likeness in found.values())


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["@" * 100_000, "http://" * 20_000, "late train " * 20_000, " ".join(f"w{n}" for n in range(50_000))]
)
def test_a_hostile_post_does_not_hold_anything_up(text: str) -> None:
    similar = Similar((f"{'late ' * 50} train{n} {'w' * 500}", n % 9) for n in range(2_000))
    for _ in range(20):
        assert all(0 < likeness <= 1 for likeness in similar.like(text).values())


def answered(store: Store, number: int, canned: int, state: str = "sent", **values: object) -> None:
    """A post, its reply in a state, and the canned response in it."""
    take(store, replace(post(f"p{number}", f"author{number}", f"Text {number}"), **values))
    with store.transaction() as session:
        found = session.execute(t.posts.select().where(t.posts.c.native_id == f"p{number}")).one()
        reply = session.execute(
            insert(t.replies).values(
                conversation_id=found.conversation_id, post_id=found.id, agent="ana", epoch=1, text="x", private=False,
                state=state, key=f"k{number}", created_at=NOW, due_at=NOW, attempts=0, part=1, parts=1,
            ).returning(t.replies.c.id)
        ).scalar_one()  # fmt: skip
        session.execute(
            insert(t.canned_uses).values(
                canned_id=canned, reply_id=reply, conversation_id=found.conversation_id, author_id=found.author_id,
                agent="ana", at=NOW, edited=False,
            )
        )  # fmt: skip


def test_answers_that_went_out_are_read_the_newest_first(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        for number in (1, 2):
            session.execute(insert(t.canned_responses).values(id=number, name=f"n{number}", body="x", updated_at=NOW))
    answered(store, 1, 1)
    answered(store, 2, 2)
    answered(store, 3, 2, state="recalled")
    answered(store, 4, 2, state="failed")
    answered(store, 5, 1)
    answered(store, 6, 1)
    with store.transaction() as session:
        session.execute(update(t.posts).where(t.posts.c.native_id == "p6").values(deleted=True))
    assert reader.answered_with(10) == [("Text 5", 1), ("Text 2", 2), ("Text 1", 1)]
    assert reader.answered_with(2) == [("Text 5", 1), ("Text 2", 2)]
