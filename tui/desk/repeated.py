"""A text that is typed by hand again and again is worth keeping as a canned response; that is said once.

Texts are compared as the guard compares them: greeting, names, handles, links and signatures do not count, nor do
numbers here. What was made from a canned response does not count either.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.clock import DAY, Millis
from tui.config import AccountSettings, Config
from tui.desk.composition import composition
from tui.desk.guard.alike import COMPARED_CHARACTERS, HANDLE, LINK, comparable, is_same, plain
from tui.store import log
from tui.store.reader import Reader, ReplyRow, TypedRow

if TYPE_CHECKING:
    from sqlmodel import Session

WITHIN: Millis = 30 * DAY
"""How far back a text counts."""
OFFERED = "canned.offered"
"""The kind of the event that an offer leaves behind."""
_WORD = re.compile(r"(?<!\w)[^\W\d_]{4,30}(?!\w)")
_RARE = 3
"""So many words of a text are looked for: texts that are near-equal share its longest ones."""
_NUMBER = re.compile(r"\S*\d\S*")
_ADDRESSED = re.compile(r"\A\s*(?:@\S+\s+)*")


class Repeated(NamedTuple):
    """A text that somebody has just typed once more."""

    reply_id: int
    conversation_id: int
    text: str
    """As this agent has typed it, from its first word on."""
    times: int
    """How often it was typed by hand within WITHIN, this time included."""
    own: int
    """How often of these by this agent."""
    replies: tuple[int, ...]
    """Those replies, the newest first."""


def alike(text: str, names: Iterable[str], typed: Iterable[TypedRow], settings: AccountSettings) -> list[TypedRow]:
    """Those of the replies that say the same as a text for somebody of these names; none for a text of a few letters.

    `settings` say how alike (`same_text_ratio`, `same_text_shortest`) and how few are too few (`same_text_letters`).
    """
    said = _said(text, *names)
    if len(said.replace(" ", "")) < settings.same_text_letters:
        return []
    return [reply for reply in typed if is_same(said, _said(reply.text, reply.name, reply.handle), settings)]


def _said(text: str, *names: str) -> str:
    """What a text says to whomever and about whichever number."""
    theirs = frozenset(word for name in names for word in plain(name[:100]))
    return _NUMBER.sub("#", comparable(text, theirs))


def telling_words(text: str, *names: str) -> list[str]:
    """A few long words of a text, as they are written, that are nobody's name; a text like it has one of them."""
    theirs = {word for name in names for word in plain(name[:100])}
    words = _WORD.findall(HANDLE.sub(" ", LINK.sub(" ", text[:COMPARED_CHARACTERS])))
    found = dict.fromkeys(word for word in words if word.casefold() not in theirs)
    return sorted(found, key=lambda word: -len(word))[:_RARE]


def repeated(reader: Reader, conversation_id: int, *, agent: str, config: Config, now: Millis) -> Repeated | None:
    """The agent's newest reply in a conversation, where it was typed by hand, has been typed often enough (by them or
    the team, `offer_after`), and they were not told so before."""
    reply, conversation = _newest(reader, conversation_id, agent), reader.conversation(conversation_id)
    if reply is None or conversation is None or not config.desk.offer_after:
        return None
    names = conversation.name, conversation.handle
    text = reader.whole_text(reply.id)
    typed = reader.typed_by_hand(telling_words(text, *names), since=now - WITHIN)
    found = alike(text, names, typed, config.account(reply.network, reply.account))
    if len(found) < config.desk.offer_after or _was_told(reader, found, agent):
        return None
    own = sum(1 for one in found if one.agent == agent)
    return Repeated(
        reply.id, conversation_id, _ADDRESSED.sub("", text), len(found), own, tuple(one.id for one in found)
    )


def _newest(reader: Reader, conversation_id: int, agent: str) -> ReplyRow | None:
    """The first part of the agent's newest reply, where it was typed by hand."""
    parts = [reply for reply in reader.replies(conversation_id) if reply.agent == agent and reply.part == 1]
    if not parts or composition(parts[-1].composition).inserted or parts[-1].state == "recalled":
        return None
    return parts[-1]


def _was_told(reader: Reader, found: Sequence[TypedRow], agent: str) -> bool:
    """Whether the agent was told of one of these replies."""
    replies = {reply.id for reply in found}
    told = reader.told_in({reply.conversation_id for reply in found}, OFFERED, agent=agent)
    return any(event.data.get("reply") in replies for event in told)


def told(session: "Session", offer: Repeated, *, agent: str, now: Millis) -> None:
    """The agent has been told."""
    log.append(
        session, OFFERED, at=now, agent=agent, conversation_id=offer.conversation_id,
        reply=offer.reply_id, times=offer.times,
    )  # fmt: skip
