"""Configuration: one TOML file and the XDG folders. An error names the file, the key and the nearest known key."""

import getpass
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from tui.clock import HOUR, MINUTE, SECOND, Millis
from tui.errors import Misuse, nearest

VERDICTS = ("stop", "warn", "info", "off")
PRICED = ("post", "own", "message", "author", "reply")
"""What has a price on X; `tui.networks.x.costs` says what it publishes for each."""
RESERVED_AGENTS = ("desk", "intake")
"""Who the event log names for what no person did: one's own events are no news, so nobody may be called that."""
CONFIG_LIMIT_BYTES = 1_000_000
DRAFT_CHARACTERS = 100_000
"""The longest draft that is kept; far beyond what any network takes."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """`[desk]`: how the desk behaves for everyone on it."""

    undo_seconds: int = 10
    """How long a reply is held before it leaves (s)."""
    lease_minutes: int = 30
    """How long a claim lives without a sign of its agent (min)."""
    skip_minutes: int = 30
    """How long `next` does not serve a skipped conversation to the same agent (min)."""
    most_held: int = 25
    """How many conversations one agent may hold at a time; 0: any number."""
    theme: str = "northline-dark"
    mouse: bool = False
    spelling: bool = True
    """Whether words that no dictionary of this machine has are marked while writing."""
    dictionaries: tuple[str, ...] = ()
    """Dictionaries to prefer for their languages, such as `en_GB`; empty: any of the conversation's language."""
    offer_after: int = 5
    """A text typed by hand so many times is offered to be kept as a canned response; 0: never."""
    reopened_hours: int = 72
    """A customer's word within this time after a canned response counts against it (h)."""
    only_known_agents: bool = False
    """Whether a name that no admin has added is refused; else it becomes an agent on first use."""
    editor: str = ""
    """The command of the editor outside, whatever VISUAL and EDITOR say; empty: those."""

    @property
    def undo(self) -> Millis:
        """The undo window."""
        return self.undo_seconds * SECOND

    @property
    def lease(self) -> Millis:
        """The life of a claim."""
        return self.lease_minutes * MINUTE

    @property
    def skip(self) -> Millis:
        """The life of a skip."""
        return self.skip_minutes * MINUTE


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """`[account.default]` and `[account."x:@northline"]`: rules for one handle."""

    horizon_hours: int = 48
    """A root older than this that comes back is resurfaced (h)."""
    target_minutes: int = 60
    """Within this a post that addressed us should be answered (min)."""
    part_minutes: int = 5
    """Our own follow-up within this is a part of the same answer, not a second one (min)."""
    same_text_minutes: int = 60
    """The stretch in which near-equal public replies are counted (min)."""
    same_text_count: int = 3
    """From so many near-equal replies on, `same-text` warns."""
    same_text_ratio: int = 95
    """How alike two texts must be to count as the same (0-100, token set ratio)."""
    same_text_letters: int = 12
    """Letters below which only the very same text counts as the same."""
    same_text_shortest: int = 60
    """How long the shorter of two texts must be beside the longer to be a copy of it (%)."""
    same_text_incident_count: int = 20
    """From so many near-equal replies about one incident on, `same-text` warns; they are counted apart."""
    same_customer_minutes: int = 60
    """A colleague's answer to the same person elsewhere counts as just now within this (min)."""
    bounce_count: int = 1
    """From so many times on, this reply included, sending the customer elsewhere warns."""
    form_count: int = 2
    """The same for sending them to a form, which may be the only way in."""
    apology_count: int = 3
    """From so many apologies with nothing else to them on, this reply included, `tone` warns."""
    shouted_words: int = 3
    """From so many words in capitals in a row on, `tone` warns."""
    length_limit: int = 0
    """Characters this server takes in a public reply, where that is not its network's default; 0: the default."""
    link_length: int = 0
    """Characters a link costs on this Mastodon server; 0: the default, 23."""
    link_cost_factor: int = 13
    """How many times more a post with a link costs on X; 0: nothing is said about it."""
    search: tuple[str, ...] = ()
    """Words of our brand that the network is searched for, so that who only names us is found too."""
    search_reposts: bool = False
    """Whether the search on X brings reposts as well; each is paid like a post."""
    reply_to_anyone: bool = False
    """Whether our plan at X (Enterprise) lets us reply to who neither named nor quoted us."""
    tags: tuple[str, ...] = ()
    """Hashtags that are read on Mastodon, without `#`."""
    lists: tuple[str, ...] = ()
    """Ids of lists that are read on Mastodon."""
    poll_seconds: int = 60
    """How often what addresses us is asked for (s); what only names us is asked for less often."""
    private_pointer: str = "We have sent you a private message."
    """What is said in public when an answer moves to a private message."""
    signature: str = ""
    """What each reply ends with, such as `^{initials}`; empty: nothing."""
    complaint_hours: int = 24
    """A complaint of the customer within this time after a reply proves a warning about it right (h)."""
    mask_cards: bool = True
    """Whether card numbers in posts are masked before they are stored."""
    booking_pattern: str = ""
    """A regular expression of our booking codes; empty: six letters and digits behind a word such as booking."""
    contacts: tuple[str, ...] = ()
    """Our own public addresses, numbers and handles; sending somebody there is no private data."""
    hours: str = ""
    """When we keep our promises, such as `mo-fr 09:00-17:00, sa 10:00-14:00`; empty: always."""
    timezone: str = "UTC"
    """The zone of `hours`, such as `Europe/London`."""
    holidays: str = ""
    """The country, or country and region, whose holidays are closed: `GB`, `DE-BY`; empty: none."""
    checks: dict[str, str] = field(default_factory=dict)
    """Per check: `stop`, `warn`, `info` or `off` instead of its own verdict."""
    prices: dict[str, float] = field(default_factory=dict)
    """What X charges us instead of what it publishes, by what is PRICED (US dollars), for the estimate of a day."""

    @property
    def horizon(self) -> Millis:
        """The age from which a root counts as old."""
        return self.horizon_hours * HOUR

    @property
    def target(self) -> Millis:
        """The response target."""
        return self.target_minutes * MINUTE

    def at_server(self, taken: Mapping[str, Any] | None) -> "AccountSettings":
        """These with what the server of the account says it takes, see `ServerLimits`, where nothing is configured."""
        if not taken:
            return self
        return replace(
            self,
            length_limit=self.length_limit or int(taken.get("characters", 0)),
            link_length=self.link_length or int(taken.get("link_length", 0)),
        )


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """`[network]`: how the networks are reached. Nothing of it is taken from the environment."""

    proxy: str = ""
    """An HTTP proxy for all of them, such as `http://127.0.0.1:3128`; empty: none, whatever the environment says."""
    ca_file: str = ""
    """Certificates to trust instead of those that are shipped; certificates are always verified."""
    deadline_seconds: int = 15
    """How long a whole call may take (s)."""
    retry_minutes: int = 30
    """How long a reply whose network is out of reach is tried again before it has failed (min)."""
    tokens_file: str = ""
    """Where the tokens lie, mode 0600; empty: `tokens.toml` beside the configuration."""
    watch: tuple[str, ...] = ()
    """Files and folders that JSONL posts are read from as they grow."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """`[lookup.NAME]`: a read-only command that is run with a code from the thread as its last argument."""

    command: tuple[str, ...] = ()
    """The program and its arguments; `{code}` in one of them is the code, else it comes last. No shell sees it."""
    pattern: str = ""
    """A regular expression of the codes; its first group, where it has one, is the code."""
    seconds: int = 5
    """How long it may take (s)."""


Settings = TypeVar("Settings", DeskSettings, AccountSettings, NetworkSettings, LookUp)


@dataclass(frozen=True)
class Config:
    """Everything that is configured, with its defaults."""

    path: Path | None = None
    desk: DeskSettings = field(default_factory=DeskSettings)
    accounts: dict[str, AccountSettings] = field(default_factory=dict)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lookups: dict[str, LookUp] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """`[groups]`: several agents under one name, so that a note can name them together."""
    initials: dict[str, str] = field(default_factory=dict)
    """`[initials]`: what an agent signs with, where that is not the first letters of their name."""

    @cached_property
    def default_account(self) -> AccountSettings:
        """What holds for handles without a section of their own."""
        return self.accounts.get("default", AccountSettings())

    @property
    def words_folder(self) -> Path:
        """Where this team's own lists of phrases lie: beside the configuration."""
        return (self.path.parent if self.path else config_folder()) / "words"

    def account(self, network: str, handle: str | None) -> AccountSettings:
        """The settings of one handle."""
        return self.accounts.get(account_key(network, handle or ""), self.default_account)


