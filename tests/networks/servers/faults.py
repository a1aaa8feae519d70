"""What stands between a client and a server in memory and goes wrong, as networks do. For `httpx.MockTransport`.

Each fault was seen at a real server or proxy: an error after the work was done, an answer that never came, one that
drips or breaks off, a page for people, too many calls.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from random import Random

import httpx

from tui.clock import SECOND, Millis

NOTHING_DONE = ("refused", "before", "gateway", "unheard", "limited")
DONE = ("after", "lost", "drip", "truncated", "html", "broken")
FAULTS = (*NOTHING_DONE, *DONE)
"""Before the server does anything, and after it has done all."""
LIMITED_FOR_S = 20

Answering = Callable[[httpx.Request], httpx.Response]


class Dripping(httpx.AsyncByteStream):
    """An answer that comes so slowly that nobody waits for its end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(60)


class Faulty:
    """A server of which this share of all calls goes wrong."""

    def __init__(
        self,
        answering: Answering,
        random: Random,
        clock: Callable[[], Millis],
        *,
        share: float = 0.5,
        faults: tuple[str, ...] = FAULTS,
    ) -> None:
        self.share = share
        self.met: Counter[str] = Counter()
        """How often each fault was met."""
        self._answering = answering
        self._random = random
        self._clock = clock
        self._faults = faults
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self._random.random() >= self.share:
                self.met["none"] += 1
                return self._answering(request)
            fault = self._random.choice(self._faults)
            self.met[fault] += 1
        return self.meet(fault, request)

    def meet(self, fault: str, request: httpx.Request) -> httpx.Response:
        """One call that goes wrong in this way."""
        match fault:
            case "refused":
                raise httpx.ConnectError("connection refused", request=request)
            case "before":
                return httpx.Response(
                    503, json={"error": "unavailable", "message": "unavailable", "title": "unavailable"}
                )
            case "gateway":
                return httpx.Response(502, html="<html><h1>Bad gateway</h1></html>")
            case "unheard":
                raise httpx.ReadTimeout("no answer", request=request)
            case "limited":
                return self._limited()
        answer = self._answering(request)
        match fault:
            case "after":
                return httpx.Response(500, json={"error": "internal", "message": "internal", "title": "internal"})
            case "lost":
                raise httpx.ReadTimeout("no answer", request=request)
            case "broken":
                raise httpx.RemoteProtocolError("peer closed the connection", request=request)
            case "drip":
                return httpx.Response(answer.status_code, stream=Dripping())
            case "truncated":
                return httpx.Response(answer.status_code, content=answer.content[: len(answer.content) // 2])
        return httpx.Response(200, html="<html><title>Please wait</title></html>")

    def _limited(self) -> httpx.Response:
        """Too many calls, in the headers of every network."""
        resets = self._clock() // SECOND + LIMITED_FOR_S
        headers = {
            "retry-after": str(LIMITED_FOR_S),
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(resets),
            "x-ratelimit-reset": str(resets),
            "ratelimit-limit": "300",
            "ratelimit-remaining": "0",
            "ratelimit-reset": str(resets),
        }
        problem = {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429, "type": "about:blank"}
        return httpx.Response(429, headers=headers, json=problem | {"error": "RateLimitExceeded", "message": "later"})
