"""`account`: our handles on the networks, and their logins."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import clock
from tui.cli.invocation import WORDS, DeskGroup, Invocation, mention, typed
from tui.clock import age
from tui.config import account_key
from tui.errors import Misuse, OutOfReach, ShiftdeskError
from tui.networks.known import NETWORKS
from tui.text import line

if TYPE_CHECKING:
    from tui.desk.sources import Standing
    from tui.networks.accounts import Asked, Granted, Login
    from tui.networks.records import Finding
    from tui.secrets import Secrets
    from tui.store.reader import AccountRow, LoginRow

LONGEST_CODE = 8_000
"""Characters of what a network gives to log in with."""


@click.group("account", cls=DeskGroup)
def account_command() -> None:
    """Accounts of ours: add, list, test, remove-login. HANDLE is x:@northline, or @northline where that is one."""


@account_command.command("add")
@click.argument("network", type=click.Choice(NETWORKS, case_sensitive=False))
@click.argument("handle", type=WORDS)
@click.option("--server", metavar="URL", default="", help="Where it is, if the handle does not say so.")
@click.option("--code-file", metavar="FILE", help="Read what is asked for from a file; - is stdin.")
@click.option("--keyring", is_flag=True, help="Keep its tokens in this machine's keyring, not in a file.")
@click.pass_obj
def account_add(call: Invocation, network: str, handle: str, server: str, code_file: str | None, keyring: bool) -> None:
    """Log an account in, by a browser on any machine. Its tokens never reach the desk's database."""
    from tui.desk import accounts, roles
    from tui.networks import known
    from tui.worker.lanes import options
    from tui.worker.tokens import at_hand

    secrets = at_hand(call.config)
    _refuse_fixed(secrets, account_key(network, handle))
    with call.change() as session:  # what is wrong with the desk is said before anybody logs in
        roles.need(session, "accounts", call.agent)
    login = known.login(network, handle, server, options(call.config))
    try:
        granted = _walk_through(login, code_file)
    finally:
        login.close()
    key = account_key(network, granted.handle)
    secrets.keep(key, granted.tokens, keyring=keyring)
    with call.change() as session:
        accounts.logged_in(
            session, network, granted.handle, server=granted.server, native_id=granted.native_id, agent=call.agent,
            now=clock.now(),
        )  # fmt: skip
    document = {"account": key, "server": granted.server, "native_id": granted.native_id, "tokens": secrets.source(key)}
    call.answer(document, lambda: _welcome(key, granted, document["tokens"]))


def _refuse_fixed(secrets: "Secrets", key: str) -> None:
    if place := secrets.fixed(key):
        raise Misuse(f"The tokens of {line(key)} come from {place}; take them out of there first.")


def _welcome(key: str, granted: "Granted", place: str) -> str:
    at = line(granted.server).removeprefix("https://")
    return line(f"{key} is logged in at {at}; its tokens are in {place}. `shiftdesk account test {key}` tries it.")


def _walk_through(login: "Login", code_file: str | None) -> "Granted":
    """Ask for what the network wants, on stderr, and give it what comes back."""
    asked = login.begin()
    mention(asked.sentence)
    if asked.url:
        mention(asked.url)
    return login.finish(_given(asked, code_file))


def _given(asked: "Asked", code_file: str | None) -> str:
    """From a file, from the terminal without showing it, or else from stdin; never from the command line."""
    if code_file not in (None, "-"):
        given = _from_file(Path(str(code_file)).expanduser())
    elif code_file is None and sys.stdin.isatty():
        given = click.prompt("Paste it here", hide_input=asked.hidden, err=True, type=str)
    else:
        given = typed("-")
    given = given.strip()
    if len(given) > LONGEST_CODE or not given:
        raise Misuse("Nothing that can be a code was given; paste what the network shows, and nothing else.")
    return given


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(4 * LONGEST_CODE + 1).decode("utf-8")
    except OSError as error:
        raise Misuse(f"The code cannot be read from {path} ({error.strerror}); check --code-file.") from None
    except UnicodeDecodeError:
        raise Misuse(f"{path} is not UTF-8 text; check --code-file.") from None


@account_command.command("list")
@click.pass_obj
def account_list(call: Invocation) -> None:
    """All of them: where they are logged in, where their tokens come from, what waits."""
    from tui.worker.tokens import at_hand

    secrets, read = at_hand(call.config), _read(call)
    known = [_json(row, secrets, read.get((row.network, row.handle), [])) for row in call.reader.our_accounts()]
    call.answer(known, lambda: _listing(known))


def _read(call: Invocation) -> dict[tuple[str, str], list["Standing"]]:
    """How far each account is read, source by source."""
    from tui.desk import sources

    read: dict[tuple[str, str], list[Standing]] = {}
    for one in sources.standings(call.reader, clock.now(), call.config):
        read.setdefault((one.network, one.account), []).append(one)
    return read


