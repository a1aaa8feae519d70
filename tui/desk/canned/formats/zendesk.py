"""Macros as Zendesk's API lists them: `{"macros": [{"title", "actions": [{"field", "value"}], …}]}`.

    title                               name, with its `Category::` in front
    comment_value, comment_value_html   body
    current_tags, set_tags              actions that tag; the tags of a response that is new here, too
    status solved                       the action that resolves
    restriction to a user               scope agent
    active                              approved

https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/
"""

from collections.abc import Mapping
from typing import Any

from tui.desk.canned.formats.entry import Entry, Reading, Unfit, understood
from tui.desk.canned.formats.hypertext import text_of
from tui.desk.canned.formats.variables import renamed, strange, turned, unlocked
from tui.desk.canned.response import Canned

TITLE = "Zendesk"

VARIABLES = {
    "ticket.requester.first_name": "customer.first_name",
    "ticket.requester.last_name": "customer.last_name",
    "ticket.requester.name": "customer.name",
    "ticket.assignee.first_name": "agent.first_name",
    "ticket.assignee.last_name": "agent.last_name",
    "ticket.assignee.name": "agent.name",
    "current_user.first_name": "agent.first_name",
    "current_user.last_name": "agent.last_name",
    "current_user.name": "agent.name",
    "ticket.id": "conversation.id",
    "ticket.account": "account.name",
}

RESOLVED = "solved"
"""The reason of a `status` of solved; Zendesk has none."""

_HELD = ("comment_value", "comment_value_html", "current_tags", "set_tags", "comment_mode_is_public")


def reading(macro: Mapping[str, Any]) -> Reading:
    """A macro as a response. Raises Unfit where it writes no reply to a customer."""
    actions = _actions(macro)
    body = _comment(actions)
    if str(actions.get("comment_mode_is_public", True)).lower() == "false":
        raise Unfit("the macro writes an internal note, no reply")
    tags = _tags(actions.get("current_tags")) + _tags(actions.get("set_tags"))
    solved = actions.get("status") == "solved"
    restriction = macro.get("restriction")
    own = isinstance(restriction, Mapping) and restriction.get("type") == "User"
    entry: Entry = {
        "name": macro.get("title"),
        "body": renamed(body, VARIABLES),
        "tags": tags,
        "scope": "agent" if own else "team",
        "approved": macro.get("active"),
        "actions": [{"tag": tag} for tag in tags] + ([{"resolve": RESOLVED}] if solved else []),
    }
    return understood(entry, _left(macro, actions, restricted=bool(restriction) and not own))


def entries(library: list[Canned]) -> list[dict[str, Any]]:
    """A macro for each response."""
    return [_macro(canned) for canned in library]


def document(library: list[Canned]) -> dict[str, Any]:
    """The macros as a page of the API."""
    return {"macros": entries(library), "count": len(library)}


def unknown(canned: Canned) -> list[str]:
    """What stands in the text and says nothing in Zendesk."""
    return strange(canned.body, VARIABLES.values())


def _macro(canned: Canned) -> dict[str, Any]:
    body = canned.body if canned.plain else renamed(unlocked(canned.body), turned(VARIABLES))
    actions = [{"field": "comment_value", "value": body}]
    tags = [action.text for action in canned.actions if action.do == "tag"]
    if tags:
        actions.append({"field": "current_tags", "value": " ".join("_".join(tag.split()) for tag in tags)})
    if any(action.do == "resolve" for action in canned.actions):
        actions.append({"field": "status", "value": "solved"})
    return {
        "title": canned.name,
        "active": canned.approved,
        "description": None,
        "restriction": {"type": "User"} if canned.scope == "agent" else None,
        "actions": actions,
    }


def _actions(macro: Mapping[str, Any]) -> dict[str, Any]:
    """The first value of each field; a comment may stand once for each channel."""
    actions = macro.get("actions")
    found: dict[str, Any] = {}
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, Mapping) and isinstance(action.get("field"), str):
            found.setdefault(action["field"], action.get("value"))
    return found


def _comment(actions: Mapping[str, Any]) -> str:
    body = _last_text(actions.get("comment_value")) or text_of(_last_text(actions.get("comment_value_html")))
    if not body:
        raise Unfit("the macro writes no comment")
    return body


def _last_text(value: Any) -> str:
    """A comment stands alone, or after its channel: `["channel:all", "text"]`."""
    if isinstance(value, list) and value:
        value = value[-1]
    return value if isinstance(value, str) else ""


def _tags(value: Any) -> list[str]:
    """Tags of Zendesk have no spaces; they stand in one text, or in a list."""
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(words, list | None) or not all(isinstance(word, str) for word in words or ()):
        raise Unfit("tags are neither text nor a list of texts", "tags")
    return list(dict.fromkeys(words or ()))


def _left(macro: Mapping[str, Any], actions: Mapping[str, Any], *, restricted: bool) -> list[str]:
    """What a response can not hold of the macro."""
    left = [name for name in actions if name not in _HELD and not (name == "status" and actions[name] == "solved")]
    told = [f"left out, as a response has no such action: {', '.join(left)}"] if left else []
    if actions.get("set_tags"):
        told.append("set_tags replaces the tags of a ticket; here they are added to those of the conversation")
    files = macro.get("attachments")
    if isinstance(files, list) and files:
        names = [
            str(one.get("filename") or one.get("id") or one) if isinstance(one, Mapping) else str(one) for one in files
        ]
        told.append(f"left out, as a response has no files: {', '.join(names)}")
    comments = macro.get("actions")
    again = (
        [one for one in comments if isinstance(one, Mapping) and one.get("field") == "comment_value"]
        if isinstance(comments, list)
        else []
    )
    if len(again) > 1:
        told.append("of its comments for several channels the first is kept")
    if restricted:
        told.append("it is for a group in Zendesk; here it is for the whole team")
    return told
