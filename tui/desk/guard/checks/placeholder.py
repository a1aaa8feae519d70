"""`placeholder`."""

import re

from tui.desk.canned.render import blanks_in
from tui.desk.guard.alike import HANDLE, LINK
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import EXAMPLES, excerpt, whole

_UNRENDERED = re.compile(r"\{\{[^{}\n]{0,60}(?:\}\})?|\{%[^{}\n]{0,60}(?:%\})?|\}\}|%\}")
_STAND_IN = re.compile(
    r"(?<!\w)X{2,}(?:h(?:X{2,})?)?(?!\w)"  # XX, and a time as the French write it
    r"|\[(?!(?:[A-Z]{2}|(?i:update|info|news|edit))\])"  # [EN] and [Update] are labels
    r"[^\W\d_][\w .,'’\-]{1,40}\](?!\()"  # [name], but not a Markdown link
    r"|(?<!\{)\{[^\W\d_][\w .\-]{1,40}\}(?!\})"
    r"|<[^\W\d_][\w .\-]{1,40}>"
)


def placeholder(case: Case) -> Finding | None:
    """Something that should have been filled in: certain for blanks and templates, a guess for `XX` and `[name]`."""
    holes = [blank.name for blank in blanks_in(case.text)] + _UNRENDERED.findall(case.text)
    certain = bool(holes)
    if not certain:
        holes = _STAND_IN.findall(HANDLE.sub(" ", LINK.sub(" ", case.text)))
    if not holes:
        return None
    shown = [excerpt(hole) if hole else "a blank" for hole in dict.fromkeys(holes[:100])][:EXAMPLES]
    verb = "is" if len(holes) == 1 else "are"
    words = f"{', '.join(shown)} {verb} not filled in." if certain else f"{', '.join(shown)} may wait to be filled in."
    evidence = {
        "count": len(holes),
        "found": [whole(hole) for hole in holes[:10]],
        "certain": certain,
        "arithmetic": f"{len(holes)} {'certain' if certain else 'likely'}, 0 may be left",
    }
    return Finding("placeholder", "stop", words, evidence, asks="" if certain else REASON)
