"""What the guard found, on screen: a sentence each, and, where it is asked for, how it came to that."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.content import Content

from tui import clock, text
from tui.screens.glyphs import Glyphs
from tui.screens.paint import Palette

if TYPE_CHECKING:
    from tui.desk.guard import Finding

_is_time = re.compile(r"20\d\d-[01]\d-[0-3]\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z", re.ASCII).fullmatch


def findings_content(findings: "Sequence[Finding]", colors: Palette, glyphs: Glyphs) -> Content:
    """Findings, one sentence each, the worst first."""
    if not findings:
        return Content(f"{glyphs.ok} The guard has nothing to say.").stylize(colors.fresh)
    return Content("\n").join(_sentence(finding, colors, glyphs) for finding in findings)


def explained(findings: "Sequence[Finding]", colors: Palette, glyphs: Glyphs) -> Content:
    """Each finding with its arithmetic, then its evidence: a name and a value a line, lists one a line."""
    if not findings:
        return findings_content(findings, colors, glyphs)
    blocks: list[Content] = []
    for finding in findings:
        lines = [_sentence(finding, colors, glyphs), Content(f"  {text.line(finding.evidence.get('arithmetic', ''))}")]
        lines += [Content(f"  {line}").stylize(colors.quiet) for line in _evidence(finding, glyphs)]
        blocks.append(Content("\n").join(lines))
    return Content("\n\n").join(blocks)


def set_otherwise_content(settings_say: str, colors: Palette) -> Content:
    """Which checks the account has set to another verdict than their own; never silently."""
    return Content(f"set otherwise here: {text.line(settings_say)}").stylize(colors.quiet)


def _sentence(finding: "Finding", colors: Palette, glyphs: Glyphs) -> Content:
    sign = getattr(glyphs, finding.verdict)
    verdict = (f"{sign} {finding.verdict} {finding.check}: ", colors.verdict(finding.verdict))
    return Content.assemble(verdict, finding.text)


def _evidence(finding: "Finding", glyphs: Glyphs) -> Iterator[str]:
    for name, value in finding.evidence.items():
        if name == "arithmetic" or value in (None, "", [], {}):
            continue
        if isinstance(value, list | tuple):
            yield f"{_named(name)}:"
            yield from (f"  {glyphs.bullet} {_told(one)}" for one in value)
        else:
            yield f"{_named(name)}: {_told(value)}"
    yield from (f"offers: {text.line(offer.text)}" for offer in finding.offers)


def _named(name: str) -> str:
    return text.line(name).replace("_", " ")


def _told(value: Any) -> str:
    """A value of the evidence on one row."""
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            known = ((name, one) for name, one in value.items() if one not in (None, "", [], {}))
            return ", ".join(f"{_named(str(name))} {_told(one)}" for name, one in known)
        case list() | tuple():
            return ", ".join(map(_told, value))
        case str() if _is_time(value):
            with suppress(ValueError):  # it may be a customer's words
                return clock.local(clock.parse(value), "%d %b %Y %H:%M")
    return text.line(str(value))
