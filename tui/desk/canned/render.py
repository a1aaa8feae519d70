"""Fill a canned response for one customer, in bounded size and work, and show every hole.

Bodies are Liquid (python-liquid, strict). Nothing is loaded from disk or included, no HTML is escaped. A variable
without a value becomes a blank, `⟦customer.name⟧`, which the editor visits and the guard stops. Only
this module writes the two brackets: values lose theirs, so a customer can not plant a blank.
Liquid is imported with the first body that needs it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tui.errors import Refused
from tui.text import repair

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment, Token
    from liquid.ast import Node
    from liquid.expression import Expression

OPEN, CLOSE = "⟦", "⟧"

LONGEST_TEXT = 20_000
"""Characters: a template, and what it may grow to."""
LONGEST_TAG = 1_000
"""Characters between `{{` and `}}`; Liquid's scanner needs time by the square of it."""
LONGEST_RANGE = 1_000
"""Steps in `(1..9)`."""
WORK = 10_000
"""Look-ups, filters and loop turns in one rendering; a filter costs one more per 100 characters or items."""

_CHARACTERS_PER_STEP = 100
_LONGEST_PRODUCT = 2_000_000
_LONGEST_DATE = 100
_LONGEST_NUMBER_BITS = 4_096
_DEEPEST_CONTEXT = 8
_LONGEST_BLANK = 60

# A stray half of the pair is a hole as well: better a question too many than a hole sent.
_BLANK = re.compile(f"{OPEN}[^{OPEN}{CLOSE}\n]*{CLOSE}?|{CLOSE}")
_BRACKETS = {ord(OPEN): None, ord(CLOSE): None}
_OPENING = re.compile(r"\{\{|\{%")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_ENDRAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")

# Text filters only. No HTML, nothing that hides a blank (base64), nothing slower than its input is long.
_FILTERS = frozenset(
    "abs append at_least at_most capitalize ceil concat date default divided_by downcase first floor join last "
    "lstrip map minus modulo plus prepend remove remove_first remove_last replace replace_first replace_last "
    "reverse round rstrip size slice split squish strip strip_newlines times truncate truncatewords upcase "
    "url_encode".split()
)
_NO_TAGS = ("include", "render", "tablerow")
_GROWING = frozenset({"replace", "replace_first", "replace_last", "join"})


