"""The one way out: HTTPS calls that end in time, stay small and follow nobody away. Only this module knows httpx.

Whatever the environment says of proxies, certificates and key logs changes nothing here.
"""

import asyncio
import ipaddress
import json
import logging
import random
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn, TypeVar

import certifi
import httpx

from tui import __version__
from tui.errors import Misuse, OutOfReach
from tui.hidden import without_tokens
from tui.networks.places import is_loopback
from tui.networks.records import Unclear
from tui.text import line as on_one_row
from tui.text import repaired

MAX_BODY = 4 << 20
"""Bytes of an answer, after decompression and before it."""
MAX_CHUNK = 1 << 16
"""Bytes that are decompressed at a time."""
MAX_HOPS = 3
MAX_LINE = 1 << 20
"""Bytes of one line of a stream."""
MAX_ADDRESSES = 4
"""How many addresses of one server are tried."""
TRIES = 3
"""How often a GET is tried within its deadline."""
PAUSE_S = 0.25
"""Before the second try; doubled before the next, and up to as much again by chance."""
TICK_S = 1.0
"""How often a stream lets its reader look up."""
TRY_AGAIN = frozenset({502, 503, 504})
MAX_SAID = 120
"""Characters of an error's own words in a sentence of ours."""
USER_AGENT = f"shiftdesk/{__version__}"

Transport = httpx.AsyncBaseTransport
"""What stands in for the network in tests."""
_T = TypeVar("_T")
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError)
"""What ends a call without an answer; our own kinds are among them. The deadline's TimeoutError is an OSError."""
_log = logging.getLogger(__name__)
# Where nobody asked for a log, Python's own last resort would write into the agent's terminal.
logging.getLogger("tui").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is reached."""

    proxy: str = field(default="", repr=False)
    """It looks up the names of servers; a password may stand in it."""
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
        """The body as JSON, see `parsed`. Raises NotJson, which does not quote it: it may hold a token."""
        try:
            return parsed(self.body)
        except NotJson:
            kind = on_one_row(self.headers.get("content-type", ""))[:40] or "something"
            raise NotJson(f"it answered {self.status} with {kind} that is not JSON") from None

    def object(self) -> dict[str, Any] | None:
        """The JSON object it holds; None where it holds something else."""
        try:
            found = parsed(self.body)
        except NotJson:
            return None
        return found if isinstance(found, dict) else None

    @property
    def request_id(self) -> str:
        """What the server calls this call; empty where it says nothing."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")


_REQUEST_IDS = ("x-request-id", "x-transaction-id", "atproto-request-id", "cf-ray")


class NotJson(ValueError):
    """An answer that is something else than JSON."""


def parsed(data: bytes | str) -> Any:
    """JSON whose strings any database takes: NULs and lone surrogates are replaced. Raises NotJson."""
    try:
        found = json.loads(data, parse_constant=_no_number)
        suspect = _SUSPECT_BYTES if isinstance(data, bytes) else _SUSPECT_TEXT
        return repaired(found) if suspect.search(data) else found  # type: ignore[arg-type]
    except (ValueError, RecursionError):
        raise NotJson("not JSON") from None


# Valid JSON can hold a NUL or a lone surrogate only as one of these escapes.
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
"""What the system's words begin with, and nobody reads."""
_SUSPECT_TEXT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SUSPECT_BYTES = re.compile(_SUSPECT_TEXT.pattern.encode())


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


@dataclass(slots=True)
class _Call:
    """One request, and whether its first byte may have left."""

    method: str
    url: httpx.URL
    headers: dict[str, str] = field(repr=False)
    content: dict[str, Any] = field(default_factory=dict, repr=False)
    begun: bool = False


