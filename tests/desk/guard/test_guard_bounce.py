"""`bounce`: who is sent elsewhere, how often, and what is no bounce."""

from dataclasses import replace

import pytest
from guarding import SAFE, STRANGER, case, finding, ours, post, reply, said

from tui.clock import DAY, HOUR, MINUTE
from tui.desk.guard import Case

WARN = ("warn", "")
LINK = "https://t.example/x"


@pytest.mark.parametrize(
    "text",
    [
        "Please contact @northlinehelp, they can look it up.",
        "@amandac Please ask our friends at @cityrail.",
        "Please DM @northlinehelp about this.",
        "Please reach out to our colleagues at @cityrail.social@rail.example",
        "Please email help@northline.example.",
        "Drop us an email at help@northline.example with the number.",
        "You would need to contact our Aftersales team on 0344 556 5650 from 8am.",
        "Call us: +44 (0)20 7946 0018",
        "Please give us a call, we are happy to help.",
        "Please contact us by phone or chat.",
        "Please fill in our web form.",
        "Bitte wenden Sie sich an @northlinehelp.",
        "Rufen Sie uns an, dann helfen wir gern.",
        "Schreiben Sie uns an hilfe@northline.example.",
        "Merci de contacter notre service client.",
        "Contactez @northlinehelp, s'il vous plaît.",
        "Llámenos al 900 123 456.",
        "Póngase en contacto con @northlinehelp.",
    ],
)
def test_sending_somebody_elsewhere_warns(text: str) -> None:
    assert said("bounce", case(text=text)) == WARN


@pytest.mark.parametrize(
    "text",
    [
        f"Contact us via {LINK} so we can connect.",
        f"We want to help. Please reach out to us! {LINK}",
        f"Send us a note here, {LINK} and our team will be in touch.",
        f"Melden Sie sich bitte hier: {LINK}",
        f"Contactez-nous ici : {LINK}",
        f"Escríbanos aquí: {LINK}",
    ],
)
def test_a_form_may_be_the_only_way_in_and_warns_from_the_second_time_on(text: str) -> None:
    assert said("bounce", case(text=text)) is None
    assert said("bounce", bounced(1, text)) == WARN
    assert said("bounce", case(text=text, settings=replace(SAFE, form_count=1))) == WARN
    assert said("bounce", bounced(1, text, settings=replace(SAFE, form_count=3))) is None


def test_parts_of_one_answer_are_one_time() -> None:
    thread = [post(HOUR), ours(MINUTE, f"{CALL} 1/2")]
    second = finding("bounce", case(*thread, text=f"{CALL} 2/2"))
    again = finding("bounce", case(*thread, text=CALL))
    assert second is not None
    assert again is not None
    assert (second.evidence["count"], again.evidence["count"]) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "Send us a DM with your booking number.",
        f"Please send us a DM and we'll take a look: {LINK}",
        f"Reach out to us via DM, and we can take a look at this with you. {LINK}",
        "Please DM me your contact number and e-mail address.",
        f"The times are here: {LINK}",
        f"You can change your email address here: {LINK}",
        "Please contact @northline again if it stays cold.",
        "@amandac @northlinehelp We have passed it on.",
        "Thanks for telling @cityrail too.",
        "We'll call you today on the number you gave us.",
        "Did they answer when you called?",
        "They call us Southbest for a reason.",
        "Feel free to contact us if you have further concerns.",
        "Which phone do you use?",
        "Your order 123 4567 890 left today.",
        "The call number of your train is 0012345678.",
        "Wir rufen Sie zurück.",
        "Schicken Sie uns eine Direktnachricht.",
        "Envoyez-nous un message privé.",
        "Envíenos un mensaje directo.",
        "",
    ],
)
def test_what_can_be_answered_here_is_silent(text: str) -> None:
    assert said("bounce", case(text=text)) is None


