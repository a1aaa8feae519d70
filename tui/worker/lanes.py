"""Which lanes a worker here has: the local one, and two for each account whose tokens are at hand."""

from pathlib import Path

from tui.config import Config
from tui.networks.files import Files
from tui.store.store import Store
from tui.worker.local import Local
from tui.worker.run import Lane


def lanes(store: Store, config: Config, folder: Path) -> list[Lane]:
    """The local lane, whose replies go into files in `folder`."""
    return [Local(store, config, Files(folder))]
