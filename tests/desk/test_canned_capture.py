"""A sent text kept as a response: who it was for and who wrote it go, and the same words come back."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import NOW

from tui.desk.canned.capture import capture, form_of
from tui.desk.canned.context import context
from tui.desk.canned.fill import check, fill
from tui.desk.canned.render import blanks_in
from tui.errors import Refused
from tui.store.reader import QueueRow


def talk(**values: Any) -> QueueRow:
    row = QueueRow(
        id=731, network="x", account="@northline", author_id=2, author_native_id="9", handle="amandac",
        name="Amanda Clay", followers=0, verified=False, private=False, state="claimed", owner="Bo Lind", epoch=1,
        claimed_at=NOW, timer_at=None, rank=0, reasons=[], addressed="direct", posted_at=NOW, customer_at=NOW,
        answered_at=None, waiting_since=NOW, surfaced_at=NOW, surfaced_by=None, resurfaces_at=None, settled_at=None,
        reposts=0, preview="", tags=["delay"], has_draft=False,
    )  # fmt: skip
    return row._replace(**values)


def body(text: str, agent: str = "Bo Lind", **values: Any) -> str:
    return capture(text, conversation=talk(**values), agent=agent).body


# -- what becomes of a text ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("Hi Amanda, sorry.", "Hi {{ customer.first_name }}, sorry."),
        ("Dear Amanda Clay, sorry.", "Dear {{ customer.name }}, sorry."),
        ("Ms Clay, sorry.", "Ms {{ customer.last_name }}, sorry."),
        ("AMANDA's train", "{{ customer.first_name | upcase }}'s train"),
        ("Sorry @amandac!", "Sorry @{{ customer.handle }}!"),
        ("Sorry @AmandaC!", "Sorry @{{ customer.handle }}!"),
        ("Bo Lind here, or Lind.", "{{ agent.name }} here, or {{ agent.last_name }}."),
        ("Write to @northline.", "Write to {{ account.handle }}."),
        ("@amandac Hi there", "Hi there"),
        (".@amandac, hi there ^BL", "hi there"),
        ("Thanks. ^BL 1/2", "Thanks."),
        ("Thanks.\n\n- Bo", "Thanks."),
    ],
)
def test_names_become_variables_and_ours_goes(text: str, template: str) -> None:
    assert body(text) == template


@pytest.mark.parametrize(
    "text",
    [
        "Amandas and Amanda-Lou and amanda",
        "xAmanda Claymore",
        "@northlines and northline",
        "https://northline.example/Amanda/ABC123",
        "Platform 12 at 9:14 on 2026-02-11, 50 %",
        "Call 0800 123 4567 or help@northline.example",
        "THE BUS",
    ],
)
def test_what_is_no_name_stays(text: str) -> None:
    assert "{{" not in body(text)
    assert blanks_in(body(text)) == []


@pytest.mark.parametrize("name", ["Will", "The Rail Fan", "Al"])
def test_an_everyday_word_is_no_name(name: str) -> None:
    assert body("Will you tell Al that the train is late?", name=name) == "Will you tell Al that the train is late?"


def test_a_login_in_small_letters_is_a_name_where_it_is_written_as_one() -> None:
    assert body(
        "Ana here, anabel, ana", agent="ana"
    ) == "{{ agent.first_name | capitalize }} here, anabel, ana".replace("first_name", "name")


@pytest.mark.parametrize(
    ("text", "template", "form"),
    [
        ("Order RB-20261 is here", "Order ⟦code⟧ is here", {"code": "RB-20261"}),
        ("1234567, then 7654321, then 1234567", "⟦code⟧, then ⟦code 2⟧, then ⟦code⟧", None),
        ("Your booking QWXYZA is fine", "Your booking ⟦booking code⟧ is fine", {"booking code": "QWXYZA"}),
        ("Mail amanda.clay@example.com", "Mail ⟦e-mail address⟧", {"e-mail address": "amanda.clay@example.com"}),
        ("⟦code⟧ or A1B2C3", "⟦code⟧ or ⟦code 2⟧", {"code 2": "A1B2C3"}),
    ],
)
def test_codes_and_private_data_become_blanks(text: str, template: str, form: dict[str, str] | None) -> None:
    assert body(text) == template
    if form is not None:
        assert form_of(text, conversation=talk(), agent="Bo Lind") == form


def test_the_number_of_a_long_conversation_is_a_variable() -> None:
    assert body("Your case 7310012", id=7_310_012) == "Your case {{ conversation.id }}"


def test_it_is_the_agents_own_and_not_approved() -> None:
    made = capture("Hi Amanda, the coach is cold, we know that well.", conversation=talk(), agent="Bo Lind")
    assert (made.id, made.scope, made.owner, made.approved, made.tags) == (0, "agent", "Bo Lind", False, ("delay",))
    assert made.name == "Hi , the coach is cold,"
    assert capture("Hi", conversation=talk(), agent="Bo", name=" My  own ").name == "My own"


@pytest.mark.parametrize("text", ["", "  ", "@amandac", "@amandac ^BL", "{{ x" * 1_500])
def test_what_makes_no_response_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        capture(text, conversation=talk(), agent="Bo Lind")


# -- and back ----------------------------------------------------------------------------------------

PIECES = [
    "{", "{{", "}}", "{%", "%}", "{% raw %}", "{% endraw %}", "{{ customer.name }}", "⟦", "⟧", "⟦code⟧", "Amanda",
    "AMANDA", "amanda", "Amanda Clay", "Clay", "@amandac", "@AMANDAC", "@northline", "Bo", "Lind", "bo", "A1B2C3",
    "731", "1234567", "booking QWXYZA", "a.b@example.com", "+49 170 1234567", "https://a.example/Amanda", " ", "\n",
    "-", ".", "'s", "CUSTOMER", "AGENT", "山田", "é", "e\u0301",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map("".join)
NAMES = st.one_of(
    st.sampled_from(["Amanda Clay", "山田太郎", "ana", "Straße Ⅷ", "{{ x }}", "⟦x⟧ y", "e\u0301va"]), st.text()
)


def plainly(text: str) -> str:
    """A text as far as it has to come back: handles in any case."""
    return re.sub("@(amandac|northline)", lambda found: found[0].lower(), text, flags=re.IGNORECASE)


@given(TEXTS, NAMES, NAMES)
@example("{Amanda}", "Amanda Clay", "Bo Lind")
@example("It is CUSTOMER", "⟦x⟧ y", "Bo Lind")
@example("{{ x }} {% y %} A1B2C3 ^BL", "Amanda Clay", "Bo Lind")
def test_the_same_conversation_gives_the_text_back(text: str, name: str, agent: str) -> None:
    row, text = talk(name=name), text.replace("CUSTOMER", name).replace("AGENT", agent)
    try:
        made = capture(text, conversation=row, agent=agent)
    except Refused:
        return
    assert check(made) is None
    form = form_of(text, conversation=row, agent=agent)
    again = fill(made, context(row, agent, NOW), form=form).text
    bare = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")
    bare = bare.replace("\r\n", "\n").replace("\r", "\n")
    before = LEADING.match(bare)
    assert before
    rest = plainly(bare[before.end() :])
    assert again
    assert rest.startswith(plainly(again))
    assert len(rest.removeprefix(plainly(again)).strip()) <= SIGNED


LEADING = re.compile(r"(\s*\.?@amandac(?![\w@]|[.\-]+[\w@])[.\-]*[\s,:]*)*\s*", re.IGNORECASE)
SIGNED = 60
"""The longest signature with its mark of a part (characters)."""
