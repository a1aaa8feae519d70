"""Posts in: whatever the order and however often, the same conversations."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import NOW, US, copy_of, kinds, ours, post, quote, repost, rows, take, take_into

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.config import Config
from tui.desk import claims, intake
from tui.networks.records import Author, Post
from tui.store.reader import Reader
from tui.store.store import Store, reading

LEASE = 30 * MINUTE


def picture(reader: Reader) -> dict[frozenset[str], tuple[Any, ...]]:
    """What a desk says about its posts, without ids that depend on the order of arrival."""
    found: dict[frozenset[str], tuple[Any, ...]] = {}
    for row in rows(reader):
        members = frozenset(f"{p.network}:{p.native_id}" for p in reader.posts(row.id))
        assert members not in found
        found[members] = (
            row.state, row.handle, row.private, row.waiting_since, row.answered_at, row.surfaced_by, row.surfaced_at,
            row.resurfaces_at, row.reposts, row.addressed, row.preview, row.posted_at, row.customer_at,
        )  # fmt: skip
    return found


def threads(reader: Reader) -> set[frozenset[str]]:
    return {frozenset(p.native_id for p in reader.posts(row.id)) for row in rows(reader)}


def only(reader: Reader) -> Any:
    (row,) = rows(reader)
    return row


# -- any order ---------------------------------------------------------------------------------------


@st.composite
def forests(draw: st.DrawFn, circles: bool = False) -> list[Post]:
    """A few posts of few people, each pointing at an earlier or unknown one; in circles also at any other."""
    size = draw(st.integers(2, 9))
    ids = [str(n) for n in range(size)]
    made = []
    for n, id in enumerate(ids):
        author = draw(st.sampled_from(["amanda", "bob", "northline"]))
        kind = draw(st.sampled_from(["post", "reply", "reply", "reply", "repost", "quote", "dm"]))
        earlier = st.sampled_from([*ids[:n], "unknown"]) if n else st.just("unknown")
        text = draw(st.sampled_from(["@northline help", "help me with this please", "so this", "Northline is late"]))
        values: dict[str, Any] = {"kind": kind, "seen_at": NOW + draw(st.integers(0, 3)) * DAY}
        if kind in ("repost", "quote"):
            values["root_id"] = draw(earlier)
        if kind in ("reply", "dm"):
            values["in_reply_to"] = draw(st.sampled_from(ids) if circles else earlier)
        ago = draw(st.sampled_from([0, SECOND, HOUR, DAY, 3 * DAY, 206 * DAY]))
        made.append(post(id, author, text, ago, deleted=draw(st.integers(0, 9)) == 0, **values))
    return made


@settings(max_examples=60, deadline=None)
@given(posts=forests(), data=st.data())
def test_any_order_of_arrival_gives_the_same_desk(shared: Store, posts: list[Post], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(posts))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(posts)), max_size=len(posts))))
    batches = [shuffled[a:b] for a, b in itertools.pairwise([0, *cuts, len(posts)])]
    assert arrived(shared, batches) == arrived(shared, [posts])


def arrived(shared: Store, batches: Sequence[Sequence[Post]]) -> dict[frozenset[str], tuple[Any, ...]]:
    """The picture after these batches; then all of it comes once more. Nothing is left behind."""
    with shared.transaction() as session:
        for batch in batches:
            take_into(session, *batch)
        reader = reading(session)
        found, before = picture(reader), reader.last_event()
        again = take_into(session, *itertools.chain(*batches))
        assert (again.added, again.changed, reader.last_event()) == (0, 0, before)
        session.rollback()
    return found


@settings(max_examples=25, deadline=None)
@given(posts=forests(circles=True))
def test_pointers_in_circles_lose_no_word(shared: Store, posts: list[Post]) -> None:
    found = arrived(shared, [[one] for one in posts])
    placed = [native for members in found for native in members]
    assert len(placed) == len(set(placed))
    words = {f"x:{one.id}" for one in posts if one.author.id != "northline" and one.kind not in ("repost", "quote")}
    assert words <= set(placed)


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A desk whose changes are undone by whoever makes them."""
    made = copy_of(template, tmp_path_factory.mktemp("shared"))
    yield made
    made.close()


