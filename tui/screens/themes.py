"""Themes: TOML files read into plain records, and records turned into Textual themes.

The form of a file stands at the top of each shipped one. Textual is imported inside the functions
that need it, so that commands without a screen can list themes cheaply.
"""

import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT = "northline-dark"
PLAIN = "ansi-dark"
"""Textual's theme without RGB; with `NO_COLOR` set it sends no colour at all."""
BARE = "textual-dark"
"""What is left when not even the default could be read."""

MAX_BYTES = 64 * 1024
"""Most bytes in one theme file; the shipped ones have under 4 KiB."""
MAX_FILES = 100
"""Most theme files read from one folder."""

COLORS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
    "boost",
)

SEMANTIC: Mapping[str, tuple[str, str]] = {
    "late": ("warning", "ansi_yellow"),
    "resurfaced": ("accent", "ansi_magenta"),
    "fresh": ("success", "ansi_green"),
    "danger": ("error", "ansi_red"),
    "note": ("secondary", "ansi_cyan"),
    "reply": ("primary", "ansi_bright_blue"),
    "quiet": ("foreground-muted", "ansi_default"),
    "selected": ("panel", "ansi_default"),
}
"""Our own colours: the Textual colour each is taken from when a theme lacks it, and its 16-colour twin."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_RESERVED = ("ansi-dark", "ansi-light")
_FLAG = r"(?:not )?(?:bold|b|dim|italic|i|underline|u|uu|overline|o|strike|reverse|blink)"
_TEXT_STYLE = re.compile(rf"none|{_FLAG}(?: {_FLAG})*")


@dataclass(frozen=True, slots=True)
class ThemeRecord:
    """One theme file, checked. Colours are `#RRGGBB` or `#RRGGBBAA`."""

    name: str
    dark: bool
    colors: Mapping[str, str]
    variables: Mapping[str, str]
    path: Path


def shipped_folder() -> Path:
    """Where the themes of this installation are: `tui/themes` in a wheel, `themes` in a checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "themes"
    return packed if packed.is_dir() else package.parent / "themes"


def load(folders: Path | Iterable[Path]) -> tuple[list[ThemeRecord], list[str]]:
    """Read every `*.toml` of the folders: the themes by name, and one sentence for each file not used.

    A theme in a later folder replaces its namesake in an earlier one; a folder that is not there has none.
    Nothing in a file or folder raises.
    """
    themes: dict[str, ThemeRecord] = {}
    problems: list[str] = []
    for folder in [folders] if isinstance(folders, Path) else folders:
        records, sentences = _load_folder(folder)
        themes |= records
        problems += sentences
    return [themes[name] for name in sorted(themes)], problems


def find(name: str, known: Iterable[str]) -> tuple[str, str | None]:
    """The theme to start with when `name` is asked for and `known` are there, and a sentence if they differ."""
    names = list(known)
    if name in names:
        return name, None
    instead = DEFAULT if DEFAULT in names else BARE
    return instead, f"No theme is called {name!r:.44}{_nearest(name, names)}; {instead} is used."


def choose(name: str, environ: Mapping[str, str]) -> str:
    """`name`, or the colourless theme when NO_COLOR is set.

    An empty NO_COLOR counts as set: Textual reads it so, and would turn an RGB theme into 24-bit grey.
    Textual picks its filter in `App.__init__`, before any theme can be set: pass `ansi_color=True` there as
    well, else this theme comes out black on black.
    """
    return PLAIN if "NO_COLOR" in environ else name


def textual_theme(record: ThemeRecord) -> "Theme":
    """The record as Textual registers it, with every colour of SEMANTIC among its variables."""
    from textual.theme import Theme

    colors, variables = record.colors, dict(record.variables)
    if "boost" in colors:
        # Textual drops a theme's boost wherever the theme names its panel.
        variables.setdefault("boost", colors["boost"])
    theme = Theme(
        name=record.name,
        dark=record.dark,
        primary=colors["primary"],
        secondary=colors.get("secondary"),
        accent=colors.get("accent"),
        foreground=colors.get("foreground"),
        background=colors.get("background"),
        surface=colors.get("surface"),
        panel=colors.get("panel"),
        success=colors.get("success"),
        warning=colors.get("warning"),
        error=colors.get("error"),
        boost=colors.get("boost"),
        variables=variables,
    )
    theme.variables |= semantic_colors(theme)
    return theme


