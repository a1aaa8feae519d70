"""Variables of other desks by what they say about the same thing here, in texts that are Liquid on both sides."""

import re
from collections.abc import Collection, Mapping

GROUPS = ("customer", "account", "agent", "conversation", "incident", "shift", "hours")
"""What the variables of this desk begin with."""

LIQUID = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_LOCK = re.compile(r"\{%-?\s*(?:end)?locked\s*-?%\}")
_LOCKED = re.compile(r"\{%-?\s*locked\s*-?%\}(.*?)\{%-?\s*endlocked\s*-?%\}", re.DOTALL)
_INCLUDED = re.compile(r"\{%-?\s*(?:include|render)\b")
_OWN = re.compile(rf"(?<![\w.'\"])(?:{'|'.join(GROUPS)})(?:\.\w+)+")


def renamed(body: str, names: Mapping[str, str]) -> str:
    """The body with variables renamed, inside Liquid only."""
    known = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w.])")
    return LIQUID.sub(lambda tag: known.sub(lambda name: names[name[0]], tag[0]), body)


def turned(names: Mapping[str, str]) -> dict[str, str]:
    """Their names by ours; where several of theirs say the same, the last."""
    return {ours: theirs for theirs, ours in names.items()}


def unlocked(body: str) -> str:
    """The body without the marks of its locked spans, which only this desk knows."""
    return _LOCK.sub("", body)


def relocked(body: str, old: str) -> str:
    """A body without locks, with the spans locked that are so in the old one, where it still has their wording."""
    parts: list[str] = []
    for span in _LOCKED.finditer(old):
        before, found, after = body.partition(span[1]) if span[1].strip() else (body, "", "")
        if found:
            parts += [before, span[0]]
            body = after
    return "".join(parts) + body


def strange(body: str, known: Collection[str]) -> list[str]:
    """What another desk can not fill in: variables of ours beyond `known`, and other responses put in."""
    tags = [found[0] for found in LIQUID.finditer(body)]
    names = {name[0] for tag in tags for name in _OWN.finditer(tag)} - set(known)
    return sorted(names) + (["other responses put in"] if any(map(_INCLUDED.match, tags)) else [])
