"""How long the guard takes: `python tests/bench/bench_guard.py`. Goal: 50 ms for 40 kB, 30 ms for 5,000 posts."""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tui import clock
from tui.clock import HOUR, MINUTE
from tui.config import AccountSettings, Config
from tui.desk import claims, guard
from tui.desk.composition import NOTHING
from tui.store.reader import PostRow, QueueRow, SentText
from tui.store.store import Store

sys.path.insert(0, str(Path(__file__).parents[1]))
import making

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


LOOKS = 15


def measure(name: str, *cases: guard.Case) -> None:
    """Print the first and the median time over LOOKS looks."""
    timed(name, lambda look: guard.examine(cases[look % len(cases)]))


def timed(name: str, job: Callable[[int], Any], before: Callable[[int], Any] = lambda look: None) -> None:
    """Print the first, the median and the longest time over LOOKS; what comes before each is not timed."""
    took = []
    for look in range(LOOKS):
        before(look)
        start = time.perf_counter()
        job(look)
        took.append((time.perf_counter() - start) * 1_000)
    print(
        f"{name:45} first {took[0]:8.2f} ms   median {sorted(took)[LOOKS // 2]:8.2f} ms   longest {max(took):8.2f} ms"
    )


def furnished(path: Path) -> Store:
    """A desk with a customer of 5,000 posts in one conversation, 500 texts sent within the hour, 200 to them."""
    store, now = Store(path), clock.now()
    store.prepare()
    thread, last = [], None
    for number in range(5_000):
        words, at = text(280, number), now - (5_000 - number) * MINUTE
        if number % 25 == 24:
            thread.append(making.ours(f"t{number}", last, text=words, created_at=at, account=making.US))
        else:
            kind = "reply" if last else "post"
            thread.append(
                making.post(f"t{number}", "amandac", f"{making.US} {words}", created_at=at, in_reply_to=last, kind=kind)
            )  # fmt: skip
        last = f"t{number}"
    making.take(store, *thread, now=now)
    for number in range(500):
        asked = making.post(f"a{number}", f"c{number}", f"{making.US} late", created_at=now - 50 * MINUTE)
        sent = making.ours(f"s{number}", f"a{number}", text=text(280, -number), created_at=now - 40 * MINUTE)
        making.take(store, asked, sent, now=now)
    return store


def typing(store: Store) -> None:
    """Pauses while a reply is typed, as the desk makes them: the draft is stored, then the guard asked."""
    from tui.screens import jobs

    reader, glance, reply = store.reader(), jobs.Glance(), text(200, 3)
    with store.transaction() as session:
        claim = claims.claim(session, 1, agent="ana", now=clock.now(), lease=HOUR)
        claims.see(session, 1, agent="ana")

    def words(look: int) -> str:
        return reply + " more" * look

    def store_draft(look: int) -> None:
        with store.transaction() as session:
            jobs.save_draft(session, held=claim, words=words(look), cursor=0, made_of=NOTHING, sender=None)

    def note(look: int) -> None:
        store_draft(look)
        with store.transaction() as session:
            claims.note(session, 2, agent="ben", text="a word", now=clock.now())

    def pause(look: int) -> None:
        glance.examine(
            reader, conversation_id=1, words=words(look), agent="ana", config=Config(), made_of=NOTHING, sender=None
        )

    row = reader.conversation(1)
    assert row is not None
    posts, to, by = (
        len(reader.posts(1)),
        len(reader.sent_to(row.author_id)),
        len(reader.sent_since("@northline", "x", 0)),
    )
    print(f"a desk: {posts:,} posts in one conversation, {to} texts to this customer and {by} by this handle")
    jobs.warm("x", Config())
    timed("  a pause in typing", pause, store_draft)
    timed("  a pause when something happened on the desk", pause, note)


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
    measure("  the same while typing", *(replace(busy, text=reply + " more" * typed) for typed in range(LOOKS)))
    with TemporaryDirectory() as folder:
        store = furnished(Path(folder) / "desk.db")
        typing(store)
        store.close()


if __name__ == "__main__":
    main()
