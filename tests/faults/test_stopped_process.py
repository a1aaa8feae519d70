"""A process is stopped (SIGSTOP: a laptop asleep, a machine that swaps) and goes on later, with what it believes.

Stopped past its lease, it never sends: whoever has the conversation by then is not disturbed, and the stopped one is
told in one sentence. Stopped in the middle of a change, it holds up the others: on PostgreSQL until the server ends its
session, on SQLite for as long as it is stopped, since nobody but the kernel can take a file's lock from a process. The
others are then told in one sentence that the desk is held, lose nothing, and go on when it goes on or dies.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ledger
import pytest
from making import US, post, take

from tui import clock
from tui.clock import MINUTE, Millis
from tui.desk import claims
from tui.store.store import Store, reading

HERE = Path(__file__).parent
LEASE: Millis = 200
PATIENCE: Millis = 300
pytestmark = [pytest.mark.sqlite, pytest.mark.postgresql]


class Agent:
    """An agent in a process of their own."""

    def __init__(self, store: Store, name: str, lease: Millis = LEASE) -> None:
        paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
        self.process = subprocess.Popen(
            [sys.executable, HERE / "stopped.py", store.location, name, str(lease), str(PATIENCE)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=os.environ | {"PYTHONPATH": paths},
        )  # fmt: skip

    def ask(self, command: str) -> None:
        """Give a command; one that is stopped finds it when it goes on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")

    def answer(self) -> dict[str, Any]:
        """Its next answer."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def do(self, command: str) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self.ask(command)
        return self.answer()

    def stop(self) -> None:
        """Stop it from outside."""
        self.process.send_signal(signal.SIGSTOP)
        self.stopped()

    def stopped(self) -> None:
        """Wait until it is stopped."""
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def comes(store: Store) -> Iterator[Callable[..., Agent]]:
    """Brings agents to a desk where customers wait."""
    now = clock.now()
    take(store, *(post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now + n) for n in range(3)), now=now)
    with ExitStack() as stack:

        def made(*given: Any) -> Agent:
            agent = Agent(store, *given)
            stack.callback(agent.end)
            return agent

        yield made


def lease_over(store: Store, conversation: int) -> None:
    """Wait for the end of a lease, by the database's clock."""
    while True:
        with store.transaction() as session:
            row, now = reading(session).conversation(conversation), clock.now()
        assert row is not None
        if row.state != "claimed" or now > row.claimed_at + 2 * LEASE:
            return
        time.sleep(LEASE / 4_000)


def woken(store: Store) -> None:
    """What any desk that is open does in time."""
    with store.transaction() as session:
        claims.wake(session, clock.now())


def outlive(store: Store, comes: Callable[..., Agent], times: int, what_then: str) -> list[dict[str, Any]]:
    """So many times an agent is stopped past their lease and then sends, `what_then` happened meanwhile."""
    ana, bela = comes("ana"), comes("bela")
    answers = []
    for _ in range(times):
        conversation = ana.do("next")["conversation"]
        ana.do("write")
        ana.stop()
        ana.ask("send")
        lease_over(store, conversation)
        if what_then == "taken":
            assert bela.do("next")["conversation"] == conversation
        elif what_then == "woken":
            woken(store)
        ana.go_on()
        answers.append(ana.answer())
        if what_then == "taken":
            assert bela.do("resolve") == {}
            now = clock.now()
            take(store, post(f"q{len(answers)}", f"guest{len(answers)}", f"{US} hello?", created_at=now), now=now)
        woken(store)
    return answers


def check(store: Store, answers: list[dict[str, Any]]) -> None:
    """Each sending was refused in one sentence, none is in the outbox, and the log is whole."""
    assert [answer for answer in answers if "refused" not in answer] == []
    assert all(answer["refused"].count("\n") == 0 and "onversation" in answer["refused"] for answer in answers)
    reader = store.reader()
    assert reader.outbox() == []
    assert list(ledger.problems(reader, lease=LEASE, gapless="://" not in store.location)) == []
    reader.close()


@pytest.mark.parametrize("what_then", ["taken", "woken", "nothing"])
def test_stopped_past_its_lease_it_never_sends(store: Store, comes: Callable[..., Agent], what_then: str) -> None:
    check(store, outlive(store, comes, 4, what_then))


@pytest.mark.long
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("what_then", ["taken", "woken", "nothing"])
def test_refused_in_a_hundred_of_a_hundred(store: Store, comes: Callable[..., Agent], what_then: str) -> None:
    answers = outlive(store, comes, 100, what_then)
    print(
        f"\n{store.location.partition(':')[0]}, {what_then}: {len(answers)} refused, such as {answers[-1]['refused']!r}"
    )
    check(store, answers)


def test_stopped_within_its_lease_it_sends(store: Store, comes: Callable[..., Agent]) -> None:
    ana = comes("ana", MINUTE)
    assert ana.do("next") == {"conversation": 1}
    ana.stop()
    ana.ask("send")
    ana.go_on()
    assert ana.answer() == {}


def test_the_stopped_one_is_told_who_has_it(store: Store, comes: Callable[..., Agent]) -> None:
    (answer,) = outlive(store, comes, 1, "taken")
    assert "bela" in answer["refused"]


def test_stopped_inside_a_change_the_others_are_told_and_go_on(store: Store, comes: Callable[..., Agent]) -> None:
    ana, bela = comes("ana", MINUTE), comes("bela", MINUTE)
    assert (ana.do("next")["conversation"], bela.do("next")["conversation"]) == (1, 2)
    ana.ask("stuck")
    ana.stopped()
    assert "another process holds it; wait a moment and try again" in bela.do("write")["out"]
    if "://" in store.location:  # the server ends the silent session by itself
        assert any(bela.do("write") == {} for _ in range(20))
        ana.go_on()
        assert "out" in ana.answer()
    else:
        ana.go_on()
        assert ana.answer() == {}
        assert bela.do("write") == {}
    reader = store.reader()
    assert len(reader.notes(1)) == ("://" not in store.location)  # there exactly where it was acknowledged
    reader.close()


def test_killed_inside_a_change_the_others_go_on(store: Store, comes: Callable[..., Agent]) -> None:
    ana, bela = comes("ana", MINUTE), comes("bela", MINUTE)
    assert bela.do("next")["conversation"] == 1
    ana.ask("stuck")
    ana.stopped()
    ana.end()
    assert bela.do("write") == {}
    reader = store.reader()
    assert reader.notes(1) == []
    reader.close()
