"""Bluesky: what is read, what is published, and what is survived."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.bluesky_server import AMANDA, AMANDA_DID, ME, PASSWORD, SERVER, US, FakeBluesky

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.errors import OutOfReach
from tui.networks import wire
from tui.networks.accounts import Account, Wanted
from tui.networks.bluesky import streams, tid, walk
from tui.networks.bluesky.client import Bluesky
from tui.networks.known import client as known_client
from tui.networks.limits import Length, count
from tui.networks.records import (
    Attachment,
    LoggedOut,
    Outgoing,
    Page,
    RateLimited,
    Receipt,
    RefusedByNetwork,
    Unclear,
)
from tui.networks.wire import Options

NOW = clock.parse("2026-02-11T09:14:00Z")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
Answering = Callable[[httpx.Request], httpx.Response]


class Pocket:
    """Tokens in memory."""

    def __init__(self, **tokens: str) -> None:
        self.held = tokens
        self.renewed = 0

    def get(self, name: str, default: str = "") -> str:
        return self.held.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        if self.held.get("access", "") == old:
            self.renewed += 1
            self.held |= new()


def client_of(fake: Answering, tokens: Mapping[str, str], wanted: Wanted = Wanted()) -> Bluesky:  # noqa: B008
    account = Account("bluesky", US, SERVER, ME, wanted)
    made = known_client(account, Pocket(**tokens), Options(deadline_s=5), httpx.MockTransport(fake))
    assert isinstance(made, Bluesky)
    return made


@pytest.fixture(autouse=True, scope="module")
def _no_pause() -> Iterator[None]:
    """A second try of a GET does not wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "PAUSE_S", 0)
        yield


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at: Millis = NOW

    def __call__(self) -> Millis:
        return self.at


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
def fake(time: Time) -> FakeBluesky:
    return FakeBluesky(time)


@pytest.fixture
def client(fake: FakeBluesky) -> Iterator[Bluesky]:
    made = client_of(fake, fake.tokens(), Wanted(search=("northline",)))
    yield made
    made.close()


def reply_to(post_id: str, text: str = "Which train?", key: str = "key-1", **more: Any) -> Outgoing:
    return Outgoing("bluesky", US, post_id, text, key, **{"recipient": AMANDA_DID, "created_at": NOW, **more})


def ids(page: Page) -> list[str]:
    return [post.id for post in page.posts]


# -- mentions ---------------------------------------------------------------------------------------


def test_a_mention_is_read_with_all_it_says(client: Bluesky, fake: FakeBluesky) -> None:
    text = f"{US} is this right? example.com/del..."
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/delays/44"}
    first = len(text.encode()) - len("example.com/del...")
    facet = {"index": {"byteStart": first, "byteEnd": len(text.encode())}, "features": [link]}
    uri = fake.mention(text, facets=[facet], langs=["de", "en"])
    fake.posts[uri]["embed"] = {
        "$type": "app.bsky.embed.images#view",
        "images": [{"alt": "a red signal", "fullsize": "https://cdn.example/1.jpg", "thumb": "https://cdn.example/t"}],
    }
    fake.posts[uri]["likeCount"] = 3
    (post,) = client.read("mentions", None, now=NOW).posts
    assert (post.network, post.id, post.text, post.kind, post.account) == ("bluesky", uri, text, "post", US)
    assert (post.author.id, post.author.handle, post.author.name) == (AMANDA_DID, AMANDA, "Amandac")
    assert (post.lang, post.likes, post.reply_allowed, post.created_at) == ("de", 3, True, NOW)
    assert post.media == (
        {"type": "image", "alt": "a red signal", "url": "https://cdn.example/1.jpg"},
        {"type": "link", "alt": "https://example.com/delays/44", "url": "https://example.com/delays/44"},
    )
    assert post.url == f"https://bsky.app/profile/{AMANDA_DID}/post/{uri.rpartition('/')[2]}"


def test_a_link_whose_words_are_its_address_is_not_named_twice(client: Bluesky, fake: FakeBluesky) -> None:
    text = "see example.com"
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com"}
    fake.mention(text, facets=[{"index": {"byteStart": 4, "byteEnd": 15}, "features": [feature]}])
    assert client.read("mentions", None, now=NOW).posts[0].media == ()


@pytest.mark.parametrize(
    ("embed", "media"),
    [
        (
            {"external": {"uri": "https://example.com/a", "title": "Delays", "description": "d"}},
            [{"type": "link", "alt": "https://example.com/a (Delays)", "url": "https://example.com/a"}],
        ),
        (
            {"playlist": "https://video.example/1.m3u8", "alt": "doors"},
            [{"type": "video", "alt": "doors", "url": "https://video.example/1.m3u8"}],
        ),
        (
            {"record": {"record": {"uri": "at://x/app.bsky.feed.generator/1"}}, "media": {"images": [{"alt": "a"}]}},
            [{"type": "image", "alt": "a"}],
        ),
    ],
)
def test_what_is_beside_a_text_is_named(
    client: Bluesky, fake: FakeBluesky, embed: dict[str, Any], media: list[dict[str, str]]
) -> None:
    fake.posts[fake.mention()]["embed"] = embed
    assert list(client.read("mentions", None, now=NOW).posts[0].media) == media


