"""What the desk offers of its canned responses for one conversation, and its library. Loaded behind the first paint."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tui import clock
from tui.clock import MINUTE, Millis
from tui.config import AccountSettings, Config
from tui.desk.also import told
from tui.desk.canned import editing
from tui.desk.canned.context import context, language_of
from tui.desk.canned.fill import fill
from tui.desk.canned.library import Version, history
from tui.desk.canned.response import Canned
from tui.desk.canned.search import Fit, Hit
from tui.desk.canned.stats import Stats, Worth, open_incidents, stats
from tui.desk.canned.stock import Stock
from tui.errors import Refused
from tui.networks.limits import Length
from tui.screens.thread import Thread
from tui.store.reader import Reader

BEST = 5
"""How many are offered before a key is typed."""
MOST = 20
"""How many are offered for what is typed."""
SAID = 50
"""So many of a handle's latest replies are compared with the alternates of a response."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned response as it would stand in one reply."""

    canned: Canned
    text: str
    length: Length
    """Of this text alone, by the network's own count."""
    whole: Length
    """Of the draft with it."""
    why: tuple[tuple[str, float], ...]
    """Why it is offered here, as rules and points."""
    locked: tuple[str, ...] = ()
    gap: str = ""
    """What stands between it and the word before."""
    also: str = ""
    """What sending it also does, in words."""
    refused: str = ""
    """Why it cannot be filled in; then there is no text."""


@dataclass(frozen=True)
class Offers:
    """The canned responses for one reply."""

    stock: Stock
    thread: Thread
    agent: str
    account: str | None
    """The handle it leaves from."""
    now: Millis
    values: Mapping[str, Any]
    """What templates can say."""
    open_incidents: frozenset[str]
    """By name, without case."""
    count: Callable[[str], Length]
    """The network's own count of a text as it would leave from here."""
    around: tuple[str, str]
    """The draft before and behind the cursor."""
    form: Mapping[str, str]
    """What was filled into blanks of the draft, by their name."""
    turns: Mapping[int, int]
    """By response: how often it was inserted since the stock was made."""
    said: tuple[str, ...]
    """What left from this handle of late: of several ways to say the same, one that was not said there goes first."""

    @cached_property
    def fit(self) -> Fit:
        """What this conversation is about, and who wants a response for it."""
        return self.stock.fit(
            self.thread.entry.row, self.thread.posts, agent=self.agent, account=self.account,
            incidents=self.open_incidents, now=self.now,
        )  # fmt: skip

    @cached_property
    def language(self) -> str:
        """What the customer writes in; empty where that is not known."""
        return language_of(self.thread.entry.row, self.thread.posts)

    def search(self, query: str) -> list[Hit]:
        """The best for this conversation, or for the words typed in it."""
        return self.stock.index.search(query, self.fit, MOST if query.strip() else BEST)

    def look(self, hit: Hit) -> Filled:
        """One of them, filled in for this customer and counted."""
        canned = hit.canned
        try:
            made = fill(
                canned, self.values, language=self.language, network=self.thread.entry.row.network,
                turn=canned.uses + self.turns.get(canned.id, 0), form=self.form,
                library=self.stock.named, but=self.said,
            )  # fmt: skip
        except Refused as error:
            return Filled(canned, "", self.count(""), self.count("".join(self.around)), hit.why, refused=str(error))
        before, after = self.around
        gap = " " if before and not before[-1].isspace() else ""
        whole = self.count(f"{before}{gap}{made.text}{after}")
        return Filled(
            canned, made.text, self.count(made.text), whole, hit.why, made.locked, gap, told(canned.actions, self.now)
        )


def offers(
    reader: Reader, *, stock: Stock, thread: Thread, agent: str, account: str | None, settings: AccountSettings,
    initials: Mapping[str, str],
    count: Callable[[str], Length], around: tuple[str, str], form: Mapping[str, str], turns: Mapping[int, int],
) -> Offers:  # fmt: skip
    """What is offered for the reply to a conversation, read now. `settings` are those of `account`."""
    row, now, shift = thread.entry.row, clock.now(), reader.open_shift(agent)
    values = context(
        row, agent, now, incident=thread.incident, shift_started=shift[1] if shift else None, settings=settings,
        posts=thread.posts, initials=initials,
    )  # fmt: skip
    still_open = open_incidents(reader)
    sent = reader.sent_since(account, row.network, now - settings.same_text_minutes * MINUTE)
    said = tuple(one.text for one in sent[:SAID])
    return Offers(stock, thread, agent, account, now, values, still_open, count, around, form, dict(turns), said)


# -- the library screen ---------------------------------------------------------------------------

NEEDED = ("waiting", "expiring", "valid", "not yet", "incident over", "expired")
"""States of responses in the order of the library: what needs somebody comes first."""
LISTED = 200
"""How many are listed for what is typed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One response as the library shows it."""

    worth: Worth
    document: str
    """As it is edited."""


class Shelf:
    """Every canned response, with its worth."""

    def __init__(self, stock: Stock, found: Stats, agent: str, still_open: frozenset[str]) -> None:
        self.now, self.agent, self.open_incidents = found.now, agent, still_open
        self._stock = stock
        self._all = sorted(found.responses, key=lambda one: NEEDED.index(one.state))
        self._by_id = {one.canned.id: one for one in self._all}
        counts = (f"{len(found.of('waiting'))} to approve", f"{len(found.of('expiring'))} expiring")
        total, unused = found.total(), len(found.never_used)
        self.told = f"{total['responses']:,} responses, {', '.join(counts)}, {unused:,} unused in 90 days"
        """All of it in a sentence."""

    def search(self, query: str) -> Sequence[Worth]:
        """Those that are like the words; without any, all."""
        if not query.strip():
            return self._all
        hits = self._stock.index.search(query, None, LISTED)
        return [self._by_id[hit.canned.id] for hit in hits if hit.canned.id in self._by_id]

    def look(self, worth: Worth) -> Sheet:
        """One of them, as it is edited."""
        return Sheet(worth, editing.document(worth.canned))


def shelf(reader: Reader, *, stock: Stock, agent: str, config: Config) -> Shelf:
    """What stands in the library now."""
    return Shelf(stock, stats(reader, now=clock.now(), config=config), agent, open_incidents(reader))


class Changes:
    """The versions of one response."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = versions

    def search(self, query: str) -> Sequence[Version]:
        """Those whose agent or changed fields have these words."""
        wanted = query.casefold().split()
        return [one for one in self.versions if all(word in _told(one) for word in wanted)]

    def look(self, version: Version) -> tuple[Version, list[str]]:
        """What it changed, as the lines of a diff; of the first, all of it."""
        if version.before is None:
            return version, editing.document(version.canned).splitlines()
        return version, editing.diff(version.before, version.canned)


def _told(version: Version) -> str:
    return f"{version.version} {version.agent} {' '.join(version.changed)}".casefold()


def changes(reader: Reader, *, canned_id: int) -> Changes:
    """The history of a response."""
    return Changes(history(reader, canned_id))
