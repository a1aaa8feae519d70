"""Weighted lengths on X: the public conformance cases, and cases of our own with what each configuration says.

Of the 44 conformance cases 42 are of twitter-text's configuration version 3 (or the same in both), which is what X
counts by. Two belong to version 2, which counted every emoji of a joined sequence for itself; the same two texts stand
in the file a second time with their length under version 3.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tui.networks.limits import count

CASES = Path(__file__).parents[3] / "shared/data/x-length-cases.yml"
FAMILY, SINGER = "👨\u200d👩\u200d👧\u200d👦", "🙋🏽👨\u200d🎤"
OLDER = {
    "Count a mix of single byte single word, and double word unicode characters": (f"H🐱☺{FAMILY}", 16, 7),
    "Count unicode emoji chars outside the basic multilingual plane with skin tone modifiers": (SINGER, 9, 4),
}
"""By what the case is called: its text, its length in version 2, and in version 3."""
OURS = [
    ("", 0),
    ("Sorry!", 6),
    ("Hi http://test.co", 26),
    ("http://a.co", 23),
    ("https://northline.example.com/a https://northline.example.com/b", 47),
    ("故人西辞黄鹤楼", 14),
    ("the故人", 7),
    ("A\u0301B", 2),
    ("😷👾😡🔥💩", 10),
    (FAMILY * 10, 20),
    ("1\u20e3", 2),
    ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
    ("randomurlrandomurlrandomurlrandomurlrandomurlrandomurlrandomurls.com", 68),
    ("\u2066\u202ahttp://foobar.پاکستان/\u202c\u2069", 31),
    ("ABC\u202a\uffffABC\ufffe", 12),
]


def conformance() -> list[tuple[str, dict[str, Any]]]:
    """The weighted cases of the file; none where it is not there."""
    if not CASES.exists():
        return []
    groups = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    return [(name, case) for name, cases in groups.items() for case in cases if isinstance(case["expected"], dict)]


@pytest.mark.parametrize(("text", "length"), [*OURS, *((text, length) for text, _, length in OLDER.values())])
def test_a_text_weighs_what_x_says(text: str, length: int) -> None:
    assert count(text, "x").used == length


def test_all_conformance_cases_but_two_of_the_older_configuration() -> None:
    cases = conformance()
    assert len(cases) in (0, 44)
    older = {}
    for group, case in cases:
        used, expected = count(case["text"], "x").used, case["expected"]["weightedLength"]
        if used != expected:
            assert group == "WeightedTweetsCounterTest"
            older[case["description"]] = (case["text"], expected, used)
    assert older == (OLDER if cases else {})
