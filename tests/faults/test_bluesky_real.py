"""Against Bluesky's own servers: a customer is answered exactly once, wherever the worker is killed."""

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from making import copy_of
from real_bluesky import NotHere, Person, RealBluesky, running
from sqlalchemy import update

from tui.cli.program import run
from tui.clock import MINUTE, SECOND, Millis, now
from tui.desk import intake
from tui.errors import Misuse
from tui.networks.known import client, login
from tui.networks.records import RateLimited
from tui.networks.wire import Options
from tui.secrets import Secrets
from tui.store import tables as t

pytestmark = pytest.mark.timeout(900)
"""The first run on a machine installs the servers."""

UNDO: Millis = 11 * SECOND
MOST_STEPS = 60
LOGINS = 30
"""In five minutes."""
SETTINGS = """
[account."bluesky:@northline.test".checks]
same-text = "off"
same-customer = "off"
"""
_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[RealBluesky]:
    try:
        with running() as made:
            made.join("amandac.test")
            made.join("northline.test")
            yield made
    except NotHere as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def us(server: RealBluesky) -> Person:
    return server.people["@northline.test"]


@pytest.fixture(scope="module")
def amanda(server: RealBluesky) -> Person:
    return server.people["@amandac.test"]


@pytest.fixture(scope="module")
def password(us: Person) -> str:
    return us.app_password()


@pytest.fixture(scope="module")
def killed() -> Iterator[subprocess.Popen[str]]:
    """Workers that can be killed."""
    script = Path(__file__).with_name("killed_worker.py")
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        yield made
        assert made.stdin is not None
        made.stdin.close()


class Desk:
    """A desk with our account on it, logged in; time passes for its workers alone."""

    def __init__(
        self, folder: Path, template: Path, server: RealBluesky, us: Person, password: str,
        killed: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        store = copy_of(template, folder)
        self.path, self.config = folder / "desk.db", folder / "config.toml"
        self.config.write_text(SETTINGS)
        self.capsys, self.killed, self.later = capsys, killed, 0
        monkeypatch.setenv("SHIFTDESK_CONFIG", str(self.config))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        way = login("bluesky", "@northline.test", server.url, Options())
        way.begin()
        granted = way.finish(password)
        self.secrets = Secrets(folder / "tokens.toml", folder)
        self.key = f"bluesky:{granted.handle}"
        self.secrets.keep(self.key, granted.tokens)
        with store.transaction() as session:
            account = intake.ensure_account(session, "bluesky", granted.handle, now())
            values = {"server": granted.server, "native_id": granted.native_id}
            session.execute(update(t.accounts).where(t.accounts.c.id == account).values(**values))
        store.close()

    def __call__(self, *arguments: str) -> Any:
        """What a command of an agent says, as JSON."""
        self.capsys.readouterr()
        code = run([*arguments, "--db", str(self.path), "--agent", "ana", "--json"])
        said = self.capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out)

    def work(self, lane: str, *, step: int = 0) -> tuple[int, dict[str, Any]]:
        """One round of a worker, which a kill ends after that step: the signal that ended it, and what it did."""
        order = {"db": str(self.path), "config": str(self.config), "lane": lane, "step": step, "later": self.later}
        self.killed.stdin.write(json.dumps(order) + "\n")
        self.killed.stdin.flush()
        answer = json.loads(self.killed.stdout.readline())
        return -answer["signal"], answer["done"]

    def wait(self, span: Millis) -> None:
        """Time passes."""
        self.later += span

    def conversation(self, text: str) -> str:
        """The conversation that begins with this text."""
        (found,) = [one["id"] for one in self("queue", "--view", "all") if one["preview"] == text]
        return str(found)

    def answer(self, mention: str) -> str:
        """Claim what a customer wrote and send a reply, which is in its undo window then; its text."""
        text = f"Sorry to hear that. Which train was it? Case {next(_numbers)}."
        conversation = self.conversation(mention)
        self("claim", conversation)
        self("reply", conversation, "--text", text)
        return text

    def replies(self, mention: str) -> list[dict[str, Any]]:
        return list(self("show", self.conversation(mention))["replies"])

    def until_sent(self, mention: str) -> dict[str, Any]:
        """A worker is started again and again until the reply is out."""
        for _ in range(10):
            (reply,) = self.replies(mention)
            if reply["state"] == "sent":
                return reply
            self.wait(MINUTE)
            assert self.work("send")[0] == 0
        raise AssertionError(f"it is never sent: {reply}")


