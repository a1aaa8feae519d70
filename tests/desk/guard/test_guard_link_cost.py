"""`link-cost`, and what `length` says about parts and the limits of a server."""

import time
from dataclasses import replace

import pytest
from guarding import REPLY, SAFE, STOP_HARD, case, finding, post, said

from tui.clock import MINUTE

WARNS = ("warn", "")


@pytest.mark.parametrize(
    ("network", "kind", "text", "expected"),
    [
        ("x", "post", f"{REPLY} https://northline.example.com/x", WARNS),
        ("x", "post", f"{REPLY} northline.com", WARNS),
        ("x", "post", f"{REPLY} (www.northline.com)", WARNS),
        ("x", "post", REPLY, None),
        ("x", "post", f"{REPLY} e.g. this, version 1.2.3", None),
        ("x", "post", f"{REPLY} Mail help@northline.com", None),
        ("x", "dm", f"{REPLY} https://northline.example.com/x", None),
        ("mastodon", "post", f"{REPLY} https://northline.example.com/x", None),
        ("bluesky", "post", f"{REPLY} https://northline.example.com/x", None),
        ("x", "post", "a.com " * 460, WARNS),
        ("x", "post", "a.com " * 470, None),  # far too long: it goes nowhere
    ],
)
def test_a_link_costs_more_on_x_in_public(network: str, kind: str, text: str, expected: tuple[str, str] | None) -> None:
    assert said("link-cost", case(post(MINUTE, network=network, kind=kind), text=text)) == expected


@pytest.mark.parametrize(("factor", "words"), [(13, "about 13 times"), (2, "about 2 times"), (0, None)])
def test_the_factor_is_a_setting(factor: int, words: str | None) -> None:
    found = finding("link-cost", case(text="See a.com and b.com", settings=replace(SAFE, link_cost_factor=factor)))
    assert (found is None) == (words is None)
    if found is not None and words is not None:
        assert words in found.text
        assert found.evidence["links"] == ["a.com", "b.com"]
        assert found.evidence["arithmetic"].startswith("2 links")


@pytest.mark.parametrize("text", ["a.b", "a.b ", "http://", "http://a.co/", ".", "@a.a", "a.com ", "ü.de "])
def test_a_hostile_text_costs_nothing(text: str) -> None:
    from tui.desk.guard.checks.length import length
    from tui.desk.guard.checks.link_cost import link_cost

    for size in (2_800, 40_000):
        made = case(text=(text * 40_000)[:size])
        link_cost(made)
        began = time.perf_counter()
        link_cost(made)
        length(made)
        assert time.perf_counter() - began < 0.5


# -- length ----------------------------------------------------------------------------------------

LONG = "We are very sorry about the cold coach on your way home. " * 8


@pytest.mark.parametrize(
    ("network", "text", "settings", "stops"),
    [
        ("mastodon", "a" * 501, {}, True),
        ("mastodon", "a" * 501, {"length_limit": 501}, False),
        ("mastodon", "a" * 502, {"length_limit": 501}, True),
        ("mastodon", "a" * 480 + " https://northline.example.com", {}, True),
        ("mastodon", "a" * 480 + " https://northline.example.com", {"link_length": 19}, False),
        ("x", "a" * 281, {"length_limit": 25_000}, False),
        ("x", "a" * 100, {"length_limit": 99}, True),
        ("bluesky", "a" * 301, {"length_limit": 301}, False),
        ("forum", "a" * 10_001, {}, True),
        ("forum", "a" * 40_000, {"length_limit": 40_000}, False),
    ],
)
def test_the_limits_of_a_server_are_settings(network: str, text: str, settings: dict[str, int], stops: bool) -> None:
    made = case(post(MINUTE, network=network), text=text, settings=replace(SAFE, **settings))
    assert said("length", made) == (STOP_HARD if stops else None)


def test_what_could_go_in_parts_says_in_how_many() -> None:
    found = finding("length", case(text=LONG))
    assert found is not None
    assert found.text == "176 characters too many for x (456 of 280); it can go in 2 parts."
    assert found.evidence["parts"] == 2


def test_what_leaves_in_parts_is_counted_by_the_part() -> None:
    assert said("length", case(text=LONG, split=True)) is None
    assert said("length", case(text=REPLY, split=True)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a" * 281, "in parts: “aaa"),
        ("word " * 550, "in parts: It needs more than 9 parts; shorten it."),
        ("word " * 600, "in parts: it is far too long; shorten it."),
    ],
)
def test_what_no_parts_can_take_stops_all_the_same(text: str, why: str) -> None:
    for split in (False, True):
        found = finding("length", case(text=text, split=split))
        assert found is not None
        assert "parts" not in found.evidence
        assert (why in found.text) == split


def test_nothing_to_send_is_no_part_either() -> None:
    assert said("length", case(text=" \u200b", split=True)) == STOP_HARD
