"""`doctor` on a PostgreSQL server, where something is not as it should be."""

from typing import Any

import psycopg
import pytest

from tui.cli import doctor_server
from tui.store.postgres import Notified, Server

pytestmark = pytest.mark.postgresql


def alter(desk, change: str) -> None:
    """Change the database, by one who may."""
    desk.store.close()
    name = desk.run("SELECT current_database()")[0][0]
    desk.run(f"ALTER DATABASE {name} {change}")
    desk.store.close()


def found(desk, name: str, code: int = 0) -> tuple[str, str]:
    """Verdict and sentence."""
    answer = desk("doctor", "--json")
    assert answer.code == code, answer
    return next((one["verdict"], one["text"]) for one in answer.json["checks"] if one["name"] == name)


def test_a_healthy_server(desk) -> None:
    alter(desk, "SET synchronous_commit = on")
    document = desk.json("doctor")
    assert document["ok"] is True
    verdicts = {one["name"]: one["verdict"] for one in document["checks"]}
    names = ("server", "encoding", "locale", "writing", "notifications", "commit", "rights", "database", "schema")
    assert {name: verdicts[name] for name in (*names, "encryption")} == dict.fromkeys((*names, "encryption"), "ok")
    assert verdicts["fsync"] == "warn"  # of the tests' server


def test_an_old_server_is_refused(desk, monkeypatch) -> None:
    monkeypatch.setattr(doctor_server, "OLDEST", 990_000)
    verdict, said = found(desk, "server", code=3)
    assert verdict == "stop"
    assert "needs PostgreSQL 99 or newer" in said


def test_a_long_way(desk, monkeypatch) -> None:
    monkeypatch.setattr(doctor_server, "SLOW_MS", 0)
    verdict, said = found(desk, "round trip")
    assert (verdict, "nearer" in said) == ("warn", True)


def test_a_commit_that_does_not_wait_for_the_disk(desk) -> None:
    alter(desk, "SET synchronous_commit = off")
    verdict, said = found(desk, "commit")
    assert (verdict, "set it on" in said) == ("warn", True)


def test_a_database_that_only_reads(desk) -> None:
    alter(desk, "SET default_transaction_read_only = on")
    verdict, said = found(desk, "writing", code=3)
    assert (verdict, "default_transaction_read_only" in said) == ("stop", True)


def test_a_standby() -> None:
    assert doctor_server.writable(True, False).verdict == "stop"
    assert "primary" in doctor_server.writable(True, False).text


class Pooled(Notified):
    """What comes through a pooler that gives each transaction another session."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        super().__init__(connection)
        connection.execute("UNLISTEN *")


def test_notifications_that_do_not_arrive(desk, monkeypatch) -> None:
    monkeypatch.setattr(doctor_server, "HEARD_S", 0.1)
    monkeypatch.setattr(Server, "changes", lambda self: Pooled(self._open()))
    verdict, said = found(desk, "notifications", code=3)
    assert (verdict, "session mode" in said) == ("stop", True)


def test_few_connections(desk) -> None:
    alter(desk, "CONNECTION LIMIT 36")
    verdict, said = found(desk, "connections")
    assert (verdict, said) == ("info", "36 allowed, room for about 2 desks of 8 and a worker; for 50 desks allow 420")


def test_a_way_that_others_can_read() -> None:
    assert doctor_server.encryption(False, False).verdict == "warn"
    assert doctor_server.encryption(False, True).verdict == doctor_server.encryption(True, False).verdict == "ok"


@pytest.fixture
def clerk(desk, monkeypatch):
    """A role that may only read."""
    desk.run("CREATE ROLE clerk LOGIN")
    desk.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk")
    monkeypatch.setenv("SHIFTDESK_DB", desk.store.location.replace("//postgres@", "//clerk@"))
    yield
    desk.run("DROP OWNED BY clerk")
    desk.run("DROP ROLE clerk")


def test_a_role_that_may_not_write(desk, clerk) -> None:
    verdict, said = found(desk, "rights", code=3)
    assert verdict == "stop"
    assert "clerk lacks INSERT, UPDATE, DELETE" in said


@pytest.fixture
def plain(desk, monkeypatch):
    """Selects a database with these words for its creation."""
    import postgres

    made = []

    def create(words: str) -> None:
        name = f"plain{len(made)}"
        postgres.server().run(f"CREATE DATABASE {name} TEMPLATE template0 {words}")
        made.append(name)
        monkeypatch.setenv("SHIFTDESK_DB", postgres.server().url(name))

    yield create
    for name in made:
        postgres.server().drop(name)


def test_a_locale_that_knows_latin_capitals_only(desk, plain) -> None:
    plain("ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
    verdict, said = found(desk, "locale")
    assert (verdict, "C.UTF-8" in said) == ("info", True)
    assert found(desk, "rights")[1] == "postgres may make the tables in the schema public"


def test_another_encoding(desk, plain) -> None:
    plain("ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    verdict, said = found(desk, "encoding", code=3)
    assert (verdict, "ENCODING 'UTF8'" in said) == ("stop", True)
