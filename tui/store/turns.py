"""How changes of a SQLite file wait for each other."""

import random
import time
from typing import Any

FIRST_S = 0.0005
LONGEST_S = 0.003
"""Between two tries (s): shorter ones take the CPU from whoever has the turn, with longer ones some wait too long."""


def begin(connection: Any, patience_ms: int) -> None:
    """Begin a change as soon as nobody else is at one. Raises what SQLite raises when patience is over.

    SQLite's own waiting asks ever more seldom, in the end each 100 ms: among many who write, whoever has just come
    passes whoever has waited, sometimes for as long as their patience. Here all ask about as often, and each has their
    turn after about as many others as wait.
    """
    until, pause = time.monotonic() + patience_ms / 1_000, FIRST_S
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _begun(connection, is_last=time.monotonic() >= until):
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311  so that no two keep step
            pause = min(2 * pause, LONGEST_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")


def _begun(connection: Any, *, is_last: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except Exception as error:  # of whichever of the two libraries
        if is_last or "locked" not in str(error):
            raise
        return False
    return True
