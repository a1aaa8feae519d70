"""Fill a canned response for one customer, in bounded size and work, and show every hole.

Bodies are Liquid (python-liquid, strict). Nothing is loaded from disk, no HTML is escaped. A variable
without a value becomes a blank, `⟦customer.name⟧`, which the editor visits and the guard stops. Only
this module writes the two brackets: values lose theirs, so a customer can not plant a blank.
`{% include 'Name' %}` and `{% render 'Name' %}` bring in another response, within the same bounds;
`{% locked %}` holds wording that is not to be changed. Liquid is imported with the first body that needs it.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.errors import Refused
from tui.text import repair

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment, RenderContext, Token
    from liquid.ast import Node
    from liquid.expression import Expression
    from liquid.tag import Tag

OPEN, CLOSE = "⟦", "⟧"

LONGEST_TEXT = 20_000
"""Characters: a template with all it includes, each time it does, and what it may grow to."""
LONGEST_TAG = 1_000
"""Characters between `{{` and `}}`."""
MOST_SPACES = 60
"""In a row, inside a tag; Liquid's scanner takes time by the square of them."""
LONGEST_RANGE = 1_000
"""Steps in `(1..9)`."""
WORK = 10_000
"""Tags, look-ups, filters and loop turns in one rendering; a filter costs one more per 100 characters or items."""
DEEPEST_INCLUDE = 8
"""Responses that stand in one another."""
MOST_LOCKED = 100
"""Locked wordings in one text."""

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
_SIGNS = re.compile(r"\{[{%]+|\{\Z")
"""A brace at the end would be one sign with what is put behind it."""
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
_NO_TAGS = ("tablerow",)
_GROWING = frozenset({"replace", "replace_first", "replace_last", "join"})


@dataclass(frozen=True, slots=True)
class Blank:
    """A hole in a text: `text[start:end]` is what is to be replaced."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A canned response as it would go out."""

    text: str
    blanks: tuple[Blank, ...]
    """Its holes, from left to right."""
    locked: tuple[str, ...] = ()
    """The wordings in it that are not to be changed, each once, as they stand in `text`; what is filled into a blank
    in the middle of one is no part of it."""


class Included(NamedTuple):
    """Another response as an `include` is given it."""

    name: str
    body: str
    plain: bool = False
    barred: str = ""
    """Why it may not be said here, in words."""


Include = Callable[[str], Included | None]
"""Finds a response by the name or shortcut an `include` gives; None where there is none."""


def render(
    body: str,
    context: Mapping[str, Any],
    *,
    plain: bool = False,
    name: str = "",
    include: Include = lambda name: None,
) -> Rendered:
    """The body with its variables filled from `context`, a mapping of mappings (`customer.handle`).

    A missing, None or blank value leaves a blank, unless the `default` filter covers it. `plain` bodies
    stay as they are. `name` is what the response itself is called. Raises Refused when the body is not valid
    Liquid, grows beyond the limits above, or includes what is not there, may not be said here, or itself.
    """
    if plain or not _is_template(body):
        return Rendered(body, tuple(blanks_in(body)))
    template = _compile(body)
    if isinstance(template, str):
        raise Refused(f"This canned response is not a valid template: {template}")
    run = _Run(include, size=len(body))
    try:
        text = _rendered(template, name, _values(context, ()), run)
    except Exception as error:  # Liquid lets ValueError, OverflowError and RecursionError through
        raise Refused(f"This canned response can not be filled in: {_sentence(body, error, run)}") from error
    if len(text) > LONGEST_TEXT:
        raise Refused(f"This canned response can not be filled in: it grows beyond {LONGEST_TEXT:,} characters")
    text, _ = repair(text)
    return Rendered(text, tuple(blanks_in(text)), tuple(wording for wording in run.locked if wording in text))


def check_syntax(body: str) -> str | None:
    """None for a valid body, else one sentence with the line: `line 2: unknown filter 'upcas'`."""
    if not _is_template(body):
        return None
    template = _compile(body)
    return template if isinstance(template, str) else None


