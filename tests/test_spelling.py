"""Which words of a text are judged, in which language, and what a machine without dictionaries does."""

import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui import spelling
from tui.spelling import NOTHING, Dictionary, Speller, System, names

ENGLISH = "we are sorry your train is late the driver was ill and thank you for a message about hello it's colour"
GERMAN = "hallo der zug ist spät wir bitten um geduld vielen dank für ihre nachricht"


class Book:
    """A dictionary of a few words, in lower case."""

    def __init__(self, words: str, offered: Sequence[str] = ()) -> None:
        self.words, self.offered = set(words.split()), list(offered)
        self.asked: list[str] = []

    def check(self, word: str) -> bool:
        self.asked.append(word)
        return word.lower() in self.words

    def suggest(self, word: str) -> list[str]:
        return self.offered


class Books:
    """The dictionaries of a machine that the test has made."""

    def __init__(self, **books: Dictionary) -> None:
        self.books, self.tags, self.opened = books, tuple(books), list[str]()

    def open(self, tag: str) -> Dictionary:
        self.opened.append(tag)
        return self.books[tag]


def judged(text: str, *, template: bool = False) -> list[str]:
    return [word.text for word in spelling.words(text, template=template)]


# -- the words of a text --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sorry @amandac.bsky.social, teh train", ["Sorry", "teh", "train"]),
        ("see https://northline.example/teh?x=y or northline.com/teh or www.teh, ok", ["see", "or", "or", "ok"]),
        ("write to teh@northline.example please", ["write", "to", "please"]),
        ("#teh (#teh) $TEH ^AB ^Ana /LS fine", ["fine"]),
        ("order AB123456 at 8:14, 3rd, x_y", ["order", "at"]),
        ("Hi ⟦frst nme⟧, dear ⟦nme", ["Hi", "dear"]),
        ("RFND asap PLEASE", ["asap", "PLEASE"]),
        ("iPhone McDonald x", []),
        ("don’t (won't) well-knwon “quoted”", ["don’t", "won't", "well", "knwon", "quoted"]),
        ("ขอบคุณ ありがとう 고맙습니다 नमस्ते fine 🙂", ["fine"]),
        ("cafe\u0301 café", ["café"]),
        ("Привет שלום مرحبا", ["Привет", "שלום", "مرحبا"]),
        ("a" * 41, []),
    ],
)
def test_only_words_that_a_dictionary_can_judge_are_looked_at(text: str, found: list[str]) -> None:
    assert judged(text) == found


def test_a_word_stands_where_it_says() -> None:
    text = "Sorry, “teh” late—very"
    assert [text[word.start : word.end] for word in spelling.words(text)] == judged(text)


def test_the_tags_of_a_template_are_no_words_and_a_reply_has_none() -> None:
    text = "Hi {{ custmer.name | default: 'thre' }}, {% if agnt %}sorry{% endif %} for {teh} delay"
    assert judged(text, template=True) == ["Hi", "sorry", "for", "teh", "delay"]
    assert "custmer" not in judged(text, template=True)
    assert "teh" in judged("{teh}")


def test_the_head_of_a_canned_response_is_told_from_its_body() -> None:
    head = "---\nname: Refnd\nlanguage: de\n---\n"
    assert spelling.front_matter(head + "Hallo\n---\nmehr\n") == head
    assert spelling.language_of(head) == "de"
    assert spelling.front_matter("Hallo\n---\nname: x\n---\n") == ""
    assert spelling.front_matter("---\nnever closed") == spelling.language_of("") == ""


# -- judging --------------------------------------------------------------------------------------


def test_what_no_dictionary_has_is_marked() -> None:
    speller = Speller(Books(en=Book(ENGLISH)))
    assert speller.unknown("Sorry, your trian is late", ["en"]) == ({"trian"}, "en")
    assert speller.unknown("It’s late", ["en"]).words == frozenset()
    assert speller.unknown("", ["en"]).words == frozenset()


def test_a_word_known_to_one_of_two_dictionaries_is_right() -> None:
    books = Books(en_GB=Book("the colour"), en_US=Book("the color"))
    assert Speller(books).unknown("the colour the color", ["en"]).words == frozenset()
    preferring = Speller(books, preferred=["en_GB", "fr_FR"])
    assert preferring.unknown("the colour the color the", ["en"]).words == {"color"}


def test_the_dictionaries_of_the_customers_region_come_first_and_two_are_enough() -> None:
    speller = Speller(Books(de_BE=Book(""), de_DE=Book(""), de_LU=Book(""), de_AT=Book(""), fr_FR=Book("")))
    assert speller.tags("de") == ["de_DE", "de_AT"]
    assert speller.tags("de-LU") == ["de_LU", "de_DE"]
    assert speller.tags("it") == []


def test_a_text_is_judged_in_the_language_it_is_in() -> None:
    speller = Speller(Books(en=Book(ENGLISH), de=Book(GERMAN)))
    assert speller.unknown("Hallo, der Zug ist leider spät", ["en", "de"]) == ({"leider"}, "de")
    assert speller.unknown("Hello, your train is late", ["de", "en"]) == (frozenset(), "en")
    assert speller.unknown("Bonjour, votre train est en retard", ["en", "de"]) == NOTHING
    assert speller.unknown("Bonjour, votre train est en retard", ["fr"]) == NOTHING


