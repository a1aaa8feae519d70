"""Untrusted text -> display text: nothing acts, nothing hides, nothing that people write is lost."""

import asyncio
import json
import re
import subprocess
import sys
import unicodedata
from itertools import chain
from pathlib import Path

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widgets import Static

from tui.text import DROPPED, LOST, TAB, clean, content, fit, line, paste, repair, width

ZWJ, ZWNJ, VS15, VS16 = "\u200d", "\u200c", "\ufe0e", "\ufe0f"
ACUTE = "\u0301"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

AS_WRITTEN = {
    "English": "Still waiting at Northline & no train – “45 minutes”, really? £12.50\nThanks…",
    "Turkish": "Tren neden gecikti? Iğdır’a ne zaman varacağız",
    "Vietnamese": "Tàu của tôi bị trễ hai tiếng rồi, xin trả lời",
    "decomposed": unicodedata.normalize("NFD", "Ấn tượng, café, Ångström"),
    "Greek and Russian": "Πού είναι το τρένο; Где мой поезд, ёлки-палки?",
    "Persian": "سلام، می‌خواهم بدانم چرا قطارها نمی‌آیند؟ خانه‌های ما",
    "Arabic": "أين القطار؟ انتظرتُ ساعةً كاملةً، مُحَمَّدٌ رَسُولٌ",
    "Hebrew": "בְּרֵאשִׁית, איפה הרכבת?",
    "Urdu": "گاڑی کب آئے گی؟",
    "Hindi": "मेरी ट्रेन क्यों रुकी है? कृपया बताइए, क्‍षमा स्त्री ज़रूर",
    "Marathi and Bengali": "दऱ्‍या র‍্যাব আমার ট্রেন",
    "Sinhala": "ශ්‍රී ලංකා දුම්රිය",
    "Malayalam": "അവന്‍ വന്നു, ട്രെയിൻ വൈകി",
    "Kannada": "ರಾಜ್‌ಕುಮಾರ್",
    "Tamil": "வணக்கம், ரயில் எங்கே?",
    "Javanese": "ꦲꦏ꧀‌ꦱꦫ",
    "Khmer": "ខ្ញុំកំពុងរង់ចាំ",
    "Burmese": "ကျွန်တော် စောင့်နေတယ်",
    "Tibetan": "བོད་སྐད་ཡིན།",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ ᠠ᠋ ᠨ᠎ᠠ",
    "Thai": "รถไฟมาช้ามาก ที่นี่ น้ำท่วม กี่โมงถึงครับ",
    "Japanese": "電車が遅れています。\u3000いつ来ますか？ パーティー ｶﾞｷﾞ",
    "Japanese name": "葛\U000e0100城さん、辻\U000e0101さん、神\ufe00さん",
    "Chinese": "火车什么时候到？𠮷野家",
    "Korean": "기차가 언제 오나요? ㅋㅋㅋ ㅠㅠ",
    "emoji": "so late 😡😡 ❤️ ☎︎ ©️ ™ 🙏 ☹️ ✌🏽 ☝️🏿",
    "families": "👨‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 🏴‍☠️ ❤️‍🔥 👁️‍🗨️ 🤦🏾‍♂️ 👩🏽‍❤️‍💋‍👨🏿 🧑🏿‍🦽‍➡️ 🏃🏻‍♀️‍➡️ ⛹🏽‍♀️",
    "flags": f"🇩🇪🇫🇷🇯🇵 {SCOTLAND}{SCOTLAND}",
    "keycaps": "1️⃣ 2️⃣ #️⃣ *️⃣ 0⃣",
    "emoji of next year": "\U0001fadd \U0001faff",
    "number signs": "\u0600١٢٣ \u06dd٤",
}

FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters by category, blank on screen: names that look empty are made of them."""

ESCAPES = {
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "title": "\x1b]0;owned\x1b\\",
    "unterminated DCS": "\x1bPq#0;2;0;0;0",
    "unterminated APC": "\x1b_Ga=T;",
    "leave the alternate screen": "\x1b[?1049l\x1b[2J\x1bc",
    "end of paste": "\x1b[201~q",
    "8-bit CSI": "\x9b31m\x9d52;c;eA==\x9c",
    "8-bit DCS": "\x90q\x9e",
    "shift out": "\x0e\x0f\x08\x08\x07\x05",
    "link": "\x1b]8;;file:///etc/passwd\x1b\\here\x1b]8;;\x1b\\",
}

OWN_NAUGHTY = [
    "",
    "\0",
    "<script>alert(1)</script>",
    "[/] [@click=app.quit]x[/] [bold",
    "\ud83d",
    "\udc00\ud800",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "\u202etest\u202c \u2066x\u2069",
    "\ufeff\u200b\u180e\u3164\u115f\u2800",
    "\ufffe\U0001fffe\ue000\U00100000\u0378",
    "ﷺﷺﷺ",
    "\U000e0041\U000e0042 🏴\U000e007f",
    *ESCAPES.values(),
]
SHARED_NAUGHTY = Path(__file__).parents[1] / "../shared/data/naughty-strings.json"

# Mostly the characters that interact, in any order, among anything at all.
CRAFTED = st.text(
    st.sampled_from(
        f"ae1#ب\u0651क\u094dก葛👩💻🏴🏽❤©🇩ᠠ한\u1100 \t\r\n\x1b\x85\x9b\0\ud83d\ude00\u2028{ZWJ}{ZWNJ}{VS15}{VS16}"
        f"{ACUTE}\u20e3\u180b\u180e\u3164\u200b\u202e\ufeff\U000e0067\U000e007f\U000e0100\ue000\uffff\u0600"
    ),
    max_size=24,
)
ANYTHING = st.characters(exclude_categories=())
HOSTILE = CRAFTED | st.text(ANYTHING) | st.lists(st.sampled_from(OWN_NAUGHTY)).map("".join)


def naughty() -> list[str]:
    if SHARED_NAUGHTY.exists():
        return [*OWN_NAUGHTY, *json.loads(SHARED_NAUGHTY.read_text("utf-8"))]
    return OWN_NAUGHTY


def surrogates_joined(high: str, low: str) -> str:
    return chr(0x10000 + ((ord(high) - 0xD800) << 10) + ord(low) - 0xDC00)


def all_cleaned(texts: list[str]) -> list[str]:
    """Each text cleaned in one go, behind an escape that keeps any short cut from being taken."""
    return clean("\x1b|" + "|".join(texts)).split("|")[1:]


def assert_harmless(shown: str) -> None:
    shown.encode("utf-8")
    categories = {unicodedata.category(char) for char in shown if char != "\n"}
    assert not categories & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not set(shown) & set(BIDI_CONTROLS)
    assert not regex.search(r"[\p{M}\u200c\u200d]{5}", shown)


@given(HOSTILE)
@example("\r\u200e\n")
@example(f"a{VS16}{ZWJ}💻")
@example(f"👩{VS15}{VS16}{ZWJ}💻")
@example(f"a{ACUTE * 3}\u200e{ACUTE * 3}")
@example(f"👩{ZWJ}" * 9)
@example(f"\u0651\u0651{ZWJ}\u180b{ZWJ}")
@settings(max_examples=500)
def test_cleaned_text_is_harmless_and_stays_as_it_is(text: str) -> None:
    shown = clean(text)
    assert_harmless(shown)
    assert clean(shown) == shown


@given(HOSTILE, HOSTILE)
def test_what_one_line_needs_changes_no_other(first: str, second: str) -> None:
    first = first.rstrip("\r")
    assert clean(first + "\n" + second) == clean(first) + "\n" + clean(second)


@pytest.mark.parametrize("text", AS_WRITTEN.values(), ids=AS_WRITTEN.keys())
def test_what_people_write_is_unchanged(text: str) -> None:
    assert clean(text) == text
    assert clean(text + "\0") == text + "␀"
    assert paste(text, len(text)) == (text, False)


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_escape_codes_show_and_do_nothing(text: str) -> None:
    shown = clean(text)
    assert_harmless(shown)
    assert len(shown) == len(text), "each code stands where it stood"


def test_naughty_strings() -> None:
    for text in naughty():
        shown = clean(text)
        assert_harmless(shown)
        assert clean(shown) == shown
        assert "\n" not in line(text)
        assert_harmless(paste(text, 1000)[0])


def test_every_code_point_alone_is_shown_dropped_or_declared() -> None:
    planes = [range(plane << 16, (plane << 16) + 0x1000) for plane in range(2, 17)]
    edges = [range((plane << 16) + 0xFF00, (plane + 1) << 16) for plane in range(2, 17)]
    points = [chr(point) for point in chain(range(0x20000), *planes, *edges) if chr(point) != "|"]
    shown_as = dict(zip(points, all_cleaned(points), strict=True))

    assert not regex.search(r"[\p{DI}\p{Bidi_Control}]", "".join(shown_as.values()))
    assert {point for point, shown in shown_as.items() if not shown} == DROPPED
    lost = {point for point, shown in shown_as.items() if shown == LOST}
    assert lost.issuperset(["\ue000", "\U0010fffd", "\ufdd0", "\uffff", "\ud800", "\udfff", *FILLERS])
    assert not regex.search(r"[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]", "".join(lost - {LOST, *FILLERS}))

    # What comes out as it went in cannot have missed anything.
    changed = {point: shown for point, shown in shown_as.items() if shown != point}
    assert {point: clean(point) for point in changed} == changed


@pytest.mark.parametrize("tail", [VS16, ZWNJ, VS16 * 2, ACUTE * 5], ids=ascii)
def test_no_short_cut_past_what_must_change(tail: str) -> None:
    blocks = chain(range(0x3400), range(0xFE00, 0x10000), range(0x1F000, 0x1FB00))
    texts = [chr(point) + tail for point in blocks if chr(point) != "|"]
    for text, shown in zip(texts, all_cleaned(texts), strict=True):
        assert shown == text or clean(text) == shown, ascii(text)


def test_all_bidi_controls_are_dropped() -> None:
    assert clean(f"a{BIDI_CONTROLS}b") == "ab"


def test_controls_have_pictures_and_newlines_one_form() -> None:
    assert clean("a\0b\x1bc\x1fd\x7fe") == "a␀b␛c␟d␡e"
    assert clean("a\r\nb\rc\vd\fe\x85f\u2028g\u2029h") == "a\nb\nc\nd\ne\nf\ng\nh"
    assert clean("a\tb") == "a    b"


def test_mojibake_reads_as_windows_1252() -> None:
    assert clean("don’t".encode().decode("latin-1")) == "donâ€™t"
    assert clean("\x8d") == LOST


def test_marks_are_capped_and_joined_emoji_too() -> None:
    assert clean("Z" + ACUTE * 40 + "a") == "Z" + ACUTE * 4 + "a"
    assert clean("ก" + "\u0e49" * 40) == "ก" + "\u0e49" * 4
    assert clean(f"ب\u064e{ZWNJ}" + f"\u064e{ZWNJ}" * 9).count("\u064e") <= 4
    assert ZWJ.join("👩" * 5) not in clean(ZWJ.join("👩" * 50))


def test_every_kind_of_combining_mark_is_capped() -> None:
    for mark in regex.findall(r"\p{M}", "".join(map(chr, range(0x20000)))):
        assert len(clean("a" + mark * 9)) <= 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"how do I{VS16} stop it", "how do I stop it"),
        (f"pay{ZWJ}pal, p{ZWNJ}aypal", "paypal, paypal"),
        (f"ب{ZWJ}{ZWJ}\u180b{ZWJ}", f"ب{ZWJ}"),
        (f"👩{ZWJ}", "👩"),
        (f"{ZWJ}👩", "👩"),
        (f"5{VS16} trains", "5 trains"),
        ("😀" + "\U000e0101\U000e0148" * 3, "😀"),
        ("hi\U000e0068\U000e0069", "hi" + LOST * 2),
        ("🏴\U000e0068\U000e0069 ", "🏴" + LOST * 2 + " "),
        ("\U000e0001", LOST),
        ("\ud83d\ude00 \ud83d", "😀 " + LOST),
    ],
)
def test_what_hides_is_shown_or_gone(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(HOSTILE)
def test_repair_keeps_all_but_nul_and_lone_surrogates(text: str) -> None:
    whole = re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda pair: surrogates_joined(*pair[0]), text)
    expected, count = re.subn("[\0\ud800-\udfff]", LOST, whole)
    assert repair(text) == (expected, count > 0)
    assert repair(expected) == (expected, False)


def test_repair_by_example() -> None:
    assert repair("a\x1b[31m\u202e\r\n\t") == ("a\x1b[31m\u202e\r\n\t", False)
    assert repair("a\0b") == ("a\ufffdb", True)
    assert repair("\ud83d\ude00") == ("😀", False)
    assert repair("\ude00\ud83d") == ("\ufffd\ufffd", True)
    assert repair("\ud83dx\ud83d\ude00\ufffd") == ("\ufffdx😀\ufffd", True)
    assert repair("\ufffd") == ("\ufffd", False)


@given(HOSTILE)
def test_a_line_is_one_row(text: str) -> None:
    row = line(text)
    assert_harmless(row)
    assert len(row.splitlines()) <= 1
    assert row == row.strip()
    assert "  " not in row
    assert line(row) == row == clean(row)


def test_a_line_by_example() -> None:
    assert line("  a\r\n\n b\u3000\tc\u2028 ") == "a b c"
    assert line("\u200b \ufeff") == ""


@given(HOSTILE, st.integers(-1, 30), st.sampled_from(["…", "", "...", "→→"]))
@example("ABC", 2, "...")
@example("👩🏽‍💻" * 3, 3, "…")
def test_a_fitted_line_fits_and_is_cut_between_clusters(text: str, cells: int, ellipsis: str) -> None:
    row = line(text)
    fitted = fit(row, cells, ellipsis)
    assert width(fitted) <= max(cells, 0)
    assert clean(fitted) == fitted
    if width(row) <= cells:
        assert fitted == row
        return
    kept = fitted.removesuffix(ellipsis) if width(ellipsis) <= cells else fitted
    clusters = regex.findall(r"\X", row)
    assert kept in {"".join(clusters[:count]) for count in range(len(clusters) + 1)}


@pytest.mark.parametrize(
    ("text", "cells", "fitted"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("電車が遅れ", 10, "電車が遅れ"),
        ("電車が遅れ", 9, "電車が遅…"),
        ("電車が遅れ", 8, "電車が…"),
        ("ab👨‍👩‍👧cd", 5, "ab👨‍👩‍👧…"),
        ("ab👨‍👩‍👧cd", 4, "ab…"),
        ("e" + ACUTE + "e" + ACUTE + "e", 2, "e" + ACUTE + "…"),
        ("🇩🇪🇫🇷", 3, "🇩🇪…"),
    ],
)
def test_fit_by_example(text: str, cells: int, fitted: str) -> None:
    assert fit(text, cells) == fitted


@given(st.text(st.sampled_from("ab 電é👩🏽❤\u0e49"), max_size=20))
def test_width_is_what_textual_lays_out(text: str) -> None:
    assert width(text) == content(text).cell_length


@given(HOSTILE, st.integers(0, 30))
def test_pasted_text_has_no_pictures_and_a_limit(text: str, limit: int) -> None:
    whole, cut = paste(text, len(text) * len(TAB))
    assert not cut
    assert_harmless(whole)
    assert clean(whole) == whole
    assert set(whole) & {"␀", "␛", "␡", LOST} <= set(text)

    kept, cut = paste(text, limit)
    assert len(kept) <= limit
    assert whole.startswith(kept)
    assert cut == (kept != whole)
    assert clean(kept) == kept
    clusters = regex.findall(r"\X", whole)
    assert kept in {"".join(clusters[:count]) for count in range(len(clusters) + 1)}


def test_paste_by_example() -> None:
    assert paste("\x1b[201~q\0\r\nnext\x9b\ud83d\ue000", 100) == ("[201~q\nnext", False)
    assert paste("a\ufffd", 100) == ("a\ufffd", False)
    assert paste("ab👨‍👩‍👧", 4) == ("ab", True)
    assert paste("abc", 2) == ("ab", True)
    assert paste("x" * 10_000, 280) == ("x" * 280, True)


class Shown(App[None]):
    """One widget with one text, in a border whose title holds it too."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        post = Static(content(self.text, "bold"))
        post.border_title = content(self.text)
        post.styles.border = ("round", "white")
        yield post


