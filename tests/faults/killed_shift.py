"""Scripted shifts that kill -9 ends at random moments: run as a program, which forks.

`killed_shift.py LOCATION KILLS SEED` keeps CREW agents at work on one desk, each in a process of its own, which says on
a pipe what was committed, after the commit. One after the other is killed and another comes. Prints one JSON object:
`kills`, how much was `acknowledged`, what of it was `lost`, and the claims that were `stuck`.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from making import US, post, take

from tui import clock
from tui.clock import SECOND, Millis
from tui.config import Config, DeskSettings
from tui.desk import claims, drafts, outbox, people
from tui.errors import Refused
from tui.store.reader import Reader
from tui.store.store import Store, home_of, reading

LEASE: Millis = 2 * SECOND
LATE: Millis = 5 * SECOND
"""How long after the end of its lease a claim may still stand."""
CREW = 3
LONGEST_S = 0.2
"""Longest time between two kills."""
HELD_MOST = 3
WAITING_LEAST = 20


class Quick(DeskSettings):
    """Claims that do not last."""

    lease = LEASE


CONFIG = Config(desk=Quick())


class Shift:
    """An agent at work: whatever they do next is left to chance."""

    def __init__(self, location: str, agent: str, pipe: int) -> None:
        self.store, self.agent, self.pipe = Store(home_of(location)), agent, pipe
        self.random = Random(agent)
        self.held: list[claims.Claim] = []
        self.written = 0

    def work(self) -> None:
        """Until it is killed."""
        while True:
            claim = self.random.choice(self.held) if self.held else None
            do = self.random.choice((self.write, self.write, self.send, self.release, self.resolve))
            try:
                if claim is None or (len(self.held) < HELD_MOST and self.random.random() < 0.2):
                    self.change(self.next)
                else:
                    self.change(do, claim)
            except Refused:  # the machine was so slow that the lease ran out
                self.held = [one for one in self.held if one != claim]

    def change(self, do: Any, *given: Any) -> None:
        """One transaction; what it changed is said when it is committed."""
        with self.store.transaction() as session:
            now, inside = clock.now(), reading(session)
            people.arrive(session, self.agent, now)
            before = inside.last_event()
            claims.renew(session, agent=self.agent, now=now, lease=LEASE)
            said = do(session, now, *given)
            said["events"] = [(one.id, one.kind, one.conversation_id) for one in inside.events(after=before)]
        os.write(self.pipe, f"{json.dumps(said)}\n".encode())

    def next(self, session: Any, now: Millis) -> dict[str, Any]:
        """What waits first; leases that ran out are seen to before."""
        if reading(session).due_timer(now):
            claims.wake(session, now)
        claim = claims.claim_next(session, agent=self.agent, now=now, lease=LEASE)
        self.held += [claim] if claim else []
        return {}

    def write(self, session: Any, now: Millis, claim: claims.Claim) -> dict[str, Any]:
        """A draft, as the editor stores it."""
        self.written += 1
        words = f"Seat {self.written} of coach {claim.conversation_id} is kept by {self.agent}."
        drafts.save(session, claim, words, cursor=len(words), now=now)
        return {"draft": claim.conversation_id, "words": words}

    def send(self, session: Any, now: Millis, claim: claims.Claim) -> dict[str, Any]:
        """A reply into the outbox."""
        words = f"Coach {claim.conversation_id} stands in hall {claim.epoch}, says {self.agent}."
        reply, _ = outbox.hold(session, claim, words, config=CONFIG, now=now)
        return {"reply": reply, "words": words, "draft": claim.conversation_id}

    def release(self, session: Any, now: Millis, claim: claims.Claim) -> dict[str, Any]:
        """Back, with its draft."""
        claims.release(session, claim.conversation_id, agent=self.agent, now=now)
        self.held.remove(claim)
        return {"free": claim.conversation_id}

    def resolve(self, session: Any, now: Millis, claim: claims.Claim) -> dict[str, Any]:
        """Done with."""
        claims.resolve(session, claim.conversation_id, agent=self.agent, reason="done", now=now, lease=LEASE)
        self.held.remove(claim)
        return {"free": claim.conversation_id}


@dataclass
class Worker:
    """One process of the crew, as this one knows it."""

    agent: str
    pid: int
    pipe: int
    heard: bytes = b""
    said: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        """Take what it has said so far."""
        while True:
            try:
                more = os.read(self.pipe, 1 << 16)
            except BlockingIOError:
                return
            if not more:
                return
            *lines, self.heard = (self.heard + more).split(b"\n")
            self.said += map(json.loads, lines)

    def kill(self) -> None:
        """End it as a lost machine would."""
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, f"{self.agent} stumbled"
        self.listen()
        os.close(self.pipe)


def started(location: str, agent: str) -> Worker:
    """Another agent comes to the desk."""
    reading_end, writing_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            Shift(location, agent, writing_end).work()
        finally:
            os._exit(1)
    os.close(writing_end)
    os.set_blocking(reading_end, False)
    return Worker(agent, child, reading_end)


def lost(reader: Reader, worker: Worker) -> Iterator[str]:
    """What was acknowledged to a dead agent, and is not there."""
    there = {(one.id, one.kind, one.conversation_id) for one in reader.events(after=worker.said[0]["events"][0][0] - 1)}
    for said in worker.said:
        yield from (f"{worker.agent}: event {one}" for one in said["events"] if tuple(one) not in there)
    texts: dict[int, str | None] = {}
    for said in worker.said:
        if "draft" in said:
            texts[said["draft"]] = None if "reply" in said else said["words"]
        texts.pop(said.get("free", 0), None)  # from then on it is others' too
        if "reply" in said and said["words"] not in [one.text for one in reader.replies(said["draft"])]:
            yield f"{worker.agent}: reply {said['reply']}"
    last = max(one[0] for said in worker.said for one in said["events"])
    unsaid = {(one.kind, one.conversation_id) for one in reader.events(after=last, agent=worker.agent)}
    for conversation, words in texts.items():
        row, draft = reader.conversation(conversation), reader.draft(conversation)
        if words is None or row is None or row.owner != worker.agent or ("reply.held", conversation) in unsaid:
            continue
        if draft is None or _number(draft.text) - _number(words) not in (0, 1):  # the next may be there, and unsaid
            yield f"{worker.agent}: the draft {words!r}, there is {draft}"


def _number(words: str) -> int:
    """Which of its agent's drafts it is."""
    return int(words.split()[1])


