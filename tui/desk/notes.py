"""Notes that name colleagues: `@ana`, or `@shift-b` for a group of the configuration, and the inbox they arrive in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session

from tui import text
from tui.clock import Millis
from tui.desk import claims
from tui.desk.freshness import account_name
from tui.store import log
from tui.store import tables as t
from tui.store.store import reading

NAMES_MOST = 50
"""So many names of one note are looked at."""
_SHOWN_CELLS = 30

_AT = re.compile(r"(?<![\w@.])@(?=[^\s@])")
"""Where a name begins; not inside a mail address."""
_LINK = re.compile(r"\.\S*/$")
"""What stands before a name that is part of a link."""
LINK_MOST = 100
_WORD = re.compile(r"[\w.-]{1,80}")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a text names."""

    agents: tuple[str, ...] = ()
    """Colleagues, each once, in the order they are named; a group stands for all its members but the author."""
    unknown: tuple[tuple[str, str], ...] = ()
    """Names nobody here has, each with the nearest that somebody has, or with nothing."""

    @property
    def warning(self) -> str:
        """What is to be said of the unknown names; empty where there are none."""
        return " ".join(
            f"Nobody here is called {_shown(name)}" + (f"; did you mean @{_shown(near)}?" if near else ".")
            for name, near in self.unknown
        )


@dataclass(frozen=True, slots=True)
class Noted:
    """A note that was kept."""

    id: int
    named: Named


def named(
    words: str,
    *,
    agents: Iterable[str],
    groups: Mapping[str, Sequence[str]],
    author: str,
    strangers: Iterable[str] = (),
) -> Named:
    """The colleagues a text names, without regard to case.

    `strangers` are handles that are not missed among the agents: those of the conversation.
    """
    known = {name.casefold(): name for name in agents}
    meant: dict[str, tuple[str, ...]] = {key: (name,) for key, name in known.items()}
    for group, members in groups.items():
        meant[group.casefold()] = tuple(known.get(one.casefold(), one) for one in members if one != author)
    passed_over = {account_name(handle) for handle in strangers}
    found: dict[str, None] = {}
    unknown: dict[str, str] = {}
    for name in _names(words, meant):
        key = name.casefold()
        if key in meant:
            found |= dict.fromkeys(meant[key])
        elif account_name(name) not in passed_over:
            unknown.setdefault(name, _nearest(name, [*known.values(), *groups]))
    return Named(tuple(found), tuple(unknown.items()))


def _names(words: str, meant: Iterable[str]) -> list[str]:
    """The names in a text, as written: the longest known one where several fit, else a word."""
    longest_first = sorted(meant, key=len, reverse=True)
    names = []
    for at in list(_AT.finditer(words))[:NAMES_MOST]:
        start = at.end()
        if _LINK.search(words[max(at.start() - LINK_MOST, 0) : at.start()]):
            continue
        whole = next((one for one in longest_first if _stands(words, start, one)), None)
        if whole is not None:
            names.append(words[start : start + len(whole)])
        elif (word := _WORD.match(words, start)) and not words.startswith("@", word.end()):
            names.append(word[0].rstrip(".-"))
    return [name for name in names if name]


def _stands(words: str, start: int, name: str) -> bool:
    """Whether a name stands there whole: `@ana` is not `@anabel`, `@ana-b`, or `@ana@example.org`."""
    end = start + len(name)
    after = re.match(r"[\w@]|[-.]\w", words[end : end + 2])
    return words[start:end].casefold() == name and after is None


def _nearest(name: str, known: Sequence[str]) -> str:
    import difflib

    by_key = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_key, 1, 0.6)
    return by_key[near[0]] if near else ""


def _shown(name: str) -> str:
    return text.fit(text.line(name), _SHOWN_CELLS)


def add(
    session: Session,
    conversation_id: int,
    *,
    agent: str,
    words: str,
    now: Millis,
    groups: Mapping[str, Sequence[str]],
) -> Noted:
    """Leave a word for colleagues; needs no claim. Whom it names has it in their inbox. Raises Refused, Misuse."""
    reader = reading(session)
    whom = named(
        words, agents=reader.agents(), groups=groups, author=agent, strangers=reader.handles_in(conversation_id)
    )
    made = claims.note(session, conversation_id, agent=agent, text=words, now=now, names=whom.agents)
    return Noted(made, whom)


def read(session: Session, note_ids: Sequence[int], *, agent: str, now: Millis) -> list[int]:
    """These notes are read by an agent; which of them were not yet."""
    m = t.note_mentions.c
    unread = (m.agent == agent, m.note_id.in_(note_ids), m.read_at.is_(None))
    fresh = [int(one) for one in session.execute(select(m.note_id).where(*unread).order_by(m.note_id)).scalars()]
    if fresh:
        session.execute(update(t.note_mentions).where(*unread).values(read_at=now))
        log.append(session, "note.read", at=now, agent=agent, notes=fresh)
    return fresh
