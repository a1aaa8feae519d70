"""`wrong-account`."""

from collections.abc import Iterable, Set
from typing import NamedTuple

from tui.desk.freshness import account_name, opening_handles
from tui.desk.guard.case import REASON, Case, Finding
from tui.desk.guard.telling import at


class _Switch(NamedTuple):
    """What the thread pins, and what this reply does instead."""

    pinned: str
    other: str
    words: str


def wrong_account(case: Case) -> Finding | None:
    """The thread pins our handle and the recipient; another one must be typed."""
    switches = [switch for switch in (_sender(case), _recipient(case)) if switch is not None]
    if not switches:
        return None
    evidence = {
        "pinned": [switch.pinned for switch in switches],
        "other": [switch.other for switch in switches],
        "arithmetic": "; ".join(f"this thread {switch.pinned}, this reply {switch.other}" for switch in switches),
    }
    words = " ".join(switch.words for switch in switches)
    other = switches[0].other
    # What is cut short or in another script cannot be typed as it is shown.
    return Finding("wrong-account", "stop", words, evidence, asks=other if other.isascii() else REASON)


def _sender(case: Case) -> _Switch | None:
    """Our newest post in the thread pins the handle, else the account it reached does."""
    leaves_from = case.leaves_from
    newest = max(
        (post for post in case.posts if post.ours and not post.deleted and post.kind != "repost"),
        key=lambda post: post.created_at,
        default=None,
    )
    pinned = newest.handle if newest else case.conversation.account
    if leaves_from is None or pinned is None or _is_one_of(leaves_from, _names([pinned])):
        return None
    here, other, customer = at(pinned), at(leaves_from), at(case.conversation.handle)
    since = f"{here} speaks with {customer} here" if newest else f"This thread reached {here}"
    return _Switch(here, other, f"{since}; this reply would leave from {other}.")


def _recipient(case: Case) -> _Switch | None:
    """It opens with handles of nobody who wrote here, or answers a post that is not the customer's."""
    customer, target = case.conversation.handle, case.target
    opening = opening_handles(case.text.removeprefix(case.made_of.around[0]))
    names = _names([customer, *(post.handle for post in case.posts if post.kind != "repost")])
    if opening and not any(_is_one_of(handle, names) for handle in opening):
        other, does = at(opening[0]), "opens with"
    elif target is not None and not target.ours and target.author_id != case.conversation.author_id:
        other, does = at(target.handle), "would answer"
    else:
        return None
    return _Switch(at(customer), other, f"This thread is with {at(customer)}; this reply {does} {other}.")


def _names(handles: Iterable[str]) -> frozenset[str]:
    return frozenset(map(account_name, handles))


def _is_one_of(handle: str, names: Set[str]) -> bool:
    """Whether a handle is among names; of Mastodon's name@domain the name alone may be written, on either side."""
    whole = account_name(handle)
    name, at_sign, _ = whole.partition("@")
    return whole in names or name in names or (not at_sign and any(known.startswith(f"{name}@") for known in names))
