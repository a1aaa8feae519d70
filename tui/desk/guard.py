"""The guard: before a reply leaves, the facts that would make it wrong, one sentence each.

A check is a pure function of a `Case`; `CHECKS` is the one list of them. A new check is a new section here and
a new name in that list. The sentences carry nothing uncleaned: what was written outside passes `tui.text`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from tui.clock import MINUTE, Millis, age, iso
from tui.config import AccountSettings
from tui.desk.canned.render import blanks_in
from tui.desk.canned.response import Canned, validity
from tui.desk.freshness import Freshness, account_name, freshness
from tui.networks.limits import Length, count
from tui.store.reader import EventRow, PostRow, QueueRow, ReplyRow, SentText
from tui.text import clean, fit, line

Verdict = Literal["ok", "info", "warn", "stop"]

REASON = "reason"
"""What a finding asks for when any reason will do."""
REASON_LETTERS = 3
"""Letters, of any script, from which on an answer counts as a reason."""

_GRAVITY: dict[str, int] = {"ok": 0, "info": 1, "warn": 2, "stop": 3}
_NAME_CELLS, _EXCERPT_CELLS = 40, 80
_EVIDENCE_CHARACTERS = 500
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has to say."""

    check: str
    verdict: Verdict
    text: str
    """One sentence with the facts: who, when, how old."""
    evidence: dict[str, Any]
    """JSON-able: ids, ISO times, texts, counts, arithmetic."""
    asks: str = ""
    """What must be typed to override a stop: a literal such as `206d`, or `reason`. Empty: it cannot be overridden,
    the text or the situation must change."""

    def as_json(self) -> dict[str, Any]:
        """As `check` and a refused `reply` print it."""
        found = {"check": self.check, "verdict": self.verdict, "text": self.text, "evidence": self.evidence}
        return found | {"asks": self.asks} if self.verdict == "stop" else found


@dataclass(frozen=True, slots=True)
class Overridden:
    """A stop the agent decided to pass, and what they typed."""

    check: str
    typed: str
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
    sent: tuple[SentText, ...] = ()
    """What this handle published or is about to, in the same-text stretch, newest first."""
    sent_to: tuple[SentText, ...] = ()
    """What this person got from us, ever, newest first."""
    leaving: tuple[ReplyRow, ...] = ()
    """Replies of this conversation that are held, queued, sending or unknown."""
    changes: tuple[EventRow, ...] = ()
    """Events of this conversation by others since this agent last saw it; empty where never seen."""
    canned: Canned | None = None


Check = Callable[[Case], Finding | None]
"""None: nothing to say."""


def examine(case: Case) -> list[Finding]:
    """What the checks found, the worst first.

    `settings.checks` changes the verdict of a check by its name. What it raises to `stop` asks for a reason;
    a check that is `off` is left out, so whoever shows findings shows `settings.checks` too.
    """
    found = [_as_set(finding, case.settings) for check in CHECKS if (finding := check(case))]
    return sorted(filter(None, found), key=lambda finding: -_GRAVITY[finding.verdict])


def verdict(findings: Iterable[Finding]) -> Verdict:
    """The worst of them; `ok` when there are none."""
    return max((finding.verdict for finding in findings), key=_GRAVITY.__getitem__, default="ok")


def accepts(finding: Finding, typed: str, *, by_name: bool = False) -> bool:
    """Whether what was typed satisfies what the finding asks. What does not stop asks nothing.

    `by_name`: the check itself was written out (`--override CHECK`), so that a reason serves for any literal.
    """
    if finding.verdict != "stop":
        return True
    if finding.asks == REASON or (by_name and finding.asks and typed.strip().casefold() != finding.asks.casefold()):
        return sum(map(str.isalpha, typed)) >= REASON_LETTERS
    return bool(finding.asks) and typed.strip().casefold() == finding.asks.casefold()


def _as_set(finding: Finding, settings: AccountSettings) -> Finding | None:
    match settings.checks.get(finding.check, finding.verdict):
        case finding.verdict:
            return finding
        case "stop":
            return replace(finding, verdict="stop", asks=REASON)
        case "warn" | "info" as milder:
            return replace(finding, verdict=milder, asks="")
        case _:
            return None


