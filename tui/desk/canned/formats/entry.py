"""One response as a file has it: fields by name, checked on the way in, said again on the way out.

Our JSON, CSV and Markdown hold these fields, and the formats of other desks are read into them:

    name, body                  required
    shortcut, language, network, owner, incident
    tags                        a list, or words separated by comma, semicolon or space
    scope                       team (default), account, agent
    valid_from, valid_until     ISO 8601 with a zone
    approved, plain             true or false; approved by default
    variants                    [{"body", "language"?, "network"?, "plain"?}]
    actions                     [{"tag": "refund"}, {"snooze": "2h"}, {"resolve": "answered"},
                                 {"promise": "we call back", "within": "1d"}]

In a CSV the two lists stand in their cells as JSON.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.desk.canned.render import LONGEST_TEXT, check_syntax
from tui.desk.canned.response import ACTION_KINDS, SCOPES, Action, Canned, Variant
from tui.text import repair

FIELDS = (
    "name",
    "body",
    "shortcut",
    "tags",
    "language",
    "network",
    "scope",
    "valid_from",
    "valid_until",
    "approved",
    "plain",
    "owner",
    "incident",
    "variants",
    "actions",
)

LONGEST_NAME = 200
"""Characters of a name, an owner, an incident, or the words of an action."""
LONGEST_WORD = 100
"""Characters of a shortcut, a tag, a language or a network."""
MOST_TAGS = 50
MOST_VARIANTS = 40
MOST_ACTIONS = 60
LONGEST_SPAN = 366 * clock.DAY

NO_LANGUAGE = ("any", "for", "plain")
"""Words that mean something else between the texts of a Markdown file."""

Entry = dict[str, Any]

_TAG_BREAK = re.compile(r"[,;\s]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_NETWORK = re.compile(r"\S+")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Remark:
    """What a file has that is not as it should be. `line` counts entries from 1; in CSV it is the line."""

    line: int
    reason: str
    kept: bool = False
    """The entry was read all the same; otherwise it is left out."""


class Unfit(Exception):
    """One entry can not be read; the message says why."""

    def __init__(self, reason: str, field: str = "", number: int = 0) -> None:
        super().__init__(reason)
        self.field = field
        self.number = number
        """Of the variant or action, from 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of one entry."""

    canned: Canned
    told: tuple[str, ...] = ()
    """What had to be changed or left out."""
    strange: tuple[str, ...] = ()
    """Fields that are not known."""


def understood(entry: Entry, told: Sequence[str] = ()) -> Reading:
    """The response of an entry; a text that is no valid Liquid becomes plain. Raises Unfit."""
    canned, repaired = canned_of(entry)
    said = [*told, *(["a NUL or half a character was replaced"] if repaired else [])]
    canned = replace(canned, plain=_plain(canned, "", said))
    variants = tuple(
        replace(one, plain=_plain(one, f"variant {number} ", said)) for number, one in enumerate(canned.variants, 1)
    )
    strange = tuple(sorted(entry.keys() - set(FIELDS)))
    return Reading(replace(canned, variants=variants), tuple(said), strange)


def _plain(text: Canned | Variant, which: str, said: list[str]) -> bool:
    wrong = None if text.plain else check_syntax(text.body)
    if wrong:
        said.append(f"{which}kept as plain text, its Liquid is not valid: {wrong}")
    return text.plain or wrong is not None


def canned_of(entry: Entry) -> tuple[Canned, bool]:
    """A response from the fields of an entry; True when a broken character in it was replaced.

    Raises Unfit with the first field that is wrong.
    """
    repairs: list[bool] = []

    def text(field: str, longest: int) -> str:
        value, repaired = _text(entry, field, longest)
        repairs.append(repaired)
        return " ".join(value.split())

    name = text("name", LONGEST_NAME)
    body, repaired = _body(entry)
    if not name:
        raise Unfit("the name is missing", "name")
    scope = next((one for one in SCOPES if one == (text("scope", LONGEST_WORD).lower() or "team")), None)
    if scope is None:
        raise Unfit(f"scope is {entry['scope'].strip().lower()!r:.40}; it can be {', '.join(SCOPES)}", "scope")
    tags, mended = _tags(entry.get("tags"))
    language, network = text("language", LONGEST_WORD), text("network", LONGEST_WORD).lower()
    variants, changed = _variants(entry.get("variants"), language, network)
    canned = Canned(
        id=0,
        name=name,
        body=body,
        shortcut=text("shortcut", LONGEST_WORD),
        tags=tags,
        language=language,
        network=network,
        scope=scope,
        valid_from=_time(entry, "valid_from"),
        valid_until=_time(entry, "valid_until"),
        approved=_truth(entry, "approved", True),
        plain=_truth(entry, "plain", False),
        owner=text("owner", LONGEST_NAME),
        incident=text("incident", LONGEST_NAME),
        variants=variants,
        actions=_actions(entry.get("actions")),
    )
    return canned, repaired or mended or changed or any(repairs)


def entry_of(canned: Canned) -> Entry:
    """An entry in the order of FIELDS; what says nothing is empty. `canned_of` gives the response back."""
    return {
        "name": canned.name,
        "body": canned.body,
        "shortcut": canned.shortcut,
        "tags": list(canned.tags),
        "language": canned.language,
        "network": canned.network,
        "scope": canned.scope if canned.scope != "team" else "",
        "valid_from": clock.iso(canned.valid_from) or "",
        "valid_until": clock.iso(canned.valid_until) or "",
        "approved": "" if canned.approved else "false",
        "plain": "true" if canned.plain else "",
        "owner": canned.owner,
        "incident": canned.incident,
        "variants": [variant_entry(one) for one in canned.variants],
        "actions": [action_entry(one) for one in canned.actions],
    }


def variant_entry(variant: Variant) -> Entry:
    """As it stands in a file; what says nothing is left out."""
    said = {"body": variant.body, "language": variant.language, "network": variant.network}
    return {key: value for key, value in said.items() if value} | ({"plain": True} if variant.plain else {})


def action_entry(action: Action) -> dict[str, str]:
    """As it stands in a file: its kind names what it is about, a span is written as `2h`."""
    if action.do == "snooze":
        return {"snooze": span_text(action.span)}
    return {action.do: action.text} | ({"within": span_text(action.span)} if action.do == "promise" else {})


def span_text(span: Millis) -> str:
    """A span as `clock.span` reads it: `2h`, `1d12h`; what is below a second is left out."""
    parts = []
    for unit, size in (("d", clock.DAY), ("h", clock.HOUR), ("m", clock.MINUTE), ("s", clock.SECOND)):
        count, span = divmod(span, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def _text(entry: Mapping[str, Any], field: str, longest: int) -> tuple[str, bool]:
    value = entry.get(field)
    if value is None:
        return "", False
    if not isinstance(value, str):
        raise Unfit(f"{field} is not text", field)
    value, repaired = repair(value)
    if len(value) > longest:
        raise Unfit(f"{field} is longer than {longest:,} characters", field)
    return value, repaired


def _body(entry: Mapping[str, Any]) -> tuple[str, bool]:
    value, repaired = _text(entry, "body", LONGEST_TEXT)
    body = value.replace("\r\n", "\n").replace("\r", "\n")
    if not body.strip():
        raise Unfit("the body is missing", "body")
    return body, repaired


def _tags(given: Any) -> tuple[tuple[str, ...], bool]:
    if isinstance(given, str):
        given = _TAG_BREAK.split(given)
    if not isinstance(given, list | None) or not all(isinstance(tag, str) for tag in given or ()):
        raise Unfit("tags are neither text nor a list of texts", "tags")
    mended = [repair(tag) for tag in given or ()]
    tags = tuple(dict.fromkeys(tag for tag in (" ".join(text.split()) for text, _ in mended) if tag))
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_WORD for tag in tags):
        raise Unfit(f"more than {MOST_TAGS} tags, or one longer than {LONGEST_WORD} characters", "tags")
    return tags, any(repaired for _, repaired in mended)


def _time(entry: Entry, field: str) -> Millis | None:
    value = entry.get(field)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        at = clock.parse(value)
        clock.iso(at)  # a time in a zone may lie beyond the calendar in UTC
    except (ValueError, OverflowError, AttributeError, TypeError):
        raise Unfit(f"{field} is not a time with a zone, as in 2026-02-11T09:14:00Z", field) from None
    return at


def _truth(entry: Mapping[str, Any], field: str, absent: bool) -> bool:
    value = entry.get(field)
    if value is None or isinstance(value, bool):
        return absent if value is None else value
    word = value.strip().lower() if isinstance(value, str) else None
    if word == "":
        return absent
    if word not in _TRUTH:
        raise Unfit(f"{field} is neither true nor false", field)
    return _TRUTH[word]


def _variants(given: Any, language: str, network: str) -> tuple[tuple[Variant, ...], bool]:
    """Other texts; each may be of the language and network of the response, else its own are checked."""
    found: list[Variant] = []
    repairs: list[bool] = []
    for number, one in enumerate(_list(given, "variants", MOST_VARIANTS), 1):
        try:
            variant, repaired = _variant(one, language, network)
        except Unfit as error:
            raise Unfit(f"variant {number}: {error}", "variants", number) from None
        found.append(variant)
        repairs.append(repaired)
    return tuple(found), any(repairs)


def _variant(one: Mapping[str, Any], language: str, network: str) -> tuple[Variant, bool]:
    _only(one, ("body", "language", "network", "plain"))
    body, repaired = _body(one)
    own = [" ".join(_text(one, field, LONGEST_WORD)[0].split()) for field in ("language", "network")]
    if own[0] not in ("", language) and (not _LANGUAGE.fullmatch(own[0]) or own[0] in NO_LANGUAGE):
        raise Unfit(f"language is {own[0]!r:.40}; write one such as en or pt-BR")
    if own[1].lower() not in ("", network) and not _NETWORK.fullmatch(own[1]):
        raise Unfit(f"network is {own[1]!r:.40}; write one word such as mastodon")
    return Variant(body, own[0], own[1].lower(), _truth(one, "plain", False)), repaired


def _actions(given: Any) -> tuple[Action, ...]:
    found: list[Action] = []
    for number, one in enumerate(_list(given, "actions", MOST_ACTIONS), 1):
        try:
            found.append(_action(one))
        except Unfit as error:
            raise Unfit(f"action {number}: {error}", "actions", number) from None
    return tuple(found)


def _action(one: Mapping[str, Any]) -> Action:
    do = next((kind for kind in ACTION_KINDS if kind in one), None)
    if do is None:
        raise Unfit(f"it says none of {', '.join(ACTION_KINDS)}")
    _only(one, (do, "within") if do == "promise" else (do,))
    if do == "snooze":
        return Action("snooze", span=_span(one, "snooze"))
    text = " ".join(_text(one, do, LONGEST_WORD if do == "tag" else LONGEST_NAME)[0].split())
    if not text:
        raise Unfit(f"{do} says nothing")
    return Action(do, text, _span(one, "within") if do == "promise" else 0)


def _span(one: Mapping[str, Any], field: str) -> Millis:
    try:
        span = clock.span(_text(one, field, LONGEST_WORD)[0])
    except ValueError:
        span = 0
    if not 0 < span <= LONGEST_SPAN:
        raise Unfit(f"{field} is not a span up to 366d; write 90m, 2h or 7d")
    return span


def _list(given: Any, field: str, most: int) -> list[Mapping[str, Any]]:
    """The objects of a list, which may stand as JSON in one cell."""
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else []
        except (ValueError, RecursionError):
            raise Unfit(f"{field} are not valid JSON", field) from None
    if not isinstance(given, list | None) or not all(isinstance(one, Mapping) for one in given or ()):
        raise Unfit(f"{field} are not a list of objects", field)
    if len(given or ()) > most:
        raise Unfit(f"more than {most} {field}", field)
    return given or []


def _only(one: Mapping[str, Any], known: tuple[str, ...]) -> None:
    strange = next((key for key in one if key not in known), None)
    if strange is not None:
        raise Unfit(f"the field {strange!r:.40} is not known; there can be {', '.join(known)}")
