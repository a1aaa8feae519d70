"""The HTML of a status as the text its author wrote."""

import html
import re
from collections.abc import Iterator, Mapping

from tui.hypertext import text_of

# No status has nested links. Looked for tag by tag, so that a thousand that are never closed cost no more than one.
_ANCHOR = re.compile(r"<(/?)a(?:\s([^<>]*))?>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_NEXT_PARAGRAPH = re.compile(r"</p\s*>\s*(?=<p\b)", re.IGNORECASE)
# What servers with quotes put into a status for those without: the quoted post comes along by itself.
_QUOTE_INLINE = re.compile(
    r"""<(p|span)\sclass=["']quote-inline["']>[^<>]*(?:<[^<>]*>[^<>]*){0,12}?</\1>""", re.IGNORECASE
)
_WEB = ("http://", "https://")
_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


def words_of(content: str, mentions: Mapping[str, str]) -> str:
    """The text of a status: links whole, each mention as `@name@host`, paragraphs a blank line apart.

    `mentions` are the accounts it mentions: who it is (`name@host`) by the address of the profile, and by what may
    stand behind the `@` in its text. A link that shows something else than where it leads has its address behind it.
    """
    flat = "".join(_flattened(_QUOTE_INLINE.sub("", content), mentions))
    return text_of(_NEXT_PARAGRAPH.sub("</p><br>", flat))


def _flattened(content: str, mentions: Mapping[str, str]) -> Iterator[str]:
    """The same HTML with plain text in the place of each link."""
    at, opened = 0, None
    for tag in _ANCHOR.finditer(content):
        if opened is None and not tag[1]:
            yield content[at : tag.start()]
            opened, at = tag, tag.end()
        elif opened is not None and tag[1]:
            href = _HREF.search(opened[2] or "")
            address = html.unescape(href[1] or href[2] or "").strip() if href else ""
            label = " ".join(text_of(content[at : tag.start()]).split())
            yield html.escape(_link(label, address, mentions))
            opened, at = None, tag.end()
    yield content[at:]


def _link(label: str, address: str, mentions: Mapping[str, str]) -> str:
    if label.startswith("@"):
        who = mentions.get(address) or mentions.get(label[1:].casefold())
        if who:
            return f"@{who}"
    if label.startswith("#") or not address.lower().startswith(_WEB):
        return label
    shown = _SCHEME.sub("", label.removesuffix("…").removesuffix("...")).rstrip("/")
    is_it = not label or ("." in shown and _SCHEME.sub("", address).startswith(shown))
    return address if is_it else f"{label} ({address})"
