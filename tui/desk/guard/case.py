"""What the guard is given, and what it gives back: plain records.

A check is a pure function of a `Case`. It never changes the draft; what it proposes is an `Offer`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tui.clock import Millis
from tui.config import AccountSettings
from tui.desk.canned.response import Canned
from tui.desk.composition import NOTHING, Composition
from tui.desk.guard.phrases import Phrases
from tui.desk.leaving import lead
from tui.store.reader import EventRow, IncidentRow, OtherRow, PostRow, QueueRow, ReplyRow, SentText

Verdict = Literal["ok", "info", "warn", "stop"]

REASON = "reason"
"""What a finding asks for when any reason will do."""
REASON_LETTERS = 3
"""Letters, of any script, from which on an answer counts as a reason."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A text the agent may take instead of typing it: set before the draft, or in its place."""

    place: Literal["before", "instead"]
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has to say."""

    check: str
    verdict: Verdict
    text: str
    """One sentence with the facts: who, when, how old."""
    evidence: dict[str, Any]
    """JSON-able: ids, ISO times, texts, counts, and always `arithmetic`: how the check came to it, in a line."""
    asks: str = ""
    """What must be typed to override a stop: a literal such as `206d`, or `reason`. Empty: it cannot be overridden,
    the text or the situation must change."""
    offers: tuple[Offer, ...] = ()
    """What could be sent instead; `as_json` has their texts as evidence."""

    def as_json(self) -> dict[str, Any]:
        """As `check` and a refused `reply` print it."""
        evidence = self.evidence | ({"offers": [offer.text for offer in self.offers]} if self.offers else {})
        found = {"check": self.check, "verdict": self.verdict, "text": self.text, "evidence": evidence}
        return found | {"asks": self.asks} if self.verdict == "stop" else found


@dataclass(frozen=True, slots=True)
class Overridden:
    """A stop the agent decided to pass, and what they typed: what it asks for, and why."""

    check: str
    typed: str
    reason: str = ""
    """Why, where the stop asks for something else than a reason."""
    by_name: bool = False
    """The check was named by hand, as on the command line, instead of answered in a review."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the guard looks at. When a reply is looked at again, it is itself in neither `sent` nor `leaving`."""

    text: str
    now: Millis
    agent: str
    conversation: QueueRow
    posts: tuple[PostRow, ...]
    """The whole thread, oldest first, folded reposts among them."""
    target: PostRow | None
    """The post the reply answers."""
    settings: AccountSettings
    sender: str | None = None
    """The handle it would leave from, with its `@`; None: the conversation's own."""
    split: bool = False
    """Whether a text that is too long leaves in parts."""
    held_at: Millis | None = None
    """When it was let pass, where it is looked at again: whether it is a part of an answer was decided then."""
    by_others: frozenset[int] = frozenset()
    """Posts of ours that came since and did not leave here by this agent's hand: it is no part of those."""
    sent: tuple[SentText, ...] = ()
    """What this handle published or is about to, in the same-text stretch, newest first."""
    sent_to: tuple[SentText, ...] = ()
    """What this person got from us, ever, newest first."""
    leaving: tuple[ReplyRow, ...] = ()
    """Replies of this conversation that are held, queued, sending or unknown."""
    changes: tuple[EventRow, ...] = ()
    """Events of this conversation since this agent last saw it; empty where never seen."""
    others: tuple[OtherRow, ...] = ()
    """The same person's other conversations, on this and on other networks."""
    incident: IncidentRow | None = None
    """The incident this conversation is linked to."""
    made_of: Composition = NOTHING
    """What the text is made of beside its words."""
    canned: tuple[Canned, ...] = ()
    """The canned responses it was made from."""
    included: tuple[Canned, ...] = ()
    """The canned responses that these include."""
    incidents: tuple[IncidentRow, ...] = ()
    """Where one of these is about an incident: the incidents, open and closed."""
    siblings: tuple[Canned, ...] = ()
    """Other canned responses that share a tag with the first of `canned`, are valid now and fit it, the least used
    first."""
    phrases: Phrases = field(default_factory=Phrases)
    answers_private: bool = False
    """The post it answers is itself an answer to a private message."""

    @property
    def leaves_from(self) -> str | None:
        """The handle the reply leaves from, with its `@`."""
        return self.sender or self.conversation.account

    @property
    def private(self) -> bool:
        """Whether the reply is a private message: as what it answers, or because it moves there."""
        return self.is_owed_privately or self.made_of.way == "private"

    @property
    def is_owed_privately(self) -> bool:
        """Whether what it answers was said privately: no public reply may follow. In doubt it was."""
        said = self.target is not None and self.target.kind == "dm"
        return said or self.conversation.private or self.answers_private

    @property
    def lead(self) -> str:
        """What each part of the reply has to begin with, see `tui.desk.leaving`."""
        return lead(self.conversation.network, self.conversation.handle)


Check = Callable[[Case], Finding | None]
"""None: nothing to say. Its name is the function's, with hyphens."""
