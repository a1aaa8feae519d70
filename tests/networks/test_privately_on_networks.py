"""An answer that moves to private, through the real clients: both go out, or it is refused and nothing is said."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from making import NOW, take
from servers.bluesky_server import AMANDA_DID, FakeBluesky
from servers.bluesky_server import ME as OUR_DID
from servers.bluesky_server import SERVER as BLUESKY
from servers.bluesky_server import US as BLUESKY_US
from servers.x_server import ME, FakeX
from sqlalchemy import update

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.config import Config
from tui.desk import claims, outbox
from tui.desk.composition import Composition, composition
from tui.networks.accounts import Account
from tui.networks.known import client as known_client
from tui.networks.records import Client
from tui.networks.wire import Options
from tui.networks.x.calls import SERVER as X
from tui.store import tables as t
from tui.store.reader import Reader
from tui.store.store import Store
from tui.worker.sender import Sending

TEXT = "Your new date is Friday; is that all right?"
POINTER = Config().default_account.private_pointer


class Pocket:
    """Tokens in memory."""

    def __init__(self, tokens: Any) -> None:
        self.held = dict(tokens)

    def get(self, name: str, default: str = "") -> str:
        return str(self.held.get(name, default))

    def renew(self, old: str, new: Callable[[], Any]) -> None:
        self.held |= new()


class Moment:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now: Millis = NOW

    def __call__(self) -> Millis:
        return self.now


class World:
    """One network with one mention of us, and the lane that sends there."""

    def __init__(self, network: str, store: Store, moment: Moment) -> None:
        self.fake: Any = FakeX(moment) if network == "x" else FakeBluesky(moment)
        us, own, server = ("@northline", ME, X) if network == "x" else (BLUESKY_US, OUR_DID, BLUESKY)
        held = {"access": "access-1", "refresh": "r", "client_id": "t"} if network == "x" else self.fake.tokens()
        account = Account(network, us, server, own)
        self.store, self.moment = store, moment
        self.client: Client = known_client(account, Pocket(held), Options(), httpx.MockTransport(self.fake))
        self.fake.mention()
        take(store, *self.client.read("mentions", None, now=moment()).posts, now=moment())
        with store.transaction() as session:
            there = t.accounts.c.network == network
            session.execute(update(t.accounts).where(there, t.accounts.c.handle == us).values(server=server))
            row = session.execute(t.accounts.select().where(there, t.accounts.c.handle == us)).one()
        self.lane = Sending(store, Config(), row.id, f"{network}:{us}", lambda: self.client, clock=moment)

    def takes_no_messages(self) -> None:
        if isinstance(self.fake, FakeX):
            self.fake.blocked.add(self.fake.users["amandac"]["id"])
        else:
            self.fake.refuses_messages_of.add(AMANDA_DID)

    def hold(self) -> int:
        with self.store.transaction() as session:
            claim = claims.claim(session, 1, agent="ana", now=self.moment(), lease=HOUR)
            made_of = Composition(way="private")
            return outbox.hold(session, claim, TEXT, config=Config(), now=self.moment(), made_of=made_of)[0]

    def sends(self) -> Any:
        self.moment.now += MINUTE
        return self.lane.round(first=False, leads=lambda _session=None: True)


@pytest.fixture(params=["x", "bluesky"])
def world(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    moment = Moment()
    monkeypatch.setattr(clock, "now", moment)
    made = World(request.param, store, moment)
    moment.now += SECOND
    return made


def public(fake: Any) -> list[str]:
    """What of us everybody can read."""
    return [text for text in fake.published if text != TEXT]


def test_the_message_and_its_pointer_go_out(world: World, reader: Reader) -> None:
    world.hold()
    assert world.sends().sent == 2
    assert [(one.state, one.private) for one in reader.replies(1)] == [("sent", True), ("sent", False)]
    assert public(world.fake) == [POINTER]


def test_where_messages_are_refused_nothing_is_said_in_public_and_the_draft_is_back(
    world: World, reader: Reader
) -> None:
    world.takes_no_messages()
    reply = world.hold()
    assert world.sends().sent == 0
    world.sends()
    assert [one.state for one in reader.replies(1)] == ["failed", "failed"]
    assert reader.reply(reply).error  # type: ignore[union-attr]
    assert public(world.fake) == []
    draft = reader.draft(1)
    assert draft is not None
    assert (draft.text, composition(draft.composition).way) == (TEXT, "private")
