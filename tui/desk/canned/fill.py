"""A canned response for one conversation: in which of its ways it is said, and that way filled in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from tui.desk.canned.render import (
    DEEPEST_INCLUDE,
    LONGEST_TEXT,
    Included,
    Rendered,
    blanks_in,
    check_syntax,
    includes_in,
    render,
)
from tui.desk.canned.response import Canned, Variant, apart, barred
from tui.errors import Refused

Library = Callable[[str], Canned | None]
"""Finds a response by name or shortcut; None where there is none."""


def nothing(name: str) -> Canned | None:
    """The library in which there is no response."""
    return None


def fill(
    canned: Canned,
    values: Mapping[str, Any],
    *,
    language: str = "",
    network: str = "",
    turn: int = 0,
    form: Mapping[str, str] | None = None,
    library: Library = nothing,
    but: Iterable[str] = (),
) -> Rendered:
    """The response as it would be said to this customer, see `choose` and `render`.

    `turn`: how often it was used so far, so that its alternates take turns. `but`: texts this handle sent of late;
    an alternate that none of them says goes first. `form`: what was filled into blanks before, by their name.
    `library` finds what it includes. Raises Refused as `render` does.
    """
    alternates = each(
        canned, values, language=language, network=network, turn=turn, form=form or {}, library=library
    )  # fmt: skip
    first, said = next(alternates), tuple(but)
    if not said or not _is_said(first.text, said, values):
        return first
    return next((other for other in alternates if not _is_said(other.text, said, values)), first)


def each(
    canned: Canned,
    values: Mapping[str, Any],
    *,
    language: str = "",
    network: str = "",
    turn: int = 0,
    form: Mapping[str, str] | None = None,
    library: Library = nothing,
) -> Iterator[Rendered]:
    """The response in each of the ways that fit best, see `choose`, as `fill` would give it."""
    include = _include(library, language, network, turn, partial(barred, agent=_sender(canned), account=_from(values)))
    for way in choose(canned, language=language, network=network, turn=turn):
        rendered = render(way.body, values, plain=way.plain, name=canned.name, include=include)
        yield _with_form(rendered, form or {})


def choose(canned: Canned, *, language: str = "", network: str = "", turn: int = 0) -> tuple[Variant, ...]:
    """The ways to say a response that fit best, the one whose turn it is first.

    The language counts most (`de-AT` before `de`, both before a text in no language, that before the response's own
    language), then the network (this one, then any). Ways in the same language and for the same network are alternates.
    """
    ways = ways_of(canned)

    def fit(way: Variant) -> tuple[int, int]:
        return _language_fit(way, language, canned), _network_fit(way, network)

    best = max(ways, key=fit)
    same = [way for way in ways if (_folded(way.language), way.network) == (_folded(best.language), best.network)]
    first = turn % len(same)
    return (*same[first:], *same[:first])


def ways_of(canned: Canned) -> tuple[Variant, ...]:
    """Every way to say a response, its own body first."""
    return (Variant(canned.body, canned.language, canned.network, canned.plain), *canned.variants)


def by_name(known: Iterable[Canned]) -> Library:
    """A library of these: by name, else by shortcut, else by name in another case."""
    known = tuple(known)
    folded = {_folded(one.name): one for one in known}
    shortcuts = {_folded(one.shortcut): one for one in known if one.shortcut}
    names = {one.name: one for one in known}

    def found(name: str) -> Canned | None:
        key = _folded(name)
        return names.get(name) or shortcuts.get(key) or folded.get(key)

    return found


def check(canned: Canned, library: Library = nothing) -> str | None:
    """What is wrong with a response before it is stored, in one sentence with the line; None where nothing is.

    Looks at every way it is said, and at what they include: that it is there, that whoever may send the one may send
    the other, and that none includes itself.
    """
    for number, way in enumerate(ways_of(canned)):
        wrong = None if way.plain else check_syntax(way.body)
        if wrong:
            return f"variant {number}, {wrong}" if number else wrong
    only = canned.owner if canned.scope == "account" else None
    return _wrong_include(canned, library, (canned.name,), set(), partial(apart, agent=_sender(canned), account=only))


def included_in(responses: Iterable[Canned], called: Callable[[list[str]], Iterable[Canned]]) -> tuple[Canned, ...]:
    """What these include, and what that does, each once; `called` finds those with one of some names."""
    found: dict[int, Canned] = {}
    level = tuple(responses)
    for _ in range(DEEPEST_INCLUDE):
        names = [name for one in level for name in _names_in(one)]
        level = tuple(one for one in called(list(dict.fromkeys(names))) if one.id not in found) if names else ()
        found |= {one.id: one for one in level}
    return tuple(found.values())


def _names_in(canned: Canned) -> list[str]:
    """The names a response includes, in any of its ways."""
    return list(dict.fromkeys(name for way in ways_of(canned) if not way.plain for name in includes_in(way.body)))


def _wrong_include(
    canned: Canned,
    library: Library,
    ring: tuple[str, ...],
    looked_at: set[str],
    why_not: Callable[[Canned], str | None],
) -> str | None:
    """What is wrong with what a response includes, which stands in the others of `ring`."""
    for name in _names_in(canned):
        found = library(name)
        if found is None and _folded(name) != _folded(ring[0]):
            return f"no canned response is called {name!r:.80}, which {canned.name!r:.80} includes"
        if len(ring) > DEEPEST_INCLUDE:
            return f"more than {DEEPEST_INCLUDE} stand in one another: {' -> '.join(ring)}"
        inside = ring[0] if found is None else found.name
        if inside in ring:
            return f"it includes itself: {' -> '.join([*ring[ring.index(inside) :], inside])}"
        if found is not None and inside not in looked_at:
            looked_at.add(inside)
            if why := why_not(found):
                return f"{canned.name!r:.80} includes {inside!r:.80}, which {why}"
            wrong = _wrong_include(found, library, (*ring, inside), looked_at, why_not)
            if wrong:
                return wrong
    return None


def _sender(canned: Canned) -> str:
    """The one agent who sends a response; empty where all may, who see nobody's own."""
    return canned.owner if canned.scope == "agent" else ""


