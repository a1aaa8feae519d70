"""What a canned response can say about the conversation it is for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tui import clock
from tui.clock import Millis
from tui.config import AccountSettings
from tui.desk import hours
from tui.desk.leaving import signature
from tui.store.reader import IncidentRow, PostRow, QueueRow
from tui.text import paste

LONGEST_NAME = 100
LONGEST_WORDING = 2_000
"""Characters of an incident's text."""
_SIGNED = AccountSettings(signature="{initials}")


class Moment(datetime):
    """A wall time in the zone of our hours: by itself the time, with its day where that is another one.

    `date` writes it otherwise: `{{ hours.next_opening | date: '%d.%m. %H:%M' }}`.
    """

    is_today = True

    def __str__(self) -> str:
        return f"{self:%H:%M}" if self.is_today else f"{self:%A} {self.day} {self:%B}, {self:%H:%M}"


def context(
    conversation: QueueRow,
    agent: str,
    now: Millis,
    *,
    incident: IncidentRow | None = None,
    shift_started: Millis | None = None,
    settings: AccountSettings | None = None,
    posts: Sequence[PostRow] = (),
    initials: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Variables by group and name; what is not known is None, which leaves a blank.

    `customer.handle` stands without `@`, as networks give it (a body says `@{{ customer.handle }}`);
    `account.handle` keeps its `@`. Ages are such as `3m`. `settings` are those of the handle, for its hours and zone
    (the first look at holidays loads them, 30 ms); `posts` the thread; `initials` what agents sign with, as
    configured.
    """
    since = conversation.waiting_since if conversation.waiting_since is not None else conversation.customer_at
    account = conversation.account
    return {
        "customer": _person(conversation.name)
        | {
            "handle": _shown(conversation.handle),
            "followers": conversation.followers,
            "language": language_of(conversation, posts) or None,
        },
        "account": {
            "handle": account,
            "name": account and account.removeprefix("@"),
            "network": conversation.network,
        },
        "agent": _person(agent) | {"initials": signature(_SIGNED, agent, initials or {}) or None},
        "conversation": {
            "id": conversation.id,
            "network": conversation.network,
            "age": clock.age(now - since),
            "tags": [tag for tag in map(_shown, conversation.tags) if tag],
            "posts": len(posts) or None,
        },
        "incident": _incident(conversation, incident, now),
        "shift": _shift(shift_started, settings or AccountSettings(), now),
        "hours": _hours(settings, now),
    }


def language_of(conversation: QueueRow, posts: Sequence[PostRow]) -> str:
    """The language (BCP 47) of the customer's newest word that has one; empty where none has."""
    written = (post.lang for post in reversed(posts) if post.author_id == conversation.author_id)
    return next((language for language in written if language), "")


def _person(name: str) -> dict[str, Any]:
    parts = (_shown(name) or "").split()
    return {
        "name": " ".join(parts) or None,
        "first_name": parts[0] if parts else None,
        "last_name": parts[-1] if len(parts) > 1 else None,
    }


def _incident(conversation: QueueRow, incident: IncidentRow | None, now: Millis) -> dict[str, Any]:
    """The one the conversation is linked to; of that only the name, where it was not read."""
    if incident is None:
        return {"name": _shown(conversation.incident or ""), "text": None, "age": None}
    return {
        "name": _shown(incident.name),
        "text": paste(incident.text, LONGEST_WORDING)[0].strip() or None,
        "age": clock.age(now - incident.updated_at),
    }


def _shift(started: Millis | None, settings: AccountSettings, now: Millis) -> dict[str, Any]:
    if started is None:
        return {"started": None, "age": None}
    return {"started": _moment(settings, started, now), "age": clock.age(now - started)}


def _hours(settings: AccountSettings | None, now: Millis) -> dict[str, Any]:
    """Whether we are open, and when next where we are not; where no hours are set we always are."""
    if settings is None:
        return {"open": None, "next_opening": None, "text": None}
    if not settings.hours:
        return {"open": True, "next_opening": None, "text": None}
    opens = hours.next_opening(settings, now)
    is_open = opens == now
    later = opens is not None and not is_open
    return {
        "open": is_open,
        "next_opening": _moment(settings, opens, now) if later and opens is not None else None,
        "text": settings.hours,
    }


def _moment(settings: AccountSettings, at: Millis, now: Millis) -> Moment:
    wall = hours.at(settings, at)
    made = Moment.combine(wall.date(), wall.timetz())
    made.is_today = wall.date() == hours.at(settings, now).date()
    return made


def _shown(text: str) -> str | None:
    """A name as it may go out to its customer: nothing invisible, on one row."""
    return " ".join(paste(text, LONGEST_NAME)[0].split()) or None
