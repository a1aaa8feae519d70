"""How right the guard is about the table of made cases: `python tests/bench/bench_guard_cases.py`.

Per check: the cases in which it should speak, those in which it did, what it missed, where it spoke in vain (the
wrong verdict is both), precision and recall. Known misses count as errors.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "desk" / "guard"))

from cases import CHECKS, Made, table

from tui.desk.guard import examine


@dataclass(slots=True)
class Count:
    """Of one check, or of all together."""

    should: int = 0
    right: int = 0
    missed: int = 0
    wrong: int = 0

    def row(self, name: str) -> str:
        """A line of the printed table."""
        return (
            f"{name:18} {self.should:6} {self.right:6} {self.missed:6} {self.wrong:6}"
            f"   {_share(self.right, self.right + self.wrong):>9}   {_share(self.right, self.should):>6}"
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def tally(cases: Iterable[Made]) -> tuple[dict[str, Count], list[str]]:
    """The counts per check, and a line for each case in which the guard said otherwise."""
    counts = {check: Count() for check in CHECKS}
    otherwise = []
    for made in cases:
        found = {finding.check: finding.verdict for finding in examine(made.case)}
        for check in made.says.keys() | found.keys():
            count = counts.setdefault(check, Count())
            due, said = made.says.get(check), found.get(check)
            count.should += due is not None
            count.right += due == said
            count.missed += due is not None and due != said
            count.wrong += said is not None and due != said
        if found != made.says:
            otherwise.append(f"{made.id}: due {made.says or 'silence'}, said {found or 'nothing'}")
    return counts, otherwise


def main() -> None:
    """Print a line a check, one for all, and one for each case that came out otherwise."""
    cases = table()
    counts, otherwise = tally(cases)
    print(f"{'check':18} {'should':>6} {'right':>6} {'missed':>6} {'wrong':>6}   {'precision':>9}   {'recall':>6}")
    for check, count in counts.items():
        print(count.row(check))
    every = Count(*(sum(getattr(count, name) for count in counts.values()) for name in Count.__slots__))
    print(every.row("all"))
    silent = sum(not made.says for made in cases)
    print(f"{len(cases)} cases, {silent} of them silent; {len(otherwise)} came out otherwise")
    print(*otherwise, sep="\n", end="\n" if otherwise else "")


if __name__ == "__main__":
    main()
