"""A server on this machine whose every byte a test decides, with or without TLS."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "certificates"
"""Made for these tests: `good.pem` and `expired.pem` are for server.test and localhost, by `authority.pem`."""
AUTHORITY = str(CERTIFICATES / "authority.pem")


class Talk:
    """One connection."""

    def __init__(self, connection: socket.socket, number: int, over: threading.Event) -> None:
        self.connection = connection
        self.number = number
        """Of the connection, from 1."""
        self._over = over

    def request(self) -> bytes:
        """One request, head and body."""
        came = b""
        while b"\r\n\r\n" not in came:
            chunk = self.connection.recv(65536)
            if not chunk:
                raise ConnectionError
            came += chunk
        head, _, body = came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        while len(body) < (int(length[1]) if length else 0):
            body += self.connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def say(self, *parts: bytes) -> None:
        """Send these."""
        for part in parts:
            self.connection.sendall(part)

    def answer(self, body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> None:
        """A whole, honest answer."""
        self.say(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode(), body)

    def drip(self, parts: Iterator[bytes], every_s: float = 0.01) -> None:
        """Send them one after another with pauses, until they end or the client or the test has."""
        for part in parts:
            self.connection.sendall(part)
            if self._over.wait(every_s):
                return

    def silence(self) -> None:
        """Say nothing until the client goes, or the test ends."""
        self.connection.settimeout(0.05)
        while not self._over.is_set():
            try:
                if not self.connection.recv(65536):
                    return
            except TimeoutError:
                continue


class RawServer:
    """What it heard: requests, in order, how many connections, and the names that TLS asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []
        self.connections = 0
        self.names: list[str | None] = []


@contextmanager
def serving(handle: Callable[[Talk], object], *, certificate: str = "") -> Iterator[RawServer]:
    """Run `handle` in a thread for every connection."""
    over = threading.Event()
    context = None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        server = RawServer(listening.getsockname()[1])
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATES / certificate)
            context.sni_callback = lambda _socket, name, _context: server.names.append(name)

        def talk(connection: socket.socket, number: int) -> None:
            with suppress(OSError):
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                one = Talk(connection, number, over)
                hear = one.request

                def heard() -> bytes:
                    server.requests.append(hear())
                    return server.requests[-1]

                one.request = heard  # type: ignore[method-assign]
                with suppress(OSError):
                    handle(one)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                connection.settimeout(30)
                server.connections += 1
                threading.Thread(target=talk, args=(connection, server.connections), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            over.set()
            accepting.join()
