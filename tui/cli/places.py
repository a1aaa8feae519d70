"""`paths` and `keys`: where things lie, and what is pressed."""

import click

from tui.cli.invocation import DeskCommand, Invocation, mention


@click.command("paths", cls=DeskCommand)
@click.pass_obj
def paths_command(call: Invocation) -> None:
    """Where configuration, database, themes, outbox and crash logs lie; makes none of them."""
    from tui import config
    from tui.cli.table import table

    folder = config.config_folder()
    places = {
        "config": str(call.config.path or folder / "config.toml"),
        "database": call.home.location,
        "themes": str(folder / "themes"),
        "outbox": str(call.folder),
        "state": str(config.state_folder()),
    }
    call.answer(places, lambda: table(list(places.items())))


@click.command("keys", cls=DeskCommand)
@click.pass_obj
def keys_command(call: Invocation) -> None:
    """Every key of the desk, as configured."""
    from tui import actions
    from tui.cli.table import table

    known, problems = actions.remapped(call.config.keys)
    document = [
        {"id": one.id, "keys": list(one.keys), "label": one.label, "help": one.help, "group": one.place}
        for one in known
    ]
    call.answer(document, lambda: table([list(row) for row in actions.documented(known)]))
    for problem in problems:
        mention(problem)
