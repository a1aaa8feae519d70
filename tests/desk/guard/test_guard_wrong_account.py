"""`wrong-account`: the thread pins our handle and the recipient."""

import time
from typing import Any

import pytest
from guarding import AMANDA, REPLY, STRANGER, case, finding, ours, post, repost, said

from tui.clock import HOUR, MINUTE
from tui.desk.guard import Overridden, accepts
from tui.store.reader import PostRow

HELP = "@northlinehelp"
ASKS_HELP = ("stop", HELP)
ASKED = post(HOUR)
BY_HELP = ours(MINUTE, handle="northlinehelp")


@pytest.mark.parametrize(
    ("posts", "sender", "expected"),
    [
        ([ASKED], None, None),
        ([ASKED], HELP, ASKS_HELP),
        ([ASKED, ours(MINUTE)], None, None),
        ([ASKED, ours(MINUTE)], HELP, ASKS_HELP),
        ([ASKED, ours(MINUTE, handle="NorthLine")], None, None),
        ([ASKED, BY_HELP], HELP, None),
        ([ASKED, BY_HELP], None, ("stop", "@northline")),
        ([ASKED, ours(2 * MINUTE), BY_HELP], HELP, None),
        ([ASKED, ours(2 * MINUTE), BY_HELP], None, ("stop", "@northline")),
        ([ASKED, BY_HELP, ours(2 * MINUTE)], HELP, None),  # by time of writing, in whatever order they stand
        ([ASKED, BY_HELP._replace(deleted=True)], HELP, ASKS_HELP),
        ([ASKED, BY_HELP._replace(deleted=True)], None, None),
        ([ASKED, BY_HELP._replace(kind="repost")], None, None),
        ([ASKED, repost(MINUTE)], None, None),
    ],
)
def test_another_handle_than_the_threads_must_be_typed(
    posts: list[PostRow], sender: str | None, expected: tuple[str, str] | None
) -> None:
    assert said("wrong-account", case(*posts, sender=sender)) == expected


def test_a_thread_without_an_account_and_an_answer_pins_nothing() -> None:
    assert said("wrong-account", case(ASKED, account=None)) is None
    assert said("wrong-account", case(ASKED, account=None, sender=HELP)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (REPLY, None),
        (f"@amandac {REPLY}", None),
        (f"@AmandaC {REPLY}", None),
        (f"@bob {REPLY}", ("stop", "@bob")),
        (f".@bob, {REPLY}", ("stop", "@bob")),
        (f"@bob @carl {REPLY}", ("stop", "@bob")),
        (f"@bob @amandac {REPLY}", None),
        (f"@oldnews {REPLY}", None),
        (f"@northline {REPLY}", None),
        (f"{REPLY} Ask @bob.", None),
        ("", None),
    ],
)
def test_another_recipient_must_be_typed(text: str, expected: tuple[str, str] | None) -> None:
    posts = (post(2 * HOUR), ours(HOUR), post(MINUTE), post(MINUTE, STRANGER, text="me too"))
    assert said("wrong-account", case(*posts, text=text)) == expected


def test_who_only_reposted_did_not_write_here() -> None:
    assert said("wrong-account", case(ASKED, repost(MINUTE), text=f"@oldnews {REPLY}")) == ("stop", "@oldnews")


@pytest.mark.parametrize(
    ("customer", "text", "stops"),
    [
        ("amandac@rail.social", f"@amandac@rail.social {REPLY}", False),
        ("amandac@rail.social", f"@amandac {REPLY}", False),
        ("amandac", f"@amandac@rail.social {REPLY}", False),
        ("amandac@rail.social", f"@amandac@other.social {REPLY}", True),
        ("amandac@rail.social", f"@amanda {REPLY}", True),
        ("amandac", f"@bob@rail.social {REPLY}", True),
    ],
)
def test_on_mastodon_the_name_stands_for_name_and_domain(customer: str, text: str, stops: bool) -> None:
    made = case(post(MINUTE, network="mastodon", handle=customer), text=text, handle=customer)
    assert (said("wrong-account", made) is not None) == stops


def test_on_mastodon_our_own_name_stands_for_name_and_domain() -> None:
    asked, answer = post(HOUR, network="mastodon"), ours(MINUTE, network="mastodon", handle="north")
    assert said("wrong-account", case(asked, answer, account="@north@rail.social")) is None
    assert said("wrong-account", case(asked, answer, account="@south@rail.social")) == ("stop", "@south@rail.social")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (post(MINUTE, AMANDA), None),
        (post(MINUTE, STRANGER), ("stop", "@oldnews")),
        (ours(MINUTE), None),
        (None, None),
    ],
)
def test_a_post_of_somebody_else_is_not_answered_by_accident(target: Any, expected: tuple[str, str] | None) -> None:
    assert said("wrong-account", case(ASKED, target=target)) == expected


def test_it_says_both_handles_and_what_would_happen() -> None:
    found = finding("wrong-account", case(ASKED, BY_HELP))
    assert found is not None
    assert found.text == "@northlinehelp speaks with @amandac here; this reply would leave from @northline."
    assert found.evidence["arithmetic"] == "this thread @northlinehelp, this reply @northline"
    first = finding("wrong-account", case(ASKED, sender=HELP))
    assert first is not None
    assert first.text == "This thread reached @northline; this reply would leave from @northlinehelp."
    both = finding("wrong-account", case(ASKED, sender=HELP, text=f"@bob {REPLY}"))
    assert both is not None
    assert both.text.endswith("from @northlinehelp. This thread is with @amandac; this reply opens with @bob.")
    assert both.evidence["other"] == [HELP, "@bob"]


@pytest.mark.parametrize(
    ("typed", "taken"), [(HELP, True), (" @NorthlineHelp ", True), ("@northline", False), ("a good reason", False)]
)
def test_the_other_handle_is_what_is_typed(typed: str, taken: bool) -> None:
    found = finding("wrong-account", case(ASKED, sender=HELP))
    assert found is not None
    assert accepts(found, Overridden("wrong-account", typed, "they have the case")) == taken


@pytest.mark.parametrize("char", ["@", "@a ", ".@", "@a@", "@a@b ", " ", "@é "])
def test_a_hostile_opening_costs_nothing(char: str) -> None:
    from tui.desk.guard.checks.wrong_account import wrong_account

    made = case(ASKED, text=(char * 40_000)[:40_000])
    began = time.perf_counter()
    wrong_account(made)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "handle", ["@northline_customer_care@social.northline-railways.example", "@norðline", "@日本鉄道"]
)
def test_a_handle_that_no_keyboard_types_asks_for_a_reason(handle: str) -> None:
    assert said("wrong-account", case(ASKED, sender=handle)) == ("stop", "reason")