def test_a_few_words_are_judged_in_the_first_language() -> None:
    speller = Speller(Books(en=Book(ENGLISH), de=Book(GERMAN)))
    assert speller.unknown("Srory", ["en", "de"]) == ({"Srory"}, "en")
    assert speller.unknown("Merci beaucoup", ["fr", "en"]) == NOTHING


def test_names_and_the_words_of_people_are_right() -> None:
    speller = Speller(Books(en=Book(ENGLISH)), own=["railcard"])
    known = names("amanda_c", "Amanda Ćosić", None)
    assert speller.unknown("Sorry Amanda, Ćosić’s Railcard is late", ["en"], known).words == frozenset()


def test_a_word_is_looked_up_once() -> None:
    book = Book(ENGLISH)
    speller = Speller(Books(en=book))
    for _ in range(3):
        speller.unknown("the trian the trian", ["en"])
    assert book.asked == ["the", "trian"]


def test_at_most_nine_words_are_offered_the_best_of_each_dictionary_first() -> None:
    books = Books(en_GB=Book("", ["theme", "the"]), en_US=Book("", ["the", *(f"a{n}" for n in range(20))]))
    offered = Speller(books).suggestions("teh", "en")
    assert offered[:3] == ["theme", "the", "a0"]
    assert len(offered) == spelling.SUGGESTIONS


def test_a_dictionary_that_fails_marks_nothing_and_offers_nothing() -> None:
    class Torn:
        tags = ("en",)

        def open(self, tag: str) -> Dictionary:
            raise OSError("torn")

    speller = Speller(Torn())
    assert speller.unknown("teh trian is late", ["en"]).words == frozenset()
    assert speller.suggestions("teh", "en") == []


@settings(deadline=None)
@given(st.text(max_size=300), st.booleans())
def test_whatever_is_written_is_judged_and_each_word_stands_in_it(text: str, template: bool) -> None:
    for word in spelling.words(text, template=template):
        assert text[word.start : word.end] == word.text
    spelling.front_matter(text)
    Speller(Books(en=Book(ENGLISH))).unknown(text, ["en"], names(text), template=template)


@pytest.mark.parametrize("piece", ["a", "⟦", "{{", "{% ", "a'", "@a ", "\u202eteh ", "🙂é", "a.b", "---\n", "wrd "])
@pytest.mark.parametrize("template", [False, True])
def test_a_wall_of_text_is_looked_at_in_part(piece: str, template: bool) -> None:
    wall = piece * 100_000
    assert len(Speller(Books(en=Book(ENGLISH))).unknown(wall, ["en"], template=template).words) <= 1
    spelling.front_matter(wall)


def test_of_very_many_words_the_first_are_judged() -> None:
    book = Book("")
    letters = [chr(ord("a") + n) for n in range(26)]
    Speller(Books(en=book)).unknown(" ".join(a + b + c for a in letters for b in letters for c in letters), ["en"])
    assert 0 < len(book.asked) <= spelling.CHECKED_WORDS


# -- word lists -----------------------------------------------------------------------------------


def test_an_added_word_is_a_line_of_a_file_that_only_its_user_reads(tmp_path: Path) -> None:
    path = tmp_path / "new" / "spelling.txt"
    assert spelling.read_list(path) == frozenset()
    spelling.add_to_list(path, "Railcard")
    spelling.add_to_list(path, "Ćosić")
    assert path.read_text(encoding="utf-8") == "Railcard\nĆosić\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert spelling.read_list(path) == {"railcard", "ćosić"}


def test_a_list_of_bytes_is_read_as_far_as_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "spelling.txt"
    path.write_bytes(b"\xff\xfe\n\nNorthline\n" + b"x" * spelling.LIST_BYTES)
    assert "northline" in spelling.read_list(path)


# -- this machine ---------------------------------------------------------------------------------


def test_this_machine_marks_a_misspelt_word_or_says_why_not() -> None:
    system = System()
    english = [tag for tag in system.tags if tag.partition("_")[0] == "en"]
    marked = Speller(system).unknown("We will recieve your message about the late train", ["en"])
    if english:
        assert system.problem == ""
        assert marked == ({"recieve"}, "en")
        assert "receive" in Speller(system).suggestions("recieve", "en")
    else:
        assert system.problem in ("", spelling.NO_LIBRARY, spelling.NO_DICTIONARY)
        assert marked == NOTHING


@pytest.mark.parametrize("broken", [ImportError("no C library"), OSError("wrong ELF class"), RuntimeError("odd")])
def test_a_machine_without_the_library_says_what_to_install(broken: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "enchant":
                raise broken

    monkeypatch.delitem(sys.modules, "enchant", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    system = System()
    assert (system.tags, system.problem) == ((), spelling.NO_LIBRARY)
    assert Speller(system).unknown("teh trian is late", ["en"]) == NOTHING
