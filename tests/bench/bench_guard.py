"""How long the guard takes: `python tests/bench/bench_guard.py`. Goal: 50 ms for 40 kB, 30 ms for 5,000 posts."""

import random
import time
from dataclasses import replace

from tui.clock import HOUR
from tui.config import AccountSettings
from tui.desk import guard
from tui.store.reader import PostRow, QueueRow, SentText

NOW = 1_790_000_000_000
WORDS = """sorry train delayed we are looking into it please send us your booking number and the station 5 o'clock
@northline https://northline.example/help refund [name] {{ XX platform.closed مرحبا 列車 😀 ^AB"""
HANDED_OVER = 200, 500
"""What the reader hands over at most: texts this person got, texts this handle sent."""


def text(size: int, seed: int) -> str:
    """Words, handles and links of about `size` characters."""
    draw = random.Random(seed)
    chosen: list[str] = []
    while sum(map(len, chosen)) + len(chosen) < size:
        chosen += draw.choices(WORDS.split(), k=max(size // 40, 1))
    return " ".join(chosen)[:size]


def post(number: int, words: str) -> PostRow:
    """Every third is ours."""
    ours = number % 3 == 2
    at = NOW - 30 * HOUR + number
    return PostRow(
        number, "x", str(number), 1 if ours else 2, "northline" if ours else "amandac", "", "post", words, at, at,
        None, None, None, 0, 0, [], "en", False, ours, "direct", True, 0, 1,
    )  # fmt: skip


def case(words: str, posts: int, sent: tuple[int, int] = (0, 0), network: str = "mastodon") -> guard.Case:
    """A thread of so many posts, and so many texts sent before, all different."""
    thread = tuple(post(number, text(280, number)) for number in range(posts))
    conversation = QueueRow(
        1, network, "@northline", 2, "9", "amandac", "Amanda C", 0, False, False, "claimed", "Ana", 1, NOW, None, 0,
        [], "direct", thread[0].created_at, thread[-1].created_at, None, thread[-1].created_at, NOW, None, None, None,
        0, "", [], False,
    )  # fmt: skip
    to, by = (
        tuple(SentText(text(280, -at - start), NOW - at, "bob") for at in range(size))
        for start, size in zip((1, 1_000), sent, strict=True)
    )
    return guard.Case(words, NOW, "Ana", conversation, thread, thread[-1], AccountSettings(), sent=by, sent_to=to)


def measure(name: str, *cases: guard.Case) -> None:
    """Print the first and the median time over 15 looks."""
    took = []
    for look in range(15):
        start = time.perf_counter()
        guard.examine(cases[look % len(cases)])
        took.append((time.perf_counter() - start) * 1_000)
    print(f"{name:45} first {took[0]:8.2f} ms   median {sorted(took)[7]:8.2f} ms")


def main() -> None:
    """Print one line a case."""
    guard.examine(case("Warm up. www.northline.example", 10))
    for network in ("x", "mastodon", "bluesky", "other"):
        for size in (2_800, 40_000):
            measure(f"{size:,} characters, {network}", case(text(size, 7), 20, (20, 20), network))
    for part in ("[", "{{", " ", "^", "a.", "@", "1/", "-a ", "http://"):
        measure(f"40,000 characters of {part!r}", case((part * 40_000)[:40_000] + "!", 20, (20, 20)))
    reply = text(280, 3)
    measure("5,000 posts, nothing sent before", case(reply, 5_000))
    busy = case(reply, 5_000, HANDED_OVER)
    measure("5,000 posts, 200 + 500 texts sent before", busy)
    measure("  the same while typing", *(replace(busy, text=reply + " more" * typed) for typed in range(15)))


if __name__ == "__main__":
    main()