def _is_price(priced: tuple[str, Any]) -> bool:
    name, price = priced
    return name in PRICED and type(price) in (int, float) and 0 <= price <= 1_000


def account_key(network: str, handle: str) -> str:
    """How an account is written in the configuration: `x:@northline`, without case."""
    return f"{network}:@{handle.removeprefix('@')}".casefold()


Vet = Callable[[AccountSettings], Iterable[tuple[str, str]]]
"""Finds what is wrong with an account's settings beyond their types: the key, and what is wrong."""


def load(path: Path | None = None, vet: Vet = lambda _: ()) -> Config:
    """Read the file given, or `config.toml` of the XDG folder where there is one. Raises Misuse.

    `vet` looks at the settings of each account whose section has a text or a table, which the rules know more of than
    this module. Where all have numbers and lists alone, it is not called, so that a start need not load the rules.
    """
    explicit = path is not None
    path = path or config_folder() / "config.toml"
    try:
        if path.stat().st_size > CONFIG_LIMIT_BYTES:
            raise Misuse(f"{path} is larger than {CONFIG_LIMIT_BYTES:,} bytes; is it the configuration?")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if explicit:
            raise Misuse(f"The configuration {path} does not exist; check --config.") from None
        return Config()
    except OSError as error:
        raise Misuse(f"The configuration {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Misuse(f"The configuration {path} is not UTF-8 text; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"The configuration {path} is not valid TOML: {error}.") from None
    return _Reading(f"The configuration {path}:", vet).config(document, path)


