"""Whatever X answers, a page raises nothing but what is documented, and one bad post costs no other."""

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.x_server import EPOCH, ME, FakeX
from test_x_client import NOW, answer_to, client_of, message_to

from tui.clock import DAY
from tui.errors import OutOfReach
from tui.networks.records import Page, RefusedByNetwork, Unclear
from tui.networks.x import reading
from tui.networks.x.matching import same
from tui.networks.x.walk import Walk, walk_of

SOURCES = ("mentions", "own", "messages", "search")

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def whole_page() -> dict[str, Any]:
    """A page with everything in it."""
    x = FakeX(lambda: NOW)
    root = x.write("root @northline", "bert")
    x.mention("@northline see https://a.com/b", reply_to=root)
    x.write("@northline cf.", "carla", quotes=root)
    x.write("", "dora", reposts=root)
    x.edit(x.mention("@northline on"), "@northline one")
    body = x(
        httpx.Request("GET", f"https://api.x.com/2/users/{ME}/mentions", headers={"authorization": "Bearer access-1"})
    )
    made: dict[str, Any] = body.json()
    made["data"][0]["attachments"] = {"media_keys": ["3_1"]}
    made["includes"]["media"] = [{"media_key": "3_1", "type": "photo", "url": "https://a.com/1.png", "alt_text": "a"}]
    return made


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, one in inner for path in paths(one, (*at, key)))]


PAGE = whole_page()
PLACES = [path for path in paths(PAGE) if path]


def damaged(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    page = copy.deepcopy(PAGE)
    target: Any = page
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return page


def answering(body: Any) -> Callable[[httpx.Request], httpx.Response]:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    return lambda _: httpx.Response(200, content=content)


def read(body: Any, source: str, cursor: str | None = "5") -> Page | None:
    client = client_of(answering(body))
    try:
        return client.read(source, cursor, now=NOW)
    except OutOfReach:
        return None
    finally:
        client.close()


def all_fit_for_storage(page: Page) -> bool:
    texts = [(post.id, post.text, post.author.handle, post.author.name, str(post.media)) for post in page.posts]
    return "\0" not in str(texts) and bool(str(texts).encode() or True)


@settings(deadline=None, max_examples=150)
@given(json_values, st.sampled_from(SOURCES))
def test_any_json_is_a_page_or_out_of_reach(body: Any, source: str) -> None:
    for whole in (body, {"data": body, "meta": {}}, {"data": [body], "includes": body, "meta": body, "errors": body}):
        page = read(whole, source)
        assert page is None or all_fit_for_storage(page)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), json_values, st.sampled_from(SOURCES))
def test_any_damage_to_a_page_is_survived(path: tuple[Any, ...], value: Any, source: str) -> None:
    page = read(damaged(path, value), source)
    assert page is None or all_fit_for_storage(page)


@settings(deadline=None, max_examples=150)
@given(json_values, st.integers(0, 4))
def test_a_poisoned_post_costs_no_other_and_the_cursor_passes_it(poison: Any, at: int) -> None:
    body = copy.deepcopy(PAGE)
    body["data"].insert(at, poison)
    page = read(body, "mentions")
    assert page is not None
    assert {post.id for post in page.posts} >= {post.id for post in (read(PAGE, "mentions") or page).posts}
    assert page.bad
    assert page.cursor == max(one["id"] for one in PAGE["data"])