_NOBODY = "someone"
"""Whose name has nothing that can be shown."""

# -- words for people ------------------------------------------------------------------------------


def _named(name: str) -> str:
    return fit(line(name[:_EVIDENCE_CHARACTERS]), _NAME_CELLS) or _NOBODY


def _at(handle: str) -> str:
    name = _named(handle).removeprefix("@")
    return _NOBODY if name in ("", _NOBODY) else f"@{name}"


def _us(account: str | None) -> str:
    return _at(account) if account else "We"


def _excerpt(text: str) -> str:
    return f"“{fit(line(text[:_EVIDENCE_CHARACTERS]), _EXCERPT_CELLS)}”"


def _whole(text: str) -> str:
    return clean(text[:_EVIDENCE_CHARACTERS])


# -- what a thread says ----------------------------------------------------------------------------


class _Answer(NamedTuple):
    """A reply of ours, published or on its way."""

    at: Millis
    handle: str | None
    agent: str | None
    """Who wrote it; None when it came from the network."""
    text: str
    state: str
    id: int


def _freshness(case: Case) -> Freshness:
    conversation = case.conversation
    return freshness(
        case.now,
        waiting_since=conversation.waiting_since,
        customer_at=conversation.customer_at,
        resurfaces_at=conversation.resurfaces_at,
        addressed=conversation.addressed,
        horizon=case.settings.horizon,
        target=case.settings.target,
    )


def _words(case: Case) -> list[PostRow]:
    """What the customer wrote and did not take back."""
    customer = case.conversation.author_id
    return [
        post
        for post in case.posts
        if post.author_id == customer and not (post.ours or post.deleted or post.kind == "repost")
    ]


def _answers(case: Case) -> list[_Answer]:
    """What we wrote here, in any tool, oldest first."""
    published = [
        _Answer(post.created_at, post.handle, None, post.text, "sent", post.id)
        for post in case.posts
        if post.ours and not post.deleted and post.kind != "repost"
    ]
    leaving = [_Answer(r.created_at, r.account, r.agent, r.text, r.state, r.id) for r in case.leaving]
    return sorted(published + leaving, key=lambda answer: answer.at)


def _is_part(answer: _Answer, case: Case) -> bool:
    """Whether this reply only goes on with that answer: same handle, moments ago, not signed by someone else."""
    signatures = {_signature(answer.text), _signature(case.text)} - {""}
    return (
        account_name(answer.handle or "") == account_name(case.conversation.account or "")
        and answer.agent in (None, case.agent)
        and abs(case.now - answer.at) <= case.settings.part_minutes * MINUTE
        and len(signatures) < 2
    )


# -- resurfaced, late, namedrop: freshness ---------------------------------------------------------

_HOW_ADDRESSED = {"direct": "it was written to us", "mention": "it mentions us", "namedrop": "it only names us"}


def resurfaced(case: Case) -> Finding | None:
    """An old post that came back through somebody else. The agent types its age."""
    if _freshness(case) != "resurfaced":
        return None
    conversation, settings = case.conversation, case.settings
    posted = age(case.now - conversation.posted_at)
    surfaced = age(case.now - conversation.surfaced_at)
    if conversation.surfaced_by:
        how = f"came back through {_bringer(case)} by {_at(conversation.surfaced_by)}"
    else:
        how = f"reached us only {surfaced} ago, by a search or a late sync"
    evidence = {
        "posted_at": iso(conversation.posted_at),
        "last_word_at": iso(conversation.customer_at),
        "surfaced_at": iso(conversation.surfaced_at),
        "surfaced_by": conversation.surfaced_by and _named(conversation.surfaced_by),
        "addressed": conversation.addressed,
        "arithmetic": f"posted {posted} ago, surfaced {surfaced} ago, "
        f"last word {age(case.now - conversation.customer_at)} ago, horizon {settings.horizon_hours}h",
    }
    addressed = _HOW_ADDRESSED.get(conversation.addressed, "it only names us")
    return Finding("resurfaced", "stop", f"This was posted {posted} ago and {how}; {addressed}.", evidence, asks=posted)


