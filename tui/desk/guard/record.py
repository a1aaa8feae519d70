"""What became of findings: whether a check was heeded, and whether it was right, so that a team can tune it.

An episode is all reviews of one conversation by one agent until a reply is held. A reply that is taken back in its
undo window, or that the guard stops at the last moment, did not leave: its episode goes on. By check

- `shown`: episodes in which it stopped or warned
- `overridden`: of those, where the held reply passed it; `heeded`: all others
- `proven_right`: of the overridden, where the network refused the reply, our post was deleted afterwards, or the
  customer's next word complains; of a reply in parts, the first speaks for all
"""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from tui.clock import HOUR
from tui.config import Config
from tui.desk.guard.phrases import Phrases
from tui.store.reader import AftermathRow, EventRow


class Figures(NamedTuple):
    """One check: in how many episodes it was shown, and what became of that."""

    check: str
    shown: int
    heeded: int
    overridden: int
    proven_right: int


@dataclass(slots=True)
class Episode:
    """Reviews of one conversation by one agent until a reply was held."""

    shown: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    """What the held reply passed."""
    reply: int | None = None
    """The held reply; None where there was none, or it did not leave."""


def episodes(events: Iterable[EventRow]) -> list[Episode]:
    """The episodes in which the guard said something, from events in their order."""
    running: dict[tuple[str, int | None], Episode] = defaultdict(Episode)
    held: dict[int, Episode] = {}
    for event in events:
        who = (event.agent, event.conversation_id)
        match event.kind:
            case "guard.stopped" | "guard.heeded":
                running[who].shown.add(event.data["check"])
            case "guard.overridden" | "guard.warned":
                running[who].passed.add(event.data["check"])
            case "reply.held":
                held[event.data["reply"]] = running.pop(who, Episode())
            case "reply.recalled" | "reply.failed" if event.kind == "reply.recalled" or event.data.get("guard"):
                back = held.pop(event.data["reply"], Episode())
                running[who].shown |= back.shown | back.passed
    for reply, episode in held.items():
        episode.reply = reply
    return [episode for episode in (*held.values(), *running.values()) if episode.shown or episode.passed]


def proven_right(
    events: Iterable[EventRow], aftermath: Iterable[AftermathRow], phrases: Phrases, config: Config
) -> set[int]:
    """Replies of which it was right to warn.

    The network refused them (not the guard, and not a person who saw that they are missing), our post was deleted
    later, or the customer's next word within the account's `complaint_hours` complains.
    """
    refused = {
        event.data["reply"]
        for event in events
        if event.kind == "reply.failed" and not (event.data.get("guard") or event.data.get("settled"))
    }
    return refused | {one.reply_id for one in aftermath if one.deleted or _complained(one, phrases, config)}


def _complained(after: AftermathRow, phrases: Phrases, config: Config) -> bool:
    if after.sent_at is None or after.next_at is None:
        return False
    soon = config.account(after.network, after.account).complaint_hours * HOUR
    return after.next_at - after.sent_at <= soon and phrases.complains(after.next_text)


def figures(found: Iterable[Episode], proven: Set[int]) -> list[Figures]:
    """By check in alphabetical order; `proven`: the replies of which it was right to warn."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for episode in found:
        for check in episode.shown | episode.passed:
            passed = check in episode.passed
            tally = counts[check]
            tally[0] += 1
            tally[1] += passed
            tally[2] += passed and episode.reply in proven
    return [
        Figures(check, shown, shown - overridden, overridden, right)
        for check, (shown, overridden, right) in sorted(counts.items())
    ]
