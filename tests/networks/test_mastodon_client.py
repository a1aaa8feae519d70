"""Mastodon and servers like it: what is read, what is published, and what is survived."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.mastodon_server import KINDS, ME, FakeMastodon

from tui import clock
from tui.clock import HOUR, MINUTE, SECOND
from tui.errors import OutOfReach
from tui.networks.accounts import Account, Wanted
from tui.networks.known import client as known_client
from tui.networks.mastodon.client import Mastodon
from tui.networks.records import (
    Attachment,
    LoggedOut,
    Outgoing,
    RateLimited,
    Receipt,
    RefusedByNetwork,
    ServerLimits,
    Unclear,
)
from tui.networks.wire import Wire

NOW = clock.parse("2026-02-11T09:14:00Z")
SERVER = "https://northline.example"
WANTED = Wanted(search=("northline",), tags=("northline",), lists=("7",))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Pocket:
    """Tokens in memory."""

    def __init__(self, **tokens: str) -> None:
        self.held = tokens

    def get(self, name: str, default: str = "") -> str:
        return self.held.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        if self.held["access"] == old:
            self.held |= new()


Answering = Callable[[httpx.Request], httpx.Response]


def client_of(fake: Answering, *, wanted: Wanted = WANTED, **tokens: str) -> Mastodon:
    account = Account("mastodon", "@care@northline.example", SERVER, ME, wanted)
    wire = Wire(SERVER, transport=httpx.MockTransport(fake))
    pocket = Pocket(access="access-1", **tokens)
    return Mastodon(account, pocket, wire, now=lambda: NOW, sleep=lambda _: None)


@pytest.fixture(params=KINDS)
def fake(request: pytest.FixtureRequest) -> FakeMastodon:
    """Each kind of server."""
    return FakeMastodon(request.param, lambda: NOW)


@pytest.fixture
def mastodon() -> FakeMastodon:
    return FakeMastodon("mastodon", lambda: NOW)


@pytest.fixture
def client(fake: FakeMastodon) -> Iterator[Mastodon]:
    made = client_of(fake)
    yield made
    made.close()


def all_of(client: Mastodon, source: str, cursor: str | None) -> tuple[list[str], str | None]:
    """Ids read from a cursor on until there is no more, and the next cursor."""
    ids: list[str] = []
    for _ in range(50):
        page = client.read(source, cursor, now=NOW)
        ids += [post.id for post in page.posts]
        cursor = page.cursor
        if not page.more:
            return ids, cursor
    raise AssertionError("it never ends")


def reply_to(target: str, text: str = "@amandac@mastodon.example Which coach?", **more: Any) -> Outgoing:
    return Outgoing(
        "mastodon", "@care@northline.example", target, text, more.pop("key", "key-1"), created_at=NOW,
        recipient="amandac@mastodon.example", **more,
    )  # fmt: skip


# -- reading -----------------------------------------------------------------------------------------


def test_a_mention_is_a_post_with_all_that_is_known_of_it(fake: FakeMastodon, client: Mastodon) -> None:
    said = "@care my train is late, see https://photos.example/a/very/long/address/of/a/picture\n\n@bob@b.example too"
    media = [{"type": "image", "url": "https://m.example/1.png", "description": "A full coach"}, {"type": 3}]
    own_id = fake.mention(said, media_attachments=media, reblogs_count=3, favourites_count=5, in_reply_to_id="12")
    (post,) = client.read("mentions", None, now=NOW).posts
    assert post.text == said.replace("@care", "@care@northline.example")
    assert (post.id, post.account, post.kind, post.in_reply_to) == (own_id, "@care@northline.example", "reply", "12")
    assert (post.author.id, post.author.handle) == ("amandac@mastodon.example", "amandac@mastodon.example")
    assert (post.created_at, post.lang, post.reposts, post.likes) == (NOW, "en", 3, 5)
    assert post.media[0] == {"type": "image", "alt": "A full coach", "url": "https://m.example/1.png"}
    assert post.uri == f"https://mastodon.example/users/amandac/statuses/{own_id}"
    assert post.url == f"https://mastodon.example/@amandac/{own_id}"


@pytest.mark.parametrize("source", ["mentions", "tag:northline", "list:7", "own"])
def test_reading_walks_on_from_its_cursor_and_skips_nothing(fake: FakeMastodon, client: Mastodon, source: str) -> None:
    fake.lists["7"] = {"amandac@mastodon.example"}
    author = "care" if source == "own" else "amandac@mastodon.example"

    def some(count: int) -> list[str]:
        written = [fake.write("@care #northline is late", author, notify="mention") for _ in range(count)]
        return [status["id"] for status in written]

    first = some(3)
    ids, cursor = all_of(client, source, None)
    assert ids == first
    assert all_of(client, source, cursor) == ([], cursor)
    later = some(39 if fake.kind == "misskey" else 95)
    ids, cursor = all_of(client, source, cursor)
    assert sorted(ids) == sorted(later)
    assert all_of(client, source, cursor) == ([], cursor)


def test_a_first_read_brings_the_newest_only(mastodon: FakeMastodon) -> None:
    ids = [mastodon.mention() for _ in range(100)]
    page = client_of(mastodon).read("mentions", None, now=NOW)
    assert [post.id for post in page.posts] == ids[-40:]
    assert not page.more


def test_a_private_message_is_a_mention_that_is_private(fake: FakeMastodon, client: Mastodon) -> None:
    fake.mention(visibility="direct")
    assert client.read("mentions", None, now=NOW).posts[0].kind == "dm"
    assert "messages" not in [source.name for source in client.sources]


def test_who_is_put_aside_as_a_stranger_is_a_customer_all_the_same(mastodon: FakeMastodon) -> None:
    mastodon.mention()
    mastodon.notifications[-1]["filtered"] = True
    assert len(client_of(mastodon).read("mentions", None, now=NOW).posts) == 1


def test_what_is_no_mention_is_no_post(fake: FakeMastodon, client: Mastodon) -> None:
    fake.notify("follow", None)
    fake.notify("favourite", fake.write("ours", "care"))
    page = client.read("mentions", None, now=NOW)
    assert (page.posts, page.bad) == ((), ())


def test_a_warning_stands_in_front_of_the_text_behind_the_names(fake: FakeMastodon, client: Mastodon) -> None:
    fake.mention("@care I was hurt", spoiler_text="injury,\n  blood")
    fake.mention("I was hurt", spoiler_text="injury")
    texts = [post.text for post in client.read("mentions", None, now=NOW).posts]
    assert texts == ["@care@northline.example [injury, blood] I was hurt", "[injury] I was hurt"]


def test_a_boost_carries_its_root_and_a_quote_what_it_quotes(fake: FakeMastodon, client: Mastodon) -> None:
    root = fake.write("@care the lift is stuck #northline", "amandac@mastodon.example")
    boost = fake.boost(root["id"])
    boost["text"] = "#northline"  # so that the timeline of the tag has it
    inner = f'<p class="quote-inline">RE: <a href="{root["url"]}">{root["url"]}</a></p><p>Still true #northline</p>'
    for quote in ({"quote": {"state": "accepted", "quoted_status": root}}, {"quote": root}, {"quote_id": root["id"]}):
        fake.write("#northline", "bob@b.example", content=inner, **quote)
    own, reposted, *quotes = client.read("tag:northline", None, now=NOW).posts
    assert (reposted.kind, reposted.root, reposted.root_id, reposted.text) == ("repost", own, own.id, own.text)
    assert [(post.kind, post.root_id, post.text) for post in quotes] == 3 * [("quote", own.id, "Still true #northline")]
    assert [post.root for post in quotes] == [own, own, None]


def test_a_thread_is_what_stands_around_a_post(fake: FakeMastodon, client: Mastodon) -> None:
    top = fake.mention()
    middle = fake.write("Which coach?", "care", in_reply_to_id=top)["id"]
    last = fake.mention("@care coach 4", in_reply_to_id=middle)
    assert [post.id for post in client.thread(middle)] == [top, middle, last]
    fake.delete(middle)
    assert client.thread(middle) == ()


def test_an_edit_and_a_deletion_are_seen_when_the_newest_are_looked_at_again(
    fake: FakeMastodon, client: Mastodon
) -> None:
    stays, changes, goes = fake.mention("@care a"), fake.mention("@care b"), fake.mention("@care c")
    first = client.read("changes", None, now=NOW)
    assert {post.id for post in first.posts} == {stays, changes, goes}
    uri = fake.statuses[changes]["uri"]
    changed = fake.edit(changes, "@care b, or not")
    fake.delete(goes)
    page = client.read("changes", first.cursor, now=NOW)
    found = {post.id: post for post in page.posts}
    assert found[changed].text == "@care@northline.example b, or not"
    assert found[changed].uri == uri
    assert found[goes].deleted
    assert found[goes].author.id == "amandac@mastodon.example"
    assert [post.id for post in page.posts if post.deleted] == [goes]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(fake: FakeMastodon, client: Mastodon) -> None:
    fake.mention("@care one")
    fake.mention("@care two", created_at="yesterday")
    fake.mention("@care three", account={"id": "1"})
    last = fake.mention("@care four")
    page = client.read("mentions", None, now=NOW)
    assert [post.text for post in page.posts] == ["@care@northline.example one", "@care@northline.example four"]
    assert [bad.reason for bad in page.bad] == ["created_at is no time", "account.acct is missing"]
    assert page.cursor == next(one["id"] for one in fake.notifications if one["status"]["id"] == last)


def test_a_cursor_the_server_does_not_know_any_more_is_a_gap() -> None:
    fake = FakeMastodon()
    own_id = fake.mention()

    def forgetful(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"error": "gone"}) if "min_id" in request.url.params else fake(request)

    page = client_of(forgetful).read("mentions", "5", now=NOW)
    assert (page.gap, [post.id for post in page.posts]) == (True, [own_id])


def test_who_may_answer_is_known_from_the_start(mastodon: FakeMastodon) -> None:
    mastodon.mention(interaction_policy={"can_reply": {"always": ["author"], "with_approval": []}})
    mastodon.mention(interaction_policy={"can_reply": {"always": ["author", "mentioned"]}})
    posts = client_of(mastodon).read("mentions", None, now=NOW).posts
    assert [(post.reply_allowed, post.reply_denied) for post in posts] == [(False, "locked"), (True, None)]


# -- search ------------------------------------------------------------------------------------------


def test_the_brand_is_searched_for(fake: FakeMastodon, client: Mastodon) -> None:
    ids = [fake.write("Northline again", "bob@b.example")["id"] for _ in range(5)]
    page = client.read("search", None, now=NOW)
    assert sorted(post.id for post in page.posts) == sorted(ids)
    later = [fake.write("Northline once more", "bob@b.example")["id"] for _ in range(60)]
    page = client.read("search", page.cursor, now=NOW)
    assert set(later) <= {post.id for post in page.posts}
    assert not page.gap
    for _ in range(200):
        fake.write("Northline", "bob@b.example")
    assert client.read("search", page.cursor, now=NOW).gap


def test_a_server_without_search_is_not_searched(fake: FakeMastodon, client: Mastodon) -> None:
    fake.searches = False
    fake.write("Our service is back to normal", "care")
    client.read("search", None, now=NOW)  # that may be too new to be found
    fake.write("Our service is back to normal", "care", created_at=clock.iso(NOW - 2 * HOUR))
    client = client_of(fake)
    assert "search" in [source.name for source in client.sources]
    assert client.read("search", None, now=NOW).posts == ()
    assert "search" not in [source.name for source in client.sources]
    (found,) = [finding for finding in client.test(now=NOW) if finding.what == "search"]
    assert (found.ok, found.text) == (False, "the server does not search posts; use tags instead. It is left out.")


# -- what goes wrong ---------------------------------------------------------------------------------


def test_a_limit_says_until_when(fake: FakeMastodon, client: Mastodon) -> None:
    page = client.read("mentions", None, now=NOW)
    assert page.rate is not None
    assert (page.rate.limit, page.rate.left, page.rate.resets_at) == (300, 299, NOW + 5 * MINUTE)
    fake.rate_limited(120)
    with pytest.raises(RateLimited) as caught:
        client.read("mentions", None, now=NOW)
    assert (caught.value.until, caught.value.why) == (NOW + 2 * MINUTE, "rate")


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-reset": "soon"}, {"retry-after": "9" * 400}])
def test_a_limit_without_a_time_ends_some_time(headers: dict[str, str]) -> None:
    limited = client_of(lambda request: httpx.Response(429, headers=headers))
    with pytest.raises(RateLimited) as caught:
        limited.read("mentions", None, now=NOW)
    assert caught.value.until == NOW + 5 * MINUTE


def test_a_limit_may_be_told_in_seconds_from_now() -> None:
    limited = client_of(lambda request: httpx.Response(429, headers={"retry-after": "90"}))
    with pytest.raises(RateLimited) as caught:
        limited.publish(reply_to("1"))
    assert caught.value.until == NOW + 90 * SECOND


def test_a_renewal_that_is_unclear_leaves_no_reply_unclear(mastodon: FakeMastodon) -> None:
    mention = mastodon.mention()
    mastodon.token_expired()

    def answering(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            raise httpx.ReadError("gone")
        return mastodon(request)

    client = client_of(answering, refresh="refresh-1")
    with pytest.raises(OutOfReach, match="northline"):
        client.read("mentions", None, now=NOW)
    with pytest.raises(OutOfReach, match="northline"):
        client.publish(reply_to(mention))
    assert mastodon.published == []


def test_a_token_that_is_not_taken_any_more_is_renewed_where_it_can_be(fake: FakeMastodon) -> None:
    fake.mention()
    fake.token_expired()
    assert len(client_of(fake, refresh="refresh-1").read("mentions", None, now=NOW).posts) == 1
    for tokens in ({}, {"refresh": "stale"}):
        with pytest.raises(LoggedOut) as caught:
            client_of(fake, **tokens).read("mentions", None, now=NOW)
        assert "access-1" not in str(caught.value)


PAGE = "<!DOCTYPE html><html><title>503 — Nous reviendrons</title><script>alert(1)</script>Patience…</html>"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(500, text=PAGE), "answered with 500 (Internal Server Error)"),
        (httpx.Response(200, text=PAGE), "answered with something that is no JSON"),
        (httpx.Response(200, json={"a": 1}), "answered with something that is no list"),
        (
            httpx.Response(500, json={"error": "Ups\x1b[2J,\nkaputt " + "x" * 500}),
            "answered with 500 (Ups␛[2J, kaputt " + "x" * 103 + "…)",
        ),
        (httpx.Response(418 + 90, text=""), "answered with 508 (Loop Detected)"),
    ],
)  # fmt: skip
def test_whatever_a_server_answers_is_one_clean_sentence(answer: httpx.Response, said: str) -> None:
    with pytest.raises(OutOfReach) as caught:
        client_of(lambda request: answer).read("mentions", None, now=NOW)
    assert str(caught.value) == f"northline.example {said}; it is tried again."


# -- publishing --------------------------------------------------------------------------------------


def test_a_reply_is_out_as_a_reply_and_found_again(fake: FakeMastodon, client: Mastodon) -> None:
    target = fake.mention()
    reply = reply_to(
        target, "@amandac@mastodon.example Which coach? See https://northline.example/find/my/coach\n\n^SF"
    )
    assert client.look_up(reply) is None
    receipt = client.publish(reply)
    made = fake.statuses[receipt.native_id]
    assert (made["in_reply_to_id"], made["language"], made["visibility"]) == (target, "en", "public")
    assert receipt == Receipt(receipt.native_id, made["url"])
    assert client.look_up(reply) == receipt
    assert client.look_up(reply_to(target, "@amandac@mastodon.example Which train?")) is None
    assert fake.called[-1].headers["authorization"] == "Bearer access-1"


def test_a_key_is_sent_so_that_a_second_try_is_none(mastodon: FakeMastodon) -> None:
    client, reply = client_of(mastodon), reply_to(mastodon.mention())
    assert client.publish(reply) == client.publish(reply)
    assert mastodon.published == [reply.text]


def test_a_reply_is_found_behind_many_newer_ones(fake: FakeMastodon, client: Mastodon) -> None:
    reply = reply_to(fake.mention())
    receipt = client.publish(reply)
    for _ in range(100):
        fake.write("Another one", "care")
    assert client.look_up(reply) == receipt
    for _ in range(400):
        fake.write("Another one", "care")
    assert client.look_up(reply) == receipt  # in its thread
    with pytest.raises(Unclear, match="too many posts"):
        client.look_up(reply_to(reply.in_reply_to, "Not out"))


def test_a_private_reply_is_found_again(fake: FakeMastodon, client: Mastodon) -> None:
    reply = reply_to(fake.mention(visibility="direct"), private=True)
    fake.mention("@care Which coach?", in_reply_to_id=reply.in_reply_to)  # of somebody else
    assert client.look_up(reply) is None
    receipt = client.publish(reply)
    assert client.look_up(reply) == receipt


def test_a_server_that_cannot_be_leafed_through_leaves_it_unclear(mastodon: FakeMastodon) -> None:
    def ignoring(request: httpx.Request) -> httpx.Response:
        return mastodon(httpx.Request(request.method, request.url.copy_remove_param("max_id"), headers=request.headers))

    reply = reply_to(mastodon.mention())
    for _ in range(60):
        mastodon.write("Another one", "care")
    with pytest.raises(Unclear):
        client_of(ignoring).look_up(reply)


def test_an_older_answer_with_the_same_words_is_another(mastodon: FakeMastodon) -> None:
    client, target = client_of(mastodon), mastodon.mention()
    mastodon.clock = lambda: NOW - HOUR
    client.publish(reply_to(target))
    mastodon.clock = lambda: NOW
    assert client.look_up(reply_to(target)) is None


def test_a_text_the_server_made_more_of_is_compared_with_what_was_typed(fake: FakeMastodon, client: Mastodon) -> None:
    reply = reply_to(fake.mention(), "@amandac@mastodon.example *now* in _coach_ 4")
    receipt = client.publish(reply)
    fake.statuses[receipt.native_id]["content"] = "<p>@amandac <strong>now</strong> in <em>coach</em> 4</p>"
    assert client.look_up(reply) == receipt


@pytest.mark.parametrize(
    ("theirs", "asked", "private", "goes_out"),
    [
        ("public", "", False, None), ("public", "unlisted", False, "unlisted"),
        ("public", "followers", False, "private"),
        ("unlisted", "", False, "unlisted"), ("unlisted", "public", False, "unlisted"),
        ("private", "", False, "private"), ("private", "public", False, "private"),
        ("direct", "", False, "direct"), ("direct", "public", False, "direct"), ("public", "", True, "direct"),
        ("public", "public", False, "public"), ("mutuals_only", "public", False, "direct"),
    ],
)  # fmt: skip
def test_a_reply_is_never_more_public_than_what_it_answers(
    mastodon: FakeMastodon, theirs: str, asked: str, private: bool, goes_out: str | None
) -> None:
    target = mastodon.mention(visibility=theirs)
    client_of(mastodon).publish(reply_to(target, visibility=asked, private=private))
    assert json.loads(mastodon.called[-1].content).get("visibility") == goes_out


def test_a_private_text_that_came_out_in_public_is_taken_back(mastodon: FakeMastodon) -> None:
    mastodon.takes_visibility = False
    target, client = mastodon.mention(visibility="direct"), client_of(mastodon)
    with pytest.raises(RefusedByNetwork, match="was deleted again"):
        client.publish(reply_to(target, private=True))
    assert mastodon.published == []

    def undeletable(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.method == "DELETE" else mastodon(request)

    receipt = client_of(undeletable).publish(reply_to(target, private=True, key="other"))
    assert "delete it there by hand" in receipt.note


def test_a_private_message_that_names_nobody_is_refused(mastodon: FakeMastodon) -> None:
    target = mastodon.mention(visibility="direct")
    with pytest.raises(RefusedByNetwork, match="begin it with @amandac"):
        client_of(mastodon).publish(reply_to(target, "Which coach?"))
    assert mastodon.published == []


def test_a_warning_is_kept_where_there_is_room_for_it(mastodon: FakeMastodon) -> None:
    target, client = mastodon.mention(spoiler_text="injury"), client_of(mastodon)

    def warned(**reply: Any) -> str:
        receipt = client.publish(reply_to(target, key=str(reply), **reply))
        return str(mastodon.statuses[receipt.native_id]["spoiler_text"])

    assert warned() == "injury"
    assert warned(warning="accident") == "accident"
    assert warned(text="@amandac " + "a" * 491) == ""


def test_a_reply_that_is_out_but_not_as_a_reply_says_so_and_is_out_once(mastodon: FakeMastodon) -> None:
    mastodon.takes_targets = False
    client, reply = client_of(mastodon), reply_to(mastodon.mention())
    receipt = client.publish(reply)
    assert receipt.note == "It is out, but not as a reply: northline.example did not take what it answers."
    assert client.look_up(reply) == receipt
    assert len(mastodon.published) == 1


def test_what_is_gone_is_not_answered(fake: FakeMastodon, client: Mastodon) -> None:
    target = fake.mention()
    fake.delete(target)
    with pytest.raises(RefusedByNetwork, match="nothing was sent"):
        client.publish(reply_to(target))
    assert fake.published == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500), Unclear), (httpx.Response(503, text=PAGE), Unclear), (httpx.Response(408), Unclear),
        (httpx.Response(200, text='{"id": "1'), Unclear), (httpx.Response(200, json=[]), Unclear),
        (httpx.Response(422, json={"error": "Text ist zu lang"}), RefusedByNetwork),
        (httpx.Response(403, text=PAGE), RefusedByNetwork), (httpx.Response(429), RateLimited),
        (httpx.Response(401), LoggedOut),
    ],
)  # fmt: skip
def test_an_answer_to_a_reply_says_whether_it_may_be_out(
    mastodon: FakeMastodon, answer: httpx.Response, error: type[Exception]
) -> None:
    target = mastodon.mention()
    faulty = client_of(lambda request: answer if request.method == "POST" else mastodon(request))
    with pytest.raises(error) as caught:
        faulty.publish(reply_to(target))
    assert "<" not in str(caught.value)


def test_a_socket_closed_after_the_request_is_unclear_and_looked_up(fake: FakeMastodon) -> None:
    def dropping(request: httpx.Request) -> httpx.Response:
        answer = fake(request)
        if request.method == "POST":
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return answer

    client, reply = client_of(dropping), reply_to(fake.mention())
    with pytest.raises(Unclear):
        client.publish(reply)
    found = client.look_up(reply)
    assert found is not None
    assert fake.statuses[found.native_id]["text"] == reply.text


def test_pictures_go_up_first_and_are_waited_for(fake: FakeMastodon, client: Mastodon, tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(PNG)
    fake.busy_media = 3
    receipt = client.publish(reply_to(fake.mention(), media=(Attachment(str(path), "Where the bus stops"),)))
    (medium,) = fake.statuses[receipt.native_id]["media_attachments"]
    assert medium["description"] == "Where the bus stops"
    fake.busy_media = 1_000
    with pytest.raises(OutOfReach, match="has not finished"):
        client.publish(reply_to(fake.mention(), media=(Attachment(str(path), "Again"),), key="2"))
    path.unlink()
    with pytest.raises(RefusedByNetwork, match="A picture of it cannot be sent"):
        client.publish(reply_to(fake.mention(), media=(Attachment(str(path), "Again"),), key="3"))
    assert len(fake.published) == 1


def test_a_picture_that_is_lost_on_its_way_is_no_unclear_reply(mastodon: FakeMastodon, tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(PNG)

    def dropping(request: httpx.Request) -> httpx.Response:
        if "media" in request.url.path:
            raise httpx.ReadError("gone")
        return mastodon(request)

    with pytest.raises(OutOfReach, match="A picture did not arrive"):
        client_of(dropping).publish(reply_to(mastodon.mention(), media=(Attachment(str(path), "A map"),)))


# -- the server --------------------------------------------------------------------------------------


def test_the_server_says_what_it_takes(fake: FakeMastodon, client: Mastodon) -> None:
    assert client.limits() == (ServerLimits(5_000) if fake.kind == "pleroma" else ServerLimits(500, 23, 4))
    assert client.streaming() in ("https://northline.example", "https://streaming.northline.example")


@pytest.mark.parametrize("where", ["wss://evil.example", "ws://northline.example", "wss://example", "wss://[::1", 7])
def test_a_stream_somewhere_else_is_none_of_ours(where: Any) -> None:
    told = httpx.Response(200, json={"urls": {"streaming_api": where}})
    assert client_of(lambda request: told).streaming() == ""


def test_a_test_says_in_a_line_each_what_works(fake: FakeMastodon, client: Mastodon) -> None:
    findings = {finding.what: finding for finding in client.test(now=NOW)}
    assert list(findings) == ["login", "mentions", "server", "search", "stream"]
    assert all(finding.ok for finding in findings.values())
    assert findings["login"].text == "as @care@northline.example, which may read and write."
    assert "of 300 calls left until" in findings["mentions"].text
    assert fake.published == []
    fake.token_expired()
    assert not any(finding.ok for finding in client.test(now=NOW) if finding.what in ("login", "mentions"))


def test_it_is_one_of_the_known_networks(mastodon: FakeMastodon) -> None:
    account = Account("mastodon", "@care@northline.example", SERVER, ME)
    from tui.networks.wire import Options

    made = known_client(account, Pocket(access="access-1"), Options(), httpx.MockTransport(mastodon))
    mastodon.mention()
    assert (made.network, made.account, made.settles) == ("mastodon", "@care@northline.example", 15 * SECOND)
    assert [source.name for source in made.sources] == ["mentions", "own", "changes"]
    made.close()


# -- hostile -----------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "id", "uri", "url", "created_at", "account", "content", "spoiler_text", "visibility", "in_reply_to_id", "language",
    "mentions", "media_attachments", "reblog", "quote", "quote_id", "reblogs_count", "interaction_policy",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(poison=st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=5), whole=ANYTHING)
def test_one_poisoned_post_costs_no_other(poison: dict[str, Any], whole: Any) -> None:
    fake = FakeMastodon("mastodon", lambda: NOW)
    good = [fake.mention("@care first")]
    bad = fake.mention("@care poison")
    good.append(fake.mention("@care last"))
    fake.statuses[bad].update(poison)
    items = [
        *fake._page(fake.notifications, httpx.QueryParams()),
        whole,
        {"id": "1", "type": "mention", "status": whole},
    ]
    client = client_of(lambda request: httpx.Response(200, content=json.dumps(items).encode()))
    for source in ("mentions", "changes"):
        page = client.read(source, None, now=NOW)
        assert set(good) <= {post.id for post in page.posts}
        assert all(post.uri and "\0" not in post.text for post in page.posts)
    client.close()


@settings(max_examples=80, deadline=None)
@given(answer=ANYTHING, status=st.sampled_from([200, 202, 206, 301, 400, 404, 422, 500]))
def test_whatever_a_server_answers_the_errors_are_those_we_know(answer: Any, status: int) -> None:
    content = json.dumps(answer).encode()
    client = client_of(lambda request: httpx.Response(status, content=content))
    reads = [partial(client.read, source.name, "3", now=NOW) for source in client.sources]
    calls = [partial(client.thread, "1"), client.limits, client.streaming]
    calls += [partial(client.publish, reply_to("1")), partial(client.look_up, reply_to("1"))]
    for call in (*reads, *calls):
        with suppress(OutOfReach, Unclear, RefusedByNetwork):
            call()
    assert client.test(now=NOW)
    client.close()
