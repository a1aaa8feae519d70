"""What networks make of a text: mentions, links, hashtags, and where they stand."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.networks import limits
from tui.networks.marks import BLUESKY_TAG, facets, marks

NETWORKS = ("x", "mastodon", "bluesky")
WORDS = (
    "@amandac", "@amanda@social.example", "@a.bsky.social", "https://northline.example/a_(b)?q=1#x", "example.com",
    "#delay", "#हिन्दी", "＃日本語", "#1", "(", ")", " ", "\n", ".", ",", "ü", "🚂", "@", "#", "://", "\0", "\ud800",
)  # fmt: skip
PIECES = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))


def found(text: str, network: str) -> list[str]:
    return [mark.value for mark in marks(text, network)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi @amandac, see northline.example.com/x today", ["@amandac", "northline.example.com/x"]),
        ("example.com and t.co", ["example.com", "t.co"]),
        ("https://a.example.com/@b#c", ["https://a.example.com/@b#c"]),
        ("write to us@example.com", []),
        ("a@amandac but RT@amandac", ["@amandac"]),
        ("日本@amandac", ["@amandac"]),
        ("@amandac@elsewhere", []),
        ("@amandacé", []),
        ("#delay #1 #2b", ["#delay", "#2b"]),
        ("#हिन्दी #日本語", ["#हिन्दी", "#日本語"]),
        ("#हिन्दीexample.com", ["example.com"]),
        ("a#b &#c #️⃣ #d#e", []),
        ("#d://x", []),
    ],
)
def test_on_x_as_twitter_text_has_them(text: str, expected: list[str]) -> None:
    assert found(text, "x") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@amanda@social.example: soon", ["@amanda@social.example"]),
        ("(@amanda) and @bob.", ["@amanda", "@bob"]),
        ("a=@amanda /@amanda", []),
        ("https://northline.example.com/@bob and example.com", ["https://northline.example.com/@bob"]),
        ("#delay #1 #a1 #x·y· (#z)", ["#delay", "#a1", "#x·y", "#z"]),
        ("a/#b #हिन्दी", ["#हिन्दी"]),
    ],
)
def test_on_mastodon_as_its_server_has_them(text: str, expected: list[str]) -> None:
    assert found(text, "mastodon") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@amanda.bsky.social, hi", ["@amanda.bsky.social"]),
        ("(@amanda.bsky.social)", ["@amanda.bsky.social"]),
        ("@amanda and a@b.com", []),
        ("@amanda.notatopleveldomain @amanda.test", ["@amanda.test"]),
        ("see (example.com/x), ok", ["example.com/x"]),
        ("https://a.example/x_(y).", ["https://a.example/x_(y)"]),
        ("version 1.2 or v1.2x", []),
        ("#delay! #1 #1! #2b ##", ["#delay", "#2b"]),
        ("#" + "a" * BLUESKY_TAG, ["#" + "a" * BLUESKY_TAG]),
        ("#" + "a" * (BLUESKY_TAG + 1), []),
    ],
)
def test_on_bluesky_as_its_client_has_them(text: str, expected: list[str]) -> None:
    assert found(text, "bluesky") == expected


def test_another_network_makes_nothing_of_a_text() -> None:
    assert marks("@amandac https://example.com #delay", "forum") == []


def test_facets_are_counted_in_bytes_and_name_what_they_mean() -> None:
    text = "Grüße 🚂 @amanda.bsky.social: example.com/ü, #Züge!"
    assert facets(text) == [
        {"kind": "mention", "start": 13, "end": 32, "value": "amanda.bsky.social"},
        {"kind": "link", "start": 34, "end": 48, "value": "https://example.com/ü"},
        {"kind": "tag", "start": 50, "end": 56, "value": "Züge"},
    ]
    assert text.encode()[34:48].decode() == "example.com/ü"


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from(NETWORKS))
@example("@a.bsky.social\u2028@b.bsky.social", "bluesky")
def test_marks_slice_to_their_value_and_stand_apart(text: str, network: str) -> None:
    at = 0
    for mark in marks(text, network):
        assert mark.start >= at
        assert text[mark.start : mark.end] == mark.value != ""
        at = mark.end


@given(st.lists(PIECES, max_size=30).map("".join))
def test_facets_slice_the_bytes_of_what_leaves(text: str) -> None:
    raw = text.encode(errors="replace")
    for facet, mark in zip(facets(text), marks(text, "bluesky"), strict=True):
        assert raw[facet["start"] : facet["end"]] == mark.value.encode(errors="replace")


@given(st.lists(PIECES, max_size=20).map("".join))
def test_the_links_on_x_are_those_that_are_counted(text: str) -> None:
    whole = " ".join(word for word in text.split() if len(word) < 200)
    if whole == limits.repair(whole)[0]:
        links = [mark.value for mark in marks(whole, "x") if mark.kind == "link"]
        assert len(links) == len(limits.links_on_x(whole))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "piece",
    ["@a", "#", "#_", "a.", "@a@", "http://", "a.b/", "(", "#a·", "@a.", "#\u200c", "@a-", " @a", " #b", "x.co "],
)
def test_hostile_texts_come_to_an_end(network: str, piece: str) -> None:
    """A pattern that goes back over what it has read would take hours."""
    text = piece * 30_000
    assert all(text[mark.start : mark.end] == mark.value for mark in marks(text, network))