ROOT = post("r", "amandac", f"{US} I am stuck in the lift", 206 * DAY)
ANSWER = ours("a", "r", 206 * DAY - HOUR)
SPREAD = repost("s", "r", ago=3 * MINUTE)
CHAIN = (post("q", ago=HOUR), ours("a1", "q", 50 * MINUTE), ours("a2", "a1", 49 * MINUTE))


@pytest.mark.parametrize(
    "posts",
    [
        pytest.param((ROOT, ANSWER, SPREAD), id="a repost of an answered root"),
        pytest.param(CHAIN, id="our answer in two parts"),
        pytest.param((*CHAIN, post("t", ago=40 * MINUTE, kind="reply", in_reply_to="a2")), id="thanks for a part"),
        pytest.param(
            (post("b", "bob", "and me", 5, kind="reply", in_reply_to="p"), post("p", ago=9, in_reply_to="r"), ROOT),
            id="another customer below",
        ),
        pytest.param(
            (ROOT, repost("s", "r", "bob"), post("b", "bob", "same here", kind="reply", in_reply_to="r")),
            id="who reposts and also writes",
        ),
        pytest.param((ROOT, repost("s", "r", "bob"), ours("a", "s", 1)), id="our answer to a repost"),
        pytest.param((ROOT, quote("q", "r", "this happened to me today as well", "bob")), id="a quote of its own"),
        pytest.param((ROOT, ANSWER, quote("q", "a", "what an answer, shame on them", "bob")), id="our answer quoted"),
        pytest.param((post("1"), ours("2", "1"), quote("3", "2", "we said it all", "northline")), id="quoted by us"),
        pytest.param((ours("o", None), repost("s", "o", "bob")), id="our own post reposted"),
        pytest.param((ours("o", None), post("b", "bob", kind="reply", in_reply_to="o")), id="our own post answered"),
        pytest.param(
            (ours("o1", "x"), ours("o2", "o1"), post("b", "bob", in_reply_to="o2"), post("c", "bob", in_reply_to="o1")),
            id="below our own thread",
        ),
        pytest.param(
            (post("d", kind="dm"), post("w", kind="reply", in_reply_to="d"), ours("a", "d", kind="dm")),
            id="from private to public",
        ),
        pytest.param(
            (ROOT, repost("s", "r", "bob"), quote("q", "s", "help me with this please", "cem")), id="a repost quoted"
        ),
        pytest.param(
            (post("r", ago=9, in_reply_to="up"), repost("s", "r", "bob"), post("w", in_reply_to="r")),
            id="a root in the middle of a thread",
        ),
        pytest.param((post("x", in_reply_to="y"), post("y", in_reply_to="x"), ours("z", "y")), id="a circle"),
        pytest.param((ours("x", "y"), ours("y", "x"), post("z", in_reply_to="y"), post("v", in_reply_to="x")),
                     id="a circle of ours"),
        pytest.param(
            (ROOT, repost("s1", "r", "bob", 7), repost("s2", "r", "cem", 7), repost("s3", "r", "ada", 7)),
            id="reposts of one moment",
        ),
        pytest.param(
            (post("1", ago=7, text="one"), post("2", ago=7, text="two", in_reply_to="1"), ours("3", "1", 7)),
            id="everything at one moment",
        ),
        pytest.param((post("1", deleted=True), ours("2", "1"), post("3", in_reply_to="2")), id="a deleted question"),
        pytest.param((post("1"), ours("2", "1", deleted=True)), id="a deleted answer"),
    ],
)  # fmt: skip
def test_every_order_of_a_story_gives_the_same_desk(shared: Store, posts: tuple[Post, ...]) -> None:
    expected = arrived(shared, [posts])
    for order in itertools.permutations(posts):
        assert arrived(shared, [[one] for one in order]) == expected, [one.id for one in order]


