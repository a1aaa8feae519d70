"""How far a source is read. X lists the newest first: what came since is walked down page by page."""

import re
from dataclasses import dataclass

_MOST_TOKEN = 200
_TOKEN = re.compile(rf"[\w.=+/-]{{1,{_MOST_TOKEN}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything up to `since` is read; a walk from `newest` down to it may be on its way."""

    since: int
    newest: int = 0
    lowest: int = 0
    """The oldest id it has come to; 0: it has not begun."""
    seen: int = 0
    """Posts it has brought."""
    token: str = ""
    """X's own name of the next page, where it pages by that alone."""

    def __str__(self) -> str:
        """As it is stored."""
        if not (self.lowest or self.token):
            return str(self.since)
        token = [self.token] if self.token else []
        return "-".join(map(str, [self.since, self.newest, self.lowest, self.seen, *token]))

    @property
    def done(self) -> "Walk":
        """The walk at its end."""
        return Walk(max(self.since, self.newest))


def walk_of(cursor: str | None) -> Walk | None:
    """What is stored; None where nothing is, or nothing of ours."""
    since, *under_way = (cursor or "").split("-", 4)
    if not _number(since) or not all(map(_number, under_way[:3])) or len(under_way) in (1, 2):
        return None
    token = under_way[3] if len(under_way) > 3 else ""
    if token and not _TOKEN.fullmatch(token):
        return None
    newest, lowest, seen = map(int, under_way[:3] or ("0", "0", "0"))
    return Walk(int(since), newest, lowest, seen, token)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19