def _bringer(case: Case) -> str:
    """What brought it back; a quote that is a conversation of its own is not among the posts."""
    for post in reversed(case.posts):
        if post.handle == case.conversation.surfaced_by and post.kind in ("repost", "quote"):
            return f"a {post.kind}"
    return "a repost or quote"


def late(case: Case) -> Finding | None:
    """They addressed us and nobody answered within the target. It is owed, so this never stops."""
    since = case.conversation.waiting_since
    if since is None or _freshness(case) != "late":
        return None
    waited, target = age(case.now - since), age(case.settings.target)
    evidence = {
        "waiting_since": iso(since),
        "target_minutes": case.settings.target_minutes,
        "arithmetic": f"waited {waited}, target {target}",
    }
    customer = _at(case.conversation.handle)
    return Finding("late", "info", f"{customer} has waited {waited} for an answer; the target is {target}.", evidence)


def namedrop(case: Case) -> Finding | None:
    """They did not ask us."""
    if case.conversation.addressed != "namedrop":
        return None
    words = f"{_at(case.conversation.handle)} spoke about us, not to us."
    return Finding("namedrop", "info", words, {"addressed": "namedrop", "account": _us(case.conversation.account)})


# -- answered --------------------------------------------------------------------------------------


_ON_ITS_WAY = {"held": "still held", "queued": "on its way", "sending": "on its way", "unknown": "perhaps out"}


def answered(case: Case) -> Finding | None:
    """One of our handles replied after the customer's last word, and this is no part of that reply.

    Order follows `created_at`; private and public posts are one thread.
    """
    asked_at = max((word.created_at for word in _words(case)), default=None)
    if asked_at is None:
        return None
    answers = [answer for answer in _answers(case) if answer.at >= asked_at]
    if not answers or _is_part(answers[-1], case):
        return None
    last, customer = answers[-1], _at(case.conversation.handle)
    ago = age(case.now - last.at)
    if last.agent is None:
        words = f"{_us(last.handle)} answered {ago} ago"
    else:
        whose = "You" if last.agent == case.agent else _named(last.agent)
        words = f"{whose} answered {ago} ago and that reply is {_ON_ITS_WAY.get(last.state, last.state)}"
    evidence = {
        "customer_at": iso(asked_at),
        "answered_at": iso(last.at),
        "answered_by": _named(last.agent or last.handle or ""),
        "state": last.state,
        "id": last.id,
        "text": _whole(last.text),
        "answers_since": len(answers),
        "part_minutes": case.settings.part_minutes,
    }
    words = f"{words}: {_excerpt(last.text)}; {customer} has not written since."
    return Finding("answered", "stop", words, evidence, asks=REASON)


# -- changed, claimed-elsewhere: colleagues --------------------------------------------------------

_CHANGES = {
    "conversation.reopened": "{customer} wrote again",
    "post.arrived": "{customer} wrote again",
    "post.edited": "a post was edited",
    "post.deleted": "a post was deleted",
    "conversation.answered": "an answer of ours was seen",
    "note.added": "{agent} left a note",
    "reply.held": "{agent} wrote a reply",
    "reply.sent": "{agent} sent a reply",
    "claim.taken": "{agent} took it",
    "claim.taken-over": "{agent} took it over",
}
"""The events that make a draft wrong, by kind."""


def changed(case: Case) -> Finding | None:
    """The thread moved since the agent last saw it."""
    events = list(_moves(case))
    if not events:
        return None
    first = min(event.at for event in events)
    new_words = [post for post in _words(case) if post.seen_at >= first]
    evidence = {
        "count": len(events),
        "events": [{"id": e.id, "kind": e.kind, "agent": _named(e.agent), "at": iso(e.at)} for e in events[-10:]],
        "new_posts": [
            {"id": post.id, "at": iso(post.created_at), "text": _whole(post.text)} for post in new_words[-_EXAMPLES:]
        ],
    }
    words = _what_happened(events, case)
    if new_words and any(event.kind in ("conversation.reopened", "post.arrived") for event in events):
        words += f"; the newest word is {_excerpt(new_words[-1].text)}"
    return Finding("changed", "stop", f"Since you last looked, {words}.", evidence, asks=REASON)


