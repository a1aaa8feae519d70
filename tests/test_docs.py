"""The documents say what the code does: commands, settings, keys, checks, JSON, links, and the bridge runs."""

import io
import json
import os
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from tui.actions import documented
from tui.cli.program import COMMANDS, program, run
from tui.config import VERDICTS, AccountSettings, DeskSettings, NetworkSettings, load
from tui.desk.guard import CHECKS
from tui.errors import ShiftdeskError
from tui.screens import themes
from tui.secrets import CREDENTIAL

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
DESK = ("Feed", "Claimed", "Conversation", "Reply", "206d")
PICTURES = {
    "screenshot.svg": DESK,
    "review.svg": DESK,
    "picker.svg": ("Feed", "Conversation", "Canned responses", "Danger: open door", "of 280 characters"),
}
"""What each of them shows."""
GLOBAL = {"--db", "--config", "--agent", "--json", "--help"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str = "") -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)


def rows(name: str, head: str) -> list[list[str]]:
    """The cells of the table that begins with this head."""
    _, _, after = page(name).partition(f"| {head} |")
    table = after.partition("\n\n")[0].split("\n")[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table]


# -- keys, commands, settings --------------------------------------------------------------------


def test_the_readme_has_every_key_and_no_other() -> None:
    written = [[group, keys.replace("`", ""), label, does] for group, keys, label, does in rows("README.md", "Where")]
    assert written == [list(action) for action in documented()]


def leaves(command: click.Command, path: str) -> dict[str, click.Command]:
    """Every command that does something, by its words."""
    found = {} if isinstance(command, click.Group) and not command.invoke_without_command else {path: command}
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            found |= leaves(one, f"{path} {name}")
    return found


def test_every_command_has_its_row_with_its_own_options() -> None:
    context = click.Context(program)
    known: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        known |= leaves(command, name)
    written = {
        re.sub(r"( [A-Z…]+)+$", "", cells[0].strip("`")): cells[2]
        for cells in rows("docs/commands.md", "Command | Does | Options")
    }
    assert set(written) == set(known)
    for path, command in known.items():
        own = {name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("--")}
        assert set(re.findall(r"--[a-z-]+", written[path])) == own - GLOBAL, path


def toml(value: Any) -> str:
    if isinstance(value, bool | dict):
        return str(value).lower()
    return json.dumps(list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    "settings", [DeskSettings(), AccountSettings(), NetworkSettings()], ids=lambda one: type(one).__name__
)
def test_every_setting_stands_with_its_default(settings: DeskSettings | AccountSettings | NetworkSettings) -> None:
    first = fields(settings)[0].name
    _, _, after = page("docs/configuration.md").partition(f"| `{first}` |")
    table = f"| `{first}` |{after}".partition("\n\n")[0]
    written = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", table, re.MULTILINE)
    assert written == [(field.name, toml(getattr(settings, field.name))) for field in fields(settings)]


def test_the_example_configuration_is_read(tmp_path: Path) -> None:
    (example,) = blocks("docs/configuration.md", "toml")
    file = tmp_path / "config.toml"
    file.write_text(example, encoding="utf-8")
    config = load(file)
    assert set(tomllib.loads(example)) == {"desk", "account", "keys"}
    assert config.account("x", "@Northline").checks["same-text"] in VERDICTS


def test_every_check_of_the_guard_stands_in_its_table() -> None:
    written = [cells[0].strip("`") for cells in rows("docs/configuration.md", "Check")]
    assert sorted(written) == sorted(check.__name__.replace("_", "-") for check in CHECKS)


def test_every_theme_stands_in_its_table() -> None:
    written = [cells[0].strip("`") for cells in rows("docs/configuration.md", "Name | For")]
    shipped, _ = themes.load(themes.shipped_folder())
    assert sorted(written) == sorted(theme.name for theme in shipped)


def test_every_exit_code_stands_in_its_table() -> None:
    written = {cells[0] for cells in rows("docs/commands.md", "Code")}
    assert written == {"0", "128 + n"} | {str(error.exit_code) for error in ShiftdeskError.__subclasses__()}


def test_every_figure_of_the_worker_stands_in_its_table(tmp_path: Path) -> None:
    from tui.store.store import Store
    from tui.worker.metrics import Figures

    store = Store(tmp_path / "desk.db")
    store.prepare()
    offered = {metric.name + "_total" * (metric.type == "counter") for metric in Figures(store, dict).collect()}
    written: set[str] = set()
    for cells in rows("docs/networks.md", "Name | Labels | Is"):
        names = re.findall(r"`([\w ]+)`", cells[0])
        written |= {name if name.startswith("shiftdesk") else f"shiftdesk_replies{name}" for name in names}
    assert written == offered


