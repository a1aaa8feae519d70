"""Every name that is sent to X is one of its public description, in both generations."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from servers.x_server import NAMES, FakeX
from test_x_client import NOW, PNG, answer_to, client_of, message_to

from tui.errors import OutOfReach
from tui.networks.records import Attachment
from tui.networks.x import fields
from tui.networks.x.fields import NEW, OLD, Generation

GENERATIONS = [("new", NEW), ("old", OLD)]


@pytest.fixture(params=["new", "old"])
def called(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, list[httpx.Request]]]:
    """Every call that a client makes, once, at a server of either generation."""
    x = FakeX(lambda: NOW, request.param)
    (tmp_path / "snow.png").write_bytes(PNG)
    picture = (Attachment(str(tmp_path / "snow.png"), "Snow"),)
    mention = x.mention(reply_to=x.write("root", "bert"))
    x.message()
    who = x.users["amandac"]["id"]
    client = client_of(x, lambda: NOW, bearer="app-token")
    client.thread(mention)
    x.called.clear()  # the first call finds out which names are taken
    for source in client.sources:
        page = client.read(source.name, None, now=NOW)
        client.read(source.name, page.cursor, now=NOW)
    client.thread(mention)
    client.gone([mention])
    for reply in (answer_to(mention, media=picture), message_to(who, media=picture)):
        client.publish(reply)
        client.look_up(reply)
    client.test(now=NOW)
    yield request.param, x.called
    client.close()


def shape(request: httpx.Request) -> str:
    path = re.sub(r"/users/\d+/", "/users/{id}/", request.url.path)
    return re.sub(r"/with/\d+/", "/with/{participant_id}/", path)


def test_every_parameter_and_field_is_known(called: tuple[str, list[httpx.Request]]) -> None:
    generation, requests = called
    names = NAMES[generation]
    asked = [request for request in requests if request.method == "GET"]
    assert {shape(request) for request in asked} == set(names["asked"]), "every path of the list is called"
    for request in asked:
        path = shape(request)
        kind = "messages" if "dm_" in path else "users" if path.endswith("/me") else "posts"
        for name, value in request.url.params.items():
            assert name in names["asked"][path], (path, name)
            known = names["values"].get(f"expansions of {kind}" if name == "expansions" else name)
            assert known is None or set(value.split(",")) <= set(known), (path, name)


def test_every_name_that_is_sent_is_known(called: tuple[str, list[httpx.Request]]) -> None:
    generation, requests = called
    known = NAMES[generation]["sent"]
    sent = [request for request in requests if request.method == "POST"]
    assert {shape(request) for request in sent} == {path for path in known if " " not in path}
    for request in sent:
        for path, names in nested(shape(request), request):
            assert names <= set(known[path]), path


def nested(path: str, request: httpx.Request) -> Iterator[tuple[str, set[str]]]:
    """What a request sends, part by part."""
    if request.headers["content-type"].startswith("multipart"):
        yield path, set(re.findall(r'; name="(\w+)"', request.content.decode("latin-1")))
        return
    yield from parts(path, json.loads(request.content))


def parts(path: str, body: Any) -> Iterator[tuple[str, set[str]]]:
    yield path, set(body)
    for name, value in body.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            yield from parts(f"{path} {name}", inner)


@pytest.mark.parametrize(("name", "generation"), GENERATIONS)
def test_what_is_read_is_given_by_that_name(name: str, generation: Generation) -> None:
    given = NAMES[name]["given"]
    place = 0 if generation is NEW else 1
    for names in (fields.REFERENCED, fields.HISTORY, fields.NOTE):
        assert names[place] in given["post"]
    assert fields.REPOSTS[place] in given["metrics"]
    for read in ("author_id", "conversation_id", "created_at", "entities", "in_reply_to_user_id", "reply_settings"):
        assert read in given["post"]
    for read in ("created_at", "dm_conversation_id", "event_type", "sender_id", "text"):
        assert read in given["message"]


def test_where_the_names_are_from_is_written_down() -> None:
    assert [NAMES[name]["version"] for name, _ in GENERATIONS] == ["2.167", "2.166"]
    assert fields.__doc__ is not None
    for name, _ in GENERATIONS:
        assert NAMES[name]["version"] in fields.__doc__


def test_a_server_that_refuses_both_generations_is_not_asked_for_ever() -> None:
    calls: list[str] = []

    def refusing(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.query.decode())
        wrong = {name: values for name, values in parse_qs(calls[-1]).items() if name.endswith(".fields")}
        return httpx.Response(400, json={"title": "Invalid Request", "errors": [{"parameters": wrong}]})

    with pytest.raises(OutOfReach):
        client_of(refusing).read("mentions", None, now=NOW)
    assert len(calls) == 2
