"""A text that was sent becomes a canned response: who it was for and who wrote it are variables, codes are blanks."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.desk.canned.context import context
from tui.desk.canned.render import LONGEST_TEXT, as_template, blank, blanks_in
from tui.desk.canned.response import Canned
from tui.desk.freshness import account_name
from tui.desk.guard.alike import unsigned
from tui.desk.guard.phrases import shipped
from tui.errors import Refused
from tui.private import Kind, search
from tui.store.reader import QueueRow
from tui.text import fit, line, repair

_SHORTEST_NAME = 3
"""Letters from which on a word of a name is looked for by itself."""
_TITLE_WORDS, _TITLE_CELLS = 6, 60
_LEADING = re.compile(r"\s*\.?@([\w.\-]+(?:@[\w.\-]+\w)?)[\s,:]*")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w@#.,/-])[A-Z\d]+(?:-[A-Z\d]+){0,5}(?![\w@]|[-.,/]\w)")
"""Capitals and digits in one piece, as orders, bookings and cases are numbered."""
_CODE_LENGTH, _CODE_DIGITS = 5, 6
"""So long is a code that has a letter in it, so many digits has one without; a date has eight, with dashes."""
_DATE_DIGITS = 8
_BLANKS: dict[Kind, str] = {
    "card": "card number",
    "iban": "IBAN",
    "email": "e-mail address",
    "phone": "phone number",
    "booking": "booking code",
}


class _Place(NamedTuple):
    """A stretch of a text, and what its template has there."""

    start: int
    end: int
    template: str


def capture(text: str, *, conversation: QueueRow, agent: str, name: str = "", language: str = "") -> Canned:
    """A response of this agent's own, not approved, made of a text that they sent in this conversation.

    Names, handles and the conversation's number become variables, private data and other codes blanks (see
    `form_of`); our signature and the customer's handle in front are taken off. Filled in for the same conversation
    it is the text again. Refused where nothing is left, or more than a response may have.
    """
    bare = _bare(text, conversation)
    if not bare:
        raise Refused("There is no text to keep, only a name and a signature.")
    if len(bare) > LONGEST_TEXT:
        raise Refused(f"A canned response has at most {LONGEST_TEXT:,} characters; this text has {len(bare):,}.")
    places = _places(bare, conversation, agent)
    edges = [0, *(edge for place in places for edge in place[:2]), len(bare)]
    words = [bare[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    body = "".join(
        as_template(before) + after
        for before, after in zip(words, [*(one.template for one in places), ""], strict=True)
    )
    if len(body) > LONGEST_TEXT:
        raise Refused(f"A canned response has at most {LONGEST_TEXT:,} characters; of this text it has {len(body):,}.")
    return Canned(
        id=0, name=line(name) or _title(words), body=body, tags=tuple(conversation.tags), language=language,
        scope="agent", owner=agent, approved=False,
    )  # fmt: skip


def form_of(text: str, *, conversation: QueueRow, agent: str) -> dict[str, str]:
    """What stood where `capture` puts blanks, by their names."""
    bare = _bare(text, conversation)
    blanks = (
        (hole.name, bare[place.start : place.end])
        for place in _places(bare, conversation, agent)
        for hole in blanks_in(place.template)
    )
    return dict(blanks)


def _bare(text: str, conversation: QueueRow) -> str:
    """Without the customer's handle in front, and without signature and `1/2`."""
    text = repair(text)[0].replace("\r\n", "\n").replace("\r", "\n")
    handle = account_name(conversation.handle)
    theirs = (handle, handle.partition("@")[0])
    while (leading := _LEADING.match(text)) and account_name(leading[1].rstrip(".-")) in theirs:
        text = text[leading.end() :]
    return unsigned(text)[0].strip()


