"""Whatever three agents do with a queue, one person has one holder and an old claim writes nothing; nor do twelve in
processes of their own."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test
from making import NOW, post, rows, take

from tui import clock
from tui.clock import MINUTE
from tui.desk import claims, customers, drafts, people
from tui.desk.claims import Claim
from tui.errors import Refused
from tui.store.reader import QueueRow
from tui.store.store import Store, home_of

LEASE = 30 * MINUTE
MOST = 3
AGENTS = ("ana", "ben", "cem")
WRITERS = ("amandac", "amandac", "bert", "cleo", "cleo2", "dan")
"""Who wrote each conversation; `cleo` and `cleo2` are one person."""
PERSON = {1: "a", 2: "a", 3: "b", 4: "c", 5: "c", 6: "d"}

agents, conversations = st.sampled_from(AGENTS), st.integers(1, len(WRITERS))


class Queue(RuleBasedStateMachine):
    """Three agents at one queue; `now` moves on."""

    made = Bundle("made")
    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.reader = self.store.reader()
        self.stood = self._rows()

    def _rows(self) -> dict[int, QueueRow]:
        return {row.id: row for row in rows(self.reader)}

    @rule(target=made, agent=agents)
    def next(self, agent: str) -> Any:
        with suppress(Refused), self.store.transaction() as session:
            return claims.claim_next(session, agent=agent, now=self.now, lease=LEASE, most=MOST)
        return None

    @rule(target=made, agent=agents, which=conversations)
    def claim(self, agent: str, which: int) -> Any:
        with suppress(Refused), self.store.transaction() as session:
            return claims.claim(session, which, agent=agent, now=self.now, lease=LEASE, most=MOST)
        return None

    @rule(target=made, agent=agents, which=conversations)
    def take(self, agent: str, which: int) -> Any:
        with suppress(Refused), self.store.transaction() as session:
            return claims.take_over(
                session, which, agent=agent, reason="why", now=self.now, lease=LEASE, most=MOST
            )  # fmt: skip
        return None

    @rule(agent=agents, which=conversations, to=agents)
    def pass_on(self, agent: str, which: int, to: str) -> None:
        with suppress(Refused), self.store.transaction() as session:
            claims.pass_on(session, which, agent=agent, to=to, now=self.now, lease=LEASE, most=MOST)

    @rule(mine=consumes(made), how=st.sampled_from(["release", "resolve"]))
    def let_go(self, mine: Claim | None, how: str) -> None:
        if mine is None:
            return
        about: dict[str, Any] = {"agent": mine.agent, "now": self.now, "epoch": mine.epoch}
        if how == "resolve":
            about |= {"reason": "done", "lease": LEASE}
        is_good = self._is_good(mine)
        try:
            with self.store.transaction() as session:
                getattr(claims, how)(session, mine.conversation_id, **about)
        except Refused:
            assert not is_good
        else:
            assert is_good

    @rule(mine=made)
    def write(self, mine: Claim | None) -> None:
        if mine is None:
            return
        is_good = self._is_good(mine)
        try:
            with self.store.transaction() as session:
                drafts.save(session, mine, f"{self.now}", cursor=0, now=self.now)
        except Refused:
            assert not is_good
        else:
            assert is_good

    def _is_good(self, mine: Claim) -> bool:
        row = self._rows()[mine.conversation_id]
        return self._runs(row) and (row.owner, row.epoch) == (mine.agent, mine.epoch)

    def _runs(self, row: QueueRow) -> bool:
        """Somebody has it, and their lease has not run out."""
        return row.state == "claimed" and row.timer_at is not None and row.timer_at > self.now

    @rule(agent=agents)
    def renew(self, agent: str) -> None:
        with self.store.transaction() as session:
            claims.renew(session, agent=agent, now=self.now, lease=LEASE)

    @rule(span=st.integers(1, 40))
    def time_goes_on(self, span: int) -> None:
        self.now += span * MINUTE

    @rule()
    def wake(self) -> None:
        with self.store.transaction() as session:
            claims.wake(session, self.now, LEASE)
        assert not any(row.timer_at and row.timer_at <= self.now for row in self._rows().values())

    @invariant()
    def one_holder_a_person(self) -> None:
        holders: dict[str, set[str | None]] = {}
        for row in self._rows().values():
            if self._runs(row):
                holders.setdefault(PERSON[row.id], set()).add(row.owner)
        assert all(len(held) == 1 for held in holders.values())

    @invariant()
    def nobody_holds_too_many(self) -> None:
        held = [row.owner for row in self._rows().values() if self._runs(row)]
        assert max(map(held.count, AGENTS)) <= MOST

    @invariant()
    def the_epoch_grows_with_each_holder(self) -> None:
        now = self._rows()
        for before, after in ((self.stood[one], now[one]) for one in now):
            if before.owner != after.owner:
                assert after.epoch > before.epoch
            else:
                assert after.epoch >= before.epoch
                assert after.state == before.state or after.epoch > before.epoch
        self.stood = now

    @invariant()
    def what_is_claimed_has_a_holder_and_a_lease(self) -> None:
        for row in self._rows().values():
            assert (row.state == "claimed") == (row.owner is not None) == (row.claimed_at is not None)


def filled(store: Store) -> Store:
    """The conversations of the machine."""
    take(store, *(post(str(n), who, ago=-n) for n, who in enumerate(WRITERS, 1)))
    with store.transaction() as session:
        for agent in AGENTS:
            people.arrive(session, agent, NOW)
        customers.join(session, [4, 5], agent="ana", now=NOW)
    return store


def test_three_agents_at_one_queue(fresh: Any, database: str) -> None:
    class Here(Queue):
        def __init__(self) -> None:
            self.store = filled(fresh())
            super().__init__()

        def teardown(self) -> None:
            self.reader.close()
            self.store.close()

    quickly = settings(
        max_examples=15 if database == "sqlite" else 6, stateful_step_count=25, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Here, settings=quickly)


# -- twelve processes ---------------------------------------------------------------------------------

PEOPLE, EACH = 20, 4


def work_off(location: str, number: int, folder: str, start: Any, told: Any) -> None:
    """An agent's process: takes what is next, or a customer over, and is alone with the person meanwhile."""
    store, random, agent = Store(home_of(location)), Random(number), f"agent{number}"
    with store.transaction() as session:
        people.arrive(session, agent, clock.now())
    start.wait()
    done, problem = 0, ""
    try:
        while (mine := _next(store, agent)) is not None:
            person = (mine.conversation_id - 1) // EACH
            with _alone(Path(folder) / str(person)):
                if random.random() < 0.5:
                    _more_of(store, agent, mine)
            with store.transaction() as session:
                claims.resolve(
                    session, mine.conversation_id, agent=agent, reason="done", now=clock.now(), lease=LEASE,
                    epoch=mine.epoch,
                )  # fmt: skip
            done += 1
    except Exception as error:
        problem = repr(error)
    store.close()
    told.put((done, problem))


