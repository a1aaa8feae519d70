"""Claims: exclusive, fenced by an epoch, each change with its event."""

import multiprocessing
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from making import NOW, kinds, ours, post, repost, rows, take
from sqlmodel import Session

from tui.clock import HOUR, MINUTE
from tui.desk import claims, drafts, people
from tui.errors import Misuse, Refused
from tui.store.reader import Reader
from tui.store.store import Store, home_of

LEASE = 30 * MINUTE
ONE = 1
"""The first conversation of a fresh desk."""

Verb = Callable[[Session, str], Any]
VERBS: dict[str, Verb] = {
    "claim": lambda s, who: claims.claim(s, ONE, agent=who, now=NOW, lease=LEASE),
    "take": lambda s, who: claims.take_over(s, ONE, agent=who, reason="shift ends", now=NOW, lease=LEASE),
    "release": lambda s, who: claims.release(s, ONE, agent=who, now=NOW),
    "skip": lambda s, who: claims.skip(s, ONE, agent=who, reason="not my language", now=NOW, span=LEASE),
    "snooze": lambda s, who: claims.snooze(s, ONE, agent=who, until=NOW + HOUR, now=NOW, lease=LEASE),
    "resolve": lambda s, who: claims.resolve(s, ONE, agent=who, reason="praise", now=NOW, lease=LEASE),
    "pass": lambda s, who: claims.pass_on(s, ONE, agent=who, to="cem", now=NOW, lease=LEASE),
    "note": lambda s, who: claims.note(s, ONE, agent=who, text="seen this", now=NOW),
    "tag": lambda s, who: claims.tag(s, ONE, agent=who, tags=["Lift"], now=NOW),
}
EVENT = {
    "claim": "claim.taken", "take": "claim.taken-over", "release": "claim.released", "skip": "conversation.skipped",
    "snooze": "conversation.snoozed", "resolve": "conversation.resolved", "pass": "claim.passed", "note": "note.added",
    "tag": "conversation.tagged",
}  # fmt: skip


def do(store: Store, verb: str, who: str = "ana") -> Any:
    with store.transaction() as session:
        return VERBS[verb](session, who)


def one(reader: Reader) -> Any:
    row = reader.conversation(ONE)
    assert row is not None
    return row


def put(store: Store, state: str) -> None:
    """A conversation in a state; `ana` holds it where it is claimed, `lapsed` since an hour ago."""
    take(store, post("1", ago=HOUR), *([ours("2", "1", MINUTE)] if state == "pending" else []), now=NOW - 2 * HOUR)
    with store.transaction() as session:
        people.arrive(session, "cem", NOW)
        match state:
            case "claimed":
                claims.claim(session, ONE, agent="ana", now=NOW - MINUTE, lease=LEASE)
            case "lapsed":
                claims.claim(session, ONE, agent="ana", now=NOW - HOUR - LEASE, lease=LEASE)
            case "snoozed":
                claims.snooze(session, ONE, agent="ana", until=NOW + HOUR, now=NOW - MINUTE, lease=LEASE)
            case "resolved":
                claims.resolve(session, ONE, agent="ana", reason="done", now=NOW - MINUTE, lease=LEASE)


YES, NO = True, False
TABLE = {
    #            new  pending  snoozed  resolved  owner  other  lapsed, other
    "claim":    (YES, YES,     YES,     YES,      YES,   NO,    YES),
    "take":     (YES, YES,     YES,     YES,      YES,   YES,   YES),
    "release":  (NO,  NO,      NO,      NO,       YES,   NO,    NO),
    "skip":     (YES, YES,     YES,     YES,      YES,   NO,    YES),
    "snooze":   (YES, YES,     YES,     YES,      YES,   NO,    YES),
    "resolve":  (YES, YES,     YES,     YES,      YES,   NO,    YES),
    "pass":     (NO,  NO,      NO,      NO,       YES,   NO,    NO),
    "note":     (YES, YES,     YES,     YES,      YES,   YES,   YES),
    "tag":      (YES, YES,     YES,     YES,      YES,   YES,   YES),
}  # fmt: skip
SITUATIONS = (
    ("new", "ben"), ("pending", "ben"), ("snoozed", "ben"), ("resolved", "ben"),
    ("claimed", "ana"), ("claimed", "ben"), ("lapsed", "ben"),
)  # fmt: skip


@pytest.mark.parametrize(("state", "who"), SITUATIONS)
@pytest.mark.parametrize("verb", VERBS)
def test_who_may_do_what_when(store: Store, reader: Reader, verb: str, state: str, who: str) -> None:
    put(store, state)
    before, stood = reader.last_event(), one(reader)
    allowed = TABLE[verb][SITUATIONS.index((state, who))]
    if allowed:
        do(store, verb, who)
        wanted = {EVENT[verb], "claim.taken"} if verb == "take" else {EVENT[verb]}
        owned = verb == "claim" and stood.owner == who
        owned = owned or (verb == "take" and stood.owner == who)
        assert owned or wanted & {event.kind for event in reader.events(after=before)}
        assert one(reader).epoch >= stood.epoch
    else:
        with pytest.raises(Refused, match=r"ana|claimed by ben"):
            do(store, verb, who)
        assert (reader.last_event(), one(reader)) == (before, stood)


