"""Changes of one file wait for each other: whoever waits comes to their turn, or is told that the file is held."""

import threading
from pathlib import Path

import pytest

from tui.store import turns
from tui.store.sqlite import connect, sqlite3


def waiting_ms(connection: object) -> int:
    return int(connection.execute("PRAGMA busy_timeout").fetchone()[0])  # type: ignore[attr-defined]


def test_a_change_waits_for_the_one_before(template: Path) -> None:
    first, second = connect(template), connect(template)
    turns.begin(first, 5_000)
    begun = threading.Thread(target=turns.begin, args=(second, 60_000))
    begun.start()
    first.execute("ROLLBACK")
    begun.join()
    assert second.in_transaction
    assert waiting_ms(second) == 60_000
    second.close()
    first.close()


def test_patience_ends_with_what_sqlite_says(template: Path) -> None:
    first, second = connect(template), connect(template)
    turns.begin(first, 5_000)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turns.begin(second, 20)
    assert waiting_ms(second) == 20
    second.close()
    first.close()


def test_another_error_is_not_waited_for(template: Path) -> None:
    connection = connect(template)
    turns.begin(connection, 60_000)
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        turns.begin(connection, 60_000)
    connection.close()


def test_nobody_is_passed_over_for_ever(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has waited long asks no more seldom than whoever comes: the pauses stay short."""
    pauses: list[float] = []
    first, second = connect(template), connect(template)
    turns.begin(first, 5_000)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 50:
            first.execute("ROLLBACK")

    monkeypatch.setattr(turns.time, "sleep", pause)
    turns.begin(second, 60_000)
    assert len(pauses) == 50
    assert max(pauses) <= turns.LONGEST_S
    second.close()
    first.close()
