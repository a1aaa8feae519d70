"""The one way out: HTTPS calls that end in time, stay small and follow nobody away. Only this module knows httpx.

Whatever the environment says of proxies and certificates changes nothing here.
"""

import asyncio
import ipaddress
import json
import logging
import random
import socket
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tui import __version__
from tui.errors import Misuse, OutOfReach
from tui.networks.records import Unclear

MAX_BODY = 4 << 20
"""Bytes of an answer, after decompression."""
MAX_CHUNK = 1 << 16
"""Bytes that are decompressed at a time."""
MAX_HOPS = 3
MAX_LINE = 1 << 16
"""Bytes of one line of a stream."""
TRIES = 3
"""How often a GET is tried within its deadline."""
PAUSE_S = 0.25
"""Before the second try; doubled before the next, and up to as much again by chance."""
TRY_AGAIN = frozenset({502, 503, 504})
USER_AGENT = f"shiftdesk/{__version__}"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is reached."""

    proxy: str = ""
    ca_file: str = ""
    deadline_s: float = 15
    """How long a whole call may take, all its tries included."""
    private: bool = False
    """Whether the server may have an address that is not a public one: where an admin named it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """It did what it was asked for."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises NotJson."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotJson(f"{self.body[:80]!r} is not JSON") from None

    @property
    def request_id(self) -> str:
        """What the server calls this call; empty where it says nothing."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")


_REQUEST_IDS = ("x-request-id", "x-transaction-id", "atproto-request-id", "cf-ray")


class NotJson(ValueError):
    """An answer that is something else than JSON."""


