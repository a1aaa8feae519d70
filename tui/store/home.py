"""Where a desk is stored: what a SQLite file and a PostgreSQL database both do for it."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from tui.store.dialect import Dialect

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Connection(Protocol):
    """What a reader needs of a DBAPI connection: names in statements are written `:name`."""

    def execute(self, sql: str, values: Any = ..., /) -> Any:
        """Run a statement; its cursor."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Changes(Protocol):
    """Tells when others have changed the desk; used by one thread."""

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether something may have changed. Raises what the database raises."""
        ...

    def close(self) -> None:
        """Close its connection."""
        ...


class Home(Protocol):
    """One place that holds one desk."""

    @property
    def location(self) -> str:
        """As `--db` takes it, without a password."""
        ...

    @property
    def dialect(self) -> Dialect:
        """How it says what the other kind says otherwise."""
        ...

    def revision(self) -> str | None:
        """The schema it has; None where it has none yet. Raises OutOfReach."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """One process at a time prepares it; what must be there before the tables is made."""
        ...

    def engine(self) -> "Engine":
        """A new SQLAlchemy engine: every transaction is one that writes, and one at a time has the desk."""
        ...

    def connect(self) -> Connection:
        """A new connection that only reads."""
        ...

    def plain(self, connection: Any) -> Connection:
        """The same on the DBAPI connection of a running transaction."""
        ...

    def changes(self) -> Changes:
        """Listen for changes from now on."""
        ...

    def check(self) -> None:
        """Raise OutOfReach where what was opened is gone, or another stands in its place."""
        ...

    def sentence(self, error: Exception) -> str | None:
        """What the database refused, in one sentence that says what to do; None: the error is not the database's."""
        ...
