"""When two texts say the same: greeting, names, handles, links, signatures and part marks do not count."""

import re
import unicodedata
from functools import lru_cache

from tui.config import AccountSettings

COMPARED_CHARACTERS = 1_000
"""How much of a text is compared."""
_TAIL_CHARACTERS = 500
"""How much of the end of a text is looked through for a signature."""

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
HANDLE = re.compile(r"@[\w.@\-]+")
_LONGEST_MARK, _LONGEST_SIGNATURE = 12, 40
_PART_MARK = re.compile(r"\(?\b(?P<part>\d{1,2}) ?/ ?(?P<parts>\d{1,2})\)?\s*$")
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


def is_same(one: str, other: str, settings: AccountSettings) -> bool:
    """Whether two texts, both as `comparable` made them, are near-equal by the account's settings.

    A text much shorter than another is no copy of it: token_set_ratio gives every subset 100. Of a few letters
    only the very same counts.
    """
    if one == other:
        return True
    short, long = sorted((len(one), len(other)))
    shortest = settings.same_text_shortest / 100
    if short < shortest * long or min(_letters(one), _letters(other)) < settings.same_text_letters:
        return False
    from rapidfuzz.fuzz import token_set_ratio

    ratio = settings.same_text_ratio
    return token_set_ratio(one, other, score_cutoff=ratio) >= ratio


@lru_cache(maxsize=1024)
def comparable(text: str, names: frozenset[str]) -> str:
    """What is left of a text when everything that differs from customer to customer is gone."""
    text = LINK.sub(" ", text[:COMPARED_CHARACTERS])
    text = HANDLE.sub(" ", unsigned(text)[0])
    text = _GREETING.sub("", text.strip())
    return " ".join(word for word in plain(text) if word not in names)[:COMPARED_CHARACTERS]


_KEPT: dict[str, str | None] = {"P": " ", "S": " ", "C": None}
"""What becomes of punctuation, symbols and what cannot be seen, by Unicode category."""
_APOSTROPHES: dict[int, str | None] = {ord("'"): None, ord("’"): None}


def plain(text: str) -> list[str]:
    """Words in lower case, without punctuation, symbols and what cannot be seen."""
    text = unicodedata.normalize("NFKC", text).casefold()
    table = {ord(char): _KEPT.get(unicodedata.category(char)[0], char) for char in set(text) if not char.isspace()}
    return text.translate(table | _APOSTROPHES).split()


def _letters(comparable: str) -> int:
    return len(comparable) - comparable.count(" ")


def signature(text: str) -> str:
    """The agent's mark at the end of a text, before links and `1/2`; empty where there is none."""
    return unsigned(LINK.sub(" ", text[-_TAIL_CHARACTERS:]))[1].casefold()


def part_mark(text: str) -> tuple[int, int] | None:
    """The number of a part and how many there are, from a `1/2` at the end or before the signature."""
    text = LINK.sub(" ", text[-_TAIL_CHARACTERS:]).rstrip()
    unsigned = _without_signature(text)[0].rstrip()
    for end in (text, unsigned):
        if mark := _PART_MARK.search(end, max(len(end) - _LONGEST_MARK, 0)):
            part, parts = int(mark["part"]), int(mark["parts"])
            return (part, parts) if 1 <= part <= parts else None
    return None


def unsigned(text: str) -> tuple[str, str]:
    """A text without its signature and `1/2`, and that signature."""
    text = text.rstrip()
    if mark := _PART_MARK.search(text, max(len(text) - _LONGEST_MARK, 0)):
        text = text[: mark.start()].rstrip()
    return _without_signature(text)


def _without_signature(text: str) -> tuple[str, str]:
    found = _SIGNATURE.search(text, max(len(text) - _LONGEST_SIGNATURE, 0))
    if found is None or (found["name"] or "A")[0].islower():
        return text, ""
    return text[: found.start()], found[str(found.lastgroup)]