def _what_happened(events: list[EventRow], case: Case) -> str:
    """The newest first, like ones counted together."""
    alike: dict[str, list[Millis]] = {}
    for event in sorted(events, key=lambda event: -event.at):
        phrase = _CHANGES[event.kind].format(customer=_at(case.conversation.handle), agent=_named(event.agent))
        alike.setdefault(phrase, []).append(event.at)
    phrases = [
        f"{phrase}{f' {len(times)} times, last' if len(times) > 1 else ''} {age(case.now - times[0])} ago"
        for phrase, times in alike.items()
    ]
    more = len(phrases) - _EXAMPLES
    return ", ".join(phrases[:_EXAMPLES]) + (f" and {more} more" if more > 0 else "")


def _moves(case: Case) -> Iterator[EventRow]:
    """Changes that matter: not the agent's own, not our own reply seen again, not what strangers' reposts do."""
    events = [event for event in case.changes if event.kind in _CHANGES and event.agent != case.agent]
    if not events:
        return
    answers = _answers(case)
    going_on = bool(answers) and _is_part(answers[-1], case)
    customer = case.conversation.author_id
    others = {p.id for p in case.posts if not p.ours and (p.author_id != customer or p.kind == "repost")}
    for event in events:
        seen_again = event.kind == "conversation.answered" and going_on
        of_others = event.kind in ("post.edited", "post.deleted") and event.data.get("post") in others
        if not (seen_again or of_others):
            yield event


def claimed_elsewhere(case: Case) -> Finding | None:
    """Somebody else holds this conversation, and the lease has not run out."""
    conversation = case.conversation
    lapsed = conversation.timer_at is not None and conversation.timer_at <= case.now
    if conversation.state != "claimed" or conversation.owner in (None, case.agent) or lapsed:
        return None
    owner, since = _named(conversation.owner or ""), conversation.claimed_at
    words = f"{owner} has had this conversation" + ("." if since is None else f" for {age(case.now - since)}.")
    return Finding("claimed-elsewhere", "stop", words, {"owner": owner, "claimed_at": iso(since)})


# -- same-text -------------------------------------------------------------------------------------

SHORT_TEXT = 12
"""Letters below which only the very same text counts as the same."""
LENGTH_RATIO = 0.6
"""A text much shorter than another is no copy of it: token_set_ratio gives every subset 100."""
COMPARED_CHARACTERS = 1_000
"""How much of a text is compared."""

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"@[\w.@\-]+")
_LONGEST_MARK, _LONGEST_SIGNATURE = 12, 40
_PART_MARK = re.compile(r"\(?\b\d{1,2} ?/ ?\d{1,2}\)?\s*$")
_SIGNATURE = re.compile(
    r"(?:\^ ?(?P<initials>[^\W\d_]{1,20})"  # ^AB, ^Madison
    r"|(?<!\w)[*~\-–—] ?(?P<name>[^\W\d_]{1,20})"  # *TMT, -Ana, - Ed
    r"|(?<!\w)/(?P<capitals>[A-Z]{2,3}))[\s.!]*$"  # /LS
)
_GREETING = re.compile(
    r"\A\W*(?:hi|hiya|hey|hello|dear|greetings|good (?:morning|afternoon|evening|day)"
    r"|hallo|moin|guten (?:morgen|tag|abend)|liebe[rs]?|bonjour|bonsoir|salut|hola"
    r"|buen[oa]s (?:d[ií]as|tardes|noches)|ciao|buongiorno|buonasera|olá|oi|bom dia|boa (?:tarde|noite)"
    r"|hoi|goede(?:morgen|middag|navond)|hej|hei|مرحبا|السلام عليكم"
    r"|здравствуйте|привет|こんにちは|您好|你好|안녕하세요)"
    r"(?!\w)(?:(?: +[^\s,.!?:;]+){0,2} *[,.!:;–、，。！])?",
    re.IGNORECASE,
)


