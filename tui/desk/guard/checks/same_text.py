"""`same-text`."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from tui.clock import MINUTE, age, iso
from tui.desk.canned.context import context, language_of
from tui.desk.canned.fill import by_name, each
from tui.desk.canned.response import Canned
from tui.desk.guard.alike import comparable, is_same, plain
from tui.desk.guard.case import REASON, Case, Finding, Offer
from tui.desk.guard.telling import EXAMPLES, at, excerpt, named, us, whole
from tui.errors import Refused
from tui.store.reader import SentText


def same_text(case: Case) -> Finding | None:
    """The same again to this person, or once too often to everyone. Greeting, names, handles, links and
    signatures do not count."""
    text = comparable(case.text, _names(case))
    if not text:
        return None
    return _to_this_person(text, case) or (None if case.private else _to_everyone(text, case))


def _to_this_person(text: str, case: Case) -> Finding | None:
    """What they got before, in any conversation, and what is on its way to them."""
    names, handle = _names(case), case.conversation.handle
    on_the_way = [SentText(reply.text, reply.created_at, handle) for reply in case.leaving]
    elsewhere = [SentText(o.answer, o.answered_at, o.handle) for o in case.others if o.answered_at is not None]
    got = dict.fromkeys(
        old
        for old in (*on_the_way, *elsewhere, *(old._replace(incident_id=None) for old in case.sent_to))
        if is_same(text, comparable(old.text, names), case.settings)
    )
    if not got:
        return None
    newest = max(got, key=lambda old: old.at)
    words = f"{at(handle)} got nearly this text {age(case.now - newest.at)} ago: {excerpt(newest.text)}."
    return Finding("same-text", "stop", words, _evidence(list(got), case), asks=REASON)


def _to_everyone(text: str, case: Case) -> Finding | None:
    """What this handle said publicly of late. Each incident is counted by itself, and all else together."""
    settings, conversation = case.settings, case.conversation
    since = case.now - settings.same_text_minutes * MINUTE
    lately = [
        (old, comparable(old.text, frozenset(plain(old.handle[:100]))))
        for old in case.sent
        if old.at >= since and old.incident_id == conversation.incident_id
    ]
    alike = [old for old, words in lately if is_same(text, words, settings)]
    if not alike or len(alike) < _most(case):
        return None
    newest = max(alike, key=lambda old: old.at)
    times = "once" if len(alike) == 1 else f"{len(alike)} times"
    about = f" about {excerpt(conversation.incident)}" if conversation.incident else ""
    to = f" to {at(newest.handle)}" if newest.handle else ""
    words = (
        f"{us(case.leaves_from)} sent nearly this text {times}{about} within {settings.same_text_minutes} minutes, "
        f"last {age(case.now - newest.at)} ago{to}"
    )
    said = {words for _, words in lately} | {comparable(old.text, _names(case)) for old in case.sent_to}
    variants = list(islice(_variants(said, case), EXAMPLES))
    words += f"; {excerpt(variants[0][0].name)} says it otherwise." if variants else "."
    offers = tuple(Offer("instead", filled) for _, filled in variants)
    return Finding("same-text", "warn", words, _evidence(alike, case), offers=offers)


def _variants(said: set[str], case: Case) -> Iterator[tuple[Canned, str]]:
    """Other words for the same, filled in for this customer, that were not said lately themselves: first the other
    ways of the response at hand, then other responses. One that includes what that does not is passed over."""
    for canned in (*case.canned, *case.siblings):
        for filled in _filled(canned, case):
            text = comparable(filled, _names(case))
            if text and not any(is_same(text, words, case.settings) for words in said):
                yield canned, filled


def _filled(canned: Canned, case: Case) -> Iterator[str]:
    """A response in each way that fits this conversation; one that cannot be filled in ends it."""
    row, language = case.conversation, language_of(case.conversation, case.posts)
    values = context(
        row, case.agent, case.now, incident=case.incident, settings=case.settings, posts=case.posts
    )  # fmt: skip
    with suppress(Refused):
        for rendered in each(
            canned, values, language=language, network=row.network, turn=canned.uses, library=by_name(case.included)
        ):
            yield rendered.text


def _names(case: Case) -> frozenset[str]:
    """The customer's, which make no text another one."""
    return frozenset(plain(f"{case.conversation.name[:100]} {case.conversation.handle[:100]}"))


def _most(case: Case) -> int:
    """From so many on it is once too often."""
    settings = case.settings
    return settings.same_text_count if case.conversation.incident_id is None else settings.same_text_incident_count


def _evidence(alike: list[SentText], case: Case) -> dict[str, Any]:
    newest = sorted(alike, key=lambda old: -old.at)[:EXAMPLES]
    about = "about one incident " if case.conversation.incident_id is not None else ""
    return {
        "count": len(alike),
        "arithmetic": f"{len(alike)} texts at least {case.settings.same_text_ratio} % alike; to others {about}"
        f"{_most(case)} within {case.settings.same_text_minutes} min are too many",
        "examples": [{"at": iso(old.at), "to": named(old.handle), "text": whole(old.text)} for old in newest],
    }
