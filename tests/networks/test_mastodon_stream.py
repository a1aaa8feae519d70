"""The stream only says that there is something to be read, and is listened to again after it broke."""

from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from test_mastodon_client import Pocket

from tui.networks.mastodon.stream import listen
from tui.networks.wire import Wire


class Stream(httpx.AsyncByteStream):
    def __init__(self, text: str) -> None:
        self.text = text

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.text), 7):  # as a network cuts it
            yield self.text[at : at + 7].encode()


class Listened:
    """A server's answers one after the other, and what came of them."""

    def __init__(self, *answers: str | int, tag: str = "") -> None:
        self.requests: list[httpx.Request] = []
        self.woken = 0
        self.slept: list[float] = []
        self._answers = list(answers)
        wire = Wire("https://northline.example", transport=httpx.MockTransport(self._answer))
        listen(wire, Pocket(access="access-1"), self._wake, self._over, tag=tag, sleep=self.slept.append)
        wire.close()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Stream(answer))

    def _wake(self) -> None:
        self.woken += 1

    def _over(self) -> bool:
        return not self._answers


def news(*events: str) -> str:
    return ":)\n\n" + "".join(f"event: {event}\ndata: {{}}\n\n:thump\n" for event in events)


@pytest.mark.parametrize("event", ["notification", "update", "status.update", "delete"])
def test_what_may_be_news_wakes(event: str) -> None:
    assert Listened(news(event), news()).woken == Listened(news(), news()).woken + 1


def test_what_is_no_news_wakes_nobody() -> None:
    assert Listened(news("filters_changed", "announcement"), news()).woken == Listened(news(), news()).woken


def test_a_stream_that_broke_may_have_missed_something() -> None:
    assert Listened(news(), news(), news()).woken > Listened(news(), news()).woken


def test_it_is_listened_to_again_ever_later_and_soon_again_once_it_says_something() -> None:
    refused = [Listened(*[503] * count, news()) for count in (1, 2, 3, 4)]
    growth = [sum(later.slept) - sum(sooner.slept) for sooner, later in pairwise(refused)]
    assert growth[-1] > 4
    assert sum(Listened(*[news()] * 4).slept) < sum(Listened(*[503] * 4).slept)
    assert max(refused[-1].slept) <= 1


def test_it_logs_in_by_a_header_and_asks_for_ourselves_or_a_tag() -> None:
    (request, *_) = Listened(news(), news()).requests
    assert request.url == "https://northline.example/api/v1/streaming/user"
    assert request.headers["authorization"] == "Bearer access-1"
    (request, *_) = Listened(news(), news(), tag="northline").requests
    assert request.url == "https://northline.example/api/v1/streaming/hashtag?tag=northline"