def semantic_colors(theme: "Theme") -> dict[str, str]:
    """Every colour of SEMANTIC for any theme, Textual's own included: opaque `#RRGGBB`, or `ansi_*`.

    Meant for `App.get_theme_variable_defaults`, without which `$late` in a style sheet stops the start
    under a theme that is not ours. An ansi theme has no ground for the selected row: the cursor bar marks it.
    """
    from textual.color import Color

    if theme.ansi:
        return {name: ansi for name, (_, ansi) in SEMANTIC.items()}
    values = theme.to_color_system().generate() | theme.variables
    ground = Color.parse(values["background"])
    return {
        name: (ground + Color.parse(values.get(name, values[source]))).hex6 for name, (source, _) in SEMANTIC.items()
    }


def _load_folder(folder: Path) -> tuple[dict[str, ThemeRecord], list[str]]:
    themes: dict[str, ThemeRecord] = {}
    problems: list[str] = []
    try:
        paths = sorted(path for path in folder.iterdir() if _is_theme(path))
    except FileNotFoundError:
        return themes, problems
    except OSError as error:
        return themes, [f"Theme folder {_shown(folder)} cannot be read: {error.strerror}."]
    for path in paths[:MAX_FILES]:
        try:
            record = _read(path)
            if record.name in themes:
                raise ValueError(f"'name' {record.name!r} is taken by {_shown(themes[record.name].path)}")
            themes[record.name] = record
        except OSError as error:
            problems.append(f"Theme file {_shown(path)} is not used: {error.strerror}.")
        except ValueError as error:
            problems.append(f"Theme file {_shown(path)} is not used: {error}.")
    if len(paths) > MAX_FILES:
        problems.append(f"Theme folder {_shown(folder)} has over {MAX_FILES} files; the rest is not read.")
    return themes, problems


def _is_theme(path: Path) -> bool:
    # Editors leave locks and copies that begin with a dot.
    return path.suffix == ".toml" and not path.name.startswith(".")


def _read(path: Path) -> ThemeRecord:
    """One file as a record. OSError, or ValueError with the key and what is wrong."""
    data = _parse(path)
    _check_keys(data, ("name", "dark", "colors", "variables"), "the file")
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("'name' must be there, with small letters, digits, '-' and '_', at most 40")
    if name in _RESERVED:
        raise ValueError(f"'name' {name!r} belongs to the terminal's own colours; choose another")
    dark = data.get("dark", True)
    if not isinstance(dark, bool):
        raise ValueError(f"'dark' must be true or false, not {dark!r:.40}")
    colors = _table(data, "colors", COLORS)
    if "primary" not in colors:
        raise ValueError("'primary' is missing in [colors]")
    return ThemeRecord(name, dark, colors, _table(data, "variables", _variables()), path)


def _parse(path: Path) -> dict[str, Any]:
    # Asked before opening: a named pipe would hold the start for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is not a regular file")
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it has more than the {MAX_BYTES} bytes a theme may have")
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is not TOML: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not TOML: {_printable(str(error)):.120}") from None


def _table(data: Mapping[str, Any], table: str, known: Iterable[str]) -> dict[str, str]:
    values = data.get(table, {})
    if not isinstance(values, dict):
        raise ValueError(f"{table!r} must be a table, written [{table}]")
    _check_keys(values, known, f"[{table}]")
    return {key: _value(key, value, table) for key, value in values.items()}


def _value(key: str, value: object, table: str) -> str:
    """A colour in hexadecimal or a text style; nothing else may reach a style sheet."""
    from textual.color import Color, ColorParseError

    text = " ".join(value.split()) if isinstance(value, str) else ""
    if "-style" in key:
        if not _TEXT_STYLE.fullmatch(text):
            raise ValueError(f"{key!r} in [{table}] is {value!r:.40}; write words such as 'bold' or 'none'")
        return text
    try:
        color = Color.parse(text)
    except (ColorParseError, ValueError, OverflowError):
        color = None
    if color is None or color.ansi is not None:
        raise ValueError(f"{key!r} in [{table}] is {value!r:.40}; write a colour such as '#7eb2dd'")
    return color.hex


@cache
def _variables() -> frozenset[str]:
    """Every name [variables] may hold: what Textual derives, and ours."""
    from textual.theme import Theme

    generated = Theme(name="any", primary="#000000").to_color_system().generate()
    return (frozenset(generated) | frozenset(SEMANTIC)) - frozenset(COLORS)


def _check_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    names = list(known)
    for key in table:
        if key not in names:
            raise ValueError(f"{where} has no key {key!r:.44}{_nearest(key, names)}")


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word[:60], sorted(known), n=1)
    return f", the nearest is {near[0]!r}" if near else ""


def _shown(path: Path) -> str:
    return _printable(str(path))


def _printable(text: str) -> str:
    """A file's name may hold escape codes; the sentence must not."""
    return text if text.isprintable() else repr(text)
