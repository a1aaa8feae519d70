"""Tokens are shown nowhere: who reads one says so here, and who writes a log asks for the text without them."""

import re
from collections.abc import Mapping

SHORTEST = 8
"""Characters from which on a token is looked for by itself; a shorter one would tear ordinary words apart."""
INSTEAD = "…hidden…"
TOKENS_VARIABLE = "SHIFTDESK_TOKENS_"
"""How the variables begin that hold the tokens of an account."""
SECRET_VARIABLES = frozenset({"SHIFTDESK_X_CLIENT_SECRET", "CREDENTIALS_DIRECTORY"})
"""Others that hold something secret, or lead there."""

_known: set[str] = set()
_NAMED = re.compile(
    r"(?i)((?:(?:token|secret|passw(?:or)?d|verifier|authorization)[\"']?\s{0,3}[=:]|code=)"
    r"\s{0,3}[\"']?(?:(?:bearer|basic|dpop)\s{1,3})?)[^\s\"'&,;<>]{4,}"
)
"""What stands behind such a name, in a URL, a header, a form or JSON."""
_SCHEME = re.compile(r"(?i)\b((?:bearer|basic|dpop)[\s=:]{1,3})[^\s\"'&,;<>]{12,}")


def remember(token: str) -> None:
    """From now on no log of this process holds it."""
    if len(token) >= SHORTEST:
        _known.add(token)


def without_tokens(text: str) -> str:
    """The text, with a mark in place of what was remembered and of what stands behind a name such as `token=`."""
    for token in sorted(_known, key=len, reverse=True):
        text = text.replace(token, INSTEAD)
    return _SCHEME.sub(rf"\1{INSTEAD}", _NAMED.sub(rf"\1{INSTEAD}", text))


def for_others(environment: Mapping[str, str]) -> dict[str, str]:
    """What another program, such as an agent's editor, gets of our environment: all but the secrets."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(TOKENS_VARIABLE) and name not in SECRET_VARIABLES
    }
