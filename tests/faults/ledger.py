"""The event log of a desk, read whole: each change of a claim follows from the one before, and the table agrees."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.clock import Millis
from tui.store.reader import EventRow, Reader

TAKES = {"claim.taken", "claim.taken-over", "claim.passed"}
FREES = {
    "claim.released": None,
    "claim.lapsed": None,
    "conversation.woken": None,
    "conversation.resolved": "resolved",
    "conversation.snoozed": "snoozed",
}
"""By event, the state that follows; None: it stands in the event."""


@dataclass
class Standing:
    """One conversation, as the events tell it."""

    state: str = "new"
    owner: str | None = None
    epoch: int = 0
    since: Millis = 0


def problems(reader: Reader, *, lease: Millis | None = None, gapless: bool) -> Iterator[str]:
    """What is wrong with the log, in words; nothing where it is whole.

    `lease`: a claim may be taken from whoever has had it so long. `gapless`: the database promises ids without a gap.
    """
    standings: dict[int, Standing] = {}
    last = 0
    for event in reader.events():
        if event.id <= last or (gapless and event.id != last + 1):
            yield f"event {event.id} follows event {last}"
        last = event.id
        if event.kind not in TAKES and event.kind not in FREES:
            continue
        assert event.conversation_id is not None
        standing = standings.setdefault(event.conversation_id, Standing())
        yield from _follows(event, standing, lease)
    yield from _agree(reader, standings)


def _follows(event: EventRow, standing: Standing, lease: Millis | None) -> Iterator[str]:
    """Whether an event may come now; the standing goes on with it."""
    where = f"event {event.id} ({event.kind}, conversation {event.conversation_id}, {event.agent})"
    standing.epoch += 1
    if event.kind in TAKES:
        lapsed = lease is not None and event.at >= standing.since + lease
        if event.kind == "claim.taken" and standing.state == "claimed" and not lapsed:
            yield f"{where}: {standing.owner} has it since {standing.since}"
        if event.data["epoch"] != standing.epoch:
            yield f"{where}: epoch {event.data['epoch']} instead of {standing.epoch}"
        owner = event.data["to"] if event.kind == "claim.passed" else event.agent
        standing.state, standing.owner, standing.since = "claimed", owner, event.at
        return
    if event.agent not in (standing.owner, "desk"):
        yield f"{where}: it is {standing.owner}'s"
    standing.state, standing.owner = FREES[event.kind] or event.data["state"], None


def _agree(reader: Reader, standings: dict[int, Standing]) -> Iterator[str]:
    """Whether each conversation stands in its table as its events tell."""
    for identity, told in standings.items():
        row = reader.conversation(identity)
        found = None if row is None else (row.state, row.owner, row.epoch)
        if found != (told.state, told.owner, told.epoch):
            yield f"conversation {identity} is {found}, its events say {told}"