def test_a_handle_that_takes_part_is_no_other_place() -> None:
    text = "Please contact @northlinehelp, they can look it up."
    took_part = [post(HOUR), ours(30 * MINUTE, handle="NorthlineHelp"), post(MINUTE)]
    assert said("bounce", case(*took_part, text=text)) is None
    assert said("bounce", case(post(HOUR), post(MINUTE, STRANGER, handle="northlinehelp"), text=text)) is None
    assert said("bounce", case(text=text, sender="@northlinehelp")) is None
    assert said("bounce", case(text="Please contact @northline.", sender="@northlinehelp")) == WARN
    assert said("bounce", case(text="Please contact @amandac.")) is None
    afar = [post(HOUR), ours(30 * MINUTE, handle="northlinehelp@social.example"), post(MINUTE)]
    assert said("bounce", case(*afar, text=text)) is None


def test_where_no_reply_is_allowed_elsewhere_is_the_only_place() -> None:
    assert said("bounce", case(post(HOUR, reply_allowed=False), text="Please give us a call.")) is None


CALL, MAIL = "Please give us a call.", "Please email help@northline.example."


def bounced(times: int, text: str = MAIL, **values: object) -> Case:
    """A thread in which they were sent elsewhere so often before."""
    posts = [post(DAY)]
    for hour in range(times):
        posts += [ours(20 * HOUR - hour * HOUR, CALL), post(20 * HOUR - hour * HOUR - MINUTE)]
    return case(*posts, text=text, **values)


@pytest.mark.parametrize(
    ("times", "ends"),
    [
        (0, ", although an answer is possible here."),
        (1, ", the 2nd time in this thread."),
        (2, ", the 3rd time in this thread."),
        (3, ", the 4th time in this thread."),
        (10, ", the 11th time in this thread."),
    ],
)
def test_it_says_where_to_and_which_time_it_is(times: int, ends: str) -> None:
    found = finding("bounce", bounced(times))
    assert found is not None
    assert found.text == f"This sends @amandac to help@northline.example{ends}"
    assert found.evidence["count"] == times + 1
    assert [one["to"] for one in found.evidence["before"]] == ["give us a call"] * min(times, 5)
    assert found.evidence["arithmetic"] == f"{times} before in this thread and this one; 1 or more warn"


def test_a_phrase_that_sends_elsewhere_is_quoted() -> None:
    found = finding("bounce", case(text=CALL))
    assert found is not None
    assert found.text == ("This sends @amandac elsewhere (“give us a call”), although an answer is possible here.")


@pytest.mark.parametrize(
    ("count", "times", "warns"), [(1, 0, True), (2, 0, False), (2, 1, True), (3, 1, False), (0, 0, True)]
)
def test_the_count_is_a_setting(count: int, times: int, warns: bool) -> None:
    made = bounced(times, settings=replace(SAFE, bounce_count=count))
    assert said("bounce", made) == (WARN if warns else None)


def test_an_answer_after_being_sent_elsewhere_is_silent() -> None:
    assert said("bounce", bounced(2, "The crew has opened coach 5 for you.")) is None


def test_a_bounce_on_its_way_counts() -> None:
    found = finding("bounce", case(post(HOUR), text=MAIL, leaving=(reply(MINUTE, CALL),)))
    assert found is not None
    assert found.evidence["count"] == 2


def test_a_handle_they_were_sent_to_counts_though_it_answers_now() -> None:
    thread = [post(DAY), ours(20 * HOUR, "Please contact @northlinehelp."), post(19 * HOUR)]
    made = case(*thread, ours(18 * HOUR, handle="northlinehelp"), post(HOUR), text=CALL, sender="@northlinehelp")
    found = finding("bounce", made)
    assert found is not None
    assert found.evidence["count"] == 2


@pytest.mark.parametrize(("name", "near"), [(4, True), (5, False)])
def test_one_word_counts_only_right_before_where_it_leads(name: int, near: bool) -> None:
    text = "email" + " " * name + "help@northline.example"
    assert said("bounce", case(text=text)) == (WARN if near else None)
