"""The guard, by tables of made cases: what each check says, and when it stays silent."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from guarding import (
    NOW,
    REPLY,
    SAFE,
    STOP_ASKING,
    STOP_HARD,
    STRANGER,
    WORDS,
    case,
    event,
    finding,
    ours,
    post,
    reply,
    repost,
    said,
    sent,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis, iso
from tui.desk import guard
from tui.desk.canned.response import Canned
from tui.desk.guard import Case, Finding, accepts, examine
from tui.store.reader import EventRow, PostRow, ReplyRow, SentText
from tui.text import clean, line

# -- resurfaced ------------------------------------------------------------------------------------

OLD = post(206 * DAY, text=WORDS["namedrop"], addressed="namedrop")
HORIZON = 48 * HOUR


@pytest.mark.parametrize(
    ("posts", "asks"),
    [
        ([OLD, repost(3 * MINUTE)], "206d"),
        ([OLD, post(3 * MINUTE, STRANGER, kind="quote", text="this!")], "206d"),
        ([post(206 * DAY), repost(3 * MINUTE)], "206d"),
        ([post(206 * DAY), ours(206 * DAY - HOUR), repost(3 * MINUTE)], "206d"),
        ([post(HORIZON, seen_at=NOW - MINUTE), repost(MINUTE)], "2d"),
        ([post(HORIZON - SECOND, seen_at=NOW - MINUTE), repost(MINUTE)], None),
        ([post(HORIZON + HOUR, addressed="namedrop", seen_at=NOW)], "2d"),
        ([post(206 * DAY)], None),
        ([OLD], None),
        ([OLD, repost(206 * DAY - HOUR)], None),
        ([OLD, repost(3 * MINUTE, deleted=True)], None),
        ([OLD, repost(3 * MINUTE), post(MINUTE)], None),
        ([post(3 * HOUR), repost(MINUTE)], None),
    ],
)
def test_an_old_post_brought_back_by_others_stops_and_asks_its_age(posts: list[PostRow], asks: str | None) -> None:
    assert said("resurfaced", case(*posts)) == (asks and ("stop", asks))


def test_resurfaced_says_how_old_it_is_and_how_it_came_back() -> None:
    found = finding("resurfaced", case(OLD, repost(3 * MINUTE)))
    assert found is not None
    assert found.text == "This was posted 206d ago and came back through a repost by @oldnews; it only names us."
    assert found.evidence["posted_at"] == iso(NOW - 206 * DAY)
    assert found.evidence["surfaced_by"] == "oldnews"
    assert "206d" in found.evidence["arithmetic"]
    assert "48h" in found.evidence["arithmetic"]


def test_resurfaced_without_a_reposter_names_the_way_it_was_found() -> None:
    found = finding("resurfaced", case(post(60 * DAY, addressed="namedrop", seen_at=NOW - MINUTE)))
    assert found is not None
    assert "reached us only 1m ago, by a search or a late sync" in found.text


def test_a_quote_that_stands_elsewhere_still_names_who_quoted() -> None:
    found = finding("resurfaced", case(OLD, repost(MINUTE), posts=(OLD,)))
    assert found is not None
    assert "through a repost or quote by @oldnews" in found.text


@pytest.mark.parametrize(
    ("addressed", "words"),
    [("direct", "it was written to us"), ("mention", "it mentions us"), ("namedrop", "it only names us")],
)
def test_resurfaced_says_whom_it_addressed(addressed: str, words: str) -> None:
    found = finding("resurfaced", case(post(206 * DAY, addressed=addressed), repost(MINUTE)))
    assert found is not None
    assert found.text.endswith(f"; {words}.")


def test_the_horizon_of_the_account_decides() -> None:
    week = replace(SAFE, horizon_hours=24 * 7)
    thread = [post(3 * DAY, seen_at=NOW - MINUTE), repost(MINUTE)]
    assert said("resurfaced", case(*thread)) == ("stop", "3d")
    assert said("resurfaced", case(*thread, settings=week)) is None


# -- answered --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posts", "stops"),
    [
        ([post(2 * HOUR), ours(HOUR)], True),
        ([post(2 * HOUR), ours(HOUR), repost(MINUTE)], True),
        ([post(2 * HOUR), ours(2 * HOUR)], True),
        ([post(2 * HOUR), ours(HOUR), post(MINUTE, deleted=True)], True),
        ([post(2 * HOUR), ours(HOUR), post(MINUTE, STRANGER, text="me too")], True),
        ([post(2 * HOUR), ours(HOUR), post(MINUTE, kind="repost")], True),
        ([post(2 * HOUR, kind="dm"), ours(HOUR)], True),
        ([post(2 * HOUR), ours(HOUR, handle="northlinehelp")], True),
        ([post(2 * HOUR)], False),
        ([post(2 * HOUR), ours(HOUR, deleted=True)], False),
        ([post(2 * HOUR), ours(HOUR, kind="repost")], False),
        ([post(2 * HOUR), ours(HOUR), post(MINUTE)], False),
        ([post(2 * HOUR), ours(HOUR), post(HOUR - 1)], False),
        ([ours(3 * HOUR), post(2 * HOUR)], False),
        ([post(2 * HOUR), ours(HOUR), post(MINUTE, kind="quote")], False),
        ([ours(HOUR)], False),
    ],
)
def test_a_reply_of_ours_after_the_last_word_stops(posts: list[PostRow], stops: bool) -> None:
    assert said("answered", case(*posts)) == (STOP_ASKING if stops else None)


PART = 5 * MINUTE


@pytest.mark.parametrize(
    ("answer", "text", "stops"),
    [
        (ours(PART), REPLY, False),
        (ours(PART + 1), REPLY, True),
        (ours(-SECOND), REPLY, False),
        (ours(MINUTE, "One moment 1/2"), f"{REPLY} 2/2", False),
        (ours(30 * MINUTE, "One moment 1/2"), f"{REPLY} 2/2", False),
        (ours(30 * MINUTE, "One moment 1/2 ^AB"), f"{REPLY} ^CD 2/2", False),
        (ours(30 * MINUTE, "One moment (1/3)"), f"{REPLY} (2/3) ^AB", False),
        (ours(30 * MINUTE, "One moment 1/2"), f"{REPLY} 1/2", True),
        (ours(30 * MINUTE, "One moment 1/3"), f"{REPLY} 2/2", True),
        (ours(30 * MINUTE, "One moment 1/2"), REPLY, True),
        (ours(30 * MINUTE, "One moment 1/2", handle="northlinehelp"), f"{REPLY} 2/2", True),
        (ours(MINUTE, "One moment ^AB"), f"{REPLY} ^AB", False),
        (ours(MINUTE, "One moment ^AB 1/2"), f"{REPLY} ^AB (2/2)", False),
        (ours(MINUTE, "One moment ^AB https://t.example/x"), f"{REPLY} -AB", False),
        (ours(MINUTE, "One moment"), f"{REPLY} ^AB", False),
        (ours(MINUTE, "One moment -Ana"), REPLY, False),
        (ours(MINUTE, "One moment ^AB"), f"{REPLY} ^CD", True),
        (ours(MINUTE, "One moment. -Becky"), f"{REPLY} - Ed", True),
        (ours(MINUTE, "One moment /LS"), f"{REPLY} *TMT", True),
        (ours(MINUTE, "One moment. -山田"), f"{REPLY} -佐藤", True),
        (ours(MINUTE, "Open the side-door"), f"{REPLY} ^AB", False),
        (ours(MINUTE, handle="NorthLine"), REPLY, False),
        (ours(MINUTE, handle="northlinehelp"), REPLY, True),
    ],
)
def test_a_part_of_the_same_answer_passes(answer: PostRow, text: str, stops: bool) -> None:
    assert said("answered", case(post(HOUR), answer, text=text)) == (STOP_ASKING if stops else None)


@pytest.mark.parametrize(
    ("leaving", "stops"),
    [
        (reply(MINUTE), False),
        (reply(PART + 1), True),
        (reply(MINUTE, agent="Ben"), True),
        (reply(MINUTE, agent="Ben", state="queued"), True),
        (reply(9 * MINUTE, state="unknown"), True),
        (reply(2 * HOUR, agent="Ben"), False),
    ],
)
def test_a_reply_on_its_way_counts_as_an_answer(leaving: ReplyRow, stops: bool) -> None:
    assert said("answered", case(post(HOUR), leaving=(leaving,))) == (STOP_ASKING if stops else None)


def test_an_answer_by_others_since_it_was_let_pass_is_one_it_is_no_part_of() -> None:
    answer = ours(MINUTE)
    assert said("answered", case(post(HOUR), answer)) is None
    assert said("answered", case(post(HOUR), answer, by_others=frozenset({answer.id}))) == STOP_ASKING
    mine = reply(MINUTE)
    assert said("answered", case(post(HOUR), leaving=(mine,), by_others=frozenset({mine.id}))) is None


def test_a_follow_up_is_one_by_when_it_was_let_pass() -> None:
    thread = (post(HOUR), ours(30 * MINUTE))
    assert said("answered", case(*thread, held_at=NOW - 26 * MINUTE)) is None
    assert said("answered", case(*thread, held_at=NOW - 24 * MINUTE)) == STOP_ASKING
    assert said("answered", case(*thread, held_at=0)) == STOP_ASKING


def test_answered_shows_who_answered_what_and_when() -> None:
    found = finding("answered", case(post(2 * HOUR), ours(HOUR, "Which\ncoach?")))
    assert found is not None
    assert found.text == "@northline answered 1h ago: “Which coach?”; @amandac has not written since."
    assert found.evidence["text"] == "Which\ncoach?"
    assert found.evidence["answered_at"] == iso(NOW - HOUR)
    mine = finding("answered", case(post(2 * HOUR), leaving=(reply(HOUR, state="unknown"),)))
    assert mine is not None
    assert mine.text.startswith("You answered 1h ago and that reply is perhaps out: ")
    bens = finding("answered", case(post(2 * HOUR), leaving=(reply(MINUTE, agent="Ben"),)))
    assert bens is not None
    assert bens.text.startswith("Ben answered 1m ago and that reply is still held: ")


def test_the_time_for_parts_is_a_setting() -> None:
    thread = [post(HOUR), ours(7 * MINUTE)]
    assert said("answered", case(*thread)) == STOP_ASKING
    assert said("answered", case(*thread, settings=replace(SAFE, part_minutes=7))) is None


# -- late, namedrop --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posts", "told"),
    [
        ([post(HOUR + 1)], True),
        ([post(HOUR)], False),
        ([post(300 * DAY)], True),
        ([post(5 * HOUR, addressed="mention")], True),
        ([post(5 * HOUR, addressed="namedrop")], False),
        ([post(5 * HOUR), ours(4 * HOUR)], False),
        ([post(9 * HOUR), ours(8 * HOUR), post(5 * HOUR)], True),
        ([post(206 * DAY), repost(2 * HOUR)], False),
    ],
)
def test_an_owed_answer_past_the_target_is_late_and_never_stops(posts: list[PostRow], told: bool) -> None:
    assert said("late", case(*posts)) == (("info", "") if told else None)


def test_late_counts_the_age() -> None:
    found = finding("late", case(post(5 * HOUR)))
    assert found is not None
    assert found.text == "@amandac has waited 5h for an answer; the target is 1h."
    assert said("late", case(post(5 * HOUR), settings=replace(SAFE, target_minutes=300))) is None


@pytest.mark.parametrize(("addressed", "told"), [("direct", False), ("mention", False), ("namedrop", True)])
def test_a_name_drop_is_mentioned(addressed: str, told: bool) -> None:
    assert said("namedrop", case(post(MINUTE, addressed=addressed))) == (("info", "") if told else None)


# -- changed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        event("conversation.reopened"),
        event("post.arrived"),
        event("post.edited", post=post(10 * MINUTE).id),
        event("post.deleted", post=post(10 * MINUTE).id),
        event("conversation.answered"),
        event("note.added", agent="Ben"),
        event("reply.held", agent="Ben"),
        event("reply.sent", agent="Ben"),
        event("claim.taken", agent="Ben"),
        event("claim.taken-over", agent="Ben"),
    ],
    ids=lambda change: change.kind,
)
def test_a_thread_that_moved_stops(change: EventRow) -> None:
    assert said("changed", case(changes=(change,))) == STOP_ASKING


@pytest.mark.parametrize(
    "made",
    [
        case(),
        case(changes=(event("post.reposted"),)),
        case(changes=(event("conversation.tagged", agent="Ben"),)),
        case(changes=(event("note.added", agent="Ana"),)),
        case(changes=(event("reply.held", agent="Ana"),)),
        case(changes=(event("reply.sent", agent="Ana"),)),
        case(post(HOUR), repost(MINUTE), changes=(event("post.deleted", post=repost(MINUTE).id),)),
        case(post(HOUR), repost(MINUTE, deleted=True), changes=(event("post.deleted", post=repost(MINUTE).id),)),
        case(post(HOUR), ours(MINUTE), changes=(event("conversation.answered"),)),
    ],
)
def test_what_makes_no_draft_wrong_is_no_change(made: Case) -> None:
    assert said("changed", made) is None


def test_changed_says_what_moved_and_quotes_the_newest_word() -> None:
    changes = (
        event("post.arrived", 4 * MINUTE),
        event("post.arrived", 3 * MINUTE),
        event("note.added", 2 * MINUTE, agent="Ben"),
    )
    found = finding("changed", case(post(HOUR), post(3 * MINUTE, text="It is\nmoving!"), changes=changes))
    assert found is not None
    assert found.text == (
        "Since you last looked, Ben left a note 2m ago, @amandac wrote again 2 times, last 3m ago; "
        "the newest word is “It is moving!”."
    )
    assert [one["kind"] for one in found.evidence["events"]] == ["post.arrived", "post.arrived", "note.added"]
    assert [one["text"] for one in found.evidence["new_posts"]] == ["It is\nmoving!"]


def test_changed_counts_what_it_does_not_list() -> None:
    changes = tuple(event("note.added", agent=name) for name in ("Ben", "Cem", "Dia", "Eve", "Fay"))
    found = finding("changed", case(changes=changes))
    assert found is not None
    assert found.text.endswith(" and 2 more.")


# -- claimed-elsewhere -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "owner", "stops"),
    [
        ("claimed", "Ben", True),
        ("claimed", "Ana", False),
        ("claimed", "ana", True),
        ("new", None, False),
        ("pending", "Ben", False),
        ("snoozed", "Ben", False),
    ],
)
def test_what_a_colleague_holds_is_theirs(state: str, owner: str | None, stops: bool) -> None:
    assert said("claimed-elsewhere", case(state=state, owner=owner)) == (STOP_HARD if stops else None)


@pytest.mark.parametrize(("timer", "stops"), [(NOW + 1, True), (NOW, False), (None, True)])
def test_a_claim_whose_lease_ran_out_is_free(timer: Millis | None, stops: bool) -> None:
    assert said("claimed-elsewhere", case(owner="Ben", timer_at=timer)) == (STOP_HARD if stops else None)


def test_claimed_elsewhere_says_who_and_since_when() -> None:
    found = finding("claimed-elsewhere", case(owner="Ben"))
    assert found is not None
    assert found.text == "Ben has had this conversation for 2m."


# -- same-text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "before", "same"),
    [
        (REPLY, REPLY, True),
        (REPLY, REPLY.upper(), True),
        (REPLY, f"@amandac {REPLY}", True),
        (f"Hi Amanda, {REPLY}", f"Hello! {REPLY}", True),
        (f"Good morning Amanda: {REPLY}", REPLY, True),
        (f"{REPLY} https://t.example/abc", f"{REPLY} https://t.example/xyz", True),
        (f"{REPLY} ^AB", f"{REPLY} -Ana", True),
        (f"{REPLY} ^AB 1/2", REPLY, True),
        ("We are sorry about the cold coach; the crew has now been told!", REPLY, True),
        (f"Amanda, {REPLY}", REPLY, True),
        ("Hallo Amanda, es tut uns leid, wir kümmern uns sofort.", "Es tut uns leid, wir kümmern uns sofort!", True),
        ("お寒い中ご迷惑をおかけして申し訳ございません。", "お寒い中ご迷惑をおかけして申し訳ございません！", True),
        ("नमस्ते, असुविधा के लिए हमें खेद है, हम देख रहे हैं।", "नमस्ते, असुविधा के लिए हमें खेद है, हम देख रहे हैं", True),
        ("हम आपकी बुकिंग की जाँच कर रहे हैं", "कृपया अपना टिकट नंबर हमें भेज दीजिए", False),
        (REPLY, "Please send us your booking number so that we can look.", False),
        (REPLY, "We are sorry about the cold coach.", False),
        ("Your train leaves at ten past five from platform two.", "Your refund leaves us today by post.", False),
        ("Thanks!", "thanks", True),
        ("Thanks!", "Thanks a lot for the many kind words, have a good trip", False),
        ("Thank you!", "Thank yous", False),
        ("@amandac Done!", "done", True),
        ("Done, Amanda", "done", True),
        ("Hi there, done", "done", True),
        ("Guten Tag Amanda! Fertig.", "fertig", True),
        ("Done https://t.example/abc", "done", True),
        ("Done ^AB", "done", True),
        ("Done. - Ed", "done", True),
        ("Done 2/2", "done", True),
        ("Ｄｏｎｅ 🙂", "done", True),
        ("Don’t.", "don't", True),
        ("Done. Not-ed", "done", False),
        ("abcdefghijk", "abcdefghijl", False),
        ("@amandac https://t.example/a", "@amandac https://t.example/b", False),
    ],
)
def test_what_this_person_got_before_stops(text: str, before: str, same: bool) -> None:
    made = case(text=text, sent_to=(sent(before, 9 * DAY, "amandac"),))
    assert said("same-text", made) == (STOP_ASKING if same else None)


def test_a_copy_is_known_by_its_length_too() -> None:
    start = "one two three four five six"
    assert said("same-text", case(text=start, sent_to=(sent(start + " seven eight nine"),))) == STOP_ASKING
    assert said("same-text", case(text=start, sent_to=(sent(start + " seven eight nine ten eleven"),))) is None


def test_twelve_letters_are_compared_loosely() -> None:
    loose = replace(SAFE, same_text_ratio=90)
    assert said("same-text", case(text="abcdefghijkl", sent_to=(sent("abcdefghijkm"),), settings=loose)) == STOP_ASKING
    assert said("same-text", case(text="abcdefghijk", sent_to=(sent("abcdefghijm"),), settings=loose)) is None


def test_the_ratio_is_a_setting() -> None:
    old = (sent("We are very sorry about the cold coach, our crew has been informed."),)
    assert said("same-text", case(sent_to=old)) is None
    assert said("same-text", case(sent_to=old, settings=replace(SAFE, same_text_ratio=70))) == STOP_ASKING


def test_pressing_send_twice_stops() -> None:
    assert said("same-text", case(post(HOUR), leaving=(reply(3 * SECOND, REPLY),))) == STOP_ASKING


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([sent(REPLY)] * 3, True),
        ([sent(REPLY)] * 2, False),
        ([sent(f"Hi Bob, {REPLY} ^AB"), sent(f"bob: {REPLY}"), sent(f"@bob {REPLY}")], True),
        ([sent(REPLY)] * 2 + [sent("Something else altogether, with other words.")], False),
        ([sent(REPLY, HOUR)] * 3, True),
        ([sent(REPLY, HOUR + 1)] * 3, False),
    ],
)
def test_what_this_handle_sends_to_everyone_warns(before: list[SentText], told: bool) -> None:
    assert said("same-text", case(sent=tuple(before))) == (("warn", "") if told else None)


def test_same_text_gives_count_and_last_examples() -> None:
    found = finding("same-text", case(sent=tuple(sent(REPLY, minutes * MINUTE) for minutes in (3, 4, 5, 6))))
    assert found is not None
    assert found.text == "@northline sent nearly this text 4 times within 60 minutes, last 3m ago to @bob."
    assert found.evidence["count"] == 4
    assert [one["at"] for one in found.evidence["examples"]] == [iso(NOW - m * MINUTE) for m in (3, 4, 5)]
    person = finding("same-text", case(sent_to=(sent(REPLY, 9 * DAY),)))
    assert person is not None
    assert person.text == f"@amandac got nearly this text 9d ago: “{REPLY}”."


# -- length ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "text", "stops"),
    [
        ("x", "a" * 280, False),
        ("x", "a" * 281, True),
        ("x", "語" * 140, False),
        ("x", "語" * 141, True),
        ("x", "https://example.com/" + "a" * 300, False),
        ("mastodon", "a" * 500, False),
        ("mastodon", "a" * 501, True),
        ("bluesky", "é" * 300, False),
        ("bluesky", "é" * 301, True),
        ("x", "a" * 40_000, True),
        ("x", "", True),
        ("x", " \n\t", True),
        ("x", "\u200b\u2060", True),
        ("x", ".", False),
    ],
)
def test_a_text_must_fit_its_network(network: str, text: str, stops: bool) -> None:
    assert said("length", case(post(MINUTE, network=network), text=text)) == (STOP_HARD if stops else None)


def test_length_gives_the_sum() -> None:
    found = finding("length", case(text="a" * 292))
    assert found is not None
    assert found.text == "12 characters too many for x (292 of 280)."
    assert found.evidence == {
        "used": 292, "limit": 280, "unit": "characters", "over": 12,
        "arithmetic": "292 characters of 280: 12 over",
    }  # fmt: skip
    one = finding("length", case(text="a" * 281))
    assert one is not None
    assert one.text.startswith("1 character too many")
    far = finding("length", case(post(MINUTE, network="bluesky"), text="é" * 3_001))
    assert far is not None
    assert far.text == "2,701 characters too many for bluesky (3,001 of 300)."
    nothing = finding("length", case(text=" "))
    assert nothing is not None
    assert nothing.text == "There is nothing to send."


# -- placeholder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi ⟦customer.name⟧, sorry", STOP_HARD),
        ("Hi ⟦⟧, sorry", STOP_HARD),
        ("Hi ⟦customer.na, sorry", STOP_HARD),
        ("Hi {{ customer.name }}, sorry", STOP_HARD),
        ("Hi {{customer.name, sorry", STOP_HARD),
        ("Hi {% if x %}", STOP_HARD),
        ("Your train leaves at XX.", STOP_ASKING),
        ("Your train leaves at XX:XX.", STOP_ASKING),
        ("XX" + "X will call you.", STOP_ASKING),
        ("Hi [name], sorry", STOP_ASKING),
        ("Hi [Customer Name], sorry", STOP_ASKING),
        ("Hi {name}, sorry", STOP_ASKING),
        ("Hi <first name>, sorry", STOP_ASKING),
        ("Coach X is closed.", None),
        ("We have your size, XXL.", None),
        ("See you soon xx", None),
        ("See https://t.example/XX and @XX", None),
        ("Part [1/2]", None),
        ("See [our page](https://t.example)", None),
        ("Love you <3 and x > y", None),
        ("Platform 4, coach C.", None),
    ],
)
def test_what_was_not_filled_in_stops(text: str, expected: tuple[str, str] | None) -> None:
    assert said("placeholder", case(text=text)) == expected


def test_placeholder_names_the_holes() -> None:
    found = finding("placeholder", case(text="Hi ⟦customer.name⟧, ref ⟦booking⟧"))
    assert found is not None
    assert found.text == "“customer.name”, “booking” are not filled in."


# -- not-allowed, expired-canned -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "stops"),
    [
        (post(MINUTE), False),
        (post(MINUTE, deleted=True), True),
        (post(MINUTE, reply_allowed=False), True),
        (post(MINUTE, reply_allowed=False, network="mastodon"), True),
        (None, True),
    ],
)
def test_a_post_that_takes_no_reply_stops(target: PostRow | None, stops: bool) -> None:
    assert said("not-allowed", case(target=target)) == (STOP_HARD if stops else None)


def test_not_allowed_says_why() -> None:
    refused = finding("not-allowed", case(target=post(MINUTE, reply_allowed=False)))
    gone = finding("not-allowed", case(target=post(MINUTE, deleted=True)))
    assert refused is not None
    assert gone is not None
    assert "X does not let us reply to this post by @amandac; it takes replies only to people who" in refused.text
    assert gone.text.startswith("The post by @amandac was deleted on x.")


@pytest.mark.parametrize(
    ("canned", "words"),
    [
        (Canned(1, "line 4", "…", valid_until=NOW + 1), None),
        (Canned(1, "line 4", "…", valid_until=NOW), "expired 0s ago"),
        (Canned(1, "line 4", "…", valid_until=NOW - 3 * DAY), "expired 3d ago"),
        (Canned(1, "line 4", "…", valid_from=NOW), None),
        (Canned(1, "line 4", "…", valid_from=NOW + 2 * HOUR), "is valid only in 2h"),
        (Canned(1, "line 4", "…"), None),
        (None, None),
    ],
)
def test_a_canned_response_out_of_its_shelf_life_stops(canned: Canned | None, words: str | None) -> None:
    found = finding("expired-canned", case(canned=(canned,) if canned else ()))
    assert (found and found.text) == (words and f"The canned response “line 4” {words}.")
    assert found is None or (found.verdict, found.asks) == STOP_ASKING


# -- the list as a whole ---------------------------------------------------------------------------


def test_the_lift_story_names_everything_that_is_wrong() -> None:
    lift = post(206 * DAY, text="Stuck in the lift at a Northline station", addressed="namedrop")
    answer = ours(206 * DAY - HOUR, "Are you out of it?")
    found = examine(case(lift, answer, repost(3 * MINUTE), text="Are you still in the lift?"))
    assert [one.check for one in found] == ["resurfaced", "answered", "namedrop"]
    assert all(words in found[0].text for words in ("206d", "repost", "only names us"))


def test_the_same_post_on_its_first_day_is_let_through() -> None:
    lift = post(9 * MINUTE, text="Stuck in the lift at a Northline station", addressed="namedrop")
    assert {one.verdict for one in examine(case(lift, text="Help is on its way, which lift is it?"))} == {"info"}


def test_nothing_is_said_about_a_good_reply() -> None:
    findings = examine(case())
    assert findings == []
    assert guard.verdict(findings) == "ok"


def test_the_worst_stands_first_and_is_the_verdict() -> None:
    made = case(post(5 * HOUR), sent=(sent(REPLY),) * 3, owner="Ben")
    findings = examine(made)
    assert [one.verdict for one in findings] == ["stop", "warn", "info"]
    assert guard.verdict(findings) == "stop"
    assert guard.verdict(findings[1:]) == "warn"
    assert guard.verdict(findings[2:]) == "info"


@pytest.mark.parametrize(
    ("setting", "verdict", "asks"),
    [("stop", "stop", "reason"), ("warn", "warn", ""), ("info", "info", ""), ("off", None, None)],
)
def test_an_account_sets_the_verdict_of_a_check(setting: str, verdict: str | None, asks: str | None) -> None:
    found = finding("answered", case(post(2 * HOUR), ours(HOUR), settings=replace(SAFE, checks={"answered": setting})))
    assert (found and found.verdict) == verdict
    assert (found and found.asks) == asks
    assert found is None or found.text.startswith("@northline answered 1h ago")


def test_what_is_raised_to_a_stop_asks_for_a_reason() -> None:
    made = case(post(MINUTE, addressed="namedrop"), settings=replace(SAFE, checks={"namedrop": "stop"}))
    assert said("namedrop", made) == STOP_ASKING


def test_what_cannot_be_overridden_stays_so() -> None:
    assert said("length", case(text="", settings=replace(SAFE, checks={"length": "stop"}))) == STOP_HARD


def stop(asks: str) -> Finding:
    return Finding("resurfaced", "stop", "It is old.", {}, asks)


@pytest.mark.parametrize(
    ("found", "typed", "taken"),
    [
        (stop("206d"), "206d", True),
        (stop("206d"), " 206D ", True),
        (stop("206d"), "206", False),
        (stop("206d"), "207d", False),
        (stop("206d"), "a good reason", False),
        (stop("206d"), "", False),
        (stop("reason"), "she asked me to", True),
        (stop("reason"), "ok!", False),
        (stop("reason"), "yes", True),
        (stop("reason"), "1234", False),
        (stop("reason"), "確認済", True),
        (stop("reason"), "确认", False),
        (stop("reason"), "نعم", True),
        (stop("reason"), "   ", False),
        (stop(""), "", False),
        (stop(""), "reason", False),
        (Finding("late", "info", "", {}), "", True),
        (Finding("same-text", "warn", "", {}), "", True),
    ],
)
def test_a_stop_takes_only_what_it_asks_for(found: Finding, typed: str, taken: bool) -> None:
    assert accepts(found, guard.Overridden(found.check, typed, "she asked again")) is taken


@pytest.mark.parametrize(("reason", "taken"), [("she asked again", True), ("yes", True), ("ok", False), ("", False)])
def test_a_stop_that_asks_for_a_fact_wants_a_reason_too(reason: str, taken: bool) -> None:
    assert accepts(stop("206d"), guard.Overridden("resurfaced", "206d", reason)) is taken
    assert not accepts(stop("206d"), None)


def test_as_json_has_the_public_fields() -> None:
    assert stop("206d").as_json() == {
        "check": "resurfaced", "verdict": "stop", "text": "It is old.", "evidence": {}, "asks": "206d",
    }  # fmt: skip
    assert "asks" not in Finding("late", "info", "", {}).as_json()


# -- hostile input ---------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
HOSTILE = "\x1b]52;c;AAAA\x07\u202e[/]\0\ud800"


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.sampled_from(["x", "mastodon", "bluesky", "other"]))
@example(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "x")
@example("{{", "^", "[", "", "mastodon")
def test_no_text_makes_a_check_raise_or_reaches_the_screen_raw(
    text: str, theirs: str, before: str, name: str, network: str
) -> None:
    asked = post(206 * DAY, text=theirs, addressed="namedrop", network=network, handle=name)
    thread = (asked, ours(205 * DAY, before, handle=name), repost(HOUR, handle=name, text=theirs))
    made = case(
        *thread, text=text, handle=name, name=name, account=name, owner=f"Ben{name}",
        sent=(sent(before, MINUTE, name), sent(text, MINUTE, name)), sent_to=(sent(before), sent(text)),
        leaving=(reply(9 * MINUTE, before, agent=name or "Ben"),), canned=(Canned(1, name, before, valid_until=0),),
        changes=(event("note.added", agent=f"Ben{name}"), event("post.arrived", 300 * DAY)),
        settings=replace(SAFE, same_text_count=1),
    )  # fmt: skip
    findings = examine(made)
    assert all(one.evidence["arithmetic"] for one in findings)
    assert all(one.text == line(one.text) for one in findings)
    assert all(shown == clean(shown) for one in findings for shown in strings(one.as_json()))
    json.dumps([one.as_json() for one in findings], ensure_ascii=False).encode()


@given(ANY_TEXT)
def test_any_text_sent_again_to_the_same_person_stops(text: str) -> None:
    made = case(text=f"Zebra {text}")
    assert said("same-text", replace(made, sent_to=(sent(made.text),))) == STOP_ASKING


@pytest.mark.parametrize("part", ["[", "{{", "⟦", " ", "^", "a.", "@", "1/", "-a ", "http://", "X", "\u0301"])
def test_a_long_text_of_one_thing_is_read_to_its_end(part: str) -> None:
    assert said("length", case(text=("hi " + part * 40_000)[:40_000] + "!")) == STOP_HARD
