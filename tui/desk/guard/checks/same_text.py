"""`same-text`."""

from typing import Any

from tui.clock import MINUTE, age, iso
from tui.desk.guard.alike import comparable, is_same, plain
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import EXAMPLES, at, excerpt, named, us, whole
from tui.store.reader import SentText


def same_text(case: Case) -> Finding | None:
    """The same again to this person, or once too often to everyone. Greeting, names, handles, links and
    signatures do not count."""
    conversation = case.conversation
    names = frozenset(plain(f"{conversation.name[:100]} {conversation.handle[:100]}"))
    text = comparable(case.text, names)
    if not text:
        return None
    on_the_way = [SentText(reply.text, reply.created_at, conversation.handle) for reply in case.leaving]
    got = [old for old in (*on_the_way, *case.sent_to) if is_same(text, comparable(old.text, names), case.settings)]
    if got:
        newest = max(got, key=lambda old: old.at)
        ago = age(case.now - newest.at)
        words = f"{at(conversation.handle)} got nearly this text {ago} ago: {excerpt(newest.text)}."
        return Finding("same-text", "stop", words, _same_evidence(got, case), asks=REASON)
    settings = case.settings
    since = case.now - settings.same_text_minutes * MINUTE
    alike = [
        old
        for old in case.sent
        if old.at >= since and is_same(text, comparable(old.text, frozenset(plain(old.handle[:100]))), settings)
    ]
    if not alike or len(alike) < settings.same_text_count:
        return None
    newest = max(alike, key=lambda old: old.at)
    times = "once" if len(alike) == 1 else f"{len(alike)} times"
    words = f"{us(conversation.account)} sent nearly this text {times} within {settings.same_text_minutes} minutes"
    to = f" to {at(newest.handle)}" if newest.handle else ""
    words = f"{words}, last {age(case.now - newest.at)} ago{to}."
    return Finding("same-text", "warn", words, _same_evidence(alike, case))


def _same_evidence(alike: list[SentText], case: Case) -> dict[str, Any]:
    newest = sorted(alike, key=lambda old: -old.at)[:EXAMPLES]
    return {
        "count": len(alike),
        "arithmetic": f"{len(alike)} texts at least {case.settings.same_text_ratio} % alike; to others "
        f"{case.settings.same_text_count} within {case.settings.same_text_minutes} min are too many",
        "examples": [{"at": iso(old.at), "to": named(old.handle), "text": whole(old.text)} for old in newest],
    }
