"""`not-allowed`: which rule of the network it is, and what is possible instead."""

import pytest
from guarding import SAFE, STOP_HARD, case, finding, post, said

from tui.clock import HOUR, MINUTE

END = "resolve it with a reason (e), or leave a note (m)."
QUOTE = f"quote the post, or {END}"
SUMMONED = f"people who mentioned or quoted us. Possible: wait until @amandac mentions or quotes us, or {QUOTE}"


@pytest.mark.parametrize(
    ("network", "denied", "words"),
    [
        ("x", "summons", SUMMONED),
        ("x", None, SUMMONED),
        ("x", "blocked", f"@amandac has blocked us on x, and no answer reaches them. Possible: {END}"),
        ("mastodon", "blocked", f"@amandac has blocked us on mastodon, and no answer reaches them. Possible: {END}"),
        ("bluesky", "locked", f"reply to this post by @amandac: the thread is locked. Possible: {QUOTE}"),
        ("bluesky", "followers only", f"to this post by @amandac: “followers only”. Possible: {END}"),
        ("mastodon", None, f"Mastodon does not let us reply to this post by @amandac. Possible: {END}"),
    ],
)
def test_it_says_which_rule_it_is_and_what_is_possible(network: str, denied: str | None, words: str) -> None:
    target = post(MINUTE, network=network, reply_allowed=False, reply_denied=denied)
    found = finding("not-allowed", case(target))
    assert found is not None
    assert found.text.endswith(words)
    assert ", or ".join(found.evidence["possible"]) in found.text
    assert found.evidence["denied"] == denied
    assert (found.verdict, found.asks) == STOP_HARD


def test_a_deleted_post_can_only_be_settled() -> None:
    found = finding("not-allowed", case(post(MINUTE, deleted=True)))
    assert found is not None
    assert found.text == f"The post by @amandac was deleted on x. Possible: {END}"


def test_deletion_is_told_before_any_other_rule() -> None:
    found = finding("not-allowed", case(post(MINUTE, deleted=True, reply_allowed=False, reply_denied="blocked")))
    assert found is not None
    assert "was deleted" in found.text


def test_where_nothing_stands_to_be_answered() -> None:
    found = finding("not-allowed", case(target=None))
    assert found is not None
    assert found.text == f"There is no post to answer; {END}"


@pytest.mark.parametrize(("denied", "offered"), [("summons", True), ("locked", True), ("blocked", False)])
def test_a_private_message_is_offered_where_they_wrote_one(denied: str, offered: bool) -> None:
    target = post(MINUTE, reply_allowed=False, reply_denied=denied)
    found = finding("not-allowed", case(post(HOUR, kind="dm"), target))
    assert found is not None
    assert ("answer @amandac by private message" in found.text) == offered
    without = finding("not-allowed", case(post(HOUR, kind="dm", deleted=True), target))
    assert without is not None
    assert "private" not in without.text


@pytest.mark.parametrize("denied", [None, "summons", "blocked", "locked", "its own word"])
def test_what_takes_a_reply_says_nothing(denied: str | None) -> None:
    assert said("not-allowed", case(post(MINUTE, reply_denied=denied))) is None


def test_no_setting_makes_it_passable() -> None:
    from dataclasses import replace

    made = case(post(MINUTE, reply_allowed=False), settings=replace(SAFE, checks={"not-allowed": "stop"}))
    assert said("not-allowed", made) == STOP_HARD


def test_a_word_of_the_network_is_cleaned() -> None:
    target = post(MINUTE, network="mastodon", reply_allowed=False, reply_denied="\x1b[2J\u202eclosed")
    found = finding("not-allowed", case(target))
    assert found is not None
    assert "\x1b" not in found.text + str(found.evidence)
    assert "\u202e" not in found.text + str(found.evidence)
