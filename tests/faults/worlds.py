"""A desk with one account on a network in memory, its replies, and what became of them."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from making import take
from networks.servers import bluesky_server, mastodon_server, x_server
from sqlalchemy import select, update

from tui import clock
from tui.clock import HOUR, MINUTE, Millis
from tui.config import Config
from tui.desk import claims, outbox
from tui.networks.accounts import Account
from tui.networks.bluesky.client import Bluesky
from tui.networks.mastodon.client import Mastodon
from tui.networks.records import Author, Client, Post
from tui.networks.wire import Options, Wire
from tui.networks.x.client import XClient
from tui.store import tables as t
from tui.store.store import Store
from tui.worker.lease import SPAN
from tui.worker.sender import Outlet

CONFIG = Config()
DEADLINE_S = 0.05
"""How long a call may take here: a dripping answer costs no more."""
SERVERS = {"x": "https://api.x.com", "mastodon": "https://northline.example", "bluesky": bluesky_server.SERVER}
NETWORKS = ("x", "mastodon", "gotosocial", "misskey", "bluesky")
"""Mastodon and the servers that are only like it: without keys, and without reply targets."""


class Moment:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now: Millis = clock.parse("2026-11-24T09:00:00Z")

    def __call__(self) -> Millis:
        return self.now

    def on(self, span: Millis) -> None:
        self.now += span


class Pocket:
    """Tokens in memory."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._held = dict(tokens)

    def get(self, name: str, default: str = "") -> str:
        return self._held.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        if self._held.get("access", "") == old:
            self._held |= new()


