"""Canned responses as Chatwoot's API lists them: `[{"short_code", "content"}]`, or the same under `payload`.

A short code is the name and the shortcut here. A response goes back under its shortcut, where it is the only one with
that, else under its name.

https://developers.chatwoot.com/api-reference/canned-responses/list-all-canned-responses-in-an-account
"""

from collections.abc import Mapping
from typing import Any

from tui.desk.canned.formats.entry import Reading, understood
from tui.desk.canned.formats.variables import renamed, strange, turned, unlocked
from tui.desk.canned.response import Canned

TITLE = "Chatwoot"

VARIABLES = {
    "contact.first_name": "customer.first_name",
    "contact.last_name": "customer.last_name",
    "contact.name": "customer.name",
    "conversation.display_id": "conversation.id",
    "conversation.id": "conversation.id",
    "inbox.name": "account.handle",
}
_SAME = ("agent.name", "agent.first_name", "agent.last_name")


def reading(response: Mapping[str, Any]) -> Reading:
    """A canned response of Chatwoot as ours."""
    body = response.get("content")
    code = response.get("short_code")
    return understood(
        {"name": code, "shortcut": code, "body": renamed(body, VARIABLES) if isinstance(body, str) else body}
    )


def entries(library: list[Canned]) -> list[dict[str, Any]]:
    """A canned response of Chatwoot for each of ours; no two have one short code."""
    taken = {canned.name for canned in library}
    found = []
    for canned in library:
        code = canned.shortcut if canned.shortcut and canned.shortcut not in taken else canned.name
        taken.add(code)
        body = canned.body if canned.plain else renamed(unlocked(canned.body), turned(VARIABLES))
        found.append({"short_code": code, "content": body})
    return found


def document(library: list[Canned]) -> list[dict[str, Any]]:
    """The list as the API gives it."""
    return entries(library)


def unknown(canned: Canned) -> list[str]:
    """What stands in the text and says nothing in Chatwoot."""
    return strange(canned.body, {*VARIABLES.values(), *_SAME})