def otherwise(config: Config, assignments: Iterable[str], vet: Vet = lambda _: ()) -> Config:
    """The same configuration with account settings changed for every account: `horizon_hours=24`, `checks.late=off`.

    What stands behind the `=` is read as in the file, where a text needs no quotes. Raises Misuse.
    """
    section: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, given = (part.strip() for part in assignment.partition("="))
        if not (key and equals):
            raise Misuse(f"{assignment!r:.60} changes no setting; write KEY=VALUE, such as horizon_hours=24.")
        name, dot, check = key.partition(".")
        if dot:
            earlier = section.get(name)
            section[name] = (earlier if isinstance(earlier, dict) else {}) | {check: given}
        else:
            section[name] = _as_toml(given, getattr(AccountSettings(), name, None))
    reading = _Reading("--set", vet)
    accounts = {"default": config.default_account} | config.accounts
    return replace(config, accounts={name: reading.changed(settings, section) for name, settings in accounts.items()})


def _as_toml(given: str, default: Any) -> Any:
    """A value as the file would have it; a text, and what is none, as it was given."""
    if isinstance(default, str) and not given.startswith(('"', "'")):
        return given
    try:
        return tomllib.loads(f"value = {given}")["value"]
    except tomllib.TOMLDecodeError:
        return given


