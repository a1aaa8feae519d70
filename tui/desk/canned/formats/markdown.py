r"""One response as a Markdown document, as a lead writes it by hand, and a folder of them.

    ---
    name: Refund policy
    tags: [money, delay]
    language: en
    valid_until: 2026-03-01T00:00:00Z
    actions: [{tag: refund}, {promise: we call back, within: 1d}]
    ---
    Late by 15 minutes: 25 % back.

    --- de
    Ab 15 Minuten Verspätung: 25 % zurück.

    --- for x
    15 min late: 25 % back.

The front matter is YAML with the fields of `entry.FIELDS`; every value in it is text, so that `no` is Norwegian and
`2026` a name. Below stand the texts: first the body, and after each line of three hyphens another one. That line says
what is not as in the front matter, `--- LANGUAGE for NETWORK plain`, each part if wanted, `any` for none; three
hyphens alone begin another wording of the same. Empty lines around a text are not part of it. A line of a text that
itself begins with three hyphens gets a backslash in front, as gets an empty one that is to stay at either end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tui.desk.canned.formats.entry import FIELDS, MOST_VARIANTS, Entry, Unfit, canned_of, entry_of
from tui.desk.canned.render import check_syntax
from tui.desk.canned.response import Canned, Variant
from tui.errors import Misuse, nearest
from tui.text import repair

LARGEST_FRONT = 50_000
"""Characters of a front matter."""
DEEPEST = 6
MOST_NODES = 2_000

_BREAK = re.compile(r"---(?:[ \t](?P<said>.*))?")
_ESCAPED = re.compile(r"\\+(?:---(?:[ \t].*)?)?")
_BARE = re.compile(r"[^\W\d_](?:[\w '/.-]*\w)?|(?:\d+[dhms])+")
_TYPED = frozenset(["y", "n", "yes", "no", "true", "false", "on", "off", "null"])
_AS_IT_IS = ("valid_from", "valid_until", "approved", "plain")
_ESCAPES = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')


@dataclass(slots=True)
class Document:
    """What a document says, and on which lines it says it."""

    entry: Entry
    lines: dict[str, int] = field(default_factory=dict)
    """Lines of the fields in the front matter."""
    starts: list[int] = field(default_factory=list)
    """Lines on which the texts begin, the body first."""

    def line(self, error: Unfit) -> int:
        """Where an error is, as near as it can be told."""
        if error.field == "variants" and "variants" not in self.lines:
            return self.starts[error.number] if error.number < len(self.starts) else self.starts[-1]
        return self.lines.get(error.field, self.starts[0] if error.field == "body" else 1)


class Unreadable(Exception):
    """A document can not be read; on which line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def parse(text: str, name: str = "") -> Canned:
    """The response of one document; `name` is its name where the front matter gives none.

    What a document does not say is at its default. Raises Misuse with the first line that is wrong and why, also for
    a text that is no valid template; `details["line"]` is that line, from 1.
    """
    try:
        return _strict(read_document(text, name))
    except Unreadable as error:
        raise Misuse(f"Line {error.line}: {error}", line=error.line) from None


def document(canned: Canned) -> str:
    """The response as one document; `parse` gives it back, apart from its use, number and version."""
    front = {key: value for key, value in entry_of(canned).items() if value and key not in ("body", "variants")}
    lines = ["---", *(f"{key}: {_value(key, value)}" for key, value in front.items()), "---", _section(canned.body)]
    for variant in canned.variants:
        lines += ["", _said(variant, canned), _section(variant.body)]
    return "\n".join(lines) + "\n"


