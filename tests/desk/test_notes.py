"""Notes that name colleagues: who is meant, who is told, and what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import US, post, take

from tui.clock import DAY, HOUR, MINUTE
from tui.desk import claims, notes, people
from tui.desk.notes import Named, named
from tui.errors import Misuse, Refused
from tui.store.store import Store

NOW = 100 * DAY
AGENTS = ("ana", "ben", "Cleo K", "dr.who", "anabel", "Weiß")
GROUPS = {"shift-b": ("ana", "ben", "zoe"), "Leads": ("BEN",)}


def whom(words: str, author: str = "mia", strangers: tuple[str, ...] = ()) -> Named:
    return named(words, agents=AGENTS, groups=GROUPS, author=author, strangers=strangers)


@pytest.mark.parametrize(
    ("words", "agents"),
    [
        ("@ana please", ("ana",)),
        ("please, @Ana.", ("ana",)),
        ("(@ana/@ben)", ("ana", "ben")),
        ("@ana, @ben: and @ana again", ("ana", "ben")),
        ("@anabel", ("anabel",)),
        ("@Cleo K knows", ("Cleo K",)),
        ("@dr.who. @weiß", ("dr.who", "Weiß")),
        ("@shift-b look", ("ana", "ben", "zoe")),
        ("@leads look", ("ben",)),
        ("to ana@ben.example or x.com/@ben", ()),
        ("ana, no sign no mention", ()),
        ("@ana@example.org is a customer", ()),
        ("@ @@ana", ()),
    ],
)
def test_colleagues_are_named_by_a_sign_before_their_name(words: str, agents: tuple[str, ...]) -> None:
    assert whom(words).agents == agents


def test_a_group_stands_for_its_members_but_the_author() -> None:
    assert whom("@shift-b", author="ana").agents == ("ben", "zoe")
    assert whom("@ana a note to myself", author="ana").agents == ("ana",)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    assert whom("@anna @nobody").unknown == (("anna", "ana"), ("nobody", ""))
    assert whom("@anna").warning == "Nobody here is called anna; did you mean @ana?"
    assert whom("@nobody").warning == "Nobody here is called nobody."
    assert whom("@shift-a").warning.endswith("did you mean @shift-b?")
    assert whom("@ana").warning == ""


def test_a_customers_handle_is_missed_among_the_agents_by_nobody() -> None:
    assert whom("@amandac called", strangers=("@AmandaC", "x")) == Named()
    assert whom("@ben called", strangers=("ben",)).agents == ("ben",)


@given(st.text("@ab n-.ä\n\u202e\x1b", max_size=300))
def test_any_text_names_only_who_is_known(words: str) -> None:
    found = whom(words)
    assert set(found.agents) <= {*AGENTS, "zoe"}
    assert all("\x1b" not in found.warning and name for name, _ in found.unknown)


def test_a_wall_of_signs_is_read_to_a_limit() -> None:
    assert len(whom(" ".join(f"@nobody{n}" for n in range(20_000))).unknown) == notes.NAMES_MOST


@pytest.fixture
def desk(store: Store) -> Store:
    """One conversation with @amandac, and three agents."""
    take(store, post("1", "amandac", f"{US} late", created_at=NOW - HOUR, account=US), now=NOW)
    with store.transaction() as session:
        for name in ("ana", "ben", "cleo"):
            people.arrive(session, name, NOW)
    return store


def add(desk: Store, words: str, agent: str = "ana", now: int = NOW) -> notes.Noted:
    with desk.transaction() as session:
        return notes.add(session, 1, agent=agent, words=words, now=now, groups=GROUPS)


def test_who_is_named_has_it_in_the_inbox_and_the_event_names_them(desk: Store) -> None:
    kept = add(desk, "@ben look at @amandac")
    assert kept.named == Named(("ben",))
    (note,) = desk.reader().inbox("ben")
    assert (note.id, note.conversation_id, note.agent, note.handle) == (kept.id, 1, "ana", "amandac")
    assert (note.text, note.created_at, note.read_at) == ("@ben look at @amandac", NOW, None)
    assert desk.reader().inbox("cleo") == []
    event = desk.reader().events(conversation_id=1)[-1]
    assert (event.kind, event.data) == ("note.added", {"note": kept.id, "names": ["ben"]})


def test_a_note_is_read_by_one_agent_and_not_by_another(desk: Store) -> None:
    first, second = add(desk, "@ben @cleo one"), add(desk, "@ben two", now=NOW + MINUTE)
    assert [note.id for note in desk.reader().inbox("ben")] == [second.id, first.id]
    with desk.transaction() as session:
        assert notes.read(session, [first.id, second.id, 99], agent="cleo", now=NOW + HOUR) == [first.id]
        assert notes.read(session, [second.id], agent="ben", now=NOW + HOUR) == [second.id]
        assert notes.read(session, [second.id], agent="ben", now=NOW + DAY) == []
    assert [(note.id, note.read_at) for note in desk.reader().inbox("ben")] == [
        (first.id, None),
        (second.id, NOW + HOUR),
    ]
    assert (desk.reader().unread_notes("ben"), desk.reader().unread_notes("cleo")) == (1, 0)
    assert [note.id for note in desk.reader().inbox("ben", only_unread=True)] == [first.id]
    read = [(event.agent, event.data) for event in desk.reader().events() if event.kind == "note.read"]
    assert read == [("cleo", {"notes": [first.id]}), ("ben", {"notes": [second.id]})]


def test_an_unknown_name_is_kept_in_the_note(desk: Store) -> None:
    kept = add(desk, "@bne look")
    assert kept.named.unknown == (("bne", "ben"),)
    assert [note.text for note in desk.reader().notes(1)] == ["@bne look"]


def test_an_agent_of_a_group_who_comes_later_finds_it(desk: Store) -> None:
    add(desk, "@shift-b look")
    assert [desk.reader().unread_notes(name) for name in ("ana", "ben", "zoe")] == [0, 1, 1]


def test_what_is_refused_leaves_nothing(desk: Store) -> None:
    with pytest.raises(Refused):
        add(desk, "   ")
    with pytest.raises(Misuse), desk.transaction() as session:
        notes.add(session, 99, agent="ana", words="@ben", now=NOW, groups={})
    assert desk.reader().inbox("ben") == []


def test_a_note_that_was_read_is_no_news_for_a_reply(desk: Store) -> None:
    kept = add(desk, "@ben look")
    with desk.transaction() as session:
        claims.see(session, 1, agent="ana")
    seen = desk.reader().seen(1, "ana") or 0
    with desk.transaction() as session:
        notes.read(session, [kept.id], agent="ben", now=NOW + HOUR)
    assert desk.reader().events(after=seen, conversation_id=1) == []
