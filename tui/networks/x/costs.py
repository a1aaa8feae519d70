"""What an account costs a day on X, as an estimate: posts and messages are paid each."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tui.clock import DAY, HOUR, Millis
from tui.networks.records import Post

DATED = "August 2026"
"""When X published the prices below (docs.x.com, "Pricing")."""
PRICES: Mapping[str, float] = MappingProxyType(
    {
        "post": 0.005,
        "own": 0.001,
        "message": 0.010,
        "author": 0.010,
        "reply": 0.015,
    }
)
"""US dollars for each: a post that is read, one of ours or a mention, a message, an author, a reply without a link."""
READ_AGAIN = 20
"""Messages that each poll reads again; X charges each once a day (UTC)."""


def volume(posts: Sequence[Post], now: Millis) -> float:
    """How many a day, judged by the times of the newest."""
    if not posts:
        return 0.0
    span = max(now - min(post.created_at for post in posts), HOUR)
    return len(posts) * DAY / span


def per_day(volumes: Mapping[str, float], prices: Mapping[str, float] = PRICES) -> tuple[float, float]:
    """The least and the most in US dollars, by posts a day and source.

    The least takes mentions for reads of our own, which they are where the account owns the app, and authors as free.
    """
    mentions, own = volumes.get("mentions", 0.0), volumes.get("own", 0.0)
    messages, search = volumes.get("messages", 0.0), volumes.get("search", 0.0)
    read_again = READ_AGAIN if "messages" in volumes else 0
    every = own * (prices["own"] + prices["reply"]) + (messages + read_again) * prices["message"]
    least = every + mentions * prices["own"] + search * prices["post"]
    # Each author, and at most one post that it points at.
    most = every + (mentions + search) * (2 * prices["post"] + prices["author"])
    return least, most
