"""Eight agents at work on a disk that is filled and freed again, each in a process of its own, and the worker.

`full_disk.py DESK FOLDER ROUNDS SECONDS`: the desk stands on a small disk, FOLDER on another. So often the disk is
filled, until every agent was refused and then for so long (s). What was acknowledged to an agent stands in FOLDER,
written down after the desk has said so. Prints how long it took every agent to work again after each time (s).
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import RawArray
from pathlib import Path
from threading import Event, Thread
from typing import Any

from crew import together
from disks import fill
from making import US, post, take_into

from tui import clock
from tui.config import Config, DeskSettings
from tui.desk import claims, drafts, outbox
from tui.errors import OutOfReach
from tui.networks.files import Files
from tui.store.store import Store, reading
from tui.worker.local import Local
from tui.worker.run import Worker

AGENTS = 8
PATIENCE_S = 60
LEASE = clock.HOUR
CONFIG = Config(desk=DeskSettings(undo_seconds=1))

acknowledged, refused = RawArray("L", AGENTS), RawArray("L", AGENTS)
"""How often each agent was told yes, and no."""
ended = RawArray("b", 1)


class Agent:
    """One agent, who does what was refused again until it is done."""

    def __init__(self, store: Store, number: int, folder: Path) -> None:
        self.store, self.number, self.name = store, number, f"agent{number}"
        self.told = (folder / f"{self.name}.jsonl").open("w", buffering=1)

    def work(self) -> None:
        """One customer after another, until the end."""
        for count in itertools.count():
            for step in self._steps(count):
                if not self._done(step):
                    return

    def _steps(self, count: int) -> Iterator[Callable[[Any], dict[str, Any]]]:
        """What is done for one customer: they write, they are claimed, a draft, then a reply or that all is well."""
        held: list[claims.Claim] = []
        words = f"Seat {count} of {self.name} is kept at the desk of your station. {'x' * 120}"

        def comes(session: Any) -> dict[str, Any]:
            about = {"author": f"{self.name}of{count}", "text": f"{US} hello? {'y' * 1_000}", "created_at": clock.now()}
            take_into(session, post(f"{self.name}-{count}", **about), now=clock.now())
            return {"post": f"{self.name}-{count}"}

        def claim(session: Any) -> dict[str, Any]:
            held.clear()
            found = claims.claim_next(session, agent=self.name, now=clock.now(), lease=LEASE)
            assert found is not None, "no more are claimed than have come"
            held.append(found)
            return {"claim": found.conversation_id, "epoch": found.epoch}

        def draft(session: Any) -> dict[str, Any]:
            drafts.save(session, held[0], words, cursor=len(words), now=clock.now())
            return {"draft": held[0].conversation_id, "text": words}

        def reply(session: Any) -> dict[str, Any]:
            made, _ = outbox.hold(session, held[0], words, config=CONFIG, now=clock.now())
            return {"reply": made, "text": words}

        def resolve(session: Any) -> dict[str, Any]:
            one = held[0].conversation_id
            claims.resolve(session, one, agent=self.name, reason="kept", now=clock.now(), lease=LEASE)
            return {"resolved": one}

        yield comes
        yield claim
        yield draft
        yield reply if count % 2 else resolve

    def _done(self, step: Callable[[Any], dict[str, Any]]) -> bool:
        """Again and again until it is acknowledged, which is written down elsewhere; False at the end."""
        while not ended[0]:
            try:
                with self.store.transaction() as session:
                    said = step(session)
                    event = reading(session).last_event()
            except OutOfReach:
                refused[self.number] += 1
                time.sleep(0.02)
            else:
                self.told.write(json.dumps(said | {"event": event}) + "\n")
                acknowledged[self.number] += 1
                time.sleep(0.005)
                return True
        return False


def _fill(disk: Path, rounds: int, seconds: float) -> list[float]:
    """Fill the disk and free it again, so often; after how long all agents worked again (s)."""
    took = []
    for _ in range(rounds):
        _until(_more(acknowledged))
        _hold_full(disk, seconds)
        freed = time.monotonic()
        _until(_more(acknowledged))
        took.append(round(time.monotonic() - freed, 2))
    ended[0] = 1
    return took


def _hold_full(disk: Path, seconds: float) -> None:
    """The disk is full until every agent was refused, and for so long at least."""
    was_refused, until = _more(refused), time.monotonic() + seconds
    _until(lambda: was_refused() and time.monotonic() > until, lambda: fill(disk))
    (disk / "filler").unlink()


def _more(counts: Any) -> Callable[[], bool]:
    """Whether every agent's count has gone up since now."""
    before = list(counts)
    return lambda: all(now > then for now, then in zip(counts, before, strict=True))


def _until(condition: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (condition() or ended[0]):
        assert time.monotonic() < deadline, f"acknowledged {list(acknowledged)}, refused {list(refused)}"
        meanwhile()
        time.sleep(0.01)


def main(desk: Path, folder: Path, rounds: int, seconds: float) -> None:
    """One run."""

    def part(number: int) -> Any:
        store = Store(desk)
        try:
            if number < AGENTS:
                return Agent(store, number, folder).work()
            if number > AGENTS:
                return _fill(desk.parent, rounds, seconds)
            return _send(store, folder)
        except BaseException:
            ended[0] = 1
            raise

    took = together(AGENTS + 2, part)[-1]
    print(json.dumps({"took": took, "acknowledged": sum(acknowledged), "refused": sum(refused)}))


def _send(store: Store, folder: Path) -> None:
    stop = Event()

    def watch() -> None:
        while not ended[0]:
            time.sleep(0.05)
        stop.set()

    Thread(target=watch, daemon=True).start()
    Worker(store, [Local(store, CONFIG, Files(folder))]).run(stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