def stuck(reader: Reader, died: dict[str, Millis], now: Millis) -> list[str]:
    """Claims of agents who have been dead for longer than a claim may stand."""
    rows = reader.page("all", agent="", now=now, limit=1_000_000)
    return [
        f"conversation {row.id} is {row.owner}'s, dead since {now - died[row.owner]} ms"
        for row in rows
        if row.state == "claimed" and row.owner in died and now - died[row.owner] > LEASE + LATE
    ]


class Desk:
    """The desk as the one sees it who kills."""

    def __init__(self, location: str, seed: str) -> None:
        self.location, self.random = location, Random(seed)
        self.posts = self.agents = self.acknowledged = 0
        self.died: dict[str, Millis] = {}
        self.lost: list[str] = []
        self.stuck: set[str] = set()

    def supply(self) -> None:
        """Nobody runs out of work."""
        store = Store(home_of(self.location))
        now = clock.now()
        numbers = range(self.posts, self.posts + WAITING_LEAST)
        self.posts += WAITING_LEAST
        take(store, *(post(f"p{n}", f"rider{n}", f"{US} hello?", created_at=now) for n in numbers), now=now)
        store.close()

    def comes(self) -> Worker:
        """A new agent."""
        self.agents += 1
        return started(self.location, f"agent{self.agents}")

    def check(self, dead: Worker) -> None:
        """Right after a death."""
        store = Store(home_of(self.location))
        reader = store.reader()
        now = self.died[dead.agent] = clock.now()
        if dead.said:
            self.acknowledged += sum(len(said["events"]) for said in dead.said)
            self.lost += lost(reader, dead)
        self.stuck |= set(stuck(reader, self.died, now))
        short = reader.count("waiting", agent="", now=now) < WAITING_LEAST
        reader.close()
        store.close()
        if short:
            self.supply()

    def last_check(self) -> None:
        """All are dead: whoever comes next finds every conversation free, soon after the last lease."""
        store = Store(home_of(self.location))
        end, left = time.monotonic() + (LEASE + LATE) / SECOND, 1
        while left and time.monotonic() < end:
            with store.transaction() as session:
                claims.wake(session, clock.now())
                rows = reading(session).page("all", agent="", now=clock.now(), limit=1_000_000)
                left = sum(row.state == "claimed" for row in rows)
            time.sleep(0.1)
        self.stuck |= {f"{left} at the end"} if left else set()
        store.close()


def run(location: str, kills: int, seed: str) -> dict[str, Any]:
    """Kill so many."""
    desk = Desk(location, seed)
    desk.supply()
    crew = [desk.comes() for _ in range(CREW)]
    for _ in range(kills - CREW):
        until = time.monotonic() + desk.random.uniform(0, LONGEST_S)
        dead = crew.pop(desk.random.randrange(CREW))
        while time.monotonic() < until or not dead.said:  # one that has not begun yet has nothing to lose
            time.sleep(0.01)
            for worker in (dead, *crew):
                worker.listen()
        dead.kill()
        desk.check(dead)
        crew.append(desk.comes())
    for worker in crew:
        worker.kill()
        desk.check(worker)
    desk.last_check()
    return {
        "kills": desk.agents, "acknowledged": desk.acknowledged, "lost": desk.lost, "stuck": sorted(desk.stuck),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