@pytest.mark.parametrize("with_media", [False, True])
def test_a_quote_carries_what_it_quotes(client: Bluesky, fake: FakeBluesky, with_media: bool) -> None:
    ours = fake.write("Trains run again.", US, at=NOW - 206 * DAY)
    view = fake.view(ours)
    record = {"$type": "app.bsky.embed.record#viewRecord", "value": view.pop("record"), **view}
    quote = fake.write("Are you still in the lift?")
    embed = {"record": {"record": record}, "media": {"images": []}} if with_media else {"record": record}
    fake.posts[quote]["embed"] = embed
    fake.notify("quote", quote)
    (post,) = client.read("mentions", None, now=NOW).posts
    assert (post.kind, post.root_id) == ("quote", ours)
    assert post.root is not None
    assert (post.root.text, post.root.created_at) == ("Trains run again.", NOW - 206 * DAY)


def test_a_quote_of_what_is_gone_keeps_its_address(client: Bluesky, fake: FakeBluesky) -> None:
    quote = fake.write("And this?")
    gone = {"$type": "app.bsky.embed.record#viewNotFound", "uri": f"at://{ME}/app.bsky.feed.post/3k", "notFound": True}
    fake.posts[quote]["embed"] = {"record": gone}
    fake.notify("quote", quote)
    (post,) = client.read("mentions", None, now=NOW).posts
    assert (post.kind, post.root, post.root_id) == ("quote", None, gone["uri"])


