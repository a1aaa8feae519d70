"""The length of a status as Mastodon counts it (StatusLengthValidator): links, names, emoji, warnings."""

import pytest

from tui.networks.limits import count, split

LINK = 23
DEEP = "https://northline.example.com/" + "delays/" * 60


@pytest.mark.parametrize(
    ("text", "used"),
    [
        # links cost the same, whatever their length
        (DEEP, LINK),
        (f"{DEEP} {DEEP}", 2 * LINK + 1),
        (f"({DEEP})", LINK + 2),
        (f"See {DEEP}.", 4 + LINK + 1),
        (f"{DEEP}\n\n{DEEP}", 2 * LINK + 2),
        ("HTTPS://A.CO", LINK),
        ("http://a.co?x=1&y=2#z", LINK),
        ("https://münchen.example.com", LINK),
        ("www.northline.com", 17),
        ("https://", 8),
        ("https://localhost/x", 19),
        ("ftp://northline.com/x", 21),
        # of somebody elsewhere only the name counts
        ("@a@b.example", 2),
        ("@amandac@social.mastodon.example late", 13),
        ("@amandac@mastodon.example @bob@b.example hello", 8 + 1 + 4 + 6),
        ("@amandac@mastodon.example, hello", 8 + 7),
        (".@amandac@mastodon.example", 9),
        ("@amandac late", 13),
        ("amandac@mastodon.example", 24),
        ("/@amandac@mastodon.example", 26),
        # an emoji is one, whatever it is made of
        ("🚆", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("🇬🇧🇩🇪", 2),
        ("👍🏽", 1),
        ("1️⃣", 1),
        (":northline:", 11),
        # so is whatever a reader takes for one character
        ("é", 1),
        ("e\u0301", 1),
        ("日本語", 3),
        ("नमस्ते", 3),
        ("한국어", 3),
        ("a\r\nb", 3),
    ],
)
def test_what_things_cost(text: str, used: int) -> None:
    assert count(text, "mastodon").used == used


@pytest.mark.parametrize(
    ("text", "warning", "used"),
    [
        ("a" * 10, "injury", 16),
        ("a" * 10, "", 10),
        (f"{DEEP}", "🩸 blood", LINK + 7),
        ("a" * 10, "see https://northline.example", 10 + 29),  # a link in a warning is none
        ("a" * 10, "@amandac@mastodon.example", 10 + 25),
    ],
)
def test_a_warning_counts_with_its_text(text: str, warning: str, used: int) -> None:
    assert count(text, "mastodon", warning=warning).used == used


def test_parts_leave_room_for_the_warning_above_each_and_the_name_in_front() -> None:
    lead, warning = "@amandac@mastodon.example ", "a warning of forty characters or nearly so"
    parts = split(lead + "One sentence follows. " * 60, "mastodon", warning=warning, lead=lead)
    assert len(parts) > 2
    for part in parts:
        assert part.startswith(lead)
        assert count(part, "mastodon", warning=warning).over == 0
        assert len(part) > 200