def read_document(text: str, name: str = "") -> Document:
    """The fields of one document, not yet checked. Raises Unreadable."""
    text, _ = repair(text.removeprefix("\ufeff"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != "---":
        raise Unreadable(1, "a response begins with a line ---, its name: and other fields, and a second line ---")
    end = next((at for at, line in enumerate(lines) if at and line.rstrip() == "---"), None)
    if end is None:
        raise Unreadable(1, "the fields that begin here do not end; a second line --- is missing")
    entry, places = _front("\n".join(lines[1:end]))
    entry = {"name": name, **entry} if entry.get("name") else {**entry, "name": name}
    found = Document(entry, places)
    if "body" in entry:
        raise Unreadable(found.lines["body"], "the body stands below the second line ---, not among the fields")
    _texts(found, lines, end + 1)
    return found


def _strict(document: Document) -> Canned:
    strange = next((key for key in document.entry if key not in FIELDS), None)
    if strange is not None:
        raise Unreadable(document.lines[strange], f"no field is called {strange!r:.40}; {nearest(strange, FIELDS)} is")
    try:
        canned, _ = canned_of(document.entry)
    except Unfit as error:
        raise Unreadable(document.line(error), str(error)) from None
    texts: list[Canned | Variant] = [canned, *canned.variants]
    among = [document.lines["variants"]] * len(canned.variants) if "variants" in document.lines else []
    for start, one in zip([*document.starts, *among], texts, strict=True):
        if not one.plain and (wrong := check_syntax(one.body)):
            raise Unreadable(*_placed(wrong, start))
    return canned


def _placed(wrong: str, start: int) -> tuple[int, str]:
    """A template's error, with the line of the document instead of that of the text."""
    told = re.match(r"line (\d+): ", wrong)
    return (start + int(told[1]) - 1, wrong[told.end() :]) if told else (start, wrong)


# -- texts -----------------------------------------------------------------------------------------


def _texts(found: Document, lines: list[str], first: int) -> None:
    """Put the texts below the front matter into `found`: the body, then the variants."""
    sections: list[tuple[int, dict[str, Any], list[str]]] = [(first, {}, [])]
    for at in range(first, len(lines)):
        said = _BREAK.fullmatch(lines[at].rstrip())
        if said is None:
            sections[-1][2].append(lines[at])
        elif len(sections) > MOST_VARIANTS:
            raise Unreadable(at + 1, f"more than {MOST_VARIANTS} further texts")
        else:
            sections.append((at + 1, _heard(said["said"] or "", found.entry, at + 1), []))
    variants = []
    for start, fields, rows in sections:
        text, skipped = _unescaped(rows)
        found.starts.append(start + skipped + 1)
        variants.append(fields | {"body": text})
    found.entry["body"] = variants.pop(0)["body"]
    if variants and "variants" in found.lines:
        raise Unreadable(found.lines["variants"], "further texts stand below, or among the fields; not both")
    found.entry.setdefault("variants", variants)


def _heard(said: str, entry: Entry, line: int) -> dict[str, Any]:
    """What a line of three hyphens says of the text below it."""
    words = said.split()
    fields: dict[str, Any] = {key: entry.get(key) or "" for key in ("language", "network")}
    if words and words[0] not in ("for", "plain"):
        fields["language"] = words.pop(0)
    if words[:1] == ["for"] and len(words) > 1:
        fields["network"] = words[1]
        del words[:2]
    plain = words == ["plain"]
    if words and not plain:
        raise Unreadable(
            line,
            f"{'--- ' + said!r:.60} begins another text; write --- de, --- for x, or \\--- where it is part of a text",
        )
    return {key: "" if value == "any" else value for key, value in fields.items()} | {"plain": plain}


def _said(variant: Variant, canned: Canned) -> str:
    """The line above a further text: only what is not as in the front matter."""
    words = ["---"]
    if variant.language != canned.language:
        words.append(variant.language or "any")
    if variant.network != canned.network:
        words += ["for", variant.network or "any"]
    return " ".join(words + (["plain"] if variant.plain else []))


def _section(text: str) -> str:
    """A text as it stands in a document, line by line; none yet is an empty line to write on."""
    if not text:
        return ""
    lines = text.split("\n")
    last = len(lines) - 1
    return "\n".join(
        f"\\{line}"
        if _is_escaped(line) or _BREAK.fullmatch(line.rstrip()) or (at in (0, last) and not line.strip())
        else line
        for at, line in enumerate(lines)
    )


def _unescaped(lines: list[str]) -> tuple[str, int]:
    """The text of a section, and how many empty lines stood before it."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if not filled:
        return "", 0
    kept = lines[filled[0] : filled[-1] + 1]
    return "\n".join(line[1:] if _is_escaped(line) else line for line in kept), filled[0]


def _is_escaped(line: str) -> bool:
    """Whether its first backslash is not part of the text."""
    return _ESCAPED.fullmatch(line.rstrip()) is not None


# -- front matter ----------------------------------------------------------------------------------


def _value(key: str, value: Any) -> str:
    return str(value) if key in _AS_IT_IS else _flow(value)


def _flow(value: Any) -> str:
    """A value in YAML's flow style; text stands bare where nothing could take it for anything else."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
    text = str(value)
    if _BARE.fullmatch(text) and text.lower() not in _TYPED and text.isprintable():
        return text
    return '"' + _ESCAPES.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


def _front(text: str) -> tuple[Entry, dict[str, int]]:
    """The fields of a front matter, and the line of each, from 1. Raises Unreadable."""
    if len(text) > LARGEST_FRONT:
        raise Unreadable(2, f"the fields are longer than {LARGEST_FRONT:,} characters")
    import yaml

    places: dict[str, int] = {}
    events = _bounded(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    try:
        first = next(events, None)
        found = {} if first is None else _node(first, events, places)
        if (more := next(events, None)) is not None:
            raise Unreadable(_at(more), "the fields end here; nothing may follow before the second line ---")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 2 if mark else 2, f"not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError:
        raise Unreadable(2, "not valid YAML: a character in it can not be printed") from None
    if not isinstance(found, dict):
        raise Unreadable(2, "fields are expected here, as in name: Refund policy")
    return found, places


def _bounded(events: Iterator[Any]) -> Iterator[Any]:
    """The events that say something; what could grow, nest or construct is refused before anything is built of it."""
    import yaml

    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(_at(event), "& and * refer to other places, which a response has no use for")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise Unreadable(_at(event), f"the tag {event.tag!r:.40} is not known; every value here is text")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or count > MOST_NODES:
            raise Unreadable(_at(event), "the fields are nested too deeply, or too many")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent | yaml.CollectionEndEvent):
            yield event


def _node(event: Any, events: Iterator[Any], places: dict[str, int] | None = None) -> Any:
    """The value that begins with `event`: text, a list or fields; `places` gets the lines of the latter."""
    import yaml

    if isinstance(event, yaml.ScalarEvent):
        return event.value
    until_end = iter(lambda: _unless_end(next(events)), None)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_node(one, events) for one in until_end]
    found: dict[str, Any] = {}
    for key in until_end:
        if not isinstance(key, yaml.ScalarEvent):
            raise Unreadable(_at(key), "a field needs a name")
        if key.value in found:
            raise Unreadable(_at(key), f"the field {key.value!r:.40} stands twice")
        if places is not None:
            places[key.value] = _at(key)
        found[key.value] = _node(next(events), events)
    return found


def _unless_end(event: Any) -> Any:
    import yaml

    return None if isinstance(event, yaml.CollectionEndEvent) else event


def _at(event: Any) -> int:
    return int(event.start_mark.line) + 2
