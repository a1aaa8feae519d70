"""Whether a text that is out is one of ours: X writes it a little differently."""

import re
import unicodedata

_FRONT = re.compile(r"\s*(?:@\w{1,50}\s+)*", re.ASCII)
_SCHEME = re.compile(r"\bhttps?://", re.IGNORECASE)


def same(ours: str, theirs: str) -> bool:
    """Whether both are the same text, `theirs` as `tui.networks.x.reading.plain` gives it.

    X puts handles in front of a reply, writes links out, and trims white space.
    """
    return _bare(ours) == _bare(theirs)


def _bare(text: str) -> str:
    front = _FRONT.match(text)
    rest = text[front.end() if front else 0 :]
    words = _SCHEME.sub("", unicodedata.normalize("NFC", rest)).split()
    return " ".join(word.rstrip("/") for word in words).casefold()
