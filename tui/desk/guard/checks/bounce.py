"""`bounce`."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from tui.clock import Millis, iso
from tui.desk.freshness import account_name
from tui.desk.guard.alike import part_mark
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.phrases import Hit, Phrases, sentences
from tui.desk.guard.telling import at, excerpt, named, ordinal, whole
from tui.desk.guard.thread import answers

_PLACE = re.compile(
    r"(?P<link>(?:https?://|www\.)\S+)"
    r"|(?P<handle>(?<![\w.+\-/])@\w[\w.\-]*(?:@[\w.\-]+)?)"
    r"|(?P<address>(?<![\w.+\-@])[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+)"
    r"|(?P<number>(?<![\w@#/.,\-])(?:\+ ?)?\(?\+?\d[\d ()./\-]{5,20}\d(?![\w/]))",
    re.IGNORECASE,
)
_DIGITS = 7
"""A number with fewer is no phone number of a service."""
_NEAR, _RIGHT_BEFORE = 80, 4
"""Characters between a phrase and where it leads."""
_ANSWERS = 100
"""How many of our last answers in a thread are counted."""
_PLACES = 50
"""Most places that are looked at in one sentence."""


class _Place(NamedTuple):
    """Where somebody is sent: a handle, address, number or link, or a phrase that says it by itself."""

    kind: str
    text: str
    start: int


def bounce(case: Case) -> Finding | None:
    """Sends the customer elsewhere for an answer that could be given here; counted over the thread.

    Elsewhere is a handle that does not take part, a mailbox, a phone or a form. A private message to the same handle
    is not, nor is a link that comes with an answer. A form may be the only way in, so the first is let pass. Parts of
    one answer are one time.
    """
    if case.target is not None and not case.target.reply_allowed:
        return None
    place = _elsewhere(case.text, case, case.leaves_from, case.now)
    if place is None:
        return None
    ours = [one for one in answers(case)[-_ANSWERS:] if not _is_one_with(one.text, case.text)]
    sent = [(one, _elsewhere(one.text, case, one.handle, one.at)) for one in ours]
    before = [(answer, to) for answer, to in sent if to is not None]
    count = len(before) + 1
    settings = case.settings
    most = settings.form_count if place.kind == "link" else settings.bounce_count
    if count < most:
        return None
    evidence = {
        "count": count,
        "to": named(place.text),
        "before": [
            {"at": iso(answer.at), "to": named(to.text), "text": whole(answer.text)} for answer, to in before[-5:]
        ],
        "arithmetic": f"{len(before)} before in this thread and this one; {most} or more warn",
    }
    where = f"elsewhere ({excerpt(place.text)})" if place.kind == "phrase" else f"to {named(place.text)}"
    why = f"the {ordinal(count)} time in this thread" if before else "although an answer is possible here"
    return Finding("bounce", "warn", f"This sends {at(case.conversation.handle)} {where}, {why}.", evidence)


def _is_one_with(earlier: str, text: str) -> bool:
    """Whether both are numbered parts of one answer."""
    before, now = part_mark(earlier), part_mark(text)
    return before is not None and now is not None and before[1] == now[1] and before[0] < now[0]


def _elsewhere(text: str, case: Case, sender: str | None, when: Millis) -> _Place | None:
    """Where a text of ours sends the customer; None where it does not."""
    places = _destinations(text, case.phrases)
    here = _taking_part(case, sender, when) if any(place.kind == "handle" for place in places) else set()
    return next((place for place in places if place.kind != "handle" or _name(place.text) not in here), None)


@lru_cache(maxsize=1024)
def _destinations(text: str, phrases: Phrases) -> tuple[_Place, ...]:
    """Everywhere a text sends its reader, handles of this thread among it."""
    private = phrases.holds("private", text)
    return tuple(place for sentence in sentences(text) for place in _leads(sentence, phrases, private))


def _leads(sentence: str, phrases: Phrases, private: bool) -> Iterator[_Place]:
    yield from (_Place("phrase", hit.text, hit.start) for hit in phrases.find("bounce", sentence)[:1])
    contact, page = phrases.find("contact", sentence), phrases.find("page", sentence)
    for place in _places(sentence) if contact or page else ():
        if place.kind != "link":
            leads = any(_is_near(hit, place) for hit in contact)
        else:
            leads = not private and any(hit.end <= place.start for hit in page)
        if leads:
            yield place


def _places(sentence: str) -> list[_Place]:
    found = [
        _Place(str(one.lastgroup), one[0].rstrip(".-"), one.start())
        for one in islice(_PLACE.finditer(sentence), _PLACES)
    ]
    return [one for one in found if one.kind != "number" or sum(map(str.isdigit, one.text)) >= _DIGITS]


def _is_near(hit: Hit, place: _Place) -> bool:
    """One word alone, such as `call`, must stand right before where it leads; more words say more."""
    most = _NEAR if " " in hit.text else _RIGHT_BEFORE
    return 0 <= place.start - hit.end <= most


def _taking_part(case: Case, sender: str | None, when: Millis) -> set[str]:
    """The handles that take part in the thread by then."""
    wrote = {post.handle for post in case.posts if post.created_at <= when and post.kind != "repost"}
    return {_name(handle) for handle in wrote | {case.conversation.handle, sender or ""}}


def _name(handle: str) -> str:
    """A handle as it is compared: on Mastodon the server does not count."""
    return account_name(handle).partition("@")[0]
