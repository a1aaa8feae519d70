"""Many agents take from one queue, each in a process of its own, until nothing waits: run as a program, which forks.

`claims_race.py LOCATION PROCESSES FOLDER` prints one JSON object: how many claims were `taken`, which were `doubled`
(by a file in FOLDER that only one can make), the `errors`, the whole run in `seconds`, and how long one `next` took in
milliseconds (`p50`, `p99`, `longest`).
"""

import json
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from crew import together

from tui import clock
from tui.clock import MINUTE
from tui.desk import claims, people
from tui.errors import OutOfReach, Refused
from tui.store.store import Store, home_of, reading

LEASE = 30 * MINUTE
RESOLVED = 0.7
"""How many of those that are taken are done with; the others go back and are served again."""


def take(store: Store, agent: str) -> claims.Claim | None:
    """What `shiftdesk next` does."""
    with store.transaction() as session:
        now = clock.now()
        people.arrive(session, agent, now)
        if reading(session).due_timer(now):
            claims.wake(session, now)
        return claims.claim_next(session, agent=agent, now=now, lease=LEASE)


def give_back(store: Store, claim: claims.Claim, random: Random) -> None:
    """What `shiftdesk resolve` and `shiftdesk release` do."""
    with store.transaction() as session:
        now, which = clock.now(), claim.conversation_id
        if random.random() < RESOLVED:
            claims.resolve(session, which, agent=claim.agent, reason="done", now=now, lease=LEASE)
        else:
            claims.release(session, which, agent=claim.agent, now=now)


class Agent:
    """One process: takes, holds what only one can hold, gives back."""

    def __init__(self, location: str, number: int, folder: Path) -> None:
        self.store = Store(home_of(location))
        self.name, self.random, self.folder = f"agent{number}", Random(number), folder
        self.took: list[float] = []
        self.doubled: list[int] = []
        self.errors: list[str] = []

    def work(self) -> dict[str, Any]:
        """Until nothing waits."""
        while len(self.errors) < 10:
            began = time.perf_counter()
            try:
                claim = take(self.store, self.name)
                self.took.append((time.perf_counter() - began) * 1e3)
                if claim is None:
                    break
                self._alone(claim)
                give_back(self.store, claim, self.random)
            except (OutOfReach, Refused) as error:
                self.errors.append(str(error))
        self.store.close()
        return {"took": self.took, "doubled": self.doubled, "errors": self.errors}

    def _alone(self, claim: claims.Claim) -> None:
        """Nobody else has this conversation in hand at this moment, whatever the database says."""
        mark = self.folder / str(claim.conversation_id)
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            self.doubled.append(claim.conversation_id)
        else:
            mark.unlink()


def main() -> None:
    location, processes, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    began = time.perf_counter()
    done = together(processes, lambda number: Agent(location, number, folder).work())
    took = sorted(one for each in done for one in each["took"])
    found: dict[str, Any] = {
        "taken": len(took) - sum(not each["errors"] for each in done),
        "doubled": [one for each in done for one in each["doubled"]],
        "errors": [one for each in done for one in each["errors"]],
        "seconds": round(time.perf_counter() - began, 1),
        "p50": round(took[len(took) // 2], 2),
        "p99": round(took[len(took) * 99 // 100], 2),
        "longest": round(took[-1], 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
