"""What people get: wheel and source archive hold everything, and the wheel runs in a clean environment."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from terminal.pty_app import Terminal

from tui import __version__

ROOT = Path(__file__).parents[1]
SHIPPED = (
    *(f"tui/themes/{path.name}" for path in ROOT.glob("themes/*.toml")),
    *(f"tui/desk/guard/words/{path.name}" for path in ROOT.glob("tui/desk/guard/words/*.toml")),
    *(f"tui/networks/northline/{name}" for name in ("posts.jsonl", "canned.json", "library.json")),
    "tui/screens/desk.tcss",
    "tui/py.typed",
    "tui/store/migrations/env.py",
    "tui/store/migrations/versions/0001_first_desk.py",
)


def ran(*command: str | Path, cwd: Path, **env: str) -> str:
    """What a command printed; it has none of our paths to find modules by."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=kept | env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    ran(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the wheel; its libraries are those of the one that runs the tests."""
    folder = tmp_path_factory.mktemp("clean")
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        ran(uv, "venv", "--python", sys.executable, folder / "env", cwd=folder)
    else:
        ran(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    commands = folder / "env" / Path(sysconfig.get_path("scripts")).name
    installer = (
        [uv, "pip", "install", "--offline"] if uv else [commands / "python", "-m", "pip", "install", "--no-index"]
    )
    python = ["--python", commands / "python"] if uv else []
    ran(*installer, *python, "--no-deps", wheel, cwd=folder)
    packages = ran(commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    libraries = Path(packages.strip()) / "libraries.pth"
    libraries.write_text("".join(f"{path}\n" for path in library_folders()))
    return commands


def library_folders() -> list[str]:
    """Where the libraries lie: without the editable install, which would bring the checkout along."""
    return sorted({sysconfig.get_path(kind) for kind in ("purelib", "platlib")})


def test_the_wheel_holds_what_the_desk_needs_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(SHIPPED) <= names
    sources = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tui/**/*.py")}
    assert sources <= names
    assert {name.partition("/")[0] for name in names} == {"tui", f"shiftdesk-{__version__}.dist-info"}


def test_the_source_archive_holds_what_its_tests_read(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    pages = {path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.*"))}
    assert pages <= names
    assert {"LICENSE", "pyproject.toml", "requirements.lock", ".ci/run", "tests/test_packaging.py"} <= names
    assert {f"themes/{path.name}" for path in ROOT.glob("themes/*.toml")} <= names


def test_the_clean_environment_has_its_own_copy(clean: Path, tmp_path: Path) -> None:
    place = ran(clean / "python", "-c", "import tui; print(tui.__file__)", cwd=tmp_path)
    assert Path(place.strip()).is_relative_to(clean.parent)


@pytest.mark.parametrize("command", ["shiftdesk --version", "python -m tui --version"])
def test_the_installed_program_says_its_version(clean: Path, tmp_path: Path, command: str) -> None:
    name, *rest = command.split()
    assert ran(clean / name, *rest, cwd=tmp_path) == f"shiftdesk {__version__}\n"


def test_the_installed_program_finds_its_themes(clean: Path, tmp_path: Path) -> None:
    code = "from tui.screens import themes; print(*(t.name for t in themes.load(themes.shipped_folder())[0]))"
    found = ran(clean / "python", "-c", code, cwd=tmp_path).split()
    assert found == sorted(path.stem for path in ROOT.glob("themes/*.toml"))


def test_the_installed_demo_reaches_its_first_screen(clean: Path, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "SHIFTDESK_AGENT": "ana", "PYTHONPATH": None}
    with Terminal([clean / "shiftdesk", "demo"], cols=120, rows=40, env=env, cwd=tmp_path) as terminal:
        for part in (r"Feed \d+", "danger .*@elspeth_r_m", "Claimed", "Conversation", "OPEN and we", "nothing leaves"):
            terminal.wait(part, timeout=40)
        terminal.wait("q End shift")
        terminal.press("q")
        terminal.wait("End the shift", timeout=30)
        terminal.press("y")
        assert terminal.exit_code(timeout=30) == 0
        assert "Handoff of shift 1" in terminal.after_exit()


# -- dependencies --------------------------------------------------------------------------------


def locked() -> dict[str, str]:
    """What `requirements.lock` pins, by name."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert len(entries) == len(locked())
    assert not re.search(r"://|--index|--extra-index|--find-links|@ ", text)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in needed:
        parts = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?([^;]*)", requirement)
        assert parts is not None
        assert within(locked()[parts[1]], parts[2]), requirement


def within(version: str, bounds: str) -> bool:
    """Whether a version of plain numbers lies in `>=1.2,<3`."""

    def parts(text: str) -> tuple[int, ...]:
        return tuple(map(int, re.findall(r"\d+", text)))

    checks = (re.fullmatch(r"(>=|<)(.+)", bound.strip()) for bound in bounds.split(","))
    return all(
        (parts(version) >= parts(check[2])) if check[1] == ">=" else (parts(version) < parts(check[2]))
        for check in checks
        if check
    )


def test_no_file_that_is_kept_names_a_registry() -> None:
    kept = [ROOT / name for name in ("pyproject.toml", "requirements.lock", ".ci/run", ".gitignore")]
    assert not [path for path in kept if re.search(r"pypi|index-url|simple/", path.read_text(), re.IGNORECASE)]
    assert "uv.lock" in (ROOT / ".gitignore").read_text().split()
