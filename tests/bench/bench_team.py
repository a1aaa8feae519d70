"""Eight real desks in ptys on one database during an import: how soon each is right, a cursor key, memory.

Run: uv run python tests/bench/bench_team.py [--desks N] [--rate N] [--seconds N] [--postgres]
Prints how long after a commit every desk showed it (the goal is one second), the cursor key of one desk beside the
same key before the import, and the memory of an agent. The desks run on the machine that measures; `noise_pct` is how
much of the time something waited for a CPU there.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from pressure import Noise

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "faults")]

import team  # noqa: E402
from bench_claims import homes  # noqa: E402

from tui.store.store import Store, home_of  # noqa: E402

KEYS = 40


def keys(seats: list[team.Seat], seat: team.Seat, *, until: "team.Import | None" = None) -> list[float]:
    """Milliseconds of a cursor key, down and up again, KEYS times or to the end of the import."""
    took: list[float] = []
    while (len(took) < KEYS) if until is None else not until.over():
        took += [team.move(seats, seat, key) for key in (b"j", b"j", b"k", b"k")]
        team.listen(seats, lambda: False, 0.05)
    return took


def spread(name: str, values: list[float], more: str = "") -> None:
    """One line of the table."""
    parts = statistics.quantiles(values, n=100)
    print(f"{name:<34}p50 {parts[49]:8.1f}  p95 {parts[94]:8.1f}  longest {max(values):8.1f} ms   {more}", flush=True)


def memory(seat: team.Seat) -> float:
    """Megabytes of one desk, what it shares with others in parts (PSS, Linux)."""
    told = Path(f"/proc/{seat.pid}/smaps_rollup").read_text()
    return int(told.split("Pss:")[1].split()[0]) / 1024


def bench(store: Store, desks: int, rate: int, seconds: int, home: Path) -> None:
    """All figures of one desk."""
    team.fill(store, 1_000)
    with team.seated(store, desks, home) as seats:
        team.listen(seats, lambda: False, 2)
        noise = Noise()
        quiet = keys(seats, seats[0])
        spread("cursor key, nothing comes in", quiet, str(noise))
        feed = team.Import(store, rate, seconds)
        team.listen(seats, lambda: bool(seats[0].seen[1:]), 10)
        noise = Noise()
        busy = keys(seats, seats[0], until=feed)
        ratio = statistics.quantiles(busy, n=20)[-1] / statistics.quantiles(quiet, n=20)[-1]
        spread(f"cursor key, {rate} posts a second", busy, f"p95 {ratio:.2f} of the quiet one   {noise}")
        commits = feed.commits()
        team.listen(seats, lambda: all(seat.seen[-1][1] == commits[-1][1] for seat in seats), 20)
        late = [one for seat in seats for one in team.delays(seat, commits)]
        spread(
            "a commit until a desk shows it", late, f"{sum(one <= 1_000 for one in late) / len(late):.1%} within 1 s"
        )
        wrong = [said for seat in seats if (said := team.wrong(seat, store))]
        print(f"{'desks that are wrong at the end':<34}{len(wrong)} of {desks} {wrong}")
        sizes = [memory(seat) for seat in seats]
        print(f"{'memory of an agent (PSS)':<34}median {statistics.median(sizes):.1f}, most {max(sizes):.1f} MB")


def main() -> None:
    """Print one line a figure."""
    options = argparse.ArgumentParser(description="A team on one desk")
    options.add_argument("--desks", type=int, default=8)
    options.add_argument("--rate", type=int, default=200)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--postgres", action="store_true")
    given = options.parse_args()
    kind = "postgresql" if given.postgres else "wal"
    with tempfile.TemporaryDirectory() as home, homes() as made:
        store = Store(home_of(made(kind, 0)))
        store.prepare()
        print(f"{given.desks} desks on {kind}, {given.rate} posts a second for {given.seconds} s")
        bench(store, given.desks, given.rate, given.seconds, Path(home))
        store.close()


if __name__ == "__main__":
    main()
