"""Fill a canned response for one customer, in bounded size and work, and show every hole.

Bodies are Liquid (python-liquid, strict). Nothing is loaded from disk or included, no HTML is escaped. A variable
without a value becomes a blank, `⟦customer.name⟧`, which the editor visits and the guard stops. Only
this module writes the two brackets: values lose theirs, so a customer can not plant a blank.
Liquid is imported with the first body that needs it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tui.errors import Refused
from tui.text import repair

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment, RenderContext, Token
    from liquid.ast import Node
    from liquid.expression import Expression

OPEN, CLOSE = "⟦", "⟧"

LONGEST_TEXT = 20_000
"""Characters: a template, and what it may grow to."""
LONGEST_TAG = 1_000
"""Characters between `{{` and `}}`."""
MOST_SPACES = 60
"""In a row, inside a tag; Liquid's scanner takes time by the square of them."""
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
_SPACES = re.compile(rf"\s{{{MOST_SPACES + 1}}}")
_HALF = re.compile(r"[\ud800-\udfff]")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_ENDRAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")

# Text filters only. No HTML, nothing that hides a blank (base64), nothing slower than its input is long.
_FILTER_NAMES = (
    "abs append at_least at_most capitalize ceil concat date default divided_by downcase first floor join last "
    "lstrip map minus modulo plus prepend remove remove_first remove_last replace replace_first replace_last "
    "reverse round rstrip size slice split squish strip strip_newlines times truncate truncatewords upcase "
    "url_encode"
)
_FILTERS = frozenset(_FILTER_NAMES.split())
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
        items = (_value(one, (*path, str(at))) for at, one in enumerate(value))
        return [item for item in items if item is not None]
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
    if (half := _HALF.search(body)) is not None:
        return f"{_line(body, half.start())}half a character"
    try:
        template = _environment().from_string(body)
        return _not_allowed(body, template) or template
    except Exception as error:  # RecursionError too, which Liquid does not always wrap
        sentence = _sentence(body, error)
        return sentence if sentence.startswith("line ") else _line(body, _failing(body, sentence)) + sentence


def _failing(body: str, sentence: str) -> int:
    """Where the tag begins without which Liquid would not say `sentence`; it does not tell at an end."""
    starts = [opening.start() for opening in _OPENING.finditer(body)]

    def fails(at: int) -> bool:
        try:
            _environment().from_string(body[: [*starts, len(body)][at + 1]])
        except Exception as error:
            return _sentence(body, error) == sentence
        return False

    return starts[min(bisect_left(range(len(starts)), True, key=fails), len(starts) - 1)]


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
        if _SPACES.search(body, start, end):
            return f"{_line(body, start)}more than {MOST_SPACES} spaces in a row inside '{opening[0]}'"
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
    from liquid.builtin.expressions.primitive import RangeLiteral

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
    from liquid.builtin.expressions.primitive import IntegerLiteral

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
    from liquid import BoundTemplate, Environment

    class Template(BoundTemplate):
        context_class = _context_class()

    class Sandbox(Environment):
        template_class = Template
        output_stream_limit = 4 * LONGEST_TEXT  # counted in bytes
        local_namespace_limit = 16 * LONGEST_TEXT

    sandbox = Sandbox()
    for tag in _NO_TAGS:
        del sandbox.tags[tag]
    for name in sandbox.filters.keys() - _FILTERS:
        del sandbox.filters[name]
    return sandbox


@cache
def _context_class() -> "type[RenderContext]":
    from liquid import RenderContext, Undefined, is_undefined
    from liquid.exceptions import ResourceLimitError
    from liquid.undefined import UNDEFINED

    class Hole(Undefined):
        """A variable without a value, named by its whole path."""

        __slots__ = ()

        def __str__(self) -> str:
            return blank(self.name)

    class Bounded(RenderContext):
        """Counts the work, and lets no filter touch a hole: one half cut off would go out unseen."""

        work = 0

        def spend(self, steps: int) -> None:
            self.work += steps
            if self.work > WORK:
                raise ResourceLimitError("it takes too much work", token=None)

        def get(self, path: list[object], *, token: "Token | None", default: object = UNDEFINED) -> object:
            self.spend(1)
            found = super().get(path, token=token, default=default)
            return Hole(".".join(map(str, path)), token=token) if is_undefined(found) else found

        def raise_for_loop_limit(self, length: int = 1) -> None:
            self.spend(length)

        def filter(self, name: str, token: "Token | None") -> Callable[..., object]:
            apply = super().filter(name, token)

            def bounded(value: object, *args: object, **named: object) -> object:
                given = (value, *args, *named.values())
                hole = next((one for one in given if _is_hole(one)), None)
                if hole is not None and name != "default":
                    return hole
                if _is_too_big(name, given):
                    raise ResourceLimitError(f"'{name}' is given too much", token=token)
                result = apply(value, *args, **named)
                self.spend(1 + _size(result) // _CHARACTERS_PER_STEP)
                if _size(result) > LONGEST_TEXT:
                    raise ResourceLimitError(f"'{name}' makes too much of it", token=token)
                return result

            return bounded

    return Bounded


def _is_hole(value: object) -> bool:
    from liquid import is_undefined

    return is_undefined(value) or isinstance(value, _Part) or (isinstance(value, str) and OPEN in value)


def _size(value: object) -> int:
    """In characters or items; a number that could not be printed is too big at once."""
    if isinstance(value, int):
        return 1 if value.bit_length() <= _LONGEST_NUMBER_BITS else LONGEST_TEXT + 1
    return len(value) if isinstance(value, Sized) else 1


def _is_too_big(name: str, given: tuple[object, ...]) -> bool:
    """Refuse before the filter runs what it could not finish soon."""
    sizes = [_size(value) for value in given]
    if max(sizes) > LONGEST_TEXT:
        return True
    if name == "date" and any(isinstance(value, str) and len(value) > _LONGEST_DATE for value in given):
        return True
    return name in _GROWING and len(sizes) > 1 and (sizes[0] + 1) * max(sizes[1:]) > _LONGEST_PRODUCT


def _sentence(body: str, error: Exception) -> str:
    """What Liquid says, on one line, with the line of the body."""
    token: Token | None = getattr(error, "token", None)
    reason = " ".join(str(getattr(error, "message", None) or error or type(error).__name__).split())
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        reason = "it is nested too deeply"
    return f"{_line(body, token.start_index if token else -1)}{reason:.200}"


def _line(body: str, index: int) -> str:
    return f"line {body.count(chr(10), 0, index) + 1}: " if index >= 0 else ""
