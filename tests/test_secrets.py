"""Tokens: where they come from, who may read them, renewed once, shown nowhere."""

import copy
import json
import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
import threading
import tomllib
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import crash, secrets
from tui.errors import Misuse, OutOfReach
from tui.hidden import without_tokens
from tui.secrets import Secrets, Tokens, variable

KEY = "x:@northline"
PLANTED = "planted-token-8f1c2d"
FIRST = {"access": PLANTED, "refresh": "planted-refresh-77aa"}
SECOND = {"access": "second-access-19", "refresh": "second-refresh-20"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conf" / "tokens.toml"


@pytest.fixture
def kept(file: Path, tmp_path: Path) -> Secrets:
    """Tokens in the file."""
    made = Secrets(file, tmp_path / "state")
    made.keep("x:@NorthLine", FIRST)
    return made


def tokens(of: Secrets, key: str = KEY) -> Tokens:
    found = of.tokens(key)
    assert found is not None
    return found


def never() -> Mapping[str, str]:
    raise AssertionError("the network was asked")


# -- where they are ------------------------------------------------------------------------------


def test_what_is_kept_is_found_again_by_its_owner_alone(kept: Secrets, file: Path) -> None:
    again = Secrets(file)
    assert tokens(again).get("access") == FIRST["access"]
    assert tokens(again).get("nothing", "at all") == "at all"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert again.source(KEY) == f"the file {file}"
    assert again.tokens("x:@other") is None
    assert again.source("x:@other") == ""
    assert sorted(path.name for path in file.parent.iterdir()) == ["tokens.toml", "tokens.toml.lock"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o777])
def test_a_file_that_others_can_open_is_refused_with_what_to_do(kept: Secrets, file: Path, mode: int) -> None:
    file.chmod(mode)
    for use in (kept.tokens, kept.source, kept.forget, lambda key: kept.keep(key, SECOND)):
        with pytest.raises(Misuse, match="chmod 600") as refused:
            use(KEY)
        assert str(file) in str(refused.value)
    assert kept.problem()
    file.chmod(0o600)
    assert tokens(kept).get("access") == PLANTED
    assert not kept.problem()


