"""What is new on a stream, page by page from its newest entry down to what was seen; one that is none stops nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.clock import Millis
from tui.errors import OutOfReach
from tui.networks.bluesky import reading
from tui.networks.bluesky.reading import Unreadable
from tui.networks.bluesky.walk import Walk, read_cursor, written_cursor
from tui.networks.records import BadLine, Page, Post, Rate

PAGES = 5
"""Pages that one read takes of a stream at most."""

Entry = tuple[int, Mapping[str, Any]]
"""One entry of a page, and its place in what was read, from 1."""
Reader = tuple[int, Callable[[], Post]]
"""What makes a post of an entry, or raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Something that is read backwards."""

    fetch: Callable[[str | None], Mapping[str, Any]]
    """A page by its cursor."""
    entries: str
    """Where the entries of a page are."""
    time: Callable[[Mapping[str, Any]], Any]
    """When an entry stands there."""
    posts: Callable[[Sequence[Entry]], Iterable[Reader]]
    """The posts of those entries that are wanted."""


@dataclass(slots=True)
class _Batch:
    """What one read has gathered."""

    posts: dict[str, Post] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    place: int = 0

    def page(self, stream: Stream, walk: Walk, *, now: Millis) -> tuple[Walk, bool]:
        """Take one page, whole or not at all: where the walk is then, and whether it was given up."""
        found = stream.fetch(walk.at)
        place, wanted, times, bad = self.place, [], [], []
        for value in reading.items(found.get(stream.entries)):
            place += 1
            try:
                entry = reading.item(value, "an entry")
                times.append(reading.moment(stream.time(entry), "indexedAt"))
            except Unreadable as error:
                bad.append(BadLine(place, str(error)))
                continue
            if walk.wants(times[-1]):
                wanted.append((place, entry))
        posts, unread = _read(stream.posts(wanted))
        self.posts |= {post.id: post for post in posts}
        self.bad += [*bad, *unread]
        self.place = place
        further = found.get("cursor")
        return walk.down(times, further if isinstance(further, str) and further else None, now=now)


def _read(readers: Iterable[Reader]) -> tuple[list[Post], list[BadLine]]:
    posts, bad = [], []
    for place, read in readers:
        try:
            posts.append(read())
        except Unreadable as error:
            bad.append(BadLine(place, str(error)))
    return posts, bad


def read(streams: Mapping[str, Stream], cursor: str | None, *, now: Millis, rate: Callable[[], Rate | None]) -> Page:
    """What is new on these streams since `cursor`.

    What was read before one of them failed is not lost: the cursor knows how far that was. Raises OutOfReach and its
    kin where nothing was read.
    """
    stored, batch = read_cursor(cursor), _Batch()
    walks = {name: Walk.of(stored.get(name)) for name in streams}
    pages, gap = 0, False
    try:
        for name, stream in streams.items():
            for _ in range(PAGES):
                walks[name], lost = batch.page(stream, walks[name], now=now)
                pages, gap = pages + 1, gap or lost
                if not walks[name].under_way:
                    break
    except OutOfReach:
        if not pages:
            raise
    return Page(
        tuple(sorted(batch.posts.values(), key=lambda post: post.created_at)),
        written_cursor({name: walk for name, walk in walks.items() if walk.seen is not None}),
        more=any(walk.under_way for walk in walks.values()),
        gap=gap,
        bad=tuple(sorted(batch.bad, key=lambda one: one.line)),
        rate=rate(),
    )
