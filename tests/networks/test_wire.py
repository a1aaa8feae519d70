"""The one way out, against real sockets: it ends in time, stays small, follows nobody away and says what may be out."""

import asyncio
import gzip
import itertools
import json
import logging
import random
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from raw_server import AUTHORITY, CERTIFICATES, RawServer, Talk, serving

from tui.errors import Misuse, OutOfReach
from tui.networks import wire as module
from tui.networks.records import Unclear
from tui.networks.wire import Answer, NotJson, Options, Wire, is_public, parsed

HERE = Options(private=True)
SHORT = Options(private=True, deadline_s=0.4)
"""For servers that never end: what does not keep its deadline runs into the limit of the tests."""
PLANTED = "planted-token-5d1e"
MIB = 1 << 20


@pytest.fixture
def wires() -> Iterator[Callable[..., Wire]]:
    """Makes wires that are closed afterwards."""
    made: list[Wire] = []

    def wire(server: RawServer | str, options: Options = HERE, **named: Any) -> Wire:
        address = server if isinstance(server, str) else f"http://127.0.0.1:{server.port}"
        made.append(Wire(address, options, **named))
        return made[-1]

    yield wire
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Names, and the addresses each look-up of them gives in turn; what is written as an address is left alone."""
    known: dict[str, Any] = {"asked": []}
    original = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        known["asked"].append(host)
        if host not in known:
            return original(host, port, *rest, **named)
        given = known[host]
        addresses = given() if callable(given) else given
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def answering(*answers: bytes, **named: Any) -> Callable[[Talk], None]:
    """Answers requests with these bodies, the last one again and again, over one connection or several."""
    bodies = itertools.chain(answers, itertools.repeat(answers[-1]))

    def handle(talk: Talk) -> None:
        while True:
            talk.request()
            talk.answer(next(bodies), **named)

    return handle


# -- in time -------------------------------------------------------------------------------------


def of_headers(talk: Talk) -> None:
    talk.request()
    talk.say(b"HTTP/1.1 200 OK\r\n")
    talk.drip(b"x-%d: y\r\n" % number for number in itertools.count())


def of_one_header(talk: Talk) -> None:
    talk.request()
    talk.say(b"HTTP/1.1 200 OK\r\nx: ")
    talk.drip(itertools.repeat(b"y"))


def of_the_body(talk: Talk) -> None:
    talk.request()
    talk.say(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    talk.drip(itertools.repeat(b" "))


def of_chunks(talk: Talk) -> None:
    talk.request()
    talk.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    talk.drip(itertools.repeat(b"1\r\n \r\n"))


def of_preliminaries(talk: Talk) -> None:
    talk.request()
    talk.drip(itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"))


def nothing(talk: Talk) -> None:
    talk.request()
    talk.silence()


DRIPS = [of_headers, of_one_header, of_the_body, of_chunks, of_preliminaries, nothing]


@pytest.mark.parametrize("drip", DRIPS, ids=lambda drip: drip.__name__)
def test_a_slow_drip_ends_with_the_deadline(drip: Callable[[Talk], None], wires: Callable[..., Wire]) -> None:
    with serving(drip) as server:
        with pytest.raises(OutOfReach, match=r"did not answer within 0\.4 s"):
            wires(server, SHORT).get("/")
        with pytest.raises(Unclear, match=r"did not answer within 0\.4 s"):
            wires(server, SHORT).send("POST", "/", json={})


def test_a_tls_handshake_that_drips_ends_with_the_deadline_and_nothing_has_left(wires: Callable[..., Wire]) -> None:
    # The beginning of a record of 16 kB, which never comes whole.
    beginning = b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb\x03\x03"
    with serving(lambda talk: talk.drip(itertools.chain([beginning], itertools.repeat(b"\x00")))) as server:
        for method in ("POST", "DELETE"):
            with pytest.raises(OutOfReach, match="did not answer"):
                wires(f"https://localhost:{server.port}", SHORT).send(method, "/")


def test_a_name_that_nobody_answers_for_ends_with_the_deadline(
    wires: Callable[..., Wire], names: dict[str, Any]
) -> None:
    asleep = threading.Event()
    names["server.test"] = lambda: asleep.wait() and ["127.0.0.1"]
    try:
        wire = wires("https://server.test", SHORT)
        with pytest.raises(OutOfReach, match="did not answer"):
            wire.get("/")
        with pytest.raises(OutOfReach, match="did not answer"):
            wire.send("POST", "/")
        wire.close()
    finally:
        asleep.set()


def test_redirects_and_tries_count_into_one_deadline(wires: Callable[..., Wire]) -> None:
    def handle(talk: Talk) -> None:
        while True:
            talk.request()
            talk.answer(status="503 Busy")

    options = Options(private=True, deadline_s=0.4)
    with serving(handle) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAUSE_S", 60.0)
        with pytest.raises(OutOfReach, match="did not answer"):
            wires(server, options).get("/")


# -- small ---------------------------------------------------------------------------------------

BOMB = """
import resource, sys, time, tracemalloc
from tui.errors import OutOfReach
from tui.networks.records import Unclear
from tui.networks.wire import Options, Wire

