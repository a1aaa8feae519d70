"""What every test has: a home of its own, no way out to a network, and a desk where it asks for one."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from making import NOW, copy_of

from tui import clock
from tui.clock import Millis
from tui.store.reader import Reader
from tui.store.store import Store

LOCAL = {"127.0.0.1", "localhost", "::1", ""}


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person who runs the tests is read or written."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name, folder in {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state"}.items():
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    for name in [name for name in os.environ if name.startswith("SHIFTDESK_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that reaches for another machine fails, even where the program swallows the error."""
    reached: list[Any] = []

    def guarded(name: str, local: Any) -> None:
        original = getattr(socket.socket, name)

        def call(self: socket.socket, *args: Any) -> Any:
            if self.family != socket.AF_UNIX and not local(args):
                reached.append(args[-1])
                raise OSError(f"this test reached for {args[-1]}")
            return original(self, *args)

        monkeypatch.setattr(socket.socket, name, call)

    for name in ("connect", "connect_ex", "sendto", "bind"):
        guarded(name, lambda args: args[-1][0] in LOCAL)
    yield
    assert not reached, f"reached for {reached}"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared, empty database file."""
    path = tmp_path_factory.mktemp("template") / "desk.db"
    store = Store(path)
    store.prepare()
    store.close()
    return path


KINDS = ("sqlite", "postgresql")
ON_BOTH = {"desk", "store", "cli", "worker"}
"""Folders whose tests run on either kind of database, unless they are marked to be about one."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What a test of the rules asks of a desk holds on both kinds of database."""
    if "database" not in metafunc.fixturenames:
        return
    own = {mark.name for mark in metafunc.definition.iter_markers() if mark.name in KINDS}
    rooms = metafunc.definition.path.relative_to(Path(__file__).parent).parts
    both = KINDS if rooms[0] in ON_BOTH else KINDS[:1]
    metafunc.parametrize("database", sorted(own) or both)


@pytest.fixture
def fresh(database: str, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Store]]:
    """Makes prepared, empty desks of the kind, that are gone after the test."""
    with ExitStack() as stack:

        def on_file() -> Store:
            made = copy_of(template, tmp_path_factory.mktemp("desk"))
            stack.callback(made.close)
            return made

        def on_server() -> Store:
            import postgres

            made = postgres.Desk()
            stack.callback(made.drop)
            stack.callback(clock.follow, None)
            return made.store

        yield on_file if database == "sqlite" else on_server


@pytest.fixture
def store(fresh: Callable[[], Store]) -> Store:
    """A prepared, empty desk."""
    return fresh()


@pytest.fixture
def reader(store: Store) -> Iterator[Reader]:
    """Reads the desk of `store`."""
    made = store.reader()
    yield made
    made.close()


@pytest.fixture
def now() -> Millis:
    """The moment at which everything happens."""
    return NOW
