"""What a canned response can say about the conversation it is for."""

from typing import Any

from tui import clock
from tui.clock import Millis
from tui.store.reader import QueueRow
from tui.text import paste

LONGEST_NAME = 100


def context(conversation: QueueRow, agent: str, now: Millis) -> dict[str, dict[str, Any]]:
    """Variables by group and name; what is not known is None, which leaves a blank.

    `customer.handle` stands without `@`, as networks give it (a body says `@{{ customer.handle }}`);
    `account.handle` keeps its `@`. `conversation.age` is how long they have waited, such as `3m`.
    """
    since = conversation.waiting_since if conversation.waiting_since is not None else conversation.customer_at
    account = conversation.account
    return {
        "customer": _person(conversation.name) | {"handle": _shown(conversation.handle)},
        "account": {
            "handle": account,
            "name": account and account.removeprefix("@"),
            "network": conversation.network,
        },
        "agent": _person(agent),
        "conversation": {
            "id": conversation.id,
            "network": conversation.network,
            "age": clock.age(now - since),
        },
    }


def _person(name: str) -> dict[str, Any]:
    parts = (_shown(name) or "").split()
    return {
        "name": " ".join(parts) or None,
        "first_name": parts[0] if parts else None,
        "last_name": parts[-1] if len(parts) > 1 else None,
    }


def _shown(text: str) -> str | None:
    """A name as it may go out to its customer: nothing invisible, on one row."""
    return " ".join(paste(text, LONGEST_NAME)[0].split()) or None
