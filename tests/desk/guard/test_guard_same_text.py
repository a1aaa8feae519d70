"""`same-text`: what is counted apart, what is not public, and which other text is offered."""

from dataclasses import replace

import pytest
from guarding import NOW, REPLY, SAFE, STOP_ASKING, case, finding, post, said, sent

from tui.clock import DAY, HOUR, MINUTE, Millis
from tui.desk.canned.response import Canned, Variant
from tui.desk.guard import Case, Offer
from tui.store.reader import OtherRow, SentText

WARN = ("warn", "")
INCIDENT, OTHER_INCIDENT = 7, 8


def about(incident: int | None, times: int = 1, text: str = REPLY, ago: Millis = MINUTE) -> tuple[SentText, ...]:
    return (sent(text, ago)._replace(incident_id=incident),) * times


def linked(incident: int | None, *before: SentText) -> Case:
    return replace_incident(case(sent=before), incident)


def replace_incident(made: Case, incident: int | None, name: str = "line 4 closed") -> Case:
    row = made.conversation._replace(incident_id=incident, incident=name if incident else None)
    return replace(made, conversation=row)


# -- incidents are counted apart -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incident", "before", "told"),
    [
        (INCIDENT, about(INCIDENT, 20), True),
        (INCIDENT, about(INCIDENT, 19), False),
        (INCIDENT, about(INCIDENT, 19) + about(None, 9), False),
        (INCIDENT, about(INCIDENT, 19) + about(OTHER_INCIDENT, 9), False),
        (INCIDENT, about(INCIDENT, 19) + about(INCIDENT, ago=HOUR), True),
        (INCIDENT, about(INCIDENT, 19) + about(INCIDENT, ago=HOUR + 1), False),
        (INCIDENT, about(None, 30), False),
        (None, about(None, 3), True),
        (None, about(None, 2), False),
        (None, about(None, 2) + about(INCIDENT, 30), False),
        (None, about(None, 3) + about(INCIDENT, 30), True),
    ],
)
def test_replies_about_an_incident_are_counted_apart(
    incident: int | None, before: tuple[SentText, ...], told: bool
) -> None:
    assert said("same-text", linked(incident, *before)) == (WARN if told else None)


def test_how_many_about_an_incident_are_too_many_is_a_setting() -> None:
    made = replace(linked(INCIDENT, *about(INCIDENT, 4)), settings=replace(SAFE, same_text_incident_count=4))
    found = finding("same-text", made)
    assert found is not None
    assert found.text == (
        "@northline sent nearly this text 4 times about “line 4 closed” within 60 minutes, last 1m ago to @bob."
    )
    assert found.evidence["count"] == 4
    assert "about one incident 4 within 60 min" in found.evidence["arithmetic"]


def test_the_same_person_is_told_once_whatever_it_is_about() -> None:
    made = replace(linked(INCIDENT), sent_to=about(INCIDENT, ago=DAY))
    assert said("same-text", made) == STOP_ASKING


# -- public and private ----------------------------------------------------------------------------


def test_a_private_reply_is_none_of_the_public_ones() -> None:
    public = case(sent=about(None, 9))
    private = case(post(MINUTE, kind="dm"), sent=about(None, 9))
    assert said("same-text", public) == WARN
    assert said("same-text", private) is None
    assert said("same-text", replace(private, sent_to=about(None))) == STOP_ASKING


def test_the_handle_it_leaves_from_is_named() -> None:
    found = finding("same-text", case(sent=about(None, 3), sender="@northlinehelp"))
    assert found is not None
    assert found.text.startswith("@northlinehelp sent nearly this text 3 times")


# -- the same person elsewhere ---------------------------------------------------------------------


def elsewhere(text: str, at: Millis | None) -> OtherRow:
    return OtherRow(12, "mastodon", "@us", "amanda_m", "claimed", "Ana", None, None, at, "Ana", text)


@pytest.mark.parametrize(
    ("other", "stops"),
    [
        (elsewhere(f"@amanda_m {REPLY} ^AB", NOW - MINUTE), True),
        (elsewhere("Something else altogether, with other words.", NOW - MINUTE), False),
        (elsewhere("", None), False),
    ],
)
def test_what_is_on_its_way_to_them_elsewhere_stops(other: OtherRow, stops: bool) -> None:
    assert said("same-text", case(others=(other,))) == (STOP_ASKING if stops else None)


def test_one_text_seen_in_two_ways_counts_once() -> None:
    other = elsewhere(REPLY, NOW - MINUTE)
    before = SentText(REPLY, NOW - MINUTE, "amanda_m", INCIDENT)
    found = finding("same-text", case(others=(other,), sent_to=(before,)))
    assert found is not None
    assert found.evidence["count"] == 1


# -- another way to say it -------------------------------------------------------------------------

