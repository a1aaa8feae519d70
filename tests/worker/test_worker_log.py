"""The log of the worker: one JSON object a line, cleaned, and no token in it wherever one was planted."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli.program import run
from tui.errors import OutOfReach
from tui.hidden import remember
from tui.networks import wire
from tui.networks.wire import Wire
from tui.store.store import Store
from tui.worker import log
from tui.worker import run as running
from tui.worker.run import Done, Worker

PLANTED = "planted-token-0ec7a1"
OURS = logging.getLogger("tui.planted")


class Heard:
    """What was written to stderr up to now."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._heard = ""

    def getvalue(self) -> str:
        self._heard += self._capsys.readouterr().err
        return self._heard


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Heard:
    """Where the log goes."""
    remember(PLANTED)
    return Heard(capsys)


def logged(stream: Heard) -> list[dict[str, Any]]:
    """What was logged; each line is printable ASCII and an object."""
    rows = stream.getvalue().splitlines()
    assert all(row.isascii() and row.isprintable() for row in rows)
    return [json.loads(row) for row in rows]


def test_a_record_is_one_object_with_what_it_has_of_its_own(stderr: Heard) -> None:
    with log.lines("info"):
        OURS.info("called", extra={"host": "rail.example", "status": 200, "ms": 12, "request_id": "r-1"})
    (one,) = logged(stderr)
    assert one.pop("time").endswith("Z")
    assert one == {
        "level": "info", "event": "called", "host": "rail.example", "status": 200, "ms": 12, "request_id": "r-1",
    }  # fmt: skip


def test_only_what_is_wanted_is_logged_and_only_while_it_is(stderr: Heard) -> None:
    OURS.warning("before")
    with log.lines("warning"):
        OURS.info("too little")
        OURS.warning("enough")
        logging.getLogger("httpx").warning("GET https://x.example/?access_token=%s", PLANTED)
    OURS.warning("after")
    assert [one["event"] for one in logged(stderr)] == ["enough"]


def raised() -> BaseException:
    try:
        try:
            raise httpx.ReadError(f"https://x.example/?q={PLANTED}")
        except httpx.ReadError as error:
            raise ValueError(f"Bearer {PLANTED}") from error
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    "say",
    [
        lambda: OURS.info("GET https://x.example/cb?access_token=unknown-one-1234&x=%s", PLANTED),
        lambda: OURS.info("called", extra={"path": f"/{PLANTED}/x", "headers": {"authorization": f"Bearer {PLANTED}"}}),
        lambda: OURS.info("called", extra={"error": KeyError(PLANTED), PLANTED: 1}),
        lambda: OURS.info("called", extra={"body": b'{"refresh_token": "unknown-one-1234"}'}),
        lambda: OURS.error("it stumbled", exc_info=raised()),
        lambda: OURS.info("bad %s %s", PLANTED),
        lambda: OURS.info("code=unknown-one-1234 client_secret: unknown-one-1234"),
    ],
)
def test_no_token_is_logged_wherever_it_stands(stderr: Heard, say: Callable[[], None]) -> None:
    with log.lines("debug"):
        say()
    (one,) = logged(stderr)
    assert PLANTED not in stderr.getvalue()
    assert "unknown-one-1234" not in stderr.getvalue()
    assert one["event"]


def test_a_mistake_says_where_it_was(stderr: Heard) -> None:
    with log.lines("error"):
        OURS.error("it stumbled", exc_info=raised())
    (one,) = logged(stderr)
    assert one["error"].startswith("ValueError: ")
    assert one["at"][-1].startswith("test_worker_log.py:")
    assert one["at"][-1].endswith(" raised")


@given(st.text(max_size=80), st.text(max_size=2_000))
def test_whatever_a_network_says_stays_on_its_line(event: str, value: str) -> None:
    record = logging.makeLogRecord({"msg": event, "said": value, "levelname": "INFO"})
    row = log.Lines().format(record)
    assert row.isascii()
    assert row.isprintable()
    assert len(json.loads(row).get("said", "")) <= log.LONGEST


def test_a_stderr_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    with log.lines("info"):
        OURS.warning("nobody hears")


def test_without_a_log_nothing_reaches_the_terminal(stderr: Heard) -> None:
    refusing = Wire("https://x.example", transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    refusing.get("/")
    with pytest.raises(OutOfReach):
        refusing.get("//elsewhere.example/")
    logging.getLogger(wire.__name__).error("failed")
    refusing.close()
    assert stderr.getvalue() == ""


class Calling:
    """A lane that makes a call, then is out of reach as often as it is asked."""

    def __init__(self, name: str, times: int, stop: threading.Event) -> None:
        self.name = name
        self._left = times
        self._stop = stop

    def round(self, *, first: bool, leads: Any) -> Done:
        called = Wire("https://x.example", transport=httpx.MockTransport(self._answer))
        called.get("/2/me", params={"access_token": PLANTED}, headers={"authorization": f"Bearer {PLANTED}"})
        called.close()
        self._left -= 1
        if not self._left:
            self._stop.set()
        raise OutOfReach(f"no way to {PLANTED}")

    def close(self) -> None:
        pass

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert PLANTED in str(request.url)
        return httpx.Response(200, headers={"x-request-id": "r-7"}, json={})


def test_a_call_names_the_account_whose_turn_it_is_and_the_same_problem_is_told_once(
    stderr: Heard, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PAUSE_S", 0)
    stop = threading.Event()
    with log.lines("info"):
        Worker(store, [Calling("collect x:@northline", 3, stop)]).run(stop)
    said = logged(stderr)
    assert {one["account"] for one in said} == {"x:@northline"}
    calls = [one for one in said if one["event"] == "called"]
    assert len(calls) == 3
    assert (calls[0]["path"], calls[0]["status"], calls[0]["request_id"]) == ("/2/me", 200, "r-7")
    assert len([one for one in said if one["event"] == "out of reach"]) == 1
    assert PLANTED not in stderr.getvalue()


@pytest.mark.parametrize(("level", "heard"), [("info", True), ("ERROR", False)])
def test_the_worker_is_told_how_much_to_log(
    stderr: Heard, store: Store, monkeypatch: pytest.MonkeyPatch, level: str, heard: bool
) -> None:
    monkeypatch.setenv("SHIFTDESK_DB", store.location)
    monkeypatch.setenv("SHIFTDESK_AGENT", "ana")
    monkeypatch.setattr(Worker, "once", lambda self: OURS.info("round") or {"busy": False, **asdict(Done())})
    assert run(["worker", "--once", "--json", "--log-level", level]) == 0
    assert [one["event"] for one in logged(stderr)] == (["round"] if heard else [])