def test_the_same_file_twice_adds_nothing(store: Store, reader: Reader) -> None:
    assert take(store, ROOT, ANSWER, SPREAD).added == 3
    before = reader.last_event()
    again = take(store, SPREAD, ROOT, ANSWER)
    assert (again.added, again.known, again.changed) == (0, 3, 0)
    assert reader.last_event() == before


def test_one_batch_may_hold_a_post_twice(store: Store, reader: Reader) -> None:
    taken = take(store, post("1"), post("1"))
    assert (taken.added, taken.known) == (1, 1)
    assert threads(reader) == {frozenset({"1"})}


# -- what makes a conversation ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        pytest.param([repost("s", ROOT)], {"r s"}, id="a repost brings its root along"),
        pytest.param([quote("q", ROOT, "look here")], {"r q"}, id="two words on a quote fold"),
        pytest.param([quote("q", ROOT, "@northline this happened to me today")], {"r", "q"}, id="a complaint opens"),
        pytest.param([quote("q", ROOT, "車両のドアが開いたまま走っていました")], {"r", "q"}, id="no spaces, own words"),
        pytest.param([repost("s", "gone")], {"s"}, id="a repost of something unknown stands alone"),
        pytest.param([post("1"), post("2", in_reply_to="1", kind="reply")], {"1 2"}, id="the customer goes on"),
        pytest.param([post("1"), post("2", "bob", in_reply_to="1", kind="reply")], {"1", "2"}, id="another customer"),
        pytest.param([post("1"), post("2", kind="dm")], {"1", "2"}, id="private apart from public"),
        pytest.param([post("1", kind="dm"), post("2", kind="dm")], {"1 2"}, id="private words together"),
        pytest.param([ours("o", None)], set(), id="our own post opens nothing"),
        pytest.param([post("1"), post("1", network="mastodon")], {"1", "1 "}, id="one id on two networks"),
        pytest.param([post("1"), post("2", network="mastodon", in_reply_to="1")], {"1", "2"}, id="no thread across"),
        pytest.param([post("1"), post("01", in_reply_to="001"), post("1 ", in_reply_to="０1")], {"1", "01", "1 "},
                     id="ids that look alike"),
        pytest.param([post("1", in_reply_to="1")], {"1"}, id="an answer to itself"),
    ],
)  # fmt: skip
def test_one_customers_thread_is_one_conversation(
    store: Store, reader: Reader, posts: list[Post], expected: set[str]
) -> None:
    take(store, *posts)
    wanted = sorted(sorted(ids.split(" ") if ids != "1 " else ["1 "]) for ids in expected)
    if any(one.network != "x" for one in posts) and len({one.id for one in posts}) == 1:
        wanted = [["1"], ["1"]]
    assert sorted(sorted(p.native_id for p in reader.posts(row.id)) for row in rows(reader)) == wanted


def test_a_reply_in_anothers_thread_keeps_whom_it_answers(store: Store, reader: Reader) -> None:
    take(store, post("1"), post("2", "bob", "same here", in_reply_to="1", kind="reply"))
    (row,) = (row for row in rows(reader) if row.handle == "bob")
    (word,) = reader.posts(row.id)
    assert [above.native_id for above in reader.ancestors(word)] == ["1"]


def test_a_quote_with_its_own_complaint_opens_work_and_brings_its_root_back(store: Store, reader: Reader) -> None:
    take(store, ROOT, ANSWER)
    take(store, quote("q", "r", "the same happened to me this morning", "bob", MINUTE))
    root, quoting = sorted(rows(reader), key=lambda row: row.posted_at)
    assert (quoting.handle, quoting.state) == ("bob", "new")
    assert (root.state, root.surfaced_by, root.surfaced_at) == ("pending", "bob", NOW - MINUTE)
    assert [row.id for row in rows(reader, "resurfaced")] == [root.id]