def test_the_unit_runs_what_there_is() -> None:
    unit = re.findall(r"^(\w+)=(.*)$", page("docs/worker.service"), re.MULTILINE)
    (started,) = [value for name, value in unit if name == "ExecStart"]
    command = program.get_command(click.Context(program), "worker")
    assert command is not None
    assert started.split()[1] == "worker"
    command.make_context("worker", started.split()[2:]).close()  # it takes these options
    assert ("Type", "notify") in unit
    (credential,) = [value.partition(":")[0] for name, value in unit if name == "LoadCredential"]
    assert credential == CREDENTIAL
    variables = {value.partition("=")[0] for name, value in unit if name == "Environment"}
    assert all(f"`{variable}`" in page("docs/configuration.md") for variable in variables)


# -- pages ---------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """What a heading of a page is called in a link."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page.name} links to {link}"
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{page.name} links to {link}"


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_svg_of_the_desk_and_fetch_nothing(name: str) -> None:
    text = page(f"docs/{name}")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    shown = "".join(root.itertext()).replace("\xa0", " ")
    assert all(title in shown for title in PICTURES[name])
    assert set(re.findall(r"https?://[\w./]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", text)
    assert f"docs/{name}" in page("README.md")


def test_ci_runs_the_commands_of_the_readme() -> None:
    start = [line.partition("#")[0].strip() for line in blocks("README.md")[0].splitlines()]
    assert start == ["pip install uv", "uv run shiftdesk demo", "uv run pytest"]
    ci = page(".ci/run")
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert re.search(r"^step uv run pytest$", ci, re.MULTILINE)
    for line in blocks("CONTRIBUTING.md")[1].splitlines():
        assert f"step {line}\n" in ci


# -- what the pages let people run ---------------------------------------------------------------


class Desk:
    """A desk of its own, for commands as a reader of the pages types them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        (folder / "config.toml").write_text("[desk]\nundo_seconds = 0\n")
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("SHIFTDESK_DB", str(folder / "desk.db"))
        monkeypatch.setenv("SHIFTDESK_CONFIG", str(folder / "config.toml"))
        monkeypatch.setenv("SHIFTDESK_AGENT", "ana")

    def json(self, *words: str, stdin: str = "") -> Any:
        """What one command prints with `--json`."""
        out = io.StringIO()
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with redirect_stdout(out):
            assert run([*words, "--json"]) == 0, out.getvalue()
        return json.loads(out.getvalue())


@pytest.fixture
def bridged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_the_bridge_carries_a_conversation_both_ways(bridged: Desk) -> None:
    (bridge,) = blocks("docs/posts.md", "python")
    (bridged.folder / "bridge.py").write_text(bridge, encoding="utf-8")
    board = bridged.folder / "board.json"
    first = re.search(r"echo '(.*)' > board.json", page("docs/posts.md"))
    assert first
    board.write_text(first[1])

    def cross() -> list[dict[str, Any]]:
        done = subprocess.run([sys.executable, "bridge.py"], cwd=bridged.folder, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        posts: list[dict[str, Any]] = json.loads(board.read_text())
        return posts

    cross()
    bridged.json("reply", "1", "--text", "Which one was it?")
    bridged.json("worker", "--once")
    _, ours = cross()
    assert (ours["parent"], ours["text"]) == ("p1", "Which one was it?")
    answer = {"id": "p3", "parent": ours["id"], "author": "amandac", "text": "the 8:14", "at": "2099-01-01T00:00:00Z"}
    board.write_text(json.dumps([*json.loads(board.read_text()), answer]))
    assert len(cross()) == 3
    (conversation,) = bridged.json("queue", "--view", "all")
    assert [post["text"] for post in bridged.json("show", str(conversation["id"]))["posts"]] == [
        "@help no train",
        "Which one was it?",
        "the 8:14",
    ]


def test_the_example_post_is_taken_and_every_field_of_the_answers_is_named(bridged: Desk) -> None:
    example = blocks("docs/posts.md", "json")[0]
    documents = [
        bridged.json("import", "-", stdin=" ".join(example.split("\n"))),
        bridged.json("queue")[0],
        bridged.json("queue")[0]["reasons"][0],
        bridged.json("show", "1"),
        bridged.json("check", "1", "--text", ""),
        bridged.json("check", "1", "--text", "")["findings"][0],
        bridged.json("claim", "1"),
        bridged.json("canned", "add", "Late", "--body", "We are late."),
        bridged.json("canned", "search", "late")[0],
        bridged.json("reply", "1", "--canned", "Late"),
        bridged.json("worker", "--once"),
        bridged.json("outbox") or {},
        bridged.json("shift", "start"),
        bridged.json("report"),
        bridged.json("doctor"),
        bridged.json("paths"),
        bridged.json("keys")[0],
        bridged.json("incident", "add", "Line 4 closed", "--text", "Buses run."),
        bridged.json("incident", "link", "Line 4 closed", "1"),
        bridged.json("incident", "unlink", "1"),
        bridged.json("customer", "show", "1"),
        bridged.json("customer", "show", "1")["authors"][0],
    ]
    assert documents[0]["added"] == 1
    assert documents[10]["sent"] == 1
    text = page("docs/commands.md")
    assert [name for document in documents for name in document if f"`{name}`" not in text] == []
    line = json.loads((bridged.folder / "outbox-x.jsonl").read_text())
    assert set(line) == set(json.loads(blocks("docs/posts.md", "json")[1]))
