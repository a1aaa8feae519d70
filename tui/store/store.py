"""One desk's database: where it is, how it is read and how it is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tui.errors import Misuse, OutOfReach, Unclear
from tui.store import schema
from tui.store.home import Changes, Home
from tui.store.reader import Reader
from tui.store.sqlite import File

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session


def home_of(location: str) -> Home:
    """What `--db` names: a path, a `sqlite:///` URL or a `postgresql://` one. Misuse for anything else."""
    if "://" not in location:
        return File(Path(location).expanduser())
    scheme, _, rest = location.partition("://")
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        from tui.store.postgres import Server

        return Server(location)
    if not scheme.startswith("sqlite") or not rest.startswith("/") or rest in ("/", "/:memory:"):
        raise Misuse("--db takes a path, sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE.")
    return File(Path(unquote(rest.partition("?")[0][1:])))


def reading(session: "Session") -> Reader:
    """A reader inside a running transaction: it sees what the transaction changed so far."""
    home: Home = session.info["home"]
    return Reader(home.plain(session.connection().connection.dbapi_connection), home.dialect)


class Store:
    """Readers cost nothing to load; the first transaction loads SQLModel."""

    def __init__(self, where: Home | Path) -> None:
        self.home: Home = File(where) if isinstance(where, Path) else where

    @property
    def location(self) -> str:
        """As `--db` takes it, without a password."""
        return self.home.location

    @property
    def path(self) -> Path:
        """The file of a desk in SQLite. Raises AttributeError for any other."""
        if not isinstance(self.home, File):
            raise AttributeError(f"{self.location} is no file")
        return self.home.path

    def prepare(self) -> bool:
        """Create or upgrade the database; True when it was created. Raises OutOfReach."""
        revision = self.home.revision()
        schema.refuse_newer(self.location, revision)
        if revision == schema.HEAD:
            return False
        with self._plain_words(), self.home.alone():
            revision = self.home.revision()
            if revision == schema.HEAD:
                return False
            schema.upgrade(self.engine)
        return revision is None

    def reader(self) -> Reader:
        """A new connection that only reads. Raises OutOfReach."""
        with self._plain_words():
            return Reader(self.home.connect(), self.home.dialect)

    def changes(self) -> Changes:
        """Tells when others have changed the desk. Raises OutOfReach."""
        with self._plain_words():
            return self.home.changes()

    @cached_property
    def engine(self) -> "Engine":
        """The SQLAlchemy engine."""
        return self.home.engine()

    @contextmanager
    def transaction(self) -> Iterator["Session"]:
        """One short change, alone on the desk: committed at the end, undone when the body raises.

        Raises OutOfReach, and of that Unclear where the answer to the commit was lost.
        """
        from sqlmodel import Session

        self.home.check()
        with self._plain_words(), Session(self.engine, info={"home": self.home}) as session:
            session.connection()  # from here on nobody else changes the desk
            yield session
            session.flush()
            with _perhaps_done():
                session.commit()

    def close(self) -> None:
        """Close the pooled connections."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def in_plain_words(self, error: Exception) -> Exception:
        """What the storage refused, as OutOfReach with a sentence; any other error as it is."""
        cause = getattr(error, "orig", None) or error
        said = self.home.sentence(cause)
        return error if said is None else OutOfReach(said)

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            plain = self.in_plain_words(error)
            if plain is error:
                raise
            raise plain from error


@contextmanager
def _perhaps_done() -> Iterator[None]:
    """A commit that is refused was not done; one whose connection broke may have been."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise Unclear(
            "The storage went out of reach while this was being stored, and it may have been: "
            "look before you do it again."
        ) from error