def same_text(case: Case) -> Finding | None:
    """The same again to this person, or once too often to everyone. Greeting, names, handles, links and
    signatures do not count."""
    conversation = case.conversation
    names = frozenset(_plain(f"{conversation.name[:100]} {conversation.handle[:100]}"))
    text = _comparable(case.text, names)
    if not text:
        return None
    on_the_way = [SentText(reply.text, reply.created_at, conversation.handle) for reply in case.leaving]
    got = [old for old in (*on_the_way, *case.sent_to) if _is_same(text, _comparable(old.text, names), case)]
    if got:
        newest = max(got, key=lambda old: old.at)
        ago = age(case.now - newest.at)
        words = f"{_at(conversation.handle)} got nearly this text {ago} ago: {_excerpt(newest.text)}."
        return Finding("same-text", "stop", words, _same_evidence(got, case), asks=REASON)
    settings = case.settings
    since = case.now - settings.same_text_minutes * MINUTE
    alike = [
        old
        for old in case.sent
        if old.at >= since and _is_same(text, _comparable(old.text, frozenset(_plain(old.handle[:100]))), case)
    ]
    if not alike or len(alike) < settings.same_text_count:
        return None
    newest = max(alike, key=lambda old: old.at)
    times = "once" if len(alike) == 1 else f"{len(alike)} times"
    words = f"{_us(conversation.account)} sent nearly this text {times} within {settings.same_text_minutes} minutes"
    to = f" to {_at(newest.handle)}" if newest.handle else ""
    words = f"{words}, last {age(case.now - newest.at)} ago{to}."
    return Finding("same-text", "warn", words, _same_evidence(alike, case))


def _same_evidence(alike: list[SentText], case: Case) -> dict[str, Any]:
    newest = sorted(alike, key=lambda old: -old.at)[:_EXAMPLES]
    return {
        "count": len(alike),
        "ratio": case.settings.same_text_ratio,
        "minutes": case.settings.same_text_minutes,
        "examples": [{"at": iso(old.at), "to": _named(old.handle), "text": _whole(old.text)} for old in newest],
    }


def _is_same(one: str, other: str, case: Case) -> bool:
    """Both as `_comparable` made them."""
    if one == other:
        return True
    short, long = sorted((len(one), len(other)))
    if short < LENGTH_RATIO * long or min(_letters(one), _letters(other)) < SHORT_TEXT:
        return False
    from rapidfuzz.fuzz import token_set_ratio

    ratio = case.settings.same_text_ratio
    return token_set_ratio(one, other, score_cutoff=ratio) >= ratio


@lru_cache(maxsize=1024)
def _comparable(text: str, names: frozenset[str]) -> str:
    """What is left of a text when everything that differs from customer to customer is gone."""
    text = _LINK.sub(" ", text[:COMPARED_CHARACTERS])
    text = _HANDLE.sub(" ", _unsigned(text)[0])
    text = _GREETING.sub("", text.strip())
    return " ".join(word for word in _plain(text) if word not in names)[:COMPARED_CHARACTERS]


_KEPT: dict[str, str | None] = {"P": " ", "S": " ", "C": None}
"""What becomes of punctuation, symbols and what cannot be seen, by Unicode category."""
_APOSTROPHES: dict[int, str | None] = {ord("'"): None, ord("’"): None}


def _plain(text: str) -> list[str]:
    """Words in lower case, without punctuation, symbols and what cannot be seen."""
    text = unicodedata.normalize("NFKC", text).casefold()
    table = {ord(char): _KEPT.get(unicodedata.category(char)[0], char) for char in set(text) if not char.isspace()}
    return text.translate(table | _APOSTROPHES).split()


def _letters(comparable: str) -> int:
    return len(comparable) - comparable.count(" ")


def _signature(text: str) -> str:
    """The agent's mark at the end of a text, before links and `1/2`; empty where there is none."""
    return _unsigned(_LINK.sub(" ", text[-_EVIDENCE_CHARACTERS:]))[1].casefold()


def _unsigned(text: str) -> tuple[str, str]:
    """A text without its signature and `1/2`, and that signature."""
    text = text.rstrip()
    if mark := _PART_MARK.search(text, max(len(text) - _LONGEST_MARK, 0)):
        text = text[: mark.start()].rstrip()
    found = _SIGNATURE.search(text, max(len(text) - _LONGEST_SIGNATURE, 0))
    if found is None or (found["name"] or "A")[0].islower():
        return text, ""
    return text[: found.start()], found[str(found.lastgroup)]


# -- length, placeholder, not-allowed, expired-canned: the text and its way ------------------------


