"""A post that its server gives another id is still that post."""

from typing import Any

from making import NOW, post, rows, take
from sqlalchemy import insert, select, update

from tui.clock import MINUTE
from tui.networks.records import Post
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

URI = "https://mastodon.example/users/amandac/statuses/1"
CARE, ELSEWHERE = "@care@northline.example", "@care@elsewhere.example"


def toot(id: str, text: str = "@care@northline.example late", **values: Any) -> Post:
    values = {"network": "mastodon", "account": CARE, "uri": URI} | values
    return post(id, values.pop("author", "amandac@mastodon.example"), text, **values)


def stored(store: Store) -> dict[str, Any]:
    with store.transaction() as session:
        return {row.native_id: row for row in session.execute(select(t.posts))}


def test_an_edit_under_a_new_id_is_an_edit(store: Store, reader: Reader) -> None:
    take(store, toot("a1"))
    take(store, toot("b0", "not to us", uri="other"), toot("r1", in_reply_to="a1", uri="reply", author="bob@b.example"))
    taken = take(store, toot("a2", "@care@northline.example late, or not"), now=NOW + MINUTE)
    assert (taken.added, taken.known, taken.changed) == (0, 1, 1)
    found = stored(store)
    assert set(found) == {"a2", "b0", "r1"}
    assert (found["a2"].text, found["a2"].uri) == ("@care@northline.example late, or not", URI)
    assert found["r1"].in_reply_to == "a2"
    take(store, toot("r2", "@care@northline.example still", in_reply_to="a2", uri="later", ago=-MINUTE))
    assert len({row.conversation_id for name, row in stored(store).items() if name in ("a2", "r2")}) == 1
    assert "a1" not in {row.native_id for row in reader.posts(rows(reader)[0].id)}


def test_both_ids_in_one_batch_are_one_post(store: Store) -> None:
    take(store, toot("a1"), toot("a2", "@care@northline.example or not"), toot("r1", in_reply_to="a1", uri="reply"))
    found = stored(store)
    assert set(found) == {"a2", "r1"}
    assert found["r1"].in_reply_to == "a2"


def test_what_still_answers_the_old_id_answers_the_new_one(store: Store) -> None:
    take(store, toot("a1"))
    take(store, toot("a2"), toot("r1", in_reply_to="a1", uri="reply"))
    assert stored(store)["r1"].in_reply_to == "a2"


def test_a_boost_of_the_new_id_is_a_boost_of_that_post(store: Store) -> None:
    take(store, toot("a1"))
    boost = toot("b1", "", kind="repost", uri="boost", author="bob@b.example", root=toot("a2"))
    take(store, boost)
    found = stored(store)
    assert set(found) == {"a2", "b1"}
    assert found["b1"].root_id == "a2"


def test_a_deletion_under_the_old_id_is_that_of_the_post(store: Store) -> None:
    take(store, toot("a1"))
    take(store, toot("a1", deleted=True), toot("a1"))
    assert stored(store)["a1"].deleted


def test_another_account_of_ours_has_its_own_id_for_the_same_post(store: Store) -> None:
    take(store, toot("a1"))
    taken = take(store, toot("z9", account=ELSEWHERE), toot("z10", in_reply_to="z9", uri="below", account=ELSEWHERE))
    assert (taken.added, taken.known) == (1, 1)
    found = stored(store)
    assert set(found) == {"a1", "z10"}
    assert found["z10"].in_reply_to == "a1"


def test_an_id_that_another_post_has_is_not_taken_from_it(store: Store) -> None:
    take(store, toot("a1"), toot("a2", uri="other"))
    take(store, toot("a2"))
    assert {name: row.uri for name, row in stored(store).items()} == {"a1": URI, "a2": "other"}


def test_a_reply_of_ours_goes_with_its_post(store: Store) -> None:
    take(store, toot("c1", uri="top"), toot("a1", author="care@northline.example", in_reply_to="c1", kind="reply"))
    with store.transaction() as session:
        row = session.execute(select(t.posts).where(t.posts.c.native_id == "a1")).one()
        session.execute(
            insert(t.replies).values(
                conversation_id=row.conversation_id, post_id=row.id, agent="sam", epoch=1, text="a", private=False,
                state="sent", key="k", created_at=NOW, due_at=NOW, native_id="a1",
            )
        )  # fmt: skip
    take(store, toot("a2", author="care@northline.example", in_reply_to="c1", kind="reply"))
    with store.transaction() as session:
        assert session.execute(select(t.replies.c.native_id)).scalar_one() == "a2"


def test_the_guard_and_the_count_go_by_what_the_server_takes(store: Store, reader: Reader) -> None:
    from tui.config import AccountSettings, Config
    from tui.desk.guard import gather

    take(store, toot("a1"))
    (row,) = rows(reader)

    def limit(**configured: int) -> tuple[int, int]:
        config = Config(accounts={"default": AccountSettings(**configured)})
        case = gather.case(reader, row.id, "Which coach?", agent="sam", config=config, now=NOW)
        return case.settings.length_limit, case.settings.link_length

    assert limit() == (0, 0)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(limits={"characters": 5_000, "link_length": 30, "pictures": 4}))
    assert limit() == (5_000, 30)
    assert limit(length_limit=400) == (400, 30)
