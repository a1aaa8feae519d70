"""The stream of a server as an alarm clock: it only says that there is something to be read.

What it brings is not kept, as it has no replay: reading goes on from its cursor, so that nothing is lost by a stream
that broke, and nothing comes twice.
"""

import random
import time
from collections.abc import Callable

from tui.errors import OutOfReach
from tui.networks.accounts import Tokens
from tui.networks.wire import Wire

USER, TAG = "/api/v1/streaming/user", "/api/v1/streaming/hashtag"
NEWS = frozenset({"notification", "update", "status.update", "delete", "conversation"})
"""Events after which reading may bring something."""
SILENCE_S = 60
"""A server says `:thump` several times within this."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
"""Before it is listened to again (s); doubled after each time it brought nothing."""


def listen(
    wire: Wire,
    tokens: Tokens,
    woken: Callable[[], None],
    stop: Callable[[], bool],
    *,
    tag: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `woken` whenever there is something to be read, also after each gap, until `stop` says so.

    `wire` leads to the server of `Mastodon.streaming` and is used for nothing else meanwhile; `tag` listens to a
    hashtag instead of to what concerns us. Raises nothing for what the network does.
    """
    pause = FIRST_PAUSE_S
    while not stop():
        try:
            heard = _heard(wire, tokens, woken, stop, tag)
        except OutOfReach:
            heard = False
        pause = FIRST_PAUSE_S if heard else min(2 * pause, LONGEST_PAUSE_S)
        _rest(pause * (1 + random.random()), stop, sleep)  # noqa: S311  no secret hangs on it
        if not stop():
            woken()


def _heard(wire: Wire, tokens: Tokens, woken: Callable[[], None], stop: Callable[[], bool], tag: str) -> bool:
    """Listen until the stream ends; whether it said anything at all."""
    headers = {"authorization": f"Bearer {tokens.get('access')}", "accept": "text/event-stream"}
    path, params = (TAG, {"tag": tag}) if tag else (USER, None)
    heard, event = False, ""
    try:
        for line in wire.lines(path, params=params, headers=headers, silence_s=SILENCE_S, stop=stop):
            heard = heard or bool(line)
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            elif line.startswith("data:") and event in NEWS:
                event = ""
                woken()
    except OutOfReach:
        if not heard:
            raise
    return heard


def _rest(seconds: float, stop: Callable[[], bool], sleep: Callable[[float], None]) -> None:
    """Wait, but not much longer than until `stop`."""
    while seconds > 0 and not stop():
        sleep(min(seconds, 1.0))
        seconds -= 1.0