@pytest.mark.parametrize("broken", ["9" * 19, "1", "5"])
@pytest.mark.parametrize("source", ["mentions", "messages"])
def test_a_broken_id_neither_ends_a_walk_nor_leaves_out_what_is_to_come(source: str, broken: str) -> None:
    x = FakeX(lambda: NOW)
    expected = {x.mention() if source == "mentions" else x.message() for _ in range(200)}

    def breaking(request: httpx.Request) -> httpx.Response:
        body = x(request).json()
        body["data"][2:2] = [body["data"][0] | {"id": broken}]
        return httpx.Response(200, json=body)

    client, cursor = client_of(breaking), "10"
    found: set[str] = set()
    for _ in range(5):
        page = client.read(source, cursor, now=NOW)
        assert page.cursor is not None
        found, cursor = found | {post.id for post in page.posts}, page.cursor
        if not page.more:
            break
    assert found - {broken} == expected
    assert cursor == max(expected)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("id", None, "id is no id"),
        ("id", "1" * 20, "id is no id"),
        ("id", "²", "id is no id"),
        ("author_id", {}, "author_id is no id"),
        ("text", None, "text is missing"),
        ("text", "a" * 100_001, "longer than"),
        ("created_at", None, "created_at is missing"),
        ("created_at", "yesterday", "created_at is no time"),
        ("created_at", "2026-01-01T00:00:00", "created_at is no time"),
        ("created_at", "0001-01-01T00:00:00+23:59", "created_at is no time"),
        ("created_at", "2190-01-01T00:00:00Z", "no time of ours"),
    ],
)
def test_why_a_post_cannot_be_read_is_said(field: str, value: Any, why: str) -> None:
    page = read(damaged(("data", 3, field), value), "mentions")
    assert page is not None
    assert [(bad.line, why in bad.reason) for bad in page.bad] == [(4, True)]
    assert len(page.posts) == len(PAGE["data"]) - 1


def test_a_deep_answer_is_no_page() -> None:
    for depth in (200, 900, 5_000, 100_000):
        deep = b'{"data":' + b"[" * depth + b"]" * depth + b',"meta":{}}'
        client = client_of(lambda _, deep=deep: httpx.Response(200, content=deep))  # type: ignore[misc]
        with contextlib.suppress(OutOfReach):
            client.read("mentions", "5", now=NOW)
    for depth in (200, 800):
        deep_type = json.loads("[" * depth + "]" * depth)
        for path in PLACES:
            read(damaged(path, deep_type), "mentions")


def test_thousands_of_posts_that_point_at_each_other_are_read_in_time() -> None:
    ids = [str(((NOW - EPOCH) << 22) + number) for number in range(4_000)]
    posts = [
        {
            "id": own, "author_id": "5", "text": "@northline", "created_at": "2026-09-11T09:14:00Z",
            "referenced_posts": [{"type": "quoted", "id": ids[number - 1]}], "edit_history_post_ids": [own],
        }
        for number, own in enumerate(ids)
    ]  # fmt: skip
    page = read({"data": posts, "includes": {"posts": posts}, "meta": {}}, "mentions")
    assert page is not None
    assert len(page.posts) == 4_000


@settings(deadline=None, max_examples=150)
@given(json_values, st.sampled_from([200, 201, 302, 400, 401, 402, 403, 404, 409, 429, 500]), st.booleans())
def test_any_answer_to_a_reply_is_one_of_the_documented_ones(body: Any, status: int, private: bool) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    client = client_of(lambda _: httpx.Response(status, content=content))
    reply = message_to("5001") if private else answer_to("77")
    for call in (client.publish, client.look_up):
        said = outcome(lambda call=call: call(reply))  # type: ignore[misc]
        assert "\x1b" not in said
        assert len(said) < 400
    assert not any(finding.what == "login" and finding.ok for finding in client.test(now=NOW))
    client.close()


def outcome(call: Callable[[], object]) -> str:
    """The sentence of a refusal; empty where there is none."""
    try:
        call()
    except (RefusedByNetwork, Unclear, OutOfReach) as error:
        return str(error)
    return ""


@given(st.text(max_size=40))
def test_any_cursor_is_one_of_ours_or_a_first_read(cursor: str) -> None:
    walk = walk_of(cursor)
    assert walk is None or walk_of(str(walk)) == walk


ids = st.integers(0, 10**19 - 1)


@given(ids, ids, ids, st.integers(0, 5_000), st.from_regex(r"[\w.=+/-]{0,20}", fullmatch=True))
def test_a_cursor_comes_back_as_it_was(since: int, newest: int, lowest: int, seen: int, token: str) -> None:
    token = token if token.isascii() else ""
    walk = Walk(since, newest, lowest, seen, token) if lowest or token else Walk(since)
    assert walk_of(str(walk)) == walk


@given(st.text(max_size=60))
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert same(text, text)
    assert same(text, f"@amandac {text}")
    assert same(text, f"  {text} ")


def test_the_time_in_an_id_is_read() -> None:
    assert reading.time_of((NOW - EPOCH) << 22) == NOW
    assert reading.time_of(20) == 0
    assert reading.time_of(((NOW + DAY - EPOCH) << 22) + 5) == NOW + DAY
