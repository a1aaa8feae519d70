"""`doctor`: is everything here as it should be; looks at much, changes nothing."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tui.cli.invocation import DeskCommand, Invocation
from tui.config import Config
from tui.errors import Misuse, OutOfReach, ShiftdeskError
from tui.text import line

if TYPE_CHECKING:
    from tui.store.home import Home
    from tui.store.reader import LoginRow
    from tui.store.sqlite import File

LITTLE_SPACE = 500 * 10**6
"""Below so many free bytes the disk of a desk is worth a warning."""
FULL = 2
"""Of `PRAGMA synchronous`."""
LONG_LOG = 4
"""A write-ahead log so many times as long as it is let grow has a reader that stays."""
STORAGE = (
    *("sqlite", "file system", "folder", "database", "schema", "integrity"),
    *("server", "encoding", "writing", "notifications", "rights"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and the sentence."""

    name: str
    verdict: Literal["ok", "info", "warn", "stop"]
    text: str


@click.command("doctor", cls=DeskCommand)
@click.pass_context
def doctor_command(context: click.Context) -> None:
    """Look at storage, terminal, configuration and themes. Exits 3 when the storage cannot be used."""
    from tui.cli.table import table

    call: Invocation = context.obj
    storage = list(_storage(call))
    checks = [*storage, *_reading(call, storage), *_surroundings(call)]
    stopped = [check.name for check in checks if check.verdict == "stop"]
    document: dict[str, Any] = {"ok": not stopped, "checks": [asdict(check) for check in checks]}
    call.answer(document, lambda: table([[check.verdict, check.name, check.text] for check in checks]))
    if stopped:
        context.exit(OutOfReach.exit_code if set(stopped) & set(STORAGE) else Misuse.exit_code)


# -- storage ---------------------------------------------------------------------------------------


def _storage(call: Invocation) -> Iterator[Check]:
    from tui.store.sqlite import File

    if isinstance(call.home, File):
        yield from _file(call.home)
    else:
        yield from _server(call.home)


def _server(home: "Home") -> Iterator[Check]:
    from tui.cli import doctor_server

    try:
        for check in doctor_server.checks(home):
            yield check
            if check.name == "server" and check.verdict == "stop":
                return
        yield _schema(home)
    except Exception as error:
        yield Check("server", "stop", home.sentence(error) or str(error))


def _schema(home: "Home") -> Check:
    from tui.store import schema

    revision = home.revision()
    schema.refuse_newer(home.location, revision)
    standing = "up to date" if revision == schema.HEAD else "upgraded by the next command"
    return Check("schema", "ok", f"{revision or 'none'}, {standing}")


def _file(file: "File") -> Iterator[Check]:
    yield _library()
    path = file.path.absolute()
    kind = _file_system(Path(os.path.realpath(path)))
    yield kind
    yield _folder(path.parent)
    if not path.exists():
        yield Check("database", "info", f"{path} does not exist yet; the first command that needs it creates it")
        return
    yield _database(path)
    yield from _beside(path)
    yield _space(path.parent)
    yield from _in_use(Path(os.path.realpath(path)))
    if kind.verdict == "stop":
        return
    try:
        yield from _contents(file)
    except OutOfReach as error:
        yield Check("integrity", "stop", str(error))


def _library() -> Check:
    from tui.store import sqlite

    module = sqlite.sqlite3.__name__.partition(".")[0]
    used = f"SQLite {sqlite.sqlite3.sqlite_version} from {module}"
    if sqlite.journal_mode() == "wal":
        return Check("sqlite", "ok", f"{used}: free of the WAL-reset bug, new databases use WAL")
    return Check("sqlite", "info", f"{used}: has the WAL-reset bug, so new databases use the DELETE journal")


def _file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> Check:
    from tui.store import sqlite

    kind = sqlite.file_system(path, mounts)
    if kind is None:
        return Check("file system", "info", "its type cannot be told on this machine; it must not be a network share")
    if sqlite.is_on_network(kind):
        return Check("file system", "stop", f"{kind} is a network share, where SQLite may be damaged; use a local disk")
    return Check("file system", "ok", f"{kind} is local")


