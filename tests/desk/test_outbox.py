"""A reply's way out: held, queued, sending, and what the network says."""

from typing import Any

import pytest
from making import NOW, US, kinds, ours, post, repost, rows, take

from tui.clock import DAY, HOUR, MINUTE, SECOND
from tui.config import AccountSettings, Config
from tui.desk import claims, drafts, guard, outbox
from tui.desk.composition import made_of
from tui.desk.guard import Overridden
from tui.errors import Misuse, Refused
from tui.networks.records import Outgoing, Receipt
from tui.store.reader import Reader
from tui.store.store import Store

LEASE = 30 * MINUTE
CONFIG = Config()
UNDO = CONFIG.desk.undo
ONE = 1
TEXT = "We are sorry. Which train was it?"


def hold(store: Store, text: str = TEXT, now: int = NOW, agent: str = "ana", **values: Any) -> int:
    """Claim the first conversation and hold a reply to it."""
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent=agent, now=now, lease=LEASE)
        reply, _ = outbox.hold(session, claim, text, config=CONFIG, now=now, **values)
    return reply


def start(store: Store, now: int = NOW + UNDO) -> tuple[int, Outgoing]:
    """Queue what is due and begin to send the oldest."""
    with store.transaction() as session:
        outbox.queue_due(session, now)
        started = outbox.start_sending(session, now, CONFIG)
    assert started is not None
    reply, outgoing = started
    assert outgoing is not None
    return reply, outgoing


def send(store: Store, now: int = NOW + UNDO) -> int:
    """The whole way; the network takes it."""
    reply, _ = start(store, now)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"native-{reply}", "https://x.example/1"), now)
    return reply


def state(reader: Reader, reply: int) -> str:
    row = reader.reply(reply)
    assert row is not None
    return row.state


def one(reader: Reader) -> Any:
    row = reader.conversation(ONE)
    assert row is not None
    return row


@pytest.fixture(autouse=True)
def _a_question(store: Store) -> None:
    take(store, post("q", text=f"{US} where is my train?", ago=10 * MINUTE), now=NOW - 10 * MINUTE)


# -- the undo window ---------------------------------------------------------------------------------


def test_a_held_reply_takes_the_draft_and_waits_out_its_window(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        drafts.save(session, claim, TEXT, cursor=3, now=NOW)
    reply = hold(store)
    assert reader.draft(ONE) is None
    assert (state(reader, reply), reader.reply(reply).due_at) == ("held", NOW + UNDO)  # type: ignore[union-attr]
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + UNDO - 1) == []
        assert outbox.start_sending(session, NOW + UNDO - 1, CONFIG) is None
        assert outbox.queue_due(session, NOW + UNDO) == [reply]
    assert one(reader).state == "claimed"


def test_a_recalled_reply_is_the_draft_again(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with store.transaction() as session:
        assert outbox.recall(session, reply, agent="ana", now=NOW + SECOND)
    assert (state(reader, reply), reader.draft(ONE).text) == ("recalled", TEXT)  # type: ignore[union-attr]
    assert reader.outbox() == []
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + DAY) == []
    assert kinds(reader, ONE)[-2:] == ["reply.held", "reply.recalled"]


@pytest.mark.parametrize("moved_on", ["queued", "sending", "sent", "recalled"])
def test_what_moved_on_cannot_be_recalled(store: Store, reader: Reader, moved_on: str) -> None:
    reply = hold(store)
    with store.transaction() as session:
        if moved_on == "queued":
            outbox.queue_due(session, NOW + UNDO)
        if moved_on == "recalled":
            outbox.recall(session, reply, agent="ana", now=NOW)
    if moved_on == "sending":
        start(store)
    if moved_on == "sent":
        send(store)
    with pytest.raises(Refused, match="no longer be recalled"), store.transaction() as session:
        outbox.recall(session, reply, agent="ana", now=NOW + UNDO)
    assert state(reader, reply) == moved_on


def test_nobody_recalls_a_colleagues_reply(store: Store, reader: Reader) -> None:
    reply = hold(store)
    with pytest.raises(Refused), store.transaction() as session:
        outbox.recall(session, reply, agent="ben", now=NOW)
    assert state(reader, reply) == "held"


def test_send_now_ends_the_window(store: Store) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.send_now(session, reply, agent="ana", now=NOW + SECOND)
        assert outbox.queue_due(session, NOW + SECOND) == [reply]


# -- sending -----------------------------------------------------------------------------------------


def test_one_is_sent_at_a_time_oldest_first(store: Store, reader: Reader) -> None:
    first, second = hold(store, TEXT + " (1/2)"), hold(store, "And which coach were you in? (2/2)")
    with store.transaction() as session:
        assert outbox.queue_due(session, NOW + UNDO) == [first, second]
        started = outbox.start_sending(session, NOW + UNDO, CONFIG)
    assert started is not None
    reply, outgoing = started
    assert (reply, state(reader, first), state(reader, second)) == (first, "sending", "queued")
    row = reader.reply(first)
    assert row is not None
    assert outgoing == Outgoing(
        "x", US, "q", TEXT + " (1/2)", row.key, False, recipient="amandac", created_at=row.created_at
    )


def test_two_held_replies_both_leave(store: Store, reader: Reader) -> None:
    replies = [hold(store, TEXT + " (1/2)"), hold(store, "And which coach were you in? (2/2)")]
    assert [send(store), send(store)] == replies
    assert [reply.state for reply in reader.replies(ONE)] == ["sent", "sent"]
    assert [p.text for p in reader.posts(ONE) if p.ours] == [TEXT + " (1/2)", "And which coach were you in? (2/2)"]
    assert (one(reader).state, reader.outbox()) == ("pending", [])


