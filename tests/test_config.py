"""Configuration: an error names the file, the key and what to write instead."""

import os
import re
from pathlib import Path

import pytest

from tui import config
from tui.clock import HOUR, MINUTE, SECOND
from tui.config import AccountSettings, Config, DeskSettings
from tui.desk import guard
from tui.errors import Misuse


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, vet=guard.vet)


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("horizon_hours = 24", False),
        ("mask_cards = false", False),
        ('contacts = ["@help"]', False),
        ('hours = "24/7"', True),
        ('booking_pattern = "[A-Z]{6}"', True),
        ('checks = { late = "off" }', True),
    ],
)
def test_the_rules_are_asked_only_about_texts_and_tables(tmp_path: Path, setting: str, asked: bool) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[account."x:@northline"]\n{setting}\n', encoding="utf-8")
    of: list[AccountSettings] = []
    config.load(path, vet=lambda settings: of.append(settings) or ())
    assert bool(of) == asked


def test_nothing_configured_means_the_defaults() -> None:
    found = config.load()
    assert (found.desk, found.default_account, found.keys) == (DeskSettings(), AccountSettings(), {})
    assert (found.desk.undo, found.desk.lease, found.desk.skip) == (10 * SECOND, 30 * MINUTE, 30 * MINUTE)
    assert (found.default_account.horizon, found.default_account.target) == (48 * HOUR, HOUR)


def test_the_file_of_the_user_is_found() -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "shiftdesk"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[desk]\nundo_seconds = 3")
    assert (config.load().desk.undo, config.load().path) == (3 * SECOND, folder / "config.toml")


def test_an_account_inherits_from_the_default(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
        [account.default]
        horizon_hours = 24
        checks = { late = "off" }
        [account."x:@NorthLine"]
        target_minutes = 15
        """,
    )
    ours = found.account("x", "northline")
    assert (ours.horizon, ours.target, ours.checks) == (24 * HOUR, 15 * MINUTE, {"late": "off"})
    assert found.account("x", "@NORTHLINE") == ours
    assert found.account("x", "other") == found.account("mastodon", "northline") == found.account("x", None)
    assert found.account("x", None).target == HOUR


def test_keys_may_be_one_or_a_list(tmp_path: Path) -> None:
    assert read(tmp_path, '[keys]\nnext = "f5"\nskip = ["f6", "k"]').keys == {"next": ("f5",), "skip": ("f6", "k")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[dsk]", r"dsk is unknown; did you mean 'desk'\?"),
        ("[desk]\nundo_second = 3", r"desk\.undo_second is unknown; did you mean 'undo_seconds'\?"),
        ("[account.default]\nhorizon = 3", r"account\.default\.horizon is unknown; did you mean 'horizon_hours'\?"),
        ('[desk]\nundo_seconds = "3"', r"desk\.undo_seconds must be a whole number"),
        ("[desk]\nundo_seconds = -1", r"desk\.undo_seconds must be a whole number"),
        ("[desk]\nundo_seconds = 1.5", r"desk\.undo_seconds must be a whole number"),
        ("[desk]\nundo_seconds = true", r"desk\.undo_seconds must be a whole number"),
        ("[desk]\nundo_seconds = 99999999999", r"desk\.undo_seconds must be a whole number"),
        ("[desk]\nmouse = 1", r"desk\.mouse must be true or false"),
        ("[desk]\ntheme = 1", r"desk\.theme must be a text"),
        ("desk = 1", r"desk must be a table"),
        ("account = 1", r"account must be a table"),
        ("keys = 1", r"keys must be a table"),
        ("account.default = 1", r"account\.default must be a table"),
        ("[account.northline]", r'account\.northline is no account; write "x:@northline"'),
        ("[account.default]\nchecks = { anwered = 'off' }", r"checks\.anwered is unknown; did you mean 'answered'"),
        ("[account.'x:@us']\nchecks = { anwered = 'off' }", r"account\.x:@us\.checks\.anwered is unknown"),
        ("[account.default]\ncontacts = 'help@us.example'", r"contacts must be a list of texts"),
        ("[account.default]\nchecks = { late = 'maybe' }", r"checks must give each check one of stop, warn, info, off"),
        ("[account.default]\nchecks = { late = ['off'] }", r"checks must give each check one of"),
        ("[account.'x:@us']\nprices = { posts = 1 }", r"prices must give each of post, own, .* a price such as 0\.005"),
        ("[account.'x:@us']\nprices = { post = true }", r"prices must give each of post"),
        ("[account.'x:@us']\nprices = { post = -1 }", r"prices must give each of post"),
        ("[account.'x:@us']\nprices = [1]", r"prices must give each of post"),
        ("[keys]\nnext = 1", r"keys\.next must be a key"),
        ("[keys]\nnext = []", r"keys\.next must be a key"),
        ('[keys]\nnext = [""]', r"keys\.next must be a key"),
        ("[desk", r"not valid TOML"),
    ],
)
def test_an_error_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misuse, match=said) as refused:
        read(tmp_path, text)
    assert str(tmp_path / "config.toml") in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"does not exist; check --config"):
        config.load(tmp_path / "no.toml")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"theme = '\xff'")
    with pytest.raises(Misuse, match="not UTF-8"):
        config.load(tmp_path / "config.toml")
    with pytest.raises(Misuse, match="cannot be read"):
        config.load(tmp_path)
    with pytest.raises(Misuse, match="larger than"):
        read(tmp_path, "#" * 1_000_001)


@pytest.mark.parametrize(
    ("variable", "folder"), [("CONFIG", ".config"), ("DATA", ".local/share"), ("STATE", ".local/state")]
)
@pytest.mark.parametrize("value", ["", "relative/path"])
def test_folders_fall_back_to_the_home(variable: str, folder: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in these variables that is not absolute is ignored, says the XDG specification."""
    monkeypatch.setenv(f"XDG_{variable}_HOME", value)
    found = {"CONFIG": config.config_folder, "DATA": config.data_folder, "STATE": config.state_folder}[variable]()
    assert found == Path(os.environ["HOME"]) / folder / "shiftdesk"
    monkeypatch.setenv(f"XDG_{variable}_HOME", "/srv")
    again = {"CONFIG": config.config_folder, "DATA": config.data_folder, "STATE": config.state_folder}[variable]()
    assert again == Path("/srv/shiftdesk")


def test_who_works_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "login")
    assert config.agent_name(None) == "login"
    monkeypatch.setenv("SHIFTDESK_AGENT", " ana ")
    assert config.agent_name(None) == "ana"
    assert config.agent_name("Zoë") == "Zoë"


