"""The guard over what was sent: each reply is judged as it would have been just before it was written."""

import random
from typing import Any

import pytest
from making import NOW, ours, post, quote, repost, take
from sqlalchemy import select

from tui import config
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis, iso
from tui.config import AccountSettings, Config
from tui.desk import claims, guard, incidents, outbox, people
from tui.desk.composition import made_of
from tui.desk.guard import gather
from tui.desk.guard.replay import replay
from tui.networks.records import Post, Receipt
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

PLAIN = Config()
SORRY = "We are sorry, the crew has been told about the cold coach."
ASKED = "@northline no heating"
LIFT = "Northline, I am stuck in the lift"


def played(reader: Reader, since: Millis = NOW - 400 * DAY, **values: Any) -> dict[str, Any]:
    return replay(reader, **{"since": since, "now": NOW, "config": PLAIN, "limit": 100} | values)


def fired(found: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """Stops, warnings and infos of the checks that said something."""
    return {row["check"]: (row["stop"], row["warn"], row["info"]) for row in found["checks"] if row["fired"]}


# -- one reply -------------------------------------------------------------------------------------


def test_an_empty_desk_has_nothing_to_replay(reader: Reader) -> None:
    found = played(reader)
    assert (found["replies"], found["examples"]) == (0, [])
    assert [row["check"] for row in found["checks"]] == list(guard.NAMES)
    assert found["checks"][0] == {"check": "resurfaced", "stop": 0, "warn": 0, "info": 0, "fired": 0, "share": None}


def test_an_ordinary_answer_fires_nothing(store: Store, reader: Reader) -> None:
    take(store, post("1", text=ASKED, ago=HOUR), ours("2", "1", 50 * MINUTE, SORRY), history=True)
    found = played(reader)
    assert (found["replies"], fired(found)) == (1, {})


def test_what_came_after_a_reply_is_not_held_against_it(store: Store, reader: Reader) -> None:
    """The customer's thanks, a stranger's repost and our further answer make no old answer wrong."""
    root = post("1", text=LIFT, ago=206 * DAY)
    take(store, root, ours("2", "1", 206 * DAY - HOUR, SORRY), history=True)
    take(
        store, repost("3", root, ago=HOUR), ours("4", "1", MINUTE, "Are you still in the lift?"),
        post("5", text="No!", in_reply_to="4", kind="reply"), history=True,
    )  # fmt: skip
    found = played(reader)
    assert fired(found) == {"resurfaced": (1, 0, 0), "answered": (1, 0, 0), "namedrop": (0, 0, 2)}
    assert {one["post"] for one in found["examples"] if one["verdict"] == "stop"} == {4}
    stop = next(one for one in found["examples"] if one["check"] == "resurfaced")
    assert (stop["conversation"], stop["at"], stop["account"]) == (1, iso(NOW - MINUTE), "@northline")
    assert (stop["to"], stop["reply"]) == ("amandac", "Are you still in the lift?")
    assert "posted 205d ago" in stop["text"]


def test_a_follow_up_by_the_same_handle_is_no_second_answer(store: Store, reader: Reader) -> None:
    first = ours("2", "1", 50 * MINUTE, SORRY)
    take(store, post("1", text=ASKED, ago=HOUR), first, ours("3", "1", 45 * MINUTE, "Which coach?"), history=True)
    assert fired(played(reader)) == {}
    take(store, ours("4", "1", 40 * MINUTE - SECOND, "And which seat?"), history=True)
    assert fired(played(reader)) == {"answered": (1, 0, 0)}


def test_only_replies_since_then_are_looked_at_with_what_was_sent_before(store: Store, reader: Reader) -> None:
    for number in range(4):
        asked = post(f"q{number}", f"c{number}", ASKED, ago=70 * MINUTE)
        take(store, asked, ours(f"a{number}", f"q{number}", (60 - number) * MINUTE, SORRY), history=True)
    last = played(reader, NOW - 57 * MINUTE)
    assert (last["replies"], fired(last)) == (1, {"same-text": (0, 1, 0)})
    assert played(reader, NOW - 57 * MINUTE + 1)["replies"] == 0
    assert played(reader, now=NOW - 58 * MINUTE)["replies"] == 3
    assert fired(played(reader, now=NOW - 58 * MINUTE)) == {}


def test_deleted_replies_reposts_and_words_to_nobody_are_left_out(store: Store, reader: Reader) -> None:
    take(
        store, post("1", text=ASKED, ago=HOUR), ours("2", "1", 50 * MINUTE, deleted=True),
        repost("3", "1", "northline", 40 * MINUTE, in_reply_to="1"),
        ours("4", None, 30 * MINUTE, "Good morning!", kind="post"), history=True,
    )  # fmt: skip
    assert played(reader)["replies"] == 0


# -- as it was -------------------------------------------------------------------------------------


def test_an_edit_and_a_deletion_of_later_are_not_yet_made(store: Store, reader: Reader) -> None:
    asked, answer = post("1", text=ASKED, ago=HOUR), ours("2", "1", 50 * MINUTE, "Hello XX, we are sorry.")
    take(store, asked, answer, now=NOW - 50 * MINUTE)
    take(store, ours("2", "1", 50 * MINUTE, "Hello Amanda, we are sorry."), now=NOW - 40 * MINUTE)
    take(store, post("1", text=ASKED, ago=HOUR, deleted=True), now=NOW - 30 * MINUTE)
    assert fired(played(reader)) == {"placeholder": (1, 0, 0)}, "it went out with XX, to a post that was there"
    take(store, ours("3", "1", 20 * MINUTE, "Are you there?"), now=NOW - 20 * MINUTE)
    assert fired(played(reader, NOW - 20 * MINUTE))["not-allowed"] == (1, 0, 0), "and then it was gone"


def test_a_part_is_one_of_the_answer_as_it_was(store: Store, reader: Reader) -> None:
    first, second = ours("2", "1", 150 * MINUTE, f"{SORRY} 1/2"), ours("3", "1", 2 * HOUR, "It gets warm soon. 2/2")
    take(store, post("1", text=ASKED, ago=3 * HOUR), first, second, now=NOW - 2 * HOUR)
    take(store, ours("2", "1", 150 * MINUTE, SORRY), now=NOW - HOUR)
    assert fired(played(reader)) == {}


def test_a_first_import_makes_no_late_find_of_what_was_answered_in_time(store: Store, reader: Reader) -> None:
    """Everything was seen today, long after it was written."""
    take(store, post("1", text=LIFT, ago=30 * DAY), ours("2", "1", 30 * DAY - HOUR, SORRY))
    assert fired(played(reader)) == {"namedrop": (0, 0, 1)}
    take(store, post("3", "bob", LIFT, ago=30 * DAY), ours("4", "3", 27 * DAY, "Is it well again, Bob?"))
    assert fired(played(reader)) == {"namedrop": (0, 0, 2), "resurfaced": (1, 0, 0)}


def test_what_was_settled_later_was_still_waiting(store: Store, reader: Reader) -> None:
    take(store, post("1", text=ASKED, ago=5 * HOUR), ours("2", "1", 3 * HOUR, SORRY), history=True)
    with store.transaction() as session:
        claims.resolve(session, 1, agent="ana", reason="done", now=NOW - HOUR, lease=HOUR)
    assert fired(played(reader)) == {"late": (0, 0, 1)}
    take(store, ours("3", "1", 0, "Is it warm again?"), history=True)
    assert fired(played(reader, NOW))["answered"] == (1, 0, 0)


def test_private_messages_are_no_public_texts(store: Store, reader: Reader) -> None:
    for number in range(4):
        kind = "dm" if number < 3 else "reply"
        asked = post(f"q{number}", f"c{number}", ASKED, ago=HOUR, kind=kind)
        answer = ours(f"a{number}", f"q{number}", (50 - number) * MINUTE, SORRY, kind=kind)
        take(store, asked, answer, history=True)
    assert (played(reader)["replies"], fired(played(reader))) == (4, {})


def test_a_strangers_quote_brings_a_thread_back(store: Store, reader: Reader) -> None:
    root = post("1", text=LIFT, ago=30 * DAY)
    said = quote("2", root, "they never answered her at all, shame", ago=HOUR)
    take(store, root, said, ours("3", "1", MINUTE, SORRY), history=True)
    assert fired(played(reader))["resurfaced"] == (1, 0, 0)
    take(store, ours("4", "2", SECOND, "Which lift is it that you mean?"), history=True)
    assert fired(played(reader, NOW - SECOND)) == {"namedrop": (0, 0, 1)}, "the quote has a conversation of its own"


def test_what_the_agent_sent_here_is_known_with_its_canned_response(store: Store, reader: Reader) -> None:
    take(store, post("1", text=ASKED, ago=HOUR))
    with store.transaction() as session:
        people.arrive(session, "ana", NOW)
        session.execute(
            t.canned_responses.insert().values(
                id=5, name="Old", body=SORRY, shortcut="", tags=[], language="", network="", scope="team",
                approved=True, plain=True, valid_until=NOW - 2 * HOUR, uses=0, updated_at=NOW,
            )
        )  # fmt: skip
        claim = claims.claim(session, 1, agent="ana", now=NOW - HOUR, lease=HOUR)
        over = [guard.Overridden("expired-canned", "still true")]
        made, _ = outbox.hold(
            session, claim, SORRY, config=PLAIN, now=NOW - 50 * MINUTE, overrides=over, made_of=made_of(5)
        )
        outbox.queue_due(session, NOW - 40 * MINUTE)
        outbox.start_sending(session, NOW - 40 * MINUTE, PLAIN)
        outbox.sent(session, made, Receipt("9"), NOW - 40 * MINUTE)
    assert fired(played(reader)) == {"expired-canned": (1, 0, 0)}


def test_the_update_of_an_incident_counts_from_when_it_came(store: Store, reader: Reader) -> None:
    take(store, post("1", text=ASKED, ago=5 * HOUR), ours("2", "1", 4 * HOUR, SORRY), history=True)
    take(store, ours("3", "1", 3 * HOUR, "It runs again."), ours("4", "1", HOUR, "It stands again."), history=True)
    assert fired(played(reader)) == {"answered": (2, 0, 0)}
    with store.transaction() as session:
        people.arrive(session, "ana", NOW)
        incidents.add(session, "line 4", text="Heating", agent="ana", now=NOW - 6 * HOUR)
        incidents.add_update(session, "line 4", text="It runs", agent="ana", now=NOW - 3 * HOUR - MINUTE)
        incidents.add_update(session, "line 4", text="It is over", agent="ana", now=NOW - MINUTE)
        incidents.link(session, "line 4", [1], agent="ana", now=NOW - MINUTE)
    found = played(reader)
    assert fired(found) == {"answered": (1, 0, 0)}
    assert [one["post"] for one in found["examples"]] == [4], "nothing was new between 3 and 4"


TEXTS = (SORRY, "Which coach are you in? ^AB", "Hello XX, one moment", "One moment 1/2", "please 2/2 ^AB", "@bob " * 70)


def story(seed: int) -> list[Post]:
    """A fortnight on two handles: questions, follow-ups, answers, reposts and quotes, in the order of writing."""
    dice = random.Random(seed)
    said: list[Post] = []
    at = NOW - 14 * DAY
    for number in range(120):
        at += dice.choice([SECOND, MINUTE, 4 * MINUTE, HOUR, 5 * HOUR])
        words = [one for one in said if one.author.id not in ("northline", "southline") and one.kind != "repost"]
        about = dice.choice(words) if words else None
        made: dict[str, Any] = {"created_at": at}
        handle = dice.choice(["@northline", "@southline", "Northline"])
        draw = dice.random()
        if about is None or draw < 0.25:
            said.append(post(f"{number}", f"c{number}", f"{handle} no heating {number}", **made))
        elif draw < 0.4:
            again = {"by": about.author, "in_reply_to": about.id, "kind": "reply"}
            said.append(post(f"{number}", "", f"still cold {number}", **again, **made))
        elif draw < 0.5:
            said.append(repost(f"{number}", about.id, **made))
        elif draw < 0.55:
            said.append(quote(f"{number}", about.id, f"look at this here {number}", **made))
        else:
            by = dice.choice(["northline", "northline", "southline"])
            said.append(post(f"{number}", by, dice.choice(TEXTS), in_reply_to=about.id, kind="reply", **made))
    return said


def home_of(store: Store, native_id: str | None) -> int | None:
    """The conversation of a post."""
    with store.transaction() as session:
        return session.execute(select(t.posts.c.conversation_id).where(t.posts.c.native_id == native_id)).scalar()


@pytest.mark.parametrize("seed", range(6))
def test_history_says_what_the_guard_said_at_the_time(store: Store, reader: Reader, seed: int) -> None:
    with store.transaction() as session:
        session.execute(t.accounts.insert().values(network="x", handle="@southline", name="southline", created_at=0))
    live: list[tuple[str, str, str]] = []
    for each in story(seed):
        home = home_of(store, each.in_reply_to) if each.author.handle in ("northline", "southline") else None
        if home is not None:
            case = gather.case(
                reader, home, each.text, agent="ana", config=PLAIN, now=each.created_at,
                sender=f"@{each.author.handle}",
            )  # fmt: skip
            live += [(iso(each.created_at) or "", one.check, one.verdict) for one in guard.examine(case)]
        take(store, each, now=each.created_at)
    found = played(reader, limit=1_000)
    assert sorted((one["at"], one["check"], one["verdict"]) for one in found["examples"]) == sorted(live)
    assert {check for _, check, _ in live} >= {"answered", "same-text", "placeholder"}


# -- as it would be --------------------------------------------------------------------------------


def test_settings_as_they_would_be_stand_beside_those_there_are(store: Store, reader: Reader) -> None:
    first = ours("2", "1", 50 * MINUTE, SORRY)
    take(store, post("1", text=ASKED, ago=3 * HOUR), first, ours("3", "1", 42 * MINUTE, "Which coach?"), history=True)
    known = Config(accounts={"x:@northline": AccountSettings(checks={"late": "warn"})})
    changed = config.otherwise(known, ["part_minutes=8", "checks.namedrop=off"])
    found = played(reader, config=known, otherwise=changed)
    rows = {row["check"]: row for row in found["checks"]}
    assert rows["answered"]["fired"] == 0
    assert rows["answered"]["before"] == {"stop": 1, "warn": 0, "info": 0, "fired": 1, "share": 0.5}
    assert rows["late"]["warn"] == rows["late"]["before"]["warn"] == 1
    [example] = found["examples"]
    assert (example["check"], example["before"], example["verdict"]) == ("answered", "stop", "ok")


@pytest.mark.parametrize(("hours", "stops"), [(47, 1), (48, 0)])
def test_another_horizon_is_another_history(store: Store, reader: Reader, hours: int, stops: int) -> None:
    """Posted 48 hours before the reply, and brought back shortly before it."""
    root = post("1", text=LIFT, ago=50 * HOUR)
    take(store, root, repost("2", root, ago=2 * HOUR + SECOND), ours("3", "1", 2 * HOUR, SORRY), history=True)
    changed = config.otherwise(PLAIN, [f"horizon_hours={hours}"])
    [row] = played(reader, otherwise=changed, checks=["resurfaced"])["checks"]
    assert (row["stop"], row["before"]["stop"]) == (stops, 0)


def test_a_longer_stretch_of_same_texts_reaches_further_back(store: Store, reader: Reader) -> None:
    for number in range(4):
        asked = post(f"q{number}", f"c{number}", ASKED, ago=(number + 1) * HOUR + MINUTE)
        take(store, asked, ours(f"a{number}", f"q{number}", (number + 1) * HOUR, SORRY), history=True)
    wide = config.otherwise(PLAIN, ["same_text_minutes=180"])
    [row] = played(reader, NOW - HOUR, otherwise=wide, checks=["same-text"])["checks"]
    assert (row["warn"], row["before"]["warn"]) == (1, 0)


def test_only_the_checks_and_as_many_examples_as_were_asked_for(store: Store, reader: Reader) -> None:
    for number in range(5):
        asked = post(f"q{number}", f"c{number}", ASKED, ago=9 * HOUR)
        take(store, asked, ours(f"a{number}", f"q{number}", (5 - number) * HOUR, f"Coach {number}?"), history=True)
    found = played(reader, checks=["late"], limit=2)
    assert [(row["check"], row["info"], row["share"]) for row in found["checks"]] == [("late", 5, 1.0)]
    assert [one["at"] for one in found["examples"]] == [iso(NOW - HOUR), iso(NOW - 2 * HOUR)], "the newest first"
    assert played(reader, checks=["late"], limit=0)["examples"] == []


def test_many_replies_are_read_in_pages(store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where many were written at the same moment."""
    monkeypatch.setattr("tui.desk.guard.replay._PAGE", 3)
    for number in range(10):
        asked = post(f"q{number}", f"c{number}", ASKED, ago=HOUR)
        take(store, asked, ours(f"a{number}", f"q{number}", 50 * MINUTE, f"Coach {number}?"), history=True)
    assert played(reader)["replies"] == 10