def test_a_thread_of_two_thousand_posts(store: Store, reader: Reader) -> None:
    words = [post(str(n), ago=(3_000 - n) * SECOND, in_reply_to=str(n - 1) if n else None) for n in range(1_990)]
    take(store, *words[::-1])
    take(store, *(repost(f"s{n}", "7", f"stranger{n}", n) for n in range(10)))
    row = only(reader)
    assert (len(reader.posts(row.id)), row.reposts, row.state) == (2_000, 10, "new")


def test_three_hundred_reposts_before_their_root(store: Store, reader: Reader) -> None:
    take(store, *(repost(f"s{n}", "r", f"stranger{n}", n) for n in range(300)))
    assert len(rows(reader)) == 300
    take(store, ROOT)
    assert only(reader).reposts == 300


# -- ours, accounts -----------------------------------------------------------------------------------


def test_our_answer_before_the_question_answers_it(store: Store, reader: Reader) -> None:
    take(store, ours("a", "q", MINUTE))
    assert rows(reader) == []
    take(store, post("q", ago=HOUR))
    row = only(reader)
    assert (row.state, row.answered_at, row.waiting_since) == ("pending", NOW - MINUTE, None)


def test_a_word_after_our_answer_reopens(store: Store, reader: Reader) -> None:
    take(store, post("q", ago=HOUR), ours("a", "q", MINUTE))
    take(store, post("w", ago=SECOND, in_reply_to="a", kind="reply"))
    row = only(reader)
    assert (row.state, row.waiting_since) == ("new", NOW - SECOND)
    assert "conversation.reopened" in kinds(reader)


def test_an_answer_of_ours_that_is_taken_down_reopens(store: Store, reader: Reader) -> None:
    take(store, post("q", ago=HOUR), ours("a", "q", MINUTE))
    take(store, ours("a", "q", MINUTE, deleted=True))
    assert (only(reader).state, only(reader).answered_at) == ("new", None)


@pytest.mark.parametrize("handle", ["northline", "@NorthLine", "NORTHLINE"])
def test_ours_is_who_bears_the_name_of_an_account(store: Store, reader: Reader, handle: str) -> None:
    take(store, post("q", ago=HOUR), post("a", by=Author("77", handle), in_reply_to="q", kind="reply"))
    assert only(reader).state == "pending"


def test_a_source_may_say_that_a_post_is_ours(store: Store, reader: Reader) -> None:
    take(store, post("q", ago=HOUR), post("a", "agent 4", in_reply_to="q", kind="reply", by_us=True))
    assert only(reader).state == "pending"


@pytest.mark.parametrize(
    ("told", "account"),
    [
        pytest.param({"account": "@NorthHelp"}, "@NorthHelp", id="named by the network"),
        pytest.param({"text": "hey @northhelp, anyone?"}, "@NorthHelp", id="mentioned"),
        pytest.param({"in_reply_to": "o", "kind": "reply"}, "@NorthHelp", id="of the thread"),
        pytest.param({}, None, id="nobody can tell"),
    ],
)
def test_which_account_a_post_reached(store: Store, reader: Reader, told: dict[str, Any], account: str | None) -> None:
    take(store, post("other", "bob", account="@NorthHelp"), post("o", "northhelp", kind="post"))
    take(store, post("1", **told))
    (row,) = (row for row in rows(reader) if row.handle == "amandac")
    assert row.account == account


def test_the_only_account_of_a_network_is_meant(store: Store, reader: Reader) -> None:
    take(store, post("1"))
    assert only(reader).account == US


def test_the_account_is_learnt_when_the_post_above_arrives(store: Store, reader: Reader) -> None:
    take(store, post("other", "bob", account="@NorthHelp"))
    take(store, post("1", in_reply_to="o", kind="reply"))
    take(store, post("o", "northhelp"))
    (row,) = (row for row in rows(reader) if row.handle == "amandac")
    assert (row.account, row.addressed) == ("@NorthHelp", "direct")


# -- edits, deletions ---------------------------------------------------------------------------------


