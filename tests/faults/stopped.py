"""A process that does as it is told, line by line, and may be stopped at any moment: run as a program.

`stopped.py LOCATION AGENT LEASE PATIENCE` reads commands of one word on stdin and answers each with one line of JSON:
`next` claims (the conversation), `write` stores a draft, `send` puts a reply into the outbox, `resolve` closes, `stuck`
stops itself in the middle of a transaction. What is refused is answered with `refused` or `out`, and its sentence.
PATIENCE, in milliseconds, is how long the database waits for a change of somebody else, and for a silent one of ours.
"""

import json
import os
import signal
import sys
from typing import Any

from tui import clock
from tui.config import Config
from tui.desk import claims, drafts, outbox, people
from tui.errors import OutOfReach, Refused
from tui.store import sqlite
from tui.store.store import Store, home_of, reading

CONFIG = Config()


class Agent:
    """Somebody at the desk, and the claim they believe they have."""

    def __init__(self, location: str, agent: str, lease: int, patience: int) -> None:
        self.agent, self.lease = agent, lease
        be_patient(location, patience)
        self.store = Store(home_of(location))
        self.claim: claims.Claim | None = None

    def do(self, command: str) -> dict[str, Any]:
        """One command in one transaction."""
        try:
            with self.store.transaction() as session:
                now = clock.now()
                people.arrive(session, self.agent, now)
                return getattr(self, command)(session, now) or {}
        except Refused as error:
            return {"refused": str(error)}
        except OutOfReach as error:
            return {"out": str(error)}

    def next(self, session: Any, now: int) -> dict[str, Any]:
        if reading(session).due_timer(now):
            claims.wake(session, now)
        self.claim = claims.claim_next(session, agent=self.agent, now=now, lease=self.lease)
        return {"conversation": self.claim and self.claim.conversation_id}

    def write(self, session: Any, now: int) -> None:
        assert self.claim is not None
        drafts.save(session, self.claim, "We look into it.", cursor=3, now=now)

    def send(self, session: Any, now: int) -> None:
        assert self.claim is not None
        outbox.hold(session, self.claim, "Your seat is kept in coach nine.", config=CONFIG, now=now)

    def resolve(self, session: Any, now: int) -> None:
        assert self.claim is not None
        which = self.claim.conversation_id
        claims.resolve(session, which, agent=self.agent, reason="done", now=now, lease=self.lease)

    def stuck(self, session: Any, now: int) -> None:
        claims.note(session, 1, agent=self.agent, text="written while it was stopped", now=now)
        os.kill(os.getpid(), signal.SIGSTOP)


def be_patient(location: str, patience: int) -> None:
    """Wait otherwise than the product does, so that a test need not."""
    if "://" not in location:
        sqlite.BUSY_TIMEOUT_MS = patience
    elif patience:
        from tui.store import postgres

        limits = {"lock_timeout": f"{patience}ms", "idle_in_transaction_session_timeout": f"{3 * patience}ms"}
        asked = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in limits.items())
        postgres._LIMITS = f"SELECT {asked}"


def main() -> None:
    agent = Agent(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    for line in sys.stdin:
        print(json.dumps(agent.do(line.strip())), flush=True)


if __name__ == "__main__":
    main()