def test_a_sent_reply_joins_the_thread_and_waits_on_the_customer(store: Store, reader: Reader) -> None:
    reply = hold(store)
    assert send(store) == reply
    row, mine = one(reader), reader.posts(ONE)[-1]
    assert (row.state, row.owner, row.waiting_since, row.answered_at) == ("pending", None, None, NOW)
    assert (mine.native_id, mine.text, mine.ours, mine.in_reply_to) == (f"native-{reply}", TEXT, True, "q")
    assert kinds(reader, ONE)[-4:] == ["reply.held", "reply.queued", "reply.sending", "reply.sent"]


def test_our_reply_seen_again_on_our_timeline_is_the_same_post(store: Store, reader: Reader) -> None:
    reply = hold(store)
    send(store)
    before = reader.last_event()
    assert take(store, ours(f"native-{reply}", "q", -UNDO, text=TEXT), now=NOW + MINUTE).added == 0
    assert (reader.last_event(), len(reader.posts(ONE))) == (before, 2)


def test_our_reply_may_be_seen_before_the_receipt(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    take(store, ours(f"native-{reply}", "q", -UNDO, text=TEXT), now=NOW + UNDO)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"native-{reply}"), NOW + UNDO)
    assert (state(reader, reply), len(reader.posts(ONE)), one(reader).state) == ("sent", 2, "pending")


def start_after_hold(store: Store) -> tuple[int, Outgoing]:
    hold(store)
    return start(store)


