import asyncio
import dataclasses
import os
import subprocess
import sys
from itertools import combinations
from math import dist
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.color import Color
from textual.css.constants import VALID_BORDER
from textual.theme import BUILTIN_THEMES
from textual.widgets import OptionList, Static, TextArea
from wcwidth import wcwidth

from tui.screens import themes
from tui.screens.glyphs import ASCII, UNICODE, Glyphs, glyphs
from tui.screens.themes import (
    COLORS,
    MAX_BYTES,
    MAX_FILES,
    SEMANTIC,
    ThemeRecord,
    choose,
    find,
    load,
    semantic_colors,
    shipped_folder,
    textual_theme,
)

SHIPPED, SHIPPED_PROBLEMS = load(shipped_folder())
every_shipped = pytest.mark.parametrize("record", SHIPPED, ids=lambda record: record.name)

GROUNDS = ("background", "surface", "panel", "selected")
STATES = ("late", "resurfaced", "danger", "fresh")
TEXTS = (
    *(name for name in COLORS if name not in (*GROUNDS, "boost")),
    *(name for name in SEMANTIC if name != "selected"),
)

# Dichromacy at full severity, in linear RGB: Machado, Oliveira and Fernandes 2009.
VISIONS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}

Triple = tuple[float, float, float]


def values(record: ThemeRecord) -> dict[str, str]:
    theme = textual_theme(record)
    return theme.to_color_system().generate() | theme.variables