def _from(values: Mapping[str, Any]) -> str | None:
    """The handle it leaves from, as `x:@northline`."""
    account = values.get("account", {})
    return f"{account.get('network')}:{account['handle']}" if account.get("handle") else None


def _include(
    library: Library, language: str, network: str, turn: int, why_not: Callable[[Canned], str | None]
) -> Callable[[str], Included | None]:
    """An include says the other response in the same language, for the same network, where nothing is against it."""

    def found(name: str) -> Included | None:
        canned = library(name)
        if canned is None:
            return None
        way = choose(canned, language=language, network=network, turn=turn)[0]
        return Included(canned.name, way.body, way.plain, why_not(canned) or "")

    return found


def _with_form(rendered: Rendered, form: Mapping[str, str]) -> Rendered:
    """The same with the blanks filled that the form has something for."""
    pieces, at = [], 0
    for hole in rendered.blanks:
        given = form.get(hole.name, "")
        if given.strip():
            pieces += [rendered.text[at : hole.start], given]
            at = hole.end
    if not pieces:
        return rendered
    text = "".join((*pieces, rendered.text[at:]))
    if len(text) > LONGEST_TEXT:
        raise Refused(f"This canned response can not be filled in: it grows beyond {LONGEST_TEXT:,} characters")
    return Rendered(text, tuple(blanks_in(text)), rendered.locked)


def _is_said(text: str, said: Iterable[str], values: Mapping[str, Any]) -> bool:
    """Whether one of these says the same, whoever it greets."""
    from tui.config import AccountSettings
    from tui.desk.guard.alike import comparable, is_same, plain

    customer = values.get("customer", {})
    names = frozenset(plain(f"{customer.get('name') or ''} {customer.get('handle') or ''}"))
    mine, settings = comparable(text, names), AccountSettings()
    return any(is_same(mine, comparable(old, names), settings) for old in said)


def _language_fit(way: Variant, language: str, canned: Canned) -> int:
    """How well a text fits a language, 0 to 4; where that is not known, the response's own fits."""
    mine, wanted = _folded(way.language), _folded(language)
    if wanted and mine == wanted:
        return 4
    if wanted and mine and _primary(mine) == _primary(wanted):
        return 3
    if not mine:
        return 2
    return 2 if not wanted and way.language == canned.language else int(way.language == canned.language)


def _network_fit(way: Variant, network: str) -> int:
    return 2 if network and way.network == network else int(not way.network)


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0]


def _folded(name: str) -> str:
    return name.strip().casefold()