def test_an_edit_keeps_the_old_version(store: Store, reader: Reader) -> None:
    take(store, post("1", text="Train is late"))
    assert take(store, post("1", text="Train is very late")).changed == 1
    row = only(reader)
    (word,) = reader.posts(row.id)
    assert (word.text, word.versions, row.preview) == ("Train is very late", 1, "Train is very late")
    assert "post.edited" in kinds(reader, row.id)
    assert reader.search("very") == [row.id]


def test_a_deleted_question_waits_no_longer(store: Store, reader: Reader) -> None:
    take(store, post("1"))
    take(store, post("1", deleted=True))
    row = only(reader)
    assert (row.state, row.waiting_since) == ("resolved", None)
    assert "post.deleted" in kinds(reader, row.id)


def test_what_was_deleted_stays_deleted(store: Store, reader: Reader) -> None:
    take(store, post("1", deleted=True))
    assert take(store, post("1", text="back")).changed == 0
    assert reader.posts(only(reader).id)[0].deleted


# -- the lift ------------------------------------------------------------------------------------------

LIFT = post("lift", "amandac", "Stuck in a Northline lift, brilliant", 206 * DAY, seen_at=NOW - 206 * DAY)
LIFT_ANSWER = ours("lift-a", "lift", 206 * DAY - HOUR, seen_at=NOW - 206 * DAY + HOUR)
LIFT_REPOST = repost("lift-s", LIFT, "lena", 3 * MINUTE)


def test_an_answered_root_that_comes_back_is_no_work(store: Store, reader: Reader) -> None:
    take(store, LIFT, LIFT_ANSWER, LIFT_REPOST)
    row = only(reader)
    assert (row.state, row.surfaced_by, row.addressed) == ("pending", "lena", "namedrop")
    held = {view: [found.id for found in rows(reader, view)] for view in ("all", "resurfaced", "waiting")}
    assert held == {"all": [row.id], "resurfaced": [row.id], "waiting": []}
    with store.transaction() as session:
        assert claims.claim_next(session, agent="ana", now=NOW, lease=LEASE) is None


def test_it_is_the_same_story_when_it_all_comes_with_the_repost(store: Store, reader: Reader) -> None:
    unseen = post("lift", "amandac", LIFT.text, 206 * DAY)
    take(store, repost("lift-s", unseen, "lena", 3 * MINUTE))
    assert [row.surfaced_by for row in rows(reader, "resurfaced")] == ["lena"]
    take(store, ours("lift-a", "lift", 206 * DAY - HOUR))
    assert (only(reader).state, rows(reader, "waiting")) == ("pending", [])


def test_on_its_first_day_it_is_work_and_not_resurfaced(store: Store, reader: Reader) -> None:
    first_day = LIFT.created_at + 10 * MINUTE
    take(store, LIFT, now=first_day)
    row = only(reader)
    assert (row.state, row.surfaced_by, row.resurfaces_at) == ("new", None, None)
    assert [found.id for found in rows(reader, "waiting", now=first_day)] == [row.id]
    assert rows(reader, "resurfaced", now=first_day) == []


def test_a_repost_on_the_first_day_resurfaces_nothing(store: Store, reader: Reader) -> None:
    soon = LIFT.created_at + HOUR
    take(store, LIFT, now=soon)
    take(store, repost("s", "lift", "lena", NOW - soon), now=soon)
    assert rows(reader, "resurfaced", now=soon) == []
    assert rows(reader, "waiting", now=soon)[0].reposts == 1


@pytest.mark.parametrize(
    ("came", "view"),
    [
        pytest.param([], "late", id="by itself"),
        pytest.param([repost("s", "q", "lena", MINUTE)], "resurfaced", id="by a repost"),
        pytest.param([quote("s", "q", "see here", "lena", MINUTE)], "resurfaced", id="by a quote"),
    ],
)
def test_who_addressed_us_is_owed_an_answer_unless_it_comes_back(
    store: Store, reader: Reader, came: list[Post], view: str
) -> None:
    take(store, post("q", text=f"{US} where is my bag?", ago=206 * DAY, seen_at=NOW - 206 * DAY), *came)
    from tui.config import Config
    from tui.desk.queue import entry

    assert entry(only(reader), Config(), NOW).freshness == view
    assert only(reader).state == "new"