def test_a_reply_and_a_repost_say_to_what(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    ours = fake.write("Trains run again.", US, at=NOW - HOUR)
    answer = fake.answer(ours, "No they do not")
    time.at += SECOND
    repost = fake.repost(ours)
    reply, reposted = client.read("mentions", None, now=NOW).posts
    assert (reply.id, reply.kind, reply.in_reply_to) == (answer, "reply", ours)
    assert (reposted.id, reposted.kind, reposted.root_id, reposted.text) == (repost, "repost", ours, "")
    assert reposted.author.handle == "stranger.example"


def test_what_is_no_mention_is_not_asked_for(client: Bluesky, fake: FakeBluesky) -> None:
    fake.notify("like", fake.write("hello"))
    assert client.read("mentions", None, now=NOW).posts == ()


@pytest.mark.parametrize(
    ("view", "denied"),
    [
        ({"viewer": {"replyDisabled": True}}, "locked"),
        ({"author": {"did": AMANDA_DID, "handle": AMANDA, "viewer": {"blockedBy": True}}}, "blocked"),
        ({"author": {"did": AMANDA_DID, "handle": AMANDA, "viewer": {"blocking": "at://us/block/1"}}}, "blocked"),
        ({"viewer": {"replyDisabled": False}}, None),
    ],
)
def test_whether_we_may_answer_is_known_at_once(
    client: Bluesky, fake: FakeBluesky, view: dict[str, Any], denied: str | None
) -> None:
    fake.posts[fake.mention()] |= view
    (post,) = client.read("mentions", None, now=NOW).posts
    assert (post.reply_allowed, post.reply_denied) == (denied is None, denied)


def test_a_post_that_is_not_shown_is_taken_as_it_was_listed(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention("@northline.example hello")
    fake.hidden.add(uri)
    (post,) = client.read("mentions", None, now=NOW).posts
    assert (post.id, post.text, post.deleted) == (uri, "@northline.example hello", False)


def test_a_post_is_as_old_as_its_writer_says_and_no_younger_than_it_was_seen(
    client: Bluesky, fake: FakeBluesky
) -> None:
    old = fake.mention("old", createdAt=clock.iso(NOW - DAY))
    young = fake.mention("young", createdAt=clock.iso(NOW + DAY))
    odd = fake.mention("odd", createdAt="yesterday")
    found = {post.id: post.created_at for post in client.read("mentions", None, now=NOW).posts}
    assert found == {old: NOW - DAY, young: NOW, odd: NOW}


def test_a_handle_that_does_not_hold_is_none(client: Bluesky, fake: FakeBluesky) -> None:
    fake.people[AMANDA_DID] = "handle.invalid"
    uri = fake.write("hello", "handle.invalid")
    fake.notify("mention", uri)
    assert client.read("mentions", None, now=NOW).posts[0].author.handle == AMANDA_DID


# -- how far it was read ----------------------------------------------------------------------------


def collected(client: Bluesky, cursor: str | None, source: str = "mentions", now: Millis = NOW) -> tuple[Any, Page]:
    """All reads until there is no more at once."""
    found: list[str] = []
    for _ in range(300):
        page = client.read(source, cursor, now=now)
        found += ids(page)
        cursor = page.cursor
        if not page.more:
            return found, page
    raise AssertionError("it never ends")


def test_what_is_new_comes_and_what_is_old_does_not_come_again(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    first = fake.mention("first")
    page = client.read("mentions", None, now=time.at)
    time.at += HOUR
    second = fake.mention("second")
    page = client.read("mentions", page.cursor, now=time.at)
    assert ids(page)[-1] == second
    time.at += HOUR
    third = fake.mention("third")
    found = ids(client.read("mentions", page.cursor, now=time.at))
    assert found[-1] == third
    assert first not in found


def test_an_outage_is_read_back_to_where_it_began_whatever_came_meanwhile(
    client: Bluesky, fake: FakeBluesky, time: Time
) -> None:
    fake.mention("before")
    cursor = client.read("mentions", None, now=time.at).cursor
    missed = []
    for number in range(1_234):
        time.at += SECOND
        missed.append(fake.mention(f"missed {number}"))
    first = client.read("mentions", cursor, now=time.at)
    assert first.more
    assert len(first.posts) == streams.PAGES * 100
    time.at += SECOND
    missed.append(fake.mention("while it was read"))
    rest, last = collected(client, first.cursor, now=time.at)
    after, _ = collected(client, last.cursor, now=time.at)
    assert set(ids(first)) | set(rest) | set(after) >= set(missed)
    assert missed[-1] in after
    assert not last.gap


def test_a_walk_begun_by_one_process_is_ended_by_another(fake: FakeBluesky, time: Time) -> None:
    fake.mention("before")
    one = client_of(fake, fake.tokens())
    cursor = one.read("mentions", None, now=time.at).cursor
    missed = []
    for number in range(700):
        time.at += SECOND
        missed.append(fake.mention(f"missed {number}"))
    page = one.read("mentions", cursor, now=time.at)
    one.close()
    other = client_of(fake, fake.tokens())
    rest, _ = collected(other, page.cursor, now=time.at)
    other.close()
    assert set(ids(page)) | set(rest) >= set(missed)


def test_a_walk_that_fails_on_the_way_keeps_what_it_has(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    fake.mention("before")
    cursor = client.read("mentions", None, now=time.at).cursor
    missed = []
    for number in range(350):
        time.at += SECOND
        missed.append(fake.mention(f"missed {number}"))
    calls, answering = 0, fake.__call__

    def failing(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += "listNotifications" in request.url.path
        return httpx.Response(500) if calls == 3 else answering(request)

    broken = client_of(failing, fake.tokens())
    page = broken.read("mentions", cursor, now=time.at)
    broken.close()
    assert len(page.posts) == 200
    assert page.more
    rest, _ = collected(client, page.cursor, now=time.at)
    assert set(ids(page)) | set(rest) >= set(missed)


def test_a_post_that_reached_the_network_late_is_not_passed_over(
    client: Bluesky, fake: FakeBluesky, time: Time
) -> None:
    fake.mention("on time")
    cursor = client.read("mentions", None, now=time.at).cursor
    late = fake.mention("late", at=NOW - MINUTE)
    time.at += MINUTE
    assert late in ids(client.read("mentions", cursor, now=time.at))


def test_a_time_in_the_future_does_not_end_all_reading(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    fake.mention("from 2099", at=clock.parse("2099-01-01T00:00:00Z"))
    cursor = client.read("mentions", None, now=time.at).cursor
    time.at += HOUR
    now = fake.mention("from now")
    assert now in ids(client.read("mentions", cursor, now=time.at))


def test_what_lies_too_far_below_is_a_gap(
    client: Bluesky, fake: FakeBluesky, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MOST_PAGES", 3)
    fake.mention("before")
    cursor = client.read("mentions", None, now=time.at).cursor
    for number in range(500):
        time.at += SECOND
        fake.mention(f"missed {number}")
    page = client.read("mentions", cursor, now=time.at)
    assert (page.gap, page.more, len(page.posts)) == (True, False, 300)
    time.at += HOUR
    new = fake.mention("after")
    page = client.read("mentions", page.cursor, now=time.at)
    assert (page.gap, ids(page)[-1]) == (False, new)


@pytest.mark.parametrize("cursor", ["", "{", "[]", "7", '{"mentions": 7}', '{"mentions": {"seen": "x"}}', "[" * 99_999])
def test_a_cursor_that_is_none_begins_anew(client: Bluesky, fake: FakeBluesky, cursor: str) -> None:
    uri = fake.mention()
    assert ids(client.read("mentions", cursor, now=NOW)) == [uri]


def test_before_anything_came_the_next_is_still_read(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    cursor = client.read("mentions", None, now=time.at).cursor
    time.at += MINUTE
    uri = fake.mention()
    assert ids(client.read("mentions", cursor, now=time.at)) == [uri]


# -- the other sources ------------------------------------------------------------------------------


def test_what_colleagues_wrote_elsewhere_is_read_without_what_we_reposted(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    ours = fake.answer(uri, "We are on it", US)
    feed = client.read("own", None, now=NOW)
    assert [(post.id, post.author.handle, post.in_reply_to) for post in feed.posts] == [(ours, US[1:], uri)]


def test_name_drops_are_searched_for_each_word(fake: FakeBluesky, time: Time) -> None:
    client = client_of(fake, fake.tokens(), Wanted(search=("northline", "night train")))
    drops = {fake.write("Northline again..."), fake.write("the night train was cold")}
    fake.write("nothing of ours")
    page = client.read("search", None, now=time.at)
    assert set(ids(page)) == drops
    time.at += HOUR
    later = fake.write("northline!")
    assert ids(client.read("search", page.cursor, now=time.at))[-1] == later
    client.close()


def test_sources_say_what_there_is(fake: FakeBluesky) -> None:
    client = client_of(fake, fake.tokens(), Wanted(search=("northline",)))
    assert [source.name for source in client.sources] == ["mentions", "messages", "own", "search"]
    client.close()
    fake.scope = "com.atproto.appPass"
    fake.access, fake.refresh = fake._session()
    client = client_of(fake, fake.tokens())
    assert [source.name for source in client.sources] == ["mentions", "own"]
    client.close()


def test_an_unknown_source_is_said_to_be_none(client: Bluesky) -> None:
    with pytest.raises(OutOfReach, match="no source 'tag:x'"):
        client.read("tag:x", None, now=NOW)


# -- threads ----------------------------------------------------------------------------------------


def test_a_thread_is_read_up_to_its_root_and_down(client: Bluesky, fake: FakeBluesky) -> None:
    root = fake.write("root", "other.example", at=NOW - HOUR)
    middle = fake.answer(root, "middle")
    ours = fake.answer(middle, "ours", US)
    after = fake.answer(ours, "after")
    assert {post.id for post in client.thread(ours)} == {root, middle, ours, after}
    assert {post.id: post.in_reply_to for post in client.thread(middle)}[middle] == root


def test_a_deleted_post_is_known_to_be(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    fake.delete(uri)
    (post,) = client.thread(uri)
    assert (post.id, post.deleted, post.author.handle, post.created_at) == (uri, True, AMANDA, NOW)


def test_which_posts_are_gone_is_told_from_which_are_hidden(client: Bluesky, fake: FakeBluesky) -> None:
    kept, gone, blocked = (fake.mention(author=f"{name}.example") for name in ("anna", "bert", "carla"))
    fake.delete(gone)
    fake.blocked.add(blocked.split("/")[2])
    assert client.gone([kept, gone, blocked, "convo-1/2"]) == {gone}
    assert client.gone([]) == frozenset()
    many = [fake.mention() for _ in range(60)]
    fake.delete(many[-1])
    assert client.gone(many) == {many[-1]}


def test_an_answer_that_shows_nothing_deletes_nothing(fake: FakeBluesky) -> None:
    uri = fake.mention()
    client = client_of(lambda _: httpx.Response(200, json={"posts": []}), fake.tokens())
    assert client.gone([uri]) == frozenset()


def test_a_parent_that_is_gone_does_not_hide_the_rest(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    ours = fake.answer(uri, "ours", US)
    fake.delete(uri)
    assert [post.id for post in client.thread(ours)] == [ours]


def test_behind_a_block_a_post_keeps_its_text_and_takes_no_reply(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention("blocked after this")
    fake.blocked.add(AMANDA_DID)
    (post,) = client.thread(uri)
    assert (post.text, post.reply_allowed, post.reply_denied) == ("blocked after this", False, "blocked")
    assert post.author.handle == AMANDA


# -- messages ---------------------------------------------------------------------------------------


def test_messages_are_read_once_and_ours_say_what_they_answer(client: Bluesky, fake: FakeBluesky, time: Time) -> None:
    first = fake.message("My card was charged twice")
    page = client.read("messages", None, now=time.at)
    (post,) = page.posts
    assert (post.id, post.kind, post.author.handle, post.account) == (first, "dm", AMANDA, US)
    time.at += MINUTE
    ours = fake.message("We look into it", US)
    page = client.read("messages", page.cursor, now=time.at)
    assert [(one.id, one.in_reply_to) for one in page.posts] == [(ours, first)]
    assert client.read("messages", page.cursor, now=time.at).posts == ()


def test_an_unsent_message_is_deleted(client: Bluesky, fake: FakeBluesky) -> None:
    fake.message("my number is 4111")
    cursor = client.read("messages", None, now=NOW).cursor
    fake.unsend(fake.message("oops"))
    assert [post.deleted for post in client.read("messages", cursor, now=NOW).posts] == [True]


def test_before_any_message_came_the_next_is_still_read(client: Bluesky, fake: FakeBluesky) -> None:
    cursor = client.read("messages", None, now=NOW).cursor
    uri = fake.message("hello")
    assert ids(client.read("messages", cursor, now=NOW)) == [uri]


def test_the_conversation_of_a_message_is_its_thread(client: Bluesky, fake: FakeBluesky) -> None:
    written = [fake.message("one"), fake.message("two"), fake.message("three", US)]
    assert {post.id for post in client.thread(written[1])} == set(written)


def test_where_messages_are_not_allowed_they_are_no_source_any_more(fake: FakeBluesky) -> None:
    client = client_of(fake, fake.tokens())
    fake.scope = "com.atproto.appPass"  # the token does not show it
    with pytest.raises(OutOfReach, match="Bad token method"):
        client.read("messages", None, now=NOW)
    assert "messages" not in [source.name for source in client.sources]
    client.close()


def test_a_private_reply_goes_into_the_conversation_of_its_message(client: Bluesky, fake: FakeBluesky) -> None:
    incoming = fake.message("My card was charged twice")
    receipt = client.publish(reply_to(incoming, "Which card?", private=True))
    assert fake.published == ["Which card?"]
    assert client.look_up(reply_to(incoming, "Which card?", private=True)) == receipt
    assert receipt.native_id in ids(client.read("messages", None, now=NOW))


def test_a_move_to_private_goes_to_who_wrote_the_post(client: Bluesky, fake: FakeBluesky) -> None:
    post = fake.mention()
    receipt = client.publish(reply_to(post, "Let us talk here", private=True))
    assert receipt.native_id.startswith("convo-amandac/")
    assert not [uri for uri in fake.posts if uri.startswith(f"at://{ME}/")]


def test_a_message_of_before_is_not_taken_for_the_one_looked_for(
    client: Bluesky, fake: FakeBluesky, time: Time
) -> None:
    incoming = fake.message("hello")
    fake.message("Thanks!", US)
    time.at += HOUR
    again = reply_to(incoming, "Thanks!", private=True, created_at=time.at)
    assert client.look_up(again) is None
    assert client.look_up(reply_to(incoming, "Thanks!", private=True, created_at=NOW)) is not None


def test_who_takes_no_messages_is_said_so(client: Bluesky, fake: FakeBluesky) -> None:
    fake.refuses_messages_of.add(AMANDA_DID)
    with pytest.raises(RefusedByNetwork, match="someone they follow"):
        client.publish(reply_to(fake.mention(), private=True))


def test_a_message_is_never_answered_in_public(client: Bluesky, fake: FakeBluesky) -> None:
    with pytest.raises(RefusedByNetwork, match="private"):
        client.publish(reply_to(fake.message("my card number is …")))
    assert fake.published == []


def test_a_message_takes_no_picture(client: Bluesky, fake: FakeBluesky) -> None:
    with pytest.raises(RefusedByNetwork, match="no pictures"):
        client.publish(reply_to(fake.message("hello"), private=True, media=(Attachment("/x.png", "a map"),)))


# -- publishing -------------------------------------------------------------------------------------


def our_record(fake: FakeBluesky) -> dict[str, Any]:
    (record,) = [post["record"] for uri, post in fake.posts.items() if post["did"] == ME]
    return record


def test_a_reply_names_parent_and_root_and_says_when_it_was_sent(client: Bluesky, fake: FakeBluesky) -> None:
    root = fake.write("root", "other.example")
    uri = fake.answer(root, f"{US} what about this?")
    fake.people[AMANDA_DID] = "amandac.bsky.social"
    receipt = client.publish(reply_to(uri, "Täglich 🚆 see northline.com #delays @amandac.bsky.social"))
    record = our_record(fake)
    cid = {one: fake.posts[one]["cid"] for one in (root, uri)}
    assert record["reply"] == {"root": {"uri": root, "cid": cid[root]}, "parent": {"uri": uri, "cid": cid[uri]}}
    assert (record["createdAt"], record["langs"]) == ("2026-02-11T09:14:00Z", ["en"])
    raw = record["text"].encode()
    named = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert named == {
        "northline.com": {"$type": "app.bsky.richtext.facet#link", "uri": "https://northline.com"},
        "#delays": {"$type": "app.bsky.richtext.facet#tag", "tag": "delays"},
        "@amandac.bsky.social": {"$type": "app.bsky.richtext.facet#mention", "did": AMANDA_DID},
    }
    assert receipt.native_id in fake.posts
    assert receipt.url == f"https://bsky.app/profile/{ME}/post/{receipt.native_id.rpartition('/')[2]}"


def test_a_mention_of_nobody_stays_text(client: Bluesky, fake: FakeBluesky) -> None:
    client.publish(reply_to(fake.mention(), "ask @nobody.com please"))
    assert "facets" not in our_record(fake)


def test_the_same_reply_again_is_the_same_post(client: Bluesky, fake: FakeBluesky) -> None:
    reply = reply_to(fake.mention())
    assert client.look_up(reply) is None
    first = client.publish(reply)
    assert client.publish(reply) == first == client.look_up(reply)
    assert fake.published == ["Which train?"]


def test_a_thread_that_changed_between_two_tries_makes_no_second_post(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    first = client.publish(reply_to(uri))
    fake.posts[uri]["cid"] = "another"
    assert client.publish(reply_to(uri)) == first
    assert len(fake.published) == 1


def test_two_replies_with_the_same_text_at_once_are_two(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    assert client.publish(reply_to(uri, key="a")) != client.publish(reply_to(uri, key="b"))
    assert len(fake.published) == 2


def test_an_answer_that_got_lost_is_found(fake: FakeBluesky) -> None:
    def losing(request: httpx.Request) -> httpx.Response:
        answer = fake(request)
        if request.url.path.endswith("putRecord"):
            raise httpx.ReadError("gone")
        return answer

    client = client_of(losing, fake.tokens())
    reply = reply_to(fake.mention())
    with pytest.raises(Unclear):
        client.publish(reply)
    assert client.look_up(reply) is not None
    client.close()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={"error": "InternalServerError", "message": "Internal Server Error"}),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(200, text='{"uri": "at:'),
        httpx.Response(200, text="<html>welcome</html>"),
        httpx.Response(408),
    ],
    ids=["500", "502", "truncated", "html", "408"],
)
def test_an_answer_that_is_none_is_unclear(fake: FakeBluesky, answer: httpx.Response) -> None:
    client = client_of(lambda r: answer if r.url.path.endswith("putRecord") else fake(r), fake.tokens())
    with pytest.raises(Unclear):
        client.publish(reply_to(fake.mention()))
    client.close()


@pytest.mark.parametrize("why", ["deleted", "blocked", "locked", "blocking"])
def test_what_cannot_be_answered_any_more_is_refused_in_words(client: Bluesky, fake: FakeBluesky, why: str) -> None:
    uri = fake.mention()
    match why:
        case "deleted":
            fake.delete(uri)
        case "blocked":
            fake.blocked.add(AMANDA_DID)
        case "locked":
            fake.posts[uri]["viewer"] = {"replyDisabled": True}
        case _:
            fake.posts[uri]["author"] = {"did": AMANDA_DID, "viewer": {"blocking": "at://us/block/1"}}
    with pytest.raises(RefusedByNetwork):
        client.publish(reply_to(uri))
    assert fake.published == []


def test_what_is_too_long_is_refused_with_the_servers_words(client: Bluesky, fake: FakeBluesky) -> None:
    with pytest.raises(RefusedByNetwork, match="3000 bytes"):
        client.publish(reply_to(fake.mention(), "x" * 3_001))


def test_pictures_go_with_their_descriptions(client: Bluesky, fake: FakeBluesky, tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(PNG)
    client.publish(reply_to(fake.mention(), media=(Attachment(str(tmp_path / "map.png"), "where the bus leaves"),)))
    (image,) = our_record(fake)["embed"]["images"]
    assert (image["alt"], image["image"]["mimeType"]) == ("where the bus leaves", "image/png")
    assert list(fake.blobs.values()) == [PNG]


def test_a_picture_that_is_too_large_or_gone_is_said(client: Bluesky, fake: FakeBluesky, tmp_path: Path) -> None:
    (tmp_path / "big.png").write_bytes(PNG + b"\0" * 2_000_000)
    with pytest.raises(RefusedByNetwork, match="too large"):
        client.publish(reply_to(fake.mention(), media=(Attachment(str(tmp_path / "big.png"), "x"),)))
    with pytest.raises(RefusedByNetwork, match="no file"):
        client.publish(reply_to(fake.mention(), media=(Attachment(str(tmp_path / "gone.png"), "x"),)))


def test_an_upload_without_an_answer_has_published_nothing(fake: FakeBluesky, tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(PNG)
    client = client_of(lambda r: httpx.Response(500) if "uploadBlob" in r.url.path else fake(r), fake.tokens())
    with pytest.raises(OutOfReach):
        client.publish(reply_to(fake.mention(), media=(Attachment(str(tmp_path / "map.png"), "x"),)))
    client.close()


# -- the session ------------------------------------------------------------------------------------


def test_an_expired_token_is_refreshed_without_a_login(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    fake.token_expired()
    assert ids(client.read("mentions", None, now=NOW)) == [uri]
    fake.token_expired()
    client.publish(reply_to(uri))
    assert len(fake.published) == 1
    assert "createSession" not in fake.methods()
    assert fake.methods().count("refreshSession") == 2


def test_a_login_is_made_where_a_refresh_is_refused(client: Bluesky, fake: FakeBluesky) -> None:
    fake.token_expired()
    fake.refresh_refused()
    for _ in range(5):
        client.read("mentions", None, now=NOW)
    assert fake.methods().count("createSession") == 1


def test_with_a_password_alone_there_is_one_login(fake: FakeBluesky) -> None:
    client = client_of(fake, {"password": PASSWORD})
    for _ in range(3):
        client.read("mentions", None, now=NOW)
    assert fake.methods().count("createSession") == 1
    client.close()


def test_a_password_that_is_refused_is_not_tried_at_every_poll(fake: FakeBluesky) -> None:
    client = client_of(fake, {"password": "wrong-wrong-wrong"})
    for _ in range(40):
        with pytest.raises(LoggedOut, match="account add"):
            client.read("mentions", None, now=NOW)
    assert fake.methods().count("createSession") == 1
    client.close()


def test_a_refresh_that_is_out_of_reach_logs_nobody_in_or_out(fake: FakeBluesky) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if "refreshSession" in request.url.path else fake(request)

    client = client_of(broken, fake.tokens())
    fake.token_expired()
    with pytest.raises(OutOfReach) as raised:
        client.read("mentions", None, now=NOW)
    assert not isinstance(raised.value, LoggedOut)
    assert "createSession" not in fake.methods()
    client.close()


def test_too_many_calls_say_until_when(client: Bluesky, fake: FakeBluesky) -> None:
    uri = fake.mention()
    fake.rate_limited(90)
    for call in (lambda: client.read("mentions", None, now=NOW), lambda: client.publish(reply_to(uri))):
        with pytest.raises(RateLimited) as raised:
            call()
        assert raised.value.until == NOW + 90 * SECOND
    assert fake.published == []


@pytest.mark.parametrize("reset", ["soon", "-5", "99999999999999999999", "1", ""])
def test_a_limit_without_an_end_ends_in_a_minute(time: Time, reset: str) -> None:
    client = client_of(lambda _: httpx.Response(429, headers={"ratelimit-reset": reset}), {"access": "a"})
    with pytest.raises(RateLimited) as raised:
        client.read("mentions", None, now=NOW)
    assert raised.value.until == NOW + MINUTE
    client.close()


def test_numbers_that_fit_no_database_are_none(fake: FakeBluesky) -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        answer = fake(request)
        answer.headers.update({"ratelimit-limit": "9" * 30, "ratelimit-reset": "9" * 11})
        return answer

    assert client_of(answering, fake.tokens()).read("mentions", None, now=NOW).rate is None


def test_a_page_says_what_is_left_of_our_calls(client: Bluesky) -> None:
    rate = client.read("mentions", None, now=NOW).rate
    assert rate is not None
    assert (rate.limit, rate.left, rate.resets_at) == (3_000, 2_998 + 1, NOW + 5 * MINUTE)


# -- the test of an account -------------------------------------------------------------------------


def test_a_test_says_in_a_line_each_what_works(client: Bluesky, fake: FakeBluesky) -> None:
    found = {finding.what: finding for finding in client.test(now=NOW)}
    assert list(found) == ["login", "mentions", "messages", "own", "search", "replies", "calls"]
    assert all(finding.ok for finding in found.values())
    assert "2 MB" in found["replies"].text
    assert fake.published == []


def test_a_test_says_that_messages_are_left_out(fake: FakeBluesky) -> None:
    fake.scope = "com.atproto.appPass"
    fake.access, fake.refresh = fake._session()
    client = client_of(fake, fake.tokens())
    found = {finding.what: finding for finding in client.test(now=NOW)}
    assert not found["messages"].ok
    assert "app password does not allow" in found["messages"].text
    assert found["mentions"].ok
    client.close()


def test_a_test_of_a_login_that_is_over_says_so_alone(fake: FakeBluesky) -> None:
    client = client_of(fake, {"access": "a", "refresh": "b"})
    (finding,) = client.test(now=NOW)
    assert not finding.ok
    assert "account add" in finding.text
    client.close()


# -- what no server should say ----------------------------------------------------------------------


AT = "2026-02-11T09:14:00Z"
NOBODY: dict[str, Any] = {"reason": "mention", "author": {"did": ""}, "record": {"text": "a"}}
POISON = [
    None, 7, "x", [], {}, {"uri": 7}, {"uri": "at://x", "indexedAt": AT},
    {"uri": "https://x", "indexedAt": AT, **NOBODY, "author": {"did": "d"}},
    {"uri": "at://x", "indexedAt": "never", "reason": "mention"},
    {"uri": "at://y", "indexedAt": AT, **NOBODY},
    {"uri": "at://z", "indexedAt": AT, "reason": "repost", "author": {"did": "d"}},
]  # fmt: skip


@pytest.mark.parametrize("poison", POISON, ids=lambda one: json.dumps(one)[:30])
def test_one_poison_post_never_loses_the_rest(client: Bluesky, fake: FakeBluesky, poison: Any) -> None:
    before, after = fake.mention("before"), fake.mention("after")

    def listing(request: httpx.Request) -> httpx.Response:
        answer = fake(request)
        if not request.url.path.endswith("listNotifications"):
            return answer
        body = answer.json()
        body["notifications"].insert(1, poison)
        return httpx.Response(200, json=body)

    poisoned = client_of(listing, fake.tokens())
    page = poisoned.read("mentions", None, now=NOW)
    poisoned.close()
    assert set(ids(page)) == {before, after}
    assert [bad.line for bad in page.bad] in ([2], [])


words = st.sampled_from(["at://did:plc:x/app.bsky.feed.post/3k", AT, "mention", "repost", "\ud800\0"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words
fields = st.sampled_from(
    [
        "uri",
        "cid",
        "author",
        "did",
        "handle",
        "record",
        "text",
        "createdAt",
        "indexedAt",
        "reason",
        "reply",
        "parent",
        "root",
        "embed",
        "images",
        "media",
        "facets",
        "index",
        "features",
        "langs",
        "viewer",
        "value",
        "embeds",
        "post",
        "external",
        "thread",
        "replies",
        "messages",
        "logs",
        "sender",
        "message",
        "convoId",
        "id",
        "sentAt",
        "$type",
        "convos",
        "blocked",
        "blob",
    ]
)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=6),
    max_leaves=25,
)
NAMES = (
    "notifications",
    "posts",
    "feed",
    "logs",
    "messages",
    "convos",
    "profiles",
    "thread",
    "cursor",
    "convo",
    "value",
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), anything | st.lists(anything, max_size=4), max_size=6) | anything)
def test_whatever_a_server_says_only_what_is_documented_is_raised(body: Any) -> None:
    try:
        raw = json.dumps(body).encode()
    except ValueError:
        return
    client = client_of(
        lambda _: httpx.Response(200, content=raw), {"access": "a"}, Wanted(search=("northline",))
    )  # fmt: skip
    post = "at://did:plc:x/app.bsky.feed.post/3k"
    calls: list[Callable[[], Any]] = [
        *(lambda name=name: client.read(name, None, now=NOW) for name in ("mentions", "messages", "own", "search")),
        lambda: client.thread(post),
        lambda: client.thread("convo/1"),
    ]
    for call in calls:
        try:
            found = call()
        except OutOfReach:
            continue
        for read in found.posts if isinstance(found, Page) else found:
            read.text.encode()
            assert read.network == "bluesky"
    for private in (False, True):
        with suppress(RefusedByNetwork, OutOfReach, Unclear):
            assert isinstance(client.publish(reply_to(post, private=private)), Receipt)
        with suppress(OutOfReach):
            client.look_up(reply_to(post, private=private))
    client.test(now=NOW)
    client.close()


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([400, 401, 403, 404, 409, 413, 429, 500, 502, 200, 301]), st.binary(max_size=60))
def test_whatever_status_comes_only_what_is_documented_is_raised(status: int, body: bytes) -> None:
    client = client_of(lambda _: httpx.Response(status, content=body), {"access": "a", "password": "p"})
    for call in (
        lambda: client.read("own", None, now=NOW),
        lambda: client.publish(reply_to("at://did:plc:x/app.bsky.feed.post/3k")),
        lambda: client.look_up(reply_to("at://did:plc:x/app.bsky.feed.post/3k")),
    ):
        with suppress(OutOfReach, RefusedByNetwork, Unclear):
            call()
    client.close()


# -- keys and lengths -------------------------------------------------------------------------------


@given(st.integers(0, clock.parse("2099-01-01T00:00:00Z")), st.text(max_size=40))
def test_a_key_is_a_tid_of_its_time_and_the_same_in_every_try(at: Millis, key: str) -> None:
    made = tid.of_reply(at, key)
    assert made == tid.of_reply(at, key)
    assert len(made) == 13
    assert made[0] in "234567abcdefghij"
    assert tid.time(made) == at


def test_keys_of_one_moment_differ() -> None:
    assert len({tid.of_reply(NOW, str(number)) for number in range(1_000)}) >= 999
    assert tid.time("3jzfcijpj2z2a") is not None
    assert tid.time("zzzzzzzzzzzz1") is None


FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "graphemes", "size"),
    [
        ("", 0, 0),
        ("Sorry about that.", 17, 17),
        ("e\u0301", 1, 3),
        ("日本語", 3, 9),
        (FAMILY, 1, 25),
        ("🇩🇪🇫🇷", 2, 16),
        ("👍🏽", 1, 8),
        ("1️⃣", 1, 7),
        ("नमस्ते", 3, 18),
        ("한국어", 3, 9),
        ("각", 1, 9),
        ("สวัสดี", 4, 18),
        ("a\r\nb", 3, 4),
        ("https://northline.example.com/a", 31, 31),
        ("@amandac.bsky.social", 20, 20),
        ("x" * 300, 300, 300),
        (FAMILY * 120, 120, 3_000),
        (FAMILY * 121, 121, 3_025),
    ],
)
def test_a_post_has_300_graphemes_and_3000_bytes(text: str, graphemes: int, size: int) -> None:
    whole = Length(graphemes, 300, "graphemes"), Length(size, 3_000, "bytes")
    assert count(text, "bluesky") in whole
    assert count(text, "bluesky").over == max(graphemes - 300, size - 3_000, 0)
