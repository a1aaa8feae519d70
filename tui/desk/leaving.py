"""A text as it leaves: the agent's signature behind it, and on Mastodon the customer's name in front.

The guard, the count, the review and the outbox all look at that text. What was put around it is kept with the reply,
so that a text that comes back is as it was typed.
"""

import re
from collections.abc import Iterator, Mapping

from tui.config import AccountSettings

_TAIL = 200
"""How much of the end of a text is looked through for a signature, beside its own length (characters)."""
_INITIALS_MOST = 4
_SIGNED_INITIALS = rf"[A-Z]{{1,{_INITIALS_MOST}}}"
_ENDING = r"(?:\s+\(?\d{1,2} ?/ ?\d{1,2}\)?)?[\s.!]*\Z"
"""What may stand behind a signature: the mark of a part, a full stop."""
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_ACCT = re.compile(r"\w+(?:[.-]+\w+)*(?:@\w+(?:[.-]+\w+)*)?", re.ASCII)


def as_it_leaves(
    text: str,
    *,
    network: str,
    recipient: str,
    settings: AccountSettings,
    agent: str,
    initials: Mapping[str, str] = {},
) -> str:
    """The final text, public or private; the same again for a text that already is.

    `recipient` is the customer's handle without `@`; `initials` what agents sign with, by name.
    """
    front, back = around(
        text, network=network, recipient=recipient, settings=settings, agent=agent, initials=initials
    )  # fmt: skip
    return put_around(text, (front, back))


def around(
    text: str,
    *,
    network: str,
    recipient: str,
    settings: AccountSettings,
    agent: str,
    initials: Mapping[str, str] = {},
) -> tuple[str, str]:
    """What stands in front of the text and behind it when it leaves; nothing where it has it, or where it is empty."""
    if not text.strip():
        return "", ""
    front = "" if _names(text, recipient) else lead(network, recipient)
    signed = signature(settings, agent, initials)
    if not signed or _is_signed(text, settings, agent, initials):
        return front, ""
    return front, signed if signed[0].isspace() else f" {signed}"


def put_around(text: str, around: tuple[str, str]) -> str:
    """The text with what stands around it."""
    front, back = around
    return f"{front}{text.rstrip()}{back}" if back else front + text


def as_typed(text: str, around: tuple[str, str]) -> str:
    """The text, or what is left of it, without what was put around it."""
    return text.removeprefix(around[0]).removesuffix(around[1])


def lead(network: str, recipient: str) -> str:
    """What each part must begin with so that it reaches them: on Mastodon a post goes to whom it names."""
    return f"@{recipient} " if network == "mastodon" and _ACCT.fullmatch(recipient) else ""


def signature(settings: AccountSettings, agent: str, initials: Mapping[str, str]) -> str:
    """What this agent's replies end with; empty: nothing."""
    values = {"initials": _initials_of(agent, initials), "agent": agent}
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), settings.signature)


def vet(settings: AccountSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with an account's signature: the key, and what is wrong."""
    for name in _PLACEHOLDER.findall(settings.signature):
        if name not in ("initials", "agent"):
            yield "signature", f"has an unknown {{{name}}}; write {{initials}} or {{agent}}"


def _initials_of(agent: str, initials: Mapping[str, str]) -> str:
    """As configured, else the first letters of a name's words, of a single word its first two."""
    for name, letters in initials.items():
        if name.casefold() == agent.casefold():
            return letters
    words = re.findall(r"[^\W_]+", agent)
    letters = "".join(word[0] for word in words) if len(words) > 1 else agent[:2]
    return letters[:_INITIALS_MOST].upper()


def _is_signed(text: str, settings: AccountSettings, agent: str, initials: Mapping[str, str]) -> bool:
    """Whether it ends in a signature of ours: this agent's, or that of anyone here."""
    own = _initials_of(agent, initials)
    one_of = {
        "initials": "|".join([_SIGNED_INITIALS, *(_loosely(known) for known in (own, *initials.values()))]),
        "agent": "|".join(_loosely(name) for name in (agent, *initials)),
    }
    # Between placeholders the template stands as it is: split gives text, name, text, name, …
    pieces = _PLACEHOLDER.split(settings.signature.strip())
    wanted = "".join(
        f"(?:{one_of[piece]})" if place % 2 and piece in one_of else re.escape(piece)
        for place, piece in enumerate(pieces)
    )
    tail = text[-(_TAIL + len(signature(settings, agent, initials))) :]
    return re.search(rf"(?<!\w){wanted}{_ENDING}", tail) is not None


def _loosely(known: str) -> str:
    return f"(?i:{re.escape(known)})"


def _names(text: str, acct: str) -> bool:
    """Whether a text names this account: with its server, where we know that."""
    server = "" if "@" in acct else r"(?:@[\w.-]+)?"
    return re.search(rf"(?<![=/\w])@{re.escape(acct)}{server}(?![\w@-]|\.\w)", text, re.IGNORECASE) is not None
