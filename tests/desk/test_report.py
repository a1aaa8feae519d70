"""Response figures against a count by hand, and the table they are printed as."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.config import AccountSettings, Config
from tui.desk import claims, intake, outbox, people, report
from tui.desk.guard import Finding
from tui.errors import Refused
from tui.networks.records import Author, Post, Receipt
from tui.store.store import Store
from tui.text import clean, width

NOW: Millis = clock.parse("2026-11-22T08:00:00Z")
WEEK_AGO = NOW - 7 * DAY
CONFIG = Config()
LEASE = CONFIG.desk.lease


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "desk.db")
    found.prepare()
    yield found
    found.close()


def post(native: str, at: Millis, author: str = "amandac", text: str = "@northline no heat", **values: Any) -> Post:
    return Post(**{"network": "x", "id": native, "author": Author(author, author), "text": text, "created_at": at,
                   "account": "@northline"} | values)  # fmt: skip


def ours(native: str, at: Millis, answers: str, author: str = "northline", **values: Any) -> Post:
    return post(native, at, author, "Which coach?", in_reply_to=answers, kind="reply", **values)


def take_in(store: Store, *posts: Post, now: Millis = NOW) -> None:
    with store.transaction() as session:
        intake.take_in(session, posts, now=now, config=CONFIG, history=True)


def figures(store: Store, since: Millis = WEEK_AGO, config: Config = CONFIG) -> dict[str, Any]:
    return report.figures(store.reader(), since=since, now=NOW, config=config)


def total(store: Store, *names: str, since: Millis = WEEK_AGO) -> Any:
    found = figures(store, since)["total"]
    return tuple(found[name] for name in names)


def test_an_empty_desk_has_figures_too(store: Store) -> None:
    found = figures(store)
    assert (found["accounts"], found["agents"], found["guard"]) == ([], [], [])
    assert found["total"]["answered_share"] is None
    assert found["total"]["first_response"]["median"] == {"seconds": None, "text": "-"}
    assert report.text(found).endswith("\n")


def test_first_response_is_first_word_to_first_answer(store: Store) -> None:
    at = NOW - DAY
    take_in(
        store,
        post("1", at),
        post("2", at + 9 * MINUTE, in_reply_to="1", kind="reply"),
        ours("3", at + 12 * MINUTE, "2"),
        ours("4", at + 13 * MINUTE, "2"),
        post("5", at, author="bob"),
    )
    found = figures(store)["total"]
    assert (found["posts"], found["opened"], found["answered"], found["answered_share"]) == (3, 2, 1, 0.5)
    assert found["first_response"] == {
        "median": {"seconds": 720, "text": "12m"},
        "p90": {"seconds": 720, "text": "12m"},
    }


def test_only_what_was_said_in_the_window_counts(store: Store) -> None:
    take_in(store, post("1", WEEK_AGO - SECOND), post("2", WEEK_AGO + HOUR, in_reply_to="1", kind="reply"))
    take_in(store, post("3", WEEK_AGO, author="bob"), ours("4", WEEK_AGO + HOUR, "3"))
    take_in(store, ours("5", WEEK_AGO + 2 * HOUR, "2"))
    assert total(store, "posts", "opened", "answered") == (2, 1, 1)


def test_our_words_before_the_customers_are_no_answer(store: Store) -> None:
    gone = post("1", NOW - 3 * HOUR)
    take_in(store, gone, ours("2", NOW - 2 * HOUR, "1"), post("3", NOW - HOUR, in_reply_to="1", kind="reply"))
    assert total(store, "opened", "answered") == (1, 1)
    take_in(store, post("1", NOW - 3 * HOUR, deleted=True))
    assert total(store, "opened", "answered") == (1, 0), "they begin with what is left of their words"


def test_reposts_strangers_and_deleted_posts_are_no_words_of_the_customer(store: Store) -> None:
    root = post("1", NOW - HOUR)
    take_in(store, root, post("2", NOW - MINUTE, "oldnews", "RT", kind="repost", root=root, root_id="1"))
    take_in(store, post("3", NOW - HOUR, "bob"), post("3", NOW - HOUR, "bob", deleted=True))
    assert total(store, "posts", "opened") == (1, 1)


def test_an_old_post_brought_back_was_said_long_ago(store: Store) -> None:
    root = post("1", NOW - 206 * DAY)
    take_in(store, post("2", NOW - 3 * HOUR, "oldnews", "RT", kind="repost", root=root, root_id="1"))
    assert total(store, "posts", "opened", "waiting", "late") == (0, 0, 1, 0)


def reckon(posts: Sequence[Post], since: Millis) -> tuple[int, int, list[Millis]]:
    """By hand: words of customers, conversations opened, and what each answered one waited."""
    words = [p for p in posts if p.author.id != "northline"]
    threads: dict[str, list[Post]] = {}
    for each in sorted(words, key=lambda p: p.created_at):
        threads.setdefault(each.author.id, []).append(each)
    opened = {author: thread[0] for author, thread in threads.items() if thread[0].created_at >= since}
    waits = []
    for author, first in opened.items():
        natives = {p.id for p in threads[author]}
        answers = [p.created_at for p in posts if p.in_reply_to in natives and p.author.id == "northline"]
        waits += sorted(at - first.created_at for at in answers if at >= first.created_at)[:1]
    return sum(p.created_at >= since for p in words), len(opened), sorted(waits)


@pytest.mark.parametrize("seed", range(4))
def test_figures_agree_with_a_count_by_hand(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    posts: list[Post] = []
    for customer in range(40):
        at, previous = NOW - dice.randrange(14 * DAY), ""
        for turn in range(dice.randrange(1, 5)):
            native = f"{customer}.{turn}"
            says = post(native, at, f"c{customer}", in_reply_to=previous or None, kind="reply" if previous else "post")
            posts.append(says)
            if dice.random() < 0.5:
                posts.append(ours(f"{native}.us", at + dice.randrange(DAY), native))
            at, previous = at + dice.randrange(2 * DAY), native
    arrival = dice.sample(posts, len(posts))
    for start in range(0, len(arrival), 7):
        take_in(store, *arrival[start : start + 7])
    said, opened, waits = reckon(posts, WEEK_AGO)
    found = figures(store)["total"]
    assert (found["posts"], found["opened"], found["answered"]) == (said, opened, len(waits))
    assert found["first_response"]["p90"]["seconds"] == waits[-(-len(waits) * 9 // 10) - 1] // SECOND
    middle = median(waits)
    assert found["first_response"]["median"]["seconds"] == pytest.approx(middle / SECOND, abs=1)


def test_each_account_has_its_own_figures_and_target(store: Store) -> None:
    take_in(
        store,
        post("1", NOW - 2 * HOUR),
        post("2", NOW - 30 * MINUTE, "bob"),
        post("3", NOW - 30 * MINUTE, "cleo", "@southline lost", account="@southline"),
        post("4", NOW - 30 * MINUTE, "dan", "southline lost", account="@southline"),
    )
    quick = Config(accounts={"x:@southline": AccountSettings(target_minutes=15)})
    found = figures(store, config=quick)
    rows = [(row["network"], row["account"], row["waiting"], row["late"]) for row in found["accounts"]]
    assert rows == [("x", "@northline", 2, 1), ("x", "@southline", 2, 1)], "a name-drop is never late"
    assert (found["total"]["waiting"], found["total"]["late"]) == (4, 2)
    assert found["total"]["oldest_waiting"] == {"since": "2026-11-22T06:00:00Z", "age": "2h"}
    assert found["accounts"][1]["oldest_waiting"]["age"] == "30m"


def test_posts_without_an_account_are_counted(store: Store) -> None:
    take_in(store, post("1", NOW - HOUR, text="northline is cold", account=None))
    [row] = figures(store)["accounts"]
    assert (row["network"], row["account"], row["posts"], row["waiting"]) == (None, None, 1, 1)
    assert "(no account)" in report.text(figures(store))


def test_claimed_conversations_do_not_wait(store: Store) -> None:
    take_in(store, post("1", NOW - 2 * HOUR))
    with store.transaction() as session:
        claims.claim_next(session, agent="ana", now=NOW, lease=LEASE)
    assert total(store, "waiting", "oldest_waiting", "late") == (0, None, 0)


def answer(store: Store, conversation: int, agent: str, at: Millis, text: str) -> None:
    with store.transaction() as session:
        people.arrive(session, agent, at)
        claim = claims.claim(session, conversation, agent=agent, now=at, lease=LEASE)
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=at)
        outbox.queue_due(session, at + CONFIG.desk.undo)
        outbox.start_sending(session, at + CONFIG.desk.undo, CONFIG)
        outbox.sent(session, reply, Receipt(f"n{reply}"), at + CONFIG.desk.undo)


def test_replies_sent_by_agent_and_account(store: Store) -> None:
    take_in(store, *(post(str(n), NOW - 2 * HOUR, f"c{n}") for n in range(3)))
    take_in(store, post("9", NOW - 2 * HOUR, "dan", "what a line", account=None, network="y"))
    for conversation, agent in ((1, "ben"), (2, "ana"), (3, "ben"), (4, "ben")):
        answer(store, conversation, agent, NOW - HOUR, f"Coach {conversation} is being looked after by {agent}.")
    found = figures(store)
    assert found["agents"] == [{"agent": "ben", "sent": 3}, {"agent": "ana", "sent": 1}]
    assert [(row["account"], row["sent"]) for row in found["accounts"]] == [("@northline", 3), (None, 1)]
    assert found["total"]["sent"] == found["total"]["answered"] == 4
    assert figures(store, since=NOW)["agents"] == []


def test_resolved_without_an_answer(store: Store) -> None:
    take_in(store, *(post(str(n), NOW - 2 * HOUR, f"c{n}") for n in range(5)))
    answer(store, 2, "ana", NOW - HOUR, "Which coach are you in?")
    with store.transaction() as session:
        for conversation, at in ((1, NOW - HOUR), (2, NOW - HOUR), (3, NOW - HOUR), (4, NOW - 8 * DAY)):
            claims.resolve(session, conversation, agent="ana", reason="spam", now=at, lease=LEASE)
    take_in(store, post("back", NOW - MINUTE, "c2", in_reply_to="2", kind="reply"))
    assert total(store, "resolved_unanswered") == (1,), "not the answered, the reopened nor the one of last week"


def test_stops_and_overrides_by_check(store: Store) -> None:
    root = post("1", NOW - 206 * DAY)
    take_in(store, post("2", NOW - MINUTE, "oldnews", "RT", kind="repost", root=root, root_id="1"))
    with store.transaction() as session:
        people.arrive(session, "ana", NOW)
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=LEASE)
    for at in (NOW - 8 * DAY, NOW, NOW):
        with pytest.raises(Refused) as stop, store.transaction() as session:
            outbox.hold(session, claim, "Are you still in the lift?", config=CONFIG, now=NOW)
        assert isinstance(stop.value, outbox.GuardStop)
        with store.transaction() as session:
            outbox.record_stop(session, stop.value.stops, 1, agent="ana", now=at)
    overrides = [outbox.Overridden(finding.check, finding.asks, "she asked again") for finding in stop.value.stops]
    with store.transaction() as session:
        outbox.hold(session, claim, "Are you still in the lift?", config=CONFIG, now=NOW, overrides=overrides)
    [row] = figures(store)["guard"]
    assert row == {
        "check": "resurfaced", "stops": 2, "overrides": 1,
        "shown": 1, "heeded": 0, "overridden": 1, "proven_right": 0,
    }  # fmt: skip


def test_what_was_overridden_may_be_proven_right(store: Store) -> None:
    """The customer complains of one reply, thanks for another, and one of ours is deleted."""
    ours_before = [ours(f"a{n}", NOW - 2 * HOUR, f"q{n}") for n in range(4)]
    take_in(store, *(post(f"q{n}", NOW - 3 * HOUR, f"c{n}") for n in range(4)), *ours_before)
    for n in range(4):
        with store.transaction() as session:
            people.arrive(session, "ana", NOW)
            claim = claims.claim(session, n + 1, agent="ana", now=NOW - HOUR, lease=LEASE)
            over = [outbox.Overridden("answered", "there is more to say")]
            outbox.hold(session, claim, f"Coach {n}, then?", config=CONFIG, now=NOW - HOUR, overrides=over)
            outbox.queue_due(session, NOW - 50 * MINUTE)
            reply, _ = outbox.start_sending(session, NOW - 50 * MINUTE, CONFIG) or (0, None)
            outbox.sent(session, reply, Receipt(f"n{n}"), NOW - 50 * MINUTE)
    answers = {"in_reply_to": "n0", "kind": "reply"}
    take_in(store, post("w0", NOW - 40 * MINUTE, "c0", "I already told you", **answers))
    take_in(store, post("w1", NOW - 40 * MINUTE, "c1", "coach two, thanks", **answers | {"in_reply_to": "n1"}))
    take_in(store, post("w2", NOW - 30 * MINUTE, "c1", "I already told you", **answers | {"in_reply_to": "n1"}))
    take_in(store, ours("n2", NOW - HOUR, "q2", deleted=True))
    [row] = report.guard_figures(store.reader(), since=WEEK_AGO, now=NOW)["guard"]
    assert (row["check"], row["shown"], row["overridden"], row["proven_right"]) == ("answered", 4, 4, 2)
    [later] = report.guard_figures(store.reader(), since=NOW - HOUR + 1, now=NOW)["guard"] or [None]
    assert later is None


def test_a_warning_that_was_heeded_is_a_near_miss_too(store: Store) -> None:
    take_in(store, post("1", NOW - HOUR))
    stop, warn, info = (Finding("answered", v, f"{v}.", {}) for v in ("stop", "warn", "info"))  # type: ignore[arg-type]
    with store.transaction() as session:
        people.arrive(session, "ana", NOW)
        found = [stop, replace(warn, check="tone"), replace(info, check="late")]
        outbox.record_stop(session, found, 1, agent="ana", now=NOW)
    kinds = [(event.kind, event.data["check"]) for event in store.reader().guard_events(WEEK_AGO)]
    assert kinds == [("guard.stopped", "answered"), ("guard.heeded", "tone")]
    rows = {row["check"]: (row["stops"], row["shown"], row["heeded"]) for row in figures(store)["guard"]}
    assert rows == {"answered": (1, 1, 1), "tone": (0, 1, 1)}


@given(st.lists(st.integers(0, 10**9), min_size=1), st.floats(0, 1))
def test_nearest_rank_covers_its_share_and_no_more_than_needed(values: list[int], share: float) -> None:
    ordered = sorted(values)
    found = report.nearest_rank(ordered, share)
    assert sum(value <= found for value in ordered) >= share * len(ordered)
    assert sum(value < found for value in ordered) < max(share * len(ordered), 1)


# -- on paper -------------------------------------------------------------------------------------

hostile = st.one_of(st.text(st.characters(codec=None), max_size=80), st.sampled_from(["\x1b[2J", "ｗ" * 90, "a\nb"]))
counts = st.integers(0, 10**8)
spans = st.sampled_from(["-", "59s", "47h", "206d", "3652d"]).map(lambda text: {"seconds": 1, "text": text})
row = {
    "posts": counts, "opened": counts, "answered": counts, "sent": counts, "waiting": counts, "late": counts,
    "answered_share": st.none() | st.floats(0, 1), "resolved_unanswered": counts,
    "first_response": st.fixed_dictionaries({"median": spans, "p90": spans}),
    "oldest_waiting": st.none() | st.just({"since": "", "age": "3652d"}),
}  # fmt: skip
tables = st.fixed_dictionaries(
    {
        "since": st.just("2026-11-15T08:00:00Z"),
        "until": st.just("2026-11-22T08:00:00Z"),
        "total": st.fixed_dictionaries(row),
        "accounts": st.lists(
            st.fixed_dictionaries(row | {"network": st.none() | hostile, "account": st.none() | hostile}), max_size=3
        ),
        "agents": st.lists(st.fixed_dictionaries({"agent": hostile, "sent": counts}), max_size=3),
        "guard": st.lists(
            st.fixed_dictionaries(
                {"check": hostile, "shown": counts, "heeded": counts, "overridden": counts, "proven_right": counts}
            ),
            max_size=3,
        ),
        "set_otherwise": st.lists(
            st.fixed_dictionaries({"account": hostile, "checks": st.dictionaries(hostile, st.just("off"), max_size=9)}),
            max_size=3,
        ),
    }
)


@given(tables)
def test_whatever_the_names_the_table_of_the_guard_stands(found: dict[str, Any]) -> None:
    page = report.guard_text(found)
    assert clean(page) == page
    lines = page.removesuffix("\n").split("\n")
    assert all(width(text) <= report.COLUMNS for text in lines)
    end = len(lines[2]) - len("check")
    assert {text[end - 2 : end] for text in lines[2 : 3 + len(found["guard"])]} <= {"  "}, "columns stand in line"


@given(tables)
def test_whatever_the_names_the_table_stands(found: dict[str, Any]) -> None:
    page = report.text(found)
    assert clean(page) == page
    lines = page.removesuffix("\n").split("\n")
    assert all(width(text) <= report.COLUMNS for text in lines)
    assert lines[2].endswith("  account")
    end = len(lines[2]) - len("account")
    assert {text[end - 2 : end] for text in lines[2 : 4 + len(found["accounts"])]} == {"  "}, "columns stand in line"


def test_the_table_of_a_small_desk(store: Store) -> None:
    take_in(store, post("1", NOW - 3 * HOUR), ours("2", NOW - 2 * HOUR, "1"), post("3", NOW - HOUR - SECOND, "bob"))
    lines = report.text(figures(store)).splitlines()
    assert lines[2].split() == [
        "posts",
        "opened",
        "answ.",
        "median",
        "p90",
        "sent",
        "waits",
        "oldest",
        "late",
        "account",
    ]
    assert lines[3].split() == ["2", "2", "50%", "1h", "1h", "0", "1", "1h", "1", "all"]
    assert lines[4].split() == [*lines[3].split()[:-1], "x:@northline"]
