"""One run of a subcommand: its global options, the desk it works on, and how it answers.

Global options stand before or after the subcommand: every command carries them and writes to the one Invocation.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.errors import Misuse, OutOfReach
from tui.store.reader import EVER
from tui.text import line, paste, repair

if TYPE_CHECKING:
    from sqlmodel import Session

    from tui.config import AccountSettings, Config
    from tui.store.home import Home
    from tui.store.reader import QueueRow, Reader
    from tui.store.store import Store

LONGEST_TEXT = 100_000
"""Characters of a text given on the command line or on stdin."""
_TOO_LONG = f"The text is longer than {LONGEST_TEXT:,} characters; shorten it."


class Invocation:
    """What the global options say, and the desk behind them, opened when it is needed."""

    def __init__(self) -> None:
        self.db: str | None = None
        self.config_file: str | None = None
        self.agent_name: str | None = None
        self.json = False

    @cached_property
    def config(self) -> "Config":
        """The configuration. Raises Misuse."""
        from tui import config

        given = self.config_file or os.environ.get("SHIFTDESK_CONFIG")
        found = config.load(Path(given).expanduser() if given else None, vet=vet)
        if found.words_folder.is_dir():
            from tui.desk.guard import phrases

            phrases.known(found)
        return found

    @cached_property
    def agent(self) -> str:
        """Who works here. Raises Misuse."""
        from tui.config import agent_name

        return agent_name(self.agent_name)

    @cached_property
    def home(self) -> "Home":
        """Where the desk is stored, whether it is there or not. Raises Misuse."""
        from tui.config import data_folder
        from tui.store.sqlite import File
        from tui.store.store import home_of

        if self.db and names_password(self.db):
            raise Misuse("--db shows its password to everybody on this machine; give it in SHIFTDESK_DB or ~/.pgpass.")
        given = self.db or os.environ.get("SHIFTDESK_DB")
        return home_of(given) if given else File(data_folder() / "desk.db")

    @property
    def folder(self) -> Path:
        """The data folder of the desk: the outbox files lie there, beside the database where that is a file."""
        from tui.config import data_folder
        from tui.store.sqlite import File

        return self.home.path.absolute().parent if isinstance(self.home, File) else data_folder()

    @cached_property
    def store(self) -> "Store":
        """The database, created or upgraded where it must be; who creates it is its admin. Raises OutOfReach."""
        from tui.store.store import Store

        # What is wrong with the call is said before a database is made for it.
        _, agent = self.config, self.agent
        store = Store(self.home)
        if store.prepare():
            with store.transaction() as session:
                self._arrive(session, agent)
        return store

    @cached_property
    def reader(self) -> "Reader":
        """One connection for reading. Raises Refused where the agent may not work here."""
        reader = self.store.reader()
        role = reader.role(self.agent)
        if role == "removed" or (role is None and self.config.desk.only_known_agents):
            reader.close()
            with self.change():
                """The desk says why not, or makes its first agent."""
            reader = self.store.reader()
        return reader

    @contextmanager
    def change(self) -> Iterator["Session"]:
        """One short change by the agent, who is known here from now on."""
        with self.store.transaction() as session:
            self._arrive(session, self.agent)
            yield session

    def _arrive(self, session: "Session", agent: str) -> None:
        from tui.desk import people

        people.arrive(session, agent, clock.now(), only_known=self.config.desk.only_known_agents)

    def arrive(self) -> None:
        """The agent is known here from now on; one who is costs a read."""
        if self.reader.role(self.agent) is None:
            with self.change():
                pass

    def answer(self, document: Any, text: Callable[[], str]) -> None:
        """The one answer on stdout: `document` as JSON with `--json`, else the text, cleaned by whoever made it."""
        write(as_json(document) if self.json else text())

    def close(self) -> None:
        """Close what was opened."""
        opened = self.__dict__
        if "reader" in opened:
            self.reader.close()
        if "store" in opened:
            self.store.close()


def names_password(location: str) -> bool:
    """Whether an address of a database has a password in it."""
    user, at, _ = location.partition("://")[2].rpartition("@")
    return bool(at and ":" in user) or "password=" in location.partition("?")[2]


def vet(settings: "AccountSettings") -> "Iterable[tuple[str, str]]":
    """What is wrong with an account's settings beyond their types, for `tui.config`."""
    from tui.desk import guard

    return guard.vet(settings)


def as_json(document: Any) -> str:
    """JSON in ASCII, so that no control character can leave."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False)


def write(text: str) -> None:
    """Text and a newline on stdout. Raises BrokenPipeError or OutOfReach."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutOfReach(f"The answer cannot be written ({error.strerror}); check where stdout goes.") from None


def mention(sentence: str) -> None:
    """One sentence on stderr."""
    click.echo(line(sentence), err=True)


# -- options and arguments -------------------------------------------------------------------------


class _Words(click.ParamType[str]):
    """Text from the command line, where a byte that is no UTF-8 arrives as half a character."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if len(value) > LONGEST_TEXT:
            self.fail(f"it is longer than {LONGEST_TEXT:,} characters.", param, ctx)
        return repair(value)[0]


WORDS = _Words()
ID = click.IntRange(1, 2**63 - 1)


def conversation_of(reader: "Reader", conversation_id: int, *, agent: str = "", now: clock.Millis = EVER) -> "QueueRow":
    """The conversation of this number, see `Reader.conversation`. Raises Misuse."""
    row = reader.conversation(conversation_id, agent=agent, now=now)
    if row is None:
        raise Misuse(f"There is no conversation {conversation_id}; see `shiftdesk queue --view all`.")
    return row


def outgoing(given: str) -> str:
    """A text for a customer: `-` is read from stdin; what no reader would see is left out, as when pasting."""
    text, cut = paste(typed(given), LONGEST_TEXT)
    if cut:
        raise Misuse(_TOO_LONG)
    return text


def typed(given: str) -> str:
    """A text as it was given: `-` is read from stdin."""
    if given != "-":
        return given
    data = sys.stdin.buffer.read(4 * LONGEST_TEXT + 1)
    if len(data) > 4 * LONGEST_TEXT:
        raise Misuse(_TOO_LONG)
    try:
        text = data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise Misuse(f"The text on stdin is not UTF-8 (byte {error.start + 1}); send UTF-8.") from None
    if len(text) > LONGEST_TEXT:
        raise Misuse(_TOO_LONG)
    return text


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    call = context.ensure_object(Invocation)
    if value and option.name:
        setattr(call, option.name, value)


_GLOBAL: tuple[click.Parameter, ...] = (
    click.Option(
        ["--db"],
        metavar="URL_OR_PATH",
        help="The desk's database (SHIFTDESK_DB).",
        expose_value=False,
        callback=_remember,
    ),
    click.Option(
        ["--config", "config_file"],
        metavar="FILE",
        help="The configuration (SHIFTDESK_CONFIG).",
        expose_value=False,
        callback=_remember,
    ),
    click.Option(
        ["--agent", "agent_name"],
        metavar="NAME",
        help="Who works here (SHIFTDESK_AGENT, else the login name).",
        type=WORDS,
        expose_value=False,
        callback=_remember,
    ),
    click.Option(
        ["--json"],
        is_flag=True,
        help="Answer with one JSON document on stdout.",
        expose_value=False,
        callback=_remember,
    ),
)


class DeskCommand(click.Command):
    """A command with the global options."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.params = [*self.params, *_GLOBAL]


class DeskGroup(click.Group):
    """A group with the global options, as have its commands."""

    command_class = DeskCommand

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.params = [*self.params, *_GLOBAL]
