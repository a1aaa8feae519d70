"""Lengths as the networks count them."""

import sys
import time
from contextlib import suppress
from subprocess import run

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.networks import limits
from tui.networks.limits import Length, count, split
from tui.text import line

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
    assert count(text, "x").used == limits.twitter_text().parse_tweet(text).weightedLength


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


@pytest.mark.parametrize(
    ("network", "text", "length"),
    [
        ("x", "a" * 9_999 + "語", Length(10_000, 10_000, "characters")),
        ("x", "https://example.com/" + "a" * 80, Length(100, 10_000, "characters")),
        ("bluesky", "é" * 1_000, Length(1_000, 1_000, "graphemes")),
        ("bluesky", "語" * 4_000, Length(4_000, 1_000, "graphemes")),
        ("bluesky", "👩‍👩‍👧‍👦" * 500, Length(12_500, 10_000, "bytes")),
        ("mastodon", "a" * 501, Length(501, 500, "characters")),
    ],
)
def test_a_private_message_has_a_length_of_its_own(network: str, text: str, length: Length) -> None:
    assert count(text, network, private=True) == length


def test_a_private_message_that_fits_is_not_split() -> None:
    text = "One sentence. " * 50
    assert len(split(text, "x")) > 1
    assert split(text, "x", private=True) == [text]


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


# -- the limits of a server --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "text", "settings", "length"),
    [
        ("mastodon", "a" * 501, {"limit": 5_000}, Length(501, 5_000, "characters")),
        ("mastodon", "see https://a.co now", {"link_length": 40}, Length(4 + 40 + 4, 500, "characters")),
        ("mastodon", "see https://a.co now", {}, Length(4 + 23 + 4, 500, "characters")),
        ("x", "see https://a.co now", {"link_length": 40}, Length(4 + 23 + 4, 280, "characters")),
        ("x", "a" * 281, {"limit": 25_000}, Length(281, 25_000, "characters")),
        ("bluesky", "a" * 301, {"limit": 500}, Length(301, 500, "graphemes")),
        ("bluesky", FAMILY * 130, {"limit": 500}, Length(3_250, 3_000, "bytes")),
        ("forum", "a", {"limit": 50}, Length(1, 50, "characters")),
    ],
)
def test_a_server_may_take_more_or_less(network: str, text: str, settings: dict[str, int], length: Length) -> None:
    assert count(text, network, **settings) == length


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", []),
        ("no link, e.g. this", []),
        ("see https://northline.example.com/x and a.com.", ["https://northline.example.com/x", "a.com"]),
        ("mail amandac@example.org", []),
        ("(b.org)", ["b.org"]),
        ("see\nhttps://a.co", ["https://a.co"]),
    ],
)
def test_links_are_what_x_takes_for_them(text: str, links: list[str]) -> None:
    assert limits.links_on_x(text) == links


# -- parts -------------------------------------------------------------------------------------------

SENTENCE = "We are very sorry about the cold coach on your way home. "
JAPANESE = "お寒い中ご迷惑をおかけして申し訳ございません。"


def bodies(parts: list[str]) -> list[str]:
    """Parts without their marks, which must be there."""
    if len(parts) == 1:
        return parts
    for number, part in enumerate(parts, 1):
        assert part.endswith(f" {number}/{len(parts)}")
    return [part.rpartition(" ")[0] for part in parts]


def test_what_fits_is_its_only_part() -> None:
    assert split("a" * 280, "x") == ["a" * 280]
    assert split("", "x") == [""]
    assert split("  two\n\nlines ", "bluesky") == ["  two\n\nlines "]


def test_parts_end_with_a_sentence_and_carry_their_number() -> None:
    text = f"@amandac {SENTENCE * 6}And sorry again, ^AB"
    first, second = split(text, "x")
    assert first == f"@amandac {(SENTENCE * 4).strip()} 1/2"
    assert second == f"{SENTENCE * 2}And sorry again, ^AB 2/2"


@pytest.mark.parametrize(
    ("text", "first_ends", "why"),
    [
        ("word " * 60, "word 1/2", "a word, where no sentence ends"),
        ("Hello. " + "word " * 60, "word 1/2", "a word, where the sentence would leave it nearly empty"),
        ("word " * 40 + "\n\n" + "other " * 30, "word 1/2", "a paragraph"),
        ("word " * 40 + "end.” " + "other " * 30, "end.” 1/2", "a sentence in quotes"),
        ("word " * 54 + "10\u00a0000\u00a0000 euros and more of it", "word 1/2", "a no-break space holds together"),
        (JAPANESE * 8, "。 1/2", "a sentence without a space behind it"),
        ("word " * 54 + "https://northline.example.com/delays/2026 " + "word " * 9, "word 1/2", "never inside a link"),
        ("word " * 54 + "@amandac_the_first_of_her_name " + "word " * 9, "word 1/2", "never inside a handle"),
    ],
)
def test_where_a_part_ends(text: str, first_ends: str, why: str) -> None:
    assert split(text, "x")[0].endswith(first_ends), why