def _folder(folder: Path) -> Check:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Check("folder", "stop", f"{there} cannot be written; check its owner and mode, or give --db")
    if there != folder:
        return Check("folder", "info", f"{folder} does not exist yet; it is made with the database")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return Check("folder", "warn", f"{folder} is {mode:04o}: everyone may replace the database; chmod o-w")
    if mode & stat.S_IWGRP and not mode & stat.S_ISGID:
        advice = "what is made in it belongs to the group of its maker, not to the team's; chmod 2770"
        return Check("folder", "warn", f"{folder} is {mode:04o}: {advice}, or 0700 where one user runs all desks")
    return Check("folder", "ok", f"{folder} is {mode:04o}")


def _database(path: Path) -> Check:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    said = f"{path}, {found.st_size:,} bytes, mode {mode:04o}"
    if not os.access(path, os.R_OK | os.W_OK):
        return Check("database", "stop", f"{said}: this user may not write it; check its owner and mode")
    if mode & stat.S_IRWXO:
        return Check("database", "warn", f"{said}: everyone on this machine can open it; chmod o-rwx")
    return Check("database", "ok", said)


def _beside(path: Path) -> Iterator[Check]:
    """The write-ahead log and its index, which SQLite makes as the file is."""
    wanted = path.stat()
    for file in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        try:
            found = file.stat()
        except OSError:
            continue
        said = f"{file.name}, {found.st_size:,} bytes, mode {stat.S_IMODE(found.st_mode):04o}"
        if (found.st_mode, found.st_gid) != (wanted.st_mode, wanted.st_gid):
            yield Check("beside it", "warn", f"{said}: not the mode or the group of the database; set both alike")
        elif file.name.endswith("-wal") and found.st_size > LONG_LOG * _long_wal():
            yield Check("beside it", "warn", f"{said}: a reader that stays keeps it long; see who has it open")
        else:
            yield Check("beside it", "ok", said)


def _long_wal() -> int:
    from tui.store import sqlite

    return sqlite.LONG_WAL


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    said = f"{free / 10**6:,.0f} MB free beside the database"
    if free < LITTLE_SPACE:
        return Check("space", "warn", f"{said}: free some before it is full")
    return Check("space", "ok", said)


def _in_use(path: Path) -> Iterator[Check]:
    """Which other processes have the database open, as far as this user may know."""
    users, left = [], []
    removed = {f"{path}{end} (deleted)" for end in ("", "-wal", "-shm")}
    for place in Path("/proc").glob("[0-9]*/fd"):
        opened = _opened_in(place)
        who = place.parent.name
        if who != str(os.getpid()):
            users += [f"{who} {_name_of(place.parent)}"] if str(path) in opened else []
            left += [f"{who} {_name_of(place.parent)}"] if opened & removed else []
    yield Check(
        "in use", "ok", f"also open in: {', '.join(users)}" if users else "by no other process that can be seen"
    )
    if left:
        said = f"a file that was removed from its place is still open in: {', '.join(left)}"
        yield Check("in use", "warn", f"{said}; what they write is lost, end them")


def _opened_in(folder: Path) -> set[str]:
    """The files that a process has open; none where it is not ours to see, or gone."""
    found = set()
    with suppress(OSError):
        for handle in folder.iterdir():
            with suppress(OSError):
                found.add(str(handle.readlink()))
    return found


def _name_of(process: Path) -> str:
    try:
        return line((process / "comm").read_text(errors="replace"))
    except OSError:
        return "?"


def _contents(file: "File") -> Iterator[Check]:
    from tui.store import sqlite

    schema = _schema(file)
    yield schema
    try:
        connection = file.connect()
        try:
            journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
            times = list(_clock(connection)) if problems == ["ok"] and "up to date" in schema.text else []
        finally:
            connection.close()
    except sqlite.sqlite3.Error as error:
        raise OutOfReach(sqlite.sentence(file.path, error)) from None
    yield _journal(journal, sqlite.journal_mode())
    if synchronous == FULL:
        yield Check("synchronous", "ok", "full: what is acknowledged is on the disk")
    else:
        yield Check("synchronous", "warn", f"{synchronous}: what is acknowledged may be lost with the power")
    if problems == ["ok"]:
        yield Check("integrity", "ok", "quick_check found nothing")
    else:
        yield Check("integrity", "stop", f"damaged: {'; '.join(problems)}; restore a backup beside it")
    yield from times