FAR_TOO_LONG = 10
"""From so many times the limit on, characters are counted plainly: the network's own way is slow, for nothing."""


def length(case: Case) -> Finding | None:
    """By the network's own count."""
    if not line(case.text):
        return Finding("length", "stop", "There is nothing to send.", {"used": 0})
    network = case.conversation.network
    taken = count("", network)
    if len(case.text) > FAR_TOO_LONG * taken.limit:
        taken = Length(len(case.text), taken.limit, "characters")
    else:
        taken = count(case.text, network)
    if taken.over <= 0:
        return None
    unit = taken.unit.removesuffix("s") if taken.over == 1 else taken.unit
    words = f"{taken.over:,} {unit} too many for {_named(network)} ({taken.used:,} of {taken.limit:,})."
    evidence = {"used": taken.used, "limit": taken.limit, "unit": taken.unit, "over": taken.over}
    return Finding("length", "stop", words, evidence)


_UNRENDERED = re.compile(r"\{\{[^{}\n]{0,60}(?:\}\})?|\{%[^{}\n]{0,60}(?:%\})?|\}\}|%\}")
_STAND_IN = re.compile(
    r"(?<!\w)X{2,}+(?!\w)"
    r"|\[[^\W\d_][\w .,'’\-]{1,40}\](?!\()"  # [name], but not a Markdown link
    r"|(?<!\{)\{[^\W\d_][\w .\-]{1,40}\}(?!\})"
    r"|<[^\W\d_][\w .\-]{1,40}>"
)


def placeholder(case: Case) -> Finding | None:
    """Something that should have been filled in: certain for blanks and templates, a guess for `XX` and `[name]`."""
    holes = [blank.name for blank in blanks_in(case.text)] + _UNRENDERED.findall(case.text)
    certain = bool(holes)
    if not certain:
        holes = _STAND_IN.findall(_HANDLE.sub(" ", _LINK.sub(" ", case.text)))
    if not holes:
        return None
    shown = [_excerpt(hole) if hole else "a blank" for hole in dict.fromkeys(holes[:100])][:_EXAMPLES]
    verb = "is" if len(holes) == 1 else "are"
    words = f"{', '.join(shown)} {verb} not filled in." if certain else f"{', '.join(shown)} may wait to be filled in."
    evidence = {"count": len(holes), "found": [_whole(hole) for hole in holes[:10]], "certain": certain}
    return Finding("placeholder", "stop", words, evidence, asks="" if certain else REASON)


def not_allowed(case: Case) -> Finding | None:
    """The network will not take a reply to this post."""
    target = case.target
    if target is None:
        return Finding("not-allowed", "stop", "There is no post to answer.", {"post": None})
    if target.reply_allowed and not target.deleted:
        return None
    network, author = _named(target.network), _at(target.handle)
    if target.deleted:
        words = f"The post by {author} was deleted on {network}."
    else:
        words = f"{network[:1].upper()}{network[1:]} does not let us reply to this post by {author}"
        words += "; it takes replies only to people who mentioned or quoted us." if network == "x" else "."
    evidence = {
        "post": target.id,
        "native_id": _named(target.native_id),
        "deleted": target.deleted,
        "reply_allowed": target.reply_allowed,
    }
    return Finding("not-allowed", "stop", words, evidence)


def expired_canned(case: Case) -> Finding | None:
    """The canned response is past its shelf life, or before it."""
    canned = case.canned
    if canned is None:
        return None
    evidence = {"canned": _named(canned.name), "from": iso(canned.valid_from), "until": iso(canned.valid_until)}
    name = _excerpt(canned.name)
    match validity(canned, case.now):
        case "expired":
            words = f"The canned response {name} expired {age(case.now - (canned.valid_until or 0))} ago."
        case "not yet":
            words = f"The canned response {name} is valid only in {age((canned.valid_from or 0) - case.now)}."
        case _:
            return None
    return Finding("expired-canned", "stop", words, evidence, asks=REASON)


CHECKS: tuple[Check, ...] = (
    resurfaced,
    answered,
    changed,
    claimed_elsewhere,
    not_allowed,
    same_text,
    placeholder,
    length,
    expired_canned,
    late,
    namedrop,
)
"""Within one verdict, findings stand in this order."""