@dataclass(frozen=True)
class _Reading:
    """Turns a TOML document into a Config, naming what does not fit."""

    source: str
    """What is read; every complaint begins with it."""
    vet: Vet

    def config(self, document: dict[str, Any], path: Path) -> Config:
        self._known("", document, ("desk", "account", "network", "keys", "lookup", "groups", "initials"))
        default = AccountSettings()
        if "default" in self._table(document, "account"):
            default = self._account(default, "account.default", document["account"]["default"])
        accounts = {"default": default}
        for name, section in self._table(document, "account").items():
            if name != "default":
                network, colon, handle = name.partition(":")
                if not (network and colon and handle):
                    self._fail(f"account.{name}", 'is no account; write "x:@northline" (network, colon, handle)')
                accounts[account_key(network, handle)] = self._account(default, f"account.{name}", section)
        return Config(
            path=path,
            desk=self._section(DeskSettings(), "desk", document.get("desk", {})),
            accounts=accounts,
            network=self._section(NetworkSettings(), "network", document.get("network", {})),
            keys={name: self._keys(name, value) for name, value in self._table(document, "keys").items()},
            lookups={name: self._look_up(name, value) for name, value in self._table(document, "lookup").items()},
            groups=self._named(document, "groups", ()),
            initials=self._named(document, "initials", ""),
        )

    def _named(self, document: dict[str, Any], table: str, default: Any) -> dict[str, Any]:
        """A table whose names are the team's own."""
        return {
            name: self._value(f"{table}.{name}", value, default) for name, value in self._table(document, table).items()
        }

    def _look_up(self, name: str, section: Any) -> LookUp:
        found = self._section(LookUp(), f"lookup.{name}", section)
        if not found.command or not found.pattern:
            self._fail(f"lookup.{name}", "needs a command, a list of texts, and a pattern of the codes")
        try:
            re.compile(found.pattern)
        except re.error as error:
            self._fail(f"lookup.{name}.pattern", f"is not a regular expression: {error}")
        return found

    def _table(self, document: dict[str, Any], name: str) -> dict[str, Any]:
        value = document.get(name, {})
        if not isinstance(value, dict):
            self._fail(name, "must be a table")
        return dict(value)

    def changed(self, settings: AccountSettings, section: dict[str, Any]) -> AccountSettings:
        """An account's settings with what a section has; of `checks` only those it names are others."""
        checks = section.get("checks")
        if isinstance(checks, dict):
            section = section | {"checks": settings.checks | checks}
        return self._account(settings, "", section)

    def _account(self, defaults: AccountSettings, name: str, section: Any) -> AccountSettings:
        settings = self._section(defaults, name, section)
        if any(isinstance(getattr(defaults, key), str | dict) for key in section):
            for key, problem in self.vet(settings):
                self._fail(f"{name}.{key}".lstrip("."), problem)
        return settings

    def _section(self, defaults: Settings, name: str, section: Any) -> Settings:
        if not isinstance(section, dict):
            self._fail(name, "must be a table")
        self._known(name, section, tuple(f.name for f in fields(defaults)))
        values = {
            key: self._value(f"{name}.{key}".lstrip("."), value, getattr(defaults, key))
            for key, value in section.items()
        }
        return replace(defaults, **values)

    def _known(self, name: str, section: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in section:
            if key not in known:
                self._fail(f"{name}.{key}".lstrip("."), f"is unknown; did you mean {nearest(key, known)!r}?")

    def _value(self, key: str, value: Any, default: Any) -> Any:
        match default:
            case bool():
                if not isinstance(value, bool):
                    self._fail(key, "must be true or false")
            case int():
                if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1_000_000:
                    self._fail(key, "must be a whole number from 0 to 1000000")
            case dict() if key.rpartition(".")[2] == "prices":
                if not isinstance(value, dict) or not all(map(_is_price, value.items())):
                    self._fail(key, f"must give each of {', '.join(PRICED)} a price such as 0.005")
            case dict():
                if not isinstance(value, dict) or not all(verdict in VERDICTS for verdict in value.values()):
                    self._fail(key, f"must give each check one of {', '.join(VERDICTS)}")
            case tuple():
                if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                    self._fail(key, "must be a list of texts in quotes")
                return tuple(value)
            case _:
                if not isinstance(value, str):
                    self._fail(key, "must be a text in quotes")
        return value

    def _keys(self, name: str, value: Any) -> tuple[str, ...]:
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
            self._fail(f"keys.{name}", 'must be a key such as "n", or a list of keys')
        return tuple(keys)

    def _fail(self, key: str, problem: str) -> NoReturn:
        raise Misuse(f"{self.source} {key} {problem}{'' if problem.endswith('?') else '.'}")


def _xdg(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    folder = Path(value) if os.path.isabs(value) else Path.home() / fallback
    return folder / "shiftdesk"


def config_folder() -> Path:
    """Where `config.toml` and `themes/` of this user lie (XDG base directory specification)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def data_folder() -> Path:
    """Where the database lies unless `--db` says otherwise."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def state_folder() -> Path:
    """Where crash logs lie."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def agent_name(given: str | None) -> str:
    """Who works here: `--agent`, `SHIFTDESK_AGENT`, else the login name. Raises Misuse."""
    name = (given or os.environ.get("SHIFTDESK_AGENT") or "").strip()
    if not name:
        try:
            name = getpass.getuser()
        except (OSError, KeyError):
            raise Misuse("Nobody is logged in under a name; give one with --agent NAME.") from None
    if name.casefold() in RESERVED_AGENTS:
        raise Misuse(f"{name!r} stands in the event log for the desk itself; give another name with --agent NAME.")
    if len(name) > 64 or not name.isprintable():
        raise Misuse("The agent's name must be up to 64 printable characters; give another with --agent NAME.")
    return name
