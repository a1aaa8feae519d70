"""What systemd is told of the worker: ready, stopping, a status, and a sign of life only while every lane goes on."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from making import NOW, US, post, take
from running import PATIENCE_S, terminated, worker
from sqlalchemy import insert, select

from tui.clock import HOUR
from tui.config import Config, data_folder
from tui.desk import claims, outbox, sources
from tui.store import tables as t
from tui.store.sqlite import File
from tui.store.store import Store, home_of
from tui.worker.run import Done, Leads, Worker
from tui.worker.systemd import STATUS_S, Notices, notices, standing


class Inbox:
    """The socket that systemd listens at."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE_S)
        self._socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)

    def next(self) -> list[str]:
        """The assignments of one datagram."""
        return self._socket.recv(4096).decode().split("\n")

    def all(self) -> list[str]:
        """Those that have arrived."""
        self._socket.setblocking(False)
        words: list[str] = []
        while True:
            try:
                words += self.next()
            except BlockingIOError:
                self._socket.settimeout(PATIENCE_S)
                return words

    def bite(self, span_s: float) -> None:
        """Return when no sign of life came for so long (s), as the watchdog."""
        heard = time.monotonic()
        while (left := heard + span_s - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with suppress(TimeoutError):
                if "WATCHDOG=1" in self.next():
                    heard = time.monotonic()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def inbox(request: pytest.FixtureRequest) -> Iterator[Inbox]:
    with TemporaryDirectory() as folder:  # short, since the name of a socket may have 107 characters
        place = f"{folder}/notify" if request.param == "path" else f"@shiftdesk-test-{os.getpid()}-{id(request)}"
        made = Inbox(place)
        yield made
        made.close()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tick(told: Notices, **values: Any) -> None:
    told.tick(**{"silence_s": 0.0, "stopping": False, "status": lambda: "All is well.", **values})


def test_ready_first_then_a_status_where_it_has_changed_and_at_last_that_it_stops(inbox: Inbox) -> None:
    clock = Clock()
    told = Notices(inbox.address, 0, clock)
    tick(told)
    assert inbox.all() == ["READY=1"]
    tick(told)
    assert inbox.all() == ["STATUS=All is well."]
    clock.now += STATUS_S
    tick(told)
    assert inbox.all() == []
    clock.now += STATUS_S
    tick(told, status=lambda: "@northline mentions is 9m behind.")
    tick(told, stopping=True)
    tick(told, stopping=True)
    assert inbox.all() == [
        "STATUS=@northline mentions is 9m behind.",
        "STOPPING=1",
        "STATUS=It ends after the calls under way.",
    ]


def test_the_status_is_looked_up_now_and_then_only(inbox: Inbox) -> None:
    clock, asked = Clock(), []
    told = Notices(inbox.address, 0, clock)
    for _ in range(int(3 * STATUS_S) + 1):
        tick(told, status=lambda: asked.append(clock.now) or "")
        clock.now += 1
    assert len(asked) == 3


def test_a_sign_of_life_at_half_of_the_span_also_while_it_stops(inbox: Inbox) -> None:
    clock = Clock()
    told = Notices(inbox.address, 60, clock)
    signs = []
    for second in range(120):
        tick(told, stopping=second > 70)
        signs += [second] * inbox.all().count("WATCHDOG=1")
        clock.now += 1
    assert signs[0] == 0
    assert max(after - before for before, after in pairwise(signs)) <= 30


def test_no_sign_of_life_for_a_worker_of_which_a_part_hangs(inbox: Inbox) -> None:
    clock = Clock()
    told = Notices(inbox.address, 60, clock)
    for second in range(300):
        tick(told, silence_s=second)
        clock.now += 1
    assert inbox.all().count("WATCHDOG=1") == 3  # at 0, 29 and 58


def test_a_socket_that_is_gone_does_not_end_the_worker(tmp_path: Path) -> None:
    tick(Notices(str(tmp_path / "nobody")))


def test_only_systemd_is_told_and_its_variables_are_not_passed_on() -> None:
    assert notices({}) is None
    assert notices({"WATCHDOG_USEC": "60000000"}) is None
    assert notices({"NOTIFY_SOCKET": "vsock:2:1234"}) is None
    given = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}
    told = notices(given)
    assert (given, told and told.watchdog_s) == ({}, 60)
    of_another = notices({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"})
    assert of_another is not None
    assert of_another.watchdog_s == 0


# -- the sign itself: every lane goes on -----------------------------------------------------------


class Step:
    """A lane that takes each step when it is let."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun, self.go_on = threading.Event(), threading.Event()

    def round(self, *, first: bool, leads: Leads) -> Done:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        return Done()

    def close(self) -> None:
        pass


def test_the_lane_that_hangs_is_the_one_that_is_heard_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now, stop, ticks, told = Clock(), threading.Event(), [], threading.Event()
    monkeypatch.setattr("tui.worker.run.time.monotonic", now)
    hangs, goes_on = Step("send x:@northline"), Step("worker")
    goes_on.go_on.set()
    running = Worker(store, [hangs, goes_on])

    def tick() -> None:
        ticks.append(running.silence_s)
        if ticks[-1] == 100:
            told.set()

    thread = threading.Thread(target=lambda: running.run(stop, tick))
    thread.start()
    assert hangs.begun.wait(PATIENCE_S)
    assert running.silence_s == 0
    now.now += 100
    goes_on.begun.clear()
    assert goes_on.begun.wait(PATIENCE_S)
    assert running.silence_s == 100
    assert running.leading == {"send x:@northline": True, "worker": True}
    assert told.wait(PATIENCE_S)
    stop.set()
    hangs.go_on.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert (running.silence_s, 100 in ticks) == (0, True)
    with store.transaction() as session:
        assert session.execute(select(t.leases)).all() == []


class Endless:
    """A lane that has always more to do, as long as it may."""

    name = "send x:@northline"

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop

    def round(self, *, first: bool, leads: Leads) -> Done:
        while leads():
            self.stop.set()
        return Done()

    def close(self) -> None:
        pass


def test_who_has_much_to_send_begins_no_more_of_it_when_the_worker_ends(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.worker.run.GRACE_S", 0)
    stop = threading.Event()
    thread = threading.Thread(target=Worker(store, [Endless(stop)]).run, args=(stop,), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_the_status_says_what_is_led_and_what_is_wrong(store: Store) -> None:
    with store.transaction() as session:
        values = {"network": "x", "handle": "@northline", "name": "northline", "created_at": NOW}
        session.execute(insert(t.accounts).values(id=1, server="https://x.example", **values))
        sources.ensure(session, 1, ["mentions"], NOW, ())
    said = standing(Worker(store, [Step("worker")]), store, Config())
    assert said.startswith("0 of 1 lanes led from here. @northline mentions")


@pytest.mark.sqlite
def test_the_status_says_that_the_file_is_gone(store: Store) -> None:
    store.path.unlink()
    assert "\n" not in (gone := standing(Worker(store, []), store, Config()))
    assert str(store.path) in gone


@pytest.mark.postgresql
def test_the_status_says_that_the_database_is_gone(store: Store) -> None:
    gone = Store(home_of(store.location.replace("/desk", "/gone")))
    assert "\n" not in (said := standing(Worker(gone, []), gone, Config()))
    assert gone.location in said


# -- a process as systemd starts it ----------------------------------------------------------------


def test_a_real_worker_is_ready_gives_signs_and_says_that_it_stops(store: Store, inbox: Inbox) -> None:
    environment = {"NOTIFY_SOCKET": inbox.address, "WATCHDOG_USEC": str(2_000_000)}
    with worker(store, environment=environment) as process:
        heard = inbox.next()
        assert heard[0] == "READY=1"
        while heard.count("WATCHDOG=1") < 3:
            heard += inbox.next()
        assert terminated(process) == 128 + signal.SIGTERM
        assert "STOPPING=1" in inbox.all()
    with store.transaction() as session:
        assert session.execute(select(t.leases)).all() == []


def test_without_systemd_a_real_worker_runs_all_the_same(store: Store) -> None:
    with worker(store, "--metrics", "127.0.0.1:0") as process:
        assert process.stderr
        assert "Figures at http://127.0.0.1:" in process.stderr.readline()
        assert "ctrl+c ends it" in process.stderr.readline()
        assert terminated(process) == 128 + signal.SIGTERM


@pytest.mark.parametrize("inbox", ["path"], indirect=True)
def test_a_real_worker_that_hangs_is_ended_by_the_watchdog(store: Store, inbox: Inbox) -> None:
    take(store, post("q", text=f"{US} where is my train?"))
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=NOW, lease=HOUR)
        outbox.hold(session, claim, "We are sorry. Which one?", config=Config(), now=NOW)
    folder = store.path.parent if isinstance(store.home, File) else data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "outbox-x.jsonl")  # whoever opens it for writing waits for a reader
    span_s = 2
    environment = {"NOTIFY_SOCKET": inbox.address, "WATCHDOG_USEC": str(span_s * 1_000_000)}
    with worker(store, environment=environment) as process:
        assert inbox.next()[0] == "READY=1"
        inbox.bite(span_s)
        process.send_signal(signal.SIGABRT)
        said = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == -signal.SIGABRT
    assert "files.py" in said  # where it hung