def _places(text: str, conversation: QueueRow, agent: str) -> list[_Place]:
    """What is to be put in other words, from left to right; none in a link."""
    links = (_Place(*link.span(), "") for link in _LINK.finditer(text))
    places: list[_Place] = []
    taken = bytearray(len(text))
    for place in (*links, *_private(text), *_variables(text, conversation, agent), *_codes(text)):
        if not any(taken[place.start : place.end]):
            taken[place.start : place.end] = b"\1" * (place.end - place.start)
            places.append(place)
    return sorted(place for place in places if place.template)


# -- variables ---------------------------------------------------------------------------------------


def _variables(text: str, conversation: QueueRow, agent: str) -> Iterator[_Place]:
    """Names and handles as words of their own, the longest first."""
    forms = _forms(conversation, agent)
    if not forms:
        return
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w@])(?<!\w[.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w@]|[.-]\w)", re.I)
    for found in pattern.finditer(text):
        template = forms.get(found[0]) or (forms.get(found[0].casefold()) if found[0].startswith("@") else None)
        if template:
            yield _Place(*found.span(), template)


def _forms(conversation: QueueRow, agent: str) -> dict[str, str]:
    """What is looked for, and what becomes of it. A handle is found in any case, a name as it is or in capitals."""
    values = context(conversation, agent, 0)
    customer, person = values["customer"], values["agent"]
    number = str(conversation.id)
    forms: dict[str, str] = {}
    if customer["handle"]:
        forms[f"@{customer['handle']}".casefold()] = "@{{ customer.handle }}"
    if conversation.account:
        forms.setdefault(conversation.account.casefold(), "{{ account.handle }}")
    for group, names in (("customer", customer), ("agent", person)):
        for key in ("name", "first_name", "last_name"):
            for written, case in _written(names[key] or ""):
                forms.setdefault(written, f"{{{{ {group}.{key}{case} }}}}")
    if len(number) >= _CODE_DIGITS:
        forms.setdefault(number, "{{ conversation.id }}")
    return {written: template for written, template in forms.items() if not blanks_in(written)}


def _written(name: str) -> Iterator[tuple[str, str]]:
    """How a name may stand in a text, and the filter that writes it so. In small letters a word may be no name."""
    is_word = " " not in name
    if len(name) < _SHORTEST_NAME or (is_word and shipped().holds("everyday", name)):
        return
    if not (is_word and name.islower()):
        yield name, ""
    yield name.upper(), " | upcase"
    yield name.capitalize(), " | capitalize"


# -- codes -------------------------------------------------------------------------------------------


def _private(text: str) -> list[_Place]:
    found = [(one.start, one.end, _BLANKS[one.kind]) for one in search(text) if not one.business]
    return _as_blanks(text, found)


def _codes(text: str) -> list[_Place]:
    business = [one for one in search(text) if one.business]
    codes = (code for code in _CODE.finditer(text) if _is_code(code[0]))
    found = [code for code in codes if not any(code.start() < one.end and one.start < code.end() for one in business)]
    return _as_blanks(text, [(code.start(), code.end(), "code") for code in found])


def _is_code(word: str) -> bool:
    digits = sum(map(str.isdigit, word))
    if word.isdigit():
        return digits >= _CODE_DIGITS
    if any(map(str.isalpha, word)):
        return digits > 0 and len(word) >= _CODE_LENGTH
    return digits > _DATE_DIGITS


def _as_blanks(text: str, found: Sequence[tuple[int, int, str]]) -> list[_Place]:
    """Each another blank, but for the same again; none of a name that the text has a blank of."""
    names: dict[str, str] = {}
    places = []
    for start, end, kind in found:
        name, number = kind, 1
        while names.setdefault(name, text[start:end]) != text[start:end] or blank(name) in text:
            number += 1
            name = f"{kind} {number}"
        places.append(_Place(start, end, blank(name)))
    return places


def _title(words: Sequence[str]) -> str:
    """What it is called until somebody gives it a name: its first words, without names and codes."""
    return fit(" ".join(line(" ".join(words)).split()[:_TITLE_WORDS]), _TITLE_CELLS) or "Captured text"