def _clock(connection: Any) -> Iterator[Check]:
    """The clock of the host, which is the desk's: whether it was set, and whether it can be right."""
    from tui import clock
    from tui.store import steps

    now, by = clock.shown(), steps.set_by(connection)
    newest = connection.execute("SELECT MAX(at) FROM event").fetchone()[0] or now
    often = connection.execute(
        "SELECT COUNT(*) FROM event WHERE kind = 'clock.set' AND at > :since", {"since": now - 7 * clock.DAY}
    ).fetchone()[0]
    said = f"{clock.iso(now - now % clock.SECOND)}, the host is up for {clock.age(clock.up())}"
    if often:
        said += f", set {often}x in 7 days"
    if by is not None and abs(by) >= steps.LEAST:
        yield Check("clock", "info", f"{said}; set by {_signed(by)} since the last change, which the next one follows")
    elif newest - now > clock.MINUTE:
        ahead = clock.age(newest - now)
        yield Check("clock", "warn", f"{said}: the newest event lies {ahead} ahead of it; set it right, best by NTP")
    else:
        yield Check("clock", "ok", said)


def _signed(span: int) -> str:
    from tui import clock

    return f"{'-' if span < 0 else '+'}{clock.age(abs(span))}"


def _journal(used: str, trusted: str) -> Check:
    if used == "wal" and trusted != "wal":
        return Check("journal", "warn", "wal, which this SQLite has a bug in; use one SQLite 3.51.3 or newer for all")
    why = "readers and writers do not wait for each other" if used == "wal" else "one writer at a time, safe everywhere"
    return Check("journal", "ok", f"{used}: {why}")


# -- what is read ----------------------------------------------------------------------------------


def _reading(call: Invocation, storage: Sequence[Check]) -> Iterator[Check]:
    """How far each account with a login is read, where the database can be asked."""
    from tui.clock import now
    from tui.config import Config
    from tui.desk import delivery
    from tui.desk.sources import gaps, standings
    from tui.store import schema
    from tui.store.store import Store

    if any(check.verdict == "stop" for check in storage) or call.home.revision() != schema.HEAD:
        return
    try:
        config = call.config
    except Misuse:  # said below
        config = Config()
    reader = Store(call.home).reader()
    try:
        found, missing, logins = standings(reader, now(), config), gaps(reader, now()), reader.logins()
        brakes, unled = reader.brakes(), delivery.unled(reader, now())
    finally:
        reader.close()
    yield from _logins(logins, config)
    for login in logins:
        own = [one for one in found if (one.network, one.account) == (login.network, login.handle)]
        behind = [one.sentence for one in own if one.sentence]
        for sentence in behind:
            yield Check("reading", "warn", f"{login.network} {sentence}")
        if own and not behind:
            names = ", ".join(one.source for one in own)
            yield Check("reading", "ok", f"{login.network} {login.handle}: up to date ({names})")
        if not own:
            where = "run `shiftdesk worker`, or the desk, where its tokens are"
            yield Check("reading", "warn", f"{login.network} {login.handle} was never read; {where}")
    for sentence in missing:
        yield Check("gap", "warn", sentence)
    for sentence in unled:
        yield Check("sending", "warn", sentence)
    for brake in brakes:
        said = f"{brake.network} {brake.handle}: nothing leaves, by {brake.by}: {brake.reason}; {brake.waiting} waiting"
        yield Check("brake", "warn", said)


