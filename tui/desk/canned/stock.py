"""The library made ready to be searched for a conversation: in the desk's picker and by `canned search`.

It loads what the first paint does without (rapidfuzz).
"""

from collections.abc import Collection, Mapping, Sequence

from tui.clock import Millis
from tui.config import Config
from tui.desk.canned.context import language_of
from tui.desk.canned.fill import by_name
from tui.desk.canned.library import response
from tui.desk.canned.response import Canned, Usage
from tui.desk.canned.search import Fit, Index
from tui.desk.canned.similar import Similar
from tui.desk.canned.usage import usage
from tui.store.reader import PostRow, QueueRow, Reader

ANSWERED = 2_000
"""So many of our latest answers tell which responses posts like this one got."""

Parts = tuple[list[Canned], dict[int, Usage], list[tuple[str, int]]]
"""Library, use by id, and posts with the id of a response that answered them."""


class Stock:
    """Every canned response, searchable, with how it is used by the team and by one agent.

    Made off the loop, it never changes: a changed library is a new one.
    """

    def __init__(
        self, library: Sequence[Canned], used: Mapping[int, Usage], answered: Sequence[tuple[str, int]]
    ) -> None:
        self.library = {canned.id: canned for canned in library}
        self.named = by_name(library)
        self.index = Index(library, used)
        self._similar = Similar(answered)
        self.index.search("a")  # loads rapidfuzz

    def fit(
        self,
        row: QueueRow,
        posts: Sequence[PostRow],
        *,
        agent: str,
        account: str | None,
        incidents: Collection[str],
        now: Millis,
    ) -> Fit:
        """What a conversation is about, and who wants a response for it.

        `posts` are its thread, `account` is the handle the reply leaves from, `incidents` are the open ones by name.
        """
        said = next((post.text for post in reversed(posts) if not post.ours), "")
        return Fit(
            language=language_of(row, posts) or None, network=row.network, tags=tuple(row.tags), now=now,
            account=f"{row.network}:{account}" if account else None, agent=agent,
            incident=row.incident, incidents=incidents, similar=self._similar.like(said), post=said,
        )  # fmt: skip


def read_stock(reader: Reader, *, agent: str, config: Config, now: Millis) -> Parts:
    """What a `Stock` is made from."""
    library = [response(row) for row in reader.canned()]
    return library, usage(reader, agent=agent, now=now, config=config), reader.answered_with(ANSWERED)
