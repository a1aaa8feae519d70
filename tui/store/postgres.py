"""A desk in PostgreSQL. Loading this module loads psycopg: only where `--db` names a server.

One change at a time has the desk, as in SQLite: each transaction begins with an advisory lock. Events then are
committed in the order of their ids, and a reader that asks for those after the last one it saw misses none.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.store.dialect import POSTGRES
from tui.store.home import Connection
from tui.text import line

if TYPE_CHECKING:
    from sqlalchemy import Engine

REASON_CHARACTERS = 200
CHANNEL = "shiftdesk"
"""Notified by the tables' own triggers, see the migrations."""
_LOCK = 0x73686966
"""The number that our changes wait for each other by; another program in the same database may not use it."""
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A server that does not answer is given up after ten seconds, so that the desk can say so."""
_LIMITS = (
    "SELECT set_config('lock_timeout', '5s', false), set_config('idle_in_transaction_session_timeout', '15s', false)"
)
"""The second: a process that is stopped inside a change does not hold up the others for ever."""
_NO_ADDRESS = (
    "--db is no address of a PostgreSQL database; write postgresql+psycopg://USER@HOST/DATABASE, "
    "and signs such as @ / # in a password as %40 %2F %23."
)
_SECRET = ("password", "sslpassword")
_BEGIN = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM pg_advisory_xact_lock(%s)"


class Server:
    """A desk in a database of a PostgreSQL server."""

    dialect = POSTGRES

    def __init__(self, url: str) -> None:
        """`url` as libpq takes it, with `+psycopg` allowed. Raises Misuse."""
        scheme, _, rest = url.partition("://")
        if scheme.partition("+")[2] not in ("", "psycopg"):
            raise Misuse("--db: the desk speaks to PostgreSQL through psycopg; write postgresql+psycopg://….")
        try:
            self._to = dict(psycopg.conninfo.conninfo_to_dict(f"postgresql://{rest}"))
        except psycopg.Error:  # whose text may quote a password
            raise Misuse(_NO_ADDRESS) from None
        if "@" in str(self._to.get("host", "")) or not re.fullmatch(r"[\d,]*", str(self._to.get("port", ""))):
            raise Misuse(_NO_ADDRESS)  # a password whose signs were taken for another part
        if not (self._to.get("dbname") or self._to.get("service")):
            raise Misuse("--db names no database; write postgresql+psycopg://USER@HOST/DATABASE.")
        self.location = _without_secrets(self._to)

    def _open(self, *, autocommit: bool = True) -> "psycopg.Connection[Any]":
        # Nothing is prepared on the server: poolers between us and it need not know about it.
        to: dict[str, Any] = _PATIENCE | self._to | {"application_name": "shiftdesk"}
        return psycopg.connect(**to, autocommit=autocommit, prepare_threshold=None)

    def revision(self) -> str | None:
        """See `tui.store.home.Home`."""
        try:
            with self._open() as connection:
                known, other = connection.execute(
                    "SELECT to_regclass('alembic_version') IS NOT NULL, to_regclass('conversation') IS NOT NULL"
                ).fetchone() or (False, False)
                if not known and other:
                    raise OutOfReach(f"{self.location} holds tables of another program; give another with --db.")
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
                return None if row is None else str(row[0])
        except psycopg.Error as error:
            raise OutOfReach(self._said(error)) from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `tui.store.home.Home`: the transaction that makes the tables is alone by itself."""
        with self._open() as connection:
            encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise OutOfReach(f"{self.location} is encoded in {encoding}; create the database with ENCODING 'UTF8'.")
        yield

    def engine(self) -> "Engine":
        """See `tui.store.home.Home`."""
        from sqlalchemy import create_engine, event

        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: self._open(autocommit=False), pool_pre_ping=True
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.execute(_LIMITS)
            connection.commit()

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            clock.follow(connection.exec_driver_sql(_BEGIN, (_LOCK,)).scalar_one())

        return engine

    def connect(self) -> Connection:
        """See `tui.store.home.Home`."""
        connection = self._open()
        connection.execute("SET default_transaction_read_only = on")
        return Plain(connection)

    def plain(self, connection: Any) -> Connection:
        """See `tui.store.home.Home`."""
        return Plain(connection)

    def changes(self) -> "Notified":
        """See `tui.store.home.Home`."""
        return Notified(self._open())

    def check(self) -> None:
        """See `tui.store.home.Home`: a server is another one only when it says so itself."""

    def sentence(self, error: Exception) -> str | None:
        """See `tui.store.home.Home`."""
        if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.IntegrityError):
            return self._said(error)
        return None

    def _said(self, error: psycopg.Error) -> str:
        reason = _first_line(error)
        advice = _ADVICE.get(error.sqlstate or "", "run `shiftdesk doctor` to see more.")
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            known = (text for words, text in _AT_THE_DOOR if words in reason)
            advice = next(known, "check that the server runs and can be reached from here.")
        return f"The database {self.location} refused ({reason}): {advice}"


