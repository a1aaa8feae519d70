"""Lengths as the networks count them."""

import sys
from subprocess import run

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.networks import limits
from tui.networks.limits import Length, count

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("We are on it. Sorry/so sorry.", 29),
        ("one\r\ntwo", 7),
        ("cafe\u0301", 4),
        ("Wir prüfen das – “sofort”…", 26 + 1),  # the ellipsis weighs two
        ("日本", 4),
        (FAMILY, 2),
        ("©", 2),
        ("see https://northline.example.com/delays/2026?line=4 now", 4 + 23 + 4),
        ("northline.com", 23),
        ("northline.com.", 24),
        ("e.g. this", 9),
        ("version 1.2.3", 13),
        ("@amandac thanks", 15),
        ("a" * 281, 281),
    ],
)
def test_x_counts_weighted_characters(text: str, used: int) -> None:
    assert count(text, "x") == Length(used, 280, "characters")


words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["https://a.co/x?y=1", "a.com", "(b.org)", "@me", "#tag", FAMILY, "🇩🇪", "1️⃣", "’", "…", "☎️", "$x.com"]
    ),
)


@settings(deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from(["", " ", "\n", "\r\n", "\r", "\u3000", "."]))))
@example([("a.com", " "), ("b.com", "")])
@example([("a", " "), ("\x800.AL", "")])
def test_x_agrees_with_twitter_text_on_the_whole_text(parts: list[tuple[str, str]]) -> None:
    text = limits.repair("".join(word + between for word, between in parts))[0]
    assert count(text, "x").used == limits._twitter_text().parse_tweet(text).weightedLength


@pytest.mark.parametrize("text", ["a." * 5_000, "http://" + "ü." * 3_000, "@a.a" * 3_000, "@a@" * 4_000, "(" * 9_999])
@pytest.mark.parametrize("network", ["x", "mastodon", "bluesky"])
def test_what_only_looks_like_a_link_costs_no_more_than_its_characters(text: str, network: str) -> None:
    # Without the bounds on words the first two run for minutes, into the time limit of the suite.
    assert count(text, network).over > 0


def test_twitter_text_loads_only_when_a_text_needs_it_and_leaves_no_stand_in() -> None:
    program = """if True:
        import sys
        from tui.networks.limits import count
        assert count("We’re sorry, Zoë. Ihre Überweisung… ist da".replace("…", ""), "x").used
        assert "twitter_text" not in sys.modules
        count("see northline.com", "x")
        assert "twitter_text" in sys.modules and "pkg_resources" not in sys.modules
    """
    done = run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("a" * 501, 501),
        (f"hi {FAMILY}", 4),
        ("one\r\ntwo", 7),
        ("https://northline.example.com/delays/" + "x" * 200, 23),
        ("see\nhttps://a.co", 4 + 23),
        ("northline.com", 13),  # no protocol, no link
        ("xhttps://a.co", 13),  # glued to a letter, no link
        ("a.com,https://b.co", 6 + 23),
        ("@amandac@mastodon.social hello", 14),
        ("x@a@b.example", 13),
        ("@amandac hello", 14),
        ("@a@b.example @c@d.example.", 6),
        ("mail amandac@example.org", 24),
        ("https://a.co/@amandac@mastodon.social", 23),
    ],
)
def test_mastodon_counts_graphemes_short_links_and_local_names(text: str, used: int) -> None:
    assert count(text, "mastodon") == Length(used, 500, "characters")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", Length(0, 300, "graphemes")),
        ("a" * 301, Length(301, 300, "graphemes")),
        ("日" * 10, Length(10, 300, "graphemes")),
        (FAMILY * 2, Length(50, 3_000, "bytes")),
        (FAMILY * 121, Length(3_025, 3_000, "bytes")),
        ("e\u0301", Length(1, 300, "graphemes")),
    ],
)
def test_bluesky_reports_what_is_nearer_its_limit(text: str, length: Length) -> None:
    assert count(text, "bluesky") == length


def test_any_other_network_has_ten_thousand_characters() -> None:
    assert count("日" * 10_001, "northline-forum") == Length(10_001, 10_000, "characters")


def test_over_is_never_negative() -> None:
    assert count("a" * 279, "x").over == 0
    assert count("a" * 280, "x").over == 0
    assert count("a" * 283, "x").over == 3


@settings(deadline=None)
@given(st.text(st.characters(codec=None)), st.sampled_from(["x", "mastodon", "bluesky", ""]))
@example("a.com \ud800", "x")
@example("\ud83d", "bluesky")
def test_no_text_breaks_the_count(text: str, network: str) -> None:
    length = count(text, network)
    assert length.used >= 0
    assert length.over == max(0, length.used - length.limit)