def includes_in(body: str) -> list[str]:
    """The names a valid body includes, each once, in the order they stand in it."""
    template = _compile(body) if "include" in body or "render" in body else ""
    if isinstance(template, str):
        return []
    from liquid import RenderContext

    empty = RenderContext(template)
    found = (node for top in template.nodes for node in _nodes(top, empty) if isinstance(node, _including()))
    return list(dict.fromkeys(node.name.value for node in found))


def as_template(text: str) -> str:
    """A template that gives this text: Liquid's own signs in it are no longer signs."""
    return _SIGNS.sub(lambda signs: f"{{% raw %}}{signs[0]}{{% endraw %}}", text)


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
    for node in (node for top in template.nodes for node in _nodes(top, empty)):
        for expression in (part for whole in node.expressions() for part in _parts(whole)):
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


def _nodes(node: "Node", context: Any) -> "Iterator[Node]":
    """A node and all that stand in it, not those of other responses it includes."""
    yield node
    for child in node.children(context, include_partials=False):
        yield from _nodes(child, context)


def _parts(expression: "Expression") -> "Iterator[Expression]":
    yield expression
    for child in expression.children():
        yield from _parts(child)


@dataclass(slots=True)
class _Run:
    """What one rendering has done so far, with all it includes."""

    include: Include
    size: int
    """Characters of the body and of each included one, each time."""
    work: int = 0
    ring: list[str] = field(default_factory=list)
    """The responses that stand in one another here, the outermost first."""
    bodies: dict[str, str] = field(default_factory=dict)
    """The names of included responses by their templates."""
    locked: dict[str, None] = field(default_factory=dict)


def _rendered(template: "BoundTemplate", name: str, values: Mapping[str, Any], run: _Run) -> str:
    """The text of a compiled template, which may be in use elsewhere: what changes is in `run`."""
    from liquid.output import LimitedStringIO

    bounded: Any = _context_class()
    named = _templates()(template.env, template.nodes, name=name)
    buffer = LimitedStringIO(limit=named.env.output_stream_limit or 0)
    named.render_with_context(bounded(named, globals=named.make_globals(values), run=run), buffer)
    return buffer.getvalue()


def _included(name: str, run: _Run) -> "BoundTemplate":
    """Another response to stand in this one; an error says what is wrong with that."""
    from liquid.exceptions import ResourceLimitError, TemplateNotFoundError

    found = run.include(name)
    if found is None:
        raise TemplateNotFoundError(f"no canned response is called {name!r:.80}", token=None)
    if found.barred:
        raise TemplateNotFoundError(f"it includes {found.name!r:.80}, which {found.barred}", token=None)
    if found.name in run.ring:
        ring = [*run.ring[run.ring.index(found.name) :], found.name]
        raise ResourceLimitError(f"it includes itself: {' -> '.join(ring)}", token=None)
    if len(run.ring) > DEEPEST_INCLUDE:
        raise ResourceLimitError(f"more than {DEEPEST_INCLUDE} stand in one another", token=None)
    run.size += len(found.body)
    if run.size > LONGEST_TEXT:
        raise ResourceLimitError(f"with what it includes it is longer than {LONGEST_TEXT:,} characters", token=None)
    body = as_template(found.body) if found.plain else found.body
    template = _compile(body)
    if isinstance(template, str):
        raise TemplateNotFoundError(f"{found.name!r:.80} is not a valid template: {template}", token=None)
    run.bodies[body] = found.name
    return _templates()(template.env, template.nodes, name=found.name)


@cache
def _templates() -> "type[BoundTemplate]":
    from liquid import BoundTemplate

    class Template(BoundTemplate):
        def render_with_context(self, context: Any, buffer: Any, *args: Any, **named: Any) -> None:
            context.run.ring.append(self.name)
            try:
                super().render_with_context(context, buffer, *args, **named)
            finally:  # a `break` may lead out of it
                context.run.ring.pop()

    return Template


@cache
def _including() -> tuple[type[Any], ...]:
    from liquid.builtin.tags.include_tag import IncludeNode
    from liquid.builtin.tags.render_tag import RenderNode

    return IncludeNode, RenderNode