def test_a_file_of_another_user_is_refused(kept: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(Misuse, match="another user"):
        kept.tokens(KEY)


def test_a_new_file_is_closed_to_others_whatever_the_umask(file: Path) -> None:
    before = os.umask(0)
    try:
        Secrets(file).keep(KEY, FIRST)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    [f'["{KEY}"\naccess = "{PLANTED}"', f'access = "{PLANTED}"', f'["{KEY}"]\naccess = ["{PLANTED}"]',
     f"[x]\n{PLANTED} = {PLANTED}", f'[x]\na = "{PLANTED}\\q"', f"\xff{PLANTED}", "a" * 1_000_001, "[" * 5_000],
)  # fmt: skip
def test_a_damaged_file_is_refused_without_what_it_holds(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(Misuse) as refused:
        Secrets(file).tokens(KEY)
    assert str(file) in str(refused.value)
    assert PLANTED not in "".join(traceback.format_exception(refused.value))


def test_the_variable_of_an_account_is_its_name_in_capitals() -> None:
    assert variable(KEY) == "SHIFTDESK_TOKENS_X_NORTHLINE"
    assert variable("mastodon:@help@rail.example") == "SHIFTDESK_TOKENS_MASTODON_HELP_RAIL_EXAMPLE"


def test_credential_comes_before_environment_before_file(
    kept: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIFTDESK_TOKENS_X_NORTHLINE", json.dumps({"access": "of-the-environment"}))
    assert tokens(kept).get("access") == "of-the-environment"
    assert kept.source(KEY) == "the environment, SHIFTDESK_TOKENS_X_NORTHLINE"
    (tmp_path / "shiftdesk-tokens").write_text('["X:@Northline"]\naccess = "of-the-credential"\n')
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert tokens(kept).get("access") == "of-the-credential"
    assert kept.source(KEY) == "the systemd credential shiftdesk-tokens"
    with pytest.raises(Misuse, match="systemd credential"):
        kept.keep(KEY, SECOND)
    assert tokens(kept, KEY).get("access") == "of-the-credential"


@pytest.mark.parametrize("given", [PLANTED, f'["{PLANTED}"]', f'{{"access": ["{PLANTED}"]}}', "[" * 100_000])
def test_a_variable_that_is_no_object_is_refused_without_its_value(
    kept: Secrets, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIFTDESK_TOKENS_X_NORTHLINE", given)
    with pytest.raises(Misuse, match="SHIFTDESK_TOKENS_X_NORTHLINE") as refused:
        kept.tokens(KEY)
    assert PLANTED not in "".join(traceback.format_exception(refused.value))


class FakeKeyring(ModuleType):
    """As much of the package as we use."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.errors = SimpleNamespace(
            KeyringError=type("KeyringError", (Exception,), {}), NoKeyringError=type("NoKeyringError", (Exception,), {})
        )

    def get_password(self, service: str, name: str) -> str | None:
        if self.locked:
            raise self.errors.KeyringError(PLANTED)
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.held[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        del self.held[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    made = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    monkeypatch.setitem(sys.modules, "keyring.errors", made.errors)  # type: ignore[arg-type]
    return made


def test_a_keyring_keeps_renews_and_forgets(file: Path, keyring: FakeKeyring) -> None:
    made = Secrets(file)
    made.keep(KEY, FIRST, keyring=True)
    assert made.source(KEY) == "the keyring"
    assert not file.exists()
    held = tokens(made)
    held.renew(PLANTED, lambda: SECOND)
    assert json.loads(keyring.held["shiftdesk", KEY]) == SECOND
    assert made.forget(KEY)
    assert not keyring.held


def test_tokens_move_from_file_to_keyring_and_back(kept: Secrets, file: Path, keyring: FakeKeyring) -> None:
    kept.keep(KEY, SECOND, keyring=True)
    assert PLANTED not in file.read_text()
    assert tokens(kept).get("access") == SECOND["access"]
    kept.keep(KEY, FIRST)
    assert not keyring.held
    assert tokens(kept).get("access") == PLANTED


def test_a_locked_keyring_is_out_of_reach_and_says_nothing(file: Path, keyring: FakeKeyring) -> None:
    keyring.locked = True
    with pytest.raises(OutOfReach, match="unlock") as error:
        Secrets(file).tokens(KEY)
    assert PLANTED not in "".join(traceback.format_exception(error.value))


def test_without_the_package_there_is_no_keyring(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert Secrets(file).tokens(KEY) is None
    with pytest.raises(Misuse, match=r"shiftdesk\[keyring\]"):
        Secrets(file).keep(KEY, FIRST, keyring=True)


def test_forgetting_leaves_the_others(kept: Secrets) -> None:
    kept.keep("x:@other", SECOND)
    assert kept.forget(KEY)
    assert not kept.forget(KEY)
    assert kept.tokens(KEY) is None
    assert tokens(kept, "x:@other").get("access") == SECOND["access"]


values = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(st.dictionaries(values, values, max_size=4), values)
def test_whatever_a_token_holds_comes_back(
    tmp_path_factory: pytest.TempPathFactory, held: dict[str, str], key: str
) -> None:
    key = key.casefold().casefold()
    made = Secrets(tmp_path_factory.mktemp("any") / "t.toml")
    made.keep("x:" + key, held)
    found = made.tokens("x:" + key)
    assert (found is None) if not held else all(found and found.get(name) == value for name, value in held.items())


# -- renewed once --------------------------------------------------------------------------------


def test_renewing_replaces_keeps_the_rest_and_is_on_the_disk(kept: Secrets, file: Path) -> None:
    kept.keep(KEY, FIRST | {"client": "ours"})
    held = tokens(kept)
    on_disk = []
    held.renew(PLANTED, lambda: on_disk.append(file.read_text()) or SECOND)  # type: ignore[func-returns-value]
    assert tomllib.loads(file.read_text())[KEY] == SECOND | {"client": "ours"}
    assert [held.get(name) for name in ("access", "client")] == [SECOND["access"], "ours"]
    assert PLANTED in on_disk[0]


def test_what_another_has_renewed_is_taken(kept: Secrets, file: Path) -> None:
    held, other = tokens(kept), tokens(Secrets(file))
    other.renew(PLANTED, lambda: SECOND)
    held.renew(PLANTED, never)
    assert held.get("refresh") == SECOND["refresh"]


def test_a_refusal_of_a_token_that_is_no_longer_ours_changes_nothing(kept: Secrets) -> None:
    held = tokens(kept)
    held.renew("an older one", never)
    assert held.get("access") == PLANTED


def test_a_renewal_that_fails_leaves_everything(kept: Secrets, file: Path) -> None:
    before = file.read_text()
    with pytest.raises(OutOfReach):
        tokens(kept).renew(PLANTED, lambda: (_ for _ in ()).throw(OutOfReach("silence")))
    assert file.read_text() == before
    assert not list(file.parent.glob("*.part"))


def test_a_folder_that_cannot_be_written_is_noticed_before_the_network_is_asked(
    kept: Secrets, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def refusing(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if str(path).endswith(".part"):
            raise OSError(28, "No space left on device")
        return original(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(OutOfReach, match="No space left"):
        tokens(kept).renew(PLANTED, never)


def test_a_renewal_that_cannot_be_written_is_not_lost_to_this_process(
    kept: Secrets, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    held = tokens(kept)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(OutOfReach):
            held.renew(PLANTED, lambda: SECOND)
    assert held.get("refresh") == SECOND["refresh"]
    held.renew(SECOND["access"], lambda: {"access": "third-access", "refresh": held.get("refresh") + "+"})
    assert tomllib.loads(file.read_text())[KEY] == {"access": "third-access", "refresh": SECOND["refresh"] + "+"}


class Network:
    """Gives a new pair for each refresh token, once, as one with rotating tokens does. Its memory is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def renew(self, refresh: str) -> dict[str, str]:
        (self.folder / refresh).touch(exist_ok=False)
        number = int(refresh.rpartition("-")[2]) + 1
        return {"access": f"access-{number}", "refresh": f"refresh-{number}"}


def use(path: Path, folder: Path, times: int) -> None:
    """Use the account; each access token is refused once it was seen by somebody who knows the next."""
    network = Network(folder)
    held = tokens(Secrets(path))
    for _ in range(times):
        held.renew(held.get("access"), lambda: network.renew(held.get("refresh")))


def test_threads_and_processes_renew_each_token_once(file: Path, tmp_path: Path) -> None:
    Secrets(file).keep(KEY, {"access": "access-0", "refresh": "refresh-0"})
    spent = tmp_path / "spent"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=use, args=(file, spent, 15)) for _ in range(2)]
    threads = [threading.Thread(target=use, args=(file, spent, 15)) for _ in range(3)]
    for one in (*processes, *threads):
        one.start()
    for one in (*processes, *threads):
        one.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    given_out = sorted(int(path.name.rpartition("-")[2]) for path in spent.iterdir())
    assert given_out == list(range(len(given_out)))
    assert tokens(Secrets(file)).get("refresh") == f"refresh-{len(given_out)}"


@pytest.fixture
def read_only(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Tokens in the environment."""
    monkeypatch.setenv(variable(KEY), json.dumps(FIRST))
    return Secrets(file, tmp_path / "state")


def test_renewed_tokens_of_the_environment_are_kept_beside_it(read_only: Secrets, file: Path, tmp_path: Path) -> None:
    tokens(read_only).renew(PLANTED, lambda: SECOND)
    beside = tmp_path / "state" / secrets.RENEWED
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert PLANTED not in beside.read_text()
    again = Secrets(file, tmp_path / "state")
    assert tokens(again).get("access") == SECOND["access"]
    assert tokens(again).get(secrets.ORIGIN) == ""
    assert again.source(KEY).endswith(", renewed")
    held = tokens(again)
    held.renew(SECOND["access"], lambda: {"access": "third-access"})
    assert tokens(Secrets(file, tmp_path / "state")).get("access") == "third-access"


def test_new_tokens_from_an_admin_win_over_renewed_ones(read_only: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens(read_only).renew(PLANTED, lambda: SECOND)
    monkeypatch.setenv(variable(KEY), json.dumps({"access": "from-the-admin"}))
    assert tokens(read_only).get("access") == "from-the-admin"
    assert not read_only.source(KEY).endswith("renewed")


# -- shown nowhere -------------------------------------------------------------------------------


def test_no_way_of_showing_or_copying_them_shows_them(kept: Secrets) -> None:
    held = tokens(kept)
    for shown in (repr(held), str(held), f"{held}", repr(kept), repr(kept._found(KEY)), str([held]), repr({1: kept})):
        assert PLANTED not in shown
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied") as refused:
            copied(held)
        assert PLANTED not in "".join(traceback.format_exception(refused.value))
    assert not hasattr(held, "__dict__")


def test_a_crash_report_does_not_hold_them_even_where_the_error_does(kept: Secrets, tmp_path: Path) -> None:
    token = tokens(kept).get("access")
    try:
        try:
            raise KeyError(token)
        except KeyError as error:
            raise ValueError(f"https://api.example/?access_token=some-other-one&x={token}") from error
    except ValueError as error:
        report = crash.record(error, tmp_path / "crash").read_text()
    assert "ValueError" in report
    assert "KeyError" in report
    assert PLANTED not in report
    assert "some-other-one" not in report


@pytest.mark.parametrize(
    "text",
    ["Authorization: Bearer {}", '{{"refresh_token": "{}"}}', "?code={}&x=1", "password={}", "{{'accessToken': '{}'}}",
     "client_secret={}", "DPoP: {}", "Basic={}"],
)  # fmt: skip
def test_what_was_never_at_hand_is_hidden_by_its_name(text: str) -> None:
    assert "a1b2c3d4e5f6" not in without_tokens(text.format("a1b2c3d4e5f6"))


def test_ordinary_words_stay() -> None:
    said = "status 429, tokens of x:@northline come from the file /etc/tokens.toml; state: new"
    assert without_tokens(said) == said


def test_hiding_takes_time_in_proportion() -> None:
    assert len(without_tokens("token" * 20_000 + "=" * 20_000 + " " * 20_000)) > 50_000


def test_the_keyring_is_not_loaded_with_the_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, tui.secrets; sys.exit('keyring' in sys.modules)"], timeout=60
    )
    assert done.returncode == 0