def test_a_word_that_came_meanwhile_keeps_it_waiting(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    for n in (5, 7):
        word = post(f"w{n}", ago=-n * SECOND, text="and now?", in_reply_to="q", kind="reply")
        take(store, word, now=NOW + n * SECOND)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    row = one(reader)
    assert (row.state, row.owner, row.waiting_since, row.answered_at) == ("new", None, NOW + 5 * SECOND, NOW)
    assert [found.id for found in rows(reader, "waiting")] == [ONE]
    assert kinds(reader, ONE)[-1] == "conversation.reopened"


def test_reasons_still_add_up_after_a_word_that_came_meanwhile(store: Store, reader: Reader) -> None:
    from tui.desk.queue import entry

    reply, _ = start_after_hold(store)
    take(store, post("w", ago=-5 * SECOND, text="and now?", in_reply_to="q", kind="reply"), now=NOW + 5 * SECOND)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    found = entry(one(reader), CONFIG, NOW + 5 * SECOND + 3 * MINUTE)
    assert found.reasons[-1] == {"rule": "waiting", "points": 3, "text": "waiting for 3 minutes"}


def test_a_later_answer_of_a_colleague_counts(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    take(store, ours("other", "q", -UNDO, text="On it"), now=NOW + UNDO)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert one(reader).answered_at == NOW + UNDO


def test_who_took_it_over_keeps_it(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        claims.take_over(session, ONE, agent="ben", reason="knows them", now=NOW + UNDO, lease=LEASE)
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert (one(reader).state, one(reader).owner) == ("claimed", "ben")


def test_a_private_question_is_answered_in_private(store: Store, reader: Reader) -> None:
    take(store, post("d", "bob", "my booking is gone", kind="dm"))
    (row,) = (row for row in rows(reader) if row.private)
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
        outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW)
    reply, outgoing = start(store)
    assert outgoing.private
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("mine"), NOW + UNDO)
    assert [p.kind for p in reader.posts(row.id)] == ["dm", "dm"]


def test_the_newest_word_is_answered(store: Store) -> None:
    take(store, post("q2", ago=MINUTE, in_reply_to="q", kind="reply"), repost("s", "q", "bob"))
    _, outgoing = start_after_hold(store)
    assert outgoing.in_reply_to == "q2"


# -- what may go wrong ---------------------------------------------------------------------------------


def test_a_refused_reply_returns_its_text(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "they blocked us", NOW + UNDO)
    row = reader.reply(reply)
    assert row is not None
    assert (row.state, row.error, reader.draft(ONE).text) == ("failed", "they blocked us", TEXT)  # type: ignore[union-attr]
    assert one(reader).state == "claimed"
    assert [r.id for r in reader.outbox()] == [reply]


def test_a_draft_begun_meanwhile_is_not_overwritten(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        claim = claims.held(session, ONE, agent="ana", now=NOW)
        drafts.save(session, claim, "Something else", cursor=0, now=NOW)
        outbox.failed(session, reply, "they blocked us", NOW + UNDO)
    assert reader.draft(ONE).text == "Something else"  # type: ignore[union-attr]


def test_a_failed_reply_is_sent_again_without_a_second_draft(store: Store, reader: Reader) -> None:
    reply, before = start_after_hold(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
        outbox.retry(session, reply, agent="ana", config=Config(), now=NOW + UNDO)
    assert reader.draft(ONE) is None
    _, again = start(store)
    assert again == before


def test_an_unclear_answer_is_settled_by_a_person(store: Store, reader: Reader) -> None:
    for is_out, expected in ((True, "sent"), (False, "failed")):
        reply = hold(store, f"{TEXT} {expected}", overrides=[Overridden("answered", "second part")])
        with store.transaction() as session:
            outbox.queue_due(session, NOW + UNDO)
            outbox.start_sending(session, NOW + UNDO, CONFIG)
            outbox.unknown(session, reply, "the line broke", NOW + UNDO)
        assert [found for found, _ in unsettled(store)] == [reply]
        with store.transaction() as session:
            outbox.settle(session, reply, is_out=is_out, agent="ana", now=NOW + UNDO)
        assert state(reader, reply) == expected
    assert reader.draft(ONE).text == f"{TEXT} failed"  # type: ignore[union-attr]


def unsettled(store: Store) -> list[tuple[int, Outgoing]]:
    with store.transaction() as session:
        return outbox.unsettled(session, ("sending", "unknown"))


@pytest.mark.parametrize("step", ["sent", "failed", "unknown", "retry", "settle"])
def test_steps_out_of_turn_are_refused(store: Store, reader: Reader, step: str) -> None:
    reply = hold(store)
    steps: dict[str, Any] = {
        "sent": lambda s: outbox.sent(s, reply, Receipt("n"), NOW),
        "failed": lambda s: outbox.failed(s, reply, "why", NOW),
        "unknown": lambda s: outbox.unknown(s, reply, "why", NOW),
        "retry": lambda s: outbox.retry(s, reply, agent="ana", config=Config(), now=NOW),
        "settle": lambda s: outbox.settle(s, reply, is_out=True, agent="ana", now=NOW),
    }
    before = reader.last_event()
    with pytest.raises(Refused, match="outbox"), store.transaction() as session:
        steps[step](session)
    assert (state(reader, reply), reader.last_event()) == ("held", before)


# -- the guard at the door -----------------------------------------------------------------------------


def test_a_stop_leaves_no_reply_and_is_a_near_miss_in_the_log(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
    before = reader.last_event()
    with pytest.raises(outbox.GuardStop) as stopped, store.transaction() as session:
        outbox.hold(session, claim, "x" * 300, config=CONFIG, now=NOW)
    assert [finding.check for finding in stopped.value.stops] == ["length"]
    assert stopped.value.details["verdict"] == "stop"
    assert (reader.replies(ONE), reader.last_event()) == ([], before)
    with store.transaction() as session:
        outbox.record_stop(session, stopped.value.stops, ONE, agent="ana", now=NOW)
    (event,) = reader.events(after=before)
    assert (event.kind, event.agent, event.data["check"]) == ("guard.stopped", "ana", "length")


def test_an_override_is_in_the_log_with_what_was_typed(store: Store, reader: Reader) -> None:
    take(store, ours("a", "q", 8 * MINUTE))
    with pytest.raises(outbox.GuardStop):
        hold(store)
    reply = hold(store, overrides=[Overridden("answered", "they asked twice")])
    (event,) = (event for event in reader.events(conversation_id=ONE) if event.kind == "guard.overridden")
    assert (event.data["check"], event.data["typed"], event.data["reply"]) == ("answered", "they asked twice", reply)


def test_without_a_claim_nothing_is_held(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        claims.take_over(session, ONE, agent="ben", reason="knows them", now=NOW, lease=LEASE)
    with pytest.raises(Refused, match="taken over by ben"), store.transaction() as session:
        outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW)
    assert reader.replies(ONE) == []


def test_a_retry_goes_through_the_guard(store: Store, reader: Reader) -> None:
    first = hold(store)
    start(store)
    with store.transaction() as session:
        outbox.failed(session, first, "the disk is full", NOW + UNDO)
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW + UNDO, lease=LEASE)
        outbox.hold(session, claim, "It comes at ten past.", config=Config(), now=NOW + UNDO)
    later = NOW + UNDO + 10 * MINUTE
    with pytest.raises(outbox.GuardStop, match="still held"), store.transaction() as session:
        outbox.retry(session, first, agent="ana", config=Config(), now=later)
    with pytest.raises(Refused, match="ana"), store.transaction() as session:
        outbox.retry(session, first, agent="zed", config=Config(), now=NOW + UNDO)
    assert state(reader, first) == "failed"


def test_a_check_named_by_hand_takes_a_reason(store: Store) -> None:
    from tui.desk.guard import Finding, accepts

    old = Finding("resurfaced", "stop", "Posted 206d ago.", {}, asks="206d")
    for typed, taken in {"206d": True, "they asked again": True, "??": False}.items():
        assert accepts(old, Overridden("resurfaced", typed, by_name=True)) is taken
    assert not accepts(old, Overridden("resurfaced", "they asked again", "they asked again"))


def test_a_repost_without_its_original_is_no_post_to_answer(store: Store, reader: Reader) -> None:
    take(store, repost("r", "unknown", "stranger"))
    (row,) = [row for row in rows(reader, "all") if row.handle == "stranger"]
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
    with pytest.raises(outbox.GuardStop, match="no post to answer"), store.transaction() as session:
        outbox.hold(session, claim, "Hello there.", config=Config(), now=NOW)


def test_what_the_network_denied_when_the_post_came_stops(store: Store, reader: Reader) -> None:
    take(store, post("d", "bob", f"{US} and mine?", reply_denied="blocked"))
    (row,) = [row for row in rows(reader) if row.handle == "bob"]
    (word,) = reader.posts(row.id)
    assert (word.reply_allowed, word.reply_denied) == (False, "blocked")
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
    with pytest.raises(outbox.GuardStop, match="@bob has blocked us"), store.transaction() as session:
        outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW)


def test_what_is_locked_later_stops_too_and_is_news_once(store: Store, reader: Reader) -> None:
    take(store, post("d", "bob", f"{US} and mine?"))
    (row,) = [row for row in rows(reader) if row.handle == "bob"]
    locked = post("d", "bob", f"{US} and mine?", reply_allowed=False, reply_denied="locked")
    assert [take(store, locked).changed for _ in range(2)] == [1, 0]
    assert take(store, post("d", "bob", f"{US} and mine?", reply_allowed=False)).changed == 0
    assert kinds(reader, row.id).count("post.denied") == 1
    (word,) = reader.posts(row.id)
    assert (word.reply_allowed, word.reply_denied) == (False, "locked")


# -- looked at once more -------------------------------------------------------------------------------

MEANWHILE = NOW + 5 * SECOND
FOLLOW_UP = "And which coach were you in?"


def try_to_send(store: Store, now: int = NOW + UNDO, config: Config = CONFIG) -> tuple[int, Outgoing | None] | None:
    with store.transaction() as session:
        outbox.queue_due(session, now)
        return outbox.start_sending(session, now, config)


def word(id: str = "w", **values: Any) -> Any:
    return post(id, text="It has just come.", ago=NOW - MEANWHILE, in_reply_to="q", kind="reply", **values)


def meanwhile(store: Store, what: str) -> None:
    """Something happens in the undo window."""
    posts = {
        "a word": word(),
        "a stranger's word": post("s", "bob", "me too", NOW - MEANWHILE, in_reply_to="q", kind="reply"),
        "an edit": post("q", text=f"{US} where is my bag?", ago=10 * MINUTE),
        "a deletion": post("q", text="", ago=10 * MINUTE, deleted=True),
        "a repost": repost("r", "q", "bob", NOW - MEANWHILE),
        "our answer, from elsewhere": ours("other", "q", NOW - MEANWHILE, text="It stands in York."),
    }
    if what in posts:
        take(store, posts[what], now=MEANWHILE)
        return
    with store.transaction() as session:
        steps: dict[str, Any] = {
            "a colleague's note": lambda: claims.note(session, ONE, agent="ben", text="mine", now=MEANWHILE),
            "one's own note": lambda: claims.note(session, ONE, agent="ana", text="mine", now=MEANWHILE),
            "tags": lambda: claims.tag(session, ONE, agent="ben", tags=["lift"], now=MEANWHILE),
            "a take-over": lambda: claims.take_over(
                session, ONE, agent="ben", reason="mine", now=MEANWHILE, lease=LEASE
            ),
            "a release": lambda: claims.release(session, ONE, agent="ana", now=MEANWHILE),
            "a resolution": lambda: claims.resolve(
                session, ONE, agent="ana", reason="done", now=MEANWHILE, lease=LEASE
            ),
            "a snooze": lambda: claims.snooze(
                session, ONE, agent="ana", until=NOW + DAY, now=MEANWHILE, lease=LEASE
            ),
            "a lapse": lambda: claims.wake(session, NOW + LEASE),
            "a look": lambda: claims.see(session, ONE, agent="ana"),
            "nothing": lambda: None,
        }  # fmt: skip
        steps[what]()


@pytest.mark.parametrize(
    ("what", "checks"),
    [
        ("nothing", []),
        ("a word", ["changed"]),
        ("a stranger's word", []),
        ("an edit", ["changed"]),
        ("a deletion", ["changed", "not-allowed"]),
        ("a repost", []),
        ("our answer, from elsewhere", ["answered", "changed"]),
        ("a colleague's note", ["changed"]),
        ("one's own note", []),
        ("tags", []),
        ("a take-over", ["changed", "claimed-elsewhere"]),
        ("a release", []),
        ("a resolution", []),
        ("a snooze", []),
        ("a lapse", []),
        ("a look", []),
    ],
)
def test_what_happens_in_the_undo_window_may_keep_a_reply_here(
    store: Store, reader: Reader, what: str, checks: list[str]
) -> None:
    reply = hold(store)
    meanwhile(store, what)
    before = reader.last_event()
    tried = try_to_send(store)
    assert tried is not None
    assert (tried[1] is None) == bool(checks)
    stopped = [e for e in reader.events(after=before) if e.kind == "guard.stopped"]
    assert [(e.data["check"], e.data["reply"]) for e in stopped] == [(check, reply) for check in checks]
    assert state(reader, reply) == ("failed" if checks else "sending")
    draft = reader.draft(ONE)
    assert (draft and draft.text) == (TEXT if checks else None)


def test_who_wrote_it_and_who_has_it_see_why_it_stayed_here(store: Store, reader: Reader) -> None:
    reply = hold(store)
    meanwhile(store, "a word")
    try_to_send(store)
    row, event = reader.reply(reply), reader.events(conversation_id=ONE)[-1]
    assert row is not None
    assert row.error is not None
    assert row.error.startswith("Since you last looked, @amandac wrote again 5s ago; the newest word is")
    assert (event.kind, event.agent, event.data) == (
        "reply.failed", "ana", {"reply": reply, "why": row.error, "guard": True},
    )  # fmt: skip
    assert try_to_send(store) is None
    assert [one.state for one in reader.outbox()] == ["failed"]


def test_a_reply_that_a_check_stumbles_over_keeps_no_other_here(
    store: Store, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(case: guard.Case) -> list[guard.Finding]:
        raise RecursionError

    first = hold(store)
    monkeypatch.setattr(guard, "examine", examine)
    assert try_to_send(store) == (first, None)
    row, draft = reader.reply(first), reader.draft(ONE)
    assert row is not None
    assert (row.state, draft and draft.text) == ("failed", TEXT)
    assert "The guard stumbled over this reply (RecursionError)" in (row.error or "")


def test_the_draft_of_a_taken_over_conversation_is_the_colleagues(store: Store, reader: Reader) -> None:
    hold(store)
    meanwhile(store, "a take-over")
    try_to_send(store)
    draft = reader.draft(ONE)
    assert draft is not None
    assert (draft.agent, draft.text) == ("ben", TEXT)
    assert (one(reader).owner, reader.events(conversation_id=ONE)[-1].data["owner"]) == ("ben", "ben")


def test_a_draft_of_the_colleague_stands(store: Store, reader: Reader) -> None:
    reply = hold(store)
    meanwhile(store, "a take-over")
    with store.transaction() as session:
        claim = claims.held(session, ONE, agent="ben", now=MEANWHILE)
        drafts.save(session, claim, "I know them", cursor=0, now=MEANWHILE)
    try_to_send(store)
    assert reader.draft(ONE).text == "I know them"  # type: ignore[union-attr]
    assert (state(reader, reply), reader.reply(reply).text) == ("failed", TEXT)  # type: ignore[union-attr]


def test_sent_now_and_released_at_the_end_of_a_shift_it_leaves(store: Store) -> None:
    reply = hold(store)
    with store.transaction() as session:
        outbox.send_now(session, reply, agent="ana", now=MEANWHILE)
    meanwhile(store, "a release")
    tried = try_to_send(store, MEANWHILE)
    assert tried is not None
    assert tried[1] is not None


def test_what_was_answered_when_it_was_held_is_not_asked_again(store: Store, reader: Reader) -> None:
    take(store, ours("a", "q", 8 * MINUTE))
    reply = hold(store, overrides=[Overridden("answered", "they asked twice")])
    row = reader.reply(reply)
    assert row is not None
    assert row.seen_event == reader.last_event()
    assert start(store)[0] == reply


def test_a_change_that_was_answered_does_not_answer_the_next(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        claims.note(session, ONE, agent="ben", text="mine", now=NOW)
    reply = hold_as_it_stands(store, [Overridden("changed", "I know")])
    meanwhile(store, "a colleague's note")
    assert try_to_send(store) == (reply, None)


def test_a_follow_up_is_one_by_when_it_was_written(store: Store) -> None:
    hold(store)
    send(store)
    written = NOW + 5 * MINUTE - SECOND
    reply = hold(store, FOLLOW_UP, written)
    assert start(store, written + 20 * MINUTE)[0] == reply


def test_an_answer_of_ours_that_came_since_is_no_part_of_it(store: Store) -> None:
    take(store, ours("a", "q", MINUTE))
    reply = hold(store)
    take(store, ours("b", "q", NOW - MEANWHILE, text="It stands in York."), now=MEANWHILE)
    assert try_to_send(store) == (reply, None)


def test_a_part_of_an_answer_that_was_there_leaves(store: Store) -> None:
    take(store, ours("a", "q", MINUTE), now=NOW - MINUTE)
    reply = hold(store)
    assert start(store)[0] == reply


def test_an_answer_that_a_colleague_sent_meanwhile_is_one(store: Store, reader: Reader) -> None:
    mine = hold(store)
    meanwhile(store, "a take-over")
    with store.transaction() as session:
        claim = claims.held(session, ONE, agent="ben", now=MEANWHILE)
        over = [Overridden("answered", "mine now")]
        theirs, _ = outbox.hold(session, claim, "It stands in York.", config=CONFIG, now=MEANWHILE, overrides=over)
        outbox.send_now(session, theirs, agent="ben", now=MEANWHILE)
    assert start(store, MEANWHILE)[0] == theirs
    with store.transaction() as session:
        outbox.sent(session, theirs, Receipt("n"), MEANWHILE)
    before = reader.last_event()
    assert try_to_send(store) == (mine, None)
    stopped = [e.data["check"] for e in reader.events(after=before) if e.kind == "guard.stopped"]
    assert stopped == ["answered", "changed"]


def test_our_first_reply_seen_on_the_timeline_does_not_stop_the_second(store: Store) -> None:
    first, _ = start_after_hold(store)
    second = hold(store, FOLLOW_UP, NOW + UNDO)
    seen = ours(f"native-{first}", "q", -UNDO, text=TEXT)
    take(store, seen, now=NOW + UNDO + SECOND)
    with store.transaction() as session:
        outbox.sent(session, first, Receipt(f"native-{first}"), NOW + UNDO + SECOND)
    assert start(store, NOW + 2 * UNDO)[0] == second


def test_a_later_reply_does_not_stop_an_earlier_one(store: Store) -> None:
    first = hold(store)
    second = hold(store, FOLLOW_UP, NOW + 20 * MINUTE, overrides=[Overridden("answered", "still waiting")])
    assert start(store, NOW + 21 * MINUTE)[0] == first
    with store.transaction() as session:
        outbox.sent(session, first, Receipt("n"), NOW + 21 * MINUTE)
    assert start(store, NOW + 21 * MINUTE)[0] == second


def test_a_check_that_is_off_stops_nothing_here_either(store: Store) -> None:
    hold(store)
    meanwhile(store, "a word")
    off = Config(accounts={"default": AccountSettings(checks={"changed": "off"})})
    tried = try_to_send(store, config=off)
    assert tried is not None
    assert tried[1] is not None
    assert tried[1].in_reply_to == "q"


def test_the_post_it_answers_is_what_must_still_stand(store: Store) -> None:
    take(store, word())
    reply = hold(store)
    take(store, word(deleted=True), now=MEANWHILE)
    off = Config(accounts={"default": AccountSettings(checks={"changed": "off"})})
    assert try_to_send(store, config=off) == (reply, None)


def test_a_change_since_it_was_held_is_news_when_it_is_tried_again(store: Store) -> None:
    with store.transaction() as session:
        claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        claims.note(session, ONE, agent="ben", text="mine", now=NOW)
    reply = hold_as_it_stands(store, [Overridden("changed", "I know")])
    start(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
        claims.note(session, ONE, agent="ben", text="do not!", now=NOW + UNDO)
    with pytest.raises(outbox.GuardStop, match="left a note"), store.transaction() as session:
        outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)


def hold_as_it_stands(store: Store, overrides: list[Overridden]) -> int:
    """Hold without looking at the conversation first."""
    with store.transaction() as session:
        claim = claims.held(session, ONE, agent="ana", now=NOW)
        return outbox.hold(session, claim, TEXT, config=CONFIG, now=NOW, overrides=overrides)[0]


def test_a_reply_from_before_this_was_looked_at_leaves(store: Store) -> None:
    from tui.store import tables as t

    reply = hold(store)
    meanwhile(store, "a colleague's note")
    with store.transaction() as session:
        session.execute(t.replies.update().values(seen_event=None, passed=None))
    assert start(store)[0] == reply


def test_after_a_look_it_is_tried_again_and_leaves(store: Store, reader: Reader) -> None:
    reply = hold(store)
    meanwhile(store, "a colleague's note")
    try_to_send(store)
    with pytest.raises(outbox.GuardStop, match="ben left a note"), store.transaction() as session:
        outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)
    with store.transaction() as session:
        claims.see(session, ONE, agent="ana")
        outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)
    assert reader.draft(ONE) is None
    assert start(store)[0] == reply


def test_what_its_writer_answered_is_not_asked_when_it_is_tried_again(store: Store, reader: Reader) -> None:
    take(store, ours("a", "q", 8 * MINUTE))
    reply = hold(store, overrides=[Overridden("answered", "they asked twice")])
    start(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
        claims.release(session, ONE, agent="ana", now=NOW + UNDO)
    with pytest.raises(outbox.GuardStop, match="answered"), store.transaction() as session:
        outbox.retry(session, reply, agent="ben", config=CONFIG, now=NOW + UNDO)
    with store.transaction() as session:
        outbox.retry(session, reply, agent="ana", config=CONFIG, now=NOW + UNDO)
    assert start(store)[0] == reply


def test_what_is_tried_again_by_another_is_theirs(store: Store, reader: Reader) -> None:
    reply, _ = start_after_hold(store)
    with store.transaction() as session:
        outbox.failed(session, reply, "no line", NOW + UNDO)
        claims.release(session, ONE, agent="ana", now=NOW + UNDO)
        outbox.retry(session, reply, agent="ben", config=CONFIG, now=NOW + UNDO)
    assert reader.reply(reply).agent == "ben"  # type: ignore[union-attr]
    assert start(store)[0] == reply


def test_a_canned_response_that_expired_meanwhile_stays_here(store: Store) -> None:
    from tui.store import tables as t

    with store.transaction() as session:
        made = session.execute(
            t.canned_responses.insert()
            .values(
                name="Line 4", body=TEXT, shortcut="", tags=[], language="", network="", scope="team", approved=True,
                plain=True, uses=0, updated_at=NOW, valid_until=MEANWHILE,
            )
            .returning(t.canned_responses.c.id)
        ).scalar_one()  # fmt: skip
    reply = hold(store, made_of=made_of(made))
    assert try_to_send(store) == (reply, None)


# -- another handle of ours ----------------------------------------------------------------------------

HELP = "@NorthlineHelp"
TYPED = [Overridden("wrong-account", HELP, "they have the case")]


@pytest.fixture
def _second_handle(store: Store) -> None:
    from tui.desk import intake

    with store.transaction() as session:
        intake.ensure_account(session, "x", HELP, NOW)
        intake.ensure_account(session, "mastodon", "@elsewhere", NOW)


@pytest.mark.usefixtures("_second_handle")
def test_another_handle_is_typed_and_it_leaves_from_there(store: Store, reader: Reader) -> None:
    with pytest.raises(outbox.GuardStop, match="would leave from @NorthlineHelp"):
        hold(store, sender="northlinehelp")
    hold(store, sender="northlinehelp", overrides=TYPED)
    reply, outgoing = start(store)
    assert outgoing.account == HELP
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt("n"), NOW + UNDO)
    assert reader.posts(ONE)[-1].handle == "NorthlineHelp"
    with pytest.raises(outbox.GuardStop, match="@NorthlineHelp speaks with @amandac here"):
        hold(store, FOLLOW_UP, NOW + HOUR)


@pytest.mark.usefixtures("_second_handle")
@pytest.mark.parametrize("sender", [None, US, "NORTHLINE"])
def test_the_threads_own_handle_is_no_other(store: Store, sender: str | None) -> None:
    hold(store, sender=sender)
    assert start(store)[1].account == US


@pytest.mark.usefixtures("_second_handle")
@pytest.mark.parametrize("sender", ["@nobody", "@elsewhere", "", "\x1b[2J"])
def test_a_handle_that_is_none_of_ours_is_wrong_usage(store: Store, reader: Reader, sender: str) -> None:
    with pytest.raises(Misuse, match="is no handle of ours there; ours are: @northline, @NorthlineHelp") as misuse:
        hold(store, sender=sender)
    assert "\x1b" not in str(misuse.value)
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
    with pytest.raises(Misuse, match="ours are"), store.transaction() as session:
        drafts.save(session, claim, TEXT, cursor=0, now=NOW, sender=sender)
    assert reader.draft(ONE) is None


@pytest.mark.usefixtures("_second_handle")
def test_a_draft_keeps_the_handle_and_so_does_what_comes_back(store: Store, reader: Reader) -> None:
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        drafts.save(session, claim, TEXT, cursor=0, now=NOW, sender=HELP)
    assert reader.draft(ONE).account == HELP  # type: ignore[union-attr]
    with store.transaction() as session:
        drafts.save(session, claim, TEXT, cursor=0, now=NOW, sender=US)
    assert reader.draft(ONE).account is None  # type: ignore[union-attr]
    for sender, kept in ((HELP, HELP), (None, None)):
        reply = hold(store, sender=sender, overrides=TYPED)
        with store.transaction() as session:
            assert outbox.recall(session, reply, agent="ana", now=NOW)
        assert reader.draft(ONE).account == kept  # type: ignore[union-attr]
        with store.transaction() as session:
            drafts.discard(session, ONE)


# -- parts ---------------------------------------------------------------------------------------------

SENTENCE = "We are very sorry about the cold coach on your way home to York. "
WHOLE = f"Hi Amanda!\n\n{SENTENCE * 5}\n\nThe crew has been told. {SENTENCE * 5}Sorry again. ^AB"
ALL = (1, 2, 3)


def hold_parts(store: Store, **values: Any) -> int:
    return hold(store, WHOLE, split=True, **values)


def part_rows(reader: Reader) -> list[Any]:
    return reader.replies(ONE)


def states(reader: Reader) -> list[str]:
    return [row.state for row in part_rows(reader)]


def draft_text(reader: Reader) -> str | None:
    draft = reader.draft(ONE)
    return None if draft is None else draft.text


def rest_from(reader: Reader, part: int) -> str:
    """The whole text without the parts before this one."""
    body = part_rows(reader)[part - 1].text.removesuffix(f" {part}/3")
    return WHOLE[WHOLE.index(body, sum(len(row.text) - 4 for row in part_rows(reader)[: part - 1])) :]


def test_a_long_text_is_held_in_parts(store: Store, reader: Reader) -> None:
    with pytest.raises(outbox.GuardStop, match="it can go in 3 parts"):
        hold(store, WHOLE)
    first = hold_parts(store)
    found = part_rows(reader)
    assert [row.part for row in found] == list(ALL)
    assert {(row.parts, row.first_id, row.due_at, row.post_id) for row in found} == {
        (3, first, NOW + UNDO, found[0].post_id)
    }
    assert [row.text[-4:] for row in found] == [" 1/3", " 2/3", " 3/3"]
    assert len({row.key for row in found}) == 3
    assert len({row.seen_event for row in found}) == 1
    (event,) = (event for event in reader.events(conversation_id=ONE) if event.kind == "reply.held")
    assert event.data == {"reply": first, "parts": 3}


def test_what_fits_leaves_whole(store: Store, reader: Reader) -> None:
    reply = hold(store, split=True)
    (row,) = part_rows(reader)
    assert (row.id, row.text, row.part, row.parts, row.first_id) == (reply, TEXT, 1, 1, None)


def test_parts_leave_in_order_each_after_the_one_before_has_arrived(store: Store, reader: Reader) -> None:
    hold_parts(store)
    for number in ALL:
        reply, outgoing = start(store)
        assert (reply, outgoing.in_reply_to) == (part_rows(reader)[number - 1].id, "q")
        assert try_to_send(store) is None
        with store.transaction() as session:
            outbox.sent(session, reply, Receipt(f"n{number}"), NOW + UNDO)
        assert one(reader).state == ("pending" if number == 3 else "claimed")
    assert [p.text for p in reader.posts(ONE) if p.ours] == [row.text for row in part_rows(reader)]
    assert one(reader).answered_at == NOW + 2
    assert [reader.time_to_answer(row.id) is None for row in part_rows(reader)] == [False, True, True]
    assert draft_text(reader) is None


def test_other_replies_do_not_wait_for_a_part_that_waits(store: Store, reader: Reader) -> None:
    hold_parts(store)
    start(store)
    take(store, post("b", "bob", f"{US} and my bag?"))
    (row,) = [row for row in rows(reader) if row.handle == "bob"]
    with store.transaction() as session:
        claim = claims.claim(session, row.id, agent="ana", now=NOW, lease=LEASE)
        other, _ = outbox.hold(session, claim, "We found it, Bob.", config=CONFIG, now=NOW)
    assert start(store)[0] == other


def test_an_unclear_part_holds_the_rest_up_until_it_is_settled(store: Store, reader: Reader) -> None:
    hold_parts(store)
    first, _ = start(store)
    with store.transaction() as session:
        outbox.unknown(session, first, "the line broke", NOW + UNDO)
    assert try_to_send(store, NOW + DAY) is None
    with store.transaction() as session:
        outbox.settle(session, first, is_out=True, agent="ana", now=NOW + UNDO)
    assert start(store)[0] == part_rows(reader)[1].id


def test_an_unclear_part_that_is_not_out_takes_the_rest_back(store: Store, reader: Reader) -> None:
    hold_parts(store)
    first, _ = start(store)
    with store.transaction() as session:
        outbox.unknown(session, first, "the line broke", NOW + UNDO)
        outbox.settle(session, first, is_out=False, agent="ana", now=NOW + UNDO)
    assert (states(reader), draft_text(reader)) == (["failed"] * 3, WHOLE)


def send_part(store: Store) -> None:
    reply, _ = start(store)
    with store.transaction() as session:
        outbox.sent(session, reply, Receipt(f"n{reply}"), NOW + UNDO)


def test_a_refused_part_takes_the_rest_back_and_what_is_out_is_out(store: Store, reader: Reader) -> None:
    hold_parts(store)
    send_part(store)
    second, _ = start(store)
    with store.transaction() as session:
        outbox.failed(session, second, "they blocked us", NOW + UNDO)
    assert states(reader) == ["sent", "failed", "failed"]
    assert [row.error for row in part_rows(reader)] == [None, "they blocked us", "they blocked us"]
    assert draft_text(reader) == rest_from(reader, 2)
    (event,) = (event for event in reader.events(conversation_id=ONE) if event.kind == "reply.failed")
    assert event.data["rest"] == [part_rows(reader)[2].id]
    assert one(reader).state == "claimed"


@pytest.mark.parametrize("asked", [2, 3])
def test_a_part_is_tried_again_with_those_behind_it(store: Store, reader: Reader, asked: int) -> None:
    hold_parts(store)
    send_part(store)
    second, _ = start(store)
    with store.transaction() as session:
        outbox.failed(session, second, "no line", NOW + UNDO)
        outbox.retry(session, part_rows(reader)[asked - 1].id, agent="ana", config=CONFIG, now=NOW + HOUR)
    assert (states(reader), draft_text(reader)) == (["sent", "queued", "queued"], None)
    send_part(store)
    send_part(store)
    assert (states(reader), one(reader).state) == (["sent"] * 3, "pending")


@pytest.mark.parametrize("asked", ALL)
def test_all_parts_are_recalled_together(store: Store, reader: Reader, asked: int) -> None:
    first = hold_parts(store)
    with store.transaction() as session:
        assert outbox.recall(session, part_rows(reader)[asked - 1].id, agent="ana", now=NOW)
    assert (states(reader), draft_text(reader)) == (["recalled"] * 3, WHOLE)
    assert reader.events(conversation_id=ONE)[-1].data == {"reply": first}


@pytest.mark.parametrize("asked", ALL)
def test_once_a_part_has_left_only_the_rest_comes_back(store: Store, reader: Reader, asked: int) -> None:
    from tui.store import tables as t

    hold_parts(store)
    send_part(store)
    with store.transaction() as session:
        session.execute(t.replies.update().where(t.replies.c.part > 1).values(state="held"))
        outbox.recall(session, part_rows(reader)[asked - 1].id, agent="ana", now=NOW)
    assert (states(reader), draft_text(reader)) == (["sent", "recalled", "recalled"], rest_from(reader, 2))


def test_send_now_sends_every_part_now(store: Store, reader: Reader) -> None:
    hold_parts(store)
    ids = [row.id for row in part_rows(reader)]
    with store.transaction() as session:
        outbox.send_now(session, ids[1], agent="ana", now=NOW + SECOND)
        assert sorted(outbox.queue_due(session, NOW + SECOND)) == ids


def test_a_word_between_the_parts_keeps_the_rest_here(store: Store, reader: Reader) -> None:
    hold_parts(store)
    send_part(store)
    take(store, word(), now=NOW + UNDO)
    second = part_rows(reader)[1].id
    assert try_to_send(store) == (second, None)
    assert (states(reader), draft_text(reader)) == (["sent", "failed", "failed"], rest_from(reader, 2))
    assert (one(reader).state, one(reader).owner) == ("claimed", "ana")


def test_a_part_seen_on_the_timeline_does_not_stop_the_next(store: Store, reader: Reader) -> None:
    hold_parts(store)
    for number in ALL:
        reply, outgoing = start(store)
        seen = ours(f"n{number}", "q", -UNDO - number, text=outgoing.text.replace("sorry", "sorry "))
        take(store, seen, now=NOW + UNDO + number)
        with store.transaction() as session:
            outbox.sent(session, reply, Receipt(f"n{number}"), NOW + UNDO + number)
    assert states(reader) == ["sent"] * 3


def test_a_part_that_a_person_settled_may_be_seen_later(store: Store, reader: Reader) -> None:
    hold_parts(store)
    first, outgoing = start(store)
    with store.transaction() as session:
        outbox.unknown(session, first, "the line broke", NOW + UNDO)
        outbox.settle(session, first, is_out=True, agent="ana", now=NOW + UNDO)
    take(store, ours("its-own-id", "q", -UNDO, text=outgoing.text), now=NOW + UNDO + SECOND)
    assert start(store)[0] == part_rows(reader)[1].id


def test_parts_do_not_add_up_in_what_a_thread_counts(store: Store, reader: Reader) -> None:
    strict = Config(accounts={"default": AccountSettings(bounce_count=2, checks={"bounce": "stop"})})
    text = f"Please send us a DM with your booking. {SENTENCE * 5}"
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
        outbox.hold(session, claim, text, config=strict, now=NOW, split=True)
    for _ in range(2):
        tried = try_to_send(store, config=strict)
        assert tried is not None
        assert tried[1] is not None
        with store.transaction() as session:
            outbox.sent(session, tried[0], Receipt(f"n{tried[0]}"), NOW + UNDO)


def test_an_answer_of_somebody_else_between_the_parts_keeps_the_rest_here(store: Store, reader: Reader) -> None:
    hold_parts(store)
    send_part(store)
    take(store, ours("other", "q", -UNDO, text="It stands in York."), now=NOW + UNDO)
    tried = try_to_send(store)
    assert tried is not None
    assert tried[1] is None


def test_parts_of_one_sentence_do_not_count_as_the_same_text(store: Store, reader: Reader) -> None:
    hold(store, (SENTENCE * 10).strip(), split=True)
    while (tried := try_to_send(store)) is not None:
        assert tried[1] is not None
        with store.transaction() as session:
            outbox.sent(session, tried[0], Receipt(f"n{tried[0]}"), NOW + UNDO)
    assert set(states(reader)) == {"sent"}


@pytest.mark.parametrize("seen", [False, True])
def test_a_part_that_is_most_of_the_text_does_not_count_as_the_same_text(
    store: Store, reader: Reader, seen: bool
) -> None:
    hold(store, (SENTENCE * 6).strip(), split=True)
    for number in (1, 2):
        reply, outgoing = start(store)
        if seen:
            mine = ours(f"n{number}", "q", -UNDO - number, text=outgoing.text.replace("sorry", "sorry "))
            take(store, mine, now=NOW + UNDO + number)
        with store.transaction() as session:
            outbox.sent(session, reply, Receipt(f"n{number}"), NOW + UNDO + number)
    assert states(reader) == ["sent"] * 2


def test_a_part_given_up_while_its_sender_was_held_up_leaves_the_rest_as_draft(store: Store, reader: Reader) -> None:
    hold_parts(store)
    first, _ = start(store)
    with store.transaction() as session:
        outbox.failed(session, first, "it was interrupted", NOW + UNDO)
        outbox.sent(session, first, Receipt("n1"), NOW + UNDO)
    assert (states(reader), draft_text(reader)) == (["sent", "failed", "failed"], rest_from(reader, 2))


def test_too_long_for_any_parts_is_stopped(store: Store, reader: Reader) -> None:
    with pytest.raises(outbox.GuardStop, match="more than 9 parts"):
        hold(store, "word " * 550, split=True)
    off = Config(accounts={"default": AccountSettings(checks={"length": "off"})})
    with store.transaction() as session:
        claim = claims.claim(session, ONE, agent="ana", now=NOW, lease=LEASE)
    with pytest.raises(Refused, match="more than 9 parts"), store.transaction() as session:
        outbox.hold(session, claim, "word " * 550, config=off, now=NOW, split=True)
    assert part_rows(reader) == []