@pytest.mark.parametrize(
    ("verb", "state", "owner"),
    [("claim", "claimed", "ana"), ("snooze", "snoozed", None), ("resolve", "resolved", None)],
)
def test_where_a_verb_leads(store: Store, reader: Reader, verb: str, state: str, owner: str | None) -> None:
    put(store, "new")
    do(store, verb)
    assert (one(reader).state, one(reader).owner) == (state, owner)


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_and_its_event_come_and_go_together(store: Store, reader: Reader, verb: str) -> None:
    put(store, "claimed")

    def interrupted() -> None:
        with store.transaction() as session:
            VERBS[verb](session, "ana")
            raise ZeroDivisionError

    before = reader.last_event(), one(reader), reader.notes(ONE)
    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert (reader.last_event(), one(reader), reader.notes(ONE)) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_conversation_that_is_not_there(store: Store, verb: str) -> None:
    with store.transaction() as session:
        people.arrive(session, "cem", NOW)
    with pytest.raises((Misuse, Refused)):
        do(store, verb)


@pytest.mark.parametrize("verb", ["take", "skip", "resolve"])
def test_a_reason_is_needed(store: Store, verb: str) -> None:
    put(store, "claimed")
    call = {"take": claims.take_over, "skip": claims.skip, "resolve": claims.resolve}[verb]
    span = {"span": LEASE} if verb == "skip" else {"lease": LEASE}
    with pytest.raises(Refused, match="--reason"), store.transaction() as session:
        call(session, ONE, agent="ana", reason="  ", now=NOW, **span)  # type: ignore[operator]


# -- the epoch ------------------------------------------------------------------------------------------


def test_an_old_epoch_is_refused_with_who_took_it_and_why(store: Store, reader: Reader) -> None:
    put(store, "new")
    mine = do(store, "claim", "ana")
    with store.transaction() as session:
        claims.take_over(session, ONE, agent="Ben", reason="ana is away", now=NOW + MINUTE, lease=LEASE)
    with pytest.raises(Refused, match="taken over by Ben 2 min ago: ana is away"), store.transaction() as session:
        drafts.save(session, mine, "hello", cursor=5, now=NOW + 3 * MINUTE)
    assert reader.draft(ONE) is None


def test_ones_own_earlier_claim_is_no_claim(store: Store) -> None:
    put(store, "new")
    first = do(store, "claim")
    do(store, "release")
    second = do(store, "claim")
    assert second.epoch > first.epoch
    with pytest.raises(Refused), store.transaction() as session:
        claims.check_held(session, first, NOW)


def test_claiming_again_keeps_the_epoch_and_renews(store: Store, reader: Reader) -> None:
    put(store, "claimed")
    epoch = one(reader).epoch
    assert do(store, "claim").epoch == epoch
    assert one(reader).timer_at == NOW + LEASE
    assert "claim.taken" not in kinds(reader, ONE)[2:]


def test_the_draft_goes_along(store: Store, reader: Reader) -> None:
    put(store, "new")
    mine = do(store, "claim")
    with store.transaction() as session:
        drafts.save(session, mine, "half a sent", cursor=4, now=NOW)
    do(store, "take", "ben")
    assert (reader.draft(ONE).text, reader.draft(ONE).agent) == ("half a sent", "ben")  # type: ignore[union-attr]


def test_passing_on_needs_somebody_known(store: Store, reader: Reader) -> None:
    put(store, "claimed")
    do(store, "pass")
    assert one(reader).owner == "cem"
    with pytest.raises(Refused, match="dora"), store.transaction() as session:
        claims.pass_on(session, ONE, agent="cem", to="dora", now=NOW, lease=LEASE)


# -- time ------------------------------------------------------------------------------------------------


def test_a_lapsed_claim_comes_back_to_the_queue(store: Store, reader: Reader) -> None:
    put(store, "lapsed")
    assert reader.due_timer(NOW)
    with store.transaction() as session:
        assert claims.wake(session, NOW) == 1
        assert claims.wake(session, NOW) == 0
    assert (one(reader).state, one(reader).owner, reader.due_timer(NOW)) == ("new", None, False)
    assert kinds(reader, ONE)[-1] == "claim.lapsed"


def test_who_is_there_does_not_lapse(store: Store, reader: Reader) -> None:
    put(store, "claimed")
    with store.transaction() as session:
        assert claims.renew(session, agent="ana", now=NOW + 20 * MINUTE, lease=LEASE) == 1
        assert claims.renew(session, agent="ben", now=NOW + 20 * MINUTE, lease=LEASE) == 0
        assert claims.wake(session, NOW + 40 * MINUTE) == 0
        assert claims.wake(session, NOW + 50 * MINUTE) == 1


def test_a_lease_that_ran_out_is_not_renewed(store: Store) -> None:
    put(store, "lapsed")
    with store.transaction() as session:
        assert claims.renew(session, agent="ana", now=NOW, lease=LEASE) == 0


