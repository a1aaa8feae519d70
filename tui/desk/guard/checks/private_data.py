"""`private-data`."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from tui.config import AccountSettings
from tui.desk.guard.case import REASON, Case, Finding, Offer, Verdict
from tui.desk.guard.telling import at, listed, named
from tui.desk.guard.thread import answers, words_of
from tui.private import REGIONS, Found, Kind, masked, pattern_problem, search

WORDS_LOOKED_AT = 20
"""Of what the customer wrote and we did not answer, the newest."""
_NAMES = {
    "card": ("card number", "card numbers"),
    "iban": ("IBAN", "IBANs"),
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "booking": ("booking code", "booking codes"),
}
_MONEY = ("card", "iban")
_WEIGHT = ("info", "warn", "stop")
_REGIONS_OF = {
    "en": ("GB", "US", "IE", "AU"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE", "CH"), "es": ("ES", "MX"),
    "it": ("IT",), "nl": ("NL", "BE"), "pt": ("PT", "BR"), "pl": ("PL",), "sv": ("SE",), "da": ("DK",), "no": ("NO",),
}  # fmt: skip
"""Where who writes in a language is likely to have a phone."""
_MOVES = re.compile(
    r"(?<!\d)(?<!\d )\b(?:[dp]ms?|private(?:ly)?|direct messages?|inbox|privat\w{0,12}|direktnachricht\w{0,3}|pn|mp"
    r"|priv[ée]e?s?|messagerie|privad[oa]s?|mensajes? directos?|md)\b",
    re.IGNORECASE,
)
"""The reply goes to private messages by itself."""


class _Shown(NamedTuple):
    """Something private that the reply shows, or that the customer showed."""

    verdict: Verdict
    one: Found
    asks: str = ""
    theirs: bool = False


def private_data(case: Case) -> Finding | None:
    """Data of a person or an account number where it should not stand: in our text, or in their public post.

    A card number goes by no message, private or not (PCI DSS 4.2.2). What is written as only a card number is written
    cannot be passed; digits in one piece may be a parcel's, so a reason will do.
    """
    shown = [*_in_our_text(case), *_in_their_words(case)]
    if not shown:
        return None
    shown.sort(key=lambda one: (-_WEIGHT.index(one.verdict), bool(one.asks), one.theirs))
    worst = shown[0]
    sentences = [_sentence(list(same), case) for _, same in groupby(sorted(shown, key=_group), key=_group)]
    offers = () if any(one.theirs or one.one.kind not in _MONEY for one in shown) else (_offer(case.text, shown),)
    return Finding("private-data", worst.verdict, " ".join(sentences), _evidence(shown), worst.asks, offers)


def vet_booking_pattern(settings: AccountSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with `booking_pattern`: the key, and what is wrong."""
    if settings.booking_pattern and (problem := pattern_problem(settings.booking_pattern)):
        yield "booking_pattern", problem


def _in_our_text(case: Case) -> Iterator[_Shown]:
    for one in _private_in(case.text, case):
        if one.kind == "card":
            yield _Shown("stop", one, "" if one.certain else REASON)
        elif not case.private and not _is_of_ours(one, case):
            yield _Shown("stop", one, REASON) if one.kind == "iban" else _Shown("warn", one)


def _in_their_words(case: Case) -> Iterator[_Shown]:
    """What they showed everyone and we have not answered yet; a reply that moves to private messages has heard it."""
    if case.private:
        return
    answered_at = max((answer.at for answer in answers(case)), default=0)
    moves = bool(_MOVES.search(case.text))
    public = [word for word in words_of(case) if word.kind != "dm" and word.created_at > answered_at]
    seen: set[str] = set()
    for word in public[-WORDS_LOOKED_AT:]:
        for one in (*_masked_in(word.text), *_private_in(word.text, case)):
            heard = one.kind not in _MONEY and (moves or _is_of_ours(one, case))
            if not heard and one.shown not in seen:
                seen.add(one.shown)
                yield _Shown("warn" if one.kind in _MONEY else "info", one, theirs=True)


