"""`locked-text`."""

import re
import unicodedata
from collections.abc import Iterator

from tui.config import DRAFT_CHARACTERS
from tui.desk.composition import Inserted
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import EXAMPLES, excerpt, listed, whole
from tui.text import paste

_RUN = 4
"""So many words in a row show that a text is still there; of a shorter one, all of them."""
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
"""A word; of scripts that are written without spaces, a character."""
_CASED = "A-Za-z\u00c0-\u024f\u0370-\u0523"
"""Letters of the scripts that put spaces between words and have capitals: Latin, Greek, Cyrillic."""
_LETTER = re.compile(f"[{_CASED}]")

_Words = tuple[str, ...]


def locked_text(case: Case) -> Finding | None:
    """Wording of a canned response that is not to be changed, such as a legal one, has been.

    It is looked for as it stands, but for white space. Who takes the whole response out again changes nothing: only
    while four words in a row of it are in the text must its wording be. Where a blank stands in locked wording, what
    is before and what is after it are each looked for.
    """
    if not case.made_of.locked:
        return None
    text = _settled(case.text)
    missing = [wording for wording in case.made_of.locked if not _holds(text, _settled(wording))]
    if not missing:
        return None
    words = _words(text)
    runs = {length: set(_runs(words, length)) for length in range(1, _RUN + 1)}
    came = [
        (settled, _is_left(settled, runs), one) for one in case.made_of.inserted for settled in [_settled(one.text)]
    ]
    lost = [(wording, source) for wording in missing if (source := _still_there(_settled(wording), came, runs))]
    return _finding(lost, case) if lost else None


def _finding(lost: list[tuple[str, Inserted]], case: Case) -> Finding:
    wording, source = lost[0]
    name = next((f" of {excerpt(one.name)}" for one in case.canned if one.id == source.canned), "")
    more = f"; nor is {listed([excerpt(one) for one, _ in lost[1:]])}" if lost[1:] else ""
    evidence = {
        "locked": [whole(one) for one, _ in lost[:EXAMPLES]],
        "arithmetic": f"{len(lost)} of {len(case.made_of.locked)} locked wordings are not in the text, "
        f"while {_RUN} words in a row of their response are",
    }
    words = f"The locked wording {excerpt(wording)}{name} is not there as it was{more}."
    return Finding("locked-text", "stop", words, evidence, asks=REASON)


def _still_there(wording: str, came: list[tuple[str, bool, Inserted]], runs: dict[int, set[_Words]]) -> Inserted | None:
    """The response that came with a wording and of which something is left; where none had it, the wording itself."""
    sources = [(is_left, one) for text, is_left, one in came if wording in text]
    if not sources:
        return Inserted(0, wording) if _is_left(wording, runs) else None
    return next((one for is_left, one in sources if is_left), None)


def _is_left(text: str, runs: dict[int, set[_Words]]) -> bool:
    """Whether a run of its words is in the reply."""
    words = _words(text)
    length = min(len(words), _RUN)
    return length > 0 and any(run in runs[length] for run in _runs(words, length))


def _holds(text: str, wording: str) -> bool:
    """Whether a wording stands in a text as words of its own: `14 days` does not stand in `114 days`."""
    if not wording or wording not in text:
        return not wording
    before = _edge(wording[0], r"(?<!\d)(?<!\d[.,])", f"(?<![{_CASED}])")
    after = _edge(wording[-1], r"(?![.,]?\d)", f"(?![{_CASED}])")
    return re.search(before + re.escape(wording) + after, text) is not None


def _edge(char: str, of_number: str, of_word: str) -> str:
    """What must not stand beside the first or last character of a wording."""
    if char.isdecimal():
        return of_number
    return of_word if _LETTER.match(char) else ""


def _words(text: str) -> _Words:
    return tuple(_WORD.findall(text.casefold()))


def _runs(words: _Words, length: int) -> Iterator[_Words]:
    """Every so many words in a row."""
    return (words[at : at + length] for at in range(len(words) - length + 1))


def _settled(text: str) -> str:
    """A text as the editor takes it, on one row."""
    return " ".join(unicodedata.normalize("NFC", paste(text, DRAFT_CHARACTERS)[0]).split())