DELAY_2 = Canned(2, "delay 2", "Hi {{ customer.first_name }}, sorry for the wait: your crew knows how cold it is.")
DELAY_3 = Canned(3, "delay 3", "We hear you, {{ customer.name }}. The heating in that coach is being looked at.")
DELAY_4 = Canned(4, "delay 4", "A cold coach is no fun. Somebody is on the way to fix it.")
DELAY_5 = Canned(5, "delay 5", "Thank you for telling us, the heating is checked at the next stop.")
SAID_2 = "Hi Amanda, sorry for the wait: your crew knows how cold it is."
SAID_3 = "We hear you, Amanda C. The heating in that coach is being looked at."


def offered(*siblings: Canned, **values: object) -> tuple[str, list[str]]:
    """The end of the sentence, and the texts that are offered instead."""
    found = finding("same-text", case(**({"sent": about(None, 3), "siblings": siblings} | values)))  # type: ignore[arg-type]
    assert found is not None
    assert all(offer.place == "instead" for offer in found.offers)
    return found.text.partition("last 1m ago to @bob")[2], [offer.text for offer in found.offers]


def test_other_canned_responses_are_offered_filled_in() -> None:
    end, texts = offered(DELAY_2, DELAY_3)
    assert (end, texts) == ("; “delay 2” says it otherwise.", [SAID_2, SAID_3])
    found = finding("same-text", case(sent=about(None, 3), siblings=(DELAY_2,)))
    assert found is not None
    assert found.offers == (Offer("instead", SAID_2),)
    assert found.as_json()["evidence"]["offers"] == [SAID_2]


def test_the_first_three_are_enough() -> None:
    _, texts = offered(DELAY_4, DELAY_2, DELAY_5, DELAY_3)
    assert texts == [DELAY_4.body, SAID_2, DELAY_5.body]


def test_what_was_said_lately_is_no_other_way() -> None:
    lately = about(None, 3) + about(None, 1, f"Hello Bob, {SAID_2[11:]} ^AB", 50 * MINUTE)
    assert offered(DELAY_2, DELAY_3, sent=lately) == ("; “delay 3” says it otherwise.", [SAID_3])
    long_ago = about(None, 3) + about(None, 1, SAID_2, HOUR + 1)
    assert offered(DELAY_2, sent=long_ago)[1] == [SAID_2]


def test_what_this_person_got_is_no_other_way() -> None:
    assert offered(DELAY_2, DELAY_3, sent_to=about(None, 1, SAID_2, 9 * DAY))[1] == [SAID_3]


def test_the_text_itself_is_no_other_way() -> None:
    assert offered(replace(DELAY_2, body=REPLY)) == (".", [])


def test_a_response_that_cannot_be_filled_in_is_passed_over() -> None:
    broken = replace(DELAY_2, body="{% for x in (1..1000) %}{% for y in (1..1000) %}a{% endfor %}{% endfor %}")
    empty = replace(DELAY_2, body="Hi {{ customer.first_name }}!")
    plain = replace(DELAY_5, body="See {{ this }}, as it stands.", plain=True)
    assert offered(broken, replace(DELAY_2, body="{{ x"), empty, plain)[1] == [plain.body]


MANY_WAYS = Canned(
    1, "delay", REPLY, language="en",
    variants=(
        Variant("Cold coach, {{ customer.first_name }}? The crew is on it.", "en"),
        Variant("Der Wagen ist kalt, wir kümmern uns.", "de"),
        Variant("We have asked the crew to look at the heating at once.", "en"),
    ),
)  # fmt: skip


def test_the_other_ways_of_the_response_itself_come_first() -> None:
    end, texts = offered(DELAY_2, canned=(MANY_WAYS,))
    assert end == "; “delay” says it otherwise."
    assert texts == ["Cold coach, Amanda? The crew is on it.", MANY_WAYS.variants[2].body, SAID_2]
    lately = about(None, 3) + about(None, 1, MANY_WAYS.variants[2].body, 5 * MINUTE)
    assert offered(canned=(MANY_WAYS,), sent=lately)[1] == ["Cold coach, Amanda? The crew is on it."]


def test_they_are_in_the_language_of_the_conversation() -> None:
    german = finding("same-text", case(post(MINUTE, lang="de-AT"), sent=about(None, 3), canned=(MANY_WAYS,)))
    assert german is not None
    assert [offer.text for offer in german.offers] == ["Der Wagen ist kalt, wir kümmern uns."]


def test_one_that_includes_another_is_offered_where_that_is_known() -> None:
    made = replace(MANY_WAYS, variants=(Variant("{% include 'delay 2' %}", "en"),))
    assert offered(DELAY_3, canned=(made,), included=(DELAY_2,))[1] == [SAID_2, SAID_3]
    assert offered(DELAY_3, canned=(made,))[1] == [SAID_3]


def test_without_other_responses_nothing_is_offered() -> None:
    assert offered() == (".", [])


def test_a_stop_for_the_same_person_offers_nothing() -> None:
    found = finding("same-text", case(sent_to=about(None), siblings=(DELAY_2,)))
    assert found is not None
    assert (found.verdict, found.offers) == ("stop", ())
