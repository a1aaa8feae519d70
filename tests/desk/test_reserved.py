"""A claim is on the whole customer; what one agent may hold; whom `next` spares; what a lapsed or old claim may not."""

from typing import Any

import pytest
from making import NOW, kinds, ours, post, rows, take
from sqlalchemy import event
from sqlmodel import Session

from tui.clock import HOUR, MINUTE, SECOND
from tui.config import Config
from tui.desk import claims, customers, drafts, outbox, people, presence
from tui.desk.claims import Claim
from tui.desk.serving import LOOKS
from tui.errors import Refused
from tui.store.reader import GONE, Reader
from tui.store.store import Store

LEASE = 30 * MINUTE
TWICE, ELSEWHERE, OTHER = 1, 2, 3
"""Two conversations of one person, of which the second is on another network, and one of somebody else."""


@pytest.fixture(autouse=True)
def _posts(store: Store) -> None:
    take(
        store, post("1", "amandac", ago=3 * MINUTE), post("2", "amanda", network="mastodon", ago=2 * MINUTE),
        post("3", "bert", ago=MINUTE),
    )  # fmt: skip
    with store.transaction() as session:
        for agent in ("ana", "ben", "cem"):
            people.arrive(session, agent, NOW)
        customers.join(session, [TWICE, ELSEWHERE], agent="ana", now=NOW)


def claim(store: Store, which: int, who: str, now: int = NOW, **values: Any) -> Claim:
    with store.transaction() as session:
        return claims.claim(session, which, agent=who, now=now, lease=LEASE, **values)


def serve(store: Store, who: str, now: int = NOW, **values: Any) -> int | None:
    with store.transaction() as session:
        served = claims.claim_next(session, agent=who, now=now, lease=LEASE, **values)
    return None if served is None else served.conversation_id


def take_over(store: Store, which: int, who: str, now: int = NOW, **values: Any) -> Claim:
    with store.transaction() as session:
        return claims.take_over(session, which, agent=who, reason="knows them", now=now, lease=LEASE, **values)


def pass_on(store: Store, which: int, who: str, to: str, **values: Any) -> None:
    with store.transaction() as session:
        claims.pass_on(session, which, agent=who, to=to, now=NOW, lease=LEASE, **values)


def owners(reader: Reader) -> list[str | None]:
    return [row.owner for row in sorted(rows(reader))]


def reserved(reader: Reader, agent: str, now: int = NOW) -> dict[int, str | None]:
    return {row.id: row.reserved_by for row in rows(reader, agent=agent, now=now)}


# -- the customer -------------------------------------------------------------------------------------