def _tags() -> "Iterator[type[Tag]]":
    """`locked`, and `include` and `render` of a name that is known before."""
    from liquid import BlockNode, Node, Tag
    from liquid.builtin.expressions import StringLiteral
    from liquid.builtin.tags.include_tag import IncludeTag
    from liquid.builtin.tags.render_tag import RenderTag
    from liquid.exceptions import LiquidSyntaxError
    from liquid.parser import get_parser

    class LockedNode(Node):
        def __init__(self, token: "Token", block: BlockNode) -> None:
            super().__init__(token)
            self.block = block
            self.blank = block.blank

        def render_to_output(self, context: Any, buffer: Any) -> int:
            wording = context.get_buffer(buffer)
            try:
                self.block.render(context, wording)
            finally:  # a `break` may lead out of it
                context.lock(wording.getvalue())
                buffer.write(wording.getvalue())
            return True

        def children(self, static_context: Any, *, include_partials: bool = True) -> "list[Node]":
            return [self.block]

    class LockedTag(Tag):
        name = "locked"
        end = "endlocked"

        def parse(self, stream: Any) -> "Node":
            token = stream.eat("tag")
            if stream.current.kind == "expression":
                raise LiquidSyntaxError("'locked' takes nothing behind it", token=token)
            block = get_parser(self.env).parse_block(stream, (self.end,))
            stream.expect("tag", value=self.end)
            return LockedNode(token, block)

    yield LockedTag
    for tag in (IncludeTag, RenderTag):

        class ByName(tag):  # type: ignore[misc, valid-type]
            def parse(self, stream: Any) -> "Node":
                node = super().parse(stream)
                if not isinstance(node.name, StringLiteral):
                    raise LiquidSyntaxError(f"'{self.name}' needs a name in quotes", token=node.token)
                return node  # type: ignore[no-any-return]

        yield ByName


@cache
def _environment() -> "Environment":
    from liquid import BoundTemplate, Environment

    class Sandbox(Environment):
        template_class = _templates()
        output_stream_limit = 4 * LONGEST_TEXT  # counted in bytes
        local_namespace_limit = 16 * LONGEST_TEXT

        def get_template(self, name: str, *, context: Any = None, **_: Any) -> BoundTemplate:
            return _included(name, context.run)

    sandbox = Sandbox()
    for tag in _NO_TAGS:
        del sandbox.tags[tag]
    for made in _tags():
        sandbox.add_tag(made)
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

        def __init__(self, *args: Any, run: _Run | None = None, **named: Any) -> None:
            super().__init__(*args, **named)
            self.run: _Run = run or named["parent_context"].run

        @property
        def disabled_tags(self) -> list[str]:
            """None, also inside `render`. Every node asks before it is rendered, so that here each is counted."""
            self.spend(1)
            return []

        @disabled_tags.setter
        def disabled_tags(self, names: list[str]) -> None:
            pass

        def spend(self, steps: int) -> None:
            self.run.work += steps
            if self.run.work > WORK:
                raise ResourceLimitError("it takes too much work", token=None)

        def lock(self, wording: str) -> None:
            self.spend(1 + len(wording) // _CHARACTERS_PER_STEP)
            pieces = (piece.strip() for piece in _BLANK.split(repair(wording)[0]))
            self.run.locked |= dict.fromkeys(piece for piece in pieces if any(map(str.isalnum, piece)))
            if len(self.run.locked) > MOST_LOCKED:
                raise ResourceLimitError(f"it locks more than {MOST_LOCKED} wordings", token=None)

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


def _sentence(body: str, error: Exception, run: _Run | None = None) -> str:
    """What Liquid says, on one line, with the line of the body, or of the included one where it is."""
    token: Token | None = getattr(error, "token", None)
    reason = " ".join(str(getattr(error, "message", None) or error or type(error).__name__).split())
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        reason = "it is nested too deeply"
    inside = run.bodies.get(token.source) if run and token else None
    source = token.source if inside and token else body
    where = f"in {inside!r:.80}, " if inside else ""
    return f"{where}{_line(source, token.start_index if token else -1)}{reason:.300}"


def _line(body: str, index: int) -> str:
    return f"line {body.count(chr(10), 0, index) + 1}: " if index >= 0 else ""
