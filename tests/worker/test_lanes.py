"""Which lanes a worker has: two for each account whose tokens are at hand, also those that come later."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from making import US, take
from sqlalchemy import insert, update

from tui.clock import SECOND
from tui.config import AccountSettings, Config
from tui.errors import OutOfReach
from tui.store import tables as t
from tui.store.store import Store
from tui.worker import lanes
from tui.worker.collector import Collecting
from tui.worker.run import Done, Leads, Worker

FILE = '["x:@northline"]\naccess = "{}"\n'


@pytest.fixture
def tokens() -> Path:
    """The file of tokens of this user."""
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "shiftdesk/tokens.toml"
    path.parent.mkdir(parents=True)
    return path


def log_in(path: Path, access: str = "first") -> None:
    path.write_text(FILE.format(access))
    path.chmod(0o600)


def with_login(store: Store) -> None:
    take(store)
    with store.transaction() as session:
        session.execute(update(t.accounts).values(server="https://api.x.com", native_id="1"))


def names(store: Store, running: tuple[str, ...] = ()) -> list[str]:
    return [lane.name for lane in lanes.added(store, Config(), running)]


def test_an_account_has_lanes_once_it_has_a_login_and_tokens_here(store: Store, tokens: Path) -> None:
    take(store)
    log_in(tokens)
    assert names(store) == [], "without a login its replies go into a file"
    with_login(store)
    assert names(store) == ["collect x:@northline", "send x:@northline"]
    assert names(store, ("send x:@northline",)) == []
    tokens.unlink()
    assert names(store) == [], "its tokens are somewhere else, and so is its worker"


def test_tokens_that_others_could_read_are_said_by_the_collector(store: Store, tokens: Path) -> None:
    with_login(store)
    log_in(tokens)
    tokens.chmod(0o644)
    collect, _ = lanes.added(store, Config())
    collect.round(first=True, leads=lambda session=None: True)
    reader = store.reader()
    assert "chmod 600" in str(reader.sources()[0].error)
    reader.close()


def test_tokens_that_cannot_be_read_leave_the_leases_to_whoever_can(store: Store, tokens: Path) -> None:
    with_login(store)
    tokens.mkdir()  # to root, too, this is not readable
    assert names(store) == []
    tokens.rmdir()
    log_in(tokens)
    assert names(store) == ["collect x:@northline", "send x:@northline"]


def test_a_network_that_nobody_knows_holds_up_no_other_lane(store: Store, tokens: Path) -> None:
    take(store)
    with store.transaction() as session:
        session.execute(
            insert(t.accounts).values(
                network="friendster", handle=US, name="northline", created_at=0, server="https://f.example"
            )
        )
    tokens.write_text(FILE.format("a").replace("x:", "friendster:"))
    tokens.chmod(0o600)
    collect, _ = lanes.added(store, Config())
    collect.round(first=True, leads=lambda session=None: True)
    reader = store.reader()
    assert "friendster" in str(reader.sources()[0].error)
    reader.close()
    with pytest.raises(OutOfReach, match="friendster"):
        collect._connect()  # type: ignore[attr-defined]


def test_what_is_read_is_what_is_configured(store: Store, tokens: Path) -> None:
    with_login(store)
    log_in(tokens)
    settings = AccountSettings(search=("northline",), poll_seconds=30)
    collect = lanes.added(store, Config(accounts={"x:@northline": settings}))[0]
    assert isinstance(collect, Collecting)
    client = collect._connect()
    read = {source.name: source.every for source in client.sources}
    client.close()
    assert read["mentions"] == 30 * SECOND
    assert any(name.startswith("search") for name in read)


def test_another_login_is_noticed_and_shown_nowhere(store: Store, tokens: Path) -> None:
    with_login(store)
    log_in(tokens, "first-secret")
    collect = lanes.added(store, Config())[0]
    assert isinstance(collect, Collecting)
    first = collect._login()
    assert collect._login() == first
    log_in(tokens, "second-secret")
    assert collect._login() != first
    assert "secret" not in first + collect._login()


class Once:
    """A lane that runs once and ends the worker."""

    def __init__(self, name: str, stop: threading.Event | None = None) -> None:
        self.name = name
        self.rounds = 0
        self._stop = stop

    def round(self, *, first: bool, leads: Leads) -> Done:
        self.rounds += 1
        if self._stop is not None:
            self._stop.set()
        return Done()

    def close(self) -> None:
        """Nothing is held open."""


def test_an_account_that_is_added_while_a_worker_runs_is_picked_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.worker.run.PAUSE_S", 0.001)
    monkeypatch.setattr("tui.worker.run.LOOK_S", 0.0)
    stop, asked = threading.Event(), list[set[str]]()
    late = Once("late", stop)

    def more(running: object) -> list[Once]:
        asked.append(set(running))  # type: ignore[call-overload]
        if len(asked) == 1:
            raise OutOfReach("The database is locked.")
        return [late] if len(asked) == 3 else []

    running = threading.Thread(target=Worker(store, [Once("early")], more=more).run, args=(stop,))
    running.start()
    running.join(30)
    assert not running.is_alive()
    assert (late.rounds >= 1, asked[0]) == (True, {"early"})


def test_a_desk_without_a_login_loads_no_client(store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.config import Config\n"
        "from tui.store.store import Store, home_of\n"
        "from tui.worker import lanes\n"
        "print(len(lanes.lanes(Store(home_of(sys.argv[1])), Config(), Path(sys.argv[1]).parent)))\n"
        "print([name for name in ('httpx', 'tui.networks.wire', 'tui.worker.collector') if name in sys.modules])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, store.location], capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    assert said.stdout.splitlines()[1:] == ["[]"]