wire = Wire(f"http://127.0.0.1:{sys.argv[1]}", Options(private=True))
try:
    wire.get("/warm")  # what httpx loads at its first call is not what is measured
except OutOfReach as error:
    raise SystemExit(str(error))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before, began = peak(), time.monotonic()
tracemalloc.start()
try:
    wire.get("/bomb") if sys.argv[2] == "get" else wire.send("POST", "/bomb")
except (OutOfReach, Unclear) as error:
    print(type(error).__name__, error)
print(tracemalloc.get_traced_memory()[1], peak() - before, time.monotonic() - began)
"""


def gzip_bomb(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")
    packer = zlib.compressobj(9, wbits=31)
    talk.drip((packer.compress(bytes(MIB)) for _ in range(100_000)), every_s=0)


def gzip_bomb_in_a_piece(talk: Talk) -> None:
    packer = zlib.compressobj(9, wbits=31)
    body = b"".join(packer.compress(bytes(MIB)) for _ in range(400)) + packer.flush()
    talk.answer(body, headers="content-encoding: gzip\r\n")


def gzip_bomb_of_members(talk: Talk) -> None:
    member = gzip.compress(bytes(3 * MIB))
    talk.say(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")
    talk.drip(itertools.repeat(member), every_s=0)


def of_nothing_packed(talk: Talk) -> None:
    """What unpacks to nothing, for ever."""
    talk.say(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")
    packer = zlib.compressobj(9, wbits=31)
    talk.say(packer.compress(b""))
    empty = zlib.compressobj(0, wbits=-15).flush(zlib.Z_FULL_FLUSH) * 10_000
    talk.drip(itertools.repeat(empty), every_s=0)


def plain_flood(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    talk.drip(itertools.repeat(bytes(MIB)), every_s=0)


def header_flood(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\n")
    talk.drip((b"x-%d: %s\r\n" % (number, b"y" * 1000) for number in itertools.count()), every_s=0)


def header_line_flood(talk: Talk) -> None:
    talk.say(b"HTTP/1.1 200 OK\r\nx: ")
    talk.drip(itertools.repeat(b"y" * 65536), every_s=0)


BOMBS = [
    gzip_bomb, gzip_bomb_in_a_piece, gzip_bomb_of_members, of_nothing_packed, plain_flood, header_flood,
    header_line_flood,
]  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
@pytest.mark.parametrize(("how", "kind"), [("get", "OutOfReach"), ("send", "Unclear")])
def test_a_bomb_is_refused_within_its_limits(bomb: Callable[[Talk], None], how: str, kind: str) -> None:
    def handle(talk: Talk) -> None:
        while b"/bomb" not in talk.request():
            talk.answer(gzip.compress(b"{}", mtime=0), headers="content-encoding: gzip\r\n")
        bomb(talk)

    with serving(handle) as server:
        done = subprocess.run(
            [sys.executable, "-c", BOMB, str(server.port), how], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    said, figures = done.stdout.splitlines()
    traced, resident, seconds = map(float, figures.split())
    assert said.startswith(kind)
    assert max(traced, resident) < 32 * MIB
    assert seconds < 15


def test_what_just_fits_is_taken(wires: Callable[..., Wire]) -> None:
    for body in (random.Random(1).randbytes(4 * MIB), bytes(4 * MIB), b"", b"{}"):
        packed = {"headers": "content-encoding: gzip\r\n"}
        with serving(answering(gzip.compress(body, mtime=0), **packed)) as server:
            if len(gzip.compress(body, mtime=0)) <= 4 * MIB:
                assert wires(server).get("/").body == body
        with serving(answering(body)) as server:
            assert wires(server).get("/").body == body
    with serving(answering(bytes(4 * MIB + 1))) as server, pytest.raises(OutOfReach, match="larger than 4 MB"):
        wires(server).get("/")


@pytest.mark.parametrize("size", [1, 100, 65_535, 65_536, 65_537, 1_000_003])
def test_packed_answers_come_whole(wires: Callable[..., Wire], size: int) -> None:
    body = random.Random(size).randbytes(size // 3) + bytes(size)
    with serving(answering(gzip.compress(body, mtime=0), headers="content-encoding: gzip\r\n")) as server:
        assert wires(server).get("/").body == body


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        ("br", b"xx", "packed as br"),
        ("gzip, gzip", gzip.compress(b"{}", mtime=0), "packed as"),
        ("gzip", b"not gzip", "cannot be unpacked"),
        ("gzip", gzip.compress(b'{"a": 1}', mtime=0)[:-9], "cut off"),
        ("gzip", gzip.compress(b'{"a": 1}', mtime=0)[:2], "cut off"),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more", "goes on behind its end"),
    ],
)
def test_an_answer_that_is_not_packed_as_it_should_be_is_refused(
    wires: Callable[..., Wire], coding: str, body: bytes, said: str
) -> None:
    with serving(answering(body, headers=f"content-encoding: {coding}\r\n")) as server:
        with pytest.raises(OutOfReach, match=said):
            wires(server).get("/")
        with pytest.raises(Unclear, match=said):
            wires(server).send("POST", "/")


@pytest.mark.parametrize(
    "head",
    [b"content-length: 100\r\n", b"transfer-encoding: chunked\r\n", b"content-length: 1\r\ncontent-length: 2\r\n"],
)
def test_an_answer_that_is_cut_off_or_lies_about_its_length_is_none(wires: Callable[..., Wire], head: bytes) -> None:
    def handle(talk: Talk) -> None:
        talk.request()
        talk.say(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", b"5\r\n{} {}\r\n")

    with serving(handle) as server:
        with pytest.raises(OutOfReach, match="cannot be reached"):
            wires(server).get("/")
        assert len(server.requests) == module.TRIES
        with pytest.raises(Unclear):
            wires(server).send("POST", "/")
        assert len(server.requests) == module.TRIES + 1


# -- follows nobody away -------------------------------------------------------------------------


def test_a_redirect_within_the_host_is_followed_without_our_headers(wires: Callable[..., Wire]) -> None:
    def handle(talk: Talk) -> None:
        while True:
            if b"GET /old" in talk.request():
                talk.answer(status="302 Found", headers="location: /new?page=2\r\n")
            else:
                talk.answer(b'{"new": true}')

    with serving(handle) as server:
        answer = wires(server).get("/old", headers={"authorization": f"Bearer {PLANTED}", "x-key": PLANTED})
        assert answer.json() == {"new": True}
        first, second = server.requests
        assert first.count(PLANTED.encode()) == 2
        assert b"GET /new?page=2 " in second
        assert PLANTED.encode() not in second


def test_redirects_without_end_are_refused(wires: Callable[..., Wire]) -> None:
    with serving(answering(b"", status="307 Elsewhere", headers="location: /again\r\n")) as server:
        with pytest.raises(OutOfReach, match="on and on"):
            wires(server).get("/")
        assert len(server.requests) == module.MAX_HOPS + 1


@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.2:{port}/", "http://localhost:{port}/", "https://127.0.0.1:{port}/", "http://127.0.0.1:1/",
     "//127.0.0.2/", "http://name:word@127.0.0.1:{port}/", "file:///etc/passwd", "http://[::1/", "gopher://x", "\x00"],
)  # fmt: skip
def test_a_redirect_to_another_place_is_not_followed(wires: Callable[..., Wire], place: str) -> None:
    with serving(lambda talk: (talk.request(), talk.answer(status="301 Moved", headers=location))) as server:
        location = f"location: {place.format(port=server.port)}\r\n"
        with pytest.raises(OutOfReach):
            wires(server).get("/", headers={"authorization": PLANTED})
        assert len(server.requests) in (1, module.TRIES)
        assert all(b"GET / " in request for request in server.requests)


def test_what_is_sent_follows_no_redirect(wires: Callable[..., Wire]) -> None:
    with serving(answering(b"", status="308 Moved", headers="location: /new\r\n")) as server:
        assert wires(server).send("POST", "/", json={}).status == 308
        assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["//127.0.0.2/", "http://127.0.0.2/", "https://elsewhere.example/x"])
def test_a_path_that_leads_elsewhere_is_not_called(wires: Callable[..., Wire], path: str) -> None:
    with serving(answering(b"{}")) as server:
        for call in (wires(server).get, lambda where: wires(server).send("POST", where)):
            with pytest.raises(OutOfReach, match="another place"):
                call(path)
        assert not server.connections


# -- certificates --------------------------------------------------------------------------------


def test_a_good_certificate_for_the_name_is_taken(wires: Callable[..., Wire], names: dict[str, Any]) -> None:
    names["server.test"] = ["127.0.0.1"]
    with serving(answering(b"{}"), certificate="good.pem") as server:
        wire = wires(f"https://server.test:{server.port}", Options(private=True, ca_file=AUTHORITY))
        assert wire.get("/").ok
        assert server.names == ["server.test"]
        assert f"host: server.test:{server.port}".encode() in server.requests[0].lower()


@pytest.mark.parametrize(
    ("host", "certificate", "ca_file"),
    [
        ("localhost", "good.pem", ""),
        ("localhost", "expired.pem", AUTHORITY),
        ("other.test", "good.pem", AUTHORITY),
        ("127.0.0.1", "good.pem", AUTHORITY),
    ],
)
def test_a_bad_certificate_is_refused_and_nothing_has_left(
    wires: Callable[..., Wire], names: dict[str, Any], host: str, certificate: str, ca_file: str
) -> None:
    names["other.test"] = ["127.0.0.1"]
    with serving(answering(b"{}"), certificate=certificate) as server:
        wire = wires(f"https://{host}:{server.port}", Options(private=True, ca_file=ca_file))
        for call in (lambda: wire.get("/"), lambda: wire.send("POST", "/", headers={"authorization": PLANTED})):
            with pytest.raises(OutOfReach, match="no certificate we trust"):
                call()
        assert server.connections == 2  # a bad certificate does not get better
        assert not server.requests


def test_a_server_that_speaks_no_tls_gets_nothing(wires: Callable[..., Wire]) -> None:
    with serving(lambda talk: talk.answer()) as server:
        with pytest.raises(OutOfReach):
            wires(f"https://localhost:{server.port}").send("POST", "/", headers={"authorization": PLANTED})
        assert not server.requests


@pytest.mark.parametrize("file", ["missing.pem", "good.key"])
def test_certificates_that_cannot_be_read_are_named(tmp_path: Path, file: str) -> None:
    (tmp_path / "good.key").write_text("nothing")
    with pytest.raises(Misuse, match="ca_file"):
        Wire("https://localhost", Options(ca_file=str(tmp_path / file)))


# -- addresses -----------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0x7F.0.0x1",
    "0177.0.0.1", "0177.1", "0", "0.0.0.0", "0x0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%251]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]",
    "[2001:db8::1]", "[3fff::1]", "[100::1]", "localhost", "LOCALHOST", "localhost.", "LocalHost.", "10.0.0.1",
    "10.1", "012.0.0.1", "0xa000001", "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1",
    "3232235521", "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "100.64.0.1", "100.127.255.254",
    "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "192.88.99.1", "rebound.test", "rebound.test.", "sub.rebound.test", "mixed.test", "six.test", "mapped.test",
    "%31%32%37.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "127.0.0.1.",
]  # fmt: skip
"""Addresses of this machine, of private ranges, or of no public use, in the spellings that a resolver takes."""


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("proxy", ["", "by proxy"])
def test_no_private_address_is_reached_however_it_is_written(
    wires: Callable[..., Wire], names: dict[str, Any], host: str, proxy: str
) -> None:
    names |= {"rebound.test": ["127.0.0.1"], "rebound.test.": ["10.0.0.1"], "sub.rebound.test": ["169.254.169.254"]}
    names |= {"mixed.test": ["9.9.9.9", "192.168.0.1"], "six.test": ["fe80::1%2"], "mapped.test": ["::ffff:10.0.0.1"]}
    if proxy and ".test" in host:
        return  # a proxy looks names up by itself
    with serving(answering(b"{}")) as server:
        options = Options(proxy=f"http://127.0.0.1:{server.port}" if proxy else "")
        with pytest.raises((OutOfReach, Misuse)) as refused:
            wires(f"https://{host}:{server.port}", options).get("/")
        assert server.connections == 0
    assert isinstance(refused.value, Misuse) or "not a public address" in str(refused.value)


@pytest.mark.parametrize(
    "address",
    ["9.9.9.9", "1.1.1.1", "2620:fe::fe", "2a00:1450:4001::1", "::ffff:9.9.9.9", "2002:909:909::1", "64:ff9b::909:909"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "x", "127.1", "localhost", "9.9.9.9.9"])
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_name_is_looked_up_once_a_call_and_what_was_checked_is_used(
    wires: Callable[..., Wire], names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(module, "is_public", lambda address: checked.append(address) or True)
    names["server.test"] = ["127.0.0.1"]
    with serving(answering(b"{}"), certificate="good.pem") as server:
        wire = wires(f"https://server.test:{server.port}", Options(ca_file=AUTHORITY))
        assert wire.get("/").ok
        assert names["asked"] == ["server.test"]
        assert checked == ["127.0.0.1"]
        assert wire.send("POST", "/").ok
        assert names["asked"] == ["server.test"] * 2


def test_the_next_address_is_tried_where_the_first_takes_no_connection(
    wires: Callable[..., Wire], names: dict[str, Any]
) -> None:
    names["server.test"] = ["127.0.0.2", "127.0.0.1", "127.0.0.3"]
    with serving(answering(b"{}"), certificate="good.pem") as server:
        wire = wires(f"https://server.test:{server.port}", Options(private=True, ca_file=AUTHORITY))
        # The others take no connection.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", _only("127.0.0.1", socket.socket.connect))
            assert wire.send("POST", "/").ok
        assert len(server.requests) == 1


def _only(allowed: str, original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if address[0] != allowed:
            raise ConnectionRefusedError(111, "Connection refused")
        return original(self, address)

    return connect


@pytest.mark.parametrize(
    "server",
    ["", "x", "ftp://x.example", "http://x.example", "https://", "https://name:word@x.example",
     "https://x.example?a=1", "https://x.example#a", "javascript:alert(1)", "https://[::1", "https://x.example.",
     "https://x.example:99999999", "https://" + "a" * 70_000],
)  # fmt: skip
def test_what_is_no_server_is_refused_in_a_sentence(server: str) -> None:
    with pytest.raises(Misuse) as refused:
        Wire(server, SHORT).get("/")
    assert "word" not in str(refused.value)
    assert len(str(refused.value)) < 300


# -- the environment ------------------------------------------------------------------------------


def test_no_proxy_certificate_or_key_log_of_the_environment_counts(
    wires: Callable[..., Wire], names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names["server.test"] = ["127.0.0.1"]
    key_log = tmp_path / "keys"
    with serving(lambda talk: talk.request()) as trap, serving(answering(b"{}"), certificate="good.pem") as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            for variable in (name, name.lower()):
                monkeypatch.setenv(variable, f"http://127.0.0.1:{trap.port}")
        monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
        monkeypatch.setenv("SSL_CERT_DIR", str(CERTIFICATES))
        monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))
        module._context.cache_clear()
        server_at = f"https://server.test:{server.port}"
        with pytest.raises(OutOfReach, match="no certificate we trust"):
            wires(server_at).get("/")
        assert wires(server_at, Options(private=True, ca_file=AUTHORITY)).get("/").ok
        assert trap.connections == 0
    assert not key_log.exists()


def test_a_configured_proxy_is_used_and_what_it_is_asked_for_is_no_request_of_ours(wires: Callable[..., Wire]) -> None:
    def refuse(talk: Talk) -> None:
        talk.request()
        talk.answer(status="407 Who are you")

    with serving(refuse) as proxy:
        options = Options(proxy=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(OutOfReach):
            wires("https://server.test", options).send("POST", "/secret", headers={"authorization": PLANTED})
        assert proxy.requests[0].startswith(b"CONNECT server.test:443 ")
        assert PLANTED.encode() not in b"".join(proxy.requests)


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://x", "socks5://127.0.0.1:1", "http://user:word@[::1"])
def test_a_proxy_that_is_none_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(Misuse, match=r"\[network\] proxy") as refused:
        Wire("https://server.test", Options(proxy=proxy))
    assert "word" not in str(refused.value)
    assert "word" not in repr(Options(proxy=proxy))


# -- tries, and what may be out --------------------------------------------------------------------


def test_a_read_is_tried_again_with_growing_pauses_by_chance(
    wires: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(module, "PAUSE_S", 0.25)
    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    chances = iter([0.0, 0.5, 1.0, 0.25])
    monkeypatch.setattr(random, "random", lambda: next(chances))

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    wire = wires("https://server.test", transport=httpx.MockTransport(handle))
    assert wire.get("/").status == 503
    assert wire.get("/").status == 503
    assert pauses == [0.25, 0.75, 0.5, 0.625]


@pytest.mark.parametrize("status", ["502 Bad", "503 Busy", "504 Late"])
def test_only_reads_are_tried_again(wires: Callable[..., Wire], status: str) -> None:
    def handle(talk: Talk) -> None:
        for number in itertools.count():
            if talk.request().startswith(b"GET") and number == 2:
                talk.answer(b"[1]")
            else:
                talk.answer(status=status)

    with serving(handle) as server:
        assert wires(server).get("/").json() == [1]
        assert len(server.requests) == 3
        assert wires(server).send("POST", "/").status == int(status[:3])
        assert len(server.requests) == 4


def test_an_answer_that_is_clear_is_not_asked_for_again(wires: Callable[..., Wire]) -> None:
    for status in ("200 OK", "400 No", "401 Who", "404 Where", "429 Slowly", "500 Oh"):
        with serving(answering(b"{}", status=status)) as server:
            assert wires(server).get("/").status == int(status[:3])
            assert len(server.requests) == 1


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_where_nobody_listens_nothing_has_left(wires: Callable[..., Wire]) -> None:
    with pytest.raises(OutOfReach, match="cannot be reached"):
        wires(f"http://127.0.0.1:{closed_port()}").send("POST", "/", json={"text": "Sorry"})


def test_where_the_name_is_not_known_nothing_has_left(wires: Callable[..., Wire], names: dict[str, Any]) -> None:
    def unknown() -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    names["server.test"] = unknown
    with pytest.raises(OutOfReach, match=r"cannot be reached \(Name or service not known\)"):
        wires("https://server.test").send("POST", "/")
    names["server.test"] = lambda: (_ for _ in ()).throw(UnicodeError("label too long"))
    with pytest.raises(OutOfReach):
        wires("https://server.test").send("POST", "/")


def at_once(talk: Talk) -> None:
    """Before it has read anything."""


def in_the_handshake(talk: Talk) -> None:
    talk.connection.recv(1)


def after_the_request(talk: Talk) -> None:
    talk.request()


def in_the_answer(talk: Talk) -> None:
    talk.request()
    talk.say(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{")


def with_nonsense(talk: Talk) -> None:
    talk.request()
    talk.say(b"\x00\x01 this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("close", [at_once, after_the_request, in_the_answer, with_nonsense], ids=lambda f: f.__name__)
def test_what_a_server_may_have_had_is_unclear(wires: Callable[..., Wire], close: Callable[[Talk], None]) -> None:
    with serving(close) as server:
        with pytest.raises(Unclear):
            wires(server).send("POST", "/", json={"text": "Sorry"})
        assert server.connections == 1
        with pytest.raises(OutOfReach):
            wires(server).get("/")


def test_a_server_that_goes_in_the_handshake_has_had_nothing(wires: Callable[..., Wire]) -> None:
    with serving(in_the_handshake) as server:
        with pytest.raises(OutOfReach):
            wires(f"https://localhost:{server.port}").send("POST", "/", json={"text": "Sorry"})
        assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used_for_a_send(wires: Callable[..., Wire]) -> None:
    gone = threading.Event()

    def handle(talk: Talk) -> None:
        talk.request()
        talk.answer(str(talk.number).encode())
        talk.connection.shutdown(socket.SHUT_RDWR)
        gone.set()

    with serving(handle) as server:
        wire = wires(server)
        for number in (1, 2, 3):
            assert wire.send("POST", "/").json() == number
            assert gone.wait(30)
            gone.clear()


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("no")])
def test_a_transport_of_tests_that_does_not_connect_has_sent_nothing(
    wires: Callable[..., Wire], error: Exception
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(OutOfReach):
        wires("https://server.test", transport=httpx.MockTransport(fail)).send("POST", "/")


@pytest.mark.parametrize("error", [httpx.ReadTimeout("no"), httpx.ReadError("no"), httpx.RemoteProtocolError("no")])
def test_one_that_does_not_answer_is_unclear(wires: Callable[..., Wire], error: Exception) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unclear):
        wires("https://server.test", transport=httpx.MockTransport(fail)).send("POST", "/")


# -- answers and sentences ------------------------------------------------------------------------


def test_html_instead_of_json_is_said_without_what_it_holds(wires: Callable[..., Wire]) -> None:
    html = f"<!DOCTYPE html>{PLANTED}".encode()
    with serving(answering(html, headers="content-type: text/html; charset=utf-8\r\n")) as server:
        answer = wires(server).get("/")
        with pytest.raises(NotJson, match="it answered 200 with text/html") as error:
            answer.json()
    assert PLANTED not in str(error.value)
    assert answer.text == html.decode()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"1" * 5_000, b'"\xc3"']
)
def test_what_is_no_json_is_said(body: bytes) -> None:
    with pytest.raises(NotJson):
        Answer(200, {}, body).json()


def test_strings_of_json_fit_any_database() -> None:
    found = Answer(200, {}, rb'{"a\u0000": ["\ud800x", "\ud83d\ude42"], "b": {"c": "\u0000"}}').json()
    assert found == {
        "a\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}x", "🙂"],
        "b": {"c": "\N{REPLACEMENT CHARACTER}"},
    }
    json.dumps(found, ensure_ascii=False).encode()
    assert parsed('{"a": "\\ud800"}') == {"a": "\ufffd"}
    assert parsed(rb'"\\ud800"') == r"\ud800"


@pytest.mark.parametrize("token", [f"{PLANTED}\n", f"{PLANTED}\r\nx: y", f"ä{PLANTED}", f"{PLANTED}\x00"])
def test_a_token_that_is_damaged_is_not_sent_and_not_shown(wires: Callable[..., Wire], token: str) -> None:
    with serving(answering(b"{}")) as server:
        for call in (wires(server).get, lambda path, headers: wires(server).send("POST", path, headers=headers)):
            with pytest.raises(OutOfReach, match="token whole") as refused:
                call("/", headers={"authorization": token})
            assert PLANTED not in str(refused.value)
        assert not server.requests


def test_an_error_is_a_sentence_without_the_servers_controls_and_without_its_causes(wires: Callable[..., Wire]) -> None:
    def handle(talk: Talk) -> None:
        talk.request()
        talk.say(b"HTTP/1.1 \x1b]0;title\x07" + b"x" * 3000 + b"\r\n\r\n")

    with serving(handle) as server, pytest.raises(OutOfReach) as error:
        wires(server).get("/")
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300
    assert error.value.__suppress_context__


def test_a_call_is_logged_with_host_path_status_and_id_but_no_query_and_no_header(
    wires: Callable[..., Wire], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tui")
    with serving(answering(b"{}", headers="x-request-id: r-1\r\n")) as server:
        wires(server).get("/path", params={"access_token": PLANTED}, headers={"authorization": PLANTED})
    with pytest.raises(OutOfReach):
        wires(f"http://127.0.0.1:{closed_port()}").get("/path", params={"access_token": PLANTED})
    called, failed = (vars(record) for record in caplog.records if record.name == module.__name__)
    assert {name: called[name] for name in ("host", "method", "path", "status", "request_id")} == {
        "host": "127.0.0.1", "method": "GET", "path": "/path", "status": 200, "request_id": "r-1",
    }  # fmt: skip
    assert called["ms"] >= 0
    assert "cannot be reached" in failed["error"]
    assert PLANTED not in str(called) + str(failed)


# -- streams ---------------------------------------------------------------------------------------


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of streams look up often."""
    monkeypatch.setattr(module, "TICK_S", 0.02)


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


