"""Which lanes a worker here has: the local one, and two for each account whose tokens are at hand."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.clock import SECOND
from tui.config import Config, account_key
from tui.errors import Misuse, OutOfReach, ShiftdeskError
from tui.networks.files import Files
from tui.store.reader import LoginRow
from tui.store.store import Store
from tui.worker.local import Local
from tui.worker.run import Lane, Worker

if TYPE_CHECKING:
    from tui.networks.accounts import Account
    from tui.networks.records import Client
    from tui.networks.wire import Options
    from tui.secrets import Secrets, Tokens
    from tui.worker.ear import Listen


def worker(store: Store, config: Config, folder: Path) -> Worker:
    """The worker of a desk; accounts that are added while it runs get their lanes, too."""
    return Worker(store, lanes(store, config, folder), more=partial(added, store, config))


def lanes(store: Store, config: Config, folder: Path) -> list[Lane]:
    """The local lane, whose replies go into files in `folder`, what is watched, and those of accounts with tokens."""
    return [Local(store, config, Files(folder)), *_watching(store, config, folder), *added(store, config)]


def _watching(store: Store, config: Config, folder: Path) -> list[Lane]:
    """The lane that reads files as they grow, where some are named."""
    if not config.network.watch:
        return []
    from tui.worker.watching import Watching, paths

    return [Watching(store, config, paths(config), kept_in=folder)]


def added(store: Store, config: Config, running: Collection[str] = ()) -> Sequence[Lane]:
    """Two lanes for each account that has a login and tokens here, and is not `running` already."""
    reader = store.reader()
    try:
        rows = reader.logins()
    finally:
        reader.close()
    made: list[Lane] = []
    for row in rows:
        key = account_key(row.network, row.handle)
        if f"send {key}" not in running:
            made += _of(store, config, row, key)
    return made


def _of(store: Store, config: Config, row: LoginRow, key: str) -> Sequence[Lane]:
    from tui.worker.tokens import at_hand

    secrets = at_hand(config)
    if not _login(secrets, key):
        return ()
    from tui.worker.collector import Collecting
    from tui.worker.sender import Sending

    account = account_of(row, config)
    connect = partial(connected, account, secrets, config)
    return (
        Collecting(
            store, config, row, key, connect,
            login=partial(_login, secrets, key), listen=_stream(account, secrets, config),
        ),
        Sending(store, config, row.id, key, connect),
    )  # fmt: skip


def _login(secrets: "Secrets", key: str) -> str:
    """What an account logs in with now, as a digest; empty where that is nothing."""
    try:
        tokens = secrets.tokens(key)
    except OutOfReach:  # who cannot read them has none, and leaves the leases to those who can
        return ""
    except ShiftdeskError:  # said by the client when it is connected
        return "unreadable"
    if tokens is None:
        return ""
    return hashlib.sha256(
        "\0".join(tokens.get(name) for name in ("access", "refresh", "password")).encode()
    ).hexdigest()


def account_of(row: LoginRow, config: Config) -> "Account":
    """As a client needs it."""
    from tui.networks.accounts import Account, Wanted

    settings = config.account(row.network, row.handle)
    wanted = Wanted(
        search=settings.search,
        reposts=settings.search_reposts,
        tags=settings.tags,
        lists=settings.lists,
        every=settings.poll_seconds * SECOND,
    )
    return Account(
        row.network, row.handle, row.server, row.native_id, wanted, settings.reply_to_anyone, settings.prices
    )


def connected(account: "Account", secrets: "Secrets", config: Config) -> "Client":
    """The client of an account. Raises OutOfReach, also where no client can be made of what is stored."""
    from tui.networks import known

    try:
        return known.client(account, _tokens(account, secrets), options(config))
    except Misuse as error:
        raise OutOfReach(str(error)) from None


def _tokens(account: "Account", secrets: "Secrets") -> "Tokens":
    found = secrets.tokens(account.key)
    if found is None:
        raise OutOfReach(f"There are no tokens of {account.key} here any more; log it in again.")
    return found


def _stream(account: "Account", secrets: "Secrets", config: Config) -> "Listen | None":
    """Listens to the stream of an account, by a connection of its own, where its network has one."""
    from tui.networks import known

    if account.network not in known.STREAMS:
        return None

    def listen(woken: Callable[[], None], stop: Callable[[], bool]) -> None:
        known.listen(account, _tokens(account, secrets), options(config), woken, stop)

    return listen


def options(config: Config) -> "Options":
    """How servers are reached."""
    from tui.networks.wire import Options

    settings = config.network
    return Options(settings.proxy, settings.ca_file, settings.deadline_seconds)