def _logins(logins: Sequence["LoginRow"], config: Config) -> Iterator[Check]:
    """Whether the tokens of each account are at hand here, and nobody else's eyes on them."""
    from tui.config import account_key
    from tui.worker.tokens import at_hand

    secrets = at_hand(config)
    if problem := secrets.problem():
        yield Check("tokens", "warn", problem)
        return
    for login in logins:
        key = account_key(login.network, login.handle)
        try:
            place = secrets.source(key)
        except ShiftdeskError as error:
            yield Check("tokens", "warn", f"{key}: {error}")
            continue
        if place:
            yield Check("tokens", "ok", f"{key}: from {place}")
        else:
            yield Check(
                "tokens", "info", f"{key}: none at hand for this user, so it is neither read nor sent from here"
            )


# -- what is around it -----------------------------------------------------------------------------


def _surroundings(call: Invocation) -> Iterator[Check]:
    from importlib.metadata import version

    yield Check("textual", "ok", f"Textual {version('textual')}")
    yield _terminal()
    yield from _configuration(call)
    yield from _themes()


def _terminal() -> Check:
    from tui.screens.tty import check_terminal

    size = shutil.get_terminal_size()
    encoding = (sys.stdout.encoding or "unknown").lower()
    said = f"TERM={os.environ.get('TERM') or 'unset'}, {size.columns}x{size.lines}, {encoding}"
    try:
        check_terminal()
    except ShiftdeskError as error:
        return Check("terminal", "info", f"{said}: {error}")
    if encoding.replace("-", "") != "utf8":
        return Check("terminal", "warn", f"{said}: not UTF-8, so the desk draws with ASCII")
    return Check("terminal", "ok", said)


def _configuration(call: Invocation) -> Iterator[Check]:
    from tui.actions import remapped
    from tui.desk.guard import phrases, set_otherwise

    try:
        config = call.config
    except Misuse as error:
        yield Check("configuration", "stop", str(error))
        return
    yield Check("configuration", "ok", str(config.path) if config.path else "no file; everything has its default")
    own = phrases.known(config).own
    if own:
        yield Check("words", "info", f"this team's own lists in {config.words_folder}: {', '.join(own)}")
    for problem in remapped(config.keys)[1]:
        yield Check("keys", "warn", problem)
    for name, settings in config.accounts.items():
        if changed := set_otherwise(settings):
            yield Check("guard", "info", f"{name}: checks set otherwise than by themselves: {changed}")
    yield from _spelling(config)
    yield from _look_ups(config)


def _spelling(config: Config) -> Iterator[Check]:
    from tui.config import config_folder
    from tui.spelling import OWN_LIST, System, read_list

    if not config.desk.spelling:
        yield Check("spelling", "info", "off by the setting; no word is marked")
        return
    system = System()
    if system.problem:
        yield Check("spelling", "info", system.problem)
        return
    yield Check("spelling", "ok", f"libenchant {system.version}: {', '.join(sorted(system.tags))}")
    if missing := [tag for tag in config.desk.dictionaries if tag not in system.tags]:
        yield Check("spelling", "warn", f"desk.dictionaries: not on this machine: {', '.join(missing)}")
    for path in (config_folder() / OWN_LIST, config.words_folder / OWN_LIST):
        try:
            read_list(path)
        except OSError as error:
            yield Check("spelling", "warn", f"the word list {path} cannot be read: {error.strerror}")


def _look_ups(config: Config) -> Iterator[Check]:
    from tui.desk import lookups

    for name, look_up in config.lookups.items():
        program = lookups.program(look_up)
        if program is None:
            yield Check("look-up", "warn", f"{name}: the program {look_up.command[0]} is not on the PATH")
        elif problem := lookups.pattern_problem(look_up.pattern):
            yield Check("look-up", "warn", f"{name}: the pattern {problem}")
        else:
            yield Check("look-up", "ok", f"{name}: {program}, at most {lookups.allowed(look_up)} s")


def _themes() -> Iterator[Check]:
    from tui.config import config_folder
    from tui.screens import themes

    found, problems = themes.load([themes.shipped_folder(), config_folder() / "themes"])
    yield Check("themes", "ok" if found else "warn", ", ".join(theme.name for theme in found) or "none was found")
    for problem in problems:
        yield Check("themes", "warn", problem)