@pytest.mark.parametrize("signature", ["^AB", "- Ed", "-Ana", "*TMT", "/LS"])
def test_a_signature_stays_with_the_word_before_it(signature: str) -> None:
    for words in range(56, 120):
        assert split("word " * words + signature, "x")[-1].rpartition(" ")[0].endswith(f"word {signature}")


def test_an_ideographic_stop_inside_a_link_is_no_place_to_cut() -> None:
    link = "https://ja.example.org/wiki/モーニング娘。_(グループ)"
    for words in range(40, 60):
        assert any(link in part for part in split("word " * words + link + " word" * 40, "x"))


@pytest.mark.parametrize("joins", ["\u0301", "\u200d", "\ufe0f", "\u20e3"])
def test_what_joins_the_white_space_before_it_stays_with_it(joins: str) -> None:
    for words in range(50, 60):
        parts = split("word " * words + f"{joins}and so on " * 9, "x")
        assert not any(part.startswith(joins) for part in parts)


def test_each_network_counts_its_parts_its_own_way() -> None:
    text = "👨‍👩‍👧‍👦 " * 200
    for network, parts in (("x", 3), ("mastodon", 1), ("bluesky", 2), ("forum", 1)):
        assert len(split(text.strip(), network)) == parts
    assert len(split("https://northline.example.com/delays " * 20, "mastodon", limit=100)) == 5
    assert len(split("https://northline.example.com/delays " * 20, "mastodon", limit=100, link_length=10)) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" * 281, "too long for one part"),
        ("word " * 10 + "b" * 281, "“b+” is too long for one part"),
        ("word " * (9 * 55 + 1), "more than 9 parts"),
    ],
)
def test_what_cannot_be_split_says_why(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(text, "x")


def test_nine_parts_are_possible() -> None:
    parts = split("word " * (9 * 55), "x")
    assert len(parts) == limits.MOST_PARTS
    assert max(count(part, "x").used for part in parts) <= 280


def test_what_is_left_is_the_rest_of_the_whole_text() -> None:
    whole = f"  @amandac {SENTENCE * 6}\n\n{SENTENCE * 3}^AB"
    parts = split(whole, "x")
    assert len(parts) == 3
    assert limits.left(whole, []) == whole
    rest = limits.left(whole, parts[:1])
    assert split(rest, "x") == [part.replace(" 2/3", " 1/2").replace(" 3/3", " 2/2") for part in parts[1:]]
    assert limits.left(whole, parts[:2]).endswith("^AB")
    assert limits.left(whole, parts) == ""


pieces = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.sampled_from([*SENTENCE.split(), JAPANESE, FAMILY, "🇩🇪", "https://a.co/x。y", "@me", "^AB", "- Ed", "e\u0301"]),
)
gaps = st.sampled_from(["", " ", "\n", "\u00a0", "\u3000", " \u0301", " \u200d", "\r\n", "  ", ". "])


def split_or_refusal(text: str, network: str, limit: int) -> tuple[list[str], str]:
    try:
        return split(text, network, limit=limit), ""
    except ValueError as error:
        return [], str(error)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(pieces, gaps), max_size=60),
    st.integers(1, 6),
    st.sampled_from(["x", "mastodon", "bluesky", "forum"]),
    st.sampled_from([0, 10, 40, 120]),
)
def test_parts_of_any_text_fit_and_lose_nothing(
    parts: list[tuple[str, str]], times: int, network: str, limit: int
) -> None:
    text = "".join(word + gap for word, gap in parts) * times
    made, refusal = split_or_refusal(text, network, limit)
    if refusal:
        assert refusal.endswith("shorten it.")
        assert line(refusal) == refusal
        return
    assert 1 <= len(made) <= limits.MOST_PARTS
    assert all(count(part, network, limit=limit).over == 0 for part in made)
    assert "".join("".join(bodies(made)).split()) == "".join(text.split())
    if len(made) > 1:
        for gone in range(1, len(made)):
            rest = "".join(bodies(made)[gone:])
            assert "".join(limits.left(text, made[:gone]).split()) == "".join(rest.split())


@pytest.mark.parametrize(
    "text",
    ["a.b ", "a.com ", "a ", "@a@b.c ", "。", "http://a.co/", " ", "a", f"{FAMILY} ", "- Ed ", "^", "\n.", "www."],
)
def test_a_long_text_of_any_kind_is_split_or_refused_soon(text: str) -> None:
    for network in ("x", "mastodon", "bluesky"):
        began = time.perf_counter()
        with suppress(ValueError):
            split((text * 40_000)[:40_000], network)
        assert time.perf_counter() - began < 2
