"""Who else is at a conversation, in words: read from the open desks, as one of them sees it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tui import clock, text
from tui.clock import MINUTE, Millis
from tui.store.reader import PresentRow, QueueRow

LOOKED: Millis = 10 * MINUTE
"""How long it is told that the line of somebody dropped who only looked (ms)."""
_FIRST = ("writes", "dropped", "away", "looks")
"""What is told first of several."""


class Told(NamedTuple):
    """One colleague, in words."""

    agent: str
    words: str


class Around:
    """Everybody at the desk, as the desk `own` of `agent` sees them."""

    def __init__(self, rows: Sequence[PresentRow] = (), *, own: str = "", agent: str = "") -> None:
        others = [row for row in rows if row.id != own]
        alive = {row.agent for row in others if row.doing != "dropped"} | {agent}
        self.agent = agent
        self.others = tuple(row for row in others if row.doing != "dropped" or row.agent not in alive)
        """Other open desks, and the last of those whose agents have none."""
        self._at: defaultdict[int, list[PresentRow]] = defaultdict(list)
        self._not_there: dict[str, PresentRow] = {}
        """By agent, that they are away, or their line dropped."""
        for row in self.others:
            if row.conversation_id is not None:
                self._at[row.conversation_id].append(row)
            if row.doing in ("away", "dropped"):
                self._not_there[row.agent] = row

    def told(self, conversation: QueueRow, now: Millis) -> list[Told]:
        """Who writes there, whose line dropped, who has it and is away, who looks; each agent once."""
        here = list(self._at.get(conversation.id, ()))
        if conversation.owner in self._not_there:
            here.append(self._not_there[conversation.owner])
        here.sort(key=lambda row: _FIRST.index(row.doing))
        found: dict[str, str] = {}
        for row in here:
            owns = row.agent == conversation.owner
            if row.doing != "dropped" or owns or row.did == "writes" or now - row.since < LOOKED:
                found.setdefault(row.agent, self._words(row, now))
        return [Told(agent, words) for agent, words in found.items()]

    def sentence(self, conversation: QueueRow, now: Millis) -> str:
        """The same as one line; empty where nobody is."""
        return ", ".join(words for _, words in self.told(conversation, now))

    def _words(self, row: PresentRow, now: Millis) -> str:
        if row.agent == self.agent:
            return "you write at another desk" if row.doing == "writes" else "you have it open at another desk"
        return in_words(row, now)


def in_words(row: PresentRow, now: Millis) -> str:
    """What a colleague does: `ben is writing`, `ana's line dropped 2m ago`."""
    who = text.line(row.agent)
    match row.doing:
        case "writes":
            return f"{who} is writing"
        case "away":
            return f"{who} is away"
        case "dropped":
            ago = f" {clock.age(now - row.since)} ago" if now - row.since >= MINUTE else ""
            return f"{who}'s line dropped{ago}"
        case _:
            return f"{who} looks"
