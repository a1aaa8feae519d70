"""The same words find the same conversations in SQLite and in PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import copy_of, post, take

from tui.store.reader import Reader

pytestmark = pytest.mark.postgresql
TEXTS = (
    "Der Zug nach Köln fällt aus, déjà vu",
    "Der Zu\u0308g mit Zeichen in zwei Teilen",
    "It isn't funny, it’s late and don't you know it",
    "snake_case_word and _under_ the-hyphen-ated well-known",
    "@amanda.c@social.example hello @northline_help",
    "see https://example.com/path/to?x=1&y=2#top or www.leeds.co.uk",
    "late🙂 again 🚆🚆 coach🚌B 👩‍👩‍👧 family",
    "القطار مُتَأَخِّر اليوم",
    "Ο ΣΙΔΗΡΟΔΡΟΜΟΣ άργησε ΚΑΘΥΣΤΕΡΗΣΗ",
    "ПОЕЗД ОПОЗДАЛ Ёлка Київ її",
    "the 8:14 and the 08.15, -5 degrees, 1e5 people, 3.50€ 12ab ab12 5%",
    "AT&T C++ C# R&D <b>bold</b> a|b !no 50% a*b x=y (z) [q] {w}",
    "MIT Straße STRASSE ﬁne Ǆ ½ x² ① İstanbul ısı",
    "em—dash “quoted” «guillemets» …dots… euro€100 £5 →arrow a·b",
    "don't ' '' \" \\ \\\\ to be or not to be null",
    "हिन्दी में लिखा हुआ",
    "शिकायत করি עִבְרִית",
)
WORDS = sorted({word for text in TEXTS for word in text.split()})
HOSTILE = (
    "&",
    "|",
    "!",
    "<->",
    ":*",
    "'",
    '"',
    "\\",
    "",
    "*",
    "NOT",
    "OR",
    "NEAR(a b)",
    "a:*",
    "%",
    "%s",
    ":words",
    "^",
)


@pytest.fixture(scope="module")
def readers(template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Reader]]:
    """The same posts, each a conversation of its own, in a desk of each kind."""
    import postgres

    with ExitStack() as stack:
        on_file = copy_of(template, tmp_path_factory.mktemp("parity"))
        stack.callback(on_file.close)
        on_server = postgres.Desk()
        stack.callback(on_server.drop)
        made = []
        for store in (on_file, on_server.store):
            take(store, *(post(str(n), f"author{n}", text) for n, text in enumerate(TEXTS)))
            made.append(stack.enter_context(closing(store.reader())))
        yield made[0], made[1]


def found(reader: Reader, words: str) -> list[str]:
    return [said.text for id in reader.search(words) for said in reader.posts(id)]


def whole(word: str) -> bool:
    """Not of those that the two part or read otherwise, see the test of what differs."""
    return not any(sign in "ﬁǄ½²①🙂" for sign in word)


def beginnings(word: str) -> list[str]:
    plain = word.isascii() or word.isalpha()
    return [word[:n] for n in range(1, len(word) + 1)] if plain else [word]


ASKED = sorted({part for word in WORDS if whole(word) for part in beginnings(word)})
DIFFERS = next(text for text in TEXTS if "ﬁne" in text)


@pytest.mark.parametrize("change", [str, str.upper, str.lower], ids=["as written", "capitals", "small"])
def test_each_word_finds_the_same_on_both(readers: tuple[Reader, Reader], change: Any) -> None:
    on_file, on_server = readers
    other = {}
    for word in map(change, ASKED):
        if (one := met(on_file, word)) != (two := met(on_server, word)):
            other[word] = (one, two)
    assert not other


def met(reader: Reader, words: str) -> list[str]:
    """What was found, but for the post with the signs that differ."""
    return [text for text in found(reader, words) if text != DIFFERS]


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.sampled_from(ASKED) | st.sampled_from(HOSTILE), max_size=4), gap=st.sampled_from([" ", "  "]))
@example(parts=["don't", "<->", "it’s"], gap=" ")
@example(parts=["8:14", "-5"], gap=" ")
def test_words_among_hostile_signs_find_the_same(readers: tuple[Reader, Reader], parts: list[str], gap: str) -> None:
    words = gap.join(parts)
    assert met(readers[0], words) == met(readers[1], words)


@settings(max_examples=60, deadline=None)
@given(words=st.text(st.characters(), max_size=30))
@example(words="\udc80 0\0")
@example(words="'a':* & !b | (c <-> d)")
@example(words="\\'a\\\\")
def test_no_words_are_an_error(readers: tuple[Reader, Reader], words: str) -> None:
    for reader in readers:
        reader.search(words)


@pytest.mark.parametrize(("words", "only_on"), [("fine", 1), ("ت", 0), ("द", 0), ("again🙂", 1)])
def test_what_still_differs(readers: tuple[Reader, Reader], words: str, only_on: int) -> None:
    """PostgreSQL reads signs that stand for letters as these (ﬁ as fi, ½ as 1 and 2); SQLite does not.

    SQLite parts a word at a vowel sign of Arabic, Hebrew or Devanagari and finds what begins after it; PostgreSQL
    takes such a word as one. The word as it is written is found by both. SQLite takes an emoji that is younger than
    Unicode 6.1 as a letter of the word that it stands at.
    """
    assert found(readers[only_on], words)
    assert not found(readers[1 - only_on], words)