def linear(color: Color) -> Triple:
    def channel(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return channel(color.r), channel(color.g), channel(color.b)


def luminance(color: Color) -> float:
    r, g, b = linear(color)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: Color, other: Color) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: Triple) -> Triple:
    """CIE L*a*b* (D65) of linear RGB."""
    r, g, b = (min(1.0, max(0.0, part)) for part in rgb)

    def cube(t: float) -> float:
        return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    x = cube((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    y = cube(0.2126 * r + 0.7152 * g + 0.0722 * b)
    z = cube((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def lightness(color: Color) -> float:
    return lab(linear(color))[0]


def seen(color: Color, vision: str) -> Triple:
    rgb = linear(color)
    r, g, b = (sum(weight * part for weight, part in zip(row, rgb, strict=True)) for row in VISIONS[vision])
    return lab((r, g, b))


def in_256_colors(color: Color) -> Color:
    """The colour an SSH session without COLORTERM shows."""
    return Color(*RichColor.parse(color.hex6).downgrade(ColorSystem.EIGHT_BIT).get_truecolor())


def least_contrast(record: ThemeRecord) -> float:
    return 7.0 if record.name == "contrast" else 4.5


def theme_file(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mine(colors: str = 'primary = "#336699"', variables: str = "", top: str = 'name = "mine"') -> str:
    return f"{top}\n[colors]\n{colors}\n[variables]\n{variables}\n"


# The shipped themes


def test_the_shipped_themes_are_read_without_a_complaint() -> None:
    assert SHIPPED_PROBLEMS == []
    assert {record.name for record in SHIPPED} == {"northline-dark", "northline-light", "contrast", "mono"}


@every_shipped
def test_a_shipped_theme_states_every_colour_and_its_file_bears_its_name(record: ThemeRecord) -> None:
    assert set(record.colors) == set(COLORS)
    assert set(record.variables) >= set(SEMANTIC)
    assert record.path.stem == record.name
    assert record.dark == (luminance(Color.parse(record.colors["background"])) < 0.2)


@every_shipped
@pytest.mark.parametrize("shown", [lambda color: color, in_256_colors], ids=["24-bit", "256-colours"])
def test_every_text_colour_is_readable_on_every_ground(record: ThemeRecord, shown) -> None:
    value = values(record)
    faint = {
        (text, ground): round(ratio, 2)
        for text in TEXTS
        for ground in GROUNDS
        if (ratio := contrast(shown(Color.parse(value[text])), shown(Color.parse(value[ground]))))
        < least_contrast(record)
    }
    assert faint == {}


@every_shipped
def test_what_textual_derives_is_readable_too(record: ThemeRecord) -> None:
    value = values(record)
    background = Color.parse(value["background"])
    pairs = [
        ("text-primary", "primary-muted"),
        ("text-success", "success-muted"),
        ("text-warning", "warning-muted"),
        ("text-error", "error-muted"),
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("input-cursor-foreground", "input-cursor-background"),
        ("input-selection-foreground", "input-selection-background"),
        ("footer-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
        ("footer-key-foreground", "footer-background"),
        ("link-color", "background"),
        *(("button-color-foreground", name) for name in ("primary", "success", "warning", "error")),
    ]
    faint = {}
    for text, ground in pairs:
        below = background + Color.parse(value[ground])
        ratio = contrast(below + Color.parse(value[text]), below)
        if ratio < least_contrast(record):
            faint[text, ground] = round(ratio, 2)
    assert faint == {}


@every_shipped
def test_the_focused_border_and_the_selected_row_stand_out(record: ThemeRecord) -> None:
    value = {name: Color.parse(value) for name, value in values(record).items() if value.startswith("#")}
    assert contrast(value["border"], value["background"]) >= 3
    for ground in ("background", "surface", "panel"):
        assert abs(lightness(value["selected"]) - lightness(value[ground])) >= 3
        assert in_256_colors(value["selected"]) != in_256_colors(value[ground])


@every_shipped
@pytest.mark.parametrize("shown", [lambda color: color, in_256_colors], ids=["24-bit", "256-colours"])
def test_late_resurfaced_and_danger_differ_in_lightness(record: ThemeRecord, shown) -> None:
    value = values(record)
    least = 8 if shown is not in_256_colors else 4
    for one, other in combinations(("late", "resurfaced", "danger"), 2):
        apart = abs(lightness(shown(Color.parse(value[one]))) - lightness(shown(Color.parse(value[other]))))
        assert apart >= least, (one, other)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("record", [r for r in SHIPPED if r.name != "mono"], ids=lambda record: record.name)
def test_colour_blind_people_tell_the_states_apart(record: ThemeRecord, vision: str) -> None:
    value = values(record)
    for one, other in combinations(STATES, 2):
        difference = dist(seen(Color.parse(value[one]), vision), seen(Color.parse(value[other]), vision))
        assert difference >= 12, (one, other)


def test_mono_has_no_hue() -> None:
    record = next(record for record in SHIPPED if record.name == "mono")
    for value in (*record.colors.values(), *record.variables.values()):
        color = Color.parse(value)
        assert color.r == color.g == color.b


@every_shipped
def test_every_variable_a_shipped_file_names_reaches_textual(record: ThemeRecord) -> None:
    value = values(record)
    for name, color in (record.variables | {"boost": record.colors["boost"]}).items():
        assert value[name] == color


def test_shipped_themes_are_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(themes, "__file__", str(tmp_path / "tui" / "screens" / "themes.py"))
    assert shipped_folder() == tmp_path.resolve() / "themes"
    (tmp_path / "tui" / "themes").mkdir(parents=True)
    assert shipped_folder() == tmp_path.resolve() / "tui" / "themes"


# User themes


def test_a_user_theme_replaces_its_namesake_and_others_join(tmp_path) -> None:
    theme_file(tmp_path, mine(top='name = "contrast"'), "a.toml")
    theme_file(tmp_path, mine(top='name = "forest"\ndark = false'), "b.toml")
    records, problems = load([shipped_folder(), tmp_path])
    assert problems == []
    names = [record.name for record in records]
    assert names == sorted(names)
    assert set(names) == {record.name for record in SHIPPED} | {"forest"}
    by_name = {record.name: record for record in records}
    assert by_name["contrast"].path == tmp_path / "a.toml"
    assert by_name["forest"].dark is False


def test_a_broken_namesake_leaves_the_shipped_theme(tmp_path) -> None:
    theme_file(tmp_path, mine(colors="", top='name = "northline-dark"'))
    records, problems = load([shipped_folder(), tmp_path])
    assert records == SHIPPED
    assert len(problems) == 1


def test_a_primary_alone_makes_a_theme_with_every_colour_of_ours(tmp_path) -> None:
    theme_file(tmp_path, 'name = "mine"\n[colors]\nprimary = "teal"\nwarning = "#fa0"\n')
    [record], problems = load(tmp_path)
    assert problems == []
    value = values(record)
    assert set(value) >= set(SEMANTIC)
    assert value["late"] == value["warning"]
    assert value["reply"] == value["primary"] == "#008080"


def test_our_colours_are_opaque_even_where_the_file_has_a_veil(tmp_path) -> None:
    theme_file(
        tmp_path,
        mine(colors='primary = "red"\nbackground = "#000000"', variables='late = "rgba(255,255,255,0.5)"'),
    )
    [record], _ = load(tmp_path)
    assert Color.parse(textual_theme(record).variables["late"]).a == 1


def test_a_missing_folder_has_no_themes_and_is_no_problem(tmp_path) -> None:
    assert load(tmp_path / "nowhere") == ([], [])
    assert load([]) == ([], [])


BAD = {
    "misspelt colour": (mine('primary = "red"\nbakground = "#000"'), ["'bakground'", "'background'"]),
    "misspelt variable": (mine(variables='resurfced = "#fff"'), ["'resurfced'", "'resurfaced'"]),
    "misspelt variable of Textual": (
        mine(variables='footer-key-foregrond = "#fff"'),
        ["'footer-key-foregrond'", "'footer-key-foreground'"],
    ),
    "misspelt table": ('name = "mine"\n[colours]\nprimary = "red"\n', ["'colours'", "'colors'"]),
    "unlike any key": (mine('primary = "red"\nqqqq = "#000"'), ["'qqqq'"]),
    "no colour": (mine('primary = "blurple"'), ["'primary'", "'blurple'"]),
    "a number": (mine("primary = 7"), ["'primary'", "7"]),
    "an endless number": (mine(f'primary = "rgb({"9" * 400},1,1)"'), ["'primary'"]),
    "a terminal colour": (mine('primary = "ansi_red"'), ["'primary'", "'ansi_red'"]),
    "a way out of the style sheet": (
        mine(variables='late = "red; } Screen { display: none; "'),
        ["'late'"],
    ),
    "no text style": (mine(variables='link-style = "shiny"'), ["'link-style'", "'shiny'"]),
    "half a text style": (mine(variables='link-style = "bold not"'), ["'link-style'"]),
    "dark is a word": (mine(top='name = "mine"\ndark = "yes"'), ["'dark'", "'yes'"]),
    "no name": (mine(top=""), ["'name'"]),
    "a name with escape codes": (mine(top='name = "\\u001b[2J"'), ["'name'"]),
    "the name of the colourless theme": (mine(top='name = "ansi-dark"'), ["'name'", "'ansi-dark'"]),
    "no primary": (mine(""), ["'primary'"]),
    "colors is no table": ('name = "mine"\ncolors = 3\n', ["'colors'"]),
    "not TOML": ('name = "mine\n', ["TOML", "line 1"]),
    "nested without end": ("name = " + "[" * 20_000, ["TOML"]),
    "not UTF-8": (b'name = "caf\xe9"\n', ["UTF-8"]),
    "too large": ("#" * (MAX_BYTES + 1), [str(MAX_BYTES)]),
    "empty": ("", ["'name'"]),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_its_key_and_the_rest_is_read(tmp_path, text, words) -> None:
    path = theme_file(tmp_path, text)
    theme_file(tmp_path, mine(top='name = "good"'), "zz.toml")
    records, [sentence] = load(tmp_path)
    assert [record.name for record in records] == ["good"]
    for word in (str(path), *words):
        assert word in sentence
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < len(str(path)) + 250


def test_a_file_of_the_largest_size_is_read(tmp_path) -> None:
    text = mine()
    theme_file(tmp_path, text + "#" * (MAX_BYTES - len(text)))
    assert load(tmp_path)[1] == []


def test_two_files_with_one_name_in_a_folder_keep_the_first(tmp_path) -> None:
    first, second = theme_file(tmp_path, mine(), "a.toml"), theme_file(tmp_path, mine(), "b.toml")
    [record], [sentence] = load(tmp_path)
    assert record.path == first
    assert str(first) in sentence
    assert str(second) in sentence


def test_what_is_no_regular_file_does_not_hold_the_start(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    (tmp_path / ".#lock.toml").symlink_to(tmp_path / "nowhere")
    records, problems = load(tmp_path)
    assert records == []
    assert len(problems) == 4


def test_a_folder_that_is_a_file_is_named(tmp_path) -> None:
    path = theme_file(tmp_path, mine())
    records, [sentence] = load(path)
    assert records == []
    assert str(path) in sentence


def test_escape_codes_in_a_file_name_do_not_reach_the_sentence(tmp_path) -> None:
    theme_file(tmp_path, "", "\x1b]0;x\x07\u202e.toml")
    _, [sentence] = load(tmp_path)
    assert sentence.isprintable()


def test_a_folder_with_too_many_files_is_read_in_part(tmp_path) -> None:
    for number in range(MAX_FILES + 1):
        theme_file(tmp_path, mine(top=f'name = "t{number:03}"'), f"{number:03}.toml")
    records, [sentence] = load(tmp_path)
    assert len(records) == MAX_FILES
    assert str(tmp_path) in sentence


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace"))))
def test_no_bytes_stop_the_start(tmp_path_factory, raw: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "bytes"
    theme_file(folder, raw)
    records, problems = load(folder)
    assert len(records) + len(problems) == 1
    assert all(problem.isprintable() for problem in problems)


@settings(deadline=None)
@given(value=st.text(max_size=40), key=st.sampled_from(["late", "border", "link-style", "text", "boost"]))
def test_only_colours_and_text_styles_reach_a_style_sheet(tmp_path_factory, value: str, key: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "values"
    quoted = "".join(f"\\U{ord(sign):08x}" for sign in value)
    theme_file(folder, mine(variables=f'{key} = "{quoted}"'))
    for record in load(folder)[0]:
        assert regex.fullmatch(r"#[0-9A-F]{6}([0-9A-F]{2})?|[a-z ]+", record.variables[key])


# Choosing


def test_a_known_theme_is_used_without_a_word() -> None:
    assert find("mono", ["mono", "northline-dark"]) == ("mono", None)


def test_an_unknown_theme_falls_back_and_names_the_nearest() -> None:
    name, sentence = find("northlite-light", ["northline-dark", "northline-light"])
    assert name == "northline-dark"
    assert sentence is not None
    assert "'northlite-light'" in sentence
    assert "'northline-light'" in sentence


def test_without_any_file_textuals_own_theme_is_left() -> None:
    name, sentence = find("northline-dark", BUILTIN_THEMES)
    assert name in BUILTIN_THEMES
    assert sentence


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({}, "mono"), ({"NO_COLOR": "1"}, "ansi-dark"), ({"NO_COLOR": ""}, "ansi-dark"), ({"TERM": "x"}, "mono")],
)
def test_no_color_chooses_the_theme_without_colour(environ, expected) -> None:
    assert choose("mono", environ) == expected
    assert expected == "mono" or BUILTIN_THEMES[expected].ansi


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=BUILTIN_THEMES)
def test_every_theme_of_textual_gets_our_colours(theme) -> None:
    colors = semantic_colors(theme)
    assert set(colors) == set(SEMANTIC)
    for color in colors.values():
        assert Color.parse(color).a == 1


class Desk(App[None]):
    """The least app that uses every colour of ours in its style sheet."""

    CSS = "\n".join(f"#{name} {{ color: ${name}; background: $selected; }}" for name in SEMANTIC)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return semantic_colors(self.current_theme)

    def compose(self) -> ComposeResult:
        yield from (Static(name, id=name) for name in SEMANTIC)
        yield OptionList("one", "two")
        yield TextArea("text")


def colors_on_screen(app: App[None], records: list[ThemeRecord], name: str) -> dict[str, tuple[str, str]]:
    """What the app sends under a theme: for each text on screen its colour and ground."""

    async def run() -> dict[str, tuple[str, str]]:
        for record in records:
            app.register_theme(textual_theme(record))
        app.theme = name
        async with app.run_test(size=(40, 24)):
            strips = app.screen._compositor.render_strips()
            return {
                segment.text.strip(): (str(segment.style.color), str(segment.style.bgcolor))
                for strip in strips
                for segment in strip
                if segment.style is not None
            }

    return asyncio.run(run())


@every_shipped
def test_a_shipped_theme_dresses_a_running_app(record: ThemeRecord) -> None:
    shown = colors_on_screen(Desk(), SHIPPED, record.name)
    for name in SEMANTIC:
        assert record.variables[name].lower() in shown[name][0]
        assert record.variables["selected"].lower() in shown[name][1]


def test_a_theme_that_sets_every_variable_starts_an_app(tmp_path) -> None:
    lines = (
        f'{name} = "{"bold not underline" if "-style" in name else "#80808080"}"'
        for name in sorted(themes._variables())
    )
    theme_file(tmp_path, mine(variables="\n".join(lines)))
    records, problems = load(tmp_path)
    assert problems == []
    assert "late" in colors_on_screen(Desk(), records, "mine")


def test_with_no_color_an_app_sends_no_colour(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    name = choose("northline-dark", os.environ)
    shown = colors_on_screen(Desk(ansi_color=True), SHIPPED, name)
    assert set(SEMANTIC) <= set(shown)
    for foreground, background in shown.values():
        assert "default" in foreground
        assert "default" in background


def test_themes_are_listed_without_textual_at_import() -> None:
    code = "import sys, tui.screens.themes, tui.screens.glyphs; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# Glyphs

SIGNS = [field.name for field in dataclasses.fields(Glyphs) if not field.name.startswith("border")]
both_tables = pytest.mark.parametrize("table", [UNICODE, ASCII], ids=["unicode", "ascii"])


@both_tables
@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_is_one_cell_and_no_emoji(table: Glyphs, name: str) -> None:
    sign = getattr(table, name)
    assert len(sign) == 1
    assert wcwidth(sign) == 1
    assert sign.isprintable()
    assert not regex.match(r"\p{Extended_Pictographic}|\p{Emoji_Presentation}", sign)


@both_tables
def test_states_and_verdicts_are_told_apart(table: Glyphs) -> None:
    states = (table.new, table.claimed, table.claimed_elsewhere, table.pending, table.snoozed, table.resolved)
    verdicts = (table.ok, table.info, table.warn, table.stop)
    kinds = (table.repost, table.resurfaced, table.reply, table.note, table.late)
    for group in (states, verdicts, kinds, (table.up, table.down, table.left, table.right)):
        assert len(set(group)) == len(group)


@both_tables
def test_borders_are_borders_of_textual(table: Glyphs) -> None:
    assert {table.border, table.border_focus} <= VALID_BORDER


def test_the_plain_table_is_ascii() -> None:
    assert all(value.isascii() for value in dataclasses.astuple(ASCII))


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "utf8", "U8", "utf_8_sig", "utf-16"])
def test_any_utf_gets_unicode(encoding: str) -> None:
    assert glyphs(encoding) is UNICODE


@pytest.mark.parametrize(
    "encoding", ["ascii", "ANSI_X3.4-1968", "latin-1", "cp1252", "koi8-r", "no-such", "", None, "a\0b"]
)
def test_any_other_encoding_gets_ascii(encoding: str | None) -> None:
    assert glyphs(encoding) is ASCII
