"""`tone`: blame, mockery, shouting, another's name, one more empty apology; and what only looks like it."""

from dataclasses import replace

import pytest
from guarding import SAFE, STRANGER, case, finding, ours, post, said
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import HOUR, MINUTE
from tui.desk.guard import Case, Finding
from tui.desk.guard.checks.tone import tone
from tui.desk.guard.greeting import person
from tui.desk.guard.phrases import shipped

WARN = ("warn", "")


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        ("You should have read the terms.", True),
        ("That is your own fault.", True),
        ("As I already told you, it is sold out.", True),
        ("Calm down please.", True),
        ("Wie bereits gesagt: nein.", True),
        ("Das ist nicht unser Problem.", True),
        ("Vous auriez dû vérifier.", True),
        ("Es su problema.", True),
        ("Good luck with that!", True),
        ("Mir kommen die Tränen.", True),
        ("It is not your own fault.", False),
        ("No. It is your own fault.", True),
        ("No! Your own fault.", True),
        ("Das ist nicht Ihr Problem.", False),
        ("No es su problema.", False),
        ("You should have received an e-mail.", False),
        ("Good luck with the app!", False),
        ("Congratulations on your wedding!", False),
        ("Coach 2 is the calm one.", False),
        ("There is a fault on the line.", False),
    ],
)
def test_blame_and_mockery_warn(text: str, warns: bool) -> None:
    assert said("tone", case(text=text)) == (WARN if warns else None)


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        ("We CANNOT REFUND THIS ticket.", True),
        ("PLEASE READ THE TERMS", True),
        ("NOT A SINGLE ONE OF THEM", True),
        ("ABSOLUTELY, TOTALLY UNACCEPTABLE", True),
        ("DAS IST NICHT unser Zug", True),
        ("THIS IS NOT. OUR TRAIN", True),
        ("We can NOT REFUND it", False),
        ("UK DVLA ID", False),
        ("It flies LAS JFK DEN today", False),
        ("USB HDMI DVI VGA", False),
        ("PSN ID: ABCDEF GHIJKL", False),
        ("@THIS IS_NOT @YOUR @FAULT", False),
        ("HTTPS://THIS.IS/NOT/YOUR FAULT", False),
        ("K9 A1 B2 THIS1 IS1 NOT1", False),
        ("これは駄目です あれも駄目です それも", False),
        ("Great!!!", True),
        ("Great！！！", True),
        ("Great!!", False),
        ("Great! ! !", False),
    ],
)
def test_shouting_warns_and_abbreviations_do_not(text: str, warns: bool) -> None:
    assert said("tone", case(text=text)) == (WARN if warns else None)


@pytest.mark.parametrize(("words", "warns"), [(2, True), (3, True), (4, False)])
def test_how_many_words_shout_is_a_setting(words: int, warns: bool) -> None:
    made = case(text="It is NOT VALID TODAY", settings=replace(SAFE, shouted_words=words))
    assert said("tone", made) == (WARN if warns else None)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "warns"),
    [
        ("Amanda C", "Hi Brian, the crew knows.", True),
        ("Amanda C", "Hello, Brian! The crew knows.", True),
        ("Amanda C", "Good morning Brian. The crew knows.", True),
        ("Amanda C", "@amandac Hi Brian :) the crew knows.", True),
        ("Amanda C", "Guten Tag Frau Schmidt, das Team weiß es.", True),
        ("Amanda C", "Bonjour Sophie ! L'équipe le sait.", True),
        ("Amanda C", "Hola Carmen, el equipo lo sabe.", True),
        ("Amanda C", "Hi Amanda, the crew knows.", False),
        ("Amanda C", "Hi AMANDA, the crew knows.", False),
        ("Amanda C", "Hi Mandy, the crew knows.", False),
        ("Amanda C", "Hi Amand, the crew knows.", False),
        ("Amanda C", "Hi Emanda, the crew knows.", False),
        ("Amanda C", "Hi Brian and Amanda, the crew knows.", False),
        ("José García", "Hola Jose, el equipo lo sabe.", False),
        ("Jose Garcia", "Hola José, el equipo lo sabe.", False),
        ("Peter Müller", "Guten Tag Herr Müller, das Team weiß es.", False),
        ("Seán O’Brien", "Hi Sean, the crew knows.", False),
        ("𝓐𝓶𝓪𝓷𝓭𝓪", "Hi Amanda, the crew knows.", False),
        ("𝓐𝓶𝓪𝓷𝓭𝓪", "Hi Brian, the crew knows.", True),
        ("Maria de la Cruz", "Hi Brian, the crew knows.", True),
        ("Amanda C", "Hi there, the crew knows.", False),
        ("Amanda C", "Hello all, the crew knows.", False),
        ("Amanda C", "Hallo zusammen, das Team weiß es.", False),
        ("Amanda C", "Bonjour à tous, l'équipe le sait.", False),
        ("Amanda C", "Hi, the crew knows.", False),
        ("Amanda C", "Hi Sorry, the crew knows.", False),
        ("Amanda C", "Hi We'd like to help.", False),
        ("Amanda C", "Hello this sounds wrong, sorry.", False),
        ("Amanda C", "Brian, the crew knows.", False),
        ("Amanda C", "Say hi to Brian, he knows.", False),
        ("Amanda C", "The crew says hi Brian, and knows.", False),
        ("The Coffee Shop", "Hi Brian, the crew knows.", False),
        ("Rail News", "Hi Brian, the crew knows.", False),
        ("Muster GmbH", "Hallo Stefan, das Team weiß es.", False),
        ("A", "Hi Brian, the crew knows.", False),
        ("", "Hi Brian, the crew knows.", False),
        ("🚆🚆", "Hi Brian, the crew knows.", False),
        ("Аманда", "Hi Brian, the crew knows.", False),
        ("one two three four five", "Hi Brian, the crew knows.", False),
    ],
)
def test_another_name_than_the_profiles_warns(name: str, text: str, warns: bool) -> None:
    assert said("tone", case(text=text, name=name)) == (WARN if warns else None)