@dataclass(slots=True)
class _Call:
    """One request, and whether its first byte may have left."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    content: dict[str, Any] = field(default_factory=dict)
    begun: bool = False


class Wire:
    """Calls to one server, from one thread at a time. `transport` stands in for the network in tests."""

    def __init__(
        self, server: str, options: Options = Options(), *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Raises Misuse where `server` is no address we go to."""
        self.server = _checked(server)
        self.options = options
        self._mocked = transport is not None
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=_context(options.ca_file),
            proxy=options.proxy or None,
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113  the deadline of the whole call counts
            headers={"user-agent": USER_AGENT, "accept-encoding": "gzip"},
        )

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Read. Tried again where that may help; raises OutOfReach with a sentence."""
        call = self._call("GET", path, params, headers)
        try:
            return self._runner.run(self._in_time(self._get(call)))
        except (httpx.HTTPError, OSError, _Refused, TimeoutError) as error:
            raise OutOfReach(self._sentence(error)) from error

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Change something, in one try. Raises OutOfReach when nothing has left, Unclear when something may have."""
        call = self._call(method, path, params, headers)
        given = {"json": json, "data": data, "files": files, "content": content}
        call.content = {name: value for name, value in given.items() if value is not None}
        try:
            return self._runner.run(self._in_time(self._answer(call)))
        except (httpx.HTTPError, OSError, _Refused, TimeoutError) as error:
            if call.begun:
                raise Unclear(self._sentence(error)) from error
            raise OutOfReach(self._sentence(error)) from error

    def lines(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        silence_s: float = 60,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        """The lines of an answer that does not end, as they come; an empty one at least every second.

        It ends when the server ends it, or `stop` says so. Raises OutOfReach, also when nothing came for `silence_s`.
        """
        call = self._call("GET", path, params, headers)
        stream = self._lines(call, silence_s)
        try:
            while not stop():
                try:
                    yield self._runner.run(anext(stream))  # type: ignore[arg-type]
                except StopAsyncIteration:
                    return
                except (httpx.HTTPError, OSError, _Refused, TimeoutError) as error:
                    raise OutOfReach(self._sentence(error)) from error
        finally:
            with suppress(Exception):
                self._runner.run(stream.aclose())  # type: ignore[attr-defined]

    def close(self) -> None:
        """Let go of the connections."""
        with suppress(Exception):
            self._runner.run(self._client.aclose())
        self._runner.close()

    # -- one call ---------------------------------------------------------------------------------

    def _call(
        self, method: str, path: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> _Call:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        url = self.server.join(path)
        return _Call(method, url.copy_merge_params(given) if given else url, dict(headers or {}))

    async def _in_time(self, answer: Any) -> Answer:
        async with asyncio.timeout(self.options.deadline_s):
            return await answer  # type: ignore[no-any-return]

    async def _get(self, call: _Call) -> Answer:
        pause = PAUSE_S
        for left in reversed(range(TRIES)):
            try:
                answer = await self._followed(call)
                if answer.status not in TRY_AGAIN or not left:
                    return answer
            except (httpx.TransportError, OSError):
                if not left:
                    raise
            await asyncio.sleep(pause * (1 + random.random()))  # noqa: S311  no secret hangs on it
            pause *= 2
        raise AssertionError("the last try returned or raised")

    async def _followed(self, call: _Call) -> Answer:
        """The answer at the end of a few redirects within the host, which get none of our headers."""
        for _ in range(MAX_HOPS + 1):
            answer = await self._answer(call)
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return answer
            target = call.url.join(answer.headers["location"])
            if _origin(target) != _origin(self.server):
                raise _Refused(f"it sends us on to {target.host}, where we do not go")
            call = _Call("GET", target, {})
        raise _Refused("it sends us on and on")

    async def _answer(self, call: _Call) -> Answer:
        began = time.perf_counter()
        response = await self._open(call)
        try:
            body = await _body(response)
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(response.status_code, headers, body)
        _log.info(
            "called",
            extra={
                "host": call.url.host, "method": call.method, "path": call.url.path, "status": answer.status,
                "ms": round((time.perf_counter() - began) * 1e3), "request_id": answer.request_id,
            },
        )  # fmt: skip
        return answer

    async def _open(self, call: _Call) -> httpx.Response:
        url, headers, extensions = call.url, call.headers, {"trace": _tracing(call)}
        if not (self._mocked or self.options.private or self.options.proxy):
            # Checked and used: the name is not looked up a second time.
            address = await _public_address(url.host, url.port or 443)
            headers = headers | {"host": url.netloc.decode("ascii")}
            extensions |= {"sni_hostname": url.host}  # type: ignore[dict-item]
            url = url.copy_with(host=address)
        call.begun = self._mocked
        request = self._client.build_request(call.method, url, headers=headers, extensions=extensions, **call.content)
        return await self._client.send(request, stream=True)

    async def _lines(self, call: _Call, silence_s: float) -> AsyncIterator[str]:
        async with asyncio.timeout(self.options.deadline_s):
            response = await self._open(call)
        try:
            if response.status_code != 200:
                raise _Refused(f"it answered with {response.status_code}")
            chunks = aiter(_raw(response))
            pending, heard = b"", time.monotonic()
            waiting: asyncio.Task[bytes] | None = None
            try:
                while True:
                    waiting = waiting or asyncio.ensure_future(anext(chunks))
                    done, _ = await asyncio.wait([waiting], timeout=1)
                    if not done:
                        if time.monotonic() - heard > silence_s:
                            raise TimeoutError
                        yield ""
                        continue
                    try:
                        pending += waiting.result()
                    except StopAsyncIteration:
                        return
                    waiting, heard = None, time.monotonic()
                    *whole, pending = pending.split(b"\n")
                    if len(pending) > MAX_LINE:
                        raise _Refused("a line of its stream does not end")
                    for line in whole:
                        yield line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r")
            finally:
                if waiting is not None:
                    waiting.cancel()
        finally:
            await response.aclose()

    def _sentence(self, error: BaseException) -> str:
        """Why there is no answer."""
        host = self.server.host
        if isinstance(error, _Refused):
            return f"{host} is not used: {error}."
        if isinstance(error, TimeoutError):
            return f"{host} did not answer within {self.options.deadline_s:g} s; it is tried again."
        if isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error):
            return f"{host} has no certificate we trust ({error}); check the address, or [network] ca_file."
        return f"{host} cannot be reached ({str(error) or type(error).__name__}); it is tried again."


class _Refused(Exception):
    """An answer or address that we do not take; the message says why."""


def _checked(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.query or url.fragment:
        raise Misuse(f"{server!r:.80} is no server; write https://HOST.")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise Misuse(f"{server!r:.80} is not encrypted; write https://{url.host}.")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _context(ca_file: str) -> ssl.SSLContext:
    """Raises Misuse where the certificates cannot be read."""
    if not ca_file:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misuse(f"[network] ca_file {ca_file} cannot be read ({error}); give a file of certificates.") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _tracing(call: _Call) -> Callable[[str, Any], Any]:
    async def trace(event: str, _info: Any) -> None:
        call.begun = call.begun or event.endswith("send_request_headers.started")

    return trace


async def _body(response: httpx.Response) -> bytes:
    """The whole body, decompressed by small steps so that a bomb is noticed before it goes off."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", ""):
        raise _Refused(f"its answer is packed as {coding:.20}, which was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in coding else None
    body = bytearray()
    async for chunk in _raw(response):
        for part in _unpacked(unpack, chunk):
            body += part
            if len(body) > MAX_BODY:
                raise _Refused(f"its answer is larger than {MAX_BODY >> 20} MB")
    if unpack is not None and body and not unpack.eof:
        raise _Refused("its answer is cut off")
    return bytes(body)


def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they came: httpx itself would unpack a whole chunk at once."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


def _unpacked(unpack: Any, chunk: bytes) -> Iterator[bytes]:
    if unpack is None:
        yield chunk
        return
    try:
        while chunk and not unpack.eof:
            yield unpack.decompress(chunk, MAX_CHUNK)
            chunk = unpack.unconsumed_tail
    except zlib.error as error:
        raise _Refused(f"its answer cannot be unpacked ({error})") from None


async def _public_address(host: str, port: int) -> str:
    """An address of this host to connect to, none of which may be private."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: Sequence[str] = [str(one[4][0]) for one in found]
    for address in addresses:
        if not is_public(address):
            raise _Refused(f"{address} is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, and holds no other that is not."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
