"""Workers that die: each command is carried out by a process of its own, which kill -9 ends at the step it names.

Reads lines of JSON on stdin: `db`, `config`, `lane` (how the names of its lanes begin), `step` (0: no kill) and
`later` (milliseconds by which its clock is ahead). Answers each with the signal that ended it, 0 where it came to its
end, and what it did.
"""

import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui import clock

_later = 0
clock.now = lambda: time.time_ns() // 1_000_000 + _later  # before anything takes it over

from tui import config  # noqa: E402
from tui.networks.bluesky import client as _client  # noqa: E402, F401  loaded once, for all of them
from tui.networks.wire import Wire  # noqa: E402
from tui.store.store import Store  # noqa: E402
from tui.worker import collector as _collector  # noqa: E402, F401
from tui.worker import lanes  # noqa: E402
from tui.worker.run import Worker  # noqa: E402


class Steps:
    """Counts what cannot be undone, and ends this process after one of them."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.done = 0

    def step(self) -> None:
        self.done += 1
        if self.done == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """A step is a transaction that is committed, or a call that was answered."""
        transaction, get, send = Store.transaction, Wire.get, Wire.send
        steps = self

        @contextmanager
        def watched(self: Store, *given: Any, **named: Any) -> Any:
            with transaction(self, *given, **named) as session:
                yield session
            steps.step()

        def got(self: Wire, *given: Any, **named: Any) -> Any:
            answer = get(self, *given, **named)
            steps.step()
            return answer

        def sent(self: Wire, *given: Any, **named: Any) -> Any:
            answer = send(self, *given, **named)
            steps.step()
            return answer

        Store.transaction, Wire.get, Wire.send = watched, got, sent  # type: ignore[method-assign, assignment]


def work(order: dict[str, Any]) -> dict[str, Any]:
    """One round of the lanes that were asked for."""
    global _later
    _later = order["later"]
    steps = Steps(order["step"])
    steps.watch()
    store = Store(Path(order["db"]))
    settings = config.load(Path(order["config"]))
    wanted = [
        one for one in lanes.lanes(store, settings, Path(order["db"]).parent) if one.name.startswith(order["lane"])
    ]
    assert wanted, "there is no such lane"
    done = Worker(store, wanted).once()
    return {**done, "steps": steps.done}


def main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as out:
                json.dump(work(json.loads(line)), out)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            told = answer.read()
        _, status = os.waitpid(child, 0)
        print(
            json.dumps({"signal": os.waitstatus_to_exitcode(status), "done": json.loads(told) if told else {}}),
            flush=True,
        )


if __name__ == "__main__":
    main()
