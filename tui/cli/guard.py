"""`guard`: what the guard would have said of what was sent already."""

import textwrap
from typing import Any

import click

from tui import clock
from tui.cli.figures import moment_before
from tui.cli.invocation import WORDS, DeskGroup, Invocation, vet
from tui.errors import Misuse, nearest
from tui.text import fit, line

COLUMNS = 78


@click.group("guard", cls=DeskGroup)
def guard_command() -> None:
    """The guard's settings, tried on what was sent already."""


@guard_command.command("test")
@click.option("--since", metavar="WHEN", default="7d", help="A span such as 7d (the default), or a time with its zone.")
@click.option(
    "--set", "changes", metavar="KEY=VALUE", type=WORDS, multiple=True,
    help="A setting as it would be, for every account: horizon_hours=24, checks.late=off.",
)  # fmt: skip
@click.option("--check", "names", metavar="CHECK", type=WORDS, multiple=True, help="Only this check.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=3, help="Examples of each check (3).")
@click.pass_obj
def guard_test(call: Invocation, since: str, changes: tuple[str, ...], names: tuple[str, ...], limit: int) -> None:
    """Replay the replies that were sent: what the guard would have said just before each, and with other settings."""
    from tui import config
    from tui.desk.guard import NAMES, replay

    now = clock.now()
    for name in names:
        _known(name, NAMES)
    found = replay.replay(
        call.reader,
        since=moment_before(since, now),
        now=now,
        config=call.config,
        otherwise=config.otherwise(call.config, changes, vet) if changes else None,
        checks=names or NAMES,
        limit=limit,
    )
    call.answer(found, lambda: _page(found))


def _known(name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise Misuse(f"--check {name!r:.40} is unknown; did you mean {nearest(name, names)!r}?")


# -- on paper --------------------------------------------------------------------------------------


def _page(found: dict[str, Any]) -> str:
    """The counts as a table, then the examples, at most COLUMNS cells wide."""
    from tui.desk.report import stretch

    replies = found["replies"]
    rows = [f"The guard over {replies:,} {'reply' if replies == 1 else 'replies'}, {stretch(found)}", ""]
    compared = any("before" in row for row in found["checks"])
    heads = ("stop", "warn", "info", "share")
    rows.append("".join(f"{head:>8}" for head in (*heads, *(("was", "share") if compared else ()))) + "  check")
    rows += [_counts(row) for row in found["checks"]]
    if found["examples"]:
        rows += ["", "What changes" if compared else "Examples"]
    for example in found["examples"]:
        rows += _example(example)
    return "\n".join(rows)


def _counts(row: dict[str, Any]) -> str:
    cells = [*(f"{row[verdict]:,}" for verdict in ("stop", "warn", "info")), _share(row)]
    if "before" in row:
        cells += [f"{row['before']['fired']:,}", _share(row["before"])]
    return "".join(f"{cell:>8}" for cell in cells) + f"  {row['check']}"


def _share(row: dict[str, Any]) -> str:
    return "-" if row["share"] is None else f"{row['share']:.1%}"


def _example(example: dict[str, Any]) -> list[str]:
    """Which check and where, what it says, and the reply."""
    verdict = example["verdict"] if "before" not in example else f"{example['before']} -> {example['verdict']}"
    when = clock.local(clock.parse(example["at"]), "%d %b %Y %H:%M")
    head = f"{example['check']} ({verdict}), conversation {example['conversation']}, {when}"
    said = textwrap.wrap(line(example["text"]), COLUMNS - 4)
    return ["", head, *(fit(f"    {one}", COLUMNS) for one in said), fit(f"  > {line(example['reply'])}", COLUMNS)]
