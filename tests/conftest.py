"""What every test has: a home of its own, no way out to a network, and a desk where it asks for one."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from making import NOW, copy_of

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


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    """A prepared, empty desk."""
    made = copy_of(template, tmp_path / "desk")
    yield made
    made.close()


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
