"""X: what is read, what is published, and what is looked up."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.x_server import ME, FakeX

from tui import clock
from tui.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tui.errors import OutOfReach
from tui.networks.accounts import Account, Wanted
from tui.networks.known import client as known_client
from tui.networks.records import (
    Attachment,
    LoggedOut,
    Outgoing,
    Page,
    Post,
    RateLimited,
    Receipt,
    RefusedByNetwork,
    Unclear,
)
from tui.networks.wire import Options, Wire
from tui.networks.x.calls import SERVER
from tui.networks.x.client import XClient

NOW = clock.parse("2026-09-11T09:14:00.250Z")
WANTED = Wanted(search=("northline", "north line"))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Moment:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Millis:
        return self.now

    def on(self, span: Millis = MINUTE) -> None:
        self.now += span


class Pocket:
    """Tokens in memory."""

    def __init__(self, **tokens: str) -> None:
        self.held = {"access": "access-1", "refresh": "refresh-1", "client_id": "team", **tokens}

    def get(self, name: str, default: str = "") -> str:
        return self.held.get(name, default)

    def renew(self, old: str, new: Callable[[], Mapping[str, str]]) -> None:
        if self.held["access"] == old:
            self.held |= new()


Answering = Callable[[httpx.Request], httpx.Response]


def client_of(
    answering: Answering, moment: Callable[[], Millis] = lambda: NOW, wanted: Wanted = WANTED, **tokens: str
) -> XClient:
    account = Account("x", "@northline", SERVER, ME, wanted)
    wire = Wire(SERVER, transport=httpx.MockTransport(answering))
    return XClient(account, Pocket(**tokens), wire, now=moment)


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture(params=["new", "old"])
def both(request: pytest.FixtureRequest, moment: Moment) -> FakeX:
    """X in either generation of names."""
    return FakeX(moment, request.param)


@pytest.fixture
def x(moment: Moment) -> FakeX:
    return FakeX(moment)


@pytest.fixture
def client(x: FakeX, moment: Moment) -> Iterator[XClient]:
    made = client_of(x, moment)
    yield made
    made.close()


def one(page: Page) -> Post:
    (post,) = page.posts
    return post


def everything(client: XClient, source: str, cursor: str | None, now: Millis = NOW) -> tuple[list[Post], str | None]:
    """All pages to the end."""
    posts: list[Post] = []
    while True:
        page = client.read(source, cursor, now=now)
        posts += page.posts
        assert page.bad == ()
        cursor = page.cursor
        if not page.more:
            return posts, cursor


def answer_to(post_id: str, text: str = "Which coach are you in?", **values: Any) -> Outgoing:
    return Outgoing("x", "@northline", post_id, text, "key", **{"created_at": NOW, **values})


def message_to(who: str, text: str = "Which coach are you in?", **values: Any) -> Outgoing:
    return answer_to("77", text, private=True, recipient=who, **values)


# -- reading -----------------------------------------------------------------------------------------


def test_a_mention_comes_whole_in_either_generation(both: FakeX, moment: Moment) -> None:
    own = both.mention(
        "@northline late &amp; cold, see https://northline.example/a/very/long/address/indeed",
        public_metrics={"repost_count": 3, "like_count": 2},
    )
    post = one(client_of(both, moment).read("mentions", None, now=NOW))
    assert post == Post(
        network="x",
        id=own,
        author=replace(post.author, handle="amandac", name="Amandac", followers=48_000, verified=False),
        text="@northline late &amp; cold, see https://northline.example/a/very/long/address/indeed",
        created_at=NOW,
        account="@northline",
        url=f"https://x.com/amandac/status/{own}",
        reposts=3,
        likes=2,
        lang="en",
    )


def test_what_x_escapes_is_unescaped_once(x: FakeX, client: XClient) -> None:
    x.mention("@northline 3 < 5 & &lt;b&gt;")
    assert one(client.read("mentions", None, now=NOW)).text == "@northline 3 < 5 & &lt;b&gt;"


def test_old_names_are_asked_for_once_the_new_ones_are_refused(moment: Moment) -> None:
    old = FakeX(moment, "old")
    old.mention()
    client = client_of(old, moment)
    client.read("mentions", None, now=NOW)
    client.read("mentions", None, now=NOW)
    client.read("own", None, now=NOW)
    assert ["post.fields" in request.url.params for request in old.called] == [True, False, False, False]


def test_a_refusal_of_something_else_asks_no_second_time(moment: Moment) -> None:
    calls: list[httpx.Request] = []

    def refusing(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(400, json={"title": "Invalid Request", "detail": "No such id"})

    with pytest.raises(OutOfReach, match="X does not let us read users/1000/mentions: No such id"):
        client_of(refusing, moment).read("mentions", None, now=NOW)
    assert len(calls) == 1


def test_a_long_post_is_read_to_its_end(both: FakeX, moment: Moment) -> None:
    long = "@northline " + "cold " * 200 + "https://t.co/abc"
    urls = [{"url": "https://t.co/abc", "expanded_url": "https://example.com/x", "display_url": "example.com/x"}]
    both.mention("@northline cold…", note_post={"text": long, "entities": {"urls": urls}})
    assert one(client_of(both, moment).read("mentions", None, now=NOW)).text == long.replace(
        "https://t.co/abc", "https://example.com/x"
    )


def test_pictures_have_their_address_and_description_and_leave_no_link_in_the_text(both: FakeX, moment: Moment) -> None:
    both.media["1"] = {"media_key": "3_1", "type": "photo", "url": "https://pbs.example/1.png", "alt_text": "Snow"}
    both.media["2"] = {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.example/2.png"}
    pic = {
        "url": "https://t.co/L1",
        "display_url": "pic.x.com/pic",
        "expanded_url": "https://x.com/a/status/1/photo/1",
    }
    both.mention(
        "@northline look https://t.co/pic",
        attachments={"media_keys": ["3_1", "7_2"]},
        entities={"urls": [pic], "mentions": [{"username": "northline", "id": ME}]},
    )
    post = one(client_of(both, moment).read("mentions", None, now=NOW))
    assert post.text == "@northline look"
    assert post.media == (
        {"type": "image", "alt": "Snow", "url": "https://pbs.example/1.png"},
        {"type": "video", "url": "https://pbs.example/2.png"},
    )


def test_replies_quotes_and_reposts_point_at_what_they_answer(both: FakeX, moment: Moment) -> None:
    root = both.write("We run again @northline", "amandac")
    reply = both.write("@northline really?", "bert", reply_to=root)
    quote = both.write("@northline said", "carla", quotes=root)
    repost = both.write("", "dora", reposts=root)
    posts = {post.id: post for post in client_of(both, moment).read("mentions", None, now=NOW).posts}
    assert (posts[reply].kind, posts[reply].in_reply_to, posts[reply].root_id) == ("reply", root, None)
    assert (posts[quote].kind, posts[quote].root_id) == ("quote", root)
    assert posts[quote].root == replace(posts[root], account=posts[root].account)
    assert (posts[repost].kind, posts[repost].text, posts[repost].root_id) == ("repost", "", root)


def test_an_edited_post_keeps_its_first_id_and_time_with_its_newest_text(both: FakeX, moment: Moment) -> None:
    first = both.mention("@northline my tran is late")
    client = client_of(both, moment)
    before = client.read("mentions", None, now=NOW)
    moment.on()
    newest = both.edit(first, "@northline my train is late")
    reply = both.write("@northline same", "bert", reply_to=newest)
    page = client.read("mentions", before.cursor, now=NOW)
    edited, answer = page.posts
    assert (edited.id, edited.text, edited.created_at) == (first, "@northline my train is late", NOW)
    assert edited.url == f"https://x.com/amandac/status/{newest}"
    assert (answer.id, answer.in_reply_to) == (reply, first)


def test_only_what_came_since_is_read(x: FakeX, client: XClient, moment: Moment) -> None:
    x.mention("@northline one")
    page = client.read("mentions", None, now=NOW)
    assert client.read("mentions", page.cursor, now=NOW).posts == ()
    moment.on()
    second = x.mention("@northline two")
    page = client.read("mentions", page.cursor, now=NOW)
    assert (one(page).id, page.more, page.gap) == (second, False, False)


def test_a_backlog_comes_page_by_page_each_post_once_while_more_arrive(
    x: FakeX, client: XClient, moment: Moment
) -> None:
    x.mention("@northline first")
    cursor = client.read("mentions", None, now=NOW).cursor
    expected = [x.mention(f"@northline {number}") for number in range(250)]
    page = client.read("mentions", cursor, now=NOW)
    assert page.more
    assert [post.id for post in page.posts] == expected[150:]
    expected.append(x.mention("@northline meanwhile"))
    rest, cursor = everything(client_of(x, moment), "mentions", page.cursor)
    assert [post.id for post in rest] == expected[50:150] + expected[:50]
    assert [post.id for post in everything(client, "mentions", cursor)[0]] == expected[250:]


def test_more_mentions_than_x_gives_are_a_gap(x: FakeX, client: XClient) -> None:
    x.mention("@northline first")
    cursor = client.read("mentions", None, now=NOW).cursor
    for number in range(850):
        x.mention(f"@northline {number}")
    gaps, read = [], 0
    while True:
        page = client.read("mentions", cursor, now=NOW)
        cursor, read = page.cursor, read + len(page.posts)
        gaps.append(page.gap)
        if not page.more:
            break
    assert read == 800
    assert gaps == [False] * 7 + [True]


def test_empty_pages_are_walked_over(x: FakeX, client: XClient) -> None:
    x.mention("@northline first")
    cursor = client.read("mentions", None, now=NOW).cursor
    own = x.mention("@northline second")
    x.empty_pages = 3
    posts, cursor = everything(client, "mentions", cursor)
    assert ([post.id for post in posts], cursor) == ([own], own)


def test_an_answer_that_lists_nothing_moves_no_cursor(moment: Moment) -> None:
    for body in ({}, {"errors": [{"detail": "Could not find user with id: [1000]."}]}, {"data": 3}, [], 7):
        with pytest.raises(OutOfReach):
            client_of(lambda _, body=body: httpx.Response(200, json=body), moment).read("mentions", "5", now=NOW)


def test_a_first_read_of_nothing_has_no_cursor(client: XClient) -> None:
    assert client.read("mentions", None, now=NOW).cursor is None


def test_own_posts_are_read_as_they_were_typed(both: FakeX, moment: Moment) -> None:
    mention = both.mention()
    own = both.write("Sorry, see northline.com/help & https://northline.com/a", "northline", reply_to=mention)
    post = one(client_of(both, moment).read("own", None, now=NOW))
    assert (post.id, post.author.id, post.in_reply_to, post.kind) == (own, ME, mention, "reply")
    assert post.text == "Sorry, see northline.com/help & https://northline.com/a"
    assert post.reply_allowed


@pytest.mark.parametrize(
    ("writing", "allowed", "denied"),
    [
        ({"text": "@northline late"}, True, None),
        ({"text": "@NorthLine late"}, True, None),
        ({"text": "northline is late"}, False, "summons"),
        ({"text": "northline", "quotes": "ours"}, True, None),
        (
            {"text": "northline", "quotes": "ours", "reply_settings": "mentionedUsers"},
            False,
            "only people they mention",
        ),
        ({"text": "@northline late", "reply_settings": "mentionedUsers"}, True, None),
        ({"text": "northline", "reply_to": "ours", "entities": {"mentions": [], "urls": []}}, True, None),
        ({"text": "northline", "quotes": "theirs"}, False, "summons"),
    ],
)
def test_who_may_be_answered_is_known_when_a_post_comes(
    both: FakeX, moment: Moment, writing: dict[str, Any], allowed: bool, denied: str | None
) -> None:
    ids = {"ours": both.write("We run", "northline"), "theirs": both.write("Hm", "bert")}
    writing = {name: ids.get(value, value) if isinstance(value, str) else value for name, value in writing.items()}
    own = both.write(author="amandac", **writing)
    if "entities" in writing:
        both.posts[own]["text"] = "northline"  # she took our handle off her answer
    post = next(one for one in client_of(both, moment).thread(own) if one.id == own)
    assert post.reply_allowed is allowed
    assert (post.reply_denied or "").startswith(denied or "")
    assert bool(post.reply_denied) is bool(denied)


def test_search_finds_who_only_names_us(x: FakeX, client: XClient) -> None:
    x.mention("@northline northline is late")
    x.write("northline we are", "northline")
    by_word = x.write("the North Line is late", "bert")
    x.write("", "carla", reposts=by_word)
    post = one(client.read("search", None, now=NOW))
    assert (post.id, post.account, post.reply_denied) == (by_word, None, "summons")
    assert x.called[-1].url.params["query"] == '(northline OR "north line") -from:northline -@northline -is:retweet'


def test_a_limit_of_another_age_is_waited_for_a_day_at_most() -> None:
    headers = {"x-rate-limit-reset": "99999999999"}
    client = client_of(lambda _: httpx.Response(429, headers=headers, json={"title": "Too Many Requests"}))
    with pytest.raises(RateLimited) as raised:
        client.read("mentions", None, now=NOW)
    assert raised.value.until == NOW + 25 * HOUR


def test_reposts_are_searched_where_they_are_wanted(x: FakeX, moment: Moment) -> None:
    by_word = x.write("northline is late", "bert")
    repost = x.write("", "carla", reposts=by_word)
    client = client_of(x, moment, replace(WANTED, reposts=True))
    found = {post.id: post for post in client.read("search", None, now=NOW).posts}
    assert (found[repost].kind, found[repost].root_id) == ("repost", by_word)
    assert "is:retweet" not in x.called[-1].url.params["query"]


def test_a_plan_that_lets_us_reply_to_anyone_does(x: FakeX, moment: Moment) -> None:
    wire = Wire(SERVER, transport=httpx.MockTransport(x))
    client = XClient(Account("x", "@northline", SERVER, ME, WANTED, to_anyone=True), Pocket(), wire, now=moment)
    x.write("the North Line is late", "bert")
    x.write("northline is late", "carla", reply_settings="mentionedUsers")
    allowed = {post.author.handle: post.reply_allowed for post in client.read("search", None, now=NOW).posts}
    assert allowed == {"bert": True, "carla": False}
    client.close()


def test_more_words_than_fit_are_several_searches(x: FakeX, moment: Moment) -> None:
    words = (*tuple(f"brand{number:03}" for number in range(60)), 'has "quotes" -from:us', " ", "OR")
    client = client_of(x, moment, Wanted(search=words))
    names = [source.name for source in client.sources if source.name.startswith("search")]
    assert names == ["search", "search:2"]
    for name in names:
        client.read(name, None, now=NOW)
    queries = [request.url.params["query"] for request in x.called]
    assert all(len(query) <= 512 for query in queries)
    assert '"has quotes -from:us" OR "OR"' in queries[-1]


def test_a_search_that_waited_too_long_goes_on_with_a_gap(x: FakeX, client: XClient, moment: Moment) -> None:
    x.write("northline one", "bert")
    cursor = client.read("search", None, now=moment.now).cursor
    moment.on(9 * DAY)
    own = x.write("northline two", "bert")
    page = client.read("search", cursor, now=moment.now)
    assert (one(page).id, page.gap, page.more) == (own, True, False)
    assert not client.read("search", page.cursor, now=moment.now).gap


def test_a_since_id_that_x_does_not_take_is_a_gap_too(x: FakeX, client: XClient, moment: Moment) -> None:
    x.write("northline one", "bert")
    cursor = client.read("search", None, now=moment.now).cursor
    moment.on(9 * DAY)
    x.write("northline two", "bert")
    assert client.read("search", cursor, now=NOW).gap  # our clock is far behind


def test_messages_are_private_and_ours_hang_on_theirs(both: FakeX, moment: Moment) -> None:
    client = client_of(both, moment)
    hers = both.message("my number is 5 & see https://northline.com/a")
    page = client.read("messages", None, now=NOW)
    assert (one(page).kind, one(page).text) == ("dm", "my number is 5 & see https://northline.com/a")
    assert (one(page).account, one(page).author.handle) == ("@northline", "amandac")
    moment.on()
    both.message("another", author="bert")
    ours = both.message_of_ours("Thank you")
    posts = client.read("messages", page.cursor, now=NOW).posts
    assert [(post.id, post.in_reply_to) for post in posts if post.author.id == ME] == [(ours, hers)]
    (again,) = [
        post for post in client_of(both, moment).read("messages", page.cursor, now=NOW).posts if post.id == ours
    ]
    assert again.in_reply_to == hers, "a client that has just started finds it, too"


def test_a_message_of_ours_that_came_first_hangs_on_the_answer_to_it(x: FakeX, client: XClient, moment: Moment) -> None:
    ours = x.message_of_ours("May we help?")
    moment.on()
    hers = x.message("Yes please")
    first, second = client.read("messages", None, now=moment.now).posts
    assert [(first.id, first.in_reply_to), (second.id, second.in_reply_to)] == [(ours, hers), (hers, None)]


def test_many_messages_are_walked_down_and_a_page_that_ran_out_begins_anew(
    x: FakeX, client: XClient, moment: Moment
) -> None:
    x.message("first")
    cursor = client.read("messages", None, now=NOW).cursor
    expected = {x.message(f"message {number}") for number in range(300)}
    page = client.read("messages", cursor, now=NOW)
    assert (len(page.posts), page.more) == (20, True)
    rest, end = everything(client, "messages", page.cursor)
    assert {post.id for post in (*page.posts, *rest)} == expected
    stale = str(page.cursor).replace("p20", "gone")

    def without_page(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("pagination_token") == "gone":
            problem = {"errors": [{"parameters": {"pagination_token": ["gone"]}}], "title": "Invalid Request"}
            return httpx.Response(400, json=problem)
        return x(request)

    rest, again = everything(client_of(without_page, moment), "messages", stale)
    assert ({post.id for post in rest}, again) == (expected, end)


def test_messages_are_no_source_where_the_login_does_not_let_us(x: FakeX) -> None:
    names = [source.name for source in client_of(x, scope="tweet.read tweet.write").sources]
    assert names == ["mentions", "own", "search"]
    assert [source.name for source in client_of(x).sources] == ["mentions", "messages", "own", "search"]


def test_a_source_there_is_not_says_so(client: XClient) -> None:
    with pytest.raises(OutOfReach, match="no 'tag:x'"):
        client.read("tag:x", None, now=NOW)


def test_a_thread_reaches_its_root_and_what_answers(both: FakeX, moment: Moment) -> None:
    root = both.write("Is anyone on line 4?", "bert")
    middle = both.write("Yes, it is cold", "carla", reply_to=root)
    asked = both.write("@northline heating please", "amandac", reply_to=middle)
    answer = both.write("We are on it", "northline", reply_to=asked)
    posts = client_of(both, moment).thread(asked)
    assert [post.id for post in posts] == [root, middle, asked, answer]


def test_an_old_thread_is_climbed_where_search_does_not_reach(x: FakeX, client: XClient, moment: Moment) -> None:
    chain = [x.write("root", "bert")]
    for number in range(4):
        chain.append(x.write(f"answer {number}", "bert", reply_to=chain[-1]))
    moment.on(30 * DAY)
    assert [post.id for post in client.thread(chain[-1])] == chain


def test_a_thread_of_a_deleted_post_is_empty_and_of_an_orphan_itself(x: FakeX, client: XClient) -> None:
    root = x.write("root", "bert")
    own = x.mention("@northline hm", reply_to=root)
    x.delete(root)
    assert [post.id for post in client.thread(own)] == [own]
    x.delete(own)
    assert client.thread(own) == ()


def test_deleted_posts_are_told_from_those_that_are_there(x: FakeX, client: XClient) -> None:
    kept, gone = x.mention("@northline one"), x.mention("@northline two")
    edited = x.edit(gone, "@northline two!")
    assert client.gone([kept, gone]) == frozenset()
    x.delete(edited)
    assert client.gone([kept, gone]) == {gone}
    assert client.gone([]) == frozenset()


def test_an_error_beside_the_posts_is_counted_and_costs_none(x: FakeX, client: XClient) -> None:
    own = x.mention()
    x.fail("partial")
    page = client.read("mentions", None, now=NOW)
    assert (one(page).id, [bad.reason for bad in page.bad]) == (own, ["One post is lost"])


def test_what_is_left_of_the_calls_comes_with_the_page(x: FakeX, client: XClient) -> None:
    rate = client.read("mentions", None, now=NOW).rate
    assert rate is not None
    assert (rate.limit, rate.left) == (300, 299)
    assert NOW + 14 * MINUTE < rate.resets_at <= NOW + 16 * MINUTE


@pytest.mark.parametrize(
    ("what", "why", "until"),
    [("rate", "rate", NOW + 61 * SECOND), ("cap", "cap", NOW + HOUR), ("credits", "credits", 0)],
)
def test_a_limit_a_cap_and_spent_credits_are_told_apart(
    x: FakeX, client: XClient, what: str, why: str, until: Millis
) -> None:
    mention = x.mention()
    if what == "rate":
        x.rate_limited(60)
    else:
        x.out_of(what)
    calls: list[Callable[[], object]] = [
        lambda: client.read("mentions", None, now=NOW),
        lambda: client.publish(answer_to(mention)),
        lambda: client.publish(message_to("5001")),
    ]
    for call in calls:
        with pytest.raises(RateLimited) as caught:
            call()
        assert caught.value.why == why
        assert not until or abs(caught.value.until - until) <= SECOND
    assert x.published == []


def test_the_limit_of_a_day_is_waited_for(moment: Moment) -> None:
    headers = {
        "x-rate-limit-reset": str(NOW // 1000 + 60),
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": str(NOW // 1000 + 7200),
    }

    def limited(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={"title": "Too Many Requests", "status": 429}, headers=headers)

    with pytest.raises(RateLimited) as caught:
        client_of(limited, moment).publish(answer_to("5"))
    assert caught.value.until == (NOW // 1000 + 7200) * 1000


def test_a_token_that_ran_out_is_renewed_once_and_its_refresh_token_rotates(x: FakeX, moment: Moment) -> None:
    mention = x.mention()
    client = client_of(x, moment)
    x.token_expired()
    assert one(client.read("mentions", None, now=NOW)).id == mention
    x.token_expired()
    assert client.publish(answer_to(mention)).native_id in x.posts
    assert [request.url.path for request in x.called].count("/2/oauth2/token") == 2
    assert x.published == ["Which coach are you in?"]


def test_who_is_logged_out_hears_it_and_no_token(x: FakeX, moment: Moment) -> None:
    client = client_of(x, moment, access="secret-access", refresh="secret-refresh")
    for call in (lambda: client.read("mentions", None, now=NOW), lambda: client.publish(answer_to("5"))):
        with pytest.raises(LoggedOut, match="log it in again") as caught:
            call()
        assert "secret" not in repr(caught.value) + repr(caught.value.__context__) + repr(client)


def test_the_secret_of_a_confidential_client_goes_into_the_header(x: FakeX, moment: Moment) -> None:
    x.token_expired()
    client_of(x, moment, client_secret="hush").read("mentions", None, now=NOW)
    (asked,) = [request for request in x.called if request.url.path == "/2/oauth2/token"]
    assert asked.headers["authorization"] == "Basic dGVhbTpodXNo"
    assert b"client_id" not in asked.content


@pytest.mark.parametrize("fault", ["html", "truncated"])
def test_what_is_no_json_is_tried_again_later(x: FakeX, client: XClient, fault: str) -> None:
    x.mention()
    x.fail(fault)
    with pytest.raises(OutOfReach, match="no JSON"):
        client.read("mentions", None, now=NOW)


def test_the_client_is_found_by_its_network(x: FakeX) -> None:
    account = Account("x", "@northline", SERVER, ME, WANTED)
    made = known_client(account, Pocket(), Options(), httpx.MockTransport(x))
    assert made.read("mentions", None, now=NOW).posts == ()
    made.close()


# -- publishing --------------------------------------------------------------------------------------


def test_a_reply_is_out_as_an_answer(x: FakeX, client: XClient) -> None:
    mention = x.mention()
    receipt = client.publish(answer_to(mention))
    assert x.posts[receipt.native_id]["referenced_posts"] == [{"type": "replied_to", "id": mention}]
    assert receipt.url == f"https://x.com/northline/status/{receipt.native_id}"
    assert one(client.read("own", None, now=NOW)).id == receipt.native_id


def test_pictures_go_first_with_their_descriptions(x: FakeX, client: XClient, tmp_path: Path) -> None:
    (tmp_path / "snow.png").write_bytes(PNG)
    mention = x.mention()
    receipt = client.publish(answer_to(mention, media=(Attachment(str(tmp_path / "snow.png"), "Snow"),)))
    (uploaded,) = x.uploaded
    assert PNG in uploaded
    assert b"tweet_image" in uploaded
    assert [one["alt_text"] for one in x.media.values()] == ["Snow"]
    assert one(client.read("own", None, now=NOW)).media[0]["alt"] == "Snow"
    assert client.look_up(answer_to(mention)) == receipt


@pytest.mark.parametrize("fault", ["before", "after", "lost", "html", "gateway", "truncated"])
def test_a_picture_that_may_not_have_arrived_publishes_nothing(
    x: FakeX, client: XClient, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "snow.png").write_bytes(PNG)
    x.fail(fault)
    with pytest.raises(OutOfReach):
        client.publish(answer_to(x.mention(), media=(Attachment(str(tmp_path / "snow.png"), "Snow"),)))
    assert x.published == []


def test_a_picture_that_is_gone_is_refused_with_its_name(x: FakeX, client: XClient) -> None:
    with pytest.raises(RefusedByNetwork, match=r"There is no file snow\.png"):
        client.publish(answer_to(x.mention(), media=(Attachment("/nowhere/snow.png", "Snow"),)))


def test_a_private_reply_is_a_message_and_never_a_post(x: FakeX, client: XClient) -> None:
    x.message()
    who = x.users["amandac"]["id"]
    receipt = client.publish(message_to(who))
    assert receipt == Receipt(next(own for own in x.messages if x.messages[own]["sender_id"] == ME))
    assert not x.posts
    assert client.look_up(message_to(who)) == receipt
    assert client.look_up(message_to(who, "Something else")) is None
    with pytest.raises(RefusedByNetwork, match="not known who"):
        client.publish(message_to(""))
    x.blocked.add(who)
    with pytest.raises(RefusedByNetwork, match="do not have permission to DM"):
        client.publish(message_to(who, "Hello?"))


def test_who_did_not_name_us_is_refused_with_what_to_do(x: FakeX, client: XClient) -> None:
    with pytest.raises(RefusedByNetwork, match="has to mention or quote us"):
        client.publish(answer_to(x.write("northline is late", "bert")))


def test_an_answer_to_a_deleted_post_is_refused(x: FakeX, client: XClient) -> None:
    mention = x.mention()
    x.delete(mention)
    with pytest.raises(RefusedByNetwork, match="deleted or not visible"):
        client.publish(answer_to(mention))


@pytest.mark.parametrize("fault", ["before", "after", "lost", "html", "gateway", "truncated"])
@pytest.mark.parametrize("private", [False, True])
def test_an_unclear_answer_is_unclear_and_looked_up(
    x: FakeX, client: XClient, moment: Moment, fault: str, private: bool
) -> None:
    mention = x.mention()
    who = x.users["amandac"]["id"]
    reply = message_to(who) if private else answer_to(mention)
    moment.on(10 * SECOND)
    x.fail(fault)
    with pytest.raises(Unclear):
        client.publish(reply)
    found = client.look_up(reply)
    assert (found is not None) == bool(x.published)
    if found is None:
        found = client.publish(reply)
    assert client.look_up(reply) == found
    assert x.published == [reply.text]


def test_a_duplicate_is_the_reply_itself_or_one_to_somebody_else(x: FakeX, client: XClient) -> None:
    mention, other = x.mention(), x.mention("@northline and the heating")
    first = client.publish(answer_to(mention))
    assert client.publish(answer_to(mention)) == first
    with pytest.raises(RefusedByNetwork, match="somebody else"):
        client.publish(answer_to(other))
    assert x.published == ["Which coach are you in?"]


def test_a_duplicate_that_is_not_to_be_seen_yet_stays_unclear(x: FakeX, client: XClient) -> None:
    mention = x.mention()
    client.publish(answer_to(mention))

    def behind(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/tweets") and request.method == "GET":
            return httpx.Response(200, json={"meta": {"result_count": 0}})
        return x(request)

    with pytest.raises(Unclear, match="out already"):
        client_of(behind).publish(answer_to(mention))


@pytest.mark.parametrize(
    "text",
    [
        "See https://northline.com/a?b=1&c=2 & northline.com <now>",
        "@amandac Sorry!",
        "two\n\nlines  ",
        "cafe\u0301 https://example.org/",
    ],
)
def test_a_reply_is_found_as_x_rewrites_it(both: FakeX, moment: Moment, text: str) -> None:
    mention = both.mention()
    client = client_of(both, moment)
    receipt = client.publish(answer_to(mention, text))
    assert client.look_up(answer_to(mention, text)) == receipt
    assert client.look_up(answer_to(mention, text + " More")) is None
    assert client.look_up(answer_to(both.mention("@northline other"), text)) is None


def test_an_older_reply_with_the_same_words_is_another_one(x: FakeX, client: XClient, moment: Moment) -> None:
    x.message()
    who = x.users["amandac"]["id"]
    client.publish(message_to(who))
    moment.on(HOUR)
    assert client.look_up(message_to(who, created_at=moment.now)) is None


def test_a_reply_that_only_the_conversation_shows_is_found(x: FakeX, client: XClient) -> None:
    mention = x.mention()
    receipt = client.publish(answer_to(mention))

    def behind(request: httpx.Request) -> httpx.Response:
        if request.url.path == f"/2/users/{ME}/tweets":
            return httpx.Response(200, json={"meta": {"result_count": 0}})
        return x(request)

    assert client_of(behind).look_up(answer_to(mention)) == receipt


def test_that_a_reply_is_not_out_is_believed_after_a_whole_read_only(x: FakeX, client: XClient) -> None:
    mention = x.mention()
    assert client.look_up(answer_to(mention)) is None
    for fault in ("partial", "html", "truncated"):
        x.fail(fault)
        with pytest.raises((Unclear, OutOfReach)):
            client.look_up(answer_to(mention))
    for number in range(1001):
        x.write(f"Sorry {number}", "northline")
    with pytest.raises(Unclear, match="did not give all"):
        client.look_up(answer_to(mention))
    x.message()
    for number in range(1001):
        x.message_of_ours(f"Sorry {number}")
    with pytest.raises(Unclear, match="did not give all"):
        client.look_up(message_to(x.users["amandac"]["id"]))


def test_a_401_of_something_on_the_way_is_no_proof_that_nothing_was_done() -> None:
    def walled(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, html="<html>Log in to the proxy</html>")

    with pytest.raises(Unclear):
        client_of(walled).publish(answer_to("5"))


# -- test --------------------------------------------------------------------------------------------


def test_account_test_says_what_works_what_is_left_and_what_it_costs(x: FakeX, moment: Moment) -> None:
    for number in range(5):
        x.mention(f"@northline {number}")
        moment.on(HOUR)
    x.message()
    client = client_of(x, moment, scope="tweet.read tweet.write users.read dm.read", bearer="app-token")
    said = {finding.what: finding for finding in client.test(now=moment.now)}
    assert said["login"].ok
    assert "@northline" in said["login"].text
    assert "about 24 a day; 299 of 300 calls" in said["read mentions"].text
    assert said["read messages"].ok
    assert "14 of 15" in said["read messages"].text
    assert said["write replies"].ok
    assert not said["write direct messages"].ok
    assert not said["write pictures"].ok
    assert said["usage"].text == "1,200 of 3,000,000 posts were read this month; counted anew on day 7 of the month."
    assert "estimate" in said["cost"].text
    assert "August 2026" in said["cost"].text
    assert x.published == []


def test_prices_of_our_own_change_the_estimate(x: FakeX, moment: Moment) -> None:
    x.message()
    moment.on(DAY)
    account = Account("x", "@northline", SERVER, ME, prices={"message": 1.0})
    made = XClient(account, Pocket(), Wire(SERVER, transport=httpx.MockTransport(x)), now=moment)
    (cost,) = [finding.text for finding in made.test(now=moment.now) if finding.what == "cost"]
    assert cost.startswith("About $21.00 to $21.00 a day")
    assert "our own prices" in cost


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(200, json=[]), httpx.Response(401, json={"title": "U"})]
)
def test_account_test_raises_nothing(answer: httpx.Response) -> None:
    client = client_of(lambda _: httpx.Response(answer.status_code, content=answer.content), bearer="app-token")
    assert not any(finding.ok for finding in client.test(now=NOW) if finding.what.startswith(("login", "read")))


def test_limits_are_those_of_x(client: XClient) -> None:
    assert client.limits().as_json() == {"characters": 0, "link_length": 0, "pictures": 4}


def test_what_is_sent_is_json_of_known_names_alone(x: FakeX, client: XClient) -> None:
    client.publish(answer_to(x.mention()))
    assert json.loads(x.called[-1].content).keys() == {"text", "reply"}
