"""A network in memory that a collector reads: posts by source, and how it misbehaves."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from making import US

from tui.clock import MINUTE, Millis
from tui.networks.records import (
    BadLine,
    Finding,
    Outgoing,
    Page,
    Post,
    Rate,
    Receipt,
    ServerLimits,
    Source,
)

MENTIONS, OWN, SEARCH = Source("mentions", MINUTE), Source("own", MINUTE), Source("search", 5 * MINUTE)


@dataclass
class Feed:
    """One account on one network; a cursor is how many posts of a source were given."""

    sources: tuple[Source, ...] = (MENTIONS, OWN, SEARCH)
    network: str = "x"
    account: str = US
    settles: Millis = 0
    size: int = 20
    """Of a page."""
    posts: dict[str, list[Post]] = field(default_factory=lambda: defaultdict(list))
    threads: dict[str, tuple[Post, ...]] = field(default_factory=dict)
    bad: tuple[BadLine, ...] = ()
    gap: bool = False
    overlap: int = 0
    """So many posts before the cursor are given once more."""
    rate: Callable[[str, Millis], Rate | None] = lambda source, now: None
    breaks: dict[str, Exception] = field(default_factory=dict)
    """What a read of a source raises."""
    before: Callable[[str], None] = lambda source: None
    """Called as a read begins; `after`, when it has its answer."""
    after: Callable[[str], None] = lambda source: None
    asked: list[str] = field(default_factory=list)
    closed: int = 0
    found_limits: ServerLimits = field(default_factory=lambda: ServerLimits(500, 23, 4))

    def bring(self, *posts: Post, source: str = "mentions") -> None:
        """Posts that can be read from now on."""
        self.posts[source] += posts

    def read(self, source: str, cursor: str | None, *, now: Millis) -> Page:
        self.asked.append(source)
        self.before(source)
        if source in self.breaks:
            raise self.breaks[source]
        there = self.posts[source]
        start = max(len(there) - self.size, 0) if cursor is None else int(cursor)
        end = min(start + self.size, len(there))
        given = there[max(start - self.overlap, 0) : end]
        page = Page(
            tuple(given), str(end), more=end < len(there), gap=self.gap, bad=self.bad, rate=self.rate(source, now)
        )  # fmt: skip
        self.after(source)
        return page

    def thread(self, post_id: str) -> tuple[Post, ...]:
        self.asked.append(f"thread {post_id}")
        return self.threads.get(post_id, ())

    def limits(self) -> ServerLimits:
        self.asked.append("limits")
        return self.found_limits

    def test(self, *, now: Millis) -> tuple[Finding, ...]:
        return ()

    def publish(self, reply: Outgoing) -> Receipt:
        return Receipt(f"out:{reply.key}")

    def look_up(self, reply: Outgoing) -> Receipt | None:
        return None

    def close(self) -> None:
        self.closed += 1

    @property
    def reads(self) -> list[str]:
        """The sources that were read, in order."""
        return [name for name in self.asked if name in {source.name for source in self.sources}]


def names(posts: Iterable[Post]) -> list[str]:
    """Their ids."""
    return [post.id for post in posts]