# -- what people did meanwhile --------------------------------------------------------------------------


def test_a_claimed_conversation_stays_with_its_agent(store: Store, reader: Reader) -> None:
    take(store, repost("s", "r", "bob", MINUTE), post("w", ago=MINUTE, in_reply_to="r", kind="reply"))
    for row in rows(reader):
        with store.transaction() as session:
            claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
    take(store, ROOT)
    found = {row.id: row.owner for row in rows(reader)}
    assert set(found.values()) == {"ana"}
    assert {p.native_id for row in found for p in reader.posts(row)} == {"s", "w", "r"}


def test_notes_and_drafts_survive_a_merge(store: Store, reader: Reader) -> None:
    take(store, post("1", ago=HOUR), post("3", ago=MINUTE, in_reply_to="2", kind="reply"))
    (late,) = (row.id for row in rows(reader) if row.posted_at == NOW - MINUTE)
    with store.transaction() as session:
        claims.note(session, late, agent="ana", text="called the depot", now=NOW)
    take(store, post("2", ago=2 * MINUTE, in_reply_to="1", kind="reply"))
    row = only(reader)
    assert [note.text for note in reader.notes(row.id)] == ["called the depot"]
    assert len(reader.posts(row.id)) == 3
    assert kinds(reader, row.id)[-1] == "conversation.merged"


def test_resolved_reopens_with_a_word_and_not_with_a_repost(store: Store, reader: Reader) -> None:
    take(store, post("1", ago=HOUR), now=NOW - HOUR)
    with store.transaction() as session:
        claims.resolve(session, 1, agent="ana", reason="praise", now=NOW - MINUTE, lease=LEASE)
    take(store, repost("s", "1", "bob"))
    assert only(reader).state == "resolved"
    take(store, post("2", in_reply_to="1", kind="reply"))
    row = only(reader)
    assert (row.state, row.waiting_since) == ("new", NOW)


def test_a_failing_batch_leaves_nothing(store: Store, reader: Reader) -> None:
    before = reader.last_event()

    def fail() -> None:
        with store.transaction() as session:
            take_into(session, post("1"), repost("2", "1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (rows(reader), reader.last_event()) == ([], before)


def test_the_id_of_a_conversation_is_never_used_twice(store: Store) -> None:
    take(store, post("1", "ann", "@northline where is it?", 3 * HOUR))
    take(store, post("3", "ann", "@northline still nothing", HOUR, kind="reply", in_reply_to="2"))
    reader = store.reader()
    before = {row.id for row in rows(reader, "all")}
    assert len(before) == 2
    take(store, post("2", "ann", "@northline hello?", 2 * HOUR, kind="reply", in_reply_to="1"))
    take(store, post("9", "bob", "@northline another matter", HOUR))
    after = rows(reader, "all")
    assert len(after) == 2
    assert [row.handle for row in after if row.id not in before] == ["bob"]


def test_an_account_that_is_named_late_has_been_ours_all_the_time(store: Store) -> None:
    question = replace(post("q", "cust", "where is my train, rail people?", 3 * HOUR), account=None)
    answer = replace(
        post("a", "northline", "It comes at ten past.", 2 * HOUR, kind="reply", in_reply_to="q"), account=None
    )
    for batch in ([question, answer], [replace(post("z", "bob", f"{US} thanks", HOUR), account=US)]):
        with store.transaction() as session:
            intake.take_in(session, batch, now=NOW, config=Config())
    found = {row.handle: row for row in rows(store.reader(), "all")}
    assert set(found) == {"cust", "bob"}
    assert (found["cust"].state, found["cust"].account) == ("pending", US)
    assert found["cust"].answered_at is not None