@dataclass(frozen=True, slots=True)
class Blank:
    """A hole in a text: `text[start:end]` is what is to be replaced."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    blanks: tuple[Blank, ...]


def render(body: str, context: Mapping[str, Any], *, plain: bool = False) -> Rendered:
    """The body with its variables filled from `context`, a mapping of mappings (`customer.handle`).

    A missing, None or blank value leaves a blank, unless the `default` filter covers it. `plain` bodies
    stay as they are. Raises Refused when the body is not valid Liquid or grows beyond the limits above.
    """
    if plain or not _is_template(body):
        return Rendered(body, tuple(blanks_in(body)))
    template = _compile(body)
    if isinstance(template, str):
        raise Refused(f"This canned response is not a valid template: {template}")
    try:
        text = template.render(_values(context, ()))
    except Exception as error:  # Liquid lets ValueError, OverflowError and RecursionError through
        raise Refused(f"This canned response can not be filled in: {_sentence(body, error)}") from error
    if len(text) > LONGEST_TEXT:
        raise Refused(f"This canned response can not be filled in: it grows beyond {LONGEST_TEXT:,} characters")
    text, _ = repair(text)
    return Rendered(text, tuple(blanks_in(text)))


def check_syntax(body: str) -> str | None:
    """None for a valid body, else one sentence with the line: `line 2: unknown filter 'upcas'`."""
    if not _is_template(body):
        return None
    template = _compile(body)
    return template if isinstance(template, str) else None


def blanks_in(text: str) -> list[Blank]:
    """Every hole of a text, from left to right, half ones included."""
    return [Blank(hole[0].strip(OPEN + CLOSE), hole.start(), hole.end()) for hole in _BLANK.finditer(text)]


def blank(name: str) -> str:
    """The mark that stands for a value not known."""
    return f"{OPEN}{' '.join(name.translate(_BRACKETS).split())[:_LONGEST_BLANK]}{CLOSE}"


def _is_template(body: str) -> bool:
    return "{{" in body or "{%" in body


class _Part(dict[str, Any]):
    """A mapping of the context: `customer` alone is no text, so it prints as a blank."""

    name = ""

    def __str__(self) -> str:
        return blank(self.name)


def _values(given: Mapping[str, Any], path: tuple[str, ...]) -> _Part:
    part = _Part()
    part.name = ".".join(path)
    for key, value in given.items():
        name = str(key)
        safe = _value(value, (*path, name))
        if safe is not None:
            part[name] = safe
    return part


def _value(value: Any, path: tuple[str, ...]) -> Any:
    """The value as a template may see it; None where there is nothing to show."""
    if value is None or isinstance(value, bool | int | float | date):
        return value
    if len(path) > _DEEPEST_CONTEXT:
        return None
    if isinstance(value, Mapping):
        return _values(value, path)
    if isinstance(value, list | tuple):
        return [_value(one, (*path, str(at))) for at, one in enumerate(value)]
    text, _ = repair(str(value))
    text = text.translate(_BRACKETS)
    return text if text.strip() else None


@lru_cache(maxsize=512)
def _compile(body: str) -> "BoundTemplate | str":
    """The template, or the sentence that says why there is none."""
    if len(body) > LONGEST_TEXT:
        return f"it is longer than {LONGEST_TEXT:,} characters"
    unfit = _unclosed(body)
    if unfit:
        return unfit
    try:
        body.encode()
        template = _environment().from_string(body)
        return _not_allowed(body, template) or template
    except UnicodeEncodeError as error:
        return f"{_line(body, error.start)}half a character"
    except Exception as error:  # RecursionError too, which Liquid does not always wrap
        return _sentence(body, error)


def _unclosed(body: str) -> str | None:
    """Liquid's scanner takes time by the square of what is not closed, so that is found first."""
    at = 0
    while opening := _OPENING.search(body, at):
        start = opening.start()
        end = body.find("}}" if opening[0] == "{{" else "%}", start + 2)
        if end < 0:
            return f"{_line(body, start)}'{opening[0]}' is never closed"
        if end - start > LONGEST_TAG:
            return f"{_line(body, start)}'{opening[0]}' is closed only after {LONGEST_TAG:,} characters"
        at = end + 2
        if raw := _RAW.match(body, start):
            ending = _ENDRAW.search(body, raw.end())
            if ending is None:
                return f"{_line(body, start)}'raw' is never closed"
            at = ending.end()
    return None


def _not_allowed(body: str, template: "BoundTemplate") -> str | None:
    """What Liquid itself would meet only while rendering: unknown filters, ranges without a known end."""
    from liquid import RenderContext
    from liquid.builtin.expressions import RangeLiteral

    for name, places in template.analyze(include_partials=False).filters.items():
        if name not in _FILTERS:
            return f"{_line(body, places[0].index)}unknown filter '{name}'"
    empty = RenderContext(template)
    for node in template.nodes:
        for expression in _expressions(node, empty):
            if isinstance(expression, RangeLiteral) and not _is_short(expression):
                at = node.token.start_index
                return f"{_line(body, at)}a range needs two whole numbers, at most {LONGEST_RANGE:,} apart"
    return None


def _is_short(literal: Any) -> bool:
    from liquid.builtin.expressions import IntegerLiteral

    start, stop = literal.start, literal.stop
    if not (isinstance(start, IntegerLiteral) and isinstance(stop, IntegerLiteral)):
        return False
    return stop.value - start.value <= LONGEST_RANGE


def _expressions(node: "Node", context: Any) -> "Iterator[Expression]":
    for expression in node.expressions():
        yield from _parts(expression)
    for child in node.children(context, include_partials=False):
        yield from _expressions(child, context)


def _parts(expression: "Expression") -> "Iterator[Expression]":
    yield expression
    for child in expression.children():
        yield from _parts(child)


@cache
def _environment() -> "Environment":
    from liquid import BoundTemplate, Environment, Mode, is_undefined
    from liquid.exceptions import LiquidError, ResourceLimitError
    from liquid.undefined import UNDEFINED, Undefined

    class Hole(Undefined):
        """A variable without a value."""

        __slots__ = ()

        def __str__(self) -> str:
            return blank(self.name)

    Hole.__hash__ = Undefined.__hash__  # type: ignore[method-assign]
    raise AssertionError((BoundTemplate, Mode, is_undefined, LiquidError, ResourceLimitError, UNDEFINED))


def _line(body: str, index: int) -> str:
    return f"line {body.count(chr(10), 0, index) + 1}: " if index >= 0 else ""