def test_a_snooze_ends_with_its_time(store: Store, reader: Reader) -> None:
    put(store, "snoozed")
    assert rows(reader, "waiting") == []
    with store.transaction() as session:
        assert claims.wake(session, NOW + HOUR - 1) == 0
        assert claims.wake(session, NOW + HOUR) == 1
    assert [row.id for row in rows(reader, "waiting")] == [ONE]


def test_what_was_snoozed_after_an_answer_wakes_and_stays(store: Store, reader: Reader) -> None:
    put(store, "pending")
    do(store, "snooze")
    with store.transaction() as session:
        claims.wake(session, NOW + HOUR)
    take(store, repost("s", "1", "bob"), now=NOW + HOUR)
    assert [row.id for row in rows(reader, "waiting")] == [ONE]


def test_a_snooze_ends_with_a_new_word_and_not_with_a_repost(store: Store, reader: Reader) -> None:
    put(store, "snoozed")
    take(store, repost("s", "1", "bob"))
    assert one(reader).state == "snoozed"
    take(store, post("3", in_reply_to="1", kind="reply"))
    assert (one(reader).state, one(reader).timer_at) == ("new", None)


def test_a_snooze_into_the_past_is_refused(store: Store) -> None:
    put(store, "new")
    with pytest.raises(Refused, match="ahead"), store.transaction() as session:
        claims.snooze(session, ONE, agent="ana", until=NOW, now=NOW, lease=LEASE)


# -- next ------------------------------------------------------------------------------------------------


def serve(store: Store, who: str, now: int = NOW) -> int | None:
    with store.transaction() as session:
        served = claims.claim_next(session, agent=who, now=now, lease=LEASE)
    return None if served is None else served.conversation_id


def test_next_serves_in_order_until_nothing_waits(store: Store, reader: Reader) -> None:
    take(store, post("1", "a", ago=MINUTE), post("2", "b", ago=HOUR), post("3", "c", "a bomb on the train"))
    order = [row.id for row in rows(reader, "waiting")]
    assert [serve(store, who) for who in ("ana", "ben", "ana", "ben")] == [*order, None]
    assert reader.conversation(order[0]).preview == "a bomb on the train"  # type: ignore[union-attr]


def test_a_skip_hides_it_from_that_agent_only_and_for_a_while(store: Store, reader: Reader) -> None:
    put(store, "new")
    do(store, "skip", "ana")
    do(store, "skip", "ana")
    assert serve(store, "ana") is None
    assert len(rows(reader, "waiting")) == 1
    assert serve(store, "ben") == ONE
    do(store, "release", "ben")
    assert serve(store, "ana", NOW + LEASE) == ONE


def test_skipping_ones_own_gives_it_back(store: Store, reader: Reader) -> None:
    put(store, "claimed")
    do(store, "skip", "ana")
    assert (one(reader).state, one(reader).owner) == ("new", None)


def test_a_released_resolved_conversation_rests_resolved(store: Store, reader: Reader) -> None:
    put(store, "resolved")
    do(store, "claim")
    do(store, "release")
    assert one(reader).state == "resolved"


def test_tags_are_compared_without_case(store: Store, reader: Reader) -> None:
    put(store, "new")
    with store.transaction() as session:
        tags = claims.tag(session, ONE, agent="ana", tags=["Lift", " lift ", "", "LINE 4"], now=NOW)
        before = reader.last_event()
        claims.tag(session, ONE, agent="ana", tags=["lift", "line 4"], now=NOW)
    assert tags == one(reader).tags == ["lift", "line 4"]
    assert reader.last_event() == before + 1


def work_off(location: str, agent: str, start: Any, told: Any) -> None:
    """An agent's process: claim what is next until nothing is left."""
    store, served, problem = Store(home_of(location)), [], ""
    start.wait()
    try:
        while (found := serve(store, agent)) is not None:
            served.append(found)
    except Exception as error:
        problem = repr(error)
    told.put((served, problem))


def test_twelve_agents_at_once_never_hold_the_same_one(store: Store, reader: Reader) -> None:
    take(store, *(post(str(n), f"author{n}", ago=n) for n in range(60)))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tui.desk.claims", "tui.desk.people"])
    start, told = context.Barrier(12), context.Queue()
    agents = [context.Process(target=work_off, args=(store.location, f"agent{n}", start, told)) for n in range(12)]
    for agent in agents:
        agent.start()
    answers = [told.get(timeout=60) for _ in agents]
    for agent in agents:
        agent.join()
    assert [problem for _, problem in answers] == [""] * 12
    served = Counter(found for all_of_them, _ in answers for found in all_of_them)
    assert served == Counter(range(1, 61))
    assert Counter(e.conversation_id for e in reader.events() if e.kind == "claim.taken") == served


def test_a_lease_of_nothing_is_renewed_for_the_moment_too(store: Store) -> None:
    take(store, post("1"))
    with store.transaction() as session:
        mine = claims.claim(session, 1, agent="ana", now=NOW, lease=0)
        assert claims.claim(session, 1, agent="ana", now=NOW, lease=0) == mine
