"""The walls of the house: who may load what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIRST_PAINT = ("tui.store.reader", "tui.store.store", "tui.desk.queue", "tui.desk.guard", "tui.screens.app")
HEAVY = {"sqlmodel", "sqlalchemy", "alembic", "httpx", "rapidfuzz", "liquid", "twitter_text", "enchant"}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def loaded_by(*modules: str) -> set[str]:
    """The top-level packages that a fresh interpreter has after importing these."""
    program = f"import sys, {', '.join(modules)}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = python("-c", program)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def modules_in(folder: str) -> list[str]:
    paths = sorted((ROOT / "tui" / folder).rglob("*.py"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths if path.name != "__init__.py"]


@pytest.mark.parametrize("room", ["desk", "store"])
def test_the_rules_load_neither_screen_nor_wire(room: str) -> None:
    modules = [name for name in modules_in(room) if "migrations" not in name]
    assert not loaded_by(*modules) & {"textual", "httpx"}


def test_the_first_paint_loads_nothing_heavy() -> None:
    assert not loaded_by(*FIRST_PAINT) & HEAVY


def test_the_first_paint_loads_no_client_and_no_token() -> None:
    program = f"import sys, {', '.join(('tui.__main__', *FIRST_PAINT))}; print(*sys.modules)"
    done = python("-c", program)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "tui.screens.app" in loaded
    rooms = ("tui.worker", "tui.secrets", "tui.networks.wire", "tui.networks.known", "tui.networks.accounts",
             "tui.networks.x", "tui.networks.mastodon", "tui.networks.bluesky", "tui.networks.tail", "tui.hypertext",
             "prometheus_client", "keyring")  # fmt: skip
    assert not [name for name in loaded for room in rooms if f"{name}.".startswith(f"{room}.")]


@pytest.mark.parametrize("asked", ["--version", "--help"])
def test_asking_for_help_loads_neither_screen_nor_storage(asked: str) -> None:
    done = python("-X", "importtime", "-m", "tui", asked)
    assert done.returncode == 0
    named = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "tui" in named
    assert not named & (HEAVY | {"textual"})


def test_nothing_imports_upwards() -> None:
    done = python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")
    assert done.returncode == 0, done.stdout
