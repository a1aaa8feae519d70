"""`shiftdesk` alone and `demo`: the desk on the screen."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import DeskCommand, Invocation
from tui.errors import NoTerminal
from tui.screens import tty
from tui.text import line

if TYPE_CHECKING:
    from tui.networks.scripted import Scripted


def open_desk(call: Invocation) -> int:
    """Open the desk on the database of the call; its exit code. Raises NoTerminal."""
    from tui.store.backups import refuse_backup

    _check(call)
    refuse_backup(call.home)
    store, config, folder = call.store, call.config, call.folder

    def worker() -> Any:
        from tui.worker import lanes

        return lanes.worker(store, config, folder)

    call.arrive()
    return _show(call, worker, outlet=_outlet(call, folder))


def _outlet(call: Invocation, folder: Path) -> str:
    """Where replies go, in the status line: through the logins of our accounts, or into a file."""
    logins = [row.handle for row in call.reader.logins()]
    others = len(call.reader.accounts()) - len(logins)
    file = f"{folder / 'outbox-NETWORK.jsonl'}"
    if not logins:
        return line(f"Replies go to {file}")
    return line(f"Replies leave as {', '.join(logins)}" + (f"; all others go to {file}" if others else ""))


@click.command("demo", cls=DeskCommand)
@click.pass_context
def demo_command(context: click.Context) -> None:
    """A throw-away desk with a live scripted feed; nothing leaves this machine."""
    call: Invocation = context.obj
    _check(call)
    from tui.networks.scripted import Scripted

    with TemporaryDirectory(prefix="shiftdesk-demo-", ignore_cleanup_errors=True) as folder:
        network = Scripted(started=clock.now())
        call.db = str(Path(folder) / "desk.db")
        _furnish(call, network)

        def worker() -> Any:
            from tui.worker.local import Local
            from tui.worker.run import Worker

            return Worker(call.store, [Local(call.store, call.config, network, feeds=(network,))])

        code = _show(call, worker, outlet="Demo: a scripted feed; nothing leaves this machine")
    context.exit(code)


def _furnish(call: Invocation, network: "Scripted") -> None:
    """What has come in before the demo begins, what is wrong, and its canned responses."""
    import json

    from tui.desk import incidents, intake
    from tui.desk.canned import formats, library
    from tui.networks import scripted

    now = clock.now()
    name, text = scripted.INCIDENT
    found, _ = formats.read(json.dumps([*scripted.canned(), *scripted.library(now)]).encode(), "json")
    with call.change() as session:
        intake.take_in(session, network.backlog(), now=now, config=call.config)
        incidents.add(session, name, text=text, agent=call.agent, now=now)
        library.store(session, found, agent=call.agent, now=now)


def _check(call: Invocation) -> None:
    if call.json:
        raise NoTerminal(
            "The desk is no JSON document; leave out --json, or use a subcommand such as `shiftdesk queue`."
        )
    tty.check_terminal()
    tty.clean_environment(os.environ)


def _show(call: Invocation, worker: Callable[[], Any], *, outlet: str) -> int:
    from tui.screens.app import run_desk

    return run_desk(store=call.store, config=call.config, agent=call.agent, worker=worker, outlet=outlet)
