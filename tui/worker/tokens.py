"""Where the tokens of this desk lie."""

from pathlib import Path

from tui.config import Config, config_folder, state_folder
from tui.secrets import Secrets


def at_hand(config: Config) -> Secrets:
    """The tokens that this user has: by `[network] tokens_file`, else beside the configuration."""
    given = config.network.tokens_file
    beside = config.path.parent if config.path else config_folder()
    return Secrets(Path(given).expanduser() if given else beside / "tokens.toml", state_folder())
