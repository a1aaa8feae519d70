"""`tone`."""

import re
from collections.abc import Iterator

from tui.desk.guard.alike import HANDLE, LINK
from tui.desk.guard.case import Case, Finding
from tui.desk.guard.greeting import fits, greeted, person
from tui.desk.guard.phrases import LOOKED_AT_CHARACTERS, Hit, Phrases, sentences
from tui.desk.guard.telling import EXAMPLES, at, excerpt, named, ordinal, whole
from tui.desk.guard.thread import answers, words_of

_LOUD = re.compile(r"[!！]{3,}")
_STOP = re.compile(r"[.!?]")
_DENIAL_CHARACTERS = 30
_LONG_WORD, _LONG_WORDS = 7, 2
"""Letters from which on a word in capitals is hardly an abbreviation, and how many such words shout by themselves."""
_ANSWERS = 100
"""How many of our last answers in a thread are counted."""
_BESIDE_WORDS = 4
"""Words beside an apology that still leave it empty."""


def tone(case: Case) -> Finding | None:
    """What the customer would take amiss: blame, mockery, shouting, another's name, one more empty apology."""
    text = HANDLE.sub(" ", LINK.sub(" ", case.text[:LOOKED_AT_CHARACTERS]))
    blame = [hit.text for hit in case.phrases.find("blame", text) if not _is_denied(hit, text, case.phrases)]
    sarcasm = [hit.text for hit in case.phrases.find("sarcasm", text)]
    shouts = [*_shouted(text, case), *_LOUD.findall(text)]
    names = _strangers(text, case)
    apologies = _empty_apologies(case)
    faults = [
        *([f"blames ({_quoted(blame)})"] if blame else []),
        *([f"mocks ({_quoted(sarcasm)})"] if sarcasm else []),
        *([f"shouts ({_quoted(shouts)})"] if shouts else []),
        *([f"greets {_quoted(names)}, while {at(case.conversation.handle)} is {_profile(case)}"] if names else []),
        *([f"only apologises, the {ordinal(apologies)} time in this thread"] if apologies else []),
    ]
    if not faults:
        return None
    evidence = {
        "blame": [whole(one) for one in blame[:10]],
        "sarcasm": [whole(one) for one in sarcasm[:10]],
        "shouting": [whole(one) for one in shouts[:10]],
        "names": [named(one) for one in names],
        "empty_apologies": apologies,
        "arithmetic": f"{len(blame)} of blame, {len(sarcasm)} of sarcasm, {len(shouts)} shouted "
        f"({case.settings.shouted_words} words in capitals shout), {len(names)} other name, "
        f"{apologies} empty apologies ({case.settings.apology_count} are too many)",
    }
    return Finding("tone", "warn", f"This reply {'; it '.join(faults)}.", evidence)


def _quoted(found: list[str]) -> str:
    return ", ".join(dict.fromkeys(excerpt(one) for one in found[:EXAMPLES]))


def _profile(case: Case) -> str:
    return excerpt(case.conversation.name)


def _is_denied(hit: Hit, text: str, phrases: Phrases) -> bool:
    """Whether one of the two words before it turns it round: `it is not your fault`."""
    before = _STOP.split(text[max(hit.start - _DENIAL_CHARACTERS, 0) : hit.start])[-1]
    return phrases.holds("negation", " ".join(before.split()[-2:]))


# -- shouting --------------------------------------------------------------------------------------


def _shouted(text: str, case: Case) -> Iterator[str]:
    """Runs of words in capitals that are no abbreviations side by side: `UK DVLA ID` holds no everyday word."""
    run: list[str] = []
    for token in [*text.split(), ""]:
        word = token.strip(".,:;!?…()\"“”'’&-–—")
        if _is_loud(word):
            run.append(word)
        elif not token or (word and not _is_letter(word)):
            if len(run) >= max(case.settings.shouted_words, 1) and _is_speech(run, case.phrases):
                yield " ".join(run)
            run = []


def _is_loud(word: str) -> bool:
    letters = word.replace("'", "").replace("’", "")
    return len(letters) > 1 and letters.isalpha() and letters.isupper()


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isupper()


def _is_speech(run: list[str], phrases: Phrases) -> bool:
    return sum(len(word) >= _LONG_WORD for word in run) >= _LONG_WORDS or phrases.holds("everyday", " ".join(run))


# -- names -----------------------------------------------------------------------------------------


def _strangers(text: str, case: Case) -> list[str]:
    """The names a reply greets when none of them can be the customer's, or of anybody in the thread."""
    names = greeted(text, case.phrases)
    if not names or not person(case.conversation.name, case.phrases):
        return []
    others = [f"{post.name} {post.handle}" for post in case.posts if not post.ours]
    known = {case.conversation.name, case.conversation.handle, *others}
    if any(fits(name, known) for name in names) or any(_signed(name, case) for name in names):
        return []
    return names


def _signed(name: str, case: Case) -> bool:
    """Whether the customer wrote this name themselves, as under a message."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    return any(word.search(post.text) for post in words_of(case))


# -- apologies -------------------------------------------------------------------------------------


def _empty_apologies(case: Case) -> int:
    """How many apologies with nothing else to them this thread would have, when this is one and they are too many."""
    if not _is_empty_apology(case.text, case.phrases):
        return 0
    count = 1 + sum(_is_empty_apology(answer.text, case.phrases) for answer in answers(case)[-_ANSWERS:])
    return count if count >= case.settings.apology_count else 0


def _is_empty_apology(text: str, phrases: Phrases) -> bool:
    """An apology without a question, link, number or anything done, and hardly a word beside it."""
    if not phrases.holds("apology", text) or LINK.search(text) or phrases.holds("action", text):
        return False
    text = HANDLE.sub(" ", text[:LOOKED_AT_CHARACTERS])
    if "?" in text or any(map(str.isdigit, text)):
        return False
    idle = ("apology", "sympathy")
    beside = [one for one in sentences(text) if not any(phrases.holds(name, one) for name in idle)]
    return sum(len(one.split()) for one in beside) <= _BESIDE_WORDS
