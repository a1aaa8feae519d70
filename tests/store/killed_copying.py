"""Copies a desk until so many batches are copied or checked, and is then killed: `backup|restore DESK FILE BATCHES`."""

import os
import signal
import sys
from pathlib import Path

from tui.store import backups
from tui.store.copying import fill
from tui.store.store import Store, home_of


def main() -> None:
    what, location, file, last = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    batches = 0

    def told(_rows: int) -> None:
        nonlocal batches
        batches += 1
        if batches == last:
            os.kill(os.getpid(), signal.SIGKILL)

    home = home_of(location)
    if what == "backup":
        backups.write(home, file, told)
    else:
        with backups.opened(file) as source, Store(home).transaction() as session:
            fill(session, source, told)


if __name__ == "__main__":
    main()
