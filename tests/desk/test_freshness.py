"""What a thread means for us, as a function of its posts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import DAY, HOUR, MINUTE
from tui.desk.freshness import Word, addressed, freshness, handles_in, resting, standing

T = 1_770_000_000_000
HORIZON = 48 * HOUR
US = ("northline",)
CUSTOMER, STRANGER, WE = 1, 2, 3


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("@northline where is my train", "post", "direct"),
        (".@NorthLine where is my train", "post", "direct"),
        ("@bob @northline where is it", "reply", "direct"),
        ("  @northline: hello", "post", "direct"),
        ("where is it @northline?", "post", "mention"),
        ("where is it @northline.", "post", "mention"),
        ("Northline is late", "post", "namedrop"),
        ("mail me at bob@northline.example", "post", "namedrop"),
        ("see https://x.example/@northline/1", "post", "namedrop"),
        ("@northlines rocks", "post", "namedrop"),
        ("hello", "dm", "direct"),
        ("", "post", "namedrop"),
    ],
)
def test_whom_a_post_addresses(text: str, kind: str, expected: str) -> None:
    assert addressed(text, kind, US) == expected


def test_an_answer_to_us_speaks_to_us() -> None:
    assert addressed("and now?", "reply", US, answers_us=True) == "direct"


def test_on_a_remote_handle_the_user_part_counts() -> None:
    assert addressed("@northline hi", "post", ["northline@rail.social"]) == "direct"
    assert addressed("@northline@rail.social hi", "post", ["northline@rail.social"]) == "direct"
    assert addressed("@northline@other.social hi", "post", ["northline@rail.social"]) == "namedrop"


@given(st.text())
def test_no_text_breaks_the_reading_of_handles(text: str) -> None:
    assert all(handle == handle.casefold() for handle in handles_in(text))
    assert addressed(text, "post", US) in ("direct", "mention", "namedrop")


def word(id: int, author: int, ago: int, kind: str = "post", **values: object) -> Word:
    at = T - ago
    made = Word(id, str(id), author, f"h{author}", kind, "text", at, at, author == WE, False, "mention")
    return made._replace(**values)  # type: ignore[arg-type]


def test_a_word_nobody_answered_waits_since_it_was_written() -> None:
    stands = standing([word(1, CUSTOMER, 2 * HOUR), word(2, CUSTOMER, HOUR)], CUSTOMER, HORIZON)
    assert (stands.waiting_since, stands.customer_at, stands.answered_at) == (T - 2 * HOUR, T - HOUR, None)
    assert [open_word.id for open_word in stands.words] == [1, 2]


def test_only_words_after_our_answer_wait() -> None:
    thread = [word(1, CUSTOMER, 3 * HOUR), word(2, WE, 2 * HOUR), word(3, CUSTOMER, HOUR)]
    stands = standing(thread[::-1], CUSTOMER, HORIZON)
    assert (stands.waiting_since, [w.id for w in stands.words]) == (T - HOUR, [3])


@pytest.mark.parametrize(
    ("at", "waits"), [(HORIZON, False), (HORIZON + 1, True)], ids=["at the horizon", "past the horizon"]
)
def test_a_repost_past_the_horizon_brings_it_back(at: int, waits: bool) -> None:
    thread = [word(1, CUSTOMER, at), word(2, STRANGER, 0, "repost")]
    stands = standing(thread, CUSTOMER, HORIZON)
    assert (stands.resurfaces_at is not None, stands.surfaced_by) == (waits, "h2")
    assert stands.waiting_since == (T if waits else T - at)


def test_what_the_repost_showed_us_first_came_back_by_it() -> None:
    thread = [word(1, CUSTOMER, HOUR, seen_at=T), word(2, STRANGER, 0, "repost")]
    assert standing(thread, CUSTOMER, HORIZON).resurfaces_at == T - HOUR + HORIZON


def test_a_new_word_of_the_author_ends_the_resurfacing() -> None:
    thread = [word(1, CUSTOMER, 9 * DAY), word(2, STRANGER, HOUR, "repost"), word(3, CUSTOMER, 0, "reply")]
    stands = standing(thread, CUSTOMER, HORIZON)
    assert (stands.resurfaces_at, stands.surfaced_by, stands.waiting_since) == (None, None, T - 9 * DAY)


def test_a_name_drop_found_late_came_back_by_search() -> None:
    found = word(1, CUSTOMER, 9 * DAY, seen_at=T, addressed="namedrop")
    stands = standing([found], CUSTOMER, HORIZON)
    assert (stands.surfaced_at, stands.surfaced_by, stands.resurfaces_at) == (T, None, T - 9 * DAY + HORIZON)
    assert standing([found._replace(addressed="mention")], CUSTOMER, HORIZON).resurfaces_at is None


def test_settled_words_wait_no_more() -> None:
    thread = [word(1, CUSTOMER, 2 * HOUR), word(2, CUSTOMER, HOUR)]
    assert standing(thread, CUSTOMER, HORIZON, settled_at=T - HOUR).waiting_since is None
    assert standing(thread, CUSTOMER, HORIZON, settled_at=T - HOUR - 1).waiting_since == T - HOUR


def test_deleted_posts_say_nothing() -> None:
    thread = [
        word(1, CUSTOMER, 9 * DAY, deleted=True),
        word(2, STRANGER, HOUR, "repost", deleted=True),
        word(3, WE, 0, deleted=True),
    ]
    stands = standing(thread, CUSTOMER, HORIZON)
    assert (stands.words, stands.reposts, stands.answered_at, stands.resurfaces_at) == ((), 0, None, None)


@given(st.permutations(range(6)), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_standing_does_not_depend_on_the_order_given(order: list[int], ages: list[int]) -> None:
    authors = (CUSTOMER, WE, STRANGER, STRANGER, CUSTOMER, WE)
    made = ("post", "reply", "repost", "quote", "reply", "reply")
    thread = [word(n, authors[n], ages[n] * 2 * DAY, made[n]) for n in range(6)]
    assert standing([thread[n] for n in order], CUSTOMER, HORIZON) == standing(thread, CUSTOMER, HORIZON)


TARGET = HOUR


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({}, "fresh", id="within the target"),
        pytest.param({"waiting_since": T - TARGET}, "fresh", id="at the target"),
        pytest.param({"waiting_since": T - TARGET - 1}, "late", id="past the target"),
        pytest.param(
            {"waiting_since": T - 206 * DAY, "customer_at": T - 206 * DAY}, "late", id="owed whatever its age"
        ),
        pytest.param({"waiting_since": None, "customer_at": T - 9 * DAY}, "fresh", id="answered"),
        pytest.param({"resurfaces_at": T}, "resurfaced", id="resurfaced from then on"),
        pytest.param({"resurfaces_at": T + 1}, "fresh", id="not yet"),
        pytest.param({"resurfaces_at": T, "waiting_since": T - DAY}, "resurfaced", id="resurfaced wins over late"),
        pytest.param({"addressed": "namedrop", "waiting_since": T - DAY}, "fresh", id="a name-drop is never late"),
        pytest.param({"addressed": "namedrop", "customer_at": T - HORIZON - 1}, "old", id="an old name-drop"),
    ],
)
def test_freshness(said: dict[str, object], expected: str) -> None:
    facts = {"waiting_since": T - MINUTE, "customer_at": T - MINUTE, "resurfaces_at": None, "addressed": "mention"}
    assert freshness(T, **(facts | said), horizon=HORIZON, target=TARGET) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("waiting", "answered", "settled", "state"),
    [
        (1, None, None, "new"),
        (1, 5, 9, "new"),
        (None, 5, None, "pending"),
        (None, 5, 4, "pending"),
        (None, 5, 9, "resolved"),
        (None, None, 9, "resolved"),
        (None, None, None, "resolved"),
    ],
)
def test_how_a_conversation_rests(waiting: int | None, answered: int | None, settled: int | None, state: str) -> None:
    assert resting(waiting, answered, settled) == state
