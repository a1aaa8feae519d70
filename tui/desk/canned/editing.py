"""A canned response while somebody edits it: a Markdown document that knows which version it began as."""

import re
from dataclasses import replace
from difflib import unified_diff

from sqlmodel import Session

from tui.clock import Millis
from tui.desk.canned import library
from tui.desk.canned.formats import markdown
from tui.desk.canned.response import Canned

_VERSION = re.compile(r"^# version (\d{1,9})\b", re.MULTILINE)


def document(canned: Canned) -> str:
    """The response as a document to edit; a comment in it says which version it is of, where it is stored."""
    written = markdown.document(canned)
    return written.replace("---\n", f"---\n# version {canned.version}\n", 1) if canned.id else written


def save(session: Session, text: str, *, canned_id: int | None, agent: str, now: Millis) -> Canned:
    """Store what a document says, as a new response or over the one with this id.

    Misuse with line and cause where it can not be read, Refused as `library.change` does: also where a new one has
    the name of another, and where somebody saved a later version than the document began as.
    """
    canned = markdown.parse(text)
    if canned_id is None:
        return library.add(session, canned, agent=agent, now=now)
    begun = _VERSION.search(text.partition("\n---")[0])
    version = int(begun[1]) if begun else library.by_id(session, canned_id).version
    return library.change(session, replace(canned, id=canned_id, version=version), agent=agent, now=now)


def diff(before: Canned, after: Canned) -> list[str]:
    """What is other in `after`, as the lines of a unified diff of the two documents, without a head."""
    old, new = (markdown.document(one).splitlines() for one in (before, after))
    return list(unified_diff(old, new, lineterm="", n=1))[2:]