def _json(row: "AccountRow", secrets: "Secrets", read: list["Standing"]) -> dict[str, Any]:
    place, problem = _source(secrets, account_key(row.network, row.handle)) if row.server else ("", "")
    return {
        "account": f"{row.network}:{row.handle}",
        "network": row.network,
        "handle": row.handle,
        "server": row.server,
        "native_id": row.native_id,
        "tokens": place,
        "problem": problem,
        "braked": row.braked,
        "waiting": row.waiting,
        "held": row.held,
        "read": [one.as_json() for one in read],
        "behind": _behind(row, read),
    }


def _behind(row: "AccountRow", read: list["Standing"]) -> str:
    """How far an account is read, in a few words: what stands worst."""
    if not row.server:
        return ""
    if not read:
        return "not read yet"
    if failing := [one.failing_since for one in read if one.failing_since is not None]:
        return f"failing for {age(clock.now() - min(failing))}"
    late = [one.behind for one in read if one.sentence]
    if not late:
        return "up to date"
    return "not read yet" if None in late else f"{age(max(filter(None, late)))} behind"


def _source(secrets: "Secrets", key: str) -> tuple[str, str]:
    """Where the tokens of an account with a login come from, and what is wrong with that."""
    try:
        place = secrets.source(key)
    except ShiftdeskError as error:
        return "", str(error)
    return place, "" if place else f"There are no tokens of {key} here; log it in with `shiftdesk account add`."


def _listing(known: list[dict[str, Any]]) -> str:
    from tui.cli.table import LONGEST_NAME, table

    if not known:
        return "There is no account yet; `shiftdesk account add NETWORK HANDLE` logs one in."
    head = ["account", "server", "waiting", "held", "brake", "read", "tokens"]
    rows = [
        [
            one["account"],
            (one["server"] or "file").removeprefix("https://"),
            f"{one['waiting']:,}",
            f"{one['held']:,}",
            "on" if one["braked"] else "",
            one["behind"],
            one["problem"] or one["tokens"],
        ]
        for one in known
    ]
    return table([head, *rows], first=LONGEST_NAME)


@account_command.command("test")
@click.argument("handle", type=WORDS, required=False)
@click.pass_context
def account_test(context: click.Context, handle: str | None) -> None:
    """Try logins: what can be read, what can be written, what is left. Nothing is published.

    Exits 3 where an account cannot be used at all.
    """
    call: Invocation = context.obj
    logins = call.reader.logins()
    if handle is not None:
        from tui.desk import brake

        ours = brake.meant(call.reader.accounts(), handle)
        logins = [row for row in logins if row.id == ours.account_id]
        if not logins:
            raise Misuse(f"{line(ours.key)} has no login; `shiftdesk account add {ours.network} {line(ours.handle)}`.")
    tested = [_tested(call, row) for row in logins]
    call.answer(tested, lambda: _report(tested))
    if not all(one["ok"] for one in tested):
        context.exit(OutOfReach.exit_code)


def _tested(call: Invocation, row: "LoginRow") -> dict[str, Any]:
    try:
        findings = _findings(call, row)
        ok = all(one.ok for one in findings if one.what == "login")
        said = [{"what": one.what, "ok": one.ok, "text": line(one.text)} for one in findings]
    except ShiftdeskError as error:
        ok, said = False, [{"what": "login", "ok": False, "text": line(str(error))}]
    return {"account": f"{row.network}:{row.handle}", "server": row.server, "ok": ok, "findings": said}


def _findings(call: Invocation, row: "LoginRow") -> tuple["Finding", ...]:
    from tui.worker import lanes
    from tui.worker.tokens import at_hand

    client = lanes.connected(lanes.account_of(row, call.config), at_hand(call.config), call.config)
    try:
        return client.test(now=clock.now())
    finally:
        client.close()


def _report(tested: list[dict[str, Any]]) -> str:
    from tui.cli.table import LONGEST_NAME, table

    if not tested:
        return "No account has a login; `shiftdesk account add NETWORK HANDLE` logs one in."
    rows = [
        [one["account"], "ok" if found["ok"] else "no", found["what"], found["text"]]
        for one in tested
        for found in one["findings"]
    ]
    return table(rows, first=LONGEST_NAME)


@account_command.command("remove-login")
@click.argument("handle", type=WORDS)
@click.pass_obj
def account_remove_login(call: Invocation, handle: str) -> None:
    """Throw the tokens of an account away that are kept here; its replies go into a file again."""
    from tui.desk import accounts, brake
    from tui.worker.tokens import at_hand

    ours = brake.meant(call.reader.accounts(), handle)
    secrets = at_hand(call.config)
    key = account_key(ours.network, ours.handle)
    _refuse_fixed(secrets, key)
    with call.change() as session:
        had = accounts.logged_out(session, ours, agent=call.agent, now=clock.now())
    forgot = secrets.forget(key)
    document = {"account": ours.key, "removed": had or forgot}
    told = "has no login any more; end it at the network too" if had or forgot else "had no login"
    call.answer(document, lambda: line(f"{ours.key} {told}."))
