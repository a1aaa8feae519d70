"""Who is served first. A point is worth a minute of waiting; every point has its reason."""

import re
from collections.abc import Iterable
from typing import Any

from tui.clock import MINUTE, Millis
from tui.desk.freshness import Standing

DANGER_POINTS = 10_000_000
"""Nineteen years of waiting: someone may be hurt, so nothing comes before it."""

# Compiled at their first use: the desk's first paint needs none of them.
_DANGER = r"""
    \b(?:on|onto|fell\ on(?:to)?)\ the\ (?:tracks?|rails)\b
    | \bdoors?\b.{0,40}\bopen\b.{0,40}\b(?:moving|running|speed)\b
    | \bmoving\b.{0,40}\bdoors?\b.{0,20}\bopen\b | \b(?:bomb|gunman|knife|stabbed|stabbing|weapon)\b
    | \b(?:smoke|fire|flames|burning)\b.{0,40}\b(?:carriage|coach|train|station|platform|cabin|seat)s?\b
    | \b(?:carriage|coach|train|station|platform)s?\b.{0,40}\b(?:smoke|on\ fire|flames|burning)\b
    | \b(?:unconscious|collapsed|not\ breathing|heart\ attack|bleeding|suicide|suicidal)\b
    | \bkill\ (?:myself|himself|herself)\b | \b(?:want|going)\ to\ die\b
    | \b(?:auf\ den\ gleisen|es\ brennt|bombe|bewusstlos|umbringen)
    | \b(?:sur\ les\ voies|incendie|bombe|inconsciente?)\b
    | \b(?:en\ las\ v[ií]as|incendio|bomba|inconsciente)\b
    """
_DANGER_STEMS = (
    *("track", "rails", "gleis", "voies", "vías", "vias", "door", "stab", "gunman", "knife", "weapon"),
    *("bomb", "smoke", "fire", "flame", "burning", "brennt", "incend", "kill", "die", "suicid", "umbringen"),
    *("unconscious", "inconscient", "bewusstlos", "breathing", "heart", "bleed", "collapsed"),
)
"""One of these stands in every text that _DANGER finds; looking for them first is fifty times faster."""
_QUESTION = r"[?？؟]|\b(?:how|when|where|why|which|can you|could you)\b"
_PRAISE = (
    r"\b(?:thank you|thanks so much|shout ?out|kudos|well done|brilliant|amazing|lovely|love the"
    r"|best (?:crew|staff|team)|danke|merci|gracias)\b"
)
_COMPLAINT = (
    r"\b(?:not|never|no|worst|late|delay\w*|cancel\w*|refund|lost|broken|wrong|still|shame|joke|disgrace\w*|rude)\b"
)


def reasons(
    standing: Standing, *, followers: int, private: bool, resurfaced: bool, reopened: bool
) -> list[dict[str, Any]]:
    """Why a waiting conversation stands where it stands: `rule`, `points`, `text`; without the waiting itself."""
    if not standing.words:
        return []
    text = "\n".join(word.text for word in standing.words)
    found: list[tuple[str, int, str]] = []
    folded = text.lower()
    danger = re.search(_DANGER, text, re.I | re.X) if any(stem in folded for stem in _DANGER_STEMS) else None
    if danger:
        found.append(("danger", DANGER_POINTS, f"someone may be in danger: “{_short(danger.group())}”"))
    match standing.addressed:
        case "direct":
            found.append(("direct", 30, "spoke to us"))
        case "mention":
            found.append(("mention", 20, "mentioned us"))
    if private:
        found.append(("private", 20, "a private message"))
    if re.search(_QUESTION, text, re.I):
        found.append(("question", 10, "asks something"))
    if reopened:
        found.append(("reopened", 15, "came back after our answer"))
    if len(standing.words) > 1:
        turns = min(len(standing.words) - 1, 4)
        found.append(("again", 5 * turns, f"wrote {len(standing.words)} times since our last word"))
    if followers >= 10_000:
        found.append(("reach", 25 if followers >= 100_000 else 15, f"{followers:,} followers"))
    if standing.reposts and not resurfaced:
        found.append(("reposts", min(standing.reposts, 20), f"reposted {standing.reposts} times"))
    if resurfaced:
        found.append(("resurfaced", -240, "an old post that was brought back"))
    if not danger and re.search(_PRAISE, text, re.I) and not re.search(_COMPLAINT, text, re.I) and "?" not in text:
        found.append(("praise", -60, "praise"))
    return [{"rule": rule, "points": points, "text": words} for rule, points, words in found]


PROMISE = "promise"
"""The rule of a promise that is due; `tui.desk.keeping` adds its reason and takes it away."""


def promised(found: Iterable[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Of stored reasons those that are promises."""
    return [reason for reason in found or () if reason["rule"] == PROMISE]


UNSENT = "unsent"
"""The rule of a reply of ours that did not leave; `tui.desk.outbox` adds its reason."""
UNSENT_POINTS = 100_000
"""More than two months of waiting: somebody was answered and has not heard. Danger comes before it."""


def unsent(why: str) -> dict[str, Any]:
    """The reason of a conversation whose reply did not leave."""
    return {"rule": UNSENT, "points": UNSENT_POINTS, "text": why}


def without_unsent(found: Iterable[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Stored reasons but for that of a reply that did not leave."""
    return [reason for reason in found or () if reason["rule"] != UNSENT]


def kept(found: Iterable[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Of stored reasons those that stay when the others are found anew."""
    return [reason for reason in found or () if reason["rule"] in (PROMISE, UNSENT)]


def rank(waiting_since: Millis, found: Iterable[dict[str, Any]]) -> Millis:
    """The order of the waiting view: the moment at which the conversation would have scored zero."""
    points: int = sum(reason["points"] for reason in found)
    return waiting_since - points * MINUTE


def score(rank: Millis, now: Millis) -> int:
    """Points plus whole minutes waited."""
    return (now - rank) // MINUTE


def with_waiting(found: Iterable[dict[str, Any]], rank: Millis, now: Millis) -> list[dict[str, Any]]:
    """The reasons of a waiting conversation with the waiting itself, adding up to its score."""
    stored = list(found)
    waited = score(rank, now) - sum(reason["points"] for reason in stored)
    return [*stored, {"rule": "waiting", "points": waited, "text": f"waiting for {waited} minutes"}]


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
