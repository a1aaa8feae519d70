"""A line to the server that is cut while it commits: nobody says it was not done, and it is not done twice."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from making import NOW, post, take

from tui import clock
from tui.clock import MINUTE
from tui.config import Config
from tui.desk import claims, outbox
from tui.desk.claims import Claim
from tui.errors import OutOfReach, Refused, Unclear
from tui.store.store import Store, home_of

pytestmark = pytest.mark.postgresql
TEXT = "We are sorry. Which train was it?"
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""As PostgreSQL's protocol has it: a simple query, its length, its words."""


class Line:
    """A line to a server that can be told to break at the next commit."""

    def __init__(self, folder: str) -> None:
        self._to = f"{folder}/.s.PGSQL.5432"
        self.breaks = ""
        """`before` the server gets it, or `after` it has done it."""
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._to)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(*pair, client), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65536):
                if source is client and self.breaks and COMMIT in data:
                    self._break(client, target, data)
                    return
                target.sendall(data)

    def _break(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        how, self.breaks = self.breaks, ""
        client.shutdown(socket.SHUT_RDWR)
        if how == "after":
            server.sendall(data + b"X\x00\x00\x00\x04")  # and that was all: the server ends by itself
            server.settimeout(10)
            with suppress(OSError):
                while server.recv(65536):
                    pass
        else:
            server.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.close()


@contextmanager
def cut(store: Store) -> Iterator[tuple[Store, Line]]:
    """The same desk over such a line."""
    url = urlsplit(store.location)
    line = Line(parse_qs(url.query)["host"][0])
    far = Store(home_of(f"postgresql+psycopg://postgres@127.0.0.1:{line.port}{url.path}"))
    try:
        yield far, line
    finally:
        far.close()
        line.close()


def hold(store: Store, claim: Claim, then: Callable[[], None]) -> None:
    """A reply into the outbox; `then` comes before its commit."""
    with store.transaction() as session:
        outbox.hold(session, claim, TEXT, config=Config(), now=clock.now(), key="k")
        then()


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_reply_is_held_at_most_once_and_the_desk_knows_whether(store: Store, how: str) -> None:
    take(store, post("1", account="@northline", created_at=clock.now() - MINUTE), now=clock.now())
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=clock.now(), lease=30 * MINUTE)
    with cut(store) as (far, line):
        with pytest.raises(Unclear, match="may have been"):
            hold(far, claim, lambda: setattr(line, "breaks", how))
        with far.transaction() as session:
            assert outbox.is_held(session, "k") == (how == "after")
    assert len(store.reader().replies(1)) == (how == "after")


def test_what_fails_before_its_commit_was_not_done(store: Store) -> None:
    with pytest.raises(OutOfReach) as refused, store.transaction() as session:
        session.connection().exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert not isinstance(refused.value, Unclear)


def test_a_rule_that_says_no_is_still_what_is_heard(store: Store) -> None:
    take(store, post("1", account="@northline"), now=NOW)
    with pytest.raises(Refused), store.transaction() as session:
        outbox.hold(session, Claim(1, "ana", 7), TEXT, config=Config(), now=NOW)