def test_nobody_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(Misuse, match="--agent"):
        config.agent_name(None)


@pytest.mark.parametrize("name", ["intake", "Desk"])
def test_nobody_is_called_as_the_desk_itself(name: str) -> None:
    with pytest.raises(Misuse, match="stands in the event log for the desk itself"):
        config.agent_name(name)


@pytest.mark.parametrize("name", ["x" * 65, "a\x1b[31m", "a\nb", "\u202eana"])
def test_a_name_is_short_and_printable(name: str) -> None:
    with pytest.raises(Misuse, match="printable"):
        config.agent_name(name)


# -- settings as they would be ---------------------------------------------------------------------


def test_settings_are_changed_for_every_account_and_read_as_in_the_file() -> None:
    known = Config(accounts={"x:@northline": AccountSettings(target_minutes=15, checks={"late": "off"})})
    given = ["horizon_hours = 24", "hours=mo-fr 9:00-17:00", "checks.answered=warn", 'contacts=["@help"]']
    changed = config.otherwise(known, [*given, "mask_cards=false", 'timezone="Europe/London"'])
    ours, others = changed.account("x", "@northline"), changed.account("x", "@southline")
    for settings in (ours, others):
        assert (settings.horizon_hours, settings.hours, settings.contacts) == (24, "mo-fr 9:00-17:00", ("@help",))
        assert (settings.mask_cards, settings.timezone) == (False, "Europe/London")
    assert (ours.target_minutes, ours.checks) == (15, {"late": "off", "answered": "warn"})
    assert (others.target_minutes, others.checks) == (60, {"answered": "warn"})
    assert known.account("x", "@southline") == AccountSettings(), "the configuration itself stays as it is"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["horizon_hour=3"], "did you mean 'horizon_hours'?"),
        (["horizon_hours=soon"], "horizon_hours must be a whole number"),
        (["horizon_hours=-1"], "horizon_hours must be a whole number"),
        (["mask_cards=1"], "mask_cards must be true or false"),
        (["contacts=@help"], "contacts must be a list"),
        (["checks.late=of"], "checks must give each check one of"),
        (["checks=late", "checks.late=of"], "checks must give each check one of"),
        (["target_minutes=3", "target_minutes.x=3"], "target_minutes must be a whole number"),
        (["checks.lat=off"], "checks.lat is unknown"),
        (["horizon_hours"], "write KEY=VALUE"),
        (["=3"], "write KEY=VALUE"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(given: list[str], said: str) -> None:
    with pytest.raises(Misuse, match=re.escape(said)):
        config.otherwise(Config(), given, guard.vet)