class World:
    """One account of ours, the server it is at, and a desk whose replies leave there."""

    def __init__(self, store: Store, kind: str) -> None:
        self.store = store
        self.kind = kind
        self.network = kind if kind in SERVERS else "mastodon"
        self.moment = Moment()
        self.server: Any = _server(kind, self.moment)
        self.answering: Callable[[httpx.Request], httpx.Response] = self.server
        """What the client talks to: the server, or what stands before it."""
        self.texts: dict[int, str] = {}
        """By reply: what it says."""
        handle, native_id = _us(self.network)
        self.account = Account(self.network, handle, SERVERS[self.network], native_id)
        take(store, self._asked("first"), now=self.moment.now)
        with store.transaction() as session:
            a = t.accounts.c
            session.execute(
                update(t.accounts)
                .where(a.network == self.network, a.handle == handle)
                .values(server=self.account.server, native_id=native_id)
            )
            self.account_id: int = session.execute(
                select(a.id).where(a.network == self.network, a.handle == handle)
            ).scalar_one()

    def _asked(self, who: str) -> Post:
        """A customer's word, there and here."""
        name = {"mastodon": f"{who}@mastodon.example", "bluesky": f"{who}.example"}.get(self.network, who)
        text = f"{self.account_words} where is my train?"
        native = self.server.mention(text, name)
        return Post(
            self.network, native, Author(f"of-{who}", name), text, self.moment.now - MINUTE,
            account=_us(self.network)[0],
        )  # fmt: skip

    @property
    def account_words(self) -> str:
        return _us(self.network)[0]

    def reply(self, count: int = 1) -> list[int]:
        """So many customers write and are answered; the replies, which are due now."""
        made = []
        for _ in range(count):
            number = len(self.texts) + 1
            take(self.store, self._asked(f"guest{number}"), now=self.moment.now)
            with self.store.transaction() as session:
                newest = session.execute(select(t.conversations.c.id).order_by(t.conversations.c.id.desc())).scalar()
                assert newest is not None
                claim = claims.claim(session, newest, agent="ana", now=self.moment.now, lease=HOUR)
                text = f"We have found seat {number} of yours; it is at the desk in hall {number}."
                reply_id, _ = outbox.hold(session, claim, text, config=CONFIG, now=self.moment.now)
            self.texts[reply_id] = text
            made.append(reply_id)
        self.moment.on(CONFIG.desk.undo)
        return made

    def client(self) -> Client:
        """A new client, as a new process has it."""
        wire = Wire(self.account.server, Options(deadline_s=DEADLINE_S), transport=httpx.MockTransport(self.answering))
        match self.network:
            case "x":
                tokens = Pocket({"access": self.server.access, "refresh": self.server.refresh, "client_id": "team"})
                return XClient(self.account, tokens, wire, now=self.moment)
            case "mastodon":
                tokens = Pocket({"access": self.server.access})
                return Mastodon(self.account, tokens, wire, now=self.moment, sleep=lambda _: None)
            case _:
                return Bluesky(self.account, Pocket(self.server.tokens()), wire)

    def sender(self) -> Outlet:
        """A sender that has just been started."""
        return Outlet(self.store, CONFIG, self.client, self.moment, self.account_id)

    def settled(self, rounds: int = 40) -> "World":
        """Time goes on, and senders come and go, until nothing moves any more."""
        sender = self.sender()
        for number in range(rounds):
            sender.round(first=number == 0, leads=lambda session=None: True)
            self.moment.on(SPAN if number < rounds // 2 else HOUR)
        sender.close()
        return self

    def states(self) -> dict[int, str]:
        """By reply: its state."""
        with self.store.transaction() as session:
            r = t.replies.c
            return {row.id: row.state for row in session.execute(select(r.id, r.state)) if row.id in self.texts}

    def problems(self) -> Iterator[str]:
        """What must never be: doubled, lost, or told otherwise than it is."""
        out = Counter(_bare(text) for text in self.server.published)
        states = self.states()
        for reply_id, text in self.texts.items():
            times, state = out[_bare(text)], states[reply_id]
            if times > 1:
                yield f"reply {reply_id} is out {times} times"
            if state == "sent" and not times:
                yield f"reply {reply_id} is sent and not out"
            if state == "failed" and times:
                yield f"reply {reply_id} has failed and is out"
            if state not in ("sent", "failed", "unknown"):
                yield f"reply {reply_id} is still {state}"


def _server(kind: str, moment: Moment) -> Any:
    if kind == "x":
        return x_server.FakeX(moment)
    if kind == "bluesky":
        return bluesky_server.FakeBluesky(moment)
    return mastodon_server.FakeMastodon(kind, moment)


def _us(network: str) -> tuple[str, str]:
    return {
        "x": ("@northline", x_server.ME),
        "mastodon": ("@care@northline.example", mastodon_server.ME),
        "bluesky": (bluesky_server.US, bluesky_server.ME),
    }[network]


def _bare(text: str) -> str:
    """What was published without the names put before it."""
    return text[text.index("We have found") :] if "We have found" in text else text


# -- dying ---------------------------------------------------------------------------------------------

OURS = (
    *("tui/worker/sender.py", "tui/worker/lease.py", "tui/desk/outbox/", "tui/store/store.py"),
    *("tui/networks/x/", "tui/networks/mastodon/", "tui/networks/bluesky/", "tui/networks/wire.py"),
)
"""Where a sender can die here: everywhere between the outbox and the network."""


class Died(BaseException):
    """The sender is gone, as after kill -9: what was not committed never was."""


class Dies:
    """Ends what runs inside it when it reaches its n-th line. `lines` counts those it reached."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.lines = 0

    def __enter__(self) -> "Dies":
        sys.settrace(self._called)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        sys.settrace(None)
        return kind is Died

    @property
    def died(self) -> bool:
        """Whether it came so far."""
        return self.lines >= self.at

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        return self._line if _is_ours(frame.f_code.co_filename) else None

    def _line(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                raise Died
        return self._line


_KNOWN: dict[str, bool] = {}


def _is_ours(path: str) -> bool:
    if path not in _KNOWN:
        name = Path(path).as_posix()
        _KNOWN[path] = any(f"/{part}" in name for part in OURS)
    return _KNOWN[path]
