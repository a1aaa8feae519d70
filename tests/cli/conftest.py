"""A desk behind its command line, in this process."""

import io
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tui.cli.program import run
from tui.clock import MINUTE, iso, now
from tui.config import data_folder
from tui.store.sqlite import File
from tui.store.store import Store


@dataclass(frozen=True)
class Answer:
    """What one command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """Runs command lines against one database."""

    store: Store
    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Answer:
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capsys.readouterr()
        code = run(arguments)
        said = self.capsys.readouterr()
        return Answer(code, said.out, said.err)

    def json(self, *arguments: str, stdin: bytes = b"") -> Any:
        """The document of a command that must succeed."""
        answer = self(*arguments, "--json", stdin=stdin)
        assert answer.code == 0, answer
        return answer.json

    @property
    def path(self) -> Path:
        """The file, of a desk that is in one."""
        return self.store.path

    @property
    def data(self) -> Path:
        """Where the outbox files lie: beside the file, else in the data folder."""
        return self.store.path.parent if isinstance(self.store.home, File) else data_folder()

    def run(self, statement: str, **values: Any) -> list[Any]:
        """A statement past every rule; its rows, where it has some."""
        with self.store.transaction() as session:
            result = session.connection().execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    def take_in(self, *posts: dict[str, Any]) -> Any:
        """Posts in through stdin."""
        return self.json("import", "-", stdin=jsonl(posts))

    def configure(self, text: str) -> None:
        """Give the desk a configuration."""
        path = self.folder / "config.toml"
        path.write_text(text)
        self.monkeypatch.setenv("SHIFTDESK_CONFIG", str(path))


def jsonl(posts: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(post).encode() + b"\n" for post in posts)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """XDG folders of a user who has nothing."""
    for name in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("DB", "CONFIG"):
        monkeypatch.delenv(f"SHIFTDESK_{name}", raising=False)
    monkeypatch.setenv("SHIFTDESK_AGENT", "ana")
    return tmp_path


@pytest.fixture
def desk(folders: Path, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk without posts, where `ana` works."""
    monkeypatch.setenv("SHIFTDESK_DB", store.location)
    return Desk(store, folders, capsys, monkeypatch)


@pytest.fixture
def post() -> Callable[..., dict[str, Any]]:
    """Makes a post to us, written `minutes` ago; fields can be given by name."""

    def made(id: str = "1", minutes: int = 5, handle: str = "amandac", **fields: Any) -> dict[str, Any]:
        return {
            "network": "x",
            "id": id,
            "account": "@northline",
            "author": {"id": f"of-{handle}", "handle": handle, "name": "Amanda C"},
            "text": "@northline the 8:14 did not come, again",
            "created_at": iso(now() - minutes * MINUTE),
            **fields,
        }

    return made
