"""What `doctor` looks at on a PostgreSQL server. Changes nothing: it sends one notification, which wakes the desks."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from tui.cli.doctor import Check
from tui.store.home import Connection, Home
from tui.text import line

OLDEST = 140_000
"""`server_version_num` of the first PostgreSQL that the desk is made for; normalize() alone needs 13."""
SLOW_MS = 20
"""A change is seven or eight round trips: above this each of them takes longer than an eye blinks."""
TRIPS = 7
HEARD_S = 2
"""How long a notification of our own may take (s)."""
DESKS = 50
DESK_CONNECTIONS = 8
"""Counted at a desk that also sends."""
WORKER_CONNECTIONS = 20
"""Three, and one for each lane that is at work."""
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def checks(home: Home) -> Iterator[Check]:
    """Everything but the schema. Raises what the database raises."""
    with closing(home.connect()) as connection:
        version = _version(home, connection)
        yield version
        if version.verdict == "stop":
            return
        yield from _texts(connection)
        yield _round_trip(connection)
        in_recovery, read_only = _row(
            connection,
            "SELECT pg_is_in_recovery(), reset_val = 'on' FROM pg_settings "
            "WHERE name = 'default_transaction_read_only'",
        )
        yield writable(in_recovery, read_only)
        if not in_recovery:
            yield _notifications(home, connection)
        yield from _kept(connection)
        yield _rights(connection, home.revision() is not None)
        yield _size(connection)
        yield encryption(
            *_row(
                connection,
                "SELECT coalesce(inet_client_addr() = inet_server_addr(), true), "
                "coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)",
            )
        )
        yield _connections(connection)


def _row(connection: Connection, sql: str) -> Sequence[Any]:
    row: Sequence[Any] = connection.execute(sql).fetchone()
    return row


def _version(home: Home, connection: Connection) -> Check:
    number, version = _row(
        connection, "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
    )
    said = f"PostgreSQL {line(version)} at {home.location}"
    if number < OLDEST:
        return Check("server", "stop", f"{said}: too old; the desk needs PostgreSQL {OLDEST // 10_000} or newer")
    return Check("server", "ok", said)


def _texts(connection: Connection) -> Iterator[Check]:
    """Encoding, and what the locale does to letters: what counts is whether capitals are found, not its name."""
    encoding = _row(connection, "SELECT current_setting('server_encoding')")[0]
    if encoding != "UTF8":
        yield Check("encoding", "stop", f"{encoding}; create the database with ENCODING 'UTF8', docs/postgresql.md")
        return
    yield Check("encoding", "ok", encoding)
    locale, lowers = _row(
        connection, "SELECT datctype, lower('\u0416') = '\u0436' FROM pg_database WHERE datname = current_database()"
    )
    if lowers:
        yield Check("locale", "ok", f"{line(locale)}: capitals of every script are found")
    else:
        advice = "a new database with C.UTF-8 or ICU does, docs/postgresql.md"
        yield Check("locale", "info", f"{line(locale)}: a search finds no capitals but Latin ones; {advice}")


def _round_trip(connection: Connection) -> Check:
    spans = []
    for _ in range(TRIPS):
        began = time.perf_counter()
        connection.execute("SELECT 1").fetchone()
        spans.append((time.perf_counter() - began) * 1000)
    took = statistics.median(spans)
    said = f"{took:.1f} ms there and back"
    if took > SLOW_MS:
        return Check("round trip", "warn", f"{said}, and a change is eight of them; run the desk nearer to the server")
    return Check("round trip", "ok", said)


def writable(in_recovery: bool, read_only: bool) -> Check:
    """Whether the desk can be changed there."""
    if in_recovery:
        return Check("writing", "stop", "this server is a standby, which only reads; give the address of the primary")
    if read_only:
        advice = "take default_transaction_read_only from the database, the user or the address"
        return Check("writing", "stop", f"every transaction is read-only by a setting; {advice}")
    return Check("writing", "ok", "this server is the primary and takes changes")


def _notifications(home: Home, connection: Connection) -> Check:
    from tui.store.postgres import CHANNEL

    with closing(home.changes()) as changes:
        connection.execute(f"NOTIFY {CHANNEL}")
        heard = changes.wait(HEARD_S)
    if heard:
        return Check("notifications", "ok", "they arrive, so a desk sees at once what others do")
    advice = "a pooler in transaction mode keeps them; connect directly, or set it to session mode"
    return Check("notifications", "stop", f"none arrived within {HEARD_S} s: {advice}")


def _kept(connection: Connection) -> Iterator[Check]:
    """Whether what is acknowledged is on the server's disk."""
    commit, fsync = _row(connection, "SELECT current_setting('synchronous_commit'), current_setting('fsync')")
    if commit == "off":
        said = "synchronous_commit is off: the last moments may be lost with the server's power; set it on"
        yield Check("commit", "warn", said)
    else:
        yield Check("commit", "ok", f"synchronous_commit is {commit}: what is acknowledged is on the disk")
    if fsync == "off":
        said = "fsync is off: the whole database may be damaged when the server's power fails; set it on"
        yield Check("fsync", "warn", said)


