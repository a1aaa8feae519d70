"""What the door for untrusted text costs: `python tests/bench/bench_text.py`.

Microseconds per 300 characters, and the ratio to one `str.translate` over the same text, which is the least
that taking the control characters out could cost.
"""

import timeit
from collections.abc import Callable

from tui.text import clean, fit, line, repair

SIZE = 300
CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}
RUNS = 300

TEXTS = {
    "English": "Still waiting for the 9:14 to Northline, any news? ",
    "Persian": "سلام، می‌خواهم بدانم چرا قطارها نمی‌آیند؟ ",
    "Hindi": "मेरी ट्रेन क्यों रुकी है? कृपया बताइए। ",
    "Japanese": "電車が遅れています。いつ来ますか？",
    "Tamil": "வணக்கம், ரயில் எங்கே? ",
    "emoji": "so late again ❤️ why 😡😡 ",
    "emoji sequences": "so late again 🤦🏾‍♂️ why 👩🏽‍💻 ",
    "escape codes": "Still waiting \x1b[31m for \x1b]0;x\x07 the train ",
}


def microseconds(work: Callable[[], object]) -> float:
    return min(timeit.repeat(work, number=RUNS, repeat=7)) / RUNS * 1e6


def measure(name: str, text: str) -> None:
    bare = microseconds(lambda: text.translate(CONTROLS))
    cleaned = microseconds(lambda: clean(text))
    repaired = microseconds(lambda: repair(text))
    row = microseconds(lambda: fit(line(text), 60))
    print(f"{name:24}{bare:10.1f}{cleaned:8.1f}{cleaned / bare:7.2f}{repaired:8.1f}{row:8.1f}")


def main() -> None:
    print(f"{'µs per 300 characters':24}{'translate':>10}{'clean':>8}{'ratio':>7}{'repair':>8}{'a row':>8}")
    for name, sample in TEXTS.items():
        measure(name, (sample * SIZE)[:SIZE])


if __name__ == "__main__":
    main()