@pytest.fixture
def desk(
    tmp_path: Path, template: Path, server: RealBluesky, us: Person, password: str, killed: Any,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> Desk:  # fmt: skip
    return Desk(tmp_path / "desk", template, server, us, password, killed, capsys, monkeypatch)


def mention_of(amanda: Person) -> str:
    return f"@northline.test my train is late, number {next(_numbers)}"


def test_a_mention_is_answered_and_the_answer_seen_in_its_thread(
    desk: Desk, server: RealBluesky, us: Person, amanda: Person
) -> None:
    text = mention_of(amanda)
    mention = amanda.write(text)
    assert desk.work("collect")[1]["read"] >= 1
    answer = desk.answer(text)
    assert desk.work("send")[1]["sent"] == 0  # it is still in its undo window
    desk.wait(UNDO)
    assert desk.work("send")[1]["sent"] == 1
    server.settle()
    (below,) = server.thread(mention)["replies"]
    (reply,) = desk.replies(text)
    assert below["post"]["uri"] == reply["native_id"]
    assert (below["post"]["record"]["text"], below["post"]["author"]["did"]) == (answer, us.did)
    assert below["post"]["record"]["reply"]["root"]["uri"] == mention
    desk.wait(2 * MINUTE)
    desk.work("collect")  # our own timeline shows it once more
    posts = desk("show", desk.conversation(text))["posts"]
    assert [post["text"] for post in posts] == [text, answer]


def test_wherever_the_collector_is_killed_a_mention_is_there_once(
    server: RealBluesky, amanda: Person, desk: Desk
) -> None:
    met: list[str] = []
    for step in range(1, MOST_STEPS):
        met.append(mention_of(amanda))
        amanda.write(met[-1])
        desk.wait(2 * MINUTE)
        ended_by, _ = desk.work("collect", step=step)
        desk.wait(2 * MINUTE)
        if ended_by != signal.SIGKILL:
            break
        assert desk.work("collect")[0] == 0
    else:
        raise AssertionError("it never came to its end")
    assert step > 5
    previews = [one["preview"] for one in desk("queue", "--view", "all", "--limit", "500")]
    assert [previews.count(text) for text in met] == [1] * len(met)


def test_wherever_the_sender_is_killed_a_reply_is_out_once(
    server: RealBluesky, us: Person, amanda: Person, desk: Desk
) -> None:
    mentions, answers = [], []
    for step in range(1, MOST_STEPS):
        mentions.append(mention_of(amanda))
        amanda.write(mentions[-1])
        desk.wait(2 * MINUTE)
        assert desk.work("collect")[0] == 0
        answers.append(desk.answer(mentions[-1]))
        desk.wait(UNDO)
        ended_by, _ = desk.work("send", step=step)
        assert us_said(server, us, answers[-1]) <= 1
        reply = desk.until_sent(mentions[-1])
        assert us_said(server, us, answers[-1]) == 1, (step, reply)
        if ended_by != signal.SIGKILL:
            break
    else:
        raise AssertionError("it never came to its end")
    assert step > 5
    assert [us_said(server, us, answer) for answer in answers] == [1] * len(answers)


def us_said(server: RealBluesky, us: Person, text: str) -> int:
    """How often we published this."""
    return server.texts(us).count(text)


def test_a_token_that_has_run_out_is_renewed_on_the_way(
    desk: Desk, server: RealBluesky, us: Person, amanda: Person
) -> None:
    text = mention_of(amanda)
    amanda.write(text)
    tokens = desk.secrets.tokens(desk.key)
    assert tokens is not None
    kept = {name: tokens.get(name) for name in ("refresh", "password", "named")}
    old = server.expired_token(us)
    desk.secrets.keep(desk.key, kept | {"access": old})
    assert desk.work("collect")[1]["read"] >= 1
    answer = desk.answer(text)
    desk.secrets.keep(desk.key, kept | {"access": old})
    desk.wait(UNDO)
    assert desk.work("send")[1]["sent"] == 1
    assert us_said(server, us, answer) == 1
    renewed = desk.secrets.tokens(desk.key)
    assert renewed is not None
    assert renewed.get("access") not in ("", old)


def test_a_server_that_had_enough_is_waited_for(desk: Desk, server: RealBluesky, us: Person, amanda: Person) -> None:
    text = mention_of(amanda)
    amanda.write(text)
    desk.work("collect")
    answer = desk.answer(text)
    desk.wait(UNDO)
    with server.limited(us):
        assert desk.work("send")[1]["sent"] == 0
        assert us_said(server, us, answer) == 0
    (reply,) = desk.replies(text)
    assert reply["state"] in ("queued", "sending")
    desk.wait(61 * MINUTE)
    assert desk.work("send")[1]["sent"] == 1
    assert us_said(server, us, answer) == 1


def test_what_its_author_deleted_meanwhile_is_not_answered(
    desk: Desk, server: RealBluesky, us: Person, amanda: Person
) -> None:
    text = mention_of(amanda)
    mention = amanda.write(text)
    desk.work("collect")
    answer = desk.answer(text)
    amanda.delete(mention)
    desk.wait(UNDO)
    assert desk.work("send")[1]["failed"] == 1
    assert us_said(server, us, answer) == 0
    assert "not there any more" in desk.replies(text)[0]["error"]


def test_what_is_gone_is_told_from_what_a_block_hides(
    desk: Desk, server: RealBluesky, us: Person, amanda: Person
) -> None:
    from tui.networks.accounts import Account

    kept, gone = amanda.write(mention_of(amanda)), amanda.write(mention_of(amanda))
    blocker = server.join("blocker.test")
    hidden = blocker.write("@northline.test never again")
    amanda.delete(gone)
    blocker.block(us)
    tokens = desk.secrets.tokens(desk.key)
    assert tokens is not None
    ours: Any = client(Account("bluesky", "@northline.test", server.url, us.did), tokens, Options())
    try:
        assert [post.reply_denied for post in ours.thread(hidden)] == ["blocked"]
        assert ours.gone([kept, gone, hidden]) == {gone}
    finally:
        ours.close()


def test_a_picture_goes_with_its_description(server: RealBluesky, amanda: Person, desk: Desk, tmp_path: Path) -> None:
    """Straight through the client: what the server makes of a file, facets and a second try."""
    from tui.networks.accounts import Account
    from tui.networks.records import Attachment, Outgoing

    picture = tmp_path / "map.png"
    picture.write_bytes(bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
        "a5f645400000000049454e44ae426082"
    ))  # fmt: skip
    us = server.people["@northline.test"]
    tokens = desk.secrets.tokens(desk.key)
    assert tokens is not None
    account = Account("bluesky", "@northline.test", server.url, us.did)
    ours = client(account, tokens, Options())
    try:
        mention = amanda.write(mention_of(amanda))
        text = "Täglich 🚆 https://northline.example/a @amandac.test #delays"
        reply = Outgoing(
            "bluesky", "@northline.test", mention, text, f"picture-{next(_numbers)}",
            media=(Attachment(str(picture), "where the bus leaves"),), recipient=amanda.did, created_at=now(),
        )  # fmt: skip
        assert ours.look_up(reply) is None
        receipt = ours.publish(reply)
        assert ours.publish(reply) == receipt == ours.look_up(reply)
        server.settle()
        (own,) = [post for post in ours.thread(mention) if post.id == receipt.native_id]
        assert (own.text, own.in_reply_to) == (text, mention)
        assert [(medium["type"], medium["alt"]) for medium in own.media] == [("image", "where the bus leaves")]
        facets = [facet["features"][0] for facet in server.thread(receipt.native_id)["post"]["record"]["facets"]]
        assert {feature["$type"].partition("#")[2] for feature in facets} == {"link", "mention", "tag"}
        assert all(finding.ok for finding in ours.test(now=now()) if finding.what != "messages")
    finally:
        ours.close()


def test_a_real_429_of_logins_says_until_when(server: RealBluesky, us: Person) -> None:
    other = server.join("logins.test")
    way = login("bluesky", other.handle, server.url, Options())
    way.begin()
    for _ in range(LOGINS):
        with pytest.raises(Misuse, match="app password"):
            way.finish("wrong-wrong-wrong")
    with pytest.raises(RateLimited, match="too many logins") as raised:
        way.finish("wrong-wrong-wrong")
    assert now() < raised.value.until <= now() + 6 * MINUTE
