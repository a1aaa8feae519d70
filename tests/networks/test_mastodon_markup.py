"""The HTML of a status as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.networks.mastodon.markup import words_of

MENTIONS = {
    "https://northline.example/@care": "care@northline.example",
    "https://misskey.example/users/9x": "bob@misskey.example",
    "bob": "bob@misskey.example",
    "bob@misskey.example": "bob@misskey.example",
    "care": "care@northline.example",
}
LONG = "https://photos.example/a/very/long/address?of=a&picture=1"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", ""),
        ("plain &amp; short", "plain & short"),
        ("<p>one</p><p>two<br>three</p>\n<p>four</p>", "one\n\ntwo\nthree\n\nfour"),
        # Mastodon
        (
            '<p><span class="h-card" translate="no"><a href="https://northline.example/@care" class="u-url mention">'
            "@<span>care</span></a></span> late</p>",
            "@care@northline.example late",
        ),
        (
            f'<a href="{LONG.replace("&", "&amp;")}" rel="nofollow"><span class="invisible">https://</span>'
            '<span class="ellipsis">photos.example/a/very/long/add</span>'
            '<span class="invisible">ress?of=a&amp;picture=1</span></a>',
            LONG,
        ),
        ('<a href="https://m.example/tags/Delay" class="mention hashtag" rel="tag">#<span>Delay</span></a>', "#Delay"),
        # GoToSocial, Pleroma, Misskey and its kin
        ('<a href="https://northline.example/@care" class="mention">@<span>care</span></a>', "@care@northline.example"),
        ('<span><a href="https://misskey.example/users/9x" class="mention">@bob</a></span>', "@bob@misskey.example"),
        ('<a href="https://misskey.example/@bob" class="mention">@bob@misskey.example</a>', "@bob@misskey.example"),
        ("<p><span>a<br></span><a href='https://a.example/b'>https://a.example/b</a></p>", "a\nhttps://a.example/b"),
        ('<a href="https://example.com/very/long"><span>example.com/very…</span></a>', "https://example.com/very/long"),
        ("<h1>Title</h1><ul><li>a</li><li>b</li></ul>", "Title\n- a\n- b"),
        (':northline: <img src="x" alt="y">:sad:', ":northline: :sad:"),
        # what is shown is not where it leads
        ('<a href="https://evil.example/x">https://bank.example</a>', "https://bank.example (https://evil.example/x)"),
        ('<a href="https://bank.example.evil.example/">bank.example</a>', "https://bank.example.evil.example/"),
        ('<a href="https://evil.example/">@northline</a>', "@northline (https://evil.example/)"),
        ('<a href="javascript:alert(1)">press</a><script>alert(1)</script>', "press"),
        ('<a href="https://a.example/"></a>', "https://a.example/"),
        ('<a href="https://a.example">1 <a href="https://b.example">2</a> 3</a>', "1 2 (https://a.example) 3"),
        ('<a href="https://northline.example/">northline</a>', "northline (https://northline.example/)"),
        ('<a href="https://a.example/">never closed', "never closed"),
        ("1 < 2 &lt;b&gt; <p>\x1b[2J</p>", "1 < 2 <b>\n\x1b[2J"),
        ('<p class="quote-inline">RE: <a href="https://a.example/1">a</a></p><p>So true</p>', "So true"),
        ('<p>So true<span class="quote-inline"><br><br>RE: <a href="https://a.example/1">a</a></span></p>', "So true"),
    ],
)  # fmt: skip
def test_a_status_reads_as_its_author_wrote_it(content: str, text: str) -> None:
    assert words_of(content, MENTIONS) == text


@pytest.mark.parametrize(
    "piece",
    ["<a href='", "<a x>", "</a>", "<a href=\"x\">", "<", "&#", "<p", "</p ", '<p class="quote-inline">', "<a "],
)  # fmt: skip
def test_hostile_markup_takes_time_by_its_length(piece: str) -> None:
    """Finishes within the limit of one test, or this is not so."""
    words_of(piece * (100_000 // len(piece)) + "<p>", {})


@given(
    st.text(st.sampled_from("<>/apbr =\"'&;@#https:x.e\n")), st.dictionaries(st.text(max_size=3), st.text(max_size=3))
)
def test_whatever_stands_there_it_becomes_text(content: str, mentions: dict[str, str]) -> None:
    assert isinstance(words_of(content, mentions), str)


WORDS = st.text(st.characters(exclude_characters="<>&\r\n\t\f\v ", exclude_categories=["C", "Z"]), min_size=1)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_paragraphs_and_lines_come_back(paragraphs: list[list[str]]) -> None:
    content = "".join(f"<p>{'<br />'.join(rows)}</p>" for rows in paragraphs)
    assert words_of(content, {}) == "\n\n".join("\n".join(rows) for rows in paragraphs)
