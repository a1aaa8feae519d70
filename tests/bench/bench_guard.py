"""How long the guard takes: `python tests/bench/bench_guard.py`. Goal: 50 ms for 40 kB, 30 ms for 5,000 posts."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings
from tui.desk import guard
from tui.store.reader import PostRow, QueueRow, SentText

NOW = 1_790_000_000_000
WORDS = (
    "sorry train delayed we are looking into it please send us your booking number and the station 5 o'clock "
    "@northline https://northline.example/help refund [name] {{ XX platform.closed مرحبا 列車 😀 ^AB"
).split()


def text(size: int, seed: int) -> str:
    """Words, handles and links of about `size` characters."""
    draw = random.Random(seed)
    chosen: list[str] = []
    while sum(map(len, chosen)) + len(chosen) < size:
        chosen += draw.choices(WORDS, k=max(size // 40, 1))
    return " ".join(chosen)[:size]


def post(number: int, words: str) -> PostRow:
    """Every third is ours."""
    ours = number % 3 == 2
    at = NOW - 30 * HOUR + number
    return PostRow(
        number, "x", str(number), 1 if ours else 2, "northline" if ours else "amandac", "", "post", words, at, at,
        None, None, None, 0, 0, [], "en", False, ours, "direct", True, 0, 1,
    )  # fmt: skip


def case(words: str, posts: int, sent: int, network: str = "mastodon") -> guard.Case:
    """A thread of so many posts, and so many texts sent before, all different."""
    thread = tuple(post(number, text(280, number)) for number in range(posts))
    conversation = QueueRow(
        1, network, "@northline", 2, "9", "amandac", "Amanda C", 0, False, False, "claimed", "Ana", 1, NOW, None, 0,
        [], "direct", thread[0].created_at, thread[-1].created_at, None, thread[-1].created_at, NOW, None, None, None,
        0, "", [], False,
    )  # fmt: skip
    old = tuple(SentText(text(280, -number - 1), NOW - number, "bob") for number in range(sent))
    return guard.Case(
        words, NOW, "Ana", conversation, thread, thread[-1], AccountSettings(), sent=old[: sent // 2], sent_to=old
    )


def measure(name: str, look: Callable[[], object], times: int = 15) -> None:
    """Print the first and the median time."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        look()
        took.append((time.perf_counter() - start) * 1_000)
    print(f"{name:52} first {took[0]:8.2f} ms   median {sorted(took)[times // 2]:8.2f} ms")


def main() -> None:
    """Print one line a case."""
    guard.examine(case("Warm up. www.northline.example", 10, 10))
    for network in ("x", "mastodon", "bluesky", "other"):
        measure(f"40 kB text, {network}", lambda c=case(text(40_000, 7), 20, 20, network): guard.examine(c))  # type: ignore[misc]
    for name, part in {"brackets": "[", "braces": "{{", "spaces": " ", "carets": "^", "dots": "a.", "at": "@"}.items():
        hostile = case((part * 40_000)[:40_000] + "!", 20, 20)
        measure(f"40 kB of {name}", lambda c=hostile: guard.examine(c))  # type: ignore[misc]
    reply = text(280, 3)
    measure("5,000 posts, nothing sent before", lambda c=case(reply, 5_000, 0): guard.examine(c))  # type: ignore[misc]
    many = case(reply, 5_000, 1_000)
    measure("5,000 posts, 1,000 texts sent before", lambda: guard.examine(many))
    drafts = iter(range(1_000))
    measure("the same while typing", lambda: guard.examine(replace(many, text=reply + " more" * next(drafts))))


if __name__ == "__main__":
    main()