class Wire:
    """Calls to one server, from one thread at a time."""

    def __init__(self, server: str, options: Options = Options(), *, transport: Transport | None = None) -> None:
        """Raises Misuse where `server` is no address we go to."""
        self.server = _checked(server)
        self.options = options
        self._mocked = transport is not None
        self._runner = asyncio.Runner()
        try:
            self._client = httpx.AsyncClient(
                transport=transport,
                verify=_context(options.ca_file),
                proxy=options.proxy or None,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=options.deadline_s / TRIES),
                headers={"user-agent": USER_AGENT, "accept-encoding": "gzip"},
            )
        except (ValueError, ImportError, httpx.InvalidURL):
            raise Misuse("[network] proxy is no address of an HTTP proxy; write http://HOST:PORT.") from None

    def __repr__(self) -> str:
        return f"Wire({self.server.host})"

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Read. Tried again where that may help; raises OutOfReach with a sentence."""
        call = self._call("GET", path, params, headers)
        try:
            return self._runner.run(self._in_time(self._get(call)))
        except _FAILURES as error:
            raise OutOfReach(self._sentence(call, error)) from None

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
        except _FAILURES as error:
            # An error of connecting comes before the first byte, in a transport of tests too.
            unsent = not call.begun or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise (OutOfReach if unsent else Unclear)(self._sentence(call, error)) from None

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

        It ends when the server ends it, or `stop` says so. Raises OutOfReach, also where no line ended for `silence_s`.
        """
        call = self._call("GET", path, params, {**(headers or {}), "accept-encoding": "identity"})
        stream = self._lines(call, silence_s)
        try:
            while not stop():
                try:
                    yield self._runner.run(_next(stream))
                except StopAsyncIteration:
                    return
                except _FAILURES as error:
                    raise OutOfReach(self._sentence(call, error)) from None
        finally:
            with suppress(Exception):
                self._runner.run(_close(stream))

    def close(self) -> None:
        """Let go of the connections; a second time does nothing."""
        if not self._client.is_closed:
            with suppress(Exception):
                self._runner.run(self._client.aclose())
        self._runner.close()

    # -- one call ---------------------------------------------------------------------------------

    def _call(
        self, method: str, path: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> _Call:
        for name, value in (headers or {}).items():
            if not (value.isascii() and value.isprintable()):
                raise OutOfReach(f"What {self.server.host} is to get as {name} is not plain text; is the token whole?")
        given = {name: value for name, value in (params or {}).items() if value is not None}
        url = self._within(self.server, path)
        return _Call(method, url.copy_merge_params(given) if given else url, dict(headers or {}))

    def _within(self, base: httpx.URL, path: str) -> httpx.URL:
        """Where this leads, which has to be on the server itself. Raises OutOfReach."""
        with suppress(httpx.InvalidURL, ValueError):
            url = base.join(path)
            if _origin(url) == _origin(self.server) and not url.userinfo:
                return url
        raise OutOfReach(f"{self.server.host} sends us on to another place, where we do not go.")

    async def _in_time(self, answer: Awaitable[_T]) -> _T:
        async with asyncio.timeout(self.options.deadline_s):
            return await answer

    async def _get(self, call: _Call) -> Answer:
        pause = PAUSE_S
        for left in reversed(range(TRIES)):
            try:
                answer = await self._followed(call)
                if answer.status not in TRY_AGAIN or not left:
                    return answer
            except (httpx.TransportError, OSError) as error:
                if not left or isinstance(error, _Refused) or _about_certificate(error):
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
            call = _Call("GET", self._within(call.url, answer.headers["location"]), {})
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
        took = round((time.perf_counter() - began) * 1e3)
        _log.info("called", extra=_about(call) | {"status": answer.status, "ms": took, "request_id": answer.request_id})
        return answer

    async def _open(self, call: _Call) -> httpx.Response:
        """Send it to the server's addresses in turn, until one takes the connection."""
        addresses = await self._addresses(call.url)
        call.begun = self._mocked
        for address in addresses[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._client.send(self._request(call, address), stream=True)
        return await self._client.send(self._request(call, addresses[-1]), stream=True)

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Where to connect to: what is checked is what is used, and the name is not looked up a second time."""
        if self._mocked:
            return [url.host]
        by_proxy = bool(self.options.proxy)
        found = await _looked_up(url.host, url.port or (443 if url.scheme == "https" else 80), numeric=by_proxy)
        if not self.options.private:
            for address in found:
                if not is_public(address):
                    raise _Refused(f"{address} is not a public address")
        return [url.host] if by_proxy else found[:MAX_ADDRESSES]

    def _request(self, call: _Call, address: str) -> httpx.Request:
        headers = call.headers | {"host": call.url.netloc.decode("ascii")}
        extensions = {"trace": _tracing(call), "sni_hostname": call.url.host}
        url = call.url.copy_with(host=address)
        return self._client.build_request(call.method, url, headers=headers, extensions=extensions, **call.content)

    async def _lines(self, call: _Call, silence_s: float) -> AsyncGenerator[str, None]:
        response = await self._in_time(self._open(call))
        try:
            if response.status_code != 200:
                raise _Refused(f"it answered with {response.status_code}")
            if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise _Refused("its stream is packed, which was not asked for")
            async with aclosing(_in_lines(_raw(response), silence_s)) as lines:
                async for line in lines:
                    yield line
        finally:
            await response.aclose()

    def _sentence(self, call: _Call, error: Exception) -> str:
        """Why there is no answer. The error's own words may be the server's."""
        host = self.server.host
        said = _ERRNO.sub("", without_tokens(on_one_row(str(error))))[:MAX_SAID].rstrip(".") or type(error).__name__
        if isinstance(error, _Refused):
            sentence = f"{host} is not used: {said}."
        elif isinstance(error, _Silent):
            sentence = f"{host} says nothing any more; it is asked again."
        elif isinstance(error, TimeoutError | httpx.TimeoutException):
            sentence = f"{host} did not answer within {self.options.deadline_s:g} s; it is tried again."
        elif _about_certificate(error):
            sentence = f"{host} has no certificate we trust ({said}); check the address, or [network] ca_file."
        else:
            sentence = f"{host} cannot be reached ({said}); it is tried again."
        _log.warning("failed", extra=_about(call) | {"error": sentence})
        return sentence


class _Refused(OSError):
    """An answer or address that we do not take; the message says why."""


class _Silent(OSError):
    """A stream in which no line ends any more."""


def _about(call: _Call) -> dict[str, Any]:
    return {"host": call.url.host, "method": call.method, "path": call.url.path}


def _about_certificate(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _tracing(call: _Call) -> Callable[[str, Any], Any]:
    async def trace(event: str, info: dict[str, Any]) -> None:
        # What asks a proxy for a way to the server has none of ours in it.
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            call.begun = True

    return trace


# -- which servers ---------------------------------------------------------------------------------


_HOST = re.compile(rb"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f.]*:[0-9a-f:.]+")


def _checked(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    plain = _HOST.fullmatch(url.raw_host) and not (url.userinfo or url.query or url.fragment)
    if url.scheme not in ("https", "http") or not plain or not 0 < (url.port or 443) < 1 << 16:
        shown = "That" if "@" in server else f"{server!r:.80}"
        raise Misuse(f"{shown} is no server; write https://HOST.")
    if url.scheme == "http" and not is_loopback(url.host):
        raise Misuse(f"{server!r:.80} is not encrypted; write https://{url.host}.")
    return url


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    """Certificates and names are verified. Raises Misuse where the certificates cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=ca_file or certifi.where())
    except OSError as error:
        said = error.strerror or "it holds none"
        raise Misuse(f"[network] ca_file {ca_file} cannot be read ({said}); give a file of certificates.") from None
    return context


async def _looked_up(host: str, port: int, *, numeric: bool = False) -> list[str]:
    """The addresses of a host, in a thread of its own that nobody waits for at the end of the program.

    `numeric`: of a host that is written as an address, in whatever way, without asking anybody; else it is `[host]`.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()
    flags = socket.AI_NUMERICHOST if numeric else 0

    def settle(found: list[str], error: OSError | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(found)

    def ask() -> None:
        found: list[str] = []
        problem: OSError | None = None
        try:
            given = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
            found = list(dict.fromkeys(str(one[4][0]) for one in given))
        except OSError as error:
            problem = error
        except UnicodeError:
            problem = _Refused("its name is none")
        with suppress(RuntimeError):  # the call has ended, and its loop with it
            loop.call_soon_threadsafe(settle, found, problem)

    threading.Thread(target=ask, name=f"look up {host}"[:60], daemon=True).start()
    try:
        return await answer
    except socket.gaierror:
        if not numeric:
            raise
        return ["127.0.0.1"] if f".{host}".endswith(".localhost") else []


_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4, RFC 7526
    ipaddress.ip_network("3fff::/20"),  # documentation, RFC 9637
)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, and holds no other that is not."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


# -- what comes back -------------------------------------------------------------------------------


def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they came: httpx itself would unpack a whole chunk at once."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


async def _body(response: httpx.Response) -> bytes:
    """The whole body, decompressed by small steps so that a bomb is noticed before it goes off."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", ""):
        raise _Refused(f"its answer is packed as {coding:.20}, which was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in coding else None
    body, came = bytearray(), 0
    async for chunk in _raw(response):
        came += len(chunk)
        for part in _unpacked(unpack, chunk):
            body += part
            if max(came, len(body)) > MAX_BODY:
                raise _Refused(f"its answer is larger than {MAX_BODY >> 20} MB")
    if unpack is not None and came and not unpack.eof:
        raise _Refused("its answer is cut off")
    return bytes(body)


def _unpacked(unpack: Any, chunk: bytes) -> Iterator[bytes]:
    if unpack is None:
        yield chunk
        return
    try:
        while chunk:
            if unpack.eof:
                raise _Refused("its answer goes on behind its end")
            yield unpack.decompress(chunk, MAX_CHUNK)
            chunk = unpack.unconsumed_tail or unpack.unused_data
    except zlib.error:
        raise _Refused("its answer cannot be unpacked") from None


async def _in_lines(chunks: AsyncIterator[bytes], silence_s: float) -> AsyncGenerator[str, None]:
    """Lines as they end, and an empty one at every tick."""
    pending, heard = b"", time.monotonic()
    told = heard
    waiting: asyncio.Task[bytes | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(_next(chunks, None))
            await asyncio.wait([waiting], timeout=TICK_S)
            if waiting.done():
                chunk, waiting = waiting.result(), None
                if chunk is None:
                    return
                *whole, pending = (pending + chunk).split(b"\n")
                for line in whole:
                    yield line.decode("utf-8", "replace").rstrip("\r")
                    told = heard = time.monotonic()
                if len(pending) > MAX_LINE:
                    raise _Refused("a line of its stream does not end")
            if time.monotonic() - heard > silence_s:
                raise _Silent
            if time.monotonic() - told >= TICK_S:
                told = time.monotonic()
                yield ""
    finally:
        if waiting is not None:
            waiting.cancel()
            with suppress(asyncio.CancelledError, *_FAILURES):
                await waiting


async def _next(some: AsyncIterator[_T], *end: None) -> Any:
    return await anext(some, *end)


async def _close(some: AsyncGenerator[Any, None]) -> None:
    await some.aclose()
