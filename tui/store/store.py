"""One desk's database: where it is, how it is read and how it is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tui.errors import Misuse, OutOfReach
from tui.store import schema, sqlite
from tui.store.reader import Reader

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session


def path_of(location: str) -> Path:
    """The file that `--db` names: a path or a `sqlite:///` URL. Misuse for anything else."""
    if "://" not in location:
        return Path(location).expanduser()
    url = urlsplit(location)
    if not url.scheme.startswith("sqlite") or url.netloc or url.path in ("", "/", "/:memory:"):
        raise Misuse(f"--db {location!r}: this version stores in a SQLite file; give a path or sqlite:///PATH.")
    return Path(unquote(url.path[1:]))


def reading(session: "Session") -> Reader:
    """A reader inside a running transaction: it sees what the transaction changed so far."""
    return Reader(session.connection().connection.dbapi_connection)


class Store:
    """Readers cost nothing to load; the first transaction loads SQLModel."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> bool:
        """Create or upgrade the database; True when it was created. Raises OutOfReach."""
        revision = schema.current(self.path)
        schema.refuse_newer(self.path, revision)
        if revision == schema.HEAD:
            return False
        sqlite.create_file(self.path)
        with self._plain_words(), sqlite.alone_in(self.path.parent):
            revision = schema.current(self.path)
            if revision == schema.HEAD:
                return False
            connection = sqlite.connect(self.path)
            connection.execute(f"PRAGMA journal_mode = {sqlite.journal_mode()}")
            connection.close()
            schema.upgrade(self.engine)
        return revision is None

    def reader(self) -> Reader:
        """A new read-only connection."""
        with self._plain_words():
            return Reader(sqlite.connect(self.path, read_only=True))

    @cached_property
    def engine(self) -> "Engine":
        """The SQLAlchemy engine; every transaction begins IMMEDIATE, since it is there to write."""
        from sqlalchemy import URL, create_engine, event

        engine = create_engine(
            URL.create("sqlite", database=str(self.path.absolute())),
            module=sqlite.sqlite3,
            connect_args={"check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            sqlite.prepare(connection)

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine

    @contextmanager
    def transaction(self) -> Iterator["Session"]:
        """One short change: committed at the end, undone when the body raises. Raises OutOfReach."""
        from sqlmodel import Session

        self._check_place()
        with self._plain_words(), Session(self.engine) as session, session.begin():
            yield session

    @cached_property
    def _file(self) -> tuple[int, int] | None:
        """The file that the first transaction found."""
        return _file_at(self.path)

    def _check_place(self) -> None:
        """A connection writes on into a file that was removed or replaced, and what it acknowledges is lost."""
        if self._file != _file_at(self.path):
            raise OutOfReach(f"The database {self.path} is gone, or another stands in its place; open the desk again.")

    def close(self) -> None:
        """Close the pooled connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def in_plain_words(self, error: Exception) -> Exception:
        """What the storage refused, as OutOfReach with a sentence; any other error as it is."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, sqlite.sqlite3.Error) and not isinstance(cause, sqlite.sqlite3.IntegrityError):
            return OutOfReach(sqlite.sentence(self.path, cause))
        return error

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            plain = self.in_plain_words(error)
            if plain is error:
                raise
            raise plain from error


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file stands there, by device and inode."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
