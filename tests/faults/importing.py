"""Posts come in at a pace, and a colleague resolves one of each batch: run as a program.

`importing.py LOCATION RATE SECONDS` commits a batch each BATCH_S and prints a line of JSON after it: `at`, by the
monotonic clock of the machine, and how many conversations are `waiting` then. Of three posts one was written before
all that wait, so that it is served before them.
"""

import json
import sys
import time

from making import US, post, take_into
from sqlalchemy import func, select

from tui import clock
from tui.clock import HOUR
from tui.desk import claims
from tui.store import tables as t
from tui.store.store import Store, home_of, reading

BATCH_S = 0.1
LEASE = HOUR


def bring(store: Store, numbers: range, began: int) -> int:
    """One batch; how many wait with it."""
    with store.transaction() as session:
        now = clock.now()
        posts = (
            post(f"n{n}", f"guest{n}", f"{US} and now?", created_at=now if n % 3 else began - HOUR - n) for n in numbers
        )
        take_into(session, *posts, now=now)
        newest = session.execute(select(func.max(t.conversations.c.id))).scalar_one()
        claims.resolve(session, newest, agent="colleague", reason="done", now=now, lease=LEASE)
        return reading(session).count("waiting", agent="", now=now)


def main() -> None:
    store, each = Store(home_of(sys.argv[1])), round(int(sys.argv[2]) * BATCH_S)
    began, due = clock.now(), time.monotonic()
    for batch in range(round(int(sys.argv[3]) / BATCH_S)):
        time.sleep(max(0.0, due - time.monotonic()))
        waiting = bring(store, range(batch * each, (batch + 1) * each), began)
        print(json.dumps({"at": time.monotonic(), "waiting": waiting}), flush=True)
        due += BATCH_S
    store.close()


if __name__ == "__main__":
    main()