def streaming(*parts: bytes, then: Callable[[Talk], None] = lambda talk: None) -> Callable[[Talk], None]:
    def handle(talk: Talk) -> None:
        talk.request()
        talk.say(STREAM, *parts)
        then(talk)

    return handle


@pytest.mark.usefixtures("ticking")
def test_lines_of_a_stream_come_as_they_are_cut(wires: Callable[..., Wire]) -> None:
    parts = [b":\n", b"event: up", b"date\r\ndata: {\xc3", b"\xa4}\n\nlast\n", b"not ended"]
    with serving(streaming(*parts)) as server:
        lines = [line for line in wires(server).lines("/", headers={"authorization": "x"}) if line]
        assert lines == [":", "event: update", "data: {ä}", "last"]
        assert b"accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.usefixtures("ticking")
def test_a_stream_that_is_silent_too_long_ends(wires: Callable[..., Wire]) -> None:
    with serving(streaming(b"one\n", then=Talk.silence)) as server:
        stream = wires(server).lines("/", silence_s=0.3)
        assert next(line for line in stream if line) == "one"
        with pytest.raises(OutOfReach, match="says nothing any more"):
            list(stream)


@pytest.mark.usefixtures("ticking")
def test_a_stream_that_drips_without_ending_a_line_is_silent(wires: Callable[..., Wire]) -> None:
    drip = streaming(then=lambda talk: talk.drip(itertools.repeat(b"x")))
    with serving(drip) as server, pytest.raises(OutOfReach, match="says nothing any more"):
        list(wires(server).lines("/", silence_s=0.3))


