"""HTML of other desks and servers as the text a person would write, and text as such HTML."""

import html
import re

_BLOCKS = "p|div|ul|ol|li|h[1-6]|tr|table|blockquote"
_HIDDEN = re.compile(r"<(style|script)\b[^<>]*>[^<]*</\1\s*>|<!--[^<>]*-->", re.IGNORECASE)
_LINK = re.compile(
    r"""<a\s[^<>]{0,300}?\bhref\s?=\s?["']([^"'<>]{1,2000})["'][^<>]{0,300}>([^<>]*)</a\s*>""", re.IGNORECASE
)
_BREAK = re.compile(r"<\s*br\s*/?>", re.IGNORECASE)
_ITEM = re.compile(r"<\s*li\b[^<>]*>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?\s*(?:{_BLOCKS})\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_KEPT_SPACE = re.compile("^ | $|(?<= ) ")
_PARTS = re.compile("([\n\r])")


def text_of(source: str) -> str:
    """What a reader sees of HTML: a block stands on lines of its own, a link has its address behind it.

    Text without any tag is only unescaped. It takes time by its length.
    """
    if not _TAG.search(source):
        return _unescaped(source).strip()
    flat = _LINK.sub(_link, _HIDDEN.sub("", _SPACES.sub(" ", source)))
    flat = _BLOCK.sub("\r", _ITEM.sub("\r- ", _BREAK.sub("\n", flat)))
    rows = [""]
    for part in _PARTS.split(_TAG.sub("", flat)):
        if part == "\n" or (part == "\r" and rows[-1].strip(" ")):
            rows.append("")
        elif part != "\r":
            rows[-1] += part
    return _unescaped("\n".join(row.strip(" ") for row in rows).strip("\n "))


def html_of(text: str) -> str:
    """A text as an editor for mail would write it, a block a line; `text_of` gives it back."""
    return "".join(f"<div>{_row(line) or '<br>'}</div>" for line in text.split("\n"))


def _row(line: str) -> str:
    escaped = _KEPT_SPACE.sub("\r", line)
    return html.escape(escaped, quote=False).replace("\r", "&nbsp;").replace("\t", "&#9;").replace("\f", "&#12;")


def _link(found: "re.Match[str]") -> str:
    address, label = found[1].strip(), found[2].strip()
    return label if not label or address in (label, f"mailto:{label}") else f"{label} ({address})"


def _unescaped(text: str) -> str:
    """Editors write the spaces they want to keep as `&nbsp;`."""
    return html.unescape(text.replace("&nbsp;", " "))
