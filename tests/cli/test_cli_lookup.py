"""`lookup`: a configured command run with a code of a conversation, as in the desk."""

import json
import sys

import pytest

ORDER, TRAIN = r"\b[A-Z]{2}\d{6}\b", r"train (\d+)"
ECHO = "import sys; print('Order', *sys.argv[1:])"


@pytest.fixture
def look_up(desk, tmp_path):
    """Makes look-ups of Python programs, and of their patterns."""

    def configured(seconds: int = 20, **programs: tuple[str, str]) -> None:
        sections = []
        for name, (program, pattern) in programs.items():
            path = tmp_path / f"{name}.py"
            path.write_text(program)
            command = json.dumps([sys.executable, str(path)])
            sections.append(f"[lookup.{name}]\ncommand = {command}\npattern = '{pattern}'\nseconds = {seconds}\n")
        desk.configure("\n".join(sections))

    return configured


@pytest.fixture(autouse=True)
def _posts(desk, post):
    desk.take_in(
        post("1", 9, text="@northline where is AB123456? $(touch here)"),
        post("2", 8, "ben", text="@northline CD111111 or CD222222, on train 4711"),
        post("3", 7, "cy", text="@northline hello"),
    )


def numbered(desk, handle: str) -> str:
    return str(next(one["id"] for one in desk.json("queue") if one["author"]["handle"] == handle))


def test_the_code_is_handed_on_as_the_one_argument_and_what_is_said_is_shown(desk, look_up):
    look_up(order=(ECHO, ORDER))
    answer = desk("lookup", numbered(desk, "amandac"))
    assert (answer.code, answer.out, answer.err) == (0, "order AB123456\nOrder AB123456\n", "")
    found = desk.json("lookup", numbered(desk, "amandac"), "order", "--code", "AB123456")
    assert {"name", "code", "text", "problem", "at", "took_ms"} == set(found)
    assert (found["name"], found["code"], found["text"], found["problem"]) == (
        "order", "AB123456", "Order AB123456", None,
    )  # fmt: skip


def test_that_it_ran_is_kept_and_not_with_which_code(desk, look_up):
    look_up(order=(ECHO, ORDER))
    conversation = numbered(desk, "amandac")
    desk.json("lookup", conversation)
    (event,) = (one for one in desk.json("show", conversation)["events"] if one["kind"] == "lookup.ran")
    assert event["agent"] == "ana"
    assert "AB123456" not in json.dumps(event)


def test_where_the_customer_wrote_several_one_is_asked_for(desk, look_up):
    look_up(order=(ECHO, ORDER), train=(ECHO, TRAIN))
    ben = numbered(desk, "ben")
    answer = desk("lookup", ben, "--json")
    assert answer.code == 2
    assert answer.json["codes"] == [
        {"name": "order", "code": "CD111111"}, {"name": "order", "code": "CD222222"}, {"name": "train", "code": "4711"},
    ]  # fmt: skip
    assert answer.err == (
        "The customer wrote several codes (order CD111111, order CD222222, train 4711); choose one with --code, and "
        "the NAME where that leaves several.\n"
    )
    assert desk.json("lookup", ben, "train")["code"] == "4711"
    assert desk.json("lookup", ben, "--code", "CD222222")["code"] == "CD222222"


def test_a_code_that_the_customer_did_not_write_is_not_looked_up(desk, look_up):
    look_up(order=(ECHO, ORDER))
    answer = desk("lookup", numbered(desk, "amandac"), "--code", "ZZ999999")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "The customer did not write 'ZZ999999' there; they wrote order AB123456.\n"


def test_a_code_of_two_look_ups_asks_for_the_name(desk, look_up):
    look_up(order=(ECHO, ORDER), parcel=(ECHO, ORDER))
    amanda = numbered(desk, "amandac")
    answer = desk("lookup", amanda, "--code", "AB123456")
    assert (answer.code, "give its NAME" in answer.err) == (2, True)
    assert desk.json("lookup", amanda, "parcel")["name"] == "parcel"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("99",), 2, "There is no conversation 99; see `shiftdesk queue --view all`."),
        (("1", "ordr"), 2, "No look-up is called 'ordr'; did you mean 'order'?"),
        (("cy",), 1, "Nothing that @cy wrote there has a code for a look-up (order); ask them for it, or change the "
                     "pattern in the configuration."),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_up_is_one_sentence(desk, look_up, arguments, code, sentence):
    look_up(order=(ECHO, ORDER))
    first, *rest = arguments
    first = first if first.isdigit() else numbered(desk, first)
    answer = desk("lookup", first, *rest)
    assert (answer.code, answer.out, answer.err) == (code, "", sentence + "\n")
    assert desk("lookup", first, *rest, "--json").json == {"error": sentence}


def test_without_a_configured_look_up_it_says_how_to_make_one(desk):
    answer = desk("lookup", "1")
    assert (answer.code, answer.err.count("\n"), "[lookup.NAME]" in answer.err) == (2, 1, True)


@pytest.mark.parametrize(
    ("program", "seconds", "text", "problem"),
    [
        ("import sys; print('half'); sys.exit('no such order')", 20, "half",
         "The look-up order ended with 1: no such order."),
        ("import time; print('half', flush=True); time.sleep(60)", 1, "half",
         "The look-up order took too long and was stopped."),
    ],
)  # fmt: skip
def test_one_that_fails_shows_what_it_said_and_why(desk, look_up, program, seconds, text, problem):
    look_up(seconds, order=(program, ORDER))
    answer = desk("lookup", numbered(desk, "amandac"), "--json")
    assert (answer.code, answer.err) == (3, problem + "\n")
    assert (answer.json["text"], answer.json["problem"]) == (text, problem)


def test_nothing_that_it_says_acts_on_a_terminal_and_no_card_number_is_shown(desk, look_up):
    look_up(order=("print('\\x1b]0;x\\x07\\x9b2J[b]4111 1111 1111 1111[/b]')", ORDER))
    answer = desk("lookup", numbered(desk, "amandac"))
    assert not set("\x1b\x07\x9b") & set(answer.out)
    assert "[b]•••• 1111[/b]" in answer.out