def test_one_claim_reserves_the_persons_other_conversations(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana")
    assert reserved(reader, "ben") == {TWICE: None, ELSEWHERE: "ana", OTHER: None}
    assert reserved(reader, "ana") == {TWICE: None, ELSEWHERE: None, OTHER: None}
    assert reserved(reader, "ben", NOW + LEASE)[ELSEWHERE] is None
    assert reader.conversation(ELSEWHERE, agent="ben", now=NOW).reserved_by == "ana"  # type: ignore[union-attr]
    (other, *_) = [row for row in reader.conversations_of(1, 9, agent="ben", now=NOW) if row.id == ELSEWHERE]
    assert other.reserved_by == "ana"


def test_one_author_needs_no_joining(store: Store, reader: Reader) -> None:
    take(store, post("4", "bert", "Another thing"))
    claim(store, 4, "ana")
    assert reserved(reader, "ben")[OTHER] == "ana"


def test_a_reserved_conversation_is_refused_with_who_which_and_since_when(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana", NOW - 3 * MINUTE)
    before = reader.last_event()
    with pytest.raises(Refused, match=f"ana has this customer: conversation {TWICE}, for 3m") as refused:
        claim(store, ELSEWHERE, "ben")
    assert refused.value.details["reserved_by"] == "ana"
    for verb in (claims.reach, claims.resolve):
        about = {"reason": "praise"} if verb is claims.resolve else {}
        with pytest.raises(Refused, match="ana has this customer"), store.transaction() as session:
            verb(session, ELSEWHERE, agent="ben", now=NOW, lease=LEASE, **about)  # type: ignore[operator]
    assert reader.last_event() == before


def test_one_agent_may_have_all_of_a_customer(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana")
    claim(store, ELSEWHERE, "ana")
    assert owners(reader) == ["ana", "ana", None]


def test_next_passes_over_a_colleagues_customer(store: Store) -> None:
    claim(store, TWICE, "ana")
    assert [serve(store, "ben"), serve(store, "ben"), serve(store, "ana")] == [OTHER, None, ELSEWHERE]


def test_a_customer_is_free_when_the_last_claim_on_them_ends(store: Store) -> None:
    mine = claim(store, TWICE, "ana")
    with store.transaction() as session:
        claims.release(session, TWICE, agent="ana", now=NOW, epoch=mine.epoch)
    assert claim(store, ELSEWHERE, "ben").epoch == 1


def test_a_lapsed_claim_reserves_nobody(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana", NOW - LEASE)
    claim(store, ELSEWHERE, "ben")
    take_over(store, TWICE, "ben")
    assert owners(reader) == ["ben", "ben", None]
    assert "claim.taken-over" not in kinds(reader)


@pytest.mark.parametrize("asked", [TWICE, ELSEWHERE])
def test_taking_over_takes_the_whole_customer_drafts_and_all(store: Store, reader: Reader, asked: int) -> None:
    take(store, post("4", "amandac", "And my luggage?"))
    for which in (TWICE, 4):
        with store.transaction() as session:
            drafts.save(
                session, claims.claim(session, which, agent="ana", now=NOW, lease=LEASE), "We", cursor=2, now=NOW
            )
    claim(store, OTHER, "ana")
    before = reader.last_event()
    taken = take_over(store, asked, "ben", NOW + MINUTE)
    assert taken == Claim(asked, "ben", 2 if asked == TWICE else 1)
    assert [reader.conversation(one).owner for one in (TWICE, 4, OTHER)] == ["ben", "ben", "ana"]  # type: ignore[union-attr]
    assert [reader.draft(one).agent for one in (TWICE, 4)] == ["ben", "ben"]  # type: ignore[union-attr]
    told = [(one.kind, one.conversation_id) for one in reader.events(after=before)]
    free = [("claim.taken", ELSEWHERE)] if asked == ELSEWHERE else []
    assert told == [("claim.taken-over", TWICE), ("claim.taken-over", 4), *free]


def test_passing_on_hands_over_the_whole_customer(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana")
    claim(store, ELSEWHERE, "ana")
    claim(store, OTHER, "ana")
    pass_on(store, ELSEWHERE, "ana", "Ben")
    assert owners(reader) == ["ben", "ben", "ana"]
    assert kinds(reader).count("claim.passed") == 2
    with pytest.raises(Refused, match="yours already"):
        pass_on(store, OTHER, "ana", "ana")


# -- how many -----------------------------------------------------------------------------------------


def test_nobody_holds_more_than_the_desk_allows(store: Store, reader: Reader) -> None:
    claim(store, OTHER, "ana", most=1)
    for refused in (
        lambda: serve(store, "ana", most=1),
        lambda: claim(store, TWICE, "ana", most=1),
        lambda: take_over(store, TWICE, "ana", most=1),
    ):
        with pytest.raises(Refused, match="You hold 1 conversation, as many as one may"):
            refused()
    claim(store, TWICE, "ben", most=1)
    with pytest.raises(Refused, match="ben holds 1 conversation, as many as one may; pass it to somebody else"):
        pass_on(store, OTHER, "ana", "ben", most=1)
    assert owners(reader) == ["ben", None, "ana"]


def test_a_customer_comes_whole_or_not_at_all(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana")
    claim(store, ELSEWHERE, "ana")
    with pytest.raises(Refused, match="these are 2 more"):
        take_over(store, TWICE, "ben", most=1)
    with pytest.raises(Refused, match="these are 2 more"):
        pass_on(store, TWICE, "ana", "ben", most=1)
    assert owners(reader) == ["ana", "ana", None]
    take_over(store, TWICE, "ben", most=2)
    assert owners(reader) == ["ben", "ben", None]


def test_claiming_again_what_one_has_needs_no_room(store: Store) -> None:
    mine = claim(store, OTHER, "ana", most=1)
    assert claim(store, OTHER, "ana", most=1) == mine
    assert take_over(store, OTHER, "ana", most=1) == mine


def test_a_full_agent_closes_what_is_free(store: Store, reader: Reader) -> None:
    claim(store, OTHER, "ana", most=1)
    with store.transaction() as session:
        claims.resolve(session, TWICE, agent="ana", reason="praise", now=NOW, lease=LEASE)
    assert [row.state for row in sorted(rows(reader))] == ["resolved", "new", "claimed"]


def test_where_nothing_waits_a_full_agent_is_told_so(store: Store) -> None:
    for which in (TWICE, ELSEWHERE, OTHER):
        claim(store, which, "ben")
    assert serve(store, "ana", most=0) is None
    assert serve(store, "ben", most=1) is None


# -- what somebody looks at ---------------------------------------------------------------------------


def look(store: Store, which: int, who: str = "ben", doing: Any = "looks", now: int = NOW) -> None:
    with store.transaction() as session:
        presence.beat(
            session, f"desk of {who}", agent=who, host="h", pid=1, doing=doing, conversation_id=which, now=now
        )


def test_next_spares_what_a_colleague_looks_at_while_another_is_as_urgent(store: Store) -> None:
    look(store, TWICE)
    assert [serve(store, "ana"), serve(store, "ana"), serve(store, "ana")] == [ELSEWHERE, OTHER, TWICE]


@pytest.mark.parametrize(
    ("who", "doing", "later"), [("ana", "looks", 0), ("ben", "away", 0), ("ben", "writes", GONE + 1)]
)
def test_ones_own_look_somebody_away_and_a_desk_that_is_gone_spare_nothing(
    store: Store, who: str, doing: str, later: int
) -> None:
    look(store, TWICE, who, doing)
    assert serve(store, "ana", NOW + later) == TWICE


def test_a_cursor_that_rests_on_the_first_does_not_keep_it_from_being_served(store: Store) -> None:
    look(store, TWICE)
    look(store, TWICE, now=NOW + LOOKS)  # ben's desk beats on: he has not moved
    assert serve(store, "ana", NOW + LOOKS) == TWICE


def test_what_is_more_urgent_is_served_though_somebody_looks(store: Store) -> None:
    take(store, post("9", "zoe", "there is a bomb on the train"))
    look(store, 4)
    assert serve(store, "ana") == 4


def test_what_is_more_urgent_is_served_before_what_nobody_looks_at(store: Store) -> None:
    take(store, post("9", "zoe", "there is a bomb on the train"), post("10", "yan", "a bomb in the train"))
    look(store, 4)
    assert [serve(store, "ana"), serve(store, "ana")] == [5, 4]


# -- old epochs and lapsed leases ----------------------------------------------------------------------


def hold(session: Session, mine: Claim, now: int) -> None:
    outbox.hold(session, mine, "We are on it.", config=Config(), now=now)


WRITES = {
    "draft": lambda s, mine, now: drafts.save(s, mine, "We", cursor=2, now=now),
    "no draft": lambda s, mine, now: drafts.save(s, mine, "", cursor=0, now=now),
    "reply": hold,
    "renew": lambda s, mine, now: claims.keep(s, mine, now=now, lease=LEASE),
    "release": lambda s, mine, now: claims.release(s, TWICE, agent="ana", now=now, epoch=mine.epoch),
    "resolve": lambda s, mine, now: claims.resolve(
        s, TWICE, agent="ana", reason="done", now=now, lease=LEASE, epoch=mine.epoch
    ),
    "snooze": lambda s, mine, now: claims.snooze(
        s, TWICE, agent="ana", until=now + HOUR, now=now, lease=LEASE, epoch=mine.epoch
    ),
    "pass": lambda s, mine, now: claims.pass_on(
        s, TWICE, agent="ana", to="cem", now=now, lease=LEASE, epoch=mine.epoch
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("lost", ["taken over", "passed", "lapsed", "run out", "lapsed and taken", "taken anew"])
def test_a_claim_that_is_over_writes_nothing(store: Store, reader: Reader, write: str, lost: str) -> None:
    mine = claim(store, TWICE, "ana")
    now = NOW + 2 * MINUTE
    match lost:
        case "taken over":
            take_over(store, TWICE, "ben")
            said = "taken over by ben 2 min ago: knows them"
        case "passed":
            pass_on(store, TWICE, "ana", "ben")
            said = "passed to ben by ana 2 min ago"
        case "taken anew":
            take_over(store, TWICE, "ben")
            take_over(store, TWICE, "ana", NOW + MINUTE)
            said = "taken over by ben 2 min ago: knows them"
        case _:
            now = NOW + LEASE + 2 * MINUTE
            said = "went back to the queue 2 min ago, when nothing was heard from you"
    if lost.startswith("lapsed"):
        with store.transaction() as session:
            claims.wake(session, NOW + LEASE, LEASE)
        said += " for 30 min"
    if lost == "lapsed and taken":
        claim(store, TWICE, "ben", NOW + LEASE)
        said += ", and ben has it now"
    before, stood = reader.last_event(), reader.conversation(TWICE)
    with pytest.raises(Refused, match=said), store.transaction() as session:
        WRITES[write](session, mine, now)
    assert (reader.last_event(), reader.conversation(TWICE), reader.draft(TWICE)) == (before, stood, None)


@pytest.mark.parametrize("write", WRITES)
def test_a_good_claim_writes(store: Store, write: str) -> None:
    mine = claim(store, TWICE, "ana")
    with store.transaction() as session:
        WRITES[write](session, mine, NOW + LEASE - 1)


def test_whoever_was_taken_over_is_told_so_when_they_ask_again(store: Store) -> None:
    claim(store, TWICE, "ana")
    take_over(store, TWICE, "ben")
    with pytest.raises(Refused, match="taken over by ben 2 min ago: knows them; ask them, or take it over"):
        claim(store, TWICE, "ana", NOW + 2 * MINUTE)
    with pytest.raises(Refused, match="ben has had conversation 1 for 2m"):
        claim(store, TWICE, "cem", NOW + 2 * MINUTE)


def test_holding_a_reply_renews_its_claim(store: Store, reader: Reader) -> None:
    mine = claim(store, TWICE, "ana")
    with store.transaction() as session:
        hold(session, mine, NOW + LEASE - 1)
    assert reader.conversation(TWICE).timer_at == NOW + 2 * LEASE - 1  # type: ignore[union-attr]


def test_what_was_let_go_before_a_take_over_is_the_colleagues_draft_and_does_not_leave(
    store: Store, reader: Reader
) -> None:
    mine = claim(store, TWICE, "ana")
    with store.transaction() as session:
        hold(session, mine, NOW)
    take_over(store, TWICE, "ben", NOW + 5 * SECOND)
    with store.transaction() as session:
        outbox.queue_due(session, NOW + MINUTE)
        started = outbox.start_sending(session, NOW + MINUTE, Config())
    assert started is not None
    assert started[1] is None
    assert reader.draft(TWICE).agent == "ben"  # type: ignore[union-attr]
    assert [reply.state for reply in reader.replies(TWICE)] == ["failed"]


# -- silence ------------------------------------------------------------------------------------------


def test_what_lapses_comes_back_with_its_draft_and_a_note_of_who_had_it(store: Store, reader: Reader) -> None:
    mine = claim(store, TWICE, "ana")
    with store.transaction() as session:
        drafts.save(session, mine, "We are", cursor=6, now=NOW)
        assert claims.wake(session, NOW + LEASE - 1, LEASE) == 0
        assert claims.wake(session, NOW + LEASE, LEASE) == 1
    (note,) = reader.notes(TWICE)
    assert note.agent == "desk"
    assert note.text.startswith(
        "ana had this conversation since 2026-02-11 09:14 UTC and was not heard from for 30 min"
    )
    assert reader.draft(TWICE).text == "We are"  # type: ignore[union-attr]
    assert [kind for kind in kinds(reader, TWICE) if kind.startswith(("claim", "note"))] == [
        "claim.taken",
        "claim.lapsed",
    ]


def test_whoever_claims_what_has_run_out_finds_the_note(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana", NOW - LEASE)
    taken = claim(store, TWICE, "ben")
    assert taken.epoch == 3
    assert len(reader.notes(TWICE)) == 1
    assert kinds(reader, TWICE)[-2:] == ["claim.lapsed", "claim.taken"]


def test_an_earlier_now_wakes_nobody(store: Store, reader: Reader) -> None:
    claim(store, TWICE, "ana")
    with store.transaction() as session:
        claims.renew(session, agent="ana", now=NOW + 29 * MINUTE, lease=LEASE)
        assert claims.wake(session, NOW + LEASE, LEASE) == 0
    assert owners(reader)[0] == "ana"


# -- what it costs ------------------------------------------------------------------------------------


def statements(store: Store, body: Any) -> int:
    """How many a change takes, its begin and end not counted."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    event.listen(store.engine, "before_cursor_execute", note)
    body()
    event.remove(store.engine, "before_cursor_execute", note)
    return sum(not one.startswith(("BEGIN", "SELECT (extract")) for one in seen)


def test_a_claim_takes_three_statements(store: Store) -> None:
    serve(store, "ana")
    assert statements(store, lambda: serve(store, "ana", most=25)) == 3
    assert statements(store, lambda: claim(store, OTHER, "ben", most=25)) == 3


def test_saving_a_draft_again_takes_one_statement(store: Store) -> None:
    mine = claim(store, TWICE, "ana")

    def save() -> None:
        with store.transaction() as session:
            drafts.save(session, mine, "We", cursor=2, now=NOW)

    save()
    assert statements(store, save) == 1


def test_nothing_due_takes_two_reads(store: Store) -> None:
    def wake() -> None:
        with store.transaction() as session:
            claims.wake(session, NOW)

    wake()
    assert statements(store, wake) <= 2


def test_an_answer_from_elsewhere_ends_no_claim(store: Store) -> None:
    claim(store, TWICE, "ana")
    take(store, ours("7", "1"))
    with pytest.raises(Refused, match="ana has this customer"):
        claim(store, ELSEWHERE, "ben")