def test_a_profile_has_a_name_where_a_person_can_be_read_from_it() -> None:
    phrases = shipped()
    assert person("Jürgen X. Müller-Öz", phrases) == ["jurgen", "muller", "oz"]
    assert person("Dr Jürgen Müller", phrases) == []


HI_SUE = "Hi Sue, the crew knows."


@pytest.mark.parametrize(
    ("made", "warns"),
    [
        (case(text=HI_SUE), True),
        (case(post(HOUR, text="still cold. Regards, Sue"), text=HI_SUE), False),
        (case(post(HOUR, text="still cold. I will sue"), text=HI_SUE), False),
        (case(post(HOUR, text="no issues"), text=HI_SUE), True),
        (case(text=HI_SUE, handle="sue_c"), False),
        (case(post(HOUR), post(MINUTE, STRANGER, name="Sue B"), text=HI_SUE), False),
        (case(post(HOUR), ours(MINUTE, "Hi Sue!", name="Sue"), text=HI_SUE), True),
    ],
)
def test_a_name_that_the_thread_knows_is_right(made: Case, warns: bool) -> None:
    assert said("tone", made) == (WARN if warns else None)


# -- apologies -------------------------------------------------------------------------------------


def third(text: str, *before: str, **values: object) -> Case:
    """A reply after others of ours in the thread."""
    posts = [post(9 * HOUR)]
    for hour, one in enumerate(before):
        posts += [ours(8 * HOUR - hour * HOUR, one), post(8 * HOUR - hour * HOUR - MINUTE)]
    return case(*posts, text=text, **values)


EMPTY = "We are so sorry about this."


@pytest.mark.parametrize(
    ("text", "warns"),
    [
        (EMPTY, True),
        ("Hi Amanda, we apologise for the inconvenience. ^AB", True),
        ("Sorry to hear that! We understand how frustrating this is.", True),
        ("Es tut uns sehr leid!", True),
        ("Nous sommes désolés pour la gêne.", True),
        ("Lo sentimos mucho.", True),
        ("So sorry! Which coach are you in?", False),
        ("Sorry, what happened?", False),
        ("So sorry! https://t.example/x", False),
        ("So sorry, the train leaves in 5 minutes.", False),
        ("So sorry! Please send us a DM.", False),
        ("So sorry! We have passed this on.", False),
        ("So sorry! The crew has opened the next coach for you.", False),
        ("The heating is on again.", False),
        ("Das tut uns leid, wir prüfen es.", False),
    ],
)
def test_an_empty_apology_for_the_third_time_warns(text: str, warns: bool) -> None:
    assert said("tone", third(text, EMPTY, "Our apologies.")) == (WARN if warns else None)


@pytest.mark.parametrize(
    ("before", "count", "warns"),
    [
        ((), 3, False),
        ((EMPTY,), 3, False),
        ((EMPTY, EMPTY), 3, True),
        ((EMPTY, "So sorry! Which coach are you in?"), 3, False),
        ((EMPTY,), 2, True),
        ((), 1, True),
    ],
)
def test_how_many_are_too_many_is_a_setting(before: tuple[str, ...], count: int, warns: bool) -> None:
    made = third(EMPTY, *before, settings=replace(SAFE, apology_count=count))
    assert said("tone", made) == (WARN if warns else None)


# -- the finding -----------------------------------------------------------------------------------


def of(made: Case) -> Finding:
    found = finding("tone", made)
    assert found is not None
    return found


def test_one_finding_says_everything() -> None:
    found = of(case(text="Hi Brian, calm down! You SHOULD HAVE READ the terms!!!"))
    assert found.text == (
        "This reply blames (“calm down”, “You SHOULD HAVE READ”); it shouts (“SHOULD HAVE READ”, “!!!”); "
        "it greets “Brian”, while @amandac is “Amanda C”."
    )
    assert found.evidence["names"] == ["Brian"]
    assert found.evidence["shouting"] == ["SHOULD HAVE READ", "!!!"]
    assert found.evidence["arithmetic"] == (
        "2 of blame, 0 of sarcasm, 2 shouted (3 words in capitals shout), 1 other name, "
        "0 empty apologies (3 are too many)"
    )


def test_an_apology_too_many_says_which_it_is() -> None:
    assert of(third(EMPTY, EMPTY, EMPTY)).text == "This reply only apologises, the 3rd time in this thread."


@given(st.text(st.characters(exclude_categories=[]), max_size=200), st.text(max_size=30))
def test_any_text_and_any_name_are_looked_at(text: str, name: str) -> None:
    tone(case(text=f"Hi {text}", name=name))
    tone(case(text=text, name=name))
