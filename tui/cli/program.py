"""The whole command line: each subcommand is loaded when it is called, and every end has its exit code."""

from collections.abc import Sequence
from importlib import import_module

import click

from tui import __version__
from tui.cli.invocation import DeskGroup, Invocation, as_json, mention
from tui.errors import OutOfReach, ShiftdeskError
from tui.screens.tty import settle_output

INTERRUPTED = 130
BROKEN_PIPE = 141
SIGNALLED = 128
"""Codes above it name the signal that ended the program (128+n)."""

COMMANDS = {
    "demo": "desk",
    "import": "posts",
    "worker": "work",
    "queue": "queue",
    "show": "queue",
    "next": "claims",
    "claim": "claims",
    "release": "claims",
    "take": "claims",
    "pass": "claims",
    "snooze": "claims",
    "resolve": "claims",
    "note": "claims",
    "notes": "claims",
    "skip": "claims",
    "tag": "claims",
    "check": "replies",
    "reply": "replies",
    "outbox": "replies",
    "brake": "brake",
    "lookup": "lookup",
    "canned": "canned",
    "incident": "incidents",
    "customer": "customers",
    "promise": "promises",
    "shift": "shifts",
    "handoff": "shifts",
    "report": "figures",
    "guard": "guard",
    "account": "accounts",
    "agent": "agents",
    "backup": "backup",
    "restore": "backup",
    "doctor": "doctor",
    "paths": "places",
    "keys": "places",
}
"""Subcommands in the order of the help, and the module of `tui.cli` each is in."""


class Program(DeskGroup):
    """The root: loads a subcommand by its name."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found = getattr(import_module(f"tui.cli.{COMMANDS[name]}"), f"{name}_command")
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=context)
        return super().resolve_command(context, args)


@click.group("shiftdesk", cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """A live queue for social-care agents, in the terminal. Alone it opens the desk."""
    if context.invoked_subcommand is None:
        from tui.cli import desk

        context.exit(desk.open_desk(context.obj))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code, after what had to be said was said. Lets SystemExit through."""
    call = Invocation()
    delivered = True
    try:
        code = _run(call, arguments)
    except BrokenPipeError:
        code = BROKEN_PIPE
    finally:
        call.close()
        delivered = settle_output()
    return code if delivered or code > SIGNALLED else BROKEN_PIPE


def _run(call: Invocation, arguments: Sequence[str]) -> int:
    try:
        with program.make_context("shiftdesk", list(arguments), obj=call) as context:
            program.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        # A line that cannot be parsed has not set the flag.
        call.json = call.json or "--json" in arguments
        return _refuse(call, _usage(error), error.exit_code, {})
    except ShiftdeskError as error:
        return _refuse(call, str(error), error.exit_code, error.details)
    except BrokenPipeError:
        raise
    except Exception as error:
        sentence, code = _unexpected(call, error)
        return _refuse(call, sentence, code, {})
    return 0


def _refuse(call: Invocation, sentence: str, code: int, details: dict[str, object]) -> int:
    if call.json:
        click.echo(as_json(details if "findings" in details else {"error": sentence, **details}))
    mention(sentence)
    return code


def _usage(error: click.UsageError) -> str:
    where = error.ctx.command_path if error.ctx else "shiftdesk"
    sentence = error.format_message().rstrip(".?").replace(". Did you mean", "; did you mean")
    return f"{sentence}; see `{where} --help`."


def _unexpected(call: Invocation, error: Exception) -> tuple[str, int]:
    from tui.cli import crash

    opened = "home" in call.__dict__
    if opened and (said := call.home.sentence(error)):
        return said, OutOfReach.exit_code
    return crash.sentence(error), 1