def _masked_in(text: str) -> list[Found]:
    return [Found("card", 0, 0, shown, shown, "masked when it came, its last 4 digits left") for shown in masked(text)]


def _private_in(text: str, case: Case) -> tuple[Found, ...]:
    target = case.target
    language = (target.lang or "" if target else "").partition("-")[0].casefold()
    return _search(text, _regions(case.settings.holidays, language), case.settings.booking_pattern)


@lru_cache(maxsize=256)
def _search(text: str, regions: tuple[str, ...], pattern: str) -> tuple[Found, ...]:
    return tuple(search(text, regions, pattern))


def _regions(holidays: str, language: str) -> tuple[str, ...]:
    """Where phone numbers without `+` may belong: to the country of our holidays, and where the post's language is
    spoken; `REGIONS` where neither is known."""
    own = (holidays[:2].upper(),) if holidays else ()
    return tuple(dict.fromkeys((*own, *_REGIONS_OF.get(language, ())))) or REGIONS


def _is_of_ours(one: Found, case: Case) -> bool:
    """An office's or a business's, one of our contacts, or given by us in public before."""
    if one.business:
        return True
    contacts = (found for contact in case.settings.contacts for found in _private_in(f"phone {contact}", case))
    if any(found.value == one.value for found in contacts):
        return True
    before = (post.text for post in case.posts if post.ours and not post.deleted and post.kind != "dm")
    return one.kind not in _MONEY and any(
        found.value == one.value for text in before for found in _private_in(text, case)
    )


# -- in words ----------------------------------------------------------------------------------------


def _group(shown: _Shown) -> tuple[bool, int]:
    """What goes into one sentence: ours first, money first."""
    return shown.theirs, (*_MONEY, shown.one.kind).index(shown.one.kind)


def _sentence(shown: list[_Shown], case: Case) -> str:
    """For one group, what is shown and what to do."""
    first = shown[0]
    things = listed([f"{_a(one.one)} ({named(one.one.shown)})" for one in shown])
    if first.theirs:
        money = ", ask them to delete it" if first.one.kind in _MONEY else ""
        return f"{at(case.conversation.handle)} shows {things} in public: go on in private messages{money}."
    if first.one.kind == "card":
        holds = "holds" if any(one.one.certain for one in shown) else "may hold"
        return f"This reply {holds} {things}; no message is safe for it, its last 4 digits are enough."
    if first.one.kind == "iban":
        return f"This public reply holds {things}; send it in a private message."
    return f"This public reply gives {things}; if it is nobody's own, `contacts` can name it."


def _a(one: Found) -> str:
    return f"{'an' if one.kind in ('iban', 'email') else 'a'} {_NAMES[one.kind][0]}"


def _evidence(shown: list[_Shown]) -> dict[str, Any]:
    """Never the number itself."""
    return {
        "found": [
            {
                "in": "their post" if one.theirs else "this reply",
                "what": _NAMES[one.one.kind][0],
                "shown": named(one.one.shown),
                "why": one.one.why,
            }
            for one in shown[:10]
        ],
        "arithmetic": _arithmetic([one.one for one in shown]),
    }


def _arithmetic(found: list[Found]) -> str:
    kinds = Counter(one.kind for one in found)
    first = found[0]
    alike = kinds.pop(first.kind)
    others = [_counted(kind, count) for kind, count in kinds.items()]
    listed = f": {', '.join(others)}" if others else ""
    return f"{_counted(first.kind, alike)}: {first.why}; {len(found) - alike} others{listed}"


def _counted(kind: Kind, count: int) -> str:
    return f"{count} {_NAMES[kind][count != 1]}"


def _offer(text: str, shown: list[_Shown]) -> Offer:
    for one in sorted((one.one for one in shown), key=lambda one: -one.start):
        text = f"{text[: one.start]}{one.shown}{text[one.end :]}"
    return Offer("instead", text)
