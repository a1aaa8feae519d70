"""Lists of phrases: how they are found, what is shipped, and how a team replaces them."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config import Config, load
from tui.desk.guard import vet
from tui.desk.guard.phrases import GAP_WORDS, LISTS, LOOKED_AT_CHARACTERS, SHIPPED, Phrases, known, sentences, shipped
from tui.errors import Misuse

LANGUAGES = ("de", "en", "es", "fr")
DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def of(*phrases: str) -> Phrases:
    return Phrases({"en": {"blame": phrases}})


def said(phrases: Phrases, text: str) -> list[str]:
    return [hit.text for hit in phrases.find("blame", text)]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("your fault", "That is YOUR Fault.", ["YOUR Fault"]),
        ("your fault", "your\n  fault", ["your\n  fault"]),
        ("your fault", "yourfault, your faults, tyour fault", []),
        ("your fault", "your, fault", []),
        ("you're wrong", "You’re wrong", ["You’re wrong"]),
        ("you’re wrong", "you're wrong", ["you're wrong"]),
        ("écrire à", "Merci d'écrire à nous", ["écrire à"]),
        ("größe", "GRÖSSE", ["GRÖSSE"]),
        ("in # hours", "in 12 hours, in two hours", ["in 12 hours"]),
        ("in # h", "in 2h", ["in 2h"]),
        ("we … call", "we call", ["we call"]),
        ("we … call", "we a b c d e call", ["we a b c d e call"]),
        ("we … call", "we a b c d e f call", []),
        ("we … call", "we will. They call", []),
        ("we … call", "we will, of course, call", ["we will, of course, call"]),
        ("a", "a a", ["a", "a"]),
        ("a a", "a a a", ["a a"]),
        ("phone/chat", "phone / chat", ["phone / chat"]),
        ("call", "@call https://call.example", []),
    ],
)
def test_a_phrase_is_found_as_whole_words(phrase: str, text: str, found: list[str]) -> None:
    assert said(of(phrase), text) == found
    assert of(phrase).holds("blame", text) is bool(found)


def test_the_longest_phrase_at_a_place_counts_once() -> None:
    assert said(of("heute", "heute abend"), "heute abend, heute") == ["heute abend", "heute"]


def test_a_hit_says_where_it_stands() -> None:
    text = "🙂 Das ist ihre Größe."
    (hit,) = of("ihre größe").find("blame", text)
    assert text[hit.start : hit.end] == hit.text == "ihre Größe"


def test_what_lies_behind_the_bound_is_not_looked_at() -> None:
    text = "x" * (LOOKED_AT_CHARACTERS - 4) + " you you"
    assert said(of("you"), text) == ["you"]


def test_a_list_that_is_not_there_finds_nothing() -> None:
    assert Phrases().find("blame", "your fault") == []
    assert Phrases().apologies("en") == ()


def test_sentences_keep_the_link_that_follows_them() -> None:
    assert sentences("Call us. https://t.example/x Thanks!\nBye") == ["Call us. https://t.example/x Thanks!", "Bye"]


# -- what is shipped -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_list(language: str) -> None:
    lists = shipped().lists[language]
    assert set(lists) == set(LISTS)
    assert all(lists.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_phrase_finds_itself(language: str) -> None:
    for name, phrases in shipped().lists[language].items():
        for phrase in phrases:
            text = phrase.replace("#", "12").replace("…", "bla bla")
            assert any(hit.text == text for hit in shipped().find(name, f"– {text} –")), (name, phrase)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_apologies_can_be_sent_as_they_stand(language: str) -> None:
    for text in shipped().apologies(language):
        assert shipped().holds("apology", text)
        assert not set("{}[]<>_#…") & set(text)
        assert text.endswith(".")


def test_an_apology_comes_in_the_language_asked_for_else_in_english() -> None:
    english = shipped().apologies("en")
    assert shipped().apologies("de-AT") == shipped().apologies("DE") != english
    assert shipped().own == ()
    assert [shipped().apologies(one) for one in (None, "", "und", "ja")] == [english] * 4


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("You already said that", True),
        ("That's not my name!", True),
        ("did you even read my tweet", True),
        ("Great, another copy and paste answer", True),
        ("am I talking to a bot?", True),
        ("that was last year, mate", True),
        ("Das habe ich euch doch schon gesagt", True),
        ("toujours la même réponse...", True),
        ("son bots", True),
        ("Thanks, that helped", False),
        ("I bought it two months ago", False),
        ("bottom of the page", False),
    ],
)
def test_a_complaint_about_our_reply_is_known(text: str, complains: bool) -> None:
    assert shipped().complains(text) is complains


def test_the_documents_name_every_list() -> None:
    _, _, after = DOCS.read_text(encoding="utf-8").partition("| List |")
    first = "".join(row.split("|")[1] for row in after.partition("\n\n")[0].split("\n")[2:])
    assert sorted(name for name in first.replace(",", " ").replace("`", " ").split()) == sorted(LISTS)


# -- a team's own ----------------------------------------------------------------------------------


def own(folder: Path, **files: str) -> Config:
    """A configuration with word lists beside it."""
    (folder / "words").mkdir()
    for name, text in files.items():
        (folder / "words" / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "config.toml").write_text("")
    return load(folder / "config.toml", vet=vet)


def test_a_list_of_the_team_replaces_the_shipped_one_and_no_other(tmp_path: Path) -> None:
    phrases = known(own(tmp_path, en='sarcasm = ["ho ho"]'))
    assert phrases.own == ("en.sarcasm",)
    assert [phrases.holds("sarcasm", text) for text in ("Ho ho!", "captain obvious", "Luxusproblem")] == [
        True,
        False,
        True,
    ]
    assert phrases.lists["en"]["blame"] == shipped().lists["en"]["blame"]


def test_an_empty_list_turns_a_language_off(tmp_path: Path) -> None:
    assert not known(own(tmp_path, de="sarcasm = []")).holds("sarcasm", "Luxusproblem")


def test_a_new_language_is_a_new_file(tmp_path: Path) -> None:
    phrases = known(own(tmp_path, it='apology = ["scusate"]\napologies = ["Scusate il ritardo."]'))
    assert phrases.holds("apology", "Scusate!")
    assert phrases.apologies("it-IT") == ("Scusate il ritardo.",)
    assert phrases.apologies("en") == shipped().apologies("en")


def test_without_a_configuration_the_xdg_folder_is_looked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "shiftdesk").mkdir()
    own(tmp_path / "shiftdesk", en='blame = ["ho ho"]')
    assert said(known(Config()), "ho ho") == ["ho ho"]


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    config = own(tmp_path, en='blame = ["ho ho"]')
    first = known(config)
    (tmp_path / "words" / "en.toml").write_text("nonsense")
    assert known(config) is first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('blaim = ["x"]', "has an unknown list 'blaim'; did you mean 'blame'?"),
        ('blame = "x"', 'has no list of phrases in \'blame\'; write blame = ["one phrase", "another"].'),
        ("blame = [1]", "has no list of phrases in 'blame'"),
        ('blame = [" "]', "has a phrase in 'blame' that does not begin and end with a word: ' '"),
        ('blame = ["… x"]', "has a phrase in 'blame' that does not"),
        ('blame = ["#"]', "has a phrase in 'blame' that does not"),
        ('blame = ["a … b … c … d … e"]', "has a phrase in 'blame' with more than 3 gaps or 40 words"),
        (f'blame = ["{"a " * 41}"]', "has a phrase in 'blame' with more than 3 gaps or 40 words"),
        ("blame = [", "is not valid TOML"),
        ("[blame]\nx = 1", "has no list of phrases in 'blame'"),
    ],
)
def test_a_bad_list_is_one_sentence_that_names_the_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Misuse) as refused:
        known(own(tmp_path, en=text))
    assert str(refused.value).startswith(f"The word list {tmp_path / 'words' / 'en.toml'} {says}")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    config = own(tmp_path)
    (tmp_path / "words" / "en.toml").write_bytes(b'blame = ["caf\xe9"]')
    with pytest.raises(Misuse, match=r"en\.toml is not UTF-8"):
        known(config)


def test_a_command_refuses_a_bad_list_before_it_does_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tui.cli.program import run

    own(tmp_path, en='sarcasmus = ["x"]')
    database = tmp_path / "desk.db"
    assert run(["queue", "--db", str(database), "--config", str(tmp_path / "config.toml"), "--agent", "ana"]) == 2
    assert "did you mean 'sarcasm'?" in capsys.readouterr().err
    assert not database.exists()


def test_the_doctor_names_the_lists_of_the_team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tui.cli.program import run

    own(tmp_path, en='sarcasm = ["x"]')
    run(["doctor", "--db", str(tmp_path / "desk.db"), "--config", str(tmp_path / "config.toml"), "--agent", "ana"])
    assert f"this team's own lists in {tmp_path / 'words'}: en.sarcasm" in capsys.readouterr().out


# -- hostile text ----------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=[])), st.sampled_from(LISTS))
def test_any_text_is_looked_through(text: str, name: str) -> None:
    for hit in shipped().find(name, text):
        assert text[hit.start : hit.end] == hit.text
    assert all(one in text for one in sentences(text))


@pytest.mark.parametrize(
    "bit", ["we'll ", "a!", "1 ", "… ", "# ", "in 1 ", "you should have ", "\0", "@", "www.", "''"]
)
def test_the_time_for_forty_thousand_characters_is_bound(bit: str) -> None:
    text = (bit * 40_000)[:40_000]
    started = time.perf_counter()
    for name in LISTS:
        shipped().find(name, text)
    assert time.perf_counter() - started < 0.5


def test_every_file_beside_the_code_is_a_language() -> None:
    assert sorted(path.stem for path in SHIPPED.iterdir()) == sorted(LANGUAGES)
    assert all(tomllib.loads(path.read_text(encoding="utf-8")) for path in SHIPPED.iterdir())
    assert GAP_WORDS == 5