_ADVICE = {
    "28P01": "check the password in SHIFTDESK_DB or ~/.pgpass.",
    "28000": "check the user, and pg_hba.conf on the server.",
    "3D000": "create the database first, see docs/postgresql.md.",
    "42501": "grant this user the rights that docs/postgresql.md names.",
    "53100": "the server's disk is full; free some space, nothing acknowledged is lost.",
    "53300": "the server takes no more connections; raise max_connections or close some.",
    "55P03": "another process holds it; wait a moment and try again.",
    "22021": "a text holds a sign that no database stores; nothing of this change was kept.",
    "25P03": "the change took too long and was undone; do it again.",
    "25006": "it is read-only, perhaps a standby; give the address of the primary.",
    "57P01": "the server was stopped; the desk tries again by itself.",
    "57P03": "the server is starting; the desk tries again by itself.",
}
"""What to do, by SQLSTATE (PostgreSQL's documentation, appendix A)."""
_AT_THE_DOOR = (
    ("password", _ADVICE["28P01"]),
    ("pg_hba.conf", _ADVICE["28000"]),
    ("role ", _ADVICE["28000"]),
    ("does not exist", _ADVICE["3D000"]),
    ("connection slots", _ADVICE["53300"]),
    ("too many", _ADVICE["53300"]),
    ("starting up", _ADVICE["57P03"]),
)
"""The same where a connection is refused: libpq has no SQLSTATE then, only the server's words, here English ones."""


class Plain:
    """A psycopg connection that takes statements as `tui.store.reader` writes them.

    Values are put in on this side, typed by how they look in SQL, so that `:limit` and `:x IS NULL` need no casts.
    """

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def execute(self, sql: str, values: Mapping[str, Any] | None = None, /) -> Any:
        """See `tui.store.home.Connection`."""
        return psycopg.ClientCursor(self._connection).execute(translated(sql), values or {})

    def close(self) -> None:
        """See `tui.store.home.Connection`."""
        self._connection.close()


_PARTS = re.compile(r"'(?:[^']|'')*'|::|:([a-z_]\w*)|%")


@lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """`:name` as psycopg writes it; texts in quotes stay as they are."""
    return _PARTS.sub(lambda part: f"%({part[1]})s" if part[1] else part[0].replace("%", "%%"), sql)


class Notified:
    """Changes of a server's desk, as it tells them."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> bool:
        """See `tui.store.home.Changes`."""
        return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))

    def close(self) -> None:
        """See `tui.store.home.Changes`."""
        self._connection.close()


def _without_secrets(to: Mapping[str, Any]) -> str:
    """An address that leads to the same database, for whoever has the password from elsewhere."""
    rest = {name: str(value) for name, value in to.items() if value is not None and name not in _SECRET}
    user, name, port = rest.pop("user", ""), rest.pop("dbname", ""), rest.pop("port", "")
    host = "" if "/" in rest.get("host", "") or "," in rest.get("host", "") else rest.pop("host", "")
    if port and not host:
        rest["port"] = port
    at = f"[{host}]" if ":" in host else quote(host)
    where = (f"{quote(user, safe='')}@" if user else "") + at + (f":{port}" if host and port else "")
    asked = f"?{urlencode(rest, quote_via=quote)}" if rest else ""
    return f"postgresql+psycopg://{where}/{quote(name, safe='')}{asked}"


def _first_line(error: Exception) -> str:
    """What the server or libpq said, which is text from outside."""
    said = (str(error).splitlines() or [""])[0].strip().rstrip(".")
    return line(said)[:REASON_CHARACTERS] or "no reason given"