async def rows_of(text: str) -> str:
    app = Shown(text)
    async with app.run_test(size=(120, 24)):
        post = app.query_one(Static)
        strips = post.render_lines(Region(0, 0, *post.outer_size))
    return "\n".join(strip.text for strip in strips)


def test_nothing_acts_in_a_widget() -> None:
    rows = asyncio.run(rows_of("[/] [@click=app.quit]x[/] " + "".join(ESCAPES.values()) + "\u202e end"))
    assert_harmless(rows)
    assert "─ [/] [@click=app.quit]x[/] ␛]52;c;" in rows
    assert "│[/] [@click=app.quit]x[/] " in rows
    assert "␛[?1049l␛[2J␛c␛[201~q›31m" in rows


def test_content_keeps_brackets_and_style() -> None:
    shown = content("[b]\x1b[0m[/b]", "red")
    assert shown.plain == "[b]␛[0m[/b]"
    assert [(span.start, span.end, span.style) for span in shown.spans] == [(0, 11, "red")]
    assert content("").plain == ""


def test_ordinary_text_loads_no_library() -> None:
    texts = [AS_WRITTEN[name] for name in ("English", "Persian", "Thai", "Japanese", "Korean")]
    texts += ["मेरी ट्रेन क्यों रुकी है?", "so late ❤️ 😡"]
    script = f"""
import sys
from tui.text import clean, fit, line, paste, repair
for text in {texts!r}:
    clean(text), repair(text), paste(text, 10_000), line(text)
fit("still waiting", 20)
print(*{{"regex", "rich", "textual"}} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert (ran.stdout.strip(), ran.stderr) == ("", "")