def _rights(connection: Connection, prepared: bool) -> Check:
    user, schema, creates = _row(
        connection,
        "SELECT current_user, current_schema(), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)",
    )
    if schema is None:
        return Check("rights", "stop", "no schema of the search_path exists or may be used; create it, or grant USAGE")
    who, where = line(user), line(schema)
    if not prepared:
        if creates:
            return Check("rights", "ok", f"{who} may make the tables in the schema {where}")
        return Check("rights", "stop", f"{who} may make no tables in the schema {where}; grant CREATE on it")
    asked = ", ".join(f"has_table_privilege('conversation', '{right}')" for right in RIGHTS)
    held = _row(connection, f"SELECT {asked}")
    if missing := [right for right, has in zip(RIGHTS, held, strict=True) if not has]:
        return Check(
            "rights", "stop", f"{who} lacks {', '.join(missing)} on the tables in the schema {where}; grant it"
        )
    upgrades = "" if creates else "; it may not make tables, so upgrades are for the owner of the schema"
    return Check("rights", "ok", f"{who} may read and change the tables in the schema {where}{upgrades}")


def _size(connection: Connection) -> Check:
    size = _row(connection, "SELECT pg_database_size(current_database())")[0]
    return Check("database", "ok", f"{size / 10**6:,.0f} MB")


def encryption(local: bool, encrypted: bool) -> Check:
    """Whether others can read the way between here and the server."""
    if encrypted:
        return Check("encryption", "ok", "the connection is encrypted (TLS)")
    if local:
        return Check("encryption", "ok", "the connection stays on this machine")
    advice = "add ?sslmode=verify-full to the address"
    return Check("encryption", "warn", f"the connection crosses a network without TLS: posts can be read; {advice}")


def _connections(connection: Connection) -> Check:
    allowed = min(
        _row(
            connection,
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, "
            "CASE WHEN datconnlimit < 0 THEN 2147483647 ELSE datconnlimit END, "
            "(SELECT CASE WHEN rolconnlimit < 0 THEN 2147483647 ELSE rolconnlimit END "
            "FROM pg_roles WHERE rolname = current_user) FROM pg_database WHERE datname = current_database()",
        )
    )
    desks = max(0, allowed - WORKER_CONNECTIONS) // DESK_CONNECTIONS
    said = f"{allowed} allowed, room for about {desks} desks of {DESK_CONNECTIONS} and a worker"
    if desks < DESKS:
        wanted = DESKS * DESK_CONNECTIONS + WORKER_CONNECTIONS
        return Check("connections", "info", f"{said}; for {DESKS} desks allow {wanted}")
    return Check("connections", "ok", said)
