"""Roles: who may do what, the sentence of a refusal, and who may change who works here."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from making import NOW, employ, kinds, post, rows, take
from sqlmodel import Session

from tui.cli.program import COMMANDS, program
from tui.clock import HOUR
from tui.config import Config
from tui.desk import accounts, brake, claims, drafts, incidents, outbox, people, restored, roles, shift
from tui.desk.canned import library
from tui.desk.canned.response import Canned
from tui.errors import Misuse, Refused
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store

ROOT = Path(__file__).parents[2]
NORTHLINE = brake.Handle(1, "x", "@northline")
TEAM = Canned(0, "Refund", "We refund you.")
NOT_CHANGING = {
    "demo", "queue", "check", "outbox", "canned list", "canned search", "canned show", "canned history",
    "canned stats", "canned export", "incident list", "customer show", "promise list", "shift status",
    "handoff show", "handoff verify", "report", "guard test", "account list", "account test", "agent list", "doctor",
    "paths", "keys", "restore",
}  # fmt: skip
"""Commands that change nothing of the desk they are called on, or make one of their own."""


@pytest.fixture
def team(store: Store) -> Store:
    """ana is admin, ben a lead, cem and dora are agents; a conversation waits."""
    take(store, post("1"))
    with store.transaction() as session:
        employ(session, ana="admin", ben="lead", cem="agent", dora="agent")
    return store


def act(store: Store, rule: Callable[..., Any], *given: Any, by: str, **named: Any) -> Any:
    with store.transaction() as session:
        return rule(session, *given, agent=by, now=NOW, **named)


def role(store: Store, name: str) -> str:
    with store.transaction() as session:
        return roles.role_of(session, name)


def unknown_reply(session: Session, *, agent: str, now: int) -> int:
    claim = claims.claim(session, 1, agent=agent, now=now, lease=HOUR)
    made, _ = outbox.hold(session, claim, "We look into it.", config=Config(), now=now)
    session.execute(t.replies.update().values(state="unknown"))
    return made


def settled(session: Session, *, agent: str, now: int) -> None:
    outbox.settle(session, unknown_reply(session, agent="dora", now=now), is_out=True, agent=agent, now=now)


def closed(session: Session, *, agent: str, now: int) -> None:
    incidents.add(session, "Line 4", text="closed", agent="dora", now=now)
    incidents.close(session, "Line 4", agent=agent, now=now)


def let_go(session: Session, *, agent: str, now: int) -> None:
    brake.put_on(session, NORTHLINE, agent="dora", reason="wrong fare", now=now)
    assert brake.release(session, NORTHLINE, agent=agent, now=now)


def logged_in(session: Session, *, agent: str, now: int) -> None:
    accounts.logged_in(session, "x", "@northline", server="https://x.com", native_id="7", agent=agent, now=now)


FORBIDDEN: dict[str, Callable[..., Any]] = {
    "brake-off": let_go,
    "team-canned": lambda session, **by: library.change(session, TEAM, **by),
    "close-incident": closed,
    "settle-others": settled,
    "accounts": logged_in,
    "people": lambda session, **by: people.add(session, "eva", role="agent", **by),
    "copies": lambda session, **by: restored.backed_up(session, file="desk", **by),
}


def test_every_deed_of_more_than_an_agent_is_tried_here() -> None:
    assert set(FORBIDDEN) == {deed.id for deed in roles.DEEDS if deed.least != "agent"}
    assert all(deed.refused for deed in roles.DEEDS if deed.least != "agent")


@pytest.mark.parametrize("deed", FORBIDDEN)
@pytest.mark.parametrize("name", ["ana", "ben", "cem", "stranger"])
def test_a_rule_holds_who_calls_it_to_their_role(team: Store, reader: Reader, deed: str, name: str) -> None:
    least = next(one.least for one in roles.DEEDS if one.id == deed)
    has = {"ana": "admin", "ben": "lead"}.get(name, "agent")
    if roles.ROLES.index(has) >= roles.ROLES.index(least):
        act(team, FORBIDDEN[deed], by=name)
        return
    before = kinds(reader)
    with pytest.raises(Refused) as refused:
        act(team, FORBIDDEN[deed], by=name)
    assert kinds(reader) == before
    assert refused.value.details == {"deed": deed, "needs": least, "role": has}
    assert "Ask ana" in str(refused.value)
    assert ("Ask ana or ben" in str(refused.value)) == (least == "lead")


def test_the_sentence_says_what_it_needs_who_one_is_and_whom_to_ask(team: Store) -> None:
    with pytest.raises(Refused) as refused:
        act(team, let_go, by="cem")
    assert str(refused.value) == "Releasing the brake needs a lead or admin; you are an agent. Ask ana or ben."
    with pytest.raises(Refused, match=r"needs an admin; you are a lead\. Ask ana\."):
        act(team, logged_in, by="ben")


def test_who_works_alone_may_do_everything(store: Store) -> None:
    take(store, post("1"))
    with store.transaction() as session:
        assert people.arrive(session, "ana", NOW) == "admin"
    for rule in FORBIDDEN.values():
        act(store, rule, by="ana")


def test_an_agent_has_canned_responses_of_their_own_and_proposes_others(team: Store) -> None:
    mine = act(team, library.change, Canned(0, "Mine", "Hello", scope="agent"), by="cem")
    mine = act(team, library.retire, mine.id, by="cem")
    assert mine.valid_until == NOW
    with pytest.raises(Refused, match="or keep it as your own"):
        act(team, library.change, replace(mine, scope="team"), by="cem")
    with pytest.raises(Refused):
        act(
            team,
            library.retire,
            act(team, library.change, Canned(0, "His", "b", scope="agent"), by="dora").id,
            by="cem",
        )
    proposed = act(team, library.add, replace(TEAM, approved=False), by="cem")
    better = act(team, library.change, replace(proposed, body="We refund you today."), by="dora")
    with pytest.raises(Refused):
        act(team, library.approve, better.id, by="cem")
    approved = act(team, library.approve, better.id, by="ben")
    for change in (replace(approved, body="Never."), replace(approved, approved=False)):
        with pytest.raises(Refused):
            act(team, library.change, change, by="cem")


def test_an_import_that_would_change_the_teams_is_refused_whole(team: Store, reader: Reader) -> None:
    given = [Canned(0, "Mine", "Hello", scope="agent"), TEAM]
    with pytest.raises(Refused):
        act(team, library.store, given, by="cem")
    assert list(reader.canned()) == []
    assert act(team, library.store, given, by="cem", dry_run=True).added == ("Mine", "Refund")
    assert act(team, library.store, given, by="ben").added == ("Mine", "Refund")


def test_ones_own_unknown_reply_needs_nobody(team: Store) -> None:
    act(team, outbox.settle, act(team, unknown_reply, by="dora"), by="dora", is_out=True)


# -- who works here ----------------------------------------------------------------------------------


def test_a_change_of_a_role_is_an_event_with_who_made_it(team: Store, reader: Reader) -> None:
    assert act(team, people.set_role, "cem", "lead", by="ana")
    assert not act(team, people.set_role, "cem", "lead", by="ana")
    (event,) = [one for one in reader.events() if one.kind == "agent.role"]
    assert (event.agent, event.data) == ("ana", {"name": "cem", "role": "lead", "before": "agent"})
    act(team, library.change, TEAM, by="cem")


@pytest.mark.parametrize("end", [lambda *a, **n: people.set_role(*a, "lead", **n), people.remove])
def test_the_last_admin_stays(team: Store, end: Callable[..., Any]) -> None:
    with pytest.raises(Refused, match="the only admin"):
        act(team, end, "ana", by="ana")
    act(team, people.set_role, "ben", "admin", by="ana")
    act(team, end, "ana", by="ben")
    assert role(team, "ana") != "admin"
    with pytest.raises(Refused, match="the only admin"):
        act(team, end, "ben", by="ben")


def test_who_is_removed_may_work_no_more_and_what_they_held_waits_with_its_draft(team: Store, reader: Reader) -> None:
    claim = act(team, claims.claim, 1, by="cem", lease=HOUR)
    with team.transaction() as session:
        drafts.save(session, claim, "We look", cursor=7, now=NOW)
    assert act(team, people.remove, "cem", by="ana") == [1]
    (row,) = rows(reader, "waiting", "dora")
    assert (row.state, row.owner) == ("new", None)
    draft = reader.draft(1)
    assert draft is not None
    assert draft.text == "We look"
    assert [one.agent for one in reader.events() if one.kind == "agent.removed"] == ["ana"]
    assert "cem" not in reader.agents()
    act(team, claims.claim, 1, by="dora", lease=HOUR)
    with pytest.raises(Refused, match="Nobody called 'cem'"):
        act(team, claims.pass_on, 1, by="dora", to="cem", lease=HOUR)
    with team.transaction() as session, pytest.raises(Refused, match=r"cem may no longer work .* Ask ana\."):
        people.arrive(session, "cem", NOW)
    for rule in FORBIDDEN.values():
        with pytest.raises(Refused, match="no longer"):
            act(team, rule, by="cem")
    act(team, people.add, "cem", by="ana", role="lead")
    assert role(team, "cem") == "lead"


def test_who_was_removed_takes_nothing_at_a_desk_that_is_still_open(team: Store, reader: Reader) -> None:
    take(team, post("2", author="b"))
    act(team, claims.claim, 2, by="dora", lease=HOUR)
    act(team, people.remove, "cem", by="ana")
    for rule, given in (
        (claims.claim, {"conversation_id": 1}),
        (claims.claim_next, {}),
        (claims.reach, {"conversation_id": 1}),
        (claims.take_over, {"conversation_id": 2, "reason": "mine"}),
        (claims.resolve, {"conversation_id": 1, "reason": "done"}),
    ):
        with pytest.raises(Refused, match="cem may no longer work"):
            act(team, rule, by="cem", lease=HOUR, **given)
    found = sorted((row.id, row.state, row.owner) for row in rows(reader, "all", "dora"))
    assert found == [(1, "new", None), (2, "claimed", "dora")]


def test_who_is_removed_has_no_open_shift_and_the_note_says_why_it_is_back(team: Store, reader: Reader) -> None:
    act(team, shift.start, by="cem")
    act(team, claims.claim, 1, by="cem", lease=HOUR)
    act(team, people.remove, "cem", by="ana")
    assert reader.open_shift("cem") is None
    (note,) = reader.notes(1)
    assert "cem had this conversation" in note.text
    assert "works here no more" in note.text
    assert "not heard from" not in note.text


def test_a_reply_of_somebody_who_was_removed_is_not_held(team: Store) -> None:
    claim = act(team, claims.claim, 1, by="cem", lease=HOUR)
    with team.transaction() as session:
        session.execute(t.agents.update().where(t.agents.c.name == "cem").values(role=roles.REMOVED))
    with team.transaction() as session, pytest.raises(Refused, match="no longer"):
        outbox.hold(session, claim, "We look into it.", config=Config(), now=NOW)


def test_known_names_are_not_added_again_in_whatever_case(team: Store) -> None:
    for name in ("cem", "Cem"):
        with pytest.raises(Refused, match="'cem' is here already, as agent"):
            act(team, people.add, name, by="ana", role="lead")
    for change in (
        lambda s, **by: people.set_role(s, "eva", "lead", **by),
        lambda s, **by: people.remove(s, "e", **by),
    ):
        with pytest.raises(Misuse, match="agent list"):
            act(team, change, by="ana")
    act(team, people.remove, "cem", by="ana")
    with pytest.raises(Refused, match="agent add"):
        act(team, people.set_role, "cem", "lead", by="ana")


def test_a_name_with_a_letter_beyond_ascii_is_known_too(team: Store) -> None:
    act(team, people.add, "Émile", by="ana", role="agent")
    act(team, claims.claim, 1, by="cem", lease=HOUR)
    act(team, claims.pass_on, 1, by="cem", to="Émile", lease=HOUR)
    with pytest.raises(Refused, match="is here already"):
        act(team, people.add, "Émile", by="ana", role="lead")


def test_a_strict_team_refuses_names_that_nobody_added_but_not_its_first(store: Store) -> None:
    with store.transaction() as session:
        assert people.arrive(session, "ana", NOW, only_known=True) == "admin"
    with store.transaction() as session, pytest.raises(Refused, match="'eva' works here; an admin adds them"):
        people.arrive(session, "eva", NOW, only_known=True)
    act(store, people.add, "eva", by="ana", role="agent")
    with store.transaction() as session:
        assert people.arrive(session, "eva", NOW, only_known=True) == "agent"


# -- the table ---------------------------------------------------------------------------------------


def leaves(command: click.Command, path: str) -> set[str]:
    own = set() if isinstance(command, click.Group) and not command.invoke_without_command else {path}
    if isinstance(command, click.Group):
        return own.union(*(leaves(one, f"{path} {name}") for name, one in command.commands.items()))
    return own


def test_every_command_that_changes_the_desk_is_in_the_table_once() -> None:
    context = click.Context(program)
    known: set[str] = set()
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        known |= leaves(command, name)
    given = [command for deed in roles.DEEDS for command in deed.commands]
    assert len(given) == len(set(given))
    assert known == ({*given} - {"brake on", "brake off"} | NOT_CHANGING | {"brake"})


def test_the_documents_have_the_table() -> None:
    page = (ROOT / "docs/team.md").read_text(encoding="utf-8")
    table = page.partition("| Role | May | Commands |\n")[2].partition("\n\n")[0].splitlines()[1:]
    written = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table]
    assert [(least, does, tuple(re.findall("`(.+?)`", names))) for least, does, names in written] == [
        (deed.least, deed.does, deed.commands) for deed in roles.DEEDS
    ]