def _next(store: Store, agent: str) -> Claim | None:
    with store.transaction() as session:
        return claims.claim_next(session, agent=agent, now=clock.now(), lease=LEASE, most=MOST)


def _more_of(store: Store, agent: str, mine: Claim) -> None:
    """Another conversation of the same person can be had by this agent alone, and is given back."""
    other = (mine.conversation_id - 1) // EACH * EACH + mine.conversation_id % EACH + 1
    with store.transaction() as session:
        taken = claims.claim(session, other, agent=agent, now=clock.now(), lease=LEASE, most=MOST)
        claims.release(session, other, agent=agent, now=clock.now(), epoch=taken.epoch)


class _alone:
    """Only one process at a time is with a person, whatever the database says."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __enter__(self) -> None:
        os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))

    def __exit__(self, *_: object) -> None:
        self.mark.unlink()


@pytest.fixture
def crowd(store: Store, tmp_path: Path) -> Iterator[list[tuple[int, str]]]:
    """What twelve agents say who worked the queue off."""
    now = clock.now()
    take(
        store,
        *(post(f"{p}-{n}", f"rider{p}", created_at=now + p * EACH + n) for p in range(PEOPLE) for n in range(EACH)),
        now=now,
    )
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tui.desk.claims", "tui.desk.people"])
    start, told = context.Barrier(12), context.Queue()
    processes = [
        context.Process(target=work_off, args=(store.location, n, str(tmp_path), start, told)) for n in range(12)
    ]
    for process in processes:
        process.start()
    yield [told.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()


def test_twelve_agents_never_two_with_one_customer(store: Store, crowd: list[tuple[int, str]]) -> None:
    assert [problem for _, problem in crowd] == [""] * 12
    reader = store.reader()
    states = {row.state for row in rows(reader)}
    reader.close()
    assert states == {"resolved"}