@pytest.mark.usefixtures("ticking")
def test_a_stream_lets_its_reader_look_up_while_it_drips(wires: Callable[..., Wire]) -> None:
    looks = itertools.count()
    with serving(streaming(then=lambda talk: talk.drip(itertools.repeat(b"x")))) as server:
        lines = list(wires(server).lines("/", stop=lambda: next(looks) == 5))
    assert lines == [""] * 5


@pytest.mark.usefixtures("ticking")
def test_a_line_that_does_not_end_is_refused(wires: Callable[..., Wire]) -> None:
    flood = streaming(then=lambda talk: talk.drip(itertools.repeat(b"x" * 65536), 0))
    with serving(flood) as server, pytest.raises(OutOfReach, match="does not end"):
        list(wires(server).lines("/"))


@pytest.mark.usefixtures("ticking")
def test_a_long_line_comes_whole(wires: Callable[..., Wire]) -> None:
    with serving(streaming(b"x" * 900_000 + b"\n")) as server:
        assert [len(line) for line in wires(server).lines("/") if line] == [900_000]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 401 Who\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n",
        STREAM[:-2] + b"content-encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_stream_is_refused(wires: Callable[..., Wire], head: bytes) -> None:
    refusing = lambda talk: (talk.request(), talk.say(head))  # noqa: E731
    with serving(refusing) as server, pytest.raises(OutOfReach, match="is not used"):
        list(wires(server).lines("/"))


@pytest.mark.usefixtures("ticking")
def test_a_stream_can_be_left_and_the_wire_used_again(wires: Callable[..., Wire]) -> None:
    def handle(talk: Talk) -> None:
        if b"/stream" in talk.request():
            talk.say(STREAM, b"one\n")
            talk.silence()
        else:
            talk.answer(b"[2]")

    with serving(handle) as server:
        wire = wires(server)
        stream = wire.lines("/stream")
        assert next(line for line in stream if line) == "one"
        stream.close()  # type: ignore[attr-defined]
        assert wire.get("/").json() == [2]
        assert not asyncio.all_tasks(wire._runner.get_loop())


def test_a_stream_that_does_not_begin_ends_with_the_deadline(wires: Callable[..., Wire]) -> None:
    with serving(of_headers) as server, pytest.raises(OutOfReach, match="did not answer"):
        list(wires(server, SHORT).lines("/"))
