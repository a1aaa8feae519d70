"""Takes in one post after the other into a desk, each with a note, until it is killed; says a word at its first."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from making import NOW, post, take_into  # noqa: E402

from tui.desk import notes  # noqa: E402
from tui.store.store import Store, home_of  # noqa: E402


def main() -> None:
    store = Store(home_of(sys.argv[1]))
    number = 0
    while True:
        number += 1
        with store.transaction() as session:
            take_into(session, post(str(number), author=f"a{number}"))
            notes.add(session, number, words="seen", agent="ana", now=NOW, groups={})
        if number == 1:
            print("at work", flush=True)


if __name__ == "__main__":
    main()
