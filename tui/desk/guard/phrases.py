"""Lists of phrases by language, which checks look for and offer; a team may replace each."""

from dataclasses import dataclass

from tui.config import Config


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is looked for and offered."""


def known(config: Config) -> Phrases:
    """The shipped lists, with those of the `words` folder beside the configuration in their place."""
    return Phrases()
